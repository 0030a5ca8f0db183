package credential

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// SwitchedOff is a second factor as it was when it was switched off, to be put back should that not have been its owner. Seeds are
// encrypted in it, recovery codes hashed.
type SwitchedOff struct {
	Since    time.Time // when it was set up
	Seeds    []store.SealedCredential
	Drifts   map[identity.CredentialID]int64
	Passkeys []identity.Passkey
	Codes    []store.RecoveryCode
	Robots   []string // what logged in for its user beside it, by RobotKey
}

func (s *Service) switchedOff(ctx context.Context, tx *store.Tx, user identity.UserID) (was SwitchedOff, err error) {
	f, err := tx.Factor(ctx, user)
	if err != nil {
		return was, err
	}
	was.Since = f.Since
	seeds, err := tx.Credentials(ctx, identity.Query{}.Where("user_id", string(user)).Where("type", "totp"))
	if err != nil {
		return was, err
	}
	was.Seeds = seeds.Items
	if was.Drifts, err = tx.Drifts(ctx, user); err != nil {
		return was, err
	}
	if was.Passkeys, err = tx.Passkeys(ctx, user); err != nil {
		return was, err
	}
	if was.Codes, err = tx.RecoveryCodes(ctx, user); err != nil {
		return was, err
	}
	robots, err := tx.Robots(ctx, user)
	for _, r := range robots {
		was.Robots = append(was.Robots, RobotKey(r))
	}
	return was, err
}

// Undo is what can be done about a second factor that was switched off.
type Undo string

// What can be done.
const (
	UndoNothing Undo = ""       // an administrator has seen to the account since, or it was put back
	UndoPutBack Undo = "back"   // it can be put back
	UndoClose   Undo = "closed" // another has been set up since: whose that is, somebody must find out who knows the owner
)

// Undoes tells what can be done about a factor of a user that was switched off. It is open to all.
func (s *Service) Undoes(ctx context.Context, tx *store.Tx, u identity.User, was SwitchedOff) (Undo, error) {
	since, err := s.ResetSince(ctx, tx, u)
	if err != nil || !since.IsZero() || !s.Directory.Enabled(u, tx.Now()) {
		return UndoNothing, err
	}
	f, err := tx.Factor(ctx, u.ID)
	switch {
	case err != nil && !errors.Is(err, identity.NotFound):
		return UndoNothing, err
	case err == nil && f.OwnRules && cameWithFactor(u) && f.Since.After(was.Since):
		return UndoClose, nil
	case err == nil || hasRules(u):
		return UndoNothing, nil
	}
	return UndoPutBack, nil
}

// PutBack makes a second factor that was switched off what it was, codes that were used stay used, and ends all sessions and tokens of
// its user. What has been made since that logs in for them is deleted: it may be somebody else's. The caller has a proof that it is the
// owner who wants that.
func (s *Service) PutBack(ctx context.Context, tx *store.Tx, owner identity.Caller, was SwitchedOff) error {
	user := owner.UserID()
	robots, err := tx.Robots(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range robots {
		if slices.Contains(was.Robots, RobotKey(r)) {
			continue
		}
		if err := deleteRobot(ctx, tx, r); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Deleted(r.Kind, r.ID).By(owner)); err != nil {
			return err
		}
	}
	if err := tx.DropFactor(ctx, user); err != nil { // what was begun, and seeds that a token has added
		return err
	}
	for _, c := range was.Seeds {
		if err := tx.InsertCredential(ctx, c); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Created("credential", c.ID).By(owner)); err != nil {
			return err
		}
		if err := tx.PutDrift(ctx, c.ID, was.Drifts[c.ID]); err != nil {
			return err
		}
	}
	for _, k := range was.Passkeys {
		if err := tx.InsertPasskey(ctx, k); err != nil {
			return err
		}
	}
	if err := tx.PutRecoveryCodes(ctx, user, was.Codes); err != nil {
		return err
	}
	if err := tx.PutFactor(ctx, user, store.Factor{OwnRules: true, Since: was.Since}); err != nil {
		return err
	}
	if err := s.setRules(ctx, tx, owner, user, ownRules()); err != nil {
		return err
	}
	if err := s.tellOfFactor(ctx, tx, owner, user, mail.FactorBack); err != nil {
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{UserID: user})
}
