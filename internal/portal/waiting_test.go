package portal_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// TestRolesOnceMFAIsOn: roles can wait until their user has turned on a second factor, while auth_only lets them log in. They are seen by
// their user and by those who look after the project, take effect with the factor, and can be withdrawn. Section 4.4.
func TestRolesOnceMFAIsOn(t *testing.T) {
	env, box, root, acme := cloudWithMail(t)
	admin := env.Admin()
	for _, name := range []string{"project_admin", "project_mod", "auth_only", "billing"} {
		admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(200)
	someone := func(name, role string) string {
		id, _ := member(env, name, name+"s")
		patch(env, id, `{"user": {"email": "`+name+`@acme.example"}}`)
		if role != "" {
			admin.Put("/v3/projects/"+acme+"/users/"+id+"/roles/"+roleID(env, role), nil).Want(204)
		}
		return id
	}
	granted := func(user string) (names []string) {
		for _, role := range []string{"auth_only", "member", "billing", "project_admin", "project_mod"} {
			if admin.Get("/v3/projects/"+acme+"/users/"+user+"/roles/"+roleID(env, role)).Status == 204 {
				names = append(names, role)
			}
		}
		return names
	}
	want := func(when, user string, roles ...string) {
		t.Helper()
		if got := granted(user); !slices.Equal(got, roles) {
			t.Errorf("%s: granted %q, want %q", when, got, roles)
		}
	}
	people := "/portal/p/" + acme
	waits := func(who, user, role string, more ...string) *testenv.Browser {
		t.Helper()
		return env.SignIn(who, "secret").Open(people+"/people/add").Want(200, "Give these roles once a second factor is on", "Until then, give auth_only").
			Submit("Add the person", append([]string{"who", user, "domain", "Default", "role", roleID(env, role), "once", "1"}, more...)...)
	}
	someone("boss", "project_admin")
	mod := someone("moe", "project_mod")
	bob := someone("bob", "")
	env.Deliver()

	boss := waits("boss", "bob", "member").Want(200, "The roles take effect when the person has turned on a second factor.", "bob", "member", "boss", "lintel access waiting --project acme")
	want("before", bob, "auth_only")
	b := env.SignIn("bob", "secret").Open("/portal").Want(200, "Roles that wait for your second factor", "member in acme, granted by boss", "Turn on a second factor")
	env.Deliver()
	b.Open("/portal/security/totp/new").Want(200, "role that waits for it takes effect")
	own := env.Login("bob", "secret")
	if r := own.Get("/v3/lintel/waiting_grants").Want(200); len(r.List("waiting_grants")) != 1 || r.Get("waiting_grants.0.role.name") != "member" || r.Get("waiting_grants.0.granter.name") != "boss" {
		t.Errorf("bob is told %s", r.Body)
	}
	own.Get("/v3/lintel/waiting_grants?project=acme").Want(403)
	env.Login("boss", "secret", testenv.OnProjectID(acme)).Get("/v3/lintel/waiting_grants?project=acme").Want(200)

	enrol(t, env, b)
	want("with the factor", bob, "auth_only", "member")
	boss.Open(people+"/waiting").Want(200, "Nothing waits")
	if b.Open("/portal").Want(200, "auth_only", "member"); strings.Contains(b.Text(), "Roles that wait") {
		t.Error("it still waits")
	}
	env.Deliver()
	if !slices.ContainsFunc(box.All("bob@acme.example"), func(m testenv.Mail) bool {
		return strings.Contains(m.Text, "Now: auth_only and member") && strings.Contains(m.Text, "boss")
	}) {
		t.Error("bob is not told what he has now")
	}
	root.Open("/portal/cloud/audit?target="+bob).Want(200, "Granted member to bob, once there is a second factor", "Granted member to bob")

	// Who has a factor gets all at once.
	waits("boss", "bob", "billing").Want(200, "The person was added")
	want("with a factor", bob, "auth_only", "member", "billing")

	// It can be withdrawn: by who may take it away, by who is to have it, not by others.
	carl := someone("carl", "")
	waits("moe", "carl", "member", "meanwhile", "").Want(200)
	want("nothing meanwhile", carl)
	at := regexp.MustCompile(people + `/waiting/([0-9a-f]+)/withdraw`).FindStringSubmatch(env.SignIn("boss", "secret").Open(people + "/waiting").Body)[1]
	env.Login("alice", "secret", testenv.OnProjectID(acme)).Delete("/v3/lintel/waiting_grants/" + at).Want(403)
	env.Login("alice", "secret", testenv.OnProjectID(acme)).Delete("/v3/lintel/waiting_grants/nothing").Want(403)
	admin.Delete("/v3/lintel/waiting_grants/nothing").Want(404)
	env.SignIn("boss", "secret").Open(people+"/waiting/"+at+"/withdraw").Want(200, "carl does not get member").Submit("Withdraw the role").Want(200, "was withdrawn", "Nothing waits")
	waits("moe", "carl", "member", "meanwhile", "").Want(200)
	self := env.Login("carl", "secret")
	self.Delete("/v3/lintel/waiting_grants/" + self.Get("/v3/lintel/waiting_grants").Want(200).Get("waiting_grants.0.id")).Want(204)
	enrol(t, env, env.SignIn("carl", "secret"))
	want("withdrawn", carl)

	// The granter must be able to make it when it takes effect, and nobody must have risen. Attacks 7 and 17 of section 4.3.
	dora, erik, fred := someone("dora", ""), someone("erik", ""), someone("fred", "")
	for _, name := range []string{"dora", "erik", "fred"} {
		waits("moe", name, "member", "until", "2026-03-20").Want(200)
	}
	admin.Put("/v3/projects/"+acme+"/users/"+erik+"/roles/"+roleID(env, "project_admin"), nil).Want(204)
	enrol(t, env, env.SignIn("erik", "secret"))
	want("who has risen", erik, "auth_only", "project_admin")
	withEnd := env.SignIn("fred", "secret")
	enrol(t, env, withEnd)
	want("who has not", fred, "auth_only", "member")
	withEnd.Open("/portal").Want(200, "until 20 Mar 2026")
	admin.Delete("/v3/projects/" + acme + "/users/" + mod + "/roles/" + roleID(env, "project_mod")).Want(204)
	enrol(t, env, env.SignIn("dora", "secret"))
	want("of who may not any more", dora, "auth_only")
	root.Open("/portal/cloud/audit?target="+dora).Want(200, "member for dora has lapsed")

	// What would end before it begins lapses, too; a role to which somebody else must agree waits for that first.
	gina := someone("gina", "")
	waits("boss", "gina", "member", "until", "2026-03-05").Want(200)
	env.Clock.Advance(3 * 24 * time.Hour)
	enrol(t, env, env.SignIn("gina", "secret"))
	admin = env.Admin()
	want("over", gina)
	admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_admin"}, "target_role": {"name": "billing"}, "may_grant": true, "needs_approval": true}}`).Want(201)
	someone("hugo", "")
	waits("boss", "hugo", "billing").Want(422, "Somebody else must agree: say why")
	admin.Post("/v3/lintel/grants", `{"grants": {"user": {"name": "hugo"}, "project": {"name": "acme"}, "roles": [{"name": "member"}], "meanwhile": [{"name": "billing"}]}}`).Want(400)
}

// TestAgreementThenMFA: a role to which somebody else must agree waits for that, and then for the second factor; it takes effect if both who
// asked and who agreed may still give it. Section 4.4; attacks 7 and 16 of section 4.3.
func TestAgreementThenMFA(t *testing.T) {
	a := newApprovals(t)
	moeID, mod := a.someone("moe", "project_mod")
	bossID, boss := a.someone("boss", "project_admin")
	page, query := "/portal/p/"+a.acme, "project="+a.acme
	grant := func(id, role string) string {
		return "/v3/projects/" + a.acme + "/users/" + id + "/roles/" + a.role[role]
	}
	has := func(id, role string) bool { return a.Admin().Get(grant(id, role)).Status == 204 }
	ask := func(name string, more ...string) *testenv.Browser {
		a.Clock.Advance(time.Second)
		return mod.Open(page+"/people/add").Submit("Add the person", append([]string{"who", name, "domain", "Default", "role", a.role["project_mod"], "once", "1", "until", "2026-03-20"}, more...)...)
	}
	agree := func() *testenv.Browser {
		id, _ := a.newest(query)
		return boss.Open(page+"/requests/"+id+"/approve").Want(200, "It waits until the person has turned on a second factor").Submit("Agree and grant").Want(200, "agreed by boss")
	}
	waiting := func() []any {
		return a.Admin().Get("/v3/lintel/waiting_grants?" + query).Want(200).List("waiting_grants")
	}
	a.Deliver()

	bob, _ := a.someone("bob", "")
	ask("bob").Want(422, "say why", "lintel access grant --project acme --project-domain Default --user-domain Default --once-mfa --reason WHY bob project_mod")
	ask("bob", "reason", "On call").Want(200, "Those who can were asked", "bob", "once there is a second factor", "waits for an answer")
	a.told("boss@acme.example", "It takes effect once there is a second factor.", page+"/requests")
	a.SignIn("bob", "secret").Want(200, "What waits until somebody agrees", "project_mod in acme, asked for by moe", "boss can agree.")
	a.root.Open("/portal/d/default/users/"+bob+"/access").Want(200, "project_mod in acme, asked for by moe", "boss can agree.")
	if r := a.Login("bob", "secret").Get("/v3/lintel/access").Want(200); r.Get("access.coming.0.waits_for") != "approval" || r.Get("access.coming.0.agreers.0") != "boss" {
		t.Error(r.Body)
	}
	id, _ := a.newest(query)
	a.Login("moe", "secret", testenv.OnProjectID(a.acme)).Post("/v3/lintel/grant_requests/"+id+"/approval", nil).Want(403)
	if len(waiting()) != 0 || has(bob, "project_mod") {
		t.Error("it does not wait for the agreement")
	}
	agree()
	if has(bob, "project_mod") {
		t.Error("it does not wait for the factor")
	}
	boss.Open(page+"/waiting").Want(200, "bob", "project_mod", "moe", "agreed by boss")
	if w := a.Login("bob", "secret").Get("/v3/lintel/waiting_grants").Want(200); w.Get("waiting_grants.0.granter.name") != "moe" || w.Get("waiting_grants.0.agreed_by.name") != "boss" {
		t.Error(w.Body)
	}
	a.root.Open("/portal/d/default/users/"+bob+"/access").Want(200, "What waits for a second factor", "project_mod in acme, granted by moe")
	enrol(t, a.Env, a.SignIn("bob", "secret"))
	if !has(bob, "project_mod") || len(waiting()) != 0 {
		t.Error("it does not take effect")
	}

	// Who has a factor by then gets it by the agreement; what needs none waits for the factor alone.
	carl, _ := a.someone("carl", "")
	ask("carl", "reason", "On call").Want(200)
	enrol(t, a.Env, a.SignIn("carl", "secret"))
	if has(carl, "project_mod") {
		t.Error("a factor is no agreement")
	}
	agree()
	if !has(carl, "project_mod") {
		t.Error("it waits for a factor that is there")
	}
	dora, _ := a.someone("dora", "")
	r := a.Login("moe", "secret", testenv.OnProjectID(a.acme)).Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+dora+`"}, "project": {"id": "`+a.acme+`"}, "once_second_factor": true,
		"roles": [{"name": "project_mod"}, {"name": "member"}], "expires_at": "2026-03-20T00:00:00Z", "reason": "On call"}}`).Want(202)
	if r.Get("grants.requested_role_ids.0") != a.role["project_mod"] || r.Get("grants.waiting_role_ids.0") != a.role["member"] || len(r.List("grants.role_ids")) != 0 {
		t.Error(r.Body)
	}

	// Who agreed, or who asked, may not any more.
	agree()
	a.Admin().Delete(grant(bossID, "project_admin")).Want(204)
	enrol(t, a.Env, a.SignIn("dora", "secret"))
	if has(dora, "project_mod") || !has(dora, "member") {
		t.Error("it takes effect without who agreed")
	}
	a.Admin().Put(grant(bossID, "project_admin"), nil).Want(204)
	boss = a.SignIn("boss", "secret")
	erik, _ := a.someone("erik", "")
	ask("erik", "reason", "On call").Want(200)
	agree()
	a.Admin().Delete(grant(moeID, "project_mod")).Want(204)
	enrol(t, a.Env, a.SignIn("erik", "secret"))
	if has(erik, "project_mod") || len(waiting()) != 0 {
		t.Error("it takes effect without who asked")
	}
}
