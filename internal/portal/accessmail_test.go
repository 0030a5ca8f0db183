package portal_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/mail"
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

// TestPeopleAreToldOfWhatWasDeleted: M4, M4b, M4c for all that goes along with a role, a project or a domain, by one mail to each.
func TestPeopleAreToldOfWhatWasDeleted(t *testing.T) {
	env, box, _, acme := cloudWithMail(t)
	admin := env.Admin()
	bob, other := member(env, "bob", "other")
	mia, third := member(env, "mia", "third")
	for id, address := range map[string]string{bob: "bob@acme.example", mia: "mia@acme.example"} {
		patch(env, id, `{"user": {"email": "`+address+`"}}`)
	}
	made := func(kind, name, more string) string {
		return admin.Post("/v3/"+kind+"s", `{"`+kind+`": {"name": "`+name+`"`+more+`}}`).Want(201).Get(kind + ".id")
	}
	member, helper := roleID(env, "member"), made("role", "helper", "")
	crew := made("group", "crew", `, "domain_id": "default"`)
	admin.Put("/v3/groups/"+crew+"/users/"+mia, nil).Want(204)
	give := func(path string) { admin.Put("/v3/"+path, nil).Want(204) }
	give("projects/" + acme + "/users/" + bob + "/roles/" + helper)
	give("projects/" + acme + "/users/" + bob + "/roles/" + member)
	give("projects/" + other + "/users/" + bob + "/roles/" + helper)
	give("projects/" + acme + "/groups/" + crew + "/roles/" + helper)
	env.Deliver()
	seen := map[string]int{}
	count := func(address string) int {
		n := len(box.All(address)) - seen[address]
		seen[address] += n
		return n
	}
	told := func(act, address, subject string, says ...string) {
		t.Helper()
		if n := count(address); n != 1 {
			t.Fatalf("%s: %d mails to %s", act, n, address)
		}
		m := box.Last(address)
		if !strings.HasPrefix(m.Subject, subject) {
			t.Errorf("%s: %s", act, m.Subject)
		}
		for _, want := range append(says, "ask admin (root@cloud.example)") {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%s: the mail does not say %q: %s", act, want, m.Text)
			}
		}
	}
	count("bob@acme.example")
	count("mia@acme.example")
	admin.Delete("/v3/roles/" + helper).Want(204)
	env.Deliver()
	told("the role", "bob@acme.example", "Your access at Lintel has changed", "The role helper was deleted.", "Project acme. Before: helper and member. Now: member.", "Project other. Before: helper and member. Now: member.")
	told("the role", "mia@acme.example", "Your access at Lintel by the group crew has changed", "The role helper was deleted.", "Project acme. By the group before: helper. Now: nothing.")

	admin = env.Admin()
	give("projects/" + acme + "/groups/" + crew + "/roles/" + member)
	env.Deliver()
	count("mia@acme.example")
	admin.Delete("/v3/projects/" + acme).Want(204)
	env.Deliver()
	told("the project", "bob@acme.example", "Your access at Lintel has ended", "The project acme was deleted.", "Project acme. Before: member. Now: nothing.")
	told("the project", "mia@acme.example", "Your access at Lintel by the group crew has changed", "The project acme was deleted.")

	// A domain: its projects, and what its groups have elsewhere. Its own people have no account any more.
	admin = env.Admin()
	d := made("domain", "partners", "")
	inside := made("project", "inside", `, "domain_id": "`+d+`"`)
	theirs := made("group", "theirs", `, "domain_id": "`+d+`"`)
	gone := made("user", "gone", `, "domain_id": "`+d+`", "email": "gone@partners.example"`)
	give("groups/" + theirs + "/users/" + mia)
	give("groups/" + theirs + "/users/" + gone)
	give("projects/" + third + "/groups/" + theirs + "/roles/" + roleID(env, "reader"))
	give("projects/" + inside + "/users/" + bob + "/roles/" + member)
	give("domains/" + d + "/users/" + bob + "/roles/" + member)
	admin.Patch("/v3/domains/"+d, `{"domain": {"enabled": false}}`).Want(200)
	env.Deliver()
	for _, address := range []string{"bob@acme.example", "mia@acme.example", "gone@partners.example"} {
		count(address)
	}
	admin.Delete("/v3/domains/" + d).Want(204)
	env.Deliver()
	told("the domain", "bob@acme.example", "Your access at Lintel has ended", "The domain partners was deleted.", "Project inside. Before: member. Now: nothing.", "Domain partners. Before: member. Now: nothing.")
	told("the domain", "mia@acme.example", "Your access at Lintel by the group theirs has changed", "Project third. By the group before: reader. Now: nothing.")
	if n := count("gone@partners.example"); n != 0 {
		t.Errorf("%d mails to somebody who is gone", n)
	}

	// An end that concerns very many is told to nobody.
	admin = env.Admin()
	many := made("role", "many", "")
	give("projects/" + other + "/users/" + bob + "/roles/" + many)
	horde := made("group", "horde", `, "domain_id": "default"`)
	give("projects/" + other + "/groups/" + horde + "/roles/" + many)
	for i := range mail.MostLosing {
		give("groups/" + horde + "/users/" + made("user", "horde"+strconv.Itoa(i), ""))
	}
	env.Deliver()
	count("bob@acme.example")
	admin.Delete("/v3/roles/" + many).Want(204)
	env.Deliver()
	if n := count("bob@acme.example"); n != 0 {
		t.Errorf("%d mails of an end that concerns very many", n)
	}
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
