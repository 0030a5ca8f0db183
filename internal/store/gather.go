package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// A gathering is several SELECTs run as one statement, in one round trip: a union, of which the first column tells the SELECT
// that a row is of. The others are texts, whatever they were, and are scanned as their SELECT's own.
type gathering struct {
	parts []gathered
}

type gathered struct {
	columns []string
	from    string
	args    []any
	take    func(scanner) error
}

// add adds a SELECT of columns, and what follows them in it. Its rows come in no order.
func (g *gathering) add(columns, from string, args []any, take func(scanner) error) {
	g.parts = append(g.parts, gathered{strings.Split(columns, ", "), from, args, take})
}

// statement is the union, and how many columns it has beside the first.
func (g *gathering) statement(d dialect) (stmt string, args []any, width int) {
	for _, p := range g.parts {
		width = max(width, len(p.columns))
	}
	var b strings.Builder
	for i, p := range g.parts {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		b.WriteString(`SELECT ` + strconv.Itoa(i))
		for _, c := range p.columns {
			b.WriteString(`, ` + d.asText(c))
		}
		b.WriteString(strings.Repeat(`, NULL`, width-len(p.columns)) + ` ` + p.from)
		args = append(args, p.args...)
	}
	return b.String(), args, width
}

// run hands each row to its SELECT's take.
func (g *gathering) run(ctx context.Context, tx *Tx) error {
	stmt, args, width := g.statement(tx.db.dialect)
	rows, err := tx.query(ctx, stmt, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := &paddedRow{rows: rows, width: width}
	for rows.Next() {
		part, err := row.part()
		if err == nil {
			err = g.parts[part].take(row)
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// asText is an expression as a text, so that columns of different types go into one.
func (d dialect) asText(expression string) string {
	switch d {
	case postgresql:
		return `CAST(` + expression + ` AS TEXT)`
	case mariadb:
		return `CAST(` + expression + ` AS CHAR)`
	}
	return expression // SQLite's columns have no type
}

// paddedRow is a row of a gathering, seen as one of its SELECT's.
type paddedRow struct {
	rows  *sql.Rows
	width int
	dest  []any
}

func (r *paddedRow) part() (n int, err error) {
	err = r.scan(&n)
	return n, err
}

func (r *paddedRow) Scan(dest ...any) error { return r.scan(ignored{}, dest...) }

func (r *paddedRow) scan(part any, dest ...any) error {
	r.dest = append(append(r.dest[:0], part), dest...)
	for len(r.dest) < 1+r.width {
		r.dest = append(r.dest, ignored{})
	}
	return r.rows.Scan(r.dest...)
}

// ignored scans what nobody asks for.
type ignored struct{}

func (ignored) Scan(any) error { return nil }
