package auth

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Who signs in to the portal is a person, so little is let through: these limits count on all nodes together, and before a password is
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
		if account, named := accountOf(r); named {
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
	account, named := accountOf(r)
	_, more := errors.AsType[*ReceiptError](err)
	_, expired := errors.AsType[*directory.ExpiredError](err)
	if !named || more || expired || on.Address == "" || !errors.Is(err, identity.Unauthorized) {
		return nil
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Use(ctx, tx.Now().Add(missedFor), missesOf(account, on)...)
		return err
	})
}

// accountOf is what a login by password calls its account, be there such a one or not.
func accountOf(r Request) (name [4]string, named bool) {
	p, named := r.Evidence["password"].(*Password)
	if !named || p.User == nil {
		return name, false
	}
	name[0], name[1] = string(p.User.ID), p.User.Name
	if d := p.User.Domain; d != nil {
		name[2], name[3] = string(d.ID), d.Name
	}
	return name, true
}

func missesOf(account [4]string, on Device) []string {
	network := on.Address
	if p := identity.Network(on.Address); p.IsValid() {
		network = p.String()
	}
	return append([]string{"sign-in missed", network}, account[:]...)
}
