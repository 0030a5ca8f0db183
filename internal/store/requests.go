package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// requestDetails is what is kept as JSON.
type requestDetails struct {
	Roles        []identity.RoleID     `json:"roles"`
	Group        identity.GroupID      `json:"group,omitempty"`
	Invitation   identity.InvitationID `json:"invitation,omitempty"`
	Address      string                `json:"address,omitempty"`
	Domain       bool                  `json:"domain,omitempty"` // the project is one that acts as a domain
	Inherited    bool                  `json:"inherited,omitempty"`
	Revoke       bool                  `json:"revoke,omitempty"`
	New          bool                  `json:"new,omitempty"`
	OnceFactor   bool                  `json:"once_factor,omitempty"`
	Until        *time.Time            `json:"until,omitempty"`
	Reason       string                `json:"reason,omitempty"`
	Answer       string                `json:"answer,omitempty"`
	DeciderScope string                `json:"decider_scope,omitempty"`
}

func detailsOf(r identity.GrantRequest) (string, error) {
	d := requestDetails{Roles: r.Roles, Group: r.GroupID, Invitation: r.InvitationID, Address: r.Address, Domain: r.DomainID != "", Inherited: r.Inherited, Revoke: r.Revoke, New: r.New, OnceFactor: r.OnceFactor,
		Reason: r.Reason, Answer: r.Answer, DeciderScope: scopeText(r.DeciderScope)}
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
	r.Scope, r.Roles, r.Reason, r.Answer, r.DeciderScope = scopeOf(scope), d.Roles, d.Reason, d.Answer, scopeOf(d.DeciderScope)
	r.GroupID, r.InvitationID, r.Address, r.Inherited, r.Revoke, r.New, r.OnceFactor = d.Group, d.Invitation, d.Address, d.Inherited, d.Revoke, d.New, d.OnceFactor
	if d.Domain {
		r.ProjectID, r.DomainID = "", identity.DomainID(r.ProjectID)
	}
	if r.InvitationID != "" || r.GroupID != "" && string(r.UserID) == string(r.GroupID) {
		r.UserID = ""
	}
	if d.Until != nil {
		r.Until = *d.Until
	}
	return r, err
}

// requestFor is whom a request is for, as its row says it: a user, a group or an invitation.
func requestFor(r identity.GrantRequest) string {
	return cmp.Or(string(r.InvitationID), string(r.UserID), string(r.GroupID))
}

// InsertGrantRequest writes a new request. An open one of the same requester for the same user, group or invitation and the same place is
// withdrawn, if it is to grant as this one, or as this one to take back.
func (tx *Tx) InsertGrantRequest(ctx context.Context, r identity.GrantRequest) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_grant_request" WHERE "expires_at" < ?`, tx.now.Add(-keepMembership)); err != nil {
		return err
	}
	open, err := list(ctx, tx, scanRequest, selectRequest+` WHERE "state" = ? AND "requester_id" = ? AND "user_id" = ? AND "project_id" = ?`,
		identity.RequestOpen, r.RequesterID, requestFor(r), r.On())
	if err != nil {
		return err
	}
	for _, old := range open {
		if old.GroupID != r.GroupID || old.Inherited != r.Inherited || old.Revoke != r.Revoke {
			continue
		}
		if _, err := tx.exec(ctx, `UPDATE "lintel_grant_request" SET "state" = ?, "decided_at" = ? WHERE "id" = ?`, identity.RequestWithdrawn, tx.now, old.ID); err != nil {
			return err
		}
	}
	details, err := detailsOf(r)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_grant_request" ("id", "project_id", "user_id", "requester_id", "scope", "details", "state", "created_at", "expires_at",
		"decider_id", "decided_at") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL)`,
		r.ID, r.On(), requestFor(r), r.RequesterID, scopeText(r.Scope), details, r.State, tx.now, r.ExpiresAt)
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

// GrantRequestsTo returns up to n open requests for a user, or a group that they are in, to have something, the oldest first.
func (tx *Tx) GrantRequestsTo(ctx context.Context, user identity.UserID, n int) ([]identity.GrantRequest, error) {
	groups, _, err := tx.GroupIDs(ctx, user)
	if err != nil {
		return nil, err
	}
	whose := []string{string(user)}
	for _, g := range groups {
		whose = append(whose, string(g))
	}
	set, args := in(whose)
	all, err := list(ctx, tx, scanRequest, selectRequest+` WHERE "user_id" IN `+set+` AND "state" = ? AND "expires_at" > ? ORDER BY "created_at", "id" LIMIT ?`,
		append(args, identity.RequestOpen, tx.now, n)...)
	return slices.DeleteFunc(all, func(r identity.GrantRequest) bool { return r.Revoke || r.InvitationID != "" }), err
}

// GrantRequestsBy returns up to n requests that somebody made, the newest first.
func (tx *Tx) GrantRequestsBy(ctx context.Context, requester identity.UserID, n int) ([]identity.GrantRequest, error) {
	return list(ctx, tx, scanRequest, selectRequest+` WHERE "requester_id" = ? ORDER BY "created_at" DESC, "id" LIMIT ?`, requester, n)
}

// GrantRequests returns the newest requests for a project, or for what acts as a domain, those of one requester unless that is empty, up to n.
func (tx *Tx) GrantRequests(ctx context.Context, project identity.ProjectID, requester identity.UserID, n int) ([]identity.GrantRequest, error) {
	where, args := ` WHERE "project_id" = ?`, []any{project}
	if requester != "" {
		where, args = where+` AND "requester_id" = ?`, append(args, requester)
	}
	return list(ctx, tx, scanRequest, selectRequest+where+` ORDER BY "created_at" DESC, "id" LIMIT ?`, append(args, n)...)
}
