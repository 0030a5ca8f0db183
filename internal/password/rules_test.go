package password

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
		p, err := CompilePattern(m.Pattern)
		if err != nil {
			t.Errorf("CompilePattern(%q): %v", m.Pattern, err)
			continue
		}
		p.re.MatchTimeout = regexp2.DefaultMatchTimeout // a busy machine must not fail the test
		for _, text := range python.Texts {
			if got, want := p.Match(text), slices.Contains(m.Texts, text); got != want {
				t.Errorf("%q on %q: got %v, want %v; compiled to %v", m.Pattern, text, got, want, p.re)
			}
		}
	}
	for _, pattern := range python.Refused {
		if p, err := CompilePattern(pattern); err == nil {
			t.Errorf("CompilePattern(%q) = %v, want an error", pattern, p.re)
		}
	}
}

// S-027: no pattern takes longer than 50 ms, and one that would refuses the password.
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
		p, err := CompilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{strings.Repeat("a", 4095) + "!", strings.Repeat("x", 4095) + "!", strings.Repeat("a,", 2048)} {
			// The best of a few, as this machine may have other things to do.
			best := time.Hour
			for range 20 {
				start := time.Now()
				if p.Match(text) {
					t.Errorf("%q matches %.10q…", pattern, text)
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

// S-021, S-022, S-027
func TestRules(t *testing.T) {
	pattern, err := CompilePattern(`^(?=.*\d)(?=.*[a-zA-Z]).{7,}$`)
	if err != nil {
		t.Fatal(err)
	}
	pattern.re.MatchTimeout = regexp2.DefaultMatchTimeout
	rules := Rules{
		Pattern:     pattern,
		Description: "at least 7 characters, a letter and a digit",
		MinLength:   8,
		MaxBytes:    72,
		Blocked:     func(p string) bool { return p == "password1" },
	}
	const asked = "The password does not match the requirements: at least 7 characters, a letter and a digit."
	for _, tt := range []struct {
		rules    Rules
		password string
		want     string
	}{
		{rules, "sesame-22", ""},
		{rules, " s p a c e s 2 ", ""},
		{rules, strings.Repeat("é", 35) + "a1", ""},
		{rules, strings.Repeat("é", 35) + "a12", (&TooLongError{72}).Error()},
		{rules, "sesame2", "The password does not match the requirements: it must have at least 8 characters."},
		{rules, "sesame-xx", asked},
		{rules, "password1", "The password does not match the requirements: it is too well known."},
		{rules, "sesame\x0022", "The password does not match the requirements: it must be UTF-8 text without NUL characters."},
		{rules, "sesame\xff22", "The password does not match the requirements: it must be UTF-8 text without NUL characters."},
		{Rules{Pattern: pattern}, "x", "The password does not match the requirements: None."},
		{Rules{}, "", ""},
		{Rules{}, strings.Repeat("密 🔑 e\u0301 ", 20), ""},
	} {
		err := tt.rules.Check(tt.password)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("Check(%q) = %q, want %q", tt.password, got, tt.want)
		}
	}
	if _, ok := errors.AsType[*RefusedError](rules.Check("x")); !ok {
		t.Error("a refused password gives no RefusedError")
	}

	start := time.Now()
	if err := rules.Check(strings.Repeat("a", 1<<20)); err == nil || time.Since(start) > 50*time.Millisecond {
		t.Errorf("1 MB: %v after %v, want a refusal within 50 ms", err, time.Since(start))
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`^(?P<x>a)(?P=x)[^\W\d-]{,3}(?(1)b|c)\u00e9\Z`, "aa")
	f.Add(`(?aix)[]\]\-a-z] # \141 \1`, "z")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := CompilePattern(pattern)
		if err != nil {
			return
		}
		p.Match(text)
	})
}
