package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// TestSecretsStayIn takes secrets of all kinds through the API and looks for them where they must not be. Nothing is masked
// in this log: what it does not hold was not logged. S-124
func TestSecretsStayIn(t *testing.T) {
	events := filepath.Join(t.TempDir(), "events")
	env := testenv.New(t, withEvents(events), func(c *config.Config) {
		c.Default.AdminToken = "canary-admin-token"
	})
	admin := env.Admin()
	secrets := []string{testenv.Password, "canary-admin-token", admin.Token}
	canary := func(s string) string {
		s = "canary-" + s
		secrets = append(secrets, s)
		return s
	}
	id := createUser(admin, "bob", canary("first"))
	bob := env.Login("bob", "canary-first")
	secrets = append(secrets, bob.Token)
	env.Authenticate(testenv.Body("bob", canary("wrong"))).Want(401)
	env.Authenticate(testenv.Body("nobody", canary("nobodys"))).Want(401)
	env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": 5, "password": "` + canary("misplaced") + `"}}}}}`).Want(400)
	env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + canary("token") + `"}}}}`).Want(404)
	env.Post("/v3/users/"+id+"/password", `{"user": {"original_password": "canary-first", "password": "`+canary("second")+`"}}`).Want(204)
	env.Post("/v3/users/"+id+"/password", `{"user": {"original_password": "`+canary("guess")+`", "password": "`+canary("third")+`"}}`).Want(401)
	admin.Patch("/v3/users/"+id, `{"user": {"password": "`+canary("reset")+`", "options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	receipt := env.Authenticate(testenv.Body("bob", "canary-reset")).Want(401).Header.Get("Openstack-Auth-Receipt")
	secrets = append(secrets, receipt)
	env.Post("/v3/auth/tokens", testenv.Body("admin", testenv.Password), "Openstack-Auth-Receipt", receipt).Want(401)
	env.Post("/v3/auth/tokens", testenv.Body("admin", testenv.Password), "Openstack-Auth-Receipt", canary("receipt")).Want(401)
	env.With(canary("x-auth-token")).Get("/v3/users").Want(401)
	env.With(bob.Token).Get("/v3/users").Want(401)
	admin.Validate(canary("subject")).Want(404)
	admin.Validate(bob.Token).Want(404)
	admin.Delete("/v3/auth/tokens", "X-Subject-Token", bob.Token).Want(404)
	env.With("canary-admin-token").Get("/v3/users").Want(200)
	blob := admin.Post("/v3/credentials", `{"credential": {"type": "cert", "user_id": "`+id+`", "blob": "`+canary("blob")+`"}}`).Want(201).Get("credential.id")
	admin.Patch("/v3/credentials/"+blob, `{"credential": {"blob": "`+canary("changed-blob")+`"}}`).Want(200)
	admin.Get("/v3/credentials/" + blob).Want(200)

	places := map[string]string{"the log": env.Log()}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(env.Database() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		places["the database"+suffix] = string(data)
	}
	places["the metrics"] = metrics(env)
	deliver(t, env, events)
	told, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	places["the events"] = string(told)
	for place, text := range places {
		if len(text) < 1000 {
			t.Errorf("%s holds %d bytes only", place, len(text))
		}
		for _, s := range secrets {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("%s holds %s: …%q…", place, s, text[max(0, i-100):min(len(text), i+len(s)+20)])
			}
		}
	}
}

// TestAudit: each login, failure, grant and change leaves exactly one record, which a client cannot forge. S-125
func TestAudit(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	me := admin.Validate(admin.Token).Want(200)
	seen := len(env.Log())
	records := func() (all []object) {
		t.Helper()
		for line := range strings.Lines(env.Log()[seen:]) {
			var record object
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if record["msg"] == "audit" {
				delete(record, "time")
				delete(record, "level")
				delete(record, "msg")
				all = append(all, record)
			}
		}
		seen = len(env.Log())
		return all
	}
	by := func(action, outcome string, status float64, target object) object {
		return object{
			"action": action, "outcome": outcome, "status": status, "address": "192.0.2.1", "target": target,
			"actor": me.Get("token.user.id"), "audit_ids": me.List("token.audit_ids"), "methods": []any{"password"},
		}
	}
	nobody := func(outcome string, status float64, user string) object {
		return object{"action": "POST /v3/auth/tokens", "outcome": outcome, "status": status, "address": "192.0.2.1", "target": object{"user": user}}
	}
	const forged = "x\n{\"msg\": \"audit\", \"actor\": \"admin\"}\r\n"
	name, _ := json.Marshal(forged)
	id := createUser(admin, "bob", "secret")
	for _, tt := range []struct {
		what string
		do   func()
		want object
	}{
		{"nothing but reading", func() { admin.Get("/v3/users").Want(200); admin.Validate(admin.Token).Want(200) }, nil},
		{"a login", func() { env.Authenticate(testenv.Body("bob", "secret")).Want(201) }, nobody("success", 201, "bob")},
		{"a failure", func() { env.Authenticate(testenv.Body("bob", "wrong")).Want(401) }, nobody("failure", 401, "bob")},
		{"a name with line breaks", func() {
			env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": ` + string(name) + `, "password": "x", "domain": {"id": "default"}}}}}}`).Want(401)
		}, nobody("failure", 401, forged)},
		{"a change", func() { admin.Patch("/v3/users/"+id, `{"user": {"description": "x"}}`).Want(200) },
			by("PATCH /v3/users/{user_id}", "success", 200, object{"user_id": id})},
		{"a grant that fails", func() { admin.Put("/v3/system/users/"+id+"/roles/none", nil).Want(404) },
			by("PUT /v3/system/users/{user_id}/roles/{role_id}", "failure", 404, object{"user_id": id, "role_id": "none"})},
	} {
		records()
		tt.do()
		var want []object
		if tt.want != nil {
			want = []object{tt.want}
		}
		if diff := cmp.Diff(want, records()); diff != "" {
			t.Errorf("%s, -want +got:\n%s", tt.what, diff)
		}
	}
}

// TestAdminToken: what is not set is nobody's, whatever the header says. S-078
func TestAdminToken(t *testing.T) {
	off := testenv.New(t)
	for _, text := range []string{"", "ADMIN", "None", "null", " ", "<None>"} {
		off.With(text).Get("/v3/users").Want(401)
	}
	on := testenv.New(t, func(c *config.Config) { c.Default.AdminToken = "s3same" })
	on.With("s3same").Get("/v3/users").Want(200)
	for _, text := range []string{"s3sam", "s3same0", "S3SAME", " "} {
		on.With(text).Get("/v3/users").Want(401)
	}
	root := on.With("s3same")
	bob := createUser(root, "bob", "secret")
	text := on.Login("bob", "secret").Token
	root.Validate(text).Want(200)
	root.Delete("/v3/auth/tokens", "X-Subject-Token", text).Want(204)
	root.Validate(text).Want(404)
	root.Get("/v3/auth/tokens").Want(404)
	root.Delete("/v3/users/" + bob).Want(204)
}

// hashes is how many password hashes the server has computed.
func hashes(t *testing.T, env *testenv.Env) (n int) {
	t.Helper()
	if _, after, ok := strings.Cut(metrics(env), "\nlintel_hashes_total "); ok {
		fmt.Sscan(after, &n)
	}
	if n == 0 {
		t.Fatal("no hashes are counted")
	}
	return n
}

func metrics(env *testenv.Env) string {
	w := httptest.NewRecorder()
	env.Server.Telemetry.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// failedLogins are all ways to fail at the password, in a cloud of their own.
func failedLogins(t testing.TB, changes ...func(*config.Config)) (*testenv.Env, map[string]string) {
	env := testenv.New(t, append(changes, func(c *config.Config) {
		attempts := 2
		c.SecurityCompliance.LockoutFailureAttempts = &attempts
	})...)
	admin := env.Admin()
	for _, name := range []string{"bob", "carol", "locked", "off"} {
		createUser(admin, name, "secret")
	}
	off := admin.Get("/v3/users?name=off").Want(200).Get("users.0.id")
	admin.Patch("/v3/users/"+off, `{"user": {"enabled": false}}`).Want(200)
	admin.Post("/v3/users", `{"user": {"name": "bare"}}`).Want(201)
	for range 2 {
		env.Authenticate(testenv.Body("locked", "wrong")).Want(401)
	}
	return env, map[string]string{
		"wrong password":   testenv.Body("bob", "wrong"),
		"unknown user":     testenv.Body("nobody", "secret"),
		"unknown domain":   strings.Replace(testenv.Body("bob", "secret"), `"default"`, `"none"`, 1),
		"unknown id":       `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "none", "password": "secret"}}}}}`,
		"disabled user":    testenv.Body("off", "secret"),
		"locked user":      testenv.Body("locked", "secret"),
		"without password": testenv.Body("bare", "secret"),
		"empty password":   testenv.Body("carol", ""),
	}
}

// TestOneAnswerToFailedLogins: eight ways to fail, one answer, and as much work. S-016, S-017; BenchmarkFailedLogins tells the
// time.
func TestOneAnswerToFailedLogins(t *testing.T) {
	env, ways := failedLogins(t)
	var first *testenv.Response
	for what, body := range ways {
		before := hashes(t, env)
		r := env.Authenticate(body)
		if n := hashes(t, env) - before; n != 1 {
			t.Errorf("%s: %v hashes were computed, want 1", what, n)
		}
		if first == nil {
			first = r
		}
		if r.Status != 401 || r.Body != first.Body {
			t.Errorf("%s: %d %s, want %s", what, r.Status, r.Body, first.Body)
		}
		delete(r.Header, "x-openstack-request-id")
		if diff := cmp.Diff(first.Header, r.Header); diff != "" {
			t.Errorf("%s: headers differ: %s", what, diff)
		}
	}
}

// TestLongPasswords: what lies beyond the bytes that bcrypt takes never lets anybody in. S-021
func TestLongPasswords(t *testing.T) {
	long := strings.Repeat("a", 72)
	env := testenv.New(t)
	admin := env.Admin()
	admin.Post("/v3/users", `{"user": {"name": "bob", "password": "`+long+`b"}}`).Want(403)
	createUser(admin, "bob", long)
	env.Login("bob", long)
	env.Authenticate(testenv.Body("bob", long[:71])).Want(401)
	env.Authenticate(testenv.Body("bob", long[:71]+"b")).Want(401)

	for _, algorithm := range []string{"bcrypt_sha256", "pbkdf2_sha512"} {
		env := testenv.New(t, func(c *config.Config) { c.Identity.PasswordHashAlgorithm = algorithm })
		createUser(env.Admin(), "bob", long+"bc")
		env.Login("bob", long+"bc")
		for _, other := range []string{long, long + "b", long + "bd", long + "cc", long + "bcd"} {
			if r := env.Authenticate(testenv.Body("bob", other)); r.Status != 401 {
				t.Errorf("%s: another long password: %d", algorithm, r.Status)
			}
		}
	}
}

// hungUp is a client that is gone before it was answered.
type hungUp struct{ nowhere }

func (hungUp) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Who does not wait for the answer is on record all the same, and nothing takes what there is of the answer for the whole.
func TestWhoHangsUpIsOnRecord(t *testing.T) {
	env := testenv.New(t)
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("the handler ended with %v", err)
		}
		if log := env.Log(); !strings.Contains(log, `"msg":"audit","action":"POST /v3/auth/tokens","outcome":"success","status":201`) {
			t.Errorf("the login is not on record:\n%s", log)
		}
	}()
	r := httptest.NewRequest("POST", "http://identity.example/v3/auth/tokens", strings.NewReader(testenv.Body("admin", testenv.Password)))
	r.Header.Set("Content-Type", "application/json")
	env.Server.Handler().ServeHTTP(hungUp{nowhere{http.Header{}}}, r)
}
