package portal

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/trail"
)

var assignmentPages = slices.Concat(
	[]page{
		{method: get, path: "/d/{domain}/assignments", serve: (*visit).assignments},
		{method: get, path: "/cloud/assignments", serve: (*visit).assignments},
	},
	both("/d/{domain}/assignments/new", (*visit).newAssignment, false),
	both("/cloud/assignments/new", (*visit).newAssignment, false),
	both("/d/{domain}/assignments/revoke", (*visit).revokeAssignment, false),
	both("/cloud/assignments/revoke", (*visit).revokeAssignment, false),
)

// mostAssignments is how many grants a page that counts them looks at.
const mostAssignments = 200

// assignmentsPage shows who was granted what: in a domain, or on the system.
type assignmentsPage struct {
	chrome
	listing
}

// grantRow is a grant with what its ends are called.
type grantRow struct {
	Who, Role, Where string
	Group, Inherited bool
	Revoke           string
}

// realm is the domain of the path, or none for the whole cloud, with the caller's rights and the address of its assignments.
func (v *visit) realm() (caller identity.Caller, d identity.Domain, path string, err error) {
	if v.PathValue("domain") == "" {
		caller, err = v.onSystem()
		return caller, d, "/cloud/assignments", err
	}
	caller, d, err = v.inDomain()
	return caller, d, inDomain(d.ID) + "/assignments", err
}

// frameAssignments marks a page as one about assignments.
func frameAssignments(c *chrome, d identity.Domain) {
	if c.Section = "assignments"; d.ID == "" {
		c.Section = "system"
	}
}

// views of the assignments: each grant, or counted by what they have in common.
var pivots = []string{"", store.ByActor, store.ByRole, store.ByTarget}

// anyHigh stands for all roles of high impact in the choice of a role.
const anyHigh = "high"

func (v *visit) assignments() error {
	caller, d, path, err := v.realm()
	if err != nil {
		return err
	}
	pg := new(assignmentsPage)
	frameAssignments(&pg.chrome, d)
	pg.Title = v.T("Assignments")
	var q assignment.Query
	if d.ID == "" {
		q.System = "all"
		pg.Title, pg.Lead = v.T("System"), v.T("Who has a role on the cloud itself, and so may do things to all of it.")
		pg.Terminal = []string{"openstack role assignment list --system all --names"}
	} else {
		q.Within = d.ID
		pg.Lead = v.F("Who was granted which role where in %s. What follows from it stands with each person.", d.Name)
		pg.Terminal = []string{"openstack role assignment list --names"}
	}
	pg.Action = &link{v.T("Grant a role"), Prefix + path + "/new"}
	pg.None, pg.Hint = v.T("Nothing found"), v.T("Nobody was granted a role that fits.")
	if err := v.narrow(caller, d, pg, &q); err != nil {
		return err
	}
	view := v.field("view")
	for i, name := range []string{v.T("Each grant"), v.T("By person or group"), v.T("By role"), v.T("By place")} {
		if d.ID == "" && pivots[i] == store.ByTarget {
			continue
		}
		pg.Tabs = append(pg.Tabs, tab{entry: entry{Prefix + path + "?view=" + pivots[i], name, view == pivots[i]}})
	}
	if d.ID != "" {
		pg.Tabs = append(pg.Tabs, tab{entry: entry{Prefix + inDomain(d.ID) + "/requests", v.T("Requests"), false}})
	}
	if len(pg.Fields) > 0 { // nothing is called so
		return showList(v, "list", pg, pg.query(v), func(identity.Query) (page identity.Page[identity.Grant], err error) { return page, nil },
			func([]identity.Grant) ([]row, error) { return nil, nil })
	}
	if slices.Contains(pivots[1:], view) {
		return v.countedAssignments(caller, pg, q, view, path)
	}
	pg.Columns = []column{{Key: "who", Label: v.T("Who")}, {Key: "role", Label: v.T("Role")}, {Key: "where", Label: v.T("Where")}, {Key: "ends", Label: v.T("Ends")},
		{Key: "inherited", Label: v.T("Inherited"), Hidden: true}, {Key: "granted", Label: v.T("Granted"), Hidden: true}}
	var found assignment.Granted
	return showList(v, "list", pg, pg.query(v), func(lq identity.Query) (page identity.Page[identity.Grant], err error) {
		q.Limit, q.From.After = lq.Limit, grantMarked(lq.Marker)
		found, err = v.p.Assignment.Granted(v.Context(), caller, q)
		return found.Page, err
	}, func(grants []identity.Grant) (rows []row, err error) {
		for _, g := range grants {
			r := v.grantRow(g, found.Called, Prefix+path)
			who, where := cell{Text: r.Who}, cell{Text: r.Where}
			if r.Group {
				who.About = v.T("Group")
			}
			inherited := cell{Text: v.T("no")}
			if r.Inherited {
				where.About, inherited.Text = v.T("not there, but on all projects below"), v.T("yes")
			}
			ends, granted := cell{Text: v.T("never")}, cell{Never: v.T("not known")}
			if t := found.Terms[g]; !t.Until.IsZero() {
				ends = cell{Time: t.Until}
			}
			if t := found.Terms[g]; !t.GrantedAt.IsZero() {
				granted.Time = t.GrantedAt
			}
			line := row{ID: markGrant(g), Name: r.Role + ", " + r.Who + ", " + r.Where, Fixed: true, Cells: []cell{who, {Chips: []string{r.Role}}, where, ends, inherited, granted}}
			if why := found.Locked[g]; asksAnswer(why) {
				line.Acts = []link{{v.T("Ask to revoke"), r.Revoke}}
			} else if why != nil {
				line.Why = v.notRevocable(why)
			} else {
				line.Acts = []link{{v.T("Revoke"), r.Revoke}}
			}
			rows = append(rows, line)
		}
		return rows, nil
	})
}

// notRevocable says why somebody may not take a grant back.
func (v *visit) notRevocable(err error) string {
	if o, seen := errors.AsType[*authz.Obstacle](err); seen {
		return v.F("Holds %s: you may not change that", o.Role.Name)
	}
	if e, ok := errors.AsType[*identity.Error](err); ok && !strings.HasPrefix(e.Message, notAllowed) {
		return v.said(e)
	}
	return v.T("You may not take this role back")
}

// countedAssignments shows how many grants there are to each person, of each role or on each place.
func (v *visit) countedAssignments(caller identity.Caller, pg *assignmentsPage, q assignment.Query, by, path string) error {
	pg.Columns = []column{{Key: "name", Label: map[string]string{store.ByActor: v.T("Who"), store.ByRole: v.T("Role"), store.ByTarget: v.T("Where")}[by]}, {Key: "grants", Label: v.T("Grants")},
		{Key: "id", Label: "ID", Hidden: true}}
	var called assignment.Names
	return showList(v, "list", pg, pg.query(v), func(lq identity.Query) (page identity.Page[store.GrantCount], err error) {
		page, called, err = v.p.Assignment.CountGrants(v.Context(), caller, q, by, lq.Marker, lq.Limit)
		return page, err
	}, func(all []store.GrantCount) (rows []row, err error) {
		for _, c := range all {
			var name cell
			var id, key string
			switch {
			case c.User != "":
				id, key, name.Text = string(c.User), "user", called.Of("user", string(c.User)).Name
			case c.Group != "":
				id, key, name.Text, name.About = string(c.Group), "group", called.Of("group", string(c.Group)).Name, v.T("Group")
			case c.Role != "":
				id, key, name.Text = string(c.Role), "role", v.roleCalled(roleLabeled(c.Role, called.Of("role", string(c.Role))))
			default:
				id, key, name.Text = string(c.Project), "project", called.Of("project", string(c.Project)).Name
			}
			name.Text = cmp.Or(name.Text, id)
			name.Path = Prefix + path + "?" + url.Values{key: {id}}.Encode()
			rows = append(rows, row{ID: id, Name: name.Text, Fixed: true, Cells: []cell{name, {Text: strconv.Itoa(c.Grants)}, {Text: id, Code: true}}})
		}
		return rows, nil
	})
}

// markGrant writes a grant down for the address of the page that follows it, and grantMarked reads it.
func markGrant(g identity.Grant) string {
	return url.Values{"u": {string(g.User)}, "g": {string(g.Group)}, "p": {string(g.Project)}, "d": {string(g.Domain)}, "r": {string(g.Role)},
		"i": {strconv.FormatBool(g.Inherited)}, "s": {strconv.FormatBool(g.System)}}.Encode()
}

func grantMarked(text string) *identity.Grant {
	q, err := url.ParseQuery(text)
	if text == "" || err != nil {
		return nil
	}
	return &identity.Grant{User: identity.UserID(q.Get("u")), Group: identity.GroupID(q.Get("g")), Project: identity.ProjectID(q.Get("p")), Domain: identity.DomainID(q.Get("d")),
		Role: identity.RoleID(q.Get("r")), Inherited: q.Get("i") == "true", System: q.Get("s") == "true"}
}

// narrow offers the fields that narrow the list, and asks for what the names in them stand for.
func (v *visit) narrow(caller identity.Caller, d identity.Domain, pg *assignmentsPage, q *assignment.Query) error {
	pg.Fields = problems{}
	if person := pg.input(v, "user", v.T("User name"), "text"); person != "" {
		u, err := v.userNamed(caller, d.ID, person)
		switch {
		case errors.Is(err, identity.NotFound) || errors.Is(err, identity.Forbidden):
			pg.Fields["user"] = v.T("There is nobody of this name in the domain. Type the whole name, or the exact id.")
		case err != nil:
			return err
		}
		q.User = u.ID
	}
	if group := pg.input(v, "group", v.T("Group"), "text"); group != "" && q.User == "" {
		g, err := v.groupNamed(caller, d.ID, group)
		switch {
		case errors.Is(err, identity.NotFound) || errors.Is(err, identity.Forbidden):
			pg.Fields["group"] = v.T("There is no group of this name.")
		case err != nil:
			return err
		}
		q.Group = g.ID
	}
	if d.ID != "" {
		if project := pg.input(v, "project", v.T("Project"), "text"); project == string(d.ID) {
			q.Domain = d.ID
		} else if project != "" {
			p, err := v.projectNamed(caller, d.ID, project)
			if err == nil && p == "" {
				p, err = v.projectOf(caller, d.ID, identity.ProjectID(project))
			}
			if err != nil {
				return err
			}
			if q.Project = p; p == "" {
				pg.Fields["project"] = v.F("There is no project %s in this domain. Create it first.", project)
			}
		}
		inherited := filter{Name: "inherited", Label: v.T("Inherited"), Choices: []option{{"", v.T("inherited or not"), false}, {"yes", v.T("inherited alone"), false}, {"no", v.T("not inherited"), false}}}
		for i := range inherited.Choices {
			c := &inherited.Choices[i]
			if c.Chosen = c.Value == v.field("inherited"); c.Chosen && c.Value != "" {
				is := c.Value == "yes"
				q.Inherited = &is
			}
		}
		pg.Filters = append(pg.Filters, inherited)
	}
	roles, err := v.p.Assignment.AboutRoles(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	chosen := v.field("role")
	of := filter{Name: "role", Label: v.T("Role"), Choices: []option{{"", v.T("any role"), false}, {anyHigh, v.T("any role of high impact"), chosen == anyHigh}}}
	var described []assignment.DescribedRole
	for _, r := range roles {
		described = append(described, assignment.DescribedRole{Role: r.Role, Profile: r.Profile})
		if r.Weight.High && chosen == anyHigh {
			q.Roles = append(q.Roles, r.ID)
		}
	}
	if d.ID != "" {
		own, err := v.p.Assignment.DescribedRoles(v.Context(), caller, d.ID)
		if ignoreForbidden(err) != nil {
			return err
		}
		for _, r := range own {
			if r.DomainID == d.ID {
				described = append(described, r)
			}
		}
	}
	if pg.add(v, "ends", v.T("Ends"), "", v.T("ending or not"), "soon", v.T("within 30 days")) == "soon" {
		q.EndsBefore = v.p.Now().Add(directory.EndingWithin)
	}
	of.Roles = v.roleGroups(described, identity.RoleID(chosen))
	if chosen != anyHigh {
		q.Role = identity.RoleID(chosen)
	}
	pg.Filters = append(pg.Filters, of)
	return nil
}

// projectOf is a domain's project by its exact id; empty when there is none that the caller may see.
func (v *visit) projectOf(caller identity.Caller, domain identity.DomainID, id identity.ProjectID) (identity.ProjectID, error) {
	p, err := v.p.Directory.Project(v.Context(), caller, id, directory.Around{})
	if errors.Is(err, identity.NotFound) || errors.Is(err, identity.Forbidden) || err == nil && p.DomainID != domain {
		return "", nil
	}
	return p.ID, err
}

// groupNamed finds a group by the name in a domain, or by the exact id. Without a domain it is the reader's own.
func (v *visit) groupNamed(caller identity.Caller, domain identity.DomainID, name string) (identity.Group, error) {
	domain = cmp.Or(domain, v.User().DomainID)
	found, err := v.p.Directory.Groups(v.Context(), caller, identity.Query{Limit: 1}.Where("domain_id", string(domain)).Where("name", name))
	if err != nil {
		return identity.Group{}, err
	}
	if len(found.Items) == 1 {
		return found.Items[0], nil
	}
	return v.p.Directory.Group(v.Context(), caller, identity.GroupID(name))
}

func (v *visit) grantRow(g identity.Grant, called assignment.Names, path string) grantRow {
	r := grantRow{Role: v.roleCalled(roleLabeled(g.Role, called.Of("role", string(g.Role)))), Group: g.Group != "", Inherited: g.Inherited}
	q := url.Values{"role": {string(g.Role)}}
	if r.Group {
		r.Who = called.Of("group", string(g.Group)).Name
		q.Set("group", string(g.Group))
	} else {
		r.Who = called.Of("user", string(g.User)).Name
		q.Set("user", string(g.User))
	}
	switch {
	case g.System:
		r.Where = v.T("The whole cloud")
	case g.Project != "":
		r.Where = called.Of("project", string(g.Project)).Name
		q.Set("project", string(g.Project))
	default:
		r.Where = v.F("Domain %s", called.Of("project", string(g.Domain)).Name)
	}
	if g.Inherited {
		q.Set("inherited", "1")
	}
	r.Who, r.Where, r.Role = cmp.Or(r.Who, string(g.User)+string(g.Group)), cmp.Or(r.Where, string(g.Project)), cmp.Or(r.Role, string(g.Role))
	r.Revoke = path + "/revoke?" + q.Encode()
	return r
}

// newAssignmentPage is the form for a grant.
type newAssignmentPage struct {
	chrome
	In                       identity.Domain
	Back                     string
	Kind, Name, Role, Target string
	Inherited                bool
	Roles                    []roleGroup
	Until                    string // the last day
	Asks                     bool   // somebody else must agree
	Reason                   string // for them
}

func (v *visit) newAssignment() error {
	caller, d, path, err := v.realm()
	if err != nil {
		return err
	}
	pg := &newAssignmentPage{In: d, Back: Prefix + path, Kind: v.field("kind"), Name: strings.TrimSpace(v.field("name")), Role: v.field("role"),
		Target: strings.TrimSpace(v.field("project")), Inherited: v.field("inherited") != "", Until: v.field("until"), Reason: strings.TrimSpace(v.field("reason")), chrome: chrome{Fields: problems{}}}
	frameAssignments(&pg.chrome, d)
	pg.Title, pg.Lead = v.T("Grant a role"), v.T("To a person, or to all who are in a group.")
	pg.Terminal = []string{"openstack role add --user NAME --user-domain " + word(d.Name) + " --project PROJECT --project-domain " + word(d.Name) + " ROLE"}
	if d.ID == "" {
		pg.Terminal = []string{"openstack role add --user NAME --system all ROLE"}
	}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, d.ID)
	if err != nil {
		return err
	}
	var offers []assignment.Offer
	if d.ID != "" { // grant rules let people grant roles that they may not look at otherwise
		if offers, err = v.p.Assignment.Offers(v.Context(), caller, identity.ProjectID(d.ID)); ignoreForbidden(err) != nil {
			return err
		}
	}
	for _, o := range offers {
		if !slices.ContainsFunc(roles, func(r assignment.DescribedRole) bool { return r.ID == o.ID }) {
			roles = append(roles, assignment.DescribedRole{Role: o.Role, Profile: o.About})
		}
	}
	chosen := identity.RoleID(pg.Role)
	if i := slices.IndexFunc(roles, func(r assignment.DescribedRole) bool { return r.Name == "member" }); chosen == "" && i >= 0 {
		chosen = roles[i].ID
	}
	pg.Roles = v.roleGroups(roles, chosen)
	if v.Method == get {
		return v.show(http.StatusOK, "newassignment", pg)
	}
	g, err := v.readGrant(caller, d, pg)
	if err != nil {
		return err
	}
	until := v.until("until", pg.Fields)
	if len(pg.Fields) == 0 {
		about, err := v.p.Assignment.AboutRole(v.Context(), caller, g.Role)
		if i := slices.IndexFunc(offers, func(o assignment.Offer) bool { return o.ID == g.Role }); i >= 0 && errors.Is(err, identity.Forbidden) {
			about, err = assignment.RoleAbout{Role: offers[i].Role, Weight: offers[i].Weight}, nil
		}
		if err != nil && !errors.Is(err, identity.NotFound) {
			return err
		}
		if about.Weight.High {
			out := v.warnOfReach(pg, about)
			if g.Group != "" {
				who, err := v.whoIsIn(caller, d, g.Group)
				if err != nil {
					return err
				}
				out.Means = append(out.Means, who...)
			}
			if ok, err := v.typed(out); err != nil || !ok {
				return err
			}
		}
		err = v.p.Assignment.CreateGrantFor(v.Context(), caller, g, identity.Terms{Until: until, Source: identity.ByHand})
		if pg.Asks = asksAnswer(err); pg.Asks && pg.Reason != "" {
			if _, err = v.p.Membership.GrantAll(v.Context(), caller, []identity.Grant{g}, until, pg.Reason); err == nil {
				v.redirect(strings.TrimSuffix(path, "/assignments") + "/requests?done=requested")
				return nil
			}
		} else if pg.Asks {
			pg.Fields["reason"], err = v.T("Somebody else must agree: say why."), nil
		}
		if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "newassignment", pg)
	}
	v.redirect(path + "?done=grant-made")
	return nil
}

// grantCommand grants what the form says, with a word for the role.
func grantCommand(pg *newAssignmentPage, role string) string {
	kind := "user"
	if pg.Kind == "group" {
		kind = "group"
	}
	if pg.In.ID != "" && (pg.Until != "" || pg.Reason != "") {
		return lintelGrant(pg, kind, role)
	}
	who := "openstack role add --" + kind + " " + word(pg.Name)
	switch in := word(pg.In.Name); {
	case pg.In.ID == "":
		return who + " --system all " + role
	case pg.Target == "":
		who += " --" + kind + "-domain " + in + " --domain " + in
	default:
		who += " --" + kind + "-domain " + in + " --project " + word(pg.Target) + " --project-domain " + in
	}
	if pg.Inherited {
		who += " --inherited"
	}
	return who + " " + role
}

// lintelGrant is grantCommand for a grant that ends, or to which somebody else must agree.
func lintelGrant(pg *newAssignmentPage, kind, role string) string {
	in := word(pg.In.Name)
	line := "lintel access grant --domain " + in
	if pg.Target != "" {
		line = "lintel access grant --project " + word(pg.Target) + " --project-domain " + in
	}
	if kind == "group" {
		line += " --group"
	}
	line += " --user-domain " + in
	if pg.Inherited {
		line += " --inherited"
	}
	if pg.Until != "" {
		line += " --until " + word(pg.Until)
	}
	if pg.Reason != "" {
		line += " --reason " + word(pg.Reason)
	}
	return line + " " + word(pg.Name) + " " + role
}

// warnOfReach asks again before a role of high impact is granted.
func (v *visit) warnOfReach(pg *newAssignmentPage, about assignment.RoleAbout) *actPage {
	where := cmp.Or(pg.Target, pg.In.Name, v.T("the whole cloud"))
	out := &actPage{Typed: pg.Name, Do: v.F("Grant %s", about.Name), Back: pg.Back, Means: append(v.blast(about.Weight, about.Name, where, pg.Name),
		v.T("Who runs things of their own as well should have a second account for that."))}
	out.Section, out.Title = pg.Section, v.F("Grant %s to %s?", about.Name, pg.Name)
	out.Terminal = []string{grantCommand(pg, roleWord(about.Role))}
	out.Hidden = map[string]string{"kind": pg.Kind, "name": pg.Name, "role": pg.Role, "project": pg.Target, "until": pg.Until, "reason": pg.Reason}
	if pg.Inherited {
		out.Hidden["inherited"] = "1"
	}
	return out
}

// mostShown is how many members of a group are named before it is given a role of high impact.
const mostShown = 20

// whoIsIn says who would have a role by a group, and who put them there: somebody may have joined it to wait for that.
func (v *visit) whoIsIn(caller identity.Caller, d identity.Domain, group identity.GroupID) (lines []string, err error) {
	members, err := v.p.Directory.UsersOfGroup(v.Context(), caller, group, identity.Query{Limit: mostShown})
	if err != nil {
		return nil, ignoreForbidden(err)
	}
	by := map[string]string{}
	q := identity.TrailQuery{Target: string(group), Action: "group.added", Limit: 5 * mostShown}
	var found trail.Page
	if d.ID == "" {
		found, err = v.p.Trail.All(v.Context(), caller, q)
	} else {
		found, err = v.p.Trail.OfDomain(v.Context(), caller, d.ID, q)
	}
	if ignoreForbidden(err) != nil {
		return nil, err
	}
	for _, e := range found.Items {
		if _, newer := by[e.Person.ID]; !newer {
			by[e.Person.ID] = e.Actor.Name
		}
	}
	for _, u := range members.Items {
		switch who := by[string(u.ID)]; who {
		case "":
			lines = append(lines, v.F("%s gets it by the group.", u.Name))
		case u.Name:
			lines = append(lines, v.F("%s gets it by the group, and joined it by themselves.", u.Name))
		default:
			lines = append(lines, v.F("%s gets it by the group, where %s put them.", u.Name, who))
		}
	}
	if members.More {
		lines = append(lines, v.T("The group has more members."))
	}
	return lines, nil
}

func ignoreForbidden(err error) error {
	if errors.Is(err, identity.Forbidden) {
		return nil
	}
	return err
}

// readGrant is the grant that a form asks for; what cannot be found is a problem of its field.
func (v *visit) readGrant(caller identity.Caller, d identity.Domain, pg *newAssignmentPage) (g identity.Grant, err error) {
	g = identity.Grant{Role: identity.RoleID(pg.Role), Inherited: pg.Inherited && d.ID != ""}
	if pg.Kind == "group" {
		var found identity.Group
		found, err = v.groupNamed(caller, d.ID, pg.Name)
		g.Group = found.ID
	} else {
		var found identity.User
		found, err = v.userNamed(caller, d.ID, pg.Name)
		g.User = found.ID
	}
	if errors.Is(err, identity.NotFound) || errors.Is(err, identity.Forbidden) {
		pg.Fields["name"], err = v.T("There is nobody of this name in the domain. Type the whole name, or the exact id."), nil
	}
	if err != nil {
		return g, err
	}
	switch {
	case d.ID == "":
		g.System = true
	case pg.Target == "":
		g.Domain = d.ID
	default:
		if g.Project, err = v.projectNamed(caller, d.ID, pg.Target); err == nil && g.Project == "" {
			pg.Fields["project"] = v.F("There is no project %s in this domain. Create it first.", pg.Target)
		}
	}
	return g, err
}

func (v *visit) revokeAssignment() error {
	caller, d, path, err := v.realm()
	if err != nil {
		return err
	}
	q := v.URL.Query()
	g := identity.Grant{Role: identity.RoleID(q.Get("role")), User: identity.UserID(q.Get("user")), Group: identity.GroupID(q.Get("group")), Inherited: q.Get("inherited") != ""}
	switch {
	case d.ID == "":
		g.System, g.Inherited = true, false
	case q.Get("project") != "":
		g.Project = identity.ProjectID(q.Get("project"))
	default:
		g.Domain = d.ID
	}
	if (g.User == "") == (g.Group == "") {
		return identity.Missing("role", g.Role)
	}
	err = v.p.Assignment.CheckRevocable(v.Context(), caller, g)
	asks := asksAnswer(err)
	if err != nil && !asks {
		return err
	}
	found, called, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Role: g.Role, User: g.User, Group: g.Group, Within: d.ID}, true)
	if err != nil {
		return err
	}
	r := v.grantRow(g, called, Prefix+path)
	loses := v.F("%s on %s", r.Role, r.Where)
	if g.System {
		loses = v.F("%s on %s", r.Role, v.T("the whole cloud"))
	}
	stays := v.T("It was granted nowhere else here.")
	if n := len(found) - 1; n > 0 {
		stays = v.N(n, "The role stays in %d other place.", "The role stays in %d other places.")
	}
	out := &actPage{Back: Prefix + path, Do: v.T("Take the role back"), Means: []string{
		loses, v.T("Application credentials of theirs that have the role there lose it."), stays,
	}}
	about, err := v.p.Assignment.AboutRole(v.Context(), caller, g.Role)
	if err != nil && !errors.Is(err, identity.NotFound) && !errors.Is(err, identity.Forbidden) {
		return err
	}
	if about.Weight.High {
		out.Typed = r.Who
	}
	frameAssignments(&out.chrome, d)
	out.Title, out.Lead = v.F("Take %s from %s?", r.Role, r.Who), v.T("What comes by other ways, such as a group, stays.")
	out.Terminal = []string{revokeCommand(g, called)}
	if out.Asked = asks; asks {
		out.Why, out.Do, out.Terminal = v.field("reason"), v.T("Ask for it"), []string{askBackCommand(g, called)}
		out.Means = append(out.Means, v.T("To take this role back somebody else must agree."), v.T("Those who can agree are asked. Until one does, nothing changes."))
	}
	return v.decide(out, func() (string, error) {
		if !asks {
			return path + "?done=grant-revoked", v.p.Assignment.RevokeGrant(v.Context(), caller, g)
		}
		at := inDomain(d.ID)
		if g.Project != "" {
			at = "/p/" + string(g.Project)
		}
		_, err := v.p.Membership.RevokeAll(v.Context(), caller, []identity.Grant{g}, out.Why)
		return at + "/requests?done=requested", err
	})
}

// askBackCommand asks for a role to be taken back.
func askBackCommand(g identity.Grant, called assignment.Names) string {
	who, kind, option := called.Of("user", string(g.User)), "project", ""
	if g.Group != "" {
		who, option = called.Of("group", string(g.Group)), " --group"
	}
	if g.Domain != "" {
		kind = "domain"
	}
	if g.Inherited {
		option += " --inherited"
	}
	where := called.Of("project", string(g.Project)+string(g.Domain))
	said := "lintel access revoke --" + kind + " " + word(where.Name)
	if g.Project != "" {
		said += " --project-domain " + word(where.DomainName)
	}
	return said + option + " --user-domain " + word(who.DomainName) + " --reason WHY " + word(who.Name) + " " + roleWord(roleLabeled(g.Role, called.Of("role", string(g.Role))))
}

// revokeCommand is how the openstack command takes a role back.
func revokeCommand(g identity.Grant, called assignment.Names) string {
	said := "openstack role remove"
	option := func(kind, id string) {
		l := called.Of(kind, id)
		said += " --" + kind + " " + word(l.Name) + " --" + kind + "-domain " + word(l.DomainName)
	}
	if g.Group != "" {
		option("group", string(g.Group))
	} else {
		option("user", string(g.User))
	}
	switch {
	case g.System:
		said += " --system all"
	case g.Project != "":
		option("project", string(g.Project))
	default:
		said += " --domain " + word(called.Of("project", string(g.Domain)).Name)
	}
	if g.Inherited {
		said += " --inherited"
	}
	return said + " " + roleWord(roleLabeled(g.Role, called.Of("role", string(g.Role))))
}
