package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The token and key were made by keystone/token/providers/jws/core.py.
const (
	jwsVector = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwZDk0YzlmNGI0ZDg0YmIwYTJlNWE3ZDFmNmMzZTk4MSIsImlhdCI6MTc5NTM0NTc0NiwiZXhwIjoyMDgyNzYyMDAwLCJvcGVuc3RhY2tfbWV0aG9kcyI6WyJwYXNzd29yZCJdLCJvcGVuc3RhY2tfYXVkaXRfaWRzIjpbInBWYjVkRlhvUnJPMWJReVRxa3oyYlEiXSwib3BlbnN0YWNrX3Byb2plY3RfaWQiOiI1Yjk5NzlmMDYwNWQ0YzJlOWY3MGEzYjY0YjNhODI4OSJ9.BmM5b3Az5tG0-1drgYVWk_hvs5DT7QEZhclFZnRHDjxZxE_j6QiZb_U0YzKP2YKKGFGzcMNPKvO4RcINYO1DLg"
	jwsPublic = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7n+zCiOPKvC7Ll4F2kKNmeA87ODl
h1+Vn66QxKfecJTtV0sqvT+vp/aaIKWbBFC5OIXAHAOzQqrgAawnQbdLcg==
-----END PUBLIC KEY-----
`
)

// newJWS makes a key pair and the format that uses it.
func newJWS(t testing.TB, algorithm string) *JWS {
	t.Helper()
	private, public, err := NewJWSKeyPair(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	j := &JWS{PrivateDir: t.TempDir(), PublicDir: t.TempDir(), Algorithm: algorithm, Accepted: []string{algorithm}}
	for path, text := range map[string][]byte{
		filepath.Join(j.PrivateDir, "private.pem"): private,
		filepath.Join(j.PublicDir, "public.pem"):   public,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func TestUpstreamJWS(t *testing.T) {
	j := newJWS(t, "ES256") // its own key is tried too
	if err := os.WriteFile(filepath.Join(j.PublicDir, "other.pem"), []byte(jwsPublic), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Payload{
		UserID: userID, Methods: password, AuditIDs: chained[:1], ProjectID: projectID,
		IssuedAt:  time.Date(2026, 11, 22, 11, 9, 6, 0, time.UTC),
		ExpiresAt: time.Date(2036, 1, 1, 1, 0, 0, 0, time.UTC),
	}
	got, err := j.Open(jwsVector)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Open (-want +got), %v:\n%s", err, diff)
	}
	ours, err := j.Seal(want)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(token string) string { return token[:strings.LastIndex(token, ".")] }
	if signed(ours) != signed(jwsVector) {
		t.Errorf("Seal\n got %s\nwant %s", signed(ours), signed(jwsVector))
	}
}

func TestJWS(t *testing.T) {
	for _, algorithm := range []string{"ES256", "ES384", "ES512", "EdDSA"} {
		j := newJWS(t, algorithm)
		if err := j.Check(); err != nil {
			t.Errorf("%s: Check: %v", algorithm, err)
		}
		for _, v := range vectors {
			want := complete(v.payload)
			text, err := j.Seal(want)
			if err != nil {
				t.Errorf("%s, %s: Seal: %v", algorithm, v.name, err)
				continue
			}
			got, err := j.Open(text)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s, %s (-want +got), %v:\n%s", algorithm, v.name, err, diff)
			}
		}
	}
}

// S-001
func TestEveryEditOfJWSIsRefused(t *testing.T) {
	j := newJWS(t, "EdDSA")
	text, err := j.Seal(complete(vectors[4].payload))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(edited string) {
		t.Helper()
		if got, err := j.Open(edited); !errors.Is(err, ErrInvalid) {
			t.Fatalf("Open(%q) = %+v, %v; want ErrInvalid", edited, got, err)
		}
	}
	for i := range len(text) {
		refused(text[:i])
		refused(text[:i] + text[i+1:])
		for _, c := range []byte("AZaz09-_.=\n\x00\xff") {
			if text[i] != c {
				refused(text[:i] + string(c) + text[i+1:])
			}
			refused(text[:i] + string(c) + text[i:])
		}
	}
	for _, tail := range []string{"=", "A", ".", "\n", "." + text} {
		refused(text + tail)
	}
}

// The header cannot talk the reader into a weaker check. S-091, for the signed tokens that there are
func TestJWSAlgorithms(t *testing.T) {
	j := newJWS(t, "ES256")
	text, err := j.Seal(complete(Payload{}))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	public, err := os.ReadFile(filepath.Join(j.PublicDir, "public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{
		"none":     `{"alg":"none"}`,
		"HS256":    `{"alg":"HS256","typ":"JWT"}`,
		"ES384":    `{"alg":"ES384","typ":"JWT"}`,
		"EdDSA":    `{"alg":"EdDSA","typ":"JWT"}`,
		"empty":    `{}`,
		"no JSON":  `ES256`,
		"critical": `{"alg":"ES256","crit":["exp"]}`,
	} {
		signed := strictURL.EncodeToString([]byte(header)) + "." + parts[1]
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(signed))
		key, err := j.signer()
		if err != nil {
			t.Fatal(err)
		}
		ours, err := sign(key, "ES256", []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		for _, sum := range [][]byte{nil, mac.Sum(nil), ours} {
			for _, accepted := range [][]string{{"ES256"}, {"ES256", "ES384", "EdDSA", "HS256", "none", ""}} {
				j.Accepted = accepted
				if got, err := j.Open(signed + "." + strictURL.EncodeToString(sum)); !errors.Is(err, ErrInvalid) {
					t.Errorf("%s: Open = %+v, %v; want ErrInvalid", name, got, err)
				}
			}
		}
	}
}

// Nor into a key that it brings along, or names an address of. S-093
func TestJWSBringsNoKeys(t *testing.T) {
	j := newJWS(t, "ES256")
	text, err := j.Seal(complete(Payload{}))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	at := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer at.Close()
	point, err := theirs.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := strictURL.EncodeToString(point[1:33]), strictURL.EncodeToString(point[33:])
	for _, more := range []string{
		`"jwk":{"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + y + `"}`, `"jku":"` + at.URL + `"`, `"x5u":"` + at.URL + `"`,
		`"x5c":["MIIB"]`, `"kid":"` + at.URL + `"`, `"kid":"../../public.pem"`,
	} {
		signed := strictURL.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT",`+more+`}`)) + "." + strings.Split(text, ".")[1]
		sum, err := sign(theirs, "ES256", []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := j.Open(signed + "." + strictURL.EncodeToString(sum)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Open = %+v, %v; want ErrInvalid", more, got, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests went out for keys", n)
	}
}

func TestJWSClaims(t *testing.T) {
	j := newJWS(t, "ES256")
	key, err := j.signer()
	if err != nil {
		t.Fatal(err)
	}
	header := strictURL.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`))
	for _, claims := range []string{
		``, `null`, `[]`, `{}`,
		`{"iat":1,"exp":2,"openstack_audit_ids":["a"]}`,
		`{"sub":"u","iat":1,"exp":2,"openstack_audit_ids":[]}`,
		`{"sub":"u","iat":-1,"exp":2,"openstack_audit_ids":["a"]}`,
		`{"sub":"u","iat":1,"exp":1e300,"openstack_audit_ids":["a"]}`,
		`{"sub":"u","iat":1,"exp":253402300800,"openstack_audit_ids":["a"]}`,
		`{"sub":"u","iat":1,"exp":2,"openstack_audit_ids":["a"],"openstack_system":"none"}`,
		`{"sub":1,"iat":1,"exp":2,"openstack_audit_ids":["a"]}`,
	} {
		signed := header + "." + strictURL.EncodeToString([]byte(claims))
		sum, err := sign(key, "ES256", []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := j.Open(signed + "." + strictURL.EncodeToString(sum)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Open = %+v, %v; want ErrInvalid", claims, got, err)
		}
	}
	for name, p := range map[string]Payload{"no user": {AuditIDs: chained}, "no audit id": {UserID: userID}} {
		if text, err := j.Seal(p); err == nil {
			t.Errorf("Seal with %s = %q, want an error", name, text)
		}
	}
}

// S-002 and S-143, for JWS: a key that goes takes its tokens with it, and rubbish is skipped.
func TestJWSKeys(t *testing.T) {
	j := newJWS(t, "ES256")
	c := &handClock{t: issuedAt}
	var told []string
	j.Now, j.Report = c.now, func(err error) { told = append(told, err.Error()) }
	text, err := j.Seal(complete(Payload{}))
	if err != nil {
		t.Fatal(err)
	}
	writeKeys(t, j.PublicDir, map[string]string{"a": "", "b": "no key", "c": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "d": jwsPublic})
	if err := os.Mkdir(filepath.Join(j.PublicDir, "e"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Open(text); err != nil {
		t.Errorf("beside rubbish: %v", err)
	}
	if len(told) != 3 {
		t.Errorf("told of %q, want three files", told)
	}

	if err := os.Remove(filepath.Join(j.PublicDir, "public.pem")); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	if _, err := j.Open(text); !errors.Is(err, ErrInvalid) {
		t.Errorf("after its key went: %v, want ErrInvalid", err)
	}
	if err := os.Remove(filepath.Join(j.PublicDir, "d")); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	if _, err := j.Open(jwsVector); err != nil {
		t.Errorf("with no key left: %v, want the last good ones", err)
	}

	for name, spoil := range map[string]func(j *JWS){
		"no private key":         func(j *JWS) { j.PrivateDir = t.TempDir() },
		"no public folder":       func(j *JWS) { j.PublicDir = filepath.Join(j.PublicDir, "none") },
		"no public key":          func(j *JWS) { j.PublicDir = t.TempDir() },
		"a key of another curve": func(j *JWS) { j.Algorithm, j.Accepted = "ES384", []string{"ES384"} },
		"algorithm not accepted": func(j *JWS) { j.Accepted = []string{"EdDSA"} },
		"a private key that is no key": func(j *JWS) {
			writeKeys(t, j.PrivateDir, map[string]string{"private.pem": jwsPublic})
		},
	} {
		j := newJWS(t, "ES256")
		spoil(j)
		if err := j.Check(); err == nil {
			t.Errorf("%s: Check did not fail", name)
		}
	}
	if _, _, err := NewJWSKeyPair("HS256"); err == nil {
		t.Error("NewJWSKeyPair(HS256) did not fail")
	}
}

func TestNewJWSKeyPair(t *testing.T) {
	private, public, err := NewJWSKeyPair("ES512")
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(private)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if _, ok := key.(*ecdsa.PrivateKey); !ok || err != nil || len(rest) != 0 || block.Type != "PRIVATE KEY" {
		t.Errorf("private key: %T, %v in %q", key, err, block.Type)
	}
	block, rest = pem.Decode(public)
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil || len(rest) != 0 || block.Type != "PUBLIC KEY" {
		t.Errorf("public key: %v in %q", err, block.Type)
	}
}

func FuzzJWS(f *testing.F) {
	j := newJWS(f, "ES256")
	key, err := j.signer()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(jwsVector, `{"sub":"u","iat":1,"exp":2,"openstack_audit_ids":["a"],"openstack_group_ids":[{"id":"g"}]}`)
	f.Fuzz(func(t *testing.T, text, claims string) {
		j.Open(text)

		signed := strictURL.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + strictURL.EncodeToString([]byte(claims))
		sum, err := sign(key, "ES256", []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		p, err := j.Open(signed + "." + strictURL.EncodeToString(sum))
		if err != nil {
			return
		}
		again, err := j.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := j.Open(again)
		if diff := cmp.Diff(p, got); diff != "" || err != nil {
			t.Errorf("sealed again (-first +again), %v:\n%s", err, diff)
		}
	})
}
