package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Use counts a use of something that may be used so many times, and tells how many that makes. It is forgotten after
// until. Of two transactions that use the same thing at once, one waits for the other or starts over.
func (tx *Tx) Use(ctx context.Context, until time.Time, thing ...string) (uses int, err error) {
	sum := sha256.Sum256([]byte(strings.Join(thing, "\x00")))
	id := hex.EncodeToString(sum[:])
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_use" WHERE "until" < ?`, tx.now); err != nil {
		return 0, err
	}
	again := ` ON CONFLICT ("id") DO UPDATE SET "uses" = "lintel_use"."uses" + 1`
	if tx.db.dialect == mariadb {
		again = ` ON DUPLICATE KEY UPDATE "uses" = "uses" + 1`
	}
	if _, err := tx.exec(ctx, `INSERT INTO "lintel_use" ("id", "uses", "until") VALUES (?, 1, ?)`+again, id, until); err != nil {
		return 0, err
	}
	err = tx.row(ctx, `SELECT "uses" FROM "lintel_use" WHERE "id" = ?`, id).Scan(&uses)
	return uses, err
}
