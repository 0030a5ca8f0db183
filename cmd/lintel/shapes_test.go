package main

import (
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// Section 4.3: an account is shielded however its user comes to be admin, and wherever: by a chain of implications, a role of a domain, a
// group, from far above, by a trust that was handed on, on what is disabled now and may be enabled again, or with the account disabled.
func TestShieldHoldsInEveryShape(t *testing.T) {
	a := newAssault(t)
	newRole := func(name, domain, implies string) string {
		body := map[string]any{"name": name}
		if domain != "" {
			body["domain_id"] = domain
		}
		id := a.admin.Post("/v3/roles", map[string]any{"role": body}).Want(201).Get("role.id")
		a.admin.Put("/v3/roles/"+id+"/implies/"+implies, nil).Want(201)
		return id
	}
	group := func(name, user string) string {
		id := a.admin.Post("/v3/groups", `{"group": {"name": "`+name+`", "domain_id": "default"}}`).Want(201).Get("group.id")
		a.admin.Put("/v3/groups/"+id+"/users/"+user, nil).Want(204)
		return id
	}
	project := func(name, domain, parent string) string {
		return a.admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": name, "domain_id": domain, "parent_id": parent}}).Want(201).Get("project.id")
	}
	admin := a.role["admin"]
	far := newRole("far", "", newRole("near", "", admin))
	local := newRole("local", "default", admin)
	for what, give := range map[string]func(user string){
		"implied by what is implied": func(u string) { a.admin.Put("/v3/projects/"+a.here+"/users/"+u+"/roles/"+far, nil).Want(204) },
		"a role of a domain":         func(u string) { a.admin.Put("/v3/projects/"+a.here+"/users/"+u+"/roles/"+local, nil).Want(204) },
		"a group on the system":      func(u string) { a.admin.Put("/v3/system/groups/"+group("cloud", u)+"/roles/"+admin, nil).Want(204) },
		"a group, from the domain": func(u string) {
			a.admin.Put("/v3/OS-INHERIT/domains/default/groups/"+group("below", u)+"/roles/"+far+"/inherited_to_projects", nil).Want(204)
		},
		"from far above": func(u string) {
			project("deep", "default", project("middle", "default", a.parent))
			a.admin.Put("/v3/OS-INHERIT/projects/"+a.parent+"/users/"+u+"/roles/"+local+"/inherited_to_projects", nil).Want(204)
		},
		"on a disabled project": func(u string) {
			p := project("asleep", "default", "default")
			a.grant(u, p, "admin")
			a.admin.Patch("/v3/projects/"+p, `{"project": {"enabled": false}}`).Want(200)
		},
		"in a disabled domain": func(u string) {
			d := a.admin.Post("/v3/domains", `{"domain": {"name": "asleep"}}`).Want(201).Get("domain.id")
			a.grant(u, project("within", d, d), "admin")
			a.admin.Patch("/v3/domains/"+d, `{"domain": {"enabled": false}}`).Want(200)
		},
		"a trust that was handed on": func(u string) {
			giver, between := a.someone("cloud admin"), a.someone("member")
			first := giver.api.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": giver.id, "trustee_user_id": between.id, "impersonation": true,
				"project_id": a.other, "roles": []map[string]any{{"name": "admin"}}, "allow_redelegation": true, "redelegation_count": 2}}).Want(201).Get("trust.id")
			held := a.env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + between.id + `", "password": "secret"}}}, "scope": {"OS-TRUST:trust": {"id": "` + first + `"}}}}`).Want(201).Actor()
			held.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": giver.id, "trustee_user_id": u, "impersonation": true,
				"project_id": a.other, "roles": []map[string]any{{"name": "admin"}}}}).Want(201)
		},
	} {
		t.Run(what, func(t *testing.T) {
			id, name := a.user()
			give(id)
			a.account(a.manager, id, name)
			for _, who := range []*caller{a.boss, a.mod} {
				who.api.Patch("/v3/users/"+id, `{"user": {"password": "another"}}`).Want(403)
				who.api.Delete("/v3/lintel/users/" + id + "/factor").Want(403)
			}
		})
	}

	off, offName := a.user()
	a.grant(off, a.other, "admin")
	a.admin.Patch("/v3/users/"+off, `{"user": {"enabled": false}}`).Want(200)
	a.manager.api.Patch("/v3/users/"+off, `{"user": {"password": "another"}}`).Want(403)
	a.manager.api.Patch("/v3/users/"+off, `{"user": {"enabled": true}}`).Want(403)
	a.post(a.manager, "/portal/d/default/users/"+off+"/enable", "typed", offName)

	// What the project's administrator hands on has its roles and no rows, though it carries the very role.
	other, _ := a.person("member", "")
	made := a.boss.api.Post("/v3/users/"+a.boss.id+"/application_credentials", `{"application_credential": {"name": "all", "unrestricted": true}}`).Want(201)
	robot := a.env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` +
		made.Get("application_credential.id") + `", "secret": "` + made.Get("application_credential.secret") + `"}}}}`).Want(201).Actor()
	deputy, deputyName := a.person("member", "")
	trust := a.boss.api.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": a.boss.id, "trustee_user_id": deputy, "impersonation": true,
		"project_id": a.here, "roles": []map[string]any{{"name": "project_admin"}}}}).Want(201).Get("trust.id")
	trusted := a.env.Authenticate(testenv.Body(deputyName, "secret", `{"OS-TRUST:trust": {"id": "`+trust+`"}}`)).Want(201).Actor()
	for what, who := range map[string]*testenv.Actor{"a credential": robot, "a trust": trusted} {
		for _, r := range []*testenv.Response{
			who.Put(a.grantPath(other, "project_mod"), nil), who.Delete(a.grantPath(other, "member")),
			who.Post("/v3/lintel/invitations", `{"invitations": {"addresses": ["x@example.org"], "project": {"id": "`+a.here+`"}, "roles": [{"name": "member"}]}}`),
			who.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+other+`"}, "project": {"id": "`+a.here+`"}, "roles": [{"name": "project_mod"}]}}`),
			who.Delete("/v3/lintel/users/" + other + "/factor"),
		} {
			if r.Status != 403 {
				t.Errorf("%s: %d %s", what, r.Status, r.Body)
			}
		}
	}
}
