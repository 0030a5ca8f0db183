package saml

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/beevik/etree"
)

// Metadata is what other clouds are told of this one as an identity provider, from the options of [saml] whose names end
// alike. EntityID and SSOEndpoint are a must.
type Metadata struct {
	EntityID, SSOEndpoint string
	CertFile              string
	Lang                  string

	OrganizationName, OrganizationDisplayName, OrganizationURL string

	ContactCompany, ContactName, ContactSurname, ContactEmail, ContactTelephone, ContactType string
}

// Generate writes the metadata as an EntityDescriptor. The organization and the contact are left out unless all of their
// parts are known.
func (m Metadata) Generate() ([]byte, error) {
	switch {
	case m.EntityID == "":
		return nil, errors.New("ensure configuration option idp_entity_id is set")
	case m.SSOEndpoint == "":
		return nil, errors.New("ensure configuration option idp_sso_endpoint is set")
	}
	cert, err := certificate(m.CertFile)
	if err != nil {
		return nil, fmt.Errorf("cannot open certificate %s: %w", m.CertFile, err)
	}
	idp := with(element("md:IDPSSODescriptor", "protocolSupportEnumeration", nsProtocol),
		with(element("md:KeyDescriptor", "use", "signing"),
			with(element("ds:KeyInfo", "xmlns:ds", nsSignature),
				with(element("ds:X509Data"), saying(element("ds:X509Certificate"), cert)))))
	if known(m.OrganizationName, m.OrganizationDisplayName, m.OrganizationURL) {
		part := func(name, text string) *etree.Element { return saying(element(name, "xml:lang", m.Lang), text) }
		idp.AddChild(with(element("md:Organization"),
			part("md:OrganizationName", m.OrganizationName),
			part("md:OrganizationDisplayName", m.OrganizationDisplayName),
			part("md:OrganizationURL", m.OrganizationURL)))
	}
	if known(m.ContactCompany, m.ContactName, m.ContactSurname, m.ContactEmail, m.ContactTelephone, m.ContactType) {
		part := func(name, text string) *etree.Element { return saying(element(name), text) }
		idp.AddChild(with(element("md:ContactPerson", "contactType", m.ContactType),
			part("md:Company", m.ContactCompany),
			part("md:GivenName", m.ContactName),
			part("md:SurName", m.ContactSurname),
			part("md:EmailAddress", m.ContactEmail),
			part("md:TelephoneNumber", m.ContactTelephone)))
	}
	with(idp, saying(element("md:NameIDFormat"), formatTransient), element("md:SingleSignOnService", "Binding", bindingURI, "Location", m.SSOEndpoint))
	return write(with(element("md:EntityDescriptor", "xmlns:md", nsMetadata, "entityID", m.EntityID), idp))
}

func known(parts ...string) bool { return !slices.Contains(parts, "") }

// certificate is the first certificate of a PEM file, as text of one line.
func certificate(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return base64.StdEncoding.EncodeToString(block.Bytes), nil
		}
	}
	return "", errors.New("it holds no certificate in PEM")
}
