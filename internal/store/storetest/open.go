package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	// To make databases and look into them past the store.
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Now is the time on the clock of every database that this package opens.
var Now = time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)

// SQLite opens a fresh SQLite database.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, SQLiteURL(t))
}

// SQLiteURL is the URL of an SQLite database that does not exist yet.
func SQLiteURL(t testing.TB) string { return "sqlite:///" + filepath.Join(t.TempDir(), "lintel.db") }

// Open opens the database at a URL, creates its schema, and closes it when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{
		URL: url, Now: func() time.Time { return Now }, MembershipTTL: 10 * time.Minute, KeepTrail: 24 * time.Hour,
		Outbox: store.Outbox{Sinks: []string{"one", "two"}, OptOut: []string{"identity.authenticate.success"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	urls.Store(db, url)
	t.Cleanup(func() {
		urls.Delete(db)
		db.Close()
	})
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// Server returns a function that opens a fresh database on the server whose URL the environment variable holds, e.g.
// LINTEL_TEST_POSTGRESQL=postgresql://postgres@127.0.0.1:5432/postgres or LINTEL_TEST_MARIADB=mysql://root:secret@127.0.0.1:3306/mysql.
// The user must be allowed to create databases. Without the variable the test is skipped; with one that leads nowhere
// it fails. It is one database, emptied each time, since servers are slow to make tables: use one at a time.
func Server(t *testing.T, variable string) func(testing.TB) *store.DB {
	t.Helper()
	fresh := ServerURL(t, variable)
	return func(t testing.TB) *store.DB {
		t.Helper()
		return Open(t, fresh(t))
	}
}

// ServerURL is like [Server], for the URL of the database.
func ServerURL(t *testing.T, variable string) func(testing.TB) string {
	t.Helper()
	at := Database(t, variable)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	admin := connect(t, u)
	t.Cleanup(func() { admin.Close() })
	return func(t testing.TB) string {
		t.Helper()
		empty(t, admin, Open(t, at).Dialect())
		return at
	}
}

// empty deletes all rows but those of a fresh database.
func empty(t testing.TB, admin *sql.DB, dialect string) {
	t.Helper()
	tx, err := admin.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	exec := func(stmt string) {
		t.Helper()
		if _, err := tx.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	const others = `NOT IN ('project', 'alembic_version', 'lintel_version')`
	if dialect == "postgresql" {
		var tables string
		err := tx.QueryRowContext(t.Context(), `SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
			WHERE schemaname = 'public' AND tablename `+others).Scan(&tables)
		if err != nil {
			t.Fatal(err)
		}
		exec(`TRUNCATE ` + tables)
	} else {
		var tables string
		exec(`SET SESSION group_concat_max_len = 100000`)
		err := tx.QueryRowContext(t.Context(), `SELECT GROUP_CONCAT(table_name) FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_name `+others).Scan(&tables)
		if err != nil {
			t.Fatal(err)
		}
		exec(`SET foreign_key_checks = 0`)
		for table := range strings.SplitSeq(tables, ",") {
			exec("DELETE FROM `" + table + "`")
		}
	}
	exec(`DELETE FROM project WHERE id <> '` + string(identity.RootDomain) + `'`)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// Database creates an empty database on the server that the environment variable names, for as long as the test runs,
// and returns its URL.
func Database(t testing.TB, variable string) string {
	t.Helper()
	server := os.Getenv(variable)
	if server == "" {
		t.Skipf("NOT TESTED on this database: set %s to the URL of a server to create databases on", variable)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	admin := connect(t, u)
	name := "lintel_test_" + identity.NewID()[:16]
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	t.Cleanup(func() {
		drop := "DROP DATABASE " + name
		if strings.HasPrefix(u.Scheme, "postgres") {
			drop += " WITH (FORCE)"
		}
		if _, err := admin.ExecContext(context.Background(), drop); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u.Path = "/" + name
	return u.String()
}

func connect(t testing.TB, u *url.URL) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", "postgres://"+u.User.String()+"@"+u.Host+u.Path
	if !strings.HasPrefix(u.Scheme, "postgres") {
		password, _ := u.User.Password()
		driver, dsn = "mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
