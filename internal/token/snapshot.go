package token

import (
	"sync"
	"sync/atomic"
	"time"
)

// rereadAfter is how long a folder of keys is taken for unchanged.
const rereadAfter = 500 * time.Millisecond

// snapshot holds what was last read from a folder that may change at any time. It is read anew when
// it is asked for after rereadAfter, so a change is noticed within a second, and always before the
// first answer after a pause. If it cannot be read for a while, the last good state stays.
//
// The whole folder is read each time rather than watched: a few small files are read in less than a
// tenth of a millisecond, and watches miss changes on network file systems.
type snapshot[T any] struct {
	last atomic.Pointer[reading[T]]
	mu   sync.Mutex      // held while the folder is read
	told map[string]bool // the troubles of the last reading
}

type reading[T any] struct {
	at    time.Time
	value T
	err   error
}

// fresh returns the last reading if it is young enough.
func (s *snapshot[T]) fresh(now time.Time) (r *reading[T], ok bool) {
	r = s.last.Load()
	if r == nil {
		return nil, false
	}
	age := now.Sub(r.at)
	return r, age < rereadAfter && age > -rereadAfter
}

// get returns the last reading, or reads anew. Each trouble is reported when it begins, not as
// long as it lasts.
func (s *snapshot[T]) get(now time.Time, read func() (T, []error, error), report func(error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.fresh(now)
	if ok { // read by another while we waited
		return last.value, last.err
	}
	value, troubles, err := read()
	r := &reading[T]{now, value, err}
	if err != nil && last != nil && last.err == nil {
		troubles = append(troubles, err)
		r.value, r.err = last.value, nil
	}
	s.last.Store(r)

	told := make(map[string]bool, len(troubles))
	for _, t := range troubles {
		told[t.Error()] = true
		if report != nil && !s.told[t.Error()] {
			report(t)
		}
	}
	s.told = told
	return r.value, r.err
}
