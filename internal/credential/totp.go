package credential

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/totp"
)

// UsePasscode tells whether a one-time code is one of a user's seeds at this time, and takes it: it is right once, and
// directory.ErrUsedCode after that. It is open to all; who calls it counts those that are wrong.
func (s *Service) UsePasscode(ctx context.Context, user identity.UserID, passcode string) (bool, error) {
	seeds, now, err := s.seeds(ctx, user)
	if err != nil {
		return false, err
	}
	var right []usedCode // more than one if a user has the same seed twice
	for _, seed := range seeds {
		for step := now + seed.drift - int64(s.PreviousPasscodes); step <= now+seed.drift; step++ {
			if seed.shows(step, passcode) {
				right = append(right, usedCode{seed.id, step})
			}
		}
	}
	return s.takePasscodes(ctx, right, nil)
}

// Resync tells whether two one-time codes are those that one of a user's seeds makes one after the other, at a time that is not far
// off, and takes them. From then on the codes of that seed count by the clock that made these. It is open to all; who calls it
// counts those that are wrong.
func (s *Service) Resync(ctx context.Context, user identity.UserID, first, then string) (bool, error) {
	seeds, now, err := s.seeds(ctx, user)
	if err != nil {
		return false, err
	}
	for _, seed := range seeds {
		if step := seed.inARow(now, first, then); step != 0 {
			return s.takePasscodes(ctx, []usedCode{{seed.id, step - 1}, {seed.id, step}}, func(tx *store.Tx) error {
				return tx.PutDrift(ctx, seed.id, step-now)
			})
		}
	}
	return false, nil
}

// authenticator is a seed of one-time codes, with how many periods its clock is ahead.
type authenticator struct {
	id    identity.CredentialID
	key   []byte
	drift int64
}

// seeds returns those of a user that can be used, and the number of this period.
func (s *Service) seeds(ctx context.Context, user identity.UserID) (all []authenticator, now int64, err error) {
	var stored identity.Page[store.SealedCredential]
	var drifts map[identity.CredentialID]int64
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		now = totp.Step(tx.Now())
		if stored, err = tx.Credentials(ctx, identity.Query{}.Where("user_id", string(user)).Where("type", "totp")); err != nil {
			return err
		}
		drifts, err = tx.Drifts(ctx, user)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, sealed := range stored.Items {
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
		all = append(all, authenticator{c.ID, seed, drifts[c.ID]})
	}
	return all, now, nil
}

// shows tells whether a code is that of a period.
func (a authenticator) shows(step int64, code string) bool {
	return subtle.ConstantTimeCompare([]byte(totp.Code(a.key, step)), []byte(code)) == 1
}

// maxDrift is how many periods a clock may be off for its codes to be known as such.
const maxDrift = 20

// inARow finds the period of the second of two codes in a row, the one nearest to now; 0 when there is none.
func (a authenticator) inARow(now int64, first, then string) int64 {
	for d := range int64(maxDrift + 1) {
		for _, at := range []int64{now - d, now + d} {
			if a.shows(at, then) && a.shows(at-1, first) {
				return at
			}
		}
	}
	return 0
}

// usedCode is the code of a seed and a period.
type usedCode struct {
	seed identity.CredentialID
	step int64
}

// takePasscodes takes codes that are right, and tells whether there are any. With it goes what also does, if it is not nil.
func (s *Service) takePasscodes(ctx context.Context, right []usedCode, also func(*store.Tx) error) (bool, error) {
	if len(right) == 0 {
		return false, nil
	}
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		taken := false
		for _, c := range right {
			if _, err := tx.Credential(ctx, c.seed); err != nil {
				return err
			}
			first, err := takePasscode(ctx, tx, c.seed, c.step)
			if err != nil {
				return err
			}
			taken = taken || !first
		}
		switch {
		case taken:
			return directory.ErrUsedCode
		case also != nil:
			return also(tx)
		}
		return nil
	})
	if errors.Is(err, identity.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// takePasscode takes the code of a seed and a period, and tells whether nobody has before. It is remembered for as long as the code
// could be right by any clock.
func takePasscode(ctx context.Context, tx *store.Tx, seed identity.CredentialID, step int64) (first bool, err error) {
	uses, err := tx.Use(ctx, tx.Now().Add(usedFor), "totp", string(seed), strconv.FormatInt(step, 10))
	return uses == 1, err
}

// maxPrevious is the most periods before this one whose codes may count ([totp] included_previous_windows).
const maxPrevious = 10

const usedFor = (2*maxDrift + maxPrevious + 1) * totp.Period
