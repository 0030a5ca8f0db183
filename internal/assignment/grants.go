package assignment

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// verb is what is done with a grant.
type verb int

const (
	list verb = iota
	check
	create
	revoke
)

// action is the rule that guards a verb on a grant.
func (v verb) action(g identity.Grant) authz.Action {
	switch {
	case g.System && g.Group != "":
		return [...]authz.Action{authz.ListSystemGrantsForGroup, authz.CheckSystemGrantForGroup, authz.CreateSystemGrantForGroup, authz.RevokeSystemGrantForGroup}[v]
	case g.System:
		return [...]authz.Action{authz.ListSystemGrantsForUser, authz.CheckSystemGrantForUser, authz.CreateSystemGrantForUser, authz.RevokeSystemGrantForUser}[v]
	default:
		return [...]authz.Action{authz.ListGrants, authz.CheckGrant, authz.CreateGrant, authz.RevokeGrant}[v]
	}
}

// ends are what a grant ties together. The keys of missing are role, actor and target.
type ends struct {
	role    identity.Role
	project identity.Project
	who     authz.Who
	target  authz.Target
	missing map[string]error
}

// ends loads what a grant ties together. What is not there is missing, and nothing in the eyes of a rule; a missing
// actor is not even that.
func (s *Service) ends(ctx context.Context, tx *store.Tx, g identity.Grant) (e ends, err error) {
	e = ends{target: authz.Target{}, missing: map[string]error{}}
	load := func(end, kind string, facts map[string]any, missing error) {
		switch {
		case missing == nil:
			e.target[kind] = facts
		case errors.Is(missing, identity.NotFound):
			e.missing[end] = missing
			if end != "actor" {
				e.target[kind] = map[string]any{}
			}
		case err == nil:
			err = missing
		}
	}
	if g.Role != "" {
		var missing error
		e.role, missing = tx.Role(ctx, g.Role)
		load("role", "role", authz.Role(e.role), missing)
	}
	if g.Group != "" {
		group, missing := tx.Group(ctx, g.Group)
		if load("actor", "group", authz.Group(group), missing); missing == nil {
			e.who.Group = &group
		}
	} else {
		user, missing := tx.User(ctx, g.User)
		if load("actor", "user", authz.User(user), missing); missing == nil {
			e.who.User = &user
		}
	}
	switch {
	case g.Domain != "":
		domain, missing := tx.Domain(ctx, g.Domain)
		load("target", "domain", authz.Domain(domain), missing)
	case g.Project != "":
		var missing error
		e.project, missing = tx.Project(ctx, g.Project)
		load("target", "project", authz.Project(e.project), missing)
	}
	return e, err
}

// required are the ends that must exist, in the order in which upstream looks for them. Its routes for users and groups
// that are gone differ: their grants can be taken back, and the inherited ones be asked about.
func (v verb) required(g identity.Grant) []string {
	switch {
	case g.Inherited && v == create:
		return []string{"role", "target", "actor"}
	case g.Inherited && v == revoke:
		return []string{"role"}
	case g.Inherited:
		return []string{"role", "target"}
	case g.Domain != "" && v == revoke:
		return []string{"target", "role"}
	case g.Domain != "":
		return []string{"target", "role", "actor"}
	case v == revoke:
		return []string{"role", "target"}
	default:
		return []string{"role", "actor", "target"}
	}
}

// allowedGrant returns the ends of a grant with which the caller may do what the verb says, as far as they are there.
func (s *Service) allowedGrant(ctx context.Context, tx *store.Tx, caller identity.Caller, v verb, g identity.Grant) (ends, error) {
	e, err := s.ends(ctx, tx, g)
	if err != nil {
		return e, err
	}
	return e, s.Authz.Check(ctx, caller, v.action(g), e.target)
}

// complete makes sure that the ends that must exist do.
func (e ends) complete(v verb, g identity.Grant) error {
	for _, end := range v.required(g) {
		if err := e.missing[end]; err != nil {
			return err
		}
	}
	return nil
}

// Grants returns the roles that were granted to an actor on a target. g names no role.
func (s *Service) Grants(ctx context.Context, caller identity.Caller, g identity.Grant) (roles []identity.Role, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		e, err := s.allowedGrant(ctx, tx, caller, list, g)
		if err == nil {
			err = e.complete(list, g)
		}
		if err != nil {
			return err
		}
		roles, err = tx.GrantedRoles(ctx, g)
		return err
	})
	return roles, err
}

// CheckGrant returns nil for a grant that is there, else identity.NotFound.
func (s *Service) CheckGrant(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		e, err := s.allowedGrant(ctx, tx, caller, check, g)
		if err != nil {
			return err
		}
		return isThere(ctx, tx, e, check, g)
	})
}

// CheckRevocable is CheckGrant for a grant that the caller may take back; who may not is refused as RevokeGrant would.
func (s *Service) CheckRevocable(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		e, err := s.allowedChange(ctx, tx, caller, revoke, g, identity.Terms{})
		if err != nil {
			return err
		}
		return isThere(ctx, tx, e, revoke, g)
	})
}

func isThere(ctx context.Context, tx *store.Tx, e ends, v verb, g identity.Grant) error {
	if err := e.complete(v, g); err != nil {
		return err
	}
	found, err := tx.HasGrant(ctx, g)
	if err == nil && !found {
		err = notGranted(g)
	}
	return err
}

// CreateGrant grants a role. It changes nothing when it was granted before, for good. The role of a domain can be granted on
// projects of its domain and on domains, never on the system.
func (s *Service) CreateGrant(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.CreateGrantFor(ctx, caller, g, identity.Terms{Source: identity.ByHand})
}

// CreateGrantFor is CreateGrant for a grant that may end. To set another end is to grant anew.
func (s *Service) CreateGrantFor(ctx context.Context, caller identity.Caller, g identity.Grant, t identity.Terms) error {
	return s.changeGrants(ctx, caller, []identity.Grant{g}, func(_ *store.Tx, change changer) error { return change(create, g, t) })
}

// CreateGrants is CreateGrantFor for grants to one user or group at one place: all of them are made, or none.
func (s *Service) CreateGrants(ctx context.Context, caller identity.Caller, grants []identity.Grant, t identity.Terms) error {
	return s.changeGrants(ctx, caller, grants[:min(1, len(grants))], func(_ *store.Tx, change changer) error {
		for _, g := range grants {
			if err := change(create, g, t); err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeGrant takes a grant back. A grant that is not there is identity.NotFound.
func (s *Service) RevokeGrant(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.changeGrants(ctx, caller, []identity.Grant{g}, func(_ *store.Tx, change changer) error { return change(revoke, g, identity.Terms{}) })
}

// changer does with a grant what a verb says, for a caller who may, and records the event.
type changer func(verb, identity.Grant, identity.Terms) error

// changeGrants lets do change grants to some people, all of them or none. A failure is told of, too, once the caller was known to
// be allowed (CadfRoleAssignmentNotificationWrapper in keystone/notifications.py). Keystone tells of no grants on the system,
// does not name who asked for inherited ones, and of those that lack one of their ends tells only where they are inherited.
func (s *Service) changeGrants(ctx context.Context, caller identity.Caller, to []identity.Grant, do func(*store.Tx, changer) error) error {
	var event identity.Event // of the last change
	tell := false
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		tell = false
		for _, g := range to {
			if err := lock(ctx, tx, g); err != nil {
				return err
			}
		}
		before := s.remember()
		err := do(tx, func(v verb, g identity.Grant, t identity.Terms) error {
			if err := before.look(ctx, tx, g); err != nil {
				return err
			}
			tell, event = false, identity.Granted(map[verb]string{create: "created", revoke: "deleted"}[v], g)
			if !g.Inherited {
				event = event.By(caller)
			}
			e, err := s.allowedChange(ctx, tx, caller, v, g, t)
			if err != nil {
				return err
			}
			tell = g.Inherited
			if err := e.complete(v, g); err != nil {
				return err
			}
			tell = !g.System
			if err := s.change(ctx, tx, caller, e, v, g, t); err != nil {
				return err
			}
			event.Untold = g.System
			return tx.Record(ctx, event)
		})
		if err != nil {
			return err
		}
		return before.tell(ctx, tx, caller)
	})
	if _, refused := errors.AsType[*identity.Error](err); refused && tell {
		s.DB.RecordFailure(ctx, event, nil)
	}
	return err
}

// lock keeps whom a grant is to as they are, before anything is read.
func lock(ctx context.Context, tx *store.Tx, g identity.Grant) error {
	if g.Group != "" {
		return tx.LockGroup(ctx, g.Group)
	}
	return tx.LockAccount(ctx, g.User)
}

// allowedChange returns the ends of a grant that the caller may make or take back, as far as they are there. Where one is gone
// there is nobody whom it concerns, and the policy alone decides.
func (s *Service) allowedChange(ctx context.Context, tx *store.Tx, caller identity.Caller, v verb, g identity.Grant, t identity.Terms) (ends, error) {
	e, err := s.ends(ctx, tx, g)
	if err != nil {
		return e, err
	}
	opened := s.Authz.Check(ctx, caller, v.action(g), e.target)
	if e.missing["role"] != nil || e.missing["target"] != nil || v == create && e.missing["actor"] != nil {
		return e, opened
	}
	if v == revoke && opened != nil && g.User == caller.UserID() {
		// What is one's own may be given up, and nobody learns what is not there.
		if there, err := tx.HasGrant(ctx, g); err != nil || !there {
			return e, errors.Join(err, opened)
		}
	}
	c := authority.Change{On: g, Who: e.who, Until: t.Until}
	if v == create {
		c.Grant = []identity.RoleID{g.Role}
	} else {
		c.Revoke = []identity.RoleID{g.Role}
	}
	return e, s.Authority.Change(ctx, tx, caller, opened, c)
}

// change writes a grant, or takes it back.
func (s *Service) change(ctx context.Context, tx *store.Tx, caller identity.Caller, e ends, v verb, g identity.Grant, t identity.Terms) error {
	if v == revoke {
		found, err := tx.DeleteGrant(ctx, g)
		if err == nil && !found {
			err = notGranted(g)
		}
		if err != nil {
			return err
		}
		return s.Authority.KeepAdmin(ctx, tx, caller, authority.Targets(g)...)
	}
	if err := e.fits(g); err != nil {
		return err
	}
	if !t.Until.IsZero() && !tx.Now().Before(t.Until) {
		return identity.Invalidf("The end of a grant must be in the future.")
	}
	t.GrantedBy = caller.UserID()
	if err := tx.PutGrantFor(ctx, g, t); err != nil {
		return err
	}
	if err := s.endUnfactored(ctx, tx, g); err != nil || t.Until.IsZero() {
		return err
	}
	return s.Authority.KeepAdmin(ctx, tx, caller, authority.Targets(g)...)
}

// endUnfactored ends what whom grants are to have got without a second factor, where what they hold now asks for one.
func (s *Service) endUnfactored(ctx context.Context, tx *store.Tx, grants ...identity.Grant) error {
	if asks, err := s.Directory.AsksOfRoles(ctx, tx); err != nil || !asks {
		return err
	}
	users, err := tx.Holders(ctx, grants)
	if err != nil {
		return err
	}
	return s.Directory.EndUnfactored(ctx, tx, users...)
}

// fits refuses the role of a domain where it would count for nothing.
func (e ends) fits(g identity.Grant) error {
	switch {
	case e.role.DomainID == "":
	case g.System:
		return identity.Invalidf("Role %s is a domain-specific role. Unable to use a domain-specific role in a system assignment.", g.Role)
	case g.Project != "" && e.project.DomainID != e.role.DomainID:
		return identity.Refusedf("Project %s must be in the same domain as the role %s being assigned.", g.Project, g.Role)
	}
	return nil
}

func notGranted(g identity.Grant) error {
	actor, target := string(g.User), "system"
	if g.Group != "" {
		actor = string(g.Group)
	}
	switch {
	case g.Domain != "":
		target = string(g.Domain)
	case g.Project != "":
		target = string(g.Project)
	}
	return identity.Failf(identity.NotFound, "Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.", g.Role, actor, target)
}
