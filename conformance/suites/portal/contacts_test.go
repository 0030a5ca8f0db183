package portal

import (
	"fmt"
	"strings"
	"testing"
)

// Somebody without an account gets the mails of the topics that were chosen, after agreeing, and no others.
func TestContacts(t *testing.T) {
	onceThere(t, "/p/{id}/contacts")
	tell(t, "J10 B5", func(s *Story) {
		s.Project("acme-web")
		admin := s.admin().Open("/portal/p/" + s.id("projects", "acme-web") + "/contacts").Sees("No contacts yet")
		admin.Fill("Name", "Paula Pays").Fill("E-mail", "paula@pay.example").Press("Add the contact").Sees("Choose at least one topic")
		admin.Tick("billing").Press("Add the contact").Row("Paula Pays", "billing", "has not agreed yet")
		link := s.Mail("paula@pay.example", "").Link(s)
		guest := s.Visitor().Open(link).Sees("billing")
		admin.Reload().Row("Paula Pays", "has not agreed yet")
		guest.Press("Yes, send them").Sees("Thank you")
		s.Visitor().Open(link).Sees("does not work any more")
		admin.Reload().Row("Paula Pays", "gets mails")
		admin.Choose("Topic", "security").Fill("Subject", "Change your keys").Fill("Message", "It is there.").Press("Send the notice").Sees("Nobody gets mails about this topic")
		admin.Choose("Topic", "billing").Fill("Subject", "Invoice 7").Press("Send the notice").Sees("The notice is on its way")
		leave := s.Mail("paula@pay.example", "Invoice 7").Link(s)
		if got := s.Sink.To("paula@pay.example", "Change your keys"); len(got) > 0 {
			s.Error("a mail about a topic that was not chosen came")
		}
		// She has no account, for signing in as for a new password.
		p := s.Visitor().Open("/portal")
		p.Fill("User name", "paula@pay.example").Fill("Password", "x").Press("Sign in").Sees("Check the name and the password")
		p.Press("Forgotten your password?").Fill("User name or e-mail", "paula@pay.example").Press("Send me a link").Sees("If we know")
		s.User("basil")
		p.Open("/portal/forgot").Fill("User name or e-mail", "basil").Press("Send me a link")
		s.Mail("basil@northwind.example", "password")
		if got := s.Sink.To("paula@pay.example", "password"); len(got) > 0 {
			s.Error("a contact was mailed a new password")
		}
		s.Visitor().Open(leave).Sees("No more mails about acme-web?").Press("Yes, no more of them").Sees("gets no more mails")
		admin.Open("/portal/p/" + s.id("projects", "acme-web") + "/contacts").Sees("No contacts yet")
	})
}

// Who looks after a project sees everybody's credentials there, without any secret.
func TestInventory(t *testing.T) {
	onceThere(t, "/p/{id}/credentials")
	tell(t, "J6", func(s *Story) {
		moira := s.team()
		made := s.Shell("basil", secret, "project acme-web").JSON("openstack application credential create --secret s3cret-robot robot")
		here := "/portal/p/" + s.id("projects", "acme-web") + "/credentials"
		moira.Open(here).Row("robot", "basil", "application credential", "member").SeesNot("s3cret-robot")
		s.SignIn("basil", secret).Open(here).Sees("Not allowed")
		id := fmt.Sprint(made["ID"])
		if made["ID"] == nil {
			id = fmt.Sprint(made["id"])
		}
		admin := s.admin().Open(here + "/" + id + "/revoke").Sees("Revoke robot of basil?")
		admin.Press("Revoke the credential").Sees("The credential was deleted")
		s.credential(id, "s3cret-robot").Refused("openstack token issue", "Could not find Application Credential")
	})
}

// What programs keep in somebody's name, and trusts that they gave and were given.
func TestOtherThings(t *testing.T) {
	onceThere(t, "/credentials/other")
	tell(t, "M12", func(s *Story) {
		ayesha := s.member("ayesha", "acme-web")
		s.User("basil")
		token := s.Login("ayesha", secret, onProject("acme-web"))
		token.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "blob": "the-blob", "user_id": token.User, "project_id": s.id("projects", "acme-web")}})
		token.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": token.User, "trustee_user_id": s.id("users", "basil"), "impersonation": true,
			"project_id": s.id("projects", "acme-web"), "roles": []any{map[string]any{"name": "member"}}}})
		ayesha.Open("/portal/credentials/other").Sees("Created", "cert", "acme-web", "basil", "acts in your name").SeesNot("the-blob", "not known")
		s.SignIn("basil", secret).Open("/portal/credentials/other").Sees("ayesha", "you act in their name")
		ayesha.PressFirst("Delete", "cert").Press("Delete the credential").Sees("Deleted")
		if all := token.Get("/v3/credentials").list("credentials"); len(all) != 0 {
			s.Errorf("left: %v", all)
		}
	})
}

// What somebody says of themselves, and an address that counts once it was proved.
func TestProfile(t *testing.T) {
	onceThere(t, "/profile/address")
	tell(t, "M2 P8", func(s *Story) {
		p := s.member("ayesha", "acme-web").Press("Profile")
		p.Fill("Description", "Looks after the shop").Choose("Default project", "acme-web").Press("Save").Sees("Saved")
		p.Press("Change it").Fill("New e-mail address", "ayesha@new.example").Press("Send the link").Sees("A link is on its way")
		link := s.Mail("ayesha@new.example", "").Link(s)
		undo := s.Mail("ayesha@northwind.example", "ayesha@new.example").Link(s)
		guest := s.Visitor().Open(link).Sees("ayesha@new.example")
		if email := s.root.Get("/v3/users?name=ayesha").list("users")[0]["email"]; email != "ayesha@northwind.example" {
			s.Errorf("a look has changed the address to %s", email)
		}
		guest.Press("Yes, it is mine").Sees("counts from now on")
		if email := s.root.Get("/v3/users?name=ayesha").list("users")[0]["email"]; email != "ayesha@new.example" {
			s.Errorf("proved, the address is %s", email)
		}
		s.Visitor().Open(link).Sees("does not work any more")
		s.Visitor().Open(undo).Press("Bring it back").Sees("The address stays")
		if p.Open("/portal"); !strings.HasPrefix(p.Address(), "/portal/login") {
			s.Error("whoever changed it is still in")
		}
	})
}
