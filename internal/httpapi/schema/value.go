package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of a body, beyond the size that the server allows. Python refuses integers of more digits with the same
// number, and its recursion limit of 1000 frames ends nesting somewhat deeper than ours.
const (
	maxDepth  = 500
	maxDigits = 4300
)

// Value is a decoded JSON value: nil, bool, json.Number, string, []any or *Object.
//
// Numbers are spelled as Python spells them, which tells integers from floats: a float has a point or an exponent.
type Value = any

// Object is a JSON object that keeps its keys in the order they came, as a Python dict does.
type Object struct {
	members []pair
	places  map[string]int // of members by key, once there are more than fewMembers

	query    bool                // of a URL
	repeated map[string][]string // all values of a key that the query has more than once
}

type pair struct {
	key   string
	value any
}

// fewMembers are found faster one by one than by a map.
const fewMembers = 8

// place is where the member key is; -1 if there is none.
func (o *Object) place(key string) int {
	if o.places == nil {
		return slices.IndexFunc(o.members, func(m pair) bool { return m.key == key })
	}
	if i, ok := o.places[key]; ok {
		return i
	}
	return -1
}

// Get returns the member key.
func (o *Object) Get(key string) (any, bool) {
	if i := o.place(key); i >= 0 {
		return o.members[i].value, true
	}
	return nil, false
}

// Has tells whether o has the member key.
func (o *Object) Has(key string) bool { return o.place(key) >= 0 }

// Object returns the member key if it is an object, and an empty object if not.
func (o *Object) Object(key string) *Object {
	v, _ := o.Get(key)
	if m, ok := v.(*Object); ok {
		return m
	}
	return new(Object)
}

// Values returns all values that a query gave to the parameter key, in order.
func (o *Object) Values(key string) []string {
	if all := o.repeated[key]; all != nil || !o.query || !o.Has(key) {
		return all
	}
	v, _ := o.Get(key)
	return []string{v.(string)}
}

// Len is the number of members.
func (o *Object) Len() int { return len(o.members) }

// All yields the members in order.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, m := range o.members {
			if !yield(m.key, m.value) {
				return
			}
		}
	}
}

// Copy returns an object with the same members.
func (o *Object) Copy() *Object {
	return &Object{members: slices.Clone(o.members), places: maps.Clone(o.places)}
}

// Map returns the members as Go decodes JSON: objects become map[string]any at every depth, numbers json.Number.
// Members that are named in without are left out.
func (o *Object) Map(without ...string) map[string]any {
	m := make(map[string]any, len(o.members))
	for k, v := range o.All() {
		m[k] = plain(v)
	}
	maps.DeleteFunc(m, func(k string, _ any) bool { return slices.Contains(without, k) })
	return m
}

func plain(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Map()
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	}
	return v
}

// MarshalJSON writes the members in order.
func (o *Object) MarshalJSON() ([]byte, error) { return appendJSON(nil, o) }

func appendJSON(out []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case *Object:
		out = append(out, '{')
		for i, m := range v.members {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendJSON(out, m.key); err != nil {
				return nil, err
			}
			if out, err = appendJSON(append(out, ':'), m.value); err != nil {
				return nil, err
			}
		}
		return append(out, '}'), nil
	case []any:
		out = append(out, '[')
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendJSON(out, e); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // whoever marshals the whole decides
	err = encoder.Encode(v)
	return append(out, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), err
}

// Normalized returns o with : and - in the names of its members replaced by _, as Keystone does before it creates
// something (ResourceBase._normalize_dict in keystone/server/flask/common.py).
func (o *Object) Normalized() *Object {
	out := new(Object)
	for k, v := range o.All() {
		out.Set(strings.NewReplacer(":", "_", "-", "_").Replace(k), v)
	}
	return out
}

// Set adds or replaces a member; a key that is repeated keeps its first place and takes the last value.
func (o *Object) Set(key string, v any) {
	if i := o.place(key); i >= 0 {
		o.members[i].value = v
		return
	}
	o.members = append(o.members, pair{key, v})
	switch n := len(o.members); {
	case o.places != nil:
		o.places[key] = n - 1
	case n > fewMembers:
		o.places = make(map[string]int, 2*n)
		for i, m := range o.members {
			o.places[m.key] = i
		}
	}
}

// Decode reads a JSON text as Python's json module does: a byte order mark may come first, and of a repeated key the
// last value counts. It refuses, beyond what Python refuses, what could be neither stored nor answered: numbers that
// are not finite, lone surrogates, U+0000, and encodings other than UTF-8.
func Decode(data []byte) (Value, error) {
	d := decoder{rest: strings.TrimPrefix(string(data), "\uFEFF")}
	if !utf8.ValidString(d.rest) {
		return nil, errors.New("not UTF-8")
	}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.rest != "" {
		return nil, errors.New("data after the JSON value")
	}
	return v, nil
}

// decoder reads rest from the left.
type decoder struct{ rest string }

func (d *decoder) space() {
	if d.rest != "" && d.rest[0] <= ' ' {
		d.rest = strings.TrimLeft(d.rest, " \t\n\r")
	}
}

// take consumes lit if it comes next, after white space.
func (d *decoder) take(lit string) bool {
	d.space()
	rest, ok := strings.CutPrefix(d.rest, lit)
	d.rest = rest
	return ok
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	switch {
	case d.take(`"`):
		return d.string()
	case d.take("{"):
		return d.object(depth)
	case d.take("["):
		return d.array(depth)
	case d.take("null"):
		return nil, nil
	case d.take("true"):
		return true, nil
	case d.take("false"):
		return false, nil
	}
	return d.number()
}

func (d *decoder) object(depth int) (any, error) {
	o := new(Object)
	if d.take("}") {
		return o, nil
	}
	o.members = make([]pair, 0, 4) // which is enough for most
	for {
		if !d.take(`"`) {
			return nil, errors.New("a property name was expected")
		}
		key, err := d.string()
		if err != nil {
			return nil, err
		}
		if !d.take(":") {
			return nil, errors.New("':' was expected")
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Set(key, v)
		switch {
		case d.take("}"):
			return o, nil
		case !d.take(","):
			return nil, errors.New("',' was expected")
		}
	}
}

func (d *decoder) array(depth int) (any, error) {
	list := []any{}
	if d.take("]") {
		return list, nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch {
		case d.take("]"):
			return list, nil
		case !d.take(","):
			return nil, errors.New("',' was expected")
		}
	}
}

// string reads the rest of a string whose opening quote is taken.
func (d *decoder) string() (string, error) {
	var b strings.Builder
	for {
		i := 0
		for i < len(d.rest) && d.rest[i] >= ' ' && d.rest[i] != '"' && d.rest[i] != '\\' {
			i++
		}
		if i == len(d.rest) {
			return "", errors.New("unterminated string")
		}
		plain, c := d.rest[:i], d.rest[i]
		d.rest = d.rest[i+1:]
		if c == '"' && b.Len() == 0 {
			return plain, nil
		}
		b.WriteString(plain)
		switch c {
		case '"':
			return b.String(), nil
		case '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		default:
			return "", errors.New("control character in a string")
		}
	}
}

// escape reads what follows a backslash.
func (d *decoder) escape() (rune, error) {
	if d.rest == "" {
		return 0, errors.New("unterminated string")
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	if c != 'u' {
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), nil
		}
		return 0, errors.New("invalid escape")
	}
	r, err := d.hex()
	if err != nil {
		return 0, err
	}
	if utf16.IsSurrogate(r) {
		rest, ok := strings.CutPrefix(d.rest, `\u`)
		if !ok {
			return 0, errors.New("lone surrogate")
		}
		d.rest = rest
		low, err := d.hex()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, errors.New("lone surrogate")
		}
	}
	if r == 0 {
		return 0, errors.New("U+0000 in a string")
	}
	return r, nil
}

func (d *decoder) hex() (rune, error) {
	if len(d.rest) < 4 {
		return 0, errors.New("invalid escape")
	}
	n, err := strconv.ParseUint(d.rest[:4], 16, 16)
	if err != nil {
		return 0, errors.New("invalid escape")
	}
	d.rest = d.rest[4:]
	return rune(n), nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
func (d *decoder) number() (any, error) {
	digits := func(i int) int {
		for i < len(d.rest) && '0' <= d.rest[i] && d.rest[i] <= '9' {
			i++
		}
		return i
	}
	start := 0
	if strings.HasPrefix(d.rest, "-") {
		start = 1
	}
	end := digits(start)
	switch {
	case end == start:
		return nil, errors.New("a value was expected")
	case d.rest[start] == '0':
		end = start + 1
	}
	integer := true
	if strings.HasPrefix(d.rest[end:], ".") {
		if i := digits(end + 1); i > end+1 {
			end, integer = i, false
		}
	}
	if end < len(d.rest) && (d.rest[end] == 'e' || d.rest[end] == 'E') {
		i := end + 1
		if i < len(d.rest) && (d.rest[i] == '-' || d.rest[i] == '+') {
			i++
		}
		if j := digits(i); j > i {
			end, integer = j, false
		}
	}
	text := d.rest[:end]
	d.rest = d.rest[end:]
	if integer {
		if end-start > maxDigits {
			return nil, fmt.Errorf("integer of more than %d digits", maxDigits)
		}
		if text == "-0" {
			text = "0"
		}
		return json.Number(text), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, errors.New("number out of range")
	}
	return floatNumber(f), nil
}

// floatNumber spells f as Python does.
func floatNumber(f float64) json.Number {
	s := strconv.FormatFloat(f, 'e', -1, 64)
	_, exp, _ := strings.Cut(s, "e")
	if n, _ := strconv.Atoi(exp); n >= -4 && n < 16 {
		if s = strconv.FormatFloat(f, 'f', -1, 64); !strings.Contains(s, ".") {
			s += ".0"
		}
	}
	return json.Number(s)
}

// integer returns the value of n if it is one that JSON schema calls an integer: 1 and 1.0, not 1.5.
func integer(n json.Number) (*big.Int, bool) {
	if i, ok := new(big.Int).SetString(string(n), 10); ok {
		return i, true
	}
	f, err := n.Float64()
	if err != nil || f != math.Trunc(f) {
		return nil, false
	}
	i, _ := big.NewFloat(f).Int(nil)
	return i, true
}
