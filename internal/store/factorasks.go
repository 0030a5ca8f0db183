package store

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// FactorAsk says that somebody wants to take a user's second factor away, to which somebody else must agree.
type FactorAsk struct {
	UserID          identity.UserID
	AskerID         identity.UserID
	Scope           identity.Scope // where the asker's rights are held
	AskedAt, EndsAt time.Time
}

// FactorAsk returns what waits for somebody else to agree, and tells whether there is anything that has not ended.
func (tx *Tx) FactorAsk(ctx context.Context, user identity.UserID) (a FactorAsk, there bool, err error) {
	all, err := list(ctx, tx, func(s scanner) (a FactorAsk, err error) {
		var scope string
		err = s.Scan(&a.UserID, &a.AskerID, &scope, timeOf{&a.AskedAt}, timeOf{&a.EndsAt})
		a.Scope = scopeOf(scope)
		return a, err
	}, `SELECT "user_id", "asker_id", "scope", "asked_at", "ends_at" FROM "lintel_factor_ask" WHERE "user_id" = ? AND "ends_at" > ?`, user, tx.now)
	if err != nil || len(all) == 0 {
		return a, false, err
	}
	return all[0], true, nil
}

// PutFactorAsk writes down that somebody must agree.
func (tx *Tx) PutFactorAsk(ctx context.Context, a FactorAsk) error {
	return tx.upsert(ctx, "lintel_factor_ask", 1, []string{"user_id", "asker_id", "scope", "asked_at", "ends_at"}, a.UserID, a.AskerID, scopeText(a.Scope), tx.now, a.EndsAt)
}

// DropFactorAsk forgets it, and tells whether it was there: of two who agree at once, one does.
func (tx *Tx) DropFactorAsk(ctx context.Context, user identity.UserID) (there bool, err error) {
	n, err := tx.exec(ctx, `DELETE FROM "lintel_factor_ask" WHERE "user_id" = ? AND "ends_at" > ?`, user, tx.now)
	return n > 0, err
}
