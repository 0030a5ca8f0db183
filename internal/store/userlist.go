package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// withFactor finds rules that ask a user for more than one factor.
const withFactor = `SELECT 1 FROM "user_option" r WHERE r."user_id" = u."id" AND r."option_id" = 'MFAR'
	AND NOT EXISTS (SELECT 1 FROM "user_option" e WHERE e."user_id" = u."id" AND e."option_id" = 'MFAE' AND e."option_value" = 'false')`

// withPlainFactor finds the rules that come with a factor, as Keystone and this program write them.
const withPlainFactor = withFactor + ` AND r."option_value" IN ('[["password", "totp"]]', '[["password","totp"]]')`

// has keeps the rows for which a query finds something, or those for which it finds nothing.
func (s *selection) has(f identity.Filter, query string) {
	not := ""
	if !f.Bool() {
		not = "NOT "
	}
	s.also(not + `EXISTS (` + query + `)`)
}

// emailOf is the e-mail address in a column of extra attributes; NULL for none.
func (tx *Tx) emailOf(column string) string {
	switch tx.db.dialect {
	case sqlite:
		return `CASE WHEN json_valid(` + column + `) THEN json_extract(` + column + `, '$.email') END`
	case mariadb:
		return `JSON_VALUE(` + column + `, '$.email')`
	}
	return `SUBSTRING(` + column + ` FROM '"email": *"([^"]*)"')`
}

// nameKeeper is one of the places where names of users are kept, with a key to order them by that there is an index of.
type nameKeeper struct{ from, domain, key string }

// nameKeepers are those places. Each user is in one of them. They are read in the order of their names: SQLite, which knows little of
// how much there is, has to be told.
func (tx *Tx) nameKeepers() []nameKeeper {
	join := ` JOIN`
	if tx.db.dialect == sqlite {
		join = ` CROSS JOIN`
	}
	return []nameKeeper{
		{`"local_user" l` + join + ` "user" u ON u."id" = l."user_id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"`,
			`l."domain_id"`, tx.folded(`l."name"`)},
		{`"nonlocal_user" n` + join + ` "user" u ON u."id" = n."user_id" LEFT JOIN "local_user" l ON l."user_id" = u."id"`,
			`n."domain_id"`, tx.folded(`n."name"`)},
		{`"federated_user" f` + join + ` "user" u ON u."id" = f."user_id" AND NOT EXISTS (SELECT 1 FROM "federated_user" o
			WHERE o."user_id" = f."user_id" AND o."id" < f."id") AND NOT EXISTS (SELECT 1 FROM "local_user" o WHERE o."user_id" = u."id")
			AND NOT EXISTS (SELECT 1 FROM "nonlocal_user" o WHERE o."user_id" = u."id")
			LEFT JOIN "local_user" l ON l."user_id" = u."id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"`,
			`u."domain_id"`, tx.folded(`f."display_name"`)},
	}
}

// sortedUsers returns a page of the users that pass a selection, in an order other than that of their ids. So that no page has
// to look at all users, those of each kind are taken in the order of their own names, and the first of all of them kept.
func (tx *Tx) sortedUsers(ctx context.Context, s selection, q identity.Query) (users identity.Page[identity.User], err error) {
	var stmt string
	var args []any
	name, descending := strings.CutPrefix(q.Sort, "-")
	if name == "last_active_at" || name == "created_at" {
		stmt, args = tx.usersByTime(s, q, `u."`+name+`"`, descending)
	} else {
		stmt, args = tx.usersByName(s, q, descending)
	}
	if q.Limit > 0 {
		stmt, args = stmt+` LIMIT ?`, append(args, q.Limit+1)
	}
	ids, err := list(ctx, tx, column[identity.UserID], stmt, args...)
	if err != nil {
		return users, err
	}
	if users.More = q.Limit > 0 && len(ids) > q.Limit; users.More {
		ids = ids[:q.Limit]
	}
	found, err := tx.UsersByID(ctx, ids)
	for _, id := range ids {
		if u, there := found[id]; there {
			users.Items = append(users.Items, u)
		}
	}
	return users, err
}

func (tx *Tx) usersByName(s selection, q identity.Query, descending bool) (stmt string, args []any) {
	after, way := ">", ""
	if descending {
		after, way = "<", " DESC"
	}
	parts := make([]string, 0, 3)
	for i, k := range tx.nameKeepers() {
		some := selection{where: slices.Clone(s.where), args: slices.Clone(s.args)}
		if domain, ok := q.Equal("domain_id"); ok {
			some.also(k.domain+` = ?`, domain) // with which the index of names begins
		}
		if q.Marker != "" {
			last := `LOWER((SELECT ` + nameOfUser + fromUsers + ` WHERE u."id" = ?))`
			some.also(k.key+` `+after+`= `+last+` AND (`+k.key+` `+after+` `+last+` OR u."id" `+after+` ?)`, q.Marker, q.Marker, q.Marker)
		}
		part := `SELECT * FROM (SELECT u."id", ` + k.key + ` AS "key" FROM ` + k.from + some.sql() + ` ORDER BY ` + k.key + way + `, u."id"` + way
		if args = append(args, some.args...); q.Limit > 0 {
			part, args = part+` LIMIT ?`, append(args, q.Limit+1)
		}
		parts = append(parts, part+`) "part`+strconv.Itoa(i)+`"`)
	}
	return `SELECT "id" FROM (` + strings.Join(parts, ` UNION ALL `) + `) "named" ORDER BY "key"` + way + `, "id"` + way, args
}

// usersByTime orders users by a column that may be NULL, which stands for a time before all others.
func (tx *Tx) usersByTime(s selection, q identity.Query, column string, descending bool) (stmt string, args []any) {
	after, way, none := ">", "", `CASE WHEN `+column+` IS NULL THEN 0 ELSE 1 END`
	if descending {
		after, way = "<", " DESC"
	}
	if q.Marker != "" {
		of := func(what string) string { return `(SELECT ` + what + ` FROM "user" u WHERE u."id" = ?)` }
		s.also(`(`+none+` `+after+` `+of(none)+` OR `+none+` = `+of(none)+` AND (`+column+` `+after+` `+of(column)+
			` OR (`+column+` = `+of(column)+` OR `+column+` IS NULL) AND u."id" `+after+` ?))`, q.Marker, q.Marker, q.Marker, q.Marker, q.Marker)
	}
	return `SELECT u."id"` + fromUsers + s.sql() + ` ORDER BY ` + none + way + `, ` + column + way + `, u."id"` + way, s.args
}
