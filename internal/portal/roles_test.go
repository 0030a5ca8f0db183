package portal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// bundle is what a service would say of its rules.
const bundle = `
- name: compute:start
  check_str: role:member and project_id:%(project_id)s
  description: Start a server.
  operations: [{method: POST, path: "/servers/{server_id}/action"}]
  scope_types: [project]
- name: compute:show
  check_str: role:reader
  description: Show a server.
  operations: [{method: GET, path: "/servers/{server_id}"}]
  scope_types: [project]
- name: compute:rename
  check_str: user_id:%(user_id)s
  description: Rename a key.
  operations: [{method: PUT, path: "/keys"}]
  scope_types: [project]
- name: compute:migrate
  check_str: role:admin
  description: Migrate a server.
  operations: [{method: POST, path: "/servers/{server_id}/migrate"}]
  scope_types: [project]
`

// J7, M14, B13, C4, C12: what a role brings along, who has it, and what it permits by the services' own rules.
func TestRoleGuide(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "compute.yaml"), []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
	tm := newTeam(t, func(c *config.Config) { c.Lintel.PolicyBundles = dir })
	boss, dora, filip := tm.person("boss"), tm.person("dora"), tm.person("filip")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(dora, "member")
	tm.onWeb(filip, "admin")
	at := "/portal/p/" + tm.web

	b := tm.SignIn("boss", "secret").Open(at+"/roles").Want(200, "admin", "1 person", "member", "2 people", "You may not grant it", " permissions")
	b.Open(at+"/people?only="+tm.role("admin")).Want(200, "filip", "Only those who have one role")
	if strings.Contains(b.Body, "dora") {
		t.Error("dora is no admin")
	}
	b.Open(at+"/people?only="+tm.role("reader")).Want(200, "filip", "dora")
	b.Open(at+"/roles/"+tm.role("member")).Want(200, "2 of 4 permitted, 1 more under a condition", "compute:start", "POST /servers/{server_id}/action", "compute:rename")
	if strings.Contains(b.Body, "compute:migrate") {
		t.Error("a member may migrate")
	}
	b.Open(at+"/roles/"+tm.role("admin")).Want(200, "3 of 4 permitted")
	b.Open(at + "/roles/nothing").Want(404)

	// A service of the catalog without rules is said to be there, too.
	service := tm.Admin().Post("/v3/services", `{"service": {"type": "dns", "name": "names"}}`).Want(201).Get("service.id")
	tm.Admin().Post("/v3/endpoints", `{"endpoint": {"service_id": "`+service+`", "interface": "public", "url": "https://dns.example"}}`).Want(201)

	member := tm.SignIn("dora", "secret").Open(at).Want(200, "What they permit").Open(at+"/permissions").Want(200, "2 of 4 permitted", "Start a server", "names not loaded")
	member.Open(at + "/roles").Want(403)
	member.Open(at + "/roles/" + tm.role("member")).Want(403)
	b.Open(at + "/permissions").Want(404) // who has no role there

	// What one role permits that a credential could be given.
	if one := at + "/permissions?role=" + tm.role("reader"); !strings.Contains(member.Open("/portal/credentials/new?project="+tm.web).Want(200).Body, `href="`+one+`"`) {
		t.Errorf("the form does not lead to %s", one)
	} else if member.Open(one).Want(200, "1 of 4 permitted", "compute:show"); strings.Contains(member.Body, "compute:start") {
		t.Error("a reader may start servers")
	}
	member.Open(at + "/permissions?role=" + tm.role("admin")).Want(404)

	// J2: beside an invitation stands what its roles permit; a look at others sends none.
	b.Open(at+"/invite").Want(200, "What they will be able to do", "compute 2 of 4", "See every permission")
	b.Submit("Compute again", "addresses", "kim@acme.example", "role", tm.role("reader")).Want(200, "compute 1 of 4", "kim@acme.example")
	b.Submit("Send the invitations").Want(200, "kim@acme.example")
	l := tm.Admin().Get("/v3/lintel/invitations?project=" + tm.web).Want(200)
	b.Open(at+"/invitations/"+l.Get("invitations.0.id")).Want(200, "compute 1 of 4").Submit("Compute again", "role", tm.role("member")).Want(200, "compute 2 of 4")
	if again := tm.Admin().Get("/v3/lintel/invitations?project=" + tm.web).Want(200); len(again.List("invitations")) != 1 || again.List("invitations.0.roles")[0] != "reader" {
		t.Error(again.Body)
	}
	tm.person("gina")
	stranger := tm.SignIn("gina", "secret")
	for _, page := range []string{"/roles", "/roles/" + tm.role("member"), "/permissions"} {
		stranger.Open(at + page).Want(404)
	}
}

// Without rules of other services there are those that Lintel itself follows.
func TestOwnRulesAlone(t *testing.T) {
	tm := newTeam(t)
	dora := tm.person("dora")
	tm.onWeb(dora, "member")
	tm.SignIn("dora", "secret").Open("/portal/p/"+tm.web+"/permissions").Want(200, "keystone", "more under a condition", "other services are not loaded", "policy_bundles")
}

// S25, A4: the graph of roles is seen as one and edited there; a circle is refused, and who changed it stands on the trail.
func TestRoleGraph(t *testing.T) {
	env := testenv.New(t)
	root := env.SignIn("admin", testenv.Password)
	lead := env.Admin().Post("/v3/roles", map[string]any{"role": map[string]any{"name": "lead"}}).Want(201).Get("role.id")
	follow(t, root.Open("/portal/cloud/roles"), "Graph").Want(200, "Who has a role has all that stand below it", "Roles that stand for themselves", "lead")
	root.Submit("Add", "prior", lead, "role", roleID(env, "member")).Want(200, "Let lead imply member?").Submit("Let it imply member").Want(200, "Saved")
	if text := root.Text(); strings.Index(text, "lead") > strings.Index(text[strings.Index(text, "lead"):], "member")+strings.Index(text, "lead") {
		t.Error("member does not stand below lead")
	}
	root.Submit("Add", "prior", roleID(env, "reader"), "role", lead).Want(422, "would be a circle", "(lead → member → reader)")
	root.Open("/portal/cloud/roles/graph").Submit("Add", "prior", lead, "role", lead).Want(422, "cannot imply itself")
	root.Open("/portal/cloud/roles/"+roleID(env, "reader")).Submit("Imply this role too", "role", lead).Want(422, "would be a circle")
	alice := env.Admin().Post("/v3/users", `{"user": {"name": "alice"}}`).Want(201).Get("user.id")
	env.Admin().Put("/v3/domains/default/users/"+alice+"/roles/"+lead, nil).Want(204)
	follow(t, root.Open("/portal/cloud/roles/graph"), "End lead, member").Want(200, "by 1 grant of it").Submit("End it").Want(200, "Saved", "Roles that stand for themselves")
	root.Open("/portal/cloud/audit").Want(200, "implies member", "no longer implies member")
	manager(env, "mona", "manager")
	mona := env.SignIn("mona", "secret")
	root.Open("/portal/cloud/roles/implied?prior="+lead+"&role="+roleID(env, "service")).Want(200, "lead permits 19 of 209 known permissions then, and 13 now")
	root.Want(200, "a role of high impact, as service is").Submit("Let it imply service", "typed", "lead").Want(200, "Saved")
	root.Open("/portal/cloud/roles/implied/end?prior="+lead+"&role="+roleID(env, "service")).Want(200, "lead permits 13 of 209 known permissions then, and 19 now")
	mona.Open("/portal/cloud/roles/graph").Want(404)
	form := csrf(mona)
	form.Set("prior", lead)
	form.Set("role", roleID(env, "reader"))
	mona.Send("POST", "/portal/cloud/roles/implied", form).Want(404)
	mona.Send("POST", "/portal/cloud/roles/implied/end", form).Want(404)
}

// S25, A4, D8: a domain has roles of its own. They are made, seen in the graph, told from those of the cloud that have the same name, and
// no command that a page shows of them means one of the cloud.
func TestRolesOfADomain(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	hall := admin.Post("/v3/domains", `{"domain": {"name": "hall"}}`).Want(201).Get("domain.id")
	project := admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": "web", "domain_id": hall}}).Want(201).Get("project.id")
	carl := admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "carl", "password": "secret", "domain_id": hall}}).Want(201).Get("user.id")
	root := env.SignIn("admin", testenv.Password)
	follow(t, root.Open("/portal/cloud/domains/"+hall), "Its own roles").Want(200, "The domain has no roles of its own", "openstack role list --domain hall")
	follow(t, root, "Create a role").Want(200, "Create a role of hall", "openstack role create --domain hall")
	root.Submit("Create the role", "name", "member").Want(200, "A role of the domain", "hall")
	own := admin.Get("/v3/roles?domain_id=" + hall).Want(200).Get("roles.0.id")
	root.Want(200, "openstack role show "+own).Submit("Imply this role too", "role", roleID(env, "reader")).Submit("Let it imply reader").Want(200, "Saved")
	root.Open("/portal/cloud/roles/"+own+"/permissions").Want(200, "lintel access role --policies DIR --with reader "+own)
	root.Open("/portal/cloud/roles/"+own+"/edit").Want(200, "openstack role set --name NAME "+own)
	root.Open("/portal/cloud/roles/"+own+"/delete").Want(200, "openstack role delete "+own)
	root.Open("/portal/cloud/roles/graph").Want(200, "member (a role of the domain)")
	root.Open("/portal/cloud/roles?domain="+hall).Want(200, "member")
	if strings.Contains(root.Text(), "manager") {
		t.Error("the domain has the roles of the cloud")
	}

	root.Open("/portal/d/"+hall+"/assignments/new").Want(200, "member (a role of the domain)").
		Submit("Grant the role", "kind", "user", "name", "carl", "role", own, "project", "web").Want(200, "member (a role of the domain)")
	if root.Open("/portal/d/" + hall + "/assignments").Want(200); !strings.Contains(root.Body, `value="`+own+`"`) {
		t.Error("the roles of the domain are not to choose among")
	}
	if got := env.With(env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + carl + `", "password": "secret"}}}, "scope": {"project": {"id": "` + project + `"}}}}`).
		Want(201).Header.Get("X-Subject-Token")); got.Token == "" {
		t.Error("no token")
	}
	at := "/portal/p/" + project + "/people/" + carl
	root.Open("/portal/p/"+project+"/people").Want(200, "member (a role of the domain)")
	root.Open(at).Submit("Review the change", "role", roleID(env, "member")).Want(200,
		"openstack role add --project web --project-domain hall --user carl --user-domain hall member",
		"openstack role remove --project web --project-domain hall --user carl --user-domain hall "+own)
	root.Open("/portal/cloud/roles/"+own+"/delete").Submit("Delete the role", "typed", "member").Want(200, "Deleted", "The domain has no roles of its own")
	admin.Get("/v3/roles/" + roleID(env, "member")).Want(200)
}
