package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
)

const issuer = "CN=Root CA,O=Example"

func tokenless(cfg *config.Config) { cfg.TokenlessAuth.TrustedIssuer = []string{"CN=Other", issuer} }

// certified is a cloud that takes bob's certificate for a token.
type certified struct{ *cloud }

func newCertified(t *testing.T, local string, changes ...func(*config.Config)) *certified {
	t.Helper()
	c := &certified{newCloud(t, append([]func(*config.Config){behindFront, tokenless}, changes...)...)}
	sum := sha256.Sum256([]byte(issuer))
	provider := "/v3/OS-FEDERATION/identity_providers/" + hex.EncodeToString(sum[:])
	c.admin.Put("/v3/OS-FEDERATION/mappings/certificates", `{"mapping": {"rules": [{"local": [`+local+`],
		"remote": [{"type": "SSL_CLIENT_S_DN_CN"}, {"type": "SSL_CLIENT_S_DN_O"}]}]}}`).Want(201)
	c.admin.Put(provider, `{"identity_provider": {"enabled": true}}`).Want(201)
	c.admin.Put(provider+"/protocols/x509", `{"protocol": {"mapping_id": "certificates"}}`).Want(201)
	return c
}

// shows is the front's word for a client with a certificate of a name.
func shows(name string, more ...string) []string {
	return append([]string{"X-Env-Ssl-Client-I-Dn", issuer, "X-Env-Ssl-Client-S-Dn-Cn", name, "X-Env-Ssl-Client-S-Dn-O", "shop"}, more...)
}

const localUser = `{"user": {"name": "{0}", "domain": {"name": "{1}"}, "type": "local"}}`

func TestCertificateInsteadOfToken(t *testing.T) {
	c := newCertified(t, localUser)
	me := "/v3/users/" + c.bob
	c.Get(me, shows("bob", "X-Project-Id", c.project)...).Want(200)
	c.Get(me, shows("bob", "X-Project-Name", "web", "X-Project-Domain-Name", "shop")...).Want(200)
	c.Get(me, shows("bob", "X-Project-Name", "web", "X-Project-Domain-Id", c.domain)...).Want(200)
	c.Get(me, shows("bob", "X-Project-Id", c.project, "X-Env-Ssl-Client-Verify", "SUCCESS")...).Want(200)
	c.Get("/v3/users", shows("bob", "X-Project-Id", c.project)...).Want(403)
	c.grant("domains/"+c.domain, c.bob, "admin")
	c.Get("/v3/users?domain_id="+c.domain, shows("bob", "X-Domain-Id", c.domain)...).Want(200)
	c.Get("/v3/users?domain_id="+c.domain, shows("bob", "X-Domain-Name", "shop")...).Want(200)

	for name, headers := range map[string][]string{
		"no scope":               shows("bob"),
		"a project of no domain": shows("bob", "X-Project-Name", "web"),
	} {
		if r := c.Get(me, headers...); r.Status != 400 {
			t.Errorf("%s: got %d, want 400", name, r.Status)
		}
	}
	other := c.admin.Post("/v3/projects", `{"project": {"name": "other", "domain_id": "`+c.domain+`"}}`).Want(201).Get("project.id")
	for name, headers := range map[string][]string{
		"another project":    shows("bob", "X-Project-Id", other),
		"unknown project":    shows("bob", "X-Project-Id", "unknown"),
		"unknown domain":     shows("bob", "X-Domain-Name", "unknown"),
		"unknown user":       shows("rob", "X-Project-Id", c.project),
		"no name":            shows("", "X-Project-Id", c.project),
		"unlisted issuer":    {"X-Env-Ssl-Client-I-Dn", "CN=Evil", "X-Env-Ssl-Client-S-Dn-Cn", "bob", "X-Env-Ssl-Client-S-Dn-O", "shop", "X-Project-Id", c.project},
		"not verified":       shows("bob", "X-Project-Id", c.project, "X-Env-Ssl-Client-Verify", "GENEROUS"),
		"no issuer":          {"X-Env-Ssl-Client-S-Dn-Cn", "bob", "X-Env-Ssl-Client-S-Dn-O", "shop", "X-Project-Id", c.project},
		"not the front":      {"Ssl-Client-I-Dn", issuer, "Ssl-Client-S-Dn-Cn", "bob", "Ssl-Client-S-Dn-O", "shop", "X-Project-Id", c.project},
		"beside a bad token": append(shows("bob", "X-Project-Id", c.project), "X-Auth-Token", "gAAAA"),
	} {
		if r := c.Get(me, headers...); r.Status != 401 {
			t.Errorf("%s: got %d, want 401", name, r.Status)
		}
	}
	// It makes nothing that outlives it.
	project := shows("bob", "X-Project-Id", c.project)
	c.Post(me+"/credentials/OS-EC2", object{"tenant_id": c.project}, project...).Want(403)
	c.Post("/v3/credentials", object{"credential": object{"type": "totp", "user_id": c.bob, "blob": "x"}}, project...).Want(403)
	c.Post(me+"/application_credentials", object{"application_credential": object{"name": "a"}}, project...).Want(403)
	c.Post("/v3/OS-TRUST/trusts", object{"trust": object{"trustor_user_id": c.bob, "trustee_user_id": c.bob, "project_id": c.project,
		"impersonation": false, "roles": []object{{"name": "member"}}}}, project...).Want(403)
	// A login takes no notice of it.
	c.Post("/v3/auth/tokens", c.body("secret"), shows("bob")...).Want(201)

	c.admin.Patch(me, `{"user": {"enabled": false}}`).Want(200)
	c.Get(me, project...).Want(401)
}

func TestCertificateOfGroupMembers(t *testing.T) {
	c := newCertified(t, `{"group": {"name": "{0}", "domain": {"name": "{1}"}}}`)
	group := c.admin.Post("/v3/groups", `{"group": {"name": "staff", "domain_id": "`+c.domain+`"}}`).Want(201).Get("group.id")
	c.Get("/v3/users?domain_id="+c.domain, shows("staff", "X-Domain-Id", c.domain)...).Want(403)
	c.admin.Put("/v3/domains/"+c.domain+"/groups/"+group+"/roles/"+c.roles["admin"], nil).Want(204)
	c.Get("/v3/users?domain_id="+c.domain, shows("staff", "X-Domain-Id", c.domain)...).Want(200)
	c.Get("/v3/users?domain_id="+c.domain, shows("others", "X-Domain-Id", c.domain)...).Want(403)
	if users := c.admin.Get("/v3/users?name=staff").Want(200).List("users"); len(users) != 0 {
		t.Errorf("somebody was made known: %v", users)
	}
}

// S-085
func TestCertificateComesFromTheFrontOnly(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"another proxy":     func(cfg *config.Config) { cfg.Lintel.TrustedProxies = []string{"192.0.2.2"} },
		"no proxy":          func(cfg *config.Config) { cfg.Lintel.TrustedProxies = nil },
		"no prefix":         func(cfg *config.Config) { cfg.Lintel.EnvironPrefix = "" },
		"no trusted issuer": func(cfg *config.Config) { cfg.TokenlessAuth.TrustedIssuer = nil },
	} {
		c := newCertified(t, localUser, change)
		for _, headers := range [][]string{
			shows("bob", "X-Project-Id", c.project),
			{"Ssl-Client-I-Dn", issuer, "SSL_CLIENT_I_DN", issuer, "Ssl-Client-S-Dn-Cn", "bob", "Ssl-Client-S-Dn-O", "shop", "X-Project-Id", c.project},
		} {
			if r := c.Get("/v3/users/"+c.bob, headers...); r.Status != 401 {
				t.Errorf("%s: got %d, want 401", name, r.Status)
			}
		}
	}
}
