package httpapi_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

func createDomain(admin *testenv.Actor, name string) string {
	return admin.Post("/v3/domains", object{"domain": object{"name": name}}).Want(201).Get("domain.id")
}

// createProject makes a project below another, or below the domain itself.
func createProject(admin *testenv.Actor, domain, parent, name string) string {
	return admin.Post("/v3/projects", object{"project": object{"name": name, "domain_id": domain, "parent_id": parent}}).Want(201).Get("project.id")
}

// grant gives a user a role by its name.
func grant(t *testing.T, env *testenv.Env, user, role string, on identity.Grant) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		r, err := tx.RoleByName(t.Context(), "", role)
		if err != nil {
			return err
		}
		on.User, on.Role = identity.UserID(user), r.ID
		return tx.PutGrant(t.Context(), on)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// onDomain makes a user of the default domain with a role on a domain and logs it in there.
func onDomain(t *testing.T, env *testenv.Env, domain, role string) *testenv.Actor {
	t.Helper()
	name := role + "-of-" + domain
	grant(t, env, createUser(env.Admin(), name, "secret"), role, identity.Grant{Domain: identity.DomainID(domain)})
	return env.Login(name, "secret", testenv.OnDomainID(domain))
}

func TestProjectFromCreateToDelete(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	created := admin.Post("/v3/projects", `{"project": {"name": " port ", "colour": "blue", "a-b": 1, "tags": ["red", "blue"],
		"id": "mine", "links": {"self": "x"}, "extra": {"x": 1}, "options": {"immutable": null}}}`).Want(201)
	id := created.Get("project.id")
	project := object{
		"id": id, "name": "port", "domain_id": "default", "parent_id": "default", "description": "", "enabled": true,
		"is_domain": false, "tags": []any{"red", "blue"}, "options": object{}, "colour": "blue", "a_b": 1.0,
		"links": object{"self": "http://identity.example/v3/projects/" + id},
	}
	if diff := cmp.Diff(object{"project": project}, created.JSON()); diff != "" || id == "mine" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	project["tags"] = []any{"blue", "red"}
	if diff := cmp.Diff(object{"project": project}, admin.Get("/v3/projects/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -want +got:\n%s", diff)
	}

	changed := admin.Patch("/v3/projects/"+id, `{"project": {"id": "`+id+`", "domain_id": "default", "parent_id": "default",
		"is_domain": false, "name": "harbour", "description": null, "enabled": false, "colour": null, "x-y": [1], "tags": [],
		"options": {"immutable": true}}}`).Want(200)
	maps.Copy(project, object{
		"name": "harbour", "description": nil, "enabled": false, "colour": nil, "x-y": []any{1.0}, "tags": []any{},
		"options": object{"immutable": true},
	})
	if diff := cmp.Diff(object{"project": project}, admin.Get("/v3/projects/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("after the change, -want +got:\n%s", diff)
	}
	project["extra"] = object{"colour": nil, "a_b": 1.0, "x-y": []any{1.0}} // a change answers these twice
	if diff := cmp.Diff(object{"project": project}, changed.JSON()); diff != "" {
		t.Errorf("changed, -want +got:\n%s", diff)
	}

	frozen := "Unable to update immutable project resource: `" + id + `. Set resource option "immutable" to false first.`
	for _, body := range []string{
		`{}`, `{"name": "x"}`, `{"tags": ["x"]}`, `{"options": {}}`, `{"options": {"immutable": true}}`, `{"options": {"immutable": false}, "size": 1}`,
	} {
		if got := admin.Patch("/v3/projects/"+id, `{"project": `+body+`}`).Want(403).Message(); got != frozen {
			t.Errorf("changing an immutable project by %s: %s\nwant %s", body, got, frozen)
		}
	}
	if got, want := admin.Delete("/v3/projects/"+id).Want(403).Message(), strings.Replace(frozen, "update", "delete", 1); got != want {
		t.Errorf("deleting it: %s\nwant %s", got, want)
	}
	admin.Patch("/v3/projects/"+id, `{"project": {"options": {"immutable": false}}}`).Want(200)
	admin.Patch("/v3/projects/"+id, `{}`).Want(200)
	admin.Delete("/v3/projects/" + id).Want(204)
	if got, want := admin.Get("/v3/projects/"+id).Want(404).Message(), "Could not find project: "+id+"."; got != want {
		t.Errorf("after the delete: %q, want %q", got, want)
	}
}

// S-071, S-076, S-167, S-168
func TestProjectRefusals(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Default.MaxProjectTreeDepth = 3 })
	admin := env.Admin()
	acme, other := createDomain(admin, "acme"), createDomain(admin, "other")
	web := createProject(admin, acme, acme, "web")
	shop := createProject(admin, acme, web, "shop")
	till := createProject(admin, acme, shop, "till")
	off := createProject(admin, acme, acme, "off")
	admin.Patch("/v3/projects/"+off, `{"project": {"enabled": false}}`).Want(200)
	words := strings.NewReplacer("ACME", acme, "OTHER", other, "WEB", web, "SHOP", shop, "TILL", till, "OFF", off)

	for _, tt := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/projects", `{}`, 400, "Expecting to find name in project. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."},
		{"POST", "/projects", `{"project": {"name": "web", "domain_id": "ACME", "parent_id": "SHOP"}}`, 409, ""},
		{"POST", "/projects", `{"project": {"name": "wEb", "domain_id": "ACME"}}`, 409, ""},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "none"}}`, 400, "Could not find domain: none."},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "WEB"}}`, 400, "Could not find domain: WEB."},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "ACME", "parent_id": "none"}}`, 400, "Could not find project: none."},
		{"POST", "/projects", `{"project": {"name": "x", "parent_id": "WEB"}}`, 400, "Cannot create project, since it specifies its domain_id default, but specifies a parent in a different domain (ACME)."},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "OTHER", "parent_id": "ACME"}}`, 400, "Cannot create project, the parent (ACME) is acting as a domain, but this project's domain id (OTHER) does not match the parent's id."},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "ACME", "parent_id": "OFF"}}`, 400, "cannot create a project in a branch containing a disabled project: OFF"},
		{"POST", "/projects", `{"project": {"name": "x", "domain_id": "ACME", "parent_id": "TILL"}}`, 403, "Max hierarchy depth reached for TILL branch."},
		{"POST", "/projects", `{"project": {"name": "x", "is_domain": true, "domain_id": "ACME"}}`, 400, "only root projects are allowed to act as domains."},
		{"POST", "/projects", `{"project": {"name": "x", "is_domain": true, "parent_id": "WEB"}}`, 400, "only root projects are allowed to act as domains."},
		{"POST", "/projects", `{"project": {"name": "federated", "is_domain": true}}`, 400, "Domain cannot be named federated"},
		{"POST", "/projects", `{"project": {"name": "` + strings.Repeat("ü", 65) + `"}}`, 400, ""},
		{"PATCH", "/projects/WEB", `{"project": {"id": "x"}}`, 400, "Cannot change ID"},
		{"PATCH", "/projects/WEB", `{"project": {"domain_id": "OTHER"}}`, 400, "Cannot change Domain ID"},
		{"PATCH", "/projects/WEB", `{"project": {"domain_id": null}}`, 400, "Cannot change Domain ID"},
		{"PATCH", "/projects/WEB", `{"project": {"domain_id": 5}}`, 400, "Cannot change Domain ID"},
		{"PATCH", "/projects/SHOP", `{"project": {"parent_id": "ACME"}}`, 403, "Update of `parent_id` is not allowed."},
		{"PATCH", "/projects/WEB", `{"project": {"is_domain": true}}`, 400, "Update of `is_domain` is not allowed."},
		{"PATCH", "/projects/WEB", `{"project": {"is_domain": null}}`, 400, "Update of `is_domain` is not allowed."},
		{"PATCH", "/projects/WEB", `{"project": {"is_domain": 1}}`, 400, "Update of `is_domain` is not allowed."},
		{"PATCH", "/projects/WEB", `{"project": {"is_domain": "no"}}`, 400, "Update of `is_domain` is not allowed."},
		{"PATCH", "/projects/ACME", `{"project": {"is_domain": false}}`, 400, "Update of `is_domain` is not allowed."},
		{"PATCH", "/projects/SHOP", `{"project": {"name": "WEB2"}}`, 200, ""},
		{"PATCH", "/projects/SHOP", `{"project": {"name": "Web"}}`, 409, "Conflict occurred attempting to store project - it is not permitted to have two projects with either the same name or same id in the same domain: name is Web, project id SHOP."},
		{"PATCH", "/projects/WEB", `{"project": {"enabled": false}}`, 403, "Cannot disable project WEB since its subtree contains enabled projects."},
		{"PATCH", "/projects/none", `{"project": {"name": "x"}}`, 404, "Could not find project: none."},
		{"DELETE", "/projects/WEB", "", 403, "Cannot delete the project WEB since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree."},
		{"DELETE", "/projects/ACME", "", 403, "Cannot delete a domain that is enabled, please disable it first."},
		{"DELETE", "/projects/none", "", 404, "Could not find project: none."},
		{"GET", "/projects/WEB?parents_as_list&parents_as_ids", "", 400, "Cannot use parents_as_list and parents_as_ids query params at the same time."},
		{"GET", "/projects/WEB?subtree_as_list&subtree_as_ids=1", "", 400, "Cannot use subtree_as_list and subtree_as_ids query params at the same time."},
		{"GET", "/projects/none?subtree_as_list&subtree_as_ids", "", 404, "Could not find project: none."},
		{"GET", "/projects?enabled__contains=t", "", 400, "argument of type 'bool' is not iterable"},
		{"GET", "/projects?marker=none", "", 404, "Marker none could not be found."},
	} {
		r := admin.Do(tt.method, "/v3"+words.Replace(tt.path), words.Replace(tt.body))
		if r.Status != tt.status || tt.message != "" && r.Message() != words.Replace(tt.message) {
			t.Errorf("%s %s %s: got %d %s\nwant %d %s", tt.method, tt.path, tt.body, r.Status, r.Body, tt.status, words.Replace(tt.message))
		}
	}

	// Disabling goes from the leaves up, enabling from the top down.
	enable := func(id string, enabled bool) *testenv.Response {
		return admin.Patch("/v3/projects/"+id, object{"project": object{"enabled": enabled}})
	}
	for _, id := range []string{till, shop, web} {
		enable(id, false).Want(200)
	}
	if got, want := enable(till, true).Want(403).Message(), "Cannot enable project "+till+" since it has disabled parents"; got != want {
		t.Errorf("enabling below a disabled one: %s, want %s", got, want)
	}
	admin.Patch("/v3/projects/"+till, `{"project": {"description": "as disabled as before"}}`).Want(200)
	enable(web, true).Want(200)
	enable(shop, true).Want(200)
	enable(till, true).Want(200)
	enable(acme, false).Want(200) // a domain goes first
	enable(web, true).Want(200)
	enable(till, false).Want(200)
	enable(till, true).Want(403)
}

func TestProjectNamesSafeInURLs(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		c.Resource.ProjectNameURLSafe, c.Resource.DomainNameURLSafe = "new", "new"
	})
	admin := env.Admin()
	p := createProject(admin, "default", "default", "safe")
	d := createDomain(admin, "also safe")
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "/v3/projects", `{"project": {"name": "a/b?"}}`, "Project name cannot contain the following reserved characters: /?"},
		{"POST", "/v3/domains", `{"domain": {"name": "a:b"}}`, "Domain name cannot contain the following reserved characters: :"},
		{"PATCH", "/v3/projects/" + p, `{"project": {"name": "#1"}}`, "Project name cannot contain the following reserved characters: #"},
		{"PATCH", "/v3/domains/" + d, `{"domain": {"name": "#1"}}`, "Domain name cannot contain the following reserved characters: #"},
	} {
		if got := admin.Do(tt.method, tt.path, tt.body).Want(400).Message(); got != tt.want {
			t.Errorf("%s %s %s: %s, want %s", tt.method, tt.path, tt.body, got, tt.want)
		}
	}
}

func TestProjectFamily(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	web := createProject(admin, "default", "default", "web")
	shop := createProject(admin, "default", web, "shop")
	till := createProject(admin, "default", shop, "till")
	lab := createProject(admin, "default", web, "lab")
	bob := createUser(admin, "bob", "secret")
	grant(t, env, bob, "reader", identity.Grant{Project: identity.ProjectID(shop)})
	grant(t, env, bob, "reader", identity.Grant{Project: identity.ProjectID(shop), Inherited: true})
	reader := env.Login("bob", "secret", testenv.OnProjectID(shop))

	shown := func(who *testenv.Actor, project, query, member string) any {
		t.Helper()
		return who.Get("/v3/projects/" + project + "?" + query).Want(200).Value("project." + member)
	}
	for _, tt := range []struct {
		project, query, member string
		want                   any
	}{
		{till, "parents_as_ids", "parents", object{shop: object{web: object{"default": nil}}}},
		{"default", "parents_as_ids", "parents", nil},
		{web, "subtree_as_ids", "subtree", object{shop: object{till: nil}, lab: nil}},
		{lab, "subtree_as_ids", "subtree", nil},
		{web, "subtree_as_list=0", "subtree", nil},
		{web, "subtree_as_list", "subtree", []any{}}, // the administrator has no role there
	} {
		if diff := cmp.Diff(tt.want, shown(admin, tt.project, tt.query, tt.member)); diff != "" {
			t.Errorf("%s?%s, -want +got:\n%s", tt.project, tt.query, diff)
		}
	}
	if diff := cmp.Diff([]any{admin.Get("/v3/projects/" + till).JSON()}, shown(reader, shop, "subtree_as_list", "subtree")); diff != "" {
		t.Errorf("what the reader of shop sees below it, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]any{}, shown(reader, shop, "parents_as_list", "parents")); diff != "" {
		t.Errorf("what the reader of shop sees above it, -want +got:\n%s", diff)
	}
	if got := shown(reader, shop, "subtree_as_list&include_limits", "subtree.0.project.limits"); !cmp.Equal(got, []any{}) {
		t.Errorf("limits of a project without any: %v", got)
	}
	if got := shown(reader, shop, "include_limits", "limits"); got != nil {
		t.Errorf("the limits of the project itself: %v, want them left out", got)
	}
}

func TestProjectListFiltersAndPages(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Default.MaxDBLimit = 5 })
	admin := env.Admin()
	acme := createDomain(admin, "acme")
	var all []string
	for i := range 6 {
		tags := []any{"even", strconv.Itoa(i)}[i%2:]
		body := object{"name": fmt.Sprint("p", i), "domain_id": acme, "tags": tags, "enabled": i != 5}
		all = append(all, admin.Post("/v3/projects", object{"project": body}).Want(201).Get("project.name"))
	}
	for _, tt := range []struct{ query, want string }{
		{"name=p1", "p1"},
		{"name=P1", ""},
		{"name__icontains=P&enabled=false", "p5"},
		{"name__istartswith=P&tags=even", "p0 p2 p4"},
		{"domain_id=ACME&tags=even,2", "p2"},
		{"tags-any=2,3", "p2 p3"},
		{"domain_id=ACME&not-tags-any=even,5", "p1 p3"},
		{"domain_id=ACME&not-tags=even,0&not-tags-any=1,3", "p2 p4 p5"}, // upstream shows those with 1 and 3 instead
		{"tags-any=2,3&tags-any=0", "p2 p3"},
		{"parent_id=" + acme + "&enabled=0", "p5"},
		{"is_domain=true&name=acme", "acme"},
		{"is_domain=true&name=p1", ""},
		{"name__unknown=zzz&name=p1", "p1"},
		{"sort_key=password&sort_dir=desc&name=p1", "p1"}, // S-080
	} {
		names := admin.Get("/v3/projects?"+strings.ReplaceAll(tt.query, "ACME", acme)).Want(200).Texts("projects", "name")
		slices.Sort(names)
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("?%s finds %q, want %q", tt.query, got, tt.want)
		}
	}
	for _, start := range []string{"limit=2&domain_id=" + acme, "domain_id=" + acme} {
		var seen []string
		for next := "/v3/projects?" + start; next != ""; {
			page := admin.Get(next).Want(200)
			names := page.Texts("projects", "name")
			if len(names) > 5 {
				t.Fatalf("%s: a page of %d, above max_db_limit", next, len(names))
			}
			seen = append(seen, names...)
			link, _ := page.Value("links.next").(string)
			if more := page.Value("truncated") != nil; more != (link != "") {
				t.Errorf("truncated is %v beside the next link %q", more, link)
			}
			if next = strings.TrimPrefix(link, "http://identity.example"); next != "" && !strings.HasPrefix(next, "/v3/projects?"+start) {
				t.Errorf("the next link %s does not keep the order of %s", next, start)
			}
		}
		slices.Sort(seen)
		if !slices.Equal(seen, all) {
			t.Errorf("the pages from ?%s show %v, want each once: %v", start, seen, all)
		}
	}
}

func TestProjectTags(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	id := createProject(admin, "default", "default", "p")
	tags := "/v3/projects/" + id + "/tags"
	if diff := cmp.Diff(object{"tags": []any{}, "links": object{"self": "http://identity.example/v3"}}, admin.Get(tags).Want(200).JSON()); diff != "" {
		t.Errorf("no tags, -want +got:\n%s", diff)
	}
	added := admin.Put(tags+"/a%20b", nil).Want(201)
	if got, want := added.Header.Get("Location"), "http://identity.example/v3/"+id+"/tags/a%20b"; got != want || added.Body != "" {
		t.Errorf("added: Location %q, body %q; want %q and nothing", got, added.Body, want)
	}
	if got := admin.Put(tags, `{"tags": [" z ", "a"]}`).Want(200).List("tags"); !cmp.Equal(got, []any{"z", "a"}) {
		t.Errorf("set: %v, want z and a", got)
	}
	admin.Get(tags + "/z").Want(204)
	admin.Head(tags + "/z").Want(204)
	for _, tag := range []string{"none", "Z", "a b"} {
		if got, want := admin.Get(tags+"/"+strings.ReplaceAll(tag, " ", "%20")).Want(404).Message(), "Could not find project tag: "+tag+"."; got != want {
			t.Errorf("tag %s: %s, want %s", tag, got, want)
		}
	}
	admin.Delete(tags + "/z").Want(204)
	admin.Delete(tags + "/z").Want(404)
	if got := admin.Get("/v3/projects/" + id).List("project.tags"); !cmp.Equal(got, []any{"a"}) {
		t.Errorf("the project has the tags %v, want a", got)
	}

	many := make([]string, 80)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	long := strings.Repeat("ü", 255)
	for _, tt := range []struct {
		path   string
		body   any
		status int
	}{
		{tags + "/a", nil, 400},       // twice
		{tags + "/a,b", nil, 400},     // a comma
		{tags + "/a%20", nil, 201},    // the same without the space: there already
		{tags + "/" + long, nil, 201}, // S-168: as long as can be
		{tags + "/" + long + "x", nil, 400},
		{tags, `{"tags": ["a", "a"]}`, 400},
		{tags, `{"tags": ["a", "a "]}`, 200},
		{tags, `{"tags": [""]}`, 400},
		{tags, `{"tags": null}`, 400},
		{tags, `{}`, 400},
		{tags, object{"tags": slices.Concat(many, []string{"x"})}, 400},
		{tags, object{"tags": many}, 200},
		{tags + "/one-more", nil, 400},
		{"/v3/projects/none/tags", `{"tags": []}`, 404},
		{"/v3/projects/none/tags/a", nil, 404},
	} {
		if r := admin.Put(tt.path, tt.body); r.Status != tt.status {
			t.Errorf("PUT %s %v: got %d, want %d: %s", tt.path, tt.body, r.Status, tt.status, r.Body)
		}
	}

	admin.Put(tags, `{"tags": ["t1", "t1 "]}`).Want(200)
	if got := admin.Get(tags).List("tags"); !cmp.Equal(got, []any{"t1"}) {
		t.Errorf("a tag with and without a space: %v, want one", got)
	}
	admin.Patch("/v3/projects/"+id, `{"project": {"options": {"immutable": true}}}`).Want(200)
	for _, tt := range []struct{ method, path, verb string }{
		{"PUT", "/x", "create"}, {"DELETE", "/t1", "delete"}, {"DELETE", "/none", "delete"}, {"DELETE", "", "update"},
	} {
		want := "Cannot " + tt.verb + " project tags for " + id + `, project is immutable. Set "immutable" option to false before creating project tags.`
		if got := admin.Do(tt.method, tags+tt.path, nil).Want(403).Message(); got != want {
			t.Errorf("%s %s: %s\nwant %s", tt.method, tt.path, got, want)
		}
	}
	admin.Put(tags, `{"tags": []}`).Want(403)
	admin.Patch("/v3/projects/"+id, `{"project": {"options": {"immutable": null}}}`).Want(200)
	admin.Delete(tags).Want(204)
	if got := admin.Get(tags).List("tags"); len(got) != 0 {
		t.Errorf("after taking all away: %v", got)
	}
}

// S-068, S-069, S-070
func TestWhoMayDoWhatToProjects(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	acme, other := createDomain(admin, "acme"), createDomain(admin, "other")
	web, far := createProject(admin, acme, acme, "web"), createProject(admin, other, other, "far")
	manager, reader := onDomain(t, env, acme, "manager"), onDomain(t, env, acme, "reader")
	bob := createUser(admin, "bob", "secret")
	grant(t, env, bob, "member", identity.Grant{Project: identity.ProjectID(web)})
	member := env.Login("bob", "secret", testenv.OnProjectID(web))

	for _, target := range []string{far, "none"} {
		for _, call := range []struct{ method, path, body string }{
			{"GET", "", ""}, {"HEAD", "", ""}, {"PATCH", "", `{"project": {"name": "x"}}`}, {"DELETE", "", ""}, {"GET", "/tags", ""},
			{"PUT", "/tags", `{"tags": ["a", "a"]}`}, {"DELETE", "/tags", ""}, {"GET", "/tags/a", ""}, {"PUT", "/tags/a,b", ""}, {"DELETE", "/tags/a", ""},
			{"GET", "?parents_as_list&parents_as_ids", ""},
		} {
			path := "/v3/projects/" + target + call.path
			manager.Do(call.method, path, call.body).Want(403)
			reader.Do(call.method, path, call.body).Want(403)
			member.Do(call.method, path, call.body).Want(403)
			env.Do(call.method, path, call.body).Want(401)
		}
	}
	for _, domain := range []string{other, "none"} {
		manager.Get("/v3/domains/" + domain).Want(403)
		for _, who := range []*testenv.Actor{manager, reader, member} {
			who.Patch("/v3/domains/"+domain, `{"domain": {"name": "x"}}`).Want(403)
			who.Delete("/v3/domains/" + domain).Want(403)
		}
	}
	reader.Patch("/v3/projects/"+web, `{"project": {"name": "x"}}`).Want(403)
	reader.Get("/v3/projects/" + web).Want(200)
	member.Get("/v3/projects/" + web + "/tags").Want(200)
	member.Get("/v3/projects").Want(403)
	member.Get("/v3/domains").Want(403)
	manager.Post("/v3/domains", `{"domain": {"name": "x"}}`).Want(403)
	manager.Post("/v3/projects", `{"project": {"name": "x", "is_domain": true}}`).Want(403)
	manager.Post("/v3/projects", object{"project": object{"name": "x", "domain_id": other}}).Want(403)
	manager.Post("/v3/projects", object{"project": object{"name": "x", "domain_id": acme}}).Want(201)
	manager.Post("/v3/projects", `{"project": {"name": "y"}}`).Want(403) // the rule looks at what was sent

	// With a domain's token lists hold what is in it, whatever is asked for.
	for query, want := range map[string]string{"": "web x", "?domain_id=" + other: "", "?is_domain=true": "", "?name=far": ""} {
		names := reader.Get("/v3/projects"+query).Want(200).Texts("projects", "name")
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("the projects%s for the reader of acme: %q, want %q", query, got, want)
		}
	}
	if got := reader.Get("/v3/domains").Want(200).Texts("domains", "name"); !slices.Equal(got, []string{"acme"}) {
		t.Errorf("the domains for the reader of acme: %q", got)
	}
	if got := reader.Get("/v3/domains?name=other").Want(200).List("domains"); len(got) != 0 {
		t.Errorf("the other domain for the reader of acme: %v", got)
	}
	reader.Get("/v3/domains/" + acme).Want(200)
	domainAdmin := onDomain(t, env, acme, "admin")
	if got := domainAdmin.Post("/v3/projects", `{"project": {"name": "here"}}`).Want(201).Get("project.domain_id"); got != acme {
		t.Errorf("a project made with acme's token belongs to %s, want %s", got, acme)
	}
}

func TestTokensEndWithTheProject(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	acme := createDomain(admin, "acme")
	web := createProject(admin, acme, acme, "web")
	bob := createUser(admin, "bob", "secret")
	grant(t, env, bob, "member", identity.Grant{Project: identity.ProjectID(web)})
	grant(t, env, bob, "member", identity.Grant{Domain: identity.DomainID(acme)})
	login := func(scope string) *testenv.Actor { return env.Login("bob", "secret", scope) }
	valid := func(who *testenv.Actor) bool { return admin.Validate(who.Token).Status == 200 }

	onProject, onDomain := login(testenv.OnProjectID(web)), login(testenv.OnDomainID(acme))
	admin.Patch("/v3/projects/"+web, `{"project": {"enabled": false}}`).Want(200)
	if valid(onProject) || !valid(onDomain) {
		t.Error("disabling the project must end its tokens and no others")
	}
	env.Authenticate(testenv.Body("bob", "secret", testenv.OnProjectID(web))).Want(401)
	admin.Patch("/v3/projects/"+web, `{"project": {"enabled": true}}`).Want(200)
	onProject = login(testenv.OnProjectID(web))
	admin.Patch("/v3/domains/"+acme, `{"domain": {"enabled": false}}`).Want(200)
	if valid(onProject) || valid(onDomain) {
		t.Error("disabling the domain must end the tokens of what is in it")
	}
	admin.Patch("/v3/domains/"+acme, `{"domain": {"enabled": true}}`).Want(200)
	onProject = login(testenv.OnProjectID(web))
	admin.Delete("/v3/projects/" + web).Want(204)
	if valid(onProject) {
		t.Error("deleting the project must end its tokens")
	}
}

// S-166
func TestChangesOfAProjectAtOnce(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	id := createProject(admin, "default", "default", "p")
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			r := admin.Patch("/v3/projects/"+id, fmt.Sprintf(`{"project": {"k%d": "v"}}`, i))
			if i%2 == 0 {
				r = admin.Put(fmt.Sprintf("/v3/projects/%s/tags/t%d", id, i), nil)
			}
			if r.Status >= 300 {
				t.Errorf("change %d: %d %s", i, r.Status, r.Body)
			}
		})
	}
	wg.Wait()
	p := admin.Get("/v3/projects/" + id).Want(200)
	tags := p.List("project.tags")
	for i := range 24 {
		if p.Value(fmt.Sprintf("project.k%d", i)) != "v" || i%2 == 0 && !slices.Contains(tags, any(fmt.Sprint("t", i))) {
			t.Errorf("change %d was lost: %s", i, p.Body)
		}
	}
}
