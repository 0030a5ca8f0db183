package assignment

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Invitable returns the global roles that the caller may grant on a project to somebody of its domain who need not be there yet.
func (s *Service) Invitable(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) (may []identity.Role, err error) {
	page, err := tx.Roles(ctx, identity.Query{}.Where("domain_id", ""))
	for _, r := range page.Items {
		if s.mayGrant(ctx, caller, create, p, identity.User{DomainID: p.DomainID, Enabled: true}, r) {
			may = append(may, r)
		}
	}
	slices.SortFunc(may, byName)
	return may, err
}

// CheckRevoke returns nil when the caller may take a role on a project away from somebody of its domain who need not be there
// yet.
func (s *Service) CheckRevoke(ctx context.Context, caller identity.Caller, p identity.Project, r identity.Role) error {
	return s.Authz.Check(ctx, caller, authz.RevokeGrant, authz.Target{
		"project": authz.Project(p), "role": authz.Role(r), "user": authz.User(identity.User{DomainID: p.DomainID, Enabled: true}),
	})
}

// GrantIn is CreateGrant inside a transaction.
func (s *Service) GrantIn(ctx context.Context, tx *store.Tx, caller identity.Caller, g identity.Grant) error {
	e, err := s.allowedGrant(ctx, tx, caller, create, g)
	if err != nil {
		return err
	}
	if err := e.complete(create, g); err != nil {
		return err
	}
	if err := e.change(ctx, tx, create, g); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Granted("created", g).By(caller))
}
