package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/passkey"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Passkey is a claim to be whoever a passkey belongs to, by what a browser answered for it. Only the portal takes it. By itself
// it must be one that asked for a PIN or a finger, for then it is two factors; beside a password any does.
type Passkey struct {
	Answer string
	Origin string          // of the page that asked
	User   identity.UserID // who is expected; empty for anybody
}

// A challenge is a receipt of nobody: sealed, so that none has to be kept for those who only look at the sign-in page, and taken
// when it is answered.
const (
	challengeLife = 10 * time.Minute
	challengeFor  = "passkey "
)

// AskPasskey writes what a browser is to be asked for a passkey of a user, or of anybody who shows one. It does not tell whether
// there are any unless it is asked for a user who has proved something. Empty is the answer where no passkeys can be used, or
// that user has none.
func (s *Service) AskPasskey(ctx context.Context, origin string, user identity.UserID, alone bool) (string, error) {
	if s.Passkeys == nil || !s.Passkeys.Serves(origin) {
		return "", nil
	}
	var of []identity.Passkey
	if user != "" {
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			of, err = tx.Passkeys(ctx, user)
			return err
		})
		if err != nil || len(of) == 0 {
			return "", err
		}
	}
	now := s.DB.Now()
	challenge, err := s.Receipts.SealReceipt(token.Receipt{UserID: challengeFor + string(user), IssuedAt: now.Truncate(time.Second), ExpiresAt: now.Add(challengeLife)})
	if err != nil {
		return "", err
	}
	return s.Passkeys.Ask([]byte(challenge), of, alone)
}

// ErrLateAnswer says that a challenge was answered too late, or for the second time.
var ErrLateAnswer = identity.Unauthenticatedf("the challenge is over")

func (m *Passkey) prove(ctx context.Context, s *Service, r *Request) (confirm, error) {
	if s.Passkeys == nil {
		return nil, identity.Unauthenticatedf("there are no passkeys here")
	}
	answer, err := passkey.Read(m.Answer)
	if err != nil {
		return nil, identity.Unauthenticatedf("the answer for a passkey cannot be read: %v", err)
	}
	if err := s.takeChallenge(ctx, string(answer.Challenge), m.User); err != nil {
		return nil, err
	}
	var key identity.Passkey
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		key, err = tx.PasskeyOf(ctx, answer.CredentialID)
		return err
	})
	if errors.Is(err, identity.NotFound) {
		key.UserID = "nobody" // fails as one that is wrong does
	} else if err != nil {
		return nil, err
	}
	if m.User != "" && key.UserID != m.User {
		return nil, identity.Unauthenticatedf("the passkey is of user %s, not of %s", key.UserID, m.User)
	}
	var now identity.Passkey
	var verified bool
	login, err := s.Directory.AuthenticateBy(ctx, directory.Claim{Method: "passkey", User: &directory.UserRef{ID: key.UserID}, Known: r.known, Right: func(identity.UserID) (bool, error) {
		var wrong error
		now, verified, wrong = s.Passkeys.Check(m.Origin, key, answer)
		if wrong != nil {
			s.Log.DebugContext(ctx, "a passkey was refused", "user", key.UserID, "error", wrong)
			return false, nil
		}
		first := false
		err := s.DB.Update(ctx, func(tx *store.Tx) (err error) {
			first, err = tx.UsePasskey(ctx, now)
			return err
		})
		return first, err
	}})
	if err != nil {
		return nil, err
	}
	if alone := r.Receipt == "" && len(r.Methods) < 2; alone && !verified {
		return nil, identity.Unauthenticatedf("the passkey asked for neither PIN nor finger, and came by itself")
	}
	enter := s.confirmLogin("webauthn", login)
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		p.passkey = verified
		return enter(ctx, tx, p)
	}, nil
}

// takeChallenge takes a challenge that was made here for a user, or for anybody.
func (s *Service) takeChallenge(ctx context.Context, challenge string, user identity.UserID) error {
	r, err := s.Receipts.OpenReceipt(challenge)
	if errors.Is(err, token.ErrInvalid) {
		return identity.Unauthenticatedf("the challenge was not made here")
	} else if err != nil {
		return err
	}
	whose, ok := strings.CutPrefix(r.UserID, challengeFor)
	if !ok || identity.UserID(whose) != user {
		return identity.Unauthenticatedf("the challenge was made for something else")
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if !tx.Now().Before(r.ExpiresAt) {
			return ErrLateAnswer
		}
		uses, err := tx.Use(ctx, r.ExpiresAt, "passkey challenge", challenge)
		if err == nil && uses > 1 {
			err = ErrLateAnswer
		}
		return err
	})
}
