// Package authority tells whether callers may change what people hold, and act on their accounts: it reads the facts, in the
// transaction of the effect, and asks package authz. The policy is asked by the rooms themselves; here is what the policy does
// not see, since it knows what a request names and not what the people in question hold.
//
// A caller whom the policy lets do everything with roles passes, at the price of two queries. For others a fixed number of
// queries is read, however many roles, groups or projects there are.
package authority

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Service reads facts. All fields are set once.
type Service struct {
	DB    *store.DB
	Authz *authz.Checker
}

// freshFor is how long a proof of who is there counts.
const freshFor = 15 * time.Minute

// Fresh tells whether a caller has just proved in person who they are: in the portal, or by the login that made the token.
func Fresh(caller identity.Caller, now time.Time) bool {
	if caller.Token == nil || caller.Delegated {
		return false
	}
	if !caller.ConfirmedAt.IsZero() { // in the portal, where each request makes a token
		return now.Sub(caller.ConfirmedAt) <= freshFor
	}
	return !slices.Contains(caller.Token.Methods, "token") && now.Sub(caller.Token.IssuedAt) <= freshFor
}

// Of returns the rights of a caller, without the book that those need who are not sovereign: see Open.
func (s *Service) Of(ctx context.Context, tx *store.Tx, caller identity.Caller) (*authz.Rights, error) {
	t := caller.Token
	if t == nil {
		return s.Authz.Rights(ctx, caller, nil, nil, tx.Now(), false), nil
	}
	user, groups := t.User.ID, t.GroupIDs
	if n := len(t.Trusts); n > 0 {
		user, groups = t.Trusts[n-1].TrustorUserID, nil
	}
	granted, err := tx.Holdings(ctx, user, groups, t.Scope)
	if err != nil {
		return nil, err
	}
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	held := map[identity.RoleID][]identity.Holding{}
	for _, h := range granted {
		seen := map[identity.RoleID]bool{}
		for todo := []identity.RoleID{h.Role}; len(todo) > 0; todo = todo[1:] {
			if id := todo[0]; !seen[id] {
				seen[id] = true
				h.Role = id
				held[id] = append(held[id], h)
				todo = append(todo, rules.Implied[id]...)
			}
		}
	}
	if slices.ContainsFunc(t.Roles, func(r identity.Role) bool { return len(held[r.ID]) == 0 }) {
		caller = authz.Narrow(caller, func(r identity.Role) bool { return len(held[r.ID]) > 0 })
	}
	return s.Authz.Rights(ctx, caller, held, &authz.Book{Implied: rules.Implied}, tx.Now(), Fresh(caller, tx.Now())), nil
}

// Open reads what rights of callers who are not sovereign need to be weighed.
func (s *Service) Open(ctx context.Context, tx *store.Tx, r *authz.Rights) (err error) {
	r.Book, err = s.Book(ctx, tx)
	return err
}

// Book reads all roles and what is known of them.
func (s *Service) Book(ctx context.Context, tx *store.Tx) (*authz.Book, error) {
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	b := &authz.Book{Implied: rules.Implied, Roles: map[identity.RoleID]identity.Role{}}
	all, err := tx.Roles(ctx, identity.Query{})
	if err != nil {
		return nil, err
	}
	for _, r := range all.Items {
		b.Roles[r.ID] = r
	}
	if b.Rules, err = tx.GrantRules(ctx); err != nil {
		return nil, err
	}
	b.Profiles, err = tx.RoleProfiles(ctx)
	return b, err
}

// PlaceOf is where a grant counts.
func (s *Service) PlaceOf(ctx context.Context, tx *store.Tx, g identity.Grant) (authz.Place, error) {
	if g.System {
		return authz.Place{System: true}, nil
	}
	id := target(g)
	line, err := tx.Lineage(ctx, []identity.ProjectID{id})
	if err != nil {
		return authz.Place{}, err
	}
	if _, there := line[id]; !there {
		return authz.Place{}, identity.Missing("project", id)
	}
	return place(line, id, g.Inherited), nil
}

// target is the project of a grant, or the one that acts as its domain.
func target(g identity.Grant) identity.ProjectID {
	if g.Domain != "" {
		return identity.ProjectID(g.Domain)
	}
	return g.Project
}

func place(line map[identity.ProjectID]identity.Project, id identity.ProjectID, below bool) authz.Place {
	p := authz.Place{Project: line[id], Below: below}
	for up := parent(p.Project); up != ""; up = parent(line[up]) {
		if slices.Contains(p.Above, up) {
			break // which no tree has
		}
		p.Above = append(p.Above, up)
	}
	return p
}

// parent is what is right above a project: its domain has nothing above it.
func parent(p identity.Project) identity.ProjectID {
	if p.IsDomain || p.ID == "" {
		return ""
	}
	if p.ParentID == "" {
		return identity.ProjectID(p.DomainID)
	}
	return p.ParentID
}

// Standings tells what somebody holds where by some grants, whoever they were made to. What is inherited counts at each place
// of the others that is below, and at all that may come to be there.
func (s *Service) Standings(ctx context.Context, tx *store.Tx, grants []identity.Grant, more ...identity.Grant) ([]authz.Standing, error) {
	seen := map[identity.ProjectID]bool{}
	for _, g := range slices.Concat(grants, more) {
		if !g.System {
			seen[target(g)] = true
		}
	}
	line, err := tx.Lineage(ctx, slices.Sorted(maps.Keys(seen)))
	if err != nil {
		return nil, err
	}
	return standings(line, grants, more...), nil
}

// standings is Standings with what is known of all places, and of those above them.
func standings(line map[identity.ProjectID]identity.Project, grants []identity.Grant, more ...identity.Grant) []authz.Standing {
	type spot struct {
		id            identity.ProjectID
		below, system bool
	}
	at := map[spot]int{}
	var all []authz.Standing
	add := func(k spot, role identity.RoleID) {
		i, there := at[k]
		if !there {
			i, at[k] = len(all), len(all)
			st := authz.Standing{At: authz.Place{System: true}}
			if !k.system {
				st.At = place(line, k.id, k.below)
			}
			all = append(all, st)
		}
		if !slices.Contains(all[i].Roles, role) {
			all[i].Roles = append(all[i].Roles, role)
		}
	}
	for _, g := range grants {
		if _, there := line[target(g)]; !there && !g.System {
			continue // what is gone gives nothing
		}
		add(spot{target(g), g.Inherited, g.System}, g.Role)
	}
	for _, g := range more {
		if _, there := line[target(g)]; there && !g.System {
			if k := (spot{target(g), g.Inherited, false}); k.id != "" {
				if _, known := at[k]; !known {
					at[k] = len(all)
					all = append(all, authz.Standing{At: place(line, k.id, k.below)})
				}
			}
		}
	}
	for i := range all {
		for _, up := range all {
			if up.At.Below && slices.Contains(all[i].At.Above, up.At.Project.ID) {
				for _, role := range up.Roles {
					if !slices.Contains(all[i].Roles, role) {
						all[i].Roles = append(all[i].Roles, role)
					}
				}
			}
		}
	}
	return all
}

// Holds are the grants by which a user holds something: those to the user and to groups of theirs, what trusts let them take up, and
// those of main users in whose stead they make API users.
func (s *Service) Holds(ctx context.Context, tx *store.Tx, user identity.UserID) ([]identity.Grant, error) {
	grants, err := tx.Grants(ctx, store.GrantFilter{User: user, Member: true})
	if err != nil {
		return nil, err
	}
	trusted, err := tx.Trusted(ctx, user)
	if err != nil {
		return nil, err
	}
	grants = append(grants, trusted...)
	stewards, err := tx.Stewards(ctx, user)
	if err != nil {
		return nil, err
	}
	for project, main := range stewards {
		lent, err := tx.Grants(ctx, store.GrantFilter{User: main, Member: true, NoSystem: true})
		if err != nil {
			return nil, err
		}
		for _, g := range lent {
			if g.Project == project || g.Inherited {
				grants = append(grants, g)
			}
		}
	}
	return grants, nil
}
