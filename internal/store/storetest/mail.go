package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/store"
)

// testMail: a mail waits from its transaction on until it is sent or given up.
func testMail(t *testing.T, db *store.DB) {
	var first, second string
	queue := func(ctx context.Context, tx *store.Tx) (err error) {
		if first, err = tx.QueueMail(ctx, "one"); err == nil {
			second, err = tx.QueueMail(ctx, "two")
		}
		return err
	}
	undone := errors.New("undone")
	err := db.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(queue(t.Context(), tx), undone) })
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if n := len(due(t, db)); n != 0 {
		t.Fatalf("%d mails of a transaction that was undone", n)
	}
	update(t, db, queue)
	if all := due(t, db); len(all) != 2 || all[0].Sealed != "one" && all[1].Sealed != "one" || all[0].Tries != 0 {
		t.Fatalf("waiting: %+v", all)
	}
	if err := db.TryMail(t.Context(), first, time.Minute); err != nil {
		t.Fatal(err)
	}
	if all := due(t, db); len(all) != 1 || all[0].ID != second {
		t.Errorf("one that was tried is due at once: %+v", all)
	}
	if err := db.TryMail(t.Context(), first, 0); err != nil {
		t.Fatal(err)
	}
	for _, w := range due(t, db) {
		if w.ID == first && w.Tries != 2 {
			t.Errorf("tried %d times, want 2", w.Tries)
		}
	}
	if err := db.UntryMail(t.Context(), first, time.Minute); err != nil {
		t.Fatal(err)
	}
	if all := due(t, db); len(all) != 1 || all[0].ID != second {
		t.Errorf("one of which nothing was learned is due at once: %+v", all)
	}
	if err := db.UntryMail(t.Context(), first, 0); err != nil {
		t.Fatal(err)
	}
	for _, w := range due(t, db) {
		if w.ID == first && w.Tries != 0 {
			t.Errorf("tried %d times, want none", w.Tries)
		}
	}
	if err := errors.Join(db.FailMail(t.Context(), first, "no such \u00fcser"), db.DeleteMail(t.Context(), second)); err != nil {
		t.Fatal(err)
	}
	if all := due(t, db); len(all) != 0 {
		t.Errorf("still waiting: %+v", all)
	}
}

func due(t *testing.T, db *store.DB) []store.WaitingMail {
	t.Helper()
	all, err := db.DueMail(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
