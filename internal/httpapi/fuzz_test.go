package httpapi_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

// FuzzRequest sends an administrator's requests with any method, path, query and body: none of them breaks anything. S-128
func FuzzRequest(f *testing.F) {
	env := testenv.New(f, func(c *config.Config) { c.Default.AdminToken = "admin-token" })
	_, ids := callers(f, env)
	for n, rt := range httpapi.Routes() {
		path, body := shape(rt, ids, n)
		f.Add(rt.Method, path, body)
		f.Add(rt.Method, path+"?name__icontains=%25&limit=2&marker=x&enabled", body)
	}
	handler := env.Server.Handler()
	f.Fuzz(func(t *testing.T, method, target, body string) {
		line := method + " http://identity.example" + target + " HTTP/1.0\r\n\r\n"
		if _, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line))); err != nil || !strings.HasPrefix(target, "/") {
			t.Skip()
		}
		r := httptest.NewRequestWithContext(t.Context(), method, "http://identity.example"+target, strings.NewReader(body))
		r.Header.Set("X-Auth-Token", "admin-token")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q with %q: %d %s", method, target, body, w.Code, w.Body)
		}
	})
}
