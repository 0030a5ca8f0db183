package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testAccounts: a project's main user and API users, page by page; all of it goes with the project and with the users.
func testAccounts(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	insertUsers(t, db, identity.User{ID: "x1", Name: "u_One"}, identity.User{ID: "x2", Name: "u_two"}, identity.User{ID: "x3", Name: "v_%"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, a := range []store.APIUser{{User: "x1", Project: "r", Owner: "u"}, {User: "x2", Project: "r", Owner: "u"}, {User: "x3", Project: "r", Owner: "v"}} {
			if err := tx.InsertAPIUser(ctx, a); err != nil {
				return err
			}
		}
		for _, main := range []identity.UserID{"v", "u"} {
			if err := tx.SetMainUser(ctx, "r", main); err != nil {
				return err
			}
		}
		return nil
	})
	grant(t, db, identity.Grant{Role: "a", User: "u", Project: "r"}, identity.Grant{Role: "a", User: "x1", Project: "r"})
	pages := func(name string, after identity.UserID, limit int) (found string) {
		t.Helper()
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[store.APIUser], error) {
			return tx.APIUsers(ctx, "r", name, after, limit)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Items {
			found += string(a.User) + " "
		}
		if page.More {
			found += "…"
		}
		return found
	}
	for _, tt := range []struct {
		name  string
		after identity.UserID
		limit int
		want  string
	}{
		{"", "", 9, "x1 x2 x3 "}, {"", "", 2, "x1 x2 …"}, {"", "x2", 2, "x3 "}, {"oNe", "", 9, "x1 "}, {"%", "", 9, "x3 "},
	} {
		if got := pages(tt.name, tt.after, tt.limit); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
	alone := func() int {
		t.Helper()
		all, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Project, error) {
			return tx.MainProjects(ctx, "u", true)
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if alone() != 1 {
		t.Error("nobody but API users is there beside the main user")
	}
	grant(t, db, identity.Grant{Role: "b", User: "v", Project: "r"})
	if alone() != 0 {
		t.Error("there is somebody else")
	}
	let := func(user identity.UserID) string {
		t.Helper()
		areas, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Area, error) { return tx.AreasOf(ctx, "r", user) })
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(areas)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, u := range []identity.UserID{"x1", "x2", "v"} {
			if err := tx.PutPortalUser(ctx, identity.PortalUser{UserID: u, ProjectID: "r", Areas: identity.Areas[:2]}); err != nil {
				return err
			}
		}
		if err := tx.PutPortalUser(ctx, identity.PortalUser{UserID: "x2", ProjectID: "r", Areas: identity.Areas[3:4]}); err != nil {
			return err
		}
		return tx.PutPortalUser(ctx, identity.PortalUser{UserID: "v", ProjectID: "r"})
	})
	if got := let("x1") + let("x2") + let("v"); got != "[people api-users][contacts][]" {
		t.Errorf("let into %s", got)
	}
	into, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Project, error) {
		return tx.PortalProjects(ctx, "x2")
	})
	if err != nil || len(into) != 1 || into[0].ID != "r" {
		t.Errorf("let into %v %v", into, err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "x1") })
	if let("x1") != "[]" {
		t.Error("somebody who is gone is let in")
	}
	if got := pages("", "", 9); got != "x2 x3 " {
		t.Errorf("one was deleted: got %q", got)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteProject(ctx, "r") })
	main, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.UserID, error) { return tx.MainUser(ctx, "r") })
	if let("x2") != "[]" {
		t.Error("somebody is let into what is gone")
	}
	if got := pages("", "", 9); got != "" || main != "" || err != nil {
		t.Errorf("left of the project: %q %q %v", got, main, err)
	}
}
