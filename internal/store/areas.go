package store

import (
	"context"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

func scanPortalUser(s scanner) (u identity.PortalUser, err error) {
	var areas string
	err = s.Scan(&u.UserID, &u.ProjectID, &areas)
	for a := range strings.FieldsSeq(areas) {
		u.Areas = append(u.Areas, identity.Area(a))
	}
	return u, err
}

const selectPortalUser = `SELECT "user_id", "project_id", "areas" FROM "lintel_portal_user"`

// AreasOf returns into which areas of a project's pages a user was let.
func (tx *Tx) AreasOf(ctx context.Context, project identity.ProjectID, user identity.UserID) ([]identity.Area, error) {
	all, err := list(ctx, tx, scanPortalUser, selectPortalUser+` WHERE "user_id" = ? AND "project_id" = ?`, user, project)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0].Areas, nil
}

// PutPortalUser lets a user into areas of a project's pages, and into no others; into none is out.
func (tx *Tx) PutPortalUser(ctx context.Context, u identity.PortalUser) error {
	if len(u.Areas) == 0 {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_portal_user" WHERE "user_id" = ? AND "project_id" = ?`, u.UserID, u.ProjectID)
		return err
	}
	words := make([]string, len(u.Areas))
	for i, a := range u.Areas {
		words[i] = string(a)
	}
	return tx.upsert(ctx, "lintel_portal_user", 2, []string{"user_id", "project_id", "areas", "created_at"}, u.UserID, u.ProjectID, strings.Join(words, " "), tx.now)
}

// PortalUsers returns a page of those who were let into areas of a project's pages, in the order of their ids.
func (tx *Tx) PortalUsers(ctx context.Context, project identity.ProjectID, q identity.Query) (identity.Page[identity.PortalUser], error) {
	var s selection
	s.also(`"project_id" = ?`, project)
	return page(ctx, tx, scanPortalUser, selectPortalUser, `"user_id"`, s, q)
}

// PortalProjects returns the projects into whose pages a user was let, by name.
func (tx *Tx) PortalProjects(ctx context.Context, user identity.UserID) ([]identity.Project, error) {
	return list(ctx, tx, scanProject, `SELECT `+projectColumns+` FROM "project" WHERE "enabled" AND
		"id" IN (SELECT "project_id" FROM "lintel_portal_user" WHERE "user_id" = ?) ORDER BY "name", "id"`, user)
}

// Stewards are the main users of the projects where a user may make API users in their stead, by project.
func (tx *Tx) Stewards(ctx context.Context, user identity.UserID) (map[identity.ProjectID]identity.UserID, error) {
	type steward struct {
		project identity.ProjectID
		main    identity.UserID
	}
	all, err := list(ctx, tx, func(s scanner) (v steward, err error) {
		err = s.Scan(&v.project, &v.main)
		return v, err
	},
		`SELECT m."project_id", m."user_id" FROM "lintel_portal_user" p JOIN "lintel_main_user" m ON m."project_id" = p."project_id"
		WHERE p."user_id" = ? AND CONCAT(' ', p."areas", ' ') LIKE ?`, user, "% "+string(identity.AreaAPIUsers)+" %")
	found := map[identity.ProjectID]identity.UserID{}
	for _, v := range all {
		found[v.project] = v.main
	}
	return found, err
}

// Steward is somebody who makes API users of a project in the stead of its main user.
type Steward struct {
	User, Main identity.UserID
	Project    identity.ProjectID
}

// StewardsAmong is Stewards for several users.
func (tx *Tx) StewardsAmong(ctx context.Context, users []identity.UserID) ([]Steward, error) {
	set, args := in(users)
	return list(ctx, tx, func(s scanner) (v Steward, err error) {
		err = s.Scan(&v.User, &v.Project, &v.Main)
		return v, err
	}, `SELECT p."user_id", m."project_id", m."user_id" FROM "lintel_portal_user" p JOIN "lintel_main_user" m ON m."project_id" = p."project_id"
		WHERE p."user_id" IN `+set+` AND CONCAT(' ', p."areas", ' ') LIKE ?`, append(args, "% "+string(identity.AreaAPIUsers)+" %")...)
}
