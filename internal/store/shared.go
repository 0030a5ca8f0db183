package store

import (
	"context"
	"fmt"
	"time"
)

// Where another program writes, nothing of what it does is in the change log. There a node asks the database, once for each
// request, for a mark that stays the same as long as nobody commits anything, and forgets all that it remembers when the
// mark has changed. One small statement stands for all that a token is made from, and requests that come together share it.

// Refresh makes what the node remembers count in work that begins now, for as long as it goes on with the context that is
// returned. Where only Lintel writes it costs nothing: there the change log is followed.
func (db *DB) Refresh(ctx context.Context) context.Context {
	if !db.stamps.shared.Load() || ctx.Value(refreshed{}) != nil {
		return ctx
	}
	if trust := time.Duration(db.trust.Load()); trust == 0 || !db.stamps.followedWithin(db.now(), trust) {
		// If that fails nothing is remembered, and whatever has to be read then tells why.
		_ = db.CatchUp(ctx)
	}
	return context.WithValue(ctx, refreshed{}, true)
}

// refreshed is in the context of work for which the mark was asked for.
type refreshed struct{}

// foreignChanges tells whether anything was committed since it was called last; what, it cannot tell. following must be held.
func (db *DB) foreignChanges(ctx context.Context) (_ []Key, all bool, err error) {
	mark, err := db.mark(ctx)
	if err != nil {
		db.stamps.followed.Store(nil)
		return nil, false, err
	}
	all = mark != db.marked
	db.marked = mark
	return nil, all, nil
}

// mark returns a text that differs from earlier ones if anything that tokens are made from was committed since, by anybody.
func (db *DB) mark(ctx context.Context) (mark string, err error) {
	switch db.dialect {
	case postgresql:
		// Which transactions are visible, and to be: of the whole server.
		err = db.read.QueryRowContext(ctx, `SELECT pg_current_snapshot()::text`).Scan(&mark)
	case mariadb:
		var certain bool
		if err = db.read.QueryRowContext(ctx, mariadbMark).Scan(&mark, &certain); !certain {
			mark = fmt.Sprint("look ", db.looks)
		}
	case sqlite:
		mark, err = db.sqliteMark(ctx)
	}
	return mark, err
}

// mariadbMark says when each of Keystone's tables, and the change log, was last written: all else in lintel_* is on the change
// log. Such times are whole seconds and are set at some moment of a commit, so while the last one is younger than a
// second nothing is certain. MySQL keeps such times back for a day: there nothing ever is.
const mariadbMark = `SELECT GROUP_CONCAT(COALESCE(UPDATE_TIME, ''), COALESCE(CREATE_TIME, '') ORDER BY TABLE_NAME),
	VERSION() LIKE '%MariaDB%' AND COALESCE(MAX(UPDATE_TIME) < NOW() - INTERVAL 1 SECOND, TRUE)
	FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME NOT LIKE 'lintel\_%' OR TABLE_NAME = 'lintel_change')`

// sqliteMark is SQLite's own count of what others committed, which only one connection can compare with itself.
func (db *DB) sqliteMark(ctx context.Context) (string, error) {
	if db.watch == nil {
		conn, err := db.read.Conn(ctx)
		if err != nil {
			return "", err
		}
		db.watch = conn
		db.watches++
	}
	var version int64
	if err := db.watch.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		db.watch.Close()
		db.watch = nil
		return "", err
	}
	return fmt.Sprint(db.watches, version), nil
}
