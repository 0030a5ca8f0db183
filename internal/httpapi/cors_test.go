package httpapi_test

import (
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// S-086
func TestOriginsAreListed(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.CORS.AllowedOrigin = []string{"https://dashboard.example"} })
	for origin, want := range map[string]string{
		"https://dashboard.example": "https://dashboard.example", "https://evil.example": "", "http://dashboard.example": "", "null": "", "": "",
	} {
		if got := env.Get("/v3", "Origin", origin).Want(200).Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("from %q: got %q, want %q", origin, got, want)
		}
		r := env.Do("OPTIONS", "/v3/users", nil, "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "X-Auth-Token")
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("preflight from %q: got %q, want %q", origin, got, want)
		}
	}
	r := env.Do("OPTIONS", "/v3/users", nil, "Origin", "https://dashboard.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "X-Evil")
	if got := r.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("a header that is not listed is permitted: %v", r.Header)
	}
}
