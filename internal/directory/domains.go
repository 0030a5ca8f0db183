package directory

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Domains returns a page of the domains that the caller may list: with a domain-scoped token that one. Filters: name,
// enabled.
func (s *Service) Domains(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Domain], err error) {
	var target authz.Target
	d := scopedDomain(caller)
	if d != "" {
		target = authz.Target{"domain": map[string]any{"id": string(d)}}
	}
	if err := s.Authz.Check(ctx, caller, authz.ListDomains, target); err != nil {
		return page, err
	}
	if err := exactFlags(q); err != nil {
		return page, err
	}
	if d != "" {
		q = q.Where("id", string(d))
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Domains(ctx, q)
		return err
	})
	return page, err
}

// Domain returns a domain.
func (s *Service) Domain(ctx context.Context, caller identity.Caller, id identity.DomainID) (d identity.Domain, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.allowedDomain(ctx, caller, authz.GetDomain, id, tx.Project)
		d = p.AsDomain()
		return err
	})
	return d, err
}

// allowedDomain is to domains what allowedProject is to projects. It returns the project that acts as the domain.
func (s *Service) allowedDomain(ctx context.Context, caller identity.Caller, action authz.Action, id identity.DomainID,
	load func(context.Context, identity.ProjectID) (identity.Project, error),
) (identity.Project, error) {
	target := authz.Target{}
	p, missing := load(ctx, identity.ProjectID(id))
	switch {
	case missing == nil && p.IsDomain:
		target["domain"] = authz.Domain(p.AsDomain())
	case missing == nil || errors.Is(missing, identity.NotFound):
		missing = identity.Missing("domain", id)
	}
	return p, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// domainID is the spelling of an id that a client may choose for a domain.
var domainID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// MayCreateDomain tells whether the caller may make domains.
func (s *Service) MayCreateDomain(ctx context.Context, caller identity.Caller) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateDomain, nil)
}

// CreateDomain makes a domain. Its id is made here unless the caller has chosen one.
func (s *Service) CreateDomain(ctx context.Context, caller identity.Caller, d identity.Domain) (identity.Domain, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateDomain, nil); err != nil {
		return d, err
	}
	if d.ID != "" && !domainID.MatchString(string(d.ID)) {
		return d, identity.Invalidf("Domain ID does not conform to required UUID format.")
	}
	if s.Tree.SafeDomainNames {
		if err := safeName("Domain", d.Name); err != nil {
			return d, err
		}
	}
	p := d.AsProject()
	p.DomainID = ""
	p, err := s.insertProject(ctx, caller, p)
	return p.AsDomain(), err
}

// checkNewDomain looks at a project that is to act as a domain.
func (s *Service) checkNewDomain(p identity.Project) error {
	if s.reserved(p.Name) {
		return reservedName(p.Name)
	}
	if p.ParentID != "" || p.DomainID != "" {
		return identity.Invalidf("only root projects are allowed to act as domains.")
	}
	return nil
}

func (s *Service) reserved(name string) bool { return strings.EqualFold(name, s.Tree.ReservedDomain) }

func reservedName(name string) error { return identity.Invalidf("Domain cannot be named %s", name) }

// UpdateDomain changes a domain; of the update only what a domain can change is looked at.
func (s *Service) UpdateDomain(ctx context.Context, caller identity.Caller, id identity.DomainID, upd identity.ProjectUpdate) (d identity.Domain, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.allowedDomain(ctx, caller, authz.UpdateDomain, id, tx.LockProject)
		if err != nil {
			return err
		}
		if err := identity.Fits(upd.ID.Value, "id", 64); err != nil { // it is ignored otherwise
			return err
		}
		upd.ID, upd.DomainID = identity.Opt[identity.ProjectID]{}, identity.Opt[identity.DomainID]{}
		upd.ParentID, upd.IsDomain = identity.Opt[identity.ProjectID]{}, identity.Opt[bool]{}
		p, err := s.writeProject(ctx, tx, caller, old, upd)
		d = p.AsDomain()
		return err
	})
	return d, err
}

// DeleteDomain removes a disabled domain with all that is in it: projects, users, groups and roles. If one of these is
// immutable, nothing is removed.
func (s *Service) DeleteDomain(ctx context.Context, caller identity.Caller, id identity.DomainID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := s.allowedDomain(ctx, caller, authz.DeleteDomain, id, tx.LockProject)
		if err != nil {
			return err
		}
		return s.deleteDomain(ctx, tx, caller, p)
	})
}

func (s *Service) deleteDomain(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) error {
	id := identity.DomainID(p.ID)
	switch {
	case p.Options.Bool(identity.OptImmutable):
		return keepImmutable("domain", id)
	case p.Enabled:
		return identity.Refusedf("Cannot delete a domain that is enabled, please disable it first.")
	case id == s.DefaultDomain:
		return identity.Refusedf("Cannot delete the default domain.")
	}
	projects, roles, err := tx.ImmutableIn(ctx, id)
	switch {
	case err != nil:
		return err
	case len(projects) > 0:
		return keepImmutable("project", projects[0])
	case len(roles) > 0:
		return keepImmutable("role", roles[0])
	}
	ended, err := s.ending(ctx, tx, caller, p)
	if err != nil {
		return err
	}
	if err := s.Authority.Within(ctx, tx, caller, id); err != nil { // its users go with it
		return err
	}
	if err := s.tellOfEnd(ctx, tx, caller, p); err != nil {
		return err
	}
	if err := tx.DeleteDomain(ctx, id); err != nil {
		return err
	}
	if err := ended(); err != nil {
		return err
	}
	if err := tx.Record(ctx, identity.Deleted("project", id).By(caller)); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Deleted("domain", id).By(caller))
}

// DomainsOf returns what the domains of some users are called, to who may list domains.
func (s *Service) DomainsOf(ctx context.Context, caller identity.Caller, users []identity.User) (called map[identity.DomainID]string, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListDomains, nil); err != nil {
		return nil, err
	}
	called = map[identity.DomainID]string{}
	var keys []store.Key
	for _, u := range users {
		if _, known := called[u.DomainID]; !known {
			called[u.DomainID] = string(u.DomainID)
			keys = append(keys, store.Key{Kind: "project", ID: string(u.DomainID)})
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		labels, err := tx.Labels(ctx, keys)
		for k, l := range labels {
			called[identity.DomainID(k.ID)] = l.Name
		}
		return err
	})
	return called, err
}
