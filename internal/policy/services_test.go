package policy

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const novaBundle = `
- name: helper
  check_str: role:admin
  operations: []
- name: servers:index
  check_str: role:reader
  description: |
    List servers.
  scope_types: [system]
  operations:
  - {method: [GET, HEAD], path: /servers}
- name: servers:create
  check_str: role:member and project_id:%(project_id)s
  deprecated_rule: {name: servers:create, check_str: ""}
  operations:
  - {method: POST, path: /servers}
- name: servers:unreachable
  check_str: role:reader
  operations:
  - {method: GET, path: ""}
`

// servicesFolder makes a folder of files by their names.
func servicesFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	return dir
}

func yes(t *testing.T, s *Service, rule string, roles ...string) bool {
	t.Helper()
	return s.Enforcer.Suppose(rule, Supposition{Roles: roles, Scope: "project"}).Verdict == Yes
}

// A folder holds the defaults of each service in one of three forms, what the operator sets over them, and their flags.
func TestOpenServices(t *testing.T) {
	dir := servicesFolder(t, map[string]string{
		"nova.yaml":              novaBundle,
		"nova/policy.yaml":       "servers:create: role:one\n",
		"nova/policy.d/10.yaml":  "servers:create: role:two\n",
		"nova/policy.d/20.yaml":  "servers:create: role:three\n",
		"old.json":               `{"default": [], "admin_required": [["role:admin"]], "volume:create": [["role:compute-user"]], "volume:list": [["rule:elsewhere"]]}`,
		"legacy.yaml":            novaBundle,
		"legacy/policy.json":     `{"servers:more": "role:more"}`,
		"services.yaml":          "legacy: {release: 2026.1, enforce_scope: false, enforce_new_defaults: false}\nswift: {operator_roles: [admin, SwiftOperator], reseller_admin_role: ResellerAdmin}\n",
		"..data/nova.yaml":       "{",
		"README.txt":             "not read",
		"cinder.yaml":            sample,
		"cinder/policy.d/1.yaml": "",
	})
	all, err := OpenServices(dir, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*Service{}
	var names []string
	for _, s := range all.List() {
		of[s.Name], names = s, append(names, s.Name)
		if s.Problem != nil {
			t.Errorf("%s: %v", s.Name, s.Problem)
		}
	}
	if !slices.Equal(names, []string{"cinder", "legacy", "nova", "old", "swift"}) {
		t.Fatal(names)
	}
	nova := of["nova"]
	if d := nova.Rules[0]; len(nova.Rules) != 2 || d.Description != "List servers." || len(d.Operations) != 2 || d.Operations[1] != (Operation{"HEAD", "/servers"}) {
		t.Errorf("%+v", nova.Rules)
	}
	if yes(t, nova, "servers:create", "two") || !yes(t, nova, "servers:create", "three") {
		t.Error("the last file of policy.d is not what counts")
	}
	if yes(t, nova, "servers:index", "reader") || !yes(t, of["legacy"], "servers:index", "reader") {
		t.Error("enforce_scope is not what was said")
	}
	if yes(t, of["cinder"], "volume:list") || !yes(t, of["legacy"], "servers:create") || of["legacy"].Release != "2026.1" {
		t.Error("enforce_new_defaults is not what was said, or the release is lost")
	}
	if old := of["old"]; len(old.Rules) != 2 || yes(t, old, "volume:create", "admin") || !yes(t, old, "volume:list", "admin") {
		t.Errorf("%+v", old.Rules)
	}
	if got := all.Mentioning("Compute-User"); !slices.Equal(got, []string{"old"}) {
		t.Errorf("compute-user is mentioned by %q", got)
	}
	swift := of["swift"]
	if len(swift.Rules) != 14 || !yes(t, swift, "object:put", "swiftoperator") || yes(t, swift, "object:put", "member") ||
		swift.Enforcer.Suppose("object:put", Supposition{Roles: []string{"ResellerAdmin"}, Scope: "project", Elsewhere: true}).Verdict != Yes {
		t.Errorf("%+v", swift.Rules)
	}
	if got := all.Mentioning("nobody"); got != nil {
		t.Errorf("nobody is mentioned by %q", got)
	}

	f, err := ParseFile("what if", []byte(`{"servers:create": ""}`))
	if err != nil {
		t.Fatal(err)
	}
	if with, err := nova.With(f); err != nil || !yes(t, with, "servers:create") || yes(t, nova, "servers:create") {
		t.Errorf("with one more file: %v", err)
	}
}

const sample = `# Decides what is required for the check to succeed.
#"context_is_admin": "role:admin"

# Create a volume. This is a long
# description.
#
# POST  /volumes
# POST  /volumes/{id}/action
# Intended scope(s): system, project
#"volume:create": "(role:admin) or (role:member
"volume:create": "role:member"

# List volumes.
# GET  /volumes
# Intended scope(s): project
#"volume:list": "rule:context_is_admin or role:reader"

# DEPRECATED
# "volume:list":"rule:admin or
# role:owner" has been deprecated since X in favor of
# "volume:list":"rule:context_is_admin or role:reader".
# Because.

# A name like one in a map.
#"volume:other": "@"
`

func TestParseSample(t *testing.T) {
	rules := parseSample([]byte(sample))
	if len(rules) != 3 || rules[0].Name != "context_is_admin" || rules[2].Name != "volume:other" || rules[2].Operations != nil || rules[2].Deprecated != nil {
		t.Fatalf("%+v", rules)
	}
	list := rules[1]
	if list.Description != "List volumes." || len(list.Operations) != 1 || !slices.Equal(list.ScopeTypes, []string{"project"}) {
		t.Errorf("%+v", list)
	}
	if list.Deprecated == nil || *list.Deprecated != (Deprecated{"volume:list", "rule:admin or role:owner", "X"}) {
		t.Errorf("%+v", list.Deprecated)
	}
}

// What is wrong with a file is told with its place; a service that is all right is not kept from anybody.
func TestServiceProblems(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"- check_str: role:admin\n", ":1:3: a rule has no name"},
		{"# comment\n- name: a\n  check_str: [x]\n", ":2:3: it is no rule"},
		{"- name: a\n  check_str: role:admin or\n", ":2:27: "},
		{"- name: a\n  check_str: '@'\n  deprecated_rule: {name: b, check_str: 'role:'}\n", ""},
		{"- name: a\n\tcheck_str: '@'\n", ":2:"},
		{"- name: a\n- name: a\n", `"a" is registered twice`},
		{`{"volume:create": ["role"="compute-user"]}`, ":1:"},
		{"5", "not a map"},
	} {
		dir := servicesFolder(t, map[string]string{"bad.yaml": tt.text, "good.yaml": novaBundle})
		all, err := OpenServices(dir, nil, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		bad, good := all.List()[0], all.List()[1]
		if good.Problem != nil || len(good.Rules) != 2 {
			t.Errorf("%q spoils another service: %v", tt.text, good.Problem)
		}
		if tt.want == "" {
			continue
		}
		if bad.Problem == nil || !strings.Contains(bad.Problem.Error(), "bad.yaml") || !strings.Contains(bad.Problem.Error(), tt.want) || len(bad.Rules) > 0 {
			t.Errorf("%q: %v, want %q", tt.text, bad.Problem, tt.want)
		}
		if _, err := ReadServices(filepath.Join(dir, "bad.yaml"), false); err == nil {
			t.Errorf("%q is read", tt.text)
		}
		if _, err := ReadServices(dir, false); err == nil {
			t.Errorf("a folder with %q is read", tt.text)
		}
	}
	for name, files := range map[string]map[string]string{
		"nothing": {"a.txt": ""}, "an unknown flag": {"a.yaml": novaBundle, "services.yaml": "a: {relase: x}"},
	} {
		if _, err := OpenServices(servicesFolder(t, files), nil, time.Now); err == nil {
			t.Errorf("a folder with %s is read", name)
		}
	}
	if _, err := OpenServices(filepath.Join(t.TempDir(), "none"), nil, time.Now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	two, err := OpenServices(servicesFolder(t, map[string]string{"a.yaml": novaBundle, "a.json": "{}"}), nil, time.Now)
	if err != nil || two.List()[0].Problem == nil {
		t.Errorf("two files for one service: %v", err)
	}
}

// O12: files are followed. One that is no good is told with its place, and what was good before stays.
func TestFollowServices(t *testing.T) {
	dir := servicesFolder(t, map[string]string{"nova.yaml": novaBundle, "old.json": `{"volume:list": ""}`})
	synctest.Test(t, func(t *testing.T) {
		all, err := OpenServices(dir, nil, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		go all.Follow(t.Context(), time.Second, func(err error) { told = append(told, err.Error()) })
		look := func() {
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		service := func(name string) *Service {
			t.Helper()
			i := slices.IndexFunc(all.List(), func(s *Service) bool { return s.Name == name })
			if i < 0 {
				t.Fatalf("%s is not there", name)
			}
			return all.List()[i]
		}
		member := Supposition{Roles: []string{"member"}, Scope: "project"}
		first, old := all.Reaches(member)[0], service("old")
		write(t, filepath.Join(dir, "nova.yaml"), strings.Replace(novaBundle, "role:reader\n  description", "role:member\n  description", 1))
		write(t, filepath.Join(dir, "services.yaml"), "nova: {release: new, enforce_scope: false}\n")
		look()
		nova := service("nova")
		if !yes(t, nova, "servers:index", "member") || nova.Release != "new" || nova.Loaded.Equal(old.Loaded) || service("old") != old {
			t.Errorf("the change is not there, or not alone: %+v", nova)
		}
		if now := all.Reaches(member)[0]; now.Yes != first.Yes+1 || now.Beyond(first) != 1 || first.Beyond(now) != 0 {
			t.Errorf("a member reaches %+v after %+v", now.Counts, first.Counts)
		}

		write(t, filepath.Join(dir, "nova.yaml"), novaBundle+"- name: broken\n  check_str: role:admin or\n")
		look()
		if s := service("nova"); s.Problem == nil || !strings.Contains(s.Problem.Error(), "nova.yaml:22:27: ") || !yes(t, s, "servers:index", "member") {
			t.Errorf("after a fault: %v", s.Problem)
		}
		write(t, filepath.Join(dir, "services.yaml"), "nova: [")
		look()
		if s := service("nova"); s.Release != "new" || len(all.Problems()) != 2 {
			t.Errorf("after a fault in the flags: %+v, %v", s.Flags, all.Problems())
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		look()
		if len(all.List()) != 2 || len(all.Problems()) != 2 {
			t.Errorf("without the folder: %v, %v", all.List(), all.Problems())
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "nova.yaml"), novaBundle)
		look()
		if s := service("nova"); s.Problem != nil || s.Release != "" || len(all.List()) != 1 || len(all.Problems()) != 0 {
			t.Errorf("after the cure: %v", all.Problems())
		}
		if len(told) != 3 || !strings.Contains(told[0], "nova.yaml:22:27") {
			t.Errorf("told: %q", told)
		}
	})
}

// 4.6: a role reaches far when it permits more outside the own project than the ordinary one does.
func TestImpact(t *testing.T) {
	all, err := OpenServices(servicesFolder(t, map[string]string{"nova.yaml": novaBundle + `
- name: servers:migrate
  check_str: role:admin
  operations: [{method: POST, path: /migrate}]
`}), nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	member := []string{"member", "reader"}
	for _, tt := range []struct {
		role string
		want bool
	}{{"admin", true}, {"ADMIN", true}, {"member", false}, {"reader", false}, {"other", false}} {
		if got := all.Impact([]string{tt.role}, member); got != tt.want {
			t.Errorf("%s: %v", tt.role, got)
		}
	}
	own, err := NewEnforcer([]Default{{Name: "identity:all", Check: "role:admin", Operations: []Operation{{"GET", "/v3"}}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := OpenServices("", ServiceOf("keystone", own), time.Now)
	if err != nil || !alone.Impact([]string{"admin"}, member) || alone.Impact([]string{"other"}, member) {
		t.Errorf("by the own rules: %v", err)
	}
	f, err := ParseFile("policy.yaml", []byte(`{"identity:all": "role:other"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Use(f); err != nil || !alone.Impact([]string{"other"}, member) {
		t.Errorf("after they changed: %v", err)
	}
	both, err := OpenServices(servicesFolder(t, map[string]string{"nova.yaml": novaBundle}), ServiceOf("keystone", own), time.Now)
	if err != nil || len(both.List()) != 2 || both.List()[0].Name != "keystone" {
		t.Errorf("with the own rules: %v", err)
	}
	if (*Services)(nil).Impact([]string{"admin"}, member) || (*Services)(nil).Mentioning("admin") != nil || (*Services)(nil).List() != nil {
		t.Error("nothing is known, and something is said")
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte(novaBundle))
	f.Add([]byte(sample))
	f.Add([]byte("- name: a\n  check_str: [x]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readService("x", []content{{"x.yaml", data}}, Flags{EnforceScope: true})
		if err != nil {
			return
		}
		for _, d := range s.Rules {
			s.Enforcer.Suppose(d.Name, Supposition{Roles: []string{"admin"}, Scope: "project"})
		}
	})
}
