// Package assignment knows who may do what where: roles, which roles imply others, grants of roles to users and groups
// on projects, domains and the system, and what follows from all of them together.
package assignment

import (
	"context"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB    *store.DB
	Authz *authz.Checker

	// Authority tells what the policy does not see: whom a change concerns, and what they hold.
	Authority *authority.Service

	// Directory knows what is asked of people who get a role.
	Directory *directory.Service

	// Office tells people of what they may do.
	Office *mail.Office

	// NeverImplied are names of roles that no other role may imply ([assignment] prohibited_implied_role).
	NeverImplied []string
}

// Effective returns the global roles that a user holds on a scope. groups are memberships that the database does not
// know of: those that an identity provider asserted.
func (s *Service) Effective(ctx context.Context, tx *store.Tx, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Role, error) {
	return tx.EffectiveRoles(ctx, user, groups, scope)
}

// Held is Effective with the roles of domains, which trusts may hand on too.
func (s *Service) Held(ctx context.Context, tx *store.Tx, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Role, error) {
	return tx.HeldRoles(ctx, user, groups, scope)
}
