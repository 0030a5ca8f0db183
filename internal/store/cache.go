package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
)

// Nodes remember what they read, and stay right by stamps. Every committed change raises the node's stamp and notes it
// for the keys that were touched; an entry knows the stamp at which its reading began and the keys that it was made
// from. It holds as long as none of them was touched since. Changes of this node count before they are acknowledged,
// those of others when the change log is followed, several times a second; where another program writes too, the database is
// asked at each request instead (shared.go). Who can do neither remembers nothing.

const (
	followEvery = 200 * time.Millisecond
	// followLimit is how old the last look at the change log may be for entries to count: a change anywhere counts
	// within one second everywhere.
	followLimit = 900 * time.Millisecond
	maxStamps   = 200_000
	trimEvery   = 5 * time.Minute
)

// stamps notes when keys were last touched.
type stamps struct {
	now      atomic.Uint64
	followed atomic.Pointer[time.Time] // when it was last asked what has changed; nil for never
	shared   atomic.Bool               // another program writes too; see DB.Remember
	on       atomic.Bool               // anything is remembered at all

	mu      sync.RWMutex
	touched map[Key]uint64
	floor   uint64 // everything counts as touched at this stamp
}

// Anything is touched by every change: for what nobody can name the sources of.
var Anything = Key{Kind: "anything"}

// touch raises the stamp of keys, or of everything.
func (s *stamps) touch(keys []Key, everything bool) {
	if len(keys) == 0 && !everything {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.now.Load() + 1
	if everything || len(s.touched)+len(keys) > maxStamps {
		s.floor = next
		s.touched = map[Key]uint64{}
	} else {
		for _, k := range keys {
			s.touched[k] = next
		}
	}
	s.touched[Anything] = next
	s.now.Store(next)
}

// since tells whether any of the keys was touched after a stamp.
func (s *stamps) since(stamp uint64, keys []Key) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.floor > stamp {
		return true
	}
	for _, k := range keys {
		if s.touched[k] > stamp {
			return true
		}
	}
	return false
}

// current tells whether the node knows at a time of all changes but those of the last moment. In a shared database that is
// for DB.Refresh to see to.
func (s *stamps) current(now time.Time) bool {
	if !s.on.Load() {
		return false
	}
	if s.shared.Load() {
		return s.followed.Load() != nil
	}
	return s.followedWithin(now, followLimit)
}

// followedWithin tells whether the last look is younger than limit. That of a node that was stopped is not, nor that of one whose
// machine slept: then the monotonic clock stood still, but not the other.
func (s *stamps) followedWithin(now time.Time, limit time.Duration) bool {
	at := s.followed.Load()
	return at != nil && now.Sub(*at) < limit && now.Round(0).Sub(at.Round(0)).Abs() < limit
}

// CaughtUpSince tells whether all that was committed anywhere before a time counts here.
func (db *DB) CaughtUpSince(t time.Time) bool {
	at := db.stamps.followed.Load()
	return at != nil && !at.Before(t) && db.stamps.current(db.now())
}

// Stamp marks the moment at which a reading begins; see Cache.Put. It must be taken before the reading's View.
type Stamp uint64

// Stamp returns the mark of this moment.
func (db *DB) Stamp() Stamp { return Stamp(db.stamps.now.Load()) }

// CatchUp asks the database what has changed, so that all that was committed anywhere before counts here. Callers that come
// while a look is under way share the next one.
func (db *DB) CatchUp(ctx context.Context) error {
	l := &look{over: make(chan struct{})}
	for !db.coming.CompareAndSwap(nil, l) {
		if other := db.coming.Load(); other != nil {
			return other.wait(ctx)
		}
	}
	db.following.Lock()
	defer db.following.Unlock()
	db.coming.Store(nil) // who asks from here on may know of changes that this look will not see
	defer close(l.over)
	l.err = db.look(ctx)
	return l.err
}

// look is one look at what has changed.
type look struct {
	over chan struct{}
	err  error // how it ended, when it is over
}

func (l *look) wait(ctx context.Context) error {
	select {
	case <-l.over:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lookTime bounds a look. It goes on when the one who began it is gone: others wait for it.
const lookTime = 10 * time.Second

// look must be called with following held.
func (db *DB) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	db.looks++
	at := db.now()
	changes := db.ownChanges
	if db.stamps.shared.Load() {
		changes = db.foreignChanges
	}
	keys, all, err := changes(ctx)
	if err != nil {
		return err
	}
	db.stamps.touch(keys, all)
	db.stamps.followed.Store(&at)
	return nil
}

func (db *DB) ownChanges(ctx context.Context) ([]Key, bool, error) {
	return db.Changes(ctx, &db.cursor)
}

// Remember makes the node remember what it reads of a database to which only Lintel writes, where each change leaves its mark
// in the change log. It comes before Follow; without it, or RememberShared, nothing is remembered.
func (db *DB) Remember() { db.stamps.on.Store(true) }

// RememberShared is Remember where another program writes, too: then what was read counts for so long without a question
// whether anything was committed since; with 0 the database is asked for each request. See Refresh.
func (db *DB) RememberShared(trust time.Duration) {
	db.trust.Store(int64(trust))
	db.stamps.shared.Store(true)
	db.stamps.on.Store(true)
}

// Follow keeps what this node remembers right until ctx ends, and trims the change log.
func (db *DB) Follow(ctx context.Context) {
	look := time.NewTicker(followEvery)
	defer look.Stop()
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	failing := false
	for {
		if !db.stamps.on.Load() || db.stamps.shared.Load() {
			look.Stop()
		} else if err := db.CatchUp(ctx); (err != nil) != failing && ctx.Err() == nil {
			if failing = err != nil; failing {
				db.log.WarnContext(ctx, "the change log cannot be read; nothing is remembered until it can", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-trim.C:
			if err := db.TrimChanges(ctx); err != nil && ctx.Err() == nil {
				db.log.WarnContext(ctx, "the change log cannot be trimmed", "error", err)
			}
		}
	}
}

// Cache remembers values that were made from what the database said, the least recently used of them up to a cost. It
// is safe for many goroutines.
type Cache[K comparable, V any] struct {
	db      *DB
	mu      sync.Mutex
	entries *lru.LRU[K, *remembered[V]]
	cost    int
	most    int
}

type remembered[V any] struct {
	value V
	keys  []Key
	stamp atomic.Uint64
	cost  int
}

// NewCache returns a cache for values of that much cost together, in bytes as far as their makers tell.
func NewCache[K comparable, V any](db *DB, most int) *Cache[K, V] {
	c := &Cache[K, V]{db: db, most: most}
	c.entries, _ = lru.NewLRU(1<<31-1, func(_ K, r *remembered[V]) { c.cost -= r.cost })
	return c
}

// Get returns what is remembered under a key, if it still holds.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	if !c.db.stamps.current(c.db.now()) {
		return value, false
	}
	return c.get(key)
}

// get is Get for who knows that the node is current.
func (c *Cache[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	r, ok := c.entries.Get(key)
	c.mu.Unlock()
	if !ok {
		return value, false
	}
	now := c.db.stamps.now.Load()
	if then := r.stamp.Load(); then != now {
		if c.db.stamps.since(then, r.keys) {
			c.drop(key, r)
			return value, false
		}
		r.stamp.Store(now)
	}
	return r.value, true
}

// Put remembers a value that was made from what the keys name, read after the stamp was taken.
func (c *Cache[K, V]) Put(key K, value V, cost int, stamp Stamp, keys []Key) {
	if !c.db.stamps.current(c.db.now()) || cost > c.most {
		return
	}
	r := &remembered[V]{value: value, keys: keys, cost: cost}
	r.stamp.Store(uint64(stamp))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Remove(key) // gives its cost back
	c.entries.Add(key, r)
	c.cost += cost
	for c.cost > c.most {
		c.entries.RemoveOldest()
	}
}

func (c *Cache[K, V]) drop(key K, r *remembered[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now, ok := c.entries.Peek(key); ok && now == r {
		c.entries.Remove(key)
	}
}
