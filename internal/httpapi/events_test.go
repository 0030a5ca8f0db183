package httpapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// notification is a line of an event file.
type notification struct {
	Type    string         `json:"event_type"`
	Payload map[string]any `json:"payload"`
}

// withEvents makes a server tell a file of all its events.
func withEvents(path string) func(*config.Config) {
	return func(c *config.Config) {
		c.Lintel.EventFile = path
		c.Default.NotificationOptOut = nil
	}
}

// deliver returns the events that were not told before.
func deliver(t *testing.T, env *testenv.Env, path string) (all []notification) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := env.Server.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var n notification
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, n)
	}
	return all
}

func types(all []notification) (names []string) {
	for _, n := range all {
		name := n.Type
		if n.Payload["outcome"] == "failure" {
			name += " failed"
		}
		names = append(names, name)
	}
	return names
}

// TestEvents: each change and each login is told once, with who asked and from where; what is refused by the rules is not.
// S-125
func TestEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	env := testenv.New(t, withEvents(path))
	admin := env.Admin()
	deliver(t, env, path)
	reader := admin.Get("/v3/roles?name=reader").Want(200).Get("roles.0.id")
	var bob string
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"create", func() { bob = createUser(admin, "bob", "secret") }, []string{"identity.user.created"}},
		{"a name that is taken", func() { admin.Post("/v3/users", `{"user": {"name": "bob"}}`).Want(409) }, nil},
		{"reading", func() { admin.Get("/v3/users").Want(200) }, nil},
		{"login", func() { env.Login("bob", "secret") }, []string{"identity.authenticate"}},
		{"wrong password", func() { env.Authenticate(testenv.Body("bob", "wrong")).Want(401) }, []string{"identity.authenticate failed"}},
		{"nobody", func() { env.Authenticate(testenv.Body("nobody", "wrong")).Want(401) }, []string{"identity.authenticate failed"}},
		{"not allowed", func() { env.Login("bob", "secret").Delete("/v3/users/" + bob).Want(403) }, []string{"identity.authenticate"}},
		{"own password", func() {
			env.Post("/v3/users/"+bob+"/password", `{"user": {"original_password": "secret", "password": "other"}}`).Want(204)
		}, []string{"identity.authenticate", "identity.user.updated"}},
		{"a grant that is not there", func() {
			admin.Delete("/v3/domains/default/users/" + bob + "/roles/" + reader).Want(404)
		}, []string{"identity.role_assignment.deleted failed"}},
		{"delete", func() { admin.Delete("/v3/users/" + bob).Want(204) }, []string{"identity.user.deleted"}},
	} {
		step.do()
		got := deliver(t, env, path)
		if diff := cmp.Diff(step.want, types(got)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", step.name, diff)
		}
	}
}

// TestEventOfChange spells out one event in full.
func TestEventOfChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	env := testenv.New(t, withEvents(path))
	admin := env.Admin()
	deliver(t, env, path)
	answer := admin.Post("/v3/regions", `{"region": {"id": "north\n{\"forged\": 1}"}}`, "User-Agent", "a\u00fc", "X-Openstack-Request-Id",
		"req-11111111-2222-3333-4444-555555555555").Want(201)
	got := deliver(t, env, path)
	if len(got) != 1 {
		t.Fatalf("got %d events, want one line for one event: S-125", len(got))
	}
	p := got[0].Payload
	for _, random := range []string{"id", "observer"} {
		delete(p, random)
	}
	me := admin.Validate(admin.Token).Want(200)
	user := me.Get("token.user.id")
	want := map[string]any{
		"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "eventType": "activity", "eventTime": "2026-03-04T05:06:07.000000+0000",
		"action": "created.region", "outcome": "success", "resource_info": "north\n{\"forged\": 1}",
		"target": map[string]any{"typeURI": "data/security/region", "id": "north\n{\"forged\": 1}"},
		"initiator": map[string]any{
			"typeURI": "service/security/account/user", "id": user, "user_id": user, "name": "admin", "username": "admin",
			"project_id": me.Get("token.project.id"), "host": map[string]any{"address": "192.0.2.1", "agent": "a\u00c3\u00bc"},
			"request_id": answer.Header["x-openstack-request-id"][0], "global_request_id": "req-11111111-2222-3333-4444-555555555555",
		},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
