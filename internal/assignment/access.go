package assignment

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Access is all that gives somebody roles: what was granted to them and to their groups, and what makes more of it.
type Access struct {
	User   identity.User    // id, name and domain alone
	Grants []identity.Grant // to the user, and to groups that the user is in
	Roles  map[identity.RoleID]identity.Role
	Called Names

	parents map[identity.ProjectID]identity.ProjectID // of the projects that grants name, and of those above, up to the domains
	rules   store.RoleRules
}

// A Place is where somebody has roles: a project, a domain, the system; or, Below, the projects below the one or in the other.
type Place struct {
	identity.Scope
	Below bool
}

// A Way leads from a grant to a role that it gives: by itself, or by what one role after the other implies.
type Way struct {
	Grant identity.Grant
	Roles []identity.RoleID // the granted one first; the one that it leads to last
}

// Role is where the way leads.
func (w Way) Role() identity.RoleID { return w.Roles[len(w.Roles)-1] }

// Origin says what there is between the person and the role: "group", "inherited", "implied", "domain role", or "direct" for nothing.
func (w Way) Origin(roles map[identity.RoleID]identity.Role) (all []string) {
	if w.Grant.Group != "" {
		all = append(all, "group")
	}
	if w.Grant.Inherited {
		all = append(all, "inherited")
	}
	if len(w.Roles) > 1 {
		all = append(all, "implied")
	}
	if slices.ContainsFunc(w.Roles, func(id identity.RoleID) bool { return roles[id].DomainID != "" }) {
		all = append(all, "domain role")
	}
	if all == nil {
		all = []string{"direct"}
	}
	return all
}

// AccessOf returns what gives roles to a user, everywhere. To everybody it tells that of themselves; that of others to who may list
// their role assignments (identity:list_role_assignments), and to the holder of a token for a domain what is in that. It knows the
// places of the grants, and some projects besides.
func (s *Service) AccessOf(ctx context.Context, caller identity.Caller, who Ref, besides ...identity.ProjectID) (a Access, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		id, err := s.UserNamed(ctx, tx, caller, who)
		if err != nil {
			return err
		}
		f := store.GrantFilter{User: id, Member: true}
		if id == "" || id != caller.UserID() {
			if f.Within, err = s.allowedList(ctx, tx, caller, Query{User: id}); err != nil {
				return err
			}
		}
		if err := exists(ctx, tx, Query{User: id}); err != nil {
			return err
		}
		a, err = accessOf(ctx, tx, id, f, besides...)
		return err
	})
	return a, err
}

// accessOf loads the access of a user, as far as a filter goes.
func accessOf(ctx context.Context, tx *store.Tx, user identity.UserID, f store.GrantFilter, besides ...identity.ProjectID) (a Access, err error) {
	if a.Grants, err = tx.Grants(ctx, f); err != nil {
		return a, err
	}
	all, err := openBook(ctx, tx)
	if err != nil {
		return a, err
	}
	a.Roles, a.rules = all.roles, all.RoleRules
	at := map[identity.ProjectID]bool{}
	for _, p := range besides {
		at[p] = true
	}
	keys := []store.Key{{Kind: "user", ID: string(user)}}
	for _, g := range a.Grants {
		if g.Project != "" {
			at[g.Project] = true
		}
		keys = append(keys, mentioned([]identity.Assignment{{Grant: g}})...)
	}
	if a.parents, err = above(ctx, tx, slices.Collect(maps.Keys(at))); err != nil {
		return a, err
	}
	slices.SortFunc(keys, func(x, y store.Key) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID)) })
	if a.Called, err = tx.Labels(ctx, slices.Compact(keys)); err != nil {
		return a, err
	}
	l := a.Called.Of("user", string(user))
	a.User = identity.User{ID: user, Name: l.Name, DomainID: l.Domain}
	return a, nil
}

func above(ctx context.Context, tx *store.Tx, projects []identity.ProjectID) (map[identity.ProjectID]identity.ProjectID, error) {
	nodes, err := tx.Above(ctx, projects)
	parents := make(map[identity.ProjectID]identity.ProjectID, len(nodes))
	for _, n := range nodes {
		parents[n.ID] = n.Parent
	}
	return parents, err
}

// Places are where the grants say that somebody has roles, each once: the system, domains, projects, by name.
func (a Access) Places() []Place {
	seen := map[Place]bool{}
	for _, g := range a.Grants {
		seen[placeOf(g)] = true
	}
	name := func(p Place) string {
		return a.Called.Of("project", cmp.Or(string(p.DomainID()), string(p.ProjectID()))).Name
	}
	below := func(p Place) int {
		if p.Below {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Keys(seen), func(x, y Place) int {
		return cmp.Or(cmp.Compare(y.Kind(), x.Kind()), cmp.Compare(name(x), name(y)), cmp.Compare(below(x), below(y)),
			cmp.Compare(x.ProjectID(), y.ProjectID()), cmp.Compare(x.DomainID(), y.DomainID()))
	})
}

func placeOf(g identity.Grant) Place {
	switch {
	case g.System:
		return Place{Scope: identity.OnSystem()}
	case g.Domain != "":
		return Place{identity.OnDomain(g.Domain), g.Inherited}
	}
	return Place{identity.OnProject(g.Project), g.Inherited}
}

// applies tells whether a grant gives its role at a place.
func (a Access) applies(g identity.Grant, at Place) bool {
	if !g.Inherited {
		return placeOf(g) == at
	}
	from := source(g)
	here := cmp.Or(at.ProjectID(), identity.ProjectID(at.DomainID()))
	switch {
	case here == "", at.DomainID() != "" && !at.Below:
		return false
	case at.Below && here == from:
		return true
	}
	for range len(a.parents) + 1 {
		if here = a.parents[here]; here == "" || here == from {
			return here != ""
		}
	}
	return false
}

// Ways are all that give roles of the cloud at a place: from each grant the shortest to each role.
func (a Access) Ways(at Place) (all []Way) {
	for _, g := range a.Grants {
		if !a.applies(g, at) {
			continue
		}
		seen := map[identity.RoleID]bool{g.Role: true}
		for todo := []Way{{g, []identity.RoleID{g.Role}}}; len(todo) > 0; todo = todo[1:] {
			w := todo[0]
			if a.rules.Global[w.Role()] {
				all = append(all, w)
			}
			for _, next := range a.rules.Implied[w.Role()] {
				if !seen[next] {
					seen[next] = true
					todo = append(todo, Way{g, append(slices.Clip(w.Roles), next)})
				}
			}
		}
	}
	return all
}

// RolesAt are the roles of the cloud that somebody has at a place, by name.
func (a Access) RolesAt(at Place) (roles []identity.Role) {
	seen := map[identity.RoleID]bool{}
	for _, w := range a.Ways(at) {
		if !seen[w.Role()] {
			seen[w.Role()] = true
			roles = append(roles, a.Roles[w.Role()])
		}
	}
	slices.SortFunc(roles, byName)
	return roles
}

// NamesOf are what a role and those that it brings along are called in a token.
func (a Access) NamesOf(id identity.RoleID) []string {
	return book{RoleRules: a.rules, roles: a.Roles}.names(id)
}

// Ordinary are the names of the role of people who use the cloud, and of those that it brings along.
func (a Access) Ordinary() []string { return book{RoleRules: a.rules, roles: a.Roles}.ordinary() }

// A Removal is one thing that could be taken away: one of its fields is set.
type Removal struct {
	Grant   identity.Grant       // is taken back
	Group   identity.GroupID     // is left by the user
	Implies identity.ImpliedRole // holds no more
	Role    identity.RoleID      // is deleted
}

// Without is the access as it would be after a removal.
func (a Access) Without(r Removal) Access {
	a.Grants = slices.DeleteFunc(slices.Clone(a.Grants), func(g identity.Grant) bool {
		return g == r.Grant || r.Group != "" && g.Group == r.Group || r.Role != "" && g.Role == r.Role
	})
	if r.Implies == (identity.ImpliedRole{}) && r.Role == "" {
		return a
	}
	rules := store.RoleRules{Implied: map[identity.RoleID][]identity.RoleID{}, Global: a.rules.Global}
	for prior, implied := range a.rules.Implied {
		for _, i := range implied {
			if (identity.ImpliedRole{Prior: prior, Implied: i}) != r.Implies && (r.Role == "" || prior != r.Role && i != r.Role) {
				rules.Implied[prior] = append(rules.Implied[prior], i)
			}
		}
	}
	a.rules = rules
	return a
}

// Removals are all that could be taken away of some ways, each once.
func Removals(ways []Way) (all []Removal) {
	add := func(r Removal) {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	for _, w := range ways {
		add(Removal{Grant: w.Grant})
		if w.Grant.Group != "" {
			add(Removal{Group: w.Grant.Group})
		}
		for i := 1; i < len(w.Roles); i++ {
			add(Removal{Implies: identity.ImpliedRole{Prior: w.Roles[i-1], Implied: w.Roles[i]}})
		}
	}
	return all
}
