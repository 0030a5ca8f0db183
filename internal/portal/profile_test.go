package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// withMail is a server that sends mails, and where they arrive.
// M2, 3.7: times are in the zone that somebody has chosen, on the days that it has there.
func TestTimesInTheReadersZone(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret").Open("/portal/activity").Want(200, "4 Mar 2026 05:06 UTC")
	b.Open("/portal/profile").Submit("Save", "timezone", "Mars/Olympus").Want(422, "is no time zone")
	b.Open("/portal/profile").Submit("Save", "timezone", "Local").Want(422, "is no time zone")
	b.Open("/portal/profile").Submit("Save", "timezone", "America/Los_Angeles").Want(200, "Saved")
	b.Open("/portal/activity").Want(200, "3 Mar 2026 21:06 PST")
	b.Open("/portal/activity?format=ndjson").Want(200)
	other := env.SignIn("alice", "secret").Open("/portal/activity").Want(200, "3 Mar 2026 21:06 PST") // another browser
	other.Open("/portal/profile").Submit("Save", "timezone", "").Want(200, "Saved")
	other.Open("/portal/activity").Want(200, "4 Mar 2026 05:06 UTC")
}

func withMail(t *testing.T, changes ...func(*config.Config)) (env *testenv.Env, box *testenv.Mailbox) {
	t.Helper()
	box = testenv.NewMailbox(t, "")
	return testenv.New(t, append([]func(*config.Config){box.Use}, changes...)...), box
}

// P8, M2, M9, S-121: another address counts once it is proved; until then, and for some days after, the old one can say no.
func TestAnAddressIsProved(t *testing.T) {
	env, box := withMail(t)
	user, _ := member(env, "alice", "acme")
	const old, next = "alice@acme.example", "alice@new.example"
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "`+old+`"}}`).Want(200)
	email := func() string { return env.Admin().Get("/v3/users/" + user).Want(200).Get("user.email") }
	b := env.SignIn("alice", "secret")
	ask := func(address string) *testenv.Browser {
		return b.Open("/portal/profile/address").Want(200).Submit("Send the link", "address", address)
	}
	ask("no address").Want(422, "is not an e-mail address")
	ask(old).Want(422, "your address already")
	ask(next).Want(200, "A link is on its way")
	env.Deliver()
	prove, keep := box.Last(next), box.Last(old)
	if !strings.HasPrefix(prove.Link, "/portal/verify/") || !strings.HasPrefix(keep.Link, "/portal/address/") || !strings.Contains(keep.Text, next) || strings.Contains(prove.Text, old) {
		t.Errorf("%s\n%s", prove.Text, keep.Text)
	}
	for range 5 { // scanners look
		env.Browser().Open(prove.Link).Want(200, "Is this your address?", next, "alice")
		env.Browser().Send("HEAD", prove.Link, nil)
	}
	if email() != old {
		t.Error("it counts before it is proved")
	}
	// A pending address matches nothing.
	env.Browser().Open("/portal/forgot").Submit("Send me a link", "name", next).Want(200)
	env.Deliver()
	if n := len(box.All(next)); n != 1 {
		t.Errorf("%d mails to an address that is not proved", n)
	}
	env.Browser().Open(prove.Link).Submit("Yes, it is mine").Want(200, "counts from now on")
	if email() != next {
		t.Error("it does not count")
	}
	env.Browser().Open(prove.Link).Want(200, "does not work any more")

	// The old address brings itself back, and ends what was reached meanwhile.
	env.Clock.Advance(6 * 24 * time.Hour)
	thief := env.SignIn("alice", "secret")
	env.Clock.Advance(2 * time.Second)
	env.Browser().Open(keep.Link).Want(200, "Bring the old address back?").Submit("Bring it back").Want(200, "The address stays")
	if email() != old {
		t.Error("the old address is not back")
	}
	if thief.Open("/portal"); !strings.HasPrefix(thief.Path, "/portal/login") {
		t.Error("a session goes on")
	}
	env.Browser().Open(keep.Link).Want(200, "does not work any more")

	// It can also say no before; an older link ends with a newer one, and each after its time.
	env.Clock.Advance(2 * time.Second)
	b = env.SignIn("alice", "secret")
	ask(next).Want(200)
	env.Deliver()
	first := box.Last(next)
	ask("alice@third.example").Want(200)
	env.Deliver()
	env.Browser().Open(first.Link).Want(200, "does not work any more")
	env.Browser().Open(box.Last(old).Link).Want(200, "Keep this address?").Submit("Keep it").Want(200, "The address stays")
	env.Browser().Open(box.Last("alice@third.example").Link).Want(200, "does not work any more")
	ask(next).Want(200)
	env.Deliver()
	ask("alice@fourth.example").Want(429, "asked for too often")
	env.Clock.Advance(24 * time.Hour)
	env.Browser().Open(box.Last(next).Link).Want(200, "does not work any more")
	if email() != old {
		t.Errorf("the address is %s", email())
	}

	// It takes a proof of who is there that is not old, a mail server, and an address that the domain allows.
	b = env.SignIn("alice", "secret")
	env.Clock.Advance(16 * time.Minute)
	if b.Open("/portal/profile/address"); !strings.HasPrefix(b.Path, "/portal/confirm") {
		t.Errorf("after a while: %s", b.Path)
	}
	boss := env.SignIn("admin", testenv.Password)
	boss.Open("/portal/d/default/rules").Submit("Save the rules", "mail_domains", "acme.example").Want(200)
	b.Submit("Confirm", "password", "secret").Want(200)
	ask(next).Want(422, "must be in acme.example")

	none := testenv.New(t)
	member(none, "alice", "acme")
	w := none.SignIn("alice", "secret").Open("/portal/profile").Want(200)
	if strings.Contains(w.Body, "/portal/profile/address") {
		t.Error("without mail an address can be asked for")
	}
	w.Open("/portal/profile/address").Submit("Send the link", "address", next).Want(403, "sends no mail")
}

// M9a, S-121: who changes somebody's address, and that again, ends no link by which the old address comes back; who brings it back ends those
// of whoever changed it. An administrator's word stands.
func TestAnAddressComesBackOverSeveral(t *testing.T) {
	env, box := withMail(t)
	user, _ := member(env, "alice", "acme")
	const own, first, second = "alice@acme.example", "thief@one.example", "thief@two.example"
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "`+own+`"}}`).Want(200)
	thief := env.SignIn("alice", "secret")
	change := func(to string) {
		env.Deliver() // what a sign-in sends
		thief.Open("/portal/profile/address").Submit("Send the link", "address", to).Want(200, "A link is on its way")
		env.Deliver()
		env.Browser().Open(box.Last(to).Link).Submit("Yes, it is mine").Want(200, "counts from now on")
		env.Clock.Advance(time.Minute)
	}
	change(first)
	mine := box.Last(own).Link
	change(second)
	theirs := box.Last(first).Link
	env.Browser().Open(mine).Want(200, "Bring the old address back?", own).Submit("Bring it back").Want(200, "The address stays")
	if email := env.Admin().Get("/v3/users/" + user).Want(200).Get("user.email"); email != own {
		t.Fatalf("the address is %s", email)
	}
	env.Browser().Open(theirs).Want(200, "does not work any more")

	env.Clock.Advance(time.Hour)
	thief = env.SignIn("alice", "secret")
	change(first)
	mine = box.Last(own).Link
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "alice@new.example"}}`).Want(200)
	env.Browser().Open(mine).Want(200, "does not work any more", "changed in another way")
}

// P8: of a link that is over it says why, and where to get another.
func TestLinksOfAddressesSayWhyTheyAreOver(t *testing.T) {
	env, box := withMail(t)
	user, _ := member(env, "alice", "acme")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "alice@acme.example"}}`).Want(200)
	b := env.SignIn("alice", "secret")
	ask := func() string {
		b.Open("/portal/profile/address").Submit("Send the link", "address", "alice@new.example").Want(200)
		env.Deliver()
		return box.Last("alice@new.example").Link
	}
	older, link := ask(), ask()
	follow(t, b.Open("/portal/profile").Want(200, "New e-mail", "alice@new.example not proved yet"), "Send the link again").Want(200)
	env.Browser().Open(older).Want(200, "does not work any more", "A newer one was sent", "Send me a new one")
	env.Clock.Advance(24 * time.Hour)
	env.Browser().Open(link).Want(200, "does not work any more", "It is too old", "Send me a new one")
	b = env.SignIn("alice", "secret").Open("/portal/profile/address?address=alice%40new.example").Want(200)
	if !strings.Contains(b.Body, `value="alice@new.example"`) {
		t.Error("the address has to be typed again")
	}
	b.Submit("Send the link").Want(200, "A link is on its way")
	env.Deliver()
	link = box.Last("alice@new.example").Link
	env.Browser().Open(link).Submit("Yes, it is mine").Want(200)
	env.Browser().Open(link).Want(200, "It was used already")
	if b.Open("/portal/profile"); strings.Contains(b.Text(), "not proved yet") {
		t.Error("a proved address waits on")
	}
	patch(env, user, `{"user": {"options": {"lock_password": true}}}`)
	b.Open("/portal/profile").Want(200, "only an administrator changes it")
}

// M2: what people say of themselves and how they like the portal goes with them, to mails and to other browsers.
func TestProfile(t *testing.T) {
	env, box := withMail(t)
	user, project := member(env, "alice", "acme")
	_, others := member(env, "bob", "other")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "alice@acme.example"}}`).Want(200)
	b := env.SignIn("alice", "secret").Open("/portal/profile").Want(200, "Who you are here", "acme")
	b.Submit("Save", "description", "Looks after the shop", "project", project, "language", "de", "theme", "dark").Want(200, "Gespeichert")
	u := env.Admin().Get("/v3/users/" + user).Want(200)
	if u.Get("user.description") != "Looks after the shop" || u.Get("user.default_project_id") != project || u.Get("user.email") != "alice@acme.example" {
		t.Errorf("%s", u.Body)
	}
	w := env.SignIn("alice", "secret").Open("/portal").Want(200)
	if !strings.Contains(w.Body, `<html lang="de" data-theme="dark">`) {
		t.Errorf("another browser: %.200s", w.Body)
	}
	env.Deliver()
	if m := box.Last("alice@acme.example"); !strings.HasPrefix(m.Subject, "Ein neues Gerät") {
		t.Errorf("mail in another language: %s", m.Subject)
	}
	b.Open("/portal/profile").Submit("Speichern", "project", others).Want(422, "Sie arbeiten nicht in diesem Projekt")
	b.Open("/portal/profile").Submit("Speichern", "description", strings.Repeat("x", 256)).Want(422, "höchstens 255 Zeichen")
	// Nobody gets by this what is an administrator's to give.
	action, form := b.Open("/portal/profile").Form("Speichern")
	form.Set("email", "eve@evil.example")
	form.Set("name", "root")
	form.Set("enabled", "false")
	form.Set("options", `{"multi_factor_auth_enabled": false}`)
	b.Send("POST", action, form).Want(200)
	if u := env.Admin().Get("/v3/users/" + user).Want(200); u.Get("user.name") != "alice" || u.Get("user.email") != "alice@acme.example" || u.Value("user.enabled") != true {
		t.Errorf("%s", u.Body)
	}
}

// M2, J1, D4: how somebody calls themselves stands beside their user name, on pages and in mails, and never in its place; what could pass for
// something else than a name is refused, or not shown where others wrote it.
func TestDisplayName(t *testing.T) {
	env, box := withMail(t)
	user, project := member(env, "alice", "acme")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "alice@acme.example"}}`).Want(200)
	env.Admin().Put("/v3/projects/"+project+"/users/"+user+"/roles/"+roleID(env, "admin"), nil).Want(204)
	b := env.SignIn("alice", "secret").Open("/portal/profile")
	for _, wrong := range []string{strings.Repeat("x", 65), "Alice\u202e", "Alice\nadmin", "Alice\u2028admin", "Alice\u2066"} {
		b.Open("/portal/profile").Submit("Save", "display_name", wrong).Want(422, "A display name is one line of at most 64 characters")
	}
	b.Open("/portal/profile").Submit("Save", "display_name", " Alice “Ally” Moreau ").Want(200, "alice Alice “Ally” Moreau")
	shown := env.Admin().Get("/v3/users/" + user).Want(200)
	if shown.Get("user.display_name") != "Alice “Ally” Moreau" || shown.Get("user.name") != "alice" {
		t.Errorf("%s", shown.Body)
	}
	b.Open("/portal/p/"+project+"/people").Want(200, "alice Alice “Ally” Moreau · alice@acme.example")
	b.Open("/portal/p/"+project+"/invite").Submit("Send the invitations", "addresses", "rosa@acme.example", "role", roleID(env, "member")).Want(200)
	env.Deliver()
	if m := box.Last("rosa@acme.example"); !strings.Contains(m.Text, "alice “Alice 'Ally' Moreau” (alice@acme.example) invites you") {
		t.Errorf("%s", m.Text)
	}
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/default/users").Want(200, "alice Alice “Ally” Moreau alice@acme.example")
	account := "/portal/d/default/users/" + user
	root.Open(account).Want(200, "Display name Alice “Ally” Moreau")
	root.Open(account+"/edit").Submit("Save", "display_name", strings.Repeat("x", 65)).Want(422, "A display name is one line")
	root.Open(account+"/edit").Submit("Save", "display_name", "Alice").Want(200, "Display name Alice")

	// As any attribute, it can be written by other programs. One that is no name is none here.
	env.Admin().Patch("/v3/users/"+user, map[string]any{"user": map[string]any{"display_name": "\u202eegrog"}}).Want(200)
	if root.Open(account).Want(200, "Display name –"); strings.Contains(root.Body, "\u202e") {
		t.Error("the direction is turned")
	}
	for _, odd := range []any{7, nil, map[string]any{"a": 1}} {
		env.Admin().Patch("/v3/users/"+user, map[string]any{"user": map[string]any{"display_name": odd}}).Want(200)
		b.Open("/portal/profile").Want(200)
	}
}
