package portal_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
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

	// Later decisions, in person and with the factor.
	b.Open("/portal/security").Want(200, "Decide on each")
	b.Open("/portal/security/robots").Want(200, "Application credential ended", "Made without the second factor", "Made with the second factor", "Kept: it works")
	if !slices.Contains(keys(b, "Application credential kept"), of("kept")) {
		t.Error("the kept one is not listed")
	}
	b.Submit("Save", "do "+of("ended"), "keep", "why "+of("ended"), "pipeline", "do "+of("kept"), "suspend", "do OS-TRUST:trust/"+newTrust, "suspend").Want(200, "Saved")
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

// 5.4: as Keystone has it, application credentials are refused, keys and trusts go on, and nobody decides.
func TestRobotsAsInKeystone(t *testing.T) {
	for _, policy := range []string{identity.RobotsKeystone, identity.RobotsSeed} {
		env := testenv.New(t, func(c *config.Config) { c.Lintel.MFARobots = policy })
		r := robots{env: env}
		r.user, r.project = member(env, "alice", "acme")
		bob, _ := member(env, "bob", "other")
		alice := env.Login("alice", "secret", testenv.OnProjectID(r.project))
		robot, key, trust := r.credential(alice, "robot"), r.key(alice), r.trust(alice, bob)
		b := env.SignIn("alice", "secret")
		b.Open("/portal/security/totp/new").Want(200, "1 S3 key does not ask for a second factor", "1 trust that you gave does not ask", "1 application credential stops working")
		p, _ := enrol(t, env, b)
		if a := env.Authenticate(robot).Want(401); !strings.Contains(a.Body, "turned on a second factor") {
			t.Errorf("%s: %s", policy, a.Body)
		}
		r.signed(key).Want(200)
		r.byTrust(trust).Want(201)
		env.Authenticate(r.credential(env.Authenticate(byBoth(r.user, p.next(), testenv.OnProjectID(r.project))).Want(201).Actor(), "new")).Want(401)
		b.Open("/portal/security/robots").Want(404)
	}
}
