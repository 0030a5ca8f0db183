package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const selectWaiting = `SELECT "id", "user_id", "project_id", "role_id", "granter_id", "scope", "agreer_id", "agreer_scope", "created_at", "until", "reason" FROM "lintel_waiting_grant"`

func scanWaiting(s scanner) (w identity.WaitingGrant, err error) {
	var scope, agreerScope string
	err = s.Scan(&w.ID, &w.UserID, &w.ProjectID, &w.Role, &w.GranterID, &scope, textOf(&w.AgreerID), textOf(&agreerScope), timeOf{&w.CreatedAt}, timeOf{&w.Until}, &w.Reason)
	w.Scope, w.AgreerScope = scopeOf(scope), scopeOf(agreerScope)
	return w, err
}

// PutWaitingGrant writes a grant that waits, in the place of one of the same role to the same user on the same project.
func (tx *Tx) PutWaitingGrant(ctx context.Context, w identity.WaitingGrant) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_waiting_grant" WHERE "user_id" = ? AND "project_id" = ? AND "role_id" = ?`, w.UserID, w.ProjectID, w.Role)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_waiting_grant" ("id", "user_id", "project_id", "role_id", "granter_id", "scope", "agreer_id", "agreer_scope",
		"created_at", "until", "reason") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.ID, w.UserID, w.ProjectID, w.Role, w.GranterID, scopeText(w.Scope), orNull(w.AgreerID), orNull(scopeText(w.AgreerScope)), tx.now, orNull(w.Until), w.Reason)
	return err
}

// WaitingGrant returns a grant that waits.
func (tx *Tx) WaitingGrant(ctx context.Context, id string) (identity.WaitingGrant, error) {
	w, err := scanWaiting(tx.row(ctx, selectWaiting+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("waiting_grant", id)
	}
	return w, err
}

// WaitingGrantsTo returns the grants that wait for a user, the oldest first.
func (tx *Tx) WaitingGrantsTo(ctx context.Context, user identity.UserID) ([]identity.WaitingGrant, error) {
	return list(ctx, tx, scanWaiting, selectWaiting+` WHERE "user_id" = ? ORDER BY "created_at", "project_id", "role_id"`, user)
}

// WaitingGrantsOn returns up to n grants on a project that wait, the newest first.
func (tx *Tx) WaitingGrantsOn(ctx context.Context, project identity.ProjectID, n int) ([]identity.WaitingGrant, error) {
	return list(ctx, tx, scanWaiting, selectWaiting+` WHERE "project_id" = ? ORDER BY "created_at" DESC, "user_id", "role_id" LIMIT ?`, project, n)
}

// DeleteWaitingGrant forgets a grant that waits, and tells whether it was there: of two transactions at once one takes it.
func (tx *Tx) DeleteWaitingGrant(ctx context.Context, id string) (there bool, err error) {
	n, err := tx.exec(ctx, `DELETE FROM "lintel_waiting_grant" WHERE "id" = ?`, id)
	return n > 0, err
}
