package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// insertBranches makes a domain, named as its id, with the projects that lines such as "web/shop/till" name. A project's id
// is its name.
func insertBranches(t *testing.T, db *store.DB, domain identity.DomainID, branches ...string) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertDomain(ctx, identity.Domain{ID: domain, Name: string(domain), Enabled: true}); err != nil {
			return err
		}
		made := map[string]bool{}
		for _, branch := range branches {
			parent := identity.ProjectID(domain)
			for name := range strings.SplitSeq(branch, "/") {
				p := identity.Project{ID: identity.ProjectID(name), DomainID: domain, ParentID: parent, Name: name, Enabled: true}
				if !made[name] {
					if err := tx.InsertProject(ctx, p); err != nil {
						return err
					}
				}
				made[name], parent = true, p.ID
			}
		}
		return nil
	})
}

func project(t *testing.T, db *store.DB, id identity.ProjectID) identity.Project {
	t.Helper()
	p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Project, error) { return tx.Project(ctx, id) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func idsOf(projects []identity.Project) string {
	ids := make([]string, len(projects))
	for i, p := range projects {
		ids[i] = string(p.ID)
	}
	return strings.Join(ids, " ")
}

func testProjects(t *testing.T, db *store.DB) {
	text := "of the sea"
	want := identity.Project{
		ID: "p", DomainID: "d", ParentID: "d", Name: "port", Description: &text, Enabled: true, Tags: []string{"a", "b"},
		Options: identity.Options{identity.OptImmutable: true}, Extra: identity.Extra{"k": []any{"v"}},
	}
	insertBranches(t, db, "d")
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertProject(ctx, want) })
	got := project(t, db, "p")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("project as read, -want +got:\n%s", diff)
	}

	want.Name, want.Description, want.Enabled, want.Tags = "harbour", nil, false, []string{"b", "c"}
	want.Options, want.Extra = identity.Options{identity.OptImmutable: false}, identity.Extra{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateProject(ctx, got, want) })
	got = project(t, db, "p")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("project after the change, -want +got:\n%s", diff)
	}
	want.Options = identity.Options{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateProject(ctx, got, want) })
	if n := keystoneOf(t, db).count(`SELECT COUNT(*) FROM "project_option"`); n != 0 {
		t.Errorf("%d options are left of an unset one", n)
	}

	d := project(t, db, "d")
	if want := (identity.Project{ID: "d", DomainID: identity.RootDomain, Name: "d", Enabled: true, IsDomain: true, Options: identity.Options{}, Extra: identity.Extra{}}); !cmp.Equal(want, d) {
		t.Errorf("the domain as a project, -want +got:\n%s", cmp.Diff(want, d))
	}
	for _, tt := range []struct {
		what string
		look func(ctx context.Context, tx *store.Tx) error
	}{
		{"Could not find project: none.", func(ctx context.Context, tx *store.Tx) error { _, err := tx.Project(ctx, "none"); return err }},
		{"Could not find project: P.", func(ctx context.Context, tx *store.Tx) error { _, err := tx.Project(ctx, "P"); return err }},
		{"Could not find domain: p.", func(ctx context.Context, tx *store.Tx) error { _, err := tx.Domain(ctx, "p"); return err }},
		{"Could not find domain: D.", func(ctx context.Context, tx *store.Tx) error { _, err := tx.Domain(ctx, "D"); return err }},
		{"Could not find project: <<keystone.domain.root>>.", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Project(ctx, identity.ProjectID(identity.RootDomain))
			return err
		}},
		{"Could not find domain: <<keystone.domain.root>>.", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DomainByName(ctx, string(identity.RootDomain))
			return err
		}},
	} {
		err := db.View(t.Context(), func(tx *store.Tx) error { return tt.look(t.Context(), tx) })
		if !errors.Is(err, identity.NotFound) || err.Error() != tt.what {
			t.Errorf("got %v, want %s", err, tt.what)
		}
	}
}

// S-084, S-167
func testProjectNames(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "web", "shop", "grün")
	insertBranches(t, db, "e")
	insert := func(p identity.Project) error {
		return db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertProject(t.Context(), p) })
	}
	const taken = "Conflict occurred attempting to store project - it is not permitted to have two projects with either the same" +
		" name or same id in the same domain: name is %s, project id %s."
	for _, name := range []string{"web", "WEB", "wEb", "GRÜN"} {
		err := insert(identity.Project{ID: "x", DomainID: "d", ParentID: "d", Name: name})
		if want := fmt.Sprintf(taken, name, "x"); !errors.Is(err, identity.Conflict) || err.Error() != want {
			t.Errorf("a second %s: %v, want %s", name, err, want)
		}
	}
	if err := insert(identity.Project{ID: "web", DomainID: "d", ParentID: "d", Name: "other"}); !errors.Is(err, identity.Conflict) {
		t.Errorf("a second project of an id: %v, want a Conflict", err)
	}
	if err := insert(identity.Project{ID: "y", DomainID: "e", ParentID: "e", Name: "Web"}); err != nil {
		t.Errorf("the name in another domain: %v", err)
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertDomain(t.Context(), identity.Domain{ID: "f", Name: "D"})
	})
	if want := "Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: D."; !errors.Is(err, identity.Conflict) || err.Error() != want {
		t.Errorf("a second domain D: %v, want %s", err, want)
	}
	rename := func(id identity.ProjectID, name string) error {
		old := project(t, db, id)
		p := old
		p.Name = name
		return db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateProject(t.Context(), old, p) })
	}
	if err := rename("shop", "Web"); !errors.Is(err, identity.Conflict) {
		t.Errorf("renaming to a name that is taken but for case: %v, want a Conflict", err)
	}
	if err := rename("shop", "SHOP"); err != nil {
		t.Errorf("renaming in case only: %v", err)
	}

	// Of several that ask for one name at once, on two nodes, one gets it.
	nodes := twoNodes(t, db)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			name := []string{"race", "RACE"}[i%2]
			p := identity.Project{ID: identity.ProjectID(fmt.Sprint("r", i)), DomainID: "d", ParentID: "d", Name: name}
			errs[i] = nodes[i%2].Update(t.Context(), func(tx *store.Tx) error { return tx.InsertProject(t.Context(), p) })
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, identity.Conflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 got the name", won)
	}
}

func testProjectFilters(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "Web/shop", "webcam", "a%b")
	insertBranches(t, db, "e", "wiki")
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for id, tags := range map[identity.ProjectID][]string{"shop": {"red", "blue"}, "webcam": {"red"}, "wiki": {"blue"}} {
			old, err := tx.Project(ctx, id)
			if err != nil {
				return err
			}
			p := old
			p.Tags, p.Enabled = tags, id != "wiki"
			if err := tx.UpdateProject(ctx, old, p); err != nil {
				return err
			}
		}
		return nil
	})
	is := func(attr, value string) identity.Filter { return identity.Filter{Attr: attr, Value: value} }
	name := func(c identity.Comparison, fold bool, v string) identity.Filter {
		return identity.Filter{Attr: "name", Compare: c, FoldCase: fold, Value: v}
	}
	for _, tt := range []struct {
		filters []identity.Filter
		want    string
	}{
		{nil, "Web a%b d e shop webcam wiki"},
		{[]identity.Filter{is("is_domain", "")}, "d e"},
		{[]identity.Filter{is("is_domain", "0")}, "Web a%b shop webcam wiki"},
		{[]identity.Filter{is("domain_id", "d")}, "Web a%b shop webcam"},
		{[]identity.Filter{is("parent_id", "Web")}, "shop"},
		{[]identity.Filter{is("enabled", "false")}, "wiki"},
		{[]identity.Filter{is("id", "wiki")}, "wiki"},
		{[]identity.Filter{name(identity.StartsWith, false, "we")}, "webcam"},
		{[]identity.Filter{name(identity.StartsWith, true, "we")}, "Web webcam"},
		{[]identity.Filter{name(identity.Contains, false, "e")}, "Web e webcam"},
		{[]identity.Filter{name(identity.EndsWith, true, "B")}, "Web a%b"},
		// S-080: the wildcards of databases are plain characters.
		{[]identity.Filter{name(identity.Contains, true, "%")}, "a%b"},
		{[]identity.Filter{name(identity.Contains, false, "_")}, ""},
		{[]identity.Filter{is("name", "' OR 1=1 --")}, ""},
		{[]identity.Filter{is("tags", "red")}, "shop webcam"},
		{[]identity.Filter{is("tags", "red,blue")}, "shop"},
		{[]identity.Filter{is("tags", "red,red")}, "shop webcam"},
		{[]identity.Filter{is("tags", "red,green")}, ""},
		{[]identity.Filter{is("tags", "")}, ""},
		{[]identity.Filter{is("tags-any", "red,green")}, "shop webcam"},
		{[]identity.Filter{is("not-tags", "red,blue")}, "Web a%b d e webcam wiki"},
		{[]identity.Filter{is("not-tags-any", "red,blue")}, "Web a%b d e"},
		{[]identity.Filter{is("not-tags", "")}, "Web a%b d e shop webcam wiki"},
		{[]identity.Filter{is("tags-any", "red,blue"), is("not-tags", "red,blue")}, "webcam wiki"},
		{[]identity.Filter{is("not-tags", "red,blue"), is("not-tags-any", "blue")}, "Web a%b d e webcam"},
		{[]identity.Filter{is("tags", "red"), is("not-tags-any", "blue")}, "webcam"},
	} {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Project], error) {
			return tx.Projects(ctx, identity.Query{Filters: tt.filters})
		})
		ids := strings.Fields(idsOf(page.Items))
		slices.Sort(ids) // databases order upper and lower case differently
		if got := strings.Join(ids, " "); got != tt.want || err != nil {
			t.Errorf("%+v finds %q, %v; want %q", tt.filters, got, err, tt.want)
		}
	}

	var seen []string
	for q := (identity.Query{Limit: 3}); ; {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Project], error) {
			return tx.Projects(ctx, q)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Items {
			seen = append(seen, string(p.ID))
			q.Marker = string(p.ID)
		}
		if !page.More {
			break
		}
	}
	slices.Sort(seen)
	if got, want := strings.Join(seen, " "), "Web a%b d e shop webcam wiki"; got != want {
		t.Errorf("pages of 3 show %q, want each once: %q", got, want)
	}
	_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Domain], error) {
		return tx.Domains(ctx, identity.Query{Marker: "gone"})
	})
	if want := "Marker gone could not be found."; !errors.Is(err, identity.NotFound) || err.Error() != want {
		t.Errorf("an unknown marker: %v, want %s", err, want)
	}
	domains, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Domain], error) {
		return tx.Domains(ctx, identity.Query{}.Where("name", "e"))
	})
	if err != nil || len(domains.Items) != 1 || domains.Items[0].ID != "e" {
		t.Errorf("domains by name: %+v, %v; want e", domains.Items, err)
	}
}

func testProjectTree(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "c/b/a", "c/x", "e")
	for _, tt := range []struct{ id, parents, subtree string }{
		{"a", "b c d", ""},
		{"c", "d", "b x a"},
		{"d", "", "c e b x a"},
		{"none", "", ""},
	} {
		err := db.View(t.Context(), func(tx *store.Tx) error {
			parents, err := tx.Parents(t.Context(), identity.ProjectID(tt.id))
			if got := idsOf(parents); got != tt.parents || err != nil {
				t.Errorf("above %s: %q, %v; want %q", tt.id, got, err, tt.parents)
			}
			subtree, err := tx.Subtree(t.Context(), identity.ProjectID(tt.id))
			if got := idsOf(subtree); got != tt.subtree || err != nil {
				t.Errorf("below %s: %q, %v; want %q", tt.id, got, err, tt.subtree)
			}
			has, err := tx.HasChildren(t.Context(), identity.ProjectID(tt.id))
			if want := tt.subtree != ""; has != want || err != nil {
				t.Errorf("%s has children: %v, %v; want %v", tt.id, has, err, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}

	keystoneOf(t, db).exec(`UPDATE "project" SET "parent_id" = 'a' WHERE "id" = 'c'`)
	err := db.View(t.Context(), func(tx *store.Tx) error {
		above, err := tx.Parents(t.Context(), "a")
		below, err2 := tx.Subtree(t.Context(), "a")
		if idsOf(above) != "b c" || idsOf(below) != "c b x" {
			t.Errorf("in a circle: above a %q, below %q", idsOf(above), idsOf(below))
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}

func testLimitsOfProjects(t *testing.T, db *store.DB) {
	keystoneOf(t, db).exec(
		`INSERT INTO "registered_limit" ("internal_id", "id", "service_id", "region_id", "resource_name", "default_limit") VALUES (1, 'r', 's', NULL, 'cores', 10)`,
		`INSERT INTO "limit" ("internal_id", "id", "project_id", "domain_id", "resource_limit", "registered_limit_id") VALUES
			(1, 'l1', 'p', NULL, 5, 'r'), (2, 'l2', 'q', NULL, 6, 'r'), (3, 'l3', NULL, 'd', 7, 'r')`,
	)
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (map[identity.ProjectID][]identity.Limit, error) {
		return tx.LimitsOfProjects(ctx, []identity.ProjectID{"p", "none"})
	})
	want := map[identity.ProjectID][]identity.Limit{"p": {{ID: "l1", ProjectID: "p", ServiceID: "s", ResourceName: "cores", Value: 5}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("limits, error %v, -want +got:\n%s", err, diff)
	}
}

// S-166, with the changes coming in on two nodes.
func testProjectChangesAreApart(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "p")
	nodes := twoNodes(t, db)
	var wg sync.WaitGroup
	errs := make([]error, 24)
	for i := range errs {
		wg.Go(func() {
			errs[i] = nodes[i%2].Update(t.Context(), func(tx *store.Tx) error {
				old, err := tx.LockProject(t.Context(), "p")
				if err != nil {
					return err
				}
				p := old
				switch {
				case i == 0:
					p.Name = "q"
				case i == 1:
					p.Enabled = false
				case i == 2:
					p.Description = new(string)
				case i == 3:
					p.Options = identity.Options{identity.OptImmutable: true}
				case i%2 == 0:
					p.Tags = append(slices.Clone(old.Tags), fmt.Sprint("t", i))
				default:
					p.Extra = old.Extra.Merge(identity.Extra{fmt.Sprint("k", i): "v"})
				}
				return tx.UpdateProject(t.Context(), old, p)
			})
		})
	}
	wg.Wait()
	p := project(t, db, "p")
	stands := []bool{p.Name == "q", !p.Enabled, p.Description != nil, p.Options.Bool(identity.OptImmutable)}
	for i, err := range errs {
		if i >= len(stands) {
			stands = append(stands, p.Extra[fmt.Sprint("k", i)] == "v" || slices.Contains(p.Tags, fmt.Sprint("t", i)))
		}
		if err != nil || !stands[i] {
			t.Errorf("change %d: error %v, stands %v", i, err, stands[i])
		}
	}
}

// A project cannot get a child while it is being disabled on another node.
func testDisableBesideCreate(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "p")
	nodes := twoNodes(t, db)
	for i := range 4 {
		var wg sync.WaitGroup
		var created, disabled error
		wg.Go(func() {
			created = nodes[0].Update(t.Context(), func(tx *store.Tx) error {
				parent, err := tx.Project(t.Context(), "p")
				if err != nil || !parent.Enabled {
					return errors.Join(err, identity.BadRequest)
				}
				name := fmt.Sprint("c", i)
				return tx.InsertProject(t.Context(), identity.Project{ID: identity.ProjectID(name), DomainID: "d", ParentID: "p", Name: name, Enabled: true})
			})
		})
		wg.Go(func() {
			disabled = nodes[1].Update(t.Context(), func(tx *store.Tx) error {
				old, err := tx.LockProject(t.Context(), "p")
				if err != nil {
					return err
				}
				if used, err := tx.HasChildren(t.Context(), "p"); err != nil || used {
					return errors.Join(err, identity.Forbidden)
				}
				p := old
				p.Enabled = false
				return tx.UpdateProject(t.Context(), old, p)
			})
		})
		wg.Wait()
		if (created == nil) == (disabled == nil) {
			t.Fatalf("round %d: create %v, disable %v; want one of them to fail", i, created, disabled)
		}
		if !errors.Is(errors.Join(created, disabled), identity.BadRequest) && !errors.Is(errors.Join(created, disabled), identity.Forbidden) {
			t.Fatalf("round %d: create %v, disable %v", i, created, disabled)
		}
		keystoneOf(t, db).exec(`DELETE FROM "project" WHERE "parent_id" = 'p'`, `UPDATE "project" SET "enabled" = TRUE WHERE "id" = 'p'`)
	}
}

// hangOn writes rows of every kind that hang on a project and on the domain of the same id.
func hangOn(k keystone, id string) {
	for _, stmt := range []string{
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserProject', 'u', ?, 'r', FALSE)`,
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('GroupProject', 'g', ?, 'r', TRUE)`,
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserDomain', 'u', ?, 'r', TRUE)`,
		`INSERT INTO "credential" ("id", "user_id", "project_id", "type", "key_hash", "encrypted_blob") VALUES (?, 'u', ?, 'ec2', 'h', 'b')`,
		`INSERT INTO "application_credential" ("id", "name", "secret_hash", "user_id", "project_id") VALUES (?, ?, 'h', 'u', ?)`,
		`INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "project_id", "impersonation") VALUES (?, 'u', 'w', ?, FALSE)`,
		`INSERT INTO "access_token" ("id", "access_secret", "authorizing_user_id", "project_id", "role_ids", "consumer_id") VALUES (?, 's', 'u', ?, '[]', 'c')`,
		`INSERT INTO "request_token" ("id", "request_secret", "requested_project_id", "consumer_id") VALUES (?, 's', ?, 'c')`,
		`INSERT INTO "limit" ("internal_id", "id", "project_id", "resource_limit") SELECT COUNT(*) + 1, ?, ?, 1 FROM "limit"`,
		`INSERT INTO "project_endpoint" ("endpoint_id", "project_id") VALUES ('e', ?)`,
		`INSERT INTO "project_endpoint_group" ("endpoint_group_id", "project_id") VALUES ('eg', ?)`,
		`INSERT INTO "project_tag" ("project_id", "name") VALUES (?, 't')`,
		`INSERT INTO "project_option" ("project_id", "option_id", "option_value") VALUES (?, 'IMMU', 'false')`,
	} {
		k.exec(strings.ReplaceAll(stmt, "?", "'"+id+"'"))
	}
}

var onProject = []string{
	`"assignment" WHERE "type" IN ('UserProject', 'GroupProject') AND "target_id" = ?`, `"credential" WHERE "project_id" = ?`,
	`"application_credential" WHERE "project_id" = ?`, `"trust" WHERE "deleted_at" IS NULL AND "project_id" = ?`,
	`"access_token" WHERE "project_id" = ?`, `"request_token" WHERE "requested_project_id" = ?`, `"limit" WHERE "project_id" = ?`,
	`"project_endpoint" WHERE "project_id" = ?`, `"project_endpoint_group" WHERE "project_id" = ?`, `"project_tag" WHERE "project_id" = ?`,
	`"project_option" WHERE "project_id" = ?`, `"user" WHERE "default_project_id" = ?`, `"project" WHERE "id" = ?`,
}

func rowsThatHang(k keystone) {
	k.exec(
		`INSERT INTO "role" ("id", "name", "domain_id") VALUES ('r', 'r', '<<null>>')`,
		`INSERT INTO "consumer" ("id", "secret", "extra") VALUES ('c', 's', '{}')`,
		`INSERT INTO "endpoint_group" ("id", "name", "filters") VALUES ('eg', 'eg', '{}')`,
	)
}

func (k keystone) left(id string, tables []string) (left []string) {
	k.t.Helper()
	for _, table := range tables {
		if k.count(`SELECT COUNT(*) FROM `+strings.ReplaceAll(table, "?", "'"+id+"'")) > 0 {
			left = append(left, table)
		}
	}
	return left
}

func testDeleteProject(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "p", "q")
	insertUsers(t, db, identity.User{ID: "u", Name: "alice", DefaultProjectID: "p"}, identity.User{ID: "v", Name: "bob", DefaultProjectID: "q"})
	k := keystoneOf(t, db)
	rowsThatHang(k)
	hangOn(k, "p")
	hangOn(k, "q")
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteProject(ctx, "p") })
	if left := k.left("p", onProject); left != nil {
		t.Errorf("left of the project: %q", left)
	}
	if left := k.left("q", onProject); len(left) != len(onProject) {
		t.Errorf("of another project only these are left: %q", left)
	}
	if n := k.count(`SELECT COUNT(*) FROM "revocation_event" WHERE "project_id" = 'p'`); n != 1 {
		t.Errorf("%d revocation events for p, want 1", n)
	}
	if n := k.count(`SELECT COUNT(*) FROM "lintel_change" WHERE "kind" = 'user' AND "id" = 'u'`); n == 0 {
		t.Error("the change log does not know that u has no default project any more")
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteProject(t.Context(), "p") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("deleting it again: %v, want NotFound", err)
	}
}

func testDeleteDomain(t *testing.T, db *store.DB) {
	insertBranches(t, db, "d", "p/q/s")
	insertBranches(t, db, "other", "o")
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "w", Name: "walt", DomainID: "other"},
		identity.User{ID: "f", Kind: identity.FederatedUser, DomainID: "other"}, identity.User{ID: "f2", Kind: identity.FederatedUser, DomainID: "other"})
	k := keystoneOf(t, db)
	rowsThatHang(k)
	for _, id := range []string{"d", "s", "o"} {
		hangOn(k, id)
	}
	k.exec(`INSERT INTO "role" ("id", "name", "domain_id") VALUES ('local', 'local', 'd'), ('far', 'far', 'other')`,
		`INSERT INTO "role_option" ("role_id", "option_id", "option_value") VALUES ('local', 'IMMU', 'true'), ('far', 'IMMU', 'true')`,
		`INSERT INTO "project_option" ("project_id", "option_id", "option_value") VALUES ('q', 'IMMU', 'true')`,
		`INSERT INTO "implied_role" ("prior_role_id", "implied_role_id") VALUES ('local', 'r')`,
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserProject', 'w', 'o', 'local', FALSE)`,
		`INSERT INTO "mapping" ("id", "rules", "schema_version") VALUES ('m', '[]', '1.0')`,
	)
	for _, domain := range []string{"d", "other"} {
		for _, stmt := range []string{
			`INSERT INTO "group" ("id", "domain_id", "name") VALUES ('g-?', '?', 'g')`,
			`INSERT INTO "identity_provider" ("id", "enabled", "domain_id") VALUES ('idp-?', TRUE, '?')`,
			`INSERT INTO "idp_remote_ids" ("idp_id", "remote_id") VALUES ('idp-?', 'https://?')`,
			`INSERT INTO "federation_protocol" ("id", "idp_id", "mapping_id") VALUES ('saml2', 'idp-?', 'm')`,
			`INSERT INTO "federated_user" ("user_id", "idp_id", "protocol_id", "unique_id") VALUES ('f2', 'idp-?', 'saml2', 'f2')`,
			`INSERT INTO "limit" ("internal_id", "id", "domain_id", "resource_limit") SELECT COUNT(*) + 10, 'l-?', '?', 1 FROM "limit"`,
			`INSERT INTO "whitelisted_config" ("domain_id", "group", "option", "value") VALUES ('?', 'ldap', 'url', 'v')`,
			`INSERT INTO "sensitive_config" ("domain_id", "group", "option", "value") VALUES ('?', 'ldap', 'password', 'v')`,
			`INSERT INTO "config_register" ("type", "domain_id") VALUES ('SQL-?', '?')`,
			`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('m-?', '?', 'x', 'user')`,
		} {
			k.exec(strings.ReplaceAll(stmt, "?", domain))
		}
	}
	k.exec(`INSERT INTO "federated_user" ("user_id", "idp_id", "protocol_id", "unique_id") VALUES ('f', 'idp-d', 'saml2', 'f')`,
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('UserDomain', 'w', 'other', 'r', FALSE)`)

	err := db.View(t.Context(), func(tx *store.Tx) error {
		projects, roles, err := tx.ImmutableIn(t.Context(), "d")
		if fmt.Sprint(projects, roles) != "[q] [local]" {
			t.Errorf("immutable in d: %v %v, want q and local", projects, roles)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDomain(ctx, "d") })
	onDomain := []string{
		`"assignment" WHERE "target_id" = ?`, `"project" WHERE "domain_id" = ?`, `"user" WHERE "domain_id" = ?`, `"group" WHERE "domain_id" = ?`,
		`"role" WHERE "domain_id" = ?`, `"identity_provider" WHERE "domain_id" = ?`, `"limit" WHERE "domain_id" = ?`,
		`"whitelisted_config" WHERE "domain_id" = ?`, `"sensitive_config" WHERE "domain_id" = ?`, `"config_register" WHERE "domain_id" = ?`,
		`"id_mapping" WHERE "domain_id" = ?`,
	}
	for _, id := range []string{"d", "p", "q", "s"} {
		if left := k.left(id, slices.Concat(onProject, onDomain)); left != nil {
			t.Errorf("left of %s: %q", id, left)
		}
	}
	if left := k.left("other", onDomain); len(left) != len(onDomain) {
		t.Errorf("of another domain only these are left: %q", left)
	}
	for table, want := range map[string]int{
		`"user" WHERE "id" = 'f'`: 0, `"user" WHERE "id" = 'f2'`: 1, `"federated_user"`: 1, `"implied_role"`: 0,
		`"assignment" WHERE "role_id" = 'local'`: 0, `"role_option"`: 1, `"idp_remote_ids"`: 1, `"federation_protocol"`: 1,
		`"revocation_event" WHERE "domain_id" = 'd'`: 1, `"revocation_event" WHERE "project_id" = 's'`: 1,
		`"revocation_event" WHERE "user_id" = 'u'`:      1,
		`"lintel_change" WHERE "kind" = 'implied_role'`: 1, // who held the domain's role may hold less now
	} {
		if got := k.count(`SELECT COUNT(*) FROM ` + table); got != want {
			t.Errorf("%d rows in %s, want %d", got, table, want)
		}
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteDomain(t.Context(), "d") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("deleting it again: %v, want NotFound", err)
	}
}
