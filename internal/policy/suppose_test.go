package policy

import (
	"slices"
	"testing"
)

// TestSuppose: what a caller may do who holds one role, of whom and of whose target little else is known.
func TestSuppose(t *testing.T) {
	e, err := NewEnforcer([]Default{
		{Name: "mine", Check: "role:member and project_id:%(project_id)s"},
		{Name: "tenant", Check: "tenant_id:%(tenant_id)s"},
		{Name: "network", Check: "tenant_id:%(network:tenant_id)s"},
		{Name: "self", Check: "user_id:%(user_id)s"},
		{Name: "either", Check: "role:admin or user_id:%(user_id)s"},
		{Name: "refuses", Check: "not role:member"},
		{Name: "unless", Check: "not user_id:%(user_id)s"},
		{Name: "public", Check: "'public':%(visibility)s"},
		{Name: "same", Check: "'x':x"},
		{Name: "shared", Check: "field:networks:shared=True"},
		{Name: "remote", Check: "http://example/%(id)s"},
		{Name: "flag", Check: "is_admin:True"},
		{Name: "main project", Check: "is_admin_project:True"},
		{Name: "helper", Check: "rule:mine and rule:public"},
		{Name: "lost", Check: "rule:none"},
		{Name: "round", Check: "rule:round"},
		{Name: "system", Check: "system_scope:all"},
		{Name: "domain", Check: "domain_id:%(target.user.domain_id)s"},
		{Name: "domain token", Check: "token.domain.id:%(target.domain.id)s"},
		{Name: "home", Check: "project_domain_id:%(target.domain.id)s"},
		{Name: "all", Check: "@"}, {Name: "none", Check: "!"}, {Name: "empty", Check: ""},
		{Name: "named", Check: "role:%(target.role.name)s"},
		{Name: "only system", Check: "role:member", ScopeTypes: []string{"system"}},
		{Name: "renewed", Check: "role:admin", Deprecated: &Deprecated{Name: "old", Check: "project_id:%(project_id)s"}},
	}, Options{EnforceNewDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	member := Supposition{Roles: []string{"Member", "reader"}, Scope: "project"}
	far, inDomain, onSystem := member, member, member
	far.Elsewhere, inDomain.Scope, onSystem.Scope = true, "domain", "system"
	for _, tt := range []struct {
		rule                           string
		here, far, inDomain, onSystem_ Verdict
		conditions                     []string
	}{
		{rule: "mine", here: Yes}, {rule: "tenant", here: Yes},
		{rule: "network", here: Depends, far: Depends, conditions: []string{"tenant_id:%(network:tenant_id)s"}},
		{"self", Depends, Depends, Depends, Depends, []string{"user_id:%(user_id)s"}},
		{"either", Depends, Depends, Depends, Depends, []string{"user_id:%(user_id)s"}},
		{rule: "refuses"},
		{"unless", Depends, Depends, Depends, Depends, []string{"not user_id:%(user_id)s"}},
		{"public", Depends, Depends, Depends, Depends, []string{"'public':%(visibility)s"}},
		{"same", Yes, Yes, Yes, Yes, nil},
		{"shared", Depends, Depends, Depends, Depends, []string{"field:networks:shared=True"}},
		{"remote", Depends, Depends, Depends, Depends, []string{"http://example/%(id)s (decided elsewhere)"}},
		{rule: "flag"},
		{"main project", Yes, Yes, Yes, Yes, nil},
		{rule: "helper", here: Depends, conditions: []string{"'public':%(visibility)s"}},
		{rule: "lost"}, {rule: "round"},
		{rule: "system", onSystem_: Yes},
		{rule: "domain", inDomain: Yes}, {rule: "domain token", inDomain: Yes},
		{rule: "home", here: Depends, far: Depends, conditions: []string{"project_domain_id:%(target.domain.id)s"}},
		{"all", Yes, Yes, Yes, Yes, nil}, {rule: "none"}, {"empty", Yes, Yes, Yes, Yes, nil},
		{"named", Depends, Depends, Depends, Depends, []string{"role:%(target.role.name)s"}},
		{rule: "only system", onSystem_: Yes},
		{rule: "renewed"}, {rule: "no such rule"},
	} {
		for i, s := range []Supposition{member, far, inDomain, onSystem} {
			got := e.Suppose(tt.rule, s)
			if want := []Verdict{tt.here, tt.far, tt.inDomain, tt.onSystem_}[i]; got.Verdict != want {
				t.Errorf("%s, supposing %+v: %v, want %v", tt.rule, s, got.Verdict, want)
			}
			if got.Verdict != Depends && got.Reason == "" {
				t.Errorf("%s, supposing %+v: %v without a reason", tt.rule, s, got.Verdict)
			}
		}
		if got := e.Suppose(tt.rule, member); !slices.Equal(got.Conditions, tt.conditions) {
			t.Errorf("%s hangs on %q, want %q", tt.rule, got.Conditions, tt.conditions)
		}
	}
	legacy, err := NewEnforcer([]Default{{Name: "renewed", Check: "role:admin", Deprecated: &Deprecated{Name: "old", Check: "project_id:%(project_id)s"}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := legacy.Suppose("renewed", member); got.Verdict != Yes {
		t.Errorf("with deprecated rules: %v", got.Verdict)
	}
}
