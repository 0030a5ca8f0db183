package config

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOptionAsJSON(t *testing.T) {
	c := Default()
	c.LDAP.Password = "secret"
	for _, tt := range []struct {
		name string
		want any
	}{
		{"url", "ldap://localhost"}, {"user_tree_dn", nil}, {"chase_referrals", nil}, {"use_pool", true}, {"pool_size", 10},
		{"pool_retry_delay", 0.1}, {"pool_connection_lifetime", 600.0}, {"user_attribute_ignore", []string{"default_project_id"}},
		{"group_attribute_ignore", []string{}}, {"password", nil},
	} {
		got, known := c.Option("ldap", tt.name)
		if diff := cmp.Diff(tt.want, got); diff != "" || !known {
			t.Errorf("%s, known %v, -want +got:\n%s", tt.name, known, diff)
		}
	}
	if _, known := c.Option("ldap", "nothing"); known {
		t.Error("an option that does not exist is known")
	}
}

func TestCheckOption(t *testing.T) {
	for _, tt := range []struct {
		name string
		ok   []any
		bad  []any
	}{
		{"url", []any{"anything", nil, json.Number("1"), true}, []any{[]any{"x"}, map[string]any{}}},
		{"page_size", []any{json.Number("0"), "5", nil}, []any{json.Number("-1"), json.Number("1.5"), "x", "", true, []any{}}},
		{"debug_level", []any{json.Number("-1"), ""}, []any{json.Number("-2"), "x"}},
		{"use_pool", []any{true, "off", json.Number("1")}, []any{"maybe", json.Number("2"), []any{}}},
		{"query_scope", []any{"one", "sub"}, []any{"two", true}},
		{"pool_retry_delay", []any{json.Number("0.5"), "2"}, []any{"x", false}},
		{"user_attribute_ignore", []any{"a,b", []any{}, []any{"a"}}, []any{[]any{json.Number("1")}, map[string]any{}}},
		{"nothing", []any{map[string]any{}}, nil},
	} {
		for _, v := range tt.ok {
			if err := CheckOption("ldap", tt.name, v); err != nil {
				t.Errorf("%s = %#v: %v", tt.name, v, err)
			}
		}
		for _, v := range tt.bad {
			if err := CheckOption("ldap", tt.name, v); err == nil {
				t.Errorf("%s = %#v passes", tt.name, v)
			}
		}
	}
	if err := CheckOption("identity", "driver", "some.plug-in"); err != nil {
		t.Error(err)
	}
}
