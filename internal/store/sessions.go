package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

const sessionColumns = `"key", "id", "user_id", "proof", "created_at", "seen_at", "confirmed_at", "ends_at", "address", "agent"`

func sessionFields(v *identity.Session) []any {
	return []any{&v.Key, &v.ID, &v.UserID, &v.Proof, timeOf{&v.CreatedAt}, timeOf{&v.SeenAt}, timeOf{&v.ConfirmedAt}, timeOf{&v.EndsAt}, &v.Address, &v.Agent}
}

func scanSession(s scanner) (v identity.Session, err error) {
	err = s.Scan(sessionFields(&v)...)
	return v, err
}

// Session returns the session of a key, whatever its age, with the number of notices that its user has not read; a NotFound when there is
// none.
func (tx *Tx) Session(ctx context.Context, key string) (v identity.Session, err error) {
	err = tx.row(ctx, `SELECT `+sessionColumns+`, (SELECT COUNT(*) FROM "lintel_notice" n WHERE n."user_id" = s."user_id" AND n."created_at" >= ? AND n."read_at" IS NULL)
		FROM "lintel_session" s WHERE "key" = ?`, tx.now.Add(-keepNotice), key).Scan(append(sessionFields(&v), &v.Unread)...)
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("session", "")
	}
	return v, err
}

// Sessions returns a user's sessions that were seen after a time and have not ended, the latest first.
func (tx *Tx) Sessions(ctx context.Context, user identity.UserID, seenAfter time.Time) ([]identity.Session, error) {
	return list(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM "lintel_session"
		WHERE "user_id" = ? AND "seen_at" > ? AND "ends_at" > ? ORDER BY "seen_at" DESC, "id"`, user, seenAfter, tx.Now())
}

// InsertSession keeps a new session and forgets all that ended.
func (tx *Tx) InsertSession(ctx context.Context, v identity.Session) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_session" WHERE "ends_at" <= ?`, tx.Now()); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_session" (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.Key, v.ID, v.UserID, v.Proof, v.CreatedAt, v.SeenAt, v.ConfirmedAt, v.EndsAt, v.Address, v.Agent)
	return err
}

// SeeSession notes that a session was used.
func (tx *Tx) SeeSession(ctx context.Context, key string) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_session" SET "seen_at" = ? WHERE "key" = ?`, tx.Now(), key)
	return err
}

// ReplaceSession gives a session a new key, proof and time of confirmation. It fails with NotFound when the old key is gone.
func (tx *Tx) ReplaceSession(ctx context.Context, old string, v identity.Session) error {
	n, err := tx.exec(ctx, `UPDATE "lintel_session" SET "key" = ?, "proof" = ?, "confirmed_at" = ? WHERE "key" = ?`,
		v.Key, v.Proof, v.ConfirmedAt, old)
	if err == nil && n == 0 {
		err = identity.Missing("session", "")
	}
	return err
}

// DeleteSessions ends sessions of a user: the one of an id, or all but that one. It returns how many there were.
func (tx *Tx) DeleteSessions(ctx context.Context, user identity.UserID, id string, others bool) (int, error) {
	compare := `=`
	if others {
		compare = `<>`
	}
	n, err := tx.exec(ctx, `DELETE FROM "lintel_session" WHERE "user_id" = ? AND "id" `+compare+` ?`, user, id)
	return int(n), err
}
