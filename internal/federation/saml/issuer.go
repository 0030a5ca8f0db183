package saml

import (
	"bytes"
	"encoding/json"
	"os"
	"time"

	"github.com/beevik/etree"

	"github.com/lintel-id/lintel/internal/identity"
)

// Issuer makes assertions in the name of this cloud. All fields are set once.
type Issuer struct {
	EntityID          string        // [saml] idp_entity_id
	CertFile, KeyFile string        // [saml] certfile, keyfile
	Life              time.Duration // [saml] assertion_expiration_time
	MetadataFile      string        // [saml] idp_metadata_path
}

// Response is the document that a service provider takes from a browser or a client: samlp:Response with one signed
// assertion. It ends with what the assertion stands on. An error that is no identity.BadRequest is about this server's
// configuration.
func (i *Issuer) Response(a identity.Assertion, to identity.ServiceProvider) ([]byte, error) {
	response, err := i.response(a, to)
	if err != nil {
		return nil, err
	}
	return write(response)
}

// Envelope is Response for an enhanced client or proxy: a SOAP envelope with a RelayState of the service provider's.
func (i *Issuer) Envelope(a identity.Assertion, to identity.ServiceProvider) ([]byte, error) {
	response, err := i.response(a, to)
	if err != nil {
		return nil, err
	}
	relay := element("ecp:RelayState", "xmlns:ecp", nsECP, "S:mustUnderstand", "1", "S:actor", actorNext)
	return write(with(element("S:Envelope", "xmlns:S", nsEnvelope),
		with(element("S:Header"), saying(relay, to.RelayStatePrefix+identity.NewID())),
		with(element("S:Body"), response),
	))
}

// Metadata is the file that the operator publishes.
func (i *Issuer) Metadata() ([]byte, error) { return os.ReadFile(i.MetadataFile) }

func (i *Issuer) response(a identity.Assertion, to identity.ServiceProvider) (*etree.Element, error) {
	at, until := a.At.UTC(), a.At.Add(i.Life).UTC()
	if a.Until.Before(until) {
		until = a.Until.UTC()
	}
	ends := until.Format(subsecondsLayout)
	issuer := func(attrs ...string) *etree.Element {
		return saying(element("saml:Issuer", append(attrs, "Format", formatEntity)...), i.EntityID)
	}
	said, err := statement(a)
	if err != nil {
		return nil, err
	}
	// The assertion names its namespaces itself, so that it can be taken out of the response as it is.
	assertion := with(element("saml:Assertion", "xmlns:saml", nsAssertion, "ID", newID(), "Version", "2.0", "IssueInstant", at.Format(secondsLayout)),
		issuer(),
		with(element("saml:Subject"),
			saying(element("saml:NameID"), a.User.Name),
			with(element("saml:SubjectConfirmation", "Method", confirmBearer),
				element("saml:SubjectConfirmationData", "NotOnOrAfter", ends, "Recipient", to.SPURL)),
		),
		with(element("saml:AuthnStatement", "AuthnInstant", at.Format(secondsLayout), "SessionIndex", newID(), "SessionNotOnOrAfter", ends),
			with(element("saml:AuthnContext"),
				saying(element("saml:AuthnContextClassRef"), classPassword),
				saying(element("saml:AuthenticatingAuthority"), i.EntityID)),
		),
		said,
	)
	if err := sign(assertion, i.CertFile, i.KeyFile); err != nil {
		return nil, err
	}
	return with(element("samlp:Response", "xmlns:samlp", nsProtocol, "ID", newID(), "Version", "2.0", "IssueInstant", at.Format(secondsLayout),
		"Destination", to.SPURL),
		issuer("xmlns:saml", nsAssertion),
		with(element("samlp:Status"), element("samlp:StatusCode", "Value", statusSuccess)),
		assertion,
	), nil
}

// statement says who the user is and what they hold here, in the attributes that upstream's mappings read.
func statement(a identity.Assertion) (*etree.Element, error) {
	statement := element("saml:AttributeStatement")
	add := func(name string, values ...string) {
		attribute := element("saml:Attribute", "Name", name, "NameFormat", formatURI)
		for _, v := range values {
			attribute.AddChild(saying(element("saml:AttributeValue", "xmlns:xs", schemaNamespace, "xmlns:xsi", schemaInstance, "xsi:type", "xs:string"), v))
		}
		statement.AddChild(attribute)
	}
	add("openstack_user", a.User.Name)
	add("openstack_roles", a.Roles...)
	add("openstack_project", a.Project.Name)
	add("openstack_project_domain", a.Project.Domain)
	add("openstack_user_domain", a.User.Domain)
	if len(a.Groups) == 0 {
		return statement, nil
	}
	groups := make([]string, len(a.Groups))
	for i, g := range a.Groups {
		text, err := groupText(g)
		if err != nil {
			return nil, err
		}
		groups[i] = text
	}
	add("openstack_groups", groups...)
	return statement, nil
}

// groupText is a group as the mapping engine reads it from one value.
func groupText(g identity.QualifiedName) (string, error) {
	type domain struct {
		Name string `json:"name"`
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Name   string `json:"name"`
		Domain domain `json:"domain"`
	}{g.Name, domain{g.Domain}})
	return "JSON:" + string(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), err
}
