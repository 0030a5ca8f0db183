package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var limitRoutes = []route{
	{method: get, path: "/v3/registered_limits", serve: (*API).listRegisteredLimits, actions: []authz.Action{authz.ListRegisteredLimits},
		query: schema.RegisteredLimitList, filters: []string{"service_id", "region_id", "resource_name"},
		rel: "registered_limits", status: "experimental",
		summary: "List registered limits", answer: pageOf("registered_limits", "registered_limit")},
	{method: post, path: "/v3/registered_limits", serve: (*API).createRegisteredLimits,
		actions: []authz.Action{authz.CreateRegisteredLimits}, body: schema.RegisteredLimitsCreate,
		summary: "Create registered limits", answer: many("registered_limits", "registered_limit")},
	{method: get, path: "/v3/registered_limits/{registered_limit_id}", serve: (*API).showRegisteredLimit,
		actions: []authz.Action{authz.GetRegisteredLimit}, rel: "registered_limit", status: "experimental",
		summary: "Show a registered limit", answer: one("registered_limit")},
	{method: patch, path: "/v3/registered_limits/{registered_limit_id}", serve: (*API).updateRegisteredLimit,
		actions: []authz.Action{authz.UpdateRegisteredLimit}, body: schema.RegisteredLimitUpdate,
		summary: "Change a registered limit", answer: one("registered_limit")},
	{method: del, path: "/v3/registered_limits/{registered_limit_id}", serve: (*API).deleteRegisteredLimit,
		actions: []authz.Action{authz.DeleteRegisteredLimit},
		summary: "Delete a registered limit"},

	{method: get, path: "/v3/limits", serve: (*API).listLimits, actions: []authz.Action{authz.ListLimits}, query: schema.LimitList,
		filters: []string{"service_id", "region_id", "resource_name", "project_id", "domain_id"}, rel: "limits", status: "experimental",
		summary: "List limits", answer: pageOf("limits", "limit")},
	{method: post, path: "/v3/limits", serve: (*API).createLimits, actions: []authz.Action{authz.CreateLimits}, body: schema.LimitsCreate,
		summary: "Create limits", answer: many("limits", "limit")},
	{method: get, path: "/v3/limits/model", serve: (*API).showLimitModel, actions: []authz.Action{authz.GetLimitModel},
		rel: "limit_model", status: "experimental",
		summary: "Show how limits are enforced", answer: one("model", "limit_model")},
	{method: get, path: "/v3/limits/{limit_id}", serve: (*API).showLimit, actions: []authz.Action{authz.GetLimit},
		rel: "limit", status: "experimental",
		summary: "Show a limit", answer: one("limit")},
	{method: patch, path: "/v3/limits/{limit_id}", serve: (*API).updateLimit, actions: []authz.Action{authz.UpdateLimit}, body: schema.LimitUpdate,
		summary: "Change a limit", answer: one("limit")},
	{method: del, path: "/v3/limits/{limit_id}", serve: (*API).deleteLimit, actions: []authz.Action{authz.DeleteLimit},
		summary: "Delete a limit"},
}

func renderRegisteredLimit(r *request, l identity.RegisteredLimit) object {
	return object{
		"id": string(l.ID), "service_id": orNull(l.ServiceID), "region_id": orNull(l.RegionID), "resource_name": orNull(l.ResourceName),
		"default_limit": l.Default, "description": l.Description, "links": r.self("/registered_limits/" + string(l.ID)),
	}
}

// renderAll renders entities without the links of a list.
func renderAll[T any](r *request, items []T, render func(*request, T) object) []object {
	out := make([]object, len(items))
	for i, item := range items {
		out[i] = render(r, item)
	}
	return out
}

func (a *API) listRegisteredLimits(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Catalog.RegisteredLimits(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "registered_limits", page, q, renderRegisteredLimit)
}

func (a *API) showRegisteredLimit(w http.ResponseWriter, r *request) error {
	l, err := a.Catalog.RegisteredLimit(r.Context(), r.Caller, id[identity.RegisteredLimitID](r, "registered_limit_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"registered_limit": renderRegisteredLimit(r, l)})
}

func (a *API) createRegisteredLimits(w http.ResponseWriter, r *request) error {
	var limits []identity.RegisteredLimit
	for _, in := range schema.List[*schema.Object](r.Body, "registered_limits").Value {
		limits = append(limits, identity.RegisteredLimit{
			ServiceID: text[identity.ServiceID](in, "service_id"), RegionID: text[identity.RegionID](in, "region_id"),
			ResourceName: text[string](in, "resource_name"), Default: schema.Integer(in, "default_limit").Value,
			Description: schema.Field[string](in, "description").OrPtr(nil),
		})
	}
	if err := a.Catalog.CreateRegisteredLimits(r.Context(), r.Caller, limits); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"registered_limits": renderAll(r, limits, renderRegisteredLimit)})
}

func (a *API) updateRegisteredLimit(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("registered_limit")
	l, err := a.Catalog.UpdateRegisteredLimit(r.Context(), r.Caller, id[identity.RegisteredLimitID](r, "registered_limit_id"),
		catalog.RegisteredLimitUpdate{
			ServiceID: idField[identity.ServiceID](in, "service_id"), RegionID: idField[identity.RegionID](in, "region_id"),
			ResourceName: schema.Field[string](in, "resource_name"), Default: schema.Integer(in, "default_limit"),
			Description: schema.Field[string](in, "description"),
		})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"registered_limit": renderRegisteredLimit(r, l)})
}

func (a *API) deleteRegisteredLimit(w http.ResponseWriter, r *request) error {
	err := a.Catalog.DeleteRegisteredLimit(r.Context(), r.Caller, id[identity.RegisteredLimitID](r, "registered_limit_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}

// limitAttrs are the attributes of a limit, also where it is shown with its project.
func limitAttrs(l identity.Limit) object {
	return object{
		"id": string(l.ID), "project_id": orNull(l.ProjectID), "domain_id": orNull(l.DomainID), "service_id": orNull(l.ServiceID),
		"region_id": orNull(l.RegionID), "resource_name": orNull(l.ResourceName), "resource_limit": l.Value,
		"description": l.Description,
	}
}

func renderLimit(r *request, l identity.Limit) object {
	o := limitAttrs(l)
	o["links"] = r.self("/limits/" + string(l.ID))
	return o
}

func (a *API) showLimitModel(w http.ResponseWriter, r *request) error {
	name, description, err := a.Catalog.LimitModel(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"model": object{"name": name, "description": description}})
}

func (a *API) listLimits(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Catalog.Limits(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "limits", page, q, renderLimit)
}

func (a *API) showLimit(w http.ResponseWriter, r *request) error {
	l, err := a.Catalog.Limit(r.Context(), r.Caller, id[identity.LimitID](r, "limit_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"limit": renderLimit(r, l)})
}

func (a *API) createLimits(w http.ResponseWriter, r *request) error {
	var limits []identity.Limit
	for _, in := range schema.List[*schema.Object](r.Body, "limits").Value {
		limits = append(limits, identity.Limit{
			ProjectID: text[identity.ProjectID](in, "project_id"), DomainID: text[identity.DomainID](in, "domain_id"),
			ServiceID: text[identity.ServiceID](in, "service_id"), RegionID: text[identity.RegionID](in, "region_id"),
			ResourceName: text[string](in, "resource_name"), Value: schema.Integer(in, "resource_limit").Value,
			Description: schema.Field[string](in, "description").OrPtr(nil),
		})
	}
	if err := a.Catalog.CreateLimits(r.Context(), r.Caller, limits); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"limits": renderAll(r, limits, renderLimit)})
}

func (a *API) updateLimit(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("limit")
	l, err := a.Catalog.UpdateLimit(r.Context(), r.Caller, id[identity.LimitID](r, "limit_id"), catalog.LimitUpdate{
		Value: schema.Integer(in, "resource_limit"), Description: schema.Field[string](in, "description"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"limit": renderLimit(r, l)})
}

func (a *API) deleteLimit(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteLimit(r.Context(), r.Caller, id[identity.LimitID](r, "limit_id")); err != nil {
		return err
	}
	return noContent(w)
}
