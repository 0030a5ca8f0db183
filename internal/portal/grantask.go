package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

// grantAskPage asks whether somebody may do something, and answers by what rule they may, or not.
type grantAskPage struct {
	chrome

	As, Person, InDomain, Project, Whom, At string // as they were typed: who asks, where they act, to whom it is done, and where
	Holders, Targets                        []roleGroup
	On, Acts                                []choice

	Answer *askAnswer
}

// askAnswer is the decision, in words.
type askAnswer struct {
	Question string
	May      mark
	By       string // the kind of rule that decided
	Why      []string
	Rule     string // of the policy, as it is written
}

// acts are what can be asked about, in words.
func (v *visit) acts() []choice {
	return []choice{
		{Value: string(membership.ActGrant), Label: v.T("grant a role")}, {Value: string(membership.ActRevoke), Label: v.T("take a role back")},
		{Value: string(membership.ActInvite), Label: v.T("invite to a role")}, {Value: string(membership.ActAccount), Label: v.T("change or delete the account")},
		{Value: string(membership.ActFactor), Label: v.T("reset the second factor")},
	}
}

// askGrantRules tries the rules out, by the rooms that apply them.
func (v *visit) askGrantRules() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	all, err := v.p.Membership.GrantRules(v.Context(), caller)
	if err != nil {
		return err
	}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return err
	}
	pg := &grantAskPage{
		As: v.field("as"), Person: strings.TrimSpace(v.field("person")), InDomain: cmp.Or(strings.TrimSpace(v.field("domain")), v.Domain().Name),
		Project: strings.TrimSpace(v.field("project")), Whom: strings.TrimSpace(v.field("whom")), At: strings.TrimSpace(v.field("at")), Acts: v.acts(),
		chrome: chrome{Fields: problems{}},
	}
	pg.Section, pg.Title = "grants", v.T("Who may grant what")
	pg.Lead = v.T("Suppose that somebody would do something to somebody: whether they may, and which rule decides. Nothing is changed, and nobody is told.")
	on := cmp.Or(v.field("on"), string(identity.ProjectTier))
	for _, t := range identity.HolderTiers {
		pg.On = append(pg.On, choice{string(t), v.tier(t), string(t) == on})
	}
	act := cmp.Or(v.field("act"), string(membership.ActGrant))
	for i := range pg.Acts {
		pg.Acts[i].Chosen = pg.Acts[i].Value == act
	}
	pg.Holders, pg.Targets = v.roleGroups(roles, identity.RoleID(pg.As)), v.roleGroups(roles, identity.RoleID(v.field("role")))
	pg.Terminal = []string{"lintel grants ask --as ROLE --project PROJECT --act grant --role ROLE USER"}
	if !v.URL.Query().Has("act") {
		return v.show(http.StatusOK, "grantask", pg)
	}
	q, err := v.supposition(caller, pg, on, membership.Act(act))
	if err != nil {
		return err
	}
	if len(pg.Fields) == 0 {
		out, err := v.p.Membership.Suppose(v.Context(), caller, q)
		if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
		if pg.Problem == "" {
			pg.Terminal = []string{askCommand(pg, all, on, act, q.On.Role)}
			pg.Answer = v.askAnswer(pg, all, out, q)
		}
	}
	status := http.StatusOK
	if pg.Answer == nil {
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "grantask", pg)
}

// supposition reads what is asked; what cannot be found is a problem of its field.
func (v *visit) supposition(caller identity.Caller, pg *grantAskPage, on string, act membership.Act) (q membership.Supposition, err error) {
	q = membership.Supposition{Act: act, On: identity.Grant{Role: identity.RoleID(v.field("role"))}}
	domains, err := v.p.Directory.Domains(v.Context(), caller, identity.Query{}.Where("name", pg.InDomain))
	if err != nil {
		return q, err
	}
	if len(domains.Items) == 0 {
		pg.Fields["domain"] = v.F("There is no domain %s.", pg.InDomain)
		return q, nil
	}
	domain := domains.Items[0].ID
	project := func(field, name string) (id identity.ProjectID) {
		if id, err = v.projectNamed(caller, domain, name); err == nil && id == "" {
			id, err = v.projectOf(caller, domain, identity.ProjectID(name))
		}
		if err == nil && id == "" {
			pg.Fields[field] = v.F("There is no project %s in this domain.", name)
		}
		return id
	}
	user := func(field, name string) identity.UserID {
		u, failed := v.userNamed(caller, domain, name)
		if errors.Is(failed, identity.NotFound) || errors.Is(failed, identity.Forbidden) {
			pg.Fields[field] = v.T("There is nobody of this name in the domain. Type the whole name, or the exact id.")
		} else if failed != nil {
			err = failed
		}
		return u.ID
	}
	if pg.Person != "" {
		q.User = user("person", pg.Person)
	} else {
		q.Role = identity.RoleID(pg.As)
	}
	switch identity.Tier(on) {
	case identity.SystemTier:
		q.Scope, q.On.System = identity.OnSystem(), true
	case identity.DomainTier:
		q.Scope, q.On.Domain = identity.OnDomain(domain), domain
	default:
		if pg.Project == "" {
			pg.Fields["project"] = v.T("Say on which project they act.")
			return q, err
		}
		q.On.Project = project("project", pg.Project)
		q.Scope = identity.OnProject(q.On.Project)
	}
	if pg.At != "" {
		q.On.Project, q.On.Domain, q.On.System = project("at", pg.At), "", false
	}
	if pg.Whom != "" {
		q.On.User = user("whom", pg.Whom)
	} else if act != membership.ActInvite {
		pg.Fields["whom"] = v.T("Say to whom.")
	}
	return q, err
}

// askCommand asks the same.
func askCommand(pg *grantAskPage, all membership.GrantRules, on, act string, role identity.RoleID) string {
	line := "lintel grants ask"
	if pg.Person != "" {
		line += " --as-user " + word(pg.Person)
	} else {
		line += " --as " + word(all.Roles[identity.RoleID(pg.As)].Name)
	}
	switch identity.Tier(on) {
	case identity.SystemTier:
		line += " --system"
	case identity.DomainTier:
	default:
		line += " --project " + word(pg.Project)
	}
	line += " --domain " + word(pg.InDomain) + " --act " + act
	if role != "" && act != string(membership.ActAccount) && act != string(membership.ActFactor) {
		line += " --role " + word(all.Roles[role].Name)
	}
	if pg.At != "" {
		line += " --at " + word(pg.At)
	}
	if pg.Whom != "" {
		line += " " + word(pg.Whom)
	}
	return line
}

// askAnswer says in words what decided, and why.
func (v *visit) askAnswer(pg *grantAskPage, all membership.GrantRules, out membership.Outcome, q membership.Supposition) *askAnswer {
	a := &askAnswer{May: mark{v.T("No"), "bad"}, Rule: out.Check}
	if out.Allowed {
		a.May = mark{v.T("Yes"), "good"}
	}
	who := pg.Person
	if who == "" {
		who = v.F("somebody with %s", all.Roles[q.Role].Name)
	}
	i := slices.IndexFunc(pg.Acts, func(c choice) bool { return c.Chosen })
	a.Question = who + " · " + pg.Acts[max(i, 0)].Label
	if role := out.Roles[q.On.Role].Name; role != "" && q.Act != membership.ActAccount && q.Act != membership.ActFactor {
		a.Question += " · " + role
	}
	if pg.Whom != "" {
		a.Question += " · " + pg.Whom
	}
	tell := func(text string) { a.Why = append(a.Why, text) }
	switch out.By {
	case authz.ByPolicy:
		a.By = v.T("The policy")
		if out.Allowed {
			tell(v.F("The rule %s lets them, by the roles that they have there.", out.Action))
		} else {
			tell(v.F("The rule %s does not let them, and no rule of who may grant what opens it.", out.Action))
		}
	case authz.ByGrantRule:
		a.By = v.T("A rule of who may grant what")
		if out.Rule.ID != "" {
			tell(v.ruleWords(all, out.Rule))
		} else {
			tell(v.T("They may take back all that the other one holds, everywhere."))
		}
	case authz.ByReach:
		a.By = v.T("Nobody grants more than they could take")
		tell(v.F("It brings %s, which gives more than they have there or may grant there.", out.Role.Name))
	case authz.ByTouch:
		a.By = v.T("Nobody changes what somebody above them holds")
		tell(v.F("The other one holds %s on %s, which gives more than they could take, and which they may neither grant nor take back.", out.Role.Name, v.placeName(out.At)))
	case authz.ByShield:
		a.By = v.T("Nobody acts on the account of somebody above them")
		tell(v.F("The other one holds %s on %s, which they may not take back: who could use the account would have it.", out.Role.Name, v.placeName(out.At)))
	case authz.ByLastAdmin:
		a.By = v.T("Somebody must stay who looks after the place")
	case authz.ByOwn:
		a.By = v.T("What is one's own may be given up")
	}
	if out.Absent {
		tell(v.T("But there is nothing to take back: the other one does not have the role there by a grant."))
	}
	if out.Reason != "" {
		tell(v.F("They are told: %s", out.Reason))
	}
	return a
}
