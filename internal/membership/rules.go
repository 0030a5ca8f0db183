package membership

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// GrantRules are rules of who may grant what, and the roles of the cloud, which they name by their ids.
type GrantRules struct {
	Rules   []identity.GrantRule
	Roles   map[identity.RoleID]identity.Role
	Domains map[identity.DomainID]string // names of those that have rules

	// Unreachable are the roles that rules are about and that nobody can come to have, by domain; the whole cloud's under no domain.
	// See authz.Checker.Unreachable.
	Unreachable map[identity.DomainID][]identity.RoleID
}

// Of returns the rules of a domain, or with an empty one those of the whole cloud.
func (g GrantRules) Of(domain identity.DomainID) (some []identity.GrantRule) {
	for _, r := range g.Rules {
		if r.DomainID == domain {
			some = append(some, r)
		}
	}
	return some
}

// Preset is a set of grant rules that is known by a name.
type Preset string

// The presets.
const (
	KeystoneDefault Preset = "keystone-default" // none: the policy alone decides
	Catalyst        Preset = "catalyst"         // project_admin and project_mod look after their project's people
	Adjutant        Preset = "adjutant"         // as a role_mapping of Adjutant says
)

// Presets are all presets.
var Presets = []Preset{KeystoneDefault, Catalyst, Adjutant}

// RuleSet is what is to stand in the place of the grant rules of the whole cloud, or of a domain.
type RuleSet struct {
	Domain identity.DomainID

	// Preset is where the rules come from; empty for Rules, whose roles are named by id or name.
	Preset Preset
	Rules  []identity.GrantRule

	// Mapping is the configuration of an Adjutant, or the part of it that is its role_mapping: see ParseRoleMapping.
	Mapping string
}

// RuleChange is what a change makes of the grant rules of the whole cloud, or of a domain.
type RuleChange struct {
	GrantRules // afterwards, all of them

	Added, Removed []identity.GrantRule
	Changed        []identity.GrantRule // as they are afterwards

	Missing []string          // names of roles that a preset is about and that are not there
	High    []identity.RoleID // roles of high impact that somebody may grant by the rules, and could not before
}

// GrantRules returns all grant rules (lintel:list_grant_rules).
func (s *Service) GrantRules(ctx context.Context, caller identity.Caller) (all GrantRules, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.Authz.Check(ctx, caller, authz.ListGrantRules, nil); err != nil {
			return err
		}
		b, err := s.Authority.Book(ctx, tx)
		if err != nil {
			return err
		}
		all = GrantRules{Rules: b.Rules, Roles: b.Roles}
		all.sort(all.Rules)
		return s.survey(ctx, tx, b, &all)
	})
	return all, err
}

// survey finds out what the domains of rules are called, and which roles nobody can come to have by the rules.
func (s *Service) survey(ctx context.Context, tx *store.Tx, b *authz.Book, all *GrantRules) error {
	var keys []store.Key
	for _, r := range all.Rules {
		if r.DomainID != "" {
			keys = append(keys, store.Key{Kind: "project", ID: string(r.DomainID)})
		}
	}
	labels, err := tx.Labels(ctx, keys)
	if err != nil {
		return err
	}
	all.Domains = map[identity.DomainID]string{}
	for k, l := range labels {
		all.Domains[identity.DomainID(k.ID)] = l.Name
	}
	held, err := tx.GrantedSomewhere(ctx)
	if err != nil {
		return err
	}
	with := *b
	with.Rules = all.Rules
	cloud, domains := s.Authz.Unreachable(ctx, &with, held)
	domains[""] = cloud
	for _, some := range domains {
		slices.SortFunc(some, func(x, y identity.RoleID) int { return cmp.Compare(b.Roles[x].Name, b.Roles[y].Name) })
	}
	all.Unreachable = domains
	return nil
}

// ManagesGrantRules tells whether the caller may change grant rules, if they prove again who they are (lintel:manage_grant_rules).
func (s *Service) ManagesGrantRules(ctx context.Context, caller identity.Caller) bool {
	return s.MayManageGrantRules(ctx, caller) == nil
}

// MayManageGrantRules refuses who may not change grant rules, however fresh the proof of who they are (lintel:manage_grant_rules).
func (s *Service) MayManageGrantRules(ctx context.Context, caller identity.Caller) error {
	return s.DB.View(ctx, func(tx *store.Tx) error { return s.editsRules(ctx, tx, caller) })
}

// editsRules refuses callers who could gain by a rule that they write: it takes rights that open every role, held for good.
func (s *Service) editsRules(ctx context.Context, tx *store.Tx, caller identity.Caller) error {
	if err := s.Authz.Check(ctx, caller, authz.ManageGrantRules, nil); err != nil {
		return err
	}
	if err := inPerson(caller); err != nil {
		return err
	}
	r, err := s.Authority.Of(ctx, tx, caller)
	if err == nil && !r.Sovereign(time.Time{}) {
		err = identity.Refusedf("Who may grant what is said by those alone who may grant every role, and for good.")
	}
	return err
}

// SetGrantRules puts a set of rules in the place of those of the whole cloud, or of a domain. A rehearsal tells what that would
// change, and changes nothing. The caller must have proved just now who they are (lintel:manage_grant_rules).
func (s *Service) SetGrantRules(ctx context.Context, caller identity.Caller, set RuleSet, rehearse bool) (RuleChange, error) {
	return s.changeRules(ctx, caller, set.Domain, rehearse, func(b *authz.Book, c *RuleChange) ([]identity.GrantRule, error) {
		rules := slices.Clone(set.Rules)
		switch set.Preset {
		case "":
		case KeystoneDefault:
			rules = nil
		case Catalyst:
			rules = c.mapped(b, catalystMapping(b))
		case Adjutant:
			mapping, err := ParseRoleMapping(set.Mapping)
			if err != nil {
				return nil, err
			}
			rules = c.mapped(b, mapping)
		default:
			return nil, identity.Invalidf("%.80q is no preset of grant rules.", set.Preset)
		}
		if (set.Preset == Catalyst || set.Preset == Adjutant) && len(rules) == 0 {
			return nil, identity.Invalidf("Not one rule of the preset %s can be made: make the roles first that it is about: %s.", set.Preset, strings.Join(c.Missing, ", "))
		}
		return rules, nil
	})
}

// PutGrantRule adds a rule, or changes the one of the same domain, holder and target, and returns it, too. It rehearses as
// SetGrantRules does (lintel:manage_grant_rules).
func (s *Service) PutGrantRule(ctx context.Context, caller identity.Caller, rule identity.GrantRule, rehearse bool) (RuleChange, identity.GrantRule, error) {
	c, err := s.changeRules(ctx, caller, rule.DomainID, rehearse, func(b *authz.Book, _ *RuleChange) ([]identity.GrantRule, error) {
		if err := complete(b, rule.DomainID, &rule); err != nil {
			return nil, err
		}
		kept := slices.DeleteFunc(GrantRules{Rules: b.Rules}.Of(rule.DomainID), func(r identity.GrantRule) bool { return keyOf(r) == keyOf(rule) })
		return append(kept, rule), nil
	})
	if err == nil {
		rule = c.Rules[slices.IndexFunc(c.Rules, func(r identity.GrantRule) bool { return keyOf(r) == keyOf(rule) })]
	}
	return c, rule, err
}

// DeleteGrantRule deletes a rule. It rehearses as SetGrantRules does (lintel:manage_grant_rules).
func (s *Service) DeleteGrantRule(ctx context.Context, caller identity.Caller, id string, rehearse bool) (RuleChange, error) {
	var rule identity.GrantRule
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.editsRules(ctx, tx, caller); err != nil {
			return err
		}
		all, err := tx.GrantRules(ctx)
		i := slices.IndexFunc(all, func(r identity.GrantRule) bool { return r.ID == id })
		if err == nil && i < 0 {
			return identity.Missing("grant_rule", id)
		}
		if err == nil {
			rule = all[i]
		}
		return err
	})
	if err != nil {
		return RuleChange{}, err
	}
	return s.changeRules(ctx, caller, rule.DomainID, rehearse, func(b *authz.Book, _ *RuleChange) ([]identity.GrantRule, error) {
		all := GrantRules{Rules: b.Rules}.Of(rule.DomainID)
		i := slices.IndexFunc(all, func(r identity.GrantRule) bool { return r.ID == id })
		if i < 0 {
			return nil, identity.Missing("grant_rule", id) // meanwhile
		}
		return slices.Delete(all, i, i+1), nil
	})
}

// ruleKey is what no two rules have in common.
type ruleKey struct {
	holder, target         identity.RoleID
	holderTier, targetTier identity.Tier
	domain                 identity.DomainID
}

func keyOf(r identity.GrantRule) ruleKey {
	return ruleKey{r.Holder, r.Target, r.HolderTier, r.TargetTier, r.DomainID}
}

// mostRules is how many rules the whole cloud has, and each domain.
const mostRules = 1000

// changeRules puts what wanted returns in the place of the rules of the whole cloud, or of a domain.
func (s *Service) changeRules(ctx context.Context, caller identity.Caller, domain identity.DomainID, rehearse bool,
	wanted func(*authz.Book, *RuleChange) ([]identity.GrantRule, error)) (c RuleChange, err error) {
	run := s.DB.Update
	if rehearse {
		run = s.DB.View
	}
	err = run(ctx, func(tx *store.Tx) error {
		c = RuleChange{}
		if err := s.editsRules(ctx, tx, caller); err != nil {
			return err
		}
		if !rehearse && !authority.Fresh(caller, tx.Now()) {
			return identity.Refusedf("To say who may grant what you must prove again who you are: log in anew.")
		}
		if domain != "" {
			if _, err := tx.Domain(ctx, domain); err != nil {
				return err
			}
		}
		b, err := s.Authority.Book(ctx, tx)
		if err != nil {
			return err
		}
		rules, err := wanted(b, &c)
		if err != nil {
			return err
		}
		if err := checkRules(b, domain, rules); err != nil {
			return err
		}
		c.compare(s.Authz, b, domain, rules, tx.NewID)
		if err := s.survey(ctx, tx, b, &c.GrantRules); err != nil {
			return err
		}
		if rehearse {
			return nil
		}
		if err := s.writeRules(ctx, tx, caller, c); err != nil {
			return err
		}
		return s.tellMasters(ctx, tx, caller, b, domain, c)
	})
	return c, err
}

// compare finds out what changes when rules take the place of those of the whole cloud, or of a domain.
func (c *RuleChange) compare(a *authz.Checker, b *authz.Book, domain identity.DomainID, rules []identity.GrantRule, newID func() string) {
	c.Roles = b.Roles
	before := map[ruleKey]identity.GrantRule{}
	grantable := map[identity.RoleID]bool{}
	for _, r := range b.Rules {
		if r.DomainID != domain {
			c.Rules = append(c.Rules, r)
			continue
		}
		before[keyOf(r)] = r
		grantable[r.Target] = grantable[r.Target] || r.Grant
	}
	for _, r := range rules {
		old, there := before[keyOf(r)]
		if r.ID = old.ID; !there {
			r.ID = newID()
			c.Added = append(c.Added, r)
		} else if r != old {
			c.Changed = append(c.Changed, r)
		}
		delete(before, keyOf(r))
		c.Rules = append(c.Rules, r)
		if domain == "" && r.Grant && !grantable[r.Target] && a.High(b, r.Target) && !slices.Contains(c.High, r.Target) {
			c.High = append(c.High, r.Target)
		}
	}
	c.Removed = slices.Collect(maps.Values(before))
	for _, some := range [][]identity.GrantRule{c.Rules, c.Added, c.Removed, c.Changed} {
		c.sort(some)
	}
}

// sort orders rules by domain, and the names of holder and target.
func (g GrantRules) sort(some []identity.GrantRule) {
	slices.SortFunc(some, func(a, b identity.GrantRule) int {
		return cmp.Or(cmp.Compare(a.DomainID, b.DomainID), cmp.Compare(g.Roles[a.Holder].Name, g.Roles[b.Holder].Name), cmp.Compare(a.HolderTier, b.HolderTier),
			cmp.Compare(g.Roles[a.Target].Name, g.Roles[b.Target].Name), cmp.Compare(a.TargetTier, b.TargetTier))
	})
}

// mostMasters is how many people are told that rules were changed.
const mostMasters = 50

// tellMasters sends a mail to all who may grant every role, when rules were changed.
func (s *Service) tellMasters(ctx context.Context, tx *store.Tx, caller identity.Caller, b *authz.Book, domain identity.DomainID, c RuleChange) error {
	if len(c.Added)+len(c.Changed)+len(c.Removed) == 0 {
		return nil
	}
	all, err := s.masters(ctx, tx, b)
	if err != nil {
		return err
	}
	actor, _ := caller.Token.Actor()
	v := mails.Values{By: mails.Called(actor), Link: "/cloud/grants", Words: fmt.Sprintf("+%d, −%d, ~%d", len(c.Added), len(c.Removed), len(c.Changed))}
	if domain != "" {
		d, err := tx.Domain(ctx, domain)
		if err != nil {
			return err
		}
		v.Domain = d.Name
	}
	for _, u := range all {
		if err := s.Office.Inform(ctx, tx, mails.RulesChanged, u, v); err != nil {
			return err
		}
	}
	return nil
}

// masters are the enabled users who hear of it and may grant every role, up to mostMasters.
func (s *Service) masters(ctx context.Context, tx *store.Tx, b *authz.Book) (some []identity.User, err error) {
	all, err := s.Authority.Masters(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if u := all[id]; len(some) < mostMasters && s.hears(u) && s.Directory.Enabled(u, tx.Now()) {
			some = append(some, u)
		}
	}
	return some, nil
}

func (s *Service) writeRules(ctx context.Context, tx *store.Tx, caller identity.Caller, c RuleChange) error {
	record := func(e identity.Event) error { return tx.Record(ctx, untold(e).By(caller)) }
	for _, r := range c.Removed {
		if err := tx.DropGrantRule(ctx, r); err != nil {
			return err
		}
		if err := record(identity.Deleted("grant_rule", r.ID)); err != nil {
			return err
		}
	}
	for _, r := range c.Added {
		if err := tx.PutGrantRule(ctx, r); err != nil {
			return err
		}
		if err := record(identity.Created("grant_rule", r.ID)); err != nil {
			return err
		}
	}
	for _, r := range c.Changed {
		if err := tx.PutGrantRule(ctx, r); err != nil {
			return err
		}
		if err := record(identity.Updated("grant_rule", r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// complete turns the names of a rule's roles into ids, and fills in that it is about projects where it says nothing of that.
func complete(b *authz.Book, domain identity.DomainID, r *identity.GrantRule) error {
	r.DomainID = domain
	r.HolderTier, r.TargetTier = cmp.Or(r.HolderTier, identity.ProjectTier), cmp.Or(r.TargetTier, identity.ProjectTier)
	for _, id := range []*identity.RoleID{&r.Holder, &r.Target} {
		if _, there := b.Roles[*id]; there {
			continue
		}
		found, there := globalRole(b, string(*id))
		if !there {
			return identity.Missing("role", *id)
		}
		*id = found
	}
	return nil
}

// globalRole finds a role of no domain by its name, as policies do: without regard to case.
func globalRole(b *authz.Book, name string) (identity.RoleID, bool) {
	for id, r := range b.Roles {
		if r.DomainID == "" && strings.EqualFold(r.Name, name) {
			return id, true
		}
	}
	return "", false
}

// checkRules refuses rules that say nothing, or twice something, or in a domain more than those of the whole cloud. It turns names
// of roles into ids.
func checkRules(b *authz.Book, domain identity.DomainID, rules []identity.GrantRule) error {
	if len(rules) > mostRules {
		return identity.Invalidf("Write down up to %d rules.", mostRules)
	}
	cloud := map[ruleKey]identity.GrantRule{}
	for _, r := range b.Rules {
		if r.DomainID == "" {
			cloud[keyOf(r)] = r
		}
	}
	seen := map[ruleKey]bool{}
	for i := range rules {
		r := &rules[i]
		if err := complete(b, domain, r); err != nil {
			return err
		}
		holder, target := b.Roles[r.Holder].Name, b.Roles[r.Target].Name
		switch {
		case !slices.Contains(identity.HolderTiers, r.HolderTier):
			return identity.Invalidf("A role that may grant others is held on a project, a domain or the system, not on %.80q.", r.HolderTier)
		case !slices.Contains(identity.TargetTiers, r.TargetTier):
			return identity.Invalidf("A rule is about roles on a project or domain, or those that a group confers, not about %.80q. The policy decides about the system.", r.TargetTier)
		case b.Roles[r.Holder].DomainID != "":
			return identity.Invalidf("Nobody has the role %s of a domain by itself, so a rule for it opens nothing: name one that it implies.", holder)
		case r.MaxDays < 0 || r.MaxDays > 36500:
			return identity.Invalidf("A grant lasts 1 to 36500 days, or with 0 as long as may be.")
		case seen[keyOf(*r)]:
			return identity.Invalidf("There are two rules of what %s may do with %s. One of them is enough.", holder, target)
		case r.Invite && !r.Grant:
			return identity.Invalidf("To invite somebody to the role %s is to grant it: allow %s both.", target, holder)
		case domain == "" && !r.Grant && !r.Revoke:
			return identity.Invalidf("The rule of what %s may do with %s allows nothing: leave it out.", holder, target)
		}
		seen[keyOf(*r)] = true
		if domain == "" {
			continue
		}
		key := keyOf(*r)
		key.domain = ""
		if above := cloud[key]; r.Grant && !above.Grant || r.Revoke && !above.Revoke || r.Invite && !above.Invite {
			return identity.Invalidf("A domain narrows what the cloud allows, and the cloud does not let %s do that with %s.", holder, target)
		}
	}
	return nil
}

// catalystMapping is what Catalyst Cloud publishes of its roles: an administrator of a project looks after everybody there, a
// moderator after everybody but administrators.
func catalystMapping(b *authz.Book) map[string][]string {
	below := []string{"project_mod", "billing", "member", "heat_stack_owner", "compute_start_stop", "object_storage", "auth_only"}
	for _, r := range b.Roles {
		if r.DomainID == "" && strings.HasPrefix(strings.ToLower(r.Name), "k8s_") {
			below = append(below, r.Name)
		}
	}
	return map[string][]string{"project_admin": append([]string{"project_admin"}, below...), "project_mod": below}
}

// mapped makes rules of who manages which roles on a project. Roles that are not there are noted.
func (c *RuleChange) mapped(b *authz.Book, mapping map[string][]string) (rules []identity.GrantRule) {
	find := func(name string) (identity.RoleID, bool) {
		id, there := globalRole(b, name)
		if !there && !slices.Contains(c.Missing, name) {
			c.Missing = append(c.Missing, name)
		}
		return id, there
	}
	seen := map[ruleKey]bool{}
	for _, holder := range slices.Sorted(maps.Keys(mapping)) {
		held, there := find(holder)
		for _, name := range mapping[holder] {
			target, known := find(name)
			r := identity.GrantRule{Holder: held, HolderTier: identity.ProjectTier, Target: target, TargetTier: identity.ProjectTier, Grant: true, Revoke: true, Invite: true}
			if there && known && !seen[keyOf(r)] {
				seen[keyOf(r)] = true
				rules = append(rules, r)
			}
		}
	}
	slices.Sort(c.Missing)
	return rules
}
