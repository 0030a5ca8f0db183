package httpapi

import (
	"fmt"
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// In these paths credential_id is an access key.
var ec2Routes = []route{
	{method: get, path: "/v3/users/{user_id}/credentials/OS-EC2", serve: (*API).listEC2Keys,
		actions: []authz.Action{authz.EC2ListCredentials}, rel: "OS-EC2/1.0/user_credentials",
		summary: "List a user's EC2 keys", answer: listOf("credentials", "ec2_credential")},
	{method: post, path: "/v3/users/{user_id}/credentials/OS-EC2", serve: (*API).createEC2Key, actions: []authz.Action{authz.EC2CreateCredential},
		summary: "Create an EC2 key", answer: one("credential", "ec2_credential"), sends: schema.EC2KeyCreate},
	{method: get, path: "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}", serve: (*API).showEC2Key,
		actions: []authz.Action{authz.EC2GetCredential}, rel: "OS-EC2/1.0/user_credential",
		summary: "Show an EC2 key", answer: one("credential", "ec2_credential")},
	{method: del, path: "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}", serve: (*API).deleteEC2Key,
		actions: []authz.Action{authz.EC2DeleteCredential},
		summary: "Delete an EC2 key"},
}

func renderEC2Key(r *request, k credential.EC2Key) object {
	return object{
		"user_id": string(k.UserID), "tenant_id": orNull(k.ProjectID), "access": k.Access, "secret": k.Secret, "trust_id": orNull(k.TrustID),
		"links": r.self("/users/" + string(k.UserID) + "/credentials/OS-EC2/" + k.Access),
	}
}

func (a *API) listEC2Keys(w http.ResponseWriter, r *request) error {
	keys, err := a.Credential.EC2Keys(r.Context(), r.Caller, id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeList(w, r, "credentials", all(keys), identity.Query{}, renderEC2Key)
}

func (a *API) createEC2Key(w http.ResponseWriter, r *request) error {
	project := schema.Field[string](r.Body, "tenant_id")
	if v, sent := r.Body.Get("tenant_id"); !project.Present || project.Null {
		project.Value = "None" // no project has such a name; this is how upstream says it
		if sent && v != nil {
			project.Value = fmt.Sprint(v)
		}
	}
	key, err := a.Credential.CreateEC2Key(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), identity.ProjectID(project.Value))
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusCreated, object{"credential": renderEC2Key(r, key)})
}

func (a *API) showEC2Key(w http.ResponseWriter, r *request) error {
	key, err := a.Credential.EC2Key(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), r.PathValue("credential_id"))
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"credential": renderEC2Key(r, key)})
}

func (a *API) deleteEC2Key(w http.ResponseWriter, r *request) error {
	if err := a.Credential.DeleteEC2Key(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), r.PathValue("credential_id")); err != nil {
		return err
	}
	return noContent(w)
}
