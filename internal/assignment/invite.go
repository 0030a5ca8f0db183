package assignment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Invitable returns the global roles that the caller may invite to on a project, if need be once somebody else agrees, for somebody of its
// domain who need not be there yet, each with the rule that it takes: what it asks of the grant's end, for one.
func (s *Service) Invitable(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) ([]Offer, error) {
	return s.toNewcomers(ctx, tx, caller, p, true)
}

// Grantable is Invitable for roles that the caller may grant to somebody of the project's domain who is yet to be made.
func (s *Service) Grantable(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) ([]Offer, error) {
	return s.toNewcomers(ctx, tx, caller, p, false)
}

func (s *Service) toNewcomers(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project, invite bool) (may []Offer, err error) {
	all, err := openBook(ctx, tx)
	if err != nil {
		return nil, err
	}
	g, err := s.granter(ctx, tx, caller, p, all)
	if err != nil {
		return nil, err
	}
	g.invite, g.asking = invite, invite
	may = g.offers(identity.User{DomainID: p.DomainID, Enabled: true}, nil)
	return slices.DeleteFunc(may, func(o Offer) bool { return o.DomainID != "" }), nil
}

// CheckInvite refuses an invitation to roles on a project, for grants that are to end then, that the caller may not send; with agreed, not
// even if somebody else agreed.
func (s *Service) CheckInvite(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project, roles []identity.RoleID, until time.Time, agreed bool) error {
	who := identity.User{DomainID: p.DomainID, Enabled: true}
	var opened error
	for _, id := range roles {
		r, err := tx.Role(ctx, id)
		if err != nil {
			return err
		}
		err = s.Authz.Check(ctx, caller, authz.CreateGrant, authz.Target{"project": authz.Project(p), "role": authz.Role(r), "user": authz.User(who)})
		opened = errors.Join(opened, err)
	}
	if opened != nil {
		opened = identity.NotAllowed(string(authz.CreateGrant))
	}
	return s.Authority.Change(ctx, tx, caller, opened, authority.Change{
		On: identity.Grant{Project: p.ID}, Who: authz.Who{User: &who}, Grant: roles, Until: until, Invite: true, Agreed: agreed,
	})
}

// CheckRevoke returns nil when the caller may take roles on a project away from somebody of its domain who need not be there
// yet.
func (s *Service) CheckRevoke(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project, roles []identity.RoleID) error {
	all, err := openBook(ctx, tx)
	if err != nil {
		return err
	}
	g, err := s.granter(ctx, tx, caller, p, all)
	if err != nil {
		return err
	}
	for _, id := range roles {
		if _, there := all.roles[id]; !there {
			continue // which offers nothing
		}
		if err := g.revoking(identity.User{DomainID: p.DomainID, Enabled: true}, id, nil, false); err != nil {
			return err
		}
	}
	return nil
}

// GrantIn is CreateGrantFor inside a transaction.
func (s *Service) GrantIn(ctx context.Context, tx *store.Tx, caller identity.Caller, g identity.Grant, t identity.Terms) error {
	e, err := s.allowedChange(ctx, tx, caller, create, g, t)
	if err != nil {
		return err
	}
	if err := e.complete(create, g); err != nil {
		return err
	}
	if err := s.change(ctx, tx, caller, e, create, g, t); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Granted("created", g).By(caller))
}

// RevokeIn is RevokeGrant inside a transaction.
func (s *Service) RevokeIn(ctx context.Context, tx *store.Tx, caller identity.Caller, g identity.Grant) error {
	e, err := s.allowedChange(ctx, tx, caller, revoke, g, identity.Terms{})
	if err != nil {
		return err
	}
	if err := e.complete(revoke, g); err != nil {
		return err
	}
	if err := s.change(ctx, tx, caller, e, revoke, g, identity.Terms{}); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Granted("deleted", g).By(caller))
}
