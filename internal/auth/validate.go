package auth

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// validity says how a token is to be judged.
type validity struct {
	window time.Duration // how long ago it may have ended
}

// Subject names a token that somebody asks about.
type Subject struct {
	Text         string
	AllowExpired bool // accept it for some time after its end
	NoCatalog    bool
}

// Authenticate finds out who shows a token. Whatever is wrong with it, the answer is the same 401.
func (s *Service) Authenticate(ctx context.Context, text string) (identity.Caller, error) {
	t, err := s.open(ctx, text, validity{})
	if err != nil {
		if e, ok := errors.AsType[*identity.Error](err); ok {
			return identity.Caller{}, identity.Unauthenticatedf("%s", e.Message)
		}
		return identity.Caller{}, err
	}
	return identity.Caller{Token: &t, Delegated: t.TrustID != "" || t.Delegated(s.AdditionalPrimary)}, nil
}

// Validate shows a token to somebody who may see it: 404 when it is not good, 403 when it is not theirs to see.
func (s *Service) Validate(ctx context.Context, caller identity.Caller, subject Subject) (Issued, error) {
	return s.subject(ctx, caller, authz.ValidateToken, subject)
}

// Check is Validate for those who ask only whether a token is good; another rule guards it.
func (s *Service) Check(ctx context.Context, caller identity.Caller, subject Subject) error {
	subject.NoCatalog = true
	_, err := s.subject(ctx, caller, authz.CheckToken, subject)
	return err
}

func (s *Service) subject(ctx context.Context, caller identity.Caller, action authz.Action, subject Subject) (Issued, error) {
	var v validity
	if subject.AllowExpired {
		v.window = s.AllowExpiredWindow
	}
	t, err := s.open(ctx, subject.Text, v)
	if err != nil {
		return Issued{}, err
	}
	if err := s.Authz.Check(ctx, caller, action, authz.Target{"token": authz.Token(&t)}); err != nil {
		return Issued{}, err
	}
	out := Issued{Text: subject.Text, Token: t}
	err = s.DB.View(ctx, func(tx *store.Tx) error { return s.complete(ctx, tx, &out, !subject.NoCatalog) })
	return out, err
}

// open reads a token and builds it anew. What is wrong with it is a 404.
func (s *Service) open(ctx context.Context, text string, v validity) (t identity.Token, err error) {
	if text == "" {
		return t, gone("No token in the request")
	}
	pl, err := s.Tokens.Open(text)
	if errors.Is(err, token.ErrInvalid) {
		return t, gone("This is not a recognized Fernet token")
	} else if err != nil {
		return t, err
	}
	var disabled bool
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if t, err = s.build(ctx, tx, pl); err != nil {
			return err
		}
		now := tx.Now()
		if !now.Before(t.ExpiresAt.Add(v.window)) || t.IssuedAt.After(now.Add(maxSkew)) {
			return gone("Failed to validate token")
		}
		until, err := tx.RevokedUntil(ctx, &t)
		if err != nil {
			return err
		}
		if !until.IsZero() {
			return gone("Failed to validate token")
		}
		disabled = !s.Directory.Enabled(t.User, now)
		return nil
	})
	if err != nil {
		return identity.Token{}, asNotFound(err)
	}
	if disabled {
		// The account was disabled where no event was written: write it, so that enabling it again revives nothing.
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			return tx.Revoke(ctx, identity.RevocationEvent{UserID: t.User.ID})
		})
		if err != nil {
			return identity.Token{}, err
		}
		return identity.Token{}, gone("Failed to validate token")
	}
	return t, nil
}

// build makes the token that a payload stands for, out of what the store says now.
func (s *Service) build(ctx context.Context, tx *store.Tx, pl token.Payload) (t identity.Token, err error) {
	t = identity.Token{
		Methods: pl.Methods, AuditIDs: pl.AuditIDs, IssuedAt: pl.IssuedAt, ExpiresAt: pl.ExpiresAt,
		TrustID: pl.TrustID, AccessTokenID: pl.AccessTokenID, ApplicationCredentialID: pl.AppCredID, Thumbprint: pl.Thumbprint,
		Federated: pl.Federated, IdentityProviderID: pl.IdentityProviderID, ProtocolID: pl.ProtocolID,
	}
	for _, g := range pl.GroupIDs {
		t.GroupIDs = append(t.GroupIDs, identity.GroupID(g))
	}
	if t.TrustID != "" || t.AccessTokenID != "" || t.ApplicationCredentialID != "" || t.Thumbprint != "" || t.Federated {
		// Fail closed: without their parent's rules such tokens would say more than was delegated.
		return t, gone("Failed to validate token")
	}
	if t.User, err = tx.User(ctx, identity.UserID(pl.UserID)); err != nil {
		return t, err
	}
	if t.UserDomain, err = tx.Domain(ctx, t.User.DomainID); err != nil {
		return t, err
	}
	if !t.UserDomain.Enabled {
		return t, gone("Unable to validate token because domain " + string(t.UserDomain.ID) + " is disabled")
	}
	switch {
	case pl.System:
		t.Scope = identity.OnSystem()
	case pl.DomainID != "":
		t.Scope = identity.OnDomain(identity.DomainID(pl.DomainID))
		if t.ScopeDomain, err = tx.Domain(ctx, t.Scope.DomainID()); err != nil {
			return t, err
		}
	case pl.ProjectID != "":
		t.Scope = identity.OnProject(identity.ProjectID(pl.ProjectID))
		if t.Project, err = tx.Project(ctx, t.Scope.ProjectID()); err != nil {
			return t, err
		}
		if !t.Project.Enabled {
			return t, gone("Unable to validate token because project " + pl.ProjectID + " is disabled")
		}
		if t.ScopeDomain, err = tx.Domain(ctx, t.Project.DomainID); err != nil {
			return t, err
		}
	default:
		return t, nil
	}
	if t.Scope.Kind() != identity.SystemScoped && !t.ScopeDomain.Enabled {
		return t, gone("Unable to validate token because domain " + string(t.ScopeDomain.ID) + " is disabled")
	}
	if t.Roles, err = s.Assignment.Effective(ctx, tx, t.User.ID, t.GroupIDs, t.Scope); err != nil {
		return t, err
	}
	if len(t.Roles) == 0 {
		return t, gone("User " + pl.UserID + " has no access to the scope")
	}
	return t, nil
}

func gone(message string) error { return &identity.Error{Kind: identity.NotFound, Message: message} }

// asNotFound turns each way a token can be bad into a 404.
func asNotFound(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind != identity.NotFound {
		return gone(e.Message)
	}
	return err
}
