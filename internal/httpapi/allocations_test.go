//go:build !race

package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A validation of what is remembered leaves little behind: headers, a request id, what a request is to its handlers.
// The race detector allocates for itself, so this is not asked under it.
func TestAWarmValidationAllocatesLittle(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	r := httptest.NewRequest("GET", "http://identity.example/v3/auth/tokens", nil)
	r.Header.Set("X-Auth-Token", admin.Token)
	r.Header.Set("X-Subject-Token", admin.Token)
	h := env.Server.Handler()
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(nowhere{http.Header{}}, r) }); n > 32 {
		t.Errorf("%v allocations", n)
	}
}
