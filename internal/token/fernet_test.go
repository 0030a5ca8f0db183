package token

import (
	"bytes"
	"crypto/aes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"
)

func TestSealOpen(t *testing.T) {
	f := newFernet(t)
	for _, v := range vectors {
		want := complete(v.payload)
		want.IssuedAt = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
		want.ExpiresAt = time.Date(2026, 11, 26, 11, 0, 0, 123456000, time.UTC)
		text, err := f.Seal(want)
		if err != nil {
			t.Errorf("%s: Seal: %v", v.name, err)
			continue
		}
		if len(text) != len(v.token) || strings.Contains(text, "=") {
			t.Errorf("%s: Seal = %q, want %d characters without padding", v.name, text, len(v.token))
		}
		got, err := f.Open(text)
		if err != nil {
			t.Errorf("%s: Open: %v", v.name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, diff)
		}
		if again, _ := f.Seal(want); again == text {
			t.Errorf("%s: sealed twice with the same IV", v.name)
		}
	}
}

// S-001: no edit of a token, however small, leaves a token.
func TestEveryEditIsRefused(t *testing.T) {
	f := newFernet(t)
	openToken := func(text string) error { _, err := f.Open(text); return err }
	openReceipt := func(text string) error { _, err := f.OpenReceipt(text); return err }
	for _, v := range vectors {
		refuseEdits(t, v.token, openToken)
	}
	refuseEdits(t, receiptVector.text, openReceipt)
	for _, text := range []string{"", "=", "====", "gAAAAA", strings.Repeat("A", 200), strings.Repeat("gAAAAABp", 1000)} {
		if err := openToken(text); !errors.Is(err, ErrInvalid) {
			t.Errorf("Open(%q): %v, want ErrInvalid", text, err)
		}
		if err := openReceipt(text); !errors.Is(err, ErrInvalid) {
			t.Errorf("OpenReceipt(%q): %v, want ErrInvalid", text, err)
		}
	}
}

// refuseEdits tries every change and loss of a byte, 10 000 edits by chance, and some tails.
func refuseEdits(t *testing.T, token string, open func(string) error) {
	t.Helper()
	padded := token + "==="[:(4-len(token)%4)%4] // the spelling of old releases, the only other one
	refused := func(text string) {
		t.Helper()
		if text == token || text == padded {
			return
		}
		if err := open(text); !errors.Is(err, ErrInvalid) {
			t.Fatalf("opening %q: %v, want ErrInvalid\nmade from %q", text, err, token)
		}
	}
	for i := range len(token) {
		refused(token[:i] + token[i+1:])
		refused(token[:i])
		b := []byte(token)
		for c := range 256 {
			b[i] = byte(c)
			refused(string(b))
		}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		b := []byte(token)
		i, j, c := rnd.IntN(len(b)), rnd.IntN(len(b)), byte(rnd.IntN(256))
		switch rnd.IntN(4) {
		case 0:
			b = slices.Insert(b, i, c)
		case 1:
			b = slices.Delete(b, i, min(len(b), i+1+rnd.IntN(8)))
		case 2:
			b[i], b[j] = b[j], b[i]
		case 3:
			b[i], b[j] = c, byte(rnd.IntN(256))
		}
		refused(string(b))
	}
	for _, tail := range []string{"A", "AAAA", "=", "==", "====", "=A", "\n", "\r\n", " ", "\x00", token} {
		refused(token + tail)
	}
}

// sealPlain seals any plaintext with the primary key.
func sealPlain(t testing.TB, plaintext []byte) string {
	t.Helper()
	b, err := mustKey(t, primaryKey).seal(issuedAt, [aes.BlockSize]byte{}, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return strictURL.EncodeToString(b)
}

func TestReceiptsAndTokensDoNotMix(t *testing.T) {
	f := newFernet(t)
	if got, err := f.Open(receiptVector.text); !errors.Is(err, ErrInvalid) {
		t.Errorf("Open(receipt) = %+v, %v; want ErrInvalid", got, err)
	}
	for _, v := range vectors {
		if got, err := f.OpenReceipt(v.token); !errors.Is(err, ErrInvalid) {
			t.Errorf("OpenReceipt(%s token) = %+v, %v; want ErrInvalid", v.name, got, err)
		}
	}
}

func TestAnyKeyOpens(t *testing.T) {
	f := newFernet(t)
	old := &Fernet{Keys: fixedKeys{NewKeySet(mustKey(t, oldKey))}, Methods: f.Methods}
	text, err := old.Seal(complete(Payload{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(text); err != nil {
		t.Errorf("Open of a token under a secondary key: %v", err)
	}
	if _, err := old.Open(vectors[0].token); !errors.Is(err, ErrInvalid) {
		t.Errorf("Open of a token under a key that is gone: %v, want ErrInvalid", err)
	}
	none := &Fernet{Keys: fixedKeys{}}
	if _, err := none.Seal(complete(Payload{})); !errors.Is(err, ErrNoKeys) {
		t.Errorf("Seal without keys: %v, want ErrNoKeys", err)
	}
}

// A token whose HMAC is right may still hold anything, if another program shares the keys.
func TestDamagedContainers(t *testing.T) {
	f := newFernet(t)
	key := mustKey(t, primaryKey)
	body, _ := f.appendPayload(nil, complete(Payload{}))
	good, _ := key.seal(issuedAt, [aes.BlockSize]byte{}, body)
	for name, edit := range map[string]func([]byte) []byte{
		"version 0x81":         func(b []byte) []byte { b[0] = 0x81; return b },
		"issued after 9999":    func(b []byte) []byte { copy(b[1:], bytes.Repeat([]byte{0xff}, 8)); return b },
		"half a block":         func(b []byte) []byte { return append(b, 1, 2, 3, 4, 5, 6, 7, 8) },
		"no block":             func(b []byte) []byte { return b[:headerSize] },
		"padding out of place": func(b []byte) []byte { return b[:len(b)-aes.BlockSize] },
	} {
		b := edit(bytes.Clone(good[:len(good)-32]))
		text := strictURL.EncodeToString(key.appendMAC(b, b))
		if got, err := f.Open(text); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Open = %+v, %v; want ErrInvalid", name, got, err)
		}
	}
}

func TestDamagedPayloads(t *testing.T) {
	f := newFernet(t)
	mustHex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const (
		user    = "92c3c4100d94c9f4b4d84bb0a2e5a7d1f6c3e981"
		expires = "cb41da5571c4000000"
		audit   = "91c410a556f97455e846b3b56d0c93aa4cf66d"
	)
	for name, body := range map[string]string{
		"nothing":            "",
		"a map":              "80",
		"an empty array":     "90",
		"version 11":         "95 0b" + user + "02" + expires + audit,
		"version -1":         "95 ff" + user + "02" + expires + audit,
		"version as text":    "95 a130" + user + "02" + expires + audit,
		"too short":          "94 00" + user + "02" + expires,
		"one field more":     "96 00" + user + "02" + expires + audit + "c0",
		"bytes after it":     "95 00" + user + "02" + expires + audit + "00",
		"cut":                "95 00" + user + "02" + expires + audit[:20],
		"user null":          "95 00 92c2c0 02" + expires + audit,
		"user empty":         "95 00 92c2a0 02" + expires + audit,
		"user not UTF-8":     "95 00 92c2a1ff 02" + expires + audit,
		"user of 15 bytes":   "95 00 92c3c40f0d94c9f4b4d84bb0a2e5a7d1f6c3e9 02" + expires + audit,
		"user without flag":  "95 00 c4100d94c9f4b4d84bb0a2e5a7d1f6c3e981 02" + expires + audit,
		"methods negative":   "95 00" + user + "ff" + expires + audit,
		"expires NaN":        "95 00" + user + "02 cb7ff8000000000000" + audit,
		"expires infinite":   "95 00" + user + "02 cb7ff0000000000000" + audit,
		"expires too late":   "95 00" + user + "02 cb4a511b0ec57e649a" + audit,
		"expires before 0":   "95 00" + user + "02 cbc1da5571c4000000" + audit,
		"no audit id":        "95 00" + user + "02" + expires + "90",
		"three audit ids":    "95 00" + user + "02" + expires + "93" + strings.Repeat(audit[2:], 3),
		"audit id too short": "95 00" + user + "02" + expires + "91c40aa556f97455e846b3b56d",
		"domain unknown":     "96 01" + user + "02 a5 6f74686572" + expires + audit,
		"system not all":     "96 08" + user + "02 a3 6e6f6e" + expires + audit,
		"trust id as text":   "97 03" + user + "06" + user + expires + audit + "a3616263",
		"groups beyond end":  "98 04" + user + "10 ddffffffff",
	} {
		if got, err := f.Open(sealPlain(t, mustHex(body))); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Open = %+v, %v; want ErrInvalid", name, got, err)
		}
		if got, err := f.OpenReceipt(sealPlain(t, mustHex(body))); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: OpenReceipt = %+v, %v; want ErrInvalid", name, got, err)
		}
	}
}

// Before its version 1.0, msgpack for Python had one type for bytes and text.
func TestOldMsgpack(t *testing.T) {
	f := newFernet(t)
	for _, v := range vectors {
		body, err := hex.DecodeString(v.msgpack)
		if err != nil {
			t.Fatal(err)
		}
		var old []byte // bin of 16 bytes as the str of old, fixstr as bin
		for len(body) > 0 {
			switch {
			case body[0] == 0xc4 && body[1] == 0x10:
				old, body = append(append(old, 0xb0), body[2:18]...), body[18:]
			case body[0]&0xe0 == 0xa0:
				n := int(body[0] & 0x1f)
				old, body = append(append(old, 0xc4, byte(n)), body[1:1+n]...), body[1+n:]
			default:
				rest, err := msgp.Skip(body)
				if body[0]&0xf0 == 0x90 {
					rest, err = body[1:], nil
				}
				if err != nil {
					t.Fatal(err)
				}
				old, body = append(old, body[:len(body)-len(rest)]...), rest
			}
		}
		got, err := f.Open(sealPlain(t, old))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		if diff := cmp.Diff(complete(v.payload), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, diff)
		}
	}
}

func TestMethods(t *testing.T) {
	f := newFernet(t)
	many := slicesOf("m", 64)
	for _, tt := range []struct {
		configured, in, want []string
	}{
		{f.Methods, []string{"token", "password"}, []string{"token", "password"}},
		{f.Methods, []string{"password", "token"}, []string{"token", "password"}},
		{f.Methods, []string{"password", "password"}, []string{"password"}},
		{f.Methods, []string{"ec2credential"}, []string{"ec2credential"}},
		{f.Methods, []string{"oauth2_credential"}, nil},
		{f.Methods, nil, nil},
		{many, many[63:], many[63:]},
	} {
		g := *f
		g.Methods = tt.configured
		p := complete(Payload{})
		p.Methods = tt.in
		text, err := g.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Open(text)
		if diff := cmp.Diff(tt.want, got.Methods); diff != "" || err != nil {
			t.Errorf("methods %q (-want +got), %v:\n%s", tt.in, err, diff)
		}
	}

	// A node with fewer methods reads a bit it does not know as upstream does.
	p := complete(Payload{Methods: []string{"password", "ec2credential"}})
	text, err := f.Seal(p)
	if err != nil {
		t.Fatal(err)
	}
	f.Methods = f.Methods[:6]
	got, err := f.Open(text)
	if len(got.Methods) != 0 || err != nil {
		t.Errorf("with an unknown bit: methods %q, %v; want none", got.Methods, err)
	}
}

func slicesOf(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, prefix+string(rune('0'+i)))
	}
	return out
}

// Ids that Python's uuid module would take for UUIDs, and give back in another spelling, survive.
func TestIDSpellingsSurvive(t *testing.T) {
	f := newFernet(t)
	for _, id := range []string{
		"0D94C9F4B4D84BB0A2E5A7D1F6C3E981",
		"0d94c9f4-b4d8-4bb0-a2e5-a7d1f6c3e981",
		"{0d94c9f4b4d84bb0a2e5a7d1f6c3e981}",
		"urn:uuid:0d94c9f4-b4d8-4bb0-a2e5-a7d1f6c3e981",
		"0x94c9f4b4d84bb0a2e5a7d1f6c3e981",
		"CN=Zoë,OU=人",
		strings.Repeat("f", 64),
	} {
		p := complete(Payload{ProjectID: id, AppCredID: id})
		p.UserID, p.Methods = id, nil
		text, err := f.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Open(text)
		if diff := cmp.Diff(p, got); diff != "" || err != nil {
			t.Errorf("%q (-want +got), %v:\n%s", id, err, diff)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	f := newFernet(t)
	for name, p := range map[string]Payload{
		"a domain that is no UUID":    complete(Payload{DomainID: "other"}),
		"a trust id that is no UUID":  complete(Payload{ProjectID: projectID, TrustID: "x"}),
		"the system, federated":       complete(Payload{System: true, Federated: true, IdentityProviderID: "i", ProtocolID: "p"}),
		"no user":                     {AuditIDs: chained, IssuedAt: issuedAt, ExpiresAt: issuedAt},
		"no audit id":                 {UserID: userID, IssuedAt: issuedAt, ExpiresAt: issuedAt},
		"three audit ids":             complete(Payload{AuditIDs: append(chained, chained[0])}),
		"an audit id of 15 bytes":     complete(Payload{AuditIDs: []string{"pVb5dFXoRrO1bQyTqkz2"}}),
		"an audit id with a stranger": complete(Payload{AuditIDs: []string{"pVb5dFXoRrO1bQyTqkz2*Q"}}),
		"no issue time":               {UserID: userID, AuditIDs: chained, ExpiresAt: issuedAt},
	} {
		if text, err := f.Seal(p); err == nil {
			t.Errorf("Seal with %s = %q, want an error", name, text)
		}
	}
}

func TestNewAuditID(t *testing.T) {
	id := NewAuditID()
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(id) != 22 || len(raw) != 16 {
		t.Fatalf("NewAuditID() = %q, want 22 characters of base64url", id)
	}
	if raw[6]>>4 != 4 || raw[8]>>6 != 2 {
		t.Errorf("NewAuditID() = %x, want a UUID of version 4", raw)
	}
	if id == NewAuditID() {
		t.Error("two audit ids are the same")
	}
}

func TestExpiryMicroseconds(t *testing.T) {
	f := newFernet(t)
	rnd := rand.New(rand.NewPCG(2, 2))
	for range 1000 {
		p := complete(Payload{})
		p.Methods = nil
		p.ExpiresAt = time.UnixMicro(rnd.Int64N(math.MaxInt32 * 2 * 1e6)).UTC()
		text, err := f.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Open(text)
		if !got.ExpiresAt.Equal(p.ExpiresAt) || err != nil {
			t.Fatalf("expires %v came back as %v, %v", p.ExpiresAt, got.ExpiresAt, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	fernet := newFernet(f)
	for _, v := range vectors {
		f.Add([]byte(v.token))
		b, _ := hex.DecodeString(v.msgpack)
		f.Add(b)
	}
	f.Add([]byte(receiptVector.text))
	f.Fuzz(func(t *testing.T, data []byte) {
		fernet.Open(string(data))
		fernet.OpenReceipt(string(data))

		// Behind a good HMAC too: what opens can be sealed again, and says the same.
		sealed := sealPlain(t, data)
		if p, err := fernet.Open(sealed); err == nil {
			text, err := fernet.Seal(p)
			if err != nil {
				return // a version 1 domain and the like
			}
			again, err := fernet.Open(text)
			if diff := cmp.Diff(p, again); diff != "" || err != nil {
				t.Errorf("sealed again (-first +again), %v:\n%s", err, diff)
			}
		}
		if r, err := fernet.OpenReceipt(sealed); err == nil {
			text, err := fernet.SealReceipt(r)
			if err != nil {
				t.Fatal(err)
			}
			again, err := fernet.OpenReceipt(text)
			if diff := cmp.Diff(r, again); diff != "" || err != nil {
				t.Errorf("receipt sealed again (-first +again), %v:\n%s", err, diff)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	f := newFernet(b)
	p := complete(vectors[4].payload)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Seal(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	f := newFernet(b)
	text := vectors[4].token
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Open(text); err != nil {
			b.Fatal(err)
		}
	}
}
