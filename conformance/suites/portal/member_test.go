package portal

import (
	"strings"
	"testing"
)

// member is somebody with a role on a project, signed in.
func (s *Story) member(name, project string) *Person {
	s.Helper()
	s.User(name)
	s.Project(project)
	s.Grant(name, "member", project)
	return s.SignIn(name, secret)
}

// What somebody may do, where, and where it comes from; without a project, what to do.
func TestHome(t *testing.T) {
	tell(t, "M1 M14 C12", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		crew := at(map[string]any(s.root.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "deployers", "domain_id": "default"}})), "group.id").(string)
		s.root.Put("/v3/groups/"+crew+"/users/"+s.id("users", "ayesha"), nil)
		s.Project("acme-data")
		s.root.Put("/v3/projects/"+s.id("projects", "acme-data")+"/groups/"+crew+"/roles/"+s.id("roles", "reader"), nil)
		p.Open("/portal").Row("acme-web", "member", "reader with member").Row("acme-data", "reader group deployers")
		p.Press("acme-web").Sees("Your roles", "What they permit").Press("What they permit").Sees("What you may do", "computed from the rules of each service")
		// Who may take roles there may give up their own.
		s.GrantDomain("ayesha", "manager")
		p.Press("Overview").Press("Leave the project").Sees("Leave acme-web?", "This is what ends")
		s.alike(p, "domain Default", p.Terminal(), func() { p.Press("Leave the project").Sees("You have left the project") })
		s.User("nora")
		s.SignIn("nora", secret).Sees("No project yet", "Ask whoever invited you")
	})
}

func TestPreferences(t *testing.T) {
	tell(t, "M2", func(s *Story) {
		p := s.member("ayesha", "acme-web").Press("Profile")
		p.Sees("ayesha@northwind.example", "Default")
		p.Fill("Display name (optional)", "Ayesha Khan").Choose("Look", "Dark").Choose("Language", "Deutsch").Press("Save").Sees("Gespeichert", "Ayesha Khan")
		if theme := see[string](p, "text", "html[data-theme=dark] main h1"); theme == "" {
			s.Error("the theme is not dark")
		}
		p.Choose("Sprache", "English").Press("Speichern").Sees("Saved")
		s.admin().Open("/portal/d/default/users").Sees("Ayesha Khan")
	})
}

func TestSessions(t *testing.T) {
	tell(t, "M3 M7", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		elsewhere := s.SignIn("ayesha", secret)
		third := s.SignIn("ayesha", secret)
		p.Press("Security").Sees("Second factor", "Off", "Whoever learns your password is in", "This one", "Chrome on Linux", "End 2 other sessions")
		p.PressFirst("End", "Chrome on Linux").Sees("The session was ended")
		p.Press("End 1 other session").Sees("All other sessions were ended")
		for _, other := range []*Person{elsewhere, third} {
			if other.Reload(); !strings.HasPrefix(other.Address(), "/portal/login") {
				s.Errorf("a session goes on at %s", other.Address())
			}
		}
		// A new password ends them too, and all tokens.
		other := s.SignIn("ayesha", secret)
		token := s.Login("ayesha", secret, nil)
		p.Reload().Press("Change the password").Fill("Current password", secret).Fill("New password", "Winter-Sun-8").Fill("New password, again", "Winter-Sun-8")
		p.Press("Change the password").Sees("Your password was changed")
		if other.Reload(); !strings.HasPrefix(other.Address(), "/portal/login") {
			s.Errorf("a session goes on at %s", other.Address())
		}
		if status := token.Status("GET", "/v3/auth/projects", nil); status != 401 {
			s.Errorf("a token goes on: %d", status)
		}
		s.SignIn("ayesha", "Winter-Sun-8")
	})
}

// The files that the openstack command logs in with, as they are, and with a code.
func TestTerminal(t *testing.T) {
	tell(t, "M15", func(s *Story) {
		p := s.member("ayesha", "acme-web").Press("Terminal")
		p.Sees("openrc.sh", "clouds.yaml")
		rc, yaml := see[string](p, "text", "#openrc"), see[string](p, "text", "#clouds")
		sh := s.Shell("nobody", "", "")
		sh.env = nil
		sh.Input = secret + "\n"
		if out := sh.Run("cat >openrc.sh <<'END'\n" + rc + "\nEND\n. ./openrc.sh && openstack token issue -f value -c project_id"); !strings.Contains(out, s.id("projects", "acme-web")) {
			s.Error(out)
		}
		if out := sh.Run("cat >clouds.yaml <<'END'\n" + yaml + "\nEND\nexport OS_CLIENT_CONFIG_FILE=$PWD/clouds.yaml OS_CLOUD=acme-web OS_PASSWORD=" + secret + "; openstack token issue -f value -c project_id"); !strings.Contains(out, s.id("projects", "acme-web")) {
			s.Error(out)
		}
	})
}
