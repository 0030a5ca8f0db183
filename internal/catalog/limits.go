package catalog

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// LimitUpdate is a change of a limit.
type LimitUpdate struct {
	Value       identity.Opt[int64]
	Description identity.Opt[string]
}

// LimitModel returns the name and the description of the way in which limits are checked against each other.
func (s *Service) LimitModel(ctx context.Context, caller identity.Caller) (name, description string, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetLimitModel, nil); err != nil {
		return "", "", err
	}
	if s.StrictLimits {
		return "strict_two_level", "This model requires project hierarchy never exceeds a depth of two", nil
	}
	return "flat", "Limit enforcement and validation does not take project hierarchy into consideration.", nil
}

// Limits lists the limits that the caller's scope lets them see: with the system, or the role admin or service, all;
// with a domain, its own and those of its projects; with a project, its own.
func (s *Service) Limits(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Limit], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListLimits, nil); err != nil {
		return page, err
	}
	if t := caller.Token; !caller.Admin && !t.Scope.IsSystem() && !slices.ContainsFunc(t.Roles, seesAllLimits) {
		switch {
		case t.Scope.DomainID() != "":
			q = q.Where("within", string(t.Scope.DomainID()))
		case t.Scope.ProjectID() != "":
			q = q.Where("project_id", string(t.Scope.ProjectID()))
		default:
			return page, nil
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Limits(ctx, q)
		return err
	})
	return page, err
}

// Allowance is how much of a resource a project may have.
type Allowance struct {
	Service  string // its name, or its type when it has none
	Region   identity.RegionID
	Resource string
	Value    int64 // -1 is no bound
	Default  bool  // that of every project which has no limit of its own
}

// Allowances are what holds for the project that a caller acts on, by service and resource: its limits, and of all else the defaults.
func (s *Service) Allowances(ctx context.Context, caller identity.Caller) (all []Allowance, err error) {
	for _, action := range []authz.Action{authz.ListLimits, authz.ListRegisteredLimits} {
		if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
			return nil, err
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		registered, err := tx.RegisteredLimits(ctx, identity.Query{})
		if err != nil || len(registered.Items) == 0 {
			return err
		}
		own, err := tx.Limits(ctx, identity.Query{}.Where("project_id", string(caller.Token.Scope.ProjectID())))
		if err != nil {
			return err
		}
		services, err := tx.Services(ctx, identity.Query{})
		if err != nil {
			return err
		}
		called := map[identity.ServiceID]string{}
		for _, v := range services.Items {
			called[v.ID] = cmp.Or(v.Name(), v.Type)
		}
		for _, r := range registered.Items {
			a := Allowance{called[r.ServiceID], r.RegionID, r.ResourceName, r.Default, true}
			for _, l := range own.Items {
				if l.ServiceID == r.ServiceID && l.RegionID == r.RegionID && l.ResourceName == r.ResourceName {
					a.Value, a.Default = l.Value, false
				}
			}
			all = append(all, a)
		}
		slices.SortFunc(all, func(a, b Allowance) int {
			return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Region, b.Region))
		})
		return nil
	})
	return all, err
}

func seesAllLimits(r identity.Role) bool { return r.Name == "admin" || r.Name == "service" }

// Limit shows a limit.
func (s *Service) Limit(ctx context.Context, caller identity.Caller, id identity.LimitID) (l identity.Limit, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		l, err = s.allowedLimit(ctx, tx, caller, authz.GetLimit, id)
		return err
	})
	return l, err
}

// allowedLimit loads a limit for a caller who may do the action on it. Who may not gets the same answer for one that is
// not there.
func (s *Service) allowedLimit(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.LimitID) (identity.Limit, error) {
	target := authz.Target{}
	l, missing := tx.Limit(ctx, id)
	if missing == nil {
		var err error
		if target, err = limitTarget(ctx, tx, l); err != nil {
			return l, err
		}
	}
	return l, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// limitTarget is a limit as rules see it, with the project or domain that it is for.
func limitTarget(ctx context.Context, tx *store.Tx, l identity.Limit) (authz.Target, error) {
	limit := authz.Limit(l)
	var err error
	if l.ProjectID != "" {
		var p identity.Project
		if p, err = tx.Project(ctx, l.ProjectID); err == nil {
			limit["project"] = authz.Project(p)
		}
	} else if l.DomainID != "" {
		var d identity.Domain
		if d, err = tx.Domain(ctx, l.DomainID); err == nil {
			limit["domain"] = authz.Domain(d)
		}
	}
	if errors.Is(err, identity.NotFound) {
		err = nil
	}
	return authz.Target{"limit": limit}, err
}

// CreateLimits makes limits with random ids: all or none. A limit of a project that acts as a domain becomes the
// domain's. There must be a registered limit for each. It sets what it finds out in limits.
func (s *Service) CreateLimits(ctx context.Context, caller identity.Caller, limits []identity.Limit) error {
	if err := s.Authz.Check(ctx, caller, authz.CreateLimits, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		for i := range limits {
			if err := ownerExists(ctx, tx, &limits[i]); err != nil {
				return err
			}
		}
		if err := s.checkTree(ctx, tx, limits); err != nil {
			return err
		}
		for i := range limits {
			if err := insertLimit(ctx, tx, &limits[i]); err != nil {
				return err
			}
			if err := tx.Record(ctx, identity.Created("limit", limits[i].ID).ForTrail().By(caller)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ownerExists returns a 400 when something that a limit names is not there.
func ownerExists(ctx context.Context, tx *store.Tx, l *identity.Limit) error {
	if err := placeExists(ctx, tx, l.ServiceID, l.RegionID, "limit"); err != nil {
		return err
	}
	if l.ProjectID != "" {
		p, err := tx.Project(ctx, l.ProjectID)
		if err != nil {
			return refers(err, "project_id", "limit")
		}
		if p.IsDomain {
			l.ProjectID, l.DomainID = "", identity.DomainID(p.ID)
		}
		return nil
	}
	if l.DomainID == "" {
		return identity.Expecting("project_id or domain_id", "limit")
	}
	return refers(exists(tx.Domain(ctx, l.DomainID)), "domain_id", "limit")
}

func insertLimit(ctx context.Context, tx *store.Tx, l *identity.Limit) error {
	if err := tx.ClaimResource(ctx, l.ServiceID); err != nil {
		return err
	}
	registered, found, err := tx.RegisteredLimitFor(ctx, l.ServiceID, l.RegionID, l.ResourceName)
	if err != nil {
		return err
	}
	if !found {
		return identity.Refusedf("Unable to create a limit that has no corresponding registered limit.")
	}
	others, err := tx.LimitsOn(ctx, registered.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(o identity.Limit) bool { return o.ProjectID == l.ProjectID && o.DomainID == l.DomainID }) {
		return identity.Conflictf("limit", "Duplicate entry")
	}
	l.ID = identity.LimitID(tx.NewID())
	return tx.InsertLimit(ctx, *l, registered.ID)
}

// UpdateLimit changes a limit.
func (s *Service) UpdateLimit(ctx context.Context, caller identity.Caller, id identity.LimitID, u LimitUpdate) (l identity.Limit, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if l, err = s.allowedLimit(ctx, tx, caller, authz.UpdateLimit, id); err != nil {
			return err
		}
		l.Value = u.Value.Or(l.Value)
		l.Description = u.Description.OrPtr(l.Description)
		if err := s.checkTree(ctx, tx, []identity.Limit{l}); err != nil {
			return err
		}
		if err := tx.PutLimit(ctx, l); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("limit", id).ForTrail().By(caller))
	})
	return l, err
}

// DeleteLimit deletes a limit.
func (s *Service) DeleteLimit(ctx context.Context, caller identity.Caller, id identity.LimitID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.allowedLimit(ctx, tx, caller, authz.DeleteLimit, id); err != nil {
			return err
		}
		if err := tx.DeleteLimit(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("limit", id).ForTrail().By(caller))
	})
}

// checkTree refuses, under StrictLimits, new values of limits that would leave a project with more than its domain, be
// it by the limit in the database or by the one in the same list (keystone/limit/models/strict_two_level.py). Values
// are compared as upstream does: as plain numbers, and one of 0 in the database bounds nothing.
func (s *Service) checkTree(ctx context.Context, tx *store.Tx, limits []identity.Limit) error {
	if !s.StrictLimits {
		return nil
	}
	for _, l := range limits {
		fits, err := fitsTree(ctx, tx, l, limits)
		if err != nil {
			return err
		}
		if !fits {
			level, id, region := "project_id", string(l.ProjectID), cmp.Or(string(l.RegionID), "None")
			if id == "" {
				level, id = "domain_id", string(l.DomainID)
			}
			return identity.Refusedf("Invalid resource limit: The resource limit (%s: %s, resource_name: %s, resource_limit: %d,"+
				" service_id: %s, region_id: %s) doesn't satisfy current hierarchy model..", level, id, l.ResourceName, l.Value, l.ServiceID, region)
		}
	}
	return nil
}

func fitsTree(ctx context.Context, tx *store.Tx, l identity.Limit, limits []identity.Limit) (bool, error) {
	var parent identity.DomainID
	if l.ProjectID != "" {
		p, err := tx.Project(ctx, l.ProjectID)
		if err != nil {
			return false, err
		}
		parent = identity.DomainID(p.ParentID)
		for _, o := range limits {
			if o.DomainID == parent && o.ServiceID == l.ServiceID && o.RegionID == l.RegionID && o.ResourceName == l.ResourceName {
				return l.Value <= o.Value, nil
			}
		}
	}
	if err := tx.ClaimResource(ctx, l.ServiceID); err != nil {
		return false, err
	}
	registered, found, err := tx.RegisteredLimitFor(ctx, l.ServiceID, l.RegionID, l.ResourceName)
	if err != nil || !found {
		return err == nil, err
	}
	stored, err := tx.LimitsOn(ctx, registered.ID)
	if err != nil {
		return false, err
	}
	if l.ProjectID != "" {
		bound := registered.Default
		for _, o := range stored {
			if o.DomainID == parent {
				bound = o.Value
			}
		}
		return bound == 0 || l.Value <= bound, nil
	}
	below, err := tx.Subtree(ctx, identity.ProjectID(l.DomainID))
	if err != nil {
		return false, err
	}
	inside := map[identity.ProjectID]bool{}
	for _, p := range below {
		inside[p.ID] = true
	}
	return !slices.ContainsFunc(stored, func(o identity.Limit) bool {
		return inside[o.ProjectID] && o.Value != 0 && l.Value < o.Value
	}), nil
}
