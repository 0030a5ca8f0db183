package auth

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// entered puts a login that led to a token on the trail, unless the token was made from another one, and notes who and what was
// seen. via is a key that logged in; nil for all that the token names itself.
func (s *Service) entered(ctx context.Context, t *identity.Token, via *identity.Party) error {
	s.see(ctx, t)
	if len(t.AuditIDs) > 1 {
		return nil
	}
	e := identity.SignedIn(t)
	if via != nil {
		e.Via = via
		s.DB.See(ctx, via.Kind, via.ID, "")
	}
	return s.DB.RecordSignIn(ctx, e)
}

// see notes who is here with a token, and what the token came from.
func (s *Service) see(ctx context.Context, t *identity.Token) {
	s.DB.See(ctx, "user", string(t.User.ID), t.Scope.ProjectID())
	s.DB.See(ctx, "application_credential", string(t.ApplicationCredentialID), "")
	s.DB.See(ctx, "OS-TRUST:trust", string(t.TrustID), "")
	s.DB.See(ctx, "OS-OAUTH1:access_token", string(t.AccessTokenID), "")
}

// Sighting is when somebody worked somewhere last, to the hour, by a token or in the portal, and from which address.
type Sighting struct {
	store.Seen
	Project string // its name; empty for a project that is gone, and for what is none
}

// mostSightings is how many sightings are told.
const mostSightings = 20

// Sightings tells the caller where their account was seen last, the latest first. Tokens are not kept, so which of them still work nobody
// can tell.
func (s *Service) Sightings(ctx context.Context, caller identity.Caller) (all []Sighting, err error) {
	if err := own(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		seen, err := tx.SeenAt(ctx, "user", string(caller.UserID()), mostSightings)
		if err != nil {
			return err
		}
		var keys []store.Key
		for _, s := range seen {
			keys = append(keys, store.Key{Kind: "project", ID: s.Place})
		}
		labels, err := tx.Labels(ctx, keys)
		all = nil
		for i, s := range seen {
			all = append(all, Sighting{s, labels[keys[i]].Name})
		}
		return err
	})
	return all, err
}

// refuse puts a login by something of a user's on the trail that failed, and returns why it did. Who is not there leaves no name.
func (s *Service) refuse(ctx context.Context, user identity.UserID, via identity.Party, cause string, why error) error {
	if !errors.Is(why, identity.Unauthorized) {
		return why
	}
	e := identity.TrailEntry{Class: identity.ClassSignIn, Action: "authenticate", Failed: true, Cause: cause, Via: &via}
	if user != "" {
		e.Actor = identity.Party{Kind: "user", ID: string(user)}
	}
	if err := s.DB.RecordSignIn(ctx, e); err != nil {
		s.Log.ErrorContext(ctx, "a login that failed was not recorded", "error", err)
	}
	return why
}
