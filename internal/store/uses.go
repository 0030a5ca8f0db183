package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Use counts a use of something that may be used so many times, and tells how many that makes. It is forgotten after
// until. Of two transactions that use the same thing at once, one waits for the other or starts over.
func (tx *Tx) Use(ctx context.Context, until time.Time, thing ...string) (uses int, err error) {
	id := useID(thing)
	if err := tx.use(ctx, id, until); err != nil {
		return 0, err
	}
	err = tx.row(ctx, `SELECT "uses" FROM "lintel_use" WHERE "id" = ?`, id).Scan(&uses)
	return uses, err
}

// Used tells how many uses of something were counted, and until when they are; 0 for none.
func (tx *Tx) Used(ctx context.Context, thing ...string) (uses int, until time.Time, err error) {
	err = tx.row(ctx, `SELECT "uses", "until" FROM "lintel_use" WHERE "id" = ? AND "until" >= ?`, useID(thing), tx.now).Scan(&uses, timeOf{&until})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return uses, until, err
}

// Pace is Use for something that may be used so many times in a burst, and once more each while after that, at the least a second. It
// tells how long that takes when it is too soon: then nothing may be done, and the transaction must fail.
func (tx *Tx) Pace(ctx context.Context, burst int, while time.Duration, thing ...string) (wait time.Duration, err error) {
	// What is kept is when all may be used again: each use puts that off by a while.
	id := useID(append([]string{"pace"}, thing...))
	if err := tx.use(ctx, id, tx.now); err != nil {
		return 0, err
	}
	var full time.Time
	if err := tx.row(ctx, `SELECT "until" FROM "lintel_use" WHERE "id" = ?`, id).Scan(timeOf{&full}); err != nil {
		return 0, err
	}
	if full.Before(tx.now) {
		full = tx.now
	}
	full = full.Add(while)
	if wait := full.Sub(tx.now) - time.Duration(burst)*while; wait > 0 {
		return wait, nil
	}
	_, err = tx.exec(ctx, `UPDATE "lintel_use" SET "until" = ? WHERE "id" = ?`, full, id)
	return 0, err
}

func useID(thing []string) string {
	sum := sha256.Sum256([]byte(strings.Join(thing, "\x00")))
	return hex.EncodeToString(sum[:])
}

// use counts one more use, and forgets what is over.
func (tx *Tx) use(ctx context.Context, id string, until time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_use" WHERE "until" < ?`, tx.now); err != nil {
		return err
	}
	again := ` ON CONFLICT ("id") DO UPDATE SET "uses" = "lintel_use"."uses" + 1`
	if tx.db.dialect == mariadb {
		again = ` ON DUPLICATE KEY UPDATE "uses" = "uses" + 1`
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_use" ("id", "uses", "until") VALUES (?, 1, ?)`+again, id, until)
	return err
}
