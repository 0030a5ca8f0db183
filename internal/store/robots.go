package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

// Robots returns what logs in for a user, or in their name, when they are not there: application credentials, EC2 keys, trusts that
// they gave and OAuth access tokens, as far as they have not ended, by kind and name.
func (tx *Tx) Robots(ctx context.Context, user identity.UserID) ([]identity.Robot, error) {
	return tx.robots(ctx, robotUsers, string(user), ``)
}

// SuspendedOn returns up to n of those that log in to a project and may not beside a second factor; see Robots.
func (tx *Tx) SuspendedOn(ctx context.Context, project identity.ProjectID, n int) ([]identity.Robot, error) {
	return tx.robots(ctx, robotProjects, string(project), ` WHERE r."id" IS NULL`, n)
}

// By what robots are chosen: the column of each of their tables.
var (
	robotUsers    = [...]string{"user_id", "user_id", "trustor_user_id", "authorizing_user_id"}
	robotProjects = [...]string{"project_id", "project_id", "project_id", "project_id"}
)

func (tx *Tx) robots(ctx context.Context, by [4]string, of, where string, limit ...int) ([]identity.Robot, error) {
	now := tx.now
	stmt := `SELECT a."kind", a."id", a."name", a."project_id", a."user_id", p."name", r."stand", r."reason" FROM (
		SELECT 'application_credential' AS "kind", "id", "name", "project_id", "user_id" FROM "application_credential" WHERE "` + by[0] + `" = ? AND ("expires_at" IS NULL OR "expires_at" > ?)
		UNION ALL SELECT 'credential', "id", '', "project_id", "user_id" FROM "credential" WHERE "` + by[1] + `" = ? AND "type" = 'ec2'
		UNION ALL SELECT 'OS-TRUST:trust', "id", '', "project_id", "trustor_user_id" FROM "trust" WHERE "` + by[2] + `" = ? AND "deleted_at" IS NULL
			AND ("expires_at_int" > ? OR "expires_at_int" IS NULL AND ("expires_at" IS NULL OR "expires_at" > ?))
		UNION ALL SELECT 'OS-OAUTH1:access_token', "id", '', "project_id", "authorizing_user_id" FROM "access_token" WHERE "` + by[3] + `" = ? AND ("expires_at" IS NULL OR "expires_at" > ?)
		) a LEFT JOIN "project" p ON p."id" = a."project_id" LEFT JOIN "lintel_robot" r ON r."kind" = a."kind" AND r."id" = a."id"` + where + `
		ORDER BY a."kind", a."name", a."id"`
	args := []any{of, micros(tx.now), of, of, micros(tx.now), tx.now, of, isoText(&now)}
	for _, n := range limit {
		stmt, args = stmt+` LIMIT ?`, append(args, n)
	}
	return list(ctx, tx, func(s scanner) (r identity.Robot, err error) {
		err = s.Scan(&r.Kind, &r.ID, &r.Name, textOf(&r.ProjectID), textOf(&r.UserID), textOf(&r.Project), textOf(&r.Stand), textOf(&r.Reason))
		return r, err
	}, stmt, args...)
}

// Stand tells whether something that logs in for a user may do so beside their second factor; empty when it may not.
func (tx *Tx) Stand(ctx context.Context, kind, id string) (stand string, err error) {
	err = tx.row(ctx, `SELECT "stand" FROM "lintel_robot" WHERE "kind" = ? AND "id" = ?`, kind, id).Scan(&stand)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return stand, err
}

// PutStand lets something log in for a user beside their second factor; an empty stand ends that.
func (tx *Tx) PutStand(ctx context.Context, user identity.UserID, r identity.Robot) error {
	tx.touch(r.Kind, r.ID)
	if r.Stand == "" {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_robot" WHERE "kind" = ? AND "id" = ?`, r.Kind, r.ID)
		return err
	}
	return tx.upsert(ctx, "lintel_robot", 2, []string{"kind", "id", "user_id", "stand", "reason", "since"}, r.Kind, r.ID, user, r.Stand, r.Reason, tx.now)
}

// SuspendedRobots counts EC2 keys and trusts of users who set a second factor up, and neither made them with it nor keep them. A
// Keystone on this database would take them.
func (db *DB) SuspendedRobots(ctx context.Context) (n int, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.row(ctx, `SELECT
			(SELECT COUNT(*) FROM "credential" c JOIN "lintel_factor" f ON f."user_id" = c."user_id" AND f."own_rules" WHERE c."type" = 'ec2'
				AND NOT EXISTS (SELECT 1 FROM "lintel_robot" r WHERE r."kind" = 'credential' AND r."id" = c."id")) +
			(SELECT COUNT(*) FROM "trust" t JOIN "lintel_factor" f ON f."user_id" = t."trustor_user_id" AND f."own_rules" WHERE t."deleted_at" IS NULL
				AND NOT EXISTS (SELECT 1 FROM "lintel_robot" r WHERE r."kind" = 'OS-TRUST:trust' AND r."id" = t."id"))`).Scan(&n)
	})
	return n, err
}
