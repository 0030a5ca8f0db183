package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var memberPages = []page{
	{method: get, path: "/p/{id}/members", serve: (*visit).members},
	{method: post, path: "/p/{id}/members", serve: (*visit).addMember},
}

// membersPage has those beside each other who can work in a project and those of its domain who cannot, each with a search of its
// own, to move people over.
type membersPage struct {
	chrome
	Others     []identity.User // who were granted no role here
	Hidden     bool            // the reader may not list the domain's users
	Find       string          // among the others
	MoreOthers string          // the query of their next page

	Members     []member
	Search      string // among the members
	MoreMembers string

	Roles  []roleChoice // that can be given
	Groups []roleGroup  // them, in their categories
}

// member is somebody who can work in the project.
type member struct {
	personRow
	Before []identity.RoleID // that were granted
	Choice []roleGroup       // among which there is one to have instead
}

// perColumn is how many people a column shows.
const perColumn = 25

func (v *visit) members() error {
	_, pg, err := v.membersPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "members", pg)
}

func (v *visit) membersPage() (*here, *membersPage, error) {
	h, err := v.here()
	if err != nil {
		return nil, nil, err
	}
	pg := &membersPage{Find: strings.TrimSpace(v.field("find")), Search: strings.TrimSpace(v.field("q"))}
	pg.Here, pg.Section, pg.Title = h, "people", v.T("Members")
	pg.Lead = v.F("Move people into %s and out of it. Everybody in a project can change what the others have made there.", h.Name)
	pg.Terminal = []string{"openstack role add" + grantOptions(h, "USER", h.In) + " ROLE", "openstack role remove" + grantOptions(h, "USER", h.In) + " ROLE"}
	f := store.PeopleFilter{Name: pg.Search, After: identity.UserID(v.field("after")), Limit: perColumn}
	people, err := asGranter(h, func(c identity.Caller) (assignment.People, int, error) {
		found, err := v.p.Assignment.People(v.Context(), c, h.ID, f)
		return found, len(found.Offers), err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range people.Offers {
		c := v.choiceOf(o)
		c.Chosen = o.Name == "member"
		pg.Roles = append(pg.Roles, c)
	}
	pg.Groups = v.choicesInGroups(pg.Roles)
	here := func(change ...string) string {
		q := url.Values{"q": {pg.Search}, "find": {pg.Find}}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return h.Path("/members?") + q.Encode()
	}
	for _, p := range people.Page.Items {
		m := member{personRow: v.personRow(p, people.Called), Before: p.Granted()}
		if len(m.Before) > 0 && len(m.Revocable) == len(m.Before) {
			var choices []roleChoice
			for _, o := range people.Offers {
				c := v.choiceOf(o)
				c.Chosen = len(m.Before) == 1 && m.Before[0] == o.ID
				choices = append(choices, c)
			}
			m.Choice = v.choicesInGroups(choices)
		}
		pg.Members = append(pg.Members, m)
	}
	if people.Page.More {
		pg.MoreMembers = here("after", string(pg.Members[len(pg.Members)-1].ID))
	}
	q := identity.Query{Sort: "name", Limit: perColumn, Marker: v.field("beyond")}.Where("domain_id", string(h.DomainID))
	if pg.Find != "" {
		q.Filters = append(q.Filters, identity.Filter{Attr: "search", Value: pg.Find})
	}
	var others identity.Page[identity.User]
	err = h.as(func(c identity.Caller) (err error) {
		others, err = v.p.Directory.UsersOutside(v.Context(), c, h.Project, q)
		return err
	})
	if pg.Hidden = errors.Is(err, identity.Forbidden); err != nil && !pg.Hidden {
		return nil, nil, err
	}
	if pg.Others = others.Items; others.More {
		pg.MoreOthers = here("beyond", string(pg.Others[len(pg.Others)-1].ID))
	}
	return h, pg, nil
}

// addMember gives somebody of the domain a role. A role that reaches far, or to which somebody else must agree, takes the form that says so.
func (v *visit) addMember() error {
	h, pg, err := v.membersPage()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pg.Roles, func(r roleChoice) bool { return string(r.ID) == v.PostForm.Get("role") })
	if i < 0 {
		return identity.NotAllowed("identity:create_grant")
	}
	if pg.Roles[i].Weight.High || pg.Roles[i].Asks {
		v.redirect(strings.TrimPrefix(h.Path("/people/add?"), Prefix) + url.Values{"who": {v.PostForm.Get("user")}}.Encode())
		return nil
	}
	err = h.as(func(c identity.Caller) error {
		return v.p.Assignment.GrantRoles(v.Context(), c, h.ID, assignment.Ref{ID: v.PostForm.Get("user")}, []identity.RoleID{pg.Roles[i].ID}, time.Time{})
	})
	if err != nil {
		return err
	}
	v.redirect(strings.TrimPrefix(h.Path("/members?"), Prefix) + url.Values{"q": {pg.Search}, "find": {pg.Find}, "done": {"added"}}.Encode())
	return nil
}
