package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// How projects let people in, beyond what their domains and the cloud say.
var projectRuleRoutes = []route{
	{method: get, path: "/v3/lintel/projects/{project_id}/rules", serve: (*API).showProjectRules, actions: []authz.Action{authz.GetProject},
		summary: "Show how a project lets people in", answer: one("rules", "project_rules")},
	{method: patch, path: "/v3/lintel/projects/{project_id}/rules", serve: (*API).changeProjectRules, actions: []authz.Action{authz.UpdateProject},
		body: schema.ProjectRulesUpdate, summary: "Change how a project lets people in: never for longer than the cloud says", answer: one("rules", "project_rules")},
	{method: get, path: "/v3/lintel/projects/{project_id}/shut-out", serve: (*API).showShutOut, actions: []authz.Action{authz.UpdateProject},
		summary: "Tell what could not work in a project any more if it asked for a second factor", answer: one("shut_out", "shut_out")},
}

func (a *API) showProjectRules(w http.ResponseWriter, r *request) error {
	project := id[identity.ProjectID](r, "project_id")
	found, err := a.Directory.ProjectRules(r.Context(), r.Caller, project)
	if err != nil {
		return err
	}
	o := object{"project_id": string(project), "invite_days": nil, "access_days": nil, "links": r.self("/lintel/projects/" + string(project) + "/rules")}
	if found.InviteDays > 0 {
		o["invite_days"] = found.InviteDays
	}
	if found.AccessDays > 0 {
		o["access_days"] = found.AccessDays
	}
	o["second_factor"], o["second_factor_since"] = found.Factor, nil
	if found.Factor {
		o["second_factor_since"] = renderTime(found.FactorSince)
	}
	roles := []object{}
	for _, id := range found.InviteRoles {
		if name, there := found.RoleNames[id]; there {
			roles = append(roles, idName(id, name))
		}
	}
	o["invite_roles"] = roles
	return writeJSON(w, http.StatusOK, object{"rules": o})
}

func (a *API) changeProjectRules(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("rules")
	err := a.Membership.ChangeProjectRules(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), func(set *identity.ProjectRules) {
		if in.Has("invite_roles") {
			set.InviteRoles = roleNames(in, "invite_roles")
		}
		if v := schema.Flag(in, "second_factor"); v.Present {
			set.Factor = v.Value
		}
		for name, n := range map[string]*int{"invite_days": &set.InviteDays, "access_days": &set.AccessDays} {
			if v := schema.Integer(in, name); v.Present {
				*n = int(v.Value)
			}
		}
	})
	if err != nil {
		return err
	}
	return a.showProjectRules(w, r)
}

func (a *API) showShutOut(w http.ResponseWriter, r *request) error {
	found, err := a.Credential.ShutOutOf(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"))
	if err != nil {
		return err
	}
	people, robots := []object{}, []object{}
	for _, u := range found.People {
		people = append(people, idName(string(u.ID), u.Name))
	}
	for _, b := range found.Robots {
		robots = append(robots, object{"kind": b.Kind, "id": b.ID, "name": b.Name, "user": idName(string(b.UserID), found.Owners[b.UserID])})
	}
	return writeJSON(w, http.StatusOK, object{"shut_out": object{"people": people, "credentials": robots, "more": found.More}})
}
