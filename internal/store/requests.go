package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// requestDetails is what is kept as JSON.
type requestDetails struct {
	Roles  []identity.RoleID `json:"roles"`
	Until  *time.Time        `json:"until,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Answer string            `json:"answer,omitempty"`
}

func detailsOf(r identity.GrantRequest) (string, error) {
	d := requestDetails{Roles: r.Roles, Reason: r.Reason, Answer: r.Answer}
	if !r.Until.IsZero() {
		d.Until = &r.Until
	}
	body, err := json.Marshal(d)
	return ascii(body), err
}

const selectRequest = `SELECT "id", "project_id", "user_id", "requester_id", "scope", "details", "state", "created_at", "expires_at", "decider_id", "decided_at"
	FROM "lintel_grant_request"`

func scanRequest(s scanner) (r identity.GrantRequest, err error) {
	var d requestDetails
	var scope string
	err = s.Scan(&r.ID, &r.ProjectID, &r.UserID, &r.RequesterID, &scope, jsonOf(&d), &r.State, timeOf{&r.CreatedAt}, timeOf{&r.ExpiresAt}, &r.DeciderID, timeOf{&r.DecidedAt})
	r.Scope, r.Roles, r.Reason, r.Answer = scopeOf(scope), d.Roles, d.Reason, d.Answer
	if d.Until != nil {
		r.Until = *d.Until
	}
	return r, err
}

// InsertGrantRequest writes a new request. An open one of the same requester for the same user and project is withdrawn.
func (tx *Tx) InsertGrantRequest(ctx context.Context, r identity.GrantRequest) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_grant_request" WHERE "expires_at" < ?`, tx.now.Add(-keepMembership)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `UPDATE "lintel_grant_request" SET "state" = ?, "decided_at" = ? WHERE "state" = ? AND "requester_id" = ? AND "user_id" = ? AND "project_id" = ?`,
		identity.RequestWithdrawn, tx.now, identity.RequestOpen, r.RequesterID, r.UserID, r.ProjectID)
	if err != nil {
		return err
	}
	details, err := detailsOf(r)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_grant_request" ("id", "project_id", "user_id", "requester_id", "scope", "details", "state", "created_at", "expires_at",
		"decider_id", "decided_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL)`,
		r.ID, r.ProjectID, r.UserID, r.RequesterID, scopeText(r.Scope), details, r.State, tx.now, r.ExpiresAt)
	return err
}

// DecideGrantRequest writes what has become of an open request, and tells whether it was open. Of two transactions at once one decides.
func (tx *Tx) DecideGrantRequest(ctx context.Context, r identity.GrantRequest) (open bool, err error) {
	details, err := detailsOf(r)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(ctx, `UPDATE "lintel_grant_request" SET "state" = ?, "details" = ?, "decider_id" = ?, "decided_at" = ? WHERE "id" = ? AND "state" = ? AND "expires_at" > ?`,
		r.State, details, r.DeciderID, tx.now, r.ID, identity.RequestOpen, tx.now)
	return n > 0, err
}

// GrantRequest returns a request.
func (tx *Tx) GrantRequest(ctx context.Context, id string) (identity.GrantRequest, error) {
	r, err := scanRequest(tx.row(ctx, selectRequest+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("grant_request", id)
	}
	return r, err
}

// GrantRequests returns the newest requests for a project, those of one requester unless that is empty, up to n.
func (tx *Tx) GrantRequests(ctx context.Context, project identity.ProjectID, requester identity.UserID, n int) ([]identity.GrantRequest, error) {
	where, args := ` WHERE "project_id" = ?`, []any{project}
	if requester != "" {
		where, args = where+` AND "requester_id" = ?`, append(args, requester)
	}
	return list(ctx, tx, scanRequest, selectRequest+where+` ORDER BY "created_at" DESC, "id" LIMIT ?`, append(args, n)...)
}
