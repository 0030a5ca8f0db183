package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// ReadVariables reads the variables of a front server from a text for trials, one "NAME: value" a line, of which those count
// whose name begins with prefix (MappingEngineTester in keystone/cmd/cli.py). A line ends wherever Python ends one. The names
// come in the order of the text.
func ReadVariables(text, prefix string) (variables map[string]string, names []string, err error) {
	if !utf8.ValidString(text) {
		return nil, nil, errors.New("is not UTF-8")
	}
	variables = make(map[string]string)
	rest := strings.ReplaceAll(python.Strip(text), "\r\n", "\n")
	for n := 1; rest != ""; n++ {
		line := rest
		if end := strings.IndexFunc(rest, python.EndsLine); end >= 0 {
			_, size := utf8.DecodeRuneInString(rest[end:])
			line, rest = rest[:end], rest[end+size:]
		} else {
			rest = ""
		}
		if line = python.Strip(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, nil, fmt.Errorf("at line %d expected 'key: value' but found '%s'", n, line)
		}
		if name = python.Strip(name); strings.HasPrefix(name, prefix) {
			if _, repeated := variables[name]; !repeated {
				names = append(names, name)
			}
			variables[name] = python.Strip(value)
		}
	}
	return variables, names, nil
}
