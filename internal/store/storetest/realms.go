package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testRealms(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	check := func(user identity.UserID, groups []identity.GroupID, want string) {
		t.Helper()
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (got string, err error) {
			domains, system, err := tx.Realms(ctx, user, groups)
			for _, d := range domains {
				got += d.Name + " "
			}
			if system {
				got += "system"
			}
			return got, err
		})
		if err != nil || got != want {
			t.Errorf("realms of %s: %q, %v; want %q", user, got, err, want)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertDomain(ctx, identity.Domain{ID: "e", Name: "able", Enabled: true}), tx.InsertDomain(ctx, identity.Domain{ID: "off", Name: "off"}))
	})
	grant(t, db, identity.Grant{Role: "a", User: "u", Project: "p"}, identity.Grant{Role: "a", User: "u", Domain: "d", Inherited: true})
	check("u", nil, "")
	grant(t, db, identity.Grant{Role: "a", User: "u", Domain: "d"}, identity.Grant{Role: "a", User: "u", Domain: "off"}, identity.Grant{Role: "a", Group: "g", Domain: "e"})
	check("u", nil, "able dom ")
	check("v", nil, "")
	check("v", []identity.GroupID{"g"}, "able ")
	grant(t, db, identity.Grant{Role: "a", Group: "g", System: true}, identity.Grant{Role: "b", User: "u", System: true})
	check("u", nil, "able dom system")
	check("v", nil, "")
	grant(t, db, identity.Grant{Role: "x", User: "v", Domain: "d"}) // which is no role by itself
	check("v", nil, "")
}

func testLockedUsers(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "u"}, identity.User{ID: "v", Name: "v"}, identity.User{ID: "w", Name: "w", Options: identity.Options{identity.OptIgnoreLockout: true}})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.AddFailure(ctx, "u"), tx.AddFailure(ctx, "u"), tx.AddFailure(ctx, "v"), tx.AddFailure(ctx, "w"), tx.AddFailure(ctx, "w"),
			tx.SetLastActive(ctx, "v"))
	})
	check := func(want string, look func(context.Context, *store.Tx) (identity.Page[identity.User], error)) {
		t.Helper()
		found, err := read(t, db, look)
		var names strings.Builder
		for _, u := range found.Items {
			names.WriteString(u.Name)
		}
		if got := names.String(); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	locked := func(ago time.Duration, q identity.Query) func(context.Context, *store.Tx) (identity.Page[identity.User], error) {
		return func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
			return tx.LockedUsers(ctx, 2, tx.Now().Add(ago), q)
		}
	}
	check("u", locked(-time.Hour, identity.Query{}))
	check("", locked(time.Hour, identity.Query{}))
	check("", locked(-time.Hour, identity.Query{}.Where("name", "v")))
	active := func(is string) func(context.Context, *store.Tx) (identity.Page[identity.User], error) {
		return func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
			return tx.Users(ctx, identity.Query{}.Where("active", is))
		}
	}
	check("v", active("true"))
	check("uw", active("false"))
}
