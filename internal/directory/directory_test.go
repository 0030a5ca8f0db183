package directory

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/store"
)

// room is the service on a fresh database, with a clock that stands still until it is moved.
type room struct {
	*Service
	t     *testing.T
	clock *clock

	// reads counts how often the pool looks at its clock: twice for each hash that it computes.
	reads *clock
}

type clock struct {
	mu    sync.Mutex
	now   time.Time
	reads int
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads
}

// newRoom has the domains d and off, which is disabled.
func newRoom(t *testing.T, rules Compliance) *room {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	db, err := store.Open(t.Context(), store.Options{URL: "sqlite:///" + filepath.Join(t.TempDir(), "lintel.db"), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	rulebook, err := policy.NewEnforcer(authz.Rules(), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reads := &clock{}
	checker := &authz.Checker{Policy: rulebook, Log: slog.New(slog.DiscardHandler)}
	r := &room{t: t, clock: c, reads: reads, Service: &Service{
		DB: db, Authz: checker, Authority: &authority.Service{DB: db, Authz: checker},
		Passwords:  &password.Pool{Hasher: password.Hasher{Rounds: 4}, Now: reads.Now},
		Compliance: rules, DefaultDomain: "d",
	}}
	r.update(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertDomain(ctx, identity.Domain{ID: "off", Name: "Off"}); err != nil {
			return err
		}
		return tx.InsertDomain(ctx, identity.Domain{ID: "d", Name: "Dee", Enabled: true})
	})
	return r
}

func (r *room) update(fn func(ctx context.Context, tx *store.Tx) error) {
	r.t.Helper()
	if err := r.DB.Update(r.t.Context(), func(tx *store.Tx) error { return fn(r.t.Context(), tx) }); err != nil {
		r.t.Fatal(err)
	}
}

// admin is the holder of the admin token, whom no policy binds.
var admin = identity.Caller{Admin: true}

// user makes a user of the domain d, or of the one given, whose password is "secret".
func (r *room) user(name string, u identity.User) identity.UserID {
	r.t.Helper()
	u.Name = name
	if u.DomainID == "" {
		u.DomainID = "d"
	}
	made, err := r.CreateUser(r.t.Context(), admin, u, identity.Some("secret"))
	if err != nil {
		r.t.Fatal(err)
	}
	return made.ID
}

func (r *room) patch(id identity.UserID, upd identity.UserUpdate) identity.User {
	r.t.Helper()
	u, err := r.UpdateUser(r.t.Context(), admin, id, upd)
	if err != nil {
		r.t.Fatal(err)
	}
	return u
}

func (r *room) login(id identity.UserID, pw string) error {
	l, err := r.Authenticate(r.t.Context(), Proof{User: &UserRef{ID: id}, Password: pw})
	if err != nil {
		return err
	}
	return r.Entered(r.t.Context(), l)
}
