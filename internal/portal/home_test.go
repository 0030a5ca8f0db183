package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// M1: the start page says what keeps an account safe and ticks what is done, names the credentials that end soon, and leads to a terminal.
func TestHomeKeepsAnAccountSafe(t *testing.T) {
	days := 90 * 24 * time.Hour
	env := testenv.New(t, func(c *config.Config) { c.SecurityCompliance.PasswordExpiresDays = &days })
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	env.Clock.Advance(3 * time.Minute)
	b.Open("/portal").Want(200, "Keep your account safe", "Do it : Turn on a second factor.", "Do it : Save recovery codes", "You get them with the second factor.",
		"Set 3 minutes ago. It ends on 2 Jun 2026.", "Reach the cloud from a terminal")
	if strings.Contains(b.Text(), "Do it : Change the password") || strings.Contains(b.Text(), "application credential") || strings.Contains(b.Text(), "end within 30 days") {
		t.Errorf("there is nothing to do about these: %s", b.Text())
	}
	follow(t, b, "Set up a terminal").Want(200, "openrc.sh")

	for name, ends := range map[string]string{"pipeline": "never", "backup": "30", "year": "365"} {
		b.Open("/portal/credentials/new").Submit("Create the credential", "name", name, "ends", ends).Want(200, "Copy the secret")
	}
	b.Open("/portal").Want(200, "Credentials that end within 30 days", "backup in acme in 30 days", "Do it : Give each application credential an end.", "1 of 3 have none.")
	if strings.Contains(b.Text(), "pipeline") || strings.Contains(b.Text(), "year") {
		t.Error("others do not end soon")
	}
	few := queries(env, b, "/portal")
	for _, name := range []string{"a", "b", "c"} {
		b.Open("/portal/credentials/new").Submit("Create the credential", "name", name, "ends", "7").Want(200)
	}
	if n := queries(env, b, "/portal"); n != few {
		t.Errorf("%d queries with one credential that ends, %d with four", few, n)
	}
	follow(t, b.Open("/portal"), "Do it: Give each application credential an end.").Want(200, "pipeline")

	env.Clock.Advance(65 * 24 * time.Hour)
	b = env.SignIn("alice", "secret").Want(200, "Do it : Change the password before it ends.", "Set 65 days ago.")
	follow(t, b, "Do it: Change the password before it ends.").Want(200, "Current password")

	enrol(t, env, b)
	if b.Open("/portal").Want(200, "10 recovery codes are left."); strings.Contains(b.Text(), "Do it : Turn on") || strings.Contains(b.Text(), "Do it : Save") {
		t.Errorf("this is done: %s", b.Text())
	}
}

// M1: invitations wait on the start page of whoever has shown that the address is theirs, and lead nowhere without the mail.
func TestInvitationsWaitAtHome(t *testing.T) {
	env, box, root, acme := cloudWithMail(t)
	bob, web := member(env, "bob", "web")
	_, shop := member(env, "carol", "shop")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	invite(env, box, root, acme, "bob@acme.example")
	b := env.SignIn("bob", "secret")
	waits := func(want bool) {
		t.Helper()
		if b.Open("/portal").Want(200); strings.Contains(b.Text(), "Invitations that wait for you") != want {
			t.Errorf("it waits: %v, want %v: %s", !want, want, b.Text())
		}
	}
	waits(false) // an administrator wrote the address down
	b.Open("/portal/profile/address").Submit("Send the link", "address", "bob@web.example").Want(200)
	env.Deliver()
	env.Browser().Open(box.Last("bob@web.example").Link).Submit("Yes, it is mine").Want(200)
	invite(env, box, root, acme, "bob@WEB.example")
	invite(env, box, root, web, "carol@web.example")
	waits(true)
	b.Want(200, "acme, as member, by admin", "The link ends", "open the link in the mail")
	if strings.Contains(b.Body, "/invite/") || strings.Contains(b.Body, "/accept") {
		t.Error("it leads to the invitation")
	}
	few := queries(env, b, "/portal")
	invite(env, box, root, shop, "bob@web.example")
	if n := queries(env, b, "/portal"); n != few {
		t.Errorf("%d queries with one invitation, %d with two", few, n)
	}
	env.Clock.Advance(8 * 24 * time.Hour)
	b, root = env.SignIn("bob", "secret"), env.SignIn("admin", testenv.Password)
	waits(false)

	// Who made their account by an invitation has shown it, too; an administrator who writes another's address into their own account has not.
	greta := env.Browser().Open(invite(env, box, root, acme, "greta@acme.example")).Submit("Accept with a new account", "name", "greta", "new", "secret-9", "again", "secret-9").Want(200, "Welcome")
	invite(env, box, root, web, "greta@acme.example")
	greta.Open("/portal").Want(200, "Invitations that wait for you", "web, as member")
	patch(env, env.Admin().Get("/v3/users?name=admin").Get("users.0.id"), `{"user": {"email": "greta@acme.example"}}`)
	if root = env.SignIn("admin", testenv.Password); strings.Contains(root.Text(), "Invitations that wait") {
		t.Error("the administrator sees another's")
	}
}

// M15: clouds.yaml is had with an application credential of one's own on the project, without its secret.
func TestTerminalWithApplicationCredential(t *testing.T) {
	env := testenv.New(t)
	_, acme := member(env, "alice", "acme")
	member(env, "bob", "web")
	b := env.SignIn("alice", "secret").Open("/portal/terminal").Want(200, "You have none on this project yet")
	follow(t, b, "Create a credential").Want(200).Submit("Create the credential", "name", "pipeline").Want(200)
	_, form := b.Open("/portal/terminal").Want(200, "pipeline").Form("Show the file")
	b.Open("/portal/terminal?"+form.Encode()).Want(200, "application_credential_secret: \"PUT-THE-SECRET-HERE\"", "auth_type: v3applicationcredential", "openstack application credential show")
	id := form.Get("credential")
	file := "/portal/terminal/clouds.yaml?project=" + acme + "&credential=" + id
	if !strings.Contains(b.Open(file).Want(200).Body, "application_credential_id: \""+id+"\"") {
		t.Errorf("%s", b.Body)
	}
	env.SignIn("bob", "secret").Open(file).Want(404)
	b.Open("/portal/terminal/clouds.yaml?project=" + acme + "&credential=other").Want(404)
}

// M14: a member is told who looks after the project and how to reach them, and what its limits are.
func TestMemberKnowsWhomToAsk(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	_, acme := member(env, "alice", "acme")
	boss, web := member(env, "boss", "web")
	patch(env, boss, `{"user": {"email": "boss@acme.example"}}`)
	b := env.SignIn("alice", "secret").Open("/portal/p/"+acme).Want(200, "Who looks after it", "Nobody in particular")
	admin.Put("/v3/projects/"+acme+"/users/"+boss+"/roles/"+roleID(env, "admin"), nil).Want(204)
	service := admin.Post("/v3/services", `{"service": {"type": "compute", "name": "nova"}}`).Want(201).Get("service.id")
	admin.Post("/v3/registered_limits", `{"registered_limits": [{"service_id": "`+service+`", "resource_name": "cores", "default_limit": 10},
		{"service_id": "`+service+`", "resource_name": "ports", "default_limit": -1}]}`).Want(201)
	for project, n := range map[string]string{acme: "42", web: "77"} {
		admin.Post("/v3/limits", `{"limits": [{"service_id": "`+service+`", "project_id": "`+project+`", "resource_name": "cores", "resource_limit": `+n+`}]}`).Want(201)
	}
	b.Open("/portal/p/"+acme).Want(200, "boss boss@acme.example", "nova cores 42 nova ports unlimited as every project", "openstack limit list")
	if strings.Contains(b.Text(), "77") {
		t.Error("the limit of another project")
	}
}

// queries is how many a page takes at the least, once what can be remembered is.
func queries(env *testenv.Env, b *testenv.Browser, path string) int64 {
	least := int64(1 << 62)
	for range 4 {
		before := env.Server.DB.Queries()
		b.Open(path).Want(200)
		least = min(least, env.Server.DB.Queries()-before)
	}
	return least
}
