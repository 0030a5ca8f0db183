package catalog

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// RegisteredLimitUpdate is a change of a registered limit.
type RegisteredLimitUpdate struct {
	ServiceID    identity.Opt[identity.ServiceID]
	RegionID     identity.Opt[identity.RegionID]
	ResourceName identity.Opt[string]
	Default      identity.Opt[int64]
	Description  identity.Opt[string]
}

// RegisteredLimits lists registered limits.
func (s *Service) RegisteredLimits(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.RegisteredLimit], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRegisteredLimits, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.RegisteredLimits(ctx, q)
		return err
	})
	return page, err
}

// RegisteredLimit shows a registered limit.
func (s *Service) RegisteredLimit(ctx context.Context, caller identity.Caller, id identity.RegisteredLimitID) (l identity.RegisteredLimit, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetRegisteredLimit, nil); err != nil {
		return l, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		l, err = tx.RegisteredLimit(ctx, id)
		return err
	})
	return l, err
}

// CreateRegisteredLimits makes registered limits with random ids: all or none. It sets the ids in limits.
func (s *Service) CreateRegisteredLimits(ctx context.Context, caller identity.Caller, limits []identity.RegisteredLimit) error {
	if err := s.Authz.Check(ctx, caller, authz.CreateRegisteredLimits, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		for _, l := range limits {
			if err := placeExists(ctx, tx, l.ServiceID, l.RegionID, "registered_limit"); err != nil {
				return err
			}
		}
		for i := range limits {
			l := &limits[i]
			if err := registerOnce(ctx, tx, *l); err != nil {
				return err
			}
			l.ID = identity.RegisteredLimitID(tx.NewID())
			if err := tx.InsertRegisteredLimit(ctx, *l); err != nil {
				return err
			}
			if err := tx.Record(ctx, identity.Created("registered_limit", l.ID).ForTrail().By(caller)); err != nil {
				return err
			}
		}
		return nil
	})
}

// UpdateRegisteredLimit changes a registered limit that no limit refers to.
func (s *Service) UpdateRegisteredLimit(ctx context.Context, caller identity.Caller, id identity.RegisteredLimitID, u RegisteredLimitUpdate) (l identity.RegisteredLimit, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateRegisteredLimit, nil); err != nil {
		return l, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := placeExists(ctx, tx, u.ServiceID.Value, u.RegionID.Value, "registered_limit"); err != nil {
			return err
		}
		if l, err = unused(ctx, tx, id); err != nil {
			return err
		}
		l.ServiceID = u.ServiceID.Or(l.ServiceID)
		l.RegionID = u.RegionID.Or(l.RegionID)
		l.ResourceName = u.ResourceName.Or(l.ResourceName)
		l.Default = u.Default.Or(l.Default)
		l.Description = u.Description.OrPtr(l.Description)
		if err := registerOnce(ctx, tx, l); err != nil {
			return err
		}
		if err := tx.PutRegisteredLimit(ctx, l); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("registered_limit", id).ForTrail().By(caller))
	})
	return l, err
}

// DeleteRegisteredLimit deletes a registered limit that no limit refers to.
func (s *Service) DeleteRegisteredLimit(ctx context.Context, caller identity.Caller, id identity.RegisteredLimitID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteRegisteredLimit, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := unused(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.DeleteRegisteredLimit(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("registered_limit", id).ForTrail().By(caller))
	})
}

// unused loads a registered limit that no limit refers to, nor will before the transaction ends.
func unused(ctx context.Context, tx *store.Tx, id identity.RegisteredLimitID) (identity.RegisteredLimit, error) {
	l, err := tx.RegisteredLimit(ctx, id)
	if err != nil {
		return l, err
	}
	if err := tx.ClaimResource(ctx, l.ServiceID); err != nil {
		return l, err
	}
	limits, err := tx.LimitsOn(ctx, id)
	if err == nil && len(limits) > 0 {
		err = identity.Refusedf("Unable to update or delete registered limit %s because there are project limits associated with it.", id)
	}
	return l, err
}

// registerOnce refuses a registered limit for a resource that another one is for.
func registerOnce(ctx context.Context, tx *store.Tx, l identity.RegisteredLimit) error {
	if err := tx.ClaimResource(ctx, l.ServiceID); err != nil {
		return err
	}
	other, found, err := tx.RegisteredLimitFor(ctx, l.ServiceID, l.RegionID, l.ResourceName)
	if err == nil && found && other.ID != l.ID {
		err = identity.Conflictf("registered_limit", "Duplicate entry")
	}
	return err
}

// placeExists returns a 400 when the service or region that a limit is for is not there. Empty ids are fine.
func placeExists(ctx context.Context, tx *store.Tx, service identity.ServiceID, region identity.RegionID, of string) error {
	if service != "" {
		if err := exists(tx.Service(ctx, service)); err != nil {
			return refers(err, "service_id", of)
		}
	}
	if region != "" {
		if err := exists(tx.Region(ctx, region)); err != nil {
			return refers(err, "region_id", of)
		}
	}
	return nil
}
