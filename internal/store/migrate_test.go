package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// wantNewest checks that the schema is the newest Keystone's, with ours beside it.
func wantNewest(t *testing.T, db *store.DB) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", "keystone-30.0.0."+db.Dialect()+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(describe(t, db), "\n")); diff != "" {
		t.Errorf("schema (-upstream +ours):\n%s", diff)
	}
	newest := store.Versions{
		Expand: "742c857f1dfb", Contract: "c88cdce8f248", ExpandHead: "742c857f1dfb", ContractHead: "c88cdce8f248",
	}
	if v, err := db.Versions(t.Context()); v != newest || v.Pending() != store.UpToDate || err != nil {
		t.Errorf("Versions = %+v, %v, want %+v", v, err, newest)
	}
	view(t, db, func(tx *store.Tx) error {
		rows, err := tx.Strings(t.Context(), `SELECT "version_num" FROM "alembic_version" ORDER BY 1`)
		if got := strings.Join(rows, " "); got != "742c857f1dfb c88cdce8f248" {
			t.Errorf("alembic_version holds %q", got)
		}
		if err != nil {
			return err
		}
		roots, err := tx.Strings(t.Context(), `SELECT "id" FROM "project" WHERE "is_domain" = ?`, true)
		if got := strings.Join(roots, " "); got != "<<keystone.domain.root>>" {
			t.Errorf("domains %q, want the root alone", got)
		}
		return err
	})
}

// A database of any release since Zed is taken as it is, and brought up to date with its rows.
func TestMigrateFromEachRelease(t *testing.T) {
	for _, d := range dialects {
		for _, release := range []struct {
			name                 string
			expanded, contracted int
			pending              store.Pending
		}{
			{"Zed", 1, 1, store.ExpandNeeded},
			{"Zed, expanded", 6, 1, store.ContractNeeded},
			{"2023.2", 3, 3, store.ExpandNeeded},
			{"2024.1", 4, 3, store.ExpandNeeded},
			{"2026.1", 6, 3, store.UpToDate},
		} {
			t.Run(d.name+"/"+release.name, func(t *testing.T) {
				db := open(t, d.empty(t))
				if err := db.CreateInitial(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := db.MigrateTo(t.Context(), release.expanded, release.contracted); err != nil {
					t.Fatal(err)
				}
				if err := db.Prepare(t.Context()); err != nil {
					t.Errorf("Prepare: %v", err)
				}
				if v, err := db.Versions(t.Context()); v.Pending() != release.pending || err != nil {
					t.Errorf("Versions = %+v, %v; pending %d, want %d", v, err, v.Pending(), release.pending)
				}
				exec(t, db, `INSERT INTO "access_rule" ("id", "service", "external_id", "user_id") VALUES (7, 'compute', 'x', 'u')`)
				exec(t, db, `INSERT INTO "application_credential" ("internal_id", "id", "name", "secret_hash", "user_id") VALUES (5, 'a', 'n', 's', 'u')`)
				exec(t, db, `INSERT INTO "application_credential_access_rule" ("application_credential_id", "access_rule_id") VALUES (5, 7)`)
				exec(t, db, `INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "impersonation", "extra") VALUES ('t', 'a', 'b', ?, '{}')`, true)
				exec(t, db, `INSERT INTO "mapping" ("id", "rules") VALUES ('m', '[]')`)
				exec(t, db, `INSERT INTO "service_provider" ("id", "auth_url", "sp_url", "enabled", "relay_state_prefix") VALUES ('sp', 'a', 'b', ?, 'ss:mem:')`, true)

				if err := db.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantNewest(t, db)
				view(t, db, func(tx *store.Tx) error {
					got, err := tx.Strings(t.Context(), `SELECT "external_id" FROM "application_credential_access_rule"
						JOIN "access_rule" ON "access_rule"."id" = "access_rule_id"
						UNION ALL SELECT "id" FROM "trust" UNION ALL SELECT "schema_version" FROM "mapping" UNION ALL SELECT "relay_state_prefix" FROM "service_provider"`)
					if want := []string{"x", "t", "1.0", "ss:mem:"}; !slices.Equal(got, want) {
						t.Errorf("rows %q, want %q", got, want)
					}
					return err
				})
			})
		}
	}
}

// S-137: however often db_sync is ended before it is done, the next one goes on from there.
func TestInterruptedSync(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.empty(t)
			interrupted := 0
			for patience := time.Millisecond; ; patience += max(time.Millisecond, patience/8) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				db, err := store.Open(ctx, store.Options{URL: url})
				if err == nil {
					err = db.Sync(ctx)
					db.Close()
				}
				cancel()
				if err == nil {
					break
				}
				interrupted++
			}
			if interrupted < 5 {
				t.Errorf("interrupted %d times only", interrupted)
			}
			db := open(t, url)
			wantNewest(t, db)
			if made, err := db.Exclusive(t.Context()); !made || err != nil {
				t.Errorf("Exclusive = %v, %v: it is ours from the start", made, err)
			}
		})
	}
}

// S-137: several at once take turns.
func TestConcurrentSync(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.empty(t)
			var wg sync.WaitGroup
			for range 3 {
				db := open(t, url)
				wg.Go(func() {
					if err := db.Sync(t.Context()); err != nil {
						t.Errorf("Sync: %v", err)
					}
				})
			}
			wg.Wait()
			wantNewest(t, open(t, url))
		})
	}
}

// S-137: a schema that is not known is refused and left alone.
func TestForeignDatabases(t *testing.T) {
	for _, d := range dialects {
		for _, tt := range []struct {
			name   string
			synced bool
			setup  []string
			want   error
		}{
			{"empty", false, nil, store.ErrNoSchema},
			{"other tables", false, []string{`CREATE TABLE "wp_posts" ("id" INTEGER)`}, store.ErrNotKeystone},
			{"another service", false, []string{
				`CREATE TABLE "instances" ("id" INTEGER)`, `CREATE TABLE "alembic_version" ("version_num" VARCHAR(32))`,
				`INSERT INTO "alembic_version" VALUES ('8f2f1571d55b')`,
			}, store.ErrNotKeystone},
			{"Yoga", false, []string{`CREATE TABLE "migrate_version" ("version" INTEGER)`, `CREATE TABLE "local_user" ("id" INTEGER)`}, store.ErrTooOld},
			{"newer Keystone", true, []string{`UPDATE "alembic_version" SET "version_num" = 'f00f00f00f00' WHERE "version_num" = '742c857f1dfb'`}, store.ErrTooNew},
			{"newer Lintel", true, []string{`UPDATE "lintel_version" SET "version" = 99`}, store.ErrTooNew},
		} {
			t.Run(d.name+"/"+tt.name, func(t *testing.T) {
				db := open(t, d.empty(t))
				if tt.synced {
					if err := db.Sync(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for _, stmt := range tt.setup {
					exec(t, db, stmt)
				}
				if err := db.Prepare(t.Context()); !errors.Is(err, tt.want) {
					t.Errorf("Prepare: %v, want %v", err, tt.want)
				}
				if errors.Is(tt.want, store.ErrNoSchema) {
					return
				}
				if err := db.Sync(t.Context()); !errors.Is(err, tt.want) {
					t.Errorf("Sync: %v, want %v", err, tt.want)
				}
			})
		}
	}
}

func TestContractWaitsForExpand(t *testing.T) {
	db := storetest.SQLite(t)
	exec(t, db, `UPDATE "alembic_version" SET "version_num" = '47147121' WHERE "version_num" = '742c857f1dfb'`)
	if err := db.Contract(t.Context()); !errors.Is(err, store.ErrExpandFirst) {
		t.Errorf("Contract: %v, want %v", err, store.ErrExpandFirst)
	}
}

// A Keystone's database gets our tables when it is first served, and is not taken for ours.
func TestPrepareKeystonesDatabase(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			db := open(t, d.empty(t))
			if err := db.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(t, db, `DROP TABLE "lintel_version"`)
			exec(t, db, `DROP TABLE "lintel_change"`)
			for range 2 {
				if err := db.Prepare(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if made, err := db.Exclusive(t.Context()); made || err != nil {
				t.Errorf("Exclusive = %v, %v, want false", made, err)
			}
			update(t, db, func(tx *store.Tx) error {
				tx.Touch("user", "u")
				return nil
			})
			wantNewest(t, db)
		})
	}
}
