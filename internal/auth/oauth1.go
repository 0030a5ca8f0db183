package auth

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/oauth1"
	"github.com/lintel-id/lintel/internal/store"
)

// OAuth1 is a login whose request is signed with an access token (keystone/auth/plugins/oauth1.py). The token is for the
// user who gave it, on its project, whatever scope the request names.
type OAuth1 struct{ *oauth1.Request }

func (m OAuth1) prove(ctx context.Context, s *Service, _ *Request) (confirm, error) {
	if m.Token == "" {
		return nil, identity.Expecting("oauth_token", "request")
	}
	var a identity.AccessToken
	check := func(ctx context.Context, tx *store.Tx) (err error) {
		if a, err = tx.AccessToken(ctx, identity.AccessTokenID(m.Token)); err != nil {
			return err
		}
		c, err := tx.Consumer(ctx, a.ConsumerID)
		switch {
		case err != nil:
			return hide(err)
		case a.ExpiresAt != nil && tx.Now().After(*a.ExpiresAt):
			return identity.Unauthenticatedf("Access token is expired")
		}
		err = m.Check(tx.Now())
		if err == nil && (m.ConsumerKey != string(a.ConsumerID) || !m.Signed(c.Secret, a.Secret)) {
			err = errors.New("wrong signature")
		}
		if err != nil {
			return identity.Unauthenticatedf("Could not validate the access token: %s", err)
		}
		return nil
	}
	if err := s.DB.View(ctx, func(tx *store.Tx) error { return check(ctx, tx) }); err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		if err := check(ctx, tx); err != nil {
			return hide(err)
		}
		if err := credential.UseNonce(ctx, tx, m.Request); err != nil {
			return err
		}
		if _, err := s.Directory.Admit(ctx, tx, directory.UserRef{ID: a.UserID}); err != nil {
			return err
		}
		p.accessToken = &a
		p.by("oauth1")
		return p.is(a.UserID)
	}, nil
}

// bindToAccessToken makes a token what its access token allows: it must be there and be of the token's user and project, and
// gives those of its roles, and of what they imply, that the user still holds.
func (s *Service) bindToAccessToken(ctx context.Context, tx *store.Tx, t *identity.Token) error {
	a, err := tx.AccessToken(ctx, t.AccessTokenID)
	if err != nil {
		return err
	}
	if a.UserID != t.User.ID || a.ProjectID == "" || a.ProjectID != t.Scope.ProjectID() {
		return notFound("Failed to validate token")
	}
	t.AccessToken = &a
	t.Roles, err = s.Credential.RolesOf(ctx, tx, a, t.Roles)
	return err
}
