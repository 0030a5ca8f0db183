package portal

import (
	"maps"
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

// onPolicies tells a story on a cloud that knows the policies of a folder, whose services more may add to.
func onPolicies(t *testing.T, ids string, more map[string]string, story func(s *Story, folder string)) {
	folder := filepath.Join(work, "policies-"+t.Name())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	bundles := map[string]string{"compute": computeBundle}
	maps.Copy(bundles, more)
	for service, text := range bundles {
		if err := os.WriteFile(filepath.Join(folder, service+".yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tellIn(t, ids, "[lintel]\npolicy_bundles = "+folder, ways[:1], func(s *Story) { story(s, folder) })
}

// What a role permits, computed, for anybody with any role, and compared; and who has it.
func TestPermissions(t *testing.T) {
	onceThere(t, "/cloud/roles/{id}/permissions")
	onPolicies(t, "A5 K3 K7 O11", nil, func(s *Story, _ string) {
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
	onPolicies(t, "O13 O14 K8 K9", nil, func(s *Story, _ string) {
		s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": "compute-user"}})
		admin := s.admin().Open("/portal/cloud/whatif?service=compute")
		try := func(rules string) *Person { return admin.Fill("Rules", rules).Press("See what would change") }
		try(`"compute:migrate": []`).Sees("Migrate a server", "gained by:", "(any role)", "an empty list allows everybody")
		try(`"compute:start": "role:compute-user"`).Sees("lost by:", "admin, manager, member", "gained by: compute-user")
		try("{\n\"compute:start\": [\"role\":\"compute-user\"]\n}").Sees("Line 2, column")
	})
}

// A rule that changes while the server runs counts within a moment; one that cannot be read keeps the last good one.
func TestLivePolicies(t *testing.T) {
	onceThere(t, "/cloud/policies")
	onPolicies(t, "O12", nil, func(s *Story, folder string) {
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

// What services beside compute say of their permissions.
const (
	billingBundle = `
- {name: "billing:get_invoices", check_str: "role:billing", description: List invoices., operations: [{method: GET, path: /invoices}]}
- {name: "billing:get_quotations", check_str: "role:billing", description: List quotations., operations: [{method: GET, path: /quotations}]}
- {name: "billing:get_credits", check_str: "role:billing", description: List credits., operations: [{method: GET, path: /credits}]}
- {name: "billing:get_measurements", check_str: "role:billing", description: List measurements., operations: [{method: GET, path: /measurements}]}
`
	objectBundle = `
- {name: "object:put_container", check_str: "role:object_storage", description: Create a container., operations: [{method: PUT, path: "/v1/{account}/{container}"}]}
- {name: "object:delete_container", check_str: "role:object_storage", description: Delete a container., operations: [{method: DELETE, path: "/v1/{account}/{container}"}]}
- {name: "object:put_object", check_str: "role:object_storage", description: Create an object., operations: [{method: PUT, path: "/v1/{account}/{container}/{object}"}]}
- {name: "object:delete_account", check_str: "role:admin", description: Delete an account., operations: [{method: DELETE, path: "/v1/{account}"}]}
`
	orchestrationBundle = `
- {name: "stacks:create", check_str: "role:heat_stack_owner", description: Create a stack., operations: [{method: POST, path: /stacks}]}
`
)

// Roles for a part of the work: what each permits and nothing beside it, and which one is missing where nothing is permitted.
func TestRolesForAPart(t *testing.T) {
	onPolicies(t, "C9 C11 C13 C14", map[string]string{"billing": billingBundle, "object-store": objectBundle, "orchestration": orchestrationBundle}, func(s *Story, _ string) {
		for _, name := range []string{"billing", "object_storage", "heat_stack_owner", "auth_only"} {
			s.root.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}})
		}
		s.root.Put("/v3/roles/"+s.id("roles", "member")+"/implies/"+s.id("roles", "object_storage"), nil)
		admin := s.admin()
		permits := func(role string, says ...string) {
			admin.Open("/portal/cloud/roles/" + s.id("roles", role)).Press("What it permits").Sees(says...)
		}
		permits("billing", "billing: 4 of 4", "billing: 1 of 3", "billing: 0 of 1") // the list of four, and what anybody with any role may
		admin.Press("billing", "billing: 4 of 4").Sees("List invoices.", "List quotations.", "List credits.", "List measurements.")
		permits("object_storage", "object_storage: 3 of 4", "object_storage: 1 of 3", "object_storage: 0 of 4")
		admin.Press("object-store", "object_storage: 3 of 4").Sees("Create a container.", "Create an object.").SeesNot("Delete an account.")
		permits("auth_only", "(any role): 1 of 3 · auth_only: 1 of 3", "auth_only: 0 of 4", "auth_only: 0 of 1")

		ayesha := s.member("ayesha", "acme-web").Row("acme-web", "member", "object_storage with member")
		ayesha.Press("acme-web").Press("What they permit").Sees("orchestration: needs the role heat_stack_owner. Ask somebody who administers the project.")
		s.Grant("ayesha", "heat_stack_owner", "acme-web")
		ayesha.Reload().SeesNot("orchestration: needs the role")
		s.User("basil")
		s.Grant("basil", "auth_only", "acme-web")
		s.SignIn("basil", secret).Press("acme-web").Press("What they permit").Sees("object-store 0 of 4 permitted")
	})
}

// Whoever runs the cloud is told of people who run it and work in it with one account.
func TestSeparateAccounts(t *testing.T) {
	scripted(t, "O10", func(s *Story) {
		for _, name := range []string{"acme-web", "acme-data"} {
			s.Project(name)
		}
		s.User("basil")
		s.Grant("basil", "admin", "acme-web")
		admin := s.admin().Press("Policies").SeesNot("of high impact and an ordinary one")
		s.Grant("basil", "member", "acme-data")
		admin.Reload().Sees("1 person holds a role of high impact and an ordinary one", "should have a separate account")
	})
}
