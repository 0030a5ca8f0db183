package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

const mappingPath = "/v3/OS-FEDERATION/mappings/{mapping_id}"

var mappingRoutes = []route{
	{method: get, path: "/v3/OS-FEDERATION/mappings", serve: (*API).listMappings, actions: []authz.Action{authz.ListMappings},
		rel: "OS-FEDERATION/1.0/mappings", summary: "List mappings", answer: listOf("mappings", "mapping")},
	{method: put, path: "/v3/OS-FEDERATION/mappings", serve: noArgument("MappingResource.put()", "mapping_id"), open: accidental,
		summary: "Answer as upstream does to a creation of a mapping without an id", success: []int{400}},
	{method: patch, path: "/v3/OS-FEDERATION/mappings", serve: noArgument("MappingResource.patch()", "mapping_id"), open: accidental,
		summary: "Answer as upstream does to a change of a mapping without an id", success: []int{400}},
	{method: del, path: "/v3/OS-FEDERATION/mappings", serve: noArgument("MappingResource.delete()", "mapping_id"), open: accidental,
		summary: "Answer as upstream does to a deletion of a mapping without an id", success: []int{400}},
	{method: get, path: mappingPath, serve: (*API).showMapping, actions: []authz.Action{authz.GetMapping}, rel: "OS-FEDERATION/1.0/mapping",
		summary: "Show a mapping", answer: one("mapping")},
	{method: put, path: mappingPath, serve: (*API).createMapping, actions: []authz.Action{authz.CreateMapping},
		summary: "Create a mapping", answer: one("mapping")},
	{method: patch, path: mappingPath, serve: (*API).updateMapping, actions: []authz.Action{authz.UpdateMapping},
		summary: "Replace the rules of a mapping", answer: one("mapping")},
	{method: del, path: mappingPath, serve: (*API).deleteMapping, actions: []authz.Action{authz.DeleteMapping}, summary: "Delete a mapping"},
}

func renderMapping(r *request, m identity.Mapping) object {
	return object{
		"id": string(m.ID), "schema_version": m.SchemaVersion, "rules": m.Rules,
		"links": r.self("/OS-FEDERATION/mappings/" + string(m.ID)),
	}
}

func (a *API) listMappings(w http.ResponseWriter, r *request) error {
	mappings, err := a.Federation.Mappings(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeList(w, r, "mappings", all(mappings), identity.Query{}, renderMapping)
}

func (a *API) showMapping(w http.ResponseWriter, r *request) error {
	m, err := a.Federation.Mapping(r.Context(), r.Caller, id[identity.MappingID](r, "mapping_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"mapping": renderMapping(r, m)})
}

// sentMapping reads the mapping that is sent, in the version of the language that it names or else in the configured one.
func (a *API) sentMapping(r *request) (identity.Mapping, error) {
	in := r.Body.Object("mapping").Normalized()
	version, err := schema.MappingVersion(in, a.MappingVersion)
	if err != nil {
		return identity.Mapping{}, err
	}
	in.Set("schema_version", version)
	if err := schema.ValidateMapping(in, version); err != nil {
		return identity.Mapping{}, err
	}
	list, _ := in.Get("rules")
	rules, err := json.Marshal(list)
	return identity.Mapping{ID: id[identity.MappingID](r, "mapping_id"), SchemaVersion: version, Rules: rules}, err
}

func (a *API) createMapping(w http.ResponseWriter, r *request) error {
	m, err := a.Federation.CreateMapping(r.Context(), r.Caller, func() (identity.Mapping, error) { return a.sentMapping(r) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"mapping": renderMapping(r, m)})
}

func (a *API) updateMapping(w http.ResponseWriter, r *request) error {
	m, err := a.Federation.UpdateMapping(r.Context(), r.Caller, func() (identity.Mapping, error) { return a.sentMapping(r) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"mapping": renderMapping(r, m)})
}

func (a *API) deleteMapping(w http.ResponseWriter, r *request) error {
	if err := a.Federation.DeleteMapping(r.Context(), r.Caller, id[identity.MappingID](r, "mapping_id")); err != nil {
		return err
	}
	return noContent(w)
}
