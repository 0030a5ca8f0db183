package policy

import (
	"strings"
	"testing"
)

const domainToken = `{"token": {"roles": [{"id": "r1", "name": "member"}], "user": {"id": "u1", "domain": {"id": "d0"}},
	"domain": {"id": "d1", "name": "acme"}, "is_domain": true}}`

const systemToken = `{"token": {"roles": [{"id": "r1", "name": "member"}], "user": {"id": "u1"}, "system": {"all": true}}}`

// The checker's credentials are the token's body and a few keys beside it; those of a service are more.
func TestCredentials(t *testing.T) {
	for _, tt := range []struct {
		token, check     string
		checker, service bool
	}{
		{domainToken, "domain.id:d1", true, true},
		{domainToken, "domain_id:d1", false, true},
		{domainToken, "token.domain.id:d1", false, true},
		{domainToken, "user_domain_id:d0", false, true},
		{domainToken, "is_admin:False", true, true},
		{domainToken, "is_domain:True", true, true},
		{domainToken, "user_id:%(user_id)s", true, true},
		{domainToken, "project_id:%(project_id)s", false, false},
		{systemToken, "system_scope:all", true, true},
		{systemToken, "system:all", false, true},
		{systemToken, "system.all:True", true, false},
	} {
		t.Run(tt.check, func(t *testing.T) {
			f, err := ParseFile("f", []byte(`{"a:b": "`+tt.check+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			creds, err := ReadAccess([]byte(tt.token), false)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := f.Check(t.Context(), &b, "", OwnTarget(creds), creds, nil); err != nil {
				t.Error(err)
			}
			if got := b.String() == "passed: a:b\n"; got != tt.checker {
				t.Errorf("the checker prints %q, want passed to be %v", b.String(), tt.checker)
			}

			e := newEnforcer(t, Options{})
			if _, err := e.Use(f); err != nil {
				t.Fatal(err)
			}
			if creds, err = ReadCaller([]byte(tt.token), false); err != nil {
				t.Fatal(err)
			}
			got, err := e.Enforce(t.Context(), "a:b", OwnTarget(creds), creds)
			if got != tt.service {
				t.Errorf("the enforcer gives %v, %v; want %v", got, err, tt.service)
			}
		})
	}
}

func TestReadAccessRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"token": `, "line 1, column 10: unexpected EOF"},
		{"{\n \"token\": x}", "line 2, column 11: invalid character 'x' looking for beginning of value"},
		{`{} {}`, "there is something after the JSON text"},
		{`[]`, "it holds a JSON array, not a map"},
		{`null`, "it holds null, not a map"},
		{`{}`, `there is no map "token"`},
		{`{"token": {}}`, `there is no list "token.roles"`},
		{`{"token": {"roles": [{}]}}`, `"token.roles" has an item without a name`},
		{`{"token": {"roles": []}}`, `there is no "token.user.id"`},
		{`{"token": {"roles": [], "user": {"id": "u"}, "project": {"name": "p"}}}`, `there is no "token.project.id"`},
	} {
		if _, err := ReadAccess([]byte(tt.text), false); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestCheckOrder(t *testing.T) {
	f, err := ParseFile("f", []byte(`{"b:b": "@", "a:a": "!", "helper": "@", "default": "role:member"}`))
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]string{
		"":        "failed: a:a\npassed: b:b\n",
		"helper":  "passed: helper\n",
		"missing": "passed: missing\n",
	} {
		var b strings.Builder
		if err := f.Check(t.Context(), &b, rule, nil, map[string]any{"roles": []any{"member"}}, nil); err != nil {
			t.Error(err)
		}
		if got := b.String(); got != want {
			t.Errorf("rule %q: got %q, want %q", rule, got, want)
		}
	}
	if f, err = ParseFile("f", []byte("12:30: '@'\na:b: '@'\n")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Check(t.Context(), &b, "", nil, nil, nil); err == nil || b.Len() > 0 {
		t.Errorf("a name that is no text: got %v and %q, want an error alone", err, b.String())
	}
}
