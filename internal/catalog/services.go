package catalog

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ServiceUpdate is a change of a service. An ID may be sent and must be the service's.
type ServiceUpdate struct {
	ID      identity.Opt[identity.ServiceID]
	Type    identity.Opt[string]
	Enabled identity.Opt[bool]
	Extra   identity.Extra
}

// EndpointUpdate is a change of an endpoint, or all that a new one is to be. An ID may be sent with a change and must be
// the endpoint's.
type EndpointUpdate struct {
	ID        identity.Opt[identity.EndpointID]
	ServiceID identity.Opt[identity.ServiceID]
	RegionID  identity.Opt[identity.RegionID]
	Region    identity.Opt[identity.RegionID] // the old name; a region of that id is made when there is none
	Interface identity.Opt[string]
	URL       identity.Opt[string]
	Enabled   identity.Opt[bool]
	Extra     identity.Extra
}

// Services lists services.
func (s *Service) Services(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Service], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListServices, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Services(ctx, q)
		return err
	})
	return page, err
}

// Service shows a service.
func (s *Service) Service(ctx context.Context, caller identity.Caller, id identity.ServiceID) (v identity.Service, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetService, nil); err != nil {
		return v, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		v, err = tx.Service(ctx, id)
		return err
	})
	return v, err
}

// CreateService makes a service with a random id.
func (s *Service) CreateService(ctx context.Context, caller identity.Caller, v identity.Service) (identity.Service, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateService, nil); err != nil {
		return v, err
	}
	if _, named := v.Extra["name"]; !named {
		v.Extra = v.Extra.Merge(identity.Extra{"name": ""})
	}
	return v, s.DB.Update(ctx, func(tx *store.Tx) error {
		v.ID = identity.ServiceID(tx.NewID())
		if err := tx.InsertService(ctx, v); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("service", v.ID).By(caller))
	})
}

// UpdateService changes a service.
func (s *Service) UpdateService(ctx context.Context, caller identity.Caller, id identity.ServiceID, u ServiceUpdate) (v identity.Service, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateService, nil); err != nil {
		return v, err
	}
	if err := identity.SameID(u.ID, id); err != nil {
		return v, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if v, err = tx.Service(ctx, id); err != nil {
			return err
		}
		v.Type = u.Type.Or(v.Type)
		v.Enabled = u.Enabled.Or(v.Enabled)
		v.Extra = v.Extra.Merge(u.Extra)
		if err := tx.PutService(ctx, v); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("service", id).By(caller))
	})
	return v, err
}

// DeleteService deletes a service and its endpoints.
func (s *Service) DeleteService(ctx context.Context, caller identity.Caller, id identity.ServiceID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteService, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Service(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteService(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("service", id).By(caller))
	})
}

// Endpoints lists endpoints.
func (s *Service) Endpoints(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Endpoint], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpoints, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Endpoints(ctx, q)
		return err
	})
	return page, err
}

// Endpoint shows an endpoint.
func (s *Service) Endpoint(ctx context.Context, caller identity.Caller, id identity.EndpointID) (e identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetEndpoint, nil); err != nil {
		return e, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		e, err = tx.Endpoint(ctx, id)
		return err
	})
	return e, err
}

// CreateEndpoint makes an endpoint out of the attributes given, with a random id. Unless disabled it is enabled.
func (s *Service) CreateEndpoint(ctx context.Context, caller identity.Caller, u EndpointUpdate) (e identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateEndpoint, nil); err != nil {
		return e, err
	}
	if err := checkURL(u.URL.Value); err != nil {
		return e, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		e = identity.Endpoint{ID: identity.EndpointID(tx.NewID()), Enabled: true}
		if err := u.apply(ctx, tx, caller, &e); err != nil {
			return err
		}
		if err := tx.InsertEndpoint(ctx, e); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("endpoint", e.ID).By(caller))
	})
	return e, err
}

// UpdateEndpoint changes an endpoint.
func (s *Service) UpdateEndpoint(ctx context.Context, caller identity.Caller, id identity.EndpointID, u EndpointUpdate) (e identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateEndpoint, nil); err != nil {
		return e, err
	}
	if err := identity.SameID(u.ID, id); err != nil {
		return e, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if e, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if err := u.apply(ctx, tx, caller, &e); err != nil {
			return err
		}
		if err := tx.PutEndpoint(ctx, e); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("endpoint", id).By(caller))
	})
	return e, err
}

// DeleteEndpoint deletes an endpoint.
func (s *Service) DeleteEndpoint(ctx context.Context, caller identity.Caller, id identity.EndpointID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteEndpoint, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Endpoint(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteEndpoint(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("endpoint", id).By(caller))
	})
}

// apply changes an endpoint. What it refers to must exist, but for a region under its old name.
func (u *EndpointUpdate) apply(ctx context.Context, tx *store.Tx, caller identity.Caller, e *identity.Endpoint) error {
	region := u.RegionID
	if !region.Present || region.Null {
		if u.Region.Present && !u.Region.Null {
			region = u.Region
			if region.Value == "" {
				region = identity.Null[identity.RegionID]() // no URL could name such a region
			} else if err := ensureRegion(ctx, tx, caller, region.Value); err != nil {
				return err
			}
		}
	}
	if region.Present && !region.Null {
		if err := exists(tx.Region(ctx, region.Value)); err != nil {
			return refers(err, "endpoint region_id", "region table")
		}
	}
	if u.ServiceID.Present && !u.ServiceID.Null {
		if err := exists(tx.Service(ctx, u.ServiceID.Value)); err != nil {
			return refers(err, "endpoint service_id", "service table")
		}
	}
	e.RegionID = region.Or(e.RegionID)
	e.ServiceID = u.ServiceID.Or(e.ServiceID)
	e.Interface = u.Interface.Or(e.Interface)
	e.URL = u.URL.Or(e.URL)
	if !u.Enabled.Null {
		e.Enabled = u.Enabled.Or(e.Enabled)
	}
	e.Extra = e.Extra.Merge(u.Extra)
	return nil
}

const maxRegionID = 255 // characters

func ensureRegion(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.RegionID) error {
	err := exists(tx.Region(ctx, id))
	if errors.Is(err, identity.NotFound) {
		if err := identity.Fits(id, "id", maxRegionID); err != nil {
			return err
		}
		if err := tx.InsertRegion(ctx, identity.Region{ID: id}); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("region", id).By(caller))
	}
	return err
}

func exists[T any](_ T, err error) error { return err }

// refers turns a missing thing into the 400 for an attribute that names it.
func refers(err error, attribute, target string) error {
	if errors.Is(err, identity.NotFound) {
		return identity.Expecting(attribute, target)
	}
	return err
}
