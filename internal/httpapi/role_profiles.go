package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// What people are told of roles, and how heavy these count.
var roleProfileRoutes = []route{
	{method: get, path: "/v3/lintel/roles/{role_id}/profile", serve: (*API).showRoleProfile, actions: []authz.Action{authz.GetRole, authz.GetDomainRole},
		summary: "Show what people are told of a role", answer: one("profile", "role_profile")},
	{method: put, path: "/v3/lintel/roles/{role_id}/profile", serve: (*API).setRoleProfile, actions: []authz.Action{authz.ManageGrantRules}, body: schema.RoleProfileSet,
		success: []int{http.StatusOK}, summary: "Say what people are told of a role, and how heavy it counts", answer: one("profile", "role_profile")},
	{method: del, path: "/v3/lintel/roles/{role_id}/profile", serve: (*API).deleteRoleProfile, actions: []authz.Action{authz.ManageGrantRules},
		summary: "Tell people nothing more of a role than its name"},
}

func (a *API) renderRoleProfile(w http.ResponseWriter, r *request) error {
	about, err := a.Assignment.AboutRole(r.Context(), r.Caller, id[identity.RoleID](r, "role_id"))
	if err != nil {
		return err
	}
	p := about.Profile
	texts := func(m map[string]string) object {
		o := object{}
		for lang, text := range m {
			o[lang] = text
		}
		return o
	}
	return writeJSON(w, http.StatusOK, object{"profile": object{
		"role": idName(about.ID, about.Name), "impact": orNull(p.Impact), "category": orNull(p.Category), "sort": p.Sort, "audience": orNull(p.Audience),
		"docs_url": orNull(p.DocsURL), "names": texts(p.Name), "summaries": texts(p.Summary), "warnings": texts(p.Warning),
		"links": r.self("/lintel/roles/" + string(about.ID) + "/profile"),
	}})
}

func (a *API) showRoleProfile(w http.ResponseWriter, r *request) error {
	return a.renderRoleProfile(w, r)
}

// textsOf are texts by language.
func textsOf(body *schema.Object, key string) map[string]string {
	all, texts := map[string]string{}, body.Object(key)
	for lang := range texts.All() {
		all[lang] = text[string](texts, lang)
	}
	return all
}

func (a *API) setRoleProfile(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("profile")
	err := a.Membership.SetRoleProfile(r.Context(), r.Caller, identity.RoleProfile{
		RoleID: id[identity.RoleID](r, "role_id"), Impact: text[identity.Impact](body, "impact"), Category: text[string](body, "category"),
		Sort: int(schema.Integer(body, "sort").Value), Audience: text[string](body, "audience"), DocsURL: text[string](body, "docs_url"),
		Name: textsOf(body, "names"), Summary: textsOf(body, "summaries"), Warning: textsOf(body, "warnings"),
	})
	if err != nil {
		return err
	}
	return a.renderRoleProfile(w, r)
}

func (a *API) deleteRoleProfile(w http.ResponseWriter, r *request) error {
	if err := a.Membership.SetRoleProfile(r.Context(), r.Caller, identity.RoleProfile{RoleID: id[identity.RoleID](r, "role_id")}); err != nil {
		return err
	}
	return noContent(w)
}
