package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Areas returns the areas of a project's pages that the caller may enter for what they are there, whatever they hold: all for the
// project's main user, who acts on it, and for somebody without a scope those that they were let into. That is for people in person,
// and for projects that are enabled.
func (s *Service) Areas(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID) ([]identity.Area, error) {
	t := caller.Token
	if t == nil || caller.Delegated || caller.DelegatedMethods || t.User.Surface.Kind != identity.PersonAccount {
		return nil, nil
	}
	var areas []identity.Area
	switch {
	case t.Scope == identity.OnProject(project):
		if main, err := tx.MainUser(ctx, project); err != nil || main != t.User.ID {
			return nil, err
		}
		areas = identity.Areas
	case t.Scope.Kind() == identity.Unscoped:
		found, err := tx.AreasOf(ctx, project, t.User.ID)
		if err != nil {
			return nil, err
		}
		areas = found
	}
	if len(areas) == 0 {
		return nil, nil
	}
	if rules, err := tx.ProjectRules(ctx, project); err != nil || rules.Factor && !identity.ProvedTwice(t.Methods) {
		return nil, err
	}
	p, err := tx.Project(ctx, project)
	if err == nil && p.Enabled {
		d, failed := tx.Domain(ctx, p.DomainID)
		if err = failed; err == nil && d.Enabled {
			return areas, nil
		}
	}
	if errors.Is(err, identity.NotFound) {
		err = nil
	}
	return nil, err
}

// Lets tells whether the caller may enter an area of a project's pages. See Areas.
func (s *Service) Lets(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, area identity.Area) (bool, error) {
	areas, err := s.Areas(ctx, tx, caller, project)
	return slices.Contains(areas, area), err
}
