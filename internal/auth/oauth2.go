package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation/mapping"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Client is what a client of OAuth 2.0 shows of itself. With a certificate its id is that of a user, and the secret does not
// count; else it is that of an application credential.
type Client struct {
	ID, Secret  string
	Certificate *x509.Certificate // nil for none
}

// The ways in which clients may authenticate ([oauth2] oauth2_authn_methods).
const (
	ClientSecret      = "client_secret_basic"
	ClientCertificate = "tls_client_auth"
)

// IssueToClient logs a client of OAuth 2.0 in, by its own credentials (RFC 6749, section 4.4; keystone/api/os_oauth2.py).
// Whatever is wrong with the client is one 401 for each way to authenticate. The rules of multi-factor authentication hold.
func (s *Service) IssueToClient(ctx context.Context, c Client) (out Issued, err error) {
	switch {
	case c.ID == "":
		err = errClient("no client is named")
	case c.Certificate != nil && slices.Contains(s.ClientMethods, ClientCertificate):
		out, err = s.issueToCertificate(ctx, c)
	case c.Certificate == nil && c.Secret != "" && slices.Contains(s.ClientMethods, ClientSecret):
		out, err = s.issueToSecret(ctx, c)
	default:
		err = errClient("the client shows nothing that is asked for here")
	}
	return out, err
}

func errClient(format string, args ...any) error {
	return &identity.Error{Kind: identity.Unauthorized, Message: "Client authentication failed.", Detail: fmt.Sprintf(format, args...)}
}

func (s *Service) issueToSecret(ctx context.Context, c Client) (Issued, error) {
	const method = "application_credential"
	out, err := s.Issue(ctx, Request{
		Methods:  []string{method},
		Evidence: map[string]Method{method: &ApplicationCredential{ID: identity.ApplicationCredentialID(c.ID), Secret: c.Secret}}, NoCatalog: true,
	})
	if errors.Is(err, identity.NotFound) { // takes as long as a wrong secret, and looks like one
		if err = s.Directory.CheckSecret(ctx, directory.UserRef{ID: identity.UserID(c.ID)}, "", "", c.Secret); err == nil {
			err = identity.Unauthenticatedf("there is no application credential %s", c.ID)
		}
	}
	if e, ok := errors.AsType[*ReceiptError](err); ok {
		err = identity.Unauthenticatedf("the multi-factor rules of user %s ask for more than an application credential", e.User.ID)
	}
	return out, err
}

// issueToCertificate gives a user whom the client's certificate names a token for the user's default project. The token is
// good only together with the certificate.
func (s *Service) issueToCertificate(ctx context.Context, c Client) (Issued, error) {
	out, err := s.issue(ctx, ScopeRequest{}, s.view, false, func(ctx context.Context, tx *store.Tx, p *proved) error {
		named, err := s.named(ctx, tx, c.Certificate)
		if err != nil {
			return err
		}
		u, err := s.Directory.Admit(ctx, tx, directory.UserRef{ID: identity.UserID(c.ID)})
		if err != nil {
			return err
		}
		d, err := tx.Domain(ctx, u.DomainID)
		if err != nil {
			return err
		}
		if err := is(named, u, d); err != nil {
			return err
		}
		p.thumbprint = Thumbprint(c.Certificate)
		p.by("oauth2_credential")
		return p.is(u.ID)
	})
	var receipt *ReceiptError
	if errors.As(err, &receipt) || errors.Is(err, identity.NotFound) || errors.Is(err, identity.Unauthorized) || errors.Is(err, identity.BadRequest) {
		err = errClient("client %s: %v", c.ID, err)
	}
	if err == nil {
		err = s.entered(ctx, out.Token, nil)
	}
	return out, err
}

// named applies the mapping of clients to a certificate. Upstream takes every mapping here for one of the first version.
func (s *Service) named(ctx context.Context, tx *store.Tx, c *x509.Certificate) (u mapping.User, err error) {
	m, err := tx.Mapping(ctx, s.ClientMapping)
	if err != nil {
		return u, err
	}
	rules, err := mapping.Parse(m.SchemaVersion, m.Rules)
	if err != nil {
		return u, err
	}
	rules.Version = "1.0"
	attributes := map[string]string{}
	for prefix, name := range map[string]pkix.Name{"SSL_CLIENT_SUBJECT_DN_": c.Subject, "SSL_CLIENT_ISSUER_DN_": c.Issuer} {
		for _, a := range name.Names {
			attributes[prefix+strings.ToUpper(attributeName(a))] = escaped(fmt.Sprint(a.Value))
		}
	}
	found, err := rules.Apply(mapping.Split(attributes))
	if err != nil {
		return u, err
	}
	return found.User, nil
}

// is tells whether a user is the one whom a certificate names. What it does not name is not asked, but it must name somebody:
// upstream lets a certificate that says nothing pass for everybody.
func is(named mapping.User, u identity.User, d identity.Domain) error {
	if named.ID == "" && named.Name == "" && named.Email == "" {
		return identity.Unauthenticatedf("the mapping makes nobody of the certificate")
	}
	email, _ := u.Extra["email"].(string)
	for _, c := range []struct{ what, named, have string }{
		{"id", named.ID, string(u.ID)}, {"name", named.Name, u.Name}, {"email", named.Email, email},
		{"domain id", string(named.Domain.ID), string(d.ID)}, {"domain name", named.Domain.Name, d.Name},
	} {
		if c.named != "" && c.named != c.have {
			return identity.Unauthenticatedf("the %s in the certificate is %q, the user's %q", c.what, c.named, c.have)
		}
	}
	return nil
}

// attributeName is the short name of an attribute in RFC 4514, or else its dotted number; and emailAddress.
func attributeName(a pkix.AttributeTypeAndValue) string {
	number := a.Type.String()
	return cmp.Or(map[string]string{
		"2.5.4.3": "CN", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C", "2.5.4.9": "STREET",
		"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID", "1.2.840.113549.1.9.1": "emailAddress",
	}[number], number)
}

// escaped is the value of an attribute as RFC 4514 writes it, which is how upstream hands it to the mapping.
func escaped(value string) string {
	var b strings.Builder
	for i, r := range value {
		switch {
		case strings.ContainsRune(`\"+,;<>`, r), i == 0 && (r == '#' || r == ' '), i == len(value)-1 && r == ' ':
			b.WriteByte('\\')
		case r == 0:
			b.WriteString(`\00`)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Thumbprint is the text by which tokens name a certificate. It is made of the PEM, as keystonemiddleware compares it, and so is
// not that of RFC 8705 (get_certificate_thumbprint in keystone/common/utils.py).
func Thumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	return base64.URLEncoding.EncodeToString(sum[:])
}

// Holds tells whether a caller may use a token by the certificate that it came with: 401 if the token is bound to another.
func (s *Service) Holds(caller identity.Caller, certificate func() *x509.Certificate) error {
	if caller.Token == nil || caller.Token.Thumbprint == "" {
		return nil
	}
	if c := certificate(); c == nil || Thumbprint(c) != caller.Token.Thumbprint {
		return identity.Unauthenticatedf("the token is bound to a certificate that did not come with it")
	}
	return nil
}
