package auth

import (
	"sync/atomic"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Memory remembers tokens by their text. It holds only what stays true until something that a token is made from is
// changed; see store.Cache.
type Memory = store.Cache[string, *entry]

// NewMemory returns a memory of at most so many bytes.
func NewMemory(db *store.DB, most int) *Memory { return store.NewCache[string, *entry](db, most) }

// entryCost is about what an entry takes, in bytes, before its answer is written.
const entryCost = 4 << 10

// entry is a token that was opened, with the answers that were written for it: with the catalog and without.
type entry struct {
	token  identity.Token
	until  time.Time    // when a membership ends that its roles may hang on; zero for never
	opened atomic.Int64 // when its text was last opened, in Unix nanoseconds; keys may have gone since
	wires  [2]atomic.Pointer[[]byte]
}

// reopenAfter is how long a remembered token counts without a look at the keys. A key that is taken away ends its tokens.
const reopenAfter = time.Second

// wire is the place of one answer of an entry.
func (e *entry) wire(s *Service, subject Subject) *wire {
	w := &wire{bytes: &e.wires[0], grow: func(n int) { s.Remembered.Grow(subject.Text, n) }}
	if subject.NoCatalog {
		w.bytes = &e.wires[1]
	}
	return w
}

// wire is a place where an answer is kept once it was written.
type wire struct {
	bytes *atomic.Pointer[[]byte]
	grow  func(int)
}

// written tells whether the answer is there.
func (w *wire) written() bool { return w.bytes.Load() != nil }

// Wire returns the token's answer as it was written before, or writes it with render and keeps it as long as the token
// is remembered.
func (i *Issued) Wire(render func(*Issued) ([]byte, error)) ([]byte, error) {
	if i.wire != nil {
		if b := i.wire.bytes.Load(); b != nil {
			return *b, nil
		}
	}
	b, err := render(i)
	if err == nil && i.wire != nil {
		i.wire.bytes.Store(&b)
		i.wire.grow(len(b))
	}
	return b, err
}
