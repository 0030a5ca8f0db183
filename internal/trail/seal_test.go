package trail_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/token"
)

const today = "2026-03-04"

// cloud is one whose trail has seals.
type cloud struct {
	*testing.T
	*testenv.Env
	admin *testenv.Actor
	db    *sql.DB // past the server
}

func newCloud(t *testing.T, changes ...func(*config.Config)) *cloud {
	t.Helper()
	env := testenv.New(t, changes...)
	c := &cloud{T: t, Env: env, admin: env.Admin()}
	db, err := sql.Open("sqlite", "file:"+env.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c.db = db
	c.keep()
	for range 3 {
		c.happen()
	}
	return c
}

// happen lets something happen, and lets it be sealed.
func (c *cloud) happen() {
	c.Helper()
	c.admin.Post("/v3/projects", fmt.Sprintf(`{"project": {"name": "p%d"}}`, c.Clock.Now().UnixNano())).Want(201)
	c.pass()
}

// laterOn is when what was sealed is beyond what may still be late.
func (c *cloud) laterOn() {
	c.Helper()
	c.Clock.Advance(time.Hour)
	c.admin = c.Admin()
	c.happen()
}

// pass lets time pass until what happened is sealed.
func (c *cloud) pass() {
	c.Helper()
	for range 2 {
		c.Clock.Advance(time.Minute)
		c.keep()
	}
}

func (c *cloud) keep() {
	c.Helper()
	if err := c.Server.KeepTrail(c.Context()); err != nil {
		c.Fatal(err)
	}
}

func (c *cloud) exec(stmt string, args ...any) {
	c.Helper()
	res, err := c.db.ExecContext(c.Context(), stmt, args...)
	if err != nil {
		c.Fatal(err)
	}
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		c.Fatalf("%s: nothing, %v", stmt, err)
	}
}

func (c *cloud) number(stmt string, args ...any) (n int64) {
	c.Helper()
	if err := c.db.QueryRowContext(c.Context(), stmt, args...).Scan(&n); err != nil {
		c.Fatal(err)
	}
	return n
}

// faults are what is found on a day: "changed 2 0".
func (c *cloud) faults(day string) (all []string) {
	c.Helper()
	got := c.admin.Get("/v3/lintel/audit/" + day).Want(200)
	for _, f := range got.List("day.faults") {
		f := f.(map[string]any)
		number := func(v any) float64 { n, _ := v.(float64); return n }
		all = append(all, fmt.Sprint(f["kind"], " ", number(f["seal"]), " ", number(f["entry"])))
	}
	return all
}

func (c *cloud) want(day string, faults ...string) {
	c.Helper()
	if diff := cmp.Diff(faults, c.faults(day)); diff != "" {
		c.Errorf("of %s, -want +got:\n%s", day, diff)
	}
}

// A9, 7.2: whatever somebody does to the trail who can write the database, but has no key, is found, and where.
func TestTampering(t *testing.T) {
	const last = `(SELECT MAX("number") FROM "lintel_trail_seal")`
	for name, tt := range map[string]struct {
		stmts []string
		want  func(entry int64) []string
	}{
		"nothing":               {nil, func(int64) []string { return nil }},
		"an entry's text":       {[]string{`UPDATE "lintel_trail" SET "body" = REPLACE("body", 'admin', 'mallory') WHERE "seq" = ?`}, func(int64) []string { return []string{"changed 2 0"} }},
		"who is found":          {[]string{`UPDATE "lintel_trail" SET "actor_id" = 'x' WHERE "seq" = ?`}, func(int64) []string { return []string{"changed 2 0"} }},
		"when it was":           {[]string{`UPDATE "lintel_trail" SET "at" = '2026-03-04 05:00:00' WHERE "seq" = ?`}, func(int64) []string { return []string{"changed 2 0"} }},
		"of another type":       {[]string{`UPDATE "lintel_trail" SET "failed" = 'perhaps' WHERE "seq" = ?`}, func(int64) []string { return []string{"changed 2 0"} }},
		"moved to a day":        {[]string{`UPDATE "lintel_trail" SET "at" = '2026-03-03 05:00:00' WHERE "seq" = ?`}, func(int64) []string { return []string{"changed 2 0"} }},
		"an entry is gone":      {[]string{`DELETE FROM "lintel_trail" WHERE "seq" = ?`}, func(e int64) []string { return []string{fmt.Sprint("missing 2 ", e)} }},
		"with its seal":         {[]string{`DELETE FROM "lintel_trail" WHERE "seq" = ?`, `DELETE FROM "lintel_trail_seal" WHERE "number" = 2`}, func(int64) []string { return []string{"missing 2 0"} }},
		"the seal is gone":      {[]string{`DELETE FROM "lintel_trail_seal" WHERE "number" = 2`}, func(e int64) []string { return []string{"missing 2 0", fmt.Sprint("added 0 ", e)} }},
		"the end is gone":       {[]string{`DELETE FROM "lintel_trail_seal" WHERE "number" > 2`}, nil},
		"a list of entries":     {[]string{`UPDATE "lintel_trail_seal" SET "entries" = '1-99999999999' WHERE "number" = 2`}, func(e int64) []string { return []string{"signature 2 0", fmt.Sprint("added 0 ", e)} }},
		"a signature":           {[]string{`UPDATE "lintel_trail_seal" SET "signature" = REPLACE("signature", '1', '2') WHERE "number" = 2`}, func(int64) []string { return []string{"signature 2 0"} }},
		"a key that nobody has": {[]string{`UPDATE "lintel_trail_seal" SET "key_hash" = 'x' WHERE "number" = 2`}, func(int64) []string { return []string{"signature 2 0"} }},
		"the last one's": {[]string{`UPDATE "lintel_trail_seal" SET "signature" = REPLACE("signature", '1', '2') WHERE "number" = ` + last}, func(int64) []string {
			return []string{"signature 5 0", "unlinked 6 0"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.laterOn()
			entry := c.number(`SELECT CAST("entries" AS INTEGER) FROM "lintel_trail_seal" WHERE "number" = 2`)
			for _, stmt := range tt.stmts {
				if strings.Contains(stmt, "?") {
					c.exec(stmt, entry)
				} else {
					c.exec(stmt)
				}
			}
			c.happen() // the server goes on, and hides nothing
			if tt.want != nil {
				c.want(today, tt.want(entry)...)
			} else if got := c.faults(today); len(got) == 0 {
				t.Error("nothing was found")
			}
			if broken := c.admin.Get("/v3/lintel/audit").Want(200).List("audit.broken"); len(broken) > 0 != (name != "nothing") {
				t.Errorf("told are %v", broken)
			}
		})
	}
}

// What is put in where seals were made already is found.
func TestAddedEntry(t *testing.T) {
	c := newCloud(t)
	c.laterOn()
	columns := `"at", "class", "action", "failed", "actor_id", "body"`
	c.exec(`DELETE FROM "lintel_trail" WHERE "seq" = 1`) // makes room
	c.exec(`INSERT INTO "lintel_trail" ("seq", ` + columns + `) SELECT -7, ` + columns + ` FROM "lintel_trail" WHERE "seq" = 2`)
	c.exec(`INSERT INTO "lintel_trail" (` + columns + `) SELECT '2026-02-01 12:00:00', "class", "action", "failed", "actor_id", "body" FROM "lintel_trail" WHERE "seq" = 2`)
	c.pass()
	got := c.faults(today)
	if len(got) != 2 || !strings.HasPrefix(got[0], "missing 1 1") || got[1] != "added 0 -7" {
		t.Errorf("found: %v", got)
	}
	if got := c.faults("2026-02-01"); len(got) != 1 || !strings.HasPrefix(got[0], "added") {
		t.Errorf("on a day of long ago: %v", got)
	}
}

// Seals that somebody makes again without the key do not pass, nor does taking all away before the server's next seal.
func TestForgedSeals(t *testing.T) {
	c := newCloud(t)
	c.exec(`UPDATE "lintel_trail" SET "action" = 'user.created' WHERE "seq" = (SELECT MAX("seq") FROM "lintel_trail")`)
	c.exec(`DELETE FROM "lintel_trail_seal"`)
	c.happen()
	if got := c.faults(today); len(got) == 0 || got[0] != "missing 4 0" {
		t.Errorf("all seals were made anew: %v", got)
	}
}

// Entries that turn up late have a seal of their own.
func TestLateEntry(t *testing.T) {
	c := newCloud(t)
	highest := c.number(`SELECT MAX("seq") FROM "lintel_trail"`)
	columns := `"at", "class", "action", "failed", "body"`
	c.exec(`INSERT INTO "lintel_trail" ("seq", `+columns+`) SELECT ?, `+columns+` FROM "lintel_trail" WHERE "seq" = ?`, highest+20, highest)
	c.pass()
	c.exec(`INSERT INTO "lintel_trail" ("seq", `+columns+`) SELECT ?, `+columns+` FROM "lintel_trail" WHERE "seq" = ?`, highest+10, highest)
	c.pass()
	c.want(today)
	day := c.admin.Get("/v3/lintel/audit/" + today).Want(200)
	if day.JSON()["day"].(map[string]any)["unsealed"].(float64) != 0 {
		t.Errorf("not all is sealed: %s", day.Body)
	}
}

// The chain is of days, and what retention takes is no break: the seals stay.
func TestRetention(t *testing.T) {
	c := newCloud(t, func(cfg *config.Config) { cfg.Lintel.AuditDays = 2 })
	for range 5 {
		c.Clock.Advance(24 * time.Hour)
		c.admin = c.Admin()
		c.happen()
	}
	if first := c.admin.Get("/v3/lintel/audit").Want(200).Get("audit.first_day"); first != "2026-03-07" {
		t.Errorf("entries are kept from %s on", first)
	}
	for day := 4; day <= 9; day++ {
		c.want(fmt.Sprintf("2026-03-%02d", day))
	}
	if got := c.admin.Get("/v3/lintel/audit/" + today).Want(200); !strings.Contains(got.Body, `"trimmed":true`) {
		t.Error(got.Body)
	}
	// What nobody trimmed is missed, and a seal that says so is believed only with a signature.
	c.exec(`DELETE FROM "lintel_trail" WHERE "at" < '2026-03-08'`)
	c.exec(`UPDATE "lintel_trail_seal" SET "day" = '2026-03-08' WHERE "entries" = '' AND "number" = (SELECT MAX("number") FROM "lintel_trail_seal" WHERE "entries" = '')`)
	if got := c.faults("2026-03-07"); len(got) == 0 || !strings.HasPrefix(got[0], "missing") {
		t.Errorf("taken away past the server: %v", got)
	}
}

// Of two nodes one seals, and the other goes on where it stopped.
func TestTwoNodesSeal(t *testing.T) {
	a, b := testenv.Pair(t)
	admin := a.Admin()
	var wg sync.WaitGroup
	for i := range 12 {
		admin.Post("/v3/projects", fmt.Sprintf(`{"project": {"name": "p%d"}}`, i)).Want(201)
		a.Clock.Advance(time.Minute)
		for _, e := range []*testenv.Env{a, b} {
			wg.Go(func() {
				if err := e.Server.SealTrail(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	day := admin.Get("/v3/lintel/audit/" + today).Want(200)
	if !strings.Contains(day.Body, `"unbroken":true`) || strings.Contains(day.Body, `"seals":0`) {
		t.Error(day.Body)
	}
}

// Keys are rotated until those that signed are gone: what they signed is good by what was signed later, and by nothing else.
func TestRotatedKeys(t *testing.T) {
	c := newCloud(t)
	repo := token.Repository{Dir: filepath.Join(c.Dir, "credential-keys")}
	if _, err := os.Stat(repo.Dir); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := repo.Rotate(); err != nil {
			t.Fatal(err)
		}
		c.happen()
	}
	if n := c.number(`SELECT COUNT(DISTINCT "key_hash") FROM "lintel_trail_seal"`); n < 4 {
		t.Fatalf("%d keys signed", n)
	}
	c.want(today)
	c.exec(`UPDATE "lintel_trail_seal" SET "signature" = 'x' WHERE "number" = 2`) // which nobody can check
	c.want(today)
	c.exec(`UPDATE "lintel_trail_seal" SET "made_at" = '2026-03-04 00:00:00' WHERE "number" = 2`)
	if got := c.faults(today); len(got) == 0 {
		t.Error("an old seal was changed unseen")
	}
}

// S-122: who may not read the trail may not verify it either; and a day is a day.
func TestVerifyIsForReaders(t *testing.T) {
	c := newCloud(t)
	c.admin.Post("/v3/users", `{"user": {"name": "bob", "password": "secret"}}`).Want(201)
	bob := c.Login("bob", "secret")
	bob.Get("/v3/lintel/audit").Want(403)
	bob.Get("/v3/lintel/audit/" + today).Want(403)
	c.admin.Get("/v3/lintel/audit/yesterday").Want(400)
	c.want("1970-01-01")
}
