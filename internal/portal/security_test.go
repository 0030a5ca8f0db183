package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// M3: the overview tells the password's age and end; who has nothing but a password is told what to do, in this order.
func TestSecurityTellsWhatToBeginWith(t *testing.T) {
	days := 90 * 24 * time.Hour
	env := testenv.New(t, func(c *config.Config) { c.SecurityCompliance.PasswordExpiresDays = &days })
	member(env, "alice", "acme")
	env.Clock.Advance(20 * 24 * time.Hour)
	b := env.SignIn("alice", "secret").Open("/portal/security").Want(200, "Set 20 days ago. It expires", "In this order")
	at := 0
	for _, step := range []string{"Add a passkey, or an authenticator app", "Save recovery codes", "Have a password that you use nowhere else"} {
		i := strings.Index(b.Text(), step)
		if i < at || i < 0 {
			t.Errorf("%q stands at %d, after %d", step, i, at)
		}
		at = i
	}
	follow(t, b, "Do it: Have a password that you use nowhere else.").Want(200, "Current password")
	enrol(t, env, b)
	if b.Open("/portal/security").Want(200, "Set 20 days ago."); strings.Contains(b.Text(), "In this order") {
		t.Error("there is nothing to begin with")
	}
}

// M7: each session tells how it was proved; where the account was seen stands below, and all its tokens can be ended.
func TestSessionsTellHowTheyWereProved(t *testing.T) {
	env := testenv.New(t, passkeys)
	user, acme := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	proved := func(b *testenv.Browser, want ...string) {
		t.Helper()
		if !strings.HasPrefix(b.Path, "/portal/d/") {
			b.Open("/portal/security").Want(200)
		}
		got := slices.Sorted(slices.Values(column(b, "Proved by"))) // those of one minute come in any order
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("proved by %q, want %q", got, want)
		}
	}
	proved(b, "password")
	phone, codes := enrol(t, env, b)
	verify(env, "alice", phone.next()).Want(200, "Your access")
	proved(b, "password, code", "password, code")
	w := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200)
	w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", codes[5]).Want(200)
	proved(w, "password, code", "password, code", "password, recovery code")
	proved(env.SignIn("admin", testenv.Password).Open("/portal/d/default/users/"+user+"/security"), "password, code", "password, code", "password, recovery code")

	member(env, "carol", "web")
	laptop := &testenv.Authenticator{Synced: true}
	enrolPasskey(t, env.SignIn("carol", "secret"), laptop)
	proved(env.Browser().Open("/portal/login").Passkey(laptop, "Sign in with a passkey").Want(200), "passkey", "password, passkey")

	b.Open("/portal/security").Want(200, "Where your account was seen", "Nowhere yet")
	r := env.Authenticate(byBoth(user, phone.next(), `{"project": {"id": "`+acme+`"}}`)).Want(201)
	token := r.Header.Get("X-Subject-Token")
	if err := env.Server.DB.Settle(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	b.Open("/portal/security").Want(200, "acme 192.0.2.1 now", "without a project 192.0.2.1")
	follow(t, b, "End all tokens").Want(200, "You sign in again, here, too.", "/users/"+user+"/tokens").Submit("End all tokens and sessions").Want(200, "Sign in")
	env.Get("/v3/auth/tokens", "X-Auth-Token", token).Want(401)
	if w.Open("/portal"); !strings.HasPrefix(w.Path, "/portal/login") {
		t.Error("another session goes on")
	}
}
