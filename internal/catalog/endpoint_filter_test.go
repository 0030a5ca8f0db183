package catalog_test

import (
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

const filterAPI = "/v3/OS-EP-FILTER/"

func TestEndpointFiltersNarrowTheCatalog(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	project := env.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnProject("admin"))).Get("token.project.id")
	service := admin.Post("/v3/services", `{"service": {"type": "image", "name": "glance"}}`).Want(201).Get("service.id")
	admin.Put("/v3/regions/eu", `{"region": {}}`).Want(201)
	endpoint := func(iface string, region any) string {
		return admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{
			"service_id": service, "interface": iface, "url": "http://x", "region_id": region,
		}}).Want(201).Get("endpoint.id")
	}
	public, internal, nowhere := endpoint("public", "eu"), endpoint("internal", "eu"), endpoint("public", nil)
	shown := func() (ids []string) {
		r := env.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnProject("admin"))).Want(201)
		for i, entry := range r.List("token.catalog") {
			if entry.(map[string]any)["type"] == "image" {
				ids = r.Texts("token.catalog."+string(rune('0'+i))+".endpoints", "id")
			}
		}
		slices.Sort(ids)
		return ids
	}
	want := func(ids ...string) {
		t.Helper()
		slices.Sort(ids)
		if got := shown(); !slices.Equal(got, ids) {
			t.Errorf("the catalog shows %v, want %v", got, ids)
		}
	}
	filtered := func(ids ...string) {
		t.Helper()
		slices.Sort(ids)
		got := admin.Get(filterAPI+"projects/"+project+"/endpoints").Want(200).Texts("endpoints", "id")
		if slices.Sort(got); !slices.Equal(got, ids) {
			t.Errorf("the filters name %v, want %v", got, ids)
		}
	}
	want(public, internal, nowhere)
	filtered()

	one := filterAPI + "projects/" + project + "/endpoints/" + internal
	if got, want := admin.Get(one).Want(404).Message(), "Endpoint "+internal+" not found in project "+project; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Put(one, nil).Want(204)
	if got, want := admin.Put(one, nil).Want(409).Message(), "Conflict occurred attempting to store project_endpoint - Duplicate entry."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Get(one).Want(204)
	want(internal)
	filtered(internal)
	if got, want := admin.Get(filterAPI+"endpoints/"+internal+"/projects").Want(200).Texts("projects", "id"), []string{project}; !slices.Equal(got, want) {
		t.Errorf("projects of the endpoint: got %v, want %v", got, want)
	}

	group := admin.Post(filterAPI+"endpoint_groups", map[string]any{"endpoint_group": map[string]any{
		"name": "nowhere", "filters": map[string]any{"service_id": service, "region_id": nil},
	}}).Want(201).Get("endpoint_group.id")
	if got, want := admin.Get(filterAPI+"endpoint_groups/"+group+"/endpoints").Want(200).Texts("endpoints", "id"), []string{nowhere}; !slices.Equal(got, want) {
		t.Errorf("endpoints of the group: got %v, want %v", got, want)
	}
	two := filterAPI + "endpoint_groups/" + group + "/projects/" + project
	if got, want := admin.Get(two).Want(404).Message(), "Endpoint Group Project Association not found"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Put(two, nil).Want(204)
	admin.Put(two, nil).Want(409)
	if got, want := admin.Get(two).Want(200).Get("project_endpoint_group.links.self"), two[len("/v3"):]; got != want {
		t.Errorf("link: got %q, want %q", got, want)
	}
	want(internal, nowhere)
	filtered(internal, nowhere)
	admin.Patch(filterAPI+"endpoint_groups/"+group, `{"endpoint_group": {"filters": {"interface": "public"}}}`).Want(200)
	want(public, internal, nowhere)
	if got, want := admin.Get(filterAPI+"projects/"+project+"/endpoint_groups").Want(200).Texts("endpoint_groups", "id"), []string{group}; !slices.Equal(got, want) {
		t.Errorf("groups of the project: got %v, want %v", got, want)
	}
	if got, want := admin.Get(filterAPI+"endpoint_groups/"+group+"/projects").Want(200).Texts("projects", "id"), []string{project}; !slices.Equal(got, want) {
		t.Errorf("projects of the group: got %v, want %v", got, want)
	}

	admin.Delete(one).Want(204)
	admin.Delete(one).Want(404)
	admin.Delete(two).Want(204)
	trail := admin.Get("/v3/lintel/projects/" + project + "/events?class=service").Want(200)
	if got, want := trail.Texts("events", "action"), []string{"endpoint_group.removed", "endpoint.removed", "endpoint_group.added", "endpoint.added"}; !slices.Equal(got, want) {
		t.Errorf("the trail of the project: got %v, want %v", got, want)
	}
	if trail.Get("events.3.target.id") != internal || trail.Get("events.3.target.name") != "http://x" || trail.Get("events.0.target.name") != "nowhere" || trail.Get("events.0.actor.name") != "admin" {
		t.Error(trail.Body)
	}
	admin.Put(two, nil).Want(204)
	want(public, nowhere)
	admin.Delete(filterAPI + "endpoint_groups/" + group).Want(204)
	want(public, internal, nowhere)
	admin.Get(two).Want(404)
}

func TestEndpointGroups(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	for body, want := range map[string]string{
		`{}`: "filters field is required and cannot be empty",
		`{"endpoint_group": {"name": "a", "filters": {}}}`: "filters field is required and cannot be empty",
		`{"endpoint_group": {"name": "a", "filters": {"enabled": true}}}`: "Expecting to find service_id or region_id or interface in endpoint_group." +
			" The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
	} {
		if got := admin.Post(filterAPI+"endpoint_groups", body).Want(400).Message(); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	made := admin.Post(filterAPI+"endpoint_groups", `{"endpoint_group": {"name": "a", "description": "d", "filters": {"interface": "admin"}}}`).Want(201)
	id := made.Get("endpoint_group.id")
	admin.Post(filterAPI+"endpoint_groups", `{"endpoint_group": {"name": "b", "filters": {"interface": "admin"}}}`).Want(201)
	if got, want := admin.Get(filterAPI+"endpoint_groups?name=a").Want(200).Texts("endpoint_groups", "id"), []string{id}; !slices.Equal(got, want) {
		t.Errorf("by name: got %v, want %v", got, want)
	}
	admin.Get(filterAPI + "endpoint_groups?limit=1").Want(400)
	changed := admin.Patch(filterAPI+"endpoint_groups/"+id, `{"endpoint_group": {"description": null, "filters": {}}}`).Want(200)
	if name, description := changed.Get("endpoint_group.name"), changed.Value("endpoint_group.description"); name != "a" || description != nil {
		t.Errorf("after the change: %s", changed.Body)
	}
	admin.Patch(filterAPI+"endpoint_groups/"+id, `{"endpoint_group": {"filters": {"url": "x"}}}`).Want(400)

	admin.Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201)
	eve := env.Login("eve", "pw")
	for _, r := range []*testenv.Response{
		eve.Get(filterAPI + "endpoint_groups"), eve.Get(filterAPI + "endpoint_groups/" + id), eve.Delete(filterAPI + "endpoint_groups/" + id),
		eve.Put(filterAPI+"endpoint_groups/"+id+"/projects/x", nil), eve.Put(filterAPI+"projects/x/endpoints/y", nil),
		eve.Get(filterAPI + "projects/x/endpoints"), eve.Get(filterAPI + "endpoints/x/projects"),
	} {
		r.Want(403)
	}
	for path, want := range map[string]string{
		"endpoint_groups/x":                     "Could not find Endpoint Group: x.",
		"endpoint_groups/x/endpoints":           "Could not find Endpoint Group: x.",
		"endpoint_groups/" + id + "/projects/x": "Could not find project: x.",
		"endpoints/x/projects":                  "Could not find endpoint: x.",
		"projects/x/endpoints":                  "Could not find project: x.",
		"projects/x/endpoint_groups":            "Could not find project: x.",
		"projects/x/endpoints/y":                "Could not find endpoint: y.",
	} {
		if got := admin.Get(filterAPI + path).Want(404).Message(); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := admin.Get(filterAPI + "endpoint_groups/x/projects").Want(200).List("projects"); len(got) != 0 {
		t.Errorf("projects of no group: %v", got)
	}
}
