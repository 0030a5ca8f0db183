package portal_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// M13, C20: everybody sees what they did and what was done to them, also by and to people who are gone, and nobody else's.
func TestMyActivity(t *testing.T) {
	tm := newTeam(t)
	bob := tm.person("bob")
	tm.onWeb(bob, "member")
	tm.person("carol")
	tm.Browser().Open("/portal/login").Submit("Sign in", "name", "bob", "password", "wrong").Want(422)
	b := tm.SignIn("bob", "secret")
	b.Open("/portal/activity").Want(200, "You Signed in to the portal", "You Tried to sign in with a wrong password", "failed", "admin Granted member to you acme-web",
		"admin Created the account (yours) Domain Default")
	if strings.Contains(b.Text(), "carol") {
		t.Error("bob sees what was done to carol")
	}
	b.Open("/portal/activity?class=sign-in&outcome=failure").Want(200, "wrong password")
	if strings.Contains(b.Text(), "Granted") || strings.Contains(b.Text(), "Signed in") {
		t.Errorf("a failed sign-in was asked for: %s", b.Text())
	}
	b.Open("/portal/activity?since=1").Want(200, "Granted member")
	tm.Clock.Advance(25 * time.Hour)
	tm.SignIn("bob", "secret").Open("/portal/activity?since=1").Want(200, "Signed in to the portal")

	again := tm.SignIn("bob", "secret")
	if text := again.Open("/portal/activity?format=csv").Want(200).Body; !strings.Contains(text, "time,who,what") || !strings.Contains(text, "Granted member to you") {
		t.Errorf("as CSV: %s", text)
	}
	for line := range strings.Lines(again.Open("/portal/activity?format=ndjson").Want(200).Body) {
		var e struct{ Action string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// J8, D12, A9: what happened in a project, a domain and the cloud, for who looks after them, and for nobody else.
func TestActivityOfOthers(t *testing.T) {
	tm := newTeam(t)
	bob, gone, mia, rita := tm.person("bob"), tm.person("gone"), tm.person("mia"), tm.person("rita")
	tm.onWeb(bob, "member")
	tm.grant("domains/default/users/"+mia, "manager")
	tm.grant("system/users/"+rita, "reader")
	tm.onWeb(gone, "reader")
	tm.admin.Delete("/v3/users/" + gone).Want(204)
	tm.Login("bob", "secret", testenv.OnProjectID(tm.web))
	away := tm.admin.Post("/v3/domains", `{"domain": {"name": "away"}}`).Want(201).Get("domain.id")
	tm.admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "zelda", "domain_id": away}}).Want(201)

	web := "/portal/p/" + tm.web + "/activity"
	mias := tm.SignIn("mia", "secret")
	mias.Open(web).Want(200, "admin Granted member to bob acme-web", "Granted reader to gone", "bob Signed in acme-web")
	if strings.Contains(mias.Text(), "Deleted the user") {
		t.Error("that a user was deleted is nothing of the project")
	}
	mias.Open("/portal/d/default/audit").Want(200, "Deleted the user gone", "You Signed in to the portal")
	if strings.Contains(mias.Text(), "zelda") {
		t.Error("mia sees what was done in another domain")
	}
	mias.Open("/portal/d/default/audit?target=gone").Want(200, "Created the user gone")
	mias.Open("/portal/d/default/audit?actor=bob").Want(200, "bob Signed in")
	if strings.Contains(mias.Text(), "Created") {
		t.Error("bob created nobody")
	}
	mias.Open("/portal/d/default/audit?target=nobody").Want(200, "Nothing found")
	mias.Open("/portal/d/default/audit?from=tomorrow").Want(400)
	mias.Open("/portal/cloud/audit").Want(404)
	mias.Open("/portal/d/" + away + "/audit").Want(404)

	ritas := tm.SignIn("rita", "secret")
	ritas.Open("/portal/cloud/audit").Want(200, "Created the user zelda", "Granted member to bob", "Domain away")
	ritas.Open("/portal/cloud/audit?class=reading").Want(200, "mia Read the audit trail", "Domain Default")
	ritas.Open(web).Want(200, "Granted member to bob")

	// S-122: a member and a stranger try.
	for _, who := range []string{"bob"} {
		b := tm.SignIn(who, "secret")
		b.Open(web).Want(403)
		b.Open("/portal/d/default/audit").Want(404)
		b.Open("/portal/cloud/audit").Want(404)
	}
	token := tm.Login("bob", "secret", testenv.OnProjectID(tm.web))
	token.Get("/v3/lintel/users/" + bob + "/events?class=access").Want(200).Get("events.0.role.name")
	token.Get("/v3/lintel/users/" + mia + "/events").Want(403)
	token.Get("/v3/lintel/projects/" + tm.web + "/events").Want(403)
	token.Get("/v3/lintel/domains/default/events").Want(403)
	token.Get("/v3/lintel/events").Want(403)
	tm.admin.Get("/v3/lintel/events?limit=2").Want(200).Get("links.next")
	tm.admin.Get("/v3/lintel/events?colour=red").Want(400)
	tm.admin.Get("/v3/lintel/events?marker=x").Want(400)
	tm.admin.Get("/v3/lintel/domains/nowhere/events").Want(404)
	// I1: what bob hands on does not show what he does.
	secret := token.Post("/v3/users/"+bob+"/application_credentials", `{"application_credential": {"name": "ci"}}`).Want(201)
	ci := tm.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` +
		secret.Get("application_credential.id") + `", "secret": "` + secret.Get("application_credential.secret") + `"}}}}`).Want(201).Actor()
	ci.Get("/v3/lintel/users/" + bob + "/events").Want(403)
	mias.Open(web).Want(200, "bob with the application credential ci Signed in acme-web", "bob Created the application credential ci acme-web")
}
