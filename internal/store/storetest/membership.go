package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func invitation(id, address string) identity.Invitation {
	now := Now.Truncate(time.Second) // MariaDB keeps no fraction
	return identity.Invitation{
		ID: identity.InvitationID(id), ProjectID: "p", Address: address, Roles: []identity.RoleID{"member", "reader"}, Words: "Gr\u00fc\u00dfe \U0001f600",
		Language: "de", InviterID: "alice", Scope: identity.OnDomain("default"), State: identity.InvitationOpen,
		CreatedAt: now, SentAt: now, ExpiresAt: now.Add(time.Hour), Sends: 1,
	}
}

// testInvitations: one open one for each project and address; what was answered stays answered.
func testInvitations(t *testing.T, db *store.DB) {
	one := invitation("one", "Greta@acme.example")
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		other := one
		other.ID, other.ProjectID = "other", "q"
		return errors.Join(tx.InsertInvitation(ctx, one), tx.InsertInvitation(ctx, other))
	})
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertInvitation(t.Context(), invitation("two", "gReTa@acme.example"))
	})
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("a second open one: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.OpenInvitation(ctx, "p", "greta@ACME.example")
		got.CreatedAt = got.CreatedAt.Truncate(time.Second)
		if diff := cmp.Diff(one, got, cmp.AllowUnexported(identity.Scope{})); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if got.MailID, err = tx.QueueMail(ctx, "sealed"); err != nil {
			return err
		}
		open, err := tx.PutInvitation(ctx, got)
		if now, err := tx.Invitation(ctx, "one"); !open || err != nil || !now.Waits || now.Bounced {
			t.Errorf("with a mail that waits: %t, %+v, %v", open, now, err)
		}
		return err
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		one.State, one.DecidedAt, one.UserID = identity.InvitationAccepted, tx.Now(), "greta"
		first, err := tx.PutInvitation(ctx, one)
		again, err2 := tx.PutInvitation(ctx, one)
		if !first || again {
			t.Errorf("answered %t, and again %t", first, again)
		}
		return errors.Join(err, err2, tx.InsertInvitation(ctx, invitation("three", "greta@acme.example")))
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for i := range 4 {
			if err := tx.InsertInvitation(ctx, invitation(fmt.Sprint("more", i), fmt.Sprintf("h_%d@acme.example", i))); err != nil {
				return err
			}
		}
		page, all, err := tx.Invitations(ctx, "p", store.InvitationFilter{Limit: 3})
		if err != nil || all != 5 || len(page.Items) != 3 || !page.More {
			t.Fatalf("first page: %d of %d, more %t, %v", len(page.Items), all, page.More, err)
		}
		seen := map[identity.InvitationID]bool{}
		for _, v := range page.Items {
			seen[v.ID] = true
		}
		page, _, err = tx.Invitations(ctx, "p", store.InvitationFilter{Limit: 3, After: page.Items[2].ID})
		if err != nil || len(page.Items) != 2 || page.More || seen[page.Items[0].ID] || seen[page.Items[1].ID] {
			t.Errorf("second page: %+v, %v", page, err)
		}
		found, _, err := tx.Invitations(ctx, "p", store.InvitationFilter{Limit: 3, Address: "H_2"})
		if err != nil || len(found.Items) != 1 || found.Items[0].Address != "h_2@acme.example" {
			t.Errorf("found %+v, %v", found, err)
		}
		return nil
	})
}

// testLinks: a link serves once, for its purpose, until it ends or a newer one is made.
func testLinks(t *testing.T, db *store.DB) {
	link := func(digest string) identity.Link {
		return identity.Link{Digest: digest, Purpose: "invite", Subject: "one", EndsAt: Now.Add(time.Hour)}
	}
	use := func(purpose, digest string) (used bool) {
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			used, err = tx.UseLink(ctx, purpose, digest)
			return err
		})
		return used
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		ended := link("ended")
		ended.EndsAt, ended.Subject = tx.Now(), "two"
		return errors.Join(tx.InsertLink(ctx, link("old")), tx.InsertLink(ctx, link("new")), tx.InsertLink(ctx, ended))
	})
	for _, step := range []struct {
		purpose, digest string
		want            bool
	}{{"invite", "old", false}, {"invite", "ended", false}, {"reset", "new", false}, {"invite", "new", true}, {"invite", "new", false}, {"invite", "none", false}} {
		if got := use(step.purpose, step.digest); got != step.want {
			t.Errorf("%s %s: used %t", step.purpose, step.digest, got)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for digest, want := range map[string]string{"old": "superseded", "new": "used", "ended": ""} {
			if l, err := tx.Link(ctx, "invite", digest); err != nil || l.State != want {
				t.Errorf("%s is %q, %v", digest, l.State, err)
			}
		}
		if _, err := tx.Link(ctx, "reset", "new"); !errors.Is(err, identity.NotFound) {
			t.Errorf("for another purpose: %v", err)
		}
		return nil
	})
	var since time.Time
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, digest := range []string{"first", "beside"} {
			l := link(digest)
			l.Subject = "three"
			if err := tx.AddLink(ctx, l); err != nil {
				return err
			}
		}
		l, err := tx.Link(ctx, "invite", "beside")
		since = l.CreatedAt
		return errors.Join(err, tx.EndLinksSince(ctx, "invite", "three", since.Add(time.Second)))
	})
	if !use("invite", "first") {
		t.Error("one beside it ends a link, or what ends later ones")
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.EndLinksSince(ctx, "invite", "three", since) })
	if use("invite", "beside") {
		t.Error("a link that was to end goes on")
	}
}

// testCodes: those of links that can be used, by the address in any case.
func testCodes(t *testing.T, db *store.DB) {
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, l := range []identity.Link{
			{Digest: "c-open", Purpose: "invite", Subject: "c1"}, {Digest: "c-old", Purpose: "invite", Subject: "c2"}, {Digest: "c-new", Purpose: "invite", Subject: "c2"}, {Digest: "c-ended", Purpose: "reset", Subject: "c3"},
		} {
			l.EndsAt = Now.Add(time.Hour)
			if l.Digest == "c-ended" {
				l.EndsAt = Now.Add(-time.Second)
			}
			if err := tx.InsertLink(ctx, l); err != nil {
				return err
			}
			l.Data = "sealed " + l.Digest
			if err := tx.InsertCode(ctx, "Greta@acme.example", l); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Codes(ctx, "greta@ACME.example")
		got := map[string]string{}
		for _, l := range found {
			got[l.Digest] = l.Purpose + " " + l.Subject + " " + l.Data
		}
		if diff := cmp.Diff(map[string]string{"c-open": "invite c1 sealed c-open", "c-new": "invite c2 sealed c-new"}, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if found, err := tx.Codes(ctx, "hugo@acme.example"); err != nil || len(found) != 0 {
			t.Errorf("of another address: %v, %v", found, err)
		}
		return nil
	})
}

// testGrantRequests: one open one of a requester for the same user and project, and one answer to each, in time.
func testGrantRequests(t *testing.T, db *store.DB) {
	now := Now.Truncate(time.Second) // MariaDB keeps no fraction
	one := identity.GrantRequest{
		ID: "one", UserID: "bob", ProjectID: "p", Roles: []identity.RoleID{"member", "reader"}, Until: now.Add(24 * time.Hour), Reason: "f\u00fcr Mai", RequesterID: "alice",
		Scope: identity.OnProject("p"), State: identity.RequestOpen, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		other := one
		other.ID, other.RequesterID, other.ExpiresAt = "other", "carl", now.Add(-time.Hour)
		return errors.Join(tx.InsertGrantRequest(ctx, one), tx.InsertGrantRequest(ctx, other))
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.GrantRequest(ctx, "one")
		got.CreatedAt = got.CreatedAt.Truncate(time.Second)
		if diff := cmp.Diff(one, got, cmp.AllowUnexported(identity.Scope{})); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if _, err := tx.GrantRequest(ctx, "none"); !errors.Is(err, identity.NotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		again := one
		again.ID = "again"
		if err := tx.InsertGrantRequest(ctx, again); err != nil {
			return err
		}
		back := one
		back.ID, back.Revoke, back.Until = "back too", true, time.Time{} // which is another wish
		if err := tx.InsertGrantRequest(ctx, back); err != nil {
			return err
		}
		again.State, again.DeciderID, again.Answer = identity.RequestRefused, "boss", "no"
		for id, want := range map[string]bool{"one": false, "other": false, "again": true, "back too": true} {
			again.ID = id
			if open, err := tx.DecideGrantRequest(ctx, again); err != nil || open != want {
				t.Errorf("%s is open: %t, %v", id, open, err)
			}
		}
		for requester, want := range map[identity.UserID]int{"": 4, "alice": 3, "nobody": 0} {
			if all, err := tx.GrantRequests(ctx, "p", requester, 5); err != nil || len(all) != want {
				t.Errorf("of %q: %d, %v", requester, len(all), err)
			}
		}
		for _, of := range []identity.GrantRequest{
			{ID: "group", GroupID: "crew", ProjectID: "p", Roles: one.Roles}, {ID: "back", GroupID: "crew", ProjectID: "p", Roles: one.Roles, Revoke: true}, {ID: "below", GroupID: "crew", DomainID: "d", Inherited: true, Roles: one.Roles},
			{ID: "made", UserID: "ida", ProjectID: "p", Roles: one.Roles, New: true}, {ID: "later", UserID: "jan", ProjectID: "p", Roles: one.Roles, OnceFactor: true}, {ID: "joins", UserID: "bob", GroupID: "crew", DomainID: "d"}, {ID: "joins too", UserID: "bob", GroupID: "staff", DomainID: "d"},
			{ID: "invites", InvitationID: "i", Address: "greta@acme.example", ProjectID: "p", Roles: one.Roles},
		} {
			of.Reason, of.RequesterID, of.Scope, of.State, of.CreatedAt, of.ExpiresAt = "why", "dora", identity.OnDomain("d"), identity.RequestOpen, now, now.Add(time.Hour)
			if err := tx.InsertGrantRequest(ctx, of); err != nil {
				return err
			}
			of.State, of.DeciderID, of.DeciderScope = identity.RequestApproved, "boss", identity.OnSystem()
			if open, err := tx.DecideGrantRequest(ctx, of); err != nil || !open {
				t.Errorf("%s is open: %t, %v", of.ID, open, err)
			}
			got, err := tx.GrantRequest(ctx, of.ID)
			got.CreatedAt, got.DecidedAt = now, time.Time{}
			if diff := cmp.Diff(of, got, cmp.AllowUnexported(identity.Scope{})); err != nil || diff != "" {
				t.Errorf("%s: %v, -want +got:\n%s", of.ID, err, diff)
			}
		}
		if all, err := tx.GrantRequests(ctx, "d", "", 9); err != nil || len(all) != 3 {
			t.Errorf("of the domain: %d, %v", len(all), err)
		}
		if all, err := tx.GrantRequestsBy(ctx, "dora", 7); err != nil || len(all) != 7 || !slices.ContainsFunc(all, func(r identity.GrantRequest) bool { return r.ID == "joins" }) {
			t.Errorf("by their maker: %v, %v", all, err)
		}
		if got, err = tx.GrantRequest(ctx, "again"); err != nil || got.State != identity.RequestRefused || got.DeciderID != "boss" || got.Answer != "no" || got.DecidedAt.IsZero() {
			t.Errorf("answered: %+v, %v", got, err)
		}
		return nil
	})
}

func testWaitingGrants(t *testing.T, db *store.DB) {
	now := Now.Truncate(time.Second) // MariaDB keeps no fraction
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"})
	one := identity.WaitingGrant{ID: "one", UserID: "u", ProjectID: "p", Role: "r", GranterID: "boss", Scope: identity.OnProject("p"), AgreerID: "chef", AgreerScope: identity.OnDomain("d"), CreatedAt: now, Until: now.Add(time.Hour), Reason: "f\u00fcr Mai"}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		other, forever := one, one
		other.ID, other.UserID = "other", "v"
		forever.ID, forever.Role, forever.Until, forever.Reason = "forever", "s", time.Time{}, ""
		forever.AgreerID, forever.AgreerScope = "", identity.Scope{}
		before := one
		before.ID = "before" // in whose place the next one comes
		return errors.Join(tx.PutWaitingGrant(ctx, before), tx.PutWaitingGrant(ctx, one), tx.PutWaitingGrant(ctx, other), tx.PutWaitingGrant(ctx, forever))
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.WaitingGrant(ctx, "one")
		got.CreatedAt = got.CreatedAt.Truncate(time.Second)
		if diff := cmp.Diff(one, got, cmp.AllowUnexported(identity.Scope{})); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if _, err := tx.WaitingGrant(ctx, "before"); !errors.Is(err, identity.NotFound) {
			t.Errorf("one that was replaced: %v", err)
		}
		if all, err := tx.WaitingGrantsTo(ctx, "u"); err != nil || len(all) != 2 || !all[1].Until.IsZero() || all[1].AgreerID != "" {
			t.Errorf("to alice: %+v, %v", all, err)
		}
		if all, err := tx.WaitingGrantsOn(ctx, "p", 2); err != nil || len(all) != 2 {
			t.Errorf("on the project: %+v, %v", all, err)
		}
		for _, want := range []bool{true, false} {
			if there, err := tx.DeleteWaitingGrant(ctx, "one"); err != nil || there != want {
				t.Errorf("deleted: %t, %v", there, err)
			}
		}
		return tx.DeleteUser(ctx, "u")
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if all, err := tx.WaitingGrantsOn(ctx, "p", 5); err != nil || len(all) != 1 || all[0].ID != "other" {
			t.Errorf("without alice: %+v, %v", all, err)
		}
		return nil
	})
}

// testSignUps: the oldest first, and one answer to each.
func testSignUps(t *testing.T, db *store.DB) {
	one := identity.SignUp{ID: "one", Address: "greta@acme.example", Name: "Gr\u00e9ta", Project: "p", Reason: "why", Language: "de", State: identity.SignUpOpen}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertSignUp(ctx, one); err != nil {
			return err
		}
		got, err := tx.SignUp(ctx, "one")
		one.CreatedAt = got.CreatedAt
		if diff := cmp.Diff(one, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if _, err := tx.SignUp(ctx, "none"); !errors.Is(err, identity.NotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		answered := one
		answered.State, answered.DeciderID, answered.Answer = identity.SignUpRefused, "root", "no"
		first, err := tx.DecideSignUp(ctx, answered)
		again, err2 := tx.DecideSignUp(ctx, answered)
		if !first || again {
			t.Errorf("answered %t, and again %t", first, again)
		}
		waiting, err3 := tx.SignUps(ctx, identity.SignUpOpen, 5)
		refused, err4 := tx.SignUps(ctx, identity.SignUpRefused, 5)
		if len(waiting) != 0 || len(refused) != 1 || refused[0].Answer != "no" || refused[0].DecidedAt.IsZero() {
			t.Errorf("%+v, %+v", waiting, refused)
		}
		return errors.Join(err, err2, err3, err4)
	})
}
