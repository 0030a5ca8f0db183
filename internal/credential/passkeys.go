package credential

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// A passkey is a second factor, and by itself both when it asks for a PIN or a finger. Like a seed it counts once it has shown
// that it works; it never becomes a credential of Keystone's, which could do nothing with it. The rules that come with it ask
// for a password and a one-time code, so that a stock Keystone on the same database lets nobody in who has a passkey only.

const maxPasskeys = 20

// NewPasskey is a passkey that a browser is being asked to make.
type NewPasskey struct {
	ID      string
	Options string // for the browser
}

// BeginPasskey lets the caller make a passkey on pages of an origin.
func (s *Service) BeginPasskey(ctx context.Context, caller identity.Caller, origin string) error {
	if s.Party == nil || !s.Party.Serves(origin) {
		return identity.Refusedf("Passkeys cannot be used at this address.")
	}
	challenge := make([]byte, 32)
	rand.Read(challenge)
	_, err := s.begin(ctx, caller, store.Enrolment{Challenge: base64.RawURLEncoding.EncodeToString(challenge)}, func(store.Enrolment) bool { return false })
	return err
}

// NewPasskey shows the passkey that the caller has begun; a NotFound when that is nothing, or is over.
func (s *Service) NewPasskey(ctx context.Context, caller identity.Caller, origin string) (n NewPasskey, err error) {
	var begun store.Enrolment
	var have []identity.Passkey
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.mayEnrol(ctx, tx, caller, freshFor); err != nil {
			return err
		}
		begun, err = tx.Enrolment(ctx, caller.UserID())
		if err == nil && (s.Party == nil || begun.Challenge == "" || begun.Passkey != nil) {
			err = identity.Missing("enrolment", caller.UserID())
		}
		if err != nil {
			return err
		}
		have, err = tx.Passkeys(ctx, caller.UserID())
		return err
	})
	if err != nil {
		return n, err
	}
	challenge, err := base64.RawURLEncoding.DecodeString(begun.Challenge)
	if err != nil {
		return n, err
	}
	n.ID = begun.ID
	n.Options, err = s.Party.Create(origin, challenge, caller.UserID(), caller.Token.User.Name, have)
	return n, err
}

// ProvePasskey takes what a browser answers for a new passkey. Where the caller has no second factor yet, it makes recovery
// codes, which are told here only, and the passkey counts when they are confirmed; otherwise it counts at once. An answer that
// is not right is a BadRequest, an authenticator that is known here already a Conflict.
func (s *Service) ProvePasskey(ctx context.Context, caller identity.Caller, origin, id, answer, name string) (codes []string, err error) {
	if name, err = passkeyName(name); err != nil {
		return nil, err
	}
	var challenge []byte
	var f Factor
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		begun, err := s.begun(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if f, err = s.factor(ctx, tx, caller); err != nil {
			return err
		}
		if s.Party == nil || begun.Challenge == "" || begun.Passkey != nil {
			return ErrOtherSeed
		}
		challenge, err = base64.RawURLEncoding.DecodeString(begun.Challenge)
		return err
	})
	if err != nil {
		return nil, err
	}
	k, err := s.Party.Made(origin, challenge, caller.UserID(), answer)
	if err != nil {
		return nil, &identity.Error{Kind: identity.BadRequest, Message: "That is not the answer of a new passkey.", Err: err}
	}
	k.Name = name
	var hashes []store.RecoveryCode
	if !f.On {
		if codes, hashes, err = s.newRecoveryCodes(ctx, caller.UserID()); err != nil {
			return nil, err
		}
	}
	return codes, s.DB.Update(ctx, func(tx *store.Tx) error {
		begun, err := s.begun(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		on := f.On
		if f, err = s.factor(ctx, tx, caller); err != nil {
			return err
		}
		if f.On != on {
			return ErrOtherSeed
		}
		if f.Passkeys, err = tx.Passkeys(ctx, caller.UserID()); err != nil {
			return err
		}
		if len(f.Passkeys) >= maxPasskeys {
			return identity.Refusedf("There are %d passkeys, which is the most that there may be.", maxPasskeys)
		}
		if _, err := tx.PasskeyOf(ctx, k.CredentialID); !errors.Is(err, identity.NotFound) {
			return errors.Join(err, identity.Conflictf("passkey", "Duplicate entry"))
		}
		k.ID, k.CreatedAt = tx.NewID(), tx.Now()
		if f.On {
			if err := tx.InsertPasskey(ctx, k); err != nil {
				return err
			}
			if err := s.tellOfFactor(ctx, tx, caller, caller.UserID(), mail.PasskeyAdded); err != nil {
				return err
			}
			return tx.DropEnrolment(ctx, caller.UserID())
		}
		begun.Passkey, begun.Codes = &k, hashes
		return tx.PutEnrolment(ctx, begun)
	})
}

// TakesPasskey tells whether a user can show a passkey where their rules ask for a one-time code. It is open to all.
func (s *Service) TakesPasskey(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if own, err := s.OwnsRules(ctx, tx, u); err != nil || !own {
		return false, err
	}
	have, err := tx.Passkeys(ctx, u.ID)
	return len(have) > 0, err
}

// passkeyName is a name that was given to a passkey, on one line.
func passkeyName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", identity.Invalidf("A passkey needs a name.")
	case utf8.RuneCountInString(name) > 60 || strings.ContainsRune(name, 0) || !utf8.ValidString(name):
		return "", identity.Invalidf("The name of a passkey has at most 60 characters.")
	}
	return name, nil
}

// RenamePasskey gives one of the caller's passkeys another name.
func (s *Service) RenamePasskey(ctx context.Context, caller identity.Caller, id, name string) error {
	if err := own(caller); err != nil {
		return err
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error { return tx.RenamePasskey(ctx, caller.UserID(), id, name) })
}

// RemovePasskey takes one of the caller's passkeys away. The last factor stays as long as one is asked for: it can be turned off,
// or another be set up first.
func (s *Service) RemovePasskey(ctx context.Context, caller identity.Caller, id string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := inPerson(caller, tx.Now(), freshForChange); err != nil {
			return err
		}
		f, err := s.factor(ctx, tx, caller)
		if err != nil {
			return err
		}
		if f.On && !showed(caller) {
			return identity.NotAllowed("To remove a passkey takes the second factor")
		}
		left, err := tx.Passkeys(ctx, caller.UserID())
		if err != nil {
			return err
		}
		seeds, err := tx.Credentials(ctx, identity.Query{}.Where("user_id", string(caller.UserID())).Where("type", "totp"))
		if err != nil {
			return err
		}
		if f.On && len(left) == 1 && len(seeds.Items) == 0 && left[0].ID == id {
			return ErrLastFactor
		}
		if err := tx.DeletePasskey(ctx, caller.UserID(), id); err != nil {
			return err
		}
		return s.tellOfFactor(ctx, tx, caller, caller.UserID(), mail.PasskeyRemoved)
	})
}

// ErrLastFactor says that without this factor its owner could not log in any more.
var ErrLastFactor = identity.Refusedf("This is the last factor that is left. Set up another one first, or turn the second factor off.")
