package identity

import (
	"maps"
	"slices"
	"strings"
)

// Opt is an attribute of a change: absent (the zero value), null, or a value.
type Opt[T any] struct {
	Present bool // the attribute was sent
	Null    bool // it was sent as null
	Value   T
}

// Some is an attribute that is sent with a value.
func Some[T any](v T) Opt[T] { return Opt[T]{Present: true, Value: v} }

// Null is an attribute that is sent as null.
func Null[T any]() Opt[T] { return Opt[T]{Present: true, Null: true} }

// Or returns the value sent, the zero value for null, and old when nothing was sent.
func (o Opt[T]) Or(old T) T {
	if o.Present {
		return o.Value
	}
	return old
}

// SameID is a 400 for a change that names another id than that of the thing it is for, else nil. Null names none
// (_require_matching_id in keystone/server/flask/common.py).
func SameID[ID comparable](sent Opt[ID], id ID) error {
	if sent.Present && !sent.Null && sent.Value != id {
		return Invalidf("Cannot change ID")
	}
	return nil
}

// OrPtr is Or for an attribute that is nil when it is null.
func (o Opt[T]) OrPtr(old *T) *T {
	switch {
	case !o.Present:
		return old
	case o.Null:
		return nil
	}
	return &o.Value
}

// Extra holds the attributes of an entity that Keystone's schema has no column for: user e-mail, service name, and
// whatever else a client sent. The values are JSON as Go decodes it, numbers kept as json.Number. No decision may
// depend on them.
type Extra map[string]any

// Merge returns e with the keys of change set in it: keys given replace, keys absent stay, null is kept as null.
func (e Extra) Merge(change Extra) Extra {
	out := make(Extra, len(e)+len(change))
	maps.Copy(out, e)
	maps.Copy(out, change)
	return out
}

// Options are resource options by their API name (keystone/common/resource_options). A name that is absent is unset.
type Options map[string]any

// The resource options that upstream knows.
const (
	OptImmutable              = "immutable"
	OptIgnoreChangePassword   = "ignore_change_password_upon_first_use"
	OptIgnorePasswordExpiry   = "ignore_password_expiry"
	OptIgnoreLockout          = "ignore_lockout_failure_attempts"
	OptLockPassword           = "lock_password"
	OptIgnoreUserInactivity   = "ignore_user_inactivity"
	OptMultiFactorAuthRules   = "multi_factor_auth_rules"
	OptMultiFactorAuthEnabled = "multi_factor_auth_enabled"
)

// Bool tells whether the option is set to true.
func (o Options) Bool(name string) bool {
	b, _ := o[name].(bool)
	return b
}

// Merge returns o changed as a PATCH asks: a null value unsets an option, others replace it.
func (o Options) Merge(change Options) Options {
	out := make(Options, len(o)+len(change))
	maps.Copy(out, o)
	for name, v := range change {
		if v == nil {
			delete(out, name)
		} else {
			out[name] = v
		}
	}
	return out
}

// Comparison says how a filter compares an attribute with its value.
type Comparison int

// The comparisons of list filters (`name__contains=…`). Plain `name=…` is Equals. The last five compare times, whose
// text is RFC 3339.
const (
	Equals Comparison = iota
	Contains
	StartsWith
	EndsWith

	Differs
	Before
	NotAfter
	After
	NotBefore
)

// Filter keeps the entities whose attribute compares as asked with Value.
type Filter struct {
	Attr     string // the API's name of the attribute
	Compare  Comparison
	FoldCase bool // for all but Equals
	Value    string
}

// Match tells whether text passes the filter. It is what the database's answer must agree with.
func (f Filter) Match(text string) bool {
	want := f.Value
	if f.FoldCase {
		text, want = strings.ToLower(text), strings.ToLower(want)
	}
	switch f.Compare {
	case Contains:
		return strings.Contains(text, want)
	case StartsWith:
		return strings.HasPrefix(text, want)
	case EndsWith:
		return strings.HasSuffix(text, want)
	default:
		return text == want
	}
}

// Bool is the filter's value as a truth value: all but the words for false mean true (attr_as_boolean in
// keystone/common/utils.py).
func (f Filter) Bool() bool {
	switch strings.ToLower(strings.TrimSpace(f.Value)) {
	case "0", "f", "false", "off", "n", "no":
		return false
	}
	return true
}

// Query asks for one page of a list: the entities that pass every filter, ordered by id unless Sort says otherwise.
type Query struct {
	Filters []Filter

	// Sort names what orders the list before the id does, with a minus before it for the reverse. What a list knows by no such
	// name leaves it ordered by id.
	Sort string

	// Limit is the most entities to answer; 0 is no limit.
	Limit int

	// Marker is the id of the last entity of the page before; empty for the first page.
	Marker string
}

// Where returns q with one more filter for equality.
func (q Query) Where(attr, value string) Query {
	q.Filters = append(slices.Clip(q.Filters), Filter{Attr: attr, Value: value})
	return q
}

// Equal returns the value that an attribute must equal, if the query asks for that.
func (q Query) Equal(attr string) (value string, ok bool) {
	for _, f := range q.Filters {
		if f.Attr == attr && f.Compare == Equals {
			return f.Value, true
		}
	}
	return "", false
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T

	// More says that entities are left after this page.
	More bool
}
