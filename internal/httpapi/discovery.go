package httpapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

var discoveryRoutes = []route{
	{method: get, path: "/", mux: "/{$}", serve: (*API).versions, open: "clients find their way before they log in",
		summary: "List the versions of the API", answer: one("versions"), success: []int{300, 200}, home: true},
	{method: get, path: "/v3/openapi.json", serve: (*API).showOpenAPI, open: "it is the same for everybody",
		summary: "Show this document", answer: object{"type": "object"}, success: []int{200, 304}, bears: []string{"ETag"}},
	{method: get, path: "/v3", serve: (*API).version, open: "clients find their way before they log in",
		summary: "Describe the API", answer: one("version"), home: true},
}

// version answers GET /v3: what is served here, or where everything is (keystone/api/discovery.py).
func (a *API) version(w http.ResponseWriter, r *request) error {
	if wantsJSONHome(r.Request) {
		return a.writeJSONHome(w, "")
	}
	return writeJSON(w, http.StatusOK, object{"version": versionDocument(r.base() + "/")})
}

// versions answers GET /: 300 and a list of the one version there is.
func (a *API) versions(w http.ResponseWriter, r *request) error {
	if wantsJSONHome(r.Request) {
		return a.writeJSONHome(w, "/v3")
	}
	self := r.base() + "/"
	w.Header().Set("Location", self)
	return writeJSON(w, http.StatusMultipleChoices, object{"versions": object{"values": []object{versionDocument(self)}}})
}

func versionDocument(self string) object {
	return object{
		"id":          "v3.14",
		"status":      "stable",
		"updated":     "2020-04-07T00:00:00Z",
		"links":       []object{{"rel": "self", "href": self}},
		"media-types": []object{{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

// wantsJSONHome tells whether the client likes application/json-home better than plain JSON.
func wantsJSONHome(hr *http.Request) bool {
	quality := func(media string) (best float64) {
		for part := range strings.SplitSeq(hr.Header.Get("Accept"), ",") {
			name, params, err := mime.ParseMediaType(part)
			if err != nil || name != media && name != "*/*" && name != "application/*" {
				continue
			}
			q := 1.0
			if text, ok := params["q"]; ok {
				q, _ = strconv.ParseFloat(text, 64)
			}
			best = max(best, q)
		}
		return best
	}
	return quality("application/json-home") > quality("application/json")
}

const relations = "https://docs.openstack.org/api/openstack-identity/3/"

// writeJSONHome answers the map of all resources, each under the URI of its relation, below prefix
// (keystone/common/json_home.py).
func (a *API) writeJSONHome(w http.ResponseWriter, prefix string) error {
	resources := object{}
	for _, rt := range a.table {
		if rt.rel == "" {
			continue
		}
		path := prefix + strings.TrimPrefix(rt.path, "/v3")
		home := object{"href": path}
		if len(rt.args) > 0 {
			vars := object{}
			for _, name := range rt.args {
				vars[name] = relations + rt.paramRelation(name)
			}
			home = object{"href-template": path, "href-vars": vars}
		}
		if rt.status != "" {
			home["hints"] = object{"status": rt.status}
		}
		resources[relations+relation(rt.rel)] = home
		if rt.oldRel != "" {
			resources[relations+relation(rt.oldRel)] = home
		}
	}
	return writeBody(w, http.StatusOK, "application/json-home", object{"resources": resources})
}
