package portal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// D4: all that there is to know of an account, tab by tab, for who manages its domain; the raw one is what the API says. No secret is
// in any of them.
func TestAccountTabs(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	user, project := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "other")
	admin := env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "operators", "description": "who operates"}}`).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+group+"/users/"+user, nil).Want(204)
	admin.Patch("/v3/users/"+user, `{"user": {"email": "alice@acme.example", "options": {"lock_password": true}}}`).Want(200)
	alice := env.Login("alice", "secret", testenv.OnProjectID(project))
	robot := alice.Post("/v3/users/"+user+"/application_credentials", `{"application_credential": {"name": "ci", "secret": "hidden-one"}}`).Want(201)
	key := alice.Post("/v3/users/"+user+"/credentials/OS-EC2", map[string]any{"tenant_id": project}).Want(201)
	alice.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "blob": "hidden-two", "user_id": user}}).Want(201)
	trust := alice.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{
		"trustor_user_id": user, "trustee_user_id": bob, "project_id": project, "impersonation": false, "roles": []any{map[string]any{"name": "member"}}, "expires_at": "2031-01-01T00:00:00.000000Z",
	}}).Want(201).Get("trust.id")
	env.SignIn("alice", "secret")

	b := env.SignIn("mona", "secret")
	at := "/portal/d/default/users/" + user
	b.Open(at).Want(200, "alice@acme.example", "What it may do Roles in 1 place")
	for label, want := range map[string][]string{
		"Access":      {"acme", "member", "reader with member", "Why, and what if"},
		"Groups":      {"operators", "who operates", "Remove"},
		"Credentials": {"ci application credential", "acme", "S3 or EC2 key", "cert", "To bob trust", "those of the trust"},
		"Security":    {"It may not be changed by its user", "Second factor Off", "E-mail admin", "Where they are signed in", "Another program"},
		"Activity":    {"alice Signed in to the portal", "Granted member to alice"},
		"Raw":         {`"email": "alice@acme.example"`},
	} {
		path := at + "/" + strings.ToLower(label)
		if b.Open(at); !strings.Contains(b.Body, `<a href="`+path+`">`+label) {
			t.Errorf("no tab leads to %s", label)
		}
		if b.Open(path).Want(200, want...); !strings.Contains(b.Body, `<a href="`+path+`" aria-current="page">`) {
			t.Errorf("%s is not marked", label)
		}
		for _, secret := range []string{"hidden-one", "hidden-two", robot.Get("application_credential.secret"), key.Get("credential.secret")} {
			if strings.Contains(b.Body, secret) {
				t.Errorf("%s shows a secret", label)
			}
		}
	}
	// The raw tab is to the letter what the API answers.
	b.Open(at + "/raw")
	var shown, told any
	text := b.Body[strings.Index(b.Body, `id="raw" tabindex="0">`)+len(`id="raw" tabindex="0">`):]
	text = strings.NewReplacer("&#34;", `"`, "&amp;", "&", "&#43;", "+").Replace(text[:strings.Index(text, "</pre>")])
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatal(err, text)
	}
	told = admin.Get("/v3/users/" + user).Want(200).JSON()
	a, _ := json.Marshal(shown)
	w, _ := json.Marshal(told)
	if strings.Replace(string(a), "https://", "http://", 1) != string(w) { // the portal was asked by HTTPS
		t.Errorf("raw: %s, the API: %s", a, w)
	}

	// The API tells the same of what logs in; who looks at others' without a right to, is told nothing (S-122).
	list := "/v3/lintel/users/" + user + "/credentials"
	mgr := env.Login("mona", "secret", testenv.OnDomainID("default"))
	if got := len(mgr.Get(list).Want(200).List("credentials")); got != 4 {
		t.Errorf("%d credentials", got)
	}
	found := false
	for _, c := range mgr.Get(list).Want(200).List("credentials") {
		o := c.(map[string]any)
		if o["id"] == trust {
			found = o["kind"] == "OS-TRUST:trust" && o["trustee"].(map[string]any)["name"] == "bob" && o["project"].(map[string]any)["name"] == "acme"
		}
	}
	if !found {
		t.Error("the trust is not told of")
	}
	mgr.Get(list + "?limit=1").Want(200).Get("links.next")
	alice.Get(list).Want(200)
	env.Login("bob", "secret").Get(list).Want(403)
	mgr.Get("/v3/lintel/users/nobody/credentials").Want(403)
	for _, tab := range []string{"", "/access", "/groups", "/credentials", "/security", "/activity", "/raw"} {
		env.SignIn("bob", "secret").Open(at + tab).Want(404)
		b.Open("/portal/d/default/users/nobody" + tab).Want(403) // as openstack says of what is not there
	}
}

// D4: what the reader may not do to a protected account stays in its place, locked, with the reason; the addresses refuse, too.
func TestShieldedAccountIsLocked(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	root := env.Admin().Get("/v3/users?name=admin").Get("users.0.id")
	b := env.SignIn("mona", "secret")
	at := "/portal/d/default/users/" + root
	for _, tab := range []string{"", "/security"} {
		b.Open(at+tab).Want(200, "This account is protected")
		if !strings.Contains(b.Body, "<button disabled>Suspend</button>") || strings.Contains(b.Body, at+"/suspend") || strings.Contains(b.Body, at+"/password") {
			t.Errorf("%q: not locked", tab)
		}
	}
	b.Open(at+"/suspend").Want(403, "This account is protected")
}
