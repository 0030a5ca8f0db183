package httpapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
)

func TestRenderRevocationEvent(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	const text = "2026-03-04T05:06:07.000000Z"
	for _, tt := range []struct {
		event identity.RevocationEvent
		want  object
	}{
		{identity.RevocationEvent{DomainID: "d", UserID: "u", RoleID: "r"}, object{"domain_id": "d", "user_id": "u", "role_id": "r"}},
		{identity.RevocationEvent{DomainID: "d", ExpiresAt: at}, object{"domain_scope_id": "d", "expires_at": "2026-03-04T05:06:07Z"}},
		{identity.RevocationEvent{TrustID: "t", ConsumerID: "c", AccessTokenID: "a", ProjectID: "p"},
			object{"OS-TRUST:trust_id": "t", "OS-OAUTH1:consumer_id": "c", "OS-OAUTH1:access_token_id": "a", "project_id": "p"}},
	} {
		tt.event.IssuedBefore, tt.event.RevokedAt = at, at
		tt.want["issued_before"], tt.want["revoked_at"] = text, text
		if diff := cmp.Diff(tt.want, renderRevocationEvent(nil, tt.event)); diff != "" {
			t.Errorf("%+v, -want +got:\n%s", tt.event, diff)
		}
	}
}
