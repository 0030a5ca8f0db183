package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// proved is what the methods of a login have shown so far.
type proved struct {
	user      identity.UserID
	methods   []string
	expiresAt time.Time // of the token that was shown; zero for none
	chain     string    // audit id of the first token of the chain; empty for none
}

func (p *proved) is(user identity.UserID) error {
	if p.user != "" && p.user != user {
		return identity.Unauthenticatedf("the methods name different users: %s and %s", p.user, user)
	}
	p.user = user
	return nil
}

func (p *proved) by(methods ...string) {
	for _, m := range methods {
		if !slices.Contains(p.methods, m) {
			p.methods = append(p.methods, m)
		}
	}
}

// Issue logs somebody in. A *ReceiptError says that more methods are needed.
func (s *Service) Issue(ctx context.Context, r Request) (Issued, error) {
	if err := s.check(&r); err != nil {
		return Issued{}, err
	}
	if r.Scope.Malformed {
		return Issued{}, identity.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	}
	var p proved
	for _, m := range r.Methods {
		if err := s.prove(ctx, m, &r, &p); err != nil {
			return Issued{}, err
		}
	}
	if p.user == "" {
		return Issued{}, identity.Unauthenticatedf("no method proved a user")
	}
	if err := s.receive(ctx, r.Receipt, &p); err != nil {
		return Issued{}, err
	}
	var out Issued
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		scope, err := s.scope(ctx, tx, r.Scope, p.user)
		if err != nil {
			return err
		}
		if err := s.checkRules(ctx, tx, &p); err != nil {
			return err
		}
		pl := s.payload(tx.Now(), &p, scope)
		out.Token, err = s.build(ctx, tx, pl)
		if err != nil {
			return hide(err)
		}
		if err := s.outlive(ctx, tx, &out.Token); err != nil {
			return err
		}
		return s.complete(ctx, tx, &out, !r.NoCatalog)
	})
	if err != nil {
		return Issued{}, err
	}
	out.Text, err = s.seal(&out.Token)
	return out, err
}

func (s *Service) prove(ctx context.Context, method string, r *Request, p *proved) error {
	switch method {
	case "password":
		user, err := s.Directory.Authenticate(ctx, *r.Password)
		if err != nil {
			return err
		}
		p.by("password")
		return p.is(user.ID)
	default: // token
		t, err := s.open(ctx, *r.Token, validity{})
		if err != nil {
			return err
		}
		if err := s.mayExchange(&t, r.Scope); err != nil {
			return err
		}
		if err := p.is(t.User.ID); err != nil {
			return err
		}
		p.by("token")
		p.by(t.Methods...)
		// A token made from a token ends with it: rescoping must not stand in for proving who one is.
		p.expiresAt, p.chain = t.ExpiresAt, t.AuditIDs[len(t.AuditIDs)-1]
		return nil
	}
}

// mayExchange tells whether a token may be turned into another (keystone/auth/plugins/token.py): what was delegated may
// not, and what holds for the system gives nothing on projects and domains.
func (s *Service) mayExchange(t *identity.Token, to ScopeRequest) error {
	switch {
	case t.AccessTokenID != "":
		return identity.NotAllowed("Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead")
	case t.TrustID != "":
		return identity.NotAllowed("Using trust-scoped token to create another token. Create a new trust-scoped token instead")
	case t.Scope.IsSystem() && (to.Project != nil || to.Domain != nil):
		return identity.NotAllowed("Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.")
	case t.Delegated(s.AdditionalPrimary):
		return identity.NotAllowed("Using a delegated token to create another token is not allowed.")
	case !s.AllowRescopeScoped && t.Scope.Kind() != identity.Unscoped:
		return identity.NotAllowed("rescope a scoped token")
	}
	return nil
}

// payload is what a new token will say.
func (s *Service) payload(now time.Time, p *proved, scope identity.Scope) token.Payload {
	pl := token.Payload{
		UserID:    string(p.user),
		Methods:   p.methods,
		AuditIDs:  []string{token.NewAuditID()},
		IssuedAt:  now.Truncate(time.Second),
		ExpiresAt: now.Add(s.Expiration).Truncate(time.Second),
		ProjectID: string(scope.ProjectID()),
		DomainID:  string(scope.DomainID()),
		System:    scope.IsSystem(),
	}
	if p.chain != "" {
		pl.AuditIDs = append(pl.AuditIDs, p.chain)
	}
	if !p.expiresAt.IsZero() {
		pl.ExpiresAt = p.expiresAt
	}
	return pl
}

// outlive moves the issue time of a fresh token past revocation events of the same second. Events and tokens know
// seconds only, and an event ends all that was issued in its second; without this, who changes a password and logs in
// at once would hold a dead token.
func (s *Service) outlive(ctx context.Context, tx *store.Tx, t *identity.Token) error {
	until, err := tx.RevokedUntil(ctx, t)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		t.IssuedAt = until.Truncate(time.Second).Add(time.Second)
	}
	return nil
}

func (s *Service) seal(t *identity.Token) (string, error) {
	groups := make([]string, len(t.GroupIDs))
	for i, g := range t.GroupIDs {
		groups[i] = string(g)
	}
	return s.Tokens.Seal(token.Payload{
		UserID: string(t.User.ID), Methods: t.Methods, AuditIDs: t.AuditIDs, IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt,
		ProjectID: string(t.Scope.ProjectID()), DomainID: string(t.Scope.DomainID()), System: t.Scope.IsSystem(),
		TrustID: t.TrustID, AccessTokenID: t.AccessTokenID, AppCredID: t.ApplicationCredentialID, Thumbprint: t.Thumbprint,
		Federated: t.Federated, IdentityProviderID: t.IdentityProviderID, ProtocolID: t.ProtocolID, GroupIDs: groups,
	})
}

// hide turns what build finds wrong with a new token into the 401 of a login.
func hide(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.NotFound {
		return identity.Unauthenticatedf("%s", e.Message)
	}
	return err
}

// complete adds what is shown of a token beside itself.
func (s *Service) complete(ctx context.Context, tx *store.Tx, out *Issued, withCatalog bool) (err error) {
	t := &out.Token
	if t.Scope.Kind() == identity.ProjectScoped && s.AdminProject != "" && s.AdminProjectDomain != "" {
		is := t.Project.Name == s.AdminProject && t.ScopeDomain.Name == s.AdminProjectDomain
		out.IsAdminProject = &is
	}
	if withCatalog && t.Scope.Kind() != identity.Unscoped {
		out.Catalog, err = s.Catalog.Render(ctx, tx, t.User.ID, t.Scope.ProjectID())
	}
	return err
}
