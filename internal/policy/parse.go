package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// A fault is a part of a rule that oslo.policy cannot make sense of and takes as "!".
type fault struct {
	offset int // of the part in the rule's text, in characters
	text   string
}

// maxNots is how many "not" may follow each other, and maxNesting how deep parentheses may go. Python gives up on the first
// near 990, and with it on the whole file; the second is ours.
const (
	maxNots    = 980
	maxNesting = 100_000
)

// A token is an operator or parenthesis as written, lower case, or a check or a quoted text.
type token struct {
	op     string // "(", ")", "and", "or", "not"; or "quoted", "check"
	text   string
	offset int
}

// tokenize cuts a rule at white space, and parentheses off the ends of each word: within a word they belong to it, as in
// %(user_id)s.
func tokenize(text string) []token {
	var tokens []token
	offset := 0
	for text != "" {
		end := strings.IndexFunc(text, python.IsSpace)
		if end < 0 {
			end = len(text)
		}
		if end > 0 {
			tokens = appendWord(tokens, text[:end], offset)
		} else {
			_, end = utf8.DecodeRuneInString(text)
		}
		offset += utf8.RuneCountInString(text[:end])
		text = text[end:]
	}
	return tokens
}

func appendWord(tokens []token, word string, offset int) []token {
	for strings.HasPrefix(word, "(") {
		tokens = append(tokens, token{"(", "(", offset})
		word = word[1:]
		offset++
	}
	clean := strings.TrimRight(word, ")")
	switch lowered := strings.ToLower(clean); {
	case lowered == "and" || lowered == "or" || lowered == "not":
		tokens = append(tokens, token{lowered, clean, offset})
	case clean == "":
	case len(word) >= 2 && word[0] == word[len(word)-1] && (word[0] == '"' || word[0] == '\''):
		tokens = append(tokens, token{"quoted", word, offset})
	default:
		tokens = append(tokens, token{"check", clean, offset})
	}
	offset += utf8.RuneCountInString(clean)
	for range len(word) - len(clean) {
		tokens = append(tokens, token{")", ")", offset})
		offset++
	}
	return tokens
}

// parseText compiles a rule in the text notation. What oslo.policy would take as "!" is that here too, and told as faults. The
// error is for a rule that refuses the whole file.
func parseText(text string) (node, []fault, error) {
	if text == "" {
		return constant(true), nil, nil
	}
	p := &parser{tokens: tokenize(text), end: utf8.RuneCountInString(text)}
	n := p.or()
	if p.err == nil && p.broken == nil && p.next < len(p.tokens) {
		p.unexpected()
	}
	if p.err != nil {
		return nil, nil, p.err
	}
	if p.broken != nil {
		return constant(false), []fault{*p.broken}, nil
	}
	return n, p.faults, nil
}

type parser struct {
	tokens []token
	next   int
	end    int
	depth  int
	faults []fault
	broken *fault // the rule as a whole does not parse
	err    error
}

// take consumes the next token if it is op.
func (p *parser) take(op string) bool {
	if p.next < len(p.tokens) && p.tokens[p.next].op == op {
		p.next++
		return true
	}
	return false
}

func (p *parser) unexpected() {
	if p.broken != nil {
		return
	}
	if p.next == len(p.tokens) {
		text := "the rule ends where a check is missing"
		if len(p.tokens) == 0 {
			text = "the rule is blank: write \"\" to allow everybody, \"!\" to allow nobody"
		}
		p.broken = &fault{p.end, text}
		return
	}
	t := p.tokens[p.next]
	switch {
	case t.op == "quoted":
		p.broken = &fault{t.offset, t.text + " is a quoted text, which is no check: remove the inner quotes"}
	case p.next > 0 && (t.op == "check" || t.op == "not" || t.op == "("):
		p.broken = &fault{t.offset, fmt.Sprintf("\"and\" or \"or\" is missing before %q", t.text)}
	case t.op == ")" && p.depth == 0:
		p.broken = &fault{t.offset, "this parenthesis closes none"}
	default:
		p.broken = &fault{t.offset, fmt.Sprintf("a check is missing before %q", t.text)}
	}
}

func (p *parser) or() node {
	n := p.and()
	if p.stopped() || !p.take("or") {
		return n
	}
	operands := or{n}
	for ok := true; ok && !p.stopped(); ok = p.take("or") {
		n := p.and()
		if chain, ok := n.(and); ok { // upstream prints "a or (b and c) and d" so
			if first, ok := chain[0].(and); ok {
				n = append(slices.Clip(first), chain[1:]...)
			}
		}
		operands = append(operands, n)
	}
	return operands
}

func (p *parser) and() node {
	n := p.not()
	if p.stopped() || !p.take("and") {
		return n
	}
	operands := and{n}
	for ok := true; ok && !p.stopped(); ok = p.take("and") {
		operands = append(operands, p.not())
	}
	return operands
}

func (p *parser) stopped() bool { return p.broken != nil || p.err != nil }

func (p *parser) not() node {
	count := 0
	for p.take("not") {
		count++
	}
	if count > maxNots {
		p.err = fmt.Errorf("%d times \"not\" in a row is too much", count)
		return nil
	}
	n := p.primary()
	if p.stopped() {
		return nil
	}
	for range count {
		n = not{n}
	}
	return n
}

func (p *parser) primary() node {
	switch {
	case p.take("("):
		if p.depth++; p.depth > maxNesting {
			p.err = fmt.Errorf("more than %d parentheses nest", maxNesting)
			return nil
		}
		n := p.or()
		if !p.stopped() && !p.take(")") {
			if p.next == len(p.tokens) {
				p.broken = &fault{p.end, "a closing parenthesis is missing"}
			} else {
				p.unexpected()
			}
		}
		p.depth--
		return n
	case p.take("check"):
		t := p.tokens[p.next-1]
		n, f := parseCheck(t.text)
		if f != nil {
			f.offset = t.offset
			p.faults = append(p.faults, *f)
		}
		return n
	}
	p.unexpected()
	return nil
}

// parseCheck compiles one check.
func parseCheck(text string) (node, *fault) {
	switch text {
	case "!":
		return constant(false), nil
	case "@":
		return constant(true), nil
	}
	kind, match, ok := strings.Cut(text, ":")
	if !ok {
		return constant(false), &fault{text: fmt.Sprintf("%q is no check, it has no colon: is role:%s meant?", text, text)}
	}
	switch kind {
	case "rule":
		return ruleRef(match), nil
	case "role":
		return role{parseFormat(match)}, nil
	case "http", "https":
		return remote{match, parseFormat(text)}, nil
	}
	return generic{parseOperand(kind), parseFormat(match)}, nil
}
