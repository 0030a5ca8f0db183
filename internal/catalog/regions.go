package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// RegionUpdate is a change of a region. An ID may be sent and must be the region's.
type RegionUpdate struct {
	ID             identity.Opt[identity.RegionID]
	Description    identity.Opt[string]
	ParentRegionID identity.Opt[identity.RegionID]
	Extra          identity.Extra
}

// Regions lists regions.
func (s *Service) Regions(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Region], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRegions, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Regions(ctx, q)
		return err
	})
	return page, err
}

// Region shows a region.
func (s *Service) Region(ctx context.Context, caller identity.Caller, id identity.RegionID) (r identity.Region, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetRegion, nil); err != nil {
		return r, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		r, err = tx.Region(ctx, id)
		return err
	})
	return r, err
}

// CreateRegion makes a region. Without an id it gets a random one.
func (s *Service) CreateRegion(ctx context.Context, caller identity.Caller, r identity.Region) (identity.Region, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateRegion, nil); err != nil {
		return r, err
	}
	return r, s.DB.Update(ctx, func(tx *store.Tx) error {
		if r.ID == "" {
			r.ID = identity.RegionID(tx.NewID())
		}
		if _, err := tx.Region(ctx, r.ID); err == nil {
			return identity.Conflictf("region", "Duplicate ID, %s.", r.ID)
		} else if !errors.Is(err, identity.NotFound) {
			return err
		}
		if err := parentExists(ctx, tx, r); err != nil {
			return err
		}
		if err := tx.InsertRegion(ctx, r); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("region", r.ID).By(caller))
	})
}

// UpdateRegion changes a region. It may not become its own ancestor.
func (s *Service) UpdateRegion(ctx context.Context, caller identity.Caller, id identity.RegionID, u RegionUpdate) (r identity.Region, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateRegion, nil); err != nil {
		return r, err
	}
	if err := identity.SameID(u.ID, id); err != nil {
		return r, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if r, err = tx.Region(ctx, id); err != nil {
			return err
		}
		r.Description = u.Description.Or(r.Description)
		r.ParentRegionID = u.ParentRegionID.Or(r.ParentRegionID)
		r.Extra = r.Extra.Merge(u.Extra)
		if err := parentExists(ctx, tx, r); err != nil {
			return err
		}
		below, err := tx.RegionTree(ctx, id)
		if err != nil {
			return err
		}
		if slices.Contains(below, r.ParentRegionID) {
			return identity.Invalidf("The specified parent region %s would create a circular region hierarchy.", id)
		}
		if err := tx.PutRegion(ctx, r); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("region", id).By(caller))
	})
	return r, err
}

// DeleteRegion deletes a region and those below it, unless an endpoint stands in one of them.
func (s *Service) DeleteRegion(ctx context.Context, caller identity.Caller, id identity.RegionID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteRegion, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Region(ctx, id); err != nil {
			return err
		}
		tree, err := tx.RegionTree(ctx, id)
		if err != nil {
			return err
		}
		done, err := tx.DeleteRegions(ctx, tree)
		switch {
		case err != nil:
			return err
		case !done:
			return identity.Refusedf("Unable to delete region %s because it or its child regions have associated endpoints.", id)
		}
		return tx.Record(ctx, identity.Deleted("region", id).By(caller))
	})
}

func parentExists(ctx context.Context, tx *store.Tx, r identity.Region) error {
	if r.ParentRegionID == "" {
		return nil
	}
	_, err := tx.Region(ctx, r.ParentRegionID)
	return err
}
