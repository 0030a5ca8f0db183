package store

import (
	"context"
	"database/sql/driver"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// reusing makes connections that keep their prepared statements by text. The drivers of SQLite and MariaDB prepare a
// statement at each run and throw it away, which doubles the time of a small query; pgx needs no help.
type reusing struct{ driver.Connector }

// keptStatements bounds the prepared statements of one connection.
const keptStatements = 256

func (r reusing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := simplelru.NewLRU(keptStatements, func(_ string, s driver.Stmt) { s.Close() })
	if err != nil {
		return nil, err
	}
	return &reusingConn{c.(fullConn), kept}, nil
}

// fullConn is what both drivers' connections can do, and database/sql makes use of.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type reusingConn struct {
	fullConn
	kept *simplelru.LRU[string, driver.Stmt]
}

func (c *reusingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (c *reusingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 { // DDL and the like, once
		return c.fullConn.ExecContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *reusingConn) statement(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.kept.Get(query); ok {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.kept.Add(query, s)
	return s, nil
}

func (c *reusingConn) Close() error {
	c.kept.Purge()
	return c.fullConn.Close()
}

// CheckNamedValue lets the driver convert arguments in its own way, if it has one.
func (c *reusingConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}
