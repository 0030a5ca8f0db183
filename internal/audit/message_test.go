package audit

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/identity"
)

const (
	userID  = "0d94c9f4b4d84bb0a2e5a7d1f6c3e981"
	eventID = "ec43f05fe8f2457ba7f7e770848dc525"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

// payload is what a listener would read.
func payload(t *testing.T, f Format, e identity.Event) map[string]any {
	t.Helper()
	e.ID, e.At, e.ObserverID = eventID, at, "5b9979f0605d4c2e9f70a3b64b3a8289"
	var m struct{ Payload map[string]any }
	if err := json.Unmarshal(f.Message(e).Encode(), &m); err != nil {
		t.Fatal(err)
	}
	return m.Payload
}

// TestPayloads: the parts of payloads in which kinds of events differ. Whole ones are compared with Keystone's by
// conformance/run notifications.
func TestPayloads(t *testing.T) {
	caller := identity.Caller{Token: &identity.Token{User: identity.User{ID: userID, Name: "ann"}, Scope: identity.OnProject("p")}}
	type object = map[string]any
	for _, tt := range []struct {
		name   string
		format Format
		event  identity.Event
		want   object // null: must not be there
	}{
		{"a change", Format{}, identity.Created("user", identity.UserID("u")).By(caller), object{
			"action": "created.user", "outcome": "success", "resource_info": "u", "eventTime": "2026-03-04T05:06:07.000008+0000",
			"target":   object{"typeURI": "data/security/account/user", "id": "u"},
			"observer": object{"typeURI": "service/security", "id": "5b9979f0605d4c2e9f70a3b64b3a8289"},
			"initiator": object{
				"typeURI": account, "id": userID, "user_id": userID, "name": "ann", "username": "ann", "project_id": "p",
				"host": object{"agent": ""},
			},
		}},
		{"a kind without a name in CADF", Format{}, identity.Deleted("access_rule", identity.AccessRuleID("r")), object{
			"target": object{"typeURI": "unknown", "id": "r"}, "initiator": nil,
		}},
		{"a grant", Format{Basic: true}, identity.Granted("created", identity.Grant{Role: "r", Group: "g", Domain: "d", Inherited: true}), object{
			"action": "created.role_assignment", "role": "r", "group": "g", "domain": "d", "inherited_to_projects": true, "user": nil,
			"project": nil, "resource_info": nil, "initiator": nil,
		}},
		{"a member", Format{}, identity.Joined("added", "g", "u"), object{"action": "updated.group", "resource_info": "g", "actor_id": nil}},
		{"a member in short", Format{Basic: true}, identity.Joined("removed", "g", "u").By(caller), object{
			"resource_info": "g", "actor_id": "u", "actor_type": "user", "actor_operation": "removed", "request_id": "", "typeURI": nil,
		}},
		{"a login", Format{Basic: true}, identity.LoggedIn(identity.User{ID: "not-a-uuid"}), object{
			"action": "authenticate", "outcome": "success", "resource_info": nil,
			"initiator": object{
				// uuid.uuid5(RESOURCE_ID_NAMESPACE, "not-a-uuid").hex
				"typeURI": account, "id": "6a52ad8efd375317830e97769104044f", "user_id": "not-a-uuid", "host": object{"agent": ""},
			},
		}},
		{"a wrong password", Format{}, func() identity.Event {
			e := identity.LoggedIn(identity.User{ID: userID}).Failure(&identity.EventReason{Text: "why", Code: 401})
			e.PasswordHash = "hash"
			return e
		}(), object{
			"outcome": "failure", "reason": object{"reasonType": "why", "reasonCode": "401"},
			"attachments": []any{object{"typeURI": "mime:text/plain", "content": "hash", "name": "partial_password_hash"}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := payload(t, tt.format, tt.event)
			for key, want := range tt.want {
				if diff := cmp.Diff(want, got[key]); diff != "" {
					t.Errorf("%s: -want +got:\n%s", key, diff)
				}
			}
		})
	}
}

// TestSameAgain: an event that is sent twice is the same message, so that listeners can tell.
func TestSameAgain(t *testing.T) {
	e := identity.LoggedIn(identity.User{ID: userID})
	e.ID, e.At = eventID, at
	if diff := cmp.Diff(Format{}.Message(e).Encode(), Format{}.Message(e).Encode()); diff != "" {
		t.Error(diff)
	}
}

// TestFederated: as pycadf's FederatedCredential and mask_value have it.
func TestFederated(t *testing.T) {
	got := federated(&identity.FederatedClaim{IdentityProviderID: "idp", UserID: "u", GroupIDs: []identity.GroupID{"g"}, AuditID: "pVb5dFXoRrO1bQyTqkz2bQ"})
	want := map[string]any{
		"type": "http://docs.oasis-open.org/security/saml/v2.0", "token": "pVb xxxxxxxx 2bQ", "identity_provider": "idp", "user": "u",
		"groups": []any{"g"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	unknown := federated(&identity.FederatedClaim{})
	if unknown["user"] != "unknown" || unknown["token"] != "u xxxxxxxx n" {
		t.Error(unknown)
	}
}

func TestTimes(t *testing.T) {
	if got := pythonTime(at); got != "2026-03-04 05:06:07.000008" {
		t.Error(got)
	}
	if got := pythonTime(at.Truncate(time.Second)); got != "2026-03-04 05:06:07" {
		t.Error(got)
	}
}
