package federation

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ServiceProviderUpdate is what is sent about a service provider, be it new or there. Only a description may be null.
type ServiceProviderUpdate struct {
	Description      identity.Opt[string]
	Enabled          identity.Opt[bool]
	AuthURL          identity.Opt[string]
	SPURL            identity.Opt[string]
	RelayStatePrefix identity.Opt[string]
}

func (u ServiceProviderUpdate) apply(p identity.ServiceProvider) (identity.ServiceProvider, error) {
	// Upstream's schema lets null pass and its database refuses it: 500.
	for name, null := range map[string]bool{"enabled": u.Enabled.Null, "relay_state_prefix": u.RelayStatePrefix.Null} {
		if null {
			return p, identity.Invalidf("The attribute %s of a service provider cannot be null.", name)
		}
	}
	p.Description = u.Description.OrPtr(p.Description)
	p.Enabled = u.Enabled.Or(p.Enabled)
	p.AuthURL = u.AuthURL.Or(p.AuthURL)
	p.SPURL = u.SPURL.Or(p.SPURL)
	p.RelayStatePrefix = u.RelayStatePrefix.Or(p.RelayStatePrefix)
	return p, nil
}

// ServiceProviders lists service providers.
func (s *Service) ServiceProviders(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.ServiceProvider], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListServiceProviders, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.ServiceProviders(ctx, q)
		return err
	})
	return page, err
}

// ServiceProvider shows a service provider.
func (s *Service) ServiceProvider(ctx context.Context, caller identity.Caller, id identity.ServiceProviderID) (p identity.ServiceProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetServiceProvider, nil); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.ServiceProvider(ctx, id)
		return err
	})
	return p, err
}

// CreateServiceProvider makes a service provider with the id given; a Conflict when it is taken. Unless told otherwise it
// is disabled.
func (s *Service) CreateServiceProvider(ctx context.Context, caller identity.Caller, id identity.ServiceProviderID, u ServiceProviderUpdate) (p identity.ServiceProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateServiceProvider, nil); err != nil {
		return p, err
	}
	if p, err = u.apply(identity.ServiceProvider{ID: id, RelayStatePrefix: s.RelayStatePrefix}); err != nil {
		return p, err
	}
	return p, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertServiceProvider(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("service_provider", p.ID).ForTrail().By(caller))
	})
}

// UpdateServiceProvider changes a service provider.
func (s *Service) UpdateServiceProvider(ctx context.Context, caller identity.Caller, id identity.ServiceProviderID, u ServiceProviderUpdate) (p identity.ServiceProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateServiceProvider, nil); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if p, err = tx.ServiceProvider(ctx, id); err != nil {
			return err
		}
		if p, err = u.apply(p); err != nil {
			return err
		}
		if err := tx.PutServiceProvider(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("service_provider", id).ForTrail().By(caller))
	})
	return p, err
}

// DeleteServiceProvider deletes a service provider.
func (s *Service) DeleteServiceProvider(ctx context.Context, caller identity.Caller, id identity.ServiceProviderID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteServiceProvider, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteServiceProvider(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("service_provider", id).ForTrail().By(caller))
	})
}
