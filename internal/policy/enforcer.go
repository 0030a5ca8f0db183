package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// A Default is a rule that a service brings along.
type Default struct {
	Name  string
	Check string // in the language of this package; empty allows everybody
	// Description says in a sentence what the rule permits; empty where nobody wrote one.
	Description string
	// ScopeTypes are the scopes ("system", "domain", "project") from which the rule may be asked; none means any.
	ScopeTypes []string
	Operations []Operation
	Deprecated *Deprecated // the rule that this one replaces
	Removal    *Removal    // set if the rule itself will go away
}

// An Operation is a request that a rule guards.
type Operation struct{ Method, Path string }

// Deprecated is what a rule was in an earlier release.
type Deprecated struct {
	Name  string // may equal the new name
	Check string
	Since string // release
}

// Removal says why and since which release a rule is to be removed.
type Removal struct{ Reason, Since string }

// Options are settings of an Enforcer; each has the name of its option in the section [oslo_policy].
type Options struct {
	// EnforceNewDefaults leaves deprecated checks out (upstream's default). Without it they are joined to their successors by "or".
	EnforceNewDefaults bool
	// DefaultRule names the rule that stands in for any that does not exist: upstream, "default". Empty means none.
	DefaultRule string
	// AnyScope asks no rule for its scope types: what a service of an older release does with enforce_scope off.
	AnyScope bool
	Remote   Remote
}

// An Enforcer decides by rules: a service's defaults, and the operator's overrides. It may be used by several goroutines at once.
type Enforcer struct {
	defaults []compiledDefault
	scopes   map[string][]string
	options  Options
	remote   *remoteClient
	rules    atomic.Pointer[ruleset]
	contents atomic.Pointer[[]content] // of the files last loaded
}

type compiledDefault struct {
	Default
	check      node
	deprecated node
}

// A ruleset is never changed once it is in use.
type ruleset struct {
	checks   map[string]node
	fallback string // name of the default rule
	scopes   map[string][]string
	sources  map[string]*source
	remote   *remoteClient // nil if remote servers cannot be asked
}

// A source tells where the check of a rule comes from.
type source struct {
	text string // as written
	file string // empty for a default
	line int
}

func (r *ruleset) lookup(name string) (node, bool) {
	if n, ok := r.checks[name]; ok {
		return n, true
	}
	if r.fallback == "" {
		return nil, false
	}
	n, ok := r.checks[r.fallback]
	return n, ok
}

// NewEnforcer returns an enforcer of the defaults alone. It fails if one of them does not parse, or two have one name.
func NewEnforcer(defaults []Default, options Options) (*Enforcer, error) {
	e := &Enforcer{options: options, scopes: map[string][]string{}}
	var err error
	if e.remote, err = options.Remote.client(); err != nil {
		return nil, err
	}
	for _, d := range defaults {
		if _, ok := e.scopes[d.Name]; ok {
			return nil, fmt.Errorf("policy: rule %q is registered twice", d.Name)
		}
		e.scopes[d.Name] = nil
		if !options.AnyScope {
			e.scopes[d.Name] = d.ScopeTypes
		}
		c := compiledDefault{Default: d}
		if c.check, err = parseDefault(d.Name, d.Check); err != nil {
			return nil, err
		}
		if d.Deprecated != nil {
			if c.deprecated, err = parseDefault(d.Deprecated.Name, d.Deprecated.Check); err != nil {
				return nil, err
			}
		}
		e.defaults = append(e.defaults, c)
	}
	e.rules.Store(e.build(nil))
	return e, nil
}

func parseDefault(name, check string) (node, error) {
	n, faults, err := parseText(check)
	if err == nil && len(faults) > 0 {
		err = errors.New(faults[0].text)
	}
	if err != nil {
		return nil, fmt.Errorf("policy: rule %q: %w", name, err)
	}
	return n, nil
}

// Use puts the rules of files over the defaults, those of a later file over those of an earlier. It refuses them all, and
// leaves what is in use, if one has a rule that does not parse: unlike upstream, which takes the rule as "!", since an operator who
// made a slip wants to know, and a "not" before it would open the door. The warnings are for the operator's log.
func (e *Enforcer) Use(files ...*File) (warnings []*Problem, err error) {
	for _, f := range files {
		if len(f.Faults) > 0 {
			return nil, f.Faults[0]
		}
	}
	rules := e.build(files)
	e.rules.Store(rules)
	return e.warnings(files, rules), nil
}

func (e *Enforcer) build(files []*File) *ruleset {
	r := &ruleset{
		checks:   make(map[string]node),
		fallback: e.options.DefaultRule,
		scopes:   e.scopes,
		sources:  make(map[string]*source),
		remote:   e.remote,
	}
	for _, f := range files {
		for _, entry := range f.entries {
			r.checks[entry.name] = entry.check
			r.sources[entry.name] = &source{entry.source, f.Path, entry.pos.line}
		}
	}
	overridden := func(name string) (node, bool) {
		s := r.sources[name]
		if s == nil || s.file == "" {
			return nil, false
		}
		return r.checks[name], true
	}
	for _, d := range e.defaults {
		if _, ok := overridden(d.Name); ok {
			continue
		}
		check, s := d.check, &source{text: d.Check}
		if old := d.Deprecated; old != nil {
			override, ok := overridden(old.Name)
			switch {
			// The operator still sets the rule by its old name: what that allows is what this must.
			case ok && old.Name != d.Name && override.String() != d.deprecated.String() && override.String() != "rule:"+d.Name:
				check, s = override, r.sources[old.Name]
			case !e.options.EnforceNewDefaults && old.Check != d.Check:
				check = or{d.check, d.deprecated}
				s.text = strings.Join([]string{"(" + d.Check + ")", "(" + old.Check + ")"}, " or ")
				if d.Check == "" || old.Check == "" {
					s.text = check.String()
				}
			}
		}
		r.checks[d.Name] = check
		r.sources[d.Name] = s
	}
	return r
}

// warnings lists what is suspicious about the rules of files, and about what they make of the others.
func (e *Enforcer) warnings(files []*File, rules *ruleset) []*Problem {
	var warnings []*Problem
	defaults := map[string]*compiledDefault{}
	renamed := map[string]string{}
	for i := range e.defaults {
		d := &e.defaults[i]
		defaults[d.Name] = d
		if d.Deprecated != nil && d.Deprecated.Name != d.Name {
			renamed[d.Deprecated.Name] = d.Name
		}
	}
	for _, f := range files {
		warnings = append(warnings, f.Warnings...)
		for _, entry := range f.entries {
			warn := func(format string, args ...any) {
				warnings = append(warnings, f.problem(entry.pos, entry.name, format, args...))
			}
			switch d := defaults[entry.name]; {
			case d != nil && d.Removal != nil:
				warn("the rule is deprecated since %s: %s", d.Removal.Since, d.Removal.Reason)
			case d != nil && d.check.String() == entry.check.String():
				warn("the rule is the same as the default: it may be removed from the file")
			case renamed[entry.name] != "":
				warn("the rule is deprecated in favour of %q", renamed[entry.name])
			}
			missing, cyclic := rules.inspect(entry.check)
			for _, name := range missing {
				warn("it refers to the rule %q, which does not exist", name)
			}
			if cyclic {
				warn("it refers to itself by way of other rules, so it may never allow")
			}
		}
	}
	return warnings
}

// inspect follows the references of a check and tells those that lead nowhere and whether some lead round.
func (r *ruleset) inspect(n node) (missing []string, cyclic bool) {
	done := map[string]bool{}
	var path []string
	var walk func(node, bool)
	walk = func(n node, top bool) {
		switch n := n.(type) {
		case not:
			walk(n.of, top)
		case and:
			for _, operand := range n {
				walk(operand, top)
			}
		case or:
			for _, operand := range n {
				walk(operand, top)
			}
		case ruleRef:
			name := string(n)
			if slices.Contains(path, name) {
				cyclic = true
				return
			}
			check, ok := r.lookup(name)
			if _, own := r.checks[name]; !own && top && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			if !ok || done[name] {
				return
			}
			path = append(path, name)
			walk(check, false)
			path = path[:len(path)-1]
			done[name] = true
		}
	}
	walk(n, true)
	return missing, cyclic
}

// Enforce tells whether rule allows a caller with the credentials creds to act on target. Maps within the target are seen as if it were
// flattened: {"target": {"user": {"id": "u1"}}} has the key target.user.id, which may as well be a key of its own. The credentials
// hold at least roles (a list of names), and user_id, project_id, domain_id or system_scope as far as they apply; their key
// "system" is what system_scope is.
//
// A rule that does not exist is refused, and so is one whose scope types do not include the scope of the credentials: system,
// else domain, else project. An error means that the rule could not be evaluated: the answer is no then, whatever the
// caller makes of the error.
func (e *Enforcer) Enforce(ctx context.Context, rule string, target, creds map[string]any) (bool, error) {
	rules := e.rules.Load()
	check, ok := rules.lookup(rule)
	if !ok || !rules.scopeAllows(rule, creds) {
		return false, nil
	}
	question := evaluation{ctx: ctx, rules: rules, rule: rule, target: target, creds: creds, system: true}
	allowed, err := question.eval(check, 0)
	if err != nil {
		return false, fmt.Errorf("policy: rule %q: %w", rule, err)
	}
	return allowed, nil
}

func (r *ruleset) scopeAllows(rule string, creds map[string]any) bool {
	scopes := r.scopes[rule]
	return len(scopes) == 0 || slices.Contains(scopes, scopeOf(creds))
}

func scopeOf(creds map[string]any) string {
	switch {
	case truthy(creds["system_scope"]), truthy(creds["system"]):
		return "system"
	case truthy(creds["domain_id"]):
		return "domain"
	}
	return "project"
}

// A Rule is a rule as it is in force.
type Rule struct {
	Name  string
	Check string
	File  string // that sets it; empty for a default
	Line  int
}

// Rule returns a rule that is in force; one that does not exist has no name.
func (e *Enforcer) Rule(name string) Rule {
	s := e.rules.Load().sources[name]
	if s == nil {
		return Rule{}
	}
	return Rule{name, s.text, s.file, s.line}
}

// Rules lists all rules that are in force, sorted by name.
func (e *Enforcer) Rules() []Rule {
	rules := e.rules.Load()
	list := make([]Rule, 0, len(rules.checks))
	for _, name := range sortedKeys(rules.checks) {
		s := rules.sources[name]
		list = append(list, Rule{name, s.text, s.file, s.line})
	}
	return list
}
