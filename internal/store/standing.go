package store

import (
	"context"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// LockAccount keeps others from giving a user more power until the transaction ends: by a grant to the user or to a group of
// theirs, by a group, or by what roles imply. It must come before anything else is read. A transaction that began before one
// that does so ended fails and is run again.
func (tx *Tx) LockAccount(ctx context.Context, user identity.UserID) error {
	if _, err := tx.lock(ctx, "user", string(user)); err != nil {
		return err
	}
	if tx.db.dialect == sqlite {
		return nil // one transaction writes at a time
	}
	_, err := list(ctx, tx, column[string], `SELECT "id" FROM "group" WHERE "id" IN
		(SELECT "group_id" FROM "user_group_membership" WHERE "user_id" = ?) ORDER BY "id" FOR UPDATE`, user)
	return err
}

// LockGroup is LockAccount for a group whose members could get more power.
func (tx *Tx) LockGroup(ctx context.Context, group identity.GroupID) error {
	_, err := tx.lock(ctx, "group", string(group))
	return err
}

// Trusted returns the roles that a user may take up by trusts, each as a grant on the trust's project.
func (tx *Tx) Trusted(ctx context.Context, user identity.UserID) ([]identity.Grant, error) {
	return tx.trusted(ctx, []identity.UserID{user}, "")
}

// TrustedOn returns the roles that users may take up by trusts on a project.
func (tx *Tx) TrustedOn(ctx context.Context, project identity.ProjectID, users []identity.UserID) ([]identity.Grant, error) {
	return tx.trusted(ctx, users, ` AND t."project_id" = ?`, project)
}

func (tx *Tx) trusted(ctx context.Context, users []identity.UserID, and string, more ...any) ([]identity.Grant, error) {
	set, args := in(users)
	return list(ctx, tx, func(s scanner) (g identity.Grant, err error) {
		err = s.Scan(&g.User, &g.Project, &g.Role)
		return g, err
	}, `SELECT t."trustee_user_id", t."project_id", r."role_id" FROM "trust" t JOIN "trust_role" r ON r."trust_id" = t."id"
		WHERE t."trustee_user_id" IN `+set+` AND t."deleted_at" IS NULL AND t."project_id" IS NOT NULL
		AND (t."remaining_uses" IS NULL OR t."remaining_uses" > 0)
		AND (t."expires_at_int" IS NULL AND (t."expires_at" IS NULL OR t."expires_at" >= ?) OR t."expires_at_int" >= ?)`+and+` ORDER BY 1, 2, 3`,
		slices.Concat(args, []any{tx.now, micros(tx.now)}, more)...)
}

// Lineage returns projects, or projects that act as domains, and all that is above them, by id; without tags and options.
func (tx *Tx) Lineage(ctx context.Context, ids []identity.ProjectID) (map[identity.ProjectID]identity.Project, error) {
	all := map[identity.ProjectID]identity.Project{}
	for some := range slices.Chunk(ids, maxIn) {
		set, args := in(some)
		rows, err := list(ctx, tx, scanProject, `WITH RECURSIVE "up" ("id", "parent_id") AS (SELECT "id", "parent_id" FROM "project" WHERE "id" IN `+set+`
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "up" u ON p."id" = u."parent_id")
			`+selectProject+` WHERE "id" IN (SELECT "id" FROM "up") AND "id" <> ?`, append(args, identity.RootDomain)...)
		if err != nil {
			return nil, err
		}
		for _, p := range rows {
			all[p.ID] = p
		}
	}
	return all, nil
}

// GrantsWithin returns the grants on a project or domain and on all below it, with those on the domain itself for one.
func (tx *Tx) GrantsWithin(ctx context.Context, project identity.ProjectID) ([]identity.Grant, error) {
	lasts, now := tx.unended("assignment")
	return list(ctx, tx, scanGrant, `WITH RECURSIVE "inside" ("id") AS (SELECT "id" FROM "project" WHERE "id" = ?
		UNION SELECT p."id" FROM "project" p JOIN "inside" i ON p."parent_id" = i."id")
		SELECT CONCAT("type", ''), "actor_id", "target_id", "role_id", "inherited" FROM "assignment"
		WHERE "target_id" IN (SELECT "id" FROM "inside") AND `+lasts+` ORDER BY 1, 2, 3, 4, 5`, append([]any{project}, now...)...)
}

// HoldersElsewhere returns those of some users who have one of some roles by a grant to themselves or to a group, other than the
// grants left out, with the role by which they do.
func (tx *Tx) HoldersElsewhere(ctx context.Context, users []identity.UserID, roles []identity.RoleID, but func(identity.Grant) bool) (map[identity.UserID]map[identity.RoleID]bool, error) {
	what, args := in(roles)
	found := map[identity.UserID]map[identity.RoleID]bool{}
	err := tx.heldBy(ctx, users, ` AND "role_id" IN `+what, args, func(user identity.UserID, g identity.Grant) {
		if but(g) {
			return
		}
		if found[user] == nil {
			found[user] = map[identity.RoleID]bool{}
		}
		found[user][g.Role] = true
	})
	return found, err
}

// HeldByAll returns the grants by which users hold something: those to themselves and to groups that they are in.
func (tx *Tx) HeldByAll(ctx context.Context, users []identity.UserID) (map[identity.UserID][]identity.Grant, error) {
	found := map[identity.UserID][]identity.Grant{}
	err := tx.heldBy(ctx, users, "", nil, func(user identity.UserID, g identity.Grant) { found[user] = append(found[user], g) })
	return found, err
}

// heldBy reads the grants by which users hold something, as far as these pass a condition.
func (tx *Tx) heldBy(ctx context.Context, users []identity.UserID, and string, andArgs []any, do func(identity.UserID, identity.Grant)) error {
	lives, more := tx.lives()
	for some := range slices.Chunk(users, maxIn) {
		who, args := in(some)
		part := func(table, users, groups string) (string, []any) {
			lasts, now := tx.unended(table)
			const columns = `SELECT CONCAT("type", ''), "actor_id", "target_id", "role_id", "inherited", `
			from := ` FROM "` + table + `" `
			where := and + ` AND ` + lasts
			rest := slices.Concat(andArgs, now)
			return columns + `"actor_id"` + from + `WHERE "type" IN (` + users + `) AND "actor_id" IN ` + who + where +
					` UNION ALL ` + columns + `g."user_id"` + from + `JOIN "user_group_membership" g ON g."group_id" = "actor_id"
					WHERE "type" IN (` + groups + `) AND g."user_id" IN ` + who + where +
					` UNION ALL ` + columns + `m."user_id"` + fromExpiring + ` JOIN "` + table + `" ON "actor_id" = m."group_id"
					WHERE "type" IN (` + groups + `) AND m."user_id" IN ` + who + ` AND ` + lives + where,
				slices.Concat(args, rest, args, rest, args, more, rest)
		}
		usual, first := part("assignment", `'UserProject', 'UserDomain'`, `'GroupProject', 'GroupDomain'`)
		system, second := part("system_assignment", `'UserSystem'`, `'GroupSystem'`)
		_, err := list(ctx, tx, func(s scanner) (none struct{}, err error) {
			var user identity.UserID
			g, err := scanGrant(also{s, []any{&user}})
			if err == nil {
				do(user, g)
			}
			return none, err
		}, usual+` UNION ALL `+system, slices.Concat(first, second)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// ConferredBy returns the grants to groups.
func (tx *Tx) ConferredBy(ctx context.Context, groups []identity.GroupID) (map[identity.GroupID][]identity.Grant, error) {
	set, args := in(groups)
	part := func(table, kinds string) (string, []any) {
		lasts, now := tx.unended(table)
		return `SELECT CONCAT("type", ''), "actor_id", "target_id", "role_id", "inherited" FROM "` + table + `" WHERE "type" IN (` + kinds + `) AND "actor_id" IN ` + set + ` AND ` + lasts,
			slices.Concat(args, now)
	}
	usual, first := part("assignment", `'GroupProject', 'GroupDomain'`)
	system, second := part("system_assignment", `'GroupSystem'`)
	all, err := list(ctx, tx, scanGrant, usual+` UNION ALL `+system, append(first, second...)...)
	found := map[identity.GroupID][]identity.Grant{}
	for _, g := range all {
		found[g.Group] = append(found[g.Group], g)
	}
	return found, err
}

// TrustedTo is Trusted for several users.
func (tx *Tx) TrustedTo(ctx context.Context, users []identity.UserID) ([]identity.Grant, error) {
	return tx.trusted(ctx, users, "")
}

// EnabledHolder tells whether there is somebody enabled who has one of some roles for good, by a grant to themselves or to a
// group that they are in for good, on what is enabled: anywhere, or on a domain or project, the grants from above included.
func (tx *Tx) EnabledHolder(ctx context.Context, roles identity.TierRoles, on identity.ProjectID) (bool, error) {
	const able = ` JOIN "project" d ON d."id" = u."domain_id" WHERE u."enabled" = ? AND d."enabled" = ? AND NOT EXISTS (
		SELECT 1 FROM "lintel_grant_meta" e WHERE e."actor_id" = a."actor_id" AND e."target_id" = a."target_id" AND e."role_id" = a."role_id"
		AND e."inherited" = a."inherited" AND e."type" = CONCAT(a."type", '') AND e."expires_at" IS NOT NULL) AND `
	able2 := []any{true, true}
	part := func(table, users, groups, enabled, where string, args []any) (string, []any) {
		one := slices.Concat(able2, args)
		return `SELECT 1 FROM "` + table + `" a JOIN "user" u ON u."id" = a."actor_id" AND a."type" IN (` + users + `)` + enabled + able + where +
				` UNION ALL SELECT 1 FROM "` + table + `" a JOIN "user_group_membership" g ON g."group_id" = a."actor_id" AND a."type" IN (` + groups + `)
				JOIN "user" u ON u."id" = g."user_id"` + enabled + able + where,
			slices.Concat(one, one)
	}
	projects, args := in(roles.Project)
	domains, more := in(roles.Domain)
	where := `(a."role_id" IN ` + projects + ` AND (a."inherited" = ? OR a."type" IN ('UserProject', 'GroupProject'))
		OR a."role_id" IN ` + domains + ` AND a."inherited" = ? AND a."type" IN ('UserDomain', 'GroupDomain'))`
	args = slices.Concat(args, []any{true}, more, []any{false})
	with := ""
	if on != "" {
		with = `WITH RECURSIVE "above" ("id", "parent_id") AS (SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" x ON p."id" = x."parent_id") `
		where += ` AND (a."target_id" = ? AND a."inherited" = ? OR a."target_id" IN (SELECT "id" FROM "above" WHERE "id" <> ?) AND a."inherited" = ?)`
		args = append(args, on, false, on, true)
	}
	const enabled = ` JOIN "project" t ON t."id" = a."target_id" AND t."enabled" = TRUE
		JOIN "project" td ON td."id" = COALESCE(NULLIF(t."domain_id", '` + string(identity.RootDomain) + `'), t."id") AND td."enabled" = TRUE`
	stmt, all := part("assignment", `'UserProject', 'UserDomain'`, `'GroupProject', 'GroupDomain'`, enabled, where, args)
	if on == "" {
		set, args := in(roles.System)
		system, more := part("system_assignment", `'UserSystem'`, `'GroupSystem'`, "", `a."role_id" IN `+set, args)
		stmt, all = stmt+` UNION ALL `+system, append(all, more...)
	} else {
		all = append([]any{on}, all...)
	}
	found, err := list(ctx, tx, column[int], with+stmt+` LIMIT 1`, all...)
	return len(found) > 0, err
}

// RolesWithin returns which roles somebody of a domain, or of any if that is empty, has where, each once, as grants without an
// actor: by grants to users of the domain or to groups that they are in.
func (tx *Tx) RolesWithin(ctx context.Context, domain identity.DomainID) ([]identity.Grant, error) {
	var parts []string
	var args []any
	for _, t := range []struct{ table, users, groups string }{
		{"assignment", `'UserProject', 'UserDomain'`, `'GroupProject', 'GroupDomain'`}, {"system_assignment", `'UserSystem'`, `'GroupSystem'`},
	} {
		lasts, now := tx.unended(t.table)
		columns := `SELECT CONCAT("` + t.table + `"."type", ''), '', "target_id", "role_id", "inherited" FROM "` + t.table + `" `
		parts = append(parts,
			columns+`JOIN "user" u ON u."id" = "actor_id" WHERE "type" IN (`+t.users+`) AND ? IN (u."domain_id", '') AND `+lasts,
			columns+`JOIN "user_group_membership" m ON m."group_id" = "actor_id" JOIN "user" u ON u."id" = m."user_id"
			WHERE "type" IN (`+t.groups+`) AND ? IN (u."domain_id", '') AND `+lasts)
		args = slices.Concat(args, []any{domain}, now, []any{domain}, now)
	}
	return list(ctx, tx, scanGrant, strings.Join(parts, ` UNION `), args...)
}
