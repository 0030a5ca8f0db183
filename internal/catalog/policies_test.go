package catalog_test

import (
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

func TestPolicies(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	made := admin.Post("/v3/policies", `{"policy": {"blob": "{\"a\": []}", "type": "application/json", "made-by": "me"}}`).Want(201)
	id := made.Get("policy.id")
	if got, want := made.Get("policy.blob"), `{"a": []}`; got != want {
		t.Errorf("blob: got %q, want %q", got, want)
	}
	if got, want := made.Get("policy.made_by"), "me"; got != want {
		t.Errorf("extra attribute: got %q, want %q", got, want)
	}
	other := admin.Post("/v3/policies", `{"policy": {"id": "mine", "blob": "", "type": "text/plain"}}`).Want(201).Get("policy.id")
	if other == "mine" {
		t.Error("the client chose the id")
	}
	if got, want := admin.Get("/v3/policies?type=text/plain").Want(200).Texts("policies", "id"), []string{other}; !slices.Equal(got, want) {
		t.Errorf("by type: got %v, want %v", got, want)
	}
	if got, want := admin.Get("/v3/policies?limit=1").Want(200).Value("truncated"), true; got != want {
		t.Errorf("truncated: got %v, want %v", got, want)
	}
	changed := admin.Patch("/v3/policies/"+id, `{"policy": {"blob": "new", "note": "n"}}`).Want(200)
	for path, want := range map[string]string{
		"policy.blob": "new", "policy.type": "application/json", "policy.note": "n", "policy.made_by": "me",
		"policy.links.self": "http://identity.example/v3/policies/" + id,
	} {
		if got := changed.Get(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got, want := admin.Patch("/v3/policies/"+id, `{"policy": {"id": "x"}}`).Want(400).Message(), "Cannot change policy ID"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, body := range []string{`{}`, `{"policy": null}`, `{"policy": {"blob": {}, "type": "x"}}`, `{"policy": {"type": "x"}}`} {
		admin.Post("/v3/policies", body).Want(400)
	}
	admin.Patch("/v3/policies/"+id, `{"policy": {}}`).Want(400)

	admin.Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201)
	eve := env.Login("eve", "pw")
	eve.Post("/v3/policies", `{}`).Want(403)
	eve.Patch("/v3/policies/"+id, `{}`).Want(403)
	eve.Get("/v3/policies").Want(403)
	eve.Get("/v3/policies/" + id).Want(403)
	eve.Delete("/v3/policies/" + id).Want(403)

	admin.Delete("/v3/policies/" + id).Want(204)
	for _, r := range []*testenv.Response{
		admin.Get("/v3/policies/" + id), admin.Patch("/v3/policies/"+id, `{"policy": {"type": "x"}}`), admin.Delete("/v3/policies/" + id),
	} {
		if got, want := r.Want(404).Message(), "Could not find policy: "+id+"."; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPolicyRoutesByAccident(t *testing.T) {
	env := testenv.New(t)
	for _, tt := range []struct{ method, path, want string }{
		{"PATCH", "/v3/policies", "PolicyResource.patch() missing 1 required positional argument: 'policy_id'"},
		{"DELETE", "/v3/policies", "PolicyResource.delete() missing 1 required positional argument: 'policy_id'"},
		{"POST", "/v3/policies/x", "PolicyResource.post() got an unexpected keyword argument 'policy_id'"},
	} {
		if got := env.Do(tt.method, tt.path, nil).Want(400).Message(); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}

func TestEndpointsHaveAPolicy(t *testing.T) {
	admin := testenv.New(t).Admin()
	admin.Put("/v3/regions/world", `{"region": {}}`).Want(201)
	admin.Put("/v3/regions/eu", `{"region": {"parent_region_id": "world"}}`).Want(201)
	admin.Put("/v3/regions/us", `{"region": {"parent_region_id": "world"}}`).Want(201)
	service := admin.Post("/v3/services", `{"service": {"type": "image"}}`).Want(201).Get("service.id")
	endpoint := func(region string) string {
		return admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{
			"service_id": service, "interface": "public", "url": "http://x", "region_id": region,
		}}).Want(201).Get("endpoint.id")
	}
	policy := func() string {
		return admin.Post("/v3/policies", `{"policy": {"blob": "", "type": "x"}}`).Want(201).Get("policy.id")
	}
	eu, us := endpoint("eu"), endpoint("us")
	ofService, ofWorld, ofUS, ofEndpoint := policy(), policy(), policy(), policy()
	at := func(policy, rest string) string { return "/v3/policies/" + policy + "/OS-ENDPOINT-POLICY/" + rest }
	of := func(endpoint string) *testenv.Response {
		return admin.Get("/v3/endpoints/" + endpoint + "/OS-ENDPOINT-POLICY/policy")
	}
	want := func(endpoint, policy string) {
		t.Helper()
		if got := of(endpoint).Want(200).Get("policy.id"); got != policy {
			t.Errorf("got policy %s, want %s", got, policy)
		}
	}

	if got, want := of(eu).Want(404).Message(), "No policy is associated with endpoint "+eu+"."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// From the farthest to the nearest, each takes over from the one before.
	for _, tt := range []struct{ policy, path, eu, us string }{
		{ofService, "services/" + service, ofService, ofService},
		{ofWorld, "services/" + service + "/regions/world", ofWorld, ofWorld},
		{ofUS, "services/" + service + "/regions/us", ofWorld, ofUS},
		{ofEndpoint, "endpoints/" + us, ofWorld, ofEndpoint},
	} {
		path := at(tt.policy, tt.path)
		if got, want := admin.Get(path).Want(404).Message(), "Could not find policy association."; got != want {
			t.Errorf("%s: got %q, want %q", tt.path, got, want)
		}
		admin.Put(path, nil).Want(204)
		admin.Get(path).Want(204)
		admin.Head(path).Want(204)
		want(eu, tt.eu)
		want(us, tt.us)
	}
	if got, want := of(us).Get("policy.links.self"), "http://identity.example/v3/endpoints/"+ofEndpoint; got != want {
		t.Errorf("link: got %q, want %q", got, want)
	}
	for policy, want := range map[string][]string{ofService: {eu, us}, ofWorld: {eu, us}, ofUS: {us}, ofEndpoint: {us}} {
		slices.Sort(want)
		got := admin.Get(at(policy, "endpoints")).Want(200).Texts("endpoints", "id")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("endpoints of policy %s: got %v, want %v", policy, got, want)
		}
	}
	admin.Put(at(ofWorld, "services/"+service), nil).Want(204)
	if got := admin.Get(at(ofWorld, "endpoints")).List("endpoints"); len(got) != 2 {
		t.Errorf("endpoints that two associations reach are listed %d times, want 2", len(got))
	}
	admin.Get(at(ofService, "services/"+service)).Want(404) // replaced

	for _, path := range []string{
		at("none", "services/"+service), at(ofUS, "services/none"), at(ofUS, "endpoints/none"), at(ofUS, "services/"+service+"/regions/none"),
		at("none", "endpoints"), "/v3/endpoints/none/OS-ENDPOINT-POLICY/policy",
	} {
		admin.Get(path).Want(404)
	}
	admin.Delete(at(ofEndpoint, "endpoints/"+us)).Want(204)
	admin.Delete(at(ofEndpoint, "endpoints/"+us)).Want(204)
	want(us, ofUS)
	admin.Delete("/v3/policies/" + ofUS).Want(204)
	want(us, ofWorld)
}
