package auth

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// External is whom a web server in front has let in (keystone/auth/plugins/external.py). That it may be believed is for its
// caller to know.
type External struct {
	User   string // REMOTE_USER; empty for nobody
	Domain string // the name of their domain, REMOTE_DOMAIN; empty for none
	Scheme string // how they were let in, AUTH_TYPE

	// Kerberos makes it the method kerberos, which is not believed of other schemes.
	Kerberos bool
}

func (m *External) prove(_ context.Context, s *Service, _ *Request) (confirm, error) {
	name, byDomain := "external", s.ExternalDomain
	if m.Kerberos {
		name, byDomain = "kerberos", true
	}
	switch {
	case m.User == "":
		return nil, identity.Unauthenticatedf("No authenticated user")
	case m.Kerberos && m.Scheme != "Negotiate":
		return nil, identity.Unauthenticatedf("auth_type is not Negotiate")
	}
	domain := directory.DomainRef{ID: s.Directory.DefaultDomain}
	if byDomain {
		domain.Name = m.Domain // if there is one, it wins
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		u, err := s.Directory.Admit(ctx, tx, directory.UserRef{Name: m.User, Domain: &domain})
		if err != nil {
			return err
		}
		p.by(name)
		return p.is(u.ID)
	}, nil
}

// besides is the first half of the method external at a login that does not ask for it: whom the web server has let in is
// one more proof, if that is somebody here, and none if not (authenticate in keystone/api/_shared/authentication.py).
func (m *External) besides(ctx context.Context, s *Service, r *Request) confirm {
	if m == nil || !slices.Contains(s.Methods, "external") || slices.Contains(r.Methods, "external") {
		return nil
	}
	c, err := m.prove(ctx, s, r)
	if err != nil {
		return nil
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		if err := c(ctx, tx, p); !errors.Is(err, identity.Unauthorized) {
			return err
		}
		return nil
	}
}
