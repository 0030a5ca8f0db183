package directory

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
)

// ChangePassword lets users change their own password. It is open to all: the old password is the proof, an expired one
// too, and no token takes its place. The tokens of the user end (change_password in keystone/identity/core.py).
//
// caller, who may be nobody, only stands in the event of it. That of a password that is refused says the same, with a
// reason: so Keystone has it.
func (s *Service) ChangePassword(ctx context.Context, caller identity.Caller, id identity.UserID, original, pw string) error {
	a, err := s.prove(ctx, attempt{user: UserRef{ID: id}, password: original, caller: caller})
	if err != nil {
		return err
	}
	event := identity.Updated("user", id).By(caller)
	if err = s.checkPassword(ctx, a.DomainID, pw); err == nil {
		err = s.mayChange(ctx, a, pw)
	}
	if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.BadRequest {
		event.Reason = &identity.EventReason{Text: e.Message, Code: 400}
		if failed := s.DB.Record(ctx, event); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, string(id), pw)
	if err != nil {
		return told(err)
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.again(ctx, tx, a); err != nil {
			return err
		}
		next := store.Password{Hash: hash, SelfService: true, ExpiresAt: a.rules.passwordEnd(a.Options, tx.Now())}
		if err := tx.AddPassword(ctx, id, next, a.rules.UniquePasswords); err != nil {
			return err
		}
		if err := tx.Revoke(ctx, identity.RevocationEvent{UserID: id}); err != nil {
			return err
		}
		if err := s.tellOfPassword(ctx, tx, identity.Caller{}, a.User); err != nil {
			return err
		}
		return tx.Record(ctx, event)
	})
}

// tellOfPassword tells a user by mail that they have another password.
func (s *Service) tellOfPassword(ctx context.Context, tx *store.Tx, caller identity.Caller, u identity.User) error {
	return s.Office.Tell(ctx, tx, mail.PasswordChanged, u, mail.Values{By: mail.Other(caller, u.ID), Link: "/forgot"})
}

// mayChange refuses a new password that comes too early or was used before.
func (s *Service) mayChange(ctx context.Context, a account, pw string) error {
	if a.Options.Bool(identity.OptLockPassword) {
		return identity.Invalidf("You cannot change your password at this time due to password policy disallowing password" +
			" changes. Please contact your administrator to reset your password.")
	}
	if a.password.SelfService {
		wait := a.password.CreatedAt.Add(a.rules.MinPasswordAge).Sub(a.now)
		if wait > 0 {
			return identity.Invalidf("You cannot change your password at this time due to the minimum password age. Once you"+
				" change your password, it must be used for %d day(s) before it can be changed. Please try again in %d day(s)"+
				" or contact your administrator to reset your password.", a.rules.MinPasswordAge/aDay, wait/aDay)
		}
	}
	if a.rules.UniquePasswords == 0 {
		return nil
	}
	var history []store.Password
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		history, err = tx.Passwords(ctx, a.ID)
		return err
	})
	if err != nil {
		return err
	}
	history = history[max(0, len(history)-a.rules.UniquePasswords):]
	for _, old := range history {
		if old.Hash == "" {
			continue
		}
		same, err := s.Passwords.Verify(ctx, string(a.ID), old.Hash, pw)
		if same {
			return identity.Invalidf("The new password cannot be identical to a previous password. The total number which"+
				" includes the new password must be unique is %d.", a.rules.UniquePasswords)
		}
		if err != nil && !errors.Is(err, password.ErrHash) {
			return told(err)
		}
	}
	return nil
}

// passwordEnd is when a password made now expires; nil is never.
func (c Compliance) passwordEnd(o identity.Options, now time.Time) *time.Time {
	if c.PasswordLife == 0 || o.Bool(identity.OptIgnorePasswordExpiry) {
		return nil
	}
	end := now.Add(c.PasswordLife).Truncate(time.Second)
	return &end
}

// newPassword is a password that an administrator sets, hashed: nothing when none was sent, one that nobody can log in
// with for null.
type newPassword struct {
	sent, null bool
	hash       string
}

// hashed checks a password that an administrator sets, and hashes it.
func (s *Service) hashed(ctx context.Context, domain identity.DomainID, key string, pw identity.Opt[string]) (newPassword, error) {
	p := newPassword{sent: pw.Present, null: pw.Null}
	if !pw.Present {
		return p, nil
	}
	if pw.Null {
		if s.Rules.Pattern != nil {
			return p, identity.Invalidf("Password validation error: Password must be a string type.")
		}
		return p, nil
	}
	if err := s.checkPassword(ctx, domain, pw.Value); err != nil {
		return p, err
	}
	var err error
	p.hash, err = s.Passwords.Hash(ctx, key, pw.Value)
	return p, told(err)
}

// set stores the password. The options are those the user has as far as the password is concerned: at creation none,
// as upstream has it.
func (p newPassword) set(ctx context.Context, s *Service, tx *store.Tx, u identity.User, o identity.Options) error {
	if !p.sent {
		return nil
	}
	rules, err := s.complianceOf(ctx, tx, u.DomainID)
	if err != nil {
		return err
	}
	now := tx.Now()
	end := rules.passwordEnd(o, now)
	if rules.ChangeAtFirstUse && !o.Bool(identity.OptIgnoreChangePassword) {
		end = &now
	}
	return tx.AddPassword(ctx, u.ID, store.Password{Hash: p.hash, ExpiresAt: end}, rules.UniquePasswords)
}
