package store

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

// useful are the roles that put a role into a token: global ones, and those of domains that imply a global one.
const useful = `"useful" ("id") AS (SELECT "id" FROM "role" WHERE "domain_id" = ?
	UNION SELECT i."prior_role_id" FROM "implied_role" i JOIN "useful" u ON i."implied_role_id" = u."id"
	JOIN "role" p ON p."id" = i."prior_role_id")`

// reach is a set of grants, named "reach", by which a user, or one of some groups beside those that the database knows
// the user to be in, holds a useful role.
func (tx *Tx) reach(user identity.UserID, groups []identity.GroupID) (with string, args []any) {
	member, memberArgs := tx.groupsOf(user)
	extra, extraArgs := in(groups)
	lasts, now := tx.unended("assignment")
	return `WITH RECURSIVE ` + useful + `, "reach" ("type", "target_id", "inherited") AS (
		SELECT "type", "target_id", "inherited" FROM "assignment" WHERE ` + lasts + ` AND "role_id" IN (SELECT "id" FROM "useful") AND (
		"type" IN ('UserProject', 'UserDomain') AND "actor_id" = ? OR "type" IN ('GroupProject', 'GroupDomain') AND (
		"actor_id" IN ` + member + ` OR "actor_id" IN ` + extra + `)))`,
		slices.Concat([]any{identity.NoRoleDomain}, now, []any{user}, memberArgs, extraArgs)
}

// ProjectsOf returns a page of the projects on which a user holds a role that shows in a token, as EffectiveRoles finds
// it. Domains are left out: no token is scoped to one as a project. Filters: domain_id, name, enabled. A marker that is
// no project fails with identity.NotFound.
func (tx *Tx) ProjectsOf(ctx context.Context, user identity.UserID, groups []identity.GroupID, q identity.Query) (identity.Page[identity.Project], error) {
	none := identity.Page[identity.Project]{}
	if err := tx.checkMarker(ctx, "project", q); err != nil {
		return none, err
	}
	with, args := tx.reach(user, groups)
	with += `, "below" ("id") AS (
		SELECT "id" FROM "project" WHERE "parent_id" IN (SELECT "target_id" FROM "reach" WHERE "inherited" = ?)
		UNION SELECT p."id" FROM "project" p JOIN "below" b ON p."parent_id" = b."id") `
	s := selection{args: append(args, true)}
	s.also(`"is_domain" = ? AND ("id" IN (SELECT "id" FROM "below") OR "id" IN (
		SELECT "target_id" FROM "reach" WHERE "inherited" = ? AND "type" IN ('UserProject', 'GroupProject')))`, false, false)
	for _, f := range q.Filters {
		switch f.Attr {
		case "domain_id", "name":
			s.text(tx, `"`+f.Attr+`"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		}
	}
	found, err := page(ctx, tx, scanProject, with+selectProject, `"id"`, s, q)
	if err != nil {
		return none, err
	}
	return found, tx.completeProjects(ctx, found.Items)
}

// DomainsOf returns the domains on which a user holds a role that shows in a token, ordered by id.
func (tx *Tx) DomainsOf(ctx context.Context, user identity.UserID, groups []identity.GroupID) ([]identity.Domain, error) {
	with, args := tx.reach(user, groups)
	found, err := tx.projects(ctx, with+selectProject+` WHERE "domain_id" = ? AND "id" IN (
		SELECT "target_id" FROM "reach" WHERE "inherited" = ? AND "type" IN ('UserDomain', 'GroupDomain')) ORDER BY "id"`,
		append(args, identity.RootDomain, false)...)
	domains := make([]identity.Domain, len(found))
	for i, p := range found {
		domains[i] = p.AsDomain()
	}
	return domains, err
}

// Realms returns the enabled domains on which a user holds a role that shows in a token, with id and name alone and in the
// order of names, and tells whether the user holds one on the system. It takes one statement.
func (tx *Tx) Realms(ctx context.Context, user identity.UserID, groups []identity.GroupID) (domains []identity.Domain, system bool, err error) {
	with, args := tx.reach(user, groups)
	member, memberArgs := tx.groupsOf(user)
	extra, extraArgs := in(groups)
	lasts, now := tx.unended("system_assignment")
	rows, err := list(ctx, tx, func(s scanner) (d identity.Domain, err error) {
		err = s.Scan(&d.ID, &d.Name)
		d.Enabled = true
		return d, err
	}, with+`SELECT "id", "name" FROM "project" WHERE "domain_id" = ? AND "enabled" = ? AND "id" IN (
		SELECT "target_id" FROM "reach" WHERE "inherited" = ? AND "type" IN ('UserDomain', 'GroupDomain'))
		UNION SELECT '', '' FROM "system_assignment" WHERE `+lasts+` AND "role_id" IN (SELECT "id" FROM "useful") AND (
		"type" = 'UserSystem' AND "actor_id" = ? OR "type" = 'GroupSystem' AND ("actor_id" IN `+member+` OR "actor_id" IN `+extra+`))
		ORDER BY 2, 1`, slices.Concat(args, []any{identity.RootDomain, true, false}, now, []any{user}, memberArgs, extraArgs)...)
	for _, d := range rows {
		if d.ID == "" {
			system = true
		} else {
			domains = append(domains, d)
		}
	}
	return domains, system, err
}
