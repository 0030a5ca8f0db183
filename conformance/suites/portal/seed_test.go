package portal

import (
	"testing"
)

// seed fills a cloud with people and things as a company has them.
func (c *Cloud) seed(t testing.TB) {
	t.Helper()
	root := c.root
	make := func(kind, one string, thing map[string]any) string {
		thing["domain_id"] = "default"
		return at(map[string]any(root.Post("/v3/"+kind, map[string]any{one: thing})), one+".id").(string)
	}
	for _, s := range []struct{ name, kind, port string }{
		{"nova", "compute", "8774/v2.1"}, {"cinder", "block-storage", "8776/v3"}, {"glance", "image", "9292"}, {"neutron", "network", "9696"}, {"swift", "object-store", "8080/v1"},
	} {
		service := at(map[string]any(root.Post("/v3/services", map[string]any{"service": map[string]any{"name": s.name, "type": s.kind}})), "service.id")
		root.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": service, "interface": "public", "region_id": "RegionOne", "url": "https://" + s.name + ".northwind.example:" + s.port}})
	}
	roles := map[string]string{}
	for _, r := range []struct{ name, about string }{
		{"project_admin", "Decides who works in the project and as what"}, {"project_mod", "Invites people and gives them roles"}, {"billing", "Sees invoices and usage"},
		{"heat_stack_owner", "Runs orchestration"}, {"compute_start_stop", "Starts and stops servers"}, {"object_storage", "Keeps and fetches objects"}, {"auth_only", "Signs in, and nothing more"},
	} {
		roles[r.name] = at(map[string]any(root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": r.name, "description": r.about}})), "role.id").(string)
	}
	for _, implied := range []string{"compute_start_stop", "object_storage"} {
		root.Put("/v3/roles/"+c.id("roles", "member")+"/implies/"+roles[implied], nil)
	}
	projects := map[string]string{}
	for _, p := range []struct{ name, about, parent string }{
		{"acme", "All that Acme runs", ""}, {"acme-web", "The shop", "acme"}, {"acme-data", "Reports and their data", "acme"}, {"acme-ci", "Build machines", "acme"},
		{"observatory", "Telescope pictures", ""}, {"cyberdyne", "Research", ""},
	} {
		project := map[string]any{"name": p.name, "description": p.about}
		if p.parent != "" {
			project["parent_id"] = projects[p.parent]
		}
		projects[p.name] = make("projects", "project", project)
	}
	for _, name := range []string{"moira", "ayesha", "basil", "celia", "dimitri", "erika", "farid", "gwen", "hiro", "ines", "jonas", "karl", "nova", "vera"} {
		c.User(name)
	}
	for _, g := range []struct{ user, role, project string }{
		{"ayesha", "member", "acme-web"}, {"ayesha", "project_mod", "acme-web"}, {"ayesha", "reader", "acme-data"}, {"ayesha", "member", "observatory"},
		{"basil", "project_admin", "acme-web"}, {"celia", "member", "acme-web"}, {"celia", "heat_stack_owner", "acme-web"}, {"dimitri", "billing", "acme-web"},
		{"erika", "reader", "acme-web"}, {"farid", "member", "acme-data"}, {"gwen", "member", "acme-ci"}, {"hiro", "member", "cyberdyne"}, {"ines", "auth_only", "acme-web"}, {"jonas", "admin", "observatory"},
		{"nova", "service", "acme-ci"},
	} {
		c.Grant(g.user, g.role, g.project)
	}
	c.GrantDomain("moira", "manager")
	root.Put("/v3/system/users/"+c.id("users", "vera")+"/roles/"+c.id("roles", "reader"), nil)
	for name, people := range map[string][]string{"deployers": {"farid", "gwen"}, "auditors": {"vera", "hiro"}, "astronomers": {"ayesha", "hiro"}} {
		group := make("groups", "group", map[string]any{"name": name})
		for _, p := range people {
			root.Put("/v3/groups/"+group+"/users/"+c.id("users", p), nil)
		}
	}
	root.Put("/v3/projects/"+projects["acme-web"]+"/groups/"+c.id("groups", "deployers")+"/roles/"+c.id("roles", "member"), nil)
	root.Put("/v3/OS-INHERIT/projects/"+projects["acme"]+"/groups/"+c.id("groups", "auditors")+"/roles/"+c.id("roles", "reader")+"/inherited_to_projects", nil)
	root.Patch("/v3/users/"+c.id("users", "karl"), map[string]any{"user": map[string]any{"enabled": false}})

	ayesha := c.Login("ayesha", secret, onProject("acme-web"))
	for _, a := range []map[string]any{
		{"name": "nightly backup", "description": "Copies the shop’s database", "roles": []any{map[string]any{"name": "object_storage"}}, "expires_at": "2027-11-30T00:00:00"},
		{"name": "deploy pipeline", "description": "Runs on acme-ci", "access_rules": []any{map[string]any{"service": "compute", "method": "POST", "path": "/v2.1/servers"}}},
	} {
		ayesha.Post("/v3/users/"+ayesha.User+"/application_credentials", map[string]any{"application_credential": a})
	}
	ayesha.Post("/v3/users/"+ayesha.User+"/credentials/OS-EC2", map[string]any{"tenant_id": projects["acme-web"]})
}
