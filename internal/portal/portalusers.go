package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var portalUserPages = slices.Concat(
	[]page{
		{method: get, path: "/p/{id}/portal-users", serve: (*visit).portalUsers},
		{method: post, path: "/p/{id}/portal-users/invitations/{invitation}/resend", serve: (*visit).resendPortalInvitation},
	},
	both("/p/{id}/portal-users/new", (*visit).invitePortalUser, false),
	both("/p/{id}/portal-users/invitations/{invitation}/cancel", (*visit).cancelPortalInvitation, false),
	both("/p/{id}/portal-users/{user}", (*visit).portalUser, false),
	both("/p/{id}/portal-users/{user}/remove", (*visit).removePortalUser, false),
)

// areaName is what an area of a project's pages is called.
func (v *visit) areaName(a identity.Area) string {
	switch a {
	case identity.AreaPeople:
		return v.T("People")
	case identity.AreaAPIUsers:
		return v.T("API users")
	case identity.AreaCredentials:
		return v.T("Project credentials")
	case identity.AreaContacts:
		return v.T("Contacts")
	case identity.AreaActivity:
		return v.T("Activity")
	case identity.AreaPortalUsers:
		return v.T("Portal users")
	}
	return string(a)
}

func (v *visit) areaNames(some []identity.Area) (all []string) {
	for _, a := range some {
		all = append(all, v.areaName(a))
	}
	return all
}

// areaMeans says what somebody in an area can do.
func (v *visit) areaMeans(a identity.Area) string {
	switch a {
	case identity.AreaPeople:
		return v.T("See who has which role, and who was invited.")
	case identity.AreaAPIUsers:
		return v.T("Make API users, with the roles of the main user, and delete them.")
	case identity.AreaCredentials:
		return v.T("See what logs in when nobody is there, and ask its owner to replace it.")
	case identity.AreaContacts:
		return v.T("Say who gets mails about what, and send them notices.")
	case identity.AreaActivity:
		return v.T("See who signed in and what was changed.")
	case identity.AreaPortalUsers:
		return v.T("Let others in here, as far as they may go themselves.")
	}
	return ""
}

// allAreas is the box that stands for every area.
const allAreas = "all"

// areaChoices are the areas to tick.
func (v *visit) areaChoices(may, chosen []identity.Area) (all []offered) {
	for _, a := range may {
		all = append(all, offered{choice: choice{Value: string(a), Chosen: slices.Contains(chosen, a)}, inWords: inWords{Shown: v.areaName(a), About: v.areaMeans(a)}})
	}
	return all
}

// ticked are the areas that a form has, of those that may be.
func (v *visit) ticked(may []identity.Area) (areas []identity.Area) {
	if slices.Contains(v.PostForm["area"], allAreas) {
		return may
	}
	for _, a := range v.PostForm["area"] {
		areas = append(areas, identity.Area(a))
	}
	return areas
}

// portalUsersPage lists who looks after parts of a project here, and who was invited to.
type portalUsersPage struct {
	chrome
	Users   []portalUserRow
	Invited []invitationRow
	Pager   pager
}

type portalUserRow struct {
	membership.PortalUser
	Email string
	Named []string // areas
}

// loadPortalUsers finds the project and its portal users. What is missing to who may let nobody in is the page.
func (v *visit) loadPortalUsers(q identity.Query) (h *here, found membership.PortalUsers, err error) {
	if h, err = v.hereIn(identity.AreaPortalUsers); err != nil {
		return h, found, err
	}
	err = h.as(func(c identity.Caller) error {
		found, err = v.p.Membership.PortalUsers(v.Context(), c, h.ID, q)
		return err
	})
	return h, found, err
}

func (v *visit) portalUsersPage() (*here, *portalUsersPage, error) {
	h, found, err := v.loadPortalUsers(identity.Query{Limit: perPage, Marker: v.URL.Query().Get("marker")})
	if err != nil {
		return nil, nil, err
	}
	pg := new(portalUsersPage)
	for _, u := range found.Items {
		email, _ := u.Extra["email"].(string)
		pg.Users = append(pg.Users, portalUserRow{u, email, v.areaNames(u.Areas)})
	}
	for _, l := range found.Invited {
		l.RoleNames = v.areaNames(l.Areas)
		row := invitationRow{Listed: l}
		row.State, row.Dot = v.stateOf(l)
		pg.Invited = append(pg.Invited, row)
	}
	if found.More {
		pg.Pager.Next = h.Path("/portal-users?marker=", string(found.Items[len(found.Items)-1].ID))
	}
	pg.Here, pg.Section, pg.Title = h, "portal-users", v.T("Portal users")
	pg.Lead = v.F("Who looks after parts of %s in this portal, without any role on it. They get no token, and no service knows them.", h.Name)
	pg.Action = &link{v.T("Invite a portal user"), h.Path("/portal-users/new")}
	pg.Terminal = []string{"lintel portal-user list" + ofProject(h)}
	return h, pg, nil
}

func (v *visit) portalUsers() error {
	_, pg, err := v.portalUsersPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "portalusers", pg)
}

// areasPage is the form for the areas of somebody: who is invited, or is there.
type areasPage struct {
	chrome
	Addresses string // of those who are invited
	Invite    bool
	Areas     []offered
	Words     string
	Languages []language
	Mails     bool
	Back, Do  string
	Remove    string // the page that asks whether to let them out
}

func (v *visit) invitePortalUser() error {
	h, found, err := v.loadPortalUsers(identity.Query{Limit: 1})
	if err != nil {
		return err
	}
	areas := v.ticked(found.May)
	pg := &areasPage{
		Invite: true, Addresses: v.field("addresses"), Words: strings.TrimSpace(v.field("words")), Mails: v.p.Membership.Mails(), Areas: v.areaChoices(found.May, areas),
		Back: h.Path("/portal-users"), Do: v.T("Send the invitation"),
	}
	for _, l := range v.p.views.languages {
		pg.Languages = append(pg.Languages, language{l.Lang, languageNames[l.Lang], l.Lang == v.Lang})
	}
	pg.Here, pg.Section, pg.Title = h, "portal-users", v.T("Invite a portal user")
	pg.Lead = v.T("They get an account for this portal alone, and see there what you tick.")
	pg.Terminal = []string{"lintel invite" + ofProject(h) + " --area AREA ADDRESS"}
	if v.Method == get {
		return v.show(http.StatusOK, "areas", pg)
	}
	to := addresses(pg.Addresses)
	pg.Fields = problems{}
	for _, a := range to {
		if _, err := membership.Address(a); err != nil {
			pg.Fields["addresses"] = v.F("“%s” is not an e-mail address.", a)
		}
	}
	if len(to) == 0 {
		pg.Fields["addresses"] = v.T("Enter at least one address.")
	}
	if len(areas) == 0 {
		pg.Fields["areas"] = v.T("Choose at least one area.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "areas", pg)
	}
	var sent []membership.Sent
	err = h.as(func(c identity.Caller) (err error) {
		sent, err = v.p.Membership.Invite(v.Context(), c, h.ID, to, membership.Draft{Areas: areas, Words: pg.Words, Language: v.PostForm.Get("language")})
		return err
	})
	if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "areas", pg) })
	}
	return v.sentTo(h, "portal-users", sent...)
}

// portalUserHere is the one of the path, and what the reader may let others into.
func (v *visit) portalUserHere() (h *here, u membership.PortalUser, may []identity.Area, err error) {
	if h, err = v.hereIn(identity.AreaPortalUsers); err != nil {
		return h, u, nil, err
	}
	err = h.as(func(c identity.Caller) error {
		u, may, err = v.p.Membership.PortalUser(v.Context(), c, h.ID, identity.UserID(v.PathValue("user")))
		return err
	})
	return h, u, may, err
}

func (v *visit) portalUser() error {
	h, u, may, err := v.portalUserHere()
	if err != nil {
		return err
	}
	areas := u.Areas
	if v.Method == post {
		areas = v.ticked(may)
	}
	pg := &areasPage{Areas: v.areaChoices(may, areas), Back: h.Path("/portal-users"), Do: v.T("Save"), Remove: h.Path("/portal-users/", string(u.ID), "/remove")}
	pg.Here, pg.Section, pg.Title = h, "portal-users", u.Name
	pg.Lead = v.F("What %s sees of %s. A change counts at once.", u.Name, h.Name)
	pg.Terminal = []string{"lintel portal-user set" + ofProject(h) + " --area AREA " + word(u.Name)}
	if v.Method == get {
		return v.show(http.StatusOK, "areas", pg)
	}
	if len(areas) == 0 {
		pg.Fields = problems{"areas": v.T("Choose at least one area.")}
		return v.show(http.StatusUnprocessableEntity, "areas", pg)
	}
	err = h.as(func(c identity.Caller) error { return v.p.Membership.SetAreas(v.Context(), c, h.ID, u.ID, areas) })
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "areas", pg)
	}
	v.redirect(strings.TrimPrefix(h.Path("/portal-users?done=saved"), Prefix))
	return nil
}

func (v *visit) removePortalUser() error {
	h, u, _, err := v.portalUserHere()
	if err != nil {
		return err
	}
	out := &actPage{Do: v.T("Remove the portal user"), Back: h.Path("/portal-users"), Means: []string{
		v.F("%s sees nothing more of this project, from the next click on.", u.Name), v.T("The account stays, and so does what was made with it."),
	}}
	out.Here, out.Section, out.Title = h, "portal-users", v.F("Remove %s?", u.Name)
	out.Terminal = []string{"lintel portal-user remove" + ofProject(h) + " " + word(u.Name)}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/portal-users?done=deleted"), Prefix), h.as(func(c identity.Caller) error {
			return v.p.Membership.SetAreas(v.Context(), c, h.ID, u.ID, nil)
		})
	})
}

// portalInvitation is the one of the path, to areas.
func (v *visit) portalInvitation() (h *here, l membership.Listed, err error) {
	if h, err = v.hereIn(identity.AreaPortalUsers); err != nil {
		return h, l, err
	}
	err = h.as(func(c identity.Caller) error {
		l, err = v.p.Membership.Invitation(v.Context(), c, h.ID, identity.InvitationID(v.PathValue("invitation")))
		return err
	})
	if err == nil && len(l.Areas) == 0 {
		err = identity.Missing("invitation", l.ID)
	}
	return h, l, err
}

func (v *visit) resendPortalInvitation() error {
	h, l, err := v.portalInvitation()
	if err != nil {
		return err
	}
	sent, err := v.resend(h, l.ID)
	if err != nil {
		_, pg, failed := v.portalUsersPage()
		if failed != nil {
			return failed
		}
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "portalusers", pg) })
	}
	return v.sentTo(h, "portal-users", sent)
}

func (v *visit) cancelPortalInvitation() error {
	h, l, err := v.portalInvitation()
	if err != nil {
		return err
	}
	return v.withdraw(h, l, "portal-users")
}
