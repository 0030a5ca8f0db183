package schema

import (
	"bytes"
	"encoding/json"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// Beyond upstream's refusals stand those of what cannot be stored or answered.
func TestDecodeRefuses(t *testing.T) { // S-081, S-082
	for name, text := range map[string]string{
		"invalid UTF-8":       "\"\xff\"",
		"UTF-16":              "{\x00}\x00",
		"encoded surrogate":   "\"\xed\xa0\x80\"",
		"lone high surrogate": `"\ud800"`,
		"lone low surrogate":  `"\udc00"`,
		"high, then no low":   `"\ud800\u0041"`,
		"high, then text":     `"\ud800A"`,
		"NUL":                 "\"\x00\"",
		"escaped NUL":         `{"name":"a\u0000"}`,
		"NUL in a key":        `{"\u0000":1}`,
		"NaN":                 `NaN`,
		"Infinity":            `[Infinity]`,
		"-Infinity":           `-Infinity`,
		"float too large":     `1e400`,
		"too deep":            strings.Repeat("[", 502) + strings.Repeat("]", 502),
		"far too deep":        strings.Repeat(`{"a":`, 100_000),
	} {
		if v, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s: Decode(%.40q) = %v, want an error", name, text, v)
		}
	}
}

// The largest body that the server reads, filled with what costs most, stays cheap to read, to check and to quote.
func TestHostileBodies(t *testing.T) { // S-082
	const size = 114_688
	fill := func(head, part, tail string) string {
		return head + strings.Repeat(part, (size-len(head)-len(tail))/len(part)) + tail
	}
	deep := strings.Repeat(`{"`+strings.Repeat("k", 100)+`":[[`, 150)
	for name, text := range map[string]string{
		"brackets":      fill("", "[", ""),
		"digits":        fill("", "9", ""),
		"numbers":       fill("[", "1,", "1]"),
		"objects":       fill("[", `{"":0},`, "0]"),
		"keys":          fill(`{"user":{`, `"a":1,`, `"b":1}}`),
		"distinct keys": `{"user":{` + distinctKeys(size-20) + `}}`,
		"unprintable":   fill(`{"identity":"`, "\u00ad", `"}`),
		"words":         fill(`{"identity":"`, "a \u2028", `"}`),
		"deep and wide": fill(deep, "{},", "0"+strings.Repeat("]]}", 150)),
	} {
		for _, check := range []func(any) error{UserCreate.Validate, ValidateAuth, ProjectTags.Validate} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if v, err := Decode([]byte(text)); err == nil {
				if err := check(v); err == nil {
					t.Errorf("%s: valid, want an error", name)
				}
			}
			runtime.ReadMemStats(&after)
			if got, want := after.TotalAlloc-before.TotalAlloc, uint64(16<<20); got > want {
				t.Errorf("%s: %d bytes allocated, want at most %d", name, got, want)
			}
		}
	}
}

func distinctKeys(size int) string {
	var b strings.Builder
	for r := rune(0x1000); b.Len() < size-8; r++ {
		b.WriteString(`"` + string(r) + `":1,`)
	}
	return b.String() + `"b":1`
}

func BenchmarkValidateAuth(b *testing.B) {
	body := []byte(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "ann",
		"domain": {"id": "default"}, "password": "secret"}}}, "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}`)
	b.ReportAllocs()
	for b.Loop() {
		o, err := Body("application/json", body)
		if err != nil {
			b.Fatal(err)
		}
		if err := ValidateAuth(o.Object("auth")); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range readVectors().Values {
		f.Add([]byte(*v[0]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			return
		}
		if !json.Valid(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
			t.Fatalf("encoding/json refuses %q", data)
		}
		for _, s := range bodies {
			s.Validate(v)
		}
		ValidateAuth(v)
		text, err := json.Marshal(plain(v))
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(text)
		if err != nil {
			t.Fatalf("Decode(%s): %v", text, err)
		}
		if d := cmp.Diff(plain(v), plain(again)); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, v := range readVectors().Queries {
		f.Add(*v[0])
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := Query(raw)
		for k, v := range q.All() {
			if s, ok := v.(string); !ok || !utf8.ValidString(k) || !utf8.ValidString(s) {
				t.Errorf("Query(%q): %q = %q", raw, k, v)
			}
		}
		for _, s := range queries {
			s.Validate(q)
		}
		if parsed, err := url.ParseQuery(raw); err == nil {
			for k := range parsed {
				if utf8.ValidString(k) && utf8.ValidString(parsed.Get(k)) {
					if got, _ := q.Get(k); got != parsed.Get(k) {
						t.Errorf("Query(%q): %q = %q, net/url has %q", raw, k, got, parsed.Get(k))
					}
				}
			}
		}
	})
}
