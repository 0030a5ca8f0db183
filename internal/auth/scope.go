package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// scope finds what the request asks for. Everything that is missing or disabled is the same 401.
func (s *Service) scope(ctx context.Context, tx *store.Tx, r ScopeRequest, p *proved) (identity.Scope, error) {
	switch {
	case p.credential != nil:
		found, err := s.project(ctx, tx, ProjectRef{ID: p.credential.ProjectID})
		return identity.OnProject(found.ID), err
	case p.accessToken != nil:
		// What was asked for must be there, and does not count.
		if r.Project != nil {
			if _, err := s.project(ctx, tx, *r.Project); err != nil {
				return identity.Scope{}, err
			}
		}
		if r.Domain != nil {
			if _, err := s.domain(ctx, tx, *r.Domain); err != nil {
				return identity.Scope{}, err
			}
		}
		found, err := s.project(ctx, tx, ProjectRef{ID: p.accessToken.ProjectID})
		return identity.OnProject(found.ID), err
	case r.Trust != nil:
		return s.trustScope(ctx, tx, *r.Trust, p)
	case r.Unscoped:
		return identity.Scope{}, nil
	case r.System && p.provider != nil:
		return identity.Scope{}, identity.Unauthenticatedf("no federated token has the system as its scope")
	case r.System:
		return identity.OnSystem(), nil
	case r.Domain != nil:
		d, err := s.domain(ctx, tx, *r.Domain)
		return identity.OnDomain(d.ID), err
	case r.Project != nil:
		p, err := s.project(ctx, tx, *r.Project)
		return identity.OnProject(p.ID), err
	case p.provider != nil:
		return identity.Scope{}, nil // a federated login that names no scope gets none
	default:
		scope, err := s.defaultScope(ctx, tx, p)
		if err == nil && scope.Kind() != identity.Unscoped && p.parent != nil && p.parent.Scope.IsSystem() {
			return scope, errSystemExchange // not named, but as good as named
		}
		return scope, err
	}
}

func (s *Service) domain(ctx context.Context, tx *store.Tx, ref directory.DomainRef) (d identity.Domain, err error) {
	if ref.Name != "" {
		if s.StrictDomainNames && !urlSafe(ref.Name) {
			return d, identity.Unauthenticatedf("Domain name cannot contain reserved characters.")
		}
		d, err = tx.DomainByName(ctx, ref.Name)
	} else {
		d, err = tx.Domain(ctx, ref.ID)
	}
	if err == nil && !d.Enabled {
		err = identity.Unauthenticatedf("Domain is disabled: %s", d.ID)
	}
	return d, hide(err)
}

func (s *Service) project(ctx context.Context, tx *store.Tx, ref ProjectRef) (p identity.Project, err error) {
	if ref.Name != "" {
		if s.StrictProjectNames && !urlSafe(ref.Name) {
			return p, identity.Unauthenticatedf("Project name cannot contain reserved characters.")
		}
		d, err := s.domain(ctx, tx, *ref.Domain)
		if err != nil {
			return p, err
		}
		p, err = tx.ProjectByName(ctx, d.ID, ref.Name)
		if err != nil {
			return p, hide(err)
		}
	} else {
		if p, err = tx.Project(ctx, ref.ID); err != nil {
			return p, hide(err)
		}
		if p.IsDomain {
			// A domain is also a row among the projects, but no token is scoped to it as one.
			return p, identity.Unauthenticatedf("Could not find project: %s.", ref.ID)
		}
		if _, err := s.domain(ctx, tx, directory.DomainRef{ID: p.DomainID}); err != nil {
			return p, err
		}
	}
	if !p.Enabled {
		return p, identity.Unauthenticatedf("Project is disabled: %s", p.ID)
	}
	return p, nil
}

// defaultScope is the user's default project when they can use it, else nothing.
func (s *Service) defaultScope(ctx context.Context, tx *store.Tx, by *proved) (identity.Scope, error) {
	u, err := tx.User(ctx, by.user)
	if err != nil {
		return identity.Scope{}, hide(err)
	}
	if u.DefaultProjectID == "" {
		return identity.Scope{}, nil
	}
	p, err := s.project(ctx, tx, ProjectRef{ID: u.DefaultProjectID})
	if errors.Is(err, identity.Unauthorized) {
		return identity.Scope{}, nil
	} else if err != nil {
		return identity.Scope{}, err
	}
	rules, err := tx.ProjectRules(ctx, p.ID)
	if err != nil || asksMore(rules, u, by.methods) {
		return identity.Scope{}, err
	}
	scope := identity.OnProject(p.ID)
	roles, err := s.Assignment.Effective(ctx, tx, u.ID, nil, scope)
	if err != nil || len(roles) == 0 {
		return identity.Scope{}, err
	}
	return scope, nil
}

// urlSafe tells whether a name has none of the characters that RFC 3986 section 2.2 reserves.
func urlSafe(name string) bool { return !strings.ContainsAny(name, ":/?#[]@!$&'()*+,;=") }
