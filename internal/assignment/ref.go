package assignment

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Ref names something by its id, or as people do: by its exact name in a domain. A name that is not there is taken for an id, so that
// whoever may not know it is answered as for any id.
type Ref struct {
	ID     string // wins
	Name   string
	Domain directory.DomainRef
}

// DomainNamed finds a domain by name or id.
func DomainNamed(ctx context.Context, tx *store.Tx, ref directory.DomainRef) (identity.DomainID, error) {
	if ref.ID != "" {
		return ref.ID, nil
	}
	d, err := tx.DomainByName(ctx, ref.Name)
	return orName(d.ID, ref.Name, err)
}

func orName[ID ~string](id ID, name string, err error) (ID, error) {
	if errors.Is(err, identity.NotFound) {
		return ID(name), nil
	}
	return id, err
}

// UserNamed finds a user by name or id, or by the e-mail address of somebody in the domain whom the caller may see (identity:get_user).
func (s *Service) UserNamed(ctx context.Context, tx *store.Tx, caller identity.Caller, ref Ref) (identity.UserID, error) {
	if ref.ID != "" {
		return identity.UserID(ref.ID), nil
	}
	domain, err := DomainNamed(ctx, tx, ref.Domain)
	if err != nil {
		return "", err
	}
	u, err := tx.UserByName(ctx, domain, ref.Name)
	if !errors.Is(err, identity.NotFound) || domain == "" || !strings.Contains(ref.Name, "@") {
		return orName(u.ID, ref.Name, err)
	}
	some, err := tx.UsersByAddress(ctx, domain, ref.Name)
	some = slices.DeleteFunc(some, func(u identity.User) bool {
		return !s.sees(ctx, caller, u)
	})
	if err != nil || len(some) != 1 {
		return identity.UserID(ref.Name), err
	}
	return some[0].ID, nil
}

// GroupNamed finds a group by name or id.
func GroupNamed(ctx context.Context, tx *store.Tx, ref Ref) (identity.GroupID, error) {
	if ref.ID != "" {
		return identity.GroupID(ref.ID), nil
	}
	domain, err := DomainNamed(ctx, tx, ref.Domain)
	if err != nil {
		return "", err
	}
	g, err := tx.GroupByName(ctx, domain, ref.Name)
	return orName(g.ID, ref.Name, err)
}

// ProjectNamed finds a project by name or id.
func ProjectNamed(ctx context.Context, tx *store.Tx, ref Ref) (identity.ProjectID, error) {
	if ref.ID != "" {
		return identity.ProjectID(ref.ID), nil
	}
	domain, err := DomainNamed(ctx, tx, ref.Domain)
	if err != nil {
		return "", err
	}
	p, err := tx.ProjectByName(ctx, domain, ref.Name)
	return orName(p.ID, ref.Name, err)
}

// RolesNamed finds roles by name or id: those of the cloud, and of the domain of a project, or of the domain that it acts as.
func RolesNamed(ctx context.Context, tx *store.Tx, project identity.ProjectID, names []string) (ids []identity.RoleID, err error) {
	p, err := tx.Project(ctx, project)
	if err != nil && !errors.Is(err, identity.NotFound) {
		return nil, err
	}
	if p.IsDomain {
		p.DomainID = identity.DomainID(p.ID)
	}
	for _, name := range names {
		r, err := tx.RoleByName(ctx, "", name)
		if errors.Is(err, identity.NotFound) && p.DomainID != "" {
			r, err = tx.RoleByName(ctx, p.DomainID, name)
		}
		id, err := orName(r.ID, name, err)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// NamedGrant is roles on a project, or on a domain, that a user or a group is to have, or to lose, all of it by names.
type NamedGrant struct {
	User, Project Ref
	Group         Ref                  // in place of a user
	Domain        *directory.DomainRef // in place of a project
	Inherited     bool                 // not there, but on all projects below
	Roles         []string
	Until         time.Time // when it ends; zero for never
}

// Find turns names into grants, one for each role.
func (s *Service) Find(ctx context.Context, tx *store.Tx, caller identity.Caller, n NamedGrant) (all []identity.Grant, err error) {
	g := identity.Grant{Inherited: n.Inherited}
	if n.Group != (Ref{}) {
		g.Group, err = GroupNamed(ctx, tx, n.Group)
	} else {
		g.User, err = s.UserNamed(ctx, tx, caller, n.User)
	}
	if err != nil {
		return nil, err
	}
	var on identity.ProjectID
	if n.Domain != nil {
		g.Domain, err = DomainNamed(ctx, tx, *n.Domain)
		on = identity.ProjectID(g.Domain)
	} else {
		g.Project, err = ProjectNamed(ctx, tx, n.Project)
		on = g.Project
	}
	if err != nil {
		return nil, err
	}
	roles, err := RolesNamed(ctx, tx, on, n.Roles)
	for _, g.Role = range roles {
		all = append(all, g)
	}
	return all, err
}

// RevokeGrants takes grants to one user or group at one place back, all or none, each as RevokeGrant does.
func (s *Service) RevokeGrants(ctx context.Context, caller identity.Caller, grants []identity.Grant) error {
	return s.changeGrants(ctx, caller, grants[:min(1, len(grants))], func(_ *store.Tx, change changer) error {
		for _, g := range grants {
			if err := change(revoke, g, identity.Terms{}); err != nil {
				return err
			}
		}
		return nil
	})
}
