// Package directory knows who and what exists: domains, projects, users and groups.
package directory

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB        *store.DB
	Authz     *authz.Checker
	Passwords *password.Pool
	Rules     password.Rules
}

// DomainRef names a domain by id or name.
type DomainRef struct {
	ID   identity.DomainID
	Name string
}

// UserRef names a user by id, or by name and domain.
type UserRef struct {
	ID     identity.UserID
	Name   string
	Domain *DomainRef // nil when the request names none
}

// Proof is a user's claim to be somebody, with a password. User is nil when the request names nobody.
type Proof struct {
	User     *UserRef
	Password string
}

// Authenticate proves a user by password. Whoever cannot log in gets the same 401, after the same time.
func (s *Service) Authenticate(ctx context.Context, p Proof) (u identity.User, err error) {
	if p.User == nil {
		return u, identity.Expecting("user", "password")
	}
	if p.User.ID == "" && p.User.Name == "" {
		return u, identity.Expecting("id or name", "user")
	}
	if p.User.Name != "" && p.User.Domain == nil {
		return u, identity.Expecting("domain", "user")
	}
	var hash string
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if p.User.Name == "" {
			u, err = tx.User(ctx, p.User.ID)
		} else {
			d := identity.Domain{ID: p.User.Domain.ID}
			if p.User.Domain.Name != "" {
				if d, err = tx.DomainByName(ctx, p.User.Domain.Name); err != nil {
					return err
				}
			}
			u, err = tx.UserByName(ctx, d.ID, p.User.Name)
		}
		if err != nil {
			return err
		}
		history, err := tx.Passwords(ctx, u.ID)
		if len(history) > 0 {
			hash = history[len(history)-1].Hash
		}
		return err
	})
	if errors.Is(err, identity.NotFound) {
		if err := s.Passwords.Decoy(ctx, "", p.Password); err != nil {
			return u, err
		}
		return u, identity.Unauthenticatedf("no such user")
	} else if err != nil {
		return u, err
	}
	ok, err := s.Passwords.Verify(ctx, string(u.ID), hash, p.Password)
	if err != nil || !ok || !u.Enabled {
		return u, identity.Unauthenticatedf("the password is wrong or the account disabled")
	}
	return u, nil
}

// Enabled tells whether an account may be used.
func (s *Service) Enabled(u identity.User, now time.Time) bool { return u.Enabled }
