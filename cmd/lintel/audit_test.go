package main

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A9: a search is kept and dropped by command, too. A9, 7.2: `lintel audit verify` tells by day whether the trail is as it was sealed, where it is not, and ends with 1 then.
func TestAuditVerify(t *testing.T) {
	c := newConsole(t)
	for range 3 {
		if err := c.env.Server.KeepTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.env.Clock.Advance(time.Minute)
	}
	out, err := c.run("audit verify")
	if err != nil || !strings.Contains(out, "2026-03-04") || !strings.Contains(out, "unbroken") {
		t.Fatalf("%v\n%s", err, out)
	}
	db, err := sql.Open("sqlite", "file:"+c.env.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE "lintel_trail" SET "action" = 'project.updated' WHERE "action" = 'project.created'`); err != nil {
		t.Fatal(err)
	}
	if out, err = c.run("audit verify --from 2026-03-03 --to 2026-03-04"); err == nil || err.Error() != "exit status 1" || !strings.Contains(out, "BROKEN: changed, seal 1") || !strings.Contains(out, "2026-03-03") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = c.run("audit verify -f json"); err == nil || !strings.Contains(out, `"kind": "changed"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = c.run("profile keep-search grants /cloud/audit?class=access"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	c.env.SignIn("admin", testenv.Password).Open("/portal/cloud/audit").Want(200, "grants")
	c.refused("profile keep-search grants /cloud/audit?class=people", "already")
	c.refused("profile drop-search others", "no search")
	if out, err = c.run("profile drop-search grants"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("audit verify --from yesterday", "no days")
	c.refused("audit verify extra", "one word too many")
}
