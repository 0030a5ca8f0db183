package portal_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/testenv"
)

// robots are what logs in for alice, in the two ways of before and after her second factor.
type robots struct {
	env           *testenv.Env
	user, project string

	service *testenv.Actor // whom requests are shown to that a key has signed; nil for the administrator
}

// credential makes an application credential with a token, and returns what logs in with it.
func (r robots) credential(alice *testenv.Actor, name string) (login string) {
	made := alice.Post("/v3/users/"+r.user+"/application_credentials", `{"application_credential": {"name": "`+name+`"}}`).Want(201)
	return `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + made.Get("application_credential.id") +
		`", "secret": "` + made.Get("application_credential.secret") + `"}}}}`
}

func (r robots) key(alice *testenv.Actor) [2]string {
	made := alice.Post("/v3/users/"+r.user+"/credentials/OS-EC2", `{"tenant_id": "`+r.project+`"}`).Want(201)
	return [2]string{made.Get("credential.access"), made.Get("credential.secret")}
}

// signed logs in by a request that a key has signed.
func (r robots) signed(key [2]string) *testenv.Response {
	stamp := r.env.Clock.Now().UTC().Format(time.RFC3339)
	m := hmac.New(sha1.New, []byte(key[1]))
	m.Write([]byte("Describe" + stamp))
	service := r.service
	if service == nil {
		service = r.env.Admin()
	}
	return service.Post("/v3/ec2tokens", map[string]any{"credentials": map[string]any{
		"access": key[0], "signature": base64.StdEncoding.EncodeToString(m.Sum(nil)), "verb": "GET", "host": "cloud.example", "path": "/",
		"params": map[string]any{"SignatureVersion": "0", "Action": "Describe", "Timestamp": stamp},
	}})
}

func (r robots) trust(alice *testenv.Actor, trustee string) string {
	return alice.Post("/v3/OS-TRUST/trusts", `{"trust": {"trustor_user_id": "`+r.user+`", "trustee_user_id": "`+trustee+`", "project_id": "`+r.project+
		`", "impersonation": true, "roles": [{"name": "member"}]}}`).Want(201).Get("trust.id")
}

func (r robots) byTrust(id string) *testenv.Response {
	return r.env.Authenticate(strings.TrimSuffix(testenv.Body("bob", "secret"), "}}") + `, "scope": {"OS-TRUST:trust": {"id": "` + id + `"}}}}`)
}

// keys are the names of the radio buttons of a page, by the words of their group.
func keys(b *testenv.Browser, legend string) (all []string) {
	for part := range strings.SplitSeq(b.Body, "<fieldset") {
		_, after, found := strings.Cut(part, "<legend>"+legend)
		_, after, _ = strings.Cut(after, `name="do `)
		if key, _, _ := strings.Cut(after, `"`); found {
			all = append(all, key)
		}
	}
	return all
}

// B17, B20, B26, 5.3, 5.4: whoever turns a second factor on decides on each thing that logs in without it, by name and with their own
// numbers. What is made with the factor works; what is neither kept nor made so does not, until its owner decides otherwise.
func TestRobotsBesideTheFactor(t *testing.T) {
	env := testenv.New(t)
	r := robots{env: env}
	r.user, r.project = member(env, "alice", "acme")
	bob, _ := member(env, "bob", "other")
	alice := env.Login("alice", "secret", testenv.OnProjectID(r.project))
	kept, ended, gone := r.credential(alice, "kept"), r.credential(alice, "ended"), r.credential(alice, "gone")
	oldKey, trust := r.key(alice), r.trust(alice, bob)
	byTrust := r.byTrust(trust).Want(201).Actor().Token
	b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").
		Want(200, "3 application credentials stop working", "1 S3 key stops working", "1 trust that you gave stops working", "In the last step you say which")
	b.Submit("Continue")
	p := scan(t, env, b)
	b.Submit("Continue", "code", p.code()).Want(200, "What logs in without you", "Application credential kept · acme", "S3 or EC2 key", "Trust that you gave")
	codes := recovery(b)
	of := func(name string) string { return keys(b, "Application credential "+name)[0] }
	keptKey := of("kept")
	b.Submit("Turn it on", "typed", codes[0], "do "+keptKey, "keep").Want(422, "Say why you keep it")
	b.Submit("Turn it on", "typed", "wrong", "do "+of("kept"), "keep", "why "+of("kept"), "nightly backup", "do "+of("gone"), "delete").Want(422, "none of these codes")
	if !strings.Contains(b.Body, `value="nightly backup"`) {
		t.Error("what was decided is lost")
	}
	for _, login := range []string{kept, ended, gone} {
		env.Authenticate(login).Want(201)
	}
	b.Submit("Turn it on", "typed", codes[0]).Want(200, "Your second factor is on")

	env.Authenticate(kept).Want(201)
	if a := env.Authenticate(ended).Want(401); !strings.Contains(a.Body, "turned on a second factor") || a.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Errorf("suspended: %s", a.Body)
	}
	env.Authenticate(gone).Want(404)
	r.signed(oldKey).Want(401)
	r.byTrust(trust).Want(401)
	env.Admin().Validate(byTrust).Want(404) // 8.7
	wrong := strings.Replace(ended, `"secret": "`, `"secret": "x`, 1)
	if a := env.Authenticate(wrong).Want(401); strings.Contains(a.Body, "second factor") {
		t.Error("a stranger learns of the factor")
	}

	// What is made with the factor works.
	both := env.Authenticate(byBoth(r.user, p.next(), testenv.OnProjectID(r.project))).Want(201).Actor()
	env.Authenticate(r.credential(both, "new")).Want(201)
	r.signed(r.key(both)).Want(200)
	newTrust := r.trust(both, bob)
	r.byTrust(newTrust).Want(201)
	b.Open("/portal/credentials").Want(200) // M8
	for name, want := range map[string]string{"kept": "kept Not asked for the second factor", "ended": "ended Suspended", "new": "new"} {
		if got := row(b, name); !strings.HasPrefix(name+" "+got, want+" acme") {
			t.Errorf("of %s it says %q", name, got)
		}
	}

	// Later decisions, in person and with the factor.
	b.Open("/portal/security").Want(200, "2 application credentials They work", "1 trust that you gave", "3 are suspended Made without the second factor", "Decide on each")
	terminal := b.Open("/portal/terminal").Want(200, "Show the file")
	for name, offered := range map[string]bool{"kept": true, "ended": false, "new": true} {
		if strings.Contains(terminal.Body, ">"+name+"</option>") != offered {
			t.Errorf("a file with %s is offered: %t", name, !offered)
		}
	}
	b.Open("/portal/security/robots").Want(200, "Application credential ended", "Made without the second factor", "Made with the second factor", "Kept: it works")
	if !slices.Contains(keys(b, "Application credential kept"), of("kept")) {
		t.Error("the kept one is not listed")
	}
	anew := "/portal/credentials/" + strings.TrimPrefix(of("ended"), "application_credential/") + "/rotate"
	if follow(t, b, "Make one like it now").Want(200, "Name of the new one"); b.Path != anew {
		t.Errorf("it leads to %s", b.Path)
	}
	b.Open("/portal/security/robots").Submit("Save", "do "+of("ended"), "keep", "why "+of("ended"), "pipeline", "do "+of("kept"), "suspend", "do OS-TRUST:trust/"+newTrust, "suspend").Want(200, "Saved")
	env.Authenticate(ended).Want(201)
	env.Authenticate(kept).Want(401)
	r.byTrust(newTrust).Want(401)

	// A key that was kept and deleted is another one when it comes again.
	old := keys(b, "S3 or EC2 key")[0]
	for _, key := range keys(b, "S3 or EC2 key") {
		b.Submit("Save", "do "+key, "keep", "why "+key, "backups").Want(200)
		old = key
	}
	r.signed(oldKey).Want(200)
	b.Submit("Save", "do "+old, "delete").Want(200)

	// Without the factor all works, and nobody decides for others.
	env.Clock.Advance(6 * time.Minute)
	b.Open("/portal/security/totp/remove").Submit("Confirm", "password", "secret").Submit("Continue", "code", p.next())
	b.Submit("Turn it off", "code", p.next()).Want(200)
	env.Authenticate(kept).Want(201)
	w := env.SignIn("bob", "secret").Open("/portal/security/robots").Want(200, "You have no application credentials")
	_, form := w.Form("Sign out")
	form.Set("do "+keptKey, "delete")
	w.Send("POST", "/portal/security/robots", form).Want(200)
	env.Authenticate(kept).Want(201)
}

// oauth lets a consumer act for alice by OAuth 1, and returns what logs in by it.
func (r robots) oauth(alice *testenv.Actor) func() *testenv.Response {
	admin := r.env.Admin()
	made := admin.Post("/v3/OS-OAUTH1/consumers", `{"consumer": {}}`).Want(201)
	consumer, secret := made.Get("consumer.id"), made.Get("consumer.secret")
	n := 0
	call := func(path, body, token, tokenSecret string, more ...string) *testenv.Response {
		n++
		params := url.Values{
			"oauth_consumer_key": {consumer}, "oauth_nonce": {fmt.Sprintf("%024d", n)}, "oauth_signature_method": {"HMAC-SHA1"},
			"oauth_timestamp": {fmt.Sprint(r.env.Clock.Now().Unix())}, "oauth_version": {"1.0"},
		}
		if token != "" {
			params.Set("oauth_token", token)
		}
		for i := 0; i+1 < len(more); i += 2 {
			params.Set(more[i], more[i+1])
		}
		escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
		var pairs, fields []string
		for _, name := range slices.Sorted(maps.Keys(params)) {
			pairs = append(pairs, escape(name)+"="+escape(params.Get(name)))
		}
		mac := hmac.New(sha1.New, []byte(escape(secret)+"&"+escape(tokenSecret)))
		mac.Write([]byte("POST&" + escape("http://identity.example"+path) + "&" + escape(strings.Join(pairs, "&"))))
		params.Set("oauth_signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, name := range slices.Sorted(maps.Keys(params)) {
			fields = append(fields, escape(name)+`="`+escape(params.Get(name))+`"`)
		}
		headers := []string{"Authorization", "OAuth " + strings.Join(fields, ", ")}
		if body == "" {
			headers = append(headers, "Requested-Project-Id", r.project)
		}
		var send any
		if body != "" {
			send = body
		}
		return r.env.Post(path, send, headers...)
	}
	request, err := url.ParseQuery(call("/v3/OS-OAUTH1/request_token", "", "", "", "oauth_callback", "oob").Want(201).Body)
	if err != nil {
		panic(err)
	}
	role := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	verifier := alice.Put("/v3/OS-OAUTH1/authorize/"+request.Get("oauth_token"), `{"roles": [{"id": "`+role+`"}]}`).Want(200).Get("token.oauth_verifier")
	access, err := url.ParseQuery(call("/v3/OS-OAUTH1/access_token", "", request.Get("oauth_token"), request.Get("oauth_token_secret"), "oauth_verifier", verifier).Want(201).Body)
	if err != nil {
		panic(err)
	}
	return func() *testenv.Response {
		return call("/v3/auth/tokens", `{"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}`, access.Get("oauth_token"), access.Get("oauth_token_secret"))
	}
}

// everything are an application credential, an OAuth token, an EC2 key and a trust of alice's, and what each logs in with.
func (r robots) everything(alice *testenv.Actor, name, bob string) map[string]func() *testenv.Response {
	credential, key, trust := r.credential(alice, name), r.key(alice), r.trust(alice, bob)
	return map[string]func() *testenv.Response{
		"application credential": func() *testenv.Response { return r.env.Authenticate(credential) },
		"OAuth token":            r.oauth(alice),
		"EC2 key":                func() *testenv.Response { return r.signed(key) },
		"trust":                  func() *testenv.Response { return r.byTrust(trust) },
	}
}

// 5.4, B17, B20: what each of the policies makes of all that logs in for somebody who turned a second factor on in the portal, be it older than
// that or made with it, and for somebody whose rules an administrator has set.
func TestRobotPolicies(t *testing.T) {
	programs, delegated := []string{"application credential", "OAuth token"}, []string{"EC2 key", "trust"}
	for policy, c := range map[string]struct {
		old, minted, ruled map[string]bool // whether they log in
		says               string          // the 401 of an application credential
		receipt            bool
		asks               string // of what to decide, in the last step
		badges             [2]int // how many are not asked for the factor, and how many are suspended
	}{
		identity.RobotsKeystone: {
			old:    map[string]bool{"EC2 key": true, "trust": true},
			minted: map[string]bool{"EC2 key": true, "trust": true},
			ruled:  map[string]bool{"EC2 key": true, "trust": true},
			says:   "none of which lets it log in by itself", receipt: true, badges: [2]int{2, 2},
		},
		identity.RobotsSeed: {
			old:    map[string]bool{"EC2 key": true, "trust": true},
			minted: map[string]bool{"EC2 key": true, "trust": true},
			ruled:  map[string]bool{"trust": true},
			says:   "application credentials and OAuth tokens may not log in here", asks: "These are never asked for a second factor", badges: [2]int{2, 2},
		},
		identity.RobotsMinted: {
			old:    map[string]bool{},
			minted: map[string]bool{"application credential": true, "OAuth token": true, "EC2 key": true, "trust": true},
			ruled:  map[string]bool{"trust": true},
			says:   "Its owner can keep it", asks: "Keep those that you need", badges: [2]int{0, 2},
		},
	} {
		t.Run(policy, func(t *testing.T) {
			env := testenv.New(t, func(c *config.Config) {
				c.Lintel.MFARobots = policy
				c.Auth.Methods = append(c.Auth.Methods, "oauth1")
				c.Default.PublicEndpoint = "http://identity.example"
			})
			bob, _ := member(env, "bob", "other")
			bobs := env.Login("bob", "secret")
			r, q := robots{env: env}, robots{env: env}
			r.user, r.project = member(env, "alice", "acme")
			q.user, q.project = member(env, "quentin", "quarry")
			admin := env.Admin().Get("/v3/roles?name=admin").Want(200).Get("roles.0.id") // who alone authorizes OAuth tokens
			env.Admin().Put("/v3/projects/"+r.project+"/users/"+r.user+"/roles/"+admin, nil).Want(204)
			env.Admin().Put("/v3/projects/"+q.project+"/users/"+q.user+"/roles/"+admin, nil).Want(204)
			old := r.everything(env.Login("alice", "secret", testenv.OnProjectID(r.project)), "old", bob)
			ruled := q.everything(env.Login("quentin", "secret", testenv.OnProjectID(q.project)), "old", bob)
			check := func(when string, all map[string]func() *testenv.Response, works map[string]bool) {
				t.Helper()
				for _, what := range slices.Concat(programs, delegated) {
					if a := all[what](); (a.Status < 300) != works[what] || a.Status >= 300 && a.Status != 401 {
						t.Errorf("%s, %s: %d %s", when, what, a.Status, a.Body)
					}
				}
			}
			everything := map[string]bool{"application credential": true, "OAuth token": true, "EC2 key": true, "trust": true}
			check("before", old, everything)
			check("before", ruled, everything)

			env.Admin().Patch("/v3/users/"+q.user, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
			check("with an administrator's rules", ruled, c.ruled)
			a := ruled["application credential"]()
			if got := fmt.Sprint(a.Value("required_auth_methods")); got != "[[password totp]]" || !strings.Contains(a.Message(), "none of which lets it log in") {
				t.Errorf("with an administrator's rules an application credential learns %s", a.Body)
			}
			env.Admin().Patch("/v3/users/"+q.user, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"], ["application_credential"]]}}}`).Want(200)
			ruled["application credential"]().Want(201)

			b := env.SignIn("alice", "secret").Open("/portal/security/totp/new").Want(200, "1 application credential stops working", "1 OAuth access token stops working")
			if policy != identity.RobotsMinted {
				b.Want(200, "1 S3 key does not ask for a second factor", "1 trust that you gave does not ask")
			}
			b.Submit("Continue")
			p := scan(t, env, b)
			b.Submit("Continue", "code", p.code()).Want(200, "Your recovery codes")
			if strings.Contains(b.Body, "What logs in without you") != (c.asks != "") || !strings.Contains(b.Text(), c.asks) {
				t.Errorf("the last step asks for decisions as it should not: %s", b.Text())
			}
			codes := recovery(b)
			if policy == identity.RobotsSeed {
				all := append(keys(b, "S3 or EC2 key"), keys(b, "Trust that you gave")...)
				if len(all) != 2 || len(keys(b, "Application credential")) != 0 {
					t.Errorf("to decide on: %q", all)
				}
				b.Submit("Turn it on", "typed", codes[0], "do "+all[0], "keep").Want(422, "Say of each key and trust")
				b.Submit("Turn it on", "typed", codes[0], "do "+all[0], "keep", "do "+all[1], "keep").Want(200, "Your second factor is on")
			} else {
				b.Submit("Turn it on", "typed", codes[0]).Want(200, "Your second factor is on")
			}
			check("from before the factor", old, c.old)
			bobs.Get("/v3/auth/projects").Want(200) // what others have goes on
			a = old["application credential"]().Want(401)
			if !strings.Contains(a.Message(), c.says) || (a.Header.Get("Openstack-Auth-Receipt") != "") != c.receipt || c.receipt && fmt.Sprint(a.Value("required_auth_methods")) != "[[password totp]]" {
				t.Errorf("an application credential learns %v %s", a.Header, a.Body)
			}
			both := env.Authenticate(byBoth(r.user, p.next(), testenv.OnProjectID(r.project))).Want(201).Actor()
			check("made with the factor", r.everything(both, "new", bob), c.minted)
			if warned := strings.Contains(env.Log(), "is not asked for the second factor of its owner"); warned != (policy == identity.RobotsSeed) {
				t.Errorf("the log warns: %t", warned)
			}
			// M8, M11: their owner sees which are not asked, and which may not log in.
			b.Open("/portal/credentials").Want(200)
			unasked, suspended := strings.Count(b.Text(), "Not asked for the second factor"), strings.Count(b.Text(), "Suspended")
			if want := c.badges; [2]int{unasked, suspended} != want {
				t.Errorf("%d are not asked and %d suspended, want %v: %s", unasked, suspended, want, b.Text())
			}
			switch b.Open("/portal/security/robots"); policy {
			case identity.RobotsKeystone:
				b.Want(404)
			case identity.RobotsSeed:
				key := keys(b.Want(200, "Delete those that nothing needs"), "S3 or EC2 key")
				b.Submit("Save", "do "+key[0], "delete", "do "+key[1], "delete", "do "+keys(b, "Trust that you gave")[0], "keep", "do "+keys(b, "Trust that you gave")[1], "keep").Want(200, "Saved")
				old["EC2 key"]().Want(404)
			}
		})
	}
}
