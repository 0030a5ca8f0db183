package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

var policyPages = []page{
	{method: get, path: "/cloud/policies", serve: (*visit).policies},
	{method: get, path: "/cloud/policies/{service}", serve: (*visit).servicePolicy},
	{method: get, path: "/cloud/whatif", serve: (*visit).whatIf},
	{method: post, path: "/cloud/whatif", serve: (*visit).tryRules},
}

// policiesPage lists the services whose rules are known, and what is odd about them.
type policiesPage struct {
	chrome
	Services []serviceRow
	Problems []string // with the folder as a whole
	Apart    int      // people who hold a role of high impact and an ordinary one, both granted
}

// serviceRow is a service with what should be known of it.
type serviceRow struct {
	*policy.Service
	Path    string
	Readers int // operations that change things and are open to a reader
	Source  source
}

// policyCaller lets in who may look at policies, and returns the roles of the cloud.
func (v *visit) policyCaller() (identity.Caller, []assignment.RoleAbout, error) {
	caller, err := v.onSystem()
	if err != nil {
		return caller, nil, err
	}
	roles, err := v.p.Assignment.AboutRoles(v.Context(), caller)
	return caller, roles, err
}

func (v *visit) policies() error {
	caller, roles, err := v.policyCaller()
	if err != nil {
		return err
	}
	pg, say := new(policiesPage), v.talk()
	pg.Section, pg.Title = "policies", v.T("Policies")
	pg.Lead = v.T("The services whose rules are known here. What roles permit is computed from them; a change of their files counts within a second or so.")
	pg.Terminal = []string{"lintel policy check --policy FILE --access FILE", "lintel access role ROLE --policies DIR"}
	for _, s := range v.p.Services.List() {
		r := serviceRow{Service: s, Path: Prefix + "/cloud/policies/" + url.PathEscape(s.Name), Source: say.About(s)}
		for _, role := range roles {
			if strings.EqualFold(role.Name, "reader") {
				r.Readers = writesByLegacy(s, policy.Supposition{Roles: role.Names, Scope: "project"})
			}
		}
		pg.Services = append(pg.Services, r)
	}
	for _, err := range v.p.Services.Problems() {
		if !slices.ContainsFunc(pg.Services, func(s serviceRow) bool { return errors.Is(s.Service.Problem, err) }) {
			pg.Problems = append(pg.Problems, say.fault(err))
		}
	}
	if pg.Apart, err = v.p.Assignment.MixedPeople(v.Context(), caller); err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	pg.Action = &link{v.T("What if a rule changes?"), Prefix + "/cloud/whatif"}
	return v.show(http.StatusOK, "policies", pg)
}

// policyPage shows the rules of a service, beside what each role may do by them.
type policyPage struct {
	chrome
	Columns  []string
	Services []serviceMatrix
	Find     string
	Writes   bool
}

// columnsOf are all roles of the cloud as columns, those of most people first, after anybody with any role.
func (v *visit) columnsOf(roles []assignment.RoleAbout) (names []string, columns []policy.Supposition) {
	names, columns = []string{v.T("(any role)")}, []policy.Supposition{{Scope: "project"}}
	for _, r := range roles {
		names, columns = append(names, r.Name), append(columns, policy.Supposition{Roles: r.Names, Scope: "project"})
	}
	return names, columns
}

func (v *visit) servicePolicy() error {
	_, roles, err := v.policyCaller()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.p.Services.List(), func(s *policy.Service) bool { return s.Name == v.PathValue("service") })
	if i < 0 {
		return identity.Missing("policy", v.PathValue("service"))
	}
	s := v.p.Services.List()[i]
	pg := &policyPage{Find: strings.TrimSpace(v.field("find")), Writes: v.field("writes") != ""}
	pg.Section, pg.Title = "policies", s.Name
	pg.Lead = v.T("What each role permits in a project of one’s own. Rules about an attribute stand below their operation.")
	pg.Terminal = []string{"lintel policy list --policy FILE"}
	var columns []policy.Supposition
	pg.Columns, columns = v.columnsOf(stockFirst(roles))
	m := serviceMatrix{Service: s, Link: Prefix + "/cloud/policies/" + url.PathEscape(s.Name), Open: true}
	for _, c := range columns {
		for _, in := range v.p.Services.Reaches(c)[0].Services {
			if in.Service == s {
				m.Counts = append(m.Counts, in.Counts)
			}
		}
	}
	m.Lines = matrix(s, columns, func(l matrixLine) bool { return fits(l.Default, pg.Find) && (!pg.Writes || l.Writes()) })
	if m.More = len(m.Lines) > mostLines; m.More {
		m.Lines = m.Lines[:mostLines]
	}
	pg.Services = []serviceMatrix{m}
	pg.Action = &link{v.T("What if a rule changes?"), Prefix + "/cloud/whatif?service=" + url.QueryEscape(s.Name)}
	return v.show(http.StatusOK, "policy", pg)
}

// mostColumns is how many roles a table shows beside each other.
const mostColumns = 6

// stockFirst are the roles that a table shows: those that every cloud has, then others.
func stockFirst(roles []assignment.RoleAbout) []assignment.RoleAbout {
	stock := []string{"reader", "member", "manager", "admin"}
	rank := func(r assignment.RoleAbout) int {
		if i := slices.Index(stock, strings.ToLower(r.Name)); i >= 0 {
			return i
		}
		return len(stock)
	}
	all := slices.Clone(roles)
	slices.SortStableFunc(all, func(a, b assignment.RoleAbout) int { return rank(a) - rank(b) })
	return all[:min(len(all), mostColumns)]
}

// whatIfPage tries rules on a service, or a whole file alone, and tells who would gain and lose what.
type whatIfPage struct {
	chrome
	Names   []choice // of services
	Service string
	Rules   string
	Fault   *fault
	Warns   []string
	Tried   bool
	Changes []roleChange
	Same    string // says what everybody gains, with any role
	Lists   []changedRule
}

// fault is a place in a pasted file, and what is wrong with it.
type fault struct {
	Line, Column  int
	Text          string
	Before, There string // the line, up to the place and from it
}

// roleChange is what a role would permit, and how that differs from what it does.
type roleChange struct {
	Name, ID     string
	Now          policy.Counts
	Gains, Loses int
	High         bool
}

// changedRule is a permission that some roles would gain or lose.
type changedRule struct {
	policy.Default
	Gain, Lose []string
}

func (v *visit) whatIfPage() (*whatIfPage, []assignment.RoleAbout, error) {
	_, roles, err := v.policyCaller()
	if err != nil {
		return nil, nil, err
	}
	pg := &whatIfPage{Service: v.field("service"), Rules: v.field("rules")}
	pg.Names = []choice{{Value: "", Label: v.T("a whole file, alone"), Chosen: pg.Service == ""}}
	for _, s := range v.p.Services.List() {
		pg.Names = append(pg.Names, choice{Value: s.Name, Label: s.Name, Chosen: s.Name == pg.Service})
	}
	pg.Section, pg.Title = "policies", v.T("What if a rule changes?")
	pg.Lead = v.T("Paste rules as in a policy file, and see who would gain or lose what. Nothing is changed by it.")
	pg.Terminal = []string{"lintel access role ROLE --policies FILE", "lintel policy check --policy FILE --access FILE"}
	return pg, roles, nil
}

func (v *visit) whatIf() error {
	pg, _, err := v.whatIfPage()
	if err != nil {
		return err
	}
	if name := v.field("rule"); name != "" {
		for _, s := range v.p.Services.List() {
			if s.Name == pg.Service && s.Enforcer != nil {
				pg.Rules = `"` + name + `": "` + strings.ReplaceAll(s.Enforcer.Rule(name).Check, `"`, `\"`) + `"` + "\n"
			}
		}
	}
	return v.show(http.StatusOK, "whatif", pg)
}

func (v *visit) tryRules() error {
	pg, roles, err := v.whatIfPage()
	if err != nil {
		return err
	}
	if strings.TrimSpace(pg.Rules) == "" {
		pg.Fields = problems{"rules": v.T("Paste at least one rule.")}
		return v.show(http.StatusUnprocessableEntity, "whatif", pg)
	}
	before, after, warns, err := v.tryOn(pg.Service, pg.Rules)
	if p, ok := errors.AsType[*policy.Problem](err); ok {
		pg.Fault = placeOfFault(p, pg.Rules)
		pg.Fields = problems{"rules": v.F("Line %d, column %d: %s", p.Line, p.Column, pg.Fault.Text)}
		return v.show(http.StatusUnprocessableEntity, "whatif", pg)
	} else if err != nil {
		return err
	}
	for _, w := range warns {
		pg.Warns = append(pg.Warns, v.F("Line %d: %s", w.Line, strings.TrimPrefix(w.Rule+": "+w.Text, ": ")))
	}
	v.compare(pg, roles, before, after)
	return v.show(http.StatusOK, "whatif", pg)
}

// tryOn puts rules over a service; or alone, before which whoever administers the cloud may do everything, and others nothing.
func (v *visit) tryOn(name, rules string) (before, after *policy.Service, warns []*policy.Problem, err error) {
	f, err := policy.ParseFile("rules", []byte(rules))
	if err != nil {
		return nil, nil, nil, err
	}
	if len(f.Faults) > 0 {
		return nil, nil, nil, f.Faults[0]
	}
	if name == "" {
		after, err = policy.Alone(f)
		return nil, after, f.Warnings, err
	}
	for _, s := range v.p.Services.List() {
		if s.Name == name && s.Enforcer != nil {
			after, err = s.With(f)
			return s, after, f.Warnings, err
		}
	}
	return nil, nil, nil, identity.Missing("policy", name)
}

// placeOfFault finds the place of a problem in what was pasted.
func placeOfFault(p *policy.Problem, text string) *fault {
	f := &fault{Line: p.Line, Column: p.Column, Text: p.Text}
	if p.Rule != "" {
		f.Text = p.Rule + ": " + p.Text
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return f
	}
	line := []rune(lines[p.Line-1])
	at := max(0, min(p.Column-1, len(line)))
	f.Before, f.There = string(line[:at]), string(line[at:])
	return f
}

// compare fills in who would gain and lose what.
func (v *visit) compare(pg *whatIfPage, roles []assignment.RoleAbout, before, after *policy.Service) {
	pg.Tried = true
	columns := append([]assignment.RoleAbout{{Role: identity.Role{Name: v.T("(any role)")}}}, roles...)
	known := map[string]bool{}
	for _, r := range roles {
		known[strings.ToLower(r.Name)] = true
	}
	for _, name := range after.Enforcer.RolesAsked() {
		if !known[strings.ToLower(name)] {
			columns = append(columns, assignment.RoleAbout{Role: identity.Role{Name: name}, Names: []string{name}})
		}
	}
	changed := map[string]*changedRule{}
	for _, r := range columns {
		c := roleChange{Name: r.Name, ID: string(r.ID), High: r.Weight.High}
		somebody := policy.Supposition{Roles: r.Names, Scope: "project"}
		for _, p := range after.Weigh(somebody) {
			c.Now.Add(p.Verdict)
			was := policy.No
			switch {
			case before != nil:
				was = before.Enforcer.Suppose(p.Name, somebody).Verdict
			case r.Weight.High:
				was = policy.Yes
			}
			if was == p.Verdict || before == nil && !r.Weight.High {
				continue
			}
			line := changed[p.Name]
			if line == nil {
				line = &changedRule{Default: p.Default}
				changed[p.Name] = line
			}
			if p.Verdict > was {
				c.Gains++
				line.Gain = append(line.Gain, r.Name)
			} else {
				c.Loses++
				line.Lose = append(line.Lose, r.Name)
			}
		}
		pg.Changes = append(pg.Changes, c)
	}
	if n := pg.Changes[0].Gains; n > 0 {
		pg.Same = v.N(n, "+%d permission for every role", "+%d permissions for every role")
	}
	for _, d := range after.Rules {
		if line := changed[d.Name]; line != nil && len(pg.Lists) < mostLines {
			pg.Lists = append(pg.Lists, *line)
		}
	}
}
