package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/totp"
)

const aDay = 24 * time.Hour

// lockedOut tells whether somebody who is signed in can do nothing but set up a second factor.
func lockedOut(t *testing.T, b *testenv.Browser) {
	t.Helper()
	for _, path := range []string{"/portal", "/portal/profile", "/portal/credentials", "/portal/security", "/portal/security/password", "/portal/activity", "/portal/terminal", "/portal/security/recovery-codes"} {
		if b.Open(path); b.Path != "/portal/security/totp/new" {
			t.Errorf("%s is open: %s", path, b.Path)
		}
	}
	if strings.Contains(b.Body, "Not now") {
		t.Error("the page lets people put it off")
	}
	csrf := func() string { _, form := b.Form("Sign out"); return form.Get("csrf") }()
	if b.Send("POST", "/portal/credentials/new", map[string][]string{"csrf": {csrf}, "name": {"x"}}); b.Path != "/portal/security/totp/new" {
		t.Errorf("a form is open: %d %s", b.Status, b.Path)
	}
}

// D9, M19, B25, 5.3: a domain requires a second factor of everybody from a day on. Until then people are told, and what they get ends on
// that day; from then on who has none can do nothing but set one up, nor get a token, nor can what logs in for them.
func TestSecondFactorRequired(t *testing.T) {
	var box *testenv.Mailbox
	env := testenv.New(t, func(c *config.Config) {
		box = testenv.NewMailbox(t, "")
		box.Use(c)
	})
	alice, project := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "other")
	robot, _ := member(env, "robot", "machines")
	for user, name := range map[string]string{alice: "alice", bob: "bob", robot: "robot"} {
		env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "`+name+`@acme.example"}}`).Want(200)
	}
	swift, services := member(env, "swift", "services")
	env.Admin().Put("/v3/projects/"+services+"/users/"+swift+"/roles/"+env.Admin().Get("/v3/roles?name=service").Want(200).Get("roles.0.id"), nil).Want(204)
	r := robots{env: env, user: alice, project: project}
	old := env.Login("alice", "secret", testenv.OnProjectID(project))
	backup, key, trust := r.credential(old, "backup"), r.key(old), r.trust(old, bob)
	b := env.SignIn("alice", "secret")
	p, _ := enrol(t, env, env.SignIn("bob", "secret"))
	admin := env.SignIn("admin", testenv.Password)
	admin.Open("/portal/d/default/users/"+robot+"/kind").Submit("Save", "kind", "api").Want(200)
	admin.Open("/portal/d/default/users/"+swift+"/kind").Submit("Save", "kind", "service").Want(200)
	env.Deliver()
	before := map[string]int{}
	for _, name := range []string{"alice", "bob", "robot"} {
		before[name] = len(box.All(name + "@acme.example"))
	}

	// Encouraged, it is a word and no more.
	rules := "/portal/d/default/rules"
	admin.Open(rules).Want(200, "Second factor no rule · default").Submit("Save the rules", "factor", "encourage").Want(200, "Saved", "People are asked to have one · this domain")
	b.Open("/portal").Want(200, "asks you to turn on a second factor")

	// Required, it is asked about first, with who is concerned and when.
	admin.Open(rules).Submit("Save the rules", "factor", "roles").Want(422, "Choose the roles")
	admin.Open(rules).Submit("Save the rules", "factor", "all", "factor_days", "0").Want(422, "people need time")
	admin.Open(rules).Submit("Save the rules", "factor", "all", "factor_days", "7").Want(200, "Require a second factor?", "2 people have no second factor", "11 Mar 2026")
	admin.Submit("Require it").Want(200, "Saved", "Required for everybody, from 11 Mar 2026 on · this domain")
	env.Deliver()
	env.Deliver()
	for name, want := range map[string]int{"alice": 1, "bob": 0, "robot": 0} {
		all := box.All(name + "@acme.example")[before[name]:]
		if len(all) != want || want > 0 && (!strings.Contains(all[0].Subject, "second factor will be required") || !strings.Contains(all[0].Text, "11 March 2026") || all[0].Link != "/portal/security/totp/new") {
			t.Errorf("%s is told %+v", name, all)
		}
	}
	b.Open("/portal").Want(200, "From 11 Mar 2026 on a second factor is required", "Turn on a second factor")
	env.Authenticate(backup).Want(201)

	// What is handed out shortly before ends on that day.
	env.Clock.Advance(7*aDay - 10*time.Minute)
	b = env.SignIn("alice", "secret").Want(200, "From 11 Mar 2026 on")
	if until := env.Authenticate(testenv.Body("alice", "secret")).Want(201).Get("token.expires_at"); !strings.HasPrefix(until, "2026-03-11T05:06:07") {
		t.Errorf("the token ends at %s", until)
	}
	env.Clock.Advance(10 * time.Minute)

	a := env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	if !strings.Contains(a.Message(), "needs a second factor") || !strings.Contains(a.Message(), "/portal/security") || a.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Errorf("without a factor: %s", a.Body)
	}
	if wrong := env.Authenticate(testenv.Body("alice", "wrong")).Want(401); strings.Contains(wrong.Body, "second factor") {
		t.Error("a stranger learns of it")
	}
	if a := env.Authenticate(backup).Want(401); !strings.Contains(a.Message(), "second factor") {
		t.Errorf("the credential: %s", a.Body)
	}
	r.service = env.Login("swift", "secret", testenv.OnProjectID(services)) // by its kind
	r.signed(key).Want(401)
	env.Authenticate(strings.TrimSuffix(byBoth(bob, p.next(), ""), `, "scope": }}`) + `, "scope": {"OS-TRUST:trust": {"id": "` + trust + `"}}}}`).Want(401)
	env.Authenticate(testenv.Body("robot", "secret")).Want(201) // by its kind
	lockedOut(t, b)
	enter := func(name, password string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Submit("Sign in", "name", name, "password", password)
	}
	fresh := enter("alice", "secret").Want(200, "A second factor is required here")
	lockedOut(t, fresh)

	// Setting one up opens all again; it cannot be turned off then, but be replaced.
	first, _ := enrol(t, env, fresh)
	fresh.Open("/portal").Want(200, "Your access")
	env.Authenticate(byBoth(alice, first.next(), testenv.OnProjectID(project))).Want(201)
	if fresh.Open("/portal/security").Want(200, "A second factor is required here"); strings.Contains(fresh.Body, "Turn it off") {
		t.Error("it can be turned off")
	}
	fresh.Open("/portal/security/totp/remove").Want(403)
	fresh.Open("/portal/security/totp/new").Want(200, "Replace the authenticator").Submit("Continue")
	second := scan(t, env, fresh)
	fresh.Submit("Continue", "code", second.code())
	fresh.Submit("Turn it on", "typed", recovery(fresh)[3]).Want(200, "Your second factor is on")
	env.Authenticate(byBoth(alice, second.next(), testenv.OnProjectID(project))).Want(201)

	// Once it is not required any more it can be turned off.
	admin = enter("admin", testenv.Password).Want(200, "A second factor is required here")
	enrol(t, env, admin)
	admin.Open(rules).Submit("Save the rules", "factor", "encourage").Want(200, "Saved")
	enrolled := fresh.Open("/portal/security/totp/remove")
	if enrolled.Path != "/portal/security/totp/remove" {
		enrolled = enter("alice", "secret").Submit("Continue", "code", second.next()).Open("/portal/security/totp/remove")
	}
	enrolled.Submit("Turn it off", "code", second.next()).Want(200, "Your second factor is off")
	env.Login("alice", "secret")
}

// D9: a domain may require it of some roles, and those who hold what implies them; never less than the cloud asks.
func TestSecondFactorRequiredOfRoles(t *testing.T) {
	env := testenv.New(t)
	alice, _ := member(env, "alice", "acme")
	member(env, "bob", "other")
	admin := env.SignIn("admin", testenv.Password)
	role := func(name string) string { return env.Admin().Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	env.Admin().Post("/v3/roles", `{"role": {"name": "project_admin"}}`).Want(201)
	env.Admin().Post("/v3/roles", `{"role": {"name": "owner"}}`).Want(201)
	env.Admin().Put("/v3/roles/"+role("owner")+"/implies/"+role("project_admin"), nil).Want(201)
	group := env.Admin().Post("/v3/groups", `{"group": {"name": "owners"}}`).Want(201).Get("group.id")
	env.Admin().Put("/v3/groups/"+group+"/users/"+alice, nil).Want(204)
	env.Admin().Put("/v3/OS-INHERIT/domains/default/groups/"+group+"/roles/"+role("owner")+"/inherited_to_projects", nil).Want(204)

	rules := "/portal/d/default/rules"
	admin.Open(rules).Submit("Save the rules", "factor", "roles", "id", role("project_admin"), "factor_days", "2").Want(200, "1 person has no second factor").
		Submit("Require it").Want(200, "Required for some roles, from 6 Mar 2026 on")
	// To save it again asks nothing, and keeps the day.
	env.Clock.Advance(time.Minute)
	admin.Open(rules).Submit("Save the rules", "password_length", "4").Want(200, "Saved", "from 6 Mar 2026 on")
	env.Clock.Advance(2 * aDay)
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	env.Authenticate(testenv.Body("bob", "secret")).Want(201)
	env.Admin().Put("/v3/groups/"+group+"/users/"+alice, nil).Want(204)
	env.Admin().Delete("/v3/groups/" + group + "/users/" + alice).Want(204)
	env.Authenticate(testenv.Body("alice", "secret")).Want(201)

	cloud := testenv.New(t, func(c *config.Config) {
		c.Lintel.SecondFactor, c.Lintel.SecondFactorFrom = "all", "2026-03-10"
	})
	member(cloud, "alice", "acme")
	admin = cloud.SignIn("admin", testenv.Password).Want(200, "From 10 Mar 2026 on a second factor is required")
	admin.Open(rules).Want(200, "Required for everybody, from 10 Mar 2026 on · the cloud's configuration")
	admin.Submit("Save the rules", "factor", "encourage").Want(422, "The cloud asks for more than that")
	admin.Open(rules).Submit("Save the rules", "factor", "roles", "id", "x").Want(422, "The cloud asks for more than that")
	cloud.Authenticate(testenv.Body("alice", "secret")).Want(201)
	cloud.Clock.Advance(6 * aDay)
	cloud.Authenticate(testenv.Body("alice", "secret")).Want(401)
}

// seedOf gives somebody an authenticator as an administrator does, and returns it.
func seedOf(t *testing.T, env *testenv.Env, user string) *phone {
	t.Helper()
	const blob = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	env.Admin().Post("/v3/credentials", `{"credential": {"type": "totp", "blob": "`+blob+`", "user_id": "`+user+`"}}`).Want(201)
	seed, err := totp.Seed(blob)
	if err != nil {
		t.Fatal(err)
	}
	return &phone{clock: env.Clock, seed: seed}
}

// D9, 5.6: 8: rules of an administrator that ask for less than cloud or domain do, or are switched off, exempt nobody. They are made up for
// by setting a factor up; those that ask for two factors stand for one.
func TestRulesThatAskForLess(t *testing.T) {
	var box *testenv.Mailbox
	env := testenv.New(t, func(c *config.Config) {
		box = testenv.NewMailbox(t, "")
		box.Use(c)
	})
	ids := map[string]string{}
	for _, name := range []string{"alice", "bob", "carl", "dora", "erik"} {
		ids[name], _ = member(env, name, name+"s")
		patch(env, ids[name], `{"user": {"email": "`+name+`@acme.example"}}`)
	}
	rules := func(name, options string) { patch(env, ids[name], `{"user": {"options": {`+options+`}}}`) }
	carls := seedOf(t, env, ids["carl"])
	rules("alice", `"multi_factor_auth_rules": [["password"], ["password", "totp"]]`)
	rules("bob", `"multi_factor_auth_rules": [["password", "totp"]], "multi_factor_auth_enabled": false`)
	rules("carl", `"multi_factor_auth_rules": [["password", "totp"], ["application_credential"]]`)
	doras, _ := enrol(t, env, env.SignIn("dora", "secret"))
	rules("dora", `"multi_factor_auth_rules": [["password"]]`)
	rules("erik", `"multi_factor_auth_rules": [["password", "token"]]`) // an earlier token proves nothing more
	env.Deliver()
	told := func(name string) bool {
		for _, m := range box.All(name + "@acme.example") {
			if strings.Contains(m.Subject, "second factor will be required") {
				return true
			}
		}
		return false
	}
	env.SignIn("admin", testenv.Password).Open("/portal/d/default/rules").Submit("Save the rules", "factor", "all", "factor_days", "2").Want(200, "5 people have no second factor").
		Submit("Require it").Want(200, "Required for everybody")
	for range 3 {
		env.Deliver()
	}
	for name, want := range map[string]bool{"alice": true, "bob": true, "carl": false, "dora": true, "erik": true} {
		if told(name) != want {
			t.Errorf("%s is told: %t", name, !want)
		}
	}
	env.Authenticate(testenv.Body("alice", "secret")).Want(201)
	env.Clock.Advance(2 * aDay)

	for _, name := range []string{"alice", "bob"} {
		if a := env.Authenticate(testenv.Body(name, "secret")).Want(401); !strings.Contains(a.Message(), "needs a second factor") {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	b := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "A second factor is required here")
	lockedOut(t, b)
	alices, _ := enrol(t, env, b)
	b.Open("/portal").Want(200, "Your access")
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	self := env.Authenticate(byBoth(ids["alice"], alices.next(), `"unscoped"`)).Want(201).Actor()
	if got := self.Get("/v3/users/" + ids["alice"]).Want(200).Body; !strings.Contains(got, `"multi_factor_auth_rules":[["password","totp"]]`) {
		t.Errorf("alice has %s", got)
	}
	env.Authenticate(byBoth(ids["carl"], carls.next(), `"unscoped"`)).Want(201)

	// Who has a factor shows it, though the rules do not ask for it any more.
	r := env.Authenticate(testenv.Body("dora", "secret")).Want(401)
	if r.Header.Get("Openstack-Auth-Receipt") == "" || !strings.Contains(r.Body, `"required_auth_methods":[["password","totp"]]`) {
		t.Errorf("dora: %s", r.Body)
	}
	env.Authenticate(byBoth(ids["dora"], doras.next(), `"unscoped"`)).Want(201)
	verify(env, "dora", doras.next()).Want(200, "Your access")
}

// D9: a token that was got by a password alone does not serve with a role of which a second factor is required, however that role came.
func TestTokenOfAPasswordEndsWithTheRole(t *testing.T) {
	a, other := testenv.Pair(t)
	admin := a.Admin()
	role := func(name string) string {
		if all := admin.Get("/v3/roles?name=" + name).Want(200).List("roles"); len(all) == 0 {
			return admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201).Get("role.id")
		}
		return roleID(a, name)
	}
	boss, lead := role("project_admin"), role("lead")
	ids, projects := map[string]string{}, map[string]string{}
	for _, name := range []string{"alice", "bob", "carl", "dora", "erik", "fred"} {
		ids[name], projects[name] = member(a, name, name+"s")
	}
	grant := func(name, role string) {
		admin.Put("/v3/projects/"+projects[name]+"/users/"+ids[name]+"/roles/"+role, nil).Want(204)
	}
	grant("carl", lead)
	group := admin.Post("/v3/groups", `{"group": {"name": "bosses"}}`).Want(201).Get("group.id")
	admin.Put("/v3/projects/"+projects["bob"]+"/groups/"+group+"/roles/"+boss, nil).Want(204)
	p, _ := enrol(t, a, a.SignIn("dora", "secret"))
	a.SignIn("admin", testenv.Password).Open("/portal/d/default/rules").Submit("Save the rules", "factor", "roles", "id", boss, "factor_days", "2").Submit("Require it").Want(200, "Required for some roles")
	a.Clock.Advance(2 * aDay)
	other.Clock.Advance(2 * aDay)

	tokens := map[string]string{}
	for _, name := range []string{"alice", "bob", "carl", "erik", "fred"} {
		tokens[name] = a.Login(name, "secret", testenv.OnProjectID(projects[name])).Token
	}
	tokens["dora"] = a.Authenticate(byBoth(ids["dora"], p.next(), testenv.OnProjectID(projects["dora"]))).Want(201).Actor().Token
	session := a.SignIn("fred", "secret")
	admin, on := a.Admin(), map[string]*testenv.Actor{"here": a.Admin(), "on the other node": other.Admin()}
	for name, text := range tokens {
		for where, node := range on {
			if got := node.Validate(text).Status; got != 200 {
				t.Fatalf("%s %s: %d", name, where, got)
			}
		}
	}
	grant("alice", boss)                                               // by itself
	admin.Put("/v3/groups/"+group+"/users/"+ids["bob"], nil).Want(204) // by a group
	admin.Put("/v3/roles/"+lead+"/implies/"+boss, nil).Want(201)       // by what implies it
	grant("dora", boss)                                                // to somebody with a factor
	grant("erik", roleID(a, "reader"))                                 // another role
	admin.Put("/v3/OS-INHERIT/domains/default/users/"+ids["fred"]+"/roles/"+boss+"/inherited_to_projects", nil).Want(204)
	a.Clock.Advance(time.Second)
	other.CatchUp()
	for name, want := range map[string]int{"alice": 404, "bob": 404, "carl": 404, "dora": 200, "erik": 200, "fred": 404} {
		for where, node := range on {
			if got := node.Validate(tokens[name]).Status; got != want {
				t.Errorf("the token of %s %s: %d, want %d", name, where, got, want)
			}
		}
	}
	if session.Open("/portal"); !strings.HasPrefix(session.Path, "/portal/login?ended=1") {
		t.Errorf("a session goes on at %s", session.Path)
	}
	lockedOut(t, session.Submit("Sign in", "name", "fred", "password", "secret").Want(200, "A second factor is required here"))
}
