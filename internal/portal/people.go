package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var peoplePages = []page{
	{method: get, path: "/p/{id}/people", serve: (*visit).people},
	{method: get, path: "/p/{id}/groups", serve: (*visit).groupsHere},
	{method: get, path: "/p/{id}/people/add", serve: (*visit).addPerson},
	{method: post, path: "/p/{id}/people/add", serve: (*visit).tryAddPerson},
	{method: get, path: "/p/{id}/people/{user}", serve: (*visit).person},
	{method: post, path: "/p/{id}/people/{user}", serve: (*visit).changePerson},
	{method: get, path: "/p/{id}/revoke", serve: (*visit).askRevoke},
	{method: post, path: "/p/{id}/revoke", serve: (*visit).revoke},
}

// peoplePerPage is how many people a page lists.
const peoplePerPage = 50

// tab is one of the lists that a page has beside each other.
type tab struct {
	entry
	Count int
}

func (v *visit) peopleTabs(h *here, n store.PeopleCount, at string) []tab {
	return []tab{
		{entry{h.Path("/people"), v.T("Members"), at == "people"}, n.All},
		{entry{h.Path("/people?tab=inherited"), v.T("Inherited"), at == "inherited"}, n.Inherited},
		{entry{h.Path("/groups"), v.T("Groups"), at == "groups"}, n.Groups},
	}
}

// peoplePage lists who can work in a project, what they may do, and where each role comes from.
type peoplePage struct {
	chrome
	Tabs   []tab
	Tab    string
	Find   string
	Role   string // the id of the only role to look for
	People []personRow
	Next   string // the query of the next page

	CanGrant, CanRevoke bool
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
	h, err := v.here()
	if err != nil {
		return err
	}
	pg := &peoplePage{Find: strings.TrimSpace(v.field("find")), Role: v.field("role"), Tab: "people"}
	f := store.PeopleFilter{Name: pg.Find, Role: identity.RoleID(v.field("role")), After: identity.UserID(v.field("after")), Limit: peoplePerPage}
	if v.field("tab") == "inherited" {
		pg.Tab, f.Inherited = "inherited", true
	}
	found, err := asGranter(h, func(c identity.Caller) (assignment.People, int, error) {
		found, err := v.p.Assignment.People(v.Context(), c, h.ID, f)
		return found, len(found.Offers), err
	})
	if err != nil {
		return err
	}
	pg.Tabs, pg.CanGrant = v.peopleTabs(h, found.PeopleCount, pg.Tab), len(found.Offers) > 0
	for _, p := range found.Page.Items {
		pg.People = append(pg.People, v.personRow(p, found.Called))
	}
	if found.Page.More {
		pg.Next = url.Values{"tab": {pg.Tab}, "find": {pg.Find}, "role": {pg.Role}, "after": {string(pg.People[len(pg.People)-1].ID)}}.Encode()
	}
	v.aboutPeople(&pg.chrome, h)
	if pg.CanGrant {
		pg.Action = &link{v.T("Add a person"), h.Path("/people/add")}
	}
	for _, row := range pg.People {
		pg.CanRevoke = pg.CanRevoke || len(row.Revocable) > 0 && !row.Self
	}
	return v.show(http.StatusOK, "people", pg)
}

// aboutPeople fills what the pages about people have around them.
func (v *visit) aboutPeople(c *chrome, h *here) {
	c.Here, c.Section, c.Title = h, "people", v.T("People")
	c.Lead = v.F("Who can work in %s, what they may do, and where each role comes from.", h.Name)
	c.Terminal = []string{"openstack role assignment list --project " + word(h.Name) + " --project-domain " + word(h.In) + " --effective --names"}
}

func (v *visit) personRow(p assignment.Person, called assignment.Names) personRow {
	row := personRow{Person: p, In: called.Of("user", string(p.ID)).DomainName, Self: p.ID == v.User().ID, Roles: v.rolesHeld(p.Held, called)}
	if p.Known {
		row.Email, _ = p.Extra["email"].(string)
		row.Factor = v.p.Auth.SecondFactor(p.User)
	}
	switch granted := p.Granted(); {
	case len(p.Revocable) > 0:
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
func (v *visit) rolesHeld(held []identity.Assignment, called assignment.Names) (roles []heldRole) {
	for _, a := range held {
		r := heldRole{called.Of("role", string(a.Role)).Name, v.origin(a, called)}
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
	Tabs   []tab
	Groups []groupRow
}

type groupRow struct {
	Name, In string
	Members  int
	Roles    []heldRole
}

func (v *visit) groupsHere() error {
	h, err := v.here()
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
		pg.Groups = append(pg.Groups, groupRow{l.Name, l.DomainName, g.Members, v.rolesHeld(g.Held, called)})
	}
	pg.Tabs = v.peopleTabs(h, count, "groups")
	v.aboutPeople(&pg.chrome, h)
	return v.show(http.StatusOK, "groups", pg)
}
