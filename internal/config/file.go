package config

import (
	"errors"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// assignment is one "key = value" of a file.
type assignment struct {
	group, key, value string
	file              string
	line              int // of the key
}

// syntaxError is a line that the parser cannot read. It never quotes the line, which may hold a secret.
type syntaxError struct {
	line int
	text string
}

// readFile reads the assignments of the file at path. Faults name the path.
func readFile(path string) ([]assignment, []Fault) {
	text, err := os.ReadFile(path)
	if err != nil {
		if pe, ok := errors.AsType[*os.PathError](err); ok {
			err = pe.Err
		}
		return nil, []Fault{{Place{File: path}, "cannot read the configuration file: " + err.Error()}}
	}
	as, bad := parse(string(text))
	for i := range as {
		as[i].file = path
	}
	var faults []Fault
	for _, e := range bad {
		faults = append(faults, Fault{Place{File: path, Line: e.line}, e.text})
	}
	return as, faults
}

// parse reads the dialect of oslo_config/iniparser.py:
//
//   - "[group]" starts a group; a line that starts with # or ; is a comment; there are no comments inside a line;
//   - "key = value" or "key: value", split at whichever sign comes first;
//   - one pair of equal quotes around a whole value is dropped;
//   - an indented line continues the value above it, joined by a line break. A blank line or a comment ends the value.
//
// It reads on after a bad line, so that all of them can be reported.
func parse(text string) ([]assignment, []syntaxError) {
	if !utf8.ValidString(text) {
		return nil, []syntaxError{{1 + strings.Count(text[:invalidUTF8(text)], "\n"), "the file is not UTF-8"}}
	}
	var (
		as    []assignment
		bad   []syntaxError
		group string
		open  bool // the last line can be continued
	)
	fail := func(line int, text string) { bad = append(bad, syntaxError{line, text}) }
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		line = strings.TrimRightFunc(line, python.IsSpace)
		switch {
		case line == "":
			open = false
		case line[0] == ' ' || line[0] == '\t':
			if !open {
				fail(n, "an indented line continues a value, and there is none above it")
				continue
			}
			as[len(as)-1].value += "\n" + strings.TrimLeftFunc(line, python.IsSpace)
		case line[0] == '[':
			open = false
			switch {
			case line[len(line)-1] != ']':
				fail(n, "a group's line must end with ]")
			case len(line) == 2:
				fail(n, "the group has no name")
			default:
				group = line[1 : len(line)-1]
			}
		case line[0] == '#' || line[0] == ';':
			open = false
		default:
			open = false
			at := strings.IndexAny(line, "=:")
			if at < 0 {
				fail(n, "no = or : in the line")
				continue
			}
			key, value := python.Strip(line[:at]), unquote(python.Strip(line[at+1:]))
			switch {
			case key == "":
				fail(n, "no option name before "+line[at:at+1])
			case group == "":
				fail(n, "the option "+key+" stands before the first [group]")
			default:
				as = append(as, assignment{group: group, key: key, value: value, line: n})
				open = true
			}
		}
	}
	return as, bad
}

// unquote drops one pair of equal quotes. A lone quote is its own pair, as upstream has it.
func unquote(s string) string {
	if s == "" || (s[0] != '"' && s[0] != '\'') || s[0] != s[len(s)-1] {
		return s
	}
	if len(s) == 1 {
		return ""
	}
	return s[1 : len(s)-1]
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}
