package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Tokenless says whose certificates stand in for tokens.
type Tokenless struct {
	Issuers         []string            // [tokenless_auth] trusted_issuer; none is nobody's
	IssuerAttribute string              // [tokenless_auth] issuer_attribute: the variable that names the issuer
	Protocol        identity.ProtocolID // [tokenless_auth] protocol: that of the issuer, as an identity provider
}

// Certificate is what a web server in front says of the certificate that a client has shown it; see federation.Login. That
// it may be believed is for its caller to know.
type Certificate struct{ Variable func(name string) string }

// AuthenticateCertificate finds out who asks without a token, by the certificate that they have shown: nobody when there is
// none of a trusted issuer (keystone/common/tokenless_auth.py). on must name a project or a domain, as every such request
// does. What the issuer's mapping makes of the certificate is a user who exists, or groups whose roles count.
//
// Such a caller is taken for one whose rights were handed on: what makes credentials is closed to it.
func (s *Service) AuthenticateCertificate(ctx context.Context, c Certificate, on ScopeRequest) (identity.Caller, error) {
	issuer := c.Variable(s.Tokenless.IssuerAttribute)
	verified := c.Variable("SSL_CLIENT_VERIFY") // which a web server may not send; it lets pass what it could not verify, if told to
	if issuer == "" || !slices.Contains(s.Tokenless.Issuers, issuer) || verified != "" && verified != "SUCCESS" {
		return identity.Caller{}, nil
	}
	switch {
	case on.Project == nil && on.Domain == nil:
		return identity.Caller{}, identity.Expecting("project or domain", "scope")
	case on.Project != nil && on.Project.ID == "" && on.Project.Domain == nil:
		return identity.Caller{}, identity.Invalidf("Neither Project Domain ID nor Project Domain Name was provided.")
	}
	sum := sha256.Sum256([]byte(issuer))
	login := federation.Login{
		Provider: identity.IdentityProviderID(hex.EncodeToString(sum[:])), Protocol: s.Tokenless.Protocol, Variable: c.Variable,
	}
	var t identity.Token
	err := s.view(ctx, func(tx *store.Tx) error {
		scope, err := s.scope(ctx, tx, on, &proved{})
		if err != nil {
			return err
		}
		person, err := s.Federation.Recognize(ctx, tx, login)
		if err != nil {
			return err
		}
		now := tx.Now()
		pl := token.Payload{
			UserID: string(person.User), Methods: []string{string(s.Tokenless.Protocol)}, AuditIDs: []string{token.NewAuditID()},
			IssuedAt: now.Truncate(time.Second), ExpiresAt: now.Add(s.Expiration).Truncate(time.Second),
			ProjectID: string(scope.ProjectID()), DomainID: string(scope.DomainID()),
		}
		if person.Local {
			if t, err = s.build(ctx, tx, pl); err != nil {
				return hide(err)
			}
			if err := toAPI.admit(&t); err != nil {
				return err
			}
		} else if t, err = s.members(ctx, tx, pl, scope, person.Groups); err != nil {
			return err
		}
		return s.guard(ctx, tx, &t)
	})
	if err != nil {
		return identity.Caller{}, err
	}
	return identity.Caller{Token: &t, Delegated: true, DelegatedMethods: true}, nil
}

// members is a token of nobody in particular, with the roles of groups.
func (s *Service) members(ctx context.Context, tx *store.Tx, pl token.Payload, scope identity.Scope, groups []identity.GroupID) (t identity.Token, err error) {
	t = identity.Token{
		Memo: new(identity.Memo), Methods: pl.Methods, AuditIDs: pl.AuditIDs, IssuedAt: pl.IssuedAt, ExpiresAt: pl.ExpiresAt,
		Scope: scope, GroupIDs: groups,
	}
	domain := scope.DomainID()
	if id := scope.ProjectID(); id != "" {
		if t.Project, err = tx.Project(ctx, id); err != nil {
			return t, err
		}
		domain = t.Project.DomainID
	}
	if t.ScopeDomain, err = tx.Domain(ctx, domain); err != nil {
		return t, err
	}
	t.Roles, err = s.Assignment.Effective(ctx, tx, "", groups, scope)
	return t, err
}
