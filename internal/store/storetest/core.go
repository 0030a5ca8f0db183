package storetest

import (
	"testing"

	"github.com/lintel-id/lintel/internal/store"
)

func testViewSeesOneTime(t *testing.T, db *store.DB) {
	err := db.View(t.Context(), func(tx *store.Tx) error {
		if got := tx.Now(); !got.Equal(Now) {
			t.Errorf("Now() = %v, want %v", got, Now)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
