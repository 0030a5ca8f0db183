package store

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// target is a database URL, taken apart.
type target struct {
	dialect dialect
	name    string // the URL without its password, for messages
	path    string // SQLite: the file, or ":memory:"

	user, password, host, port, database string
	query                                url.Values
}

// parseURL reads a URL as SQLAlchemy writes them (sqlalchemy/engine/url.py): dialect[+driver]://user:password@host:port/database?options.
// The driver says how Python reaches the database and is ignored.
func parseURL(raw string) (target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return target{}, errors.New("[database] connection is not a URL such as sqlite:////var/lib/lintel/lintel.db")
	}
	name, _, _ := strings.Cut(scheme, "+")
	var t target
	rest, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return target{}, errors.New("[database] connection: the options after ? are malformed")
	}
	t.query = values
	switch name {
	case "sqlite":
		// Three slashes and a path relative to here, or four and an absolute one.
		path, ok := strings.CutPrefix(rest, "/")
		if !ok && rest != "" {
			return target{}, errors.New("[database] connection: sqlite:// takes a path after a third slash, sqlite:////absolute or sqlite:///relative")
		}
		t.dialect, t.path = sqlite, path
		if path == "" || path == ":memory:" {
			t.path = ":memory:"
		} else if t.path, err = filepath.Abs(path); err != nil {
			return target{}, err
		}
		t.name = "sqlite:///" + t.path
		return t, nil
	case "mysql", "mariadb":
		t.dialect = mariadb
	case "postgresql", "postgres":
		t.dialect = postgresql
	default:
		return target{}, fmt.Errorf("[database] connection: there is no support for %q, only for sqlite, postgresql and mysql (MariaDB)", name)
	}
	authority, database, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, password, _ := strings.Cut(authority[:i], ":")
		authority = authority[i+1:]
		if t.user, err = url.PathUnescape(user); err != nil {
			return target{}, errors.New("[database] connection: the user is malformed")
		}
		if t.password, err = url.PathUnescape(password); err != nil {
			return target{}, errors.New("[database] connection: the password is malformed")
		}
	}
	if rest, ok := strings.CutPrefix(authority, "["); ok { // IPv6
		host, port, _ := strings.Cut(rest, "]")
		t.host, t.port = host, strings.TrimPrefix(port, ":")
	} else {
		t.host, t.port, _ = strings.Cut(authority, ":")
	}
	t.database = database
	if t.database == "" {
		return target{}, errors.New("[database] connection names no database")
	}
	t.name = name + "://" + authority + "/" + database
	return t, nil
}
