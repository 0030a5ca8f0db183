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

// substitute replaces $name and ${group.name} in text by those options' values, and $$ and \$ by a dollar sign. A name
// without a group is looked for in group, the text's own, and then in [DEFAULT]. Other dollar signs stay (oslo_config/cfg.py, _substitute).
func (l *loader) substitute(text, group string) (string, error) {
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
		s, err := l.lookup(m[2]+m[3], group)
		if err != nil && failure == nil {
			failure = err
		}
		return s
	})
	return out, failure
}

func (l *loader) lookup(name, group string) (string, error) {
	o := byName[[2]string{group, name}]
	if before, after, dotted := strings.Cut(name, "."); dotted {
		o = byName[[2]string{before, after}]
		if before == "DEFAULT" { // is no group to upstream's references
			o = nil
		}
	} else if o == nil {
		o = byName[[2]string{"DEFAULT", name}]
	}
	switch {
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
