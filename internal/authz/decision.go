package authz

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

// Decider is the kind of rule that decided about a change of roles, or an act on an account.
type Decider string

// The deciders.
const (
	ByPolicy    Decider = "policy"     // of the service, for what the request names
	ByGrantRule Decider = "grant_rule" // opens it, or asks for what is missing
	ByReach     Decider = "reach"      // nobody grants more than they could take
	ByTouch     Decider = "touch"      // nobody changes what somebody above them holds
	ByShield    Decider = "shield"     // nobody acts on the account of somebody above them
	ByLastAdmin Decider = "last_admin" // somebody must stay who looks after the place
	ByOwn       Decider = "own"        // what is one's own may be given up
)

// Decision is what decided about something, for who asks why. What does not matter is empty.
type Decision struct {
	By     Decider
	Action Action             // whose rule the policy has
	Rule   identity.GrantRule // as the rules of a domain leave it
	Role   identity.Role      // that stands in the way
	At     Place              // where it does
}

type decisionKey struct{}

// Explain returns a context in which decisions note what decided: the last one is the one that counts.
func Explain(ctx context.Context) (context.Context, *Decision) {
	d := new(Decision)
	return context.WithValue(ctx, decisionKey{}, d), d
}

// Decided notes what decided, where somebody wants to know.
func Decided(ctx context.Context, d Decision) {
	if at, asked := ctx.Value(decisionKey{}).(*Decision); asked {
		*at = d
	}
}

// Unreachable are the roles that rules are about and that nobody can come to have: nobody holds one, and nobody who may not grant
// every role anyway can grant it. In the domains, beside, they are those that the rules of the whole cloud let somebody grant, and that
// the domain's own rules close to everybody. held are the roles that somebody holds somewhere.
func (c *Checker) Unreachable(ctx context.Context, b *Book, held []identity.RoleID) (cloud []identity.RoleID, domains map[identity.DomainID][]identity.RoleID) {
	masters := c.Masters(b)
	all := slices.Concat(masters.Project, masters.Domain, masters.System)
	reached := map[identity.RoleID]bool{}
	var todo []identity.RoleID
	reach := func(roles ...identity.RoleID) {
		for _, id := range b.Expand(roles...) {
			if !reached[id] {
				reached[id] = true
				todo = append(todo, id)
			}
		}
	}
	byPolicy := func(holder, target identity.RoleID) bool {
		return !slices.Contains(all, holder) && c.opens(ctx, b, holder, target)
	}
	var about []identity.RoleID
	for _, g := range b.Rules {
		for _, id := range []identity.RoleID{g.Holder, g.Target} {
			if g.DomainID == "" && !slices.Contains(about, id) {
				about = append(about, id)
			}
		}
	}
	for reach(held...); len(todo) > 0; todo = todo[1:] {
		holder := todo[0]
		for _, g := range b.Rules {
			if g.DomainID == "" && g.Holder == holder && g.Grant {
				reach(g.Target)
			}
		}
		for _, id := range about {
			if !reached[id] && byPolicy(holder, id) {
				reach(id)
			}
		}
	}
	for _, id := range about {
		if !reached[id] && !slices.Contains(all, id) {
			cloud = append(cloud, id)
		}
	}
	domains = map[identity.DomainID][]identity.RoleID{}
	for _, d := range b.Rules {
		if _, seen := domains[d.DomainID]; seen || d.DomainID == "" {
			continue
		}
		domains[d.DomainID] = nil
		open := map[identity.RoleID]bool{}
		var targets []identity.RoleID
		for _, g := range b.Rules {
			if g.DomainID != "" || !g.Grant || !reached[g.Holder] {
				continue
			}
			if !slices.Contains(targets, g.Target) {
				targets = append(targets, g.Target)
			}
			if n, left := b.narrow(g, d.DomainID); left && n.Grant {
				open[g.Target] = true
			}
		}
		for _, id := range targets {
			granted := open[id]
			for holder := range reached {
				granted = granted || byPolicy(holder, id)
			}
			if !granted {
				domains[d.DomainID] = append(domains[d.DomainID], id)
			}
		}
	}
	return cloud, domains
}

// opens tells whether the policy lets who holds one role on a domain, or on a project, grant another one there.
func (c *Checker) opens(ctx context.Context, b *Book, holder, target identity.RoleID) bool {
	const some = "some" // domain, and project in it
	d := identity.Domain{ID: some, Name: some, Enabled: true}
	p := identity.Project{ID: some, Name: some, DomainID: some, Enabled: true}
	t := identity.Token{User: identity.User{ID: "somebody", DomainID: some}, UserDomain: d, ScopeDomain: d}
	for _, id := range b.Expand(holder) {
		t.Roles = append(t.Roles, b.Roles[id])
	}
	who := User(identity.User{ID: "somebody else", DomainID: some, Enabled: true})
	role := Role(b.Roles[target])
	onDomain, onProject := t, t
	onDomain.Scope, onProject.Scope, onProject.Project = identity.OnDomain(some), identity.OnProject(some), p
	return c.Allowed(ctx, identity.Caller{Token: &onDomain}, CreateGrant, Target{"role": role, "user": who, "project": Project(p)}) ||
		c.Allowed(ctx, identity.Caller{Token: &onDomain}, CreateGrant, Target{"role": role, "user": who, "domain": Domain(d)}) ||
		c.Allowed(ctx, identity.Caller{Token: &onProject}, CreateGrant, Target{"role": role, "user": who, "project": Project(p)})
}
