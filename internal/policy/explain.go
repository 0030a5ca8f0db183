package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/python"
)

// An Explanation is a decision with its reasons.
type Explanation struct {
	Rule    string
	Allowed bool
	// Err is set if the rule could not be evaluated, which means no.
	Err error
	// Refusal says why nothing was evaluated: no such rule, or the wrong scope. It is empty otherwise.
	Refusal string
	Source  Rule  // the rule in force; its name differs from Rule if the default rule stood in
	Root    *Term // nil if nothing was evaluated
	// MissingRoles are the roles of which each alone would turn the decision, or else, if more is amiss, those that were asked
	// for and not held.
	MissingRoles []string
	// Enough tells whether one of MissingRoles would do.
	Enough bool
}

// A Term is a check or an operator as it was evaluated.
type Term struct {
	Check   string // in the text notation
	Allowed bool
	Err     error
	Why     string // for a check that is false: what was found, or what is missing
	Terms   []*Term
	// Operator is "and", "or", "not", "rule" or empty for a check. Operands that were not needed are not among the Terms.
	Operator string

	role string // that was asked for
}

// A tracer records an evaluation.
type tracer struct {
	current *Term
	asked   map[string]answer // by remote servers
	with    string            // a role supposed to be held besides
}

type answer struct {
	ok  bool
	err error
}

func (t *tracer) eval(e *evaluation, n node, depth int) (bool, error) {
	term := &Term{Check: n.String()}
	parent := t.current
	parent.Terms = append(parent.Terms, term)
	t.current = term
	defer func() { t.current = parent }()

	ok, err := t.decide(e, n, depth)
	term.Allowed, term.Err = ok && err == nil, err
	term.Operator = operator(n)
	switch n := n.(type) {
	case ruleRef:
		if _, exists := e.rules.checks[string(n)]; !exists {
			term.Why = fmt.Sprintf("there is no rule %q", string(n))
			if _, fallback := e.rules.lookup(string(n)); fallback {
				term.Why += fmt.Sprintf(", so %q is asked", e.rules.fallback)
			}
		}
	case role:
		want, expandErr := n.want.expand(e.target)
		if !term.Allowed && err == nil && expandErr == nil {
			term.role = want
			term.Why = fmt.Sprintf("the caller lacks the role %s", want)
		} else if !term.Allowed && err == nil {
			term.Why = missingKeys(n.want, e.target)
		}
	case generic:
		if !term.Allowed && err == nil {
			term.Why = e.mismatch(n)
		}
	case remote:
		if !term.Allowed && err == nil {
			term.Why = "the server did not answer True"
		}
	}
	return ok, err
}

func (t *tracer) decide(e *evaluation, n node, depth int) (bool, error) {
	switch n := n.(type) {
	case role:
		ok, err := e.decide(n, depth)
		if !ok && err == nil && t.with != "" {
			if want, err := n.want.expand(e.target); err == nil && sameLower(want, t.with) {
				return true, nil
			}
		}
		return ok, err
	case remote: // asked once for one explanation
		url, err := n.url.expand(e.target)
		if err != nil {
			return false, err
		}
		a, known := t.asked[url]
		if !known {
			a.ok, a.err = e.decide(n, depth)
			t.asked[url] = a
		}
		return a.ok, a.err
	}
	return e.decide(n, depth)
}

func missingKeys(f *format, target map[string]any) string {
	var missing []string
	for _, d := range f.parts {
		if _, ok := find(target, d.key); d.hasKey && !ok && !slices.Contains(missing, d.key) {
			missing = append(missing, d.key)
		}
	}
	return "the target has no " + strings.Join(missing, ", ")
}

func (e *evaluation) mismatch(n generic) string {
	want, err := n.want.expand(e.target)
	if err != nil {
		return missingKeys(n.want, e.target)
	}
	if n.left.literal {
		return fmt.Sprintf("%s is not %s", n.left.value, shownValue(want))
	}
	var v any = e.creds
	for i, key := range n.left.path {
		m, ok := v.(map[string]any)
		if !ok { // a list on the way
			return fmt.Sprintf("no %s of the caller is %s", n.left.source, shownValue(want))
		}
		if i == 0 {
			v, ok = e.credential(key)
		} else {
			v, ok = m[key]
		}
		if !ok {
			return fmt.Sprintf("the caller has no %s", strings.Join(n.left.path[:i+1], "."))
		}
	}
	return fmt.Sprintf("%s of the caller is %s, not %s", n.left.source, shownValue(pyStr(v)), shownValue(want))
}

func shownValue(s string) string {
	if s == "" || strings.ContainsFunc(s, python.IsSpace) {
		return python.Quote(s)
	}
	return s
}

// Explain decides as Enforce does and tells why.
func (e *Enforcer) Explain(ctx context.Context, rule string, target, creds map[string]any) *Explanation {
	rules := e.rules.Load()
	x := &Explanation{Rule: rule}
	check, ok := rules.lookup(rule)
	if !ok {
		x.Refusal = fmt.Sprintf("there is no rule %q, and no rule %q to stand in", rule, rules.fallback)
		return x
	}
	name := rule
	if _, own := rules.checks[rule]; !own {
		name = rules.fallback
	}
	s := rules.sources[name]
	x.Source = Rule{name, s.text, s.file, s.line}
	if !rules.scopeAllows(rule, creds) {
		x.Refusal = fmt.Sprintf("the rule requires the scope %s, the caller's is %s", strings.Join(rules.scopes[rule], " or "), scopeOf(creds))
		return x
	}
	asked := map[string]answer{}
	run := func(with string) (*Term, bool, error) {
		root := &Term{}
		question := evaluation{
			ctx: ctx, rules: rules, rule: rule, target: target, creds: creds, system: true,
			trace: &tracer{current: root, asked: asked, with: with},
		}
		ok, err := question.eval(check, 0)
		return root.Terms[0], ok && err == nil, err
	}
	x.Root, x.Allowed, x.Err = run("")
	if x.Allowed || x.Err != nil {
		return x
	}
	candidates := rules.roles(check, target)
	for _, name := range candidates {
		if _, ok, err := run(name); ok && err == nil {
			x.MissingRoles = append(x.MissingRoles, name)
		}
	}
	if x.Enough = len(x.MissingRoles) > 0; !x.Enough {
		for _, term := range x.Failing() {
			if term.role != "" && !slices.Contains(x.MissingRoles, term.role) {
				x.MissingRoles = append(x.MissingRoles, term.role)
			}
		}
	}
	return x
}

// roles lists the roles that a check asks for, through other rules too.
func (r *ruleset) roles(n node, target map[string]any) []string {
	var names []string
	seen := map[string]bool{}
	var walk func(node)
	walk = func(n node) {
		switch n := n.(type) {
		case not:
			walk(n.of)
		case and:
			for _, operand := range n {
				walk(operand)
			}
		case or:
			for _, operand := range n {
				walk(operand)
			}
		case ruleRef:
			if check, ok := r.lookup(string(n)); ok && !seen[string(n)] {
				seen[string(n)] = true
				walk(check)
			}
		case role:
			if name, err := n.want.expand(target); err == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	walk(n)
	return names
}

// Failing lists the checks because of which the decision is no, each once, in the order in which they were met.
func (x *Explanation) Failing() []*Term {
	if x.Root == nil || x.Allowed {
		return nil
	}
	var failing []*Term
	var walk func(*Term, bool)
	walk = func(t *Term, wanted bool) {
		switch {
		case t.Err == nil && t.Allowed == wanted:
		case t.Operator == "" || len(t.Terms) == 0:
			if !slices.ContainsFunc(failing, func(other *Term) bool { return other.Check == t.Check }) {
				failing = append(failing, t)
			}
		case t.Operator == "not":
			walk(t.Terms[0], !wanted)
		default:
			for _, operand := range t.Terms {
				walk(operand, wanted)
			}
		}
	}
	walk(x.Root, true)
	return failing
}

// String renders the explanation for people: the decision, the rule, the checks as they were evaluated, and what failed.
func (x *Explanation) String() string {
	var b strings.Builder
	decision := "denied"
	if x.Allowed {
		decision = "allowed"
	}
	fmt.Fprintf(&b, "%s: %s\n", decision, x.Rule)
	if x.Source.Name != "" {
		check := x.Source.Check
		if check == "" {
			check = `"" (anybody)`
		}
		name := "rule"
		if x.Source.Name != x.Rule {
			name = fmt.Sprintf("rule %q in its place", x.Source.Name)
		}
		fmt.Fprintf(&b, "%s: %s\n", name, check)
		from := "default"
		if x.Source.File != "" {
			from = fmt.Sprintf("%s:%d", x.Source.File, x.Source.Line)
		}
		fmt.Fprintf(&b, "set by: %s\n", from)
	}
	if x.Refusal != "" {
		fmt.Fprintf(&b, "reason: %s\n", x.Refusal)
	}
	if x.Root != nil {
		b.WriteString("evaluated:\n")
		x.Root.write(&b, 1)
	}
	for _, t := range x.Failing() {
		fmt.Fprintf(&b, "failing term: %s\n", t.Check)
	}
	for _, role := range x.MissingRoles {
		note := ""
		if !x.Enough {
			note = " (not enough alone)"
		}
		fmt.Fprintf(&b, "missing role: %s%s\n", role, note)
	}
	return b.String()
}

func (t *Term) write(b *strings.Builder, depth int) {
	result := "no "
	switch {
	case t.Err != nil:
		result = "error"
	case t.Allowed:
		result = "yes"
	}
	text := t.Check
	if t.Operator == "and" || t.Operator == "or" || t.Operator == "not" {
		text = t.Operator
	}
	fmt.Fprintf(b, "%s%s  %s", strings.Repeat("  ", depth), result, text)
	switch {
	case t.Err != nil && len(t.Terms) == 0:
		fmt.Fprintf(b, ": %s", t.Err)
	case t.Why != "":
		fmt.Fprintf(b, ": %s", t.Why)
	}
	b.WriteByte('\n')
	if depth > maxShown {
		return
	}
	for _, operand := range t.Terms {
		operand.write(b, depth+1)
	}
}

// maxShown bounds the depth to which terms are shown, for rules that go round in a circle.
const maxShown = 20

// operator names what joins the terms below a node; empty for a check, which has none.
func operator(n node) string {
	switch n.(type) {
	case not:
		return "not"
	case and:
		return "and"
	case or:
		return "or"
	case ruleRef:
		return "rule"
	}
	return ""
}
