package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/token"
)

// cloud is a server with a domain of its own, where bob is a member of the project web.
type cloud struct {
	*testenv.Env
	admin                *testenv.Actor
	cfg                  *config.Config
	domain, project, bob string
	roles                map[string]string // name -> id
}

func newCloud(t *testing.T, changes ...func(*config.Config)) *cloud {
	t.Helper()
	c := &cloud{roles: map[string]string{}}
	c.Env = testenv.New(t, append(changes, func(cfg *config.Config) { c.cfg = cfg })...)
	c.admin = c.Admin()
	c.domain = c.admin.Post("/v3/domains", `{"domain": {"name": "shop"}}`).Want(201).Get("domain.id")
	c.project = c.admin.Post("/v3/projects", `{"project": {"name": "web", "domain_id": "`+c.domain+`"}}`).Want(201).Get("project.id")
	c.bob = c.user("bob")
	for _, r := range c.admin.Get("/v3/roles").Want(200).List("roles") {
		c.roles[r.(map[string]any)["name"].(string)] = r.(map[string]any)["id"].(string)
	}
	c.grant("projects/"+c.project, c.bob, "member")
	return c
}

func (c *cloud) user(name string) string {
	return c.admin.Post("/v3/users", `{"user": {"name": "`+name+`", "password": "secret", "domain_id": "`+c.domain+`"}}`).Want(201).Get("user.id")
}

// grant gives a user a role on a target such as "projects/ID", "domains/ID" or "system".
func (c *cloud) grant(target, user, role string) {
	c.admin.Put("/v3/"+target+"/users/"+user+"/roles/"+c.roles[role], nil).Want(204)
}

// login is bob's, on a scope; without one, on his default project.
func (c *cloud) login(scope ...string) *testenv.Response {
	return c.Authenticate(c.body("secret", scope...))
}

func (c *cloud) body(password string, scope ...string) string {
	return auth(`"methods": ["password"], "password": {"user": {"id": "`+c.bob+`", "password": "`+password+`"}}`, scope...)
}

func auth(identity string, scope ...string) string {
	if len(scope) > 0 {
		identity += `}, "scope": ` + scope[0] + `}}`
	} else {
		identity += `}}}`
	}
	return `{"auth": {"identity": {` + identity
}

// exchange asks for a token in return for a token.
func (c *cloud) exchange(text string, scope ...string) *testenv.Response {
	return c.Authenticate(auth(`"methods": ["token"], "token": {"id": "`+text+`"}`, scope...))
}

// dead checks that a token is refused at every door.
func (c *cloud) dead(t *testing.T, what, text string) {
	t.Helper()
	if r := c.admin.Validate(text); r.Status != 404 {
		t.Errorf("%s: shown with %d, want 404", what, r.Status)
	}
	if r := c.admin.Head("/v3/auth/tokens", "X-Subject-Token", text); r.Status != 404 {
		t.Errorf("%s: checked with %d, want 404", what, r.Status)
	}
	if r := c.With(text).Get("/v3/auth/tokens", "X-Subject-Token", text); r.Status != 401 {
		t.Errorf("%s: used with %d, want 401", what, r.Status)
	}
	if r := c.exchange(text); r.Status != 404 {
		t.Errorf("%s: exchanged with %d, want 404", what, r.Status)
	}
}

func (c *cloud) fernet() *token.Fernet {
	return &token.Fernet{
		Keys:    &token.FileKeys{Repository: token.Repository{Dir: c.cfg.FernetTokens.KeyRepository}, Now: c.Clock.Now},
		Methods: c.cfg.Auth.Methods, DefaultDomainID: c.cfg.Identity.DefaultDomainID,
	}
}

// forge seals a payload with the server's own keys, as an older server or a Keystone beside it might have.
func (c *cloud) forge(t *testing.T, change func(*token.Payload)) string {
	t.Helper()
	p := token.Payload{
		UserID: c.bob, Methods: []string{"password"}, AuditIDs: []string{token.NewAuditID()},
		IssuedAt: c.Clock.Now(), ExpiresAt: c.Clock.Now().Add(time.Hour), ProjectID: c.project,
	}
	change(&p)
	text, err := c.fernet().Seal(p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestIssuedAsShown(t *testing.T) {
	c := newCloud(t)
	c.grant("domains/"+c.domain, c.bob, "manager")
	c.grant("system", c.bob, "reader")
	unscoped := c.login(testenv.Unscoped).Want(201)
	both := auth(`"methods": ["password", "token", "password"], "token": {"id": "` + unscoped.Actor().Token + `"},
		"password": {"user": {"name": "bob", "domain": {"name": "shop"}, "password": "secret"}}`)
	for name, issued := range map[string]*testenv.Response{
		"none":         unscoped,
		"old unscoped": c.login(`{"unscoped": {}}`),
		"project":      c.login(testenv.OnProjectID(c.project)),
		"project name": c.login(`{"project": {"name": "web", "domain": {"name": "shop"}}}`),
		"domain":       c.login(testenv.OnDomainID(c.domain)),
		"domain name":  c.login(`{"domain": {"name": "shop"}}`),
		"system":       c.login(testenv.OnSystem),
		"two methods":  c.Authenticate(both),
		"exchanged":    c.exchange(unscoped.Actor().Token, testenv.OnProjectID(c.project)),
	} {
		issued.Want(201)
		shown := c.admin.Validate(issued.Actor().Token).Want(200)
		if shown.Body != issued.Body {
			t.Errorf("%s: shown as\n%s\nissued as\n%s", name, shown.Body, issued.Body)
		}
		for _, h := range []string{"X-Subject-Token", "Vary", "Cache-Control", "Content-Type"} {
			if got, want := shown.Header.Get(h), issued.Header.Get(h); got != want || got == "" {
				t.Errorf("%s: %s is %q, was %q", name, h, got, want)
			}
		}
		bare := c.admin.Validate(issued.Actor().Token, "?nocatalog").Want(200)
		if bare.Value("token.catalog") != nil {
			t.Errorf("%s: a catalog in spite of nocatalog", name)
		}
	}
	if r := c.Post("/v3/auth/tokens?nocatalog=", c.body("secret", testenv.OnSystem)).Want(201); r.Value("token.catalog") != nil {
		t.Error("a login has a catalog in spite of nocatalog")
	}
	head := c.admin.Head("/v3/auth/tokens", "X-Subject-Token", unscoped.Actor().Token).Want(200)
	if head.Header.Get("X-Subject-Token") != unscoped.Actor().Token {
		t.Error("HEAD does not answer the token")
	}
	c.admin.Head("/v3/auth/tokens").Want(404)
	c.admin.Get("/v3/auth/tokens", "X-Subject-Token", "").Want(404)
	unscoped.Actor().Get("/v3/auth/tokens").Want(403)
	unscoped.Actor().Get("/v3/auth/tokens", "X-Subject-Token", "").Want(404)
}

func TestDefaultProject(t *testing.T) {
	c := newCloud(t)
	scoped := func() string {
		id, _ := c.login().Want(201).Value("token.project.id").(string)
		return id
	}
	if got := scoped(); got != "" {
		t.Errorf("without a default project: scoped to %q", got)
	}
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"default_project_id": "`+c.project+`"}}`).Want(200)
	if got := scoped(); got != c.project {
		t.Errorf("scoped to %q, want the default project", got)
	}
	c.admin.Patch("/v3/projects/"+c.project, `{"project": {"enabled": false}}`).Want(200)
	if got := scoped(); got != "" {
		t.Errorf("scoped to %q, which is disabled", got)
	}
	c.admin.Patch("/v3/projects/"+c.project, `{"project": {"enabled": true}}`).Want(200)
	c.admin.Delete("/v3/projects/" + c.project + "/users/" + c.bob + "/roles/" + c.roles["member"]).Want(204)
	if got := scoped(); got != "" {
		t.Errorf("scoped to %q, where bob has no role", got)
	}
}

func TestServiceProvidersShowInTokens(t *testing.T) {
	c := newCloud(t)
	c.sql(t, `INSERT INTO "service_provider" ("id", "auth_url", "sp_url", "enabled", "relay_state_prefix") VALUES
		('there', 'https://there/v3', 'https://there/sp', 1, 'ss:mem:'), ('off', 'x', 'x', 0, 'ss:mem:')`)
	issued := c.login(testenv.Unscoped).Want(201)
	if got := issued.Texts("token.service_providers", "id"); !slices.Equal(got, []string{"there"}) {
		t.Errorf("service providers: %v", got)
	}
	if shown := c.admin.Validate(issued.Actor().Token).Want(200); shown.Body != issued.Body {
		t.Errorf("shown as\n%s\nissued as\n%s", shown.Body, issued.Body)
	}
}

func TestAdminProject(t *testing.T) {
	c := newCloud(t, func(cfg *config.Config) {
		cfg.Resource.AdminProjectName, cfg.Resource.AdminProjectDomainName = "admin", "Default"
	})
	if is := c.admin.Validate(c.admin.Token).Want(200).Value("token.is_admin_project"); is != true {
		t.Errorf("admin's project: %v", is)
	}
	if is := c.login(testenv.OnProjectID(c.project)).Want(201).Value("token.is_admin_project"); is != false {
		t.Errorf("another project: %v", is)
	}
	if is := c.login(testenv.Unscoped).Want(201).Value("token.is_admin_project"); is != nil {
		t.Errorf("no project: %v", is)
	}
}

// TestMalformedLogins: what is missing is named in upstream's words, before anything is proved.
func TestMalformedLogins(t *testing.T) {
	c := newCloud(t)
	expecting := func(what, where string) string {
		return "Expecting to find " + what + " in " + where + ". The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."
	}
	const pw = `"methods": ["password"], "password": {"user": {"id": "x", "password": "y"}}`
	scopes := expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	for _, tt := range []struct{ body, message string }{
		{`{}`, expecting("auth", "request body")},
		{`{"auth": null}`, expecting("auth", "request body")},
		{auth(`"methods": ["password"]`), expecting("password", "identity")},
		{auth(`"methods": ["magic"]`), expecting("magic", "identity")},
		{auth(`"methods": ["magic", "password"], "magic": 1`), expecting("password", "identity")},
		{auth(`"methods": ["password"], "password": {}`), expecting("user", "None")},
		{auth(`"methods": ["password"], "password": {"user": {"id": "", "password": "y"}}`), expecting("id or name", "user")},
		{auth(`"methods": ["password"], "password": {"user": {"name": "x", "password": "y"}}`), expecting("domain", "user")},
		{auth(pw, `{}`), scopes},
		{auth(pw, `"nonsense"`), scopes},
		{auth(pw, `{"project": {"id": "x"}, "domain": {"id": "x"}}`), scopes},
		{auth(pw, `{"system": {"all": true}, "unscoped": {}}`), scopes},
		{auth(pw, `{"project": {"name": "x"}}`), expecting("domain", "project")},
		{auth(pw, `{"OS-TRUST:trust": {}}`), expecting("trust_id", "trust")},
		{auth(pw, `{"project": {}}`), "Invalid input for field scope/project: id or name must be present."},
		{auth(pw, `{"domain": {}}`), "Invalid input for field scope/domain: id or name must be present."},
	} {
		if r := c.Authenticate(tt.body); r.Status != 400 || r.Message() != tt.message {
			t.Errorf("%s:\n%d %s\nwant 400 %s", tt.body, r.Status, r.Body, tt.message)
		}
	}
	// S-033
	for _, scope := range []string{`[]`, `5`, `null`, `true`, `{"project": []}`, `{"domain": "x"}`, `{"system": "all"}`, `{"project": {"id": 5}}`} {
		if r := c.login(scope); r.Status != 400 {
			t.Errorf("scope %s: %d %s", scope, r.Status, r.Body)
		}
	}
}

// S-031
func TestMethodsOfALogin(t *testing.T) {
	c := newCloud(t)
	unsupported := c.Authenticate(auth(`"methods": ["magic"], "magic": {}`)).Want(401)
	if got, want := len(unsupported.List("error.identity.methods")), len(c.cfg.Auth.Methods); got != want {
		t.Errorf("%d methods are named, want %d", got, want)
	}
	c.Authenticate(auth(`"methods": []`)).Want(401)
	c.Authenticate(auth(`"methods": ["external"], "external": {}`)).Want(401)
	c.Authenticate(auth(`"methods": ["ec2credential"], "ec2credential": {}`)).Want(401)

	alice := c.user("alice")
	text := c.login(testenv.Unscoped).Want(201).Actor().Token
	c.Authenticate(auth(`"methods": ["token", "password"], "token": {"id": "` + text + `"},
		"password": {"user": {"id": "` + alice + `", "password": "secret"}}`)).Want(401)

	start := time.Now()
	c.Authenticate(auth(`"methods": ["` + strings.Repeat(`password", "`, 1000) + `password"], "password": {"user": {"id": "` + c.bob + `", "password": "secret"}}`)).Want(201)
	var names, given strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&names, `"m%d",`, i)
		fmt.Fprintf(&given, `,"m%d":1`, i)
	}
	c.Authenticate(auth(`"methods": [` + strings.TrimSuffix(names.String(), ",") + `]` + given.String())).Want(401)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("two long lists of methods took %v", took)
	}
}

// S-001
func TestEditedTokens(t *testing.T) {
	c := newCloud(t)
	text := c.login(testenv.OnProjectID(c.project)).Want(201).Actor().Token
	same := func(edited string) bool { // base64 ignores some bits of the last character
		a, err1 := base64.RawURLEncoding.DecodeString(strings.TrimRight(edited, "="))
		b, err2 := base64.RawURLEncoding.DecodeString(text)
		return err1 == nil && err2 == nil && string(a) == string(b)
	}
	try := func(edited string) {
		t.Helper()
		if edited == text {
			return
		}
		if r := c.admin.Validate(edited); r.Status != 404 {
			t.Fatalf("%q is shown with %d (same bytes: %v)", edited, r.Status, same(edited))
		}
		if r := c.With(edited).Get("/v3/users/" + c.bob); r.Status != 401 && strings.TrimSpace(edited) != "" {
			t.Fatalf("%q is used with %d", edited, r.Status)
		}
	}
	for i := range text {
		try(text[:i] + text[i+1:])
		try(text[:i] + "A" + text[i:])
		try(text[:i] + string(text[i]^1) + text[i+1:])
		if i > 0 {
			try(text[:i-1] + text[i:i+1] + text[i-1:i] + text[i+1:])
		}
	}
	n := 10000
	if testing.Short() {
		n = 500
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		b := []byte(text)
		for range 1 + random.IntN(3) {
			b[random.IntN(len(b))] = byte(33 + random.IntN(94))
		}
		if !same(string(b)) {
			try(string(b))
		}
	}
}

// S-002
func TestKeysThatAreTakenAway(t *testing.T) {
	c := newCloud(t)
	old := c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	c.admin.Validate(old.Token).Want(200)
	repo := token.Repository{Dir: c.cfg.FernetTokens.KeyRepository}
	keys, err := filepath.Glob(filepath.Join(repo.Dir, "*"))
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	if err := os.Rename(filepath.Join(repo.Dir, "0"), filepath.Join(repo.Dir, "2")); err != nil { // the staged key becomes the first
		t.Fatal(err)
	}
	c.Clock.Advance(time.Second)
	young := c.Admin()
	c.admin.Validate(old.Token).Want(200)
	if err := os.Remove(filepath.Join(repo.Dir, "1")); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(5 * time.Second)
	c.admin = young
	c.dead(t, "a token under a key that is gone", old.Token)
	young.Validate(young.Token).Want(200)
}

// S-003, S-006
func TestTwoNodes(t *testing.T) {
	a := newCloud(t)
	b := testenv.Open(t, a.Dir, a.Clock)
	issued := a.login(testenv.OnProjectID(a.project)).Want(201)
	bob := issued.Actor().Token
	admin := b.Admin()
	for range 100 {
		if shown := admin.Validate(bob).Want(200); shown.Body != issued.Body {
			t.Fatalf("shown on another node as\n%s\nissued as\n%s", shown.Body, issued.Body)
		}
	}
	a.admin.Delete("/v3/auth/tokens", "X-Subject-Token", bob).Want(204)
	b.CatchUp()
	other := *a
	other.Env, other.admin = b, admin
	other.dead(t, "revoked on another node", bob)
}

// S-004, S-005
func TestChains(t *testing.T) {
	c := newCloud(t)
	c.grant("domains/"+c.domain, c.bob, "reader")
	root := c.forge(t, func(p *token.Payload) { p.ProjectID, p.ExpiresAt = "", p.ExpiresAt.Add(123456*time.Microsecond) })
	first := c.admin.Validate(root).Want(200)
	if got := first.Get("token.expires_at"); !strings.HasSuffix(got, ".123456Z") {
		t.Fatalf("expires_at: %s", got)
	}
	chain := first.List("token.audit_ids")[0]
	text := root
	for i := range 10 {
		scope := []string{testenv.Unscoped, testenv.OnProjectID(c.project), testenv.OnDomainID(c.domain)}[i%3]
		c.Clock.Advance(time.Minute)
		r := c.exchange(text, scope).Want(201)
		text = r.Actor().Token
		if got, want := r.Get("token.expires_at"), first.Get("token.expires_at"); got != want {
			t.Errorf("exchange %d: expires_at %s, want %s", i, got, want)
		}
		if ids := r.List("token.audit_ids"); len(ids) != 2 || ids[1] != chain || ids[0] == chain {
			t.Errorf("exchange %d: audit ids %v, want the root %v second", i, ids, chain)
		}
		if m := r.List("token.methods"); !slices.Equal(m, []any{"token", "password"}) {
			t.Errorf("exchange %d: methods %v", i, m)
		}
	}
	// The end of the root ends the chain, unless asked not to.
	c.admin.Delete("/v3/auth/tokens?cascade=false", "X-Subject-Token", root).Want(204)
	c.dead(t, "the root", root)
	c.admin.Validate(text).Want(200)
	root = c.login(testenv.Unscoped).Want(201).Actor().Token
	leaf := c.exchange(root, testenv.OnProjectID(c.project)).Want(201).Actor().Token
	c.admin.Delete("/v3/auth/tokens", "X-Subject-Token", root).Want(204)
	c.dead(t, "a token made from one that was revoked", leaf)
}

// S-007, S-008
func TestWhatATokenStandsOnGoesAway(t *testing.T) {
	disable := func(path, key string) func(*cloud) {
		return func(c *cloud) { c.admin.Patch(path, `{"`+key+`": {"enabled": false}}`).Want(200) }
	}
	for _, tt := range []struct {
		name         string
		end, back    func(*cloud)
		unscopedDies bool
		revives      bool
	}{
		{"user disabled", func(c *cloud) { disable("/v3/users/"+c.bob, "user")(c) },
			func(c *cloud) { c.admin.Patch("/v3/users/"+c.bob, `{"user": {"enabled": true}}`).Want(200) }, true, false},
		{"user deleted", func(c *cloud) { c.admin.Delete("/v3/users/" + c.bob).Want(204) }, nil, true, false},
		{"project disabled", func(c *cloud) { disable("/v3/projects/"+c.project, "project")(c) },
			func(c *cloud) { c.admin.Patch("/v3/projects/"+c.project, `{"project": {"enabled": true}}`).Want(200) }, false, true},
		{"project deleted", func(c *cloud) { c.admin.Delete("/v3/projects/" + c.project).Want(204) }, nil, false, false},
		{"domain disabled", func(c *cloud) { disable("/v3/domains/"+c.domain, "domain")(c) },
			func(c *cloud) { c.admin.Patch("/v3/domains/"+c.domain, `{"domain": {"enabled": true}}`).Want(200) }, true, true},
		{"domain deleted", func(c *cloud) {
			disable("/v3/domains/"+c.domain, "domain")(c)
			c.admin.Delete("/v3/domains/" + c.domain).Want(204)
		}, nil, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			scoped := c.login(testenv.OnProjectID(c.project)).Want(201).Actor().Token
			unscoped := c.login(testenv.Unscoped).Want(201).Actor().Token
			c.Clock.Advance(5 * time.Second)
			tt.end(c)
			c.dead(t, "scoped", scoped)
			if tt.unscopedDies {
				c.dead(t, "unscoped", unscoped)
				c.login(testenv.Unscoped).Want(401)
			} else {
				c.admin.Validate(unscoped).Want(200)
			}
			c.login(testenv.OnProjectID(c.project)).Want(401)
			if tt.back == nil {
				return
			}
			tt.back(c)
			if tt.revives {
				c.admin.Validate(scoped).Want(200)
			} else {
				c.dead(t, "after the return", scoped)
			}
			c.login(testenv.OnProjectID(c.project)).Want(201)
		})
	}
}

// S-009
func TestRolesFollowTheirSources(t *testing.T) {
	a := newCloud(t)
	b := testenv.Open(t, a.Dir, a.Clock)
	a.admin.Delete("/v3/projects/" + a.project + "/users/" + a.bob + "/roles/" + a.roles["member"]).Want(204)
	role := func(name string) string {
		a.roles[name] = a.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201).Get("role.id")
		return a.roles[name]
	}
	group := a.admin.Post("/v3/groups", `{"group": {"name": "g", "domain_id": "`+a.domain+`"}}`).Want(201).Get("group.id")
	a.admin.Put("/v3/groups/"+group+"/users/"+a.bob, nil).Want(204)
	direct, ofGroup, inherited, implied := role("direct"), role("of-group"), role("inherited"), role("implied")
	grants := []string{
		"/v3/projects/" + a.project + "/users/" + a.bob + "/roles/" + direct,
		"/v3/roles/" + direct + "/implies/" + implied,
		"/v3/projects/" + a.project + "/groups/" + group + "/roles/" + ofGroup,
		"/v3/OS-INHERIT/domains/" + a.domain + "/users/" + a.bob + "/roles/" + inherited + "/inherited_to_projects",
	}
	for _, g := range grants {
		if r := a.admin.Put(g, nil); r.Status != 204 && r.Status != 201 {
			t.Fatalf("%s: %d", g, r.Status)
		}
	}
	bob := a.login(testenv.OnProjectID(a.project)).Want(201).Actor().Token
	adminB := b.Admin()
	want := func(roles ...string) {
		t.Helper()
		b.CatchUp()
		for name, admin := range map[string]*testenv.Actor{"A": a.admin, "B": adminB} {
			if len(roles) == 0 {
				admin.Validate(bob).Want(404)
				continue
			}
			if got := admin.Validate(bob).Want(200).Texts("token.roles", "name"); !slices.Equal(got, roles) {
				t.Errorf("on %s: roles %v, want %v", name, got, roles)
			}
		}
	}
	want("direct", "implied", "inherited", "of-group")
	a.admin.Delete(grants[1]).Want(204)
	want("direct", "inherited", "of-group")
	a.admin.Delete(grants[3]).Want(204)
	want("direct", "of-group")
	a.admin.Delete(grants[0]).Want(204)
	want("of-group")
	a.admin.Delete(grants[2]).Want(204)
	want()
	a.admin.Put(grants[2], nil).Want(204)
	want("of-group")
	later := a.admin.Post("/v3/groups", `{"group": {"name": "h", "domain_id": "`+a.domain+`"}}`).Want(201).Get("group.id")
	a.admin.Put("/v3/projects/"+a.project+"/groups/"+later+"/roles/"+direct, nil).Want(204)
	want("of-group")
	a.admin.Put("/v3/groups/"+later+"/users/"+a.bob, nil).Want(204)
	want("direct", "of-group")
	a.admin.Patch("/v3/roles/"+direct, `{"role": {"name": "renamed"}}`).Want(200)
	want("of-group", "renamed")
	a.admin.Delete("/v3/roles/" + direct).Want(204)
	want("of-group")

	a.grant("system", a.bob, "reader")
	onSystem := a.login(testenv.OnSystem).Want(201).Actor().Token
	a.admin.Delete("/v3/system/users/" + a.bob + "/roles/" + a.roles["reader"]).Want(204)
	a.dead(t, "on the system", onSystem)
}

// S-010: also when a second event follows in the same second, and for tokens made from the new one.
func TestLoginRightAfterAnEvent(t *testing.T) {
	c := newCloud(t)
	reset := func(password string) {
		t.Helper()
		c.admin.Patch("/v3/users/"+c.bob, `{"user": {"password": "`+password+`"}}`).Want(200)
	}
	text := c.login(testenv.Unscoped).Want(201).Actor().Token
	for _, password := range []string{"one", "two", "three"} {
		reset(password)
		c.dead(t, "from before the reset to "+password, text)
		issued := c.Authenticate(c.body(password, testenv.Unscoped)).Want(201)
		text = issued.Actor().Token
		if shown := c.admin.Validate(text).Want(200); shown.Body != issued.Body {
			t.Errorf("shown as\n%s\nissued as\n%s", shown.Body, issued.Body)
		}
		made := c.exchange(text, testenv.OnProjectID(c.project)).Want(201).Actor().Token
		c.admin.Validate(made).Want(200)
		c.admin.Delete("/v3/auth/tokens", "X-Subject-Token", made).Want(204)
		c.dead(t, "revoked in the second of its issue", made)
		c.admin.Validate(text).Want(200)
	}
	leaf := c.exchange(text, testenv.OnProjectID(c.project)).Want(201).Actor().Token
	c.admin.Delete("/v3/auth/tokens", "X-Subject-Token", text).Want(204)
	c.dead(t, "made from a token that was revoked in the second of its issue", leaf)
}

// S-011
func TestWhoMaySeeATokens(t *testing.T) {
	c := newCloud(t)
	bob := c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	for _, method := range []string{"GET", "HEAD", "DELETE"} {
		if r := bob.Do(method, "/v3/auth/tokens", nil, "X-Subject-Token", c.admin.Token); r.Status != 403 {
			t.Errorf("%s of another's token: %d", method, r.Status)
		}
	}
	other := c.login(testenv.Unscoped).Want(201).Actor().Token
	bob.Get("/v3/auth/tokens", "X-Subject-Token", other).Want(200)
	bob.Head("/v3/auth/tokens", "X-Subject-Token", other).Want(200)
	bob.Delete("/v3/auth/tokens", "X-Subject-Token", other).Want(204)
	c.dead(t, "revoked by its owner", other)
}

// S-012
func TestExpiredTokens(t *testing.T) {
	c := newCloud(t)
	old := c.login(testenv.OnProjectID(c.project)).Want(201).Actor().Token
	revoked := c.login(testenv.OnProjectID(c.project)).Want(201).Actor().Token
	alice := c.user("alice")
	c.grant("projects/"+c.project, alice, "member")
	hers := c.Authenticate(auth(`"methods": ["password"], "password": {"user": {"id": "` + alice + `", "password": "secret"}}`)).Want(201).Actor().Token
	c.admin.Delete("/v3/auth/tokens", "X-Subject-Token", revoked).Want(204)
	c.Clock.Advance(time.Hour)
	c.admin = c.Admin()
	c.dead(t, "expired", old)
	for query, status := range map[string]int{
		"?allow_expired=1": 200, "?allow_expired=true": 200, "?allow_expired=on": 200, "?allow_expired=0": 404, "?allow_expired=maybe": 404, "?allow_expired": 404,
	} {
		if r := c.admin.Validate(old, query); r.Status != status {
			t.Errorf("%s: %d, want %d", query, r.Status, status)
		}
	}
	if r := c.With(old).Get("/v3/auth/tokens?allow_expired=1", "X-Subject-Token", old); r.Status != 401 {
		t.Errorf("an expired token is used: %d", r.Status)
	}
	if r := c.admin.Delete("/v3/auth/tokens?allow_expired=1", "X-Subject-Token", old); r.Status != 404 {
		t.Errorf("an expired token is revoked: %d", r.Status)
	}
	c.Clock.Advance(24 * time.Hour)
	c.admin = c.Admin()
	c.admin.Patch("/v3/users/"+alice, `{"user": {"enabled": false}}`).Want(200) // writes an event, and drops old ones
	c.admin.Validate(old, "?allow_expired=1").Want(200)
	c.admin.Validate(revoked, "?allow_expired=1").Want(404)
	c.admin.Validate(hers, "?allow_expired=1").Want(404)
	c.Clock.Advance(24 * time.Hour)
	c.Admin().Validate(old, "?allow_expired=1").Want(404)
}

// S-013
func TestTokensFromTheFuture(t *testing.T) {
	c := newCloud(t)
	ahead := func(d time.Duration) string {
		return c.forge(t, func(p *token.Payload) { p.IssuedAt = p.IssuedAt.Add(d) })
	}
	c.admin.Validate(ahead(5 * time.Second)).Want(200)
	c.With(ahead(5 * time.Second)).Get("/v3/auth/projects").Want(200)
	for range 3 {
		c.dead(t, "from the future", ahead(5*time.Minute+time.Second))
	}
	if n := strings.Count(c.Log(), "from the future"); n != 1 {
		t.Errorf("%d warnings in a minute, want 1", n)
	}
}

// S-014
func TestForgedJWS(t *testing.T) {
	keys := t.TempDir()
	private, public, err := token.NewJWSKeyPair("ES256")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"private.pem": private, "public/public.pem": public} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(keys, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(keys, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := newCloud(t, func(cfg *config.Config) {
		cfg.Token.Provider = "jws"
		cfg.JWTTokens.JWSPrivateKeyRepository, cfg.JWTTokens.JWSPublicKeyRepository = keys, filepath.Join(keys, "public")
	})
	issued := c.login(testenv.OnProjectID(c.project)).Want(201)
	good := issued.Actor().Token
	if shown := c.admin.Validate(good).Want(200); shown.Body != issued.Body {
		t.Errorf("shown as\n%s\nissued as\n%s", shown.Body, issued.Body)
	}
	leaf := c.exchange(good, testenv.Unscoped).Want(201)
	if shown := c.admin.Validate(leaf.Actor().Token).Want(200); shown.Body != leaf.Body {
		t.Errorf("exchanged: shown as\n%s\nissued as\n%s", shown.Body, leaf.Body)
	}

	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	mac := func(message string) string {
		h := hmac.New(sha256.New, public)
		h.Write([]byte(message))
		return b64(h.Sum(nil))
	}
	strangers, _, err := token.NewJWSKeyPair("ES256")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "private.pem"), strangers, 0o600); err != nil {
		t.Fatal(err)
	}
	strange, err := (&token.JWS{PrivateDir: dir, PublicDir: filepath.Join(keys, "public"), Algorithm: "ES256", Accepted: []string{"ES256"}, Now: c.Clock.Now}).Seal(
		token.Payload{UserID: c.bob, Methods: []string{"password"}, AuditIDs: []string{token.NewAuditID()}, IssuedAt: c.Clock.Now(), ExpiresAt: c.Clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	twice := b64([]byte(strings.Replace(string(claims), "{", `{"sub": "0123456789abcdef0123456789abcdef", `, 1)))
	none, hs256 := b64([]byte(`{"alg":"none","typ":"JWT"}`)), b64([]byte(`{"alg":"HS256","typ":"JWT"}`))
	for name, text := range map[string]string{
		"none":                   none + "." + parts[1] + ".",
		"none, signed":           none + "." + parts[1] + "." + parts[2],
		"HMAC by the public key": hs256 + "." + parts[1] + "." + mac(hs256+"."+parts[1]),
		"another key":            strange,
		"key in the header":      b64([]byte(`{"alg":"ES256","typ":"JWT","jwk":{"kty":"EC"}}`)) + "." + parts[1] + "." + parts[2],
		"key to be fetched":      b64([]byte(`{"alg":"ES256","typ":"JWT","jku":"http://127.0.0.1:1/"}`)) + "." + parts[1] + "." + parts[2],
		"key as a path":          b64([]byte(`{"alg":"ES256","typ":"JWT","kid":"../private.pem"}`)) + "." + parts[1] + "." + parts[2],
		"claims twice":           parts[0] + "." + twice + "." + parts[2],
		"no signature":           parts[0] + "." + parts[1] + ".",
		"two parts":              parts[0] + "." + parts[1],
	} {
		c.dead(t, name, text)
	}
}

// S-028
func TestMoreThanOneMethod(t *testing.T) {
	c := newCloud(t)
	rules := func(text string) {
		c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": `+text+`}}}`).Want(200)
	}
	before := c.login(testenv.Unscoped).Want(201).Actor().Token
	rules(`[["password", "totp"], ["password", "token"], ["unheard-of"]]`)
	r := c.login(testenv.Unscoped).Want(401)
	receipt := r.Header.Get("Openstack-Auth-Receipt")
	if receipt == "" || r.Get("receipt.user.id") != c.bob || r.Header.Get("WWW-Authenticate") != "" || r.Value("error") != nil {
		t.Fatalf("receipt: %v %s", r.Header, r.Body)
	}
	if got := fmt.Sprint(r.Value("receipt.methods"), r.Value("required_auth_methods")); got != "[password] [[password totp] [password token]]" {
		t.Errorf("methods passed and wanted: %s", got)
	}
	both := `"token": {"id": "` + before + `"}, "password": {"user": {"id": "` + c.bob + `", "password": "secret"}}`
	c.Authenticate(auth(`"methods": ["password", "token"], ` + both)).Want(201)
	c.Authenticate(auth(`"methods": ["token", "password"], ` + both)).Want(201)
	onlyToken := auth(`"methods": ["token"], "token": {"id": "` + before + `"}`)
	c.Post("/v3/auth/tokens", onlyToken, "Openstack-Auth-Receipt", receipt).Want(201)
	c.exchange(before).Want(201) // it carries the password's mark

	rules(`[["unheard-of"]]`)
	c.login(testenv.Unscoped).Want(201)
	rules(`[["password", "totp"]]`)
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_enabled": false}}}`).Want(200)
	c.login(testenv.Unscoped).Want(201)
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_enabled": true}}}`).Want(200)
	for _, broken := range []string{`"password"`, `{"a": 1}`, `["password"]`, `[[5], [], "x"]`, `[["password", 5]]`} {
		c.sql(t, `UPDATE "user_option" SET "option_value" = '`+broken+`' WHERE "option_id" = 'MFAR'`)
		if r := c.login(testenv.Unscoped); r.Status != 401 || r.Header.Get("Openstack-Auth-Receipt") != "" {
			t.Errorf("rules %s: %d %s", broken, r.Status, r.Body)
		}
	}
	// What can be read of them holds, and one way in fewer is none more.
	c.sql(t, `UPDATE "user_option" SET "option_value" = '[["password", "totp"], ["password", 5], "password", null]' WHERE "option_id" = 'MFAR'`)
	if r := c.login(testenv.Unscoped).Want(401); fmt.Sprint(r.Value("required_auth_methods")) != "[[password totp]]" {
		t.Errorf("rules of which some can be read: %s", r.Body)
	}
	c.sql(t, `UPDATE "user_option" SET "option_value" = '["totp", ["password"]]' WHERE "option_id" = 'MFAR'`)
	c.login(testenv.Unscoped).Want(201)
}

// S-029
func TestReceipts(t *testing.T) {
	c := newCloud(t)
	alice := c.user("alice")
	for _, id := range []string{c.bob, alice} {
		c.admin.Patch("/v3/users/"+id, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	}
	receipt := c.login().Want(401).Header.Get("Openstack-Auth-Receipt")
	with := func(receipt, user, password string) *testenv.Response {
		return c.Post("/v3/auth/tokens", auth(`"methods": ["password"], "password": {"user": {"id": "`+user+`", "password": "`+password+`"}}`),
			"Openstack-Auth-Receipt", receipt)
	}
	refused := func(what string, r *testenv.Response, receipt string) {
		t.Helper()
		if r.Status != 401 || r.Value("error.message") != "Could not find auth receipt: "+receipt+"." || r.Header.Get("Openstack-Auth-Receipt") != "" {
			t.Errorf("%s: %d %v %s", what, r.Status, r.Header, r.Body)
		}
	}
	if r := with(receipt, c.bob, "secret"); r.Status != 401 || r.Header.Get("Openstack-Auth-Receipt") == "" {
		t.Errorf("a receipt without a further method: %d %s", r.Status, r.Body)
	}
	refused("another user's", with(receipt, alice, "secret"), receipt)
	altered := receipt[:40] + string(receipt[40]^1) + receipt[41:]
	refused("altered", with(altered, c.bob, "secret"), altered)
	c.dead(t, "a receipt", receipt)

	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"password": "other"}}`).Want(200)
	refused("revoked", with(receipt, c.bob, "other"), receipt)
	fresh := c.Authenticate(c.body("other")).Want(401).Header.Get("Openstack-Auth-Receipt")
	if r := with(fresh, c.bob, "other"); r.Header.Get("Openstack-Auth-Receipt") == "" {
		t.Errorf("a receipt of the second of an event: %d %s", r.Status, r.Body)
	}
	c.Clock.Advance(5 * time.Minute)
	refused("after its time", with(fresh, c.bob, "other"), fresh)
	text := c.forge(t, func(*token.Payload) {})
	refused("a token", with(text, c.bob, "other"), text)
}

// S-033
func TestScopesThatCannotBe(t *testing.T) {
	c := newCloud(t)
	off := c.admin.Post("/v3/projects", `{"project": {"name": "off", "enabled": false, "domain_id": "`+c.domain+`"}}`).Want(201).Get("project.id")
	strange := c.admin.Post("/v3/projects", `{"project": {"name": "strange", "domain_id": "default"}}`).Want(201).Get("project.id")
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"default_project_id": "`+c.project+`"}}`).Want(200)
	var first *testenv.Response
	for _, scope := range []string{
		testenv.OnProjectID("none"), testenv.OnProjectID(off), testenv.OnProjectID(strange), testenv.OnProjectID(c.domain), testenv.OnProjectID(""),
		`{"project": {"name": "web", "domain": {"id": "default"}}}`, `{"project": {"name": "web", "domain": {"name": "none"}}}`,
		testenv.OnDomainID("none"), testenv.OnDomainID(c.domain), testenv.OnDomainID("default"), testenv.OnDomainID("<<keystone.domain.root>>"),
		testenv.OnSystem, `{"system": {"all": false}}`, `{"OS-TRUST:trust": {"id": "none"}}`,
	} {
		r := c.login(scope)
		if first == nil {
			first = r.Want(401)
		}
		if r.Status != 401 || r.Body != first.Body {
			t.Errorf("%s: %d %s, want %s", scope, r.Status, r.Body, first.Body)
		}
	}
}

// S-034
func TestNoRescoping(t *testing.T) {
	c := newCloud(t, func(cfg *config.Config) { cfg.Token.AllowRescopeScopedToken = false })
	c.grant("domains/"+c.domain, c.bob, "reader")
	c.grant("system", c.bob, "reader")
	for _, from := range []string{testenv.OnProjectID(c.project), testenv.OnDomainID(c.domain), testenv.OnSystem} {
		text := c.login(from).Want(201).Actor().Token
		c.exchange(text).Want(403)
		for _, to := range []string{testenv.OnProjectID(c.project), testenv.OnDomainID(c.domain), testenv.OnSystem, testenv.Unscoped} {
			if r := c.exchange(text, to); r.Status != 403 {
				t.Errorf("from %s to %s: %d", from, to, r.Status)
			}
		}
	}
	unscoped := c.login(testenv.Unscoped).Want(201).Actor().Token
	c.exchange(unscoped, testenv.OnProjectID(c.project)).Want(201)
}

// S-035
func TestSystemTokens(t *testing.T) {
	c := newCloud(t)
	project := c.login(testenv.OnProjectID(c.project)).Want(201).Actor().Token
	c.exchange(project, testenv.OnSystem).Want(401)
	c.grant("system", c.bob, "reader")
	c.grant("domains/"+c.domain, c.bob, "reader")
	system := c.exchange(project, testenv.OnSystem).Want(201).Actor().Token
	const message = "You are not authorized to perform the requested action: Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.."
	for _, scope := range []string{testenv.OnProjectID(c.project), testenv.OnDomainID(c.domain), testenv.OnProjectID("none")} {
		if got := c.exchange(system, scope); scope != testenv.OnProjectID("none") && (got.Status != 403 || got.Message() != message) {
			t.Errorf("to %s: %d %s", scope, got.Status, got.Body)
		}
	}
	c.exchange(system, testenv.OnSystem).Want(201)
	c.exchange(system).Want(201)
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"default_project_id": "`+c.project+`"}}`).Want(200)
	c.exchange(system).Want(403) // the default project is a project too
}

// S-036, S-054 as far as tokens that are made elsewhere go.
func TestDelegatedTokens(t *testing.T) {
	c := newCloud(t)
	id := "0123456789abcdef0123456789abcdef"
	for name, change := range map[string]func(*token.Payload){
		"EC2":        func(p *token.Payload) { p.Methods = []string{"ec2credential"} },
		"no methods": func(p *token.Payload) { p.Methods = nil },
		"unknown":    func(p *token.Payload) { p.Methods = []string{"oauth2_credential"} },
	} {
		text := c.forge(t, change)
		shown := c.admin.Validate(text).Want(200)
		if shown.Value("token.methods") == nil {
			t.Errorf("%s: methods are null", name)
		}
		c.exchange(text).Want(403)
		for _, scope := range []string{testenv.OnProjectID(c.project), testenv.Unscoped, testenv.OnSystem} {
			if r := c.exchange(text, scope); r.Status != 403 {
				t.Errorf("%s exchanged for %s: %d", name, scope, r.Status)
			}
		}
	}
	ec2 := c.With(c.forge(t, func(p *token.Payload) { p.Methods = []string{"ec2credential"} }))
	for _, path := range []string{"/v3/users/" + c.bob, "/v3/credentials", "/v3/auth/catalog", "/v3"} {
		if r := ec2.Get(path).Want(403); r.Message() != "You are not authorized to perform the requested action." {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	// Kinds whose parents this server does not know end here, and never say more than was delegated.
	for name, change := range map[string]func(*token.Payload){
		"trust":                  func(p *token.Payload) { p.TrustID = id },
		"application credential": func(p *token.Payload) { p.AppCredID = id; p.Methods = []string{"application_credential"} },
		"OAuth 1":                func(p *token.Payload) { p.AccessTokenID = id; p.Methods = []string{"oauth1"} },
		"certificate":            func(p *token.Payload) { p.Thumbprint = "x" },
		"federated":              func(p *token.Payload) { p.Federated, p.IdentityProviderID, p.ProtocolID = true, "i", "p" },
	} {
		text := c.forge(t, change)
		if r := c.exchange(text); r.Status != http.StatusForbidden && r.Status != http.StatusNotFound {
			t.Errorf("%s: exchanged with %d", name, r.Status)
		}
		c.With(text).Get("/v3/auth/projects").Want(401)
	}
}

// sql runs a statement on the database as another node would: what it may change is on the change log.
func (c *cloud) sql(t *testing.T, stmt string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+c.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), stmt); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO "lintel_change" ("at", "kind", "id") VALUES (?1, 'user', ?2), (?1, 'service_provider', '')`,
		c.Clock.Now().UTC(), c.bob); err != nil {
		t.Fatal(err)
	}
}
