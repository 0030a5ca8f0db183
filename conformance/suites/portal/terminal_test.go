package portal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Somebody is brought in by hand, with ids, as it was done before there was a portal.
func TestByHand(t *testing.T) {
	scripted(t, "K1 K2 K3 K4 K5 K6 S2 S8", func(s *Story) {
		root := s.Shell("admin", password, "system")
		id := func(line string) string { return strings.TrimSpace(root.Run(line + " -f value -c id")) }
		alice := id("openstack user create --password " + secret + " --email alice@example.com alice")
		acme, cyberdyne := id("openstack project create acme"), id("openstack project create Cyberdyne")
		role := id("openstack role create compute-user")
		root.Run("openstack role add --user " + alice + " --project " + acme + " " + role)
		root.Run("openstack role add --user " + alice + " --project " + acme + " " + s.id("roles", "member"))
		root.Run("openstack role add --user " + alice + " --project " + cyberdyne + " " + s.id("roles", "admin"))
		for line, want := range map[string][]string{
			"openstack user list --long":    {alice, "alice", "alice@example.com", "True"},
			"openstack project list --long": {acme, "acme", "True"},
			"openstack role list":           {role, "compute-user"},
		} {
			out := root.Run(line)
			for _, w := range want {
				if !strings.Contains(out, w) {
					s.Errorf("%s does not list %s: %s", line, w, out)
				}
			}
		}
		roles := func(project string) (names []string) {
			for _, a := range root.List("openstack role assignment list --names --user alice --project " + project) {
				names = append(names, fmt.Sprint(a["Role"]))
			}
			slices.Sort(names)
			return names
		}
		if got := fmt.Sprint(roles("acme"), roles("Cyberdyne")); got != "[compute-user member] [admin]" {
			s.Errorf("alice has %s", got)
		}
		// The lists are for those who look after people. S2, S8
		s.User("vera")
		s.GrantDomain("vera", "reader")
		s.Shell("vera", secret, "domain Default").Run("openstack user list --domain Default")
		s.Shell("vera", secret, "domain Default").Refused("openstack user create --domain Default veras", "403")
		s.Grant("vera", "member", "acme")
		s.Shell("vera", secret, "project acme").Refused("openstack user list", "403")
		// The page says which rules of the loaded policies know the role, and shows the same lists.
		admin := s.admin().Press("Roles").Sees("compute-user")
		admin.Press("Domains").Press("Default").Press("Its users").Sees("alice@example.com", "enabled").Press("Projects").Sees("Cyberdyne")
		p := s.SignIn("alice", secret).Row("acme", "compute-user", "member").Row("Cyberdyne", "admin")
		p.SeesNot("enant")
	})
}

// permissions are the counts of what roles permit, by service.
func (sh *Shell) permissions(roles string, options ...string) map[string]map[string]float64 {
	sh.s.Helper()
	var told struct {
		Services []struct {
			Service              string
			Permissions          float64
			Yes, Conditional, No float64
		}
	}
	out := sh.Run("lintel access role " + roles + " --policies " + peers + "/horizon/openstack_dashboard/conf/default_policies " + strings.Join(options, " ") + " -f json")
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		sh.s.Fatal(err)
	}
	counts := map[string]map[string]float64{}
	for _, t := range told.Services {
		counts[t.Service] = map[string]float64{"yes": t.Yes, "conditional": t.Conditional, "no": t.No}
	}
	return counts
}

// Roles add: one that reaches less takes nothing away from one that reaches more.
func TestRolesAdd(t *testing.T) {
	scripted(t, "C4 C10", func(s *Story) {
		sh := s.Shell("", "", "")
		member, both, alone := sh.permissions("member"), sh.permissions("auth_only --with member --with reader"), sh.permissions("auth_only")
		if fmt.Sprint(member) != fmt.Sprint(both) {
			s.Errorf("member permits %v, with auth_only %v", member, both)
		}
		if member["nova"]["yes"] != 111 || alone["nova"]["yes"] != 5 {
			s.Errorf("nova: member %v, auth_only %v", member["nova"], alone["nova"])
		}
	})
}

// One command brings somebody in, or makes nothing.
func TestOneCommand(t *testing.T) {
	scripted(t, "O1 O3 C15", func(s *Story) {
		s.Project("acme-web")
		sh := s.Shell("admin", password, "project admin")
		before := s.state()
		if out, err := sh.Try("lintel user create gwen --email gwen@northwind.example --project acme-wrong --role member --invite"); err == nil {
			s.Error(out)
		}
		if made := change(before, s.state()); len(made) > 0 {
			s.Errorf("a half-made user: %q", made)
		}
		sh.Run("lintel user create gwen --email gwen@northwind.example --project acme-web --role member --invite")
		p := s.Visitor().Open(s.Mail("gwen@northwind.example", "password").Link(s))
		p.Fill("New password", secret).Fill("New password, again", secret).Press("Set the password").Sees("Your password was set")
		p.Fill("User name", "gwen").Fill("Password", secret).Press("Sign in").Row("acme-web", "member")
		sh.Run("lintel invite hugo@partner.example --project acme-web --role reader")
		s.Visitor().Open(s.Mail("hugo@partner.example", "acme-web").Link(s)).Sees("Join acme-web", "as reader")
		if out := sh.Run("lintel access show gwen"); !strings.Contains(out, "acme-web") || !strings.Contains(out, "member") {
			s.Error(out)
		}
	})
}
