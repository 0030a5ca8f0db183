package directory

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ProjectRules are how a project lets people in, with the names of what they speak of.
type ProjectRules struct {
	identity.ProjectRules
	RoleNames map[string]string // by id; none for a role that is gone
}

// ProjectRules returns how a project lets people in, for who may see it (identity:get_project).
func (s *Service) ProjectRules(ctx context.Context, caller identity.Caller, project identity.ProjectID) (out ProjectRules, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.allowedProject(ctx, caller, authz.GetProject, project, tx.Project)
		if err != nil {
			return err
		}
		if p.IsDomain {
			return identity.Missing("project", project)
		}
		if out.ProjectRules, err = tx.ProjectRules(ctx, project); err != nil {
			return err
		}
		var keys []store.Key
		for _, id := range out.InviteRoles {
			keys = append(keys, store.Key{Kind: "role", ID: id})
		}
		called, err := tx.Labels(ctx, keys)
		out.RoleNames = map[string]string{}
		for k, l := range called {
			out.RoleNames[k.ID] = l.Name
		}
		return err
	})
	return out, err
}

// ChangeProjectRules changes how a project lets people in, for who may change the project (identity:update_project). Roles may be
// named.
func (s *Service) ChangeProjectRules(ctx context.Context, caller identity.Caller, project identity.ProjectID, change func(*identity.ProjectRules) error) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := s.allowedProject(ctx, caller, authz.UpdateProject, project, tx.LockProject)
		if err != nil {
			return err
		}
		switch {
		case p.IsDomain:
			return identity.Missing("project", project)
		case p.Options.Bool(identity.OptImmutable):
			return errImmutable(p)
		}
		r, err := tx.ProjectRules(ctx, project)
		if err != nil {
			return err
		}
		asked := r.Factor
		r.InviteRoles = slices.Clone(r.InviteRoles)
		if err := change(&r); err != nil {
			return err
		}
		switch t := caller.Token; {
		case !r.Factor:
			r.FactorSince = time.Time{}
		case asked:
		case t == nil || t.User.Surface.Kind == identity.PersonAccount && !identity.ProvedTwice(t.Methods):
			return identity.Refusedf("Log in with a second factor yourself before you ask others for one.") // nobody shuts themselves out
		default:
			r.FactorSince = tx.Now().Truncate(time.Second)
		}
		if min(r.InviteDays, r.AccessDays) < 0 || max(r.InviteDays, r.AccessDays) > maxRuleDays {
			return identity.Invalidf("A rule has a number between 0 and %d.", maxRuleDays)
		}
		if err := rolesByID(ctx, tx, p.DomainID, r.InviteRoles); err != nil {
			return err
		}
		for _, id := range r.InviteRoles {
			if role, err := tx.Role(ctx, identity.RoleID(id)); err != nil {
				return err
			} else if role.DomainID != "" && role.DomainID != p.DomainID {
				return identity.Missing("role", id)
			}
		}
		slices.Sort(r.InviteRoles)
		r.InviteRoles = slices.Compact(r.InviteRoles)
		if err := tx.PutProjectRules(ctx, project, r); err != nil {
			return err
		}
		if err := s.announceProject(ctx, tx, project, asked, r.Factor); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("project", project).By(caller))
	})
}

// maxRuleDays is the most days of a rule.
const maxRuleDays = 36500

// ProjectFactorNotice is the purpose of the link that stands for a project whose people are yet to be told that it asks for a second
// factor. Its data is who was told last.
const ProjectFactorNotice = "project factor notice"

// announceProject lets those be told whom a project shuts out by asking for a second factor from now on.
func (s *Service) announceProject(ctx context.Context, tx *store.Tx, project identity.ProjectID, asked, asks bool) error {
	switch {
	case asked == asks:
		return nil
	case !asks:
		return tx.EndLinks(ctx, ProjectFactorNotice, string(project))
	}
	return tx.InsertLink(ctx, identity.Link{Digest: tx.NewID(), Purpose: ProjectFactorNotice, Subject: string(project), EndsAt: tx.Now().Add(24 * time.Hour)})
}
