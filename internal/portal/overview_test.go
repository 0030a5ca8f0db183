package portal_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/token"
)

// D1: a new domain says what it needs; one in use is counted, and each number leads to those whom it counts.
func TestDomainOverview(t *testing.T) {
	env := testenv.New(t, lockAfter(2))
	manager(env, "mona", "manager")
	member(env, "alice", "acme")
	member(env, "bob", "other")
	for range 2 {
		env.Authenticate(testenv.Body("alice", "wrong")).Want(401)
	}
	b := env.SignIn("mona", "secret").Open("/portal/d/default").Want(200, "Default", "1 locked by wrong passwords", "without a second factor")
	follow(t, b, "1 locked by wrong passwords").Want(200, "alice")
	if strings.Contains(b.Text(), "bob") {
		t.Error("bob is not locked")
	}
	// Roles that end soon, and who has stayed away.
	bobs := env.Admin().Get("/v3/projects?name=other").Get("projects.0.id")
	env.Admin().Post("/v3/lintel/grants", map[string]any{"grants": map[string]any{"user": map[string]any{"name": "bob"}, "project": map[string]any{"id": bobs},
		"roles": []map[string]any{{"name": "manager"}}, "expires_at": env.Clock.Now().AddDate(0, 0, 29).Format(time.RFC3339)}}).Want(201)
	follow(t, b.Open("/portal/d/default"), "1 role that ends within 30 days").Want(200, "bob", "manager")
	if strings.Contains(b.Text(), "alice") {
		t.Error("alice's role does not end")
	}
	env.Login("bob", "secret")
	env.Clock.Advance(91 * 24 * time.Hour)
	b = env.SignIn("mona", "secret").Open("/portal/d/default").Want(200, "0 roles that end")
	follow(t, b, "2 not signed in for 90 days").Want(200, "bob", "admin")
	if strings.Contains(b.Text(), "alice") {
		t.Error("alice never signed in")
	}
	other := env.Admin().Post("/v3/domains", `{"domain": {"name": "new"}}`).Want(201).Get("domain.id")
	root := env.SignIn("admin", testenv.Password).Open("/portal/d/"+other).Want(200, "To begin with", "0 users")
	follow(t, root, "Do it: Create the first project, where people work.").Want(200, "Create a project")
	env.Admin().Patch("/v3/domains/"+other, `{"domain": {"enabled": false}}`).Want(200)
	root.Open("/portal/d/"+other+"/users").Want(200, "This domain is disabled") // A2
	env.SignIn("bob", "secret").Open("/portal/d/default").Want(404)             // S-122
}

func lockAfter(n int) func(*config.Config) {
	return func(c *config.Config) {
		c.SecurityCompliance.LockoutFailureAttempts = &n
		c.SecurityCompliance.LockoutDuration = time.Hour
	}
}

// D11: all invitations of a domain, searched by address, project and inviter.
func TestDomainInvitations(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	_, acme := member(env, "alice", "acme")
	_, web := member(env, "bob", "web")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/invitations").Want(200, "Nobody is invited")
	b.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", "zoe@example.org").Want(200)
	b.Open("/portal/p/"+web+"/invite").Submit("Send the invitations", "addresses", "yan@example.org").Want(200)
	b.Open("/portal/d/default/invitations").Want(200, "zoe@example.org", "yan@example.org", "member", "mona", "Not accepted yet")
	for q, want := range map[string]string{"zoe": "zoe@example.org", "WEB": "yan@example.org", "mona": "yan@example.org zoe@example.org", "none": ""} {
		got := column(b.Open("/portal/d/default/invitations?q="+q), "E-mail")
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0]
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q finds %v", q, got)
		}
	}
	env.SignIn("alice", "secret").Open("/portal/d/default/invitations").Want(404)
}

// A3: anybody is found in any domain by name, address, id, the id of a credential, the IP address that they came from, and the audit id
// of a token.
func TestAnybody(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	other := admin.Post("/v3/domains", `{"domain": {"name": "elsewhere"}}`).Want(201).Get("domain.id")
	zoe := admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "zoe", "domain_id": other, "email": "z@example.org", "password": "secret"}}).Want(201).Get("user.id")
	alice, project := member(env, "alice", "acme")
	credential := env.Login("alice", "secret", testenv.OnProjectID(project)).Post("/v3/users/"+alice+"/application_credentials", `{"application_credential": {"name": "robot"}}`).Want(201).Get("application_credential.id")
	key := admin.Post("/v3/users/"+alice+"/credentials/OS-EC2", map[string]any{"tenant_id": project}).Want(201).Get("credential.access")
	b := env.SignIn("admin", testenv.Password)
	for q, want := range map[string]string{"ZO": "zoe", "z@example.org": "zoe", zoe: "zoe", credential: "alice", key: "alice", "nobody": ""} {
		if got := strings.Join(column(b.Open("/portal/cloud/people?q="+url.QueryEscape(q)), "Name"), " "); got != want {
			t.Errorf("%q finds %q", q, got)
		}
	}
	b.Open("/portal/cloud/people?q=zoe").Want(200, "elsewhere")
	b.Open("/portal/cloud/people?q="+credential).Want(200, "lintel credential owner "+credential)
	for _, id := range []string{credential, key} {
		if r := admin.Get("/v3/lintel/credentials/" + id + "/owners").Want(200); len(r.List("owners")) != 1 || r.Get("owners.0.id") != alice || r.Get("owners.0.name") != "alice" {
			t.Errorf("%s belongs to %s", id, r.Body)
		}
	}
	if r := admin.Get("/v3/lintel/credentials/nothing/owners").Want(200); len(r.List("owners")) != 0 {
		t.Error(r.Body)
	}
	env.Login("alice", "secret", testenv.OnProjectID(project)).Get("/v3/lintel/credentials/" + credential + "/owners").Want(403)
	// By token: the one of a login, and one that was made from it; by the address that somebody came from. What nobody had finds nobody.
	login := env.Authenticate(testenv.Body("alice", "secret")).Want(201)
	own := login.Get("token.audit_ids.0")
	rescoped := env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + login.Header.Get("X-Subject-Token") + `"}}, "scope": ` + testenv.OnProjectID(project) + `}}`).Want(201)
	if chain := rescoped.Get("token.audit_ids.1"); chain != own {
		t.Fatalf("the chain is %s", chain)
	}
	err := env.Server.DB.RecordSignIn(t.Context(), identity.TrailEntry{Class: identity.ClassSignIn, Action: "authenticate", Actor: identity.Party{Kind: "user", ID: zoe}, Address: "2001:db8::7"})
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]string{own: "alice", token.NewAuditID(): "", "2001:db8:0:0::7": "zoe", "198.51.100.9": ""} {
		if got := strings.Join(column(b.Open("/portal/cloud/people?q="+url.QueryEscape(q)), "Name"), " "); got != want {
			t.Errorf("%q finds %q", q, got)
		}
	}
	b.Open("/portal/cloud/people?q=2001:db8::7").Want(200, "lintel event list --address 2001:db8::7")
	b.Open("/portal/cloud/audit?token="+own).Want(200, "alice Signed in")
	if n := len(admin.Get("/v3/lintel/events?audit_id=" + own).Want(200).List("events")); n != 1 {
		t.Errorf("%d entries of the token", n)
	}
	// S2, S-122
	manager(env, "mona", "manager")
	env.SignIn("mona", "secret").Open("/portal/cloud/people?q=" + credential).Want(404)
	env.SignIn("alice", "secret").Open("/portal/cloud/people").Want(404)
}

// D9: a domain asks for more than the cloud, never for less, and what it asks for is enforced wherever it matters.
func TestDomainRules(t *testing.T) {
	env := testenv.New(t, lockAfter(4))
	manager(env, "mona", "manager")
	alice, acme := member(env, "alice", "acme")
	const at = "/portal/d/default/rules"
	b := env.SignIn("mona", "secret").Open(at).Want(200, "Wrong passwords that lock an account 4 in a row the cloud's configuration", "Shortest password no rule default")
	b.Submit("Save the rules", "lockout_failures", "9").Want(422, "The cloud asks for more than that")
	b.Submit("Save the rules", "lockout_failures", "many").Want(422, "whole number")
	b.Open(at).Submit("Save the rules", "lockout_failures", "2", "lockout_minutes", "120", "password_length", "10", "password_kinds", "2", "password_days", "30",
		"inactive_days", "20", "mail_domains", "example.org .corp.example").Want(200, "Saved", "account 2 in a row this domain")

	// Passwords: by an administrator, by the person, by API as in the portal.
	admin := env.Admin()
	for pw, want := range map[string]int{"short1": 400, "alllowercase": 400, "long enough 1": 201} {
		admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "of " + pw, "password": pw}}).Want(want)
	}
	env.Actor.Post("/v3/users/"+alice+"/password", `{"user": {"original_password": "secret", "password": "short1"}}`).Want(400)
	env.Actor.Post("/v3/users/"+alice+"/password", `{"user": {"original_password": "secret", "password": "Longenough 1"}}`).Want(204)
	if end := admin.Get("/v3/users/" + alice).Get("user.password_expires_at"); !strings.HasPrefix(end, "2026-04-03") {
		t.Errorf("the password lasts until %s", end)
	}
	// Addresses.
	admin.Post("/v3/users", `{"user": {"name": "carl", "email": "carl@elsewhere.example"}}`).Want(400)
	admin.Post("/v3/users", `{"user": {"name": "carl", "email": "carl@it.corp.example"}}`).Want(201)
	admin.Patch("/v3/users/"+alice, `{"user": {"email": "a@elsewhere.example"}}`).Want(400)
	b.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", "zoe@elsewhere.example")
	if strings.Contains(b.Text(), "on their way") || b.Status == 200 {
		t.Errorf("invited: %d %s", b.Status, b.Text())
	}
	// Lock: two wrong passwords, for two hours.
	for range 2 {
		env.Authenticate(testenv.Body("alice", "wrong")).Want(401)
	}
	env.Clock.Advance(90 * time.Minute)
	env.Authenticate(testenv.Body("alice", "Longenough 1")).Want(401)
	env.Clock.Advance(40 * time.Minute)
	env.Authenticate(testenv.Body("alice", "Longenough 1")).Want(201)
	// Other domains are not concerned.
	other := env.Admin().Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	env.Admin().Post("/v3/users", map[string]any{"user": map[string]any{"name": "zoe", "password": "x", "domain_id": other}}).Want(201)
	// Who was not there for long does not get in.
	env.Clock.Advance(21 * 24 * time.Hour)
	env.Authenticate(testenv.Body("alice", "Longenough 1")).Want(401)
}

// D9, S-122: a reader sees the rules and changes none; a member and the manager of another domain see none.
func TestDomainRulesAreTheManagers(t *testing.T) {
	env := testenv.New(t)
	manager(env, "reader", "reader")
	member(env, "alice", "acme")
	other := env.Admin().Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	manager(env, "mona", "manager")
	b := env.SignIn("reader", "secret").Open("/portal/d/default/rules").Want(200, "no rule")
	sent := csrf(b)
	sent.Set("password_length", "1")
	b.Send("POST", "/portal/d/default/rules", sent).Want(403)
	for _, who := range []string{"alice", "mona"} {
		b := env.SignIn(who, "secret")
		at := "/portal/d/" + map[string]string{"alice": "default", "mona": other}[who] + "/rules"
		b.Open(at).Want(404)
		b.Send("POST", at, csrf(b)).Want(404)
	}
}

// D5, 8.11: suspending ends all at once, nothing but restoring brings the account back, and that exactly as it was.
func TestSuspend(t *testing.T) {
	env := testenv.New(t)
	mona := manager(env, "mona", "manager")
	user, project := member(env, "alice", "acme")
	at := "/portal/d/default/users/" + user
	alice, token := env.SignIn("alice", "secret"), env.Login("alice", "secret", testenv.OnProjectID(project))
	robot := token.Post("/v3/users/"+user+"/application_credentials", `{"application_credential": {"name": "robot", "secret": "s"}}`).Want(201).Get("application_credential.id")
	asRobot := `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + robot + `", "secret": "s"}}}}`
	env.Authenticate(asRobot).Want(201)
	b := env.SignIn("mona", "secret").Open(at+"/suspend").Want(200, "Suspend alice?")
	b.Submit("Suspend the account").Want(422, "Say why")
	b.Submit("Suspend the account", "reason", "mined coins").Want(200, "is suspended", "mined coins", "by mona")
	if alice.Open("/portal"); !strings.HasPrefix(alice.Path, "/portal/login") {
		t.Error("the session goes on")
	}
	env.Authenticate(asRobot).Want(401)
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	token.Get("/v3/auth/projects").Want(401)
	if env.Admin().Get("/v3/users/"+user).Value("user.enabled") != false { // so a stock Keystone keeps her out, too
		t.Error("enabled")
	}
	b.Open("/portal/d/default/users?show=suspended").Want(200, "alice – suspended")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": true}}`).Want(403)
	env.Admin().Patch("/v3/users/"+user, `{"user": {"password": "another"}}`).Want(200)
	env.Authenticate(testenv.Body("alice", "another")).Want(401)
	b.Open(at+"/suspend").Submit("Suspend the account", "reason", "again").Want(422, "suspended already")
	b.Open(at+"/restore").Want(200, "Restore alice?").Submit("Restore the account").Want(200, "was restored")
	env.Authenticate(testenv.Body("alice", "another")).Want(201)
	env.Authenticate(asRobot).Want(201)
	// Who was disabled before is so again.
	env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": false}}`).Want(200)
	b.Open(at+"/suspend").Submit("Suspend the account", "reason", "more").Want(200)
	b.Open(at+"/restore").Submit("Restore the account").Want(200, "disabled")
	b.Open("/portal/d/default/users/"+mona+"/suspend").Want(403, "your own account")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": true}}`).Want(200)
	// S-122
	for who, want := range map[string]int{"alice": 404} {
		b := env.SignIn(who, map[string]string{"alice": "another"}[who])
		sent := csrf(b)
		sent.Set("reason", "spite")
		for _, act := range []string{"/suspend", "/restore"} {
			b.Send("POST", "/portal/d/default/users/"+mona+act, sent).Want(want)
		}
	}
}

// O8, O7: people are moved into a project and out of it between two columns, each searched on the server, with the role under the name.
func TestMoveMembers(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	alice, acme := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "web")
	member(env, "carl", "third")
	at := "/portal/p/" + acme + "/members"
	b := env.SignIn("mona", "secret").Open("/portal/d/default/projects/" + acme)
	follow(t, b, "Modify Users").Want(200, "Not in the project", "bob", "carl", "In the project", "can change what the others have made")
	bonita, _ := member(env, "bonita", "fourth")
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/default/users/"+bonita+"/kind").Submit("Save", "kind", "service").Want(200) // S9
	if b.Open(at + "?find=BO"); strings.Contains(b.Text(), "bonita") {
		t.Error("a service is among those to choose from")
	}
	if b.Open(at+"?find=BO").Want(200, "bob"); strings.Contains(b.Text(), "carl") || !strings.Contains(b.Text(), "alice") {
		t.Errorf("the search: %s", b.Text())
	}
	if !strings.Contains(b.Body, `aria-label="Add bob"`) || !strings.Contains(b.Body, `aria-label="Remove alice"`) {
		t.Error("the buttons have no names")
	}
	b.Submit("+").Want(200, "The person was added")
	login := env.Login("bob", "secret", testenv.OnProjectID(acme))
	if got := login.Validate(login.Token).Texts("token.roles", "name"); !strings.Contains(strings.Join(got, " "), "member") {
		t.Errorf("bob is %v", got)
	}
	b.Open(at+"?q=bob").Want(200, "bob")
	reader := env.Admin().Get("/v3/roles?name=reader").Get("roles.0.id")
	b.Submit("Change", "role", reader).Want(200, "Granted reader", "Taken back").Submit("Save the change").Want(200, "roles were changed")
	b.Open("/portal/p/"+acme+"/revoke?user="+bob).Want(200, "Revoke 1 person?").Submit("Revoke 1 person").Want(200)
	b.Open(at+"?find=bob").Want(200, "bob")
	env.Authenticate(testenv.Body("bob", "secret", testenv.OnProjectID(acme))).Want(401)
	// S-122: a member may neither see nor move anybody; somebody of another project finds none.
	for who, want := range map[string]int{"alice": 403, "bob": 404} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		sent.Set("user", alice)
		sent.Set("role", reader)
		b.Open(at).Want(want)
		b.Send("POST", at, sent).Want(want)
	}
	// A role that the manager may not grant is not given by asking for it.
	sent := csrf(b)
	sent.Set("user", bob)
	sent.Set("role", env.Admin().Get("/v3/roles?name=admin").Get("roles.0.id"))
	b.Send("POST", at, sent).Want(403)
}
