package credential_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// delegation is a user with two roles on a project, who may authorize, and a consumer.
type delegation struct {
	*testenv.Env
	admin, giver *testenv.Actor
	user, on     string
	role         map[string]string
	consumer     testenv.OAuth1
}

func newDelegation(t *testing.T, changes ...func(*config.Config)) *delegation {
	t.Helper()
	d := &delegation{Env: testenv.New(t, changes...), role: map[string]string{}}
	d.admin = d.Admin()
	d.on = d.admin.Post("/v3/projects", object{"project": object{"name": "web"}}).Want(201).Get("project.id")
	d.user = d.admin.Post("/v3/users", object{"user": object{"name": "ann", "password": "secret"}}).Want(201).Get("user.id")
	roles := d.admin.Get("/v3/roles").Want(200)
	for i, name := range roles.Texts("roles", "name") {
		d.role[name] = roles.Texts("roles", "id")[i]
	}
	d.role["operator"] = d.admin.Post("/v3/roles", object{"role": object{"name": "operator"}}).Want(201).Get("role.id")
	viewer := d.admin.Post("/v3/roles", object{"role": object{"name": "viewer"}}).Want(201).Get("role.id")
	d.admin.Put("/v3/roles/"+d.role["operator"]+"/implies/"+viewer, nil).Want(201)
	for _, role := range []string{"admin", "operator"} {
		d.admin.Put("/v3/projects/"+d.on+"/users/"+d.user+"/roles/"+d.role[role], nil).Want(204)
	}
	d.giver = d.Login("ann", "secret", testenv.OnProject("web"))
	d.consumer = d.NewConsumer()
	return d
}

// request gets a request token, and the consumer that holds it.
func (d *delegation) request() testenv.OAuth1 {
	return d.consumer.With(d.consumer.RequestToken(d.Env, d.on).Want(201))
}

func (d *delegation) authorize(by *testenv.Actor, token string, roles ...string) *testenv.Response {
	refs := []object{}
	for _, r := range roles {
		refs = append(refs, object{"name": r})
	}
	return by.Put("/v3/OS-OAUTH1/authorize/"+token, object{"roles": refs})
}

// given goes the whole way to an access token with some roles.
func (d *delegation) given(roles ...string) testenv.OAuth1 {
	r := d.request()
	verifier := d.authorize(d.giver, r.Token, roles...).Want(200).Get("token.oauth_verifier")
	return d.consumer.With(r.AccessToken(d.Env, verifier).Want(201))
}

func TestOAuth1(t *testing.T) {
	d := newDelegation(t)
	asked := d.consumer.RequestToken(d.Env, d.on).Want(201)
	if got := asked.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" || asked.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", asked.Header)
	}
	if want := "&oauth_expires_at=2026-03-04T13:06:07.000000Z"; !strings.HasSuffix(asked.Body, want) {
		t.Errorf("got %s, want %s", asked.Body, want)
	}
	r := d.consumer.With(asked)
	verifier := d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
	got := r.AccessToken(d.Env, verifier).Want(201)
	if want := "&oauth_expires_at=2026-03-05T05:06:07.000000Z"; !strings.HasSuffix(got.Body, want) {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	a := d.consumer.With(got)
	in := a.LogIn(d.Env).Want(201)
	for path, want := range map[string]string{
		"token.user.id": d.user, "token.project.id": d.on, "token.OS-OAUTH1.access_token_id": a.Token, "token.OS-OAUTH1.consumer_id": a.Key,
		"token.methods.0": "oauth1",
	} {
		if got := in.Get(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	names := in.Texts("token.roles", "name")
	slices.Sort(names)
	if want := []string{"operator", "viewer"}; !slices.Equal(names, want) {
		t.Errorf("roles: got %v, want %v", names, want)
	}
	if seen := d.admin.Validate(in.Actor().Token).Want(200); seen.Body != in.Body {
		t.Errorf("seen: %s, issued: %s", seen.Body, in.Body)
	}
	at := "/v3/users/" + d.user + "/OS-OAUTH1/access_tokens"
	if got := d.giver.Get(at).Want(200).Texts("access_tokens", "id"); !slices.Equal(got, []string{a.Token}) {
		t.Errorf("list: %v", got)
	}
	shown := d.giver.Get(at + "/" + a.Token).Want(200)
	if strings.Contains(shown.Body, a.TokenSecret) || strings.Contains(d.giver.Get(at).Body, a.TokenSecret) || strings.Contains(d.admin.Get("/v3/OS-OAUTH1/consumers").Body, a.Secret) {
		t.Errorf("a secret is shown: %s", shown.Body)
	}
	if got := d.giver.Get(at+"/"+a.Token+"/roles").Want(200).Texts("roles", "name"); !slices.Equal(got, []string{"operator"}) {
		t.Errorf("roles: %v", got)
	}
	d.giver.Get(at + "/" + a.Token + "/roles/" + d.role["operator"]).Want(200)
	d.giver.Get(at + "/" + a.Token + "/roles/" + d.role["admin"]).Want(404)
	other := "/v3/users/" + d.admin.Validate(d.admin.Token).Get("token.user.id") + "/OS-OAUTH1/access_tokens/" + a.Token
	d.admin.Get(other).Want(404)
	d.admin.Get(other + "/roles").Want(404)
	d.admin.Get(other + "/roles/" + d.role["operator"]).Want(401)
	d.admin.Delete(other).Want(401)
	d.Login("ann", "secret", testenv.OnProject("web")).Delete(at + "/" + a.Token).Want(204)
	d.admin.Validate(in.Actor().Token).Want(404)
	a.LogIn(d.Env).Want(404)
}

// TestOAuth1Roles: who authorizes hands on what they hold, as long as they hold it. S-062, I7
func TestOAuth1Roles(t *testing.T) {
	d := newDelegation(t)
	d.authorize(d.giver, d.request().Token, "service").Want(401)
	d.authorize(d.giver, d.request().Token, "nothing").Want(404)
	d.authorize(d.giver, "unknown", "operator").Want(404)
	d.giver.Put("/v3/OS-OAUTH1/authorize/"+d.request().Token, object{"roles": []object{{"id": "unknown"}}}).Want(401)
	reader := d.admin.Post("/v3/users", object{"user": object{"name": "rob", "password": "secret"}}).Want(201).Get("user.id")
	d.admin.Put("/v3/projects/"+d.on+"/users/"+reader+"/roles/"+d.role["reader"], nil).Want(204)
	d.authorize(d.Login("rob", "secret", testenv.OnProject("web")), d.request().Token, "reader").Want(403)
	// An administrator elsewhere holds nothing here.
	d.authorize(d.admin, d.request().Token, "admin").Want(401)

	d.given().LogIn(d.Env).Want(401) // no role is no access
	both, one := d.given("admin", "operator"), d.given("admin")
	wide, narrow := both.LogIn(d.Env).Want(201).Actor(), one.LogIn(d.Env).Want(201).Actor()
	d.admin.Delete("/v3/projects/" + d.on + "/users/" + d.user + "/roles/" + d.role["admin"]).Want(204)
	names := d.admin.Validate(wide.Token).Want(200).Texts("token.roles", "name")
	if slices.Sort(names); !slices.Equal(names, []string{"operator", "viewer"}) {
		t.Errorf("roles: got %v", names)
	}
	d.admin.Validate(narrow.Token).Want(404)
	narrow.Get("/v3/auth/projects").Want(401)
	one.LogIn(d.Env).Want(401)
	d.admin.Delete("/v3/roles/" + d.role["operator"]).Want(204)
	if got := d.admin.Get("/v3/users/"+d.user+"/OS-OAUTH1/access_tokens/"+both.Token+"/roles").Want(200).Texts("roles", "name"); !slices.Equal(got, []string{"admin"}) {
		t.Errorf("roles that are left: %v", got)
	}
}

// TestOAuth1Replay: a signed request counts once, and for some minutes. S-062, I6
func TestOAuth1Replay(t *testing.T) {
	d := newDelegation(t)
	b := testenv.Open(t, d.Dir, d.Clock) // another node
	send := func(e *testenv.Env, path, header string) *testenv.Response {
		var body any
		if path == "/v3/auth/tokens" {
			body = `{"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}`
		}
		return e.Post(path, body, "Authorization", header, "Requested-Project-Id", d.on)
	}
	const requests, accesses, logins = "/v3/OS-OAUTH1/request_token", "/v3/OS-OAUTH1/access_token", "/v3/auth/tokens"
	r := d.request()
	verifier := d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
	access := r.Sign(d.Env, accesses, "oauth_verifier", verifier)
	a := d.consumer.With(send(d.Env, accesses, access).Want(201))
	send(b, accesses, access).Want(401)
	r.AccessToken(d.Env, verifier).Want(401) // the request token is used
	for _, path := range []string{requests, logins} {
		header := a.Sign(d.Env, logins)
		if path == requests {
			header = d.consumer.Sign(d.Env, requests, "oauth_callback", "oob")
		}
		send(d.Env, path, header).Want(201)
		send(d.Env, path, header).Want(401)
		send(b, path, header).Want(401)
		d.Clock.Advance(9 * time.Minute)
		send(b, path, header).Want(401)
		d.Clock.Advance(20 * time.Minute)
		send(d.Env, path, header).Want(401)
		if r := send(d.Env, path, header); r.Get("error.message") != "The request you have made requires authentication." {
			t.Errorf("%s", r.Body)
		}
	}
	// At once on both nodes.
	header := a.Sign(d.Env, logins)
	statuses := make(chan int)
	for i := range 8 {
		go func() { statuses <- send([]*testenv.Env{d.Env, b}[i%2], logins, header).Status }()
	}
	seen := map[int]int{}
	for range 8 {
		seen[<-statuses]++
	}
	if seen[201] != 1 || seen[401] != 7 {
		t.Errorf("answers: %v", seen)
	}
}

// S-062
func TestOAuth1Guesses(t *testing.T) {
	d := newDelegation(t)
	r := d.request()
	verifier := d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
	wrong := "abcdefgh"
	stranger := d.NewConsumer()
	stranger.Token, stranger.TokenSecret = r.Token, r.TokenSecret
	for range 10 { // what is signed by others counts for nothing
		stranger.AccessToken(d.Env, wrong).Want(401)
		stranger.AccessToken(d.Env, verifier).Want(401)
		testenv.OAuth1{Key: r.Key, Secret: r.Secret, Token: r.Token, TokenSecret: "x"}.AccessToken(d.Env, wrong).Want(401)
	}
	for range 4 {
		r.AccessToken(d.Env, wrong).Want(401)
	}
	d.consumer.With(r.AccessToken(d.Env, verifier).Want(201)).LogIn(d.Env).Want(201)

	r = d.request()
	r.AccessToken(d.Env, wrong).Want(401) // before anybody has authorized it
	verifier = d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
	for range 5 {
		r.AccessToken(d.Env, wrong).Want(401)
	}
	r.AccessToken(d.Env, verifier).Want(401)
}

// TestOAuth1Delegated: rights that were handed on hand on nothing. S-063, S-045, S-036, I1
func TestOAuth1Delegated(t *testing.T) {
	d := newDelegation(t)
	a := d.given("admin", "operator")
	at := "/v3/users/" + d.user + "/OS-OAUTH1/access_tokens"
	trust := func(impersonation bool) *testenv.Actor {
		id := d.giver.Post("/v3/OS-TRUST/trusts", object{"trust": object{"trustor_user_id": d.user, "trustee_user_id": d.user,
			"impersonation": impersonation, "project_id": d.on, "roles": []object{{"name": "admin"}}}}).Want(201).Get("trust.id")
		return d.Login("ann", "secret", fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, id))
	}
	app := d.giver.Post("/v3/users/"+d.user+"/application_credentials", object{"application_credential": object{"name": "x", "secret": "y", "unrestricted": true}}).Want(201).Get("application_credential.id")
	for kind, c := range map[string]*testenv.Actor{
		"oauth1": a.LogIn(d.Env).Want(201).Actor(), "trust": trust(false), "acting": trust(true),
		"application credential": d.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + app + `", "secret": "y"}}}}`).Want(201).Actor(),
	} {
		for what, r := range map[string]*testenv.Response{
			"authorize": d.authorize(c, d.request().Token, "operator"),
			"list":      c.Get(at), "show": c.Get(at + "/" + a.Token), "delete": c.Delete(at + "/" + a.Token),
		} {
			if r.Status != 403 {
				t.Errorf("%s by %s: %d %s", what, kind, r.Status, r.Body)
			}
		}
	}
	c := a.LogIn(d.Env).Want(201).Actor()
	for what, r := range map[string]*testenv.Response{
		"trusts": c.Get("/v3/OS-TRUST/trusts"), "credentials": c.Post("/v3/credentials", object{"credential": object{"type": "cert", "blob": "x", "user_id": d.user}}),
		"application credentials": c.Get("/v3/users/" + d.user + "/application_credentials"), "EC2": c.Get("/v3/users/" + d.user + "/credentials/OS-EC2"),
		"a password": c.Patch("/v3/users/"+d.user, object{"user": object{"password": "new"}}),
		"a token":    d.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + c.Token + `"}}}}`),
	} {
		if r.Status != 403 {
			t.Errorf("%s: %d %s", what, r.Status, r.Body)
		}
	}
}

// TestOAuth1Ends: tokens end with whatever they stand on. S-007, S-008, S-040, I5, I7
func TestOAuth1Ends(t *testing.T) {
	for what, end := range map[string]func(*delegation, testenv.OAuth1) (method, path, body string){
		"consumer": func(d *delegation, a testenv.OAuth1) (string, string, string) {
			return "DELETE", "/v3/OS-OAUTH1/consumers/" + a.Key, ""
		},
		"access token": func(d *delegation, a testenv.OAuth1) (string, string, string) {
			return "DELETE", "/v3/users/" + d.user + "/OS-OAUTH1/access_tokens/" + a.Token, ""
		},
		"user": func(d *delegation, _ testenv.OAuth1) (string, string, string) {
			return "DELETE", "/v3/users/" + d.user, ""
		},
		"user, disabled": func(d *delegation, _ testenv.OAuth1) (string, string, string) {
			return "PATCH", "/v3/users/" + d.user, `{"user": {"enabled": false}}`
		},
		"project": func(d *delegation, _ testenv.OAuth1) (string, string, string) {
			return "DELETE", "/v3/projects/" + d.on, ""
		},
		"project, disabled": func(d *delegation, _ testenv.OAuth1) (string, string, string) {
			return "PATCH", "/v3/projects/" + d.on, `{"project": {"enabled": false}}`
		},
		"role": func(d *delegation, _ testenv.OAuth1) (string, string, string) {
			return "DELETE", "/v3/roles/" + d.role["operator"], ""
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDelegation(t)
			b := testenv.Open(t, d.Dir, d.Clock)
			r := d.request()
			verifier := d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
			a := d.given("operator")
			c := a.LogIn(d.Env).Want(201).Actor()
			for range 3 {
				d.admin.Validate(c.Token).Want(200)
				b.Admin().Validate(c.Token).Want(200)
			}
			method, path, body := end(d, a)
			if got := d.admin.Do(method, path, body).Status; got != 200 && got != 204 {
				t.Fatal(got)
			}
			b.CatchUp()
			d.admin.Validate(c.Token).Want(404)
			b.Admin().Validate(c.Token).Want(404)
			b.With(c.Token).Get("/v3/auth/projects").Want(401)
			if got := a.LogIn(b).Status; got != 401 && got != 404 {
				t.Errorf("a new login: %d", got)
			}
			if what == "access token" {
				return
			}
			// What was only authorized gives nothing either.
			if got := r.AccessToken(d.Env, verifier); got.Status == 201 {
				d.consumer.With(got).LogIn(d.Env).Want(401)
			} else {
				got.Want(401)
			}
		})
	}
}

// TestOAuth1Expiry: both tokens end when the configuration says, and take what was issued for them along. I7
func TestOAuth1Expiry(t *testing.T) {
	d := newDelegation(t, func(c *config.Config) {
		c.OAuth1.RequestTokenDuration, c.OAuth1.AccessTokenDuration = 10*time.Minute, 30*time.Minute
	})
	r := d.request()
	d.Clock.Advance(10*time.Minute + time.Second)
	d.authorize(d.giver, r.Token, "operator").Want(401)
	r = d.request()
	verifier := d.authorize(d.giver, r.Token, "operator").Want(200).Get("token.oauth_verifier")
	d.Clock.Advance(10*time.Minute + time.Second)
	r.AccessToken(d.Env, verifier).Want(401)
	a := d.given("operator")
	d.Clock.Advance(20 * time.Minute)
	in := a.LogIn(d.Env).Want(201)
	if got, want := in.Get("token.expires_at"), "2026-03-04T05:56:09.000000Z"; got != want {
		t.Errorf("expires_at: got %s, want %s", got, want)
	}
	d.Clock.Advance(10*time.Minute + time.Second)
	d.Admin().Validate(in.Actor().Token).Want(404)
	a.LogIn(d.Env).Want(401)

	forever := newDelegation(t, func(c *config.Config) { c.OAuth1.RequestTokenDuration, c.OAuth1.AccessTokenDuration = 0, 0 })
	asked := forever.consumer.RequestToken(forever.Env, forever.on).Want(201)
	if strings.Contains(asked.Body, "expires") {
		t.Errorf("it expires: %s", asked.Body)
	}
	a = forever.given("operator")
	forever.Clock.Advance(10000 * time.Hour)
	a.LogIn(forever.Env).Want(201)
}

// TestOAuth1Doors: this door obeys the state of the account, and multi-factor rules. I5
func TestOAuth1Doors(t *testing.T) {
	d := newDelegation(t, func(c *config.Config) {
		five := 5
		c.SecurityCompliance.LockoutFailureAttempts = &five
	})
	a := d.given("operator")
	rules := func(r string) {
		d.admin.Patch("/v3/users/"+d.user, `{"user": {"options": {"multi_factor_auth_rules": `+r+`}}}`).Want(200)
	}
	rules(`[["password", "oauth1"]]`)
	receipt := a.LogIn(d.Env).Want(401).Header.Get("Openstack-Auth-Receipt")
	if receipt == "" {
		t.Fatal("no receipt")
	}
	// The receipt does not know what the access token was bound to.
	d.Post("/v3/auth/tokens", testenv.Body("ann", "secret", testenv.OnProject("web")), "Openstack-Auth-Receipt", receipt).Want(401)
	rules("null")
	a.LogIn(d.Env).Want(201)
	for range 5 {
		d.Authenticate(testenv.Body("ann", "wrong")).Want(401)
	}
	a.LogIn(d.Env).Want(401)
}

// TestOAuth1Requests: what is wrong with a request is a clear 4xx.
func TestOAuth1Requests(t *testing.T) {
	d := newDelegation(t)
	a := d.given("operator")
	const requests, accesses, logins = "/v3/OS-OAUTH1/request_token", "/v3/OS-OAUTH1/access_token", "/v3/auth/tokens"
	for what, tt := range map[string]struct {
		path, header string
		status       int
	}{
		"no header":        {requests, "", 400},
		"a Basic header":   {requests, "Basic YTpi", 400},
		"an unknown key":   {requests, testenv.OAuth1{Key: strings.Repeat("0", 32), Secret: "x"}.Sign(d.Env, requests, "oauth_callback", "oob"), 404},
		"a wrong secret":   {requests, testenv.OAuth1{Key: a.Key, Secret: "x"}.Sign(d.Env, requests, "oauth_callback", "oob"), 401},
		"another place":    {requests, d.consumer.Sign(d.Env, accesses, "oauth_callback", "oob"), 401},
		"no callback":      {requests, d.consumer.Sign(d.Env, requests), 400},
		"no nonce":         {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_nonce", ""), 400},
		"a strange nonce":  {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_nonce", "xyz"), 400},
		"an odd method":    {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_signature_method", "HMAC-MD5"), 400},
		"RSA":              {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_signature_method", "RSA-SHA1"), 401},
		"no time":          {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_timestamp", ""), 400},
		"a time in words":  {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_timestamp", "yesterday!"), 400},
		"no request token": {accesses, d.consumer.Sign(d.Env, accesses, "oauth_verifier", "abcdefgh"), 400},
		"no verifier":      {accesses, a.Sign(d.Env, accesses), 400},
		"an unknown token": {accesses, a.Sign(d.Env, accesses, "oauth_verifier", "abcdefgh"), 401},
		"no access token":  {logins, d.consumer.Sign(d.Env, logins), 400},
		"no signature":     {logins, `OAuth oauth_token="` + a.Token + `"`, 401},
		"another's token": {logins, func() string {
			o := d.NewConsumer()
			o.Token, o.TokenSecret = a.Token, a.TokenSecret
			return o.Sign(d.Env, logins)
		}(), 401},
		"an empty login":    {logins, "", 400},
		"another's project": {requests, d.consumer.Sign(d.Env, requests, "oauth_callback", "oob", "oauth_version", "2.0"), 400},
	} {
		var body any
		if tt.path == logins {
			body = `{"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}`
		}
		if r := d.Post(tt.path, body, "Authorization", tt.header, "Requested-Project-Id", d.on); r.Status != tt.status {
			t.Errorf("%s: got %d, want %d: %s", what, r.Status, tt.status, r.Body)
		}
	}
	d.Post(requests, nil, "Authorization", d.consumer.Sign(d.Env, requests, "oauth_callback", "oob")).Want(400)
	d.consumer.RequestToken(d.Env, "unknown").Want(404)
	for _, path := range []string{requests, accesses, "/v3/OS-OAUTH1/authorize/x"} {
		d.admin.Get(path).Want(http.StatusMethodNotAllowed)
	}
}

func TestConsumers(t *testing.T) {
	d := newDelegation(t)
	made := d.admin.Post("/v3/OS-OAUTH1/consumers", object{"consumer": object{"description": "x", "colour": "blue", "secret": "mine", "id": "mine"}}).Want(201)
	id, secret := made.Get("consumer.id"), made.Get("consumer.secret")
	if id == "mine" || secret == "mine" || len(secret) != 32 || made.Get("consumer.colour") != "blue" {
		t.Errorf("made: %s", made.Body)
	}
	at := "/v3/OS-OAUTH1/consumers/" + id
	changed := d.admin.Patch(at, object{"consumer": object{"description": nil, "shape": "round"}}).Want(200)
	if changed.Value("consumer.description") != nil || changed.Get("consumer.colour") != "blue" || changed.Get("consumer.shape") != "round" || changed.Value("consumer.secret") != nil {
		t.Errorf("changed: %s", changed.Body)
	}
	for _, bad := range []object{{}, {"secret": "x"}, {"description": 1}, {"id": "other"}, {"description": strings.Repeat("x", 65)}} {
		d.admin.Patch(at, object{"consumer": bad}).Want(400)
	}
	if got := d.admin.Get(at).Want(200); got.Value("consumer.secret") != nil {
		t.Errorf("shown: %s", got.Body)
	}
	d.admin.Delete(at).Want(204)
	d.admin.Get(at).Want(404)
	d.admin.Delete(at).Want(404)
	d.admin.Patch(at, object{"consumer": object{"description": "x"}}).Want(404)
	events := d.admin.Get("/v3/OS-REVOKE/events").Want(200)
	if got := events.Get("events.0.OS-OAUTH1:consumer_id"); got != id {
		t.Errorf("event: %s", events.Body)
	}
}
