package portal_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// volumes is what another service would say: an attribute of an operation has a rule of its own, and before its release anybody
// might create.
const volumes = `
- name: volume:create
  check_str: role:member and project_id:%(project_id)s
  description: Create a volume.
  operations: [{method: POST, path: /volumes}]
  deprecated_rule: {name: volume:create, check_str: ""}
- name: volume:create:multiattach
  check_str: role:admin
  description: Create a volume for several servers.
  operations: [{method: POST, path: /volumes}]
- name: volume:list
  check_str: role:reader and project_id:%(project_id)s
  description: List volumes.
  operations: [{method: GET, path: /volumes}]
`

const stacks = `
- name: stacks:create
  check_str: role:heat_stack_owner and project_id:%(project_id)s
  description: Create a stack.
  operations: [{method: POST, path: /stacks}]
`

// policies puts files into a folder of policies, and has a server read it.
func policies(t *testing.T, files map[string]string) (dir string, change func(*config.Config)) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func(c *config.Config) { c.Lintel.PolicyBundles = dir }
}

// A5, O11, K3, K7: what a role permits, by service, beside anybody with any role; compared with another role; as CSV.
func TestRolePermissions(t *testing.T) {
	_, change := policies(t, map[string]string{"compute.yaml": bundle, "volume.yaml": volumes, "services.yaml": "volume: {release: '2026.1'}"})
	env := testenv.New(t, change)
	role := func(name string) string { return env.Admin().Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	env.Admin().Post("/v3/roles", `{"role": {"name": "compute-user"}}`).Want(201)
	root := env.SignIn("admin", testenv.Password)
	at := "/portal/cloud/roles/"
	root.Open(at+role("member")).Want(200, "Mentioned by the rules of compute keystone volume").Open(at+role("member")+"/permissions").
		Want(200, "(any role): 0 of 3 · member: 2 of 3", "(any role): 0 of 4", "member: 2 of 4 (1 more under a condition)", "release 2026.1, loaded now")
	root.Open(at+role("compute-user")).Want(200, "to the services it is nothing but a name")
	if strings.Contains(root.Open(at+role("member")+"/permissions").Text(), "high impact") {
		t.Error("member is of high impact")
	}
	root.Open(at+role("member")+"/permissions?service=volume").Want(200, "Create a volume.", "volume:create", "POST /volumes", "role member and it is in the caller's own project")
	if strings.Contains(root.Body, "multiattach") {
		t.Error("a member may create for several servers")
	}
	root.Open(at + role("member") + "/permissions?service=volume&show=all").Want(200)
	if create, multi, list := strings.Index(root.Body, "volume:create<"), strings.Index(root.Body, "volume:create:multiattach<"), strings.Index(root.Body, "volume:list<"); create < 0 || multi < create || list < multi ||
		!strings.Contains(root.Body[create:multi], `class="under"`) {
		t.Errorf("the rule of the attribute does not stand under its operation: %d, %d, %d", create, multi, list)
	}
	root.Open(at+role("member")+"/permissions?find=start+server").Want(200, "Start a server")
	if strings.Contains(root.Body, "Rename a key") {
		t.Error("the search is not narrow")
	}
	root.Open(at+role("reader")+"/permissions?service=volume&writes=1").Want(200, "Nothing of it is as you look for")
	root.Open(at+role("reader")+"/permissions?service=volume&show=differ&with="+role("member")).Want(200, "member: 2 of 3", "Create a volume.")
	if strings.Contains(root.Body, "List volumes") {
		t.Error("reader and member differ in listing")
	}
	root.Open(at+role("admin")+"/permissions?elsewhere=1").Want(200, "High impact", "admin: 2 of 4")
	root.Open(at+role("member")+"/permissions.csv?show=all&with="+role("admin")).Want(200, "service,permission,description,operations,(any role),(any role): why,member,member: why,admin,admin: why", "volume,volume:list,List volumes.,GET /volumes,no,")
	root.Open(at+role("admin")+"/holders").Want(200, "admin", "The whole cloud")
	root.Open(at+role("compute-user")+"/holders").Want(200, "Nobody has it")

	member(env, "alice", "acme")
	alice := env.SignIn("alice", "secret")
	for _, page := range []string{at + role("member") + "/permissions", at + role("member") + "/permissions.csv", at + role("member") + "/holders",
		"/portal/cloud/policies", "/portal/cloud/policies/volume", "/portal/cloud/whatif"} {
		alice.Open(page).Want(404)
	}
}

// Finding 9, O10: where deprecated rules count, the console says that a reader may write; and whoever runs the cloud should not
// work in it.
func TestPoliciesAreLookedAt(t *testing.T) {
	_, change := policies(t, map[string]string{"volume.yaml": volumes, "broken.yaml": "- name: a\n  check_str: role:admin or\n",
		"services.yaml": "volume: {enforce_new_defaults: false}"})
	env := testenv.New(t, change)
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/cloud/policies").Want(200, "A reader can change things here: 1 operations", "broken.yaml, line 2, column 27", "keystone", "not loaded")
	if strings.Contains(root.Body, "separate account") {
		t.Error("nobody mixes yet")
	}
	reader := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	root.Open("/portal/cloud/roles/"+reader+"/permissions").Want(200, "In volume, 1 operations that change things are open to it only because deprecated rules count")
	user, project := member(env, "mia", "work")
	admin := env.Admin().Get("/v3/roles?name=admin").Want(200).Get("roles.0.id")
	env.Admin().Put("/v3/projects/"+project+"/users/"+user+"/roles/"+admin, nil).Want(204)
	root.Open("/portal/cloud/policies").Want(200, "1 person holds a role of high impact and an ordinary one")
	root.Open("/portal/cloud/policies/volume?writes=1").Want(200, "(any role): 1 of 3", "Create a volume.")
	root.Open("/portal/cloud/policies/none").Want(404)
}

// O13, O14, K8, K9: rules are tried before they count: who would gain, who would lose; what cannot be read is shown at its place.
func TestWhatIf(t *testing.T) {
	_, change := policies(t, map[string]string{"compute.yaml": bundle})
	env := testenv.New(t, change)
	env.Admin().Post("/v3/roles", `{"role": {"name": "compute-user"}}`).Want(201)
	root := env.SignIn("admin", testenv.Password).Open("/portal/cloud/whatif?service=compute&rule=compute:migrate").Want(200, `"compute:migrate": "role:admin"`)
	root.Submit("See what would change", "rules", `"compute:migrate": []`).Want(200, "+1 permission for every role", "Migrate a server", "gained by: (any role)", "compute-user", "an empty list allows everybody")
	root.Submit("See what would change", "rules", `"compute:start": "role:compute-user"`).Want(200, "lost by: admin, manager, member", "gained by: compute-user")
	root.Submit("See what would change", "rules", `"compute:show": "role:reader"`).Want(200, "Nobody would gain or lose anything")
	root.Submit("See what would change", "rules", "").Want(422, "Paste at least one rule")
	root.Open("/portal/cloud/whatif")
	root.Submit("See what would change", "service", "", "rules", "{\n\"volume:create\": [\"role\":\"compute-user\"]\n}").Want(422, "Line 2, column", "role:compute-user")
	root.Submit("See what would change", "rules", `{"default": "role:admin", "volume:create": [["role:compute-user"]], "volume:list": ""}`).Want(200,
		"admin would lose 1 permission", "compute-user 2 of 2")
	form := csrf(root)
	form.Set("rules", `"a:b": "role:c"`)
	form.Set("service", "none")
	root.Send("POST", "/portal/cloud/whatif", form).Want(404)

	// It was only tried.
	member(env, "alice", "acme")
	alice := env.SignIn("alice", "secret")
	alice.Send("POST", "/portal/cloud/whatif", csrf(alice)).Want(404)
}

// 8.2, 8.1, O12, M1, M14, D4, S25: why somebody may do something, why not, and what if one thing were taken away; for oneself and for
// whom one looks after.
func TestWhy(t *testing.T) {
	dir, change := policies(t, map[string]string{"compute.yaml": bundle, "heat.yaml": stacks})
	tm := newTeam(t, change)
	dora := tm.person("dora")
	tm.Admin().Post("/v3/roles", `{"role": {"name": "heat_stack_owner"}}`).Want(201)
	group := tm.Admin().Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "default"}}`).Want(201).Get("group.id")
	tm.Admin().Put("/v3/groups/"+group+"/users/"+dora, nil).Want(204)
	tm.onWeb(dora, "member")
	tm.grant("projects/"+tm.web+"/groups/"+group, "member")
	boss := tm.person("boss")
	tm.grant("domains/default/users/"+boss, "manager")

	own := tm.SignIn("dora", "secret").Open("/portal").Want(200, "What you may do, and why").Open("/portal/p/"+tm.web+"/permissions").
		Want(200, "heat: needs the role heat_stack_owner", "Why, and why not")
	own.Open("/portal/access?project="+tm.web+"&find=server").Want(200, "Start a server", "Migrate a server")
	start := "/portal/access?project=" + tm.web + "&service=compute&rule=" + url.QueryEscape("compute:start")
	own.Open(start).Want(200, "Yes acme-web", "dora → was granted member on acme-web → compute compute:start", "dora → member of the group crew → was granted member on acme-web",
		"Yes all of: Yes role:member role member")
	own.Open("/portal/access?project="+tm.web+"&service=compute&rule="+url.QueryEscape("compute:migrate")).Want(200, "No acme-web", "it needs the role admin", "One of these roles would permit it", "admin high impact")

	b := tm.SignIn("boss", "secret").Open("/portal/d/default/users/"+dora+"/access").Want(200, "Why, and what if")
	at := "/portal/d/default/users/" + dora + "/access?place=project." + tm.web + "&service=compute&rule=" + url.QueryEscape("compute:start")
	b.Open(at).Want(200, "What dora may do", "out of the group crew", "member taken back", "member taken from the group crew", "member no longer brings along reader")
	cut := func(label string) string {
		t.Helper()
		at, _, ok := strings.Cut(b.Open(at).Body, `">`+label+`</a>`)
		if !ok {
			t.Fatalf("there is no %q", label)
		}
		return strings.ReplaceAll(at[strings.LastIndex(at, `href="`)+6:], "&amp;", "&")
	}
	b.Open(cut("out of the group crew")).Want(200, "What if: out of the group crew", "dora would lose no role", "Before: Yes · after: Yes")
	b.Open(cut("member no longer brings along reader")).Want(200, "dora would lose:", "reader", "after: Yes")
	tm.Admin().Delete("/v3/groups/" + group + "/users/" + dora).Want(204)
	b.Open(cut("member taken back")).Want(200, "dora would lose:", "member", "Before: Yes · after: No")

	// A rule changes while the server runs.
	if err := os.WriteFile(filepath.Join(dir, "compute.yaml"), []byte(strings.Replace(bundle, "role:admin", "role:member", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tm.Server.ReadServices(); err != nil {
		t.Fatal(err)
	}
	own = tm.SignIn("dora", "secret")
	own.Open("/portal/access?project="+tm.web+"&service=compute&rule="+url.QueryEscape("compute:migrate")).Want(200, "Yes acme-web")

	tm.person("gina")
	stranger := tm.SignIn("gina", "secret")
	stranger.Open("/portal/access").Want(200, "No role anywhere")
	stranger.Open("/portal/access?project=" + tm.web).Want(404)
	stranger.Open("/portal/d/default/users/" + dora + "/access").Want(404)
	own.Open("/portal/d/default/users/" + boss + "/access").Want(404)
}

// O9, C4, C12, 4.4, 4.6: who chooses roles sees how much each permits, what it adds and with what it comes; a role of high impact
// takes the computed sentence, the name typed, and a fresh proof of who is there.
func TestChoosingRoles(t *testing.T) {
	_, change := policies(t, map[string]string{"compute.yaml": bundle})
	tm := newTeam(t, change)
	dora := tm.person("dora")
	tm.onWeb(dora, "member")
	tm.Admin().Post("/v3/roles", `{"role": {"name": "auth_only"}}`).Want(201)
	root := tm.SignIn("admin", testenv.Password)
	root.Open("/portal/p/"+tm.web+"/people/add").Want(200, "adds nothing: covered by", "comes with member", "high impact")
	root.Open("/portal/p/"+tm.web+"/people/"+dora).Want(200, "adds nothing: covered by member", "adds ", "to what they have")
	root.Open("/portal/p/"+tm.web+"/invite").Want(200, "adds nothing: covered by")
	root.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", "dora", "role", tm.role("admin")).
		Want(422, "Granting admin on acme-web gives dora", "known permissions in every project", "Type acme-web to go on")
	root.Submit("Add the person", "who", "dora", "role", tm.role("admin"), "typed", "acme-web").Want(200, "The person was added")
	tm.person("erik")
	root.Open("/portal/p/"+tm.web+"/invite").Submit("Send the invitations", "addresses", "x@acme.example", "role", tm.role("admin")).
		Want(422, "gives everybody invited", "Type acme-web to go on")
	root.Submit("Send the invitations", "typed", "acme-web").Want(200, "Hand these links on")
	if root.Open("/portal/d/default/users/new"); strings.Contains(root.Body, ">admin</option>") || !strings.Contains(root.Body, ">member</option>") {
		t.Error("admin is offered to begin with, or member is not")
	}
	root.Submit("Create User", "name", "otto", "project", "acme-web", "invite", "1").Want(200, "Hand this link on", "/portal/reset/")
}
