package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/store"
)

var invitePages = []page{
	{method: get, path: "/p/{id}/invite", serve: (*visit).invite},
	{method: post, path: "/p/{id}/invite", serve: (*visit).sendInvitations},
	{method: get, path: "/p/{id}/invitations", serve: (*visit).invitations},
	{method: get, path: "/p/{id}/invitations/{invitation}", serve: (*visit).invitation},
	{method: post, path: "/p/{id}/invitations/{invitation}", serve: (*visit).changeInvitation},
	{method: post, path: "/p/{id}/invitations/{invitation}/resend", serve: (*visit).resendInvitation},
	{method: get, path: "/p/{id}/invitations/{invitation}/instead", serve: (*visit).instead, confirmed: true},
	{method: post, path: "/p/{id}/invitations/{invitation}/instead", serve: (*visit).instead, confirmed: true},
	{method: get, path: "/p/{id}/invitations/{invitation}/cancel", serve: (*visit).cancelInvitation},
	{method: post, path: "/p/{id}/invitations/{invitation}/cancel", serve: (*visit).cancelInvitation},
}

// invitationsPage lists who was invited to a project and has not answered.
type invitationsPage struct {
	chrome
	Items []invitationRow
	All   int
	Find  string
	Next  string // the query of the next page
	May   bool   // the reader may invite
}

type invitationRow struct {
	membership.Listed
	State, Dot string // what has become of it, in words, and how that is marked
}

func (v *visit) invitations() error {
	h, err := v.hereIn(identity.AreaPeople)
	if err != nil {
		return err
	}
	pg, err := v.invitationsPage(h)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "invitations", pg)
}

func (v *visit) invitationsPage(h *here) (*invitationsPage, error) {
	pg := &invitationsPage{Find: strings.TrimSpace(v.field("find"))}
	f := store.InvitationFilter{Address: pg.Find, After: identity.InvitationID(v.field("after")), Limit: perPage}
	var found membership.Invitations
	err := h.as(func(c identity.Caller) (err error) {
		found, err = v.p.Membership.Invitations(v.Context(), c, h.ID, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, l := range found.Items {
		if len(l.Areas) > 0 {
			l.RoleNames = v.areaNames(l.Areas)
		}
		row := invitationRow{Listed: l}
		row.State, row.Dot = v.stateOf(l)
		pg.Items = append(pg.Items, row)
	}
	if found.More {
		pg.Next = url.Values{"find": {pg.Find}, "after": {string(pg.Items[len(pg.Items)-1].ID)}}.Encode()
	}
	pg.All = found.All
	pg.Here, pg.Section, pg.Title = h, "invitations", v.T("Invited")
	pg.Tabs = v.peopleTabs(h, nil, "invitations")
	pg.Terminal = []string{"lintel invitation list" + ofProject(h)}
	pg.Lead = v.F("Who was invited to %s and has not answered yet.", h.Name)
	if pg.May = h.as(func(c identity.Caller) error { _, err := v.p.Membership.Terms(v.Context(), c, h.ID); return err }) == nil; pg.May {
		pg.Action = &link{v.T("Invite people"), h.Path("/invite")}
	}
	return pg, nil
}

// stateOf says what has become of an open invitation, and how good that is.
func (v *visit) stateOf(l membership.Listed) (words, dot string) {
	switch {
	case l.Draft:
		return v.T("Waits until somebody agrees"), "warn"
	case l.Bounced:
		return v.T("The mail came back"), "bad"
	case l.Ended:
		return v.T("Expired"), "warn"
	case l.Waits:
		return v.T("Being sent"), ""
	}
	return v.T("Not accepted yet"), ""
}

// invitePage invites people, or changes an invitation.
type invitePage struct {
	chrome
	Addresses string
	Update    string // the page of somebody who was to be invited, and has roles here
	Address   string // of the invitation that is changed
	Roles     []offered
	Words     string
	Languages []language
	Mails     bool
	Do, Back  string
	Blast     []string // what granting the chosen roles of high impact means
	Typed     string
	Until     string               // the last day of the grants
	Longest   int                  // days that these last at most; 0 for no limit
	Asks      bool                 // to some of the roles somebody else must agree
	Reason    string               // for them
	Effect    []servicePermissions // what the chosen roles permit, where more than Identity is known of
}

// offered is a role to tick.
type offered struct {
	choice
	Name string // that a role is known by
	inWords
	Brings []string // the roles that come with it
	Sum    string   // how much it permits, and what covers it
	Asks   bool     // somebody else must agree
	names  []string // that services know it by, with what it brings
}

// invitePage finds what the reader may invite to, and takes over what was typed.
func (v *visit) invitePage(h *here) (*invitePage, error) {
	pg := &invitePage{Addresses: v.field("addresses"), Words: v.field("words"), Until: v.field("until"), Mails: v.p.Membership.Mails(), Back: h.Path("/invitations"), Reason: strings.TrimSpace(v.field("reason"))}
	var terms membership.Terms
	err := h.as(func(c identity.Caller) (err error) {
		terms, err = v.p.Membership.Terms(v.Context(), c, h.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	may := terms.Roles
	pg.Longest = terms.AccessDays
	sums := make([]roleChoice, len(may))
	for i, r := range may {
		sums[i] = v.choiceOf(r)
	}
	v.explain(sums, nil)
	for i, r := range may {
		c := offered{choice: choice{Value: string(r.ID), Chosen: slices.Contains(v.PostForm["role"], string(r.ID)) ||
			v.Method == get && (slices.Contains(terms.Usual, string(r.ID)) || slices.Contains(terms.Usual, r.Name))}}
		c.Name, c.inWords, c.Brings, c.Sum, c.Asks = r.Name, sums[i].inWords, sums[i].Brings, sums[i].Sum, sums[i].Asks
		c.names = sums[i].names()
		pg.Asks = pg.Asks || c.Asks
		if c.Chosen {
			pg.Blast = append(pg.Blast, v.blast(r.Weight, r.Name, h.Name, v.T("everybody invited"))...)
		}
		pg.Roles = append(pg.Roles, c)
	}
	v.effect(pg)
	byCategory(v, pg.Roles, func(o *offered) *inWords { return &o.inWords })
	pg.Typed = strings.TrimSpace(v.field("typed"))
	pg.Terminal = []string{"lintel invite" + ofProject(h) + " --role member ADDRESS"}
	if pg.Asks {
		pg.Terminal = append(pg.Terminal, "lintel invite"+ofProject(h)+" --reason WHY --role ROLE ADDRESS")
	}
	for _, l := range v.p.views.languages {
		pg.Languages = append(pg.Languages, language{l.Lang, languageNames[l.Lang], l.Lang == v.Lang})
	}
	pg.Here, pg.Section, pg.Title = h, "invitations", v.F("Invite people to %s", h.Name)
	life := v.lasts(terms.Life)
	pg.Lead = v.F("They get a mail with a link that works once, %s; one to a role of high impact for a day at most. Nobody gets access before accepting.", life)
	if !pg.Mails {
		pg.Lead = v.F("You get a link for each of them that works once, %s; one to a role of high impact for a day at most. Nobody gets access before accepting.", life)
	}
	pg.Do = v.T("Send the invitations")
	return pg, nil
}

// effect says what the roles that are chosen permit together.
func (v *visit) effect(pg *invitePage) {
	of := new(permissionsPage)
	for _, r := range pg.Roles {
		if r.Chosen {
			of.Names = append(of.Names, r.names...)
		}
	}
	if v.permits(of); of.Others {
		pg.Effect = of.Services
	}
}

// looks tells whether the form was sent for a look at what the chosen roles permit, and no more.
func (v *visit) looks() bool { return v.PostForm.Get("look") != "" }

func (v *visit) invite() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	pg, err := v.invitePage(h)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "invite", pg)
}

// draft is what the form offers.
func (v *visit) draft(roles []offered) membership.Draft {
	d := membership.Draft{Reason: strings.TrimSpace(v.PostForm.Get("reason")), Words: strings.TrimSpace(v.PostForm.Get("words")), Language: v.PostForm.Get("language")}
	for _, r := range roles {
		if r.Chosen {
			d.Roles = append(d.Roles, identity.RoleID(r.Value))
		}
	}
	return d
}

// addresses are those of a form, however they are set apart.
func addresses(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
}

func (v *visit) sendInvitations() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	pg, err := v.invitePage(h)
	if err != nil {
		return err
	}
	if v.looks() {
		return v.show(http.StatusOK, "invite", pg)
	}
	d, to := v.draft(pg.Roles), addresses(pg.Addresses)
	pg.Fields = problems{}
	d.Until = v.until("until", pg.Fields)
	for _, a := range to {
		if _, err := membership.Address(a); err != nil {
			pg.Fields["addresses"] = v.F("“%s” is not an e-mail address.", a)
		}
	}
	if len(to) == 0 {
		pg.Fields["addresses"] = v.T("Enter at least one address.")
	}
	if len(d.Roles) == 0 {
		pg.Fields["roles"] = v.T("Choose at least one role.")
	}
	v.askTyped(pg, h)
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "invite", pg)
	}
	if pg.Blast != nil && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	var sent []membership.Sent
	err = h.as(func(c identity.Caller) (err error) {
		sent, err = v.p.Membership.Invite(v.Context(), c, h.ID, to, d)
		return err
	})
	if there, already := errors.AsType[*membership.AlreadyThereError](err); already {
		pg.Update = h.Path("/people/", string(there.User))
	}
	if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "invite", pg) })
	}
	return v.sent(h, sent...)
}

// ofProject are the options that name a project.
func ofProject(h *here) string {
	return " --project " + word(h.Name) + " --project-domain " + word(h.In)
}

// askTyped wants the project's name typed before somebody is invited to a role of high impact, and a reason for one to which somebody else
// must agree.
func (v *visit) askTyped(pg *invitePage, h *here) {
	if pg.Reason == "" && slices.ContainsFunc(pg.Roles, func(r offered) bool { return r.Chosen && r.Asks }) {
		pg.Fields["reason"] = v.T("Somebody else must agree: say why.")
	}
	if pg.Blast != nil && pg.Typed != h.Name {
		pg.Fields["typed"] = v.F("Type %s to go on.", h.Name)
	}
}

// refuse shows a form again with what a room said against it. What is no fault of the form fails the page.
func (v *visit) refuse(err error, c *chrome, show func(status int) error) error {
	e, ok := errors.AsType[*identity.Error](err)
	if !ok {
		return err
	}
	c.Problem = v.said(e)
	switch e.Kind {
	case identity.BadRequest, identity.Conflict, identity.Gone:
		return show(http.StatusUnprocessableEntity)
	case identity.TooManyRequests:
		v.passOn(err)
		return show(http.StatusTooManyRequests)
	}
	return err
}

// linksPage shows links that are to be handed on, once.
type linksPage struct {
	chrome
	Links []inviteLink
	Back  string
}

type inviteLink struct{ Address, URL string }

// sent goes on after invitations were made: to the list, or where no mail is sent to the links, which are shown this once.
func (v *visit) sent(h *here, sent ...membership.Sent) error {
	return v.sentTo(h, "invitations", sent...)
}

// sentTo is sent for invitations that stand on another page of the project.
func (v *visit) sentTo(h *here, at string, sent ...membership.Sent) error {
	if slices.ContainsFunc(sent, func(s membership.Sent) bool { return s.Asked != nil }) {
		v.redirect("/p/" + string(h.ID) + "/requests?done=requested")
		return nil
	}
	if v.p.Membership.Mails() {
		v.redirect("/p/" + string(h.ID) + "/" + at + "?done=invited")
		return nil
	}
	pg := &linksPage{Back: h.Path("/", at)}
	for _, s := range sent {
		pg.Links = append(pg.Links, inviteLink{s.Address, v.whole("/invite/" + s.Secret)})
	}
	pg.Here, pg.Section, pg.Title = h, at, v.T("Hand these links on")
	pg.Lead = v.T("This cloud sends no mail. Each link works once and only for the person it is for, and is not shown again.")
	return v.show(http.StatusOK, "invitelinks", pg)
}

// whole is the URL of a page of the portal, as this browser reaches it.
func (v *visit) whole(path string) string {
	scheme := "https"
	if base, err := url.Parse(v.p.Endpoint(v.Request)); err == nil && base.Host == v.Host {
		scheme = base.Scheme
	}
	return scheme + "://" + v.Host + Prefix + path
}

// oneInvitation is the one of the path.
func (v *visit) oneInvitation() (h *here, l membership.Listed, err error) {
	if h, err = v.here(); err != nil {
		return h, l, err
	}
	err = h.as(func(c identity.Caller) error {
		l, err = v.p.Membership.Invitation(v.Context(), c, h.ID, identity.InvitationID(v.PathValue("invitation")))
		return err
	})
	return h, l, err
}

func (v *visit) changePage() (*here, *invitePage, membership.Listed, error) {
	h, l, err := v.oneInvitation()
	if err != nil {
		return h, nil, l, err
	}
	if len(l.Areas) > 0 { // it is changed by inviting anew
		return h, nil, l, identity.Missing("invitation", l.ID)
	}
	pg, err := v.invitePage(h)
	if err != nil {
		return h, nil, l, err
	}
	pg.Address, pg.Title, pg.Do = l.Address, v.F("Invitation of %s", l.Address), v.T("Save")
	pg.Lead = v.T("The link that they have goes on working, and offers what you choose here.")
	pg.Terminal = []string{"lintel invite" + ofProject(h) + " --role ROLE " + word(l.Address), "lintel invitation resend" + ofProject(h) + " " + word(l.Address)}
	if l.Draft {
		pg.Lead = v.F("It waits until somebody agrees that %s is given, and nobody can accept it before. What you save here is asked for anew, or sent at once if nobody has to agree.", strings.Join(l.RoleNames, ", "))
		pg.Terminal = []string{"lintel invite" + ofProject(h) + " --role ROLE --reason WHY " + word(l.Address)}
	}
	if v.Method == get {
		pg.Words, pg.Until = l.Words, lastDayOf(l.Until)
		for i := range pg.Roles {
			pg.Roles[i].Chosen = slices.Contains(l.Roles, identity.RoleID(pg.Roles[i].Value))
		}
		v.effect(pg)
		for i := range pg.Languages {
			pg.Languages[i].Chosen = pg.Languages[i].Tag == l.Language
		}
	}
	return h, pg, l, nil
}

func (v *visit) invitation() error {
	_, pg, _, err := v.changePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "invite", pg)
}

func (v *visit) changeInvitation() error {
	h, pg, l, err := v.changePage()
	if err != nil {
		return err
	}
	if v.looks() {
		return v.show(http.StatusOK, "invite", pg)
	}
	d := v.draft(pg.Roles)
	pg.Fields = problems{}
	d.Until = v.until("until", pg.Fields)
	if len(d.Roles) == 0 {
		pg.Fields["roles"] = v.T("Choose at least one role.")
	}
	v.askTyped(pg, h)
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "invite", pg)
	}
	if pg.Blast != nil && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	var sent membership.Sent
	err = h.as(func(c identity.Caller) (err error) {
		sent, err = v.p.Membership.Change(v.Context(), c, h.ID, l.ID, d)
		return err
	})
	if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "invite", pg) })
	}
	if sent.Secret != "" || sent.Asked != nil {
		return v.sent(h, sent)
	}
	v.redirect("/p/" + string(h.ID) + "/invitations?done=saved")
	return nil
}

// resend sends an invitation once more, by the rights that the caller has on the project.
func (v *visit) resend(h *here, id identity.InvitationID) (sent membership.Sent, err error) {
	err = h.as(func(c identity.Caller) (err error) {
		sent, err = v.p.Membership.Resend(v.Context(), c, h.ID, id)
		return err
	})
	return sent, err
}

func (v *visit) resendInvitation() error {
	h, l, err := v.oneInvitation()
	if err != nil {
		return err
	}
	sent, err := v.resend(h, l.ID)
	if err != nil {
		pg, failed := v.invitationsPage(h)
		if failed != nil {
			return failed
		}
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "invitations", pg) })
	}
	return v.sent(h, sent)
}

// insteadPage is where somebody answers who wants to accept an invitation with an account of another address.
type insteadPage struct {
	chrome
	Invitation membership.Listed
	Back       string
}

func (v *visit) instead() error {
	h, l, err := v.oneInvitation()
	if err != nil {
		return err
	}
	if l.Asker == "" && v.Method == get {
		v.redirect("/p/" + string(h.ID) + "/invitations")
		return nil
	}
	if len(l.Areas) > 0 {
		l.RoleNames = v.areaNames(l.Areas)
	}
	pg := &insteadPage{Invitation: l, Back: h.Path("/invitations")}
	pg.Here, pg.Section, pg.Title = h, "invitations", v.F("Let %s in instead?", l.Asker)
	pg.Lead = v.F("Whoever has the invitation of %s is signed in as %s, and wants to accept it with that account.", l.Address, l.Asker)
	pg.Terminal = []string{"lintel invitation approve" + ofProject(h) + " " + word(l.Address), "lintel invitation decline" + ofProject(h) + " " + word(l.Address)}
	if v.Method == get {
		return v.show(http.StatusOK, "instead", pg)
	}
	asker, done := identity.UserID(v.field("asker")), "instead"
	err = h.as(func(c identity.Caller) error {
		if v.field("answer") != "approve" {
			done = "not-instead"
			return v.p.Membership.RefuseInstead(v.Context(), c, h.ID, l.ID, asker)
		}
		_, err := v.p.Membership.ApproveInstead(v.Context(), c, h.ID, l.ID, asker)
		return err
	})
	if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "instead", pg) })
	}
	v.redirect("/p/" + string(h.ID) + "/invitations?done=" + done)
	return nil
}

func (v *visit) cancelInvitation() error {
	h, l, err := v.oneInvitation()
	if err != nil {
		return err
	}
	return v.withdraw(h, l, "invitations")
}

// withdraw asks about taking an invitation back, and does it, on a page of the project.
func (v *visit) withdraw(h *here, l membership.Listed, at string) error {
	out := &actPage{Do: v.T("Withdraw the invitation"), Back: h.Path("/" + at)}
	if l.Draft {
		out.Means = append(out.Means, v.T("Nobody can agree to it any more."))
	}
	if !l.Unsent() {
		out.Means = append(out.Means, v.F("The link that %s has stops working at once.", l.Address), v.T("They keep what they may have accepted elsewhere."))
	}
	if v.p.Membership.Mails() && !l.Unsent() {
		out.Means = append(out.Means, v.T("They get a mail that says so."))
	}
	out.Here, out.Section, out.Title = h, at, v.F("Withdraw the invitation of %s?", l.Address)
	out.Terminal = []string{"lintel invitation cancel" + ofProject(h) + " " + word(l.Address)}
	return v.decide(out, func() (string, error) {
		return "/p/" + string(h.ID) + "/" + at + "?done=withdrawn", h.as(func(c identity.Caller) error {
			return v.p.Membership.Cancel(v.Context(), c, h.ID, l.ID)
		})
	})
}
