package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testPolicyAssociations(t *testing.T, db *store.DB) {
	long := identity.RegionID(strings.Repeat("r", 255))
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertRegion(ctx, identity.Region{ID: "world"}),
			tx.InsertRegion(ctx, identity.Region{ID: long, ParentRegionID: "world"}),
			tx.InsertRegion(ctx, identity.Region{ID: "apart"}),
			tx.InsertService(ctx, identity.Service{ID: "s", Type: "image"}),
			tx.InsertService(ctx, identity.Service{ID: "other", Type: "image"}),
			tx.InsertEndpoint(ctx, identity.Endpoint{ID: "e1", ServiceID: "s", RegionID: long}),
			tx.InsertEndpoint(ctx, identity.Endpoint{ID: "e2", ServiceID: "s", RegionID: "apart"}),
			tx.InsertEndpoint(ctx, identity.Endpoint{ID: "e3", ServiceID: "s"}),
			tx.InsertEndpoint(ctx, identity.Endpoint{ID: "e4", ServiceID: "other", RegionID: "world"}),
			tx.InsertPolicy(ctx, identity.Policy{ID: "p", Type: "x", Blob: "a"}),
			tx.InsertPolicy(ctx, identity.Policy{ID: "q", Type: "x", Blob: "b"}),
		)
	})
	put := func(a identity.PolicyAssociation) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutPolicyAssociation(ctx, a) })
	}
	want := func(policy identity.PolicyID, want string) {
		t.Helper()
		all, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Endpoint, error) {
			return tx.PolicyEndpoints(ctx, policy)
		})
		var ids []string
		for _, e := range all {
			ids = append(ids, string(e.ID))
		}
		if got := strings.Join(ids, " "); got != want || err != nil {
			t.Errorf("endpoints of %s: got %q, %v, want %q", policy, got, err, want)
		}
	}
	put(identity.PolicyAssociation{PolicyID: "p", ServiceID: "s", RegionID: "world"})
	want("p", "e1")
	put(identity.PolicyAssociation{PolicyID: "p", EndpointID: "e4"})
	want("p", "e1 e4")
	put(identity.PolicyAssociation{PolicyID: "p", ServiceID: "s"})
	want("p", "e1 e2 e3 e4")
	put(identity.PolicyAssociation{PolicyID: "q", ServiceID: "s"})
	put(identity.PolicyAssociation{PolicyID: "q", ServiceID: "s"})
	want("p", "e1 e4")
	want("q", "e1 e2 e3")
	if got, want := keystoneOf(t, db).count(`SELECT COUNT(*) FROM "policy_association"`), 3; got != want {
		t.Errorf("%d associations, want %d", got, want)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePolicy(ctx, "p") })
	want("p", "")
	want("q", "e1 e2 e3")
}
