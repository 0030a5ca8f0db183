package credential

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// NewTrust is what a trust is made from.
type NewTrust struct {
	TrustorUserID, TrusteeUserID identity.UserID
	ProjectID                    identity.ProjectID
	Impersonation                bool
	ExpiresAt                    string // ISO 8601 in UTC; empty for never
	RemainingUses                *int64
	Roles                        []RoleRef
	Extra                        identity.Extra

	// AllowRedelegation lets the trustee hand on what the trust gives. RedelegationCount is how many times in a row at
	// most; nil for as many as can be.
	AllowRedelegation bool
	RedelegationCount *int64
}

// CreateTrust makes a trust that the caller gives. With the token of a trust it hands that one on, and stays within it.
// body is the request's trust, as policy rules may look at it.
func (s *Service) CreateTrust(ctx context.Context, caller identity.Caller, in NewTrust, body map[string]any) (t identity.Trust, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.Authz.Check(ctx, caller, authz.CreateTrust, authz.Target{"trust": body}); err != nil {
			return err
		}
		if err := s.mayManageTrusts(caller); err != nil {
			return err
		}
		if in.ProjectID != "" && len(in.Roles) == 0 {
			return identity.NotAllowed("At least one role should be specified")
		}
		if caller.Token == nil || caller.UserID() != in.TrustorUserID {
			return identity.NotAllowed("The authenticated user should match the trustor")
		}
		if err := forAPI(ctx, tx, in.TrustorUserID); err != nil {
			return err
		}
		if _, err := tx.User(ctx, in.TrusteeUserID); err != nil {
			return err
		}
		t = identity.Trust{
			ID: identity.TrustID(identity.NewID()), TrustorUserID: in.TrustorUserID, TrusteeUserID: in.TrusteeUserID, ProjectID: in.ProjectID,
			Impersonation: in.Impersonation, RemainingUses: in.RemainingUses, Extra: in.Extra,
		}
		if t.Roles, err = s.trustedRoles(ctx, tx, caller, t, in.Roles); err != nil {
			return err
		}
		if t.ExpiresAt, err = parseExpiry(in.ExpiresAt, tx.Now()); err != nil {
			return err
		}
		if err := s.setRedelegation(&t, in); err != nil {
			return err
		}
		if caller.Token.TrustID != "" {
			if err := s.redelegate(ctx, tx, &t, in, caller.Token.TrustID); err != nil {
				return err
			}
		}
		if len(t.Roles) < len(in.Roles) { // one of them twice, which upstream's table refuses
			return identity.Conflictf("trust", "Duplicate entry found with ID %s", t.ID)
		}
		if err := tx.InsertTrust(ctx, t); err != nil {
			return err
		}
		if err := minted(ctx, tx, caller, t.TrustorUserID, "OS-TRUST:trust", string(t.ID)); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("OS-TRUST:trust", t.ID).By(caller))
	})
	return t, err
}

// trustedRoles finds roles that a trust is to hand on; its trustor must hold them on its project, and so must the first
// trustor of a chain.
func (s *Service) trustedRoles(ctx context.Context, tx *store.Tx, caller identity.Caller, t identity.Trust, named []RoleRef) ([]identity.Role, error) {
	ids, err := resolveRoles(ctx, tx, named)
	if err != nil {
		return nil, err
	}
	var held []identity.Role
	if t.ProjectID != "" {
		if _, err := tx.Project(ctx, t.ProjectID); err != nil {
			return nil, err
		}
		first := t.TrustorUserID
		if chain := caller.Token.Trusts; len(chain) > 0 {
			first = chain[len(chain)-1].TrustorUserID
		}
		if held, err = s.heldByAll(ctx, tx, t.ProjectID, t.TrustorUserID, first); err != nil {
			return nil, err
		}
	}
	roles := make([]identity.Role, len(ids))
	for i, id := range ids {
		at := slices.IndexFunc(held, func(r identity.Role) bool { return r.ID == id })
		if at < 0 {
			return nil, identity.Missing("role", id)
		}
		roles[i] = held[at]
	}
	return roles, nil
}

// heldByAll returns the roles, those of domains too, that each of some users holds on a project.
func (s *Service) heldByAll(ctx context.Context, tx *store.Tx, project identity.ProjectID, users ...identity.UserID) (all []identity.Role, err error) {
	slices.Sort(users)
	for i, u := range slices.Compact(users) {
		held, err := s.Assignment.Held(ctx, tx, u, nil, identity.OnProject(project))
		if err != nil {
			return nil, err
		}
		if i == 0 {
			all = held
			continue
		}
		all = slices.DeleteFunc(all, func(r identity.Role) bool { return !hasRole(held, r.ID) })
	}
	return all, nil
}

// setRedelegation works out how often a new trust may be handed on (create_trust in keystone/trust/core.py).
func (s *Service) setRedelegation(t *identity.Trust, in NewTrust) error {
	if !redelegatable(in) {
		return nil
	}
	t.RedelegationCount = s.MaxRedelegation
	if n := in.RedelegationCount; n != nil {
		if *n > s.MaxRedelegation {
			return identity.Deniedf("Requested redelegation depth of %d is greater than allowed %d", *n, s.MaxRedelegation)
		}
		t.RedelegationCount = *n
	}
	if t.RemainingUses != nil {
		return identity.Invalidf("remaining_uses must not be set if redelegation is allowed")
	}
	return nil
}

func redelegatable(in NewTrust) bool {
	return in.AllowRedelegation && (in.RedelegationCount == nil || *in.RedelegationCount != 0)
}

// redelegate makes a new trust one that hands on another, and checks that it stays within that one and all before it.
func (s *Service) redelegate(ctx context.Context, tx *store.Tx, t *identity.Trust, in NewTrust, parent identity.TrustID) error {
	chain, err := s.Pedigree(ctx, tx, parent, true)
	if err != nil {
		return err
	}
	t.ParentID = parent
	if redelegatable(in) {
		left := chain[0].RedelegationCount - 1
		if in.RedelegationCount != nil && *in.RedelegationCount != left {
			return identity.Deniedf(`Modifying "redelegation_count" upon redelegation is forbidden. Omitting this parameter is advised.`)
		}
		t.RedelegationCount = left
	}
	if t.ExpiresAt == nil {
		t.ExpiresAt = chain[0].ExpiresAt
	}
	for _, l := range chain {
		if err := s.within(l.Trust, *t); err != nil {
			return err
		}
	}
	return nil
}

// within refuses a trust that says more than the one it was redelegated from (_validate_redelegation in
// keystone/trust/core.py, which does not look at the project).
func (s *Service) within(parent, child identity.Trust) error {
	switch {
	case parent.RedelegationCount <= 0 || parent.RedelegationCount > s.MaxRedelegation:
		return identity.Deniedf("Remaining redelegation depth of %d out of allowed range of [0..%d]", parent.RedelegationCount, s.MaxRedelegation)
	case child.RedelegationCount >= parent.RedelegationCount:
		return identity.Deniedf("a redelegated trust cannot be handed on as often as its parent")
	case child.RemainingUses != nil:
		return identity.Deniedf(`Field "remaining_uses" is set to %d while it must not be set in order to redelegate a trust`, *child.RemainingUses)
	case parent.ExpiresAt != nil && (child.ExpiresAt == nil || child.ExpiresAt.After(*parent.ExpiresAt)):
		return identity.Deniedf("Requested expiration time is more than redelegated trust can provide")
	case slices.ContainsFunc(child.Roles, func(r identity.Role) bool { return !hasRole(parent.Roles, r.ID) }):
		return identity.Deniedf("Some of requested roles are not in redelegated trust")
	case child.Impersonation && !parent.Impersonation:
		return identity.Deniedf("Impersonation is not allowed because redelegated trust does not specify impersonation. Redelegated trust id: %s", parent.ID)
	case child.ProjectID != parent.ProjectID:
		return identity.Deniedf("a redelegated trust is for the project of its parent")
	}
	return nil
}

// maxPedigree bounds how many trusts are read one after the other, whatever the database says.
const maxPedigree = 100

// Pedigree returns a trust that can be used, and those that it was redelegated from, the first one last. It is a
// NotFound when one of them is deleted or expired, or the trust has no uses left, unless spent is set, and a Forbidden when
// one says more than its parent or its parent's trustee is disabled. The enabling of trustor and trustee of the trust
// itself is not looked at.
func (s *Service) Pedigree(ctx context.Context, tx *store.Tx, id identity.TrustID, spent bool) (chain []identity.TrustLink, err error) {
	for next := id; next != ""; {
		t, err := tx.Trust(ctx, next)
		if err != nil {
			return nil, err
		}
		if ended(t, tx.Now(), spent) {
			return nil, identity.Missing("trust", next)
		}
		l := identity.TrustLink{Trust: t}
		if l.Trustor, l.TrustorDomain, err = person(ctx, tx, t.TrustorUserID); err != nil {
			return nil, err
		}
		if l.Trustee, l.TrusteeDomain, err = person(ctx, tx, t.TrusteeUserID); err != nil {
			return nil, err
		}
		if len(chain) > 0 {
			if err := s.within(t, chain[len(chain)-1].Trust); err != nil {
				return nil, err
			}
			if !l.TrusteeDomain.Enabled || !s.Directory.Enabled(l.Trustee, tx.Now()) {
				return nil, identity.Deniedf("One of the trust agents is disabled or deleted")
			}
		}
		if chain = append(chain, l); len(chain) > maxPedigree {
			return nil, identity.Deniedf("trust %s was handed on too often", id)
		}
		next = t.ParentID
	}
	return chain, nil
}

// ended tells whether a trust has expired or, unless spent is set, has no uses left.
func ended(t identity.Trust, now time.Time, spent bool) bool {
	used := t.RemainingUses != nil && *t.RemainingUses <= 0 && !spent
	return used || t.ExpiresAt != nil && now.After(*t.ExpiresAt)
}

func person(ctx context.Context, tx *store.Tx, id identity.UserID) (u identity.User, d identity.Domain, err error) {
	if u, err = tx.User(ctx, id); err != nil {
		return u, d, err
	}
	d, err = tx.Domain(ctx, u.DomainID)
	return u, d, err
}

// TrustRoles returns the roles that the tokens of a trust have: those that it names and all that they imply, without those
// of domains. Its trustor, and the first of the chain, must still hold every one, else it is a Forbidden.
func (s *Service) TrustRoles(ctx context.Context, tx *store.Tx, chain []identity.TrustLink) ([]identity.Role, error) {
	t, first := chain[0], chain[len(chain)-1]
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	held, err := s.heldByAll(ctx, tx, t.ProjectID, t.TrustorUserID, first.TrustorUserID)
	if err != nil {
		return nil, err
	}
	wanted := lent(t.Trust, rules)
	for id := range wanted {
		if !hasRole(held, id) {
			return nil, identity.Deniedf("Trustee has no delegated roles.")
		}
	}
	return slices.DeleteFunc(held, func(r identity.Role) bool { return !wanted[r.ID] || r.DomainID != "" }), nil
}

// lent are the roles that a trust names, and all that these imply.
func lent(t identity.Trust, rules store.RoleRules) map[identity.RoleID]bool {
	all := map[identity.RoleID]bool{}
	var add func(identity.RoleID)
	add = func(id identity.RoleID) {
		if !all[id] {
			all[id] = true
			for _, implied := range rules.Implied[id] {
				add(implied)
			}
		}
	}
	for _, r := range t.Roles {
		add(r.ID)
	}
	return all
}

// mayManageTrusts refuses callers whose login was delegated. The token of a trust may: that is how one is handed on.
func (s *Service) mayManageTrusts(caller identity.Caller) error {
	if !caller.DelegatedMethods {
		return nil
	}
	if s.InsecureTrusts && slices.Contains(caller.Token.Methods, "application_credential") {
		return nil
	}
	return identity.NotAllowed("Delegated tokens cannot manage trusts.")
}

// Trusts lists trusts: those of a trustor, else of a trustee, else all. They come without roles.
func (s *Service) Trusts(ctx context.Context, caller identity.Caller, trustor, trustee identity.UserID) (trusts []identity.Trust, err error) {
	action, target, q := authz.ListTrusts, authz.Target(nil), identity.Query{}
	switch {
	case trustor != "":
		action, q = authz.ListTrustsForTrustor, q.Where("trustor_user_id", string(trustor))
		target = authz.Target{"trust": map[string]any{"trustor_user_id": string(trustor)}}
	case trustee != "":
		action, q = authz.ListTrustsForTrustee, q.Where("trustee_user_id", string(trustee))
		target = authz.Target{"trust": map[string]any{"trustee_user_id": string(trustee)}}
	}
	if err := s.Authz.Check(ctx, caller, action, target); err != nil {
		return nil, err
	}
	if err := s.mayManageTrusts(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		trusts, err = tx.Trusts(ctx, q)
		return err
	})
	return trusts, err
}

// Trust shows a trust that can be used.
func (s *Service) Trust(ctx context.Context, caller identity.Caller, action authz.Action, id identity.TrustID) (t identity.Trust, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		t, err = s.loadTrust(ctx, tx, caller, action, id)
		return err
	})
	if err == nil && caller.Admin {
		err = identity.NotAllowed("Requested user has no relation to this trust")
	}
	return t, err
}

// DeleteTrust deletes a trust, and all that were redelegated from it; their tokens end.
func (s *Service) DeleteTrust(ctx context.Context, caller identity.Caller, id identity.TrustID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.loadTrust(ctx, tx, caller, authz.DeleteTrust, id); err != nil {
			return err
		}
		if err := tx.DeleteTrust(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("OS-TRUST:trust", id).By(caller))
	})
}

// loadTrust reads a trust for an action on it. Here upstream says that there is none before it asks the rule.
func (s *Service) loadTrust(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.TrustID) (identity.Trust, error) {
	chain, err := s.Pedigree(ctx, tx, id, false)
	if errors.Is(err, identity.NotFound) {
		return identity.Trust{}, identity.Missing("trust", id)
	} else if err != nil {
		return identity.Trust{}, err
	}
	t := chain[0].Trust
	if err := s.Authz.Check(ctx, caller, action, authz.Target{"trust": authz.Trust(t)}); err != nil {
		return t, err
	}
	return t, s.mayManageTrusts(caller)
}
