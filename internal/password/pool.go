package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/lintel-id/lintel/internal/telemetry"
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
// Each call is made for a user, from the address of the client (see telemetry.ClientAddr; IPv6 addresses count by their
// /64). Addresses take turns, and at one address the users who wait there do: neither a storm of guesses at one user nor
// one of many names from one place holds up the rest. When the places to wait run out, a caller takes the place of the last
// one at the address, or of the user at the same address, with the longest line if that is longer than the caller's would
// be; that one is refused.
//
// Hashes are computed by threads of low priority: where the server needs its processors for more, hashing waits.
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
	waiting line          // of addresses, whose lines are of users
	done    int           // hashes computed so far
	mean    time.Duration // moving average of what a hash takes

	decoyOnce sync.Once
	decoyHash string
	decoyErr  error
}

// caller is for whom a call is made, from where.
type caller struct{ address, user string }

// place names where an address is.
func place(address netip.Addr) string {
	if address = address.Unmap(); address.Is6() {
		prefix, _ := address.Prefix(64)
		return prefix.String()
	}
	return address.String()
}

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
	return p.running, p.waiting.size
}

// Done returns how many hashes were computed so far.
func (p *Pool) Done() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// do calls job when a worker is free. The job runs to its end even if ctx is done meanwhile: a
// hash cannot be interrupted.
func (p *Pool) do(ctx context.Context, user string, job func()) error {
	return p.doFor(ctx, caller{place(telemetry.ClientAddr(ctx)), user}, job)
}

func (p *Pool) doFor(ctx context.Context, c caller, job func()) error {
	if err := p.acquire(ctx, c); err != nil {
		return err
	}
	start := p.now()
	defer func() { p.release(p.now().Sub(start)) }()
	aside(job)
	return nil
}

func (p *Pool) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Pool) workers() int { return or(p.Workers, runtime.NumCPU()) }

// places returns how many callers may wait; one at least, or a slow hash would close the door for good.
func (p *Pool) places() int {
	most := or(p.Queue, 1000)
	if p.mean > 0 {
		most = min(most, int(cmp.Or(p.MaxWait, 4*time.Second)*time.Duration(p.workers())/p.mean))
	}
	return max(most, 1)
}

func (p *Pool) acquire(ctx context.Context, c caller) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	if p.running < p.workers() {
		p.running++
		p.mu.Unlock()
		return nil
	}
	w, err := p.enqueue(c)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case err := <-w:
		return err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.waiting.remove(w, c.address, c.user) && <-w == nil {
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

// next lets the next waiter take over the caller's worker, or sets that free.
func (p *Pool) next() {
	if w := p.waiting.next(); w != nil {
		w <- nil
	} else {
		p.running--
	}
}

// enqueue finds a place to wait, perhaps at the cost of another.
func (p *Pool) enqueue(c caller) (waiter, error) {
	if p.waiting.size >= p.places() {
		w := p.waiting.yield(c.address, c.user)
		if w == nil {
			return nil, p.busy()
		}
		w <- p.busy()
	}
	w := make(waiter, 1)
	p.waiting.add(w, c.address, c.user)
	return w, nil
}

func (p *Pool) busy() error {
	wait := p.mean * time.Duration(p.waiting.size+1) / time.Duration(p.workers())
	return &BusyError{RetryAfter: max(wait.Round(time.Second), time.Second)}
}
