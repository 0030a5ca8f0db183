package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
)

// scopeRoutes tell a user what they can get tokens for. The OS-FEDERATION ones are old names of two of them.
var scopeRoutes = []route{
	{method: get, path: "/v3/auth/projects", serve: (*API).listAuthProjects, actions: []authz.Action{authz.GetAuthProjects},
		rel: "auth_projects", oldRel: "OS-FEDERATION/1.0/projects",
		summary: "List the projects that the token can be scoped to", answer: listOf("projects", "project")},
	{method: get, path: "/v3/auth/domains", serve: (*API).listAuthDomains, actions: []authz.Action{authz.GetAuthDomains},
		rel: "auth_domains", oldRel: "OS-FEDERATION/1.0/domains",
		summary: "List the domains that the token can be scoped to", answer: listOf("domains", "domain")},
	{method: get, path: "/v3/OS-FEDERATION/projects", serve: (*API).listAuthProjects, actions: []authz.Action{authz.GetAuthProjects},
		summary: "List the projects that the token can be scoped to, by an old name", answer: listOf("projects", "project")},
	{method: get, path: "/v3/OS-FEDERATION/domains", serve: (*API).listAuthDomains, actions: []authz.Action{authz.GetAuthDomains},
		summary: "List the domains that the token can be scoped to, by an old name", answer: listOf("domains", "domain")},
	{method: get, path: "/v3/auth/system", serve: (*API).showAuthSystem, actions: []authz.Action{authz.GetAuthSystem}, rel: "auth_system",
		summary: "Show whether the token can be scoped to the system", answer: linked("system", "systems")},
	{method: get, path: "/v3/auth/catalog", serve: (*API).showAuthCatalog, actions: []authz.Action{authz.GetAuthCatalog}, rel: "auth_catalog",
		summary: "Show the token's catalog", answer: linked("catalog")},
	{method: get, path: "/v3/users/{user_id}/projects", serve: (*API).listUserProjects, actions: []authz.Action{authz.ListUserProjects},
		filters: []string{"domain_id", "enabled", "name"}, rel: "user_projects",
		summary: "List the projects on which a user has roles", answer: pageOf("projects", "project")},
	{method: get, path: "/v3/auth/tokens/OS-PKI/revoked", serve: (*API).listRevoked,
		open: "it only says that there is no such list any more", rel: "OS-PKI/1.0/revocations",
		summary: "Say that there is no list of revoked tokens", success: []int{410, 403}},
}

func (a *API) listAuthProjects(w http.ResponseWriter, r *request) error {
	projects, err := a.Assignment.Projects(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeList(w, r, "projects", all(projects), identity.Query{}, renderProject)
}

func (a *API) listAuthDomains(w http.ResponseWriter, r *request) error {
	domains, err := a.Assignment.Domains(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeList(w, r, "domains", all(domains), identity.Query{}, renderDomain)
}

func (a *API) showAuthSystem(w http.ResponseWriter, r *request) error {
	can, err := a.Assignment.System(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	system := []object{}
	if can {
		system = append(system, object{"all": true})
	}
	return writeJSON(w, http.StatusOK, object{"system": system, "links": r.self("/auth/system")})
}

func (a *API) showAuthCatalog(w http.ResponseWriter, r *request) error {
	entries, err := a.Catalog.Of(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"catalog": renderCatalog(entries), "links": r.self("/auth/catalog")})
}

func (a *API) listUserProjects(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Assignment.ProjectsOf(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "projects", page, q, renderProject)
}

// listRevoked answers for a list that Keystone ceased to keep, in one of two ways (AuthTokenOSPKIResource in
// keystone/api/auth.py).
func (a *API) listRevoked(http.ResponseWriter, *request) error {
	if !a.RevokeByID {
		return &identity.Error{Kind: identity.Gone, Message: "The service you have requested is no longer available on this server."}
	}
	return &identity.Error{Kind: identity.Forbidden, Message: "You are not authorized to perform the requested action."}
}
