package portal_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// follow opens what a link of some words leads to.
func follow(t *testing.T, b *testenv.Browser, words string) *testenv.Browser {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?s)<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>`).FindAllStringSubmatch(b.Body, -1) {
		if strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[2], "")) == words {
			return b.Open(html.UnescapeString(m[1]))
		}
	}
	t.Fatalf("%s has no link %q", b.Path, words)
	return nil
}

// column are the texts of a column of the list.
func column(b *testenv.Browser, label string) (all []string) {
	for _, m := range regexp.MustCompile(`(?s)<td data-label="`+label+`"[^>]*>(.*?)</td>`).FindAllStringSubmatch(b.Body, -1) {
		all = append(all, strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], "")))
	}
	return all
}

// O6, D2, K4: the list of users is searched by name, address and id, sorted, paged with a size that is remembered, and exported, all
// on the server.
func TestLists(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	admin := env.Admin()
	for i := range 60 {
		name := fmt.Sprintf("many%02d", i)
		if i%2 == 0 {
			name = strings.ToUpper(name)
		}
		admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "email": fmt.Sprintf("box%d@example.org", i)}}).Want(201)
	}
	const at = "/portal/d/default/users"
	b := env.SignIn("mona", "secret").Open(at+"?q=many").Want(200, "Next page")
	first := column(b, "Name")
	if len(first) != 50 || !slices.IsSortedFunc(first, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		t.Errorf("first page: %v", first)
	}
	if rest := column(follow(t, b, "Next page").Want(200, "First page"), "Name"); len(rest) != 10 || rest[0] != "MANY50" {
		t.Errorf("second page: %v", rest)
	}
	// Sorting the other way round keeps the search, and begins anew.
	if got := column(follow(t, b, "Name"), "Name"); len(got) != 50 || got[0] != "many59" {
		t.Errorf("the other way round: %v", got)
	}
	if !strings.Contains(b.Body, `aria-sort="descending"`) {
		t.Error("the order is not told")
	}
	// The size stays for the next list.
	if got := column(b.Open(at+"?q=many&size=25"), "Name"); len(got) != 25 {
		t.Errorf("%d rows", len(got))
	}
	if got := column(b.Open(at+"?q=many"), "Name"); len(got) != 25 {
		t.Errorf("%d rows", len(got))
	}
	for q, want := range map[string]string{"BOX17@": "many17", "box17@example.org": "many17", "%": "", "_": ""} {
		b.Open(at + "?q=" + url.QueryEscape(q))
		if got := strings.Join(column(b, "Name"), " "); got != want {
			t.Errorf("%q finds %q", q, got)
		}
	}
	id := admin.Get("/v3/users?name=MANY08").Get("users.0.id")
	if got := column(b.Open(at+"?q="+id+"&col=name&col=id"), "ID"); len(got) != 1 || got[0] != id {
		t.Errorf("by id: %v", got)
	}
	// Everything goes out, whatever a page shows, with the same search.
	b.Open(at + "?q=many&size=25")
	rows, err := csv.NewReader(strings.NewReader(follow(t, b, "All as CSV").Want(200).Body)).ReadAll()
	if err != nil || len(rows) != 61 || rows[0][0] != "name" || rows[1][0] != "MANY00" || rows[1][1] != "box0@example.org" {
		t.Errorf("CSV: %v, %d rows", err, len(rows))
	}
	var objects []map[string]any
	if err := json.Unmarshal([]byte(follow(t, b.Open(at+"?q=many"), "All as JSON").Body), &objects); err != nil || len(objects) != 60 || objects[59]["name"] != "many59" {
		t.Errorf("JSON: %v, %d objects", err, len(objects))
	}
	// What a spreadsheet would take for a formula is text.
	admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "=1+1"}}).Want(201)
	if body := b.Open(at + "?q=%3D1&format=csv").Body; !strings.Contains(body, "'=1+1,") {
		t.Errorf("a formula: %s", body)
	}
	b.Open(at + "?q=many&marker=nobody").Want(404)
}

// D2: many accounts at once, with what came of each; nobody shuts themselves out by the way.
func TestManyAccounts(t *testing.T) {
	env := testenv.New(t)
	mona := manager(env, "mona", "manager")
	alice, _ := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "acme2")
	other := env.Admin().Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	zoe := env.Admin().Post("/v3/users", map[string]any{"user": map[string]any{"name": "zoe", "domain_id": other, "password": "secret"}}).Want(201).Get("user.id")
	const at = "/portal/d/default/users"
	b := env.SignIn("mona", "secret").Open(at)
	sent := csrf(b)
	b.Send("POST", at+"/disable", sent).Want(200, "Choose at least one person first")
	sent["id"] = []string{alice, bob, mona, zoe}
	b.Send("POST", at+"/disable", sent).Want(200, "Disable 3 accounts?", "alice", "bob")
	if strings.Contains(b.Text(), "zoe") {
		t.Error("somebody of another domain is reached")
	}
	b.Submit("Disable 3 accounts").Want(200, "2 of 3 were done", "Not done mona This is your own account")
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)
	sent["id"] = []string{alice}
	b.Send("POST", at+"/enable", sent).Want(200, "Enable 1 account?").Submit("Enable 1 account").Want(200, "1 of 1")
	env.Login("alice", "secret")
	// S-122
	env.Admin().Put("/v3/domains/default/users/"+bob+"/roles/"+env.Admin().Get("/v3/roles?name=reader").Get("roles.0.id"), nil).Want(204)
	env.Admin().Patch("/v3/users/"+bob, `{"user": {"enabled": true}}`).Want(200)
	for who, want := range map[string]int{"alice": 404, "bob": 403} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		sent["id"], sent["sure"] = []string{mona}, []string{"1"}
		b.Send("POST", at+"/disable", sent).Want(want)
		b.Send("POST", at+"/enable", sent).Want(want)
	}
}

// D6: members are taken out of a group together.
func TestManyMembers(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	admin := env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "operators"}}`).Want(201).Get("group.id")
	var ids []string
	for _, name := range []string{"alice", "bob", "carl"} {
		id, _ := member(env, name, "of-"+name)
		admin.Put("/v3/groups/"+group+"/users/"+id, nil).Want(204)
		ids = append(ids, id)
	}
	at := "/portal/d/default/groups/" + group
	b := env.SignIn("mona", "secret").Open(at).Want(200, "alice", "bob", "carl")
	sent := csrf(b)
	sent["id"] = ids[:2]
	b.Send("POST", at+"/remove", sent).Want(200, "Remove 2 from operators?").Submit("Remove 2 people").Want(200, "2 of 2")
	if got := admin.Get("/v3/groups/"+group+"/users").Texts("users", "name"); !slices.Equal(got, []string{"carl"}) {
		t.Errorf("left: %v", got)
	}
}
