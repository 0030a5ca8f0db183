package mapping

import "github.com/lintel-id/lintel/internal/httpapi/schema"

// Trace tells how a mapping came to its result.
type Trace struct {
	Rules []RuleTrace
	// Mapped is the result in the shape of Keystone's engine: an object of user, group_ids, group_names and projects.
	Mapped *schema.Object
	// Properties is the same result, checked. One of it and Err is nil.
	Properties *Properties
	Err        error
}

// RuleTrace tells how a rule fared. Rules after one that cannot be carried out are missing.
type RuleTrace struct {
	Matched bool
	Remotes []RemoteTrace    // up to the first that does not match
	Locals  []*schema.Object // what a rule that matches gives, templates filled in
	Err     error            // why it cannot be carried out
}

// RemoteTrace tells how a condition on an attribute fared.
type RemoteTrace struct {
	Attribute string
	Test      string // any_one_of, not_any_of, blacklist, whitelist, or empty
	Regex     bool
	Values    []ValueTrace
	Matched   bool
	Reason    string // why it does not match

	// Index is the N of the {N} that stands for Kept in templates, or -1 if it gives none.
	Index int
	Kept  []string
}

// ValueTrace is a value of the attribute, and the first value or pattern of the test, if any, that it is or matches.
type ValueTrace struct {
	Text string
	By   *string
}

// Explain applies the mapping as Apply does and tells how it went.
func (m *Mapping) Explain(a Assertion) *Trace {
	t := new(Trace)
	match := matcher{assertion: a}
	var locals []*schema.Object
	for _, r := range m.rules {
		rt := RuleTrace{Matched: true}
		var values []any
		for _, remote := range r.remotes {
			step, err := match.remote(remote)
			if step.Matched && step.Kept != nil {
				step.Index = len(values)
				values = append(values, argument(step.Kept))
			}
			rt.Remotes = append(rt.Remotes, step)
			rt.Matched, rt.Err = step.Matched, err
			if !step.Matched {
				break
			}
		}
		if rt.Matched {
			for _, local := range r.locals {
				filled, err := m.fill(local, values)
				if rt.Err = err; err != nil {
					break
				}
				rt.Locals = append(rt.Locals, filled)
			}
		}
		t.Rules = append(t.Rules, rt)
		if t.Err = rt.Err; t.Err != nil {
			return t
		}
		locals = append(locals, rt.Locals...)
	}
	if t.Mapped, t.Err = m.transform(locals); t.Err != nil {
		return t
	}
	t.Properties, t.Err = m.properties(t.Mapped)
	return t
}

// argument is what stands for the values of a condition in a template: the text if it is one, else the list.
func argument(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
