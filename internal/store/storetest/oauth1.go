package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testOAuth1(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	text, end := "äß", Now.Add(time.Hour).Add(5*time.Microsecond)
	consumer := identity.Consumer{ID: "c", Description: &text, Secret: "s", Extra: identity.Extra{"colour": "blue"}}
	request := identity.RequestToken{ID: "r", Secret: "s", ConsumerID: "c", ProjectID: "p", ExpiresAt: &end}
	access := identity.AccessToken{ID: "a", Secret: "s", ConsumerID: "c", UserID: "u", ProjectID: "p", RoleIDs: []identity.RoleID{"a", "gone"}, ExpiresAt: &end}
	bare := identity.AccessToken{ID: "b", Secret: "s", ConsumerID: "c", UserID: "u", ProjectID: "p"}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertConsumer(ctx, consumer), tx.InsertConsumer(ctx, identity.Consumer{ID: "d", Secret: "x"}),
			tx.InsertRequestToken(ctx, request), tx.InsertAccessToken(ctx, access), tx.InsertAccessToken(ctx, bare),
		)
	})
	same := func(what string, want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s, -want +got:\n%s%v", what, diff, err)
		}
	}
	check := func() {
		t.Helper()
		c, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Consumer, error) { return tx.Consumer(ctx, "c") })
		same("consumer", consumer, c, err)
		r, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.RequestToken, error) {
			return tx.RequestToken(ctx, "r")
		})
		same("request token", request, r, err)
		a, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.AccessToken, error) {
			return tx.AccessTokens(ctx, "u")
		})
		same("access tokens", []identity.AccessToken{access, bare}, a, err)
	}
	check()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		consumer.Description, consumer.Extra = nil, identity.Extra{"colour": "red"}
		request.UserID, request.RoleIDs, request.Verifier = "u", []identity.RoleID{"a"}, "v"
		return errors.Join(tx.PutConsumer(ctx, consumer), tx.AuthorizeRequestToken(ctx, request))
	})
	check()
	for what, insert := range map[string]func(context.Context, *store.Tx) error{
		"consumer": func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertRequestToken(ctx, identity.RequestToken{ID: "x", ConsumerID: "none", ProjectID: "p"})
		},
		"project": func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertAccessToken(ctx, identity.AccessToken{ID: "x", ConsumerID: "c", UserID: "u", ProjectID: "none"})
		},
		"user": func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertAccessToken(ctx, identity.AccessToken{ID: "x", ConsumerID: "c", UserID: "none", ProjectID: "p"})
		},
	} {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return insert(t.Context(), tx) }); !errors.Is(err, identity.NotFound) {
			t.Errorf("without its %s: %v", what, err)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteConsumer(ctx, "c") })
	k := keystoneOf(t, db)
	for table, want := range map[string]int{"consumer": 1, "request_token": 0, "access_token": 0} {
		if got := k.count(`SELECT COUNT(*) FROM "` + table + `"`); got != want {
			t.Errorf("%s: %d rows, want %d", table, got, want)
		}
	}
	if got := k.count(`SELECT COUNT(*) FROM "revocation_event" WHERE "consumer_id" = 'c'`); got != 1 {
		t.Errorf("%d events", got)
	}
}

// testUses: of many who use a thing at once, each is told another number. S-062
func testUses(t *testing.T, db *store.DB) {
	nodes := twoNodes(t, db)
	const each = 6
	counts := make(chan int)
	for i := range 2 * each {
		go func() {
			n := 0
			err := nodes[i%2].Update(context.Background(), func(tx *store.Tx) (err error) {
				n, err = tx.Use(context.Background(), Now.Add(time.Hour), "a", "thing")
				return err
			})
			if err != nil {
				t.Error(err)
			}
			counts <- n
		}()
	}
	seen := map[int]bool{}
	for range 2 * each {
		seen[<-counts] = true
	}
	if len(seen) != 2*each || !seen[1] || !seen[2*each] {
		t.Errorf("counts: %v", seen)
	}
	use := func(until time.Time, thing ...string) (n int) {
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = tx.Use(ctx, until, thing...)
			return err
		})
		return n
	}
	if got := use(Now.Add(time.Hour), "a thing"); got != 1 {
		t.Errorf("another thing: %d", got)
	}
	use(Now.Add(-time.Minute), "past")
	if got := use(Now.Add(-time.Minute), "past"); got != 1 {
		t.Errorf("a thing that was forgotten: %d", got)
	}
	if n, until, err := used(t, db, "a thing"); n != 1 || !until.Equal(Now.Add(time.Hour).Truncate(time.Second)) && !until.Equal(Now.Add(time.Hour)) || err != nil {
		t.Errorf("used %d times until %v, %v", n, until, err)
	}
	if n, _, err := used(t, db, "past"); n != 0 || err != nil {
		t.Errorf("what is over was used %d times, %v", n, err)
	}
	pace := func() (wait time.Duration) {
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			wait, err = tx.Pace(ctx, 3, time.Minute, "a thing")
			return err
		})
		return wait
	}
	for i := range 3 {
		if wait := pace(); wait != 0 {
			t.Errorf("use %d of a burst must wait %v", i, wait)
		}
	}
	if wait := pace(); wait <= 0 || wait > time.Minute {
		t.Errorf("after a burst one waits %v", wait)
	}
}

func used(t *testing.T, db *store.DB, thing ...string) (n int, until time.Time, err error) {
	err = db.View(t.Context(), func(tx *store.Tx) (err error) {
		n, until, err = tx.Used(t.Context(), thing...)
		return err
	})
	return n, until, err
}
