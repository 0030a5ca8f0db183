package portal_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// A7, C5, C8: who may grant what, as a table, with presets; what a change means stands there before it is done.
func TestGrantRules(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	for _, name := range []string{"project_admin", "project_mod", "billing"} {
		admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	role := func(name string) string { return admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	root := env.SignIn("admin", testenv.Password).Open("/portal/cloud/grants").Want(200, "Who may grant what", "No rules", "keystone-default", "lintel grants list")

	preset := root.Open("/portal/cloud/grants/preset").Want(200, "catalyst", "adjutant")
	preset.Submit("Review the change").Want(422, "Choose one.")
	preset.Submit("Review the change", "preset", "adjutant", "mapping", "a: b").Want(422, "no role_mapping", "a: b")
	preset.Submit("Review the change", "preset", "catalyst").Want(200, "New: project_admin on a project: grant, take back, invite to the role project_mod", "There is no role auth_only", "lintel grants preset catalyst")
	if list := admin.Get("/v3/lintel/grant_rules").Want(200).List("grant_rules"); len(list) != 0 {
		t.Errorf("looking at it made %d rules", len(list))
	}
	preset.Submit("Put these rules in place", "typed", "no").Want(422, "Type catalyst")
	preset.Submit("Put these rules in place", "typed", "catalyst").Want(200, "Saved", "project_mod", "billing")
	if list := admin.Get("/v3/lintel/grant_rules").Want(200).List("grant_rules"); len(list) != 7 {
		t.Errorf("there are %d rules", len(list))
	}

	form := root.Open("/portal/cloud/grants/rule").Want(200)
	form.Submit("Review the change", "holder", role("reader"), "target", role("admin"), "days", "x").Want(422, "Type a whole number")
	form.Submit("Review the change", "holder", role("reader"), "target", role("admin"), "domain", "none").Want(422, "There is no domain none")
	form.Submit("Review the change", "holder", role("reader"), "target", role("admin"), "domain", "Default").Want(422, "narrows what the cloud allows")
	form.Submit("Review the change", "holder", role("reader"), "target", role("admin"), "domain", "", "days", "7").
		Want(200, "The role admin is of high impact", "at most 7 days", "lintel grants allow reader admin --max-days 7")
	form.Submit("Save the rule", "typed", "reader").Want(200, "Saved", "at most 7 days")
	root.Open("/portal/cloud/grants/rule").Submit("Review the change", "holder", role("project_mod"), "target", role("billing"), "domain", "Default", "invite", "").
		Want(200, "--only grant,revoke --domain Default").Submit("Save the rule", "typed", "project_mod").Want(200, "Narrower in the domain Default")

	var id string
	for _, g := range admin.Get("/v3/lintel/grant_rules").Want(200).List("grant_rules") {
		if rule := g.(map[string]any); rule["max_days"] != nil {
			id = rule["id"].(string)
		}
	}
	if _, form := root.Open("/portal/cloud/grants/rule?id=" + id).Want(200).Form("Review the change"); form.Get("days") != "7" || form.Get("holder") != role("reader") {
		t.Errorf("the form of a rule has %v", form)
	}
	root.Open("/portal/cloud/grants/rule/delete?id="+id).Want(200, "Gone: reader", "lintel grants deny reader admin")
	root.Submit("Delete the rule", "typed", "reader").Want(200, "Deleted")
	root.Open("/portal/cloud/grants/rule?id=" + id).Want(404)
	root.Open("/portal/cloud/grants/rule/delete?id=" + id).Want(404)

	// S-122: nobody else sees the pages, or gets a form of theirs through.
	member(env, "alice", "acme")
	manager(env, "mona", "manager")
	auditor, _ := member(env, "auditor", "other")
	admin.Put("/v3/system/users/"+auditor+"/roles/"+role("reader"), nil).Want(204)
	for who, want := range map[string]int{"alice": 404, "mona": 404, "auditor": 403} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		for key, value := range map[string]string{"preset": "keystone-default", "holder": role("reader"), "target": role("admin"), "grant": "1", "typed": "reader"} {
			sent.Set(key, value)
		}
		for _, path := range []string{"/preset", "/rule", "/rule/delete"} {
			b.Open("/portal/cloud/grants" + path).Want(want)
			b.Send("POST", "/portal/cloud/grants"+path, sent).Want(want)
		}
		if who == "auditor" {
			b.Open("/portal/cloud/grants").Want(200, "project_mod")
			if strings.Contains(b.Body, "Add a rule") {
				t.Error("an auditor is offered to add a rule")
			}
		} else {
			b.Open("/portal/cloud/grants").Want(want)
		}
	}
}

// J2, J3: a role has a last day where somebody said so, and it stands wherever the role does.
func TestLastDayOfARole(t *testing.T) {
	tm := newTeam(t)
	boss, dora := tm.person("boss"), tm.person("dora")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(dora, "reader")
	page, field := "/portal/p/"+tm.web+"/people/"+dora, "until-"+tm.role("reader")
	b := tm.SignIn("boss", "secret").Open(page).Want(200, "Last day of reader")
	b.Submit("Review the change", field, "2026-03-03").Want(422, "Choose a day that is still to come")
	b.Submit("Review the change", field, "2026-03-31").Want(200, "With another end", "reader, until 31 Mar",
		"lintel access grant --project acme-web --project-domain Default --user-domain Default --until 2026-03-31 dora reader")
	b.Submit("Save the change").Want(200, "The roles were changed", "reader until 31 Mar")
	if _, form := b.Open(page).Form("Review the change"); form.Get(field) != "2026-03-31" {
		t.Errorf("the form has %v", form)
	}
	tm.SignIn("dora", "secret").Open("/portal").Want(200, "reader until 31 Mar")
	b.Open(page).Submit("Review the change", field, "").Want(200, "reader, for good").Submit("Save the change").Want(200)
	if strings.Contains(b.Body, "31 Mar") {
		t.Error("the end stays")
	}

	emil := tm.person("emil")
	b.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", "emil", "role", tm.role("member"), "until", "x").Want(422, "still to come")
	b.Submit("Add the person", "until", "2026-04-01").Want(200, "member until 1 Apr")
	tm.Clock.Advance(40 * 24 * time.Hour)
	tm.wantEnded(emil)

	// Whoever accepts later has it no longer than was offered, and changing something else of the offer does not change that.
	at := "/portal/p/" + tm.web + "/invit"
	tm.SignIn("boss", "secret").Open(at+"e").Submit("Send the invitations", "addresses", "fay@example.org", "until", "2026-06-01").Want(200)
	id := tm.Admin().Get("/v3/lintel/invitations?project=" + tm.web).Want(200).Get("invitations.0.id")
	b = tm.SignIn("boss", "secret").Open(at + "ations/" + id)
	b.Submit("Save", "words", "Welcome").Want(200)
	if _, form := b.Open(at + "ations/" + id).Form("Save"); form.Get("until") != "2026-06-01" || form.Get("words") != "Welcome" {
		t.Errorf("the form of the invitation has %v", form)
	}
}

// wantEnded finds that nothing is granted to a user on the project any more.
func (tm *team) wantEnded(user string) {
	tm.t.Helper()
	if names := tm.Admin().Get("/v3/projects/"+tm.web+"/users/"+user+"/roles").Want(200).Texts("roles", "name"); len(names) > 0 {
		tm.t.Errorf("granted are %v", names)
	}
}

// Attack 11 of section 4.3: who set the address of an account that has risen since gets no mail that leads into it.
func TestResetMailGoesToNoAddressOfOthers(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	mona := manager(env, "mona", "manager")
	risen, project := member(env, "risen", "other")
	plain, _ := member(env, "plain", "third")
	mgr := env.Login("mona", "secret", testenv.OnDefaultDomain)
	for user, address := range map[string]string{risen: "evil@acme.example", plain: "plain@acme.example"} {
		mgr.Patch("/v3/users/"+user, `{"user": {"email": "`+address+`"}}`).Want(200)
	}
	admin := env.Admin()
	role := admin.Get("/v3/roles?name=admin").Want(200).Get("roles.0.id")
	admin.Put("/v3/projects/"+project+"/users/"+risen+"/roles/"+role, nil).Want(204)
	ask := func() {
		for _, name := range []string{"risen", "plain"} {
			env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", name).Want(200, "If we know")
		}
		env.Deliver()
	}
	resets := func(address string) (n int) {
		for _, m := range box.All(address) {
			if strings.HasPrefix(m.Link, "/portal/reset/") {
				n++
			}
		}
		return n
	}
	ask()
	if bad, good := resets("evil@acme.example"), resets("plain@acme.example"); bad != 0 || good != 1 {
		t.Errorf("%d mails to the address of an administrator that a manager set, %d to another", bad, good)
	}
	admin.Delete("/v3/users/" + mona).Want(204) // who is gone has no say any more, but what they set for ordinary people was fine
	ask()
	if bad, good := resets("evil@acme.example"), resets("plain@acme.example"); bad != 0 || good != 2 {
		t.Errorf("%d mails, and %d, once the manager is gone", bad, good)
	}
	admin.Patch("/v3/users/"+risen, `{"user": {"email": "right@acme.example"}}`).Want(200)
	ask()
	if n := resets("right@acme.example"); n != 1 {
		t.Errorf("%d mails to the address that an administrator set", n)
	}
}

// Granting a role of high impact shows who else could get into the account: who set its address, password and factors.
func TestWhoSetAnAccountIsShown(t *testing.T) {
	tm := newTeam(t)
	mona, dora := tm.person("mona"), tm.person("dora")
	tm.grant("domains/default/users/"+mona, "manager")
	tm.onWeb(dora, "member")
	mgr := tm.Login("mona", "secret", testenv.OnDefaultDomain)
	mgr.Patch("/v3/users/"+dora, `{"user": {"email": "dora@example.org", "password": "known"}}`).Want(200)
	root := tm.SignIn("admin", testenv.Password).Open("/portal/p/" + tm.web + "/people/" + dora)
	root.Submit("Review the change", "role", tm.role("admin")).Want(200, "Granted admin", "The e-mail address was set by mona on 4 Mar", "The password was set by mona on 4 Mar")
	root.Open("/portal/p/"+tm.web+"/people/"+dora).Submit("Review the change", "role", tm.role("reader")).Want(200, "Granted reader")
	if strings.Contains(root.Body, "set by mona") {
		t.Error("who set the password is told where nobody needs to know")
	}
}

// M20: whoever may grant every role hears of it when somebody changes who may grant what.
func TestAdministratorsHearOfGrantRules(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	admin := env.Admin()
	id := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	admin.Patch("/v3/users/"+id, `{"user": {"email": "root@acme.example"}}`).Want(200)
	user, _ := member(env, "bob", "other")
	admin.Patch("/v3/users/"+user, `{"user": {"email": "bob@acme.example"}}`).Want(200)
	env.Deliver()
	before := len(box.All("root@acme.example"))
	rule := `{"grant_rule": {"holder_role": {"name": "member"}, "target_role": {"name": "reader"}, "may_grant": true}}`
	admin.Post("/v3/lintel/grant_rules", rule).Want(201)
	admin.Post("/v3/lintel/grant_rules", rule).Want(201) // which changes nothing
	admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "keystone-default", "rehearse": true}}`).Want(200)
	env.Deliver()
	all := box.All("root@acme.example")[before:]
	if len(all) != 1 || !strings.Contains(all[0].Text, "changed") || len(box.All("bob@acme.example")) != 0 {
		t.Errorf("the mails are %v", all)
	}
}

// A7: whether somebody may do something to somebody, and by which rule, is told as the rooms decide it, for all kinds of rules; nothing
// of it remains.
func TestTryGrantRulesOut(t *testing.T) {
	tm := newTeam(t)
	for _, name := range []string{"project_admin", "project_mod", "billing", "ghost"} {
		tm.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	tm.admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(200)
	bob, boss, mod, mona := tm.person("bob"), tm.person("boss"), tm.person("mod"), tm.person("mona")
	tm.onWeb(bob, "member")
	tm.onWeb(boss, "project_admin")
	tm.onWeb(mod, "project_mod")
	tm.grant("domains/default/users/"+mona, "manager")
	users := len(tm.admin.Get("/v3/users").Want(200).List("users"))
	b := tm.SignIn("admin", testenv.Password).Open("/portal/cloud/grants").Want(200)
	follow(t, b, "Try them out").Want(200, "Who asks", "lintel grants ask")
	ask := func(more ...string) *testenv.Browser {
		q := url.Values{"as": {tm.role("project_mod")}, "on": {"project"}, "project": {"acme-web"}, "domain": {"Default"}, "act": {"grant"}, "role": {tm.role("billing")}, "whom": {"bob"}}
		for i := 0; i+1 < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return b.Open("/portal/cloud/grants/ask?" + q.Encode())
	}
	const rule = "project_mod on a project: grant, take back, invite to the role billing"
	ask().Want(200, "somebody with project_mod · grant a role · billing · bob Yes A rule of who may grant what", rule,
		"lintel grants ask --as project_mod --project acme-web --domain Default --act grant --role billing bob")
	ask("as", "", "person", "mod").Want(200, "mod · grant a role · billing · bob Yes", rule, "--as-user mod")
	ask("act", "invite", "whom", "").Want(200, "Yes A rule of who may grant what")
	ask("act", "revoke").Want(200, "Yes", "there is nothing to take back")
	ask("act", "revoke", "role", tm.role("member")).Want(200, "Yes A rule of who may grant what")
	ask("role", tm.role("project_admin")).Want(200, "No The policy", "identity:create_grant does not let them", "They are told:")
	ask("whom", "boss").Want(200, "No Nobody changes what somebody above them holds", "The other one holds project_admin on acme-web")
	ask("act", "account").Want(200, "No The policy", "identity:update_user")
	ask("act", "factor").Want(200, "Yes A rule of who may grant what", "They may take back all that the other one holds")
	ask("act", "factor", "whom", "boss").Want(200, "No The policy")
	ask("as", tm.role("manager"), "on", "domain", "act", "account").Want(200, "Yes The policy", "identity:update_user lets them")
	ask("as", tm.role("manager"), "on", "domain", "act", "account", "whom", "admin").Want(200, "No Nobody acts on the account of somebody above them", "The other one holds admin on")
	ask("as", tm.role("manager"), "on", "domain", "role", tm.role("reader"), "at", "acme-web").Want(200, "Yes The policy")
	ask("as", tm.role("admin"), "on", "system", "role", tm.role("admin"), "at", "acme-web").Want(200, "Yes The policy")
	// It says what the grant itself does.
	may := tm.Login("mod", "secret", testenv.OnProjectID(tm.web))
	may.Put("/v3/projects/"+tm.web+"/users/"+boss+"/roles/"+tm.role("billing"), nil).Want(403)
	may.Put("/v3/projects/"+tm.web+"/users/"+bob+"/roles/"+tm.role("billing"), nil).Want(204)

	ask("project", "").Want(422, "Say on which project they act.")
	ask("project", "nowhere").Want(422, "There is no project nowhere in this domain.")
	ask("whom", "").Want(422, "Say to whom.")
	ask("whom", "nobody").Want(422, "nobody of this name")
	ask("person", "bob", "on", "system").Want(422, "They have no role where they are said to act")
	ask("domain", "none").Want(422, "There is no domain none.")
	if n := len(tm.admin.Get("/v3/users").Want(200).List("users")); n != users {
		t.Errorf("%d users, %d before", n, users)
	}

	// The API says the same; who may not see rules and assignments learns nothing (S-122).
	path := "/v3/lintel/grant_rules/decision?act=grant&as_role_id=" + tm.role("project_mod") + "&as_project_id=" + tm.web + "&role_id=" + tm.role("billing") + "&user_id=" + boss
	d := tm.admin.Get(path).Want(200)
	if d.Value("grant_decision.allowed") != false || d.Get("grant_decision.decided_by") != "touch" || d.Get("grant_decision.role.name") != "project_admin" {
		t.Error(d.JSON())
	}
	tm.admin.Get(strings.Replace(path, "act=grant", "act=jump", 1)).Want(400)
	tm.admin.Get(path + "&as_system=true").Want(400)
	tm.admin.Get(strings.Replace(path, "user_id="+boss, "user_id=none", 1)).Want(404)
	may.Get(path).Want(403)
	tm.Login("mona", "secret", testenv.OnDefaultDomain).Get(path).Want(403)
	tm.SignIn("mona", "secret").Open("/portal/cloud/grants/ask").Want(404)
}

// A7, R6: who could gain by a rule cannot write one, whatever the policy says, and is told why.
func TestGrantRulesEscalation(t *testing.T) {
	tm := newTeam(t, func(c *config.Config) {
		c.OsloPolicy.PolicyFile = filepath.Join(t.TempDir(), "policy.yaml")
		text := `"lintel:manage_grant_rules": "role:auditor"` + "\n" + `"lintel:list_grant_rules": "role:auditor or rule:admin_required"` + "\n"
		if err := os.WriteFile(c.OsloPolicy.PolicyFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	tm.admin.Post("/v3/roles", `{"role": {"name": "auditor"}}`).Want(201)
	tm.grant("system/users/"+tm.person("ann"), "auditor")
	b := tm.SignIn("ann", "secret").Open("/portal/cloud/grants").Want(200, "Who may grant what is said by those alone who may grant every role, and for good.")
	if strings.Contains(b.Body, "Add a rule") {
		t.Error("who could gain by a rule is offered to write one")
	}
	b.Open("/portal/cloud/grants/rule").Want(403, "those alone who may grant every role")
	tm.Login("ann", "secret", testenv.OnSystem).Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "auditor"}, "holder_scope": "system", "target_role": {"name": "admin"}, "may_grant": true}}`).Want(403)
}

// A7: a role that rules are about and that nobody holds or can be given.
func TestUnreachableRoles(t *testing.T) {
	tm := newTeam(t)
	for _, name := range []string{"lead", "helper"} {
		tm.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	b := tm.SignIn("admin", testenv.Password).Open("/portal/cloud/grants/rule").Want(200)
	b.Submit("Review the change", "holder", tm.role("lead"), "target", tm.role("helper")).Want(200, "Nobody can come to have lead", "Nobody can come to have helper")
	b.Submit("Save the rule", "typed", "lead").Want(200, "Saved", "Nobody can come to have lead")
	ann := tm.person("ann")
	tm.onWeb(ann, "lead") // and helper comes within reach by the rule
	if b.Open("/portal/cloud/grants").Want(200); strings.Contains(b.Text(), "Nobody can come to have") {
		t.Error("warned of what somebody has")
	}
	// A manager may grant member by the policy: that is within reach without a rule, too.
	tm.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "member"}, "target_role": {"name": "reader"}, "may_grant": true}}`).Want(201)
	tm.grant("domains/default/users/"+ann, "manager")
	if b.Open("/portal/cloud/grants").Want(200); strings.Contains(b.Text(), "Nobody can come to have") {
		t.Error("warned of what a manager grants")
	}
	// A domain closes what the cloud opens.
	b.Open("/portal/cloud/grants/rule").Submit("Review the change", "holder", tm.role("lead"), "target", tm.role("helper"), "domain", "Default", "grant", "", "invite", "").
		Want(200, "In the domain Default nobody can grant helper")
	b.Submit("Save the rule", "typed", "lead").Want(200, "In the domain Default nobody can grant helper")
	roles := tm.admin.Get("/v3/lintel/grant_rules").Want(200).List("unreachable_roles")
	if len(roles) != 1 || roles[0].(map[string]any)["domain_id"] != "default" {
		t.Errorf("%v", roles)
	}
}
