package schema

import (
	"strings"
	"unicode/utf8"
)

// Query reads the query part of a URL as Flask does: of a repeated name the first value counts, a name without "="
// has the value "", and what is not UTF-8 after decoding stays percent-encoded. It cannot fail.
func Query(raw string) *Object {
	o := &Object{query: true}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unquote(name), unquote(value)
		first, again := o.Get(name)
		switch {
		case !again:
			o.Set(name, value)
		case o.repeated[name] != nil:
			o.repeated[name] = append(o.repeated[name], value)
		case o.repeated == nil:
			o.repeated = map[string][]string{}
			fallthrough
		default:
			o.repeated[name] = []string{first.(string), value}
		}
	}
	return o
}

// unquote decodes + and percent escapes; a broken escape stays as it is.
func unquote(s string) string {
	if !strings.Contains(s, "+") && !strings.Contains(s, "%") {
		return quoteInvalid(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		b.WriteByte(c)
	}
	return quoteInvalid(b.String())
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// quoteInvalid percent-encodes the bytes of s that are not part of valid UTF-8.
func quoteInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			b.WriteString("%" + string(digits[s[0]>>4]) + string(digits[s[0]&15]))
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
