package trail

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Whoever can write the database could rewrite the trail. So that this does not go unseen, seals are put on it, from time to time and
// by one node. A seal covers entries of one day (UTC), lists their numbers, and holds a digest of all that they say; its head is the
// hash of all of that and of the head before, and is signed with a key that is derived from the primary credential key, which is not
// in the database. Entries are written as if there were no seals.
//
//   - An entry gets its number before others can see it. Only what had a number settleLag ago is sealed, and what came still later,
//     within lateLag, is covered by a seal of its own. Later than that, or for a day that two newer days follow, nothing is sealed:
//     it counts as added.
//   - What is trimmed is trimmed in whole days, and a seal without entries says so before. Seals stay.
//   - A signature by a credential key that is gone is good if a later seal is, since that one's head holds the one before.
//   - Where the newest seal is not signed by any key, or is not the one that this node made, the chain goes on in a way that shows.

const (
	sealPurpose = "lintel audit trail"

	settleLag = 10 * time.Second
	lateLag   = 15 * time.Minute

	dayLength = 24 * time.Hour
)

// chain is what a node knows of the seals.
type chain struct {
	mu     sync.Mutex
	looked time.Time // when upto was the newest entry
	upto   int64
	last   store.Seal // that this node made
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// headOf is the head that a seal has if nobody changed it.
func headOf(s store.Seal) string {
	text, err := json.Marshal([]any{1, s.Number, s.Day, s.MadeAt.UnixMicro(), s.Upto, s.Entries.String(), s.Digest, s.Previous, s.KeyHash})
	if err != nil {
		panic(err) // of numbers and texts
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func signature(k *token.Key, s store.Seal) string {
	return hex.EncodeToString(k.MAC(sealPurpose, []byte(s.Head)))
}

// signed tells whether a seal is as it was made, by a key that is still there.
func signed(keys token.KeySet, s store.Seal) bool {
	k := keys.Find(s.KeyHash)
	return k != nil && headOf(s) == s.Head && hmac.Equal([]byte(signature(k, s)), []byte(s.Signature))
}

// digestOf is that of entries, in the order of their numbers.
func digestOf(entries []store.EntryText) string {
	h := sha256.New()
	for _, e := range entries {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(e.Text))))
		h.Write(e.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sealable tells whether an entry of a day is still sealed, given the latest day that there is a seal of.
func sealable(day, latest string, now time.Time) bool {
	if day > dayOf(now.Add(dayLength)) {
		return false
	}
	end, err := time.Parse(time.DateOnly, latest)
	return err != nil || day >= dayOf(end.Add(-dayLength))
}

// Seal puts seals on what had a number at the last call, if that is long enough ago, and returns the newest seal that it made.
func (s *Service) Seal(ctx context.Context) (last store.Seal, err error) {
	c := &s.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	now := s.DB.Now()
	if s.Keep == 0 || now.Sub(c.looked) < settleLag {
		return last, nil
	}
	keys, err := s.Keys.Keys()
	if err != nil {
		return last, err
	}
	var newest int64
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		newest, err = tx.NewestEntry(ctx)
		return err
	})
	if err == nil && !c.looked.IsZero() {
		var was int64
		for more := true; more && err == nil; {
			err = s.DB.Update(ctx, func(tx *store.Tx) error {
				last = store.Seal{}
				todo, err := unsealed(ctx, tx, was, c.upto)
				if err != nil || len(todo) == 0 {
					more = false
					return err
				}
				last, err = s.sealEntries(ctx, tx, keys, todo)
				was, more = todo[len(todo)-1], len(todo) == store.MaxSealed
				return err
			})
			if err == nil && last.Number > 0 {
				c.last = last
			}
		}
	}
	switch {
	case errors.Is(err, identity.Conflict):
		return store.Seal{}, nil // another node is at it
	case err == nil:
		c.looked, c.upto = now, newest
		last = c.last
	}
	return last, err
}

// unsealed returns entries without a seal, those after one number and up to another: the late ones first, as far as they come into
// question.
func unsealed(ctx context.Context, tx *store.Tx, after, upto int64) (todo store.Entries, err error) {
	since, floor, err := tx.SealsSince(ctx, tx.Now().Add(-lateLag))
	if err != nil {
		return nil, err
	}
	top, covered := floor, map[int64]bool{}
	for _, v := range since {
		top = max(top, v.Upto)
		for _, n := range v.Entries {
			covered[n] = true
		}
	}
	if after == 0 && top > floor {
		late, err := tx.EntriesBetween(ctx, floor, min(top, upto), math.MaxInt32)
		if err != nil {
			return nil, err
		}
		late = slices.DeleteFunc(late, func(n int64) bool { return covered[n] })
		todo = late[:min(len(late), store.MaxSealed/2)]
	}
	fresh, err := tx.EntriesBetween(ctx, max(after, top), upto, store.MaxSealed-len(todo))
	return append(todo, fresh...), err
}

// sealEntries makes the seals of some entries, one for each of their days.
func (s *Service) sealEntries(ctx context.Context, tx *store.Tx, keys token.KeySet, todo store.Entries) (last store.Seal, err error) {
	texts, err := tx.EntryTexts(ctx, todo)
	if err != nil {
		return last, err
	}
	latest, err := tx.LastSealedDay(ctx)
	if err != nil {
		return last, err
	}
	days := map[string][]store.EntryText{}
	for _, e := range texts {
		if day := dayOf(e.At); sealable(day, latest, tx.Now()) {
			days[day] = append(days[day], e)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		next := store.Seal{Day: day, Digest: digestOf(days[day])}
		for _, e := range days[day] {
			next.Entries = append(next.Entries, e.Seq)
			next.Upto = max(next.Upto, e.Seq)
		}
		if last, err = s.append(ctx, tx, keys, next, last); err != nil {
			return last, err
		}
	}
	return last, nil
}

// append signs a seal and adds it to the chain. made is the one before, if that was made in the same transaction.
func (s *Service) append(ctx context.Context, tx *store.Tx, keys token.KeySet, next, made store.Seal) (store.Seal, error) {
	before, found, err := tx.LastSeal(ctx)
	if err != nil {
		return next, err
	}
	switch known := cmp.Or(made.Number, s.chain.last.Number); {
	case known > before.Number: // the end of the chain was cut off: the missing numbers tell
		before = s.chain.last
	case found && !signed(keys, before):
		before.Head = ""
	}
	next.Number, next.Previous, next.MadeAt = before.Number+1, before.Head, tx.Now().Truncate(time.Second) // all that MariaDB keeps
	next.Upto = max(next.Upto, before.Upto)
	key := keys.Signer()
	next.KeyHash = key.Hash()
	next.Head = headOf(next)
	next.Signature = signature(key, next)
	return next, tx.InsertSeal(ctx, next)
}

// Trim forgets entries that have been kept for long enough, in whole days, and returns how many that were. A seal says so.
func (s *Service) Trim(ctx context.Context) (n int64, err error) {
	s.chain.mu.Lock()
	defer s.chain.mu.Unlock()
	before := s.DB.Now().Add(-s.Keep).Truncate(dayLength)
	if s.Keep == 0 {
		before = before.Add(dayLength)
	}
	keys, err := s.Keys.Keys()
	if err != nil {
		return 0, err
	}
	var told store.Seal
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		first, _, err := tx.TrailSpan(ctx)
		if err != nil || first.IsZero() || !first.Before(before) {
			return err
		}
		told, err = s.append(ctx, tx, keys, store.Seal{Day: dayOf(before)}, store.Seal{})
		return err
	})
	if err != nil {
		return 0, err
	}
	if told.Number > 0 {
		s.chain.last = told
		if err := s.DB.TrimTrailChecks(ctx, told.Day); err != nil {
			return 0, err
		}
	}
	return s.DB.TrimTrail(ctx, before)
}
