package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// A format is the right side of a check: text % target, in Python. Faults are found when it is expanded, in the order in which
// Python meets them, so that a missing key before a fault is still a missing key.
type format struct {
	source string
	parts  []directive // nil if there is no % in the source
}

// A directive is a piece of literal text or one % directive.
type directive struct {
	text   string // literal, if verb is 0
	key    string
	hasKey bool
	left   bool // flag -
	zero   bool // flag 0
	plus   bool
	space  bool
	sharp  bool
	width  int
	prec   int // -1 if none
	verb   rune
	err    error // reported once the key has been found
}

func parseFormat(source string) *format {
	f := &format{source: source}
	if !strings.Contains(source, "%") {
		return f
	}
	rest := []rune(source)
	whole := false // the target itself was formatted, or a key was; neither may be followed by a directive without key
	for i := 0; i < len(rest); {
		if rest[i] != '%' {
			start := i
			for i < len(rest) && rest[i] != '%' {
				i++
			}
			f.parts = append(f.parts, directive{text: string(rest[start:i])})
			continue
		}
		d, next := parseDirective(rest, i+1)
		cut := errors.Is(d.err, errIncomplete) || errors.Is(d.err, errIncompleteKey)
		if percent := d.verb == '%' && d.err == nil; whole && !d.hasKey && !cut && !percent {
			d.err = evalErrorf("not enough arguments for format string")
		}
		whole = whole || d.verb != '%'
		f.parts = append(f.parts, d)
		if d.err != nil {
			break
		}
		i = next
	}
	return f
}

// parseDirective reads what follows a % at rest[i-1] and returns it with the index after it.
func parseDirective(rest []rune, i int) (directive, int) {
	d := directive{prec: -1}
	start := i
	fail := func(err error) (directive, int) {
		d.err, d.verb = err, '?'
		return d, len(rest)
	}
	if i < len(rest) && rest[i] == '(' {
		depth := 1
		key := i + 1
		for i++; i < len(rest) && depth > 0; i++ {
			switch rest[i] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		if depth > 0 {
			return fail(errIncompleteKey)
		}
		d.key, d.hasKey = string(rest[key:i-1]), true
	}
flags:
	for ; i < len(rest); i++ {
		switch rest[i] {
		case '-':
			d.left = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.sharp = true
		case '0':
			d.zero = true
		default:
			break flags
		}
	}
	number := func() (n int, ok bool) {
		for ; i < len(rest) && '0' <= rest[i] && rest[i] <= '9'; i++ {
			if n = n*10 + int(rest[i]-'0'); n > maxWidth {
				return n, false
			}
		}
		return n, true
	}
	if i < len(rest) && rest[i] == '*' {
		return fail(errStar)
	}
	var ok bool
	if d.width, ok = number(); !ok {
		return fail(evalErrorf("width too big"))
	}
	if i < len(rest) && rest[i] == '.' {
		i++
		if i < len(rest) && rest[i] == '*' {
			return fail(errStar)
		}
		if d.prec, ok = number(); !ok {
			return fail(evalErrorf("precision too big"))
		}
	}
	if i < len(rest) && strings.ContainsRune("hlL", rest[i]) {
		i++
	}
	if i == len(rest) {
		return fail(errIncomplete)
	}
	d.verb = rest[i]
	if d.verb == '%' && i == start {
		return d, i + 1
	}
	if !strings.ContainsRune("sradiuxXoeEfFgGc", d.verb) {
		shown := d.verb
		if shown < ' ' || '~' < shown {
			shown = '?'
		}
		return fail(evalErrorf("unsupported format character '%c' (0x%x) at index %d", shown, d.verb, i))
	}
	return d, i + 1
}

var (
	errIncomplete    = evalErrorf("incomplete format")
	errIncompleteKey = evalErrorf("incomplete format key")
	errStar          = evalErrorf("* wants int")
)

// maxWidth bounds how wide one directive may make a value; nobody needs as much, and Python would fill memory.
const maxWidth = 1 << 16

// expand fills the format from target. It returns errNoKey if target lacks a key.
func (f *format) expand(target map[string]any) (string, error) {
	if f.parts == nil {
		return f.source, nil
	}
	if len(f.parts) == 1 && f.parts[0].plain() { // the usual %(key)s
		v, ok := find(target, f.parts[0].key)
		if !ok {
			return "", errNoKey
		}
		return pyStr(v), nil
	}
	var b strings.Builder
	for i := range f.parts {
		d := &f.parts[i]
		if d.verb == 0 {
			b.WriteString(d.text)
			continue
		}
		var v any = target
		if d.hasKey {
			var ok bool
			if v, ok = find(target, d.key); !ok {
				return "", errNoKey
			}
		}
		if d.err != nil {
			return "", d.err
		}
		s, err := d.render(v)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// find looks a key up in a target as if that were flattened: {"a": {"b": 1}} has the key a.b, and no key a.
func find(target map[string]any, key string) (any, bool) {
	if v, ok := target[key]; ok {
		_, nested := v.(map[string]any)
		return v, !nested
	}
	for i := range len(key) {
		if key[i] != '.' {
			continue
		}
		if inner, ok := target[key[:i]].(map[string]any); ok {
			if v, ok := find(inner, key[i+1:]); ok {
				return v, true
			}
		}
	}
	return nil, false
}

func (d *directive) plain() bool {
	return d.verb == 's' && d.hasKey && d.width == 0 && d.prec < 0 && d.err == nil
}

func (d *directive) render(v any) (string, error) {
	switch d.verb {
	case '%':
		return "%", nil
	case 's':
		return d.pad(d.cut(pyStr(v)), ""), nil
	case 'r':
		return d.pad(d.cut(pyRepr(v)), ""), nil
	case 'a':
		return d.pad(d.cut(python.ASCII(pyRepr(v))), ""), nil
	case 'c':
		return d.character(v)
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return d.integer(v)
	}
	return d.float(v)
}

func (d *directive) cut(s string) string {
	if d.prec >= 0 && utf8.RuneCountInString(s) > d.prec {
		return string([]rune(s)[:d.prec])
	}
	return s
}

// pad brings sign and s together to the width; zeros go between the two, for numbers only.
func (d *directive) pad(s, sign string) string {
	missing := d.width - utf8.RuneCountInString(s) - utf8.RuneCountInString(sign)
	switch {
	case missing <= 0:
		return sign + s
	case d.left:
		return sign + s + strings.Repeat(" ", missing)
	case d.zero && d.verb != 's' && d.verb != 'r' && d.verb != 'a' && d.verb != 'c':
		return sign + strings.Repeat("0", missing) + s
	}
	return strings.Repeat(" ", missing) + sign + s
}

func (d *directive) character(v any) (string, error) {
	if s, ok := v.(string); ok && utf8.RuneCountInString(s) == 1 {
		return d.pad(s, ""), nil
	}
	n, ok := integerOf(v)
	if !ok || typeName(v) == "float" {
		return "", evalErrorf("%%c requires int or char")
	}
	if !n.IsInt64() || n.Int64() < 0 || n.Int64() > utf8.MaxRune {
		return "", evalErrorf("%%c arg not in range(0x110000)")
	}
	return d.pad(string(rune(n.Int64())), ""), nil
}

func (d *directive) integer(v any) (string, error) {
	n, ok := integerOf(v)
	if hex := d.verb == 'x' || d.verb == 'X' || d.verb == 'o'; hex && (!ok || typeName(v) == "float") {
		return "", evalErrorf("%%%c format: an integer is required, not %s", d.verb, typeName(v))
	} else if !ok {
		return "", evalErrorf("%%%c format: a real number is required, not %s", d.verb, typeName(v))
	}
	var digits, prefix string
	switch abs := new(big.Int).Abs(n); d.verb {
	case 'x':
		digits, prefix = abs.Text(16), "0x"
	case 'X':
		digits, prefix = strings.ToUpper(abs.Text(16)), "0X"
	case 'o':
		digits, prefix = abs.Text(8), "0o"
	default:
		digits = abs.Text(10)
	}
	if missing := d.prec - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	sign := d.sign(n.Sign() < 0)
	if d.sharp {
		sign += prefix
	}
	return d.pad(digits, sign), nil
}

func (d *directive) float(v any) (string, error) {
	f, ok := floatOf(v)
	if !ok {
		return "", evalErrorf("must be real number, not %s", typeName(v))
	}
	prec := d.prec
	if prec < 0 {
		prec = 6
	}
	sharp := ""
	if d.sharp {
		sharp = "#"
	}
	s := strings.ToLower(fmt.Sprintf("%"+sharp+"."+strconv.Itoa(prec)+strings.ToLower(string(d.verb)), f))
	s, negative := strings.CutPrefix(s, "-")
	s = strings.TrimPrefix(s, "+") // of +inf
	if d.verb < 'a' {
		s = strings.ToUpper(s)
	}
	return d.pad(s, d.sign(negative)), nil
}

func (d *directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// integerOf is Python's int(v) of a number; a float is cut.
func integerOf(v any) (*big.Int, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	case json.Number:
		if isInteger(v) {
			return new(big.Int).SetString(string(v), 10)
		}
		f, err := v.Float64()
		if err != nil {
			return nil, false
		}
		n, _ := big.NewFloat(f).Int(nil)
		return n, true
	}
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt():
		return big.NewInt(rv.Int()), true
	case rv.CanUint():
		return new(big.Int).SetUint64(rv.Uint()), true
	case rv.CanFloat():
		if f := rv.Float(); f-f == 0 { // finite
			n, _ := big.NewFloat(f).Int(nil)
			return n, true
		}
	}
	return nil, false
}

func floatOf(v any) (float64, bool) {
	if n, ok := v.(json.Number); ok {
		f, err := n.Float64()
		return f, err == nil
	}
	if rv := reflect.ValueOf(v); rv.CanFloat() {
		return rv.Float(), true
	}
	n, ok := integerOf(v)
	if !ok {
		return 0, false
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f, true
}
