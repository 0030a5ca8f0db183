package httpapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// object is a JSON object on its way out.
type object = map[string]any

// passwordTimeLayout is that of password_expires_at. All other times end with a Z: renderTime.
const passwordTimeLayout = "2006-01-02T15:04:05.000000"

// renderTime writes a time as the API does: in UTC, with microseconds. RFC 3339 is the layout that package time is fast at.
func renderTime(t time.Time) string {
	micros := strconv.Itoa(1_000_000 + t.Nanosecond()/1000)[1:] // with its leading zeros
	b := t.UTC().AppendFormat(make([]byte, 0, len(passwordTimeLayout)+1), time.RFC3339)
	return string(append(append(append(b[:len(b)-1], '.'), micros...), 'Z'))
}

// orNull is null for the empty id or text, else the value.
func orNull[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	return writeBody(w, status, "application/json", v)
}

// writeBody answers with v as JSON in one piece, under another media type.
func writeBody(w http.ResponseWriter, status int, media string, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	return writeBytes(w, status, media, body)
}

// encode writes v as JSON, with a line end as Keystone's answers have.
func encode(v any) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, 1<<10)) // which most answers fit in
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// writeBytes answers with a body in pieces.
func writeBytes(w http.ResponseWriter, status int, media string, body ...[]byte) error {
	n := 0
	for _, piece := range body {
		n += len(piece)
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(n))
	w.WriteHeader(status)
	for _, piece := range body {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// noContent answers 204.
func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// renderInto sets an entity's own attributes over its extra ones and returns the whole.
func renderInto(extra identity.Extra, attrs object) object {
	o := make(object, len(extra)+len(attrs))
	maps.Copy(o, extra)
	maps.Copy(o, attrs)
	return o
}

// self is the links member of an entity.
func (r *request) self(path string) object { return object{"self": r.base() + path} }

// wholeUpTo is the length in bytes up to which a list is answered in one piece, whose length is told beforehand. What is longer
// leaves in pieces of that length while the rest is still rendered, so that no list is in memory as text.
const wholeUpTo = 256 << 10

// writeList answers with a page of a list. When entities are left, links.next leads to them and truncated says so.
func writeList[T any](w http.ResponseWriter, r *request, key string, page identity.Page[T], q identity.Query, render func(*request, T) object) error {
	rest := ""
	if n := len(page.Items); page.More && n > 0 {
		rest = next(r.Args, render(r, page.Items[n-1])["id"].(string), strconv.Itoa(q.Limit))
	}
	l, err := newListWriter(w, r, key, page.More, rest)
	if err != nil {
		return err
	}
	for _, item := range page.Items {
		if err := l.add(render(r, item)); err != nil {
			return err
		}
	}
	return l.end()
}

// listWriter answers with a list and its links (ResourceBase.wrap_collection in keystone/server/flask/common.py).
type listWriter struct {
	w     http.ResponseWriter
	buf   bytes.Buffer
	enc   *json.Encoder
	some  bool // there is an entity before the next
	begun bool // a part has left
}

// newListWriter begins a list; rest is the query for what is left of it, if it is truncated.
func newListWriter(w http.ResponseWriter, r *request, key string, truncated bool, rest string) (*listWriter, error) {
	links := object{"self": r.base() + r.path(), "previous": nil, "next": nil}
	if r.URL.RawQuery != "" {
		links["self"] = r.base() + r.path() + "?" + r.URL.RawQuery
	}
	frame := object{"links": links}
	if truncated {
		frame["truncated"] = true
	}
	if rest != "" {
		links["next"] = r.base() + r.path() + "?" + rest
	}
	l := &listWriter{w: w}
	l.enc = json.NewEncoder(&l.buf)
	l.enc.SetEscapeHTML(false)
	if err := l.enc.Encode(frame); err != nil {
		return nil, err
	}
	l.buf.Truncate(bytes.LastIndexByte(l.buf.Bytes(), '}'))
	l.buf.WriteString(`, "` + key + `": [`)
	return l, nil
}

func (l *listWriter) add(o object) error {
	if l.some {
		l.buf.WriteByte(',')
	}
	l.some = true
	if err := l.enc.Encode(o); err != nil || l.buf.Len() < wholeUpTo {
		return err
	}
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/json")
		l.w.WriteHeader(http.StatusOK)
	}
	_, err := l.buf.WriteTo(l.w)
	return err
}

func (l *listWriter) end() error {
	l.buf.WriteString("]}\n")
	if !l.begun {
		return writeBytes(l.w, http.StatusOK, "application/json", l.buf.Bytes())
	}
	_, err := l.buf.WriteTo(l.w)
	return err
}

// next is a query for the page after a marker: the parameters in the order in which they came.
func next(args *schema.Object, marker, limit string) string {
	var b strings.Builder
	add := func(key, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(key) + "=" + url.QueryEscape(value))
	}
	for key, v := range args.All() {
		switch key {
		case "marker":
			v = marker
		case "limit":
			v = limit
		}
		add(key, v.(string))
	}
	if !args.Has("marker") {
		add("marker", marker)
	}
	if !args.Has("limit") {
		add("limit", limit)
	}
	return b.String()
}

// all is a page that holds a whole list.
func all[T any](items []T) identity.Page[T] { return identity.Page[T]{Items: items} }

// path is the request's path below /v3.
func (r *request) path() string { return r.URL.Path[len("/v3"):] }

func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}
