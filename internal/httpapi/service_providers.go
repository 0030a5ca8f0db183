package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

const serviceProvider = "/v3/OS-FEDERATION/service_providers/{service_provider_id}"

var serviceProviderRoutes = []route{
	{method: get, path: "/v3/OS-FEDERATION/service_providers", serve: (*API).listServiceProviders,
		actions: []authz.Action{authz.ListServiceProviders}, query: schema.ServiceProviderList, filters: []string{"id", "enabled"},
		rel: "OS-FEDERATION/1.0/service_providers", summary: "List service providers", answer: pageOf("service_providers", "service_provider")},
	{method: get, path: serviceProvider, serve: (*API).showServiceProvider, actions: []authz.Action{authz.GetServiceProvider},
		rel: "OS-FEDERATION/1.0/service_provider", summary: "Show a service provider", answer: one("service_provider")},
	{method: put, path: serviceProvider, serve: (*API).createServiceProvider, actions: []authz.Action{authz.CreateServiceProvider},
		body: schema.ServiceProviderCreate, summary: "Create a service provider", answer: one("service_provider")},
	{method: patch, path: serviceProvider, serve: (*API).updateServiceProvider, actions: []authz.Action{authz.UpdateServiceProvider},
		body: schema.ServiceProviderUpdate, summary: "Change a service provider", answer: one("service_provider")},
	{method: del, path: serviceProvider, serve: (*API).deleteServiceProvider, actions: []authz.Action{authz.DeleteServiceProvider},
		summary: "Delete a service provider"},
}

func renderServiceProvider(r *request, p identity.ServiceProvider) object {
	return object{
		"id": string(p.ID), "description": p.Description, "enabled": p.Enabled, "auth_url": p.AuthURL, "sp_url": p.SPURL,
		"relay_state_prefix": p.RelayStatePrefix, "links": r.self("/OS-FEDERATION/service_providers/" + string(p.ID)),
	}
}

func readServiceProvider(r *request) federation.ServiceProviderUpdate {
	in := r.Body.Object("service_provider")
	return federation.ServiceProviderUpdate{
		Description: schema.Field[string](in, "description"), Enabled: schema.Flag(in, "enabled"),
		AuthURL: schema.Field[string](in, "auth_url"), SPURL: schema.Field[string](in, "sp_url"),
		RelayStatePrefix: schema.Field[string](in, "relay_state_prefix"),
	}
}

func (a *API) listServiceProviders(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Federation.ServiceProviders(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "service_providers", page, q, renderServiceProvider)
}

func (a *API) showServiceProvider(w http.ResponseWriter, r *request) error {
	p, err := a.Federation.ServiceProvider(r.Context(), r.Caller, id[identity.ServiceProviderID](r, "service_provider_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"service_provider": renderServiceProvider(r, p)})
}

func (a *API) createServiceProvider(w http.ResponseWriter, r *request) error {
	p, err := a.Federation.CreateServiceProvider(r.Context(), r.Caller, id[identity.ServiceProviderID](r, "service_provider_id"), readServiceProvider(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"service_provider": renderServiceProvider(r, p)})
}

func (a *API) updateServiceProvider(w http.ResponseWriter, r *request) error {
	p, err := a.Federation.UpdateServiceProvider(r.Context(), r.Caller, id[identity.ServiceProviderID](r, "service_provider_id"), readServiceProvider(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"service_provider": renderServiceProvider(r, p)})
}

func (a *API) deleteServiceProvider(w http.ResponseWriter, r *request) error {
	if err := a.Federation.DeleteServiceProvider(r.Context(), r.Caller, id[identity.ServiceProviderID](r, "service_provider_id")); err != nil {
		return err
	}
	return noContent(w)
}
