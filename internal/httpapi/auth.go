package httpapi

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

var authRoutes = []route{
	{method: post, path: "/v3/auth/tokens", serve: (*API).issueToken, open: "logging in is how one gets a token", rel: "auth_tokens",
		summary: "Log in: issue a token", sends: schema.Login, flags: []string{"nocatalog"}, reads: []string{"Openstack-Auth-Receipt"},
		answer: one("token"), bears: []string{"X-Subject-Token"}, failure: receiptOrError},
	{method: get, path: "/v3/auth/tokens", serve: (*API).validateToken, actions: []authz.Action{authz.ValidateToken},
		summary: "Validate a token and show it", flags: []string{"nocatalog", "allow_expired"}, reads: aboutToken,
		answer: one("token"), bears: []string{"X-Subject-Token"}},
	{method: head, path: "/v3/auth/tokens", serve: (*API).checkToken, actions: []authz.Action{authz.CheckToken},
		summary: "Validate a token", flags: []string{"allow_expired"}, reads: aboutToken, success: []int{200}, bears: []string{"X-Subject-Token"}},
	{method: del, path: "/v3/auth/tokens", serve: (*API).revokeToken, actions: []authz.Action{authz.RevokeToken},
		summary: "Revoke a token", flags: []string{"cascade"}, reads: []string{"X-Subject-Token"}},
}

// aboutToken are the headers of a question about a token.
var aboutToken = []string{"X-Subject-Token", "OpenStack-Identity-Access-Rules"}

func (a *API) issueToken(w http.ResponseWriter, r *request) error {
	body, _ := r.Body.Get("auth")
	if err := schema.ValidateAuth(body); err != nil {
		return identity.Invalidf("%s", err)
	}
	if body, ok := body.(*schema.Object); !ok || body.Len() == 0 {
		return identity.Expecting("auth", "request body")
	}
	req := a.login(r)
	req.Receipt = r.Header.Get("Openstack-Auth-Receipt")
	req.NoCatalog = r.Args.Has("nocatalog")
	r.subjectUser = claimed(req)
	issued, err := a.Auth.Issue(r.Context(), req)
	if e, ok := errors.AsType[*auth.ReceiptError](err); ok {
		return writeReceipt(w, e)
	}
	if err != nil {
		return err
	}
	return writeToken(w, http.StatusCreated, issued)
}

func (a *API) validateToken(w http.ResponseWriter, r *request) error {
	issued, err := a.Auth.Validate(r.Context(), r.Caller, r.subject())
	if err != nil {
		return err
	}
	return writeToken(w, http.StatusOK, issued)
}

func (a *API) checkToken(w http.ResponseWriter, r *request) error {
	s := r.subject()
	if err := a.Auth.Check(r.Context(), r.Caller, s); err != nil {
		return err
	}
	h := w.Header()
	h.Set("X-Subject-Token", s.Text)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	return nil
}

func (a *API) revokeToken(w http.ResponseWriter, r *request) error {
	cascade := boolText(text[string](r.Args, "cascade"), true)
	if err := a.Auth.Revoke(r.Context(), r.Caller, r.subject(), cascade); err != nil {
		return err
	}
	return noContent(w)
}

// subject is the token that a request is about. Only GET and HEAD may name an expired one.
func (r *request) subject() auth.Subject {
	return auth.Subject{
		Text:         r.Header.Get("X-Subject-Token"),
		Absent:       len(r.Header.Values("X-Subject-Token")) == 0,
		AllowExpired: r.Method != del && boolText(text[string](r.Args, "allow_expired"), false),
		AccessRules:  heedsAccessRules(r.Header.Get("Openstack-Identity-Access-Rules")),
		NoCatalog:    r.Args.Has("nocatalog"),
	}
}

// heedsAccessRules tells whether a service knows access rules: it names the version that it knows, of which there is one.
func heedsAccessRules(version string) bool {
	if version == "" {
		return false
	}
	v, err := strconv.ParseFloat(version, 64)
	return err == nil && v >= 1
}

// boolText reads a truth value as oslo.utils does (strutils.bool_from_string); what is neither is otherwise.
func boolText(text string, otherwise bool) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "t", "true", "on", "y", "yes":
		return true
	case "0", "f", "false", "off", "n", "no":
		return false
	}
	return otherwise
}

// login reads the checked body of a login, and what is beside it.
func (a *API) login(r *request) (req auth.Request) {
	body := r.Body.Object("auth")
	id := body.Object("identity")
	methods, _ := id.Get("methods")
	for _, m := range methods.([]any) {
		req.Methods = append(req.Methods, m.(string))
	}
	req.Evidence = map[string]auth.Method{}
	for name := range id.All() {
		req.Evidence[name] = a.evidence(r, name, id.Object(name))
	}
	if e := r.external(); e.User != "" {
		req.External = &e
	}
	req.Scope = scopeRequest(body)
	return req
}

// external is whom a web server in front has let in.
func (r *request) external() auth.External {
	env := telemetry.From(r.Context()).Environ
	return auth.External{User: env.Get("REMOTE_USER"), Domain: env.Get("REMOTE_DOMAIN"), Scheme: env.Get("AUTH_TYPE")}
}

// evidence reads what a login brings for a method; nil for a method that nobody here knows.
func (a *API) evidence(r *request, method string, in *schema.Object) auth.Method {
	switch method {
	case "password":
		return &auth.Password{User: userRef(in), Password: text[string](in.Object("user"), "password")}
	case "totp":
		return &auth.TOTP{User: userRef(in), Passcode: text[string](in.Object("user"), "passcode")}
	case "token":
		return auth.Token(text[string](in, "id"))
	case "application_credential":
		return &auth.ApplicationCredential{
			ID: text[identity.ApplicationCredentialID](in, "id"), Name: text[string](in, "name"), User: userRef(in), Secret: text[string](in, "secret"),
		}
	case "oauth1":
		return auth.OAuth1{Request: r.signed("")} // upstream leaves out the query
	case "external", "kerberos":
		e := r.external()
		e.Kerberos = method == "kerberos"
		return &e
	case "ec2credential":
		return auth.Mark(method)
	}
	return a.mapped(r, method, in)
}

// claimed is whom a login claims to be.
func claimed(req auth.Request) string {
	for _, m := range req.Methods {
		var user *directory.UserRef
		switch m := req.Evidence[m].(type) {
		case *auth.Password:
			user = m.User
		case *auth.TOTP:
			user = m.User
		case *auth.ApplicationCredential:
			if m.ID == "" {
				user = m.User
			}
		}
		if user != nil {
			return cmp.Or(user.Name, string(user.ID))
		}
	}
	if req.External != nil {
		return req.External.User
	}
	return ""
}

// userRef reads whom the evidence of a method names; nil when it names nobody.
func userRef(in *schema.Object) *directory.UserRef {
	if !in.Has("user") {
		return nil
	}
	user := in.Object("user")
	return &directory.UserRef{ID: text[identity.UserID](user, "id"), Name: text[string](user, "name"), Domain: domainRef(user)}
}

// domainRef reads the domain of a user or project; nil when there is none.
func domainRef(in *schema.Object) *directory.DomainRef {
	if !in.Has("domain") {
		return nil
	}
	d := in.Object("domain")
	return &directory.DomainRef{ID: text[identity.DomainID](d, "id"), Name: text[string](d, "name")}
}

func scopeRequest(body *schema.Object) (s auth.ScopeRequest) {
	v, ok := body.Get("scope")
	if !ok {
		return s
	}
	scope := body.Object("scope")
	has := scope.Has
	if t, ok := v.(string); ok {
		// Upstream asks whether the words occur in the text, as it would ask an object for its keys.
		has = func(kind string) bool { return strings.Contains(t, kind) }
	}
	kinds := 0
	for _, kind := range []string{"project", "domain", "unscoped", "system", "OS-TRUST:trust"} {
		if has(kind) {
			kinds++
		}
	}
	s.Malformed = kinds != 1
	if _, ok := v.(string); ok {
		s.Unscoped = has("unscoped")
		s.Malformed = s.Malformed || !s.Unscoped
		return s
	}
	s.Unscoped, s.System = scope.Has("unscoped"), scope.Has("system")
	s.Domain = domainRef(scope)
	if scope.Has("project") {
		p := scope.Object("project")
		s.Project = &auth.ProjectRef{ID: text[identity.ProjectID](p, "id"), Name: text[string](p, "name"), Domain: domainRef(p)}
	}
	if scope.Has("OS-TRUST:trust") {
		id := text[identity.TrustID](scope.Object("OS-TRUST:trust"), "id")
		s.Trust = &id
	}
	return s
}

func writeToken(w http.ResponseWriter, status int, issued auth.Issued) error {
	h := w.Header()
	h.Set("X-Subject-Token", issued.Text)
	return writeTokenBody(w, status, issued)
}

// writeTokenBody is writeToken without the token itself.
func writeTokenBody(w http.ResponseWriter, status int, issued auth.Issued) error {
	w.Header().Set("Cache-Control", "no-store")
	own, err := issued.Own(writeOwn)
	if err != nil {
		return err
	}
	if issued.Catalog == nil {
		return writeBytes(w, status, "application/json", own, tokenEnd)
	}
	catalog, err := issued.Catalog.Written(func(e []catalog.Entry) ([]byte, error) {
		b, err := encode(renderCatalog(e))
		return bytes.TrimSuffix(b, []byte("\n")), err
	})
	if err != nil {
		return err
	}
	return writeBytes(w, status, "application/json", own, catalogBegin, catalog, tokenEnd)
}

// A token is written in pieces: what is its own, and the catalog, which many share.
var catalogBegin, tokenEnd = []byte(`,"catalog":`), []byte("}}\n")

func idName[ID ~string](id ID, name string) object { return object{"id": string(id), "name": name} }

func renderCatalog(entries []catalog.Entry) []object {
	out := make([]object, len(entries))
	for i, e := range entries {
		endpoints := make([]object, len(e.Endpoints))
		for j, ep := range e.Endpoints {
			endpoints[j] = renderInto(ep.Extra, object{
				"id": string(ep.ID), "interface": ep.Interface, "url": ep.URL,
				"region_id": orNull(ep.RegionID), "region": orNull(ep.RegionID),
			})
		}
		out[i] = object{"id": string(e.ID), "type": e.Type, "name": e.Name, "endpoints": endpoints}
	}
	return out
}

// writeReceipt answers a login that wants more methods (keystone/receipt/handlers.py): a 401 that is not an error.
func writeReceipt(w http.ResponseWriter, e *auth.ReceiptError) error {
	h := w.Header()
	h.Set("Openstack-Auth-Receipt", e.Receipt)
	h.Set("Cache-Control", "no-store")
	user := idName(e.User.ID, e.User.Name)
	user["domain"] = idName(e.Domain.ID, e.Domain.Name)
	body := object{
		"receipt": object{
			"methods": e.Methods, "user": user,
			"expires_at": renderTime(e.ExpiresAt), "issued_at": renderTime(e.IssuedAt),
		},
		"required_auth_methods": e.Required,
	}
	if e.Why != "" {
		body["error"] = errorBody(http.StatusUnauthorized, e.Why)
	}
	return writeJSON(w, http.StatusUnauthorized, body)
}
