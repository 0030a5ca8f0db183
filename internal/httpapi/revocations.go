package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
)

var revocationRoutes = []route{
	{method: get, path: "/v3/OS-REVOKE/events", serve: (*API).listRevocationEvents,
		actions: []authz.Action{authz.ListRevokeEvents}, rel: "OS-REVOKE/1.0/events",
		summary: "List the events that ended tokens", answer: listOf("events", "revocation_event"), flags: []string{"since"}},
	{method: get, path: "/v3/OS-SIMPLE-CERT/ca", serve: (*API).noCertificates,
		open: "it only says that there are no certificates any more", rel: "OS-SIMPLE-CERT/1.0/ca_certificate",
		summary: "Say that there is no certificate of an authority", success: []int{410}},
	{method: get, path: "/v3/OS-SIMPLE-CERT/certificates", serve: (*API).noCertificates,
		open: "it only says that there are no certificates any more", rel: "OS-SIMPLE-CERT/1.0/certificates",
		summary: "Say that there are no certificates", success: []int{410}},
}

func (a *API) listRevocationEvents(w http.ResponseWriter, r *request) error {
	events, err := a.Assignment.RevocationEvents(r.Context(), r.Caller, text[string](r.Args, "since"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{
		"events": renderAll(r, events, renderRevocationEvent),
		"links":  object{"self": r.base() + "/OS-REVOKE/events", "previous": nil, "next": nil},
	})
}

// renderRevocationEvent shows what the event names and nothing else (RevokeEvent in keystone/models/revoke_model.py).
func renderRevocationEvent(_ *request, e identity.RevocationEvent) object {
	o := object{"issued_before": renderTime(e.IssuedBefore), "revoked_at": renderTime(e.RevokedAt)}
	domain := "domain_id"
	if !e.ExpiresAt.IsZero() {
		domain = "domain_scope_id" // then the domain can only be that of a scope
		o["expires_at"] = e.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z")
	}
	for key, id := range map[string]string{
		domain: string(e.DomainID), "project_id": string(e.ProjectID), "user_id": string(e.UserID), "role_id": string(e.RoleID),
		"audit_id": e.AuditID, "audit_chain_id": e.AuditChainID, "OS-TRUST:trust_id": string(e.TrustID),
		"OS-OAUTH1:consumer_id": string(e.ConsumerID), "OS-OAUTH1:access_token_id": string(e.AccessTokenID),
	} {
		if id != "" {
			o[key] = id
		}
	}
	return o
}

func (a *API) noCertificates(http.ResponseWriter, *request) error {
	return &identity.Error{
		Kind: identity.Gone, Message: "This API is no longer available due to the removal of support for PKI tokens.",
	}
}
