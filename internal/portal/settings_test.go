package portal_test

import (
	"net/url"
	"strings"
	"testing"
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
