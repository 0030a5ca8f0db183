package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// TestForgottenPassword: P4, P5, S-118, S-119: one answer, one link for one hour, and nothing lives on that began before.
func TestForgottenPassword(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	user, _ := member(env, "bob", "other")
	gone, _ := member(env, "gone", "third")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "bob@acme.example"}}`).Want(200)
	env.Admin().Patch("/v3/users/"+gone, `{"user": {"email": "gone@acme.example", "enabled": false}}`).Want(200)
	token := env.Login("bob", "secret")
	b := env.SignIn("bob", "secret")
	env.Clock.Advance(2 * time.Second)

	var first string
	for _, name := range []string{"bob", "nobody", "gone", "bob@acme.example", "nobody@acme.example"} {
		p := env.Browser().Open("/portal/login").Want(200, "Forgotten your password?").Open("/portal/forgot").Submit("Send me a link", "name", name).Want(200, "If we know")
		if first == "" {
			first = p.Text()
		}
		if p.Text() != first {
			t.Errorf("%s gets another answer", name)
		}
	}
	env.Deliver()
	if len(box.All("gone@acme.example")) != 0 || len(box.All("bob@acme.example")) != 2 {
		t.Errorf("%d mails to bob", len(box.All("bob@acme.example")))
	}
	open := 0
	var link string
	for _, m := range box.All("bob@acme.example") {
		if p := env.Browser().Open(m.Link).Want(200); p.Body != "" && !containsText(p, "does not work any more") {
			open++
			link = m.Link
		}
	}
	if open != 1 {
		t.Fatalf("%d links open, want the newest alone", open)
	}
	for range 20 {
		env.Browser().Open(link).Want(200, "For the account bob")
	}
	p := env.Browser().Open(link)
	p.Submit("Set the password", "new", "one", "again", "two").Want(422, "not the same")
	p.Submit("Set the password", "new", "better-9", "again", "better-9").Want(200, "Sign in")
	token.Get("/v3/auth/projects").Want(401)
	if b.Open("/portal"); b.Path == "/portal" {
		t.Error("a session goes on")
	}
	env.Authenticate(testenv.Body("bob", "secret")).Want(401)
	env.Deliver()
	if m := box.Last("bob@acme.example"); m.Link != "/portal/forgot" { // M8
		t.Error(m.Text)
	}
	env.SignIn("bob", "better-9")
	env.Browser().Open(link).Want(200, "does not work any more")
}

func containsText(b *testenv.Browser, text string) bool {
	return strings.Contains(b.Text(), text)
}

// TestResetLinksDie: an hour passes, the password or the address changes, the account is disabled. S-119, S-121
func TestResetLinksDie(t *testing.T) {
	for what, change := range map[string]func(env *testenv.Env, user string){
		"an hour":     func(env *testenv.Env, _ string) { env.Clock.Advance(time.Hour) },
		"a password":  func(env *testenv.Env, user string) { patch(env, user, `{"user": {"password": "other-9"}}`) },
		"an address":  func(env *testenv.Env, user string) { patch(env, user, `{"user": {"email": "new@acme.example"}}`) },
		"a suspended": func(env *testenv.Env, user string) { patch(env, user, `{"user": {"enabled": false}}`) },
		"a lock": func(env *testenv.Env, user string) {
			patch(env, user, `{"user": {"options": {"lock_password": true}}}`)
		},
	} {
		env, box, _, _ := cloudWithMail(t)
		user, _ := member(env, "bob", "other")
		patch(env, user, `{"user": {"email": "bob@acme.example"}}`)
		env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "bob").Want(200)
		env.Deliver()
		p := env.Browser().Open(box.Last("bob@acme.example").Link).Want(200, "For the account bob")
		env.Clock.Advance(time.Second)
		change(env, user)
		p.Submit("Set the password", "new", "better-9", "again", "better-9")
		if p.Status != 422 || !containsText(p, "does not work any more") {
			t.Errorf("after %s: %d: %s", what, p.Status, p.Text())
		}
	}
}

func patch(env *testenv.Env, user, body string) {
	env.Admin().Patch("/v3/users/"+user, body).Want(200)
}

// TestLimitsOfResets: three an hour for what was entered, whoever it is. S-118
func TestLimitsOfResets(t *testing.T) {
	env, _, _, _ := cloudWithMail(t)
	for _, name := range []string{"alice", "nobody"} {
		for i := range 4 {
			want := 200
			if i == 3 {
				want = 429
			}
			env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", name).Want(want)
		}
	}
	off := testenv.New(t)
	off.Browser().Open("/portal/forgot").Want(404)
}
