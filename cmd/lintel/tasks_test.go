package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// console runs commands against a server, as somebody.
type console struct {
	t   *testing.T
	env *testenv.Env
	url string
}

// newConsole has the project acme in the domain of the operators, and nobody's variables.
func newConsole(t *testing.T, changes ...func(*config.Config)) *console {
	env := testenv.New(t, changes...)
	srv := httptest.NewServer(env.Server.Handler())
	t.Cleanup(srv.Close)
	for _, line := range os.Environ() {
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, "OS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	c := &console{t, env, srv.URL + "/v3"}
	c.as("admin", testenv.Password, "OS_PROJECT_NAME", "admin")
	env.Admin().Post("/v3/projects", `{"project": {"name": "acme", "domain_id": "default"}}`).Want(201)
	return c
}

// as sets who asks. more are further variables and their values.
func (c *console) as(name, password string, more ...string) {
	for _, v := range []string{"OS_PROJECT_NAME", "OS_DOMAIN_ID", "OS_SYSTEM_SCOPE", "OS_CLOUD"} {
		c.t.Setenv(v, "")
	}
	settings := append([]string{"OS_AUTH_URL", c.url, "OS_USERNAME", name, "OS_PASSWORD", password, "OS_USER_DOMAIN_ID", "default",
		"OS_PROJECT_DOMAIN_ID", "default"}, more...)
	for i := 0; i < len(settings); i += 2 {
		c.t.Setenv(settings[i], settings[i+1])
	}
}

// run runs a command line; its words are set apart by spaces.
func (c *console) run(line string) (string, error) {
	c.t.Helper()
	return c.pipe("from a pipe\n", line)
}

// pipe is run with something on standard input.
func (c *console) pipe(in, line string) (string, error) {
	c.t.Helper()
	cmd := rootCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetArgs(strings.Fields(line))
	err := cmd.ExecuteContext(c.t.Context())
	return out.String(), err
}

// json runs a command that must succeed with -f json, and reads what it says.
func (c *console) json(line string) (out map[string]any) {
	c.t.Helper()
	text, err := c.run(line + " -f json")
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		c.t.Fatalf("%s: %v in %s", line, err, text)
	}
	return out
}

// refused runs a command that must fail, saying something.
func (c *console) refused(line string, words ...string) {
	c.t.Helper()
	text, err := c.run(line)
	if err == nil {
		c.t.Errorf("%s succeeds: %s", line, text)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			c.t.Errorf("%s: %v, which does not say %q", line, err, w)
		}
	}
}

// O1, O2, O3, K1: one command makes the account, its project and its role, or nothing at all.
func TestUserCreate(t *testing.T) {
	c := newConsole(t)
	made := c.json("user create alice --email alice@acme.example --project acme --role member --role reader --password secret")
	if made["name"] != "alice" || made["project"] != "acme" || made["email"] != "alice@acme.example" || made["password"] != nil {
		t.Errorf("%v", made)
	}
	alice := c.env.Authenticate(testenv.Body("alice", "secret", `{"project": {"name": "acme", "domain": {"id": "default"}}}`)).Want(201)
	if roles := alice.List("token.roles"); len(roles) != 2 || alice.Get("token.project.name") != "acme" {
		t.Errorf("alice has the roles %v", roles)
	}
	generated := c.json("user create bob --project acme --password-generate")
	c.env.Authenticate(testenv.Body("bob", generated["password"].(string))).Want(201)
	c.json("user create carol --password-prompt")
	c.env.Authenticate(testenv.Body("carol", "from a pipe")).Want(201)
	invited := c.json("user create dora --project acme --invite")
	if link, _ := invited["link"].(string); !strings.Contains(link, "/portal/reset/") || invited["link_expires_at"] == nil {
		t.Errorf("%v", invited)
	}
	c.env.Authenticate(testenv.Body("dora", "secret")).Want(401)
	if out, err := c.run("user create emil --project acme"); err != nil || !strings.Contains(out, "| project   | acme") {
		t.Errorf("%v\n%s", err, out)
	}

	// Whatever is wrong with it, nobody is made.
	c.refused("user create nobody --project none --password secret", "404", "none")
	c.refused("user create nobody --project acme --role none --password secret", "404", "none")
	c.refused("user create nobody --project acme --project-domain none --password secret", "404")
	c.refused("user create nobody --domain none --password secret", "404")
	c.refused("user create alice --password secret", "409")
	c.refused("user create nobody --role member --password secret", "--project")
	c.refused("user create nobody --password secret --invite", "none of the others")
	c.refused("user create nobody --email notanaddress --password secret", "not an e-mail address")
	c.as("alice", "secret", "OS_PROJECT_NAME", "acme")
	c.refused("user create nobody --password secret", "403", "identity:create_user", "Request-ID: req-")
	c.as("alice", "wrong")
	c.refused("user create nobody --password secret", "cannot log in", "401")
	if all := c.env.Admin().Get("/v3/users?name=nobody").List("users"); len(all) != 0 {
		t.Errorf("there is %v", all)
	}
}

// S-047: the manager of a domain enrolls people of it, into its projects, and gives no more than they may.
func TestUserCreateByManager(t *testing.T) {
	c := newConsole(t)
	c.json("user create boss --password secret")
	admin := c.env.Admin()
	boss := admin.Get("/v3/users?name=boss").Get("users.0.id")
	manager := admin.Get("/v3/roles?name=manager").Get("roles.0.id")
	admin.Put("/v3/domains/default/users/"+boss+"/roles/"+manager, nil).Want(204)
	other := admin.Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	admin.Post("/v3/projects", `{"project": {"name": "theirs", "domain_id": "`+other+`"}}`).Want(201)
	c.as("boss", "secret", "OS_DOMAIN_ID", "default")
	c.json("user create alice --project acme --role member --password secret")
	for _, line := range []string{
		"user create nobody --project acme --role admin --password secret", "user create nobody --project theirs --project-domain other --password secret",
		"user create nobody --project none --password secret", "user create nobody --domain other --password secret", "user create nobody --domain none --password secret",
	} {
		c.refused(line, "403", "You are not authorized")
	}
	if all := admin.Get("/v3/users?name=nobody").List("users"); len(all) != 0 {
		t.Errorf("there is %v", all)
	}
}

// 6.2: who sent an invitation lets somebody in with an account of another address, or does not, by the command as on the page.
func TestInvitationWithAnotherAccount(t *testing.T) {
	c := newConsole(t)
	for command, lets := range map[string]bool{"decline": false, "approve": true} {
		out, err := c.run("invite " + command + "@acme.example --project acme --role member")
		_, link, found := strings.Cut(out, "/portal/invite/")
		if link, _, _ = strings.Cut(link, " "); err != nil || !found {
			t.Fatalf("%v\n%s", err, out)
		}
		line := "invitation " + command + " " + command + "@acme.example --project acme"
		c.refused(line, "nobody asks to accept the invitation")
		name := "mallory-" + command
		user := c.env.Admin().Post("/v3/users", `{"user": {"name": "`+name+`", "password": "secret", "email": "`+name+`@acme.example"}}`).Want(201).Get("user.id")
		c.env.SignIn(name, "secret").Open("/portal/invite/"+strings.TrimSpace(link)).Want(200, "and this is for").Submit("Use the account " + name + " instead").Want(200)
		if out, err := c.run("invitation list --project acme"); err != nil || !strings.Contains(out, name) {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := c.run(line); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		in := c.env.Authenticate(testenv.Body(name, "secret", testenv.OnProject("acme"))).Status == 201
		if in != lets {
			t.Errorf("%s: let in %t", command, in)
		}
		if roles := c.env.Admin().Get("/v3/role_assignments?user.id=" + user).Want(200).List("role_assignments"); len(roles) > 0 != lets {
			t.Errorf("%s: %v", command, roles)
		}
		if left, err := c.run("invitation list --project acme"); err != nil || strings.Contains(left, command+"@acme.example") == lets {
			t.Errorf("%v\n%s", err, left)
		}
	}
}

// C15, C16: invitations by name. Where no mail is sent the links are printed.
func TestInvite(t *testing.T) {
	c := newConsole(t)
	out, err := c.run("invite dora@acme.example erik@acme.example --project acme --role member")
	if err != nil || strings.Count(out, "/portal/invite/") != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	list := func(want ...string) {
		t.Helper()
		out, err := c.run("invitation list --project acme")
		if err != nil || strings.Count(out, "@acme.example") != len(want) {
			t.Errorf("%v\n%s", err, out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s is not in\n%s", w, out)
			}
		}
	}
	list("dora@", "erik@")
	for _, domain := range []string{"Default", "default"} { // D11
		if all, err := c.run("invitation list --domain " + domain + " -f json"); err != nil || strings.Count(all, `"project": "acme"`) != 2 {
			t.Errorf("of the domain: %v\n%s", err, all)
		}
	}
	if out, err := c.run("invitation resend dora@acme.example --project acme"); err != nil || !strings.Contains(out, "/portal/invite/") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := c.run("invitation cancel dora@acme.example --project acme"); err != nil {
		t.Error(err)
	}
	list("erik@")
	c.refused("invitation cancel dora@acme.example --project acme", "no open invitation")
	c.refused("invite nonsense --project acme", "not an e-mail address")
	c.refused("invite a@acme.example --project none", "404")
	c.refused("invite a@acme.example --project acme --role none", "403")
	c.json("user create alice --email alice@acme.example --project acme --password secret")
	c.refused("invite ALICE@acme.example --project acme --role reader", "ALICE@acme.example is the address of alice", "lintel access grant", "lintel access revoke") // J2
	c.as("alice", "secret", "OS_PROJECT_NAME", "acme")
	c.refused("invite a@acme.example --project acme", "403")
	c.refused("invitation list --project acme", "403")
	c.refused("invitation list --domain default", "403")
	c.refused("invitation list", "project domain")
	c.refused("invitation cancel erik@acme.example --project acme", "403")
}

// 8.2, O6: everything that somebody may do, and why: by place and role, with what each came through, and what it permits.
func TestAccessShow(t *testing.T) {
	dir := t.TempDir()
	bundle := "- {name: 'compute:start', check_str: 'role:member', operations: [{method: POST, path: /start}]}\n" +
		"- {name: 'compute:move', check_str: 'role:admin', operations: [{method: POST, path: /move}]}\n"
	if err := os.WriteFile(filepath.Join(dir, "nova.yaml"), []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newConsole(t, func(cfg *config.Config) { cfg.Lintel.PolicyBundles = dir })
	made := c.json("user create alice --project acme --role member --password secret")
	admin := c.env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "default"}}`).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+group+"/users/"+made["id"].(string), nil).Want(204)
	reader := admin.Get("/v3/roles?name=reader").Get("roles.0.id")
	admin.Put("/v3/OS-INHERIT/domains/default/groups/"+group+"/roles/"+reader+"/inherited_to_projects", nil).Want(204)

	for _, who := range []string{"admin", "alice"} {
		if who == "alice" {
			c.as("alice", "secret", "OS_PROJECT_NAME", "acme")
		}
		out, err := c.run("access show alice --permissions")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"| project acme | member | direct | member |", "| project acme | reader | implied | member > reader |",
			"| project acme | reader | group, inherited | group crew, from Default, reader |",
			"| all projects in domain Default | reader | group, inherited |", "| project acme | nova | 2 | 1 | 0 | 1 |",
			"| project acme | nova | yes | compute:start |", "| project acme | nova | no | compute:move | it needs the role admin",
		} {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), line) {
				t.Errorf("as %s: no %q in\n%s", who, line, out)
			}
		}
	}
	own := c.json("access show")
	if places := own["places"].([]any); len(places) != 2 || own["user"].(map[string]any)["name"] != "alice" {
		t.Errorf("%v", own)
	}
	if out, err := c.run("access show -f yaml"); err != nil || !strings.Contains(out, "name: alice") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("access show admin", "403", "identity:list_role_assignments")
	c.refused("access show nobody", "403")
	c.as("admin", testenv.Password, "OS_PROJECT_NAME", "admin")
	c.refused("access show nobody", "404")
	c.refused("access show alice --domain none", "404")
}

// OS_CLOUD and clouds.yaml serve as well as variables.
func TestClouds(t *testing.T) {
	c := newConsole(t)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	text := "clouds:\n  home:\n    auth:\n      auth_url: " + c.url + "\n      username: admin\n      password: " + testenv.Password +
		"\n      user_domain_id: default\n      project_name: admin\n      project_domain_id: default\n    region_name: RegionOne\n    verify: true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_ID", "OS_PROJECT_NAME", "OS_PROJECT_DOMAIN_ID"} {
		t.Setenv(v, "")
	}
	c.refused("access show", "OS_AUTH_URL")
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	if got := c.json("access show --os-cloud home"); got["user"].(map[string]any)["name"] != "admin" {
		t.Errorf("%v", got)
	}
	t.Setenv("OS_CLOUD", "home")
	c.json("access show")
	c.refused("access show --os-cloud other", "other", file)
}

// K5: of two with one name the command says who they are, and touches nobody until one is chosen.
func TestTwoOfOneName(t *testing.T) {
	c := newConsole(t)
	c.env.Admin().Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201)
	here := c.json("user create alice --project acme --password secret")["id"].(string)
	there := c.json("user create alice --domain other --project acme --create-project --password secret")["id"].(string)
	c.refused("user suspend alice --reason spam", "more than one user is called alice", here+" in the domain Default", there+" in the domain other", "say its domain with --domain")
	c.refused("project rules acme", "more than one project is called acme", "with --domain")
	c.refused("api-user list --project acme", "more than one project is called acme", "with --project-domain")
	// What takes one's own domain for a name says that it does.
	for _, said := range [][2]string{
		{"access grant alice member --project acme", "| alice@Default | acme@Default | member"},
		{"access grant alice member --project acme --project-domain other", "| alice@Default | acme@other | member"},
		{"invite ann@acme.example --project acme --role member", "| ann@acme.example | acme@Default |"},
		{"invitation resend ann@acme.example --project acme", "| ann@acme.example | acme@Default |"},
	} {
		c.env.Clock.Advance(10 * time.Minute) // after which an invitation may be sent again
		if out, err := c.run(said[0]); err != nil || !strings.Contains(out, said[1]) {
			t.Errorf("%s: %v\n%s", said[0], err, out)
		}
	}
	c.refused("access grant nobody member --project acme", "find user: nobody.", "the domain is one's own unless --user-domain names another")
	c.refused("access grant alice member --project none", "find project: none.", "the domain is one's own unless --project-domain names another")
	c.refused("access join alice nobody", "find group: nobody.", "the domain is one's own unless --group-domain names another")
	if out, err := c.run("access show alice --domain other"); err != nil || !strings.Contains(out, "project acme ") {
		t.Errorf("%v\n%s", err, out)
	}
	c.json("access grant alice reader --project acme --project-domain other")
	if out, err := c.run("access show alice"); err != nil || !strings.Contains(out, "project acme ") || !strings.Contains(out, "project acme@other ") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, one := range []string{"alice --domain other", there} {
		for _, act := range []string{"suspend " + one + " --reason spam", "restore " + one} {
			if out, err := c.run("user " + act); err != nil {
				t.Errorf("%s: %v %s", act, err, out)
			}
		}
	}
	c.env.Login("alice", "secret")
}
