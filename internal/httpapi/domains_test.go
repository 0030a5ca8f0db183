package httpapi_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

func TestDomainFromCreateToDelete(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	const id = "0123456789abcdef0123456789abcdef"
	created := admin.Post("/v3/domains", `{"domain": {"name": " acme ", "explicit_domain_id": "`+id+`", "description": "d", "colour": "blue",
		"tags": ["b", "a"], "is_domain": false, "parent_id": "x", "options": {}}}`).Want(201)
	domain := object{
		"id": id, "name": "acme", "description": "d", "enabled": true, "tags": []any{"b", "a"}, "options": object{}, "colour": "blue",
		"links": object{"self": "http://identity.example/v3/domains/" + id},
	}
	if diff := cmp.Diff(object{"domain": domain}, created.JSON()); diff != "" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	domain["tags"] = []any{"a", "b"}
	if diff := cmp.Diff(object{"domain": domain}, admin.Get("/v3/domains/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -want +got:\n%s", diff)
	}
	asProject := maps.Clone(domain)
	maps.Copy(asProject, object{
		"domain_id": nil, "parent_id": nil, "is_domain": true, "links": object{"self": "http://identity.example/v3/projects/" + id},
	})
	if diff := cmp.Diff(object{"project": asProject}, admin.Get("/v3/projects/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("as a project, -want +got:\n%s", diff)
	}
	changed := admin.Patch("/v3/domains/"+id, `{"domain": {"name": "umbra", "description": null, "enabled": false, "size": 1, "id": "x",
		"domain_id": "x", "parent_id": "x", "is_domain": false, "tags": [], "options": {"immutable": true}}}`).Want(200)
	maps.Copy(domain, object{
		"name": "umbra", "description": nil, "enabled": false, "size": 1.0, "tags": []any{}, "options": object{"immutable": true},
	})
	if diff := cmp.Diff(object{"domain": domain}, changed.JSON()); diff != "" {
		t.Errorf("changed, -want +got:\n%s", diff)
	}
	frozen := "Unable to update immutable domain resource: `" + id + `. Set resource option "immutable" to false first.`
	for _, body := range []string{`{"name": "x"}`, `{"options": {"immutable": null}, "size": 2}`} {
		if got := admin.Patch("/v3/domains/"+id, `{"domain": `+body+`}`).Want(403).Message(); got != frozen {
			t.Errorf("changing an immutable domain by %s: %s\nwant %s", body, got, frozen)
		}
	}
	if got, want := admin.Delete("/v3/domains/"+id).Want(403).Message(), strings.Replace(frozen, "update", "delete", 1); got != want {
		t.Errorf("deleting it: %s\nwant %s", got, want)
	}
	admin.Patch("/v3/domains/"+id, `{"domain": {"options": {"immutable": null}}}`).Want(200)
	admin.Delete("/v3/domains/" + id).Want(204)
	if got, want := admin.Get("/v3/domains/"+id).Want(404).Message(), "Could not find domain: "+id+"."; got != want {
		t.Errorf("after the delete: %q, want %q", got, want)
	}
}

// S-076, S-167
func TestDomainRefusals(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	acme := createDomain(admin, "acme")
	web := createProject(admin, acme, acme, "web")
	admin.Post("/v3/domains", `{"domain": {"name": "mine", "explicit_domain_id": "0123456789abcdef0123456789abcdef"}}`).Want(201)
	for _, tt := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "", `{}`, 400, "'domain' is a required property"},
		{"POST", "", `{"domain": {"name": "ACME"}}`, 409, "Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: ACME."},
		{"POST", "", `{"domain": {"name": "FEDERATED"}}`, 400, "Domain cannot be named FEDERATED"},
		{"POST", "", `{"domain": {"name": "x", "explicit_domain_id": "0123456789ABCDEF0123456789abcdef"}}`, 400, "Domain ID does not conform to required UUID format."},
		{"POST", "", `{"domain": {"name": "x", "explicit_domain_id": "0123456789abcdef0123456789abcdef"}}`, 409, "Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: x."},
		{"PATCH", "/" + acme, `{"domain": {"name": "Federated"}}`, 400, "Domain cannot be named Federated"},
		{"PATCH", "/" + acme, `{"domain": {"name": "DEFAULT"}}`, 409, "Conflict occurred attempting to store project - it is not permitted to have two projects acting as domains with the same name: DEFAULT."},
		{"PATCH", "/" + acme, `{"domain": {"name": "Acme"}}`, 200, ""},
		{"PATCH", "/" + web, `{"domain": {"name": "x"}}`, 404, "Could not find domain: " + web + "."},
		{"GET", "/" + web, "", 404, "Could not find domain: " + web + "."},
		{"DELETE", "/" + web, "", 404, "Could not find domain: " + web + "."},
		{"DELETE", "/none", "", 404, "Could not find domain: none."},
		{"DELETE", "/" + acme, "", 403, "Cannot delete a domain that is enabled, please disable it first."},
		{"GET", "?enabled__contains=t", "", 400, "argument of type 'bool' is not iterable"},
		{"GET", "?marker=none", "", 404, "Marker none could not be found."},
	} {
		r := admin.Do(tt.method, "/v3/domains"+tt.path, tt.body)
		if r.Status != tt.status || tt.message != "" && r.Message() != tt.message {
			t.Errorf("%s %s %s: got %d %s\nwant %d %s", tt.method, tt.path, tt.body, r.Status, r.Body, tt.status, tt.message)
		}
	}
}

// S-076
func TestDomainIsDeletedWithAllThatIsInIt(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	acme := createDomain(admin, "acme")
	web := createProject(admin, acme, acme, "web")
	shop := createProject(admin, acme, web, "shop")
	ann := admin.Post("/v3/users", object{"user": object{"name": "ann", "domain_id": acme, "password": "secret"}}).Want(201).Get("user.id")
	crew := admin.Post("/v3/groups", object{"group": object{"name": "crew", "domain_id": acme}}).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+crew+"/users/"+ann, nil).Want(204)
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertRole(t.Context(), identity.Role{
			ID: "local", Name: "local", DomainID: identity.DomainID(acme), Options: identity.Options{identity.OptImmutable: true},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	admin.Patch("/v3/domains/"+acme, `{"domain": {"enabled": false}}`).Want(200)

	// What is immutable keeps its domain, and all that is in it.
	admin.Patch("/v3/projects/"+shop, `{"project": {"options": {"immutable": true}}}`).Want(200)
	want := "Unable to delete immutable project resource: `" + shop + `. Set resource option "immutable" to false first.`
	if got := admin.Delete("/v3/domains/" + acme).Want(403).Message(); got != want {
		t.Errorf("with an immutable project: %s\nwant %s", got, want)
	}
	admin.Patch("/v3/projects/"+shop, `{"project": {"options": {"immutable": null}}}`).Want(200)
	want = "Unable to delete immutable role resource: `local" + `. Set resource option "immutable" to false first.`
	if got := admin.Delete("/v3/projects/" + acme).Want(403).Message(); got != want {
		t.Errorf("with an immutable role: %s\nwant %s", got, want)
	}
	for _, path := range []string{"/v3/projects/" + shop, "/v3/users/" + ann, "/v3/groups/" + crew + "/users/" + ann} {
		if r := admin.Get(path); r.Status >= 300 {
			t.Errorf("after the refusals GET %s: %d", path, r.Status)
		}
	}
	err = env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		return tx.DeleteDomain(t.Context(), identity.DomainID(acme)) // the store itself asks no questions
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v3/domains/" + acme, "/v3/projects/" + web, "/v3/projects/" + shop, "/v3/users/" + ann, "/v3/groups/" + crew} {
		admin.Get(path).Want(404)
	}

	// The default domain stays, also when it is disabled by somebody who can still log in.
	boss := admin.Post("/v3/users", object{"user": object{"name": "boss", "domain_id": createDomain(admin, "umbra"), "password": "secret"}}).Want(201).Get("user.id")
	grant(t, env, boss, "admin", identity.Grant{System: true})
	system := env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + boss + `", "password": "secret"}}},
		"scope": {"system": {"all": true}}}}`).Want(201).Actor()
	system.Patch("/v3/domains/default", `{"domain": {"enabled": false}}`).Want(200)
	if got, want := system.Delete("/v3/domains/default").Want(403).Message(), "Cannot delete the default domain."; got != want {
		t.Errorf("deleting the default domain: %s, want %s", got, want)
	}
}

// A domain's change may name any id, which counts for nothing, but none that no column holds.
func TestIDOfDomainInChange(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	id := admin.Post("/v3/domains", `{"domain": {"name": "acme"}}`).Want(201).Get("domain.id")
	for sent, want := range map[string]int{"other": 200, strings.Repeat("x", 64): 200, strings.Repeat("x", 65): 400} {
		admin.Patch("/v3/domains/"+id, map[string]any{"domain": map[string]any{"id": sent}}).Want(want)
	}
	admin.Get("/v3/domains/" + id).Want(200)
}
