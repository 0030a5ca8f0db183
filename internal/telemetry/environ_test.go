package telemetry

import (
	"net/http/httptest"
	"testing"
)

// S-085
func TestEnviron(t *testing.T) {
	for _, tt := range []struct {
		name, prefix, peer string
		headers            [][2]string
		ask, want          string
	}{
		{"a variable", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Remote-User", "ann"}}, "REMOTE_USER", "ann"},
		{"case does not count", "x-env-", "10.0.0.1:1", [][2]string{{"X-ENV-REMOTE-USER", "ann"}}, "remote_user", "ann"},
		{"hyphens in the name", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Shib-Identity-Provider", "idp"}}, "Shib-Identity-Provider", "idp"},
		{"a header as in CGI", "X-Env-", "10.0.0.1:1", [][2]string{{"OIDC-iss", "https://idp"}}, "HTTP_OIDC_ISS", "https://idp"},
		{"UTF-8", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Name", "Zoë"}}, "NAME", "Zoë"},
		{"ISO 8859-1", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Name", "Zo\xeb"}}, "NAME", "Zoë"},
		{"not set", "X-Env-", "10.0.0.1:1", nil, "REMOTE_USER", ""},
		{"no name", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-", "x"}}, "", ""},
		{"Apache's word for nothing", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Remote-User", "(null)"}}, "REMOTE_USER", ""},
		{"twice", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Remote-User", "eve"}, {"X-Env-Remote-User", "ann"}}, "REMOTE_USER", ""},
		{"underscores", "X-Env-", "10.0.0.1:1", [][2]string{{"X-Env-Remote_User", "eve"}}, "REMOTE_USER", ""},
		{"underscores, CGI", "X-Env-", "10.0.0.1:1", [][2]string{{"OIDC_iss", "eve"}}, "HTTP_OIDC_ISS", ""},
		{"without the prefix", "X-Env-", "10.0.0.1:1", [][2]string{{"Remote-User", "eve"}}, "REMOTE_USER", ""},
		{"from a client", "X-Env-", "203.0.113.9:1", [][2]string{{"X-Env-Remote-User", "eve"}}, "REMOTE_USER", ""},
		{"from a client that says it is a proxy", "X-Env-", "203.0.113.9:1", [][2]string{{"X-Env-Remote-User", "eve"}, {"X-Forwarded-For", "10.0.0.1"}}, "REMOTE_USER", ""},
		{"a header from a client", "X-Env-", "203.0.113.9:1", [][2]string{{"OIDC-iss", "eve"}}, "HTTP_OIDC_ISS", ""},
		{"no prefix is set", "", "10.0.0.1:1", [][2]string{{"Remote-User", "eve"}, {"X-Env-Remote-User", "eve"}}, "REMOTE_USER", ""},
		{"no prefix is set, CGI", "", "10.0.0.1:1", [][2]string{{"OIDC-iss", "eve"}}, "HTTP_OIDC_ISS", ""},
	} {
		p := Proxies{Parse: true, EnvironPrefix: tt.prefix}
		if err := p.List([]string{"10.0.0.0/8"}); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://own/", nil)
		r.RemoteAddr = tt.peer
		for _, h := range tt.headers {
			r.Header.Add(h[0], h[1])
		}
		var info Request
		p.fill(&info, r)
		if got := info.Environ.Get(tt.ask); got != tt.want {
			t.Errorf("%s: %s is %q, want %q", tt.name, tt.ask, got, tt.want)
		}
	}
	// Without a list nobody is a proxy, whatever else they are believed.
	p := Proxies{Parse: true, EnvironPrefix: "X-Env-"}
	r := httptest.NewRequest("GET", "http://own/", nil)
	r.Header.Set("X-Env-Remote-User", "eve")
	var info Request
	p.fill(&info, r)
	if got := info.Environ.Get("REMOTE_USER"); got != "" {
		t.Errorf("without a list: %q", got)
	}
	for _, prefix := range []string{"X_Env_", "X Env", "X-Env:", "é"} {
		if CheckEnvironPrefix(prefix) == nil {
			t.Errorf("%q can be a prefix", prefix)
		}
	}
}
