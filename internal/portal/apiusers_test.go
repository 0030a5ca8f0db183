package portal_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

var shownSecret = regexp.MustCompile(`id="secret">([^<]+)<`)

// mainUser makes somebody the main user of a project, with an address for a name, in the portal alone.
func mainUser(t *testing.T, env *testenv.Env, name, project string) (id, projectID string) {
	t.Helper()
	id, projectID = member(env, name, project)
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		u, err := tx.User(t.Context(), identity.UserID(id))
		if err != nil {
			return err
		}
		if err := tx.SetSurface(t.Context(), u, identity.Surface{NoAPI: true}); err != nil {
			return err
		}
		return tx.SetMainUser(t.Context(), identity.ProjectID(projectID), u.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, projectID
}

// B8, B9, B10, B11, J5: the main user makes an API user, which works at once, and only where it should.
func TestAPIUsers(t *testing.T) {
	env := testenv.New(t)
	_, acme := mainUser(t, env, "ann@acme.example", "acme")
	_, umbrella := mainUser(t, env, "bo@umbrella.example", "umbrella")
	at := "/portal/p/" + acme + "/api-users"
	ann := env.SignIn("ann@acme.example", "secret")
	ann.Open("/portal/p/"+acme).Want(200, "API users")
	ann.Open(at).Want(200, "No API user yet", "Create an API user")
	ann.Open(at+"/new").Want(200, "ann@acme.example_", "What it permits")
	if _, form := ann.Form("Create the API user"); len(form["prefix"]) > 0 {
		t.Error("the prefix is sent by the form")
	}
	ann.Submit("Create the API user", "suffix", "", "role", "").Want(422, "Say what it is for")
	ann.Submit("Create the API user", "suffix", "c i", "role", roleID(env, "member")).Want(422, "letters, digits")
	ann.Submit("Create the API user", "suffix", "ci", "description", "builds").Want(200, "ann@acme.example_ci", "shown this once")
	if ann.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page may be kept")
	}
	pw := shownSecret.FindStringSubmatch(ann.Body)[1]
	ann.Open(at).Want(200, "ann@acme.example_ci", "builds", "member")
	if strings.Contains(ann.Body, pw) {
		t.Error("the password is shown again")
	}
	ann.Open(at+"/new").Submit("Create the API user", "suffix", "ci").Want(422, "one of this name already")

	ci := env.Login("ann@acme.example_ci", pw, testenv.OnProjectID(acme))
	id := ci.Validate(ci.Token).Get("token.user.id")
	if name := env.Admin().Get("/v3/users/" + id).Want(200).Get("user.name"); name != "ann@acme.example_ci" {
		t.Errorf("it is called %s", name)
	}
	env.Authenticate(testenv.Body("ann@acme.example_ci", pw, testenv.OnProjectID(umbrella))).Want(401)
	env.Browser().Open("/portal/login").Submit("Sign in", "name", "ann@acme.example_ci", "password", pw).Want(403, "This is an API user")
	ci.Post("/v3/lintel/projects/"+acme+"/api_users", `{"api_user": {"name": "more", "roles": [{"name": "member"}]}}`).Want(403)

	bo := env.SignIn("bo@umbrella.example", "secret")
	bo.Open("/portal/p/"+umbrella+"/api-users/new").Submit("Create the API user", "suffix", "ci").Want(200, "bo@umbrella.example_ci")

	// It rests for a while.
	ann.Open(at+"/"+id+"/enabled").Want(200, "Disable ann@acme.example_ci?").Submit("Disable the API user").Want(200, "is disabled", "Enable")
	env.Authenticate(testenv.Body("ann@acme.example_ci", pw)).Want(401)
	env.Admin().Validate(ci.Token).Want(404)
	ann.Open(at+"/"+id+"/enabled").Submit("Enable the API user").Want(200, "The API user is enabled")
	env.Login("ann@acme.example_ci", pw, testenv.OnProjectID(acme))

	// S-122: others try every form of it, and roles that are not theirs to give.
	member(env, "mel", "other")
	admin := env.Admin()
	mel := admin.Get("/v3/users?name=mel").Want(200).Get("users.0.id")
	admin.Put("/v3/projects/"+acme+"/users/"+mel+"/roles/"+roleID(env, "member"), nil).Want(204)
	for _, name := range []string{"mel", "bo@umbrella.example"} {
		b := env.SignIn(name, "secret")
		for _, path := range []string{at, at + "/new", at + "/" + id + "/password", at + "/" + id + "/delete"} {
			if b.Open(path); b.Status != 403 && b.Status != 404 {
				t.Errorf("%s reads %s: %d", name, path, b.Status)
			}
			if path != at {
				form := csrf(b)
				form.Set("suffix", "x")
				form.Set("role", roleID(env, "member"))
				if b.Send("POST", path, form); b.Status != 403 && b.Status != 404 {
					t.Errorf("%s posts to %s: %d", name, path, b.Status)
				}
			}
		}
	}
	env.Login("mel", "secret", testenv.OnProjectID(acme)).Get("/v3/lintel/projects/" + acme + "/api_users").Want(403)
	form := csrf(ann)
	form.Set("suffix", "root")
	form["role"] = []string{roleID(env, "admin")}
	ann.Send("POST", at+"/new", form).Want(422, "You may not give the role")
	if found := admin.Get("/v3/users?name=ann@acme.example_root").Want(200).List("users"); len(found) != 0 {
		t.Error("half of an API user was made")
	}

	// A new password ends the old one; what was given more than its maker may give is out of reach.
	ann.Open(at+"/"+id+"/password").Submit("Set the password").Want(200, "shown this once")
	again := shownSecret.FindStringSubmatch(ann.Body)[1]
	env.Authenticate(testenv.Body("ann@acme.example_ci", pw)).Want(401)
	env.Login("ann@acme.example_ci", again, testenv.OnProjectID(acme))
	granted := "/v3/projects/" + umbrella + "/users/" + id + "/roles/" + roleID(env, "member")
	admin.Put(granted, nil).Want(204)
	ann.Open(at+"/"+id+"/password").Submit("Set the password").Want(422, "more than you may give")
	ann.Open(at+"/"+id+"/delete").Submit("Delete the API user").Want(422, "more than you may give")
	admin.Delete(granted).Want(204)
	ann.Open(at+"/"+id+"/delete").Submit("Delete the API user").Want(200, "Deleted")
	env.Authenticate(testenv.Body("ann@acme.example_ci", again)).Want(401)
}

// J5: the call that does the same, for who may grant on the project.
func TestAPIUsersByCalls(t *testing.T) {
	env := testenv.New(t)
	_, acme := member(env, "alice", "acme")
	admin := env.Admin()
	at := "/v3/lintel/projects/" + acme + "/api_users"
	made := admin.Post(at, `{"api_user": {"name": "ci", "description": "builds", "roles": [{"name": "member"}]}}`).Want(201)
	if made.Get("api_user.name") != "admin_ci" {
		t.Errorf("it is called %s", made.Get("api_user.name"))
	}
	id := made.Get("api_user.id")
	env.Login("admin_ci", made.Get("api_user.password"), testenv.OnProjectID(acme))
	list := admin.Get(at).Want(200)
	if list.Get("api_users.0.id") != id || list.Get("api_users.0.owner") != "admin" || list.Get("api_users.0.roles.0.name") != "member" || strings.Contains(list.Body, "password") {
		t.Errorf("listed as %s", list.Body)
	}
	admin.Post(at, `{"api_user": {"name": "ci", "roles": [{"name": "member"}]}}`).Want(409)
	admin.Post(at, `{"api_user": {"name": "../ci", "roles": [{"name": "member"}]}}`).Want(400)
	admin.Post(at, `{"api_user": {"name": "ci2", "roles": []}}`).Want(400)
	admin.Post(at, `{"api_user": {"name": "ci2", "roles": [{"name": "none"}]}}`).Want(404)
	again := admin.Post(at+"/"+id+"/password", `{"api_user": {}}`).Want(200).Get("api_user.password")
	env.Login("admin_ci", again)
	admin.Put("/v3/lintel/users/"+id+"/surface", `{"surface": {"kind": "api", "portal_login": true, "api_login": true}}`).Want(400)
	surface := admin.Put("/v3/lintel/users/"+id+"/surface", `{"surface": {"kind": "person", "portal_login": true, "api_login": true}}`).Want(200)
	if surface.Get("surface.kind") != "person" {
		t.Errorf("got %s", surface.Body)
	}
	admin.Delete(at + "/" + id).Want(403) // it is no API user any more
	admin.Put("/v3/lintel/users/"+id+"/surface", `{"surface": {"kind": "api", "portal_login": false, "api_login": true}}`).Want(200)
	admin.Delete(at + "/" + id).Want(204)
	admin.Delete(at + "/" + id).Want(404)
	stranger, _ := member(env, "mel", "other")
	mel := env.Login("mel", "secret", testenv.OnProject("other"))
	mel.Get(at).Want(403)
	mel.Post(at, `{"api_user": {"name": "x", "roles": [{"name": "member"}]}}`).Want(403)
	mel.Put("/v3/lintel/users/"+stranger+"/surface", `{"surface": {"kind": "service", "portal_login": true, "api_login": true}}`).Want(403)
}
