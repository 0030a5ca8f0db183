package catalog

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// PolicyUpdate is a change of a policy. An ID may be sent and must be the policy's.
type PolicyUpdate struct {
	ID    identity.Opt[identity.PolicyID]
	Type  identity.Opt[string]
	Blob  identity.Opt[string]
	Extra identity.Extra
}

// Policies lists policies.
func (s *Service) Policies(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Policy], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListPolicies, nil); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Policies(ctx, q)
		return err
	})
	return page, err
}

// Policy shows a policy.
func (s *Service) Policy(ctx context.Context, caller identity.Caller, id identity.PolicyID) (p identity.Policy, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetPolicy, nil); err != nil {
		return p, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Policy(ctx, id)
		return err
	})
	return p, err
}

// CreatePolicy makes a policy with a random id. read gives what was sent, once the caller is known to be allowed.
func (s *Service) CreatePolicy(ctx context.Context, caller identity.Caller, read func() (identity.Policy, error)) (p identity.Policy, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreatePolicy, nil); err != nil {
		return p, err
	}
	if p, err = read(); err != nil {
		return p, err
	}
	return p, s.DB.Update(ctx, func(tx *store.Tx) error {
		p.ID = identity.PolicyID(tx.NewID())
		if err := tx.InsertPolicy(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("policy", p.ID).By(caller))
	})
}

// UpdatePolicy changes a policy. read gives what was sent, once the caller is known to be allowed.
func (s *Service) UpdatePolicy(ctx context.Context, caller identity.Caller, id identity.PolicyID, read func() (PolicyUpdate, error)) (p identity.Policy, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdatePolicy, nil); err != nil {
		return p, err
	}
	u, err := read()
	if err != nil {
		return p, err
	}
	if u.ID.Present && u.ID.Value != id {
		return p, identity.Invalidf("Cannot change policy ID")
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if p, err = tx.Policy(ctx, id); err != nil {
			return err
		}
		p.Type = u.Type.Or(p.Type)
		if u.Blob.Present {
			p.Blob = u.Blob.Value
		}
		p.Extra = p.Extra.Merge(u.Extra)
		if err := tx.PutPolicy(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("policy", id).By(caller))
	})
	return p, err
}

// DeletePolicy deletes a policy and its associations.
func (s *Service) DeletePolicy(ctx context.Context, caller identity.Caller, id identity.PolicyID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeletePolicy, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Policy(ctx, id); err != nil {
			return err
		}
		if err := tx.DeletePolicy(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("policy", id).By(caller))
	})
}
