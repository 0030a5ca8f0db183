package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// compute makes a service whose resources can be limited, and registers a limit of 10 cores.
func compute(admin *testenv.Actor) (service, registered string) {
	service = admin.Post("/v3/services", `{"service": {"type": "compute"}}`).Want(201).Get("service.id")
	registered = admin.Post("/v3/registered_limits", map[string]any{"registered_limits": []any{
		map[string]any{"service_id": service, "resource_name": "cores", "default_limit": 10},
	}}).Want(201).Get("registered_limits.0.id")
	return service, registered
}

// limit is the body that limits the cores of an owner, as "project_id" or "domain_id".
func limit(service, owner, id string, value int) map[string]any {
	return map[string]any{owner: id, "service_id": service, "resource_name": "cores", "resource_limit": value}
}

func limits(all ...map[string]any) map[string]any { return map[string]any{"limits": all} }

func TestRegisteredLimits(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	service, id := compute(admin)
	admin.Put("/v3/regions/eu", `{"region": {}}`).Want(201)
	create := func(attrs string) *testenv.Response {
		return admin.Post("/v3/registered_limits", fmt.Sprintf(`{"registered_limits": [{"service_id": %q, %s}]}`, service, attrs))
	}
	if got, want := create(`"resource_name": "cores", "default_limit": 1`).Want(409).Message(),
		"Conflict occurred attempting to store registered_limit - Duplicate entry."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	made := create(`"resource_name": "cores", "default_limit": -1, "region_id": "eu", "description": "d"`).Want(201)
	inEU := made.Get("registered_limits.0.id")
	if value, link := made.Value("registered_limits.0.default_limit"), made.Get("registered_limits.0.links.self"); value != float64(-1) ||
		link != "http://identity.example/v3/registered_limits/"+inEU || made.Value("links") != nil {
		t.Errorf("as made: %s", made.Body)
	}
	// All or none.
	twice := fmt.Sprintf(`{"service_id": %q, "resource_name": "ram", "default_limit": 1}`, service)
	admin.Post("/v3/registered_limits", `{"registered_limits": [`+twice+`, `+twice+`]}`).Want(409)
	if got := admin.Get("/v3/registered_limits?resource_name=ram").Want(200).List("registered_limits"); len(got) != 0 {
		t.Errorf("half of what was refused is there: %v", got)
	}
	for attrs, want := range map[string]string{
		`"resource_name": "x", "default_limit": 1, "region_id": "nowhere"`: "Expecting to find region_id in registered_limit.",
	} {
		if got := create(attrs).Want(400).Message(); len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	create(`"resource_name": "x", "default_limit": -2`).Want(400)
	create(`"resource_name": "x", "default_limit": 2147483648`).Want(400)

	if got, want := admin.Get("/v3/registered_limits?region_id=eu").Want(200).Texts("registered_limits", "id"), []string{inEU}; !slices.Equal(got, want) {
		t.Errorf("by region: got %v, want %v", got, want)
	}
	patch := func(attrs string) *testenv.Response {
		return admin.Patch("/v3/registered_limits/"+inEU, `{"registered_limit": {`+attrs+`}}`)
	}
	patch(`"region_id": null`).Want(409)
	changed := patch(`"region_id": "eu", "default_limit": 0, "description": null, "resource_name": "ram"`).Want(200)
	if changed.Value("registered_limit.default_limit") != float64(0) || changed.Value("registered_limit.description") != nil ||
		changed.Get("registered_limit.resource_name") != "ram" {
		t.Errorf("after the change: %s", changed.Body)
	}

	project := admin.Post("/v3/projects", `{"project": {"name": "p"}}`).Want(201).Get("project.id")
	limited := admin.Post("/v3/limits", limits(limit(service, "project_id", project, 5))).Want(201).Get("limits.0.id")
	const inUse = "Unable to update or delete registered limit %s because there are project limits associated with it."
	for _, r := range []*testenv.Response{
		admin.Patch("/v3/registered_limits/"+id, `{"registered_limit": {"default_limit": 3}}`), admin.Delete("/v3/registered_limits/" + id),
	} {
		if got, want := r.Want(403).Message(), fmt.Sprintf(inUse, id); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	admin.Delete("/v3/limits/" + limited).Want(204)
	admin.Delete("/v3/registered_limits/" + id).Want(204)
	if got, want := admin.Get("/v3/registered_limits/"+id).Want(404).Message(), "Could not find registered limit for "+id+"."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	admin.Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201)
	eve := env.Login("eve", "pw")
	eve.Get("/v3/registered_limits/" + inEU).Want(200)
	eve.Get("/v3/registered_limits").Want(200)
	eve.Delete("/v3/registered_limits/" + inEU).Want(403)
	eve.Post("/v3/registered_limits", `{"registered_limits": [`+twice+`]}`).Want(403)
}

// S-069
func TestLimitsAreSeenByTheirOwners(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	service, _ := compute(admin)
	domain := admin.Post("/v3/domains", `{"domain": {"name": "d"}}`).Want(201).Get("domain.id")
	inside := admin.Post("/v3/projects", `{"project": {"name": "inside", "domain_id": "`+domain+`"}}`).Want(201).Get("project.id")
	outside := admin.Post("/v3/projects", `{"project": {"name": "outside"}}`).Want(201).Get("project.id")
	made := admin.Post("/v3/limits", limits(
		limit(service, "project_id", inside, 1), limit(service, "project_id", outside, 2), limit(service, "project_id", domain, 3),
	)).Want(201)
	if made.Value("limits.2.project_id") != nil || made.Get("limits.2.domain_id") != domain || made.Value("links") != nil {
		t.Errorf("the limit of a project that acts as a domain: %s", made.Body)
	}
	ids := made.Texts("limits", "id")
	ofInside, ofOutside, ofDomain := ids[0], ids[1], ids[2]

	user := admin.Post("/v3/users", `{"user": {"name": "bob", "password": "pw"}}`).Want(201).Get("user.id")
	member := admin.Post("/v3/roles", `{"role": {"name": "plain"}}`).Want(201).Get("role.id")
	for _, target := range []string{"/v3/projects/" + inside, "/v3/projects/" + outside, "/v3/domains/" + domain} {
		admin.Put(target+"/users/"+user+"/roles/"+member, nil).Want(204)
	}
	for _, tt := range []struct {
		name string
		who  *testenv.Actor
		sees []string
	}{
		{"admin", admin, ids},
		{"system", env.Login("admin", testenv.Password, testenv.OnSystem), ids},
		{"domain", env.Login("bob", "pw", testenv.OnDomainID(domain)), []string{ofInside, ofDomain}},
		{"project", env.Login("bob", "pw", testenv.OnProjectID(inside)), []string{ofInside}},
		{"other project", env.Login("bob", "pw", testenv.OnProjectID(outside)), []string{ofOutside}},
		{"nothing", env.Login("bob", "pw", testenv.Unscoped), nil},
	} {
		got := tt.who.Get("/v3/limits").Want(200).Texts("limits", "id")
		want := slices.Sorted(slices.Values(tt.sees))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", tt.name, got, want)
		}
		for _, id := range ids {
			status := 403
			if slices.Contains(tt.sees, id) {
				status = 200
			}
			if got := tt.who.Get("/v3/limits/" + id).Status; got != status {
				t.Errorf("%s looks at %s: got %d, want %d", tt.name, id, got, status)
			}
		}
	}
	bob := env.Login("bob", "pw", testenv.OnProjectID(inside))
	bob.Get("/v3/limits/nothing").Want(403) // S-070
	bob.Patch("/v3/limits/"+ofInside, `{"limit": {"resource_limit": 9}}`).Want(403)
	bob.Delete("/v3/limits/" + ofInside).Want(403)
	if got := bob.Get("/v3/limits?project_id=" + outside).Want(200).List("limits"); len(got) != 0 {
		t.Errorf("a filter widens the list: %v", got)
	}
	if got, want := admin.Get("/v3/limits?domain_id="+domain+"&resource_name=cores").Want(200).Texts("limits", "id"), []string{ofDomain}; !slices.Equal(got, want) {
		t.Errorf("by domain: got %v, want %v", got, want)
	}
	if got := admin.Get("/v3/limits?resource_name=ram").Want(200).List("limits"); len(got) != 0 {
		t.Errorf("by another resource: %v", got)
	}
	first := admin.Get("/v3/limits?limit=2").Want(200)
	second := admin.Get(first.Get("links.next")[len("http://identity.example"):]).Want(200)
	if got, want := append(first.Texts("limits", "id"), second.Texts("limits", "id")...), slices.Sorted(slices.Values(ids)); !slices.Equal(got, want) {
		t.Errorf("in pages: got %v, want %v", got, want)
	}
}

func TestLimits(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	if got, want := admin.Get("/v3/limits/model").Want(200).Get("model.name"), "flat"; got != want {
		t.Errorf("model: got %q, want %q", got, want)
	}
	service, _ := compute(admin)
	project := admin.Post("/v3/projects", `{"project": {"name": "p"}}`).Want(201).Get("project.id")
	id := admin.Post("/v3/limits", limits(limit(service, "project_id", project, 50))).Want(201).Get("limits.0.id")
	ofRAM := limit(service, "project_id", project, 1)
	ofRAM["resource_name"] = "ram"
	nobody := limit(service, "project_id", project, 1)
	nobody["project_id"] = nil
	for _, tt := range []struct {
		body   map[string]any
		status int
		want   string
	}{
		{limit(service, "project_id", project, 1), 409, "Conflict occurred attempting to store limit - Duplicate entry."},
		{ofRAM, 403, "Unable to create a limit that has no corresponding registered limit."},
		{limit(service, "project_id", "none", 1), 400, "Expecting to find project_id in limit."},
		{limit(service, "domain_id", "none", 1), 400, "Expecting to find domain_id in limit."},
		{limit("0123456789abcdef0123456789abcdef", "project_id", project, 1), 400, "Expecting to find service_id in limit."},
		{nobody, 400, "Expecting to find project_id or domain_id in limit."},
	} {
		got := admin.Post("/v3/limits", limits(tt.body)).Want(tt.status).Message()
		if got = got[:min(len(got), len(tt.want))]; got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.body, got, tt.want)
		}
	}
	changed := admin.Patch("/v3/limits/"+id, `{"limit": {"resource_limit": 0, "description": ""}}`).Want(200)
	if changed.Value("limit.resource_limit") != float64(0) || changed.Get("limit.description") != "" || changed.Get("limit.resource_name") != "cores" {
		t.Errorf("after the change: %s", changed.Body)
	}
	admin.Patch("/v3/limits/"+id, `{"limit": {"resource_name": "x"}}`).Want(400)
	admin.Delete("/v3/limits/" + id).Want(204)
	if got, want := admin.Get("/v3/limits/"+id).Want(404).Message(), "Could not find limit for "+id+"."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStrictLimitsFollowTheTree(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.UnifiedLimit.EnforcementModel = "strict_two_level" })
	admin := env.Admin()
	if got, want := admin.Get("/v3/limits/model").Want(200).Get("model.name"), "strict_two_level"; got != want {
		t.Errorf("model: got %q, want %q", got, want)
	}
	service, _ := compute(admin)
	domain := admin.Post("/v3/domains", `{"domain": {"name": "d"}}`).Want(201).Get("domain.id")
	project := func(name string) string {
		return admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": name, "domain_id": domain}}).Want(201).Get("project.id")
	}
	a, b := project("a"), project("b")
	refused := func(r *testenv.Response, level, id string, value int) {
		t.Helper()
		want := fmt.Sprintf("Invalid resource limit: The resource limit (%s: %s, resource_name: cores, resource_limit: %d, service_id: %s,"+
			" region_id: None) doesn't satisfy current hierarchy model..", level, id, value, service)
		if got := r.Want(403).Message(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	post := func(all ...map[string]any) *testenv.Response { return admin.Post("/v3/limits", limits(all...)) }

	refused(post(limit(service, "project_id", a, 11)), "project_id", a, 11) // the registered default bounds
	ofA := post(limit(service, "project_id", a, 8)).Want(201).Get("limits.0.id")
	refused(post(limit(service, "domain_id", domain, 7)), "domain_id", domain, 7)
	refused(post(limit(service, "domain_id", domain, 9), limit(service, "project_id", b, 12)), "project_id", b, 12)
	ofDomain := post(limit(service, "domain_id", domain, 20), limit(service, "project_id", b, 20)).Want(201).Get("limits.0.id")
	refused(admin.Patch("/v3/limits/"+ofA, `{"limit": {"resource_limit": 21}}`), "project_id", a, 21)
	admin.Patch("/v3/limits/"+ofA, `{"limit": {"resource_limit": 15}}`).Want(200)
	refused(admin.Patch("/v3/limits/"+ofDomain, `{"limit": {"resource_limit": 19}}`), "domain_id", domain, 19)
	admin.Patch("/v3/limits/"+ofDomain, `{"limit": {"resource_limit": 30}}`).Want(200)
}
