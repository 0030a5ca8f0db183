package assignment_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/testenv"
)

// cloud is a server with people, made over the API.
type cloud struct {
	*testenv.Env
	t     *testing.T
	admin *testenv.Actor
}

func newCloud(t *testing.T) *cloud {
	env := testenv.New(t)
	return &cloud{Env: env, t: t, admin: env.Admin()}
}

func (c *cloud) make(kind string, attrs map[string]any) string {
	c.t.Helper()
	return c.admin.Post("/v3/"+kind+"s", map[string]any{kind: attrs}).Want(201).Get(kind + ".id")
}

func (c *cloud) user(name string) string {
	c.t.Helper()
	return c.make("user", map[string]any{"name": name, "password": name + "-secret", "domain_id": "default"})
}

func (c *cloud) group(name string, members ...string) string {
	c.t.Helper()
	id := c.make("group", map[string]any{"name": name, "domain_id": "default"})
	for _, m := range members {
		c.admin.Put("/v3/groups/"+id+"/users/"+m, nil).Want(204)
	}
	return id
}

func (c *cloud) role(name string) string {
	c.t.Helper()
	return c.make("role", map[string]any{"name": name})
}

// found is the id of the entity of that name.
func (c *cloud) found(kind, name string) string {
	c.t.Helper()
	ids := c.admin.Get("/v3/"+kind+"s?name="+name).Want(200).Texts(kind+"s", "id")
	if len(ids) != 1 {
		c.t.Fatalf("%d of %s %s", len(ids), kind, name)
	}
	return ids[0]
}

// adminProject is the id of the project that the administrator works in.
func (c *cloud) adminProject() string {
	return c.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnProject("admin"))).Want(201).Get("token.project.id")
}

// log logs a user in and returns the answer.
func (c *cloud) log(name string, scope ...string) *testenv.Response {
	c.t.Helper()
	return c.Authenticate(testenv.Body(name, name+"-secret", scope...))
}

func rolesOf(r *testenv.Response) string { return strings.Join(r.Texts("token.roles", "name"), " ") }

func message(t *testing.T, r *testenv.Response, status int, want string) {
	t.Helper()
	if got := r.Want(status).Message(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRoleFromCreateToDelete(t *testing.T) {
	c := newCloud(t)
	made := c.admin.Post("/v3/roles", `{"role": {"name": "night-watch", "a-b": 1, "description": null, "options": {"immutable": null}}}`).Want(201)
	id := made.Get("role.id")
	want := map[string]any{"role": map[string]any{
		"id": id, "name": "night-watch", "domain_id": nil, "description": nil, "options": map[string]any{}, "a_b": 1.0,
		"links": map[string]any{"self": "http://identity.example/v3/roles/" + id},
	}}
	if diff := cmp.Diff(want, made.JSON()); diff != "" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, c.admin.Get("/v3/roles/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -want +got:\n%s", diff)
	}
	of := c.admin.Post("/v3/roles", `{"role": {"name": "night-watch", "domain_id": "default", "description": "d"}}`).Want(201).Get("role.id")
	if got, want := c.admin.Get("/v3/roles?name=night-watch").Want(200).Texts("roles", "id"), []string{id}; !slices.Equal(got, want) {
		t.Errorf("a list without a domain shows %v, want the global role %v", got, want)
	}
	if got, want := c.admin.Get("/v3/roles?domain_id=default").Want(200).Texts("roles", "id"), []string{of}; !slices.Equal(got, want) {
		t.Errorf("the domain's list shows %v, want %v", got, want)
	}
	if got, want := c.admin.Get("/v3/roles?name__startswith=night&limit=1").Want(200).Texts("roles", "id"), []string{id}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	message(t, c.admin.Post("/v3/roles", `{"role": {"name": "night-watch"}}`), 409,
		"Conflict occurred attempting to store role - Duplicate entry found with name night-watch.")
	message(t, c.admin.Post("/v3/roles", `{"role": {"name": "night-watch", "domain_id": "default"}}`), 409,
		"Conflict occurred attempting to store role - Duplicate entry found with name night-watch at domain ID default.")
	message(t, c.admin.Patch("/v3/roles/"+id, `{"role": {"id": "other", "name": "x"}}`), 400, "Cannot change ID")
	message(t, c.admin.Patch("/v3/roles/"+id, `{"role": {"domain_id": "default"}}`), 400, "Update of `domain_id` is not allowed.")
	message(t, c.admin.Patch("/v3/roles/nobody", `{"role": {"name": "x"}}`), 404, "Could not find role: nobody.")
	c.admin.Patch("/v3/roles/"+of, `{"role": {"description": null, "domain_id": "default", "colour": "blue"}}`).Want(200)
	if got := c.admin.Get("/v3/roles/" + of).Want(200); got.Value("role.description") != nil || got.Get("role.colour") != "blue" {
		t.Errorf("after the change: %s", got.Body)
	}
	c.admin.Delete("/v3/roles/" + of).Want(204)
	message(t, c.admin.Get("/v3/roles/"+of), 404, "Could not find role: "+of+".")
}

// S-167
func TestRoleNamesDifferByMoreThanCase(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"ADMIN", "Admin", "admin "} {
		c.admin.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}}).Want(409)
	}
	id := c.role("harbour")
	c.admin.Patch("/v3/roles/"+id, `{"role": {"name": "MANAGER"}}`).Want(409)
	c.admin.Patch("/v3/roles/"+id, `{"role": {"name": "HARBOUR"}}`).Want(200)
	c.admin.Post("/v3/roles", `{"role": {"name": "Admin", "domain_id": "default"}}`).Want(201)
}

// S-168
func TestRoleTextsAreCountedInCharacters(t *testing.T) {
	c := newCloud(t)
	long := strings.Repeat("ø", 255)
	c.make("role", map[string]any{"name": long, "description": long})
	c.admin.Post("/v3/roles", map[string]any{"role": map[string]any{"name": long + "x"}}).Want(400)
	r := c.admin.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "x", "description": long + "x"}}).Want(400)
	if !strings.Contains(r.Message(), "255") {
		t.Errorf("the error does not tell the limit: %s", r.Message())
	}
}

// S-076
func TestImmutableRolesStay(t *testing.T) {
	c := newCloud(t)
	id := c.make("role", map[string]any{"name": "pillar", "options": map[string]any{"immutable": true}})
	message(t, c.admin.Delete("/v3/roles/"+id), 403,
		"Unable to delete immutable role resource: `"+id+". Set resource option \"immutable\" to false first.")
	for _, body := range []string{
		`{"role": {"name": "x"}}`, `{"role": {"description": null}}`, `{"role": {"options": {"immutable": true}}}`,
		`{"role": {"name": "x", "options": {"immutable": false}}}`, `{"role": {"options": {}}}`, `{"role": {"colour": 1}}`,
	} {
		message(t, c.admin.Patch("/v3/roles/"+id, body), 403,
			"Unable to update immutable role resource: `"+id+". Set resource option \"immutable\" to false first.")
	}
	c.admin.Patch("/v3/roles/"+id, `{"role": {"options": {"immutable": false}}}`).Want(200)
	c.admin.Delete("/v3/roles/" + id).Want(204)
}

// S-074
func TestImpliedRoles(t *testing.T) {
	c := newCloud(t)
	a, b, d := c.role("a"), c.role("b"), c.role("d")
	admin := c.found("role", "admin")
	of := c.make("role", map[string]any{"name": "of", "domain_id": "default"})
	rule := func(prior, implied string) string { return "/v3/roles/" + prior + "/implies/" + implied }
	ref := func(id, name string) map[string]any {
		return map[string]any{"id": id, "name": name, "links": map[string]any{"self": "http://identity.example/v3/roles/" + id}}
	}
	want := map[string]any{
		"role_inference": map[string]any{"prior_role": ref(a, "a"), "implies": ref(b, "b")},
		"links":          map[string]any{"self": "http://identity.example" + rule(a, b)},
	}
	if diff := cmp.Diff(want, c.admin.Put(rule(a, b), nil).Want(201).JSON()); diff != "" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, c.admin.Get(rule(a, b)).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -want +got:\n%s", diff)
	}
	c.admin.Head(rule(a, b)).Want(204)
	message(t, c.admin.Put(rule(a, b), nil), 409, "Conflict occurred attempting to store implied_role - Duplicate entry.")
	message(t, c.admin.Put(rule(a, admin), nil), 403, admin+" cannot be an implied roles.")
	message(t, c.admin.Put(rule(a, of), nil), 403, of+" cannot be an implied roles.")
	message(t, c.admin.Put(rule(a, "nobody"), nil), 404, "Could not find role: nobody.")
	message(t, c.admin.Get(rule(b, a)), 404, b+" does not imply "+a+".")
	message(t, c.admin.Delete(rule(b, a)), 404, b+" does not imply "+a+".")
	c.admin.Put(rule(b, d), nil).Want(201)
	c.admin.Put(rule(d, a), nil).Want(201) // a circle
	c.admin.Put(rule(d, d), nil).Want(201)
	c.admin.Put(rule(of, a), nil).Want(201)
	if got, want := c.admin.Get("/v3/roles/"+d+"/implies").Want(200).Texts("role_inference.implies", "name"), []string{"a", "d"}; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := len(c.admin.Get("/v3/role_inferences").Want(200).List("role_inferences")); got != 3+4 {
		t.Errorf("%d prior roles, want those of bootstrap and four more", got)
	}
	project := c.adminProject()
	u := c.user("carol")
	c.admin.Put("/v3/projects/"+project+"/users/"+u+"/roles/"+of, nil).Want(204)
	if got, want := rolesOf(c.log("carol", testenv.OnProject("admin")).Want(201)), "a b d"; got != want {
		t.Errorf("carol holds %q, want %q", got, want)
	}
	c.admin.Delete(rule(a, b)).Want(204)
	if got, want := rolesOf(c.log("carol", testenv.OnProject("admin")).Want(201)), "a"; got != want {
		t.Errorf("carol holds %q, want %q", got, want)
	}
}

// S-009
func TestRolesShownShrinkAtOnce(t *testing.T) {
	c := newCloud(t)
	project := c.adminProject()
	u := c.user("dave")
	g := c.group("crew", u)
	one, two, three, four := c.role("one"), c.role("two"), c.role("three"), c.role("four")
	c.admin.Put("/v3/roles/"+two+"/implies/"+three, nil).Want(201)
	grants := []string{
		"/v3/projects/" + project + "/users/" + u + "/roles/" + one,
		"/v3/projects/" + project + "/groups/" + g + "/roles/" + two,
		"/v3/OS-INHERIT/domains/default/users/" + u + "/roles/" + four + "/inherited_to_projects",
	}
	for _, path := range grants {
		c.admin.Put(path, nil).Want(204)
		c.admin.Put(path, nil).Want(204)
		c.admin.Head(path).Want(204)
	}
	token := c.log("dave", testenv.OnProject("admin")).Want(201).Actor()
	for _, step := range []struct{ remove, left string }{
		{"/v3/roles/" + two + "/implies/" + three, "four one two"},
		{grants[1], "four one"},
		{grants[2], "one"},
	} {
		c.admin.Delete(step.remove).Want(204)
		if got := rolesOf(c.admin.Validate(token.Token).Want(200)); got != step.left {
			t.Errorf("after DELETE %s: %q, want %q", step.remove, got, step.left)
		}
		c.admin.Delete(step.remove).Want(404)
	}
	c.admin.Delete(grants[0]).Want(204)
	c.admin.Validate(token.Token).Want(404)

	of := c.make("role", map[string]any{"name": "of", "domain_id": "default"})
	c.admin.Put("/v3/roles/"+of+"/implies/"+three, nil).Want(201)
	c.admin.Put("/v3/projects/"+project+"/users/"+u+"/roles/"+of, nil).Want(204)
	token = c.log("dave", testenv.OnProject("admin")).Want(201).Actor()
	if got := rolesOf(c.admin.Validate(token.Token).Want(200)); got != "three" {
		t.Errorf("by the role of a domain: %q, want three", got)
	}
	c.admin.Delete("/v3/roles/" + of).Want(204)
	c.admin.Validate(token.Token).Want(404)

	c.admin.Put("/v3/system/users/"+u+"/roles/"+one, nil).Want(204)
	system := c.log("dave", testenv.OnSystem).Want(201).Actor()
	c.admin.Validate(system.Token).Want(200)
	c.admin.Delete("/v3/roles/" + one).Want(204)
	c.admin.Validate(system.Token).Want(404)
}

// S-072, S-073
func TestGrantsTieWhatExists(t *testing.T) {
	c := newCloud(t)
	project := c.adminProject()
	u, role := c.user("erin"), c.role("r")
	g := c.group("crew", u)
	before := c.admin.Get("/v3/role_assignments").Want(200).Body
	for _, at := range []string{"/v3/projects/" + project, "/v3/domains/default", "/v3/system", "/v3/OS-INHERIT/projects/" + project, "/v3/OS-INHERIT/domains/default"} {
		end := ""
		if strings.Contains(at, "INHERIT") {
			end = "/inherited_to_projects"
		}
		for _, who := range []string{"/users/" + g, "/groups/" + u, "/users/nobody"} {
			c.admin.Put(at+who+"/roles/"+role+end, nil).Want(404)
		}
		message(t, c.admin.Put(at+"/users/"+u+"/roles/nothing"+end, nil), 404, "Could not find role: nothing.")
		c.admin.Delete(at + "/users/" + u + "/roles/" + role + end).Want(404)
	}
	message(t, c.admin.Put("/v3/projects/nowhere/users/"+u+"/roles/"+role, nil), 404, "Could not find project: nowhere.")
	message(t, c.admin.Put("/v3/domains/nowhere/users/"+u+"/roles/"+role, nil), 404, "Could not find domain: nowhere.")
	message(t, c.admin.Delete("/v3/projects/"+project+"/users/"+u+"/roles/"+role), 404, "Could not find role assignment with role: "+role+
		", user or group: "+u+", project, domain, or system: "+project+".")
	if after := c.admin.Get("/v3/role_assignments").Want(200).Body; after != before {
		t.Errorf("refused changes left traces:\n%s\n%s", before, after)
	}
	c.admin.Put("/v3/projects/"+project+"/groups/"+g+"/roles/"+role, nil).Want(204)
	c.admin.Delete("/v3/projects/" + project + "/users/" + g + "/roles/" + role).Want(404)
	c.admin.Get("/v3/projects/" + project + "/groups/" + g + "/roles/" + role).Want(204)

	of := c.make("role", map[string]any{"name": "of", "domain_id": "default"})
	message(t, c.admin.Put("/v3/system/users/"+u+"/roles/"+of, nil), 400,
		"Role "+of+" is a domain-specific role. Unable to use a domain-specific role in a system assignment.")
	elsewhere := c.make("role", map[string]any{"name": "of", "domain_id": "elsewhere"})
	message(t, c.admin.Put("/v3/projects/"+project+"/users/"+u+"/roles/"+elsewhere, nil), 403,
		"Project "+project+" must be in the same domain as the role "+elsewhere+" being assigned.")
}

// S-166
func TestParallelChangesOfARole(t *testing.T) {
	c := newCloud(t)
	id := c.role("shared")
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			body := fmt.Sprintf(`{"role": {"attribute%d": %d}}`, i, i)
			if i == 0 {
				body = `{"role": {"description": "changed", "options": {"immutable": null}}}`
			}
			if r := c.admin.Patch("/v3/roles/"+id, body); r.Status != 200 {
				t.Errorf("change %d: %d %s", i, r.Status, r.Body)
			}
		})
	}
	group.Wait()
	r := c.admin.Get("/v3/roles/" + id).Want(200)
	for i := 1; i < 24; i++ {
		if got := r.Value(fmt.Sprintf("role.attribute%d", i)); got != float64(i) {
			t.Errorf("attribute%d is %v", i, got)
		}
	}
	if got := r.Get("role.description"); got != "changed" {
		t.Errorf("the description is %q", got)
	}
}
