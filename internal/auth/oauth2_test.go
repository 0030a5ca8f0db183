package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

const formType = "application/x-www-form-urlencoded"

// client asks for a token with a form, and headers.
func client(e *testenv.Env, form string, headers ...string) *testenv.Response {
	return e.Post("/v3/OS-OAUTH2/token", form, append([]string{"Content-Type", formType}, headers...)...)
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// S-064
func TestOAuth2Secret(t *testing.T) {
	c := newCloud(t)
	bob := c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	credential := func(o object) string {
		return bob.Post("/v3/users/"+c.bob+"/application_credentials", object{"application_credential": o}).Want(201).Get("application_credential.id")
	}
	id := credential(object{"name": "a", "secret": "s"})
	const grant = "grant_type=client_credentials"
	form := grant + "&client_id=" + id + "&client_secret=s"
	for what, r := range map[string]*testenv.Response{
		"form": client(c.Env, form), "Basic": client(c.Env, grant, "Authorization", basic(id, "s")),
		"Basic before the form": client(c.Env, grant+"&client_id=x&client_secret=y", "Authorization", basic(id, "s")),
	} {
		if r.Status != 200 || r.Get("token_type") != "Bearer" || r.Value("expires_in") != float64(3600) || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", what, r.Status, r.Body)
			continue
		}
		seen := c.Admin().Validate(r.Get("access_token")).Want(200)
		if seen.Get("token.application_credential.id") != id || seen.Value("token.oauth2_credential") != nil {
			t.Errorf("%s: %s", what, seen.Body)
		}
	}
	// It lives no longer than the credential.
	soon := credential(object{"name": "soon", "secret": "s", "expires_at": c.Clock.Now().Add(10 * time.Minute).Format("2006-01-02T15:04:05")})
	if got := client(c.Env, grant, "Authorization", basic(soon, "s")).Want(200).Value("expires_in"); got != float64(600) {
		t.Errorf("expires_in: %v", got)
	}

	// One answer, after one hash, to whatever is wrong.
	first := client(c.Env, grant, "Authorization", basic(id, "wrong")).Want(401)
	if first.Get("error") != "invalid_client" || first.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s", first.Body)
	}
	c.Clock.Advance(10 * time.Minute)
	for what, r := range map[string]*testenv.Response{
		"unknown client": client(c.Env, grant, "Authorization", basic("unknown", "s")), "expired": client(c.Env, grant, "Authorization", basic(soon, "s")),
		"a user":      client(c.Env, grant, "Authorization", basic(c.bob, "secret")),
		"wrong, form": client(c.Env, grant+"&client_id="+id+"&client_secret=wrong"), "unknown, form": client(c.Env, grant+"&client_id=unknown&client_secret=s"),
	} {
		if r.Status != 401 || r.Body != first.Body {
			t.Errorf("%s: %d %s, want %s", what, r.Status, r.Body, first.Body)
		}
	}
	for what, tt := range map[string]struct {
		r       *testenv.Response
		status  int
		problem string
	}{
		"no grant":             {client(c.Env, ""), 400, "invalid_request"},
		"another grant":        {client(c.Env, "grant_type=password&client_id="+id+"&client_secret=s"), 400, "unsupported_grant_type"},
		"an empty grant":       {client(c.Env, "grant_type="), 400, "unsupported_grant_type"},
		"no client":            {client(c.Env, grant), 401, "invalid_client"},
		"no secret":            {client(c.Env, grant+"&client_id="+id), 401, "invalid_client"},
		"an empty secret":      {client(c.Env, grant, "Authorization", basic(id, "")), 401, "invalid_client"},
		"a broken header":      {client(c.Env, grant, "Authorization", "Basic !"), 401, "invalid_client"},
		"a token":              {client(c.Env, grant, "Authorization", "Bearer x"), 401, "invalid_client"},
		"grant twice":          {client(c.Env, grant+"&"+grant+"&client_id="+id+"&client_secret=s"), 400, "invalid_request"},
		"secret twice":         {client(c.Env, form+"&client_secret=s"), 400, "invalid_request"},
		"client twice":         {client(c.Env, form+"&client_id="+id), 400, "invalid_request"},
		"a broken form":        {client(c.Env, form+"&x=%zz"), 400, "invalid_request"},
		"NUL":                  {client(c.Env, grant+"&client_id=%00&client_secret=s"), 400, "invalid_request"},
		"NUL in the header":    {client(c.Env, grant, "Authorization", basic("\x00", "s")), 400, "invalid_request"},
		"all in the query":     {c.Post("/v3/OS-OAUTH2/token?"+form, ""), 400, "invalid_request"},
		"secrets in the query": {c.Post("/v3/OS-OAUTH2/token?client_id="+id+"&client_secret=s", grant, "Content-Type", formType), 401, "invalid_client"},
		"JSON":                 {c.Post("/v3/OS-OAUTH2/token", `{"grant_type": "client_credentials"}`), 400, "invalid_request"},
		"a large body":         {client(c.Env, strings.Repeat("x", 200000)), 413, "other_error"},
	} {
		if tt.r.Status != tt.status || tt.r.Get("error") != tt.problem || tt.r.Get("error_description") == "" {
			t.Errorf("%s: %d %s", what, tt.r.Status, tt.r.Body)
		}
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		if r := c.Do(method, "/v3/OS-OAUTH2/token", nil).Want(405); r.Get("error") != "other_error" {
			t.Errorf("%s: %s", method, r.Body)
		}
	}

	// The door obeys the account, and multi-factor rules. I5
	admin := c.Admin()
	admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": [["password", "application_credential"]]}}}`).Want(200)
	if r := client(c.Env, form).Want(401); r.Body != first.Body || r.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Errorf("with rules: %s %v", r.Body, r.Header)
	}
	admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": null}}}`).Want(200)
	client(c.Env, form).Want(200)
	admin.Patch("/v3/users/"+c.bob, `{"user": {"enabled": false}}`).Want(200)
	if r := client(c.Env, form).Want(401); r.Body != first.Body {
		t.Errorf("disabled: %s", r.Body)
	}
}

func TestOAuth2Methods(t *testing.T) {
	c := newCloud(t, func(c *config.Config) { c.OAuth2.OAuth2AuthnMethods = []string{"tls_client_auth"} })
	bob := c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	id := bob.Post("/v3/users/"+c.bob+"/application_credentials", object{"application_credential": object{"name": "a", "secret": "s"}}).
		Want(201).Get("application_credential.id")
	client(c.Env, "grant_type=client_credentials", "Authorization", basic(id, "s")).Want(401)
	about := c.Get("/.well-known/oauth-authorization-server").Want(200)
	if about.Get("issuer") != "http://identity.example" || about.Get("token_endpoint") != "http://identity.example/v3/OS-OAUTH2/token" ||
		about.Get("token_endpoint_auth_methods_supported.0") != "tls_client_auth" || len(about.List("token_endpoint_auth_methods_supported")) != 1 {
		t.Errorf("%s", about.Body)
	}
}

// certificate makes one, and returns its thumbprint and its PEM as nginx sends it.
func certificate(t *testing.T, subject pkix.Name) (thumbprint, text string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: subject, NotAfter: time.Now().Add(time.Hour)}
	ca := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "root", Organization: []string{"acme"}}}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	sum := sha256.Sum256([]byte(text))
	return base64.URLEncoding.EncodeToString(sum[:]), url.PathEscape(text)
}

// S-064, S-085
func TestOAuth2Certificate(t *testing.T) {
	proxy := func(prefix string) func(*config.Config) {
		return func(c *config.Config) {
			c.Lintel.TrustedProxies = []string{"192.0.2.1"} // from where tests call
			c.Lintel.EnvironPrefix = prefix
		}
	}
	c := newCloud(t, proxy("X-Env-"))
	admin := c.Admin()
	mapping := func(local string) {
		body := `{"mapping": {"rules": [{"local": [` + local + `], "remote": [
			{"type": "SSL_CLIENT_SUBJECT_DN_CN"}, {"type": "SSL_CLIENT_SUBJECT_DN_EMAILADDRESS"}, {"type": "SSL_CLIENT_ISSUER_DN_O", "any_one_of": ["acme"]}]}]}}`
		if r := admin.Patch("/v3/OS-FEDERATION/mappings/oauth2_mapping", body); r.Status != 200 {
			admin.Put("/v3/OS-FEDERATION/mappings/oauth2_mapping", body).Want(201)
		}
	}
	email := []pkix.AttributeTypeAndValue{{Type: []int{1, 2, 840, 113549, 1, 9, 1}, Value: "bob@example.org"}}
	user := admin.Get("/v3/users/" + c.bob).Want(200)
	name, home := user.Get("user.name"), user.Get("user.domain_id")
	homeName := admin.Get("/v3/domains/" + home).Want(200).Get("domain.name")
	thumbprint, text := certificate(t, pkix.Name{CommonName: name, ExtraNames: email})
	_, other := certificate(t, pkix.Name{CommonName: "other", ExtraNames: email})
	_, bare := certificate(t, pkix.Name{CommonName: name})
	const header = "X-Env-Ssl-Client-Cert"
	ask := func(id, cert string, more ...string) *testenv.Response {
		return client(c.Env, "grant_type=client_credentials&client_id="+id, append(more, header, cert)...)
	}
	admin.Patch("/v3/users/"+c.bob, object{"user": object{"default_project_id": c.project, "email": "bob@example.org"}}).Want(200)
	wrong := ask(c.bob, text).Want(401) // there is no mapping
	if wrong.Get("error") != "invalid_client" {
		t.Errorf("%s", wrong.Body)
	}
	mapping(`{"user": {"name": "{0}", "email": "{1}", "domain": {"id": "` + home + `"}}}`)
	text2 := strings.NewReplacer("%0A", " ").Replace(text) // as Apache has it, but for what is escaped
	for _, spelling := range []string{text, text2} {
		ask(c.bob, spelling).Want(200)
	}
	issued := ask(c.bob, text, "Authorization", basic("x", "y")).Want(200)
	token := issued.Get("access_token")
	seen := admin.Validate(token).Want(200)
	if got, want := seen.Get("token.oauth2_credential.x5t#S256"), thumbprint; got != want {
		t.Errorf("thumbprint: got %s, want %s", got, want)
	}
	if seen.Get("token.project.id") != c.project || len(seen.List("token.methods")) != 0 {
		t.Errorf("%s", seen.Body)
	}

	// The token is worth nothing without the certificate, and makes no other.
	bound := c.With(token)
	bound.Get("/v3/auth/projects", header, text).Want(200)
	bound.Get("/v3/auth/tokens", header, text, "X-Subject-Token", token).Want(200)
	for _, cert := range []string{"", other, "x", "%zz"} {
		bound.Get("/v3/auth/projects", header, cert).Want(401)
	}
	bound.Get("/v3/auth/projects", "SSL_CLIENT_CERT", text, "Ssl-Client-Cert", text, "X-Client-Cert", text).Want(401)
	bound.Get("/v3/auth/projects", header, text, "X-Env-Ssl-Client-Verify", "FAILED:unable to verify").Want(401)
	c.exchange(token).Want(403)
	bound.Post("/v3/users/"+c.bob+"/application_credentials", object{"application_credential": object{"name": "x"}}, header, text).Want(403)
	bound.Post("/v3/credentials", object{"credential": object{"type": "cert", "blob": "x", "user_id": c.bob}}, header, text).Want(403)

	// One answer to whatever is wrong.
	for what, r := range map[string]*testenv.Response{
		"another's certificate": ask(c.bob, other), "an unknown user": ask("unknown", text), "no mail in it": ask(c.bob, bare),
		"another user": ask(admin.Validate(admin.Token).Get("token.user.id"), text), "no certificate": ask(c.bob, ""), "no client": ask("", text),
		"not verified": ask(c.bob, text, "X-Env-Ssl-Client-Verify", "NONE"),
	} {
		if r.Status != 401 || r.Body != wrong.Body {
			t.Errorf("%s: %d %s, want %s", what, r.Status, r.Body, wrong.Body)
		}
	}
	mapping(`{"user": {"domain": {"id": "` + home + `"}}}`)
	ask(c.bob, text).Want(401) // it names nobody
	mapping(`{"user": {"name": "{0}", "domain": {"id": "other"}}}`)
	ask(c.bob, text).Want(401)
	mapping(`{"user": {"name": "{0}", "domain": {"name": "` + homeName + `"}}}`)
	ask(c.bob, text).Want(200)
	for _, change := range []string{`"default_project_id": null`, `"enabled": false`} {
		admin.Patch("/v3/users/"+c.bob, `{"user": {`+change+`}}`).Want(200)
		ask(c.bob, text).Want(401)
	}
	admin.Validate(token).Want(404)

	// Headers of anybody count for nothing.
	c = newCloud(t)
	if r := ask(c.bob, text).Want(401); r.Body != wrong.Body {
		t.Errorf("%s", r.Body)
	}
}
