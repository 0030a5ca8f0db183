package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// D9: the rules of a domain are shown with what the cloud asks and what holds, and changed one by one; never for less than the cloud asks.
func TestDomainRules(t *testing.T) {
	lock := 5
	env := testenv.New(t, func(c *config.Config) {
		c.SecurityCompliance.LockoutFailureAttempts, c.SecurityCompliance.LockoutDuration = &lock, 10*time.Minute
		c.SecurityCompliance.UniqueLastPasswordCount = 3
	})
	admin := env.Admin()
	acme := admin.Post("/v3/domains", `{"domain": {"name": "acme"}}`).Want(201).Get("domain.id")
	role := admin.Post("/v3/roles", `{"role": {"name": "lead"}}`).Want(201).Get("role.id")
	manager := func(name, domain, role string) *testenv.Actor {
		id := admin.Post("/v3/users", `{"user": {"name": "`+name+`", "password": "secret", "domain_id": "`+domain+`"}}`).Want(201).Get("user.id")
		admin.Put("/v3/domains/"+domain+"/users/"+id+"/roles/"+admin.Get("/v3/roles?name="+role).Want(200).Get("roles.0.id"), nil).Want(204)
		return env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + id + `", "password": "secret"}}}, "scope": ` + testenv.OnDomainID(domain) + `}}`).Want(201).Actor()
	}
	moira, reader, stranger := manager("moira", acme, "manager"), manager("rita", acme, "reader"), manager("sam", "default", "manager")
	rules := "/v3/lintel/domains/" + acme + "/rules"

	r := moira.Get(rules).Want(200)
	for path, want := range map[string]any{
		"rules.own.lockout_failures": nil, "rules.cloud.lockout_failures": 5.0, "rules.effective.lockout_failures": 5.0, "rules.cloud.lockout_minutes": 10.0, "rules.effective.password_history": 3.0,
		"rules.own.second_factor.level": "off", "rules.cloud.mfa_robots": "minted-under-mfa", "rules.cloud.sign_up": false, "rules.cloud.factor_reset_by_two": false, "rules.own.no_invitations": false,
	} {
		if got := r.Value(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	r = moira.Patch(rules, `{"rules": {"password_length": 12, "password_kinds": 2, "lockout_failures": 3, "mail_domains": ["Acme.example"], "no_invitations": true}}`).Want(200)
	if r.Value("rules.effective.lockout_failures") != 3.0 || r.Value("rules.effective.password_length") != 12.0 || r.Get("rules.own.mail_domains.0") != "acme.example" || r.Value("rules.own.no_invitations") != true {
		t.Error(r.Body)
	}
	// What is not said stays, and what is null goes.
	r = moira.Patch(rules, `{"rules": {"password_kinds": null, "mail_domains": [], "second_factor": {"level": "roles", "roles": [{"name": "lead"}]}}}`).Want(200)
	if r.Value("rules.own.password_length") != 12.0 || r.Value("rules.own.password_kinds") != nil || len(r.List("rules.own.mail_domains")) != 0 || r.Get("rules.own.second_factor.roles.0.id") != role ||
		r.Get("rules.own.second_factor.from") != "2026-03-18T05:06:07.000000Z" {
		t.Error(r.Body)
	}
	if r = moira.Patch(rules, `{"rules": {"second_factor": {"roles": [{"id": "`+role+`"}]}}}`).Want(200); r.Get("rules.own.second_factor.from") != "2026-03-18T05:06:07.000000Z" {
		t.Errorf("the day moved: %s", r.Body)
	}
	moira.Patch(rules, `{"rules": {"second_factor": {"level": "all", "from": "2026-04-01T00:00:00Z"}}}`).Want(200)
	if r = reader.Get(rules).Want(200); r.Get("rules.effective.second_factor.level") != "all" || r.Get("rules.effective.second_factor.from") != "2026-04-01T00:00:00.000000Z" || len(r.List("rules.own.second_factor.roles")) != 0 {
		t.Error(r.Body)
	}
	admin.Post("/v3/users", `{"user": {"name": "x", "password": "short", "domain_id": "`+acme+`"}}`).Want(400)

	// What cannot be leaves all as it is.
	before := admin.Get(rules).Want(200).Body
	for _, wrong := range []string{
		`{"rules": {"lockout_failures": 9}}`, `{"rules": {"password_history": 2}}`, `{"rules": {"password_kinds": 5}}`, `{"rules": {"password_days": -1}}`, `{"rules": {"password_days": "x"}}`, `{"rules": {"password_days": 1.5}}`,
		`{"rules": {"mail_domains": ["x@y"]}}`, `{"rules": {"unknown": 1}}`, `{}`, `{"rules": {"second_factor": {"level": "some"}}}`, `{"rules": {"second_factor": {"level": "roles"}}}`,
		`{"rules": {"password_length": 20, "second_factor": {"level": "all", "from": "2026-03-04T06:00:00Z"}}}`, `{"rules": {"second_factor": {"level": "all", "from": "soon"}}}`,
	} {
		moira.Patch(rules, wrong).Want(400)
	}
	moira.Patch(rules, `{"rules": {"second_factor": {"level": "roles", "roles": [{"name": "nobody"}]}}}`).Want(404)
	reader.Patch(rules, `{"rules": {"password_days": 1}}`).Want(403)
	for _, who := range []*testenv.Actor{stranger, env.Actor} {
		want := 403
		if who == env.Actor {
			want = 401
		}
		who.Get(rules).Want(want)
		who.Patch(rules, `{"rules": {"password_days": 1}}`).Want(want)
	}
	admin.Get("/v3/lintel/domains/none/rules").Want(404)
	admin.Patch("/v3/lintel/domains/none/rules", `{"rules": {"password_days": 1}}`).Want(404)
	if after := admin.Get(rules).Want(200).Body; after != before {
		t.Errorf("it was %s\nand is %s", before, after)
	}
	moira.Patch(rules, `{"rules": {"second_factor": {"level": "off"}}}`).Want(200)
	if got := admin.Get(rules).Want(200); got.Get("rules.own.second_factor.level") != "off" || got.Value("rules.own.second_factor.from") != nil {
		t.Error(got.Body)
	}
}

// B8, B11: an API user is shown, disabled, which ends its tokens, and enabled again by those who look after it; not what an administrator has
// disabled or suspended, nor by others.
func TestAPIUserIsDisabled(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	project := admin.Post("/v3/projects", `{"project": {"name": "acme"}}`).Want(201).Get("project.id")
	role := func(name string) string { return admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	someone := func(name string) string {
		id := admin.Post("/v3/users", `{"user": {"name": "`+name+`", "password": "secret"}}`).Want(201).Get("user.id")
		admin.Put("/v3/projects/"+project+"/users/"+id+"/roles/"+role("member"), nil).Want(204)
		return id
	}
	someone("mel")
	moira := someone("moira")
	admin.Put("/v3/domains/default/users/"+moira+"/roles/"+role("manager"), nil).Want(204)
	boss, mel := env.Login("moira", "secret", testenv.OnDefaultDomain), env.Login("mel", "secret", testenv.OnProjectID(project))
	made := boss.Post("/v3/lintel/projects/"+project+"/api_users", `{"api_user": {"name": "ci", "description": "builds", "roles": [{"name": "member"}]}}`).Want(201)
	id, at := made.Get("api_user.id"), "/v3/lintel/projects/"+project+"/api_users/"+made.Get("api_user.id")
	login := testenv.Body("moira_ci", made.Get("api_user.password"), testenv.OnProjectID(project))
	ci := env.Authenticate(login).Want(201).Actor()

	if r := boss.Get(at).Want(200); r.Get("api_user.name") != "moira_ci" || r.Get("api_user.owner") != "moira" || r.Get("api_user.roles.0.name") != "member" || r.Value("api_user.enabled") != true || strings.Contains(r.Body, "password") {
		t.Error(r.Body)
	}
	if r := boss.Patch(at, `{"api_user": {"enabled": false, "description": " at night "}}`).Want(200); r.Value("api_user.enabled") != false || r.Get("api_user.description") != "at night" {
		t.Error(r.Body)
	}
	admin.Validate(ci.Token).Want(404)
	env.Authenticate(login).Want(401)
	if r := boss.Patch(at, `{"api_user": {"enabled": true, "description": null}}`).Want(200); r.Value("api_user.enabled") != true || r.Get("api_user.description") != "" {
		t.Error(r.Body)
	}
	env.Authenticate(login).Want(201)

	// Whoever else disables it has the last word.
	boss.Patch(at, `{"api_user": {"enabled": false}}`).Want(200)
	admin.Patch("/v3/users/"+id, `{"user": {"enabled": false}}`).Want(200)
	boss.Patch(at, `{"api_user": {"enabled": true}}`).Want(403)
	env.Authenticate(login).Want(401)
	admin.Patch("/v3/users/"+id, `{"user": {"enabled": true}}`).Want(200)
	boss.Patch(at, `{"api_user": {"enabled": true}}`).Want(200) // as it is

	for _, wrong := range []string{`{}`, `{"api_user": {"name": "x"}}`, `{"api_user": {"enabled": "x y"}}`, `{"api_user": {"description": "` + strings.Repeat("x", 256) + `"}}`} {
		boss.Patch(at, wrong).Want(400)
	}
	for want, who := range map[int]*testenv.Actor{403: mel, 401: env.Actor} {
		who.Get(at).Want(want)
		who.Patch(at, `{"api_user": {"enabled": false}}`).Want(want)
	}
	ci = env.Authenticate(login).Want(201).Actor()
	ci.Patch(at, `{"api_user": {"description": "mine"}}`).Want(403)
	boss.Patch("/v3/lintel/projects/"+project+"/api_users/"+moira, `{"api_user": {"enabled": false}}`).Want(404) // who is no API user
	admin.Put("/v3/projects/"+project+"/users/"+id+"/roles/"+role("admin"), nil).Want(204)
	boss.Patch(at, `{"api_user": {"enabled": false}}`).Want(403) // it has been given more than moira may give
}
