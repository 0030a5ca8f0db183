package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ReadVariables reads the variables of a front server from a text for trials, one "NAME: value" a line, of which those count
// whose name begins with prefix (MappingEngineTester in keystone/cmd/cli.py). A line ends wherever Python ends one. The names
// come in the order of the text.
func ReadVariables(text, prefix string) (variables map[string]string, names []string, err error) {
	if !utf8.ValidString(text) {
		return nil, nil, errors.New("is not UTF-8")
	}
	variables = make(map[string]string)
	rest := strings.ReplaceAll(strings.TrimFunc(text, isSpace), "\r\n", "\n")
	for n := 1; rest != ""; n++ {
		line := rest
		if end := strings.IndexFunc(rest, endsLine); end >= 0 {
			_, size := utf8.DecodeRuneInString(rest[end:])
			line, rest = rest[:end], rest[end+size:]
		} else {
			rest = ""
		}
		if line = strings.TrimFunc(line, isSpace); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, nil, fmt.Errorf("at line %d expected 'key: value' but found '%s'", n, line)
		}
		if name = strings.TrimFunc(name, isSpace); strings.HasPrefix(name, prefix) {
			if _, repeated := variables[name]; !repeated {
				names = append(names, name)
			}
			variables[name] = strings.TrimFunc(value, isSpace)
		}
	}
	return variables, names, nil
}

func endsLine(r rune) bool {
	return '\n' <= r && r <= '\r' || 0x1c <= r && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
}

// isSpace is what Python's strip takes off.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }
