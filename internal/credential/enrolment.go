package credential

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/totp"
)

const (
	enrolFor  = 15 * time.Minute // how long a seed waits for its code
	maxMisses = 5                // wrong codes that it waits for
	seedSize  = 20               // bytes
)

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
	if !f.On {
		all, err := s.robots(ctx, tx, user)
		if err != nil {
			return false, err
		}
		decided := map[string]Decision{}
		for _, r := range all {
			decided[RobotKey(r)] = wanted[RobotKey(r)] // what nothing was said of is suspended, or asked about
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
		if err := s.setRules(ctx, tx, caller, user, ownRules()); err != nil {
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
