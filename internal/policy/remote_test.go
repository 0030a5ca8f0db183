package policy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asked is a request that a remote server got.
type asked struct {
	path, contentType         string
	rule, target, credentials any
}

func remoteServer(t *testing.T, reply string) (http.Handler, *asked) {
	got := new(asked)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.path, got.contentType = r.URL.Path, r.Header.Get("Content-Type")
		if got.contentType == jsonType {
			var body map[string]any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			got.rule, got.target, got.credentials = body["rule"], body["target"], body["credentials"]
		} else {
			for field, to := range map[string]*any{"rule": &got.rule, "target": &got.target, "credentials": &got.credentials} {
				if err := json.Unmarshal([]byte(r.PostFormValue(field)), to); err != nil {
					t.Errorf("field %s: %v", field, err)
				}
			}
		}
		io.WriteString(w, reply)
	}), got
}

func TestRemoteRequest(t *testing.T) {
	for _, contentType := range []string{"", formType, jsonType} {
		handler, got := remoteServer(t, "True")
		server := httptest.NewServer(handler)
		defer server.Close()
		e := newEnforcer(t, Options{Remote: Remote{ContentType: contentType}})
		use(t, e, `{"a:b": "`+server.URL+`/check/%(target.id)s"}`)
		target := map[string]any{"target": map[string]any{"id": "x1"}}
		creds := map[string]any{"user_id": "u1", "roles": []string{"reader"}, "system_scope": "all"}
		if !allowed(t, e, "a:b", target, creds) {
			t.Errorf("%s: denied, want allowed", contentType)
		}
		want := &asked{
			"/check/x1", contentType, "a:b", map[string]any{"target.id": "x1"},
			map[string]any{"user_id": "u1", "roles": []any{"reader"}, "system_scope": "all", "system": "all"},
		}
		if contentType == "" {
			want.contentType = formType
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(asked{})); diff != "" {
			t.Errorf("the server was asked (-want +got):\n%s", diff)
		}
	}
}

func TestRemoteReply(t *testing.T) {
	for reply, want := range map[string]bool{
		"True": true, `"True"`: true, `""True"`: true, "true": false, "True\n": false, " True": false, "": false, "False": false, "Trueish": false,
	} {
		handler, _ := remoteServer(t, reply)
		server := httptest.NewServer(handler)
		e := newEnforcer(t, Options{})
		use(t, e, `{"a:b": "`+server.URL+`"}`)
		if got := allowed(t, e, "a:b", nil, nil); got != want {
			t.Errorf("reply %q: got %v, want %v", reply, got, want)
		}
		server.Close()
	}
}

// No answer is an error, which no operator around it turns into a yes.
func TestRemoteErrors(t *testing.T) {
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer slow.Close()
	defer close(hang)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	e := newEnforcer(t, Options{Remote: Remote{Timeout: 50 * time.Millisecond}})
	use(t, e, `{"slow": "not `+slow.URL+`", "gone": "not `+gone.URL+` or @", "key": "not `+gone.URL+`/%(nope)s", "url": "http:%zz"}`)
	for _, rule := range []string{"slow", "gone", "key", "url"} {
		if ok, err := e.Enforce(t.Context(), rule, nil, nil); ok || err == nil {
			t.Errorf("%s: got %v, %v; want an error", rule, ok, err)
		}
	}
	if _, err := NewEnforcer(nil, Options{Remote: Remote{ContentType: "text/plain"}}); err == nil {
		t.Error("an unknown content type: got no error")
	}
}

func TestRemoteTLS(t *testing.T) {
	handler, _ := remoteServer(t, "True")
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	ca, empty := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "empty.pem")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, empty, "")
	for _, tt := range []struct {
		name   string
		host   string // the certificate is for 127.0.0.1
		remote Remote
		want   bool
	}{
		{"not verified, upstream's default", "127.0.0.1", Remote{}, true},
		{"verified by the system's roots", "127.0.0.1", Remote{VerifyServer: true}, false},
		{"verified by the CA file", "127.0.0.1", Remote{VerifyServer: true, CAFile: ca}, true},
		{"verified, but made out to another name", "127.0.0.2", Remote{VerifyServer: true, CAFile: ca}, false},
		{"CA file is missing", "127.0.0.1", Remote{VerifyServer: true, CAFile: ca + ".none"}, false},
		{"CA file is empty", "127.0.0.1", Remote{VerifyServer: true, CAFile: empty}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnforcer(t, Options{Remote: tt.remote})
			use(t, e, fmt.Sprintf(`{"a:b": "https://%s:%d"}`, tt.host, port))
			if ok, err := e.Enforce(t.Context(), "a:b", nil, nil); ok != tt.want || (err == nil) != tt.want {
				t.Errorf("got %v, %v; want %v", ok, err, tt.want)
			}
		})
	}
}

func TestRemoteClientCertificate(t *testing.T) {
	handler, _ := remoteServer(t, "True")
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	dir := t.TempDir()
	certFile, keyFile, both := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "both")
	write(t, certFile, string(certPEM))
	write(t, keyFile, string(keyPEM))
	write(t, both, string(certPEM)+string(keyPEM))
	for _, tt := range []struct {
		name   string
		remote Remote
		want   bool
	}{
		{"none", Remote{}, false},
		{"two files", Remote{CertFile: certFile, KeyFile: keyFile}, true},
		{"one file", Remote{CertFile: both}, true},
		{"no key", Remote{CertFile: certFile}, false},
		{"no file", Remote{CertFile: certFile + ".none", KeyFile: keyFile}, false},
	} {
		e := newEnforcer(t, Options{Remote: tt.remote})
		use(t, e, `{"a:b": "`+server.URL+`"}`)
		if ok, err := e.Enforce(t.Context(), "a:b", nil, nil); ok != tt.want || (err == nil) != tt.want {
			t.Errorf("%s: got %v, %v; want %v", tt.name, ok, err, tt.want)
		}
	}
}
