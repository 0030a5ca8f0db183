package store

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want target
		name string
	}{
		{"sqlite:////var/lib/a b.db", target{dialect: sqlite, path: "/var/lib/a b.db"}, "sqlite:////var/lib/a b.db"},
		{"sqlite+pysqlite:////x.db?timeout=5", target{dialect: sqlite, path: "/x.db"}, "sqlite:////x.db"},
		{
			"mysql+pymysql://key%40stone:p%3Ass%2F%40@db.example:3307/keystone?charset=utf8",
			target{dialect: mariadb, user: "key@stone", password: "p:ss/@", host: "db.example", port: "3307", database: "keystone"},
			"mysql://db.example:3307/keystone",
		},
		{
			"mysql://u:p@ss@h/k", // SQLAlchemy takes the last @
			target{dialect: mariadb, user: "u", password: "p@ss", host: "h", database: "k"}, "mysql://h/k",
		},
		{
			"postgresql+psycopg2://u@[2001:db8::1]:5433/k",
			target{dialect: postgresql, user: "u", host: "2001:db8::1", port: "5433", database: "k"}, "postgresql://[2001:db8::1]:5433/k",
		},
		{"postgresql:///k?host=/run/postgresql", target{dialect: postgresql, database: "k"}, "postgresql:///k"},
		{"mariadb+mariadbconnector://u:p@/k?unix_socket=/run/mysqld.sock", target{dialect: mariadb, user: "u", password: "p", database: "k"}, "mariadb:///k"},
	} {
		got, err := parseURL(tt.url)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		if got.name != tt.name {
			t.Errorf("%s: called %q, want %q", tt.url, got.name, tt.name)
		}
		got.query, got.name = nil, ""
		if g, w := got, tt.want; g.dialect != w.dialect || g.path != w.path || g.user != w.user || g.password != w.password ||
			g.host != w.host || g.port != w.port || g.database != w.database {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.url, got, tt.want)
		}
	}
}

// What is wrong is said without the password.
func TestParseURLRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                "not a URL",
		"/var/lib/keystone.db":            "not a URL",
		"oracle://u:secret@h/k":           `no support for "oracle"`,
		"sqlite://keystone.db":            "third slash",
		"mysql+pymysql://u:secret@h":      "no database",
		"mysql+pymysql://u:%zzsecret@h/k": "password is malformed",
	} {
		_, err := parseURL(url)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("mysql+pymysql://u:p@h:1/k?charset=utf8")
	f.Add("sqlite:////x")
	f.Add("postgresql://[::1]/k")
	f.Fuzz(func(t *testing.T, url string) {
		target, err := parseURL(url)
		if err == nil && target.dialect != sqlite && target.database == "" {
			t.Errorf("%q names no database", url)
		}
	})
}

func TestSpell(t *testing.T) {
	const stmt = `SELECT "a" FROM "group" WHERE "b" = ? AND "c" <> '?"''"' AND "d" = ?`
	for d, want := range map[dialect]string{
		postgresql: `SELECT "a" FROM "group" WHERE "b" = $1 AND "c" <> '?"''"' AND "d" = $2`,
		mariadb:    "SELECT `a` FROM `group` WHERE `b` = ? AND `c` <> '?\"''\"' AND `d` = ?",
	} {
		if got := d.spell(stmt); got != want {
			t.Errorf("%v:\n got %s\nwant %s", d, got, want)
		}
	}
}
