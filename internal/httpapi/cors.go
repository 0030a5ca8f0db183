package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CORS lets pages of other origins call the API ([cors]; oslo_middleware/cors.py). Without allowed origins no header is
// ever sent, and browsers keep such pages out.
type CORS struct {
	Origins       []string // scheme://host[:port], or * for any
	Credentials   bool
	ExposeHeaders []string
	MaxAge        time.Duration
	Methods       []string
	Headers       []string
}

// simpleHeaders need no permission (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
var simpleHeaders = []string{"accept", "accept-language", "content-type", "cache-control", "content-language", "expires", "last-modified", "pragma", "origin"}

// Handler answers preflight requests and marks the answers of next.
func (c CORS) Handler(next http.Handler) http.Handler {
	if len(c.Origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		allowed := origin != "" && (slices.Contains(c.Origins, origin) || slices.Contains(c.Origins, "*"))
		if r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" {
			if allowed {
				c.preflight(w, r, origin)
			}
			w.WriteHeader(http.StatusOK)
			return
		}
		if allowed {
			c.mark(w.Header(), origin)
			if len(c.ExposeHeaders) > 0 {
				w.Header().Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ","))
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (c CORS) mark(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight permits what the browser asks for, if all of it is permitted.
func (c CORS) preflight(w http.ResponseWriter, r *http.Request, origin string) {
	method := r.Header.Get("Access-Control-Request-Method")
	if !slices.Contains(c.Methods, method) {
		return
	}
	var wanted []string
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		same := func(s string) bool { return strings.EqualFold(s, name) }
		if !slices.ContainsFunc(simpleHeaders, same) && !slices.ContainsFunc(c.Headers, same) {
			return
		}
		wanted = append(wanted, name)
	}
	h := w.Header()
	c.mark(h, origin)
	h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge.Seconds())))
	h.Set("Access-Control-Allow-Methods", method)
	if len(wanted) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(wanted, ","))
	}
}
