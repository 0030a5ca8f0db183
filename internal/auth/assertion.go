package auth

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Assert gathers what may be said of a token's user to a service provider (keystone/api/_shared/saml.py). The token is all
// that is asked for: who holds it may be known elsewhere as its user. It must be one for a project and the user's own:
// what was handed on is bounded here, and an assertion could not carry the bounds. The errors are those of Validate for
// the token, a NotFound for the provider, and a Forbidden when it is disabled or the token will not do.
func (s *Service) Assert(ctx context.Context, text string, to identity.ServiceProviderID) (a identity.Assertion, p identity.ServiceProvider, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.ServiceProvider(ctx, to)
		return err
	})
	if err != nil {
		return a, p, err
	}
	if !p.Enabled {
		return a, p, identity.Deniedf("Service Provider %s is disabled", to)
	}
	e, err := s.recall(ctx, text, 0, nil)
	if err != nil {
		return a, p, err
	}
	t := &e.token
	switch {
	case t.Scope.Kind() != identity.ProjectScoped:
		return a, p, identity.NotAllowed("Use a project scoped token when attempting to create a SAML assertion")
	case t.TrustID != "" || t.Delegated(s.AdditionalPrimary):
		return a, p, identity.NotAllowed("Using a delegated token to create a SAML assertion is not allowed.")
	}
	a = identity.Assertion{
		UserID:  t.User.ID,
		User:    identity.QualifiedName{Name: t.User.Name, Domain: t.UserDomain.Name},
		Project: identity.QualifiedName{Name: t.Project.Name, Domain: t.ScopeDomain.Name},
		At:      s.DB.Now(), Until: t.ExpiresAt,
	}
	for _, r := range t.Roles {
		a.Roles = append(a.Roles, r.Name)
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a.Groups, err = s.groupNames(ctx, tx, t.User.ID)
		return err
	})
	return a, p, err
}

// groupNames are the groups that a user is in now.
func (s *Service) groupNames(ctx context.Context, tx *store.Tx, user identity.UserID) (names []identity.QualifiedName, err error) {
	groups, err := tx.GroupsOfUser(ctx, user, identity.Query{})
	if err != nil {
		return nil, err
	}
	domains := map[identity.DomainID]identity.Domain{}
	for _, g := range groups.Items {
		d, known := domains[g.DomainID]
		if !known {
			if d, err = tx.Domain(ctx, g.DomainID); err != nil {
				return nil, err
			}
			domains[d.ID] = d
		}
		names = append(names, identity.QualifiedName{Name: g.Name, Domain: d.Name})
	}
	return names, nil
}
