package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/lintel-id/lintel/internal/store"
)

// urls remembers where each database is, for rows that a test writes or reads as a Keystone beside us would.
var urls sync.Map // *store.DB -> string

// keystone is a second way into a database that Open opened, around package store.
type keystone struct {
	t      *testing.T
	db     *sql.DB
	quoted func(string) string
}

func keystoneOf(t *testing.T, db *store.DB) keystone {
	t.Helper()
	at, _ := urls.Load(db)
	u, err := url.Parse(at.(string))
	if err != nil {
		t.Fatal(err)
	}
	k := keystone{t: t, quoted: func(s string) string { return s }}
	driver, dsn := "sqlite", "file:"+strings.TrimPrefix(u.Path, "/")+"?_pragma=busy_timeout(5000)"
	if db.Dialect() != "sqlite" {
		password, _ := u.User.Password()
		driver, dsn = "pgx", "postgres://"+u.User.String()+"@"+u.Host+u.Path
		if db.Dialect() == "mariadb" {
			driver, dsn = "mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path)
			k.quoted = func(s string) string {
				parts := strings.Split(s, "'") // every other one is a value
				for i := 0; i < len(parts); i += 2 {
					parts[i] = strings.ReplaceAll(parts[i], `"`, "`")
				}
				return strings.Join(parts, "'")
			}
		}
	}
	if k.db, err = sql.Open(driver, dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.db.Close() })
	return k
}

// exec runs statements that are written with names in double quotes and values in place.
func (k keystone) exec(stmts ...string) {
	k.t.Helper()
	for _, stmt := range stmts {
		if _, err := k.db.ExecContext(context.Background(), k.quoted(stmt)); err != nil {
			k.t.Fatalf("%s: %v", stmt, err)
		}
	}
}

// count returns the number that a SELECT answers.
func (k keystone) count(stmt string) (n int) {
	k.t.Helper()
	if err := k.db.QueryRowContext(context.Background(), k.quoted(stmt)).Scan(&n); err != nil {
		k.t.Fatalf("%s: %v", stmt, err)
	}
	return n
}

// twoNodes returns the database as two servers have it open.
func twoNodes(t *testing.T, db *store.DB) [2]*store.DB {
	t.Helper()
	url, _ := urls.Load(db)
	return [2]*store.DB{db, Open(t, url.(string))}
}
