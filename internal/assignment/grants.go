package assignment

import (
	"context"
	"errors"
	"fmt"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
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
		load("actor", "group", authz.Group(group), missing)
	} else {
		user, missing := tx.User(ctx, g.User)
		load("actor", "user", authz.User(user), missing)
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
		if err == nil {
			err = e.complete(check, g)
		}
		if err != nil {
			return err
		}
		found, err := tx.HasGrant(ctx, g)
		if err == nil && !found {
			err = notGranted(g)
		}
		return err
	})
}

// CreateGrant grants a role. It changes nothing when it was granted before. The role of a domain can be granted on
// projects of its domain and on domains, never on the system.
func (s *Service) CreateGrant(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.changeGrants(ctx, caller, func(_ *store.Tx, change changer) error { return change(create, g) })
}

// Enroll makes a user with a role on a project, as who makes the user and then grants the role, but in one transaction: if the
// caller may do only one of the two, or the project is not there, there is no user either.
func (s *Service) Enroll(ctx context.Context, caller identity.Caller, people *directory.Service, u identity.User, pw identity.Opt[string],
	project identity.ProjectID, role identity.RoleID) (identity.User, error) {
	return people.CreateUserWith(ctx, caller, u, pw, func(tx *store.Tx, made identity.User) error {
		g := identity.Grant{Role: role, User: made.ID, Project: project}
		e, err := s.allowedGrant(ctx, tx, caller, create, g)
		if err == nil {
			err = e.complete(create, g)
		}
		if err == nil {
			err = e.change(ctx, tx, create, g)
		}
		if err != nil {
			return err
		}
		return tx.Record(ctx, identity.Granted("created", g).By(caller))
	})
}

// RevokeGrant takes a grant back. A grant that is not there is identity.NotFound.
func (s *Service) RevokeGrant(ctx context.Context, caller identity.Caller, g identity.Grant) error {
	return s.changeGrants(ctx, caller, func(_ *store.Tx, change changer) error { return change(revoke, g) })
}

// changer does with a grant what a verb says, for a caller who may, and records the event.
type changer func(verb, identity.Grant) error

// changeGrants lets do change grants, all of them or none. A failure is told of, too, once the caller was known to be
// allowed (CadfRoleAssignmentNotificationWrapper in keystone/notifications.py). Keystone tells of no grants on the system,
// does not name who asked for inherited ones, and of those that lack one of their ends tells only where they are inherited.
func (s *Service) changeGrants(ctx context.Context, caller identity.Caller, do func(*store.Tx, changer) error) error {
	var event identity.Event // of the last change
	tell := false
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		tell = false
		return do(tx, func(v verb, g identity.Grant) error {
			tell, event = false, identity.Granted(map[verb]string{create: "created", revoke: "deleted"}[v], g)
			if !g.Inherited {
				event = event.By(caller)
			}
			e, err := s.allowedGrant(ctx, tx, caller, v, g)
			if err != nil {
				return err
			}
			tell = g.Inherited
			if err := e.complete(v, g); err != nil {
				return err
			}
			tell = !g.System
			if err := e.change(ctx, tx, v, g); err != nil || !tell {
				return err
			}
			return tx.Record(ctx, event)
		})
	})
	if _, refused := errors.AsType[*identity.Error](err); refused && tell {
		s.DB.RecordFailure(ctx, event, nil)
	}
	return err
}

// change writes a grant, or takes it back.
func (e ends) change(ctx context.Context, tx *store.Tx, v verb, g identity.Grant) error {
	if v == revoke {
		found, err := tx.DeleteGrant(ctx, g)
		if err == nil && !found {
			err = notGranted(g)
		}
		return err
	}
	switch {
	case e.role.DomainID == "":
	case g.System:
		return identity.Invalidf("Role %s is a domain-specific role. Unable to use a domain-specific role in a system assignment.", g.Role)
	case g.Project != "" && e.project.DomainID != e.role.DomainID:
		return identity.Refusedf("Project %s must be in the same domain as the role %s being assigned.", g.Project, g.Role)
	}
	return tx.PutGrant(ctx, g)
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
	return &identity.Error{Kind: identity.NotFound, Message: fmt.Sprintf(
		"Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.", g.Role, actor, target)}
}
