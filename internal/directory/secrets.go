package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// HashSecret hashes a secret by which somebody will log in as a user: not the user's password, but kept like one.
func (s *Service) HashSecret(ctx context.Context, user identity.UserID, secret string) (string, error) {
	hash, err := s.Passwords.Hash(ctx, string(user), secret)
	return hash, told(err)
}

// CheckSecret compares a secret with its hash. Wrong ones count in the limits of failed logins; they do not lock the
// account, whose password they tell nothing about: credential is whose they count as, or "" where there is none, and then
// they count as the account's. account names that if no user does. An empty hash takes as long and is never right.
func (s *Service) CheckSecret(ctx context.Context, account UserRef, credential, hash, secret string) error {
	from, key := telemetry.ClientAddr(ctx), account.key(account.ID)
	if credential != "" {
		key = "credential " + credential
	}
	if err := s.Limits.allow(from, key); err != nil {
		return err
	}
	right, err := s.MatchSecret(ctx, key, hash, secret)
	if err != nil {
		return err
	}
	if !right {
		s.Limits.failed(from, key)
		return identity.Unauthenticatedf("wrong secret for user %s", key)
	}
	return nil
}

// MatchSecret tells whether a secret has a hash, in the pool's turn of a key. It counts nothing. An empty hash takes as long
// and is never right.
func (s *Service) MatchSecret(ctx context.Context, key, hash, secret string) (right bool, err error) {
	if hash != "" {
		right, err = s.Passwords.Verify(ctx, key, hash, secret)
	}
	if hash == "" || errors.Is(err, password.ErrHash) {
		err = s.Passwords.Decoy(ctx, key, secret)
	}
	return right, told(err)
}

// Find returns the user whom a login names; a NotFound when there is none.
func (s *Service) Find(ctx context.Context, tx *store.Tx, ref UserRef) (identity.User, error) {
	u, _, err := find(ctx, tx, ref)
	return u, err
}

// Called is whom a login at a form for people is to be, by what Meant goes by. Nobody is told whether there is such a user: one who is not
// there is named as was entered. It is open to all.
func (s *Service) Called(ctx context.Context, called, domain string) (ref UserRef, err error) {
	ref = UserRef{Name: called, Domain: &DomainRef{Name: domain}}
	if domain == "" {
		ref.Domain.ID = s.DefaultDomain
	}
	if !strings.Contains(called, "@") {
		return ref, nil
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := s.Meant(ctx, tx, called, domain)
		if err == nil {
			ref = UserRef{ID: u.ID}
		} else if errors.Is(err, identity.NotFound) {
			err = nil
		}
		return err
	})
	return ref, err
}

// Meant is the user who calls themselves so in a domain, which is named by its name: by their user name, or else by an e-mail address that nobody
// else has. Without a domain that is the default one, and an address that nobody has there may be of another. It fails with identity.NotFound.
func (s *Service) Meant(ctx context.Context, tx *store.Tx, called, domain string) (u identity.User, err error) {
	d, err := tx.Domain(ctx, s.DefaultDomain)
	if domain != "" {
		d, err = tx.DomainByName(ctx, domain)
	}
	if err != nil {
		return u, err
	}
	if u, err = tx.UserByName(ctx, d.ID, called); !errors.Is(err, identity.NotFound) || !strings.Contains(called, "@") {
		return u, err
	}
	all, err := tx.UsersByAddress(ctx, "", called)
	if err != nil {
		return u, err
	}
	here := slices.DeleteFunc(slices.Clone(all), func(u identity.User) bool { return u.DomainID != d.ID })
	if domain != "" || len(here) > 0 {
		all = here
	}
	if len(all) != 1 {
		return u, identity.Missing("user", called)
	}
	return all[0], nil
}

// Admit returns a user who may log in at this moment, by whatever proof that is not their password, such as the word of a
// web server in front: who is there, enabled, not locked, with no expired password, and in an enabled domain. All else is
// a 401. It is open to all.
func (s *Service) Admit(ctx context.Context, tx *store.Tx, ref UserRef) (identity.User, error) {
	if err := ref.check(); err != nil {
		return identity.User{}, err
	}
	u, d, err := find(ctx, tx, ref)
	if errors.Is(err, identity.NotFound) {
		return u, identity.Unauthenticatedf("%s", err)
	} else if err != nil {
		return u, err
	}
	a, err := s.loadAccount(ctx, tx, u, d)
	if err == nil && a.closed == "" && a.expired {
		a.closed = expired(a.User).Message
	}
	if err == nil && a.closed != "" {
		err = identity.Unauthenticatedf("%s", a.closed)
	}
	return a.User, err
}
