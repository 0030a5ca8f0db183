// Package python is Python's notion of text, where a user of Keystone can see it: in messages that show values, in the policy and
// mapping languages, in names that are stripped and options that are split. Its source is CPython 3's Objects/unicodeobject.c and
// the chapter "Text Sequence Type" of the library reference.
package python

import (
	"fmt"
	"strings"
	"unicode"
)

// IsSpace tells whether str.strip removes a character: Unicode's white space, and the four separators of ASCII.
func IsSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// Strip is s.strip().
func Strip(s string) string { return strings.TrimFunc(s, IsSpace) }

// EndsLine tells whether str.splitlines ends a line at a character.
func EndsLine(r rune) bool {
	return '\n' <= r && r <= '\r' || 0x1c <= r && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
}

// Quote is repr(s).
func Quote(s string) string { return quote(s, unicode.IsPrint) }

// QuoteBytes is the repr() of bytes, each of which stands in s as the character of its number, without the b before it.
func QuoteBytes(s string) string {
	return quote(s, func(r rune) bool { return ' ' <= r && r < 0x7f })
}

// ASCII writes the characters beyond ASCII as escapes: of repr(v) it makes ascii(v).
func ASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			escape(&b, r)
		}
	}
	return b.String()
}

func quote(s string, printable func(rune) bool) string {
	mark := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	var b strings.Builder
	b.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r):
			b.WriteRune(r)
		default:
			escape(&b, r)
		}
	}
	b.WriteRune(mark)
	return b.String()
}

func escape(b *strings.Builder, r rune) {
	switch {
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
