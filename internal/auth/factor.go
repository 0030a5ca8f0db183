package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// EnableFactor makes the authenticator that the caller has set up their second factor, or puts it in the place of the one
// they have (see credential.Service), and ends what was reached without it, all at once: all tokens that a password or a
// code had no part in, and all sessions but this one, which gets a new key and has proved both by now. typed is one of the
// recovery codes, wanted what is to become of what logs in without the factor.
func (s *Service) EnableFactor(ctx context.Context, key string, caller identity.Caller, id, typed string, wanted map[string]credential.Decision) (renewed string, err error) {
	p, err := s.Credential.ConfirmRecovery(ctx, caller, id, typed)
	if err != nil {
		return "", err
	}
	renewed = newSessionKey()
	return renewed, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, caller.UserID()); err != nil { // which may get what waited for the factor
			return err
		}
		own, err := s.Credential.KeepFactor(ctx, tx, caller, p, wanted)
		if err != nil {
			return err
		}
		if err := s.FactorOn(ctx, tx, caller.UserID()); err != nil {
			return err
		}
		if own {
			if err := tx.RevokeWithout(ctx, caller.UserID(), "password", "totp"); err != nil {
				return err
			}
		}
		v, err := tx.Session(ctx, digest(key))
		if errors.Is(err, identity.NotFound) || err == nil && v.UserID != caller.UserID() {
			return errNoSession
		} else if err != nil {
			return err
		}
		if _, err := endSessions(ctx, tx, v.UserID, v.ID, true); err != nil {
			return err
		}
		var pl sessionProof
		if err := json.Unmarshal([]byte(v.Proof), &pl); err != nil {
			return err
		}
		if !slices.Contains(pl.Methods, "password") && !slices.Contains(pl.Methods, "webauthn") {
			return identity.NotAllowed("To set up a second factor, sign in with the password")
		}
		if !slices.Contains(pl.Methods, p.Method) {
			pl.Methods = s.inOrder(append(pl.Methods, p.Method))
		}
		proof, err := json.Marshal(pl)
		if err != nil {
			return err
		}
		v.Key, v.Proof = digest(renewed), string(proof)
		return tx.ReplaceSession(ctx, digest(key), v)
	})
}

// DisableFactor takes the caller's second factor away, and the rules that came with it. It takes one more proof: a code, a
// recovery code or a passkey, and is a 401 when that is wrong.
func (s *Service) DisableFactor(ctx context.Context, caller identity.Caller, proof Method) error {
	if err := s.Credential.MayRemoveFactor(ctx, caller); err != nil {
		return err
	}
	show, err := proof.prove(ctx, s, &Request{known: caller.UserID()})
	if err != nil {
		return err
	}
	p := proved{user: caller.UserID()}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := show(ctx, tx, &p); err != nil {
			return err
		}
		return s.Credential.RemoveFactor(ctx, tx, caller)
	})
	if err != nil {
		return err
	}
	return s.Directory.Entered(ctx, *p.login)
}
