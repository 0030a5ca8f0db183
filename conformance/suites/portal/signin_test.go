package portal

import (
	"strings"
	"testing"
)

// One sentence for all failures, and what was typed stays.
func TestSignIn(t *testing.T) {
	tell(t, "P1 P10", func(s *Story) {
		s.User("ayesha")
		s.Project("acme-web")
		s.Grant("ayesha", "member", "acme-web")

		p := s.Visitor().Open("/portal")
		p.Fill("User name", "ayesha").Fill("Password", "wrong").Press("Sign in")
		unknown := s.Visitor().Open("/portal")
		unknown.Fill("User name", "nobody").Fill("Password", "wrong").Press("Sign in")
		if p.Main() != unknown.Main() {
			s.Errorf("a wrong password says %q, an unknown name %q", p.Main(), unknown.Main())
		}
		if got := p.Value("User name"); got != "ayesha" {
			s.Errorf("the user name is gone: %q", got)
		}
		p.Fill("Password", secret).Press("Sign in").Sees("Your access", "acme-web", "member")
		p.Press("Account of ayesha").Press("Sign out").Sees("Signed out")
		p.Press("Sign in again").Sees("User name")
		p.Open("/portal/nowhere").Sees("Go to the start", "Request")
		if status, _ := p.Came("Content-Type"); status != 404 {
			s.Errorf("a page that is not there came with %d", status)
		}
		// Somebody of another domain names it.
		works := at(map[string]any(s.root.Post("/v3/domains", map[string]any{"domain": map[string]any{"name": "works"}})), "domain.id")
		s.root.Post("/v3/users", map[string]any{"user": map[string]any{"name": "otto", "password": secret, "domain_id": works}})
		p.Open("/portal").Press("Another domain?").Fill("Domain", "works").Fill("User name", "otto").Fill("Password", secret).Press("Sign in").Sees("Sign out", "otto", "No project yet")
		// An e-mail address that is somebody's alone does, too.
		s.root.Patch("/v3/users/"+s.id("users", "ayesha"), map[string]any{"user": map[string]any{"email": "ayesha@acme.example"}})
		s.Visitor().Open("/portal").Fill("User name", "Ayesha@acme.example").Fill("Password", secret).Press("Sign in").Sees("Your access", "acme-web")
		// The page that was asked for comes after signing in.
		q := s.Visitor().Open("/portal/security")
		q.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Where you are signed in")
		// What a disabled account is told is what everybody is told.
		s.root.Patch("/v3/users/"+s.id("users", "ayesha"), map[string]any{"user": map[string]any{"enabled": false}})
		if q.Reload(); !strings.HasPrefix(q.Address(), "/portal/login") {
			s.Errorf("the session of a disabled account goes on at %s", q.Address())
		}
	})
}

// A password that must be changed at first use, by the rules of the cloud.
func TestExpiredPassword(t *testing.T) {
	tellWith(t, "P3", "[security_compliance]\nchange_password_upon_first_use = true\nunique_last_password_count = 2\npassword_regex = .{8,}\npassword_regex_description = At least 8 characters.", func(s *Story) {
		s.User("ayesha")
		p := s.Visitor().Open("/portal")
		p.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Choose a new password", "has expired", "At least 8 characters.")
		p.Fill("Current password", secret).Fill("New password", "short").Fill("New password, again", "short").Press("Change the password and sign in").Sees("At least 8 characters.")
		p.Fill("Current password", secret).Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-9").Press("Change the password and sign in").Sees("not the same")
		p.Fill("Current password", secret).Fill("New password", secret).Fill("New password, again", secret).Press("Change the password and sign in").Sees("Choose a new password")
		p.Fill("Current password", "wrong").Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-8").Press("Change the password and sign in").Sees("not your present password")
		p.Fill("Current password", secret).Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-8").Press("Change the password and sign in").Sees("No project yet", "ayesha")
		p = s.SignIn("ayesha", "Winter-Sun-8")
		// One that is suggested, on the page of one's own.
		p.Open("/portal/security/password").Press("Suggest one").Sees("kept nowhere")
		made := "A Horse in the Ninth Field"
		if s.way.scripts {
			p.Fill("New password", "abcdefgh1").Sees("easy to guess").Fill("New password", made).Sees("strong").Press("Take it")
			made = p.Value("New password")
		} else {
			p.Fill("New password", made).Fill("New password, again", made)
		}
		p.Fill("Current password", "Winter-Sun-8").Press("Change the password").Sees("Your password was changed")
		s.SignIn("ayesha", made)
	})
}

// Somebody asks for an account: the address is proved first, then an administrator lets them in.
func TestSignUp(t *testing.T) {
	tellWith(t, "P7", "[lintel]\nsign_up = true", func(s *Story) {
		p := s.Visitor().Open("/portal").Press("Ask for an account")
		p.Fill("E-mail", "ines@new.example").Fill("User name", "ines").Fill("Project", "render").Fill("What for?", "A render farm").Press("Ask for the account").Sees("Look at your mail")
		link := s.Mail("ines@new.example", "render").Link(s)
		admin := s.admin().Open("/portal/cloud/signups").Sees("Nobody is waiting")
		p.Open(link).Sees("Is this your address?", "render").Press("Yes, it is mine").Sees("Thank you")
		s.Visitor().Open(link).Sees("does not work any more")
		admin.Reload().Row("ines@new.example", "render", "A render farm")
		admin.Press("Let in", "ines@new.example").Sees("Let ines@new.example in?").Press("Make the account").Sees("were made", "Nobody is waiting")
		p.Open(s.Mail("ines@new.example", "/portal/reset/").Link(s)).Fill("New password", secret).Fill("New password, again", secret).Press("Set the password")
		p.Fill("User name", "ines").Fill("Password", secret).Press("Sign in").Sees("render", "member")
		// Another one is refused, and told why.
		q := s.Visitor().Open("/portal/signup")
		q.Fill("E-mail", "otto@new.example").Fill("User name", "otto").Fill("Project", "coins").Press("Ask for the account")
		q.Open(s.Mail("otto@new.example", "coins").Link(s)).Press("Yes, it is mine")
		admin.Reload().Press("Refuse", "otto@new.example").Fill("Why?", "No mining here").Press("Give them no account").Sees("They get no account")
		s.Mail("otto@new.example", "No mining here")
	})
}

func TestForgottenPassword(t *testing.T) {
	tell(t, "P4 P5", func(s *Story) {
		s.User("ayesha")
		old := s.SignIn("ayesha", secret)
		p := s.Visitor().Open("/portal").Press("Forgotten your password?")
		p.Fill("User name or e-mail", "ayesha").Press("Send me a link").Sees("If we know that account")
		known := p.Main()
		link := s.Mail("ayesha@northwind.example", "password").Link(s)
		if p.Open("/portal/forgot").Fill("User name or e-mail", "nobody").Press("Send me a link"); p.Main() != known {
			s.Errorf("somebody unknown is told %q", p.Main())
		}
		p.Open(link).Sees("Choose a new password", "ayesha")
		p.Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-9").Press("Set the password").Sees("not the same")
		p.Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-8").Press("Set the password").Sees("Your password was set")
		p.Fill("User name", "ayesha").Fill("Password", "Winter-Sun-8").Press("Sign in").Sees("Sign out")
		if old.Reload(); !strings.HasPrefix(old.Address(), "/portal/login") {
			s.Errorf("a session from before goes on at %s", old.Address())
		}
		// Used, and explained before any typing.
		s.Visitor().Open(link).Sees("does not work any more").Press("Send me a new one").Sees("Forgotten password")
	})
}
