package directory

import (
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/lintel-id/lintel/internal/identity"
)

// Limits bound how many logins may fail in a minute, per address and per account, whether there is such an account or
// not. They act before a password is hashed. The zero value has no limits. They also remember when accounts were locked.
//
// Time is monotonic as far as the clock's is: a wall clock that is set neither frees nor locks anybody.
type Limits struct {
	PerAddress int // IPv6 addresses count by their /64; 0 is no limit
	PerAccount int // 0 is no limit
	Now        func() time.Time

	once     sync.Once
	mu       sync.Mutex
	failures *lru.Cache[string, window] // the least recently seen are forgotten
	locks    *lru.Cache[identity.UserID, time.Time]
}

// window counts failures since its start.
type window struct {
	start time.Time
	count int
}

const (
	limitWindow = time.Minute
	maxWindows  = 100_000
)

// lock notes that an account is locked from now on.
func (l *Limits) lock(id identity.UserID) {
	if l == nil || l.Now == nil {
		return
	}
	l.open()
	l.locks.Add(id, l.Now())
}

// locked tells whether an account was locked less than some time ago, as far as this process has seen it.
func (l *Limits) locked(id identity.UserID, life time.Duration) bool {
	if l == nil || l.Now == nil {
		return false
	}
	l.open()
	since, ok := l.locks.Peek(id)
	return ok && l.Now().Sub(since) < life
}

func (l *Limits) open() {
	l.once.Do(func() {
		l.failures, _ = lru.New[string, window](maxWindows)
		l.locks, _ = lru.New[identity.UserID, time.Time](maxWindows)
	})
}

// allow refuses a login while its address or account has failed too often.
func (l *Limits) allow(addr netip.Addr, account string) error {
	var wait time.Duration
	l.each(addr, account, func(key string, most int) {
		if w, ok := l.failures.Get(key); ok && w.count >= most {
			wait = max(wait, limitWindow-l.Now().Sub(w.start))
		}
	})
	if wait <= 0 {
		return nil
	}
	return &identity.Error{
		Kind: identity.TooManyRequests, Message: "Too many logins have failed. Please try again later.", RetryAfter: wait,
		Detail: "limit of failed logins reached for " + account,
	}
}

// failed counts a login that failed.
func (l *Limits) failed(addr netip.Addr, account string) {
	l.each(addr, account, func(key string, _ int) {
		w, ok := l.failures.Get(key)
		if now := l.Now(); !ok || now.Sub(w.start) >= limitWindow {
			w = window{start: now}
		}
		w.count++
		l.failures.Add(key, w)
	})
}

// each visits the limits that a login falls under.
func (l *Limits) each(addr netip.Addr, account string, visit func(key string, most int)) {
	if l == nil || l.PerAddress == 0 && l.PerAccount == 0 {
		return
	}
	l.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.PerAddress > 0 && addr.IsValid() {
		if addr.Is6() {
			prefix, _ := addr.Prefix(64)
			addr = prefix.Addr()
		}
		visit("address "+addr.String(), l.PerAddress)
	}
	if l.PerAccount > 0 {
		visit("account "+account, l.PerAccount)
	}
}
