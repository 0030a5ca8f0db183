package credential

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/totp"
)

// UsePasscode tells whether a one-time code is one of a user's seeds at this time, and takes it: it is right once. It is
// open to all; who calls it counts those that are wrong.
func (s *Service) UsePasscode(ctx context.Context, user identity.UserID, passcode string) (bool, error) {
	var seeds identity.Page[store.SealedCredential]
	var now int64
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		now = totp.Step(tx.Now())
		seeds, err = tx.Credentials(ctx, identity.Query{}.Where("user_id", string(user)).Where("type", "totp"))
		return err
	})
	if err != nil {
		return false, err
	}
	type code struct {
		seed identity.CredentialID
		step int64
	}
	var right []code // more than one if a user has the same seed twice
	oldest := now - int64(s.PreviousPasscodes)
	for _, sealed := range seeds.Items {
		c, err := s.open(sealed)
		if err != nil {
			s.Log.ErrorContext(ctx, "a stored seed of one-time codes cannot be decrypted; it counts for nothing", "credential", sealed.ID, "error", err)
			continue
		}
		seed, err := totp.Seed(c.Blob)
		if err != nil {
			s.Log.DebugContext(ctx, "a stored seed of one-time codes cannot be used", "credential", c.ID, "error", err)
			continue
		}
		for step := oldest; step <= now; step++ {
			if subtle.ConstantTimeCompare([]byte(totp.Code(seed, step)), []byte(passcode)) == 1 {
				right = append(right, code{c.ID, step})
			}
		}
	}
	if len(right) == 0 {
		return false, nil
	}
	taken := false
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		taken = false
		for _, c := range right {
			if _, err := tx.Credential(ctx, c.seed); err != nil {
				return err
			}
			first, err := s.takePasscode(ctx, tx, c.seed, c.step)
			if err != nil {
				return err
			}
			taken = taken || !first
		}
		return nil
	})
	if errors.Is(err, identity.NotFound) {
		return false, nil
	}
	return err == nil && !taken, err
}

// takePasscode takes the code of a seed and a period, and tells whether nobody has before.
func (s *Service) takePasscode(ctx context.Context, tx *store.Tx, seed identity.CredentialID, step int64) (first bool, err error) {
	until := tx.Now().Add(time.Duration(s.PreviousPasscodes+1) * totp.Period)
	uses, err := tx.Use(ctx, until, "totp", string(seed), strconv.FormatInt(step, 10))
	return uses == 1, err
}
