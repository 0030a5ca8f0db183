package auth

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Mapped is a login by an identity provider whom a web server in front has asked (keystone/auth/plugins/mapped.py). Method
// is the name under which tokens show it: "mapped", or that of a protocol.
type Mapped struct {
	Method   string
	Provider identity.Opt[identity.IdentityProviderID]
	Protocol identity.Opt[identity.ProtocolID]

	// Variable returns what the web server has set; see federation.Login.
	Variable func(name string) string

	// Token is a federated token that is to be turned into another, in the place of all else: an old way to say so.
	Token *Token
}

func (m *Mapped) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	if m.Token != nil {
		return m.exchange(ctx, s, r)
	}
	switch {
	case !m.Provider.Present:
		return nil, identity.Expecting("identity_provider", "mapped")
	case !m.Protocol.Present:
		return nil, identity.Expecting("protocol", "mapped")
	}
	person, err := s.Federation.Login(ctx, federation.Login{Provider: m.Provider.Value, Protocol: m.Protocol.Value, Variable: m.Variable})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		u, err := s.Directory.Admit(ctx, tx, directory.UserRef{ID: person.User})
		if err != nil {
			return err
		}
		if !person.Local {
			p.provider = &provided{m.Provider.Value, m.Protocol.Value, person.Groups}
		}
		p.by(m.Method)
		return p.is(u.ID)
	}, nil
}

func (m *Mapped) exchange(ctx context.Context, s *Service, r *Request) (confirm, error) {
	confirm, err := m.Token.prove(ctx, s, r)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		if err := confirm(ctx, tx, p); err != nil {
			return err
		}
		if !p.parent.Federated {
			return identity.Unauthenticatedf("the token is not one of a federated login")
		}
		p.by(m.Method)
		return nil
	}, nil
}

// provided is what tokens of a federated login say of it.
type provided struct {
	provider identity.IdentityProviderID
	protocol identity.ProtocolID
	groups   []identity.GroupID
}

// bindToProvider makes a federated token what its identity provider allows: the provider must be enabled and still have
// the protocol, this a mapping, and the user be one of its subjects. It returns the groups that count because the token
// names them, which they do only as long as no memberships are kept that have an end of their own.
func (s *Service) bindToProvider(ctx context.Context, tx *store.Tx, t *identity.Token) (groups []identity.GroupID, err error) {
	life, err := tx.ProviderLife(ctx, t.IdentityProviderID, t.ProtocolID)
	if errors.Is(err, identity.NotFound) {
		return nil, notFound("Failed to validate token")
	} else if err != nil {
		return nil, err
	}
	for _, f := range t.User.Federated {
		if f.IdentityProviderID != t.IdentityProviderID || f.ProtocolID != t.ProtocolID {
			continue
		}
		if life == 0 {
			groups = t.ProvidedGroups
		}
		return groups, nil
	}
	return nil, notFound("Failed to validate token")
}
