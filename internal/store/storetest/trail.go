package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func trail(t *testing.T, db *store.DB, q identity.TrailQuery) []identity.TrailEntry {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, err := db.Trail(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func actions(entries []identity.TrailEntry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Action+" "+e.Target.Name)
	}
	return all
}

// testTrail: a change is on the trail if and only if its transaction was, called by the names of that time. I10
func testTrail(t *testing.T, db *store.DB) {
	by := func(e identity.Event) identity.Event {
		e.Initiator = &identity.Initiator{UserID: "u1", Name: "alice"}
		return e
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertProject(ctx, identity.Project{ID: "d", Name: "shop", DomainID: identity.RootDomain, IsDomain: true, Enabled: true}),
			tx.InsertProject(ctx, identity.Project{ID: "p", Name: "web", DomainID: "d", ParentID: "d", Enabled: true}),
			tx.InsertUser(ctx, identity.User{ID: "u1", Name: "alice", DomainID: "d", Enabled: true}),
			tx.InsertUser(ctx, identity.User{ID: "u2", Name: "bob", DomainID: "d", Enabled: true}),
			tx.InsertRole(ctx, identity.Role{ID: "r", Name: "member"}),
			tx.Record(ctx, by(identity.Created("user", identity.UserID("u2")))),
			tx.Record(ctx, by(identity.Granted("created", identity.Grant{User: "u2", Project: "p", Role: "r"}))),
			tx.DeleteUser(ctx, "u2"),
			tx.Record(ctx, by(identity.Deleted("user", identity.UserID("u2")))),
		)
	})
	undone := errors.New("undone")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(undone, tx.Record(t.Context(), by(identity.Updated("user", identity.UserID("u1")))))
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	all := trail(t, db, identity.TrailQuery{})
	if diff := cmp.Diff([]string{"user.deleted bob", "role_assignment.created bob", "user.created bob"}, actions(all)); diff != "" {
		t.Fatal(diff)
	}
	grant := all[1]
	want := identity.TrailEntry{
		Class: identity.ClassAccess, Action: "role_assignment.created", At: Now, Actor: identity.Party{Kind: "user", ID: "u1", Name: "alice", In: "shop"},
		Target: identity.Party{Kind: "user", ID: "u2", Name: "bob", In: "shop"}, Person: &identity.Party{Kind: "user", ID: "u2", Name: "bob", In: "shop"},
		Role: &identity.Party{Kind: "role", ID: "r", Name: "member"}, Project: &identity.Party{Kind: "project", ID: "p", Name: "web", In: "shop"},
		Domain: &identity.Party{Kind: "domain", ID: "d", Name: "shop"},
	}
	grant.ID, grant.Marker = "", ""
	if diff := cmp.Diff(want, grant); diff != "" {
		t.Errorf("the grant, -want +got:\n%s", diff)
	}
	yes, no := true, false
	for name, ask := range map[string]struct {
		q identity.TrailQuery
		n int
	}{
		"the actor's":         {identity.TrailQuery{Person: "u1"}, 3},
		"the other's":         {identity.TrailQuery{Person: "u2"}, 3},
		"nobody's":            {identity.TrailQuery{Person: "u3"}, 0},
		"by the actor's name": {identity.TrailQuery{Actor: "alice"}, 3},
		"by the actor's id":   {identity.TrailQuery{Actor: "u1", Target: "bob"}, 3},
		"by another's name":   {identity.TrailQuery{Actor: "bob"}, 0},
		"on a target":         {identity.TrailQuery{Target: "u2"}, 3},
		"of a class":          {identity.TrailQuery{Class: identity.ClassAccess}, 1},
		"of an action":        {identity.TrailQuery{Action: "user.deleted"}, 1},
		"in the project":      {identity.TrailQuery{Project: "p"}, 1},
		"in the domain":       {identity.TrailQuery{Domain: "d"}, 3},
		"in another domain":   {identity.TrailQuery{Domain: "e"}, 0},
		"that failed":         {identity.TrailQuery{Failed: &yes}, 0},
		"that did not":        {identity.TrailQuery{Failed: &no}, 3},
		"since then":          {identity.TrailQuery{From: Now.Truncate(time.Second)}, 3},
		"after":               {identity.TrailQuery{From: Now.Add(time.Minute)}, 0},
		"before":              {identity.TrailQuery{Until: Now.Truncate(time.Second)}, 0},
		"from an address":     {identity.TrailQuery{Address: "192.0.2.1"}, 0},
		"of a request":        {identity.TrailQuery{RequestID: "req-1"}, 0},
	} {
		if got := trail(t, db, ask.q); len(got) != ask.n {
			t.Errorf("%s: %d entries, want %d", name, len(got), ask.n)
		}
	}
	for _, marker := range []string{"x", "1", "1-x", "99999999999999999999-1", "-1-2"} {
		if _, err := db.Trail(t.Context(), identity.TrailQuery{Marker: marker, Limit: 1}); !errors.Is(err, identity.BadRequest) {
			t.Errorf("marker %q: %v", marker, err)
		}
	}
	// Names are found in whatever characters.
	odd := identity.Updated("user", identity.UserID("u9"))
	odd.Initiator = &identity.Initiator{UserID: "u9", Name: "Zoë \U0001f600"}
	if err := db.Record(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	if got := trail(t, db, identity.TrailQuery{Actor: "Zoë \U0001f600"}); len(got) != 1 || got[0].Actor.Name != "Zoë \U0001f600" {
		t.Errorf("of an odd name: %+v", got)
	}
	if n, err := db.TrimTrail(t.Context(), Now.Add(-24*time.Hour)); n != 0 || err != nil {
		t.Errorf("trimmed %d, error %v", n, err)
	}
}

// testTrailPages: however the entries are chosen, the pages hold each once, the newest first.
func testTrailPages(t *testing.T, db *store.DB) {
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for i := range 25 {
			e := identity.Updated("user", identity.UserID(fmt.Sprint("u", i%3)))
			e.Initiator = &identity.Initiator{UserID: identity.UserID(fmt.Sprint("u", i%2))}
			if err := tx.Record(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	for _, q := range []identity.TrailQuery{{}, {Person: "u0"}, {Actor: "u1"}, {Actor: "u0", Target: "u0"}} {
		whole := trail(t, db, q)
		var parts []identity.TrailEntry
		for q.Limit = 4; ; q.Marker = parts[len(parts)-1].Marker {
			page, err := db.Trail(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if parts = append(parts, page.Items...); !page.More {
				break
			}
		}
		if diff := cmp.Diff(whole, parts); diff != "" || len(whole) == 0 {
			t.Errorf("%+v, -whole +parts:\n%s", q, diff)
		}
		if !slices.IsSortedFunc(whole, func(a, b identity.TrailEntry) int { return b.At.Compare(a.At) }) {
			t.Errorf("%+v is out of order", q)
		}
	}
}

// testSignIns: of sign-ins that are alike so many are written one by one, and the others as their number. I12
func testSignIns(t *testing.T, db *store.DB) {
	alice := identity.TrailEntry{Class: identity.ClassSignIn, Action: "authenticate", Actor: identity.Party{Kind: "user", ID: "u1", Name: "alice"}}
	wrong := alice
	wrong.Failed, wrong.Cause = true, identity.CausePassword
	for range 30 {
		for _, e := range []identity.TrailEntry{alice, wrong} {
			if err := db.RecordSignIn(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(trail(t, db, identity.TrailQuery{})); n != 40 {
		t.Fatalf("%d entries, want 20 of each kind", n)
	}
	if err := db.Settle(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	for _, failed := range []*bool{&yes, &no} {
		got := trail(t, db, identity.TrailQuery{Failed: failed})
		if len(got) != 21 || !slices.ContainsFunc(got, func(e identity.TrailEntry) bool { return e.Times == 10 && e.Actor.Name == "alice" }) {
			t.Errorf("failed %t: %d entries, none of which stands for 10", *failed, len(got))
		}
	}
	if err := db.Settle(t.Context(), true); err != nil || len(trail(t, db, identity.TrailQuery{})) != 42 {
		t.Error("counted twice", err)
	}
}

// testSeen: when something logged in last is known after a while.
func testSeen(t *testing.T, db *store.DB) {
	for range 2 {
		db.See(t.Context(), "user", "u1", "p")
		db.See(t.Context(), "application_credential", "", "")
		if err := db.Settle(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	var got map[string]store.Seen
	err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		got, err = tx.LastSeen(t.Context(), "user", "p", []string{"u1", "u2"})
		return err
	})
	if err != nil || len(got) != 1 || got["u1"].At.Truncate(time.Second) != Now.Truncate(time.Second) {
		t.Errorf("%+v", got)
	}
}

// testTrailSeals: seals come back as they were made, in the order of their chain, of which no number is given twice; a list of entries that is
// none is none, and not an error. What was found broken stands until it is forgotten.
func testTrailSeals(t *testing.T, db *store.DB) {
	now := db.Now().UTC().Truncate(time.Second)
	seal := func(n int64, day string, entries ...int64) store.Seal {
		return store.Seal{
			Number: n, Day: day, MadeAt: now.Add(time.Duration(n) * time.Second), Upto: 10 * n, Entries: entries,
			Digest: strings.Repeat("d", 64), Previous: strings.Repeat("p", 64), Head: fmt.Sprintf("%064d", n), KeyHash: "key", Signature: strings.Repeat("s", 64),
		}
	}
	first, second, trimmed := seal(1, "2026-03-04", 1, 2, 3, 7), seal(2, "2026-03-04", 11, 12), seal(3, "2026-03-03")
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertSeal(ctx, first), tx.InsertSeal(ctx, second), tx.InsertSeal(ctx, trimmed))
	})
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertSeal(t.Context(), seal(2, "2026-03-05", 20)) })
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("a second seal of a number: %v", err)
	}
	_, err = read(t, db, func(ctx context.Context, tx *store.Tx) (none struct{}, err error) {
		one, found, err := tx.Seal(ctx, 1)
		if diff := cmp.Diff(first, one); diff != "" || !found || err != nil {
			t.Errorf("found %t, error %v, -want +got:\n%s", found, err, diff)
		}
		if _, found, err := tx.Seal(ctx, 4); found || err != nil {
			t.Errorf("a seal that is not there: %t, %v", found, err)
		}
		last, _, err1 := tx.LastSeal(ctx)
		trim, _, err2 := tx.LastTrim(ctx)
		day, err3 := tx.LastSealedDay(ctx)
		ofDay, err4 := tx.SealsOfDay(ctx, "2026-03-04")
		after, err5 := tx.SealsAfter(ctx, 1, 1)
		since, floor, err6 := tx.SealsSince(ctx, now.Add(2*time.Second))
		got := fmt.Sprintf("%d %d %s %d %d %d %d", last.Number, trim.Number, day, numbers(ofDay), numbers(after), numbers(since), floor)
		if want := "3 3 2026-03-04 [1 2] [2] [2 3] 10"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return none, errors.Join(err1, err2, err3, err4, err5, err6)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []store.TrailCheck{{Day: "2026-03-04", Broken: true, Body: "{}"}, {Day: "2026-03-05"}} {
		if err := db.PutTrailCheck(t.Context(), check); err != nil {
			t.Fatal(err)
		}
	}
	broken := func(want int) {
		t.Helper()
		found, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.TrailCheck, error) {
			broken, last, err := tx.TrailChecks(ctx)
			if last.IsZero() {
				t.Error("nobody has looked")
			}
			return broken, err
		})
		if err != nil || len(found) != want {
			t.Errorf("broken are %v, error %v", found, err)
		}
	}
	broken(1)
	if err := db.TrimTrailChecks(t.Context(), "2026-03-05"); err != nil {
		t.Fatal(err)
	}
	broken(0)
}

func numbers(seals []store.Seal) (all []int64) {
	for _, s := range seals {
		all = append(all, s.Number)
	}
	return all
}
