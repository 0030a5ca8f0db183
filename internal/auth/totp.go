package auth

import (
	"context"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// TOTP is a claim to be a user, with a one-time code (keystone/auth/plugins/totp.py). A code is taken as it is proved,
// whatever becomes of the login.
type TOTP struct {
	User     *directory.UserRef
	Passcode string

	// Then is the code that the authenticator showed after Passcode; empty for none. Two in a row are right however far, within
	// minutes, its clock is off, and from then on its codes count by that clock. Only the portal takes them.
	Then string
}

func (m *TOTP) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	login, err := s.Directory.AuthenticateBy(ctx, directory.Claim{
		Method: "totp", User: m.User, Known: r.known, Guessable: true,
		Right: func(id identity.UserID) (bool, error) {
			if m.Then != "" {
				return s.Credential.Resync(ctx, id, m.Passcode, m.Then)
			}
			return s.Credential.UsePasscode(ctx, id, m.Passcode)
		},
	})
	return s.confirmLogin("totp", login), err
}

// RecoveryCode is a claim to be a user, with a code that was written down for when there is no authenticator at hand. It
// counts as a one-time code: it is one, on paper. Only the portal takes it.
type RecoveryCode struct {
	User *directory.UserRef
	Code string
}

func (m *RecoveryCode) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	login, err := s.Directory.AuthenticateBy(ctx, directory.Claim{
		Method: "recovery code", User: m.User, Known: r.known, Guessable: true,
		Right: func(id identity.UserID) (bool, error) { return s.Credential.UseRecoveryCode(ctx, id, m.Code) },
	})
	return s.confirmLogin("totp", login), err
}
