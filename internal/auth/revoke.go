package auth

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Revoke ends a token at once; with cascade also those that were made from it, as far as it is the first of its chain
// (keystone/token/provider.py, revoke_token).
func (s *Service) Revoke(ctx context.Context, caller identity.Caller, text string, cascade bool) error {
	t, err := s.open(ctx, text, validity{})
	if err != nil {
		return err
	}
	if err := s.Authz.Check(ctx, caller, authz.RevokeToken, authz.Target{"token": authz.Token(&t)}); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Revoke(ctx, identity.RevocationEvent{AuditID: t.AuditID()}); err != nil {
			return err
		}
		if !cascade {
			return nil
		}
		return tx.Revoke(ctx, identity.RevocationEvent{AuditChainID: t.AuditID()})
	})
}
