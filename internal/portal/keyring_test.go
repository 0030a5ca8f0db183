package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// M8, 8.15: each application credential says when it was used last and from where; one that is rotated works until it is deleted, beside the
// new one, which may do the same; a list of one project leaves out the others; at the limit it says so.
func TestOwnCredentials(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.ApplicationCredential.UserLimit = 3 })
	user, acme := member(env, "alice", "acme")
	alice := env.Login("alice", "secret", testenv.OnProjectID(acme))
	made := alice.Post("/v3/users/"+user+"/application_credentials", `{"application_credential": {"name": "ci", "secret": "s3cret", "description": "builds",
		"roles": [{"name": "reader"}], "access_rules": [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]}}`).Want(201)
	old := made.Get("application_credential.id")
	login := func(id, secret string) *testenv.Response {
		return env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + id + `", "secret": "` + secret + `"}}}}`)
	}
	env.SignIn("alice", "secret").Open("/portal/credentials").Want(200, "1 access rule", "never")
	login(old, "s3cret").Want(201)
	if err := env.Server.DB.Settle(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	env.Clock.Advance(3 * time.Hour)
	b := env.SignIn("alice", "secret").Open("/portal/credentials").Want(200, "3 hours ago", "from 192.0.2.1")

	b.Open("/portal/credentials/"+old+"/rotate").Want(200, "Rotate ci", "reader", "compute GET /v2.1/servers", "goes on working until you delete it", `openstack application credential create --description builds --role reader --access-rules '[{"method":"GET","path":"/v2.1/servers","service":"compute"}]' ci-2`)
	b.Submit("Create the new one", "name", "ci").Want(422, "You have a credential of this name")
	b.Submit("Create the new one", "name", "ci-2", "ends", "30").Want(200, "shown this once", "Delete the old one")
	secret := textBetween(b.Body, `id="secret">`, "<")
	id := textBetween(b.Body, `id="id">`, "<")
	if secret == "" || secret == "s3cret" || b.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the secret is %q, kept by %q", secret, b.Header.Get("Cache-Control"))
	}
	login(old, "s3cret").Want(201)
	token := login(id, secret).Want(201)
	if got := token.Texts("token.roles", "name"); fmt.Sprint(got) != "[reader]" {
		t.Errorf("the new one has %v", got)
	}
	alice = env.Login("alice", "secret", testenv.OnProjectID(acme))
	now := alice.Get("/v3/users/" + user + "/application_credentials/" + id).Want(200)
	if now.Get("application_credential.access_rules.0.path") != "/v2.1/servers" || now.Get("application_credential.description") != "builds" || now.Get("application_credential.expires_at") == "" {
		t.Errorf("the new one is %s", now.Body)
	}
	b.Open("/portal/credentials/"+old+"/delete").Want(200, "Rotate it first").Submit("Delete the credential").Want(200, "The credential was deleted")
	login(old, "s3cret").Want(404)
	login(id, secret).Want(201)
	member(env, "bob", "other")
	env.SignIn("bob", "secret").Open("/portal/credentials/" + id + "/rotate").Want(404)

	// Of two projects one may be looked at, and the number is that of all.
	web := env.Admin().Post("/v3/projects", `{"project": {"name": "web"}}`).Want(201).Get("project.id")
	env.Admin().Put("/v3/projects/"+web+"/users/"+user+"/roles/"+roleID(env, "member"), nil).Want(204)
	onWeb := env.Login("alice", "secret", testenv.OnProjectID(web))
	for _, name := range []string{"web-one", "web-two"} {
		onWeb.Post("/v3/users/"+user+"/application_credentials", `{"application_credential": {"name": "`+name+`"}}`).Want(201)
	}
	b.Open("/portal/credentials").Want(200, "All my projects", "ci-2", "web-one", "You have 3 of 3 application credentials")
	if b.Open("/portal/credentials?project="+acme).Want(200, "ci-2", "You have 3 of 3"); strings.Contains(b.Body, "web-one") {
		t.Error("what is on another project is not left out")
	}
	b.Open("/portal/credentials/"+id+"/rotate").Submit("Create the new one").Want(422, "maximum of 3")
}

// textBetween is what stands in a text after one mark and before another.
func textBetween(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

// M11: a key tells when it was made and used, and shows its secret again to its owner alone, who proves to be there first.
func TestSecretOfAKeyIsShownAgain(t *testing.T) {
	env := testenv.New(t)
	r := robots{env: env}
	r.user, r.project = member(env, "alice", "acme")
	key := r.key(env.Login("alice", "secret", testenv.OnProjectID(r.project)))
	b := env.SignIn("alice", "secret").Open("/portal/credentials").Want(200, key[0], "now", "never")
	r.signed(key).Want(200)
	if err := env.Server.DB.Settle(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	env.Clock.Advance(20 * time.Minute)
	b.Open("/portal/credentials").Want(200, "20 minutes ago from 192.0.2.1")
	if strings.Contains(b.Body, key[1]) {
		t.Error("the list shows the secret")
	}
	at := "/portal/credentials/keys/" + key[0] + "/show"
	if b.Open(at); !strings.HasPrefix(b.Path, "/portal/confirm") {
		t.Fatalf("nobody asks who is there: %s", b.Path)
	}
	b.Submit("Confirm", "password", "secret").Want(200, "Show the secret of this S3 key?", "openstack ec2 credentials show")
	if strings.Contains(b.Body, key[1]) {
		t.Error("it is shown before it is asked for")
	}
	if b.Submit("Show the secret").Want(200, key[0], key[1]); b.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be kept")
	}
	if n := strings.Count(b.Open("/portal/activity").Want(200).Body, "Showed the secret of a key again"); n != 1 {
		t.Errorf("%d times on the trail", n)
	}
	for _, name := range []string{"bob", "admin"} {
		password := "secret"
		if name == "bob" {
			member(env, "bob", "other")
		} else {
			password = testenv.Password
		}
		if w := env.SignIn(name, password).Open(at); w.Status != 403 && w.Status != 404 && w.Status != 401 || strings.Contains(w.Body, key[1]) {
			t.Errorf("%s is shown it: %d", name, w.Status)
		}
	}

	// Who lacks the role is told which.
	reader := env.Admin().Post("/v3/users", `{"user": {"name": "rita", "password": "secret"}}`).Want(201).Get("user.id")
	env.Admin().Put("/v3/projects/"+r.project+"/users/"+reader+"/roles/"+roleID(env, "reader"), nil).Want(204)
	env.SignIn("rita", "secret").Open("/portal/credentials/keys/new").Want(200, "It takes the role member").Submit("Create the key").Want(422, "that takes the role member")
}

// M8: the page asks the database the same number of questions, however many credentials and keys there are.
func TestOwnCredentialsAskAFixedNumberOfQueries(t *testing.T) {
	env := testenv.New(t)
	r := robots{env: env}
	r.user, r.project = member(env, "alice", "acme")
	alice, b := env.Login("alice", "secret", testenv.OnProjectID(r.project)), env.SignIn("alice", "secret")
	count := func() int64 {
		least := int64(1 << 62)
		for range 4 {
			before := env.Server.DB.Queries()
			b.Open("/portal/credentials").Want(200)
			least = min(least, env.Server.DB.Queries()-before)
		}
		return least
	}
	r.credential(alice, "first")
	r.key(alice)
	few := count()
	for i := range 12 {
		r.credential(alice, fmt.Sprint("more-", i))
		r.key(alice)
	}
	if many := count(); many != few || many > 40 {
		t.Errorf("%d queries with few, %d with many", few, many)
	}
}
