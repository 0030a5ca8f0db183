package httpapi

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var applicationCredentialRoutes = []route{
	{method: get, path: "/v3/users/{user_id}/application_credentials", serve: (*API).listApplicationCredentials,
		actions: []authz.Action{authz.ListApplicationCredentials},
		query:   schema.ApplicationCredentialList, filters: []string{"name"}, rel: "application_credentials",
		summary: "List application credentials", answer: pageOf("application_credentials", "application_credential")},
	{method: post, path: "/v3/users/{user_id}/application_credentials", serve: (*API).createApplicationCredential,
		actions: []authz.Action{authz.CreateApplicationCredential}, body: schema.ApplicationCredentialCreate,
		summary: "Create an application credential", answer: one("application_credential")},
	{method: get, path: "/v3/users/{user_id}/application_credentials/{application_credential_id}", serve: (*API).showApplicationCredential,
		actions: []authz.Action{authz.GetApplicationCredential}, body: schema.ApplicationCredentialShow, rel: "application_credential",
		summary: "Show an application credential", answer: one("application_credential")},
	{method: del, path: "/v3/users/{user_id}/application_credentials/{application_credential_id}", serve: (*API).deleteApplicationCredential,
		actions: []authz.Action{authz.DeleteApplicationCredential},
		summary: "Delete an application credential"},

	{method: get, path: "/v3/users/{user_id}/access_rules", serve: (*API).listAccessRules, actions: []authz.Action{authz.ListAccessRules},
		query: schema.AccessRuleList, filters: []string{"service", "path", "method"}, rel: "access_rules",
		summary: "List access rules", answer: pageOf("access_rules", "access_rule")},
	{method: get, path: "/v3/users/{user_id}/access_rules/{access_rule_id}", serve: (*API).showAccessRule,
		actions: []authz.Action{authz.GetAccessRule}, query: schema.AccessRuleShow, rel: "access_rule",
		summary: "Show an access rule", answer: one("access_rule")},
	{method: del, path: "/v3/users/{user_id}/access_rules/{access_rule_id}", serve: (*API).deleteAccessRule,
		actions: []authz.Action{authz.DeleteAccessRule},
		summary: "Delete an access rule"},
}

func renderApplicationCredential(r *request, c identity.ApplicationCredential) object {
	roles := make([]object, len(c.Roles))
	for i, role := range c.Roles {
		roles[i] = renderWholeRole(role)
	}
	o := object{
		"id": string(c.ID), "user_id": string(c.UserID), "project_id": orNull(c.ProjectID), "name": c.Name, "description": c.Description,
		"expires_at": nil, "unrestricted": c.Unrestricted, "system": nil, "roles": roles,
		"links": r.self("/users/" + string(c.UserID) + "/application_credentials/" + string(c.ID)),
	}
	if c.ExpiresAt != nil {
		o["expires_at"] = c.ExpiresAt.UTC().Format(passwordTimeLayout)
	}
	if len(c.AccessRules) > 0 {
		o["access_rules"] = accessRules(c.AccessRules)
	}
	return o
}

func accessRules(rules []identity.AccessRule) []object {
	out := make([]object, len(rules))
	for i, rule := range rules {
		out[i] = object{"id": string(rule.ID), "service": rule.Service, "path": rule.Path, "method": rule.Method}
	}
	return out
}

func renderAccessRule(r *request, rule identity.AccessRule) object {
	o := accessRules([]identity.AccessRule{rule})[0]
	o["links"] = r.self("/users/" + r.PathValue("user_id") + "/access_rules/" + string(rule.ID))
	return o
}

func (a *API) listApplicationCredentials(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Credential.ApplicationCredentials(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "application_credentials", page, q, renderApplicationCredential)
}

func (a *API) createApplicationCredential(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("application_credential")
	in := credential.NewApplicationCredential{
		Name: text[string](body, "name"), Secret: text[string](body, "secret"), ExpiresAt: expiryOf(body),
		Roles: roleRefs(body), Unrestricted: schema.Flag(body, "unrestricted").Value,
	}
	if d := schema.Field[string](body, "description"); d.Present && !d.Null {
		in.Description = &d.Value
	}
	for _, rule := range schema.List[*schema.Object](body, "access_rules").Value {
		if err := checkAccessRule(rule); err != nil {
			return err
		}
		in.AccessRules = append(in.AccessRules, identity.AccessRule{
			ID: text[identity.AccessRuleID](rule, "id"), Service: text[string](rule, "service"),
			Path: text[string](rule, "path"), Method: text[string](rule, "method"),
		})
	}
	c, secret, err := a.Credential.CreateApplicationCredential(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), in)
	if err != nil {
		return err
	}
	o := renderApplicationCredential(r, c)
	o["secret"] = secret
	return writeSecret(w, http.StatusCreated, object{"application_credential": o})
}

// checkAccessRule refuses what no access rule has, in the words of upstream's database model.
func checkAccessRule(rule *schema.Object) error {
	for key := range rule.All() {
		if !rule.Has("id") && !slices.Contains([]string{"service", "path", "method"}, key) {
			return identity.Invalidf("'%s' is an invalid keyword argument for AccessRuleModel", key)
		}
	}
	return nil
}

// expiryOf reads when something is to end, "" for never. An empty text is no time, and is refused as such.
func expiryOf(body *schema.Object) string {
	at := schema.Field[string](body, "expires_at")
	if at.Present && !at.Null && at.Value == "" {
		return " "
	}
	return at.Value
}

// roleRefs reads roles that are named by id or by name.
func roleRefs(body *schema.Object) (refs []credential.RoleRef) {
	for _, role := range schema.List[*schema.Object](body, "roles").Value {
		refs = append(refs, credential.RoleRef{ID: text[identity.RoleID](role, "id"), Name: text[string](role, "name")})
	}
	return refs
}

func (a *API) showApplicationCredential(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.ApplicationCredential(r.Context(), r.Caller, id[identity.ApplicationCredentialID](r, "application_credential_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"application_credential": renderApplicationCredential(r, c)})
}

func (a *API) deleteApplicationCredential(w http.ResponseWriter, r *request) error {
	err := a.Credential.DeleteApplicationCredential(r.Context(), r.Caller, id[identity.ApplicationCredentialID](r, "application_credential_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listAccessRules(w http.ResponseWriter, r *request) error {
	q, malformed := a.list(r, uncapped)
	page, err := a.Credential.AccessRules(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), q)
	if err = cmp.Or(err, malformed); err != nil { // who may not list them hears only that, as from Keystone
		return err
	}
	return writeList(w, r, "access_rules", page, q, renderAccessRule)
}

func (a *API) showAccessRule(w http.ResponseWriter, r *request) error {
	rule, err := a.Credential.AccessRule(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), id[identity.AccessRuleID](r, "access_rule_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"access_rule": renderAccessRule(r, rule)})
}

func (a *API) deleteAccessRule(w http.ResponseWriter, r *request) error {
	err := a.Credential.DeleteAccessRule(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), id[identity.AccessRuleID](r, "access_rule_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}
