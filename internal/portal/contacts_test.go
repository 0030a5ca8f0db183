package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// J10, B5: a contact gets the mails of the topics that were chosen, after agreeing, and no others; for signing in and for a new
// password the address is nobody's.
func TestContacts(t *testing.T) {
	env, box, boss, project := cloudWithMail(t)
	at := "/portal/p/" + project + "/contacts"
	boss.Open(at).Want(200, "No contacts yet")
	boss.Submit("Add the contact", "name", "Paula Pays", "address", "paula", "topics", "billing").Want(422, "is not an e-mail address")
	if !strings.Contains(boss.Body, `value="Paula Pays"`) {
		t.Error("what was typed is gone")
	}
	boss.Open(at).Submit("Add the contact", "name", "Paula Pays", "address", "paula@pay.example").Want(422, "Choose at least one topic")
	boss.Submit("Add the contact", "name", "Paula Pays", "address", "paula@pay.example", "topics", "billing", "topics", "quota").Want(200, "A mail asks", "Paula Pays", "has not agreed yet")
	boss.Submit("Add the contact", "name", "Again", "address", "PAULA@pay.example", "topics", "billing").Want(422, "already")
	boss.Open(at).Submit("Send the notice", "topic", "billing", "subject", "Too early", "words", "x").Want(422, "nothing was sent")
	env.Deliver()
	mails := box.All("paula@pay.example")
	if len(mails) != 1 {
		t.Fatalf("%d mails before she agreed, want the question alone", len(mails))
	}
	// Looking changes nothing, however often.
	for range 3 {
		env.Browser().Open(mails[0].Link).Want(200, "billing, quota")
	}
	boss.Open(at).Want(200, "has not agreed yet")
	env.Browser().Open(mails[0].Link).Submit("Yes, send them").Want(200, "Thank you")
	env.Browser().Open(mails[0].Link).Want(200, "does not work any more")
	boss.Open(at).Want(200, "gets mails")
	boss.Submit("Send the notice", "topic", "billing", "subject", "Invoice 7", "words", "It is there.").Want(200, "on its way")
	boss.Submit("Send the notice", "topic", "security", "subject", "Change your keys", "words", "Now.").Want(422, "Nobody gets mails about this topic")
	env.Deliver()
	mails = box.All("paula@pay.example")
	if len(mails) != 2 || !strings.Contains(mails[1].Subject, "Invoice 7") {
		t.Fatalf("%d mails, the last %+v", len(mails), mails[len(mails)-1])
	}
	// She has no account.
	env.Browser().Open("/portal/login").Submit("Sign in", "name", "paula@pay.example", "password", "x").Want(422)
	env.Browser().Open("/portal/login").Open("/portal/forgot").Submit("Send me a link", "name", "paula@pay.example").Want(200, "If we know")
	env.Deliver()
	if n := len(box.All("paula@pay.example")); n != 2 {
		t.Errorf("a new password was mailed to a contact: %d mails", n)
	}
	// The same by HTTP, and others may not.
	admin := env.Admin()
	id := admin.Get("/v3/lintel/projects/" + project + "/contacts").Want(200).Get("contacts.0.id")
	admin.Patch("/v3/lintel/projects/"+project+"/contacts/"+id, `{"contact": {"topics": ["security"]}}`).Want(200)
	if r := admin.Post("/v3/lintel/projects/"+project+"/notices", `{"notice": {"topic": "billing", "subject": "s", "text": "t"}}`).Want(201); r.Value("notice.recipients") != 0.0 {
		t.Errorf("%s", r.Body)
	}
	admin.Post("/v3/lintel/projects/"+project+"/contacts", `{"contact": {"name": "x", "address": "x@y.example", "topics": ["weather"]}}`).Want(400)
	member(env, "otto", "others")
	otto := env.Login("otto", "secret")
	otto.Get("/v3/lintel/projects/" + project + "/contacts").Want(403)
	otto.Delete("/v3/lintel/projects/" + project + "/contacts/" + id).Want(403)
	env.SignIn("otto", "secret").Open(at).Want(404)
	boss.Open(at+"/"+id+"/delete").Submit("Delete the contact").Want(200, "No contacts yet")
	boss.Open("/portal/activity").Want(200, "Created the contact paula@pay.example", "Deleted the contact paula@pay.example")
}

// B5: where no mail is sent, no command is shown that would be refused for that.
func TestContactsWithoutMail(t *testing.T) {
	env := testenv.New(t)
	_, acme := member(env, "alice", "acme")
	b := env.SignIn("admin", testenv.Password).Open("/portal/p/"+acme+"/contacts").Want(200, "sends no mail", "lintel contact list")
	if strings.Contains(b.Body, "lintel contact add") || strings.Contains(b.Body, "lintel contact notify") {
		t.Error("commands that this cloud refuses")
	}
}

// TestContactsLeave: B5: every notice has a link by which its reader gets no more; looking at it changes nothing.
func TestContactsLeave(t *testing.T) {
	env, box, root, acme := cloudWithMail(t)
	at := "/portal/p/" + acme + "/contacts"
	root.Open(at).Submit("Add the contact", "name", "Paula", "address", "paula@pay.example", "topics", "billing").Want(200)
	env.Deliver()
	env.Browser().Open(box.Last("paula@pay.example").Link).Submit("Yes, send them").Want(200, "Thank you")
	var links []string
	for range 2 {
		env.Clock.Advance(time.Second)
		root.Open(at).Submit("Send the notice", "topic", "billing", "subject", "Invoice", "words", "It is there.").Want(200, "on its way")
		env.Deliver()
		m := box.Last("paula@pay.example")
		if want := "<https://identity.example" + m.Link + ">"; m.Header.Get("List-Unsubscribe") != want {
			t.Errorf("%s, want %s", m.Header.Get("List-Unsubscribe"), want)
		}
		links = append(links, m.Link)
	}
	for range 20 { // scanners of mails
		env.Browser().Open(links[0]).Want(200, "No more mails about acme?")
	}
	root.Open(at).Want(200, "gets mails")
	env.Browser().Open(links[0]).Submit("Yes, no more of them").Want(200, "gets no more mails")
	env.Browser().Open(links[1]).Want(200, "does not work any more")
	root.Open(at).Want(200, "No contacts yet")
}

// TestOldAddressHears: who had an address that an administrator changed is told there, and not of the new one.
func TestOldAddressHears(t *testing.T) {
	env, box, _, _ := cloudWithMail(t)
	bob, _ := member(env, "bob", "other")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	env.Deliver()
	patch(env, bob, `{"user": {"email": "bob@acme.example", "description": "the same"}}`)
	patch(env, bob, `{"user": {"email": "robert@acme.example"}}`)
	env.Deliver()
	all := box.All("bob@acme.example")
	if len(all) != 1 || !strings.Contains(all[0].Text, "admin (root@cloud.example) gave the account bob") || strings.Contains(all[0].Text, "robert@") {
		t.Errorf("%+v", all)
	}
}
