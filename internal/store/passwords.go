package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Password is an entry in the history of a local user's passwords. The last one made is the current one.
type Password struct {
	Hash        string // empty for none: nobody can log in with it
	CreatedAt   time.Time
	ExpiresAt   *time.Time // nil is never
	SelfService bool       // set by the user, not by an administrator
}

// Passwords returns a user's passwords, the oldest first; none for a user who lives elsewhere.
func (tx *Tx) Passwords(ctx context.Context, id identity.UserID) ([]Password, error) {
	return Recall(tx, Fact{What: "passwords", Of: string(id)}, func() ([]Password, []Key, error) {
		all, err := list(ctx, tx, scanPassword, `SELECT COALESCE(p."password_hash", h."hash"), p."created_at_int", p."created_at", p."expires_at_int",
			p."expires_at", p."self_service" FROM "password" p JOIN "local_user" l ON l."id" = p."local_user_id"
			LEFT JOIN "lintel_portal_password" h ON h."user_id" = l."user_id" AND h."password_id" = p."id"
			WHERE l."user_id" = ? ORDER BY p."created_at_int", p."id"`, id)
		return all, []Key{{"user", string(id)}}, err
	})
}

func scanPassword(s scanner) (p Password, err error) {
	var createdInt, expiresInt sql.NullInt64
	var created, expires time.Time
	err = s.Scan(textOf(&p.Hash), &createdInt, timeOf{&created}, &expiresInt, timeOf{&expires}, &p.SelfService)
	if t := storedTime(createdInt, created); t != nil {
		p.CreatedAt = *t
	}
	p.ExpiresAt = storedTime(expiresInt, expires)
	return p, err
}

// AddPassword gives a local user a new current password, made now. Of the ones before, all but the last keep are
// forgotten (at least one stays), and those that have not expired expire now.
func (tx *Tx) AddPassword(ctx context.Context, id identity.UserID, p Password, keep int) error {
	var local int64
	var open sql.NullBool
	if err := tx.row(ctx, `SELECT l."id", s."api_login" FROM "local_user" l LEFT JOIN "lintel_user_surface" s ON s."user_id" = l."user_id"
		WHERE l."user_id" = ?`, id).Scan(&local, &open); err != nil {
		return err
	}
	closed := open.Valid && !open.Bool
	old, err := list(ctx, tx, column[int64], `SELECT "id" FROM "password" WHERE "local_user_id" = ?
		ORDER BY "created_at_int" DESC, "id" DESC`, local)
	if err != nil {
		return err
	}
	keep = max(keep, 1)
	if len(old) > keep {
		marks, args := in(old[keep:])
		if _, err := tx.exec(ctx, `DELETE FROM "password" WHERE "id" IN `+marks, args...); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM "lintel_portal_password" WHERE "password_id" IN `+marks, args...); err != nil {
			return err
		}
	}
	now := micros(tx.now)
	_, err = tx.exec(ctx, `UPDATE "password" SET "expires_at" = ?, "expires_at_int" = ? WHERE "local_user_id" = ? AND
		(COALESCE("expires_at_int", 0) > ? OR COALESCE("expires_at_int", 0) = 0 AND ("expires_at" IS NULL OR "expires_at" > ?))`,
		tx.now, now, local, now, tx.now)
	if err != nil {
		return err
	}
	var expires any
	if p.ExpiresAt != nil {
		expires = micros(*p.ExpiresAt)
	}
	hash := orNull(p.Hash)
	if closed {
		hash = nil
	}
	_, err = tx.exec(ctx, `INSERT INTO "password" ("local_user_id", "password_hash", "self_service", "created_at",
		"created_at_int", "expires_at", "expires_at_int") VALUES (?, ?, ?, ?, ?, ?, ?)`,
		local, hash, p.SelfService, tx.now, now, p.ExpiresAt, expires)
	tx.touch("user", string(id))
	if err != nil || !closed || p.Hash == "" {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_portal_password" ("user_id", "password_id", "hash")
		SELECT ?, MAX("id"), ? FROM "password" WHERE "local_user_id" = ?`, id, p.Hash, local)
	return err
}

// Failures are the wrong passwords that a local user was tried with since the last right one.
type Failures struct {
	Count int
	Last  time.Time // zero when there was none
}

// Failures returns how often a local user failed to log in; none for a user who lives elsewhere.
func (tx *Tx) Failures(ctx context.Context, id identity.UserID) (Failures, error) {
	return Recall(tx, Fact{What: "failures", Of: string(id)}, func() (Failures, []Key, error) {
		from := []Key{{"user", string(id)}, {"failures", string(id)}}
		all, err := list(ctx, tx, func(s scanner) (f Failures, err error) {
			var count sql.NullInt64
			err = s.Scan(&count, timeOf{&f.Last})
			f.Count = int(count.Int64)
			return f, err
		}, `SELECT "failed_auth_count", "failed_auth_at" FROM "local_user" WHERE "user_id" = ?`, id)
		if err != nil || len(all) == 0 {
			return Failures{}, from, err
		}
		return all[0], from, nil
	})
}

// AddFailure counts one more wrong password, made now.
func (tx *Tx) AddFailure(ctx context.Context, id identity.UserID) error {
	tx.touch("failures", string(id))
	_, err := tx.exec(ctx, `UPDATE "local_user" SET "failed_auth_count" = COALESCE("failed_auth_count", 0) + 1, "failed_auth_at" = ?
		WHERE "user_id" = ?`, tx.now, id)
	return err
}

// ClearFailures forgets the wrong passwords.
func (tx *Tx) ClearFailures(ctx context.Context, id identity.UserID) error {
	tx.touch("failures", string(id))
	_, err := tx.exec(ctx, `UPDATE "local_user" SET "failed_auth_count" = 0, "failed_auth_at" = NULL WHERE "user_id" = ?`, id)
	return err
}

// SetLastActive records that a user logged in today.
func (tx *Tx) SetLastActive(ctx context.Context, id identity.UserID) error {
	today := date(tx.now)
	n, err := tx.exec(ctx, `UPDATE "user" SET "last_active_at" = ? WHERE "id" = ? AND COALESCE("last_active_at" <> ?, TRUE)`, today, id, today)
	if n > 0 {
		tx.touch("user", string(id))
	}
	return err
}

// ResetLastActive counts every user who is not known to have logged in as active today, and returns how many
// (keystone-manage reset_last_active).
func (tx *Tx) ResetLastActive(ctx context.Context) (int64, error) {
	ids, err := list(ctx, tx, column[string], `SELECT "id" FROM "user" WHERE "last_active_at" IS NULL`)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		tx.touch("user", id)
	}
	return tx.exec(ctx, `UPDATE "user" SET "last_active_at" = ? WHERE "last_active_at" IS NULL`, date(tx.now))
}
