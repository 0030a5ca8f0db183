package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/pattern"
)

// Bounds of the time that patterns may take, however hostile they and the assertion are. A pattern may take patternTime for all
// values of an attribute, and the last text that it is tried on may double that; one that needs longer makes its rule not match,
// whichever way the test goes. A mapping that needs longer than mappingTime altogether is given up.
const (
	patternTime = 24 * time.Millisecond
	mappingTime = time.Second
)

var (
	errNeverEqual = errors.New("not a text")
	errTooLong    = identity.Invalidf("The patterns of the mapping take too long on this assertion.")
)

// matcher tries the conditions of a mapping on an assertion.
type matcher struct {
	assertion Assertion
	spent     time.Duration
	slow      []string // patterns that took too long
}

// remote tries one condition. If it matches, t.Kept are the values for the templates, unless it gives none.
func (m *matcher) remote(r remote) (t RemoteTrace, err error) {
	t = RemoteTrace{Attribute: r.attribute, Test: r.test, Regex: r.regex, Index: -1}
	values := m.assertion[r.attribute]
	if len(values) == 0 {
		t.Reason = fmt.Sprintf("the assertion has no attribute %s", r.attribute)
		return t, nil
	}
	found, err := m.compare(r, values)
	for i, v := range values {
		t.Values = append(t.Values, ValueTrace{Text: v})
		if i < len(found) {
			t.Values[i].By = found[i]
		}
	}
	if errors.Is(err, pattern.ErrTimeout) {
		t.Reason = fmt.Sprintf("%v: the rule is left out", err)
		m.slow = append(m.slow, fmt.Sprintf("%s: %v", r.attribute, err))
		return t, nil
	} else if err != nil {
		t.Reason = err.Error()
		return t, err
	}
	first := slices.IndexFunc(found, func(by *string) bool { return by != nil })
	switch r.test {
	case anyOneOf:
		if t.Matched = first >= 0; !t.Matched {
			t.Reason = fmt.Sprintf("no value %s %s", equals(r), oneOf(r))
		}
	case notAnyOf:
		if t.Matched = first < 0; !t.Matched {
			t.Reason = fmt.Sprintf("value %q %s %q", values[first], equals(r), *found[first])
		}
	default:
		t.Matched = true
		t.Kept = []string{}
		var kept set[string]
		for i, v := range values {
			if r.test != "" && (found[i] != nil) != (r.test == whitelist) {
				continue
			}
			// A set on the way drops repeats, but for the patterns of a whitelist.
			if r.test == "" || r.regex && r.test == whitelist || kept.add(v) {
				t.Kept = append(t.Kept, v)
			}
		}
	}
	return t, nil
}

// compare tells of each value which operand it equals or matches, if any.
func (m *matcher) compare(r remote, values []string) (found []*string, err error) {
	if !r.regex {
		known := make(map[string]*string, len(r.operands))
		for i, o := range r.operands {
			switch {
			case o.err == nil:
				known[o.text] = &r.operands[i].text
			case !errors.Is(o.err, errNeverEqual):
				return nil, unusable(r, o)
			}
		}
		for _, v := range values {
			found = append(found, known[v])
		}
		return found, nil
	}
	spent := make([]time.Duration, len(r.operands))
	known := make(map[string]*string)
	for _, v := range values {
		by, repeated := known[v]
		if repeated {
			found = append(found, by)
			continue
		}
		for i, o := range r.operands {
			if o.err != nil {
				return nil, unusable(r, o)
			}
			start := time.Now()
			ok, err := o.pattern.Match(v)
			took := time.Since(start)
			spent[i] += took
			m.spent += took
			switch {
			case m.spent > mappingTime:
				return nil, errTooLong
			case err != nil:
				return found, fmt.Errorf("pattern %q: %w", o.text, err)
			case spent[i] > patternTime:
				return found, fmt.Errorf("pattern %q: %w", o.text, pattern.ErrTimeout)
			}
			if ok {
				by = &r.operands[i].text
				break
			}
		}
		known[v] = by
		found = append(found, by)
	}
	return found, nil
}

// unusable is for what Check finds.
func unusable(r remote, o operand) error {
	return identity.Invalidf("Invalid mapping: %s of %s: %v.", r.test, r.attribute, o.err)
}

func equals(r remote) string {
	if r.regex {
		return "matches"
	}
	return "is"
}

func oneOf(r remote) string {
	var quoted []string
	for _, o := range r.operands {
		quoted = append(quoted, fmt.Sprintf("%q", o.text))
	}
	switch len(quoted) {
	case 0:
		return "any, as none is listed"
	case 1:
		return quoted[0]
	}
	return "one of " + strings.Join(quoted, ", ")
}

// set remembers what was added.
type set[T comparable] map[T]bool

// add reports whether v is new.
func (s *set[T]) add(v T) bool {
	if *s == nil {
		*s = make(set[T])
	}
	if (*s)[v] {
		return false
	}
	(*s)[v] = true
	return true
}
