package telemetry

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Redaction is the last line of defence, for what should never have been logged. It does not make it right to log it.

const masked = "***"

// redact masks the values of attributes whose names, or whose groups' names, say that they are secret, and what looks
// like a secret inside the others.
func redact(groups []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
	default:
		return a // numbers, times and flags keep no secret
	}
	if secretName(a.Key) || slices.ContainsFunc(groups, secretName) {
		return slog.String(a.Key, masked)
	}
	if a.Value.Kind() == slog.KindString {
		return slog.String(a.Key, scrub(a.Value.String()))
	}
	switch v := a.Value.Any().(type) {
	case nil:
		return a
	case error:
		return slog.String(a.Key, scrub(v.Error()))
	case http.Header:
		v = v.Clone()
		for name := range v {
			if secretName(name) {
				v[name] = []string{masked}
			}
		}
		return slog.String(a.Key, scrub(fmt.Sprint(map[string][]string(v))))
	default:
		return slog.String(a.Key, scrub(fmt.Sprintf("%+v", v)))
	}
}

var (
	secretWords    = []string{"password", "passwd", "passphrase", "passcode", "secret", "authorization", "cookie", "assertion", "apikey", "privatekey"}
	secretSuffixes = []string{"token", "receipt", "otp", "blob"}
)

// secretName reports whether a value of that name is secret, however it is spelt: X-Auth-Token, admin_token, userPassword.
func secretName(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) {
		s = strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	for _, w := range secretSuffixes {
		if strings.HasSuffix(s, w) {
			return true
		}
	}
	for _, w := range secretWords {
		if len(s) >= len(w) && strings.Contains(s, w) {
			return true
		}
	}
	return false
}

var (
	fernetToken = regexp.MustCompile(`gAAAAA[\w=%+/-]{8,}`)
	jws         = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+\.[\w-]*`)
	oneTimeLink = regexp.MustCompile(`((?:/|%2F)(?:invite|reset|verify|address|signup|contact|unsubscribe|factor|undo)(?:/|%2F))[\w-]{20,}`) // of the portal
	urlPassword = regexp.MustCompile(`(://[^\s/:@]*:)\S*@`)
	// A name and its value: "password": "x", 'secret': 'x', token=x, {Password:x}, X-Auth-Token: x. A colon and a
	// space after a bare word is prose and stays.
	named = regexp.MustCompile(`(?i)((?:password|passwd|passphrase|passcode|secret|token|receipt)[\w-]*(?:["']?\s*[:=]\s*["']|[:=])|(?:x-[a-z]+-token|authorization|cookie):\s*(?:basic |bearer )?)[^\s"',;&}\]]+`)
)

// scrub masks what looks like a secret in running text: tokens, passwords in URLs, values behind a telling name.
func scrub(s string) string {
	if strings.Contains(s, "gAAAAA") {
		s = fernetToken.ReplaceAllLiteralString(s, masked)
	}
	if strings.Contains(s, "eyJ") {
		s = jws.ReplaceAllLiteralString(s, masked)
	}
	if strings.Contains(s, "portal") {
		s = oneTimeLink.ReplaceAllString(s, "${1}"+masked)
	}
	if strings.Contains(s, "://") {
		s = urlPassword.ReplaceAllString(s, "${1}"+masked+"@")
	}
	if strings.Contains(s, ":") || strings.Contains(s, "=") {
		lower := strings.ToLower(s)
		for _, w := range [...]string{"pass", "secret", "token", "receipt", "authorization", "cookie"} {
			if strings.Contains(lower, w) {
				return named.ReplaceAllString(s, "${1}"+masked)
			}
		}
	}
	return s
}
