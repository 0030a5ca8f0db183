package store

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Tx is a transaction, or a glance. It must not be used after the function it was given to returns, nor by two goroutines
// at once.
type Tx struct {
	db      *DB
	tx      conversation
	now     time.Time
	asked   *atomic.Int64 // counts queries
	touched []Key         // in the order of the first touch
	seen    map[Key]bool
	signIns []signIn

	farewells map[Key]identity.TrailEntry // of what was deleted

	// begun is when a glance began, by which it knows what it may recall; nil for a transaction.
	begun   *Stamp
	current bool         // what the node remembered then counts
	known   map[Fact]any // what a glance foresaw
}

// conversation is what runs statements: *sql.Tx, or *sql.DB for those that stand alone.
type conversation interface {
	ExecContext(ctx context.Context, stmt string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, stmt string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, stmt string, args ...any) *sql.Row
}

// Glancing tells whether this is a glance rather than a transaction.
func (tx *Tx) Glancing() bool { return tx.begun != nil }

// Now is the time of the transaction: UTC, in microseconds, the same at each call.
func (tx *Tx) Now() time.Time { return tx.now }

// NewID returns a fresh id for an entity.
func (tx *Tx) NewID() string { return tx.db.newID() }

// Statements are written once for all dialects: ? stands for an argument and names are quoted with ". An argument may be
// a string, integer, bool, time.Time, *time.Time, [date], [jsonText] or nil, or a type made from one of these.

// exec runs a statement and returns how many rows it matched.
func (tx *Tx) exec(ctx context.Context, stmt string, args ...any) (int64, error) {
	res, err := tx.tx.ExecContext(ctx, tx.db.rebind(stmt), tx.db.dialect.args(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertID runs an INSERT and returns the value that the database gave to the column that counts up.
func (tx *Tx) insertID(ctx context.Context, column, stmt string, args ...any) (id int64, err error) {
	if tx.db.dialect == mariadb {
		res, err := tx.tx.ExecContext(ctx, tx.db.rebind(stmt), tx.db.dialect.args(args)...)
		if err != nil {
			return 0, err
		}
		return res.LastInsertId()
	}
	err = tx.row(ctx, stmt+` RETURNING "`+column+`"`, args...).Scan(&id)
	return id, err
}

// query runs a SELECT. The caller closes the rows, and runs nothing else before that: a server has one conversation per
// connection. See [list] for the common case.
func (tx *Tx) query(ctx context.Context, stmt string, args ...any) (*sql.Rows, error) {
	tx.asked.Add(1)
	return tx.tx.QueryContext(ctx, tx.db.rebind(stmt), tx.db.dialect.args(args)...)
}

// row runs a SELECT of which the first row counts. Its Scan returns sql.ErrNoRows when there is none.
func (tx *Tx) row(ctx context.Context, stmt string, args ...any) *sql.Row {
	tx.asked.Add(1)
	return tx.tx.QueryRowContext(ctx, tx.db.rebind(stmt), tx.db.dialect.args(args)...)
}

// scanner is a row being read: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// list runs a SELECT and turns each row into a T. scan must not use the transaction.
func list[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), stmt string, args ...any) ([]T, error) {
	rows, err := tx.query(ctx, stmt, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// column scans rows of one column.
func column[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// in returns the list of placeholders for `IN`, with its arguments: "(?, ?, ?, ?)". Its length is rounded up, by
// repeating the last value, so that the database meets few different statements. No values give a list that nothing
// is in.
func in[T any](values []T) (string, []any) {
	if len(values) == 0 {
		return "(NULL)", nil
	}
	n := 1
	for n < len(values) {
		n *= 2
	}
	args := make([]any, n)
	for i := range args {
		args[i] = values[min(i, len(values)-1)]
	}
	return "(?" + strings.Repeat(", ?", n-1) + ")", args
}

// maxIn is the most values to hand to one in: beyond it, use slices.Chunk.
const maxIn = 8192

// like escapes text for use inside a LIKE pattern that is followed by ESCAPE '!'.
func like(text string) string { return likeEscaper.Replace(text) }

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// upsert inserts a row, or updates the row that has the same key. The key columns come first in columns and in values.
func (tx *Tx) upsert(ctx context.Context, table string, keys int, columns []string, values ...any) error {
	_, err := tx.exec(ctx, tx.db.dialect.upsert(table, keys, columns), values...)
	return err
}

// lock makes other writers wait for this transaction, or fail and retry, when they want to change or delete the row.
// It tells whether the row is there. SQLite has one writer at a time, so there it only looks.
func (tx *Tx) lock(ctx context.Context, table, id string) (bool, error) {
	stmt := `SELECT 1 FROM "` + table + `" WHERE "id" = ?`
	if tx.db.dialect != sqlite {
		stmt += ` FOR UPDATE`
	}
	rows, err := list(ctx, tx, column[int], stmt, id)
	return len(rows) > 0, err
}

// lockParent is lock for a row that a new row needs, by no foreign key, and whose deletion takes along what refers to it: a
// grant's user, project and role. On PostgreSQL a deletion that began to read
// before this transaction commits would not see the new row and leave it behind, so here the old row is written again,
// at which that deletion fails and starts over. Others see such new rows as they delete.
func (tx *Tx) lockParent(ctx context.Context, table, id string) (bool, error) {
	if tx.db.dialect != postgresql {
		return tx.lock(ctx, table, id)
	}
	n, err := tx.exec(ctx, `UPDATE "`+table+`" SET "id" = "id" WHERE "id" = ?`, id)
	return n > 0, err
}

// each runs statements that all take the same one argument.
func (tx *Tx) each(ctx context.Context, arg any, stmts ...string) error {
	for _, stmt := range stmts {
		if _, err := tx.exec(ctx, stmt, arg); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an entity, whose table has its name. It fails with identity.NotFound.
func (tx *Tx) remove(ctx context.Context, entity, id string) error {
	n, err := tx.exec(ctx, `DELETE FROM "`+entity+`" WHERE "id" = ?`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return identity.Missing(entity, id)
	}
	tx.touch(entity, id)
	return nil
}
