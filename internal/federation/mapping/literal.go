package mapping

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
)

// list returns the elements if text is a list as Python writes it, which is how several values of an attribute come out of a
// template, and else text as the only one (RuleProcessor._ast_literal_eval). Elements are what JSON can say: other literals
// of Python make the text none of its lists.
func list(text string) []any {
	p := literal{rest: strings.TrimLeft(strings.TrimLeft(text, " \t"), "\r\n")}
	if v, ok := p.value(); ok {
		p.depth = 0
		if p.space(); p.rest == "" || strings.Trim(p.rest, "\r\n \t\f") == "" {
			if elements, isList := v.([]any); isList {
				return elements
			}
		}
	}
	return []any{text}
}

// maxNesting is Python's limit for brackets.
const maxNesting = 200

// literal reads Python literals off rest.
type literal struct {
	rest  string
	depth int
}

// tuple is kept apart from a list, which alone counts; within a list it passes for one, as JSON has no other.
type tuple []any

func plain(v any) any {
	if t, ok := v.(tuple); ok {
		return []any(t)
	}
	return v
}

// space skips white space and comments. A line may end within brackets only.
func (p *literal) space() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\f")
		switch {
		case strings.HasPrefix(p.rest, "#"):
			end := strings.IndexByte(p.rest, '\n')
			if end < 0 {
				end = len(p.rest)
			}
			p.rest = p.rest[end:]
		case p.depth > 0 && strings.HasPrefix(p.rest, "\\\n"):
			p.rest = p.rest[2:]
		case p.depth > 0 && p.rest != "" && (p.rest[0] == '\n' || p.rest[0] == '\r'):
			p.rest = p.rest[1:]
		default:
			return
		}
	}
}

func (p *literal) take(token string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *literal) value() (any, bool) {
	switch p.space(); {
	case p.take("["):
		elements, _, ok := p.elements("]")
		for i, e := range elements {
			elements[i] = plain(e)
		}
		return elements, ok
	case p.take("("):
		elements, comma, ok := p.elements(")")
		if ok && len(elements) == 1 && !comma {
			return elements[0], true
		}
		return tuple(elements), ok
	case p.take("{"):
		return p.dict()
	case p.rest != "" && (p.rest[0] == '-' || p.rest[0] == '+' || p.rest[0] == '.' || '0' <= p.rest[0] && p.rest[0] <= '9'):
		return p.number()
	}
	if s, ok := p.strings(); ok {
		return s, true
	}
	for word, v := range map[string]any{"None": nil, "True": true, "False": false} {
		if rest, ok := strings.CutPrefix(p.rest, word); ok && !startsName(rest) {
			p.rest = rest
			return v, true
		}
	}
	return nil, false
}

// startsName tells whether what precedes goes on as a name or number.
func startsName(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && (r == '_' || r >= utf8.RuneSelf || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z')
}

// elements reads up to the closing bracket; comma tells whether one came last.
func (p *literal) elements(end string) (elements []any, comma, ok bool) {
	if p.depth++; p.depth > maxNesting {
		return nil, false, false
	}
	defer func() { p.depth-- }()
	elements = []any{}
	for !p.take(end) {
		if len(elements) > 0 && !comma {
			return nil, false, false
		}
		v, ok := p.value()
		if !ok {
			return nil, false, false
		}
		elements = append(elements, v)
		comma = p.take(",")
	}
	return elements, comma, true
}

// dict reads a dictionary whose keys are texts.
func (p *literal) dict() (any, bool) {
	if p.depth++; p.depth > maxNesting {
		return nil, false
	}
	defer func() { p.depth-- }()
	o := new(schema.Object)
	for comma := true; !p.take("}"); comma = p.take(",") {
		if !comma {
			return nil, false
		}
		p.space()
		key, ok := p.strings()
		if !ok || !p.take(":") {
			return nil, false
		}
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		o.Set(key, plain(v))
	}
	return o, true
}

// number reads a signed integer or decimal fraction.
func (p *literal) number() (any, bool) {
	sign := ""
	if p.take("-") {
		sign = "-"
	} else {
		p.take("+")
	}
	p.space()
	end := 0
	for end < len(p.rest) && (startsName(p.rest[end:]) || p.rest[end] == '.' ||
		(p.rest[end] == '-' || p.rest[end] == '+') && end > 0 && p.rest[end-1]|0x20 == 'e') {
		end++
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	based := len(text) > 1 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0
	if based || strings.Trim(text, "0123456789_") == "" {
		n, ok := new(big.Int).SetString(text, 0)
		if !ok || !based && text[0] == '0' && n.Sign() != 0 { // leading zeros are not Python's
			return nil, false
		}
		if sign != "" {
			n.Neg(n)
		}
		return json.Number(n.String()), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789._eE+-") != "" || strings.Contains(text, "_") {
		return nil, false
	}
	if sign != "" {
		f = -f
	}
	v, err := schema.Decode(strconv.AppendFloat(nil, f, 'e', -1, 64))
	return v, err == nil
}

// strings reads one or more string literals, which Python joins.
func (p *literal) strings() (string, bool) {
	var b strings.Builder
	for n := 0; ; n++ {
		p.space()
		raw := false
		quote := p.rest
		if len(quote) > 1 && (quote[1] == '\'' || quote[1] == '"') && strings.IndexByte("uUrR", quote[0]) >= 0 {
			raw = quote[0]|0x20 == 'r'
			quote = quote[1:]
		}
		if quote == "" || quote[0] != '\'' && quote[0] != '"' {
			return b.String(), n > 0
		}
		mark := quote[:1]
		if strings.HasPrefix(quote, mark+mark+mark) {
			mark = quote[:3]
		}
		p.rest = quote[len(mark):]
		if !p.quoted(&b, mark, raw) {
			return "", false
		}
	}
}

// quoted reads the rest of a string literal.
func (p *literal) quoted(b *strings.Builder, mark string, raw bool) bool {
	for p.rest != "" {
		if rest, ok := strings.CutPrefix(p.rest, mark); ok {
			p.rest = rest
			return true
		}
		r, size := utf8.DecodeRuneInString(p.rest)
		switch {
		case r == 0, r == '\n' && len(mark) == 1:
			return false
		case r != '\\':
			b.WriteString(p.rest[:size])
			p.rest = p.rest[size:]
		case raw:
			_, next := utf8.DecodeRuneInString(p.rest[1:])
			b.WriteString(p.rest[:1+next])
			p.rest = p.rest[1+next:]
		default:
			p.rest = p.rest[1:]
			if !p.escape(b) {
				return false
			}
		}
	}
	return false
}

// escape reads what follows a backslash.
func (p *literal) escape(b *strings.Builder) bool {
	if p.rest == "" {
		return false
	}
	c := p.rest[0]
	if i := strings.IndexByte(`\'"abfnrtv`, c); i >= 0 {
		b.WriteByte("\\'\"\a\b\f\n\r\t\v"[i])
		p.rest = p.rest[1:]
		return true
	}
	digits, base, start := 0, 16, 1
	switch c {
	case '\n':
		p.rest = p.rest[1:]
		return true
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	case 'N': // a character by its name, which no value printed by Python has
		return false
	default:
		if c < '0' || '7' < c {
			b.WriteByte('\\') // an unknown escape stays as it is
			return true
		}
		base, start = 8, 0
		for digits < 3 && digits < len(p.rest) && '0' <= p.rest[digits] && p.rest[digits] <= '7' {
			digits++
		}
	}
	if len(p.rest) < start+digits {
		return false
	}
	code, err := strconv.ParseUint(p.rest[start:start+digits], base, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return false
	}
	b.WriteRune(rune(code))
	p.rest = p.rest[start+digits:]
	return true
}
