package federation

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/federation/mapping"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func mappingExists(ctx context.Context, tx *store.Tx, id identity.MappingID) error {
	_, err := tx.Mapping(ctx, id)
	if errors.Is(err, identity.NotFound) {
		return identity.Invalidf("Invalid mapping id: %s", id)
	}
	return err
}

// Mappings lists mappings.
func (s *Service) Mappings(ctx context.Context, caller identity.Caller) (all []identity.Mapping, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListMappings, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Mappings(ctx)
		return err
	})
	return all, err
}

// Mapping shows a mapping.
func (s *Service) Mapping(ctx context.Context, caller identity.Caller, id identity.MappingID) (m identity.Mapping, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetMapping, nil); err != nil {
		return m, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		m, err = tx.Mapping(ctx, id)
		return err
	})
	return m, err
}

// CreateMapping makes a mapping; a Conflict when its id is taken. read gives what was sent, once the caller is known to be
// allowed.
func (s *Service) CreateMapping(ctx context.Context, caller identity.Caller, read func() (identity.Mapping, error)) (m identity.Mapping, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateMapping, nil); err != nil {
		return m, err
	}
	if m, err = checked(read()); err != nil {
		return m, err
	}
	return m, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertMapping(ctx, m); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("mapping", m.ID).ForTrail().By(caller))
	})
}

// UpdateMapping replaces the rules of a mapping. read gives what was sent, once the caller is known to be allowed.
func (s *Service) UpdateMapping(ctx context.Context, caller identity.Caller, read func() (identity.Mapping, error)) (m identity.Mapping, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateMapping, nil); err != nil {
		return m, err
	}
	if m, err = checked(read()); err != nil {
		return m, err
	}
	return m, s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Mapping(ctx, m.ID); err != nil {
			return err
		}
		if err := s.Authority.Within(ctx, tx, caller, everybody); err != nil {
			return err
		}
		if err := tx.PutMapping(ctx, m); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("mapping", m.ID).ForTrail().By(caller))
	})
}

// checked refuses a mapping that would fail whenever somebody logs in by it.
func checked(m identity.Mapping, err error) (identity.Mapping, error) {
	if err != nil {
		return m, err
	}
	rules, err := mapping.Parse(m.SchemaVersion, m.Rules)
	if err != nil {
		return m, err
	}
	return m, rules.Check()
}

// DeleteMapping removes a mapping. Protocols that name it stay and let nobody in.
func (s *Service) DeleteMapping(ctx context.Context, caller identity.Caller, id identity.MappingID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteMapping, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteMapping(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("mapping", id).ForTrail().By(caller))
	})
}
