package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// An operand is the left side of a generic check. oslo.policy hands it to Python's literal_eval: a literal stands for itself,
// any other expression (ValueError there) is a path into the credentials, and what is no expression raises.
type operand struct {
	source  string
	literal bool
	value   string   // str() of the literal
	path    []string // the source, cut at its dots
	err     error
}

func parseOperand(source string) operand {
	o := operand{source: source, path: strings.Split(source, ".")}
	if plainPath(source) || strings.ContainsRune(source, 0) { // Python has a ValueError for the null byte
		return o
	}
	v, err := evalLiteral(source)
	switch {
	case err != nil:
		o.err = err
	case v.kind != notLiteral:
		o.literal, o.value = true, v.str
	}
	return o
}

// plainPath is the short way for what nearly every rule has: lower-case words joined by dots, no word of which Python reserves.
func plainPath(source string) bool {
	for word := range strings.SplitSeq(source, ".") {
		if word == "" || '0' <= word[0] && word[0] <= '9' || keywords[word] {
			return false
		}
		for i := range len(word) {
			if c := word[i]; c != '_' && (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
				return false
			}
		}
	}
	return true
}

var keywords = map[string]bool{
	"False": true, "None": true, "True": true, "and": true, "as": true, "assert": true, "async": true, "await": true,
	"break": true, "class": true, "continue": true, "def": true, "del": true, "elif": true, "else": true, "except": true,
	"finally": true, "for": true, "from": true, "global": true, "if": true, "import": true, "in": true, "is": true,
	"lambda": true, "nonlocal": true, "not": true, "or": true, "pass": true, "raise": true, "return": true, "try": true,
	"while": true, "with": true, "yield": true,
}

type literalKind int

const (
	notLiteral literalKind = iota
	textLiteral
	bytesLiteral
	realLiteral    // int or float
	complexLiteral // a number with j
	otherLiteral
)

// A pyValue is what an expression comes to. One that is not a literal has no more to say.
type pyValue struct {
	kind      literalKind
	str, repr string
	signed    bool // a number behind a sign, which may not have another
}

func other(text string) pyValue { return pyValue{kind: otherLiteral, str: text, repr: text} }

// evalLiteral parses a Python expression. The grammar is Python's without what needs a colon (which ends the left side),
// comprehensions, starred items and yield: for these it reports a syntax error, so that the check is refused.
func evalLiteral(source string) (v pyValue, err error) {
	source = strings.TrimLeft(strings.TrimLeft(source, " \t"), "\r\n")
	if i := strings.LastIndexFunc(source, func(r rune) bool { return !python.IsSpace(r) }); i >= 0 {
		_, n := utf8.DecodeRuneInString(source[i:])
		source = source[:i+n]
	}
	p := &literalParser{src: []rune(source)}
	defer func() {
		if r := recover(); r != nil {
			failure, ok := r.(*literalError)
			if !ok {
				panic(r)
			}
			line := min(1, len(source)) // Python counts none in nothing
			err = &evalError{fmt.Sprintf("%s (<unknown>, line %d)", failure.text, line)}
		}
	}()
	v = p.tuple()
	p.space()
	if p.pos < len(p.src) {
		p.fail("invalid syntax")
	}
	return v, nil
}

// A literalError unwinds the parser.
type literalError struct{ text string }

type literalParser struct {
	src   []rune
	pos   int
	depth int
}

func (p *literalParser) fail(text string) {
	panic(&literalError{text})
}

// space skips white space and a comment. A line may only end within brackets.
func (p *literalParser) space() {
	for p.pos < len(p.src) {
		switch r := p.src[p.pos]; {
		case r == ' ' || r == '\t' || r == '\f' || p.depth > 0 && (r == '\n' || r == '\r'):
			p.pos++
		case r == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

func (p *literalParser) peek() rune {
	p.space()
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

// operator consumes the first of the given operators that stands here. A longer operator is not taken for a shorter one.
func (p *literalParser) operator(ops ...string) string {
	p.space()
	for _, op := range ops {
		end := p.pos + len(op)
		if end > len(p.src) || string(p.src[p.pos:end]) != op {
			continue
		}
		if end < len(p.src) && p.src[end] == '=' && op != "==" && op != "!=" && op != "<" && op != ">" {
			continue // an assignment, or a comparison that comes earlier in the list
		}
		p.pos = end
		return op
	}
	return ""
}

// word consumes a keyword.
func (p *literalParser) word(w string) bool {
	p.space()
	end := p.pos + len(w)
	if end > len(p.src) || string(p.src[p.pos:end]) != w || end < len(p.src) && isNamePart(p.src[end]) {
		return false
	}
	p.pos = end
	return true
}

func (p *literalParser) enter() {
	if p.depth++; p.depth > 200 {
		p.fail("too many nested parentheses")
	}
}

func (p *literalParser) tuple() pyValue {
	first := p.ternary()
	if p.peek() != ',' {
		return first
	}
	items := []pyValue{first}
	for p.peek() == ',' {
		p.pos++
		if r := p.peek(); r == 0 || r == ')' || r == ']' {
			break
		}
		items = append(items, p.ternary())
	}
	return tupleOf(items)
}

func tupleOf(items []pyValue) pyValue {
	v := sequence("(", items, ")")
	if len(items) == 1 && v.kind != notLiteral {
		return other("(" + items[0].repr + ",)")
	}
	return v
}

func sequence(open string, items []pyValue, end string) pyValue {
	reprs := make([]string, len(items))
	for i, item := range items {
		if item.kind == notLiteral {
			return pyValue{}
		}
		reprs[i] = item.repr
	}
	return other(open + strings.Join(reprs, ", ") + end)
}

func (p *literalParser) ternary() pyValue {
	v := p.disjunction()
	if !p.word("if") {
		return v
	}
	p.disjunction()
	if !p.word("else") {
		p.fail("expected 'else' after 'if' expression")
	}
	p.ternary()
	return pyValue{}
}

func (p *literalParser) disjunction() pyValue {
	v := p.inversion()
	for p.word("and") || p.word("or") {
		p.inversion()
		v = pyValue{}
	}
	return v
}

func (p *literalParser) inversion() pyValue {
	if p.word("not") {
		p.inversion()
		return pyValue{}
	}
	v := p.sum()
	for p.comparison() {
		p.sum()
		v = pyValue{}
	}
	return v
}

func (p *literalParser) comparison() bool {
	if p.operator("==", "!=", "<=", ">=") != "" || p.word("in") {
		return true
	}
	if p.word("is") {
		p.word("not")
		return true
	}
	if p.word("not") {
		if !p.word("in") {
			p.fail("invalid syntax")
		}
		return true
	}
	if r := p.peek(); r == '<' || r == '>' {
		if p.pos+1 < len(p.src) && p.src[p.pos+1] == r {
			return false // a shift
		}
		p.pos++
		return true
	}
	return false
}

// sum is a chain of arithmetic and bitwise operators. Which binds closer does not matter: of them all only the sum of a
// real and an imaginary number is a literal.
func (p *literalParser) sum() pyValue {
	v := p.unary()
	for n := 1; ; n++ {
		op := p.operator("**", "//", "<<", ">>", "+", "-", "*", "/", "%", "@", "&", "|", "^")
		if op == "" {
			return v
		}
		right := p.unary()
		if n == 1 && (op == "+" || op == "-") && v.kind == realLiteral && right.kind == complexLiteral && !right.signed {
			v = other("(" + v.str + op + right.str + ")")
		} else {
			v = pyValue{}
		}
	}
}

func (p *literalParser) unary() pyValue {
	switch r := p.peek(); r {
	case '+', '-', '~':
		p.pos++
		p.enter()
		v := p.unary()
		p.depth--
		number := v.kind == realLiteral || v.kind == complexLiteral
		if r == '~' || !number || v.signed {
			return pyValue{}
		}
		if r == '-' && v.str != "0" {
			v.str = "-" + v.str
			if v.kind == complexLiteral {
				v.str = "(-0" + v.str + ")"
			}
			v.repr = v.str
		}
		v.signed = true
		return v
	}
	if p.word("await") {
		p.primary()
		return pyValue{}
	}
	return p.primary()
}

func (p *literalParser) primary() pyValue {
	start := p.peek()
	v, name := p.atom(start)
	for {
		switch p.peek() {
		case '.':
			p.pos++
			p.space()
			if attribute := p.name(); attribute == "" || keywords[attribute] {
				p.fail("invalid syntax")
			}
			v, name = pyValue{}, ""
		case '(':
			p.enter()
			p.pos++
			if none := p.arguments(); none && name == "set" {
				v = other("set()")
			} else {
				v = pyValue{}
			}
			p.depth--
			name = ""
		case '[':
			p.enter()
			p.pos++
			p.tuple()
			if p.peek() != ']' {
				p.fail("invalid syntax")
			}
			p.pos++
			p.depth--
			v, name = pyValue{}, ""
		default:
			return v
		}
	}
}

// arguments reads those of a call up to its closing parenthesis and tells whether there were none.
func (p *literalParser) arguments() (none bool) {
	if p.peek() == ')' {
		p.pos++
		return true
	}
	for {
		before := p.pos
		if name := p.name(); name == "" || keywords[name] || p.peek() != '=' || p.pos+1 < len(p.src) && p.src[p.pos+1] == '=' {
			p.pos = before
		} else {
			p.pos++
		}
		p.ternary()
		if p.peek() == ',' {
			p.pos++
		} else if p.peek() != ')' {
			p.fail("invalid syntax")
		}
		if p.peek() == ')' {
			p.pos++
			return false
		}
	}
}

// atom returns a value and, if it is one, the name that stands for it.
func (p *literalParser) atom(start rune) (pyValue, string) {
	switch {
	case start == '(':
		return p.brackets(')'), ""
	case start == '[':
		return p.brackets(']'), ""
	case start == '{':
		return p.brackets('}'), ""
	case start == '"' || start == '\'':
		return p.stringsFrom(), ""
	case '0' <= start && start <= '9', start == '.' && p.pos+1 < len(p.src) && '0' <= p.src[p.pos+1] && p.src[p.pos+1] <= '9':
		return p.number(), ""
	case start == '.' && p.operator("...") != "":
		return other("Ellipsis"), ""
	case isNameStart(start):
		before := p.pos
		name := p.name()
		if p.pos < len(p.src) && (p.src[p.pos] == '"' || p.src[p.pos] == '\'') && stringPrefix(name) {
			p.pos = before
			return p.stringsFrom(), ""
		}
		switch name {
		case "None", "True", "False":
			return other(name), ""
		}
		if keywords[name] {
			p.fail("invalid syntax")
		}
		return pyValue{}, name
	}
	p.fail("invalid syntax")
	panic("unreachable")
}

func (p *literalParser) brackets(end rune) pyValue {
	p.enter()
	defer func() { p.depth-- }()
	p.pos++
	var items []pyValue
	comma := false
	for p.peek() != end {
		if len(items) > 0 && !comma {
			p.fail("invalid syntax")
		}
		items = append(items, p.ternary())
		if comma = p.peek() == ','; comma {
			p.pos++
		}
	}
	p.pos++
	switch {
	case end == ')' && len(items) == 1 && !comma:
		return items[0]
	case end == ')':
		return tupleOf(items)
	case end == ']':
		return sequence("[", items, "]")
	}
	set := slices.CompactFunc(items, func(a, b pyValue) bool { return a.kind != notLiteral && a.repr == b.repr })
	if len(set) > 1 && sequence("{", set, "}").kind != notLiteral {
		p.fail("the order of a set is not defined")
	}
	items = set
	return sequence("{", items, "}")
}

func (p *literalParser) name() string {
	start := p.pos
	for p.pos < len(p.src) && (p.pos == start && isNameStart(p.src[p.pos]) || p.pos > start && isNamePart(p.src[p.pos])) {
		p.pos++
	}
	return string(p.src[start:p.pos])
}

func isNameStart(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_ID_Start)
}

func isNamePart(r rune) bool {
	return isNameStart(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}
