package portal_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// robbed is the account of bob, whose second factor can be switched off by somebody else.
type robbed struct {
	*testenv.Env
	box           *testenv.Mailbox
	user, project string
	owner         *testenv.Browser
	phone         *phone
	codes         []string
}

func newRobbed(t *testing.T) *robbed {
	env, box, _, _ := cloudWithMail(t)
	r := &robbed{Env: env, box: box}
	r.user, r.project = member(env, "bob", "other")
	admin := env.Admin()
	patch(env, r.user, `{"user": {"email": "bob@acme.example"}}`)
	patch(env, admin.Validate(admin.Token).Want(200).Get("token.user.id"), `{"user": {"email": "root@acme.example"}}`)
	r.owner = env.SignIn("bob", "secret")
	r.phone, r.codes = enrol(t, env, r.owner)
	return r
}

// switchOff switches the factor off as who is signed in, by a code, and returns the link of the mail about it.
func (r *robbed) switchOff(b *testenv.Browser, code string) string {
	b.Open("/portal/security/totp/remove").Want(200).Submit("Turn it off", "code", code).Want(200, "Your second factor is off")
	r.Deliver()
	return r.box.Last("bob@acme.example").Link
}

func (r *robbed) credential(b *testenv.Browser, name string) (login string) {
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", name).Want(200)
	_, file := b.Form("Download")
	return `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + file.Get("id") + `", "secret": "` + file.Get("secret") + `"}}}}`
}

// 6.3: who did not switch their second factor off undoes it by the mail: all is as it was, and what the thief has is worth nothing.
func TestFactorOffIsUndone(t *testing.T) {
	r := newRobbed(t)
	robot := r.credential(r.owner, "backup")
	r.Authenticate(robot).Want(201)
	thief := verify(r.Env, "bob", r.phone.next())
	shown := r.phone.next()
	link := r.switchOff(thief, shown)
	if m := r.box.Last("bob@acme.example"); m.Subject != "The second factor of your account at Lintel was turned off" || !strings.HasPrefix(m.Link, "/portal/factor/") {
		t.Fatalf("%+v", m)
	}
	token := r.Login("bob", "secret", testenv.OnProjectID(r.project))
	stolen := r.credential(thief, "mine")
	r.Authenticate(stolen).Want(201)
	key := token.Post("/v3/users/"+r.user+"/credentials/OS-EC2", `{"tenant_id": "`+r.project+`"}`).Want(201).Get("credential.access")
	token.Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+r.user+`", "blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`).Want(201)

	// Whoever looks, and be it a mail scanner, changes nothing.
	for range 20 {
		r.Browser().Open(link).Want(200, "Was it not you?", "bob is turned on again as it was")
	}
	r.Login("bob", "secret")
	r.Clock.Advance(2 * time.Second)
	b := r.Browser().Open(link).Submit("It was not me: undo it").Want(200, "Choose a new password", "For the account bob")

	token.Get("/v3/auth/projects").Want(401)
	if thief.Open("/portal"); !strings.HasPrefix(thief.Path, "/portal/login") {
		t.Error("the thief’s session goes on")
	}
	r.Authenticate(testenv.Body("bob", "secret")).Want(401)
	r.Authenticate(stolen).Want(404)
	admin := r.Admin()
	admin.Get("/v3/users/" + r.user + "/credentials/OS-EC2/" + key).Want(404)
	r.Authenticate(robot).Want(201)
	if n := len(admin.Get("/v3/credentials?type=totp&user_id=" + r.user).Want(200).List("credentials")); n != 1 {
		t.Errorf("%d seeds", n)
	}
	r.Authenticate(byBoth(r.user, shown, testenv.Unscoped)).Want(401) // it was used
	r.Authenticate(byBoth(r.user, r.phone.next(), testenv.Unscoped)).Want(201)

	b.Submit("Set the password", "new", "better-9", "again", "better-9").Want(200, "Sign in")
	r.Authenticate(byBoth(r.user, r.phone.next(), testenv.Unscoped)).Want(401) // with the old password
	in := r.Browser().Open("/portal/login").Submit("Sign in", "name", "bob", "password", "better-9").Want(200, "Enter the code")
	in.Open(strings.ReplaceAll(linkTo(in, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", r.codes[0]).Want(200)
	in.Open("/portal/security").Want(200, "9 recovery codes are left")
	in.Open("/portal/activity").Want(200, "Said by a mail that somebody else turned off the second factor of you")

	r.Browser().Open(link).Want(200, "does not work any more")
	r.Deliver()
	told := r.box.Last("root@acme.example")
	if !strings.Contains(told.Subject, "bob") || !strings.Contains(told.Text, "The second factor is what it was") || told.Link != "/portal/d/default/users/"+r.user+"/activity" {
		t.Errorf("%+v", told)
	}
	if all := fmt.Sprint(r.box.All("bob@acme.example")); !strings.Contains(all, "was turned on again as it was before") {
		t.Error(all)
	}
}

// A thief who has set up a factor of their own has to do with an administrator, and cannot end the owner's link.
func TestFactorOffIsUndoneAfterAnother(t *testing.T) {
	r := newRobbed(t)
	thief := verify(r.Env, "bob", r.phone.next())
	link := r.switchOff(thief, r.phone.next())
	r.Clock.Advance(time.Second)
	theirs, _ := enrol(t, r.Env, thief)
	second := r.switchOff(thief, theirs.next())
	r.Browser().Open(link).Want(200, "bob is turned on again as it was")
	r.Clock.Advance(time.Second)
	theirs, _ = enrol(t, r.Env, thief)
	robot := r.credential(thief, "mine")
	r.Authenticate(robot).Want(201)

	r.Browser().Open(link).Want(200, "Another second factor has been set up for the account bob since").Submit("It was not me: close the account").Want(200, "administrators were told")
	r.Clock.Advance(time.Second)
	if thief.Open("/portal"); !strings.HasPrefix(thief.Path, "/portal/login") {
		t.Error("the thief’s session goes on")
	}
	r.Authenticate(byBoth(r.user, theirs.next(), testenv.Unscoped)).Want(401)
	r.Authenticate(robot).Want(401)
	r.Browser().Open(second).Want(200, "does not work any more")
	r.Deliver()
	if m := r.box.Last("root@acme.example"); !strings.Contains(m.Text, "so the account is suspended") {
		t.Error(m.Text)
	}
	admin := r.SignIn("admin", testenv.Password)
	admin.Open("/portal/d/default/users/"+r.user).Want(200, "said by a mail")
	admin.Open("/portal/d/default/users/" + r.user + "/restore").Submit("Restore the account").Want(200)
}

// The link works for a day, once, and not when an administrator has seen to the account since.
func TestFactorOffLinksEnd(t *testing.T) {
	over := func(r *robbed, link string) {
		t.Helper()
		r.Browser().Open(link).Want(200, "does not work any more")
	}
	r := newRobbed(t)
	link := r.switchOff(r.owner, r.phone.next())
	b := r.Browser().Open(link)
	r.Clock.Advance(24*time.Hour - time.Second)
	r.Browser().Open(link).Want(200, "Was it not you?")
	r.Clock.Advance(time.Second)
	over(r, link)
	b.Submit("It was not me: undo it").Want(422, "does not work any more")
	r.Login("bob", "secret")

	// An administrator asks for rules of their own, or takes the account away.
	for what, change := range map[string]string{
		"rules": `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]], "multi_factor_auth_enabled": true}}}`, "disabled": `{"user": {"enabled": false}}`,
	} {
		t.Run(what, func(t *testing.T) {
			r := newRobbed(t)
			link := r.switchOff(r.owner, r.phone.next())
			patch(r.Env, r.user, change)
			over(r, link)
		})
	}

	// Of several who use it at once one can.
	r = newRobbed(t)
	link = r.switchOff(r.owner, r.phone.next())
	var tries []func()
	for range 3 {
		b := r.Browser().Open(link)
		action, form := b.Form("It was not me: undo it")
		tries = append(tries, func() { b.Send("POST", action, form) })
	}
	var wg sync.WaitGroup
	for _, try := range tries {
		wg.Go(try)
	}
	wg.Wait()
	r.Deliver()
	if n := len(r.box.All("root@acme.example")); n != 1 {
		t.Errorf("administrators were told %d times", n)
	}

	// A form from elsewhere does nothing, nor does one without its mark.
	r = newRobbed(t)
	link = r.switchOff(r.owner, r.phone.next())
	r.Browser().Send("POST", link, url.Values{}).Want(403)
	r.Login("bob", "secret")

	// Who was sent the link at another address than the account's now gets no new password by it.
	patch(r.Env, r.user, `{"user": {"email": "bob@new.example"}}`)
	r.Browser().Open(link).Submit("It was not me: undo it").Want(200, "administrators were told")
	r.Authenticate(testenv.Body("bob", "secret")).Want(401)
}
