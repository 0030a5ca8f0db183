// Package mapping is the engine of federation mappings: rules that turn what an identity provider says of a user into a
// user, groups and projects here (keystone/federation/utils.py, class RuleProcessor and the two built on it).
//
// The language leans on Python all over: templates are str.format's, several values stand in them as Python prints a
// list, and groups are read back from such a print.
package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/pattern"
)

// Assertion is what an identity provider says of a user: the values of each attribute.
type Assertion map[string][]string

// Split makes an assertion of the variables of a front server, in which semicolons separate the values of an attribute.
// An attribute without any value is left out, so that no rule matches it. (Keystone takes it for one empty value.)
func Split(variables map[string]string) Assertion {
	a := make(Assertion, len(variables))
	for name, text := range variables {
		if strings.Trim(text, ";") != "" {
			a[name] = strings.Split(text, ";")
		}
	}
	return a
}

// Domain is one that a mapping names, by its id or by its name. Empty, it names none.
type Domain struct {
	ID   identity.DomainID
	Name string
}

// String is the id, or else the name.
func (d Domain) String() string { return cmp.Or(string(d.ID), d.Name) }

// Properties is what a mapping makes of an assertion. Nothing of it is known to exist.
type Properties struct {
	User     User
	GroupIDs []identity.GroupID
	Groups   []Group
	Projects []Project
}

// User is the user to be. What the mapping does not say is empty.
type User struct {
	ID, Name, Email string
	// Domain is, if empty, the identity provider's.
	Domain Domain
	// Local says that this is a user who exists here, not one to be made.
	Local bool
}

// Group is a group given by its name.
type Group struct {
	Name   string
	Domain Domain
}

// Project is a project that the user is to have roles on, made if it does not exist.
type Project struct {
	Name string
	// Domain is, if empty, the identity provider's.
	Domain Domain
	Roles  []string // names
}

// Mapping is a list of rules, ready to be applied.
type Mapping struct {
	// Version picks how rules are read: "1.0", "2.0" or "3.0". Before Apply it may be set to another version than the one that
	// the rules were checked by: Keystone's mapping_engine command and OAuth 2.0 mTLS take every mapping for 1.0.
	Version string

	rules []rule
}

type rule struct {
	remotes []remote
	locals  []*schema.Object
}

// remote is a condition on one attribute.
type remote struct {
	attribute string
	test      string // anyOneOf …, or empty
	operands  []operand
	regex     bool
}

// The tests of a remote.
const (
	anyOneOf  = "any_one_of"
	notAnyOf  = "not_any_of"
	blacklist = "blacklist"
	whitelist = "whitelist"
)

// operand is one of the values that a test names.
type operand struct {
	text    string
	pattern *pattern.Pattern // if the test has patterns
	err     error            // why it cannot be compared
}

// Parse reads the rules of a mapping, a JSON list, and checks them against the schema of the version. The error is an
// *identity.Error of kind BadRequest, in Keystone's words. A pattern that cannot be compiled is no error here, as what
// Keystone stored must go on working as far as it does: see Check.
func Parse(version string, rules []byte) (*Mapping, error) {
	list, err := schema.Decode(rules)
	if err != nil {
		return nil, &identity.Error{Kind: identity.BadRequest, Message: "The rules of the mapping are not valid JSON.", Err: err}
	}
	whole := new(schema.Object)
	whole.Set("rules", list)
	if err := schema.ValidateMapping(whole, version); err != nil {
		return nil, err
	}
	m := &Mapping{Version: version}
	for _, e := range list.([]any) {
		m.rules = append(m.rules, readRule(e.(*schema.Object)))
	}
	return m, nil
}

func readRule(o *schema.Object) (r rule) {
	r.locals = schema.List[*schema.Object](o, "local").Value
	for _, e := range schema.List[*schema.Object](o, "remote").Value {
		r.remotes = append(r.remotes, readRemote(e))
	}
	return r
}

func readRemote(o *schema.Object) remote {
	r := remote{attribute: schema.Field[string](o, "type").Value, regex: schema.Field[bool](o, "regex").Value}
	for _, test := range []string{anyOneOf, notAnyOf, blacklist, whitelist} {
		list, ok := o.Get(test)
		if !ok {
			continue
		}
		r.test = test
		for _, v := range list.([]any) {
			r.operands = append(r.operands, readOperand(v, r.regex))
		}
	}
	return r
}

// readOperand reads a value of a test. Of values that are no text, those without patterns are never equal to one, but that a
// list or an object can be compared at all is an error in Python.
func readOperand(v any, regex bool) operand {
	text, ok := v.(string)
	switch v.(type) {
	case []any, *schema.Object:
		return operand{text: schema.Repr(v), err: fmt.Errorf("%s is not a text", schema.Repr(v))}
	}
	if !regex {
		if !ok {
			return operand{text: schema.Repr(v), err: errNeverEqual}
		}
		return operand{text: text}
	}
	if !ok {
		return operand{text: schema.Repr(v), err: fmt.Errorf("pattern %s is not a text", schema.Repr(v))}
	}
	p, err := pattern.Compile(text)
	return operand{text: text, pattern: p, err: err}
}

// Check returns a BadRequest for the first thing in the rules that fails whenever it is met: a pattern that cannot be compiled,
// a value that no text can be compared with. Keystone stores such a mapping and fails at login.
func (m *Mapping) Check() error {
	for i, r := range m.rules {
		for j, remote := range r.remotes {
			k := slices.IndexFunc(remote.operands, func(o operand) bool { return o.err != nil && !errors.Is(o.err, errNeverEqual) })
			if k >= 0 {
				return identity.Invalidf("Invalid mapping: rule %d, remote %d (%s), %s: %v.",
					i+1, j+1, remote.attribute, remote.test, remote.operands[k].err)
			}
		}
	}
	return nil
}

// Attributes returns the names of the attributes that the rules look at, each once.
func (m *Mapping) Attributes() (names []string) {
	for _, r := range m.rules {
		for _, remote := range r.remotes {
			if !slices.Contains(names, remote.attribute) {
				names = append(names, remote.attribute)
			}
		}
	}
	return names
}

// Apply returns what the mapping makes of the assertion. It is an *identity.Error of kind BadRequest if no rule matches,
// or a rule that does cannot be carried out.
func (m *Mapping) Apply(a Assertion) (*Properties, error) {
	t := m.Explain(a)
	return t.Properties, t.Err
}
