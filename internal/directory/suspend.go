package directory

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/python"
	"github.com/lintel-id/lintel/internal/store"
)

// Suspending is how an account is suspended.
type Suspending struct {
	Reason string
	Until  time.Time // when it ends by itself; zero for never
	Tell   bool      // the user gets a mail with the reason
}

// Suspend shuts an account out at once, by every way to log in and with all its tokens, until it is restored, which makes it what
// it was before. Meanwhile nothing else enables it. A Keystone on the same database finds it disabled. Nobody suspends themselves.
// The rule is that of changing the user.
func (s *Service) Suspend(ctx context.Context, caller identity.Caller, id identity.UserID, how Suspending) error {
	reason := python.Strip(how.Reason)
	if reason == "" {
		return identity.Invalidf("Say why.")
	}
	if err := identity.Fits(reason, "reason", 255); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		if !how.Until.IsZero() && !tx.Now().Before(how.Until) {
			return identity.Invalidf("The end of a suspension must be in the future.")
		}
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		if caller.StandsFor(id) || caller.UserID() == id {
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		}
		if err := shut(ctx, tx, old, store.Suspension{Reason: reason, By: caller.UserID(), Until: how.Until}); err != nil {
			return err
		}
		places, err := s.Authority.PlacesOf(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := s.Authority.KeepAdmin(ctx, tx, caller, places...); err != nil {
			return err
		}
		if how.Tell {
			v := mail.Values{Words: reason}
			if caller.Token != nil {
				actor, _ := caller.Token.Actor()
				v.By = mail.Called(actor)
			}
			if !how.Until.IsZero() {
				v.Ends = &how.Until
			}
			if err := s.Office.Tell(ctx, tx, mail.Suspended, old, v); err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
}

// shut suspends an account, and ends all its tokens.
func shut(ctx context.Context, tx *store.Tx, old identity.User, how store.Suspension) error {
	how.WasEnabled = old.Enabled
	if err := tx.PutSuspension(ctx, old.ID, how); err != nil {
		return err
	}
	u := old
	u.Enabled = false
	if err := tx.UpdateUser(ctx, old, u); err != nil {
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{UserID: old.ID})
}

// Freeze suspends an account until an administrator restores it, for its owner, who says that others have it in their hands. The room
// that calls it has a proof that it is the owner. It may be the last account that can do something: better nobody has it than they.
func (s *Service) Freeze(ctx context.Context, tx *store.Tx, u identity.User, reason string) error {
	if err := shut(ctx, tx, u, store.Suspension{Reason: reason, By: u.ID}); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Updated("user", u.ID).By(identity.Caller{Token: &identity.Token{User: u}}))
}

// Restore ends a suspension: the account is what it was before. One that is not suspended is a Conflict. The rule is that of
// changing the user.
func (s *Service) Restore(ctx context.Context, caller identity.Caller, id identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		suspension, there, err := tx.Suspension(ctx, id)
		if err != nil {
			return err
		}
		if !there {
			return identity.Conflictf("suspension", "the account is not suspended")
		}
		if caller.UserID() == id {
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		}
		if err := lift(ctx, tx, old, suspension); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
}

// Reopen enables an account, be it disabled, suspended or dormant, and tells whether it was one of the first two. It asks nobody's leave:
// it is for whoever has the database itself at hand.
func (s *Service) Reopen(ctx context.Context, tx *store.Tx, old identity.User) (reopened bool, err error) {
	if err := tx.DeleteSuspension(ctx, old.ID); err != nil {
		return false, err
	}
	u := old
	u.Enabled, u.LastActiveAt = true, tx.Now()
	if err := tx.UpdateUser(ctx, old, u); err != nil {
		return false, err
	}
	return !old.Enabled, tx.Record(ctx, identity.Updated("user", u.ID))
}

// lift makes a suspended account what it was before.
func lift(ctx context.Context, tx *store.Tx, old identity.User, suspension store.Suspension) error {
	if err := tx.DeleteSuspension(ctx, old.ID); err != nil {
		return err
	}
	u := old
	u.Enabled = suspension.WasEnabled
	return tx.UpdateUser(ctx, old, u)
}

// EndSuspensions lifts the suspensions that were to end by now. Several nodes may do it at once.
func (s *Service) EndSuspensions(ctx context.Context) error {
	var ended []identity.UserID
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		ended, err = tx.EndedSuspensions(ctx, endedAtOnce)
		return err
	})
	for _, id := range ended {
		err = errors.Join(err, s.DB.Update(ctx, func(tx *store.Tx) error {
			if err := tx.LockAccount(ctx, id); err != nil {
				return err
			}
			suspension, there, err := tx.Suspension(ctx, id)
			if err != nil || !there || suspension.Until.IsZero() || tx.Now().Before(suspension.Until) {
				return err // another node was faster
			}
			old, err := tx.User(ctx, id)
			if err != nil {
				return err
			}
			if err := lift(ctx, tx, old, suspension); err != nil {
				return err
			}
			return tx.Record(ctx, identity.Updated("user", id))
		}))
	}
	return err
}

// endedAtOnce is how many suspensions are looked at in one go.
const endedAtOnce = 100
