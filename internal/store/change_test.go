package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// A number that is missing is waited for, then given up; a reader that slept too long starts over.
func TestChangeLogOverTime(t *testing.T) {
	now := storetest.Now
	db, err := store.Open(t.Context(), store.Options{URL: storetest.SQLiteURL(t), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	commit := func(seq int) {
		t.Helper()
		exec(t, db, `INSERT INTO "lintel_change" ("seq", "at", "kind", "id") VALUES (?, ?, 'user', ?)`, seq, now, fmt.Sprint(seq))
	}
	var reader store.Cursor
	for _, step := range []struct {
		commit []int
		later  time.Duration
		want   string
		all    bool
	}{
		{[]int{1, 2}, 0, "[1 2]", true},
		{[]int{3}, 0, "[3]", false},
		{nil, 0, "[]", false},
		{[]int{9, 6}, time.Second, "[6 9]", false},
		{[]int{8}, time.Second, "[8]", false},
		{[]int{4, 10}, time.Second, "[4 10]", false},
		{[]int{7}, 2 * time.Minute, "[7]", false},
		{[]int{5}, time.Second, "[]", false}, // later than any transaction can be
		{[]int{2000}, time.Second, "[2000]", false},
		{[]int{11}, time.Second, "[11]", false},
		{[]int{2001}, 31 * time.Minute, "[2000 2001]", true},
		{nil, time.Second, "[]", false},
	} {
		now = now.Add(step.later)
		for _, seq := range step.commit {
			commit(seq)
		}
		keys, all, err := db.Changes(t.Context(), &reader)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, k := range keys {
			got = append(got, k.ID)
		}
		if fmt.Sprint(got) != step.want || all != step.all {
			t.Errorf("after %v committed: changes %v, all %v, want %s, %v", step.commit, got, all, step.want, step.all)
		}
	}

	now = now.Add(2 * time.Hour)
	commit(3000)
	if err := db.TrimChanges(t.Context()); err != nil {
		t.Fatal(err)
	}
	view(t, db, func(tx *store.Tx) error {
		got, err := tx.Strings(t.Context(), `SELECT "id" FROM "lintel_change"`)
		if fmt.Sprint(got) != "[3000]" {
			t.Errorf("the log keeps %v, want the newest only", got)
		}
		return err
	})
}
