package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
)

var domainConfigRoutes = []route{
	{method: get, path: "/v3/domains/config/default", serve: (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default"},
	{method: get, path: "/v3/domains/config/{group}/default", mux: "/v3/domains/{_}/{group}/{__}", serve: (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default_group"},
	{method: get, path: "/v3/domains/config/{group}/{option}/default", mux: "/v3/domains/{_}/{group}/{option}/{__}",
		serve:   (*API).showDomainConfigDefault,
		actions: []authz.Action{authz.GetDomainConfigDefault}, rel: "domain_config_default_option"},

	{method: get, path: "/v3/domains/{domain_id}/config", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig}, rel: "domain_config"},
	{method: put, path: "/v3/domains/{domain_id}/config", serve: (*API).createDomainConfig,
		actions: []authz.Action{authz.CreateDomainConfig}},
	{method: patch, path: "/v3/domains/{domain_id}/config", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig}},
	{method: del, path: "/v3/domains/{domain_id}/config", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig}},

	{method: get, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig, authz.GetSecurityComplianceDomainConfig}, rel: "domain_config_group"},
	{method: patch, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig}},
	{method: del, path: "/v3/domains/{domain_id}/config/{group}", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig}},

	{method: get, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).showDomainConfig,
		actions: []authz.Action{authz.GetDomainConfig, authz.GetSecurityComplianceDomainConfig}, rel: "domain_config_option"},
	{method: patch, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).updateDomainConfig,
		actions: []authz.Action{authz.UpdateDomainConfig}},
	{method: del, path: "/v3/domains/{domain_id}/config/{group}/{option}", serve: (*API).deleteDomainConfig,
		actions: []authz.Action{authz.DeleteDomainConfig}},
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
