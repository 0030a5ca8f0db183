package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
)

// grantRoutes are the routes of grants: of users and groups, on projects, domains and the system. All have one shape
// but the inherited ones, which have a word at the end.
var grantRoutes = slices.Concat(
	grantsAt("/v3/projects/{project_id}/users/{user_id}/roles", "project_user_role", "a user", "on a project"),
	grantsAt("/v3/projects/{project_id}/groups/{group_id}/roles", "project_group_role", "a group", "on a project"),
	grantsAt("/v3/domains/{domain_id}/users/{user_id}/roles", "domain_user_role", "a user", "on a domain"),
	grantsAt("/v3/domains/{domain_id}/groups/{group_id}/roles", "domain_group_role", "a group", "on a domain"),

	// There is no list of the roles that a project inherits.
	inheritedGrantAt("/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles", "project_user_role", "a user", "on all projects below a project"),
	inheritedGrantAt("/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles", "project_group_role", "a group", "on all projects below a project"),
	inheritedGrantAt("/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles", "domain_user_role", "a user", "on all projects of a domain"),
	inheritedGrantAt("/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles", "domain_group_role", "a group", "on all projects of a domain"),
	[]route{
		{method: get, path: "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects", serve: (*API).listGrants,
			actions: []authz.Action{authz.ListGrants}, rel: "OS-INHERIT/1.0/domain_user_roles_inherited_to_projects",
			summary: "List the roles that a user has on all projects of a domain", answer: listOf("roles", "role")},
		{method: get, path: "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects", serve: (*API).listGrants,
			actions: []authz.Action{authz.ListGrants}, rel: "OS-INHERIT/1.0/domain_group_roles_inherited_to_projects",
			summary: "List the roles that a group has on all projects of a domain", answer: listOf("roles", "role")},
	},

	[]route{
		{method: get, path: "/v3/system/users/{user_id}/roles", serve: (*API).listGrants,
			actions: []authz.Action{authz.ListSystemGrantsForUser}, rel: "system_user_roles",
			summary: "List the roles of a user on the system", answer: listOf("roles", "role")},
		{method: get, path: "/v3/system/users/{user_id}/roles/{role_id}", serve: (*API).checkGrant,
			actions: []authz.Action{authz.CheckSystemGrantForUser}, rel: "system_user_role",
			summary: "Check that a user has a role on the system", success: []int{204}},
		{method: put, path: "/v3/system/users/{user_id}/roles/{role_id}", serve: (*API).createGrant,
			actions: []authz.Action{authz.CreateSystemGrantForUser}, summary: "Give a user a role on the system"},
		{method: del, path: "/v3/system/users/{user_id}/roles/{role_id}", serve: (*API).revokeGrant,
			actions: []authz.Action{authz.RevokeSystemGrantForUser}, summary: "Take a role on the system from a user"},
		{method: get, path: "/v3/system/groups/{group_id}/roles", serve: (*API).listGrants,
			actions: []authz.Action{authz.ListSystemGrantsForGroup}, rel: "system_group_roles",
			summary: "List the roles of a group on the system", answer: listOf("roles", "role")},
		{method: get, path: "/v3/system/groups/{group_id}/roles/{role_id}", serve: (*API).checkGrant,
			actions: []authz.Action{authz.CheckSystemGrantForGroup}, rel: "system_group_role",
			summary: "Check that a group has a role on the system", success: []int{204}},
		{method: put, path: "/v3/system/groups/{group_id}/roles/{role_id}", serve: (*API).createGrant,
			actions: []authz.Action{authz.CreateSystemGrantForGroup}, summary: "Give a group a role on the system"},
		{method: del, path: "/v3/system/groups/{group_id}/roles/{role_id}", serve: (*API).revokeGrant,
			actions: []authz.Action{authz.RevokeSystemGrantForGroup}, summary: "Take a role on the system from a group"},
	},
)

// grantsAt are the routes of grants on projects and domains. rel is the relation of one grant; that of their list has
// an s more. who and where are for summaries.
func grantsAt(path, rel, who, where string) []route {
	return append(
		grantAt(path+"/{role_id}", rel, who, where),
		route{method: get, path: path, serve: (*API).listGrants, actions: []authz.Action{authz.ListGrants}, rel: rel + "s",
			summary: "List the roles of " + who + " " + where, answer: listOf("roles", "role")},
	)
}

func inheritedGrantAt(path, rel, who, where string) []route {
	return grantAt(path+"/{role_id}/inherited_to_projects", "OS-INHERIT/1.0/"+rel+"_inherited_to_projects", who, where)
}

func grantAt(path, rel, who, where string) []route {
	return []route{
		{method: get, path: path, serve: (*API).checkGrant, actions: []authz.Action{authz.CheckGrant}, rel: rel,
			summary: "Check that " + who + " has a role " + where, success: []int{204}},
		{method: put, path: path, serve: (*API).createGrant, actions: []authz.Action{authz.CreateGrant},
			summary: "Give " + who + " a role " + where},
		{method: del, path: path, serve: (*API).revokeGrant, actions: []authz.Action{authz.RevokeGrant},
			summary: "Take a role " + where + " from " + who},
	}
}

// grant is what the path of the request names.
func (r *request) grant() identity.Grant {
	return identity.Grant{
		Role: id[identity.RoleID](r, "role_id"), User: id[identity.UserID](r, "user_id"), Group: id[identity.GroupID](r, "group_id"),
		Project: id[identity.ProjectID](r, "project_id"), Domain: id[identity.DomainID](r, "domain_id"),
		System:    strings.HasPrefix(r.route.path, "/v3/system/"),
		Inherited: strings.HasPrefix(r.route.path, "/v3/OS-INHERIT/"),
	}
}

func (a *API) listGrants(w http.ResponseWriter, r *request) error {
	roles, err := a.Assignment.Grants(r.Context(), r.Caller, r.grant())
	if err != nil {
		return err
	}
	return writeList(w, r, "roles", all(roles), identity.Query{}, renderRole)
}

func (a *API) checkGrant(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.CheckGrant(r.Context(), r.Caller, r.grant()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) createGrant(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.CreateGrant(r.Context(), r.Caller, r.grant()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) revokeGrant(w http.ResponseWriter, r *request) error {
	if err := a.Assignment.RevokeGrant(r.Context(), r.Caller, r.grant()); err != nil {
		return err
	}
	return noContent(w)
}
