package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
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

// TestForgottenPasswordKeptElsewhere: who is let in by identity providers is told which, all of them, each once, and gets no link. M5b
func TestForgottenPasswordKeptElsewhere(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	admin := env.Admin()
	admin.Put("/v3/OS-FEDERATION/mappings/m", `{"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]}}`).Want(201)
	var federated []any
	for _, provider := range []string{"corp", "guild"} {
		admin.Put("/v3/OS-FEDERATION/identity_providers/"+provider, `{"identity_provider": {"enabled": true, "domain_id": "default"}}`).Want(201)
		var protocols []any
		for _, protocol := range []string{"saml2", "openid"} {
			admin.Put("/v3/OS-FEDERATION/identity_providers/"+provider+"/protocols/"+protocol, `{"protocol": {"mapping_id": "m"}}`).Want(201)
			protocols = append(protocols, map[string]any{"protocol_id": protocol, "unique_id": "fred@" + provider})
		}
		federated = append(federated, map[string]any{"idp_id": provider, "protocols": protocols})
	}
	fred := admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "fred", "federated": federated}}).Want(201).Get("user.id")
	change(t, env, `DELETE FROM "local_user" WHERE "user_id" = '`+fred+`'`)
	patch(env, fred, `{"user": {"email": "fred@acme.example"}}`)
	env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "fred@acme.example").Want(200)
	env.Deliver()
	if m := box.Last("fred@acme.example"); !strings.Contains(m.Text, "the identity provider corp / guild looks after it") || m.Link != "" {
		t.Errorf("%s, with the link %q", m.Text, m.Link)
	}
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

// TestResetLinksSayWhy: P5: used, replaced, too old or void is told before anything is typed.
func TestResetLinksSayWhy(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	user, _ := member(env, "bob", "other")
	patch(env, user, `{"user": {"email": "bob@acme.example"}}`)
	ask := func() string {
		env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "bob").Want(200)
		env.Deliver()
		return box.Last("bob@acme.example").Link
	}
	says := func(link, why string) {
		t.Helper()
		env.Browser().Open(link).Want(200, "does not work any more", why, "Send me a new one")
	}
	older, link := ask(), ask()
	says(older, "A newer one was sent")
	env.Browser().Open(link).Submit("Set the password", "new", "better-9", "again", "better-9").Want(200)
	says(link, "It was used already")
	env.Clock.Advance(time.Hour)
	link = ask()
	env.Clock.Advance(time.Hour)
	says(link, "It is too old")
	link = ask()
	patch(env, user, `{"user": {"password": "other-9"}}`)
	says(link, "was changed since")
	says("/portal/reset/none", "There is no such link")
}

func patch(env *testenv.Env, user, body string) {
	env.Admin().Patch("/v3/users/"+user, body).Want(200)
}

// TestMailsInTheReadersLanguage: 3.7, 6.5: whoever asks for a mail, it is in the language that its reader has chosen.
func TestMailsInTheReadersLanguage(t *testing.T) {
	env, box, boss, project := cloudWithMail(t)
	user, _ := member(env, "bob", "other")
	patch(env, user, `{"user": {"email": "bob@acme.example"}}`)
	role := env.Admin().Get("/v3/roles?name=member").Get("roles.0.id")
	env.Admin().Put("/v3/projects/"+project+"/users/"+user+"/roles/"+role, nil).Want(204)
	env.SignIn("bob", "secret").Open("/portal/profile").Submit("Save", "language", "de").Want(200)
	key := env.Login("bob", "secret", testenv.OnProjectID(project)).Post("/v3/users/"+user+"/application_credentials", `{"application_credential": {"name": "ci"}}`).Want(201).
		Get("application_credential.id")
	came := func(what, want string) {
		t.Helper()
		env.Deliver()
		for _, m := range box.All("bob@acme.example") {
			if m.Header.Get("Content-Language") == "de" && strings.Contains(m.Text, want) {
				return
			}
		}
		t.Errorf("%s: no mail in German", what)
	}
	env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "bob").Want(200)
	came("a stranger", "möchte ein neues Passwort")
	boss.Open("/portal/p/" + project + "/credentials/" + key + "/rotate").Submit("Send the mail").Want(200)
	came("who asks to rotate", "Dass sie benutzt wurden, ist nicht bekannt.")
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

// TestTheCodeOfAMail: section 6.2: eight characters and the address lead to where the link does, however they are typed; they use nothing up,
// and are good for few tries, by the link and by where these come from.
func TestTheCodeOfAMail(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	link := invite(env, box, admin, acme, "greta@new.example")
	code := func(address string) string {
		text := box.Last(address).Text
		_, after, there := strings.Cut(text, "the code ")
		if !there {
			t.Fatal(text)
		}
		return after[:9]
	}
	enter := func(address, code string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Want(200, "I have a code from a mail").Open("/portal/code").Want(200).Submit("Go on", "address", address, "code", code)
	}
	right := code("greta@new.example")
	for _, typed := range []string{right, strings.ToLower(right), " " + strings.ReplaceAll(right, "-", "") + " ", right[:2] + " " + right[2:]} {
		enter("Greta@NEW.example", typed).Want(200, "Join acme")
	}
	enter("", right).Want(422, "Enter the address")
	enter("greta@new.example", " ").Want(422, "Enter the code")
	enter("hugo@new.example", right).Want(422, "has this code")
	enter("no address", right).Want(422, "has this code")
	greta := enter("greta@new.example", right) // the fifth try of this link
	enter("greta@new.example", right).Want(422, "too many were tried")
	greta.Submit("Accept with a new account", "name", "greta", "new", "secret-9", "again", "secret-9").Want(200, "Welcome")
	env.Browser().Open(link).Want(200, "was accepted")

	// Of links that are used up, replaced or over there is no code any more.
	bob, _ := member(env, "bob", "other")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	env.Clock.Advance(11 * time.Minute)
	ask := func() {
		env.Clock.Advance(time.Second)
		env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "bob").Want(200, "works for 1 hour")
		env.Deliver()
	}
	ask()
	first := code("bob@acme.example")
	ask()
	enter("bob@acme.example", first).Want(422)
	second := code("bob@acme.example")
	enter("bob@acme.example", second).Want(200, "Choose a new password").Submit("Set the password", "new", "another-1", "again", "another-1").Want(200)
	enter("bob@acme.example", second).Want(422)
	env.Clock.Advance(25 * time.Minute)
	ask()
	env.Clock.Advance(61 * time.Minute)
	enter("bob@acme.example", code("bob@acme.example")).Want(422)
	env.Browser().Open(box.Last("bob@acme.example").Link).Want(200, "does not work any more")

	// From one place, wrong codes and wrong links count together.
	env.Clock.Advance(11 * time.Minute)
	for i := range 20 {
		if i%2 == 0 {
			enter("bob@acme.example", "AAAA-AAAA").Want(422)
		} else {
			env.Browser().Open("/portal/invite/none").Want(404)
		}
	}
	enter("bob@acme.example", "AAAA-AAAA").Want(429)
	for _, path := range []string{"/portal/invite/none", "/portal/reset/none", "/portal/verify/none", "/portal/address/none", "/portal/contact/none", "/portal/unsubscribe/none", "/portal/factor/none"} {
		env.Browser().Open(path).Want(429)
	}
	env.Clock.Advance(11 * time.Minute)
	env.Browser().Open("/portal/invite/none").Want(404)
}

// TestHowLongLinksWork: section 6.3, by the options.
func TestHowLongLinksWork(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t, func(c *config.Config) {
		c.Lintel.InviteLife, c.Lintel.SetUpLife, c.Lintel.ResetLife = 2*24*time.Hour, 5*time.Hour, 20*time.Minute
	})
	admin.Open("/portal/p/"+acme+"/invite").Want(200, "works once, for 2 days")
	invite(env, box, admin, acme, "greta@new.example")
	if m := box.Last("greta@new.example"); !strings.Contains(m.Text, env.Clock.Now().Add(48*time.Hour).UTC().Format("until 2 January 2006")) {
		t.Error(m.Text)
	}
	role := roleID(env, "admin")
	admin.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", "hugo@new.example", "role", role, "typed", "acme")
	list := env.Admin().Get("/v3/lintel/invitations?project=acme&address=hugo@new.example").Want(200)
	if ends, err := time.Parse(time.RFC3339, list.Get("invitations.0.expires_at")); err != nil || ends.Sub(env.Clock.Now()) > 24*time.Hour {
		t.Errorf("an invitation to admin works until %v, %v", ends, err)
	}
	made := env.Admin().Post("/v3/lintel/users", `{"user": {"name": "ines", "email": "ines@acme.example", "invite": true}}`).Want(201)
	if ends, err := time.Parse(time.RFC3339, made.Get("user.link_expires_at")); err != nil || ends.Sub(env.Clock.Now()).Round(time.Minute) != 5*time.Hour {
		t.Errorf("the link to a first password works until %v, %v", ends, err)
	}
	ines := made.Get("user.user.id")
	env.Deliver()
	admin.Open("/portal/d/default/users/"+ines+"/reset").Want(200, "works once, for 20 minutes").Submit("Send the link").Want(200, "works once, for 20 minutes")
	env.Deliver()
	if m := box.Last("ines@acme.example"); !strings.Contains(m.Text, "admin (root@cloud.example) sent you a link") || strings.Contains(m.Text, "most likely you") {
		t.Error(m.Text)
	}
}
