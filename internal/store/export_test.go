package store

import (
	"context"
	"database/sql"
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
