package portal_test

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/totp"
)

// member is a user of the default domain with the role member on a new project; their password is "secret".
func member(env *testenv.Env, name, project string) (user, projectID string) {
	admin := env.Admin()
	user = admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": name, "password": "secret"}}).Want(201).Get("user.id")
	projectID = admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": project}}).Want(201).Get("project.id")
	role := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	admin.Put("/v3/projects/"+projectID+"/users/"+user+"/roles/"+role, nil).Want(204)
	return user, projectID
}

func TestSignInAndOut(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	b := env.Browser()
	b.Open("/portal/credentials")
	if !strings.HasPrefix(b.Path, "/portal/login") {
		t.Fatalf("nobody is sent to %s", b.Path)
	}
	b.Submit("Sign in", "name", "alice", "password", "wrong").Want(422, "That did not work")
	if !strings.Contains(b.Body, `value="alice"`) || strings.Contains(b.Body, "wrong") {
		t.Errorf("the name stays, the password does not: %s", b.Body)
	}
	b.Submit("Sign in", "password", "secret").Want(200, "Credentials")
	b.Open("/portal").Want(200, "acme", "Project in Default", "member", "reader with member")
	b.Submit("Sign out").Want(200, "Signed out")
	if b.Open("/portal"); !strings.HasPrefix(b.Path, "/portal/login") {
		t.Errorf("signed out and still at %s", b.Path)
	}
}

// S-016
func TestOneSentenceForAllFailures(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": false}}`).Want(200)
	var first string
	for _, try := range [][]string{{"name", "admin", "password", "wrong"}, {"name", "nobody", "password", "secret"},
		{"name", "alice", "password", "secret"}, {"name", "admin", "password", testenv.Password, "domain", "none"}} {
		b := env.Browser().Open("/portal/login").Submit("Sign in", try...).Want(422)
		said, _, _ := strings.Cut(b.Text(), "User name")
		if !strings.Contains(said, "try again later or set a new password") { // P1: an account may be locked
			t.Errorf("%v: nobody says what to do: %s", try, said)
		}
		if first == "" {
			first = said
		}
		if said != first {
			t.Errorf("%v: %q, want %q", try, said, first)
		}
	}
}

// TestSignInByAddress: P1: the address of one account alone lets it in, and what fails says what all failures say. S-016
func TestSignInByAddress(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	corp := admin.Post("/v3/domains", `{"domain": {"name": "corp"}}`).Want(201).Get("domain.id")
	account := func(name, email, domain string) string {
		body := map[string]any{"name": name, "email": email, "password": "secret of " + name}
		if domain != "" {
			body["domain_id"] = domain
		}
		return admin.Post("/v3/users", map[string]any{"user": body}).Want(201).Get("user.id")
	}
	alice := account("alice", "Alice@acme.example", "")
	account("carl", "carl@acme.example", corp)
	account("twin", "twins@acme.example", "")
	account("twin2", "TWINS@acme.example", "")
	account("alias@acme.example", "alice2@acme.example", "")
	account("rival", "alias@acme.example", "")
	account("elsewhere", "alice@acme.example", corp)
	admin.Post("/v3/users", `{"user": {"name": "odd", "email": {"email": "odd@acme.example"}, "password": "secret of odd"}}`).Want(201)

	signIn := func(name, domain, password string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Submit("Sign in", "name", name, "domain", domain, "password", password)
	}
	for _, tt := range []struct{ name, domain, who string }{
		{"alice@acme.example", "", "alice"}, {"ALICE@ACME.example", "Default", "alice"}, {"alice@acme.example", "corp", "elsewhere"},
		{"carl@acme.example", "", "carl"}, {"alias@acme.example", "", "alias@acme.example"},
	} {
		if b := signIn(tt.name, tt.domain, "secret of "+tt.who).Want(200); !strings.Contains(b.Open("/portal/profile").Text(), tt.who) {
			t.Errorf("%s in %q: at %s", tt.name, tt.domain, b.Path)
		}
	}
	want, _, _ := strings.Cut(signIn("nobody", "", "secret").Want(422).Text(), "User name")
	for _, tt := range []struct{ name, domain, password string }{
		{"alice@acme.example", "", "wrong"}, {"nobody@acme.example", "", "secret"}, {"twins@acme.example", "", "secret of twin"}, {"carl@acme.example", "Default", "secret of carl"},
		{"alias@acme.example", "", "secret of rival"}, {"odd@acme.example", "", "secret of odd"}, {"alice@acme.example", "none", "secret of alice"}, {"@", "", "x"},
	} {
		if said, _, _ := strings.Cut(signIn(tt.name, tt.domain, tt.password).Want(422).Text(), "User name"); said != want {
			t.Errorf("%s in %q: %q, want %q", tt.name, tt.domain, said, want)
		}
	}
	env.Authenticate(testenv.Body("alice@acme.example", "secret of alice")).Want(401) // Keystone knows names alone

	// Another address counts at once, and wrong passwords count for the account.
	admin.Patch("/v3/users/"+alice, `{"user": {"email": "liz@acme.example"}}`).Want(200)
	signIn("alice@acme.example", "Default", "secret of alice").Want(422)
	for i := range 10 {
		signIn([]string{"alice", "liz@acme.example", "LIZ@acme.example"}[i%3], "", "wrong")
	}
	signIn("liz@acme.example", "", "secret of alice").Want(429)
	signIn("alice", "", "secret of alice").Want(429)
}

// S-114
func TestSessionsEnd(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	signedIn := func(b *testenv.Browser) bool { b.Open("/portal"); return b.Path == "/portal" }

	idle := env.SignIn("alice", "secret")
	env.Clock.Advance(29 * time.Minute)
	if !signedIn(idle) {
		t.Error("ended before half an hour of rest")
	}
	env.Clock.Advance(30 * time.Minute)
	if signedIn(idle) {
		t.Error("goes on after half an hour of rest")
	}
	busy := env.SignIn("alice", "secret")
	for range 35 {
		env.Clock.Advance(20 * time.Minute)
		if !signedIn(busy) {
			t.Fatal("ended while in use")
		}
	}
	env.Clock.Advance(20 * time.Minute)
	if signedIn(busy) {
		t.Error("goes on after twelve hours")
	}
	for what, end := range map[string]func(){
		"a new password": func() {
			env.Admin().Patch("/v3/users/"+user, `{"user": {"password": "secret"}}`).Want(200)
		},
		"revoking all tokens": func() { env.Admin().Delete("/v3/users/" + user + "/tokens").Want(204) },
		"disabling": func() {
			env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": false}}`).Want(200)
			env.Admin().Patch("/v3/users/"+user, `{"user": {"enabled": true}}`).Want(200)
		},
	} {
		b := env.SignIn("alice", "secret")
		env.Clock.Advance(2 * time.Second)
		if end(); signedIn(b) {
			t.Errorf("goes on after %s", what)
		}
		env.Clock.Advance(2 * time.Second)
	}

	// The key changes at each sign-in and at each proof, and the old one opens nothing.
	b := env.SignIn("alice", "secret")
	old := b.Cookies["__Host-lintel"]
	b.Open("/portal/confirm").Submit("Confirm", "password", "wrong").Want(422, "not your password")
	b.Submit("Confirm", "password", "secret").Want(200)
	if b.Cookies["__Host-lintel"] == old {
		t.Error("the key did not change")
	}
	thief := env.Browser()
	thief.Cookies["__Host-lintel"] = old
	if signedIn(thief) || !signedIn(b) {
		t.Error("the old key opens something, or the new one nothing")
	}
	last := b.Cookies["__Host-lintel"]
	b.Submit("Sign out")
	thief.Cookies["__Host-lintel"] = last
	if signedIn(thief) {
		t.Error("the session goes on after signing out")
	}
	w := env.Browser().Open("/portal/login")
	for _, c := range w.Header["Set-Cookie"] {
		if !strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.HasPrefix(c, "__Host-") {
			t.Errorf("cookie %s", c)
		}
	}
}

// S-115
func TestForeignFormsDoNothing(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	member(env, "bob", "other")
	b := env.SignIn("alice", "secret").Open("/portal/security/password")
	action, form := b.Form("Change the password")
	form.Set("password", "secret")
	form.Set("new", "other-secret")
	form.Set("again", "other-secret")
	_, bobs := env.SignIn("bob", "secret").Open("/portal/security/password").Form("Change the password")
	for what, token := range map[string]string{"none": "", "another's": bobs.Get("csrf"), "made up": strings.Repeat("A", 43)} {
		f := maps.Clone(form)
		f.Set("csrf", token)
		b.Send("POST", action, f).Want(403)
		if what == "" {
			t.Fatal()
		}
	}
	b.Send("POST", action, form, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").Want(403)
	env.Login("alice", "secret") // nothing has changed
	b.Send("POST", action, form).Want(200, "Your password was changed")
	env.Login("alice", "other-secret")
	old := form.Get("csrf")
	_, now := b.Open("/portal/security/password").Form("Change the password")
	if now.Get("csrf") == old {
		t.Error("a new session has the old session's forms")
	}
}

// S-117
func TestReturnsStayHere(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	for next, want := range map[string]string{
		"/portal/security": "/portal/security", "https://evil.example": "/portal", "//evil.example": "/portal", "/portal//evil": "/portal",
		"/portal/../v3": "/portal", `/portal/\evil.example`: "/portal", "/portalevil": "/portal", "/v3": "/portal", "javascript:alert(1)": "/portal",
	} {
		b := env.Browser().Open("/portal/login?next="+url.QueryEscape(next)).Submit("Sign in", "name", "alice", "password", "secret")
		if b.Path != want {
			t.Errorf("next=%s leads to %s, want %s", next, b.Path, want)
		}
	}
}

// S-089, S-116
func TestPagesAreInert(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, `<script>alert("x")</script>`, `"><img src=x onerror=alert(1)>`)
	env.Admin().Patch("/v3/users/"+user, map[string]any{"user": map[string]any{"email": `<b>@example`}}).Want(200)
	b := env.SignIn(`<script>alert("x")</script>`, "secret")
	for _, path := range []string{"/portal", "/portal/credentials", "/portal/credentials/new", "/portal/security", "/portal/terminal", "/portal/profile"} {
		b.Open(path).Want(200)
		for _, raw := range []string{"<script>alert", "<img", "<b>", "onerror=alert(1)>", " style=", " onclick="} {
			if strings.Contains(b.Body, raw) {
				t.Errorf("%s holds %s", path, raw)
			}
		}
		csp := b.Header.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			b.Header.Get("Cache-Control") != "no-store" || b.Header.Get("Vary") != "X-Auth-Token" || b.Header.Get("Strict-Transport-Security") == "" || b.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, b.Header)
		}
	}
}

// B12, B14, B15, C10: a credential is made with what was chosen, its secret shown once; what works with it works in the API.
func TestApplicationCredential(t *testing.T) {
	env := testenv.New(t)
	_, project := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret").Open("/portal/credentials").Want(200, "None yet")
	b.Open("/portal/credentials/new").Want(200, "member", "reader")
	b.Submit("Create the credential", "name", "").Want(422, "Give it a name")
	b.Submit("Create the credential", "name", "backup", "ends", "date", "date", "2020-01-01").Want(422, "still to come")
	if !strings.Contains(b.Body, `value="backup"`) {
		t.Error("what was typed is lost")
	}
	reader := env.Admin().Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	b.Submit("Another rule", "path", "/v3/users/*").Want(200)
	if strings.Count(b.Body, `name="path"`) != 2 {
		t.Errorf("another rule was asked for: %s", b.Body)
	}
	b.Submit("Create the credential", "name", "backup", "ends", "30", "role", reader).Want(200, "shown this once", "Terraform")
	_, file := b.Form("Download")
	id, secret := file.Get("id"), file.Get("secret")
	b.Submit("Download").Want(200)
	if !strings.Contains(b.Body, secret) || !strings.Contains(b.Header.Get("Content-Disposition"), "clouds.yaml") {
		t.Errorf("the file: %v %s", b.Header, b.Body)
	}
	login := env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + id + `", "secret": "` + secret + `"}}}}`).Want(201)
	if login.Get("token.project.id") != project || len(login.List("token.roles")) != 1 || login.Get("token.roles.0.name") != "reader" {
		t.Errorf("its token: %s", login.Body)
	}
	alice := env.Login("alice", "secret", testenv.OnProjectID(project))
	user := alice.Validate(alice.Token).Want(200).Get("token.user.id")
	shown := alice.Get("/v3/users/" + user + "/application_credentials/" + id).Want(200)
	if at := shown.Get("application_credential.expires_at"); !strings.HasPrefix(at, env.Clock.Now().AddDate(0, 0, 30).Format("2006-01-02T15:04")) {
		t.Errorf("it ends %s", at)
	}
	b.Open("/portal/credentials").Want(200, "backup", "acme", "1 access rule")
	if strings.Contains(b.Body, secret) {
		t.Error("the secret is shown again")
	}
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "backup").Want(422, "of this name")
	b.Open("/portal/credentials/"+id+"/delete").Want(200, "Delete backup?").Submit("Delete the credential").Want(200, "was deleted", "None yet")
	env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + id + `", "secret": "` + secret + `"}}}}`).Want(404)
}

// S-122: another's things are not there.
func TestOthersThings(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	_, other := member(env, "bob", "other")
	bob := env.SignIn("bob", "secret")
	bob.Open("/portal/credentials/new").Submit("Create the credential", "name", "backup").Want(200)
	_, file := bob.Form("Download")
	bob.Open("/portal/credentials/keys/new").Submit("Create the key").Want(200, "Secret key")
	bob.Open("/portal/credentials").Want(200, "backup")
	_, key, _ := strings.Cut(bob.Body, "/portal/credentials/keys/new")
	_, key, _ = strings.Cut(key, "/portal/credentials/keys/")
	key, _, _ = strings.Cut(key, "/")

	alice := env.SignIn("alice", "secret")
	alice.Open("/portal/credentials/" + file.Get("id") + "/delete").Want(404)
	_, form := alice.Open("/portal/security/password").Form("Change the password")
	csrf := url.Values{"csrf": {form.Get("csrf")}}
	alice.Send("POST", "/portal/credentials/"+file.Get("id")+"/delete", csrf).Want(404)
	alice.Send("POST", "/portal/credentials/keys/"+key+"/delete", csrf).Want(403)
	alice.Send("POST", "/portal/credentials/keys/new", url.Values{"csrf": csrf["csrf"], "project": {other}}).Want(404)
	alice.Open("/portal").Want(200)
	admin := env.Admin()
	carol := admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "carol", "password": "secret"}}).Want(201).Get("user.id")
	admin.Put("/v3/projects/"+other+"/users/"+carol+"/roles/"+admin.Get("/v3/roles?name=reader").Get("roles.0.id"), nil).Want(204)
	env.SignIn("carol", "secret").Open("/portal/credentials/keys/new").Submit("Create the key").Want(422, "do not let you make an S3 key") // M11
	bob.Open("/portal/credentials").Want(200, "backup", key)
	bob.Open("/portal/credentials/keys/"+key+"/delete").Submit("Delete the key").Want(200, "The key was deleted", "You have none")
}

// M7: sessions are listed and can be ended.
func TestSessionsAreListed(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	here, there, third := env.SignIn("alice", "secret"), env.SignIn("alice", "secret"), env.SignIn("alice", "secret")
	here.Open("/portal/security").Want(200, "This one", "End 2 other sessions").Submit("End").Want(200, "The session was ended", "End 1 other session")
	here.Submit("End 1 other session").Want(200, "All other sessions were ended")
	here.Open("/portal/activity").Want(200, "Ended a session of the portal", "Ended all other sessions of the portal") // S-125
	for _, b := range []*testenv.Browser{there, third} {
		if b.Open("/portal"); !strings.HasPrefix(b.Path, "/portal/login") {
			t.Error("an ended session goes on")
		}
	}
	here.Open("/portal").Want(200)
	here.Submit("Sign out").Want(200, "Signed out")
	if n := strings.Count(env.SignIn("alice", "secret").Open("/portal/activity").Body, "Ended a session of the portal"); n != 2 {
		t.Errorf("%d ends of sessions are on the trail", n)
	}
}

// P3: who knows an expired password changes it and is in.
func TestExpiredPassword(t *testing.T) {
	days := 30 * 24 * time.Hour
	env := testenv.New(t, func(c *config.Config) { c.SecurityCompliance.PasswordExpiresDays = &days })
	member(env, "alice", "acme")
	env.Clock.Advance(31 * 24 * time.Hour)
	b := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "has expired")
	b.Submit("Change the password and sign in", "password", "wrong", "new", "better", "again", "better").Want(422, "not your present password")
	b.Submit("Change the password and sign in", "password", "secret", "new", "better", "again", "bettre").Want(422, "not the same")
	b.Submit("Change the password and sign in", "password", "secret", "new", "better", "again", "better").Want(200, "Your access")
}

// TestNewPasswordsAreExplained: P3, P5, P6: what a new password must be like, in the domain of whom it is for, and one that is.
func TestNewPasswordsAreExplained(t *testing.T) {
	days := 30 * 24 * time.Hour
	env := testenv.New(t, func(c *config.Config) {
		c.SecurityCompliance.PasswordExpiresDays, c.SecurityCompliance.UniqueLastPasswordCount = &days, 3
		c.SecurityCompliance.PasswordRegex, c.SecurityCompliance.PasswordRegexDescription = `^.*-`, "Dashes, please."
	})
	admin := env.Admin()
	corp := admin.Post("/v3/domains", `{"domain": {"name": "corp"}}`).Want(201).Get("domain.id")
	admin.Post("/v3/users", map[string]any{"user": map[string]any{"name": "carl", "email": "carl@corp.example", "domain_id": corp, "password": "a-secret"}}).Want(201)
	env.SignIn("admin", testenv.Password).Open("/portal/d/"+corp+"/rules").Submit("Save the rules", "password_length", "30", "password_kinds", "3").Want(200)
	env.Clock.Advance(31 * 24 * time.Hour)

	b := env.Browser().Open("/portal/login").Submit("Sign in", "name", "carl@corp.example", "password", "a-secret").Want(200, "has expired",
		"At least 30 characters. 3 of these: lower case, upper case, digits, other characters. Dashes, please. None of the last 3.", "Suggest one")
	change := func(pw string) *testenv.Browser {
		return b.Submit("Change the password and sign in", "password", "a-secret", "new", pw, "again", pw)
	}
	change("a-secret-that-is-short").Want(422, "fewer than 30 characters")
	change("a-secret-that-is-long-and-has-few-kinds").Want(422, "needs 3 of these")
	_, made, _ := strings.Cut(b.Body, `id="made">`)
	made, _, _ = strings.Cut(made, "<")
	if b.Header.Get("Cache-Control") != "no-store" || len(made) != 30 {
		t.Errorf("suggests %q, to be kept: %s", made, b.Header.Get("Cache-Control"))
	}
	change(made).Want(200, "Your access").Open("/portal/security/password").Want(200, "At least 30 characters")
	if strings.Contains(b.Body, made) {
		t.Error("one is suggested twice")
	}
	for _, domain := range []string{"Default", "none"} { // of a domain that is not there it says what it says of any
		env.Browser().Open("/portal/login/password?name=x&domain="+domain).Want(200, "Dashes, please.")
	}
}

// TestPasswordsForOthersAreSuggested: D3, D5, J5: who sets a password for somebody else is told what their domain asks of it, and has one suggested
// that it takes.
func TestPasswordsForOthersAreSuggested(t *testing.T) {
	env := testenv.New(t)
	_, acme := mainUser(t, env, "ann@acme.example", "acme")
	root := env.SignIn("admin", testenv.Password)
	root.Open("/portal/d/default/rules").Submit("Save the rules", "password_length", "30", "password_kinds", "3").Want(200)
	seen := map[string]bool{}
	suggested := func(b *testenv.Browser) string {
		t.Helper()
		b.Want(200, "At least 30 characters. 3 of these: lower case, upper case, digits, other characters.", "Suggest one", "kept nowhere")
		_, made, _ := strings.Cut(b.Body, `id="made">`)
		made, _, _ = strings.Cut(made, "<")
		if len(made) != 30 || seen[made] || strings.Count(b.Body, made) != 1 || b.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("suggests %q", made)
		}
		seen[made] = true
		return made
	}
	root.Open("/portal/d/default/users/new").Submit("Create User", "name", "bob", "password", "secret").Want(422, "fewer than 30 characters")
	made := suggested(root.Open("/portal/d/default/users/new"))
	root.Submit("Create User", "name", "bob", "password", made).Want(200)
	env.SignIn("bob", made)
	id := env.Admin().Get("/v3/users?name=bob").Want(200).Get("users.0.id")
	made = suggested(root.Open("/portal/d/default/users/" + id + "/password"))
	root.Submit("Set the password", "password", made).Want(200, made)
	env.SignIn("bob", made)

	ann := env.SignIn("ann@acme.example", "secret")
	made = suggested(ann.Open("/portal/p/" + acme + "/api-users/new"))
	ann.Submit("Create the API user", "suffix", "ci", "password", made).Want(200, "shown this once")
	env.Login("ann@acme.example_ci", made, testenv.OnProjectID(acme))
	ci := env.Admin().Get("/v3/users?name=ann@acme.example_ci").Want(200).Get("users.0.id")
	made = suggested(ann.Open("/portal/p/" + acme + "/api-users/" + ci + "/password"))
	ann.Submit("Set the password", "password", made).Want(200, "shown this once")
	env.Login("ann@acme.example_ci", made, testenv.OnProjectID(acme))
	if root.Open("/portal/d/default/users/" + id + "/disable").Want(200); strings.Contains(root.Body, "Suggest one") {
		t.Error("a page suggests a password that it does not ask for")
	}
}

func TestTheStartIsForPeopleAndPrograms(t *testing.T) {
	env := testenv.New(t)
	if b := env.Browser().Open("/"); !strings.HasPrefix(b.Path, "/portal/login") {
		t.Errorf("a browser gets %s", b.Path)
	}
	env.Get("/").Want(300)
	env.Get("/", "Accept", "application/json").Want(300)
	off := testenv.New(t, func(c *config.Config) { c.Lintel.Portal = false })
	off.Get("/", "Accept", "text/html").Want(300)
	off.Get("/portal/login").Want(404)
}

// TestLanguages: the browser's language, or the one chosen, else English.
func TestLanguages(t *testing.T) {
	env := testenv.New(t)
	b := env.Browser()
	b.Send("GET", "/portal/login", nil, "Accept-Language", "de-CH, en;q=0.5").Want(200, "Anmelden")
	b.Send("GET", "/portal/login", nil, "Accept-Language", "tlh").Want(200, "Sign in")
	in := env.SignIn("admin", testenv.Password).Open("/portal/profile").Submit("Save", "language", "de", "theme", "dark").Want(200, "Gespeichert")
	if !strings.Contains(in.Body, `<html lang="de" data-theme="dark">`) {
		t.Errorf("%s", in.Body[:200])
	}
}

// P2, B28: who has a second factor is asked for it, once per code, and a proof of who is there asks for it too.
func TestSecondFactor(t *testing.T) {
	env := testenv.New(t)
	user, _ := member(env, "alice", "acme")
	admin := env.Admin()
	seed := "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	admin.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "totp", "user_id": user, "blob": seed}}).Want(201)
	admin.Patch("/v3/users/"+user, `{"user": {"options": {"multi_factor_auth_enabled": true, "multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	code := func() string {
		key, err := totp.Seed(seed)
		if err != nil {
			t.Fatal(err)
		}
		return totp.Code(key, totp.Step(env.Clock.Now()))
	}
	b := env.Browser().Open("/portal/login?next=/portal/security").Submit("Sign in", "name", "alice", "password", "secret").Want(200, "Enter the code", "alice")
	if b.Cookies["__Host-lintel"] != "" {
		t.Error("the password alone begins a session")
	}
	b.Submit("Continue", "code", "000000").Want(422, "Not accepted")
	typed := code()
	b.Submit("Continue", "code", typed[:3]+" "+typed[3:]).Want(200, "Where you are signed in")
	again := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	again.Submit("Continue", "code", typed).Want(422, "already used", "4 tries are left") // 5.6: 2

	b.Open("/portal/confirm").Submit("Confirm", "password", "secret").Want(200, "Enter the code")
	env.Clock.Advance(30 * time.Second)
	b.Submit("Continue", "code", code()).Want(200, "Your access")

	late := env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "password", "secret")
	env.Clock.Advance(6 * time.Minute)
	late.Submit("Continue", "code", code()).Want(200, "took too long")

	// A session from before the rules gives nothing once they are there.
	member(env, "bob", "other")
	bob := env.SignIn("bob", "secret")
	id := admin.Get("/v3/users?name=bob").Want(200).Get("users.0.id")
	admin.Patch("/v3/users/"+id, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	if bob.Open("/portal/credentials/new"); !strings.HasPrefix(bob.Path, "/portal/login") {
		t.Errorf("without a second factor: %s", bob.Path)
	}
}

// TestTooManyTries: who tries too often is told when to try again, in whole seconds. S-090
func TestTooManyTries(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Lintel.AddressRate = 1 })
	b := env.Browser().Open("/portal/login")
	for range 5 {
		if b.Submit("Sign in", "name", "admin", "password", "wrong"); b.Status == 429 {
			break
		}
	}
	b.Want(429, "too many tries")
	if seconds, err := strconv.Atoi(b.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 60 {
		t.Errorf("try again after %q", b.Header.Get("Retry-After"))
	}
}

// TestSignInsArePaced: 6.4, on all nodes together: 30 sign-ins from one address at once and one each second after that; ten wrong ones to an
// account from one network in ten minutes, be there such an account or not.
func TestSignInsArePaced(t *testing.T) {
	a, other := testenv.Pair(t)
	member(a, "alice", "acme")
	try := func(env *testenv.Env, name, password string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Submit("Sign in", "name", name, "password", password)
	}
	for _, name := range []string{"alice", "nobody"} {
		for i := range 10 {
			env := a
			if i%2 == 0 {
				env = other
			}
			try(env, name, "wrong").Want(422, "That did not work")
		}
	}
	for _, name := range []string{"alice", "nobody"} {
		if b := try(other, name, "secret").Want(429, "too many tries"); b.Header.Get("Retry-After") != "600" {
			t.Errorf("%s: again after %q", name, b.Header.Get("Retry-After"))
		}
	}
	a.Login("alice", "secret") // programs go on
	for range 10 {
		a.SignIn("admin", testenv.Password)
	}
	if b := try(other, "admin", testenv.Password).Want(429); b.Header.Get("Retry-After") != "1" {
		t.Errorf("the 31st sign-in: again after %q", b.Header.Get("Retry-After"))
	}
	for range 3 {
		a.Clock.Advance(time.Second)
		a.SignIn("admin", testenv.Password)
		try(other, "admin", testenv.Password).Want(429)
	}
	a.Clock.Advance(10 * time.Minute)
	a.SignIn("alice", "secret")
}

// TestConfirmationsAreCounted: 6.4, proofs of who is there count with sign-ins: the wrong ones of an account together, however it is named,
// and all of them by where they come from.
func TestConfirmationsAreCounted(t *testing.T) {
	env := testenv.New(t)
	member(env, "alice", "acme")
	b := env.SignIn("alice", "secret")
	try := func(password string) *testenv.Browser {
		return b.Open("/portal/confirm").Submit("Confirm", "password", password)
	}
	signIn := func(domain, password string) *testenv.Browser {
		return env.Browser().Open("/portal/login").Submit("Sign in", "name", "alice", "domain", domain, "password", password)
	}
	for range 4 {
		try("wrong").Want(422, "That is not your password")
	}
	for range 3 {
		signIn("", "wrong").Want(422)
		signIn("Default", "wrong").Want(422)
	}
	if b := try("secret").Want(429, "too many tries"); b.Header.Get("Retry-After") != "600" {
		t.Errorf("again after %q", b.Header.Get("Retry-After"))
	}
	signIn("", "secret").Want(429)
	env.Login("alice", "secret") // programs go on
	env.Clock.Advance(10*time.Minute + time.Second)
	b = env.SignIn("alice", "secret")
	for range 29 {
		try("secret").Want(200, "Your access")
	}
	if b := try("secret").Want(429); b.Header.Get("Retry-After") != "1" {
		t.Errorf("the 31st from one address: again after %q", b.Header.Get("Retry-After"))
	}
}
