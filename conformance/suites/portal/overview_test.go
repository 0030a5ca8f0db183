package portal

import (
	"strings"
	"testing"
)

// A domain at a glance: each number leads to those whom it counts.
func TestDomainOverview(t *testing.T) {
	onceThere(t, "/d/{domain}")
	tellWith(t, "D1", "[security_compliance]\nlockout_failure_attempts = 2\nlockout_duration = 3600", func(s *Story) {
		moira := s.manager()
		s.User("ayesha")
		for range 2 {
			s.login("ayesha", "wrong", nil)
		}
		moira.Press("Overview").Sees("1 locked by wrong passwords", "without a second factor").Press("1 locked by wrong passwords").Row("ayesha").SeesNot("admin")
		s.root.Post("/v3/domains", map[string]any{"domain": map[string]any{"name": "works"}})
		admin := s.admin().Open("/portal/d/"+s.id("domains", "works")).Sees("To begin with", "0 users")
		admin.Press("Do it", "Create the first project").Sees("Create a project")
	})
}

// All invitations of a domain, found by address, project and inviter.
func TestDomainInvitations(t *testing.T) {
	onceThere(t, "/d/{domain}/invitations")
	tell(t, "D11", func(s *Story) {
		moira := s.manager()
		for _, name := range []string{"acme-web", "acme-data"} {
			s.Project(name)
		}
		moira.Press("Invitations").Sees("Nobody is invited")
		for address, project := range map[string]string{"zoe@partner.example": "acme-web", "yan@partner.example": "acme-data"} {
			moira.Open("/portal/p/"+s.id("projects", project)+"/invite").Fill("E-mail addresses", address).Press("Send the invitations").Sees("on their way")
		}
		moira.Press("Invitations").Row("zoe@partner.example", "acme-web", "moira").Row("yan@partner.example", "acme-data")
		if out := s.Shell("moira", secret, "domain Default").Run(strings.Join(moira.Terminal(), "\n")); !strings.Contains(out, "zoe@partner.example | acme-web") || !strings.Contains(out, "yan@partner.example | acme-data") {
			s.Error(out)
		}
		moira.Fill("Address, project or inviter", "acme-web").Press("Search").Sees("zoe@partner.example").SeesNot("yan@partner.example")
	})
}

// A domain asks more of its people than the cloud, never less.
func TestDomainRules(t *testing.T) {
	onceThere(t, "/d/{domain}/rules")
	tellWith(t, "D9", "[security_compliance]\nlockout_failure_attempts = 4\nlockout_duration = 3600", func(s *Story) {
		moira := s.manager()
		s.User("ayesha")
		moira.Press("Rules").Row("Wrong passwords that lock an account", "4", "the cloud's configuration").Row("Shortest password", "no rule", "default")
		moira.Fill("Wrong passwords that lock an account", "9").Press("Save the rules").Sees("The cloud asks for more than that")
		s.alike(moira, "domain Default", moira.Terminal(), func() {
			moira.Fill("Wrong passwords that lock an account", "").Fill("Shortest password", "9").Press("Save the rules").Sees("Saved")
		}, "LENGTH", "9")
		moira.Fill("Wrong passwords that lock an account", "2").Fill("Shortest password", "10").Press("Save the rules").Sees("Saved").Row("Wrong passwords that lock an account", "2", "this domain")
		if status := s.root.Status("POST", "/v3/users", map[string]any{"user": map[string]any{"name": "short", "password": "Abc-1", "domain_id": "default"}}); status != 400 {
			s.Errorf("a short password is %d", status)
		}
		for range 2 {
			s.login("ayesha", "wrong", nil)
		}
		if status, _, _ := s.login("ayesha", secret, nil); status != 401 {
			s.Errorf("a locked account is %d", status)
		}
	})
}

// A second factor is asked for, then required: of everybody in a domain from a day on, and by the cloud of who has a role.
func TestFactorRequired(t *testing.T) {
	tellWith(t, "D9 B25", "[lintel]\nsecond_factor = roles\nsecond_factor_roles = auditor", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		moira := s.manager().Press("Rules").Sees("Required for some roles · the cloud's configuration")
		moira.Choose("What this domain asks for", "People are asked to have one").Press("Save the rules").Sees("The cloud asks for more than that")
		moira.Choose("What this domain asks for", "Required for everybody").Fill("Days until it is required", "0").Press("Save the rules").Sees("people need time to set it up")
		moira.Fill("Days until it is required", "30").Press("Save the rules").Sees("Require a second factor?", "have no second factor", "gets no tokens").Press("Cancel").Sees("Required for some roles")
		moira.Choose("What this domain asks for", "Required for everybody").Press("Save the rules").Press("Require it").Sees("Saved", "Required for everybody, from", "this domain")
		s.Mail("ayesha@northwind.example", "second factor will be required")
		p.Press("Home").Sees("on a second factor is required").Press("Turn on a second factor").Press("Not now")

		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "auditor"}})
		s.Grant("ayesha", "auditor", "acme-web")
		p.Reload().Sees("Your session has ended").Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in") // which a password alone had begun
		p.Sees("A second factor is required here", "before that nothing else is open")
		p.Open("/portal/credentials").Sees("A second factor is required here")
		sh := s.Shell("ayesha", secret, "project acme-web")
		sh.Refused("openstack token issue", "Set it up at "+s.URL+"/portal/security")
		phone, _ := finishEnrolment(p)
		p.Press("Security").Sees("You can replace the authenticator, not turn it off").SeesNot("Turn it off")
		sh.env = append(sh.env, "OS_AUTH_TYPE=v3multifactor", "OS_AUTH_METHODS=v3password,v3totp")
		sh.Run("OS_PASSCODE=" + phone.Code() + " openstack token issue")
	})
}

// Anybody is found in any domain, by name, address, id or what logs in for them.
func TestAnybody(t *testing.T) {
	onceThere(t, "/cloud/people")
	tell(t, "A3", func(s *Story) {
		s.User("ayesha")
		works := at(map[string]any(s.root.Post("/v3/domains", map[string]any{"domain": map[string]any{"name": "works"}})), "domain.id")
		otto := at(map[string]any(s.root.Post("/v3/users", map[string]any{"user": map[string]any{"name": "otto", "email": "otto@works.example", "domain_id": works}})), "user.id").(string)
		admin := s.admin().Press("People")
		for _, words := range []string{"OTT", "otto@works.example", otto} {
			admin.Fill("Name, e-mail, id, credential's id, address or token", words).Press("Search").Row("otto", "works").SeesNot("ayesha")
		}
		// Who came with a token, and from where.
		_, _, answer := s.login("ayesha", secret, nil)
		admin.Fill("Name, e-mail, id, credential's id, address or token", at(answer, "token.audit_ids").([]any)[0].(string)).Press("Search").Row("ayesha").SeesNot("otto")
		admin.Fill("Name, e-mail, id, credential's id, address or token", "127.0.0.1").Press("Search").Row("ayesha").SeesNot("otto")
		s.SignIn("ayesha", secret).Open("/portal/cloud/people").Sees("Not found")
	})
}

// People are moved into a project and out of it between two columns.
func TestMoveMembers(t *testing.T) {
	onceThere(t, "/p/{id}/members")
	tell(t, "O8 O7", func(s *Story) {
		moira := s.team()
		s.User("celia")
		moira.Press("Projects").Press("acme-web").Press("Modify Users").Sees("Not in the project", "In the project")
		moira.Fill("Find among those not in the project", "CEL").PressFirst("Find", "Not in the project").Sees("celia")
		moira.Press("Add celia").Sees("The person was added").Press("Remove celia").Sees("Revoke 1 person?").Press("Revoke 1 person").Sees("revoked")
		if all := s.root.Get("/v3/role_assignments?user.id=" + s.id("users", "celia")).list("role_assignments"); len(all) != 0 {
			s.Errorf("celia still has %v", all)
		}
	})
}

// Where clients find the services of the cloud.
func TestCatalog(t *testing.T) {
	onceThere(t, "/cloud/catalog")
	tell(t, "A12", func(s *Story) {
		admin := s.admin().Press("Catalog").Sees("keystone").Press("Create a service")
		alike := func(act func(), holes ...string) {
			s.Helper()
			s.alike(admin, "system", admin.Terminal(), act, holes...)
		}
		alike(func() { admin.Fill("Type", "compute").Fill("Name", "nova").Press(admin.button("Create")).Sees("nova") }, "TYPE", "compute", "NAME", "nova")
		admin.Press("Edit nova")
		alike(func() { admin.Fill("Name", "nova2").Press("Save").Sees("nova2") }, "NAME", "nova2")
		s.Shell("admin", password, "project admin").Run("openstack service show nova2")
		admin.Press("Endpoints").Press("Create an endpoint")
		alike(func() {
			admin.Choose("Service", "nova2 (compute)").Choose("Interface", "public").Fill("URL", "https://nova.northwind.example/v2.1").Fill("Region (optional)", "RegionOne").Press(admin.button("Create")).Sees("https://nova.northwind.example/v2.1")
		}, "REGION", "RegionOne", "SERVICE", "nova2", "INTERFACE", "public", "URL", "https://nova.northwind.example/v2.1")
		if out := s.Shell("admin", password, "project admin").Run("openstack catalog list"); !strings.Contains(out, "https://nova.northwind.example/v2.1") {
			s.Error(out)
		}
		admin.Press("Edit nova2 public")
		alike(func() { admin.Fill("URL", "https://nova.northwind.example/v2.2").Press("Save").Sees("v2.2") }, "URL", "https://nova.northwind.example/v2.2")
		admin.Press("Regions").Press("Create a region")
		alike(func() {
			admin.Fill("ID", "north").Fill("Description (optional)", "Far up").Press(admin.button("Create")).Sees("Far up")
		}, "ID", "north", "TEXT", "Far up")
		admin.Press("Edit north")
		alike(func() { admin.Fill("Description (optional)", "Farther up").Press("Save").Sees("Farther up") }, "TEXT", "Farther up")
		admin.Press("Delete north")
		alike(func() { admin.Fill("Type north to go on", "north").Press("Delete it").SeesNot("Farther up") })
		admin.Press("Services").Press("Delete nova2").Sees("1 endpoint of it is deleted, too")
		alike(func() { admin.Fill("Type nova2 to go on", "nova2").Press("Delete it").SeesNot("nova2") })
	})
}

// Suspended, somebody is out at once, and nothing but restoring brings them back.
func TestSuspend(t *testing.T) {
	onceThere(t, "/d/{domain}/users/{user}/suspend")
	tell(t, "D5", func(s *Story) {
		moira := s.manager()
		ayesha := s.member("ayesha", "acme-web")
		moira.Press("Users").Press("ayesha").Press("Suspend").Sees("Suspend ayesha?").Fill("Why?", "mined coins").Press("Suspend the account").Sees("suspended", "mined coins", "moira")
		if ayesha.Reload(); !strings.HasPrefix(ayesha.Address(), "/portal/login") {
			s.Error("the session goes on")
		}
		moira.Press("Restore").Press("Restore the account").Sees("was restored")
		s.SignIn("ayesha", secret)
	})
}

// button is the name of the main button that begins with a word.
func (p *Person) button(word string) string {
	p.t.Helper()
	name := strings.TrimSpace(see[string](p, "text", "main form button.main"))
	if !strings.HasPrefix(name, word) {
		p.t.Fatalf("the main button is %q\n%s", name, p.where())
	}
	return name
}
