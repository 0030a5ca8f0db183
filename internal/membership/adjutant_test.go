package membership_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

func TestParseRoleMapping(t *testing.T) {
	want := map[string][]string{"project_admin": {"project_mod", "member"}, "project_mod": {"member"}}
	for _, text := range []string{
		"identity:\n  username_is_email: true\n  role_mapping:\n    project_admin: [project_mod, member, member]\n    project_mod:\n    - member\nworkflow: {}\n",
		"role_mapping:\n  project_admin:\n  - project_mod\n  - member\n  project_mod: [member]\n",
		`{"project_admin": ["project_mod", "member"], "project_mod": ["member"]}`,
	} {
		if got, err := membership.ParseRoleMapping(text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "[]", "a", "a: b", "a: [1]", "a: [[b]]", "a: ['']", "1: [b]", "\tx", "a: &x [*x]", strings.Repeat(" ", 1<<20),
	} {
		if got, err := membership.ParseRoleMapping(text); !errors.Is(err, identity.BadRequest) {
			t.Errorf("%.20q: %v, %v", text, got, err)
		}
	}
}

func FuzzParseRoleMapping(f *testing.F) {
	f.Add("identity: {role_mapping: {a: [b]}}")
	f.Add("a: &x [b]\nc: *x")
	f.Add("? [a]\n: [b]")
	f.Fuzz(func(t *testing.T, text string) {
		mapping, err := membership.ParseRoleMapping(text)
		if err != nil && !errors.Is(err, identity.BadRequest) {
			t.Fatal(err)
		}
		for _, targets := range mapping {
			for _, name := range targets {
				if name == "" {
					t.Fatalf("%q names no role", text)
				}
			}
		}
	})
}
