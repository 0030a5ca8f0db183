package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Counts sum up the verdicts on permissions.
type Counts struct{ All, Yes, Conditional int }

// Add counts a verdict.
func (c *Counts) Add(v Verdict) {
	c.All++
	switch v {
	case Yes:
		c.Yes++
	case Depends:
		c.Conditional++
	}
}

// A Reach is what somebody may do, over all permissions of all services that are known. It must not be changed.
type Reach struct {
	Counts
	Services []ServiceReach
	verdicts []Verdict
}

// A ServiceReach is a Reach in one service.
type ServiceReach struct {
	*Service
	Counts
}

// Beyond counts the permissions that r gives and other does not, or only under a condition. Both are of the same services.
func (r *Reach) Beyond(other *Reach) (n int) {
	for i, v := range r.verdicts {
		if i >= len(other.verdicts) || v > other.verdicts[i] {
			n++
		}
	}
	return n
}

// Reaches weighs some suppositions by the same state of the services.
func (s *Services) Reaches(suppositions ...Supposition) []*Reach {
	k := s.known()
	all := make([]*Reach, len(suppositions))
	for i, sup := range suppositions {
		all[i] = k.reach(sup)
	}
	return all
}

// Impact tells whether a role reaches more of what is in other people's projects than another does, the ordinary one: whoever
// is given it somewhere has it everywhere. Each comes with those that it implies.
func (s *Services) Impact(role, ordinary []string) bool {
	far := func(roles []string) Supposition { return Supposition{Roles: roles, Scope: "project", Elsewhere: true} }
	r := s.Reaches(far(role), far(ordinary))
	return r[0].Yes > r[1].Yes
}

// Mentioning returns the names of the services whose rules mention a role.
func (s *Services) Mentioning(role string) (names []string) {
	for _, one := range s.List() {
		if one.Enforcer != nil && one.Enforcer.mentions(role) {
			names = append(names, one.Name)
		}
	}
	return names
}

func (e *Enforcer) mentions(role string) bool {
	rules := e.rules.Load()
	for _, check := range rules.checks {
		if slices.ContainsFunc(rules.roles(check, nil), func(name string) bool { return sameLower(name, role) }) {
			return true
		}
	}
	return false
}

// RolesAsked are the roles that some rule asks for, as it writes them, by name.
func (e *Enforcer) RolesAsked() (names []string) {
	rules := e.rules.Load()
	for _, check := range rules.checks {
		names = append(names, rules.roles(check, nil)...)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(names, sameLower)
}

func (k *known) reach(s Supposition) *Reach {
	roles := make([]string, len(s.Roles))
	for i, r := range s.Roles {
		roles[i] = strings.ToLower(r)
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	var key strings.Builder
	fmt.Fprintf(&key, "%s %v %q", s.Scope, s.Elsewhere, roles)
	for _, one := range k.services {
		if one.Enforcer != nil {
			fmt.Fprintf(&key, " %p", one.Enforcer.rules.Load()) // the own service's may change
		}
	}
	return k.counted.get(key.String(), func() *Reach {
		r := new(Reach)
		for _, one := range k.services {
			in := ServiceReach{Service: one}
			for _, d := range one.Rules {
				v := one.Enforcer.Suppose(d.Name, s).Verdict
				r.Add(v)
				in.Add(v)
				r.verdicts = append(r.verdicts, v)
			}
			r.Services = append(r.Services, in)
		}
		return r
	})
}

// memo keeps what was computed from one state of the services.
type memo struct {
	mu   sync.Mutex
	kept map[string]*Reach
}

// mostKept bounds a memo: people hold few different sets of roles.
const mostKept = 1000

func (m *memo) get(key string, compute func() *Reach) *Reach {
	m.mu.Lock()
	r := m.kept[key]
	m.mu.Unlock()
	if r != nil {
		return r
	}
	r = compute()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) >= mostKept {
		m.kept = map[string]*Reach{}
	}
	m.kept[key] = r
	return r
}
