package policy

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// testdata/vectors.json holds what oslo.policy itself made of some thousand files; testdata/vectors.py wrote it.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Creds, Target json.RawMessage
		Vectors       []struct {
			File    string
			Refused string
			Rules   map[string][]string // the check as printed, the outcome, and for an exception its kind and text
		}
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	creds, err := readObject(suite.Creds)
	if err != nil {
		t.Fatal(err)
	}
	target, err := readObject(suite.Target)
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Vectors) < 1000 {
		t.Fatalf("only %d vectors", len(suite.Vectors))
	}
	for _, v := range suite.Vectors {
		f, err := ParseFile("policy.yaml", []byte(v.File))
		if refused := err != nil; refused != (v.Refused != "") {
			t.Errorf("%s\nrefused: got %v, want %q", short(v.File), err, v.Refused)
			continue
		} else if refused {
			if problem, ok := errors.AsType[*Problem](err); !ok || problem.Line < 1 || problem.Column < 1 {
				t.Errorf("%s\nrefused without a place: %v", short(v.File), err)
			}
			continue
		}
		rules := &ruleset{checks: map[string]node{}, fallback: "default"}
		for _, e := range f.entries {
			rules.checks[e.name] = e.check
		}
		if len(rules.checks) != len(v.Rules) {
			t.Errorf("%s\ngot %d rules, want %d", short(v.File), len(rules.checks), len(v.Rules))
		}
		for name, want := range v.Rules {
			check := rules.checks[name]
			if check == nil {
				t.Errorf("%s\nno rule %q", short(v.File), name)
				continue
			}
			if got := check.String(); got != want[0] && want[0] != "" {
				t.Errorf("%s\nprints as %s, want %s", short(v.File), short(got), short(want[0]))
			}
			question := evaluation{ctx: t.Context(), rules: rules, rule: name, target: target, creds: creds}
			ok, err := question.eval(check, 0)
			got := "failed"
			switch {
			case err != nil:
				got = "exception"
			case ok:
				got = "passed"
			}
			if got != want[1] {
				t.Errorf("%s\nrule %s: got %s (%v), want %v", short(v.File), name, got, err, want[1:])
			} else if err != nil && (want[2] != "SyntaxError" && want[2] != "RecursionError" || strings.Contains(want[3], "line 0")) && err.Error() != want[3] {
				t.Errorf("%s\nrule %s: got the exception %q, want %q", short(v.File), name, err, want[3])
			}
		}
	}
}

func short(s string) string {
	if len(s) > 200 {
		return s[:100] + "..." + s[len(s)-80:]
	}
	return strings.TrimSpace(s)
}
