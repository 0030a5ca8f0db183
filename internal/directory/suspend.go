package directory

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Suspend shuts an account out at once, by every way to log in and with all its tokens, until it is restored, which makes it what
// it was before. Meanwhile nothing else enables it. A Keystone on the same database finds it disabled. Nobody suspends themselves.
// The rule is that of changing the user.
func (s *Service) Suspend(ctx context.Context, caller identity.Caller, id identity.UserID, reason string) error {
	if reason = strip(reason); reason == "" {
		return identity.Invalidf("Say why.")
	}
	if err := identity.Fits(reason, "reason", 255); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		if caller.StandsFor(id) || caller.UserID() == id {
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		}
		if err := tx.PutSuspension(ctx, id, store.Suspension{Reason: reason, By: caller.UserID(), WasEnabled: old.Enabled}); err != nil {
			return err
		}
		u := old
		u.Enabled = false
		if err := tx.UpdateUser(ctx, old, u); err != nil {
			return err
		}
		if err := tx.Revoke(ctx, identity.RevocationEvent{UserID: id}); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
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
			return identity.Conflictf("suspension", "The account is not suspended.")
		}
		if caller.UserID() == id {
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		}
		if err := tx.DeleteSuspension(ctx, id); err != nil {
			return err
		}
		u := old
		u.Enabled = suspension.WasEnabled
		if err := tx.UpdateUser(ctx, old, u); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
}
