package httpapi

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

const tokenEndpoint = "/v3/OS-OAUTH2/token"

var oauth2Routes = []route{
	{method: post, path: tokenEndpoint, serve: (*API).createOAuth2Token, open: "a client brings its own credentials",
		rel: "OS-OAUTH2/1.0/token", form: true,
		summary: "Give a client of OAuth 2.0 an access token", answer: entitySchema("oauth2_token"), success: []int{http.StatusOK},
		reads: []string{"Authorization"}, failure: entitySchema("oauth2_error")},
	onlyPOST(get, "Refuse to show tokens to clients of OAuth 2.0"),
	onlyPOST(put, "Refuse to take tokens from clients of OAuth 2.0"),
	onlyPOST(patch, "Refuse to change tokens of clients of OAuth 2.0"),
	onlyPOST(del, "Refuse to delete tokens of clients of OAuth 2.0"),
	{method: get, path: "/.well-known/oauth-authorization-server", serve: (*API).showAuthorizationServer,
		open:    "clients find their way before they log in",
		summary: "Show what OAuth 2.0 can do here", answer: object{"type": "object", "required": []string{"issuer", "token_endpoint"}}},
}

// onlyPOST is a method on the token endpoint that upstream refuses in the words of OAuth 2.0.
func onlyPOST(method, summary string) route {
	return route{
		method: method, path: tokenEndpoint, open: "answers 405 whatever is sent", form: true,
		summary: summary, success: []int{http.StatusMethodNotAllowed}, failure: entitySchema("oauth2_error"),
		serve: func(*API, http.ResponseWriter, *request) error {
			return &identity.Error{Kind: identity.MethodNotAllowed, Message: "The method is not allowed for the requested URL."}
		},
	}
}

// readForm reads a body as a form. Any other body is an empty one.
func (r *request) readForm(data []byte) (err error) {
	r.PostForm = url.Values{}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != formType {
		return nil //nolint:nilerr // as upstream has it
	}
	if r.PostForm, err = url.ParseQuery(string(data)); err != nil {
		return identity.Invalidf("The body of the request is not a form.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 { // RFC 6749, section 3.2
			return identity.Invalidf("The parameter %s is repeated.", name)
		}
		if !isText(values[0]) {
			return identity.Invalidf("The parameter %s holds characters that no name can have.", name)
		}
	}
	return nil
}

// writeOAuth2Error answers with a failure as RFC 6749, section 5.2, has it (keystone/oauth2/handlers.py).
func writeOAuth2Error(w http.ResponseWriter, status int, message string) error {
	code := map[int]string{http.StatusBadRequest: "invalid_request", http.StatusUnauthorized: "invalid_client"}[status]
	if code == "" {
		code = "other_error"
		if status != http.StatusMethodNotAllowed {
			message = "An unknown error occurred and failed to get an OAuth2.0 access token."
		}
	}
	return writeJSON(w, status, object{"error": code, "error_description": message})
}

func (a *API) createOAuth2Token(w http.ResponseWriter, r *request) error {
	if !r.PostForm.Has("grant_type") {
		return identity.Invalidf("The parameter grant_type is required.")
	}
	if grant := r.PostForm.Get("grant_type"); grant != "client_credentials" {
		return writeJSON(w, http.StatusBadRequest, object{
			"error": "unsupported_grant_type", "error_description": "The parameter grant_type " + grant + " is not supported.",
		})
	}
	c := auth.Client{
		ID: r.PostForm.Get("client_id"), Secret: r.PostForm.Get("client_secret"),
		Certificate: telemetry.From(r.Context()).Certificate(),
	}
	if id, secret, ok := r.BasicAuth(); ok && c.Certificate == nil {
		c.ID, c.Secret = id, secret
	}
	if !isText(c.ID) {
		return identity.Invalidf("The id of the client holds characters that no name can have.")
	}
	r.subjectUser = c.ID
	issued, err := a.Auth.IssueToClient(r.Context(), c)
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"access_token": issued.Text, "token_type": "Bearer", "expires_in": int(issued.Life / time.Second)})
}

// showAuthorizationServer answers what clients of OAuth 2.0 look for (RFC 8414). Keystone has no such document.
func (a *API) showAuthorizationServer(w http.ResponseWriter, r *request) error {
	methods := []string{}
	certificates := slices.Contains(a.Auth.ClientMethods, auth.ClientCertificate)
	if slices.Contains(a.Auth.ClientMethods, auth.ClientSecret) {
		methods = append(methods, auth.ClientSecret, "client_secret_post")
	}
	if certificates {
		methods = append(methods, auth.ClientCertificate)
	}
	return writeJSON(w, http.StatusOK, object{
		"issuer": strings.TrimSuffix(r.base(), "/v3"), "token_endpoint": r.base() + "/OS-OAUTH2/token",
		"grant_types_supported": []string{"client_credentials"}, "response_types_supported": []string{},
		"token_endpoint_auth_methods_supported":      methods,
		"tls_client_certificate_bound_access_tokens": certificates,
		"service_documentation":                      "https://docs.openstack.org/keystone/latest/admin/oauth2-usage-guide.html",
	})
}
