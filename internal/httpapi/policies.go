package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var policyRoutes = []route{
	{method: get, path: "/v3/policies", serve: (*API).listPolicies, actions: []authz.Action{authz.ListPolicies},
		filters: []string{"type"}, rel: "policies",
		summary: "List policies", answer: pageOf("policies", "policy")},
	{method: post, path: "/v3/policies", serve: (*API).createPolicy, actions: []authz.Action{authz.CreatePolicy},
		summary: "Create a policy", answer: one("policy"), sends: schema.Member("policy", schema.PolicyCreate)},
	{method: patch, path: "/v3/policies", serve: noArgument("PolicyResource.patch()", "policy_id"), open: accidental,
		summary: "Answer as upstream does to a change without an id", success: []int{400}},
	{method: del, path: "/v3/policies", serve: noArgument("PolicyResource.delete()", "policy_id"), open: accidental,
		summary: "Answer as upstream does to a deletion without an id", success: []int{400}},
	{method: get, path: "/v3/policies/{policy_id}", serve: (*API).showPolicy, actions: []authz.Action{authz.GetPolicy}, rel: "policy",
		summary: "Show a policy", answer: one("policy")},
	{method: post, path: "/v3/policies/{policy_id}", serve: strangeArgument("PolicyResource.post()", "policy_id"), open: accidental,
		summary: "Answer as upstream does to a creation with an id", success: []int{400}},
	{method: patch, path: "/v3/policies/{policy_id}", serve: (*API).updatePolicy, actions: []authz.Action{authz.UpdatePolicy},
		summary: "Change a policy", answer: one("policy"), sends: schema.Member("policy", schema.PolicyUpdate)},
	{method: del, path: "/v3/policies/{policy_id}", serve: (*API).deletePolicy, actions: []authz.Action{authz.DeletePolicy},
		summary: "Delete a policy"},

	{method: get, path: "/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy", serve: (*API).showEndpointPolicy,
		actions: []authz.Action{authz.GetPolicyForEndpoint}, rel: "OS-ENDPOINT-POLICY/1.0/endpoint_policy",
		summary: "Show the policy of an endpoint", answer: one("policy")},
	{method: get, path: "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints", serve: (*API).listPolicyEndpoints,
		actions: []authz.Action{authz.ListEndpointsForPolicy}, rel: "OS-ENDPOINT-POLICY/1.0/policy_endpoints",
		summary: "List the endpoints that have a policy", answer: listOf("endpoints", "endpoint")},

	{method: get, path: policyOfEndpoint, serve: (*API).checkPolicyAssociation,
		actions: []authz.Action{authz.CheckPolicyAssociationForEndpoint}, rel: "OS-ENDPOINT-POLICY/1.0/endpoint_policy_association",
		summary: "Check that an endpoint has a policy", success: []int{204}},
	{method: put, path: policyOfEndpoint, serve: (*API).putPolicyAssociation,
		actions: []authz.Action{authz.CreatePolicyAssociationForEndpoint},
		summary: "Give an endpoint a policy"},
	{method: del, path: policyOfEndpoint, serve: (*API).deletePolicyAssociation,
		actions: []authz.Action{authz.DeletePolicyAssociationForEndpoint},
		summary: "Take an endpoint's policy away"},

	{method: get, path: policyOfService, serve: (*API).checkPolicyAssociation,
		actions: []authz.Action{authz.CheckPolicyAssociationForService}, rel: "OS-ENDPOINT-POLICY/1.0/service_policy_association",
		summary: "Check that a service has a policy", success: []int{204}},
	{method: put, path: policyOfService, serve: (*API).putPolicyAssociation,
		actions: []authz.Action{authz.CreatePolicyAssociationForService},
		summary: "Give a service a policy"},
	{method: del, path: policyOfService, serve: (*API).deletePolicyAssociation,
		actions: []authz.Action{authz.DeletePolicyAssociationForService},
		summary: "Take a service's policy away"},

	{method: get, path: policyOfRegion, serve: (*API).checkPolicyAssociation,
		actions: []authz.Action{authz.CheckPolicyAssociationForRegionAndService},
		rel:     "OS-ENDPOINT-POLICY/1.0/region_and_service_policy_association",
		summary: "Check that a service in a region has a policy", success: []int{204}},
	{method: put, path: policyOfRegion, serve: (*API).putPolicyAssociation,
		actions: []authz.Action{authz.CreatePolicyAssociationForRegionAndService},
		summary: "Give a service in a region a policy"},
	{method: del, path: policyOfRegion, serve: (*API).deletePolicyAssociation,
		actions: []authz.Action{authz.DeletePolicyAssociationForRegionAndService},
		summary: "Take the policy of a service in a region away"},
}

const (
	policyOfEndpoint = "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints/{endpoint_id}"
	policyOfService  = "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/services/{service_id}"
	policyOfRegion   = policyOfService + "/regions/{region_id}"
)

// accidental is why nobody is asked on the routes that upstream's router knows and its handlers do not: Python finds
// their arguments wrong before anything else happens.
const accidental = "answers 400 whatever is sent"

// noArgument answers as upstream does for a method that lacks an argument of the path.
func noArgument(method, argument string) func(*API, http.ResponseWriter, *request) error {
	return func(*API, http.ResponseWriter, *request) error {
		return identity.Invalidf("%s missing 1 required positional argument: '%s'", method, argument)
	}
}

// strangeArgument answers as upstream does for a method that does not know an argument of the path.
func strangeArgument(method, argument string) func(*API, http.ResponseWriter, *request) error {
	return func(*API, http.ResponseWriter, *request) error {
		return identity.Invalidf("%s got an unexpected keyword argument '%s'", method, argument)
	}
}

func renderPolicy(r *request, p identity.Policy) object {
	return renderInto(p.Extra, object{
		"id": string(p.ID), "type": p.Type, "blob": p.Blob, "links": r.self("/policies/" + string(p.ID)),
	})
}

func (a *API) listPolicies(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, a.Lists.Policy)
	if err != nil {
		return err
	}
	page, err := a.Catalog.Policies(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "policies", page, q, renderPolicy)
}

func (a *API) showPolicy(w http.ResponseWriter, r *request) error {
	p, err := a.Catalog.Policy(r.Context(), r.Caller, id[identity.PolicyID](r, "policy_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"policy": renderPolicy(r, p)})
}

// member returns a member of the body to be checked by an inline schema: an empty object when it is not there.
func (r *request) member(name string) any {
	if v, sent := r.Body.Get(name); sent {
		return v
	}
	return new(schema.Object)
}

func (a *API) createPolicy(w http.ResponseWriter, r *request) error {
	p, err := a.Catalog.CreatePolicy(r.Context(), r.Caller, func() (identity.Policy, error) {
		body := r.Body.Object("policy").Normalized()
		return identity.Policy{
			Type: text[string](body, "type"), Blob: text[string](body, "blob"), Extra: body.Map("id", "type", "blob"),
		}, schema.PolicyCreate.Validate(r.member("policy"))
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"policy": renderPolicy(r, p)})
}

func (a *API) updatePolicy(w http.ResponseWriter, r *request) error {
	p, err := a.Catalog.UpdatePolicy(r.Context(), r.Caller, id[identity.PolicyID](r, "policy_id"), func() (catalog.PolicyUpdate, error) {
		body := r.Body.Object("policy")
		return catalog.PolicyUpdate{
			ID:   anyID[identity.PolicyID](body, "id"),
			Type: schema.Field[string](body, "type"), Blob: schema.Field[string](body, "blob"),
			Extra: body.Map("id", "type", "blob", "links"),
		}, schema.PolicyUpdate.Validate(r.member("policy"))
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"policy": renderPolicy(r, p)})
}

func (a *API) deletePolicy(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeletePolicy(r.Context(), r.Caller, id[identity.PolicyID](r, "policy_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) showEndpointPolicy(w http.ResponseWriter, r *request) error {
	p, err := a.Catalog.EndpointPolicy(r.Context(), r.Caller, id[identity.EndpointID](r, "endpoint_id"))
	if err != nil {
		return err
	}
	o := renderPolicy(r, p)
	o["links"] = r.self("/endpoints/" + string(p.ID)) // not /policies, as upstream's
	return writeJSON(w, http.StatusOK, object{"policy": o})
}

func (a *API) listPolicyEndpoints(w http.ResponseWriter, r *request) error {
	endpoints, err := a.Catalog.PolicyEndpoints(r.Context(), r.Caller, id[identity.PolicyID](r, "policy_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "endpoints", all(endpoints), identity.Query{},
		func(r *request, e identity.Endpoint) object {
			o := renderEndpoint(r, e)
			delete(o, "region") // the old name is only in the catalog's own answers
			return o
		})
}

// association is what the path names.
func (r *request) association() identity.PolicyAssociation {
	return identity.PolicyAssociation{
		PolicyID: id[identity.PolicyID](r, "policy_id"), EndpointID: id[identity.EndpointID](r, "endpoint_id"),
		ServiceID: id[identity.ServiceID](r, "service_id"), RegionID: id[identity.RegionID](r, "region_id"),
	}
}

func (a *API) checkPolicyAssociation(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.CheckPolicyAssociation(r.Context(), r.Caller, r.association()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) putPolicyAssociation(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.PutPolicyAssociation(r.Context(), r.Caller, r.association()); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) deletePolicyAssociation(w http.ResponseWriter, r *request) error {
	if err := a.Catalog.DeletePolicyAssociation(r.Context(), r.Caller, r.association()); err != nil {
		return err
	}
	return noContent(w)
}
