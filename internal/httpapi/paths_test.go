package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// The answers are those of upstream's WSGI stack.
func TestPathsWithSlashes(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Default.PublicEndpoint = "https://cloud.example" })
	admin := env.Admin()
	for _, path := range []string{"/v3/users/", "/v3/users//", "//v3/users"} {
		admin.Get(path).Want(http.StatusOK)
	}
	// S-087
	r := admin.Get("/v3//users?name=a", "X-Forwarded-Host", "evil.example").Want(http.StatusPermanentRedirect)
	if got, want := r.Header.Get("Location"), "https://cloud.example/v3/users?name=a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Get("/v3/users/%2e%2e").Want(http.StatusNotFound)
}

func TestOptions(t *testing.T) {
	env := testenv.New(t)
	for path, want := range map[string]string{
		"/v3/users":       "GET, HEAD, OPTIONS, POST",
		"/v3/auth/tokens": "DELETE, GET, HEAD, OPTIONS, POST",
	} {
		if got := env.Do(http.MethodOptions, path, nil).Want(http.StatusOK).Header.Get("Allow"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// A client may log in while it still sends a token that has ended.
func TestDeadTokenAtTheDoor(t *testing.T) {
	env := testenv.New(t)
	for _, dead := range []string{"garbage", "gAAAAABm"} {
		env.Do(http.MethodPost, "/v3/auth/tokens", testenv.Body("admin", testenv.Password), "X-Auth-Token", dead).Want(http.StatusCreated)
		env.Do(http.MethodGet, "/v3/users", nil, "X-Auth-Token", dead).Want(http.StatusUnauthorized)
	}
}
