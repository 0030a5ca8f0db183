package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/federation/saml"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

const bearsToken = "the token in the body says who asks"

var samlRoutes = []route{
	{method: post, path: "/v3/auth/OS-FEDERATION/saml2", serve: samlAssertion((*saml.Issuer).Response), open: bearsToken,
		rel: "OS-FEDERATION/1.0/saml2", summary: "Make an assertion for a service provider", success: []int{200},
		sends: assertionRequest, answer: xmlText, media: xml, bears: spHeaders},
	{method: post, path: "/v3/auth/OS-FEDERATION/saml2/ecp", serve: samlAssertion((*saml.Issuer).Envelope), open: bearsToken,
		rel: "OS-FEDERATION/1.0/ecp", summary: "Make an assertion for a service provider, in an envelope for clients", success: []int{200},
		sends: assertionRequest, answer: xmlText, media: xml, bears: spHeaders},
	{method: get, path: "/v3/OS-FEDERATION/saml2/metadata", serve: (*API).showSAMLMetadata, open: "it is made to be published",
		rel: "OS-FEDERATION/1.0/metadata", summary: "Show what service providers need to know of this cloud", answer: xmlText, media: xml},
}

const xml = "text/xml"

var (
	xmlText          = object{"type": "string"}
	spHeaders        = []string{"X-Sp-Url", "X-Auth-Url"}
	assertionRequest = schema.Member("auth", schema.SAMLAssertion)
)

// samlAssertion turns a token into a document for a service provider, and says in headers where it and the
// client's next requests go.
func samlAssertion(write func(*saml.Issuer, identity.Assertion, identity.ServiceProvider) ([]byte, error)) func(*API, http.ResponseWriter, *request) error {
	return func(a *API, w http.ResponseWriter, r *request) error {
		in, _ := r.Body.Get("auth")
		if err := schema.SAMLAssertion.Validate(in); err != nil {
			return err
		}
		ask := r.Body.Object("auth")
		assertion, to, err := a.Auth.Assert(r.Context(), text[string](ask.Object("identity").Object("token"), "id"),
			text[identity.ServiceProviderID](ask.Object("scope").Object("service_provider"), "id"))
		if err != nil {
			return err
		}
		r.subjectUser = string(assertion.UserID)
		data, err := write(a.SAML, assertion, to)
		if err != nil {
			return err
		}
		w.Header().Set(spHeaders[0], to.SPURL)
		w.Header().Set(spHeaders[1], to.AuthURL)
		w.Header().Set("Cache-Control", "no-store")
		return writeBytes(w, http.StatusOK, xml, data)
	}
}

func (a *API) showSAMLMetadata(w http.ResponseWriter, _ *request) error {
	data, err := a.SAML.Metadata()
	if err != nil {
		return err
	}
	return writeBytes(w, http.StatusOK, xml, data)
}
