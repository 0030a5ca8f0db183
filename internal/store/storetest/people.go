package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testPeopleOfProjects: q below p below the domain d; u has a role on q and is in the group g, v has one from p, w is a member of g
// and x has one on p alone, which q does not inherit.
func testPeopleOfProjects(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	insertUsers(t, db, identity.User{ID: "w", Name: "Ann"}, identity.User{ID: "x", Name: "x%"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.AddToGroup(ctx, "w", "g") })
	grant(t, db,
		identity.Grant{Role: "a", User: "u", Project: "q"},
		identity.Grant{Role: "b", User: "v", Project: "p", Inherited: true},
		identity.Grant{Role: "b", User: "x", Project: "p"},
		identity.Grant{Role: "c", Group: "g", Domain: "d", Inherited: true},
		identity.Grant{Role: "d", Group: "g", Domain: "d"},
		identity.Grant{Role: "a", User: "gone", Project: "q"},
		identity.Grant{Role: "d", User: "x", Project: "q", Inherited: true},
	)
	type found = identity.Page[identity.UserID]
	for _, tt := range []struct {
		filter store.PeopleFilter
		want   string
	}{
		{store.PeopleFilter{Limit: 9}, "w u v"},
		{store.PeopleFilter{Limit: 2}, "w u …"},
		{store.PeopleFilter{Limit: 2, After: "u"}, "v"},
		{store.PeopleFilter{Limit: 1, After: "w"}, "u …"},
		{store.PeopleFilter{Limit: 9, Name: "aN"}, "w"},
		{store.PeopleFilter{Limit: 9, Name: "v"}, "v"},
		{store.PeopleFilter{Limit: 9, Name: "%"}, ""},
		{store.PeopleFilter{Limit: 9, Inherited: true, After: "w"}, "u v"},
	} {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (found, error) { return tx.PeopleOf(ctx, "q", tt.filter) })
		got := strings.Trim(fmt.Sprint(page.Items), "[]")
		if page.More {
			got += " …"
		}
		if err != nil || got != tt.want {
			t.Errorf("%+v: got %q and error %v, want %q", tt.filter, got, err, tt.want)
		}
	}
	_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (found, error) {
		return tx.PeopleOf(ctx, "q", store.PeopleFilter{Limit: 1, After: "gone"})
	})
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("after somebody who is gone: %v", err)
	}
	// c and d reach u and w by their group, as c only from the domain; u has a on q.
	for _, tt := range []struct {
		anywhere, onProject []identity.RoleID
		want                int
	}{
		{[]identity.RoleID{"c", "d"}, []identity.RoleID{"a"}, 1},
		{[]identity.RoleID{"a"}, []identity.RoleID{"c"}, 0},
		{[]identity.RoleID{"b", "d"}, []identity.RoleID{"d", "b"}, 2},
		{nil, []identity.RoleID{"a"}, 0},
	} {
		n, err := read(t, db, func(ctx context.Context, tx *store.Tx) (int, error) {
			return tx.CountHoldersOfBoth(ctx, tt.anywhere, tt.onProject)
		})
		if err != nil || n != tt.want {
			t.Errorf("%q and %q: %d have both, want %d, error %v", tt.anywhere, tt.onProject, n, tt.want, err)
		}
	}
	nodes, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Node, error) {
		return tx.Above(ctx, []identity.ProjectID{"q", "p"})
	})
	if err != nil || len(nodes) != 3 || nodes[1] != (store.Node{ID: "p", Parent: "d"}) || nodes[2] != (store.Node{ID: "q", Parent: "p"}) {
		t.Errorf("above q: %v, %v", nodes, err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: "b", Implied: "d"})
	})
	page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (found, error) {
		return tx.PeopleOf(ctx, "q", store.PeopleFilter{Limit: 9, Role: "d"})
	})
	if got := fmt.Sprint(page.Items); err != nil || got != "[v]" {
		t.Errorf("the role d have %s, error %v, want v", got, err)
	}
	holders, err := read(t, db, func(ctx context.Context, tx *store.Tx) (map[identity.RoleID]int, error) {
		return tx.CountHolders(ctx, "q")
	})
	if diff := cmp.Diff(map[identity.RoleID]int{"a": 1, "b": 1, "c": 2, "d": 1}, holders); diff != "" || err != nil {
		t.Errorf("error %v, holders -want +got:\n%s", err, diff)
	}
	count, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.PeopleCount, error) { return tx.CountPeople(ctx, "q") })
	if want := (store.PeopleCount{All: 3, Inherited: 3, Groups: 1}); err != nil || count != want {
		t.Errorf("counted %+v, error %v, want %+v", count, err, want)
	}
	held, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Assignment, error) {
		return tx.HoldingsOf(ctx, "q", []identity.UserID{"u", "v", "x"})
	})
	want := []identity.Assignment{
		{Grant: identity.Grant{Role: "c", User: "u", Project: "q"}, Via: identity.Via{ViaGroup: "g", ViaDomain: "d"}},
		{Grant: identity.Grant{Role: "a", User: "u", Project: "q"}},
		{Grant: identity.Grant{Role: "b", User: "v", Project: "q"}, Via: identity.Via{ViaProject: "p"}},
	}
	if diff := cmp.Diff(want, held); diff != "" || err != nil {
		t.Errorf("error %v, holdings -want +got:\n%s", err, diff)
	}
	groups, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.GroupGrant, error) { return tx.GroupsOnto(ctx, "q") })
	wantGroups := []store.GroupGrant{{Grant: identity.Grant{Role: "c", Group: "g", Domain: "d", Inherited: true}, Members: 2}}
	if diff := cmp.Diff(wantGroups, groups); diff != "" || err != nil {
		t.Errorf("error %v, groups -want +got:\n%s", err, diff)
	}

	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		ended := tx.Now().Add(-time.Second)
		_, err := tx.InsertApplicationCredential(ctx, identity.ApplicationCredential{ID: "c", UserID: "u", ProjectID: "q", Name: "c", Roles: []identity.Role{{ID: "a"}, {ID: "b"}}}, "hash")
		_, more := tx.InsertApplicationCredential(ctx, identity.ApplicationCredential{ID: "d", UserID: "u", ProjectID: "q", Name: "d", ExpiresAt: &ended}, "hash")
		return errors.Join(err, more,
			tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: "k", UserID: "v", ProjectID: "q", Type: "ec2"}}),
			tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: "l", UserID: "v", ProjectID: "p", Type: "ec2"}}),
			tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: "m", UserID: "v", ProjectID: "q", Type: "totp"}}),
			tx.InsertTrust(ctx, identity.Trust{ID: "t", TrustorUserID: "v", TrusteeUserID: "u", ProjectID: "q", Roles: []identity.Role{{ID: "b"}}}),
			tx.InsertTrust(ctx, identity.Trust{ID: "s", TrustorUserID: "v", TrusteeUserID: "u", ProjectID: "q", ExpiresAt: &ended}))
	})
	users := []identity.UserID{"u", "v", "w"}
	theirs, err := read(t, db, func(ctx context.Context, tx *store.Tx) (ids []string, err error) {
		credentials, err := tx.ApplicationCredentialsOn(ctx, "q", users)
		for _, c := range credentials {
			ids = append(ids, fmt.Sprint(c.ID, len(c.Roles)))
		}
		keys, more := tx.EC2Credentials(ctx, "q", users)
		for _, k := range keys {
			ids = append(ids, string(k.ID))
		}
		return ids, errors.Join(err, more)
	})
	if want := "[c2 k]"; err != nil || fmt.Sprint(theirs) != want {
		t.Errorf("on the project are %v, error %v, want %s", theirs, err, want)
	}
	testTrustsOfGivers(t, db)
}

// testTrustsOfGivers: with what somebody lent goes what others made of it, and whatever that was made of.
func testTrustsOfGivers(t *testing.T, db *store.DB) {
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		var all []error
		for _, trust := range []identity.Trust{
			{ID: "first", TrustorUserID: "u", TrusteeUserID: "v", RedelegationCount: 2},
			{ID: "second", TrustorUserID: "v", TrusteeUserID: "w", RedelegationCount: 1, ParentID: "first"},
			{ID: "third", TrustorUserID: "w", TrusteeUserID: "x", ParentID: "second"},
			{ID: "other", TrustorUserID: "u", TrusteeUserID: "x", RedelegationCount: 1},
			{ID: "gone", TrustorUserID: "x", TrusteeUserID: "u", ParentID: "other"},
		} {
			trust.ProjectID, trust.Roles = "q", []identity.Role{{ID: "a"}}
			all = append(all, tx.InsertTrust(ctx, trust))
		}
		return errors.Join(append(all, tx.DeleteTrust(ctx, "gone"))...)
	})
	for user, want := range map[identity.UserID]string{"u": "[first1 other1 second1 third1]", "v": "[first1 s0 second1 t1 third1]", "w": "[first1 second1 third1]", "x": "[]"} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (ids []string, err error) {
			found, err := tx.TrustsOfGivers(ctx, "q", []identity.UserID{user})
			for _, t := range found {
				ids = append(ids, fmt.Sprint(t.ID, len(t.Roles)))
			}
			slices.Sort(ids)
			return ids, err
		})
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("with what %s gave go %v, error %v, want %s", user, got, err, want)
		}
	}
}
