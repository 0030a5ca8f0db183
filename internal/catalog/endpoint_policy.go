package catalog

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// association names the action that an association's kind asks for: one each for endpoints, for services, and for
// services in a region.
func association(a identity.PolicyAssociation, endpoint, service, region authz.Action) authz.Action {
	switch {
	case a.EndpointID != "":
		return endpoint
	case a.RegionID != "":
		return region
	}
	return service
}

// CheckPolicyAssociation returns nil when the association is there.
func (s *Service) CheckPolicyAssociation(ctx context.Context, caller identity.Caller, a identity.PolicyAssociation) error {
	action := association(a, authz.CheckPolicyAssociationForEndpoint, authz.CheckPolicyAssociationForService,
		authz.CheckPolicyAssociationForRegionAndService)
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	return s.DB.View(ctx, func(tx *store.Tx) error {
		if err := allExist(ctx, tx, a); err != nil {
			return err
		}
		found, err := tx.HasPolicyAssociation(ctx, a)
		if err == nil && !found {
			err = &identity.Error{Kind: identity.NotFound, Message: "Could not find policy association."}
		}
		return err
	})
}

// PutPolicyAssociation gives a policy to what the association names, in the place of the one that it has.
func (s *Service) PutPolicyAssociation(ctx context.Context, caller identity.Caller, a identity.PolicyAssociation) error {
	action := association(a, authz.CreatePolicyAssociationForEndpoint, authz.CreatePolicyAssociationForService,
		authz.CreatePolicyAssociationForRegionAndService)
	return s.changeAssociation(ctx, caller, action, a, (*store.Tx).PutPolicyAssociation)
}

// DeletePolicyAssociation deletes an association. That it is not there is no error.
func (s *Service) DeletePolicyAssociation(ctx context.Context, caller identity.Caller, a identity.PolicyAssociation) error {
	action := association(a, authz.DeletePolicyAssociationForEndpoint, authz.DeletePolicyAssociationForService,
		authz.DeletePolicyAssociationForRegionAndService)
	return s.changeAssociation(ctx, caller, action, a, (*store.Tx).DeletePolicyAssociation)
}

func (s *Service) changeAssociation(ctx context.Context, caller identity.Caller, action authz.Action, a identity.PolicyAssociation,
	change func(*store.Tx, context.Context, identity.PolicyAssociation) error) error {
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := allExist(ctx, tx, a); err != nil {
			return err
		}
		return change(tx, ctx, a)
	})
}

// allExist returns a 404 for the first thing that an association names and that is not there.
func allExist(ctx context.Context, tx *store.Tx, a identity.PolicyAssociation) error {
	if err := exists(tx.Policy(ctx, a.PolicyID)); err != nil {
		return err
	}
	if a.EndpointID != "" {
		return exists(tx.Endpoint(ctx, a.EndpointID))
	}
	if err := exists(tx.Service(ctx, a.ServiceID)); err != nil || a.RegionID == "" {
		return err
	}
	return exists(tx.Region(ctx, a.RegionID))
}

// PolicyEndpoints lists the endpoints that a policy is for, each once.
func (s *Service) PolicyEndpoints(ctx context.Context, caller identity.Caller, id identity.PolicyID) (all []identity.Endpoint, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEndpointsForPolicy, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := exists(tx.Policy(ctx, id)); err != nil {
			return err
		}
		all, err = tx.PolicyEndpoints(ctx, id)
		return err
	})
	return all, err
}

// EndpointPolicy finds the policy for an endpoint: its own, that of its service in its region or in the nearest region
// above that has one, or that of its service anywhere.
func (s *Service) EndpointPolicy(ctx context.Context, caller identity.Caller, id identity.EndpointID) (p identity.Policy, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetPolicyForEndpoint, nil); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		associations, err := tx.PolicyAssociations(ctx, e)
		if err != nil {
			return err
		}
		regions, err := tx.Regions(ctx, identity.Query{})
		if err != nil {
			return err
		}
		policy := policyFor(e, associations, regions.Items)
		if policy == "" {
			return identity.Failf(identity.NotFound, "No policy is associated with endpoint %s.", id)
		}
		p, err = tx.Policy(ctx, policy)
		return err
	})
	return p, err
}

// policyFor picks the nearest of the associations that name an endpoint or its service; empty when there is none.
func policyFor(e identity.Endpoint, associations []identity.PolicyAssociation, regions []identity.Region) identity.PolicyID {
	ofRegion := map[identity.RegionID]identity.PolicyID{}
	for _, a := range associations {
		if a.EndpointID != "" {
			return a.PolicyID
		}
		ofRegion[a.RegionID] = a.PolicyID
	}
	above := map[identity.RegionID]identity.RegionID{}
	for _, r := range regions {
		above[r.ID] = r.ParentRegionID
	}
	at := e.RegionID
	for range regions { // no more steps than regions, should they go round in a circle
		if p := ofRegion[at]; p != "" {
			return p
		}
		at = above[at]
	}
	return ofRegion[""]
}
