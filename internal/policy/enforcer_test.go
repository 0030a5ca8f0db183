package policy

import (
	"sync"
	"testing"
)

func newEnforcer(t testing.TB, options Options, defaults ...Default) *Enforcer {
	t.Helper()
	e, err := NewEnforcer(defaults, options)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func use(t testing.TB, e *Enforcer, text string) {
	t.Helper()
	f, err := ParseFile("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Use(f); err != nil {
		t.Fatal(err)
	}
}

func allowed(t testing.TB, e *Enforcer, rule string, target, creds map[string]any) bool {
	t.Helper()
	ok, err := e.Enforce(t.Context(), rule, target, creds)
	if err != nil {
		t.Errorf("Enforce(%q): %v", rule, err)
	}
	return ok
}

func TestScopeTypes(t *testing.T) {
	e := newEnforcer(t, Options{}, Default{Name: "a:b", ScopeTypes: []string{"system", "domain"}})
	for _, tt := range []struct {
		name  string
		creds map[string]any
		want  bool
	}{
		{"system", map[string]any{"system_scope": "all"}, true},
		{"domain", map[string]any{"domain_id": "d1"}, true},
		{"project", map[string]any{"project_id": "p1"}, false},
		{"unscoped", map[string]any{"domain_id": nil}, false},
	} {
		if got := allowed(t, e, "a:b", nil, tt.creds); got != tt.want {
			t.Errorf("with a %s scope: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestDeprecatedRules(t *testing.T) {
	defaults := []Default{
		{Name: "helper", Check: "role:new", Deprecated: &Deprecated{Name: "helper", Check: "role:old"}},
		{Name: "a:get", Check: "role:reader", Deprecated: &Deprecated{Name: "a:show", Check: "role:old"}},
		{Name: "a:list", Check: "rule:helper"},
	}
	for _, tt := range []struct {
		name       string
		enforceNew bool
		file       string
		rule, role string
		want       bool
	}{
		{"new check", false, "", "a:get", "reader", true},
		{"old check", false, "", "a:get", "old", true},
		{"old check of a helper", false, "", "a:list", "old", true},
		{"enforce_new_defaults", true, "", "a:get", "old", false},
		{"enforce_new_defaults, helper", true, "", "a:list", "old", false},
		{"override by the new name", false, `{"a:get": "role:x"}`, "a:get", "old", false},
		{"override by the old name", false, `{"a:show": "role:x"}`, "a:get", "x", true},
		{"override by the old name, old check", false, `{"a:show": "role:x"}`, "a:get", "old", false},
		{"override by the old name, new check", true, `{"a:show": "role:x"}`, "a:get", "reader", false},
		{"old name set to the old default", false, `{"a:show": "role:old"}`, "a:get", "reader", true},
		{"old name refers to the new", false, `{"a:show": "rule:a:get"}`, "a:get", "old", true},
		{"both overridden", false, `{"a:show": "role:x", "a:get": "role:y"}`, "a:get", "x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnforcer(t, Options{EnforceNewDefaults: tt.enforceNew}, defaults...)
			use(t, e, tt.file)
			creds := map[string]any{"roles": []string{tt.role}}
			if got := allowed(t, e, tt.rule, nil, creds); got != tt.want {
				t.Errorf("%s with role %s: got %v, want %v", tt.rule, tt.role, got, tt.want)
			}
		})
	}
}

// A decision sees one set of rules, old or new, however often they change meanwhile.
func TestUseWhileEnforcing(t *testing.T) {
	e := newEnforcer(t, Options{})
	files := make([]*File, 2)
	for i, text := range []string{`{"a:b": "rule:x", "x": "role:m"}`, `{"a:b": "rule:y", "y": "role:m"}`} {
		var err error
		if files[i], err = ParseFile("f", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Use(files[0]); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 500 {
				if !allowed(t, e, "a:b", nil, map[string]any{"roles": []string{"m"}}) {
					t.Error("denied")
					return
				}
			}
		})
	}
	for i := range 100 {
		if _, err := e.Use(files[i%2]); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

func BenchmarkEnforce(b *testing.B) {
	e := newEnforcer(b, Options{}, Default{Name: "admin_required", Check: "role:admin or is_admin:1"},
		Default{Name: "token_subject", Check: "user_id:%(target.token.user_id)s"},
		Default{Name: "a:b", Check: "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject"},
		Default{Name: "service_role", Check: "role:service"})
	target := map[string]any{"target": map[string]any{"token": map[string]any{"user_id": "u1"}}}
	for name, creds := range map[string]map[string]any{
		"first": {"roles": []any{"admin", "member", "reader"}, "user_id": "u2", "is_admin": false},
		"last":  {"roles": []any{"member", "reader"}, "user_id": "u1", "is_admin": false},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := b.Context()
			for b.Loop() {
				if ok, err := e.Enforce(ctx, "a:b", target, creds); !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
