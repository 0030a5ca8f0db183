package httpapi

import (
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

// Accounts of people, programs and services, which Keystone does not tell apart.
var accountRoutes = []route{
	{method: put, path: "/v3/lintel/users/{user_id}/surface", serve: (*API).setSurface, actions: []authz.Action{authz.CloudAdmin},
		body: schema.SurfaceUpdate, success: []int{http.StatusOK},
		summary: "Say what an account is for and where its user may sign in", answer: one("surface")},

	{method: del, path: "/v3/lintel/users/{user_id}/factor", serve: (*API).resetFactor, actions: []authz.Action{authz.UpdateUser},
		success: []int{http.StatusNoContent, http.StatusAccepted}, answer: one("factor_reset"),
		summary: "Take the second factor of a user away who has lost it; with 202 somebody else must do the same before it is done"},
	{method: get, path: "/v3/lintel/users/{user_id}/factor_reset", serve: (*API).showFactorReset, actions: []authz.Action{authz.UpdateUser},
		summary: "Show the reset of a user’s second factor that waits for somebody else to agree", answer: one("factor_reset")},
	{method: del, path: "/v3/lintel/users/{user_id}/factor_reset", serve: (*API).keepFactor, actions: []authz.Action{authz.UpdateUser},
		summary: "Take back the reset of a user’s second factor that waits for somebody else to agree"},

	{method: put, path: "/v3/lintel/users/{user_id}/suspension", serve: (*API).suspend, actions: []authz.Action{authz.UpdateUser}, body: schema.SuspensionPut,
		success: []int{http.StatusNoContent}, summary: "Shut a user out by every way to log in until restored, or until a time"},
	{method: del, path: "/v3/lintel/users/{user_id}/suspension", serve: (*API).restore, actions: []authz.Action{authz.UpdateUser},
		summary: "Make a suspended user what it was before"},
	{method: post, path: "/v3/lintel/users/{user_id}/password_reset", serve: (*API).sendReset, actions: []authz.Action{authz.UpdateUser},
		summary: "Send a user a link to choose a new password; where no mail can be sent, the answer has it", answer: one("password_reset")},

	{method: post, path: "/v3/lintel/accounts", serve: (*API).openAccount, actions: []authz.Action{authz.CloudAdmin}, body: schema.AccountCreate,
		summary: "Open the account of a customer: a project and its main user", answer: one("account")},

	{method: get, path: "/v3/lintel/projects/{project_id}/api_users", serve: (*API).listAPIUsers, actions: []authz.Action{authz.CreateGrant},
		filters: []string{"name"}, summary: "List the API users of a project", answer: pageOf("api_users", "api_user")},
	{method: post, path: "/v3/lintel/projects/{project_id}/api_users", serve: (*API).createAPIUser, actions: []authz.Action{authz.CreateGrant},
		body: schema.APIUserCreate, summary: "Create an API user with roles on a project", answer: one("api_user", "new_api_user")},
	{method: get, path: "/v3/lintel/projects/{project_id}/api_users/{user_id}", serve: (*API).showAPIUser, actions: []authz.Action{authz.CreateGrant},
		summary: "Show an API user of a project", answer: one("api_user")},
	{method: patch, path: "/v3/lintel/projects/{project_id}/api_users/{user_id}", serve: (*API).updateAPIUser, actions: []authz.Action{authz.CreateGrant},
		body: schema.APIUserUpdate, summary: "Disable an API user, enable it again, or change what is said of it", answer: one("api_user")},
	{method: post, path: "/v3/lintel/projects/{project_id}/api_users/{user_id}/password", serve: (*API).resetAPIUser,
		actions: []authz.Action{authz.CreateGrant}, body: schema.APIUserReset, success: []int{http.StatusOK},
		summary: "Give an API user a new password", answer: one("api_user", "new_api_user")},
	{method: del, path: "/v3/lintel/projects/{project_id}/api_users/{user_id}", serve: (*API).deleteAPIUser, actions: []authz.Action{authz.CreateGrant},
		summary: "Delete an API user"},
}

func (a *API) setSurface(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("surface")
	kind, _ := identity.ParseAccountKind(text[string](body, "kind"))
	to := identity.Surface{Kind: kind, NoPortal: !schema.Flag(body, "portal_login").Value, NoAPI: !schema.Flag(body, "api_login").Value}
	u, err := a.Directory.SetSurface(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), to)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"surface": object{
		"user_id": string(u.ID), "kind": u.Surface.Kind.String(), "portal_login": !u.Surface.NoPortal, "api_login": !u.Surface.NoAPI,
		"links": r.self("/lintel/users/" + string(u.ID) + "/surface"),
	}})
}

func (a *API) resetFactor(w http.ResponseWriter, r *request) error {
	waits, err := a.Credential.ResetFactor(r.Context(), r.Caller, id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	if waits != nil {
		return writeJSON(w, http.StatusAccepted, object{"factor_reset": renderFactorReset(*waits)})
	}
	return noContent(w)
}

func renderFactorReset(f credential.FactorReset) object {
	return object{"user_id": string(f.UserID), "asker": idName(f.AskerID, f.Asker), "asked_at": renderTime(f.AskedAt), "expires_at": renderTime(f.EndsAt)}
}

func (a *API) showFactorReset(w http.ResponseWriter, r *request) error {
	f, err := a.Credential.FactorReset(r.Context(), r.Caller, id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"factor_reset": renderFactorReset(f)})
}

func (a *API) keepFactor(w http.ResponseWriter, r *request) error {
	if err := a.Credential.KeepsFactor(r.Context(), r.Caller, id[identity.UserID](r, "user_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) suspend(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("suspension")
	until, err := endOf(in, "expires_at")
	if err != nil {
		return err
	}
	how := directory.Suspending{Reason: text[string](in, "reason"), Until: until, Tell: schema.Flag(in, "tell").Value}
	if err := a.Directory.Suspend(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), how); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) restore(w http.ResponseWriter, r *request) error {
	if err := a.Directory.Restore(r.Context(), r.Caller, id[identity.UserID](r, "user_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) sendReset(w http.ResponseWriter, r *request) error {
	user := id[identity.UserID](r, "user_id")
	secret, err := a.Membership.SendReset(r.Context(), r.Caller, user, "")
	if err != nil {
		return err
	}
	o := object{"user_id": string(user), "sent": secret == ""}
	if secret != "" {
		o["link"] = a.portalPage(r, "/reset/"+secret)
	}
	return writeJSON(w, http.StatusCreated, object{"password_reset": o})
}

func (a *API) openAccount(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("account")
	in := membership.NewAccount{
		Domain: text[identity.DomainID](body, "domain_id"), Address: text[string](body, "email"), Project: text[string](body, "project"), Password: text[string](body, "password"),
		Reason: text[string](body, "reason"),
	}
	if in.Domain == "" {
		in.Domain = a.Directory.DefaultDomain
	}
	role := body.Object("role")
	if in.Role = text[identity.RoleID](role, "id"); in.Role == "" {
		found, err := a.Assignment.Roles(r.Context(), r.Caller, identity.Query{}.Where("name", text[string](role, "name")))
		if err != nil {
			return err
		}
		if len(found.Items) == 0 {
			return identity.Missing("role", text[string](role, "name"))
		}
		in.Role = found.Items[0].ID
	}
	made, err := a.Membership.OpenAccount(r.Context(), r.Caller, in)
	if err != nil {
		return err
	}
	o := object{"user": newAPIUser(made.User, made.Password), "project": object{"id": string(made.Project.ID), "name": made.Project.Name}}
	if made.Asked != nil {
		o["request_id"], o["waiting_roles"] = made.Asked.ID, made.Asked.RoleNames
	}
	return writeSecret(w, http.StatusCreated, object{"account": o})
}

func renderAPIUser(r *request, u membership.APIUser) object {
	roles := make([]object, len(u.Roles))
	for i, role := range u.Roles {
		roles[i] = object{"id": string(role.ID), "name": role.Name}
	}
	about, _ := u.Extra["description"].(string)
	return object{
		"id": string(u.ID), "name": u.Name, "domain_id": string(u.DomainID), "enabled": u.Enabled, "description": about, "owner": orNull(u.Owner), "roles": roles,
		"links": r.self("/lintel/projects/" + r.PathValue("project_id") + "/api_users/" + string(u.ID)),
	}
}

func (a *API) listAPIUsers(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	limit := maxAPIUsers
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	name, _ := q.Equal("name")
	found, err := a.Membership.APIUsers(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), name, identity.UserID(q.Marker), limit)
	if err != nil {
		return err
	}
	return writeList(w, r, "api_users", found.Page, q, renderAPIUser)
}

// maxAPIUsers is the most that a page has.
const maxAPIUsers = 100

func (a *API) createAPIUser(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("api_user")
	in := membership.NewAPIUser{Suffix: text[string](body, "name"), Password: text[string](body, "password"), Description: text[string](body, "description")}
	project := id[identity.ProjectID](r, "project_id")
	for _, ref := range roleRefs(body) {
		if ref.ID == "" {
			found, err := a.Membership.APIUsers(r.Context(), r.Caller, project, "", "", 1)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(found.Roles, func(o assignment.Offer) bool { return o.Name == ref.Name })
			if i < 0 {
				return identity.Missing("role", ref.Name)
			}
			ref.ID = found.Roles[i].ID
		}
		in.Roles = append(in.Roles, ref.ID)
	}
	u, pw, err := a.Membership.CreateAPIUser(r.Context(), r.Caller, project, in)
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusCreated, object{"api_user": newAPIUser(u, pw)})
}

func newAPIUser(u identity.User, pw string) object {
	return object{"id": string(u.ID), "name": u.Name, "domain_id": string(u.DomainID), "password": pw}
}

func (a *API) showAPIUser(w http.ResponseWriter, r *request) error {
	u, err := a.Membership.APIUser(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"api_user": renderAPIUser(r, u)})
}

func (a *API) updateAPIUser(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("api_user")
	u, err := a.Membership.UpdateAPIUser(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id"),
		membership.APIUserUpdate{Enabled: schema.Flag(body, "enabled"), Description: schema.Field[string](body, "description")})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"api_user": renderAPIUser(r, u)})
}

func (a *API) resetAPIUser(w http.ResponseWriter, r *request) error {
	u, pw, err := a.Membership.ResetAPIUser(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id"),
		text[string](r.Body.Object("api_user"), "password"))
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"api_user": newAPIUser(u, pw)})
}

func (a *API) deleteAPIUser(w http.ResponseWriter, r *request) error {
	err := a.Membership.DeleteAPIUser(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}
