package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// approvals is a cloud whose moderators may make others moderators, and managers of the domain auditors, if somebody else agrees.
type approvals struct {
	*testenv.Env
	t    *testing.T
	box  *testenv.Mailbox
	root *testenv.Browser
	acme string
	role map[string]string
}

func newApprovals(t *testing.T) *approvals {
	env, box, root, acme := cloudWithMail(t)
	a := &approvals{env, t, box, root, acme, map[string]string{}}
	admin := env.Admin()
	for _, name := range []string{"project_admin", "project_mod", "auditor"} {
		admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	for _, name := range []string{"project_admin", "project_mod", "auditor", "member", "reader", "manager", "admin"} {
		a.role[name] = roleID(env, name)
	}
	admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(200)
	a.rule("project_mod", "project", "project_mod", "project", `"may_invite": true, "max_days": 30`)
	a.rule("manager", "domain", "auditor", "domain", `"may_revoke": true`)
	a.rule("manager", "domain", "auditor", "project", `"may_revoke": true`)
	env.Deliver()
	return a
}

func (a *approvals) rule(holder, on, target, to, more string) {
	a.t.Helper()
	a.Admin().Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "`+holder+`"}, "holder_scope": "`+on+`", "target_role": {"name": "`+target+
		`"}, "target_scope": "`+to+`", "may_grant": true, "needs_approval": true, `+more+`}}`).Want(201)
}

// someone is a user with an address and perhaps a role on the project.
func (a *approvals) someone(name, role string) (string, *testenv.Browser) {
	a.t.Helper()
	id, _ := member(a.Env, name, name+"s")
	patch(a.Env, id, `{"user": {"email": "`+name+`@acme.example"}}`)
	if role != "" {
		a.Admin().Put("/v3/projects/"+a.acme+"/users/"+id+"/roles/"+a.role[role], nil).Want(204)
	}
	return id, a.SignIn(name, "secret")
}

// newest is the newest request of a list, as the API tells of it.
func (a *approvals) newest(query string) (id, state string) {
	a.t.Helper()
	a.Clock.Advance(time.Second)
	r := a.Admin().Get("/v3/lintel/grant_requests?" + query).Want(200)
	return r.Get("grant_requests.0.id"), r.Get("grant_requests.0.state")
}

// told wants a mail to an address that says something, which links to a page unless that is empty.
func (a *approvals) told(address, says, link string) {
	a.t.Helper()
	a.Deliver()
	all := a.box.All(address)
	for _, m := range all {
		if (strings.Contains(m.Subject, says) || strings.Contains(m.Text, says)) && (link == "" || m.Link == link) {
			return
		}
	}
	a.t.Errorf("no mail to %s says %q: %+v", address, says, all)
}

func (a *approvals) mailed(address string) int { a.Deliver(); return len(a.box.All(address)) }

// TestAnInvitationWaitsForAgreement: what needs agreement is not mailed before, is granted by the rights that both have when it is accepted,
// and must be agreed to anew when it changes. Attacks 7, 16 and 17 of section 4.3.
func TestAnInvitationWaitsForAgreement(t *testing.T) {
	a := newApprovals(t)
	_, mod := a.someone("moe", "project_mod")
	_, second := a.someone("mia", "project_mod")
	bossID, boss := a.someone("boss", "project_admin")
	gretaID, greta := a.someone("greta", "")
	patch(a.Env, gretaID, `{"user": {"email": "greta@new.example"}}`)
	page, query := "/portal/p/"+a.acme, "project="+a.acme
	invite := func(address string) *testenv.Browser {
		a.Clock.Advance(time.Second)
		return mod.Open(page+"/invite").Want(200, "Somebody else must agree").Submit("Send the invitations", "addresses", address, "role", a.role["project_mod"], "reason", "On call in March", "until", "2026-03-20")
	}
	mod.Open(page+"/invite").Submit("Send the invitations", "addresses", "greta@new.example", "role", a.role["project_mod"], "until", "2026-03-20").Want(422, "say why")
	a.Login("moe", "secret", testenv.OnProjectID(a.acme)).Post("/v3/lintel/invitations",
		`{"invitations": {"project": {"id": "`+a.acme+`"}, "addresses": ["greta@new.example"], "roles": [{"name": "project_mod"}], "access_expires_at": "2026-03-20T00:00:00Z"}}`).Want(400)
	invite("greta@new.example").Want(200, "Somebody else must agree. Those who can were asked.", "greta@new.example", "by an invitation", "waits for an answer")
	if n := a.mailed("greta@new.example"); n != 0 {
		t.Fatalf("%d mails before anybody agreed", n)
	}
	a.told("boss@acme.example", "wants to invite greta@new.example as project_mod to the project acme", page+"/requests")
	mod.Open(page+"/invitations").Want(200, "Waits until somebody agrees", "not yet")
	if strings.Contains(mod.Body, "Send again") {
		t.Error("a draft can be sent")
	}
	id, _ := a.newest(query)
	for _, b := range []*testenv.Browser{mod, second} {
		_, form := b.Open("/portal/profile").Form("Save")
		b.Send("POST", page+"/requests/"+id+"/approve", form)
	}
	if n := a.mailed("greta@new.example"); n != 0 {
		t.Fatal("somebody agreed who may not")
	}
	boss.Open(page+"/requests/"+id+"/approve").Want(200, "greta@new.example is invited, and gets project_mod by accepting", "On call in March").Submit("Agree, and let it be sent").Want(200, "agreed by boss")
	a.told("moe@acme.example", "greta@new.example is invited to acme, as you asked", "")
	link := a.box.Last("greta@new.example").Link

	// 7: who agreed may not any more.
	a.Admin().Delete("/v3/projects/" + a.acme + "/users/" + bossID + "/roles/" + a.role["project_admin"]).Want(204)
	a.Browser().Open(link).Want(200, "cannot be accepted at present")
	a.Admin().Put("/v3/projects/"+a.acme+"/users/"+bossID+"/roles/"+a.role["project_admin"], nil).Want(204)
	greta.Open(link).Submit("Accept as greta").Want(200, "project_mod")

	// To offer something else, or for longer, is to ask anew: until then the link opens nothing.
	invite("hugo@new.example").Want(200)
	id, _ = a.newest(query)
	boss.Open(page + "/requests/" + id + "/approve").Submit("Agree, and let it be sent").Want(200)
	a.Deliver()
	link = a.box.Last("hugo@new.example").Link
	a.Browser().Open(link).Want(200, "Join acme")
	list := a.Login("moe", "secret", testenv.OnProjectID(a.acme)).Get("/v3/lintel/invitations?project=" + a.acme + "&address=hugo@new.example").Want(200)
	hugo := list.Get("invitations.0.id")
	a.Clock.Advance(6 * time.Minute)
	mod.Open(page+"/invitations").Submit("Send again hugo@new.example").Want(200, "on their way")
	a.Deliver()
	link = a.box.Last("hugo@new.example").Link
	if again := a.Login("moe", "secret", testenv.OnProjectID(a.acme)).Get("/v3/lintel/invitations?project=" + a.acme + "&address=hugo@new.example").Want(200); again.Get("invitations.0.expires_at") != list.Get("invitations.0.expires_at") {
		t.Error("sent again it lasts longer than was agreed to")
	}
	mod.Open(page+"/invitations/"+hugo).Submit("Save", "role", a.role["project_mod"], "until", "2026-03-30", "reason", "").Want(422, "say why")
	mod.Submit("Save", "role", a.role["project_mod"], "until", "2026-03-30", "reason", "Longer").Want(200, "Those who can were asked")
	a.Browser().Open(link).Want(200, "cannot be accepted at present", "It was changed, and waits until somebody agrees to that.")
	mod.Open(page+"/invitations/"+hugo).Want(200, "It waits until somebody agrees that project_mod is given")
	mod.Open(page+"/invitations/"+hugo+"/cancel").Want(200, "Nobody can agree to it any more.", "They get a mail that says so.")
	id, _ = a.newest(query)
	boss.Open(page+"/requests/"+id+"/refuse").Submit("Refuse the request", "reason", "Long enough").Want(200, "refused by boss")
	a.Deliver()
	a.told("moe@acme.example", "did not agree that hugo@new.example is invited", "")
	a.told("moe@acme.example", "> Long enough", "")
	mod.Open(page+"/invitations").Want(200, "Nobody is waiting")
	a.told("hugo@new.example", "Your invitation to acme on Lintel was withdrawn", "")

	// Who withdraws one or the other withdraws both; who is invited agrees to nothing.
	invite("ines@new.example").Want(200)
	ines := a.Admin().Get("/v3/lintel/invitations?project=" + a.acme + "&address=ines@new.example").Want(200).Get("invitations.0.id")
	if mod.Open(page+"/invitations/"+ines+"/cancel").Want(200, "Nobody can agree to it any more."); strings.Contains(mod.Text(), "mail that says so") {
		t.Error("a mail is promised to who has heard of nothing")
	}
	mod.Submit("Withdraw the invitation").Want(200)
	if _, state := a.newest(query); state != "withdrawn" || a.mailed("ines@new.example") != 0 {
		t.Errorf("the request is %s", state)
	}
	invite("boss@acme.example").Want(200)
	id, _ = a.newest(query)
	a.Login("boss", "secret", testenv.OnProjectID(a.acme)).Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	boss.Open(page + "/requests/" + id + "/approve").Want(404)

	// 17: who has risen since is not changed by it.
	invite("karl@new.example").Want(200)
	id, _ = a.newest(query)
	boss.Open(page + "/requests/" + id + "/approve").Submit("Agree, and let it be sent").Want(200)
	a.Deliver()
	karlID, karl := a.someone("karl", "")
	patch(a.Env, karlID, `{"user": {"email": "karl@new.example"}}`)
	a.Admin().Put("/v3/projects/"+a.acme+"/users/"+karlID+"/roles/"+a.role["admin"], nil).Want(204)
	karl.Open(a.box.Last("karl@new.example").Link).Submit("Accept as karl").Want(403)
	a.Admin().Get("/v3/projects/" + a.acme + "/users/" + karlID + "/roles/" + a.role["project_mod"]).Want(404)
}

// TestGroupsAndDomainsWaitForAgreement: what needs agreement on a domain, for a group, below, or by joining a group is refused to the plain
// API with words that say where to ask, and asked for by portal and API. Attacks 12 and 16 of section 4.3.
func TestGroupsAndDomainsWaitForAgreement(t *testing.T) {
	a := newApprovals(t)
	managerID, _ := a.someone("dora", "")
	a.Admin().Put("/v3/domains/default/users/"+managerID+"/roles/"+a.role["manager"], nil).Want(204)
	rootID := a.Admin().Get("/v3/users?name=admin").Want(200).Get("users.0.id")
	a.Admin().Put("/v3/domains/default/users/"+rootID+"/roles/"+a.role["admin"], nil).Want(204)
	bob, _ := a.someone("bob", "")
	dora := a.SignIn("dora", "secret")
	onDomain := func() *testenv.Actor { return a.Login("dora", "secret", testenv.OnDomainID("default")) }
	a.Deliver()
	crew := a.Admin().Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "default"}}`).Want(201).Get("group.id")

	for _, path := range []string{
		"/v3/domains/default/users/" + bob, "/v3/domains/default/groups/" + crew, "/v3/projects/" + a.acme + "/groups/" + crew, "/v3/OS-INHERIT/domains/default/users/" + bob,
	} {
		end := "/roles/" + a.role["auditor"]
		if strings.Contains(path, "OS-INHERIT") {
			end += "/inherited_to_projects"
		}
		if got := onDomain().Put(path+end, nil).Want(403).Message(); !strings.Contains(got, "the role auditor somebody else who may do it must agree") || !strings.Contains(got, `"lintel access grant" and --reason`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	grants := func(q string) int {
		return len(a.Admin().Get("/v3/role_assignments?" + q).Want(200).List("role_assignments"))
	}
	if n := grants("role.id=" + a.role["auditor"]); n != 0 {
		t.Fatalf("%d grants by the plain API", n)
	}

	// For a group, on the domain, in the portal. 12: who agrees sees who has joined it.
	onDomain().Put("/v3/groups/"+crew+"/users/"+managerID, nil).Want(204)
	form := "/portal/d/default/assignments/new"
	dora.Open(form).Submit("Grant the role", "kind", "group", "name", "crew", "role", a.role["auditor"]).Want(422, "say why")
	dora.Submit("Grant the role", "kind", "group", "name", "crew", "role", a.role["auditor"], "until", "2026-03-20", "reason", "Yearly audit").Want(200, "Those who can were asked", "crew", "Yearly audit", "waits for an answer")
	dora.Open("/portal").Want(200, "What waits until somebody agrees", "auditor in Default by the group crew, asked for by dora") // who is in it
	if r := a.Login("dora", "secret").Get("/v3/lintel/access").Want(200); r.Get("access.coming.0.by_group.name") != "crew" {
		t.Error(r.Body)
	}
	a.told("root@cloud.example", "wants to grant auditor on the domain Default at Lintel to crew, until", "/portal/d/default/requests")
	id, _ := a.newest("domain=Default")
	onDomain().Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403) // 16

	// 12, 16: who has joined the group, whoever that is, does not agree to what it gets.
	a.Admin().Put("/v3/groups/"+crew+"/users/"+rootID, nil).Want(204)
	a.Admin().Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	a.Admin().Delete("/v3/groups/" + crew + "/users/" + rootID).Want(204)
	a.root = a.SignIn("admin", testenv.Password)
	a.root.Open("/portal/d/default/assignments").Want(200, "Requests").Open("/portal/d/default/requests").Want(200, "Yearly audit")
	a.root.Open("/portal/d/default/requests/"+id+"/approve").Want(200, "crew gets auditor", "Yearly audit", "dora gets it by the group, and joined it by themselves.").Submit("Agree and grant").Want(200, "agreed by admin")
	a.Admin().Get("/v3/domains/default/groups/" + crew + "/roles/" + a.role["auditor"]).Want(204)
	a.told("dora@acme.example", "agreed that crew gets auditor on the domain Default", "")
	a.root.Open("/portal/d/default/audit?target="+id).Want(200, "dora", "admin")

	// Its end is not moved without asking anew.
	onDomain().Put("/v3/domains/default/groups/"+crew+"/roles/"+a.role["auditor"], nil).Want(403)

	// On all projects below, by the API; refused with a reason.
	r := onDomain().Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+bob+`"}, "domain": {"name": "Default"}, "inherited": true, "roles": [{"name": "auditor"}], "reason": "everywhere"}}`).Want(202)
	if r.Get("grants.domain_id") != "default" || r.Value("grants.inherited") != true {
		t.Error(r.Body)
	}
	id = r.Get("grants.request_id")
	a.root.Open("/portal/d/default/requests").Want(200, "on all projects below")
	a.root.Open("/portal/d/default/requests/"+id+"/refuse").Submit("Refuse the request", "reason", "Too wide").Want(200, "refused by admin: Too wide")
	// For a group on a project.
	onDomain().Post("/v3/lintel/grants", `{"grants": {"group": {"name": "crew"}, "project": {"name": "acme"}, "roles": [{"name": "auditor"}], "reason": "here"}}`).Want(202)
	id, _ = a.newest("project=acme")
	if g := a.Admin().Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(200); g.Get("grant_request.group.name") != "crew" || g.Value("grant_request.user") != nil {
		t.Error(g.Body)
	}
	a.Admin().Get("/v3/projects/" + a.acme + "/groups/" + crew + "/roles/" + a.role["auditor"]).Want(204)

	// Into a group that confers what needs agreement.
	a.Deliver()
	a.Admin().Put("/v3/lintel/roles/"+a.role["auditor"]+"/profile", `{"profile": {"impact": "high"}}`).Want(200)
	if got := onDomain().Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(403).Message(); !strings.Contains(got, "To give the role auditor by this group") {
		t.Error(got)
	}
	add := "/portal/d/default/groups/" + crew + "/add?name=bob"
	dora.Open(add).Submit("Add bob").Want(422, "must agree", "lintel access join")
	dora.Submit("Add bob", "reason", "He audits").Want(200, "Those who can were asked", "the group crew", "He audits")
	id, _ = a.newest("domain=Default")
	onDomain().Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	a.root.Open("/portal/d/default/requests/"+id+"/approve").Want(200, "bob joins the group crew").Submit("Agree and grant").Want(200)
	a.Admin().Head("/v3/groups/" + crew + "/users/" + bob).Want(204)
	a.told("dora@acme.example", "agreed that bob joins the group crew of the domain Default", "")
	for _, wrong := range []string{
		`"user": {"id": "x"}, "roles": [{"name": "auditor"}]`, `"user": {"id": "x"}, "group": {"id": "x"}, "roles": [{"name": "auditor"}], "project": {"id": "x"}`,
		`"user": {"id": "x"}, "group": {"id": "x"}, "roles": [{"name": "auditor"}]`, `"user": {"id": "x"}, "group": {"id": "x"}, "project": {"id": "x"}`,
		`"user": {"id": "x"}, "project": {"id": "x"}, "domain": {"id": "x"}, "roles": [{"name": "auditor"}]`,
	} {
		a.Admin().Post("/v3/lintel/grants", `{"grants": {`+wrong+`}}`).Want(400)
	}
	a.Admin().Get("/v3/lintel/grant_requests").Want(400)
}

// TestMoreOnThePageOfAPerson: J3: a role that needs agreement, or its longer end, is asked for; what else was changed is changed.
func TestMoreOnThePageOfAPerson(t *testing.T) {
	a := newApprovals(t)
	_, mod := a.someone("moe", "project_mod")
	_, boss := a.someone("boss", "project_admin")
	bob, _ := a.someone("bob", "member")
	page, query := "/portal/p/"+a.acme, "project="+a.acme
	person := page + "/people/" + bob
	has := func(role string) bool {
		return a.Admin().Get("/v3/projects/"+a.acme+"/users/"+bob+"/roles/"+a.role[role]).Status == 204
	}
	until := "until-" + a.role["project_mod"]
	fields := func(reason, end string) []string {
		return []string{"role", a.role["project_mod"], until, end, "reason", reason}
	}
	mod.Open(person).Want(200, "Somebody else must agree").Submit("Review the change", fields("", "2026-03-20")...).Want(422, "say why")
	mod.Submit("Review the change", fields("On call", "2026-03-20")...).Want(200, "Asked for: somebody else must agree", "project_mod, until", "lintel access grant", "--reason 'On call'")
	mod.Submit("Save the change").Want(200, "Those who can were asked", "On call")
	if has("project_mod") || has("member") {
		t.Error("what was not to wait was not done, or what was to wait was")
	}
	id, _ := a.newest(query)
	boss.Open(page + "/requests/" + id + "/approve").Submit("Agree and grant").Want(200)
	if !has("project_mod") {
		t.Fatal("nothing was granted")
	}
	end := func() string {
		mod.Open(person)
		_, form := mod.Form("Review the change")
		return form.Get(until)
	}
	mod.Open(person).Submit("Review the change", fields("Longer", "2026-03-30")...).Want(200, "Asked for")
	mod.Submit("Save the change").Want(200, "waits for an answer")
	if got := end(); got != "2026-03-20" {
		t.Errorf("it ends on %s without an answer", got)
	}
	id, _ = a.newest(query)
	boss.Open(page + "/requests/" + id + "/approve").Submit("Agree and grant").Want(200)
	if got := end(); got != "2026-03-30" {
		t.Errorf("it ends on %s after the answer", got)
	}
}

// TestWhoIsAskedToAgree: the mail about a request goes to those who could agree to it: on the project, else in its domain, else for the whole
// cloud; neither to who asks, nor to who is to have it, nor to those who need agreement themselves or want no such mails.
func TestWhoIsAskedToAgree(t *testing.T) {
	a := newApprovals(t)
	a.rule("project_admin", "project", "auditor", "project", `"may_revoke": true`)
	_, boss := a.someone("boss", "project_admin")
	a.someone("chief", "project_admin")
	heirID, _ := a.someone("heir", "")
	a.Admin().Put("/v3/OS-INHERIT/domains/default/users/"+heirID+"/roles/"+a.role["project_admin"]+"/inherited_to_projects", nil).Want(204)
	managerID, _ := a.someone("dora", "")
	a.Admin().Put("/v3/domains/default/users/"+managerID+"/roles/"+a.role["manager"], nil).Want(204)
	bob, _ := a.someone("bob", "")
	everybody := []string{"boss", "chief", "heir", "dora", "bob", "root"}
	address := func(name string) string {
		if name == "root" {
			return "root@cloud.example"
		}
		return name + "@acme.example"
	}
	asked := func(when, by, role, user string, told ...string) string {
		t.Helper()
		a.Deliver()
		before := map[string]int{}
		for _, name := range everybody {
			before[name] = len(a.box.All(address(name)))
		}
		r := a.Login(by, "secret", testenv.OnProjectID(a.acme)).Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+user+`"}, "project": {"id": "`+a.acme+
			`"}, "roles": [{"name": "`+role+`"}], "expires_at": "2026-03-20T00:00:00Z", "reason": "`+when+`"}}`).Want(202)
		a.Deliver()
		var got []string
		for _, name := range everybody {
			if n := len(a.box.All(address(name))) - before[name]; n == 1 {
				got = append(got, name)
				a.told(address(name), "> "+when, "/portal/p/"+a.acme+"/requests")
			} else if n > 1 {
				t.Errorf("%s: %s gets %d mails", when, name, n)
			}
		}
		if !slices.Equal(got, told) {
			t.Errorf("%s: %q are told, not %q", when, got, told)
		}
		return r.Get("grants.request_id")
	}
	a.Admin().Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "manager"}, "holder_scope": "domain", "target_role": {"name": "auditor"}, "target_scope": "project", "may_grant": true, "needs_approval": true}}`).Want(201)
	id := asked("nobody here can agree", "boss", "auditor", bob, "root")
	a.root.Open("/portal/p/"+a.acme+"/requests/"+id+"/refuse").Submit("Refuse the request", "reason", "No").Want(200)
	a.told("boss@acme.example", "did not agree that bob gets auditor", "")
	if n := len(a.box.All("bob@acme.example")); n != 0 {
		t.Errorf("bob hears of what he never had: %d mails", n)
	}
	a.Admin().Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "manager"}, "holder_scope": "domain", "target_role": {"name": "auditor"}, "target_scope": "project", "may_grant": true, "needs_step_up": true}}`).Want(201)
	asked("the manager of the domain can", "boss", "auditor", bob, "dora")
	asked("but not to what is hers", "boss", "auditor", managerID, "root")

	a.someone("moe", "project_mod")
	a.someone("mia", "project_mod")
	everybody = append(everybody, "moe", "mia")
	id = asked("on the project", "moe", "project_mod", bob, "boss", "chief", "heir")
	boss.Open("/portal/p/" + a.acme + "/requests/" + id + "/approve").Submit("Agree and grant").Want(200)
	a.told("moe@acme.example", "agreed that bob gets project_mod", "")
	a.told("bob@acme.example", "Now: project_mod", "")

	boss.Open("/portal/profile").Want(200, "Requests that you can agree to").Submit("Save", "topics", "invitations").Want(200)
	carl, _ := a.someone("carl", "")
	id = asked("who wants no such mails", "moe", "project_mod", carl, "chief", "heir")
	boss.Open("/portal/p/"+a.acme+"/requests/"+id+"/approve").Submit("Agree and grant").Want(200, "agreed by boss")
}

// TestANewAccountWaitsForAgreement: D3, D2: an account is made with the roles that may be granted, and the one to which somebody else must
// agree waits; all of it or nothing. Who agrees is told that the account is new.
func TestANewAccountWaitsForAgreement(t *testing.T) {
	a := newApprovals(t)
	managerID, dora := a.someone("dora", "")
	a.Admin().Put("/v3/domains/default/users/"+managerID+"/roles/"+a.role["manager"], nil).Want(204)
	a.someone("boss", "project_admin")
	named := func(name string) string {
		found := a.Admin().Get("/v3/users?name=" + name).Want(200)
		if len(found.List("users")) == 0 {
			return ""
		}
		return found.Get("users.0.id")
	}
	has := func(name, role string) bool {
		return a.Admin().Get("/v3/projects/"+a.acme+"/users/"+named(name)+"/roles/"+a.role[role]).Status == 204
	}
	a.Deliver()

	fields := []string{"name", "fay", "email", "fay@acme.example", "password", "a first Passw0rd", "project", "acme", "role", a.role["auditor"]}
	dora.Open("/portal/d/default/users/new").Submit("Create User", fields...).Want(422, "Somebody else must agree: say why.", "The role waits until somebody has agreed", "--reason WHY")
	if named("fay") != "" {
		t.Fatal("there is an account that nobody knows why")
	}
	dora.Submit("Create User", "password", "a first Passw0rd", "role", a.role["auditor"], "reason", "Yearly audit").
		Want(200, "The account was created. Its role waits until somebody else agrees.", "fay", "auditor", "Yearly audit", "waits for an answer")
	if named("fay") == "" || has("fay", "auditor") {
		t.Fatal("there is no account, or it does not wait")
	}
	a.told("root@cloud.example", "wants to grant auditor on the project acme at Lintel to fay. They made that account just now. Somebody else must agree.", "/portal/p/"+a.acme+"/requests")
	id, _ := a.newest("project=" + a.acme)
	a.Login("dora", "secret", testenv.OnDomainID("default")).Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	a.root = a.SignIn("admin", testenv.Password)
	a.root.Open("/portal/p/"+a.acme+"/requests/"+id+"/approve").Want(200, "fay gets auditor", "The account is new: dora made it").Submit("Agree and grant").Want(200, "agreed by admin")
	if !has("fay", "auditor") {
		t.Error("nothing was granted")
	}
	a.told("fay@acme.example", "Now: auditor", "")

	// By the API, the other roles are granted at once, and the mail speaks of these alone.
	body := func(name, more string) string {
		return `{"user": {"name": "` + name + `", "email": "` + name + `@acme.example", "invite": true, "project": {"name": "acme"}, ` + more + `}}`
	}
	onDomain := a.Login("dora", "secret", testenv.OnDomainID("default"))
	both := `"roles": [{"name": "auditor"}, {"name": "member"}]`
	if got := onDomain.Post("/v3/lintel/users", body("gus", both)).Want(400).Message(); !strings.Contains(got, "say why") {
		t.Error(got)
	}
	onDomain.Post("/v3/lintel/users", body("gus", `"roles": [{"name": "auditor"}, {"name": "project_admin"}], "reason": "x"`)).Want(403)
	if named("gus") != "" {
		t.Error("it was half made")
	}
	r := onDomain.Post("/v3/lintel/users", body("gus", both+`, "reason": "Yearly audit"`)).Want(201)
	if got := r.Texts("user.roles", "name"); !slices.Equal(got, []string{"member"}) || r.Get("user.waiting_roles.0") != "auditor" || r.Get("user.request_id") == "" {
		t.Error(r.Body)
	}
	if !has("gus", "member") || has("gus", "auditor") {
		t.Error("the wrong role waits")
	}
	a.told("gus@acme.example", "You can work on the project acme, as member.", "")
	r = onDomain.Post("/v3/lintel/users", body("hal", `"roles": [{"name": "auditor"}], "reason": "Yearly audit"`)).Want(201)
	a.Deliver()
	if m := a.box.Last("hal@acme.example"); strings.Contains(m.Text, "acme,") || strings.Contains(m.Text, "auditor") {
		t.Errorf("hal is told of what nobody agreed to: %s", m.Text)
	}
	a.Admin().Post("/v3/lintel/grant_requests/"+r.Get("user.request_id")+"/refusal", `{"refusal": {"reason": "no"}}`).Want(200)
	if named("hal") == "" || has("hal", "auditor") {
		t.Error("a refusal ends the account, or grants")
	}

	// A helper made for it agrees to nothing.
	onDomain.Post("/v3/lintel/users", `{"user": {"name": "pat", "password": "a first Passw0rd", "project": {"name": "acme"}, "roles": [{"name": "manager"}]}}`).Want(201)
	id, _ = a.newest("project=" + a.acme)
	a.Login("pat", "a first Passw0rd", testenv.OnProjectID(a.acme)).Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)

	// A table of people.
	table := "name,email,project,role\nida,ida@acme.example,acme,auditor\njon,jon@acme.example,acme,member\n"
	dora.Open("/portal/d/default/users/import").Submit("See what would be made", "table", table).Submit("Create 2 accounts").Want(200, "ida", "say why", "jon")
	dora.Open("/portal/d/default/users/import").Submit("See what would be made", "table", strings.ReplaceAll(table, "jon", "kay")).Submit("Create 2 accounts", "reason", "Yearly audit").
		Want(200, "ida: auditor waits until somebody else agrees.", "kay")
	if has("ida", "auditor") || !has("kay", "member") {
		t.Error("the wrong role waits")
	}
}

// TestTakingBackWaitsForAgreement: a role that a rule lets be taken back if somebody else agrees is asked for to be, on the page of a person
// and in the list of assignments, by the rules of every request: who asks must be able to, who agrees alone, and both still.
func TestTakingBackWaitsForAgreement(t *testing.T) {
	a := newApprovals(t)
	a.rule("project_mod", "project", "project_mod", "project", `"may_revoke": true, "max_days": 30`)
	_, mod := a.someone("moe", "project_mod")
	_, boss := a.someone("boss", "project_admin")
	bob, target := a.someone("bob", "member")
	page := "/portal/p/" + a.acme
	person, grant := page+"/people/"+bob, "/v3/projects/"+a.acme+"/users/"+bob+"/roles/"
	a.Admin().Put(grant+a.role["project_mod"], nil).Want(204)
	has := func(role string) bool { return a.Admin().Get(grant+a.role[role]).Status == 204 }
	onProject := func(name string) *testenv.Actor { return a.Login(name, "secret", testenv.OnProjectID(a.acme)) }
	a.Deliver()

	if got := onProject("moe").Delete(grant + a.role["project_mod"]).Want(403).Message(); !strings.Contains(got, "To take back the role project_mod somebody else who may do it must agree") || !strings.Contains(got, `"lintel access revoke" and --reason`) {
		t.Error(got)
	}
	mod.Open(page+"/people").Want(200, "bob", "Update")
	ask := person + "/revoke/" + a.role["project_mod"]
	mod.Open(person).Want(200, "To take this role back somebody else must agree.", "Ask to take project_mod back")
	mod.Open(ask).Want(200, "bob loses project_mod", "lintel access revoke --project acme").Submit("Ask for it").Want(422, "say why")
	mod.Submit("Ask for it", "reason", "On leave").Want(200, "Those who can were asked", "bob", "to be taken back", "On leave", "waits for an answer")
	boss.Open(ask).Want(404) // who needs nobody
	mod.Open(person + "/revoke/" + a.role["member"]).Want(404)
	a.told("boss@acme.example", "wants to take project_mod on the project acme at Lintel from bob. Somebody else must agree.", page+"/requests")
	id, _ := a.newest("project=" + a.acme)
	a.someone("mia", "project_mod")
	for _, name := range []string{"moe", "mia", "bob"} {
		onProject(name).Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	}
	_, form := target.Open("/portal/profile").Form("Save")
	if target.Send("POST", page+"/requests/"+id+"/approve", form); target.Status < 400 || !has("project_mod") {
		t.Error("it does not wait")
	}

	// To ask for a longer one does not withdraw it.
	onProject("moe").Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+bob+`"}, "project": {"id": "`+a.acme+`"}, "roles": [{"name": "project_mod"}], "expires_at": "2026-03-20T00:00:00Z", "reason": "x"}}`).Want(202)
	boss.Open(page+"/requests/"+id+"/refuse").Want(200, "Nothing changes, and moe is told why.")
	boss.Open(page+"/requests/"+id+"/approve").Want(200, "Agree that bob loses this?", "bob loses project_mod", "On leave").Submit("Agree and take back").Want(200, "agreed by boss")
	if has("project_mod") || !has("member") {
		t.Error("the wrong role was taken")
	}
	a.told("moe@acme.example", "agreed that bob loses project_mod on the project acme", "")
	a.told("bob@acme.example", "Before: member and project_mod", "")

	// By the API. What nobody may take, is not there, or is gone when somebody agrees, is not taken.
	back := "/v3/lintel/grants?user=bob&project=acme&role="
	onProject("moe").Delete(back + "project_mod&reason=x").Want(404)
	a.Admin().Put(grant+a.role["project_admin"], nil).Want(204)
	onProject("moe").Delete(back + "project_admin&reason=x").Want(403)
	a.Admin().Delete(grant + a.role["project_admin"]).Want(204)
	a.Admin().Put(grant+a.role["project_mod"], nil).Want(204)
	onProject("moe").Delete(back + "project_mod").Want(400)
	r := onProject("moe").Delete(back + "project_mod&reason=x").Want(202)
	id = r.Get("grants.request_id")
	if all := a.Admin().Get("/v3/lintel/grant_requests?project=" + a.acme).Want(200); r.Get("grants.user_id") != bob || !strings.Contains(all.Body, `"revoke":true`) {
		t.Error(r.Body, all.Body)
	}
	a.Admin().Delete(grant + a.role["project_mod"]).Want(204)
	onProject("boss").Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(404)
	onProject("bob").Delete(back + "member").Want(204) // what is one's own

	// On a domain, from a group, in the list of assignments.
	managerID, _ := a.someone("dora", "")
	a.Admin().Put("/v3/domains/default/users/"+managerID+"/roles/"+a.role["manager"], nil).Want(204)
	crew := a.Admin().Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "default"}}`).Want(201).Get("group.id")
	a.Admin().Put("/v3/domains/default/groups/"+crew+"/roles/"+a.role["auditor"], nil).Want(204)
	dora := a.SignIn("dora", "secret")
	dora.Open("/portal/d/default/assignments").Want(200, "crew", "Ask to revoke")
	dora.Open("/portal/d/default/assignments/revoke?group="+crew+"&role="+a.role["auditor"]).Want(200, "lintel access revoke --domain Default --group").
		Submit("Ask for it", "reason", "Audit is over").Want(200, "crew", "to be taken back", "Audit is over")
	id, _ = a.newest("domain=Default")
	a.root = a.SignIn("admin", testenv.Password)
	a.root.Open("/portal/d/default/requests/"+id+"/approve").Want(200, "crew loses auditor").Submit("Agree and take back").Want(200, "agreed by admin")
	a.Admin().Get("/v3/domains/default/groups/" + crew + "/roles/" + a.role["auditor"]).Want(404)
}

// TestRevokeAllAsksForTheRest: who takes all roles back takes those that they may take alone, and asks for the others in the same step, after
// the page has said which is which. J4, C18, C19
func TestRevokeAllAsksForTheRest(t *testing.T) {
	a := newApprovals(t)
	a.rule("project_mod", "project", "project_mod", "project", `"may_revoke": true, "max_days": 30`)
	_, mod := a.someone("moe", "project_mod")
	_, boss := a.someone("boss", "project_admin")
	bob, _ := a.someone("bob", "member")
	carl, _ := a.someone("carl", "")
	page := "/portal/p/" + a.acme
	grant := func(id, role string) string {
		return "/v3/projects/" + a.acme + "/users/" + id + "/roles/" + a.role[role]
	}
	has := func(id, role string) bool { return a.Admin().Get(grant(id, role)).Status == 204 }
	for _, id := range []string{bob, carl} {
		a.Admin().Put(grant(id, "project_mod"), nil).Want(204)
	}
	onProject := func() *testenv.Actor { return a.Login("moe", "secret", testenv.OnProjectID(a.acme)) }

	mod.Open(page+"/people/"+bob).Want(200, "Revoke all")
	mod.Open(page+"/people").Want(200, "Choose bob", "Choose carl", "Revoke those chosen")
	mod.Open(page+"/revoke?user="+bob+"&user="+carl).Want(200, "Revoke 2 people?", "member", "project_mod if somebody else agrees", "nothing changes until one does",
		"lintel access revoke --project acme --project-domain Default --user-domain Default --all --reason WHY bob")
	mod.Submit("Revoke 2 people").Want(422, "say why")
	if !has(bob, "member") {
		t.Error("something was taken before it was said why")
	}
	a.Clock.Advance(time.Second)
	mod.Submit("Revoke 2 people", "reason", "On leave").Want(200, "What you may take back alone was", "bob", "carl", "to be taken back", "On leave", "waits for an answer")
	if has(bob, "member") || !has(bob, "project_mod") || !has(carl, "project_mod") {
		t.Error("the wrong roles were taken")
	}
	for range 2 {
		for _, r := range a.Admin().Get("/v3/lintel/grant_requests?project=" + a.acme).Want(200).List("grant_requests") {
			if r := r.(map[string]any); r["state"] == "open" {
				boss.Open(page + "/requests/" + r["id"].(string) + "/approve").Submit("Agree and take back").Want(200)
			}
		}
	}
	if has(bob, "project_mod") || has(carl, "project_mod") {
		t.Error("who agrees takes nothing back")
	}

	// By the API; without what must be asked for, it is done at once.
	back := "/v3/lintel/grants?user=bob&project=acme&all=true"
	for _, role := range []string{"member", "project_mod"} {
		a.Admin().Put(grant(bob, role), nil).Want(204)
	}
	onProject().Delete(back).Want(400)
	onProject().Delete(back + "&role=member&reason=x").Want(400)
	onProject().Delete("/v3/lintel/grants?user=bob&domain=Default&all=true").Want(400)
	onProject().Delete("/v3/lintel/grants?user=bob&project=acme").Want(400)
	if r := onProject().Delete(back + "&reason=x").Want(202); r.Get("grants.role_ids.0") != a.role["member"] || r.Get("grants.requested_role_ids.0") != a.role["project_mod"] || r.Get("grants.user_id") != bob {
		t.Error(r.Body)
	}
	a.Admin().Delete(grant(bob, "project_mod")).Want(204)
	onProject().Delete(back).Want(404)
	a.Admin().Put(grant(bob, "member"), nil).Want(204)
	onProject().Delete(back).Want(204)
	a.Admin().Put(grant(bob, "admin"), nil).Want(204)
	onProject().Delete(back + "&reason=x").Want(403)
	if has(bob, "member") || !has(bob, "admin") {
		t.Error("the wrong roles were taken by the API")
	}
}
