package assignment

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// CheckGrants refuses grants of roles to one user or group, at one place, that the caller could not make; with agreed, not even if somebody
// else agreed.
func (s *Service) CheckGrants(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, until time.Time, agreed bool) error {
	return s.check(ctx, tx, caller, create, grants, until, agreed)
}

// CheckRevokes refuses to take back grants of roles to one user or group, at one place, that the caller could not take back, or that are not
// there; with agreed, not even if somebody else agreed.
func (s *Service) CheckRevokes(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, agreed bool) error {
	if err := s.check(ctx, tx, caller, revoke, grants, time.Time{}, agreed); err != nil {
		return err
	}
	for _, g := range grants {
		if there, err := tx.HasGrant(ctx, g); err != nil {
			return err
		} else if !there {
			return notGranted(g)
		}
	}
	return nil
}

func (s *Service) check(ctx context.Context, tx *store.Tx, caller identity.Caller, v verb, grants []identity.Grant, until time.Time, agreed bool) error {
	c := authority.Change{Until: until, Agreed: agreed}
	var opened, misfit error
	for _, g := range grants {
		e, err := s.ends(ctx, tx, g)
		if err != nil {
			return err
		}
		if err := s.Authz.Check(ctx, caller, v.action(g), e.target); err != nil {
			opened = err
		}
		if err := e.complete(v, g); err != nil {
			if opened != nil {
				return opened // who may not know is not told
			}
			return err
		}
		c.On, c.Who = g, e.who
		if v == revoke {
			c.Revoke = append(c.Revoke, g.Role)
			continue
		}
		if err := e.fits(g); err != nil {
			misfit = err
		}
		c.Grant = append(c.Grant, g.Role)
	}
	if err := s.Authority.Change(ctx, tx, caller, opened, c); err != nil {
		return err
	}
	return misfit
}

// GrantAllIn makes grants as CreateGrantFor does, inside a transaction.
func (s *Service) GrantAllIn(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, t identity.Terms) error {
	before := s.remember()
	for _, g := range grants {
		if err := before.look(ctx, tx, g); err != nil {
			return err
		}
		if err := s.GrantIn(ctx, tx, caller, g, t); err != nil {
			return err
		}
	}
	return before.tell(ctx, tx, caller)
}

// RevokeAllIn takes grants back as RevokeGrants does, inside a transaction.
func (s *Service) RevokeAllIn(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant) error {
	before := s.remember()
	for _, g := range grants {
		if err := before.look(ctx, tx, g); err != nil {
			return err
		}
		if err := s.RevokeIn(ctx, tx, caller, g); err != nil {
			return err
		}
	}
	return before.tell(ctx, tx, caller)
}

// Lock keeps whom a grant is to as they are, before anything is read.
func Lock(ctx context.Context, tx *store.Tx, g identity.Grant) error { return lock(ctx, tx, g) }
