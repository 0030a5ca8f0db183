package telemetry

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// Request is what is known of the request being served.
type Request struct {
	ID       string     // ours, "req-..."
	GlobalID string     // the client's own, if it sent a well-formed one
	Client   netip.Addr // whose request it is; the zero Addr if unknown (a Unix socket)
	Agent    string     // the client's name for itself (User-Agent)

	// Where the client sees this server: scheme and host[:port] of links, and the path it is mounted under ("" or
	// "/identity"), without a trailing slash.
	Scheme, Host, Prefix string

	Environ Environ

	certificate *x509.Certificate // of the connection; see Certificate

	userID, projectID string
	route             string
}

type requestKey struct{}

func withRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// From returns the request that ctx belongs to, nil outside of one. Only the goroutine that serves it may change it.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if r := From(ctx); r != nil {
		return r.ID
	}
	return ""
}

// GlobalID returns the id that the client gave its request, or "".
func GlobalID(ctx context.Context) string {
	if r := From(ctx); r != nil {
		return r.GlobalID
	}
	return ""
}

// ClientAddr returns the address of the client whose request ctx belongs to; the zero Addr if it is unknown.
func ClientAddr(ctx context.Context) netip.Addr {
	if r := From(ctx); r != nil {
		return r.Client
	}
	return netip.Addr{}
}

// SetCaller names the user and the project (or "") that the request turned out to act as. Later lines and the access
// record carry them.
func SetCaller(ctx context.Context, userID, projectID string) {
	if r := From(ctx); r != nil {
		r.userID, r.projectID = userID, projectID
	}
}

// SetRoute names the route of the request where Handler cannot see it in the request. It must come from a closed set.
func SetRoute(ctx context.Context, pattern string) {
	if r := From(ctx); r != nil {
		r.route = pattern
	}
}

// UserID is who the request turned out to be from; empty for nobody.
func (r *Request) UserID() string { return r.userID }

func (r *Request) clientText() string {
	if !r.Client.IsValid() {
		return ""
	}
	return r.Client.String()
}

// routeOf returns the path of a ServeMux pattern, which may begin with a method.
func routeOf(pattern string) string {
	if pattern == "" || pattern == "/" { // the mux's own "not found", or a handler for the rest
		return "unmatched"
	}
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return strings.TrimLeft(path, " \t")
	}
	return pattern
}

// methodOf returns the method if it is one of HTTP's, else "other": clients may send any word.
func methodOf(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return "other"
}

// recorder notes status and size of the answer. It is pooled: nothing may hold it after the handler has returned.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

var recorders = sync.Pool{New: func() any { return new(recorder) }}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach Flush, Hijack and the deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Browser is the browser and the system that an agent names, in a word each; empty for those that are not known.
func Browser(agent string) (browser, system string) {
	first := func(all ...[2]string) string {
		for _, a := range all {
			if strings.Contains(agent, a[0]) {
				return a[1]
			}
		}
		return ""
	}
	return first([2]string{"Firefox/", "Firefox"}, [2]string{"Edg/", "Edge"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"}),
		first([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Windows", "Windows"},
			[2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
}
