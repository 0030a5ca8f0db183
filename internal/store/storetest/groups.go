package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func group(t *testing.T, db *store.DB, id identity.GroupID) (identity.Group, error) {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Group, error) { return tx.Group(ctx, id) })
}

func testGroups(t *testing.T, db *store.DB) {
	text := "of the sea"
	want := identity.Group{ID: "g1", DomainID: "d", Name: "sailors", Description: &text, Extra: identity.Extra{"k": "v"}}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertGroup(ctx, want),
			tx.InsertGroup(ctx, identity.Group{ID: "g2", DomainID: "d", Name: "pilots"}),
			tx.InsertGroup(ctx, identity.Group{ID: "g3", DomainID: "e", Name: "sailors"}),
		)
	})
	got, err := group(t, db, "g1")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("group as read, error %v, -want +got:\n%s", err, diff)
	}
	changed := want
	changed.Description, changed.Extra = nil, identity.Extra{}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateGroup(ctx, want, changed) })
	if got, _ = group(t, db, "g1"); !cmp.Equal(changed, got) {
		t.Errorf("group after the change, -want +got:\n%s", cmp.Diff(changed, got))
	}

	for _, tt := range []struct {
		q    identity.Query
		want string
	}{
		{identity.Query{}, "g1 g2 g3"},
		{identity.Query{Limit: 2}, "g1 g2 …"},
		{identity.Query{Limit: 2, Marker: "g2"}, "g3"},
		{identity.Query{}.Where("domain_id", "d"), "g1 g2"},
		{identity.Query{}.Where("name", "sailors"), "g1 g3"},
		{identity.Query{Filters: []identity.Filter{{Attr: "name", Compare: identity.Contains, Value: "ilo"}}}, "g1 g2 g3"},
		{identity.Query{Filters: []identity.Filter{{Attr: "name", Compare: identity.Contains, Value: "Ilo"}}}, ""},
	} {
		p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Group], error) {
			return tx.Groups(ctx, tt.q)
		})
		var ids []string
		for _, g := range p.Items {
			ids = append(ids, string(g.ID))
		}
		if p.More {
			ids = append(ids, "…")
		}
		if got := strings.Join(ids, " "); got != tt.want || err != nil {
			t.Errorf("%+v finds %q, %v; want %q", tt.q, got, err, tt.want)
		}
	}

	err = db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertGroup(t.Context(), identity.Group{ID: "g4", DomainID: "e", Name: "sailors"})
	})
	if want := "Conflict occurred attempting to store group - Duplicate entry found with name sailors at domain ID e."; !errors.Is(err, identity.Conflict) || err.Error() != want {
		t.Errorf("a second group of the name: %v, want %s", err, want)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		renamed := changed
		renamed.Name = "pilots"
		return tx.UpdateGroup(t.Context(), changed, renamed)
	})
	if want := "Conflict occurred attempting to store group - Duplicate entry found with name pilots."; !errors.Is(err, identity.Conflict) || err.Error() != want {
		t.Errorf("renaming to a name that is taken: %v, want %s", err, want)
	}
	if _, err = group(t, db, "none"); !errors.Is(err, identity.NotFound) {
		t.Errorf("a group that is not there: %v, want NotFound", err)
	}
}

func testMemberships(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertGroup(ctx, identity.Group{ID: "g1", DomainID: "d", Name: "one"}),
			tx.InsertGroup(ctx, identity.Group{ID: "g2", DomainID: "d", Name: "two"}),
			tx.InsertGroup(ctx, identity.Group{ID: "g3", DomainID: "d", Name: "three"}),
			tx.InsertGroup(ctx, identity.Group{ID: "g4", DomainID: "d", Name: "four"}),
			tx.AddToGroup(ctx, "u", "g2"), tx.AddToGroup(ctx, "u", "g2"), tx.AddToGroup(ctx, "v", "g2"),
		)
	})
	keystoneOf(t, db).exec(
		`INSERT INTO "identity_provider" ("id", "enabled", "domain_id", "authorization_ttl") VALUES ('hour', TRUE, 'd', 60), ('short', TRUE, 'd', NULL)`,
		`INSERT INTO "expiring_user_group_membership" ("user_id", "group_id", "idp_id", "last_verified") VALUES
			('u', 'g1', 'hour', '2026-03-04 05:00:00'), ('u', 'g2', 'hour', '2026-03-04 05:00:00'), ('u', 'g3', 'short', '2026-03-04 05:00:00'),
			('u', 'g3', 'hour', '2026-03-04 04:08:00'), ('u', 'g4', 'short', '2026-03-04 04:56:07'), ('u', 'g4', 'hour', '2026-03-04 04:06:07')`,
	)
	groups := func(q identity.Query) (all []string) {
		t.Helper()
		p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Membership], error) {
			return tx.GroupsOfUser(ctx, "u", q)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Items {
			text := m.Name
			if m.ExpiresAt != nil {
				text += " until " + m.ExpiresAt.Format(time.TimeOnly)
			}
			all = append(all, text)
		}
		if p.More {
			all = append(all, "…")
		}
		return all
	}
	for _, tt := range []struct {
		q    identity.Query
		want []string
	}{
		{identity.Query{}, []string{"one until 06:00:00", "two", "three until 05:10:00"}},
		{identity.Query{}.Where("name", "one"), []string{"one until 06:00:00"}},
		{identity.Query{Limit: 1}, []string{"one until 06:00:00", "…"}},
		{identity.Query{Limit: 1, Marker: "g1"}, []string{"two", "…"}},
		{identity.Query{Limit: 3}, []string{"one until 06:00:00", "two", "three until 05:10:00"}},
	} {
		if diff := cmp.Diff(tt.want, groups(tt.q)); diff != "" {
			t.Errorf("groups of u by %+v, -want +got:\n%s", tt.q, diff)
		}
	}
	for group, want := range map[identity.GroupID]bool{"g1": true, "g2": true, "g3": true, "g4": false, "none": false} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.InGroup(ctx, "u", group) })
		if got != want || err != nil {
			t.Errorf("u in %s: %v, %v; want %v", group, got, err, want)
		}
	}
	members, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
		return tx.GroupUsers(ctx, "g2", identity.Query{})
	})
	if got := namesOf(members); got != "alice bob" || err != nil {
		t.Errorf("members of g2: %q, %v", got, err)
	}

	for _, want := range []bool{true, false} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.RemoveFromGroup(ctx, "u", "g2")
			if got != want {
				t.Errorf("removing u from g2 finds a membership: %v, want %v", got, want)
			}
			return err
		})
	}
	if n := keystoneOf(t, db).count(`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'u'`); n != 1 {
		t.Errorf("%d revocation events for u, want 1", n)
	}
}

func testDeleteGroup(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertGroup(ctx, identity.Group{ID: "bare", DomainID: "d", Name: "bare"}),
			tx.InsertGroup(ctx, identity.Group{ID: "strong", DomainID: "d", Name: "strong"}),
			tx.AddToGroup(ctx, "u", "bare"), tx.AddToGroup(ctx, "v", "strong"),
		)
	})
	k := keystoneOf(t, db)
	k.exec(`INSERT INTO "role" ("id", "name", "domain_id") VALUES ('r', 'r', '<<null>>')`,
		`INSERT INTO "assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('GroupProject', 'strong', 'p', 'r', FALSE)`,
		`INSERT INTO "system_assignment" ("type", "actor_id", "target_id", "role_id", "inherited") VALUES ('GroupSystem', 'strong', 'system', 'r', FALSE)`,
		`INSERT INTO "id_mapping" ("public_id", "domain_id", "local_id", "entity_type") VALUES ('strong', 'd', 'strong', 'group')`)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.DeleteGroup(ctx, "bare"), tx.DeleteGroup(ctx, "strong"))
	})
	for _, table := range []string{"group", "user_group_membership", "assignment", "system_assignment", "id_mapping"} {
		if n := k.count(`SELECT COUNT(*) FROM "` + table + `"`); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	for id, want := range map[string]int{"u": 0, "v": 1} {
		if n := k.count(`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = '` + id + `'`); n != want {
			t.Errorf("%d revocation events for %s, want %d: only a group with grants gave rights", n, id, want)
		}
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteGroup(t.Context(), "bare") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("deleting it again: %v, want NotFound", err)
	}
}

// A user who is deleted on one node while another node puts them into a group is gone, and so is the membership.
func testMembershipsOfDeletedUsers(t *testing.T, db *store.DB) {
	url, _ := urls.Load(db)
	other := Open(t, url.(string))
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertGroup(ctx, identity.Group{ID: "g", DomainID: "d", Name: "g"})
	})
	var wg sync.WaitGroup
	for i := range 16 {
		id := identity.UserID(fmt.Sprint("u", i))
		insertUsers(t, db, identity.User{ID: id, Name: string(id)})
		wg.Go(func() {
			err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteUser(t.Context(), id) })
			if err != nil {
				t.Errorf("deleting %s: %v", id, err)
			}
		})
		wg.Go(func() {
			err := other.Update(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.User(t.Context(), id); err != nil {
					return err
				}
				return tx.AddToGroup(t.Context(), id, "g")
			})
			if err != nil && !errors.Is(err, identity.NotFound) {
				t.Errorf("adding %s to the group: %v", id, err)
			}
		})
	}
	wg.Wait()
	if n := keystoneOf(t, db).count(`SELECT COUNT(*) FROM "user_group_membership"`); n != 0 {
		t.Errorf("%d memberships of deleted users are left", n)
	}
}
