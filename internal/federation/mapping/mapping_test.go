package mapping

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
)

func parse(t *testing.T, version, rules string) *Mapping {
	t.Helper()
	m, err := Parse(version, []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestApply(t *testing.T) {
	m := parse(t, "2.0", `[
		{"local": [
			{"user": {"name": "{0}", "email": "{1}", "type": "ephemeral"}},
			{"group": {"id": "everybody"}},
			{"projects": [{"name": "home of {0}", "roles": [{"name": "member"}, {"name": "reader"}]}], "domain": {"name": "People"}},
			{"groups": "{2}", "domain": {"id": "default"}}
		], "remote": [
			{"type": "NAME"}, {"type": "MAIL"}, {"type": "ORG", "any_one_of": ["^Ex.*"], "regex": true},
			{"type": "GROUPS", "blacklist": ["admins"]}
		]},
		{"local": [{"user": {"name": "somebody else"}}, {"domain": {"id": "default"}}], "remote": [{"type": "ORG", "not_any_of": ["x"]}]},
		{"local": [{"group": {"id": "nobody"}}], "remote": [{"type": "EMPTY"}]}
	]`)
	got, err := m.Apply(Split(map[string]string{
		"NAME": "ann", "MAIL": "ann@example.org", "ORG": "Example;Other", "GROUPS": "red;admins;blue", "EMPTY": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := &Properties{
		User:     User{Name: "ann", Email: "ann@example.org", Domain: Domain{ID: "default"}},
		GroupIDs: []identity.GroupID{"everybody"},
		Groups:   []Group{{"red", Domain{ID: "default"}}, {"blue", Domain{ID: "default"}}},
		Projects: []Project{{"home of ann", Domain{Name: "People"}, []string{"member", "reader"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := m.Apply(Split(map[string]string{"NAME": "ann"})); !errors.Is(err, identity.BadRequest) {
		t.Errorf("no rule matches: %v, want bad request", err)
	}
}
