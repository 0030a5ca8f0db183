package portal_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// granted are the names of the roles that somebody was granted on the project web, as the API has it.
func (tm *team) granted(user string) []string {
	tm.t.Helper()
	names := tm.admin.Get("/v3/projects/"+tm.web+"/users/"+user+"/roles").Want(200).Texts("roles", "name")
	slices.Sort(names)
	return names
}

func (tm *team) wantRoles(user string, want ...string) {
	tm.t.Helper()
	if got := tm.granted(user); !slices.Equal(got, want) {
		tm.t.Errorf("granted are %v, want %v", got, want)
	}
}

// J3, C3, C17: the difference is shown, then made at once; what comes from elsewhere stands there, locked.
func TestChangeThePersonsRoles(t *testing.T) {
	tm := newTeam(t)
	boss, dora := tm.person("boss"), tm.person("dora")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(dora, "reader")
	crew := tm.admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	tm.admin.Put("/v3/groups/"+crew+"/users/"+dora, nil).Want(204)
	tm.grant("projects/"+tm.web+"/groups/"+crew, "reader")
	page := "/portal/p/" + tm.web + "/people/" + dora

	b := tm.SignIn("boss", "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "dora", "Update", "Add a person")
	b.Open(page).Want(200, "reader group crew", "Granted now", "Brings along reader")
	if strings.Contains(b.Text(), "admin") {
		t.Error("a manager is offered the role admin, which they may not grant")
	}
	if strings.Contains(b.Text(), "Reset the second factor") {
		t.Error("it is offered to reset what dora does not have")
	}
	b.Submit("Review the change").Want(422, "Nothing would change")
	b.Submit("Review the change", "role", tm.role("member")).Want(200, "Change the roles of dora?", "Granted member", "Taken back reader",
		"openstack role add --project acme-web --project-domain Default --user dora --user-domain Default member",
		"openstack role remove --project acme-web --project-domain Default --user dora --user-domain Default reader")
	tm.wantRoles(dora, "reader")
	b.Submit("Save the change").Want(200, "The roles were changed")
	tm.wantRoles(dora, "member")

	// Changed meanwhile.
	b.Open(page).Submit("Review the change", "role", tm.role("manager")).Want(200, "Granted manager")
	tm.onWeb(dora, "reader")
	b.Submit("Save the change").Want(409, "Somebody else has changed")
	tm.wantRoles(dora, "member", "reader")

	// A role that is not on the form is not granted: a manager may not make an administrator, whatever they send.
	_, form := b.Open(page).Form("Review the change")
	form["role"] = append(form["role"], tm.role("admin"))
	form.Set("seen", "1")
	b.Send("POST", page, form)
	tm.wantRoles(dora, "member", "reader")

	// What somebody holds whom the reader may not strip of it stays, in its place.
	tm.onWeb(dora, "admin")
	b.Open(page).Want(200, "You may not take this role back")
	b.Submit("Review the change", "role", tm.role("member")).Want(200, "Taken back reader").Submit("Save the change").Want(200)
	tm.wantRoles(dora, "admin", "member")
	tm.admin.Patch("/v3/users/"+dora, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	b.Open(page).Want(200, "Reset the second factor")
}

// O9: who makes an administrator is told what that is, types the project's name, and proves who they are.
func TestMakingAnAdministrator(t *testing.T) {
	tm := newTeam(t)
	alice, dora := tm.person("alice"), tm.person("dora")
	tm.onWeb(alice, "admin")
	tm.onWeb(dora, "reader")
	page := "/portal/p/" + tm.web + "/people/" + dora
	b := tm.SignIn("alice", "secret").Open(page)
	both := []string{"role", tm.role("reader"), "role", tm.role("admin")}
	b.Submit("Review the change", both...).Want(200, "Granting admin on acme-web gives")
	b.Submit("Save the change", "typed", "acme").Want(422, "Type acme-web to go on")
	tm.wantRoles(dora, "reader")
	tm.Clock.Advance(20 * time.Minute)
	if b.Submit("Save the change", "typed", "acme-web"); !strings.HasPrefix(b.Path, "/portal/confirm") {
		t.Fatalf("no proof is asked for: %s", b.Path)
	}
	tm.wantRoles(dora, "reader")
	b.Submit("Confirm", "password", "secret").Want(200, "dora").Submit("Review the change", both...)
	b.Submit("Save the change", "typed", "acme-web").Want(200, "The roles were changed")
	tm.wantRoles(dora, "admin", "reader")

	b.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", "eve", "role", tm.role("admin")).Want(422, "Granting admin on acme-web gives eve")

	// Who takes from themselves is asked, too.
	own := "/portal/p/" + tm.web + "/people/" + alice
	b.Open(own).Submit("Review the change", "role", tm.role("reader")).Want(200, "These are your own roles").
		Submit("Save the change").Want(422, "Type acme-web")
	b.Open("/portal/p/"+tm.web+"/revoke?user="+alice+"&user="+dora).Want(200, "You are one of them").Submit("Revoke 2 people").Want(422, "Type acme-web")
	tm.wantRoles(alice, "admin")
	tm.wantRoles(dora, "admin", "reader")
	// They come last: before that they take from the others, and who is left alone stays.
	b.Submit("Revoke 2 people", "typed", "acme-web").Want(409, "without anybody who looks after it")
	tm.wantRoles(alice, "admin")
	tm.wantRoles(dora)
}

// S3: people are added by their exact name or id, and who may not list users learns of none that they may not add.
func TestAddAPerson(t *testing.T) {
	tm := newTeam(t)
	boss, dora, filip := tm.person("boss"), tm.person("dora"), tm.person("filip")
	tm.grant("domains/default/users/"+boss, "manager")
	away := tm.admin.Post("/v3/domains", `{"domain": {"name": "away"}}`).Want(201).Get("domain.id")
	eve := tm.admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "eve", "domain_id": away}}).Want(201).Get("user.id")

	b := tm.SignIn("boss", "secret").Open("/portal/p/"+tm.web+"/people").Want(200, "Nobody yet").Open("/portal/p/"+tm.web+"/people/add").Want(200, "member")
	b.Submit("Add the person", "who", "").Want(422, "Enter the user name or the ID")
	if _, form := b.Open("/portal/p/" + tm.web + "/people/add").Form("Add the person"); !slices.Equal(form["role"], []string{tm.role("member")}) {
		t.Errorf("chosen from the start is %v, want member", form["role"])
	}
	b.Submit("Add the person", "who", "dora").Want(200, "The person was added", "dora")
	tm.wantRoles(dora, "member")
	b.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", filip, "role", tm.role("reader")).Want(200, "The person was added")
	tm.wantRoles(filip, "reader")
	// The address does for who may look the account up, wherever its letters are large; of two who have it, neither is meant.
	gwen, hans := tm.person("gwen"), tm.person("hans")
	for _, id := range []string{gwen, eve} {
		tm.admin.Patch("/v3/users/"+id, `{"user": {"email": "Gwen@acme.example"}}`).Want(200)
	}
	add := func(who, domain string) *testenv.Browser {
		return b.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", who, "domain", domain)
	}
	add("gwen@ACME.example", "away").Want(422, "invite them")
	add("gwen@ACME.example", "Default").Want(200, "The person was added", "gwen")
	tm.wantRoles(gwen, "member")
	tm.admin.Patch("/v3/users/"+hans, `{"user": {"email": "gwen@acme.example"}}`).Want(200)
	add("gwen@acme.example", "Default").Want(422, "invite them")
	tm.wantRoles(hans)

	// Somebody of another domain, somebody who is not there, and a domain that is not there are all alike.
	var said []string
	for _, try := range [][2]string{{"eve", "away"}, {"nobody", "away"}, {"eve", "nowhere"}, {eve, "Default"}, {"dor", "Default"}} {
		b.Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", try[0], "domain", try[1]).Want(422, "nobody of that name")
		said = append(said, strings.SplitN(b.Text(), "User name or ID", 2)[0])
		if !strings.Contains(b.Body, `value="`+try[0]+`"`) {
			t.Error("what was typed is lost")
		}
	}
	if slices.Sort(said); said[0] != said[len(said)-1] {
		t.Errorf("the answers differ: %q", said)
	}
	tm.SignIn("admin", testenv.Password).Open("/portal/p/"+tm.web+"/people/add").Submit("Add the person", "who", "eve", "domain", "away").Want(200, "eve")
	tm.wantRoles(eve, "member")
}

// J4, C18, C19: what ends is listed first, for each; then it ends, and what comes from elsewhere stays.
func TestRevokePeople(t *testing.T) {
	tm := newTeam(t)
	alice, dora, efua, filip := tm.person("alice"), tm.person("dora"), tm.person("efua"), tm.person("filip")
	tm.onWeb(alice, "admin")
	for _, u := range []string{dora, efua, filip} {
		tm.onWeb(u, "member")
	}
	crew := tm.admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	tm.admin.Put("/v3/groups/"+crew+"/users/"+efua, nil).Want(204)
	tm.grant("projects/"+tm.web+"/groups/"+crew, "reader")
	doras := tm.Login("dora", "secret", testenv.OnProjectID(tm.web))
	doras.Post("/v3/users/"+dora+"/application_credentials", `{"application_credential": {"name": "backup"}}`).Want(201)
	doras.Post("/v3/users/"+dora+"/credentials/OS-EC2", map[string]any{"tenant_id": tm.web}).Want(201)

	b := tm.SignIn("alice", "secret").Open("/portal/p/" + tm.web + "/people")
	if strings.Contains(b.Body, `value="`+alice+`" form="chosen"`) || !strings.Contains(b.Body, `value="`+dora+`" form="chosen"`) {
		t.Error("who can be chosen is wrong")
	}
	b.Open("/portal/p/"+tm.web+"/revoke").Want(200, "Choose at least one person first")
	b.Open("/portal/p/"+tm.web+"/revoke?user="+dora+"&user="+efua).Want(200, "Revoke 2 people?", "1 application credential", "1 S3 key", "reader group crew",
		"openstack role remove --project acme-web --project-domain Default --user dora --user-domain Default member")
	tm.wantRoles(dora, "member")
	b.Submit("Revoke 2 people").Want(200, "Their roles here were revoked", "efua", "filip")
	if strings.Contains(b.Body, "dora") {
		t.Error("dora is still there")
	}
	tm.wantRoles(dora)
	tm.wantRoles(efua)
	tm.wantRoles(filip, "member")
	tm.admin.Validate(doras.Token).Want(404)

	// A manager of the domain may take some roles and not others, and sees no numbers that openstack would not show.
	boss := tm.person("boss")
	tm.grant("domains/default/users/"+boss, "manager")
	tm.onWeb(filip, "admin")
	m := tm.SignIn("boss", "secret").Open("/portal/p/"+tm.web+"/revoke?user="+filip+"&user="+alice).
		Want(200, "Revoke 1 person?", "Holds admin: you may not change that", "--user filip")
	m.Submit("Revoke 1 person").Want(409, "1 person was revoked", "There is nothing that you may take back")
	if strings.Contains(m.Text(), "--user filip") {
		t.Error("what was done is shown as still to be done: " + m.Text())
	}
	tm.wantRoles(filip, "admin")
	tm.wantRoles(alice, "admin")
}

// J4: of who keeps roles by a group only that ends which needs the others, and the page and the API say the same of it.
func TestRevokeWhoKeepsRoles(t *testing.T) {
	tm := newTeam(t)
	alice, efua, gina := tm.person("alice"), tm.person("efua"), tm.person("gina")
	tm.onWeb(alice, "admin")
	tm.onWeb(efua, "manager")
	crew := tm.admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
	tm.admin.Put("/v3/groups/"+crew+"/users/"+efua, nil).Want(204)
	tm.admin.Post("/v3/roles", `{"role": {"name": "stoker"}}`).Want(201)
	tm.grant("projects/"+tm.web+"/groups/"+crew, "stoker")
	efuas := tm.Login("efua", "secret", testenv.OnProjectID(tm.web))
	login := map[string]string{}
	for _, role := range []string{"manager", "stoker"} {
		made := efuas.Post("/v3/users/"+efua+"/application_credentials", map[string]any{"application_credential": map[string]any{"name": role, "roles": []any{map[string]any{"name": role}}}}).Want(201)
		login[role] = `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + made.Get("application_credential.id") + `", "secret": "` + made.Get("application_credential.secret") + `"}}}}`
		efuas.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{
			"trustor_user_id": efua, "trustee_user_id": gina, "project_id": tm.web, "impersonation": false, "roles": []any{map[string]any{"name": role}},
		}}).Want(201)
	}
	efuas.Post("/v3/users/"+efua+"/credentials/OS-EC2", map[string]any{"tenant_id": tm.web}).Want(201)

	b := tm.SignIn("alice", "secret").Open("/portal/p/"+tm.web+"/revoke?user="+efua).
		Want(200, "Revoke 1 person?", "stoker group crew", "What needs one of the roles that are lost. Among it: 1 application credential, 1 trust")
	if strings.Contains(b.Text(), "S3 key") || strings.Contains(b.Text(), "All tokens") {
		t.Error("what goes on is said to end: " + b.Text())
	}
	d := tm.Login("alice", "secret", testenv.OnProjectID(tm.web)).Get("/v3/lintel/departure?user=efua&project=acme-web").Want(200)
	for path, want := range map[string]string{
		"departure.loses.0.name": "manager", "departure.keeps.0.name": "stoker", "departure.keeps.0.group.name": "crew", "departure.ends.tokens": "false",
		"departure.ends.application_credentials": "1", "departure.ends.ec2_credentials": "0", "departure.ends.trusts": "1",
	} {
		if got := fmt.Sprint(d.Value(path)); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	efuas.Get("/v3/lintel/departure?user=alice&project=acme-web").Want(403)
	tm.wantRoles(efua, "manager")
	b.Submit("Revoke 1 person").Want(200, "Their roles here were revoked", "efua")
	for role, want := range map[string]int{"manager": 401, "stoker": 201} { // as it was said
		if got := tm.Post("/v3/auth/tokens", login[role]).Status; got != want {
			t.Errorf("the credential with %s: %d, want %d", role, got, want)
		}
	}
	tm.admin.Validate(efuas.Token).Want(200)
}

// M14: whoever was granted roles can give them up. Who has them by a group cannot.
func TestLeaveAProject(t *testing.T) {
	tm := newTeam(t)
	dora, boss := tm.person("dora"), tm.person("boss")
	tm.onWeb(dora, "member")
	tm.onWeb(boss, "member")
	tm.grant("domains/default/users/"+boss, "manager")
	b := tm.SignIn("dora", "secret").Open("/portal/p/"+tm.web).Want(200, "member", "Leave the project")
	b.Open("/portal/p/"+tm.web+"/leave").Want(200, "Leave acme-web?").Submit("Leave the project").Want(200, "You have left the project")
	tm.wantRoles(dora)
	m := tm.SignIn("boss", "secret").Open("/portal/p/"+tm.web).Want(200, "Leave the project").Open("/portal/p/"+tm.web+"/leave").Want(200, "Leave acme-web?", "All tokens for this project")
	m.Submit("Leave the project").Want(200, "You have left the project")
	tm.wantRoles(boss)
}

// S-122, B11, C10: a member and a stranger try every form, and get what openstack would get.
func TestOthersFormsOfPeople(t *testing.T) {
	tm := newTeam(t)
	dora, filip := tm.person("dora"), tm.person("filip")
	tm.onWeb(dora, "member")
	tm.onWeb(filip, "member")
	tm.person("gina")
	reader := tm.person("rita")
	tm.grant("domains/default/users/"+reader, "reader")
	at := "/portal/p/" + tm.web
	for name, want := range map[string]int{"dora": 403, "gina": 404, "rita": 403} {
		b := tm.SignIn(name, "secret")
		_, form := b.Open("/portal/security/password").Form("Change the password")
		send := func(path string, want int, fields ...string) {
			t.Helper()
			f := url.Values{"csrf": form["csrf"]}
			for i := 0; i < len(fields); i += 2 {
				f.Add(fields[i], fields[i+1])
			}
			if b.Send("POST", at+path, f); b.Status != want {
				t.Errorf("%s at %s: %d, want %d: %s", name, path, b.Status, want, b.Text())
			}
		}
		b.Open(at + "/people/add").Want(want)
		send("/people/add", want, "who", "gina", "role", tm.role("member"))
		if name != "dora" { // who may leave
			send("/leave", want)
		}
		if name == "rita" { // who sees the people, and may change nothing
			b.Open(at+"/people").Want(200, "filip")
			if strings.Contains(b.Body, "Update") || strings.Contains(b.Body, "Revoke") || strings.Contains(b.Body, "Add a person") {
				t.Error("rita is offered what she may not do")
			}
			b.Open(at+"/people/"+filip).Want(200, "member")
			send("/people/"+filip, 422, "before", tm.role("member"), "role", tm.role("admin"), "seen", "1")
			send("/revoke", 409, "user", filip)
		} else {
			b.Open(at + "/people/" + filip).Want(want)
			send("/people/"+filip, want, "before", tm.role("member"), "role", tm.role("admin"), "seen", "1")
			b.Open(at + "/revoke?user=" + filip).Want(want)
			send("/revoke", want, "user", filip)
		}
		tm.wantRoles(filip, "member")
		tm.wantRoles(dora, "member")
	}
}
