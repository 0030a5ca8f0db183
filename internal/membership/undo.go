package membership

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Whoever switches a second factor off has shown it, and may still be a thief who got at one code. So the mail about it has a link that
// undoes it. A mailbox is no second factor: the link lets nobody in, and brings back what was there, or shuts the account.

// toKeepFactor is the purpose of that link. There may be several for an account: a thief who sets up a factor and switches it off, too,
// does not end the owner's link.
const toKeepFactor = "keep factor"

const factorUndoLife = 24 * time.Hour

// factorOff is a factor that was switched off, and where the mail about it went.
type factorOff struct {
	User    identity.UserID
	Address string
	Was     credential.SwitchedOff
}

// FactorOff tells a user that their second factor was switched off, by mail with a link that undoes it. It is part of a larger change,
// see auth.Service.DisableFactor.
func (s *Service) FactorOff(ctx context.Context, tx *store.Tx, user identity.UserID, was credential.SwitchedOff) error {
	u, err := tx.User(ctx, user)
	if err != nil {
		return err
	}
	if !s.Mails() {
		return s.Office.Tell(ctx, tx, mails.FactorOff, u, mails.Values{})
	}
	data, err := json.Marshal(factorOff{user, emailOf(u), was})
	if err != nil {
		return err
	}
	until := tx.Now().Add(factorUndoLife)
	secret, err := s.link(ctx, tx, toKeepFactor, tx.NewID(), string(data), until)
	if err != nil {
		return err
	}
	code, err := s.mailed(ctx, tx, emailOf(u), secret, until)
	if err != nil {
		return err
	}
	return s.Office.Tell(ctx, tx, mails.FactorOff, u, mails.Values{Link: "/factor/" + secret, Code: code, Until: until})
}

// FactorUndo is what a link does about a second factor that was switched off.
type FactorUndo struct {
	User identity.User
	Do   credential.Undo // never nothing

	off factorOff
}

// LookFactor tells what a link does about whose second factor, and changes nothing. One that cannot be used any more is Gone.
func (s *Service) LookFactor(ctx context.Context, secret string) (f FactorUndo, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		f, err = s.factorUndo(ctx, tx, secret)
		return err
	})
	return f, err
}

func (s *Service) factorUndo(ctx context.Context, tx *store.Tx, secret string) (f FactorUndo, err error) {
	l, err := tx.Link(ctx, toKeepFactor, digest(secret))
	if err != nil {
		return f, err
	}
	if l.State != "" || !tx.Now().Before(l.EndsAt) {
		return f, errLinkOver
	}
	if err := json.Unmarshal([]byte(l.Data), &f.off); err != nil {
		return f, err
	}
	if f.User, err = tx.User(ctx, f.off.User); isMissing(err) {
		return f, errLinkOver
	} else if err != nil {
		return f, err
	}
	f.Do, err = s.Credential.Undoes(ctx, tx, f.User, f.off.Was)
	if err == nil && f.Do == credential.UndoNothing {
		err = errLinkOver
	}
	return f, err
}

// UndoFactorOff puts a second factor back that was switched off, or suspends the account where another has been set up since: all
// sessions and tokens of the account end, a change of address that waits is off, and administrators are told. Where the address is still
// the owner's and they choose the password themselves, it returns the secret of a link to set a new one: somebody else knows the old one.
// It is open to whoever has the link.
func (s *Service) UndoFactorOff(ctx context.Context, secret string) (reset string, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		reset = ""
		f, err := s.factorUndo(ctx, tx, secret)
		if err != nil {
			return err
		}
		u := f.User
		if err := tx.LockAccount(ctx, u.ID); err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, toKeepFactor, digest(secret)); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		owner := identity.Caller{Token: &identity.Token{User: u}}
		if err := tx.EndLinks(ctx, toAddress, string(u.ID)); err != nil {
			return err
		}
		if f.Do == credential.UndoClose {
			err = s.Directory.Freeze(ctx, tx, u, "Its owner said by a mail that somebody else has turned off their second factor, and another was set up since.")
		} else if err = s.Credential.PutBack(ctx, tx, owner, f.off.Was); err == nil {
			reset, err = s.ownReset(ctx, tx, u, f.off.Address)
		}
		if err != nil {
			return err
		}
		if err := s.tellOfUndo(ctx, tx, f); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Done("user", "factor_undone", u.ID).By(owner))
	})
	return reset, err
}

// ownReset makes a link to set a user's password, for who has shown that mails to an address reach them; none where a mail to the user
// could not do that either.
func (s *Service) ownReset(ctx context.Context, tx *store.Tx, u identity.User, address string) (secret string, err error) {
	if emailOf(u) != address || !s.Directory.ChoosesPassword(u) {
		return "", nil
	}
	if theirs, err := s.addressIsTheirs(ctx, tx, u); err != nil || !theirs {
		return "", err
	}
	mark, err := s.mark(ctx, tx, u)
	if err != nil {
		return "", err
	}
	return s.link(ctx, tx, toReset, string(u.ID), mark, tx.Now().Add(s.ResetLife))
}

// tellOfUndo tells administrators whose account may have been in the hands of others.
func (s *Service) tellOfUndo(ctx context.Context, tx *store.Tx, f FactorUndo) error {
	d, err := tx.Domain(ctx, f.User.DomainID)
	if err != nil {
		return err
	}
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return err
	}
	all, err := s.masters(ctx, tx, b)
	if err != nil {
		return err
	}
	for _, u := range all {
		v := mails.Values{Act: string(f.Do), Name: f.User.Name, Domain: d.Name, Link: "/d/" + string(d.ID) + "/users/" + string(f.User.ID) + "/activity"}
		if err := s.Office.Tell(ctx, tx, mails.FactorUndone, u, v); err != nil {
			return err
		}
	}
	return nil
}
