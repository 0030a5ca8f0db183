package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// behindFront is a server whose listed proxy is the peer of every request.
func behindFront(cfg *config.Config) {
	cfg.Lintel.TrustedProxies = []string{"192.0.2.1"}
	cfg.Lintel.EnvironPrefix = "X-Env-"
}

func byDomain(cfg *config.Config) { cfg.Auth.External = "Domain" }

func noMethods(scope ...string) string { return auth(`"methods": []`, scope...) }

func TestExternal(t *testing.T) {
	c := newCloud(t, behindFront, byDomain)
	front := func(body string, env ...string) *testenv.Response {
		return c.Post("/v3/auth/tokens", body, env...)
	}
	r := front(noMethods(testenv.OnProjectID(c.project)), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(201)
	if got := fmt.Sprint(r.List("token.methods"), r.Get("token.user.id"), r.Get("token.project.id")); got != "[external]"+c.bob+c.project {
		t.Errorf("got %s", got)
	}
	if shown := c.admin.Validate(r.Actor().Token).Want(200); shown.Body != r.Body {
		t.Errorf("issued as\n%s\nshown as\n%s", r.Body, shown.Body)
	}
	c.exchange(r.Actor().Token).Want(201) // it is a login in person
	named := auth(`"methods": ["external"], "external": {}`)
	front(named, "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(201)
	for name, env := range map[string][]string{
		"nobody":           nil,
		"an empty name":    {"X-Env-Remote-User", "", "X-Env-Remote-Domain", "shop"},
		"no domain":        {"X-Env-Remote-User", "bob"},
		"unknown domain":   {"X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "nowhere"},
		"unknown user":     {"X-Env-Remote-User", "rob", "X-Env-Remote-Domain", "shop"},
		"an id":            {"X-Env-Remote-User", c.bob, "X-Env-Remote-Domain", "shop"},
		"not the front":    {"Remote-User", "bob", "Remote-Domain", "shop"},
		"without a prefix": {"Remote_User", "bob", "X-Env-Remote-Domain", "shop"},
		"no variable":      {"X-Env-Remote-User", "(null)", "X-Env-Remote-Domain", "shop"},
	} {
		for _, body := range []string{noMethods(), named} {
			if got := front(body, env...).Status; got != 401 {
				t.Errorf("%s: got %d, want 401", name, got)
			}
		}
	}
	// Beside another method it is one more proof, of the same user.
	both := front(c.body("secret"), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(201)
	if got := fmt.Sprint(both.List("token.methods")); got != "[password external]" {
		t.Errorf("methods: %s", got)
	}
	other := front(c.body("secret"), "X-Env-Remote-User", "nobody here").Want(201)
	if got := fmt.Sprint(other.List("token.methods")); got != "[password]" {
		t.Errorf("methods: %s", got)
	}
	c.user("alice")
	front(c.body("secret"), "X-Env-Remote-User", "alice", "X-Env-Remote-Domain", "shop").Want(401) // S-031
	front(c.body("wrong"), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(401)

	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": [["external", "password"]]}}}`).Want(200)
	receipt := front(noMethods(), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(401).Header.Get("Openstack-Auth-Receipt")
	c.Post("/v3/auth/tokens", c.body("secret"), "Openstack-Auth-Receipt", receipt).Want(201)

	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"enabled": false}}`).Want(200)
	front(noMethods(), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(401)
}

// S-085
func TestExternalComesFromTheFrontOnly(t *testing.T) {
	for name, changes := range map[string][]func(*config.Config){
		"no proxy":      {func(cfg *config.Config) { cfg.Lintel.EnvironPrefix = "X-Env-" }},
		"another proxy": {behindFront, func(cfg *config.Config) { cfg.Lintel.TrustedProxies = []string{"192.0.2.2", "unix"} }},
		"no prefix":     {behindFront, func(cfg *config.Config) { cfg.Lintel.EnvironPrefix = "" }},
		"not a method":  {behindFront, func(cfg *config.Config) { cfg.Auth.Methods = []string{"password", "token"} }},
	} {
		c := newCloud(t, append(changes, byDomain)...)
		for _, body := range []string{noMethods(), auth(`"methods": ["external"], "external": {}`)} {
			for _, prefix := range []string{"X-Env-", "", "HTTP-"} {
				r := c.Post("/v3/auth/tokens", body, prefix+"Remote-User", "bob", prefix+"Remote-Domain", "shop", prefix+"REMOTE_USER", "bob", "X-Forwarded-For", "192.0.2.2")
				if r.Status != 401 {
					t.Errorf("%s, with %q: got %d, want 401", name, prefix, r.Status)
				}
			}
		}
	}
}

func TestExternalInTheDefaultDomain(t *testing.T) {
	c := newCloud(t, behindFront)
	for domain, want := range map[string]int{"": 201, "shop": 201, "nowhere": 201} { // it does not count
		r := c.Post("/v3/auth/tokens", noMethods(), "X-Env-Remote-User", "admin", "X-Env-Remote-Domain", domain)
		if r.Status != want || r.Get("token.user.domain.id") != "default" {
			t.Errorf("domain %q: %d %s", domain, r.Status, r.Body)
		}
	}
	c.Post("/v3/auth/tokens", noMethods(), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(401)
}

func TestKerberos(t *testing.T) {
	c := newCloud(t, behindFront, func(cfg *config.Config) { cfg.Auth.Methods = []string{"password", "token", "kerberos"} })
	body := auth(`"methods": ["kerberos"], "kerberos": {}`)
	r := c.Post("/v3/auth/tokens", body, "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop", "X-Env-Auth-Type", "Negotiate").Want(201)
	if got := fmt.Sprint(r.List("token.methods")); got != "[kerberos]" {
		t.Errorf("methods: %s", got)
	}
	c.Post("/v3/auth/tokens", body, "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop", "X-Env-Auth-Type", "Basic").Want(401)
	c.Post("/v3/auth/tokens", body, "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop").Want(401)
}

// S-025, S-018: the front lets nobody in whose account is closed.
func TestExternalOfClosedAccounts(t *testing.T) {
	attempts, life := 3, 10*24*time.Hour
	c := newCloud(t, behindFront, byDomain, func(cfg *config.Config) {
		cfg.SecurityCompliance.LockoutFailureAttempts, cfg.SecurityCompliance.PasswordExpiresDays = &attempts, &life
	})
	enter := func() *testenv.Response {
		return c.Post("/v3/auth/tokens", noMethods(), "X-Env-Remote-User", "bob", "X-Env-Remote-Domain", "shop")
	}
	for range 3 {
		c.Authenticate(c.body("wrong")).Want(401)
	}
	enter().Want(401)
	c.Clock.Advance(30 * time.Minute)
	enter().Want(201)
	c.Clock.Advance(10 * 24 * time.Hour)
	enter().Want(401)
}
