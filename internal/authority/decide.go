package authority

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Change is a change of what somebody was granted somewhere. On names the user or group, and the place; its role does not matter.
type Change struct {
	On            identity.Grant
	Who           authz.Who // whom On names, if they are there
	Grant, Revoke []identity.RoleID
	Until         time.Time // when the new grants end; zero for never
	Invite        bool      // the grants are offered, to somebody of whom nothing is known
	Agreed        bool      // somebody else who may do it agrees, or is asked to
}

// Change refuses a change that the caller may not make. opened is what the policy says of it: a grant rule may open it, too.
func (s *Service) Change(ctx context.Context, tx *store.Tx, caller identity.Caller, opened error, c Change) error {
	r, err := s.Of(ctx, tx, caller)
	if err != nil {
		return err
	}
	until := authz.AnyTime
	if len(c.Grant) > 0 {
		until = c.Until
	}
	if r.Sovereign(until) {
		return opened
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return err
	}
	at, err := s.PlaceOf(ctx, tx, c.On)
	if err != nil {
		return err
	}
	has, err := s.has(ctx, tx, c.On)
	if err != nil {
		return err
	}
	return r.Change(authz.Change{
		Who: c.Who, At: at, Grant: c.Grant, Revoke: c.Revoke, Has: has, Until: c.Until, Invite: c.Invite, Agreed: c.Agreed,
		Self: c.On.User != "" && c.On.User == caller.UserID(),
	})
}

// has is what whom a grant names has where it counts.
func (s *Service) has(ctx context.Context, tx *store.Tx, on identity.Grant) (out []authz.Standing, err error) {
	var grants []identity.Grant
	switch {
	case on.Group != "":
		grants, err = tx.Grants(ctx, store.GrantFilter{Group: on.Group})
	case on.User != "":
		grants, err = s.Holds(ctx, tx, on.User)
	}
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	all, err := s.Standings(ctx, tx, grants, on)
	return concerned(all, on), err
}

// concerned are those of somebody's standings where a grant counts.
func concerned(all []authz.Standing, on identity.Grant) (out []authz.Standing) {
	for _, st := range all {
		here := st.At.System == on.System && st.At.Project.ID == target(on) && st.At.Below == on.Inherited
		if here || on.Inherited && slices.Contains(st.At.Above, target(on)) {
			out = append(out, st)
		}
	}
	return out
}

// Account refuses an act on the account of a user that would reach above the caller: whoever could use the account would have
// all that the user has. The policy must have opened it. It comes after store.Tx.LockAccount.
func (s *Service) Account(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User) error {
	if !s.Authz.Protect {
		return nil
	}
	r, has, err := s.standing(ctx, tx, caller, u.ID)
	if err != nil || r == nil {
		return err
	}
	return r.Shield(authz.Who{User: &u}, has)
}

// standing returns the rights of a caller who is not sovereign, and what a user holds everywhere.
func (s *Service) standing(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID) (r *authz.Rights, has []authz.Standing, err error) {
	if r, err = s.Of(ctx, tx, caller); err != nil || r.Sovereign(authz.AnyTime) {
		return nil, nil, err
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return nil, nil, err
	}
	grants, err := s.Holds(ctx, tx, user)
	if err != nil {
		return nil, nil, err
	}
	has, err = s.Standings(ctx, tx, grants)
	return r, has, err
}

// Ordinary tells whether a user holds nothing of high impact anywhere.
func (s *Service) Ordinary(ctx context.Context, tx *store.Tx, user identity.UserID) (bool, error) {
	if !s.Authz.Protect {
		return true, nil
	}
	b, err := s.Book(ctx, tx)
	if err != nil {
		return false, err
	}
	grants, err := s.Holds(ctx, tx, user)
	for _, g := range grants {
		if slices.ContainsFunc(b.Expand(g.Role), func(id identity.RoleID) bool { return s.Authz.High(b, id) }) {
			return false, err
		}
	}
	return err == nil, err
}

// Credential refuses to take away what logs in to a project for a user, unless the caller may take away there all of the user's roles
// that give more than the caller could have. opened is what the policy says: a grant rule opens it, too.
func (s *Service) Credential(ctx context.Context, tx *store.Tx, caller identity.Caller, opened error, u identity.User, project identity.ProjectID) error {
	r, err := s.Of(ctx, tx, caller)
	if err != nil || u.ID == caller.UserID() || r.Sovereign(authz.AnyTime) {
		return orErr(err, opened)
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return err
	}
	on := identity.Grant{User: u.ID, Project: project}
	at, err := s.PlaceOf(ctx, tx, on)
	if err != nil {
		return err
	}
	if opened != nil && !r.Manages(at) {
		return opened
	}
	has, err := s.has(ctx, tx, on)
	if err != nil {
		return err
	}
	return r.Shield(authz.Who{User: &u}, has)
}

// Factor is Account for taking away a second factor that was lost, which a grant rule opens to who may take away all that the
// user has. opened is what the policy says.
func (s *Service) Factor(ctx context.Context, tx *store.Tx, caller identity.Caller, opened error, u identity.User) error {
	r, has, err := s.standing(ctx, tx, caller, u.ID)
	if err != nil || r == nil {
		return orErr(err, opened)
	}
	who := authz.Who{User: &u}
	if opened != nil {
		if !r.MayRevokeAll(who, has) {
			return opened
		}
		authz.Decided(ctx, authz.Decision{By: authz.ByGrantRule})
	}
	if opened == nil && !s.Authz.Protect {
		return nil
	}
	return r.Shield(who, has)
}

func orErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Within is Account for all users of a domain, for acts that let the caller decide who they are: the directory or identity
// provider that they come from.
func (s *Service) Within(ctx context.Context, tx *store.Tx, caller identity.Caller, domain identity.DomainID) error {
	if !s.Authz.Protect {
		return nil
	}
	r, err := s.Of(ctx, tx, caller)
	if err != nil || r.Sovereign(authz.AnyTime) {
		return err
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return err
	}
	grants, err := tx.RolesWithin(ctx, domain)
	if err != nil {
		return err
	}
	has, err := s.Standings(ctx, tx, grants)
	if err != nil {
		return err
	}
	return r.Shield(authz.Who{User: &identity.User{DomainID: domain, Enabled: true}}, has)
}

// Membership refuses to bring a user into a group, or out of it, that confers more than the caller may grant or take away.
// opened is what the policy says of it: a grant rule may open it, too. agreed tells that somebody else who may do it agrees.
func (s *Service) Membership(ctx context.Context, tx *store.Tx, caller identity.Caller, opened error, in, agreed bool, u identity.User, g identity.GroupID) error {
	r, err := s.Of(ctx, tx, caller)
	if err != nil {
		return err
	}
	until := authz.AnyTime
	if in {
		until = time.Time{}
	}
	if r.Sovereign(until) {
		return opened
	}
	grants, err := tx.Grants(ctx, store.GrantFilter{Group: g})
	if err != nil || len(grants) == 0 {
		return orErr(err, opened)
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return err
	}
	confers, err := s.Standings(ctx, tx, grants)
	if err != nil {
		return err
	}
	return r.Membership(opened, in, agreed, authz.Who{User: &u}, confers)
}

// End refuses what would take grants away, be it by deleting or disabling what they are on or what they are to, if somebody
// would lose the only high role of its kind that they have, and the caller may not take that away. lost tells which grants go:
// grants are those of them that count.
func (s *Service) End(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, lost func(identity.Grant) bool) error {
	if !s.Authz.Protect || len(grants) == 0 {
		return nil
	}
	r, err := s.Of(ctx, tx, caller)
	if err != nil || r.Sovereign(authz.AnyTime) {
		return err
	}
	if err := s.Open(ctx, tx, r); err != nil {
		return err
	}
	places, err := s.Standings(ctx, tx, grants)
	if err != nil {
		return err
	}
	for _, st := range places {
		who := authz.Who{User: &identity.User{DomainID: domainOf(st.At), Enabled: true}}
		held := r.Withheld(st.Roles, st.At, who)
		if len(held) == 0 {
			continue
		}
		if err := s.only(ctx, tx, r, grants, lost, held); err != nil {
			return err
		}
	}
	return nil
}

func domainOf(p authz.Place) identity.DomainID {
	if p.Project.IsDomain {
		return identity.DomainID(p.Project.ID)
	}
	return p.Project.DomainID
}

// only refuses if some of the grants that go give somebody one of some roles that they have by no other.
func (s *Service) only(ctx context.Context, tx *store.Tx, r *authz.Rights, grants []identity.Grant, lost func(identity.Grant) bool, roles []identity.RoleID) error {
	gives := func(granted identity.RoleID) (some []identity.RoleID) {
		for _, id := range r.Book.Expand(granted) {
			if slices.Contains(roles, id) {
				some = append(some, id)
			}
		}
		return some
	}
	loses := map[identity.UserID][]identity.RoleID{}
	byGroup := map[identity.GroupID][]identity.RoleID{}
	for _, g := range grants {
		switch some := gives(g.Role); {
		case len(some) == 0:
		case g.Group != "":
			byGroup[g.Group] = append(byGroup[g.Group], some...)
		default:
			loses[g.User] = append(loses[g.User], some...)
		}
	}
	var groups []identity.GroupID
	for g := range byGroup {
		groups = append(groups, g)
	}
	members, err := tx.Members(ctx, groups)
	if err != nil {
		return err
	}
	for g, users := range members {
		for _, u := range users {
			loses[u] = append(loses[u], byGroup[g]...)
		}
	}
	var users []identity.UserID
	for u := range loses {
		users = append(users, u)
	}
	var giving []identity.RoleID
	for id := range r.Book.Roles {
		if len(gives(id)) > 0 {
			giving = append(giving, id)
		}
	}
	elsewhere, err := tx.HoldersElsewhere(ctx, users, giving, lost)
	if err != nil {
		return err
	}
	for u, lost := range loses {
		var kept []identity.RoleID
		for id := range elsewhere[u] {
			kept = append(kept, gives(id)...)
		}
		for _, id := range lost {
			if !slices.Contains(kept, id) {
				return identity.Refusedf("This is protected: somebody would lose the only role of its kind that they have, which you may not take away.")
			}
		}
	}
	return nil
}

// Manages tells whether a grant rule lets the caller do anything with roles on a project.
func (s *Service) Manages(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID) (bool, error) {
	if caller.Token == nil || caller.Delegated {
		return false, nil
	}
	rules, err := tx.GrantRules(ctx)
	if err != nil {
		return false, err
	}
	tier := identity.TierOf(caller.Token.Scope)
	if !slices.ContainsFunc(rules, func(g identity.GrantRule) bool {
		return g.HolderTier == tier && slices.ContainsFunc(caller.Token.Roles, func(r identity.Role) bool { return r.ID == g.Holder })
	}) {
		return false, nil
	}
	r, err := s.Of(ctx, tx, caller)
	if err != nil {
		return false, err
	}
	r.Book.Rules = rules
	at, err := s.PlaceOf(ctx, tx, identity.Grant{Project: project})
	return err == nil && r.Manages(at), err
}
