package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// Text is a value as Python's str writes it.
func Text(v Value) string { return str(v) }

// str is Python's str(v).
func str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return fmt.Sprint(v)
	}
	return repr(v)
}

// Repr is Python's repr(v).
func Repr(v Value) string { return repr(v) }

// repr is Python's repr(v).
func repr(v any) string {
	var w writer
	w.repr(v)
	return w.String()
}

// writer builds a text of a bounded number of bytes, or of any length if max is 0. What goes beyond is dropped.
type writer struct {
	strings.Builder
	max int
}

func (w *writer) full() bool { return w.max > 0 && w.Len() > w.max }

func (w *writer) add(s string) {
	if !w.full() {
		w.WriteString(s)
	}
}

func (w *writer) repr(v any) {
	switch v := v.(type) {
	case nil:
		w.add("None")
	case bool:
		if v {
			w.add("True")
		} else {
			w.add("False")
		}
	case json.Number:
		w.add(string(v))
	case int:
		w.add(fmt.Sprint(v))
	case string:
		w.quote(v)
	case []any:
		w.add("[")
		for i, e := range v {
			if w.full() {
				return
			}
			if i > 0 {
				w.add(", ")
			}
			w.repr(e)
		}
		w.add("]")
	case *Object:
		if v.query {
			w.query(v)
			return
		}
		w.add("{")
		for i, m := range v.members {
			if w.full() {
				return
			}
			if i > 0 {
				w.add(", ")
			}
			w.quote(m.key)
			w.add(": ")
			w.repr(m.value)
		}
		w.add("}")
	}
}

// query writes the arguments of a query as Flask shows them.
func (w *writer) query(o *Object) {
	w.add("ImmutableMultiDict([")
	sep := "("
	for _, m := range o.members {
		for _, v := range o.Values(m.key) {
			w.add(sep)
			w.quote(m.key)
			w.add(", ")
			w.quote(v)
			w.add(")")
			sep = ", ("
		}
	}
	w.add("])")
}

func (w *writer) quote(s string) {
	if w.max > 0 {
		s = s[:min(len(s), w.max)] // what is beyond would be dropped
	}
	w.add(python.Quote(s))
}

// Pretty-printing. The width is jsonschema's; maxPretty bounds what a hostile body can make us indent.
const (
	prettyWidth = 72
	maxPretty   = 256 << 10
)

// pretty is Python's pprint.pformat(v, width=72, sort_dicts=False) with all lines but the first indented by 4 more.
func pretty(v any) string {
	w := writer{max: maxPretty}
	w.pretty(v, 0, 0, 0)
	return strings.ReplaceAll(w.String(), "\n", "\n    ")
}

// pretty writes v at the column indent; allowance is the room needed after it on its last line.
func (w *writer) pretty(v any, indent, allowance, level int) {
	if w.full() {
		return
	}
	room := prettyWidth - indent - allowance
	if s, ok := reprWithin(v, room); ok {
		w.add(s)
		return
	}
	switch v := v.(type) {
	case []any:
		w.add("[")
		for i, e := range v {
			after := 1
			if i == len(v)-1 {
				after = allowance + 1
			}
			if i > 0 {
				w.newline(",", indent+1)
			}
			w.pretty(e, indent+1, after, level+1)
		}
		w.add("]")
	case *Object:
		w.add("{")
		for i, m := range v.members {
			after := 1
			if i == len(v.members)-1 {
				after = allowance + 1
			}
			if i > 0 {
				w.newline(",", indent+1)
			}
			key := repr(m.key)
			w.add(key + ": ")
			w.pretty(m.value, indent+1+utf8.RuneCountInString(key)+2, after, level+1)
		}
		w.add("}")
	case string:
		w.prettyString(v, indent, allowance, level == 0)
	default:
		w.repr(v)
	}
}

func (w *writer) newline(after string, indent int) {
	if !w.full() {
		w.add(after + "\n" + strings.Repeat(" ", indent))
	}
}

// reprWithin returns repr(v) if it has at most width characters.
func reprWithin(v any, width int) (string, bool) {
	if width <= 0 {
		return "", false
	}
	w := writer{max: width * utf8.UTFMax}
	w.repr(v)
	s := w.String()
	return s, utf8.RuneCountInString(s) <= width
}

// prettyString breaks a long string into literals after its line ends and spaces; at the top they stand in parentheses.
func (w *writer) prettyString(s string, indent, allowance int, top bool) {
	if s == "" {
		w.add("''")
		return
	}
	if top {
		indent++
		allowance++
	}
	var chunks []string
	lines := splitLines(s)
	for i, line := range lines {
		last := i == len(lines)-1
		room := prettyWidth - indent
		if last {
			room -= allowance
		}
		if q, ok := reprWithin(line, room); ok {
			chunks = append(chunks, q)
			continue
		}
		current := ""
		room = prettyWidth - indent
		words := splitWords(line)
		for j, word := range words {
			if last && j == len(words)-1 {
				room -= allowance
			}
			if _, ok := reprWithin(current+word, room); ok {
				current += word
				continue
			}
			if current != "" {
				chunks = append(chunks, repr(current))
			}
			current = word
		}
		if current != "" {
			chunks = append(chunks, repr(current))
		}
	}
	if len(chunks) == 1 {
		w.repr(s)
		return
	}
	if top {
		w.add("(")
	}
	for i, c := range chunks {
		if i > 0 {
			w.newline("", indent)
		}
		w.add(c)
	}
	if top {
		w.add(")")
	}
}

// splitLines is Python's s.splitlines(True).
func splitLines(s string) []string {
	var lines []string
	for s != "" {
		i := strings.IndexAny(s, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029")
		if i < 0 {
			return append(lines, s)
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if strings.HasPrefix(s[i:], "\r\n") {
			size = 2
		}
		lines, s = append(lines, s[:i+size]), s[i+size:]
	}
	return lines
}

// splitWords cuts s before each word, so that white space stays with the word before it.
func splitWords(s string) []string {
	var words []string
	start, space := 0, false
	for i, r := range s {
		if space && !python.IsSpace(r) {
			words, start = append(words, s[start:i]), i
		}
		space = python.IsSpace(r)
	}
	return append(words, s[start:])
}
