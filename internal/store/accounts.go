package store

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// MainUser returns the main user of a project; empty when it has none.
func (tx *Tx) MainUser(ctx context.Context, project identity.ProjectID) (identity.UserID, error) {
	all, err := list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "lintel_main_user" WHERE "project_id" = ?`, project)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// SetMainUser makes a user the main user of a project.
func (tx *Tx) SetMainUser(ctx context.Context, project identity.ProjectID, user identity.UserID) error {
	_, err := tx.exec(ctx, tx.db.dialect.upsert("lintel_main_user", 1, []string{"project_id", "user_id", "created_at"}), project, user, tx.now)
	return err
}

// APIUser is what is known of an API user beside the account.
type APIUser struct {
	User      identity.UserID
	Project   identity.ProjectID
	Owner     identity.UserID // who made it
	CreatedAt time.Time
}

// InsertAPIUser notes for which project a new account was made, and by whom.
func (tx *Tx) InsertAPIUser(ctx context.Context, a APIUser) error {
	_, err := tx.exec(ctx, `INSERT INTO "lintel_api_user" ("user_id", "project_id", "owner_id", "created_at") VALUES (?, ?, ?, ?)`,
		a.User, a.Project, a.Owner, tx.now)
	return err
}

const apiUserColumns = `a."user_id", a."project_id", a."owner_id", a."created_at"`

func scanAPIUser(s scanner) (a APIUser, err error) {
	err = s.Scan(&a.User, &a.Project, &a.Owner, timeOf{&a.CreatedAt})
	return a, err
}

// APIUser returns an API user of a project. It fails with identity.NotFound.
func (tx *Tx) APIUser(ctx context.Context, project identity.ProjectID, user identity.UserID) (a APIUser, err error) {
	all, err := list(ctx, tx, scanAPIUser, `SELECT `+apiUserColumns+` FROM "lintel_api_user" a JOIN "user" u ON u."id" = a."user_id"
		WHERE a."user_id" = ? AND a."project_id" = ?`, user, project)
	if err == nil && len(all) == 0 {
		err = identity.Missing("user", user)
	}
	if err != nil {
		return a, err
	}
	return all[0], nil
}

// APIUsers returns a page of the API users of a project, by id, those whose names have a part. A marker is an id to begin after.
func (tx *Tx) APIUsers(ctx context.Context, project identity.ProjectID, name string, after identity.UserID, limit int) (page identity.Page[APIUser], err error) {
	where, args := `a."project_id" = ? AND a."user_id" > ?`, []any{project, after}
	if name != "" {
		where += ` AND LOWER(l."name") LIKE LOWER(?) ESCAPE '!'`
		args = append(args, "%"+like(name)+"%")
	}
	page.Items, err = list(ctx, tx, scanAPIUser, `SELECT `+apiUserColumns+` FROM "lintel_api_user" a
		JOIN "local_user" l ON l."user_id" = a."user_id" WHERE `+where+` ORDER BY a."user_id" LIMIT ?`, append(args, limit+1)...)
	if page.More = len(page.Items) > limit; page.More {
		page.Items = page.Items[:limit]
	}
	return page, err
}

// APIUserOff tells whether an API user was disabled by those who look after it.
func (tx *Tx) APIUserOff(ctx context.Context, user identity.UserID) (bool, error) {
	some, err := list(ctx, tx, column[int], `SELECT 1 FROM "lintel_api_user_off" WHERE "user_id" = ?`, user)
	return len(some) > 0, err
}

// PutAPIUserOff writes down whether it was.
func (tx *Tx) PutAPIUserOff(ctx context.Context, user identity.UserID, off bool) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_api_user_off" WHERE "user_id" = ?`, user); err != nil || !off {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_api_user_off" ("user_id") VALUES (?)`, user)
	return err
}

// MainProjects returns the projects whose main user somebody is, by name: all of them, or those where nobody else was granted
// a role but API users.
func (tx *Tx) MainProjects(ctx context.Context, user identity.UserID, alone bool) ([]identity.Project, error) {
	where := `SELECT m."project_id" FROM "lintel_main_user" m WHERE m."user_id" = ?`
	if alone {
		where += ` AND NOT EXISTS (SELECT 1 FROM "assignment" a WHERE a."target_id" = m."project_id" AND a."type" IN ('UserProject', 'GroupProject')
			AND a."actor_id" <> m."user_id" AND a."actor_id" NOT IN (SELECT "user_id" FROM "lintel_api_user"))`
	}
	return list(ctx, tx, scanProject, `SELECT `+projectColumns+` FROM "project" WHERE "id" IN (`+where+`) ORDER BY "name", "id"`, user)
}
