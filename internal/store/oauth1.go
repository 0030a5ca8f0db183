package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// notFound is a 404 in the words of keystone/oauth1/backends/sql.py, which name no id.
func notFound(what string) error {
	return identity.Failf(identity.NotFound, "%s not found", what)
}

const consumerColumns = `"id", "description", "secret", "extra"`

func scanConsumer(s scanner) (c identity.Consumer, err error) {
	var description sql.NullString
	err = s.Scan(&c.ID, &description, &c.Secret, jsonOf(&c.Extra))
	if description.Valid {
		c.Description = &description.String
	}
	return c, err
}

// Consumer returns a consumer; a NotFound when there is none.
func (tx *Tx) Consumer(ctx context.Context, id identity.ConsumerID) (identity.Consumer, error) {
	c, err := scanConsumer(tx.row(ctx, `SELECT `+consumerColumns+` FROM "consumer" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("Consumer")
	}
	return c, err
}

// Consumers returns all consumers, ordered by id.
func (tx *Tx) Consumers(ctx context.Context) ([]identity.Consumer, error) {
	return list(ctx, tx, scanConsumer, `SELECT `+consumerColumns+` FROM "consumer" ORDER BY "id"`)
}

// InsertConsumer writes a new consumer.
func (tx *Tx) InsertConsumer(ctx context.Context, c identity.Consumer) error {
	_, err := tx.exec(ctx, `INSERT INTO "consumer" (`+consumerColumns+`) VALUES (?, ?, ?, ?)`, c.ID, c.Description, c.Secret, extraText(c.Extra))
	return err
}

// PutConsumer writes a consumer over the one of the same id; its secret stays.
func (tx *Tx) PutConsumer(ctx context.Context, c identity.Consumer) error {
	_, err := tx.exec(ctx, `UPDATE "consumer" SET "description" = ?, "extra" = ? WHERE "id" = ?`, c.Description, extraText(c.Extra), c.ID)
	return err
}

// DeleteConsumer deletes a consumer with all request tokens and access tokens that it has; what was issued for these is
// revoked.
func (tx *Tx) DeleteConsumer(ctx context.Context, id identity.ConsumerID) error {
	if err := tx.farewell(ctx, "OS-OAUTH1:consumer", string(id)); err != nil {
		return err
	}
	// The row first, so that others who add to it wait or start over.
	if _, err := tx.lockParent(ctx, "consumer", string(id)); err != nil {
		return err
	}
	err := tx.each(ctx, id,
		`DELETE FROM "request_token" WHERE "consumer_id" = ?`,
		`DELETE FROM "access_token" WHERE "consumer_id" = ?`,
		`DELETE FROM "consumer" WHERE "id" = ?`,
	)
	if err != nil {
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{ConsumerID: id})
}

// isoTime is how the two kinds of tokens keep when they end: as text.
const isoTime = "2006-01-02T15:04:05.000000Z"

func isoText(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(isoTime)
}

// isoTimeOf reads it. What is no time is long ago.
func isoTimeOf(s sql.NullString) *time.Time {
	if !s.Valid {
		return nil
	}
	at, _ := identity.ParseTime(s.String)
	return &at
}

// RequestToken returns a request token, be it expired; a NotFound when there is none.
func (tx *Tx) RequestToken(ctx context.Context, id identity.RequestTokenID) (t identity.RequestToken, err error) {
	var expires sql.NullString
	err = tx.row(ctx, `SELECT "id", "request_secret", "verifier", "authorizing_user_id", "requested_project_id", "role_ids", "consumer_id",
		"expires_at" FROM "request_token" WHERE "id" = ?`, id).Scan(&t.ID, &t.Secret, textOf(&t.Verifier), textOf(&t.UserID), &t.ProjectID,
		jsonOf(&t.RoleIDs), &t.ConsumerID, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("Request token")
	}
	t.ExpiresAt = isoTimeOf(expires)
	return t, err
}

// lockAll makes sure that rows are there, and are not deleted before this transaction ends. It fails with a NotFound.
func (tx *Tx) lockAll(ctx context.Context, rows ...[2]string) error {
	for _, r := range rows {
		found, err := tx.lockParent(ctx, r[0], r[1])
		if err == nil && !found {
			err = identity.Missing(r[0], r[1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// InsertRequestToken writes a new request token, which nobody has authorized. It fails with a NotFound when consumer or
// project are gone.
func (tx *Tx) InsertRequestToken(ctx context.Context, t identity.RequestToken) error {
	if err := tx.lockAll(ctx, [2]string{"consumer", string(t.ConsumerID)}, [2]string{"project", string(t.ProjectID)}); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "request_token" ("id", "request_secret", "requested_project_id", "consumer_id", "expires_at")
		VALUES (?, ?, ?, ?, ?)`, t.ID, t.Secret, t.ProjectID, t.ConsumerID, isoText(t.ExpiresAt))
	return err
}

// AuthorizeRequestToken writes down who authorized a request token, with which roles, and the verifier.
func (tx *Tx) AuthorizeRequestToken(ctx context.Context, t identity.RequestToken) error {
	if err := tx.lockAll(ctx, [2]string{"user", string(t.UserID)}); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE "request_token" SET "authorizing_user_id" = ?, "role_ids" = ?, "verifier" = ? WHERE "id" = ?`,
		t.UserID, roleIDsText(t.RoleIDs), t.Verifier, t.ID)
	return err
}

// roleIDsText is the value of a column with the ids of roles: a list, if an empty one.
func roleIDsText(ids []identity.RoleID) any {
	ids = append([]identity.RoleID{}, ids...)
	return jsonOf(&ids)
}

// DeleteRequestToken deletes a request token and tells whether it was there.
func (tx *Tx) DeleteRequestToken(ctx context.Context, id identity.RequestTokenID) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM "request_token" WHERE "id" = ?`, id)
	return n > 0, err
}

const selectAccessToken = `SELECT "id", "access_secret", "authorizing_user_id", "project_id", "role_ids", "consumer_id", "expires_at" FROM "access_token"`

func scanAccessToken(s scanner) (t identity.AccessToken, err error) {
	var expires sql.NullString
	err = s.Scan(&t.ID, &t.Secret, &t.UserID, &t.ProjectID, jsonOf(&t.RoleIDs), &t.ConsumerID, &expires)
	t.ExpiresAt = isoTimeOf(expires)
	return t, err
}

// AccessToken returns an access token, be it expired; a NotFound when there is none.
func (tx *Tx) AccessToken(ctx context.Context, id identity.AccessTokenID) (identity.AccessToken, error) {
	t, err := scanAccessToken(tx.row(ctx, selectAccessToken+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("Access token")
	}
	return t, err
}

// AccessTokens returns the access tokens that a user gave, ordered by id.
func (tx *Tx) AccessTokens(ctx context.Context, user identity.UserID) ([]identity.AccessToken, error) {
	return list(ctx, tx, scanAccessToken, selectAccessToken+` WHERE "authorizing_user_id" = ? ORDER BY "id"`, user)
}

// InsertAccessToken writes a new access token. It fails with a NotFound when consumer, user or project are gone.
func (tx *Tx) InsertAccessToken(ctx context.Context, t identity.AccessToken) error {
	err := tx.lockAll(ctx, [2]string{"consumer", string(t.ConsumerID)}, [2]string{"user", string(t.UserID)}, [2]string{"project", string(t.ProjectID)})
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "access_token" ("id", "access_secret", "authorizing_user_id", "project_id", "role_ids", "consumer_id",
		"expires_at") VALUES (?, ?, ?, ?, ?, ?, ?)`, t.ID, t.Secret, t.UserID, t.ProjectID, roleIDsText(t.RoleIDs), t.ConsumerID, isoText(t.ExpiresAt))
	return err
}

// DeleteAccessToken deletes an access token.
func (tx *Tx) DeleteAccessToken(ctx context.Context, id identity.AccessTokenID) error {
	if err := tx.farewell(ctx, "OS-OAUTH1:access_token", string(id)); err != nil {
		return err
	}
	tx.touch("access_token", string(id))
	_, err := tx.exec(ctx, `DELETE FROM "access_token" WHERE "id" = ?`, id)
	return err
}
