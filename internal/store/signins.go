package store

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Programs log in all day, and whoever guesses passwords does so a thousand times a minute. So that the trail stays of a size
// that can be kept and read, each node writes only so many sign-ins an hour one by one that are alike: of one person, by the
// same means, for the same place, from the same network, and with the same outcome. Others are counted, and their number is
// written now and then. Of failures, of which anybody can make as many kinds as they like, only so many are written in all.
const (
	mostAlike    = 20
	mostFailures = 5000
	mostKinds    = 50_000 // of sign-ins that are told apart
	countEvery   = 10 * time.Minute
)

// trail is what a node knows of the sign-ins of this hour, and of who was seen.
type trail struct {
	life time.Duration // how long entries are kept; 0: there is no trail

	mu       sync.Mutex
	hour     time.Time
	kinds    map[kind]*tally
	failures int // written
	told     time.Time

	seen    map[sight]time.Time // the hour in which each was seen last
	sighted map[sight]sighting  // not written yet
}

func (t *trail) on() bool { return t.life > 0 }

// kind is what sign-ins have in common that are alike. The zero kind, and that of failures alone, is of those beyond all limits.
type kind struct {
	failed                                     bool
	cause, actor, via, project, target, method string
	network                                    netip.Prefix
}

func kindOf(e *identity.TrailEntry) kind {
	k := kind{failed: e.Failed, cause: e.Cause, actor: e.Actor.ID, target: e.Target.ID, method: strings.Join(e.Methods, " ") + e.Provider}
	if e.Actor.ID == "" && e.Domain != nil {
		k.actor = "in " + e.Domain.ID
	}
	if e.Via != nil {
		k.via = e.Via.ID
	}
	if e.Project != nil {
		k.project = e.Project.ID
	}
	k.network = identity.Network(e.Address)
	return k
}

// tally counts sign-ins that are alike.
type tally struct {
	written, counted int
	last             identity.TrailEntry // that was counted
}

// signIn is one that a transaction has to do with.
type signIn struct {
	entry   identity.TrailEntry
	written bool
}

// writes tells whether a sign-in is to be written on its own.
func (t *trail) writes(e *identity.TrailEntry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if hour := e.At.Truncate(time.Hour); hour.After(t.hour) {
		t.hour, t.failures = hour, 0
		for k, a := range t.kinds {
			if a.written = 0; a.counted == 0 {
				delete(t.kinds, k)
			}
		}
	}
	if e.Failed && t.failures >= mostFailures {
		return false
	}
	a := t.kinds[kindOf(e)]
	return a == nil || a.written < mostAlike
}

// settle notes sign-ins that were written or are to be counted.
func (t *trail) settle(all []signIn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range all {
		k := kindOf(&s.entry)
		if t.kinds[k] == nil && (len(t.kinds) >= mostKinds || s.entry.Failed && t.failures >= mostFailures) {
			k = kind{failed: s.entry.Failed}
		}
		a := t.tally(k)
		if !s.written {
			a.counted, a.last = a.counted+1, s.entry
			continue
		}
		a.written++
		if s.entry.Failed {
			t.failures++
		}
	}
}

func (t *trail) tally(k kind) *tally {
	if t.kinds == nil {
		t.kinds = map[kind]*tally{}
	}
	if t.kinds[k] == nil {
		t.kinds[k] = new(tally)
	}
	return t.kinds[k]
}

// counts takes what was counted, as entries. Failures beyond the limit are one.
func (t *trail) counts() (all []identity.TrailEntry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	beyond := kind{failed: true}
	for k, a := range t.kinds {
		if k.failed && k != beyond && a.counted > 0 && t.failures >= mostFailures {
			b := t.tally(beyond)
			b.counted, b.last, a.counted = b.counted+a.counted, a.last, 0
		}
	}
	for k, a := range t.kinds {
		if a.counted == 0 {
			continue
		}
		e := a.last
		if k == (kind{failed: k.failed}) { // of many kinds
			e = identity.TrailEntry{At: e.At, Class: e.Class, Action: e.Action, Failed: e.Failed}
		}
		e.ID, e.Times, a.counted = identity.NewID(), a.counted, 0
		if all = append(all, e); e.Failed {
			t.failures++
		}
	}
	return all
}

// giveBack counts again what counts took and could not be written.
func (t *trail) giveBack(all []identity.TrailEntry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range all {
		a := t.tally(kindOf(&e))
		a.counted, a.last = a.counted+e.Times, e
	}
}

// RecordSignIn puts a sign-in on the trail, with one insert at most.
func (db *DB) RecordSignIn(ctx context.Context, e identity.TrailEntry) error {
	if !db.trail.on() {
		return nil
	}
	e.At = db.Now()
	origin(ctx, &e)
	if !db.trail.writes(&e) {
		db.trail.settle([]signIn{{e, false}})
		return nil
	}
	return db.Update(ctx, func(tx *Tx) error { return tx.RecordSignIn(ctx, e) })
}

// RecordSignIn is the method of DB inside a transaction.
func (tx *Tx) RecordSignIn(ctx context.Context, e identity.TrailEntry) error {
	if !tx.db.trail.on() {
		return nil
	}
	if e.At.IsZero() {
		e.At = tx.now
	}
	origin(ctx, &e)
	s := signIn{e, tx.db.trail.writes(&e)}
	tx.signIns = append(tx.signIns, s)
	if !s.written {
		return nil
	}
	if e.Actor.ID != "" && e.Actor.Name == "" {
		one := []identity.TrailEntry{e}
		if err := tx.name(ctx, one); err != nil {
			return err
		}
		e = one[0]
	}
	e.ID = identity.NewID()
	return tx.insertEntry(ctx, e)
}

// sight is something that logs in, somewhere.
type sight struct{ kind, id, place string }

type sighting struct {
	at      time.Time
	address string
}

// maxSights bounds what a node remembers to have seen this hour.
const maxSights = 100_000

// See notes that something logged in: a user on a project, an application credential, a key. It writes nothing by itself: see
// Settle.
func (db *DB) See(ctx context.Context, kind, id string, place identity.ProjectID) {
	if id == "" {
		return
	}
	t, k, now := &db.trail, sight{kind, id, string(place)}, db.Now()
	hour := now.Truncate(time.Hour)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[k].Equal(hour) {
		return
	}
	if t.seen == nil || len(t.seen) >= maxSights {
		t.seen = map[sight]time.Time{}
	}
	if t.sighted == nil {
		t.sighted = map[sight]sighting{}
	}
	var from identity.TrailEntry
	origin(ctx, &from)
	t.seen[k], t.sighted[k] = hour, sighting{now, from.Address}
}

// sightings takes what was seen and not written yet.
func (t *trail) sightings() map[sight]sighting {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.sighted
	t.sighted = nil
	return all
}

// Settle writes what logins left to be written: who was seen, and every now and then how many sign-ins there were that were not
// written one by one; all of it if the server ends.
func (db *DB) Settle(ctx context.Context, end bool) error {
	t := &db.trail
	if all := t.sightings(); len(all) > 0 {
		err := db.Update(ctx, func(tx *Tx) error {
			for k, s := range all {
				err := tx.upsert(ctx, "lintel_seen", 3, []string{"kind", "id", "place", "at", "address"}, k.kind, k.id, k.place, s.at, s.address)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err // they will be seen again
		}
	}
	now := db.Now()
	t.mu.Lock()
	due := end || now.Sub(t.told) >= countEvery
	if due {
		t.told = now
	}
	t.mu.Unlock()
	if !due {
		return nil
	}
	counts := t.counts()
	if len(counts) == 0 {
		return nil
	}
	err := db.Update(ctx, func(tx *Tx) error {
		for _, e := range counts {
			if err := tx.insertEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.giveBack(counts)
	}
	return err
}

// Seen is when something was seen last, and from where.
type Seen struct {
	At      time.Time
	Address string
	Place   string // the project, where that is asked for
}

// SeenAt tells when and where something was seen last, at up to n places, the latest first.
func (tx *Tx) SeenAt(ctx context.Context, kind, id string, n int) ([]Seen, error) {
	return list(ctx, tx, func(s scanner) (v Seen, err error) {
		err = s.Scan(&v.Place, timeOf{&v.At}, &v.Address)
		return v, err
	}, `SELECT "place", "at", "address" FROM "lintel_seen" WHERE "kind" = ? AND "id" = ? ORDER BY "at" DESC, "place" LIMIT ?`, kind, id, n)
}

// LastSeen tells when things of a kind were seen last at a place, by their ids.
func (tx *Tx) LastSeen(ctx context.Context, kind string, place identity.ProjectID, ids []string) (map[string]Seen, error) {
	type row struct {
		id string
		Seen
	}
	set, args := in(ids)
	rows, err := list(ctx, tx, func(s scanner) (r row, err error) {
		err = s.Scan(&r.id, timeOf{&r.At}, &r.Address)
		return r, err
	}, `SELECT "id", "at", "address" FROM "lintel_seen" WHERE "kind" = ? AND "place" = ? AND "id" IN `+set, append([]any{kind, place}, args...)...)
	all := make(map[string]Seen, len(rows))
	for _, r := range rows {
		all[r.id] = r.Seen
	}
	return all, err
}
