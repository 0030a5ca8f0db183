package federation

import (
	"context"
	"math"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// IdentityProviders returns a page of the identity providers. Filters: id, enabled.
func (s *Service) IdentityProviders(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.IdentityProvider], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListIdentityProviders, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.IdentityProviders(ctx, q)
		return err
	})
	return page, err
}

// IdentityProvider shows an identity provider.
func (s *Service) IdentityProvider(ctx context.Context, caller identity.Caller, id identity.IdentityProviderID) (p identity.IdentityProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetIdentityProvider, nil); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.IdentityProvider(ctx, id)
		return err
	})
	return p, err
}

// CreateIdentityProvider makes an identity provider with the id given, disabled unless told otherwise; a Conflict when the
// id is taken, or one of the remote ids. Without a domain it gets a new one, named by its own id
// (_create_idp_domain in keystone/federation/core.py).
func (s *Service) CreateIdentityProvider(ctx context.Context, caller identity.Caller, id identity.IdentityProviderID, domain identity.DomainID,
	u identity.IdentityProviderUpdate,
) (p identity.IdentityProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateIdentityProvider, nil); err != nil {
		return p, err
	}
	if err := checkLife(u); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		p = u.Apply(identity.IdentityProvider{ID: id, DomainID: domain})
		if domain == "" {
			p.DomainID = identity.DomainID(tx.NewID())
			about := "Auto generated federated domain for Identity Provider: " + string(id)
			if err := tx.InsertDomain(ctx, identity.Domain{ID: p.DomainID, Name: string(p.DomainID), Description: &about, Enabled: true}); err != nil {
				return err
			}
			if err := tx.Record(ctx, identity.Created("domain", p.DomainID)); err != nil { // nobody's, as Keystone has it
				return err
			}
		} else if _, err := tx.LockDomain(ctx, domain); err != nil {
			return err
		} else if err := s.Authority.Within(ctx, tx, caller, domain); err != nil {
			return err
		}
		if err := tx.InsertIdentityProvider(ctx, p); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Created("identity_provider", id).ForTrail().By(caller)); err != nil {
			return err
		}
		p, err = tx.IdentityProvider(ctx, id)
		return err
	})
	return p, err
}

// checkLife refuses a time that the column cannot hold.
func checkLife(u identity.IdentityProviderUpdate) error {
	if u.AuthorizationTTL.Value > math.MaxInt32 {
		return identity.Invalidf("authorization_ttl must be %d at most.", math.MaxInt32)
	}
	return nil
}

// UpdateIdentityProvider changes an identity provider; a Conflict when another has one of the remote ids.
func (s *Service) UpdateIdentityProvider(ctx context.Context, caller identity.Caller, id identity.IdentityProviderID,
	u identity.IdentityProviderUpdate,
) (p identity.IdentityProvider, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateIdentityProvider, nil); err != nil {
		return p, err
	}
	if err := checkLife(u); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := tx.IdentityProvider(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Authority.Within(ctx, tx, caller, old.DomainID); err != nil {
			return err
		}
		if err := tx.UpdateIdentityProvider(ctx, old, u.Apply(old)); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Updated("identity_provider", id).ForTrail().By(caller)); err != nil {
			return err
		}
		p, err = tx.IdentityProvider(ctx, id)
		return err
	})
	return p, err
}

// DeleteIdentityProvider removes an identity provider with its protocols, the memberships that it gave and the users that
// nobody else knows, and ends the tokens of all whom it knew. Its domain stays.
func (s *Service) DeleteIdentityProvider(ctx context.Context, caller identity.Caller, id identity.IdentityProviderID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteIdentityProvider, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.IdentityProvider(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Authority.Within(ctx, tx, caller, p.DomainID); err != nil {
			return err
		}
		if err := tx.DeleteIdentityProvider(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("identity_provider", id).ForTrail().By(caller))
	})
}

// Protocols lists the protocols of an identity provider; none of one that is not there, as upstream has it.
func (s *Service) Protocols(ctx context.Context, caller identity.Caller, provider identity.IdentityProviderID) (all []identity.Protocol, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListProtocols, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Protocols(ctx, provider)
		return err
	})
	return all, err
}

// Protocol shows a protocol of an identity provider.
func (s *Service) Protocol(ctx context.Context, caller identity.Caller, provider identity.IdentityProviderID, id identity.ProtocolID) (p identity.Protocol, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetProtocol, nil); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Protocol(ctx, provider, id)
		return err
	})
	return p, err
}

// CreateProtocol gives an identity provider a protocol; a Conflict when it has one of that id, a BadRequest when the
// mapping is not there.
func (s *Service) CreateProtocol(ctx context.Context, caller identity.Caller, p identity.Protocol) (identity.Protocol, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateProtocol, nil); err != nil {
		return p, err
	}
	return p, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mappingExists(ctx, tx, p.MappingID); err != nil {
			return err
		}
		if err := s.Authority.Within(ctx, tx, caller, everybody); err != nil {
			return err
		}
		if err := tx.InsertProtocol(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("protocol", p.ID).ForTrail().By(caller))
	})
}

// UpdateProtocol changes a protocol; a BadRequest when the mapping is not there.
func (s *Service) UpdateProtocol(ctx context.Context, caller identity.Caller, provider identity.IdentityProviderID, id identity.ProtocolID,
	u identity.ProtocolUpdate,
) (p identity.Protocol, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateProtocol, nil); err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := mappingExists(ctx, tx, u.MappingID); err != nil {
			return err
		}
		if p, err = tx.Protocol(ctx, provider, id); err != nil {
			return err
		}
		if err := s.Authority.Within(ctx, tx, caller, everybody); err != nil {
			return err
		}
		p.MappingID = u.MappingID
		p.RemoteIDAttribute = u.RemoteIDAttribute.OrPtr(p.RemoteIDAttribute)
		if err := tx.PutProtocol(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("protocol", id).ForTrail().By(caller))
	})
	return p, err
}

// DeleteProtocol removes a protocol with the users that nobody else knows, and ends the tokens of all who logged in by it.
func (s *Service) DeleteProtocol(ctx context.Context, caller identity.Caller, provider identity.IdentityProviderID, id identity.ProtocolID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteProtocol, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteProtocol(ctx, provider, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("protocol", id).ForTrail().By(caller))
	})
}
