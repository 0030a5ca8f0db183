package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// J11: who may change a project does, by the rules of the API; others read it and learn who can.
func TestProjectSettings(t *testing.T) {
	tm := newTeam(t)
	boss, dora := tm.person("boss"), tm.person("dora")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(dora, "member")
	at := "/portal/p/" + tm.web + "/settings"
	b := tm.SignIn("boss", "secret").Open(at).Want(200, "What acme-web is called")
	b.Submit("Save", "name", " ").Want(422, "needs a name")
	b.Submit("Save", "name", strings.Repeat("x", 65), "tags", "a/b").Want(422, "at most 64", "no slash")
	b.Submit("Save", "name", "acme", "tags", "kept").Want(422, "has this name")
	if !strings.Contains(b.Body, `value="kept"`) {
		t.Error("what was typed is lost")
	}
	b.Submit("Save", "name", "shop", "description", "The shop", "tags", "eu, production,eu,").Want(200, "Saved", "What shop is called")
	p := tm.admin.Get("/v3/projects/" + tm.web).Want(200)
	if p.Get("project.name") != "shop" || p.Get("project.description") != "The shop" || len(p.List("project.tags")) != 2 {
		t.Errorf("the project is %s", p.Body)
	}

	member := tm.SignIn("dora", "secret").Open(at).Want(200, "The shop", "eu, production", "You may not change this")
	_, form := member.Open("/portal/security/password").Form("Change the password")
	member.Send("POST", at, url.Values{"csrf": form["csrf"], "name": {"mine"}}).Want(403)
	tm.admin.Patch("/v3/projects/"+tm.web, `{"project": {"options": {"immutable": true}}}`).Want(200)
	b.Open(at).Want(200, "immutable")
	_, form = b.Open("/portal/security/password").Form("Change the password")
	b.Send("POST", at, url.Values{"csrf": form["csrf"], "name": {"mine"}}).Want(403, "immutable")
	tm.person("gina")
	tm.SignIn("gina", "secret").Open(at).Want(404)
	if got := tm.admin.Get("/v3/projects/" + tm.web).Want(200).Get("project.name"); got != "shop" {
		t.Errorf("the project is called %s", got)
	}
}

// J11, C15: a project says to what an invitation is, how long it can be accepted and how long its roles last: the form ticks these roles, and
// nobody goes beyond it by page, call or command.
func TestProjectRules(t *testing.T) {
	tm := newTeam(t)
	boss, dora := tm.person("boss"), tm.person("dora")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(boss, "manager")
	tm.onWeb(dora, "reader")
	reader, member := tm.role("reader"), tm.role("member")
	at, rules := "/portal/p/"+tm.web+"/settings", "/v3/lintel/projects/"+tm.web+"/rules"
	b := tm.SignIn("boss", "secret")
	if _, form := b.Open("/portal/p/" + tm.web + "/invite").Form("Send the invitations"); len(form["role"]) != 1 || form["role"][0] != member {
		t.Errorf("ticked are %v", form["role"])
	}
	b.Open(at).Submit("Save the rules", "invite_days", "soon").Want(422, "whole number")
	b.Open(at).Submit("Save the rules", "invite_days", "8").Want(422, "7 days at most")
	b.Open(at).Submit("Save the rules", "role", reader, "invite_days", "2", "access_days", "30").Want(200, "Saved")
	if _, form := b.Open("/portal/p/"+tm.web+"/invite").Want(200, "30 days at most", "2 days").Form("Send the invitations"); len(form["role"]) != 1 || form["role"][0] != reader {
		t.Errorf("ticked are %v", form["role"])
	}
	b.Submit("Send the invitations", "addresses", "kim@acme.example", "until", "2026-12-31").Want(422, "30 days at most")

	manager := tm.Login("boss", "secret", testenv.OnDomainID("default"))
	body := func(address, more string) string {
		return `{"invitations": {"addresses": ["` + address + `"], "project": {"id": "` + tm.web + `"}` + more + `}}`
	}
	sent := manager.Post("/v3/lintel/invitations", body("lea@acme.example", "")).Want(201)
	if sent.Get("invitations.0.expires_at") != "2026-03-06T05:06:07.000000Z" {
		t.Error(sent.Body)
	}
	for _, wrong := range []string{`, "access_expires_at": "2026-12-31T00:00:00Z"`, `, "roles": [{"name": "reader"}], "areas": ["people"]`} {
		if got := manager.Post("/v3/lintel/invitations", body("x@acme.example", wrong)); got.Status != 400 && got.Status != 404 {
			t.Errorf("%s: %d", wrong, got.Status)
		}
	}
	listed := manager.Get("/v3/lintel/invitations?project=" + tm.web).Want(200)
	if roles := listed.List("invitations.0.roles"); len(roles) != 1 || roles[0] != "reader" {
		t.Error(listed.Body)
	}
	b.Open("/portal/p/" + tm.web + "/invitations/" + listed.Get("invitations.0.id")).Want(200)
	if _, form := b.Form("Save"); form.Get("until") != "2026-04-03" {
		t.Errorf("they last until %s", form.Get("until"))
	}
	b.Submit("Save").Want(200)

	if d := tm.SignIn("dora", "secret").Open(at).Want(200, "reader", "30"); strings.Contains(d.Body, "Save the rules") {
		t.Error("a reader is offered the form")
	}
	tm.Login("dora", "secret", testenv.OnProjectID(tm.web)).Patch(rules, `{"rules": {"access_days": 1}}`).Want(403)
	for _, wrong := range []string{`{"access_days": -1}`, `{"access_days": 36501}`, `{"invite_days": 8}`, `{"invite_roles": [{"name": "none"}]}`, `{"more": 1}`} {
		if got := manager.Patch(rules, `{"rules": `+wrong+`}`); got.Status != 400 && got.Status != 404 {
			t.Errorf("%s: %d", wrong, got.Status)
		}
	}
	tm.admin.Get("/v3/lintel/projects/default/rules").Want(404)
	tm.admin.Patch("/v3/lintel/projects/default/rules", `{"rules": {"access_days": 1}}`).Want(404)

	// Two who change them learn of each other, and a role that is gone is none any more.
	other := tm.SignIn("boss", "secret").Open(at)
	manager.Patch(rules, `{"rules": {"invite_days": null}}`).Want(200)
	other.Submit("Save the rules", "access_days", "9").Want(409, "Somebody has changed this").Submit("Save the rules").Want(200, "Saved")
	lead := tm.admin.Post("/v3/roles", `{"role": {"name": "lead"}}`).Want(201).Get("role.id")
	manager.Patch(rules, `{"rules": {"invite_roles": [{"name": "lead"}]}}`).Want(200)
	tm.admin.Delete("/v3/roles/" + lead).Want(204)
	if got := manager.Get(rules).Want(200); len(got.List("rules.invite_roles")) != 0 || got.Value("rules.access_days") != 9.0 {
		t.Error(got.Body)
	}
	tm.admin.Patch("/v3/projects/"+tm.web, `{"project": {"options": {"immutable": true}}}`).Want(200)
	manager.Patch(rules, `{"rules": {"access_days": 1}}`).Want(403)
}
