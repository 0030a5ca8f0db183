package auth

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Token is the text of a token that is to be turned into another (keystone/auth/plugins/token.py).
type Token string

func (m Token) prove(_ context.Context, s *Service, r *Request) (confirm, error) {
	pl, err := s.read(string(m))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		t, err := s.parent(ctx, tx, string(m), pl)
		if err != nil {
			return err
		}
		if err := s.mayExchange(t, r.Scope); err != nil {
			return err
		}
		p.parent = t
		if t.Federated {
			p.provider = &provided{t.IdentityProviderID, t.ProtocolID, t.ProvidedGroups}
		}
		p.by("token")
		p.by(t.Methods...)
		return p.is(t.User.ID)
	}, nil
}

// parent judges the token that another is to be made from; a glance may find it in memory.
func (s *Service) parent(ctx context.Context, tx *store.Tx, text string, pl token.Payload) (*identity.Token, error) {
	if !tx.Glancing() {
		t, err := s.judge(ctx, tx, text, pl, 0)
		return &t, err
	}
	here := func(_ context.Context, fn func(*store.Tx) error) error { return fn(tx) }
	e, err := s.recallIn(ctx, here, text, 0, nil)
	if err != nil {
		return nil, err
	}
	return &e.token, nil
}

// mayExchange tells whether a token may be turned into another: what was delegated may
// not, and what holds for the system gives nothing on projects and domains.
func (s *Service) mayExchange(t *identity.Token, to ScopeRequest) error {
	switch {
	case t.AccessTokenID != "":
		return identity.NotAllowed("Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead")
	case t.TrustID != "":
		return identity.NotAllowed("Using trust-scoped token to create another token. Create a new trust-scoped token instead")
	case t.Scope.IsSystem() && (to.Project != nil || to.Domain != nil):
		return errSystemExchange
	case t.Delegated(s.AdditionalPrimary):
		return identity.NotAllowed("Using a delegated token to create another token is not allowed.")
	case !s.AllowRescopeScoped && t.Scope.Kind() != identity.Unscoped:
		return identity.NotAllowed("rescope a scoped token")
	}
	return nil
}

var errSystemExchange = identity.NotAllowed("Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.")

// exchanged is the event of a federated token that was turned into another, a login as Keystone has it
// (handle_scoped_token in keystone/auth/plugins/mapped.py).
func exchanged(t *identity.Token) identity.Event {
	return identity.Event{Resource: "authenticate", Initiator: &identity.Initiator{Federated: &identity.FederatedClaim{
		IdentityProviderID: string(t.IdentityProviderID), UserID: t.User.ID, GroupIDs: t.ProvidedGroups, AuditID: t.AuditID(),
	}}}
}
