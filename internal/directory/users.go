package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/python"
	"github.com/lintel-id/lintel/internal/store"
)

// Users returns a page of the users that the caller may list: with a domain-scoped token those of that domain. Filters:
// see store.Tx.Users; password_expires_at is "op:time" as the API takes it.
func (s *Service) Users(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.User], err error) {
	return s.list(ctx, caller, q, (*store.Tx).Users)
}

// LockedUsers is Users for those whom too many wrong passwords keep out now.
func (s *Service) LockedUsers(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.User], err error) {
	return s.list(ctx, caller, q, func(tx *store.Tx, ctx context.Context, q identity.Query) (page identity.Page[identity.User], err error) {
		domain, _ := q.Equal("domain_id")
		rules, err := s.complianceOf(ctx, tx, identity.DomainID(domain))
		if err != nil || rules.LockoutFailures == 0 {
			return page, err
		}
		return tx.LockedUsers(ctx, rules.LockoutFailures, tx.Now().Add(-rules.LockoutDuration), q)
	})
}

// DormantUsers is Users for those who have logged in, but not for long.
func (s *Service) DormantUsers(ctx context.Context, caller identity.Caller, q identity.Query) (identity.Page[identity.User], error) {
	return s.Users(ctx, caller, q.Where("unseen", s.DB.Now().Add(-dormantAfter).Format(time.DateOnly)))
}

// UsersOutside is Users for those to whom no role was granted on a project, accounts of services apart, for who may also learn who
// has which role there (identity:list_role_assignments_for_tree).
func (s *Service) UsersOutside(ctx context.Context, caller identity.Caller, p identity.Project, q identity.Query) (page identity.Page[identity.User], err error) {
	facts := authz.Project(p)
	if err := s.Authz.Check(ctx, caller, authz.ListRoleAssignmentsForTree, authz.Target{"project": facts, "domain_id": facts["domain_id"]}); err != nil {
		return page, err
	}
	return s.Users(ctx, caller, q.Where("outside", string(p.ID)).Where("service", "false"))
}

// NamesTaken returns those of some names that users of a domain have, for a caller who may list them.
func (s *Service) NamesTaken(ctx context.Context, caller identity.Caller, domain identity.DomainID, names []string) (taken []string, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListUsers, authz.Target{"domain_id": string(domain)}); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		taken, err = tx.NamesTaken(ctx, domain, names)
		return err
	})
	return taken, err
}

// SomeUsers returns those of some users of a domain who are there, by name, for a caller who may list them.
func (s *Service) SomeUsers(ctx context.Context, caller identity.Caller, domain identity.DomainID, ids []identity.UserID) (users []identity.User, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListUsers, authz.Target{"domain_id": string(domain)}); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		found, err := tx.UsersByID(ctx, ids)
		for _, u := range found {
			if u.DomainID == domain {
				users = append(users, s.shown(u, tx.Now()))
			}
		}
		return err
	})
	slices.SortFunc(users, func(a, b identity.User) int { return strings.Compare(a.Name, b.Name) })
	return users, err
}

func (s *Service) list(ctx context.Context, caller identity.Caller, q identity.Query,
	read func(*store.Tx, context.Context, identity.Query) (identity.Page[identity.User], error)) (page identity.Page[identity.User], err error) {
	var target authz.Target
	if d := scopedDomain(caller); d != "" {
		target = authz.Target{"domain_id": string(d)}
	}
	if err := s.Authz.Check(ctx, caller, authz.ListUsers, target); err != nil {
		return page, err
	}
	if q, err = userQuery(caller, q); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = read(tx, ctx, q)
		s.showAll(page.Items, tx.Now())
		return err
	})
	return page, err
}

func (s *Service) showAll(users []identity.User, now time.Time) {
	for i := range users {
		users[i] = s.shown(users[i], now)
	}
}

// userQuery narrows a list of users to what a domain-scoped caller may see, and reads its filters on time.
func userQuery(caller identity.Caller, q identity.Query) (identity.Query, error) {
	q.Filters = slices.Clone(q.Filters)
	for i, f := range q.Filters {
		switch {
		case f.Attr == "password_expires_at":
			if err := readTime(&q.Filters[i]); err != nil {
				return q, err
			}
		case f.Attr == "enabled" && f.Compare != identity.Equals:
			return q, identity.Invalidf("argument of type 'bool' is not iterable") // what upstream's Python says
		}
	}
	if d := scopedDomain(caller); d != "" {
		q = q.Where("domain_id", string(d))
	}
	return q, nil
}

// readTime turns "lt:2026-11-06T15:32:17Z" into a comparison and its time (_translate_expired_password_hints in
// keystone/identity/core.py).
func readTime(f *identity.Filter) error {
	op, text := "eq", f.Value
	if len(text) > 2 && strings.Contains(text[2:min(4, len(text))], ":") {
		op, text, _ = strings.Cut(text, ":")
	}
	at, ok := identity.ParseTime(text)
	if !ok {
		return identity.Invalidf("Timestamp not in expected format. The server could not comply with the request since it is" +
			" either malformed or otherwise incorrect. The client is assumed to be in error.")
	}
	f.Value = at.Format(time.RFC3339Nano)
	switch op {
	case "eq":
		f.Compare = identity.Equals
	case "neq":
		f.Compare = identity.Differs
	case "lt":
		f.Compare = identity.Before
	case "lte":
		f.Compare = identity.NotAfter
	case "gt":
		f.Compare = identity.After
	case "gte":
		f.Compare = identity.NotBefore
	default:
		return identity.Invalidf("The given operator %s is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte',"+
			" 'gt', or 'gte'.", op)
	}
	return nil
}

// User returns a user.
func (s *Service) User(ctx context.Context, caller identity.Caller, id identity.UserID) (u identity.User, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err = s.allowedUser(ctx, tx, caller, authz.GetUser, id)
		u = s.shown(u, tx.Now())
		return err
	})
	return u, err
}

// Account is a user as those see it who look after accounts.
type Account struct {
	identity.User
	Locked bool // too many wrong passwords keep the user out now

	// Suspended says since when and why somebody shut the user out, and who; nil for nobody.
	Suspended   *store.Suspension
	SuspendedBy string

	// FactorReset says since when the user has to set up a second factor anew; zero for not at all.
	FactorReset time.Time

	// Manage, End and Settle tell whether the caller may change and delete the user, end the user's tokens, and say what the
	// account is for.
	Manage, End, Settle bool

	// Shield says why the caller may not, where it is not the policy that says no: a *authz.Obstacle if they may know of it.
	Shield error
}

// Account returns a user with what the caller may do to it, by the rules that guard doing it (identity:get_user).
func (s *Service) Account(ctx context.Context, caller identity.Caller, id identity.UserID) (a Account, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if a.User, err = s.allowedUser(ctx, tx, caller, authz.GetUser, id); err != nil {
			return err
		}
		f, err := tx.Failures(ctx, id)
		if err != nil {
			return err
		}
		if suspension, there, err := tx.Suspension(ctx, id); err != nil {
			return err
		} else if there {
			labels, err := tx.Labels(ctx, []store.Key{{Kind: "user", ID: string(suspension.By)}})
			if err != nil {
				return err
			}
			a.Suspended, a.SuspendedBy = &suspension, labels[store.Key{Kind: "user", ID: string(suspension.By)}].Name
		}
		if a.FactorReset, err = tx.FactorReset(ctx, id); err != nil {
			return err
		}
		rules, err := s.complianceOf(ctx, tx, a.DomainID)
		target := authz.Target{"user": authz.User(a.User)}
		a.Locked = s.locked(rules, a.User, f, tx.Now())
		a.Manage = s.Authz.Allowed(ctx, caller, authz.UpdateUser, target)
		if a.Manage {
			err := s.Authority.Account(ctx, tx, caller, a.User)
			if _, refused := errors.AsType[*identity.Error](err); refused {
				a.Manage, a.Shield = false, err
			} else if err != nil {
				return err
			}
		}
		a.End = a.Shield == nil && s.Authz.Allowed(ctx, caller, authz.RevokeTokensForUser, target)
		a.Settle = a.Shield == nil && s.MaySetSurface(ctx, caller) == nil
		a.User.Enabled = rules.enabled(a.User, tx.Now())
		return err
	})
	return a, err
}

// MayCreateUser tells whether the caller may make users in a domain.
func (s *Service) MayCreateUser(ctx context.Context, caller identity.Caller, domain identity.DomainID) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateUser, authz.Target{"user": authz.User(identity.User{DomainID: domain})})
}

// allowedUser returns a user on whom the caller may do the action. Callers who may not do it on a user of whom nothing
// is known get the same answer for one that is not there.
func (s *Service) allowedUser(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.UserID) (identity.User, error) {
	target := authz.Target{}
	u, missing := tx.User(ctx, id)
	if missing == nil {
		target["user"] = authz.User(u)
	}
	return u, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// CreateUser makes a user; its id is made here. Without a domain it belongs to that of the caller's token, else to the
// default domain. No password leaves the user without one, a null one is a password that nobody can log in with.
func (s *Service) CreateUser(ctx context.Context, caller identity.Caller, u identity.User, pw identity.Opt[string]) (identity.User, error) {
	return s.CreateUserWith(ctx, caller, u, pw, func(*store.Tx, identity.User) error { return nil })
}

// CreateUserWith is CreateUser with more to be done in the same transaction: if that fails there is no user.
func (s *Service) CreateUserWith(ctx context.Context, caller identity.Caller, u identity.User, pw identity.Opt[string],
	more func(*store.Tx, identity.User) error) (made identity.User, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateUser, authz.Target{"user": authz.User(u)}); err != nil {
		return u, err
	}
	if u.DomainID == "" {
		if u.DomainID, err = s.DomainFor(caller); err != nil {
			return u, err
		}
	}
	u.Name = python.Strip(u.Name)
	if err := identity.Fits(u.Name, "name", maxUserName); err != nil {
		return u, err
	}
	u.Options = identity.Options{}.Merge(u.Options)
	for i := range u.Federated {
		u.Federated[i].DisplayName = u.Name
	}
	hash, err := s.hashed(ctx, u.DomainID, u.Name, pw)
	if err != nil {
		return u, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockDomain(ctx, u.DomainID); err != nil {
			return err
		}
		if err := checkDefaultProject(ctx, tx, u.DefaultProjectID); err != nil {
			return err
		}
		if err := tx.CheckFederated(ctx, u.Federated); err != nil {
			return err
		}
		if err := checkAddress(ctx, tx, u.DomainID, u.Extra); err != nil {
			return err
		}
		made = u
		made.ID = identity.UserID(tx.NewID())
		if err := tx.InsertUser(ctx, made); err != nil {
			return err
		}
		if err := hash.set(ctx, s, tx, made, nil); err != nil {
			return err
		}
		if made, err = tx.User(ctx, made.ID); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Created("user", made.ID).By(caller)); err != nil {
			return err
		}
		return more(tx, made)
	})
	return made, err
}

// checkDefaultProject refuses a domain as default project. One that is not there is fine, as upstream has it.
func checkDefaultProject(ctx context.Context, tx *store.Tx, id identity.ProjectID) error {
	if id == "" {
		return nil
	}
	p, err := tx.Project(ctx, id)
	switch {
	case errors.Is(err, identity.NotFound):
		return identity.Fits(id, "default_project_id", 64)
	case err == nil && p.IsDomain:
		return identity.Invalidf("User's default project ID cannot be a domain ID: %s", id)
	}
	return err
}

// UpdateUser changes a user. Disabling it or setting a password ends its tokens; enabling it forgives wrong passwords
// and, under a rule on inactivity, counts as activity.
//
// Upstream writes enabled again at each change, so that there a new description ends a lock and makes inactivity
// lasting; here only a change that sends enabled does that.
func (s *Service) UpdateUser(ctx context.Context, caller identity.Caller, id identity.UserID, upd identity.UserUpdate) (identity.User, error) {
	var domain identity.DomainID
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		domain = old.DomainID
		return checkUserUpdate(caller, old, upd)
	})
	if err != nil {
		return identity.User{}, err
	}
	hash, err := s.hashed(ctx, domain, string(id), upd.Password)
	if err != nil {
		return identity.User{}, err
	}
	var u identity.User
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		if err := checkUserUpdate(caller, old, upd); err != nil {
			return err
		}
		if err := s.writeUser(ctx, tx, old, upd, hash); err != nil {
			return err
		}
		if err := s.noteOrigins(ctx, tx, caller, old, upd); err != nil {
			return err
		}
		if err := s.tellOfUpdate(ctx, tx, caller, old, upd, hash.hash != ""); err != nil {
			return err
		}
		if old.Enabled && upd.Enabled.Present && !upd.Enabled.Value {
			places, err := s.Authority.PlacesOf(ctx, tx, caller, id)
			if err != nil {
				return err
			}
			if err := s.Authority.KeepAdmin(ctx, tx, caller, places...); err != nil {
				return err
			}
		}
		if u, err = tx.User(ctx, id); err != nil {
			return err
		}
		u = s.shown(u, tx.Now())
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
	return u, err
}

// tellOfUpdate tells a user by mail, at the address that they had, what somebody else changed of how they get in.
func (s *Service) tellOfUpdate(ctx context.Context, tx *store.Tx, caller identity.Caller, old identity.User, upd identity.UserUpdate, password bool) error {
	if password {
		if err := s.tellOfPassword(ctx, tx, caller, old); err != nil {
			return err
		}
	}
	if email, sent := upd.Extra["email"]; sent && email != old.Extra["email"] && caller.UserID() != old.ID {
		v := mail.Values{}
		if caller.Token != nil {
			actor, _ := caller.Token.Actor()
			v.By = mail.Called(actor)
		}
		if err := s.Office.Tell(ctx, tx, mail.AddressChanged, old, v); err != nil {
			return err
		}
	}
	rules, some := upd.Options[identity.OptMultiFactorAuthRules]
	on, switched := upd.Options[identity.OptMultiFactorAuthEnabled]
	if !some && !switched || caller.UserID() == old.ID {
		return nil
	}
	what := mail.RulesByOthers
	if some && rules == nil || switched && on != true {
		what = mail.NoRulesByOthers
	}
	return s.Office.Tell(ctx, tx, mail.FactorChanged, old, mail.Values{Act: what, By: mail.Other(caller, old.ID), Link: "/security"})
}

// touchable is allowedUser for an act on the account, which must not reach above the caller.
func (s *Service) touchable(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.UserID) (identity.User, error) {
	u, err := s.allowedUser(ctx, tx, caller, action, id)
	if err == nil {
		err = s.Authority.Account(ctx, tx, caller, u)
	}
	return u, err
}

// noteOrigins notes by whom a user's address, password and factors were set: whoever did may get in.
func (s *Service) noteOrigins(ctx context.Context, tx *store.Tx, caller identity.Caller, old identity.User, upd identity.UserUpdate) error {
	if caller.Token == nil {
		return nil
	}
	o := identity.Origin{UserID: old.ID, SetterID: caller.UserID(), Scope: caller.Token.Scope}
	note := func(part identity.AccountPart) error {
		o.What = part
		return tx.PutOrigin(ctx, o)
	}
	if email, sent := upd.Extra["email"]; sent && email != old.Extra["email"] {
		if err := note(identity.Address); err != nil {
			return err
		}
	}
	if upd.Password.Present {
		if err := note(identity.Password); err != nil {
			return err
		}
	}
	if len(upd.Options) > 0 {
		return note(identity.Factors)
	}
	return nil
}

// SetBy is who last set a part of an account by which somebody gets in.
type SetBy struct {
	What identity.AccountPart
	Name string // of a user; empty for one who is gone
	Own  bool   // it was the user themselves
	At   time.Time
}

// WhoSet tells who last set the address, the password and the factors of a user, as far as that was noted, for whoever may look at the
// user (identity:get_user).
func (s *Service) WhoSet(ctx context.Context, caller identity.Caller, id identity.UserID) (all []SetBy, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all = nil
		if _, err := s.allowedUser(ctx, tx, caller, authz.GetUser, id); err != nil {
			return err
		}
		origins, err := tx.Origins(ctx, id)
		if err != nil {
			return err
		}
		var keys []store.Key
		for _, o := range origins {
			keys = append(keys, store.Key{Kind: "user", ID: string(o.SetterID)})
		}
		called, err := tx.Labels(ctx, keys)
		for _, part := range []identity.AccountPart{identity.Address, identity.Password, identity.Factors} {
			if o, noted := origins[part]; noted {
				all = append(all, SetBy{part, called[store.Key{Kind: "user", ID: string(o.SetterID)}].Name, o.SetterID == id, o.At})
			}
		}
		return err
	})
	return all, err
}

// Touchable returns a user on whose account the caller may act, by the rules for changing it.
func (s *Service) Touchable(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.UserID) (identity.User, error) {
	return s.touchable(ctx, tx, caller, authz.UpdateUser, id)
}

// Changeable returns a user whom the caller may change, as [Service.UpdateUser] does, and whose way to log in is not the
// caller's by a right that was handed on.
func (s *Service) Changeable(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.UserID) (identity.User, error) {
	u, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
	if err == nil && caller.Delegated && caller.StandsFor(id) {
		err = errDelegatedLogin
	}
	return u, err
}

// Unfactorable returns a user whose second factor the caller may take away, since it was lost: who may change the user, and who may take
// away by grant rules all that the user holds, everywhere.
func (s *Service) Unfactorable(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.UserID) (identity.User, error) {
	if err := tx.LockAccount(ctx, id); err != nil {
		return identity.User{}, err
	}
	return s.MayUnfactor(ctx, tx, caller, id)
}

// MayUnfactor is Unfactorable without a change to come.
func (s *Service) MayUnfactor(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.UserID) (identity.User, error) {
	if caller.Delegated && caller.StandsFor(id) {
		return identity.User{}, errDelegatedLogin
	}
	u, opened := s.allowedUser(ctx, tx, caller, authz.UpdateUser, id)
	if u.ID == "" {
		return u, opened
	}
	return u, s.Authority.Factor(ctx, tx, caller, opened, u)
}

var errDelegatedLogin = identity.NotAllowed("Delegated tokens cannot change how their user logs in")

// maxUserName is the width of the column, as the API's schema has it.
const maxUserName = 255

// checkUserUpdate refuses what no rule allows. Who holds rights that somebody handed on may not get at all that person's
// rights by a new password, or by options that make logging in easier.
func checkUserUpdate(caller identity.Caller, old identity.User, upd identity.UserUpdate) error {
	switch {
	case caller.Delegated && caller.StandsFor(old.ID) && (upd.Password.Present || len(upd.Options) > 0):
		return errDelegatedLogin
	case upd.ID.Null:
		return identity.Invalidf("Cannot change user ID")
	case upd.ID.Or(old.ID) != old.ID:
		return identity.Invalidf("Cannot change ID")
	case upd.DomainID.Or(old.DomainID) != old.DomainID:
		return identity.Invalidf("Cannot change Domain ID")
	case upd.Password.Present && old.Kind != identity.LocalUser:
		return identity.Invalidf("User %s is not kept in this database and cannot have a password here.", old.ID)
	}
	return identity.Fits(upd.Name.Value, "name", maxUserName)
}

func (s *Service) writeUser(ctx context.Context, tx *store.Tx, old identity.User, upd identity.UserUpdate, hash newPassword) error {
	u := old
	u.Name = python.Strip(upd.Name.Or(old.Name))
	u.Enabled = upd.Enabled.Or(old.Enabled)
	u.DefaultProjectID = upd.DefaultProjectID.Or(old.DefaultProjectID)
	u.Options = old.Options.Merge(upd.Options)
	u.Extra = old.Extra.Merge(upd.Extra)
	if len(upd.Federated) > 0 {
		u.Federated = slices.Clone(upd.Federated)
		for i := range u.Federated {
			u.Federated[i].DisplayName = u.Name
		}
		if err := tx.CheckFederated(ctx, u.Federated); err != nil {
			return err
		}
	}
	if upd.DefaultProjectID.Present {
		if err := checkDefaultProject(ctx, tx, u.DefaultProjectID); err != nil {
			return err
		}
	}
	if err := checkAddress(ctx, tx, u.DomainID, upd.Extra); err != nil {
		return err
	}
	rules, err := s.complianceOf(ctx, tx, u.DomainID)
	if err != nil {
		return err
	}
	enabling := upd.Enabled.Present && upd.Enabled.Value
	if enabling {
		if _, suspended, err := tx.Suspension(ctx, u.ID); err != nil || suspended {
			return cmp.Or(err, identity.Refusedf("The account is suspended: restore it instead."))
		}
	}
	if enabling && rules.Inactivity > 0 {
		u.LastActiveAt = day(tx.Now())
	}
	if err := tx.UpdateUser(ctx, old, u); err != nil {
		return err
	}
	if upd.Enabled.Present {
		if err := tx.PutAPIUserOff(ctx, u.ID, false); err != nil { // whoever says so now has the last word
			return err
		}
	}
	if enabling {
		if err := tx.ClearFailures(ctx, u.ID); err != nil {
			return err
		}
	}
	if err := hash.set(ctx, s, tx, u, u.Options); err != nil {
		return err
	}
	disabling := upd.Enabled.Present && !upd.Enabled.Value && rules.enabled(old, tx.Now())
	if disabling || hash.hash != "" {
		return tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID})
	}
	return nil
}

// DeleteUser removes a user and all that hangs on it, and ends its tokens.
func (s *Service) DeleteUser(ctx context.Context, caller identity.Caller, id identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		if _, err := s.touchable(ctx, tx, caller, authz.DeleteUser, id); err != nil {
			return err
		}
		places, err := s.Authority.PlacesOf(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		if err := s.Authority.KeepAdmin(ctx, tx, caller, places...); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("user", id).By(caller))
	})
}

// RevokeTokens ends all tokens of a user.
func (s *Service) RevokeTokens(ctx context.Context, caller identity.Caller, id identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.allowedUser(ctx, tx, caller, authz.RevokeTokensForUser, id)
		if err == nil && caller.UserID() != id {
			err = s.Authority.Account(ctx, tx, caller, u)
		}
		if err != nil {
			return err
		}
		return tx.Revoke(ctx, identity.RevocationEvent{UserID: id})
	})
}

// GroupsOfUser returns the groups that a user is in, to a domain-scoped caller those of that domain.
func (s *Service) GroupsOfUser(ctx context.Context, caller identity.Caller, id identity.UserID, q identity.Query) (page identity.Page[identity.Membership], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.allowedUser(ctx, tx, caller, authz.ListGroupsForUser, id); err != nil {
			return err
		}
		if d := scopedDomain(caller); d != "" {
			q = q.Where("domain_id", string(d))
		}
		page, err = tx.GroupsOfUser(ctx, id, q)
		return err
	})
	return page, err
}
