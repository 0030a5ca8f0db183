package portal_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// J11, 5.4: a project asks for a second factor. It first says whom that shuts out; then one proof alone gives no token for it and no page
// of it, to people of any domain, and the tokens there are end on every node within a second. What logs in for people works if it was made
// with the factor; programs and services are not asked, nor is who looks after the project from its domain.
func TestProjectAsksForSecondFactor(t *testing.T) {
	env, other := testenv.Pair(t, func(c *config.Config) {
		c.Auth.Methods = append(c.Auth.Methods, "oauth1")
		c.Default.PublicEndpoint = "http://identity.example"
	})
	admin := env.Admin()
	alice, project := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "elsewhere")
	boss, _ := member(env, "boss", "head")
	robot, _ := member(env, "robot", "machines")
	role := func(name string) string { return admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	abroad := admin.Post("/v3/domains", `{"domain": {"name": "abroad"}}`).Want(201).Get("domain.id")
	carl := admin.Post("/v3/users", `{"user": {"name": "carl", "password": "secret", "domain_id": "`+abroad+`"}}`).Want(201).Get("user.id")
	for _, u := range []string{bob, robot, carl, boss} {
		admin.Put("/v3/projects/"+project+"/users/"+u+"/roles/"+role("member"), nil).Want(204)
	}
	admin.Put("/v3/projects/"+project+"/users/"+alice+"/roles/"+role("admin"), nil).Want(204) // who alone authorizes OAuth tokens
	admin.Put("/v3/domains/default/users/"+boss+"/roles/"+role("manager"), nil).Want(204)
	env.SignIn("admin", testenv.Password).Open("/portal/d/default/users/"+robot+"/kind").Submit("Save", "kind", "api").Want(200)
	admin.Patch("/v3/users/"+bob, `{"user": {"default_project_id": "`+project+`"}}`).Want(200)

	on := testenv.OnProjectID(project)
	r := robots{env: env, user: alice, project: project}
	first := env.Login("alice", "secret", on)
	old := r.everything(first, "backup", bob)
	for what, enter := range old {
		if a := enter(); a.Status != 201 && a.Status != 200 {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	live := map[string]string{
		"a password":              env.Login("bob", "secret", on).Token,
		"a credential":            old["application credential"]().Actor().Token,
		"a trust":                 old["trust"]().Actor().Token,
		"somebody of elsewhere":   env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + carl + `", "password": "secret"}}}, "scope": ` + on + `}}`).Want(201).Actor().Token,
		"a token for the project": env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + env.Login("bob", "secret").Token + `"}}, "scope": ` + on + `}}`).Want(201).Actor().Token,
	}
	kept := map[string]string{"the robot": env.Login("robot", "secret", on).Token, "bob elsewhere": env.Login("bob", "secret", testenv.OnProject("elsewhere")).Token}
	rules, settings := "/v3/lintel/projects/"+project+"/rules", "/portal/p/"+project+"/settings"

	// Who asks has a factor, and reads first whom it shuts out.
	b := env.SignIn("boss", "secret")
	b.Open(settings).Want(200, "with what their account asks for")
	b.Open(settings+"/factor").Want(200, "Require a second factor?", "4 people have none", "alice, bob, boss, carl", "4 credentials stop working", "backup (alice)", "Trust (alice)", "OAuth access token (alice)").
		Submit("Require it").Want(422, "second factor yourself")
	env.Login("boss", "secret", testenv.OnDomainID("default")).Patch(rules, `{"rules": {"second_factor": true}}`).Want(403)
	env.Login("bob", "secret", on).Get("/v3/lintel/projects/" + project + "/shut-out").Want(403)
	p, _ := enrol(t, env, b)
	b.Open(settings+"/factor").Want(200, "3 people have none", "alice, bob, carl. They are told.")
	for _, text := range live {
		admin.Validate(text).Want(200)
		other.Admin().Validate(text).Want(200)
	}
	env.Clock.Advance(2 * time.Second)
	b.Submit("Require it").Want(200, "Saved", "nobody works in it who has shown one factor alone")
	other.CatchUp()
	for what, text := range live {
		for node, e := range map[string]*testenv.Env{"here": env, "elsewhere": other} {
			if a := e.Admin().Validate(text); a.Status != 404 {
				t.Errorf("%s, %s: %d", what, node, a.Status)
			}
		}
	}
	for what, text := range kept {
		if a := other.Admin().Validate(text); a.Status != 200 {
			t.Errorf("%s: %d", what, a.Status)
		}
	}

	// One proof alone gets nothing, and is told what to do.
	for what, enter := range old {
		if a := enter(); a.Status != 401 || what != "EC2 key" && !strings.Contains(a.Message(), "second factor") {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	refused := env.Authenticate(testenv.Body("bob", "secret", on)).Want(401)
	if m := refused.Message(); !strings.Contains(m, "Project acme asks for a second factor") || !strings.Contains(m, "/portal/security") {
		t.Error(m)
	}
	if wrong := env.Authenticate(testenv.Body("bob", "wrong", on)).Want(401); strings.Contains(wrong.Body, "second factor") {
		t.Error("a stranger learns of it")
	}
	plain := env.Authenticate(testenv.Body("bob", "secret")).Want(201) // his default project is as if it were not his
	if plain.Value("token.project") != nil {
		t.Error(plain.Body)
	}
	env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + plain.Actor().Token + `"}}, "scope": ` + on + `}}`).Want(401)
	env.Login("robot", "secret", on)
	bobs := env.SignIn("bob", "secret")
	bobs.Open("/portal").Want(200, "acme")
	for _, path := range []string{"", "/people", "/settings", "/leave"} {
		bobs.Open("/portal/p/"+project+path).Want(403, "A second factor is asked for", "Go to Security")
	}
	bobs.Open("/portal/credentials/new?project="+project).Want(403, "A second factor is asked for")
	bobs.Open("/portal/credentials/new").Want(200, "elsewhere")

	// With a factor all goes on, and so does what is made with it or kept.
	env.Clock.Advance(time.Minute)
	fromDomain := env.Authenticate(byBoth(boss, p.next(), testenv.OnDomainID("default"))).Want(201).Actor()
	if out := fromDomain.Get("/v3/lintel/projects/" + project + "/shut-out").Want(200); len(out.List("shut_out.people")) != 3 || len(out.List("shut_out.credentials")) != 4 {
		t.Error(out.Body)
	}
	as := env.SignIn("alice", "secret")
	phone, _ := enrol(t, env, as)
	as.Open("/portal/p/"+project).Want(200, "acme")
	if a := env.Authenticate(testenv.Body("alice", "secret", on)).Want(401); a.Header.Get("Openstack-Auth-Receipt") == "" {
		t.Errorf("her rules: %s", a.Body)
	}
	both := env.Authenticate(byBoth(alice, phone.next(), on)).Want(201).Actor()
	admin.Validate(both.Token).Want(200)
	env.Clock.Advance(2 * time.Second)
	for what, enter := range r.everything(both, "new", bob) {
		a := enter()
		if a.Status != 201 && a.Status != 200 {
			t.Errorf("%s, made with the factor: %d %s", what, a.Status, a.Body)
		} else if text := a.Header.Get("X-Subject-Token"); text != "" {
			admin.Validate(text).Want(200)
		}
	}

	// Turned off by who looks after the domain, all is as before.
	b.Open(settings+"/factor").Want(200, "Ask for no second factor any more?").Submit("Ask for one factor alone").Want(200, "Saved", "with what their account asks for")
	env.Login("bob", "secret", on)
	bobs.Open("/portal/p/"+project).Want(200, "acme")
}

// J11, M19: whom a project shuts out by asking for a second factor is told, by mail and in the portal: once, and nobody else.
func TestWhoIsShutOutIsTold(t *testing.T) {
	var box *testenv.Mailbox
	env := testenv.New(t, func(c *config.Config) {
		box = testenv.NewMailbox(t, "")
		box.Use(c)
	})
	admin := env.Admin()
	boss, project := member(env, "boss", "acme")
	ids := map[string]string{"boss": boss}
	for _, name := range []string{"alice", "bob", "gone", "robot", "zoe"} { // zoe is not in the project
		ids[name], _ = member(env, name, name+"s")
		if name != "zoe" {
			admin.Put("/v3/projects/"+project+"/users/"+ids[name]+"/roles/"+admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id"), nil).Want(204)
		}
	}
	for name, id := range ids {
		patch(env, id, `{"user": {"email": "`+name+`@acme.example"}}`)
	}
	patch(env, ids["alice"], `{"user": {"default_project_id": "`+project+`"}}`)
	admin.Put("/v3/domains/default/users/"+boss+"/roles/"+admin.Get("/v3/roles?name=manager").Want(200).Get("roles.0.id"), nil).Want(204)
	env.SignIn("admin", testenv.Password).Open("/portal/d/default/users/"+ids["robot"]+"/kind").Submit("Save", "kind", "api").Want(200)
	// alice and bob have something that logs in there for them, which bob made before he had a second factor; boss has nothing.
	for _, name := range []string{"alice", "bob"} {
		r := robots{env: env, user: ids[name], project: project}
		as := env.Login(name, "secret", testenv.OnProjectID(project))
		r.credential(as, name+"s-backup")
		r.key(as)
	}
	enrol(t, env, env.SignIn("bob", "secret"))
	alices := env.SignIn("alice", "secret")
	b := env.SignIn("boss", "secret")
	enrol(t, env, b)
	patch(env, ids["gone"], `{"user": {"enabled": false}}`)
	told := func() (to []string) {
		for range 3 {
			env.Deliver()
		}
		for _, name := range slices.Sorted(maps.Keys(ids)) {
			for _, m := range box.All(name + "@acme.example") {
				if m.Subject == "The project acme asks for a second factor" {
					to = append(to, name)
				}
			}
		}
		return to
	}
	if to := told(); len(to) > 0 {
		t.Errorf("told before: %v", to)
	}
	settings := "/portal/p/" + project + "/settings"
	for range 2 { // who plays with it mails nobody twice
		b.Open(settings+"/factor").Submit("Require it").Want(200, "Saved")
		if to := told(); !slices.Equal(to, []string{"alice", "bob"}) {
			t.Errorf("told: %v, want alice and bob", to)
		}
		b.Open(settings+"/factor").Submit("Ask for one factor alone").Want(200, "Saved")
	}
	for name, says := range map[string][]string{
		"alice": {"/security/totp/new", "account alice has none", "what logs in for it there: the application credential alices-backup, an EC2 key."},
		"bob":   {"/security/robots", "account bob has one", "works there no more: the application credential bobs-backup, an EC2 key."},
	} {
		m := box.Last(name + "@acme.example")
		for _, text := range says {
			if !strings.Contains(m.Text, text) {
				t.Errorf("%s is not told %q: %s", name, text, m.Text)
			}
		}
	}
	alices.Open("/portal/notices").Want(200, "The project acme asks for a second factor")
}
