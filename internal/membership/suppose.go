package membership

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Act is something that is done to somebody.
type Act string

// The acts.
const (
	ActGrant   Act = "grant"
	ActRevoke  Act = "revoke"
	ActInvite  Act = "invite"
	ActAccount Act = "account" // changing, disabling or deleting the account
	ActFactor  Act = "factor"  // resetting the second factor
)

// Acts are all acts.
var Acts = []Act{ActGrant, ActRevoke, ActInvite, ActAccount, ActFactor}

// takesRole tells whether the act is about a role.
func (a Act) takesRole() bool { return a == ActGrant || a == ActRevoke || a == ActInvite }

// Supposition asks whether somebody may do something.
type Supposition struct {
	// Role is held by who asks, directly and on the scope; User is who asks. One of them is set.
	Role identity.RoleID
	User identity.UserID

	Scope identity.Scope // where they act

	Act Act
	On  identity.Grant // whom it is done to, and of acts about roles the role and where
}

// Outcome is the answer to a supposition.
type Outcome struct {
	Allowed bool
	Reason  string // what is said to who may not
	Absent  bool   // what would be taken back is not there

	authz.Decision
	Check string // the rule of the policy
	Roles map[identity.RoleID]identity.Role
}

// errUndo ends a transaction whose changes are to be gone.
var errUndo = errors.New("only supposed")

// Suppose tells whether somebody may do something, and what decides. It is tried out by the very rooms that would do it, in a
// transaction that is undone. It is for who may see all rules and all role assignments (lintel:list_grant_rules,
// identity:list_role_assignments).
func (s *Service) Suppose(ctx context.Context, caller identity.Caller, q Supposition) (out Outcome, err error) {
	for _, action := range []authz.Action{authz.ListGrantRules, authz.ListRoleAssignments} {
		if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
			return out, err
		}
	}
	if err := q.check(); err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		out = Outcome{}
		b, err := s.Authority.Book(ctx, tx)
		if err != nil {
			return err
		}
		out.Roles = b.Roles
		if err := s.known(ctx, tx, b, q); err != nil {
			return err
		}
		asker, err := s.supposed(ctx, tx, caller, q)
		if err != nil {
			return err
		}
		explained, decision := authz.Explain(ctx)
		refused := s.attempt(explained, tx, asker, q)
		out.Decision, out.Allowed = *decision, refused == nil
		e, said := errors.AsType[*identity.Error](refused)
		switch {
		case refused == nil:
		case said && e.Kind == identity.Forbidden:
			out.Reason = e.Message
		case said && e.Kind == identity.NotFound && q.Act == ActRevoke:
			out.Allowed, out.Absent = true, true
		default:
			return refused
		}
		if out.By == "" { // nobody had to look further
			out.By, out.Action = authz.ByPolicy, q.action()
		}
		if out.Action != "" {
			out.Check = s.Authz.Policy.Rule(string(out.Action)).Check
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		err = nil
	}
	return out, err
}

// action is the rule of the policy that an act is about.
func (q Supposition) action() authz.Action {
	group := q.On.Group != ""
	switch {
	case !q.Act.takesRole():
		return authz.UpdateUser
	case q.On.System && q.Act == ActRevoke && group:
		return authz.RevokeSystemGrantForGroup
	case q.On.System && q.Act == ActRevoke:
		return authz.RevokeSystemGrantForUser
	case q.On.System && group:
		return authz.CreateSystemGrantForGroup
	case q.On.System:
		return authz.CreateSystemGrantForUser
	case q.Act == ActRevoke:
		return authz.RevokeGrant
	}
	return authz.CreateGrant
}

func (q Supposition) check() error {
	switch {
	case !slices.Contains(Acts, q.Act):
		return identity.Invalidf("%.80q is nothing that could be asked about.", q.Act)
	case (q.Role == "") == (q.User == ""):
		return identity.Invalidf("Say who asks: somebody who holds a role, or a user.")
	case q.Scope.Kind() == identity.Unscoped:
		return identity.Invalidf("Say where they act: on a project, a domain or the system.")
	case q.Act.takesRole() && q.On.Role == "":
		return identity.Invalidf("Say which role.")
	case q.Act.takesRole() && q.On.Project == "" && q.On.Domain == "" && !q.On.System:
		return identity.Invalidf("Say where the role would be held.")
	case q.Act == ActInvite && q.On.Project == "":
		return identity.Invalidf("One invites to projects only.")
	case q.Act != ActInvite && q.On.User == "":
		return identity.Invalidf("Say to whom.")
	}
	return nil
}

// known refuses a supposition about what is not there.
func (s *Service) known(ctx context.Context, tx *store.Tx, b *authz.Book, q Supposition) error {
	for _, id := range []identity.RoleID{q.Role, q.On.Role} {
		if _, there := b.Roles[id]; id != "" && !there {
			return identity.Missing("role", id)
		}
	}
	if q.Role != "" && b.Roles[q.Role].DomainID != "" {
		return identity.Invalidf("Nobody has the role %s of a domain by itself: name one that it implies.", b.Roles[q.Role].Name)
	}
	for _, id := range []identity.UserID{q.User, q.On.User} {
		if id == "" {
			continue
		}
		if _, err := tx.User(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range []identity.DomainID{q.Scope.DomainID(), q.On.Domain} {
		if id == "" {
			continue
		}
		if _, err := tx.Domain(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range []identity.ProjectID{q.Scope.ProjectID(), q.On.Project} {
		if id == "" {
			continue
		}
		if _, err := tx.Project(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// supposed is who asks, with the rights that they have where they act. Who is named by a role alone is made for the time of the
// transaction.
func (s *Service) supposed(ctx context.Context, tx *store.Tx, caller identity.Caller, q Supposition) (identity.Caller, error) {
	user := q.User
	if user == "" {
		u := identity.User{ID: identity.UserID(tx.NewID()), DomainID: q.Scope.DomainID(), Enabled: true, Extra: identity.Extra{}}
		u.Name = string(u.ID)
		g := identity.Grant{User: u.ID, Role: q.Role, Project: q.Scope.ProjectID(), Domain: q.Scope.DomainID(), System: q.Scope.IsSystem()}
		if g.Project != "" {
			p, err := tx.Project(ctx, g.Project)
			if err != nil {
				return identity.Caller{}, err
			}
			u.DomainID = p.DomainID
		}
		if g.System {
			u.DomainID = s.Directory.DefaultDomain
			if caller.Token != nil {
				u.DomainID = caller.Token.User.DomainID
			}
		}
		if err := tx.InsertUser(ctx, u); err != nil {
			return identity.Caller{}, err
		}
		if err := tx.PutGrant(ctx, g); err != nil {
			return identity.Caller{}, err
		}
		user = u.ID
	}
	asker, err := s.Standing(ctx, tx, user, q.Scope)
	if errors.Is(err, identity.Unauthorized) {
		err = identity.Invalidf("They have no role where they are said to act, or it or they are disabled.")
	}
	return asker, err
}

// attempt does what is supposed.
func (s *Service) attempt(ctx context.Context, tx *store.Tx, asker identity.Caller, q Supposition) error {
	switch q.Act {
	case ActGrant:
		return s.Assignment.GrantIn(ctx, tx, asker, q.On, identity.Terms{Source: identity.ByHand})
	case ActRevoke:
		return s.Assignment.RevokeIn(ctx, tx, asker, q.On)
	case ActInvite:
		p, err := tx.Project(ctx, q.On.Project)
		if err != nil {
			return err
		}
		return s.Assignment.CheckInvite(ctx, tx, asker, p, []identity.RoleID{q.On.Role}, time.Time{}, false)
	case ActFactor:
		_, err := s.Directory.Unfactorable(ctx, tx, asker, q.On.User)
		return err
	}
	_, err := s.Directory.Touchable(ctx, tx, asker, q.On.User)
	return err
}
