package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// S-050
func TestAccessRuleAllows(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"/v3/users", "/v3/users", true},
		{"/v3/users", "/v3/users/1", false},
		{"/v3/users", "/x/v3/users", false},
		{"/v3/users/*", "/v3/users/1", true},
		{"/v3/users/*", "/v3/users/", false},
		{"/v3/users/*", "/v3/users/1/groups", false},
		{"/v3/users/{user_id}/groups", "/v3/users/1/groups", true},
		{"/v3/users/{user_id}/groups", "/v3/users/1/2/groups", false},
		{"/v3/**", "/v3/users/1/groups", true},
		{"/v3/**", "/v2/users", false},
		{"**", "/anything", true},
		{"/v2.1/servers", "/v2x1/servers", false},
		{"/a(b|c)", "/ab", false},
		{"/a(b|c)", "/a(b|c)", true},
		{"/{open", "/{open", true},
		{"", "/v3", false},
	} {
		r := identity.AccessRule{Service: "identity", Method: "GET", Path: tt.pattern}
		if got := r.Allows("identity", "GET", tt.path); got != tt.want {
			t.Errorf("%s allows %s: got %v, want %v", tt.pattern, tt.path, got, tt.want)
		}
		if r.Allows("compute", "GET", tt.path) || r.Allows("identity", "POST", tt.path) {
			t.Errorf("%s allows another service or method", tt.pattern)
		}
	}
}

// S-050
func TestAccessRulesTakeLinearTime(t *testing.T) {
	r := identity.AccessRule{Service: "identity", Method: "GET", Path: "/" + strings.Repeat("**a", 70)}
	start := time.Now()
	if r.Allows("identity", "GET", "/"+strings.Repeat("a", 8000)+"b") {
		t.Error("the path does not end as the rule says")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}
