package python

import "testing"

// What CPython 3.13 prints.
func TestQuote(t *testing.T) {
	for s, want := range map[string][2]string{
		"":                     {`''`, `''`},
		"it's":                 {`"it's"`, `"it's"`},
		`"it's"`:               {`'"it\'s"'`, `'"it\'s"'`},
		"a\\b\n\r\t":           {`'a\\b\n\r\t'`, `'a\\b\n\r\t'`},
		"\x00\x1b\x7f":         {`'\x00\x1b\x7f'`, `'\x00\x1b\x7f'`},
		"é\u00a0":              {`'é\xa0'`, `'\xe9\xa0'`},
		"\u200b日本":             {`'\u200b日本'`, `'\u200b\u65e5\u672c'`},
		"😀\U000e0001":          {`'😀\U000e0001'`, `'\U0001f600\U000e0001'`},
		"\u2028 and \u3000end": {`'\u2028 and \u3000end'`, `'\u2028 and \u3000end'`},
	} {
		if got := Quote(s); got != want[0] {
			t.Errorf("repr of %q is %s, want %s", s, got, want[0])
		}
		if got := ASCII(Quote(s)); got != want[1] {
			t.Errorf("ascii of %q is %s, want %s", s, got, want[1])
		}
	}
	if got, want := QuoteBytes("a\u00e9'\x7f"), `"a\xe9'\x7f"`; got != want {
		t.Errorf("repr of bytes is %s, want %s", got, want)
	}
}

func TestStrip(t *testing.T) {
	for s, want := range map[string]string{
		" a b ": "a b", "\x1c\x1fa\x1d": "a", "\u00a0\u2003a\u3000\u0085": "a", "\u200ba\ufeff": "\u200ba\ufeff", " \t\n": "",
	} {
		if got := Strip(s); got != want {
			t.Errorf("strip of %q is %q, want %q", s, got, want)
		}
	}
}
