package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

// open are the routes that ask nobody who they are. A new one must be put here on purpose.
var open = map[string]bool{
	"GET /":                                            true,
	"GET /v3":                                          true,
	"GET /v3/openapi.json":                             true,
	"POST /v3/auth/tokens":                             true,
	"POST /v3/users/{user_id}/password":                true,
	"GET /v3/users/{user_id}/password":                 true,
	"GET /v3/auth/tokens/OS-PKI/revoked":               true,
	"GET /v3/OS-SIMPLE-CERT/ca":                        true,
	"GET /v3/OS-SIMPLE-CERT/certificates":              true,
	"PATCH /v3/policies":                               true,
	"DELETE /v3/policies":                              true,
	"POST /v3/policies/{policy_id}":                    true,
	"GET " + providerAuth:                              true,
	"POST " + providerAuth:                             true,
	"GET " + providerSSO:                               true,
	"POST " + providerSSO:                              true,
	"GET /v3/auth/OS-FEDERATION/websso/{protocol_id}":  true,
	"POST /v3/auth/OS-FEDERATION/websso/{protocol_id}": true,

	"PUT /v3/OS-FEDERATION/mappings":    true,
	"PATCH /v3/OS-FEDERATION/mappings":  true,
	"DELETE /v3/OS-FEDERATION/mappings": true,

	"POST /v3/auth/OS-FEDERATION/saml2":           true,
	"POST /v3/auth/OS-FEDERATION/saml2/ecp":       true,
	"GET /v3/OS-FEDERATION/saml2/metadata":        true,
	"PATCH /v3/OS-OAUTH1/consumers":               true,
	"DELETE /v3/OS-OAUTH1/consumers":              true,
	"POST /v3/OS-OAUTH1/consumers/{consumer_id}":  true,
	"POST /v3/OS-OAUTH1/request_token":            true,
	"POST /v3/OS-OAUTH1/access_token":             true,
	"POST /v3/OS-OAUTH2/token":                    true,
	"GET /v3/OS-OAUTH2/token":                     true,
	"PUT /v3/OS-OAUTH2/token":                     true,
	"PATCH /v3/OS-OAUTH2/token":                   true,
	"DELETE /v3/OS-OAUTH2/token":                  true,
	"GET /.well-known/oauth-authorization-server": true,
}

const (
	providerAuth = "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth"
	providerSSO  = "/v3/auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso"
)

// fill replaces the arguments of a path by an id that is nobody's.
func fill(path string) string {
	return regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "0123456789abcdef0123456789abcdef")
}

// S-065
func TestRoutesAskWhoCalls(t *testing.T) {
	env := testenv.New(t)
	for _, rt := range httpapi.Routes() {
		name := rt.Method + " " + rt.Path
		if rt.Open != (open[name]) {
			t.Errorf("%s: open is %v, reviewed as %v", name, rt.Open, open[name])
		}
		if !rt.Open && len(rt.Actions) == 0 {
			t.Errorf("%s names no rule", name)
		}
		for _, body := range []any{nil, `{}`, `{"user": {"name": "x"}}`} {
			r := env.Do(rt.Method, fill(rt.Path), body)
			if !rt.Open && r.Status != http.StatusUnauthorized {
				t.Errorf("%s without a token: got %d, want 401", name, r.Status)
			}
			if rt.Open && r.Status >= 500 {
				t.Errorf("%s: got %d", name, r.Status)
			}
		}
	}
}

// S-081
func TestBadBodies(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	for _, rt := range httpapi.Routes() {
		if rt.Method != "POST" && rt.Method != "PUT" && rt.Method != "PATCH" || slices.Contains(rt.Successes, http.StatusMethodNotAllowed) {
			continue
		}
		for _, body := range []string{`[]`, `"x"`, `1`, `{`, `{} {}`, `nul`, "{\"a\": \"\x00\"}", "{\"a\": \"\xff\"}", `{"a": "\ud800"}`} {
			if r := admin.Do(rt.Method, fill(rt.Path), body); r.Status != http.StatusBadRequest {
				t.Errorf("%s %s with %q: got %d, want 400", rt.Method, rt.Path, body, r.Status)
			}
		}
		if r := admin.Do(rt.Method, fill(rt.Path), `{}`, "Content-Type", "text/plain"); r.Status != 400 && r.Status != 415 {
			t.Errorf("%s %s as text/plain: got %d, want 400 or 415", rt.Method, rt.Path, r.Status)
		}
	}
}

// S-083
func TestSizesAreBounded(t *testing.T) {
	env := testenv.New(t)
	big := `{"auth": "` + strings.Repeat("x", 114688) + `"}`
	env.Post("/v3/auth/tokens", big).Want(http.StatusRequestEntityTooLarge)
	env.Get("/v3?x=" + strings.Repeat("x", 8<<10)).Want(http.StatusRequestURITooLong)
	env.With(strings.Repeat("g", 9<<10)).Get("/v3/users").Want(401)
}

// S-085, S-086
func TestHeadersThatMeanNothing(t *testing.T) {
	env := testenv.New(t)
	for _, h := range []string{
		"X-User-Id", "X-Roles", "X-Project-Id", "X-Identity-Status", "Remote-User", "Remote_User", "OIDC-Sub", "Shib-Identity-Provider",
		"SSL_CLIENT_CERT", "Forwarded", "X-Is-Admin",
	} {
		env.Get("/v3/users", h, "admin").Want(401)
	}
	admin := env.Admin()
	admin.Post("/v3/users", `{"user": {"name": "x"}}`, "X-HTTP-Method-Override", "DELETE").Want(201)
	for _, method := range []string{"TRACE", "CONNECT", "BREW", "get"} {
		if r := admin.Do(method, "/v3/users", nil); r.Status != 405 && r.Status != 501 {
			t.Errorf("%s: got %d", method, r.Status)
		}
	}
}

// S-087
func TestLinksFollowThePublicEndpoint(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) {
		c.Default.PublicEndpoint = "https://id.example:5000/identity"
		c.OsloMiddleware.EnableProxyHeadersParsing = true
	})
	for _, path := range []string{"/", "/v3", "/v3/nothing"} {
		r := env.Get(path, "Host", "evil.example", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example")
		if all := r.Body + fmt.Sprint(r.Header); strings.Contains(all, "evil") {
			t.Errorf("%s: %s", path, all)
		}
	}
	if got, want := env.Get("/").Header.Get("Location"), "https://id.example:5000/identity/v3/"; got != want {
		t.Errorf("Location: got %q, want %q", got, want)
	}
}

// S-088, S-089
func TestFailuresAreTold(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	for _, r := range []*testenv.Response{
		env.Get("/v3/users"), env.Get("/nothing"), env.Get("/v3/nothing"), admin.Get("/v3/users/nobody"), admin.Post("/v3/users", `{}`),
		admin.Get("/v3/users/%00"), admin.Get("/v3/users?name=%00"), env.Authenticate(`{}`), env.Authenticate(`{"auth": {}}`),
		env.Authenticate(testenv.Body("nobody", "x")),
	} {
		if r.Message() == "" || r.Value("error.code") != float64(r.Status) || r.Get("error.title") != http.StatusText(r.Status) {
			t.Errorf("not an error as clients know it: %d %s", r.Status, r.Body)
		}
		if len(r.Header["x-openstack-request-id"]) != 1 {
			t.Errorf("no request id: %v", r.Header)
		}
		if r.Header.Get("Vary") != "X-Auth-Token" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers: %v", r.Header)
		}
	}
	if got := admin.Validate(admin.Token).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a token may be cached: %q", got)
	}
}

// HEAD decides as GET does. S-086
func TestHeadDecidesAsGet(t *testing.T) {
	env := testenv.New(t)
	all, ids := callers(t, env)
	own := map[string]bool{}
	for _, rt := range httpapi.Routes() {
		own[rt.Path] = own[rt.Path] || rt.Method == "HEAD"
	}
	for _, rt := range httpapi.Routes() {
		if rt.Method != "GET" || own[rt.Path] {
			continue
		}
		for _, c := range all {
			path, _ := shape(rt, ids, 0)
			if g, h := c.Get(path).Status, c.Head(path).Status; g != h {
				t.Errorf("%s as %s: GET %d, HEAD %d", path, c.kind, g, h)
			}
		}
	}
}

// wrong are values of all JSON types.
var wrong = []any{nil, true, 7, -0.5, "", "x", []any{}, []any{nil}, []any{"x", 7}, object{}, object{"x": nil}, strings.Repeat("x", 300)}

// variants yields an object with each of its members, at any depth and whether it is there or only in the schema, replaced by
// a value of each type in turn.
func variants(schema, v object, yield func(object)) {
	properties, _ := schema["properties"].(object)
	names := map[string]bool{}
	for name := range properties {
		names[name] = true
	}
	for name := range v {
		names[name] = true
	}
	for name := range names {
		with := func(x any) {
			o := maps.Clone(v)
			o[name] = x
			yield(o)
		}
		for _, x := range wrong {
			with(x)
		}
		below, _ := properties[name].(object)
		switch inner := v[name].(type) {
		case object:
			variants(below, inner, func(o object) { with(o) })
		case []any:
			items, _ := below["items"].(object)
			for i, item := range inner {
				if item, ok := item.(object); ok {
					variants(items, item, func(o object) {
						list := slices.Clone(inner)
						list[i] = o
						with(list)
					})
				}
			}
		case nil:
			if below["properties"] != nil {
				variants(below, object{}, func(o object) { with(o) })
			}
		}
	}
}

// Members of the wrong type are refused or mean something, but never break anything. S-081, S-023
func TestWrongTypes(t *testing.T) {
	env := testenv.New(t)
	_, ids := callers(t, env)
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema object }
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	admin := env.Admin()
	n := 0
	for _, rt := range httpapi.Routes() {
		if rt.Method != "POST" && rt.Method != "PUT" && rt.Method != "PATCH" || slices.Contains(rt.Successes, http.StatusMethodNotAllowed) {
			continue
		}
		path, body := shape(rt, ids, n)
		var right object
		if body != "" {
			if err := json.Unmarshal([]byte(body), &right); err != nil {
				t.Fatal(err)
			}
		}
		if right == nil {
			right = object{}
		}
		schema := doc.Paths[rt.Path][strings.ToLower(rt.Method)].RequestBody.Content["application/json"].Schema
		variants(schema, right, func(o object) {
			n++
			if r := admin.Do(rt.Method, path, o); r.Status >= 500 {
				sent, _ := json.Marshal(o)
				t.Errorf("%s %s with %s: %d %s", rt.Method, path, sent, r.Status, r.Body)
			}
		})
	}
	if n < 1000 {
		t.Errorf("only %d requests", n)
	}
}
