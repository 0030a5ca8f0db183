package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// Outbox says which events are recorded, in lintel_event, and for whom.
type Outbox struct {
	// Sinks are the names of those who get every event, one row each, so that a sink that is down holds up no other.
	// Without any, nothing is recorded.
	Sinks []string

	// OptOut are the types of events that nobody wants; those of logins end in their outcome
	// ([DEFAULT] notification_opt_out).
	OptOut []string
}

// wants tells whether an event is to be recorded (_check_notification_opt_out in keystone/notifications.py).
func (o Outbox) wants(e identity.Event) bool {
	if len(o.Sinks) == 0 || e.Untold {
		return false
	}
	name := e.Type()
	if e.Operation == "" {
		name += "." + e.Outcome()
	}
	return !slices.Contains(o.OptOut, name)
}

// Record puts an event on the audit trail and makes it known to all sinks, if the transaction commits. Where an initiator is
// named, it adds what is known of the request.
//
// A login that succeeds is no entry of the trail yet: it may not lead to a token. See RecordSignIn.
func (tx *Tx) Record(ctx context.Context, e identity.Event) error {
	e.ID, e.At = identity.NewID(), tx.now
	switch {
	case e.Operation != "":
		if err := tx.keep(ctx, entryOf(e)); err != nil {
			return err
		}
	case e.Failed:
		if err := tx.RecordSignIn(ctx, entryOf(e)); err != nil {
			return err
		}
	}
	return tx.tell(ctx, e)
}

// tell makes an event known to all sinks.
func (tx *Tx) tell(ctx context.Context, e identity.Event) error {
	if !tx.db.outbox.wants(e) {
		return nil
	}
	if e.Initiator != nil {
		from := *e.Initiator
		if r := telemetry.From(ctx); r != nil {
			if r.Client.IsValid() {
				from.Address = r.Client.String()
			}
			from.Agent, from.RequestID, from.GlobalRequestID = latin1(r.Agent, maxAgent), r.ID, r.GlobalID
		}
		if from.Claim != nil {
			claim := *from.Claim
			claim.Name, claim.UserID = cut(claim.Name, maxClaim), identity.UserID(cut(string(claim.UserID), maxClaim))
			from.Claim = &claim
		}
		e.Initiator = &from
	}
	err := tx.row(ctx, `SELECT "id" FROM "service" WHERE "type" = 'identity' ORDER BY "id"`).Scan(&e.ObserverID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	for _, sink := range tx.db.outbox.Sinks {
		if _, err := tx.exec(ctx, `INSERT INTO "lintel_event" ("sink", "body") VALUES (?, ?)`, sink, ascii(body)); err != nil {
			return err
		}
	}
	return nil
}

// Record is the method of Tx for what leaves no other trace in the database. It writes nothing if nobody wants the event.
func (db *DB) Record(ctx context.Context, e identity.Event) error {
	switch login := e.Operation == ""; {
	case db.outbox.wants(e) || !login && db.trail.on():
		return db.Update(ctx, func(tx *Tx) error { return tx.Record(ctx, e) })
	case login && e.Failed:
		return db.RecordSignIn(ctx, entryOf(e))
	}
	return nil
}

// RecordFailure is Record for an attempt that fails anyway: where the event cannot be kept, only the log tells.
func (db *DB) RecordFailure(ctx context.Context, e identity.Event, why *identity.EventReason) {
	if err := db.Record(ctx, e.Failure(why)); err != nil {
		db.log.ErrorContext(ctx, "the event of a failure was not recorded", "event", e.Type(), "error", err)
	}
}

// recordGone records what was deleted along with something else, for which Keystone names nobody.
func (tx *Tx) recordGone(ctx context.Context, resource string, ids ...string) error {
	for _, id := range ids {
		e := identity.Deleted(resource, id)
		e.ID, e.At = identity.NewID(), tx.now
		if err := tx.tell(ctx, e); err != nil {
			return err
		}
	}
	return keepGone(ctx, tx, resource, ids)
}

// recordGoneOf is recordGone for those that a query finds.
func (tx *Tx) recordGoneOf(ctx context.Context, resource, stmt string, args ...any) error {
	if len(tx.db.outbox.Sinks) == 0 && !tx.db.trail.on() {
		return nil
	}
	ids, err := list(ctx, tx, column[string], stmt, args...)
	if err != nil {
		return err
	}
	return tx.recordGone(ctx, resource, ids...)
}

// Clients choose these texts, at any length. Together with the rest they leave room in a column of MariaDB, escaped.
const (
	maxAgent = 1024
	maxClaim = 255
)

// latin1 reads the first n bytes of a header as WSGI does, each byte a character.
func latin1(header string, n int) string {
	header = header[:min(n, len(header))]
	if !strings.ContainsFunc(header, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return header
	}
	characters := make([]rune, len(header))
	for i := range len(header) {
		characters[i] = rune(header[i])
	}
	return string(characters)
}

// cut returns the first n characters of a text.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// ascii spells JSON without any character that a database of a small character set could refuse.
func ascii(body []byte) string {
	var b strings.Builder
	for len(body) > 0 {
		r, n := utf8.DecodeRune(body)
		switch {
		case r < utf8.RuneSelf:
			b.WriteByte(body[0])
		case r > 0xffff:
			r -= 0x10000
			escape(&b, 0xd800+r>>10)
			escape(&b, 0xdc00+r&0x3ff)
		default:
			escape(&b, r)
		}
		body = body[n:]
	}
	return b.String()
}

func escape(b *strings.Builder, unit rune) {
	const hex = "0123456789abcdef"
	b.Write([]byte{'\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15]})
}

// Waiting is an event that a sink has not confirmed yet.
type Waiting struct {
	Seq   int64
	Event identity.Event
}

// Events returns the first n events that wait for a sink, in the order in which they were recorded. What commits later
// may come with a lower number.
func (db *DB) Events(ctx context.Context, sink string, n int) (waiting []Waiting, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		waiting, err = list(ctx, tx, scanEvent, `SELECT "seq", "body" FROM "lintel_event" WHERE "sink" = ? ORDER BY "seq" LIMIT ?`, sink, n)
		return err
	})
	return waiting, err
}

func scanEvent(s scanner) (w Waiting, err error) {
	var body string
	if err = s.Scan(&w.Seq, &body); err == nil {
		err = json.Unmarshal([]byte(body), &w.Event)
	}
	return w, err
}

// Delivered forgets events that a sink has confirmed.
func (db *DB) Delivered(ctx context.Context, done []Waiting) error {
	if len(done) == 0 {
		return nil
	}
	seqs := make([]int64, len(done))
	for i, w := range done {
		seqs[i] = w.Seq
	}
	return db.Update(ctx, func(tx *Tx) error {
		marks, args := in(seqs)
		_, err := tx.exec(ctx, `DELETE FROM "lintel_event" WHERE "seq" IN `+marks, args...)
		return err
	})
}

// TrimEvents forgets the oldest events that wait for a sink, but for the newest ones that are to be kept, and returns how
// many it forgot.
func (db *DB) TrimEvents(ctx context.Context, sink string, keep int) (n int64, err error) {
	var last int64
	err = db.View(ctx, func(tx *Tx) error {
		return tx.row(ctx, `SELECT "seq" FROM "lintel_event" WHERE "sink" = ? ORDER BY "seq" DESC LIMIT 1 OFFSET ?`, sink, keep).Scan(&last)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	err = db.Update(ctx, func(tx *Tx) error {
		n, err = tx.exec(ctx, `DELETE FROM "lintel_event" WHERE "sink" = ? AND "seq" <= ?`, sink, last)
		return err
	})
	return n, err
}

// Lease makes a holder the only one to do some work until a time, and tells whether it is. Who holds it may take it
// again; others may once that time is over, by their own clocks.
func (db *DB) Lease(ctx context.Context, work, holder string, length time.Duration) (held bool, err error) {
	var taken bool
	err = db.Update(ctx, func(tx *Tx) error {
		held, taken = false, false
		var by string
		var until time.Time
		err := tx.row(ctx, `SELECT "holder", "until" FROM "lintel_lease" WHERE "work" = ?`, work).Scan(&by, timeOf{&until})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if by != holder && tx.now.Before(until) {
			return nil
		}
		// Two who take it at once write the same row, or the same new key, so one of them loses.
		if err != nil {
			_, err = tx.exec(ctx, `INSERT INTO "lintel_lease" ("work", "holder", "until") VALUES (?, ?, ?)`, work, holder, tx.now.Add(length))
			_, taken = duplicate(err)
			held = err == nil
			return err
		}
		n, err := tx.exec(ctx, `UPDATE "lintel_lease" SET "holder" = ?, "until" = ? WHERE "work" = ? AND "holder" = ?`,
			holder, tx.now.Add(length), work, by)
		held = n > 0
		return err
	})
	if taken {
		return false, nil
	}
	return held, err
}

// Release lets others have a lease at once.
func (db *DB) Release(ctx context.Context, work, holder string) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_lease" WHERE "work" = ? AND "holder" = ?`, work, holder)
		return err
	})
}
