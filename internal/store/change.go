package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// The change log, lintel_change, tells every node which cached copies are stale. Its rows are numbered when they are
// written and become visible when their transaction commits, so number 7 may appear before number 6. A reader takes
// what it sees, in any order, and keeps looking for the numbers it missed until they appear or cannot appear any more:
// most belong to transactions that were rolled back, or are numbers that a Galera cluster leaves out.

const (
	// A transaction that wrote to the log and then stalls is ended by the server after idleTimeout, so after gapLife a
	// missing number has no row and will not get one.
	idleTimeout = 30 * time.Second
	gapLife     = time.Minute

	// changesKept is how long rows stay in the log. A reader that slept for half of it starts over.
	changesKept = time.Hour

	// maxBehind bounds the rows and the gaps of one reading; a reader that is further behind starts over.
	maxBehind = 50_000

	// lookBack is how many numbers before the newest a new reader looks at, for transactions in flight.
	lookBack = 1000
)

// Key names something whose cached copies a change makes stale.
type Key struct {
	Kind string // "user", "project", …
	ID   string
}

// Cursor is how far a reader has read the change log. The zero Cursor is a new reader. It serves one goroutine.
type Cursor struct {
	next int64 // the lowest number not reached yet
	gaps []gap // below next, ascending
	read time.Time
}

// gap is a range of numbers that were missed, both ends included.
type gap struct {
	from, to int64
	since    time.Time
}

// Changes returns the keys that were changed since the cursor's last reading, and moves the cursor. When all is true the
// reader is new or has fallen too far behind, and must drop everything it has cached before that reading.
func (db *DB) Changes(ctx context.Context, c *Cursor) (keys []Key, all bool, err error) {
	err = db.Glance(ctx, func(tx *Tx) error {
		tx.asked = new(atomic.Int64) // nobody asked for it
		now := tx.Now()
		next := *c
		next.gaps = slices.Clone(c.gaps)
		if c.next == 0 || now.Sub(c.read) > changesKept/2 {
			all = true
			if next, err = tx.newCursor(ctx); err != nil {
				return err
			}
		}
		rows, err := list(ctx, tx, scanChange, `SELECT "seq", "kind", "id" FROM "lintel_change" WHERE "seq" >= ? ORDER BY "seq" LIMIT ?`,
			next.from(), maxBehind)
		if err != nil {
			return err
		}
		keys = next.take(rows, now)
		if len(rows) == maxBehind || len(next.gaps) > maxBehind {
			keys, all = nil, true
			if next, err = tx.newCursor(ctx); err != nil {
				return err
			}
		}
		next.read = now
		*c = next
		return nil
	})
	return keys, all, err
}

// TrimChanges deletes the rows that no reader needs any more.
func (db *DB) TrimChanges(ctx context.Context) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_change" WHERE "at" < ?`, tx.Now().Add(-changesKept))
		return err
	})
}

func (tx *Tx) newCursor(ctx context.Context) (Cursor, error) {
	var newest int64
	err := tx.row(ctx, `SELECT COALESCE(MAX("seq"), 0) FROM "lintel_change"`).Scan(&newest)
	return Cursor{next: max(1, newest-lookBack+1)}, err
}

type change struct {
	seq int64
	key Key
}

func scanChange(s scanner) (c change, err error) {
	err = s.Scan(&c.seq, &c.key.Kind, &c.key.ID)
	return c, err
}

// from is the lowest number that is still of interest.
func (c *Cursor) from() int64 {
	if len(c.gaps) > 0 {
		return c.gaps[0].from
	}
	return c.next
}

// take moves the cursor over rows in ascending order, and returns the keys of those not taken before.
func (c *Cursor) take(rows []change, now time.Time) (keys []Key) {
	for _, row := range rows {
		switch {
		case row.seq >= c.next:
			if row.seq > c.next {
				c.gaps = append(c.gaps, gap{c.next, row.seq - 1, now})
			}
			c.next = row.seq + 1
		case !c.fill(row.seq):
			continue
		}
		keys = append(keys, row.key)
	}
	c.gaps = slices.DeleteFunc(c.gaps, func(g gap) bool { return now.Sub(g.since) > gapLife })
	return keys
}

// fill takes one number out of the gap that it is in, if it is in one.
func (c *Cursor) fill(seq int64) bool {
	i, _ := slices.BinarySearchFunc(c.gaps, seq, func(g gap, seq int64) int { return cmp.Compare(g.to, seq) })
	if i == len(c.gaps) || seq < c.gaps[i].from {
		return false
	}
	g := c.gaps[i]
	var rest []gap
	if g.from < seq {
		rest = append(rest, gap{g.from, seq - 1, g.since})
	}
	if seq < g.to {
		rest = append(rest, gap{seq + 1, g.to, g.since})
	}
	c.gaps = slices.Replace(c.gaps, i, i+1, rest...)
	return true
}

// touch records that the transaction changes what is known under a key. The rows go into the change log at commit.
func (tx *Tx) touch(kind, id string) {
	k := Key{kind, id}
	if tx.seen == nil {
		tx.seen = map[Key]bool{}
	}
	if !tx.seen[k] {
		tx.seen[k] = true
		tx.touched = append(tx.touched, k)
	}
}

// logChanges appends the touched keys to the change log. It is the last thing before the commit, so that numbers are
// missing for as short a time as can be.
func (tx *Tx) logChanges(ctx context.Context) error {
	for keys := range slices.Chunk(tx.touched, 64) {
		args := make([]any, 0, 3*len(keys))
		for _, k := range keys {
			args = append(args, tx.now, k.Kind, k.ID)
		}
		_, err := tx.exec(ctx, `INSERT INTO "lintel_change" ("at", "kind", "id") VALUES (?, ?, ?)`+
			strings.Repeat(`, (?, ?, ?)`, len(keys)-1), args...)
		if err != nil {
			return err
		}
	}
	tx.touched, tx.seen = nil, nil
	return nil
}
