package portal_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/portal"
	"github.com/lintel-id/lintel/internal/testenv"
)

// ownForms are about whoever posts them, by the beginnings of their addresses.
var ownForms = []string{"/credentials", "/security", "/profile", "/notices", "/confirm", "/invite/{secret}", "/p/{id}/leave"}

// changeless tables hold what pages leave behind that change nothing.
var changeless = []string{"lintel_session", "lintel_trail", "lintel_seen", "lintel_use", "lintel_change", "lintel_lease", "lintel_guess", "lintel_event", "lintel_notice", "sqlite_sequence"}

// rows are all rows of the database that say who there is and what they may do.
func rows(t *testing.T, db *sql.DB) map[string]bool {
	t.Helper()
	texts := func(query string) (all [][]any) {
		found, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		names, _ := found.Columns()
		for found.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := found.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all = append(all, values)
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := map[string]bool{}
	for _, table := range texts(`SELECT name FROM sqlite_schema WHERE type = 'table'`) {
		if name := fmt.Sprint(table[0]); !slices.Contains(changeless, name) {
			for _, r := range texts(`SELECT * FROM "` + name + `"`) {
				all[fmt.Sprint(name, r)] = true
			}
		}
	}
	return all
}

// S-122, C2, C5, C8, C10, B11: everybody posts every form of the table of pages that is not theirs, filled in with what is there, and
// nothing comes of it: a member, the moderator and the administrator of another project, the manager of another domain, a reader of
// the system, and whoever has an account for the portal alone, with some areas of the project and with none.
func TestFormsOfOthers(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use)
	admin := env.Admin()
	root := env.SignIn("admin", testenv.Password)
	_, acme := mainUser(t, env, "ann@acme.example", "acme")
	ann := env.SignIn("ann@acme.example", "secret")
	role := func(name string) string { return admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	for _, name := range []string{"project_admin", "project_mod", "billing", "heat_stack_owner", "compute_start_stop", "object_storage", "auth_only"} {
		if len(admin.Get("/v3/roles?name="+name).Want(200).List("roles")) == 0 {
			admin.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}}).Want(201)
		}
	}
	form := csrf(root)
	form.Set("preset", "catalyst")
	form.Set("typed", "catalyst")
	root.Send("POST", "/portal/cloud/grants/preset", form).Want(200)
	on := func(project, user, role string) {
		admin.Put("/v3/projects/"+project+"/users/"+user+"/roles/"+role, nil).Want(204)
	}
	user := func(name, domain string) string {
		return admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "password": "secret", "domain_id": domain, "email": name + "@example.org"}}).Want(201).Get("user.id")
	}

	// What there is.
	victim := user("victim", "default")
	on(acme, victim, role("member"))
	group := admin.Post("/v3/groups", `{"group": {"name": "guild", "domain_id": "default"}}`).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+group+"/users/"+victim, nil).Want(204)
	admin.Put("/v3/projects/"+acme+"/groups/"+group+"/roles/"+role("reader"), nil).Want(204)
	waste := admin.Post("/v3/roles", `{"role": {"name": "waste"}}`).Want(201).Get("role.id")
	hall := admin.Post("/v3/domains", `{"domain": {"name": "hall"}}`).Want(201).Get("domain.id")
	service := admin.Post("/v3/services", `{"service": {"name": "nova", "type": "compute"}}`).Want(201).Get("service.id")
	ann.Open("/portal/p/"+acme+"/api-users/new").Submit("Create the API user", "suffix", "ci").Want(200)
	robot := admin.Get("/v3/users?name=ann@acme.example_ci").Want(200).Get("users.0.id")
	invitation := admin.Post("/v3/lintel/invitations", map[string]any{"invitations": map[string]any{"addresses": []string{"new@example.org"}, "project": map[string]any{"id": acme},
		"roles": []map[string]any{{"name": "member"}}}}).Want(201).Get("invitations.0.id")
	contact := admin.Post("/v3/lintel/projects/"+acme+"/contacts", `{"contact": {"name": "Cora", "address": "cora@example.org", "topics": ["billing"]}}`).Want(201).Get("contact.id")
	credential := env.Login("victim", "secret", testenv.OnProjectID(acme)).Post("/v3/users/"+victim+"/application_credentials",
		`{"application_credential": {"name": "nightly"}}`).Want(201).Get("application_credential.id")
	rule := admin.Get("/v3/lintel/grant_rules").Want(200).Get("grant_rules.0.id")

	// Who tries.
	other := admin.Post("/v3/projects", `{"project": {"name": "other"}}`).Want(201).Get("project.id")
	callers := map[string]*testenv.Browser{}
	for name, role := range map[string]string{"mod": role("project_mod"), "boss": role("project_admin")} {
		on(other, user(name, "default"), role)
		callers[name] = env.SignIn(name, "secret")
	}
	on(acme, user("mel", "default"), role("member"))
	callers["mel"] = env.SignIn("mel", "secret")
	admin.Put("/v3/domains/"+hall+"/users/"+user("hal", hall)+"/roles/"+role("manager"), nil).Want(204)
	callers["hal"] = env.Browser().Open("/portal/login").Submit("Sign in", "name", "hal", "domain", "hall", "password", "secret").Want(200)
	admin.Put("/v3/system/users/"+user("vera", "default")+"/roles/"+role("reader"), nil).Want(204)
	callers["vera"] = env.SignIn("vera", "secret")
	ann.Open("/portal/p/"+acme+"/portal-users/new").Submit("Send the invitation", "addresses", "pat@acme.example", "area", "contacts").Want(200)
	env.Deliver()
	callers["pat"] = env.Browser().Open(box.Last("pat@acme.example").Link).Submit("Accept with a new account", "name", "pat", "new", "a secret of pat", "again", "a secret of pat").Want(200)
	pam := user("pam", "default")
	admin.Put("/v3/lintel/users/"+pam+"/surface", `{"surface": {"kind": "person", "portal_login": true, "api_login": false}}`).Want(200)
	callers["pam"] = env.SignIn("pam", "secret")

	// What is theirs all the same. Whoever reads the credentials of a project may ask for new ones, and whoever reads policies may suppose.
	theirs := map[string][]string{"pat": {"/p/{id}/contacts"}, "vera": {"/p/{id}/credentials/{credential}/rotate", "/cloud/whatif", "/p/{id}/people/revoke"}}
	token := map[string]string{}
	for name, b := range callers {
		token[name] = csrf(b).Get("csrf")
	}
	sent := url.Values{
		"name": {"victim"}, "description": {"mine"}, "email": {"evil@example.org"}, "password": {"another secret"}, "who": {"mel"}, "user": {victim}, "domain": {"Default"}, "role": {role("admin")},
		"before": {role("member")}, "seen": {"1"}, "project": {acme}, "scope": {"project"}, "reason": {"none"}, "typed": {"victim"}, "enabled": {"1"}, "id": {rule}, "holder": {role("member")},
		"target": {role("admin")}, "grant": {"1"}, "preset": {"keystone-default"}, "prior": {role("member")}, "kind": {"api"}, "addresses": {"evil@example.org"}, "address": {"evil@example.org"},
		"area": {"people"}, "topic": {"billing"}, "subject": {"hello"}, "words": {"hello"}, "text": {"hello"}, "suffix": {"mine"}, "type": {"compute"}, "url": {"https://evil.example"}, "service": {service},
		"interface": {"public"}, "region": {"RegionOne"}, "csv": {"evil,evil@example.org,acme,admin"}, "users": {"evil,evil@example.org"}, "tags": {"mine"}, "length": {"1"}, "category": {"x"}, "go": {"1"}, "save": {"1"}, "to": {"other"},
	}
	db, err := sql.Open("sqlite", "file:"+env.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := rows(t, db)
	hole := regexp.MustCompile(`\{(\w+)\}`)
	nothing := "0123456789abcdef0123456789abcdef"
	for _, path := range portal.Forms() {
		if slices.ContainsFunc(ownForms, func(own string) bool { return strings.HasPrefix(path, own) }) {
			continue
		}
		values := map[string]string{"domain": "default", "user": victim, "project": acme, "group": group, "role": role("member"), "contact": contact, "credential": credential,
			"invitation": invitation, "request": nothing, "grant": nothing, "signup": nothing, "kind": "services", "id": acme}
		typed := "victim"
		switch {
		case strings.HasPrefix(path, "/cloud/roles/"):
			values["id"], typed = waste, "waste"
		case strings.HasPrefix(path, "/cloud/domains/"):
			values["id"], typed = "default", "Default"
		case strings.HasPrefix(path, "/cloud/catalog/"):
			values["id"], typed = service, "nova"
		case strings.Contains(path, "/api-users/"):
			values["user"], typed = robot, "ann@acme.example_ci"
		case strings.Contains(path, "{project}"):
			typed = "acme"
		case strings.Contains(path, "{group}"):
			typed = "guild"
		}
		sent.Set("typed", typed)
		at := "/portal" + hole.ReplaceAllStringFunc(path, func(h string) string { return values[h[1:len(h)-1]] })
		for name, b := range callers {
			if slices.ContainsFunc(theirs[name], func(own string) bool { return strings.HasPrefix(path, own) }) {
				continue
			}
			sent.Set("csrf", token[name])
			b.Send("POST", at, sent)
			told := name == "vera" && (b.Status == 409 || b.Status == 422) // who sees the page is told on it
			if b.Status != 403 && b.Status != 404 && !told {
				t.Errorf("%s posts %s: %d at %s: %s", name, path, b.Status, b.Path, b.Text())
			}
		}
		after := rows(t, db)
		for row := range after {
			if !before[row] {
				t.Errorf("%s makes %s", path, row)
			}
		}
		for row := range before {
			if !after[row] {
				t.Errorf("%s ends %s", path, row)
			}
		}
		before = after
	}
}
