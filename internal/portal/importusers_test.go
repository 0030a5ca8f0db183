package portal_test

import (
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// D2, D3: several accounts are made of a table, after a look at what would be; what is wrong with one holds up no other.
func TestUsersAreImported(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	member(env, "alice", "acme")
	const at = "/portal/d/default/users/import"
	b := env.SignIn("mona", "secret").Open("/portal/d/default/users/new").Want(200, "Import several from a table instead")
	b.Open(at).Submit("See what would be made", "table", "").Want(422, "Paste at least one line")
	b.Submit("See what would be made", "table", `"open`).Want(422, "no table that can be read")
	b.Submit("See what would be made", "table", strings.Repeat("x\n", 201)).Want(422, "at most 200")
	table := "email;name;project;role\nbo@acme.example;bo;acme;\n;alice;;\nbo2@acme.example;bo;;\n;cy;none;member\n;di;;reader\nno address;ed;;\n;fi;acme;admin\n;gil;;\n"
	b.Open(at).Submit("See what would be made", "table", table).Want(200, "bo@acme.example", "ready", "The name is taken.", "no project none", "A role needs a project", "not an e-mail address", "no role admin")
	if found := env.Admin().Get("/v3/users?name=bo").Want(200).List("users"); len(found) != 0 {
		t.Error("a rehearsal made somebody")
	}
	b.Submit("Create 2 accounts").Want(200, "2 of 8 were done", "/portal/reset/")
	bo := env.Admin().Get("/v3/users?name=bo").Want(200)
	if bo.Get("users.0.email") != "bo@acme.example" {
		t.Errorf("%s", bo.Body)
	}
	roles := env.Admin().Get("/v3/role_assignments?include_names&user.id=" + bo.Get("users.0.id")).Want(200)
	if roles.Get("role_assignments.0.role.name") != "member" || roles.Get("role_assignments.0.scope.project.name") != "acme" {
		t.Errorf("%s", roles.Body)
	}

	b.Open("/portal/d/default/users/new").Submit("Create User", "name", "robot", "password", "geheim", "exempt", "ignore_password_expiry", "exempt", "ignore_lockout_failure_attempts").Want(200)
	robot := env.Admin().Get("/v3/users?name=robot").Want(200)
	if !strings.Contains(robot.Body, `"ignore_lockout_failure_attempts":true`) || !strings.Contains(robot.Body, `"ignore_password_expiry":true`) {
		t.Errorf("%s", robot.Body)
	}

	// S-122: a member imports nobody.
	alice := env.SignIn("alice", "secret")
	form := csrf(alice)
	form.Set("table", "zed,,,")
	form.Set("sure", "1")
	if alice.Send("POST", at, form); alice.Status != 403 && alice.Status != 404 {
		t.Errorf("a member posts it: %d", alice.Status)
	}
}
