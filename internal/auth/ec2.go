package auth

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// SignedRequest is a request to EC2 or S3, as the service that got it hands it on.
type SignedRequest struct {
	Access identity.Opt[string] // the key that signed it

	// Signature is what was signed, and how.
	Signature interface {
		Check(secret string) error // nil when it was made with the secret
		Times() []string           // when it was made, as it says itself
	}
}

// IssueSigned gives a service the token of whoever signed a request (keystone/api/_shared/EC2_S3_Resource.py). r is nil when
// the service hands nothing on. It is a NotFound when there is no such key, and a 401 for whatever else is wrong with the
// request, the key or its user.
//
// The token is bound as the key is: to its project, and to the trust, application credential or access token that it was made
// with in earlier releases. The user's multi-factor rules hold here too: they must have one that a key meets.
func (s *Service) IssueSigned(ctx context.Context, caller identity.Caller, action authz.Action, r *SignedRequest) (Issued, error) {
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return Issued{}, err
	}
	if !slices.Contains(s.Methods, "ec2credential") {
		// A token that does not say how it came about would be taken for one of the user's own.
		return Issued{}, &identity.Error{
			Kind: identity.Unavailable,
			Message: "Cannot mint a token from an EC2 or S3 credential: the ec2credential auth method is not enabled. Add ec2credential to" +
				" the [auth] methods configuration option.",
		}
	}
	if r == nil {
		return Issued{}, identity.Invalidf("request must include a request body")
	}
	if !r.Access.Present {
		return Issued{}, identity.Unauthenticatedf("EC2 Signature not supplied")
	}
	key, err := s.Credential.SigningKey(ctx, r.Access.Value)
	if err != nil {
		return Issued{}, err
	}
	via := identity.Party{Kind: "credential", ID: string(key.ID), Name: "ec2"}
	if err := r.Signature.Check(key.Secret); err != nil {
		err = identity.Unauthenticatedf("a request signed with the key %s: %v", key.ID, err)
		return Issued{}, s.refuse(ctx, key.UserID, via, identity.CauseSignature, err)
	}
	for _, text := range r.Signature.Times() {
		at, ok := identity.ParseTime(text)
		if !ok {
			return Issued{}, identity.Unauthenticatedf("Credential timestamp is invalid: %s", text)
		}
		if s.DB.Now().After(at.Add(s.SignatureLife)) {
			return Issued{}, identity.Unauthenticatedf("Credential is expired")
		}
	}
	on := ScopeRequest{Project: &ProjectRef{ID: key.ProjectID}}
	if key.TrustID != "" {
		on = ScopeRequest{Trust: &key.TrustID}
	}
	issued, err := s.issue(ctx, on, s.view, true, func(ctx context.Context, tx *store.Tx, p *proved) error {
		p.by("ec2credential")
		p.key = key.ID
		return s.confirmKey(ctx, tx, key, p)
	})
	if e, ok := errors.AsType[*ReceiptError](err); ok {
		return Issued{}, identity.Unauthenticatedf("the multi-factor rules of user %s ask for more than a key", e.User.ID)
	}
	if err == nil {
		err = s.entered(ctx, issued.Token, &via)
	}
	return issued, refused(err)
}

// confirmKey finds out for whom a key speaks and what binds it, as of the transaction that issues the token.
func (s *Service) confirmKey(ctx context.Context, tx *store.Tx, key credential.EC2Key, p *proved) error {
	if _, err := tx.Credential(ctx, key.ID); err != nil {
		return err
	}
	owner, err := s.Directory.Admit(ctx, tx, directory.UserRef{ID: key.UserID})
	if err != nil {
		return err
	}
	switch {
	case key.TrustID != "":
		trust, err := tx.Trust(ctx, key.TrustID)
		if err != nil {
			return err
		}
		if trust.ProjectID != key.ProjectID {
			return identity.Unauthenticatedf("the key %s is not for the project of its trust", key.ID)
		}
		if trust.Impersonation { // then the key is the trustor's, and the token the trustee's in the name of the trustor
			if trust.TrustorUserID != owner.ID { // who makes a key writes what they like into it
				return identity.Unauthenticatedf("the key %s is not of the trustor of its trust", key.ID)
			}
			if owner, err = s.Directory.Admit(ctx, tx, directory.UserRef{ID: trust.TrusteeUserID}); err != nil {
				return err
			}
		}
	case key.ApplicationCredentialID != "":
		c, err := tx.ApplicationCredential(ctx, key.ApplicationCredentialID)
		if err != nil {
			return err
		}
		if c.ProjectID != key.ProjectID {
			return identity.Unauthenticatedf("the key %s is not for the project of its application credential", key.ID)
		}
		if c.ExpiresAt != nil && !tx.Now().Before(*c.ExpiresAt) {
			return identity.Unauthenticatedf("application credential %s has expired", c.ID)
		}
		p.credential = &c
	case key.AccessTokenID != "":
		a, err := tx.AccessToken(ctx, key.AccessTokenID)
		if err != nil {
			return err
		}
		if a.ProjectID != key.ProjectID {
			return identity.Unauthenticatedf("the key %s is not for the project of its access token", key.ID)
		}
		if a.ExpiresAt != nil && !tx.Now().Before(*a.ExpiresAt) {
			return identity.Unauthenticatedf("access token %s has expired", a.ID)
		}
		p.accessToken = &a
	default:
		if err := s.guardKey(ctx, tx, key.ID, owner, key.ProjectID); err != nil {
			return err
		}
	}
	return p.is(owner.ID)
}

// refused turns all that a key's own parents lack into the 401 of a login.
func refused(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok && (e.Kind == identity.NotFound || e.Kind == identity.Forbidden) {
		return identity.Unauthenticatedf("%v", e)
	}
	return err
}
