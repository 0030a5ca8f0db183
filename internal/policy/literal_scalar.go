package policy

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// Strings and numbers as Python writes them.

func stringPrefix(name string) bool {
	switch strings.ToLower(name) {
	case "r", "u", "b", "f", "br", "rb", "fr", "rf":
		return true
	}
	return false
}

// stringsFrom reads one or more string literals, which Python joins.
func (p *literalParser) stringsFrom() pyValue {
	var text strings.Builder
	bytes, formatted := false, false
	for n := 0; ; n++ {
		before := p.pos
		prefix := strings.ToLower(p.name())
		if r := p.peekRaw(); r != '"' && r != '\'' || prefix != "" && !stringPrefix(prefix) {
			p.pos = before
			break
		}
		if isBytes := strings.Contains(prefix, "b"); n == 0 {
			bytes = isBytes
		} else if bytes != isBytes {
			p.fail("cannot mix bytes and nonbytes literals")
		}
		s := p.quoted(strings.Contains(prefix, "r"), bytes)
		if strings.Contains(prefix, "f") {
			formatted = true
			if strings.ContainsAny(s, "{}") {
				p.fail("f-string: invalid syntax")
			}
		}
		text.WriteString(s)
		p.space()
	}
	switch s := text.String(); {
	case formatted:
		return pyValue{}
	case bytes:
		quoted := "b" + python.QuoteBytes(s)
		return pyValue{kind: bytesLiteral, str: quoted, repr: quoted}
	default:
		return pyValue{kind: textLiteral, str: s, repr: python.Quote(s)}
	}
}

func (p *literalParser) peekRaw() rune {
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

func (p *literalParser) quoted(raw, bytes bool) string {
	mark := p.src[p.pos]
	n := 1
	if p.pos+2 < len(p.src) && p.src[p.pos+1] == mark && p.src[p.pos+2] == mark {
		n = 3
	}
	p.pos += n
	var b strings.Builder
	for {
		if p.pos == len(p.src) {
			if n == 3 {
				p.fail("unterminated triple-quoted string literal (detected at line 1)")
			}
			p.fail("unterminated string literal (detected at line 1)")
		}
		r := p.src[p.pos]
		p.pos++
		switch {
		case r == mark && n == 1:
			return b.String()
		case r == mark && p.pos+1 < len(p.src) && p.src[p.pos] == mark && p.src[p.pos+1] == mark:
			p.pos += 2
			return b.String()
		case r == '\n' && n == 1:
			p.fail("unterminated string literal (detected at line 1)")
		case bytes && r >= utf8.RuneSelf:
			p.fail("bytes can only contain ASCII literal characters")
		case r == '\\' && p.pos < len(p.src):
			p.escape(&b, raw, bytes)
		default:
			b.WriteRune(r)
		}
	}
}

var escapes = map[rune]rune{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// escape reads what follows a backslash. In bytes, a code above 127 stands as the rune of that number.
func (p *literalParser) escape(b *strings.Builder, raw, bytes bool) {
	r := p.src[p.pos]
	p.pos++
	if raw {
		b.WriteRune('\\')
		b.WriteRune(r)
		return
	}
	switch {
	case escapes[r] != 0:
		b.WriteRune(escapes[r])
	case r == '\n':
	case '0' <= r && r <= '7':
		code := r - '0'
		for i := 0; i < 2 && p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '7'; i++ {
			code = code*8 + p.src[p.pos] - '0'
			p.pos++
		}
		if bytes {
			code &= 0xff
		}
		b.WriteRune(code)
	case r == 'x':
		b.WriteRune(p.hex(2))
	case r == 'u' && !bytes:
		b.WriteRune(p.hex(4))
	case r == 'U' && !bytes:
		b.WriteRune(p.hex(8))
	case r == 'N' && !bytes:
		p.fail("(unicode error) 'unicodeescape' codec can't decode bytes: unknown Unicode character name")
	default: // unknown escapes stay as they are
		b.WriteRune('\\')
		b.WriteRune(r)
	}
}

func (p *literalParser) hex(n int) rune {
	if p.pos+n > len(p.src) {
		p.fail("(unicode error) 'unicodeescape' codec can't decode bytes: truncated escape")
	}
	code, err := strconv.ParseUint(string(p.src[p.pos:p.pos+n]), 16, 32)
	if err != nil || code > utf8.MaxRune {
		p.fail("(unicode error) 'unicodeescape' codec can't decode bytes: illegal Unicode character")
	}
	p.pos += n
	return rune(code)
}

func (p *literalParser) number() pyValue {
	start := p.pos
	whole := true // no dot and no exponent yet
	for p.pos < len(p.src) {
		r := p.src[p.pos]
		if r == '.' {
			if !whole || based(p.src[start:p.pos]) {
				break
			}
			whole = false
		} else if r|0x20 == 'e' && !based(p.src[start:p.pos]) {
			whole = false
		}
		sign := (r == '+' || r == '-') && p.pos > start && (p.src[p.pos-1]|0x20) == 'e' && !based(p.src[start:p.pos])
		if !isNamePart(r) && r != '.' && !sign {
			break
		}
		p.pos++
	}
	text := strings.ToLower(string(p.src[start:p.pos]))
	digits, imaginary := strings.CutSuffix(text, "j")
	v, err := parseNumber(digits, imaginary)
	if err != nil {
		p.fail(err.Error())
	}
	return v
}

// based tells whether a number begins as one of another base than ten.
func based(digits []rune) bool {
	return len(digits) > 1 && digits[0] == '0' && strings.ContainsRune("xob", digits[1]|0x20)
}

var errDecimal = errors.New("invalid decimal literal")

func parseNumber(text string, imaginary bool) (pyValue, error) {
	clean := strings.ReplaceAll(text, "_", "")
	for i, r := range text {
		if r == '_' && (i == 0 || i == len(text)-1 || !alphanumeric(text[i-1]) || !alphanumeric(text[i+1])) {
			return pyValue{}, errDecimal
		}
	}
	otherBase := based([]rune(clean))
	if !imaginary && (otherBase || strings.Trim(clean, "0123456789") == "") {
		base := 10
		if otherBase {
			base = 0
		} else if clean[0] == '0' && strings.Trim(clean, "0") != "" {
			return pyValue{}, errors.New("leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers")
		}
		n, ok := new(big.Int).SetString(clean, base)
		if !ok {
			return pyValue{}, errDecimal
		}
		return pyValue{kind: realLiteral, str: n.String(), repr: n.String()}, nil
	}
	if strings.Trim(clean, "0123456789.e+-") != "" {
		return pyValue{}, errDecimal
	}
	f, err := strconv.ParseFloat(clean, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return pyValue{}, errDecimal
	}
	s := floatRepr(f)
	if imaginary {
		s = strings.TrimSuffix(s, ".0") + "j"
		return pyValue{kind: complexLiteral, str: s, repr: s}, nil
	}
	return pyValue{kind: realLiteral, str: s, repr: s}, nil
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || c == 'x' || c == 'o'
}
