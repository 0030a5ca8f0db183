package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// TestSomebodyElseMustAgree: a role under a rule that wants approval is asked for, with a reason; who asked and who is to have it cannot agree,
// whoever can make the grant now can; both stand on the trail. Attack 16 of section 4.3.
func TestSomebodyElseMustAgree(t *testing.T) {
	env, box, root, acme := cloudWithMail(t)
	admin := env.Admin()
	for _, name := range []string{"project_admin", "project_mod"} {
		admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(200)
	admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_mod"}, "target_role": {"name": "project_mod"}, "may_grant": true, "may_revoke": true, "needs_approval": true, "max_days": 30}}`).Want(201)
	someone := func(name, role string) (string, *testenv.Browser) {
		id, _ := member(env, name, name+"s")
		patch(env, id, `{"user": {"email": "`+name+`@acme.example"}}`)
		if role != "" {
			env.Admin().Put("/v3/projects/"+acme+"/users/"+id+"/roles/"+roleID(env, role), nil).Want(204)
		}
		return id, env.SignIn(name, "secret")
	}
	_, mod := someone("moe", "project_mod")
	other, second := someone("mia", "project_mod")
	_, boss := someone("boss", "project_admin")
	bob, target := someone("bob", "member")
	role := roleID(env, "project_mod")
	people := "/portal/p/" + acme

	ask := func(until string) *testenv.Browser {
		env.Clock.Advance(time.Second)
		return mod.Open(people+"/people/add").Want(200, "Somebody else must agree").Submit("Add the person", "who", "bob", "domain", "Default", "role", role, "reason", "On call in May", "until", until)
	}
	mod.Open(people+"/people/add").Submit("Add the person", "who", "bob", "domain", "Default", "role", role, "until", "2026-03-20").Want(422, "say why")
	env.Deliver()
	ask("2026-12-31").Want(422) // longer than the rule lets it last
	ask("2026-03-20").Want(200, "Somebody else must agree", "waits for an answer", "On call in May")
	at := strings.TrimSuffix(strings.SplitN(strings.SplitN(mod.Body, people+"/requests/", 2)[1], `"`, 2)[0], "/withdraw")
	page := people + "/requests/" + at
	env.Deliver()
	if m := box.Last("boss@acme.example"); m.Link != people+"/requests" || !strings.Contains(m.Text, "moe (moe@acme.example) wants to grant project_mod") || !strings.Contains(m.Text, "> On call in May") {
		t.Error(m.Text)
	}
	granted := func() bool {
		return env.Admin().Get("/v3/projects/"+acme+"/users/"+bob+"/roles/"+role).Status == 204
	}
	mod.Open(page + "/approve").Want(404) // nothing to agree to
	_ = target
	for name, b := range map[string]*testenv.Browser{"who asked": mod, "another who needs agreement, too": second} {
		_, form := b.Open("/portal/profile").Form("Save")
		if got := b.Send("POST", page+"/approve", form); got.Status < 400 || granted() {
			t.Errorf("%s agrees: %d", name, got.Status)
		}
	}
	second.Open(people+"/requests").Want(200, "bob", "Agree")
	boss.Open(people+"/requests").Want(200, "waits for an answer").Open(page+"/approve").Want(200, "bob gets project_mod", "On call in May").Submit("Agree and grant").Want(200, "You agreed", "agreed by boss")
	if !granted() {
		t.Fatal("nothing was granted")
	}
	env.Deliver()
	if m := box.Last("moe@acme.example"); m.Subject != "bob has what you asked for on acme" || !strings.Contains(m.Text, "boss (boss@acme.example) agreed") {
		t.Error(m.Subject, m.Text)
	}
	if m := box.Last("bob@acme.example"); !strings.Contains(m.Text, "Now: member and project_mod (until 21 March 2026, 00:00 UTC)") {
		t.Error(m.Text)
	}
	root.Open("/portal/cloud/audit?target="+at).Want(200, "moe", "boss")

	// To let it last is to ask anew, and a request can be refused, withdrawn, or left until it is too old.
	ask("2026-03-30").Want(200, "waits for an answer")
	newest := func() string {
		return env.Admin().Get("/v3/lintel/grant_requests?project=" + acme).Want(200).Get("grant_requests.0.id")
	}
	id := newest()
	boss.Open(people+"/requests/"+id+"/refuse").Submit("Refuse the request").Want(422, "Say why")
	boss.Submit("Refuse the request", "reason", "Not in summer").Want(200, "refused by boss", "Not in summer")
	env.Deliver()
	if m := box.Last("moe@acme.example"); !strings.Contains(m.Subject, "was refused") || !strings.Contains(m.Text, "> Not in summer") {
		t.Error(m.Subject, m.Text)
	}
	ask("2026-03-30").Want(200)
	mod.Open(people+"/requests/"+newest()+"/withdraw").Submit("Withdraw the request").Want(200, "withdrawn")
	ask("2026-03-30").Want(200)
	late := newest()
	env.Clock.Advance(8 * 24 * time.Hour)
	boss = env.SignIn("boss", "secret")
	boss.Open(people+"/requests").Want(200, "nobody answered in time")
	env.Login("boss", "secret", testenv.OnProjectID(acme)).Post("/v3/lintel/grant_requests/"+late+"/approval", nil).Want(409)

	// Who asked must still be able to, and the target must not have risen.
	for what, change := range map[string]func(){
		"the requester lost the role": func() { env.Admin().Delete("/v3/projects/" + acme + "/users/" + other + "/roles/" + role).Want(204) },
	} {
		r := env.Login("mia", "secret", testenv.OnProjectID(acme)).Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+bob+`"}, "project": {"id": "`+acme+`"}, "roles": [{"name": "project_mod"}], "expires_at": "2026-04-01T00:00:00Z", "reason": "x"}}`).Want(202)
		change()
		env.Login("boss", "secret", testenv.OnProjectID(acme)).Post("/v3/lintel/grant_requests/"+r.Get("grants.request_id")+"/approval", nil).Want(403)
		_ = what
	}
}
