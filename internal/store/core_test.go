package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// TestCore checks, on each kind of database, what the rest of the package builds on.
func TestCore(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			fresh := d.fresh(t)
			for _, tt := range []struct {
				name string
				test func(t *testing.T, url string, db *store.DB)
			}{
				{"ConflictingUpdatesAllCount", testConflictingUpdatesAllCount},
				{"DeadlockIsRetried", testDeadlockIsRetried},
				{"UpdateIsAllOrNothing", testUpdateIsAllOrNothing},
				{"ViewSeesOneState", testViewSeesOneState},
				{"TimesRoundTrip", testTimesRoundTrip},
				{"ValuesRoundTrip", testValuesRoundTrip},
				{"KeysThatTheDatabaseCounts", testKeysThatTheDatabaseCounts},
				{"Upsert", testUpsert},
				{"BrokenConstraints", testBrokenConstraints},
				{"TextThatDoesNotFit", testTextThatDoesNotFit},
				{"Lists", testLists},
				{"ChangesOutOfOrder", testChangesOutOfOrder},
			} {
				t.Run(tt.name, func(t *testing.T) {
					url := fresh(t)
					tt.test(t, url, open(t, url))
				})
			}
		})
	}
}

func update(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db *store.DB, fn func(*store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func exec(t testing.TB, db *store.DB, stmt string, args ...any) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), stmt, args...)
		return err
	})
}

const putRegion = `INSERT INTO "region" ("id", "description", "extra") VALUES (?, ?, '{}')`

// S-133: writers that read a row and write what follows from it lose nothing to each other, and none of them fails.
func testConflictingUpdatesAllCount(t *testing.T, url string, db *store.DB) {
	other := open(t, url)
	for _, tt := range []struct {
		name          string
		nodes         []*store.DB
		writers, each int
	}{
		{"one node", []*store.DB{db}, 32, 63},
		{"two nodes", []*store.DB{db, other}, 6, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			exec(t, db, putRegion, tt.name, "0")
			var wg sync.WaitGroup
			for w := range tt.writers {
				wg.Go(func() {
					for range tt.each {
						if err := tt.nodes[w%len(tt.nodes)].Update(t.Context(), count(t.Context(), tt.name)); err != nil {
							t.Errorf("Update: %v", err)
						}
					}
				})
			}
			wg.Wait()
			view(t, db, func(tx *store.Tx) error {
				var got int
				err := tx.Row(t.Context(), `SELECT "description" FROM "region" WHERE "id" = ?`, tt.name).Scan(&got)
				if want := tt.writers * tt.each; got != want {
					t.Errorf("counted %d, want %d", got, want)
				}
				return err
			})
		})
	}
}

// count reads a number, adds one and writes it back.
func count(ctx context.Context, region string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		var n int
		if err := tx.Row(ctx, `SELECT "description" FROM "region" WHERE "id" = ?`, region).Scan(&n); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE "region" SET "description" = ? WHERE "id" = ?`, fmt.Sprint(n+1), region)
		return err
	}
}

// S-133: two transactions that lock the same rows in opposite order both get their way.
func testDeadlockIsRetried(t *testing.T, _ string, db *store.DB) {
	if db.Dialect() == "sqlite" {
		t.Skip("one writer at a time cannot deadlock")
	}
	exec(t, db, putRegion, "a", "")
	exec(t, db, putRegion, "b", "")
	var first sync.WaitGroup // both hold their first row
	first.Add(2)
	var runs atomic.Int32
	var wg sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			met := false
			err := db.Update(t.Context(), func(tx *store.Tx) error {
				runs.Add(1)
				for i, id := range order {
					if _, err := tx.Exec(t.Context(), `UPDATE "region" SET "description" = ? WHERE "id" = ?`, order[0]+tx.NewID(), id); err != nil {
						return err
					}
					if i == 0 && !met {
						met = true
						first.Done()
						first.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("Update %v: %v", order, err)
			}
		})
	}
	wg.Wait()
	if n := runs.Load(); n < 3 {
		t.Errorf("ran %d times in all, want at least 3: there was no deadlock", n)
	}
}

func testUpdateIsAllOrNothing(t *testing.T, _ string, db *store.DB) {
	refused := errors.New("refused")
	put := func(tx *store.Tx, id string) {
		if _, err := tx.Exec(t.Context(), putRegion, id, ""); err != nil {
			t.Fatal(err)
		}
		tx.Touch("region", id)
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		put(tx, "failed")
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("Update = %v, want the function's error", err)
	}
	func() {
		defer func() { recover() }()
		db.Update(t.Context(), func(tx *store.Tx) error {
			put(tx, "panicked")
			panic("at the worst moment")
		})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Update(ctx, func(tx *store.Tx) error {
		put(tx, "cancelled")
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update with its context cancelled = %v", err)
	}
	update(t, db, func(tx *store.Tx) error { put(tx, "done"); return nil })
	view(t, db, func(tx *store.Tx) error {
		got, err := tx.Strings(t.Context(), `SELECT "id" FROM "region"`)
		if strings.Join(got, " ") != "done" {
			t.Errorf("regions %q, want only done", got)
		}
		return err
	})
	keys, _, err := db.Changes(t.Context(), new(store.Cursor))
	if err != nil || len(keys) != 1 || keys[0] != (store.Key{Kind: "region", ID: "done"}) {
		t.Errorf("changes %v, %v, want only done's", keys, err)
	}
}

func testViewSeesOneState(t *testing.T, _ string, db *store.DB) {
	exec(t, db, putRegion, "r", "before")
	read := func(tx *store.Tx) (text string) {
		t.Helper()
		if err := tx.Row(t.Context(), `SELECT "description" FROM "region" WHERE "id" = 'r'`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	view(t, db, func(tx *store.Tx) error {
		if got := read(tx); got != "before" {
			t.Errorf("first read %q", got)
		}
		exec(t, db, `UPDATE "region" SET "description" = 'after' WHERE "id" = 'r'`) // a writer does not wait for us
		if got := read(tx); got != "before" {
			t.Errorf("second read %q, want what the first saw", got)
		}
		return nil
	})
	view(t, db, func(tx *store.Tx) error {
		if got := read(tx); got != "after" {
			t.Errorf("next view %q, want after", got)
		}
		return nil
	})
	err := db.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM "region"`)
		return err
	})
	if err == nil {
		t.Error("a view wrote")
	}
}

func testTimesRoundTrip(t *testing.T, _ string, db *store.DB) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 999999999, time.FixedZone("east", 3600))
	exec(t, db, `INSERT INTO "user" ("id", "created_at", "last_active_at", "domain_id", "enabled") VALUES (?, ?, ?, ?, ?)`,
		"u", at, store.Date(at), "default", true)
	exec(t, db, `INSERT INTO "user" ("id", "created_at", "domain_id") VALUES (?, ?, ?)`, "none", (*time.Time)(nil), "default")
	want := map[string]time.Time{
		"sqlite":     time.Date(2026, 3, 4, 4, 6, 7, 999999000, time.UTC),
		"postgresql": time.Date(2026, 3, 4, 4, 6, 7, 999999000, time.UTC),
		"mariadb":    time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC),
	}[db.Dialect()]
	view(t, db, func(tx *store.Tx) error {
		created, active, enabled := at, at, false
		err := tx.Row(t.Context(), `SELECT "created_at", "last_active_at", "enabled" FROM "user" WHERE "id" = ? AND "created_at" <= ?`, "u", at).
			Scan(store.TimeOf(&created), store.TimeOf(&active), &enabled)
		if err != nil {
			return err
		}
		if !created.Equal(want) || created.Location() != time.UTC {
			t.Errorf("created_at %v, want %v", created, want)
		}
		if day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC); !active.Equal(day) {
			t.Errorf("last_active_at %v, want %v", active, day)
		}
		if !enabled {
			t.Error("enabled came back false")
		}
		if err := tx.Row(t.Context(), `SELECT MAX("created_at") FROM "user"`).Scan(store.TimeOf(&created)); err != nil {
			return err
		}
		if !created.Equal(want) {
			t.Errorf("MAX(created_at) %v, want %v", created, want)
		}
		err = tx.Row(t.Context(), `SELECT "created_at" FROM "user" WHERE "id" = 'none'`).Scan(store.TimeOf(&created))
		if !created.IsZero() {
			t.Errorf("NULL read as %v, want the zero time", created)
		}
		return err
	})
}

func testValuesRoundTrip(t *testing.T, _ string, db *store.DB) {
	extra := identity.Extra{"email": "a&b@x", "n": 12345678901234567, "list": []any{"<é>"}, "null": nil}
	var none identity.Extra
	exec(t, db, `INSERT INTO "user" ("id", "extra", "domain_id") VALUES (?, ?, ?)`, identity.UserID("u"), store.JSONOf(&extra), identity.DomainID("d"))
	exec(t, db, `INSERT INTO "user" ("id", "extra", "domain_id") VALUES (?, ?, ?)`, "none", store.JSONOf(&none), "d")
	exec(t, db, `INSERT INTO "user" ("id", "domain_id") VALUES (?, ?)`, "null", "d")
	view(t, db, func(tx *store.Tx) error {
		var raw string
		if err := tx.Row(t.Context(), `SELECT "extra" FROM "user" WHERE "id" = 'u'`).Scan(&raw); err != nil {
			return err
		}
		if want := `{"email":"a&b@x","list":["<é>"],"n":12345678901234567,"null":null}`; raw != want {
			t.Errorf("stored %s, want %s", raw, want)
		}
		for id, want := range map[string]string{
			"u": `map[email:a&b@x list:[<é>] n:12345678901234567 null:<nil>]`, "none": "map[]", "null": "map[]",
		} {
			var got identity.Extra
			var project identity.ProjectID
			err := tx.Row(t.Context(), `SELECT "extra", "default_project_id" FROM "user" WHERE "id" = ?`, id).Scan(store.JSONOf(&got), store.TextOf(&project))
			if err != nil {
				return err
			}
			if fmt.Sprint(got) != want || project != "" {
				t.Errorf("%s: extra %v, project %q, want %v and none", id, got, project, want)
			}
		}
		return nil
	})
}

func testKeysThatTheDatabaseCounts(t *testing.T, _ string, db *store.DB) {
	update(t, db, func(tx *store.Tx) error {
		var last int64
		for i := range 3 {
			id, err := tx.InsertID(t.Context(), "id", `INSERT INTO "access_rule" ("service", "user_id") VALUES (?, ?)`, fmt.Sprint(i), "u")
			if err != nil {
				return err
			}
			if id <= last {
				t.Errorf("id %d after %d", id, last)
			}
			var service string
			if err := tx.Row(t.Context(), `SELECT "service" FROM "access_rule" WHERE "id" = ?`, id).Scan(&service); err != nil || service != fmt.Sprint(i) {
				t.Errorf("row %d holds %q, %v, want %d", id, service, err, i)
			}
			last = id
		}
		return nil
	})
}

func testUpsert(t *testing.T, _ string, db *store.DB) {
	put := func(value any) {
		update(t, db, func(tx *store.Tx) error {
			return tx.Upsert(t.Context(), "user_option", 2, []string{"user_id", "option_id", "option_value"}, "u", "1000", value)
		})
	}
	exec(t, db, `INSERT INTO "user" ("id", "domain_id") VALUES ('u', 'd')`)
	put("true")
	put("false")
	update(t, db, func(tx *store.Tx) error { // a table that is all key
		for range 2 {
			if err := tx.Upsert(t.Context(), "trust_role", 2, []string{"trust_id", "role_id"}, "t", "r"); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx *store.Tx) error {
		got, err := tx.Strings(t.Context(), `SELECT "option_value" FROM "user_option" UNION ALL SELECT "trust_id" FROM "trust_role"`)
		if strings.Join(got, " ") != "false t" {
			t.Errorf("rows %q, want false and t", got)
		}
		return err
	})
}

func testBrokenConstraints(t *testing.T, _ string, db *store.DB) {
	const group = `INSERT INTO "group" ("id", "domain_id", "name") VALUES (?, ?, ?)`
	exec(t, db, group, "g", "d", "staff")
	try := func(stmt string, args ...any) error {
		return db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), stmt, args...)
			return err
		})
	}
	for _, tt := range []struct {
		id, name string
		keys     map[string]string
	}{
		{"g", "other", map[string]string{"sqlite": "group.id", "postgresql": "group_pkey", "mariadb": "PRIMARY"}},
		{"h", "staff", map[string]string{
			"sqlite": "group.domain_id, group.name", "postgresql": "ixu_group_name_domain_id", "mariadb": "ixu_group_name_domain_id",
		}},
	} {
		err := try(group, tt.id, "d", tt.name)
		if key, ok := store.Duplicate(err); !ok || key != tt.keys[db.Dialect()] {
			t.Errorf("second group %s %s: %v: key %q, want %q", tt.id, tt.name, err, key, tt.keys[db.Dialect()])
		}
		if store.Orphan(err) {
			t.Errorf("%v taken for a broken foreign key", err)
		}
	}
	const member = `INSERT INTO "user_group_membership" ("user_id", "group_id") VALUES (?, ?)`
	exec(t, db, `INSERT INTO "user" ("id", "domain_id") VALUES ('u', 'd')`)
	exec(t, db, member, "u", "g")
	for what, err := range map[string]error{
		"member of nothing":  try(member, "u", "nothing"),
		"group with members": try(`DELETE FROM "group" WHERE "id" = 'g'`),
	} {
		if !store.Orphan(err) {
			t.Errorf("%s: %v, want a broken foreign key", what, err)
		}
		if key, ok := store.Duplicate(err); ok {
			t.Errorf("%v taken for a duplicate of %s", err, key)
		}
	}
}

// Text that a database cannot hold is the client's mistake.
func testTextThatDoesNotFit(t *testing.T, _ string, db *store.DB) {
	for _, tt := range []struct {
		name, text string
		refused    []string
	}{
		{"four bytes", "🗝", []string{"mariadb"}},
		{"three bytes", "ключ 鍵", nil},
		{"NUL", "a\x00b", []string{"postgresql"}},
		{"broken UTF-8", "a\xffb", []string{"postgresql", "mariadb"}},
		{"too long", strings.Repeat("x", 256), []string{"postgresql", "mariadb"}},
	} {
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), putRegion, tt.name, tt.text)
			return err
		})
		if want := strings.Contains(strings.Join(tt.refused, " "), db.Dialect()); want != errors.Is(err, identity.BadRequest) || !want && err != nil {
			t.Errorf("%s: %v, refused should be %v", tt.name, err, want)
		}
		if err != nil {
			continue
		}
		view(t, db, func(tx *store.Tx) error {
			var got string
			err := tx.Row(t.Context(), `SELECT "description" FROM "region" WHERE "id" = ?`, tt.name).Scan(&got)
			if got != tt.text {
				t.Errorf("%s: stored %q, read %q", tt.name, tt.text, got)
			}
			return err
		})
	}
	err := db.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Strings(t.Context(), `SELECT "id" FROM "region" WHERE "description" = ?`, "🗝")
		return err
	})
	if mariadb := db.Dialect() == "mariadb"; mariadb != errors.Is(err, identity.BadRequest) || !mariadb && err != nil {
		t.Errorf("looking for four bytes: %v", err)
	}
}

func testLists(t *testing.T, _ string, db *store.DB) {
	for _, id := range []string{"a", "b%", "b_!", "b\\", "c'?\""} {
		exec(t, db, putRegion, id, "x")
	}
	view(t, db, func(tx *store.Tx) error {
		for _, tt := range []struct {
			ids  []string
			want string
		}{
			{nil, ""}, {[]string{"a"}, "a"}, {[]string{"a", "none", "c'?\""}, `a c'?"`},
		} {
			list, args := store.In(tt.ids)
			got, err := tx.Strings(t.Context(), `SELECT "id" FROM "region" WHERE "id" IN `+list+` AND "description" <> '?' ORDER BY "id"`, args...)
			if err != nil {
				return err
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("IN %q = %q, want %q", tt.ids, got, tt.want)
			}
		}
		for text, want := range map[string]string{"%": "b%", "_": "b_!", "!": "b_!", "\\": "b\\", "b": `b% b\ b_!`} {
			got, err := tx.Strings(t.Context(), `SELECT "id" FROM "region" WHERE "id" LIKE ? ESCAPE '!'`, "%"+store.Like(text)+"%")
			if err != nil {
				return err
			}
			if len(got) != len(strings.Fields(want)) || !strings.Contains(want, got[0]) {
				t.Errorf("LIKE %q = %q, want %s", text, got, want)
			}
		}
		return nil
	})
}

// A reader of the change log finds what commits behind its back.
func testChangesOutOfOrder(t *testing.T, _ string, db *store.DB) {
	if db.Dialect() == "sqlite" {
		t.Skip("one writer at a time commits in order")
	}
	var reader store.Cursor
	read := func() []store.Key {
		t.Helper()
		keys, _, err := db.Changes(t.Context(), &reader)
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	touch := func(id string) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			tx.Touch("user", id)
			return nil
		}
	}
	update(t, db, touch("first"))
	if got := read(); len(got) != 1 {
		t.Errorf("changes %v, want first", got)
	}
	update(t, db, func(slow *store.Tx) error {
		slow.Touch("user", "slow")
		if err := slow.LogChanges(t.Context()); err != nil {
			return err
		}
		update(t, db, touch("quick"))
		if got := read(); len(got) != 1 || got[0].ID != "quick" {
			t.Errorf("changes %v while slow is in flight, want quick", got)
		}
		return nil
	})
	if got := read(); len(got) != 1 || got[0].ID != "slow" {
		t.Errorf("changes %v after slow has committed, want slow", got)
	}
	if got := read(); len(got) != 0 {
		t.Errorf("changes %v when there are none", got)
	}
}
