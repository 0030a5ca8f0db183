package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

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
