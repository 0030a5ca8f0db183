package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// insertCloud makes the domain d with its projects p above q above r, s beside them, users u and v, a group g that u is
// in, global roles a to d, and the role x of the domain.
func insertCloud(t *testing.T, db *store.DB) {
	t.Helper()
	insertUsers(t, db, identity.User{ID: "u", Name: "u"}, identity.User{ID: "v", Name: "v"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		errs := []error{
			tx.InsertDomain(ctx, identity.Domain{ID: "d", Name: "dom", Enabled: true}),
			tx.InsertProject(ctx, identity.Project{ID: "p", DomainID: "d", ParentID: "d", Name: "p", Enabled: true}),
			tx.InsertProject(ctx, identity.Project{ID: "q", DomainID: "d", ParentID: "p", Name: "q"}),
			tx.InsertProject(ctx, identity.Project{ID: "r", DomainID: "d", ParentID: "q", Name: "r", Enabled: true}),
			tx.InsertProject(ctx, identity.Project{ID: "s", DomainID: "d", ParentID: "d", Name: "s", Enabled: true}),
			tx.InsertGroup(ctx, identity.Group{ID: "g", DomainID: "d", Name: "g"}),
			tx.AddToGroup(ctx, "u", "g"),
			tx.InsertRole(ctx, identity.Role{ID: "x", Name: "x", DomainID: "d"}),
		}
		for _, id := range []identity.RoleID{"a", "b", "c", "d"} {
			errs = append(errs, tx.InsertRole(ctx, identity.Role{ID: id, Name: string(id)}))
		}
		return errors.Join(errs...)
	})
}

// grant writes grants.
func grant(t *testing.T, db *store.DB, grants ...identity.Grant) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, g := range grants {
			if err := tx.PutGrant(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
}

// short writes a grant as "a:u@p", with a + for an inherited one.
func short(g identity.Grant) string {
	target := "system"
	if !g.System {
		target = string(g.Domain) + string(g.Project)
	}
	plus := ""
	if g.Inherited {
		plus = "+"
	}
	return fmt.Sprintf("%s:%s%s@%s%s", g.Role, g.User, g.Group, target, plus)
}

func testRoles(t *testing.T, db *store.DB) {
	text := "of the watch"
	want := identity.Role{ID: "r1", Name: "night", Description: &text, Extra: identity.Extra{"k": "v"}, Options: identity.Options{"immutable": true}}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertRole(ctx, want), tx.InsertRole(ctx, identity.Role{ID: "r2", Name: "night", DomainID: "d"}),
			tx.InsertRole(ctx, identity.Role{ID: "r3", Name: "Ärger"}))
	})
	role := func(id identity.RoleID) identity.Role {
		t.Helper()
		r, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Role, error) { return tx.Role(ctx, id) })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	changed := role("r1")
	changed.Description, changed.Options = nil, identity.Options{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateRole(ctx, want, changed) })
	if got := role("r1"); got.Description != nil || got.Options.Bool("immutable") || got.Extra["k"] != "v" || got.DomainID != "" {
		t.Errorf("after the change: %+v", got)
	}
	for _, tt := range []struct {
		q    identity.Query
		want string
	}{
		{identity.Query{}, "r1 r2 r3"},
		{identity.Query{}.Where("domain_id", ""), "r1 r3"},
		{identity.Query{}.Where("domain_id", "d"), "r2"},
		{identity.Query{Limit: 2}, "r1 r2 …"},
		{identity.Query{Marker: "r2"}, "r3"},
		{identity.Query{}.Where("name", "night"), "r1 r2"},
		{identity.Query{Filters: []identity.Filter{{Attr: "name", Compare: identity.StartsWith, Value: "ni"}}}, "r1 r2"},
	} {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Role], error) {
			return tx.Roles(ctx, tt.q)
		})
		var got []string
		for _, r := range page.Items {
			got = append(got, string(r.ID))
		}
		if page.More {
			got = append(got, "…")
		}
		if text := strings.Join(got, " "); text != tt.want || err != nil {
			t.Errorf("%+v: got %q, error %v, want %q", tt.q, text, err, tt.want)
		}
	}
	// S-167
	for _, name := range []string{"night", "NIGHT", "night ", "ärger"} {
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertRole(t.Context(), identity.Role{ID: "r4", Name: name})
		})
		if !errors.Is(err, identity.Conflict) {
			t.Errorf("a second role %q: got %v, want a conflict", name, err)
		}
	}
	other := role("r3")
	renamed := other
	renamed.Name = "NIGHT"
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateRole(t.Context(), other, renamed) })
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("renamed to a name that is taken: got %v, want a conflict", err)
	}
}

func testGrants(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	grants := []identity.Grant{
		{Role: "a", User: "u", Project: "p"}, {Role: "a", User: "v", Project: "r"}, {Role: "b", Group: "g", Project: "q"},
		{Role: "c", User: "u", Domain: "d"}, {Role: "c", Group: "g", Domain: "d", Inherited: true}, {Role: "d", User: "v", Project: "p", Inherited: true},
		{Role: "d", User: "v", Project: "q", Inherited: true}, {Role: "a", User: "u", System: true}, {Role: "b", Group: "g", System: true},
	}
	grant(t, db, grants...)
	grant(t, db, grants...) // once more changes nothing
	yes, no := true, false
	for _, tt := range []struct {
		filter store.GrantFilter
		want   string
	}{
		{store.GrantFilter{}, "c:g@d+ b:g@q b:g@system c:u@d a:u@p d:v@p+ d:v@q+ a:v@r a:u@system"},
		{store.GrantFilter{NoSystem: true, Role: "a"}, "a:u@p a:v@r"},
		{store.GrantFilter{OnlySystem: true}, "b:g@system a:u@system"},
		{store.GrantFilter{User: "u"}, "c:u@d a:u@p a:u@system"},
		{store.GrantFilter{User: "u", Member: true, NoSystem: true}, "c:g@d+ b:g@q c:u@d a:u@p"},
		{store.GrantFilter{User: "g"}, ""},
		{store.GrantFilter{Group: "g"}, "c:g@d+ b:g@q b:g@system"},
		{store.GrantFilter{Domain: "d"}, "c:g@d+ c:u@d"},
		{store.GrantFilter{Domain: "d", Inherited: &no}, "c:u@d"},
		{store.GrantFilter{Inherited: &yes, NoSystem: true}, "c:g@d+ d:v@p+ d:v@q+"},
		{store.GrantFilter{Project: "p"}, "a:u@p d:v@p+"},
		{store.GrantFilter{Project: "p", Subtree: true}, "b:g@q a:u@p d:v@p+ d:v@q+ a:v@r"},
		{store.GrantFilter{Project: "q", Inherits: true}, "c:g@d+ b:g@q d:v@p+"},
		{store.GrantFilter{Project: "q", Inherits: true, Subtree: true}, "c:g@d+ b:g@q d:v@p+ d:v@q+ a:v@r"},
		{store.GrantFilter{Within: "d"}, "c:g@d+ b:g@q c:u@d a:u@p d:v@p+ d:v@q+ a:v@r"},
		{store.GrantFilter{Within: "e"}, ""},
	} {
		found, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Grant, error) { return tx.Grants(ctx, tt.filter) })
		if err != nil {
			t.Fatalf("%+v: %v", tt.filter, err)
		}
		var got []string
		for _, g := range found {
			got = append(got, short(g))
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%+v:\ngot  %q\nwant %q", tt.filter, text, tt.want)
		}
		for limit := 1; limit <= 3; limit++ {
			f, pages := tt.filter, []string(nil)
			for f.Limit = limit; len(pages) <= len(grants); {
				page, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Grant, error) { return tx.Grants(ctx, f) })
				if err != nil || len(page) > limit {
					t.Fatalf("%+v: %d grants, %v", f, len(page), err)
				}
				if len(page) == 0 {
					break
				}
				for _, g := range page {
					pages = append(pages, short(g))
				}
				f.After = &page[len(page)-1]
			}
			if text := strings.Join(pages, " "); text != tt.want {
				t.Errorf("%+v in pages of %d:\ngot  %q\nwant %q", tt.filter, limit, text, tt.want)
			}
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, g := range grants {
			if has, err := tx.HasGrant(ctx, g); !has || err != nil {
				t.Errorf("%s is not there: %v", short(g), err)
			}
			roles, err := tx.GrantedRoles(ctx, g)
			if err != nil || len(roles) != 1 || roles[0].ID != g.Role {
				t.Errorf("roles like %s: %v, %v", short(g), roles, err)
			}
			if gone, err := tx.DeleteGrant(ctx, g); !gone || err != nil {
				t.Errorf("%s could not be deleted: %v", short(g), err)
			}
			if gone, err := tx.DeleteGrant(ctx, g); gone || err != nil {
				t.Errorf("%s was deleted twice: %v", short(g), err)
			}
		}
		return nil
	})
	for _, g := range []identity.Grant{{Role: "nothing", User: "u", Project: "p"}, {Role: "a", User: "u", Project: "nothing"}, {Role: "a", User: "u", Domain: "nothing"}} {
		err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutGrant(t.Context(), g) })
		if !errors.Is(err, identity.NotFound) {
			t.Errorf("%s: got %v, want not found", short(g), err)
		}
	}
}

func testScopes(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	scopes := func(user identity.UserID, groups []identity.GroupID, q identity.Query) string {
		t.Helper()
		text, err := read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) {
			projects, err := tx.ProjectsOf(ctx, user, groups, q)
			if err != nil {
				return "", err
			}
			domains, err := tx.DomainsOf(ctx, user, groups)
			var names []string
			for _, p := range projects.Items {
				names = append(names, string(p.ID))
			}
			if projects.More {
				names = append(names, "…")
			}
			for _, d := range domains {
				names = append(names, "domain "+d.Name)
			}
			return strings.Join(names, " "), err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	check := func(user identity.UserID, groups []identity.GroupID, want string) {
		t.Helper()
		if got := scopes(user, groups, identity.Query{}); got != want {
			t.Errorf("scopes of %s: got %q, want %q", user, got, want)
		}
	}
	check("u", nil, "")
	grant(t, db, identity.Grant{Role: "a", User: "u", Project: "s"}, identity.Grant{Role: "a", User: "u", Project: "d"})
	check("u", nil, "s")
	grant(t, db, identity.Grant{Role: "a", Group: "g", Project: "p", Inherited: true})
	check("u", nil, "q r s")
	check("v", nil, "")
	check("v", []identity.GroupID{"g"}, "q r")
	grant(t, db, identity.Grant{Role: "x", User: "v", Domain: "d"}, identity.Grant{Role: "x", User: "v", Project: "p"})
	check("v", nil, "") // a role of a domain is none by itself
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "x", Implied: "x"}), tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "x", Implied: "b"}))
	})
	check("v", nil, "p domain dom")
	grant(t, db, identity.Grant{Role: "b", User: "v", Domain: "d", Inherited: true})
	check("v", nil, "p q r s domain dom")
	for _, tt := range []struct {
		q    identity.Query
		want string
	}{
		{identity.Query{Limit: 2}, "p q … domain dom"},
		{identity.Query{Marker: "q"}, "r s domain dom"},
		{identity.Query{}.Where("enabled", "false"), "q domain dom"},
		{identity.Query{}.Where("name", "r"), "r domain dom"},
		{identity.Query{}.Where("domain_id", "e"), "domain dom"},
	} {
		if got := scopes("v", nil, tt.q); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.q, got, tt.want)
		}
	}
}

func testDeleteRole(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	k := keystoneOf(t, db)
	grant(t, db,
		identity.Grant{Role: "a", User: "u", Project: "p"}, identity.Grant{Role: "a", Group: "g", Project: "q"},
		identity.Grant{Role: "a", User: "v", System: true}, identity.Grant{Role: "b", User: "v", Project: "p"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "a", Implied: "b"}),
			tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "c", Implied: "a"}), tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "c", Implied: "b"}))
	})
	for i, at := range []string{"'u', 'p'", "'u', 'q'", "'v', 'p'"} {
		k.exec(fmt.Sprintf(`INSERT INTO "application_credential" ("internal_id", "id", "name", "secret_hash", "user_id", "project_id")
			VALUES (%d, 'ac%d', 'n%d', 's', %s)`, i+1, i, i, at))
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRole(ctx, "a") })
	for table, want := range map[string]int{
		`"assignment"`: 1, `"system_assignment"`: 0, `"implied_role"`: 1, `"role" WHERE "id" = 'a'`: 0,
		`"application_credential"`: 2, `"application_credential" WHERE "id" = 'ac0'`: 0,
	} {
		if got := k.count(`SELECT COUNT(*) FROM ` + table); got != want {
			t.Errorf("%d rows in %s, want %d", got, table, want)
		}
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteRole(t.Context(), "a") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("deleted again: got %v, want not found", err)
	}
}

// S-074: a thousand rules, circles among them, expand to each role once.
func testManyRules(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	const n = 1000
	k := keystoneOf(t, db)
	var roles []string
	rules := map[string]bool{}
	for i := range n {
		roles = append(roles, fmt.Sprintf(`('m%d', 'm%d', '<<null>>', '{}')`, i, i))
		rules[fmt.Sprintf(`('m%d', 'm%d')`, i/2, i)] = true // a tree,
		rules[fmt.Sprintf(`('m%d', 'm%d')`, i, i/3)] = true // and ways back
	}
	k.exec(`INSERT INTO "role" ("id", "name", "domain_id", "extra") VALUES `+strings.Join(roles, ", "),
		`INSERT INTO "implied_role" ("prior_role_id", "implied_role_id") VALUES `+strings.Join(slices.Sorted(maps.Keys(rules)), ", "))
	grant(t, db, identity.Grant{Role: "m0", User: "u", Project: "p"})
	held, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Role, error) {
		return tx.EffectiveRoles(ctx, "u", nil, identity.OnProject("p"))
	})
	if len(held) != n || err != nil {
		t.Fatalf("%d roles, error %v, want %d", len(held), err, n)
	}
}

func testLabels(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	keys := []store.Key{
		{Kind: "user", ID: "u"}, {Kind: "user", ID: "gone"}, {Kind: "group", ID: "g"}, {Kind: "role", ID: "a"}, {Kind: "role", ID: "x"},
		{Kind: "project", ID: "p"}, {Kind: "project", ID: "d"},
	}
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (map[store.Key]store.Label, error) {
		return tx.Labels(ctx, keys)
	})
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) store.Label { return store.Label{Name: name, Domain: "d", DomainName: "dom"} }
	for i, want := range []store.Label{in("u"), {}, in("g"), {Name: "a"}, in("x"), in("p"), {Name: "dom"}} {
		if got[keys[i]] != want {
			t.Errorf("%v: got %+v, want %+v", keys[i], got[keys[i]], want)
		}
	}
}

// Keystone on SQLite deletes a role and leaves the rules about it. What it implied is not held through it any more.
func testRulesOfDeletedRoles(t *testing.T, db *store.DB) {
	if db.Dialect() != "sqlite" {
		t.Skip("foreign keys leave no such rules")
	}
	insertCloud(t, db)
	grant(t, db, identity.Grant{Role: "x", User: "u", Project: "p"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "x", Implied: "b"}), tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "b", Implied: "c"}))
	})
	look := func(want string) {
		t.Helper()
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) {
			held, err := tx.EffectiveRoles(ctx, "u", nil, identity.OnProject("p"))
			if err != nil {
				return "", err
			}
			projects, err := tx.ProjectsOf(ctx, "u", nil, identity.Query{})
			if err != nil {
				return "", err
			}
			rules, err := tx.RoleRules(ctx)
			return fmt.Sprintf("%d roles, %d projects, %d rules", len(held), len(projects.Items), len(rules.Implied)), err
		})
		if got != want || err != nil {
			t.Errorf("got %s, error %v, want %s", got, err, want)
		}
	}
	look("2 roles, 1 projects, 2 rules")
	keystoneOf(t, db).exec(`DELETE FROM "role" WHERE "id" = 'b'`)
	look("0 roles, 0 projects, 0 rules")
}
