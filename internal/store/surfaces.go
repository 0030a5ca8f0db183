package store

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
)

// SetSurface says for whom a user's account is and where the user may sign in.
//
// To whom the API is closed no Keystone on this database opens it either: the password leaves Keystone's table for one of ours, and
// what else would log the user in, or others by their rights, is deleted: application credentials, EC2 keys, trusts
// to and from them, OAuth tokens, and one-time codes that no rule asks for beside a password. Tokens and sessions end with
// any change.
func (tx *Tx) SetSurface(ctx context.Context, u identity.User, s identity.Surface) error {
	tx.touch("user", string(u.ID))
	if err := tx.putSurface(ctx, u.ID, s); err != nil {
		return err
	}
	if s.NoAPI != u.Surface.NoAPI {
		if err := tx.movePasswords(ctx, u.ID, s.NoAPI); err != nil {
			return err
		}
	}
	if s.NoAPI {
		if err := tx.closeAPI(ctx, u); err != nil {
			return err
		}
	}
	return tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID})
}

func (tx *Tx) putSurface(ctx context.Context, id identity.UserID, s identity.Surface) error {
	if (s == identity.Surface{}) {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_user_surface" WHERE "user_id" = ?`, id)
		return err
	}
	_, err := tx.exec(ctx, tx.db.dialect.upsert("lintel_user_surface", 1, []string{"user_id", "kind", "portal_login", "api_login"}),
		id, s.Kind.String(), !s.NoPortal, !s.NoAPI)
	return err
}

// movePasswords takes the hashes of a local user's passwords out of Keystone's table, or puts them back.
func (tx *Tx) movePasswords(ctx context.Context, id identity.UserID, out bool) error {
	const local = `"local_user_id" IN (SELECT "id" FROM "local_user" WHERE "user_id" = ?)`
	if out {
		_, err := tx.exec(ctx, `INSERT INTO "lintel_portal_password" ("user_id", "password_id", "hash")
			SELECT l."user_id", p."id", p."password_hash" FROM "password" p JOIN "local_user" l ON l."id" = p."local_user_id"
			WHERE l."user_id" = ? AND p."password_hash" IS NOT NULL`, id)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE "password" SET "password_hash" = NULL WHERE `+local, id)
		return err
	}
	_, err := tx.exec(ctx, `UPDATE "password" SET "password_hash" = (SELECT h."hash" FROM "lintel_portal_password" h
		WHERE h."user_id" = ? AND h."password_id" = "password"."id") WHERE "password_hash" IS NULL AND `+local, id, id)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `DELETE FROM "lintel_portal_password" WHERE "user_id" = ?`, id)
	return err
}

// closeAPI deletes what would log a user in to the API beside the password, or others by the user's rights.
func (tx *Tx) closeAPI(ctx context.Context, u identity.User) error {
	err := tx.recordGoneOf(ctx, "application_credential", `SELECT "id" FROM "application_credential" WHERE "user_id" = ? ORDER BY "internal_id"`, u.ID)
	if err != nil {
		return err
	}
	if err := tx.deleteApplicationCredentials(ctx, `"user_id" = ?`, u.ID); err != nil {
		return err
	}
	keep := "totp" // where a rule asks for the password too, which no Keystone knows
	if _, ruled := u.Options[identity.OptMultiFactorAuthRules]; !ruled {
		keep = ""
	}
	credentials, err := list(ctx, tx, column[identity.CredentialID], `SELECT "id" FROM "credential" WHERE "user_id" = ? AND "type" <> ?`, u.ID, keep)
	for i := 0; i < len(credentials) && err == nil; i++ {
		err = tx.DeleteCredential(ctx, credentials[i])
	}
	for err == nil { // one may take others along
		var trusts []identity.TrustID
		trusts, err = list(ctx, tx, column[identity.TrustID], `SELECT "id" FROM "trust" WHERE "deleted_at" IS NULL AND
			("trustor_user_id" = ? OR "trustee_user_id" = ?) LIMIT 1`, u.ID, u.ID)
		if err != nil || len(trusts) == 0 {
			break
		}
		err = tx.DeleteTrust(ctx, trusts[0])
	}
	for _, stmt := range []string{
		`DELETE FROM "access_token" WHERE "authorizing_user_id" = ?`,
		`DELETE FROM "request_token" WHERE "authorizing_user_id" = ?`,
	} {
		if err == nil {
			_, err = tx.exec(ctx, stmt, u.ID)
		}
	}
	return err
}
