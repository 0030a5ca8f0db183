package portal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

// lists are the pages of lists in the default domain and of the cloud.
func lists(project, group, user string) []string {
	const d = "/portal/d/default"
	u := d + "/users/" + user
	return []string{
		u, u + "/access", u + "/groups", u + "/credentials", u + "/security", u + "/activity", u + "/raw",
		d, d + "/users", d + "/users?q=user%20099", d + "/users?q=user%2009", d + "/users?q=example", d + "/users?q=box99999", d + "/users?q=zz", d + "/projects?q=zz", d + "/projects?q=project%2004", d + "/users?show=nofactor", d + "/users?show=unplaced", d + "/users?show=locked", d + "/users?sort=-last_active_at", d + "/groups", d + "/groups/" + group,
		d + "/projects", d + "/projects?view=tree", d + "/assignments", d + "/invitations", d + "/rules",
		"/portal/cloud/domains", "/portal/cloud/people", "/portal/cloud/people?q=zz", "/portal/cloud/people?q=user%20099", "/portal/cloud/people?q=example", "/portal/cloud/roles", "/portal/cloud/grants", "/portal/cloud/assignments",
		"/portal/p/" + project + "/people", "/portal/p/" + project + "/members", "/portal/p/" + project + "/contacts", "/portal/p/" + project + "/credentials",
		"/portal/p/" + project + "/api-users", "/portal/p/" + project + "/portal-users", d + "/users/import", d + "/assignments?view=actor", "/portal/cloud/roles/graph",
	}
}

// crowd makes users, a group of some of them, and projects in the default domain. Every tenth user has a role on a project.
func crowd(t testing.TB, env *testenv.Env, from, users, projects int, role identity.RoleID) (project identity.ProjectID, group identity.GroupID) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		ctx := context.Background()
		group = identity.GroupID(tx.NewID())
		if err := tx.InsertGroup(ctx, identity.Group{ID: group, DomainID: "default", Name: fmt.Sprintf("group %d", from)}); err != nil {
			return err
		}
		var all []identity.ProjectID
		for i := range projects {
			p := identity.ProjectID(tx.NewID())
			err := tx.InsertProject(ctx, identity.Project{ID: p, DomainID: "default", ParentID: "default", Name: fmt.Sprintf("project %06d", from+i), Enabled: true})
			if err != nil {
				return err
			}
			all = append(all, p)
		}
		for i := range users {
			u := identity.User{ID: identity.UserID(tx.NewID()), DomainID: "default", Name: fmt.Sprintf("user %06d", from+i), Enabled: true,
				Extra: identity.Extra{"email": fmt.Sprintf("box%d@example.org", from+i)}}
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
			if i%10 == 0 {
				if err := tx.PutGrant(ctx, identity.Grant{User: u.ID, Project: all[i/10%len(all)], Role: role}); err != nil {
					return err
				}
			}
			if i%100 == 0 {
				if err := tx.AddToGroup(ctx, u.ID, group); err != nil {
					return err
				}
			}
		}
		project = all[0]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	env.CatchUp()
	return project, group
}

// bigCloud fills the database as crowd does, by SQL alone, since that takes seconds where crowd takes minutes.
func bigCloud(b *testing.B, env *testenv.Env, users, projects int, role string) (project, group string) {
	b.Helper()
	db, err := sql.Open("sqlite", env.Database())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	group = "group"
	for _, stmt := range []string{
		`INSERT INTO "group" ("id", "domain_id", "name") VALUES ('group', 'default', 'group')`,
		`INSERT INTO "project" ("id", "domain_id", "parent_id", "name", "enabled", "is_domain", "extra")
			SELECT printf('p%031d', i), 'default', 'default', printf('project %06d', i), 1, 0, '{}' FROM n WHERE i < ` + fmt.Sprint(projects),
		`INSERT INTO "user" ("id", "domain_id", "enabled", "extra", "created_at", "last_active_at") SELECT printf('u%031d', i), 'default', 1,
			printf('{"email": "box%d@example.org"}', i), '2026-01-01 00:00:00', CASE WHEN i % 3 = 0 THEN '2026-02-01' END FROM n WHERE i < ` + fmt.Sprint(users),
		`INSERT INTO "local_user" ("user_id", "domain_id", "name") SELECT printf('u%031d', i), 'default', printf('user %06d', i) FROM n WHERE i < ` + fmt.Sprint(users),
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") SELECT 'UserProject', printf('u%031d', i), printf('p%031d', i / 10 % ` + fmt.Sprint(projects) + `), '` + role + `', 0
			FROM n WHERE i % 10 = 0 AND i < ` + fmt.Sprint(users),
		`INSERT INTO "user_group_membership" ("user_id", "group_id") SELECT printf('u%031d', i), 'group' FROM n WHERE i % 100 = 0 AND i < ` + fmt.Sprint(users),
	} {
		if strings.Contains(stmt, " FROM n ") || strings.Contains(stmt, "\n\t\t\tFROM n ") {
			stmt = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(max(users, projects)) + `) ` + stmt
		}
		if _, err := db.ExecContext(b.Context(), stmt); err != nil {
			b.Fatal(err, stmt)
		}
	}
	env.CatchUp()
	return fmt.Sprintf("p%031d", 0), group
}

// BenchmarkLists measures the first page of each list in a cloud of 100,000 users and 50,000 projects.
func BenchmarkLists(b *testing.B) {
	env := testenv.New(b)
	role := env.Admin().Get("/v3/roles?name=member").Get("roles.0.id")
	project, group := bigCloud(b, env, 100_000, 50_000, role)
	user := fmt.Sprintf("u%031d", 0)
	reader := env.SignIn("admin", testenv.Password)
	for _, path := range lists(project, group, user) {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				reader.Open(path).Want(200)
			}
		})
	}
}

// fill gives a project contacts, keys, API users and portal users.
func fill(t testing.TB, env *testenv.Env, project identity.ProjectID, from, n int) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		ctx := context.Background()
		for i := range n {
			u := identity.User{ID: identity.UserID(tx.NewID()), DomainID: "default", Name: fmt.Sprintf("filler %06d", from+i), Enabled: true, Extra: identity.Extra{}}
			key := store.SealedCredential{Credential: identity.Credential{ID: identity.CredentialID(tx.NewID()), UserID: u.ID, ProjectID: project, Type: "ec2"}}
			contact := identity.Contact{ID: tx.NewID(), ProjectID: project, Name: "c", Address: fmt.Sprintf("c%d@example.org", from+i), Topics: []string{"billing"}}
			err := errors.Join(tx.InsertUser(ctx, u), tx.InsertCredential(ctx, key), tx.InsertContact(ctx, contact), tx.InsertAPIUser(ctx, store.APIUser{User: u.ID, Project: project, Owner: u.ID}),
				tx.PutPortalUser(ctx, identity.PortalUser{UserID: u.ID, ProjectID: project, Areas: identity.Areas}))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	env.CatchUp()
}

// endow gives a user groups, keys and roles in projects of their own.
func endow(t testing.TB, env *testenv.Env, user identity.UserID, role identity.RoleID, n int) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		ctx := context.Background()
		for range n {
			p, g := identity.ProjectID(tx.NewID()), identity.GroupID(tx.NewID())
			key := store.SealedCredential{Credential: identity.Credential{ID: identity.CredentialID(tx.NewID()), UserID: user, ProjectID: p, Type: "ec2"}}
			err := errors.Join(tx.InsertProject(ctx, identity.Project{ID: p, DomainID: "default", ParentID: "default", Name: string(p), Enabled: true}),
				tx.PutGrant(ctx, identity.Grant{User: user, Project: p, Role: role}), tx.InsertGroup(ctx, identity.Group{ID: g, DomainID: "default", Name: string(g)}),
				tx.AddToGroup(ctx, user, g), tx.InsertCredential(ctx, key))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	env.CatchUp()
}

// Each page asks the database the same number of questions, however many entries there are, and not many.
func TestPagesAskAFixedNumberOfQueries(t *testing.T) {
	env := testenv.New(t)
	role := identity.RoleID(env.Admin().Get("/v3/roles?name=member").Get("roles.0.id"))
	project, group := crowd(t, env, 0, 20, 2, role)
	fill(t, env, project, 0, 2)
	b := env.SignIn("admin", testenv.Password)
	few := map[string]int64{}
	user := identity.UserID(env.Admin().Post("/v3/users", `{"user": {"name": "kept"}}`).Want(201).Get("user.id"))
	endow(t, env, user, role, 2)
	pages := lists(string(project), string(group), string(user))
	for _, path := range pages {
		few[path] = queries(env, b, path)
	}
	crowd(t, env, 1000, 200, 100, role)
	fill(t, env, project, 1000, 20)
	endow(t, env, user, role, 20)
	for _, path := range pages {
		if n := queries(env, b, path); n != few[path] {
			t.Errorf("%s: %d queries with few entries, %d with many", path, few[path], n)
		} else if n > 60 {
			t.Errorf("%s: %d queries", path, n)
		}
	}
}
