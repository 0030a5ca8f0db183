package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// TestPeopleAreToldOfTheirAccess: M4, M4b, M4c by every road: one mail for an act, to whoever has an address.
func TestPeopleAreToldOfTheirAccess(t *testing.T) {
	env, box, _, acme := cloudWithMail(t)
	admin := env.Admin()
	bob, _ := member(env, "bob", "other")
	mute, _ := member(env, "mute", "third")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	role := map[string]string{"member": roleID(env, "member"), "reader": roleID(env, "reader")}
	env.Deliver()
	seen := 0
	told := func(act, subject string, says ...string) {
		t.Helper()
		env.Clock.Advance(7 * time.Minute)
		env.Deliver()
		all := box.All("bob@acme.example")
		if len(all) != seen+1 {
			t.Fatalf("%s: %d mails, want one", act, len(all)-seen)
		}
		seen++
		m := all[seen-1]
		if !strings.HasPrefix(m.Subject, subject) {
			t.Errorf("%s: %s", act, m.Subject)
		}
		for _, want := range append(says, "account bob", m.Link) {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%s: the mail does not say %q: %s", act, want, m.Text)
			}
		}
	}
	const by = "ask admin (root@cloud.example)"
	grant := "/v3/projects/" + acme + "/users/" + bob + "/roles/"
	admin.Put(grant+role["member"], nil).Want(204)
	told("PUT", "Your access at Lintel has changed: Project acme", "Project acme. Before: nothing. Now: member.", by)
	admin.Put(grant+role["member"], nil).Want(204) // which changes nothing
	admin.Delete(grant + role["member"]).Want(204)
	told("DELETE", "Your access at Lintel has ended: Project acme", "Project acme. Before: member. Now: nothing.", by)
	to := `{"grants": {"user": {"id": "` + bob + `"}, "project": {"id": "` + acme + `"}, "roles": [{"name": "member"}, {"name": "reader"}], "expires_at": "2026-03-10T00:00:00Z"}}`
	admin.Post("/v3/lintel/grants", to).Want(201)
	const ending = "member (until 10 March 2026, 00:00 UTC) and reader (until 10 March 2026, 00:00 UTC)"
	told("the command", "Your access at Lintel has changed", "Now: "+ending)
	env.Clock.Advance(6 * 24 * time.Hour)
	if err := env.Server.EndGrants(t.Context()); err != nil {
		t.Fatal(err)
	}
	told("its end", "Your access at Lintel has ended", "as was said when it was granted", "Before: "+ending+". Now: nothing.", by)

	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/p/"+acme+"/people/add").Submit("Add the person", "who", "bob", "domain", "Default", "role", role["member"]).Want(200, "was added")
	told("the portal", "Your access at Lintel has changed", "Before: nothing. Now: member.", by)
	admin = env.Admin()
	b := env.SignIn("bob", "secret")
	b.Open("/portal/p/"+acme+"/leave").Submit("Leave the project").Want(200, "You have left")
	told("leaving", "Your access at Lintel has ended", "You gave up", "Before: member. Now: nothing.")

	crew := admin.Post("/v3/groups", `{"group": {"name": "crew", "domain_id": "default"}}`).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+crew+"/users/"+mute, nil).Want(204)
	admin.Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(204) // which gives nothing yet
	admin.Put("/v3/domains/default/groups/"+crew+"/roles/"+role["reader"], nil).Want(204)
	told("a grant to the group", "Your access at Lintel by the group crew has changed", "changed what the group crew gives", "Domain Default. By the group before: nothing. Now: reader.", by)
	admin.Delete("/v3/groups/" + crew + "/users/" + bob).Want(204)
	told("leaving the group", "Your access at Lintel by the group crew has changed", "removed the account bob", "By the group before: reader. Now: nothing.", by)
	admin = env.Admin()
	admin.Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(204)
	told("joining the group", "Your access at Lintel by the group crew has changed", "added the account bob", "By the group before: nothing. Now: reader.", by)
	admin.Put("/v3/groups/"+crew+"/users/"+bob, nil).Want(204) // who is there
	admin.Delete("/v3/groups/" + crew).Want(204)
	told("the end of the group", "Your access at Lintel by the group crew has changed", "By the group before: reader. Now: nothing.", by)
}

// TestNobodyIsToldOfAccess: a cloud that changes grants by the thousand switches it off.
func TestNobodyIsToldOfAccess(t *testing.T) {
	env, box, _, acme := cloudWithMail(t, func(c *config.Config) { c.Lintel.MailAccess = false })
	bob, _ := member(env, "bob", "other")
	patch(env, bob, `{"user": {"email": "bob@acme.example"}}`)
	env.Admin().Put("/v3/projects/"+acme+"/users/"+bob+"/roles/"+roleID(env, "member"), nil).Want(204)
	env.Deliver()
	if n := len(box.All("bob@acme.example")); n != 0 {
		t.Errorf("%d mails", n)
	}
}
