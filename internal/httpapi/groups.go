package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var groupRoutes = []route{
	{
		method: get, path: "/v3/groups", serve: (*API).listGroups, actions: []authz.Action{authz.ListGroups}, query: schema.GroupList,
		filters: []string{"domain_id", "name"}, rel: "groups",
		summary: "List groups", answer: pageOf("groups", "group"),
	},
	{method: post, path: "/v3/groups", serve: (*API).createGroup, actions: []authz.Action{authz.CreateGroup}, body: schema.GroupCreate,
		summary: "Create a group", answer: one("group")},
	{method: get, path: "/v3/groups/{group_id}", serve: (*API).showGroup, actions: []authz.Action{authz.GetGroup}, rel: "group",
		summary: "Show a group", answer: one("group")},
	{method: patch, path: "/v3/groups/{group_id}", serve: (*API).updateGroup, actions: []authz.Action{authz.UpdateGroup}, body: schema.GroupUpdate,
		summary: "Change a group", answer: one("group")},
	{method: del, path: "/v3/groups/{group_id}", serve: (*API).deleteGroup, actions: []authz.Action{authz.DeleteGroup},
		summary: "Delete a group"},
	{
		method: get, path: "/v3/groups/{group_id}/users", serve: (*API).listGroupUsers, actions: []authz.Action{authz.ListUsersInGroup},
		filters: []string{"domain_id", "enabled", "name", "password_expires_at"}, rel: "group_users",
		summary: "List the users in a group", answer: pageOf("users", "user"),
	},
	{method: get, path: "/v3/groups/{group_id}/users/{user_id}", serve: (*API).checkMember, actions: []authz.Action{authz.CheckUserInGroup}, rel: "group_user",
		summary: "Check that a user is in a group", success: []int{204}},
	{method: put, path: "/v3/groups/{group_id}/users/{user_id}", serve: (*API).addMember, actions: []authz.Action{authz.AddUserToGroup},
		summary: "Put a user into a group"},
	{method: del, path: "/v3/groups/{group_id}/users/{user_id}", serve: (*API).removeMember, actions: []authz.Action{authz.RemoveUserFromGroup},
		summary: "Take a user out of a group"},
}

func (a *API) listGroups(w http.ResponseWriter, r *request) error {
	q, err := a.pages(r, a.Lists.Identity)
	if err != nil {
		return err
	}
	page, err := a.Directory.Groups(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "groups", page, q, renderGroup)
}

func (a *API) createGroup(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("group").Normalized()
	g := identity.Group{
		DomainID:    text[identity.DomainID](in, "domain_id"),
		Name:        text[string](in, "name"),
		Description: new(string),
		Extra:       in.Map(groupAttributes...),
	}
	if d := schema.Field[string](in, "description"); d.Null {
		g.Description = nil
	} else if d.Present {
		g.Description = &d.Value
	}
	g, err := a.Directory.CreateGroup(r.Context(), r.Caller, g)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"group": renderGroup(r, g)})
}

func (a *API) showGroup(w http.ResponseWriter, r *request) error {
	g, err := a.Directory.Group(r.Context(), r.Caller, id[identity.GroupID](r, "group_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"group": renderGroup(r, g)})
}

func (a *API) updateGroup(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("group")
	g, err := a.Directory.UpdateGroup(r.Context(), r.Caller, id[identity.GroupID](r, "group_id"), identity.GroupUpdate{
		ID:          anyID[identity.GroupID](in, "id"),
		DomainID:    anyID[identity.DomainID](in, "domain_id"),
		Name:        schema.Field[string](in, "name"),
		Description: schema.Field[string](in, "description"),
		Extra:       in.Map(groupAttributes...),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"group": renderGroup(r, g)})
}

func (a *API) deleteGroup(w http.ResponseWriter, r *request) error {
	if err := a.Directory.DeleteGroup(r.Context(), r.Caller, id[identity.GroupID](r, "group_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listGroupUsers(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Identity)
	if err != nil {
		return err
	}
	page, err := a.Directory.UsersOfGroup(r.Context(), r.Caller, id[identity.GroupID](r, "group_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "users", page, q, renderUser)
}

func (a *API) checkMember(w http.ResponseWriter, r *request) error {
	if err := a.Directory.CheckMembership(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), id[identity.GroupID](r, "group_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) addMember(w http.ResponseWriter, r *request) error {
	if err := a.Directory.AddToGroup(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), id[identity.GroupID](r, "group_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) removeMember(w http.ResponseWriter, r *request) error {
	if err := a.Directory.RemoveFromGroup(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), id[identity.GroupID](r, "group_id")); err != nil {
		return err
	}
	return noContent(w)
}

// groupAttributes are the members of a group that are not extra ones.
var groupAttributes = []string{"id", "domain_id", "name", "description", "extra"}

func renderGroup(r *request, g identity.Group) object {
	var description any
	if g.Description != nil {
		description = *g.Description
	}
	return renderInto(g.Extra, object{
		"id": string(g.ID), "name": g.Name, "domain_id": g.DomainID, "description": description,
		"links": r.self("/groups/" + string(g.ID)),
	})
}

// renderMembership renders a group in the list of a user's groups.
func renderMembership(r *request, m identity.Membership) object {
	o := renderGroup(r, m.Group)
	o["membership_expires_at"] = nil
	if m.ExpiresAt != nil {
		o["membership_expires_at"] = m.ExpiresAt.Format(passwordTimeLayout)
	}
	return o
}
