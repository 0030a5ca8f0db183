package store

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Keystone's text form of times in SQLite (SQLAlchemy's DATETIME and DATE).
const (
	sqliteTime = "2006-01-02 15:04:05.000000"
	sqliteDate = "2006-01-02"
)

// date is the value of a DATE column.
type date time.Time

// args turns arguments into what the dialect's driver stores as Keystone would.
func (d dialect) args(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = d.time(v)
		case *time.Time:
			if v == nil {
				args[i] = nil
			} else {
				args[i] = d.time(*v)
			}
		case date:
			args[i] = time.Time(v).UTC().Format(sqliteDate)
		}
	}
	return args
}

// time is a time as the column keeps it: text with microseconds on SQLite, microseconds on PostgreSQL, whole seconds,
// cut, on MariaDB.
func (d dialect) time(t time.Time) any {
	t = t.UTC()
	switch d {
	case sqlite:
		return t.Format(sqliteTime)
	case mariadb:
		return t.Truncate(time.Second)
	default:
		return t.Truncate(time.Microsecond)
	}
}

// timeOf scans a DATETIME or DATE column that may be null into t, which is left zero for NULL.
type timeOf struct{ t *time.Time }

func (s timeOf) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.t = time.Time{}
	case time.Time:
		*s.t = v.UTC()
	case string:
		return s.parse(v)
	case []byte:
		return s.parse(string(v))
	default:
		return fmt.Errorf("a time stored as %T", src)
	}
	return nil
}

// parse reads the texts that SQLite may hold; drivers of the others give a time.Time.
func (s timeOf) parse(text string) (err error) {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", sqliteDate} {
		if *s.t, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return err
}

// micros is a time as microseconds since 1970, the form of Keystone's *_int columns (DateTimeInt in
// keystone/common/sql/core.py).
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func dateOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return date(t)
}

// orNull is a value to write: NULL for the zero value.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// text scans a column of text that may be null, as the empty string.
type text[T ~string] struct{ s *T }

func textOf[T ~string](s *T) text[T] { return text[T]{s} }

func (t text[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.s = ""
	case string:
		*t.s = T(v)
	case []byte:
		*t.s = T(v)
	default:
		return fmt.Errorf("text stored as %T", src)
	}
	return nil
}

// jsonText reads and writes a value as JSON in a text column: `extra`, option values and the like. Numbers inside
// untyped values are kept as json.Number. NULL and "null" leave the value as it was, and no JSON can tell of the numbers
// that Python writes as NaN and Infinity, which become null. What is no JSON is an untyped value's text, and an extra that is no
// object has no attributes: one bad row, which Keystone answers with a 500, takes no list and no login away.
type jsonText[T any] struct{ v *T }

func jsonOf[T any](v *T) jsonText[T] { return jsonText[T]{v} }

func (j jsonText[T]) Scan(src any) error {
	var raw []byte
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	default:
		return fmt.Errorf("JSON stored as %T", src)
	}
	err := j.decode(raw)
	if err == nil {
		return nil
	}
	if finite := notFinite.ReplaceAllFunc(raw, finiteOrText); j.decode(finite) == nil {
		return nil
	}
	switch v := any(j.v).(type) {
	case *identity.Extra:
		*v = nil
	case *any:
		*v = string(raw)
	default:
		return err
	}
	return nil
}

func (j jsonText[T]) decode(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(j.v)
}

// notFinite finds the numbers that are none in JSON, and the texts, in which they are left alone.
var notFinite = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

func finiteOrText(found []byte) []byte {
	if found[0] == '"' {
		return found
	}
	return []byte("null")
}

func (j jsonText[T]) Value() (driver.Value, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(j.v); err != nil {
		return nil, err
	}
	out := string(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	if _, extra := any(j.v).(*identity.Extra); extra && out == "null" {
		out = "{}" // as upstream writes it
	}
	return out, nil
}

// extraText is the value of an extra column, which is never null.
func extraText(e identity.Extra) any {
	if e == nil {
		e = identity.Extra{}
	}
	return jsonOf(&e)
}
