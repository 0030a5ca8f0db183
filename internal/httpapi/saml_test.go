package httpapi_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/lintel-id/lintel/internal/testenv"
)

const west = "/v3/OS-FEDERATION/service_providers/west"

// certificate makes a key, and a certificate that it signs itself, in DER.
func certificate(t *testing.T, env *testenv.Env, name string) (key *rsa.PrivateKey, cert []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: env.Clock.Now().Add(time.Hour)}
	cert, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

// sign gives a server the key that it signs assertions with.
func sign(t *testing.T, env *testenv.Env) {
	t.Helper()
	key, cert := certificate(t, env, "id.example")
	for name, block := range map[string]*pem.Block{
		"signing_key.pem":  {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
		"signing_cert.pem": {Type: "CERTIFICATE", Bytes: cert},
	} {
		if err := os.WriteFile(filepath.Join(env.Dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// assertionFor is the request for an assertion about the holder of a token.
func assertionFor(token, provider string) string {
	return `{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + token + `"}}, "scope": {"service_provider": {"id": "` + provider + `"}}}}`
}

// values are the texts of an attribute of an assertion.
func values(t *testing.T, document, attribute string) (all []string) {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(document); err != nil {
		t.Fatal(err)
	}
	for _, v := range doc.FindElements("//Attribute[@Name='" + attribute + "']/AttributeValue") {
		all = append(all, v.Text())
	}
	return all
}

func TestAssertions(t *testing.T) {
	env := testenv.New(t)
	sign(t, env)
	admin := env.Admin()
	admin.Put(west, `{"service_provider": {"auth_url": "https://west/v3", "sp_url": "https://west/sp", "enabled": true}}`).Want(201)
	group := admin.Post("/v3/groups", `{"group": {"name": "ops"}}`).Want(201).Get("group.id")
	admin.Put("/v3/groups/"+group+"/users/"+admin.Validate(admin.Token).Get("token.user.id"), nil).Want(204)

	for _, path := range []string{"/v3/auth/OS-FEDERATION/saml2", "/v3/auth/OS-FEDERATION/saml2/ecp"} {
		r := env.Post(path, assertionFor(admin.Token, "west")).Want(200)
		for attribute, want := range map[string]string{
			"openstack_user": "admin", "openstack_user_domain": "Default", "openstack_project": "admin", "openstack_project_domain": "Default",
			"openstack_groups": `JSON:{"name":"ops","domain":{"name":"Default"}}`,
		} {
			if got := strings.Join(values(t, r.Body, attribute), ", "); got != want {
				t.Errorf("%s: %s: got %s, want %s", path, attribute, got, want)
			}
		}
		if got := " " + strings.Join(values(t, r.Body, "openstack_roles"), " ") + " "; !strings.Contains(got, " admin ") || !strings.Contains(got, " reader ") {
			t.Errorf("%s: roles: got %s", path, got)
		}
		for name, want := range map[string]string{
			"X-sp-url": "https://west/sp", "X-auth-url": "https://west/v3", "Content-Type": "text/xml", "Cache-Control": "no-store",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", path, name, got, want)
			}
		}
		if got := r.Header.Get("Allow"); got != "" {
			t.Errorf("Allow: got %q", got)
		}
		env.Get(path).Want(405)

		for _, body := range []string{
			`{}`, `{"auth": null}`, `{"auth": {}}`, `{"auth": {"identity": {"token": {"id": 1}}, "scope": {"service_provider": {"id": "west"}}}}`,
			`{"auth": {"identity": {"token": {"id": "x"}}, "scope": {"service_provider": {"id": "west"}, "project": {"id": "x"}}}}`,
		} {
			env.Post(path, body).Want(400)
		}
		if got, want := env.Post(path, assertionFor(admin.Token, "none")).Want(404).Message(), "Could not find Service Provider: none."; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		env.Post(path, assertionFor("x", "west")).Want(404)
		for _, scope := range [][]string{{testenv.OnSystem}, {testenv.OnDefaultDomain}, {testenv.Unscoped}} {
			token := env.Authenticate(testenv.Body("admin", testenv.Password, scope...)).Header.Get("X-Subject-Token")
			if token == "" {
				continue // the administrator has no role there
			}
			if got, want := env.Post(path, assertionFor(token, "west")).Want(403).Message(), "You are not authorized to perform the requested action:"+
				" Use a project scoped token when attempting to create a SAML assertion."; got != want {
				t.Errorf("%s: got %q, want %q", scope, got, want)
			}
		}
	}

	// The audit record knows whom the assertion is about.
	if !strings.Contains(env.Log(), `"action":"POST /v3/auth/OS-FEDERATION/saml2"`) {
		t.Error("no audit record")
	}

	admin.Patch(west, `{"service_provider": {"enabled": false}}`).Want(200)
	env.Post("/v3/auth/OS-FEDERATION/saml2", assertionFor(admin.Token, "west")).Want(403)
	admin.Patch(west, `{"service_provider": {"enabled": true}}`).Want(200)
	again := env.Admin()
	admin.Do("DELETE", "/v3/auth/tokens", nil, "X-Subject-Token", admin.Token).Want(204)
	env.Post("/v3/auth/OS-FEDERATION/saml2", assertionFor(admin.Token, "west")).Want(404)

	// Without a key nothing is said, and the client learns no path.
	if err := os.Remove(filepath.Join(env.Dir, "signing_key.pem")); err != nil {
		t.Fatal(err)
	}
	if r := env.Post("/v3/auth/OS-FEDERATION/saml2", assertionFor(again.Token, "west")).Want(500); strings.Contains(r.Body, env.Dir) {
		t.Errorf("the answer names a file: %s", r.Body)
	}
}

func TestSAMLMetadata(t *testing.T) {
	env := testenv.New(t)
	file := filepath.Join(env.Dir, "saml2_idp_metadata.xml")
	if err := os.WriteFile(file, []byte("<made/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := env.Get("/v3/OS-FEDERATION/saml2/metadata").Want(200)
	if r.Body != "<made/>" || r.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("got %q, %v", r.Body, r.Header)
	}
	env.Head("/v3/OS-FEDERATION/saml2/metadata").Want(200)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if r := env.Get("/v3/OS-FEDERATION/saml2/metadata").Want(500); strings.Contains(r.Body, env.Dir) {
		t.Errorf("the answer names a file: %s", r.Body)
	}
}
