package assignment

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// GuideRole is a role that somebody has on a project, or that the caller may grant there.
type GuideRole struct {
	Offer
	People   int  // who have it there, if only because another role brings it along
	MayGrant bool // to people of the project's domain
}

// RoleGuide returns the roles that matter on a project, by name. The rule is that of People.
func (s *Service) RoleGuide(ctx context.Context, caller identity.Caller, project identity.ProjectID) (guide []GuideRole, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.projectOfPeople(ctx, tx, caller, project)
		if err != nil {
			return err
		}
		all, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		g, err := s.granter(ctx, tx, caller, p, all)
		if err != nil {
			return err
		}
		counts, err := tx.CountHolders(ctx, project)
		for _, o := range g.offers(identity.User{DomainID: p.DomainID, Enabled: true}, nil) {
			guide = append(guide, GuideRole{Offer: o, People: counts[o.ID], MayGrant: true})
			delete(counts, o.ID)
		}
		for id, n := range counts {
			if r, there := all.roles[id]; there {
				guide = append(guide, GuideRole{Offer: s.offer(all, r), People: n})
			}
		}
		slices.SortFunc(guide, func(a, b GuideRole) int { return byName(a.Role, b.Role) })
		return err
	})
	return guide, err
}
