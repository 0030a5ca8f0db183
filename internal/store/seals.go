package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Seal is one of the seals on the trail: see package trail, which makes and verifies them.
type Seal struct {
	Number    int64 // counts up from 1
	Day       string
	MadeAt    time.Time
	Upto      int64
	Entries   Entries
	Digest    string
	Previous  string // the head of the seal before
	Head      string
	KeyHash   string
	Signature string
}

// Entries are numbers of entries of the trail, in ascending order.
type Entries []int64

// String writes runs as their ends: "1-20,22".
func (e Entries) String() string {
	var b strings.Builder
	for i := 0; i < len(e); i++ {
		from := i
		for i+1 < len(e) && e[i+1] == e[i]+1 {
			i++
		}
		if from > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(e[from], 10))
		if i > from {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(e[i], 10))
		}
	}
	return b.String()
}

// MaxSealed is the most entries under one seal.
const MaxSealed = 1000

// parseEntries reads what String writes. Anything else, which only somebody else can have written, is an error.
func parseEntries(text string) (all Entries, err error) {
	if text == "" {
		return nil, nil
	}
	for run := range strings.SplitSeq(text, ",") {
		first, last, many := strings.Cut(run, "-")
		if !many {
			last = first
		}
		from, err1 := strconv.ParseInt(first, 10, 64)
		to, err2 := strconv.ParseInt(last, 10, 64)
		if err1 != nil || err2 != nil || to < from || to-from >= int64(MaxSealed-len(all)) || len(all) > 0 && from <= all[len(all)-1] {
			return nil, fmt.Errorf("%q are no numbers of entries", run)
		}
		for n := from; n <= to; n++ {
			all = append(all, n)
		}
	}
	return all, nil
}

const sealColumns = `"number", "day", "made_at", "upto", "entries", "digest", "previous", "head", "key_hash", "signature"`

// scanSeal leaves a seal without entries whose list of them cannot be read: it does not fit its head then.
func scanSeal(s scanner) (v Seal, err error) {
	var entries string
	err = s.Scan(&v.Number, &v.Day, timeOf{&v.MadeAt}, &v.Upto, &entries, &v.Digest, &v.Previous, &v.Head, &v.KeyHash, &v.Signature)
	if parsed, bad := parseEntries(entries); bad == nil {
		v.Entries = parsed
	}
	return v, err
}

func (tx *Tx) seal(ctx context.Context, where string, args ...any) (v Seal, found bool, err error) {
	v, err = scanSeal(tx.row(ctx, `SELECT `+sealColumns+` FROM "lintel_trail_seal" `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Seal{}, false, nil
	}
	return v, err == nil, err
}

// Seal returns a seal by its number.
func (tx *Tx) Seal(ctx context.Context, number int64) (Seal, bool, error) {
	return tx.seal(ctx, `WHERE "number" = ?`, number)
}

// LastSeal returns the newest seal.
func (tx *Tx) LastSeal(ctx context.Context) (Seal, bool, error) {
	return tx.seal(ctx, `ORDER BY "number" DESC LIMIT 1`)
}

// LastTrim returns the newest seal that tells of trimming.
func (tx *Tx) LastTrim(ctx context.Context) (Seal, bool, error) {
	return tx.seal(ctx, `WHERE "entries" = '' ORDER BY "day" DESC, "number" DESC LIMIT 1`)
}

// SealsOfDay returns all seals of a day, in the order of the chain.
func (tx *Tx) SealsOfDay(ctx context.Context, day string) ([]Seal, error) {
	return list(ctx, tx, scanSeal, `SELECT `+sealColumns+` FROM "lintel_trail_seal" WHERE "day" = ? ORDER BY "number"`, day)
}

// SealsAfter returns up to n seals after a number, in the order of the chain.
func (tx *Tx) SealsAfter(ctx context.Context, number int64, n int) ([]Seal, error) {
	return list(ctx, tx, scanSeal, `SELECT `+sealColumns+` FROM "lintel_trail_seal" WHERE "number" > ? ORDER BY "number" LIMIT ?`, number, n)
}

// SealsSince returns the seals that were made since a time, in the order of the chain, and up to which entry all before them sealed.
func (tx *Tx) SealsSince(ctx context.Context, at time.Time) (since []Seal, floor int64, err error) {
	since, err = list(ctx, tx, scanSeal, `SELECT `+sealColumns+` FROM "lintel_trail_seal" WHERE "made_at" >= ? ORDER BY "number"`, at)
	if err == nil {
		err = tx.row(ctx, `SELECT COALESCE(MAX("upto"), 0) FROM "lintel_trail_seal" WHERE "made_at" < ?`, at).Scan(&floor)
	}
	return since, floor, err
}

// LastSealedDay is the latest day that there is a seal of; empty without any.
func (tx *Tx) LastSealedDay(ctx context.Context) (day string, err error) {
	err = tx.row(ctx, `SELECT COALESCE(MAX("day"), '') FROM "lintel_trail_seal"`).Scan(&day)
	return day, err
}

// InsertSeal adds a seal to the chain. Of two that are to be next, one fails with identity.Conflict.
func (tx *Tx) InsertSeal(ctx context.Context, s Seal) error {
	_, err := tx.exec(ctx, `INSERT INTO "lintel_trail_seal" (`+sealColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Number, s.Day, s.MadeAt, s.Upto, s.Entries.String(), s.Digest, s.Previous, s.Head, s.KeyHash, s.Signature)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("seal", "there is a seal %d on the trail already", s.Number)
	}
	return err
}

// EntryText is an entry of the trail as it is sealed.
type EntryText struct {
	Seq  int64
	At   time.Time
	Text []byte // all of its columns, as JSON
}

func scanEntryText(s scanner) (e EntryText, err error) {
	var class, action, body string
	var failed bool
	var texts [12]*string
	dest := []any{&e.Seq, timeOf{&e.At}, &class, &action, &failed}
	for i := range texts {
		dest = append(dest, &texts[i])
	}
	if err = s.Scan(append(dest, &body)...); err == nil {
		e.Text, err = json.Marshal([]any{e.Seq, e.At.UnixMicro(), class, action, failed, texts, body})
	} else if e.Seq > 0 {
		return EntryText{Seq: e.Seq}, nil // SQLite keeps what another program wrote, of whatever type
	}
	return e, err
}

const sealedColumns = `"seq", ` + trailColumns

// EntryTexts returns those of some entries that are there, in the order of their numbers.
func (tx *Tx) EntryTexts(ctx context.Context, entries Entries) ([]EntryText, error) {
	set, args := in(entries)
	return list(ctx, tx, scanEntryText, `SELECT `+sealedColumns+` FROM "lintel_trail" WHERE "seq" IN `+set+` ORDER BY "seq"`, args...)
}

// EntriesBetween returns up to n numbers of entries after one and up to another.
func (tx *Tx) EntriesBetween(ctx context.Context, after, upto int64, n int) (Entries, error) {
	return list(ctx, tx, column[int64], `SELECT "seq" FROM "lintel_trail" WHERE "seq" > ? AND "seq" <= ? ORDER BY "seq" LIMIT ?`, after, upto, n)
}

// EntriesFrom returns the numbers of the entries from a time on and before another.
func (tx *Tx) EntriesFrom(ctx context.Context, from, until time.Time) (Entries, error) {
	return list(ctx, tx, column[int64], `SELECT "seq" FROM "lintel_trail" WHERE "at" >= ? AND "at" < ? ORDER BY "seq"`, from, until)
}

// NewestEntry is the greatest number of an entry; 0 without any.
func (tx *Tx) NewestEntry(ctx context.Context) (seq int64, err error) {
	err = tx.row(ctx, `SELECT COALESCE(MAX("seq"), 0) FROM "lintel_trail"`).Scan(&seq)
	return seq, err
}

// TrailSpan is when the first entry and the last are from.
func (tx *Tx) TrailSpan(ctx context.Context) (first, last time.Time, err error) {
	err = tx.row(ctx, `SELECT MIN("at"), MAX("at") FROM "lintel_trail"`).Scan(timeOf{&first}, timeOf{&last})
	return first, last, err
}

// TrailCheck is what came of the last look at a day's seals.
type TrailCheck struct {
	Day    string
	MadeAt time.Time
	Broken bool
	Body   string
}

// PutTrailCheck notes what came of a look at a day's seals.
func (db *DB) PutTrailCheck(ctx context.Context, c TrailCheck) error {
	return db.Update(ctx, func(tx *Tx) error {
		return tx.upsert(ctx, "lintel_trail_check", 1, []string{"day", "made_at", "broken", "body"}, c.Day, tx.now, c.Broken, c.Body)
	})
}

// TrailChecks returns what was found broken, by day, and when the last look was.
func (tx *Tx) TrailChecks(ctx context.Context) (broken []TrailCheck, last time.Time, err error) {
	broken, err = list(ctx, tx, func(s scanner) (c TrailCheck, err error) {
		err = s.Scan(&c.Day, timeOf{&c.MadeAt}, &c.Broken, &c.Body)
		return c, err
	}, `SELECT "day", "made_at", "broken", "body" FROM "lintel_trail_check" WHERE "broken" = ? ORDER BY "day"`, true)
	if err == nil {
		err = tx.row(ctx, `SELECT MAX("made_at") FROM "lintel_trail_check"`).Scan(timeOf{&last})
	}
	return broken, last, err
}

// TrimTrailChecks forgets looks at days before one.
func (db *DB) TrimTrailChecks(ctx context.Context, day string) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_trail_check" WHERE "day" < ?`, day)
		return err
	})
}
