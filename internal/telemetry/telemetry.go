// Package telemetry is what an operator sees of the server from outside: request ids, the log, the access record,
// metrics and health.
//
// Handler stands outermost. It gives each request an id and a Request value in its context, and writes one access
// record when the request is answered. Code further in adds what it learns (SetCaller) and logs through the context, so
// that every line carries the ids.
package telemetry

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Telemetry serves the whole process. New sets its fields; they may be replaced before the first request.
type Telemetry struct {
	Proxies Proxies
	Now     func() time.Time
	NewID   func() string // a request id: "req-" and a random UUID

	access   slog.Handler
	registry *prometheus.Registry
	http     httpMetrics
}

// New returns a Telemetry that writes access records to log and believes no proxy.
func New(log *slog.Logger) *Telemetry {
	t := &Telemetry{
		Now: time.Now, NewID: newRequestID,
		access:   log.With(loggerKey, "access").Handler(),
		registry: prometheus.NewRegistry(),
	}
	t.http.init(t.registry)
	return t
}

// idLength is the length of "req-" and a UUID in text.
const idLength = 4 + 36

// newRequestID returns "req-" and a random UUID (RFC 9562, version 4), as oslo_context/context.py makes them.
func newRequestID() string {
	var u [16]byte
	rand.Read(u[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var b [idLength]byte
	copy(b[:], "req-")
	hex.Encode(b[4:], u[:4])
	b[12] = '-'
	hex.Encode(b[13:], u[4:6])
	b[17] = '-'
	hex.Encode(b[18:], u[6:8])
	b[22] = '-'
	hex.Encode(b[23:], u[8:10])
	b[27] = '-'
	hex.Encode(b[28:], u[10:])
	return string(b[:])
}

// wellFormedID reports whether s has the form of a request id. Nothing else a client sends is kept, let alone logged
// (oslo_middleware/request_id.py, ID_FORMAT).
func wellFormedID(s string) bool {
	if len(s) != idLength || s[:4] != "req-" {
		return false
	}
	for i := 4; i < idLength; i++ {
		switch c := s[i]; i {
		case 12, 17, 22, 27:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// Handler serves next with a request id, in the context and in x-openstack-request-id, and records the request.
//
// The route in record and metrics is the pattern that a ServeMux below matched, so next must hand on the *http.Request
// it gets or name the pattern with SetRoute.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := t.Now()
		t.http.inFlight.Inc()
		defer t.http.inFlight.Dec()

		info := &Request{ID: t.NewID(), Agent: r.UserAgent()}
		if id := r.Header.Get("X-Openstack-Request-Id"); wellFormedID(id) {
			info.GlobalID = id
		}
		t.Proxies.fill(info, r)
		r = r.WithContext(withRequest(r.Context(), info))
		w.Header()[responseID] = []string{info.ID}

		rec := recorders.Get().(*recorder)
		*rec = recorder{ResponseWriter: w}
		answered := false
		defer func() {
			if !answered && rec.status == 0 { // a panic on its way up: the client gets no answer
				rec.status = http.StatusInternalServerError
			}
			if info.route == "" {
				info.route = r.Pattern
			}
			t.finish(info, r, rec, start)
			*rec = recorder{}
			recorders.Put(rec)
		}()
		next.ServeHTTP(rec, r)
		answered = true
	})
}

// responseID is spelt as upstream spells it. HTTP does not mind, and scripts that grep headers do.
const responseID = "x-openstack-request-id"

// finish counts the request and writes its access record.
func (t *Telemetry) finish(info *Request, r *http.Request, rec *recorder, start time.Time) {
	end := t.Now()
	took := end.Sub(start)
	status := rec.status
	if status == 0 { // nothing written: net/http will say 200
		status = http.StatusOK
	}
	if r.Method == http.MethodHead {
		rec.bytes = 0 // net/http drops what was written
	}
	route := routeOf(info.route)
	t.http.observe(route, r.Method, status, took)
	ctx := r.Context()
	if !t.access.Enabled(ctx, slog.LevelInfo) {
		return
	}
	line := slog.NewRecord(end, slog.LevelInfo, "request", 0)
	line.AddAttrs(
		slog.String("method", methodOf(r.Method)),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Int64("bytes", rec.bytes),
		slog.Float64("seconds", took.Seconds()),
		slog.String("client", info.clientText()),
	)
	// A full disk must not fail requests, and there is no better place to complain.
	_ = t.access.Handle(ctx, line)
}
