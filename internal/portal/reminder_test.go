package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// TestCredentialsThatEndAreToldOf: M14 in 30, 7 and 1 days, once each, to the owner and who looks after the project; not of those that were
// made to be short.
func TestCredentialsThatEndAreToldOf(t *testing.T) {
	env, box, _, acme := cloudWithMail(t)
	bob, _ := member(env, "bob", "other")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	env.Admin().Put("/v3/projects/"+acme+"/users/"+bob+"/roles/"+roleID(env, "member"), nil).Want(204)
	root := env.Admin().Get("/v3/users?name=admin").Get("users.0.id")
	env.Admin().Put("/v3/projects/"+acme+"/users/"+root+"/roles/"+roleID(env, "admin"), nil).Want(204)
	self := env.Login("bob", "secret", testenv.OnProjectID(acme))
	for name, end := range map[string]time.Duration{"deploy": 40 * day, "today": 12 * time.Hour} {
		self.Post("/v3/users/"+bob+"/application_credentials", `{"application_credential": {"name": "`+name+`", "expires_at": "`+
			env.Clock.Now().Add(end).Format("2006-01-02T15:04:05")+`"}}`).Want(201)
	}
	count := func(address string) (n int) {
		env.Deliver()
		for _, m := range box.All(address) {
			if strings.Contains(m.Subject, " ends on ") {
				n++
			}
		}
		return n
	}
	left := 40
	for i, step := range []struct{ days, told int }{{40, 0}, {31, 0}, {30, 1}, {20, 1}, {7, 2}, {1, 3}} {
		env.Clock.Advance(time.Duration(left-step.days) * day)
		left = step.days
		for range 2 {
			if err := env.Server.Remind(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if own, admin := count("bob@acme.example"), count("root@cloud.example"); own != step.told || admin != step.told {
			t.Errorf("step %d, %d days before: %d mails to the owner, %d to the administrator, want %d", i, step.days, own, admin, step.told)
		}
	}
	if m := box.Last("bob@acme.example"); m.Subject != "deploy ends on 13 April 2026" || m.Link != "/portal/credentials" || !strings.Contains(m.Text, "project acme") ||
		!strings.Contains(m.Text, "not known to have been used") {
		t.Error(m.Subject, m.Text)
	}
	if m := box.Last("root@cloud.example"); m.Link != "/portal/p/"+acme+"/credentials" || !strings.Contains(m.Text, "of bob (bob@acme.example)") {
		t.Error(m.Text)
	}
}

const day = 24 * time.Hour

// TestUnknownAddressesHear: M5c, where it is switched on; the page says the same. S-118
func TestUnknownAddressesHear(t *testing.T) {
	for _, on := range []bool{false, true} {
		env, box, _, _ := cloudWithMail(t, func(c *config.Config) { c.Lintel.MailUnknown = on })
		for _, name := range []string{"nobody@acme.example", "nobody"} {
			env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", name).Want(200, "If we know")
		}
		env.Deliver()
		all := box.All("nobody@acme.example")
		if (len(all) == 1) != on {
			t.Errorf("switched on %t: %d mails", on, len(all))
		}
		for _, m := range all {
			if m.Link != "/portal/forgot" || !strings.Contains(m.Text, "No account could be found") || !strings.Contains(m.Text, "If that was not you") {
				t.Error(m.Text)
			}
		}
	}
}

// TestSuspendedForAWhile: M18 tells the person why and until when, if they are to know; then the account is restored by itself.
func TestSuspendedForAWhile(t *testing.T) {
	env, box, root, _ := cloudWithMail(t)
	bob, _ := member(env, "bob", "other")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	at := "/portal/d/default/users/" + bob
	root.Open(at+"/suspend").Want(200, "Tell the person by mail").Submit("Suspend the account", "reason", "mined coins", "until", "2026-03-01").Want(422, "still to come")
	root.Submit("Suspend the account", "until", "2026-03-05").Want(200, "is suspended", "mined coins", "until 6 Mar 2026 00:00 UTC")
	env.Deliver()
	m := box.Last("bob@acme.example")
	for _, want := range []string{"by admin (root@cloud.example)", "> mined coins", "6 March 2026, 00:00 UTC", "Its servers and volumes keep running"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("M18 does not say %q: %s", want, m.Text)
		}
	}
	if err := env.Server.EndGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	env.Authenticate(testenv.Body("bob", "secret")).Want(401)
	env.Clock.Advance(2 * day)
	if err := env.Server.EndGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	env.Authenticate(testenv.Body("bob", "secret")).Want(201)

	n := len(box.All("bob@acme.example"))
	root = env.SignIn("admin", testenv.Password)
	_, form := root.Open(at + "/suspend").Form("Suspend the account")
	form.Set("reason", "looked into")
	form.Del("tell")
	root.Send("POST", at+"/suspend", form).Want(200, "is suspended")
	env.Deliver()
	if len(box.All("bob@acme.example")) != n {
		t.Error("who is not to be told was")
	}
	env.Clock.Advance(365 * day)
	if err := env.Server.EndGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	env.Authenticate(testenv.Body("bob", "secret")).Want(401)
}

// R7: the rule on inactivity keeps out who was away for too long, but not the last one who may do everything.
func TestTheLastAdministratorComesBack(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		days := 30 * day
		c.SecurityCompliance.DisableUserAccountDaysInactive = &days
	})
	second, _ := member(env, "second", "other")
	member(env, "bob", "third")
	env.Login("second", "secret")
	env.Login("bob", "secret")
	env.Clock.Advance(40 * day)
	env.Authenticate(testenv.Body("bob", "secret")).Want(401)
	env.Authenticate(testenv.Body("admin", "wrong")).Want(401)
	admin := env.Admin() // nobody else could let anybody in
	admin.Get("/v3/users").Want(200)
	admin.Patch("/v3/users/"+second, `{"user": {"enabled": true}}`).Want(200)
	other := admin.Get("/v3/projects?name=other").Want(200).Get("projects.0.id")
	admin.Put("/v3/projects/"+other+"/users/"+second+"/roles/"+roleID(env, "admin"), nil).Want(204)
	env.Clock.Advance(20 * day)
	env.Login("second", "secret")
	env.Clock.Advance(20 * day)
	env.Authenticate(testenv.Body("admin", testenv.Password)).Want(401) // now somebody else is there
	env.Login("second", "secret", testenv.OnProjectID(other)).Get("/v3/users").Want(200)
}
