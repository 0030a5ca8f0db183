package httpapi

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/policy"
)

// OpenAPI returns a description of the whole API in OpenAPI 3.1, made from the table of routes: paths and their
// arguments, parameters, bodies, statuses and answers, and the policy rules that guard each route, with their defaults
// (x-lintel-policy). It says nothing of the server's configuration, so it is the same everywhere.
func OpenAPI() ([]byte, error) { return json.Marshal(document(routes())) }

// one is an answer of one member. entity is its schema in schema/answers.json, if it has another name.
func one(member string, entity ...string) object {
	return members(object{member: entitySchema(append(entity, member)[0])})
}

// linked is an answer of one member and a link to itself.
func linked(member string, entity ...string) object {
	return members(object{member: entitySchema(append(entity, member)[0]), "links": entitySchema("links")})
}

// many is an answer of a list.
func many(member, entity string) object {
	return members(object{member: object{"type": "array", "items": entitySchema(entity)}})
}

// listOf is an answer of a whole list with links: see collection.
func listOf(member, entity string) object {
	return members(object{member: object{"type": "array", "items": entitySchema(entity)}, "links": entitySchema("page_links")})
}

// pageOf is an answer of a list that may have more pages. The route takes limit and marker.
func pageOf(member, entity string) object {
	o := listOf(member, entity)
	o["properties"].(object)["truncated"] = object{"const": true, "description": "There is more: see links."}
	return o
}

// paged tells whether the answer is one of pageOf.
func (rt *route) paged() bool {
	properties, _ := rt.answer["properties"].(object)
	return properties["truncated"] != nil
}

func entitySchema(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func members(m object) object {
	return object{"type": "object", "properties": m, "required": slices.Sorted(maps.Keys(m)), "additionalProperties": false}
}

// receiptOrError is how a login fails.
var receiptOrError = object{"anyOf": []object{entitySchema("error"), entitySchema("receipt")}}

// healthcheck is what package telemetry serves beside the table of routes.
var healthcheck = func() object {
	words := object{}
	for _, media := range []string{"text/plain", "text/html", "application/json"} {
		words[media] = object{"schema": object{}}
	}
	ask := func(method string, ok object) object {
		return object{
			"operationId": method + "_healthcheck", "summary": "Tell whether this server may be asked", "tags": []string{"discovery"}, "security": []object{},
			"responses": object{
				strconv.Itoa(ok["status"].(int)): object{"description": "It may", "content": ok["content"]},
				"503":                            object{"description": "It may not", "content": words},
			},
		}
	}
	return object{"get": ask("get", object{"status": 200, "content": words}), "head": ask("head", object{"status": 204, "content": object{}})}
}()

func document(table []route) object {
	paths := object{}
	for i := range table {
		rt := &table[i]
		item, ok := paths[rt.path].(object)
		if !ok {
			item = object{}
			paths[rt.path] = item
		}
		item[strings.ToLower(rt.method)] = rt.operation()
	}
	for _, item := range paths {
		item := item.(object)
		if g, ok := item["get"].(object); ok && item["head"] == nil {
			item["head"] = headOf(g)
		}
	}
	paths["/healthcheck"] = healthcheck
	responses := failures(entitySchema("error"))
	responses["401"].(object)["headers"] = headers("WWW-Authenticate")
	var tags []object
	for _, a := range areas() {
		tags = append(tags, object{"name": a.name})
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "OpenStack Identity", "version": "3.14",
			"summary": "Keystone's API v3, as Lintel serves it.",
			"description": "Filters of lists may be inexact: `name__contains`, `name__startswith`, `name__endswith`, and with an i before the word " +
				"to ignore case. Members of entities that have no meaning here are kept as they are sent.",
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers": []object{{"url": "..", "description": "where this document is"}},
		"tags":    tags,
		"paths":   paths,
		"components": object{
			"schemas": schema.Answers(),
			"securitySchemes": object{"token": object{"type": "apiKey", "in": "header", "name": "X-Auth-Token",
				"description": "A token from POST /v3/auth/tokens."}},
			"responses": responses,
		},
	}
}

// failed are the statuses of refusals that routes have in common. Others, such as 429 and 503, fall under the default.
var failed = []int{400, 401, 403, 404, 409, 413}

// failures are answers of refusals, by status.
func failures(shape object) object {
	out := object{}
	for _, status := range failed {
		out[strconv.Itoa(status)] = refusal(status, shape)
	}
	out["default"] = refusal(0, shape)
	return out
}

func refusal(status int, shape object) object {
	return object{
		"description": cmp.Or(http.StatusText(status), "Any other failure"),
		"content":     object{"application/json": object{"schema": shape}},
	}
}

func headers(names ...string) object {
	out := object{}
	for _, name := range names {
		out[name] = object{"required": true, "schema": object{"type": "string"}}
	}
	return out
}

// successes are the statuses of success.
func (rt *route) successes() []int {
	switch {
	case rt.success != nil:
		return rt.success
	case rt.answer == nil:
		return []int{http.StatusNoContent}
	case rt.method == post, rt.method == put:
		return []int{http.StatusCreated}
	}
	return []int{http.StatusOK}
}

func (rt *route) operation() object {
	op := object{
		"operationId": operationID(rt.method, rt.path), "summary": rt.summary, "tags": []string{rt.area},
		"responses": rt.responses(), "security": []object{{"token": []string{}}},
	}
	if rt.open != "" {
		op["security"] = []object{}
		op["description"] = "Without a token: " + rt.open + "."
	}
	if p := rt.parameters(); p != nil {
		op["parameters"] = p
	}
	if s := cmp.Or(rt.sends, rt.body); s != nil && rt.method != get {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": s.JSON()}}}
	}
	if rt.status == "deprecated" {
		op["deprecated"] = true
	}
	if len(rt.actions) > 0 {
		op["x-lintel-policy"] = policies(rt.actions)
	}
	return op
}

func operationID(method, path string) string {
	return strings.ToLower(method) + "_" + strings.Trim(strings.NewReplacer("/", "_", "{", "", "}", "").Replace(path), "_")
}

func (rt *route) parameters() (all []object) {
	for _, name := range rt.args {
		all = append(all, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	queries := map[string]any{}
	for _, name := range slices.Concat(rt.filters, rt.flags) {
		queries[name] = object{"type": "string"}
	}
	if rt.paged() {
		queries["marker"] = object{"type": "string", "description": "The id of the last entity of the page before."}
		queries["limit"] = object{"type": "integer", "minimum": 0}
	}
	if rt.query != nil {
		properties, _ := rt.query.JSON()["properties"].(object)
		maps.Copy(queries, properties)
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		p := object{"name": name, "in": "query", "schema": queries[name]}
		if slices.Contains(rt.flags, name) {
			p["allowEmptyValue"] = true
		}
		all = append(all, p)
	}
	for _, name := range rt.reads {
		all = append(all, object{"name": name, "in": "header", "schema": object{"type": "string"}})
	}
	return all
}

func (rt *route) responses() object {
	out := object{}
	for _, status := range failed {
		login := rt.failure != nil // which asks for no token, refuses all the same, and writes
		open := rt.open != "" && rt.method != post && !login
		change := rt.method != get && rt.method != head || login
		switch {
		case status == http.StatusUnauthorized && open, status == http.StatusNotFound && open:
		case status == http.StatusConflict && !change, status == http.StatusRequestEntityTooLarge && !change:
		default:
			out[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + strconv.Itoa(status)}
		}
	}
	out["default"] = object{"$ref": "#/components/responses/default"}
	if rt.failure != nil {
		for status, a := range failures(rt.failure) {
			if out[status] != nil {
				out[status] = a
			}
		}
	}
	for _, status := range rt.successes() {
		if status >= 400 {
			shape := rt.failure
			if shape == nil {
				shape = entitySchema("error")
			}
			out[strconv.Itoa(status)] = refusal(status, shape)
			continue
		}
		a := object{"description": http.StatusText(status)}
		if rt.answer != nil && status != http.StatusNotModified && status != http.StatusNoContent {
			content := object{cmp.Or(rt.media, "application/json"): object{"schema": rt.answer}}
			if rt.home {
				content["application/json-home"] = object{"schema": object{"type": "object"}}
			}
			a["content"] = content
		}
		if len(rt.bears) > 0 {
			a["headers"] = headers(rt.bears...)
		}
		out[strconv.Itoa(status)] = a
	}
	return out
}

// headOf is the HEAD that goes with a GET.
func headOf(op object) object {
	h := maps.Clone(op)
	h["operationId"] = "head_" + strings.TrimPrefix(op["operationId"].(string), "get_")
	return h
}

// policies are the rules that guard a route, with what they are by default.
func policies(actions []authz.Action) (out []object) {
	for _, action := range actions {
		i := slices.IndexFunc(authz.Rules(), func(d policy.Default) bool { return d.Name == string(action) })
		d := authz.Rules()[i]
		out = append(out, object{"rule": d.Name, "default": d.Check, "scope_types": append([]string{}, d.ScopeTypes...)})
	}
	return out
}

// showOpenAPI serves the document. It changes only with the program, so clients may keep it.
func (a *API) showOpenAPI(w http.ResponseWriter, r *request) error {
	doc, err := a.openAPI()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(doc)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(doc))
	return nil
}
