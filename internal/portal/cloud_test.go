package portal_test

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// D8, S1, S3, O8, O9, K5, K6: roles are granted and taken back by names; admin is asked about twice.
func TestAssignments(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	member(env, "alice", "acme")
	_, other := member(env, "bob", "other")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/assignments").Want(200, "alice", "acme", "mona", "Domain Default")
	reader := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	admin := env.Admin().Get("/v3/roles?name=admin").Want(200).Get("roles.0.id")
	b.Open("/portal/d/default/assignments/new").Want(200).Submit("Grant the role", "name", "nobody", "project", "none").Want(422, "nobody of this name", "no project none")
	b.Submit("Grant the role", "name", "alice", "role", reader, "project", "other").Want(200, "The role was granted")
	env.Login("alice", "secret", testenv.OnProjectID(other))
	b.Open("/portal/d/default/assignments?user=alice").Want(200, "reader", "other", "acme")
	if strings.Contains(b.Body, ">bob<") {
		t.Error("the list is not narrowed")
	}
	b.Open("/portal/d/default/assignments?project=other&role="+reader).Want(200, "alice")
	revoke := strings.ReplaceAll(strings.SplitN(strings.SplitN(b.Body, `<td class="end"><a href="`, 2)[1], `"`, 2)[0], "&amp;", "&")
	b.Open(revoke).Want(200, "Take reader from alice?", "nowhere else").Submit("Take the role back").Want(200, "was taken back")
	env.Authenticate(testenv.Body("alice", "secret", testenv.OnProjectID(other))).Want(401)
	b.Open(revoke).Want(404)
	// What the form does not offer is refused as openstack would be.
	b.Open("/portal/d/default/assignments/new").Submit("Grant the role", "name", "alice", "role", admin, "project", "other").Want(403)

	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/default/assignments/new").Submit("Grant the role", "name", "alice", "role", admin, "project", "acme").Want(200, "Grant admin to alice?", "Granting admin on acme gives alice", "known permissions in every project")
	root.Submit("Grant admin", "typed", "bob").Want(422, "Type alice")
	root.Submit("Grant admin", "typed", "alice").Want(200, "The role was granted")
}

// A14: who has a role on the system.
func TestSystemAssignments(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	root := env.SignIn("admin", testenv.Password).Open("/portal/cloud/assignments").Want(200, "admin", "The whole cloud")
	reader := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	root.Open("/portal/cloud/assignments/new").Submit("Grant the role", "name", "alice", "role", reader).Want(200, "alice")
	env.SignIn("alice", "secret").Open("/portal/cloud/domains").Want(200, "Default")
	root.Open("/portal/cloud/assignments?user=alice").Want(200, "reader")
}

// A2, S4: domains are made, changed and, once disabled, deleted.
func TestDomains(t *testing.T) {
	env := testenv.New(t)
	root := env.SignIn("admin", testenv.Password).Open("/portal/cloud/domains").Want(200, "Default", "Create a domain")
	root.Open("/portal/cloud/domains/new").Submit("Create the domain", "name", "acme").Want(200, "acme", "Its users")
	at := strings.TrimSuffix(root.Path, "?done=saved")
	root.Open("/portal/cloud/domains/new").Submit("Create the domain", "name", "acme").Want(422, "This name is taken")
	root.Open(at+"/edit").Submit("Save", "description", "anvils").Want(200, "anvils")
	root.Open(at+"/delete").Submit("Delete the domain", "typed", "acme").Want(422, "disable it first")
	root.Open(at+"/disable").Submit("Disable the domain", "typed", "acme").Want(200, "disabled")
	root.Open(at+"/enable").Submit("Enable the domain").Want(200, "enabled")
	root.Open(at+"/disable").Submit("Disable the domain", "typed", "acme").Want(200)
	root.Open(at+"/delete").Submit("Delete the domain", "typed", "acme").Want(200, "Deleted")
}

// A4, K3, S25: roles and which imply which.
func TestRoles(t *testing.T) {
	env := testenv.New(t)
	root := env.SignIn("admin", testenv.Password).Open("/portal/cloud/roles").Want(200, "member", "reader")
	root.Open("/portal/cloud/roles/new").Submit("Create the role", "name", "compute-user").Want(200, "implies no other role")
	at := strings.TrimSuffix(root.Path, "?done=saved")
	root.Open("/portal/cloud/roles/new").Submit("Create the role", "name", "kube", "category", strings.Repeat("x", 65)).Want(422, "64 characters")
	if made := env.Admin().Get("/v3/roles?name=kube").Want(200).List("roles"); len(made) != 0 {
		t.Errorf("a role is left of what failed: %v", made)
	}
	root.Submit("Create the role", "category", "Kubernetes", "display", "Cluster user", "immutable", "1").Want(200, "Who may grant it", "immutable")
	kube := env.Admin().Get("/v3/roles?name=kube").Want(200)
	if kube.Value("roles.0.options.immutable") != true {
		t.Error(kube.Body)
	}
	for _, form := range []string{"/edit", "/delete"} { // which could only be refused
		root.Open("/portal/cloud/roles/"+kube.Get("roles.0.id")+form).Want(403, "This role is immutable")
	}
	root.Open("/portal/cloud/roles/" + kube.Get("roles.0.id") + "/profile").Want(200)
	if _, form := root.Form("Save"); form.Get("name-en") != "Cluster user" || form.Get("category") != "Kubernetes" {
		t.Errorf("it is shown as %v", form)
	}
	reader := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	admin := env.Admin().Get("/v3/roles?name=admin").Want(200).Get("roles.0.id")
	root.Open(at).Submit("Imply this role too", "role", reader).Want(200, "0 grants of it").Submit("Let it imply reader").Want(200, "Saved", "reader")
	root.Open("/portal/cloud/roles/"+reader).Want(200, "Implied by", "compute-user")
	root.Open(at).Submit("Imply this role too", "role", admin).Want(200, "a role of high impact").Submit("Let it imply admin", "typed", "compute").Want(422, "Type compute-user")
	root.Submit("Let it imply admin", "typed", "compute-user").Want(422, "cannot be an implied role")
	follow(t, root.Open(at), "End reader").Submit("End it").Want(200, "implies no other role")
	root.Open(at+"/edit").Submit("Save", "description", "may compute").Want(200, "may compute")
	root.Open(at+"/delete").Want(200, "0 places", "application credentials").Submit("Delete the role", "typed", "compute-user").Want(200, "Deleted")
}

// S-122: the cloud's pages are not there for who has no role on the system; a reader of the system may read, and no more.
func TestTheCloudIsNotForEverybody(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	user, _ := member(env, "alice", "acme")
	member(env, "auditor", "other")
	manager(env, "mona", "manager")
	reader := admin.Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	auditor := admin.Get("/v3/users?name=auditor").Get("users.0.id")
	admin.Put("/v3/system/users/"+auditor+"/roles/"+reader, nil).Want(204)
	role := admin.Post("/v3/roles", `{"role": {"name": "compute-user"}}`).Want(201).Get("role.id")
	domain := admin.Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	lists := []string{"/portal/cloud/domains", "/portal/cloud/roles", "/portal/cloud/assignments", "/portal/cloud/domains/" + domain, "/portal/cloud/roles/" + role}
	d, r := "/portal/cloud/domains/", "/portal/cloud/roles/"
	forms := []string{d + "new", d + domain + "/edit", d + domain + "/disable", d + domain + "/enable", d + domain + "/delete",
		r + "new", r + role + "/edit", r + role + "/delete", "/portal/d/default/assignments/new"}
	first := admin.Get("/v3/users?name=admin").Want(200).Get("users.0.id")
	grant := "role=" + admin.Get("/v3/roles?name=admin").Want(200).Get("roles.0.id") + "&user=" + first
	for who, want := range map[string]int{"alice": 404, "mona": 404, "auditor": 403} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		sent.Set("name", "alice")
		sent.Set("role", reader)
		sent.Set("typed", "compute-user")
		for _, path := range lists {
			if who == "auditor" {
				b.Open(path).Want(200)
			} else {
				b.Open(path).Want(404)
			}
		}
		for _, path := range forms {
			if who == "mona" && strings.HasPrefix(path, "/portal/d/default") {
				continue // where she may
			}
			for _, typed := range []string{"compute-user", "other"} {
				sent.Set("typed", typed)
				b.Send("POST", path, sent).Want(want)
			}
		}
		for _, path := range []string{r + "implied", r + "implied/end", "/portal/cloud/assignments/new", "/portal/cloud/assignments/revoke?" + grant} {
			b.Send("POST", path, sent).Want(want)
		}
	}
	admin.Get("/v3/roles/" + role).Want(200)
	admin.Get("/v3/system/users/" + auditor + "/roles/" + reader).Want(204)
	admin.Get("/v3/system/users/" + user + "/roles/" + reader).Want(404)
}

// D8: assignments in pages, seen by person, role and place, with their ends and what is inherited, exported; who has a heavy role
// anywhere is found at once, and taking one back wants it typed.
func TestAssignmentsPivoted(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	alice, acme := member(env, "alice", "acme")
	_, web := member(env, "bob", "web")
	admin := env.Admin()
	admin.Put("/v3/projects/"+web+"/users/"+alice+"/roles/"+roleID(env, "admin"), nil).Want(204)
	admin.Put("/v3/OS-INHERIT/domains/default/users/"+alice+"/roles/"+roleID(env, "reader")+"/inherited_to_projects", nil).Want(204)
	admin.Post("/v3/lintel/grants", `{"grants": {"user": {"id": "`+alice+`"}, "project": {"id": "`+acme+`"}, "roles": [{"name": "reader"}], "expires_at": "2030-06-30T00:00:00Z"}}`).Want(201)
	const at = "/portal/d/default/assignments"
	root := env.SignIn("admin", testenv.Password)
	root.Open(at+"?user=alice").Want(200, "30 Jun 2030", "not there, but on all projects below")
	seen := map[string]int{}
	for b, next := root.Open(at+"?size=25&col=who&col=role&col=where"), true; next; {
		for i, who := range column(b, "Who") {
			seen[who+" "+column(b, "Role")[i]+" "+column(b, "Where")[i]]++
		}
		if next = strings.Contains(b.Body, "Next page"); next {
			follow(t, b, "Next page")
		}
	}
	if len(seen) < 6 {
		t.Errorf("%v", seen)
	}
	root.Open(at+"?role=high").Want(200, "alice", "web")
	if text := root.Text(); strings.Contains(text, "bob") {
		t.Errorf("bob has no heavy role: %s", text)
	}
	root.Open(at+"?inherited=yes").Want(200, "alice", "reader")
	if strings.Contains(root.Text(), "bob") {
		t.Error("what is not inherited is shown")
	}
	for view, want := range map[string]string{"actor": "alice 4", "role": "member 2", "target": "web 2"} {
		if root.Open(at + "?view=" + view); !strings.Contains(root.Text(), want) {
			t.Errorf("by %s: %s", view, root.Text())
		}
	}
	follow(t, root.Open(at+"?view=target"), "web").Want(200, "bob", "alice")
	root.Open(at+"?format=csv").Want(200, "who,role,where,ends,inherited,granted", "2030-06-30")
	// Pages of one: each grant once.
	again := map[string]int{}
	path, last := at+"?format=json", 0
	for line := range strings.SplitSeq(root.Open(path).Body, "\n") {
		if strings.Contains(line, `"who"`) {
			again[line]++
			last++
		}
	}
	if len(again) != last || last != len(seen) {
		t.Errorf("%d grants, %d lines", len(again), last)
	}
	follow(t, root.Open(at+"?role=high&user=alice"), "Revoke admin, alice, web").Want(200, "Type alice to go on")
	root.Submit("Take the role back", "typed", "bob").Want(422, "Type alice")
	root.Submit("Take the role back", "typed", "alice").Want(200, "The role was taken back")
}

// D8: in the list of assignments Revoke stands where the reader may take the role back, and a reason where they may not: as the page that
// asks, and the room that does it, decide, for each kind of caller, whoever the grant is to.
func TestAssignmentsSayWhatCanBeRevoked(t *testing.T) {
	tm := newTeam(t)
	for _, name := range []string{"project_admin", "billing", "lead"} {
		tm.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	tm.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "lead"}, "holder_scope": "domain", "target_role": {"name": "billing"}, "may_grant": true, "may_revoke": true}}`).Want(201)
	tm.admin.Post("/v3/lintel/grant_rules", `{"grant_rule": {"holder_role": {"name": "project_admin"}, "target_role": {"name": "project_admin"}, "may_grant": true, "may_revoke": true}}`).Want(201)
	bob, boss, mona, lena := tm.person("bob"), tm.person("boss"), tm.person("mona"), tm.person("lena")
	for user, roles := range map[string][]string{bob: {"member", "billing"}, boss: {"project_admin", "billing", "reader"}, lena: {"billing"}} {
		for _, role := range roles {
			tm.onWeb(user, role)
		}
	}
	tm.grant("domains/default/users/"+mona, "manager")
	tm.grant("domains/default/users/"+lena, "lead")
	tm.grant("domains/default/users/"+lena, "reader")
	for name, role := range map[string]string{"crew": "billing", "ops": "project_admin"} {
		group := tm.admin.Post("/v3/groups", `{"group": {"name": "`+name+`"}}`).Want(201).Get("group.id")
		tm.grant("projects/"+tm.web+"/groups/"+group, role)
		tm.grant("projects/"+tm.acme+"/groups/"+group, "billing")
	}
	tm.admin.Put("/v3/OS-INHERIT/domains/default/users/"+bob+"/roles/"+tm.role("reader")+"/inherited_to_projects", nil).Want(204)
	const at = "/portal/d/default/assignments"
	for who, password := range map[string]string{"mona": "secret", "lena": "secret", "admin": testenv.Password} {
		b := tm.SignIn(who, password).Open(at + "?size=200").Want(200)
		list := html.UnescapeString(b.Body)
		yes, no := 0, 0
		for _, a := range tm.admin.Get("/v3/role_assignments").Want(200).List("role_assignments") {
			q, o := url.Values{}, a.(map[string]any)
			id := func(key string) string { return o[key].(map[string]any)["id"].(string) }
			scope := o["scope"].(map[string]any)
			q.Set("role", id("role"))
			for _, kind := range []string{"user", "group"} {
				if o[kind] != nil {
					q.Set(kind, id(kind))
				}
			}
			switch p, _ := scope["project"].(map[string]any); {
			case p != nil:
				q.Set("project", p["id"].(string))
			case scope["system"] != nil:
				continue
			}
			if scope["OS-INHERIT:inherited_to"] != nil {
				q.Set("inherited", "1")
			}
			path := at + "/revoke?" + q.Encode()
			may := b.Open(path).Status == 200
			if offered := strings.Contains(list, `"`+path+`"`); offered != may {
				t.Errorf("%s: %v offered: %v, allowed: %v", who, o, offered, may)
			}
			if may {
				yes++
			} else {
				no++
			}
		}
		if yes == 0 || no == 0 != (who == "admin") {
			t.Errorf("%s may take back %d, and not %d", who, yes, no)
		}
	}
	tm.SignIn("lena", "secret").Open(at).Want(200, "Holds project_admin: you may not change that", "You may not take this role back")
}
