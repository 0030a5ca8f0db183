package policy

import (
	"context"
	"errors"
	"strings"
)

// A node is a compiled check or an operator over some. String gives the form in which oslo.policy prints it.
type node interface{ String() string }

type (
	constant bool
	not      struct{ of node }
	and      []node
	or       []node
	ruleRef  string
	role     struct{ want *format }
	generic  struct {
		left operand
		want *format
	}
	remote struct {
		text string // without the scheme, as written
		url  *format
	}
)

func (n constant) String() string {
	if n {
		return "@"
	}
	return "!"
}

func (n not) String() string     { return "not " + n.of.String() }
func (n and) String() string     { return joined(n, " and ") }
func (n or) String() string      { return joined(n, " or ") }
func (n ruleRef) String() string { return "rule:" + string(n) }
func (n role) String() string    { return "role:" + n.want.source }
func (n generic) String() string { return n.left.source + ":" + n.want.source }
func (n remote) String() string  { return n.url.source }

func joined(nodes []node, operator string) string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.String()
	}
	return "(" + strings.Join(texts, operator) + ")"
}

// maxDepth is how deep checks may nest, references to other rules included. Python's own limit stops upstream at the same depth,
// and it is what ends a cycle of rules.
const maxDepth = 327

var errDepth = errors.New("maximum recursion depth exceeded: rules refer to each other in a circle, or nest too deeply")

// errNoKey is Python's KeyError: the checks role and generic, and any reference to a rule, take it as false.
var errNoKey = errors.New("key not in the target")

// An evaluation is one question put to a set of rules.
type evaluation struct {
	ctx    context.Context
	rules  *ruleset
	rule   string // the name asked for; remote servers are told
	target map[string]any
	creds  map[string]any
	// system makes the credentials' key "system" what "system_scope" is. An enforcer does so, the checker does not.
	system bool
	trace  *tracer // nil unless the answer is to be explained
}

// credential returns the value of a key of the credentials.
func (e *evaluation) credential(key string) (any, bool) {
	if e.system && key == "system" {
		if v, ok := e.creds["system_scope"]; ok && truthy(v) {
			return v, true
		}
	}
	v, ok := e.creds[key]
	return v, ok
}

// eval decides n, which lies depth levels below the rule asked for. Operators stop at the first operand that settles them.
func (e *evaluation) eval(n node, depth int) (bool, error) {
	if e.trace != nil {
		return e.trace.eval(e, n, depth)
	}
	return e.decide(n, depth)
}

func (e *evaluation) decide(n node, depth int) (bool, error) {
	if depth > maxDepth {
		return false, errDepth
	}
	switch n := n.(type) {
	case constant:
		return bool(n), nil
	case not:
		ok, err := e.eval(n.of, depth+1)
		return !ok && err == nil, err
	case and:
		for _, operand := range n {
			if ok, err := e.eval(operand, depth+1); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case or:
		for _, operand := range n {
			if ok, err := e.eval(operand, depth+1); ok || err != nil {
				return ok && err == nil, err
			}
		}
		return false, nil
	case ruleRef:
		check, ok := e.rules.lookup(string(n))
		if !ok {
			return false, nil
		}
		ok, err := e.eval(check, depth+1)
		if errors.Is(err, errNoKey) {
			return false, nil
		}
		return ok, err
	case role:
		return e.hasRole(n)
	case generic:
		return e.matches(n)
	case remote:
		return e.ask(n)
	}
	panic("policy: unknown node " + n.String())
}

func (e *evaluation) hasRole(n role) (bool, error) {
	want, err := n.want.expand(e.target)
	if errors.Is(err, errNoKey) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	held, ok := e.credential("roles")
	if !ok {
		return false, nil
	}
	switch held := held.(type) {
	case []string:
		for _, name := range held {
			if sameLower(name, want) {
				return true, nil
			}
		}
		return false, nil
	case []any:
		found := false
		for _, v := range held {
			name, ok := v.(string)
			if !ok {
				return false, evalErrorf("'%s' object has no attribute 'lower'", typeName(v))
			}
			found = found || sameLower(name, want)
		}
		return found, nil
	case string: // Python takes it as a list of its characters
		for _, r := range held {
			if sameLower(string(r), want) {
				return true, nil
			}
		}
		return false, nil
	case map[string]any:
		for name := range held {
			if sameLower(name, want) {
				return true, nil
			}
		}
		return false, nil
	}
	return false, evalErrorf("'%s' object is not iterable", typeName(held))
}

func (e *evaluation) matches(n generic) (bool, error) {
	want, err := n.want.expand(e.target)
	if errors.Is(err, errNoKey) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if n.left.err != nil {
		return false, n.left.err
	}
	if n.left.literal {
		return n.left.value == want, nil
	}
	v, ok := e.credential(n.left.path[0])
	if !ok {
		return false, nil
	}
	return findIn(v, n.left.path[1:], want)
}

// findIn walks path down from v and tells whether the value at its end prints as want. A list on the way matches when one of
// its items does, and items after that one are not looked at.
func findIn(v any, path []string, want string) (bool, error) {
	switch list := v.(type) {
	case []any:
		for _, item := range list {
			if ok, err := findInItem(item, path, want); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case []string:
		for _, item := range list {
			if ok, err := findInItem(item, path, want); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	return findInItem(v, path, want)
}

func findInItem(v any, path []string, want string) (bool, error) {
	if len(path) == 0 {
		if s, ok := v.(string); ok {
			return s == want, nil
		}
		return pyStr(v) == want, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return false, subscriptError(v)
	}
	next, ok := m[path[0]]
	if !ok {
		return false, nil
	}
	return findIn(next, path[1:], want)
}
