package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

// SealedCredential is a credential as it is kept: its blob is encrypted, and Blob itself is empty.
type SealedCredential struct {
	identity.Credential
	EncryptedBlob string
	KeyHash       string // of the key that encrypted it
}

const credentialColumns = `"id", "user_id", "project_id", "type", "extra", "encrypted_blob", "key_hash"`

func scanCredential(s scanner) (c SealedCredential, err error) {
	err = s.Scan(&c.ID, &c.UserID, textOf(&c.ProjectID), &c.Type, jsonOf(&c.Extra), &c.EncryptedBlob, &c.KeyHash)
	return c, err
}

// Credential returns a credential; a NotFound when there is none.
func (tx *Tx) Credential(ctx context.Context, id identity.CredentialID) (SealedCredential, error) {
	c, err := scanCredential(tx.row(ctx, `SELECT `+credentialColumns+` FROM "credential" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("credential", id)
	}
	return c, err
}

// Credentials returns a page of credentials.
func (tx *Tx) Credentials(ctx context.Context, q identity.Query) (identity.Page[SealedCredential], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "user_id", "type", "project_id":
			s.text(tx, `"`+f.Attr+`"`, f)
		}
	}
	return page(ctx, tx, scanCredential, `SELECT `+credentialColumns+` FROM "credential"`, `"id"`, s, q)
}

// EC2Credentials returns those of some users on a project, ordered by id.
func (tx *Tx) EC2Credentials(ctx context.Context, project identity.ProjectID, users []identity.UserID) ([]SealedCredential, error) {
	var s selection
	set, args := in(users)
	s.also(`"type" = 'ec2'`)
	s.also(`"project_id" = ?`, project)
	s.also(`"user_id" IN `+set, args...)
	found, err := page(ctx, tx, scanCredential, `SELECT `+credentialColumns+` FROM "credential"`, `"id"`, s, identity.Query{})
	return found.Items, err
}

// CountCredentials tells how many credentials a user has.
func (tx *Tx) CountCredentials(ctx context.Context, user identity.UserID) (n int, err error) {
	err = tx.row(ctx, `SELECT COUNT(*) FROM "credential" WHERE "user_id" = ?`, user).Scan(&n)
	return n, err
}

// InsertCredential writes a new credential; a Conflict when its id is taken.
func (tx *Tx) InsertCredential(ctx context.Context, c SealedCredential) error {
	// So that deleting the user meanwhile takes the credential along. A user in no table may live in a directory.
	if _, err := tx.lockParent(ctx, "user", string(c.UserID)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "credential" (`+credentialColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.UserID, orNull(c.ProjectID), c.Type, jsonOf(&c.Extra), c.EncryptedBlob, c.KeyHash)
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("credential", "Duplicate entry found with ID %s", c.ID)
	}
	if err == nil { // the id of an EC2 key can come again
		_, err = tx.exec(ctx, `DELETE FROM "lintel_robot" WHERE "kind" = 'credential' AND "id" = ?`, c.ID)
	}
	tx.touch("credential", string(c.ID))
	return err
}

// PutBlob writes a credential's blob over the one it has.
func (tx *Tx) PutBlob(ctx context.Context, id identity.CredentialID, encrypted, keyHash string) error {
	tx.touch("credential", string(id))
	_, err := tx.exec(ctx, `UPDATE "credential" SET "encrypted_blob" = ?, "key_hash" = ? WHERE "id" = ?`, encrypted, keyHash, id)
	return err
}

// DeleteCredential deletes a credential.
func (tx *Tx) DeleteCredential(ctx context.Context, id identity.CredentialID) error {
	if err := tx.farewell(ctx, "credential", string(id)); err != nil {
		return err
	}
	tx.touch("credential", string(id))
	return tx.each(ctx, id, `DELETE FROM "lintel_drift" WHERE "credential_id" = ?`, `DELETE FROM "credential" WHERE "id" = ?`)
}

// StaleCredential returns one credential that another key than the one of that hash encrypted; false when there is none.
func (tx *Tx) StaleCredential(ctx context.Context, keyHash string) (SealedCredential, bool, error) {
	c, err := scanCredential(tx.row(ctx, `SELECT `+credentialColumns+` FROM "credential" WHERE "key_hash" <> ? ORDER BY "id" LIMIT 1`, keyHash))
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}
