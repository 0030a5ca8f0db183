package assignment_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/testenv"
)

func TestRevocationEvents(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	user := admin.Post("/v3/users", `{"user": {"name": "eve", "password": "pw"}}`).Want(201).Get("user.id")
	eve := env.Login("eve", "pw")
	audit := admin.Validate(eve.Token).Want(200).List("token.audit_ids")[0]
	env.Clock.Advance(time.Minute)
	eve.Delete("/v3/auth/tokens", "X-Subject-Token", eve.Token).Want(204)
	first := env.Clock.Now().UTC()
	env.Clock.Advance(time.Minute)
	admin.Delete("/v3/users/" + user).Want(204)

	const layout = "2006-01-02T15:04:05.000000Z"
	of := func(at time.Time, key string, id any) map[string]any {
		return map[string]any{"issued_before": at.Format(layout), "revoked_at": at.Format(layout), key: id}
	}
	ofToken, ofChain, ofUser := of(first, "audit_id", audit), of(first, "audit_chain_id", audit), of(first.Add(time.Minute), "user_id", user)
	for _, tt := range []struct {
		query string
		want  []any
	}{
		{"", []any{ofToken, ofChain, ofUser}},
		{"?since=", []any{ofToken, ofChain, ofUser}},
		{"?since=2026", []any{ofToken, ofChain, ofUser}},
		{"?since=" + first.Format(time.RFC3339), []any{ofUser}},
		{"?since=" + first.Add(-time.Second).Format("2006-01-02T15:04:05"), []any{ofToken, ofChain, ofUser}},
		{"?since=" + first.Add(time.Hour).Format("2006-01-02T15:04:05"), []any{}},
	} {
		r := admin.Get("/v3/OS-REVOKE/events" + tt.query).Want(200)
		if diff := cmp.Diff(tt.want, r.List("events")); diff != "" {
			t.Errorf("events%s, -want +got:\n%s", tt.query, diff)
		}
		if got, want := r.Get("links.self"), "http://identity.example/v3/OS-REVOKE/events"; got != want {
			t.Errorf("link: got %q, want %q", got, want)
		}
	}
	if got, want := admin.Get("/v3/OS-REVOKE/events?since=noon").Want(400).Message(), "invalidate date format noon"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	admin.Post("/v3/users", `{"user": {"name": "bob", "password": "pw"}}`).Want(201)
	env.Login("bob", "pw").Get("/v3/OS-REVOKE/events?since=noon").Want(403)
}

func TestNoCertificates(t *testing.T) {
	env := testenv.New(t)
	for _, path := range []string{"ca", "certificates"} {
		got := env.Get("/v3/OS-SIMPLE-CERT/" + path).Want(410).Message()
		if want := "This API is no longer available due to the removal of support for PKI tokens."; got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
