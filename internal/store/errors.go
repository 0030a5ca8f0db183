package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lintel-id/lintel/internal/identity"
)

// conflicting tells whether a transaction failed for no fault of its own and may be run again: it was rolled back
// because another one was in its way. On a server that goes for foreign keys too: transactions look first whether the rows
// are there that theirs refer to, so one was added or removed beside them, and the next look will show it.
func conflicting(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case 1213, // deadlock, or a Galera certification failure
			1205, // lock wait timeout
			1020: // the record has changed since the snapshot was taken
			return true
		}
		return orphan(err)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || orphan(err) // serialization failure, deadlock
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// duplicate tells whether a write failed because a row with the same key exists. key names the key as far as the
// database tells: the constraint on PostgreSQL and MariaDB ("PRIMARY" for MariaDB's primary keys), the columns
// ("project.domain_id, project.name") on SQLite.
func duplicate(err error) (key string, ok bool) {
	if e, is := errors.AsType[*mysql.MySQLError](err); is && (e.Number == 1062 || e.Number == 1586) {
		key = e.Message[strings.LastIndex(e.Message, " for key ")+len(" for key "):]
		key = strings.Trim(key, "'")
		return key[strings.LastIndexByte(key, '.')+1:], true
	}
	if e, is := errors.AsType[*pgconn.PgError](err); is && e.Code == "23505" {
		return e.ConstraintName, true
	}
	if e, is := errors.AsType[*sqlitedriver.Error](err); is {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
			_, key, _ = strings.Cut(e.Error(), "UNIQUE constraint failed: ")
			key, _, _ = strings.Cut(key, " (")
			return key, true
		}
	}
	return "", false
}

// orphan tells whether a write failed because of a foreign key: the row it refers to is missing, or the row it deletes
// is still referred to.
func orphan(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1451 || e.Number == 1452
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23503"
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	return false
}

// explain turns what a client can be told about a failure into an *identity.Error: text that the database cannot hold
// is a bad request, and a database that is away or full is an outage. Other errors stay as they are.
func (db *DB) explain(err error) error {
	if _, told := errors.AsType[*identity.Error](err); told {
		return err
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case 1366, 1300, // Keystone's columns are utf8mb3, which has no characters of four bytes
			1267, 1270, 1271: // nor can they be compared with such text
			return badText(err)
		case 1406:
			return tooLong(err)
		case 1040, 1047, 1053, 1021, 1114, 1290, 1836: // too many connections, no Galera quorum, shutdown, disk full, read-only
			return unavailable(err)
		}
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "22021": // NUL or bytes that are not UTF-8
			return badText(err)
		case e.Code == "22001":
			return tooLong(err)
		case strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"), e.Code == "25006":
			return unavailable(err) // out of resources, shutdown, no connection, read-only
		}
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
			return unavailable(err)
		}
	}
	_, network := errors.AsType[*net.OpError](err)
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	if network || connect || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, mysql.ErrInvalidConn) {
		return unavailable(err)
	}
	return err
}

func badText(err error) error {
	return &identity.Error{Kind: identity.BadRequest, Message: "The request contains characters that the database cannot store.", Err: err}
}

func tooLong(err error) error {
	return &identity.Error{Kind: identity.BadRequest, Message: "The request contains a value that is too long.", Err: err}
}

func unavailable(err error) error {
	return &identity.Error{
		Kind: identity.Unavailable, Message: "The database is not available at the moment. Please try again.",
		RetryAfter: time.Second, Err: err,
	}
}
