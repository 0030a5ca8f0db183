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

// nameKeeper is one of the places where names of users are kept, with a key to order them by that there is an index of. id is where it has
// the id of a user; empty where it has no whole names. all says that there is an index of all names, too, in which SQLite passes names by
// sooner than in that of a domain.
type nameKeeper struct {
	from, domain, key, id string
	all                   bool
}

// nameKeepers are those places. Each user is in one of them. They are read in the order of their names: SQLite, which knows little of
// how much there is, has to be told.
func (tx *Tx) nameKeepers() []nameKeeper {
	join := ` JOIN`
	if tx.db.dialect == sqlite {
		join = ` CROSS JOIN`
	}
	return []nameKeeper{
		{`"local_user" l` + join + ` "user" u ON u."id" = l."user_id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"`,
			`l."domain_id"`, tx.folded(`l."name"`), `l."user_id"`, tx.db.dialect == sqlite},
		{`"nonlocal_user" n` + join + ` "user" u ON u."id" = n."user_id" LEFT JOIN "local_user" l ON l."user_id" = u."id"`,
			`n."domain_id"`, tx.folded(`n."name"`), `n."user_id"`, false},
		{`"federated_user" f` + join + ` "user" u ON u."id" = f."user_id" AND NOT EXISTS (SELECT 1 FROM "federated_user" o
			WHERE o."user_id" = f."user_id" AND o."id" < f."id") AND NOT EXISTS (SELECT 1 FROM "local_user" o WHERE o."user_id" = u."id")
			AND NOT EXISTS (SELECT 1 FROM "nonlocal_user" o WHERE o."user_id" = u."id")
			LEFT JOIN "local_user" l ON l."user_id" = u."id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"`,
			`u."domain_id"`, tx.folded(`f."display_name"`), "", false},
	}
}

// userSearch is a part of a name or address that users are looked for by.
type userSearch struct {
	text, pattern string
	addressed     []identity.UserID // all in whose address it is, or whose id
}

// mostSought is up to how many users a search finds before a page is made of them, unless SeekUpTo said otherwise.
const mostSought = 2000

// SeekUpTo sets up to how many users a search finds before a page is made of them. It changes how long that takes, never what is found,
// and must come before the first search.
func (db *DB) SeekUpTo(n int) { db.mostSought = n }

// seekUsers keeps the users who have text in their name or e-mail address, or are called so by their id. A database cannot find a part
// of a word by an index, so the tables of names and of addresses are read through, each for itself, which takes a fraction of what it
// takes to put every user together. What they give decides how the page is made: of those few; in the order of the names, passing by
// whom the name alone rules out; or, when too many have it in their address, as any list is, which soon has enough for a page.
func (tx *Tx) seekUsers(ctx context.Context, s *selection, q identity.Query, text string) error {
	w := &userSearch{text: text, pattern: "%" + like(text) + "%"}
	email := tx.emailOf(`u."extra"`)
	s.also(`(u."id" = ? OR `+tx.holds(nameOfUser)+` OR `+tx.holds(`u."extra"`)+` AND `+tx.holds(email)+`)`, text, w.pattern, w.pattern, w.pattern)
	var parts []string
	var args []any
	domain, within := q.Equal("domain_id")
	part := func(id, from, domainColumn, order string, some selection) {
		if within {
			if tx.db.dialect == sqlite {
				domainColumn = "+" + domainColumn // not by an index: most are in one domain
			}
			some.also(domainColumn+` = ?`, domain)
		}
		stmt := `SELECT ` + id + ` FROM ` + from + some.sql()
		if args = append(args, some.args...); order != "" && tx.db.dialect == sqlite {
			stmt, args = `SELECT * FROM (`+stmt+` ORDER BY `+order+` LIMIT ?)`, append(args, tx.db.mostSought+1) // by the index
		}
		parts = append(parts, stmt)
	}
	named := func(id, from, domainColumn, name string) {
		var some selection
		some.also(tx.called(tx.folded(name), w))
		part(id, from, domainColumn, tx.folded(name), some)
	}
	read := func() ([]identity.UserID, error) {
		stmt := strings.Join(parts, ` UNION ALL `) + ` LIMIT ?`
		ids, err := list(ctx, tx, column[identity.UserID], stmt, append(args, tx.db.mostSought+1)...)
		parts, args = nil, nil
		return ids, err
	}
	named(`l."user_id"`, `"local_user" l`, `l."domain_id"`, `l."name"`)
	named(`n."user_id"`, `"nonlocal_user" n`, `n."domain_id"`, `n."name"`)
	named(`f."user_id"`, `"federated_user" f JOIN "user" u ON u."id" = f."user_id"`, `u."domain_id"`, `f."display_name"`)
	found, err := read()
	if err != nil {
		return err
	}
	var some selection
	some.also(tx.holds(`u."extra"`), w.pattern)
	some.also(tx.holds(email), w.pattern)
	part(`u."id"`, `"user" u`, `u."domain_id"`, "", some)
	parts, args = append(parts, `SELECT u."id" FROM "user" u WHERE u."id" = ?`), append(args, text)
	if w.addressed, err = read(); err != nil || len(w.addressed) > tx.db.mostSought {
		return err
	}
	if s.few = len(found) <= tx.db.mostSought; s.few {
		set, args := in(append(append(found, w.addressed...), identity.UserID(text)))
		s.also(`u."id" IN `+set, args...)
	} else {
		s.sought = w
	}
	return nil
}

// holds is a condition that a column has a part, in any case, as far as the database knows cases. SQLite compares so by itself.
func (tx *Tx) holds(column string) string {
	if tx.db.dialect == sqlite {
		return column + ` LIKE ? ESCAPE '!'`
	}
	return `LOWER(` + column + `) LIKE LOWER(?) ESCAPE '!'`
}

// called is a condition that a name, as lists are ordered by it, has a part, and what it is given. SQLite finds that in an index of the
// names alone, and sooner without patterns.
func (tx *Tx) called(key string, w *userSearch) (condition string, given any) {
	if tx.db.dialect == sqlite {
		return `instr(` + key + `, LOWER(?)) > 0`, w.text
	}
	return tx.holds(key), w.pattern
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
	if s.few {
		key := tx.folded(nameOfUser)
		if q.Marker != "" {
			last := `(SELECT ` + key + fromUsers + ` WHERE u."id" = ?)`
			s.also(`(`+key+` `+after+` `+last+` OR `+key+` = `+last+` AND u."id" `+after+` ?)`, q.Marker, q.Marker, q.Marker)
		}
		return `SELECT u."id"` + fromUsers + s.sql() + ` ORDER BY ` + key + way + `, u."id"` + way, s.args
	}
	parts := make([]string, 0, 3)
	for i, k := range tx.nameKeepers() {
		some := selection{where: slices.Clone(s.where), args: slices.Clone(s.args)}
		if w := s.sought; w != nil && k.id != "" {
			if named, like := tx.called(k.key, w); len(w.addressed) == 0 {
				some.also(named, like)
			} else {
				set, ids := in(w.addressed)
				some.also(`(`+named+` OR `+k.id+` IN `+set+`)`, append([]any{like}, ids...)...)
			}
		}
		if domain, ok := q.Equal("domain_id"); ok && (s.sought == nil || !k.all) {
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
