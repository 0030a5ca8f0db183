package portal_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A9, 7.2: the page of the trail verifies the chain of seals, says for how long entries are kept, and is loud about a break.
func TestAuditChain(t *testing.T) {
	tm := newTeam(t)
	keep := func() {
		t.Helper()
		for range 3 {
			if err := tm.Server.KeepTrail(t.Context()); err != nil {
				t.Fatal(err)
			}
			tm.Clock.Advance(time.Minute)
		}
	}
	lacks := func(b *testenv.Browser, text string) {
		t.Helper()
		if strings.Contains(b.Text(), text) {
			t.Errorf("%q is told: %s", text, b.Text())
		}
	}
	tm.person("bob")
	keep()
	admin := tm.SignIn("admin", "admin-password")
	lacks(admin.Open("/portal/cloud/audit").Want(200, "Entries are kept for 365 days.", "Verify"), "not as it was sealed")
	lacks(admin.Open("/portal/cloud/audit/verify").Want(200, "Last verified"), "Unbroken")
	admin.Open("/portal/cloud/audit/verify?from=2026-03-03&to=2026-03-04").Want(200, "Unbroken: all that was sealed is as it was.", "--from 2026-03-03 --to 2026-03-04")

	db, err := sql.Open("sqlite", "file:"+tm.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE "lintel_trail" SET "body" = REPLACE("body", 'bob', 'rob') WHERE "action" = 'user.created'`); err != nil {
		t.Fatal(err)
	}
	lacks(admin.Open("/portal/cloud/audit").Want(200), "not as it was sealed")
	// The server looks by itself once a day, on one node.
	tm.Clock.Advance(25 * time.Hour)
	keep()
	admin = tm.SignIn("admin", "admin-password")
	admin.Open("/portal/cloud/audit").Want(200, "The audit trail is not as it was sealed.", "Entries under seal 1 were changed.")
	admin.Open("/portal/cloud/audit/verify?from=2026-03-04&to=2026-03-04").Want(200, "The audit trail is not as it was sealed.", "broken", "Entries under seal 1 were changed.")
	if _, err := db.ExecContext(t.Context(), `UPDATE "lintel_trail" SET "body" = REPLACE("body", 'rob', 'bob') WHERE "action" = 'user.created'`); err != nil {
		t.Fatal(err)
	}
	admin.Open("/portal/cloud/audit/verify?from=2026-03-04&to=2026-03-04").Want(200, "Unbroken")
	lacks(admin.Open("/portal/cloud/audit").Want(200), "not as it was sealed")

	admin.Open("/portal/cloud/audit/verify?from=2026-03-04&to=tomorrow").Want(400)
	admin.Open("/portal/cloud/audit/verify?from=2026-03-04&to=2026-03-03").Want(400)
	admin.Open("/portal/cloud/audit/verify?from=0001-01-01&to=2026-03-03").Want(400)
	tm.SignIn("bob", "secret").Open("/portal/cloud/audit/verify").Want(404)
}

// A9, D12: searches of the trail have names, are everybody's own, and go when they are deleted. The room bounds them.
func TestKeptSearches(t *testing.T) {
	tm := newTeam(t)
	tm.grant("domains/default/users/"+tm.person("mia"), "manager")
	admin := tm.SignIn("admin", "admin-password")
	admin.Open("/portal/cloud/audit?class=access&outcome=&actor=bob").Want(200, "Keep this search", "lintel profile keep-search NAME '/cloud/audit?actor=bob&class=access'")
	admin.Submit("Keep this search", "name", "  What  bob grants ").Want(200, "What bob grants")
	if strings.Contains(admin.Text(), "A name for this search") {
		t.Error("what is kept is offered to be kept")
	}
	admin.Open("/portal/cloud/audit?class=people").Submit("Keep this search", "name", "what BOB grants").Want(400, "already")
	admin.Open("/portal/cloud/audit?class=people").Submit("Keep this search", "name", " ").Want(400, "Name the search")
	admin.Open("/portal/cloud/audit?class=people").Submit("Keep this search", "name", "x", "address", "/cloud/domains?x=y").Want(400, "no search")
	admin.Open("/portal/profile").Submit("Save").Want(200)
	admin.Open("/portal/cloud/audit").Want(200, "What bob grants")

	mias := tm.SignIn("mia", "secret").Open("/portal/d/default/audit?outcome=failure")
	if strings.Contains(mias.Text(), "What bob grants") {
		t.Error("a search is shown to somebody else")
	}
	mias.Submit("Keep this search", "name", "Failures").Want(200, "Failures")
	mias.Submit("Delete Failures").Want(200, "Deleted.")
	if strings.Contains(mias.Open("/portal/d/default/audit").Want(200).Text(), "Failures") {
		t.Error("it stays")
	}
	var all []any
	for i := range 51 {
		all = append(all, map[string]any{"name": "s" + strings.Repeat("i", i), "address": "/cloud/audit?class=access"})
	}
	tm.admin.Patch("/v3/lintel/profile", map[string]any{"profile": map[string]any{"searches": all}}).Want(400)
	if got := tm.admin.Patch("/v3/lintel/profile", map[string]any{"profile": map[string]any{"searches": all[:50]}}).Want(200).List("profile.searches"); len(got) != 50 {
		t.Errorf("%d are kept", len(got))
	}
	admin.Open("/portal/cloud/audit?class=people").Submit("Keep this search", "name", "one more").Want(400, "Delete one first")
}
