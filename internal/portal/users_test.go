package portal_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// manager is a user of the default domain with a role on it; their password is "secret".
func manager(env *testenv.Env, name, role string) (user string) {
	admin := env.Admin()
	user = admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "password": "secret"}}).Want(201).Get("user.id")
	id := admin.Get("/v3/roles?name=" + role).Want(200).Get("roles.0.id")
	admin.Put("/v3/domains/default/users/"+user+"/roles/"+id, nil).Want(204)
	return user
}

// csrf is what a form of the browser's session carries.
func csrf(b *testenv.Browser) url.Values {
	_, form := b.Open("/portal/profile").Form("Save")
	return url.Values{"csrf": {form.Get("csrf")}}
}

// O1, O2, O4, O5, K1, K4, K5, S1, D2, D3: one form brings somebody in, and the list shows them.
func TestCreateUser(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	member(env, "alice", "acme")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/users").Want(200, "Users", "alice", "mona", "Domain Default")
	b.Open("/portal/d/default/users/new").Want(200, "Primary project", "Role there")
	if strings.Contains(b.Body, ">admin<") {
		t.Error("admin is offered to begin with")
	}
	if _, form := b.Form("Create User"); form.Get("role") != env.Admin().Get("/v3/roles?name=member").Get("roles.0.id") || form.Get("enabled") != "1" {
		t.Errorf("preselected: %v", form)
	}
	b.Submit("Create User", "name", "bob", "password", "").Want(422, "Choose a first password")
	if !strings.Contains(b.Body, `value="bob"`) {
		t.Error("what was typed is lost")
	}
	b.Submit("Create User", "name", "bob", "password", "geheim", "email", "notanaddress").Want(422, "not an e-mail address")
	b.Submit("Create User", "name", "bob", "password", "geheim", "email", "bob@example.org", "project", "acme").Want(200, "The account was created", "bob@example.org", "acme", "Roles in 1 place")
	login := env.Login("bob", "geheim", testenv.OnProject("acme"))
	if login.Validate(login.Token).Get("token.roles.0.name") == "" {
		t.Error("no roles")
	}
	at, _, _ := strings.Cut(b.Path, "?")
	b.Open(at+"/edit").Submit("Save", "email", "notanaddress").Want(422, "not an e-mail address").Submit("Save", "email", "bob@example.net").Want(200, "bob@example.net")
	b.Open(at+"/edit").Submit("Save", "email", "bob@example.org").Want(200)
	b.Open("/portal/d/default/users/new").Submit("Create User", "name", "bob", "password", "x").Want(422, "has a user of this name")
	b.Open("/portal/d/default/users?q=BO").Want(200, "bob@example.org", "never", "Edit bob")
	b.Open(linkTo(b, "Edit bob")).Want(200, "Edit bob", "E-mail")
	b.Open("/portal/d/default/users?q=BO")
	if strings.Contains(b.Text(), "alice") {
		t.Error("the search finds others")
	}
}

// O3: nothing is made when anything fails.
func TestNoHalfMadeUser(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	member(env, "alice", "acme")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/users/new")
	b.Submit("Create User", "name", "bob", "password", "geheim", "project", "none").Want(422, "no project none")
	// A role that the manager may not grant, though the form offers it not: as openstack would say.
	admin := env.Admin().Get("/v3/roles?name=admin").Get("roles.0.id")
	b.Open("/portal/d/default/users/new").Submit("Create User", "name", "bob", "password", "geheim", "project", "acme", "role", admin).Want(403)
	b.Open("/portal/d/default/users/new").Submit("Create User", "name", "bob", "password", "geheim", "project", "acme", "role", "none").Want(403)
	if found := env.Admin().Get("/v3/users?name=bob").Want(200).List("users"); len(found) != 0 {
		t.Errorf("a half-made user: %v", found)
	}
}

// O6, D4, D5, S5, K6: an account is edited, disabled, enabled, given a password, ended and deleted.
func TestLookAfterAccount(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	user, _ := member(env, "alice", "acme")
	at := "/portal/d/default/users/" + user
	alice := env.SignIn("alice", "secret")
	b := env.SignIn("mona", "secret").Open(at).Want(200, "alice", "Roles in 1 place")
	b.Open(at+"/access").Want(200, "acme", "member", "reader with member")
	b.Open(at+"/edit").Want(200, "A user stays in its domain").Submit("Save", "name", "alicia", "email", "a@example.org").Want(200, "Saved", "alicia", "a@example.org")
	b.Open(at+"/disable").Want(200, "Disable alicia?", "roles in 1 place").Submit("Disable the account").Want(200, "was disabled", "disabled")
	if alice.Open("/portal"); !strings.HasPrefix(alice.Path, "/portal/login") {
		t.Error("the session of a disabled account goes on")
	}
	b.Open(at+"/enable").Submit("Enable the account").Want(200, "was enabled")
	b.Open(at+"/password").Submit("Set the password").Want(200, "shown this once")
	_, shown, _ := strings.Cut(b.Body, `id="secret">`)
	shown, _, _ = strings.Cut(shown, "<")
	env.SignIn("alicia", shown)
	b.Open(at+"/password").Submit("Set the password", "password", "chosen").Want(200, "chosen")
	b.Open(at+"/delete").Want(200, "Delete alicia?").Submit("Delete the account", "typed", "alice").Want(422, "Type alicia")
	env.Clock.Advance(16 * time.Minute)
	b.Submit("Delete the account", "typed", "alicia")
	if !strings.HasPrefix(b.Path, "/portal/confirm") { // c3
		t.Fatalf("deleted without a proof: %s", b.Path)
	}
	b.Submit("Confirm", "password", "secret").Want(200, "Delete alicia?").Submit("Delete the account", "typed", "alicia").Want(200, "was deleted")
	env.Admin().Get("/v3/users/" + user).Want(404)
}

// D5: nobody shuts themselves out, and what a service logs in with is not deleted by the way.
func TestGuards(t *testing.T) {
	env := testenv.New(t)
	mona := manager(env, "mona", "manager")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/users/"+mona).Want(200, "This is you")
	for _, act := range []string{"disable", "delete", "password"} {
		b.Open("/portal/d/default/users/"+mona+"/"+act).Want(403, "your own account")
		b.Send("POST", "/portal/d/default/users/"+mona+"/"+act, url.Values{"csrf": csrf(b)["csrf"], "typed": {"mona"}}).Want(403)
	}
	// S9
	admin := env.Admin()
	nova, project := member(env, "nova", "service")
	role := admin.Get("/v3/roles?name=service").Want(200).Get("roles.0.id")
	admin.Put("/v3/projects/"+project+"/users/"+nova+"/roles/"+role, nil).Want(204)
	b.Open("/portal/d/default/users/"+nova).Want(200, "service account", "This account is protected: it holds the role service on")
	b.Open("/portal/d/default/users/"+nova+"/disable").Want(403, "This account is protected")
	b = env.SignIn("admin", testenv.Password)
	b.Open("/portal/d/default/users/"+nova+"/disable").Want(200, "Type nova", "stops working").Submit("Disable the account").Want(422)
	b.Submit("Disable the account", "typed", "nova").Want(200, "was disabled")
}

// D2: the list is searched, filtered and paged on the server.
func TestUserFilters(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		n := 2
		c.SecurityCompliance.LockoutFailureAttempts = &n
		c.SecurityCompliance.LockoutDuration = time.Hour
	})
	mona := manager(env, "mona", "manager")
	user, _ := member(env, "alice", "acme")
	member(env, "bob", "other")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/users?show=never").Want(200, "alice", "bob")
	if strings.Contains(b.Body, mona) {
		t.Error("who signed in counts as never there")
	}
	for range 2 {
		env.Authenticate(testenv.Body("alice", "wrong")).Want(401)
	}
	b.Open("/portal/d/default/users?show=locked").Want(200, "alice")
	if strings.Contains(b.Text(), "bob") {
		t.Error("bob is not locked")
	}
	b.Open("/portal/d/default/users/"+user+"/unlock").Want(200, "Unlock alice?").Submit("Unlock the account").Want(200, "was unlocked")
	b.Open("/portal/d/default/users?show=locked").Want(200, "Nothing found")
	env.SignIn("alice", "secret")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": false}}`).Want(200)
	b.Open("/portal/d/default/users?show=disabled").Want(200, "alice")
}

// S-122, S1, S2: a member and a stranger try every form, and so does who may only read; each gets what openstack gets.
func TestUsersAreNotForEverybody(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	member(env, "stranger", "other")
	manager(env, "reader", "reader")
	other := env.Admin().Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	theirs := env.Admin().Post("/v3/users", map[string]any{"user": map[string]any{"name": "zoe", "domain_id": other}}).Want(201).Get("user.id")
	at := "/portal/d/default/users/" + user
	forms := []string{"/portal/d/default/users/new", at + "/edit", at + "/disable", at + "/enable", at + "/unlock", at + "/end", at + "/password", at + "/delete"}

	for who, want := range map[string]int{"alice": 404, "stranger": 404, "reader": 403} {
		b := env.SignIn(who, "secret")
		if strings.Contains(b.Body, "Domain Default") != (who == "reader") {
			t.Errorf("%s: the navigation", who)
		}
		sent := csrf(b)
		for _, name := range []string{"name", "password", "typed"} {
			sent.Set(name, "alice")
		}
		for _, path := range forms {
			b.Open(path).Want(want)
			b.Send("POST", path, sent).Want(want)
		}
		if who == "reader" {
			b.Open("/portal/d/default/users").Want(200, "alice")
			if strings.Contains(b.Body, "/users/new") {
				t.Error("a reader is shown what only managers may")
			}
		} else {
			b.Open("/portal/d/default/users").Want(404)
			b.Open(at).Want(404)
		}
	}
	// The manager of one domain is nobody in another, nor can reach into it by an id.
	manager(env, "mona", "manager")
	mona := env.SignIn("mona", "secret")
	mona.Open("/portal/d/" + other + "/users").Want(404)
	mona.Open("/portal/d/default/users/" + theirs).Want(403)
	mona.Send("POST", "/portal/d/default/users/"+theirs+"/disable", csrf(mona)).Want(403)
	// Ending somebody's tokens is for administrators and the person; a rule on the path's user must not take the caller for it.
	mona.Open(at + "/end").Want(403)
	mona.Send("POST", at+"/end", csrf(mona)).Want(403)
	env.SignIn("admin", testenv.Password).Open(at+"/end").Want(200).Submit("End all tokens and sessions").Want(200, "have ended")
}

// D3, O2, O3: the primary project is picked or made with the account; whatever fails, nothing is left.
func TestCreateUserWithProject(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	const at = "/portal/d/default/users/new"
	mona := env.SignIn("mona", "secret")
	mona.Open(at).Submit("Create User", "name", "zoe", "password", "a secret", "project", "shop").Want(422, "There is no project shop")
	mona.Submit("Create User", "name", "zoe", "password", "a secret", "project", "shop", "make", "1").Want(200, "The account was created")
	env.Login("zoe", "a secret", testenv.OnProject("shop"))
	mona.Open(at).Submit("Create User", "name", "yan", "password", "a secret", "project", "shop", "make", "1").Want(422, "There is a project shop in this domain already")
	mona.Open(at).Submit("Create User", "name", "zoe", "password", "a secret", "project", "other", "make", "1").Want(422, "has a user of this name")
	admin := env.Admin()
	made := func(kind, name string) int {
		return len(admin.Get("/v3/" + kind + "?name=" + name).Want(200).List(kind))
	}
	if made("projects", "other") != 0 || made("users", "yan") != 0 {
		t.Error("half of it was made")
	}
	// The same by HTTP; a role that may not be granted leaves neither user nor project.
	login := env.Login("mona", "secret", testenv.OnDefaultDomain)
	login.Post("/v3/lintel/users", `{"user": {"name": "yan", "password": "x", "project": {"name": "yard"}, "create_project": true, "roles": [{"name": "admin"}]}}`).Want(403)
	if made("projects", "yard") != 0 || made("users", "yan") != 0 {
		t.Error("half of it was made")
	}
	got := login.Post("/v3/lintel/users", `{"user": {"name": "yan", "password": "x", "project": {"name": "yard"}, "create_project": true, "roles": [{"name": "member"}]}}`).Want(201)
	if got.Get("user.user.default_project_id") != got.Get("user.project.id") {
		t.Errorf("%s", got.Body)
	}
	login.Post("/v3/lintel/users", `{"user": {"name": "xia", "password": "x", "project": {"name": "yard"}, "create_project": true, "roles": [{"name": "member"}]}}`).Want(409)
}
