package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// team is the project web below acme in the default domain, with ways to fill it.
type team struct {
	*testenv.Env
	t         *testing.T
	admin     *testenv.Actor
	acme, web string
}

func newTeam(t *testing.T, changes ...func(*config.Config)) *team {
	t.Helper()
	env := testenv.New(t, changes...)
	tm := &team{Env: env, t: t, admin: env.Admin()}
	tm.acme = tm.admin.Post("/v3/projects", `{"project": {"name": "acme"}}`).Want(201).Get("project.id")
	tm.web = tm.admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": "acme-web", "parent_id": tm.acme}}).Want(201).Get("project.id")
	return tm
}

// person is a user with the password "secret" and an address.
func (tm *team) person(name string) string {
	tm.t.Helper()
	return tm.admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "password": "secret", "email": name + "@acme.example"}}).Want(201).Get("user.id")
}

func (tm *team) role(name string) string {
	tm.t.Helper()
	return tm.admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id")
}

// grant gives a role by a path such as "projects/{id}/users/{id}".
func (tm *team) grant(to, role string) {
	tm.t.Helper()
	tm.admin.Put("/v3/"+to+"/roles/"+tm.role(role), nil).Want(204)
}

// onWeb gives somebody a role on the project web.
func (tm *team) onWeb(user, role string) {
	tm.t.Helper()
	tm.grant("projects/"+tm.web+"/users/"+user, role)
}

// row is what the page says of somebody, from their name to the end of the row.
func row(b *testenv.Browser, name string) string {
	_, after, _ := strings.Cut(b.Body, "<strong>"+name+"</strong>")
	after, _, _ = strings.Cut(after, "</tr>")
	c := *b
	c.Body = after
	return c.Text()
}

// J1, C1: everybody who can work in a project, with where each role comes from.
func TestPeopleOfAProject(t *testing.T) {
	tm := newTeam(t)
	alice, dora, efua, filip := tm.person("alice"), tm.person("dora"), tm.person("efua"), tm.person("filip")
	tm.onWeb(alice, "admin")
	tm.onWeb(dora, "reader")
	deployers := tm.admin.Post("/v3/groups", `{"group": {"name": "deployers"}}`).Want(201).Get("group.id")
	tm.admin.Put("/v3/groups/"+deployers+"/users/"+dora, nil).Want(204)
	tm.admin.Put("/v3/groups/"+deployers+"/users/"+filip, nil).Want(204)
	tm.grant("projects/"+tm.web+"/groups/"+deployers, "member")
	tm.admin.Put("/v3/OS-INHERIT/projects/"+tm.acme+"/users/"+efua+"/roles/"+tm.role("manager")+"/inherited_to_projects", nil).Want(204)
	tm.admin.Patch("/v3/users/"+dora, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]], "multi_factor_auth_enabled": true}}}`).Want(200)

	b := tm.SignIn("alice", "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "Members 4", "Inherited 1", "Groups 1", "Who can work in acme-web")
	for name, want := range map[string][]string{
		"alice": {"alice@acme.example", "admin", "manager with admin", "Off", "You"},
		"dora":  {"reader", "member group deployers", "reader with member, group deployers", "On"},
		"efua":  {"manager from acme", "member with manager, from acme", "Inherited from acme"},
		"filip": {"member group deployers", "By the group deployers"},
	} {
		for _, w := range want {
			if got := row(b, name); !strings.Contains(got, w) {
				t.Errorf("of %s it does not say %q: %s", name, w, got)
			}
		}
	}
	b.Open("/portal/p/"+tm.web+"/people?q=DOR").Want(200, "dora")
	if strings.Contains(b.Body, "filip") {
		t.Error("a search for dora finds filip")
	}
	b.Open("/portal/p/"+tm.web+"/people?q=nobody").Want(200, "Nothing found")
	b.Open("/portal/p/"+tm.web+"/people?tab=inherited").Want(200, "efua")
	if strings.Contains(b.Body, "dora") {
		t.Error("dora inherits nothing")
	}
	b.Open("/portal/p/"+tm.web+"/groups").Want(200, "deployers", "Group in Default", "2", "member", "Looked after in Default")
	root := tm.SignIn("admin", testenv.Password).Open("/portal/p/"+tm.web+"/groups").Want(200, "Add a person")
	if at := "/portal/d/default/groups/" + deployers; !strings.Contains(root.Body, at) || strings.Contains(b.Body, at) {
		t.Error("who looks after the domain is led to the group's page, and nobody else")
	} else {
		root.Open(at).Want(200, "Add somebody")
	}
	b.Open("/portal/p/" + tm.acme + "/people").Want(404)

	// C2, S-122: a member sees the project, and not its people, as openstack would have it; a stranger sees neither.
	tm.person("gina")
	filipsBrowser := tm.SignIn("filip", "secret").Open("/portal/p/"+tm.web).Want(200, "acme-web", "member group deployers")
	if strings.Contains(filipsBrowser.Body, "/people") {
		t.Error("the navigation leads filip to the people")
	}
	stranger := tm.SignIn("gina", "secret")
	for _, page := range []string{"/people", "/groups"} {
		filipsBrowser.Open("/portal/p/" + tm.web + page).Want(403)
		stranger.Open("/portal/p/" + tm.web + page).Want(404)
	}
	stranger.Open("/portal/p/" + tm.web).Want(404)
	stranger.Open("/portal/p/nowhere/people").Want(404)
	tm.Login("filip", "secret", testenv.OnProjectID(tm.web)).Get("/v3/role_assignments?scope.project.id=" + tm.web).Want(403)
}

// J1: whoever may see the people because of the domain or the system does, as openstack shows them.
func TestPeopleSeenFromAbove(t *testing.T) {
	tm := newTeam(t)
	alice := tm.person("alice")
	tm.onWeb(alice, "member")
	for name, at := range map[string]string{"mia": "domains/default/users/", "rita": "system/users/"} {
		tm.grant(at+tm.person(name), "reader")
		b := tm.SignIn(name, "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "alice", "alice@acme.example", "Members 1")
		b.Open("/portal/p/"+tm.web).Want(200, "You have no role here yourself")
	}
	away := tm.admin.Post("/v3/domains", `{"domain": {"name": "away"}}`).Want(201).Get("domain.id")
	tm.grant("domains/"+away+"/users/"+tm.person("otto"), "reader")
	tm.SignIn("otto", "secret").Open("/portal/p/" + tm.web + "/people").Want(404)

	// Somebody of another domain is shown to the domain's reader with the name that the list of assignments shows, and no more.
	eve := tm.admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "eve", "domain_id": away, "email": "eve@away.example"}}).Want(201).Get("user.id")
	tm.onWeb(eve, "reader")
	b := tm.SignIn("mia", "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "eve")
	if got := row(b, "eve"); !strings.Contains(got, "not shown") || strings.Contains(got, "eve@") {
		t.Errorf("of eve it says %s", got)
	}
}

// J1: the list comes in pages.
func TestPagesOfPeople(t *testing.T) {
	tm := newTeam(t)
	alice := tm.person("alice")
	tm.onWeb(alice, "admin")
	crew := tm.admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	tm.grant("projects/"+tm.web+"/groups/"+crew, "reader")
	for i := range 60 {
		tm.admin.Put("/v3/groups/"+crew+"/users/"+tm.person(fmt.Sprintf("sailor%02d", i)), nil).Want(204)
	}
	b := tm.SignIn("alice", "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "Members 61", "sailor48")
	if strings.Contains(b.Body, "sailor49") {
		t.Error("the page holds more than fifty")
	}
	_, next, _ := strings.Cut(b.Body, `class="actions"><a class="button" href="`)
	next, _, _ = strings.Cut(next, `"`)
	b.Open(strings.ReplaceAll(next, "&amp;", "&")).Want(200, "sailor49", "sailor59")
	if strings.Contains(b.Body, "sailor48") || strings.Contains(b.Body, "Next page") {
		t.Error("the second page holds the first, or leads on")
	}
}
