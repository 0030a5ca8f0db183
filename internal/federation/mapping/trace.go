package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// Trace tells how a mapping came to its result.
type Trace struct {
	Rules []RuleTrace `json:"rules"`
	// Mapped is the result in the shape of Keystone's engine: an object of user, group_ids, group_names and projects.
	Mapped *schema.Object `json:"result"`
	// Properties is the same result, checked. One of it and Err is nil.
	Properties *Properties `json:"-"`
	Err        error       `json:"-"`
}

// RuleTrace tells how a rule fared. Rules after one that cannot be carried out are missing.
type RuleTrace struct {
	Matched bool             `json:"matches"`
	Remotes []RemoteTrace    `json:"remote"` // up to the first that does not match
	Locals  []*schema.Object `json:"local"`  // what a rule that matches gives, templates filled in
	Err     error            `json:"-"`      // why it cannot be carried out
}

// RemoteTrace tells how a condition on an attribute fared.
type RemoteTrace struct {
	Attribute string       `json:"type"`
	Test      string       `json:"test,omitempty"` // any_one_of, not_any_of, blacklist, whitelist, or empty
	Regex     bool         `json:"regex,omitempty"`
	Values    []ValueTrace `json:"values"`
	Matched   bool         `json:"matches"`
	Reason    string       `json:"reason,omitempty"` // why it does not match

	// Index is the N of the {N} that stands for Kept in templates, or -1 if it gives none.
	Index int      `json:"index"`
	Kept  []string `json:"kept"`
}

// ValueTrace is a value of the attribute, and the first value or pattern of the test, if any, that it is or matches.
type ValueTrace struct {
	Text string  `json:"value"`
	By   *string `json:"matched_by"`
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
		if e, ok := errors.AsType[*identity.Error](t.Err); ok {
			e.Detail = strings.Join(match.slow, "; ") // for the log, as nothing else tells of it
		}
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

// MarshalJSON adds the error, in words.
func (t *Trace) MarshalJSON() ([]byte, error) {
	type plain Trace
	return json.Marshal(struct {
		*plain
		Error *string `json:"error"`
	}{(*plain)(t), words(t.Err)})
}

func words(err error) *string {
	if err == nil {
		return nil
	}
	text := err.Error()
	if e, ok := errors.AsType[*identity.Error](err); ok {
		text = strings.TrimSpace(e.Message)
	}
	return &text
}

// WriteText writes the trace for people.
func (t *Trace) WriteText(w io.Writer) error {
	var b strings.Builder
	for i, r := range t.Rules {
		verdict := "matches"
		if !r.Matched {
			verdict = "does not match"
		}
		fmt.Fprintf(&b, "rule %d %s\n", i+1, verdict)
		for _, remote := range r.Remotes {
			remote.write(&b)
		}
		for _, local := range r.Locals {
			text, err := json.Marshal(local)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "  gives %s\n", text)
		}
		if r.Err != nil {
			fmt.Fprintf(&b, "  fails: %s\n", *words(r.Err))
		}
	}
	if t.Err != nil {
		fmt.Fprintf(&b, "no login: %s\n", *words(t.Err))
	} else {
		t.Properties.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *RemoteTrace) write(b *strings.Builder) {
	fmt.Fprintf(b, "  %s", r.Attribute)
	if r.Test != "" {
		fmt.Fprintf(b, " %s", r.Test)
	}
	if r.Regex {
		b.WriteString(" (regex)")
	}
	switch {
	case !r.Matched:
		fmt.Fprintf(b, ": no, %s\n", r.Reason)
	case r.Index >= 0:
		fmt.Fprintf(b, ": yes, {%d} is %s\n", r.Index, schema.Repr(argument(r.Kept)))
	default:
		b.WriteString(": yes\n")
	}
	if r.Test == "" {
		return
	}
	for _, v := range r.Values {
		if v.By == nil {
			fmt.Fprintf(b, "    %q is none of them\n", v.Text)
		} else if r.Regex {
			fmt.Fprintf(b, "    %q matches %q\n", v.Text, *v.By)
		} else {
			fmt.Fprintf(b, "    %q is one of them\n", v.Text)
		}
	}
}

func (p *Properties) write(b *strings.Builder) {
	kind := "ephemeral"
	if p.User.Local {
		kind = "local"
	}
	fmt.Fprintf(b, "%s user", kind)
	for _, part := range []struct{ name, value string }{
		{"id", p.User.ID}, {"name", p.User.Name}, {"email", p.User.Email}, {"domain", p.User.Domain.String()},
	} {
		if part.value != "" {
			fmt.Fprintf(b, " %s %q", part.name, part.value)
		}
	}
	b.WriteString("\n")
	for _, id := range p.GroupIDs {
		fmt.Fprintf(b, "group id %q\n", id)
	}
	for _, g := range p.Groups {
		fmt.Fprintf(b, "group name %q domain %q\n", g.Name, g.Domain)
	}
	for _, project := range p.Projects {
		fmt.Fprintf(b, "project name %q", project.Name)
		if d := project.Domain.String(); d != "" {
			fmt.Fprintf(b, " domain %q", d)
		}
		fmt.Fprintf(b, " roles %q\n", project.Roles)
	}
}
