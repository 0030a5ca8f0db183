package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ApplicationCredential is a claim to hold an application credential, named by id, or by name and owner. The owner is
// taken from the credential: whom the request names beside an id does not count.
type ApplicationCredential struct {
	ID     identity.ApplicationCredentialID
	Name   string
	User   *directory.UserRef
	Secret string
}

// check refuses a claim that names nothing, or that comes with a scope (keystone/auth/core.py, _lookup_app_cred).
func (p *ApplicationCredential) check(scope ScopeRequest) error {
	switch {
	case scope != ScopeRequest{}:
		return errScopeOfCredential
	case p.ID != "":
		return nil
	case p.Name == "":
		return identity.Expecting("name or ID", "application credential")
	case p.User == nil || p.User.ID == "" && p.User.Name == "" && p.User.Domain == nil:
		return identity.Expecting("user", "application credential")
	case p.User.ID != "":
		return nil
	case p.User.Domain == nil:
		return identity.Expecting("domain", "user")
	case p.User.Name == "":
		return identity.Expecting("id or name", "user")
	case p.User.Domain.Name == "" && p.User.Domain.ID == "":
		return identity.Expecting("id or name", "domain")
	}
	return nil
}

// errScopeOfCredential answers a login with an application credential that asks for a scope, even its own.
var errScopeOfCredential = &identity.Error{
	Kind: identity.Unauthorized, Methods: []string{},
	Message: "Error authenticating with application credential: Application credentials cannot request a scope.",
}

// prove compares the secret. Whoever cannot log in by a name gets one answer after the time of one
// hash. An id says by itself whether there is such a credential.
func (p *ApplicationCredential) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	if p.ID != "" && s.Secrets.right(p.ID, p.Secret) {
		r.recalled = true
		return s.confirmCredential(p.ID), nil
	}
	var c identity.ApplicationCredential
	var hash string
	owner := directory.UserRef{}
	stamp := s.DB.Stamp()
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if c, err = s.findApplicationCredential(ctx, tx, p); err != nil {
			return err
		}
		hash, err = tx.SecretHash(ctx, c.ID)
		return err
	})
	switch {
	case err == nil:
		owner.ID = c.UserID
	case p.ID == "" && errors.Is(err, identity.NotFound):
		owner = *p.User
	default:
		return nil, err
	}
	if err := s.Directory.CheckSecret(ctx, owner, string(c.ID), hash, p.Secret); err != nil {
		return nil, s.refuse(ctx, c.UserID, identity.Party{Kind: "application_credential", ID: string(c.ID), Name: c.Name}, identity.CauseSecret, err)
	}
	s.Secrets.learn(&c, p.Secret, stamp)
	return s.confirmCredential(c.ID), nil
}

func (s *Service) confirmCredential(id identity.ApplicationCredentialID) confirm {
	return func(ctx context.Context, tx *store.Tx, in *proved) error {
		now, err := tx.ApplicationCredential(ctx, id)
		if err != nil {
			return err
		}
		if now.ExpiresAt != nil && !tx.Now().Before(*now.ExpiresAt) {
			return identity.Unauthenticatedf("application credential %s has expired", id)
		}
		if _, err := s.Directory.Admit(ctx, tx, directory.UserRef{ID: now.UserID}); err != nil {
			return err
		}
		in.credential = &now
		in.by("application_credential")
		return in.is(now.UserID)
	}
}

func (s *Service) findApplicationCredential(ctx context.Context, tx *store.Tx, p *ApplicationCredential) (c identity.ApplicationCredential, err error) {
	if p.ID != "" {
		return tx.ApplicationCredential(ctx, p.ID)
	}
	ref := *p.User
	if ref.ID != "" {
		ref.Name = "" // here the id wins
	}
	u, err := s.Directory.Find(ctx, tx, ref)
	if err != nil {
		return c, err
	}
	found, err := tx.ApplicationCredentials(ctx, u.ID, identity.Query{}.Where("name", p.Name))
	if err != nil {
		return c, err
	}
	if len(found.Items) != 1 {
		return c, identity.Missing("application credential", p.Name)
	}
	return found.Items[0], nil
}

// bindToApplicationCredential makes a token what its application credential allows: it must be there and be of the token's
// user and project, and gives those of its roles that the user still holds.
func (s *Service) bindToApplicationCredential(ctx context.Context, tx *store.Tx, t *identity.Token) error {
	c, err := tx.ApplicationCredential(ctx, t.ApplicationCredentialID)
	if err != nil {
		return err
	}
	if c.UserID != t.User.ID || c.ProjectID == "" || c.ProjectID != t.Scope.ProjectID() {
		return notFound("Failed to validate token")
	}
	t.ApplicationCredential = &c
	t.Roles = slices.DeleteFunc(t.Roles, func(r identity.Role) bool {
		return !slices.ContainsFunc(c.Roles, func(given identity.Role) bool { return given.ID == r.ID })
	})
	return nil
}

// noLater is the earlier of a time and the end of what a token stands on, in whole seconds.
func noLater(at time.Time, end *time.Time) time.Time {
	if end != nil && at.After(*end) {
		return end.Truncate(time.Second)
	}
	return at
}

// MayCall tells whether a caller's token may be used for a request to this API, as access rules have it: 401 if not. Every
// token may validate tokens (validate_allowed_request in keystonemiddleware/auth_token/__init__.py).
func (s *Service) MayCall(caller identity.Caller, method, path string) error {
	if caller.Token == nil || caller.Token.ApplicationCredential == nil {
		return nil
	}
	rules := caller.Token.ApplicationCredential.AccessRules
	if len(rules) == 0 || method == "GET" && path == "/v3/auth/tokens" {
		return nil
	}
	for _, r := range rules {
		if r.Allows("identity", method, path) {
			return nil
		}
	}
	return identity.Unauthenticatedf("no access rule of application credential %s allows %s %s", caller.Token.ApplicationCredentialID, method, path)
}

// understood refuses to show a token with access rules to who does not say that they will be heeded.
func (s Subject) understood(t *identity.Token) error {
	if !s.AccessRules && t.ApplicationCredential != nil && len(t.ApplicationCredential.AccessRules) > 0 {
		return notFound("Failed to validate token")
	}
	return nil
}
