package auth

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Revoke ends a token at once; with cascade also those that were made from it, as far as it is the first of its chain
// (keystone/token/provider.py, revoke_token).
func (s *Service) Revoke(ctx context.Context, caller identity.Caller, subject Subject, cascade bool) error {
	e, err := s.subject(ctx, caller, authz.RevokeToken, subject, nil)
	if err != nil {
		return err
	}
	t := &e.token
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		// The token may be stamped ahead of this clock: by another node, or to get past an event (stamp).
		before := tx.Now().Truncate(time.Second)
		if t.IssuedAt.After(before) {
			before = t.IssuedAt
		}
		if err := tx.Revoke(ctx, identity.RevocationEvent{AuditID: t.AuditID(), IssuedBefore: before}); err != nil {
			return err
		}
		if !cascade {
			return nil
		}
		return tx.Revoke(ctx, identity.RevocationEvent{AuditChainID: t.AuditID(), IssuedBefore: before})
	})
}
