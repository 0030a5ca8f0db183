package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var userRoutes = []route{
	{
		method: get, path: "/v3/users", serve: (*API).listUsers, actions: []authz.Action{authz.ListUsers}, query: schema.UserList, rel: "users",
		filters: []string{"domain_id", "enabled", "idp_id", "name", "protocol_id", "unique_id", "password_expires_at"},
		summary: "List users", answer: pageOf("users", "user"),
	},
	{method: post, path: "/v3/users", serve: (*API).createUser, actions: []authz.Action{authz.CreateUser}, body: schema.UserCreate,
		summary: "Create a user", answer: one("user")},
	{method: get, path: "/v3/users/{user_id}", serve: (*API).showUser, actions: []authz.Action{authz.GetUser}, rel: "user",
		summary: "Show a user", answer: one("user")},
	{method: patch, path: "/v3/users/{user_id}", serve: (*API).updateUser, actions: []authz.Action{authz.UpdateUser}, body: schema.UserUpdate,
		summary: "Change a user", answer: one("user")},
	{method: del, path: "/v3/users/{user_id}", serve: (*API).deleteUser, actions: []authz.Action{authz.DeleteUser},
		summary: "Delete a user"},
	{
		method: get, path: "/v3/users/{user_id}/groups", serve: (*API).listUserGroups, actions: []authz.Action{authz.ListGroupsForUser},
		filters: []string{"name"}, rel: "user_groups",
		summary: "List the groups of a user", answer: pageOf("groups", "group"),
	},
	{
		method: post, path: "/v3/users/{user_id}/password", serve: (*API).changePassword, rel: "user_change_password",
		open:    "the old password is the proof",
		summary: "Change one's own password", success: []int{204}, sends: schema.Member("user", schema.PasswordChange),
	},
	{method: del, path: "/v3/users/{user_id}/tokens", serve: (*API).revokeUserTokens, actions: []authz.Action{authz.RevokeTokensForUser}, rel: "user_tokens",
		summary: "Revoke all tokens of a user"},
}

func (a *API) listUsers(w http.ResponseWriter, r *request) error {
	q, err := a.pages(r, a.Lists.Identity)
	if err != nil {
		return err
	}
	page, err := a.Directory.Users(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "users", page, q, renderUser)
}

func (a *API) createUser(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("user").Normalized()
	u := identity.User{
		DomainID:         text[identity.DomainID](in, "domain_id"),
		Name:             text[string](in, "name"),
		Enabled:          !in.Has("enabled") || schema.Flag(in, "enabled").Value,
		DefaultProjectID: text[identity.ProjectID](in, "default_project_id"),
		Options:          in.Object("options").Map(),
		Extra:            in.Map(userAttributes...),
		Federated:        federatedIdentities(in),
	}
	u, err := a.Directory.CreateUser(r.Context(), r.Caller, u, schema.Field[string](in, "password"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"user": renderOneUser(r, u)})
}

func (a *API) showUser(w http.ResponseWriter, r *request) error {
	u, err := a.Directory.User(r.Context(), r.Caller, id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"user": renderOneUser(r, u)})
}

func (a *API) updateUser(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("user")
	u, err := a.Directory.UpdateUser(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), identity.UserUpdate{
		ID:               anyID[identity.UserID](in, "id"),
		DomainID:         anyID[identity.DomainID](in, "domain_id"),
		Name:             schema.Field[string](in, "name"),
		Password:         schema.Field[string](in, "password"),
		Enabled:          schema.Flag(in, "enabled"),
		DefaultProjectID: idField[identity.ProjectID](in, "default_project_id"),
		Options:          in.Object("options").Map(),
		Extra:            in.Map(userAttributes...),
		Federated:        federatedIdentities(in),
	})
	if err != nil {
		return err
	}
	out := renderOneUser(r, u)
	// A change is answered with the extra attributes twice, which upstream calls a broken implementation that is kept.
	extra := object(u.Extra)
	if extra == nil {
		extra = object{}
	}
	delete(extra, "password")
	delete(extra, "tenants")
	out["extra"] = extra
	return writeJSON(w, http.StatusOK, object{"user": out})
}

func (a *API) deleteUser(w http.ResponseWriter, r *request) error {
	if err := a.Directory.DeleteUser(r.Context(), r.Caller, id[identity.UserID](r, "user_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listUserGroups(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Identity)
	if err != nil {
		return err
	}
	page, err := a.Directory.GroupsOfUser(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "groups", page, q, renderMembership)
}

func (a *API) changePassword(w http.ResponseWriter, r *request) error {
	v, sent := r.Body.Get("user")
	if !sent {
		v = new(schema.Object)
	}
	if err := schema.PasswordChange.Validate(v); err != nil {
		return identity.Invalidf("%s", err)
	}
	in := r.Body.Object("user")
	err := a.Directory.ChangePassword(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), text[string](in, "original_password"), text[string](in, "password"))
	if err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) revokeUserTokens(w http.ResponseWriter, r *request) error {
	if err := a.Directory.RevokeTokens(r.Context(), r.Caller, id[identity.UserID](r, "user_id")); err != nil {
		return err
	}
	return noContent(w)
}

// userAttributes are the members of a user that are not extra ones. Those that have no part in a change are dropped.
var userAttributes = []string{
	"id", "domain_id", "name", "password", "enabled", "default_project_id", "options", "federated", "extra", "password_expires_at",
}

func federatedIdentities(in *schema.Object) (all []identity.FederatedIdentity) {
	for _, idp := range schema.List[*schema.Object](in, "federated").Value {
		for _, p := range schema.List[*schema.Object](idp, "protocols").Value {
			all = append(all, identity.FederatedIdentity{
				IdentityProviderID: text[identity.IdentityProviderID](idp, "idp_id"),
				ProtocolID:         text[identity.ProtocolID](p, "protocol_id"),
				UniqueID:           text[string](p, "unique_id"),
			})
		}
	}
	return all
}

// renderUser renders a user as lists show it.
func renderUser(r *request, u identity.User) object {
	o := renderInto(u.Extra, object{
		"id": string(u.ID), "name": orNull(u.Name), "domain_id": u.DomainID, "enabled": u.Enabled, "password_expires_at": nil,
		"options": object(u.Options), "links": r.self("/users/" + string(u.ID)),
	})
	// Words that upstream never lets out of a user, whatever they hold (filter_user in keystone/identity/backends/base.py).
	for _, name := range []string{"password", "tenants", "groups", "domains"} {
		delete(o, name)
	}
	if u.Options == nil {
		o["options"] = object{}
	}
	if u.DefaultProjectID != "" {
		o["default_project_id"] = u.DefaultProjectID
	}
	if u.PasswordExpiresAt != nil {
		o["password_expires_at"] = u.PasswordExpiresAt.Format(passwordTimeLayout)
	}
	return o
}

// User is a user as GET /v3/users/{user_id} shows it, for who asks another way.
func (a *API) User(hr *http.Request, u identity.User) any {
	return object{"user": renderOneUser(&request{Request: hr, api: a}, u)}
}

// renderOneUser renders a user as it is shown by itself: with the subjects of identity providers that log in as it.
func renderOneUser(r *request, u identity.User) object {
	o := renderUser(r, u)
	if len(u.Federated) == 0 {
		return o
	}
	var idps []object
	at := map[identity.IdentityProviderID]object{}
	for _, f := range u.Federated {
		idp := at[f.IdentityProviderID]
		if idp == nil {
			idp = object{"idp_id": f.IdentityProviderID, "protocols": []object{}}
			at[f.IdentityProviderID] = idp
			idps = append(idps, idp)
		}
		idp["protocols"] = append(idp["protocols"].([]object), object{"protocol_id": f.ProtocolID, "unique_id": f.UniqueID})
	}
	o["federated"] = idps
	return o
}
