package portal

import (
	"strings"
	"testing"
)

// openAccount opens the account of a customer and returns the password of its main user.
func (s *Story) openAccount(address, project string) string {
	s.Helper()
	admin := s.admin().Press("Domains").Press("Default").Press("Its users").Press("Create User").Press("Open an account of a customer instead: a project and its main user.")
	return admin.Fill("E-mail of the main user", address).Fill("Project", project).Press("Open the account").Sees("shown this once").Shown("secret")
}

// A customer's main user signs in to the portal alone, where one sign-in opens all, and makes API users for everything else.
func TestMainUser(t *testing.T) {
	tell(t, "B2 B6 B7 B8 B9 B10 B11 J5", func(s *Story) {
		pw := s.openAccount("ann@tern.example", "tern")
		if status, _, body := s.login("ann@tern.example", pw, onProject("tern")); status != 403 || !strings.Contains(at(body, "error.message").(string), "for the portal only") {
			s.Errorf("the main user gets %d %v at the API", status, body)
		}
		ann := s.SignIn("ann@tern.example", pw).Sees("Nobody but you looks after tern")
		ann.Press("Profile").Sees("Main user of", "tern", "This portal")
		ann.Press("Home").Press("Work with API users").Sees("No API user yet").Press("Create an API user").Sees("It begins with ann@tern.example_")
		ann.Fill("Name", "c i").Press("Create the API user").Sees("letters, digits")
		ann.Fill("Name", "ci").Fill("Description (optional)", "Builds").Press("Create the API user").Sees("ann@tern.example_ci", "shown this once")
		given := ann.Shown("secret")
		ci := s.Shell("ann@tern.example_ci", given, "project tern")
		ci.Run("openstack token issue")
		if out := s.Shell("admin", password, "system").Run("openstack user show --domain default -f value -c name ann@tern.example_ci"); strings.TrimSpace(out) != "ann@tern.example_ci" {
			s.Errorf("it is called %s", out)
		}
		ann.Press("I have saved it").Row("ann@tern.example_ci", "Builds", "member").SeesNot(given)

		// Two owners choose the same name, and an API user neither signs in here nor makes others.
		s.SignIn("bo@wader.example", s.openAccount("bo@wader.example", "wader")).Press("Work with API users").Press("Create an API user").Fill("Name", "ci").Press("Create the API user").Sees("bo@wader.example_ci")
		s.Visitor().Open("/portal").Fill("User name", "ann@tern.example_ci").Fill("Password", given).Press("Sign in").Sees("This is an API user")
		ci.Refused("lintel api-user create more --project tern", "403")

		ann.Press("New password ann@tern.example_ci").Sees("programs that use them stop").Press("Set the password").Sees("shown this once")
		ci.Refused("openstack token issue", "401")
		s.Shell("ann@tern.example_ci", ann.Shown("secret"), "project tern").Run("openstack token issue")
		ann.Press("I have saved it").Press("Disable ann@tern.example_ci").Sees("All its tokens end at once").Press("Disable the API user").Row("ann@tern.example_ci", "disabled")
		ann.Press("Enable ann@tern.example_ci").Press("Enable the API user").Sees("The API user is enabled").Press("Delete ann@tern.example_ci").Sees("cannot be brought back").Press("Delete the API user").Sees("No API user yet")
	})
}

// The main user lets somebody into parts of the pages of the project, who sees these alone, gets no token and is no API user.
func TestPortalUsers(t *testing.T) {
	tell(t, "B3 B4", func(s *Story) {
		ann := s.SignIn("ann@tern.example", s.openAccount("ann@tern.example", "tern"))
		ann.Open("/portal/p/" + s.id("projects", "tern")).Press("Contacts").Press("Somebody who is to sign in here: invite a portal user").Sees("No portal users yet")
		ann.Press("Invite a portal user").Fill("E-mail addresses", "paula@tern.example").Press("Send the invitation").Sees("Choose at least one area")
		ann.Tick("Contacts").Tick("Activity").Press("Send the invitation").Row("paula@tern.example", "Contacts", "Activity")
		link := s.Mail("paula@tern.example", "tern").Link(s)
		paula := s.Visitor().Open(link).Sees("Look after tern", "Contacts, Activity")
		paula.Fill("Choose a user name", "paula").Fill("Choose a password", secret).Fill("The password again", secret).Press("Accept with a new account").Sees("Welcome", "no role on it")
		for name, there := range map[string]bool{"Contacts": true, "People": false, "API users": false, "Project credentials": false, "Portal users": false, "Settings": false} {
			if paula.Has(name) != there {
				s.Errorf("the menu has %s: %v", name, !there)
			}
		}
		here := "/portal/p/" + s.id("projects", "tern")
		paula.Press("Contacts").Sees("No contacts yet").Open(here + "/api-users").Sees("Not found").Open(here + "/people").Sees("Not found")
		if status, _, body := s.login("paula", secret, onProject("tern")); status == 201 {
			s.Errorf("paula gets a token for the project: %v", body)
		}
		s.Shell("paula", secret, "").Refused("openstack token issue", "for the portal only")
		ann.Press("API users").Sees("No API user yet").SeesNot("paula")

		// All areas: she makes API users now. Then she is let out.
		ann.Press("Portal users").Press("Change paula").Tick("All of these").Press("Save").Sees("Saved")
		paula.Open(here).Press("API users").Press("Create an API user").Fill("Name", "ci").Press("Create the API user").Sees("paula_ci")
		s.Shell("paula_ci", paula.Shown("secret"), "project tern").Run("openstack token issue")
		admin := s.admin().Open(here + "/portal-users").Press("Change paula")
		s.Shell("admin", password, "system").Run(strings.NewReplacer("AREA", "activity").Replace(strings.Join(admin.Terminal(), "\n")))
		paula.Open(here + "/contacts").Sees("Not found").Open(here + "/activity").Sees("Activity")
		admin.Press("Remove").Press("Remove the portal user").Sees("Deleted", "No portal users yet")
		paula.Open(here + "/activity").Sees("Not found")
	})
}

// Who looks after a domain makes API users, too, here or by the command.
func TestAPIUsersByCommand(t *testing.T) {
	tell(t, "J5 B8 B9", func(s *Story) {
		moira := s.team()
		moira.Open("/portal/p/" + s.id("projects", "acme-web")).Press("API users").Press("Create an API user")
		s.alike(moira, "domain Default", moira.Terminal(), func() {
			moira.Fill("Name", "ci").Fill("Description (optional)", "Builds").Press("Create the API user").Sees("moira_ci")
		}, "NAME", "ci", "TEXT", "Builds")
		moira.Press("I have saved it").Row("moira_ci", "moira")
		if out := s.Shell("moira", secret, "domain Default").Run(strings.Join(moira.Terminal(), "\n")); !strings.Contains(out, "moira_ci") {
			s.Error(out)
		}
		moira.Press("Delete moira_ci")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Delete the API user").Sees("Deleted") })
	})
}
