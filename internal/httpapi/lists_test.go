package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// [DEFAULT] list_limit cuts the lists that upstream's managers cut, unless the kind of entity has a limit of its own.
func TestListLimits(t *testing.T) {
	one, two := 1, 2
	env := testenv.New(t, func(c *config.Config) { c.Default.ListLimit, c.Role.ListLimit = &one, &two })
	admin := env.Admin()
	id := createUser(admin, "ann", "secret")
	for _, name := range []string{"a", "b", "c"} {
		admin.Post("/v3/regions", `{"region": {"id": "`+name+`"}}`).Want(201)
		admin.Post("/v3/services", `{"service": {"type": "`+name+`"}}`).Want(201)
		admin.Post("/v3/credentials", `{"credential": {"type": "x", "blob": "`+name+`", "user_id": "`+id+`"}}`).Want(201)
		admin.Post("/v3/projects", `{"project": {"name": "`+name+`"}}`).Want(201)
	}
	for _, tt := range []struct {
		path, key string
		want      int
		truncated bool
	}{
		{"/v3/users", "users", 1, true},
		{"/v3/projects", "projects", 1, true},
		{"/v3/services", "services", 1, true},
		{"/v3/roles", "roles", 2, true},
		{"/v3/services?limit=2", "services", 1, true},
		{"/v3/regions", "regions", 4, false},
		{"/v3/credentials", "credentials", 3, false},
		{"/v3/credentials?limit=2", "credentials", 2, true},
	} {
		answer := admin.Get(tt.path).Want(200)
		if got := len(answer.List(tt.key)); got != tt.want {
			t.Errorf("%s: %d entities, want %d", tt.path, got, tt.want)
		}
		if got := answer.Value("truncated") != nil; got != tt.truncated {
			t.Errorf("%s: truncated is %v, want %v", tt.path, got, tt.truncated)
		}
	}
}

// Who may not list a user's access rules is not told what is wrong with the request.
func TestMalformedListOfAnothersAccessRules(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	ann := createUser(admin, "ann", "secret")
	createUser(admin, "ben", "secret")
	path := "/v3/users/" + ann + "/access_rules?limit=1.5"
	env.Login("ben", "secret").Get(path).Want(403)
	env.Login("ann", "secret").Get(path).Want(400)
}

// A list that is too long for one piece is whole and in order, and so is what comes after its entities.
func TestLongList(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	text := strings.Repeat("<long> ", 4000)
	const n = 12
	for i := range n {
		admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": fmt.Sprintf("p%02d", i), "description": text}}).Want(201)
	}
	whole := admin.Get("/v3/projects?name__startswith=p").Want(200)
	if whole.Header.Get("Content-Length") != "" {
		t.Error("the list came in one piece")
	}
	if got := len(whole.List("projects")); got != n {
		t.Errorf("%d projects, want %d", got, n)
	}
	page := admin.Get("/v3/projects?name__startswith=p&limit=10").Want(200)
	if page.Get("projects.9.description") != text || page.Value("truncated") != true || !strings.Contains(page.Get("links.next"), page.Get("projects.9.id")) {
		t.Errorf("the page ends with %v", page.Value("links"))
	}
}
