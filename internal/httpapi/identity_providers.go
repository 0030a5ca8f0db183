package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

const (
	providerPath = "/v3/OS-FEDERATION/identity_providers/{idp_id}"
	protocolPath = providerPath + "/protocols/{protocol_id}"
)

var identityProviderRoutes = []route{
	{method: get, path: "/v3/OS-FEDERATION/identity_providers", serve: (*API).listIdentityProviders,
		actions: []authz.Action{authz.ListIdentityProviders}, query: schema.IdentityProviderList, filters: []string{"id", "enabled"},
		rel: "OS-FEDERATION/1.0/identity_providers", summary: "List identity providers", answer: pageOf("identity_providers", "identity_provider")},
	{method: get, path: providerPath, serve: (*API).showIdentityProvider, actions: []authz.Action{authz.GetIdentityProvider},
		query: schema.IdentityProviderShow, rel: "OS-FEDERATION/1.0/identity_provider", summary: "Show an identity provider",
		answer: one("identity_provider")},
	{method: put, path: providerPath, serve: (*API).createIdentityProvider, actions: []authz.Action{authz.CreateIdentityProvider},
		body: schema.IdentityProviderCreate, summary: "Create an identity provider", answer: one("identity_provider")},
	{method: patch, path: providerPath, serve: (*API).updateIdentityProvider, actions: []authz.Action{authz.UpdateIdentityProvider},
		body: schema.IdentityProviderUpdate, summary: "Change an identity provider", answer: one("identity_provider")},
	{method: del, path: providerPath, serve: (*API).deleteIdentityProvider, actions: []authz.Action{authz.DeleteIdentityProvider},
		summary: "Delete an identity provider, and the users that nobody else knows"},

	{method: get, path: providerPath + "/protocols", serve: (*API).listProtocols, actions: []authz.Action{authz.ListProtocols},
		rel: "OS-FEDERATION/1.0/identity_provider_protocols", summary: "List the protocols of an identity provider",
		answer: listOf("protocols", "listed_protocol")},
	{method: get, path: protocolPath, serve: (*API).showProtocol, actions: []authz.Action{authz.GetProtocol},
		rel: "OS-FEDERATION/1.0/identity_provider_protocol", summary: "Show a protocol of an identity provider", answer: one("protocol")},
	{method: put, path: protocolPath, serve: (*API).createProtocol, actions: []authz.Action{authz.CreateProtocol}, body: schema.ProtocolCreate,
		summary: "Give an identity provider a protocol", answer: one("protocol")},
	{method: patch, path: protocolPath, serve: (*API).updateProtocol, actions: []authz.Action{authz.UpdateProtocol}, body: schema.ProtocolUpdate,
		summary: "Change a protocol of an identity provider", answer: one("protocol")},
	{method: del, path: protocolPath, serve: (*API).deleteProtocol, actions: []authz.Action{authz.DeleteProtocol},
		summary: "Take a protocol from an identity provider, and the users that nobody else knows"},
}

func renderIdentityProvider(r *request, p identity.IdentityProvider) object {
	return object{
		"id": string(p.ID), "domain_id": string(p.DomainID), "enabled": p.Enabled, "description": p.Description,
		"remote_ids": append([]string{}, p.RemoteIDs...), "authorization_ttl": p.AuthorizationTTL,
		"links": r.self("/OS-FEDERATION/identity_providers/" + string(p.ID)),
	}
}

func (a *API) listIdentityProviders(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	page, err := a.Federation.IdentityProviders(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "identity_providers", page, q, func(r *request, p identity.IdentityProvider) object {
		o := renderIdentityProvider(r, p)
		links := o["links"].(object)
		links["protocols"] = links["self"].(string) + "/protocols" // which one that is shown by itself lacks
		return o
	})
}

func (a *API) showIdentityProvider(w http.ResponseWriter, r *request) error {
	p, err := a.Federation.IdentityProvider(r.Context(), r.Caller, id[identity.IdentityProviderID](r, "idp_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"identity_provider": renderIdentityProvider(r, p)})
}

func identityProviderUpdate(in *schema.Object) identity.IdentityProviderUpdate {
	return identity.IdentityProviderUpdate{
		Enabled: schema.Flag(in, "enabled"), Description: schema.Field[string](in, "description"),
		RemoteIDs: schema.List[string](in, "remote_ids"), AuthorizationTTL: schema.Integer(in, "authorization_ttl"),
	}
}

func (a *API) createIdentityProvider(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("identity_provider").Normalized()
	p, err := a.Federation.CreateIdentityProvider(r.Context(), r.Caller, id[identity.IdentityProviderID](r, "idp_id"),
		text[identity.DomainID](body, "domain_id"), identityProviderUpdate(body))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"identity_provider": renderIdentityProvider(r, p)})
}

func (a *API) updateIdentityProvider(w http.ResponseWriter, r *request) error {
	p, err := a.Federation.UpdateIdentityProvider(r.Context(), r.Caller, id[identity.IdentityProviderID](r, "idp_id"),
		identityProviderUpdate(r.Body.Object("identity_provider").Normalized()))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"identity_provider": renderIdentityProvider(r, p)})
}

func (a *API) deleteIdentityProvider(w http.ResponseWriter, r *request) error {
	if err := a.Federation.DeleteIdentityProvider(r.Context(), r.Caller, id[identity.IdentityProviderID](r, "idp_id")); err != nil {
		return err
	}
	return noContent(w)
}

// renderProtocol renders a protocol as lists show it. Its links lead nowhere, as upstream's
// (_IdentityProvidersProtocolsResourceBase in keystone/api/os_federation.py).
func renderProtocol(r *request, p identity.Protocol) object {
	links := r.self("/protocols/" + string(p.ID))
	links["identity_provider"] = r.base() + "/" + string(p.ProviderID)
	return object{
		"id": string(p.ID), "idp_id": string(p.ProviderID), "mapping_id": string(p.MappingID),
		"remote_id_attribute": p.RemoteIDAttribute, "links": links,
	}
}

func writeProtocol(w http.ResponseWriter, r *request, status int, p identity.Protocol) error {
	o := renderProtocol(r, p)
	delete(o, "idp_id")
	delete(o, "remote_id_attribute")
	return writeJSON(w, status, object{"protocol": o})
}

// protocol is what the path names.
func (r *request) protocol() (identity.IdentityProviderID, identity.ProtocolID) {
	return id[identity.IdentityProviderID](r, "idp_id"), id[identity.ProtocolID](r, "protocol_id")
}

func (a *API) listProtocols(w http.ResponseWriter, r *request) error {
	protocols, err := a.Federation.Protocols(r.Context(), r.Caller, id[identity.IdentityProviderID](r, "idp_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "protocols", all(protocols), identity.Query{}, renderProtocol)
}

func (a *API) showProtocol(w http.ResponseWriter, r *request) error {
	provider, id := r.protocol()
	p, err := a.Federation.Protocol(r.Context(), r.Caller, provider, id)
	if err != nil {
		return err
	}
	return writeProtocol(w, r, http.StatusOK, p)
}

func (a *API) createProtocol(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("protocol").Normalized()
	p := identity.Protocol{
		MappingID:         text[identity.MappingID](body, "mapping_id"),
		RemoteIDAttribute: schema.Field[string](body, "remote_id_attribute").OrPtr(nil),
	}
	p.ProviderID, p.ID = r.protocol()
	p, err := a.Federation.CreateProtocol(r.Context(), r.Caller, p)
	if err != nil {
		return err
	}
	return writeProtocol(w, r, http.StatusCreated, p)
}

func (a *API) updateProtocol(w http.ResponseWriter, r *request) error {
	provider, id := r.protocol()
	body := r.Body.Object("protocol")
	p, err := a.Federation.UpdateProtocol(r.Context(), r.Caller, provider, id, identity.ProtocolUpdate{
		MappingID: text[identity.MappingID](body, "mapping_id"), RemoteIDAttribute: schema.Field[string](body, "remote_id_attribute"),
	})
	if err != nil {
		return err
	}
	return writeProtocol(w, r, http.StatusOK, p)
}

func (a *API) deleteProtocol(w http.ResponseWriter, r *request) error {
	provider, id := r.protocol()
	if err := a.Federation.DeleteProtocol(r.Context(), r.Caller, provider, id); err != nil {
		return err
	}
	return noContent(w)
}
