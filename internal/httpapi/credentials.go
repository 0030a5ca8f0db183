package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var credentialRoutes = []route{
	{method: get, path: "/v3/credentials", serve: (*API).listCredentials,
		actions: []authz.Action{authz.ListCredentials, authz.GetCredential},
		query:   schema.CredentialList, filters: []string{"user_id", "type"}, rel: "credentials",
		summary: "List credentials", answer: pageOf("credentials", "credential")},
	{method: post, path: "/v3/credentials", serve: (*API).createCredential, actions: []authz.Action{authz.CreateCredential}, body: schema.CredentialCreate,
		summary: "Create a credential", answer: one("credential")},
	{method: get, path: "/v3/credentials/{credential_id}", serve: (*API).showCredential, actions: []authz.Action{authz.GetCredential}, rel: "credential",
		summary: "Show a credential", answer: one("credential")},
	{method: patch, path: "/v3/credentials/{credential_id}", serve: (*API).updateCredential, actions: []authz.Action{authz.UpdateCredential}, body: schema.CredentialUpdate,
		summary: "Change a credential", answer: one("credential")},
	{method: del, path: "/v3/credentials/{credential_id}", serve: (*API).deleteCredential, actions: []authz.Action{authz.DeleteCredential},
		summary: "Delete a credential"},
}

func renderCredential(r *request, c identity.Credential) object {
	return renderInto(c.Extra, object{
		"id": string(c.ID), "user_id": string(c.UserID), "project_id": orNull(c.ProjectID), "type": c.Type, "blob": c.Blob,
		"links": r.self("/credentials/" + string(c.ID)),
	})
}

func (a *API) listCredentials(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Credential.Credentials(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeList(w, r, "credentials", page, q, renderCredential)
}

func (a *API) showCredential(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.Credential(r.Context(), r.Caller, id[identity.CredentialID](r, "credential_id"))
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"credential": renderCredential(r, c)})
}

func (a *API) createCredential(w http.ResponseWriter, r *request) error {
	sent := r.Body.Object("credential")
	body := sent.Normalized()
	c, err := a.Credential.Create(r.Context(), r.Caller, identity.Credential{
		UserID: text[identity.UserID](body, "user_id"), ProjectID: text[identity.ProjectID](body, "project_id"),
		Type: text[string](body, "type"), Blob: text[string](body, "blob"),
		Extra: body.Map("id", "user_id", "project_id", "type", "blob", "key_hash", "encrypted_blob"),
	}, sent.Map())
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusCreated, object{"credential": renderCredential(r, c)})
}

func (a *API) updateCredential(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.UpdateBlob(r.Context(), r.Caller, id[identity.CredentialID](r, "credential_id"), text[string](r.Body.Object("credential"), "blob"))
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"credential": renderCredential(r, c)})
}

func (a *API) deleteCredential(w http.ResponseWriter, r *request) error {
	if err := a.Credential.Delete(r.Context(), r.Caller, id[identity.CredentialID](r, "credential_id")); err != nil {
		return err
	}
	return noContent(w)
}

// writeSecret answers with something that no cache may keep.
func writeSecret(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, status, v)
}
