package portal_test

import (
	"database/sql"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/totp"
)

// phone is an authenticator app.
type phone struct {
	clock *testenv.Clock
	seed  []byte
	uri   *url.URL
	fast  time.Duration // how far its clock is ahead
}

// scan reads the page with the seed as an app reads the picture's words.
func scan(t *testing.T, env *testenv.Env, b *testenv.Browser) *phone {
	t.Helper()
	at := regexp.MustCompile(`id="uri">([^<]*)<`).FindStringSubmatch(b.Body)
	if at == nil {
		t.Fatalf("nothing to scan: %s", b.Text())
	}
	u, err := url.Parse(html.UnescapeString(at[1]))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := totp.Seed(u.Query().Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return &phone{clock: env.Clock, seed: seed, uri: u}
}

func (p *phone) code() string { return totp.Code(p.seed, totp.Step(p.clock.Now().Add(p.fast))) }

// wrong is a code that the phone shows at no time near now.
func (p *phone) wrong() string {
	for n := 0; ; n++ {
		text, near := fmt.Sprintf("%06d", n), false
		for d := int64(-30); d <= 30; d++ {
			near = near || totp.Code(p.seed, totp.Step(p.clock.Now())+d) == text
		}
		if !near {
			return text
		}
	}
}

// next moves on to a code that was not used.
func (p *phone) next() string {
	p.clock.Advance(2 * totp.Period)
	return p.code()
}

// recovery are the codes that a page shows.
func recovery(b *testenv.Browser) (codes []string) {
	for _, m := range regexp.MustCompile(`<li class="code">([^<]*)<`).FindAllStringSubmatch(b.Body, -1) {
		codes = append(codes, m[1])
	}
	return codes
}

// enrol sets a second factor up for who is signed in.
func enrol(t *testing.T, env *testenv.Env, b *testenv.Browser) (*phone, []string) {
	t.Helper()
	b.Open("/portal/security/totp/new").Want(200, "For you, this means")
	if with := "Continue with an authenticator app"; strings.Contains(b.Body, with) {
		b.Submit(with)
	} else {
		b.Submit("Continue")
	}
	p := scan(t, env, b.Want(200, "Scan and confirm"))
	b.Submit("Continue", "code", p.code()).Want(200, "Your recovery codes")
	codes := recovery(b)
	b.Submit("Turn it on", "typed", codes[3]).Want(200, "Your second factor is on")
	return p, codes
}

// verify finishes a sign-in with a code.
func verify(env *testenv.Env, name, code string) *testenv.Browser {
	return env.Browser().Open("/portal/login").Submit("Sign in", "name", name, "password", "secret").Want(200, "Enter the code", "The password of "+name+" in Default was right").Submit("Continue", "code", code)
}

func byBoth(user, code, scope string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["password", "totp"], "password": {"user": {"id": %q, "password": "secret"}},
		"totp": {"user": {"id": %q, "passcode": %q}}}, "scope": %s}}`, user, user, code, scope)
}

// B22, B24, B26, B27, B28, B29, M3, M4, S-028, S-030, S-032; 5.6: 2, 5, 13, 16
func TestSecondFactorOfOnesOwn(t *testing.T) {
	a, other := testenv.Pair(t)
	user, project := member(a, "alice", "acme")
	alice := a.Login("alice", "secret", testenv.OnProjectID(project))
	alice.Post("/v3/users/"+user+"/credentials/OS-EC2", `{"tenant_id": "`+project+`"}`).Want(201)
	b := a.SignIn("alice", "secret")
	elsewhere := a.SignIn("alice", "secret")
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "backup").Want(200)
	_, file := b.Form("Download")
	robot := `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + file.Get("id") + `", "secret": "` + file.Get("secret") + `"}}}}`
	before := map[string]string{"password": alice.Token, "application credential": a.Authenticate(robot).Want(201).Actor().Token}
	on := map[string]*testenv.Actor{"here": a.Admin(), "on the other node": other.Admin()}
	other.CatchUp()
	for what, token := range before {
		for _, admin := range on {
			admin.Validate(token).Want(200)
		}
		_ = what
	}

	b.Open("/portal/security").Want(200, "Second factor", "Off", "Does not ask for a second factor", "1 application credential They log in by themselves. With a second factor you say", "1 S3 key does not ask for a second factor They log in by themselves. With a second factor you say")
	b.Open("/portal/security/totp/new").Want(200, "your password alone opens nothing", "1 other session is signed out", "This one stays",
		"1 application credential stops working", "1 S3 key stops working", "API tokens without a second factor end at once")
	b.Submit("Continue").Want(200, "Scan and confirm")
	p := scan(t, a, b)
	if got := p.uri.String(); !strings.HasPrefix(got, "otpauth://totp/Lintel:alice%40Default?secret=") || !strings.HasSuffix(got, "&issuer=Lintel&algorithm=SHA1&digits=6&period=30") ||
		len(p.seed) != 20 || !strings.Contains(b.Body, `<svg class="qr"`) {
		t.Errorf("to scan: %s", got)
	}
	// Until a code is shown the seed is worth nothing, nor has anything ended.
	if n := len(on["here"].Get("/v3/credentials?type=totp").Want(200).List("credentials")); n != 0 {
		t.Errorf("%d seeds before any was proved", n)
	}
	a.Authenticate(`{"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "` + user + `", "passcode": "` + p.code() + `"}}}}}`).Want(401)
	used := p.code()
	b.Submit("Continue", "code", used[:3]+" "+wide(used[3:])).Want(200, "Your recovery codes") // 5.6: 18
	codes := recovery(b)
	if len(codes) != 10 || len(codes[0]) != 11 {
		t.Fatalf("recovery codes: %v", codes)
	}
	b.Submit("Turn it on", "typed", "AAAAA-AAAAA").Want(422, "none of these codes")
	if again := recovery(b); !slices.Equal(again, codes) {
		t.Errorf("after a wrong one the page shows %v", again)
	}
	a.Login("alice", "secret")
	key := b.Cookies["__Host-lintel"]
	b.Submit("Turn it on", "typed", strings.ToLower(codes[9])).Want(200, "Your second factor is on", "10 recovery codes are left", "Set up")
	if b.Cookies["__Host-lintel"] == key {
		t.Error("the session's key did not change")
	}

	// What was reached without it is over, on every node; this session goes on, with all its rights.
	other.CatchUp()
	for what, token := range before {
		for where, admin := range on {
			if r := admin.Validate(token); r.Status != 404 {
				t.Errorf("%s: token by %s: %d", where, what, r.Status)
			}
		}
		a.With(token).Get("/v3/auth/projects").Want(401)
		a.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + token + `"}}}}`).Want(404)
	}
	if elsewhere.Open("/portal"); !strings.HasPrefix(elsewhere.Path, "/portal/login") {
		t.Error("another session goes on")
	}
	b.Open("/portal/credentials/new").Want(200, "member")
	b.Open("/portal/security/totp/scan").Want(200) // 5.6: 5
	if strings.Contains(b.Body, p.uri.Query().Get("secret")) {
		t.Error("the seed is shown again")
	}

	// What is asked for now is in Keystone's own terms.
	u := on["here"].Get("/v3/users/" + user).Want(200)
	if got := fmt.Sprint(u.Value("user.options.multi_factor_auth_rules"), u.Value("user.options.multi_factor_auth_enabled")); got != "[[password totp]] true" {
		t.Errorf("options: %s", got)
	}
	r := a.Authenticate(testenv.Body("alice", "secret")).Want(401)
	receipt := r.Header.Get("Openstack-Auth-Receipt")
	if receipt == "" || fmt.Sprint(r.Value("required_auth_methods")) != "[[password totp]]" {
		t.Errorf("the password alone: %s", r.Body)
	}
	a.Authenticate(robot).Want(401) // B17
	code := func(text string) string {
		return `{"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "` + user + `", "passcode": "` + text + `"}}}, "scope": ` + testenv.OnProjectID(project) + `}}`
	}
	a.Post("/v3/auth/tokens", code(used), "Openstack-Auth-Receipt", receipt).Want(401) // the one that set it up was used
	late := p.next()
	token := a.Post("/v3/auth/tokens", code(late), "Openstack-Auth-Receipt", receipt).Want(201)
	if got := fmt.Sprint(token.List("token.methods")); got != "[totp password]" {
		t.Errorf("methods %s", got)
	}
	a.Post("/v3/auth/tokens", code(late), "Openstack-Auth-Receipt", receipt).Want(401)
	both := a.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201).Actor()
	both.Get("/v3/auth/projects").Want(200)
	twin := *p // 5.6: 16
	a.Authenticate(byBoth(user, twin.next(), testenv.Unscoped)).Want(201)
	verify(a, "alice", p.next()).Want(200, "Your access")
	b.Open("/portal/terminal").Want(200)
	if rc := b.Open("/portal/terminal/openrc.sh?project=" + project).Body; !strings.Contains(rc, "OS_AUTH_TYPE=v3multifactor") || !strings.Contains(rc, "OS_AUTH_METHODS=v3password,v3totp") || !strings.Contains(rc, "OS_PASSCODE") {
		t.Errorf("openrc.sh: %s", rc)
	}
	if yaml := b.Open("/portal/terminal/clouds.yaml?project=" + project).Body; !strings.Contains(yaml, "    auth_type: v3multifactor\n    auth_methods: [v3password, v3totp]\n    auth:\n") {
		t.Errorf("clouds.yaml: %s", yaml)
	}
}

// wide are digits as Asian keyboards write them.
func wide(text string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, text)
}

// B23; 5.6: 1, 4
func TestWrongCodesWhileEnrolling(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").Submit("Continue")
	p := scan(t, env, b)
	b.Submit("Continue", "code", p.wrong()).Want(422, "Not accepted", "4 tries are left")
	if same := scan(t, env, b); same.uri.String() != p.uri.String() {
		t.Error("a wrong code changes the secret")
	}
	p.fast = time.Minute
	b.Submit("Continue", "code", p.code()).Want(422, "about 60 seconds ahead", "3 tries are left", "Set it to automatic time")
	p.fast = -time.Minute
	b.Submit("Continue", "code", p.code()).Want(422, "about 60 seconds behind", "2 tries are left")
	p.fast = 0

	// Another window has the same secret, until it asks for a new one. Then this window is told.
	second := env.Browser()
	second.Cookies = b.Cookies
	second.Open("/portal/security/totp/new").Submit("Continue")
	if same := scan(t, env, second); same.uri.String() != p.uri.String() {
		t.Error("two windows have two secrets")
	}
	action, stale := b.Form("Continue")
	second.Submit("Start with a new secret").Want(200)
	newer := scan(t, env, second)
	stale.Set("code", p.code())
	b.Send("POST", action, stale).Want(422, "newer secret was made in another window")
	if shown := scan(t, env, b); shown.uri.String() != newer.uri.String() {
		t.Error("it does not show the newer one")
	}

	for range 4 {
		b.Submit("Continue", "code", newer.wrong()).Want(422)
	}
	b.Submit("Continue", "code", newer.wrong()).Want(200, "That attempt is over", "For you, this means")
	if b.Open("/portal/security/totp/scan"); b.Path != "/portal/security/totp/new" {
		t.Errorf("after five wrong codes: %s", b.Path)
	}
	b.Submit("Continue")
	p = scan(t, env, b)
	env.Clock.Advance(15 * time.Minute)
	b.Submit("Continue", "code", p.code()).Want(200, "That attempt is over", "For you, this means")
	env.Login("alice", "secret")
}

// P2, S-019; 5.6: 3, 15
func TestRecoveryCodes(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	_, codes := enrol(t, env, b)
	way := func() *testenv.Browser {
		w := env.Browser().Open("/portal/login?next=/portal/profile").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "Use a recovery code")
		return w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Want(200, "Enter a recovery code",
			"The password of alice in Default was right", "Use the authenticator app · The clock of my phone is off · Start over")
	}
	w := way()
	w.Submit("Continue", "code", "AAAAA-AAAAA").Want(422, "Each recovery code works once")
	w.Submit("Continue", "code", " "+strings.ReplaceAll(strings.ToLower(codes[0]), "-", "")).Want(200, "You signed in with a recovery code", "9 recovery codes are left")
	if w.Open(strings.ReplaceAll(link(t, w, "Go on"), "&amp;", "&")); w.Path != "/portal/profile" {
		t.Errorf("it goes on at %s", w.Path)
	}
	way().Submit("Continue", "code", codes[0]).Want(422)
	w.Open("/portal/credentials/new").Want(200, "member") // with all rights

	// Of many who send the same code at once, one gets in.
	var wg sync.WaitGroup
	in := make(chan bool, 4)
	for range cap(in) {
		w := way()
		wg.Go(func() {
			action, form := w.Form("Continue")
			form.Set("code", codes[1])
			in <- w.Send("POST", action, form).Status == 200
		})
	}
	wg.Wait()
	close(in)
	n := 0
	for ok := range in {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d got in with one code", n)
	}
	for _, code := range codes[2:7] {
		way().Submit("Continue", "code", code).Want(200)
	}
	way().Submit("Continue", "code", codes[7]).Want(200, "Only 2 recovery codes are left")
	way().Submit("Continue", "code", codes[8]).Want(200)
	last := way()
	last.Submit("Continue", "code", codes[9]).Want(200, "No recovery code is left")
	if strings.Contains(last.Body, "Go on") {
		t.Error("who has used the last code up may go on without new ones")
	}
	b.Open("/portal").Want(200, "No recovery code is left", "Make ten new codes")
	b.Open("/portal/security").Want(200, "No recovery code is left")
	fresh := recovery(last.Submit("Make ten new codes").Want(200, "Your recovery codes"))
	if len(fresh) != 10 || slices.Contains(fresh, codes[9]) {
		t.Errorf("new codes: %v", fresh)
	}
	action, saved := last.Form("I have saved them")
	last.Submit("Download").Want(200)
	if !strings.Contains(last.Body, fresh[4]) || !strings.Contains(last.Header.Get("Content-Disposition"), "recovery-codes.txt") {
		t.Errorf("the file: %v %s", last.Header, last.Body)
	}
	saved.Set("typed", fresh[9])
	last.Send("POST", action, saved).Want(200, "All is open again")
	way().Submit("Continue", "code", fresh[9]).Want(200, "9 recovery codes are left")
	b.Open("/portal/security/recovery-codes")
	for _, code := range append(fresh, codes...) {
		if strings.Contains(b.Body, code) {
			t.Error("a recovery code is shown again")
		}
	}

	slow := way()
	env.Clock.Advance(6 * time.Minute)
	slow.Submit("Continue", "code", fresh[0]).Want(200, "took too long")
	if !strings.Contains(slow.Body, `value="alice"`) || !strings.Contains(slow.Body, `value="Default"`) {
		t.Errorf("the name is lost: %s", slow.Body)
	}
}

// link is where the link of some words leads.
func link(t *testing.T, b *testenv.Browser, words string) string {
	t.Helper()
	m := regexp.MustCompile(`<a[^>]*href="([^"]*)"[^>]*>` + words + `</a>`).FindStringSubmatch(b.Body)
	if m == nil {
		t.Fatalf("%s has no link %q", b.Path, words)
	}
	return m[1]
}

// B25, S-120; 5.6: 10, 14
func TestRemoveAndReplaceTheFactor(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	p, codes := enrol(t, env, b)
	token := env.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201).Actor()

	// A token, be it by both methods, is not enough to change the factor.
	seed := token.Get("/v3/credentials?type=totp").Want(200).Get("credentials.0.id")
	token.Delete("/v3/credentials/" + seed).Want(403)
	token.Patch("/v3/credentials/"+seed, `{"credential": {"blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`).Want(403)
	token.Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+user+`", "blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`).Want(403)
	token.Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_enabled": false}}}`).Want(403)

	// Nor is a session whose proof is not of the last five minutes.
	env.Clock.Advance(6 * time.Minute)
	for _, path := range []string{"/portal/security/totp/new", "/portal/security/totp/remove"} {
		if b.Open(path); !strings.HasPrefix(b.Path, "/portal/confirm") {
			t.Errorf("%s is open after six minutes: %s", path, b.Path)
		}
	}
	b.Submit("Confirm", "password", "secret").Want(200, "Enter the code").Submit("Continue", "code", p.code()).Want(200, "Turn the second factor off")

	// Replacing it leaves the old one working until the new one has shown that it does.
	b.Open("/portal/security/totp/new").Want(200, "Replace the authenticator").Submit("Continue").Want(200)
	fresh := scan(t, env, b)
	env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(201)
	b.Submit("Continue", "code", fresh.code()).Want(200)
	newCodes := recovery(b)
	env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(201)
	b.Submit("Turn it on", "typed", newCodes[0]).Want(200, "Your second factor is on")
	env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(401)
	env.Authenticate(byBoth(user, fresh.next(), testenv.Unscoped)).Want(201)
	token.Get("/v3/auth/projects").Want(200)

	b.Open("/portal/confirm?next=/portal/security/totp/remove").Submit("Confirm", "password", "secret").Submit("Continue", "code", fresh.next()).Want(200)
	b.Submit("Turn it off", "code", fresh.wrong()).Want(422, "Not accepted")
	b.Submit("Turn it off", "code", "").Want(422)
	b.Open("/portal/security/totp/remove?way=recovery").Submit("Turn it off", "code", codes[0]).Want(422, "Not accepted")
	b.Submit("Turn it off", "code", newCodes[5]).Want(200, "Your second factor is off", "Turn on a second factor")
	env.Login("alice", "secret")
	u := env.Admin().Get("/v3/users/" + user).Want(200)
	if got := fmt.Sprint(u.Value("user.options")); got != "map[]" {
		t.Errorf("options: %s", got)
	}
	if n := len(env.Admin().Get("/v3/credentials?type=totp").Want(200).List("credentials")); n != 0 {
		t.Errorf("%d seeds are left", n)
	}
	env.Authenticate(`{"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "` + user + `", "passcode": "` + fresh.next() + `"}}}}}`).Want(401)
	b.Open("/portal/security/totp/remove").Want(404)

	// With one more code instead, and again from the start.
	p, _ = enrol(t, env, b)
	b.Open("/portal/security/totp/remove").Submit("Turn it off", "code", p.next()).Want(200, "Your second factor is off")
}

// 5.6: 8, 9, 12 and rules that an administrator has set in the portal's own terms.
func TestRulesOfAnAdministrator(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	rules := func(user, rules string) {
		admin.Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_rules": `+rules+`}}}`).Want(200)
	}
	user, _ := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	for _, set := range []string{`[["password", "totp", "x"]]`, `[["password", "totp"]]`, `[["password"], ["password", "totp"]]`} {
		rules(user, set)
		b.Open("/portal/security").Want(200, "An administrator has set the rules")
		b.Open("/portal/security/totp/new").Want(200, "An administrator has set the rules")
		_, form := b.Open("/portal/security").Form("Sign out")
		b.Send("POST", "/portal/security/totp/new", url.Values{"csrf": {form.Get("csrf")}}).Want(403)
	}
	rules(user, `null`)

	// Rules changed after the fact are the administrator's; whoever meets them may replace the authenticator, not remove it.
	p, _ := enrol(t, env, b)
	rules(user, `[["password", "totp", "x"]]`)
	b.Open("/portal/security").Want(200, "You can replace the authenticator, not turn it off")
	b.Open("/portal/security/totp/remove").Want(403)
	fresh, _ := func() (*phone, []string) {
		b.Open("/portal/security/totp/new").Want(200, "Replace the authenticator").Submit("Continue")
		p := scan(t, env, b)
		b.Submit("Continue", "code", p.code())
		codes := recovery(b)
		b.Submit("Turn it on", "typed", codes[0]).Want(200)
		return p, codes
	}()
	if got := fmt.Sprint(admin.Get("/v3/users/" + user).Want(200).Value("user.options.multi_factor_auth_rules")); got != "[[password totp x]]" {
		t.Errorf("rules: %s", got)
	}
	env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(401)
	env.Authenticate(byBoth(user, fresh.code(), testenv.Unscoped)).Want(201)

	off := testenv.New(t, func(c *config.Config) { c.Auth.Methods = []string{"password", "token"} })
	member(off, "alice", "acme")
	w := off.SignIn("alice", "secret").Open("/portal/security").Want(200, "does not take one-time codes")
	w.Open("/portal/security/totp/new").Want(200, "does not take one-time codes")
}

// S-019, S-020; 5.6: 19. Of many wrong codes few are looked at, wherever they come from; who has lost the phone gets in all the same.
func TestGuessesOfCodesAreBounded(t *testing.T) {
	var box *testenv.Mailbox
	env := testenv.New(t, func(c *config.Config) {
		box = testenv.NewMailbox(t, "")
		box.Use(c)
	})
	user, _ := member(env, "alice", "acme")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "alice@acme.example"}}`).Want(200)
	b := env.SignIn("alice", "secret")
	p, codes := enrol(t, env, b)
	env.Deliver()
	told := len(box.All("alice@acme.example"))
	receipt := env.Authenticate(testenv.Body("alice", "secret")).Want(401).Header.Get("Openstack-Auth-Receipt")
	wrong := p.wrong()
	guess := `{"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "` + user + `", "passcode": "` + wrong + `"}}}}}`
	looked := 0
	for range 1000 {
		switch r := env.Post("/v3/auth/tokens", guess, "Openstack-Auth-Receipt", receipt); {
		case r.Status == 401:
			looked++
		case r.Status != 429 || r.Header.Get("Retry-After") != "60":
			t.Fatalf("%d %v %s", r.Status, r.Header, r.Body)
		}
	}
	if looked != 5 {
		t.Errorf("%d codes were looked at", looked)
	}
	w := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "Enter the code")
	w.Submit("Continue", "code", p.code()).Want(429, "Wait a minute")

	// The wait doubles with each further wrong code, up to half an hour.
	for n, wait := range []int{1, 2, 4, 8, 16, 30, 30} {
		env.Clock.Advance(time.Duration(wait)*time.Minute - time.Second)
		receipt = env.Authenticate(testenv.Body("alice", "secret")).Want(401).Header.Get("Openstack-Auth-Receipt")
		env.Post("/v3/auth/tokens", guess, "Openstack-Auth-Receipt", receipt).Want(429)
		env.Clock.Advance(time.Second)
		if r := env.Post("/v3/auth/tokens", guess, "Openstack-Auth-Receipt", receipt); r.Status != 401 {
			t.Fatalf("after wait %d: %d", n, r.Status)
		}
	}
	env.Deliver()
	if mails := box.All("alice@acme.example")[told:]; len(mails) != 1 || !strings.Contains(mails[0].Text, "Somebody knows your password") && !strings.Contains(mails[0].Subject, "Somebody knows your password") {
		t.Errorf("mails: %+v", mails)
	}
	// Codes of another kind have a count of their own.
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", codes[0]).Want(200, "9 recovery codes are left")
	env.Clock.Advance(30 * time.Minute)
	verify(env, "alice", p.code()).Want(200, "Your access")
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Submit("Continue", "code", p.wrong()).Want(422, "4 tries are left")
}

// S-016, S-020: who does not know the password locks nobody out by wrong codes, and does not learn that there is such an account; the
// codes that they may try are few, too.
func TestStrangersLockNobodyOut(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	p, _ := enrol(t, env, env.SignIn("alice", "secret"))
	alone := func(user, code string) string {
		return `{"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "` + user + `", "passcode": "` + code + `"}}}}}`
	}
	nobody := env.Authenticate(alone("nobody", p.wrong())).Want(401).Body
	for range 20 {
		if r := env.Authenticate(alone(user, p.wrong())).Want(401); r.Body != nobody {
			t.Fatalf("%s", r.Body)
		}
	}
	env.Clock.Advance(totp.Period)
	code := p.code()
	if r := env.Authenticate(alone(user, code)).Want(401); r.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Error("a code is looked at after twenty wrong ones")
	}
	env.Authenticate(byBoth(user, code, testenv.Unscoped)).Want(201)
	// In whatever order the methods stand.
	env.Authenticate(strings.Replace(byBoth(user, p.next(), testenv.Unscoped), `["password", "totp"]`, `["totp", "password"]`, 1)).Want(201)
}

// 5.6: 1. A phone whose clock is off is taken as it is, by two codes in a row: when it is set up, and when somebody signs in.
func TestResync(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	for _, fast := range []time.Duration{time.Minute, -time.Minute, 8 * time.Minute} {
		b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").Submit("Continue")
		p := scan(t, env, b)
		p.fast = fast
		off := fmt.Sprintf("about %d seconds", int(fast.Abs()/time.Second))
		b.Submit("Continue", "code", p.code()).Want(422, off, "The code after that")
		first := p.code()
		env.Clock.Advance(totp.Period)
		b.Submit("Continue", "code", p.code(), "then", first).Want(422, off) // the wrong way round
		b.Submit("Continue", "code", first, "then", p.code()).Want(200, "Your recovery codes")
		codes := recovery(b)
		b.Submit("Turn it on", "typed", codes[0]).Want(200, "Your second factor is on")
		used := p.code()
		env.Authenticate(byBoth(user, used, testenv.Unscoped)).Want(401)
		env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(201)
		env.Authenticate(byBoth(user, p.code(), testenv.Unscoped)).Want(401)

		// Later its clock is set right, and is off by the old reckoning.
		p.fast = 0
		env.Clock.Advance(11 * time.Minute)
		w := verify(env, "alice", p.code()).Want(422, "Not accepted")
		w.Open(strings.ReplaceAll(link(t, w, "The clock of my phone is off"), "&amp;", "&")).Want(200, "Now two codes")
		w.Submit("Continue", "code", p.code(), "then", p.code()).Want(422, "Not accepted")
		first = p.code()
		env.Clock.Advance(totp.Period)
		second := p.code()
		w.Submit("Continue", "code", first, "then", second).Want(200, "Your access")
		verify(env, "alice", second).Want(422, "already used")
		env.Authenticate(byBoth(user, first, testenv.Unscoped)).Want(401)
		verify(env, "alice", p.next()).Want(200, "Your access")
		b = verify(env, "alice", p.next()).Open("/portal/security/totp/remove")
		b.Submit("Turn it off", "code", p.next()).Want(200, "Your second factor is off")
	}
}

// M8, M10 to M13: what happens to an account is told by mail, in its owner's language, without anything secret.
func TestMailsAboutTheAccount(t *testing.T) {
	var box *testenv.Mailbox
	env := testenv.New(t, func(c *config.Config) {
		box = testenv.NewMailbox(t, "")
		box.Use(c)
	})
	user, project := member(env, "alice", "acme")
	const address = "alice@acme.example"
	env.Admin().Patch("/v3/users/"+user, `{"user": {"email": "`+address+`"}}`).Want(200)
	seen := 0
	told := func(what string, subjects ...string) (first testenv.Mail) {
		t.Helper()
		env.Deliver()
		all := box.All(address)
		var got []string
		for _, m := range all[seen:] {
			got = append(got, m.Subject)
			if len(subjects) > 0 && m.Subject == subjects[0] {
				first = m
			}
			if m.Header.Get("Auto-Submitted") == "" || m.HTML == "" || m.Link == "" || !strings.Contains(m.Text, "alice") {
				t.Errorf("%s: %+v", what, m)
			}
		}
		seen = len(all)
		slices.Sort(got) // mails of one moment come in any order
		if want := slices.Sorted(slices.Values(subjects)); !slices.Equal(got, want) {
			t.Fatalf("%s: mails %q, want %q", what, got, want)
		}
		return first
	}
	const factor, made, code = "The second factor of your account at Lintel was changed", "A new credential of yours at Lintel", "A recovery code was used at Lintel"
	b := env.SignIn("alice", "secret")
	told("the first browser")
	p, codes := enrol(t, env, b)
	if m := told("a factor", factor); !strings.Contains(m.Text, "A second factor was turned on") || strings.Contains(m.Text, codes[0]) || strings.Contains(m.Text, p.uri.Query().Get("secret")) {
		t.Error(m.Text)
	}
	env.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201)
	told("a login to the API")
	known := b.Cookies["__Host-lintel-device"]
	w := env.Browser()
	w.Cookies["__Host-lintel-device"] = known
	w.Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Submit("Continue", "code", p.next()).Want(200, "Your access")
	told("the same browser again")
	w = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	w.Open(strings.ReplaceAll(link(t, w, "Use a recovery code"), "&amp;", "&")).Submit("Continue", "code", codes[0]).Want(200)
	if m := told("a recovery code in a new browser", code, "A new device signed in to Lintel"); m.Link != "/portal/security/recovery-codes" || !strings.Contains(m.Text, "9 are left") {
		t.Error(m.Text)
	}
	recovery(w.Submit("Make ten new codes").Want(200))
	told("new codes", factor)
	w.Open("/portal/credentials/new").Submit("Create the credential", "name", "backup").Want(200)
	_, file := w.Form("Download")
	if m := told("an application credential", made); !strings.Contains(m.Text, "The application credential backup") || !strings.Contains(m.Text, "acme") || strings.Contains(m.Text, file.Get("secret")) {
		t.Error(m.Text)
	}
	w.Open("/portal/credentials/keys/new").Submit("Create the key").Want(200)
	told("a key", made)
	env.Admin().Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_enabled": false}}}`).Want(200)
	if m := told("rules taken away", factor); !strings.Contains(m.Text, "An administrator, admin,") {
		t.Error(m.Text)
	}
	env.SignIn("admin", testenv.Password).Open("/portal/d/default/users/" + user + "/factor").Submit("Reset the second factor").Want(200)
	if m := told("a reset", factor); !strings.Contains(m.Text, "must be set up anew") {
		t.Error(m.Text)
	}
	env.Clock.Advance(2 * time.Second)
	w = env.Browser()
	w.Cookies["__Host-lintel-device"] = known
	w.Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200)
	enrol(t, env, w)
	told("a factor set up anew", factor)
	w.Open("/portal/security/password").Submit("Change the password", "password", "secret", "new", "better", "again", "better").Want(200)
	if m := told("a new password", "Your password at Lintel was changed"); m.Link != "/portal/forgot" || strings.Contains(m.Text, "better") {
		t.Error(m.Text)
	}
	env.Admin().Patch("/v3/users/"+user, `{"user": {"password": "other"}}`).Want(200)
	if m := told("a password by an administrator", "Your password at Lintel was changed"); !strings.Contains(m.Text, "set by admin") {
		t.Error(m.Text)
	}
	for _, m := range box.All(address) {
		if strings.Contains(m.Text, "Set-Cookie") || strings.Contains(m.Text, "secret=") {
			t.Error(m.Text)
		}
	}
}

// S-122: the forms do nothing to others, and nothing for who is not there in person.
func TestNobodyElsesFactor(t *testing.T) {
	env := testenv.New(t)
	alice, _ := member(env, "alice", "acme")
	member(env, "bob", "other")
	b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").Submit("Continue")
	p := scan(t, env, b)
	_, form := b.Form("Continue")
	bob := env.SignIn("bob", "secret").Open("/portal/security/totp/new").Submit("Continue")
	action, his := bob.Form("Continue")
	his.Set("id", form.Get("id"))
	his.Set("code", p.code())
	his.Set("user_id", alice)
	bob.Send("POST", action, his).Want(422, "newer secret")
	enrol(t, env, b)
	bob.Open("/portal/security/totp/remove").Want(404)
	bob.Open("/portal/security/recovery-codes").Want(404)
	bob.Send("POST", "/portal/security/recovery-codes", url.Values{"csrf": {his.Get("csrf")}}).Want(404)
	nobody := env.Browser()
	for _, path := range []string{"/portal/security/totp/new", "/portal/security/totp/scan", "/portal/security/totp/remove", "/portal/security/recovery-codes"} {
		if nobody.Open(path); !strings.HasPrefix(nobody.Path, "/portal/login") {
			t.Errorf("nobody is let in to %s", path)
		}
	}
}

// D5, 5.3: an administrator helps who has lost everything; nobody else does, and not with their own.
func TestResetOfAFactor(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	member(env, "bob", "other")
	b := env.SignIn("alice", "secret")
	backup := robots{env: env, user: user}.credential(env.Login("alice", "secret", testenv.OnProjectID(project)), "backup")
	p, codes := enrol(t, env, b)
	token := env.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201).Actor().Token
	page := "/portal/d/default/users/" + user

	bob := env.SignIn("bob", "secret")
	_, form := bob.Open("/portal").Form("Sign out")
	if r := bob.Open(page + "/factor"); r.Status != 403 && r.Status != 404 {
		t.Errorf("a member sees the form: %d", r.Status)
	}
	if r := bob.Send("POST", page+"/factor", url.Values{"csrf": {form.Get("csrf")}}); r.Status != 403 && r.Status != 404 {
		t.Errorf("a member resets the factor: %d", r.Status)
	}
	env.Authenticate(testenv.Body("alice", "secret")).Want(401)

	admin := env.SignIn("admin", testenv.Password).Open(page).Want(200, "Second factor On")
	admin.Open(page+"/factor").Want(200, "lost their phone").Submit("Reset the second factor").Want(200, "was reset", "Second factor To be set up anew")
	if b.Open("/portal"); !strings.HasPrefix(b.Path, "/portal/login") {
		t.Error("a session goes on")
	}
	env.Admin().Validate(token).Want(404)
	env.Clock.Advance(2 * time.Second)

	// The password alone lets her in to set another one up, and opens nothing else.
	enter := func() *testenv.Browser {
		return env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	}
	w := enter().Want(200, "Your second factor was reset", "Turn on a second factor")
	lockedOut(t, w)
	if a := env.Authenticate(testenv.Body("alice", "secret")).Want(401); !strings.Contains(a.Message(), "needs a second factor") || a.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Errorf("a token by the password: %s", a.Body)
	}
	env.Authenticate(backup).Want(401)
	if got := fmt.Sprint(env.Admin().Get("/v3/users/" + user).Want(200).Value("user.options.multi_factor_auth_rules")); got != "[[password totp]]" {
		t.Errorf("a Keystone beside us would go by %s", got)
	}
	if n := len(env.Admin().Get("/v3/credentials?type=totp").Want(200).List("credentials")); n != 0 {
		t.Errorf("%d seeds are left", n)
	}
	p, fresh := enrol(t, env, w)
	w.Open("/portal/activity").Want(200, "Reset the second factor of you")
	admin.Open("/portal/activity").Want(200, "Reset the second factor of alice")
	env.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201)
	enter().Want(200, "Enter the code")
	again := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	action, form := again.Form("Continue")
	form.Set("way", "recovery")
	form.Set("code", codes[1])
	again.Send("POST", action, form).Want(422)
	form.Set("code", fresh[1])
	again.Send("POST", action, form).Want(200)
}

// 5.6: 7. What a stolen token has added before does not count once its user has set a factor up.
func TestSeedsAddedByATokenGo(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	env.Login("alice", "secret").Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+user+`", "blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`).Want(201)
	planted, err := totp.Seed("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := enrol(t, env, env.SignIn("alice", "secret"))
	env.Clock.Advance(2 * totp.Period)
	env.Authenticate(byBoth(user, (&phone{clock: env.Clock, seed: planted}).code(), testenv.Unscoped)).Want(401)
	env.Authenticate(byBoth(user, p.code(), testenv.Unscoped)).Want(201)
}

// B18, B21, 5.5: whoever has a token could make codes for ever, had they the seed. So the API shows none that was set up in the portal, and as
// configured all, as Keystone, or none; the portal shows none at all, and what other credentials hold only to who has just proved to be there.
func TestSeedsAreNotShown(t *testing.T) {
	for set, shown := range map[string][2]bool{"api": {true, false}, "all": {true, true}, "none": {false, false}} {
		env := testenv.New(t, func(c *config.Config) { c.Lintel.ShowSeeds = set })
		alice, project := member(env, "alice", "acme")
		bob, _ := member(env, "bob", "other")
		const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
		made := env.Admin().Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+bob+`", "blob": "`+seed+`"}}`).Want(201).Get("credential.id")
		env.Admin().Post("/v3/credentials", `{"credential": {"type": "cert", "user_id": "`+alice+`", "blob": "a certificate"}}`).Want(201)
		b := env.SignIn("alice", "secret")
		p, _ := enrol(t, env, b)
		token := env.Authenticate(byBoth(alice, p.next(), testenv.OnProjectID(project))).Want(201).Actor()
		own := token.Get("/v3/credentials?type=totp").Want(200)
		id, secret := own.Get("credentials.0.id"), p.uri.Query().Get("secret")
		for who, c := range map[string]struct {
			body, secret string
			shown        bool
		}{
			"an administrator lists those of the API":    {env.Admin().Get("/v3/credentials").Want(200).Body, seed, shown[0]},
			"an administrator sees one of the API":       {env.Admin().Get("/v3/credentials/" + made).Want(200).Body, seed, shown[0]},
			"somebody lists their own of the portal":     {own.Body, secret, shown[1]},
			"somebody sees their own of the portal":      {token.Get("/v3/credentials/" + id).Want(200).Body, secret, shown[1]},
			"an administrator lists those of a portal":   {env.Admin().Get("/v3/credentials").Want(200).Body, secret, shown[1]},
			"an administrator lists other credentials":   {env.Admin().Get("/v3/credentials").Want(200).Body, "a certificate", true},
			"somebody lists their other credentials, by": {token.Get("/v3/credentials").Want(200).Body, "a certificate", true},
		} {
			if strings.Contains(c.body, c.secret) != c.shown {
				t.Errorf("%s: %s: %s", set, who, c.body)
			}
		}
		b.Open("/portal/credentials/other/" + id + "/show").Want(404)
		cert := token.Get("/v3/credentials?type=cert").Want(200).Get("credentials.0.id")
		b.Open("/portal/credentials/other/"+cert+"/show").Want(200, "a certificate")
		env.Clock.Advance(16 * time.Minute)
		if b.Open("/portal/credentials/other/" + cert + "/show"); !strings.HasPrefix(b.Path, "/portal/confirm") {
			t.Errorf("what a credential holds is shown at %s", b.Path)
		}
		verify(env, "alice", p.next()).Want(200, "Your access") // the seed is there all the same
	}
}

// 5.6: 7. A stolen token adds no seed, and changes none: that takes a login of late, by the second factor where rules ask for one.
func TestStolenTokensAddNoSeed(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	add := func(a *testenv.Actor) *testenv.Response {
		return a.Post("/v3/credentials", `{"credential": {"type": "totp", "user_id": "`+user+`", "blob": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}}`)
	}
	stolen := env.Login("alice", "secret")
	add(stolen).Want(201)
	env.Clock.Advance(16 * time.Minute)
	add(stolen).Want(403)
	exchanged := env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + stolen.Token + `"}}, "scope": ` + testenv.OnProjectID(project) + `}}`).Want(201).Actor()
	add(exchanged).Want(403)
	own := exchanged.Get("/v3/credentials?type=totp").Want(200).Get("credentials.0.id")
	exchanged.Patch("/v3/credentials/"+own, `{"credential": {"blob": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}}`).Want(403)
	exchanged.Post("/v3/credentials", `{"credential": {"type": "cert", "user_id": "`+user+`", "blob": "x"}}`).Want(201)

	// With rules that an administrator has set, a token from before them does not do either.
	young := env.Login("alice", "secret")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	add(young).Want(403)
	seed, err := totp.Seed("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
	if err != nil {
		t.Fatal(err)
	}
	add(env.Authenticate(byBoth(user, (&phone{clock: env.Clock, seed: seed}).code(), testenv.Unscoped)).Want(201).Actor()).Want(201)
	add(env.Admin()).Want(201)
}

// change changes the database as the server would not.
func change(t *testing.T, env *testenv.Env, stmts ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+env.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, stmt := range stmts {
		if _, err := db.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
}

// 5.6: 13. When writing the rules fails, the seed is worth nothing either, no token has ended, and it can be tried again.
func TestFactorIsAllOrNothing(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	token := env.Login("alice", "secret", testenv.OnProjectID(project))
	b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").Submit("Continue")
	p := scan(t, env, b)
	b.Submit("Continue", "code", p.code()).Want(200, "Your recovery codes")
	codes := recovery(b)
	action, form := b.Form("Turn it on")
	form.Set("typed", codes[0])
	change(t, env, `CREATE TRIGGER "crash" BEFORE INSERT ON "user_option" BEGIN SELECT RAISE(ABORT, 'crash'); END`)
	if r := b.Send("POST", action, form); r.Status < 500 {
		t.Fatalf("the crash goes by: %d", r.Status)
	}
	if n := len(env.Admin().Get("/v3/credentials?type=totp").Want(200).List("credentials")); n != 0 {
		t.Errorf("%d seeds are there", n)
	}
	env.Login("alice", "secret")
	token.Get("/v3/auth/projects").Want(200)
	b.Open("/portal/security").Want(200, "Turn on a second factor")
	change(t, env, `DROP TRIGGER "crash"`)
	b.Send("POST", action, form).Want(200, "Your second factor is on")
	env.Authenticate(byBoth(user, p.next(), testenv.Unscoped)).Want(201)
}

// 5.6: 11, 12. The factor is kept here, so people of a directory may have one; whom an identity provider lets in has theirs there.
func TestFactorsOfPeopleFromElsewhere(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	change(t, env, `DELETE FROM "local_user" WHERE "user_id" = '`+user+`'`,
		`INSERT INTO "nonlocal_user" ("domain_id", "name", "user_id") VALUES ('default', 'alice', '`+user+`')`)
	enrol(t, env, b)
	b.Open("/portal/security").Want(200, "kept where your organisation manages its people", "Replace the authenticator")
	b.Open("/portal/profile").Want(200, "Display name none kept where your organisation manages its people")
	action, form := b.Form("Save")
	form.Set("display_name", "Ally")
	b.Send("POST", action, form).Want(200, "Display name none kept") // M2

	user, _ = member(env, "bob", "other")
	b = env.SignIn("bob", "secret")
	change(t, env, `DELETE FROM "local_user" WHERE "user_id" = '`+user+`'`,
		`INSERT INTO "federated_user" ("user_id", "idp_id", "protocol_id", "unique_id", "display_name") VALUES ('`+user+`', 'corp', 'saml2', 'bob', 'bob')`)
	b.Open("/portal/security/totp/new").Want(200, "Your organisation’s own sign-in lets you in. A second factor is set up there.")
	b.Open("/portal/security").Want(200, "Your organisation’s own sign-in lets you in")
}

// 5.6: 15. Who has used up the recovery codes makes new ones, and shows that they are kept, before anything else, whatever address they type.
func TestNewRecoveryCodesComeFirst(t *testing.T) {
	env := testenv.New(t)
	user, project := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	p, codes := enrol(t, env, b)
	held := func(who string, b *testenv.Browser) {
		t.Helper()
		for _, path := range []string{"/portal", "/portal/profile", "/portal/security", "/portal/security/totp/new", "/portal/security/passkeys", "/portal/credentials", "/portal/p/" + project} {
			if b.Open(path); b.Path != "/portal/security/recovery-codes" {
				t.Errorf("%s opens %s: %s", who, path, b.Path)
			}
		}
		_, form := b.Form("Sign out")
		if b.Send("POST", "/portal/credentials/new", url.Values{"csrf": {form.Get("csrf")}, "name": {"x"}}); b.Path != "/portal/security/recovery-codes" {
			t.Errorf("%s sends a form: %d %s", who, b.Status, b.Path)
		}
		if strings.Contains(b.Text(), "Go on") {
			t.Errorf("%s can put it off", who)
		}
	}
	for i, code := range codes {
		b = env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Open("/portal/login/verify?way=recovery").
			Submit("Continue", "code", code).Want(200, "You signed in with a recovery code")
		if i+1 < len(codes) {
			b.Open("/portal").Want(200, "Your access")
		}
	}
	held("the last code", b)
	env.Authenticate(byBoth(user, p.next(), testenv.OnProjectID(project))).Want(201) // which has no pages
	other := verify(env, "alice", p.next())
	held("the phone", other)

	// Made and not taken, they open nothing.
	b.Open("/portal/security/recovery-codes").Want(200, "No recovery code is left").Submit("Make ten new codes").Want(200, "Your recovery codes", "Type one of them back")
	lost := recovery(b)
	held("made and not kept", b)
	b.Open("/portal/security/recovery-codes").Want(200, "You have not said that you keep your new recovery codes").Submit("Make ten new codes")
	kept := recovery(b)
	for _, wrong := range []string{lost[0], codes[0], "", "AAAAA-AAAAA"} {
		if b.Submit("I have saved them", "typed", wrong).Want(422, "none of these codes"); !slices.Equal(recovery(b), kept) {
			t.Errorf("the page shows %q", recovery(b))
		}
	}
	held("wrongly typed", other)
	b.Submit("I have saved them", "typed", strings.ToLower(kept[4])).Want(200, "All is open again", "Your access")
	other.Open("/portal/security").Want(200, "10 recovery codes are left")

	// To make new ones before they are used up holds nobody.
	b.Open("/portal/security/recovery-codes").Submit("Make ten new codes").Want(200, "I have saved them")
	b.Open("/portal").Want(200, "Your access")
}
