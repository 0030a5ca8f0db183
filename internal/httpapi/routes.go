package httpapi

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
)

// route is one row of the table of routes: a method on a path and all that is known about it.
type route struct {
	method, path string
	serve        func(*API, http.ResponseWriter, *request) error

	// mux is a wider pattern to register the path under, where ServeMux sees a conflict between the path and another: of
	// two that both take some URL, one must take all that the other takes.
	mux string

	// actions are the policy rules that the room asks. A route without any must say in open why nobody is asked.
	actions []authz.Action
	open    string

	body    *schema.Schema // of the request's body; nil takes any
	query   *schema.Schema // of the URL's query; nil takes any
	filters []string       // parameters that narrow a list

	// form says that the body is a form and failures are answered as OAuth 2.0 has them.
	form bool

	// rel names the resource in JSON-home: a name of the core API, or one of an extension after its path,
	// "OS-FEDERATION/1.0/projects". Rows of one resource name it once. oldRel is a name that it had before. status is
	// deprecated or experimental.
	rel, oldRel, status string

	// The rest is for the OpenAPI document alone. summary says what the route does. answer is the JSON schema of what a
	// success bears, made by one, many, linked, listOf or pageOf; nil is no body. media is its type, if that is not JSON.
	// success is the status if it is not the usual one: 204 without a body, 201 for POST and PUT, else 200.
	summary string
	answer  object
	media   string
	success []int

	sends   *schema.Schema // a body that the handler checks by itself, instead of body
	flags   []string       // parameters of the query besides those of query and filters
	reads   []string       // headers of the request
	bears   []string       // headers of a success
	home    bool           // a success may be JSON-home too
	failure object         // of what a refusal bears, if that is not an error as everywhere

	// Worked out by routes:
	args []string // names of the path's arguments
	area string
}

// relation is the resource's path below the root of all relations.
func relation(rel string) string {
	i := strings.LastIndexByte(rel, '/')
	if i < 0 {
		return "rel/" + rel
	}
	return "ext/" + rel[:i] + "/rel/" + rel[i+1:]
}

// paramRelation is the same for an argument of the path. Those of the core API keep their names in extensions too.
func (rt *route) paramRelation(name string) string {
	switch name {
	case "credential_id", "domain_id", "endpoint_id", "group_id", "policy_id", "project_id", "region_id", "role_id", "service_id", "user_id":
		return "param/" + name
	case "group", "option": // of a domain's configuration
		return "param/config_" + name
	case "value": // of a project's tags
		return "param/tag_value"
	case "prior_role_id", "implied_role_id":
		return "param/role_id"
	}
	if i := strings.LastIndexByte(rt.rel, '/'); i >= 0 {
		return "ext/" + rt.rel[:i] + "/param/" + name
	}
	return "param/" + name
}

// takes tells whether a URL is the route's path, with something in the place of each argument.
func (rt *route) takes(url string) bool {
	want, have := strings.Split(rt.path, "/"), strings.Split(url, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") && h != "" })
}

const get, head, post, put, patch, del = http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

var argument = regexp.MustCompile(`\{(\w+)\}`)

// areas are the tables that stand above their handlers, under the names by which the OpenAPI document groups them.
func areas() []area {
	return []area{
		{"discovery", discoveryRoutes},
		{"authentication", authRoutes},
		{"catalog", catalogRoutes},
		{"policies", policyRoutes},
		{"endpoint filters", endpointFilterRoutes},
		{"limits", limitRoutes},
		{"domains", domainRoutes},
		{"configuration of domains", domainConfigRoutes},
		{"rules of domains", domainRuleRoutes},
		{"projects", projectRoutes},
		{"rules of projects", projectRuleRoutes},
		{"roles", roleRoutes},
		{"grants", grantRoutes},
		{"role assignments", roleAssignmentRoutes},
		{"scopes", scopeRoutes},
		{"users", userRoutes},
		{"groups", groupRoutes},
		{"kinds of accounts", accountRoutes},
		{"credentials", credentialRoutes},
		{"signed requests", ec2TokenRoutes},
		{"revocation", revocationRoutes},
		{"application credentials", applicationCredentialRoutes},
		{"trusts", trustRoutes},
		{"EC2 keys", ec2Routes},
		{"OAuth 1.0a", oauth1Routes},
		{"OAuth 2.0", oauth2Routes},
		{"service providers", serviceProviderRoutes},
		{"identity providers", identityProviderRoutes},
		{"mappings", mappingRoutes},
		{"federated logins", federatedLoginRoutes},
		{"assertions", samlRoutes},
		{"events", eventRoutes},
		{"tasks", taskRoutes},
		{"credentials of projects", inventoryRoutes},
		{"contacts", contactRoutes},
		{"portal users", portalUserRoutes},
		{"grant rules", grantRuleRoutes},
		{"role profiles", roleProfileRoutes},
		{"profiles", profileRoutes},
		{"notices", noticeRoutes},
	}
}

type area struct {
	name   string
	routes []route
}

// routes returns the whole API. HEAD goes with GET unless it has a row of its own.
func routes() (table []route) {
	for _, a := range areas() {
		for _, rt := range a.routes {
			for _, m := range argument.FindAllStringSubmatch(rt.path, -1) {
				rt.args = append(rt.args, m[1])
			}
			rt.area = a.name
			table = append(table, rt)
		}
	}
	return table
}
