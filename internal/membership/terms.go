package membership

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Terms are what somebody may invite to, and for how long.
type Terms struct {
	Roles      []assignment.Offer
	Usual      []string      // of these, the ids or names of those that an invitation is to unless it says
	Life       time.Duration // in which it must be accepted
	AccessDays int           // for which the roles last at most; 0 for no limit
}

// Terms returns what the caller may invite to on a project: at least one role, else the caller is refused (identity:create_grant).
func (s *Service) Terms(ctx context.Context, caller identity.Caller, project identity.ProjectID) (t Terms, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, missing := tx.Project(ctx, project)
		if missing != nil && !isMissing(missing) {
			return missing
		}
		if t.Roles, err = s.Assignment.Invitable(ctx, tx, caller, p); err != nil {
			return err
		}
		if len(t.Roles) == 0 {
			return identity.NotAllowed("identity:create_grant")
		}
		if missing != nil {
			return missing
		}
		rules, err := tx.ProjectRules(ctx, project)
		if err != nil {
			return err
		}
		t.Life, t.AccessDays = s.longest(rules), rules.AccessDays
		t.Usual, err = usualRoles(ctx, tx, rules)
		return err
	})
	return t, err
}

// longest is how long an invitation to a project can be accepted.
func (s *Service) longest(r identity.ProjectRules) time.Duration {
	if r.InviteDays == 0 {
		return s.InviteLife
	}
	return min(s.InviteLife, time.Duration(r.InviteDays)*aDay)
}

// usualRole is what people are invited to where neither inviter nor project says.
const usualRole = "member"

// usualRoles are those that an invitation to a project is to when it names none, as far as they are still there.
func usualRoles(ctx context.Context, tx *store.Tx, r identity.ProjectRules) (roles []string, err error) {
	for _, id := range r.InviteRoles {
		if _, err := tx.Role(ctx, identity.RoleID(id)); err == nil {
			roles = append(roles, id)
		} else if !isMissing(err) {
			return nil, err
		}
	}
	if roles == nil {
		roles = []string{usualRole}
	}
	return roles, nil
}

// ChangeProjectRules changes how a project lets people in, for who may change the project (identity:update_project). A project can be
// stricter than its domain and the cloud, whose rules hold all the same. Roles may be named.
func (s *Service) ChangeProjectRules(ctx context.Context, caller identity.Caller, project identity.ProjectID, change func(*identity.ProjectRules)) error {
	return s.Directory.ChangeProjectRules(ctx, caller, project, func(r *identity.ProjectRules) error {
		change(r)
		if time.Duration(r.InviteDays)*aDay > s.InviteLife {
			return identity.Invalidf("The cloud lets an invitation be accepted for %d days at most.", s.InviteLife/aDay)
		}
		return nil
	})
}
