package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testSurfaces: to whom the API is closed Keystone's table has no password, ours has; and back.
func testSurfaces(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	portal := identity.Surface{NoAPI: true}
	insertUsers(t, db, identity.User{ID: "s", Name: "s", Surface: portal})
	set := func(id identity.UserID, to identity.Surface) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User(ctx, id)
			if err != nil {
				return err
			}
			return tx.SetSurface(ctx, u, to)
		})
	}
	add := func(id identity.UserID, hash string) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddPassword(ctx, id, store.Password{Hash: hash}, 2)
		})
	}
	hashes := func(id identity.UserID) (all []string) {
		t.Helper()
		found, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Password, error) { return tx.Passwords(ctx, id) })
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			all = append(all, p.Hash)
		}
		return all
	}
	k := keystoneOf(t, db)
	stock := func(hash string) int {
		return k.count(`SELECT COUNT(*) FROM "password" WHERE "password_hash" = '` + hash + `'`)
	}
	add("s", "one")
	add("u", "two")
	add("u", "three")
	set("u", portal)
	for _, hash := range []string{"four", "five"} { // the oldest are forgotten
		add("u", hash)
	}
	if got := fmt.Sprint(hashes("s"), hashes("u")); got != "[one] [three four five]" {
		t.Errorf("the portal knows %s", got)
	}
	for _, hash := range []string{"one", "three", "four", "five"} {
		if stock(hash) != 0 {
			t.Errorf("Keystone knows the hash %s", hash)
		}
	}
	page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
		return tx.Users(ctx, identity.Query{}.Where("kind", "api"))
	})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("API users: %v, %v", page.Items, err)
	}
	set("u", identity.Surface{Kind: identity.APIAccount, NoPortal: true})
	u, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.User(ctx, "u") })
	if err != nil || u.Surface != (identity.Surface{Kind: identity.APIAccount, NoPortal: true}) {
		t.Errorf("got %+v, %v", u.Surface, err)
	}
	if stock("five") != 1 || stock("one") != 0 {
		t.Error("the password of the one, and that alone, should be Keystone's again")
	}
	set("u", identity.Surface{})
	if u, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.User(ctx, "u") }); err != nil || u.Surface != (identity.Surface{}) {
		t.Errorf("got %+v, %v", u.Surface, err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "s") })
	for _, table := range []string{"lintel_portal_password", "lintel_user_surface"} {
		if got := k.count(`SELECT COUNT(*) FROM "` + table + `"`); got != 0 {
			t.Errorf("%d rows are left in %s", got, table)
		}
	}
}
