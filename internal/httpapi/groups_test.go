package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

func TestGroupFromCreateToDelete(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	created := admin.Post("/v3/groups", `{"group": {"name": " sailors ", "a-b": 1, "options": {"x": 1}, "id": "mine", "extra": 5}}`).Want(201)
	id := created.Get("group.id")
	want := object{
		"id": id, "name": "sailors", "domain_id": "default", "description": "", "a_b": 1.0, "options": object{"x": 1.0},
		"links": object{"self": "http://identity.example/v3/groups/" + id},
	}
	if diff := cmp.Diff(object{"group": want}, created.JSON()); diff != "" || id == "mine" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	want["description"], want["a_b"], want["name"] = nil, nil, "pilots"
	changed := admin.Patch("/v3/groups/"+id, `{"group": {"description": null, "a_b": null, "name": "pilots", "id": null}}`).Want(200)
	if diff := cmp.Diff(object{"group": want}, changed.JSON()); diff != "" {
		t.Errorf("changed, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(changed.JSON(), admin.Get("/v3/groups/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -changed +shown:\n%s", diff)
	}
	if got := admin.Get("/v3/groups?name=pilots&domain_id=default").Want(200).Texts("groups", "id"); !cmp.Equal(got, []string{id}) {
		t.Errorf("the list has %v, want %s", got, id)
	}
	admin.Delete("/v3/groups/" + id).Want(204)
	admin.Get("/v3/groups/" + id).Want(404)
}

func TestGroupRefusals(t *testing.T) {
	admin := testenv.New(t).Admin()
	id := admin.Post("/v3/groups", `{"group": {"name": "sailors"}}`).Want(201).Get("group.id")
	admin.Post("/v3/groups", `{"group": {"name": "pilots"}}`).Want(201)
	bob := createUser(admin, "bob", "secret")
	long := strings.Repeat("x", 65)
	tooLong := "String length exceeded. The length of string '" + long + "' exceeds the limit of column name(CHAR(64))."
	for _, tt := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v3/groups", `{"group": {"name": "sailors"}}`, 409, "Conflict occurred attempting to store group - Duplicate entry found with name sailors at domain ID default."},
		{"POST", "/v3/groups", `{"group": {"name": "x", "domain_id": "none"}}`, 404, "Could not find domain: none."},
		{"POST", "/v3/groups", `{"group": {"name": "` + long + `"}}`, 400, tooLong},
		{"PATCH", "/v3/groups/" + id, `{"group": {"name": "` + long + `"}}`, 400, tooLong},
		{"PATCH", "/v3/groups/" + id, `{"group": {"name": "pilots"}}`, 409, "Conflict occurred attempting to store group - Duplicate entry found with name pilots."},
		{"PATCH", "/v3/groups/" + id, `{"group": {"id": "x"}}`, 400, "Cannot change ID"},
		{"PATCH", "/v3/groups/" + id, `{"group": {"domain_id": "x"}}`, 400, "Cannot change Domain ID"}, // S-071
		{"PATCH", "/v3/groups/" + id, `{"group": {"domain_id": null}}`, 400, "Cannot change Domain ID"},
		{"PATCH", "/v3/groups/none", `{"group": {"name": "x"}}`, 404, "Could not find group: none."},
		{"DELETE", "/v3/groups/none", "", 404, "Could not find group: none."},
		{"GET", "/v3/groups/none/users", "", 404, "Could not find group: none."},
		// S-072
		{"PUT", "/v3/groups/" + bob + "/users/" + id, "", 404, "Could not find group: " + bob + "."},
		{"PUT", "/v3/groups/" + id + "/users/" + id, "", 404, "Could not find user: " + id + "."},
		{"PUT", "/v3/groups/" + id + "/users/none", "", 404, "Could not find user: none."},
		{"PUT", "/v3/groups/none/users/none", "", 404, "Could not find group: none."},
		{"GET", "/v3/groups/" + id + "/users/" + bob, "", 404, "User '" + bob + "' not found in group '" + id + "'"},
		{"DELETE", "/v3/groups/" + id + "/users/" + bob, "", 404, "User '" + bob + "' not found in group '" + id + "'"}, // S-073
	} {
		r := admin.Do(tt.method, tt.path, tt.body)
		if r.Status != tt.status || r.Message() != tt.message {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", tt.method, tt.path, tt.body, r.Status, r.Message(), tt.status, tt.message)
		}
	}
	if got := admin.Get("/v3/groups/" + id + "/users").Want(200).List("users"); len(got) != 0 {
		t.Errorf("the group has members after refusals: %v", got)
	}
}

func TestMembership(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "sailors"}}`).Want(201).Get("group.id")
	id := createUser(admin, "bob", "secret")
	al := createUser(admin, "al", "secret")
	for range 2 {
		admin.Put("/v3/groups/"+group+"/users/"+id, nil).Want(204)
	}
	admin.Put("/v3/groups/"+group+"/users/"+al, nil).Want(204)
	admin.Head("/v3/groups/" + group + "/users/" + id).Want(204)
	admin.Get("/v3/groups/" + group + "/users/" + id).Want(204)
	if got := asSet(admin.Get("/v3/groups/"+group+"/users").Want(200).Texts("users", "name")); !cmp.Equal(got, asSet([]string{"al", "bob"})) {
		t.Errorf("members: %v", got)
	}
	if got := admin.Get("/v3/groups/"+group+"/users?name__startswith=a").Want(200).Texts("users", "name"); !cmp.Equal(got, []string{"al"}) {
		t.Errorf("members from a: %v", got)
	}

	bob := env.Login("bob", "secret")
	groups := bob.Get("/v3/users/" + id + "/groups").Want(200)
	want := object{
		"groups": []any{object{
			"id": group, "name": "sailors", "domain_id": "default", "description": "", "membership_expires_at": nil,
			"links": object{"self": "http://identity.example/v3/groups/" + group},
		}},
		"links": object{"self": "http://identity.example/v3/users/" + id + "/groups", "previous": nil, "next": nil},
	}
	if diff := cmp.Diff(want, groups.JSON()); diff != "" {
		t.Errorf("bob's groups, -want +got:\n%s", diff)
	}
	bob.Get("/v3/groups/" + group + "/users").Want(403)
	bob.Put("/v3/groups/"+group+"/users/"+id, nil).Want(403)

	env.Clock.Advance(5 * time.Second)
	admin.Delete("/v3/groups/" + group + "/users/" + id).Want(204)
	admin.Validate(bob.Token).Want(404)
	admin.Get("/v3/groups/" + group + "/users/" + id).Want(404)
	admin.Get("/v3/groups/" + group + "/users/" + al).Want(204)
}

// Ids of domains, in the form that tokens need.
const (
	north = "00000000000040008000000000000001"
	south = "00000000000040008000000000000002"
)

// inDomain makes a domain and logs somebody in on it who has the role there.
func inDomain(t *testing.T, env *testenv.Env, role, domain string) *testenv.Actor {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		r, err := tx.RoleByName(t.Context(), "", role)
		if err != nil {
			return err
		}
		id := identity.DomainID(domain)
		if err := tx.InsertDomain(t.Context(), identity.Domain{ID: id, Name: domain, Enabled: true}); err != nil {
			return err
		}
		u, err := tx.UserByName(t.Context(), "default", role+" of "+domain)
		if err != nil {
			return err
		}
		return tx.PutGrant(t.Context(), identity.Grant{Role: r.ID, User: u.ID, Domain: id})
	})
	if err != nil {
		t.Fatal(err)
	}
	return env.Login(role+" of "+domain, "secret", testenv.OnDomainID(domain))
}

// S-068, S-069, S-070
func TestManagerStaysInTheDomain(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	createUser(admin, "manager of "+north, "secret")
	createUser(admin, "reader of "+south, "secret")
	manager, reader := inDomain(t, env, "manager", north), inDomain(t, env, "reader", south)

	// A new user without a domain belongs to the caller's, but the policy asks about the domain that was sent.
	manager.Post("/v3/users", `{"user": {"name": "x", "password": "secret"}}`).Want(403)
	mine := manager.Post("/v3/users", `{"user": {"name": "nora", "domain_id": "`+north+`", "password": "secret"}}`).Want(201).Get("user.id")
	group := manager.Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "`+north+`"}}`).Want(201).Get("group.id")
	manager.Patch("/v3/users/"+mine, `{"user": {"email": "n@example.org"}}`).Want(200)
	manager.Put("/v3/groups/"+group+"/users/"+mine, nil).Want(204)
	manager.Get("/v3/groups/" + group + "/users/" + mine).Want(204)

	theirs := admin.Post("/v3/users", `{"user": {"name": "sam", "domain_id": "`+south+`"}}`).Want(201).Get("user.id")
	other := admin.Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "`+south+`"}}`).Want(201).Get("group.id")
	reader.Get("/v3/users/" + theirs).Want(200)
	reader.Patch("/v3/users/"+theirs, `{"user": {"name": "x"}}`).Want(403)
	for _, id := range []string{theirs, "none"} {
		for _, call := range []struct{ method, path, body string }{
			{"GET", "/v3/users/" + id, ""},
			{"PATCH", "/v3/users/" + id, `{"user": {"enabled": false}}`},
			{"PATCH", "/v3/users/" + id, `{"user": {"domain_id": "` + north + `"}}`},
			{"DELETE", "/v3/users/" + id, ""},
			{"GET", "/v3/users/" + id + "/groups", ""},
			{"DELETE", "/v3/users/" + id + "/tokens", ""},
			{"PUT", "/v3/groups/" + group + "/users/" + id, ""},
		} {
			manager.Do(call.method, call.path, call.body).Want(403)
		}
	}
	for _, id := range []string{other, "none"} {
		for _, call := range []struct{ method, path, body string }{
			{"GET", "/v3/groups/" + id, ""},
			{"PATCH", "/v3/groups/" + id, `{"group": {"name": "x"}}`},
			{"DELETE", "/v3/groups/" + id, ""},
			{"GET", "/v3/groups/" + id + "/users", ""},
			{"PUT", "/v3/groups/" + id + "/users/" + mine, ""},
			{"DELETE", "/v3/groups/" + id + "/users/" + mine, ""},
		} {
			manager.Do(call.method, call.path, call.body).Want(403)
		}
	}
	for _, domain := range []string{south, "default", "none"} {
		manager.Post("/v3/users", object{"user": object{"name": "x", "domain_id": domain}}).Want(403)
		manager.Post("/v3/users", `{"user": {"name": "x", "domain_id": "`+north+`", "domain-id": "`+domain+`"}}`).Want(403) // S-067
		manager.Post("/v3/groups", object{"group": object{"name": "x", "domain:id": domain}}).Want(403)
	}

	for query, want := range map[string][]string{"": {"nora"}, "?domain_id=" + south: {}, "?name=sam": {}, "?name__icontains=a": {"nora"}, "?limit=5": {"nora"}} {
		r := manager.Get("/v3/users" + query).Want(200)
		if got := r.Texts("users", "name"); !cmp.Equal(asSet(got), asSet(want)) || r.Value("truncated") != nil || r.Value("links.next") != nil {
			t.Errorf("users%s as the manager of north: %s, want %v and no more", query, r.Body, want)
		}
	}
	if got := manager.Get("/v3/groups").Want(200).Texts("groups", "id"); !cmp.Equal(got, []string{group}) {
		t.Errorf("groups as the manager of north: %v, want %s", got, group)
	}
	manager.Delete("/v3/users/" + mine).Want(204)
	manager.Delete("/v3/groups/" + group).Want(204)
}
