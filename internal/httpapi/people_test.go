package httpapi_test

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// peopleTable says what each kind of caller gets from each call on users and groups. The answers are those that Keystone
// 30.0.0 gave, but for the last row (see doc/divergences.md).
//
//go:embed testdata/people.tsv
var peopleTable string

// S-066, S-070
func TestWhoReachesPeople(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	self := createUser(admin, "self", "secret")
	roles := map[string]string{}
	list := admin.Get("/v3/roles").Want(200)
	for i, name := range list.Texts("roles", "name") {
		roles[name] = list.Texts("roles", "id")[i]
	}
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	// caller is who has a role on one scope: "domain reader", or the user self without any.
	caller := func(name string) *testenv.Actor {
		scope, role, ok := strings.Cut(name, " ")
		if !ok {
			return env.Login("self", "secret")
		}
		id := createUser(admin, name, "secret")
		on := map[string]struct{ target, scope string }{
			"project": {"/projects/" + project, testenv.OnProjectID(project)},
			"domain":  {"/domains/default", testenv.OnDefaultDomain},
			"system":  {"/system", testenv.OnSystem},
		}[scope]
		admin.Put("/v3"+on.target+"/users/"+id+"/roles/"+roles[role], nil).Want(204)
		return env.Login(name, "secret", on.scope)
	}

	rows := strings.Split(strings.TrimSpace(peopleTable), "\n")
	for n, name := range strings.Split(rows[0], "\t")[3:] {
		actor := caller(name)
		victim := createUser(admin, fmt.Sprint("victim", n), "secret")
		fill := strings.NewReplacer("{self}", self, "{victim}", victim, "{group}", group, "{n}", fmt.Sprint(n))
		for _, row := range rows[1:] {
			cells := strings.Split(row, "\t")
			want, err := strconv.Atoi(cells[3+n])
			if err != nil {
				t.Fatal(err)
			}
			if r := actor.Do(cells[0], fill.Replace(cells[1]), fill.Replace(cells[2])); r.Status != want {
				t.Errorf("%s: %s %s %s: %d, want %d: %s", name, cells[0], cells[1], cells[2], r.Status, want, r.Body)
			}
			if r := env.Do(cells[0], fill.Replace(cells[1]), fill.Replace(cells[2])); r.Status != 401 {
				t.Errorf("nobody: %s %s: %d, want 401", cells[0], cells[1], r.Status)
			}
		}
	}
}

// TestTellMissing: with [lintel] tell_missing strangers hear of what is not there, as from Keystone; nobody hears of it
// without a token.
func TestTellMissing(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Lintel.TellMissing = true })
	admin := env.Admin()
	createUser(admin, "stranger", "secret")
	stranger := env.Login("stranger", "secret")
	group := admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	role := admin.Post("/v3/roles", `{"role": {"name": "farmer"}}`).Want(201).Get("role.id")
	domain := admin.Post("/v3/domains", `{"domain": {"name": "acme"}}`).Want(201).Get("domain.id")
	for _, tt := range []struct{ method, path, there, body string }{
		{"PATCH", "/v3/domains/", domain, `{"domain": {"description": "x"}}`},
		{"DELETE", "/v3/domains/", domain, ""},
		{"DELETE", "/v3/groups/", group, ""},
		{"GET", "/v3/roles/", role, ""},
		{"PATCH", "/v3/roles/", role, `{"role": {"description": "x"}}`},
		{"DELETE", "/v3/roles/", role, ""},
		{"PATCH", "/v3/limits/", "", `{"limit": {"resource_limit": 1}}`},
		{"DELETE", "/v3/limits/", "", ""},
	} {
		stranger.Do(tt.method, tt.path+"unknown", tt.body).Want(404)
		env.Do(tt.method, tt.path+"unknown", tt.body).Want(401)
		if tt.there != "" {
			stranger.Do(tt.method, tt.path+tt.there, tt.body).Want(403)
		}
	}
}
