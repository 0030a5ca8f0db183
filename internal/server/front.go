package server

import (
	"net/http"
	"strings"

	"github.com/lintel-id/lintel/internal/portal"
)

// front is what one address serves. It is not a ServeMux, which redirects paths that the API reads in its own way.
type front struct {
	health, api http.Handler
	portal      http.Handler // nil where it is not served
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/healthcheck":
		f.health.ServeHTTP(w, r)
	case f.portal != nil && (r.URL.Path == portal.Prefix || strings.HasPrefix(r.URL.Path, portal.Prefix+"/")):
		f.portal.ServeHTTP(w, r)
	case f.portal != nil && r.URL.Path == "/" && r.Method == http.MethodGet && forPeople(r):
		http.Redirect(w, r, portal.Prefix, http.StatusSeeOther)
	default:
		f.api.ServeHTTP(w, r)
	}
}

// forPeople tells whether a browser asks for a page, and not a client of the API for the list of versions.
func forPeople(r *http.Request) bool {
	first, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	return strings.HasPrefix(strings.TrimSpace(first), "text/html")
}
