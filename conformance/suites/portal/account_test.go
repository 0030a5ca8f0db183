package portal

import "testing"

// What an account is for, and so where it may sign in: the portal alone, or the API alone.
func TestKindsOfAccounts(t *testing.T) {
	tell(t, "B1 B2 B4 B10", func(s *Story) {
		s.Project("acme-web")
		for _, name := range []string{"ayesha", "basil"} {
			s.User(name)
			s.Grant(name, "member", "acme-web")
		}
		admin := s.admin().Press("Domains").Press("Default").Press("Its users").Press("ayesha").Sees("The account is for", "A person", "This portal, command line and API")
		admin.Open("/portal/d/default/users/" + s.id("users", "ayesha") + "/kind").Sees("What ayesha is for")
		admin.Tick("A person, in the portal alone").Press("Save").Sees("Saved", "A person, in the portal alone")
		if status, _, body := s.login("ayesha", secret, onProject("acme-web")); status != 403 {
			s.Errorf("somebody of the portal alone gets %d %v", status, body)
		}
		s.Shell("ayesha", secret, "project acme-web").Refused("openstack token issue", "403")
		s.SignIn("ayesha", secret).Press("Profile").Sees("A person, in the portal alone", "This portal")

		admin.Open("/portal/d/default/users/"+s.id("users", "basil")+"/kind").Tick("An API user").Press("Save").Sees("Saved", "An API user")
		p := s.Visitor().Open("/portal")
		p.Fill("User name", "basil").Fill("Password", secret).Press("Sign in").Sees("This is an API user")
		p.Fill("Password", "wrong").Press("Sign in").SeesNot("This is an API user")
		s.Shell("basil", secret, "project acme-web").Run("openstack token issue")
	})
}
