package telemetry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// S-085
func TestCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	line, bare := strings.ReplaceAll(text, "\n", " "), base64.StdEncoding.EncodeToString(der)
	verified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}, VerifiedChains: [][]*x509.Certificate{{own}}}
	for _, tt := range []struct {
		name, peer   string
		tls          *tls.ConnectionState
		cert, verify string
		want         bool
	}{
		{"Apache", "10.0.0.1:1", nil, line, "SUCCESS", true},
		{"nginx", "10.0.0.1:1", nil, url.PathEscape(text), "", true},
		{"HAProxy", "10.0.0.1:1", nil, bare, "", true},
		{"not verified", "10.0.0.1:1", nil, line, "NONE", false},
		{"nothing", "10.0.0.1:1", nil, "", "", false},
		{"not PEM", "10.0.0.1:1", nil, "x", "", false},
		{"cut", "10.0.0.1:1", nil, line[:200], "", false},
		{"badly escaped", "10.0.0.1:1", nil, "%zz" + bare, "", false},
		{"from a client", "203.0.113.9:1", nil, line, "SUCCESS", false},
		{"our own listener", "203.0.113.9:1", verified, "", "", true},
		{"our own listener, not verified", "203.0.113.9:1", &tls.ConnectionState{PeerCertificates: verified.PeerCertificates}, "", "", false},
		{"the proxy's own", "10.0.0.1:1", verified, "", "", false},
	} {
		p := Proxies{EnvironPrefix: "X-Env-"}
		if err := p.List([]string{"10.0.0.0/8"}); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://own/", nil)
		r.RemoteAddr, r.TLS = tt.peer, tt.tls
		for name, value := range map[string]string{"X-Env-Ssl-Client-Cert": tt.cert, "X-Env-Ssl-Client-Verify": tt.verify} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		var info Request
		p.fill(&info, r)
		if got := info.Certificate(); (got != nil) != tt.want || got != nil && !got.Equal(own) {
			t.Errorf("%s: got %v, want %v", tt.name, got != nil, tt.want)
		}
	}
}

func FuzzCertificate(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE----- MA== -----END CERTIFICATE-----")
	f.Add("%2D")
	f.Add("MIIB")
	f.Fuzz(func(_ *testing.T, text string) { parseCertificate(text) })
}
