package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

const (
	endpointGroups   = "/v3/OS-EP-FILTER/endpoint_groups"
	endpointGroup    = endpointGroups + "/{endpoint_group_id}"
	groupInProject   = endpointGroup + "/projects/{project_id}"
	endpointsShown   = "/v3/OS-EP-FILTER/projects/{project_id}/endpoints"
	endpointInFilter = endpointsShown + "/{endpoint_id}"
)

var endpointFilterRoutes = []route{
	{method: get, path: endpointGroups, serve: (*API).listEndpointGroups, actions: []authz.Action{authz.ListEndpointGroups},
		query: schema.EndpointGroupList, filters: []string{"name"}, rel: "OS-EP-FILTER/1.0/endpoint_groups",
		summary: "List groups of endpoints", answer: pageOf("endpoint_groups", "endpoint_group")},
	{method: post, path: endpointGroups, serve: (*API).createEndpointGroup, actions: []authz.Action{authz.CreateEndpointGroup},
		body:    schema.EndpointGroupCreate,
		summary: "Create a group of endpoints", answer: one("endpoint_group")},
	{method: get, path: endpointGroup, serve: (*API).showEndpointGroup, actions: []authz.Action{authz.GetEndpointGroup},
		rel:     "OS-EP-FILTER/1.0/endpoint_group",
		summary: "Show a group of endpoints", answer: one("endpoint_group")},
	{method: patch, path: endpointGroup, serve: (*API).updateEndpointGroup, actions: []authz.Action{authz.UpdateEndpointGroup},
		body:    schema.EndpointGroupUpdate,
		summary: "Change a group of endpoints", answer: one("endpoint_group")},
	{method: del, path: endpointGroup, serve: (*API).deleteEndpointGroup, actions: []authz.Action{authz.DeleteEndpointGroup},
		summary: "Delete a group of endpoints"},

	{method: get, path: endpointGroup + "/endpoints", serve: (*API).listGroupEndpoints,
		actions: []authz.Action{authz.ListEndpointsAssociatedWithEndpointGroup}, rel: "OS-EP-FILTER/1.0/endpoints_in_endpoint_group",
		summary: "List the endpoints in a group of endpoints", answer: listOf("endpoints", "endpoint")},
	{method: get, path: endpointGroup + "/projects", serve: (*API).listGroupProjects,
		actions: []authz.Action{authz.ListProjectsAssociatedWithEndpointGroup},
		rel:     "OS-EP-FILTER/1.0/projects_associated_with_endpoint_group",
		summary: "List the projects that are shown a group of endpoints", answer: listOf("projects", "project")},
	{method: get, path: groupInProject, serve: (*API).showProjectEndpointGroup,
		actions: []authz.Action{authz.GetEndpointGroupInProject}, rel: "OS-EP-FILTER/1.0/endpoint_group_to_project_association",
		summary: "Show that a project is shown a group of endpoints", answer: one("project_endpoint_group")},
	{method: put, path: groupInProject, serve: (*API).createProjectFilter, actions: []authz.Action{authz.AddEndpointGroupToProject},
		summary: "Show a group of endpoints to a project"},
	{method: del, path: groupInProject, serve: (*API).deleteProjectFilter, actions: []authz.Action{authz.RemoveEndpointGroupFromProject},
		summary: "Show a group of endpoints to a project no longer"},

	{method: get, path: "/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects", serve: (*API).listEndpointProjects,
		actions: []authz.Action{authz.ListProjectsForEndpoint}, rel: "OS-EP-FILTER/1.0/endpoint_projects",
		summary: "List the projects that are shown an endpoint", answer: listOf("projects", "project")},
	{method: get, path: "/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups", serve: (*API).listProjectEndpointGroups,
		actions: []authz.Action{authz.ListEndpointGroupsForProject}, rel: "OS-EP-FILTER/1.0/project_endpoint_groups",
		summary: "List the groups of endpoints that a project is shown", answer: listOf("endpoint_groups", "endpoint_group")},
	{method: get, path: endpointsShown, serve: (*API).listProjectEndpoints,
		actions: []authz.Action{authz.ListEndpointsForProject}, rel: "OS-EP-FILTER/1.0/project_endpoints",
		summary: "List the endpoints that a project is shown", answer: listOf("endpoints", "endpoint")},
	{method: get, path: endpointInFilter, serve: (*API).checkProjectEndpoint,
		actions: []authz.Action{authz.CheckEndpointInProject}, rel: "OS-EP-FILTER/1.0/project_endpoint",
		summary: "Check that a project is shown an endpoint", success: []int{204}},
	{method: put, path: endpointInFilter, serve: (*API).createProjectFilter, actions: []authz.Action{authz.AddEndpointToProject},
		summary: "Show an endpoint to a project"},
	{method: del, path: endpointInFilter, serve: (*API).deleteProjectFilter, actions: []authz.Action{authz.RemoveEndpointFromProject},
		summary: "Show an endpoint to a project no longer"},
}

func renderEndpointGroup(r *request, g identity.EndpointGroup) object {
	return object{
		"id": string(g.ID), "name": g.Name, "description": g.Description, "filters": g.Filters,
		"links": r.self("/OS-EP-FILTER/endpoint_groups/" + string(g.ID)),
	}
}

func (a *API) listEndpointGroups(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Catalog.EndpointGroups(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoint_groups", page, q, renderEndpointGroup)
}

func (a *API) showEndpointGroup(w http.ResponseWriter, r *request) error {
	g, err := a.Catalog.EndpointGroup(r.Context(), r.Caller, id[identity.EndpointGroupID](r, "endpoint_group_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"endpoint_group": renderEndpointGroup(r, g)})
}

func (a *API) createEndpointGroup(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("endpoint_group")
	g, err := a.Catalog.CreateEndpointGroup(r.Context(), r.Caller, identity.EndpointGroup{
		Name: text[string](body, "name"), Description: schema.Field[string](body, "description").OrPtr(nil),
		Filters: body.Object("filters").Map(),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"endpoint_group": renderEndpointGroup(r, g)})
}

func (a *API) updateEndpointGroup(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("endpoint_group")
	u := catalog.EndpointGroupUpdate{Name: schema.Field[string](body, "name"), Description: schema.Field[string](body, "description")}
	if body.Has("filters") {
		u.Filters = identity.Some(body.Object("filters").Map())
	}
	g, err := a.Catalog.UpdateEndpointGroup(r.Context(), r.Caller, id[identity.EndpointGroupID](r, "endpoint_group_id"), u)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"endpoint_group": renderEndpointGroup(r, g)})
}

func (a *API) deleteEndpointGroup(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteEndpointGroup(r.Context(), r.Caller, id[identity.EndpointGroupID](r, "endpoint_group_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listGroupEndpoints(w http.ResponseWriter, r *request) error {
	endpoints, err := a.Catalog.EndpointGroupEndpoints(r.Context(), r.Caller, id[identity.EndpointGroupID](r, "endpoint_group_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoints", all(endpoints), identity.Query{}, renderEndpoint)
}

func (a *API) listGroupProjects(w http.ResponseWriter, r *request) error {
	projects, err := a.Catalog.EndpointGroupProjects(r.Context(), r.Caller, id[identity.EndpointGroupID](r, "endpoint_group_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "projects", all(projects), identity.Query{}, renderProject)
}

func (a *API) listEndpointProjects(w http.ResponseWriter, r *request) error {
	projects, err := a.Catalog.EndpointProjects(r.Context(), r.Caller, id[identity.EndpointID](r, "endpoint_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "projects", all(projects), identity.Query{}, renderProject)
}

func (a *API) listProjectEndpoints(w http.ResponseWriter, r *request) error {
	endpoints, err := a.Catalog.ProjectEndpoints(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoints", all(endpoints), identity.Query{}, renderEndpoint)
}

func (a *API) listProjectEndpointGroups(w http.ResponseWriter, r *request) error {
	groups, err := a.Catalog.ProjectEndpointGroups(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoint_groups", all(groups), identity.Query{}, renderEndpointGroup)
}

// filter is what the path names.
func (r *request) filter() identity.ProjectFilter {
	return identity.ProjectFilter{
		ProjectID: id[identity.ProjectID](r, "project_id"), EndpointID: id[identity.EndpointID](r, "endpoint_id"),
		GroupID: id[identity.EndpointGroupID](r, "endpoint_group_id"),
	}
}

func (a *API) checkProjectEndpoint(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.CheckProjectFilter(r.Context(), r.Caller, r.filter()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) showProjectEndpointGroup(w http.ResponseWriter, r *request) error {
	f := r.filter()
	if err := a.Catalog.CheckProjectFilter(r.Context(), r.Caller, f); err != nil {
		return err
	}
	self := "/OS-EP-FILTER/endpoint_groups/" + string(f.GroupID) + "/projects/" + string(f.ProjectID) // a path alone, as upstream's
	return writeJSON(w, http.StatusOK, object{"project_endpoint_group": object{
		"endpoint_group_id": string(f.GroupID), "project_id": string(f.ProjectID), "links": object{"self": self},
	}})
}

func (a *API) createProjectFilter(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.CreateProjectFilter(r.Context(), r.Caller, r.filter()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) deleteProjectFilter(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeleteProjectFilter(r.Context(), r.Caller, r.filter()); err != nil {
		return err
	}
	return noContent(w)
}
