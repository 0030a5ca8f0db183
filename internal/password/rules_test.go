package password

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/pattern"
)

// S-021, S-022, S-027
func TestRules(t *testing.T) {
	regex, err := pattern.CompileStart(`^(?=.*\d)(?=.*[a-zA-Z]).{7,}$`)
	if err != nil {
		t.Fatal(err)
	}
	rules := Rules{
		Pattern:     regex,
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
		{Rules{Pattern: regex}, "x", "The password does not match the requirements: None."},
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
