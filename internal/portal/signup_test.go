package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// TestSignUp: P7, A17, M6, M7: the address is proved first, an administrator lets somebody in, who gets an account, a project and a link to a
// first password; another one is refused.
func TestSignUp(t *testing.T) {
	env, box, root, _ := cloudWithMail(t, func(c *config.Config) { c.Lintel.SignUp, c.Lintel.SignUpTerms = true, "https://cloud.example/terms" })
	ask := func(address, project string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Want(200, "Ask for an account").Open("/portal/signup").
			Submit("Ask for the account", "email", address, "name", strings.Split(address, "@")[0], "project", project, "reason", "Render farm", "terms", "1")
	}
	b := env.Browser().Open("/portal/signup").Want(200, "Read the terms").Submit("Ask for the account", "email", "ines@new.example", "name", "ines", "project", "").Want(422, "Give the project a name", "Without agreeing")
	if !strings.Contains(b.Body, `value="ines@new.example"`) {
		t.Error("what was typed is gone")
	}
	ask("ines@new.example", "render").Want(200, "Look at your mail")
	ask("root@cloud.example", "mine").Want(200, "Look at your mail") // whose address is known gets the same answer. S-118
	env.Deliver()
	m := box.Last("ines@new.example")
	for _, want := range []string{"ines", "render", "If that was not you"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("M6 does not say %q: %s", want, m.Text)
		}
	}
	for range 20 { // scanners of mails
		env.Browser().Open(m.Link).Want(200, "Is this your address?", "ines@new.example asks for the account ines, with the project render")
	}
	root.Open("/portal/cloud/signups").Want(200, "Nobody is waiting")
	p := env.Browser().Open(m.Link)
	p.Submit("Yes, it is mine").Want(200, "Thank you")
	env.Browser().Open(m.Link).Want(200, "does not work any more")
	env.Deliver()
	if m := box.Last("root@cloud.example"); !strings.HasPrefix(m.Link, "/portal/cloud/signups/") || !strings.Contains(m.Text, "> Render farm") { // M7
		t.Error(m.Text)
	}
	root.Open("/portal/cloud/signups").Want(200, "ines@new.example", "Render farm")
	at := box.Last("root@cloud.example").Link
	root.Open(at).Want(200, "Let ines@new.example in?").Submit("Make the account", "name", "admin").Want(422, "Nothing was made")
	if n := len(env.Admin().Get("/v3/projects?name=render").Want(200).List("projects")); n != 0 {
		t.Errorf("%d projects were made", n)
	}
	root.Submit("Make the account", "name", "ines").Want(200, "were made", "Nobody is waiting")
	root.Open(at).Want(404)
	env.Deliver()
	m = box.Last("ines@new.example")
	if !strings.HasPrefix(m.Link, "/portal/reset/") || !strings.Contains(m.Text, "render") {
		t.Fatal(m.Text)
	}
	env.Browser().Open(m.Link).Submit("Set the password", "new", "better-9", "again", "better-9").Want(200, "Sign in")
	env.SignIn("ines", "better-9").Open("/portal").Want(200, "render", "member")

	env.Clock.Advance(2 * time.Hour)
	root = env.SignIn("admin", testenv.Password)
	ask("otto@new.example", "coins").Want(200)
	env.Deliver()
	env.Browser().Open(box.Last("otto@new.example").Link).Submit("Yes, it is mine").Want(200)
	id := env.Login("admin", testenv.Password, testenv.OnSystem).Get("/v3/lintel/sign_ups").Want(200).Get("sign_ups.0.id")
	root.Open("/portal/cloud/signups/"+id+"/refuse").Submit("Give them no account", "reason", "No mining").Want(200, "They get no account")
	env.Deliver()
	if m := box.Last("otto@new.example"); !strings.Contains(m.Text, "> No mining") {
		t.Error(m.Text)
	}
	env.Login("admin", testenv.Password, testenv.OnSystem).Post("/v3/lintel/sign_ups/"+id+"/approval", `{"approval": {}}`).Want(409)
}

// TestLimitsOfSignUp: so many from one place and for one address; off, there is no page. S-118
func TestLimitsOfSignUp(t *testing.T) {
	env, _, _, _ := cloudWithMail(t, func(c *config.Config) { c.Lintel.SignUp = true })
	for i := range 4 {
		want := 200
		if i == 3 {
			want = 429
		}
		env.Browser().Open("/portal/signup").Submit("Ask for the account", "email", "a@b.example", "name", "a", "project", "p").Want(want)
	}
	off, _, root, _ := cloudWithMail(t)
	off.Browser().Open("/portal/signup").Want(404)
	if strings.Contains(root.Open("/portal/cloud/domains").Text(), "Sign-ups") {
		t.Error("the navigation shows what is off")
	}
	member(off, "bob", "other")
	off.SignIn("bob", "secret").Open("/portal/cloud/signups").Want(404)
	off.Login("bob", "secret").Get("/v3/lintel/sign_ups").Want(403)
}
