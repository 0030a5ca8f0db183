// Package pattern reads regular expressions as Python's re module does: those of keystone.conf and of federation mappings,
// which operators wrote for it.
package pattern

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Pattern is a regular expression of Python's re module.
type Pattern struct{ re *regexp2.Regexp }

// How long a match may take. A pattern of nested repeats can need longer than the sun will last. As the
// clock on the wall runs on while others have the processor, a match that took too long gets a second try. Both
// together end within 50 ms.
const (
	matchTimeout = 12 * time.Millisecond
	timeoutTick  = 4 * time.Millisecond // the timeout is noticed up to two of these late
	matchTries   = 2
)

var setTick = sync.OnceFunc(func() { regexp2.SetTimeoutCheckPeriod(timeoutTick) })

// Compile makes a pattern that is looked for anywhere in a text, as re.search does. It refuses what Python 3.11 refuses
// and this engine would read as something else, and the few things that it cannot do.
func Compile(pattern string) (*Pattern, error) { return compile("", pattern, "") }

// CompileStart makes a pattern that is looked for at the start of a text only, as re.match does.
func CompileStart(pattern string) (*Pattern, error) { return compile(`\A(?:`, pattern, ")") }

func compile(before, pattern, after string) (*Pattern, error) {
	text, err := translate(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	setTick()
	re, err := regexp2.Compile(before+text+after, regexp2.OptionMaintainCaptureOrder())
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	re.MatchTimeout = matchTimeout
	return &Pattern{re}, nil
}

// ErrTimeout says that it would have taken too long to tell whether a pattern matches.
var ErrTimeout = errors.New("the pattern takes too long on this text")

// Match reports whether the pattern is found in the text. The error is ErrTimeout.
func (p *Pattern) Match(text string) (bool, error) {
	for range matchTries {
		if ok, err := p.re.MatchString(text); err == nil {
			return ok, nil
		}
	}
	return false, ErrTimeout
}

// translator rewrites a Python pattern for regexp2, which speaks .NET's dialect.
type translator struct {
	in  string
	pos int
	out strings.Builder

	names   []string // of groups
	ascii   bool     // (?a): classes are of ASCII only
	verbose bool     // (?x): space and comments do not count
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
		return t.escape()
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
		if !isName(name) || slices.Contains(t.names, name) {
			return fmt.Errorf("bad group name %q", name)
		}
		t.names = append(t.names, name)
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
		if !ok || flags == "" || strings.Trim(flags, "imsx-") != "" || badFlags(flags) {
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

// badFlags reports the flags of a group that are turned on and off again, or off without a name.
func badFlags(flags string) bool {
	on, off, minus := strings.Cut(flags, "-")
	return minus && (off == "" || strings.ContainsAny(off, on+"-"))
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

// element is one member of a set, or what an escape stands for.
type element struct {
	char  rune
	class rune   // d, D, s, S, w or W, else 0
	raw   string // an assertion or reference, written as it is
}

// classes are the members of \d, \s and \w in Unicode, as Python has them, and in ASCII.
var classes = map[bool]map[rune]string{
	false: {'d': `\p{Nd}`, 's': `\s\x1c-\x1f`, 'w': `_\p{L}\p{N}`},
	true:  {'d': `0-9`, 's': ` \t-\r`, 'w': `_a-zA-Z0-9`},
}

func (t *translator) writeClass(class rune) {
	negate := ""
	if class < 'a' {
		negate = "^"
	}
	t.out.WriteString("[" + negate + classes[t.ascii][class|0x20] + "]")
}

// set reads a set such as [^a-z]. A bracket inside is a plain character; .NET could take it for a
// class or a subtraction. A class such as \W is taken out of the set, as regexp2 mistakes
// sets that hold one: [\W\d] becomes (?:[\d]|\W) and [^\W\d] becomes (?:(?![\d]|\W)[\s\S]).
func (t *translator) set() error {
	start := t.pos
	t.pos++
	negated := t.skip("^")
	var members strings.Builder
	var outside []rune
	for first := true; ; first = false {
		if t.pos == len(t.in) {
			return fmt.Errorf("unterminated set at position %d", start)
		}
		if !first && t.skip("]") {
			break
		}
		low, err := t.member()
		if err != nil {
			return err
		}
		high := low
		if strings.HasPrefix(t.rest(), "-") && !strings.HasPrefix(t.rest(), "-]") {
			t.pos++
			if high, err = t.member(); err != nil {
				return err
			}
			if low.class != 0 || high.class != 0 || low.char > high.char {
				return fmt.Errorf("bad range in the set at position %d", start)
			}
		}
		switch {
		case low.class == 0:
			members.WriteString(literal(low.char) + "-" + literal(high.char))
		case low.class < 'a':
			outside = append(outside, low.class)
		default:
			members.WriteString(classes[t.ascii][low.class])
		}
	}
	if len(outside) == 0 {
		if negated {
			t.out.WriteString("[^" + members.String() + "]")
		} else {
			t.out.WriteString("[" + members.String() + "]")
		}
		return nil
	}
	if negated {
		t.out.WriteString("(?:(?!")
	} else {
		t.out.WriteString("(?:")
	}
	for i, class := range outside {
		if i > 0 {
			t.out.WriteByte('|')
		}
		t.writeClass(class)
	}
	if members.Len() > 0 {
		t.out.WriteString("|[" + members.String() + "]")
	}
	if negated {
		t.out.WriteString(`)[\s\S]`)
	}
	t.out.WriteByte(')')
	return nil
}

// member reads a character or an escape of a set.
func (t *translator) member() (element, error) {
	if strings.HasPrefix(t.rest(), `\`) {
		return t.escaped(true)
	}
	c, size := utf8.DecodeRuneInString(t.rest())
	if size == 0 {
		return element{}, fmt.Errorf("unterminated set")
	}
	t.pos += size
	return element{char: c}, nil
}

// escape reads and writes an escape outside of sets.
func (t *translator) escape() error {
	e, err := t.escaped(false)
	switch {
	case err != nil:
		return err
	case e.raw != "":
		t.out.WriteString(e.raw)
	case e.class != 0:
		t.writeClass(e.class)
	default:
		t.out.WriteString(literal(e.char))
	}
	return nil
}

// escaped reads a backslash and what belongs to it.
func (t *translator) escaped(inSet bool) (element, error) {
	start := t.pos
	t.pos++
	if t.pos == len(t.in) {
		return element{}, fmt.Errorf("a backslash at the end")
	}
	c, size := utf8.DecodeRuneInString(t.rest())
	if c >= '0' && c <= '9' {
		return t.number(start, inSet)
	}
	t.pos += size
	switch {
	case strings.ContainsRune("dDsSwW", c):
		return element{class: c}, nil
	case c == 'x':
		return t.codePoint(start, 2)
	case c == 'u':
		return t.codePoint(start, 4)
	case c == 'U':
		return t.codePoint(start, 8)
	case controls[c] != 0:
		return element{char: controls[c]}, nil
	case c == 'b' && inSet:
		return element{char: '\b'}, nil
	case c == 'Z' && !inSet:
		return element{raw: `\z`}, nil // .NET's \Z lets a line break follow
	case strings.ContainsRune("AbB", c) && !inSet:
		return element{raw: `\` + string(c)}, nil
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return element{}, fmt.Errorf(`bad escape \%c at position %d`, c, start)
	}
	return element{char: c}, nil
}

var controls = map[rune]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// number reads \1, a reference to a group, or \012, a character. The rules are those of Python's
// re/_parser.py.
func (t *translator) number(start int, inSet bool) (element, error) {
	digits := t.rest()[:1]
	for len(digits) < min(3, len(t.rest())) && t.rest()[len(digits)] >= '0' && t.rest()[len(digits)] <= '9' {
		digits = t.rest()[:len(digits)+1]
	}
	octal := digits[:len(digits)-len(strings.TrimLeft(digits, "01234567"))]
	if digits[0] == '0' || inSet || len(octal) == 3 {
		value, err := strconv.ParseUint(octal, 8, 32)
		if err != nil || value > 0o377 {
			return element{}, fmt.Errorf("bad number at position %d", start)
		}
		t.pos += len(octal)
		return element{char: rune(value)}, nil
	}
	digits = digits[:min(2, len(digits))]
	t.pos += len(digits)
	return element{raw: `\k<` + digits + ">"}, nil
}

func (t *translator) codePoint(start, digits int) (element, error) {
	if len(t.rest()) < digits {
		return element{}, fmt.Errorf("incomplete escape at position %d", start)
	}
	c, err := strconv.ParseUint(t.rest()[:digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(c)) {
		return element{}, fmt.Errorf("bad escape at position %d", start)
	}
	t.pos += digits
	return element{char: rune(c)}, nil
}

// literal returns what stands for just this character.
func literal(c rune) string {
	if c < utf8.RuneSelf {
		return fmt.Sprintf(`\x%02x`, c)
	}
	return string(c)
}
