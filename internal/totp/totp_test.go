package totp

import (
	"strings"
	"testing"
	"time"
)

// The codes of RFC 6238 appendix B, of which the last six digits count here.
func TestVectors(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := Code([]byte("12345678901234567890"), Step(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
	}
}

func TestSeeds(t *testing.T) {
	for text, good := range map[string]bool{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ": true,
		"GEZDGNBVGY3TQOJQGEZDGNBVGY======": true,
		"GEZDGNBVGY3TQOJQGEZDGNBVGY":       true,
		"gezdgnbvgy3tqojqgezdgnbvgy3tqojq": false,
		"GEZDGNBVGY3TQOJQGEZDGNBVG":        false, // no whole byte at its end
		"GEZDGNBVGY3TQOJQ":                 false, // 80 bits
		"GEZDGNBVGY3TQOJQ1EZDGNBVGY3TQOJQ": false,
		"GEZD GNBVGY3TQOJQGEZDGNBVGY3TQOJ": false,
		"":                                 false,
	} {
		if _, err := Seed(text); (err == nil) != good {
			t.Errorf("%q: got %v, want good: %t", text, err, good)
		}
	}
}

func FuzzSeed(f *testing.F) {
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", int64(1))
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY======", int64(-1))
	f.Fuzz(func(t *testing.T, text string, step int64) {
		seed, err := Seed(text)
		if err != nil {
			return
		}
		if code := Code(seed, step); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Errorf("%q", code)
		}
	})
}
