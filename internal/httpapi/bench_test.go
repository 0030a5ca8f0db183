package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// nowhere is an answer that nobody reads.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// BenchmarkValidate is what a service asks with each request that it gets: is this token good?
func BenchmarkValidate(b *testing.B) {
	env := testenv.New(b)
	admin := env.Admin()
	r := httptest.NewRequest("GET", "http://identity.example/v3/auth/tokens", nil)
	r.Header.Set("X-Auth-Token", admin.Token)
	r.Header.Set("X-Subject-Token", admin.Token)
	h := env.Server.Handler()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nowhere{http.Header{}}, r)
	}
}

// BenchmarkRescope is what a console does when somebody changes to another project: a token for a token.
func BenchmarkRescope(b *testing.B) {
	env := testenv.New(b)
	admin := env.Admin()
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}, "scope": {"project": {"id": %q}}}}`,
		admin.Token, admin.Validate(admin.Token).Want(200).Get("token.project.id"))
	h := env.Server.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "http://identity.example/v3/auth/tokens", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(nowhere{http.Header{}}, r)
	}
}

// BenchmarkRobotLogin is what a program does at its every run: an application credential, whose secret was right before, for a token.
func BenchmarkRobotLogin(b *testing.B) {
	env := testenv.New(b)
	admin := env.Admin()
	robot := admin.Post("/v3/users/"+admin.Validate(admin.Token).Get("token.user.id")+"/application_credentials", `{"application_credential": {"name": "robot"}}`).Want(201)
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": %q, "secret": %q}}}}`,
		robot.Get("application_credential.id"), robot.Get("application_credential.secret"))
	env.Authenticate(body).Want(http.StatusCreated)
	h := env.Server.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "http://identity.example/v3/auth/tokens", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(nowhere{http.Header{}}, r)
	}
}

// BenchmarkFailedLogins tells how long each way to fail at the password takes, in turns, at a cost of hashes as it is in
// production: the medians of 200 rounds (-benchtime 200x) lie within a tenth of each other. S-017
func BenchmarkFailedLogins(b *testing.B) {
	rounds := 12
	env, ways := failedLogins(b, func(c *config.Config) { c.Identity.PasswordHashRounds = &rounds })
	names := slices.Sorted(maps.Keys(ways))
	took := map[string][]time.Duration{}
	for b.Loop() {
		for _, name := range names {
			begin := time.Now()
			env.Authenticate(ways[name]).Want(http.StatusUnauthorized)
			took[name] = append(took[name], time.Since(begin))
		}
		b.StopTimer()
		env.Login("bob", "secret") // or they would be locked soon
		env.Login("carol", "secret")
		b.StartTimer()
	}
	for _, name := range names {
		slices.Sort(took[name])
		b.ReportMetric(float64(took[name][len(took[name])/2])/1e6, strings.ReplaceAll(name, " ", "-")+"-ms")
	}
}

// BenchmarkImpliedRoles turns a token into one with a thousand roles that imply each other, in circles too: well under 50 ms. S-074
func BenchmarkImpliedRoles(b *testing.B) {
	env := testenv.New(b)
	admin := env.Admin()
	user := createUser(admin, "bob", "secret")
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	const n = 1000
	ids := make([]string, n)
	for i := range ids {
		ids[i] = admin.Post("/v3/roles", fmt.Sprintf(`{"role": {"name": "m%d"}}`, i)).Want(201).Get("role.id")
	}
	for i := 1; i < n; i++ {
		admin.Put("/v3/roles/"+ids[i/2]+"/implies/"+ids[i], nil).Want(201)
		if i%10 == 0 {
			admin.Put("/v3/roles/"+ids[i]+"/implies/"+ids[i/3], nil).Want(201)
		}
	}
	admin.Put("/v3/projects/"+project+"/users/"+user+"/roles/"+ids[1], nil).Want(204)
	bob := env.Login("bob", "secret", testenv.Unscoped)
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}, "scope": {"project": {"id": %q}}}}`, bob.Token, project)
	for b.Loop() {
		env.Authenticate(body).Want(http.StatusCreated)
	}
}
