package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// testDomainPages: what the pages about a domain ask of the store: its rules, counts, open invitations, suspensions, and whose
// credentials are.
func testDomainPages(t *testing.T, db *store.DB) {
	rules := identity.DomainRules{PasswordLength: 12, MailDomains: []string{"exämple.org"}}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, d := range []identity.Domain{{ID: "d", Name: "here", Enabled: true}, {ID: "e", Name: "there", Enabled: true}} {
			if err := tx.InsertDomain(ctx, d); err != nil {
				return err
			}
		}
		if err := tx.InsertProject(ctx, identity.Project{ID: "p", DomainID: "d", ParentID: "d", Name: "Acme", Enabled: true}); err != nil {
			return err
		}
		if err := tx.PutDomainRules(ctx, "d", identity.DomainRules{FirstUse: true}); err != nil {
			return err
		}
		return tx.PutDomainRules(ctx, "d", rules)
	})
	insertUsers(t, db,
		identity.User{ID: "a", Name: "alice", Enabled: true}, identity.User{ID: "b", Name: "bob"},
		identity.User{ID: "c", Name: "carl", Enabled: true, Options: identity.Options{identity.OptMultiFactorAuthRules: []any{[]any{"password", "totp"}}}},
		identity.User{ID: "z", DomainID: "e", Name: "zoe", Enabled: true})
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.DomainRules, error) { return tx.DomainRules(ctx, "d") })
	if diff := cmp.Diff(rules, got); err != nil || diff != "" {
		t.Errorf("rules: %v %s", err, diff)
	}
	if got, err = read(t, db, func(ctx context.Context, tx *store.Tx) (identity.DomainRules, error) { return tx.DomainRules(ctx, "e") }); err != nil || !cmp.Equal(got, identity.DomainRules{}) {
		t.Errorf("no rules: %v %v", err, got)
	}
	let := identity.ProjectRules{InviteRoles: []string{"r"}, InviteDays: 2}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PutProjectRules(ctx, "p", identity.ProjectRules{AccessDays: 1}); err != nil {
			return err
		}
		return tx.PutProjectRules(ctx, "p", let)
	})
	for id, want := range map[identity.ProjectID]identity.ProjectRules{"p": let, "q": {}} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.ProjectRules, error) {
			return tx.ProjectRules(ctx, id)
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("rules of %s: %v %s", id, err, diff)
		}
	}
	now := db.Now()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for range 3 {
			if err := tx.AddFailure(ctx, "a"); err != nil {
				return err
			}
		}
		if err := tx.PutSuspension(ctx, "b", store.Suspension{Reason: "härm", By: "a", Until: now.Add(-time.Minute).Truncate(time.Second), WasEnabled: true}); err != nil {
			return err
		}
		for _, id := range []identity.InvitationID{"i1", "i2"} {
			err := tx.InsertInvitation(ctx, identity.Invitation{ID: id, ProjectID: "p", Address: string(id) + "@example.org", InviterID: "a", Scope: identity.OnDomain("d"),
				State: identity.InvitationOpen, SentAt: now, ExpiresAt: now.Add(time.Hour)})
			if err != nil {
				return err
			}
		}
		if err := tx.InsertRole(ctx, identity.Role{ID: "ending", Name: "ending"}); err != nil {
			return err
		}
		for g, until := range map[identity.Grant]time.Time{
			{User: "a", Project: "p", Role: "ending"}: now.Add(time.Hour), {User: "b", Domain: "d", Role: "ending"}: now.Add(48 * time.Hour),
			{User: "c", Domain: "d", Role: "ending"}: {}, {User: "a", Domain: "d", Role: "ending"}: now.Add(time.Minute), {User: "a", Domain: "e", Role: "ending"}: now.Add(time.Minute),
		} {
			if err := tx.PutGrantFor(ctx, g, identity.Terms{Until: until}); err != nil {
				return err
			}
		}
		return tx.SetLastActive(ctx, "c")
	})
	count, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.DomainCounts, error) {
		return tx.CountDomain(ctx, "d", 3, now.Add(-time.Hour), now.Add(24*time.Hour), now.Add(24*time.Hour))
	})
	want := store.DomainCounts{Users: 3, Disabled: 1, NoFactor: 2, Locked: 1, Never: 2, Dormant: 1, Suspended: 1, Projects: 1, Managers: 3, Invitations: 2, Ending: 2}
	if err != nil || count != want {
		t.Errorf("counts: %v %+v", err, count)
	}
	ending, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Grant, error) {
		return tx.Grants(ctx, store.GrantFilter{Within: "d", EndsBefore: now.Add(24 * time.Hour), Limit: 9})
	})
	if err != nil || len(ending) != count.Ending {
		t.Errorf("that end: %v %v", err, ending)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteGrant(ctx, identity.Grant{User: "a", Project: "p", Role: "ending"})
		return err
	})
	for day, want := range map[string]int{now.Format(time.DateOnly): 0, now.Add(24 * time.Hour).Format(time.DateOnly): 1} {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.User], error) {
			return tx.Users(ctx, identity.Query{}.Where("domain_id", "d").Where("unseen", day))
		})
		if err != nil || len(page.Items) != want {
			t.Errorf("not seen since %s: %v %v", day, err, page.Items)
		}
	}
	for text, want := range map[string][]identity.InvitationID{"": {"i1", "i2"}, "I2@": {"i2"}, "acme": {"i1", "i2"}, "ALICE": {"i1", "i2"}, "zoe": nil} {
		page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Invitation], error) {
			return tx.InvitationsIn(ctx, "d", text, identity.Query{Limit: 5})
		})
		var ids []identity.InvitationID
		for _, v := range page.Items {
			ids = append(ids, v.ID)
		}
		slices.Sort(ids)
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("invitations with %q: %v %v", text, err, ids)
		}
	}
	first, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.Invitation], error) {
		return tx.InvitationsIn(ctx, "d", "", identity.Query{Limit: 1})
	})
	if err != nil || len(first.Items) != 1 || !first.More {
		t.Errorf("first page: %v %+v", err, first)
	}
	s, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Suspension, error) {
		s, _, err := tx.Suspension(ctx, "b")
		return s, err
	})
	if err != nil || s.Reason != "härm" || s.By != "a" || !s.WasEnabled || !s.Until.Equal(now.Add(-time.Minute).Truncate(time.Second)) {
		t.Errorf("suspension: %v %+v", err, s)
	}
	ended, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.UserID, error) { return tx.EndedSuspensions(ctx, 5) })
	if err != nil || !slices.Equal(ended, []identity.UserID{"b"}) {
		t.Errorf("ended: %v %v", err, ended)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutSuspension(t.Context(), "b", store.Suspension{}) })
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("suspended twice: %v", err)
	}
	users := func(attr, value string) string {
		return userNames(t, db, identity.Query{}.Where("domain_id", "d").Where(attr, value))
	}
	for _, tt := range []struct{ attr, value, want string }{
		{"suspended", "true", "bob"}, {"factor", "true", "carl"}, {"factor", "false", "alice bob"}, {"placed", "true", ""}, {"outside", "p", "alice bob carl"}, {"local", "false", ""},
	} {
		if got := users(tt.attr, tt.value); got != tt.want {
			t.Errorf("%s=%s: %q, want %q", tt.attr, tt.value, got, tt.want)
		}
	}
	owners, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.UserID, error) { return tx.OwnersOf(ctx, "nothing") })
	if err != nil || len(owners) > 0 {
		t.Errorf("owners: %v %v", err, owners)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "b") })
	if _, there, err := suspended(t, db, "b"); err != nil || there {
		t.Errorf("a suspension outlives its user: %v", err)
	}
}

func suspended(t *testing.T, db *store.DB, id identity.UserID) (s store.Suspension, there bool, err error) {
	err = db.View(t.Context(), func(tx *store.Tx) error {
		s, there, err = tx.Suspension(t.Context(), id)
		return err
	})
	return s, there, err
}
