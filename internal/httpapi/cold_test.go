package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// However much a token stands on, a node that knows nothing of it asks the database three times at most: for what judges it,
// for what it is bound to, for the catalog.
func TestAColdValidationTakesThreeQueries(t *testing.T) {
	front := func(c *config.Config) {
		c.Lintel.TrustedProxies, c.Lintel.EnvironPrefix = []string{"192.0.2.1"}, "X-Env-"
	}
	env := testenv.New(t, front)
	admin := env.Admin()
	create := func(path, entity, attributes string) string {
		return admin.Post("/v3/"+path, `{"`+entity+`": {`+attributes+`}}`).Want(201).Get(entity + ".id")
	}
	ann, bob := createUser(admin, "ann", "secret"), createUser(admin, "bob", "secret")
	admin.Patch("/v3/users/"+ann, `{"user": {"options": {"ignore_lockout_failure_attempts": true}}}`).Want(200)
	const idp = "/v3/OS-FEDERATION/identity_providers/corp"
	admin.Put("/v3/OS-FEDERATION/mappings/rules", `{"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}, {"groups": "{1}", "domain": {"id": "default"}}],
		"remote": [{"type": "UID"}, {"type": "GROUPS"}]}]}}`).Want(201)
	admin.Put(idp, `{"identity_provider": {"enabled": true, "remote_ids": ["https://corp"]}}`).Want(201)
	admin.Put(idp+"/protocols/mapped", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	corp := func() *testenv.Response {
		return env.Get(idp+"/protocols/mapped/auth", "X-Env-Uid", "eve", "X-Env-Groups", "g0;g1").Want(201)
	}

	// They grow: projects within projects, and on each of them, and by each of many groups, a role more; and endpoints.
	domain := create("domains", "domain", `"name": "d"`)
	parent := domain
	for i := range 4 {
		parent = create("projects", "project", fmt.Sprintf(`"name": "p%d", "domain_id": %q, "parent_id": %q`, i, domain, parent))
		group := create("groups", "group", fmt.Sprintf(`"name": "g%d"`, i))
		for _, user := range []string{ann, bob} {
			admin.Put("/v3/groups/"+group+"/users/"+user, nil).Want(204)
		}
		role, implied := create("roles", "role", fmt.Sprintf(`"name": "r%d"`, i)), create("roles", "role", fmt.Sprintf(`"name": "i%d"`, i))
		admin.Put("/v3/roles/"+role+"/implies/"+implied, nil).Want(201)
		admin.Put("/v3/OS-INHERIT/projects/"+parent+"/groups/"+group+"/roles/"+role+"/inherited_to_projects", nil).Want(204)
		for _, on := range []string{"/v3/projects/" + parent, "/v3/domains/" + domain, "/v3/system"} {
			admin.Put(on+"/groups/"+group+"/roles/"+role, nil).Want(204)
			admin.Put(on+"/users/"+ann+"/roles/"+role, nil).Want(204)
		}
		service := create("services", "service", fmt.Sprintf(`"name": "s%d", "type": "t%d"`, i, i))
		create("endpoints", "endpoint", fmt.Sprintf(`"service_id": %q, "interface": "public", "url": "http://s%d.example/$(project_id)s"`, service, i))
	}
	on := testenv.OnProjectID(parent)
	scoped := env.Login("ann", "secret", on)
	bobs := env.Login("bob", "secret", on)
	trust := func(by *testenv.Actor, from, to, more string) string {
		return by.Post("/v3/OS-TRUST/trusts", fmt.Sprintf(`{"trust": {"trustor_user_id": %q, "trustee_user_id": %q, "project_id": %q,
			"impersonation": true, "roles": [{"name": "r3"}]%s}}`, from, to, parent, more)).Want(201).Get("trust.id")
	}
	use := func(name, id string) *testenv.Actor {
		return env.Login(name, "secret", fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, id))
	}
	first := use("bob", trust(scoped, ann, bob, `, "allow_redelegation": true, "redelegation_count": 2`))
	carol := createUser(admin, "carol", "secret")
	second := use("carol", trust(first, ann, carol, ""))
	robot := scoped.Post("/v3/users/"+ann+"/application_credentials", `{"application_credential": {"name": "robot",
		"access_rules": [{"service": "identity", "method": "GET", "path": "/v3/auth/tokens"}, {"service": "t", "method": "GET", "path": "/v3"}]}}`).Want(201)
	eve := corp()
	admin.Put("/v3/projects/"+parent+"/users/"+eve.Get("token.user.id")+"/roles/"+admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id"), nil).Want(204)

	shared := testenv.Open(t, env.Dir, env.Clock, front, func(c *config.Config) { c.Lintel.Coherence = "shared" })
	for kind, token := range map[string]string{
		"unscoped": env.Login("ann", "secret", testenv.Unscoped).Token, "project": scoped.Token, "domain": env.Login("ann", "secret", testenv.OnDomainID(domain)).Token,
		"system": env.Login("ann", "secret", testenv.OnSystem).Token, "by groups alone": bobs.Token, "exchanged": env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"],
			"token": {"id": %q}}, "scope": %s}}`, scoped.Token, on)).Want(201).Actor().Token,
		"trust": first.Token, "trust handed on": second.Token,
		"application credential": env.Authenticate(loginOf(robot.Get("application_credential.id"), robot.Get("application_credential.secret"))).Want(201).Actor().Token,
		"federated":              eve.Actor().Token, "federated project": env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"],
			"token": {"id": %q}}, "scope": %s}}`, eve.Actor().Token, on)).Want(201).Actor().Token,
	} {
		t.Run(kind, func(t *testing.T) {
			cold := testenv.Open(t, env.Dir, env.Clock, front)
			asks := cold.With(admin.Token)
			asks.Get("/v3/auth/tokens", "X-Subject-Token", "none").Want(404) // and who asks is known

			queries := func() int64 {
				before := cold.Server.DB.Queries()
				asks.Get("/v3/auth/tokens", "X-Subject-Token", token, "OpenStack-Identity-Access-Rules", "1").Want(200)
				return cold.Server.DB.Queries() - before
			}
			if n := queries(); n > 3 {
				t.Errorf("cold: %d queries", n)
			}
			if n := queries(); n != 0 {
				t.Errorf("warm: %d queries", n)
			}
			cold, asks = shared, shared.With(admin.Token)
			if n := queries(); n > 3+1 { // who asks is asked for, too
				t.Errorf("cold, where a Keystone writes, too: %d queries", n)
			}
			if n := queries(); n != 0 {
				t.Errorf("warm, where a Keystone writes, too, and does not: %d queries", n)
			}
		})
	}
}

// A token that does not hold costs the database nothing when it is shown again, until something changes.
func TestABadTokenIsJudgedOnce(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	bob := createUser(admin, "bob", "secret")
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	member := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	grant := "/v3/projects/" + project + "/users/" + bob + "/roles/" + member
	admin.Put(grant, nil).Want(204)
	token := env.Login("bob", "secret", testenv.OnProjectID(project)).Token
	queries := func(status int) int64 {
		t.Helper()
		env.CatchUp()
		admin.Get("/v3/auth/tokens", "X-Subject-Token", "none").Want(404) // and who asks is known
		before := env.Server.DB.Queries()
		admin.Validate(token).Want(status)
		env.With(token).Get("/v3/auth/projects").Want(map[int]int{200: 200, 404: 401}[status])
		return env.Server.DB.Queries() - before
	}
	admin.Delete(grant).Want(204)
	if n := queries(404); n == 0 {
		t.Error("a token without roles was refused unseen")
	}
	for range 3 {
		if n := queries(404); n != 0 {
			t.Errorf("%d queries for what was refused before", n)
		}
	}
	admin.Patch("/v3/projects/"+project, `{"project": {"description": "x"}}`).Want(200)
	if n := queries(404); n == 0 {
		t.Error("a change does not make a node look again")
	}
	admin.Put(grant, nil).Want(204)
	queries(200)
	admin.Patch("/v3/users/"+bob, `{"user": {"enabled": false}}`).Want(200)
	queries(404)
}
