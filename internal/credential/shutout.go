package credential

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ShutOut is what could not work in a project any more if it asked for a second factor.
type ShutOut struct {
	People []identity.User // who have none, by name
	Robots []identity.Robot
	Owners map[identity.UserID]string // of the robots, by name
	More   bool                       // there are more than were looked at
}

// mostShutOut is how many people and robots are looked at to tell whom a project would shut out.
const mostShutOut = 1000

// ShutOutOf tells whom a project would shut out if it asked for a second factor, for who may change the project
// (identity:update_project). Accounts of programs and services are not asked. It takes a fixed number of queries.
func (s *Service) ShutOutOf(ctx context.Context, caller identity.Caller, project identity.ProjectID) (out ShutOut, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, missing := tx.Project(ctx, project)
		target := authz.Target{}
		if missing == nil {
			target["project"] = authz.Project(p)
		}
		if err := s.Authz.CheckFound(ctx, caller, authz.UpdateProject, target, missing); err != nil {
			return err
		}
		if p.IsDomain {
			return identity.Missing("project", project)
		}
		page, err := tx.PeopleOf(ctx, project, store.PeopleFilter{Limit: mostShutOut})
		if err != nil {
			return err
		}
		robots, err := tx.SuspendedOn(ctx, project, mostShutOut+1)
		if err != nil {
			return err
		}
		if out.More = page.More || len(robots) > mostShutOut; len(robots) > mostShutOut {
			robots = robots[:mostShutOut]
		}
		ids := page.Items
		for _, r := range robots {
			ids = append(ids, r.UserID)
		}
		users, err := tx.UsersByID(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range page.Items {
			if u, there := users[id]; there && u.Surface.Kind == identity.PersonAccount && !s.SecondFactor(u) {
				out.People = append(out.People, u)
			}
		}
		out.Owners = map[identity.UserID]string{}
		for _, r := range robots {
			if u, there := users[r.UserID]; there && u.Surface.Kind == identity.PersonAccount {
				out.Robots, out.Owners[u.ID] = append(out.Robots, r), u.Name
			}
		}
		return nil
	})
	return out, err
}
