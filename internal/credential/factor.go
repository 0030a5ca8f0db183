package credential

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/totp"
)

// People look after their second factor themselves, which Keystone leaves to administrators. So it is a matter of one's own
// account only, of somebody who is there in person and has just proved it; no token does, it may be stolen. A seed becomes
// a credential when a code of it was shown and not before; with it comes the rule that asks for codes, in terms that a stock
// Keystone has. Rules that an administrator has set are theirs: they are neither weakened nor overwritten.

const (
	freshFor       = 15 * time.Minute // how long a proof of who is there counts for setting up a factor
	freshForChange = 5 * time.Minute  // and for replacing or removing one
	enrolFor       = 15 * time.Minute // how long a seed waits for its code
	maxMisses      = 5                // wrong codes that it waits for

	seedSize      = 20 // bytes
	recoveryCodes = 10
	codeLength    = 10
)

// passwordAndCode are the multi-factor rules that come with a factor.
func passwordAndCode() []any { return []any{[]any{"password", "totp"}} }

// Factor is how it stands with a user's second factor.
type Factor struct {
	On  bool // logging in takes what rules say
	Own bool // and those came with the factor, so that its user may switch it off

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
		seeds, err := tx.Credentials(ctx, identity.Query{}.Where("user_id", string(caller.UserID())).Where("type", "totp"))
		if err != nil {
			return err
		}
		f.Authenticators = len(seeds.Items)
		if f.Passkeys, err = tx.Passkeys(ctx, caller.UserID()); err != nil {
			return err
		}
		if f.RecoveryCodes, err = tx.CountRecoveryCodes(ctx, caller.UserID()); err != nil {
			return err
		}
		f.Unattended, err = tx.Unattended(ctx, caller.UserID())
		return err
	})
	return f, err
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
	rules, isList := u.Options[identity.OptMultiFactorAuthRules].([]any)
	some := u.Options[identity.OptMultiFactorAuthRules] != nil && (!isList || len(rules) > 0)
	off := u.Options[identity.OptMultiFactorAuthEnabled] == false
	f.On = some && !off
	f.Own = f.On && set.OwnRules && cameWithFactor(u)
	f.Since = set.Since
	switch {
	case !slices.Contains(s.Methods, "totp") || !slices.Contains(s.Methods, "password"):
		f.Closed = NoPasscodes
	case u.Kind == identity.FederatedUser:
		f.Closed = ProvidedLogin
	case some && !f.Own && (off || !showed(caller)):
		f.Closed = AdministerRule
	}
	return f, nil
}

// cameWithFactor tells whether the rules of a user are those that come with a factor, in words.
func cameWithFactor(u identity.User) bool {
	rules, _ := u.Options[identity.OptMultiFactorAuthRules].([]any)
	return reflect.DeepEqual(rules, passwordAndCode())
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
	return slices.ContainsFunc(caller.Token.Methods, func(m string) bool { return m == "totp" || m == "webauthn" })
}

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

// Enrolment is a new authenticator that has not shown yet that it works.
type Enrolment struct {
	ID     string
	Secret string // the seed in base32
	Until  time.Time
	Tries  int // that are left
}

// BeginFactor makes a seed for an authenticator, or returns the one that the caller has begun with, unless they want
// another. There is one at a time, however many windows are open.
func (s *Service) BeginFactor(ctx context.Context, caller identity.Caller, anew bool) (e Enrolment, err error) {
	if err := inPerson(caller, s.DB.Now(), freshFor); err != nil {
		return e, err
	}
	seed := make([]byte, seedSize)
	rand.Read(seed)
	sealed, err := s.seal(ctx, identity.Credential{Type: "totp", Blob: base32.StdEncoding.EncodeToString(seed)})
	if err != nil {
		return e, err
	}
	begun, err := s.begin(ctx, caller, store.Enrolment{Seed: sealed.EncryptedBlob}, func(now store.Enrolment) bool { return !anew && now.Seed != "" })
	if err != nil {
		return e, err
	}
	return s.enrolment(begun)
}

// begin takes down what the caller begins, unless what they have begun before will do.
func (s *Service) begin(ctx context.Context, caller identity.Caller, e store.Enrolment, will func(store.Enrolment) bool) (begun store.Enrolment, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		f, err := s.mayEnrol(ctx, tx, caller, freshFor)
		if err != nil {
			return err
		}
		if f.On {
			if err := inPerson(caller, tx.Now(), freshForChange); err != nil {
				return err
			}
		}
		begun, err = tx.Enrolment(ctx, caller.UserID())
		if err == nil && will(begun) || err != nil && !errors.Is(err, identity.NotFound) {
			return err
		}
		begun = e
		begun.ID, begun.UserID, begun.Until = tx.NewID(), caller.UserID(), tx.Now().Add(enrolFor)
		return tx.PutEnrolment(ctx, begun)
	})
	return begun, err
}

// Enrolment shows what the caller has begun; a NotFound when that is nothing, or is over.
func (s *Service) Enrolment(ctx context.Context, caller identity.Caller) (e Enrolment, err error) {
	var begun store.Enrolment
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.mayEnrol(ctx, tx, caller, freshFor); err != nil {
			return err
		}
		begun, err = tx.Enrolment(ctx, caller.UserID())
		if err == nil && begun.Seed == "" {
			err = identity.Missing("enrolment", caller.UserID())
		}
		return err
	})
	if err != nil {
		return e, err
	}
	return s.enrolment(begun)
}

func (s *Service) enrolment(begun store.Enrolment) (Enrolment, error) {
	e := Enrolment{ID: begun.ID, Until: begun.Until, Tries: maxMisses - begun.Misses}
	c, err := s.open(store.SealedCredential{EncryptedBlob: begun.Seed})
	e.Secret = c.Blob
	return e, err
}

// WrongCodeError says that a code is not one of the new authenticator's.
type WrongCodeError struct {
	Tries int // that are left; with none, the seed is forgotten

	// Ahead is how far the clock of the authenticator seems to be ahead of this one's; zero when the code tells nothing.
	Ahead time.Duration
}

func (e *WrongCodeError) Error() string { return "wrong code" }

// ErrOtherSeed says that the code is for a seed in the place of which there is another by now.
var ErrOtherSeed = errors.New("there is a newer seed")

// ProveFactor takes the code by which a new authenticator shows that it works, and makes recovery codes. They are told here
// only, and count when the factor does. Shown again, a right code makes new ones. A wrong code is a *WrongCodeError. then is the code
// that came after it, by which a clock that is off is taken as it is; empty for none.
func (s *Service) ProveFactor(ctx context.Context, caller identity.Caller, id, code, then string) ([]string, error) {
	var step, drift int64
	var wrong *WrongCodeError
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		step, drift, wrong = 0, 0, nil
		begun, err := s.begun(ctx, tx, caller, id)
		if err == nil && begun.Seed == "" {
			err = ErrOtherSeed
		}
		if err != nil {
			return err
		}
		c, err := s.open(store.SealedCredential{EncryptedBlob: begun.Seed})
		if err != nil {
			return err
		}
		seed, err := totp.Seed(c.Blob)
		if err != nil {
			return err
		}
		a, now := authenticator{key: seed}, totp.Step(tx.Now())
		if then != "" {
			if step = a.inARow(now, code, then); step != 0 {
				drift = step - now
				return nil
			}
		}
		off, at := s.near(a, now, code)
		if off == 0 && at != 0 {
			step = at
			return nil
		}
		begun.Misses++
		wrong = &WrongCodeError{Tries: maxMisses - begun.Misses, Ahead: time.Duration(off) * totp.Period}
		if wrong.Tries == 0 {
			return tx.DropEnrolment(ctx, begun.UserID)
		}
		return tx.PutEnrolment(ctx, begun)
	})
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, wrong
	}
	texts, codes, err := s.newRecoveryCodes(ctx, caller.UserID())
	if err != nil {
		return nil, err
	}
	return texts, s.DB.Update(ctx, func(tx *store.Tx) error {
		begun, err := s.begun(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		begun.Step, begun.Drift, begun.Codes = step, drift, codes
		return tx.PutEnrolment(ctx, begun)
	})
}

// near finds the period of a code, the one nearest to now, and how many periods that is outside of those that count. The
// period is 0 when there is none.
func (s *Service) near(a authenticator, now int64, code string) (off, step int64) {
	for d := range int64(maxDrift + 1) {
		for _, at := range []int64{now - d, now + d} {
			if !a.shows(at, code) {
				continue
			}
			if at > now || at < now-int64(s.PreviousPasscodes) {
				off = at - now
			}
			return off, at
		}
	}
	return 0, 0
}

// begun returns what the caller has begun, if it is still the one of an id.
func (s *Service) begun(ctx context.Context, tx *store.Tx, caller identity.Caller, id string) (store.Enrolment, error) {
	if _, err := s.mayEnrol(ctx, tx, caller, freshFor); err != nil {
		return store.Enrolment{}, err
	}
	e, err := tx.Enrolment(ctx, caller.UserID())
	if err == nil && e.ID != id {
		err = ErrOtherSeed
	}
	return e, err
}

// ProvedFactor is a new authenticator that has shown that it works, and whose recovery codes its user has.
type ProvedFactor struct {
	Method string // by which it lets its user in

	begun store.Enrolment
	seed  store.SealedCredential // unless it is a passkey
}

// ConfirmRecovery finds out whether the caller has written the recovery codes down: a Conflict when what they typed is none
// of them.
func (s *Service) ConfirmRecovery(ctx context.Context, caller identity.Caller, id, typed string) (p ProvedFactor, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if p.begun, err = s.begun(ctx, tx, caller, id); err == nil && p.begun.Step == 0 && p.begun.Passkey == nil {
			err = identity.Missing("enrolment", caller.UserID())
		}
		return err
	})
	if err != nil {
		return p, err
	}
	mark, rest := splitCode(typed)
	i := slices.IndexFunc(p.begun.Codes, func(c store.RecoveryCode) bool { return c.Mark == mark })
	if i < 0 {
		return p, errNotThatCode
	}
	right, err := s.Directory.MatchSecret(ctx, string(caller.UserID()), p.begun.Codes[i].Hash, rest)
	if err == nil && !right {
		err = errNotThatCode
	}
	if err != nil {
		return p, err
	}
	if p.Method = "webauthn"; p.begun.Passkey != nil {
		return p, nil
	}
	p.Method = "totp"
	c, err := s.open(store.SealedCredential{EncryptedBlob: p.begun.Seed})
	if err != nil {
		return p, err
	}
	c.ID, c.UserID, c.Type = identity.CredentialID(identity.NewID()), caller.UserID(), "totp"
	p.seed, err = s.seal(ctx, c)
	return p, err
}

var errNotThatCode = identity.Conflictf("recovery code", "That is none of the recovery codes")

// KeepFactor makes the new authenticator the caller's only one but for passkeys, with its recovery codes, and unless rules are set already
// lets logins take a password and a code from now on; wanted says what becomes of what logs in without it. It tells whether the rules are the factor's own. It is part of a
// larger change, see auth.Service.EnableFactor.
func (s *Service) KeepFactor(ctx context.Context, tx *store.Tx, caller identity.Caller, p ProvedFactor, wanted map[string]Decision) (own bool, err error) {
	now, err := s.begun(ctx, tx, caller, p.begun.ID)
	if err != nil {
		return false, err
	}
	if now.Step != p.begun.Step || (now.Passkey == nil) != (p.begun.Passkey == nil) || !slices.Equal(now.Codes, p.begun.Codes) {
		return false, ErrOtherSeed
	}
	f, err := s.factor(ctx, tx, caller)
	if err != nil {
		return false, err
	}
	user := caller.UserID()
	if !f.On && s.Decides() {
		all, err := tx.Robots(ctx, user)
		if err != nil {
			return false, err
		}
		decided := map[string]Decision{}
		for _, r := range all {
			decided[RobotKey(r)] = wanted[RobotKey(r)] // what nothing was said of is suspended
		}
		if err := s.decide(ctx, tx, caller, decided); err != nil {
			return false, err
		}
	}
	if err := tx.DeleteSeeds(ctx, user); err != nil {
		return false, err
	}
	if now.Passkey != nil {
		if err := tx.InsertPasskey(ctx, *now.Passkey); err != nil {
			return false, err
		}
	} else {
		if err := s.insertSealed(ctx, tx, p.seed, identity.Created("credential", p.seed.ID).By(caller)); err != nil {
			return false, err
		}
		if _, err := takePasscode(ctx, tx, p.seed.ID, now.Step); err != nil {
			return false, err
		}
		if err := tx.PutDrift(ctx, p.seed.ID, now.Drift); err != nil {
			return false, err
		}
	}
	if err := tx.PutRecoveryCodes(ctx, user, now.Codes); err != nil {
		return false, err
	}
	own = !f.On || f.Own
	if err := tx.PutFactor(ctx, user, store.Factor{OwnRules: own, Since: tx.Now()}); err != nil {
		return false, err
	}
	if !f.On {
		change := identity.Options{identity.OptMultiFactorAuthRules: passwordAndCode(), identity.OptMultiFactorAuthEnabled: true}
		if err := s.setRules(ctx, tx, caller, user, change); err != nil {
			return false, err
		}
	}
	what := mail.FactorOn
	switch {
	case now.Passkey != nil && f.On:
		what = mail.PasskeyAdded
	case f.On:
		what = mail.FactorReplaced
	}
	if err := s.tellOfFactor(ctx, tx, caller, user, what); err != nil {
		return false, err
	}
	return own, tx.DropEnrolment(ctx, user)
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

var noRules = identity.Options{identity.OptMultiFactorAuthRules: nil, identity.OptMultiFactorAuthEnabled: nil}

// RemoveFactor takes the caller's factor away, with the rules that came with it. It refuses where an administrator has set
// the rules. It is part of a larger change, see auth.Service.DisableFactor.
func (s *Service) RemoveFactor(ctx context.Context, tx *store.Tx, caller identity.Caller) error {
	if err := s.mayRemove(ctx, tx, caller); err != nil {
		return err
	}
	if err := tx.DropFactor(ctx, caller.UserID()); err != nil {
		return err
	}
	if err := s.tellOfFactor(ctx, tx, caller, caller.UserID(), mail.FactorOff); err != nil {
		return err
	}
	return s.setRules(ctx, tx, caller, caller.UserID(), noRules)
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
	case !f.Own && f.On:
		return identity.NotAllowed("An administrator has set the multi-factor rules of this account")
	case !f.Own:
		return identity.Missing("factor", caller.UserID())
	case !showed(caller):
		return identity.NotAllowed("To remove the second factor takes that factor")
	}
	return nil
}

// ResetFactor takes the second factor of somebody else away who has lost it, whoever set it up, by the right to change that
// user, or by that to take away all that they hold. All their sessions and tokens end: they may be in the hands of whoever has the device.
func (s *Service) ResetFactor(ctx context.Context, caller identity.Caller, user identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.Directory.Unfactorable(ctx, tx, caller, user); err != nil {
			return err
		}
		if caller.UserID() == user {
			return identity.NotAllowed("To remove one's own second factor takes that factor")
		}
		if err := tx.DropFactor(ctx, user); err != nil {
			return err
		}
		if err := s.setRules(ctx, tx, caller, user, noRules); err != nil {
			return err
		}
		if err := s.tellOfFactor(ctx, tx, caller, user, mail.FactorReset); err != nil {
			return err
		}
		return tx.Revoke(ctx, identity.RevocationEvent{UserID: user})
	})
}

// NewRecoveryCodes gives the caller new recovery codes in the place of those they have, and tells them this once.
func (s *Service) NewRecoveryCodes(ctx context.Context, caller identity.Caller) ([]string, error) {
	may := func(tx *store.Tx) error {
		if err := inPerson(caller, tx.Now(), freshFor); err != nil {
			return err
		}
		if _, err := tx.Factor(ctx, caller.UserID()); err != nil {
			return err
		}
		if !showed(caller) {
			return identity.NotAllowed("Recovery codes stand in for a second factor, and take it")
		}
		return nil
	}
	if err := s.DB.View(ctx, may); err != nil {
		return nil, err
	}
	texts, codes, err := s.newRecoveryCodes(ctx, caller.UserID())
	if err != nil {
		return nil, err
	}
	return texts, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		if err := s.tellOfFactor(ctx, tx, caller, caller.UserID(), mail.NewCodes); err != nil {
			return err
		}
		return tx.PutRecoveryCodes(ctx, caller.UserID(), codes)
	})
}

// codeLetters leave out what looks alike on paper: 0 and O, 1 and I.
var codeLetters = base32.NewEncoding("23456789ABCDEFGHJKLMNPQRSTUVWXYZ").WithPadding(base32.NoPadding)

// newRecoveryCodes makes recovery codes, of 50 random bits each, and their hashes.
func (s *Service) newRecoveryCodes(ctx context.Context, user identity.UserID) (texts []string, codes []store.RecoveryCode, err error) {
	for len(codes) < recoveryCodes {
		random := make([]byte, codeLength)
		rand.Read(random)
		text := codeLetters.EncodeToString(random)[:codeLength]
		if slices.ContainsFunc(codes, func(c store.RecoveryCode) bool { return c.Mark == text[:1] }) {
			continue
		}
		hash, err := s.Directory.HashSecret(ctx, user, text[1:])
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, text[:codeLength/2]+"-"+text[codeLength/2:])
		codes = append(codes, store.RecoveryCode{Mark: text[:1], Hash: hash})
	}
	return texts, codes, nil
}

// splitCode reads a recovery code as people type it.
func splitCode(typed string) (mark, rest string) {
	typed = strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
	if len(typed) != codeLength {
		return "", typed
	}
	return typed[:1], typed[1:]
}

// UseRecoveryCode tells whether a text is a recovery code of a user's that is left, and takes it. It is open to all; who
// calls it counts those that are wrong.
func (s *Service) UseRecoveryCode(ctx context.Context, user identity.UserID, typed string) (used bool, err error) {
	mark, rest := splitCode(typed)
	var hash string
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		hash, err = tx.RecoveryCode(ctx, user, mark)
		return err
	})
	if err != nil {
		return false, err
	}
	if right, err := s.Directory.MatchSecret(ctx, string(user), hash, rest); err != nil || !right {
		return false, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if used, err = tx.UseRecoveryCode(ctx, user, store.RecoveryCode{Mark: mark, Hash: hash}); err != nil || !used {
			return err
		}
		return s.tellOfRecovery(ctx, tx, user)
	})
	return used, err
}

// tellOfRecovery tells a user by mail that a recovery code of theirs was used, and how many are left.
func (s *Service) tellOfRecovery(ctx context.Context, tx *store.Tx, user identity.UserID) error {
	u, err := tx.User(ctx, user)
	if err != nil {
		return err
	}
	left, err := tx.CountRecoveryCodes(ctx, user)
	if err != nil {
		return err
	}
	return s.Office.Tell(ctx, tx, mail.RecoveryUsed, u, mail.Values{Count: left, Link: "/security/recovery-codes"})
}

// guard keeps a token, which may be stolen, from changing the authenticators that its user set up in person.
func (s *Service) guard(ctx context.Context, caller identity.Caller, c identity.Credential) error {
	if !strings.EqualFold(c.Type, "totp") || caller.Token == nil || caller.UserID() != c.UserID {
		return nil
	}
	var f Factor
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if _, err = tx.Factor(ctx, c.UserID); err == nil {
			f, err = s.factor(ctx, tx, caller)
		}
		return err
	})
	if errors.Is(err, identity.NotFound) {
		return nil
	}
	if err == nil && f.On {
		err = identity.NotAllowed("The second factor of this account is looked after in the portal, by its owner in person")
	}
	return err
}

// AuthenticatorURI is what a new authenticator reads of a seed, in words or as a picture
// (github.com/google/google-authenticator, Key Uri Format). The issuer tells clouds apart, the account users of one name.
func AuthenticatorURI(issuer, account, secret string) string {
	part := func(text string) string {
		var b strings.Builder
		for i := range len(text) {
			if c := text[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		return b.String()
	}
	// A colon ends the issuer, however it is written.
	name := strings.ReplaceAll(issuer, ":", " ")
	return "otpauth://totp/" + part(name) + ":" + part(account) + "?secret=" + secret + "&issuer=" + part(name) +
		"&algorithm=SHA1&digits=6&period=" + strconv.Itoa(int(totp.Period/time.Second))
}
