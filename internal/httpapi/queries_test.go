package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A list asks the database a fixed number of questions, however much is in it: six at most.
func TestListsTakeSixQueries(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	member := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	parent, made := project, 0
	grow := func(by int) {
		for range by {
			made++
			user := createUser(admin, fmt.Sprint("user", made), "secret")
			admin.Patch("/v3/users/"+user, `{"user": {"options": {"lock_password": true}}}`).Want(200)
			group := admin.Post("/v3/groups", fmt.Sprintf(`{"group": {"name": "g%d"}}`, made)).Want(201).Get("group.id")
			admin.Put("/v3/groups/"+group+"/users/"+user, nil).Want(204)
			child := admin.Post("/v3/projects", fmt.Sprintf(`{"project": {"name": "p%d", "parent_id": %q, "tags": ["t"]}}`, made, parent)).Want(201).Get("project.id")
			role := admin.Post("/v3/roles", fmt.Sprintf(`{"role": {"name": "r%d"}}`, made)).Want(201).Get("role.id")
			admin.Put("/v3/roles/"+role+"/implies/"+member, nil).Want(201)
			for _, on := range []string{"/v3/projects/" + child, "/v3/domains/default", "/v3/system"} {
				admin.Put(on+"/users/"+user+"/roles/"+role, nil).Want(204)
				admin.Put(on+"/groups/"+group+"/roles/"+role, nil).Want(204)
			}
			admin.Put("/v3/OS-INHERIT/projects/"+project+"/users/"+user+"/roles/"+role+"/inherited_to_projects", nil).Want(204)
			if made == 1 {
				parent = child
			}
		}
	}
	queries := func(path string) int64 {
		env.CatchUp()
		admin.Get("/v3").Want(200) // who asks is known
		before := env.Server.DB.Queries()
		admin.Get(path).Want(200)
		return env.Server.DB.Queries() - before
	}
	paths := []string{
		"/v3/users", "/v3/users?limit=2", "/v3/users?enabled=true&name__contains=user", "/v3/groups", "/v3/projects", "/v3/projects?limit=2", "/v3/domains", "/v3/roles",
		"/v3/projects?parent_id=" + project, "/v3/projects/" + project + "?subtree_as_list", "/v3/projects/" + project + "?parents_as_ids",
		"/v3/role_assignments", "/v3/role_assignments?limit=2", "/v3/role_assignments?include_names", "/v3/role_assignments?effective", "/v3/role_assignments?effective&include_names",
		"/v3/role_assignments?scope.project.id=" + project + "&include_subtree=true", "/v3/role_assignments?scope.project.id=" + project + "&include_subtree=true&include_names",
		"/v3/role_assignments?scope.project.id=" + project + "&effective&include_names", "/v3/role_inferences", "/v3/auth/projects", "/v3/endpoints", "/v3/services",
	}
	grow(3)
	few := map[string]int64{}
	for _, path := range paths {
		if few[path] = queries(path); few[path] > 6 {
			t.Errorf("%s: %d queries", path, few[path])
		}
	}
	grow(12)
	for _, path := range paths {
		if n := queries(path); n != few[path] {
			t.Errorf("%s: %d queries for a few, %d for more", path, few[path], n)
		}
	}
}
