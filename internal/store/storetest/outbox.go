package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testOutbox: what is recorded waits for each sink until that one has it, and is there if and only if its transaction
// was. I10
func testOutbox(t *testing.T, db *store.DB) {
	service := identity.Service{ID: "the-service", Type: "identity", Enabled: true}
	login := identity.LoggedIn(identity.User{ID: "bob", Name: "Bob \U0001f600 \u00fc"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertService(ctx, service),
			tx.Record(ctx, identity.Created("user", identity.UserID("bob"))),
			tx.Record(ctx, login),
			tx.Record(ctx, login.Failure(&identity.EventReason{Text: "why", Code: 401})),
		)
	})
	undone := errors.New("undone")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(undone, tx.Record(t.Context(), identity.Deleted("user", identity.UserID("bob"))))
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	one := waiting(t, db, "one", 10)
	if len(one) != 2 {
		t.Fatalf("got %d events, want two", len(one))
	}
	for i, w := range one {
		if w.Event.ID == "" || !w.Event.At.Equal(Now) || w.Event.ObserverID != "the-service" {
			t.Errorf("event %d: %+v", i, w.Event)
		}
		one[i].Event.ID = ""
	}
	want := login.Failure(&identity.EventReason{Text: "why", Code: 401})
	want.At, want.ObserverID = Now, "the-service"
	if diff := cmp.Diff(want, one[1].Event); diff != "" || one[0].Event.Type() != "identity.user.created" {
		t.Errorf("first %s; second, -want +got:\n%s", one[0].Event.Type(), diff)
	}

	if err := db.Delivered(t.Context(), one[:1]); err != nil {
		t.Fatal(err)
	}
	if n, m := len(waiting(t, db, "one", 10)), len(waiting(t, db, "two", 10)); n != 1 || m != 2 {
		t.Errorf("after one was delivered to one sink, %d and %d wait, want 1 and 2", n, m)
	}

	for i := range 5 {
		if err := db.Record(t.Context(), identity.Updated("user", identity.UserID(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	n, err := db.TrimEvents(t.Context(), "two", 3)
	left := waiting(t, db, "two", 10)
	if err != nil || n != 4 || len(left) != 3 || left[0].Event.Target != "2" || len(waiting(t, db, "one", 10)) != 6 {
		t.Errorf("trimmed %d, left %+v, error %v", n, left, err)
	}
	if n, err := db.TrimEvents(t.Context(), "two", 3); n != 0 || err != nil {
		t.Errorf("trimmed %d more, error %v", n, err)
	}
}

func waiting(t *testing.T, db *store.DB, sink string, n int) []store.Waiting {
	t.Helper()
	w, err := db.Events(t.Context(), sink, n)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func testLease(t *testing.T, db *store.DB) {
	for i, step := range []struct {
		holder string
		length time.Duration
		held   bool
	}{
		{"a", time.Minute, true},
		{"b", time.Minute, false},
		{"a", -time.Second, true}, // over at once
		{"b", time.Minute, true},
		{"a", time.Minute, false},
	} {
		held, err := db.Lease(t.Context(), "work", step.holder, step.length)
		if held != step.held || err != nil {
			t.Errorf("step %d: held %t, error %v", i, held, err)
		}
	}
	if held, err := db.Lease(t.Context(), "other work", "a", time.Minute); !held || err != nil {
		t.Errorf("other work: held %t, error %v", held, err)
	}
	if err := errors.Join(db.Release(t.Context(), "work", "a"), db.Release(t.Context(), "work", "b")); err != nil {
		t.Fatal(err)
	}
	if held, err := db.Lease(t.Context(), "work", "a", time.Minute); !held || err != nil {
		t.Errorf("after it was released: held %t, error %v", held, err)
	}
}
