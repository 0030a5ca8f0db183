package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/testenv"
)

// 6.3: who has the database at hand lets an administrator in who is locked out, by a link that works once and for a quarter of an hour.
func TestRescueOfAnAdministrator(t *testing.T) {
	var cfg *config.Config
	env, _, root, _ := cloudWithMail(t, func(c *config.Config) { cfg = c })
	var said []string
	rescue := func(r server.Rescue) string {
		t.Helper()
		r.Username, r.Done = "admin", func(m string) { said = append(said, m) }
		link, err := r.Run(t.Context(), cfg, env.Server.DB)
		if err != nil {
			t.Fatal(err)
		}
		path, ours := strings.CutPrefix(link, "https://identity.example")
		if !ours {
			t.Fatal(link)
		}
		return path
	}
	admin := env.Admin()
	id := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	olga, ops := member(env, "olga", "ops")
	admin.Put("/v3/projects/"+ops+"/users/"+olga+"/roles/"+roleID(env, "admin"), nil).Want(204)

	first := rescue(server.Rescue{})
	link := rescue(server.Rescue{})
	env.Browser().Open(first).Want(200, "does not work any more")
	env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", "admin").Want(200)
	env.Deliver() // a stranger asks for a mail
	for range 20 {
		env.Browser().Open(link).Want(200, "Choose a new password", "For the account admin")
	}
	if len(said) != 0 {
		t.Errorf("it says %q", said)
	}
	env.Clock.Advance(15*time.Minute - time.Second)
	b := env.Browser().Open(link).Want(200, "For the account admin")
	env.Clock.Advance(time.Second)
	b.Submit("Set the password", "new", "better-9", "again", "better-9").Want(422, "does not work any more")
	env.Login("admin", testenv.Password)

	// Its reader is led to a second factor.
	env.Browser().Open(rescue(server.Rescue{})).Submit("Set the password", "new", "better-9", "again", "better-9").Want(200, "Sign in").
		Submit("Sign in", "name", "admin", "password", "better-9").Want(200, "Turn on a second factor")
	env.Clock.Advance(2 * time.Second)
	admin.Get("/v3/users").Want(401)
	if root.Open("/portal"); !strings.HasPrefix(root.Path, "/portal/login") {
		t.Error("a session from before goes on")
	}

	// A link that was tampered with leads nowhere else.
	link, _, _ = strings.Cut(rescue(server.Rescue{}), "?")
	env.Browser().Open(link+"?next=https://evil.example/").Submit("Set the password", "new", "better-10", "again", "better-10").Want(200, "Sign in").
		Submit("Sign in", "name", "admin", "password", "better-10").Want(200, "Your access")
	env.Clock.Advance(2 * time.Second)

	// Locked out by a lost factor, and suspended.
	root = env.Browser().Open("/portal/login").Submit("Sign in", "name", "admin", "password", "better-10")
	enrol(t, env, root)
	helper := env.Login("olga", "secret", testenv.OnProjectID(ops))
	helper.Patch("/v3/users/"+id, `{"user": {"enabled": false}}`).Want(200)
	link = rescue(server.Rescue{ResetFactor: true})
	if got := strings.Join(said, " "); got != "Enabled user admin. Reset the second factor of user admin." {
		t.Errorf("it says %q", got)
	}
	b = env.Browser().Open(link).Submit("Set the password", "new", "even-better-9", "again", "even-better-9").
		Submit("Sign in", "name", "admin", "password", "even-better-9").Want(200, "Turn on a second factor", "was reset")
	lockedOut(t, b)
	if events := helper.Get("/v3/lintel/events").Want(200).Body; !strings.Contains(events, "user.link_printed") || !strings.Contains(events, "user.factor_reset") {
		t.Error(events)
	}
}

// Not every account can be let in so, nor where nobody knows the portal's address.
func TestRescueIsRefused(t *testing.T) {
	var cfg *config.Config
	env := testenv.New(t, func(c *config.Config) { cfg = c })
	cfg.Lintel.PortalURL = "https://identity.example/portal"
	if _, err := (server.Rescue{Username: "nobody"}).Run(t.Context(), cfg, env.Server.DB); err == nil || !strings.Contains(err.Error(), "no user nobody") {
		t.Errorf("for nobody: %v", err)
	}
	cfg.Lintel.PortalURL, cfg.Default.PublicEndpoint = "", ""
	if _, err := (server.Rescue{Username: "admin"}).Run(t.Context(), cfg, env.Server.DB); err == nil || !strings.Contains(err.Error(), "portal_url") {
		t.Errorf("without an address: %v", err)
	}
}
