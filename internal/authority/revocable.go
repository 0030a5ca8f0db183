package authority

import (
	"context"
	"maps"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Revocation is a grant that might be taken back.
type Revocation struct {
	Grant  identity.Grant
	Who    authz.Who // whom it is to
	Opened error     // what the policy says of it
}

// Revocable tells which grants the caller may take back: nil, or why not, for each as Change would. It takes the same number of queries
// however many there are.
func (s *Service) Revocable(ctx context.Context, tx *store.Tx, caller identity.Caller, all []Revocation) ([]error, error) {
	refused := make([]error, len(all))
	r, err := s.Of(ctx, tx, caller)
	if err != nil {
		return nil, err
	}
	if r.Sovereign(authz.AnyTime) {
		for i, v := range all {
			refused[i] = v.Opened
		}
		return refused, nil
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return nil, err
	}
	var users []identity.UserID
	var groups []identity.GroupID
	for _, v := range all {
		if v.Grant.Group != "" {
			groups = append(groups, v.Grant.Group)
		} else {
			users = append(users, v.Grant.User)
		}
	}
	held, err := s.HoldsOf(ctx, tx, users)
	if err != nil {
		return nil, err
	}
	conferred, err := tx.ConferredBy(ctx, groups)
	if err != nil {
		return nil, err
	}
	at := map[identity.ProjectID]bool{}
	note := func(some []identity.Grant) {
		for _, g := range some {
			if !g.System {
				at[target(g)] = true
			}
		}
	}
	for _, v := range all {
		note([]identity.Grant{v.Grant})
	}
	for _, some := range held {
		note(some)
	}
	for _, some := range conferred {
		note(some)
	}
	line, err := tx.Lineage(ctx, slices.Sorted(maps.Keys(at)))
	if err != nil {
		return nil, err
	}
	for i, v := range all {
		g := v.Grant
		if _, there := line[target(g)]; !there && !g.System {
			refused[i] = v.Opened // nobody is concerned
			continue
		}
		has := held[g.User]
		if g.Group != "" {
			has = conferred[g.Group]
		}
		where := authz.Place{System: true}
		if !g.System {
			where = place(line, target(g), g.Inherited)
		}
		refused[i] = r.Another().Change(authz.Change{
			Who: v.Who, At: where, Revoke: []identity.RoleID{g.Role}, Has: concerned(standings(line, has, g), g), Self: g.User != "" && g.User == caller.UserID(),
		})
	}
	return refused, nil
}

// HoldsOf is Holds for several users.
func (s *Service) HoldsOf(ctx context.Context, tx *store.Tx, users []identity.UserID) (map[identity.UserID][]identity.Grant, error) {
	held, err := tx.HeldByAll(ctx, users)
	if err != nil {
		return nil, err
	}
	trusted, err := tx.TrustedTo(ctx, users)
	if err != nil {
		return nil, err
	}
	for _, g := range trusted {
		held[g.User] = append(held[g.User], g)
	}
	stewards, err := tx.StewardsAmong(ctx, users)
	if err != nil {
		return nil, err
	}
	var mains []identity.UserID
	for _, v := range stewards {
		mains = append(mains, v.Main)
	}
	lent, err := tx.HeldByAll(ctx, mains)
	if err != nil {
		return nil, err
	}
	for _, v := range stewards {
		for _, g := range lent[v.Main] {
			if !g.System && (g.Project == v.Project || g.Inherited) {
				held[v.User] = append(held[v.User], g)
			}
		}
	}
	return held, nil
}
