package pattern

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// The file holds what Python 3.11's re.match made of each pattern and text, and patterns that its
// re.compile refused.
func TestPatternsAsPython(t *testing.T) {
	data, err := os.ReadFile("testdata/patterns.json")
	if err != nil {
		t.Fatal(err)
	}
	var python struct {
		Texts   []string
		Matched []struct {
			Pattern string
			Texts   []string
		}
		Refused []string
	}
	if err := json.Unmarshal(data, &python); err != nil {
		t.Fatal(err)
	}
	if len(python.Matched) == 0 || len(python.Refused) == 0 {
		t.Fatal("no patterns")
	}
	for _, m := range python.Matched {
		p, err := CompileStart(m.Pattern)
		if err != nil {
			t.Errorf("CompileStart(%q): %v", m.Pattern, err)
			continue
		}
		p.re.MatchTimeout = regexp2.DefaultMatchTimeout // a busy machine must not fail the test
		for _, text := range python.Texts {
			if got, err := p.Match(text); got != slices.Contains(m.Texts, text) || err != nil {
				t.Errorf("%q on %q: got %v, %v, want %v; compiled to %v", m.Pattern, text, got, err, !got, p.re)
			}
		}
	}
	for _, pattern := range python.Refused {
		if p, err := CompileStart(pattern); err == nil {
			t.Errorf("CompileStart(%q) = %v, want an error", pattern, p.re)
		}
	}
}

// S-027: no pattern takes longer than 50 ms, and one that would tells so.
func TestPatternTimeout(t *testing.T) {
	for _, pattern := range []string{
		`(a+)+$`,
		`(a|aa)+$`,
		`(.*)*\d$`,
		`(?=(a+)+\d)`,
		`(x+x+)+y`,
		`^(([a-z])+.)+[A-Z]([a-z])+$`,
		`(.*?,){40}P`,
	} {
		p, err := CompileStart(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{strings.Repeat("a", 4095) + "!", strings.Repeat("x", 4095) + "!", strings.Repeat("a,", 2048)} {
			// The best of a few, as this machine may have other things to do.
			best := time.Hour
			for range 20 {
				start := time.Now()
				if ok, err := p.Match(text); ok || err != nil && !errors.Is(err, ErrTimeout) {
					t.Errorf("%q on %.10q…: %v, %v, want no match", pattern, text, ok, err)
				}
				best = min(best, time.Since(start))
				if best < 50*time.Millisecond {
					break
				}
			}
			if best > 50*time.Millisecond {
				t.Errorf("%q on %.10q… took %v, want at most 50 ms", pattern, text, best)
			}
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`^(?P<x>a)(?P=x)[^\W\d-]{,3}(?(1)b|c)\u00e9\Z`, "aa")
	f.Add(`(?aix)[]\]\-a-z] # \141 \1`, "z")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := CompileStart(pattern)
		if err != nil {
			return
		}
		p.Match(text)
	})
}
