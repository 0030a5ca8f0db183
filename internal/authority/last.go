package authority

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// KeepAdmin refuses an act that was just done in a transaction, if it leaves the cloud without anybody enabled who may do
// everything for good. It refuses nothing where there was nobody before. places are where it took roles away, if known: a caller
// who is not sovereign must not leave them without anybody who looks after them, either.
func (s *Service) KeepAdmin(ctx context.Context, tx *store.Tx, caller identity.Caller, places ...identity.ProjectID) error {
	if !s.Authz.Protect {
		return nil
	}
	b, err := s.Book(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.kept(ctx, tx, s.Authz.Masters(b), "", "This would leave the cloud without anybody who may do everything."); err != nil {
		return err
	}
	if len(places) == 0 {
		return nil
	}
	if r, err := s.Of(ctx, tx, caller); err != nil || r.Sovereign(authz.AnyTime) {
		return err
	}
	line, err := tx.Lineage(ctx, places)
	if err != nil {
		return err
	}
	for _, id := range places {
		if p, there := line[id]; there {
			tops := s.Authz.Keepers(b, p.IsDomain)
			if err := s.kept(ctx, tx, tops, id, "This would leave "+p.Name+" without anybody who looks after it."); err != nil {
				return err
			}
		}
	}
	return nil
}

// PlacesOf are where a user holds something, for a caller who is not sovereign.
func (s *Service) PlacesOf(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID) ([]identity.ProjectID, error) {
	if r, err := s.Of(ctx, tx, caller); err != nil || r.Sovereign(authz.AnyTime) {
		return nil, err
	}
	grants, err := tx.Grants(ctx, store.GrantFilter{User: user, Member: true})
	return Targets(grants...), err
}

// kept refuses when nobody has one of some roles any more, and somebody had before.
func (s *Service) kept(ctx context.Context, tx *store.Tx, roles identity.TierRoles, on identity.ProjectID, message string) error {
	if roles.Empty() {
		return nil
	}
	some, err := tx.EnabledHolder(ctx, roles, on)
	if err != nil || some {
		return err
	}
	before := false
	err = s.DB.View(ctx, func(outside *store.Tx) error {
		before, err = outside.EnabledHolder(ctx, roles, on)
		return err
	})
	if err == nil && before {
		authz.Decided(ctx, authz.Decision{By: authz.ByLastAdmin})
		err = identity.Refusedf("%s", message)
	}
	return err
}

// Targets are the projects, and domains, of grants.
func Targets(grants ...identity.Grant) (ids []identity.ProjectID) {
	for _, g := range grants {
		if !g.System && !slices.Contains(ids, target(g)) {
			ids = append(ids, target(g))
		}
	}
	return ids
}

// Masters are the users, whether they can log in or not, whom the policy lets do everything with roles by what they hold somewhere.
func (s *Service) Masters(ctx context.Context, tx *store.Tx, b *authz.Book) (map[identity.UserID]identity.User, error) {
	masters := s.Authz.Masters(b)
	var grants []identity.Grant
	for _, role := range slices.Concat(masters.Project, masters.Domain, masters.System) {
		some, err := tx.Grants(ctx, store.GrantFilter{Role: role})
		if err != nil {
			return nil, err
		}
		grants = append(grants, some...)
	}
	users, err := tx.Holders(ctx, grants)
	if err != nil {
		return nil, err
	}
	return tx.UsersByID(ctx, users)
}
