package portal_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

var shownLink = regexp.MustCompile(`/portal/invite/[^<"]+`)

// B3, B4: the main user lets somebody into parts of the project's pages. They see these alone, in the menu and by their addresses, get
// no token, and are no API user.
func TestPortalUsers(t *testing.T) {
	env := testenv.New(t)
	_, acme := mainUser(t, env, "ann@acme.example", "acme")
	at := "/portal/p/" + acme
	ann := env.SignIn("ann@acme.example", "secret")
	ann.Open(at+"/contacts").Want(200, "invite a portal user")
	ann.Open(at+"/portal-users").Want(200, "No portal users yet", "Invite a portal user")
	ann.Open(at+"/portal-users/new").Submit("Send the invitation", "addresses", "paula").Want(422, "is not an e-mail address", "Choose at least one area")
	invite := func(b *testenv.Browser, address string, areas ...string) string {
		t.Helper()
		values := []string{"addresses", address}
		for _, a := range areas {
			values = append(values, "area", a)
		}
		b.Open(at+"/portal-users/new").Submit("Send the invitation", values...).Want(200, "Hand these links on")
		return shownLink.FindString(b.Body)
	}
	accept := func(link, name string) *testenv.Browser {
		t.Helper()
		return env.Browser().Open(link).Want(200, "Look after acme").Submit("Accept with a new account", "name", name, "new", "a secret of "+name, "again", "a secret of "+name)
	}
	paula := accept(invite(ann, "paula@acme.example", "contacts", "activity"), "paula").Want(200, "Welcome", "have no role on it")
	ann.Open(at+"/portal-users").Want(200, "paula@acme.example", "Contacts", "Activity")

	// The menu, the pages and the forms are those of the areas.
	menu := regexp.MustCompile(`href="`+at+`(/[a-z-]+)?"`).FindAllStringSubmatch(paula.Open("/portal").Want(200, "acme").Open(at).Body, -1)
	seen := map[string]bool{}
	for _, m := range menu {
		seen[m[1]] = true
	}
	if fmt.Sprint(seen) != "map[:true /activity:true /contacts:true]" {
		t.Errorf("the menu has %v", seen)
	}
	paula.Open(at+"/contacts").Want(200, "No contacts yet")
	paula.Open(at+"/activity").Want(200, "Activity")
	ann.Open(at+"/api-users/new").Submit("Create the API user", "suffix", "ci").Want(200)
	id := env.Admin().Get("/v3/users?name=ann@acme.example_ci").Want(200).Get("users.0.id")
	me := env.Admin().Get("/v3/users?name=paula").Want(200).Get("users.0.id")
	for _, path := range []string{"/people", "/groups", "/invitations", "/invite", "/people/add", "/people/" + me, "/roles", "/permissions", "/settings", "/members", "/leave", "/api-users", "/api-users/new",
		"/api-users/" + id + "/delete", "/credentials", "/portal-users", "/portal-users/new", "/portal-users/" + me, "/portal-users/" + me + "/remove"} {
		if paula.Open(at + path); paula.Status != 404 {
			t.Errorf("paula reads %s: %d", path, paula.Status)
		}
		form := csrf(paula)
		form["area"] = []string{"all"}
		form.Set("addresses", "x@acme.example")
		form.Set("suffix", "x")
		form.Set("role", roleID(env, "member"))
		if paula.Send("POST", at+path, form); paula.Status != 404 && paula.Status != 405 {
			t.Errorf("paula posts to %s: %d", path, paula.Status)
		}
	}

	// B4: no token, no API user.
	r := env.Authenticate(testenv.Body("paula", "a secret of paula")).Want(403)
	if !strings.Contains(r.Message(), "for the portal only") {
		t.Errorf("no reason: %s", r.Message())
	}
	if r := env.Authenticate(testenv.Body("paula", "a secret of paula", testenv.OnProjectID(acme))).Want(403); !strings.Contains(r.Message(), "for the portal only") {
		t.Errorf("no reason on a project: %s", r.Message())
	}
	env.Authenticate(testenv.Body("paula", "wrong", testenv.OnProjectID(acme))).Want(401)
	if ann.Open(at+"/api-users").Want(200, "ann@acme.example_ci"); strings.Contains(ann.Text(), "paula") {
		t.Error("paula is listed as an API user")
	}
	if grants := env.Admin().Get("/v3/role_assignments?user.id=" + me).Want(200).List("role_assignments"); len(grants) != 0 {
		t.Errorf("paula was granted %v", grants)
	}

	// All areas: API users with the roles of the main user, and others let in, no further than oneself.
	petra := accept(invite(ann, "petra@acme.example", "all"), "petra")
	petra.Open(at+"/api-users/new").Submit("Create the API user", "suffix", "backup").Want(200, "petra_backup")
	env.Login("petra_backup", shownSecret.FindStringSubmatch(petra.Body)[1], testenv.OnProjectID(acme))
	petra.Open(at+"/people").Want(200, "ann@acme.example")
	petra.Open(at+"/portal-users").Want(200, "paula", "petra")
	petra.Open(at+"/portal-users/"+me).Submit("Save", "area", "activity").Want(200, "Saved")
	paula.Open(at + "/contacts").Want(404)
	paula.Open(at + "/activity").Want(200)
	petra.Open(at+"/portal-users/"+env.Admin().Get("/v3/users?name=petra").Get("users.0.id")).Submit("Save", "area", "people").Want(422, "for yourself")
	pete := accept(invite(petra, "pete@acme.example", "portal-users", "contacts"), "pete")
	pete.Open(at + "/people").Want(404)
	form := csrf(pete.Open(at + "/portal-users/new"))
	form["area"], form["addresses"] = []string{"api-users"}, []string{"mine@acme.example"}
	if pete.Send("POST", at+"/portal-users/new", form); pete.Status != 403 {
		t.Errorf("pete lets others in where he may not go: %d", pete.Status)
	}
	pete.Open(at+"/portal-users/"+me).Submit("Save", "area", "contacts").Want(422, "may not enter it yourself")

	// What was offered counts as long as who offered it may.
	late := invite(pete, "late@acme.example", "contacts")
	ann.Open(at+"/portal-users/"+env.Admin().Get("/v3/users?name=pete").Get("users.0.id")+"/remove").Want(200, "Remove pete?").Submit("Remove the portal user").Want(200, "Deleted")
	pete.Open(at).Want(404)
	env.Browser().Open(late).Want(200, "cannot be accepted at present")
	gone := invite(ann, "gone@acme.example", "contacts")
	ann.Open(at+"/portal-users").Want(200, "gone@acme.example")
	ann.Open(at+"/invitations").Want(200, "gone@acme.example", "Contacts")
	follow(t, ann.Open(at+"/portal-users"), "Withdraw gone@acme.example").Submit("Withdraw the invitation").Want(200, "withdrawn")
	env.Browser().Open(gone).Want(200, "was withdrawn")

	// Who looks after nothing here lets nobody in.
	_, umbrella := mainUser(t, env, "bo@umbrella.example", "umbrella")
	bo := env.SignIn("bo@umbrella.example", "secret")
	for _, path := range []string{"/portal-users", "/portal-users/new", "/portal-users/" + me} {
		bo.Open(at + path).Want(404)
		form := csrf(bo)
		form["area"], form["addresses"] = []string{"all"}, []string{"bo@umbrella.example"}
		if bo.Send("POST", at+path, form); bo.Status != 404 && bo.Status != 405 {
			t.Errorf("bo posts to %s: %d", path, bo.Status)
		}
	}
	member(env, "mel", "others")
	env.Admin().Put("/v3/projects/"+umbrella+"/users/"+env.Admin().Get("/v3/users?name=mel").Get("users.0.id")+"/roles/"+roleID(env, "member"), nil).Want(204)
	mel := env.SignIn("mel", "secret")
	mel.Open("/portal/p/" + umbrella + "/portal-users").Want(403)
	mel.Open("/portal/p/" + umbrella + "/contacts").Want(403)
	env.Admin().Patch("/v3/projects/"+acme, `{"project": {"enabled": false}}`).Want(200)
	petra.Open(at + "/people").Want(404)
}

// Whoever makes API users in the main user's stead is as far above others as the main user is there: a domain manager, who may change
// other passwords, takes over no such account of a project whose main user is an administrator.
func TestPortalUsersAreShielded(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	main, acme := mainUser(t, env, "ann@acme.example", "acme")
	admin.Put("/v3/projects/"+acme+"/users/"+main+"/roles/"+roleID(env, "admin"), nil).Want(204)
	manager(env, "mona", "manager")
	mona := env.Login("mona", "secret", testenv.OnDomainID("default"))
	for area, want := range map[identity.Area]int{identity.AreaActivity: 200, identity.AreaAPIUsers: 403} {
		id := admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": string(area), "password": "secret"}}).Want(201).Get("user.id")
		err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutPortalUser(t.Context(), identity.PortalUser{UserID: identity.UserID(id), ProjectID: identity.ProjectID(acme), Areas: []identity.Area{identity.AreaContacts, area}})
		})
		if err != nil {
			t.Fatal(err)
		}
		mona.Patch("/v3/users/"+id, `{"user": {"password": "another"}}`).Want(want)
	}
}

// B3, M1: a mail that invites to areas says that it is to these, and speaks of no work on the project.
func TestMailForAreas(t *testing.T) {
	env, box, _, acme := cloudWithMail(t)
	env.Admin().Post("/v3/lintel/invitations", map[string]any{"invitations": map[string]any{"addresses": []string{"pia@acme.example"}, "project": map[string]any{"id": acme}, "areas": []string{"contacts"}}}).Want(201)
	env.Deliver()
	if text := box.Last("pia@acme.example").Text; !strings.Contains(text, "look after parts of the project acme") || !strings.Contains(text, "look after there: contacts") || strings.Contains(text, "to work on") {
		t.Error(text)
	}
}
