package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func insertApplicationCredential(ctx context.Context, tx *store.Tx, id, name string, rules ...identity.AccessRule) (identity.ApplicationCredential, error) {
	return tx.InsertApplicationCredential(ctx, identity.ApplicationCredential{
		ID: identity.ApplicationCredentialID(id), UserID: "u", ProjectID: "p", Name: name,
		Roles: []identity.Role{{ID: "a"}, {ID: "b"}}, AccessRules: rules,
	}, "hash of "+id)
}

func applicationCredentials(t *testing.T, db *store.DB, q identity.Query) (names []string, more bool) {
	t.Helper()
	page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.ApplicationCredential], error) {
		return tx.ApplicationCredentials(ctx, "u", q)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Items {
		names = append(names, c.Name)
	}
	return names, page.More
}

func testApplicationCredentials(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	description, end := "builds", Now.Add(time.Hour)
	want := identity.ApplicationCredential{
		ID: "1", UserID: "u", ProjectID: "p", Name: "ci", Description: &description, ExpiresAt: &end, Unrestricted: true,
		Roles:       []identity.Role{{ID: "a", Name: "a", Options: identity.Options{}}},
		AccessRules: []identity.AccessRule{{ID: "r1", Service: "compute", Path: "/v2.1/servers", Method: "GET"}},
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.InsertApplicationCredential(ctx, want, "hash")
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Errorf("inserted, -want +got:\n%s", diff)
		}
		return err
	})
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.ApplicationCredential, error) {
		hash, err := tx.SecretHash(ctx, "1")
		if hash != "hash" || err != nil {
			t.Errorf("hash: got %q, %v", hash, err)
		}
		return tx.ApplicationCredential(ctx, "1")
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("read, -want +got:\n%s%v", diff, err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := insertApplicationCredential(t.Context(), tx, "2", "ci")
		return err
	})
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("a second one of that name: got %v", err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, id := range []string{"2", "3"} {
			if _, err := insertApplicationCredential(ctx, tx, id, "other "+id); err != nil {
				return err
			}
		}
		n, err := tx.CountApplicationCredentials(ctx, "u")
		if n != 3 {
			t.Errorf("count: got %d, want 3", n)
		}
		return err
	})
	for _, tt := range []struct {
		query identity.Query
		names []string
		more  bool
	}{
		{identity.Query{}, []string{"ci", "other 2", "other 3"}, false},
		{identity.Query{}.Where("name", "ci"), []string{"ci"}, false},
		{identity.Query{Filters: []identity.Filter{{Attr: "name", Compare: identity.StartsWith, Value: "other"}}}, []string{"other 2", "other 3"}, false},
		{identity.Query{Limit: 1, Marker: "1"}, []string{"other 2"}, true},
	} {
		if names, more := applicationCredentials(t, db, tt.query); !cmp.Equal(names, tt.names) || more != tt.more {
			t.Errorf("%+v: got %v, %v, want %v, %v", tt.query, names, more, tt.names, tt.more)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.DeleteApplicationCredential(ctx, "9"); !errors.Is(err, identity.NotFound) {
			t.Errorf("delete of none: got %v", err)
		}
		return tx.DeleteApplicationCredential(ctx, "1")
	})
	if names, _ := applicationCredentials(t, db, identity.Query{}); len(names) != 2 {
		t.Errorf("left: %v", names)
	}
}

// S-164
func testAccessRules(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	servers := identity.AccessRule{Service: "compute", Path: "/v2.1/servers", Method: "GET"}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		one, err := insertApplicationCredential(ctx, tx, "1", "1", servers, servers)
		if err != nil {
			return err
		}
		two, err := insertApplicationCredential(ctx, tx, "2", "2", servers, identity.AccessRule{ID: one.AccessRules[0].ID})
		if diff := cmp.Diff(one.AccessRules, two.AccessRules); err == nil && diff != "" {
			t.Errorf("the rule is not shared, -one +two:\n%s", diff)
		}
		servers.ID = one.AccessRules[0].ID
		return err
	})
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.InsertApplicationCredential(t.Context(), identity.ApplicationCredential{
			ID: "3", UserID: "v", ProjectID: "p", Name: "3", AccessRules: []identity.AccessRule{servers},
		}, "hash")
		return err
	})
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("another's rule: got %v", err)
	}
	for user, want := range map[identity.UserID]identity.Kind{"u": identity.Forbidden, "v": identity.NotFound} {
		err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteAccessRule(t.Context(), user, servers.ID) })
		if !errors.Is(err, want) {
			t.Errorf("delete by %s: got %v, want %v", user, err, want)
		}
	}
	list := func() []identity.AccessRule {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.AccessRule], error) {
			return tx.AccessRules(ctx, "u", identity.Query{}.Where("service", "compute"))
		})
		if err != nil {
			t.Fatal(err)
		}
		return page.Items
	}
	if diff := cmp.Diff([]identity.AccessRule{servers}, list()); diff != "" {
		t.Errorf("rules, -want +got:\n%s", diff)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.DeleteApplicationCredential(ctx, "1"), tx.DeleteApplicationCredential(ctx, "2"), tx.DeleteAccessRule(ctx, "u", servers.ID))
	})
	if got := list(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}

	var paths []string
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		paths = nil
		var rules []identity.AccessRule
		for i := range 6 {
			paths = append(paths, fmt.Sprint("/", i))
			rules = append(rules, identity.AccessRule{Service: "image", Path: paths[i], Method: "GET"})
		}
		_, err := insertApplicationCredential(ctx, tx, "4", "4", rules...)
		return err
	})
	var got []string
	for q := (identity.Query{Limit: 4}); ; {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.AccessRule], error) {
			return tx.AccessRules(ctx, "u", q)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			got = append(got, r.Path)
			q.Marker = string(r.ID)
		}
		if !page.More {
			break
		}
	}
	if diff := cmp.Diff(paths, got); diff != "" {
		t.Errorf("two pages of rules in the order they were made, -want +got:\n%s", diff)
	}
}

// A role that goes takes the application credentials along of those who were granted it, whatever roles these give, and
// tokens made with them must not be remembered.
func testDeleteRoleEndsApplicationCredentials(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	grant(t, db, identity.Grant{Role: "a", User: "u", Project: "p"}, identity.Grant{Role: "c", User: "u", Project: "p"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := insertApplicationCredential(ctx, tx, "1", "1")
		return err
	})
	var cursor store.Cursor
	if _, _, err := db.Changes(t.Context(), &cursor); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRole(ctx, "c") })
	if names, _ := applicationCredentials(t, db, identity.Query{}); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
	changed, _, err := db.Changes(t.Context(), &cursor)
	if err != nil {
		t.Fatal(err)
	}
	if want := (store.Key{Kind: "application_credential", ID: "1"}); !slices.Contains(changed, want) {
		t.Errorf("changed: got %v, want %v among them", changed, want)
	}
}
