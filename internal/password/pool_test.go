package password

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd asks a pool for jobs that end when they are told to.
type crowd struct {
	pool  *Pool
	order []string // of the jobs that began
	end   chan struct{}
	mu    sync.Mutex
}

func newCrowd(workers, queue int) *crowd {
	return &crowd{pool: &Pool{Workers: workers, Queue: queue, MaxWait: time.Minute}, end: make(chan struct{})}
}

// ask starts a caller, and returns where its outcome will be.
func (c *crowd) ask(ctx context.Context, key, name string) <-chan error {
	return c.askFrom(ctx, "", key, name)
}

func (c *crowd) askFrom(ctx context.Context, address, key, name string) <-chan error {
	out := make(chan error, 1)
	go func() {
		out <- c.pool.doFor(ctx, caller{address, key}, func() {
			c.mu.Lock()
			c.order = append(c.order, name)
			c.mu.Unlock()
			<-c.end
		})
	}()
	synctest.Wait()
	return out
}

// finish ends n jobs, one after the other.
func (c *crowd) finish(n int) {
	for range n {
		c.end <- struct{}{}
		synctest.Wait()
	}
}

func (c *crowd) check(t *testing.T, running, waiting int) {
	t.Helper()
	if r, w := c.pool.Load(); r != running || w != waiting {
		t.Errorf("%d running and %d waiting, want %d and %d", r, w, running, waiting)
	}
}

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(2, 3)
		var outcomes []<-chan error
		for i := range 10 {
			outcomes = append(outcomes, c.ask(t.Context(), "alice", fmt.Sprint(i)))
		}
		c.check(t, 2, 3)
		for i, out := range outcomes[5:] {
			err := <-out
			busy, ok := errors.AsType[*BusyError](err)
			if !errors.Is(err, ErrBusy) || !ok || busy.RetryAfter != time.Second {
				t.Errorf("caller %d: %v, want ErrBusy for a second", i+5, err)
			}
		}

		// Jobs took 4 s each; with three waiting and two workers, a fourth had to wait 8 s.
		time.Sleep(4 * time.Second)
		c.finish(2)
		c.check(t, 2, 1)
		for i := range 2 {
			outcomes = append(outcomes, c.ask(t.Context(), "alice", fmt.Sprint(10+i)))
		}
		err := <-c.ask(t.Context(), "alice", "late")
		if busy, ok := errors.AsType[*BusyError](err); !ok || busy.RetryAfter != 8*time.Second {
			t.Errorf("one too many: %v, want busy for 8s", err)
		}

		c.finish(5)
		c.check(t, 0, 0)
		for _, out := range slices.Concat(outcomes[:5], outcomes[10:]) {
			if err := <-out; err != nil {
				t.Errorf("a caller in time got %v", err)
			}
		}
		if want := []string{"0", "1", "2", "3", "4", "10", "11"}; !slices.Equal(c.order, want) {
			t.Errorf("jobs began in order %v, want %v", c.order, want)
		}
	})
}

// S-152: nobody waits longer than MaxWait, however long the queue could be.
func TestPoolBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(2, 100)
		c.pool.MaxWait = 4 * time.Second
		for i := range 2 {
			c.ask(t.Context(), "alice", fmt.Sprint(i))
		}
		time.Sleep(500 * time.Millisecond)
		c.finish(2) // a hash takes half a second: in four seconds, two workers do 16

		var outcomes []<-chan error
		for i := range 30 {
			outcomes = append(outcomes, c.ask(t.Context(), fmt.Sprint("user", i), fmt.Sprint(i)))
		}
		c.check(t, 2, 16)
		for i, out := range outcomes[18:] {
			if err := <-out; !errors.Is(err, ErrBusy) {
				t.Errorf("caller %d: %v, want ErrBusy", i+18, err)
			}
		}

		start := time.Now()
		for range 9 {
			time.Sleep(500 * time.Millisecond)
			c.finish(2)
		}
		for i, out := range outcomes[:18] {
			if err := <-out; err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the queue was empty after %v, want at most 5s", took)
		}
		c.check(t, 0, 0)

		// Even one hash that takes longer leaves room to wait.
		c.pool.mean = time.Hour
		c.ask(t.Context(), "alice", "slow")
		c.ask(t.Context(), "alice", "slow")
		c.ask(t.Context(), "alice", "next")
		c.check(t, 2, 1)
		c.finish(3)
	})
}

func TestPoolIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1, 6)
		storm := make(map[int]<-chan error)
		for i := range 7 {
			storm[i] = c.ask(t.Context(), "mallory", fmt.Sprint("m", i))
		}
		c.check(t, 1, 6)
		bob := c.ask(t.Context(), "bob", "bob")
		carol := c.ask(t.Context(), "carol", "carol")
		bob2 := c.ask(t.Context(), "bob", "bob2")
		for i, last := range []int{6, 5, 4} {
			select {
			case err := <-storm[last]:
				if !errors.Is(err, ErrBusy) {
					t.Errorf("m%d: %v, want ErrBusy", last, err)
				}
			default:
				t.Errorf("m%d was not refused for caller %d", last, i)
			}
		}
		more := c.ask(t.Context(), "mallory", "m7")
		if err := <-more; !errors.Is(err, ErrBusy) {
			t.Errorf("one more of the storm: %v, want ErrBusy", err)
		}
		c.finish(7)
		if want := []string{"m0", "m1", "bob", "carol", "m2", "bob2", "m3"}; !slices.Equal(c.order, want) {
			t.Errorf("jobs began in order %v, want %v", c.order, want)
		}
		for _, out := range []<-chan error{bob, carol, bob2} {
			if err := <-out; err != nil {
				t.Errorf("a bystander got %v", err)
			}
		}
		c.check(t, 0, 0)
	})
}

func TestPoolCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1, 2)
		first := c.ask(t.Context(), "a", "first")
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		second := c.ask(ctx, "a", "second")
		third := c.ask(t.Context(), "a", "third")
		c.check(t, 1, 2)
		cancel(gone)
		if err := <-second; !errors.Is(err, gone) {
			t.Errorf("a caller that left got %v, want its context's cause", err)
		}
		c.check(t, 1, 1)
		if err := <-c.ask(ctx, "a", "never"); !errors.Is(err, gone) {
			t.Errorf("a caller that came too late got %v", err)
		}
		c.finish(2)
		for _, out := range []<-chan error{first, third} {
			if err := <-out; err != nil {
				t.Errorf("a caller that stayed got %v", err)
			}
		}
		c.check(t, 0, 0)
		if want := []string{"first", "third"}; !slices.Equal(c.order, want) {
			t.Errorf("jobs began in order %v, want %v", c.order, want)
		}
	})
}

// However callers come, leave and are refused, no worker and no place is lost.
func TestPoolStorm(t *testing.T) {
	p := &Pool{Workers: 2, Queue: 5}
	var callers sync.WaitGroup
	var mu sync.Mutex
	running := 0
	for i := range 500 {
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
			defer cancel()
			err := p.do(ctx, fmt.Sprint(i%7), func() {
				mu.Lock()
				running++
				if running > 2 {
					t.Errorf("%d jobs at once, want at most 2", running)
				}
				mu.Unlock()
				full.Verify(stored[4].hash, "secret")
				mu.Lock()
				running--
				mu.Unlock()
			})
			if err != nil && !errors.Is(err, ErrBusy) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a caller got %v", err)
			}
		})
	}
	callers.Wait()
	if r, w := p.Load(); r != 0 || w != 0 || len(p.waiting.lines) != 0 {
		t.Errorf("after the storm: %d running, %d waiting, %d lines; want none", r, w, len(p.waiting.lines))
	}
}

func TestPoolWork(t *testing.T) {
	p := &Pool{Hasher: Hasher{Rounds: 4}}
	hash, err := p.Hash(t.Context(), "alice", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"sesame": true, "Sesame": false} {
		if got, err := p.Verify(t.Context(), "alice", hash, password); got != want || err != nil {
			t.Errorf("Verify(%q) = %v, %v; want %v", password, got, err, want)
		}
	}
	if _, err := p.Verify(t.Context(), "alice", "$6$", "sesame"); !errors.Is(err, ErrHash) {
		t.Errorf("Verify of a damaged hash: %v, want ErrHash", err)
	}
	if err := p.Decoy(t.Context(), "alice", "sesame"); err != nil {
		t.Errorf("Decoy: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if hash, err := p.Hash(ctx, "alice", "sesame"); hash != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("Hash for nobody = %q, %v; want Canceled", hash, err)
	}
	if ok, err := p.Verify(ctx, "alice", hash, "sesame"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify for nobody = %v, %v; want Canceled", ok, err)
	}
	if err := p.Decoy(ctx, "alice", "sesame"); !errors.Is(err, context.Canceled) {
		t.Errorf("Decoy for nobody: %v, want Canceled", err)
	}
	if err := (&Pool{Hasher: Hasher{Algorithm: "none"}}).Decoy(t.Context(), "alice", "x"); err == nil {
		t.Error("Decoy of an unknown algorithm did not fail")
	}
}

// Many names from one address wait for each other, not the rest of the world for them.
func TestPoolIsFairToAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1, 6)
		first := c.ask(t.Context(), "busy", "busy")
		var storm []<-chan error
		for i := range 6 {
			storm = append(storm, c.askFrom(t.Context(), "storm", fmt.Sprint("guess", i), fmt.Sprint("guess", i)))
		}
		ann := c.askFrom(t.Context(), "home", "ann", "ann") // takes the place of a guess
		bob := c.askFrom(t.Context(), "home", "bob", "bob") // and so does this
		c.check(t, 1, 6)
		more := c.askFrom(t.Context(), "storm", "guess9", "guess9")
		if err := <-more; !errors.Is(err, ErrBusy) {
			t.Errorf("one more guess: %v", err)
		}
		c.finish(7)
		if got, want := fmt.Sprint(c.order), "[busy guess0 ann guess1 bob guess2 guess3]"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
		for i, out := range storm {
			if err := <-out; errors.Is(err, ErrBusy) != (i > 3) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		for _, out := range []<-chan error{first, ann, bob} {
			if err := <-out; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestPlaces(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1:2:3:4": "2001:db8::/64", "2001:db8::5:6:7:8": "2001:db8::/64",
	} {
		if got := place(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if a, b := place(netip.Addr{}), place(netip.Addr{}); a != b {
		t.Errorf("no address: %s and %s", a, b)
	}
}
