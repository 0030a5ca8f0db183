package credential_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

type object = map[string]any

// owner is a user with the roles member and reader on the project admin, and who administers them.
type owner struct {
	*testenv.Actor
	env   *testenv.Env
	admin *testenv.Actor
	id    string
	roles map[string]string // ids by name
	at    string            // the path of the owner's application credentials
	on    string            // the id of the project
}

func newOwner(t *testing.T) *owner {
	env := testenv.New(t)
	o := &owner{env: env, admin: env.Admin(), roles: map[string]string{}}
	o.on = o.admin.Validate(o.admin.Token).Get("token.project.id")
	o.id = o.admin.Post("/v3/users", `{"user": {"name": "ann", "password": "secret", "domain_id": "default"}}`).Want(201).Get("user.id")
	roles := o.admin.Get("/v3/roles").Want(200)
	for i, name := range roles.Texts("roles", "name") {
		o.roles[name] = roles.Texts("roles", "id")[i]
	}
	o.grant("member")
	o.Actor = env.Login("ann", "secret", testenv.OnProject("admin"))
	o.at = "/v3/users/" + o.id + "/application_credentials"
	return o
}

func (o *owner) grantPath(role string) string {
	return "/v3/projects/" + o.on + "/users/" + o.id + "/roles/" + o.roles[role]
}

func (o *owner) grant(role string) { o.admin.Put(o.grantPath(role), nil).Want(204) }

// create makes an application credential and returns its id and secret.
func (o *owner) create(with object) (id, secret string) {
	made := o.Post(o.at, object{"application_credential": with}).Want(201)
	return made.Get("application_credential.id"), made.Get("application_credential.secret")
}

func (o *owner) logIn(id, secret string) *testenv.Response {
	return o.env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"],
		"application_credential": {"id": %q, "secret": %q}}}}`, id, secret))
}

func TestApplicationCredentialFromCreateToDelete(t *testing.T) {
	o := newOwner(t)
	made := o.Post(o.at, object{"application_credential": object{"name": "ci", "description": "builds"}}).Want(201)
	id, secret := made.Get("application_credential.id"), made.Get("application_credential.secret")
	if len(secret) != 86 {
		t.Errorf("the secret has %d characters, want 86", len(secret))
	}
	in := o.logIn(id, secret).Want(201)
	if got, want := in.Texts("token.roles", "name"), []string{"member", "reader"}; !slices.Equal(got, want) {
		t.Errorf("roles: got %v, want %v", got, want)
	}
	if in.Get("token.project.id") != o.on || in.Get("token.user.id") != o.id || in.Get("token.application_credential.id") != id {
		t.Errorf("not the owner's token on the project: %s", in.Body)
	}
	if got := o.admin.Validate(in.Actor().Token).Want(200).Body; got != in.Body {
		t.Errorf("shown as\n%s\nand was issued as\n%s", got, in.Body)
	}
	// By name and owner.
	byName := `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"name": %q, "secret": %q,
		"user": {"name": "ann", "domain": {"id": "default"}}}}}}`
	o.env.Authenticate(fmt.Sprintf(byName, "ci", secret)).Want(201)
	o.env.Authenticate(fmt.Sprintf(byName, "other", secret)).Want(401)
	o.logIn(id, "wrong").Want(401)

	o.Post(o.at, object{"application_credential": object{"name": "ci"}}).Want(409)
	o.Delete(o.at + "/" + id).Want(204)
	o.admin.Validate(in.Actor().Token).Want(404)
	in.Actor().Get("/v3/auth/projects").Want(401)
	o.logIn(id, secret).Want(404)
}

// S-046
func TestOwnerIsTakenFromTheCredential(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "ci"})
	admin := o.admin.Validate(o.admin.Token).Get("token.user.id")
	in := o.env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"],
		"application_credential": {"id": %q, "secret": %q, "user": {"id": %q}}}}}`, id, secret, admin)).Want(201)
	if got := in.Get("token.user.id"); got != o.id {
		t.Errorf("the token is of %s, want %s", got, o.id)
	}
	// Another proof of another user does not mix with it.
	o.env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential", "password"],
		"application_credential": {"id": %q, "secret": %q}, "password": {"user": {"id": %q, "password": %q}}}}}`,
		id, secret, admin, testenv.Password)).Want(401)
	// Nor is another's credential found under one's own path.
	o.env.With(o.Token).Get("/v3/users/" + o.id + "/application_credentials/" + id).Want(200)
	o.admin.Get("/v3/users/" + admin + "/application_credentials/" + id).Want(200) // an administrator sees all
	eve := o.admin.Post("/v3/users", `{"user": {"name": "eve", "password": "secret", "domain_id": "default"}}`).Want(201).Get("user.id")
	for _, thing := range []string{id, "unknown"} {
		o.env.Login("eve", "secret").Get("/v3/users/" + eve + "/application_credentials/" + thing).Want(404)
		o.env.Login("eve", "secret").Delete("/v3/users/" + eve + "/application_credentials/" + thing).Want(404)
		o.env.Login("eve", "secret").Delete(o.at + "/" + thing).Want(403)
	}
	o.logIn(id, secret).Want(201)
}

// S-037
func TestApplicationCredentialsChooseNoScope(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "ci"})
	login := `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": %q, "secret": %q}}, "scope": %s}}`
	exchange := `{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}%s}}`
	token := o.logIn(id, secret).Want(201).Actor().Token
	for _, scope := range []string{testenv.OnProjectID(o.on), `"unscoped"`, `{"unscoped": {}}`, `{"system": {"all": true}}`, testenv.OnDomainID("default"), `{}`} {
		if got, want := o.env.Authenticate(fmt.Sprintf(login, id, secret, scope)).Want(401).Message(),
			"Error authenticating with application credential: Application credentials cannot request a scope."; got != want {
			t.Errorf("%s: got %q, want %q", scope, got, want)
		}
		if scope != `{}` {
			o.env.Authenticate(fmt.Sprintf(exchange, token, `, "scope": `+scope)).Want(403)
		}
	}
	o.env.Authenticate(fmt.Sprintf(exchange, token, "")).Want(403)
}

// S-047
func TestRestrictedApplicationCredentialsMakeNothing(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "restricted"})
	app := o.logIn(id, secret).Want(201).Actor()
	app.Get(o.at).Want(200)
	app.Get(o.at + "/" + id).Want(200)
	app.Post(o.at, object{"application_credential": object{"name": "more"}}).Want(403)
	app.Delete(o.at + "/" + id).Want(403)
	for _, kind := range []string{"ec2", "totp", "cert"} {
		app.Post("/v3/credentials", object{"credential": object{"type": kind, "user_id": o.id, "project_id": o.on, "blob": `{"access": "a"}`}}).Want(403)
	}
	if got := o.Get(o.at).Want(200).Texts("application_credentials", "name"); !slices.Equal(got, []string{"restricted"}) {
		t.Errorf("left: %v", got)
	}
}

// S-047
func TestUnrestrictedApplicationCredentialsMakeNothingWider(t *testing.T) {
	o := newOwner(t)
	soon := o.env.Clock.Now().Add(time.Hour).Format(time.RFC3339)
	late := o.env.Clock.Now().Add(2 * time.Hour).Format(time.RFC3339)
	rule := object{"service": "identity", "method": "POST", "path": o.at}
	other := object{"service": "compute", "method": "GET", "path": "/**"}
	id, secret := o.create(object{
		"name": "wide", "unrestricted": true, "roles": []object{{"name": "reader"}}, "expires_at": soon, "access_rules": []object{rule},
	})
	app := o.logIn(id, secret).Want(201).Actor()
	for name, with := range map[string]object{
		"role": {"roles": []object{{"name": "member"}}}, "life": {"expires_at": late}, "rules": {"access_rules": []object{rule, other}},
	} {
		with["name"] = name
		if r := app.Post(o.at, object{"application_credential": with}); r.Status != 400 {
			t.Errorf("%s: got %d %s", name, r.Status, r.Body)
		}
	}
	child := app.Post(o.at, object{"application_credential": object{"name": "child"}}).Want(201)
	if got, want := child.Get("application_credential.expires_at"), o.env.Clock.Now().Add(time.Hour).Format("2006-01-02T15:04:05.000000"); got != want {
		t.Errorf("the child ends at %s, want %s", got, want)
	}
	if got := child.Texts("application_credential.access_rules", "path"); !slices.Equal(got, []string{o.at}) {
		t.Errorf("the child's rules: %v", got)
	}
	if got := child.Texts("application_credential.roles", "name"); !slices.Equal(got, []string{"reader"}) {
		t.Errorf("the child's roles: %v", got)
	}
}

// S-048
func TestTokensEndWithTheApplicationCredential(t *testing.T) {
	o := newOwner(t)
	end := o.env.Clock.Now().Add(10 * time.Minute)
	id, secret := o.create(object{"name": "short", "expires_at": end.Format(time.RFC3339)})
	in := o.logIn(id, secret).Want(201)
	if got, want := in.Get("token.expires_at"), end.Format("2006-01-02T15:04:05.000000Z"); got != want {
		t.Errorf("the token ends at %s, want %s", got, want)
	}
	o.env.Clock.Advance(10 * time.Minute)
	o.logIn(id, secret).Want(401)
	o.env.Admin().Validate(in.Actor().Token).Want(404)

	id, secret = o.create(object{"name": "long"})
	token := o.logIn(id, secret).Want(201).Actor().Token
	o.admin.Validate(token).Want(200)
	o.admin.Patch("/v3/users/"+o.id, `{"user": {"enabled": false}}`).Want(200)
	o.admin.Validate(token).Want(404)
	o.logIn(id, secret).Want(401)
	o.admin.Patch("/v3/users/"+o.id, `{"user": {"enabled": true}}`).Want(200)
	o.admin.Validate(token).Want(404)
	token = o.logIn(id, secret).Want(201).Actor().Token
	o.admin.Delete("/v3/users/" + o.id).Want(204)
	o.admin.Validate(token).Want(404)
	o.logIn(id, secret).Want(404)
}

// S-049
func TestRolesOfApplicationCredentialsFollowTheOwner(t *testing.T) {
	o := newOwner(t)
	for _, roles := range [][]object{{{"name": "admin"}}, {{"id": o.roles["manager"]}}, {{"name": "reader"}, {"name": "admin"}}, {{"id": "unknown"}}, {{"name": "unknown"}}} {
		if r := o.Post(o.at, object{"application_credential": object{"name": "x", "roles": roles}}); r.Status != 400 && r.Status != 404 {
			t.Errorf("%v: got %d %s", roles, r.Status, r.Body)
		}
	}
	if got := o.Get(o.at).Want(200).List("application_credentials"); len(got) != 0 {
		t.Errorf("stored nevertheless: %v", got)
	}
	o.grant("manager")
	o.Actor = o.env.Login("ann", "secret", testenv.OnProject("admin"))
	id, secret := o.create(object{"name": "ci"})
	app := o.logIn(id, secret).Want(201).Actor()
	for _, step := range []struct {
		role string
		left []string
	}{{"manager", []string{"member", "reader"}}, {"member", nil}} {
		o.admin.Delete(o.grantPath(step.role)).Want(204)
		if step.left == nil {
			o.admin.Validate(app.Token).Want(404)
			o.logIn(id, secret).Want(401)
			continue
		}
		for _, r := range []*testenv.Response{o.admin.Validate(app.Token).Want(200), o.logIn(id, secret).Want(201)} {
			if got := r.Texts("token.roles", "name"); !slices.Equal(got, step.left) {
				t.Errorf("without %s: got %v, want %v", step.role, got, step.left)
			}
		}
	}
	// A role that comes later is not the credential's.
	o.grant("admin")
	if got := o.admin.Validate(app.Token).Want(200).Texts("token.roles", "name"); slices.Contains(got, "admin") {
		t.Errorf("the token gained a role: %v", got)
	}
}

// S-050
func TestAccessRulesBindTokens(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "ci", "access_rules": []object{
		{"service": "identity", "method": "GET", "path": "/v3/users/*"},
		{"service": "compute", "method": "GET", "path": "/v3/auth/projects"},
	}})
	app := o.logIn(id, secret).Want(201).Actor()
	app.Get("/v3/users/" + o.id).Want(200)
	app.Get("/v3/users/" + o.id + "/").Want(200)
	for _, path := range []string{"/v3/users", o.at, "/v3/auth/projects", "/v3/users/" + o.id + "/projects"} {
		app.Get(path).Want(401)
	}
	app.Head("/v3/users/" + o.id).Want(401)
	app.Delete("/v3/auth/tokens", "X-Subject-Token", app.Token).Want(401)
	app.Get("/v3/auth/projects", "X-Service-Token", o.admin.Token).Want(401)

	// Services show such a token only if they heed its rules.
	const header = "OpenStack-Identity-Access-Rules"
	for _, version := range []string{"", "0.9", "x", "NaN"} {
		o.admin.Get("/v3/auth/tokens", "X-Subject-Token", app.Token, header, version).Want(404)
		o.admin.Head("/v3/auth/tokens", "X-Subject-Token", app.Token, header, version).Want(404)
	}
	shown := o.admin.Get("/v3/auth/tokens", "X-Subject-Token", app.Token, header, "1.0").Want(200)
	if got, want := shown.Texts("token.application_credential.access_rules", "path"), []string{"/v3/users/*", "/v3/auth/projects"}; !slices.Equal(got, want) {
		t.Errorf("rules: got %v, want %v", got, want)
	}
	app.Get("/v3/auth/tokens", "X-Subject-Token", app.Token, header, "1.0").Want(200)
}

// S-164
func TestAccessRulesAreTheirOwners(t *testing.T) {
	o := newOwner(t)
	id, _ := o.create(object{"name": "ci", "access_rules": []object{{"service": "compute", "method": "GET", "path": "/v2.1/servers"}}})
	rules := "/v3/users/" + o.id + "/access_rules"
	rule := o.Get(rules).Want(200).Texts("access_rules", "id")[0]
	o.create(object{"name": "by id", "access_rules": []object{{"id": rule}}})
	o.create(object{"name": "same", "access_rules": []object{{"service": "compute", "method": "GET", "path": "/v2.1/servers"}}})
	if got := o.Get(rules).Want(200).List("access_rules"); len(got) != 1 {
		t.Errorf("the same rule is kept twice: %v", got)
	}

	admin := o.admin.Validate(o.admin.Token).Get("token.user.id")
	mine := "/v3/users/" + admin + "/access_rules/"
	o.admin.Get(mine + rule).Want(404)
	o.admin.Delete(mine + rule).Want(404)
	o.admin.Post("/v3/users/"+admin+"/application_credentials",
		object{"application_credential": object{"name": "x", "access_rules": []object{{"id": rule, "service": "identity", "method": "GET", "path": "/"}}}}).Want(404)
	o.Get(rules + "/" + rule).Want(200)

	if got, want := o.Delete(rules+"/"+rule).Want(403).Message(), "May not delete access rule in use"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range o.Get(o.at).Want(200).Texts("application_credentials", "id") {
		o.Delete(o.at + "/" + c).Want(204)
	}
	o.Get(o.at + "/" + id).Want(404)
	o.Delete(rules + "/" + rule).Want(204)
}

// What upstream's database refuses is refused.
func TestApplicationCredentialsThatCannotBeStored(t *testing.T) {
	o := newOwner(t)
	rule := func(more object) object {
		r := object{"service": "compute", "method": "GET", "path": "/v2.1/servers"}
		maps.Copy(r, more)
		return object{"access_rules": []object{r}}
	}
	for name, tt := range map[string]struct {
		with   object
		status int
	}{
		"a role twice":             {object{"roles": []object{{"name": "member"}, {"name": "member"}}}, 409},
		"an empty end":             {object{"expires_at": ""}, 400},
		"a long path":              {rule(object{"path": "/" + strings.Repeat("p", 128)}), 400},
		"a property no rule knows": {rule(object{"colour": "blue"}), 400},
	} {
		tt.with["name"] = "x"
		if r := o.Post(o.at, object{"application_credential": tt.with}); r.Status != tt.status {
			t.Errorf("%s: got %d %s, want %d", name, r.Status, r.Body, tt.status)
		}
	}
	if got := o.Get(o.at).Want(200).List("application_credentials"); len(got) != 0 {
		t.Errorf("stored nevertheless: %v", got)
	}
	fits := rule(object{"path": "/" + strings.Repeat("p", 127)})
	fits["name"] = "x"
	o.create(fits)
}

// S-051
func TestSecretsAreShownOnce(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "generated"})
	o.create(object{"name": "chosen", "secret": "chosen-by-me"})
	conflict := o.Post(o.at, object{"application_credential": object{"name": "chosen", "secret": "chosen-too"}}).Want(409)
	for _, r := range []*testenv.Response{o.Get(o.at), o.Get(o.at + "/" + id), o.admin.Get(o.at), o.logIn(id, secret), conflict} {
		for _, s := range []string{secret, "chosen-by-me", "chosen-too", "hash"} {
			if strings.Contains(r.Body, s) {
				t.Errorf("%q is told: %s", s, r.Body)
			}
		}
	}
	db, err := sql.Open("sqlite", o.env.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stored string
	if err := db.QueryRow(`SELECT group_concat(secret_hash) FROM application_credential`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, secret) || strings.Contains(stored, "chosen") || strings.Count(stored, "$2b$") != 2 {
		t.Errorf("stored: %s", stored)
	}
}

// Rules for several factors, and locks, hold at this door too.
func TestApplicationCredentialsObeyTheAccount(t *testing.T) {
	o := newOwner(t)
	id, secret := o.create(object{"name": "ci"})
	o.admin.Patch("/v3/users/"+o.id, `{"user": {"options": {"multi_factor_auth_rules": [["application_credential", "password"]]}}}`).Want(200)
	half := o.logIn(id, secret).Want(401)
	receipt := half.Header.Get("Openstack-Auth-Receipt")
	if receipt == "" {
		t.Fatalf("no receipt: %s", half.Body)
	}
	// The receipt does not carry the credential's bounds, so it cannot stand in for it.
	o.env.Post("/v3/auth/tokens", testenv.Body("ann", "secret", testenv.OnProject("admin")), "Openstack-Auth-Receipt", receipt).Want(401)
	both := fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential", "password"], "application_credential": {"id": %q, "secret": %q},
		"password": {"user": {"id": %q, "password": "secret"}}}}}`, id, secret, o.id)
	if got := o.env.Authenticate(both).Want(201).Get("token.application_credential.id"); got != id {
		t.Errorf("the token is of credential %q", got)
	}
}
