package store

import (
	"context"
	"database/sql"

	"github.com/lintel-id/lintel/internal/identity"
)

const roleColumns = `"id", "name", "domain_id", "description", "extra"`

func scanRole(s scanner) (r identity.Role, err error) {
	var description sql.NullString
	err = s.Scan(&r.ID, &r.Name, &r.DomainID, &description, jsonOf(&r.Extra))
	if r.DomainID == identity.NoRoleDomain {
		r.DomainID = ""
	}
	if description.Valid {
		r.Description = &description.String
	}
	return r, err
}

// EffectiveRoles returns the global roles that a user holds on a scope, directly, through a group, by inheritance from
// a domain or project above, or implied by another role; ordered by name. groups are memberships that the database does
// not know of. The answer takes one statement, however many grants, groups, parents and implied roles there are.
// Options of the roles are not read.
func (tx *Tx) EffectiveRoles(ctx context.Context, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Role, error) {
	var grants string
	var args []any
	extra, extraArgs := in(groups)
	member := `IN (SELECT "group_id" FROM "user_group_membership" WHERE "user_id" = ?)`
	actor := func(kind string) string {
		args = append(args, kind, user)
		return `"type" = ? AND "actor_id" = ?`
	}
	group := func(kind string) string {
		args = append(args, kind, user)
		args = append(args, extraArgs...)
		return `"type" = ? AND ("actor_id" ` + member + ` OR "actor_id" IN ` + extra + `)`
	}
	const from = `SELECT "role_id" FROM "assignment" WHERE `
	above := ""
	switch scope.Kind() {
	case identity.SystemScoped:
		grants = `SELECT "role_id" FROM "system_assignment" WHERE ` + actor("UserSystem") +
			` UNION SELECT "role_id" FROM "system_assignment" WHERE ` + group("GroupSystem")
	case identity.DomainScoped:
		onTarget := func(who string) string {
			args = append(args, scope.DomainID(), false)
			return from + who + ` AND "target_id" = ? AND "inherited" = ?`
		}
		grants = onTarget(actor("UserDomain")) + ` UNION ` + onTarget(group("GroupDomain"))
	case identity.ProjectScoped:
		above = `"above" ("id", "parent_id") AS (
			SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" a ON p."id" = a."parent_id"), `
		args = append(args, scope.ProjectID())
		onTarget := func(who string) string {
			args = append(args, scope.ProjectID(), false)
			return from + who + ` AND "target_id" = ? AND "inherited" = ?`
		}
		inherited := func(who string) string {
			args = append(args, true, scope.ProjectID())
			return from + who + ` AND "inherited" = ? AND "target_id" IN (SELECT "id" FROM "above" WHERE "id" <> ?)`
		}
		grants = onTarget(actor("UserProject")) + ` UNION ` + onTarget(group("GroupProject")) +
			` UNION ` + inherited(actor("UserProject")) + ` UNION ` + inherited(group("GroupProject")) +
			` UNION ` + inherited(actor("UserDomain")) + ` UNION ` + inherited(group("GroupDomain"))
	default:
		return nil, nil
	}
	stmt := `WITH RECURSIVE ` + above + `"granted" ("role_id") AS (` + grants + `), "held" ("role_id") AS (
		SELECT "role_id" FROM "granted"
		UNION SELECT i."implied_role_id" FROM "implied_role" i JOIN "held" h ON i."prior_role_id" = h."role_id")
		SELECT ` + roleColumns + ` FROM "role" WHERE "id" IN (SELECT "role_id" FROM "held") AND "domain_id" = ? ORDER BY "name"`
	return list(ctx, tx, scanRole, stmt, append(args, identity.NoRoleDomain)...)
}
