package portal_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// passkeys lets the cloud take passkeys.
func passkeys(c *config.Config) { c.Lintel.PortalURL = "https://identity.example/portal" }

// enrolPasskey sets a passkey up as the second factor of who is signed in.
func enrolPasskey(t *testing.T, b *testenv.Browser, a *testenv.Authenticator) []string {
	t.Helper()
	b.Open("/portal/security/totp/new").Want(200, "For you, this means").Submit("Continue with a passkey").Want(200, "Make a passkey")
	b.Passkey(a, "Make the passkey", "name", "this laptop").Want(200, "Your recovery codes")
	codes := recovery(b)
	b.Submit("Turn it on", "typed", codes[0]).Want(200, "Your second factor is on")
	return codes
}

// M5, P1, P2, S-114, S-120: a passkey is two factors by itself, and one beside the password.
func TestPasskeys(t *testing.T) {
	env := testenv.New(t, passkeys)
	user, _ := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	elsewhere := env.SignIn("alice", "secret")
	token := env.Login("alice", "secret").Token
	laptop := &testenv.Authenticator{Synced: true}
	codes := enrolPasskey(t, b, laptop)
	b.Open("/portal/security").Want(200, "Signing in takes a passkey.", "1 passkey")
	if elsewhere.Open("/portal"); !strings.HasPrefix(elsewhere.Path, "/portal/login") {
		t.Error("another session goes on")
	}
	env.Admin().Validate(token).Want(404)

	// Alone.
	w := env.Browser().Open("/portal/login?next=/portal/profile")
	w.Passkey(laptop, "Sign in with a passkey").Want(200, "Profile")
	if w.Path != "/portal/profile" {
		t.Errorf("it goes on at %s", w.Path)
	}
	w.Open("/portal/credentials/new").Want(200, "member") // with all rights

	// What was answered once, or is answered late, is worth nothing; nor is an answer for another page.
	w = env.Browser().Open("/portal/login")
	action, form := w.Form("Sign in with a passkey")
	form = w.Answer(laptop, form)
	w.Send("POST", action, form).Want(200)
	thief := env.Browser().Open("/portal/login")
	_, his := thief.Form("Sign in with a passkey")
	his.Set("answer", form.Get("answer"))
	thief.Send("POST", action, his).Want(422, "took too long")
	late := env.Browser().Open("/portal/login")
	_, form = late.Form("Sign in with a passkey")
	form = late.Answer(laptop, form)
	env.Clock.Advance(10 * time.Minute)
	late.Send("POST", action, form).Want(422, "took too long")
	fake := laptop.Copy()
	fake.Origin = "https://identity.example.evil.test"
	env.Browser().Open("/portal/login").Passkey(fake, "Sign in with a passkey").Want(422, "That did not work")

	// After the password any passkey does, one without a PIN too; alone that one does not.
	key := &testenv.Authenticator{Unverified: true, Counts: true}
	b.Open("/portal/confirm?next=/portal/security/passkeys").Passkey(laptop, "Use a passkey").Want(200, "this laptop", "On several devices")
	b.Submit("Add a passkey").Want(200, "Make a passkey").Passkey(key, "Make the passkey", "name", "blue key").Want(200, "The passkey was added", "blue key", "On one device")
	env.Browser().Open("/portal/login").Passkey(key, "Sign in with a passkey").Want(422, "That did not work")
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "Use your passkey")
	w.Passkey(key, "Use a passkey").Want(200, "acme")

	// A copy counts the same again, and is refused.
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	twin := key.Copy()
	w.Passkey(key, "Use a passkey").Want(200)
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Passkey(twin, "Use a passkey").Want(422, "That did not work")

	// The password alone leads to a receipt: of Keystone's words first, of ours after them.
	r := env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	if got := fmt.Sprint(r.Value("required_auth_methods")); got != "[[password totp] [password webauthn]]" || r.Header.Get("Openstack-Auth-Receipt") == "" {
		t.Errorf("required: %s", got)
	}
	if got := fmt.Sprint(env.Admin().Get("/v3/users/" + user).Want(200).Value("user.options")); got != "map[multi_factor_auth_enabled:true multi_factor_auth_rules:[[password totp]]]" {
		t.Errorf("options: %s", got)
	}
	env.Authenticate(`{"auth": {"identity": {"methods": ["webauthn"], "webauthn": {"user": {"id": "` + user + `"}}}}}`).Want(401)

	// With a recovery code as with an app.
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", codes[1]).Want(200, "9 recovery codes are left")
}

// M5: rename, remove, the last one, the known one, the most; 5.6: 10; S-120
func TestLookingAfterPasskeys(t *testing.T) {
	env := testenv.New(t, passkeys)
	member(env, "alice", "acme")
	member(env, "bob", "other")
	b := env.SignIn("alice", "secret").Open("/portal/security/passkeys").Want(200, "No passkey yet", "Turn on a second factor")
	laptop := new(testenv.Authenticator)
	enrolPasskey(t, b, laptop)
	b.Open("/portal/security/passkeys").Submit("Rename", "name", "  my \n desk ").Want(200, "Saved", "my desk")
	b.Submit("Rename", "name", strings.Repeat("x", 61)).Want(422, "at most 60 characters", "my desk")
	b.Open(link(t, b, "Remove")).Want(200, "Remove the passkey my desk?").Submit("Remove the passkey").Want(422, "the last factor that is left")

	// Another one, and with it the first may go.
	phone := new(testenv.Authenticator)
	env.Clock.Advance(time.Second)
	b.Open("/portal/security/passkeys").Submit("Add a passkey").Passkey(phone, "Make the passkey", "name", "phone").Want(200, "phone")
	b.Open(link(t, b, "Remove")).Submit("Remove the passkey").Want(200, "The passkey was removed")
	if strings.Contains(b.Text(), "my desk") {
		t.Error("it is still there")
	}
	env.Browser().Open("/portal/login").Passkey(laptop, "Sign in with a passkey").Want(422, "That did not work")
	env.Browser().Open("/portal/login").Passkey(phone, "Sign in with a passkey").Want(200)

	// An app beside it, for the command line.
	b.Open("/portal/security/totp/new").Want(200, "Add an authenticator app").Submit("Continue")
	p := scan(t, env, b)
	b.Submit("Continue", "code", p.code()).Want(200)
	codes := recovery(b)
	b.Submit("Turn it on", "typed", codes[0]).Want(200)
	verify(env, "alice", p.next()).Want(200, "acme")
	env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "Enter the code").Passkey(phone, "Use a passkey").Want(200, "acme")

	// S-122: nobody else's.
	bob := env.SignIn("bob", "secret")
	_, form := b.Open("/portal/security/passkeys").Form("Rename")
	_, his := bob.Open("/portal").Form("Sign out")
	bob.Send("POST", "/portal/security/passkeys/rename", url.Values{"csrf": {his.Get("csrf")}, "id": {form.Get("id")}, "name": {"x"}}).Want(404)
	bob.Open("/portal/security/passkeys/remove?id=" + form.Get("id")).Want(404)
	bob.Send("POST", "/portal/security/passkeys/remove", url.Values{"csrf": {his.Get("csrf")}, "id": {form.Get("id")}}).Want(404)

	// His authenticator may hold passkeys of both; an answer of the wrong one is worth nothing.
	w := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	action, ask := w.Form("Use a passkey")
	evil := new(testenv.Authenticator)
	enrolPasskey(t, bob, evil)
	x := env.Browser().Open("/portal/login")
	_, anybody := x.Form("Sign in with a passkey")
	ask.Set("answer", x.Answer(evil, anybody).Get("answer"))
	w.Send("POST", action, ask).Want(422, "That did not work")

	// It ends with one more proof, be that a passkey; then nothing of it is left.
	b.Open("/portal/confirm?next=/portal/security/totp/remove").Passkey(phone, "Use a passkey").Want(200, "Turn the second factor off")
	b.Passkey(phone, "Turn it off with a passkey").Want(200, "Your second factor is off")
	env.Browser().Open("/portal/login").Passkey(phone, "Sign in with a passkey").Want(422)
	env.SignIn("alice", "secret").Open("/portal/security/passkeys").Want(200, "No passkey yet")
}

// S-115, S-120: what was proved long ago, or by a token, changes no passkey.
func TestPasskeysTakeAFreshProof(t *testing.T) {
	env := testenv.New(t, passkeys)
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	phone := new(testenv.Authenticator)
	enrolPasskey(t, b, phone)
	env.Clock.Advance(6 * time.Minute)
	if b.Open("/portal/security/passkeys").Submit("Add a passkey"); !strings.HasPrefix(b.Path, "/portal/confirm?next=") {
		t.Errorf("one is added after six minutes: %s", b.Path)
	}
	b.Open("/portal/security/passkeys").Open(link(t, b, "Remove"))
	if !strings.HasPrefix(b.Path, "/portal/confirm?next=") {
		t.Errorf("one is removed after six minutes: %s", b.Path)
	}
	b.Passkey(phone, "Use a passkey").Want(200, "Remove the passkey")
}

// M5: passkeys need a name and HTTPS, or the own machine.
func TestWherePasskeysWork(t *testing.T) {
	for at, want := range map[string]string{
		"": "Passkeys are bound to localhost", "https://127.0.0.1:5000": "an address that passkeys cannot be bound to", "http://cloud.example": "an address that passkeys cannot be bound to",
		"https://id.cloud.example": "Turn on a second factor",
	} {
		env := testenv.New(t, func(c *config.Config) { c.Lintel.PortalURL = at })
		member(env, "alice", "acme")
		b := env.SignIn("alice", "secret").Open("/portal/security/passkeys").Want(200, want)
		asks := strings.Contains(env.Browser().Open("/portal/login").Body, "Sign in with a passkey")
		if usable := at == "https://id.cloud.example"; asks != usable {
			t.Errorf("%q: the sign-in page asks for a passkey: %v", at, asks)
		}
		_, form := b.Form("Sign out")
		if r := b.Send("POST", "/portal/security/passkeys", url.Values{"csrf": {form.Get("csrf")}}); at != "https://id.cloud.example" && r.Status != 403 {
			t.Errorf("%q: %d", at, r.Status)
		}
	}
}

// 5.6: 17. After the portal was renamed its passkeys answer no more; the start says of how many people, and a recovery code helps.
func TestPortalRenamed(t *testing.T) {
	dir, clock := t.TempDir(), testenv.NewClock()
	env := testenv.Open(t, dir, clock, passkeys)
	member(env, "alice", "acme")
	phone := new(testenv.Authenticator)
	codes := enrolPasskey(t, env.SignIn("alice", "secret"), phone)
	if strings.Contains(env.Log(), "bound to another domain") {
		t.Error("it warns of nothing")
	}
	moved := testenv.Open(t, dir, clock, passkeys, func(c *config.Config) { c.Lintel.PortalURL = "https://login.example" })
	if !strings.Contains(moved.Log(), `bound to another domain than the portal's`) || !strings.Contains(moved.Log(), `"users":1`) {
		t.Error("it does not warn")
	}
	phone.Origin = "https://login.example"
	moved.Browser().Open("/portal/login").Passkey(phone, "Sign in with a passkey").Want(422, "That did not work")
	w := moved.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", codes[1]).Want(200, "9 recovery codes are left")
	w.Open("/portal/security/passkeys").Want(200, "Works at identity.example only")

	// Within a domain above both, they go on.
	within := testenv.New(t, func(c *config.Config) {
		c.Lintel.PortalURL, c.Lintel.PasskeyRPID = "https://id.cloud.example", "cloud.example"
	})
	member(within, "alice", "acme")
	key := &testenv.Authenticator{Origin: "https://id.cloud.example"}
	enrolPasskey(t, within.SignIn("alice", "secret"), key)
	within.Browser().Open("/portal/login").Passkey(key, "Sign in with a passkey").Want(200, "acme")
}
