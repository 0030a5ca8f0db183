package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// What the tests of this package's core need to see of it.

func (tx *Tx) Exec(ctx context.Context, stmt string, args ...any) (int64, error) {
	return tx.exec(ctx, stmt, args...)
}

func (tx *Tx) Row(ctx context.Context, stmt string, args ...any) *sql.Row {
	return tx.row(ctx, stmt, args...)
}

func (tx *Tx) Strings(ctx context.Context, stmt string, args ...any) ([]string, error) {
	return list(ctx, tx, column[string], stmt, args...)
}

func (tx *Tx) Tables(ctx context.Context) ([]string, error) { return tx.tables(ctx) }

// CreateInitial makes the schema of upstream's first revision.
func (db *DB) CreateInitial(ctx context.Context) error {
	return db.changeSchema(ctx, func(tx *Tx) error { return tx.createSchema(ctx) })
}

func (tx *Tx) LogChanges(ctx context.Context) error { return tx.logChanges(ctx) }

func (tx *Tx) Touch(kind, id string) { tx.touch(kind, id) }

func (tx *Tx) InsertID(ctx context.Context, column, stmt string, args ...any) (int64, error) {
	return tx.insertID(ctx, column, stmt, args...)
}

func (tx *Tx) Upsert(ctx context.Context, table string, keys int, columns []string, values ...any) error {
	return tx.upsert(ctx, table, keys, columns, values...)
}

func (tx *Tx) Lock(ctx context.Context, table, id string) (bool, error) {
	return tx.lock(ctx, table, id)
}

type Date = date

func TimeOf(t *time.Time) any            { return timeOf{t} }
func JSONOf[T any](v *T) any             { return jsonOf(v) }
func TextOf[T ~string](s *T) any         { return textOf(s) }
func In[T any](v []T) (string, []any)    { return in(v) }
func Like(s string) string               { return like(s) }
func Duplicate(err error) (string, bool) { return duplicate(err) }
func Orphan(err error) bool              { return orphan(err) }

// MigrateTo makes the schema of upstream's release that had done so many revisions of each branch.
func (db *DB) MigrateTo(ctx context.Context, expanded, contracted int) error {
	for b, n := range []int{expanded, contracted} {
		for range n {
			err := db.changeSchema(ctx, func(tx *Tx) error {
				h, err := tx.heads(ctx)
				if err != nil {
					return err
				}
				if apply := revisions[b][h.done[b]].apply; apply != nil {
					if err := apply(ctx, tx); err != nil {
						return err
					}
				}
				return tx.advance(ctx, h, branch(b))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// RevocationPlan is what the database says of how it looks a token up.
func (tx *Tx) RevocationPlan(ctx context.Context, t *identity.Token) (plan string, err error) {
	var g gathering
	gatherRevocations(&g, t, `?`, t.User.DomainID)
	stmt, args, _ := g.statement(tx.db.dialect)
	return tx.plan(ctx, stmt, args)
}

// AddressPlan is what the database says of how it looks users up by their address.
func (tx *Tx) AddressPlan(ctx context.Context, address string) (string, error) {
	where, args := tx.byAddress(address)
	return tx.plan(ctx, selectUser+` WHERE `+where, args)
}

func (tx *Tx) plan(ctx context.Context, stmt string, args []any) (plan string, err error) {
	explain := [...]string{"EXPLAIN QUERY PLAN ", "EXPLAIN ", "EXPLAIN "}[tx.db.dialect]
	rows, err := tx.query(ctx, explain+stmt, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		err = rows.Scan(cells...)
		for _, c := range cells {
			plan += c.(*sql.NullString).String + " | "
		}
		plan += "\n"
	}
	return plan, errors.Join(err, rows.Err())
}
