package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
)

// C5, C8: an administrator of the cloud says by one command each who may grant what; a moderator then looks after people with the
// ordinary grants of the API, and cannot reach those above.
func TestGrants(t *testing.T) {
	c := newConsole(t)
	c.refused("grants preset catalyst", "400", "project_admin", "project_mod")
	admin := c.env.Admin()
	for _, name := range []string{"project_admin", "project_mod", "billing", "heat_stack_owner", "k8s_developer"} {
		admin.Post("/v3/roles", `{"role": {"name": "`+name+`"}}`).Want(201)
	}
	before, err := c.run("grants list")
	if err != nil || strings.Contains(before, "project_mod") {
		t.Fatalf("%v %s", err, before)
	}
	told, err := c.run("grants preset catalyst --rehearse")
	if err != nil || !strings.Contains(told, "| added | project_mod") || !strings.Contains(told, "There is no role auth_only") {
		t.Errorf("%v %s", err, told)
	}
	if after, err := c.run("grants list"); err != nil || after != before {
		t.Errorf("a rehearsal leaves %v %s", err, after)
	}
	if again, err := c.run("grants preset catalyst"); err != nil || again != told {
		t.Errorf("what was told differs from what was done: %v\n%s\n%s", err, told, again)
	}
	list, err := c.run("grants list")
	if err != nil || !strings.Contains(list, "k8s_developer") || strings.Count(list, "grant, revoke, invite") != 11 {
		t.Errorf("%v %s", err, list)
	}

	c.json("user create mod --password secret --project acme --role project_mod")
	c.json("user create boss --password secret --project acme --role project_admin")
	c.json("user create newcomer --password secret")
	id := func(what, name string) string {
		return admin.Get("/v3/" + what + "?name=" + name).Want(200).Get(what + ".0.id")
	}
	acme := id("projects", "acme")
	mod := c.env.Login("mod", "secret", `{"project": {"name": "acme", "domain": {"id": "default"}}}`)
	grant := func(user, role string) string {
		return "/v3/projects/" + acme + "/users/" + id("users", user) + "/roles/" + id("roles", role)
	}
	mod.Put(grant("newcomer", "member"), nil).Want(204)
	mod.Delete(grant("newcomer", "member")).Want(204)
	mod.Put(grant("newcomer", "project_admin"), nil).Want(403)
	mod.Delete(grant("boss", "project_admin")).Want(403)
	mod.Put(grant("boss", "billing"), nil).Want(403)
	for command, want := range map[string][]string{
		"grants ask --as project_mod --project acme --act grant --role billing newcomer":                   {"true", "grant_rule", "project_mod, project, grant, revoke, invite, billing, project |"},
		"grants ask --as-user mod --project acme --act grant --role billing boss":                          {"false", "touch", "project_admin on acme"},
		"grants ask --as manager --domain default --act account admin":                                     {"false", "shield", "admin on"},
		"grants ask --as admin --system --act revoke --role project_admin --at acme --domain default boss": {"true", "policy", "identity:revoke_grant"},
	} {
		out, err := c.run(command)
		for _, part := range want {
			if err != nil || !strings.Contains(out, part) {
				t.Errorf("%s: %v %s", command, err, out)
				break
			}
		}
	}
	c.refused("grants ask --as project_mod --project acme --act jump newcomer", "--act is one of grant, revoke, invite, account, factor,", `not "jump"`)

	if _, err := c.run("grants deny project_mod member"); err != nil {
		t.Error(err)
	}
	mod.Put(grant("newcomer", "member"), nil).Want(403)
	if out, err := c.run("grants allow project_mod member --only grant --max-days 30"); err != nil || !strings.Contains(out, "at most 30 days") {
		t.Errorf("%v %s", err, out)
	}
	mod.Put(grant("newcomer", "member"), nil).Want(403) // without an end
	if _, err := c.run("grants allow project_mod member --domain default --only none"); err != nil {
		t.Error(err)
	}
	if out, err := c.run("grants list --domain Default"); err != nil || !strings.Contains(out, "nothing") {
		t.Errorf("%v %s", err, out)
	}
	mod.Put(grant("newcomer", "billing"), nil).Want(403) // which the domain has no rule for

	c.refused("grants allow project_mod billing --domain default --only revoke,steal", "--only")
	c.refused("grants allow reader admin --domain default", "400", "narrows")
	c.refused("grants allow nobody member", "404", "nobody")
	c.refused("grants allow project_mod member --max-days -3", "400", "max_days")
	c.refused("grants deny reader member", "no rule")
	c.refused("grants preset horizon", "NAME is one of keystone-default, catalyst, adjutant,")
	c.refused("grants preset adjutant", "400", "role_mapping")
	c.refused("grants list --domain none --os-cloud none", "no")

	dir := t.TempDir()
	conf := filepath.Join(dir, "adjutant.yaml")
	if err := os.WriteFile(conf, []byte("identity:\n  role_mapping:\n    project_admin: [project_mod, member]\n    project_mod:\n      - member\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := c.run("grants preset adjutant --file " + conf); err != nil || !strings.Contains(out, "removed") {
		t.Errorf("%v %s", err, out)
	}
	saved, err := c.run("grants list -f json")
	if err != nil || strings.Count(saved, `"may_invite": true`) != 3 {
		t.Errorf("%v %s", err, saved)
	}
	file := filepath.Join(dir, "rules.json")
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.run("grants preset keystone-default"); err != nil {
		t.Error(err)
	}
	if out, err := c.run("grants list -f json"); err != nil || strings.TrimSpace(out) != "[]" {
		t.Errorf("%v %s", err, out)
	}
	if _, err := c.run("grants replace " + file); err != nil {
		t.Error(err)
	}
	if out, err := c.run("grants list"); err != nil || strings.Count(out, "| project_") != 4 {
		t.Errorf("%v %s", err, out)
	}
	c.refused("grants replace "+conf, "no list of rules")

	c.as("mod", "secret", "OS_PROJECT_NAME", "acme")
	for _, line := range []string{"grants list", "grants preset catalyst", "grants allow project_mod project_admin", "grants replace " + file} {
		c.refused(line, "403")
	}
}

// A role that was granted until a day is gone with it: at once for everybody who asks Lintel, and soon in the database, for a stock
// Keystone beside it; the trail has it, and those who listen hear of it.
func TestGrantsThatEnd(t *testing.T) {
	events := filepath.Join(t.TempDir(), "events")
	c := newConsole(t, func(c *config.Config) { c.Lintel.EventFile, c.Default.NotificationOptOut = events, nil })
	c.json("user create alice --password secret")
	c.json("user create bob --password secret --project acme")
	made := c.json("access grant alice member reader --project acme --until 2026-03-04")
	if made["expires_at"] != "2026-03-05T00:00:00.000000Z" {
		t.Errorf("%v", made)
	}
	if out, err := c.run("access grant alice reader --project acme"); err != nil || !strings.Contains(out, "never") {
		t.Errorf("%v %s", err, out)
	}
	scope := `{"project": {"name": "acme", "domain": {"id": "default"}}}`
	admin := c.env.Admin()
	alice := c.env.Login("alice", "secret", scope)
	roles := func() string {
		names := admin.Validate(alice.Token).Want(200).Texts("token.roles", "name")
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	stored := func() (n int) {
		db, err := sql.Open("sqlite", c.env.Database())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		id := admin.Get("/v3/users?name=alice").Get("users.0.id")
		if err := db.QueryRow(`SELECT COUNT(*) FROM assignment WHERE actor_id = ?`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := roles(); got != "member reader" {
		t.Errorf("before the end: %s", got)
	}
	if err := c.env.Server.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(events, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 { // not a day at once, which tokens do not last
		c.env.Clock.Advance(19 * time.Minute)
		if err := c.env.Server.EndGrants(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := stored(); n != 2 {
			t.Fatalf("before the end: %d rows", n)
		}
	}
	c.env.Clock.Advance(24 * time.Hour)
	admin = c.env.Admin()
	alice = c.env.Login("alice", "secret", scope)
	if got := roles(); got != "reader" || stored() != 2 {
		t.Errorf("after the end: %s, %d rows", got, stored())
	}
	for range 2 { // the second finds nothing to do
		if err := c.env.Server.EndGrants(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := stored(); n != 1 {
		t.Errorf("%d rows are left", n)
	}
	if err := c.env.Server.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	heard, err := os.ReadFile(events)
	if err != nil || strings.Count(string(heard), "identity.role_assignment.deleted") != 1 {
		t.Errorf("%v %s", err, heard)
	}
	told := admin.Get("/v3/lintel/events?action=role_assignment.deleted").Want(200)
	if len(told.List("events")) != 1 {
		t.Errorf("the trail has %s", told.Body)
	}

	out, err := c.run("access revoke alice --all --dry-run --project acme") // J4
	if err != nil || !strings.Contains(out, "| loses | reader ") || !strings.Contains(out, "| ends  | all tokens for the project ") {
		t.Errorf("%v %s", err, out)
	}
	c.refused("access revoke alice reader --dry-run --project acme", "--all")
	admin.Validate(alice.Token).Want(200)
	if _, err := c.run("access revoke alice reader --project acme"); err != nil {
		t.Error(err)
	}
	admin.Validate(alice.Token).Want(404)
	c.refused("access revoke alice reader --project acme", "404")
	c.refused("access grant alice member --project acme --until yesterday", "--until")
	c.refused("access grant alice member --project acme --until 2026-03-01", "400", "future")
	c.refused("access grant nobody member --project acme", "404")
	c.refused("access grant alice member --project none", "404")
	c.json("user create carla --password secret --email carla@acme.example")
	if got := c.json("access grant carla@acme.example member --project acme"); got["user_id"] == nil { // S3
		t.Error(got)
	}
	if out, err := c.run("access show carla@acme.example"); err != nil || !strings.Contains(out, "acme") {
		t.Errorf("%v %s", err, out)
	}
	c.as("bob", "secret", "OS_PROJECT_NAME", "acme")
	c.refused("access grant alice member --project acme", "403")
	c.refused("access grant nobody member --project acme", "403")
	if _, err := c.run("access revoke bob member --project acme"); err != nil { // what is one's own may be given up
		t.Error(err)
	}
}
