package assignment_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

const base = "http://identity.example/v3"

// company is a cloud with the projects sea > harbour > quay, the user ann and the group crew that she is in, and the role
// pilot, which implies sailor.
type company struct {
	*cloud
	sea, harbour, quay, ann, crew, pilot, sailor string
}

func newCompany(t *testing.T) company {
	c := company{cloud: newCloud(t)}
	c.sea = c.make("project", map[string]any{"name": "sea", "domain_id": "default"})
	c.harbour = c.make("project", map[string]any{"name": "harbour", "parent_id": c.sea})
	c.quay = c.make("project", map[string]any{"name": "quay", "parent_id": c.harbour})
	c.ann = c.user("ann")
	c.crew = c.group("crew", c.ann)
	c.pilot, c.sailor = c.role("pilot"), c.role("sailor")
	c.admin.Put("/v3/roles/"+c.pilot+"/implies/"+c.sailor, nil).Want(201)
	return c
}

// lines writes a list of assignments with ids as names: "ann quay pilot", sorted.
func (c company) lines(r *testenv.Response) []string {
	c.t.Helper()
	names := strings.NewReplacer(c.sea, "sea", c.harbour, "harbour", c.quay, "quay", c.ann, "ann", c.crew, "crew", c.pilot, "pilot", c.sailor, "sailor")
	var out []string
	for _, item := range r.Want(200).List("role_assignments") {
		var words []string
		a := item.(map[string]any)
		scope := a["scope"].(map[string]any)
		for _, in := range []any{a["user"], a["group"], scope["project"], scope["domain"], a["role"]} {
			if v, ok := in.(map[string]any); ok {
				words = append(words, names.Replace(v["id"].(string)))
			}
		}
		if scope["system"] != nil {
			words = append(words, "system")
		}
		if scope["OS-INHERIT:inherited_to"] != nil {
			words = append(words, "inherited")
		}
		out = append(out, strings.Join(words, " "))
	}
	slices.Sort(out)
	return out
}

// pages is lines of a list that is read page by page, each by the link on the one before.
func (c company) pages(path string) (all []string) {
	c.t.Helper()
	for range 100 {
		page := c.admin.Get(path)
		all = append(all, c.lines(page)...)
		next, more := page.Value("links.next").(string)
		if more != (page.Value("truncated") == true) {
			c.t.Errorf("%s: truncated is %v, and the next page %q", path, page.Value("truncated"), next)
		}
		if !more {
			slices.Sort(all)
			return all
		}
		path = next[strings.Index(next, "/v3/"):]
	}
	c.t.Fatalf("%s: the pages have no end", path)
	return nil
}

// A list that is longer than what is read at a time has each assignment once, in the order of its pages.
func TestLongListOfAssignments(t *testing.T) {
	c := newCompany(t)
	const n = assignment.PieceLength + 100
	err := c.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			g := identity.Grant{Role: identity.RoleID(c.pilot), User: identity.UserID(fmt.Sprintf("user%05d", i)), Project: identity.ProjectID(c.quay)}
			if err := tx.PutGrant(t.Context(), g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, roles := range map[string]int{"": 1, "effective&": 2} {
		path := "/v3/role_assignments?" + query + "scope.project.id=" + c.quay
		whole := c.admin.Get(path).Want(200)
		if whole.Value("truncated") != nil || whole.Value("links.next") != nil {
			t.Errorf("%s is cut", path)
		}
		all := c.lines(whole)
		if len(slices.Compact(slices.Clone(all))) != roles*n {
			t.Errorf("%s: %d assignments, want %d", path, len(all), roles*n)
		}
		if diff := cmp.Diff(all, c.pages(path+"&limit=999")); diff != "" {
			t.Errorf("%s in pages, -whole +pages:\n%s", path, diff)
		}
	}
}

func TestAssignments(t *testing.T) {
	c := newCompany(t)
	for _, path := range []string{
		"/v3/projects/" + c.sea + "/users/" + c.ann + "/roles/" + c.sailor,
		"/v3/OS-INHERIT/projects/" + c.sea + "/groups/" + c.crew + "/roles/" + c.pilot + "/inherited_to_projects",
		"/v3/domains/default/users/" + c.ann + "/roles/" + c.sailor,
		"/v3/system/groups/" + c.crew + "/roles/" + c.sailor,
	} {
		c.admin.Put(path, nil).Want(204)
	}
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"user.id=" + c.ann, []string{"ann default sailor", "ann sea sailor"}},
		{"group.id=" + c.crew, []string{"crew sailor system", "crew sea pilot inherited"}},
		{"role.id=" + c.pilot, []string{"crew sea pilot inherited"}},
		{"scope.system=all&role.id=" + c.sailor, []string{"crew sailor system"}},
		{"scope.system=some&group.id=" + c.crew, []string{"crew sailor system", "crew sea pilot inherited"}},
		{"scope.project.id=" + c.sea, []string{"ann sea sailor", "crew sea pilot inherited"}},
		{"scope.project.id=" + c.quay, nil},
		{"scope.domain.id=default&user.id=" + c.ann, []string{"ann default sailor"}},
		{"scope.project.id=" + c.sea + "&scope.OS-INHERIT:inherited_to=projects", []string{"crew sea pilot inherited"}},
		{"scope.project.id=" + c.sea + "&scope.OS-INHERIT:inherited_to=nothing", []string{"ann sea sailor"}},
		{"effective&user.id=" + c.ann, []string{
			"ann default sailor", "ann harbour pilot inherited", "ann harbour sailor inherited", "ann quay pilot inherited",
			"ann quay sailor inherited", "ann sea sailor",
		}},
		{"effective=0&user.id=" + c.ann, []string{"ann default sailor", "ann sea sailor"}},
		{"effective&scope.project.id=" + c.quay, []string{"ann quay pilot inherited", "ann quay sailor inherited"}},
		{"effective&role.id=" + c.sailor + "&scope.project.id=" + c.harbour, []string{"ann harbour sailor inherited"}},
		{"effective&scope.domain.id=default&user.id=" + c.ann, []string{"ann default sailor"}},
		{"include_subtree&scope.project.id=" + c.sea, []string{"ann sea sailor", "crew sea pilot inherited"}},
		{"include_subtree&effective&scope.project.id=" + c.sea, []string{
			"ann harbour pilot inherited", "ann harbour sailor inherited", "ann quay pilot inherited", "ann quay sailor inherited", "ann sea sailor",
		}},
		{"include_subtree&effective&scope.project.id=" + c.harbour, []string{
			"ann harbour pilot inherited", "ann harbour sailor inherited", "ann quay pilot inherited", "ann quay sailor inherited",
		}},
	} {
		if diff := cmp.Diff(tt.want, c.lines(c.admin.Get("/v3/role_assignments?"+tt.query))); diff != "" {
			t.Errorf("%s, -want +got:\n%s", tt.query, diff)
		}
		for _, limit := range []string{"1", "2", "5"} {
			if diff := cmp.Diff(tt.want, c.pages("/v3/role_assignments?"+tt.query+"&limit="+limit)); diff != "" {
				t.Errorf("%s in pages of %s, -want +got:\n%s", tt.query, limit, diff)
			}
		}
	}
	for _, marker := range []string{"x", "e30", "bnVsbA", "eyJTa2lwIjotMX0"} {
		message(t, c.admin.Get("/v3/role_assignments?limit=1&marker="+marker), 404, "Marker "+marker+" could not be found.")
	}
	for _, tt := range []struct {
		query  string
		status int
		want   string
	}{
		{"scope.domain.id=default&scope.project.id=" + c.sea, 400, "Specify a domain or project, not both"},
		{"scope.domain.id=default&scope.system=all", 400, "Specify system or domain, not both"},
		{"scope.system=all&scope.project.id=" + c.sea, 400, "Specify system or project, not both"},
		{"effective&group.id=" + c.crew, 400, "Combining effective and group filter will always result in an empty list."},
		{"effective&scope.domain.id=default&scope.OS-INHERIT:inherited_to=projects", 400,
			"Combining effective, domain and inherited filters will always result in an empty list."},
		{"effective&user.id=nobody", 404, "Could not find user: nobody."},
		{"effective&scope.project.id=nowhere", 404, "Could not find project: nowhere."},
		{"include_subtree&scope.project.id=nowhere", 404, "Could not find project: nowhere."},
	} {
		message(t, c.admin.Get("/v3/role_assignments?"+tt.query), tt.status, tt.want)
	}
	c.admin.Get("/v3/role_assignments?include_subtree").Want(400)
	c.admin.Get("/v3/role_assignments?user.id=" + c.ann + "&group.id=" + c.crew).Want(400)
}

func TestAssignmentsTellWhereTheyComeFrom(t *testing.T) {
	c := newCompany(t)
	grant := "/OS-INHERIT/domains/default/groups/" + c.crew + "/roles/" + c.pilot + "/inherited_to_projects"
	c.admin.Put("/v3"+grant, nil).Want(204)
	dom := map[string]any{"id": "default", "name": "Default"}
	named := func(id, name string) map[string]any { return map[string]any{"id": id, "name": name, "domain": dom} }
	want := []any{
		map[string]any{
			"role": map[string]any{"id": c.pilot, "name": "pilot"}, "user": named(c.ann, "ann"),
			"scope": map[string]any{"project": named(c.quay, "quay"), "OS-INHERIT:inherited_to": "projects"},
			"links": map[string]any{"assignment": base + grant, "membership": base + "/groups/" + c.crew + "/users/" + c.ann},
		},
		map[string]any{
			"role": map[string]any{"id": c.sailor, "name": "sailor"}, "user": named(c.ann, "ann"),
			"scope": map[string]any{"project": named(c.quay, "quay"), "OS-INHERIT:inherited_to": "projects"},
			"links": map[string]any{
				"assignment": base + grant, "membership": base + "/groups/" + c.crew + "/users/" + c.ann,
				"prior_role": base + "/prior_role/" + c.sailor + "/implies/" + c.pilot,
			},
		},
	}
	r := c.admin.Get("/v3/role_assignments?effective&include_names&scope.project.id=" + c.quay + "&user.id=" + c.ann).Want(200)
	if diff := cmp.Diff(want, r.List("role_assignments")); diff != "" {
		t.Errorf("effective, -want +got:\n%s", diff)
	}

	of := c.make("role", map[string]any{"name": "of", "domain_id": "default"})
	c.admin.Put("/v3/domains/default/groups/"+c.crew+"/roles/"+of, nil).Want(204)
	c.admin.Put("/v3/system/users/"+c.ann+"/roles/"+c.pilot, nil).Want(204)
	r = c.admin.Get("/v3/role_assignments?include_names&role.id=" + of).Want(200)
	want = []any{map[string]any{
		"role": named(of, "of"), "group": named(c.crew, "crew"), "scope": map[string]any{"domain": dom},
		"links": map[string]any{"assignment": base + "/domains/default/groups/" + c.crew + "/roles/" + of},
	}}
	if diff := cmp.Diff(want, r.List("role_assignments")); diff != "" {
		t.Errorf("of a domain's role, -want +got:\n%s", diff)
	}
	r = c.admin.Get("/v3/role_assignments?user.id=" + c.ann).Want(200)
	want = []any{map[string]any{
		"role": map[string]any{"id": c.pilot}, "user": map[string]any{"id": c.ann}, "scope": map[string]any{"system": map[string]any{"all": true}},
		"links": map[string]any{"assignment": base + "/system/users/" + c.ann + "/roles/" + c.pilot},
	}}
	if diff := cmp.Diff(want, r.List("role_assignments")); diff != "" {
		t.Errorf("on the system, -want +got:\n%s", diff)
	}
	if got := c.lines(c.admin.Get("/v3/role_assignments?effective&role.id=" + of)); got != nil {
		t.Errorf("the role of a domain is in effect: %v", got)
	}
}

// S-075
func TestScopesAreTheCallersOwn(t *testing.T) {
	c := newCompany(t)
	bob := c.user("bob")
	c.admin.Put("/v3/projects/"+c.sea+"/users/"+c.ann+"/roles/"+c.sailor, nil).Want(204)
	c.admin.Put("/v3/OS-INHERIT/projects/"+c.harbour+"/groups/"+c.crew+"/roles/"+c.pilot+"/inherited_to_projects", nil).Want(204)
	c.admin.Put("/v3/domains/default/groups/"+c.crew+"/roles/"+c.pilot, nil).Want(204)
	c.admin.Put("/v3/system/groups/"+c.crew+"/roles/"+c.pilot, nil).Want(204)
	ann, other := c.log("ann").Want(201).Actor(), c.log("bob").Want(201).Actor()
	mine := []string{c.sea, c.quay}
	slices.Sort(mine)
	for _, query := range []string{"", "?user_id=" + bob, "?domain_id=none&user.id=" + bob} {
		for _, path := range []string{"/v3/auth/projects", "/v3/OS-FEDERATION/projects"} {
			if got := ann.Get(path+query).Want(200).Texts("projects", "id"); !slices.Equal(got, mine) {
				t.Errorf("%s%s: got %v, want %v", path, query, got, mine)
			}
			if got := other.Get(path + query + strings.ReplaceAll(query, bob, c.ann)).Want(200).List("projects"); len(got) != 0 {
				t.Errorf("%s shows bob %v", path, got)
			}
		}
		for _, path := range []string{"/v3/auth/domains", "/v3/OS-FEDERATION/domains"} {
			if got := ann.Get(path+query).Want(200).Texts("domains", "id"); !slices.Equal(got, []string{"default"}) {
				t.Errorf("%s%s: got %v", path, query, got)
			}
			if got := other.Get(path + query).Want(200).List("domains"); len(got) != 0 {
				t.Errorf("%s shows bob %v", path, got)
			}
		}
	}
	if got := len(ann.Get("/v3/auth/system").Want(200).List("system")); got != 1 {
		t.Errorf("ann may use the system, and is shown %d", got)
	}
	if got := len(other.Get("/v3/auth/system?all=true").Want(200).List("system")); got != 0 {
		t.Errorf("bob may not use the system, and is shown %d", got)
	}
	message(t, ann.Get("/v3/auth/catalog"), 403, "You are not authorized to perform the requested action.")
	catalog := c.log("ann", testenv.OnProjectID(c.sea)).Want(201).Actor().Get("/v3/auth/catalog?project_id=" + c.quay).Want(200)
	if got, want := catalog.Get("links.self"), base+"/auth/catalog"; got != want || len(catalog.List("catalog")) != 1 {
		t.Errorf("catalog: %s", catalog.Body)
	}
	if got := ann.Get("/v3/users/"+c.ann+"/projects").Want(200).Texts("projects", "id"); !slices.Equal(got, mine) {
		t.Errorf("got %v, want %v", got, mine)
	}
	if got := ann.Get("/v3/users/"+c.ann+"/projects?name=quay").Want(200).Texts("projects", "id"); !slices.Equal(got, []string{c.quay}) {
		t.Errorf("got %v, want the quay", got)
	}
	page := ann.Get("/v3/users/" + c.ann + "/projects?limit=1").Want(200)
	next := strings.TrimPrefix(page.Get("links.next"), "http://identity.example")
	if got := append(page.Texts("projects", "id"), ann.Get(next).Want(200).Texts("projects", "id")...); !slices.Equal(got, mine) {
		t.Errorf("page by page: %v, want %v", got, mine)
	}
	other.Get("/v3/users/" + c.ann + "/projects").Want(403)
	other.Get("/v3/users/nobody/projects").Want(403)
	c.admin.Get("/v3/users/nobody/projects").Want(404)
	if r := c.Get("/v3/auth/tokens/OS-PKI/revoked"); r.Status != http.StatusForbidden {
		t.Errorf("the old list: %d", r.Status)
	}
}

// S-068, S-070
func TestManagersStayInTheirDomain(t *testing.T) {
	c := newCompany(t)
	away := c.make("domain", map[string]any{"name": "away"})
	there := c.make("project", map[string]any{"name": "there", "domain_id": away})
	stranger := c.make("user", map[string]any{"name": "eve", "domain_id": away})
	manager, member, admin := c.found("role", "manager"), c.found("role", "member"), c.found("role", "admin")
	mia := c.user("mia")
	c.admin.Put("/v3/domains/default/users/"+mia+"/roles/"+manager, nil).Want(204)
	boss := c.log("mia", testenv.OnDefaultDomain).Want(201).Actor()

	for _, role := range []string{"manager", "member", "reader"} {
		path := "/v3/projects/" + c.sea + "/users/" + c.ann + "/roles/" + c.found("role", role)
		boss.Put(path, nil).Want(204)
		boss.Get(path).Want(204)
		boss.Delete(path).Want(204)
		boss.Get("/v3/roles/" + c.found("role", role)).Want(200)
	}
	if got := len(boss.Get("/v3/projects/" + c.sea + "/users/" + c.ann + "/roles").Want(200).List("roles")); got != 0 {
		t.Errorf("%d roles are left", got)
	}
	for _, path := range []string{
		"/v3/projects/" + c.sea + "/users/" + c.ann + "/roles/" + admin,
		"/v3/projects/" + c.sea + "/users/" + c.ann + "/roles/" + c.pilot,
		"/v3/domains/default/users/" + mia + "/roles/" + admin,
		"/v3/projects/" + there + "/users/" + c.ann + "/roles/" + member,
		"/v3/projects/" + c.sea + "/users/" + stranger + "/roles/" + member,
		"/v3/domains/" + away + "/users/" + stranger + "/roles/" + member,
		"/v3/OS-INHERIT/domains/" + away + "/users/" + stranger + "/roles/" + member + "/inherited_to_projects",
		"/v3/system/users/" + c.ann + "/roles/" + member,
		"/v3/projects/nowhere/users/" + c.ann + "/roles/" + member,
		"/v3/projects/" + c.sea + "/users/nobody/roles/" + member,
		"/v3/projects/" + c.sea + "/users/" + c.ann + "/roles/nothing",
	} {
		boss.Put(path, nil).Want(403)
		boss.Delete(path).Want(403)
	}
	for _, path := range []string{"/v3/roles/" + admin, "/v3/roles/nothing"} {
		boss.Get(path).Want(403)
		boss.Patch(path, `{"role": {"name": "x"}}`).Want(403)
		boss.Delete(path).Want(403)
	}
	boss.Post("/v3/roles", `{"role": {"name": "x"}}`).Want(403)
	boss.Get("/v3/roles?domain_id=default").Want(403)
	boss.Put("/v3/roles/"+manager+"/implies/"+admin, nil).Want(403)
	boss.Get("/v3/role_inferences").Want(403)
	// S-069
	if got, want := boss.Get("/v3/roles").Want(200).Texts("roles", "name"), []string{"manager", "member", "reader"}; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("the roles that a manager can see are %v, want %v", got, want)
	}
	c.admin.Put("/v3/projects/"+there+"/users/"+stranger+"/roles/"+member, nil).Want(204)
	c.admin.Put("/v3/projects/"+there+"/users/"+c.ann+"/roles/"+member, nil).Want(204)
	c.admin.Put("/v3/projects/"+c.sea+"/users/"+c.ann+"/roles/"+member, nil).Want(204)
	for _, query := range []string{"?user.id=" + c.ann, "?effective&role.id=" + member + "&user.id=" + c.ann} {
		got := boss.Get("/v3/role_assignments" + query).Want(200).List("role_assignments")
		if len(got) != 1 {
			t.Errorf("a manager sees %v, want only what is in the domain", got)
		}
	}
	if got := boss.Get("/v3/users/"+c.ann+"/projects").Want(200).Texts("projects", "name"); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"sea", "there"}) {
		t.Errorf("a manager sees the projects %v of a user of the domain, want all of them", got)
	}
	boss.Get("/v3/role_assignments?include_subtree&scope.project.id=" + c.sea).Want(200)
	boss.Get("/v3/role_assignments?include_subtree&scope.project.id=" + there).Want(403)
	boss.Get("/v3/role_assignments?include_subtree&scope.project.id=nowhere").Want(403)
}
