package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// with is what holds where a domain asks for more: of each rule the stricter one.
func (c Compliance) with(r identity.DomainRules) Compliance {
	shorter := func(a, b time.Duration) time.Duration {
		if a == 0 || b != 0 && b < a {
			return b
		}
		return a
	}
	if r.LockoutFailures > 0 && (c.LockoutFailures == 0 || r.LockoutFailures < c.LockoutFailures) {
		c.LockoutFailures = r.LockoutFailures
	}
	c.LockoutDuration = max(c.LockoutDuration, time.Duration(r.LockoutMinutes)*time.Minute)
	c.Inactivity = shorter(c.Inactivity, time.Duration(r.InactiveDays)*aDay)
	c.PasswordLife = shorter(c.PasswordLife, time.Duration(r.PasswordDays)*aDay)
	c.UniquePasswords = max(c.UniquePasswords, r.PasswordHistory)
	c.ChangeAtFirstUse = c.ChangeAtFirstUse || r.FirstUse
	return c
}

// complianceOf are the rules that hold for the people of a domain.
func (s *Service) complianceOf(ctx context.Context, tx *store.Tx, domain identity.DomainID) (Compliance, error) {
	r, err := tx.DomainRules(ctx, domain)
	return s.Compliance.with(r), err
}

// checkPassword refuses a new password that the cloud or the domain of its user does not take.
func (s *Service) checkPassword(ctx context.Context, domain identity.DomainID, pw string) error {
	if err := told(s.Rules.Check(pw)); err != nil {
		return err
	}
	var r identity.DomainRules
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		r, err = tx.DomainRules(ctx, domain)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case utf8.RuneCountInString(pw) < r.PasswordLength:
		return identity.Invalidf("The password has fewer than %d characters, which is what its domain asks for.", r.PasswordLength)
	case kinds(pw) < r.PasswordKinds:
		return identity.Invalidf("The password needs %d of these, as its domain asks: lower case, upper case, digits, other characters.", r.PasswordKinds)
	}
	return nil
}

// kinds counts how many kinds of characters there are in a password.
func kinds(pw string) (n int) {
	for _, is := range []func(rune) bool{
		unicode.IsLower, unicode.IsUpper, unicode.IsDigit,
		func(r rune) bool { return !unicode.IsLower(r) && !unicode.IsUpper(r) && !unicode.IsDigit(r) },
	} {
		if strings.ContainsFunc(pw, is) {
			n++
		}
	}
	return n
}

// checkAddress refuses an e-mail address that the domain of its user does not allow.
func checkAddress(ctx context.Context, tx *store.Tx, domain identity.DomainID, change identity.Extra) error {
	address, _ := change["email"].(string)
	if address == "" {
		return nil
	}
	r, err := tx.DomainRules(ctx, domain)
	if err == nil && !r.AllowsAddress(address) {
		err = identity.Invalidf("E-mail addresses in this domain must be in %s.", strings.Join(r.MailDomains, ", "))
	}
	return err
}

// DomainRules are the rules of a domain, and what holds in the end.
type DomainRules struct {
	Own       identity.DomainRules
	Cloud     Compliance
	Effective Compliance
	Manage    bool // the caller may change them

	RoleNames map[string]string // of the roles of which Own requires a second factor, by id
}

// DomainRules returns what a domain asks of its people, for who may list them (identity:list_users).
func (s *Service) DomainRules(ctx context.Context, caller identity.Caller, domain identity.DomainID) (out DomainRules, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListUsers, authz.Target{"domain_id": string(domain)}); err != nil {
		return out, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Domain(ctx, domain); err != nil {
			return err
		}
		if out.Own, err = tx.DomainRules(ctx, domain); err != nil {
			return err
		}
		var keys []store.Key
		for _, id := range out.Own.Factor.Roles {
			keys = append(keys, store.Key{Kind: "role", ID: id})
		}
		called, err := tx.Labels(ctx, keys)
		out.RoleNames = map[string]string{}
		for _, k := range keys {
			out.RoleNames[k.ID] = called[k].Name
		}
		return err
	})
	out.Cloud, out.Effective, out.Manage = s.Compliance, s.Compliance.with(out.Own), s.MayCreateUser(ctx, caller, domain)
	return out, err
}

// WeakerError says which rules of a domain would be weaker than what the cloud asks of all: it would not count.
type WeakerError struct{ Rules []string }

func (e *WeakerError) Error() string { return fmt.Sprintf("weaker than the cloud: %v", e.Rules) }

// Weaker names the rules that ask for less than the cloud does, by the names that they are stored under.
func (c Compliance) Weaker(r identity.DomainRules) (all []string) {
	for _, rule := range []struct {
		name   string
		weaker bool
	}{
		{"password_days", r.PasswordDays > 0 && c.PasswordLife > 0 && time.Duration(r.PasswordDays)*aDay > c.PasswordLife},
		{"password_history", r.PasswordHistory > 0 && r.PasswordHistory < c.UniquePasswords},
		{"lockout_failures", r.LockoutFailures > 0 && c.LockoutFailures > 0 && r.LockoutFailures > c.LockoutFailures},
		{"lockout_minutes", r.LockoutMinutes > 0 && time.Duration(r.LockoutMinutes)*time.Minute < c.LockoutDuration},
		{"factor", r.Factor.Level != identity.FactorOff && r.Factor.Level.Less(c.Factor.Level)},
		{"inactive_days", r.InactiveDays > 0 && c.Inactivity > 0 && time.Duration(r.InactiveDays)*aDay > c.Inactivity},
	} {
		if rule.weaker {
			all = append(all, rule.name)
		}
	}
	return all
}

// SetDomainRules changes what a domain asks of its people, for who may make users in it (identity:create_user). Rules that are
// weaker than the cloud's fail with WeakerError.
func (s *Service) SetDomainRules(ctx context.Context, caller identity.Caller, domain identity.DomainID, r identity.DomainRules) error {
	return s.ChangeDomainRules(ctx, caller, domain, func(_ time.Time, now *identity.DomainRules) error {
		*now = r
		return nil
	})
}

// ChangeDomainRules is SetDomainRules for a change of what they are at a time. Roles may be named.
func (s *Service) ChangeDomainRules(ctx context.Context, caller identity.Caller, domain identity.DomainID, change func(time.Time, *identity.DomainRules) error) error {
	if !s.MayCreateUser(ctx, caller, domain) {
		return identity.NotAllowed(string(authz.CreateUser))
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockDomain(ctx, domain); err != nil {
			return err
		}
		old, err := tx.DomainRules(ctx, domain)
		if err != nil {
			return err
		}
		r := old
		r.MailDomains, r.Factor.Roles = slices.Clone(old.MailDomains), slices.Clone(old.Factor.Roles)
		if err := change(tx.Now(), &r); err != nil {
			return err
		}
		if err := s.checkDomainRules(r); err != nil {
			return err
		}
		if err := rolesByID(ctx, tx, domain, r.Factor.Roles); err != nil {
			return err
		}
		if err := s.checkDemand(ctx, tx, domain, r.Factor, old.Factor); err != nil {
			return err
		}
		if err := s.announce(ctx, tx, domain, r.Factor, old.Factor); err != nil {
			return err
		}
		if err := tx.PutDomainRules(ctx, domain, r); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("domain", domain).By(caller))
	})
}

// checkDomainRules refuses what no domain can ask.
func (s *Service) checkDomainRules(r identity.DomainRules) error {
	if weaker := s.Compliance.Weaker(r); len(weaker) > 0 {
		return &WeakerError{weaker}
	}
	for _, n := range []int{r.PasswordLength, r.PasswordKinds, r.PasswordDays, r.PasswordHistory, r.LockoutFailures, r.LockoutMinutes, r.InactiveDays} {
		if n < 0 || n > 36500 {
			return identity.Invalidf("A rule has a number between 0 and 36500.")
		}
	}
	if r.PasswordKinds > 4 || r.PasswordLength > 128 || r.PasswordHistory > 24 {
		return identity.Invalidf("A password can be asked to have 4 kinds of characters, to be 128 characters long, and to differ from the last 24.")
	}
	if slices.ContainsFunc(r.MailDomains, func(d string) bool {
		return strings.ContainsAny(d, "@ \t\"") || !strings.Contains(strings.Trim(d, "."), ".")
	}) {
		return identity.Invalidf("Name domains of mail as example.org, or .example.org for all below.")
	}
	return nil
}

// rolesByID puts ids in the place of the names of roles, of the cloud or of a domain.
func rolesByID(ctx context.Context, tx *store.Tx, domain identity.DomainID, roles []string) error {
	for i, name := range roles {
		r, err := tx.Role(ctx, identity.RoleID(name))
		for _, in := range []identity.DomainID{"", domain} {
			if errors.Is(err, identity.NotFound) {
				r, err = tx.RoleByName(ctx, in, name)
			}
		}
		if errors.Is(err, identity.NotFound) {
			err = identity.Missing("role", name)
		}
		if err != nil {
			return err
		}
		roles[i] = string(r.ID)
	}
	return nil
}

// Overview is what a domain has, for who looks after it.
type Overview struct {
	store.DomainCounts
	Manage bool // the caller may make users
}

// dormantAfter is for how long somebody has not logged in who is called dormant.
const dormantAfter = 90 * aDay

// EndingWithin is how near the end of a grant is that somebody should look at.
const EndingWithin = 30 * aDay

// Overview counts a domain, for who may list its users (identity:list_users). It takes the same number of queries however many
// there are.
func (s *Service) Overview(ctx context.Context, caller identity.Caller, domain identity.DomainID) (o Overview, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListUsers, authz.Target{"domain_id": string(domain)}); err != nil {
		return o, err
	}
	o.Manage = s.MayCreateUser(ctx, caller, domain)
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		rules, err := s.complianceOf(ctx, tx, domain)
		if err != nil {
			return err
		}
		o.DomainCounts, err = tx.CountDomain(ctx, domain, rules.LockoutFailures, tx.Now().Add(-rules.LockoutDuration), tx.Now().Add(-dormantAfter), tx.Now().Add(EndingWithin))
		return err
	})
	return o, err
}
