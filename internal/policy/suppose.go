package policy

import (
	"fmt"
	"slices"
	"strings"
)

// A Verdict answers with what is known so far: yes, no, or that it depends.
type Verdict int

// The verdicts.
const (
	No Verdict = iota
	Depends
	Yes
)

func (v Verdict) String() string { return [...]string{"no", "conditional", "yes"}[v] }

// A Supposition is a caller of whom some is known, and a target of which little is.
type Supposition struct {
	Roles []string // with those that they imply
	Scope string   // "project", "domain" or "system"

	// Elsewhere puts the target into another project or domain than the caller's scope. Otherwise it is the caller's own.
	Elsewhere bool
}

// A Prospect is what a rule says under a supposition.
type Prospect struct {
	Verdict Verdict

	// Conditions are the checks that decide a Depends, each once: whoever owns the thing, or who another server says may.
	Conditions []string

	// Reason says, for a No, what is missing, and for a Yes which check is met.
	Reason string
}

// A Branch is a check or an operator with the verdict on it. Operands that were not needed are not among its branches.
type Branch struct {
	Check    string // in the text notation
	Operator string // "and", "or", "not", "rule", or empty for a check
	Verdict  Verdict
	Why      string // for a check
	Branches []*Branch
}

// Suppose tells what a rule allows when not all is known (PORTAL's question: what does a role permit?). Roles and scope are
// facts; that the target lies in the scope, or elsewhere, is one; the caller is no administrator by flag. Every other check
// on the target is a condition, and so is one that another server or a service's own code decides.
func (e *Enforcer) Suppose(rule string, s Supposition) Prospect {
	p, _ := e.suppose(rule, s, false)
	return p
}

// SupposeWhy is Suppose with how the verdict came about; nil when the rule was not asked.
func (e *Enforcer) SupposeWhy(rule string, s Supposition) (Prospect, *Branch) {
	return e.suppose(rule, s, true)
}

func (e *Enforcer) suppose(rule string, s Supposition, trace bool) (Prospect, *Branch) {
	rules := e.rules.Load()
	check, ok := rules.lookup(rule)
	if !ok {
		return Prospect{Reason: fmt.Sprintf("there is no rule %q", rule)}, nil
	}
	if scopes := rules.scopes[rule]; len(scopes) > 0 && !slices.Contains(scopes, s.Scope) {
		return Prospect{Reason: "it must be asked with the scope " + strings.Join(scopes, " or ")}, nil
	}
	w := &supposing{Supposition: s, rules: rules}
	if trace {
		w.at = new(Branch)
	}
	got := w.weigh(check, 0)
	p := Prospect{Verdict: got.verdict, Reason: got.why}
	if p.Verdict == Depends {
		p.Reason = ""
		for _, c := range got.conditions {
			if !slices.Contains(p.Conditions, c) {
				p.Conditions = append(p.Conditions, c)
			}
		}
	}
	if !trace {
		return p, nil
	}
	return p, w.at.Branches[0]
}

type supposing struct {
	Supposition
	rules *ruleset
	at    *Branch // that is being weighed; nil when nobody wants to know
}

// weighed is the verdict on a check, with what it hangs on.
type weighed struct {
	verdict    Verdict
	conditions []string
	why        string
}

func (w *supposing) weigh(n node, depth int) weighed {
	if w.at == nil || depth > maxShown {
		return w.decide(n, depth)
	}
	up, b := w.at, &Branch{Check: n.String()}
	up.Branches = append(up.Branches, b)
	w.at = b
	got := w.decide(n, depth)
	w.at, b.Verdict = up, got.verdict
	if b.Operator = operator(n); b.Operator == "" {
		b.Why = got.why
	}
	return got
}

func (w *supposing) decide(n node, depth int) weighed {
	if depth > maxDepth {
		return weighed{why: errDepth.Error()}
	}
	switch n := n.(type) {
	case constant:
		if n {
			return weighed{verdict: Yes, why: "open to anybody"}
		}
		return weighed{why: "open to nobody"}
	case not:
		in := w.weigh(n.of, depth+1)
		in.verdict, in.why = Yes-in.verdict, n.String()
		for i, c := range in.conditions {
			in.conditions[i] = "not " + c
		}
		return in
	case and:
		return w.all(n, depth)
	case or:
		return w.any(n, depth)
	case ruleRef:
		check, ok := w.rules.lookup(string(n))
		if !ok {
			return weighed{why: fmt.Sprintf("there is no rule %q", string(n))}
		}
		return w.weigh(check, depth+1)
	case role:
		return w.role(n)
	case generic:
		return w.compare(n)
	}
	return weighed{verdict: Depends, conditions: []string{n.String() + " (decided elsewhere)"}}
}

func (w *supposing) all(n and, depth int) weighed {
	out := weighed{verdict: Yes}
	var met []string
	for _, operand := range n {
		got := w.weigh(operand, depth+1)
		switch got.verdict {
		case No:
			return got
		case Depends:
			out.verdict = Depends
			out.conditions = append(out.conditions, got.conditions...)
		default:
			met = append(met, got.why)
		}
	}
	out.why = strings.Join(met, " and ")
	return out
}

func (w *supposing) any(n or, depth int) weighed {
	var out weighed
	var missing []string
	for _, operand := range n {
		got := w.weigh(operand, depth+1)
		switch got.verdict {
		case Yes:
			return got
		case Depends:
			out.verdict = Depends
			out.conditions = append(out.conditions, got.conditions...)
		default:
			if !slices.Contains(missing, got.why) {
				missing = append(missing, got.why)
			}
		}
	}
	out.why = strings.Join(missing, ", or ")
	return out
}

func (w *supposing) role(n role) weighed {
	if n.want.asks() {
		return weighed{verdict: Depends, conditions: []string{n.String()}}
	}
	want, err := n.want.expand(nil)
	if err == nil && slices.ContainsFunc(w.Roles, func(held string) bool { return sameLower(held, want) }) {
		return weighed{verdict: Yes, why: "role " + want}
	}
	return weighed{why: "it needs the role " + want}
}

// compare weighs a check of the caller against the target. What lies in the caller's scope is known by the names that services
// give to ids of projects and domains.
func (w *supposing) compare(n generic) weighed {
	unmet := weighed{why: "it needs " + n.String()}
	depends := weighed{verdict: Depends, conditions: []string{n.String()}}
	path := n.left.source
	switch {
	case n.left.err != nil:
		return unmet
	case n.left.literal:
		if n.want.asks() {
			return depends
		}
		if want, err := n.want.expand(nil); err == nil && want == n.left.value {
			return weighed{verdict: Yes, why: n.String()}
		}
		return unmet
	case path == "field": // of neutron, which has code for it
		return depends
	}
	// own is a comparison with where the target lies. In a project only the plain names are the target's own; others name what it
	// hangs on, such as a network's owner. In a domain all names do.
	own := func(scope string) weighed {
		switch {
		case w.Scope != scope:
			return unmet
		case !n.want.asks(), scope == "project" && !n.want.is("project_id", "tenant_id"):
			return depends
		case w.Elsewhere:
			return unmet
		}
		return weighed{verdict: Yes, why: "it is in the caller's own " + scope}
	}
	switch path {
	case "project_id", "tenant_id", "tenant":
		return own("project")
	case "domain_id":
		return own("domain")
	case "user_id", "user_domain_id":
		return depends
	case "project_domain_id", "token.project.domain.id":
		if w.Scope == "project" {
			return depends
		}
		return unmet
	case "token.domain.id":
		return own("domain")
	case "token.project.id":
		return own("project")
	case "system_scope", "system":
		if want, err := n.want.expand(nil); w.Scope == "system" && err == nil && want == "all" {
			return weighed{verdict: Yes, why: "the caller's scope is the system"}
		}
		return unmet
	case "is_admin", "is_admin_project": // every project counts as the one for administrators unless a cloud names one
		if want, err := n.want.expand(nil); err == nil && want == map[string]string{"is_admin": "False", "is_admin_project": "True"}[path] {
			return weighed{verdict: Yes, why: n.String()}
		}
		return unmet
	}
	return depends // an attribute that this service may give its callers
}

// is tells whether a format is one of some keys of the target, and nothing else.
func (f *format) is(keys ...string) bool {
	return len(f.parts) == 1 && f.parts[0].hasKey && slices.Contains(keys, f.parts[0].key)
}

// asks tells whether a format stands for something of the target.
func (f *format) asks() bool {
	return slices.ContainsFunc(f.parts, func(d directive) bool { return d.hasKey })
}
