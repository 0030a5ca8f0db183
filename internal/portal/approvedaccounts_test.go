package portal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// TestNewAccountsWhoseRoleWaits: P7, B1, A7: where even administrators grant a role only if another one agrees, who is let in and who becomes
// a customer has the account at once, and the role when somebody has agreed. Without a reason nothing is made.
func TestNewAccountsWhoseRoleWaits(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte(`identity:create_grant: "role:root or rule:admin_required and 'member':%(target.role.name)s"`), 0o600); err != nil {
		t.Fatal(err)
	}
	env, box, _, acme := cloudWithMail(t, func(c *config.Config) { c.OsloPolicy.PolicyFile, c.Lintel.SignUp = policy, true })
	auditor := env.Admin().Post("/v3/roles", `{"role": {"name": "auditor"}}`).Want(201).Get("role.id")
	sovereign := env.Admin().Post("/v3/roles", `{"role": {"name": "root"}}`).Want(201).Get("role.id")
	admin := env.Admin().Get("/v3/users?name=admin").Want(200).Get("users.0.id")
	kim, _ := member(env, "kim", "other")
	patch(env, kim, `{"user": {"email": "kim@cloud.example"}}`)
	env.Admin().Put("/v3/system/users/"+admin+"/roles/"+sovereign, nil).Want(204)
	maker := env.Login("admin", testenv.Password, testenv.OnSystem)
	for _, role := range []string{sovereign, roleID(env, "admin")} {
		maker.Put("/v3/system/users/"+kim+"/roles/"+role, nil).Want(204)
	}
	for _, on := range []string{"system", "domain"} {
		maker.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "admin"}, "holder_scope": "`+on+
			`", "target_role": {"name": "auditor"}, "target_scope": "project", "may_grant": true, "needs_approval": true}}`).Want(201)
	}
	maker.Delete("/v3/system/users/" + admin + "/roles/" + sovereign).Want(204) // kim alone may grant every role from now on
	root := env.SignIn("admin", testenv.Password)
	onSystem, keeper := env.Login("admin", testenv.Password, testenv.OnSystem), env.Login("kim", "secret", testenv.OnSystem)

	project := func(name string) string {
		if found := env.Admin().Get("/v3/projects?name=" + name).Want(200); len(found.List("projects")) > 0 {
			return found.Get("projects.0.id")
		}
		return ""
	}
	waits := func(user, place string) {
		t.Helper()
		id := env.Admin().Get("/v3/users?name=" + user).Want(200).Get("users.0.id")
		at := "/v3/projects/" + project(place) + "/users/" + id + "/roles/" + auditor
		env.Admin().Get(at).Want(404)
		env.Deliver()
		if m := box.Last("kim@cloud.example"); !strings.Contains(m.Text, place) || !strings.Contains(m.Text, "Yearly audit") {
			t.Errorf("who can agree is not asked: %s", m.Text)
		}
		request := keeper.Get("/v3/lintel/grant_requests?project=" + project(place)).Want(200).Get("grant_requests.0.id")
		keeper.Post("/v3/lintel/grant_requests/"+request+"/approval", nil).Want(200)
		env.Admin().Get(at).Want(204)
	}
	env.Admin().Put("/v3/projects/"+acme+"/users/"+kim+"/roles/"+auditor, nil).Want(403)

	env.Browser().Open("/portal/signup").Submit("Ask for the account", "email", "ines@new.example", "name", "ines", "project", "render").Want(200)
	env.Deliver()
	env.Browser().Open(box.Last("ines@new.example").Link).Submit("Yes, it is mine").Want(200)
	env.Deliver()
	at := "/portal/cloud/signups/" + onSystem.Get("/v3/lintel/sign_ups").Want(200).Get("sign_ups.0.id")
	if root.Open(at).Want(200); strings.Contains(root.Body, `name="reason"`) {
		t.Error("it asks why, and nobody must agree to a member")
	}
	root.Submit("Make the account", "role", "auditor").Want(422, "Somebody else must agree: say why.", "--role ROLE --reason WHY")
	if project("render") != "" {
		t.Fatal("half of an account was made")
	}
	root.Submit("Make the account", "role", "auditor", "reason", "Yearly audit").Want(200, "The role waits until somebody else agrees", "Nobody is waiting")
	waits("ines", "render")

	root.Open("/portal/d/default/accounts/new").Submit("Open the account", "email", "ann@tern.example", "project", "tern", "role", auditor).Want(422, "say why", "--role ROLE --reason WHY")
	if project("tern") != "" {
		t.Fatal("half of an account was made")
	}
	root.Submit("Open the account", "email", "ann@tern.example", "project", "tern", "role", auditor, "reason", "Yearly audit").
		Want(200, "The password of ann@tern.example", "auditor waits until somebody else agrees")
	waits("ann@tern.example", "tern")

	account := func(more string) string {
		return `{"account": {"email": "bo@gull.example", "project": "gull", "role": {"name": "auditor"}` + more + `}}`
	}
	onSystem.Post("/v3/lintel/accounts", account("")).Want(400)
	r := onSystem.Post("/v3/lintel/accounts", account(`, "reason": "Yearly audit"`)).Want(201)
	if r.Get("account.waiting_roles.0") != "auditor" || r.Get("account.request_id") == "" {
		t.Error(r.Body)
	}
	waits("bo@gull.example", "gull")
}
