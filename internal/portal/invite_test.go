package portal_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// cloud is one that sends mail, with a project acme and its path, and the administrator signed in, who has an address.
func cloudWithMail(t *testing.T, changes ...func(*config.Config)) (env *testenv.Env, box *testenv.Mailbox, admin *testenv.Browser, acme string) {
	t.Helper()
	box = testenv.NewMailbox(t, "")
	env = testenv.New(t, append(changes, box.Use)...)
	_, acme = member(env, "alice", "acme")
	id := env.Admin().Get("/v3/users?name=admin").Want(200).Get("users.0.id")
	env.Admin().Patch("/v3/users/"+id, `{"user": {"email": "root@cloud.example"}}`).Want(200)
	return env, box, env.SignIn("admin", testenv.Password), acme
}

func roleID(env *testenv.Env, name string) string {
	return env.Admin().Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id")
}

// invite lets somebody invite addresses as members, and returns what the mail to the first of them links to.
func invite(env *testenv.Env, box *testenv.Mailbox, b *testenv.Browser, project string, addresses ...string) string {
	b.Open("/portal/p/"+project+"/invite").Want(200).Submit("Send the invitations", "addresses", strings.Join(addresses, "\n"),
		"role", roleID(env, "member")).Want(200, "on their way")
	env.Deliver()
	return box.Last(addresses[0]).Link
}

// TestInvitedPersonJoins: J2, P6, C15, C16, B3: invited, counted, looked at by scanners, accepted with a new account.
func TestInvitedPersonJoins(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "Nobody is waiting")
	link := invite(env, box, admin, acme, "greta@acme.example", "hugo@partner.example")
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "greta@acme.example", "hugo@partner.example", "Not accepted yet", "2 open invitations")
	m := box.Last("greta@acme.example")
	for _, want := range []string{"admin (root@cloud.example)", "acme", "Default", "member", "UTC"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("M1 does not say %q: %s", want, m.Text)
		}
	}
	greta := env.Browser()
	for range 50 { // scanners of mails
		env.Browser().Open(link).Want(200, "Join acme")
		env.Browser().Send("HEAD", link, nil)
	}
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "2 open invitations")
	greta.Open(link).Want(200, "Join acme", "admin (root@cloud.example)", "as member", "New here?")
	greta.Submit("Accept with a new account", "name", "greta", "new", "one", "again", "two").Want(422, "not the same")
	if !strings.Contains(greta.Body, `value="greta"`) {
		t.Error("the name is gone")
	}
	greta.Submit("Accept with a new account", "name", "greta", "new", "secret-9", "again", "secret-9").Want(200, "Welcome", "acme", "member")
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "1 open invitation")
	admin.Open("/portal/p/"+acme+"/people").Want(200, "greta")
	env.Deliver()
	if m := box.Last("root@cloud.example"); !strings.Contains(m.Text, "greta@acme.example accepted") { // M2
		t.Error(m.Text)
	}
	if got := env.Admin().Get("/v3/users?name=greta").Get("users.0.email"); got != "greta@acme.example" {
		t.Errorf("e-mail %s", got)
	}
	// Once is once. S-123
	env.Browser().Open(link).Want(200, "was accepted")
}

// TestInvitationOfSomebodyKnown: P6 for who has an account, S-118, S-123: the address binds.
func TestInvitationOfSomebodyKnown(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	user, _ := member(env, "bob", "other")
	mallory, _ := member(env, "mallory", "third")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "Bob@acme.example"}}`).Want(200)
	env.Admin().Patch("/v3/users/"+mallory, `{"user": {"email": "mallory@acme.example"}}`).Want(200)
	link := invite(env, box, admin, acme, "bob@acme.example", "nobody@acme.example")
	// Known and unknown look the same to who invites.
	page := admin.Open("/portal/p/" + acme + "/invitations").Text()
	if strings.Count(page, "Not accepted yet") != 2 {
		t.Error(page)
	}
	thief := env.SignIn("mallory", "secret")
	thief.Open(link).Want(200, "You are signed in as mallory, and this is for bob@acme.example")
	_, form := thief.Form("Decline")
	thief.Send("POST", link+"/accept", form).Want(403)
	// Who sent it decides on another account, and hears of that once. (6.2)
	for range 2 {
		thief.Open(link).Submit("Use the account mallory instead")
	}
	thief.Want(429)
	env.Deliver()
	if asked := box.All("root@cloud.example"); len(asked) != 1 || !strings.Contains(asked[0].Text, "mallory (mallory@acme.example)") || !strings.HasSuffix(asked[0].Link, "/instead") {
		t.Errorf("%d mails: %+v", len(asked), asked)
	}
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "mallory wants to accept it")
	admin.Open(box.Last("root@cloud.example").Link).Want(200, "Let mallory (mallory@acme.example) in instead?", "member", "lintel invitation approve").Submit("No").Want(200, "Nothing has changed")
	thief.Open("/portal/p/" + acme).Want(404)
	if page := admin.Open("/portal/p/" + acme + "/invitations").Text(); strings.Count(page, "Not accepted yet") != 2 {
		t.Error(page)
	}
	// A second account for the same address there is not.
	b := env.Browser()
	b.Open(link).Submit("Accept with a new account", "name", "bob2", "new", "secret-9", "again", "secret-9").Want(422, "an account with this address already")
	follow(t, b.Open(link), "I have an account: sign in").Submit("Sign in", "password", "secret").Want(200, "Join acme") // by the address
	b.Submit("Accept as bob").Want(200, "Welcome", "acme")
	env.Login("bob", "secret", testenv.OnProjectID(acme))
}

// TestInvitationIsJudgedWhenAccepted: attack 7 of section 4.3.
func TestInvitationIsJudgedWhenAccepted(t *testing.T) {
	for what, change := range map[string]func(env *testenv.Env, moderator, acme string){
		"demoted": func(env *testenv.Env, moderator, acme string) {
			env.Admin().Delete("/v3/projects/" + acme + "/users/" + moderator + "/roles/" + roleID(env, "admin")).Want(204)
		},
		"suspended": func(env *testenv.Env, moderator, acme string) {
			env.Admin().Patch("/v3/users/"+moderator, `{"user": {"enabled": false}}`).Want(200)
		},
		"deleted": func(env *testenv.Env, moderator, acme string) { env.Admin().Delete("/v3/users/" + moderator).Want(204) },
		"the project is closed": func(env *testenv.Env, moderator, acme string) {
			env.Admin().Patch("/v3/projects/"+acme, `{"project": {"enabled": false}}`).Want(200)
		},
	} {
		t.Run(what, func(t *testing.T) {
			env, box, _, acme := cloudWithMail(t)
			moderator, _ := member(env, "mod", "home")
			env.Admin().Put("/v3/projects/"+acme+"/users/"+moderator+"/roles/"+roleID(env, "admin"), nil).Want(204)
			link := invite(env, box, env.SignIn("mod", "secret"), acme, "greta@acme.example")
			open := env.Browser().Open(link).Want(200, "Join acme")
			change(env, moderator, acme)
			open.Submit("Accept with a new account", "name", "greta", "new", "secret-9", "again", "secret-9").Want(422, "cannot be accepted at present")
			env.Browser().Open(link).Want(200, "cannot be accepted at present")
			if n := len(env.Admin().Get("/v3/users?name=greta").List("users")); n != 0 {
				t.Error("an account was made")
			}
		})
	}
}

// TestDisabledAccountStaysSo: an invitation enables nobody, by no road. 8.8
func TestDisabledAccountStaysSo(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	user, _ := member(env, "bob", "other")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "bob@acme.example", "enabled": false}}`).Want(200)
	link := invite(env, box, admin, acme, "bob@acme.example")
	env.Browser().Open(link).Submit("Accept with a new account", "name", "bob2", "new", "secret-9", "again", "secret-9").Want(403, "cannot be accepted")
	if env.Admin().Get("/v3/users/"+user).Value("user.enabled") != false {
		t.Error("the account is enabled again")
	}
	page := admin.Open("/portal/p/"+acme+"/invitations").Want(200, "Not accepted yet").Text()
	if strings.Contains(page, "disabled") {
		t.Error("who invited learns why")
	}
}

// TestInvitationsLife: C16, 6.2: one open for an address, change, send again, withdraw, expire, decline.
func TestInvitationsLife(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	list := "/portal/p/" + acme + "/invitations"
	first := invite(env, box, admin, acme, "greta@acme.example")
	admin.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", "GRETA@acme.example", "role", roleID(env, "member")).Want(200, "on their way")
	env.Deliver()
	admin.Open(list).Want(200, "1 open invitation")
	env.Browser().Open(first).Want(200, "Join acme")

	edit := linkTo(admin, "Change greta@acme.example")
	admin.Open(edit).Want(200, "Invitation of greta@acme.example").Submit("Save", "role", roleID(env, "reader")).Want(200, "Saved", "reader")
	env.Deliver()
	if m := box.Last("greta@acme.example"); !strings.Contains(m.Subject, "has changed") || !strings.Contains(m.Text, "reader") || m.Link != "" { // M1b
		t.Errorf("%s: %s", m.Subject, m.Text)
	}
	env.Browser().Open(first).Want(200, "as reader")

	admin.Open(list).Submit("Send again greta@acme.example").Want(429)
	env.Clock.Advance(10 * time.Minute)
	admin.Open(list).Submit("Send again greta@acme.example").Want(200, "on their way")
	env.Deliver()
	second := box.Last("greta@acme.example").Link
	env.Browser().Open(first).Want(200, "There is a newer invitation")

	env.Clock.Advance(7 * 24 * time.Hour)
	admin = env.SignIn("admin", testenv.Password)
	env.Deliver() // that it is a new browser
	admin.Open(list).Want(200, "Expired")
	env.Browser().Open(second).Want(200, "has expired").Submit("Ask for a new one").Want(200, "has been told")
	env.Browser().Open(second).Submit("Ask for a new one").Want(429)
	env.Deliver()
	if m := box.Last("root@cloud.example"); m.Link != list {
		t.Error(m.Text)
	}
	admin.Open(list).Submit("Send again greta@acme.example").Want(200, "on their way")
	env.Deliver()
	third := box.Last("greta@acme.example").Link
	env.Browser().Open(third).Want(200, "Join acme")

	admin.Open(linkTo(admin, "Withdraw greta@acme.example")).Want(200, "stops working at once").Submit("Withdraw the invitation").Want(200, "withdrawn", "Nobody is waiting")
	env.Deliver()
	if m := box.Last("greta@acme.example"); !strings.Contains(m.Subject, "withdrawn") { // M1c
		t.Error(m.Subject)
	}
	env.Browser().Open(third).Want(200, "was withdrawn")

	fourth := invite(env, box, admin, acme, "hugo@acme.example")
	env.Browser().Open(fourth).Submit("Decline").Want(200, "You have declined")
	env.Browser().Open(fourth).Want(200, "was declined")
	env.Deliver()
	if m := box.Last("root@cloud.example"); !strings.Contains(m.Subject, "declined") { // M3
		t.Error(m.Subject)
	}
}

// linkTo is where the words of a link lead.
func linkTo(b *testenv.Browser, words string) string {
	for _, part := range strings.Split(b.Body, "<a ")[1:] {
		tag, rest, _ := strings.Cut(part, ">")
		text, _, _ := strings.Cut(rest, "</a>")
		text = strings.ReplaceAll(strings.ReplaceAll(text, `<span class="visually">`, ""), "</span>", "")
		if text == words {
			_, href, _ := strings.Cut(tag, `href="`)
			href, _, _ = strings.Cut(href, `"`)
			return href
		}
	}
	return "/no link " + words
}

// TestBouncedInvitation: 6.5: it shows in the list, and can be sent again at once.
func TestBouncedInvitation(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	box.Refuse("greta@acme.example", 550)
	admin.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", "greta@acme.example", "role", roleID(env, "member")).Want(200, "Being sent")
	env.Deliver()
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "The mail came back")
	box.Refuse("greta@acme.example", 0)
	admin.Submit("Send again greta@acme.example").Want(200, "on their way")
	env.Deliver()
	env.Browser().Open(box.Last("greta@acme.example").Link).Want(200, "Join acme")

	// It comes back an hour after the mail server took it. A report of another mail, or of an older one, counts for nothing.
	report := func(mail string) *testenv.Response {
		id, _, _ := strings.Cut(strings.Trim(mail, "<>"), "@")
		return env.Admin().Post("/v3/lintel/mail/bounces", map[string]any{"bounce": map[string]any{"mail_id": id, "reason": "550 5.1.1 no such mailbox"}})
	}
	sent := box.Last("greta@acme.example").Header.Get("Message-Id")
	env.Clock.Advance(time.Hour)
	admin = env.SignIn("admin", testenv.Password)
	report("<0123456789abcdef0123456789abcdef@cloud.example>").Want(404)
	if admin.Open("/portal/p/" + acme + "/invitations"); strings.Contains(admin.Text(), "came back") {
		t.Error("a report of another mail counts")
	}
	report(sent).Want(204)
	report(sent).Want(204) // mail servers repeat themselves
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "The mail came back").Submit("Send again greta@acme.example").Want(200, "on their way")
	report(sent).Want(404)
	env.Deliver()
	admin.Open("/portal/p/" + acme + "/invitations")
	if strings.Contains(admin.Text(), "came back") {
		t.Error("a report of an older mail counts")
	}
	link := box.Last("greta@acme.example").Link
	sent = box.Last("greta@acme.example").Header.Get("Message-Id")
	env.Browser().Open(link).Want(200).Submit("Decline").Want(200)
	report(sent).Want(404)
}

// TestInvitationWithoutMail: links to copy, shown once.
func TestInvitationWithoutMail(t *testing.T) {
	env := testenv.New(t)
	_, acme := member(env, "alice", "acme")
	admin := env.SignIn("admin", testenv.Password)
	admin.Open("/portal/p/"+acme+"/invite").Want(200, "You get a link").Submit("Send the invitations", "addresses", "greta@acme.example, hugo@acme.example", "role", roleID(env, "member"))
	admin.Want(200, "This cloud sends no mail", "greta@acme.example", "hugo@acme.example")
	_, path, _ := strings.Cut(admin.Body, "identity.example/portal/invite/")
	path, _, _ = strings.Cut(path, "<")
	if admin.Open("/portal/p/" + acme + "/invitations"); strings.Contains(admin.Body, path) {
		t.Error("the link is shown again")
	}
	// Nothing speaks of a mail then.
	old := path
	env.Clock.Advance(10 * time.Minute)
	admin = env.SignIn("admin", testenv.Password)
	admin.Open("/portal/p/"+acme+"/invitations").Submit("Send again greta@acme.example").Want(200, "not shown again")
	_, path, _ = strings.Cut(admin.Body, "identity.example/portal/invite/")
	path, _, _ = strings.Cut(path, "<")
	if b := env.Browser().Open("/portal/invite/"+old).Want(200, "There is a newer invitation", "ask for it whoever gave you this one"); strings.Contains(b.Text(), "mail") {
		t.Error(b.Text())
	}
	env.Browser().Open("/portal/invite/"+path).Want(200, "Join acme").
		Submit("Accept with a new account", "name", "greta", "new", "secret-9", "again", "secret-9").Want(200, "Welcome")
}

// TestWhoMayInvite: S-122: a member, a stranger and nobody try every form; what is offered is what may be granted.
func TestWhoMayInvite(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	member(env, "stranger", "elsewhere")
	invite(env, box, admin, acme, "greta@acme.example")
	admin.Open("/portal/p/" + acme + "/invitations")
	one := linkTo(admin, "Change greta@acme.example")
	for name, want := range map[string]int{"alice": 403, "stranger": 404} {
		b := env.SignIn(name, "secret")
		_, form := b.Form("Sign out")
		form.Set("addresses", "evil@acme.example")
		form.Set("role", roleID(env, "admin"))
		for _, path := range []string{"/portal/p/" + acme + "/invite", one, one + "/resend", one + "/cancel"} {
			if b.Send("POST", path, form); b.Status != want {
				t.Errorf("%s posts to %s: %d, want %d", name, path, b.Status, want)
			}
		}
		for _, path := range []string{"/portal/p/" + acme + "/invite", "/portal/p/" + acme + "/invitations", one, one + "/cancel"} {
			if b.Open(path); b.Status != want {
				t.Errorf("%s opens %s: %d, want %d", name, path, b.Status, want)
			}
		}
	}
	env.Deliver()
	if len(box.All("evil@acme.example")) != 0 {
		t.Error("somebody was invited by who may not")
	}
	admin.Open("/portal/p/" + acme + "/invite")
	admin.Submit("Send the invitations", "addresses", "no-address", "role", roleID(env, "member")).Want(422, "“no-address” is not an e-mail address")
	admin.Submit("Send the invitations", "addresses", "a@b.example", "words", "see https://evil.example").Want(422, "may not hold links")
	admin.Submit("Send the invitations", "addresses", "a@b.example\r\nBcc: c@d.example", "words", "").Want(422)
	admin.Open("/portal/invite/nothing").Want(404)
}

// TestLimitsOfInvitations: 6.4, S-118: a project may send so many a day, and nobody gets more than so many.
func TestLimitsOfInvitations(t *testing.T) {
	env, _, admin, acme := cloudWithMail(t)
	try := func(project string, addresses ...string) int {
		return admin.Open("/portal/p/"+project+"/invite").Submit("Send the invitations", "addresses", strings.Join(addresses, " "), "role", roleID(env, "member")).Status
	}
	for _, project := range []string{"b", "c", "d", "e", "f"} {
		_, id := member(env, "user-"+project, project)
		if got := try(id, "greta@acme.example"); got != 200 {
			t.Errorf("project %s: %d", project, got)
		}
	}
	if got := try(acme, "greta@acme.example"); got != 429 {
		t.Errorf("the sixth invitation of one address in a day: %d", got)
	}
	var many []string
	for i := range 50 {
		many = append(many, "p"+strings.Repeat("x", i)+"@acme.example")
	}
	if got := try(acme, many[:11]...); got != 429 || admin.Header.Get("Retry-After") != "1728" {
		t.Errorf("eleven at once: %d, again after %q", got, admin.Header.Get("Retry-After"))
	}
	if got := try(acme, many[:10]...); got != 200 {
		t.Errorf("ten at once: %d", got)
	}
	for i, one := range many[10:] {
		env.Clock.Advance(1728 * time.Second)
		if i%20 == 0 {
			admin = env.SignIn("admin", testenv.Password)
		}
		if got := try(acme, one); got != 200 {
			t.Errorf("one more after half an hour, the %dth of a day: %d", i+11, got)
		}
	}
	env.Clock.Advance(1728 * time.Second)
	if got := try(acme, "one@more.example"); got != 429 {
		t.Errorf("the 51st of a day: %d", got)
	}
	env.Clock.Advance(25 * time.Hour)
	admin = env.SignIn("admin", testenv.Password)
	if got := try(acme, "one@more.example"); got != 200 {
		t.Errorf("a day later: %d", got)
	}
}

// TestAcceptedOnce: two who accept at once make one member. I6
func TestAcceptedOnce(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	to := invite(env, box, admin, acme, "greta@acme.example")
	var tries []func()
	for _, name := range []string{"greta1", "greta2", "greta3"} {
		b := env.Browser().Open(to)
		action, form := b.Form("Accept with a new account")
		form.Set("name", name)
		form.Set("new", "secret-9")
		form.Set("again", "secret-9")
		tries = append(tries, func() { b.Send("POST", action, form) })
	}
	var wg sync.WaitGroup
	for _, try := range tries {
		wg.Go(try)
	}
	wg.Wait()
	if n := len(env.Admin().Get("/v3/users?name__startswith=greta").List("users")); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

// 6.2: whoever sent an invitation lets somebody accept it in one step who has another account; by the page, and by the call.
func TestAnotherAccountIsLetIn(t *testing.T) {
	env, box, admin, acme := cloudWithMail(t)
	member(env, "carla", "home")
	env.Clock.Advance(time.Minute)
	link := invite(env, box, admin, acme, "carla@partner.example")
	carla := env.SignIn("carla", "secret")
	carla.Open(link).Submit("Use the account carla instead").Want(200, "let this account in instead")
	env.Deliver()
	page := box.Last("root@cloud.example").Link
	carla.Open(page).Want(404) // it is not hers to answer
	_, form := admin.Open(page).Want(200, "Let carla in instead?", "wants to accept it with that account").Form("Let them in")
	form.Set("asker", "0123456789abcdef0123456789abcdef") // somebody else asked meanwhile
	form.Set("answer", "approve")
	admin.Send("POST", page, form).Want(404)
	admin.Open(page).Submit("Let them in", "answer", "approve").Want(200, "They were let in", "Nobody is waiting")
	env.Login("carla", "secret", testenv.OnProjectID(acme))
	carla.Open(link).Want(200, "This invitation was accepted")
}

// TestInvitingAMember: J2, 6.4: who is to be invited and stands among the people already is updated instead. Who does not see the address
// there learns nothing, nor does anybody of those who are not in the project.
func TestInvitingAMember(t *testing.T) {
	env, _, admin, acme := cloudWithMail(t)
	api := env.Admin()
	bob, _ := member(env, "bob", "other")
	mod, _ := member(env, "mod", "home")
	alice := api.Get("/v3/users?name=alice").Want(200).Get("users.0.id")
	for id, name := range map[string]string{alice: "alice", bob: "bob"} {
		api.Patch("/v3/users/"+id, `{"user": {"email": "`+name+`@acme.example"}}`).Want(200)
	}
	invite := func(b *testenv.Browser, address string) *testenv.Browser {
		return b.Open("/portal/p/"+acme+"/invite").Submit("Send the invitations", "addresses", address, "role", roleID(env, "member"))
	}
	invite(admin, "hugo@acme.example Alice@acme.example").Want(422, "Alice@acme.example is the address of alice, who has roles on this project", "Update")
	admin.Open("/portal/p/"+acme+"/invitations").Want(200, "Nobody is waiting")
	invite(admin, "alice@acme.example")
	if !strings.Contains(admin.Body, `href="/portal/p/`+acme+`/people/`+alice+`"`) {
		t.Error("it does not lead to what changes her roles")
	}
	body := func(address string) string {
		return `{"invitations": {"addresses": ["` + address + `"], "project": {"id": "` + acme + `"}, "roles": [{"name": "member"}]}}`
	}
	if m := api.Post("/v3/lintel/invitations", body("alice@acme.example")).Want(409).Message(); !strings.Contains(m, "change those instead") {
		t.Error(m)
	}
	invite(admin, "bob@acme.example").Want(200, "on their way") // who is known, and not in the project

	api.Post("/v3/roles", `{"role": {"name": "project_mod"}}`).Want(201)
	api.Put("/v3/projects/"+acme+"/users/"+mod+"/roles/"+roleID(env, "project_mod"), nil).Want(204)
	api.Put("/v3/lintel/grant_rules", `{"grant_rules": {"rules": [{"holder_role": {"name": "project_mod"}, "target_role": {"name": "member"}, "may_grant": true, "may_revoke": true, "may_invite": true}]}}`).Want(200)
	b := env.SignIn("mod", "secret").Open("/portal/p/"+acme+"/people").Want(200, "alice")
	if strings.Contains(b.Body, "alice@acme.example") {
		t.Fatal("the moderator sees the address")
	}
	invite(b, "alice@acme.example").Want(200, "on their way")
}
