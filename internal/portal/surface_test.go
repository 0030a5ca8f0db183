package portal_test

import (
	"net/url"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// B1, B2, S9: an administrator of the cloud says what an account is for, after proof of who asks; its page says so, and so does the
// person's own.
func TestWhatAnAccountIsFor(t *testing.T) {
	env := testenv.New(t)
	alice, project := member(env, "alice", "acme")
	credential := env.Login("alice", "secret", testenv.OnProjectID(project)).Post("/v3/users/"+alice+"/application_credentials",
		`{"application_credential": {"name": "a"}}`).Want(201).Get("application_credential.id")
	at := "/portal/d/default/users/" + alice
	root := env.SignIn("admin", testenv.Password)
	root.Open(at).Want(200, "The account is for A person", "This portal, command line and API")
	root.Open(at+"/kind").Want(200, "What alice is for", "1 application credential")
	root.Submit("Save", "kind", "nothing").Want(422, "Choose one of these")
	root.Submit("Save", "kind", "portal").Want(200, "Saved", "A person, in the portal alone")
	env.Admin().Get("/v3/users/" + alice + "/application_credentials/" + credential).Want(404)
	env.Authenticate(testenv.Body("alice", "secret")).Want(403)
	own := env.SignIn("alice", "secret")
	own.Open("/portal/profile").Want(200, "A person, in the portal alone", "May sign in to This portal")

	// S-122: neither she nor a manager of her domain changes it, whatever they send; and not oneself.
	form := func(b *testenv.Browser) url.Values {
		_, f := b.Open("/portal/profile").Form("Save")
		return url.Values{"csrf": f["csrf"], "kind": {"person"}}
	}
	own.Send("POST", at+"/kind", form(own)).Want(404)
	manager(env, "mo", "manager")
	m := env.SignIn("mo", "secret")
	m.Open(at + "/kind").Want(403)
	m.Send("POST", at+"/kind", form(m)).Want(403)
	admin := env.Admin().Get("/v3/users?name=admin").Want(200).Get("users.0.id")
	root.Open("/portal/d/default/users/"+admin+"/kind").Submit("Save", "kind", "portal").Want(422, "your own account")

	root.Open(at+"/kind").Submit("Save", "kind", "service").Want(200, "A service of this cloud", "service account")
	root.Open(at+"/disable").Submit("Disable the account").Want(422, "Type alice to go on") // S9
}
