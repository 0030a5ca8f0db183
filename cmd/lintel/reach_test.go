package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

// Who reaches whom: five kinds of callers do thirteen things to nine kinds of people, by each road that there is: the portal, the API,
// the command lintel. What counts is not what is answered but what has become of it.
var (
	reachCallers = []string{"cloud admin", "domain manager", "project admin", "moderator", "member"}
	reachTargets = []string{
		"admin", "admin by a group", "admin from above", "admin elsewhere", "moderator", "member", "self", "service account", "suspended",
	}
	reachActs = []string{
		"grant", "revoke", "update", "invite", "cancel", "reset the password", "reset the factor", "disable", "delete", "add to a group",
		"remove from a group", "see credentials", "revoke a credential",
	}
	roads = []string{"API", "portal", "command"}
)

// reaches tells what the rules come to, with the preset catalyst in place: see PORTAL.md, Who may grant what.
func reaches(caller, act, target string) bool {
	above := strings.HasPrefix(target, "admin") && target != "admin elsewhere" // here
	account := slices.Contains([]string{"reset the password", "reset the factor", "disable", "delete"}, act)
	switch caller {
	case "cloud admin":
		return act != "reset the factor" || target != "self" // which takes that factor
	case "member":
		return act == "revoke" && target == "self" // what is one's own may be given up
	case "domain manager":
		switch {
		case act == "cancel":
			return !above // which carries what a manager may not take away
		case account && target == "self":
			return act != "reset the factor"
		case account: // a moderator has rules that no manager could have
			return target == "member" || target == "suspended"
		case act == "revoke a credential":
			return target == "self"
		}
		return true // which the policy opens: it is about the role member in the domain
	}
	switch act {
	case "invite", "see credentials":
		return true
	case "reset the factor":
		return slices.Contains([]string{"moderator", "member", "suspended"}, target)
	case "reset the password", "disable", "delete", "add to a group", "remove from a group":
		return false
	}
	return !above
}

// ledOn tells who, where they could invite somebody, are led to the roles that these have here already, which they see. J2
func ledOn(caller, act, target string) bool {
	return act == "invite" && reaches(caller, act, target) && (caller == "cloud admin" || caller == "domain manager" || target == "self")
}

// cloud is where they do it.
type cloud struct {
	*console
	admin                         *testenv.Actor
	root                          *testenv.Browser
	role                          map[string]string
	parent, here, other, services string // projects
	crew, confers                 string // groups: one confers admin here, one member
	callers                       map[string]*caller
	n                             int
}

// caller is one of them.
type caller struct {
	kind, id, name string
	api            *testenv.Actor
	browser        *testenv.Browser
	csrf           string
}

func newCloud(t *testing.T, changes ...func(*config.Config)) *cloud {
	c := &cloud{console: newConsole(t, changes...), role: map[string]string{}, callers: map[string]*caller{}}
	c.admin = c.env.Admin()
	for _, name := range []string{"project_admin", "project_mod"} {
		c.admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	for _, r := range c.admin.Get("/v3/roles").Want(200).List("roles") {
		c.role[r.(map[string]any)["name"].(string)] = r.(map[string]any)["id"].(string)
	}
	project := func(name, parent string) string {
		return c.admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": name, "domain_id": "default", "parent_id": parent}}).Want(201).Get("project.id")
	}
	c.parent = project("parent", "default")
	c.here, c.other, c.services = project("here", c.parent), project("other", "default"), project("services", "default")
	group := func(name, role string) string {
		id := c.admin.Post("/v3/groups", `{"group": {"name": "`+name+`", "domain_id": "default"}}`).Want(201).Get("group.id")
		c.admin.Put("/v3/projects/"+c.here+"/groups/"+id+"/roles/"+c.role[role], nil).Want(204)
		return id
	}
	c.crew, c.confers = group("crew", "admin"), group("confers", "member")
	c.admin.Put("/v3/lintel/grant_rules", `{"grant_rules": {"preset": "catalyst"}}`).Want(200)
	c.root = c.env.SignIn("admin", testenv.Password)
	return c
}

func (c *cloud) user() (id, name string) {
	c.n++
	name = fmt.Sprint("person", c.n)
	return c.admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "password": "secret", "domain_id": "default", "email": name + "@example.org"}}).Want(201).Get("user.id"), name
}

func (c *cloud) grant(user, project, role string) {
	c.admin.Put("/v3/projects/"+project+"/users/"+user+"/roles/"+c.role[role], nil).Want(204)
}

// someone makes a caller of a kind, who may have another role here besides.
func (c *cloud) someone(kind string, besides ...string) *caller {
	who := &caller{kind: kind}
	who.id, who.name = c.user()
	for _, role := range besides {
		c.grant(who.id, c.here, role)
	}
	scope := testenv.OnProjectID(c.here)
	switch kind {
	case "cloud admin":
		c.grant(who.id, c.other, "admin")
		c.admin.Put("/v3/system/users/"+who.id+"/roles/"+c.role["admin"], nil).Want(204)
		scope = testenv.OnProjectID(c.other)
	case "domain manager":
		c.admin.Put("/v3/domains/default/users/"+who.id+"/roles/"+c.role["manager"], nil).Want(204)
		scope = testenv.OnDefaultDomain
	case "project admin":
		c.grant(who.id, c.here, "project_admin")
	case "moderator":
		c.grant(who.id, c.here, "project_mod")
	case "member":
		c.grant(who.id, c.here, "member")
	}
	who.api = c.env.Login(who.name, "secret", scope)
	who.browser = c.env.SignIn(who.name, "secret")
	_, form := who.browser.Open("/portal/profile").Form("Save")
	who.csrf = form.Get("csrf")
	return who
}

// person makes somebody of a kind to whom something is done.
func (c *cloud) person(kind, act string) (id, name string) {
	id, name = c.user()
	if act != "grant" {
		c.grant(id, c.here, "member")
	} else if kind == "member" || kind == "suspended" || kind == "moderator" {
		c.grant(id, c.here, "reader")
	}
	switch kind {
	case "admin":
		c.grant(id, c.here, "admin")
	case "admin by a group":
		c.admin.Put("/v3/groups/"+c.crew+"/users/"+id, nil).Want(204)
	case "admin from above":
		c.admin.Put("/v3/OS-INHERIT/projects/"+c.parent+"/users/"+id+"/roles/"+c.role["admin"]+"/inherited_to_projects", nil).Want(204)
	case "admin elsewhere":
		c.grant(id, c.other, "admin")
	case "moderator":
		c.grant(id, c.here, "project_mod")
	case "service account":
		c.grant(id, c.services, "service")
		c.admin.Put("/v3/lintel/users/"+id+"/surface", `{"surface": {"kind": "service", "portal_login": false, "api_login": true}}`).Want(200)
	}
	return id, name
}

// attempt is one caller who does something to one person.
type attempt struct {
	*cloud
	who         *caller
	act, target string
	id, name    string // of the person
	gives       string // the role that is granted

	credential, called, invitation string
}

// forget lets no limit count what was done before: the question is who may, not how often.
func (c *cloud) forget() {
	db, err := sql.Open("sqlite", "file:"+c.env.Database()+"?_pragma=busy_timeout(5000)")
	if err == nil {
		defer db.Close()
		_, err = db.ExecContext(c.t.Context(), `DELETE FROM "lintel_use"`)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// begin makes what an act takes.
func (c *cloud) begin(kind, act, target string) *attempt {
	if act == "invite" || act == "cancel" {
		c.forget()
	}
	t := &attempt{cloud: c, act: act, target: target, gives: "member"}
	if target == "self" {
		if kind == "member" && act == "grant" {
			t.gives = "project_mod"
		}
		more := []string{"member"}
		if act == "grant" {
			more = nil
		}
		t.who = c.someone(kind, more...)
		t.id, t.name = t.who.id, t.who.name
	} else {
		if c.callers[kind] == nil {
			c.callers[kind] = c.someone(kind)
		}
		t.who = c.callers[kind]
		t.id, t.name = c.person(target, act)
	}
	switch act {
	case "see credentials", "revoke a credential":
		t.called = "called-" + t.name
		t.credential = c.env.Login(t.name, "secret", testenv.OnProjectID(c.here)).Post("/v3/users/"+t.id+"/application_credentials",
			`{"application_credential": {"name": "`+t.called+`"}}`).Want(201).Get("application_credential.id")
	case "remove from a group":
		c.admin.Put("/v3/groups/"+c.confers+"/users/"+t.id, nil).Want(204)
	case "reset the factor":
		c.admin.Patch("/v3/users/"+t.id, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]], "multi_factor_auth_enabled": true}}}`).Want(200)
		c.admin.Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+t.id+`", "blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`).Want(201)
	case "cancel":
		role := "member"
		if strings.HasPrefix(target, "admin") && target != "admin elsewhere" {
			role = "admin"
		}
		address := t.name + "@example.org" // which was invited before anybody knew it for theirs
		c.admin.Patch("/v3/users/"+t.id, `{"user": {"email": null}}`).Want(200)
		t.invitation = c.admin.Post("/v3/lintel/invitations", map[string]any{"invitations": map[string]any{
			"addresses": []string{address}, "project": map[string]any{"id": c.here}, "roles": []map[string]any{{"name": role}},
		}}).Want(201).Get("invitations.0.id")
		c.admin.Patch("/v3/users/"+t.id, `{"user": {"email": "`+address+`"}}`).Want(200)
	}
	if target == "suspended" {
		_, form := c.root.Open("/portal/profile").Form("Save")
		c.root.Send("POST", "/portal/d/default/users/"+t.id+"/suspend", url.Values{"csrf": {form.Get("csrf")}, "reason": {"harm"}}).Want(200)
	}
	return t
}

// took tells whether what was done to the person has come about.
func (t *attempt) took() bool {
	status := func(path string) int { return t.admin.Get(path).Status }
	switch t.act {
	case "grant":
		return status("/v3/projects/"+t.here+"/users/"+t.id+"/roles/"+t.role[t.gives]) == 204
	case "revoke":
		return status("/v3/projects/"+t.here+"/users/"+t.id+"/roles/"+t.role["member"]) == 404
	case "update":
		var terms identity.Terms
		err := t.env.Server.DB.View(t.t.Context(), func(tx *store.Tx) (err error) {
			terms, err = tx.Terms(t.t.Context(), identity.Grant{Role: identity.RoleID(t.role["member"]), User: identity.UserID(t.id), Project: identity.ProjectID(t.here)})
			return err
		})
		if err != nil {
			t.t.Fatal(err)
		}
		return !terms.Until.IsZero()
	case "invite", "cancel":
		all := t.admin.Get("/v3/lintel/invitations?project="+t.here).Want(200).Texts("invitations", "address")
		return slices.Contains(all, t.name+"@example.org") == (t.act == "invite")
	case "reset the password":
		var set identity.Origin
		err := t.env.Server.DB.View(t.t.Context(), func(tx *store.Tx) error {
			all, err := tx.Origins(t.t.Context(), identity.UserID(t.id))
			set = all[identity.Password]
			return err
		})
		if err != nil {
			t.t.Fatal(err)
		}
		return string(set.SetterID) == t.who.id
	case "reset the factor":
		return len(t.admin.Get("/v3/credentials?type=totp&user_id="+t.id).Want(200).List("credentials")) == 0
	case "disable":
		return t.admin.Get("/v3/users/"+t.id).Want(200).Value("user.enabled") == false
	case "delete":
		return status("/v3/users/"+t.id) == 404
	case "add to a group", "remove from a group":
		return (status("/v3/groups/"+t.confers+"/users/"+t.id) == 204) == (t.act == "add to a group")
	case "revoke a credential":
		return t.admin.Get("/v3/users/"+t.id+"/application_credentials/"+t.credential).Status == 404
	}
	t.t.Fatalf("nobody knows what comes of %s", t.act)
	return false
}

// call does it by the API, and returns the status.
func (t *attempt) call() *testenv.Response {
	user, grant := "/v3/users/"+t.id, "/v3/projects/"+t.here+"/users/"+t.id+"/roles/"+t.role[t.gives]
	switch t.act {
	case "grant":
		return t.who.api.Put(grant, nil)
	case "revoke":
		return t.who.api.Delete(grant)
	case "update":
		return t.who.api.Post("/v3/lintel/grants", map[string]any{"grants": map[string]any{
			"user": map[string]any{"id": t.id}, "project": map[string]any{"id": t.here}, "roles": []map[string]any{{"name": "member"}}, "expires_at": "2026-12-31T00:00:00Z",
		}})
	case "invite":
		return t.who.api.Post("/v3/lintel/invitations", map[string]any{"invitations": map[string]any{
			"addresses": []string{t.name + "@example.org"}, "project": map[string]any{"id": t.here}, "roles": []map[string]any{{"name": "member"}},
		}})
	case "cancel":
		return t.who.api.Delete("/v3/lintel/projects/" + t.here + "/invitations/" + t.invitation)
	case "reset the password":
		return t.who.api.Patch(user, `{"user": {"password": "another"}}`)
	case "reset the factor":
		return t.who.api.Delete("/v3/lintel/users/" + t.id + "/factor")
	case "disable":
		return t.who.api.Patch(user, `{"user": {"enabled": false}}`)
	case "delete":
		return t.who.api.Delete(user)
	case "add to a group":
		return t.who.api.Put("/v3/groups/"+t.confers+"/users/"+t.id, nil)
	case "remove from a group":
		return t.who.api.Delete("/v3/groups/" + t.confers + "/users/" + t.id)
	case "see credentials":
		return t.who.api.Get("/v3/lintel/projects/" + t.here + "/credentials?user_id=" + t.id)
	}
	return t.who.api.Delete("/v3/lintel/projects/" + t.here + "/credentials/" + t.credential)
}

// post does it by forms of the portal, whether the portal shows them or not.
func (t *attempt) post() *testenv.Browser {
	people, account, group := "/portal/p/"+t.here+"/people", "/portal/d/default/users/"+t.id, "/portal/d/default/groups/"+t.confers
	send := func(path string, pairs ...string) *testenv.Browser {
		form := url.Values{"csrf": {t.who.csrf}}
		for i := 0; i < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		return t.who.browser.Send("POST", path, form)
	}
	change := func(more ...string) *testenv.Browser {
		form := []string{"seen", "1", "typed", "here"}
		for _, r := range t.admin.Get("/v3/projects/"+t.here+"/users/"+t.id+"/roles").Want(200).Texts("roles", "id") {
			if form = append(form, "before", r); t.act != "revoke" || r != t.role["member"] {
				form = append(form, "role", r)
			}
		}
		return send(people+"/"+t.id, append(form, more...)...)
	}
	switch t.act {
	case "grant":
		return send(people+"/add", "who", t.name, "domain", "Default", "role", t.role[t.gives], "typed", "here")
	case "revoke":
		return change()
	case "update":
		return change("until-"+t.role["member"], "2026-12-31")
	case "invite":
		return send("/portal/p/"+t.here+"/invite", "addresses", t.name+"@example.org", "role", t.role["member"], "typed", "here")
	case "cancel":
		return send("/portal/p/" + t.here + "/invitations/" + t.invitation + "/cancel")
	case "reset the password":
		return send(account+"/password", "password", "another", "typed", t.name)
	case "reset the factor":
		if b := send(people + "/" + t.id + "/factor"); b.Status < 300 {
			return b
		}
		return send(account + "/factor")
	case "disable":
		return send(account+"/disable", "typed", t.name)
	case "delete":
		return send(account+"/delete", "typed", t.name)
	case "add to a group":
		return send(group+"/add", "name", t.id)
	case "remove from a group":
		return send(group + "/remove/" + t.id)
	case "see credentials":
		return t.who.browser.Open("/portal/p/" + t.here + "/credentials?user=" + t.id)
	}
	return send("/portal/p/" + t.here + "/credentials/" + t.credential + "/revoke")
}

// command is the line that does it; empty where there is none.
func (t *attempt) command() string {
	switch t.act {
	case "grant":
		return "access grant " + t.name + " " + t.gives + " --project here"
	case "revoke":
		return "access revoke " + t.name + " member --project here"
	case "update":
		return "access grant " + t.name + " member --project here --until 2026-12-31"
	case "invite":
		return "invite " + t.name + "@example.org --project here --role member"
	case "cancel":
		return "invitation cancel " + t.name + "@example.org --project here"
	}
	return ""
}

// asCaller sets the variables of a caller.
func (t *attempt) asCaller() {
	on := map[string][]string{"cloud admin": {"OS_PROJECT_NAME", "other"}, "domain manager": {"OS_DOMAIN_ID", "default"}}[t.who.kind]
	if on == nil {
		on = []string{"OS_PROJECT_NAME", "here"}
	}
	t.as(t.who.name, "secret", on...)
}

// S-122, B11, C2, C5, C7, C8, C10: what one road refuses no other opens, and the other way round.
func TestWhoReachesWhom(t *testing.T) {
	for _, kind := range reachCallers {
		for _, road := range roads {
			t.Run(kind+" by "+road, func(t *testing.T) {
				c := newCloud(t)
				for _, act := range reachActs {
					for _, target := range reachTargets {
						// The portal lets nobody shut themselves out of their own account by pages about others.
						if road == "portal" && target == "self" && slices.Contains([]string{"reset the password", "disable", "delete"}, act) {
							continue
						}
						if road == "command" && (&attempt{act: act}).command() == "" {
							continue
						}
						tr := c.begin(kind, act, target)
						status, seen := 0, ""
						switch road {
						case "API":
							r := tr.call()
							status, seen = r.Status, r.Body
						case "portal":
							b := tr.post()
							status, seen = b.Status, b.Text()
						case "command":
							tr.asCaller()
							if _, err := tr.run(tr.command()); err != nil {
								seen = err.Error()
							}
						}
						var took bool
						switch {
						case act == "see credentials":
							took = status == 200 && strings.Contains(seen, tr.called)
						case act == "disable" && target == "suspended": // who is out already
							took = status == 200
						default:
							took = tr.took()
						}
						led := ledOn(kind, act, target)
						if strings.Contains(seen, "change those instead") != led {
							t.Errorf("%s, %s: it leads to the roles: %t, want %t (%d %.300s)", act, target, !led, led, status, seen)
						}
						if want := reaches(kind, act, target) && !led; took != want || status >= 500 {
							t.Errorf("%s, %s: it comes about: %t, want %t (%d %.300s)", act, target, took, want, status, seen)
						}
					}
				}
			})
		}
	}
}
