package token

import (
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// rereadAfter is how long FileKeys takes a repository for unchanged.
const rereadAfter = 500 * time.Millisecond

// FileKeys supplies the keys of a repository that may change at any time, by a rotation, a copy from
// another node, or a newly mounted secret. A change is noticed within a second, and always before
// the first key is handed out after a pause. If the folder is empty or cannot be read for
// a while, the last good set stays in use.
//
// It reads the whole folder each time rather than watch it: three small files are read in less than
// a tenth of a millisecond, and watches miss changes on network file systems.
type FileKeys struct {
	Repository Repository
	// Optional makes a repository that never had a key, or does not exist, an empty set and not an error.
	Optional bool
	// Report, if set, is told of each new trouble with the repository: files that are skipped, a set
	// that is kept because no key can be read. A trouble that lasts is told once.
	Report func(error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	last atomic.Pointer[reading]
	mu   sync.Mutex // held while the folder is read
	told map[string]bool
}

// reading is what the folder held at a time.
type reading struct {
	at   time.Time
	keys KeySet
	err  error
}

// Keys returns the keys of the repository as it is now, or was at most a second ago.
func (f *FileKeys) Keys() (KeySet, error) {
	now := f.now()
	if r := f.last.Load(); r.fresh(now) {
		return r.keys, r.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.last.Load()
	if last.fresh(now) { // read by another while we waited
		return last.keys, last.err
	}
	r := f.read(last)
	r.at = now
	f.last.Store(r)
	return r.keys, r.err
}

func (f *FileKeys) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

func (r *reading) fresh(now time.Time) bool {
	if r == nil {
		return false
	}
	age := now.Sub(r.at)
	return age < rereadAfter && age > -rereadAfter
}

func (f *FileKeys) read(last *reading) *reading {
	keys, troubles, err := f.Repository.Load()
	r := &reading{keys: keys, err: err}
	if err != nil {
		switch {
		case last != nil && last.keys.Len() > 0:
			troubles = append(troubles, err)
			r.keys, r.err = last.keys, nil
		case f.Optional && (errors.Is(err, ErrNoKeys) || errors.Is(err, fs.ErrNotExist)):
			r.err = nil
		}
	}
	f.report(troubles)
	return r
}

// report passes on the troubles that were not there the last time.
func (f *FileKeys) report(troubles []error) {
	told := make(map[string]bool, len(troubles))
	for _, t := range troubles {
		told[t.Error()] = true
		if f.Report != nil && !f.told[t.Error()] {
			f.Report(t)
		}
	}
	f.told = told
}
