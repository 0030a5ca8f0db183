package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A finding is a place in a YAML text that looks wrong.
type finding struct {
	pos     position
	text    string
	refused bool // PyYAML certainly refuses the text for it; else the finding only explains why the parser did
}

// scan walks over a YAML text token by token and notes what people get wrong in policy files, with the exact place and the cure. It
// knows no more of YAML than that takes.
func scan(src string) []finding {
	if strings.HasPrefix(src, "\xff\xfe") || strings.HasPrefix(src, "\xfe\xff") {
		return nil // UTF-16, which nobody writes policies in
	}
	if found, ok := unprintable(src); ok {
		return []finding{found}
	}
	s := &scanner{src: []rune(strings.ReplaceAll(src, "\r\n", "\n")), pos: position{1, 1}, fresh: true, named: -1}
	for s.i < len(s.src) {
		s.token()
	}
	if n := len(s.open); n > 0 {
		s.found(s.open[n-1].pos, false, "this %c is never closed", s.open[n-1].char)
	}
	return s.findings
}

// unprintable finds the first character that YAML does not take at all.
func unprintable(src string) (finding, bool) {
	pos := position{1, 1}
	for i, r := range src {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(src[i:], "\ufffd"):
			return finding{pos, "this is not UTF-8: save the file in that encoding", true}, true
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', 0x7f <= r && r < 0xa0 && r != 0x85:
			return finding{pos, fmt.Sprintf("the control character %U may not stand in a file: remove it", r), true}, true
		}
		if pos.column++; r == '\n' {
			pos = position{pos.line + 1, 1}
		}
	}
	return finding{}, false
}

type scanner struct {
	src     []rune
	i       int
	pos     position
	indent  int  // of the current line
	fresh   bool // nothing but spaces on the line so far
	dash    bool // the line begins with a list item
	open    []bracket
	last    tokenKind // the token before
	lastPos position
	colons  int // values begun on this line, outside brackets

	named    int      // indentation of the last line with a colon, or -1
	complete bool     // that line has a value too
	bare     position // of the line before, if that is a text where a name with a colon should be

	findings []finding
}

type bracket struct {
	char  rune
	pos   position
	named bool // a colon came since the last comma
}

type tokenKind int

const (
	nothing tokenKind = iota // start, comma, colon, dash or opening bracket: a value may follow
	quotedText
	quotedLines // a quoted text over several lines
	plainText
	closing
)

func (s *scanner) found(pos position, refused bool, format string, args ...any) {
	s.findings = append(s.findings, finding{pos, fmt.Sprintf(format, args...), refused})
}

func (s *scanner) peek(n int) rune {
	if s.i+n >= len(s.src) {
		return '\n'
	}
	return s.src[s.i+n]
}

func (s *scanner) advance() {
	if s.src[s.i] == '\n' {
		s.pos = position{s.pos.line + 1, 1}
		s.fresh, s.indent, s.colons = true, 0, 0
	} else {
		s.pos.column++
	}
	s.i++
}

func (s *scanner) skipLine() {
	for s.i < len(s.src) && s.src[s.i] != '\n' {
		s.advance()
	}
}

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

func (s *scanner) token() {
	flow := len(s.open) > 0
	r, start := s.src[s.i], s.pos
	switch {
	case r == '\n' || r == '\r':
		if !flow {
			s.endLine()
		}
		s.advance()
		return
	case r == ' ' || r == '\ufeff':
		if s.fresh {
			s.indent++
		}
		s.advance()
		return
	case r == '\t':
		if s.fresh {
			s.found(start, true, "a tab may not indent: use spaces")
		} else {
			s.found(start, true, "a tab may not separate: use spaces")
		}
		s.advance()
		return
	case r == '#' && (s.i == 0 || blank(s.src[s.i-1])):
		s.skipLine()
		return
	case start.column == 1 && r == '%' && !flow:
		s.skipLine()
		return
	}
	fresh := s.fresh
	s.fresh = false
	switch {
	case r == ':' && (flow || blank(s.peek(1))):
		if flow && fresh && s.last == quotedText {
			s.found(start, true, "the colon must stand on the line of its name: join it to line %d", s.lastPos.line)
		}
		if !flow {
			s.colon(start)
		} else {
			s.open[len(s.open)-1].named = true
		}
		s.last = nothing
		s.advance()
	case r == ',' && flow:
		s.open[len(s.open)-1].named = false
		s.last = nothing
		s.advance()
	case (r == '-' || r == '?') && blank(s.peek(1)) && s.last == nothing:
		s.dash = s.dash || fresh
		s.advance()
	case r == '[' || r == '{':
		s.value(start, false)
		s.open = append(s.open, bracket{char: r, pos: start})
		s.last = nothing
		s.advance()
	case (r == ']' || r == '}') && flow:
		s.close(r, start)
		s.advance()
	case (r == '"' || r == '\'') && s.last != plainText:
		s.value(start, false)
		s.quoted(r)
	case !flow && (r == '|' || r == '>') && s.last == nothing:
		s.blockText()
	default:
		s.plain(r, start)
	}
}

// colon notes a colon outside brackets.
func (s *scanner) colon(pos position) {
	s.colons++
	switch {
	case s.colons > 1:
		s.found(pos, false, "a second colon with a space after it: write the rule in quotes, or without the space")
	case s.bare != position{}:
		s.found(s.bare, false, "a colon with a space after it is missing in this line")
	case s.named >= 0 && s.complete && s.indent > s.named && !s.dash:
		s.found(position{pos.line, s.indent + 1}, false, "this line is indented more than the rule before it: indent all names alike")
	}
	s.named, s.complete = s.indent, false
}

// endLine is called at the end of each line outside brackets.
func (s *scanner) endLine() {
	value := s.last != nothing
	if s.colons > 0 {
		s.complete = value
	}
	s.bare = position{}
	if s.colons == 0 && value && !s.dash && s.indent <= max(s.named, 0) {
		s.bare = s.lastPos
	}
	s.last, s.dash = nothing, false
}

// value notes a value that begins where a separator should be.
func (s *scanner) value(start position, plain bool) {
	flow := len(s.open) > 0
	switch s.last {
	case quotedLines:
		s.found(s.lastPos, false, "the quote that opens here is not closed on its line: a quote is missing")
	case quotedText, closing:
		switch r := s.peek(0); {
		case flow:
			s.missingInBrackets()
		case r == ',':
			s.found(start, false, "this comma separates nothing, since there are no brackets around it: remove it")
		case r == '}' || r == ']':
			s.found(start, false, "this %c closes nothing: remove it", r)
		case s.colons == 0 && s.last == quotedText:
			s.found(s.lastPos, false, "a colon is missing after this name")
		case s.last == closing:
			s.found(start, false, "something follows the closing bracket: remove it")
		default:
			s.found(start, false, "text after the closing quote: put the quotes around the whole rule")
		}
	case plainText:
		if flow && !plain {
			s.missingInBrackets()
		}
	}
}

func (s *scanner) missingInBrackets() {
	if top := s.open[len(s.open)-1]; top.char == '{' && !top.named {
		s.found(s.lastPos, false, "a colon is missing after this name")
	} else {
		s.found(s.lastPos, false, "a comma is missing after this value")
	}
}

func (s *scanner) close(r rune, start position) {
	top := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	if top.char == '[' && r != ']' || top.char == '{' && r != '}' {
		s.found(start, false, "this %c does not match the %c of %d:%d", r, top.char, top.pos.line, top.pos.column)
	}
	s.last, s.lastPos = closing, start
}

func (s *scanner) quoted(mark rune) {
	start := s.pos
	s.advance()
	for s.i < len(s.src) {
		r := s.src[s.i]
		s.advance()
		switch {
		case r == mark && mark == '\'' && s.i < len(s.src) && s.src[s.i] == mark:
			s.advance()
		case r == mark:
			s.fresh = false
			s.last, s.lastPos = quotedText, start
			if s.pos.line > start.line {
				s.last = quotedLines
			}
			return
		case r == '\\' && mark == '"' && s.i < len(s.src):
			s.advance()
		}
	}
	s.found(start, false, "the quote that opens here is never closed: a quote is missing")
}

// blockText skips a text in the | or > notation: all lines that are indented more than the line of its key.
func (s *scanner) blockText() {
	parent := s.indent
	for ; s.i < len(s.src) && s.src[s.i] != '\n'; s.advance() {
		if s.src[s.i] == '\t' {
			s.found(s.pos, true, "a tab may not separate: use spaces")
		}
	}
	for s.i < len(s.src) {
		end := s.i + 1
		for end < len(s.src) && s.src[end] == ' ' {
			end++
		}
		if end < len(s.src) && s.src[end] != '\n' && end-s.i-1 <= parent {
			return
		}
		s.advance()
		s.skipLine()
	}
}

func (s *scanner) plain(r rune, start position) {
	s.value(start, true)
	if s.last == nothing && strings.ContainsRune("@`%", r) {
		s.found(start, false, "a value may not begin with %c: write it in quotes", r)
	}
	if s.last == nothing && r == '*' {
		s.found(start, false, "* refers to an anchor that does not exist: write the value in quotes")
	}
	if r == '/' && s.peek(1) == '/' && s.last == nothing {
		s.found(start, false, "// begins no comment here: use #")
	}
	flow := len(s.open) > 0
	for s.i < len(s.src) {
		r := s.src[s.i]
		if r == '\n' || r == '\t' || r == '\r' ||
			r == ':' && blank(s.peek(1)) ||
			r == '#' && s.src[s.i-1] == ' ' ||
			flow && strings.ContainsRune(",[]{}", r) {
			break
		}
		if r == '?' && flow {
			s.found(s.pos, true, "a text may not hold a question mark between brackets: write it in quotes")
		}
		if r == ':' && flow && strings.ContainsRune(",[]{}", s.peek(1)) {
			s.found(s.pos, true, "a text may not hold a colon before %c: write it in quotes", s.peek(1))
		}
		s.advance()
	}
	s.last, s.lastPos = plainText, start
	if s.pos == start { // a lone indicator that starts no plain text
		s.advance()
	}
}
