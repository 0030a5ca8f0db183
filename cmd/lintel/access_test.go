package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What roles that are held besides bring along counts, too, unless it is left out.
func TestAccessRoleWithOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "compute.yaml")
	rules := ""
	for name, role := range map[string]string{"a": "reader", "b": "member", "c": "billing", "d": "admin"} {
		rules += "- name: " + name + "\n  check_str: role:" + role + "\n  operations: [{method: GET, path: /" + name + "}]\n"
	}
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &console{t: t}
	for line, want := range map[string]struct {
		roles []string
		yes   int
	}{
		"billing":                       {[]string{"billing"}, 1},
		"billing --with member":         {[]string{"billing", "member", "reader"}, 3},
		"billing --with Member --alone": {[]string{"Member", "billing"}, 2},
		"admin --with billing":          {[]string{"admin", "billing", "manager", "member", "reader"}, 4},
		"member --with member":          {[]string{"member", "member", "reader"}, 2},
	} {
		text, err := c.run("access role " + line + " --policies " + file + " -f json")
		var out roleAccess
		if err == nil {
			err = json.Unmarshal([]byte(text), &out)
		}
		slices.Sort(out.Roles)
		if err != nil || !slices.Equal(out.Roles, want.roles) || out.Total.Yes != want.yes {
			t.Errorf("%s: %v, %d permissions, error %v", line, out.Roles, out.Total.Yes, err)
		}
	}
}
