package httpapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

type object = map[string]any

// createUser makes a user of the default domain and returns its id.
func createUser(admin *testenv.Actor, name, password string) string {
	return admin.Post("/v3/users", object{"user": object{"name": name, "password": password, "domain_id": "default"}}).Want(201).Get("user.id")
}

func TestUserFromCreateToDelete(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	created := admin.Post("/v3/users", `{"user": {"name": " bob ", "password": "secret", "email": "bob@example.org", "a-b": 1, "c:d": null,
		"default_project_id": "p", "options": {"lock_password": true, "ignore_lockout_failure_attempts": null},
		"id": "mine", "password_expires_at": "2020-01-01", "extra": {"x": 1}, "tenants": ["t"], "groups": [1]}}`).Want(201)
	id := created.Get("user.id")
	want := object{
		"id": id, "name": "bob", "domain_id": "default", "enabled": true, "password_expires_at": nil, "email": "bob@example.org",
		"a_b": 1.0, "c_d": nil, "default_project_id": "p", "options": object{"lock_password": true},
		"links": object{"self": "http://identity.example/v3/users/" + id},
	}
	if diff := cmp.Diff(object{"user": want}, created.JSON()); diff != "" || id == "mine" {
		t.Errorf("created, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(created.JSON(), admin.Get("/v3/users/"+id).Want(200).JSON()); diff != "" {
		t.Errorf("shown, -created +shown:\n%s", diff)
	}
	admin.Head("/v3/users/" + id).Want(200)
	env.Login("bob", "secret")

	changed := admin.Patch("/v3/users/"+id, `{"user": {"id": "`+id+`", "domain_id": "default", "name": "rob", "email": null, "x-y": [1],
		"default_project_id": null, "options": {"lock_password": null, "multi_factor_auth_enabled": false}}}`).Want(200)
	extra := object{"email": nil, "a_b": 1.0, "c_d": nil, "x-y": []any{1.0}, "groups": []any{1.0}}
	want = object{
		"id": id, "name": "rob", "domain_id": "default", "enabled": true, "password_expires_at": nil, "email": nil, "a_b": 1.0, "c_d": nil,
		"x-y": []any{1.0}, "options": object{"multi_factor_auth_enabled": false}, "extra": extra,
		"links": object{"self": "http://identity.example/v3/users/" + id},
	}
	if diff := cmp.Diff(object{"user": want}, changed.JSON()); diff != "" {
		t.Errorf("changed, -want +got:\n%s", diff)
	}
	env.Login("rob", "secret")
	admin.Delete("/v3/users/" + id).Want(204)
	if got, want := admin.Get("/v3/users/"+id).Want(404).Message(), "Could not find user: "+id+"."; got != want {
		t.Errorf("after the delete: %q, want %q", got, want)
	}
}

func TestUserRefusals(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	id := createUser(admin, "bob", "secret")
	createUser(admin, "al", "secret")
	long := strings.Repeat("x", 65)
	for _, tt := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "/v3/users", `{"user": {"name": "bob"}}`, 409, "Conflict occurred attempting to store user - Duplicate entry found with name bob at domain ID default."},
		{"POST", "/v3/users", `{"user": {"name": " bob\n"}}`, 409, "Conflict occurred attempting to store user - Duplicate entry found with name bob at domain ID default."},
		{"POST", "/v3/users", `{"user": {"name": "x", "domain_id": "none"}}`, 404, "Could not find domain: none."},
		{"POST", "/v3/users", `{"user": {"name": "x", "default_project_id": "default"}}`, 400, "User's default project ID cannot be a domain ID: default"},
		{"POST", "/v3/users", `{"user": {"name": "x", "default_project_id": "` + long + `"}}`, 400, "String length exceeded. The length of string '" + long + "' exceeds the limit of column default_project_id(CHAR(64))."},
		{"POST", "/v3/users", `{"user": {"name": "x", "federated": [{"idp_id": "no", "protocols": [{"protocol_id": "p", "unique_id": "u"}]}]}}`, 400, "Could not find Identity Provider: no"},
		{"POST", "/v3/users", `{"user": {"name": "x", "options": {"unknown": true}}}`, 400, "Invalid input for field/attribute options. Value: {'unknown': True}. Additional properties are not allowed ('unknown' was unexpected)"}, // S-071
		{"POST", "/v3/users", `{"user": {}}`, 400, "Invalid input for field/attribute user. Value: {}. 'name' is a required property"},
		{"PATCH", "/v3/users/" + id, `{"user": {"name": "al"}}`, 409, "Conflict occurred attempting to store user - Duplicate entry found with name al."},
		{"PATCH", "/v3/users/" + id, `{"user": {"id": "other"}}`, 400, "Cannot change ID"}, // S-071
		{"PATCH", "/v3/users/" + id, `{"user": {"id": 5}}`, 400, "Cannot change ID"},
		{"PATCH", "/v3/users/" + id, `{"user": {"id": null}}`, 400, "Cannot change user ID"},
		{"PATCH", "/v3/users/" + id, `{"user": {"domain_id": "other"}}`, 400, "Cannot change Domain ID"}, // S-071
		{"PATCH", "/v3/users/" + id, `{"user": {}}`, 400, "Invalid input for field/attribute user. Value: {}. {} should be non-empty"},
		{"PATCH", "/v3/users/none", `{"user": {"name": "x"}}`, 404, "Could not find user: none."},
		{"DELETE", "/v3/users/none", "", 404, "Could not find user: none."},
		{"GET", "/v3/users/none/groups", "", 404, "Could not find user: none."},
		{"DELETE", "/v3/users/none/tokens", "", 404, "Could not find user: none."},
	} {
		r := admin.Do(tt.method, tt.path, tt.body)
		if r.Status != tt.status || r.Message() != tt.message {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", tt.method, tt.path, tt.body, r.Status, r.Message(), tt.status, tt.message)
		}
	}
	for _, path := range []string{"/v3/users/" + id + "/password", "/v3/users/none/password"} {
		if r := admin.Get(path).Want(405); r.Value("message") != "The method is not allowed for the requested URL." {
			t.Errorf("GET %s answers %s", path, r.Body)
		}
	}
}

func TestUserListFiltersAndPages(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	for _, name := range []string{"anna", "Anton", "bert"} {
		createUser(admin, name, "secret")
	}
	admin.Post("/v3/users", `{"user": {"name": "off", "enabled": "False"}}`).Want(201)
	for query, want := range map[string][]string{
		"name=anna":                               {"anna"},
		"name__icontains=AN":                      {"Anton", "anna"},
		"name__contains=An":                       {"Anton"},
		"name__istartswith=b&name__endswith=t":    {"bert"},
		"name__foo=x&domain_id=default&name=bert": {"bert"},
		"enabled=0":                               {"off"},
		"enabled&name=off":                        {},
		"domain_id=none":                          {},
		"idp_id=x":                                {},
		"name=" + url.QueryEscape("' OR 1=1 --"):  {}, // S-080
		"name__icontains=%25":                     {},
		"password_expires_at=lt:2030-01-01":       {},
	} {
		got := admin.Get("/v3/users?"+query).Want(200).Texts("users", "name")
		if diff := cmp.Diff(asSet(want), asSet(got)); diff != "" {
			t.Errorf("?%s, -want +got:\n%s", query, diff)
		}
	}
	for query, want := range map[string]string{
		"enabled__contains=x":                         "argument of type 'bool' is not iterable",
		"password_expires_at=eq:soon":                 "Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
		"password_expires_at=xx:2030-01-01T00:00:00Z": "The given operator xx is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'.",
	} {
		if got := admin.Get("/v3/users?" + query).Want(400).Message(); got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
	if got := admin.Get("/v3/users?marker=none").Want(404).Message(); got != "Marker none could not be found." {
		t.Errorf("unknown marker: %q", got)
	}

	seen := map[string]int{}
	for next := "/v3/users?limit=2&domain_id=default"; next != ""; {
		page := admin.Get(next).Want(200)
		for _, name := range page.Texts("users", "name") {
			seen[name]++
		}
		link, _ := page.Value("links.next").(string)
		next = strings.TrimPrefix(link, "http://identity.example")
		if more := page.Value("truncated") != nil; more != (next != "") {
			t.Errorf("truncated is %v beside the next link %q", more, next)
		}
	}
	if diff := cmp.Diff(map[string]int{"admin": 1, "anna": 1, "Anton": 1, "bert": 1, "off": 1}, seen); diff != "" {
		t.Errorf("pages of two, -want +got:\n%s", diff)
	}
}

func asSet(names []string) map[string]bool {
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	return set
}

// S-007, S-010, S-161 as far as one node goes.
func TestTokensEndWithTheAccount(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(env *testenv.Env, admin, bob *testenv.Actor, id string)
		// password that works afterwards; empty if none does
		password string
	}{
		{"disabled", func(_ *testenv.Env, admin, _ *testenv.Actor, id string) {
			admin.Patch("/v3/users/"+id, `{"user": {"enabled": false}}`).Want(200)
		}, ""},
		{"disabled and enabled again", func(_ *testenv.Env, admin, _ *testenv.Actor, id string) {
			admin.Patch("/v3/users/"+id, `{"user": {"enabled": false}}`).Want(200)
			admin.Patch("/v3/users/"+id, `{"user": {"enabled": true}}`).Want(200)
		}, "secret"},
		{"deleted", func(_ *testenv.Env, admin, _ *testenv.Actor, id string) {
			admin.Delete("/v3/users/" + id).Want(204)
		}, ""},
		{"password reset", func(_ *testenv.Env, admin, _ *testenv.Actor, id string) {
			admin.Patch("/v3/users/"+id, `{"user": {"password": "other"}}`).Want(200)
		}, "other"},
		{"password changed", func(env *testenv.Env, _, _ *testenv.Actor, id string) {
			env.Post("/v3/users/"+id+"/password", `{"user": {"original_password": "secret", "password": "other"}}`).Want(204)
		}, "other"},
		{"tokens revoked by the owner", func(_ *testenv.Env, _, bob *testenv.Actor, id string) {
			bob.Delete("/v3/users/" + id + "/tokens").Want(204)
		}, "secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := testenv.New(t)
			admin := env.Admin()
			id := createUser(admin, "bob", "secret")
			bob := env.Login("bob", "secret")
			bob.Get("/v3/users/" + id).Want(200)
			env.Clock.Advance(5 * time.Second)
			tt.end(env, admin, bob, id)
			admin.Validate(bob.Token).Want(404)
			bob.Get("/v3/users/" + id).Want(401)
			if tt.password == "" {
				env.Authenticate(testenv.Body("bob", "secret")).Want(401)
				return
			}
			again := env.Login("bob", tt.password)
			admin.Validate(again.Token).Want(200)
			again.Get("/v3/users/" + id).Want(200)
		})
	}
}

func TestChangePassword(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		c.SecurityCompliance.UniqueLastPasswordCount = 2
		c.SecurityCompliance.PasswordRegex = `^\S{4,}$`
		c.SecurityCompliance.PasswordRegexDescription = "four characters or more"
		c.SecurityCompliance.MinimumPasswordAge = 2 * 24 * time.Hour
	})
	admin := env.Admin()
	id := createUser(admin, "bob", "secret")
	other := createUser(admin, "al", "secret2")
	bob := env.Login("bob", "secret")
	body := func(original, password string) object {
		return object{"user": object{"original_password": original, "password": password}}
	}
	const denied = "The request you have made requires authentication."
	// S-024
	for _, tt := range []struct {
		name     string
		actor    *testenv.Actor
		id       string
		body     any
		status   int
		contains string
	}{
		{"wrong original", env.Actor, id, body("wrong", "new-one"), 401, denied},
		{"a token is no proof", bob, id, body("wrong", "new-one"), 401, denied},
		{"another user", bob, other, body("secret", "new-one"), 401, denied},
		{"nobody", env.Actor, "none", body("secret", "new-one"), 401, denied},
		{"against the rules", env.Actor, id, body("secret", "abc"), 400, "The password does not match the requirements: four characters or more."},
		{"the same again", env.Actor, id, body("secret", "secret"), 400, "The new password cannot be identical to a previous password. The total number which includes the new password must be unique is 2."},
		{"no original", env.Actor, id, `{"user": {"password": "new-one"}}`, 400, "'original_password' is a required property"},
		{"null", env.Actor, id, `{"user": {"original_password": null, "password": "x"}}`, 400, "Invalid input for field 'original_password': None is not of type 'string'"}, // S-023
		{"a number", env.Actor, id, `{"user": {"original_password": "secret", "password": 5}}`, 400, "Invalid input for field 'password': 5 is not of type 'string'"},
		{"an unknown member", env.Actor, id, `{"user": {"original_password": "secret", "password": "new-one", "x": 1}}`, 400, "Additional properties are not allowed ('x' was unexpected)"},
		{"nothing", env.Actor, id, `{}`, 400, "'original_password' is a required property"},
		{"a list", env.Actor, id, `{"user": []}`, 400, "[] is not of type 'object'"},
	} {
		r := tt.actor.Post("/v3/users/"+tt.id+"/password", tt.body)
		if r.Status != tt.status || !strings.Contains(r.Message(), tt.contains) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, r.Status, r.Message(), tt.status, tt.contains)
		}
	}
	bob.Get("/v3/users/" + id).Want(200) // nothing above ended the token

	change := func(original, password string) *testenv.Response {
		return env.Post("/v3/users/"+id+"/password", body(original, password))
	}
	change("secret", "second").Want(204)
	env.Login("bob", "second")
	want := "You cannot change your password at this time due to the minimum password age. Once you change your password, it must be" +
		" used for 2 day(s) before it can be changed. Please try again in 1 day(s) or contact your administrator to reset your password."
	env.Clock.Advance(time.Hour)
	if got := change("second", "third").Want(400).Message(); got != want {
		t.Errorf("too early: %s\nwant %s", got, want)
	}
	env.Clock.Advance(48 * time.Hour)
	change("second", "secret").Want(400) // one of the last two
	change("second", "third").Want(204)
	env.Clock.Advance(48 * time.Hour)
	change("third", "secret").Want(204) // it is not any more

	// An administrator may set an old one, but not one against the rules.
	admin = env.Admin()
	admin.Patch("/v3/users/"+id, `{"user": {"password": "third"}}`).Want(200)
	if got := admin.Patch("/v3/users/"+id, `{"user": {"password": "abc"}}`).Want(400).Message(); got != "The password does not match the requirements: four characters or more." {
		t.Errorf("reset against the rules: %s", got)
	}
	if got := admin.Patch("/v3/users/"+id, `{"user": {"password": null}}`).Want(400).Message(); got != "Password validation error: Password must be a string type." {
		t.Errorf("reset to null: %s", got)
	}
	admin.Patch("/v3/users/"+id, `{"user": {"options": {"lock_password": true}}}`).Want(200)
	want = "You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password."
	if got := change("third", "fourth").Want(400).Message(); got != want {
		t.Errorf("a locked password: %s\nwant %s", got, want)
	}
}

// S-032, S-068, S-070
func TestWhoMayDoWhatToUsers(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	id := createUser(admin, "bob", "secret")
	bob := env.Login("bob", "secret")
	victim := createUser(admin, "al", "secret")

	bob.Get("/v3/users/" + id).Want(200)
	bob.Get("/v3/users/" + id + "/groups").Want(200)
	for _, target := range []string{victim, "none"} {
		for _, call := range []struct{ method, path, body string }{
			{"GET", "/v3/users/" + target, ""},
			{"HEAD", "/v3/users/" + target, ""},
			{"PATCH", "/v3/users/" + target, `{"user": {"name": "x"}}`},
			{"DELETE", "/v3/users/" + target, ""},
			{"GET", "/v3/users/" + target + "/groups", ""},
			{"DELETE", "/v3/users/" + target + "/tokens", ""},
		} {
			bob.Do(call.method, call.path, call.body).Want(403)
			env.Do(call.method, call.path, call.body).Want(401)
		}
	}
	bob.Get("/v3/users").Want(403)
	bob.Post("/v3/users", `{"user": {"name": "x"}}`).Want(403)
	for _, change := range []string{
		`{"multi_factor_auth_enabled": false}`, `{"multi_factor_auth_rules": []}`, `{"ignore_lockout_failure_attempts": true}`, `{"ignore_password_expiry": true}`,
	} {
		bob.Patch("/v3/users/"+id, `{"user": {"options": `+change+`}}`).Want(403)
	}
	if got := bob.Delete("/v3/users/" + id).Want(403).Message(); got != "You are not authorized to perform the requested action: identity:delete_user." {
		t.Errorf("a refusal says %q", got)
	}
}

// S-071: an attribute under another spelling of its name is the same attribute, for every check.
func TestSpellingsOfAttributes(t *testing.T) {
	admin := testenv.New(t).Admin()
	r := admin.Post("/v3/users", `{"user": {"name": "x", "default:project-id": "p", "password-expires-at": 1}}`).Want(201)
	if got := r.Get("user.default_project_id"); got != "p" {
		t.Errorf("the default project is %q, want p", got)
	}
	if v := r.Value("user.password_expires_at"); v != nil {
		t.Errorf("a client set password_expires_at to %v", v)
	}
	if got := admin.Post("/v3/users", `{"user": {"name": "y", "domain-id": "none"}}`).Want(404).Message(); got != "Could not find domain: none." {
		t.Errorf("a domain under another spelling: %q", got)
	}
}

// S-168
func TestLengthsCountCharacters(t *testing.T) {
	admin := testenv.New(t).Admin()
	for _, tt := range []struct {
		path, body string
		max        int
	}{
		{"/v3/users", `{"user": {"name": "%s"}}`, 255},
		{"/v3/groups", `{"group": {"name": "%s"}}`, 64},
	} {
		admin.Post(tt.path, fmt.Sprintf(tt.body, strings.Repeat("ü", tt.max))).Want(201)
		r := admin.Post(tt.path, fmt.Sprintf(tt.body, strings.Repeat("é", tt.max+1))).Want(400)
		if m := r.Message(); !strings.Contains(m, "is too long") && !strings.Contains(m, fmt.Sprintf("CHAR(%d)", tt.max)) {
			t.Errorf("%s one over %d: %s", tt.path, tt.max, m)
		}
	}
}
