package telemetry

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"strings"
)

// Certificate is the client's certificate, nil for none: one that this server's own TLS listener has verified, or one that a
// listed proxy says it has. A proxy that calls with a certificate of its own speaks for its client, not for itself.
func (r *Request) Certificate() *x509.Certificate {
	if r.certificate != nil {
		return r.certificate
	}
	if verdict := r.Environ.Get("SSL_CLIENT_VERIFY"); verdict != "" && verdict != "SUCCESS" {
		return nil
	}
	return parseCertificate(r.Environ.Get("SSL_CLIENT_CERT"))
}

// parseCertificate reads a certificate as web servers put it into one line: PEM with spaces for line breaks (Apache),
// percent-encoded PEM (nginx), or base64 alone (HAProxy). It is nil for anything else.
func parseCertificate(text string) *x509.Certificate {
	if strings.Contains(text, "%") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil
		}
		text = plain
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		text = base64.StdEncoding.EncodeToString(block.Bytes)
	}
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "-----BEGIN CERTIFICATE-----"), "-----END CERTIFICATE-----")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}
