package credential

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Keyring are the application credentials and EC2 keys of somebody, with what is known of how each is used.
type Keyring struct {
	ApplicationCredentials []identity.ApplicationCredential
	EC2Keys                []EC2Key // none for who may not list them

	use map[string]Use
}

// Use tells when something was made and logged in last, and how it stands with the second factor of its owner.
type Use struct {
	Created time.Time // as the trail tells; zero when it does not
	store.Seen

	// Unasked is of what logs in though the second factor is on and had no part in it.
	Unasked bool

	// Suspended is of what may not log in while the second factor is on.
	Suspended bool
}

// Of is the use of an application credential or a key, by its id.
func (k Keyring) Of(id string) Use { return k.use[id] }

// Keyring returns the caller's, by the rules of ApplicationCredentials and EC2Keys. It takes the same number of queries however many
// there are.
func (s *Service) Keyring(ctx context.Context, caller identity.Caller) (k Keyring, err error) {
	user := caller.UserID()
	found, err := s.ApplicationCredentials(ctx, caller, user, identity.Query{})
	if err != nil {
		return k, err
	}
	k.ApplicationCredentials = found.Items
	if k.EC2Keys, err = s.EC2Keys(ctx, caller, user); err != nil && !errors.Is(err, identity.Forbidden) {
		return k, err
	}
	var ids, keys []string
	for _, c := range k.ApplicationCredentials {
		ids = append(ids, string(c.ID))
	}
	for _, key := range k.EC2Keys {
		keys = append(keys, string(key.ID))
	}
	k.use = map[string]Use{}
	return k, s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, user)
		if err != nil {
			return err
		}
		on, err := s.Factored(ctx, tx, u)
		if err != nil {
			return err
		}
		own, err := s.OwnsRules(ctx, tx, u)
		if err != nil {
			return err
		}
		made, err := tx.MadeAt(ctx, append(slices.Clone(ids), keys...))
		if err != nil {
			return err
		}
		for kind, ids := range map[string][]string{"application_credential": ids, "credential": keys} {
			seen, err := tx.LastSeen(ctx, kind, "", ids)
			if err != nil {
				return err
			}
			for _, id := range ids {
				k.use[id] = Use{Created: made[id], Seen: seen[id]}
			}
		}
		all, err := tx.Robots(ctx, user)
		for _, r := range all {
			if on {
				use := k.use[r.ID]
				use.Unasked, use.Suspended = s.beside(u, own, r)
				k.use[r.ID] = use
			}
		}
		return err
	})
}

// beside tells whether something logs in without the second factor that its owner has, and whether it may not log in for that. own says
// that the rules of the owner came with the factor.
func (s *Service) beside(u identity.User, own bool, r identity.Robot) (unasked, suspended bool) {
	switch {
	case r.Kind == "credential" && !s.AsksKeys():
		return true, false
	case own && s.Decides():
		return r.Stand == identity.RobotKept, r.Stand == identity.RobotSuspended
	case own && r.Kind == "credential":
		return true, false
	}
	rules, _ := u.MultiFactorRules()
	met := slices.ContainsFunc(rules, func(rule []string) bool { return slices.Equal(rule, []string{"application_credential"}) })
	return r.Kind == "application_credential" && met, !met
}

// RotateApplicationCredential makes another application credential of the caller that may do what one of theirs may: of the same roles,
// access rules and description on the same project, with a secret of its own. The old one goes on working until it is deleted, so that
// programs can be moved one by one. The caller's token is of that project; a role that they have lost refuses it.
func (s *Service) RotateApplicationCredential(ctx context.Context, caller identity.Caller, id identity.ApplicationCredentialID, name, ends string) (c identity.ApplicationCredential, secret string, err error) {
	old, err := s.ApplicationCredential(ctx, caller, id)
	if err == nil && (old.UserID != caller.UserID() || old.ProjectID != caller.Token.Scope.ProjectID()) {
		err = identity.Missing("Application Credential", id)
	}
	if err != nil {
		return c, "", err
	}
	in := NewApplicationCredential{Name: name, Description: old.Description, ExpiresAt: ends, Unrestricted: old.Unrestricted, AccessRules: old.AccessRules}
	for _, r := range old.Roles {
		in.Roles = append(in.Roles, RoleRef{ID: r.ID})
	}
	return s.CreateApplicationCredential(ctx, caller, old.UserID, in)
}
