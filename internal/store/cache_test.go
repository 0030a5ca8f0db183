package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
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
	db.Remember()
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

// Callers that come together share looks, and none of them gets one that began before it came.
func TestSharedLooksMissNothing(t *testing.T) {
	url := "sqlite:///" + t.TempDir() + "/x.db"
	a, b := remembering(t, url), remembering(t, url)
	cache := store.NewCache[string, int](b, 1000)
	over := make(chan struct{})
	var callers, others sync.WaitGroup
	others.Go(func() { // so that a look is always under way
		for {
			select {
			case <-over:
				return
			default:
				if err := b.CatchUp(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for i := range 4 {
		callers.Go(func() {
			for n := range 100 {
				d := identity.Domain{ID: identity.DomainID(fmt.Sprint("d", i, "-", n)), Name: fmt.Sprint("d", i, "-", n), Enabled: true}
				cache.Put(d.Name, 1, 1, b.Stamp(), []store.Key{{Kind: "project", ID: string(d.ID)}})
				if err := a.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertDomain(t.Context(), d) }); err != nil {
					t.Error(err)
					return
				}
				if err := b.CatchUp(t.Context()); err != nil {
					t.Error(err)
					return
				}
				if _, ok := cache.Get(d.Name); ok {
					t.Errorf("caller %d: change %d was acknowledged before the look, and does not count after it", i, n)
					return
				}
			}
		})
	}
	callers.Wait()
	close(over)
	others.Wait()
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

// A node that was stopped, or could not look at the change log, believes nothing until it has looked: whatever happened meanwhile
// counts, also what committed out of order, and also if the log was trimmed behind its back.
func TestAStoppedNodeBelievesNothing(t *testing.T) {
	now := storetest.Now
	url := "sqlite:///" + t.TempDir() + "/x.db"
	open := func() *store.DB {
		db, err := store.Open(t.Context(), store.Options{URL: url, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	a := open()
	if err := a.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := open()
	b.Remember()
	cache := store.NewCache[string, int](b, 100)
	look := func() {
		t.Helper()
		if err := b.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	put := func(names ...string) {
		for _, name := range names {
			cache.Put(name, 1, 1, b.Stamp(), []store.Key{{Kind: "user", ID: name}})
		}
	}
	commit := func(seq int, name string) { // by another node
		exec(t, a, `INSERT INTO "lintel_change" ("seq", "at", "kind", "id") VALUES (?, ?, 'user', ?)`, seq, now, name)
	}
	want := func(when string, held ...string) {
		t.Helper()
		var got []string
		for _, name := range []string{"ann", "bob", "carol"} {
			if _, ok := cache.Get(name); ok {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, held) {
			t.Errorf("%s: %v hold, want %v", when, got, held)
		}
	}

	put("ann")
	want("before the first look")
	look()
	put("ann", "bob", "carol")
	now = now.Add(899 * time.Millisecond)
	want("just in time", "ann", "bob", "carol")
	now = now.Add(time.Millisecond)
	want("without a look for 900 ms")
	look()
	want("after a look that found nothing", "ann", "bob", "carol")
	now = now.Add(-time.Hour)
	want("when the clock was set back")
	look()
	want("after a look at that", "ann", "bob", "carol")

	commit(12, "bob")
	look()
	want("after the later of two changes", "ann", "carol")
	commit(11, "ann")
	look()
	want("after the earlier, which committed later", "carol")

	put("ann", "bob")
	now = now.Add(10 * time.Minute)
	commit(13, "carol")
	want("stopped for ten minutes")
	look()
	want("after a look at what happened meanwhile", "ann", "bob")

	put("carol")
	commit(14, "ann")
	now = now.Add(2 * time.Hour)
	if err := a.TrimChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
	want("after a sleep during which the log was trimmed")
	put("carol")
	want("remembering again", "carol")
}

// Where other programs write, what was read is believed for the time that the operator said, counted from the last look.
func TestWhatIsSharedIsBelievedForAWhile(t *testing.T) {
	now := storetest.Now
	url := storetest.SQLiteURL(t)
	db, err := store.Open(t.Context(), store.Options{URL: url, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := storetest.Open(t, url)
	cache := store.NewCache[string, int](db, 100)
	for _, tt := range []struct {
		trust, age time.Duration
		holds      bool
	}{
		{0, 0, false}, {3 * time.Second, 0, true}, {3 * time.Second, 2999 * time.Millisecond, true}, {3 * time.Second, 3 * time.Second, false},
	} {
		db.RememberShared(tt.trust)
		if err := db.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		cache.Put("x", 1, 1, db.Stamp(), nil)
		exec(t, other, putRegion, fmt.Sprint(tt.trust, tt.age), "")
		now = now.Add(tt.age)
		ctx := db.Refresh(t.Context())
		if _, ok := cache.Get("x"); ok != tt.holds {
			t.Errorf("believed for %v, after %v: holds %v", tt.trust, tt.age, ok)
		}
		if db.Refresh(ctx) != ctx {
			t.Error("one piece of work asks twice")
		}
	}
}
