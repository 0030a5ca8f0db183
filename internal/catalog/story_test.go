package catalog_test

import (
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

func TestRegionsFormATree(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	admin.Post("/v3/regions", `{"region": {"id": "eu", "colour": "blue"}}`).Want(201)
	admin.Put("/v3/regions/eu-1", `{"region": {"parent_region_id": "eu", "description": "first"}}`).Want(201)
	admin.Put("/v3/regions/eu-1", `{"region": {}}`).Want(409)
	if got, want := admin.Put("/v3/regions/a", `{"region": {"id": "b"}}`).Want(400).Message(), `Conflicting region IDs specified: "a" != "b"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Post("/v3/regions", `{"region": {"id": "x", "parent_region_id": "nowhere"}}`).Want(404)
	if got := admin.Get("/v3/regions/eu").Want(200).Value("region.colour"); got != "blue" {
		t.Errorf("the extra attribute is lost: %v", got)
	}
	if got, want := admin.Get("/v3/regions?parent_region_id=eu").Want(200).Texts("regions", "id"), []string{"eu-1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	r := admin.Patch("/v3/regions/eu", `{"region": {"parent_region_id": "eu-1"}}`).Want(400)
	if got, want := r.Message(), "The specified parent region eu would create a circular region hierarchy."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	service := admin.Post("/v3/services", `{"service": {"type": "compute"}}`).Want(201).Get("service.id")
	endpoint := admin.Post("/v3/endpoints", `{"endpoint": {"service_id": "`+service+`", "interface": "public", "url": "http://x", "region_id": "eu-1"}}`).
		Want(201).Get("endpoint.id")
	admin.Delete("/v3/regions/eu").Want(403)
	admin.Delete("/v3/endpoints/" + endpoint).Want(204)
	admin.Delete("/v3/regions/eu").Want(204)
	admin.Get("/v3/regions/eu-1").Want(404)
}

// S-077
func TestURLTemplates(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	service := admin.Post("/v3/services", `{"service": {"type": "object-store", "name": "swift"}}`).Want(201).Get("service.id")
	create := func(url string) *testenv.Response {
		return admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": service, "interface": "public", "url": url}})
	}
	for _, url := range []string{
		"http://x/%(admin_token)s", "http://x/$(nothing)s", "http://x/%(tenant_id)", "http://x/%", "http://x/%(tenant_id)d",
		"http://x/%s", "http://x/%(connection)s", "http://x/%(%(tenant_id)s)s",
	} {
		if r := create(url); r.Status != 400 || r.Message() != "Cannot create an endpoint with an invalid URL: "+url+"." {
			t.Errorf("%s: %d %s", url, r.Status, r.Body)
		}
	}
	create("http://x/$(project_id)s/%(user_id)s/100%%").Want(201)
	broken := create("http://x/$(project_id)s").Want(201).Get("endpoint.id")
	admin.Patch("/v3/endpoints/"+broken, `{"endpoint": {"url": "http://x/%(admin_token)s"}}`).Want(200)

	token := env.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnProject("admin"))).Want(201)
	user, project := token.Get("token.user.id"), token.Get("token.project.id")
	urls := func(r *testenv.Response) (all []string) {
		for _, entry := range r.List("token.catalog") {
			entry := entry.(map[string]any)
			if entry["type"] != "object-store" {
				continue
			}
			for _, e := range entry["endpoints"].([]any) {
				all = append(all, e.(map[string]any)["url"].(string))
			}
		}
		return all
	}
	if got, want := urls(token), []string{"http://x/" + project + "/" + user + "/100%"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	system := env.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnSystem)).Want(201)
	if got := urls(system); len(got) != 0 {
		t.Errorf("a token without a project shows an endpoint that needs one: %v", got)
	}
}

func TestEndpointsReferToWhatExists(t *testing.T) {
	admin := testenv.New(t).Admin()
	service := admin.Post("/v3/services", `{"service": {"type": "image", "enabled": false}}`).Want(201).Get("service.id")
	admin.Post("/v3/endpoints", `{"endpoint": {"service_id": "nope", "interface": "public", "url": "http://x"}}`).Want(400)
	admin.Post("/v3/endpoints", `{"endpoint": {"service_id": "`+service+`", "interface": "public", "url": "http://x", "region_id": "nope"}}`).Want(400)
	made := admin.Post("/v3/endpoints", `{"endpoint": {"service_id": "`+service+`", "interface": "public", "url": "http://x", "region": "made-up"}}`).Want(201)
	if got := made.Get("endpoint.region_id"); got != "made-up" {
		t.Errorf("got %q", got)
	}
	admin.Get("/v3/regions/made-up").Want(200)
	id := made.Get("endpoint.id")
	admin.Patch("/v3/endpoints/"+id, `{"endpoint": {"id": "other"}}`).Want(400)
	admin.Patch("/v3/services/"+service, `{"service": {"name": "glance", "enabled": true}}`).Want(200)
	if got, want := admin.Get("/v3/services?name=glance").Want(200).Texts("services", "id"), []string{service}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	admin.Delete("/v3/services/" + service).Want(204)
	admin.Get("/v3/endpoints/" + id).Want(404)
}
