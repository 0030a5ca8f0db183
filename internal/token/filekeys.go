package token

import (
	"errors"
	"io/fs"
	"time"
)

// FileKeys supplies the keys of a repository that may change at any time, by a rotation, a copy from
// another node, or a newly mounted secret. A change is noticed within a second. If the folder is empty or
// cannot be read for a while, the last good set stays in use.
type FileKeys struct {
	Repository Repository
	// Optional makes a repository that never had a key, or does not exist, an empty set and not an error.
	Optional bool
	// Report, if set, is told of each new trouble with the repository: files that are skipped, a set
	// that is kept because no key can be read. A trouble that lasts is told once.
	Report func(error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	state snapshot[KeySet]
}

// Keys returns the keys of the repository as it is now, or was at most a second ago.
func (f *FileKeys) Keys() (KeySet, error) {
	now := clock(f.Now)
	if r, ok := f.state.fresh(now); ok && r.err == nil {
		return r.value, nil
	}
	keys, err := f.state.get(now, f.Repository.Load, f.Report)
	if f.Optional && (errors.Is(err, ErrNoKeys) || errors.Is(err, fs.ErrNotExist)) {
		return KeySet{}, nil
	}
	return keys, err
}

func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now()
	}
	return now()
}
