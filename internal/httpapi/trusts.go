package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var trustRoutes = []route{
	{method: get, path: "/v3/OS-TRUST/trusts", serve: (*API).listTrusts,
		actions: []authz.Action{authz.ListTrusts, authz.ListTrustsForTrustor, authz.ListTrustsForTrustee},
		query:   schema.TrustList, filters: []string{"trustor_user_id", "trustee_user_id"}, rel: "OS-TRUST/1.0/trusts",
		summary: "List trusts", answer: listOf("trusts", "trust")},
	{method: post, path: "/v3/OS-TRUST/trusts", serve: (*API).createTrust, actions: []authz.Action{authz.CreateTrust}, body: schema.TrustCreate,
		summary: "Create a trust", answer: one("trust")},
	{method: get, path: "/v3/OS-TRUST/trusts/{trust_id}", serve: (*API).showTrust, actions: []authz.Action{authz.GetTrust},
		query: schema.TrustShow, rel: "OS-TRUST/1.0/trust",
		summary: "Show a trust", answer: one("trust")},
	{method: del, path: "/v3/OS-TRUST/trusts/{trust_id}", serve: (*API).deleteTrust, actions: []authz.Action{authz.DeleteTrust},
		summary: "Delete a trust"},
	{method: get, path: "/v3/OS-TRUST/trusts/{trust_id}/roles", serve: (*API).listTrustRoles,
		actions: []authz.Action{authz.ListRolesForTrust}, rel: "OS-TRUST/1.0/trust_roles",
		summary: "List the roles that a trust hands on", answer: listOf("roles", "role")},
	{method: get, path: "/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}", serve: (*API).showTrustRole,
		actions: []authz.Action{authz.GetRoleForTrust}, rel: "OS-TRUST/1.0/trust_role",
		summary: "Show a role that a trust hands on", answer: one("role")},
}

// renderListedTrust is a trust in a list: without roles.
func renderListedTrust(r *request, t identity.Trust) object {
	o := renderInto(t.Extra, object{
		"id": string(t.ID), "trustor_user_id": string(t.TrustorUserID), "trustee_user_id": string(t.TrusteeUserID),
		"project_id": orNull(t.ProjectID), "impersonation": t.Impersonation, "expires_at": nil, "remaining_uses": t.RemainingUses,
		"deleted_at": nil, "redelegated_trust_id": orNull(t.ParentID), "redelegation_count": t.RedelegationCount,
		"links": r.self("/OS-TRUST/trusts/" + string(t.ID)),
	})
	if t.ExpiresAt != nil {
		o["expires_at"] = renderTime(*t.ExpiresAt)
	}
	return o
}

func renderTrust(r *request, t identity.Trust) object {
	o := renderListedTrust(r, t)
	o["roles"], o["roles_links"] = renderTrustRoles(r, t)
	return o
}

// renderTrustRoles renders the roles of a trust that still exist.
func renderTrustRoles(r *request, t identity.Trust) (roles []object, links object) {
	roles = []object{}
	for _, role := range t.Roles {
		if role.Name != "" {
			roles = append(roles, renderRole(r, role))
		}
	}
	links = r.self("/OS-TRUST/trusts/" + string(t.ID) + "/roles")
	links["next"], links["previous"] = nil, nil
	return roles, links
}

func (a *API) listTrusts(w http.ResponseWriter, r *request) error {
	trustor, trustee := text[identity.UserID](r.Args, "trustor_user_id"), text[identity.UserID](r.Args, "trustee_user_id")
	trusts, err := a.Credential.Trusts(r.Context(), r.Caller, trustor, trustee)
	if err != nil {
		return err
	}
	if trustor == "" && trustee == "" && r.Args.Len() > 0 {
		trusts = nil // as upstream has it: other parameters choose nothing
	}
	return writeList(w, r, "trusts", all(trusts), identity.Query{}, renderListedTrust)
}

func (a *API) createTrust(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("trust")
	in := credential.NewTrust{
		TrustorUserID: text[identity.UserID](body, "trustor_user_id"), TrusteeUserID: text[identity.UserID](body, "trustee_user_id"),
		ProjectID: text[identity.ProjectID](body, "project_id"), Impersonation: schema.Flag(body, "impersonation").Value,
		ExpiresAt: expiryOf(body), Roles: roleRefs(body),
		RemainingUses: count(body, "remaining_uses"), AllowRedelegation: schema.Flag(body, "allow_redelegation").Value,
		RedelegationCount: count(body, "redelegation_count"),
		Extra: body.Map("id", "trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at", "remaining_uses",
			"deleted_at", "redelegated_trust_id", "redelegation_count", "allow_redelegation", "roles", "roles_links", "links"),
	}
	t, err := a.Credential.CreateTrust(r.Context(), r.Caller, in, body.Map())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"trust": renderTrust(r, t)})
}

// count is a number that may be missing or null.
func count(body *schema.Object, key string) *int64 {
	n := schema.Integer(body, key)
	if !n.Present || n.Null {
		return nil
	}
	return &n.Value
}

func (a *API) showTrust(w http.ResponseWriter, r *request) error {
	t, err := a.Credential.Trust(r.Context(), r.Caller, authz.GetTrust, id[identity.TrustID](r, "trust_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"trust": renderTrust(r, t)})
}

func (a *API) deleteTrust(w http.ResponseWriter, r *request) error {
	if err := a.Credential.DeleteTrust(r.Context(), r.Caller, id[identity.TrustID](r, "trust_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listTrustRoles(w http.ResponseWriter, r *request) error {
	t, err := a.Credential.Trust(r.Context(), r.Caller, authz.ListRolesForTrust, id[identity.TrustID](r, "trust_id"))
	if err != nil {
		return err
	}
	roles, links := renderTrustRoles(r, t)
	return writeJSON(w, http.StatusOK, object{"roles": roles, "links": links})
}

func (a *API) showTrustRole(w http.ResponseWriter, r *request) error {
	t, err := a.Credential.Trust(r.Context(), r.Caller, authz.GetRoleForTrust, id[identity.TrustID](r, "trust_id"))
	if err != nil {
		return err
	}
	wanted := id[identity.RoleID](r, "role_id")
	for _, role := range t.Roles {
		if role.ID == wanted && role.Name != "" {
			return writeJSON(w, http.StatusOK, object{"role": renderRole(r, role)})
		}
	}
	return identity.Missing("role", wanted)
}
