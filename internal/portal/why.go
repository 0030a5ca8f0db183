package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/store"
)

var whyPages = []page{
	{method: get, path: "/access", serve: (*visit).myAccess},
	{method: get, path: "/d/{domain}/users/{user}/access", serve: (*visit).accountAccess},
}

// whyPage answers why somebody may do something, or why not, and what taking one thing away would change.
type whyPage struct {
	chrome
	Name string // of whom it is about
	membership.Coming
	Self   bool
	Path   string
	Held   []place // everywhere, what the account holds there in the end
	Rest   int     // how many more of them there are
	Back   *link
	Places []choice
	At     string
	Where  string // the place's name

	Ways []wayLine // that give roles at the place

	Find  string
	Found []operation // that the words fit
	More  bool

	Answer  *answer
	Without *foresight
}

// wayLine is how a role comes to somebody.
type wayLine struct {
	Role  string
	Steps []string // from the person on
	Cuts  []cut
}

// cut is something that could be taken away, and the page that tells what that would change.
type cut struct{ Label, Path string }

// operation is a permission that can be asked about.
type operation struct {
	policy.Default
	Service string
	Verdict mark
	Path    string
}

// answer says whether somebody has a permission at a place, and why.
type answer struct {
	operation
	Prospect policy.Prospect
	May      mark
	Ways     []wayLine // to the roles because of which they have it
	Check    string
	Tree     *policy.Branch
	Missing  []missingRole
}

// missingRole is one that would give what somebody lacks.
type missingRole struct {
	Name string
	High bool
}

// foresight is what taking something away would change.
type foresight struct {
	What   string
	Lost   []placeRoles
	Ways   int  // that remain to the permission's roles
	Before mark // whether they have the permission
	After  mark
	Asked  bool // a permission is asked about
}

// placeRoles are roles that would be lost at a place.
type placeRoles struct {
	Where string
	Roles []string
}

func (v *visit) myAccess() error {
	pg := &whyPage{Self: true, Name: v.User().Name, Path: Prefix + "/access", Back: &link{v.T("Your access"), Prefix}}
	pg.Section, pg.Title = "home", v.T("What you may do, and why")
	pg.Lead = v.T("Choose a place, look for something to do there, and see what permits it to you, or what you lack.")
	pg.Terminal = []string{"lintel access show"}
	project := identity.ProjectID(v.field("project"))
	access, err := v.p.Assignment.AccessOf(v.Context(), v.self(), assignment.Ref{ID: string(v.User().ID)}, project)
	if err != nil {
		return err
	}
	return v.why(pg, access)
}

// mostHeld is how many places of an account are shown at once.
const mostHeld = 200

func (v *visit) accountAccess() error {
	caller, account, err := v.loadAccount("/access")
	if err != nil {
		return err
	}
	pg := &whyPage{
		Self: account.Self, Name: account.Account.Name, Path: Prefix + accountPath(account) + "/access", Back: &link{account.Account.Name, Prefix + accountPath(account)},
	}
	pg.Tabs, pg.Held = account.Tabs, account.Places
	if pg.Rest = len(pg.Held) - mostHeld; pg.Rest > 0 {
		pg.Held = pg.Held[:mostHeld]
	}
	pg.Section, pg.Title = "users", v.F("What %s may do, and why", pg.Name)
	pg.Lead = v.T("Choose a place, look for something to do there, and see what permits it, or what is lacking.")
	pg.Terminal = []string{
		"lintel access show --domain " + word(account.In.Name) + " " + word(pg.Name),
		"openstack role assignment list --effective --names --user " + word(pg.Name) + " --user-domain " + word(account.In.Name),
	}
	access, err := v.p.Assignment.AccessOf(v.Context(), caller, assignment.Ref{ID: string(account.Account.ID)})
	if err != nil {
		return err
	}
	if pg.Coming, err = v.p.Membership.Coming(v.Context(), caller, account.Account.ID); err != nil {
		return err
	}
	return v.why(pg, access)
}

// placeKey names a place in an address.
func placeKey(p assignment.Place) string {
	key := "system"
	switch {
	case p.ProjectID() != "":
		key = "project." + string(p.ProjectID())
	case p.DomainID() != "":
		key = "domain." + string(p.DomainID())
	}
	if p.Below {
		key += ".below"
	}
	return key
}

func (v *visit) nameOf(access assignment.Access, p assignment.Place) string {
	name := access.Called.Of("project", cmp.Or(string(p.ProjectID()), string(p.DomainID()))).Name
	switch {
	case p.Below:
		return v.F("All projects in %s", name)
	case p.ProjectID() != "":
		return name
	case p.DomainID() != "":
		return v.F("Domain %s", name)
	}
	return v.T("The whole cloud")
}

// why fills the page from somebody's access and what the address asks.
func (v *visit) why(pg *whyPage, access assignment.Access) error {
	places := access.Places()
	pg.At, pg.Find = v.field("place"), strings.TrimSpace(v.field("find"))
	if project := v.field("project"); project != "" && pg.At == "" {
		pg.At = placeKey(assignment.Place{Scope: identity.OnProject(identity.ProjectID(project))})
	}
	i := slices.IndexFunc(places, func(p assignment.Place) bool { return placeKey(p) == pg.At })
	if i < 0 && pg.At != "" && pg.Self && v.field("project") != "" { // where everything that the reader has is inherited
		id := identity.ProjectID(v.field("project"))
		c, err := v.on(id)
		if err != nil {
			return err
		}
		t := c.Token
		access.Called[store.Key{Kind: "project", ID: string(id)}] = store.Label{Name: t.Project.Name, Domain: t.ScopeDomain.ID, DomainName: t.ScopeDomain.Name}
		places = append(places, assignment.Place{Scope: identity.OnProject(id)})
		i = len(places) - 1
	}
	if len(places) == 0 {
		return v.show(http.StatusOK, "why", pg)
	}
	if i < 0 { // most is done in projects
		i = max(0, slices.IndexFunc(places, func(p assignment.Place) bool { return p.ProjectID() != "" && !p.Below }))
	}
	for n, p := range places {
		pg.Places = append(pg.Places, choice{Value: placeKey(p), Label: v.nameOf(access, p), Chosen: n == i})
	}
	at := places[i]
	pg.At, pg.Where = placeKey(at), v.nameOf(access, at)
	ways := access.Ways(at)
	ask := url.Values{"place": {pg.At}}
	if v.field("project") != "" {
		ask.Set("project", v.field("project"))
	}
	if pg.Find != "" {
		ask.Set("find", pg.Find)
	}
	page := func(q url.Values, more ...string) string {
		all := url.Values{}
		maps.Copy(all, q)
		for i := 0; i < len(more); i += 2 {
			all.Set(more[i], more[i+1])
		}
		return pg.Path + "?" + all.Encode()
	}
	roles := func(a assignment.Access) policy.Supposition {
		s := policy.Supposition{Scope: "project"}
		switch {
		case at.Below || at.ProjectID() != "":
		case at.DomainID() != "":
			s.Scope = "domain"
		default:
			s.Scope = "system"
		}
		for _, r := range a.RolesAt(at) {
			s.Roles = append(s.Roles, r.Name)
		}
		return s
	}
	mine := roles(access)
	v.look(pg, mine, func(service, rule string) string { return page(ask, "service", service, "rule", rule) })
	if rule := v.field("rule"); rule != "" {
		ask.Set("service", v.field("service"))
		ask.Set("rule", rule)
		pg.Answer = v.answerTo(access, ways, mine)
	}
	cuts := func(w assignment.Way) (all []cut) {
		for _, r := range assignment.Removals([]assignment.Way{w}) {
			all = append(all, cut{v.removal(access, r), page(ask, "without", removalKey(r))})
		}
		return all
	}
	for _, w := range ways {
		line := v.wayLine(pg.Name, access, w)
		line.Cuts = cuts(w)
		pg.Ways = append(pg.Ways, line)
	}
	if key := v.field("without"); key != "" {
		for _, r := range assignment.Removals(ways) {
			if removalKey(r) == key {
				pg.Without = v.foresee(access, access.Without(r), v.removal(access, r), pg.Answer, mine, roles)
			}
		}
	}
	return v.show(http.StatusOK, "why", pg)
}

// mostFound is how many permissions a search shows.
const mostFound = 50

// look lists the permissions that the words of the page fit.
func (v *visit) look(pg *whyPage, mine policy.Supposition, path func(service, rule string) string) {
	if pg.Find == "" {
		return
	}
	for _, s := range v.p.Services.List() {
		for _, d := range s.Rules {
			if !fits(d, pg.Find) && !fits(policy.Default{Name: s.Name + " " + d.Name, Description: d.Description}, pg.Find) {
				continue
			}
			if pg.More = len(pg.Found) == mostFound; pg.More {
				return
			}
			pg.Found = append(pg.Found, operation{d, s.Name, v.talk().Verdict(s.Enforcer.Suppose(d.Name, mine).Verdict), path(s.Name, d.Name)})
		}
	}
}

// answerTo says whether somebody has the permission of the address, and why.
func (v *visit) answerTo(access assignment.Access, ways []assignment.Way, mine policy.Supposition) *answer {
	var service *policy.Service
	for _, s := range v.p.Services.List() {
		if s.Name == v.field("service") {
			service = s
		}
	}
	if service == nil {
		return nil
	}
	i := slices.IndexFunc(service.Rules, func(d policy.Default) bool { return d.Name == v.field("rule") })
	if i < 0 {
		return nil
	}
	a := &answer{operation: operation{Default: service.Rules[i], Service: service.Name}}
	a.Prospect, a.Tree = service.Enforcer.SupposeWhy(a.Name, mine)
	a.May = v.talk().Verdict(a.Prospect.Verdict)
	a.Check = service.Enforcer.Rule(a.Name).Check
	verdict := func(roles ...string) policy.Verdict {
		s := mine
		s.Roles = roles
		return service.Enforcer.Suppose(a.Name, s).Verdict
	}
	if a.Prospect.Verdict != policy.No && verdict() < a.Prospect.Verdict {
		for _, w := range ways {
			if verdict(access.Roles[w.Role()].Name) == a.Prospect.Verdict {
				a.Ways = append(a.Ways, v.wayLine(access.Called.Of("user", string(access.User.ID)).Name, access, w))
			}
		}
	}
	if a.Prospect.Verdict != policy.Yes {
		for _, r := range access.Roles {
			names := access.NamesOf(r.ID)
			if r.DomainID == "" && verdict(append(slices.Clone(mine.Roles), names...)...) > a.Prospect.Verdict {
				a.Missing = append(a.Missing, missingRole{r.Name, v.p.Services.Impact(names, access.Ordinary())})
			}
		}
		slices.SortFunc(a.Missing, func(x, y missingRole) int {
			if x.High != y.High {
				return map[bool]int{true: 1, false: -1}[x.High]
			}
			return strings.Compare(x.Name, y.Name)
		})
	}
	return a
}

// wayLine says in steps how a role comes to somebody.
func (v *visit) wayLine(person string, access assignment.Access, w assignment.Way) wayLine {
	g := w.Grant
	l := wayLine{Role: access.Roles[w.Role()].Name, Steps: []string{person}}
	if g.Group != "" {
		l.Steps = append(l.Steps, v.F("member of the group %s", access.Called.Of("group", string(g.Group)).Name))
	}
	where := v.T("the whole cloud")
	if id := cmp.Or(string(g.Project), string(g.Domain)); id != "" {
		where = access.Called.Of("project", id).Name
	}
	role := access.Roles[w.Roles[0]].Name
	switch {
	case g.Inherited:
		l.Steps = append(l.Steps, v.F("was granted %s on all projects in %s", role, where))
	default:
		l.Steps = append(l.Steps, v.F("was granted %s on %s", role, where))
	}
	if access.Roles[w.Roles[0]].DomainID != "" {
		l.Steps[len(l.Steps)-1] += " " + v.T("(a role of the domain)")
	}
	for i := 1; i < len(w.Roles); i++ {
		l.Steps = append(l.Steps, v.F("%s brings along %s", access.Roles[w.Roles[i-1]].Name, access.Roles[w.Roles[i]].Name))
	}
	return l
}

// removal says what is taken away.
func (v *visit) removal(access assignment.Access, r assignment.Removal) string {
	name := func(id identity.RoleID) string { return access.Roles[id].Name }
	switch {
	case r.Group != "":
		return v.F("out of the group %s", access.Called.Of("group", string(r.Group)).Name)
	case r.Implies.Prior != "":
		return v.F("%s no longer brings along %s", name(r.Implies.Prior), name(r.Implies.Implied))
	case r.Role != "":
		return v.F("the role %s is deleted", name(r.Role))
	case r.Grant.Group != "":
		return v.F("%s taken from the group %s", name(r.Grant.Role), access.Called.Of("group", string(r.Grant.Group)).Name)
	}
	return v.F("%s taken back", name(r.Grant.Role))
}

// removalKey names a removal in an address.
func removalKey(r assignment.Removal) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", r))
	return hex.EncodeToString(sum[:8])
}

// foresee compares somebody's access with what it would be.
func (v *visit) foresee(now, then assignment.Access, what string, asked *answer, mine policy.Supposition, roles func(assignment.Access) policy.Supposition) *foresight {
	f := &foresight{What: what}
	for _, p := range now.Places() {
		left := then.RolesAt(p)
		var lost []string
		for _, r := range now.RolesAt(p) {
			if !slices.ContainsFunc(left, func(l identity.Role) bool { return l.ID == r.ID }) {
				lost = append(lost, r.Name)
			}
		}
		if len(lost) > 0 {
			f.Lost = append(f.Lost, placeRoles{v.nameOf(now, p), lost})
		}
	}
	if asked == nil {
		return f
	}
	f.Asked = true
	for _, s := range v.p.Services.List() {
		if s.Name == asked.Service {
			c := v.talk()
			f.Before, f.After = asked.May, c.Verdict(s.Enforcer.Suppose(asked.Name, roles(then)).Verdict)
		}
	}
	return f
}

// branch is a check or an operator as the page shows it.
type branch struct {
	Text, Why string
	May       mark
	Branches  []branch
}

// Branch is how a verdict came about, in the reader's words.
func (c *chrome) Branch(b *policy.Branch) branch {
	out := branch{Text: b.Check, Why: b.Why, May: c.Verdict(b.Verdict)}
	switch b.Operator {
	case "and":
		out.Text = c.T("all of:")
	case "or":
		out.Text = c.T("one of:")
	case "not":
		out.Text = c.T("not:")
	}
	for _, below := range b.Branches {
		out.Branches = append(out.Branches, c.Branch(below))
	}
	return out
}
