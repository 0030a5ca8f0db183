package credential

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// People look after their second factor themselves, which Keystone leaves to administrators. So it is a matter of one's own
// account only, of somebody who is there in person and has just proved it; no token does, it may be stolen. A seed becomes
// a credential when a code of it was shown and not before; with it comes the rule that asks for codes, in terms that a stock
// Keystone has. Rules that an administrator has set are theirs: they are neither weakened nor overwritten.

const (
	freshFor       = 15 * time.Minute // how long a proof of who is there counts for setting up a factor
	freshForChange = 5 * time.Minute  // and for replacing or removing one
)

// passwordAndCode are the multi-factor rules that come with a factor.
func passwordAndCode() []any { return []any{[]any{"password", "totp"}} }

// Factor is how it stands with a user's second factor.
type Factor struct {
	On  bool // logging in takes what rules say
	Own bool // and those came with the factor, so that its user may switch it off

	// Reset says that somebody took the factor away, and that it must be set up anew.
	Reset bool

	// Asked is what cloud and domain ask of the user.
	Asked identity.FactorDemand

	// Closed says why the user cannot set a factor up or replace it; empty when they can.
	Closed Closed

	Authenticators int // seeds of one-time codes; a seed in two phones is one
	Passkeys       []identity.Passkey
	RecoveryCodes  int // left
	Since          time.Time

	// What logs in for the user when they are not there.
	store.Unattended
}

// Closed is a reason.
type Closed string

// Why a user cannot set a factor up.
const (
	Open           Closed = ""
	NoPasscodes    Closed = "passcodes" // this server does not take one-time codes
	ProvidedLogin  Closed = "provider"  // somebody else lets the user in
	AdministerRule Closed = "rules"     // an administrator has set rules, which this login does not meet
)

// Factor tells the caller about their own second factor.
func (s *Service) Factor(ctx context.Context, caller identity.Caller) (f Factor, err error) {
	if err := own(caller); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if f, err = s.factor(ctx, tx, caller); err != nil {
			return err
		}
		if err = s.consistsOf(ctx, tx, caller.UserID(), &f); err != nil {
			return err
		}
		f.Unattended, err = tx.Unattended(ctx, caller.UserID())
		return err
	})
	return f, err
}

// FactorOf tells of what a user's second factor consists: how many authenticators and recovery codes, which passkeys and since when, for
// who may look at the user (identity:get_user).
func (s *Service) FactorOf(ctx context.Context, caller identity.Caller, id identity.UserID) (f Factor, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, missing := tx.User(ctx, id)
		target := authz.Target{}
		if missing == nil {
			target["user"] = authz.User(u)
		}
		if err := s.Authz.CheckFound(ctx, caller, authz.GetUser, target, missing); err != nil {
			return err
		}
		set, err := tx.Factor(ctx, id)
		if err != nil && !errors.Is(err, identity.NotFound) {
			return err
		}
		f.Since = set.Since
		return s.consistsOf(ctx, tx, id, &f)
	})
	return f, err
}

// consistsOf fills in of what a user's second factor consists.
func (s *Service) consistsOf(ctx context.Context, tx *store.Tx, user identity.UserID, f *Factor) error {
	seeds, err := tx.Credentials(ctx, identity.Query{}.Where("user_id", string(user)).Where("type", "totp"))
	if err != nil {
		return err
	}
	f.Authenticators = len(seeds.Items)
	if f.Passkeys, err = tx.Passkeys(ctx, user); err != nil {
		return err
	}
	f.RecoveryCodes, err = tx.CountRecoveryCodes(ctx, user)
	return err
}

func (s *Service) factor(ctx context.Context, tx *store.Tx, caller identity.Caller) (f Factor, err error) {
	u, err := tx.User(ctx, caller.UserID())
	if err != nil {
		return f, err
	}
	set, err := tx.Factor(ctx, u.ID)
	if err != nil && !errors.Is(err, identity.NotFound) {
		return f, err
	}
	some := hasRules(u)
	off := u.Options[identity.OptMultiFactorAuthEnabled] == false
	since, err := s.ResetSince(ctx, tx, u)
	if err != nil {
		return f, err
	}
	if f.Asked, err = s.factorAsked(ctx, tx, u); err != nil {
		return f, err
	}
	f.Reset = !since.IsZero()
	weak := some && f.Asked.Required() && !s.SecondFactor(u) // the rules ask for less than cloud or domain do, which the user may make up for
	f.On = some && !off && !f.Reset && !weak
	f.Own = f.On && set.OwnRules && cameWithFactor(u)
	f.Since = set.Since
	closed := some && !f.Own && !f.Reset && (off || !showed(caller))
	if weak && !showed(caller) {
		if closed, err = s.CanShow(ctx, tx, u); err != nil {
			return f, err
		}
	} else if weak {
		closed = false
	}
	switch {
	case !s.takesFactors():
		f.Closed = NoPasscodes
	case u.Kind == identity.FederatedUser:
		f.Closed = ProvidedLogin
	case closed:
		f.Closed = AdministerRule
	}
	return f, nil
}

// CanShow tells whether a user has a second factor that they can show, be it asked for or not. It is open to all.
func (s *Service) CanShow(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if !s.takesFactors() {
		return false, nil
	}
	seeds, err := tx.Credentials(ctx, identity.Query{Limit: 1}.Where("user_id", string(u.ID)).Where("type", "totp"))
	if err != nil || len(seeds.Items) > 0 {
		return len(seeds.Items) > 0, err
	}
	return s.TakesPasskey(ctx, tx, u)
}

// takesFactors tells whether this server takes what a second factor consists of.
func (s *Service) takesFactors() bool {
	return slices.Contains(s.Methods, "totp") && slices.Contains(s.Methods, "password")
}

// SecondFactor is identity.User.SecondFactor for the methods of this server.
func (s *Service) SecondFactor(u identity.User) bool { return u.SecondFactor(s.Methods) }

// Factored tells whether a user has a second factor that logging in takes, and that nobody has taken away since. It is open to all.
func (s *Service) Factored(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if !s.SecondFactor(u) {
		return false, nil
	}
	since, err := s.ResetSince(ctx, tx, u)
	return since.IsZero(), err
}

func hasRules(u identity.User) bool {
	rules, isList := u.Options[identity.OptMultiFactorAuthRules].([]any)
	return u.Options[identity.OptMultiFactorAuthRules] != nil && (!isList || len(rules) > 0)
}

// ResetSince tells since when a user has to set up a second factor anew that somebody else took away; zero for not at all. It is open to
// all.
func (s *Service) ResetSince(ctx context.Context, tx *store.Tx, u identity.User) (since time.Time, err error) {
	if cameWithFactor(u) && u.Options[identity.OptMultiFactorAuthEnabled] != false {
		since, err = tx.FactorReset(ctx, u.ID)
	}
	return since, err
}

// factorAsked is what cloud and domain ask of a user about a second factor, if they can have one here.
func (s *Service) factorAsked(ctx context.Context, tx *store.Tx, u identity.User) (d identity.FactorDemand, err error) {
	if s.takesFactors() {
		d, err = s.Directory.FactorAsked(ctx, tx, u)
	}
	return d, err
}

// EnrolBy tells from when on a user who has no second factor can do nothing but set one up; zero for never. Rules that an
// administrator has set for an account stand for one if they let nobody in by one method alone: less than cloud and domain ask is no
// exemption. It is open to all.
func (s *Service) EnrolBy(ctx context.Context, tx *store.Tx, u identity.User) (by time.Time, err error) {
	if by, err = s.ResetSince(ctx, tx, u); err != nil || !by.IsZero() || s.SecondFactor(u) {
		return by, err
	}
	d, err := s.factorAsked(ctx, tx, u)
	if err != nil || !d.Required() {
		return by, err
	}
	if by = d.From; by.IsZero() {
		by = tx.Now()
	}
	return by, nil
}

// cameWithFactor tells whether the rules of a user are those that come with a factor, in words.
func cameWithFactor(u identity.User) bool {
	rules, _ := u.Options[identity.OptMultiFactorAuthRules].([]any)
	return len(rules) > 0 && reflect.DeepEqual(rules, passwordAndCode())
}

// OwnsRules tells whether the multi-factor rules of a user came with their factor. It is open to all.
func (s *Service) OwnsRules(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if !cameWithFactor(u) {
		return false, nil
	}
	set, err := tx.Factor(ctx, u.ID)
	if errors.Is(err, identity.NotFound) {
		return false, nil
	}
	return set.OwnRules, err
}

// showed tells whether a second factor had part in the caller's login.
func showed(caller identity.Caller) bool {
	return slices.ContainsFunc(caller.Token.Methods, isSecond)
}

// isSecond tells whether a method proves a second factor.
func isSecond(method string) bool { return method == "totp" || method == "webauthn" }

// inPerson refuses who acts by a right that was handed on, or has not proved of late who they are.
func inPerson(caller identity.Caller, now time.Time, within time.Duration) error {
	if err := own(caller); err != nil {
		return err
	}
	if caller.Token == nil || now.Sub(caller.ConfirmedAt) > within {
		return identity.NotAllowed("This takes a proof of who you are that is not old")
	}
	return nil
}

// mayEnrol tells how it stands with the factor of a caller who may set one up, or replace it.
func (s *Service) mayEnrol(ctx context.Context, tx *store.Tx, caller identity.Caller, within time.Duration) (f Factor, err error) {
	if err := inPerson(caller, tx.Now(), within); err != nil {
		return f, err
	}
	if f, err = s.factor(ctx, tx, caller); err != nil {
		return f, err
	}
	switch {
	case f.Closed == AdministerRule:
		return f, identity.NotAllowed("An administrator has set the multi-factor rules of this account")
	case f.Closed != Open:
		return f, identity.NotAllowed("This account cannot have a second factor here")
	case f.On && !showed(caller):
		return f, identity.NotAllowed("To replace the second factor takes that factor")
	}
	return f, nil
}

// setRules changes the multi-factor options of a user.
func (s *Service) setRules(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, change identity.Options) error {
	old, err := tx.User(ctx, user)
	if err != nil {
		return err
	}
	u := old
	u.Options = old.Options.Merge(change)
	if err := tx.UpdateUser(ctx, old, u); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Updated("user", user).By(caller))
}

// ownRules are the options that come with a factor.
func ownRules() identity.Options {
	return identity.Options{identity.OptMultiFactorAuthRules: passwordAndCode(), identity.OptMultiFactorAuthEnabled: true}
}

var noRules = identity.Options{identity.OptMultiFactorAuthRules: nil, identity.OptMultiFactorAuthEnabled: nil}

// RemoveFactor takes the caller's factor away, with the rules that came with it. It refuses where an administrator has set
// the rules. It is part of a larger change, see auth.Service.DisableFactor.
func (s *Service) RemoveFactor(ctx context.Context, tx *store.Tx, caller identity.Caller) error {
	if err := s.mayRemove(ctx, tx, caller); err != nil {
		return err
	}
	was, err := s.switchedOff(ctx, tx, caller.UserID())
	if err != nil {
		return err
	}
	if err := tx.DropFactor(ctx, caller.UserID()); err != nil {
		return err
	}
	if err := s.setRules(ctx, tx, caller, caller.UserID(), noRules); err != nil {
		return err
	}
	return s.FactorOff(ctx, tx, caller.UserID(), was)
}

// MayRemoveFactor is a NotAllowed unless RemoveFactor would work.
func (s *Service) MayRemoveFactor(ctx context.Context, caller identity.Caller) error {
	return s.DB.View(ctx, func(tx *store.Tx) error { return s.mayRemove(ctx, tx, caller) })
}

func (s *Service) mayRemove(ctx context.Context, tx *store.Tx, caller identity.Caller) error {
	if err := inPerson(caller, tx.Now(), freshForChange); err != nil {
		return err
	}
	switch f, err := s.factor(ctx, tx, caller); {
	case err != nil:
		return err
	case !f.On:
		return identity.Missing("factor", caller.UserID())
	case !f.Own:
		return identity.NotAllowed("An administrator has set the multi-factor rules of this account")
	case f.Asked.Required():
		return ErrFactorRequired
	case !showed(caller):
		return identity.NotAllowed("To remove the second factor takes that factor")
	}
	return nil
}

// ErrFactorRequired refuses to take away a second factor that cloud or domain require. It can be replaced.
var ErrFactorRequired = identity.NotAllowed("A second factor is required of this account; it can be replaced, not turned off")

// guard keeps a token, which may be stolen, from changing the authenticators that its user set up in person, and from adding or changing
// others for its user unless who got it has proved of late who they are, by a second factor where rules ask for one.
func (s *Service) guard(ctx context.Context, caller identity.Caller, c identity.Credential) error {
	if !isTOTP(c.Type) || caller.Token == nil || caller.UserID() != c.UserID {
		return nil
	}
	return s.DB.View(ctx, func(tx *store.Tx) error {
		f, err := s.factor(ctx, tx, caller)
		if err != nil || f.Reset {
			return err
		}
		_, err = tx.Factor(ctx, c.UserID)
		switch {
		case err == nil && f.On:
			return identity.NotAllowed("The second factor of this account is looked after in the portal, by its owner in person")
		case err != nil && !errors.Is(err, identity.NotFound):
			return err
		case s.TokenLife > 0 && s.TokenLife-caller.Token.ExpiresAt.Sub(tx.Now()) > freshFor: // however often it was exchanged
			return identity.NotAllowed("To change how one logs in takes a token that is not old: log in again")
		case f.On && !showed(caller):
			return identity.NotAllowed("To change how one logs in takes a login by the second factor")
		}
		return nil
	})
}
