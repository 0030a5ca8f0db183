package storetest

import (
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/store"
)

// testForeignWrites checks that what a node remembers goes with whatever a Keystone beside it commits, and stays otherwise.
func testForeignWrites(t *testing.T, db *store.DB) {
	k := keystoneOf(t, db)
	db.RememberShared(0)
	cache := store.NewCache[string, int](db, 100)
	holds := func() bool {
		db.Refresh(t.Context())
		_, ok := cache.Get("x")
		return ok
	}
	// MariaDB is certain of nothing for a second or two after a commit.
	settle := func() {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !holds(); {
			if time.Now().After(end) {
				t.Fatal("nothing is remembered while nobody writes")
			}
			cache.Put("x", 1, 1, db.Stamp(), nil)
		}
	}

	settle()
	if !holds() {
		t.Error("forgotten though nobody wrote")
	}
	for _, stmt := range []string{
		`INSERT INTO "service" ("id", "type", "enabled", "extra") VALUES ('s', 't', '1', '{}')`,
		`INSERT INTO "endpoint" ("id", "interface", "service_id", "url", "enabled", "extra") VALUES ('e', 'public', 's', 'u', '1', '{}')`,
		`UPDATE "endpoint" SET "url" = 'v' WHERE "id" = 'e'`,
		`DELETE FROM "endpoint" WHERE "id" = 'e'`,
		`INSERT INTO "lintel_change" ("at", "kind", "id") VALUES ('2026-03-04 05:06:07', 'user', 'u')`,
	} {
		settle()
		k.exec(stmt)
		if holds() {
			t.Errorf("remembered past %s", stmt)
		}
	}

	settle()
	writing, err := k.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writing.ExecContext(t.Context(), k.quoted(`DELETE FROM "service" WHERE "id" = 's'`)); err != nil {
		t.Fatal(err)
	}
	settle()
	if err := writing.Commit(); err != nil {
		t.Fatal(err)
	}
	if holds() {
		t.Error("remembered past the commit of a transaction that was open before")
	}
}
