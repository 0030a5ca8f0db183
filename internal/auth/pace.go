package auth

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Who signs in to the portal, or proves there again who they are, is a person, so little is let through: these limits count on all nodes together, and before a password is
// hashed. Those of directory.Limits, which programs must live with, are each node's own.
const (
	signInsAtOnce, nextSignInAfter = 30, time.Second      // from one address
	mostMisses, missedFor          = 10, 10 * time.Minute // of one account from one network
)

// paced refuses a sign-in when there were too many from where it comes, or too many wrong ones to the account it names. One that goes on
// was counted.
func (s *Service) paced(ctx context.Context, r Request, on Device) error {
	if on.Address == "" || r.Receipt != "" {
		return nil
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		var wait time.Duration
		if who := named(r); who != nil {
			account, err := accountOf(ctx, tx, who)
			if err != nil {
				return err
			}
			misses, until, err := tx.Used(ctx, missesOf(account, on)...)
			if err != nil {
				return err
			}
			if misses >= mostMisses {
				wait = max(until.Sub(tx.Now()), time.Second)
			}
		}
		if wait == 0 {
			var err error
			if wait, err = tx.Pace(ctx, signInsAtOnce, nextSignInAfter, "sign-in from", on.Address); err != nil {
				return err
			}
		}
		if wait > 0 {
			return &identity.Error{Kind: identity.TooManyRequests, Message: "Too many logins have failed. Please try again later.", RetryAfter: wait}
		}
		return nil
	})
}

// missed counts a sign-in whose password was wrong.
func (s *Service) missed(ctx context.Context, r Request, on Device, err error) error {
	who := named(r)
	_, more := errors.AsType[*ReceiptError](err)
	_, expired := errors.AsType[*directory.ExpiredError](err)
	if who == nil || more || expired || on.Address == "" || !errors.Is(err, identity.Unauthorized) {
		return nil
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		account, err := accountOf(ctx, tx, who)
		if err == nil {
			_, err = tx.Use(ctx, tx.Now().Add(missedFor), missesOf(account, on)...)
		}
		return err
	})
}

// named is who a login by password is to be; nil for another login, or one that says it of nobody.
func named(r Request) *directory.UserRef {
	p, is := r.Evidence["password"].(*Password)
	if !is || p.User == nil || p.User.Name != "" && p.User.Domain == nil {
		return nil
	}
	return p.User
}

// accountOf is what the misses of an account are counted by, however it is named: its domain, and its name as the database compares names. An
// account that is not there is counted in the same way, so that nobody learns which are.
func accountOf(ctx context.Context, tx *store.Tx, who *directory.UserRef) (account [2]string, err error) {
	var domain, name string
	switch {
	case who.Name == "":
		u, err := tx.User(ctx, who.ID)
		if errors.Is(err, identity.NotFound) {
			return [2]string{"", string(who.ID)}, nil
		} else if err != nil {
			return account, err
		}
		domain, name = string(u.DomainID), u.Name
	case who.Domain.Name == "":
		domain, name = string(who.Domain.ID), who.Name
	default:
		name = who.Name
		d, err := tx.DomainByName(ctx, who.Domain.Name)
		if domain = string(d.ID); errors.Is(err, identity.NotFound) {
			domain, err = tx.NameKey(ctx, who.Domain.Name)
		}
		if err != nil {
			return account, err
		}
	}
	name, err = tx.NameKey(ctx, name)
	return [2]string{domain, name}, err
}

func missesOf(account [2]string, on Device) []string {
	network := on.Address
	if p := identity.Network(on.Address); p.IsValid() {
		network = p.String()
	}
	return append([]string{"sign-in missed", network}, account[:]...)
}
