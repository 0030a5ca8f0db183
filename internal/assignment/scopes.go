package assignment

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Projects returns the projects that the caller can get a token for.
func (s *Service) Projects(ctx context.Context, caller identity.Caller) (projects []identity.Project, err error) {
	err = s.scopes(ctx, caller, authz.GetAuthProjects, func(tx *store.Tx, t *identity.Token) error {
		page, err := tx.ProjectsOf(ctx, caller.UserID(), t.GroupIDs, identity.Query{})
		projects = page.Items
		return err
	})
	return projects, err
}

// Domains returns the domains that the caller can get a token for.
func (s *Service) Domains(ctx context.Context, caller identity.Caller) (domains []identity.Domain, err error) {
	err = s.scopes(ctx, caller, authz.GetAuthDomains, func(tx *store.Tx, t *identity.Token) error {
		domains, err = tx.DomainsOf(ctx, caller.UserID(), t.GroupIDs)
		return err
	})
	return domains, err
}

// System tells whether the caller can get a token for the system.
func (s *Service) System(ctx context.Context, caller identity.Caller) (can bool, err error) {
	err = s.scopes(ctx, caller, authz.GetAuthSystem, func(tx *store.Tx, t *identity.Token) error {
		if t.Federated {
			return nil // which no token for the system can be
		}
		roles, err := tx.EffectiveRoles(ctx, caller.UserID(), t.GroupIDs, identity.OnSystem())
		can = len(roles) > 0
		return err
	})
	return can, err
}

// Realms returns, by name, the enabled domains that the caller can get a token for, with id and name alone, and whether they
// can get one for the system: Domains and System in one query, for who draws a page.
func (s *Service) Realms(ctx context.Context, caller identity.Caller) (domains []identity.Domain, system bool, err error) {
	err = s.scopes(ctx, caller, authz.GetAuthDomains, func(tx *store.Tx, t *identity.Token) error {
		domains, system, err = tx.Realms(ctx, caller.UserID(), t.GroupIDs)
		system = system && !t.Federated
		return err
	})
	return domains, system, err
}

// scopes looks at what the user of a token can do. The admin token has no user, and so no scopes.
func (s *Service) scopes(ctx context.Context, caller identity.Caller, action authz.Action, look func(*store.Tx, *identity.Token) error) error {
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil || caller.Token == nil {
		return err
	}
	return s.DB.View(ctx, func(tx *store.Tx) error { return look(tx, caller.Token) })
}

// ProjectsOf returns a page of the projects that a user can get a token for. Filters: domain_id, name, enabled. Who may
// ask sees them all, whosever they are: where a user can act is the user's affair, not the projects'.
func (s *Service) ProjectsOf(ctx context.Context, caller identity.Caller, id identity.UserID, q identity.Query) (page identity.Page[identity.Project], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		target := authz.Target{}
		u, missing := tx.User(ctx, id)
		if missing == nil {
			target["user"] = authz.User(u)
		} else if !errors.Is(missing, identity.NotFound) {
			return missing
		}
		if err := s.Authz.Check(ctx, caller, authz.ListUserProjects, target); err != nil {
			return err
		}
		if missing != nil {
			return missing
		}
		page, err = tx.ProjectsOf(ctx, id, nil, q)
		return err
	})
	return page, err
}

// Access lists what the caller can do everywhere, each role with what it came through, what is known of those that were granted to
// themselves, and what all that is called. It is the caller's own affair, so whoever may ask for their projects may ask for this. Roles
// on the system come last.
func (s *Service) Access(ctx context.Context, caller identity.Caller) (held []identity.Assignment, terms map[identity.Grant]identity.Terms, called Names, err error) {
	err = s.scopes(ctx, caller, authz.GetAuthProjects, func(tx *store.Tx, t *identity.Token) error {
		user := caller.UserID()
		q := Query{User: user}
		if err := exists(ctx, tx, q); err != nil {
			return err
		}
		grants, err := tx.Grants(ctx, store.GrantFilter{User: user, Member: true, NoSystem: true})
		if err != nil {
			return err
		}
		e, err := expand(ctx, tx, q, grants)
		if err != nil {
			return err
		}
		for run := range runs(grants, false) {
			held = slices.AppendSeq(held, e.assignments(run))
		}
		system, err := tx.EffectiveRoles(ctx, user, t.GroupIDs, identity.OnSystem())
		if err != nil {
			return err
		}
		for _, r := range system {
			held = append(held, identity.Assignment{Grant: identity.Grant{Role: r.ID, User: user, System: true}})
		}
		if called, err = tx.Labels(ctx, mentioned(held)); err != nil {
			return err
		}
		terms, err = tx.TermsOf(ctx, user)
		return err
	})
	return held, terms, called, err
}
