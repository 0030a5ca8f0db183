package testenv

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// OAuth1 signs requests as a consumer does, with a token if it has one.
type OAuth1 struct {
	Key, Secret        string
	Token, TokenSecret string
}

// NewConsumer registers a consumer.
func (e *Env) NewConsumer() OAuth1 {
	e.t.Helper()
	made := e.Admin().Post("/v3/OS-OAUTH1/consumers", `{"consumer": {}}`).Want(201)
	return OAuth1{Key: made.Get("consumer.id"), Secret: made.Get("consumer.secret")}
}

// With returns the consumer with the token of an answer.
func (o OAuth1) With(r *Response) OAuth1 {
	r.t.Helper()
	form, err := url.ParseQuery(r.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	o.Token, o.TokenSecret = form.Get("oauth_token"), form.Get("oauth_token_secret")
	return o
}

// Sign returns an Authorization header for a POST to a path, with further parameters: name, value, name, value. An empty
// value takes a parameter away.
func (o OAuth1) Sign(e *Env, path string, further ...string) string {
	params := map[string]string{
		"oauth_consumer_key": o.Key, "oauth_token": o.Token, "oauth_nonce": identity.NewID(), "oauth_version": "1.0",
		"oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": strconv.FormatInt(e.Clock.Now().Unix(), 10),
	}
	for i := 0; i+1 < len(further); i += 2 {
		params[further[i]] = further[i+1]
	}
	maps.DeleteFunc(params, func(_, v string) bool { return v == "" })
	var pairs, header []string
	for name, value := range params {
		pairs = append(pairs, name+"="+url.QueryEscape(value))
		header = append(header, name+`="`+url.QueryEscape(value)+`"`)
	}
	slices.Sort(pairs)
	mac := hmac.New(sha1.New, []byte(o.Secret+"&"+o.TokenSecret))
	mac.Write([]byte("POST&" + url.QueryEscape("http://identity.example"+path) + "&" + url.QueryEscape(strings.Join(pairs, "&"))))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return "OAuth " + strings.Join(header, ", ") + `, oauth_signature="` + url.QueryEscape(signature) + `"`
}

// RequestToken asks for a request token on a project.
func (o OAuth1) RequestToken(e *Env, project string) *Response {
	const path = "/v3/OS-OAUTH1/request_token"
	return e.Post(path, nil, "Authorization", o.Sign(e, path, "oauth_callback", "oob"), "Requested-Project-Id", project)
}

// AccessToken asks for the access token of a request token that was authorized.
func (o OAuth1) AccessToken(e *Env, verifier string) *Response {
	const path = "/v3/OS-OAUTH1/access_token"
	return e.Post(path, nil, "Authorization", o.Sign(e, path, "oauth_verifier", verifier))
}

// LogIn asks for a token with an access token.
func (o OAuth1) LogIn(e *Env) *Response {
	const path = "/v3/auth/tokens"
	return e.Post(path, `{"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}`, "Authorization", o.Sign(e, path))
}
