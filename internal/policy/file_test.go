package policy

import (
	"errors"
	"strings"
	"testing"
)

// What people get wrong is told with its place and the cure.
func TestRefusedFiles(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{\n\t\"a:b\": \"x:y\"\n}", "2:1: a tab may not indent: use spaces"},
		{"a:b:\t\"x:y\"", "1:5: a tab may not separate: use spaces"},
		{"{\n \"a:b\"\n : \"x:y\"\n}", "3:2: the colon must stand on the line of its name: join it to line 2"},
		{"{\n \"a:b\": \"x:y\"\n \"c:d\": \"x:y\"\n}", "2:9: a comma is missing after this value"},
		{"{\"a:b\": [\"x:y\" \"z:w\"]}", "1:10: a comma is missing after this value"},
		{"{\n \"a:b\": \"x:y,\n \"c:d\": \"x:y\"\n}", "2:9: the quote that opens here is not closed on its line: a quote is missing"},
		{"a:b: 'x:y\n", "1:6: the quote that opens here is never closed: a quote is missing"},
		{"{\"a:b\" \"x:y\"}", "1:2: a colon is missing after this name"},
		{"\"a:b\": \"x:y\"\n\"c:d\" \"x:y\"\n", "2:1: a colon is missing after this name"},
		{"a:b x:y\nc:d: x:y\n", "1:1: a colon with a space after it is missing in this line"},
		{"\"a:b\": \"x:y\",\n\"c:d\": \"x:y\"\n", "1:13: this comma separates nothing, since there are no brackets around it: remove it"},
		{"\"a:b\": \"x:y\" or z:w\n", "1:14: text after the closing quote: put the quotes around the whole rule"},
		{"a:b: x:y\n  c:d: x:y\n", "2:3: this line is indented more than the rule before it: indent all names alike"},
		{"a:b: x: y\n", "1:7: a second colon with a space after it: write the rule in quotes, or without the space"},
		{"a:b: @\n", "1:6: a value may not begin with @: write it in quotes"},
		{"a:b: %(x)s:y\n", "1:6: a value may not begin with %: write it in quotes"},
		{"a:b: *x\n", "1:6: * refers to an anchor that does not exist: write the value in quotes"},
		{"// rules\n{\"a:b\": \"x:y\"}", "1:1: // begins no comment here: use #"},
		{"{\"a:b\": \"x:y\"", "1:1: this { is never closed"},
		{"{\"a:b\": \"x:y\"}}", "1:15: this } closes nothing: remove it"},
		{"{\"a:b\": \"x:y\"} z", "1:16: something follows the closing bracket: remove it"},
		{"{\"a:b\": [\"x:y\"}", "1:15: this } does not match the [ of 1:9"},
		{"{a:b: [x:, y:z]}", "1:9: a text may not hold a colon before ,: write it in quotes"},
		{"{a:b: x?y}", "1:8: a text may not hold a question mark between brackets: write it in quotes"},
		{"a:b: \"x\x01\"", "1:8: the control character U+0001 may not stand in a file: remove it"},
		{"a:b: \xff", "1:6: this is not UTF-8: save the file in that encoding"},
		{"a:b: x:y\n---\nc:d: x:y\n", "2:1: the file holds more than one YAML document: remove the --- before this"},
		{"a:b: !foo x:y\n", "1:6: a rule may not have the tag !foo"},
		{"a:b: &x x:y\nc:d: &x z:w\n", "2:6: the anchor &x is in line 1 already"},
		{"<<: x\n", "1:5: << merges maps only"},
		{"? [a]\n: x:y\n", "1:3: the name of a rule must be a text"},
		{"a:b: =\n", "1:6: = has a meaning of its own: write it in quotes"},
		{"a:b: [12:30]\n", `1:7: rule "a:b": 12:30 is no check but an integer: write it in quotes`},
		{"a:b: " + strings.Repeat("not ", 1000) + "@", `1:6: rule "a:b": 1000 times "not" in a row is too much`},
		{"a:b: " + strings.Repeat("(", 200_000), `1:6: rule "a:b": more than 100000 parentheses nest`},
	} {
		_, err := ParseFile("f", []byte(tt.text))
		if want := "f:" + tt.want; err == nil || err.Error() != want {
			t.Errorf("%.60q:\n got %v\nwant %s", tt.text, err, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	e := newEnforcer(t, Options{},
		Default{Name: "a:same", Check: "role:x or role:y"},
		Default{Name: "a:going", Check: "@", Removal: &Removal{Since: "T", Reason: "nobody asks"}},
		Default{Name: "a:new", Check: "role:x", Deprecated: &Deprecated{Name: "a:old", Check: "role:y"}},
	)
	for _, tt := range []struct{ text, want string }{
		{"a:b: no", `f:1:6: rule "a:b": an unquoted no allows everybody: write "!" in quotes to allow nobody, "@" to allow everybody`},
		{"a:b: !", `f:1:6: rule "a:b": an unquoted ! allows everybody: write "!" in quotes to allow nobody, "@" to allow everybody`},
		{"a:b:", `f:1:5: rule "a:b": a missing value allows everybody: write "!" in quotes to allow nobody, "@" to allow everybody`},
		{"a:b: 0", `f:1:6: rule "a:b": an unquoted 0 allows everybody: write "!" in quotes to allow nobody, "@" to allow everybody`},
		{`a:b: ""`, `f:1:6: rule "a:b": an empty text allows everybody`},
		{"a:b: {}", `f:1:6: rule "a:b": an empty list allows everybody`},
		{"12:30: '!'", `f:1:1: the name 12:30 is not a text in YAML, so the rule is never used: quote it`},
		{"a:b: '!'\na:c: '!'\na:b: '@'", `f:1:6: rule "a:b": the same name comes again in line 3, which counts`},
		{"a:same: role:x  or (role:y)", `f:1:9: rule "a:same": the rule is the same as the default: it may be removed from the file`},
		{"a:going: '!'", `f:1:10: rule "a:going": the rule is deprecated since T: nobody asks`},
		{"a:old: role:z", `f:1:8: rule "a:old": the rule is deprecated in favour of "a:new"`},
		{"a:b: role:x or not rule:z", `f:1:6: rule "a:b": it refers to the rule "z", which does not exist`},
		{"a:b: rule:c\nc: role:x or rule:a:b", `f:1:6: rule "a:b": it refers to itself by way of other rules, so it may never allow`},
		{"a:b: role:z", ""},
	} {
		f, err := ParseFile("f", []byte(tt.text))
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		warnings, err := e.Use(f)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
		got := ""
		if len(warnings) > 0 {
			got = warnings[0].Error()
		}
		if got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

// S-128: whatever stands in a file, it is refused with a place or gives rules that can be asked, explained and listed.
func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{
		`{"a:b": "role:member or (rule:x and not user_id:%(user_id)s)", "x": [["@"], ["!", "a:b"]]}`,
		"a:b: role:x\n'c:d': >-\n  role:y\n  or z\ne: &x !\nf: *x\n<<: {g: h}\n", "a: |\n b\n", "{\"a\n", "a:b: 'x':%5.2f\n", "\t", "a:b: [\"1+2j:x\"]",
		`{"a:b": "0x1f.a[b(c=1)]:%(x)-05d%%"}`, "%YAML 1.2\n---\na: b", "a:b: \"\\x41'\\u00e9':x\"",
	} {
		f.Add(seed)
	}
	creds := map[string]any{"roles": []string{"member"}, "user_id": "u1", "l": []any{"a", map[string]any{"b": nil}}}
	target := map[string]any{"user_id": "u1", "n": 1.5, "m": map[string]any{"x": true}}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ParseFile("f", []byte(text))
		if err != nil {
			if problem, ok := errors.AsType[*Problem](err); !ok || problem.Line < 1 || problem.Column < 1 {
				t.Errorf("refused without a place: %v", err)
			}
			return
		}
		e := newEnforcer(t, Options{DefaultRule: "default"})
		if _, err := e.Use(file); err != nil {
			return
		}
		rules := e.rules.Load()
		rules.remote = nil // ask no servers
		for _, r := range e.Rules() {
			ok, err := e.Enforce(t.Context(), r.Name, target, creds)
			if ok && err != nil {
				t.Errorf("%q is allowed in spite of %v", r.Name, err)
			}
			x := e.Explain(t.Context(), r.Name, target, creds)
			if x.Allowed != ok || (x.Err != nil) != (err != nil) {
				t.Errorf("%q: explained as %v, %v; enforced as %v, %v", r.Name, x.Allowed, x.Err, ok, err)
			}
			_ = x.String()
		}
	})
}
