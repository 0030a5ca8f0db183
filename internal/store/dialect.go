package store

import (
	"database/sql"
	"strconv"
	"strings"
)

// dialect is the kind of a database.
type dialect int

const (
	sqlite dialect = iota
	postgresql
	mariadb
)

func (d dialect) String() string { return [...]string{"sqlite", "postgresql", "mariadb"}[d] }

// rebind gives a statement in the dialect's own spelling, from a cache.
func (db *DB) rebind(stmt string) string {
	if db.dialect == sqlite {
		return stmt // these statements are SQLite's spelling
	}
	if s, ok := db.rebound.Load(stmt); ok {
		return s.(string)
	}
	s := db.dialect.spell(stmt)
	db.rebound.Store(stmt, s)
	return s
}

// spell turns ? into $1, $2, … for PostgreSQL and "name" into `name` for MariaDB, outside of string literals.
func (d dialect) spell(stmt string) string {
	var out strings.Builder
	literal, arg := false, 0
	for i := range len(stmt) {
		c := stmt[i]
		switch {
		case c == '\'':
			literal = !literal
			out.WriteByte(c)
		case literal:
			out.WriteByte(c)
		case c == '?' && d == postgresql:
			arg++
			out.WriteByte('$')
			out.WriteString(strconv.Itoa(arg))
		case c == '"' && d == mariadb:
			out.WriteByte('`')
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// upsert is the statement that inserts a row or updates the one whose first columns (keys of them) are equal.
func (d dialect) upsert(table string, keys int, columns []string) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO "` + table + `" (` + quoted(columns) + `) VALUES (?` +
		strings.Repeat(", ?", len(columns)-1) + `)`)
	if d == mariadb {
		b.WriteString(` ON DUPLICATE KEY UPDATE `)
	} else {
		b.WriteString(` ON CONFLICT (` + quoted(columns[:keys]) + `) DO UPDATE SET `)
	}
	set := columns[keys:]
	if len(set) == 0 {
		set = columns[:1] // nothing to change: set the key to itself
	}
	for i, c := range set {
		if i > 0 {
			b.WriteString(", ")
		}
		if d == mariadb {
			b.WriteString(`"` + c + `" = VALUES("` + c + `")`)
		} else {
			b.WriteString(`"` + c + `" = excluded."` + c + `"`)
		}
	}
	return b.String()
}

func quoted(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }

// viewOptions ask for one snapshot. MariaDB's sessions have that level by default, which saves a round trip.
func (d dialect) viewOptions() *sql.TxOptions {
	if d == postgresql {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return &sql.TxOptions{ReadOnly: true}
}

// updateOptions ask that a write over somebody's newer write fails, and is then retried, rather than be lost.
func (d dialect) updateOptions() *sql.TxOptions {
	if d == postgresql {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
	}
	return nil
}
