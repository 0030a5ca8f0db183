package portal_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// D6, S6: a group is made, people are added by what that gives them, and removed again.
func TestDomainGroups(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	_, project := member(env, "alice", "acme")
	bob, _ := member(env, "bob", "other")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/groups").Want(200, "No group yet")
	b.Open("/portal/d/default/groups/new").Submit("Create the group", "name", "").Want(422, "Give it a name")
	b.Submit("Create the group", "name", "operators", "description", "who operates").Want(200, "Saved", "operators", "who operates", "Nobody is in it")
	at := strings.TrimSuffix(b.Path, "?done=saved")
	group := at[strings.LastIndex(at, "/")+1:]
	b.Open("/portal/d/default/groups/new").Submit("Create the group", "name", "operators").Want(422, "This name is taken")
	role := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	env.Admin().Put("/v3/projects/"+project+"/groups/"+group+"/roles/"+role, nil).Want(204)

	b.Open(at+"/add?name=bob").Want(200, "Add bob to operators?", "reader on acme").Submit("Add bob").Want(200, "Added to the group", "bob")
	login := env.Login("bob", "secret", testenv.OnProjectID(project))
	if got := login.Validate(login.Token).Get("token.roles.0.name"); got != "reader" {
		t.Errorf("bob is %q", got)
	}
	b.Open("/portal/d/default/users/"+bob+"/groups").Want(200, "operators", "who operates")
	b.Open("/portal/d/default/users/"+bob+"/access").Want(200, "reader group operators")
	b.Open(at+"/add?name=nobody").Want(422, "nobody of this name")
	b.Open(at+"/remove/"+bob).Want(200, "Remove bob from operators?").Submit("Remove bob").Want(200, "Removed", "Nobody is in it")
	b.Open(at+"/edit").Submit("Save", "name", "staff").Want(200, "staff")
	b.Open(at+"/delete").Want(200, "reader on acme").Submit("Delete the group", "typed", "operators").Want(422, "Type staff")
	b.Submit("Delete the group", "typed", "staff").Want(200, "Deleted", "No group yet")
}

// D7, S22, K2: projects as a list and level by level; made, changed, disabled, deleted.
func TestDomainProjects(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	b := env.SignIn("mona", "secret").Open("/portal/d/default/projects/new")
	b.Submit("Create the project", "name", "acme").Want(200, "Saved", "acme", "0 people")
	at := strings.TrimSuffix(b.Path, "?done=saved")
	id := at[strings.LastIndex(at, "/")+1:]
	b.Open("/portal/d/default/projects/new").Submit("Create the project", "name", "acme").Want(422, "This name is taken")
	b.Submit("Create the project", "name", "web", "parent", "none").Want(422, "no project none")
	b.Submit("Create the project", "name", "web", "parent", "acme").Want(200, "Below", "acme")
	web := strings.TrimSuffix(b.Path, "?done=saved")
	b.Open("/portal/d/default/projects?q=WE").Want(200, "web")
	b.Open("/portal/d/default/projects?view=tree").Want(200, "Below acme")
	if strings.Contains(b.Body, web) {
		t.Error("the first level shows the second")
	}
	b.Open("/portal/d/default/projects?view=tree&under="+id).Want(200, "web", "Default / acme")
	b.Open(at+"/edit").Submit("Save", "description", "anvils").Want(200, "anvils")
	b.Open(at+"/disable").Submit("Disable the project").Want(422, "enabled projects")
	b.Open(web+"/disable").Want(200, "0 people have roles").Submit("Disable the project").Want(200, "disabled")
	b.Open(at+"/disable").Submit("Disable the project").Want(200, "disabled")
	follow(t, b.Open(web).Want(200, "What is above it is disabled"), "acme").Want(200, "State disabled")
	b.Open(at+"/enable").Submit("Enable the project").Want(200, "enabled")
	b.Open(web+"/enable").Submit("Enable the project").Want(200, "enabled")
	b.Open(at+"/delete").Want(200, "Projects below it must be deleted first").Submit("Delete the project", "typed", "acme").Want(422, "not a leaf")
	b.Open(web+"/delete").Want(200, "may remain")
	admin := env.Admin()
	for kind, name := range map[string]string{"compute": "nova", "anvil": "smithy", "dns": "designate"} {
		s := admin.Post("/v3/services", map[string]any{"service": map[string]any{"type": kind, "name": name, "enabled": kind != "dns"}}).Want(201).Get("service.id")
		admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": s, "interface": "public", "url": "https://" + kind + ".example"}}).Want(201)
	}
	b.Open(web+"/delete").Want(200, "nova (compute): servers and keypairs", "smithy (anvil): whatever was made there", "lintel project delete --domain Default web")
	if strings.Contains(b.Text(), "keystone") || strings.Contains(b.Text(), "zones") {
		t.Error("named what keeps nothing of it, or is disabled")
	}
	b.Open(web+"/delete").Submit("Delete the project", "typed", "acme").Want(422, "Type web")
	b.Submit("Delete the project", "typed", "web").Want(200, "Deleted")
	b.Open(web).Want(403) // as openstack says of what is not there
}

// S-122: a member, a stranger and a reader try every form; the manager of one domain is nobody in another.
func TestGroupsAndProjectsAreNotForEverybody(t *testing.T) {
	env := testenv.New(t)
	_, project := member(env, "alice", "acme")
	manager(env, "reader", "reader")
	manager(env, "mona", "manager")
	admin := env.Admin()
	group := admin.Post("/v3/groups", `{"group": {"name": "operators"}}`).Want(201).Get("group.id")
	other := admin.Post("/v3/domains", `{"domain": {"name": "other"}}`).Want(201).Get("domain.id")
	bob := admin.Get("/v3/users?name=alice").Get("users.0.id")
	theirs := admin.Post("/v3/groups", map[string]any{"group": map[string]any{"name": "theirs", "domain_id": other}}).Want(201).Get("group.id")
	g, p := "/portal/d/default/groups/", "/portal/d/default/projects/"
	forms := []string{g + "new", g + group + "/edit", g + group + "/add?name=alice", g + group + "/remove/" + bob, g + group + "/delete",
		p + "new", p + project + "/edit", p + project + "/disable", p + project + "/enable", p + project + "/delete"}
	for who, want := range map[string]int{"alice": 404, "reader": 403} {
		b := env.SignIn(who, "secret")
		sent := csrf(b)
		sent.Set("name", "alice")
		for _, path := range forms {
			b.Open(path).Want(want)
			for _, typed := range []string{"operators", "acme"} {
				sent.Set("typed", typed)
				b.Send("POST", path, sent).Want(want)
			}
		}
		if who == "alice" {
			b.Open("/portal/d/default/groups").Want(404)
			b.Open("/portal/d/default/projects").Want(404)
		}
	}
	mona := env.SignIn("mona", "secret")
	mona.Open("/portal/d/default/groups/" + theirs).Want(403)
	mona.Open("/portal/d/" + other + "/groups/" + theirs).Want(404)
	mona.Send("POST", "/portal/d/default/groups/"+theirs+"/delete", url.Values{"csrf": csrf(mona)["csrf"], "typed": {"theirs"}}).Want(403)
	// S6: the page of a group that confers more than the reader may grant says so, and offers nothing that would be refused.
	mona.Open(g+group).Want(200, "Add somebody")
	admin.Put("/v3/projects/"+project+"/groups/"+group+"/roles/"+roleID(env, "admin"), nil).Want(204)
	if mona.Open(g+group).Want(200, "This group is protected: it confers the role admin on acme, which you may not grant."); strings.Contains(mona.Body, "Add somebody") {
		t.Error("it offers what is refused")
	}
	mona.Open(g+group+"/add?name=alice").Want(403, "it confers the role admin on acme")
	// S4: an administrator of the whole cloud looks after every domain, but under its own address.
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/"+other+"/groups/"+theirs).Want(200, "Domain other")
	root.Open("/portal/d/default/groups/" + theirs).Want(404)
}

// Two people edit the same thing at once: who comes second is told what it has become, and puts nothing back unawares.
func TestTwoEditors(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	group := env.Admin().Post("/v3/groups", `{"group": {"name": "staff", "domain_id": "default"}}`).Want(201).Get("group.id")
	one, two := env.SignIn("admin", testenv.Password), env.SignIn("admin", testenv.Password)
	for i, path := range []string{"/portal/d/default/groups/" + group + "/edit", "/portal/d/default/projects/" + project + "/edit", "/portal/d/default/users/" + user + "/edit",
		"/portal/p/" + project + "/settings", "/portal/cloud/domains/default/edit"} {
		said := "from one at " + path
		one.Open(path)
		two.Open(path)
		one.Submit("Save", "description", said).Want(200, "Saved")
		two.Submit("Save", "name", "renamed "+strconv.Itoa(i)).Want(409, "Somebody has changed this", said)
		if !strings.Contains(two.Body, `value="renamed `+strconv.Itoa(i)+`"`) {
			t.Errorf("%s: what was typed is gone", path)
		}
		two.Submit("Save", "description", said).Want(200, "Saved")
		if one.Open(path); !strings.Contains(one.Body, "renamed "+strconv.Itoa(i)) || !strings.Contains(one.Body, said) {
			t.Errorf("%s: %s", path, one.Text())
		}
	}
}

// The portal takes no name that the API would not: too long, or with characters that no text has.
func TestNamesThatDoNotFit(t *testing.T) {
	env := testenv.New(t)
	root := env.SignIn("admin", testenv.Password)
	for path, act := range map[string]struct {
		button string
		most   int
	}{
		"/portal/d/default/groups/new": {"Create the group", 64}, "/portal/d/default/projects/new": {"Create the project", 64}, "/portal/cloud/domains/new": {"Create the domain", 64},
		"/portal/cloud/roles/new": {"Create the role", 255}, "/portal/d/default/users/new": {"Create User", 255},
	} {
		root.Open(path).Submit(act.button, "name", strings.Repeat("ü", act.most+1), "password", "a secret").Want(422, "exceeds the limit")
		root.Open(path).Submit(act.button, "name", "a\x00b", "password", "a secret").Want(400)
		root.Open(path).Submit(act.button, "name", strings.Repeat("ü", act.most), "password", "a secret").Want(200)
		if made := root.Path[:strings.Index(root.Path, "?")]; !strings.HasSuffix(path, "users/new") {
			root.Open(made+"/edit").Submit("Save", "name", strings.Repeat("x", act.most+1)).Want(422, "exceeds the limit")
		}
	}
}

// D9, A5, B5, 4.2: two who edit the same entry of the catalog, contact, role or rules learn of each other, and nothing is lost unawares.
func TestTwoEditorsOfEntries(t *testing.T) {
	env, _, one, acme := cloudWithMail(t)
	service := env.Admin().Post("/v3/services", `{"service": {"type": "compute", "name": "nova"}}`).Want(201).Get("service.id")
	two := env.SignIn("admin", testenv.Password)
	one.Open("/portal/p/"+acme+"/contacts").Submit("Add the contact", "name", "Carla", "address", "carla@acme.example", "topics", "billing").Want(200)
	contact := regexp.MustCompile(`/contacts/([0-9a-f]{32})"`).FindStringSubmatch(one.Body)[1]
	for path, act := range map[string][3]string{
		"/portal/cloud/catalog/services/" + service + "/edit":       {"Save", "name", "description"},
		"/portal/p/" + acme + "/contacts/" + contact:                {"Save", "name", "name"},
		"/portal/cloud/roles/" + roleID(env, "reader") + "/profile": {"Save", "summary-en", "category"},
		"/portal/d/default/rules":                                   {"Save the rules", "password_length", "password_kinds"},
	} {
		one.Open(path).Want(200)
		two.Open(path).Want(200)
		one.Submit(act[0], act[1], "3").Want(200, "Saved")
		two.Submit(act[0], act[2], "2").Want(409, "Somebody has changed this", "It now says:")
		two.Submit(act[0]).Want(200, "Saved")
	}
}
