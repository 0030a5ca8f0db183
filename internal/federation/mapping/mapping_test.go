package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

// S-102: an absent or empty attribute never matches, and without a match there is nobody.
func TestNothingMatchesNothing(t *testing.T) {
	for _, remote := range []string{
		`{"type": "A"}`,
		`{"type": "A", "whitelist": [""]}`,
		`{"type": "A", "blacklist": ["x"]}`,
		`{"type": "A", "any_one_of": [""]}`,
		`{"type": "A", "any_one_of": ["^$"], "regex": true}`,
		`{"type": "A", "not_any_of": ["x"]}`,
		`{"type": "A", "not_any_of": ["x"], "regex": true}`,
	} {
		m := parse(t, "1.0", `[{"local": [{"user": {"name": "x"}}], "remote": [`+remote+`]}]`)
		for _, variables := range []map[string]string{nil, {"A": ""}, {"A": ";;"}, {"a": "x", "A ": "x", "B": "x"}} {
			if p, err := m.Apply(Split(variables)); p != nil || !errors.Is(err, identity.BadRequest) {
				t.Errorf("%s on %q: %v, %v, want bad request", remote, variables, p, err)
			}
		}
	}
}

// S-102: what cannot be compared is refused when a mapping is stored. Keystone stored it; then the mapping works until it
// meets it.
func TestCheck(t *testing.T) {
	for remote, want := range map[string]string{
		`{"type": "A", "any_one_of": ["a", "("], "regex": true}`: `Invalid mapping: rule 2, remote 1 (A), any_one_of: pattern "(": error parsing regexp: missing closing ) in ` + "`(`.",
		`{"type": "A", "whitelist": [5], "regex": true}`:         `Invalid mapping: rule 2, remote 1 (A), whitelist: pattern 5 is not a text.`,
		`{"type": "A", "blacklist": [["a"]]}`:                    `Invalid mapping: rule 2, remote 1 (A), blacklist: ['a'] is not a text.`,
		`{"type": "A", "any_one_of": [5, null, "("]}`:            ``,
		`{"type": "A", "any_one_of": ["(?=a)b"], "regex": true}`: ``,
	} {
		m := parse(t, "1.0", `[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "B"}]}, {"local": [], "remote": [`+remote+`]}]`)
		err := m.Check()
		var got string
		if e, ok := errors.AsType[*identity.Error](err); ok {
			got = e.Message
		}
		if got != want || err != nil && !errors.Is(err, identity.BadRequest) {
			t.Errorf("%s: got %q, want %q", remote, got, want)
		}
		if _, err := m.Apply(Split(map[string]string{"B": "x"})); err != nil {
			t.Errorf("%s, not met: %v", remote, err)
		}
		if _, err := m.Apply(Split(map[string]string{"B": "x", "A": "b"})); (err != nil) != (want != "") {
			t.Errorf("%s, met: %v", remote, err)
		}
	}
}

// S-102: any pattern on 64 KB takes at most 50 ms, and a rule whose patterns need longer does not match, not even one that
// asks that nothing be found.
func TestPatternTime(t *testing.T) {
	const size = 64 << 10
	texts := []string{
		strings.Repeat("a", size-1) + "!",
		strings.Repeat(strings.Repeat("a", 30)+"!;", size/32),
		strings.Repeat("a;", size/2),
		distinct(size),
	}
	for _, test := range []string{notAnyOf, whitelist} {
		for _, pattern := range []string{`^(a+)+$`, `(x+x+)+y`, `^(([a-z])+.)+[A-Z]([a-z])+$`} {
			m := parse(t, "1.0", `[
				{"local": [{"group": {"id": "slow"}}], "remote": [{"type": "A", "`+test+`": ["`+pattern+`"], "regex": true}]},
				{"local": [{"group": {"id": "other"}}], "remote": [{"type": "B"}]}]`)
			for _, text := range texts {
				best := time.Hour // of a few, as this machine may have other things to do
				for range 20 {
					start := time.Now()
					trace := m.Explain(Split(map[string]string{"A": text, "B": "x"}))
					best = min(best, time.Since(start))
					if trace.Err != nil {
						t.Fatal(trace.Err)
					}
					if slow := trace.Rules[0]; slow.Matched && strings.Contains(slow.Remotes[0].Reason, "too long") {
						t.Errorf("%s %s on %.10q… matches though it takes too long", test, pattern, text)
					}
					if best < 50*time.Millisecond {
						break
					}
				}
				if best > 50*time.Millisecond {
					t.Errorf("%s %s on %.10q… took %v, want at most 50 ms", test, pattern, text, best)
				}
			}
		}
	}
	m := parse(t, "1.0", `[{"local": [{"user": {"name": "x"}}], "remote": [{"type": "A", "not_any_of": ["^(a+)+$"], "regex": true}]}]`)
	if p, err := m.Apply(Split(map[string]string{"A": texts[0]})); err == nil {
		t.Errorf("a pattern that takes too long finds nothing: %v", p)
	} else if !strings.Contains(err.Error(), `A: pattern "^(a+)+$": the pattern takes too long on this text`) {
		t.Errorf("the log is not told of the pattern: %v", err)
	}
}

// distinct returns many different values.
func distinct(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%x;", i)
	}
	return b.String()
}

// I12: no time is lost on many values.
func TestManyValues(t *testing.T) {
	m := parse(t, "1.0", `[{"local": [{"user": {"name": "x"}}, {"group_ids": "{0}"}, {"groups": "{1}", "domain": {"id": "d"}}],
		"remote": [{"type": "A", "blacklist": ["x"]}, {"type": "A", "blacklist": ["!"], "regex": true}]}]`)
	start := time.Now()
	p, err := m.Apply(Split(map[string]string{"A": distinct(64 << 10)}))
	if took := time.Since(start); err != nil || len(p.GroupIDs) < 10_000 || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// I12: many slow patterns do not add up.
func TestMappingTime(t *testing.T) {
	remote := `{"local": [], "remote": [{"type": "A", "any_one_of": ["(a+)+$"], "regex": true}]}`
	m := parse(t, "1.0", "["+strings.Repeat(remote+",", 400)+remote+"]")
	start := time.Now()
	_, err := m.Apply(Split(map[string]string{"A": strings.Repeat("a", 1000) + "!"}))
	if took := time.Since(start); !errors.Is(err, errTooLong) || took > 5*time.Second {
		t.Errorf("%v after %v, want an end after a second", err, took)
	}
	m = parse(t, "1.0", `[{"local": [{"user": {"name": "{0:{1}}"}}], "remote": [{"type": "A"}, {"type": "B"}]}]`)
	if _, err := m.Apply(Split(map[string]string{"A": "x", "B": "999999999"})); !errors.Is(err, identity.BadRequest) {
		t.Errorf("a name of 1 GB: %v, want bad request", err)
	}
}

// What goes beyond the engine's own checks: no login could use it.
func TestUnusable(t *testing.T) {
	for _, tt := range []struct{ version, local, want string }{
		{"1.0", `{"user": {"name": "x", "domain": {}}}`, "Invalid mapping: the user has no domain."},
		{"2.0", `{"user": {"name": "x"}}`, "Invalid mapping: the user has no domain."},
		{"1.0", `{"group_ids": "[1]"}`, "Invalid mapping: 1 is no id of a group."},
		{"1.0", `{"groups": "[null, None]", "domain": {"id": "d"}}`, ""},
		{"1.0", `{"groups": "[None]", "domain": {"id": "d"}}`, "Invalid mapping: {'name': None, 'domain': {'id': 'd'}} is no group with a name and a domain."},
		{"1.0", `{"groups": "name of no domain"}`, "Invalid mapping: 'name of no domain' is no group with a name and a domain."},
		{"1.0", `{"group": {"name": "g", "domain": {}}}`, `Invalid mapping: group "g" has no domain.`},
		{"2.0", `{"user": {"name": "x", "domain": {"id": "d"}}, "projects": [{"name": "p", "roles": []}]}`, `Invalid mapping: project "p" has no domain.`},
		{"1.0", `{"user": {"name": "{0.upper}"}}`, `Invalid mapping: name "{0.upper}": {0.upper}: attributes cannot be taken.`},
		{"1.0", `{"user": {"name": "{1}"}}`, `Invalid mapping: name "{1}": there is no value {1}.`},
	} {
		m := parse(t, tt.version, `[{"local": [`+tt.local+`], "remote": [{"type": "A"}]}]`)
		_, err := m.Apply(Split(map[string]string{"A": "a"}))
		var got string
		if e, ok := errors.AsType[*identity.Error](err); ok {
			got = e.Message
		}
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.version, tt.local, got, tt.want)
		}
	}
}

// I9: whatever a mapping and an assertion hold, the engine ends, and fails with a bad request only.
func FuzzApply(f *testing.F) {
	for i, v := range readVectors(f) {
		if i%40 == 0 {
			f.Add(v.Version, []byte(v.Rules), v.Assertion["U"], v.Assertion["G"])
		}
	}
	f.Fuzz(func(t *testing.T, version string, rules []byte, u, g string) {
		m, err := Parse(version, rules)
		if err == nil {
			m.Check()
			var p *Properties
			if p, err = m.Apply(Split(map[string]string{"U": u, "G": g})); (p == nil) == (err == nil) {
				t.Errorf("%v and %v", p, err)
			}
		}
		if err != nil && !errors.Is(err, identity.BadRequest) {
			t.Errorf("%v, want a bad request", err)
		}
	})
}
