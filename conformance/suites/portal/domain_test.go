package portal

import (
	"fmt"
	"strings"
	"testing"
)

// manager is somebody who looks after the default domain, signed in.
func (s *Story) manager() *Person {
	s.Helper()
	s.User("moira")
	s.GrantDomain("moira", "manager")
	return s.SignIn("moira", secret)
}

// One form brings somebody in, with project and role; nothing is made when anything fails.
func TestCreateUser(t *testing.T) {
	tell(t, "D2 D3 O1 O2 O3 O4 O5 O6 K1 K4 S1 S2", func(s *Story) {
		moira := s.manager()
		s.Project("acme-web")
		moira.Press("Users").Sees("Who has an account in Default").Press("Create User")
		commands := moira.Terminal()
		moira.find("field", "Role there", "")
		if got := see[string](moira, "chosen"); got != "member" {
			s.Errorf("%s is chosen to begin with", got)
		}
		moira.Fill("User name", "gwen").Fill("E-mail (optional)", "gwen@northwind.example").Fill("Password", secret).Fill("Primary project (optional)", "acme-wrong").Press("Create User").Sees("There is no project acme-wrong")
		if got := moira.Value("User name"); got != "gwen" {
			s.Errorf("the name is gone: %q", got)
		}
		if all := s.root.Get("/v3/users?name=gwen").list("users"); len(all) != 0 {
			s.Error("a half-made user")
		}
		s.alikeTyped(moira, "domain Default", secret+"\n"+secret+"\n", commands, func() {
			moira.Fill("Password", secret).Fill("Primary project (optional)", "acme-web").Press("Create User").Sees("The account was created", "gwen@northwind.example", "acme-web").Press("Access").Sees("acme-web", "member")
		}, "NAME", "gwen", "EMAIL", "gwen@northwind.example", "PROJECT", "acme-web")
		s.Login("gwen", secret, onProject("acme-web"))
		moira.Press("Users").Press("Create User").Fill("User name", "gwen").Fill("Password", secret).Press("Create User").Sees("has a user of this name")

		// Found by a part of the name, on the server, in pages.
		for i := range 55 {
			s.root.Post("/v3/users", map[string]any{"user": map[string]any{"name": fmt.Sprintf("sailor%02d", i), "domain_id": "default"}})
		}
		moira.Press("Users").Fill("Name, e-mail or id", "GWE").Press("Search").Sees("gwen@northwind.example", "enabled").SeesNot("moira@")
		moira.Fill("Name, e-mail or id", "sailor").Press("Search").Press("Next page").Sees("sailor54", "First page").SeesNot("sailor01")
		moira.Fill("Name, e-mail or id", "").Choose("Show", "never signed in").Press("Search").Sees("sailor01")
		s.Shell("moira", secret, "domain Default").Run(strings.Join(moira.Terminal(), "\n"))
		s.Shell("gwen", secret, "project acme-web").Refused("openstack user list --domain Default", "403")
		if gwen := s.SignIn("gwen", secret); gwen.Has("Users") {
			s.Error("a member is led to the users")
		}
	})
}

// Several are brought in by a table, after a look at what would be made.
func TestImportUsers(t *testing.T) {
	tell(t, "D2 D3 O1", func(s *Story) {
		moira := s.manager()
		s.Project("acme-web")
		moira.Press("Users").Press("Create User").Press("Import several from a table instead")
		moira.Fill("Table", "name,email,project,role\nlars,lars@northwind.example,acme-web,member\nmoira,m@northwind.example,,\n").Press("See what would be made")
		moira.Row("lars", "ready").Row("moira", "The name is taken.")
		moira.Press("Create 1 account").Sees("1 of 2 were done", "The name is taken.")
		lars := s.Visitor().Open(s.Mail("lars@northwind.example", "password").Link(s))
		lars.Fill("New password", secret).Fill("New password, again", secret).Press("Set the password").Fill("User name", "lars").Fill("Password", secret).Press("Sign in").Row("acme-web", "member")
	})
}

// All that somebody who looks after accounts does with one.
func TestLookAfterAccount(t *testing.T) {
	tell(t, "D4 D5 S5 S9", func(s *Story) {
		moira := s.manager()
		s.User("ayesha")
		s.Project("acme-web")
		s.Grant("ayesha", "member", "acme-web")
		ayesha := s.SignIn("ayesha", secret)
		account := func() *Person {
			return moira.Press("Users").Fill("Name, e-mail or id", "a").Press("Search").Press("ayesha")
		}
		account().Sees("What it may do", "Roles in 1 place")
		page := moira.Address()
		for tab, words := range map[string][]string{
			"Access": {"acme-web", "member", "reader with member", "Why, and what if"}, "Groups": {"In no group"}, "Credentials": {"None yet"},
			"Security": {"Where they are signed in", "Off"}, "Activity": {"Signed in to the portal"}, "Raw": {`"name": "ayesha"`},
		} {
			moira.Open(page).Press(tab).Sees(words...)
		}
		account().Press("Edit", "Second factor").Sees("A user stays in its domain")
		if f := moira.find("field", "Domain", ""); !f.Readonly {
			s.Error("the domain can be changed")
		}
		s.alike(moira, "domain Default", moira.Terminal(), func() {
			moira.Fill("E-mail (optional)", "ayesha@acme.example").Press("Save").Sees("Saved", "ayesha@acme.example")
		}, "EMAIL", "ayesha@acme.example")

		moira.Press("Disable").Sees("Disable ayesha?", "roles in 1 place")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Disable the account").Sees("The account was disabled") })
		if ayesha.Reload(); !strings.HasPrefix(ayesha.Address(), "/portal/login") {
			s.Error("the session of a disabled account goes on")
		}
		moira.Press("Enable")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Enable the account").Sees("The account was enabled") })
		moira.Press("Set a temporary password").Sees("shown to you once").Press("Suggest one").Sees("kept nowhere")
		made := ""
		if s.way.scripts {
			made = moira.Press("Take it").Value("A password of your choice")
		}
		moira.Press("Set the password").Sees("shown this once")
		given := moira.Shown("secret")
		if made != "" && given != made {
			s.Errorf("%q was suggested, and %q set", made, given)
		}
		s.SignIn("ayesha", given)
		moira.Press("I have saved it").Press("Delete").Sees("Delete ayesha?", "Its roles in 1 place are gone")
		commands := moira.Terminal()
		moira.Fill("Type ayesha to go on", "aisha").Press("Delete the account").Sees("Type ayesha to go on.")
		s.alike(moira, "domain Default", commands, func() {
			moira.Fill("Type ayesha to go on", "ayesha").Press("Delete the account").Sees("The account was deleted")
		})

		// What a service logs in with is not deleted by the way, and nobody shuts themselves out.
		s.User("nova")
		s.Project("service")
		s.Grant("nova", "service", "service")
		moira.Press("Users").Press("nova").Sees("service account", "This account is protected")
		s.admin().Press("Domains").Press("Default").Press("Its users").Press("nova").Press("Disable").Sees("the service stops working for everybody", "Type nova to go on").Press("Cancel")
		moira.Press("Users").Press("moira").Sees("This is you")
		if moira.Has("Delete") || moira.Has("Disable") {
			s.Error("one can shut oneself out")
		}
	})
}

// Too many wrong passwords lock an account, and somebody unlocks it.
func TestUnlock(t *testing.T) {
	tellWith(t, "D2 D5", "[security_compliance]\nlockout_failure_attempts = 2\nlockout_duration = 3600", func(s *Story) {
		moira := s.manager()
		s.User("ayesha")
		for range 2 {
			s.login("ayesha", "wrong", nil)
		}
		p := s.Visitor().Open("/portal")
		p.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Check the name and the password")
		moira.Press("Users").Choose("Show", "locked").Press("Search").Press("ayesha").Sees("locked by wrong passwords").Press("Unlock").Press("Unlock the account").Sees("The account was unlocked")
		p.Fill("Password", secret).Press("Sign in").Sees("No project yet")
	})
}

// Somebody who lost phone and codes gets in again.
func TestResetFactor(t *testing.T) {
	tell(t, "D5", func(s *Story) {
		enrol(s.member("ayesha", "acme-web"))
		moira := s.manager()
		moira.Press("Users").Press("ayesha").Sees("Second factor On").Press("Reset the second factor").Sees("whoever has the password can set up a factor of their own after this")
		moira.Press("Cancel")
		// The command deletes credentials, which only administrators may.
		admin := s.admin().Press("Domains").Press("Default").Press("Its users").Press("ayesha").Press("Reset the second factor")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Press("Reset the second factor").Sees("The second factor was reset") })
		p := s.Visitor().Open("/portal")
		p.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Your second factor was reset", "before that nothing else is open")
		p.Open("/portal/credentials").Sees("Your second factor was reset")
		s.Shell("ayesha", secret, "project acme-web").Refused("openstack token issue", "This account needs a second factor before anything else")
		finishEnrolment(p)
		p.Open("/portal/activity").Sees("Reset the second factor of you")
	})
}

// Who joins a group is told what it gives.
func TestGroups(t *testing.T) {
	tell(t, "D6 S6", func(s *Story) {
		moira := s.manager()
		s.User("ayesha")
		s.Project("acme-web")
		moira.Press("Groups").Sees("No group yet").Press("Create a group")
		commands := moira.Terminal()
		s.alike(moira, "domain Default", commands, func() { moira.Fill("Name", "deployers").Press("Create the group").Sees("Saved", "Nobody is in it") }, "NAME", "deployers")
		s.root.Put("/v3/projects/"+s.id("projects", "acme-web")+"/groups/"+s.id("groups", "deployers")+"/roles/"+s.id("roles", "reader"), nil)
		moira.Fill("User name", "nobody").Press("Add somebody").Sees("There is nobody of this name")
		moira.Fill("User name", "ayesha").Press("Add somebody").Sees("Add ayesha to deployers?", "reader on acme-web")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Add ayesha").Sees("Added to the group") })
		s.Login("ayesha", secret, onProject("acme-web"))
		moira.Tick("Choose ayesha").Press("Remove those chosen").Sees("reader on acme-web")
		s.alike(moira, "domain Default", moira.Terminal(), func() {
			moira.Press("Remove 1 person").Sees("1 of 1 were done").Press("Back to the list").Sees("Nobody is in it")
		}, "NAME", "ayesha")
		moira.Press("Edit")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Fill("Name", "shippers").Press("Save").Sees("Saved") }, "NAME", "shippers")
		moira.Press("Delete").Sees("reader on acme-web")
		s.alike(moira, "domain Default", moira.Terminal(), func() {
			moira.Fill("Type shippers to go on", "shippers").Press("Delete the group").Sees("Deleted", "No group yet")
		})
	})
}

// Projects as a list and as a tree.
func TestProjects(t *testing.T) {
	tell(t, "D7 S22 K2", func(s *Story) {
		moira := s.manager()
		moira.Press("Projects").Press("Create a project")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Fill("Name", "acme").Press("Create the project").Sees("Saved", "0 people") }, "NAME", "acme")
		moira.Press("Projects").Press("Create a project").Fill("Name", "acme-web").Fill("Below the project (optional)", "acne").Press("Create the project").Sees("There is no project acne")
		moira.Fill("Below the project (optional)", "acme").Press("Create the project").Sees("Below", "acme")
		moira.Press("Projects").Press("Tree").Sees("acme").SeesNot("acme-web").Press("Below acme").Sees("acme-web", "Default / acme").Press("acme-web")
		moira.Press("Edit")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Fill("Name", "acme-shop").Press("Save").Sees("Saved") }, "NAME", "acme-shop")
		moira.Press("Disable").Sees("Servers and volumes in it keep running")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Disable the project").Sees("disabled") })
		moira.Press("Enable")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Enable the project").Sees("enabled") })
		nova := at(map[string]any(s.root.Post("/v3/services", map[string]any{"service": map[string]any{"type": "compute", "name": "nova"}})), "service.id")
		s.root.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": nova, "interface": "public", "url": "https://nova.northwind.example/v2.1"}})
		moira.Press("Delete").Sees("may remain, and costs money", "nova (compute): servers and keypairs", "cannot be brought back")
		commands := moira.Terminal()
		moira.Fill("Type acme-shop to go on", "acme").Press("Delete the project").Sees("Type acme-shop to go on.")
		s.alikeTyped(moira, "domain Default", "acme-shop\n", commands, func() { moira.Fill("Type acme-shop to go on", "acme-shop").Press("Delete the project").Sees("Deleted") })
		if strings.Contains(moira.Text(), "enant") {
			s.Error("it says tenant")
		}
	})
}

// Who was granted what, where; roles are given and taken by names.
func TestAssignments(t *testing.T) {
	tell(t, "D8 O9 S1", func(s *Story) {
		moira := s.manager()
		for _, name := range []string{"ayesha", "basil"} {
			s.User(name)
		}
		s.Project("acme-web")
		s.Grant("basil", "reader", "acme-web")
		moira.Press("Assignments").Row("basil", "reader", "acme-web").Press("Grant a role")
		commands := moira.Terminal()
		moira.Fill("Name", "nobody").Fill("On the project", "acme-wrong").Press("Grant the role").Sees("There is nobody of this name", "There is no project acme-wrong")
		s.alike(moira, "domain Default", commands, func() {
			moira.Fill("Name", "ayesha").Choose("Role", "member").Fill("On the project", "acme-web").Press("Grant the role").Sees("The role was granted")
		}, "NAME", "ayesha", "PROJECT", "acme-web", "ROLE", "member")
		moira.Fill("User name", "ayesha").Press("Search").Sees("acme-web").SeesNot("basil")
		moira.Press("Revoke", "ayesha").Sees("Take member from ayesha?")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Take the role back").Sees("The role was taken back") })

		// Admin is another matter.
		admin := s.SignIn("admin", password)
		admin.Press("Domains").Press("Default").Press("Its users").Press("Assignments").Press("Grant a role").Fill("Name", "ayesha").Choose("Role", "admin").Fill("On the project", "acme-web").Press("Grant the role")
		admin.Sees("Grant admin to ayesha?", "gives ayesha 856 of 882 known permissions in every project").Fill("Type ayesha to go on", "basil").Press("Grant admin").Sees("Type ayesha to go on.")
		admin.Fill("Type ayesha to go on", "ayesha").Press("Grant admin").Sees("The role was granted")

		// Who may not take it back sees why, in the place of the button; of the rest there is one.
		moira.Open("/portal/d/default/assignments?user=ayesha").Row("ayesha", "admin", "acme-web", "You may not take this role back")
		if moira.Has("Revoke", "ayesha") {
			s.Error("the manager of a domain is offered to take admin back")
		}
		moira.Open("/portal/d/default/assignments?user=basil")
		if !moira.Has("Revoke", "basil") {
			s.Error("and not to take reader back")
		}
		s.refused(s.Shell("moira", secret, "domain Default"), "openstack role remove --user "+s.id("users", "ayesha")+" --project "+s.id("projects", "acme-web")+" "+s.id("roles", "admin"))
	})
}

// Who has what where is seen by person, role and place, and who has a heavy role anywhere.
func TestAssignmentsPivoted(t *testing.T) {
	tell(t, "D8", func(s *Story) {
		s.Project("acme-web")
		for _, name := range []string{"ayesha", "basil"} {
			s.User(name)
			s.Grant(name, "member", "acme-web")
		}
		s.Grant("basil", "admin", "acme-web")
		admin := s.admin().Press("Domains").Press("Default").Open("/portal/d/default/assignments").Press("By role").Row("member", "2")
		admin.Press("member").Sees("ayesha", "basil").Press("By place").Press("acme-web").Sees("ayesha", "basil")
		admin.Choose("Role", "any role of high impact").Press("Search").Sees("basil").SeesNot("ayesha")
		admin.Press("Revoke admin, basil, acme-web").Sees("Type basil to go on").Fill("Type basil to go on", "basil").Press("Take the role back").Sees("The role was taken back")
	})
}
