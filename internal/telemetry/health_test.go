package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The bodies are what oslo.middleware's healthcheck answers.
func TestHealth(t *testing.T) {
	dir := t.TempDir()
	there, gone := filepath.Join(dir, "there"), filepath.Join(dir, "gone")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const text, asHTML, asJSON = "text/plain; charset=UTF-8", "text/html; charset=UTF-8", "application/json"
	page := func(n, rows string) string {
		return "<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n\n<H2>Result of " + n + " checks:</H2>\n<TABLE bgcolor=\"#ffffff\" border=\"1\">\n<TBODY>\n<TR>\n\n<TH>\nReason\n</TH>\n</TR>\n" +
			rows + "\n</TBODY>\n</TABLE>\n<HR></HR>\n\n</BODY>\n</HTML>"
	}
	byFile := []string{"disable_by_file"}
	up, down := HealthOptions{}, HealthOptions{Backends: byFile, DisableByFile: there}
	broken := []Check{
		{"cache", func(context.Context) error { return nil }},
		{"database", func(context.Context) error { return errors.New("dial tcp 10.0.0.5:3306: refused") }},
	}
	for _, tt := range []struct {
		name           string
		options        HealthOptions
		method, accept string
		status         int
		mediaType      string
		body           string
	}{
		{"plain", up, "GET", "", 200, text, ""},
		{"any method", up, "POST", "", 200, text, ""},
		{"HEAD", up, "HEAD", "", 204, "", ""},
		{"JSON", up, "GET", "application/json", 200, asJSON, "{\n    \"detailed\": false,\n    \"reasons\": []\n}"},
		{"HTML", up, "GET", "text/html", 200, asHTML, page("0", "")},
		{"the likeliest", up, "GET", "text/*;q=0.5, application/json;q=0.7", 200, asJSON, "{\n    \"detailed\": false,\n    \"reasons\": []\n}"},
		{"all but text", up, "GET", "*/*, text/*;q=0", 200, asJSON, "{\n    \"detailed\": false,\n    \"reasons\": []\n}"},
		{"a browser", up, "GET", "text/html,application/xhtml+xml,*/*;q=0.8", 200, asHTML, page("0", "")},
		{"none of ours", up, "GET", "image/png", 200, text, ""},
		{"garbage", up, "GET", "garbage;;", 200, text, ""},
		{"not disabled", HealthOptions{Backends: byFile, DisableByFile: gone}, "GET", "", 200, text, "OK"},
		{"no file named", HealthOptions{Backends: byFile}, "GET", "", 200, text, "OK"},
		{"backend not named", HealthOptions{DisableByFile: there}, "GET", "", 200, text, ""},
		{"disabled", down, "GET", "", 503, text, "DISABLED BY FILE"},
		{"disabled, HEAD", down, "HEAD", "", 503, text, ""},
		{"disabled, JSON", down, "GET", "application/json", 503, asJSON, "{\n    \"detailed\": false,\n    \"reasons\": [\n        \"DISABLED BY FILE\"\n    ]\n}"},
		{"disabled, HTML", down, "GET", "text/html", 503, asHTML, page("1", "<TR>\n\n    <TD>DISABLED BY FILE</TD>\n\n</TR>")},
		{"enabled by files", HealthOptions{Backends: []string{"enable_by_files"}, EnableByFiles: []string{there}}, "GET", "", 200, text, "OK"},
		{"a file is missing", HealthOptions{Backends: []string{"enable_by_files"}, EnableByFiles: []string{there, gone}}, "GET", "", 503, text, "FILE PATH MISSING"},
		{"disabled on this port", HealthOptions{Backends: []string{"disable_by_files_ports"}, DisableByFiles: []string{"5000:" + there}}, "GET", "", 503, text, "DISABLED BY FILE"},
		{"disabled on another port", HealthOptions{Backends: []string{"disable_by_files_ports"}, DisableByFiles: []string{"35357:" + there}}, "GET", "", 200, text, "OK"},
		{"a check fails", up, "GET", "", 503, text, "DATABASE UNAVAILABLE"},
		{"a check fails, HEAD", up, "HEAD", "", 503, text, ""},
		{"two reasons", HealthOptions{Backends: byFile, DisableByFile: there}, "GET", "", 503, text, "DISABLED BY FILE\nDATABASE UNAVAILABLE"},
	} {
		r := httptest.NewRequest(tt.method, "/healthcheck", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}))
		if tt.accept != "" {
			r.Header.Set("Accept", tt.accept)
		}
		w := httptest.NewRecorder()
		h, err := NewHealth(tt.options)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(tt.name, "a check fails") || tt.name == "two reasons" {
			h.Checks = broken
		}
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.mediaType || w.Body.String() != tt.body {
			t.Errorf("%s: got %d %q\n%s\nwant %d %q\n%s", tt.name, w.Code, w.Header().Get("Content-Type"), w.Body, tt.status, tt.mediaType, tt.body)
		}
		if v := w.Header().Get("Vary"); v != "" {
			t.Errorf("%s: got Vary %q, want none", tt.name, v)
		}
	}
}

func TestDetailedHealth(t *testing.T) {
	h, err := NewHealth(HealthOptions{Detailed: true, Backends: []string{"disable_by_file"}, DisableByFile: "/nowhere/<b>"})
	if err != nil {
		t.Fatal(err)
	}
	h.Now = func() time.Time { return noon }
	get := func(accept string) string {
		r := httptest.NewRequest("GET", "/healthcheck", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	var body struct {
		Detailed bool
		Now      string
		Reasons  []result
	}
	if err := json.Unmarshal([]byte(get("application/json")), &body); err != nil {
		t.Fatal(err)
	}
	want := result{Class: "HealthcheckResult", Details: "Path '/nowhere/<b>' was not found", Reason: "OK"}
	if !body.Detailed || body.Now != "2026-11-26 12:00:00.123456" || len(body.Reasons) != 1 || body.Reasons[0] != want {
		t.Errorf("got %+v", body)
	}
	if got := get("text/html"); !strings.Contains(got, "<TD>HealthcheckResult</TD>\n    <TD>OK</TD>\n<TD>Path &#39;/nowhere/&lt;b&gt;&#39; was not found</TD>") {
		t.Errorf("got page\n%s", got)
	}
	if got := get("text/plain"); got != "OK" {
		t.Errorf("got text %q", got)
	}
}

func TestWhoMayAskForHealth(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options HealthOptions
		client  string
		header  string
		status  int
	}{
		{"in range", HealthOptions{SourceRanges: []string{"10.0.0.0/8"}}, "10.1.1.1", "", 200},
		{"out of range", HealthOptions{SourceRanges: []string{"10.0.0.0/8"}}, "192.0.2.1", "", 404},
		{"unknown", HealthOptions{SourceRanges: []string{"10.0.0.0/8"}}, "", "", 404},
		{"proxied", HealthOptions{IgnoreProxied: true}, "10.1.1.1", "X-Forwarded-For", 404},
		{"not proxied", HealthOptions{IgnoreProxied: true}, "10.1.1.1", "X-Other", 200},
	} {
		info := new(Request)
		if tt.client != "" {
			info.Client = netip.MustParseAddr(tt.client)
		}
		r := httptest.NewRequest("GET", "/healthcheck", nil)
		if tt.header != "" {
			r.Header.Set(tt.header, "x")
		}
		w := httptest.NewRecorder()
		h, err := NewHealth(tt.options)
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(w, r.WithContext(withRequest(r.Context(), info)))
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.status)
		}
	}
}

// S-141
func TestBadHealthOptions(t *testing.T) {
	for _, tt := range []struct {
		options HealthOptions
		want    string
	}{
		{HealthOptions{Backends: []string{"disable_by_file", "disable_by_files_ports"}}, ""},
		{HealthOptions{Backends: []string{"disable_by_file", "enable_by_files"}}, "[healthcheck] backends: enable_by_files and disable_by_file exclude each other"},
		{HealthOptions{Backends: []string{"magic"}}, `[healthcheck] backends: there is no "magic"`},
		{HealthOptions{DisableByFiles: []string{"/x"}}, `[healthcheck] disable_by_file_paths: "/x" is not port:path`},
		{HealthOptions{DisableByFiles: []string{"70000:/x"}}, `[healthcheck] disable_by_file_paths: "70000:/x" is not port:path`},
		{HealthOptions{SourceRanges: []string{"home"}}, `[healthcheck] allowed_source_ranges: "home" is neither an address nor a CIDR`},
	} {
		got := ""
		if _, err := NewHealth(tt.options); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: got error %q, want %q", tt.options, got, tt.want)
		}
	}
}
