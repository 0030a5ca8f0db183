// Package store keeps Lintel's state in an SQL database with Keystone's schema: SQLite, PostgreSQL or MariaDB (Galera
// included). It is the only package that speaks SQL.
//
// All work happens in a transaction handed out by [DB.View] or [DB.Update]. A transaction has one fixed time, sees one
// consistent state of the database, and an Update is all or nothing: the change, its cascades, its revocation events and
// its rows in the change log commit together. A function given to Update may run more than once, since conflicts
// between writers are retried, so it must touch nothing but its transaction and the variables it sets.
//
// The schema belongs to Keystone: [DB.Sync] creates and migrates it as keystone-manage db_sync does, and a stock
// Keystone can run on the same database at the same time. What Keystone has no place for lives in tables named lintel_*.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lintel-id/lintel/internal/identity"
)

// Options say which database to open and how.
type Options struct {
	// URL names the database as Keystone's [database] connection does, e.g. sqlite:////var/lib/lintel/lintel.db,
	// mysql+pymysql://user:pass@host/keystone?charset=utf8, postgresql+psycopg2://user:pass@host/keystone.
	URL string

	// MaxConns bounds the connections to a database server; 0 means 25.
	MaxConns int

	// KeepRevocations is how long revocation events count: the longest life of a token, and some more. 0 means 90 minutes.
	KeepRevocations time.Duration

	Outbox Outbox // of events

	// KeepTrail is how long entries of the audit trail are kept; 0 keeps no trail.
	KeepTrail time.Duration

	// MembershipTTL is how long a membership of a group that an identity provider gave lasts after a login, where the provider
	// has no time of its own.
	MembershipTTL time.Duration

	// FactMemory bounds what a node remembers of what it read, in bytes.
	FactMemory int

	Now    func() time.Time // nil is time.Now
	NewID  func() string    // nil is identity.NewID
	Logger *slog.Logger     // nil discards
}

// DB is a database. Its methods may be called from many goroutines.
type DB struct {
	dialect     dialect
	read, write *sql.DB // the same pool but on SQLite
	now         func() time.Time
	newID       func() string

	mostSought int // see SeekUpTo

	keepRevocations, membershipTTL time.Duration
	outbox                         Outbox
	trail                          trail

	log     *slog.Logger
	rebound sync.Map // statement as written here -> as the dialect wants it
	queries atomic.Int64

	// What this node knows of changes, and of facts; see cache.go, shared.go and facts.go. following guards what follows it.
	stamps    stamps
	following sync.Mutex
	cursor    Cursor
	marked    string    // the last mark of a shared database
	watch     *sql.Conn // which asks SQLite for it
	watches   int       // how many such connections there were
	looks     int       // how many looks at the changes there were

	coming atomic.Pointer[look] // the next one, while somebody waits for it
	trust  atomic.Int64         // how long a mark counts, in nanoseconds
	facts  *Cache[Fact, any]

	// gate is taken in part by each Update, and wholly by one that has lost before, so that it runs alone on this node.
	gate *semaphore.Weighted
}

// Queries is how many queries were made so far, for who watches what a page costs; looks at the change log do not count.
func (db *DB) Queries() int64 { return db.queries.Load() }

const (
	maxRetries    = 5
	sharedRetries = 1 // a retry after this many runs alone
	gateWidth     = 1 << 20

	// gateWait is how long it waits for that, and others for it; a long transaction may be under way.
	gateWait = time.Second

	// firstPause bounds the pause before the first retry; each further one may be twice as long. It is many times what
	// a transaction takes, so that of many writers to one row few are awake at a time.
	firstPause = 50 * time.Millisecond
)

// Open opens the database and checks that it answers. It does not look at the schema: see [DB.Prepare] and [DB.Sync].
func Open(ctx context.Context, opts Options) (*DB, error) {
	target, err := parseURL(opts.URL)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: target.dialect, now: opts.Now, newID: opts.NewID, log: opts.Logger, outbox: opts.Outbox, gate: semaphore.NewWeighted(gateWidth)}
	db.mostSought, db.stamps.touched = mostSought, map[Key]uint64{}
	db.facts = NewCache[Fact, any](db, opts.FactMemory)
	db.membershipTTL, db.trail.life = opts.MembershipTTL, opts.KeepTrail
	db.keepRevocations = cmp.Or(opts.KeepRevocations, 90*time.Minute)
	if db.now == nil {
		db.now = time.Now
	}
	if db.newID == nil {
		db.newID = identity.NewID
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	maxConns := opts.MaxConns
	if maxConns == 0 {
		maxConns = 25
	}
	if err := db.connect(ctx, target, maxConns); err != nil {
		return nil, fmt.Errorf("database %s: %w", target.name, err)
	}
	return db, nil
}

// Close closes all connections. Transactions in flight fail.
func (db *DB) Close() error {
	db.following.Lock()
	defer db.following.Unlock()
	if db.watch != nil {
		db.watch.Close()
	}
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Dialect is the kind of database: "sqlite", "postgresql" or "mariadb".
func (db *DB) Dialect() string { return db.dialect.String() }

// Now is the time of the database's clock: UTC, in microseconds.
func (db *DB) Now() time.Time { return inMicroseconds(db.now()) }

func inMicroseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// View runs fn in a transaction that only reads, all from one state of the database. It never waits for a writer's
// lock on SQLite in WAL mode. fn may run again after a conflict.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.retry(ctx, func(int) error {
		return db.transact(ctx, db.read, db.dialect.viewOptions(), fn)
	})
}

// Glance runs fn, which only reads, without a transaction: each statement sees what was committed when it runs, so later ones
// see later states, and that saves two round trips. What the node remembers of the facts that tokens are made from is not
// asked for again; see [Recall]. It is for judging what exists: what is read last decides. fn may run again after a conflict.
func (db *DB) Glance(ctx context.Context, fn func(*Tx) error) error {
	ctx = db.Refresh(ctx)
	return db.retry(ctx, func(int) error {
		begun, now := db.Stamp(), db.now()
		return fn(&Tx{db: db, tx: db.read, now: inMicroseconds(now), asked: &db.queries, begun: &begun, current: db.stamps.current(now)})
	})
}

// Update runs fn in a transaction that may write, and commits it if fn returns nil. When it loses against another
// writer (deadlock, serialization failure, lock wait, Galera certification) it runs fn again, up to five times.
// The keys that fn touched are appended to the change log in the same transaction.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.retry(ctx, func(attempt int) error {
		leave, err := db.enter(ctx, attempt)
		if err != nil {
			return err
		}
		defer leave()
		var touched []Key
		var signIns []signIn
		// A commit that seems to fail may have happened, so the keys count as touched either way.
		defer func() { db.stamps.touch(touched, false) }()
		err = db.transact(ctx, db.write, db.dialect.updateOptions(), func(tx *Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			touched, signIns = tx.touched, tx.signIns
			return tx.logChanges(ctx)
		})
		if err == nil && len(signIns) > 0 {
			db.trail.settle(signIns)
		}
		return err
	})
}

// enter passes the gate: first beside others, then alone if that is to be had soon, and alone for the last attempt.
func (db *DB) enter(ctx context.Context, attempt int) (leave func(), err error) {
	width := int64(1)
	switch {
	case attempt == maxRetries:
		width = gateWidth
	case attempt > sharedRetries:
		patience, cancel := context.WithTimeout(ctx, gateWait)
		defer cancel()
		if db.gate.Acquire(patience, gateWidth) == nil {
			return func() { db.gate.Release(gateWidth) }, nil
		}
	}
	if err := db.gate.Acquire(ctx, width); err != nil {
		return nil, err
	}
	return func() { db.gate.Release(width) }, nil
}

// retry calls run until it succeeds, fails for good, or has lost too often.
func (db *DB) retry(ctx context.Context, run func(attempt int) error) error {
	for attempt := 0; ; attempt++ {
		err := run(attempt)
		switch {
		case err == nil:
			return nil
		case !conflicting(err):
			return db.explain(err)
		case attempt == maxRetries:
			return unavailable(fmt.Errorf("gave up after %d conflicts: %w", attempt+1, err))
		}
		db.log.DebugContext(ctx, "transaction lost a conflict", "attempt", attempt+1, "error", err)
		pause := time.NewTimer(rand.N(firstPause << attempt))
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

func (db *DB) transact(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, fn func(*Tx) error) error {
	sqltx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer sqltx.Rollback() // does nothing after a commit
	tx := &Tx{db: db, tx: sqltx, now: db.Now(), asked: &db.queries}
	if err := fn(tx); err != nil {
		return err
	}
	return sqltx.Commit()
}
