package portal_test

import (
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A12: services, endpoints, regions and endpoint groups are made, changed and deleted, by what that means.
func TestCatalogPages(t *testing.T) {
	env := testenv.New(t)
	const at = "/portal/cloud/catalog"
	b := env.SignIn("admin", testenv.Password).Open(at).Want(200, "Catalog", "identity")
	b.Open(at+"/services/new").Submit("Create a service", "type", "").Want(422, "This is needed")
	b.Submit("Create a service", "type", "image", "name", "glance", "description", "pictures").Want(200, "Saved", "glance", "pictures")
	id := env.Admin().Get("/v3/services?type=image").Get("services.0.id")
	b.Open(at+"/regions/new").Submit("Create a region", "id", "North").Want(200, "North")
	b.Open(at+"/regions/new").Submit("Create a region", "id", "North").Want(422, "Duplicate ID")
	b.Open(at+"/endpoints/new").Submit("Create an endpoint", "service", id, "url", "http://glance.example:9292", "region", "Nowhere").Want(422)
	if !strings.Contains(b.Body, `value="http://glance.example:9292"`) {
		t.Error("what was typed is lost")
	}
	b.Submit("Create an endpoint", "service", id, "interface", "internal", "url", "http://glance.example:9292", "region", "North").Want(200, "glance", "internal", "North")
	endpoint := env.Admin().Get("/v3/endpoints?service_id=" + id).Get("endpoints.0.id")
	b.Open(at+"/endpoints/"+endpoint+"/edit").Submit("Save", "url", "https://glance.example", "enabled", "no").Want(200, "https://glance.example", "disabled")
	b.Open(at+"/groups/new").Submit("Create an endpoint group", "name", "pictures").Want(422, "Choose a service")
	b.Submit("Create an endpoint group", "name", "pictures", "service", id).Want(200, "pictures", "glance")
	b.Open(at+"/regions/North/delete").Want(200, "refused while an endpoint stands").Submit("Delete it", "typed", "North").Want(422, "associated endpoints")
	b.Open(at+"/services/"+id+"/delete").Want(200, "1 endpoint of it is deleted").Submit("Delete it", "typed", "image").Want(422, "Type glance")
	b.Submit("Delete it", "typed", "glance").Want(200, "Deleted")
	b.Open(at+"/regions/North/delete").Submit("Delete it", "typed", "North").Want(200, "Deleted")
	b.Open(at + "/nothing").Want(404)

	// S-122: who may only read sees it and changes nothing; others see nothing.
	reader := manager(env, "reader", "reader")
	env.Admin().Put("/v3/system/users/"+reader+"/roles/"+env.Admin().Get("/v3/roles?name=reader").Get("roles.0.id"), nil).Want(204)
	manager(env, "mona", "manager")
	keystone := env.Admin().Get("/v3/services?type=identity").Get("services.0.id")
	for who, want := range map[string]int{"reader": 403, "mona": 404} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		sent.Set("typed", "keystone")
		sent.Set("type", "compute")
		for _, path := range []string{"/services/new", "/services/" + keystone + "/edit", "/services/" + keystone + "/delete"} {
			b.Open(at + path).Want(want)
			b.Send("POST", at+path, sent).Want(want)
		}
		if who == "reader" {
			b.Open(at).Want(200, "identity")
		} else {
			b.Open(at).Want(404)
		}
	}
}

// D5: somebody who forgot the password gets a link: by mail, or shown once where none can be sent. It works once.
func TestSendReset(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	user, _ := member(env, "alice", "acme")
	at := "/portal/d/default/users/" + user
	b := env.SignIn("mona", "secret").Open(at+"/reset").Want(200, "no mail can be sent").Submit("Make the link").Want(200, "shown this once")
	_, link, _ := strings.Cut(b.Body, `id="secret">`)
	link, _, _ = strings.Cut(link, "<")
	path := link[strings.Index(link, "/portal"):]
	env.Login("alice", "secret")
	alice := env.Browser().Open(path).Want(200)
	alice.Submit("Set the password", "new", "another one", "again", "another one").Want(200)
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	env.Login("alice", "another one")
	env.Browser().Open(path).Want(200, "does not work any more")
	// S-122
	for who, want := range map[string]int{"alice": 404} {
		b := env.SignIn(who, "another one")
		b.Open(at + "/reset").Want(want)
		b.Send("POST", at+"/reset", csrf(b)).Want(want)
	}
}
