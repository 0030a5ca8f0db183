package portal

import (
	"strings"
	"testing"
)

// team is a project with people, and somebody who looks after the people of its domain.
func (s *Story) team() (moira *Person) {
	s.Helper()
	s.User("moira")
	s.GrantDomain("moira", "manager")
	s.Project("acme")
	s.Project("acme-web", "acme")
	for _, name := range []string{"ayesha", "basil"} {
		s.User(name)
		s.Grant(name, "member", "acme-web")
	}
	return s.SignIn("moira", secret)
}

// people opens the list of who can work in a project.
func (p *Person) people(project string) *Person {
	p.t.Helper()
	return p.Open("/portal/p/" + p.cloud.id("projects", project) + "/people")
}

// Everybody who can work in a project, what they may do, and where each role comes from.
func TestPeople(t *testing.T) {
	tell(t, "J1 C1 C2 C10", func(s *Story) {
		moira := s.team()
		s.User("celia")
		s.User("dimitri")
		crew := at(map[string]any(s.root.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "deployers", "domain_id": "default"}})), "group.id").(string)
		s.root.Put("/v3/groups/"+crew+"/users/"+s.id("users", "celia"), nil)
		s.root.Put("/v3/projects/"+s.id("projects", "acme-web")+"/groups/"+crew+"/roles/"+s.id("roles", "member"), nil)
		s.root.Put("/v3/OS-INHERIT/projects/"+s.id("projects", "acme")+"/users/"+s.id("users", "dimitri")+"/roles/"+s.id("roles", "reader")+"/inherited_to_projects", nil)
		moira.people("acme-web").Sees("Members 4", "Inherited 1", "Groups 1")
		moira.Row("ayesha", "ayesha@northwind.example", "member", "reader with member", "Off", "Update").Row("celia", "group deployers").Row("dimitri", "from acme", "Inherited from acme")
		moira.Fill("Find by name", "AYE").Press("Search").Sees("ayesha").SeesNot("basil")
		moira.Fill("Find by name", "nobody").Press("Search").Sees("Nothing found").Press("Show all")
		moira.Press("Inherited 1").Sees("dimitri").Press("Groups 1").Row("deployers", "1", "member")
		out := s.Shell("moira", secret, "domain Default").Run(strings.Join(moira.people("acme-web").Terminal(), "\n"))
		for _, want := range []string{"ayesha@Default", "celia@Default", "dimitri@Default"} {
			if !strings.Contains(out, want) {
				s.Errorf("the command does not list %s: %s", want, out)
			}
		}

		// A member sees the project, and neither a list of its people nor a way to it.
		ayesha := s.SignIn("ayesha", secret).Press("acme-web")
		if ayesha.Has("People") || ayesha.Has("Invited") {
			s.Error("a member is led to the people")
		}
		if ayesha.people("acme-web").Sees("Not allowed"); !strings.Contains(ayesha.Text(), "Your roles do not permit this") {
			s.Error(ayesha.Text())
		}
		sh := s.Shell("ayesha", secret, "project acme-web")
		sh.Refused("openstack role assignment list --project "+s.id("projects", "acme-web"), "403")
		s.refused(sh, "openstack role add --user "+s.id("users", "basil")+" --project "+s.id("projects", "acme-web")+" "+s.id("roles", "manager"))
	})
}

// Roles are changed after a look at the difference; another's change in between is told.
func TestUpdatePerson(t *testing.T) {
	tell(t, "J3 C3 C17 K6", func(s *Story) {
		moira := s.team()
		moira.people("acme-web").Press("Update", "ayesha").Sees("Roles granted to this person here", "Granted now")
		moira.Press("Review the change").Sees("Nothing would change")
		moira.Tick("member").Tick("manager").Press("Review the change").Sees("Change the roles of ayesha?", "Granted manager", "Taken back member")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Save the change").Sees("The roles were changed") })
		moira.people("acme-web").Row("ayesha", "manager", "member with manager")

		moira.Press("Update", "basil").Tick("reader")
		s.root.Put("/v3/projects/"+s.id("projects", "acme-web")+"/users/"+s.id("users", "basil")+"/roles/"+s.id("roles", "manager"), nil)
		moira.Press("Review the change")
		if text := moira.Text(); !strings.Contains(text, "meanwhile") {
			moira.Press("Save the change").Sees("meanwhile")
		}
		// Different roles in different projects.
		s.Project("cyberdyne")
		s.Grant("ayesha", "reader", "cyberdyne")
		s.SignIn("ayesha", secret).Row("acme-web", "manager").Row("cyberdyne", "reader")
	})
}

// Somebody who has an account is added by the exact name, never by a search.
func TestAddPerson(t *testing.T) {
	tell(t, "S3 O7 K5", func(s *Story) {
		moira := s.team()
		s.User("erika")
		works := at(map[string]any(s.root.Post("/v3/domains", map[string]any{"domain": map[string]any{"name": "works"}})), "domain.id")
		otto := at(map[string]any(s.root.Post("/v3/users", map[string]any{"user": map[string]any{"name": "otto", "password": secret, "domain_id": works}})), "user.id").(string)
		moira.people("acme-web").Press("Add a person").Sees("Exactly as the person signs in with")
		commands := moira.Terminal()
		moira.Fill("User name or ID", "eri").Tick("member").Tick("reader").Press("Add the person").Sees("There is nobody of that name")
		if !moira.Ticked("reader") {
			s.Error("what was ticked is lost")
		}
		s.alike(moira, "domain Default", commands[:1], func() { // the other is for roles that wait for a second factor
			moira.Fill("User name or ID", "erika").Press("Add the person").Sees("The person was added")
		}, "USER", "erika", "ROLE", "reader")
		moira.Row("erika", "reader")
		// Somebody of another domain by their id.
		s.admin().people("acme-web").Press("Add a person").Fill("User name or ID", otto).Press("Add the person").Sees("The person was added", "otto")
		sh := s.Shell("moira", secret, "domain Default")
		sh.Refused("openstack user list --domain works", "No Domain found")
		// As ids, at the terminal.
		sh.Run("openstack role add --user " + s.id("users", "erika") + " --project " + s.id("projects", "acme-web") + " " + s.id("roles", "member"))
	})
}

// One or many are shown out, after what ends was shown.
func TestRevoke(t *testing.T) {
	tell(t, "J4 C18 C19 C5", func(s *Story) {
		moira := s.team()
		for _, name := range []string{"celia", "dimitri"} {
			s.User(name)
		}
		s.Grant("celia", "reader", "acme-web")
		s.Grant("dimitri", "admin", "acme-web")
		sh := s.Shell("basil", secret, "project acme-web")
		sh.Run("openstack application credential create robot")
		token := s.Login("basil", secret, onProject("acme-web"))
		moira.people("acme-web").Press("Update", "ayesha").Press("Revoke all").Sees("Revoke 1 person?", "This is what ends", "All tokens for this project")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Revoke 1 person").Sees("Their roles here were revoked") })

		moira.Press("Revoke those chosen").Sees("Choose at least one person first")
		moira.Tick("Choose basil").Tick("Choose celia").Press("Revoke those chosen").Sees("Revoke 2 people?", "basil", "celia")
		s.alike(moira, "domain Default", moira.Terminal(), func() { moira.Press("Revoke 2 people").Sees("Their roles here were revoked") })
		if status := token.Status("GET", "/v3/auth/catalog", nil); status != 401 {
			s.Errorf("the token of somebody shown out is %d", status)
		}
		// An administrator is out of reach of who may not grant admin, here and at the terminal.
		moira.Row("dimitri", "Holds admin: you may not change that")
		s.refused(s.Shell("moira", secret, "domain Default"), "openstack role remove --user "+s.id("users", "dimitri")+" --project "+s.id("projects", "acme-web")+" "+s.id("roles", "admin"))
	})
}

// Invited, counted, changed, sent again, withdrawn; the link that scanners open goes on working.
func TestInvite(t *testing.T) {
	tell(t, "J2 P6 C15 C16", func(s *Story) {
		s.root.Patch("/v3/users/"+s.root.User, map[string]any{"user": map[string]any{"email": "root@northwind.example"}})
		s.Project("acme-web")
		admin := s.SignIn("admin", password)
		admin.Open("/portal/p/" + s.id("projects", "acme-web")).Press("Invited").Sees("Nobody is waiting")
		admin.PressFirst("Invite people", "").Fill("E-mail addresses", "not an address").Press("Send the invitations").Sees("is not an e-mail address")
		admin.Fill("E-mail addresses", "greta@partner.example\nhugo@partner.example").Fill("Message (optional)", "Welcome aboard").Press("Send the invitations").Sees("are on their way", "2 open invitations")
		mail := s.Mail("greta@partner.example", "acme-web")
		admin.Reload().Past("Being sent").Row("greta@partner.example", "member", "Not accepted yet", "in 7 days")
		for _, want := range []string{"admin", "root@northwind.example", "Northwind Cloud", "acme-web", "Default", "member", "Welcome aboard"} {
			if !strings.Contains(mail.Text, want) {
				s.Errorf("the mail does not say %q: %s", want, mail.Text)
			}
		}
		link := mail.Link(s)
		for range 5 {
			s.Visitor().Open(link).Sees("Join acme-web")
		}
		admin.Reload().Sees("2 open invitations")
		greta := s.Visitor().Open(link).Sees("Join acme-web", "admin (root@northwind.example) invites you", "as member", "Welcome aboard")
		greta.Fill("Choose a user name", "greta").Fill("Choose a password", secret).Fill("The password again", "other").Press("Accept with a new account").Sees("not the same")
		if greta.Value("Choose a user name") != "greta" {
			s.Error("the name is gone")
		}
		greta.Fill("Choose a password", secret).Fill("The password again", secret).Press("Accept with a new account").Sees("Welcome", "acme-web")
		admin.Reload().Sees("1 open invitation").SeesNot("greta")
		admin.people("acme-web").Row("greta", "member")
		s.Mail("root@northwind.example", "greta@partner.example accepted")

		// Whoever is among the people is not invited again, and nobody with them: they are updated.
		admin.Press("Invited").PressFirst("Invite people", "").Fill("E-mail addresses", "jon@partner.example\ngreta@partner.example").Press("Send the invitations")
		admin.Sees("greta@partner.example is the address of greta, who has roles on this project")
		if typed := admin.Value("E-mail addresses"); !strings.Contains(typed, "jon@partner.example") {
			s.Errorf("what was typed is gone: %q", typed)
		}
		if _, err := s.Shell("admin", password, "project admin").Try("lintel invite greta@partner.example --project acme-web --role reader"); err == nil || !strings.Contains(err.Error(), "lintel access grant") {
			s.Errorf("the command says: %v", err)
		}
		admin.Press("Update").Tick("reader").Press("Review the change").Press("Save the change").Sees("The roles were changed").Row("greta", "reader")
		s.Visitor().Open(link).Sees("was accepted")

		// The other one is changed, keeps its link, is sent again, and withdrawn.
		hugo := s.Mail("hugo@partner.example", "acme-web").Link(s)
		admin.Press("Invited").Press("Change", "hugo@partner.example").Sees("The link that they have goes on working").Tick("member").Tick("reader").Press("Save")
		s.Visitor().Open(hugo).Sees("as reader")
		admin.Open("/portal/p/"+s.id("projects", "acme-web")+"/invitations").Press("Send again", "hugo@partner.example").Sees("sent only just now")
		admin.Open("/portal/p/"+s.id("projects", "acme-web")+"/invitations").Press("Withdraw", "hugo@partner.example").Sees("stops working at once").Press("Withdraw the invitation").Sees("was withdrawn", "Nobody is waiting")
		s.Mail("hugo@partner.example", "withdrawn")

		// Who has an account accepts with it, and nobody else does.
		s.User("ida")
		s.User("mallory")
		admin.PressFirst("Invite people", "").Fill("E-mail addresses", "ida@northwind.example").Tick("reader").Press("Send the invitations")
		link = s.Mail("ida@northwind.example", "acme-web").Link(s)
		s.SignIn("mallory", secret).Open(link).Sees("You are signed in as mallory, and this is for ida@northwind.example")
		s.Visitor().Open(link).Press("I have an account: sign in").Fill("User name", "ida").Fill("Password", secret).Press("Sign in").Sees("Join acme-web").Press("Accept as ida").Sees("Welcome", "acme-web")
		admin.Open("/portal/p/"+s.id("projects", "acme-web")+"/invite").Fill("E-mail addresses", "jon@partner.example").Tick("reader").Press("Send the invitations")
		s.Visitor().Open(s.Mail("jon@partner.example", "acme-web").Link(s)).Press("Decline").Sees("You have declined")
		s.Mail("root@northwind.example", "declined")
	})
}

// What each role is for, what it brings along, and what it permits, computed.
func TestRoleGuide(t *testing.T) {
	tell(t, "J7 B13 C4 C7 O11 K7", func(s *Story) {
		moira := s.team()
		moira.Open("/portal/p/"+s.id("projects", "acme-web")).Press("Roles").Row("What it permits member", "reader", "2 people").Row("What it permits manager", "nobody")
		moira.Press("What it permits", "2 people What it permits reader").Sees("nova", "permitted", "under a condition").Press("All roles").Press("What it permits manager").Sees("nova")
		s.admin().Open("/portal/p/" + s.id("projects", "acme-web") + "/roles").Press("What it permits admin").Sees("neutron")
		// A role that reaches less takes nothing away.
		s.SignIn("ayesha", secret).Press("acme-web").Press("What they permit").Sees("member", "reader", "permitted")
	})
}

func TestProjectSettings(t *testing.T) {
	tell(t, "J11", func(s *Story) {
		moira := s.team()
		moira.Open("/portal/p/" + s.id("projects", "acme-web")).Press("Settings")
		commands := moira.Terminal()
		s.alike(moira, "domain Default", commands, func() {
			moira.Fill("Name", "acme-shop").Fill("Description", "The shop").Fill("Tags", "prod").Press("Save").Sees("Saved", "acme-shop")
		}, "NAME", "acme-shop", "DESCRIPTION", "The shop", "TAG", "prod")
		s.SignIn("ayesha", secret).Press("acme-shop").Press("Settings").Sees("The shop", "You may not change this. Somebody who manages the domain can.")
		s.root.Patch("/v3/projects/"+s.id("projects", "acme-shop"), map[string]any{"project": map[string]any{"options": map[string]any{"immutable": true}}})
		moira.Reload().Sees("The project is immutable")
	})
}

// Who administers a project adds people and groups to it, says which roles they have, and sets its limits.
func TestProjectAdmin(t *testing.T) {
	tell(t, "S7", func(s *Story) {
		s.Project("acme-web")
		for _, name := range []string{"ayesha", "basil"} {
			s.User(name)
		}
		s.Grant("ayesha", "admin", "acme-web")
		s.root.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "night-shift", "domain_id": "default"}})
		ayesha := s.SignIn("ayesha", secret).people("acme-web").Press("Add a person").Fill("User name or ID", "basil").Press("Add the person").Sees("The person was added")
		ayesha.Row("basil", "member").Press("Update basil").Tick("reader").Press("Review the change").Press("Save the change").Sees("The roles were changed")
		sh := s.Shell("ayesha", secret, "project acme-web")
		sh.Run("openstack role add --group night-shift --group-domain Default --project acme-web --project-domain Default member")
		ayesha.people("acme-web").Press("Groups 1").Sees("night-shift", "member")
		sh.Run("openstack registered limit create --service keystone --default-limit 10 widgets")
		sh.Run("openstack limit create --project acme-web --service keystone --resource-limit 5 widgets")
		ayesha.people("acme-web").Press("Update basil").Press("Revoke all").Press("Revoke 1 person").Sees("Their roles here were revoked").SeesNot("basil")
	})
}
