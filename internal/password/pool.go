package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// ErrBusy says that more hashing is asked for than the pool takes on. The error is a BusyError.
var ErrBusy = errors.New("too many passwords are being checked")

// BusyError is ErrBusy with a guess at when to come again, in whole seconds.
type BusyError struct{ RetryAfter time.Duration }

func (e *BusyError) Error() string { return fmt.Sprintf("%v, try again in %v", ErrBusy, e.RetryAfter) }

// Is makes errors.Is(err, ErrBusy) true.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// Pool bounds how many hashes are computed at once and how many callers wait for their turn.
//
// The wait is bounded in time as well as in number, by what a hash has taken of late: so a flood is over soon
// after it ends, and cheap hashes may queue up longer than dear ones.
//
// Each call has a key, the user or address it is made for. Callers of one key wait in a line of
// their own, and lines take turns, so that a storm from one does not hold up the rest. When the places to
// wait run out, a caller whose line is shorter than the longest takes the place of the last one there, who is refused.
type Pool struct {
	Hasher Hasher
	// Workers is how many hashes are computed at once; zero means one per usable CPU.
	Workers int
	// Queue is how many callers may wait at most; zero means 1000.
	Queue int
	// MaxWait is how long a caller may have to wait as far as can be told; zero means 4 seconds.
	MaxWait time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu      sync.Mutex
	running int
	waiting int
	done    int           // hashes computed so far
	lines   []*line       // of the keys that have someone waiting, the next to be served first
	mean    time.Duration // moving average of what a hash takes

	decoyOnce sync.Once
	decoyHash string
	decoyErr  error
}

// line is the callers of one key that wait, the oldest first.
type line struct {
	key     string
	waiters []*waiter
}

// waiter is told nil when its turn comes, or that it lost its place.
type waiter struct{ turn chan error }

// Verify is Hasher.Verify in its turn. A hash that cannot be used is refused at once.
func (p *Pool) Verify(ctx context.Context, key, hash, password string) (ok bool, err error) {
	matches, err := p.Hasher.prepare(hash, password)
	if err != nil {
		return false, err
	}
	err = p.do(ctx, key, func() { ok = matches() })
	return ok, err
}

// Hash is Hasher.Hash in its turn.
func (p *Pool) Hash(ctx context.Context, key, password string) (hash string, err error) {
	if doErr := p.do(ctx, key, func() { hash, err = p.Hasher.Hash(password) }); doErr != nil {
		return "", doErr
	}
	return hash, err
}

// Decoy takes as long as verifying a hash of the configured kind, so that the time of a login does
// not tell whether there is such a user, and always comes to nothing.
func (p *Pool) Decoy(ctx context.Context, key, password string) error {
	p.decoyOnce.Do(func() { p.decoyHash, p.decoyErr = p.Hasher.decoy() })
	if p.decoyErr != nil {
		return p.decoyErr
	}
	_, err := p.Verify(ctx, key, p.decoyHash, password)
	return err
}

// Load returns how many hashes are being computed and how many callers wait.
func (p *Pool) Load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running, p.waiting
}

// Done returns how many hashes were computed so far.
func (p *Pool) Done() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// do calls job when a worker is free. The job runs to its end even if ctx is done meanwhile: a
// hash cannot be interrupted.
func (p *Pool) do(ctx context.Context, key string, job func()) error {
	if err := p.acquire(ctx, key); err != nil {
		return err
	}
	start := p.now()
	defer func() { p.release(p.now().Sub(start)) }()
	job()
	return nil
}

func (p *Pool) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Pool) workers() int { return or(p.Workers, runtime.GOMAXPROCS(0)) }

// places returns how many callers may wait; one at least, or a slow hash would close the door for good.
func (p *Pool) places() int {
	most := or(p.Queue, 1000)
	if p.mean > 0 {
		most = min(most, int(cmp.Or(p.MaxWait, 4*time.Second)*time.Duration(p.workers())/p.mean))
	}
	return max(most, 1)
}

func (p *Pool) acquire(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	if p.running < p.workers() {
		p.running++
		p.mu.Unlock()
		return nil
	}
	w, err := p.enqueue(key)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.leave(key, w) && <-w.turn == nil {
		p.next() // the turn came just then: pass it on
	}
	return context.Cause(ctx)
}

// release gives the worker to the next in turn and learns what a hash takes.
func (p *Pool) release(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mean == 0 {
		p.mean = took
	}
	p.mean += (took - p.mean) / 8
	p.done++
	p.next()
}

// next lets the oldest waiter of the next line take over the caller's worker, or sets that free.
func (p *Pool) next() {
	if len(p.lines) == 0 {
		p.running--
		return
	}
	l := p.lines[0]
	w := l.waiters[0]
	l.waiters = l.waiters[1:]
	p.lines = p.lines[1:]
	if len(l.waiters) > 0 {
		p.lines = append(p.lines, l)
	}
	p.waiting--
	w.turn <- nil
}

// enqueue finds a place in the line of the key, perhaps at the cost of another.
func (p *Pool) enqueue(key string) (*waiter, error) {
	mine := p.line(key)
	if p.waiting >= p.places() {
		longest := mine
		for _, l := range p.lines {
			if longest == nil || len(l.waiters) > len(longest.waiters) {
				longest = l
			}
		}
		if longest == mine || (mine != nil && len(longest.waiters) <= len(mine.waiters)+1) || len(longest.waiters) <= 1 {
			return nil, p.busy()
		}
		last := len(longest.waiters) - 1
		longest.waiters[last].turn <- p.busy()
		longest.waiters = longest.waiters[:last]
		p.waiting--
	}
	if mine == nil {
		mine = &line{key: key}
		p.lines = append(p.lines, mine)
	}
	w := &waiter{turn: make(chan error, 1)}
	mine.waiters = append(mine.waiters, w)
	p.waiting++
	return w, nil
}

// leave takes a waiter out of its line and reports whether it still was there.
func (p *Pool) leave(key string, w *waiter) bool {
	l := p.line(key)
	if l == nil {
		return false
	}
	i := slices.Index(l.waiters, w)
	if i < 0 {
		return false
	}
	l.waiters = slices.Delete(l.waiters, i, i+1)
	if len(l.waiters) == 0 {
		p.lines = slices.DeleteFunc(p.lines, func(x *line) bool { return x == l })
	}
	p.waiting--
	return true
}

// line returns the line of a key, or nil if nobody waits there.
func (p *Pool) line(key string) *line {
	for _, l := range p.lines {
		if l.key == key {
			return l
		}
	}
	return nil
}

func (p *Pool) busy() error {
	wait := p.mean * time.Duration(p.waiting+1) / time.Duration(p.workers())
	return &BusyError{RetryAfter: max(wait.Round(time.Second), time.Second)}
}
