package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testServiceProviders(t *testing.T, db *store.DB) {
	far := "far"
	east := identity.ServiceProvider{ID: "east", Description: &far, Enabled: true, AuthURL: "a", SPURL: "b", RelayStatePrefix: "ss:mem:"}
	west := identity.ServiceProvider{ID: "west", AuthURL: "c", SPURL: "d"}
	insert := func(p identity.ServiceProvider) error {
		return db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertServiceProvider(t.Context(), p) })
	}
	if err := errors.Join(insert(east), insert(west)); err != nil {
		t.Fatal(err)
	}
	if err := insert(west); !errors.Is(err, identity.Conflict) {
		t.Errorf("twice: got %v, want a conflict", err)
	}
	want := func(q identity.Query, want ...identity.ServiceProvider) {
		t.Helper()
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.ServiceProvider], error) {
			return tx.ServiceProviders(ctx, q)
		})
		if diff := cmp.Diff(want, page.Items); diff != "" || err != nil {
			t.Errorf("%+v: error %v, -want +got:\n%s", q, err, diff)
		}
	}
	want(identity.Query{}, east, west)
	want(identity.Query{}.Where("enabled", "true"), east)
	want(identity.Query{}.Where("id", "west"), west)
	want(identity.Query{Limit: 1, Marker: "east"}, west)

	east.Enabled, east.Description, east.RelayStatePrefix = false, nil, ""
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutServiceProvider(ctx, east) })
	want(identity.Query{}, east, west)
	remove := func() error {
		return db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteServiceProvider(t.Context(), "east") })
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if err := remove(); !errors.Is(err, identity.NotFound) {
		t.Errorf("deleted twice: got %v, want not found", err)
	}
	want(identity.Query{}, west)
}
