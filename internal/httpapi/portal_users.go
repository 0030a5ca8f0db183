package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/trail"
)

// People who look after parts of a project in the portal, without a role on it. They are invited with POST /v3/lintel/invitations.
var portalUserRoutes = []route{
	{method: get, path: "/v3/lintel/projects/{project_id}/portal_users", serve: (*API).listPortalUsers, actions: []authz.Action{authz.CloudAdmin},
		query: schema.ContactList, summary: "List the portal users of a project", answer: pageOf("portal_users", "portal_user")},
	{method: put, path: "/v3/lintel/projects/{project_id}/portal_users/{user_id}", serve: (*API).setPortalUser, actions: []authz.Action{authz.CloudAdmin},
		body: schema.PortalUserSet, success: []int{http.StatusOK}, summary: "Say which areas of a project’s pages a portal user may enter", answer: one("portal_user")},
	{method: del, path: "/v3/lintel/projects/{project_id}/portal_users/{user_id}", serve: (*API).deletePortalUser, actions: []authz.Action{authz.CloudAdmin},
		summary: "Let a portal user out of a project’s pages"},
}

func renderPortalUser(r *request, u membership.PortalUser) object {
	email, _ := u.Extra["email"].(string)
	return object{
		"id": string(u.ID), "name": u.Name, "email": orNull(email), "areas": u.Areas,
		"links": r.self("/lintel/projects/" + r.PathValue("project_id") + "/portal_users/" + string(u.ID)),
	}
}

func (a *API) listPortalUsers(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, trail.MaxPage)
	if err != nil {
		return err
	}
	found, err := a.Membership.PortalUsers(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "portal_users", found.Page, q, renderPortalUser)
}

// areasOf are the areas of a body.
func areasOf(body *schema.Object) (areas []identity.Area) {
	for _, a := range schema.List[string](body, "areas").Value {
		areas = append(areas, identity.Area(a))
	}
	return areas
}

func (a *API) setPortalUser(w http.ResponseWriter, r *request) error {
	project, user := id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id")
	if err := a.Membership.SetAreas(r.Context(), r.Caller, project, user, areasOf(r.Body.Object("portal_user"))); err != nil {
		return err
	}
	u, _, err := a.Membership.PortalUser(r.Context(), r.Caller, project, user)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"portal_user": renderPortalUser(r, u)})
}

func (a *API) deletePortalUser(w http.ResponseWriter, r *request) error {
	if err := a.Membership.SetAreas(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id"), nil); err != nil {
		return err
	}
	return noContent(w)
}
