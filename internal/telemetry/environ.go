package telemetry

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Environ is what a web server in front says about a request, such as who its modules found the client to be:
// REMOTE_USER, the attributes of an assertion, the client's certificate. A program inside the web server reads such
// variables from its environment; here they are headers, which count only from a listed proxy and only if
// Proxies.EnvironPrefix is set. The zero value holds none.
//
// With the prefix "X-Env-", the variable REMOTE_USER is the header X-Env-Remote-User: hyphens stand for underscores, and
// case does not count. As in CGI (RFC 3875, section 4.1.18), HTTP_OIDC_ISS is the header OIDC-iss.
type Environ struct {
	header http.Header
	prefix string
}

// Get returns a variable; empty when it is not set. A header that comes twice, of which one may be the client's own, sets
// nothing, nor does Apache's word for a variable that it does not have.
func (e Environ) Get(name string) string {
	if e.prefix == "" || name == "" {
		return ""
	}
	key, http1 := strings.CutPrefix(name, "HTTP_")
	if !http1 {
		key = e.prefix + name
	}
	values := e.header[http.CanonicalHeaderKey(strings.ReplaceAll(key, "_", "-"))]
	if len(values) != 1 || values[0] == "(null)" {
		return ""
	}
	if utf8.ValidString(values[0]) {
		return values[0]
	}
	runes := make([]rune, len(values[0]))
	for i := range len(values[0]) {
		runes[i] = rune(values[0][i]) // ISO 8859-1
	}
	return string(runes)
}

// CheckEnvironPrefix makes sure that headers can begin with a prefix, in one spelling.
func CheckEnvironPrefix(prefix string) error {
	if strings.ContainsFunc(prefix, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) {
		return fmt.Errorf("%q is not made of letters, digits and hyphens", prefix)
	}
	return nil
}
