package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func insertTrusts(t *testing.T, db *store.DB, trusts ...identity.Trust) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, trust := range trusts {
			trust.TrustorUserID, trust.TrusteeUserID, trust.ProjectID = "u", "v", "p"
			if err := tx.InsertTrust(ctx, trust); err != nil {
				return err
			}
		}
		return nil
	})
}

func trustIDs(t *testing.T, db *store.DB, q identity.Query) string {
	t.Helper()
	trusts, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Trust, error) { return tx.Trusts(ctx, q) })
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(trusts))
	for i, trust := range trusts {
		ids[i] = string(trust.ID)
	}
	return strings.Join(ids, " ")
}

func testTrusts(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	end, uses := Now.Add(time.Hour), int64(3)
	want := identity.Trust{
		ID: "1", TrustorUserID: "u", TrusteeUserID: "v", ProjectID: "p", Impersonation: true, ExpiresAt: &end, RemainingUses: &uses,
		ParentID: "0", RedelegationCount: 2, Extra: identity.Extra{"colour": "blue"},
		Roles: []identity.Role{{ID: "a", Name: "a", Options: identity.Options{}}, {ID: "x", Name: "x", DomainID: "d", Options: identity.Options{}}, {ID: "gone"}},
	}
	insertTrusts(t, db, want, identity.Trust{ID: "2", Roles: []identity.Role{{ID: "a"}}})
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Trust, error) { return tx.Trust(ctx, "1") })
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("-want +got:\n%s%v", diff, err)
	}
	for query, want := range map[string]string{"trustor_user_id u": "1 2", "trustor_user_id v": "", "trustee_user_id v": "1 2", "trustee_user_id u": ""} {
		attr, user, _ := strings.Cut(query, " ")
		if got := trustIDs(t, db, identity.Query{}.Where(attr, user)); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		again := want
		again.ID = "3"
		return tx.InsertTrust(t.Context(), again)
	})
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("the same one again: got %v", err)
	}
}

// S-043
func testTrustUses(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	uses := int64(3)
	insertTrusts(t, db, identity.Trust{ID: "1", RemainingUses: &uses}, identity.Trust{ID: "2"})
	var wait sync.WaitGroup
	used := make([]bool, 6)
	for i := range used {
		wait.Go(func() {
			err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
				used[i], err = tx.UseTrust(t.Context(), "1")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	n := 0
	for _, u := range used {
		if u {
			n++
		}
	}
	if n != 3 {
		t.Errorf("a trust of three uses was used %d times", n)
	}
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Trust, error) { return tx.Trust(ctx, "1") })
	if err != nil || got.RemainingUses == nil || *got.RemainingUses != 0 {
		t.Errorf("left: got %+v, %v", got, err)
	}
}

// S-042
func testDeleteTrust(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	at := func(h int) *time.Time { end := Now.Add(time.Duration(h) * time.Hour); return &end }
	insertTrusts(t, db, identity.Trust{ID: "1", ExpiresAt: at(1)}, identity.Trust{ID: "2", ParentID: "1", ExpiresAt: at(2)},
		identity.Trust{ID: "3", ParentID: "2", ExpiresAt: at(3)}, identity.Trust{ID: "4", ExpiresAt: at(4)})
	var cursor store.Cursor
	if _, _, err := db.Changes(t.Context(), &cursor); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTrust(ctx, "1") })
	if got := trustIDs(t, db, identity.Query{}); got != "4" {
		t.Errorf("left: %s", got)
	}
	changed, _, err := db.Changes(t.Context(), &cursor)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2", "3"} {
		if !slices.Contains(changed, store.Key{Kind: "trust", ID: id}) {
			t.Errorf("trust %s is not marked as changed: %v", id, changed)
		}
		token := identity.Token{AuditIDs: []string{"a"}, TrustID: identity.TrustID(id), User: identity.User{ID: "v"}, IssuedAt: Now.Add(-time.Hour)}
		until, err := read(t, db, func(ctx context.Context, tx *store.Tx) (time.Time, error) { return tx.RevokedUntil(ctx, &token) })
		if err != nil || until.IsZero() {
			t.Errorf("tokens of trust %s are not revoked: %v", id, err)
		}
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteTrust(t.Context(), "1") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("once more: got %v", err)
	}
}

func testFlushTrusts(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	past, future := Now.Add(-time.Hour), Now.Add(time.Hour)
	insertTrusts(t, db, identity.Trust{ID: "live", ExpiresAt: &future}, identity.Trust{ID: "endless"},
		identity.Trust{ID: "expired", ExpiresAt: &past, Roles: []identity.Role{{ID: "a"}}}, identity.Trust{ID: "deleted"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTrust(ctx, "deleted") })
	flush := func(project identity.ProjectID, before time.Time) (n int64) {
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = tx.FlushTrusts(ctx, before, project, "u", "v")
			return err
		})
		return n
	}
	if n := flush("q", Now); n != 0 {
		t.Errorf("of another project: %d", n)
	}
	if n := flush("p", past.Add(-time.Hour)); n != 1 { // the deleted one
		t.Errorf("before the expiry: %d", n)
	}
	if n := flush("p", Now); n != 1 {
		t.Errorf("now: %d", n)
	}
	if got := trustIDs(t, db, identity.Query{}); got != "endless live" {
		t.Errorf("left: %s", got)
	}
}
