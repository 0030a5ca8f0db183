// Package oauth1 reads and checks requests that are signed as OAuth 1.0a has it (RFC 5849). It takes what oauthlib takes as
// Keystone sets it up, and says what is wrong in oauthlib's words (keystone/oauth1/validator.py;
// oauthlib/oauth1/rfc5849/endpoints). Who the parties are, and whether a request was sent before, is for others to tell.
package oauth1

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Lifetime is how far the timestamp of a request may be from the time at which it arrives.
const Lifetime = 600 * time.Second

// VerifierAlphabet is what verifiers are made of: letters and digits without those that look alike. VerifierLength is
// how many they have.
const (
	VerifierAlphabet = "abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	VerifierLength   = 8
)

// ErrMalformed says that a header or query cannot be read at all.
var ErrMalformed = errors.New("malformed OAuth request")

// ErrStale says that a request was signed too long ago, or in the future.
var ErrStale = errors.New("the timestamp of the request is too far from now")

// Error says what is wrong with the form of a request.
type Error struct{ Code, Description string }

func (e *Error) Error() string { return e.Code + ": " + e.Description }

func invalid(description string) error { return &Error{"invalid_request", description} }

// Request is a signed request. Its exported fields are parameters as they were sent, empty where there are none.
type Request struct {
	ConsumerKey string
	Token       string
	Verifier    string
	Callback    string
	Nonce       string
	Timestamp   string
	Realm       string

	version   *string
	method    string // of the signature
	signature string
	params    []param // all that are signed
	twice     bool    // OAuth parameters are in the query, too
	http      string
	urls      []string
}

type param struct{ name, value string }

// Parse reads a request: the method of HTTP, the Authorization header, the query as it was sent, and the URLs without
// query that the client may have had in mind. Without a header there are no parameters. The error is ErrMalformed.
func Parse(method, authorization, query string, urls ...string) (*Request, error) {
	r := &Request{http: method, urls: urls}
	fields, err := header(authorization)
	if err != nil {
		return nil, err
	}
	realm := strings.Contains(authorization, "realm")
	for name, value := range fields {
		if strings.HasPrefix(name, "oauth_") {
			if value, err = url.PathUnescape(value); err != nil || !utf8.ValidString(value) {
				return nil, ErrMalformed
			}
		}
		r.take(name, value)
		if name != "oauth_signature" && (name != "realm" || !realm) {
			r.params = append(r.params, param{name, value})
		}
	}
	if query == "" {
		return r, nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		for _, text := range []*string{&name, &value} {
			if *text, err = url.QueryUnescape(*text); err != nil || !utf8.ValidString(*text) {
				return nil, ErrMalformed
			}
		}
		if strings.HasPrefix(name, "oauth_") {
			r.twice = true
		}
		if name == "realm" {
			r.Realm = value
		}
		if name != "realm" || !realm {
			r.params = append(r.params, param{name, value})
		}
	}
	return r, nil
}

func (r *Request) take(name, value string) {
	switch name {
	case "oauth_consumer_key":
		r.ConsumerKey = value
	case "oauth_token":
		r.Token = value
	case "oauth_verifier":
		r.Verifier = value
	case "oauth_callback":
		r.Callback = value
	case "oauth_nonce":
		r.Nonce = value
	case "oauth_timestamp":
		r.Timestamp = value
	case "oauth_version":
		r.version = &value
	case "oauth_signature_method":
		r.method = value
	case "oauth_signature":
		r.signature = value
	case "realm":
		r.Realm = value
	}
}

// header reads an Authorization header: name=value, separated by commas; values may be quoted. Of a name that is repeated
// the last value counts (parse_http_list and parse_keqv_list in Python's urllib.request).
func header(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	const scheme = "OAuth "
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return nil, ErrMalformed
	}
	fields := map[string]string{}
	for _, item := range items(text[len(scheme):]) {
		name, value, ok := strings.Cut(item, "=")
		if !ok || value == "" || !utf8.ValidString(item) {
			return nil, ErrMalformed
		}
		if value[0] == '"' && value[len(value)-1] == '"' {
			value = strings.TrimSuffix(value[1:], `"`)
		}
		fields[name] = value
	}
	return fields, nil
}

// items splits a list at its commas, but those inside of quotes, where a backslash takes the meaning of what follows it.
func items(text string) (list []string) {
	var item strings.Builder
	add := func() {
		list = append(list, strings.TrimSpace(item.String()))
		item.Reset()
	}
	quoted, escaped := false, false
	for _, c := range []byte(text) {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
			continue
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			add()
			continue
		}
		item.WriteByte(c)
	}
	if item.Len() > 0 {
		add()
	}
	return list
}

// Check tells what is wrong with the form of a request, an *Error, or with its time, ErrStale.
func (r *Request) Check(now time.Time) error {
	if r.twice {
		// A tuple as Python prints it, for so oauthlib has it.
		return invalid("('oauth_ params must come from only 1 signaturetype but were found in %s', 'AUTH_HEADER, QUERY')")
	}
	if r.signature == "" || r.ConsumerKey == "" || r.Nonce == "" || r.Timestamp == "" || r.method == "" {
		return invalid("Missing mandatory OAuth parameters.")
	}
	if !slices.Contains(methods, r.method) {
		return &Error{"invalid_signature_method", fmt.Sprintf("Invalid signature, %s not in ('%s').", r.method, strings.Join(methods, "', '"))}
	}
	if r.version != nil && *r.version != "1.0" {
		return invalid("Invalid OAuth version.")
	}
	if utf8.RuneCountInString(r.Timestamp) != 10 {
		return invalid("Invalid timestamp size")
	}
	at, err := strconv.ParseInt(r.Timestamp, 10, 64)
	if err != nil {
		return invalid("Timestamp must be an integer.")
	}
	if now.Sub(time.Unix(at, 0)).Abs() > Lifetime {
		return ErrStale
	}
	if !isKey(r.ConsumerKey) {
		return invalid("Invalid client key format.")
	}
	if !consists(r.Nonce, hexadecimal) {
		return invalid("Invalid nonce format.")
	}
	return nil
}

// CheckCallback tells whether a request for temporary credentials says where to go on. Realms are not used.
func (r *Request) CheckCallback() error {
	if r.Realm != "" {
		quoted := "'" + strings.ReplaceAll(r.Realm, " ", "', '") + "'"
		return invalid("Invalid realm [" + quoted + "]. Allowed are [].")
	}
	if r.Callback == "" {
		return invalid("Missing callback URI.")
	}
	return nil
}

// CheckVerifier tells whether a request for an access token names a request token and a verifier as they are made here.
func (r *Request) CheckVerifier() error {
	switch {
	case r.Token == "":
		return invalid("Missing resource owner.")
	case !isKey(r.Token):
		return invalid("Invalid resource owner key format.")
	case r.Verifier == "":
		return invalid("Missing verifier.")
	case len(r.Verifier) != VerifierLength || !consists(r.Verifier, VerifierAlphabet):
		return invalid("Invalid verifier format.")
	}
	return nil
}

const hexadecimal = "abcdef0123456789"

// isKey tells whether a text is a key as they are made here: 32 hexadecimal digits.
func isKey(text string) bool { return len(text) == 32 && consists(text, hexadecimal) }

func consists(text, alphabet string) bool { return strings.Trim(text, alphabet) == "" }

// methods are the ways to sign that oauthlib knows. No consumer has an RSA key, so three of them are always wrong.
var methods = []string{"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}

var hashes = map[string]func() hash.Hash{"HMAC-SHA1": sha1.New, "HMAC-SHA256": sha256.New, "HMAC-SHA512": sha512.New}

// Signed tells whether the request was signed with these secrets, for one of its URLs (RFC 5849, section 3.4).
func (r *Request) Signed(consumerSecret, tokenSecret string) bool {
	key := escape(consumerSecret) + "&" + escape(tokenSecret)
	if r.method == "PLAINTEXT" {
		return subtle.ConstantTimeCompare([]byte(key), []byte(r.signature)) == 1
	}
	newHash := hashes[r.method]
	if newHash == nil {
		return false
	}
	signed := false
	for _, u := range r.urls {
		mac := hmac.New(newHash, []byte(key))
		mac.Write([]byte(r.base(u)))
		sum := base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if subtle.ConstantTimeCompare([]byte(sum), []byte(r.signature)) == 1 {
			signed = true
		}
	}
	return signed
}

// base is the text that is signed.
func (r *Request) base(u string) string {
	pairs := make([]param, len(r.params))
	for i, p := range r.params {
		pairs[i] = param{escape(p.name), escape(p.value)}
	}
	slices.SortFunc(pairs, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var normal strings.Builder
	for i, p := range pairs {
		if i > 0 {
			normal.WriteByte('&')
		}
		normal.WriteString(p.name + "=" + p.value)
	}
	return escape(strings.ToUpper(r.http)) + "&" + escape(baseURL(u)) + "&" + escape(normal.String())
}

// baseURL is a URL as it is signed: scheme and host in lower case, without the scheme's own port.
func baseURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}

// escape percent-encodes all but what RFC 3986 calls unreserved.
func escape(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
