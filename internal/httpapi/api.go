// Package httpapi speaks Identity v3 over HTTP: it turns requests into calls on the rooms and their answers into the
// JSON that Keystone's clients know. It knows paths, headers, wire shapes and error bodies, and decides nothing.
//
// A request goes down once and back once: route table, caller from X-Auth-Token, body and query against the route's
// schemas, handler (decode, call a room, render). A handler returns an error; one place writes it.
package httpapi

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/federation/saml"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/telemetry"
	"github.com/lintel-id/lintel/internal/trail"
)

// API serves the routes of Identity v3. All fields are set once, before Handler.
type API struct {
	Auth       *auth.Service
	Catalog    *catalog.Service
	Directory  *directory.Service
	Assignment *assignment.Service
	Credential *credential.Service
	Federation *federation.Service
	Trail      *trail.Service
	Membership *membership.Service
	SAML       *saml.Issuer

	// Services are those of the cloud whose rules are known.
	Services *policy.Services

	// PortalURL is where the portal is, if not beside the API.
	PortalURL string

	// PublicEndpoint is the base of every link ([DEFAULT] public_endpoint); empty takes it from the request.
	PublicEndpoint string

	// RevokeByID is [token] revoke_by_id. It chooses the words in which an old list is refused.
	RevokeByID bool

	// AdminToken is [DEFAULT] admin_token; empty is off.
	AdminToken string

	// MappedMethods are methods of federated logins beside Keystone's own ([auth] <method> = mapped).
	MappedMethods []string

	WebSSO *WebSSO

	// MappingVersion is the version of the mapping language that mappings are in which name none
	// ([federation] attribute_mapping_default_schema_version).
	MappingVersion string

	// MaxBody is the most bytes of a request body ([oslo_middleware] max_request_body_size).
	MaxBody int64

	// InsecureDebug shows the real reason of a 401 or 403 ([DEFAULT] insecure_debug).
	InsecureDebug bool

	Lists ListLimits
	Log   *slog.Logger

	table   []route
	openAPI func() ([]byte, error)
}

// Handler returns the handler of the whole API, discovery included.
func (a *API) Handler() http.Handler {
	a.table = routes()
	a.openAPI = sync.OnceValues(func() ([]byte, error) { return json.Marshal(document(a.table)) })
	byPath := map[string]map[string]*route{}
	for i := range a.table {
		rt := &a.table[i]
		if byPath[rt.path] == nil {
			byPath[rt.path] = map[string]*route{}
		}
		byPath[rt.path][rt.method] = rt
	}
	mux, plain := http.NewServeMux(), map[string]http.HandlerFunc{}
	for path, methods := range byPath {
		serve := func(w http.ResponseWriter, hr *http.Request) { a.serve(w, hr, methods) }
		pattern := path
		for _, rt := range methods {
			if rt.mux != "" {
				pattern = rt.mux
				serve = func(w http.ResponseWriter, hr *http.Request) {
					if !rt.takes(hr.URL.Path) {
						a.unknownPath(w, hr)
						return
					}
					hr.Pattern = path
					a.serve(w, hr, methods)
				}
			}
		}
		mux.HandleFunc(pattern, serve)
		if !strings.Contains(pattern, "{") {
			plain[pattern] = serve
		}
	}
	mux.HandleFunc("/", a.unknownPath)
	return a.normalize(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		// Most requests are for a path without arguments, which needs no search.
		if serve := plain[hr.URL.Path]; serve != nil {
			hr.Pattern = hr.URL.Path
			serve(w, hr)
			return
		}
		mux.ServeHTTP(w, hr)
	}))
}

const (
	maxURL   = 8 << 10
	maxToken = 8 << 10 // longer than any token that a header of the usual size could carry
)

// normalize reads paths as upstream's WSGI stack does: percent-encoding is undone before routes are matched, slashes at
// the end do not count, doubled ones inside are redirected.
func (a *API) normalize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		h := w.Header()
		h.Set("Vary", "X-Auth-Token")
		h.Set("X-Content-Type-Options", "nosniff")
		if telemetry.From(hr.Context()).Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if hr.Method == http.MethodConnect { // its target is no path, so no route could answer
			writeError(w, http.StatusMethodNotAllowed, "The method is not allowed for the requested URL.")
			return
		}
		if len(hr.RequestURI) > maxURL {
			writeError(w, http.StatusRequestURITooLong, "The URL is too long.")
			return
		}
		if hr.URL.RawPath == "" && path.Clean(hr.URL.Path) == hr.URL.Path {
			next.ServeHTTP(w, hr)
			return
		}
		u := *hr.URL
		u.RawPath = ""
		if len(u.Path) > 1 {
			u.Path = "/" + strings.Trim(u.Path, "/")
		}
		if strings.Contains(u.Path, "//") {
			for strings.Contains(u.Path, "//") {
				u.Path = strings.ReplaceAll(u.Path, "//", "/")
			}
			http.Redirect(w, hr, strings.TrimSuffix(a.Base(hr), "/v3")+u.RequestURI(), http.StatusPermanentRedirect)
			return
		}
		// The mux would redirect paths with dots in them; upstream takes them as they are.
		if slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == "." || s == ".." }) {
			a.unknownPath(w, hr)
			return
		}
		hr2 := *hr
		hr2.URL = &u
		next.ServeHTTP(w, &hr2)
		hr.Pattern = hr2.Pattern // for the access record
	})
}

// serve answers one call of a path.
func (a *API) serve(w http.ResponseWriter, hr *http.Request, methods map[string]*route) {
	rt := methods[hr.Method]
	if rt == nil && hr.Method == http.MethodHead {
		rt = methods[http.MethodGet]
	}
	if rt == nil {
		a.wrongMethod(w, hr, methods)
		return
	}
	if ctx := a.Auth.DB.Refresh(hr.Context()); ctx != hr.Context() {
		hr = hr.WithContext(ctx)
	}
	r := &request{Request: hr, route: rt, api: a}
	out := &outcome{ResponseWriter: w, status: http.StatusOK}
	err := a.run(out, r)
	cut := err != nil && out.begun
	if cut {
		a.Log.WarnContext(hr.Context(), "an answer was cut off", "method", r.Method, "route", r.Pattern, "error", err)
	} else if err != nil {
		a.fail(out, r, err)
	}
	a.audit(r, out.status)
	if cut {
		panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
	}
}

func (a *API) run(w http.ResponseWriter, r *request) (err error) {
	if r.Caller, err = a.caller(r); err != nil && (r.route.open == "" || !errors.Is(err, identity.Unauthorized)) {
		return err
	}
	if t := r.Caller.Token; t != nil {
		telemetry.SetCaller(r.Context(), string(t.User.ID), string(t.Scope.ProjectID()))
	}
	if err := a.Auth.MayCall(r.Caller, r.Method, telemetry.From(r.Context()).Prefix+r.URL.Path); err != nil {
		return err
	}
	if r.route.open == "" && !r.Caller.Authenticated() {
		return identity.Unauthenticatedf("no X-Auth-Token")
	}
	if err := a.read(w, r); err != nil {
		return err
	}
	return r.route.serve(a, w, r)
}

// caller finds out who asks. With a token that does not hold, that is nobody: an error here, and all the same on a route that
// asks for no token.
func (a *API) caller(r *request) (identity.Caller, error) {
	text := r.Header.Get("X-Auth-Token")
	if text == "" {
		return a.tokenless(r)
	}
	if a.AdminToken != "" && subtle.ConstantTimeCompare([]byte(text), []byte(a.AdminToken)) == 1 {
		return identity.Caller{Admin: true}, nil
	}
	if len(text) > maxToken {
		return identity.Caller{}, identity.Unauthenticatedf("the token is too long")
	}
	c, err := a.Auth.Authenticate(r.Context(), text)
	if err == nil {
		err = a.Auth.Holds(c, telemetry.From(r.Context()).Certificate)
	}
	if err != nil {
		return identity.Caller{}, err
	}
	return c, nil
}

// tokenless finds out who asks without a token: whose certificate a web server in front has seen. The scope stands in headers.
func (a *API) tokenless(r *request) (identity.Caller, error) {
	if r.route.open != "" {
		return identity.Caller{}, nil
	}
	get := r.Header.Get
	var on auth.ScopeRequest
	switch project, domain := get("X-Project-Name"), get("X-Domain-Name"); {
	case get("X-Project-Id") != "":
		on.Project = &auth.ProjectRef{ID: identity.ProjectID(get("X-Project-Id"))}
	case project != "":
		on.Project = &auth.ProjectRef{Name: project}
		if id := get("X-Project-Domain-Id"); id != "" {
			on.Project.Domain = &directory.DomainRef{ID: identity.DomainID(id)}
		} else if name := get("X-Project-Domain-Name"); name != "" {
			on.Project.Domain = &directory.DomainRef{Name: name}
		}
	case get("X-Domain-Id") != "":
		on.Domain = &directory.DomainRef{ID: identity.DomainID(get("X-Domain-Id"))}
	case domain != "":
		on.Domain = &directory.DomainRef{Name: domain}
	}
	return a.Auth.AuthenticateCertificate(r.Context(), auth.Certificate{Variable: telemetry.From(r.Context()).Environ.Get}, on)
}

func (a *API) wrongMethod(w http.ResponseWriter, hr *http.Request, methods map[string]*route) {
	allowed := slices.Collect(maps.Keys(methods))
	if methods[http.MethodGet] != nil && methods[http.MethodHead] == nil {
		allowed = append(allowed, http.MethodHead)
	}
	allowed = append(allowed, http.MethodOptions)
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	if hr.Method == http.MethodOptions {
		w.Header().Set("Content-Type", "text/html; charset=utf-8") // of nothing, as upstream has it
		w.WriteHeader(http.StatusOK)
		return
	}
	_ = writeJSON(w, http.StatusMethodNotAllowed, object{"message": "The method is not allowed for the requested URL."})
}

func (a *API) unknownPath(w http.ResponseWriter, hr *http.Request) {
	a.fail(w, &request{Request: hr, api: a}, &identity.Error{
		Kind: identity.NotFound,
		Message: "The requested URL was not found on the server. If you entered the URL manually please check your" +
			" spelling and try again.",
	})
}

// statuses maps kinds of failure to HTTP. It is the only place that does.
var statuses = map[identity.Kind]int{
	identity.BadRequest:       http.StatusBadRequest,
	identity.Unauthorized:     http.StatusUnauthorized,
	identity.Forbidden:        http.StatusForbidden,
	identity.NotFound:         http.StatusNotFound,
	identity.MethodNotAllowed: http.StatusMethodNotAllowed,
	identity.Conflict:         http.StatusConflict,
	identity.Gone:             http.StatusGone,
	identity.TooLarge:         http.StatusRequestEntityTooLarge,
	identity.TooManyRequests:  http.StatusTooManyRequests,
	identity.Unavailable:      http.StatusServiceUnavailable,
}

// fail writes an error as clients know it, and logs what they may not know.
func (a *API) fail(w http.ResponseWriter, r *request, err error) {
	e, ok := errors.AsType[*identity.Error](err)
	if !ok || statuses[e.Kind] == 0 {
		a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "error", err)
		e = &identity.Error{Message: "An unexpected error prevented the server from fulfilling your request."}
	}
	status := statuses[e.Kind]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	message := e.Message
	switch e.Kind {
	case identity.Unauthorized:
		w.Header().Set("WWW-Authenticate", `Keystone uri="`+r.base()+`"`)
		a.Log.WarnContext(r.Context(), "authorization failed", "reason", reason(e))
	case identity.Forbidden:
		a.Log.InfoContext(r.Context(), "request refused", "reason", reason(e))
	}
	if e.Detail != "" && a.InsecureDebug {
		message = e.Detail + " (Disable insecure_debug mode to suppress these details.)"
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(e.RetryAfter))
	}
	if r.route != nil && r.route.form {
		_ = writeOAuth2Error(w, status, message)
		return
	}
	body := errorBody(status, message)
	switch {
	case len(e.Methods) > 0:
		body["identity"] = object{"methods": e.Methods}
	case e.Methods != nil:
		body["identity"] = object{}
	}
	_ = writeJSON(w, status, object{"error": body})
}

// reason is what the log says of a refusal. It is not the message where there is more to say: some messages repeat what
// the client sent, such as a receipt.
func reason(e *identity.Error) string {
	why := cmp.Or(e.Detail, e.Message)
	if e.Err != nil {
		why += ": " + e.Err.Error()
	}
	return why
}

func errorBody(status int, message string) object {
	return object{"code": status, "title": http.StatusText(status), "message": message}
}

func writeError(w http.ResponseWriter, status int, message string) {
	_ = writeJSON(w, status, object{"error": errorBody(status, message)})
}
