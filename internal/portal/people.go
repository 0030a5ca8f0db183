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
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var peoplePages = []page{
	{method: get, path: "/p/{id}/people", serve: (*visit).people},
	{method: get, path: "/p/{id}/groups", serve: (*visit).groupsHere},
	{method: get, path: "/p/{id}/groups/{group}", serve: (*visit).groupHere},
	{method: get, path: "/p/{id}/groups/{group}/add", serve: (*visit).addToGroupHere},
	{method: post, path: "/p/{id}/groups/{group}/add", serve: (*visit).addToGroupHere},
	{method: get, path: "/p/{id}/groups/{group}/remove/{user}", serve: (*visit).removeFromGroupHere},
	{method: post, path: "/p/{id}/groups/{group}/remove/{user}", serve: (*visit).removeFromGroupHere},
	{method: get, path: "/p/{id}/people/add", serve: (*visit).addPerson},
	{method: post, path: "/p/{id}/people/add", serve: (*visit).tryAddPerson},
	{method: get, path: "/p/{id}/people/{user}", serve: (*visit).person},
	{method: post, path: "/p/{id}/people/{user}", serve: (*visit).changePerson},
	{method: post, path: "/p/{id}/people/revoke", serve: (*visit).revokeChosen},
	{method: get, path: "/p/{id}/people/{user}/revoke/{role}", serve: (*visit).askBack},
	{method: post, path: "/p/{id}/people/{user}/revoke/{role}", serve: (*visit).askBack},
	{method: get, path: "/p/{id}/people/{user}/factor", serve: (*visit).resetFactorHere, confirmed: true},
	{method: post, path: "/p/{id}/people/{user}/factor", serve: (*visit).resetFactorHere, confirmed: true},
	{method: get, path: "/p/{id}/revoke", serve: (*visit).askRevoke},
	{method: post, path: "/p/{id}/revoke", serve: (*visit).revoke},
}

// peopleTabs lead to the lists of whoever has to do with a project, with how many there are where the page has counted them.
func (v *visit) peopleTabs(h *here, n *store.PeopleCount, at string) []tab {
	counts := [4]string{}
	if n != nil {
		counts = [4]string{strconv.Itoa(n.All), strconv.Itoa(n.Invited), strconv.Itoa(n.Inherited), strconv.Itoa(n.Groups)}
	}
	return []tab{
		{entry{h.Path("/people"), v.T("Members"), at == "people"}, counts[0]},
		{entry{h.Path("/invitations"), v.T("Invited"), at == "invitations"}, counts[1]},
		{entry{h.Path("/people?tab=inherited"), v.T("Inherited"), at == "inherited"}, counts[2]},
		{entry{h.Path("/groups"), v.T("Groups"), at == "groups"}, counts[3]},
		{entry{h.Path("/requests"), v.T("Requests"), at == "requests"}, ""},
		{entry{h.Path("/waiting"), v.T("Waiting"), at == "waiting"}, ""},
	}
}

// personRow is one of the people.
type personRow struct {
	assignment.Person
	In     string // the domain
	Email  string
	Factor bool
	Roles  []heldRole
	Locked string // why nothing of it can be taken back
	Self   bool
}

// Initials stand in for a picture of the person.
func (r personRow) Initials() string { return initials(r.Name) }

func (v *visit) people() error {
	h, err := v.hereIn(identity.AreaPeople)
	if err != nil {
		return err
	}
	pg := &listPage{listing: listing{Finds: v.T("Find by name"), None: v.T("Nobody yet"), Hint: v.T("No one has a role on this project."), Columns: []column{
		{Key: "name", Label: v.T("Person")}, {Key: "roles", Label: v.T("Roles here")}, {Key: "second_factor", Label: v.T("Second factor")},
		{Key: "last_signed_in", Label: v.T("Last signed in")}, {Key: "ends", Label: v.T("Access ends")},
		{Key: "email", Label: v.T("E-mail"), Hidden: true}, {Key: "domain", Label: v.T("Domain"), Hidden: true}, {Key: "id", Label: "ID", Hidden: true},
	}}}
	v.aboutPeople(&pg.chrome, h)
	f := store.PeopleFilter{Role: identity.RoleID(v.field("only"))}
	at := "people"
	if v.field("tab") == "inherited" {
		at, f.Inherited = "inherited", true
		pg.None, pg.Hint = v.T("Nothing is inherited"), v.T("No role on the domain or on a project above reaches down to here.")
	}
	if f.Role != "" {
		pg.Crumbs = []link{{v.T("Everybody"), h.Path("/people")}, {v.T("Only those who have one role."), ""}}
	}
	var found assignment.People
	return showList(v, "list", pg, pg.query(v), func(q identity.Query) (identity.Page[assignment.Person], error) {
		f.Name, f.After, f.Limit = pg.Search, identity.UserID(q.Marker), q.Limit
		found, err = asGranter(h, func(c identity.Caller) (assignment.People, int, error) {
			found, err := v.p.Assignment.People(v.Context(), c, h.ID, f)
			return found, len(found.Offers), err
		})
		pg.Tabs = v.peopleTabs(h, &found.PeopleCount, at)
		if len(found.Offers) > 0 {
			pg.Action = &link{v.T("Add a person"), h.Path("/people/add")}
		}
		return found.Page, err
	}, func(all []assignment.Person) (rows []row, err error) {
		for _, p := range all {
			r := v.personRow(p, found.Called)
			rows = append(rows, v.listedPerson(h, r, len(found.Offers) > 0))
			if !rows[len(rows)-1].Fixed {
				pg.Bulk = []bulk{{v.T("Revoke those chosen"), h.Path("/people/revoke"), true}}
			}
		}
		return rows, nil
	})
}

// listedPerson is a row of the list of people.
func (v *visit) listedPerson(h *here, r personRow, grants bool) row {
	factor := cell{Text: v.T("Off"), State: "warn"}
	switch {
	case !r.Known:
		factor = cell{Never: v.T("not shown")}
	case r.Factor:
		factor = cell{Text: v.T("On"), State: "good"}
	}
	seen := cell{Never: v.T("not shown")}
	if r.Known {
		seen = v.when(r.LastActiveAt)
	}
	ends := cell{Never: v.T("never")}
	for _, t := range r.Terms {
		if !t.Until.IsZero() && (ends.Time.IsZero() || t.Until.Before(ends.Time)) {
			ends.Time = t.Until
		}
	}
	out := row{ID: string(r.ID), Name: r.Name, Fixed: len(r.Revocable)+len(r.Askable) == 0 || r.Self, Why: r.Locked, Cells: []cell{
		{Text: r.Name, About: beside(r.User.DisplayName(), r.Email), Face: true}, {Roles: r.Roles}, factor, seen, ends, {Text: r.Email}, {Text: r.In}, {Text: string(r.ID), Code: true},
	}}
	if r.Self {
		out.Why = v.T("You")
	}
	if grants || len(r.Revocable)+len(r.Askable) > 0 {
		out.Acts = []link{{v.T("Update"), h.Path("/people/", string(r.ID))}}
	}
	return out
}

// revokeChosen asks about those who were chosen in the list.
func (v *visit) revokeChosen() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	if len(v.PostForm["id"]) == 0 {
		v.redirect(strings.TrimPrefix(h.Path("/people?done=nobody"), Prefix))
		return nil
	}
	v.redirect(strings.TrimPrefix(h.Path("/revoke?", url.Values{"user": v.PostForm["id"]}.Encode()), Prefix))
	return nil
}

// beside are what stands next to a name, as far as there is any.
func beside(said ...string) string {
	return strings.Join(slices.DeleteFunc(said, func(s string) bool { return s == "" }), " · ")
}

// aboutPeople fills what the pages about people have around them.
func (v *visit) aboutPeople(c *chrome, h *here) {
	c.Here, c.Section, c.Title = h, "people", v.T("People")
	c.Lead = v.F("Who can work in %s, what they may do, and where each role comes from.", h.Name)
	c.Terminal = []string{"openstack role assignment list --project " + word(h.Name) + " --project-domain " + word(h.In) + " --effective --names"}
}

func (v *visit) personRow(p assignment.Person, called assignment.Names) personRow {
	row := personRow{Person: p, In: called.Of("user", string(p.ID)).DomainName, Self: p.ID == v.User().ID, Roles: v.rolesHeld(p.Held, p.Terms, called)}
	if p.Known {
		row.Email, _ = p.Extra["email"].(string)
		row.Factor = v.p.Credential.SecondFactor(p.User)
	}
	switch granted := p.Granted(); {
	case len(p.Revocable) > 0:
	case len(p.Askable) > 0:
		row.Locked = v.F("Holds %s: to take it back somebody else must agree", called.Of("role", string(p.Askable[0])).Name)
	case p.Obstacle != "":
		row.Locked = v.F("Holds %s: you may not change that", called.Of("role", string(p.Obstacle)).Name)
	case len(granted) > 0:
		row.Locked = v.F("Holds %s: you may not change that", called.Of("role", string(granted[0])).Name)
	default:
		for _, a := range p.Held {
			if up := cmp.Or(string(a.ViaProject), string(a.ViaDomain)); up != "" {
				row.Locked = v.F("Inherited from %s", called.Of("project", up).Name)
			} else if a.ViaGroup != "" && row.Locked == "" {
				row.Locked = v.F("By the group %s", called.Of("group", string(a.ViaGroup)).Name)
			}
		}
	}
	return row
}

// rolesHeld are roles with where they come from: what was granted first, then what follows.
func (v *visit) rolesHeld(held []identity.Assignment, terms map[identity.RoleID]identity.Terms, called assignment.Names) (roles []heldRole) {
	for _, a := range held {
		r := v.heldRole(a.Role, called)
		r.Origin, r.Ends = v.origin(a, called), v.ends(a, terms[a.Role])
		if !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	slices.SortFunc(roles, func(a, b heldRole) int { return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Name, b.Name)) })
	return roles
}

// groupsPage lists the groups whose members can work in a project.
type groupsPage struct {
	chrome
	Groups []groupRow
}

type groupRow struct {
	Name, In string
	Path     string // of the group's own page
	Manage   bool   // which is that of its domain
	Members  int
	Roles    []heldRole
}

func (v *visit) groupsHere() error {
	h, err := v.hereIn(identity.AreaPeople)
	if err != nil {
		return err
	}
	pg := new(groupsPage)
	var found []assignment.GroupHere
	var count store.PeopleCount
	var called assignment.Names
	err = h.as(func(c identity.Caller) (err error) {
		found, count, called, err = v.p.Assignment.GroupsHere(v.Context(), c, h.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range found {
		l := called.Of("group", string(g.GroupID))
		row := groupRow{l.Name, l.DomainName, h.Path("/groups/", string(g.GroupID)), false, g.Members, v.rolesHeld(g.Held, nil, called)}
		if slices.ContainsFunc(h.callers, func(c identity.Caller) bool { // its pages are a domain's
			return (c.Token.Scope.IsSystem() || c.Token.Scope.DomainID() == l.Domain) && v.p.Directory.MayCreateGroup(v.Context(), c, l.Domain)
		}) {
			row.Manage, row.Path = true, groupPath(identity.Group{ID: g.GroupID, DomainID: l.Domain})
		}
		pg.Groups = append(pg.Groups, row)
	}
	pg.Tabs = v.peopleTabs(h, &count, "groups")
	v.aboutPeople(&pg.chrome, h)
	return v.show(http.StatusOK, "groups", pg)
}

// groupHere shows a group that has roles on a project to those who see its people.
func (v *visit) groupHere() error {
	h, err := v.hereIn(identity.AreaPeople)
	if err != nil {
		return err
	}
	pg := &groupPage{listing: listing{Finds: v.T("Find by name"), None: v.T("Nobody is in it."), Columns: []column{
		{Key: "name", Label: v.T("Name"), Sort: "name"}, {Key: "email", Label: v.T("E-mail")}, {Key: "domain", Label: v.T("Domain"), Hidden: true}, {Key: "id", Label: "ID", Hidden: true},
	}}}
	var called assignment.Names
	return showList(v, "group", pg, pg.query(v), func(q identity.Query) (identity.Page[assignment.GroupMember], error) {
		if q.Filters = nil; pg.Search != "" {
			q.Filters = []identity.Filter{{Attr: "name", Compare: identity.Contains, FoldCase: true, Value: pg.Search}}
		}
		found, err := v.findGroup(h, pg, q)
		called = found.Called
		return found.Page, err
	}, func(members []assignment.GroupMember) (rows []row, err error) {
		for _, m := range members {
			r := row{ID: string(m.ID), Name: m.Name, Cells: []cell{
				{Text: m.Name, Path: h.Path("/people/", string(m.ID))}, {Text: pg.Email(m.User)}, {Text: called.Of("user", string(m.ID)).DomainName}, {Text: string(m.ID), Code: true},
			}}
			if pg.Removes {
				r.Acts = []link{{v.T("Remove"), pg.Path + "/remove/" + string(m.ID)}}
			}
			rows = append(rows, r)
		}
		return rows, nil
	})
}

// findGroup fills the page of the group of the path from a project, and returns a page of its members.
func (v *visit) findGroup(h *here, pg *groupPage, q identity.Query) (found assignment.GroupMembers, err error) {
	id := identity.GroupID(v.PathValue("group"))
	found, err = asGranter(h, func(c identity.Caller) (found assignment.GroupMembers, offers int, err error) {
		if found, err = v.p.Assignment.MembersHere(v.Context(), c, h.ID, id, q); found.Adds || found.Removes {
			offers = 1
		}
		return found, offers, err
	})
	if err != nil {
		return found, err
	}
	held, called := found.Held, found.Called
	err = h.as(func(c identity.Caller) error {
		all, names, err := v.p.Assignment.Assignments(v.Context(), c, assignment.Query{Group: id}, true)
		if err == nil {
			held, called = all, names
		}
		return err
	})
	if pg.Part = errors.Is(err, identity.Forbidden); err != nil && !pg.Part {
		return found, err
	}
	if err := pg.may(v, found.Moves); err != nil {
		return found, err
	}
	v.aboutPeople(&pg.chrome, h)
	pg.Group, pg.In, pg.Title, pg.Lead = found.Group, found.Called.Of("group", string(id)).DomainName, found.Name, v.F("Group in %s", found.Called.Of("group", string(id)).DomainName)
	pg.Places, pg.Path, pg.as = v.places(held, nil, called), h.Path("/groups/", string(id)), h.as
	return found, nil
}

// addToGroupHere takes whom it adds as assignment.UserNamed finds them, and looks nobody up before that.
func (v *visit) addToGroupHere() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	pg := new(groupPage)
	if _, err := v.findGroup(h, pg, identity.Query{Limit: 1}); err != nil {
		return err
	}
	if !pg.Adds {
		return pg.refused
	}
	name, in := strings.TrimSpace(v.field("name")), cmp.Or(strings.TrimSpace(v.field("domain")), pg.In)
	if name == "" {
		v.redirect(strings.TrimPrefix(pg.Path, Prefix))
		return nil
	}
	return v.askAdd(pg, assignment.Ref{Name: name, Domain: directory.DomainRef{Name: in}}, name, in)
}

func (v *visit) removeFromGroupHere() error {
	h, f, err := v.personHere()
	if err != nil {
		return err
	}
	pg := new(groupPage)
	found, err := v.findGroup(h, pg, identity.Query{Limit: 1})
	if err != nil {
		return err
	}
	if !found.Removes {
		return identity.NotAllowed("identity:remove_user_from_group")
	}
	return v.askRemove(pg, f.User, f.Called.Of("user", string(f.ID)).DomainName)
}
