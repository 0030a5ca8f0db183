package store_test

import (
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// remembering opens a database whose node remembers. Its tests look at the change log by themselves.
func remembering(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Remember(store.Forever)
	if err := db.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestCacheFollowsChanges(t *testing.T) {
	url := "sqlite:///" + t.TempDir() + "/x.db"
	a, b := remembering(t, url), remembering(t, url)
	domain := identity.Domain{ID: "d", Name: "d", Enabled: true}
	insert := func(tx *store.Tx) error { return tx.InsertDomain(t.Context(), domain) }

	cache := store.NewCache[string, int](b, 100)
	put := func(key string, cost int, keys ...store.Key) { cache.Put(key, 1, cost, b.Stamp(), keys) }
	holds := func(key string) bool {
		t.Helper()
		_, ok := cache.Get(key)
		return ok
	}
	look := func(db *store.DB) {
		t.Helper()
		if err := db.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	look(b)
	put("domain", 1, store.Key{Kind: "project", ID: "d"})
	put("other", 1, store.Key{Kind: "project", ID: "e"})
	old := b.Stamp()
	if !holds("domain") || !holds("other") {
		t.Fatal("what was put is not there")
	}
	if err := a.Update(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	look(b)
	if holds("domain") {
		t.Error("a change on another node is not noticed")
	}
	if !holds("other") {
		t.Error("a change of something else counts")
	}
	cache.Put("late", 1, 1, old, []store.Key{{Kind: "project", ID: "d"}})
	if holds("late") {
		t.Error("a value read before a change and put after it holds")
	}
	put("own", 1, store.Key{Kind: "project", ID: "f"})
	domain.ID, domain.Name = "f", "f"
	if err := b.Update(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if holds("own") {
		t.Error("a node's own change does not count at once")
	}
	look(b)
	put("big", 99)
	put("bigger", 60)
	if holds("big") || holds("other") || !holds("bigger") {
		t.Errorf("cost is not bounded: big %v, other %v, bigger %v", holds("big"), holds("other"), holds("bigger"))
	}
}

func TestNothingIsRememberedWithoutFollowing(t *testing.T) {
	db, err := store.Open(t.Context(), store.Options{URL: "sqlite:///" + t.TempDir() + "/x.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	cache := store.NewCache[string, int](db, 100)
	cache.Put("x", 1, 1, db.Stamp(), nil)
	if _, ok := cache.Get("x"); ok {
		t.Error("a node that follows no changes remembers")
	}
}
