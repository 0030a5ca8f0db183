package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/lintel-id/lintel/internal/identity"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 890000000, time.UTC)

// issuer makes one with a key of its own.
func issuer(t *testing.T) (*Issuer, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{
		EntityID: "https://id.example/idp", Life: time.Hour,
		CertFile: filepath.Join(t.TempDir(), "cert.pem"), KeyFile: filepath.Join(t.TempDir(), "key.pem"),
	}
	for file, block := range map[string]*pem.Block{i.CertFile: {Type: "CERTIFICATE", Bytes: der}, i.KeyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return i, cert
}

var (
	west = identity.ServiceProvider{ID: "west", SPURL: "https://west.example/sp?a=b&c", AuthURL: "https://west.example/v3", RelayStatePrefix: "ss:mem:"}
	ann  = identity.Assertion{
		User: identity.QualifiedName{Name: "ann <&\r\n>", Domain: "Default"}, Project: identity.QualifiedName{Name: "web", Domain: "shop"},
		Roles: []string{"admin", "member"}, At: at, Until: at.Add(2 * time.Hour),
		Groups: []identity.QualifiedName{{Name: `a "b" <c>`, Domain: "Default"}, {Name: "ops", Domain: "shop"}},
	}
)

func parse(t *testing.T, text []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return doc.Root()
}

// outline is an element's content by paths: texts and attributes, but for what is random or a time, and signatures.
func outline(e *etree.Element, path string, into map[string][]string) map[string][]string {
	path += "/" + e.Tag
	if e.Tag == "Signature" {
		return into
	}
	for _, a := range e.Attr {
		if a.Space != "xmlns" && a.Key != "ID" && a.Key != "SessionIndex" {
			into[path+"@"+a.Key] = append(into[path+"@"+a.Key], a.Value)
		}
	}
	if text := e.Text(); text != "" {
		into[path] = append(into[path], text)
	}
	for _, c := range e.ChildElements() {
		outline(c, path, into)
	}
	return into
}

func TestResponse(t *testing.T) {
	i, cert := issuer(t)
	text, err := i.Response(ann, west)
	if err != nil {
		t.Fatal(err)
	}
	root := parse(t, text)
	a := "/Response/Assertion"
	uri := "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	names := []string{"openstack_user", "openstack_roles", "openstack_project", "openstack_project_domain", "openstack_user_domain", "openstack_groups"}
	want := map[string][]string{
		"/Response@Version": {"2.0"}, "/Response@IssueInstant": {"2026-03-04T05:06:07Z"}, "/Response@Destination": {west.SPURL},
		"/Response/Issuer": {i.EntityID}, "/Response/Issuer@Format": {"urn:oasis:names:tc:SAML:2.0:nameid-format:entity"},
		"/Response/Status/StatusCode@Value": {"urn:oasis:names:tc:SAML:2.0:status:Success"},
		a + "@Version":                      {"2.0"}, a + "@IssueInstant": {"2026-03-04T05:06:07Z"},
		a + "/Issuer": {i.EntityID}, a + "/Issuer@Format": {"urn:oasis:names:tc:SAML:2.0:nameid-format:entity"},
		a + "/Subject/NameID":                                                   {ann.User.Name},
		a + "/Subject/SubjectConfirmation@Method":                               {"urn:oasis:names:tc:SAML:2.0:cm:bearer"},
		a + "/Subject/SubjectConfirmation/SubjectConfirmationData@Recipient":    {west.SPURL},
		a + "/Subject/SubjectConfirmation/SubjectConfirmationData@NotOnOrAfter": {"2026-03-04T06:06:07.890000Z"},
		a + "/AuthnStatement@AuthnInstant":                                      {"2026-03-04T05:06:07Z"},
		a + "/AuthnStatement@SessionNotOnOrAfter":                               {"2026-03-04T06:06:07.890000Z"},
		a + "/AuthnStatement/AuthnContext/AuthnContextClassRef":                 {"urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
		a + "/AuthnStatement/AuthnContext/AuthenticatingAuthority":              {i.EntityID},
		a + "/AttributeStatement/Attribute@Name":                                names,
		a + "/AttributeStatement/Attribute@NameFormat":                          {uri, uri, uri, uri, uri, uri},
		a + "/AttributeStatement/Attribute/AttributeValue": {
			ann.User.Name, "admin", "member", "web", "shop", "Default",
			`JSON:{"name":"a \"b\" <c>","domain":{"name":"Default"}}`, `JSON:{"name":"ops","domain":{"name":"shop"}}`,
		},
		a + "/AttributeStatement/Attribute/AttributeValue@type": {
			"xs:string", "xs:string", "xs:string", "xs:string", "xs:string", "xs:string", "xs:string", "xs:string",
		},
	}
	if diff := cmp.Diff(want, outline(root, "", map[string][]string{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	verify(t, root.FindElement("./Assertion"), cert)
}

// verify checks the signature of an assertion: by the library, and its digest and algorithms by hand. We never sign with
// SHA-1, as upstream does.
func verify(t *testing.T, assertion *etree.Element, cert *x509.Certificate) {
	t.Helper()
	if second := assertion.ChildElements()[1]; second.Tag != "Signature" { // where the schema wants it
		t.Errorf("after the issuer: got %s", second.Tag)
	}
	for path, want := range map[string]string{
		"SignatureMethod": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "Reference/DigestMethod": "http://www.w3.org/2001/04/xmlenc#sha256",
		"CanonicalizationMethod": "http://www.w3.org/2001/10/xml-exc-c14n#",
	} {
		if got := assertion.FindElement("./Signature/SignedInfo/"+path).SelectAttrValue("Algorithm", ""); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if got, want := assertion.FindElement("./Signature/SignedInfo/Reference").SelectAttrValue("URI", ""), "#"+assertion.SelectAttrValue("ID", ""); got != want {
		t.Errorf("signed: got %s, want %s", got, want)
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(at)
	if _, err := ctx.Validate(assertion); err != nil {
		t.Error(err)
	}
	bare := assertion.Copy()
	bare.RemoveChildAt(1)
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(bare)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(canonical)
	if got, want := assertion.FindElement("./Signature/SignedInfo/Reference/DigestValue").Text(), base64.StdEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("digest: got %s, want %s", got, want)
	}
	changed := assertion.Copy()
	changed.FindElement("./Subject/NameID").SetText("root")
	if _, err := ctx.Validate(changed); err == nil {
		t.Error("a changed name passes")
	}
}

func TestEnvelope(t *testing.T) {
	i, cert := issuer(t)
	text, err := i.Envelope(ann, west)
	if err != nil {
		t.Fatal(err)
	}
	root := parse(t, text)
	relay := root.FindElement("./Header/RelayState")
	if got := relay.Text(); !strings.HasPrefix(got, "ss:mem:") || len(got) != len("ss:mem:")+32 {
		t.Errorf("RelayState: got %q", got)
	}
	for path, want := range map[string]string{
		"": "http://schemas.xmlsoap.org/soap/envelope/", "./Header/RelayState": "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp",
		"./Body/Response": "urn:oasis:names:tc:SAML:2.0:protocol",
	} {
		e := root
		if path != "" {
			e = root.FindElement(path)
		}
		if got := e.NamespaceURI(); got != want {
			t.Errorf("%q is of %s, want %s", path, got, want)
		}
	}
	for name, want := range map[string]string{"S:actor": "http://schemas.xmlsoap.org/soap/actor/next", "S:mustUnderstand": "1"} {
		if got := relay.SelectAttrValue(name, ""); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	verify(t, root.FindElement("./Body/Response/Assertion"), cert)
}

// An assertion ends with the token that it was made from. It has no groups when the user has none.
func TestShortAssertion(t *testing.T) {
	i, _ := issuer(t)
	short := ann
	short.Until, short.Groups = at.Add(time.Minute), nil
	text, err := i.Response(short, west)
	if err != nil {
		t.Fatal(err)
	}
	root := parse(t, text)
	for _, path := range []string{"//SubjectConfirmationData@NotOnOrAfter", "//AuthnStatement@SessionNotOnOrAfter"} {
		element, attr, _ := strings.Cut(path, "@")
		if got, want := root.FindElement(element).SelectAttrValue(attr, ""), "2026-03-04T05:07:07.890000Z"; got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if got := len(root.FindElements("//Attribute")); got != 5 {
		t.Errorf("%d attributes, want 5", got)
	}
}

func TestFailures(t *testing.T) {
	i, _ := issuer(t)
	for _, name := range []string{"a\x01", "a\x00", "a\xff", "a\ufffe"} {
		bad := ann
		bad.User.Name = name
		if _, err := i.Response(bad, west); !errors.Is(err, identity.BadRequest) {
			t.Errorf("%q: got %v, want a bad request", name, err)
		}
		to := west
		to.RelayStatePrefix = name
		if _, err := i.Envelope(ann, to); !errors.Is(err, identity.BadRequest) {
			t.Errorf("a prefix %q: got %v, want a bad request", name, err)
		}
	}
	other, _ := issuer(t)
	i.KeyFile = other.KeyFile
	if _, err := i.Response(ann, west); err == nil || errors.Is(err, identity.BadRequest) {
		t.Errorf("another's key: got %v", err)
	}
	i.KeyFile = "nowhere"
	if _, err := i.Response(ann, west); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no key: got %v", err)
	}
}

func TestMetadata(t *testing.T) {
	i, cert := issuer(t)
	m := Metadata{
		EntityID: i.EntityID, SSOEndpoint: "https://id.example/sso", CertFile: i.CertFile, Lang: "de",
		OrganizationName: "O", OrganizationDisplayName: "The O & Co", OrganizationURL: "https://o.example",
		ContactCompany: "C", ContactName: "N", ContactSurname: "S", ContactEmail: "e@o.example", ContactTelephone: "1", ContactType: "technical",
	}
	text, err := m.Generate()
	if err != nil {
		t.Fatal(err)
	}
	d := "/EntityDescriptor/IDPSSODescriptor"
	want := map[string][]string{
		"/EntityDescriptor@entityID":                          {i.EntityID},
		d + "@protocolSupportEnumeration":                     {"urn:oasis:names:tc:SAML:2.0:protocol"},
		d + "/KeyDescriptor@use":                              {"signing"},
		d + "/KeyDescriptor/KeyInfo/X509Data/X509Certificate": {base64.StdEncoding.EncodeToString(cert.Raw)},
		d + "/Organization/OrganizationName":                  {"O"},
		d + "/Organization/OrganizationName@lang":             {"de"},
		d + "/Organization/OrganizationDisplayName":           {"The O & Co"},
		d + "/Organization/OrganizationDisplayName@lang":      {"de"},
		d + "/Organization/OrganizationURL":                   {"https://o.example"},
		d + "/Organization/OrganizationURL@lang":              {"de"},
		d + "/ContactPerson@contactType":                      {"technical"},
		d + "/ContactPerson/Company":                          {"C"},
		d + "/ContactPerson/GivenName":                        {"N"},
		d + "/ContactPerson/SurName":                          {"S"},
		d + "/ContactPerson/EmailAddress":                     {"e@o.example"},
		d + "/ContactPerson/TelephoneNumber":                  {"1"},
		d + "/NameIDFormat":                                   {"urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
		d + "/SingleSignOnService@Binding":                    {"urn:oasis:names:tc:SAML:2.0:bindings:URI"},
		d + "/SingleSignOnService@Location":                   {"https://id.example/sso"},
	}
	if diff := cmp.Diff(want, outline(parse(t, text), "", map[string][]string{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, wrong := range []Metadata{{SSOEndpoint: "s", CertFile: i.CertFile}, {EntityID: "e", CertFile: i.CertFile}, {EntityID: "e", SSOEndpoint: "s", CertFile: i.KeyFile}} {
		if _, err := wrong.Generate(); err == nil {
			t.Errorf("%+v passes", wrong)
		}
	}
}
