package httpapi

import (
	"bytes"
	"strconv"
)

// objectText writes the members of a JSON object one after the other, where a map of them would cost too much. Text comes out as
// encode writes it.
type objectText struct {
	b   []byte
	err error // the first
}

func newObjectText() *objectText { return &objectText{b: append(make([]byte, 0, 1<<10), '{')} }

// end closes the object. It ends with a line end, as all bodies do.
func (w *objectText) end() ([]byte, error) { return append(w.b, "}\n"...), w.err }

// next writes the comma that is due.
func (w *objectText) next() {
	switch w.b[len(w.b)-1] {
	case '{', '[':
	default:
		w.b = append(w.b, ',')
	}
}

func (w *objectText) name(name string) {
	w.next()
	w.b = append(append(append(w.b, '"'), name...), `":`...)
}

// string writes a value.
func (w *objectText) string(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			w.value(s)
			return
		}
	}
	w.b = append(append(append(w.b, '"'), s...), '"')
}

// value writes any other value.
func (w *objectText) value(v any) {
	b, err := encode(v)
	if w.err == nil {
		w.err = err
	}
	w.b = append(w.b, bytes.TrimSuffix(b, []byte("\n"))...)
}

func (w *objectText) null(name string) {
	w.name(name)
	w.b = append(w.b, "null"...)
}

func (w *objectText) any(name string, v any) {
	w.name(name)
	w.value(v)
}

func (w *objectText) text(name, s string) {
	w.name(name)
	w.string(s)
}

func (w *objectText) flag(name string, v bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *objectText) texts(name string, all []string) {
	w.list(name, len(all), func(i int) { w.string(all[i]) })
}

// list writes an array of n elements, each by element.
func (w *objectText) list(name string, n int, element func(i int)) {
	w.name(name)
	w.b = append(w.b, '[')
	for i := range n {
		w.next()
		element(i)
	}
	w.b = append(w.b, ']')
}

// object writes an object with the members that write does.
func (w *objectText) object(name string, write func()) {
	w.name(name)
	w.b = append(w.b, '{')
	write()
	w.b = append(w.b, '}')
}

func (w *objectText) named(name, id, label string) {
	w.name(name)
	w.namedElement(id, label)
}

func (w *objectText) namedElement(id, label string) {
	w.b = append(w.b, '{')
	w.text("id", id)
	w.text("name", label)
	w.b = append(w.b, '}')
}
