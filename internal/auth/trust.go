package auth

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// trustScope finds the trust that a login asks for, and the project that it is for.
func (s *Service) trustScope(ctx context.Context, tx *store.Tx, id identity.TrustID, p *proved) (identity.Scope, error) {
	chain, err := s.Credential.Pedigree(ctx, tx, id, false)
	if err != nil {
		return identity.Scope{}, hide(err)
	}
	p.trust = &chain[0].Trust
	if p.trust.ProjectID == "" {
		return identity.Scope{}, notFound("Could not find project: None.") // such a trust gives nothing
	}
	for _, link := range chain {
		if err := s.trustorAllows(ctx, tx, &link.Trust); err != nil {
			return identity.Scope{}, err
		}
	}
	project, err := s.project(ctx, tx, ProjectRef{ID: p.trust.ProjectID})
	return identity.OnProject(project.ID), err
}

// useTrust takes one of the uses that a trust has left.
func (s *Service) useTrust(ctx context.Context, tx *store.Tx, t *identity.Trust) error {
	if t == nil || t.RemainingUses == nil {
		return nil
	}
	left, err := tx.UseTrust(ctx, t.ID)
	if err == nil && !left {
		err = identity.Deniedf("No remaining uses for trust: %s.", t.ID)
	}
	return err
}

// bindToTrust makes a token what its trust allows: the trust must be there and be for the token's user and project, all
// who handed it on must be enabled, and its roles be the trustor's still. That its last use was taken does not matter: a
// token is what the use was for.
func (s *Service) bindToTrust(ctx context.Context, tx *store.Tx, t *identity.Token) error {
	chain, err := s.Credential.Pedigree(ctx, tx, t.TrustID, true)
	if err != nil {
		return err
	}
	trust := chain[0]
	if trust.ProjectID == "" || trust.ProjectID != t.Scope.ProjectID() {
		return notFound("Failed to validate token")
	}
	if trust.TrusteeUserID != t.User.ID {
		return identity.Deniedf("User is not a trustee.")
	}
	if !trust.TrustorDomain.Enabled {
		return notFound("Trustor domain is disabled.")
	}
	if !trust.TrusteeDomain.Enabled {
		return notFound("Trustee domain is disabled.")
	}
	if !s.Directory.Enabled(trust.Trustor, tx.Now()) {
		return identity.Deniedf("Trustor is disabled.")
	}
	t.Trusts = chain
	if err := tx.ForeseeRights(ctx, t); err != nil {
		return err
	}
	t.Roles, err = s.Credential.TrustRoles(ctx, tx, chain)
	return err
}

// groupsBehind returns the groups by which a token's roles may be held, and when the first membership ends; zero for never.
func groupsBehind(ctx context.Context, tx *store.Tx, t *identity.Token) (groups []identity.GroupID, until time.Time, err error) {
	groups = slices.Clone(t.GroupIDs)
	people := []identity.UserID{t.User.ID}
	for _, l := range t.Trusts {
		people = append(people, l.TrustorUserID)
	}
	for _, u := range people {
		more, end, err := tx.GroupIDs(ctx, u)
		if err != nil {
			return nil, until, err
		}
		groups = append(groups, more...)
		if !end.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
	}
	return groups, until, nil
}
