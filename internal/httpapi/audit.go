package httpapi

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/lintel-id/lintel/internal/telemetry"
)

// audit writes the one record of a login, a change or an attempt at either: who, by which chain of tokens, what, on
// what, from where, and what came of it. Reading leaves none, but some logins are by GET. Values are logged as attributes, so that no text a client
// sends can look like another record.
func (a *API) audit(r *request, status int) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !r.login {
		return
	}
	outcome := "success"
	if status >= 400 {
		outcome = "failure"
	}
	line := slog.NewRecord(time.Now(), slog.LevelInfo, "audit", 0)
	line.AddAttrs(
		slog.String("action", r.Method+" "+r.route.path),
		slog.String("outcome", outcome),
		slog.Int("status", status),
		slog.String("address", telemetry.ClientAddr(r.Context()).String()),
	)
	if t := r.Caller.Token; t != nil {
		line.AddAttrs(slog.String("actor", string(t.User.ID)), slog.Any("audit_ids", t.AuditIDs), slog.Any("methods", t.Methods))
	} else if r.Caller.Admin {
		line.AddAttrs(slog.String("actor", "admin_token"))
	}
	var target []slog.Attr
	for _, name := range r.route.args {
		target = append(target, slog.String(name, r.PathValue(name)))
	}
	if r.subjectUser != "" {
		target = append(target, slog.String("user", r.subjectUser))
	}
	line.AddAttrs(slog.GroupAttrs("target", target...))
	if h := a.Log.Handler(); h.Enabled(r.Context(), line.Level) {
		_ = h.Handle(r.Context(), line) // a full disk must not fail requests
	}
}

// outcome notes the status of an answer.
type outcome struct {
	http.ResponseWriter
	status int
	begun  bool // of an answer, some has left
}

func (o *outcome) WriteHeader(status int) {
	o.status, o.begun = status, true
	o.ResponseWriter.WriteHeader(status)
}

func (o *outcome) Unwrap() http.ResponseWriter { return o.ResponseWriter }
