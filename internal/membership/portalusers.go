package membership

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// A portal user looks after people, programs and mails of somebody's project, and has no role on it: no service knows them. They
// come by invitation, and the account that they get then is for the portal alone. Whoever invites them lets them into areas that they
// may enter themselves.

// PortalUser is a portal user with what the account is called.
type PortalUser struct {
	identity.User
	Areas []identity.Area
}

// PortalUsers are a page of the portal users of a project, and who was invited to be one.
type PortalUsers struct {
	identity.Page[PortalUser]
	Invited []Listed
	May     []identity.Area // that the caller may let others into
}

// mostInvited is how many of those who were invited stand beside the portal users.
const mostInvited = 200

// opens returns the areas of a project's pages that the caller may let others into: those that they may enter themselves if they look
// after portal users, and all for who may say what accounts are for. Who may let nobody in is refused.
func (s *Service) opens(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.ProjectID) (p identity.Project, may []identity.Area, err error) {
	if err := inPerson(caller); err != nil {
		return p, nil, err
	}
	p, missing := tx.Project(ctx, id)
	if missing != nil && !isMissing(missing) {
		return p, nil, missing
	}
	if may, err = s.Authority.Areas(ctx, tx, caller, id); err != nil {
		return p, nil, err
	}
	if !slices.Contains(may, identity.AreaPortalUsers) {
		if err := s.Directory.MaySetSurface(ctx, caller); err != nil {
			return p, nil, identity.NotAllowed(string(authz.CloudAdmin))
		}
		may = identity.Areas
	}
	if missing == nil && p.IsDomain {
		missing = identity.Missing("project", id)
	}
	return p, may, missing
}

// letsInto is opens for some areas, all of which must be among those.
func (s *Service) letsInto(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.ProjectID, areas []identity.Area) (p identity.Project, err error) {
	p, may, err := s.opens(ctx, tx, caller, id)
	if err != nil {
		return p, err
	}
	for _, a := range areas {
		if !slices.Contains(may, a) {
			return p, identity.Refusedf("You may let nobody into %s: you may not enter it yourself.", a)
		}
	}
	return p, nil
}

// PortalUsers returns a page of the portal users of a project, and those who were invited to be one, for who may let others in.
func (s *Service) PortalUsers(ctx context.Context, caller identity.Caller, project identity.ProjectID, q identity.Query) (out PortalUsers, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, out.May, err = s.opens(ctx, tx, caller, project); err != nil {
			return err
		}
		found, err := tx.PortalUsers(ctx, project, q)
		if err != nil {
			return err
		}
		ids := make([]identity.UserID, len(found.Items))
		for i, u := range found.Items {
			ids[i] = u.UserID
		}
		users, err := tx.UsersByID(ctx, ids)
		if err != nil {
			return err
		}
		out.More, out.Items = found.More, nil
		for _, u := range found.Items {
			out.Items = append(out.Items, PortalUser{users[u.UserID], u.Areas})
		}
		waiting, _, err := tx.Invitations(ctx, project, store.InvitationFilter{Areas: true, Limit: mostInvited})
		if err != nil {
			return err
		}
		out.Invited, err = listed(ctx, tx, waiting.Items)
		return err
	})
	return out, err
}

// PortalUser returns a portal user of a project, for who may let others in.
func (s *Service) PortalUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID) (u PortalUser, may []identity.Area, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, may, err = s.opens(ctx, tx, caller, project); err != nil {
			return err
		}
		if u.Areas, err = portalUser(ctx, tx, project, user); err != nil {
			return err
		}
		u.User, err = tx.User(ctx, user)
		return err
	})
	return u, may, err
}

func portalUser(ctx context.Context, tx *store.Tx, project identity.ProjectID, user identity.UserID) ([]identity.Area, error) {
	areas, err := tx.AreasOf(ctx, project, user)
	if err == nil && len(areas) == 0 {
		err = identity.Missing("portal user", user)
	}
	return areas, err
}

// SetAreas lets a portal user into these areas of a project's pages alone, or with none out of all. The caller may let others into each
// area that is added and each that is taken. Nobody changes their own.
func (s *Service) SetAreas(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, areas []identity.Area) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, _, err := s.opens(ctx, tx, caller, project); err != nil {
			return err
		}
		old, err := portalUser(ctx, tx, project, user)
		if err != nil {
			return err
		}
		if _, err := s.letsInto(ctx, tx, caller, project, slices.Concat(areas, old)); err != nil {
			return err
		}
		if len(areas) > 0 {
			if err := identity.CheckAreas(areas); err != nil {
				return err
			}
		}
		if caller.StandsFor(user) && len(areas) > 0 {
			return identity.Refusedf("You may not change this for yourself.")
		}
		if err := s.putAreas(ctx, tx, project, user, areas); err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Updated("user", user)).By(caller))
	})
}

// putAreas writes areas in the order of identity.Areas, each once.
func (s *Service) putAreas(ctx context.Context, tx *store.Tx, project identity.ProjectID, user identity.UserID, areas []identity.Area) error {
	u := identity.PortalUser{UserID: user, ProjectID: project}
	for _, a := range identity.Areas {
		if slices.Contains(areas, a) {
			u.Areas = append(u.Areas, a)
		}
	}
	return tx.PutPortalUser(ctx, u)
}

// offerAreas is offer for an invitation to areas of a project's pages.
func (s *Service) offerAreas(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, d Draft) (p identity.Project, words []string, err error) {
	p, err = s.letsInto(ctx, tx, caller, project, d.Areas)
	switch {
	case err != nil:
		return p, nil, err
	case len(d.Roles) > 0:
		return p, nil, identity.Invalidf("An invitation is to roles or to areas of the portal, not to both.")
	case !d.Until.IsZero():
		return p, nil, identity.Invalidf("Areas of the portal have no end.")
	}
	for _, a := range d.Areas {
		words = append(words, strings.ReplaceAll(string(a), "-", " "))
	}
	return p, words, identity.CheckAreas(d.Areas)
}

// sponsor is whoever invited somebody to areas, if they may let others into them still.
func (s *Service) sponsor(ctx context.Context, tx *store.Tx, v identity.Invitation) (inviter identity.Caller, err error) {
	if v.Scope.Kind() == identity.Unscoped {
		u, err := tx.User(ctx, v.InviterID)
		if isMissing(err) || err == nil && !s.Directory.Enabled(u, tx.Now()) {
			return inviter, blocked("the inviter does not stand any more")
		} else if err != nil {
			return inviter, err
		}
		inviter = identity.Caller{Token: &identity.Token{User: u, Scope: v.Scope}}
	} else if inviter, err = s.Standing(ctx, tx, v.InviterID, v.Scope); errors.Is(err, identity.Unauthorized) {
		return inviter, blocked("the inviter does not stand any more")
	} else if err != nil {
		return inviter, err
	}
	if _, err := s.letsInto(ctx, tx, inviter, v.ProjectID, v.Areas); errors.Is(err, identity.Forbidden) {
		return inviter, blocked("the inviter may not let anybody in there any more")
	} else if err != nil {
		return inviter, err
	}
	return inviter, nil
}

// admit lets somebody who accepted into what they were invited to, beside what they may enter already.
func (s *Service) admit(ctx context.Context, tx *store.Tx, v identity.Invitation, u identity.User) error {
	if u.Surface.Kind != identity.PersonAccount || u.Surface.NoPortal {
		return blocked("the account cannot sign in to the portal")
	}
	old, err := tx.AreasOf(ctx, v.ProjectID, u.ID)
	if err != nil {
		return err
	}
	return s.putAreas(ctx, tx, v.ProjectID, u.ID, slices.Concat(old, v.Areas))
}

// Around is what somebody who was let into a project's pages sees of it.
type Around struct {
	Project identity.Project
	Domain  string // its name
	Areas   []identity.Area
}

// LetsIn tells whether the caller may look after the portal users of a project.
func (s *Service) LetsIn(ctx context.Context, caller identity.Caller, project identity.ProjectID) (bool, error) {
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		_, _, err := s.opens(ctx, tx, caller, project)
		return err
	})
	if errors.Is(err, identity.Forbidden) || isMissing(err) {
		return false, nil
	}
	return err == nil, err
}

// AreasOn tells which areas of a project's pages the caller may enter for what they are there: none for most.
func (s *Service) AreasOn(ctx context.Context, caller identity.Caller, project identity.ProjectID) (a Around, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if a.Areas, err = s.Authority.Areas(ctx, tx, caller, project); err != nil || len(a.Areas) == 0 {
			return err
		}
		if a.Project, err = tx.Project(ctx, project); err != nil {
			return err
		}
		d, err := tx.Domain(ctx, a.Project.DomainID)
		a.Domain = d.Name
		return err
	})
	return a, err
}

// PortalProjects returns the projects into whose pages the caller was let.
func (s *Service) PortalProjects(ctx context.Context, caller identity.Caller) (all []identity.Project, err error) {
	if err := inPerson(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.PortalProjects(ctx, caller.UserID())
		return err
	})
	return all, err
}
