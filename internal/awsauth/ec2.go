package awsauth

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// EC2Request is a request to EC2 as its service describes it.
type EC2Request struct {
	Verb, Host, Path string
	Params, Headers  Pairs
	BodyHash         string // SHA-256 of the body, as hexadecimal digits
	Signature        string
}

// Check returns nil when the request was signed with the secret.
func (r *EC2Request) Check(secret string) error {
	if r.Signature == "" {
		return errUnsigned
	}
	right, err := r.sign(secret, r.Host)
	if err != nil {
		return err
	}
	if same(r.Signature, right) == nil {
		return nil
	}
	if !strings.Contains(r.Host, ":") {
		return ErrMismatch
	}
	if right, err = r.sign(secret, hostname(r.Host)); err != nil { // some clients sign without the port
		return err
	}
	return same(r.Signature, right)
}

// hostname is the host of "host:port", in lower case.
func hostname(host string) string {
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host, _, _ = strings.Cut(inner, "]")
	} else {
		host, _, _ = strings.Cut(host, ":")
	}
	return strings.ToLower(host)
}

func (r *EC2Request) sign(secret, host string) (string, error) {
	switch version, given := r.Params.Get("SignatureVersion"); {
	case version == "0":
		action, _ := r.Params.Get("Action")
		at, _ := r.Params.Get("Timestamp")
		return sha1Text(secret, action+at), nil
	case version == "1":
		return sha1Text(secret, r.joined()), nil
	case version == "2":
		params := slices.DeleteFunc(slices.Clone(r.Params), func(p Pair) bool { return p.Name == "SignatureMethod" })
		params = append(params, Pair{"SignatureMethod", "HmacSHA256"})
		text := r.Verb + "\n" + host + "\n" + r.Path + "\n" + query(params)
		return base64.StdEncoding.EncodeToString(sha256MAC([]byte(secret), text)), nil
	case r.is4():
		return r.sign4(secret)
	case given:
		return "", fmt.Errorf("unknown signature version: %s", version)
	}
	return "", errors.New("unexpected signature format")
}

// joined are all parameters behind each other, sorted by name without regard to case.
func (r *EC2Request) joined() string {
	sorted := slices.Clone(r.Params)
	slices.SortStableFunc(sorted, func(a, b Pair) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	var b strings.Builder
	for _, p := range sorted {
		b.WriteString(p.Name)
		b.WriteString(p.Value)
	}
	return b.String()
}

// query is the canonical query string of versions 2 and 4.
func query(params Pairs) string {
	sorted := slices.SortedFunc(slices.Values(params), func(a, b Pair) int { return cmp.Compare(a.Name, b.Name) })
	parts := make([]string, len(sorted))
	for i, p := range sorted {
		parts[i] = quote(p.Name) + "=" + quote(p.Value)
	}
	return strings.Join(parts, "&")
}

// quote escapes all but the unreserved characters of RFC 3986 section 2.3. net/url escapes others.
func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

const algorithm4 = "AWS4-HMAC-SHA256"

// is4 tells whether the request has a signature of version 4, which it does not name as such.
func (r *EC2Request) is4() bool {
	if text, ok := r.Headers.Get("Authorization"); ok {
		return strings.HasPrefix(text, algorithm4)
	}
	algorithm, _ := r.Params.Get("X-Amz-Algorithm")
	return algorithm == algorithm4
}

// part4 is a part of a signature of version 4: from the header Authorization, or from the parameters.
func (r *EC2Request) part4(name string) string {
	text, ok := r.Headers.Get("Authorization")
	if !ok {
		text, _ = r.Params.Get("X-Amz-" + name)
		return text
	}
	_, text, _ = strings.Cut(text, name+"=")
	text, _, _ = strings.Cut(text, ",")
	return text
}

func (r *EC2Request) sign4(secret string) (string, error) {
	at, ok := r.Headers.Get("X-Amz-Date")
	if !ok {
		at, _ = r.Params.Get("X-Amz-Date")
	}
	_, scope, _ := strings.Cut(r.part4("Credential"), "/")
	parts := strings.Split(scope, "/") // day, region, service
	if len(parts) < 3 {
		return "", errors.New("the signature names no day, region and service")
	}
	if !strings.HasPrefix(at, parts[0]) {
		return "", errors.New("the signature is for another day")
	}
	params := ""
	if strings.ToUpper(r.Verb) != "POST" { // which has them in its body
		params = query(r.Params)
	}
	names := r.part4("SignedHeaders")
	canonical := strings.Join([]string{strings.ToUpper(r.Verb), r.Path, params, r.headers4(names), names, r.BodyHash}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{algorithm4, at, scope, hex.EncodeToString(digest[:])}, "\n")
	return hex.EncodeToString(sha256MAC(key4(secret, parts[0], parts[1], parts[2]), text)), nil
}

// oldBoto signs without the port of the host, which it sends.
var oldBoto = regexp.MustCompile(`^Boto/2\.[0-9]\.[0-2]`)

// headers4 are the headers that are signed, a line each.
func (r *EC2Request) headers4(names string) string {
	lower := map[string]string{}
	for _, h := range r.Headers {
		lower[strings.TrimSpace(strings.ToLower(h.Name))] = strings.TrimSpace(h.Value)
	}
	if oldBoto.MatchString(lower["user-agent"]) {
		lower["host"], _, _ = strings.Cut(lower["host"], ":")
	}
	var lines []string
	for name := range strings.SplitSeq(names, ";") {
		if value, ok := lower[name]; ok {
			lines = append(lines, name+":"+value)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// Times are the times that the request gives for itself; each may be no time at all.
func (r *EC2Request) Times() []string {
	times := date(r.Params, "Timestamp")
	if len(times) == 0 || r.is4() {
		times = append(times, append(date(r.Headers, "X-Amz-Date"), date(r.Params, "X-Amz-Date")...)...)
	}
	return times
}

func date(from Pairs, name string) []string {
	if at, _ := from.Get(name); at != "" {
		return []string{at}
	}
	return nil
}
