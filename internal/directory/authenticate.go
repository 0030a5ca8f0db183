package directory

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// DomainRef names a domain by id, or by name, which wins.
type DomainRef struct {
	ID   identity.DomainID
	Name string
}

// UserRef names a user by id, or by name and domain, which win.
type UserRef struct {
	ID     identity.UserID
	Name   string
	Domain *DomainRef // nil when the request names none
}

// Proof is a claim to be a user, with a password. User is nil when the request names nobody.
type Proof struct {
	User     *UserRef
	Password string
}

// check refuses a claim that names nobody (BaseUserInfo in keystone/auth/plugins/core.py).
func (r *UserRef) check() error {
	switch {
	case r == nil:
		return identity.Expecting("user", "None") // so Keystone has it, whatever the method
	case r.Name == "" && r.ID == "":
		return identity.Expecting("id or name", "user")
	case r.Name == "":
		return nil
	case r.Domain == nil:
		return identity.Expecting("domain", "user")
	case r.Domain.Name == "" && r.Domain.ID == "":
		return identity.Expecting("id or name", "domain")
	}
	return nil
}

// Login is an account that somebody has shown to be theirs.
type Login struct{ account }

// Authenticate proves a user by password. It is open to all.
//
// Whoever cannot log in gets one answer after the time of one hash, be the user or domain unknown or disabled, the
// account locked, the password wrong or none. Only who knows the right password learns that it has expired.
func (s *Service) Authenticate(ctx context.Context, p Proof) (Login, error) {
	if err := p.User.check(); err != nil {
		return Login{}, err
	}
	a, err := s.prove(ctx, attempt{user: *p.User, password: p.Password, login: true})
	if err != nil {
		return Login{}, err
	}
	if a.expired {
		return Login{}, &ExpiredError{a.User, a.home, expired(a.User)}
	}
	return Login{a}, nil
}

// ExpiredError says that a password was right and has to be changed before it lets anybody in.
type ExpiredError struct {
	User   identity.User
	Domain identity.Domain
	err    error
}

func (e *ExpiredError) Error() string { return e.err.Error() }
func (e *ExpiredError) Unwrap() error { return e.err }

// Claim is a claim to be a user, by a code that counts as a factor.
type Claim struct {
	Method string // what the code is, in words
	User   *UserRef

	// Known is whom a first factor was right for; empty when none was. Wrong codes after it count apart from those of strangers, who
	// so lock nobody out.
	Known identity.UserID

	// Guessable is a code that is short enough to be guessed, so that wrong ones count.
	Guessable bool

	// Right judges the code. It is called once, and only for an account that is open, whose password has not expired, and for
	// which not too many codes were wrong. ErrUsedCode says that it was right before.
	Right func(identity.UserID) (bool, error)
}

// ErrUsedCode says that a code has let somebody in already.
var ErrUsedCode = errors.New("the code was used")

// WrongCodeError says that a code was wrong.
type WrongCodeError struct {
	Used bool // it was right before
	Left int  // tries, until codes are not looked at for a while
	err  error
}

func (e *WrongCodeError) Error() string { return e.err.Error() }
func (e *WrongCodeError) Unwrap() error { return e.err }

// After so many wrong codes in a row no more of them is looked at for firstWait, and for twice as long after each further one, up to
// mostWait. They are forgotten a day after that.
const (
	maxGuesses          = 5
	firstWait, mostWait = time.Minute, 30 * time.Minute
)

// AuthenticateBy is Authenticate by a code. Wrong ones count together with wrong passwords, and by themselves: a TooManyRequests says
// until when none is looked at, if a first factor was right. S-020
func (s *Service) AuthenticateBy(ctx context.Context, c Claim) (Login, error) {
	if err := c.User.check(); err != nil {
		return Login{}, err
	}
	a, err := s.account(ctx, *c.User)
	if err != nil {
		return Login{}, err
	}
	from, key := telemetry.ClientAddr(ctx), c.User.key(a.ID)
	if err := s.Limits.allow(from, key); err != nil {
		return Login{}, err
	}
	open := a.closed == "" && !a.expired
	alone := c.Method + ", alone"
	factor := alone
	if c.Known == a.ID {
		factor = c.Method
	}
	used := false
	if open && c.Guessable {
		switch err := s.takeTurn(ctx, a.ID, factor); {
		case errors.Is(err, identity.TooManyRequests) && c.Known != a.ID:
			open, a.closed = false, err.Error() // a stranger does not learn of it that there is such an account
		case err != nil:
			return Login{}, err
		}
	}
	if open {
		ok, err := c.Right(a.ID)
		if ok && err == nil && c.Guessable {
			err = s.DB.Update(ctx, func(tx *store.Tx) error { return tx.ForgetGuesses(ctx, a.ID, factor, alone) })
		}
		if used = errors.Is(err, ErrUsedCode); ok || err != nil && !used {
			return Login{a}, err
		}
	}
	s.Limits.failed(from, key)
	event, why, tell := s.failure(a, attempt{user: *c.User, login: true})
	event.PasswordHash = ""
	left := 0
	if event.Untold = open || !tell || a.unknown == nil; open {
		event.Cause = identity.CauseCode
		err = s.DB.Update(ctx, func(tx *store.Tx) error {
			if err := s.addFailure(ctx, tx, a); err != nil {
				return err
			}
			g, err := tx.Guesses(ctx, a.ID, factor)
			if err != nil {
				return err
			}
			left = max(0, maxGuesses-g.Misses)
			if c.Guessable && g.Misses == maxGuesses && c.Known == a.ID {
				if err := s.Office.Tell(ctx, tx, mail.Guessed, a.User, mail.Values{Link: "/security/password", Until: g.Until}); err != nil {
					return err
				}
			}
			return tx.Record(ctx, event.Failure(nil))
		})
	} else {
		s.DB.RecordFailure(ctx, event, why)
	}
	if err == nil {
		err = &WrongCodeError{Used: used, Left: left, err: identity.Unauthenticatedf("wrong %s for user %s: %s", c.Method, a.ID, a.closed)}
	}
	return Login{}, err
}

// takeTurn counts a code as wrong before it is looked at, so that of many at once no more are than may be wrong, and refuses while
// too many were. A right one ends the count.
func (s *Service) takeTurn(ctx context.Context, user identity.UserID, factor string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, user); err != nil {
			return err
		}
		g, err := tx.Guesses(ctx, user, factor)
		if err != nil {
			return err
		}
		now := tx.Now()
		if wait := g.Until.Sub(now); wait > 0 && g.Misses >= maxGuesses {
			return &identity.Error{
				Kind: identity.TooManyRequests, Message: "Too many codes were wrong. Please try again later.", RetryAfter: wait,
				Detail: "limit of wrong codes reached for user " + string(user),
			}
		}
		if now.Sub(g.Until) > aDay {
			g.Misses = 0
		}
		g.Until = now
		if g.Misses++; g.Misses >= maxGuesses {
			wait := mostWait
			if n := g.Misses - maxGuesses; n < 5 {
				wait = firstWait << n
			}
			g.Until = now.Add(wait)
		}
		return tx.PutGuesses(ctx, user, factor, g)
	})
}

// Entered forgets the failures of somebody who has got in, by all methods that it took: a right password alone must not
// wipe out the count of wrong codes.
func (s *Service) Entered(ctx context.Context, l Login) error {
	if l.failures.Count == 0 && day(l.LastActiveAt).Equal(day(l.now)) {
		return nil
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.ClearFailures(ctx, l.ID); err != nil {
			return err
		}
		return tx.SetLastActive(ctx, l.ID)
	})
}

// Confirm returns the user of a login, and refuses when the account was closed or given another password since. Asked in
// the transaction that issues a token, it makes sure that what ended the tokens of that user ends this one, too.
func (s *Service) Confirm(ctx context.Context, tx *store.Tx, l Login) (identity.User, error) {
	a, err := s.again(ctx, tx, l.account)
	return a.User, err
}

// key names the account in limits: by its id, or as the claim does when there is no such account.
func (r *UserRef) key(found identity.UserID) string {
	switch {
	case found != "":
		return string(found)
	case r.Name == "":
		return string(r.ID)
	}
	return r.Name + "\x00" + string(r.Domain.ID) + "\x00" + r.Domain.Name
}

// account is what a login must know of a user at one moment.
type account struct {
	identity.User
	home     identity.Domain
	password store.Password // the current one, or none
	failures store.Failures
	rules    Compliance // that hold for it
	now      time.Time

	// closed says why nobody gets in, whatever the password; empty if somebody may.
	closed  string
	locked  bool // which is why it is closed
	expired bool // the password

	unknown *identity.LoginClaim // of a user who is not there, in a domain that is
}

// prove finds the user, checks the password, keeps count of failures and records the event of either outcome. The account
// it returns is open, but its password may have expired.
func (s *Service) prove(ctx context.Context, t attempt) (account, error) {
	a, err := s.account(ctx, t.user)
	if err != nil {
		return a, err
	}
	from, key := telemetry.ClientAddr(ctx), t.user.key(a.ID)
	if err := s.Limits.allow(from, key); err != nil {
		return a, err
	}
	right, err := s.matches(ctx, a, t.user, t.password)
	if err != nil {
		return a, err
	}
	if a.closed == "" && right {
		return s.enter(ctx, a, t.event(a))
	}
	s.Limits.failed(from, key)
	event, why, tell := s.failure(a, t)
	event.Untold = !tell
	if a.closed != "" {
		s.DB.RecordFailure(ctx, event, why)
		return a, identity.Unauthenticatedf("%s", a.closed)
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.addFailure(ctx, tx, a); err != nil {
			return err
		}
		return tx.Record(ctx, event.Failure(why))
	})
	if err != nil {
		return a, err
	}
	return a, identity.Unauthenticatedf("wrong password for user %s", a.ID)
}

// account reads the account that a claim is about. One that is not there is an account that is closed.
func (s *Service) account(ctx context.Context, ref UserRef) (a account, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, d, err := find(ctx, tx, ref)
		if errors.Is(err, identity.NotFound) {
			a = account{now: tx.Now(), closed: err.Error(), unknown: claim(ref, d)}
			return nil
		}
		if err != nil {
			return err
		}
		a, err = s.loadAccount(ctx, tx, u, d)
		return err
	})
	return a, err
}

func find(ctx context.Context, tx *store.Tx, ref UserRef) (u identity.User, d identity.Domain, err error) {
	if ref.Name == "" {
		if u, err = tx.User(ctx, ref.ID); err != nil {
			return u, d, err
		}
		d, err = tx.Domain(ctx, u.DomainID)
		return u, d, err
	}
	if ref.Domain.Name != "" {
		d, err = tx.DomainByName(ctx, ref.Domain.Name)
	} else {
		d, err = tx.Domain(ctx, ref.Domain.ID)
	}
	if err != nil {
		return u, d, err
	}
	u, err = tx.UserByName(ctx, d.ID, ref.Name)
	return u, d, err
}

func (s *Service) loadAccount(ctx context.Context, tx *store.Tx, u identity.User, d identity.Domain) (a account, err error) {
	a = account{User: u, home: d, now: tx.Now()}
	if a.rules, err = s.complianceOf(ctx, tx, u.DomainID); err != nil {
		return a, err
	}
	history, err := tx.Passwords(ctx, u.ID)
	if err != nil {
		return a, err
	}
	if len(history) > 0 {
		a.password = history[len(history)-1]
	}
	if a.failures, err = tx.Failures(ctx, u.ID); err != nil {
		return a, err
	}
	switch {
	case !d.Enabled:
		a.closed = "domain " + string(d.ID) + " is disabled"
	case !a.rules.enabled(u, a.now):
		last, err := s.lastMaster(ctx, tx, u)
		if err != nil {
			return a, err
		}
		if last {
			break
		}
		a.closed = "user " + string(u.ID) + " is disabled or inactive"
	}
	if a.closed == "" && s.locked(a.rules, u, a.failures, a.now) {
		a.closed, a.locked = "user "+string(u.ID)+" is locked", true
	}
	end := a.password.ExpiresAt
	a.expired = end != nil && !a.now.Before(*end) && !u.Options.Bool(identity.OptIgnorePasswordExpiry)
	return a, nil
}

// lastMaster tells whether a user who was not active for too long is the only one left who may do everything: the rule on inactivity does not
// leave a cloud without anybody.
func (s *Service) lastMaster(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if !u.Enabled {
		return false, nil
	}
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return false, err
	}
	all, err := s.Authority.Masters(ctx, tx, b)
	if _, one := all[u.ID]; err != nil || !one {
		return false, err
	}
	for _, other := range all {
		rules, err := s.complianceOf(ctx, tx, other.DomainID)
		if err != nil {
			return false, err
		}
		if other.ID != u.ID && rules.enabled(other, tx.Now()) {
			return false, nil
		}
	}
	return true, nil
}

// locked tells whether a lock holds. The database tells the time of day of the last failure, which is all that other nodes
// know of it; a lock of this process also lasts when the wall clock is set ahead.
func (s *Service) locked(c Compliance, u identity.User, f store.Failures, now time.Time) bool {
	life := c.LockoutDuration
	return c.lockedOnce(f) && !u.Options.Bool(identity.OptIgnoreLockout) && (now.Before(f.Last.Add(life)) || s.Limits.locked(u.ID, life))
}

// lockedOnce tells whether there were failures enough for a lock, which may be over.
func (c Compliance) lockedOnce(f store.Failures) bool {
	return c.LockoutFailures > 0 && f.Count >= c.LockoutFailures
}

// matches compares the password, and takes as long when there is nothing to compare with.
func (s *Service) matches(ctx context.Context, a account, ref UserRef, pw string) (bool, error) {
	key := string(a.ID)
	if key == "" {
		key = string(ref.ID) + ref.Name
	}
	var broken error
	if a.password.Hash != "" {
		right, err := s.Passwords.Verify(ctx, key, a.password.Hash, pw)
		if !errors.Is(err, password.ErrHash) {
			return right, told(err)
		}
		broken = err
	}
	if err := s.Passwords.Decoy(ctx, key, pw); err != nil {
		return false, told(err)
	}
	if broken != nil {
		return false, identity.Unauthenticatedf("user %s: %v", a.ID, broken)
	}
	return false, nil
}

// told turns what the pool says into what the client may know.
func told(err error) error {
	if busy, ok := errors.AsType[*password.BusyError](err); ok {
		return &identity.Error{
			Kind: identity.TooManyRequests, Message: "Too many passwords are being checked. Please try again.", RetryAfter: busy.RetryAfter, Err: err,
		}
	}
	if long, ok := errors.AsType[*password.TooLongError](err); ok {
		return identity.Refusedf("%s", long.Error())
	}
	if refused, ok := errors.AsType[*password.RefusedError](err); ok {
		return identity.Invalidf("%s", refused.Error())
	}
	return err
}

// addFailure counts a wrong password, unless the account was locked meanwhile. The first one after a lock counts as
// the first.
func (s *Service) addFailure(ctx context.Context, tx *store.Tx, a account) error {
	f, err := tx.Failures(ctx, a.ID)
	if err != nil || s.locked(a.rules, a.User, f, tx.Now()) {
		return err
	}
	if a.rules.lockedOnce(f) {
		if err := tx.ClearFailures(ctx, a.ID); err != nil {
			return err
		}
		f.Count = 0
	}
	if f.Count++; a.rules.lockedOnce(f) {
		s.Limits.lock(a.ID) // which means nothing if this transaction is lost: the count has the last word
	}
	return tx.AddFailure(ctx, a.ID)
}

// enter lets somebody in who knew the password, and records it and the event. Failures are forgotten later: see Entered.
func (s *Service) enter(ctx context.Context, before account, event identity.Event) (a account, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a, err = s.again(ctx, tx, before)
		return err
	})
	if err != nil {
		return a, err
	}
	if a.expired {
		event = event.Failure(&identity.EventReason{Text: expired(a.User).Message, Code: 401})
		event.Cause = identity.CauseExpired
	}
	if day(a.LastActiveAt).Equal(day(a.now)) {
		return a, s.DB.Record(ctx, event)
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if a, err = s.again(ctx, tx, before); err != nil {
			return err
		}
		a.LastActiveAt = day(a.now)
		if err := tx.SetLastActive(ctx, a.ID); err != nil {
			return err
		}
		return tx.Record(ctx, event)
	})
	return a, err
}

// again reads an account once more and refuses when it changed: while passwords were compared it may have been locked
// by guesses that ran beside this one, disabled, or given another password.
func (s *Service) again(ctx context.Context, tx *store.Tx, before account) (a account, err error) {
	u, d, err := find(ctx, tx, UserRef{ID: before.ID})
	if err == nil {
		a, err = s.loadAccount(ctx, tx, u, d)
	}
	switch {
	case errors.Is(err, identity.NotFound):
		return a, identity.Unauthenticatedf("%s", err)
	case err != nil:
		return a, err
	case a.closed != "":
		return a, identity.Unauthenticatedf("%s", a.closed)
	case a.password.Hash != before.password.Hash:
		return a, identity.Unauthenticatedf("the password of user %s was changed during the login", a.ID)
	}
	return a, nil
}
