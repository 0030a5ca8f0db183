package telemetry

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"testing"
)

// S-085, S-087, S-090
func TestForwardingHeaders(t *testing.T) {
	const peer, stranger = "10.0.0.1:4000", "203.0.113.9:4000"
	listed := []string{"10.0.0.0/8", "2001:db8:1::/48", "172.16.0.1"}
	for _, tt := range []struct {
		name    string
		parse   bool
		list    []string
		peer    string
		headers string // name: value, one a line
		client  string
		base    string // scheme://host + prefix
	}{
		{"nothing said", true, listed, peer, "", "10.0.0.1", "http://own"},
		{"from a stranger", true, listed, stranger, "X-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil\nX-Forwarded-Prefix: /x", "203.0.113.9", "http://own"},
		{"Forwarded from a stranger", true, listed, stranger, "Forwarded: for=1.1.1.1;proto=https;host=evil", "203.0.113.9", "http://own"},
		{"from a proxy", true, listed, peer, "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: cloud.example:8443\nX-Forwarded-Prefix: /identity/", "198.51.100.7", "https://cloud.example:8443/identity"},
		{"parsing is off", false, listed, peer, "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: cloud.example", "198.51.100.7", "http://own"},
		{"no list, off", false, nil, peer, "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https", "10.0.0.1", "http://own"},
		{"no list, as upstream", true, nil, peer, "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: cloud.example", "10.0.0.1", "https://cloud.example"},
		{"no list, first element", true, nil, peer, "Forwarded: for=1.1.1.1;proto=https;host=one, for=2.2.2.2;proto=http;host=two", "10.0.0.1", "https://one"},
		{"the client lies before the proxy", true, listed, peer, "X-Forwarded-For: 127.0.0.1, 198.51.100.7", "198.51.100.7", "http://own"},
		{"the client lies in a header of its own", true, listed, peer, "X-Forwarded-For: 127.0.0.1\nX-Forwarded-For: 198.51.100.7", "198.51.100.7", "http://own"},
		{"the client lies about host and scheme", true, listed, peer, "X-Forwarded-For: 127.0.0.1, 198.51.100.7\nX-Forwarded-Host: evil, cloud.example\nX-Forwarded-Proto: http, https", "198.51.100.7", "https://cloud.example"},
		{"two proxies", true, listed, peer, "X-Forwarded-For: 9.9.9.9, 198.51.100.7, 172.16.0.1\nX-Forwarded-Proto: http, https, http", "198.51.100.7", "https://own"},
		{"two proxies, one speaks of the scheme", true, listed, peer, "X-Forwarded-For: 198.51.100.7, 172.16.0.1\nX-Forwarded-Proto: https", "198.51.100.7", "https://own"},
		{"all are proxies", true, listed, peer, "X-Forwarded-For: 10.9.9.9, 172.16.0.1", "10.9.9.9", "http://own"},
		{"garbage from the client", true, listed, peer, "X-Forwarded-For: 1.1.1.1, <script>, 172.16.0.1", "172.16.0.1", "http://own"},
		{"RFC 7239", true, listed, peer, `Forwarded: for="[2001:db8::7]:4711";proto=https;host="cloud.example"`, "2001:db8::7", "https://cloud.example"},
		{"RFC 7239 in capitals", true, listed, peer, "Forwarded: For=198.51.100.7; Proto=HTTPS; Host=cloud.example", "198.51.100.7", "https://cloud.example"},
		{"RFC 7239, hidden", true, listed, peer, "Forwarded: for=1.1.1.1;host=evil, for=_hidden;proto=https", "10.0.0.1", "https://own"},
		{"RFC 7239 wins", true, listed, peer, "Forwarded: for=198.51.100.7\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-Host: evil", "198.51.100.7", "http://own"},
		{"RFC 7239, a lie before the proxy", true, listed, peer, "Forwarded: for=1.1.1.1;host=evil;proto=http, for=198.51.100.7;host=cloud.example;proto=https", "198.51.100.7", "https://cloud.example"},
		{"with ports", true, listed, peer, "X-Forwarded-For: 198.51.100.7:80", "198.51.100.7", "http://own"},
		{"mapped addresses", true, listed, "[::ffff:10.0.0.1]:4000", "X-Forwarded-For: ::ffff:198.51.100.7", "198.51.100.7", "http://own"},
		{"IPv6 proxy", true, listed, "[2001:db8:1::5]:4000", "X-Forwarded-For: 2001:db8:2::1", "2001:db8:2::1", "http://own"},
		{"Unix socket, not listed", true, listed, "@", "X-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: https", "", "http://own"},
		{"Unix socket, listed", true, []string{"unix"}, "@", "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Proto: https", "198.51.100.7", "https://own"},
		{"hostile scheme", true, listed, peer, "X-Forwarded-Proto: javascript", "10.0.0.1", "http://own"},
		{"hostile host", true, listed, peer, "X-Forwarded-Host: evil/?x=", "10.0.0.1", "http://own"},
		{"host with user", true, listed, peer, "X-Forwarded-Host: cloud@evil", "10.0.0.1", "http://own"},
		{"host that breaks the header", true, listed, peer, "X-Forwarded-Host: a b", "10.0.0.1", "http://own"},
		{"prefix that is a host", true, listed, peer, "X-Forwarded-Prefix: //evil", "10.0.0.1", "http://own"},
		{"prefix that climbs", true, listed, peer, "X-Forwarded-Prefix: /a/../b", "10.0.0.1", "http://own"},
		{"prefix with markup", true, listed, peer, `X-Forwarded-Prefix: /"><script>`, "10.0.0.1", "http://own"},
		{"prefix of a slash", true, listed, peer, "X-Forwarded-Prefix: /", "10.0.0.1", "http://own"},
	} {
		p := Proxies{Parse: tt.parse}
		if err := p.List(tt.list); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://own/v3", nil)
		r.RemoteAddr = tt.peer
		for line := range strings.SplitSeq(tt.headers, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Add(name, value)
			}
		}
		var got Request
		p.fill(&got, r)
		if base := got.Scheme + "://" + got.Host + got.Prefix; got.clientText() != tt.client || base != tt.base {
			t.Errorf("%s: got client %q at %s, want %q at %s", tt.name, got.clientText(), base, tt.client, tt.base)
		}
	}
}

func TestTLSIsHTTPS(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.TLS = &tls.ConnectionState{}
	var got Request
	new(Proxies).fill(&got, r)
	if got.Scheme != "https" {
		t.Errorf("got scheme %q over TLS", got.Scheme)
	}
}

func TestBadProxies(t *testing.T) {
	for _, s := range []string{"", "proxy", "10.0.0.0/33", "10.0.0", "*"} {
		if err := new(Proxies).List([]string{s}); err == nil || !strings.Contains(err.Error(), "neither an address nor a CIDR") {
			t.Errorf("%q: got error %v", s, err)
		}
	}
}

func FuzzForwarding(f *testing.F) {
	f.Add("for=1.1.1.1;proto=https", "1.1.1.1, 10.0.0.1", "https", "a", "/b")
	f.Add(`for="[::1]:80";host="a`, ",", ",,", "[", "//")
	f.Fuzz(func(t *testing.T, forwarded, addrs, proto, host, prefix string) {
		p := Proxies{Parse: true}
		if err := p.List([]string{"192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Forwarded", "X-None"} {
			r := httptest.NewRequest("GET", "http://own/", nil)
			r.Header[name] = []string{forwarded}
			r.Header["X-Forwarded-For"] = []string{addrs}
			r.Header["X-Forwarded-Proto"] = []string{proto}
			r.Header["X-Forwarded-Host"] = []string{host}
			r.Header["X-Forwarded-Prefix"] = []string{prefix}
			var got Request
			p.fill(&got, r)
			if got.Scheme != "http" && got.Scheme != "https" || !got.Client.IsValid() || strings.ContainsAny(got.Host+got.Prefix, " <>\"'\\@?#%\r\n") {
				t.Errorf("got %+v", got)
			}
		}
	})
}
