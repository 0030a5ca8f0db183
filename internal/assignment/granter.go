package assignment

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// granter is a caller who looks at the people of a project: what they may do there with roles.
type granter struct {
	s       *Service
	ctx     context.Context // of the look
	caller  identity.Caller
	project identity.Project
	book    book
	invite  bool // what they may offer to whoever accepts
	asking  bool // what they may grant if somebody else agrees counts, too

	rights *authz.Rights // nil for a caller whom the policy lets do everything
	at     authz.Place
}

func (s *Service) granter(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project, b book) (g granter, err error) {
	g = granter{s: s, ctx: ctx, caller: caller, project: p, book: b}
	if p.ID == "" {
		return g, nil // of what is not there the policy alone tells
	}
	r, err := s.Authority.Of(ctx, tx, caller)
	if err != nil || r.Sovereign(authz.AnyTime) {
		return g, err
	}
	g.rights = r
	r.Book = &authz.Book{Roles: b.roles, Implied: b.Implied, Profiles: b.profiles}
	if r.Book.Rules, err = tx.GrantRules(ctx); err != nil {
		return g, err
	}
	g.at, err = s.Authority.PlaceOf(ctx, tx, identity.Grant{Project: p.ID})
	return g, err
}

// offers are the roles that the caller may grant to a user on the project who holds something there, by name.
func (g granter) offers(u identity.User, has []authz.Standing) (may []Offer) {
	for _, r := range g.book.roles {
		if r.DomainID != "" && r.DomainID != g.project.DomainID {
			continue
		}
		o := Offer{Role: r}
		if g.rights == nil {
			if !g.s.Authz.Allowed(g.ctx, g.caller, authz.CreateGrant, authz.Target{"project": authz.Project(g.project), "user": authz.User(u), "role": authz.Role(r)}) {
				continue
			}
		} else {
			c := authz.Change{Who: authz.Who{User: &u}, At: g.at, Grant: []identity.RoleID{r.ID}, Has: has, Invite: g.invite, Agreed: g.asking}
			rule, ok := g.rights.Offers(c)
			if !ok {
				continue
			}
			o.Rule = rule
		}
		o.Brings, o.Weight, o.About = g.book.brings(r.ID), g.s.weigh(g.book, r.ID), g.book.profiles[r.ID]
		may = append(may, o)
	}
	slices.SortFunc(may, func(a, b Offer) int { return byName(a.Role, b.Role) })
	return may
}

// revoking refuses to take a role from a user who holds something on the project, if the caller may not; with agreed, not even if somebody
// else agrees.
func (g granter) revoking(u identity.User, role identity.RoleID, has []authz.Standing, agreed bool) error {
	if g.rights == nil {
		return g.s.Authz.Check(g.ctx, g.caller, authz.RevokeGrant,
			authz.Target{"project": authz.Project(g.project), "user": authz.User(u), "role": authz.Role(g.book.roles[role])})
	}
	return g.rights.Change(authz.Change{
		Who: authz.Who{User: &u}, At: g.at, Revoke: []identity.RoleID{role}, Has: has, Agreed: agreed, Self: u.ID != "" && u.ID == g.caller.UserID(),
	})
}

// has is what users hold on the project: by what was found, and by trusts. A caller whom nothing stops needs not know.
func (g granter) has(tx *store.Tx, users []identity.UserID, held []identity.Assignment) (map[identity.UserID][]authz.Standing, error) {
	if g.rights == nil {
		return nil, nil
	}
	roles := map[identity.UserID][]identity.RoleID{}
	for _, a := range held {
		roles[a.User] = append(roles[a.User], a.Role)
	}
	trusted, err := tx.TrustedOn(g.ctx, g.project.ID, users)
	for _, t := range trusted {
		roles[t.User] = append(roles[t.User], t.Role)
	}
	all := map[identity.UserID][]authz.Standing{}
	for u, some := range roles {
		all[u] = []authz.Standing{{At: g.at, Roles: some}}
	}
	return all, err
}

func texts[ID ~string](ids []ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
