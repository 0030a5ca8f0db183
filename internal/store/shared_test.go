package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// foreignSQLite is a database as upstream makes it, in SQLite's default journal mode, open in a program of somebody
// else, who has half of SQLite's default patience.
func foreignSQLite(t *testing.T) (db *store.DB, other *sql.DB) {
	t.Helper()
	url := storetest.SQLiteURL(t)
	path := strings.TrimPrefix(url, "sqlite:///")
	db = storetest.Open(t, url)
	other, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(2500)")
	if err != nil {
		t.Fatal(err)
	}
	other.SetMaxOpenConns(1)
	t.Cleanup(func() { other.Close() })
	db.Close()
	if _, err := other.ExecContext(t.Context(), `PRAGMA journal_mode = DELETE`); err != nil {
		t.Fatal(err)
	}
	return open(t, url), other
}

func TestSQLiteSharedWithAnotherProgram(t *testing.T) {
	db, other := foreignSQLite(t)
	if err := db.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	write := func() error {
		_, err := other.ExecContext(t.Context(), `INSERT INTO region (id, description) VALUES (hex(randomblob(8)), '')`)
		return err
	}

	// Between transactions, and between requests, there is no lock: the other may even take the whole file.
	db.RememberShared(0)
	db.Refresh(t.Context())
	if _, err := other.ExecContext(t.Context(), `BEGIN EXCLUSIVE; COMMIT`); err != nil {
		t.Errorf("a lock is held when nothing goes on: %v", err)
	}

	// Ours and theirs, all at once.
	var wg sync.WaitGroup
	const each = 40
	for range 2 {
		wg.Go(func() {
			for range each {
				if err := write(); err != nil {
					t.Errorf("the other's write: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				err := db.Update(t.Context(), func(tx *store.Tx) error {
					_, err := tx.Exec(t.Context(), putRegion, tx.NewID(), "")
					return err
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				err := db.View(t.Context(), func(tx *store.Tx) error {
					_, err := tx.Strings(t.Context(), `SELECT "id" FROM "region"`)
					return err
				})
				if err != nil {
					t.Errorf("View: %v", err)
				}
			}
		})
	}
	wg.Wait()
	view(t, db, func(tx *store.Tx) error {
		var n int
		err := tx.Row(t.Context(), `SELECT COUNT(*) FROM "region"`).Scan(&n)
		if n != 4*each {
			t.Errorf("%d rows, want %d", n, 4*each)
		}
		return err
	})
	var mode string
	if err := other.QueryRowContext(t.Context(), `PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "delete" {
		t.Errorf("journal mode %q, %v: it was not ours to change", mode, err)
	}
}

// A database file that we make holds password hashes: nobody else may read it.
func TestSQLiteFileIsPrivate(t *testing.T) {
	url := storetest.SQLiteURL(t)
	storetest.Open(t, url)
	path := strings.TrimPrefix(url, "sqlite:///")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), got)
		}
	}
}

func TestSQLiteThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"sqlite:///" + junk:          "file is not a database",
		"sqlite:///" + dir + "/no/x": "does not exist",
		"sqlite:///" + dir:           "is a directory",
		"sqlite://":                  "name a file",
		"sqlite:///:memory:":         "name a file",
	} {
		db, err := store.Open(t.Context(), store.Options{URL: url})
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
