package portal

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var grantRulePages = slices.Concat(
	[]page{{method: get, path: "/cloud/grants", serve: (*visit).grantRules}, {method: get, path: "/cloud/grants/ask", serve: (*visit).askGrantRules}},
	both("/cloud/grants/preset", (*visit).choosePreset, true),
	both("/cloud/grants/rule", (*visit).editGrantRule, true),
	both("/cloud/grants/rule/delete", (*visit).deleteGrantRule, true),
)

// grantRulesPage shows who may grant what beside what the policies say: for the whole cloud, and where domains narrow that.
type grantRulesPage struct {
	chrome
	Sets     []grantRuleSet
	Presets  []presetChoice
	Manage   bool
	Why      string   // the reader may not change them
	Warnings []string // roles that nobody can come to have
}

// grantRuleSet are the rules of the whole cloud, or of a domain.
type grantRuleSet struct {
	Domain string // the name; empty for the whole cloud
	Rules  []grantRuleRow
}

// grantRuleRow is a rule in words.
type grantRuleRow struct {
	ID                     string
	Holder, Target         string
	HolderTier, TargetTier string
	May, Asks              []string
}

// presetChoice is a preset with what it means.
type presetChoice struct {
	Name  membership.Preset
	About string
}

func (v *visit) presets() []presetChoice {
	return []presetChoice{
		{membership.KeystoneDefault, v.T("No rules: the policies alone decide.")},
		{membership.Catalyst, v.T("Who holds project_admin looks after all people of their project, who holds project_mod after all but administrators.")},
		{membership.Adjutant, v.T("As the role_mapping of an Adjutant says.")},
	}
}

// tier is a tier of a holder or a target in words.
func (v *visit) tier(t identity.Tier) string {
	switch t {
	case identity.DomainTier:
		return v.T("a domain")
	case identity.SystemTier:
		return v.T("the system")
	case identity.GroupTier:
		return v.T("what a group confers")
	}
	return v.T("a project")
}

// may says what a rule lets its holder do.
func (v *visit) may(g identity.GrantRule) (words []string) {
	if g.Grant {
		words = append(words, v.T("grant"))
	}
	if g.Revoke {
		words = append(words, v.T("take back"))
	}
	if g.Invite {
		words = append(words, v.T("invite to"))
	}
	if len(words) == 0 {
		words = []string{v.T("nothing")}
	}
	return words
}

// asks says what a rule asks for.
func (v *visit) asks(g identity.GrantRule) (words []string) {
	if g.MaxDays > 0 {
		words = append(words, v.N(g.MaxDays, "at most %d day", "at most %d days"))
	}
	if g.NeedsAnswer {
		words = append(words, v.T("somebody else agrees"))
	}
	if g.StepUp {
		words = append(words, v.T("a fresh proof of who it is"))
	}
	return words
}

func (v *visit) grantRules() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	all, err := v.p.Membership.GrantRules(v.Context(), caller)
	if err != nil {
		return err
	}
	pg := &grantRulesPage{Presets: v.presets(), Warnings: v.unreachable(all)}
	switch e, refused := errors.AsType[*identity.Error](v.p.Membership.MayManageGrantRules(v.Context(), caller)); {
	case !refused:
		pg.Manage = true
	case strings.HasPrefix(e.Message, notAllowed):
		pg.Why = v.T("You may look at the rules, and not change them.")
	default:
		pg.Why = e.Message
	}
	pg.Section, pg.Title, pg.Tabs = "grants", v.T("Who may grant what"), v.grantTabs(false)
	pg.Lead = v.T("Beside what the policies say: what those who hold a role may do with another one, where they hold theirs. Nobody reaches above themselves, whatever is written here.")
	pg.Terminal = []string{"lintel grants list"}
	pg.Sets = []grantRuleSet{{}}
	last := identity.DomainID("")
	for _, g := range all.Rules {
		if g.DomainID != last {
			last = g.DomainID
			pg.Sets = append(pg.Sets, grantRuleSet{Domain: all.Domains[g.DomainID]})
		}
		set := &pg.Sets[len(pg.Sets)-1]
		set.Rules = append(set.Rules, grantRuleRow{
			g.ID, all.Roles[g.Holder].Name, all.Roles[g.Target].Name, v.tier(g.HolderTier), v.tier(g.TargetTier), v.may(g), v.asks(g),
		})
	}
	if pg.Manage {
		pg.Action = &link{v.T("Add a rule"), Prefix + "/cloud/grants/rule"}
	}
	return v.show(http.StatusOK, "grantrules", pg)
}

// grantTabs lead to the rules, and to what they come to.
func (v *visit) grantTabs(ask bool) []tab {
	return []tab{{entry: entry{Prefix + "/cloud/grants", v.T("Rules"), !ask}}, {entry: entry{Prefix + "/cloud/grants/ask", v.T("Try them out"), ask}}}
}

// unreachable warns of roles that rules are about and that nobody can come to have.
func (v *visit) unreachable(all membership.GrantRules) (words []string) {
	for _, id := range all.Unreachable[""] {
		words = append(words, v.F("Nobody can come to have %s: nobody holds it, and nobody but those who may grant every role can grant it.", all.Roles[id].Name))
	}
	for _, domain := range slices.Sorted(maps.Keys(all.Unreachable)) {
		for _, id := range all.Unreachable[domain] {
			if domain != "" {
				words = append(words, v.F("In the domain %s nobody can grant %s: its rules close what those of the cloud open.", cmp.Or(all.Domains[domain], string(domain)), all.Roles[id].Name))
			}
		}
	}
	return words
}

// managesRules refuses who may not change grant rules, before a form is shown to them.
func (v *visit) managesRules() (identity.Caller, error) {
	caller, err := v.onSystem()
	if err == nil {
		err = v.p.Membership.MayManageGrantRules(v.Context(), caller)
	}
	return caller, err
}

// ruleWords says a rule in one line.
func (v *visit) ruleWords(all membership.GrantRules, g identity.GrantRule) string {
	text := v.F("%s on %s: %s the role %s (%s)", all.Roles[g.Holder].Name, v.tier(g.HolderTier), strings.Join(v.may(g), ", "), all.Roles[g.Target].Name, v.tier(g.TargetTier))
	if asks := v.asks(g); len(asks) > 0 {
		text += " – " + strings.Join(asks, ", ")
	}
	return text
}

// mostWords is how many lines tell of rules that come or go.
const mostWords = 40

// ruleMeans says what a change of rules does.
func (v *visit) ruleMeans(c membership.RuleChange) (means []string) {
	for _, of := range []struct {
		rules []identity.GrantRule
		label string
	}{{c.Added, v.T("New: %s")}, {c.Changed, v.T("Changed: %s")}, {c.Removed, v.T("Gone: %s")}} {
		for i, g := range of.rules {
			if i == mostWords {
				means = append(means, v.N(len(of.rules)-i, "and %d more", "and %d more"))
				break
			}
			means = append(means, strings.Replace(of.label, "%s", v.ruleWords(c.GrantRules, g), 1))
		}
	}
	if len(means) == 0 {
		means = []string{v.T("Nothing changes.")}
	}
	for _, name := range c.Missing {
		means = append(means, v.F("There is no role %s: rules about it are left out.", name))
	}
	for _, id := range c.High {
		means = append(means, v.F("The role %s is of high impact: whoever may grant it can have what it permits.", c.Roles[id].Name))
	}
	means = append(means, v.unreachable(c.GrantRules)...)
	return append(means, v.T("It counts at once, for the portal and for every other client. What was granted before stays."))
}

// presetPage offers presets to choose from.
type presetPage struct {
	chrome
	Presets []presetChoice
	Chosen  membership.Preset
	Mapping string
}

func (v *visit) choosePreset() error {
	caller, err := v.managesRules()
	if err != nil {
		return err
	}
	pg := &presetPage{Presets: v.presets(), Chosen: membership.Preset(v.field("preset")), Mapping: v.field("mapping")}
	pg.Section, pg.Title = "grants", v.T("Choose a preset")
	pg.Lead = v.T("It takes the place of all rules of the whole cloud. You see what that changes before it is done.")
	pg.Terminal = []string{"lintel grants preset keystone-default", "lintel grants preset catalyst", "lintel grants preset adjutant --file FILE"}
	if v.Method == get {
		return v.show(http.StatusOK, "grantpreset", pg)
	}
	set := membership.RuleSet{Preset: pg.Chosen, Mapping: pg.Mapping}
	if set.Preset == "" {
		pg.Fields = problems{"preset": v.T("Choose one.")}
		return v.show(http.StatusUnprocessableEntity, "grantpreset", pg)
	}
	c, err := v.p.Membership.SetGrantRules(v.Context(), caller, set, true)
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	} else if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "grantpreset", pg)
	}
	out := &actPage{Means: v.ruleMeans(c), Typed: string(pg.Chosen), Do: v.T("Put these rules in place"), Back: Prefix + "/cloud/grants",
		Hidden: map[string]string{"preset": string(pg.Chosen), "mapping": pg.Mapping}}
	out.Section, out.Title, out.Lead = "grants", v.F("Put the preset %s in place?", pg.Chosen), v.T("It takes the place of all rules of the whole cloud.")
	out.Terminal = []string{"lintel grants preset " + string(pg.Chosen) + map[bool]string{true: " --file FILE"}[pg.Chosen == membership.Adjutant]}
	return v.decide(out, func() (string, error) {
		_, err := v.p.Membership.SetGrantRules(v.Context(), caller, set, false)
		return "/cloud/grants?done=saved", err
	})
}

// grantRulePage is the form for a rule.
type grantRulePage struct {
	chrome
	Rule        identity.GrantRule
	InDomain    string // by name
	Days        string
	Holders     []roleGroup
	Targets     []roleGroup
	HolderTiers []choice
	TargetTiers []choice
}

func (v *visit) editGrantRule() error {
	caller, err := v.managesRules()
	if err != nil {
		return err
	}
	all, err := v.p.Membership.GrantRules(v.Context(), caller)
	if err != nil {
		return err
	}
	pg := &grantRulePage{Rule: identity.GrantRule{HolderTier: identity.ProjectTier, TargetTier: identity.ProjectTier, Grant: true, Revoke: true, Invite: true}}
	if id := v.field("id"); v.Method == get && id != "" {
		i := slices.IndexFunc(all.Rules, func(g identity.GrantRule) bool { return g.ID == id })
		if i < 0 {
			return identity.Missing("grant_rule", id)
		}
		if pg.Rule = all.Rules[i]; pg.Rule.MaxDays > 0 {
			pg.Days = strconv.Itoa(pg.Rule.MaxDays)
		}
		pg.InDomain = all.Domains[pg.Rule.DomainID]
	} else if v.Method == get {
		pg.Rule.Target = identity.RoleID(v.field("target"))
	} else {
		pg.Rule = identity.GrantRule{
			Holder: identity.RoleID(v.field("holder")), HolderTier: identity.Tier(v.field("on")), Target: identity.RoleID(v.field("target")), TargetTier: identity.Tier(v.field("to")),
			Grant: v.field("grant") != "", Revoke: v.field("revoke") != "", Invite: v.field("invite") != "", NeedsAnswer: v.field("answer") != "", StepUp: v.field("proof") != "",
		}
		pg.Days, pg.InDomain = strings.TrimSpace(v.field("days")), strings.TrimSpace(v.field("domain"))
	}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return err
	}
	pg.Holders, pg.Targets = v.roleGroups(roles, pg.Rule.Holder), v.roleGroups(roles, pg.Rule.Target)
	for _, t := range identity.HolderTiers {
		pg.HolderTiers = append(pg.HolderTiers, choice{Value: string(t), Label: v.tier(t), Chosen: t == pg.Rule.HolderTier})
	}
	for _, t := range identity.TargetTiers {
		pg.TargetTiers = append(pg.TargetTiers, choice{Value: string(t), Label: v.tier(t), Chosen: t == pg.Rule.TargetTier})
	}
	pg.Section, pg.Title = "grants", v.T("A rule")
	pg.Lead = v.T("What those who hold one role may do with another one. A rule that there is about the two is replaced.")
	pg.Terminal = []string{"lintel grants allow HOLDER ROLE"}
	if v.Method == get {
		return v.show(http.StatusOK, "grantrule", pg)
	}
	pg.Fields = problems{}
	if pg.Days != "" {
		if n, err := strconv.Atoi(pg.Days); err != nil || n < 1 {
			pg.Fields["days"] = v.T("Type a whole number, or leave it empty.")
		} else {
			pg.Rule.MaxDays = n
		}
	}
	if pg.InDomain != "" {
		found, err := v.p.Directory.Domains(v.Context(), caller, identity.Query{}.Where("name", pg.InDomain))
		if err != nil {
			return err
		}
		if len(found.Items) == 0 {
			pg.Fields["domain"] = v.F("There is no domain %s.", pg.InDomain)
		} else {
			pg.Rule.DomainID = found.Items[0].ID
		}
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "grantrule", pg)
	}
	c, rule, err := v.p.Membership.PutGrantRule(v.Context(), caller, pg.Rule, true)
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	} else if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "grantrule", pg)
	}
	holder := all.Roles[rule.Holder].Name
	out := &actPage{Means: v.ruleMeans(c), Typed: holder, Do: v.T("Save the rule"), Back: Prefix + "/cloud/grants", Hidden: map[string]string{}}
	for _, name := range []string{"holder", "on", "target", "to", "grant", "revoke", "invite", "answer", "proof", "days", "domain"} {
		if value := v.field(name); value != "" {
			out.Hidden[name] = value
		}
	}
	out.Section, out.Title, out.Lead = "grants", v.F("Let holders of %s do this?", holder), v.ruleWords(c.GrantRules, rule)
	out.Terminal = []string{allowCommand(all, rule, pg.InDomain)}
	return v.decide(out, func() (string, error) {
		_, _, err := v.p.Membership.PutGrantRule(v.Context(), caller, rule, false)
		return "/cloud/grants?done=saved", err
	})
}

// allowCommand is the command that makes a rule.
func allowCommand(all membership.GrantRules, g identity.GrantRule, domain string) string {
	var b strings.Builder
	b.WriteString("lintel grants allow " + word(all.Roles[g.Holder].Name) + " " + word(all.Roles[g.Target].Name))
	if g.HolderTier != identity.ProjectTier {
		b.WriteString(" --on " + string(g.HolderTier))
	}
	if g.TargetTier != identity.ProjectTier {
		b.WriteString(" --to " + string(g.TargetTier))
	}
	var only []string
	for _, may := range []struct {
		does bool
		word string
	}{{g.Grant, "grant"}, {g.Revoke, "revoke"}, {g.Invite, "invite"}} {
		if may.does {
			only = append(only, may.word)
		}
	}
	switch len(only) {
	case 0:
		b.WriteString(" --only none")
	case 1, 2:
		b.WriteString(" --only " + strings.Join(only, ","))
	}
	if g.MaxDays > 0 {
		b.WriteString(" --max-days " + strconv.Itoa(g.MaxDays))
	}
	if g.NeedsAnswer {
		b.WriteString(" --needs-approval")
	}
	if g.StepUp {
		b.WriteString(" --needs-step-up")
	}
	if domain != "" {
		b.WriteString(" --domain " + word(domain))
	}
	return b.String()
}

func (v *visit) deleteGrantRule() error {
	caller, err := v.managesRules()
	if err != nil {
		return err
	}
	id := v.field("id")
	c, err := v.p.Membership.DeleteGrantRule(v.Context(), caller, id, true)
	if err != nil {
		return err
	}
	gone := c.Removed[0]
	out := &actPage{Means: v.ruleMeans(c), Typed: c.Roles[gone.Holder].Name, Do: v.T("Delete the rule"), Back: Prefix + "/cloud/grants", Hidden: map[string]string{"id": id}}
	out.Section, out.Title, out.Lead = "grants", v.T("Delete this rule?"), v.ruleWords(c.GrantRules, gone)
	out.Terminal = []string{"lintel grants deny " + word(c.Roles[gone.Holder].Name) + " " + word(c.Roles[gone.Target].Name) +
		map[bool]string{true: " --on " + string(gone.HolderTier)}[gone.HolderTier != identity.ProjectTier] +
		map[bool]string{true: " --to " + string(gone.TargetTier)}[gone.TargetTier != identity.ProjectTier] +
		map[bool]string{true: " --domain " + word(string(gone.DomainID))}[gone.DomainID != ""]}
	return v.decide(out, func() (string, error) {
		_, err := v.p.Membership.DeleteGrantRule(v.Context(), caller, id, false)
		return "/cloud/grants?done=deleted", err
	})
}
