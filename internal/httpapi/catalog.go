package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var catalogRoutes = []route{
	{method: get, path: "/v3/regions", serve: (*API).listRegions, actions: []authz.Action{authz.ListRegions},
		query: schema.RegionList, filters: []string{"parent_region_id"}, rel: "regions",
		summary: "List regions", answer: listOf("regions", "region")},
	{method: post, path: "/v3/regions", serve: (*API).createRegion, actions: []authz.Action{authz.CreateRegion}, body: schema.RegionCreate,
		summary: "Create a region", answer: one("region")},
	{method: get, path: "/v3/regions/{region_id}", serve: (*API).showRegion, actions: []authz.Action{authz.GetRegion}, rel: "region",
		summary: "Show a region", answer: one("region")},
	{method: put, path: "/v3/regions/{region_id}", serve: (*API).putRegion, actions: []authz.Action{authz.CreateRegion}, body: schema.RegionCreate,
		summary: "Create a region of a chosen id", answer: one("region")},
	{method: patch, path: "/v3/regions/{region_id}", serve: (*API).updateRegion, actions: []authz.Action{authz.UpdateRegion}, body: schema.RegionUpdate,
		summary: "Change a region", answer: one("region")},
	{method: del, path: "/v3/regions/{region_id}", serve: (*API).deleteRegion, actions: []authz.Action{authz.DeleteRegion},
		summary: "Delete a region"},

	{method: get, path: "/v3/services", serve: (*API).listServices, actions: []authz.Action{authz.ListServices},
		query: schema.ServiceList, filters: []string{"type", "name"}, rel: "services",
		summary: "List services", answer: pageOf("services", "service")},
	{method: post, path: "/v3/services", serve: (*API).createService, actions: []authz.Action{authz.CreateService}, body: schema.ServiceCreate,
		summary: "Create a service", answer: one("service")},
	{method: get, path: "/v3/services/{service_id}", serve: (*API).showService, actions: []authz.Action{authz.GetService},
		query: schema.ServiceList, rel: "service",
		summary: "Show a service", answer: one("service")},
	{method: patch, path: "/v3/services/{service_id}", serve: (*API).updateService, actions: []authz.Action{authz.UpdateService}, body: schema.ServiceUpdate,
		summary: "Change a service", answer: one("service")},
	{method: del, path: "/v3/services/{service_id}", serve: (*API).deleteService, actions: []authz.Action{authz.DeleteService},
		summary: "Delete a service"},

	{method: get, path: "/v3/endpoints", serve: (*API).listEndpoints, actions: []authz.Action{authz.ListEndpoints},
		query: schema.EndpointList, filters: []string{"interface", "service_id", "region_id"}, rel: "endpoints",
		summary: "List endpoints", answer: pageOf("endpoints", "endpoint")},
	{method: post, path: "/v3/endpoints", serve: (*API).createEndpoint, actions: []authz.Action{authz.CreateEndpoint}, body: schema.EndpointCreate,
		summary: "Create an endpoint", answer: one("endpoint")},
	{method: get, path: "/v3/endpoints/{endpoint_id}", serve: (*API).showEndpoint, actions: []authz.Action{authz.GetEndpoint},
		query: schema.EndpointShow, rel: "endpoint",
		summary: "Show an endpoint", answer: one("endpoint")},
	{method: patch, path: "/v3/endpoints/{endpoint_id}", serve: (*API).updateEndpoint, actions: []authz.Action{authz.UpdateEndpoint}, body: schema.EndpointUpdate,
		summary: "Change an endpoint", answer: one("endpoint")},
	{method: del, path: "/v3/endpoints/{endpoint_id}", serve: (*API).deleteEndpoint, actions: []authz.Action{authz.DeleteEndpoint},
		summary: "Delete an endpoint"},
}

func renderRegion(r *request, v identity.Region) object {
	return renderInto(v.Extra, object{
		"id": string(v.ID), "description": v.Description, "parent_region_id": orNull(v.ParentRegionID),
		"links": r.self("/regions/" + string(v.ID)),
	})
}

func (a *API) listRegions(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	q.Limit = 0 // regions are few and upstream never pages them
	page, err := a.Catalog.Regions(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "regions", page, q, renderRegion)
}

func (a *API) showRegion(w http.ResponseWriter, r *request) error {
	v, err := a.Catalog.Region(r.Context(), r.Caller, id[identity.RegionID](r, "region_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"region": renderRegion(r, v)})
}

func (a *API) createRegion(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("region").Normalized()
	return a.makeRegion(w, r, body, text[identity.RegionID](body, "id"))
}

func (a *API) putRegion(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("region").Normalized()
	inURL := id[identity.RegionID](r, "region_id")
	if inBody := text[identity.RegionID](body, "id"); body.Has("id") && inBody != inURL {
		return identity.Invalidf(`Conflicting region IDs specified: "%s" != "%s"`, inURL, inBody)
	}
	return a.makeRegion(w, r, body, inURL)
}

func (a *API) makeRegion(w http.ResponseWriter, r *request, body *schema.Object, id identity.RegionID) error {
	v, err := a.Catalog.CreateRegion(r.Context(), r.Caller, identity.Region{
		ID: id, Description: text[string](body, "description"),
		ParentRegionID: text[identity.RegionID](body, "parent_region_id"),
		Extra:          body.Map("id", "description", "parent_region_id"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"region": renderRegion(r, v)})
}

func (a *API) updateRegion(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("region")
	v, err := a.Catalog.UpdateRegion(r.Context(), r.Caller, id[identity.RegionID](r, "region_id"), catalog.RegionUpdate{
		ID:             anyID[identity.RegionID](body, "id"),
		Description:    schema.Field[string](body, "description"),
		ParentRegionID: idField[identity.RegionID](body, "parent_region_id"),
		Extra:          body.Map("id", "description", "parent_region_id", "links"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"region": renderRegion(r, v)})
}

func (a *API) deleteRegion(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteRegion(r.Context(), r.Caller, id[identity.RegionID](r, "region_id")); err != nil {
		return err
	}
	return noContent(w)
}

func renderService(r *request, v identity.Service) object {
	return renderInto(v.Extra, object{
		"id": string(v.ID), "type": orNull(v.Type), "enabled": v.Enabled, "links": r.self("/services/" + string(v.ID)),
	})
}

func (a *API) listServices(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Catalog)
	if err != nil {
		return err
	}
	page, err := a.Catalog.Services(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "services", page, q, renderService)
}

func (a *API) showService(w http.ResponseWriter, r *request) error {
	v, err := a.Catalog.Service(r.Context(), r.Caller, id[identity.ServiceID](r, "service_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"service": renderService(r, v)})
}

func (a *API) createService(w http.ResponseWriter, r *request) error {
	if !r.Body.Has("service") {
		return identity.Invalidf("'service' is a required property")
	}
	body := r.Body.Object("service").Normalized()
	enabled := schema.Flag(body, "enabled")
	v, err := a.Catalog.CreateService(r.Context(), r.Caller, identity.Service{
		Type: text[string](body, "type"), Enabled: !enabled.Present || enabled.Value,
		Extra: body.Map("id", "type", "enabled"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"service": renderService(r, v)})
}

func (a *API) updateService(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("service")
	v, err := a.Catalog.UpdateService(r.Context(), r.Caller, id[identity.ServiceID](r, "service_id"), catalog.ServiceUpdate{
		ID:   anyID[identity.ServiceID](body, "id"),
		Type: schema.Field[string](body, "type"), Enabled: schema.Flag(body, "enabled"),
		Extra: body.Map("id", "type", "enabled", "links"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"service": renderService(r, v)})
}

func (a *API) deleteService(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteService(r.Context(), r.Caller, id[identity.ServiceID](r, "service_id")); err != nil {
		return err
	}
	return noContent(w)
}

func renderEndpoint(r *request, v identity.Endpoint) object {
	return renderInto(v.Extra, object{
		"id": string(v.ID), "interface": v.Interface, "service_id": string(v.ServiceID), "url": v.URL, "enabled": v.Enabled,
		"region_id": orNull(v.RegionID), "region": orNull(v.RegionID), "links": r.self("/endpoints/" + string(v.ID)),
	})
}

func (a *API) listEndpoints(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Catalog)
	if err != nil {
		return err
	}
	page, err := a.Catalog.Endpoints(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoints", page, q, renderEndpoint)
}

func (a *API) showEndpoint(w http.ResponseWriter, r *request) error {
	v, err := a.Catalog.Endpoint(r.Context(), r.Caller, id[identity.EndpointID](r, "endpoint_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"endpoint": renderEndpoint(r, v)})
}

func endpointUpdate(body *schema.Object) catalog.EndpointUpdate {
	return catalog.EndpointUpdate{
		ID:        anyID[identity.EndpointID](body, "id"),
		ServiceID: idField[identity.ServiceID](body, "service_id"),
		RegionID:  idField[identity.RegionID](body, "region_id"),
		Region:    idField[identity.RegionID](body, "region"),
		Interface: schema.Field[string](body, "interface"),
		URL:       schema.Field[string](body, "url"),
		Enabled:   schema.Flag(body, "enabled"),
		Extra:     body.Map("id", "service_id", "region_id", "region", "interface", "url", "enabled", "legacy_endpoint_id", "links"),
	}
}

func (a *API) createEndpoint(w http.ResponseWriter, r *request) error {
	if !r.Body.Has("endpoint") {
		return identity.Invalidf("'endpoint' is a required property")
	}
	v, err := a.Catalog.CreateEndpoint(r.Context(), r.Caller, endpointUpdate(r.Body.Object("endpoint").Normalized()))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"endpoint": renderEndpoint(r, v)})
}

func (a *API) updateEndpoint(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("endpoint")
	v, err := a.Catalog.UpdateEndpoint(r.Context(), r.Caller, id[identity.EndpointID](r, "endpoint_id"), endpointUpdate(body))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"endpoint": renderEndpoint(r, v)})
}

func (a *API) deleteEndpoint(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteEndpoint(r.Context(), r.Caller, id[identity.EndpointID](r, "endpoint_id")); err != nil {
		return err
	}
	return noContent(w)
}
