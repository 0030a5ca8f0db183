package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
)

var domainConfigRoutes = []route{
	{method: get, path: "/v3/domains/config/default", serve: (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default",
		summary: "Show the defaults of all options that domains can set", answer: one("config")},
	{method: get, path: "/v3/domains/config/{group}/default", mux: "/v3/domains/{_}/{group}/{__}", serve: (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default_group",
		summary: "Show the defaults of a group of options", answer: one("config")},
	{method: get, path: "/v3/domains/config/{group}/{option}/default", mux: "/v3/domains/{_}/{group}/{option}/{__}",
		serve:   (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default_option",
		summary: "Show the default of an option", answer: one("config")},

	{method: get, path: "/v3/domains/{domain_id}/config", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig}, rel: "domain_config",
		summary: "Show a domain's configuration", answer: one("config")},
	{method: put, path: "/v3/domains/{domain_id}/config", serve: (*API).createDomainConfig,
		actions: []authz.Action{authz.CreateDomainConfig},
		summary: "Create or replace a domain's configuration", answer: one("config"), success: []int{201, 200}},
	{method: patch, path: "/v3/domains/{domain_id}/config", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig},
		summary: "Change a domain's configuration", answer: one("config")},
	{method: del, path: "/v3/domains/{domain_id}/config", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig},
		summary: "Delete a domain's configuration"},

	{method: get, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig, authz.GetSecurityComplianceDomainConfig}, rel: "domain_config_group",
		summary: "Show a group of a domain's options", answer: one("config")},
	{method: patch, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig},
		summary: "Change a group of a domain's options", answer: one("config")},
	{method: del, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig},
		summary: "Delete a group of a domain's options"},

	{method: get, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig, authz.GetSecurityComplianceDomainConfig}, rel: "domain_config_option",
		summary: "Show an option of a domain", answer: one("config")},
	{method: patch, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig},
		summary: "Change an option of a domain", answer: one("config")},
	{method: del, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig},
		summary: "Delete an option of a domain"},
}

func (a *API) showDomainConfigDefault(w http.ResponseWriter, r *request) error {
	config, err := a.Directory.DomainConfigDefault(r.Context(), r.Caller, r.PathValue("group"), r.PathValue("option"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"config": config})
}

func (a *API) showDomainConfig(w http.ResponseWriter, r *request) error {
	config, err := a.Directory.DomainConfig(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"),
		r.PathValue("group"), r.PathValue("option"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"config": config})
}

func (a *API) createDomainConfig(w http.ResponseWriter, r *request) error {
	config, created, err := a.Directory.CreateDomainConfig(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"),
		r.Body.Map()["config"])
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return writeJSON(w, status, object{"config": config})
}

func (a *API) updateDomainConfig(w http.ResponseWriter, r *request) error {
	config, err := a.Directory.UpdateDomainConfig(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"),
		r.PathValue("group"), r.PathValue("option"), r.Body.Map()["config"])
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"config": config})
}

func (a *API) deleteDomainConfig(w http.ResponseWriter, r *request) error {
	err := a.Directory.DeleteDomainConfig(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"),
		r.PathValue("group"), r.PathValue("option"))
	if err != nil {
		return err
	}
	return noContent(w)
}
