package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	b.Open("/portal/p/"+tm.web+"/groups").Want(200, "deployers", "Group in Default", "2", "member", "Who is in it")
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

// TestGroupsInTheHandsOfAProject: J1, D6, S3, S6, C8, 4.3 group: whom a grant rule lets give what a group confers brings people into it and out of
// it, from the project and by /v3 alike, and nobody else does.
func TestGroupsInTheHandsOfAProject(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	tm := newTeam(t, box.Use)
	tm.admin.Post("/v3/roles", `{"role": {"name": "project_mod"}}`).Want(201)
	mod, alice, bob, carl := tm.person("mod"), tm.person("alice"), tm.person("bob"), tm.person("carl")
	tm.onWeb(mod, "project_mod")
	tm.onWeb(alice, "member")
	group := func(name, role string) string {
		id := tm.admin.Post("/v3/groups", `{"group": {"name": "`+name+`"}}`).Want(201).Get("group.id")
		tm.grant("projects/"+tm.web+"/groups/"+id, role)
		return id
	}
	crew, deployers := group("crew", "reader"), group("deployers", "member")
	tm.admin.Put("/v3/groups/"+crew+"/users/"+carl, nil).Want(204)
	rule := func(target, tier, more string) {
		tm.Env.Admin().Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "`+target+`"}, "target_scope": "`+tier+`", "may_grant": true, "may_revoke": true`+more+`}}`).Want(201)
	}
	rule("member", "project", "")
	in := func(group, user string) bool {
		return tm.Env.Admin().Get("/v3/groups/"+group+"/users/"+user).Status == 204
	}
	api := func() *testenv.Actor { return tm.Login("mod", "secret", testenv.OnProjectID(tm.web)) }
	post := func(b *testenv.Browser, path string, more ...string) *testenv.Browser {
		form := csrf(b)
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return b.Send("POST", path, form)
	}
	b := tm.SignIn("mod", "secret")
	mods := b
	at := "/portal/p/" + tm.web + "/groups/" + crew

	told := func(want string) { // M4c
		t.Helper()
		tm.Deliver()
		if m := box.Last("bob@acme.example"); !strings.Contains(m.Text, "mod (mod@acme.example)") || !strings.Contains(m.Text, "By the group before: "+want) {
			t.Error(m.Text)
		}
	}
	ask := func(who string) *testenv.Browser {
		_, form := b.Open(at).Want(200).Form("Add somebody")
		form.Set("name", who)
		return b.Open(at + "/add?" + form.Encode()).Want(200)
	}

	// Who may grant the role itself does not, by that alone, put people into a group.
	follow(t, b.Open("/portal/p/"+tm.web+"/groups").Want(200, "crew"), "Who is in it crew").Want(200, "reader", "carl", "What it gives elsewhere is not shown here.")
	if strings.Contains(b.Body, "carl@acme.example") || strings.Contains(b.Body, "Add somebody") {
		t.Errorf("it shows what is not theirs: %s", b.Text())
	}
	post(b, at+"/add", "name", "bob").Want(403)
	post(b, at+"/remove/"+carl).Want(403)
	api().Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(403)
	if in(crew, bob) || !in(crew, carl) {
		t.Fatal("it came about")
	}

	// With a rule it is theirs: by exact name or id, and never by a search.
	rule("reader", "group", "")
	few := queries(tm.Env, b, at)
	for _, who := range []string{"bob", bob} {
		ask(who).Want(200, "Add "+who+" to crew?", "reader on acme-web", "This gives one person", "lintel access join --user-domain Default --group-domain Default")
		if in(crew, bob) {
			t.Fatal("a look adds somebody")
		}
		b.Submit("Add "+who).Want(200, "Added to the group", "bob")
		told("nothing. Now: reader.")
		if n := queries(tm.Env, b, at); n != few {
			t.Errorf("%d queries with one member, %d with two", few, n)
		}
		tm.Login("bob", "secret", testenv.OnProjectID(tm.web))
		follow(t, b, "Remove bob").Want(200, "Remove bob from crew?", "reader on acme-web", "lintel access leave").Submit("Remove bob").Want(200, "Removed from the group")
		told("reader. Now: nothing.")
		if in(crew, bob) {
			t.Errorf("%s is still in it", who)
		}
	}
	ask("bo").Submit("Add bo").Want(422, "There is nobody of that name")
	ask("bob@acme.example").Submit("Add bob@acme.example").Want(422, "There is nobody of that name") // whom they may not look up
	b.Open(at+"?q=car").Want(200, "carl")
	if b.Open(at + "?q=acme.example"); strings.Contains(b.Body, ">carl<") {
		t.Error("a search finds the address that it does not show")
	}
	api().Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(204)
	api().Delete("/v3/groups/" + crew + "/users/" + bob).Want(204)

	// Not what gives more, nor what counts elsewhere as well; and nothing for who has no rule.
	b.Open("/portal/p/"+tm.web+"/groups/"+deployers).Want(200, "member")
	if strings.Contains(b.Body, "Add somebody") {
		t.Error("it offers a group that gives more")
	}
	post(b, "/portal/p/"+tm.web+"/groups/"+deployers+"/add", "name", "bob").Want(403)
	tm.grant("projects/"+tm.acme+"/groups/"+crew, "reader")
	post(b, at+"/add", "name", "bob").Want(403)
	api().Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(403)
	tm.admin.Delete("/v3/projects/" + tm.acme + "/groups/" + crew + "/roles/" + tm.role("reader")).Want(204)
	b.Open("/portal/p/" + tm.acme + "/groups/" + crew).Want(404)
	b.Open("/portal/p/" + tm.web + "/groups/" + tm.role("reader")).Want(404)
	al := tm.SignIn("alice", "secret")
	al.Open(at).Want(403)
	post(al, at+"/add", "name", "alice").Want(403)
	if in(crew, bob) || in(crew, alice) {
		t.Fatal("it came about")
	}

	// Who looks after the domain can do it from here as well.
	manager(tm.Env, "mona", "manager")
	tm.SignIn("mona", "secret").Open(at).Want(200, "Add somebody", "carl@acme.example", "Remove carl")
	b = tm.SignIn("mona", "secret") // who may look people up, by their address as well
	ask("BOB@acme.example").Submit("Add BOB@acme.example").Want(200, "Added to the group", "bob@acme.example")
	tm.admin.Delete("/v3/groups/" + crew + "/users/" + bob).Want(204)
	b = mods

	// Where a rule wants a proof of who is there, it is asked for; where it wants somebody else to agree, they are asked.
	rule("member", "group", `, "needs_step_up": true`)
	at = "/portal/p/" + tm.web + "/groups/" + deployers
	tm.Clock.Advance(20 * time.Minute)
	ask("bob").Submit("Add bob").Want(200, "Confirm")
	if in(deployers, bob) {
		t.Fatal("without a proof")
	}
	b.Submit("Confirm", "password", "secret").Want(200, "Add bob to deployers?").Submit("Add bob").Want(200, "Added to the group")
	helpers := group("helpers", "manager")
	rule("manager", "group", `, "needs_approval": true`)
	b.Open("/portal/p/"+tm.web+"/groups/"+helpers).Want(200, "manager", "This group is protected: it confers the role manager on acme-web, which you may not grant.")
	if strings.Contains(b.Body, "Add somebody") {
		t.Error("it offers a group that confers what they could not grant at all")
	}
	rule("manager", "project", `, "needs_approval": true`)
	at = "/portal/p/" + tm.web + "/groups/" + helpers
	ask("bob").Submit("Add bob").Want(422, "Somebody else must agree", "--reason WHY")
	b.Submit("Add bob", "reason", "She is away").Want(200, "Those who can were asked", "the group helpers", "She is away", "waits for an answer")
	if in(helpers, bob) || !in(deployers, bob) {
		t.Error("nobody has agreed yet")
	}
	follow(t, b, "Withdraw bob").Want(200, "bob joins the group helpers").Submit("Withdraw the request").Want(200, "withdrawn")
	tm.SignIn("admin", testenv.Password).Open("/portal/p/"+tm.web+"/requests").Want(200, "Nothing was asked for") // which is a matter of the domain
}
