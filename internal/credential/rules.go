package credential

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// SecondFactor tells whether the multi-factor rules of a user let nobody log in by one method alone, save with an application credential.
// Methods that this server does not have count for nothing, as at a login, and an earlier token proves nothing more.
func (s *Service) SecondFactor(u identity.User) bool {
	rules, ok := ReadRules(u.Options[identity.OptMultiFactorAuthRules])
	if enabled, isBool := u.Options[identity.OptMultiFactorAuthEnabled].(bool); !ok || isBool && !enabled {
		return false
	}
	asks := false
	for _, rule := range rules {
		rule = slices.DeleteFunc(slices.Clone(rule), func(m string) bool { return !slices.Contains(s.Methods, m) })
		if len(rule) == 0 || len(rule) == 1 && rule[0] == "application_credential" {
			continue
		}
		if len(slices.DeleteFunc(rule, func(m string) bool { return m == "token" })) < 2 {
			return false
		}
		asks = true
	}
	return asks
}

// Factored tells whether a user has a second factor that logging in takes, and that nobody has taken away since. It is open to all.
func (s *Service) Factored(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	if !s.SecondFactor(u) {
		return false, nil
	}
	since, err := s.reset(ctx, tx, u)
	return since.IsZero(), err
}

// ReadRules reads multi-factor rules as they are stored. One that is no list of names is left out: each is a way in, and there is one
// fewer. It fails if none is left of them.
func ReadRules(v any) (rules [][]string, ok bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, v == nil
	}
	unreadable := false
	for _, item := range list {
		rule, ok := readRule(item)
		switch {
		case !ok:
			unreadable = true
		case len(rule) > 0:
			rules = append(rules, rule)
		}
	}
	return rules, len(rules) > 0 || !unreadable
}

func readRule(v any) (rule []string, ok bool) {
	names, ok := v.([]any)
	for _, n := range names {
		name, isText := n.(string)
		if !isText {
			return nil, false
		}
		rule = append(rule, name)
	}
	return rule, ok
}
