package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testRevocationEvents(t *testing.T, db *store.DB) {
	second := Now.Truncate(time.Second)
	older := identity.RevocationEvent{
		DomainID: "d", ProjectID: "p", RoleID: "r", TrustID: "t", ConsumerID: "c", AccessTokenID: "a", AuditID: "x", AuditChainID: "y",
		IssuedBefore: second.Add(-time.Hour), ExpiresAt: second.Add(time.Hour), RevokedAt: second.Add(-time.Minute),
	}
	newer := identity.RevocationEvent{UserID: "u", IssuedBefore: second, RevokedAt: second}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.Revoke(ctx, newer), tx.Revoke(ctx, older))
	})
	for after, want := range map[time.Time][]identity.RevocationEvent{
		{}:                     {older, newer},
		second.Add(-time.Hour): {older, newer},
		older.RevokedAt:        {newer},
		second:                 nil,
	} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.RevocationEvent, error) {
			return tx.RevocationEvents(ctx, after)
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("events after %v, error %v, -want +got:\n%s", after, err, diff)
		}
	}
}
