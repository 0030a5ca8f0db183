package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// A grant may have an end, which Keystone has no place for: it stands in a table of ours. From that instant on the grant
// counts for nothing here, and soon after its row is deleted, so that it counts for nothing to a stock Keystone either.

// unended is the condition that the grant of a row, of the table or alias named, has not ended.
func (tx *Tx) unended(table string) (condition string, args []any) {
	return `NOT EXISTS (SELECT 1 FROM "lintel_grant_meta" e WHERE ` + metaOf(table) + ` AND e."expires_at" <= ?)`, []any{tx.now}
}

// metaOf is the condition that e is what is known of the grant of a row, of the table or alias named.
func metaOf(table string) string {
	column := func(name string) string { return `e."` + name + `" = "` + table + `"."` + name + `"` }
	return column("actor_id") + ` AND ` + column("target_id") + ` AND ` + column("role_id") + ` AND ` + column("inherited") +
		` AND e."type" = CONCAT("` + table + `"."type", '')`
}

// putTerms writes down what is known of a grant.
func (tx *Tx) putTerms(ctx context.Context, g identity.Grant, t identity.Terms) error {
	_, kind, actor, target := grantKey(g)
	var until any
	if !t.Until.IsZero() {
		until = t.Until
	}
	return tx.upsert(ctx, "lintel_grant_meta", 5, []string{
		"actor_id", "target_id", "role_id", "type", "inherited", "granted_by", "granted_at", "expires_at", "reason", "source",
	}, actor, target, g.Role, kind, g.Inherited, t.GrantedBy, tx.now, until, t.Reason, t.Source)
}

// grantTerms is a grant with its terms.
type grantTerms struct {
	grant identity.Grant
	terms identity.Terms
}

const selectTerms = `SELECT "type", "actor_id", "target_id", "role_id", "inherited", "granted_by", "granted_at", "expires_at", "reason", "source"
	FROM "lintel_grant_meta"`

func scanTerms(s scanner) (g grantTerms, err error) {
	t := &g.terms
	g.grant, err = scanGrant(also{s, []any{&t.GrantedBy, timeOf{&t.GrantedAt}, timeOf{&t.Until}, &t.Reason, &t.Source}})
	return g, err
}

// TermsOn returns what is known of the grants of some actors, users or groups, on some targets: projects, domains or, as
// "system", the system.
func (tx *Tx) TermsOn(ctx context.Context, actors, targets []string) (map[identity.Grant]identity.Terms, error) {
	found := map[identity.Grant]identity.Terms{}
	for some := range slices.Chunk(actors, maxIn) {
		who, args := in(some)
		what, more := in(targets)
		rows, err := list(ctx, tx, scanTerms, selectTerms+` WHERE "actor_id" IN `+who+` AND "target_id" IN `+what, append(args, more...)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[r.grant] = r.terms
		}
	}
	return found, nil
}

// TermsOf returns what is known of all grants to a user.
func (tx *Tx) TermsOf(ctx context.Context, user identity.UserID) (map[identity.Grant]identity.Terms, error) {
	rows, err := list(ctx, tx, scanTerms, selectTerms+` WHERE "actor_id" = ?`, user)
	found := make(map[identity.Grant]identity.Terms, len(rows))
	for _, r := range rows {
		found[r.grant] = r.terms
	}
	return found, err
}

// Terms returns what is known of a grant; nothing for one that was made by others.
func (tx *Tx) Terms(ctx context.Context, g identity.Grant) (identity.Terms, error) {
	found, err := tx.TermsBeside(ctx, g)
	return found[g], err
}

// TermsBeside returns what is known of all grants that are to whom a grant is to, and on what it is on, whatever role it names.
func (tx *Tx) TermsBeside(ctx context.Context, g identity.Grant) (map[identity.Grant]identity.Terms, error) {
	_, _, actor, target := grantKey(g)
	return tx.TermsOn(ctx, []string{actor}, []string{target})
}

// EndedGrants returns up to n grants that have ended and are not deleted yet, the oldest first.
func (tx *Tx) EndedGrants(ctx context.Context, n int) ([]identity.Grant, error) {
	rows, err := list(ctx, tx, scanTerms, selectTerms+` WHERE "expires_at" <= ? ORDER BY "expires_at", "actor_id" LIMIT ?`, tx.now, n)
	all := make([]identity.Grant, len(rows))
	for i, r := range rows {
		all[i] = r.grant
	}
	return all, err
}

// EndGrant deletes a grant that has ended, and tells whether it was there.
func (tx *Tx) EndGrant(ctx context.Context, g identity.Grant) (there bool, err error) {
	table, kind, actor, target := grantKey(g)
	n, err := tx.exec(ctx, `DELETE FROM "lintel_grant_meta"`+grantMatch+` AND "expires_at" <= ?`, kind, actor, target, g.Role, g.Inherited, tx.now)
	if err != nil || n == 0 {
		return false, err
	}
	tx.touch("grants", actor)
	n, err = tx.exec(ctx, `DELETE FROM "`+table+`"`+grantMatch, kind, actor, target, g.Role, g.Inherited)
	return n > 0, err
}

// Holdings returns the roles that a user was granted on a scope, and when each ends: directly, by a group, also one of those
// that the database does not know of, or from above. What these imply is not among them.
func (tx *Tx) Holdings(ctx context.Context, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Holding, error) {
	member, memberArgs := tx.groupsOf(user)
	extra, extraArgs := in(groups)
	who := `(a."type" IN ('UserProject', 'UserDomain', 'UserSystem') AND a."actor_id" = ? OR a."type" IN ('GroupProject', 'GroupDomain', 'GroupSystem')
		AND (a."actor_id" IN ` + member + ` OR a."actor_id" IN ` + extra + `))`
	args := slices.Concat([]any{user}, memberArgs, extraArgs)
	with, from, where := "", `"assignment"`, ""
	switch scope.Kind() {
	case identity.SystemScoped:
		// On servers the type is an enumeration in the other table, which the names of these types are not in.
		from = `"system_assignment"`
	case identity.DomainScoped:
		where = ` AND a."target_id" = ? AND a."inherited" = ? AND a."type" IN ('UserDomain', 'GroupDomain')`
		args = append(args, scope.DomainID(), false)
	case identity.ProjectScoped:
		with = `WITH RECURSIVE "above" ("id", "parent_id") AS (SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" u ON p."id" = u."parent_id") `
		where = ` AND (a."target_id" = ? AND a."inherited" = ? AND a."type" IN ('UserProject', 'GroupProject')
			OR a."target_id" IN (SELECT "id" FROM "above" WHERE "id" <> ?) AND a."inherited" = ?)`
		args = slices.Concat([]any{scope.ProjectID()}, args, []any{scope.ProjectID(), false, scope.ProjectID(), true})
	default:
		return nil, nil
	}
	if !scope.IsSystem() {
		who = strings.NewReplacer(`, 'UserSystem'`, "", `, 'GroupSystem'`, "").Replace(who)
	}
	lasts, more := tx.unended("a")
	return list(ctx, tx, func(s scanner) (h identity.Holding, err error) {
		err = s.Scan(&h.Role, &h.Inherited, timeOf{&h.Until})
		return h, err
	}, with+`SELECT a."role_id", a."inherited", m."expires_at" FROM `+from+` a LEFT JOIN "lintel_grant_meta" m ON m."actor_id" = a."actor_id"
		AND m."target_id" = a."target_id" AND m."role_id" = a."role_id" AND m."inherited" = a."inherited" AND m."type" = CONCAT(a."type", '')
		WHERE `+who+where+` AND `+lasts, append(args, more...)...)
}

// firstEnd is a selection, in the columns that groups and their ends are read in, of when the first grant of a user, of the
// user's groups or of some others ends.
func (tx *Tx) firstEnd(user identity.UserID) (stmt string, args []any) {
	member, args := tx.groupsOf(user)
	return `FROM "lintel_grant_meta" WHERE "expires_at" > ? AND ("actor_id" = ? OR "actor_id" IN ` + member + `)`,
		append([]any{tx.now, user}, args...)
}

// soonest is the earlier of two ends of which a zero one is none.
func soonest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
