package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Factor is a second factor that its user looks after.
type Factor struct {
	OwnRules bool // the user's multi-factor rules came with it
	Since    time.Time
}

// Factor returns the factor that a user set up; a NotFound when there is none.
func (tx *Tx) Factor(ctx context.Context, user identity.UserID) (f Factor, err error) {
	err = tx.row(ctx, `SELECT "own_rules", "since" FROM "lintel_factor" WHERE "user_id" = ?`, user).Scan(&f.OwnRules, timeOf{&f.Since})
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("factor", user)
	}
	return f, err
}

// WithOwnFactor returns those of some users who set a factor up themselves.
func (tx *Tx) WithOwnFactor(ctx context.Context, users []identity.UserID) (own []identity.UserID, err error) {
	for some := range slices.Chunk(users, maxIn) {
		marks, ids := in(some)
		found, err := list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "lintel_factor" WHERE "user_id" IN `+marks, ids...)
		if err != nil {
			return nil, err
		}
		own = append(own, found...)
	}
	return own, nil
}

// PutFactor notes that a user set a factor up.
func (tx *Tx) PutFactor(ctx context.Context, user identity.UserID, f Factor) error {
	if err := tx.each(ctx, user, `DELETE FROM "lintel_factor_reset" WHERE "user_id" = ?`); err != nil {
		return err
	}
	return tx.upsert(ctx, "lintel_factor", 1, []string{"user_id", "own_rules", "since"}, user, f.OwnRules, f.Since)
}

// ResetFactor is DropFactor for a factor that its user must set up anew, with the rules that came with it.
func (tx *Tx) ResetFactor(ctx context.Context, user identity.UserID) error {
	if err := tx.DropFactor(ctx, user); err != nil {
		return err
	}
	if err := tx.PutFactor(ctx, user, Factor{OwnRules: true, Since: tx.now}); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_factor_reset" ("user_id", "since") VALUES (?, ?)`, user, tx.now)
	return err
}

// FactorReset tells since when a user has to set up a second factor anew; zero for not at all.
func (tx *Tx) FactorReset(ctx context.Context, user identity.UserID) (since time.Time, err error) {
	err = tx.row(ctx, `SELECT "since" FROM "lintel_factor_reset" WHERE "user_id" = ?`, user).Scan(timeOf{&since})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return since, err
}

// DropFactor forgets the factor of a user, with recovery codes, passkeys and whatever was begun, and deletes all seeds of theirs.
func (tx *Tx) DropFactor(ctx context.Context, user identity.UserID) error {
	err := tx.each(ctx, user, `DELETE FROM "lintel_factor" WHERE "user_id" = ?`, `DELETE FROM "lintel_factor_reset" WHERE "user_id" = ?`, `DELETE FROM "lintel_enrolment" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_recovery_code" WHERE "user_id" = ?`, `DELETE FROM "lintel_recovery_due" WHERE "user_id" = ?`, `DELETE FROM "lintel_passkey" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_guess" WHERE "user_id" = ?`)
	if err != nil {
		return err
	}
	return tx.DeleteSeeds(ctx, user)
}

// DeleteSeeds deletes all seeds of one-time codes of a user.
func (tx *Tx) DeleteSeeds(ctx context.Context, user identity.UserID) error {
	seeds, err := list(ctx, tx, column[identity.CredentialID], `SELECT "id" FROM "credential" WHERE "user_id" = ? AND "type" = 'totp' ORDER BY "id"`, user)
	if err != nil {
		return err
	}
	for _, id := range seeds {
		if err := tx.DeleteCredential(ctx, id); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Deleted("credential", id)); err != nil {
			return err
		}
	}
	return nil
}

// Enrolment is a seed of one-time codes that waits for its user to show that it works, or a passkey that is being made.
type Enrolment struct {
	ID     string
	UserID identity.UserID
	Until  time.Time

	Seed   string // encrypted; empty for a passkey
	Misses int    // wrong codes
	Step   int64  // the period whose code was shown; 0 when none was yet
	Drift  int64  // how many periods the authenticator's clock is ahead

	Challenge string            // that the passkey is to answer
	Passkey   *identity.Passkey // once it has

	Codes []RecoveryCode // that were handed out when it had shown that it works
}

// RecoveryCode is one of the codes that let a user in once without their authenticator. Mark is its first character, which
// no other code of the user has; the rest is told by the hash.
type RecoveryCode struct{ Mark, Hash string }

// Enrolment returns what a user has begun and may still finish; a NotFound when that is nothing.
func (tx *Tx) Enrolment(ctx context.Context, user identity.UserID) (e Enrolment, err error) {
	e.UserID = user
	var step sql.NullInt64
	err = tx.row(ctx, `SELECT "id", "seed", "challenge", "passkey", "until", "misses", "step", "drift", "codes" FROM "lintel_enrolment"
		WHERE "user_id" = ? AND "until" > ?`, user, tx.now).
		Scan(&e.ID, &e.Seed, &e.Challenge, jsonOf(&e.Passkey), timeOf{&e.Until}, &e.Misses, &step, &e.Drift, jsonOf(&e.Codes))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("enrolment", user)
	}
	e.Step = step.Int64
	return e, err
}

// PutEnrolment writes what a user has begun over whatever they had, and forgets all that nobody finished.
func (tx *Tx) PutEnrolment(ctx context.Context, e Enrolment) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_enrolment" WHERE "until" <= ?`, tx.now); err != nil {
		return err
	}
	return tx.upsert(ctx, "lintel_enrolment", 1, []string{"user_id", "id", "seed", "challenge", "passkey", "until", "misses", "step", "drift", "codes"},
		e.UserID, e.ID, e.Seed, e.Challenge, jsonOf(&e.Passkey), e.Until, e.Misses, orNull(e.Step), e.Drift, jsonOf(&e.Codes))
}

// DropEnrolment forgets what a user has begun.
func (tx *Tx) DropEnrolment(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_enrolment" WHERE "user_id" = ?`, user)
	return err
}

// RecoveryCode returns the hash of the recovery code with a mark; empty when it was used, or never was.
func (tx *Tx) RecoveryCode(ctx context.Context, user identity.UserID, mark string) (hash string, err error) {
	err = tx.row(ctx, `SELECT "hash" FROM "lintel_recovery_code" WHERE "user_id" = ? AND "mark" = ?`, user, mark).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return hash, err
}

// RecoveryCodes returns those that a user has left.
func (tx *Tx) RecoveryCodes(ctx context.Context, user identity.UserID) ([]RecoveryCode, error) {
	return list(ctx, tx, func(s scanner) (c RecoveryCode, err error) {
		err = s.Scan(&c.Mark, &c.Hash)
		return c, err
	}, `SELECT "mark", "hash" FROM "lintel_recovery_code" WHERE "user_id" = ? ORDER BY "mark"`, user)
}

// CountRecoveryCodes tells how many recovery codes a user has left.
func (tx *Tx) CountRecoveryCodes(ctx context.Context, user identity.UserID) (n int, err error) {
	err = tx.row(ctx, `SELECT COUNT(*) FROM "lintel_recovery_code" WHERE "user_id" = ?`, user).Scan(&n)
	return n, err
}

// RecoveryDue tells whether a user who has a factor of their own has no recovery code left, or has not said yet that they keep those that
// they made then.
func (tx *Tx) RecoveryDue(ctx context.Context, user identity.UserID) (bool, error) {
	var n int
	err := tx.row(ctx, `SELECT COUNT(*) FROM "lintel_factor" f WHERE f."user_id" = ? AND NOT EXISTS (SELECT 1 FROM "lintel_factor_reset" r WHERE r."user_id" = f."user_id")
		AND (NOT EXISTS (SELECT 1 FROM "lintel_recovery_code" c WHERE c."user_id" = f."user_id") OR EXISTS (SELECT 1 FROM "lintel_recovery_due" d WHERE d."user_id" = f."user_id"))`,
		user).Scan(&n)
	return n > 0, err
}

// PutRecoveryDue writes down whether a user has yet to say that they keep their recovery codes.
func (tx *Tx) PutRecoveryDue(ctx context.Context, user identity.UserID, due bool) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_recovery_due" WHERE "user_id" = ?`, user); err != nil || !due {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_recovery_due" ("user_id") VALUES (?)`, user)
	return err
}

// PutRecoveryCodes gives a user new recovery codes in the place of all they had.
func (tx *Tx) PutRecoveryCodes(ctx context.Context, user identity.UserID, codes []RecoveryCode) error {
	if err := tx.each(ctx, user, `DELETE FROM "lintel_recovery_code" WHERE "user_id" = ?`, `DELETE FROM "lintel_recovery_due" WHERE "user_id" = ?`); err != nil {
		return err
	}
	for _, c := range codes {
		if _, err := tx.exec(ctx, `INSERT INTO "lintel_recovery_code" ("user_id", "mark", "hash") VALUES (?, ?, ?)`, user, c.Mark, c.Hash); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode takes a recovery code, and tells whether it was still there: of two who use it at once, one gets it.
func (tx *Tx) UseRecoveryCode(ctx context.Context, user identity.UserID, c RecoveryCode) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM "lintel_recovery_code" WHERE "user_id" = ? AND "mark" = ? AND "hash" = ?`, user, c.Mark, c.Hash)
	return n > 0, err
}

// Unattended counts what logs in for a user, or in their name, when they are not there to prove anything.
type Unattended struct {
	ApplicationCredentials, Keys, Trusts, AccessTokens int
}

// Unattended counts those of a user that have not expired.
func (tx *Tx) Unattended(ctx context.Context, user identity.UserID) (n Unattended, err error) {
	now := tx.now
	err = tx.row(ctx, `SELECT
		(SELECT COUNT(*) FROM "application_credential" WHERE "user_id" = ? AND ("expires_at" IS NULL OR "expires_at" > ?)),
		(SELECT COUNT(*) FROM "credential" WHERE "user_id" = ? AND "type" = 'ec2'),
		(SELECT COUNT(*) FROM "trust" WHERE "trustor_user_id" = ? AND "deleted_at" IS NULL
			AND ("expires_at_int" > ? OR "expires_at_int" IS NULL AND ("expires_at" IS NULL OR "expires_at" > ?))),
		(SELECT COUNT(*) FROM "access_token" WHERE "authorizing_user_id" = ? AND ("expires_at" IS NULL OR "expires_at" > ?))`,
		user, micros(tx.now), user, user, micros(tx.now), tx.now, user, isoText(&now)).
		Scan(&n.ApplicationCredentials, &n.Keys, &n.Trusts, &n.AccessTokens)
	return n, err
}
