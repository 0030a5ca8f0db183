package directory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

const badConfig = "Invalid domain specific configuration: "

type object = map[string]any

// S-113
func TestDomainConfiguration(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	domain := admin.Post("/v3/domains", `{"domain": {"name": "d"}}`).Want(201).Get("domain.id")
	base := "/v3/domains/" + domain + "/config"
	shows := func(r *testenv.Response, status int, want object) {
		t.Helper()
		if strings.Contains(r.Body, "hush") {
			t.Errorf("the password comes back: %s", r.Body)
		}
		if diff := cmp.Diff(want, r.Want(status).Value("config")); diff != "" {
			t.Errorf("configuration, -want +got:\n%s", diff)
		}
	}
	says := func(r *testenv.Response, status int, want string) {
		t.Helper()
		if got := r.Want(status).Message(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	missing := func(what string) string {
		return "Could not find " + what + " in domain configuration for domain " + domain + "."
	}
	says(admin.Get(base), 404, missing("any options"))
	says(admin.Patch(base+"/ldap", `{"config": {"ldap": {"url": "x"}}}`), 404, missing("group ldap"))

	ldap := object{"url": "ldap://x/%(password)s", "use_pool": false}
	shows(admin.Put(base, `{"config": {"ldap": {"url": "ldap://x/%(password)s", "use_pool": false, "password": "hush"},
		"identity": {"driver": "ldap"}}}`), 201, object{"ldap": ldap, "identity": object{"driver": "ldap"}})
	shows(admin.Get(base), 200, object{"ldap": ldap, "identity": object{"driver": "ldap"}})
	shows(admin.Get(base+"/ldap"), 200, object{"ldap": ldap})
	shows(admin.Get(base+"/ldap/use_pool"), 200, object{"use_pool": false})
	says(admin.Get(base+"/ldap/password"), 404, missing("option password in group ldap"))
	says(admin.Get(base+"/identity/list_limit"), 404, missing("option list_limit in group identity"))

	ldap["page_size"] = 5.0
	shows(admin.Patch(base, `{"config": {"ldap": {"page_size": 5}}}`), 200, object{"ldap": ldap, "identity": object{"driver": "ldap"}})
	ldap["url"] = "ldap://y"
	shows(admin.Patch(base+"/ldap", `{"config": {"ldap": {"url": "ldap://y"}}}`), 200, object{"ldap": ldap, "identity": object{"driver": "ldap"}})
	shows(admin.Patch(base+"/ldap/password", `{"config": {"password": "hush2"}}`), 200, object{"ldap": ldap, "identity": object{"driver": "ldap"}})
	says(admin.Patch(base+"/identity/list_limit", `{"config": {"list_limit": 1}}`), 404, missing("option list_limit in group identity"))
	for _, tt := range []struct{ path, body, want string }{
		{"", `{}`, "No options specified."},
		{"", `{"config": {}}`, "No options specified."},
		{"", `{"config": {"ldap": {}}}`, "The value of group ldap specified in the config should be a dictionary of options."},
		{"", `{"config": {"ldap": "x"}}`, "The value of group ldap specified in the config should be a dictionary of options."},
		{"", `{"config": {"database": {"connection": "x"}}}`, "Group database is not supported for domain specific configurations."},
		{"", `{"config": {"ldap": {"randomize_urls": true}}}`, "Option randomize_urls in group ldap is not supported for domain specific configurations."},
		{"", `{"config": {"ldap": {"page_size": "many"}}}`, `The value of option page_size in group ldap is not valid: "many" is not an integer.`},
		{"", `{"config": {"ldap": {"query_scope": "all"}}}`, `The value of option query_scope in group ldap is not valid: "all" is not one of one, sub.`},
		{"", `{"config": {"ldap": {"password": ["hush"]}}}`, "The value of option password in group ldap is not valid."},
		{"/ldap", `{"config": {"url": "x"}}`, "The value of group url specified in the config should be a dictionary of options."},
		{"/ldap", `{"config": {"identity": {"driver": "x"}}}`, "request to update group ldap, but config provided contains group identity instead."},
		{"/ldap", `{"config": {"identity": {"driver": "x"}, "ldap": {"url": "x"}}}`,
			"Trying to update group ldap, so that, and only that, group must be specified in the config."},
		{"/ldap/url", `{"config": {"url": "x", "user": "y"}}`,
			"Trying to update option url in group ldap, so that, and only that, option must be specified  in the config."},
		{"/ldap/url", `{"config": {"user": "y"}}`, "Trying to update option url in group ldap, but config provided contains option user instead."},
		{"/token", `{"config": {"ldap": {"url": "x"}}}`, "Group token is not supported for domain specific configurations."},
	} {
		says(admin.Patch(base+tt.path, tt.body), 403, badConfig+tt.want)
		if tt.path == "" {
			says(admin.Put(base, tt.body), 403, badConfig+tt.want)
		}
	}
	admin.Put(base, `{"config": ["ldap"]}`).Want(400)
	says(admin.Get(base+"/token"), 403, badConfig+"Group token is not supported for domain specific configurations.")
	says(admin.Get(base+"/ldap/nothing"), 403, badConfig+"Option nothing in group ldap is not supported for domain specific configurations.")
	says(admin.Get("/v3/domains/none/config"), 404, "Could not find any options in domain configuration for domain none.")
	says(admin.Put("/v3/domains/none/config", `{}`), 404, "Could not find domain: none.")

	admin.Delete(base + "/ldap/use_pool").Want(204)
	says(admin.Delete(base+"/ldap/use_pool"), 404, missing("option use_pool in group ldap"))
	admin.Delete(base + "/ldap/password").Want(204)
	admin.Delete(base + "/identity").Want(204)
	says(admin.Delete(base+"/identity"), 404, missing("group identity"))
	shows(admin.Get(base), 200, object{"ldap": object{"url": "ldap://y", "page_size": 5.0}})
	shows(admin.Put(base, `{"config": {"ldap": {"password": "hush"}}}`), 200, object{})
	says(admin.Get(base), 404, missing("any options"))
	shows(admin.Patch(base, `{"config": {"ldap": {"password": "hush3"}}}`), 200, object{})
	admin.Delete(base).Want(204)
	admin.Delete(base).Want(204)
	says(admin.Delete(base+"/ldap"), 404, missing("group ldap"))

	admin.Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201)
	eve := env.Login("eve", "pw")
	for _, r := range []*testenv.Response{
		eve.Get(base), eve.Get(base + "/ldap/url"), eve.Put(base, `{}`), eve.Patch(base, `{}`), eve.Delete(base),
		eve.Get("/v3/domains/none/config"), eve.Get("/v3/domains/config/default"),
	} {
		r.Want(403)
	}
}

func TestPasswordRulesAreShown(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.SecurityCompliance.PasswordRegex = "^.{2,}$" })
	env.Admin().Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201)
	eve := env.Login("eve", "pw")
	const base = "/v3/domains/default/config/security_compliance"
	want := object{"security_compliance": object{"password_regex": "^.{2,}$", "password_regex_description": nil}}
	if diff := cmp.Diff(want, eve.Get(base).Want(200).Value("config")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(object{"password_regex": "^.{2,}$"}, eve.Get(base+"/password_regex").Want(200).Value("config")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for path, want := range map[string]string{
		base + "/lockout_duration": "Reading security compliance values other than password_regex and password_regex_description is not allowed..",
		"/v3/domains/other/config/security_compliance": "Reading security compliance information for any domain other than the default domain is" +
			" not allowed or supported..",
	} {
		if got := eve.Get(path).Want(403).Message(); got != badConfig+want {
			t.Errorf("%s: got %q, want %q", path, got, badConfig+want)
		}
	}
	eve.Patch(base, `{"config": {"security_compliance": {"password_regex": "x"}}}`).Want(403)
}

func TestDefaultsOfDomainConfiguration(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		c.LDAP.Password, c.LDAP.URL = "hush", "ldap://here"
		c.DomainConfig.AdditionalWhitelistedOptions = map[string][]string{"mine": {"colour"}, "ldap": {"randomize_urls"}}
		c.DomainConfig.AdditionalSensitiveOptions = map[string][]string{"mine": {"key"}, "ldap": {"user"}}
	})
	admin := env.Admin()
	const base = "/v3/domains/config/"
	all := admin.Get(base + "default").Want(200)
	if strings.Contains(all.Body, "hush") || all.Value("config.ldap.password") != nil {
		t.Errorf("the password is shown: %s", all.Body)
	}
	for path, want := range map[string]any{
		"config.ldap.url": "ldap://here", "config.ldap.user_tree_dn": nil, "config.ldap.pool_size": 10.0, "config.ldap.pool_retry_delay": 0.1,
		"config.identity.driver": "sql", "config.identity.list_limit": nil, "config.ldap.randomize_urls": false,
	} {
		if got := all.Value(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if diff := cmp.Diff(object{"identity": object{"driver": "sql", "list_limit": nil}}, admin.Get(base+"identity/default").Want(200).Value("config")); diff != "" {
		t.Errorf("defaults of a group, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(object{"url": "ldap://here"}, admin.Get(base+"ldap/url/default").Want(200).Value("config")); diff != "" {
		t.Errorf("default of an option, -want +got:\n%s", diff)
	}
	for path, want := range map[string]string{
		"ldap/password/default": "Reading the default for option password in group ldap is not supported.",
		"ldap/user/default":     "Reading the default for option user in group ldap is not supported.",
		"mine/colour/default":   "Reading the default for option colour in group mine is not supported.",
		"token/default":         "Group token is not supported for domain specific configurations.",
		"ldap/nothing/default":  "Option nothing in group ldap is not supported for domain specific configurations.",
	} {
		if got := admin.Get(base + path).Want(403).Message(); got != badConfig+want {
			t.Errorf("%s: got %q, want %q", path, got, badConfig+want)
		}
	}
	admin.Head(base + "ldap/default").Want(200)
	admin.Delete(base + "ldap/default").Want(405)
	for _, path := range []string{"/v3/domains/x/ldap/default", "/v3/domains/config/ldap/other", "/v3/domains/config/ldap/url/other"} {
		if got, want := admin.Get(path).Want(404).Message(), "The requested URL was not found on the server."; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}

	// Additional options are added to those that are there.
	own := admin.Put("/v3/domains/default/config", `{"config": {"mine": {"colour": {"r": 1}, "key": "hush"}, "ldap": {"url": "x", "user": "hush"}}}`).Want(201)
	if diff := cmp.Diff(object{"mine": object{"colour": object{"r": 1.0}}, "ldap": object{"url": "x"}}, own.Value("config")); diff != "" {
		t.Errorf("own configuration, -want +got:\n%s", diff)
	}
}
