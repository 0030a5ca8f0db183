package portal

import (
	"encoding/json"
	"strings"
	"testing"
)

// What happened is told to those whom it concerns: to oneself, to who looks after a project, a domain or the cloud.
func TestActivity(t *testing.T) {
	tell(t, "M13 J8 D12 A9 C20", func(s *Story) {
		moira := s.team()
		s.login("ayesha", "wrong", nil)
		moira.people("acme-web").Press("Update", "basil").Tick("reader").Press("Review the change").Press("Save the change")
		// Her own.
		ayesha := s.SignIn("ayesha", secret).Press("Activity").Sees("Your sign-ins, those that failed")
		ayesha.Choose("Outcome", "failed").Press("Search").Sees("ayesha").SeesNot("basil")
		ayesha.Choose("Outcome", "any outcome").Choose("What", "sign-ins").Press("Search").Sees("127.0.0.1")
		// What its command tells is what the page tells.
		if out := s.Shell("ayesha", secret, "").Run(strings.Join(ayesha.Terminal(), "\n") + " -f json"); !json.Valid([]byte(out)) || strings.Contains(out, "basil") {
			s.Error(out)
		}
		// The project's, for who looks after it.
		moira.Open("/portal/p/"+s.id("projects", "acme-web")+"/activity").Sees("Who signed in to acme-web").Row("basil", "You", "reader")
		if ayesha.Open("/portal/p/" + s.id("projects", "acme-web")); ayesha.Has("People") {
			s.Error("a member is led to the people")
		}
		// The domain's, and the cloud's with saved searches.
		moira.Press("Audit").Sees("What the people of Default did").Fill("Who: name or ID", "moira").Press("Search").Sees("basil")
		admin := s.admin().Open("/portal/cloud/audit").Sees("Who did what in the whole cloud").Fill("Whom or what: name or ID", "basil").Choose("What", "roles, groups and invitations").Press("Search").Sees("moira", "reader")
		kept := admin.Address()
		admin.Open("/portal").Open(kept).Sees("moira", "reader")
		s.SignIn("ayesha", secret).Open("/portal/cloud/audit").Sees("Not found")
		if status := s.Login("ayesha", secret, onProject("acme-web")).Status("GET", "/v3/lintel/events", nil); status != 403 {
			s.Errorf("a member asks for all events and gets %d", status)
		}
	})
}
