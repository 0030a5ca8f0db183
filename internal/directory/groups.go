package directory

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/python"
	"github.com/lintel-id/lintel/internal/store"
)

// maxGroupName is the width of the column, a quarter of what the API's schema lets through.
const maxGroupName = 64

// Groups returns a page of the groups that the caller may list: with a domain-scoped token those of that domain.
// Filters: domain_id, name.
func (s *Service) Groups(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Group], err error) {
	var target authz.Target
	d := scopedDomain(caller)
	if d != "" {
		target = authz.Target{"group": map[string]any{"domain_id": string(d)}}
	}
	if err := s.Authz.Check(ctx, caller, authz.ListGroups, target); err != nil {
		return page, err
	}
	if d != "" {
		q = q.Where("domain_id", string(d))
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Groups(ctx, q)
		return err
	})
	return page, err
}

// Group returns a group.
func (s *Service) Group(ctx context.Context, caller identity.Caller, id identity.GroupID) (g identity.Group, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		g, err = s.allowedGroup(ctx, tx, caller, authz.GetGroup, id)
		return err
	})
	return g, err
}

// allowedGroup is to groups what allowedUser is to users.
func (s *Service) allowedGroup(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.GroupID) (identity.Group, error) {
	target := authz.Target{}
	g, missing := tx.Group(ctx, id)
	if missing == nil {
		target["group"] = authz.Group(g)
	}
	return g, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// MayCreateGroup tells whether the caller may make groups in a domain.
func (s *Service) MayCreateGroup(ctx context.Context, caller identity.Caller, domain identity.DomainID) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateGroup, authz.Target{"group": authz.Group(identity.Group{DomainID: domain})})
}

// CreateGroup makes a group; its id is made here. Without a domain it belongs to that of the caller's token, else to
// the default domain.
func (s *Service) CreateGroup(ctx context.Context, caller identity.Caller, g identity.Group) (identity.Group, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateGroup, authz.Target{"group": authz.Group(g)}); err != nil {
		return g, err
	}
	var err error
	if g.DomainID == "" {
		if g.DomainID, err = s.DomainFor(caller); err != nil {
			return g, err
		}
	}
	g.Name = python.Strip(g.Name)
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockDomain(ctx, g.DomainID); err != nil {
			return err
		}
		if err := identity.Fits(g.Name, "name", maxGroupName); err != nil {
			return err
		}
		g.ID = identity.GroupID(tx.NewID())
		if err := tx.InsertGroup(ctx, g); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("group", g.ID).By(caller))
	})
	return g, err
}

// UpdateGroup changes a group.
func (s *Service) UpdateGroup(ctx context.Context, caller identity.Caller, id identity.GroupID, upd identity.GroupUpdate) (g identity.Group, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.allowedGroup(ctx, tx, caller, authz.UpdateGroup, id)
		if err == nil {
			err = identity.SameID(upd.ID, id)
		}
		switch {
		case err != nil:
			return err
		case upd.DomainID.Or(old.DomainID) != old.DomainID:
			return identity.Invalidf("Cannot change Domain ID")
		}
		g = old
		g.Name = python.Strip(upd.Name.Or(old.Name))
		if err := identity.Fits(g.Name, "name", maxGroupName); err != nil {
			return err
		}
		if upd.Description.Present {
			g.Description = nil
			if !upd.Description.Null {
				g.Description = &upd.Description.Value
			}
		}
		g.Extra = old.Extra.Merge(upd.Extra)
		if err := tx.UpdateGroup(ctx, old, g); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("group", id).By(caller))
	})
	return g, err
}

// DeleteGroup removes a group with its memberships and grants. The tokens of its members end if it had grants.
func (s *Service) DeleteGroup(ctx context.Context, caller identity.Caller, id identity.GroupID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockGroup(ctx, id); err != nil {
			return err
		}
		if _, err := s.allowedGroup(ctx, tx, caller, authz.DeleteGroup, id); err != nil {
			return err
		}
		grants, err := tx.Grants(ctx, store.GrantFilter{Group: id})
		if err != nil {
			return err
		}
		if err := s.Authority.End(ctx, tx, caller, grants, func(g identity.Grant) bool { return g.Group == id }); err != nil {
			return err
		}
		if s.Office.TellsAccess() {
			gone := mail.Changes{Group: id, By: caller}
			if gone.All, err = mail.Confers(ctx, tx, id, false); err != nil {
				return err
			}
			if err := s.Office.TellOfAccess(ctx, tx, gone); err != nil {
				return err
			}
		}
		if err := tx.DeleteGroup(ctx, id); err != nil {
			return err
		}
		if len(grants) > 0 {
			if err := s.Authority.KeepAdmin(ctx, tx, caller, authority.Targets(grants...)...); err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Deleted("group", id).By(caller))
	})
}

// UsersOfGroup returns the lasting members of a group, to a domain-scoped caller those of that domain. The filters are
// those of Users.
func (s *Service) UsersOfGroup(ctx context.Context, caller identity.Caller, id identity.GroupID, q identity.Query) (page identity.Page[identity.User], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.allowedGroup(ctx, tx, caller, authz.ListUsersInGroup, id); err != nil {
			return err
		}
		q, err := userQuery(caller, q)
		if err != nil {
			return err
		}
		page, err = tx.GroupUsers(ctx, id, q)
		s.showAll(page.Items, tx.Now())
		return err
	})
	return page, err
}

// CheckMembership returns nil for a user who is in a group now, else identity.NotFound.
func (s *Service) CheckMembership(ctx context.Context, caller identity.Caller, user identity.UserID, group identity.GroupID) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.allowedMembership(ctx, tx, caller, authz.CheckUserInGroup, user, group); err != nil {
			return err
		}
		in, err := tx.InGroup(ctx, user, group)
		if err == nil && !in {
			err = notInGroup(user, group)
		}
		return err
	})
}

// AddToGroup makes a user a lasting member of a group. It changes nothing for one who is.
func (s *Service) AddToGroup(ctx context.Context, caller identity.Caller, user identity.UserID, group identity.GroupID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error { return s.AddToGroupIn(ctx, tx, caller, user, group) })
}

// AddToGroupIn is AddToGroup inside a transaction.
func (s *Service) AddToGroupIn(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, group identity.GroupID) error {
	if err := s.changeableMembership(ctx, tx, caller, authz.AddUserToGroup, false, user, group); err != nil {
		return err
	}
	if err := s.tellOfGroup(ctx, tx, caller, user, group, true); err != nil {
		return err
	}
	if err := tx.AddToGroup(ctx, user, group); err != nil {
		return err
	}
	if err := s.EndUnfactored(ctx, tx, user); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Joined("added", group, user).By(caller))
}

// CheckAddToGroup refuses who could not add a user to a group; with agreed, not even if somebody else agreed.
func (s *Service) CheckAddToGroup(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, group identity.GroupID, agreed bool) error {
	return s.changeableMembership(ctx, tx, caller, authz.AddUserToGroup, agreed, user, group)
}

// RemoveFromGroup ends a lasting membership and the user's tokens.
func (s *Service) RemoveFromGroup(ctx context.Context, caller identity.Caller, user identity.UserID, group identity.GroupID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.changeableMembership(ctx, tx, caller, authz.RemoveUserFromGroup, false, user, group); err != nil {
			return err
		}
		if err := s.tellOfGroup(ctx, tx, caller, user, group, false); err != nil {
			return err
		}
		was, err := tx.RemoveFromGroup(ctx, user, group)
		switch {
		case err != nil:
			return err
		case !was:
			return notInGroup(user, group)
		}
		grants, err := tx.Grants(ctx, store.GrantFilter{Group: group})
		if err != nil {
			return err
		}
		if len(grants) > 0 {
			if err := s.Authority.KeepAdmin(ctx, tx, caller, authority.Targets(grants...)...); err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Joined("removed", group, user).By(caller))
	})
}

// tellOfGroup tells a user by mail what coming into a group, or leaving it, gives or takes, unless nothing comes of that.
func (s *Service) tellOfGroup(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, group identity.GroupID, in bool) error {
	if !s.Office.TellsAccess() {
		return nil
	}
	was, err := tx.InGroup(ctx, user, group)
	if err != nil || was == in {
		return err
	}
	c := mail.Changes{To: []identity.UserID{user}, Group: group, Act: "out", By: caller}
	if in {
		c.Act = "in"
	}
	if c.All, err = mail.Confers(ctx, tx, group, in); err != nil {
		return err
	}
	return s.Office.TellOfAccess(ctx, tx, c)
}

// changeableMembership is allowedMembership for who is brought into a group or out of it, which changes what they hold.
func (s *Service) changeableMembership(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, agreed bool, user identity.UserID, group identity.GroupID) error {
	if err := tx.LockGroup(ctx, group); err != nil {
		return err
	}
	u, there, err := s.membership(ctx, tx, caller, action, user, group)
	if !there || err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	return s.Authority.Membership(ctx, tx, caller, err, action == authz.AddUserToGroup, agreed, u, group)
}

// allowedMembership asks the policy about a user and a group, as far as they are there, and then that both are.
func (s *Service) allowedMembership(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, user identity.UserID, group identity.GroupID) error {
	_, _, err := s.membership(ctx, tx, caller, action, user, group)
	return err
}

func (s *Service) membership(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, user identity.UserID, group identity.GroupID) (u identity.User, there bool, err error) {
	target := authz.Target{}
	g, noGroup := tx.Group(ctx, group)
	if noGroup == nil {
		target["group"] = authz.Group(g)
	} else if !errors.Is(noGroup, identity.NotFound) {
		return u, false, noGroup
	}
	u, noUser := tx.User(ctx, user)
	if noUser == nil {
		target["user"] = authz.User(u)
	} else if !errors.Is(noUser, identity.NotFound) {
		return u, false, noUser
	}
	there = noGroup == nil && noUser == nil
	if err := s.Authz.Check(ctx, caller, action, target); err != nil {
		return u, there, err
	}
	if noGroup != nil {
		return u, false, noGroup
	}
	return u, there, noUser
}
