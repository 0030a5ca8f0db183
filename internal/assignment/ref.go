package assignment

import (
	"context"
	"errors"

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

// UserNamed finds a user by name or id.
func UserNamed(ctx context.Context, tx *store.Tx, ref Ref) (identity.UserID, error) {
	if ref.ID != "" {
		return identity.UserID(ref.ID), nil
	}
	domain, err := DomainNamed(ctx, tx, ref.Domain)
	if err != nil {
		return "", err
	}
	u, err := tx.UserByName(ctx, domain, ref.Name)
	return orName(u.ID, ref.Name, err)
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

// RolesNamed finds roles by name or id: those of the cloud, and of the domain of a project.
func RolesNamed(ctx context.Context, tx *store.Tx, project identity.ProjectID, names []string) (ids []identity.RoleID, err error) {
	p, err := tx.Project(ctx, project)
	if err != nil && !errors.Is(err, identity.NotFound) {
		return nil, err
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
