package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// B8, B9, B11: an API user is made, found, given another password and deleted by names.
func TestAPIUserCommands(t *testing.T) {
	c := newConsole(t)
	made := c.json("api-user create ci --project acme --project-domain Default --role member --description builds")
	pw, _ := made["password"].(string)
	if roles, _ := made["roles"].([]any); len(roles) != 1 || roles[0] != "member" {
		t.Errorf("the roles that it was given are told as %v", made["roles"])
	}
	c.env.Authenticate(testenv.Body("admin_ci", pw, `{"project": {"name": "acme", "domain": {"id": "default"}}}`)).Want(201)
	if out, err := c.run("api-user list --project acme"); err != nil || !strings.Contains(out, "admin_ci") || !strings.Contains(out, "builds") || !strings.Contains(out, "member") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("api-user create ci --project acme", "409")
	c.refused("api-user create more --project none", "no project none")
	c.refused("api-user create more --project acme --project-domain none", "no project acme")
	c.refused("api-user create more --project acme --role none", "404")
	if again := c.json("api-user password admin_ci --project acme --password-prompt"); again["password"] != nil {
		t.Errorf("a password that was typed is printed: %v", again)
	}
	c.env.Authenticate(testenv.Body("admin_ci", pw)).Want(401)
	c.env.Authenticate(testenv.Body("admin_ci", "from a pipe")).Want(201)

	if out, err := c.run("api-user set admin_ci --project acme --disable"); err != nil || !strings.Contains(out, "false") {
		t.Errorf("%v\n%s", err, out)
	}
	c.env.Authenticate(testenv.Body("admin_ci", "from a pipe")).Want(401)
	c.refused("api-user set admin_ci --project acme", "say what to change")
	if set := c.json("api-user set admin_ci --project acme --enable --description nightly"); set["enabled"] != true || set["description"] != "nightly" {
		t.Errorf("%v", set)
	}
	if shown := c.json("api-user show admin_ci --project acme"); shown["description"] != "nightly" || shown["owner"] != "admin" {
		t.Errorf("%v", shown)
	}

	// It makes none itself, and names its project though it may list no others.
	c.as("admin_ci", "from a pipe", "OS_PROJECT_NAME", "acme")
	c.refused("api-user create more --project acme", "403")
	c.as("admin", testenv.Password, "OS_PROJECT_NAME", "admin")
	c.refused("api-user delete ci --project acme", "no API user ci")
	if out, err := c.run("api-user delete admin_ci --project acme"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	c.env.Authenticate(testenv.Body("admin_ci", "from a pipe")).Want(401)
}

// B1, B2: the account of a customer is opened whole or not at all, and what an account is for is said.
func TestAccountCommands(t *testing.T) {
	c := newConsole(t)
	made := c.json("account open ann@tern.example --project tern")
	if made["project"] != "tern" || made["name"] != "ann@tern.example" {
		t.Errorf("%v", made)
	}
	c.env.SignIn("ann@tern.example", made["password"].(string)).Open("/portal").Want(200, "tern")
	c.env.Authenticate(testenv.Body("ann@tern.example", made["password"].(string))).Want(403)
	c.refused("account open ann@tern.example --project other", "409")
	if other := c.json("account open bea@tern.example --project beech --domain Default"); other["domain_id"] != "default" {
		t.Errorf("%v", other)
	}
	c.refused("account open bea@tern.example --project birch --domain none", "none")
	if found := c.env.Admin().Get("/v3/projects?name=other").Want(200).List("projects"); len(found) != 0 {
		t.Error("half of an account was made")
	}
	c.json("user create basil --password secret")
	c.refused("account kind basil robot", "not for robot")
	c.refused("account kind nobody api", "no user nobody")
	if out, err := c.run("account kind basil portal --domain Default"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	c.env.Authenticate(testenv.Body("basil", "secret")).Want(403)
}

// D3: the first project of an account is made with it.
func TestCreateUserAndProject(t *testing.T) {
	c := newConsole(t)
	c.refused("user create zoe --password secret --create-project", "--project names")
	if made := c.json("user create zoe --password secret --project shop --create-project"); made["project"] != "shop" {
		t.Errorf("%v", made)
	}
	c.env.Login("zoe", "secret", testenv.OnProject("shop"))
	c.refused("user create yan --password secret --project shop --create-project", "409")
	if found := c.env.Admin().Get("/v3/users?name=yan").Want(200).List("users"); len(found) != 0 {
		t.Error("half of it was made")
	}
}

// M2: what somebody says of themselves is theirs to change here, too, by the rules of the portal.
func TestProfileCommands(t *testing.T) {
	c := newConsole(t)
	if out, err := c.run("profile set --zone Europe/Berlin --description Boss --display-name Bossy"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if p := c.json("profile show"); p["zone"] != "Europe/Berlin" || p["description"] != "Boss" || p["display_name"] != "Bossy" || p["theme"] != nil {
		t.Errorf("%v", p)
	}
	c.refused("profile set --zone Mars/Olympus", "no time zone")
	c.refused("profile set --display-name "+strings.Repeat("x", 65), "at most 64 characters")
	c.refused("profile set --theme pink", `--theme is one of light, dark, not "pink"`)
	c.refused("profile address x@y.example", "403") // no mail is sent here
	c.env.SignIn("admin", testenv.Password).Open("/portal/activity").Want(200, "CET")
}

// B5, J10: contacts of a project by their addresses.
func TestContactCommands(t *testing.T) {
	c := newConsole(t, testenv.NewMailbox(t, "").Use)
	for _, line := range []string{"contact add paula@pay.example --project acme --name Paula --topic billing", "contact set paula@pay.example --project acme --topic billing --topic quota"} {
		if out, err := c.run(line); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if out, err := c.run("contact list --project acme"); err != nil || !strings.Contains(out, "| Paula | billing, quota | has not agreed yet") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("contact add not-an-address --project acme --name Paula --topic billing", "400")
	c.refused("contact set paula@pay.example --project acme --topic gossip", `--topic is one of billing, maintenance, security, quota, not "gossip"`)
	c.refused("contact delete nobody@pay.example --project acme", "no contact nobody@pay.example")
	if out, err := c.run("contact delete paula@pay.example --project acme"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("contact list --project acme"); err != nil || strings.Contains(out, "Paula") {
		t.Errorf("%v\n%s", err, out)
	}
}

// B3: who enters a project's pages without a role on it is invited, listed, changed and let out.
func TestPortalUserCommands(t *testing.T) {
	c := newConsole(t)
	out, err := c.run("invite paula@pay.example --project acme --area contacts --area activity")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	link := out[strings.Index(out, "/portal/invite/"):]
	link = strings.Fields(link)[0]
	c.env.Browser().Open(link).Submit("Accept with a new account", "name", "paula", "new", "her secret", "again", "her secret").Want(200, "Contacts")
	if out, err := c.run("portal-user list --project acme"); err != nil || !strings.Contains(out, "| paula | paula@pay.example | contacts, activity |") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("invite x@pay.example --project acme --area contacts --role member", "none of the others")
	c.refused("invite x@pay.example --project acme --area kitchen", `--area is one of people, api-users, credentials, contacts, activity, portal-users, not "kitchen"`)
	c.refused("portal-user set nobody --project acme --area activity", "no portal user nobody")
	for _, line := range []string{"portal-user set paula --project acme --area activity", "portal-user remove paula --project acme"} {
		if out, err := c.run(line); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	c.refused("portal-user remove paula --project acme", "no portal user")
	c.env.Authenticate(testenv.Body("paula", "her secret")).Want(403)
}

// A4, C6: what people are told of a role is said by names, and stays where it is not named.
func TestRoleCommands(t *testing.T) {
	c := newConsole(t)
	for _, line := range []string{"role describe member --category General --sort 1 --name Mitglied --language de", "role describe member --summary Works --impact normal"} {
		if out, err := c.run(line); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	if p := c.json("role show member"); p["category"] != "General" || p["sort"] != 1.0 || p["impact"] != "normal" || p["names"].(map[string]any)["de"] != "Mitglied" || p["summaries"].(map[string]any)["en"] != "Works" {
		t.Errorf("%v", p)
	}
	if out, err := c.run("role show member"); err != nil || !strings.Contains(out, " de: Mitglied ") || !strings.Contains(out, " en: Works ") || strings.Contains(out, "map[") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, line := range []string{"role show reader", "profile show"} {
		if out, err := c.run(line); err != nil || strings.Contains(out, "nil") || strings.Contains(out, "[") {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	c.refused("role describe member --impact huge", `--impact is one of normal, high, not "huge"`)
	c.refused("role describe nobody --category x", "no role nobody")
	if out, err := c.run("role forget member"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if p := c.json("role show member"); p["category"] != nil {
		t.Errorf("%v", p)
	}
}

// J6, J8, A9: what logs in to a project is listed, asked to be replaced and deleted, and all of it is told.
func TestCredentialAndEventCommands(t *testing.T) {
	c := newConsole(t)
	c.json("user create basil --password secret --project acme --role member")
	basil := c.env.Login("basil", "secret", testenv.OnProject("acme"))
	id := basil.Post("/v3/users/"+basil.Validate(basil.Token).Get("token.user.id")+"/application_credentials", `{"application_credential": {"name": "robot"}}`).Want(201).Get("application_credential.id")
	if out, err := c.run("credential list --project acme"); err != nil || !strings.Contains(out, id) || !strings.Contains(out, "robot") || !strings.Contains(out, "basil") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("credential rotate " + id + " --project acme"); err != nil { // M15, in the portal alone where no mail is sent
		t.Errorf("%v\n%s", err, out)
	}
	if told := basil.Get("/v3/lintel/notices").Want(200).List("notices"); !slices.ContainsFunc(told, func(n any) bool { return n.(map[string]any)["subject"] == "Please replace robot on acme" }) {
		t.Errorf("%v", told)
	}
	c.refused("credential rotate "+id+" --project acme", "asked today")
	if out, err := c.run("credential owner " + id); err != nil || !strings.Contains(out, "basil") {
		t.Errorf("%s %v", out, err)
	}
	c.refused("credential owner nothing", "no credential nothing")
	if out, err := c.run("credential of basil"); err != nil || !strings.Contains(out, id) || !strings.Contains(out, "acme") {
		t.Errorf("%v %s", err, out)
	}
	owner := c.env.Admin().Get("/v3/users?name=basil").Get("users.0.id")
	c.env.Admin().Post("/v3/credentials", map[string]any{"credential": map[string]any{"user_id": owner, "type": "totp", "blob": "ORSXG5BAORSXG5BAORSXG5BAORSXG5BA"}}).Want(201)
	if out, err := c.run("credential of basil"); err != nil || !strings.Contains(out, "| totp ") { // B18, B21: of what kind it is, and no secret
		t.Errorf("%v %s", err, out)
	} else if strings.Contains(out, "ORSXG5BA") {
		t.Error("a secret is listed")
	}
	c.refused("credential revoke none --project acme", "404")
	if out, err := c.run("credential revoke " + id + " --project acme"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for line, want := range map[string]string{
		"event list --project acme --class credential": "basil", "event list --user basil --user-domain Default": "application_credential",
		"event list --domain default --limit 5": "admin", "event list --domain Default --limit 5": "admin", "event list --outcome success": "success",
	} {
		if out, err := c.run(line); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	c.refused("event list --project acme --domain default", "none of the others")
	c.refused("event list --from yesterday", "400")

	// Somebody who looks after nothing asks about themselves alone.
	c.as("basil", "secret", "OS_PROJECT_NAME", "acme")
	c.refused("event list --project acme", "403")
	if out, err := c.run("event list --user " + basil.Validate(basil.Token).Get("token.user.id")); err != nil || !strings.Contains(out, "basil") {
		t.Errorf("%v\n%s", err, out)
	}
}

// D9: what a domain asks of its people is shown and changed by names.
func TestDomainRuleCommands(t *testing.T) {
	c := newConsole(t)
	rules := c.json("domain set-rules Default --password-length 4 --mail-domain acme.example --mail-domain .acme.example --second-factor roles --second-factor-role member --second-factor-from 2100-01-01")
	own := rules["own"].(map[string]any)
	factor := own["second_factor"].(map[string]any)
	if own["password_length"] != 4.0 || len(own["mail_domains"].([]any)) != 2 || factor["level"] != "roles" || factor["from"] != "2100-01-01T00:00:00.000000Z" {
		t.Errorf("%v", own)
	}
	if own = c.json("domain set-rules Default --password-length 0 --mail-domain= --second-factor off --no-invitations")["own"].(map[string]any); own["password_length"] != nil || len(own["mail_domains"].([]any)) != 0 || own["no_invitations"] != true {
		t.Errorf("%v", own)
	}
	out, err := c.run("domain rules default")
	if err != nil || !strings.Contains(out, "no_invitations") || !strings.Contains(out, "minted-under-mfa") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("domain set-rules Default", "say what to change")
	c.refused("domain set-rules Default --password-kinds 9", "400")
	c.refused("domain set-rules none --password-kinds 1", "404")
	c.refused("domain set-rules Default --second-factor-from soon --second-factor all", "not \"soon\"")
}

// D5: somebody is suspended and restored, and gets a link to choose a password, by names.
func TestUserSuspendCommands(t *testing.T) {
	c := newConsole(t)
	made := c.json("user create alice --email alice@example.org --project acme --password secret")
	run := func(line string) {
		t.Helper()
		if out, err := c.run(line); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	c.refused("user suspend alice", "reason")
	c.refused("user suspend alice --reason harm --until 2020-01-01", "future")
	c.refused("user suspend nobody --reason harm", "404")
	c.refused("user restore alice", "not suspended")
	run("user suspend alice --reason harm --domain Default")
	c.env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	c.env.Admin().Patch("/v3/users/"+made["id"].(string), `{"user": {"enabled": true}}`).Want(403)
	c.refused("user send-reset alice", "403")
	run("user restore alice")
	c.env.Authenticate(testenv.Body("alice", "secret")).Want(201)
	link, _ := c.json("user send-reset alice")["link"].(string)
	_, path, _ := strings.Cut(link, "/portal/")
	c.env.Browser().Open("/portal/"+path).Submit("Set the password", "new", "another secret", "again", "another secret").Want(200)
	c.env.Authenticate(testenv.Body("alice", "another secret")).Want(201)
	c.as("alice", "another secret", "OS_PROJECT_NAME", "acme")
	c.refused("user suspend admin --reason harm", "403")
}

// O1, C7: an address that is none gets no account by mail or by link, and an empty name is nobody's.
func TestNobodyIsNamed(t *testing.T) {
	c := newConsole(t)
	c.refused("user create bob --invite --email bob@@example --project acme --role member", "not an e-mail address")
	c.refused("access show bob", "404")
	if err := accessShowCommand().RunE(accessShowCommand(), []string{""}); err == nil || !strings.Contains(err.Error(), "empty name") {
		t.Errorf("an empty name: %v", err)
	}
}
