package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// update runs fn in a transaction that must commit.
func update(t *testing.T, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// read returns what fn finds in a transaction that only reads.
func read[T any](t *testing.T, db *store.DB, fn func(ctx context.Context, tx *store.Tx) (T, error)) (T, error) {
	t.Helper()
	var v T
	err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		v, err = fn(t.Context(), tx)
		return err
	})
	return v, err
}

func insertUsers(t *testing.T, db *store.DB, users ...identity.User) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, u := range users {
			if u.DomainID == "" {
				u.DomainID = "d"
			}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

func user(t *testing.T, db *store.DB, id identity.UserID) identity.User {
	t.Helper()
	u, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.User(ctx, id) })
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func userNames(t *testing.T, db *store.DB, q identity.Query) string {
	t.Helper()
	p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) { return tx.Users(ctx, q) })
	if err != nil {
		t.Fatal(err)
	}
	return namesOf(p)
}

func namesOf(p identity.Page[identity.User]) string {
	var names []string
	for _, u := range p.Items {
		names = append(names, u.Name)
	}
	if p.More {
		names = append(names, "…")
	}
	return strings.Join(names, " ")
}

func testUsers(t *testing.T, db *store.DB) {
	want := identity.User{
		ID: "u1", DomainID: "d", Name: "alice", Enabled: true, DefaultProjectID: "p",
		Options: identity.Options{
			identity.OptLockPassword:         true,
			identity.OptMultiFactorAuthRules: []any{[]any{"password", "totp"}},
		},
		Extra:     identity.Extra{"email": "alice@example.org", "n": json.Number("12345678901234567890"), "null": nil, "ü": "<&>"},
		CreatedAt: Now.Truncate(time.Second), LastActiveAt: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC),
	}
	insertUsers(t, db, want)
	got := user(t, db, "u1")
	got.CreatedAt = got.CreatedAt.Truncate(time.Second) // MariaDB keeps no fraction
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("user as read, -want +got:\n%s", diff)
	}
	if n := keystoneOf(t, db).count(`SELECT COUNT(*) FROM "user_option" WHERE "option_id" IN ('1003', 'MFAR')`); n != 2 {
		t.Errorf("%d options under Keystone's ids, want 2", n)
	}

	want.Name, want.Enabled, want.DefaultProjectID = "al", false, ""
	want.Options = identity.Options{identity.OptIgnoreLockout: false}
	want.Extra = identity.Extra{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, got, want) })
	got = user(t, db, "u1")
	got.CreatedAt = want.CreatedAt
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("user after the change, -want +got:\n%s", diff)
	}

	_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.User(ctx, "u2") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("a user that is not there: %v, want NotFound", err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteUser(t.Context(), "u2") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("deleting a user that is not there: %v, want NotFound", err)
	}
}

// testNameKeys: two names have one key exactly where the database finds a user by either of them.
func testNameKeys(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u1", DomainID: "d", Name: "Alicé"})
	key := func(name string) string {
		k, err := read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.NameKey(ctx, name) })
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		return k
	}
	for _, name := range []string{"Alicé", "ALICÉ", "alice", "Alicé  ", " Alicé", "Alic", "Alicée", "bob", ""} {
		_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.UserByName(ctx, "d", name) })
		if found := err == nil; found != (key(name) == key("Alicé")) {
			t.Errorf("%q: found %v, and its key is %q of %q", name, found, key(name), key("Alicé"))
		}
	}
	if mariadb := db.Dialect() == "mariadb"; mariadb != (key("alicé") == key("Alicé")) {
		t.Error("MariaDB alone takes another case")
	}
	if _, err := read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.NameKey(ctx, "a\xff🗝\x00") }); err != nil && !errors.Is(err, identity.BadRequest) {
		t.Errorf("what no name can be: %v", err)
	}
}

// testOddJSON: what Python writes and JSON does not know, and what is no JSON at all, takes no user away.
func testOddJSON(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u1", Name: "alice"})
	k := keystoneOf(t, db)
	for text, want := range map[string]identity.Extra{
		`{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN"}`: {"a": nil, "b": []any{nil, nil, json.Number("1")}, "c": "NaN"},
		`{"d": "half`: nil, ``: nil, `[]`: nil, `"text"`: nil, `null`: nil, `NaN`: nil,
	} {
		k.exec(`UPDATE "user" SET "extra" = '` + text + `'`)
		if diff := cmp.Diff(want, user(t, db, "u1").Extra, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("extra of %s, -want +got:\n%s", text, diff)
		}
	}
	k.exec(`INSERT INTO "user_option" ("user_id", "option_id", "option_value") VALUES ('u1', 'MFAR', '[["totp"'), ('u1', 'none', 'x')`)
	if got := user(t, db, "u1").Options[identity.OptMultiFactorAuthRules]; got != `[["totp"` {
		t.Errorf("rules that cannot be read are %v, want their text", got)
	}
}

func testUserNames(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u1", Name: "alice"}, identity.User{ID: "u2", Name: "bob"}, identity.User{ID: "u3", DomainID: "e", Name: "alice"})
	u, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) {
		return tx.UserByName(ctx, "e", "alice")
	})
	if err != nil || u.ID != "u3" {
		t.Errorf("alice of e is %q, %v; want u3", u.ID, err)
	}
	_, err = read(t, db, func(ctx context.Context, tx *store.Tx) (identity.User, error) { return tx.UserByName(ctx, "e", "bob") })
	if want := "Could not find user: bob."; !errors.Is(err, identity.NotFound) || err.Error() != want {
		t.Errorf("bob of e: %v, want %s", err, want)
	}

	err = db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertUser(t.Context(), identity.User{ID: "u4", DomainID: "d", Name: "bob"})
	})
	if want := "Conflict occurred attempting to store user - Duplicate entry found with name bob at domain ID d."; !errors.Is(err, identity.Conflict) || err.Error() != want {
		t.Errorf("a second bob: %v, want %s", err, want)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		old := identity.User{ID: "u1", DomainID: "d", Name: "alice"}
		return tx.UpdateUser(t.Context(), old, identity.User{ID: "u1", DomainID: "d", Name: "bob"})
	})
	if want := "Conflict occurred attempting to store user - Duplicate entry found with name bob."; !errors.Is(err, identity.Conflict) || err.Error() != want {
		t.Errorf("alice renamed to bob: %v, want %s", err, want)
	}
	if got := user(t, db, "u1").Name; got != "alice" {
		t.Errorf("after the refused change the name is %q", got)
	}

	// S-084: what is stored is stored byte for byte, or refused.
	for i, name := range []string{"Élodie", "e\u0301lodie", "ａｌｉｃｅ", "zero\u200bwidth", "\u202egnp", "fjord ", "𝔘nicode", "😀"} {
		id := identity.UserID(fmt.Sprint("s", i))
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertUser(t.Context(), identity.User{ID: id, DomainID: identity.DomainID(id), Name: name})
		})
		if errors.Is(err, identity.BadRequest) || errors.Is(err, identity.Conflict) {
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if got := user(t, db, id).Name; got != name {
			t.Errorf("%q was stored as %q", name, got)
		}
	}
}

func testUserKinds(t *testing.T, db *store.DB) {
	k := keystoneOf(t, db)
	k.exec(
		`INSERT INTO "identity_provider" ("id", "enabled", "domain_id") VALUES ('idp', TRUE, 'd')`,
		`INSERT INTO "mapping" ("id", "rules", "schema_version") VALUES ('m', '[]', '1.0')`,
		`INSERT INTO "federation_protocol" ("id", "idp_id", "mapping_id") VALUES ('saml2', 'idp', 'm')`,
		`INSERT INTO "user" ("id", "domain_id", "enabled", "extra") VALUES ('n', 'd', TRUE, NULL)`,
		`INSERT INTO "nonlocal_user" ("user_id", "domain_id", "name") VALUES ('n', 'd', 'ldap alice')`,
		`INSERT INTO "user" ("id", "domain_id", "enabled", "extra") VALUES ('x', 'd', NULL, 'null')`,
	)
	fed := identity.User{
		ID: "f", Kind: identity.FederatedUser, Name: "fed alice", Enabled: true,
		Federated: []identity.FederatedIdentity{{IdentityProviderID: "idp", ProtocolID: "saml2", UniqueID: "alice%40x", DisplayName: "fed alice"}},
	}
	insertUsers(t, db, fed)

	for _, tt := range []struct {
		id   identity.UserID
		name string
		kind identity.UserKind
	}{{"n", "ldap alice", identity.NonlocalUser}, {"f", "fed alice", identity.FederatedUser}} {
		if u := user(t, db, tt.id); u.Name != tt.name || u.Kind != tt.kind || !u.Enabled {
			t.Errorf("user %s reads as %+v", tt.id, u)
		}
	}
	if u := user(t, db, "x"); u.Enabled || u.Name != "" {
		t.Errorf("a row with nothing beside it reads as %+v", u)
	}
	for _, tt := range []struct{ attr, value, want string }{
		{"name", "fed alice", "fed alice"},
		{"name", "ldap alice", "ldap alice"},
		{"idp_id", "idp", "fed alice"},
		{"protocol_id", "saml2", "fed alice"},
		{"unique_id", "alice%40x", "fed alice"},
		{"unique_id", "bob", ""},
	} {
		if got := userNames(t, db, identity.Query{}.Where(tt.attr, tt.value)); got != tt.want {
			t.Errorf("%s=%s finds %q, want %q", tt.attr, tt.value, got, tt.want)
		}
	}

	old := user(t, db, "f")
	renamed := old
	renamed.Name = "fed al"
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, old, renamed) })
	if u := user(t, db, "f"); u.Name != "fed al" || len(u.Federated) != 1 || u.Federated[0].UniqueID != "alice%40x" {
		t.Errorf("after renaming the federated user is %+v", u)
	}
}

func testUserFilters(t *testing.T, db *store.DB) {
	insertUsers(t, db,
		identity.User{ID: "1", Name: "Alice", Enabled: true},
		identity.User{ID: "2", Name: "alicia", Enabled: true},
		identity.User{ID: "3", Name: "a%b_c*d[e", DomainID: "e"},
		identity.User{ID: "4", Name: "malice!", DomainID: "e", Enabled: true},
	)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		end := Now.Add(time.Hour).Truncate(time.Second)
		return errors.Join(
			tx.AddPassword(ctx, "2", store.Password{Hash: "x", ExpiresAt: &end}, 1),
			tx.AddPassword(ctx, "3", store.Password{Hash: "x"}, 1),
		)
	})
	at := func(c identity.Comparison, d time.Duration) identity.Filter {
		return identity.Filter{Attr: "password_expires_at", Compare: c, Value: Now.Truncate(time.Second).Add(d).Format(time.RFC3339)}
	}
	name := func(c identity.Comparison, fold bool, v string) identity.Filter {
		return identity.Filter{Attr: "name", Compare: c, FoldCase: fold, Value: v}
	}
	for _, tt := range []struct {
		filter identity.Filter
		want   string
	}{
		{name(identity.Equals, false, "alicia"), "alicia"},
		{name(identity.StartsWith, false, "Ali"), "Alice"},
		{name(identity.StartsWith, true, "aLi"), "Alice alicia"},
		{name(identity.Contains, false, "lic"), "Alice alicia malice!"},
		{name(identity.Contains, true, "ALICE"), "Alice malice!"},
		{name(identity.EndsWith, false, "e"), "Alice a%b_c*d[e"},
		{name(identity.EndsWith, true, "IA"), "alicia"},
		{name(identity.EndsWith, false, "!"), "malice!"},
		// S-080: the wildcards of databases are plain characters.
		{name(identity.Contains, false, "%"), "a%b_c*d[e"},
		{name(identity.Contains, true, "_"), "a%b_c*d[e"},
		{name(identity.Contains, false, "*"), "a%b_c*d[e"},
		{name(identity.Contains, false, "["), "a%b_c*d[e"},
		{name(identity.Equals, false, "' OR 1=1 --"), ""},
		{identity.Filter{Attr: "enabled", Value: "False"}, "a%b_c*d[e"},
		{identity.Filter{Attr: "enabled"}, "Alice alicia malice!"},
		{identity.Filter{Attr: "domain_id", Value: "e"}, "a%b_c*d[e malice!"},
		{at(identity.Equals, time.Hour), "alicia"},
		{at(identity.Equals, 0), ""},
		{at(identity.Differs, 0), "alicia"},
		{at(identity.Before, time.Hour), ""},
		{at(identity.NotAfter, time.Hour), "alicia"},
		{at(identity.After, 0), "alicia"},
		{at(identity.NotBefore, time.Hour), "alicia"},
		{at(identity.NotBefore, 2*time.Hour), ""},
	} {
		if got := userNames(t, db, identity.Query{Filters: []identity.Filter{tt.filter}}); got != tt.want {
			t.Errorf("%+v finds %q, want %q", tt.filter, got, tt.want)
		}
	}
	q := identity.Query{}.Where("name", "alicia").Where("domain_id", "e")
	if got := userNames(t, db, q); got != "" {
		t.Errorf("filters add up: found %q", got)
	}
}

func testUserPages(t *testing.T, db *store.DB) {
	for i := range 7 {
		insertUsers(t, db, identity.User{ID: identity.UserID(fmt.Sprint("u", i)), Name: fmt.Sprint("n", i), Options: identity.Options{identity.OptLockPassword: i%2 == 0}})
	}
	var seen []string
	q := identity.Query{Limit: 3}
	for {
		p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) { return tx.Users(ctx, q) })
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Items {
			seen = append(seen, u.Name)
			q.Marker = string(u.ID)
		}
		if !p.More {
			break
		}
	}
	if want := []string{"n0", "n1", "n2", "n3", "n4", "n5", "n6"}; !slices.Equal(seen, want) {
		t.Errorf("pages of 3 show %v, want each once: %v", seen, want)
	}
	if got := userNames(t, db, identity.Query{Limit: 7}); got != "n0 n1 n2 n3 n4 n5 n6" {
		t.Errorf("a page that just fits is %q", got)
	}
	_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
		return tx.Users(ctx, identity.Query{Marker: "gone"})
	})
	if want := "Marker gone could not be found."; !errors.Is(err, identity.NotFound) || err.Error() != want {
		t.Errorf("an unknown marker: %v, want %s", err, want)
	}
}

// S-166, with the changes coming in on two nodes.
func testUserChangesAreApart(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"})
	nodes := twoNodes(t, db)
	var wg sync.WaitGroup
	errs := make([]error, 24)
	for i := range errs {
		wg.Go(func() {
			errs[i] = nodes[i%2].Update(t.Context(), func(tx *store.Tx) error {
				old, err := tx.User(t.Context(), "u")
				if err != nil {
					return err
				}
				u := old
				switch i {
				case 0:
					u.Name = "al"
				case 1:
					u.Enabled = true
				case 2:
					u.DefaultProjectID = "p"
				case 3:
					u.Options = old.Options.Merge(identity.Options{identity.OptLockPassword: true})
				default:
					u.Extra = old.Extra.Merge(identity.Extra{fmt.Sprint("k", i): "v"})
				}
				return tx.UpdateUser(t.Context(), old, u)
			})
		})
	}
	wg.Wait()
	u := user(t, db, "u")
	stands := []bool{u.Name == "al", u.Enabled, u.DefaultProjectID == "p", u.Options.Bool(identity.OptLockPassword)}
	for i, err := range errs {
		if i >= len(stands) {
			stands = append(stands, u.Extra[fmt.Sprint("k", i)] == "v")
		}
		if err != nil || !stands[i] {
			t.Errorf("change %d: error %v, stands %v", i, err, stands[i])
		}
	}
}

func testDeleteUser(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice", Options: identity.Options{identity.OptLockPassword: true}}, identity.User{ID: "v", Name: "bob"})
	k := keystoneOf(t, db)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.AddPassword(ctx, "u", store.Password{Hash: "x"}, 1),
			tx.InsertGroup(ctx, identity.Group{ID: "g", DomainID: "d", Name: "g"}),
			tx.AddToGroup(ctx, "u", "g"), tx.AddToGroup(ctx, "v", "g"),
		)
	})
	k.exec(`INSERT INTO "role" ("id", "name", "domain_id") VALUES ('r', 'r', '<<null>>')`,
		`INSERT INTO "identity_provider" ("id", "enabled", "domain_id") VALUES ('idp', TRUE, 'd')`,
		`INSERT INTO "consumer" ("id", "secret", "extra") VALUES ('c', 's', '{}')`)
	for _, id := range []string{"u", "v"} {
		for _, stmt := range []string{
			`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserProject', ?, 'p', 'r', FALSE)`,
			`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserDomain', ?, 'd', 'r', TRUE)`,
			`INSERT INTO "system_assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserSystem', ?, 'system', 'r', FALSE)`,
			`INSERT INTO "credential" ("id", "user_id", "type", "key_hash", "encrypted_blob") VALUES (?, ?, 'totp', 'h', 'b')`,
			`INSERT INTO "application_credential" ("id", "name", "secret_hash", "user_id") VALUES (?, 'a', 'h', ?)`,
			`INSERT INTO "access_rule" ("external_id", "user_id") VALUES (?, ?)`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES (?, 'd', ?, 'user')`,
			`INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "impersonation") VALUES (?, ?, 'w', FALSE)`,
			`INSERT INTO "expiring_user_group_membership" ("user_id", "group_id", "idp_id", "last_verified") VALUES (?, 'g', 'idp', '2026-03-04 00:00:00')`,
			`INSERT INTO "access_token" ("id", "access_secret", "authorizing_user_id", "project_id", "role_ids", "consumer_id") VALUES (?, 's', ?, 'p', '[]', 'c')`,
			`INSERT INTO "request_token" ("id", "request_secret", "authorizing_user_id", "requested_project_id", "consumer_id") VALUES (?, 's', ?, 'p', 'c')`,
		} {
			k.exec(strings.ReplaceAll(stmt, "?", "'"+id+"'"))
		}
	}
	k.exec(`INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "impersonation") VALUES ('in', 'w', 'u', FALSE)`)

	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "u") })

	for table, rows := range map[string]int{
		`"user" WHERE "id" = ?`:                                        1,
		`"local_user" WHERE "user_id" = ?`:                             1,
		`"user_option" WHERE "user_id" = ?`:                            0,
		`"user_group_membership" WHERE "user_id" = ?`:                  1,
		`"expiring_user_group_membership" WHERE "user_id" = ?`:         1,
		`"assignment" WHERE "actor_id" = ?`:                            2,
		`"system_assignment" WHERE "actor_id" = ?`:                     1,
		`"credential" WHERE "user_id" = ?`:                             1,
		`"application_credential" WHERE "user_id" = ?`:                 1,
		`"access_rule" WHERE "user_id" = ?`:                            1,
		`"id_mapping" WHERE "public_id" = ?`:                           1,
		`"access_token" WHERE "authorizing_user_id" = ?`:               1,
		`"request_token" WHERE "authorizing_user_id" = ?`:              1,
		`"trust" WHERE "deleted_at" IS NULL AND "trustor_user_id" = ?`: 1,
		`"trust" WHERE "deleted_at" IS NULL AND "trustee_user_id" = ?`: 0,
	} {
		for id, want := range map[string]int{"u": 0, "v": rows} {
			if got := k.count(`SELECT COUNT(*) FROM ` + strings.ReplaceAll(table, "?", "'"+id+"'")); got != want {
				t.Errorf("after deleting u, %d rows for %s in %s, want %d", got, id, table, want)
			}
		}
	}
	if n := k.count(`SELECT COUNT(*) FROM "password"`); n != 0 {
		t.Errorf("%d passwords are left", n)
	}
	if n := k.count(`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'u'`); n != 1 {
		t.Errorf("%d revocation events for u, want 1", n)
	}
	if n := k.count(`SELECT COUNT(*) FROM "lintel_change" WHERE "kind" = 'user' AND "id" = 'u'`); n == 0 {
		t.Error("the change log does not know of u")
	}
}

func testPasswords(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"})
	k := keystoneOf(t, db)
	later := Now.Add(24 * time.Hour).Truncate(time.Second)
	for i, hash := range []string{"one", "two", "three", ""} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddPassword(ctx, "u", store.Password{Hash: hash, ExpiresAt: &later, SelfService: i == 1}, 2)
		})
	}
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Password, error) { return tx.Passwords(ctx, "u") })
	if err != nil {
		t.Fatal(err)
	}
	now := Now
	want := []store.Password{
		{Hash: "two", CreatedAt: Now, ExpiresAt: &now, SelfService: true},
		{Hash: "three", CreatedAt: Now, ExpiresAt: &now},
		{Hash: "", CreatedAt: Now, ExpiresAt: &later},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the history after four passwords, two kept, -want +got:\n%s", diff)
	}
	if u := user(t, db, "u"); u.PasswordExpiresAt == nil || !u.PasswordExpiresAt.Equal(later) {
		t.Errorf("the user's password expires at %v, want %v", u.PasswordExpiresAt, later)
	}
	if n := k.count(`SELECT COUNT(*) FROM "password" WHERE "password_hash" IS NULL`); n != 1 {
		t.Errorf("%d rows without a hash, want 1", n)
	}

	// A row from before Keystone kept microseconds.
	k.exec(`DELETE FROM "password"`, `INSERT INTO "password" ("local_user_id", "password_hash", "created_at", "expires_at", "created_at_int", "self_service")
		SELECT "id", 'old', '2016-01-02 03:04:05', '2016-02-03 04:05:06', 0, FALSE FROM "local_user"`)
	expires := time.Date(2016, 2, 3, 4, 5, 6, 0, time.UTC)
	want = []store.Password{{Hash: "old", CreatedAt: time.Date(2016, 1, 2, 3, 4, 5, 0, time.UTC), ExpiresAt: &expires}}
	got, _ = read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Password, error) { return tx.Passwords(ctx, "u") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a row of an old release, -want +got:\n%s", diff)
	}
}

func testFailures(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"})
	failures := func() store.Failures {
		t.Helper()
		f, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Failures, error) { return tx.Failures(ctx, "u") })
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := failures(); f != (store.Failures{}) {
		t.Errorf("a new user has failed: %+v", f)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.AddFailure(t.Context(), "u") }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if f := failures(); f.Count != 8 || !f.Last.Truncate(time.Second).Equal(Now.Truncate(time.Second)) {
		t.Errorf("after 8 failures at once: %+v", f)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.ClearFailures(ctx, "u"), tx.SetLastActive(ctx, "u"))
	})
	if f := failures(); f != (store.Failures{}) {
		t.Errorf("after a login: %+v", f)
	}
	if got, want := user(t, db, "u").LastActiveAt, time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("last active at %v, want %v", got, want)
	}
}

func testResetLastActive(t *testing.T, db *store.DB) {
	k := keystoneOf(t, db)
	insertUsers(t, db, identity.User{ID: "u", DomainID: "d", Name: "u"}, identity.User{ID: "v", DomainID: "d", Name: "v"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetLastActive(ctx, "v") })
	k.exec(`UPDATE "user" SET "last_active_at" = '2020-01-02' WHERE "id" = 'v'`)
	var n int64
	update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = tx.ResetLastActive(ctx)
		return err
	})
	if n != 1 {
		t.Errorf("%d users reset, want 1", n)
	}
	for id, want := range map[identity.UserID]string{"u": Now.Format(time.DateOnly), "v": "2020-01-02"} {
		if got := user(t, db, id).LastActiveAt.Format(time.DateOnly); got != want {
			t.Errorf("%s was active at %s, want %s", id, got, want)
		}
	}
}

func testPurgeIDMappings(t *testing.T, db *store.DB) {
	k := keystoneOf(t, db)
	for _, which := range []struct {
		store.IDMappings
		left int
	}{
		{store.IDMappings{}, 0},
		{store.IDMappings{Domain: "d"}, 1},
		{store.IDMappings{PublicID: "a"}, 3},
		{store.IDMappings{LocalID: "x"}, 2},
		{store.IDMappings{Type: "group"}, 3},
		{store.IDMappings{Domain: "d", LocalID: "x", Type: "user"}, 3},
		{store.IDMappings{Domain: "e", Type: "group"}, 4},
	} {
		k.exec(`DELETE FROM "id_mapping"`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('a', 'd', 'x', 'user')`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('b', 'd', 'y', 'user')`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('c', 'd', 'y', 'group')`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('e', 'e', 'x', 'user')`)
		var n int64
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = tx.PurgeIDMappings(ctx, which.IDMappings)
			return err
		})
		if left := k.count(`SELECT COUNT(*) FROM "id_mapping"`); left != which.left || int(n) != 4-left {
			t.Errorf("%+v: %d forgotten, %d left, want %d left", which.IDMappings, n, left, which.left)
		}
	}
}
