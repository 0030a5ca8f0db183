package assignment

import (
	"context"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// RoleUpdate is a change of a role. ID and DomainID cannot change: they are there to be compared.
type RoleUpdate struct {
	ID          identity.Opt[identity.RoleID]
	DomainID    identity.Opt[identity.DomainID]
	Name        identity.Opt[string]
	Description identity.Opt[string]
	Options     identity.Options
	Extra       identity.Extra
}

// roleActions are the rules that guard a role of the deployment, and those for a role of a domain.
var roleActions = map[authz.Action]authz.Action{
	authz.GetRole: authz.GetDomainRole, authz.UpdateRole: authz.UpdateDomainRole, authz.DeleteRole: authz.DeleteDomainRole,
}

// Roles returns a page of the global roles, or of those of the domain that the filter domain_id names. Filters: name,
// domain_id. A caller who may look at some roles only, such as the manager of a domain, gets those.
func (s *Service) Roles(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Role], err error) {
	action, get := authz.ListRoles, authz.GetRole
	if domain, _ := q.Equal("domain_id"); domain != "" {
		action, get = authz.ListDomainRoles, authz.GetDomainRole
	} else {
		q = q.Where("domain_id", "")
	}
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return page, err
	}
	all := s.Authz.Allowed(ctx, caller, get, authz.Target{"role": map[string]any{}})
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if all {
			page, err = tx.Roles(ctx, q)
			return err
		}
		limit := q.Limit
		q.Limit = 0
		if page, err = tx.Roles(ctx, q); err != nil {
			return err
		}
		narrow(&page, limit, func(r identity.Role) bool {
			return s.Authz.Allowed(ctx, caller, get, authz.Target{"role": authz.Role(r)})
		})
		return nil
	})
	return page, err
}

// narrow keeps what may be seen of a page that holds a whole list, and cuts it to a limit.
func narrow[T any](page *identity.Page[T], limit int, may func(T) bool) {
	page.Items = slices.DeleteFunc(page.Items, func(item T) bool { return !may(item) })
	if limit > 0 && len(page.Items) > limit {
		page.Items, page.More = page.Items[:limit], true
	}
}

// Role returns a role.
func (s *Service) Role(ctx context.Context, caller identity.Caller, id identity.RoleID) (r identity.Role, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		r, err = s.allowedRole(ctx, tx, caller, authz.GetRole, id)
		return err
	})
	return r, err
}

// allowedRole returns a role on which the caller may do the action, which is another one for a role of a domain. One that
// is not there counts as a global role of which nothing is known.
func (s *Service) allowedRole(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.RoleID) (identity.Role, error) {
	r, missing := tx.Role(ctx, id)
	target := authz.Target{"role": map[string]any{}}
	if missing == nil {
		target["role"] = authz.Role(r)
	}
	if r.DomainID != "" {
		action = roleActions[action]
	}
	return r, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// MayCreateRole tells whether the caller may make global roles.
func (s *Service) MayCreateRole(ctx context.Context, caller identity.Caller) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateRole, authz.Target{"role": authz.Role(identity.Role{})})
}

// CreateRole makes a role; its id is made here. As upstream has it, its domain need not exist.
func (s *Service) CreateRole(ctx context.Context, caller identity.Caller, r identity.Role) (made identity.Role, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		made, err = s.AddRole(ctx, tx, caller, r)
		return err
	})
	return made, err
}

// AddRole is CreateRole as a part of something more.
func (s *Service) AddRole(ctx context.Context, tx *store.Tx, caller identity.Caller, r identity.Role) (identity.Role, error) {
	action := authz.CreateRole
	if r.DomainID != "" {
		action = authz.CreateDomainRole
	}
	if err := s.Authz.Check(ctx, caller, action, authz.Target{"role": authz.Role(r)}); err != nil {
		return r, err
	}
	if err := checkTexts(r); err != nil {
		return r, err
	}
	r.Options, r.ID = identity.Options{}.Merge(r.Options), identity.RoleID(tx.NewID())
	if err := tx.InsertRole(ctx, r); err != nil {
		return r, err
	}
	return r, tx.Record(ctx, identity.Created("role", r.ID).By(caller))
}

// Widths of columns, as the API's schema has them.
const maxName, maxDescription = 255, 255

func checkTexts(r identity.Role) error {
	if err := identity.Fits(r.Name, "name", maxName); err != nil || r.Description == nil {
		return err
	}
	return identity.Fits(*r.Description, "description", maxDescription)
}

// UpdateRole changes a role. An immutable one takes no change but the end of being immutable.
func (s *Service) UpdateRole(ctx context.Context, caller identity.Caller, id identity.RoleID, u RoleUpdate) (r identity.Role, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.allowedRole(ctx, tx, caller, authz.UpdateRole, id)
		if err != nil {
			return err
		}
		if err := identity.SameID(u.ID, id); err != nil {
			return err
		}
		switch {
		case old.Options.Bool(identity.OptImmutable) && !u.releases():
			return identity.Refusedf("Unable to update immutable role resource: `%s. Set resource option \"immutable\" to false first.", id)
		case u.DomainID.Present && u.DomainID.Value != old.DomainID:
			return identity.Invalidf("Update of `domain_id` is not allowed.")
		}
		r = old
		r.Name = u.Name.Or(r.Name)
		if u.Description.Present {
			r.Description = nil
			if !u.Description.Null {
				r.Description = &u.Description.Value
			}
		}
		if err := checkTexts(r); err != nil {
			return err
		}
		r.Options = r.Options.Merge(u.Options)
		r.Extra = r.Extra.Merge(u.Extra)
		if err := tx.UpdateRole(ctx, old, r); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("role", id).By(caller))
	})
	return r, err
}

// releases tells whether the change does nothing but make a role mutable.
func (u RoleUpdate) releases() bool {
	v, set := u.Options[identity.OptImmutable]
	others := u.ID.Present || u.DomainID.Present || u.Name.Present || u.Description.Present || len(u.Extra) > 0
	return set && (v == nil || v == false) && !others
}

// DeleteRole deletes a role that is not immutable, with all grants of it.
func (s *Service) DeleteRole(ctx context.Context, caller identity.Caller, id identity.RoleID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		r, err := s.allowedRole(ctx, tx, caller, authz.DeleteRole, id)
		if err != nil {
			return err
		}
		if r.Options.Bool(identity.OptImmutable) {
			return identity.Refusedf("Unable to delete immutable role resource: `%s. Set resource option \"immutable\" to false first.", id)
		}
		if s.Office.TellsAccess() {
			grants, err := tx.Grants(ctx, store.GrantFilter{Role: id})
			if err != nil {
				return err
			}
			if err := s.Office.TellOfEnd(ctx, tx, mail.End{Act: "role", Name: r.Name, Grants: grants, By: caller}); err != nil {
				return err
			}
		}
		if err := tx.DeleteRole(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("role", id).By(caller))
	})
}

// Inferences returns all rules by which a role implies another.
func (s *Service) Inferences(ctx context.Context, caller identity.Caller) (rules []identity.Inference, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRoleInferenceRules, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		rules, err = tx.Inferences(ctx, "")
		return err
	})
	return rules, err
}

// ImpliedRoles returns a role and the rules by which it implies others.
func (s *Service) ImpliedRoles(ctx context.Context, caller identity.Caller, prior identity.RoleID) (r identity.Role, rules []identity.Inference, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		pair, err := s.allowedRule(ctx, tx, caller, authz.ListImpliedRoles, identity.ImpliedRole{Prior: prior})
		if err != nil {
			return err
		}
		r = pair.Prior
		rules, err = tx.Inferences(ctx, prior)
		return err
	})
	return r, rules, err
}

// ImpliedRole returns the rule by which one role implies another; identity.NotFound when there is none.
func (s *Service) ImpliedRole(ctx context.Context, caller identity.Caller, i identity.ImpliedRole) (identity.Inference, error) {
	return s.impliedRole(ctx, caller, i, authz.GetImpliedRole)
}

// CheckImpliedRole is ImpliedRole for those who ask only whether there is such a rule. They must pass a second check.
func (s *Service) CheckImpliedRole(ctx context.Context, caller identity.Caller, i identity.ImpliedRole) error {
	_, err := s.impliedRole(ctx, caller, i, authz.CheckImpliedRole, authz.GetImpliedRole)
	return err
}

func (s *Service) impliedRole(ctx context.Context, caller identity.Caller, i identity.ImpliedRole, actions ...authz.Action) (pair identity.Inference, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		for _, action := range actions {
			if pair, err = s.allowedRule(ctx, tx, caller, action, i); err != nil {
				return err
			}
		}
		found, err := tx.Implies(ctx, i)
		if err == nil && !found {
			err = notImplied(i)
		}
		return err
	})
	return pair, err
}

func notImplied(i identity.ImpliedRole) error {
	return identity.Failf(identity.NotFound, "%s does not imply %s.", i.Prior, i.Implied)
}

// allowedRule returns the roles of a rule on which the caller may do the action. A rule without an implied role is about
// all rules of the prior role.
func (s *Service) allowedRule(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, i identity.ImpliedRole) (pair identity.Inference, err error) {
	target := authz.Target{}
	prior, missing := tx.Role(ctx, i.Prior)
	if missing == nil {
		target["prior_role"] = authz.Role(prior)
	}
	var implied identity.Role
	if i.Implied != "" {
		var err error
		if implied, err = tx.Role(ctx, i.Implied); err == nil {
			target["implied_role"] = authz.Role(implied)
		} else if missing == nil {
			missing = err
		}
	}
	return identity.Inference{Prior: prior, Implied: implied}, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// CreateImpliedRole makes one role imply another. Rules may form circles: who holds one role of a circle holds them all.
func (s *Service) CreateImpliedRole(ctx context.Context, caller identity.Caller, i identity.ImpliedRole) (pair identity.Inference, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if pair, err = s.allowedRule(ctx, tx, caller, authz.CreateImpliedRole, i); err != nil {
			return err
		}
		never := identity.Failf(identity.Forbidden, "%s cannot be an implied roles.", i.Implied)
		if slices.ContainsFunc(s.NeverImplied, func(name string) bool { return strings.EqualFold(name, pair.Implied.Name) }) {
			return never
		}
		if pair.Prior.DomainID == "" && pair.Implied.DomainID != "" {
			never.Detail = "Global role cannot imply a domain-specific role"
			return never
		}
		found, err := tx.Implies(ctx, i)
		if err != nil {
			return err
		}
		if found {
			return identity.Conflictf("implied_role", "Duplicate entry")
		}
		if err := tx.InsertImpliedRole(ctx, i); err != nil {
			return err
		}
		if err := s.endImplied(ctx, tx, i.Prior); err != nil {
			return err
		}
		return tx.Record(ctx, implication(pair, "implies").By(caller))
	})
	return pair, err
}

// endImplied is endUnfactored for all who hold a role that now implies another, or what implies it.
func (s *Service) endImplied(ctx context.Context, tx *store.Tx, prior identity.RoleID) error {
	if asks, err := s.Directory.AsksOfRoles(ctx, tx); err != nil || !asks {
		return err
	}
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return err
	}
	var grants []identity.Grant
	for id := range b.Roles {
		if slices.Contains(b.Expand(id), prior) {
			held, err := tx.Grants(ctx, store.GrantFilter{Role: id})
			if err != nil {
				return err
			}
			grants = append(grants, held...)
		}
	}
	return s.endUnfactored(ctx, tx, grants...)
}

// DeleteImpliedRole ends a rule by which one role implies another.
func (s *Service) DeleteImpliedRole(ctx context.Context, caller identity.Caller, i identity.ImpliedRole) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		pair, err := s.allowedRule(ctx, tx, caller, authz.DeleteImpliedRole, i)
		if err != nil {
			return err
		}
		found, err := tx.DeleteImpliedRole(ctx, i)
		if err == nil && !found {
			err = notImplied(i)
		}
		if err != nil {
			return err
		}
		return tx.Record(ctx, implication(pair, "no longer implies").By(caller))
	})
}

// implication is the event of a role that implies another from now on, or no longer. Keystone has none.
func implication(pair identity.Inference, how string) identity.Event {
	e := identity.Updated("role", pair.Prior.ID)
	e.Changes = []string{how + " " + pair.Implied.Name}
	return e.ForTrail()
}
