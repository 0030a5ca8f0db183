package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// reference is what Python's string.Template looks for, with oslo's pattern for names.
var reference = regexp.MustCompile(`\$(?:(\$)|([_a-zA-Z][._a-zA-Z0-9]*)|\{([_a-zA-Z][._a-zA-Z0-9]*)\})`)

// errReported says that the option referred to is itself at fault, which has been reported.
var errReported = errors.New("refers to an option at fault")

// substitute replaces $name and ${group.name} in a text for o by those options' values, and $$ and \$ by a dollar sign. A name
// without a group is looked for in o's own, and then in [DEFAULT]. Other dollar signs stay (oslo_config/cfg.py, _substitute).
func (l *loader) substitute(text string, o *option) (string, error) {
	text = strings.ReplaceAll(text, `\$`, "$$")
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var failure error
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		if m[1] != "" {
			return "$"
		}
		s, err := l.lookup(m[2]+m[3], o)
		if err != nil && failure == nil {
			failure = err
		}
		return s
	})
	return out, failure
}

func (l *loader) lookup(name string, from *option) (string, error) {
	o := byName[[2]string{from.group, name}]
	if group, option, dotted := strings.Cut(name, "."); dotted {
		o = byName[[2]string{group, option}]
		if group == "DEFAULT" { // is no group to upstream's references
			o = nil
		}
	} else if o == nil {
		o = byName[[2]string{"DEFAULT", name}]
	}
	switch {
	case o == nil && from.secret: // the name may be the rest of a password with a dollar sign
		return "", errors.New(`has a $ before what is no option; write \$ for a dollar sign`)
	case o == nil:
		return "", fmt.Errorf(`refers to $%s, which is no option; write \$ for a dollar sign`, name)
	case l.busy[o]:
		return "", fmt.Errorf("refers to itself through $%s", name)
	case !l.resolve(o):
		return "", errReported
	}
	v := strings.Join(o.get(l.c), ",")
	if o.kind == reflect.TypeFor[bool]() {
		v = strings.ToUpper(v[:1]) + v[1:] // as Python writes it
	}
	return v, nil
}
