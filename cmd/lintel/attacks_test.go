package main

import (
	"net/url"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// assault is what attacks take: callers who are there in every cloud.
type assault struct {
	*cloud
	manager, boss, mod *caller // of the domain, of the project, its moderator
}

func newAssault(t *testing.T) *assault {
	c := newCloud(t, func(c *config.Config) { c.Assignment.ProhibitedImpliedRole = nil })
	return &assault{c, c.someone("domain manager"), c.someone("project admin"), c.someone("moderator")}
}

// post sends a form of the portal that must come to nothing: what that is, the caller looks at.
func (a *assault) post(who *caller, path string, pairs ...string) {
	a.t.Helper()
	form := url.Values{"csrf": {who.csrf}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	if b := who.browser.Send("POST", path, form); b.Status < 400 {
		a.t.Errorf("%s is let do POST %s: %d", who.kind, path, b.Status)
	}
}

// account does to an account all that must not be done to it, by API and portal.
func (a *assault) account(who *caller, id, name string) {
	a.t.Helper()
	user := "/v3/users/" + id
	for _, change := range []string{`{"password": "another"}`, `{"name": "renamed"}`, `{"email": "evil@example.org"}`, `{"enabled": false}`, `{"description": "x"}`,
		`{"options": {"multi_factor_auth_rules": null}}`, `{"options": {"lock_password": true}}`, `{"default_project_id": "` + a.here + `"}`} {
		who.api.Patch(user, `{"user": `+change+`}`).Want(403)
	}
	who.api.Delete(user).Want(403)
	who.api.Delete("/v3/lintel/users/" + id + "/factor").Want(403)
	who.api.Delete("/v3/users/" + id + "/tokens").Want(403)
	who.api.Put("/v3/lintel/users/"+id+"/surface", `{"surface": {"kind": "person", "portal_login": false, "api_login": false}}`).Want(403)
	page := "/portal/d/default/users/" + id
	for _, act := range []string{"password", "reset", "disable", "delete", "suspend", "factor", "end"} {
		a.post(who, page+"/"+act, "typed", name, "reason", "none", "password", "another")
	}
	a.post(who, page+"/edit", "name", "renamed", "email", "evil@example.org")
	a.post(who, "/portal/p/"+a.here+"/people/"+id+"/factor")
	if now := a.admin.Get(user).Want(200); now.Get("user.name") != name || now.Value("user.enabled") != true {
		a.t.Errorf("the account is %s", now.Body)
	}
}

func (a *assault) grantPath(id, role string) string {
	return "/v3/projects/" + a.here + "/users/" + id + "/roles/" + a.role[role]
}

// The attacks of section 4.3 by their numbers; 7 is in internal/portal, where invitations are accepted.
func TestAttacks(t *testing.T) {
	a := newAssault(t)
	newRole := func(name string) string {
		id := a.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201).Get("role.id")
		a.role[name] = id
		return id
	}
	rule := func(holder, target, more string) *testenv.Response {
		return a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "`+holder+`"}, "target_role": {"name": "`+target+`"}, "may_grant": true, "may_revoke": true`+more+`}}`)
	}
	add := func(who *caller, name, role string) {
		a.post(who, "/portal/p/"+a.here+"/people/add", "who", name, "domain", "Default", "role", role, "typed", "here")
	}

	// 1: a listed role that later implies admin.
	newRole("helper")
	rule("project_mod", "helper", "").Want(201)
	held, _ := a.person("member", "")
	a.mod.api.Put(a.grantPath(held, "helper"), nil).Want(204)
	a.admin.Put("/v3/roles/"+a.role["helper"]+"/implies/"+a.role["admin"], nil).Want(201)
	other, otherName := a.person("member", "")
	a.mod.api.Put(a.grantPath(other, "helper"), nil).Want(403)
	add(a.mod, otherName, a.role["helper"])
	a.mod.api.Delete(a.grantPath(held, "member")).Want(403)
	a.mod.api.Post("/v3/lintel/invitations", `{"invitations": {"addresses": ["x@example.org"], "project": {"id": "`+a.here+`"}, "roles": [{"name": "helper"}]}}`).Want(403)

	// 2: groups that confer admin on the system, a domain, or from above.
	for name, on := range map[string]string{"sys": "/v3/system/groups/%/roles/", "dom": "/v3/domains/default/groups/%/roles/", "inh": "/v3/OS-INHERIT/projects/" + a.parent + "/groups/%/roles/"} {
		g := a.admin.Post("/v3/groups", `{"group": {"name": "`+name+`", "domain_id": "default"}}`).Want(201).Get("group.id")
		path := on[:len(on)-len("%/roles/")] + g + "/roles/" + a.role["admin"]
		if name == "inh" {
			path += "/inherited_to_projects"
		}
		a.admin.Put(path, nil).Want(204)
		a.manager.api.Put("/v3/groups/"+g+"/users/"+other, nil).Want(403)
		a.post(a.manager, "/portal/d/default/groups/"+g+"/add", "name", other)
		a.manager.api.Delete("/v3/groups/" + g).Want(204) // which takes nothing from anybody: nobody is in it
	}

	// 3: a role that no policy mentions.
	newRole("ResellerAdmin")
	swift, swiftName := a.person("member", "")
	a.grant(swift, a.here, "ResellerAdmin")
	a.mod.api.Delete(a.grantPath(swift, "member")).Want(403)
	a.account(a.manager, swift, swiftName)

	// 4: what a project's administrator hands on is no more than what they hand on; nor is an administrator's credential a moderator's.
	boss := a.someone("project admin", "reader")
	handed := boss.api.Post("/v3/users/"+boss.id+"/application_credentials", `{"application_credential": {"name": "read", "unrestricted": true, "roles": [{"name": "reader"}]}}`).Want(201)
	robot := a.env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` +
		handed.Get("application_credential.id") + `", "secret": "` + handed.Get("application_credential.secret") + `"}}}}`).Want(201).Actor()
	robot.Put(a.grantPath(other, "project_mod"), nil).Want(403)
	robot.Delete(a.grantPath(other, "member")).Want(403)
	for _, who := range []*caller{a.mod, a.manager} {
		id := handed.Get("application_credential.id")
		who.api.Delete("/v3/users/" + boss.id + "/application_credentials/" + id).Want(403)
		who.api.Delete("/v3/lintel/projects/" + a.here + "/credentials/" + id).Want(403)
		a.post(who, "/portal/p/"+a.here+"/credentials/"+id+"/revoke")
	}

	// 5: a role of a domain that is called member and implies more.
	member := a.admin.Post("/v3/roles", `{"role": {"name": "member", "domain_id": "default"}}`).Want(201).Get("role.id")
	a.admin.Put("/v3/roles/"+member+"/implies/"+a.role["project_admin"], nil).Want(201)
	a.manager.api.Put("/v3/projects/"+a.here+"/users/"+other+"/roles/"+member, nil).Want(403)
	add(a.manager, otherName, member)

	// 6: somebody who is an administrator of the system only.
	sys, sysName := a.user()
	a.admin.Put("/v3/system/users/"+sys+"/roles/"+a.role["admin"], nil).Want(204)
	a.account(a.manager, sys, sysName)

	// 8: a role that is not inherited is none for the projects below.
	above := a.someone("member")
	a.grant(above.id, a.parent, "project_admin")
	there := a.env.Login(above.name, "secret", testenv.OnProjectID(a.parent))
	there.Put("/v3/projects/"+a.parent+"/users/"+other+"/roles/"+a.role["member"], nil).Want(204)
	there.Put("/v3/OS-INHERIT/projects/"+a.parent+"/users/"+other+"/roles/"+a.role["member"]+"/inherited_to_projects", nil).Want(403)
	there.Put(a.grantPath(other, "project_mod"), nil).Want(403)

	// 9: what holds somebody's only high role does not go; nor does the last administrator, by any road.
	last, _ := a.user()
	lone := a.admin.Post("/v3/projects", `{"project": {"name": "lone", "domain_id": "default"}}`).Want(201).Get("project.id")
	a.grant(last, lone, "admin")
	a.manager.api.Delete("/v3/projects/" + lone).Want(403)
	a.manager.api.Patch("/v3/projects/"+lone, `{"project": {"enabled": false}}`).Want(403)
	a.post(a.manager, "/portal/d/default/projects/"+lone+"/delete", "typed", "lone")
	gone := a.admin.Post("/v3/groups", `{"group": {"name": "gone", "domain_id": "default"}}`).Want(201).Get("group.id")
	a.admin.Put("/v3/projects/"+a.other+"/groups/"+gone+"/roles/"+a.role["admin"], nil).Want(204)
	only, _ := a.user()
	a.admin.Put("/v3/groups/"+gone+"/users/"+only, nil).Want(204)
	a.manager.api.Delete("/v3/groups/" + gone).Want(403)
	a.manager.api.Delete("/v3/groups/" + gone + "/users/" + only).Want(403)
	a.post(a.manager, "/portal/d/default/groups/"+gone+"/delete", "typed", "gone")
	a.post(a.manager, "/portal/d/default/groups/"+gone+"/remove/"+only)

	// 10: rules of a domain that widen; rules, or grants that last, by somebody whose own role does not.
	a.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"domain_id": "default", "holder_role": {"name": "member"}, "target_role": {"name": "project_mod"}, "may_grant": true}}`).Want(400)
	for _, who := range []*caller{a.manager, a.boss, a.mod} {
		who.api.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "project_admin"}, "may_grant": true}}`).Want(403)
		who.api.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(403)
	}
	brief, briefName := a.user()
	a.admin.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+brief+`"}, "project": {"id": "`+a.other+`"}, "roles": [{"name": "admin"}], "expires_at": "2026-03-05T00:00:00Z"}}`).Want(201)
	short := a.env.Login(briefName, "secret", testenv.OnProjectID(a.other))
	short.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "keystone-default"}}`).Want(403)
	short.Put(a.grantPath(brief, "admin"), nil).Want(403)
	short.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+brief+`"}, "project": {"id": "`+a.here+`"}, "roles": [{"name": "admin"}], "expires_at": "2026-03-06T00:00:00Z"}}`).Want(403)
	short.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+other+`"}, "project": {"id": "`+a.here+`"}, "roles": [{"name": "member"}], "expires_at": "2026-03-04T23:00:00Z"}}`).Want(201)

	// 11: anything of an account that leads into it, of somebody who is more elsewhere.
	elsewhere, elsewhereName := a.person("admin elsewhere", "")
	for _, who := range []*caller{a.manager, a.boss, a.mod} {
		a.account(who, elsewhere, elsewhereName)
	}

	// 13: somebody who may use an administrator's trust.
	trustee, trusteeName := a.person("member", "")
	trustor := a.someone("cloud admin")
	trustor.api.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{
		"trustor_user_id": trustor.id, "trustee_user_id": trustee, "impersonation": false, "project_id": a.other, "roles": []map[string]any{{"name": "admin"}},
	}}).Want(201)
	a.account(a.manager, trustee, trusteeName)

	// 14: somebody without any role, whom no rule is about.
	none, noneName := a.user()
	for _, who := range []*caller{a.boss, a.mod} {
		a.account(who, none, noneName)
	}

	// 15: where a domain's people come from.
	for _, who := range []*caller{a.manager, a.boss} {
		who.api.Put("/v3/domains/default/config", `{"config": {"ldap": {"url": "ldap://evil.example"}}}`).Want(403)
		who.api.Put("/v3/OS-FEDERATION/identity_providers/evil", `{"identity_provider": {"domain_id": "default"}}`).Want(403)
		who.api.Put("/v3/OS-FEDERATION/mappings/evil", `{"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]}}`).Want(403)
	}

	// 16: a grant that is to end is not made to last, by granting it anew or for longer.
	rule("project_mod", "member", `, "may_invite": true, "max_days": 30`).Want(201)
	limited, limitedName := a.user()
	to := func(end string) *testenv.Response {
		return a.mod.api.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+limited+`"}, "project": {"id": "`+a.here+`"}, "roles": [{"name": "member"}], "expires_at": "`+end+`"}}`)
	}
	to("2026-04-01T00:00:00Z").Want(201)
	to("2026-04-05T00:00:00Z").Want(403)
	a.mod.api.Put(a.grantPath(limited, "member"), nil).Want(403)
	add(a.mod, limitedName, a.role["member"])
	a.post(a.mod, "/portal/p/"+a.here+"/people/"+limited, "before", a.role["member"], "role", a.role["member"], "until-"+a.role["member"], "", "seen", "1")
	rule("project_mod", "project_mod", `, "needs_approval": true`).Want(201)
	a.mod.api.Put(a.grantPath(a.mod.id, "project_mod"), nil).Want(403)
	a.mod.api.Put(a.grantPath(limited, "project_mod"), nil).Want(403)
}

// Attack 9, R7: the last administrator of the cloud stays, whoever asks, and by whatever road.
func TestTheLastAdministratorStays(t *testing.T) {
	c := newConsole(t)
	admin := c.env.Admin()
	id := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	role := admin.Get("/v3/roles?name=admin").Want(200).Get("roles.0.id")
	project := admin.Get("/v3/projects?name=admin").Want(200).Get("projects.0.id")
	refused := 0
	for _, path := range []string{"/v3/system/users/" + id + "/roles/" + role, "/v3/projects/" + project + "/users/" + id + "/roles/" + role} {
		if r := admin.Delete(path); r.Status == 403 {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d grants stay", refused)
	}
	c.env.Admin().Get("/v3/users").Want(200)
	admin = c.env.Admin()
	admin.Delete("/v3/users/" + id).Want(403)
	admin.Patch("/v3/users/"+id, `{"user": {"enabled": false}}`).Want(403)
	admin.Delete("/v3/roles/" + role).Want(403)
	admin.Patch("/v3/projects/"+project, `{"project": {"enabled": false}}`).Want(403)
	admin.Patch("/v3/domains/default", `{"domain": {"enabled": false}}`).Want(403)
	admin.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+id+`"}, "project": {"id": "`+project+`"}, "roles": [{"name": "admin"}], "expires_at": "2026-03-06T00:00:00Z"}}`).Want(403)
	c.refused("access revoke admin admin --project admin", "403")
	c.refused("access grant admin admin --project admin --until 2026-12-31", "403")
	c.env.Admin().Get("/v3/users").Want(200)
}
