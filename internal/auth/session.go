package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// A browser gets no token. It holds a random key; the store has the digest of it beside what an unscoped token would
// say. Whatever would end that token ends the session, and for each page a token is made of it that nobody ever sees.

const (
	sessionLife = 12 * time.Hour
	sessionIdle = 30 * time.Minute

	// seenEvery is how often a session in use is noted as such. Until then it costs no write.
	seenEvery = time.Minute
)

// errNoSession answers a key that opens nothing, or nothing any more.
var errNoSession = identity.Unauthenticatedf("the session has ended")

// Device is a browser in which somebody signs in.
type Device struct {
	Address, Agent string

	// Mark is a random text that the browser keeps beyond sessions; empty when it has none.
	Mark string
}

// SignIn is Issue for a browser: it begins a session and returns its key, which is kept nowhere here. The request's scope
// is not looked at. Too many, or too many wrong ones, are TooManyRequests. Who is proved, and has no place in the portal, gets ErrAPIOnly. Of a browser that is new to somebody who
// signed in with others before, they are told by mail.
func (s *Service) SignIn(ctx context.Context, r Request, on Device) (key string, v identity.Session, err error) {
	t, err := s.tryIdentify(ctx, r, on)
	if err != nil {
		return "", v, err
	}
	key = newSessionKey()
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		v = identity.Session{
			Key: digest(key), ID: tx.NewID(), UserID: t.User.ID, CreatedAt: now, SeenAt: now, ConfirmedAt: now, EndsAt: now.Add(sessionLife),
			Address: on.Address, Agent: cut(on.Agent, 255),
		}
		if v.Proof, err = proofOf(&t, &r, v.EndsAt); err != nil {
			return err
		}
		if err := tx.InsertSession(ctx, v); err != nil {
			return err
		}
		if err := s.meet(ctx, tx, t.User, on); err != nil {
			return err
		}
		e := identity.SignedIn(&t)
		e.Target = identity.Party{Kind: "session", ID: v.ID}
		return tx.RecordSignIn(ctx, e)
	})
	s.see(ctx, &t)
	return key, v, err
}

// knownFor is how long a browser is known that does not come again.
const knownFor = 400 * 24 * time.Hour

// meet tells a user by mail that a browser is new to them, unless it is their first.
func (s *Service) meet(ctx context.Context, tx *store.Tx, u identity.User, on Device) error {
	until := tx.Now().Add(knownFor)
	times, err := tx.Use(ctx, until, "browser", string(u.ID), on.Mark)
	if err != nil || times > 1 && on.Mark != "" {
		return err
	}
	if times, err = tx.Use(ctx, until, "browsers", string(u.ID)); err != nil || times == 1 {
		return err
	}
	return s.Office.Tell(ctx, tx, mail.NewDevice, u, mail.Values{Link: "/security"})
}

// Confirm lets the holder of a session prove again who they are. The session gets a new key, and the methods that were
// used now. It counts with what SignIn counts.
func (s *Service) Confirm(ctx context.Context, old string, r Request, on Device) (key string, v identity.Session, err error) {
	if v, err = s.Session(ctx, old); err != nil {
		return "", v, err
	}
	t, err := s.tryIdentify(ctx, r, on)
	if err != nil {
		return "", v, err
	}
	if t.User.ID != v.UserID {
		return "", v, identity.Unauthenticatedf("the session is of user %s, the proof of user %s", v.UserID, t.User.ID)
	}
	key = newSessionKey()
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		v.Key, v.ConfirmedAt = digest(key), tx.Now()
		if v.Proof, err = proofOf(&t, &r, v.EndsAt); err != nil {
			return err
		}
		return tx.ReplaceSession(ctx, digest(old), v)
	})
	return key, v, err
}

// Session returns the session of a key: 401 unless it goes on. Whether its user still may act, Act tells.
func (s *Service) Session(ctx context.Context, key string) (v identity.Session, err error) {
	now := s.DB.Now()
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		v, err = tx.Session(ctx, digest(key))
		return err
	})
	switch {
	case errors.Is(err, identity.NotFound):
		return v, errNoSession
	case err != nil:
		return v, err
	case !now.Before(v.EndsAt) || now.Sub(v.SeenAt) >= sessionIdle:
		return v, errNoSession
	case now.Sub(v.SeenAt) >= seenEvery:
		err = s.DB.Update(ctx, func(tx *store.Tx) error { return tx.SeeSession(ctx, v.Key) })
	}
	return v, err
}

// Act makes a caller of a session, with the rights that its user has on a scope now. A session that has ended is a 401, as
// is a scope without roles, or a project that asks for more than was proved (ErrAsksFactor); a *ReceiptError says that the user's rules ask for more methods by now. Who must set up a second factor first
// has no scope, and the caller says so, as of who must take new recovery codes.
func (s *Service) Act(ctx context.Context, v identity.Session, on ScopeRequest) (identity.Caller, error) {
	var pl token.Payload
	if err := json.Unmarshal([]byte(v.Proof), &pl); err != nil {
		return identity.Caller{}, err
	}
	var t identity.Token
	var mustEnrol, mustRenew bool
	err := s.current(ctx, func(tx *store.Tx) (err error) {
		if t, err = s.judge(ctx, tx, "", pl, 0); err != nil {
			return hide(err)
		}
		if toPortal.admit(&t) != nil {
			return errNoSession
		}
		if on.Unscoped {
			by, err := s.enrolBy(ctx, tx, t.User, t.Methods)
			if err != nil {
				return err
			}
			if mustEnrol = !by.IsZero() && !tx.Now().Before(by); mustEnrol {
				if can, err := s.Credential.CanShow(ctx, tx, t.User); err != nil || can {
					return errors.Join(err, errNoSession) // which it takes now
				}
			}
			mustRenew, err = s.Credential.RecoveryDue(ctx, tx, t.User.ID, t.Methods)
			return err
		}
		p := proved{user: t.User.ID, methods: t.Methods, parent: &t}
		if err := s.checkRules(ctx, tx, toAPI, &p); err != nil {
			return err
		}
		scope, err := s.scope(ctx, tx, on, &p)
		if err != nil {
			return err
		}
		if t, err = s.build(ctx, tx, s.payload(tx.Now(), &p, scope)); err != nil {
			return hide(err)
		}
		return s.guard(ctx, tx, &t)
	})
	if err == nil && !on.Unscoped {
		s.see(ctx, &t)
	}
	return identity.Caller{Token: &t, ConfirmedAt: v.ConfirmedAt, MustEnrol: mustEnrol, MustRenew: mustRenew}, err
}

// SignOut ends the session of a key, if there is one.
func (s *Service) SignOut(ctx context.Context, key string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Session(ctx, digest(key))
		if errors.Is(err, identity.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
		_, err = endSessions(ctx, tx, v.UserID, v.ID, false)
		return err
	})
}

// Sessions returns the caller's sessions that go on, the one used last first.
func (s *Service) Sessions(ctx context.Context, caller identity.Caller) (all []identity.Session, err error) {
	if err := own(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = sessions(ctx, tx, caller.UserID())
		return err
	})
	return all, err
}

// SessionsOf returns the sessions of a user that go on, the one used last first, for who sees what the user does
// (lintel:list_user_events).
func (s *Service) SessionsOf(ctx context.Context, caller identity.Caller, id identity.UserID) (all []identity.Session, err error) {
	if err := own(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, missing := tx.User(ctx, id)
		target := authz.Target{}
		if missing == nil {
			target["user"] = authz.User(u)
		}
		if err := s.Authz.CheckFound(ctx, caller, authz.ListUserEvents, target, missing); err != nil {
			return err
		}
		all, err = sessions(ctx, tx, id)
		return err
	})
	return all, err
}

// EndSession ends one of the caller's sessions, or with others all but that one. It returns how many ended.
func (s *Service) EndSession(ctx context.Context, caller identity.Caller, id string, others bool) (ended int, err error) {
	if err := own(caller); err != nil {
		return 0, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		ended, err = endSessions(ctx, tx, caller.UserID(), id, others)
		return err
	})
	return ended, err
}

// endSessions ends a session of a user, or all but that one, and puts it on the trail if there was any.
func endSessions(ctx context.Context, tx *store.Tx, user identity.UserID, id string, others bool) (ended int, err error) {
	if ended, err = tx.DeleteSessions(ctx, user, id, others); err != nil || ended == 0 {
		return ended, err
	}
	e := identity.Done("session", "ended", id)
	if others {
		e = identity.Done("session", "others_ended", id)
	}
	e.Untold = true // Keystone has no sessions
	return ended, tx.Record(ctx, e.By(identity.Caller{Token: &identity.Token{User: identity.User{ID: user}}}))
}

// own refuses who is not there in person.
func own(caller identity.Caller) error {
	switch {
	case caller.Token == nil:
		return identity.Unauthenticatedf("nobody asks for sessions")
	case caller.Delegated:
		return identity.Deniedf("a delegated token may not look after its user's sessions")
	}
	return nil
}

// tryIdentify is identify for as long as there were not too many tries.
func (s *Service) tryIdentify(ctx context.Context, r Request, on Device) (identity.Token, error) {
	if err := s.paced(ctx, r, on); err != nil {
		return identity.Token{}, err
	}
	t, err := s.identify(ctx, r)
	if err != nil {
		if failed := s.missed(ctx, r, on, err); failed != nil {
			err = failed
		}
	}
	return t, err
}

// identify is Issue for a token that is never written down.
func (s *Service) identify(ctx context.Context, r Request) (identity.Token, error) {
	r.Scope = ScopeRequest{Unscoped: true}
	show, err := s.proveAll(ctx, &r)
	if err != nil {
		return identity.Token{}, err
	}
	out, err := s.make(ctx, toPortal, r.Scope, s.readerFor(&r), false, show)
	if err != nil {
		return identity.Token{}, err
	}
	return *out.Token, nil
}

// sessionProof is what a session keeps of its proof.
type sessionProof struct {
	token.Payload
	RecoveryCode bool `json:",omitempty"` // totp was one
}

func proofOf(t *identity.Token, r *Request, ends time.Time) (string, error) {
	p := sessionProof{Payload: payloadOf(t)}
	p.ExpiresAt = ends
	_, p.RecoveryCode = r.Evidence["totp"].(*RecoveryCode)
	text, err := json.Marshal(p)
	return string(text), err
}

// sessions returns the sessions of a user that go on, with how each was proved, the one used last first.
func sessions(ctx context.Context, tx *store.Tx, user identity.UserID) ([]identity.Session, error) {
	all, err := tx.Sessions(ctx, user, tx.Now().Add(-sessionIdle))
	for i := range all {
		var p sessionProof
		if err := json.Unmarshal([]byte(all[i].Proof), &p); err != nil {
			return nil, err
		}
		all[i].Methods, all[i].ByRecoveryCode = p.Methods, p.RecoveryCode
	}
	return all, err
}

// newSessionKey is 256 random bits.
func newSessionKey() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// cut shortens text to so many bytes, of whole characters that a database takes.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// Awaited is whom a receipt waits for to prove more, and whether that can be by a one-time code; a 401 when it has ended or is none.
func (s *Service) Awaited(ctx context.Context, receipt string) (u identity.User, codes bool, err error) {
	r, err := s.Receipts.OpenReceipt(receipt)
	if errors.Is(err, token.ErrInvalid) || err == nil && !s.DB.Now().Before(r.ExpiresAt) {
		return u, false, identity.Unauthenticatedf("the receipt has ended")
	} else if err != nil {
		return u, false, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if u, err = tx.User(ctx, identity.UserID(r.UserID)); err != nil {
			return hide(err)
		}
		seeds, err := tx.Credentials(ctx, identity.Query{Limit: 1}.Where("user_id", string(u.ID)).Where("type", "totp"))
		codes = len(seeds.Items) > 0
		return err
	})
	return u, codes, err
}
