package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	e := newEnforcer(t, Options{DefaultRule: "default"}, Default{Name: "a:scoped", Check: "@", ScopeTypes: []string{"system"}})
	use(t, e, strings.ReplaceAll(`{
		"admin": "role:admin",
		"a:or": "rule:admin or role:owner",
		"a:and": "role:reader and project_id:%(project_id)s",
		"a:not": "not role:banned",
		"a:two": "role:x and role:y",
		"a:raise": "not user_id.x:1",
		"a:missing": "rule:nope",
		"a:list": "catalog.type:image",
		"a:key": "user_id:%(nope)s",
		"a:literal": "'member':%(role)s",
		"default": "!"
	}`, "\t", " "))
	creds := map[string]any{"roles": []string{"member", "banned"}, "user_id": "u1", "project_id": "p1", "catalog": []any{map[string]any{"type": "identity"}}}
	target := map[string]any{"project_id": "p1", "role": "admin"}
	for _, tt := range []struct {
		rule    string
		failing []string
		missing []string
		enough  bool
		text    string
	}{
		{"a:or", []string{"role:admin", "role:owner"}, []string{"admin", "owner"}, true, "the caller lacks the role owner"},
		{"a:and", []string{"role:reader"}, []string{"reader"}, true, "the caller lacks the role reader"},
		{"a:not", []string{"role:banned"}, nil, false, "no   not"},
		{"a:two", []string{"role:x"}, []string{"x"}, false, "missing role: x (not enough alone)"},
		{"a:raise", []string{"user_id.x:1"}, nil, false, "string indices must be integers"},
		{"a:missing", []string{"!"}, nil, false, `there is no rule "nope", so "default" is asked`},
		{"a:nowhere", []string{"!"}, nil, false, `rule "default" in its place: !`},
		{"a:list", []string{"catalog.type:image"}, nil, false, "no catalog.type of the caller is image"},
		{"a:key", []string{"user_id:%(nope)s"}, nil, false, "the target has no nope"},
		{"a:literal", []string{"'member':%(role)s"}, nil, false, "member is not admin"},
		{"a:scoped", nil, nil, false, "the rule requires the scope system, the caller's is project"},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			x := e.Explain(t.Context(), tt.rule, target, creds)
			if x.Allowed {
				t.Error("allowed, want denied")
			}
			var failing []string
			for _, term := range x.Failing() {
				failing = append(failing, term.Check)
			}
			if !slices.Equal(failing, tt.failing) {
				t.Errorf("failing terms: got %q, want %q", failing, tt.failing)
			}
			if !slices.Equal(x.MissingRoles, tt.missing) || x.Enough != tt.enough {
				t.Errorf("missing roles: got %q, enough %v; want %q, %v", x.MissingRoles, x.Enough, tt.missing, tt.enough)
			}
			if got := x.String(); !strings.Contains(got, tt.text) {
				t.Errorf("got\n%s\nwant it to say %q", got, tt.text)
			}
		})
	}
	if x := e.Explain(t.Context(), "a:or", nil, map[string]any{"roles": []string{"owner"}}); !x.Allowed || x.Failing() != nil || x.MissingRoles != nil {
		t.Errorf("for an owner: got\n%s\nwant it allowed", x)
	}
}

// A circle of rules ends, is denied, and is explained in a few lines.
func TestExplainCircle(t *testing.T) {
	e := newEnforcer(t, Options{})
	use(t, e, `{"a:b": "not rule:a:c", "a:c": "not rule:a:b"}`)
	x := e.Explain(t.Context(), "a:b", nil, nil)
	if x.Allowed || x.Err == nil {
		t.Errorf("got allowed %v, error %v; want an error", x.Allowed, x.Err)
	}
	if lines := strings.Count(x.String(), "\n"); lines > 40 {
		t.Errorf("got %d lines", lines)
	}
}
