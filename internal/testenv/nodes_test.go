package testenv_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

type object = map[string]any

// nodes are two nodes of one cloud, where ann and bob live in domains of their own and ann is a member of a project in a
// third one.
type nodes struct {
	t              *testing.T
	a, b           *testenv.Env
	admins         [2]*testenv.Actor // on a and b
	ann, bob       string
	project        string
	domains        map[string]string // of ann, bob and the project
	member, reader string
}

func newNodes(t *testing.T) *nodes {
	t.Helper()
	n := &nodes{t: t, domains: map[string]string{}}
	n.a, n.b = testenv.Pair(t)
	n.admins = [2]*testenv.Actor{n.a.Admin(), n.b.Admin()}
	for _, of := range []string{"ann", "bob", "project"} {
		n.domains[of] = n.make("domains", "domain", object{"name": of})
	}
	n.ann = n.make("users", "user", object{"name": "ann", "password": "secret", "domain_id": n.domains["ann"]})
	n.bob = n.make("users", "user", object{"name": "bob", "password": "secret", "domain_id": n.domains["bob"]})
	n.project = n.make("projects", "project", object{"name": "web", "domain_id": n.domains["project"]})
	n.member = n.admins[0].Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	n.reader = n.admins[0].Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	n.put("/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + n.member)
	return n
}

func (n *nodes) make(path, entity string, attributes object) string {
	n.t.Helper()
	return n.admins[0].Post("/v3/"+path, object{entity: attributes}).Want(201).Get(entity + ".id")
}

func (n *nodes) put(path string) {
	n.t.Helper()
	n.admins[0].Put(path, nil).Want(204)
}

// settle lets each node learn what the other did, as both would within a second.
func (n *nodes) settle() {
	n.t.Helper()
	n.a.CatchUp()
	n.b.CatchUp()
}

func password(user, scope string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": %q, "password": "secret"}}}, "scope": %s}}`, user, scope)
}

func exchange(token, scope string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}, "scope": %s}}`, token, scope)
}

func onTrust(id string) string { return fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, id) }

// alive checks that both nodes show the tokens, and lets them remember that.
func (n *nodes) alive(tokens map[string]string) {
	n.t.Helper()
	n.settle()
	for what, token := range tokens {
		for i, admin := range n.admins {
			if r := admin.Validate(token); r.Status != 200 {
				n.t.Errorf("%s on node %c: %d %s", what, "AB"[i], r.Status, r.Body)
			}
		}
	}
}

// dead checks that both nodes refuse the tokens, shown, used and exchanged.
func (n *nodes) dead(tokens map[string]string) {
	n.t.Helper()
	n.settle()
	for what, token := range tokens {
		for i, env := range []*testenv.Env{n.a, n.b} {
			shown, used := n.admins[i].Validate(token).Status, env.With(token).Get("/v3/auth/projects").Status
			exchanged := env.Authenticate(exchange(token, testenv.Unscoped)).Status
			if shown != 404 || used != 401 || exchanged != 404 {
				n.t.Errorf("%s on node %c: shown %d, used %d, exchanged %d; want 404, 401, 404", what, "AB"[i], shown, used, exchanged)
			}
		}
	}
}

// S-003
func TestARevokedTokenIsForgotten(t *testing.T) {
	n := newNodes(t)
	token := n.a.Authenticate(password(n.ann, testenv.OnProjectID(n.project))).Want(201).Actor().Token
	n.settle()
	for range 100 {
		n.admins[1].Validate(token).Want(200)
	}
	n.admins[0].Delete("/v3/auth/tokens", "X-Subject-Token", token).Want(204)
	n.dead(map[string]string{"revoked": token})
}

// S-009
func TestRolesFollowTheirSourcesOnBothNodes(t *testing.T) {
	n := newNodes(t)
	group := n.make("groups", "group", object{"name": "g", "domain_id": n.domains["project"]})
	n.put("/v3/groups/" + group + "/users/" + n.ann)
	roles := map[string]string{}
	for _, name := range []string{"group", "inherited", "implied", "prior"} {
		roles[name] = n.make("roles", "role", object{"name": name})
	}
	n.admins[0].Put("/v3/roles/"+roles["prior"]+"/implies/"+roles["implied"], nil).Want(201)
	sources := []struct {
		path  string
		roles []string
	}{
		{"/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + roles["prior"], []string{"prior", "implied"}},
		{"/v3/projects/" + n.project + "/groups/" + group + "/roles/" + roles["group"], []string{"group"}},
		{"/v3/OS-INHERIT/domains/" + n.domains["project"] + "/users/" + n.ann + "/roles/" + roles["inherited"] + "/inherited_to_projects", []string{"inherited"}},
		{"/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + n.member, []string{"member", "reader"}},
	}
	left := map[string]bool{}
	for i, s := range sources {
		if i < 3 {
			n.put(s.path)
		}
		for _, role := range s.roles {
			left[role] = true
		}
	}
	token := n.b.Authenticate(password(n.ann, testenv.OnProjectID(n.project))).Want(201).Actor().Token
	for _, s := range sources {
		n.settle()
		for i, admin := range n.admins {
			got := map[string]bool{}
			for _, role := range admin.Validate(token).Want(200).Texts("token.roles", "name") {
				got[role] = true
			}
			if !maps.Equal(got, left) {
				t.Errorf("node %c: roles %v, want %v", "AB"[i], got, left)
			}
		}
		n.admins[0].Delete(s.path).Want(204)
		for _, role := range s.roles {
			delete(left, role)
		}
	}
	n.settle()
	for _, admin := range n.admins {
		admin.Validate(token).Want(404)
	}

	n.put("/v3/system/users/" + n.ann + "/roles/" + n.reader)
	token = n.b.Authenticate(password(n.ann, testenv.OnSystem)).Want(201).Actor().Token
	n.alive(map[string]string{"on the system": token})
	n.admins[0].Delete("/v3/system/users/" + n.ann + "/roles/" + n.reader).Want(204)
	n.settle()
	for _, admin := range n.admins {
		admin.Validate(token).Want(404)
	}
}

// S-160
func TestATokenTakesItsKinAlong(t *testing.T) {
	n := newNodes(t)
	n.put("/v3/domains/" + n.domains["project"] + "/users/" + n.ann + "/roles/" + n.reader)
	family := func() (root string, kin map[string]string) {
		root = n.a.Authenticate(password(n.ann, testenv.Unscoped)).Want(201).Actor().Token
		project := n.b.Authenticate(exchange(root, testenv.OnProjectID(n.project))).Want(201).Actor().Token
		domain := n.a.Authenticate(exchange(project, testenv.OnDomainID(n.domains["project"]))).Want(201).Actor().Token
		again := n.b.Authenticate(exchange(domain, testenv.Unscoped)).Want(201).Actor().Token
		return root, map[string]string{"on the project": project, "on the domain": domain, "unscoped again": again}
	}
	root, kin := family()
	n.alive(kin)
	n.admins[1].Delete("/v3/auth/tokens", "X-Subject-Token", root).Want(204)
	n.dead(kin)
	n.dead(map[string]string{"the first": root})

	root, kin = family()
	n.alive(kin)
	n.admins[1].Delete("/v3/auth/tokens?cascade=false", "X-Subject-Token", root).Want(204)
	n.dead(map[string]string{"the first": root})
	n.alive(kin)
}

// trust lets ann hand her role on the project to bob.
func (n *nodes) trust(with object) string {
	n.t.Helper()
	trust := object{
		"trustor_user_id": n.ann, "trustee_user_id": n.bob, "project_id": n.project, "impersonation": false, "roles": []object{{"name": "member"}},
	}
	maps.Copy(trust, with)
	ann := n.a.Authenticate(password(n.ann, testenv.OnProjectID(n.project))).Want(201).Actor()
	return ann.Post("/v3/OS-TRUST/trusts", object{"trust": trust}).Want(201).Get("trust.id")
}

// S-161
func TestTokensOfAUserEndEverywhere(t *testing.T) {
	n := newNodes(t)
	n.put("/v3/domains/" + n.domains["project"] + "/users/" + n.ann + "/roles/" + n.reader)
	n.put("/v3/system/users/" + n.ann + "/roles/" + n.reader)
	n.put("/v3/projects/" + n.project + "/users/" + n.bob + "/roles/" + n.member)
	tokens := map[string]string{}
	for what, scope := range map[string]string{
		"unscoped": testenv.Unscoped, "project": testenv.OnProjectID(n.project), "domain": testenv.OnDomainID(n.domains["project"]), "system": testenv.OnSystem,
	} {
		tokens[what] = n.b.Authenticate(password(n.ann, scope)).Want(201).Actor().Token
	}
	tokens["exchanged"] = n.a.Authenticate(exchange(tokens["unscoped"], testenv.OnProjectID(n.project))).Want(201).Actor().Token
	key := n.a.With(tokens["project"]).Post("/v3/users/"+n.ann+"/application_credentials",
		`{"application_credential": {"name": "key", "secret": "secret"}}`).Want(201).Get("application_credential.id")
	tokens["application credential"] = n.b.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"],
		"application_credential": {"id": "` + key + `", "secret": "secret"}}}}`).Want(201).Actor().Token
	tokens["given"] = n.b.Authenticate(password(n.bob, onTrust(n.trust(nil)))).Want(201).Actor().Token
	tokens["given, acting"] = n.b.Authenticate(password(n.bob, onTrust(n.trust(object{"impersonation": true})))).Want(201).Actor().Token
	bob := n.a.Authenticate(password(n.bob, testenv.OnProjectID(n.project))).Want(201).Actor()
	given := bob.Post("/v3/OS-TRUST/trusts", object{"trust": object{
		"trustor_user_id": n.bob, "trustee_user_id": n.ann, "project_id": n.project, "impersonation": false, "roles": []object{{"name": "member"}},
	}}).Want(201).Get("trust.id")
	tokens["taken"] = n.b.Authenticate(password(n.ann, onTrust(given))).Want(201).Actor().Token
	ec2 := n.a.With(tokens["project"]).Post("/v3/users/"+n.ann+"/credentials/OS-EC2", object{"tenant_id": n.project}).Want(201)
	tokens["EC2"] = n.ec2(n.b, n.admins[1], ec2).Want(200).Actor().Token
	n.alive(tokens)

	bob.Delete("/v3/users/" + n.ann + "/tokens").Want(403)
	n.alive(tokens)
	n.admins[0].Delete("/v3/users/" + n.ann + "/tokens").Want(204)
	n.dead(tokens)
	n.alive(map[string]string{
		"bob's": bob.Token, "a new one": n.b.Authenticate(password(n.ann, testenv.OnProjectID(n.project))).Want(201).Actor().Token,
	})
}

// ec2 asks a node for the token of who signed a request to EC2, under the first version of signatures.
func (n *nodes) ec2(env *testenv.Env, admin *testenv.Actor, key *testenv.Response) *testenv.Response {
	stamp := env.Clock.Now().Format(time.RFC3339)
	sum := hmac.New(sha1.New, []byte(key.Get("credential.secret")))
	sum.Write([]byte("Describe" + stamp))
	return admin.Post("/v3/ec2tokens", object{"credentials": object{
		"access": key.Get("credential.access"), "signature": base64.StdEncoding.EncodeToString(sum.Sum(nil)), "verb": "GET", "host": "x", "path": "/",
		"params": object{"SignatureVersion": "0", "Action": "Describe", "Timestamp": stamp},
	}})
}

// S-057
func TestEC2KeysEndOnBothNodes(t *testing.T) {
	for what, end := range map[string]func(*nodes){
		"the user":                  func(n *nodes) { n.off("/v3/users/"+n.ann, "user") },
		"the project":               func(n *nodes) { n.off("/v3/projects/"+n.project, "project") },
		"the domain of the user":    func(n *nodes) { n.off("/v3/domains/"+n.domains["ann"], "domain") },
		"the domain of the project": func(n *nodes) { n.off("/v3/domains/"+n.domains["project"], "domain") },
		"the last role": func(n *nodes) {
			n.admins[0].Delete("/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + n.member).Want(204)
		},
	} {
		t.Run(what, func(t *testing.T) {
			n := newNodes(t)
			ann := n.a.Authenticate(password(n.ann, testenv.OnProjectID(n.project))).Want(201).Actor()
			key := ann.Post("/v3/users/"+n.ann+"/credentials/OS-EC2", object{"tenant_id": n.project}).Want(201)
			n.settle()
			issued := map[string]string{}
			for i, env := range []*testenv.Env{n.a, n.b} {
				issued[fmt.Sprint("token ", i)] = n.ec2(env, n.admins[i], key).Want(200).Actor().Token
			}
			n.alive(issued)
			end(n)
			n.settle()
			for i, env := range []*testenv.Env{n.a, n.b} {
				if r := n.ec2(env, n.admins[i], key); r.Status != 401 {
					t.Errorf("node %c: %d %s, want 401", "AB"[i], r.Status, r.Body)
				}
				for what, token := range issued {
					if r := n.admins[i].Validate(token); r.Status != 404 {
						t.Errorf("node %c shows %s: %d", "AB"[i], what, r.Status)
					}
				}
			}
		})
	}
}

// S-040
func TestTrustTokensEndOnBothNodes(t *testing.T) {
	for what, end := range map[string]func(*nodes, string){
		"the trust":                 func(n *nodes, trust string) { n.admins[0].Delete("/v3/OS-TRUST/trusts/" + trust).Want(204) },
		"the trustor":               func(n *nodes, _ string) { n.off("/v3/users/"+n.ann, "user") },
		"the trustee":               func(n *nodes, _ string) { n.off("/v3/users/"+n.bob, "user") },
		"the project":               func(n *nodes, _ string) { n.off("/v3/projects/"+n.project, "project") },
		"the domain of the trustor": func(n *nodes, _ string) { n.off("/v3/domains/"+n.domains["ann"], "domain") },
		"the domain of the trustee": func(n *nodes, _ string) { n.off("/v3/domains/"+n.domains["bob"], "domain") },
		"the domain of the project": func(n *nodes, _ string) { n.off("/v3/domains/"+n.domains["project"], "domain") },
		"the role": func(n *nodes, _ string) {
			n.admins[0].Delete("/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + n.member).Want(204)
		},
		"the trustor itself": func(n *nodes, _ string) { n.admins[0].Delete("/v3/users/" + n.ann).Want(204) },
		"the trustee itself": func(n *nodes, _ string) { n.admins[0].Delete("/v3/users/" + n.bob).Want(204) },
		"the project itself": func(n *nodes, _ string) { n.admins[0].Delete("/v3/projects/" + n.project).Want(204) },
	} {
		t.Run(what, func(t *testing.T) {
			n := newNodes(t)
			trust := n.trust(nil)
			token := n.b.Authenticate(password(n.bob, onTrust(trust))).Want(201).Actor().Token
			n.alive(map[string]string{"the token": token})
			end(n, trust)
			n.settle()
			for i, env := range []*testenv.Env{n.a, n.b} {
				if r := n.admins[i].Validate(token); r.Status != 404 && r.Status != 403 {
					t.Errorf("node %c shows the token: %d %s", "AB"[i], r.Status, r.Body)
				}
				env.With(token).Get("/v3/auth/projects").Want(401)
				if r := env.Authenticate(password(n.bob, onTrust(trust))); r.Status != 401 && r.Status != 403 && r.Status != 404 {
					t.Errorf("node %c issues a new token: %d %s", "AB"[i], r.Status, r.Body)
				}
			}
		})
	}
}

func (n *nodes) off(path, entity string) {
	n.t.Helper()
	n.admins[0].Patch(path, object{entity: object{"enabled": false}}).Want(200)
}

// atOnce runs a function count times at once, on both nodes by turns, and counts what it answers.
func (n *nodes) atOnce(count int, do func(i int, env *testenv.Env, admin *testenv.Actor) *testenv.Response) map[int]int {
	answers := make([]*testenv.Response, count)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = do(i, []*testenv.Env{n.a, n.b}[i%2], n.admins[i%2]) })
	}
	all.Wait()
	statuses := map[int]int{}
	for _, r := range answers {
		statuses[r.Status]++
		if r.Status >= 500 {
			n.t.Errorf("%d %s", r.Status, r.Body)
		}
	}
	return statuses
}

// S-043
func TestTheLastUseOfATrustIsOneUse(t *testing.T) {
	n := newNodes(t)
	for range 5 {
		trust := n.trust(object{"remaining_uses": 1})
		n.settle()
		statuses := n.atOnce(8, func(_ int, env *testenv.Env, _ *testenv.Actor) *testenv.Response {
			return env.Authenticate(password(n.bob, onTrust(trust)))
		})
		if statuses[201] != 1 || statuses[401]+statuses[403] != 7 {
			t.Fatalf("eight at once for one use: %v", statuses)
		}
	}
}

// S-136
func TestEqualCreationsAtOnce(t *testing.T) {
	n := newNodes(t)
	in := n.domains["project"]
	n.put("/v3/projects/" + n.project + "/users/" + n.bob + "/roles/" + n.member)
	bob := n.a.Authenticate(password(n.bob, testenv.OnProjectID(n.project))).Want(201).Actor().Token
	n.settle()
	for _, tt := range []struct {
		path, list, entity string
		body               object
		token              string // empty is the administrator's
	}{
		{"/v3/users", "/v3/users?name=twin", "user", object{"name": "twin", "domain_id": in}, ""},
		{"/v3/groups", "/v3/groups?name=twin", "group", object{"name": "twin", "domain_id": in}, ""},
		{"/v3/projects", "/v3/projects?name=twin", "project", object{"name": "twin", "domain_id": in}, ""},
		{"/v3/roles", "/v3/roles?name=twin", "role", object{"name": "twin"}, ""},
		{"/v3/domains", "/v3/domains?name=twin", "domain", object{"name": "twin"}, ""},
		{"/v3/users/" + n.bob + "/application_credentials", "/v3/users/" + n.bob + "/application_credentials", "application_credential",
			object{"name": "twin"}, bob},
	} {
		t.Run(tt.entity, func(t *testing.T) {
			as := func(env *testenv.Env, admin *testenv.Actor) *testenv.Actor {
				if tt.token != "" {
					return env.With(tt.token)
				}
				return admin
			}
			statuses := n.atOnce(50, func(_ int, env *testenv.Env, admin *testenv.Actor) *testenv.Response {
				return as(env, admin).Post(tt.path, object{tt.entity: tt.body})
			})
			if statuses[201] != 1 || statuses[409] != 49 {
				t.Errorf("answers: %v, want one 201 and 49 409", statuses)
			}
			if got := as(n.b, n.admins[1]).Get(tt.list).Want(200).List(tt.entity + "s"); len(got) != 1 {
				t.Errorf("%d are there", len(got))
			}
		})
	}
	grant := "/v3/projects/" + n.project + "/users/" + n.bob + "/roles/" + n.reader
	statuses := n.atOnce(50, func(_ int, _ *testenv.Env, admin *testenv.Actor) *testenv.Response { return admin.Put(grant, nil) })
	if statuses[204] != 50 {
		t.Errorf("grants: %v, want 204 each", statuses)
	}
	got := n.admins[1].Get("/v3/role_assignments?user.id=" + n.bob + "&role.id=" + n.reader).Want(200).List("role_assignments")
	if len(got) != 1 {
		t.Errorf("%d grants are there", len(got))
	}
}

// S-166
func TestChangesOfOneThingOnBothNodes(t *testing.T) {
	n := newNodes(t)
	service := n.make("services", "service", object{"type": "compute"})
	paths := map[string]string{
		"user": "/v3/users/" + n.ann, "project": "/v3/projects/" + n.project, "role": "/v3/roles/" + n.make("roles", "role", object{"name": "shared"}),
		"endpoint": "/v3/endpoints/" + n.make("endpoints", "endpoint", object{"interface": "public", "url": "http://old.example", "service_id": service}),
	}
	own := map[string]object{
		"user": {"email": "ann@example.com", "default_project_id": n.project}, "project": {"description": "changed", "name": "shop"},
		"role": {"description": "changed", "name": "renamed"}, "endpoint": {"url": "http://new.example", "interface": "admin"},
	}
	for entity, path := range paths {
		t.Run(entity, func(t *testing.T) {
			changes := object{}
			maps.Copy(changes, own[entity])
			for i := len(changes); i < 24; i++ {
				changes[fmt.Sprint("attribute", i)] = "changed"
			}
			names := make([]string, 0, len(changes))
			for name := range changes {
				names = append(names, name)
			}
			slices.Sort(names)
			statuses := n.atOnce(len(names), func(i int, _ *testenv.Env, admin *testenv.Actor) *testenv.Response {
				return admin.Patch(path, object{entity: object{names[i]: changes[names[i]]}})
			})
			if statuses[200] != len(names) {
				t.Errorf("answers: %v", statuses)
			}
			n.settle()
			for i, admin := range n.admins {
				shown := admin.Get(path).Want(200)
				for name, want := range changes {
					if got := shown.Value(entity + "." + name); got != want {
						t.Errorf("node %c: %s is %v, want %v", "AB"[i], name, got, want)
					}
				}
			}
		})
	}
}

// A token is not turned into another on what a node remembers of a moment ago: what another node acknowledged before counts,
// without a wait. S-003, S-009
func TestAnExchangeKnowsWhatOtherNodesDidBefore(t *testing.T) {
	n := newNodes(t)
	on := testenv.OnProjectID(n.project)
	login := func() string { return n.a.Authenticate(password(n.ann, testenv.Unscoped)).Want(201).Actor().Token }
	revoked, kept := login(), login()
	n.settle()
	for range 3 {
		for _, token := range []string{revoked, kept} {
			n.b.Authenticate(exchange(token, on)).Want(201)
		}
	}
	roles := func() []string {
		return n.b.Authenticate(exchange(kept, on)).Want(201).Texts("token.roles", "name")
	}

	n.admins[0].Delete("/v3/auth/tokens", "X-Subject-Token", revoked).Want(204)
	n.b.Authenticate(exchange(revoked, on)).Want(404)

	n.put("/v3/projects/" + n.project + "/users/" + n.ann + "/roles/" + n.reader)
	if got := roles(); !slices.Contains(got, "reader") {
		t.Errorf("roles after a grant elsewhere: %v", got)
	}
	n.admins[0].Patch("/v3/projects/"+n.project, object{"project": object{"name": "renamed"}}).Want(200)
	if name := n.b.Authenticate(exchange(kept, on)).Want(201).Get("token.project.name"); name != "renamed" {
		t.Errorf("a project renamed elsewhere is called %q", name)
	}
	n.make("services", "service", object{"name": "nova", "type": "compute"})
	if got := n.b.Authenticate(exchange(kept, on)).Want(201).Texts("token.catalog", "type"); !slices.Contains(got, "compute") {
		t.Errorf("the catalog after a service was added elsewhere: %v", got)
	}
	n.admins[0].Patch("/v3/projects/"+n.project, object{"project": object{"enabled": false}}).Want(200)
	n.b.Authenticate(exchange(kept, on)).Want(401)
	n.admins[0].Patch("/v3/users/"+n.ann, object{"user": object{"enabled": false}}).Want(200)
	n.b.Authenticate(exchange(kept, testenv.Unscoped)).Want(404)
}
