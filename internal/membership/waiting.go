package membership

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// A grant can wait for the second factor of whom it is to. Whoever grants must be able to make it when they say so, and still when it
// takes effect, which is in the transaction that turns the factor on; and so must who agreed, where somebody had to. A grant that they could
// not make any more by then lapses.

// Waiting is a grant that waits, with the names of what it speaks of.
type Waiting struct {
	identity.WaitingGrant
	User, Project, RoleName, Granter string
	Agreer                           string // empty where nobody had to agree
	Ended                            bool   // it would end before it begins
}

// GrantOnceFactor grants roles on a project that take effect when the user has turned on a second factor, and others, meanwhile, at
// once; all of them or none. To somebody who has a second factor all is granted at once. Those to which somebody else must agree are asked
// for, and wait for the factor after that.
func (s *Service) GrantOnceFactor(ctx context.Context, caller identity.Caller, n assignment.NamedGrant, meanwhile []string, reason string) (out Granted, err error) {
	if err := inPerson(caller); err != nil {
		return out, err
	}
	if reason = strings.TrimSpace(reason); utf8.RuneCountInString(reason) > maxReason {
		return out, identity.Invalidf("The reason may have %d characters at most.", maxReason)
	}
	var later, now []identity.Grant
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if later, err = s.Assignment.Find(ctx, tx, caller, n); err != nil {
			return err
		}
		n.Roles = meanwhile
		now, err = s.Assignment.Find(ctx, tx, caller, n)
		return err
	})
	if err != nil {
		return out, err
	}
	if len(later) == 0 {
		return out, identity.Invalidf("No role was chosen.")
	}
	later = slices.DeleteFunc(later, func(g identity.Grant) bool { return slices.Contains(now, g) })
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		all := slices.Concat(now, later)
		out = Granted{Grants: now}
		if err := tx.LockAccount(ctx, all[0].User); err != nil {
			return err
		}
		if err := s.Assignment.CheckGrants(ctx, tx, caller, all, n.Until, true); err != nil {
			return err
		}
		if !n.Until.IsZero() && !tx.Now().Before(n.Until) {
			return identity.Invalidf("The end of a grant must be in the future.")
		}
		var alone, wanted []identity.Grant // of those that are to wait
		for _, g := range all {
			first := slices.Contains(now, g)
			switch err := s.Assignment.CheckGrants(ctx, tx, caller, []identity.Grant{g}, n.Until, false); {
			case asks(err) && first:
				return identity.Refusedf("Somebody else must agree to a role that is to be given meanwhile: it cannot be given at once.")
			case asks(err):
				wanted = append(wanted, g)
			case err != nil:
				return err
			case !first:
				alone = append(alone, g)
			}
		}
		u, err := tx.User(ctx, all[0].User)
		if err != nil {
			return err
		}
		factored, err := s.Credential.Factored(ctx, tx, u)
		if err != nil {
			return err
		}
		if factored {
			out.Grants = slices.Concat(now, alone)
		} else {
			out.Waiting = alone
			err := s.await(ctx, tx, caller, alone, identity.WaitingGrant{GranterID: caller.UserID(), Scope: caller.Token.Scope, Until: n.Until, Reason: reason})
			if err != nil {
				return err
			}
		}
		if len(wanted) > 0 {
			r, err := s.askGrants(ctx, tx, caller, wanted, identity.GrantRequest{Until: n.Until, Reason: reason, OnceFactor: true})
			if err != nil {
				return err
			}
			out.Request = &r
		}
		return s.Assignment.GrantAllIn(ctx, tx, caller, out.Grants, identity.Terms{Until: n.Until, Reason: reason, Source: identity.ByHand})
	})
	return out, err
}

// await lets grants to a user wait for their second factor, on the terms of w.
func (s *Service) await(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, w identity.WaitingGrant) error {
	for _, g := range grants {
		w.ID, w.UserID, w.ProjectID, w.Role = tx.NewID(), g.User, g.Project, g.Role
		if err := tx.PutWaitingGrant(ctx, w); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Granted("waiting", g).By(caller).ForTrail()); err != nil {
			return err
		}
	}
	return nil
}

// TakeEffect makes the grants that wait for the second factor of a user who has turned it on, each by the rights that its granter holds
// now. Those that they may not make any more lapse. It is part of the transaction that turns the factor on, and comes after
// store.Tx.LockAccount.
func (s *Service) TakeEffect(ctx context.Context, tx *store.Tx, user identity.UserID) error {
	waiting, err := tx.WaitingGrantsTo(ctx, user)
	if err != nil || len(waiting) == 0 {
		return err
	}
	for len(waiting) > 0 {
		of := waiting[0]
		together := func(w identity.WaitingGrant) bool {
			return w.GranterID == of.GranterID && w.Scope == of.Scope && w.AgreerID == of.AgreerID && w.AgreerScope == of.AgreerScope && w.ProjectID == of.ProjectID && w.Until.Equal(of.Until) && w.Reason == of.Reason
		}
		var some []identity.WaitingGrant
		for _, w := range waiting {
			if together(w) {
				some = append(some, w)
			}
		}
		waiting = slices.DeleteFunc(waiting, together)
		if err := s.takeEffect(ctx, tx, some); err != nil {
			return err
		}
	}
	return nil
}

// takeEffect is TakeEffect for grants that were made together.
func (s *Service) takeEffect(ctx context.Context, tx *store.Tx, some []identity.WaitingGrant) error {
	of := some[0]
	agreed := of.AgreerID != ""
	asker, refused := s.Standing(ctx, tx, of.GranterID, of.Scope)
	granter := asker
	if agreed && refused == nil {
		granter, refused = s.Standing(ctx, tx, of.AgreerID, of.AgreerScope)
	}
	if refused != nil && !errors.Is(refused, identity.Unauthorized) {
		return refused
	}
	var now []identity.Grant
	for _, w := range some {
		g := w.Grant()
		if there, err := tx.DeleteWaitingGrant(ctx, w.ID); err != nil {
			return err
		} else if !there {
			continue // it was withdrawn
		}
		if has, err := tx.HasGrant(ctx, g); err != nil {
			return err
		} else if has {
			continue // on the terms that somebody has given it since
		}
		err := refused
		if err == nil {
			err = s.Assignment.CheckGrants(ctx, tx, granter, []identity.Grant{g}, w.Until, false)
		}
		if agreed && err == nil {
			err = s.Assignment.CheckGrants(ctx, tx, asker, []identity.Grant{g}, w.Until, true)
		}
		_, isRefusal := errors.AsType[*identity.Error](err)
		switch {
		case err == nil && (w.Until.IsZero() || tx.Now().Before(w.Until)):
			now = append(now, g)
			continue
		case err != nil && !isRefusal:
			return err
		}
		if err := tx.Record(ctx, identity.Granted("lapsed", g).ForTrail()); err != nil {
			return err
		}
	}
	return s.Assignment.GrantAllIn(ctx, tx, granter, now, identity.Terms{Until: of.Until, Reason: of.Reason, Source: identity.ByFactor})
}

// waiting names what grants that wait speak of.
func (s *Service) waiting(ctx context.Context, tx *store.Tx, found []identity.WaitingGrant) ([]Waiting, error) {
	var keys []store.Key
	for _, w := range found {
		keys = append(keys, store.Key{Kind: "project", ID: string(w.ProjectID)}, store.Key{Kind: "user", ID: string(w.UserID)},
			store.Key{Kind: "user", ID: string(w.GranterID)}, store.Key{Kind: "user", ID: string(w.AgreerID)}, store.Key{Kind: "role", ID: string(w.Role)})
	}
	labels, err := tx.Labels(ctx, keys)
	all := make([]Waiting, len(found))
	for i, w := range found {
		name := func(kind, id string) string { return labels[store.Key{Kind: kind, ID: id}].Name }
		all[i] = Waiting{
			WaitingGrant: w, User: name("user", string(w.UserID)), Project: name("project", string(w.ProjectID)), RoleName: name("role", string(w.Role)),
			Granter: name("user", string(w.GranterID)), Agreer: name("user", string(w.AgreerID)), Ended: !w.Until.IsZero() && !tx.Now().Before(w.Until),
		}
	}
	return all, err
}

// mostWaiting is how many grants that wait are listed at most.
const mostWaiting = 200

// WaitingGrants returns the newest grants on a project that wait, to who may learn who has which role there
// (identity:list_role_assignments_for_tree).
func (s *Service) WaitingGrants(ctx context.Context, caller identity.Caller, project identity.ProjectID) (all []Waiting, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.mayList(ctx, tx, caller, project); err != nil {
			return err
		}
		found, err := tx.WaitingGrantsOn(ctx, project, mostWaiting)
		if err != nil {
			return err
		}
		all, err = s.waiting(ctx, tx, found)
		return err
	})
	return all, err
}

// WaitingGrantsOn is WaitingGrants of a project that is named.
func (s *Service) WaitingGrantsOn(ctx context.Context, caller identity.Caller, on assignment.Ref) (all []Waiting, err error) {
	var p identity.ProjectID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = assignment.ProjectNamed(ctx, tx, on)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.WaitingGrants(ctx, caller, p)
}

// OwnWaitingGrants returns the grants that wait for the caller's second factor.
func (s *Service) OwnWaitingGrants(ctx context.Context, caller identity.Caller) (all []Waiting, err error) {
	if caller.Token == nil {
		return nil, identity.Unauthenticatedf("nobody asks")
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		found, err := tx.WaitingGrantsTo(ctx, caller.UserID())
		if err != nil {
			return err
		}
		all, err = s.waiting(ctx, tx, found)
		return err
	})
	return all, err
}

// WithdrawWaiting takes a grant that waits back: one's own, one that the caller made, or one of a role that the caller may take away
// (identity:revoke_grant).
func (s *Service) WithdrawWaiting(ctx context.Context, caller identity.Caller, id string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		w, err := tx.WaitingGrant(ctx, id)
		if err != nil {
			if isMissing(err) && !s.Authz.Allowed(ctx, caller, authz.ListRoleAssignments, nil) {
				err = identity.NotAllowed(string(authz.RevokeGrant)) // as of one that they may not see
			}
			return err
		}
		if own := inPerson(caller) == nil && (caller.UserID() == w.UserID || caller.UserID() == w.GranterID); !own {
			p, err := tx.Project(ctx, w.ProjectID)
			if err != nil {
				return err
			}
			if err := s.Assignment.CheckRevoke(ctx, tx, caller, p, []identity.RoleID{w.Role}); err != nil {
				return err
			}
		}
		if there, err := tx.DeleteWaitingGrant(ctx, id); err != nil || !there {
			return errors.Join(err, identity.Missing("waiting_grant", id))
		}
		return tx.Record(ctx, identity.Granted("withdrawn", w.Grant()).By(caller).ForTrail())
	})
}
