package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/testenv"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}}
	var der []byte
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		der, err = x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	}
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

// sign returns the PEM of a certificate and of its key.
func (a authority) sign(t *testing.T, serial int64, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes}))
}

// S-127, S-064
func TestTLS(t *testing.T) {
	env := testenv.New(t)
	ca, clients := newAuthority(t), newAuthority(t)
	cfg, _, err := config.Load(nil, nil, server.UpDefaults(env.Dir))
	if err != nil {
		t.Fatal(err)
	}
	o := &cfg.Lintel
	o.TLSCertFile, o.TLSKeyFile, o.TLSClientCAFile = filepath.Join(env.Dir, "cert.pem"), filepath.Join(env.Dir, "key.pem"), filepath.Join(env.Dir, "ca.pem")
	renew := func(serial int64) {
		cert, key := ca.sign(t, serial, "server")
		write(t, o.TLSCertFile, cert, 0o600)
		write(t, o.TLSKeyFile, key, 0o600)
	}
	write(t, o.TLSClientCAFile, clients.pem, 0o600)
	renew(1)
	s, err := server.Open(t.Context(), cfg, server.Options{Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan bool), make(chan error)
	go func() { done <- s.Serve(ctx, l, func() { close(ready) }) }()
	<-ready
	url := server.URL(cfg, l)
	if !strings.HasPrefix(url, "https://") {
		t.Errorf("URL: %s", url)
	}

	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	client := func(change ...func(*tls.Config)) *http.Client {
		c := &tls.Config{RootCAs: roots}
		for _, f := range change {
			f(c)
		}
		transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	serial := func(c *http.Client) int64 {
		t.Helper()
		r, err := c.Get(url + "/v3")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || r.ProtoMajor != 2 || r.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%d over %s: %v", r.StatusCode, r.Proto, r.Header)
		}
		return r.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	old := client()
	if got := serial(old); got != 1 {
		t.Errorf("serial %d", got)
	}
	renew(2)
	env.Clock.Advance(2 * time.Second)
	if got := serial(client()); got != 2 {
		t.Errorf("after the renewal: serial %d", got)
	}
	if got := serial(old); got != 1 { // its connection was not cut
		t.Errorf("on the old connection: serial %d", got)
	}
	write(t, o.TLSKeyFile, "half", 0o600)
	env.Clock.Advance(2 * time.Second)
	if got := serial(client()); got != 2 {
		t.Errorf("with a broken key: serial %d", got)
	}
	renew(3)
	env.Clock.Advance(2 * time.Second)
	if got := serial(client()); got != 3 {
		t.Errorf("after the repair: serial %d", got)
	}
	if r, err := client(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }).Get(url + "/v3"); err == nil {
		r.Body.Close()
		t.Error("TLS 1.1 is taken")
	}

	// A client whom its certificate names.
	admin := env.Admin()
	me := admin.Validate(admin.Token).Want(200)
	admin.Put("/v3/OS-FEDERATION/mappings/oauth2_mapping", `{"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "SSL_CLIENT_SUBJECT_DN_CN"}]}]}}`).Want(201)
	admin.Patch("/v3/users/"+me.Get("token.user.id"), `{"user": {"default_project_id": "`+me.Get("token.project.id")+`"}}`).Want(200)
	with := func(a authority, name string) func(*tls.Config) {
		cert, key := a.sign(t, 9, name)
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return func(c *tls.Config) {
			// Whatever the server asks for: a stranger would keep quiet.
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
	}
	ask := func(c *http.Client) (status int, token string) {
		t.Helper()
		r, err := c.PostForm(url+"/v3/OS-OAUTH2/token", map[string][]string{"grant_type": {"client_credentials"}, "client_id": {me.Get("token.user.id")}})
		if err != nil {
			return 0, ""
		}
		defer r.Body.Close()
		var body struct {
			Token string `json:"access_token"`
		}
		json.NewDecoder(r.Body).Decode(&body)
		return r.StatusCode, body.Token
	}
	mine := client(with(clients, "admin"))
	status, token := ask(mine)
	if status != 200 {
		t.Fatalf("with the certificate: %d", status)
	}
	for what, tt := range map[string]struct {
		client *http.Client
		status int
	}{"another name": {client(with(clients, "other")), 401}, "another authority": {client(with(ca, "admin")), 0}, "none": {client(), 401}} {
		if got, _ := ask(tt.client); got != tt.status {
			t.Errorf("%s: %d, want %d", what, got, tt.status)
		}
	}
	for c, want := range map[*http.Client]int{mine: 200, client(): 401, client(with(clients, "other")): 401} {
		r, _ := http.NewRequest("GET", url+"/v3/auth/projects", nil)
		r.Header.Set("X-Auth-Token", token)
		got, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != want {
			t.Errorf("with the token: %d, want %d", got.StatusCode, want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// S-127
func TestTLSThatCannotBe(t *testing.T) {
	for what, change := range map[string]func(string, *config.Config){
		"no key":             func(_ string, c *config.Config) { c.Lintel.TLSCertFile = "cert.pem" },
		"no file":            func(_ string, c *config.Config) { c.Lintel.TLSCertFile, c.Lintel.TLSKeyFile = "/none", "/none" },
		"an authority alone": func(_ string, c *config.Config) { c.Lintel.TLSClientCAFile = "ca.pem" },
	} {
		if err := start(t, change); err == nil {
			t.Errorf("%s: it starts", what)
		}
	}
}
