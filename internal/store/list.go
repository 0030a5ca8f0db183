package store

import (
	"context"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// selection grows the WHERE of a list.
type selection struct {
	where []string
	args  []any

	// keys are what the list can be ordered by beside the id: expressions that are never NULL, by the names that queries
	// have for them. table is where that of the marker is found.
	keys  map[string]string
	table string

	// What is known beforehand of the users in a list that is searched: see seekUsers.
	few    bool
	sought *userSearch
}

// also keeps the rows for which the condition holds too.
func (s *selection) also(condition string, args ...any) {
	s.where = append(s.where, condition)
	s.args = append(s.args, args...)
}

// text keeps the rows whose column of text passes a filter. column is quoted already. Inexact filters heed or ignore
// case as they say, on every database alike.
func (s *selection) text(tx *Tx, column string, f identity.Filter) {
	if f.Compare == identity.Equals {
		s.also(column+` = ?`, f.Value)
		return
	}
	pattern := like(f.Value)
	if f.Compare != identity.StartsWith {
		pattern = "%" + pattern
	}
	if f.Compare != identity.EndsWith {
		pattern += "%"
	}
	// LIKE ignores case on SQLite (ASCII) and MariaDB, and heeds it on PostgreSQL.
	switch {
	case f.FoldCase:
		s.also(`LOWER(`+column+`) LIKE LOWER(?) ESCAPE '!'`, pattern)
	case tx.db.dialect == mariadb:
		s.also(column+` LIKE ? COLLATE utf8mb4_bin ESCAPE '!'`, pattern)
	case tx.db.dialect == sqlite:
		s.sqliteExactCase(column, f)
	default:
		s.also(column+` LIKE ? ESCAPE '!'`, pattern)
	}
}

// sqliteExactCase asks with functions that heed case, as SQLite's LIKE cannot.
func (s *selection) sqliteExactCase(column string, f identity.Filter) {
	switch f.Compare {
	case identity.Contains:
		s.also(`instr(`+column+`, ?) > 0`, f.Value)
	case identity.StartsWith:
		s.also(`substr(`+column+`, 1, length(?)) = ?`, f.Value, f.Value)
	default:
		s.also(`(? = '' OR substr(`+column+`, -length(?)) = ?)`, f.Value, f.Value, f.Value)
	}
}

// flag keeps the rows whose column of truth values is as the filter says.
func (s *selection) flag(column string, f identity.Filter) { s.also(column+` = ?`, f.Bool()) }

// sql is the WHERE clause; empty when every row is wanted.
func (s *selection) sql() string {
	if len(s.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(s.where, " AND ")
}

// page runs a SELECT for one page of a list, in the order of the column id or that of the query: the selected rows after the
// query's marker, one more than its limit to learn whether any are left.
func page[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), from, id string, s selection, q identity.Query) (identity.Page[T], error) {
	name, descending := strings.CutPrefix(q.Sort, "-")
	key, sorted := s.keys[name]
	after, way := ">", ""
	if sorted && descending {
		after, way = "<", " DESC"
	}
	switch {
	case q.Marker == "":
	case sorted:
		last := `(SELECT ` + key + ` FROM ` + s.table + ` WHERE ` + id + ` = ?)`
		s.also(`(`+key+` `+after+` `+last+` OR `+key+` = `+last+` AND `+id+` `+after+` ?)`, q.Marker, q.Marker, q.Marker)
	default:
		s.also(id+` > ?`, q.Marker)
	}
	stmt := from + s.sql() + ` ORDER BY `
	if sorted {
		stmt += key + way + `, `
	}
	stmt += id + way
	args := slices.Clone(s.args)
	if q.Limit > 0 {
		stmt += ` LIMIT ?`
		args = append(args, q.Limit+1)
	}
	items, err := list(ctx, tx, scan, stmt, args...)
	if err != nil || q.Limit == 0 || len(items) <= q.Limit {
		return identity.Page[T]{Items: items}, err
	}
	return identity.Page[T]{Items: items[:q.Limit], More: true}, nil
}

// folded is a name as lists are ordered by it: without regard to case, in a form that there is an index of.
func (tx *Tx) folded(column string) string {
	if tx.db.dialect == mariadb { // which compares so by itself
		return column
	}
	return `LOWER(` + column + `)`
}

// search keeps the rows that have text in one of some columns, in any case, or are called so by their id.
func (s *selection) search(text, id string, columns ...string) {
	found, args := id+` = ?`, []any{text}
	for _, c := range columns {
		found, args = found+` OR LOWER(`+c+`) LIKE LOWER(?) ESCAPE '!'`, append(args, "%"+like(text)+"%")
	}
	s.also(`(`+found+`)`, args...)
}

// checkMarker makes sure that a page starts after an entity that is there.
func (tx *Tx) checkMarker(ctx context.Context, table string, q identity.Query) error {
	if q.Marker == "" {
		return nil
	}
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "`+table+`" WHERE "id" = ?`, q.Marker)
	if err == nil && len(found) == 0 {
		err = identity.NoMarker(q.Marker)
	}
	return err
}

// changes gather the columns that an UPDATE sets.
type changes struct {
	columns []string
	args    []any
}

func (c *changes) set(column string, v any) {
	c.columns = append(c.columns, `"`+column+`" = ?`)
	c.args = append(c.args, v)
}

// update runs the UPDATE, if there is anything to set.
func (c *changes) update(ctx context.Context, tx *Tx, table, condition string, args ...any) error {
	if len(c.columns) == 0 {
		return nil
	}
	_, err := tx.exec(ctx, `UPDATE "`+table+`" SET `+strings.Join(c.columns, ", ")+` WHERE `+condition, append(c.args, args...)...)
	return err
}

// nameTaken tells whether another row of a domain has a name that differs in case only, which MariaDB's unique key finds by
// itself. SQLite folds ASCII letters only.
func (tx *Tx) nameTaken(ctx context.Context, table, idColumn string, domain identity.DomainID, name, id string) (bool, error) {
	if tx.db.dialect == mariadb {
		return false, nil
	}
	rows, err := list(ctx, tx, column[int], `SELECT 1 FROM "`+table+`" WHERE "domain_id" = ? AND LOWER("name") = LOWER(?) AND "`+
		idColumn+`" <> ?`, domain, name, id)
	return len(rows) > 0, err
}
