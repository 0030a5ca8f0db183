package password

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Pattern is a regular expression of Python's re module, as operators write them in keystone.conf.
type Pattern struct{ re *regexp2.Regexp }

// How long a match may take. A pattern of nested repeats can need longer than the sun will last.
const (
	matchTimeout = 30 * time.Millisecond
	timeoutTick  = 5 * time.Millisecond // the timeout is noticed up to two of these late
)

var setTick = sync.OnceFunc(func() { regexp2.SetTimeoutCheckPeriod(timeoutTick) })

// CompilePattern translates the pattern. It refuses what Python 3.11 refuses and this engine would
// read as something else, and the few things that it cannot do.
func CompilePattern(pattern string) (*Pattern, error) {
	text, err := translate(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	setTick()
	// re.match looks at the start only.
	re, err := regexp2.Compile(`\A(?:` + text + `)`)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	re.MatchTimeout = matchTimeout
	return &Pattern{re}, nil
}

// Match reports whether the pattern matches at the start of the text. If that takes too long, it does not.
func (p *Pattern) Match(text string) bool {
	ok, err := p.re.MatchString(text)
	return ok && err == nil
}

// translator rewrites a Python pattern for regexp2, which speaks .NET's dialect.
type translator struct {
	in  string
	pos int
	out strings.Builder

	ascii   bool // (?a): classes are of ASCII only
	verbose bool // (?x): space and comments do not count
}

func translate(pattern string) (string, error) {
	t := &translator{in: pattern}
	if !utf8.ValidString(pattern) {
		return "", fmt.Errorf("not UTF-8")
	}
	if err := t.globalFlags(); err != nil {
		return "", err
	}
	for t.pos < len(t.in) {
		if err := t.item(); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

func (t *translator) rest() string { return t.in[t.pos:] }

// skip moves past s if it comes next.
func (t *translator) skip(s string) bool {
	if !strings.HasPrefix(t.rest(), s) {
		return false
	}
	t.pos += len(s)
	return true
}

// until returns the text before the next end and moves past it.
func (t *translator) until(end string) (string, error) {
	text, _, ok := strings.Cut(t.rest(), end)
	if !ok {
		return "", fmt.Errorf("missing %q at position %d", end, t.pos)
	}
	t.pos += len(text) + len(end)
	return text, nil
}

// globalFlags reads the (?aimsux) with which a pattern may start. Elsewhere Python refuses it.
func (t *translator) globalFlags() error {
	for {
		flags, _, ok := strings.Cut(strings.TrimPrefix(t.rest(), "(?"), ")")
		if !ok || !strings.HasPrefix(t.rest(), "(?") || flags == "" || strings.Trim(flags, "aiLmsux") != "" {
			return nil
		}
		if strings.Contains(flags, "L") {
			return fmt.Errorf("flag L is for bytes only")
		}
		t.pos += len("(?)") + len(flags)
		t.ascii = t.ascii || strings.Contains(flags, "a")
		t.verbose = t.verbose || strings.Contains(flags, "x")
		if known := keepOnly(flags, "imsx"); known != "" {
			t.out.WriteString("(?" + known + ")")
		}
	}
}

func keepOnly(s, chars string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(chars, r) {
			return r
		}
		return -1
	}, s)
}

func (t *translator) item() error {
	switch c := t.in[t.pos]; {
	case c == '\\':
		return t.escape(false)
	case c == '[':
		return t.set()
	case c == '(':
		return t.group()
	case c == '{':
		t.braces()
	case c == '#' && t.verbose:
		line, _, _ := strings.Cut(t.rest(), "\n")
		t.pos += len(line)
	default:
		t.out.WriteByte(c)
		t.pos++
	}
	return nil
}

// braces writes Python's {,n} and {,} in full; .NET takes them literally.
func (t *translator) braces() {
	body, _, ok := strings.Cut(t.in[t.pos+1:], "}")
	if high, isOpen := strings.CutPrefix(body, ","); ok && isOpen && strings.Trim(high, "0123456789") == "" {
		t.out.WriteString("{0," + high + "}")
		t.pos += len(body) + 2
		return
	}
	t.out.WriteByte('{')
	t.pos++
}

// group reads what stands at the start of a group.
func (t *translator) group() error {
	start := t.pos
	for _, same := range []string{"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?("} {
		if t.skip(same) {
			t.out.WriteString(same)
			return nil
		}
	}
	switch {
	case t.skip("(?P<"):
		name, err := t.until(">")
		if err != nil {
			return err
		}
		if !isName(name) {
			return fmt.Errorf("bad group name %q", name)
		}
		t.out.WriteString("(?<" + name + ">")
	case t.skip("(?P="):
		name, err := t.until(")")
		if err != nil {
			return err
		}
		if !isName(name) {
			return fmt.Errorf("bad group name %q", name)
		}
		t.out.WriteString(`\k<` + name + ">")
	case t.skip("(?#"):
		_, err := t.until(")")
		return err
	case t.skip("(?"):
		flags, _, ok := strings.Cut(t.rest(), ":")
		if !ok || flags == "" || strings.Trim(flags, "imsx-") != "" || strings.Count(flags, "-") > 1 {
			return fmt.Errorf("unknown extension at position %d", start)
		}
		t.pos += len(flags) + 1
		t.out.WriteString("(?" + flags + ":")
	default:
		t.pos++
		t.out.WriteByte('(')
	}
	return nil
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if s[i] != '_' && (c < 'a' || c > 'z') && (i == 0 || s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// set reads a set such as [^a-z]. A bracket inside is a plain character in Python; .NET could take it
// for a class or a subtraction.
func (t *translator) set() error {
	start := t.pos
	t.pos++
	t.out.WriteByte('[')
	if t.skip("^") {
		t.out.WriteByte('^')
	}
	for first := true; t.pos < len(t.in); first = false {
		switch c := t.in[t.pos]; {
		case c == ']' && !first:
			t.out.WriteByte(']')
			t.pos++
			return nil
		case c == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		case c == '[' || c == ']':
			t.out.WriteByte('\\')
			fallthrough
		default:
			t.out.WriteByte(c)
			t.pos++
		}
	}
	return fmt.Errorf("unterminated set at position %d", start)
}

// escape reads a backslash and what belongs to it.
func (t *translator) escape(inSet bool) error {
	start := t.pos
	t.pos++
	if t.pos == len(t.in) {
		return fmt.Errorf("a backslash at the end")
	}
	c, size := utf8.DecodeRuneInString(t.rest())
	t.pos += size
	switch {
	case c == 'x' || c == 'u' || c == 'U':
		n := map[rune]int{'x': 2, 'u': 4, 'U': 8}[c]
		return t.codePoint(start, n)
	case t.ascii && strings.ContainsRune("dwsDWS", c):
		class := asciiClasses[c|0x20]
		switch negated := c < 'a'; {
		case !inSet && negated:
			class = "[^" + class + "]"
		case !inSet:
			class = "[" + class + "]"
		case negated:
			return fmt.Errorf(`\%c in a set with flag a is not supported`, c)
		}
		t.out.WriteString(class)
	case c == 'Z' && !inSet:
		t.out.WriteString(`\z`)
	case strings.ContainsRune("dDsSwWafnrtv0123456789b", c), strings.ContainsRune("AB", c) && !inSet:
		t.out.WriteString(t.in[start:t.pos])
	case c < utf8.RuneSelf && (c|0x20 >= 'a' && c|0x20 <= 'z'):
		return fmt.Errorf(`bad escape \%c at position %d`, c, start)
	default:
		t.literal(c)
	}
	return nil
}

var asciiClasses = map[rune]string{'d': `0-9`, 'w': `a-zA-Z0-9_`, 's': ` \t\n\r\f\v`}

func (t *translator) codePoint(start, digits int) error {
	if len(t.rest()) < digits || strings.Trim(t.rest()[:digits], "0123456789abcdefABCDEF") != "" {
		return fmt.Errorf("incomplete escape at position %d", start)
	}
	var c rune
	fmt.Sscanf(t.rest()[:digits], "%x", &c)
	if !utf8.ValidRune(c) {
		return fmt.Errorf("bad character at position %d", start)
	}
	t.pos += digits
	t.literal(c)
	return nil
}

// literal writes a character that stands for itself.
func (t *translator) literal(c rune) {
	if c < utf8.RuneSelf {
		fmt.Fprintf(&t.out, `\x%02x`, c)
		return
	}
	t.out.WriteRune(c)
}
