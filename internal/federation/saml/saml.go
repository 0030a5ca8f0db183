// Package saml speaks SAML 2.0: it issues the assertions by which another cloud takes this one's users (Keystone to
// Keystone), and the metadata by which that cloud knows whom it listens to. It knows XML and signatures and decides
// nothing. Sources: OASIS saml-core-2.0-os, saml-profiles-2.0-os (4.2 is ECP), saml-metadata-2.0-os; what is said in
// which attribute is keystone/federation/idp.py.
package saml

import (
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/lintel-id/lintel/internal/identity"
)

// Names that the standards give to things.
const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsECP       = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsEnvelope  = "http://schemas.xmlsoap.org/soap/envelope/"

	statusSuccess    = "urn:oasis:names:tc:SAML:2.0:status:Success"
	formatEntity     = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
	formatTransient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	formatURI        = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	bindingURI       = "urn:oasis:names:tc:SAML:2.0:bindings:URI"
	confirmBearer    = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	classPassword    = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
	actorNext        = "http://schemas.xmlsoap.org/soap/actor/next"
	schemaInstance   = "http://www.w3.org/2001/XMLSchema-instance"
	schemaNamespace  = "http://www.w3.org/2001/XMLSchema"
	secondsLayout    = "2006-01-02T15:04:05Z"
	subsecondsLayout = "2006-01-02T15:04:05.000000Z"
)

// element makes an element with attributes, given as names and values in turn.
func element(name string, attrs ...string) *etree.Element {
	e := etree.NewElement(name)
	for i := 0; i < len(attrs); i += 2 {
		e.CreateAttr(attrs[i], attrs[i+1])
	}
	return e
}

// with puts elements into another and returns that.
func with(e *etree.Element, children ...*etree.Element) *etree.Element {
	for _, c := range children {
		e.AddChild(c)
	}
	return e
}

// saying puts text into an element and returns that.
func saying(e *etree.Element, text string) *etree.Element {
	e.SetText(text)
	return e
}

// newID is a name for an element. An xs:ID may not start with a digit, as upstream's do.
func newID() string { return "_" + identity.NewID() }

// write serializes a document. Line ends and tabs in it survive the reader's normalization.
func write(root *etree.Element) ([]byte, error) {
	if err := checkText(root); err != nil {
		return nil, err
	}
	doc := etree.NewDocumentWithRoot(root)
	doc.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	return doc.WriteToBytes()
}

// checkText refuses text that XML cannot hold. Written all the same, two names could become one.
func checkText(e *etree.Element) error {
	for _, a := range e.Attr {
		if !isText(a.Value) {
			return errText
		}
	}
	for _, c := range e.Child {
		switch c := c.(type) {
		case *etree.CharData:
			if !isText(c.Data) {
				return errText
			}
		case *etree.Element:
			if err := checkText(c); err != nil {
				return err
			}
		}
	}
	return nil
}

var errText = identity.Invalidf("A name holds characters that no XML document can hold.")

// isText tells whether XML 1.0 can hold s (section 2.2, Char).
func isText(s string) bool {
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return false
		}
	}
	return utf8.ValidString(s)
}

// sign puts a signature into an element, after its first child, which is the issuer: SHA-256 over its exclusive canonical
// form, by an RSA key. Files are read anew each time, so that they can be replaced.
func sign(e *etree.Element, certFile, keyFile string) error {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("[saml] certfile and keyfile: %w", err)
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey) // the signatures of others that the library makes are not XML's
	if !ok {
		return errors.New("[saml] keyfile: it is not an RSA key")
	}
	ctx, err := dsig.NewSigningContext(key, pair.Certificate)
	if err != nil {
		return err
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := ctx.ConstructSignature(e, true)
	if err != nil {
		return fmt.Errorf("[saml] keyfile: %w", err)
	}
	e.InsertChildAt(1, signature)
	return nil
}
