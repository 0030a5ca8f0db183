package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testLimits(t *testing.T, db *store.DB) {
	text := "text"
	cores := identity.RegisteredLimit{ID: "r1", ServiceID: "s", ResourceName: "cores", Default: 10, Description: &text}
	inEU := identity.RegisteredLimit{ID: "r2", ServiceID: "s", RegionID: "eu", ResourceName: "cores", Default: -1}
	ofProject := identity.Limit{ID: "l1", ProjectID: "p", ServiceID: "s", ResourceName: "cores", Value: 5, Description: &text}
	ofDomain := identity.Limit{ID: "l2", DomainID: "d", ServiceID: "s", RegionID: "eu", ResourceName: "cores", Value: 0}
	other := identity.Limit{ID: "l3", ProjectID: "elsewhere", ServiceID: "s", ResourceName: "cores", Value: 7}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertProject(ctx, identity.Domain{ID: "d", Name: "d", Enabled: true}.AsProject()),
			tx.InsertProject(ctx, identity.Project{ID: "p", DomainID: "d", ParentID: "d", Name: "p", Enabled: true}),
			tx.InsertRegisteredLimit(ctx, cores), tx.InsertRegisteredLimit(ctx, inEU),
			tx.InsertLimit(ctx, ofProject, "r1"), tx.InsertLimit(ctx, ofDomain, "r2"), tx.InsertLimit(ctx, other, "r1"),
		)
	})
	for _, want := range []identity.RegisteredLimit{cores, inEU} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.RegisteredLimit, error) {
			l, found, err := tx.RegisteredLimitFor(ctx, "s", want.RegionID, "cores")
			if !found {
				t.Errorf("no registered limit for %+v", want)
			}
			return l, err
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("registered limit, error %v, -want +got:\n%s", err, diff)
		}
	}
	for _, tt := range []struct {
		q    identity.Query
		want string
	}{
		{identity.Query{}, "l1 l2 l3"},
		{identity.Query{Limit: 1, Marker: "l1"}, "l2"},
		{identity.Query{}.Where("within", "d"), "l1 l2"},
		{identity.Query{}.Where("project_id", "p"), "l1"},
		{identity.Query{}.Where("region_id", "eu"), "l2"},
		{identity.Query{}.Where("resource_name", "cores").Where("within", "e"), ""},
	} {
		p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Limit], error) {
			return tx.Limits(ctx, tt.q)
		})
		var ids []string
		for _, l := range p.Items {
			ids = append(ids, string(l.ID))
		}
		if got := strings.Join(ids, " "); got != tt.want || err != nil {
			t.Errorf("%+v: got %q, %v, want %q", tt.q, got, err, tt.want)
		}
	}
	ofProject.Value, ofProject.Description = -1, nil
	cores.RegionID, cores.Default = "us", 0
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutLimit(ctx, ofProject), tx.PutRegisteredLimit(ctx, cores), tx.DeleteLimit(ctx, "l3"))
	})
	ofProject.RegionID = "us"
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Limit, error) { return tx.LimitsOn(ctx, "r1") })
	if diff := cmp.Diff([]identity.Limit{ofProject}, got); diff != "" || err != nil {
		t.Errorf("limits after the changes, error %v, -want +got:\n%s", err, diff)
	}
}
