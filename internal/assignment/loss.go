package assignment

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// RoleLoss tells which application credentials go along with a role when it is deleted, with their owners and projects: the first
// ones, and how many there are in all. The rule is that of DeleteRole, and so is the condition that chooses them.
func (s *Service) RoleLoss(ctx context.Context, caller identity.Caller, id identity.RoleID, most int) (lost []identity.TrailEntry, all int, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.allowedRole(ctx, tx, caller, authz.DeleteRole, id); err != nil {
			return err
		}
		lost, all, err = tx.CredentialsLost(ctx, id, most)
		return err
	})
	return lost, all, err
}
