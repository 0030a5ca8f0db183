package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/testenv"
)

// answered lets somebody agree to a request by every road, which must come to nothing.
func (a *assault) answered(who *caller, id string, scope ...string) {
	a.t.Helper()
	if r := who.api.Post("/v3/lintel/grant_requests/"+id+"/approval", nil); r.Status != 403 {
		a.t.Errorf("%s agrees by the API: %d %s", who.kind, r.Status, r.Body)
	}
	a.post(who, "/portal/p/"+a.here+"/requests/"+id+"/approve")
	if len(scope) == 0 {
		scope = []string{"OS_PROJECT_NAME", "here"}
	}
	a.as(who.name, "secret", scope...)
	a.refused("access approve "+id, "403")
}

// The attacks 12, 16 and 17 of section 4.3, on what somebody else must agree to and on what changes meanwhile, by API, portal and command.
func TestAttacksOnRequests(t *testing.T) {
	a := newAssault(t)
	a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "project_mod"}, "may_grant": true, "may_revoke": true, "needs_approval": true, "max_days": 30}}`).Want(201)
	second := a.someone("moderator")
	plain := a.someone("member")
	ask := func(id, end string) *testenv.Response {
		return a.mod.api.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+id+`"}, "project": {"id": "`+a.here+`"}, "roles": [{"name": "project_mod"}], "expires_at": "`+end+`", "reason": "on call"}}`)
	}
	has := func(id string) bool { return a.admin.Get(a.grantPath(id, "project_mod")).Status == 204 }

	// 16: nobody agrees to what they asked for, or to what they are to have, or with rights that want agreement themselves, or without any.
	bob, _ := a.person("member", "")
	request := ask(bob, "2026-03-20T00:00:00Z").Want(202).Get("grants.request_id")
	for _, who := range []*caller{a.mod, second, plain} {
		a.answered(who, request)
	}
	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	a.mod.api.Put(a.grantPath(bob, "project_mod"), nil).Want(403)
	a.refused("access grant "+a.mod.name+" project_admin --project here --reason x", "403")
	if has(bob) {
		t.Fatal("a request grants by itself")
	}
	target := a.someone("cloud admin") // who could agree to anything else
	forThem := ask(target.id, "2026-03-20T00:00:00Z").Want(202).Get("grants.request_id")
	a.answered(target, forThem, "OS_PROJECT_NAME", "other")
	handed := a.boss.api.Post("/v3/users/"+a.boss.id+"/application_credentials", `{"application_credential": {"name": "robot", "unrestricted": true}}`).Want(201)
	a.env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "`+
		handed.Get("application_credential.id")+`", "secret": "`+handed.Get("application_credential.secret")+`"}}}}`).Want(201).Actor().
		Post("/v3/lintel/grant_requests/"+request+"/approval", nil).Want(403)
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access approve " + request); err != nil || !strings.Contains(out, "approved") || !has(bob) {
		t.Fatalf("%s %v", out, err)
	}

	// 16: what ends does not last longer without being asked for anew, and not beyond the rule.
	state := func(id string) (state any) {
		for _, r := range a.admin.Get("/v3/lintel/grant_requests?project=" + a.here).Want(200).List("grant_requests") {
			if r.(map[string]any)["id"] == id {
				state = r.(map[string]any)["state"]
			}
		}
		return state
	}
	longer := ask(bob, "2026-03-30T00:00:00Z").Want(202).Get("grants.request_id")
	a.mod.api.Put(a.grantPath(bob, "project_mod"), nil).Want(403)
	ask(bob, "2026-09-30T00:00:00Z").Want(403)
	a.answered(a.mod, longer)
	if now := state(longer); now != "open" {
		t.Errorf("the request is %v", now)
	}
	a.boss.api.Post("/v3/lintel/grant_requests/"+longer+"/refusal", `{"refusal": {"reason": "enough"}}`).Want(200)
	a.boss.api.Post("/v3/lintel/grant_requests/"+longer+"/approval", nil).Want(409)

	// 16, by a group, an invitation, and by joining a group, by the command as well.
	a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "project_mod"}, "may_grant": true, "may_invite": true, "needs_approval": true, "max_days": 30}}`).Want(201)
	crew := a.admin.Post("/v3/groups", `{"group": {"name": "waiting", "domain_id": "default"}}`).Want(201).Get("group.id")
	byGroup := "/v3/projects/" + a.here + "/groups/" + crew + "/roles/" + a.role["project_mod"]
	a.mod.api.Put(byGroup, nil).Want(403)
	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	a.refused("access grant waiting project_mod --group --project here --until 2026-03-20", "say why")
	a.env.Clock.Advance(time.Second)
	if out, err := a.run("access grant waiting project_mod --group --project here --until 2026-03-20 --reason crew"); err != nil || !strings.Contains(out, "Request") {
		t.Fatalf("%s %v", out, err)
	}
	newest := func() string {
		return a.admin.Get("/v3/lintel/grant_requests?project=" + a.here).Want(200).Get("grant_requests.0.id")
	}
	forGroup := newest()
	a.answered(a.mod, forGroup)
	a.admin.Put("/v3/groups/"+crew+"/users/"+a.boss.id, nil).Want(204)
	a.boss.api = a.env.Login(a.boss.name, "secret", testenv.OnProjectID(a.here))
	a.answered(a.boss, forGroup) // who is in it
	a.admin.Get(byGroup).Want(404)
	a.admin.Delete("/v3/groups/" + crew + "/users/" + a.boss.id).Want(204)
	a.boss = a.someone("project admin")
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access approve " + forGroup); err != nil || !strings.Contains(out, "waiting") {
		t.Fatalf("%s %v", out, err)
	}
	a.admin.Get(byGroup).Want(204)
	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	a.refused("invite --project here --role project_mod --until 2026-03-20 greta@new.example", "say why")
	a.env.Clock.Advance(time.Second)
	if out, err := a.run("invite --project here --role project_mod --until 2026-03-20 --reason call greta@new.example"); err != nil || !strings.Contains(out, "waits for an answer to the request") {
		t.Fatalf("%s %v", out, err)
	}
	invited := newest()
	a.answered(a.mod, invited)
	if out, err := a.run("invitation list --project here"); err != nil || !strings.Contains(out, "draft: waits for an answer to the request "+invited) {
		t.Errorf("%s %v", out, err)
	}
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access refuse " + invited + " --reason no"); err != nil || !strings.Contains(out, "greta@new.example") {
		t.Errorf("%s %v", out, err)
	}
	if left := a.admin.Get("/v3/lintel/invitations?project=" + a.here + "&address=greta@new.example").Want(200).List("invitations"); len(left) != 0 {
		a.t.Errorf("an invitation that was refused is open: %v", left)
	}

	// 17: somebody who has risen since it was asked for.
	riser, _ := a.person("member", "")
	rising := ask(riser, "2026-03-20T00:00:00Z").Want(202).Get("grants.request_id")
	a.grant(riser, a.here, "admin")
	a.answered(a.boss, rising)
	if has(riser) {
		t.Error("the request of a moderator changes an administrator")
	}

	// 12: who waits in a group for it to be given more does not give it that, and who does is told of them.
	sleeper := a.admin.Post("/v3/groups", `{"group": {"name": "sleepers", "domain_id": "default"}}`).Want(201).Get("group.id")
	a.mod.api.Put("/v3/groups/"+sleeper+"/users/"+a.mod.id, nil).Want(403)
	a.manager.api.Put("/v3/groups/"+sleeper+"/users/"+a.manager.id, nil).Want(204)
	a.manager.api.Put("/v3/projects/"+a.here+"/groups/"+sleeper+"/roles/"+a.role["admin"], nil).Want(403)
	a.manager.api.Put("/v3/domains/default/groups/"+sleeper+"/roles/"+a.role["admin"], nil).Want(403)
	a.post(a.manager, "/portal/d/default/assignments/new", "kind", "group", "name", "sleepers", "role", a.role["admin"], "project", "here", "typed", "sleepers")
	a.root.Open("/portal/d/default/assignments/new").Submit("Grant the role", "kind", "group", "name", "sleepers", "role", a.role["admin"], "project", "here").
		Want(200, a.manager.name+" gets it by the group, and joined it by themselves.")
	if n := len(a.admin.Get("/v3/role_assignments?group.id=" + sleeper).Want(200).List("role_assignments")); n != 0 {
		t.Errorf("%d grants to the group", n)
	}
}

// An account is made with the role to which somebody else must agree waiting, and told so.
func TestAnAccountWhoseRoleWaits(t *testing.T) {
	a := newAssault(t)
	a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "manager"}, "holder_scope": "domain", "target_role": {"name": "project_mod"}, "may_grant": true, "needs_approval": true}}`).Want(201)
	a.as(a.manager.name, "secret", "OS_DOMAIN_ID", "default")
	a.refused("user create newcomer --password-generate --project here --role project_mod --role member", "say why")
	out, err := a.run("user create newcomer --password-generate --project here --role project_mod --role member --reason invoices")
	if err != nil || !strings.Contains(out, "waiting_roles") || !strings.Contains(out, "request_id") {
		t.Fatalf("%s %v", out, err)
	}
	id := a.admin.Get("/v3/users?name=newcomer").Want(200).Get("users.0.id")
	a.admin.Get(a.grantPath(id, "member")).Want(204)
	a.admin.Get(a.grantPath(id, "project_mod")).Want(404)
	request := a.admin.Get("/v3/lintel/grant_requests?project=" + a.here).Want(200).Get("grant_requests.0.id")
	a.answered(a.manager, request, "OS_DOMAIN_ID", "default")
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access approve " + request); err != nil || !strings.Contains(out, "newcomer") {
		t.Fatalf("%s %v", out, err)
	}
	a.admin.Get(a.grantPath(id, "project_mod")).Want(204)
}

// To take back what a rule wants agreement to is asked for, by the rules of every request. Attack 16 of section 4.3.
func TestAttacksOnTakingBack(t *testing.T) {
	a := newAssault(t)
	a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "project_mod"}, "may_grant": true, "may_revoke": true, "needs_approval": true}}`).Want(201)
	second, plain := a.someone("moderator"), a.someone("member")
	bob, name := a.person("moderator", "")
	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	a.refused("access revoke --project here "+name+" project_mod", "say why")
	a.refused("access revoke --project here --reason x "+a.boss.name+" project_admin", "403")
	a.refused("access revoke --project here --all "+name, "say why")
	out, err := a.run("access revoke --project here --reason leave --all " + name)
	if err != nil || !strings.Contains(out, "all for which somebody must agree") {
		t.Fatalf("%s %v", out, err)
	}
	a.env.Clock.Advance(time.Second)
	out, err = a.run("access revoke --project here --reason leave " + name + " project_mod")
	if err != nil || !strings.Contains(out, "Request") || !strings.Contains(out, "to lose project_mod") {
		t.Fatalf("%s %v", out, err)
	}
	id := a.admin.Get("/v3/lintel/grant_requests?project=" + a.here).Want(200).Get("grant_requests.0.id")
	for _, who := range []*caller{a.mod, second, plain} {
		a.answered(who, id)
	}
	a.as(plain.name, "secret", "OS_PROJECT_NAME", "here")
	a.refused("access revoke --project here --reason x "+name+" project_mod", "403")
	a.admin.Get(a.grantPath(bob, "project_mod")).Want(204)
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access requests --project here"); err != nil || !strings.Contains(out, "to lose project_mod") {
		t.Fatalf("%s %v", out, err)
	}
	if out, err := a.run("access approve " + id); err != nil || !strings.Contains(out, "approved") {
		t.Fatalf("%s %v", out, err)
	}
	a.admin.Get(a.grantPath(bob, "project_mod")).Want(404)

	// 17: who has risen since is not touched.
	riser, name := a.person("moderator", "")
	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	a.env.Clock.Advance(time.Second)
	if out, err := a.run("access revoke --project here --reason leave " + name + " project_mod"); err != nil {
		t.Fatalf("%s %v", out, err)
	}
	id = a.admin.Get("/v3/lintel/grant_requests?project=" + a.here).Want(200).Get("grant_requests.0.id")
	a.grant(riser, a.here, "admin")
	a.answered(a.boss, id)
	a.admin.Get(a.grantPath(riser, "project_mod")).Want(204)
}

// Roles that wait for a second factor obey the same rules by every road. Section 4.4.
func TestRolesOnceMFAIsOn(t *testing.T) {
	a := newAssault(t)
	bob, name := a.person("member", "grant")
	plain := a.someone("member")
	body := func(role string) string {
		return `{"grants": {"user": {"id": "` + bob + `"}, "project": {"id": "` + a.here + `"}, "roles": [{"name": "` + role + `"}], "once_second_factor": true}}`
	}
	// Nobody lets a role wait that they could not grant, nor for whom they may not touch.
	for _, who := range []*caller{plain, a.mod} {
		who.api.Post("/v3/lintel/grants", body("project_admin")).Want(403)
		a.post(who, "/portal/p/"+a.here+"/people/add", "who", name, "domain", "Default", "role", a.role["project_admin"], "once", "1", "typed", "here")
		a.as(who.name, "secret", "OS_PROJECT_NAME", "here")
		a.refused("access grant --once-mfa --project here "+name+" project_admin", "403")
	}
	above := strings.Replace(body("member"), bob, a.boss.id, 1)
	a.mod.api.Post("/v3/lintel/grants", above).Want(403)
	plain.api.Post("/v3/lintel/grants", body("member")).Want(403)
	handed := a.boss.api.Post("/v3/users/"+a.boss.id+"/application_credentials", `{"application_credential": {"name": "robot", "unrestricted": true}}`).Want(201)
	a.env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "`+
		handed.Get("application_credential.id")+`", "secret": "`+handed.Get("application_credential.secret")+`"}}}}`).Want(201).Actor().
		Post("/v3/lintel/grants", body("member")).Want(403)
	if all := a.admin.Get("/v3/lintel/waiting_grants?project=" + a.here).Want(200).List("waiting_grants"); len(all) != 0 {
		t.Fatalf("%d grants wait", len(all))
	}

	a.as(a.mod.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access grant --once-mfa --project here " + name + " member"); err != nil || !strings.Contains(out, "Once there is a second factor") {
		t.Fatalf("%s %v", out, err)
	}
	a.refused("access grant --project here --meanwhile reader "+name+" member", "--once-mfa")
	out, err := a.run("access waiting --project here -f json")
	if err != nil || !strings.Contains(out, `"member"`) || !strings.Contains(out, name) {
		t.Fatalf("%s %v", out, err)
	}
	id := a.admin.Get("/v3/lintel/waiting_grants?project=" + a.here).Want(200).Get("waiting_grants.0.id")
	if a.admin.Get(a.grantPath(bob, "member")).Status != 404 {
		t.Error("it does not wait")
	}
	a.as(plain.name, "secret", "OS_PROJECT_NAME", "here")
	a.refused("access waiting --project here", "403")
	a.refused("access cancel "+id, "403")
	plain.api.Delete("/v3/lintel/waiting_grants/" + id).Want(403)
	a.post(plain, "/portal/p/"+a.here+"/waiting/"+id+"/withdraw")
	a.as(a.boss.name, "secret", "OS_PROJECT_NAME", "here")
	if out, err := a.run("access cancel " + id); err != nil {
		t.Fatalf("%s %v", out, err)
	}
	a.refused("access cancel "+id, "40")
}

// Attack 17: of a moderator who takes a role away and an administrator who promotes the same person at once, the one who comes second finds
// what the first made of it.
func TestPromotedMeanwhile(t *testing.T) {
	a := newAssault(t)
	for range 8 {
		id, _ := a.person("member", "")
		var wait sync.WaitGroup
		taken := 0
		wait.Go(func() { a.admin.Put(a.grantPath(id, "admin"), nil).Want(204) })
		wait.Go(func() { taken = a.mod.api.Delete(a.grantPath(id, "member")).Status })
		wait.Wait()
		trail := a.admin.Get("/v3/lintel/users/"+id+"/events?class="+identity.ClassAccess).Want(200).Texts("events", "action")
		switch {
		case taken == 204 && trail[0] != "role_assignment.created": // the newest first
			t.Errorf("a role of an administrator was taken away: %v", trail)
		case taken != 204 && taken != 403:
			t.Errorf("status %d", taken)
		}
	}
}

// C8, S6, D6: whom a grant rule lets give what a group confers adds people to it, and takes them out, by names that they could not look up.
func TestModeratorMovesPeopleOfAGroup(t *testing.T) {
	c := newCloud(t)
	mod := c.someone("moderator")
	id, name := c.user()
	in := func() bool { return c.admin.Get("/v3/groups/"+c.confers+"/users/"+id).Status == 204 }
	c.as(mod.name, "secret", "OS_PROJECT_NAME", "here")
	c.refused("access join "+name+" confers", "403")
	c.admin.Put("/v3/groups/"+c.confers+"/users/"+id, nil).Want(204)
	c.refused("access leave "+name+" confers", "403")
	c.admin.Delete("/v3/groups/" + c.confers + "/users/" + id).Want(204)
	c.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "member"}, "target_scope": "group", "may_grant": true, "may_revoke": true}}`).Want(201)
	for _, who := range []string{name, id} {
		if _, err := c.run("access join " + who + " confers"); err != nil || !in() {
			t.Fatalf("%s: %v", who, err)
		}
		if _, err := c.run("access leave " + who + " confers"); err != nil || in() {
			t.Fatalf("%s: %v", who, err)
		}
	}
	c.refused("access leave "+name+" confers", "404")
	c.refused("access join "+name+"@example.org confers", "403") // whom they may not look up
	c.refused("access join "+name+" crew", "403")                // which confers admin
	mod.api.Delete("/v3/lintel/grants?user=" + name + "&group=confers&role=member").Want(400)
}
