package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// loggerKey is the attribute that names the part of the server that speaks; it becomes "lintel.<value>".
const loggerKey = "logger"

// lineHandler writes oslo.log's classic line, which log shippers for OpenStack parse:
//
//	2026-11-26 10:47:54.123 4711 INFO lintel.access [GLOBAL-ID REQUEST-ID USER PROJECT - - - -] message key=value ...
//
// Outside of a request the brackets hold "-". One record is one line, whatever is in it.
type lineHandler struct {
	w     io.Writer
	level slog.Level
	mu    *sync.Mutex
	clock *clockText
	pid   string

	name   string
	attrs  []byte // as given to WithAttrs, formatted
	groups []string
}

func newLineHandler(w io.Writer, level slog.Level) *lineHandler {
	return &lineHandler{w: w, level: level, mu: new(sync.Mutex), clock: new(clockText), pid: strconv.Itoa(os.Getpid()), name: "lintel"}
}

func (h *lineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

var lines = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	buf := lines.Get().(*[]byte)
	defer lines.Put(buf)
	name := h.name
	tail := (*buf)[:0]
	// The attributes come first, because one of them may be the name that stands before them.
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == loggerKey && len(h.groups) == 0 {
			name = "lintel." + a.Value.String()
			return true
		}
		tail = appendAttr(tail, h.groups, a)
		return true
	})
	line := lines.Get().(*[]byte)
	defer lines.Put(line)
	b := (*line)[:0]
	b = h.clock.append(b, r.Time)
	b = append(b, ' ')
	b = append(b, h.pid...)
	b = append(b, ' ')
	b = append(b, levelName(r.Level)...)
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, ' ')
	b = appendContext(b, From(ctx))
	b = append(b, ' ')
	b = appendPrintable(b, scrub(r.Message))
	b = append(b, h.attrs...)
	b = append(b, tail...)
	b = append(b, '\n')
	*buf, *line = tail, b
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(b)
	return err
}

// clockText writes times, of which it formats each second once.
type clockText struct{ last atomic.Pointer[second] }

type second struct {
	unix int64
	text string
}

func (c *clockText) append(b []byte, t time.Time) []byte {
	s := c.last.Load()
	if s == nil || s.unix != t.Unix() {
		s = &second{t.Unix(), t.Format("2006-01-02 15:04:05")}
		c.last.Store(s)
	}
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(append(b, s.text...), '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	g := *h
	g.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		if a.Key == loggerKey && len(h.groups) == 0 {
			g.name = "lintel." + a.Value.String()
			continue
		}
		g.attrs = appendAttr(g.attrs, h.groups, a)
	}
	return &g
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	g := *h
	g.groups = append(slices.Clip(h.groups), name)
	return &g
}

func appendContext(b []byte, r *Request) []byte {
	if r == nil {
		return append(b, "[-]"...)
	}
	or := func(s, otherwise string) {
		if s == "" {
			s = otherwise
		}
		b = append(appendPrintable(b, s), ' ')
	}
	b = append(b, '[')
	or(r.GlobalID, "None") // Python's word, which the shippers expect
	or(r.ID, "-")
	or(r.userID, "-")
	or(r.projectID, "-")
	return append(b, "- - - -]"...)
}

func appendAttr(b []byte, groups []string, a slog.Attr) []byte {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return b
	}
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups = append(slices.Clip(groups), a.Key)
		}
		for _, m := range a.Value.Group() {
			b = appendAttr(b, groups, m)
		}
		return b
	}
	a = redact(groups, a)
	b = append(b, ' ')
	for _, g := range groups {
		b = append(appendPrintable(b, g), '.')
	}
	b = append(appendPrintable(b, a.Key), '=')
	switch v := a.Value; v.Kind() {
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindFloat64:
		return strconv.AppendFloat(b, v.Float64(), 'g', 6, 64)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindTime:
		return v.Time().AppendFormat(b, time.RFC3339Nano)
	}
	s := a.Value.String()
	if s == "" || strings.Contains(s, " ") || strings.Contains(s, "=") || strings.Contains(s, `"`) || !printable(s) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "INFO"
	case l < slog.LevelError:
		return "WARNING"
	case l < levelCritical:
		return "ERROR"
	}
	return "CRITICAL"
}

func printable(s string) bool {
	ascii := 0
	for ascii < len(s) && ' ' <= s[ascii] && s[ascii] <= '~' {
		ascii++
	}
	for _, r := range s[ascii:] {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// appendPrintable appends s with all that does not print escaped: line breaks above all, and what terminals obey.
func appendPrintable(b []byte, s string) []byte {
	if printable(s) {
		return append(b, s...)
	}
	for _, r := range s {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			b = utf8.AppendRune(b, r)
			continue
		}
		q := strconv.QuoteRune(r)
		b = append(b, q[1:len(q)-1]...)
	}
	return b
}

// jsonHandler writes one object a line, under oslo.log's names for what both have.
type jsonHandler struct {
	slog.Handler
	named, grouped bool
}

func newJSONHandler(w io.Writer, level slog.Level) *jsonHandler {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 {
			level, isLevel := a.Value.Any().(slog.Level)
			switch {
			case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
				return slog.String("asctime", a.Value.Time().Format("2006-01-02 15:04:05.000"))
			case a.Key == slog.LevelKey && isLevel:
				return slog.String("levelname", levelName(level))
			case a.Key == slog.MessageKey:
				return slog.String("message", scrub(a.Value.String()))
			case a.Key == loggerKey:
				return slog.String("name", strings.TrimSuffix("lintel."+a.Value.String(), "."))
			}
		}
		return redact(groups, a)
	}})
	hostname, _ := os.Hostname()
	return &jsonHandler{Handler: h.WithAttrs([]slog.Attr{slog.String("hostname", hostname), slog.Int("process", os.Getpid())})}
}

func (h *jsonHandler) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	named := h.named || h.grouped
	if !named {
		r.Attrs(func(a slog.Attr) bool {
			named = a.Key == loggerKey
			return !named
		})
	}
	if !named {
		r.AddAttrs(slog.String(loggerKey, ""))
	}
	if q := From(ctx); q != nil {
		r.AddAttrs(slog.Group("context", slog.String("request_id", q.ID), slog.String("global_request_id", q.GlobalID),
			slog.String("user_id", q.userID), slog.String("project_id", q.projectID)))
	}
	return h.Handler.Handle(ctx, r)
}

func (h *jsonHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	named := !h.grouped && slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == loggerKey })
	return &jsonHandler{h.Handler.WithAttrs(attrs), h.named || named, h.grouped}
}

func (h *jsonHandler) WithGroup(name string) slog.Handler {
	return &jsonHandler{h.Handler.WithGroup(name), h.named, h.grouped || name != ""}
}
