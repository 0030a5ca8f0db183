package portal_test

import (
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// B1, B2, B6, B7, B8: the operator opens an account; its main user signs in to the portal alone, and makes an API user for all else.
func TestAccountOfACustomer(t *testing.T) {
	env := testenv.New(t)
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/default/users/new").Want(200, "Open an account of a customer instead")
	const at = "/portal/d/default/accounts/new"
	root.Open(at).Submit("Open the account", "email", "no address", "project", "").Want(422, "not an e-mail address", "Give the project a name")
	root.Submit("Open the account", "email", "ann@acme.example", "project", "acme").Want(200, "The password of ann@acme.example")
	pw := shownSecret.FindStringSubmatch(root.Body)[1]
	root.Open(at).Submit("Open the account", "email", "ann@acme.example", "project", "other").Want(422, "Nothing was made")
	if found := env.Admin().Get("/v3/projects?name=other").Want(200).List("projects"); len(found) != 0 {
		t.Error("half of an account was made")
	}

	r := env.Authenticate(testenv.Body("ann@acme.example", pw, testenv.OnProject("acme"))).Want(403)
	if !strings.Contains(r.Message(), "for the portal only") {
		t.Errorf("no reason: %s", r.Message())
	}
	ann := env.SignIn("ann@acme.example", pw)
	ann.Open("/portal").Want(200, "Nobody but you looks after acme") // B7
	ann.Open("/portal/profile").Want(200, "A person, in the portal alone", "Main user of acme", "May sign in to This portal")
	project := env.Admin().Get("/v3/projects?name=acme").Want(200).Get("projects.0.id")
	ann.Open("/portal/p/"+project+"/api-users/new").Submit("Create the API user", "suffix", "ci").Want(200, "ann@acme.example_ci") // B6: no prompt
	env.Login("ann@acme.example_ci", shownSecret.FindStringSubmatch(ann.Body)[1], testenv.OnProjectID(project))

	ann.Open("/portal").Want(200, "Nobody but you looks after acme") // an API user is nobody
	mel, _ := member(env, "mel", "other")
	env.Admin().Put("/v3/projects/"+project+"/users/"+mel+"/roles/"+roleID(env, "member"), nil).Want(204)
	if ann.Open("/portal").Want(200); strings.Contains(ann.Text(), "Nobody but you") {
		t.Error("somebody else is there by now")
	}

	// S-122: she opens no accounts herself, and neither does a manager of the domain.
	manager(env, "mo", "manager")
	for _, b := range []*testenv.Browser{ann, env.SignIn("mo", "secret")} {
		form := csrf(b)
		form.Set("email", "x@acme.example")
		form.Set("project", "x")
		if b.Send("POST", at, form); b.Status != 403 && b.Status != 404 {
			t.Errorf("opened by somebody else: %d", b.Status)
		}
	}
	made := env.Admin().Post("/v3/lintel/accounts", `{"account": {"email": "bo@umbrella.example", "project": "umbrella", "role": {"name": "member"}}}`).Want(201)
	env.SignIn("bo@umbrella.example", made.Get("account.user.password")).Open("/portal/p/"+made.Get("account.project.id")).Want(200, "API users")
	env.Login("mo", "secret", testenv.OnDefaultDomain).Post("/v3/lintel/accounts", `{"account": {"email": "x@y.example", "project": "x", "role": {"name": "member"}}}`).Want(403)
}
