package authz

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lintel-id/lintel/internal/policy"
)

// The table equals upstream's, of which testdata/policies.tsv is a list.
func TestRulesAreUpstreams(t *testing.T) {
	data, err := os.ReadFile("testdata/policies.tsv")
	if err != nil {
		t.Fatal(err)
	}
	list := func(s, sep string) []string {
		if s == "" {
			return nil
		}
		return strings.Split(s, sep)
	}
	var want []policy.Default
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		name, check, scopes, operations, oldCheck, oldSince, notes := f[0], f[1], f[2], f[3], f[5], f[6], f[7]
		d := policy.Default{Name: name, Check: check, ScopeTypes: list(scopes, ",")}
		for _, o := range list(operations, "; ") {
			words := strings.Fields(o)
			d.Operations = append(d.Operations, policy.Operation{Method: words[0], Path: words[1]})
		}
		if oldCheck != "" {
			d.Deprecated = &policy.Deprecated{Name: name, Check: oldCheck, Since: oldSince}
		}
		if since, ok := strings.CutPrefix(notes, "deprecated_for_removal since "); ok {
			d.Removal = &policy.Removal{Since: since[:1], Reason: "no request is guarded by it any more"}
		}
		want = append(want, d)
	}
	if len(want) != 204 {
		t.Errorf("the list has %d rules, want 204", len(want))
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// Every default parses and refers to no missing rule.
func TestRulesCompile(t *testing.T) {
	e, err := policy.NewEnforcer(Rules(), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(e.Rules()), len(Rules()); got != want {
		t.Errorf("%d rules in force, want %d", got, want)
	}
}

// S-068: callers of each scope, with each role, get from each rule what Keystone gives them. testdata/decisions.py wrote the cases.
func TestDecisionsAreUpstreams(t *testing.T) {
	data, err := os.ReadFile("testdata/decisions.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		New           bool `json:"enforce_new_defaults"`
		Creds, Target map[string]any
		Allowed       []string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	enforcers := map[bool]*policy.Enforcer{}
	for _, enforceNew := range []bool{false, true} {
		if enforcers[enforceNew], err = policy.NewEnforcer(Rules(), policy.Options{EnforceNewDefaults: enforceNew}); err != nil {
			t.Fatal(err)
		}
	}
	decisions := 0
	for _, c := range cases {
		for _, r := range rules {
			want := slices.Contains(c.Allowed, r.Name)
			got, err := enforcers[c.New].Enforce(t.Context(), r.Name, c.Target, c.Creds)
			if got != want || err != nil {
				t.Errorf("%s, enforce_new_defaults %v\ncaller %v\ntarget %v\ngot %v, %v; want %v", r.Name, c.New, c.Creds, c.Target, got, err, want)
			}
			decisions++
		}
	}
	if decisions < 20_000 {
		t.Errorf("only %d decisions", decisions)
	}
}
