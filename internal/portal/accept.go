package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

// Looking at an invitation changes nothing: programs that search mails for harm open its link, too.
var acceptPages = []page{
	{method: get, path: "/invite/{secret}", serve: (*visit).offer, open: true},
	{method: post, path: "/invite/{secret}/new", serve: (*visit).acceptNew, open: true},
	{method: post, path: "/invite/{secret}/accept", serve: (*visit).acceptAs},
	{method: post, path: "/invite/{secret}/instead", serve: (*visit).askInstead},
	{method: post, path: "/invite/{secret}/decline", serve: (*visit).decline, open: true},
	{method: post, path: "/invite/{secret}/again", serve: (*visit).askAgain, open: true},
	{method: get, path: "/invite-answered", serve: (*visit).answered, open: true},
}

// offerPage is an invitation as the invited sees it.
type offerPage struct {
	chrome
	membership.Offer
	Secret string
	Name   string // that was typed
	Choose passwordForm
	Mine   bool // it is for whoever is signed in
}

func (v *visit) offerPage() (*offerPage, error) {
	pg := &offerPage{Secret: v.PathValue("secret"), Name: v.field("name")}
	var err error
	if pg.Offer, err = v.p.Membership.Look(v.Context(), pg.Secret); errors.Is(err, identity.NotFound) {
		err = v.wrongLink(identity.Missing("invitation", ""))
	}
	if err != nil {
		return nil, err
	}
	pg.Bare = true
	switch pg.State {
	case membership.OfferOpen:
		pg.Title = v.F("Join %s", pg.Project)
		pg.Lead = v.F("%s invites you to work on it, as %s.", pg.Inviter, strings.Join(pg.RoleNames, ", "))
		if len(pg.Areas) > 0 {
			pg.Title = v.F("Look after %s", pg.Project)
			pg.Lead = v.F("%s invites you to this portal, for: %s. A new account gets no token.", pg.Inviter, strings.Join(v.areaNames(pg.Areas), ", "))
		}
	case membership.OfferExpired:
		pg.Title, pg.Lead = v.T("This invitation has expired"), v.F("It was for the project %s.", pg.Project)
	case membership.OfferSuperseded:
		pg.Title, pg.Lead = v.T("There is a newer invitation"), v.newer()
	case membership.OfferAccepted:
		pg.Title, pg.Lead = v.T("This invitation was accepted"), v.T("There is nothing left to do: sign in.")
	case membership.OfferDeclined:
		pg.Title, pg.Lead = v.T("This invitation was declined"), v.T("If that was a mistake, ask for a new one.")
	case membership.OfferCancelled:
		pg.Title, pg.Lead = v.T("This invitation was withdrawn"), v.T("Ask whoever sent it.")
	case membership.OfferWaiting:
		pg.Title, pg.Lead = v.T("This invitation cannot be accepted at present"), v.T("It was changed, and waits until somebody agrees to that. You get a new link then.")
	default:
		pg.Title, pg.Lead = v.T("This invitation cannot be accepted at present"), v.T("Who sent it may not invite to that any more, or the project is closed. Ask them.")
	}
	if pg.State == membership.OfferOpen && pg.NewAccount {
		if pg.Choose, err = v.passwordForm(directory.DomainRef{ID: pg.DomainID}, false); err != nil {
			return nil, err
		}
		pg.Choose.Label, pg.Choose.Again = v.T("Choose a password"), v.T("The password again")
	}
	if v.SignedIn() {
		email, _ := v.User().Extra["email"].(string)
		pg.Mine = strings.EqualFold(email, pg.Address)
	}
	return pg, nil
}

func (v *visit) offer() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "offer", pg)
}

// answer shows an invitation that could not be answered as was asked.
func (v *visit) answer(pg *offerPage, err error) error {
	return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "offer", pg) })
}

// acceptNew makes an account for somebody who has none, and signs them in.
func (v *visit) acceptNew() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	pw := v.PostForm.Get("new")
	pg.Fields = problems{}
	if strings.TrimSpace(pg.Name) == "" {
		pg.Fields["name"] = v.T("Choose a name.")
	}
	switch {
	case pw == "":
		pg.Fields["new"] = v.T("Enter a password.")
	case pw != v.PostForm.Get("again"):
		pg.Fields["again"] = v.T("The two passwords are not the same.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "offer", pg)
	}
	inv, u, err := v.p.Membership.AcceptNew(v.Context(), pg.Secret, pg.Name, pw)
	if errors.Is(err, membership.ErrHasAccount) {
		pg.Problem = v.T("There is an account with this address already. Sign in with it to accept.")
		return v.show(http.StatusUnprocessableEntity, "offer", pg)
	} else if err != nil {
		return v.answer(pg, err)
	}
	key, in, err := v.p.Auth.SignIn(v.Context(), auth.Request{
		Methods:  []string{"password"},
		Evidence: map[string]auth.Method{"password": &auth.Password{User: &directory.UserRef{ID: u.ID}, Password: pw}},
	}, v.device())
	if err == nil {
		return v.begin(key, in, Prefix+joined(inv))
	}
	v.redirect("/login") // perhaps more is wanted than a password
	return nil
}

// acceptAs accepts for the account that is signed in.
func (v *visit) acceptAs() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	inv, err := v.p.Membership.Accept(v.Context(), v.self(), pg.Secret)
	if err != nil {
		return v.answer(pg, err)
	}
	v.redirect(joined(inv))
	return nil
}

func (v *visit) decline() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	if err := v.p.Membership.Decline(v.Context(), pg.Secret); err != nil {
		return v.answer(pg, err)
	}
	v.redirect("/invite-answered?what=declined")
	return nil
}

// askInstead asks who sent an invitation to let the account in that is signed in, which has another address.
func (v *visit) askInstead() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	if err := v.p.Membership.AskInstead(v.Context(), v.self(), pg.Secret); err != nil {
		return v.answer(pg, err)
	}
	v.redirect("/invite-answered?what=instead")
	return nil
}

func (v *visit) askAgain() error {
	pg, err := v.offerPage()
	if err != nil {
		return err
	}
	if err := v.p.Membership.AskAgain(v.Context(), pg.Secret); err != nil {
		return v.answer(pg, err)
	}
	v.redirect("/invite-answered?what=asked")
	return nil
}

// answeredPage is the end of an invitation that was not accepted.
type answeredPage struct{ chrome }

func (v *visit) answered() error {
	pg := new(answeredPage)
	pg.Bare, pg.Title, pg.Lead = true, v.T("Thank you"), v.T("You have declined. Nothing else happens.")
	switch v.field("what") {
	case "asked":
		pg.Lead = v.T("Whoever invited you has been told that you want a new invitation.")
	case "instead":
		pg.Lead = v.T("Whoever invited you has been asked to let this account in instead. You are told when they do.")
	}
	return v.show(http.StatusOK, "answered", pg)
}

// joined is the page that somebody sees after accepting.
func joined(v identity.Invitation) string {
	if len(v.Areas) > 0 {
		return "/p/" + string(v.ProjectID) + "?done=let-in"
	}
	return "/p/" + string(v.ProjectID) + "?done=joined"
}
