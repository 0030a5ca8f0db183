package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/oauth1"
	"github.com/lintel-id/lintel/internal/telemetry"
)

const (
	userAccessTokens = "/v3/users/{user_id}/OS-OAUTH1/access_tokens"
	userAccessToken  = userAccessTokens + "/{access_token_id}"
	signedByConsumer = "the request is signed by a consumer"
)

var oauth1Routes = []route{
	{method: get, path: "/v3/OS-OAUTH1/consumers", serve: (*API).listConsumers, actions: []authz.Action{authz.ListConsumers},
		rel:     "OS-OAUTH1/1.0/consumers",
		summary: "List consumers", answer: listOf("consumers", "consumer")},
	{method: post, path: "/v3/OS-OAUTH1/consumers", serve: (*API).createConsumer, actions: []authz.Action{authz.CreateConsumer},
		summary: "Create a consumer", answer: one("consumer"), sends: schema.Member("consumer", schema.ConsumerCreate)},
	{method: patch, path: "/v3/OS-OAUTH1/consumers", serve: noArgument("ConsumerResource.patch()", "consumer_id"), open: accidental,
		summary: "Answer as upstream does to a change of a consumer without an id", success: []int{400}},
	{method: del, path: "/v3/OS-OAUTH1/consumers", serve: noArgument("ConsumerResource.delete()", "consumer_id"), open: accidental,
		summary: "Answer as upstream does to a deletion of a consumer without an id", success: []int{400}},
	{method: get, path: "/v3/OS-OAUTH1/consumers/{consumer_id}", serve: (*API).showConsumer, actions: []authz.Action{authz.GetConsumer},
		rel:     "OS-OAUTH1/1.0/consumer",
		summary: "Show a consumer", answer: one("consumer")},
	{method: post, path: "/v3/OS-OAUTH1/consumers/{consumer_id}", serve: strangeArgument("ConsumerResource.post()", "consumer_id"), open: accidental,
		summary: "Answer as upstream does to a creation of a consumer with an id", success: []int{400}},
	{method: patch, path: "/v3/OS-OAUTH1/consumers/{consumer_id}", serve: (*API).updateConsumer, actions: []authz.Action{authz.UpdateConsumer},
		summary: "Change a consumer", answer: one("consumer"), sends: schema.Member("consumer", schema.ConsumerUpdate)},
	{method: del, path: "/v3/OS-OAUTH1/consumers/{consumer_id}", serve: (*API).deleteConsumer, actions: []authz.Action{authz.DeleteConsumer},
		summary: "Delete a consumer, and all that users gave it"},

	{method: post, path: "/v3/OS-OAUTH1/request_token", serve: (*API).createRequestToken, open: signedByConsumer,
		rel:     "OS-OAUTH1/1.0/request_tokens",
		summary: "Ask a user with a request token", answer: form, media: formType, reads: []string{"Authorization", "Requested-Project-Id"}},
	{method: put, path: "/v3/OS-OAUTH1/authorize/{request_token_id}", serve: (*API).authorizeRequestToken,
		actions: []authz.Action{authz.AuthorizeRequestToken}, rel: "OS-OAUTH1/1.0/authorize_request_token",
		summary: "Authorize a request token with some of one's roles", answer: one("token", "oauth_verifier"),
		success: []int{http.StatusOK}, sends: schema.Member("roles", schema.RequestTokenAuthorize)},
	{method: post, path: "/v3/OS-OAUTH1/access_token", serve: (*API).createAccessToken, open: signedByConsumer,
		rel:     "OS-OAUTH1/1.0/access_tokens",
		summary: "Turn an authorized request token into an access token", answer: form, media: formType, reads: []string{"Authorization"}},

	{method: get, path: userAccessTokens, serve: (*API).listAccessTokens, actions: []authz.Action{authz.ListAccessTokens},
		rel:     "OS-OAUTH1/1.0/user_access_tokens",
		summary: "List the access tokens that a user gave", answer: listOf("access_tokens", "access_token")},
	{method: get, path: userAccessToken, serve: (*API).showAccessToken, actions: []authz.Action{authz.GetAccessToken},
		rel:     "OS-OAUTH1/1.0/user_access_token",
		summary: "Show an access token that a user gave", answer: one("access_token")},
	{method: del, path: userAccessToken, serve: (*API).deleteAccessToken, actions: []authz.Action{authz.EC2DeleteCredential},
		summary: "Take back an access token that a user gave"},
	{method: get, path: userAccessToken + "/roles", serve: (*API).listAccessTokenRoles, actions: []authz.Action{authz.ListAccessTokenRoles},
		rel:     "OS-OAUTH1/1.0/user_access_token_roles",
		summary: "List the roles of an access token", answer: listOf("roles", "given_role")},
	{method: get, path: userAccessToken + "/roles/{role_id}", serve: (*API).showAccessTokenRole, actions: []authz.Action{authz.GetAccessTokenRole},
		rel:     "OS-OAUTH1/1.0/user_access_token_role",
		summary: "Show a role of an access token", answer: one("role", "given_role")},
}

// form is an answer with a token and its secret, as OAuth clients read them.
var form = object{
	"type": "object", "required": []string{"oauth_token", "oauth_token_secret"}, "additionalProperties": false,
	"properties": object{
		"oauth_token": object{"type": "string"}, "oauth_token_secret": object{"type": "string"},
		"oauth_expires_at": object{"type": "string"},
	},
}

const formType = "application/x-www-form-urlencoded"

// renderConsumer is a consumer without its secret.
func renderConsumer(r *request, c identity.Consumer) object {
	return renderInto(c.Extra, object{
		"id": string(c.ID), "description": c.Description, "links": r.self("/OS-OAUTH1/consumers/" + string(c.ID)),
	})
}

func (a *API) listConsumers(w http.ResponseWriter, r *request) error {
	consumers, err := a.Credential.Consumers(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	return writeList(w, r, "consumers", all(consumers), identity.Query{}, renderConsumer)
}

func (a *API) showConsumer(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.Consumer(r.Context(), r.Caller, id[identity.ConsumerID](r, "consumer_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"consumer": renderConsumer(r, c)})
}

func (a *API) createConsumer(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.CreateConsumer(r.Context(), r.Caller, func() (c identity.Consumer, err error) {
		body := r.Body.Object("consumer").Normalized()
		if d := schema.Field[string](body, "description"); d.Present && !d.Null {
			c.Description = &d.Value
		}
		c.Extra = body.Map("id", "description", "secret", "links")
		return c, schema.ConsumerCreate.Validate(r.member("consumer"))
	})
	if err != nil {
		return err
	}
	o := renderConsumer(r, c)
	o["secret"] = c.Secret
	return writeSecret(w, http.StatusCreated, object{"consumer": o})
}

func (a *API) updateConsumer(w http.ResponseWriter, r *request) error {
	c, err := a.Credential.UpdateConsumer(r.Context(), r.Caller, id[identity.ConsumerID](r, "consumer_id"), func() (credential.ConsumerUpdate, error) {
		body := r.Body.Object("consumer").Normalized()
		return credential.ConsumerUpdate{
			ID: anyID[identity.ConsumerID](body, "id"), Description: schema.Field[string](body, "description"),
			Extra: body.Map("id", "description", "secret", "links"),
		}, schema.ConsumerUpdate.Validate(r.member("consumer"))
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"consumer": renderConsumer(r, c)})
}

func (a *API) deleteConsumer(w http.ResponseWriter, r *request) error {
	if err := a.Credential.DeleteConsumer(r.Context(), r.Caller, id[identity.ConsumerID](r, "consumer_id")); err != nil {
		return err
	}
	return noContent(w)
}

// signed reads the signature of a request; one that cannot be read has no parameters. A client signs the URL by which it
// knows this server: the one that is in links, or the one that it called, which a proxy may have known by another scheme.
func (r *request) signed(query string) *oauth1.Request {
	at := telemetry.From(r.Context())
	here := "://" + at.Host + at.Prefix + r.URL.Path
	scheme, _, _ := strings.Cut(r.base(), "://")
	signed, err := oauth1.Parse(r.Method, r.Header.Get("Authorization"), query, r.base()+r.path(), scheme+here, at.Scheme+here)
	if err != nil {
		return new(oauth1.Request)
	}
	return signed
}

func (a *API) createRequestToken(w http.ResponseWriter, r *request) error {
	project := identity.ProjectID(r.Header.Get("Requested-Project-Id"))
	t, err := a.Credential.CreateRequestToken(r.Context(), r.signed(r.URL.RawQuery), project)
	if err != nil {
		return err
	}
	return writeKey(w, string(t.ID), t.Secret, t.ExpiresAt)
}

// writeKey answers with a token and its secret.
func writeKey(w http.ResponseWriter, id, secret string, expires *time.Time) error {
	body := "oauth_token=" + id + "&oauth_token_secret=" + secret
	if expires != nil {
		body += "&oauth_expires_at=" + renderTime(*expires)
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeBytes(w, http.StatusCreated, formType, []byte(body))
}

func (a *API) authorizeRequestToken(w http.ResponseWriter, r *request) error {
	token := id[identity.RequestTokenID](r, "request_token_id")
	verifier, err := a.Credential.AuthorizeRequestToken(r.Context(), r.Caller, token, func() ([]credential.RoleRef, error) {
		roles, sent := r.Body.Get("roles")
		if !sent {
			roles = []any{}
		}
		return roleRefs(r.Body), schema.RequestTokenAuthorize.Validate(roles)
	})
	if err != nil {
		return err
	}
	return writeSecret(w, http.StatusOK, object{"token": object{"oauth_verifier": verifier}})
}

func (a *API) createAccessToken(w http.ResponseWriter, r *request) error {
	t, err := a.Credential.CreateAccessToken(r.Context(), r.signed(r.URL.RawQuery))
	if err != nil {
		return err
	}
	return writeKey(w, string(t.ID), t.Secret, t.ExpiresAt)
}

// renderAccessToken is an access token without its secret.
func renderAccessToken(r *request, t identity.AccessToken) object {
	at := "/users/" + string(t.UserID) + "/OS-OAUTH1/access_tokens/" + string(t.ID)
	links := r.self(at)
	links["roles"] = r.base() + at + "/roles"
	o := object{
		"id": string(t.ID), "consumer_id": string(t.ConsumerID), "authorizing_user_id": string(t.UserID), "project_id": string(t.ProjectID),
		"expires_at": nil, "links": links,
	}
	if t.ExpiresAt != nil {
		o["expires_at"] = renderTime(*t.ExpiresAt)
	}
	return o
}

func (a *API) listAccessTokens(w http.ResponseWriter, r *request) error {
	tokens, err := a.Credential.AccessTokens(r.Context(), r.Caller, id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return writeList(w, r, "access_tokens", all(tokens), identity.Query{}, renderAccessToken)
}

// accessToken is the access token that the path names, with its user.
func (r *request) accessToken() (identity.UserID, identity.AccessTokenID) {
	return id[identity.UserID](r, "user_id"), id[identity.AccessTokenID](r, "access_token_id")
}

func (a *API) showAccessToken(w http.ResponseWriter, r *request) error {
	user, token := r.accessToken()
	t, err := a.Credential.AccessToken(r.Context(), r.Caller, user, token)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"access_token": renderAccessToken(r, t)})
}

func (a *API) deleteAccessToken(w http.ResponseWriter, r *request) error {
	user, token := r.accessToken()
	if err := a.Credential.DeleteAccessToken(r.Context(), r.Caller, user, token); err != nil {
		return err
	}
	return noContent(w)
}

// renderGivenRole is a role of an access token: without its description (_format_role_entity in keystone/api/users.py).
func renderGivenRole(r *request, v identity.Role) object {
	o := renderRole(r, v)
	delete(o, "description")
	return o
}

func (a *API) listAccessTokenRoles(w http.ResponseWriter, r *request) error {
	user, token := r.accessToken()
	roles, err := a.Credential.AccessTokenRoles(r.Context(), r.Caller, user, token)
	if err != nil {
		return err
	}
	return writeList(w, r, "roles", all(roles), identity.Query{}, renderGivenRole)
}

func (a *API) showAccessTokenRole(w http.ResponseWriter, r *request) error {
	user, token := r.accessToken()
	role, err := a.Credential.AccessTokenRole(r.Context(), r.Caller, user, token, id[identity.RoleID](r, "role_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"role": renderGivenRole(r, role)})
}
