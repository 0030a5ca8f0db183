package portal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bundle is what a service says of its permissions, beside its name.
const computeBundle = `
- name: compute:start
  check_str: role:member and project_id:%(project_id)s
  description: Start a server.
  operations: [{method: POST, path: "/servers/{id}/start"}]
- name: compute:migrate
  check_str: role:admin
  description: Migrate a server.
  operations: [{method: POST, path: "/servers/{id}/migrate"}]
- name: compute:name
  check_str: "@"
  description: Ask for the version.
  operations: [{method: GET, path: /}]
`

// onPolicies tells a story on a cloud that knows the policies of a folder.
func onPolicies(t *testing.T, ids string, story func(s *Story, folder string)) {
	folder := filepath.Join(work, "policies-"+t.Name())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "compute.yaml"), []byte(computeBundle), 0o644); err != nil {
		t.Fatal(err)
	}
	tellIn(t, ids, "[lintel]\npolicy_bundles = "+folder, ways[:1], func(s *Story) { story(s, folder) })
}

// What a role permits, computed, for anybody with any role, and compared; and who has it.
func TestPermissions(t *testing.T) {
	onceThere(t, "/cloud/roles/{id}/permissions")
	onPolicies(t, "A5 K3 K7 O11", func(s *Story, _ string) {
		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "compute-user"}})
		admin := s.admin().Press("Roles").Press("compute-user").Sees("to the services it is nothing but a name")
		admin.Open("/portal/cloud/roles/"+s.id("roles", "member")).Sees("Mentioned by the rules of", "compute")
		admin.Open("/portal/cloud/roles/"+s.id("roles", "member")+"/permissions").Sees("(any role): 1 of 3", "member: 2 of 3")
		admin.Open("/portal/cloud/roles/"+s.id("roles", "admin")+"/holders").Sees("admin", "The whole cloud")
	})
}

// Rules are tried before they count: who would gain, who would lose, and where a file cannot be read.
func TestWhatIf(t *testing.T) {
	onceThere(t, "/cloud/whatif")
	onPolicies(t, "O13 O14 K8 K9", func(s *Story, _ string) {
		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "compute-user"}})
		admin := s.admin().Open("/portal/cloud/whatif?service=compute")
		try := func(rules string) *Person { return admin.Fill("Rules", rules).Press("See what would change") }
		try(`"compute:migrate": []`).Sees("Migrate a server", "gained by:", "(any role)", "an empty list allows everybody")
		try(`"compute:start": "role:compute-user"`).Sees("lost by:", "admin manager member", "gained by: compute-user")
		try("{\n\"compute:start\": [\"role\":\"compute-user\"]\n}").Sees("Line 2, column")
	})
}

// A rule that changes while the server runs counts within a moment; one that cannot be read keeps the last good one.
func TestLivePolicies(t *testing.T) {
	onceThere(t, "/cloud/policies")
	onPolicies(t, "O12", func(s *Story, folder string) {
		admin := s.admin()
		at := "/portal/cloud/roles/" + s.id("roles", "member") + "/permissions"
		admin.Open(at).Sees("member: 2 of 3")
		file := filepath.Join(folder, "compute.yaml")
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				s.Fatal(err)
			}
		}
		write(strings.Replace(computeBundle, "role:admin", "role:member", 1))
		admin.await("the changed rule", func() bool { return strings.Contains(admin.Open(at).Text(), "member: 3 of 3") })
		write("- name: compute:start\n  check_str: role:admin or\n")
		admin.await("what is wrong with the file", func() bool { return strings.Contains(admin.Open("/portal/cloud/policies").Text(), "line 2, column") })
		admin.Open(at).Sees("member: 3 of 3")
	})
}
