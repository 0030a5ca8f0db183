package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testSortedUsers: users of all kinds stand in one order, which pages lead through from end to end, each user once.
func testSortedUsers(t *testing.T, db *store.DB) {
	var users []identity.User
	for _, name := range []string{"Zoe", "adam", "Bert"} {
		users = append(users, identity.User{ID: identity.UserID("l-" + name), DomainID: "d", Name: name, Extra: identity.Extra{"email": name + "@Post.example", "description": "of zz"}})
	}
	insertProviders(t, db)
	for _, name := range []string{"ann o", "bea o"} {
		users = append(users, identity.User{ID: identity.UserID("l-" + name), DomainID: "d", Name: name})
	}
	insertUsers(t, db, append(users, identity.User{ID: "elsewhere", DomainID: "e", Name: "aaa"}, identity.User{
		ID: "l-dora", DomainID: "d", Kind: identity.FederatedUser, Name: "dora", Extra: identity.Extra{"email": "dora@Post.example"},
		Federated: []identity.FederatedIdentity{{IdentityProviderID: "corp", ProtocolID: "saml2", UniqueID: "1", DisplayName: "dora"}},
	})...)
	keystoneOf(t, db).exec(
		`INSERT INTO "user" ("id", "domain_id", "enabled", "extra") VALUES ('l-carl', 'd', TRUE, '{"email": "carl@post.example"}')`,
		`INSERT INTO "nonlocal_user" ("user_id", "domain_id", "name") VALUES ('l-carl', 'd', 'carl')`,
	)
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetLastActive(ctx, "l-Bert") })
	all := func(q identity.Query) (ids []identity.UserID) {
		t.Helper()
		q.Limit = 2
		for range 10 {
			page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) { return tx.Users(ctx, q) })
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Items {
				ids = append(ids, u.ID)
			}
			if !page.More {
				return ids
			}
			q.Marker = string(ids[len(ids)-1])
		}
		t.Fatal("there is no end")
		return nil
	}
	byName := []identity.UserID{"l-adam", "l-ann o", "l-bea o", "l-Bert", "l-carl", "l-dora", "l-Zoe"}
	addressed := []identity.UserID{"l-adam", "l-Bert", "l-carl", "l-dora", "l-Zoe"}
	in := identity.Query{}.Where("domain_id", "d")
	for sort, want := range map[string][]identity.UserID{
		"name":            byName,
		"-name":           reversed(byName),
		"-last_active_at": {"l-Bert", "l-dora", "l-carl", "l-adam", "l-Zoe"},
	} {
		q := in
		q.Sort = sort
		got := all(q)
		if sort == "-last_active_at" { // those who were never there follow by id, which databases order in their own ways
			got, want = got[:1], want[:1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %s: %v, want %v", sort, got, want)
		}
	}
	for _, most := range []int{100, 1, 0} { // few are found, too many names, too many addresses
		db.SeekUpTo(most)
		for text, want := range map[string][]identity.UserID{
			"ER": {"l-Bert"}, "zoe@post": {"l-Zoe"}, "post.example": addressed, "l-carl": {"l-carl"}, "zz": nil, "email": nil, "%": nil, " O": {"l-ann o", "l-bea o"},
		} {
			q := in
			q.Sort, q.Filters = "name", append(slices.Clip(q.Filters), identity.Filter{Attr: "search", Value: text})
			if got := all(q); !slices.Equal(got, want) {
				t.Errorf("search for %q: %v, want %v", text, got, want)
			}
			q.Sort = "-name"
			if got := all(q); !slices.Equal(got, reversed(want)) {
				t.Errorf("search for %q, backwards: %v, want %v", text, got, reversed(want))
			}
			q.Sort = ""
			if got := all(q); len(got) != len(want) {
				t.Errorf("search for %q by id: %v", text, got)
			}
			q = identity.Query{Sort: "name", Filters: []identity.Filter{{Attr: "search", Value: text}}}
			if got := all(q); !slices.Equal(got, want) {
				t.Errorf("search for %q in all domains: %v, want %v", text, got, want)
			}
		}
	}
	q := identity.Query{Sort: "name"}
	if got := all(q); !slices.Equal(got, append([]identity.UserID{"elsewhere"}, byName...)) {
		t.Errorf("of all domains: %v", got)
	}
}

func reversed[T any](all []T) []T {
	out := slices.Clone(all)
	slices.Reverse(out)
	return out
}
