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
	c := authority.Change{Until: until, Agreed: agreed}
	var opened, misfit error
	for _, g := range grants {
		e, err := s.ends(ctx, tx, g)
		if err != nil {
			return err
		}
		if err := s.Authz.Check(ctx, caller, create.action(g), e.target); err != nil {
			opened = err
		}
		if err := e.complete(create, g); err != nil {
			if opened != nil {
				return opened // who may not know is not told
			}
			return err
		}
		if err := e.fits(g); err != nil {
			misfit = err
		}
		c.On, c.Who, c.Grant = g, e.who, append(c.Grant, g.Role)
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

// Lock keeps whom a grant is to as they are, before anything is read.
func Lock(ctx context.Context, tx *store.Tx, g identity.Grant) error { return lock(ctx, tx, g) }
