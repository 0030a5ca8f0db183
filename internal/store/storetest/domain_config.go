package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testDomainOptions(t *testing.T, db *store.DB) {
	driver := identity.DomainOption{Group: "identity", Name: "driver", Value: "ldap"}
	password := identity.DomainOption{Group: "ldap", Name: "password", Value: "p\"ä", Sensitive: true}
	size := identity.DomainOption{Group: "ldap", Name: "page_size", Value: json.Number("5")}
	url := identity.DomainOption{Group: "ldap", Name: "url", Value: nil}
	want := func(group, name string, want ...identity.DomainOption) {
		t.Helper()
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.DomainOption, error) {
			return tx.DomainOptions(ctx, "d", group, name)
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("options of %q %q, error %v, -want +got:\n%s", group, name, err, diff)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertProject(ctx, identity.Domain{ID: "d", Name: "d", Enabled: true}.AsProject()),
			tx.PutDomainOptions(ctx, "d", []identity.DomainOption{url, size, password, driver}),
			tx.PutDomainOptions(ctx, "e", []identity.DomainOption{url}),
		)
	})
	want("", "", driver, size, password, url)
	want("ldap", "", size, password, url)
	want("ldap", "password", password)
	password.Sensitive, size.Sensitive = false, true // they change their table
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutDomainOptions(ctx, "d", []identity.DomainOption{password, size})
	})
	want("", "", driver, size, password, url)
	for _, tt := range []struct {
		group, name string
		left        []identity.DomainOption
	}{
		{"ldap", "page_size", []identity.DomainOption{driver, password, url}},
		{"ldap", "", []identity.DomainOption{driver}},
		{"", "", nil},
	} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteDomainOptions(ctx, "d", tt.group, tt.name)
		})
		want("", "", tt.left...)
	}
}
