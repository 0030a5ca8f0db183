package credential

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

const (
	recoveryCodes = 10
	codeLength    = 10
)

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
		due, err := tx.RecoveryDue(ctx, caller.UserID())
		if err != nil {
			return err
		}
		if err := tx.PutRecoveryCodes(ctx, caller.UserID(), codes); err != nil {
			return err
		}
		return tx.PutRecoveryDue(ctx, caller.UserID(), due)
	})
}

// RecoveryDue tells whether a user who proved who they are by some methods, a second factor among them, must take new recovery codes before
// anything else: none is left, or they have not shown yet that they keep the new ones. It is open to all.
func (s *Service) RecoveryDue(ctx context.Context, tx *store.Tx, user identity.UserID, methods []string) (bool, error) {
	if !slices.ContainsFunc(methods, isSecond) {
		return false, nil
	}
	return tx.RecoveryDue(ctx, user)
}

// SaveRecoveryCodes takes one of the caller's recovery codes as a sign that they keep them: a Conflict when what they typed is none. It is
// not used up.
func (s *Service) SaveRecoveryCodes(ctx context.Context, caller identity.Caller, typed string) error {
	if err := inPerson(caller, s.DB.Now(), freshFor); err != nil {
		return err
	}
	user := caller.UserID()
	mark, rest := splitCode(typed)
	var hash string
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		hash, err = tx.RecoveryCode(ctx, user, mark)
		return err
	})
	if err != nil {
		return err
	}
	right, err := s.Directory.MatchSecret(ctx, string(user), hash, rest)
	if err == nil && !right {
		err = errNotThatCode
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		now, err := tx.RecoveryCode(ctx, user, mark)
		if err == nil && subtle.ConstantTimeCompare([]byte(now), []byte(hash)) != 1 {
			err = errNotThatCode // there are others since
		}
		if err != nil {
			return err
		}
		return tx.PutRecoveryDue(ctx, user, false)
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
