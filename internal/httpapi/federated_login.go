package httpapi

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

const (
	bearsAssertion = "logging in is how one gets a token"

	federatedLogin = protocolPath + "/auth"
	dashboardLogin = "/v3/auth/OS-FEDERATION/websso/{protocol_id}"
	providerSSO    = "/v3/auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso"
)

// federatedLoginRoutes log people in by what a web server in front says of them: see telemetry.Environ. It decides which
// method it lets through, so either does the same.
var federatedLoginRoutes = []route{
	{method: get, path: federatedLogin, serve: (*API).federatedLogin, open: bearsAssertion, rel: "OS-FEDERATION/1.0/identity_provider_protocol_auth",
		summary: "Log in by an identity provider", answer: one("token"), failure: receiptOrError, success: []int{201}, bears: []string{"X-Subject-Token"}},
	{method: post, path: federatedLogin, serve: (*API).federatedLogin, open: bearsAssertion,
		summary: "Log in by an identity provider that posts its answer", answer: one("token"), failure: receiptOrError, bears: []string{"X-Subject-Token"}},
	{method: get, path: dashboardLogin, serve: (*API).dashboardLogin, open: bearsAssertion, rel: "OS-FEDERATION/1.0/websso",
		summary: "Log in to a dashboard", answer: page, media: "text/html", failure: receiptOrError, flags: []string{"origin"}},
	{method: post, path: dashboardLogin, serve: (*API).dashboardLogin, open: bearsAssertion,
		summary: "Log in to a dashboard, by an identity provider that posts its answer", answer: page, media: "text/html", failure: receiptOrError,
		success: []int{200}, flags: []string{"origin"}},
	{method: get, path: providerSSO, serve: (*API).providerLogin, open: bearsAssertion, rel: "OS-FEDERATION/1.0/identity_providers_websso",
		summary: "Log in to a dashboard by an identity provider", answer: page, media: "text/html", failure: receiptOrError, flags: []string{"origin"}},
	{method: post, path: providerSSO, serve: (*API).providerLogin, open: bearsAssertion,
		summary: "Log in to a dashboard by an identity provider that posts its answer", answer: page, media: "text/html", failure: receiptOrError,
		success: []int{200}, flags: []string{"origin"}},
}

// page is an answer of HTML.
var page = object{"type": "string"}

// mappedMethods are the methods that Keystone has federated logins for.
var mappedMethods = []string{"mapped", "openid", "saml2", "x509"}

// mapped is the evidence of a federated login under the name of a method; nil if that is the name of another.
func (a *API) mapped(r *request, method string, in *schema.Object) auth.Method {
	if !slices.Contains(mappedMethods, method) && !slices.Contains(a.MappedMethods, method) {
		return nil
	}
	m := &auth.Mapped{Method: method, Variable: telemetry.From(r.Context()).Environ.Get}
	if in.Has("id") {
		token := auth.Token(text[string](in, "id"))
		m.Token = &token
	}
	m.Provider = identity.Opt[identity.IdentityProviderID]{Present: in.Has("identity_provider"), Value: text[identity.IdentityProviderID](in, "identity_provider")}
	m.Protocol = identity.Opt[identity.ProtocolID]{Present: in.Has("protocol"), Value: text[identity.ProtocolID](in, "protocol")}
	return m
}

// issueFederated logs somebody in by a protocol of an identity provider, whose id is also the name of the method.
func (a *API) issueFederated(r *request, provider identity.IdentityProviderID, protocol identity.ProtocolID) (auth.Issued, error) {
	r.login = true
	method := string(protocol)
	in := new(schema.Object)
	in.Set("identity_provider", string(provider))
	in.Set("protocol", string(protocol))
	issued, err := a.Auth.Issue(r.Context(), auth.Request{
		Methods: []string{method}, Evidence: map[string]auth.Method{method: a.mapped(r, method, in)},
		Receipt: r.Header.Get("Openstack-Auth-Receipt"),
	})
	if err == nil {
		r.subjectUser = string(issued.Token.User.ID)
	}
	return issued, err
}

func (a *API) federatedLogin(w http.ResponseWriter, r *request) error {
	provider, protocol := r.protocol()
	issued, err := a.issueFederated(r, provider, protocol)
	if e, ok := errors.AsType[*auth.ReceiptError](err); ok {
		return writeReceipt(w, e)
	}
	if err != nil {
		return err
	}
	return writeToken(w, http.StatusCreated, issued)
}

// WebSSO hands tokens to dashboards, by a page that the browser posts on.
type WebSSO struct {
	dashboards []string
	page       string
}

// placeholder is how Python's string.Template spells what is to be filled in.
var placeholder = regexp.MustCompile(`\$(?:\$|(?i:[_a-z][_a-z0-9]*)|\{(?i:[_a-z][_a-z0-9]*)\}|)`)

// NewWebSSO takes the dashboards that tokens may go to ([federation] trusted_dashboard) and the page, in which $host stands for
// a dashboard and $token for a token ([federation] sso_callback_template).
func NewWebSSO(dashboards []string, page string) (*WebSSO, error) {
	for _, name := range placeholder.FindAllString(page, -1) {
		if !slices.Contains([]string{"$$", "$host", "${host}", "$token", "${token}"}, name) {
			return nil, fmt.Errorf("%q is neither $host nor $token", name)
		}
	}
	s := &WebSSO{page: page}
	for _, d := range dashboards {
		s.dashboards = append(s.dashboards, lowerHost(d))
	}
	return s, nil
}

// lowerHost returns a URL with its host in small letters (lower_case_hostname in keystone/common/utils.py).
func lowerHost(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return strings.ToLower(scheme) + "://" + strings.ToLower(rest[:end]) + rest[end:]
}

// fill returns the page that hands a token to a dashboard.
func (s *WebSSO) fill(dashboard, token string) string {
	return placeholder.ReplaceAllStringFunc(s.page, func(name string) string {
		switch strings.Trim(name, "${}") {
		case "host":
			return html.EscapeString(dashboard)
		case "token":
			return html.EscapeString(token)
		}
		return "$"
	})
}

// origin is the dashboard that the request comes from, if it may have tokens (_get_sso_origin_host in keystone/api/auth.py).
func (a *API) origin(r *request) (string, error) {
	origin := text[string](r.Args, "origin")
	if origin == "" {
		return "", identity.Invalidf("Request must have an origin query parameter")
	}
	if again, err := url.QueryUnescape(origin); err == nil {
		origin = again
	}
	if !slices.Contains(a.WebSSO.dashboards, origin) {
		return "", identity.Unauthenticatedf("%s is not a trusted dashboard host", origin)
	}
	return origin, nil
}

func (a *API) dashboardLogin(w http.ResponseWriter, r *request) error {
	protocol := id[identity.ProtocolID](r, "protocol_id")
	remote, err := a.Federation.RemoteID(r.Context(), protocol, telemetry.From(r.Context()).Environ.Get)
	if err != nil {
		return err
	}
	origin, err := a.origin(r)
	if err != nil {
		return err
	}
	provider, err := a.Federation.ProviderByRemoteID(r.Context(), remote)
	if err != nil {
		return err
	}
	return a.handOver(w, r, origin, provider, protocol)
}

func (a *API) providerLogin(w http.ResponseWriter, r *request) error {
	origin, err := a.origin(r)
	if err != nil {
		return err
	}
	provider, protocol := r.protocol()
	return a.handOver(w, r, origin, provider, protocol)
}

// handOver logs somebody in and answers with the page that hands the token to a dashboard.
func (a *API) handOver(w http.ResponseWriter, r *request, dashboard string, provider identity.IdentityProviderID, protocol identity.ProtocolID) error {
	issued, err := a.issueFederated(r, provider, protocol)
	if e, ok := errors.AsType[*auth.ReceiptError](err); ok {
		return writeReceipt(w, e)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeBytes(w, http.StatusOK, "text/html", []byte(a.WebSSO.fill(dashboard, issued.Text)))
}
