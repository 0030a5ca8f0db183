package httpapi

import (
	"net/http"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// What people say of themselves, and how they like the portal: always those of the caller.
var profileRoutes = []route{
	{method: get, path: "/v3/lintel/profile", serve: (*API).showProfile, actions: []authz.Action{authz.GetUser},
		summary: "Show what the caller chose for themselves", answer: one("profile", "own_profile")},
	{method: patch, path: "/v3/lintel/profile", serve: (*API).updateProfile, actions: []authz.Action{authz.GetUser}, body: schema.ProfileUpdate,
		summary: "Change what the caller chose for themselves", answer: one("profile", "own_profile")},
	{method: post, path: "/v3/lintel/profile/address", serve: (*API).askAddress, actions: []authz.Action{authz.GetUser}, body: schema.AddressAsk,
		success: []int{http.StatusNoContent}, summary: "Ask for another address of the caller’s, which counts once the link that is mailed to it is used"},
}

func (a *API) showProfile(w http.ResponseWriter, r *request) error {
	p, err := a.Membership.Profile(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	searches := make([]object, len(p.Searches))
	for i, one := range p.Searches {
		searches[i] = object{"name": one.Name, "address": one.Address}
	}
	return writeJSON(w, http.StatusOK, object{"profile": object{
		"display_name": p.DisplayName, "description": p.Description, "default_project_id": orNull(p.Default), "language": orNull(p.Language), "zone": orNull(p.Zone), "theme": orNull(p.Theme),
		"muted": append([]string{}, p.Muted...), "searches": searches, "links": r.self("/lintel/profile"),
	}})
}

func (a *API) updateProfile(w http.ResponseWriter, r *request) error {
	p, err := a.Membership.Profile(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	body := r.Body.Object("profile")
	for key, into := range map[string]*string{"display_name": &p.DisplayName, "description": &p.Description, "default_project_id": (*string)(&p.Default), "language": &p.Language, "zone": &p.Zone, "theme": &p.Theme} {
		if body.Has(key) {
			*into = text[string](body, key)
		}
	}
	if body.Has("muted") {
		p.Muted = strings.Fields(strings.Join(schema.List[string](body, "muted").Value, " "))
	}
	if body.Has("searches") {
		p.Searches = nil
		for _, one := range schema.List[*schema.Object](body, "searches").Value {
			p.Searches = append(p.Searches, identity.Search{Name: text[string](one, "name"), Address: text[string](one, "address")})
		}
	}
	if err := a.Membership.SaveProfile(r.Context(), r.Caller, p); err != nil {
		return err
	}
	return a.showProfile(w, r)
}

func (a *API) askAddress(w http.ResponseWriter, r *request) error {
	if err := a.Membership.AskAddress(r.Context(), r.Caller, text[string](r.Body.Object("address"), "email")); err != nil {
		return err
	}
	return noContent(w)
}
