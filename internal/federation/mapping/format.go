package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/python"
)

// maxWidth bounds what a format may pad a value to.
const maxWidth = 1 << 16

// format is Python's template.format(*args), where an argument is a text or a list of texts. Attributes, such as {0.upper}, are
// refused: they would show the interpreter's insides. The grammar is that of "Format String Syntax" in Python's library
// reference.
func format(template string, args []any) (string, error) {
	f := formatter{args: args}
	return f.expand([]rune(template), 2)
}

type formatter struct {
	args      []any
	next      int  // of the fields {} without a number
	automatic bool // such a field was met
	numbered  bool // a field with a number was met
}

// expand fills in the fields of text. Formats may hold fields again, once.
func (f *formatter) expand(text []rune, depth int) (string, error) {
	if depth == 0 {
		return "", errors.New("Max string recursion exceeded")
	}
	var out strings.Builder
	for len(text) > 0 {
		c := text[0]
		text = text[1:]
		if c != '{' && c != '}' {
			out.WriteRune(c)
			continue
		}
		if len(text) > 0 && text[0] == c {
			out.WriteRune(c)
			text = text[1:]
			continue
		}
		if c == '}' {
			return "", errors.New("single '}' encountered in format string")
		}
		if len(text) == 0 {
			return "", errors.New("single '{' encountered in format string")
		}
		field, rest, err := cutField(text)
		if err != nil {
			return "", err
		}
		s, err := f.field(field, depth)
		if err != nil {
			return "", err
		}
		out.WriteString(s)
		text = rest
	}
	return out.String(), nil
}

// field is what stands between braces: NAME!CONVERSION:SPEC.
type field struct {
	name       []rune
	conversion rune
	spec       []rune
	nested     bool // the spec holds fields
}

// cutField reads a field whose opening brace is taken.
func cutField(text []rune) (f field, rest []rune, err error) {
	i := 0
name:
	for ; ; i++ {
		if i == len(text) {
			return f, nil, errors.New("expected '}' before end of string")
		}
		switch text[i] {
		case '{':
			return f, nil, errors.New("unexpected '{' in field name")
		case '[':
			for i+1 < len(text) && text[i+1] != ']' {
				i++
			}
		case '}', ':', '!':
			break name
		}
	}
	f.name = text[:i]
	c := text[i]
	i++
	if c == '!' {
		if i == len(text) {
			return f, nil, errors.New("end of string while looking for conversion specifier")
		}
		f.conversion = text[i]
		i++
		if i < len(text) {
			c = text[i]
			i++
			if c != '}' && c != ':' {
				return f, nil, errors.New("expected ':' after conversion specifier")
			}
		}
	}
	if c == '}' {
		return f, text[i:], nil
	}
	start := i
	for open := 1; i < len(text); i++ {
		switch text[i] {
		case '{':
			f.nested = true
			open++
		case '}':
			if open--; open == 0 {
				f.spec = text[start:i]
				return f, text[i+1:], nil
			}
		}
	}
	return f, nil, errors.New("unmatched '{' in format spec")
}

func (f *formatter) field(in field, depth int) (string, error) {
	v, err := f.value(in.name)
	if err != nil {
		return "", err
	}
	switch in.conversion {
	case 0:
	case 'r':
		v = schema.Repr(v)
	case 's':
		v = str(v)
	case 'a':
		v = python.ASCII(schema.Repr(v))
	default:
		return "", fmt.Errorf("unknown conversion specifier '%c'", in.conversion)
	}
	spec := string(in.spec)
	if in.nested {
		if spec, err = f.expand(in.spec, depth-1); err != nil {
			return "", err
		}
	}
	s, ok := v.(string)
	switch {
	case ok:
		return pad(s, []rune(spec))
	case spec != "":
		return "", errors.New("a list of values takes no format")
	}
	return str(v), nil
}

// str is Python's str of a text or a list.
func str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return schema.Repr(v)
}

// value looks up what a field names: an argument, or an element of one.
func (f *formatter) value(name []rune) (any, error) {
	end := 0
	for end < len(name) && name[end] != '.' && name[end] != '[' {
		end++
	}
	index, isNumber, err := number(name[:end])
	switch {
	case err != nil:
		return nil, err
	case end == 0:
		if f.numbered {
			return nil, errors.New("{} stands beside a field with a number")
		}
		f.automatic = true
		index = f.next
		f.next++
	case !isNumber:
		return nil, fmt.Errorf("{%s} is no number of a value", string(name))
	case f.automatic:
		return nil, errors.New("{} stands beside a field with a number")
	default:
		f.numbered = true
	}
	v, err := element(f.args, index, fmt.Sprintf("there is no value {%d}", index))
	for rest := name[end:]; len(rest) > 0 && err == nil; {
		if rest[0] != '[' {
			return nil, fmt.Errorf("{%s}: attributes cannot be taken", string(name))
		}
		end := 1
		for end < len(rest) && rest[end] != ']' {
			end++
		}
		if end == len(rest) {
			return nil, errors.New("missing ']' in format string")
		}
		if index, isNumber, err = number(rest[1:end]); err != nil {
			return nil, err
		} else if !isNumber {
			return nil, fmt.Errorf("{%s}: an element is picked by its number", string(name))
		}
		missing := fmt.Sprintf("{%s}: there is no element %d", string(name), index)
		switch list := v.(type) {
		case []any:
			v, err = element(list, index, missing)
		case string:
			v, err = element([]rune(list), index, missing)
			if r, ok := v.(rune); ok {
				v = string(r)
			}
		}
		rest = rest[end+1:]
	}
	return v, err
}

func element[T any](list []T, index int, missing string) (any, error) {
	if index >= len(list) {
		return nil, errors.New(missing)
	}
	return list[index], nil
}

// number reads a decimal number in digits of any script.
func number(text []rune) (n int, ok bool, err error) {
	if len(text) == 0 {
		return 0, false, nil
	}
	for _, r := range text {
		d, isDigit := digit(r)
		if !isDigit {
			return 0, false, nil
		}
		if n = n*10 + d; n > 1<<30 {
			return 0, false, errors.New("too many decimal digits in format string")
		}
	}
	return n, true, nil
}

// digit is the value of a decimal digit. Unicode puts the ten of a script in a row, which begins at a zero.
func digit(r rune) (int, bool) {
	if '0' <= r && r <= '9' {
		return int(r - '0'), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	if 0x1d7ce <= r && r <= 0x1d7ff { // five alphabets of mathematical digits, one after the other
		return int(r-0x1d7ce) % 10, true
	}
	first := r
	for unicode.Is(unicode.Nd, first-1) {
		first--
	}
	return int(r-first) % 10, true
}

// pad applies the format [[fill]align][0][width][.precision][s] to a text.
func pad(s string, spec []rune) (string, error) {
	fill, align := ' ', '<'
	isAlign := func(i int) bool { return i < len(spec) && strings.ContainsRune("<>^=", spec[i]) }
	if isAlign(1) {
		fill, align, spec = spec[0], spec[1], spec[2:]
	} else {
		if isAlign(0) {
			align, spec = spec[0], spec[1:]
		}
		if len(spec) > 0 && spec[0] == '0' {
			fill = '0'
		}
	}
	width, spec, err := size(spec)
	if err != nil {
		return "", err
	}
	text := []rune(s)
	if len(spec) > 0 && spec[0] == '.' {
		digits := len(spec)
		var precision int
		if precision, spec, err = size(spec[1:]); err != nil {
			return "", err
		} else if len(spec) == digits-1 {
			return "", errors.New("format specifier missing precision")
		}
		text = text[:min(len(text), precision)]
	}
	if rest := string(spec); rest != "" && rest != "s" || align == '=' {
		return "", errors.New("the format is not one for texts")
	}
	free := max(0, width-len(text))
	left := 0
	switch align {
	case '>':
		left = free
	case '^':
		left = free / 2
	}
	return strings.Repeat(string(fill), left) + string(text) + strings.Repeat(string(fill), free-left), nil
}

func size(spec []rune) (int, []rune, error) {
	end := 0
	for end < len(spec) {
		if _, ok := digit(spec[end]); !ok {
			break
		}
		end++
	}
	n, _, err := number(spec[:end])
	if err == nil && n > maxWidth {
		err = errors.New("the format asks for more than " + strconv.Itoa(maxWidth) + " characters")
	}
	return n, spec[end:], err
}
