package auth_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

type object = map[string]any

func mac1(secret, text string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// ec2 is a request of signature version 0 at a time.
func ec2(access, secret string, at time.Time) object {
	stamp := at.UTC().Format(time.RFC3339)
	return object{
		"access": access, "signature": mac1(secret, "Describe"+stamp), "verb": "GET", "host": "cloud.example", "path": "/",
		"params": object{"SignatureVersion": "0", "Action": "Describe", "Timestamp": stamp},
	}
}

func s3(access, secret string) object {
	return object{
		"access": access, "token": base64.URLEncoding.EncodeToString([]byte("GET\n\n\n\n/bucket")), "signature": mac1(secret, "GET\n\n\n\n/bucket"),
	}
}

// s3v4 is a request of signature version 4 to one of S3's services.
func s3v4(access, secret, service string) object {
	text := "AWS4-HMAC-SHA256\n20260304T050607Z\n20260304/eu/" + service + "/aws4_request\n" + strings.Repeat("ab", 32)
	key := []byte("AWS4" + secret)
	for _, part := range []string{"20260304", "eu", service, "aws4_request", text} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	return object{"access": access, "token": base64.URLEncoding.EncodeToString([]byte(text)), "signature": hex.EncodeToString(key)}
}

// signers is a cloud with the service that signed requests come to, and a key of bob's.
type signers struct {
	*cloud
	service, bobby *testenv.Actor
	access, secret string
}

func newSigners(t *testing.T, changes ...func(*config.Config)) *signers {
	t.Helper()
	c := &signers{cloud: newCloud(t, changes...)}
	swift := c.user("swift")
	c.grant("projects/"+c.project, swift, "service")
	c.service = c.Authenticate(auth(`"methods": ["password"], "password": {"user": {"id": "`+swift+`", "password": "secret"}}`, testenv.OnProjectID(c.project))).
		Want(201).Actor()
	c.bobby = c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	key := c.bobby.Post("/v3/users/"+c.bob+"/credentials/OS-EC2", object{"tenant_id": c.project}).Want(201)
	c.access, c.secret = key.Get("credential.access"), key.Get("credential.secret")
	return c
}

func (c *signers) ec2(r object) *testenv.Response {
	return c.service.Post("/v3/ec2tokens", object{"credentials": r})
}

// key keeps a key of bob's that says of itself what blob does.
func (c *signers) key(access string, blob object, project string) {
	blob["access"], blob["secret"] = access, "s"
	text, _ := json.Marshal(blob)
	c.bobby.Post("/v3/credentials", object{"credential": object{
		"type": "ec2", "user_id": c.bob, "project_id": project, "blob": string(text),
	}}).Want(201)
}

func (c *signers) ok() object { return ec2(c.access, c.secret, c.Clock.Now()) }

// S-052
func TestWhoMayHandOnSignedRequests(t *testing.T) {
	c := newSigners(t)
	for path, r := range map[string]object{"/v3/ec2tokens": c.ok(), "/v3/s3tokens": s3(c.access, c.secret)} {
		for _, name := range []string{"credentials", "credential", "ec2Credentials"} {
			c.service.Post(path, object{name: r}).Want(200)
		}
		c.admin.Post(path, object{"credentials": r}).Want(200)
		c.bobby.Post(path, object{"credentials": r}).Want(403)
		c.Post(path, object{"credentials": r}).Want(401)
		c.With("gAAAA").Post(path, object{"credentials": r}).Want(401)
		for _, who := range []*testenv.Actor{c.Actor, c.admin} {
			who.Get(path).Want(405)
			who.Head(path).Want(405)
		}
	}
}

// S-054
func TestTokenOfSignedRequest(t *testing.T) {
	c := newSigners(t)
	issued := c.ec2(c.ok()).Want(200)
	shown := c.service.Validate(issued.Actor().Token).Want(200)
	if issued.Body != shown.Body || len(issued.List("token.catalog")) == 0 {
		t.Errorf("issued as\n%s\nshown as\n%s", issued.Body, shown.Body)
	}
	if got := fmt.Sprint(issued.List("token.methods"), issued.Get("token.user.id"), issued.Get("token.project.id")); got != "[ec2credential]"+c.bob+c.project {
		t.Errorf("got %s", got)
	}
	key := issued.Actor()
	for _, path := range []string{"/v3/users/" + c.bob, "/v3/credentials", "/v3/auth/projects", "/v3/auth/catalog"} {
		key.Get(path).Want(403)
	}
	key.Post("/v3/OS-TRUST/trusts", `{"trust": {}}`).Want(403)
	key.Post("/v3/users/"+c.bob+"/credentials/OS-EC2", object{"tenant_id": c.project}).Want(403)
	key.Validate(key.Token).Want(403)
	c.exchange(key.Token).Want(403)

	for _, r := range []object{s3(c.access, c.secret), s3v4(c.access, c.secret, "s3"), s3v4(c.access, c.secret, "iam"), s3v4(c.access, c.secret, "sts")} {
		s3 := c.service.Post("/v3/s3tokens", object{"credentials": r}).Want(200)
		if s3.Header.Get("X-Subject-Token") != "" || s3.Get("token.user.id") != c.bob || s3.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("S3: %v %s", s3.Header, s3.Body)
		}
	}
}

// S-053, S-023
func TestBadSignedRequests(t *testing.T) {
	c := newSigners(t)
	with := func(name string, value any) object {
		r := c.ok()
		r[name] = value
		return r
	}
	at := func(text any) object {
		r := with("params", object{"SignatureVersion": "0", "Action": "Describe", "Timestamp": text})
		r["signature"] = mac1(c.secret, "Describe"+fmt.Sprint(text))
		return r
	}
	cases := map[string]object{
		"wrong secret":     ec2(c.access, "wrong", c.Clock.Now()),
		"too old":          ec2(c.access, c.secret, c.Clock.Now().Add(-15*time.Minute-time.Second)),
		"no time":          at("yesterday"),
		"no day":           at("2026-02-30T00:00:00Z"),
		"a number as time": at(1772600000),
		"no parameters":    with("params", nil),
		"unknown version":  with("params", object{"SignatureVersion": "3"}),
		"no version":       with("params", object{}),
		"no access key":    {"signature": "x"},
	}
	for _, value := range []any{nil, 1, true, []string{"x"}, object{"x": 1}, ""} {
		for _, name := range []string{"signature", "params"} {
			cases[fmt.Sprint(name, value)] = with(name, value)
		}
		if got := c.ec2(with("access", value)).Status; got != 401 && got != 404 {
			t.Errorf("access key %v: got %d", value, got)
		}
	}
	for name, r := range cases {
		if got := c.ec2(r).Status; got != 401 {
			t.Errorf("%s: got %d, want 401", name, got)
		}
	}
	for _, r := range []object{
		s3(c.access, "wrong"), {"access": c.access}, {"access": c.access, "token": 1, "signature": 2}, {"access": c.access, "token": "!", "signature": "x"},
		s3v4(c.access, c.secret, "ec2"),
	} {
		c.service.Post("/v3/s3tokens", object{"credentials": r}).Want(401)
	}
	c.ec2(ec2("unknown", "x", c.Clock.Now())).Want(404)
	c.ec2(ec2(c.access, c.secret, c.Clock.Now().Add(-15*time.Minute))).Want(200)
	c.ec2(ec2(c.access, c.secret, c.Clock.Now().Add(time.Hour))).Want(200)
	c.service.Post("/v3/ec2tokens", `{}`).Want(400)
	for _, body := range []string{`{"credentials": {}}`, `{"credentials": "access"}`, `{"credentials": ["access"]}`, `{"x": 1}`} {
		c.service.Post("/v3/ec2tokens", body).Want(401)
		c.service.Post("/v3/s3tokens", body).Want(401)
	}
	// Another kind of credential is no key, whatever its id.
	other := c.bobby.Post("/v3/credentials", object{"credential": object{"type": "totp", "user_id": c.bob, "blob": "x"}}).Want(201)
	c.ec2(ec2(other.Get("credential.id"), "x", c.Clock.Now())).Want(404)
}

// S-165
func TestSignedRequestsWithoutTheirMethod(t *testing.T) {
	c := newSigners(t, func(cfg *config.Config) { cfg.Auth.Methods = []string{"password", "token"} })
	for _, path := range []string{"/v3/ec2tokens", "/v3/s3tokens"} {
		c.bobby.Post(path, object{}).Want(403)
		for _, r := range []object{{}, {"credentials": c.ok()}} {
			if got := c.service.Post(path, r).Want(503); got.Header.Get("X-Subject-Token") != "" || !strings.Contains(got.Message(), "ec2credential") {
				t.Errorf("%s: %s", path, got.Body)
			}
		}
	}
}

// S-057
func TestKeyEndsWithItsGrounds(t *testing.T) {
	c := newSigners(t)
	for what, switched := range map[string]string{
		"project": "projects/" + c.project, "user": "users/" + c.bob, "domain": "domains/" + c.domain,
	} {
		set := func(enabled bool) {
			if what == "domain" { // the service is in it, too
				c.service = c.admin
			}
			c.admin.Patch("/v3/"+switched, object{what: object{"enabled": enabled}}).Want(200)
		}
		set(false)
		c.admin.Post("/v3/ec2tokens", object{"credentials": c.ok()}).Want(401)
		c.admin.Post("/v3/s3tokens", object{"credentials": s3(c.access, c.secret)}).Want(401)
		set(true)
		c.ec2(c.ok()).Want(200)
	}
	c.admin.Delete("/v3/projects/" + c.project + "/users/" + c.bob + "/roles/" + c.roles["member"]).Want(204)
	c.ec2(c.ok()).Want(401)
}

func TestKeyOfLockedUser(t *testing.T) {
	five := 5
	c := newSigners(t, func(cfg *config.Config) { cfg.SecurityCompliance.LockoutFailureAttempts = &five })
	for range five {
		c.Authenticate(c.body("wrong")).Want(401)
	}
	c.ec2(c.ok()).Want(401)
}

// A key proves no second factor. Rules can say that it is enough.
func TestKeyAndMultiFactorRules(t *testing.T) {
	c := newSigners(t)
	rules := func(rules ...[]string) {
		c.admin.Patch("/v3/users/"+c.bob, object{"user": object{"options": object{"multi_factor_auth_rules": rules}}}).Want(200)
	}
	rules([]string{"password", "token"})
	if r := c.ec2(c.ok()).Want(401); r.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Error("a receipt is handed out")
	}
	rules([]string{"password", "token"}, []string{"ec2credential"})
	c.ec2(c.ok()).Want(200)
}

// S-055, S-056
func TestKeyMadeWithDelegatedToken(t *testing.T) {
	c := newSigners(t)
	c.grant("projects/"+c.project, c.bob, "reader")
	c.bobby = c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	other := c.admin.Post("/v3/projects", `{"project": {"name": "other", "domain_id": "`+c.domain+`"}}`).Want(201).Get("project.id")
	c.grant("projects/"+other, c.bob, "member")
	end := c.Clock.Now().Add(10 * time.Minute)
	roles := func(r *testenv.Response) string { return fmt.Sprint(r.Texts("token.roles", "name")) }

	app := c.bobby.Post("/v3/users/"+c.bob+"/application_credentials", object{"application_credential": object{
		"name": "a", "roles": []object{{"name": "reader"}}, "expires_at": end.Format(time.RFC3339),
	}}).Want(201).Get("application_credential.id")
	c.key("app", object{"app_cred_id": app}, c.project)
	c.key("app elsewhere", object{"app_cred_id": app}, other)
	r := c.ec2(ec2("app", "s", c.Clock.Now())).Want(200)
	if roles(r) != "[reader]" || r.Get("token.expires_at") != "2026-03-04T05:16:07.000000Z" || r.Get("token.application_credential.id") != app {
		t.Errorf("application credential: %s", r.Body)
	}
	c.ec2(ec2("app elsewhere", "s", c.Clock.Now())).Want(401)

	alice := c.user("alice")
	trust := func(trustee string, impersonation bool) string {
		return c.bobby.Post("/v3/OS-TRUST/trusts", object{"trust": object{
			"trustor_user_id": c.bob, "trustee_user_id": trustee, "project_id": c.project, "impersonation": impersonation,
			"roles": []object{{"name": "reader"}}, "expires_at": end.Format(time.RFC3339),
		}}).Want(201).Get("trust.id")
	}
	for name, handed := range map[string]string{"acting": trust(alice, true), "to oneself": trust(c.bob, false)} {
		c.key(name, object{"trust_id": handed}, c.project)
		c.key(name+" elsewhere", object{"trust_id": handed}, other)
		r := c.ec2(ec2(name, "s", c.Clock.Now())).Want(200)
		if roles(r) != "[reader]" || r.Get("token.expires_at") != "2026-03-04T05:16:07.000000Z" || r.Get("token.OS-TRUST:trust.id") != handed ||
			r.Get("token.user.id") != c.bob {
			t.Errorf("trust %s: %s", name, r.Body)
		}
		c.ec2(ec2(name+" elsewhere", "s", c.Clock.Now())).Want(401)
		c.bobby.Delete("/v3/OS-TRUST/trusts/" + handed).Want(204)
		c.ec2(ec2(name, "s", c.Clock.Now())).Want(401)
	}
	c.key("of a plain trust", object{"trust_id": trust(alice, false)}, c.project)
	c.ec2(ec2("of a plain trust", "s", c.Clock.Now())).Want(401)
	c.key("oauth", object{"access_token_id": "gone"}, c.project)
	c.ec2(ec2("oauth", "s", c.Clock.Now())).Want(401)

	c.Clock.Advance(10 * time.Minute)
	c.ec2(ec2("app", "s", c.Clock.Now())).Want(401)
	c.admin = c.Admin()
	c.bobby = c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	c.bobby.Delete("/v3/users/" + c.bob + "/application_credentials/" + app).Want(204)
	c.ec2(ec2("app", "s", c.Clock.Now())).Want(401)
}

// Who writes a trust of others into a key of their own gets nothing from it.
func TestKeyOfForeignTrust(t *testing.T) {
	c := newSigners(t)
	carol, alice := c.user("carol"), c.user("alice")
	c.grant("projects/"+c.project, carol, "admin")
	own := c.Authenticate(auth(`"methods": ["password"], "password": {"user": {"id": "`+carol+`", "password": "secret"}}`, testenv.OnProjectID(c.project))).
		Want(201).Actor()
	for _, acting := range []bool{true, false} {
		trust := own.Post("/v3/OS-TRUST/trusts", object{"trust": object{
			"trustor_user_id": carol, "trustee_user_id": alice, "project_id": c.project, "impersonation": acting, "roles": []object{{"name": "admin"}},
		}}).Want(201).Get("trust.id")
		c.key(fmt.Sprint(acting), object{"trust_id": trust}, c.project)
		c.ec2(ec2(fmt.Sprint(acting), "s", c.Clock.Now())).Want(401)
	}
}
