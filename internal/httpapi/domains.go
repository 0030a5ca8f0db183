package httpapi

import (
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var domainRoutes = []route{
	{
		method: get, path: "/v3/domains", serve: (*API).listDomains, actions: []authz.Action{authz.ListDomains}, query: schema.DomainList,
		filters: []string{"name", "enabled"}, rel: "domains",
		summary: "List domains", answer: pageOf("domains", "domain"),
	},
	{method: post, path: "/v3/domains", serve: (*API).createDomain, actions: []authz.Action{authz.CreateDomain}, body: schema.DomainCreate,
		summary: "Create a domain", answer: one("domain")},
	{method: get, path: "/v3/domains/{domain_id}", serve: (*API).showDomain, actions: []authz.Action{authz.GetDomain}, rel: "domain",
		summary: "Show a domain", answer: one("domain")},
	{method: patch, path: "/v3/domains/{domain_id}", serve: (*API).updateDomain, actions: []authz.Action{authz.UpdateDomain}, body: schema.DomainUpdate,
		summary: "Change a domain", answer: one("domain")},
	{method: del, path: "/v3/domains/{domain_id}", serve: (*API).deleteDomain, actions: []authz.Action{authz.DeleteDomain},
		summary: "Delete a domain"},
}

func (a *API) listDomains(w http.ResponseWriter, r *request) error {
	q, err := a.pages(r, a.Lists.Resource)
	if err != nil {
		return err
	}
	page, err := a.Directory.Domains(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "domains", page, q, renderDomain)
}

func (a *API) createDomain(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("domain").Normalized()
	d, err := a.Directory.CreateDomain(r.Context(), r.Caller, identity.Domain{
		ID:          text[identity.DomainID](r.Body.Object("domain"), "explicit_domain_id"),
		Name:        text[string](in, "name"),
		Description: newDescription(in),
		Enabled:     !in.Has("enabled") || schema.Flag(in, "enabled").Value,
		Tags:        schema.List[string](in, "tags").Value,
		Options:     in.Object("options").Map(),
		Extra:       in.Map(slices.Concat(projectAttributes, []string{"explicit_domain_id"})...),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"domain": renderDomain(r, d)})
}

func (a *API) showDomain(w http.ResponseWriter, r *request) error {
	d, err := a.Directory.Domain(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"domain": renderDomain(r, d)})
}

func (a *API) updateDomain(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("domain")
	upd := projectUpdate(in)
	upd.ID = anyID[identity.ProjectID](in, "id")
	d, err := a.Directory.UpdateDomain(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"), upd)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"domain": renderDomain(r, d)})
}

func (a *API) deleteDomain(w http.ResponseWriter, r *request) error {
	if err := a.Directory.DeleteDomain(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id")); err != nil {
		return err
	}
	return noContent(w)
}

func renderDomain(r *request, d identity.Domain) object {
	return renderInto(d.Extra, object{
		"id": string(d.ID), "name": d.Name, "description": d.Description, "enabled": d.Enabled, "tags": renderTags(d.Tags),
		"options": object(d.Options), "links": r.self("/domains/" + string(d.ID)),
	})
}
