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
