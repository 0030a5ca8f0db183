package credential

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// resetAsked is how long the reset of an administrator's second factor waits for somebody else to agree.
const resetAsked = 24 * time.Hour

// FactorReset is the reset of a user's second factor that waits for somebody else to agree.
type FactorReset struct {
	store.FactorAsk
	Asker string // the name of who wants it
}

// ResetFactor takes the second factor of somebody else away who has lost it, whoever set it up, by the right to change that
// user, or by that to take away all that they hold. Whoever can have one here must set it up anew before anything else, at their next
// sign-in to the portal; until then the password alone opens nothing. All their sessions and tokens end: they may be in the hands of whoever
// has the device.
//
// Where it takes two to do that to somebody who holds a role of high impact, the first who does it asks for it only, and waits is what
// waits then for another who may do it, too; nil when it is done.
func (s *Service) ResetFactor(ctx context.Context, caller identity.Caller, user identity.UserID) (waits *FactorReset, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		waits = nil
		u, err := s.Directory.Unfactorable(ctx, tx, caller, user)
		if err != nil {
			return err
		}
		if caller.UserID() == user {
			return identity.NotAllowed("To remove one's own second factor takes that factor")
		}
		if two, err := s.TakesTwo(ctx, tx, user); err != nil {
			return err
		} else if two {
			if waits, err = s.agree(ctx, tx, caller, user); err != nil || waits != nil {
				return err
			}
		}
		return s.TakeFactor(ctx, tx, caller, u)
	})
	return waits, err
}

// TakeFactor is ResetFactor for a caller who has made sure of the right to do it.
func (s *Service) TakeFactor(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User) error {
	drop, rules, told := tx.DropFactor, noRules, mail.FactorGone
	if s.takesFactors() && u.Kind != identity.FederatedUser && !u.Surface.NoPortal {
		drop, rules, told = tx.ResetFactor, ownRules(), mail.FactorReset
	}
	if err := drop(ctx, u.ID); err != nil {
		return err
	}
	if err := s.setRules(ctx, tx, caller, u.ID, rules); err != nil {
		return err
	}
	if err := tx.Record(ctx, identity.Done("user", "factor_reset", u.ID).By(caller)); err != nil {
		return err
	}
	if err := s.tellOfFactor(ctx, tx, caller, u.ID, told); err != nil {
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID})
}

// TakesTwo tells whether it takes two to reset the second factor of a user. It is open to all.
func (s *Service) TakesTwo(ctx context.Context, tx *store.Tx, user identity.UserID) (bool, error) {
	if !s.ResetByTwo {
		return false, nil
	}
	ordinary, err := s.Authority.Ordinary(ctx, tx, user)
	return !ordinary, err
}

// agree lets the caller agree to what another has asked for, who could still do it; or ask, and returns what waits then.
func (s *Service) agree(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID) (*FactorReset, error) {
	if caller.Token == nil || caller.Delegated || caller.DelegatedMethods {
		return nil, identity.Refusedf("It takes two people to reset the second factor of an administrator: log in yourself.")
	}
	a, there, err := tx.FactorAsk(ctx, user)
	if err != nil {
		return nil, err
	}
	if there {
		if caller.UserID() == a.AskerID {
			return nil, identity.Refusedf("You have asked for this. Somebody else must agree.")
		}
		asker, err := s.Standing(ctx, tx, a.AskerID, a.Scope)
		if err == nil {
			_, err = s.Directory.MayUnfactor(ctx, tx, asker, user)
		}
		if there = err == nil; err != nil && !errors.Is(err, identity.Unauthorized) && !errors.Is(err, identity.Forbidden) {
			return nil, err
		}
	}
	if there {
		if was, err := tx.DropFactorAsk(ctx, user); err != nil || was {
			return nil, err
		}
	}
	a = store.FactorAsk{UserID: user, AskerID: caller.UserID(), Scope: caller.Token.Scope, AskedAt: tx.Now(), EndsAt: tx.Now().Add(resetAsked)}
	if err := tx.PutFactorAsk(ctx, a); err != nil {
		return nil, err
	}
	if err := tx.Record(ctx, identity.Done("user", "factor_reset_asked", user).By(caller)); err != nil {
		return nil, err
	}
	actor, _ := caller.Token.Actor()
	return &FactorReset{FactorAsk: a, Asker: actor.Name}, s.tellOfFactor(ctx, tx, caller, user, mail.FactorResetAsked)
}

// ResetPlan tells who may reset a user's second factor whether it takes two, and what another has asked for already; nil for nothing.
func (s *Service) ResetPlan(ctx context.Context, caller identity.Caller, user identity.UserID) (two bool, waits *FactorReset, err error) {
	if !s.ResetByTwo {
		return false, nil, nil
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		found, err := s.factorReset(ctx, tx, caller, user)
		switch {
		case err == nil:
			waits = &found
		case !errors.Is(err, identity.NotFound):
			return err
		}
		two, err = s.TakesTwo(ctx, tx, user)
		return err
	})
	return two, waits, err
}

// FactorReset returns the reset of a user's second factor that waits for somebody else to agree, to the user and to who may agree; a
// NotFound when there is none.
func (s *Service) FactorReset(ctx context.Context, caller identity.Caller, user identity.UserID) (out FactorReset, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = s.factorReset(ctx, tx, caller, user)
		return err
	})
	return out, err
}

func (s *Service) factorReset(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID) (out FactorReset, err error) {
	if caller.Token == nil || caller.UserID() != user || caller.Delegated {
		if _, err := s.Directory.MayUnfactor(ctx, tx, caller, user); err != nil {
			return out, err
		}
	}
	a, there, err := tx.FactorAsk(ctx, user)
	if err == nil && !there {
		err = identity.Missing("factor_reset", user)
	}
	if err != nil {
		return out, err
	}
	by, err := tx.User(ctx, a.AskerID)
	if errors.Is(err, identity.NotFound) {
		err = nil
	}
	return FactorReset{FactorAsk: a, Asker: by.Name}, err
}

// KeepsFactor takes back the reset of a user's second factor that waits: for the user, who has shown that it is not lost, and for who may
// agree to it.
func (s *Service) KeepsFactor(ctx context.Context, caller identity.Caller, user identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.factorReset(ctx, tx, caller, user); err != nil {
			return err
		}
		if caller.UserID() == user && !showed(caller) {
			return identity.NotAllowed("To keep the second factor takes that factor")
		}
		if was, err := tx.DropFactorAsk(ctx, user); err != nil || !was {
			return errors.Join(err, identity.Missing("factor_reset", user))
		}
		return tx.Record(ctx, identity.Done("user", "factor_kept", user).By(caller))
	})
}
