package portal

import "testing"

// root is the administrator, signed in.
func (s *Story) admin() *Person { s.Helper(); return s.SignIn("admin", password) }

// Domains are made, looked after by somebody appointed, and, once disabled, deleted.
func TestDomains(t *testing.T) {
	tell(t, "A2 S4", func(s *Story) {
		s.User("moira")
		admin := s.admin().Press("Domains").Press("Create a domain")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Fill("Name", "works").Press("Create the domain").Sees("Its users", "works") }, "NAME", "works")
		admin.Press("Edit")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Fill("Name", "steelworks").Press("Save").Sees("steelworks") }, "NAME", "steelworks")
		admin.Press("Appoint somebody").Fill("Name", s.id("users", "moira")).Choose("Role", "manager").Press("Grant the role").Sees("The role was granted", "moira", "Domain steelworks")
		moira := s.SignIn("moira", secret).Press("Users").Sees("Who has an account in steelworks", "Nobody yet")
		admin.Press("Domains").Press("steelworks").Press("Disable").Sees("All its people are out at once")
		s.alike(admin, "system", admin.Terminal(), func() {
			admin.Fill("Type steelworks to go on", "steelworks").Press("Disable the domain").Sees("disabled")
		})
		moira.Reload().Sees("Not found")
		admin.Press("Enable")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Press("Enable the domain").Sees("enabled") })
		admin.Press("Disable").Fill("Type steelworks to go on", "steelworks").Press("Disable the domain").Press("Delete").Sees("All its users, groups, projects and roles are deleted")
		s.alike(admin, "system", admin.Terminal(), func() {
			admin.Fill("Type steelworks to go on", "steelworks").Press("Delete the domain").Sees("Deleted")
		})
	})
}

// Roles, which of them imply others, and what deleting one takes along.
func TestRoles(t *testing.T) {
	tell(t, "A4 S25 K3", func(s *Story) {
		s.User("ayesha")
		s.Project("acme-web")
		admin := s.admin().Press("Roles").Sees("A role is a name; the rules of the services say what it permits").Press("Create a role")
		s.alike(admin, "system", admin.Terminal(), func() {
			admin.Fill("Name", "compute-user").Fill("Description (optional)", "Runs servers").Press("Create the role").Sees("It implies no other role")
		}, "NAME", "compute-user", "TEXT", "Runs servers")
		admin.Choose("Role", "reader").Press("Imply this role too").Sees("Let compute-user imply reader?", "known permissions")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Press("Let it imply reader").Sees("Saved", "reader") })
		s.Grant("ayesha", "compute-user", "acme-web")
		s.SignIn("ayesha", secret).Row("acme-web", "compute-user", "reader with compute-user")
		admin.Press("reader").Sees("Implied by", "compute-user").Press("compute-user")
		admin.Choose("Role", "admin").Press("Imply this role too").Sees("a role of high impact").Fill("Type compute-user to go on", "compute-user").Press("Let it imply admin").Sees("cannot be an implied role")
		admin.Press("Cancel").Press("End", "reader").Sees("by 1 grant of it")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Press("End it").Sees("It implies no other role") })
		admin.Press("Edit")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Fill("Name", "compute-admin").Press("Save").Sees("compute-admin") }, "NAME", "compute-admin")
		s.Shell("ayesha", secret, "project acme-web").Run("openstack application credential create robot")
		admin.Press("Delete").Sees("It is taken from 1 place", "All application credentials on a project")
		s.alike(admin, "system", admin.Terminal(), func() {
			admin.Fill("Type compute-admin to go on", "compute-admin").Press("Delete the role").Sees("Deleted")
		})
	})
}

// Who has a role on the cloud itself.
func TestSystem(t *testing.T) {
	tell(t, "A14 S8", func(s *Story) {
		s.User("vera")
		admin := s.admin().Press("System").Row("admin", "The whole cloud").Press("Grant a role")
		commands := admin.Terminal()
		s.alike(admin, "system", commands, func() {
			admin.Fill("Name", "vera").Choose("Role", "reader").Press("Grant the role").Sees("The role was granted", "vera")
		}, "NAME", "vera", "ROLE", "reader")
		// Who may only read sees all, and is refused everything else.
		s.SignIn("vera", secret).Press("Domains").Sees("Default").Press("Default").Sees("Its users").SeesNot("Disable")
		sh := s.Shell("vera", secret, "system")
		sh.Run("openstack project list")
		sh.Refused("openstack project create --domain Default veras", "403")
		admin.Fill("User name", "vera").Press("Search").Press("Revoke", "vera").Sees("Take reader from vera?")
		s.alike(admin, "system", admin.Terminal(), func() { admin.Press("Take the role back").Sees("The role was taken back") })
	})
}
