package store

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

// PeopleFilter chooses among the people of a project, and where their list begins and ends.
type PeopleFilter struct {
	Name      string          // a part of the name, in any case, or the whole id
	Inherited bool            // those who have a role from above
	Role      identity.RoleID // those who have this role, if only because another brings it along
	After     identity.UserID
	Limit     int
}

// PeopleCount tells how many people have a role on a project, how many of these have one from above, and how many groups
// have one, and how many open invitations there are.
type PeopleCount struct{ All, Inherited, Groups, Invited int }

// nameOfUser is what a user is called, wherever that is kept.
const nameOfUser = `COALESCE(l."name", n."name", (SELECT MIN(f."display_name") FROM "federated_user" f WHERE f."user_id" = u."id"), '')`

const fromUsers = ` FROM "user" u LEFT JOIN "local_user" l ON l."user_id" = u."id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"`

// holders are two sets: "onto", the grants that count on a project, and "holder", who has them: the users themselves and the
// members of the groups.
func (tx *Tx) holders(project identity.ProjectID) (with string, args []any) {
	lives, more := tx.lives()
	lasts, now := tx.unended("assignment")
	const grants, columns = `"type" IN ('UserProject', 'GroupProject')`, `"type", "actor_id", "target_id", "role_id", "inherited"`
	return `WITH RECURSIVE "above" ("id", "parent_id") AS (SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
		UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" a ON p."id" = a."parent_id"),
		"onto" (` + columns + `) AS (SELECT CONCAT("type", ''), "actor_id", "target_id", "role_id", "inherited" FROM "assignment"
		WHERE ("inherited" = ? AND ` + grants + ` AND "target_id" = ?
		OR "inherited" = ? AND "target_id" IN (SELECT "id" FROM "above") AND "target_id" <> ?) AND ` + lasts + `),
		"holder" ("user_id", ` + columns + `) AS (SELECT "actor_id", ` + columns + ` FROM "onto" WHERE "type" IN ('UserProject', 'UserDomain')
		UNION SELECT m."user_id", o."type", o."actor_id", o."target_id", o."role_id", o."inherited" FROM "onto" o
		JOIN "user_group_membership" m ON m."group_id" = o."actor_id" WHERE o."type" IN ('GroupProject', 'GroupDomain')
		UNION SELECT m."user_id", o."type", o."actor_id", o."target_id", o."role_id", o."inherited"` + fromExpiring + `
		JOIN "onto" o ON o."actor_id" = m."group_id" WHERE o."type" IN ('GroupProject', 'GroupDomain') AND ` + lives + `) `,
		slices.Concat([]any{project, false, project, true, project}, now, more)
}

// PeopleOf returns a page of the users who have a role on a project, in the order of their names, without what is not in their
// own rows. A filter that begins after a user who is not there fails with identity.NotFound.
func (tx *Tx) PeopleOf(ctx context.Context, project identity.ProjectID, f PeopleFilter) (page identity.Page[identity.UserID], err error) {
	with, args := tx.holders(project)
	s := selection{args: args}
	if f.Inherited {
		s.also(`u."id" IN (SELECT "user_id" FROM "holder" WHERE "inherited" = ?)`, true)
	} else {
		s.also(`u."id" IN (SELECT "user_id" FROM "holder")`)
	}
	if f.Role != "" {
		with += effectively
		s.also(`u."id" IN (SELECT "user_id" FROM "effective" WHERE "role_id" = ?)`, f.Role)
	}
	if f.Name != "" {
		s.also(`(u."id" = ? OR LOWER(`+nameOfUser+`) LIKE LOWER(?) ESCAPE '!')`, f.Name, "%"+like(f.Name)+"%")
	}
	if f.After != "" {
		labels, err := tx.Labels(ctx, []Key{{"user", string(f.After)}})
		if err != nil {
			return page, err
		}
		last, there := labels[Key{"user", string(f.After)}]
		if !there {
			return page, identity.Missing("user", f.After)
		}
		s.also(`(`+nameOfUser+` > ? OR `+nameOfUser+` = ? AND u."id" > ?)`, last.Name, last.Name, f.After)
	}
	stmt := with + `SELECT u."id"` + fromUsers + s.sql() + ` ORDER BY ` + nameOfUser + `, u."id" LIMIT ?`
	page.Items, err = list(ctx, tx, column[identity.UserID], stmt, append(s.args, f.Limit+1)...)
	if page.More = len(page.Items) > f.Limit; page.More {
		page.Items = page.Items[:f.Limit]
	}
	return page, err
}

// effectively goes on after holders with the set "effective": who has which roles in the end.
const effectively = `, "effective" ("user_id", "role_id") AS (SELECT "user_id", "role_id" FROM "holder"
	UNION SELECT e."user_id", i."implied_role_id" FROM "effective" e JOIN "implied_role" i ON i."prior_role_id" = e."role_id"
	JOIN "role" p ON p."id" = i."prior_role_id") `

// CountHolders counts, for each role that anybody has on a project in the end, the people who have it.
func (tx *Tx) CountHolders(ctx context.Context, project identity.ProjectID) (map[identity.RoleID]int, error) {
	with, args := tx.holders(project)
	counts := map[identity.RoleID]int{}
	_, err := list(ctx, tx, func(s scanner) (none struct{}, err error) {
		var role identity.RoleID
		var n int
		err = s.Scan(&role, &n)
		counts[role] = n
		return none, err
	}, with+effectively+`SELECT e."role_id", COUNT(*) FROM "effective" e JOIN "user" u ON u."id" = e."user_id" GROUP BY e."role_id"`, args...)
	return counts, err
}

// CountPeople counts the people of a project.
func (tx *Tx) CountPeople(ctx context.Context, project identity.ProjectID) (n PeopleCount, err error) {
	with, args := tx.holders(project)
	err = tx.row(ctx, with+`SELECT (SELECT COUNT(*) FROM "user" WHERE "id" IN (SELECT "user_id" FROM "holder")),
		(SELECT COUNT(*) FROM "user" WHERE "id" IN (SELECT "user_id" FROM "holder" WHERE "inherited" = ?)),
		(SELECT COUNT(*) FROM "group" WHERE "id" IN (SELECT "actor_id" FROM "onto" WHERE "type" IN ('GroupProject', 'GroupDomain'))),
		(SELECT COUNT(*) FROM "lintel_invitation" WHERE "project_id" = ? AND "state" = 'open')`,
		append(args, true, project)...).Scan(&n.All, &n.Inherited, &n.Groups, &n.Invited)
	return n, err
}

// HoldingsOf returns what some users have on a project by grants: those of the project itself as they are, those of above and of
// groups as the users' own, with what they came through.
func (tx *Tx) HoldingsOf(ctx context.Context, project identity.ProjectID, users []identity.UserID) ([]identity.Assignment, error) {
	if len(users) > maxIn {
		return nil, errors.New("more users are asked for than a page has")
	}
	with, args := tx.holders(project)
	set, more := in(users)
	return list(ctx, tx, func(s scanner) (a identity.Assignment, err error) {
		var user identity.UserID
		g, err := scanGrant(also{s, []any{&user}})
		a.Grant = identity.Grant{Role: g.Role, User: user, Project: project}
		a.ViaGroup = g.Group
		if g.Inherited {
			a.ViaProject, a.ViaDomain = g.Project, g.Domain
		}
		return a, err
	}, with+`SELECT "type", "actor_id", "target_id", "role_id", "inherited", "user_id" FROM "holder" WHERE "user_id" IN `+set+`
		ORDER BY 6, 1, 2, 3, 4`, slices.Concat(args, more)...)
}

// GroupGrant is a grant of a group that counts on a project, with how many the group has.
type GroupGrant struct {
	identity.Grant
	Members int
}

// GroupsOnto returns the grants of groups that count on a project, in the order of the groups' names.
func (tx *Tx) GroupsOnto(ctx context.Context, project identity.ProjectID) ([]GroupGrant, error) {
	with, args := tx.holders(project)
	return list(ctx, tx, func(s scanner) (g GroupGrant, err error) {
		g.Grant, err = scanGrant(also{s, []any{&g.Members}})
		return g, err
	}, with+`SELECT o."type", o."actor_id", o."target_id", o."role_id", o."inherited",
		(SELECT COUNT(DISTINCT h."user_id") FROM "holder" h WHERE h."actor_id" = o."actor_id" AND h."type" = o."type")
		FROM "onto" o JOIN "group" g ON g."id" = o."actor_id" WHERE o."type" IN ('GroupProject', 'GroupDomain') ORDER BY g."name", g."id", 4`, args...)
}

// CountHoldersOfBoth counts the users who were granted one of some roles anywhere, and one of others on a project, themselves or as
// members of groups.
func (tx *Tx) CountHoldersOfBoth(ctx context.Context, anywhere, onProject []identity.RoleID) (int, error) {
	if len(anywhere) == 0 || len(onProject) == 0 {
		return 0, nil
	}
	var args []any
	holders := func(roles []identity.RoleID, user, group string) string {
		set, more := in(roles)
		args = append(append(args, more...), more...)
		return `SELECT "actor_id" AS "user_id" FROM "assignment" WHERE "type" IN (` + user + `) AND "role_id" IN ` + set + `
			UNION SELECT m."user_id" FROM "user_group_membership" m JOIN "assignment" a ON a."actor_id" = m."group_id"
			WHERE a."type" IN (` + group + `) AND a."role_id" IN ` + set
	}
	first := holders(anywhere, `'UserProject', 'UserDomain'`, `'GroupProject', 'GroupDomain'`)
	both := `SELECT COUNT(*) FROM (` + first + `) h JOIN (` + holders(onProject, `'UserProject'`, `'GroupProject'`) + `) l ON l."user_id" = h."user_id"`
	found, err := list(ctx, tx, column[int], both, args...)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0], nil
}
