package store_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

var (
	goldenFrom = flag.String("golden-from", "", "URL of a database made by keystone-manage db_sync, to write a golden file from")
	goldenName = flag.String("golden-name", "", "name of that file, e.g. keystone-30.0.0")
)

// dialects are the databases to test on. empty creates one without a schema and returns its URL; fresh returns what
// hands out URLs of databases with the newest schema, one at a time.
var dialects = []struct {
	name  string
	empty func(testing.TB) string
	fresh func(*testing.T) func(testing.TB) string
}{
	{"sqlite", storetest.SQLiteURL, func(*testing.T) func(testing.TB) string {
		return func(t testing.TB) string {
			url := storetest.SQLiteURL(t)
			storetest.Open(t, url)
			return url
		}
	}},
	onServer("postgresql", "LINTEL_TEST_POSTGRESQL"),
	onServer("mariadb", "LINTEL_TEST_MARIADB"),
}

func onServer(name, variable string) (d struct {
	name  string
	empty func(testing.TB) string
	fresh func(*testing.T) func(testing.TB) string
}) {
	d.name = name
	d.empty = func(t testing.TB) string { return storetest.Database(t, variable) }
	d.fresh = func(t *testing.T) func(testing.TB) string { return storetest.ServerURL(t, variable) }
	return d
}

// The golden files describe what keystone-manage db_sync of Keystone 30.0.0 makes: keystone-30.0.0 at its newest
// revisions, keystone-initial at its first. They are written with
//
//	go test ./internal/store -run TestSchema -golden-from URL -golden-name NAME
func TestSchemaIsKeystones(t *testing.T) {
	if *goldenFrom != "" {
		db := open(t, *goldenFrom)
		file := filepath.Join("testdata", *goldenName+"."+db.Dialect()+".txt")
		if err := os.WriteFile(file, []byte(describe(t, db)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, d := range dialects {
		for _, tt := range []struct {
			golden string
			create func(*store.DB, context.Context) error
		}{
			{"keystone-initial", (*store.DB).CreateInitial},
			{"keystone-30.0.0", (*store.DB).Sync},
		} {
			t.Run(d.name+"/"+tt.golden, func(t *testing.T) {
				db := open(t, d.empty(t))
				if err := tt.create(db, t.Context()); err != nil {
					t.Fatal(err)
				}
				want, err := os.ReadFile(filepath.Join("testdata", tt.golden+"."+d.name+".txt"))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(describe(t, db), "\n")); diff != "" {
					t.Errorf("schema (-upstream +ours):\n%s", diff)
				}
			})
		}
	}
}

func open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// describe lists all that matters in a schema but our own tables, columns and indexes, sorted, in the database's own words.
func describe(t testing.TB, db *store.DB) string {
	t.Helper()
	var facts []string
	err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		ask := func(stmt string, args ...any) {
			if err != nil {
				return
			}
			var rows []string
			rows, err = tx.Strings(t.Context(), stmt, args...)
			facts = append(facts, rows...)
		}
		switch db.Dialect() {
		case "sqlite":
			ask(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'lintel%' AND name NOT LIKE 'sqlite%'`)
		case "postgresql":
			ask(`SELECT concat_ws(' ', table_name, column_name, data_type, udt_name, character_maximum_length, is_nullable, column_default)
				FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'lintel%'`)
			ask(`SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
				FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'lintel%'`)
			ask(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE 'lintel%'`)
			ask(`SELECT 'function ' || proname || ' ' || prorettype::regtype FROM pg_proc WHERE pronamespace = 'public'::regnamespace`)
			ask(`SELECT 'enum ' || enumtypid::regtype || ' ' || enumlabel FROM pg_enum`)
			ask(`SELECT 'sequence ' || sequencename || ' ' || data_type FROM pg_sequences WHERE sequencename NOT LIKE 'lintel%'`)
		case "mariadb":
			ask(`SELECT CONCAT_WS(' ', table_name, engine, table_collation) FROM information_schema.tables
				WHERE table_schema = DATABASE() AND table_name NOT LIKE 'lintel%' AND table_name <> 'alembic_version'`) // it has the server's default
			ask(`SELECT CONCAT_WS(' ', table_name, ordinal_position, column_name, column_type, IF(table_name = 'alembic_version', '', collation_name), is_nullable, column_default, extra)
				FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE 'lintel%' AND column_name NOT LIKE 'lintel%'`)
			ask(`SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name) FROM information_schema.statistics
				WHERE table_schema = DATABASE() AND index_name NOT LIKE 'lintel%' AND table_name NOT LIKE 'lintel%'`)
			ask(`SELECT CONCAT_WS(' ', k.table_name, k.constraint_name, k.ordinal_position, k.column_name, k.referenced_table_name,
				k.referenced_column_name, r.update_rule, r.delete_rule) FROM information_schema.key_column_usage k
				JOIN information_schema.referential_constraints r
				ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
				WHERE k.table_schema = DATABASE()`)
			ask(`SELECT CONCAT('database ', default_collation_name) FROM information_schema.schemata WHERE schema_name = DATABASE()`)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range facts {
		f = strings.ReplaceAll(regexp.MustCompile(`\s+`).ReplaceAllString(f, " "), `"`, "")
		facts[i] = strings.NewReplacer("( ", "(", " )", ")", " ,", ",").Replace(f)
	}
	slices.Sort(facts)
	return strings.Join(facts, "\n") + "\n"
}
