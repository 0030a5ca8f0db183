package store

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Notice is something that a user was told.
type Notice struct {
	ID        string
	User      identity.UserID
	Kind      string
	Told      string
	CreatedAt time.Time
	Read      bool
}

const (
	// keepNotice is how long a notice is kept, as a mail that was refused is.
	keepNotice = keepFailedMail

	// mostNotices is how many a user has at most: the latest.
	mostNotices = 100
)

// InsertNotice keeps a notice, and forgets those that are too old or too many.
func (tx *Tx) InsertNotice(ctx context.Context, n Notice) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_notice" WHERE "created_at" < ?`, tx.now.Add(-keepNotice)); err != nil {
		return err
	}
	surplus, err := list(ctx, tx, column[string], `SELECT "id" FROM "lintel_notice" WHERE "user_id" = ? ORDER BY "created_at" DESC, "id" LIMIT 10 OFFSET ?`, n.User, mostNotices-1)
	if err != nil {
		return err
	}
	for _, id := range surplus {
		if _, err := tx.exec(ctx, `DELETE FROM "lintel_notice" WHERE "id" = ?`, id); err != nil {
			return err
		}
	}
	var read *time.Time
	if n.Read {
		read = &tx.now
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_notice" ("id", "user_id", "kind", "told", "created_at", "read_at") VALUES (?, ?, ?, ?, ?, ?)`,
		tx.NewID(), n.User, n.Kind, n.Told, tx.now, read)
	return err
}

// Notices returns what a user was told, the latest first.
func (tx *Tx) Notices(ctx context.Context, user identity.UserID) ([]Notice, error) {
	return list(ctx, tx, func(s scanner) (n Notice, err error) {
		err = s.Scan(&n.ID, &n.User, &n.Kind, &n.Told, timeOf{&n.CreatedAt}, &n.Read)
		return n, err
	}, `SELECT "id", "user_id", "kind", "told", "created_at", "read_at" IS NOT NULL FROM "lintel_notice"
		WHERE "user_id" = ? AND "created_at" >= ? ORDER BY "created_at" DESC, "id"`, user, tx.now.Add(-keepNotice))
}

// ReadNotices notes that a user has read all that they were told up to a time.
func (tx *Tx) ReadNotices(ctx context.Context, user identity.UserID, until time.Time) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_notice" SET "read_at" = ? WHERE "user_id" = ? AND "created_at" <= ? AND "read_at" IS NULL`, tx.now, user, until)
	return err
}
