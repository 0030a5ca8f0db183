package federation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

const (
	idps     = "/v3/OS-FEDERATION/identity_providers/"
	mappings = "/v3/OS-FEDERATION/mappings/"
	auth     = idps + "corp/protocols/mapped/auth"
)

// front lets the web server believe what tests send: they come from this address.
func front(c *config.Config) {
	c.Lintel.TrustedProxies = []string{"192.0.2.1"}
	c.Lintel.EnvironPrefix = "X-Env-"
}

// cloud is a cloud with an identity provider, corp, whose mapping knows people by UID, with e-mail and groups.
type cloud struct {
	*testenv.Env
	admin  *testenv.Actor
	domain string // corp's
}

const byUID = `{"local": [{"user": {"id": "{0}", "name": "{1}", "email": "{2}"}}],
	"remote": [{"type": "UID"}, {"type": "NAME"}, {"type": "MAIL"}]}`

const withGroups = `{"local": [{"groups": "{0}", "domain": {"id": "default"}}], "remote": [{"type": "GROUPS"}]}`

func newCloud(t *testing.T, rules string, changes ...func(*config.Config)) *cloud {
	t.Helper()
	env := testenv.New(t, append([]func(*config.Config){front}, changes...)...)
	c := &cloud{Env: env, admin: env.Admin()}
	c.admin.Put(mappings+"rules", `{"mapping": {"rules": [`+rules+`]}}`).Want(201)
	c.domain = c.admin.Put(idps+"corp", `{"identity_provider": {"enabled": true, "remote_ids": ["https://corp"]}}`).Want(201).Get("identity_provider.domain_id")
	c.admin.Put(idps+"corp/protocols/mapped", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	return c
}

func (c *cloud) group(name string) string {
	return c.admin.Post("/v3/groups", `{"group": {"name": "`+name+`"}}`).Want(201).Get("group.id")
}

func (c *cloud) project(name string) string {
	return c.admin.Post("/v3/projects", `{"project": {"name": "`+name+`"}}`).Want(201).Get("project.id")
}

func (c *cloud) role(name string) string {
	for _, r := range c.admin.Get("/v3/roles").Want(200).List("roles") {
		if r := r.(map[string]any); r["name"] == name {
			return r["id"].(string)
		}
	}
	return c.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201).Get("role.id")
}

func ann(more ...string) []string {
	return append([]string{"X-Env-Uid", "a/1 é", "X-Env-Name", "Ann", "X-Env-Mail", "ann@corp"}, more...)
}

// rescope turns a token into one with a scope.
func (c *cloud) rescope(a *testenv.Actor, scope string) *testenv.Response {
	return c.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}, "scope": %s}}`, a.Token, scope))
}

func TestFederatedLogin(t *testing.T) {
	c := newCloud(t, byUID)
	for _, send := range []func(string, ...string) *testenv.Response{
		c.Get,
		func(path string, headers ...string) *testenv.Response { return c.Post(path, nil, headers...) },
	} {
		r := send(auth, ann()...).Want(201)
		if got := r.Header.Get("X-Subject-Token"); got == "" {
			t.Error("no token")
		}
		if got, want := r.Get("token.user.name"), "Ann"; got != want {
			t.Errorf("name %q, want %q", got, want)
		}
		if got := r.Get("token.user.domain.id"); got != c.domain {
			t.Errorf("domain %q, want the provider's", got)
		}
		if r.Value("token.roles") != nil || r.Value("token.user.password_expires_at") != nil {
			t.Errorf("more than an unscoped token: %s", r.Body)
		}
		if got, want := r.Get("token.user.OS-FEDERATION.identity_provider.id")+" "+r.Get("token.user.OS-FEDERATION.protocol.id"), "corp mapped"; got != want {
			t.Errorf("by %q, want %q", got, want)
		}
		seen := c.admin.Validate(r.Header.Get("X-Subject-Token")).Want(200)
		if seen.Body != r.Body {
			t.Errorf("validated it reads otherwise:\n%s%s", r.Body, seen.Body)
		}
	}
	users := c.admin.Get("/v3/users?idp_id=corp&protocol_id=mapped&unique_id=a/1%2520%25C3%25A9").Want(200)
	if got := users.List("users"); len(got) != 1 {
		t.Fatalf("users: %s", users.Body)
	}
	u := c.admin.Get("/v3/users/" + users.Get("users.0.id")).Want(200)
	if got, want := u.Get("user.name")+" "+u.Get("user.email")+" "+u.Get("user.federated.0.protocols.0.unique_id"), "Ann ann@corp a/1%20%C3%A9"; got != want {
		t.Errorf("user %q, want %q", got, want)
	}
	// At the next login what the provider says takes the place of what it said.
	c.Get(auth, "X-Env-Uid", "a/1 é", "X-Env-Name", "Anna", "X-Env-Mail", "anna@corp").Want(201)
	u = c.admin.Get("/v3/users/" + users.Get("users.0.id")).Want(200)
	if got, want := u.Get("user.name")+" "+u.Get("user.email"), "Anna anna@corp"; got != want {
		t.Errorf("user %q, want %q", got, want)
	}
	// The method of the body does the same.
	body := `{"auth": {"identity": {"methods": ["mapped"], "mapped": {"identity_provider": "corp", "protocol": "mapped"}}}}`
	if got := c.Post("/v3/auth/tokens", body, ann()...).Want(201).Get("token.user.id"); got != users.Get("users.0.id") {
		t.Errorf("another user: %s", got)
	}
	for body, want := range map[string]string{
		`{"protocol": "mapped"}`:        "Expecting to find identity_provider in mapped.",
		`{"identity_provider": "corp"}`: "Expecting to find protocol in mapped.",
	} {
		r := c.Post("/v3/auth/tokens", `{"auth": {"identity": {"methods": ["mapped"], "mapped": `+body+`}}}`, ann()...).Want(400)
		if !strings.HasPrefix(r.Message(), want) {
			t.Errorf("%s: %s", body, r.Message())
		}
	}
	// A provider's word is no method that is not configured.
	c.admin.Put(idps+"corp/protocols/saml2", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	r := c.Get(idps+"corp/protocols/saml2/auth", ann()...).Want(401)
	if r.Message() != "Attempted to authenticate with an unsupported method." {
		t.Errorf("got %s", r.Body)
	}
	// Nor does a protocol named so log in by password.
	c.admin.Put(idps+"corp/protocols/password", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	c.Get(idps+"corp/protocols/password/auth", ann()...).Want(401)
}

// Clients say nothing about who they are. S-085
func TestAssertionsOfClients(t *testing.T) {
	c := newCloud(t, byUID, func(cfg *config.Config) { cfg.Lintel.TrustedProxies = []string{"192.0.2.2"} })
	c.Get(auth, ann()...).Want(401)
	c.Get(auth, append(ann(), "X-Forwarded-For", "192.0.2.2")...).Want(401)
	c = newCloud(t, byUID, func(cfg *config.Config) { cfg.Lintel.EnvironPrefix = "" })
	c.Get(auth, ann()...).Want(401)
	c.Get(auth, "Uid", "x", "Name", "x", "Mail", "x").Want(401)
	// Only variables with the prefix reach the mapping.
	c = newCloud(t, byUID, func(cfg *config.Config) { cfg.Federation.AssertionPrefix = "CORP_" })
	c.Get(auth, ann()...).Want(401)
}

// S-101
func TestIssuer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*config.Config)
		protocol string
	}{
		{"the protocol's own", func(*config.Config) {}, `, "remote_id_attribute": "ISSUER"`},
		{"of the protocol's group", func(c *config.Config) { c.RemoteIDAttributes = map[string]string{"mapped": "ISSUER"} }, ""},
		{"of all", func(c *config.Config) { c.Federation.RemoteIDAttribute = "ISSUER" }, ""},
		{"the protocol's before that of all", func(c *config.Config) { c.Federation.RemoteIDAttribute = "OTHER" }, `, "remote_id_attribute": "ISSUER"`},
	} {
		c := newCloud(t, byUID, tt.change)
		c.admin.Patch(idps+"corp/protocols/mapped", `{"protocol": {"mapping_id": "rules"`+tt.protocol+`}}`).Want(200)
		if r := c.Get(auth, ann()...); r.Status != 401 {
			t.Errorf("%s: nobody speaks: %d", tt.name, r.Status)
		}
		if r := c.Get(auth, ann("X-Env-Issuer", "https://evil")...); r.Status != 403 {
			t.Errorf("%s: another speaks: %d", tt.name, r.Status)
		}
		if r := c.Get(auth, ann("X-Env-Issuer", "https://corp")...); r.Status != 201 {
			t.Errorf("%s: the provider speaks: %d", tt.name, r.Status)
		}
	}
	c := newCloud(t, byUID)
	c.admin.Put(idps+"other", `{"identity_provider": {"remote_ids": ["https://corp"]}}`).Want(409)
	c.admin.Put(idps+"other", `{"identity_provider": {"remote_ids": ["x"]}}`).Want(201)
	c.admin.Patch(idps+"other", `{"identity_provider": {"remote_ids": ["x", "https://corp"]}}`).Want(409)
}

// S-102
func TestMappingsThatMakeNobody(t *testing.T) {
	c := newCloud(t, byUID)
	c.Get(auth).Want(401)
	c.Get(auth, "X-Env-Uid", "x", "X-Env-Name", "x", "X-Env-Mail", "").Want(401)
	c.Get(auth, "X-Env-Uid", "x", "X-Env-Name", "x", "X-Env-Mail", ";").Want(401)
	c.Get(auth, "X-Env-Uid", strings.Repeat("x", 256), "X-Env-Name", "x", "X-Env-Mail", "x").Want(401)
	for _, rules := range []string{
		`{"local": [{"user": {"email": "{0}"}}], "remote": [{"type": "UID"}]}`,
		`{"local": [{"user": {"name": "{5}"}}], "remote": [{"type": "UID"}]}`,
		`{"local": [{"user": {"name": "{0}"}}, {"group": {"id": "nothing"}}], "remote": [{"type": "UID"}]}`,
		`{"local": [{"user": {"name": "nobody", "type": "local", "domain": {"id": "default"}}}], "remote": [{"type": "UID"}]}`,
		`{"local": [{"user": {"name": "admin", "type": "local", "domain": {"id": "nowhere"}}}], "remote": [{"type": "UID"}]}`,
	} {
		c.admin.Patch(mappings+"rules", `{"mapping": {"rules": [`+rules+`]}}`).Want(200)
		if r := c.Get(auth, ann()...); r.Status != 401 {
			t.Errorf("%s: got %d", rules, r.Status)
		}
	}
	c.admin.Patch(mappings+"rules", `{"mapping": {"rules": [{"local": [{"user": {"name": "x", "domain": {"name": "nowhere"}}}], "remote": [{"type": "UID"}]}]}}`).Want(200)
	c.Get(auth, ann()...).Want(404)
	// REMOTE_USER is the name of who has none.
	c.admin.Patch(mappings+"rules", `{"mapping": {"rules": [{"local": [{"user": {"email": "{0}"}}], "remote": [{"type": "UID"}]}]}}`).Want(200)
	if got := c.Get(auth, ann("X-Env-Remote-User", "ann")...).Want(201).Get("token.user.name"); got != "ann" {
		t.Errorf("name %q", got)
	}
	bad := `{"mapping": {"rules": [{"local": [{"user": {"name": "x"}}], "remote": [{"type": "UID", "any_one_of": ["("], "regex": true}]}]}}`
	c.admin.Put(mappings+"bad", bad).Want(400)
	c.admin.Patch(mappings+"rules", bad).Want(400)
	c.admin.Get(mappings + "bad").Want(404)
}

// A login by an identity provider is never one of somebody else's account. S-103
func TestNobodyBecomesAnother(t *testing.T) {
	c := newCloud(t, `{"local": [{"user": {"id": "{0}", "name": "{1}", "email": "{2}", "domain": {"id": "default"}}}], "remote": [{"type": "UID"}, {"type": "NAME"}, {"type": "MAIL"}]}`)
	c.admin.Put(idps+"rival", `{"identity_provider": {"enabled": true}}`).Want(201)
	c.admin.Put(idps+"rival/protocols/mapped", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	adminID := c.admin.Validate(c.admin.Token).Want(200).Get("token.user.id")
	claims := []string{"X-Env-Uid", adminID, "X-Env-Name", "admin", "X-Env-Mail", "admin@x"}
	r := c.Get(auth, claims...).Want(201)
	if got := r.Get("token.user.id"); got == adminID {
		t.Error("it became the admin")
	}
	// Another provider's subject of the same id would have the same id here.
	c.Get(idps+"rival/protocols/mapped/auth", claims...).Want(409)
	// A user who was given the subject by an administrator is that user.
	linked := c.admin.Post("/v3/users", `{"user": {"name": "linked", "federated": [{"idp_id": "rival", "protocols": [{"protocol_id": "mapped", "unique_id": "7"}]}]}}`).
		Want(201).Get("user.id")
	seven := []string{"X-Env-Uid", "7", "X-Env-Name", "x", "X-Env-Mail", "x"}
	if got := c.Get(idps+"rival/protocols/mapped/auth", seven...).Want(201).Get("token.user.id"); got != linked {
		t.Errorf("user %s, want the linked one", got)
	}
	if got := c.Get(auth, seven...).Want(201).Get("token.user.id"); got == linked {
		t.Error("the other provider's subject of that id is the linked user too")
	}
}

// S-104
func TestGroupsShrink(t *testing.T) {
	c := newCloud(t, byUID+", "+withGroups)
	dev, ops := c.group("dev"), c.group("ops")
	web := c.project("web")
	c.admin.Put("/v3/projects/"+web+"/groups/"+dev+"/roles/"+c.role("member"), nil).Want(204)
	c.admin.Put("/v3/projects/"+web+"/groups/"+ops+"/roles/"+c.role("reader"), nil).Want(204)
	groups := func(names string) []string { return ann("X-Env-Groups", names) }

	r := c.Get(auth, groups("dev;ops;nothing")...).Want(201)
	user := r.Get("token.user.id")
	if got := len(r.List("token.user.OS-FEDERATION.groups")); got != 2 {
		t.Errorf("%d groups: %s", got, r.Body)
	}
	first := r.Actor()
	scoped := c.rescope(first, testenv.OnProjectID(web)).Want(201)
	if got := scoped.Texts("token.roles", "name"); !slices.Equal(got, []string{"member", "reader"}) {
		t.Errorf("roles %v", got)
	}
	if scoped.Value("token.roles.0.options") == nil {
		t.Errorf("roles are not whole: %s", scoped.Body)
	}
	if got := first.Get("/v3/OS-FEDERATION/projects").Want(200).Texts("projects", "id"); !slices.Equal(got, []string{web}) {
		t.Errorf("projects %v", got)
	}
	// Nothing is kept, so only the token has the groups.
	if got := c.admin.Get("/v3/users/" + user + "/groups").Want(200).List("groups"); len(got) != 0 {
		t.Errorf("groups %v", got)
	}
	c.Clock.Advance(2 * time.Second)
	again := c.Get(auth, groups("ops")...).Want(201).Actor()
	c.admin.Validate(first.Token).Want(404)
	c.admin.Validate(scoped.Actor().Token).Want(404)
	if got := c.rescope(again, testenv.OnProjectID(web)).Want(201).Texts("token.roles", "name"); !slices.Equal(got, []string{"reader"}) {
		t.Errorf("roles %v", got)
	}
	c.Clock.Advance(2 * time.Second)
	none := c.Get(auth, ann()...).Want(201).Actor()
	c.rescope(none, testenv.OnProjectID(web)).Want(401)
	if got := none.Get("/v3/OS-FEDERATION/projects").Want(200).List("projects"); len(got) != 0 {
		t.Errorf("projects %v", got)
	}
}

// TestMembershipsEnd: with a life of their own, memberships count everywhere until it ends, and then nowhere. S-104
func TestMembershipsEnd(t *testing.T) {
	for _, life := range []struct {
		name     string
		change   func(*config.Config)
		provider string
	}{
		{"by default", func(c *config.Config) { c.Federation.DefaultAuthorizationTTL = 10 * time.Minute }, ""},
		{"by the provider", func(*config.Config) {}, `, "authorization_ttl": 10`},
	} {
		c := newCloud(t, byUID+", "+withGroups, life.change, func(c *config.Config) { c.Token.Expiration = time.Hour })
		c.admin.Patch(idps+"corp", `{"identity_provider": {"enabled": true`+life.provider+`}}`).Want(200)
		dev := c.group("dev")
		web := c.project("web")
		c.admin.Put("/v3/projects/"+web+"/groups/"+dev+"/roles/"+c.role("member"), nil).Want(204)
		r := c.Get(auth, ann("X-Env-Groups", "dev")...).Want(201)
		user := r.Get("token.user.id")
		scoped := c.rescope(r.Actor(), testenv.OnProjectID(web)).Want(201).Actor()
		shown := c.admin.Get("/v3/users/" + user + "/groups").Want(200)
		if got, want := shown.Get("groups.0.membership_expires_at"), "2026-03-04T05:16:07.000000"; got != want {
			t.Errorf("%s: membership until %s, want %s", life.name, got, want)
		}
		counts := func(want bool) {
			t.Helper()
			assignments := c.admin.Get("/v3/role_assignments?effective&user.id=" + user).Want(200).List("role_assignments")
			inGroup := c.admin.Head("/v3/groups/" + dev + "/users/" + user).Status
			token := c.admin.Validate(scoped.Token).Status
			projects := len(c.admin.Get("/v3/users/" + user + "/projects").Want(200).List("projects"))
			if (len(assignments) > 0) != want || (inGroup == 204) != want || (token == 200) != want || (projects > 0) != want {
				t.Errorf("%s: %d assignments, in the group %d, token %d, %d projects, want %v", life.name, len(assignments), inGroup, token, projects, want)
			}
		}
		counts(true)
		c.Clock.Advance(9 * time.Minute)
		counts(true)
		c.Clock.Advance(time.Minute)
		counts(false)
		c.rescope(r.Actor(), testenv.OnProjectID(web)).Want(401)
		// The next login renews it, and what hangs on it.
		c.Get(auth, ann("X-Env-Groups", "dev")...).Want(201)
		counts(true)
		// A shorter life counts at once.
		c.Clock.Advance(5 * time.Minute)
		c.admin.Patch(idps+"corp", `{"identity_provider": {"authorization_ttl": 1}}`).Want(200)
		counts(false)
	}
}

// S-004, S-005
func TestFederatedChains(t *testing.T) {
	c := newCloud(t, byUID+", "+withGroups)
	dev, web := c.group("dev"), c.project("web")
	c.admin.Put("/v3/projects/"+web+"/groups/"+dev+"/roles/"+c.role("member"), nil).Want(204)
	c.admin.Put("/v3/domains/default/groups/"+dev+"/roles/"+c.role("reader"), nil).Want(204)
	first := c.Get(auth, ann("X-Env-Groups", "dev")...).Want(201)
	root, end := first.List("token.audit_ids")[0], first.Get("token.expires_at")
	next := first.Actor()
	for i, scope := range []string{
		testenv.OnProjectID(web), testenv.OnDefaultDomain, testenv.Unscoped, testenv.OnProjectID(web), testenv.OnProjectID(web),
		testenv.Unscoped, testenv.OnDefaultDomain, testenv.OnDefaultDomain, testenv.Unscoped, testenv.OnProjectID(web),
	} {
		c.Clock.Advance(time.Minute)
		r := c.rescope(next, scope).Want(201)
		ids := r.List("token.audit_ids")
		if len(ids) != 2 || ids[1] != root || ids[0] == root {
			t.Errorf("exchange %d: audit ids %v of root %v", i, ids, root)
		}
		if got := r.Get("token.expires_at"); got != end {
			t.Errorf("exchange %d: ends %s, want %s", i, got, end)
		}
		if got := fmt.Sprint(r.Value("token.methods")); got != "[mapped token]" {
			t.Errorf("exchange %d: methods %s", i, got)
		}
		if got := r.Get("token.user.OS-FEDERATION.groups.0.id"); got != dev {
			t.Errorf("exchange %d: groups are lost: %s", i, r.Body)
		}
		next = r.Actor()
		if seen := c.admin.Validate(next.Token).Want(200); seen.Body != r.Body {
			t.Errorf("exchange %d reads otherwise when validated:\n%s%s", i, r.Body, seen.Body)
		}
	}
	// The system is no scope for them, whatever roles there are.
	c.admin.Put("/v3/system/groups/"+dev+"/roles/"+c.role("admin"), nil).Want(204)
	c.rescope(first.Actor(), testenv.OnSystem).Want(401)
	if got := first.Actor().Get("/v3/auth/system").Want(200).List("system"); len(got) != 0 {
		t.Errorf("system %v", got)
	}
	// Nor do roles on the system open projects.
	other := c.project("other")
	c.rescope(first.Actor(), testenv.OnProjectID(other)).Want(401)
	// The old way to say the same.
	old := func(token string) string {
		return fmt.Sprintf(`{"auth": {"identity": {"methods": ["mapped"], "mapped": {"id": %q}}, "scope": %s}}`, token, testenv.OnProjectID(web))
	}
	c.Authenticate(old(first.Actor().Token)).Want(201)
	c.Authenticate(old(c.admin.Token)).Want(401)
	// A scoped federated token is a scoped token. S-034
	c = newCloud(t, byUID, func(c *config.Config) { c.Token.AllowRescopeScopedToken = false })
	web = c.project("web")
	r := c.Get(auth, ann()...).Want(201)
	c.admin.Put("/v3/projects/"+web+"/users/"+r.Get("token.user.id")+"/roles/"+c.role("member"), nil).Want(204)
	scoped := c.rescope(r.Actor(), testenv.OnProjectID(web)).Want(201).Actor()
	c.rescope(scoped, testenv.Unscoped).Want(403)
}

// S-100
func TestWhatEndsFederatedTokens(t *testing.T) {
	for name, end := range map[string]func(*cloud, string){
		"provider disabled": func(c *cloud, _ string) {
			c.admin.Patch(idps+"corp", `{"identity_provider": {"enabled": false}}`).Want(200)
		},
		"provider deleted": func(c *cloud, _ string) { c.admin.Delete(idps + "corp").Want(204) },
		"protocol deleted": func(c *cloud, _ string) { c.admin.Delete(idps + "corp/protocols/mapped").Want(204) },
		"mapping deleted":  func(c *cloud, _ string) { c.admin.Delete(mappings + "rules").Want(204) },
		"domain disabled": func(c *cloud, _ string) {
			c.admin.Patch("/v3/domains/"+c.domain, `{"domain": {"enabled": false}}`).Want(200)
		},
		"user disabled": func(c *cloud, u string) { c.admin.Patch("/v3/users/"+u, `{"user": {"enabled": false}}`).Want(200) },
		"user deleted":  func(c *cloud, u string) { c.admin.Delete("/v3/users/" + u).Want(204) },
		"another's from now": func(c *cloud, u string) {
			c.admin.Put(idps+"new", `{"identity_provider": {"enabled": true}}`).Want(201)
			c.admin.Put(idps+"new/protocols/mapped", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
			c.admin.Patch("/v3/users/"+u, `{"user": {"federated": [{"idp_id": "new", "protocols": [{"protocol_id": "mapped", "unique_id": "x"}]}]}}`).Want(200)
		},
	} {
		c := newCloud(t, byUID)
		web := c.project("web")
		r := c.Get(auth, ann()...).Want(201)
		user := r.Get("token.user.id")
		c.admin.Put("/v3/projects/"+web+"/users/"+user+"/roles/"+c.role("member"), nil).Want(204)
		scoped := c.rescope(r.Actor(), testenv.OnProjectID(web)).Want(201).Actor()
		c.admin.Validate(scoped.Token).Want(200)
		end(c, user)
		for _, a := range []*testenv.Actor{r.Actor(), scoped} {
			if got := c.admin.Validate(a.Token).Status; got != 404 {
				t.Errorf("%s: validation %d", name, got)
			}
			if got := a.Get("/v3/auth/projects").Status; got != 401 {
				t.Errorf("%s: use %d", name, got)
			}
			if got := c.rescope(a, testenv.Unscoped).Status; got != 404 && got != 401 {
				t.Errorf("%s: exchange %d", name, got)
			}
		}
		switch got := c.Get(auth, ann()...); {
		case name == "user deleted" && got.Status == 201, name == "another's from now" && got.Status == 409: // known anew, or never again
		case got.Status != 401 && got.Status != 403 && got.Status != 404:
			t.Errorf("%s: login %d %s", name, got.Status, got.Body)
		}
		if name == "provider deleted" || name == "protocol deleted" {
			c.admin.Get("/v3/users/" + user).Want(404)
		}
	}
}

// TestOldTokensStayDead: a provider that comes back under its old name revives no token of those whom others know too. S-100
func TestOldTokensStayDead(t *testing.T) {
	c := newCloud(t, byUID)
	user := c.admin.Post("/v3/users", `{"user": {"name": "linked", "federated": [{"idp_id": "corp", "protocols": [{"protocol_id": "mapped", "unique_id": "7"}]}]}}`).
		Want(201).Get("user.id")
	seven := []string{"X-Env-Uid", "7", "X-Env-Name", "x", "X-Env-Mail", "x"}
	old := c.Get(auth, seven...).Want(201).Actor()
	c.admin.Delete(idps + "corp").Want(204)
	c.admin.Put(idps+"corp", `{"identity_provider": {"enabled": true}}`).Want(201)
	c.admin.Put(idps+"corp/protocols/mapped", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	c.admin.Patch("/v3/users/"+user, `{"user": {"federated": [{"idp_id": "corp", "protocols": [{"protocol_id": "mapped", "unique_id": "7"}]}]}}`).Want(200)
	c.admin.Validate(old.Token).Want(404)
	c.Get(auth, seven...).Want(201)
}

func TestLocalUsers(t *testing.T) {
	c := newCloud(t, `{"local": [{"user": {"name": "{0}", "type": "local", "domain": {"id": "default"}}}], "remote": [{"type": "UID"}]}`)
	user := c.admin.Post("/v3/users", `{"user": {"name": "bob", "password": "secret"}}`).Want(201).Get("user.id")
	r := c.Get(auth, "X-Env-Uid", "bob").Want(201)
	if got := r.Get("token.user.id"); got != user || r.Value("token.user.OS-FEDERATION") != nil {
		t.Errorf("not a token of bob's: %s", r.Body)
	}
	// All rules for the account hold at this door too.
	c.admin.Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_rules": [["mapped", "password"]]}}}`).Want(200)
	r = c.Get(auth, "X-Env-Uid", "bob").Want(401)
	if r.Header.Get("Openstack-Auth-Receipt") == "" {
		t.Errorf("no receipt: %s", r.Body)
	}
	c.admin.Patch("/v3/users/"+user, `{"user": {"enabled": false, "options": {"multi_factor_auth_rules": []}}}`).Want(200)
	c.Get(auth, "X-Env-Uid", "bob").Want(401)
}

// S-025
func TestLocalUserWithExpiredPassword(t *testing.T) {
	life := 10 * 24 * time.Hour
	c := newCloud(t, `{"local": [{"user": {"name": "{0}", "type": "local", "domain": {"id": "default"}}}], "remote": [{"type": "UID"}]}`,
		func(cfg *config.Config) { cfg.SecurityCompliance.PasswordExpiresDays = &life })
	c.admin.Post("/v3/users", `{"user": {"name": "bob", "password": "secret"}}`).Want(201)
	c.Get(auth, "X-Env-Uid", "bob").Want(201)
	c.Clock.Advance(life)
	c.Get(auth, "X-Env-Uid", "bob").Want(401)
}

func TestProvidedProjects(t *testing.T) {
	c := newCloud(t, `{"local": [{"user": {"name": "{0}"}}, {"projects": [{"name": "lab of {0}", "roles": [{"name": "member"}, {"name": "reader"}]}]}], "remote": [{"type": "UID"}]}`)
	roles := func(user string) []string {
		var out []string
		for _, a := range c.admin.Get("/v3/role_assignments?include_names&user.id=" + user).Want(200).List("role_assignments") {
			data, _ := json.Marshal(a)
			var g struct {
				Role  struct{ Name string }
				Scope struct {
					Project struct {
						Name   string
						Domain struct{ ID string }
					}
				}
			}
			if err := json.Unmarshal(data, &g); err != nil {
				t.Fatal(err)
			}
			where := g.Scope.Project.Name
			if g.Scope.Project.Domain.ID == c.domain {
				where += " of corp"
			}
			out = append(out, g.Role.Name+" on "+where)
		}
		slices.Sort(out)
		return out
	}
	r := c.Get(auth, "X-Env-Uid", "eve").Want(201)
	user := r.Get("token.user.id")
	want := []string{"member on lab of eve of corp", "reader on lab of eve of corp"}
	if got := roles(user); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	lab := r.Actor().Get("/v3/auth/projects").Want(200).Get("projects.0.id")
	c.rescope(r.Actor(), testenv.OnProjectID(lab)).Want(201)

	// Before version 3.0 nothing is taken back.
	web := c.project("web")
	c.admin.Put("/v3/projects/"+web+"/users/"+user+"/roles/"+c.role("member"), nil).Want(204)
	rules := func(version, roles string) {
		c.admin.Patch(mappings+"rules", `{"mapping": {"schema_version": "`+version+`", "rules": [{"local": [{"user": {"name": "{0}"}}, {"domain": {"id": "`+c.domain+`"},
			"projects": [{"name": "lab of {0}", "roles": [`+roles+`]}]}], "remote": [{"type": "UID"}]}]}}`).Want(200)
	}
	rules("2.0", `{"name": "reader"}`)
	c.Get(auth, "X-Env-Uid", "eve").Want(201)
	if got, want := roles(user), append(slices.Clone(want), "member on web"); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("got %v, want %v", got, want)
	}
	rules("3.0", `{"name": "reader"}`)
	c.Get(auth, "X-Env-Uid", "eve").Want(201)
	if got, want := roles(user), []string{"reader on lab of eve of corp"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// What cannot be given leaves nothing behind.
	rules("3.0", `{"name": "unknown"}`)
	if got := c.Get(auth, "X-Env-Uid", "new").Want(404).Message(); got != "unknown" {
		t.Errorf("the role that is not there: %q", got)
	}
	if got := c.admin.Get("/v3/users?unique_id=new").Want(200).List("users"); len(got) != 0 {
		t.Errorf("half a login: %v", got)
	}
	c.admin.Post("/v3/roles", `{"role": {"name": "local", "domain_id": "default"}}`).Want(201)
	rules("3.0", `{"name": "local"}`)
	if got, want := c.Get(auth, "X-Env-Uid", "eve").Want(403).Message(), "role: local must be within the same domain as the identity provider: corp."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// S-105
func TestWebSSO(t *testing.T) {
	c := newCloud(t, byUID, func(c *config.Config) {
		c.Federation.TrustedDashboard = []string{"https://Dash.example/auth/websso/", "https://two.example/a?b=c&d"}
		c.Federation.RemoteIDAttribute = "ISSUER"
	})
	const byRemote = "/v3/auth/OS-FEDERATION/websso/mapped"
	const byProvider = "/v3/auth/OS-FEDERATION/identity_providers/corp/protocols/mapped/websso"
	headers := ann("X-Env-Issuer", "https://corp")
	for _, path := range []string{byRemote, byProvider} {
		for _, method := range []string{"GET", "POST"} {
			r := c.Do(method, path+"?origin=https://dash.example/auth/websso/", nil, headers...).Want(200)
			if got := r.Header.Get("Content-Type"); got != "text/html" {
				t.Errorf("%s is %s", path, got)
			}
			if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Subject-Token") != "" || r.Header.Get("Location") != "" {
				t.Errorf("headers %v", r.Header)
			}
			_, rest, _ := strings.Cut(r.Body, `name="token" value="`)
			token, _, _ := strings.Cut(rest, `"`)
			if !strings.Contains(r.Body, `<form method="post" action="https://dash.example/auth/websso/">`) {
				t.Errorf("the form: %s", r.Body)
			}
			c.admin.Validate(token).Want(200)
			if strings.Contains(c.Log(), token) {
				t.Error("the token is logged")
			}
		}
		c.Head(path+"?origin=https://dash.example/auth/websso/", headers...).Want(200)
		if got, want := c.Get(path, headers...).Want(400).Message(), "Request must have an origin query parameter"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, origin := range []string{
			"https://evil.example/", "https://dash.example/auth/websso", "https://Dash.example/auth/websso/", "http://dash.example/auth/websso/",
			"https://dash.example/auth/websso/x", "https://dash.example.evil/auth/websso/",
		} {
			if r := c.Get(path+"?origin="+origin, headers...); r.Status != 401 {
				t.Errorf("%s from %s: %d", path, origin, r.Status)
			}
		}
		if r := c.Get(path+"?origin=https%3A%2F%2Ftwo.example%2Fa%3Fb%3Dc%26d", headers...).Want(200); !strings.Contains(r.Body, `action="https://two.example/a?b=c&amp;d"`) {
			t.Errorf("the form: %s", r.Body)
		}
	}
	c.Get(byRemote+"?origin=https://dash.example/auth/websso/", ann()...).Want(401)
	c.Get(byRemote+"?origin=https://dash.example/auth/websso/", ann("X-Env-Issuer", "https://other")...).Want(404)
}
