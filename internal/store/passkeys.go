package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

const passkeyColumns = `"id", "user_id", "credential_id", "public_key", "sign_count", "transports", "may_sync", "synced", "rp_id", "name", "created_at", "used_at"`

func scanPasskey(s scanner) (k identity.Passkey, err error) {
	var id, key, transports string
	err = s.Scan(&k.ID, &k.UserID, &id, &key, &k.Count, &transports, &k.MaySync, &k.Synced, &k.RPID, &k.Name, timeOf{&k.CreatedAt}, timeOf{&k.UsedAt})
	if err != nil {
		return k, err
	}
	k.Transports = strings.Fields(transports)
	var wrong [2]error
	k.CredentialID, wrong[0] = base64.RawURLEncoding.DecodeString(id)
	k.PublicKey, wrong[1] = base64.RawURLEncoding.DecodeString(key)
	return k, errors.Join(wrong[:]...)
}

// digestOf is by what a passkey is found: what authenticators call theirs may be longer than an index takes.
func digestOf(credentialID []byte) string {
	sum := sha256.Sum256(credentialID)
	return hex.EncodeToString(sum[:])
}

// Passkeys returns the passkeys of a user, the oldest first.
func (tx *Tx) Passkeys(ctx context.Context, user identity.UserID) ([]identity.Passkey, error) {
	return list(ctx, tx, scanPasskey, `SELECT `+passkeyColumns+` FROM "lintel_passkey" WHERE "user_id" = ? ORDER BY "created_at", "id"`, user)
}

// PasskeyOf returns the passkey that an authenticator names; a NotFound when there is none.
func (tx *Tx) PasskeyOf(ctx context.Context, credentialID []byte) (identity.Passkey, error) {
	k, err := scanPasskey(tx.row(ctx, `SELECT `+passkeyColumns+` FROM "lintel_passkey" WHERE "digest" = ?`, digestOf(credentialID)))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("passkey", "")
	}
	return k, err
}

// InsertPasskey keeps a new passkey; a Conflict when there is one that its authenticator names the same.
func (tx *Tx) InsertPasskey(ctx context.Context, k identity.Passkey) error {
	if _, err := tx.lockParent(ctx, "user", string(k.UserID)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_passkey" ("digest", `+passkeyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		digestOf(k.CredentialID), k.ID, k.UserID, base64.RawURLEncoding.EncodeToString(k.CredentialID), base64.RawURLEncoding.EncodeToString(k.PublicKey),
		k.Count, strings.Join(k.Transports, " "), k.MaySync, k.Synced, k.RPID, k.Name, k.CreatedAt, orNull(k.UsedAt))
	if _, dup := duplicate(err); dup {
		err = identity.Conflictf("passkey", "Duplicate entry")
	}
	return err
}

// UsePasskey notes that a passkey was used, and what its authenticator has counted. Of two who come with the same count, or
// one that is over, the second is told false: the key may be in two hands. Authenticators that count nothing always say 0.
func (tx *Tx) UsePasskey(ctx context.Context, k identity.Passkey) (first bool, err error) {
	n, err := tx.exec(ctx, `UPDATE "lintel_passkey" SET "sign_count" = ?, "synced" = ?, "used_at" = ? WHERE "id" = ? AND ("sign_count" < ? OR "sign_count" = 0 AND "sign_count" = ?)`,
		k.Count, k.Synced, tx.now, k.ID, k.Count, k.Count)
	return n > 0, err
}

// RenamePasskey gives a passkey of a user another name; a NotFound when they have no such.
func (tx *Tx) RenamePasskey(ctx context.Context, user identity.UserID, id, name string) error {
	return tx.onePasskey(ctx, id, `UPDATE "lintel_passkey" SET "name" = ? WHERE "user_id" = ? AND "id" = ?`, name, user, id)
}

// DeletePasskey deletes a passkey of a user; a NotFound when they have no such.
func (tx *Tx) DeletePasskey(ctx context.Context, user identity.UserID, id string) error {
	return tx.onePasskey(ctx, id, `DELETE FROM "lintel_passkey" WHERE "user_id" = ? AND "id" = ?`, user, id)
}

func (tx *Tx) onePasskey(ctx context.Context, id, stmt string, args ...any) error {
	n, err := tx.exec(ctx, stmt, args...)
	if err == nil && n == 0 {
		err = identity.Missing("passkey", id)
	}
	return err
}

// StrandedPasskeys counts the users who have passkeys, but none that is bound to a domain.
func (db *DB) StrandedPasskeys(ctx context.Context, rpID string) (users int, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.row(ctx, `SELECT COUNT(*) FROM (SELECT "user_id" FROM "lintel_passkey" GROUP BY "user_id" HAVING SUM(CASE WHEN "rp_id" = ? THEN 1 ELSE 0 END) = 0) k`, rpID).Scan(&users)
	})
	return users, err
}
