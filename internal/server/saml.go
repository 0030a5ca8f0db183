package server

import (
	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/federation/saml"
)

func samlIssuer(cfg *config.Config) *saml.Issuer {
	c := cfg.SAML
	return &saml.Issuer{
		EntityID: c.IdPEntityID, CertFile: c.CertFile, KeyFile: c.KeyFile, Life: c.AssertionExpirationTime, MetadataFile: c.IdPMetadataPath,
	}
}

// SAMLMetadata makes the document that tells other clouds of this one ([saml] idp_*), to be put where idp_metadata_path
// says.
func SAMLMetadata(cfg *config.Config) ([]byte, error) {
	c := cfg.SAML
	return saml.Metadata{
		EntityID: c.IdPEntityID, SSOEndpoint: c.IdPSSOEndpoint, CertFile: c.CertFile, Lang: c.IdPLang,
		OrganizationName: c.IdPOrganizationName, OrganizationDisplayName: c.IdPOrganizationDisplayName, OrganizationURL: c.IdPOrganizationURL,
		ContactCompany: c.IdPContactCompany, ContactName: c.IdPContactName, ContactSurname: c.IdPContactSurname,
		ContactEmail: c.IdPContactEmail, ContactTelephone: c.IdPContactTelephone, ContactType: c.IdPContactType,
	}.Generate()
}
