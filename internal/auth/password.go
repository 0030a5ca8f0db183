package auth

import (
	"context"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/store"
)

// Password is a claim to be a user, with a password (keystone/auth/plugins/password.py).
type Password directory.Proof

func (m *Password) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	login, err := s.Directory.Authenticate(ctx, directory.Proof(*m))
	if err == nil {
		r.known = login.ID
	}
	return s.confirmLogin("password", login), err
}

// confirmLogin is the second half of methods that count their failures.
func (s *Service) confirmLogin(method string, login directory.Login) confirm {
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		u, err := s.Directory.Confirm(ctx, tx, login)
		if err != nil {
			return err
		}
		p.login = &login
		p.by(method)
		return p.is(u.ID)
	}
}
