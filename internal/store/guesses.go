package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Guesses are the wrong codes of one factor of a user, in a row, and until when no more of them is looked at.
type Guesses struct {
	Misses int
	Until  time.Time
}

// Guesses returns the wrong codes of a factor of a user; none when there were none.
func (tx *Tx) Guesses(ctx context.Context, user identity.UserID, factor string) (g Guesses, err error) {
	err = tx.row(ctx, `SELECT "misses", "until" FROM "lintel_guess" WHERE "user_id" = ? AND "factor" = ?`, user, factor).Scan(&g.Misses, timeOf{&g.Until})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return g, err
}

// PutGuesses notes the wrong codes of a factor of a user.
func (tx *Tx) PutGuesses(ctx context.Context, user identity.UserID, factor string, g Guesses) error {
	return tx.upsert(ctx, "lintel_guess", 2, []string{"user_id", "factor", "misses", "until"}, user, factor, g.Misses, g.Until)
}

// ForgetGuesses forgets the wrong codes of two factors of a user.
func (tx *Tx) ForgetGuesses(ctx context.Context, user identity.UserID, factor, other string) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_guess" WHERE "user_id" = ? AND "factor" IN (?, ?)`, user, factor, other)
	return err
}

// Drifts tells how many periods the clocks of a user's authenticators are ahead, by their seeds; none for those that are right.
func (tx *Tx) Drifts(ctx context.Context, user identity.UserID) (map[identity.CredentialID]int64, error) {
	type drift struct {
		id      identity.CredentialID
		periods int64
	}
	rows, err := list(ctx, tx, func(s scanner) (d drift, err error) {
		err = s.Scan(&d.id, &d.periods)
		return d, err
	}, `SELECT d."credential_id", d."periods" FROM "lintel_drift" d JOIN "credential" c ON c."id" = d."credential_id" WHERE c."user_id" = ?`, user)
	if err != nil {
		return nil, err
	}
	all := map[identity.CredentialID]int64{}
	for _, d := range rows {
		all[d.id] = d.periods
	}
	return all, nil
}

// PutDrift notes how many periods the clock of an authenticator is ahead.
func (tx *Tx) PutDrift(ctx context.Context, seed identity.CredentialID, periods int64) error {
	if periods == 0 {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_drift" WHERE "credential_id" = ?`, seed)
		return err
	}
	return tx.upsert(ctx, "lintel_drift", 1, []string{"credential_id", "periods"}, seed, periods)
}
