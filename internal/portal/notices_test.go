package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// Without a mail server people read in the portal what they are told of their accounts: M4, M8, M15; each their own, in their language,
// with a count of what is new, for thirty days.
func TestNoticesWithoutMail(t *testing.T) {
	env := testenv.New(t)
	alice, acme := member(env, "alice", "acme")
	member(env, "bob", "other")
	role := "/v3/projects/" + acme + "/users/" + alice + "/roles/" + roleID(env, "reader")
	admin := env.Admin()
	admin.Put(role, nil).Want(204)
	env.Clock.Advance(time.Minute)
	patch(env, alice, `{"user": {"password": "other"}}`)
	b := env.SignIn("alice", "other").Open("/portal").Want(200, "3 notices are new")
	b.Open("/portal/notices").Want(200, "Your access at Lintel has changed: Project acme", "Before: member. Now: member and reader.", "Your password at Lintel was changed",
		"no mail is sent to you", "lintel notice read", "ask admin")
	if page := b.Text(); strings.Index(page, "Your password") > strings.Index(page, "Your access") {
		t.Error("the latest does not stand first")
	}
	if bob := env.SignIn("bob", "secret").Open("/portal/notices").Want(200, "Project other"); strings.Contains(bob.Text(), "acme") {
		t.Error("bob reads what alice was told")
	}

	admin.Delete(role).Want(204) // after the page was opened, in the same second
	if b.Submit("Mark all as read").Want(200, "Notices"); strings.Contains(b.Text(), "Mark all") {
		t.Errorf("something is new: %s", b.Text())
	}
	env.Clock.Advance(time.Minute)
	admin.Put(role, nil).Want(204)
	b.Open("/portal").Want(200, "1 notice is new")

	own := env.Login("alice", "other", testenv.OnProject("acme"))
	own.Patch("/v3/lintel/profile", `{"profile": {"language": "de"}}`).Want(200)
	all := own.Get("/v3/lintel/notices").Want(200).List("notices")
	if n := all[0].(map[string]any); n["subject"] != "Ihr Zugang bei Lintel hat sich geändert: Projekt acme" || n["read"] != false {
		t.Errorf("%v", n)
	}
	own.Post("/v3/lintel/notices/reading", nil).Want(204)
	if slices.ContainsFunc(own.Get("/v3/lintel/notices").Want(200).List("notices"), func(n any) bool { return n.(map[string]any)["read"] != true }) {
		t.Error("something is not read")
	}
	robot := own.Post("/v3/users/"+alice+"/application_credentials", `{"application_credential": {"name": "robot", "secret": "secret"}}`).Want(201).Get("application_credential.id")
	env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + robot + `", "secret": "secret"}}}}`).Want(201).Actor().
		Get("/v3/lintel/notices").Want(403)
	env.Clock.Advance(31 * 24 * time.Hour)
	if b = env.SignIn("alice", "other").Open("/portal/notices").Want(200, "Ein neues Gerät"); strings.Contains(b.Text(), "acme") {
		t.Errorf("it is told for ever: %s", b.Text())
	}
}

// What went out by mail stands there, too, and is not new; but never the link that the mail alone shows to be somebody's: S-121.
func TestNoticesOfMails(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	b := env.SignIn("admin", testenv.Password)
	b.Open("/portal/profile/address").Submit("Send the link", "address", "new@cloud.example").Want(200, "on its way")
	env.Deliver()
	b.Open("/portal/notices").Want(200, "Another address for your account", "You got these by mail, too")
	for _, text := range []string{"Is this your address?", "Mark all as read"} {
		if strings.Contains(b.Text(), text) {
			t.Errorf("it says %q: %s", text, b.Text())
		}
	}
	secrets := 0
	for _, m := range append(box.All("root@cloud.example"), box.All("new@cloud.example")...) {
		for _, door := range []string{"/address/", "/verify/"} {
			_, secret, there := strings.Cut(m.Link, door)
			if there {
				secrets++
			}
			if there && strings.Contains(b.Body, secret) {
				t.Errorf("the link of the mail to %s stands there", m.To)
			}
		}
	}
	if secrets != 2 {
		t.Errorf("%d links were sent", secrets)
	}
}
