package trail

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// FaultKind is how the trail is not what was sealed.
type FaultKind string

// The kinds of faults. Of a seal as a whole: entries under it were changed, it is gone, it is not as it was signed, or it does not
// follow the one before. Of one entry: it is gone, or it was put in and no seal covers it.
const (
	Changed   FaultKind = "changed"
	Missing   FaultKind = "missing"
	Added     FaultKind = "added"
	Signature FaultKind = "signature"
	Unlinked  FaultKind = "unlinked"
)

// Fault is one place where the trail is not what was sealed.
type Fault struct {
	Kind  FaultKind `json:"kind"`
	Seal  int64     `json:"seal,omitempty"`
	Entry int64     `json:"entry,omitempty"`
}

// Day is what came of verifying a day.
type Day struct {
	Day      string  `json:"day"`
	Seals    int     `json:"seals"`
	Sealed   int     `json:"sealed"`   // entries under seals
	Unsealed int     `json:"unsealed"` // those that are not old enough
	Late     int     `json:"late"`     // those that were sealed over an hour after they happened
	Trimmed  bool    `json:"trimmed"`  // it is too long ago: only its seals are kept
	Head     string  `json:"head"`     // of its last seal
	Faults   []Fault `json:"faults"`   // the first of them, at most
}

// Broken tells whether anything is not as it was sealed.
func (d *Day) Broken() bool { return len(d.Faults) > 0 }

func (d *Day) fault(kind FaultKind, seal, entry int64) {
	if len(d.Faults) < mostFaults {
		d.Faults = append(d.Faults, Fault{kind, seal, entry})
	}
}

const (
	mostFaults = 100

	lateAfter = time.Hour // when an entry counts as sealed late
	chainStep = 500       // seals read at once
)

// Overview is what there is to verify, and what the last looks found.
type Overview struct {
	Days        int    // how long entries are kept
	First, Last string // days that entries are from; empty without any
	Verified    time.Time
	Broken      []Day
}

// Overview tells what there is to verify, and what the last looks found (lintel:list_events).
func (s *Service) Overview(ctx context.Context, caller identity.Caller) (o Overview, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEvents, nil); err != nil {
		return o, err
	}
	return s.overview(ctx)
}

func (s *Service) overview(ctx context.Context) (o Overview, err error) {
	o.Days = int(s.Keep / dayLength)
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		first, last, err := tx.TrailSpan(ctx)
		if err != nil {
			return err
		}
		if !first.IsZero() {
			o.First, o.Last = dayOf(first), dayOf(last)
		}
		broken, at, err := tx.TrailChecks(ctx)
		o.Verified, o.Broken = at, nil
		for _, c := range broken {
			var d Day
			if err := json.Unmarshal([]byte(c.Body), &d); err != nil {
				d = Day{}
			}
			d.Day = c.Day
			o.Broken = append(o.Broken, d)
		}
		return err
	})
	return o, err
}

// Verify compares the entries of a day with their seals (lintel:list_events), and notes what came of it for who looks at the trail next.
func (s *Service) Verify(ctx context.Context, caller identity.Caller, day string) (Day, error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEvents, nil); err != nil {
		return Day{}, err
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return Day{}, identity.Invalidf("%q is no day such as 2026-01-31.", day)
	}
	return s.verify(ctx, day)
}

// VerifyAll verifies each day that there are entries of.
func (s *Service) VerifyAll(ctx context.Context) (broken []Day, err error) {
	o, err := s.overview(ctx)
	if err != nil || o.First == "" {
		return nil, err
	}
	days, err := DaysBetween(o.First, min(o.Last, dayOf(s.DB.Now().Add(dayLength))))
	for _, day := range days {
		d, err := s.verify(ctx, day)
		if err != nil {
			return broken, err
		}
		if d.Broken() {
			broken = append(broken, d)
		}
	}
	return broken, err
}

// DaysBetween lists days from one to another.
func DaysBetween(from, to string) (all []string, err error) {
	first, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err1 != nil || err2 != nil {
		return nil, identity.Invalidf("%q to %q: these are no days such as 2026-01-31.", from, to)
	}
	for ; !first.After(last); first = first.Add(dayLength) {
		all = append(all, dayOf(first))
	}
	return all, nil
}

func (s *Service) verify(ctx context.Context, day string) (d Day, err error) {
	keys, err := s.Keys.Keys()
	if err != nil {
		return d, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		d, err = verifyDay(ctx, tx, keys, day)
		return err
	})
	if err != nil || d.Seals+d.Unsealed == 0 && !d.Broken() {
		return d, err
	}
	body, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	return d, s.DB.PutTrailCheck(ctx, store.TrailCheck{Day: day, Broken: d.Broken(), Body: string(body)})
}

func verifyDay(ctx context.Context, tx *store.Tx, keys token.KeySet, day string) (d Day, err error) {
	d = Day{Day: day, Faults: []Fault{}}
	seals, err := tx.SealsOfDay(ctx, day)
	if err != nil {
		return d, err
	}
	c := &vouching{keys: keys}
	if d.Trimmed, err = trimmed(ctx, tx, c, day); err != nil {
		return d, err
	}
	covered := map[int64]bool{}
	var before store.Seal
	for _, v := range seals {
		if err := d.verifySeal(ctx, tx, c, v, before); err != nil {
			return d, err
		}
		before, d.Head = v, v.Head
		for _, n := range v.Entries {
			covered[n] = true
		}
		if len(v.Entries) > 0 {
			d.Seals++
			d.Sealed += len(v.Entries)
		}
		if d.Trimmed || len(v.Entries) == 0 {
			continue
		}
		if err := d.verifyEntries(ctx, tx, v); err != nil {
			return d, err
		}
	}
	if d.Trimmed {
		return d, nil
	}
	return d, d.lookForOthers(ctx, tx, covered)
}

// trimmed tells whether a seal says that entries of a day are not kept any more.
func trimmed(ctx context.Context, tx *store.Tx, c *vouching, day string) (bool, error) {
	last, found, err := tx.LastTrim(ctx)
	if err != nil || !found || day >= last.Day || headOf(last) != last.Head {
		return false, err
	}
	return c.good(ctx, tx, last)
}

// verifySeal looks at a seal itself: whether it is as it was made, and follows the one before.
func (d *Day) verifySeal(ctx context.Context, tx *store.Tx, c *vouching, v, before store.Seal) error {
	if v.Number > 1 && before.Number != v.Number-1 {
		var found bool
		var err error
		if before, found, err = tx.Seal(ctx, v.Number-1); err != nil {
			return err
		}
		if !found {
			d.fault(Missing, v.Number-1, 0)
		}
	}
	good, err := c.good(ctx, tx, v)
	switch {
	case err != nil:
		return err
	case !good:
		d.fault(Signature, v.Number, 0)
	case v.Number > 1 && before.Number > 0 && v.Previous != before.Head:
		d.fault(Unlinked, v.Number, 0)
	}
	return nil
}

// verifyEntries looks at the entries under a seal.
func (d *Day) verifyEntries(ctx context.Context, tx *store.Tx, v store.Seal) error {
	texts, err := tx.EntryTexts(ctx, v.Entries)
	if err != nil {
		return err
	}
	there := make(map[int64]bool, len(texts))
	for _, e := range texts {
		there[e.Seq] = true
		if v.MadeAt.Sub(e.At) > lateAfter {
			d.Late++
		}
	}
	if len(texts) < len(v.Entries) {
		for _, n := range v.Entries {
			if !there[n] {
				d.fault(Missing, v.Number, n)
			}
		}
		return nil
	}
	if digestOf(texts) != v.Digest {
		d.fault(Changed, v.Number, 0)
	}
	return nil
}

// lookForOthers looks for entries of the day that no seal covers: those that will be, and those that nobody will seal.
func (d *Day) lookForOthers(ctx context.Context, tx *store.Tx, covered map[int64]bool) error {
	from, err := time.Parse(time.DateOnly, d.Day)
	if err != nil {
		return err
	}
	entries, err := tx.EntriesFrom(ctx, from, from.Add(dayLength))
	if err != nil {
		return err
	}
	_, floor, err := tx.SealsSince(ctx, tx.Now().Add(-lateLag))
	if err != nil {
		return err
	}
	latest, err := tx.LastSealedDay(ctx)
	if err != nil {
		return err
	}
	for _, n := range entries {
		switch {
		case covered[n]:
		case n <= floor || !sealable(d.Day, latest, tx.Now()):
			d.fault(Added, 0, n)
		default:
			d.Unsealed++
		}
	}
	return nil
}

// vouching judges signatures. from and upto are the ends of a part of the chain that is good by the last seal of it.
type vouching struct {
	keys       token.KeySet
	from, upto int64
}

// good tells whether a seal is as it was signed: by a key that is there, or else by a later seal that holds it.
func (c *vouching) good(ctx context.Context, tx *store.Tx, v store.Seal) (bool, error) {
	if c.keys.Find(v.KeyHash) != nil || headOf(v) != v.Head {
		return signed(c.keys, v), nil
	}
	if c.from <= v.Number && v.Number < c.upto {
		return true, nil
	}
	from, head := v.Number, v.Head
	for number := from; ; {
		next, err := tx.SealsAfter(ctx, number, chainStep)
		if err != nil {
			return false, err
		}
		for _, n := range next {
			if number++; n.Number != number || n.Previous != head || headOf(n) != n.Head {
				return false, nil
			}
			if c.keys.Find(n.KeyHash) != nil {
				if c.from, c.upto = from, number; !signed(c.keys, n) {
					c.from, c.upto = 0, 0
				}
				return c.upto > 0, nil
			}
			head = n.Head
		}
		if len(next) < chainStep {
			return false, nil
		}
	}
}
