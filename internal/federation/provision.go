package federation

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/federation/mapping"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// provision gives a user the roles that a mapping says on projects, and makes the projects that are not there
// (configure_federated_projects in keystone/auth/plugins/mapped.py). From version 3.0 of the language on, it also takes back
// all other roles that were granted to the user on projects.
func (s *Service) provision(ctx context.Context, tx *store.Tx, provider identity.IdentityProvider, u identity.User, version string, projects []mapping.Project) error {
	has := map[identity.Grant]bool{}
	grants, err := tx.Grants(ctx, store.GrantFilter{User: u.ID, NoSystem: true})
	if err != nil {
		return err
	}
	for _, g := range grants {
		if g.Project != "" && !g.Inherited {
			has[g] = true
		}
	}
	wanted := map[identity.Grant]bool{}
	for _, named := range projects {
		roles, err := roles(ctx, tx, provider, u, named.Roles)
		if err != nil {
			return err
		}
		p, err := s.project(ctx, tx, provider, named)
		if err != nil {
			return err
		}
		for _, role := range roles {
			wanted[identity.Grant{User: u.ID, Project: p, Role: role}] = true
		}
	}
	for g := range wanted {
		if has[g] {
			continue
		}
		if err := tx.PutGrant(ctx, g); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Granted("created", g)); err != nil {
			return err
		}
	}
	for g := range has {
		if wanted[g] || version != "3.0" {
			continue
		}
		if _, err := tx.DeleteGrant(ctx, g); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Granted("deleted", g)); err != nil {
			return err
		}
	}
	return nil
}

// roles finds roles by their names: global ones, or else those of the user's domain.
func roles(ctx context.Context, tx *store.Tx, provider identity.IdentityProvider, u identity.User, names []string) (ids []identity.RoleID, err error) {
	for _, name := range names {
		page, err := tx.Roles(ctx, identity.Query{}.Where("name", name))
		if err != nil {
			return nil, err
		}
		found := slices.DeleteFunc(page.Items, func(r identity.Role) bool { return r.Name != name })
		at := slices.IndexFunc(found, func(r identity.Role) bool { return r.DomainID == "" })
		if at < 0 {
			at = slices.IndexFunc(found, func(r identity.Role) bool { return r.DomainID == u.DomainID })
		}
		switch {
		case len(found) == 0:
			return nil, &identity.Error{Kind: identity.NotFound, Message: name} // and no more, as upstream has it
		case at < 0:
			return nil, identity.Refusedf("role: %s must be within the same domain as the identity provider: %s.", name, provider.ID)
		}
		ids = append(ids, found[at].ID)
	}
	return ids, nil
}

// project finds a project that a mapping names, or makes it.
func (s *Service) project(ctx context.Context, tx *store.Tx, provider identity.IdentityProvider, named mapping.Project) (identity.ProjectID, error) {
	domain, err := domainOf(ctx, tx, named.Domain, provider.DomainID)
	if err != nil {
		return "", err
	}
	p, err := tx.ProjectByName(ctx, domain.ID, named.Name)
	if errors.Is(err, identity.NotFound) {
		p, err = s.Directory.AddProject(ctx, tx, identity.Project{
			DomainID: domain.ID, ParentID: identity.ProjectID(domain.ID), Name: named.Name, Description: new(string), Enabled: true,
		})
		if err == nil {
			err = tx.Record(ctx, identity.Created("project", p.ID))
		}
	}
	return p.ID, err
}
