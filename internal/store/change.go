package store

import (
	"context"
	"strings"
)

// Key names something whose cached copies a change makes stale.
type Key struct {
	Kind string // "user", "project", …
	ID   string
}

// touch records that the transaction changes what is known under a key. The rows go into the change log at commit.
func (tx *Tx) touch(kind, id string) {
	for _, k := range tx.touched {
		if k.Kind == kind && k.ID == id {
			return
		}
	}
	tx.touched = append(tx.touched, Key{kind, id})
}

// logChanges appends the touched keys to the change log, as the last thing before the commit.
func (tx *Tx) logChanges(ctx context.Context) error {
	const perInsert = 64
	for keys := tx.touched; len(keys) > 0; keys = keys[min(perInsert, len(keys)):] {
		batch := keys[:min(perInsert, len(keys))]
		args := make([]any, 0, 3*len(batch))
		for _, k := range batch {
			args = append(args, tx.now, k.Kind, k.ID)
		}
		_, err := tx.exec(ctx, `INSERT INTO "lintel_change" ("at", "kind", "id") VALUES (?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?)`, len(batch)-1), args...)
		if err != nil {
			return err
		}
	}
	return nil
}
