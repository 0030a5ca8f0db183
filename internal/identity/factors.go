package identity

import "slices"

// MultiFactorRules are the rules by which a user logs in: of each, all methods must be proved. One that is no list of names is left out,
// since each is a way in, and there is one fewer; ok is false if none is left of those that there were.
func (u User) MultiFactorRules() (rules [][]string, ok bool) {
	v := u.Options[OptMultiFactorAuthRules]
	list, ok := v.([]any)
	if !ok {
		return nil, v == nil
	}
	unreadable := false
	for _, item := range list {
		rule, ok := ruleOf(item)
		switch {
		case !ok:
			unreadable = true
		case len(rule) > 0:
			rules = append(rules, rule)
		}
	}
	return rules, len(rules) > 0 || !unreadable
}

func ruleOf(v any) (rule []string, ok bool) {
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

// SecondFactor tells whether the user's multi-factor rules let nobody log in by one method alone, save with an application credential.
// Methods that a server does not have count for nothing, as at a login, and an earlier token proves nothing more.
func (u User) SecondFactor(methods []string) bool {
	rules, ok := u.MultiFactorRules()
	if enabled, isBool := u.Options[OptMultiFactorAuthEnabled].(bool); !ok || isBool && !enabled {
		return false
	}
	asks := false
	for _, rule := range rules {
		rule = slices.DeleteFunc(rule, func(m string) bool { return !slices.Contains(methods, m) })
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

// ProvedTwice tells whether a login by some methods was proved by more than one factor. A passkey is two in one, or was shown after the
// password; an earlier token proves nothing more.
func ProvedTwice(methods []string) bool {
	proofs := 0
	for _, m := range methods {
		if m == "webauthn" {
			return true
		}
		if m != "token" {
			proofs++
		}
	}
	return proofs > 1
}
