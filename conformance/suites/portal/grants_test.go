package portal

import (
	"strings"
	"testing"
	"time"
)

// Whoever runs the cloud says who may grant what, by a preset or rule by rule, after a look at what that changes.
func TestGrantRules(t *testing.T) {
	onceThere(t, "/cloud/grants")
	tell(t, "A7", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod", "billing"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		admin := s.admin().Press("Who may grant what").Sees("No rules", "keystone-default")
		admin.Press("Choose a preset").Tick("catalyst").Press("Review the change")
		admin.Sees("New: project_mod on a project: grant, take back, invite to the role billing", "There is no role auth_only")
		admin.Fill("Type catalyst to go on", "something").Press("Put these rules in place").Sees("Type catalyst to go on.")
		s.alike(admin, "project admin", admin.Terminal(), func() {
			admin.Fill("Type catalyst to go on", "catalyst").Press("Put these rules in place").Sees("Saved", "project_admin")
		})
		admin.Press("Add a rule").Choose("Who holds", "project_mod").Choose("The role", "reader").Fill("A grant lasts at most (days)", "30").Press("Review the change")
		admin.Sees("New: project_mod on a project", "at most 30 days")
		s.alike(admin, "project admin", admin.Terminal(), func() {
			admin.Fill("Type project_mod to go on", "project_mod").Press("Save the rule").Sees("at most 30 days")
		})
		// What they come to is tried out before anybody runs into it.
		s.Project("acme")
		for name, role := range map[string]string{"moira": "project_mod", "boris": "project_admin", "ayesha": "member"} {
			s.User(name)
			s.Grant(name, role, "acme")
		}
		admin.Press("Try them out").Choose("Somebody who has the role", "project_mod").Fill("Project", "acme").Choose("What they would do", "grant a role").Choose("The role", "billing").Fill("To whom", "ayesha").Press("Ask")
		admin.Sees("Yes", "A rule of who may grant what", "project_mod on a project")
		if out := s.Shell("admin", password, "project admin").Run(admin.Terminal()[0]); !strings.Contains(out, "grant_rule") {
			s.Error(out)
		}
		admin.Fill("Or somebody by their user name", "moira").Fill("To whom", "boris").Press("Ask").Sees("No", "Nobody changes what somebody above them holds", "project_admin on acme")
		if s.SignIn("admin", password); s.root.Status("GET", "/v3/lintel/grant_rules", nil) != 200 {
			s.Error("the rules are not to be had")
		}
	})
}

// A moderator looks after the people of a project with what was listed, and cannot touch its administrators, by page or by command.
func TestModerator(t *testing.T) {
	tell(t, "C8", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod", "billing"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		s.Project("acme")
		for name, role := range map[string]string{"moira": "project_mod", "boris": "project_admin", "ayesha": "member"} {
			s.User(name)
			s.Grant(name, role, "acme")
		}
		moira := s.SignIn("moira", secret).people("acme").Row("boris", "Holds project_admin: you may not change that").Row("ayesha", "Update")
		moira.Press("Update", "ayesha").Tick("billing").Press("Review the change").Sees("Granted billing")
		s.alike(moira, "project acme", moira.Terminal(), func() { moira.Press("Save the change").Sees("The roles were changed") })
		sh := s.Shell("moira", secret, "project acme")
		on := " --project " + s.id("projects", "acme") + " "
		s.refused(sh, "openstack role remove --user "+s.id("users", "boris")+on+s.id("roles", "project_admin"))
		s.refused(sh, "openstack role add --user "+s.id("users", "boris")+on+s.id("roles", "billing"))
		s.refused(sh, "openstack role add --user "+s.id("users", "ayesha")+on+s.id("roles", "project_admin"))
		sh.Refused("lintel access revoke boris project_admin --project acme", "403")

		// A member sees none of it.
		ayesha := s.SignIn("ayesha", secret).Press("acme")
		if ayesha.Has("People") {
			s.Error("a member is led to the people")
		}
	})
}

// What a rule wants agreement to is asked for where it would be done, waits, and somebody else agrees or declines with a reason; all are told.
func TestApproval(t *testing.T) {
	onceThere(t, "/d/{domain}/requests")
	tell(t, "A7 J2 J3 D8", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod", "auditor"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		s.Project("acme")
		for name, role := range map[string]string{"moira": "project_mod", "boris": "project_admin", "ayesha": "member", "gwen": "member"} {
			s.User(name)
			s.Grant(name, role, "acme")
		}
		admin := s.admin()
		named := func(name string) map[string]any { return map[string]any{"name": name} }
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": named("project_mod"), "target_role": named("project_mod"), "may_grant": true, "may_revoke": true, "may_invite": true, "needs_approval": true, "max_days": 30,
		}})
		last := time.Now().UTC().AddDate(0, 0, 10).Format(time.DateOnly)

		// The plain command grants nothing.
		s.refused(s.Shell("moira", secret, "project acme"), "openstack role add --user "+s.id("users", "ayesha")+" --project "+s.id("projects", "acme")+" "+s.id("roles", "project_mod"))

		moira := s.SignIn("moira", secret).people("acme")
		moira.Press("Update", "ayesha").Tick("project_mod").Fill("Last day of project_mod", last).Press("Review the change").Sees("Somebody else must agree: say why.")
		moira.Fill("Why, for whoever must agree", "On call this week").Press("Review the change").Sees("Asked for: somebody else must agree", "project_mod, until")
		s.alike(moira, "project acme", moira.Terminal(), func() {
			moira.Press("Save the change").Sees("Those who can were asked", "waits for an answer", "On call this week")
		})
		if mail := s.Mail("boris@northwind.example", "On call this week"); !strings.Contains(mail.Text, "wants to grant project_mod on the project acme") {
			s.Error(mail.Text)
		}
		boris := s.SignIn("boris", secret).people("acme").Press("Requests").Press("Agree ayesha").Sees("ayesha gets project_mod", "On call this week")
		s.alike(boris, "project acme", boris.Terminal(), func() { boris.Press("Agree and grant").Sees("You agreed", "agreed by boris") })
		s.Mail("moira@northwind.example", "boris (boris@northwind.example) agreed that ayesha gets project_mod")
		s.Mail("ayesha@northwind.example", "project_mod (until")

		// An invitation waits, is declined, and nobody hears of it.
		moira.Press("Invited").Press("Invite people").Fill("E-mail addresses", "kim@partner.example").Tick("project_mod").Fill("Last day (optional)", last).Fill("Why, for whoever must agree", "Helps out")
		if moira.Ticked("member") {
			moira.Tick("member")
		}
		moira.Press("Send the invitations").Sees("Those who can were asked", "kim@partner.example", "by an invitation")
		boris.Reload().Press("Refuse kim@partner.example").Fill("Why?", "We do not know them")
		s.alike(boris, "project acme", boris.Terminal(), func() { boris.Press("Refuse the request").Sees("refused by boris: We do not know them") }, "WHY", "We do not know them")
		s.Mail("moira@northwind.example", "We do not know them")
		if mails := s.Sink.To("kim@partner.example", ""); len(mails) > 0 {
			s.Errorf("they got %+v", mails)
		}

		// On the domain, for a group: by the manager, and the cloud's administrator answers.
		s.User("mona")
		s.root.Put("/v3/domains/default/users/"+s.id("users", "mona")+"/roles/"+s.id("roles", "manager"), nil)
		s.root.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "auditors", "domain_id": "default"}})
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": named("manager"), "holder_scope": "domain", "target_role": named("auditor"), "target_scope": "domain", "may_grant": true, "needs_approval": true,
		}})
		mona := s.SignIn("mona", secret).Open("/portal/d/default/assignments/new").Choose("To", "a group").Fill("Name", "auditors").Choose("Role", "auditor").Press("Grant the role").Sees("Somebody else must agree: say why.")
		mona.Fill("Why, for whoever must agree", "Yearly audit").Press("Grant the role").Sees("Those who can were asked", "Yearly audit")
		admin.Open("/portal/d/default/assignments").Press("Requests").Press("Agree auditors").Sees("auditors gets auditor").Press("Agree and grant").Sees("agreed by admin")
	})
}

// A role is taken back once somebody else agrees, where a rule wants that.
func TestTakingBackWaits(t *testing.T) {
	onceThere(t, "/p/{id}/people/{user}/revoke/{role}")
	tell(t, "A7 J3", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		named := func(name string) map[string]any { return map[string]any{"name": name} }
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": named("project_mod"), "target_role": named("project_mod"), "may_grant": true, "may_revoke": true, "needs_approval": true,
		}})
		s.Project("acme")
		for name, role := range map[string]string{"moira": "project_mod", "boris": "project_admin", "ayesha": "project_mod"} {
			s.User(name)
			s.Grant(name, role, "acme")
		}
		moira := s.SignIn("moira", secret).people("acme").Press("Update", "ayesha").Press("Ask to take project_mod back").Sees("ayesha loses project_mod")
		s.alike(moira, "project acme", moira.Terminal(), func() {
			moira.Fill("Why?", "On leave").Press("Ask for it").Sees("Those who can were asked", "to be taken back", "On leave")
		}, "WHY", "On leave")
		s.Mail("boris@northwind.example", "wants to take project_mod on the project acme")
		boris := s.SignIn("boris", secret).people("acme").Press("Requests").Press("Agree ayesha").Sees("ayesha loses project_mod", "On leave")
		s.alike(boris, "project acme", boris.Terminal(), func() { boris.Press("Agree and take back").Sees("agreed by boris") })
		s.Mail("moira@northwind.example", "agreed that ayesha loses project_mod")
		s.Mail("ayesha@northwind.example", "project_mod")
	})
}

// An account is made at once, and its role waits if somebody else must agree to it.
func TestAccountWhoseRoleWaits(t *testing.T) {
	tell(t, "A7 D3", func(s *Story) {
		moira := s.manager()
		s.Project("acme")
		named := func(name string) map[string]any { return map[string]any{"name": name} }
		s.root.Post("/v3/roles", map[string]any{"role": named("auditor")})
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": named("manager"), "holder_scope": "domain", "target_role": named("auditor"), "target_scope": "project", "may_grant": true, "needs_approval": true,
		}})
		moira.Press("Users").Press("Create User").Fill("User name", "gwen").Fill("E-mail (optional)", "gwen@northwind.example").Fill("Password", secret)
		moira.Fill("Primary project (optional)", "acme").Choose("Role there", "auditor").Press("Create User").Sees("Somebody else must agree: say why.")
		s.alikeTyped(moira, "domain Default", secret+"\n"+secret+"\n", moira.Terminal(), func() {
			moira.Fill("Password", secret).Fill("Why, for whoever must agree", "Yearly audit").Press("Create User").Sees("Its role waits until somebody else agrees", "gwen", "Yearly audit")
		}, "NAME", "gwen", "EMAIL", "gwen@northwind.example", "PROJECT", "acme", "ROLE", "auditor", "WHY", "Yearly audit")
		admin := s.admin().Open("/portal/p/"+s.id("projects", "acme")+"/requests").Press("Agree gwen").Sees("gwen gets auditor", "The account is new: moira made it")
		admin.Press("Agree and grant").Sees("agreed by admin")
		s.Mail("gwen@northwind.example", "auditor")
	})
}

// How roles are shown is said once, and where people choose one they stand in their categories with these words.
func TestRoleCategories(t *testing.T) {
	tell(t, "A4 C6 C9", func(s *Story) {
		s.Project("acme-web")
		for _, name := range []string{"k8s_admin", "billing"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		admin := s.admin().Press("Roles").Press("billing").Press("How it is shown").Sees("How billing is shown")
		admin.Fill("Display name (en)", "Billing").Fill("Summary, in one line (en)", "Invoices and what was used").Fill("Category", "General").Choose("Impact", "normal").Press("Save").Sees("Saved", "Billing")
		admin.Open("/portal/cloud/roles/"+s.id("roles", "k8s_admin")+"/profile").Choose("Impact", "normal").Press("Save")
		s.Shell("admin", password, "system").Run("lintel role describe --category Kubernetes --summary 'Runs clusters' k8s_admin")
		admin.Open("/portal/p/"+s.id("projects", "acme-web")+"/invite").Sees("General", "Billing", "Invoices and what was used", "Kubernetes", "Runs clusters")
		admin.Open("/portal/d/default/users/new").Choose("Role there", "Billing (billing)")
	})
}

// The graph of roles is edited where it is seen, and a circle is refused.
func TestRoleGraph(t *testing.T) {
	tell(t, "S25", func(s *Story) {
		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "lead"}})
		admin := s.admin().Press("Roles").Press("Graph").Sees("Roles that stand for themselves", "lead")
		admin.Choose("Who has", "lead").Choose("has, too,", "member").Press("Add").Sees("Let lead imply member?").Press("Let it imply member").Sees("Saved")
		admin.Choose("Who has", "reader").Choose("has, too,", "lead").Press("Add").Sees("That would be a circle", "lead → member → reader").Press("Cancel")
		admin.Press("End lead, member").Sees("End that lead implies member?").Press("End it").Sees("Saved")
	})
}

// Whom a grant rule lets give what a group confers brings people into it and out of it, from their project and at the terminal.
func TestGroupsOfAProject(t *testing.T) {
	tell(t, "J1 D6 S3 S6 C8", func(s *Story) {
		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "project_mod"}})
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		s.Project("acme")
		for _, name := range []string{"moe", "ayesha", "basil"} {
			s.User(name)
		}
		s.Grant("moe", "project_mod", "acme")
		crew := at(map[string]any(s.root.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "deployers", "domain_id": "default"}})), "group.id").(string)
		s.root.Put("/v3/groups/"+crew+"/users/"+s.id("users", "ayesha"), nil)
		s.root.Put("/v3/projects/"+s.id("projects", "acme")+"/groups/"+crew+"/roles/"+s.id("roles", "member"), nil)
		moe := s.SignIn("moe", secret).people("acme").Press("Groups 1").Row("deployers", "1", "member").Press("Who is in it deployers").Row("ayesha").SeesNot("Add somebody").SeesNot("ayesha@northwind.example")
		sh := s.Shell("moe", secret, "project acme")
		s.refused(sh, "openstack group add user "+crew+" "+s.id("users", "basil"))
		s.refused(sh, "lintel access join basil deployers")

		named := func(name string) map[string]any { return map[string]any{"name": name} }
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": named("project_mod"), "target_role": named("member"), "target_scope": "group", "may_grant": true, "may_revoke": true,
		}})
		moe.Reload().Fill("User name or ID", "bas").Press("Add somebody").Press("Add bas").Sees("There is nobody of that name").Press("Cancel")
		moe.Fill("User name or ID", "basil").Press("Add somebody").Sees("Add basil to deployers?", "member on acme")
		s.alike(moe, "project acme", moe.Terminal(), func() { moe.Press("Add basil").Sees("Added to the group").Row("basil") })
		s.Login("basil", secret, onProject("acme"))
		moe.Press("Remove basil").Sees("Remove basil from deployers?", "member on acme")
		s.alike(moe, "project acme", moe.Terminal(), func() { moe.Press("Remove basil").Sees("Removed from the group").SeesNot("basil") })
		sh.Run("openstack group add user " + crew + " " + s.id("users", "basil"))
		moe.Reload().Row("basil")
		s.manager().Open(moe.Address()).Row("basil", "basil@northwind.example", "Remove basil").Sees("Add somebody") // who looks after the domain
	})
}

// Roles wait until somebody has turned on a second factor, while auth_only lets them log in.
func TestRolesOnceMFAIsOn(t *testing.T) {
	onceThere(t, "/p/{id}/waiting")
	tell(t, "C3 C14 M6 J2", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod", "auth_only"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		s.Project("acme")
		for _, name := range []string{"boris", "ayesha", "basil"} {
			s.User(name)
		}
		s.Grant("boris", "project_admin", "acme")
		boris := s.SignIn("boris", secret).people("acme").Press("Add a person")
		boris.Fill("User name or ID", "ayesha").Tick("Give these roles once a second factor is on")
		if !boris.Ticked("Until then, give auth_only") {
			s.Error("nothing is given until then")
		}
		commands := boris.Terminal()
		s.alike(boris, "project acme", commands[1:2], func() {
			boris.Press("Add the person").Sees("The roles take effect when the person has turned on a second factor").Row("ayesha", "member", "boris")
		}, "USER", "ayesha", "ROLE", "member")

		// She works with nothing but her own account until she has set one up; then all is there.
		ayesha := s.SignIn("ayesha", secret).Sees("Roles that wait for your second factor", "member in acme, granted by boris")
		s.Shell("ayesha", secret, "project acme").Run("openstack token issue")
		ayesha.Press("Turn on a second factor").Sees("role that waits for it takes effect")
		finishEnrolment(ayesha)
		ayesha.Press("Home").Sees("auth_only", "member").SeesNot("Roles that wait")
		boris.Reload().Sees("Nothing waits")

		// What waits can be taken back.
		boris.Press("Add a person").Fill("User name or ID", "basil").Tick("Give these roles once a second factor is on").Press("Add the person").Sees("basil")
		boris.Press("Withdraw", "basil").Sees("basil does not get member")
		s.alike(boris, "project acme", boris.Terminal(), func() { boris.Press("Withdraw the role").Sees("The role was withdrawn", "Nothing waits") })
	})
}

// A role to which somebody else must agree waits for that, and then for the second factor; to revoke all is to ask for such a role.
func TestAgreementThenMFA(t *testing.T) {
	tell(t, "C3 C14 M6 J4 C18", func(s *Story) {
		for _, name := range []string{"project_admin", "project_mod"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/lintel/grant_rules", map[string]any{"grant_rules": map[string]any{"preset": "catalyst"}})
		s.root.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
			"holder_role": map[string]any{"name": "project_mod"}, "target_role": map[string]any{"name": "project_mod"}, "may_grant": true, "may_revoke": true, "needs_approval": true,
		}})
		s.Project("acme")
		for _, name := range []string{"boris", "moira", "ayesha"} {
			s.User(name)
		}
		s.Grant("boris", "project_admin", "acme")
		s.Grant("moira", "project_mod", "acme")
		moira := s.SignIn("moira", secret).people("acme").Press("Add a person").Fill("User name or ID", "ayesha").Tick("project_mod").Tick("Give these roles once a second factor is on")
		moira.Fill("Why, for whoever must agree", "On call").Press("Add the person").Row("ayesha", "project_mod", "once there is a second factor", "waits for an answer")
		s.SignIn("ayesha", secret).Sees("What waits until somebody agrees", "project_mod in acme, asked for by moira")
		if out := s.Shell("ayesha", secret, "").Run("lintel access show"); !strings.Contains(out, "to agree") {
			s.Error(out)
		}
		boris := s.SignIn("boris", secret).Open("/portal/p/" + s.id("projects", "acme") + "/requests").Press("Agree ayesha").Sees("It waits until the person has turned on a second factor")
		boris.Press("Agree and grant").Sees("agreed by boris")
		ayesha := s.SignIn("ayesha", secret).Sees("Roles that wait for your second factor", "project_mod in acme, granted by moira").Press("Turn on a second factor")
		finishEnrolment(ayesha)
		ayesha.Press("Home").Sees("project_mod").SeesNot("Roles that wait")

		s.Grant("ayesha", "member", "acme")
		moira.people("acme").Press("Update ayesha").Press("Revoke all").Sees("Revoke 1 person?", "if somebody else agrees").Fill("Why, for whoever must agree", "On leave")
		moira.Press("Revoke 1 person").Sees("What you may take back alone was", "to be taken back", "waits for an answer")
		boris.Reload().Press("Agree ayesha").Press("Agree and take back").people("acme").SeesNot("ayesha")
	})
}
