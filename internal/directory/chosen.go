package directory

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/python"
	"github.com/lintel-id/lintel/internal/store"
)

// Chosen is a password that somebody chose for themselves by a one-time link: checked and hashed, not stored yet.
type Chosen struct{ hash string }

// Choose checks a password that somebody chooses, for the account that they have or, without one, for a new one in a domain. It is
// open: what makes it theirs to choose is proved where the password is stored.
func (s *Service) Choose(ctx context.Context, domain identity.DomainID, id identity.UserID, pw string) (c Chosen, err error) {
	if err := s.checkPassword(ctx, domain, pw); err != nil {
		return c, err
	}
	if id != "" {
		a := account{now: s.DB.Now()}
		err := s.DB.View(ctx, func(tx *store.Tx) error {
			if a.User, err = tx.User(ctx, id); err != nil {
				return err
			}
			a.rules, err = s.complianceOf(ctx, tx, a.DomainID)
			return err
		})
		if err != nil {
			return c, err
		}
		if err := s.mayChange(ctx, a, pw); err != nil {
			return c, err
		}
	}
	c.hash, err = s.Passwords.Hash(ctx, string(id), pw)
	return c, told(err)
}

// SetChosen gives an account the password that its owner chose. All tokens and sessions of it end, and its failed logins are
// forgiven. The account must be enabled and have its password here, and that must not be locked.
func (s *Service) SetChosen(ctx context.Context, tx *store.Tx, id identity.UserID, c Chosen) error {
	u, err := tx.User(ctx, id)
	if err != nil {
		return err
	}
	if !s.ChoosesPassword(u) {
		return identity.Refusedf("This account's password cannot be set here.")
	}
	return s.SetFor(ctx, tx, identity.Caller{Token: &identity.Token{User: u}}, u, c)
}

// SetFor is SetChosen for an account whose password somebody else looks after, which its caller has made sure of.
func (s *Service) SetFor(ctx context.Context, tx *store.Tx, by identity.Caller, u identity.User, c Chosen) error {
	rules, err := s.complianceOf(ctx, tx, u.DomainID)
	if err != nil {
		return err
	}
	next := store.Password{Hash: c.hash, SelfService: true, ExpiresAt: rules.passwordEnd(u.Options, tx.Now())}
	if err := tx.AddPassword(ctx, u.ID, next, rules.UniquePasswords); err != nil {
		return err
	}
	if err := tx.ClearFailures(ctx, u.ID); err != nil {
		return err
	}
	if err := tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID}); err != nil {
		return err
	}
	if err := s.tellOfPassword(ctx, tx, by, u); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Updated("user", u.ID).By(by))
}

// EnableFor says whether an account is enabled, for a room that has made sure that whoever asks may: with disabling it all its tokens end.
// A suspended account is not enabled.
func (s *Service) EnableFor(ctx context.Context, tx *store.Tx, by identity.Caller, u identity.User, enabled bool) (identity.User, error) {
	if _, suspended, err := tx.Suspension(ctx, u.ID); err != nil {
		return u, err
	} else if suspended {
		return u, identity.Refusedf("This account is suspended. Ask an administrator of the domain.")
	}
	if err := s.writeUser(ctx, tx, u, identity.UserUpdate{Enabled: identity.Some(enabled)}, newPassword{}); err != nil {
		return u, err
	}
	if err := tx.Record(ctx, identity.Updated("user", u.ID).By(by)); err != nil {
		return u, err
	}
	return tx.User(ctx, u.ID)
}

// ChoosesPassword tells whether a user may choose a password: the account is not disabled, and the password is kept here and not
// locked.
func (s *Service) ChoosesPassword(u identity.User) bool {
	return u.Enabled && u.Kind == identity.LocalUser && !u.Options.Bool(identity.OptLockPassword)
}

// CreateIn is CreateUser inside a transaction, for a user with the password that they chose.
func (s *Service) CreateIn(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User, c Chosen) (identity.User, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateUser, authz.Target{"user": authz.User(u)}); err != nil {
		return u, err
	}
	return s.InsertIn(ctx, tx, caller, u, c)
}

// InsertIn is CreateIn for a caller who may make this user by another right than that to make any, which its caller has made sure of.
func (s *Service) InsertIn(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User, c Chosen) (identity.User, error) {
	u.Name = python.Strip(u.Name)
	if _, err := tx.LockDomain(ctx, u.DomainID); err != nil {
		return u, err
	}
	u.ID = identity.UserID(tx.NewID())
	if err := tx.InsertUser(ctx, u); err != nil {
		return u, err
	}
	rules, err := s.complianceOf(ctx, tx, u.DomainID)
	if err != nil {
		return u, err
	}
	next := store.Password{Hash: c.hash, SelfService: true, ExpiresAt: rules.passwordEnd(u.Options, tx.Now())}
	if err := tx.AddPassword(ctx, u.ID, next, rules.UniquePasswords); err != nil {
		return u, err
	}
	u, err = tx.User(ctx, u.ID)
	if err != nil {
		return u, err
	}
	return u, tx.Record(ctx, identity.Created("user", u.ID).By(caller))
}
