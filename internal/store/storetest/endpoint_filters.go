package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testEndpointFilters(t *testing.T, db *store.DB) {
	group := identity.EndpointGroup{ID: "g", Name: "eu", Filters: map[string]any{"region_id": "eu", "interface": nil}}
	project := identity.Project{ID: "p", DomainID: "d", ParentID: "d", Name: "p", Enabled: true, Tags: []string{"t"}}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertProject(ctx, identity.Domain{ID: "d", Name: "d", Enabled: true}.AsProject()),
			tx.InsertProject(ctx, project),
			tx.InsertService(ctx, identity.Service{ID: "s", Type: "image"}),
			tx.InsertEndpoint(ctx, identity.Endpoint{ID: "e", ServiceID: "s"}),
			tx.InsertEndpointGroup(ctx, group),
			tx.InsertEndpointGroup(ctx, identity.EndpointGroup{ID: "h", Name: "us", Filters: map[string]any{}}),
		)
	})
	for _, f := range []identity.ProjectFilter{{ProjectID: "p", EndpointID: "e"}, {ProjectID: "p", GroupID: "g"}} {
		insert := func() error {
			return db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertProjectFilter(t.Context(), f) })
		}
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if err := insert(); !errors.Is(err, identity.Conflict) {
			t.Errorf("%+v twice: got %v, want a conflict", f, err)
		}
		found, err := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.HasProjectFilter(ctx, f) })
		if !found || err != nil {
			t.Errorf("%+v: found %v, %v", f, found, err)
		}
		projects, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Project, error) {
			return tx.FilteredProjects(ctx, f)
		})
		if len(projects) != 1 || err != nil || projects[0].ID != "p" || len(projects[0].Tags) != 1 {
			t.Errorf("projects of %+v: %+v, %v", f, projects, err)
		}
	}
	groups, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.EndpointGroup], error) {
		return tx.EndpointGroups(ctx, identity.Query{}.Where("project_id", "p"))
	})
	if diff := cmp.Diff([]identity.EndpointGroup{group}, groups.Items); diff != "" || err != nil {
		t.Errorf("groups of the project, error %v, -want +got:\n%s", err, diff)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteEndpointGroup(ctx, "g") })
	filters, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.EndpointFilter, error) {
		return tx.EndpointFilters(ctx, "p")
	})
	if diff := cmp.Diff([]store.EndpointFilter{{ID: "e"}}, filters); diff != "" || err != nil {
		t.Errorf("filters without the group, error %v, -want +got:\n%s", err, diff)
	}
	for _, want := range []bool{true, false} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.DeleteProjectFilter(ctx, identity.ProjectFilter{ProjectID: "p", EndpointID: "e"})
			if got != want {
				t.Errorf("deleted: got %v, want %v", got, want)
			}
			return err
		})
	}
}
