package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var roleRoutes = []route{
	{method: get, path: "/v3/roles", serve: (*API).listRoles, actions: []authz.Action{authz.ListRoles, authz.ListDomainRoles},
		query: schema.RoleList, filters: []string{"name", "domain_id"}, rel: "roles",
		summary: "List roles", answer: pageOf("roles", "role")},
	{method: post, path: "/v3/roles", serve: (*API).createRole, actions: []authz.Action{authz.CreateRole, authz.CreateDomainRole}, body: schema.RoleCreate,
		summary: "Create a role", answer: one("role")},
	{method: get, path: "/v3/roles/{role_id}", serve: (*API).showRole, actions: []authz.Action{authz.GetRole, authz.GetDomainRole}, rel: "role",
		summary: "Show a role", answer: one("role")},
	{method: patch, path: "/v3/roles/{role_id}", serve: (*API).updateRole, actions: []authz.Action{authz.UpdateRole, authz.UpdateDomainRole}, body: schema.RoleUpdate,
		summary: "Change a role", answer: one("role")},
	{method: del, path: "/v3/roles/{role_id}", serve: (*API).deleteRole, actions: []authz.Action{authz.DeleteRole, authz.DeleteDomainRole},
		summary: "Delete a role"},

	{method: get, path: "/v3/roles/{prior_role_id}/implies", serve: (*API).listImpliedRoles, actions: []authz.Action{authz.ListImpliedRoles}, rel: "implied_roles",
		summary: "List the roles that a role implies", answer: linked("role_inference", "role_inferences")},
	{method: get, path: "/v3/roles/{prior_role_id}/implies/{implied_role_id}", serve: (*API).showImpliedRole,
		actions: []authz.Action{authz.GetImpliedRole}, rel: "implied_role",
		summary: "Show that a role implies another", answer: linked("role_inference")},
	{method: head, path: "/v3/roles/{prior_role_id}/implies/{implied_role_id}", serve: (*API).checkImpliedRole,
		actions: []authz.Action{authz.CheckImpliedRole, authz.GetImpliedRole},
		summary: "Check that a role implies another"},
	{method: put, path: "/v3/roles/{prior_role_id}/implies/{implied_role_id}", serve: (*API).createImpliedRole, actions: []authz.Action{authz.CreateImpliedRole},
		summary: "Let a role imply another", answer: linked("role_inference")},
	{method: del, path: "/v3/roles/{prior_role_id}/implies/{implied_role_id}", serve: (*API).deleteImpliedRole, actions: []authz.Action{authz.DeleteImpliedRole},
		summary: "Let a role imply another no longer"},
	{method: get, path: "/v3/role_inferences", serve: (*API).listInferences, actions: []authz.Action{authz.ListRoleInferenceRules}, rel: "role_inferences",
		summary: "List all that roles imply", answer: many("role_inferences", "role_inferences")},
}

func renderRole(r *request, v identity.Role) object {
	o := renderWholeRole(v)
	o["links"] = r.self("/roles/" + string(v.ID))
	return o
}

// renderWholeRole is a role inside something else: without a link.
func renderWholeRole(v identity.Role) object {
	return renderInto(v.Extra, object{
		"id": string(v.ID), "name": v.Name, "domain_id": orNull(v.DomainID), "description": v.Description, "options": v.Options,
	})
}

func (a *API) listRoles(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Role)
	if err != nil {
		return err
	}
	page, err := a.Assignment.Roles(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "roles", page, q, renderRole)
}

func (a *API) showRole(w http.ResponseWriter, r *request) error {
	v, err := a.Assignment.Role(r.Context(), r.Caller, id[identity.RoleID](r, "role_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"role": renderRole(r, v)})
}

func (a *API) createRole(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("role").Normalized()
	v := identity.Role{
		Name: text[string](body, "name"), DomainID: text[identity.DomainID](body, "domain_id"),
		Options: body.Object("options").Map(), Extra: body.Map("id", "name", "domain_id", "description", "options"),
	}
	if d := schema.Field[string](body, "description"); d.Present && !d.Null {
		v.Description = &d.Value
	}
	v, err := a.Assignment.CreateRole(r.Context(), r.Caller, v)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"role": renderRole(r, v)})
}

func (a *API) updateRole(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("role")
	v, err := a.Assignment.UpdateRole(r.Context(), r.Caller, id[identity.RoleID](r, "role_id"), assignment.RoleUpdate{
		ID:          anyID[identity.RoleID](body, "id"),
		DomainID:    idField[identity.DomainID](body, "domain_id"),
		Name:        schema.Field[string](body, "name"),
		Description: schema.Field[string](body, "description"),
		Options:     body.Object("options").Map(),
		Extra:       body.Map("id", "domain_id", "name", "description", "options", "links"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"role": renderRole(r, v)})
}

func (a *API) deleteRole(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.DeleteRole(r.Context(), r.Caller, id[identity.RoleID](r, "role_id")); err != nil {
		return err
	}
	return noContent(w)
}

// renderRoleRef is a role as rules show it (keystone/api/_shared/implied_roles.py).
func renderRoleRef(r *request, v identity.Role) object {
	return object{"id": string(v.ID), "name": v.Name, "links": r.self("/roles/" + string(v.ID))}
}

func implied(r *request) identity.ImpliedRole {
	return identity.ImpliedRole{Prior: id[identity.RoleID](r, "prior_role_id"), Implied: id[identity.RoleID](r, "implied_role_id")}
}

func (a *API) listImpliedRoles(w http.ResponseWriter, r *request) error {
	prior, rules, err := a.Assignment.ImpliedRoles(r.Context(), r.Caller, id[identity.RoleID](r, "prior_role_id"))
	if err != nil {
		return err
	}
	implies := make([]object, len(rules))
	for i, rule := range rules {
		implies[i] = renderRoleRef(r, rule.Implied)
	}
	return writeJSON(w, http.StatusOK, object{
		"role_inference": object{"prior_role": renderRoleRef(r, prior), "implies": implies},
		"links":          r.self(r.path()),
	})
}

func (a *API) showImpliedRole(w http.ResponseWriter, r *request) error {
	rule, err := a.Assignment.ImpliedRole(r.Context(), r.Caller, implied(r))
	if err != nil {
		return err
	}
	return writeInference(w, r, http.StatusOK, rule)
}

func writeInference(w http.ResponseWriter, r *request, status int, rule identity.Inference) error {
	return writeJSON(w, status, object{
		"role_inference": object{"prior_role": renderRoleRef(r, rule.Prior), "implies": renderRoleRef(r, rule.Implied)},
		"links":          r.self(r.path()),
	})
}

func (a *API) checkImpliedRole(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.CheckImpliedRole(r.Context(), r.Caller, implied(r)); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) createImpliedRole(w http.ResponseWriter, r *request) error {
	rule, err := a.Assignment.CreateImpliedRole(r.Context(), r.Caller, implied(r))
	if err != nil {
		return err
	}
	return writeInference(w, r, http.StatusCreated, rule)
}

func (a *API) deleteImpliedRole(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.DeleteImpliedRole(r.Context(), r.Caller, implied(r)); err != nil {
		return err
	}
	return noContent(w)
}

// listInferences answers all rules, those of one prior role together.
func (a *API) listInferences(w http.ResponseWriter, r *request) error {
	rules, err := a.Assignment.Inferences(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	out := []object{}
	var last identity.RoleID
	for _, rule := range rules {
		if rule.Prior.ID != last {
			out = append(out, object{"prior_role": renderRoleRef(r, rule.Prior), "implies": []object{}})
			last = rule.Prior.ID
		}
		group := out[len(out)-1]
		group["implies"] = append(group["implies"].([]object), renderRoleRef(r, rule.Implied))
	}
	return writeJSON(w, http.StatusOK, object{"role_inferences": out})
}
