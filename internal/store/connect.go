package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	sqlitedriver "modernc.org/sqlite"
)

const busyTimeout = 10 * time.Second

// connect opens the pools and sees that the database answers.
func (db *DB) connect(ctx context.Context, t target, maxConns int) (err error) {
	switch t.dialect {
	case sqlite:
		return db.openSQLite(ctx, t)
	case postgresql:
		db.write, err = openPostgreSQL(t)
	case mariadb:
		db.write, err = openMariaDB(ctx, t)
	}
	if err != nil {
		return err
	}
	db.read = db.write
	db.write.SetMaxOpenConns(maxConns)
	db.write.SetMaxIdleConns(maxConns)
	db.write.SetConnMaxIdleTime(5 * time.Minute)
	db.write.SetConnMaxLifetime(time.Hour) // as [database] connection_recycle_time
	if err := db.write.PingContext(ctx); err != nil {
		db.write.Close()
		return err
	}
	return nil
}

// openSQLite opens one connection for writers, who queue for it here rather than for the file's lock, and several for
// readers. It takes the file in the journal mode that it has: another program may be at work on it.
func (db *DB) openSQLite(ctx context.Context, t target) error {
	if t.path == ":memory:" {
		return errors.New("a database in memory is empty at each start: name a file, sqlite:////var/lib/lintel/lintel.db")
	}
	// Made by us, it is for its owner only; SQLite gives its companions -wal and -shm the same mode.
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the folder %s does not exist", filepath.Dir(t.path))
		}
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	open := func(lock string, pragmas ...string) (*sql.DB, error) {
		q := url.Values{"_txlock": {lock}, "_pragma": append([]string{
			"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")", "foreign_keys(1)",
		}, pragmas...)}
		c, err := sqlitedriver.NewConnector("file:" + (&url.URL{Path: t.path}).EscapedPath() + "?" + q.Encode())
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(reusing{c}), nil
	}
	if db.write, err = open("immediate", "synchronous(NORMAL)"); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = open("deferred", "query_only(1)"); err != nil {
		return err
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	// The first read of the file tells whether it is a database at all.
	var mode string
	if err := db.write.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		db.Close()
		return err
	}
	return nil
}

func openPostgreSQL(t target) (*sql.DB, error) {
	q := url.Values{"timezone": {"UTC"}, "idle_in_transaction_session_timeout": {strconv.FormatInt(idleTimeout.Milliseconds(), 10)}}
	for name, values := range t.query {
		switch name {
		case "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "target_session_attrs", "options":
			q[name] = values
		case "host": // a Unix socket's folder
			t.host = values[0]
		case "port":
			t.port = values[0]
		default:
			return nil, fmt.Errorf("unknown option %q in the URL", name)
		}
	}
	u := url.URL{Scheme: "postgresql", Path: "/" + t.database}
	if t.user != "" {
		u.User = url.UserPassword(t.user, t.password)
	}
	if t.host != "" {
		q.Set("host", t.host)
	}
	if t.port != "" {
		q.Set("port", t.port)
	}
	u.RawQuery = q.Encode()
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errors.New("the URL is malformed for PostgreSQL") // pgx's words may show the password
	}
	return stdlib.OpenDB(*cfg), nil
}

func openMariaDB(ctx context.Context, t target) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = t.user, t.password, t.database
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(cmp.Or(t.host, "localhost"), cmp.Or(t.port, "3306"))
	cfg.ParseTime, cfg.ClientFoundRows = true, true
	cfg.Params = map[string]string{
		// What upstream's layer sets (oslo.db, mysql_sql_mode): text that does not fit is an error, never cut.
		"sql_mode":     "'TRADITIONAL'",
		"tx_isolation": "'REPEATABLE-READ'",
		"time_zone":    "'+00:00'",

		"idle_transaction_timeout": strconv.Itoa(int(idleTimeout.Seconds())),
	}
	files := map[string]string{}
	for name, values := range t.query {
		switch name {
		case "charset": // ours holds every character; the columns decide what is kept
		case "unix_socket":
			cfg.Net, cfg.Addr = "unix", values[0]
		case "ssl_ca", "ssl_cert", "ssl_key":
			files[name] = values[0]
		case "connect_timeout", "read_timeout", "write_timeout":
			n, err := strconv.Atoi(values[0])
			if err != nil {
				return nil, fmt.Errorf("%s in the URL is not a number", name)
			}
			d := time.Duration(n) * time.Second
			switch name {
			case "connect_timeout":
				cfg.Timeout = d
			case "read_timeout":
				cfg.ReadTimeout = d
			case "write_timeout":
				cfg.WriteTimeout = d
			}
		default:
			return nil, fmt.Errorf("unknown option %q in the URL", name)
		}
	}
	if len(files) > 0 {
		var err error
		if cfg.TLS, err = tlsFiles(files, t.host); err != nil {
			return nil, err
		}
	}
	if err := probeMariaDB(ctx, cfg); err != nil {
		return nil, err
	}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(reusing{c}), nil
}

// probeMariaDB looks what the server can do, and asks for it in each session to come.
func probeMariaDB(ctx context.Context, cfg *mysql.Config) error {
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	probe := sql.OpenDB(c)
	defer probe.Close()
	rows, err := probe.QueryContext(ctx, `SHOW VARIABLES WHERE Variable_name IN ('innodb_snapshot_isolation', 'wsrep_on')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		switch {
		case name == "innodb_snapshot_isolation": // a write over a newer write fails, as PostgreSQL has it
			cfg.Params[name] = "ON"
		case name == "wsrep_on" && value == "ON": // Galera: read what any node has acknowledged
			cfg.Params["wsrep_sync_wait"] = "1"
		}
	}
	return rows.Err()
}

func tlsFiles(files map[string]string, host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host}
	if name := files["ssl_ca"]; name != "" {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", name)
		}
	}
	if files["ssl_cert"] != "" || files["ssl_key"] != "" {
		pair, err := tls.LoadX509KeyPair(files["ssl_cert"], files["ssl_key"])
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
