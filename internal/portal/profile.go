package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/membership"
)

var profilePages = []page{
	{method: get, path: "/profile", serve: (*visit).profile},
	{method: post, path: "/profile", serve: (*visit).saveProfile},
	{method: get, path: "/profile/address", serve: (*visit).newAddress, confirmed: true},
	{method: post, path: "/profile/address", serve: (*visit).askAddress, confirmed: true},
	{method: get, path: "/verify/{secret}", serve: (*visit).verifyAddress, open: true},
	{method: post, path: "/verify/{secret}", serve: (*visit).proveAddress, open: true},
	{method: get, path: "/address/{secret}", serve: (*visit).askKeepAddress, open: true},
	{method: post, path: "/address/{secret}", serve: (*visit).keepAddress, open: true},
}

// profilePage shows who somebody is, and how they like the portal.
type profilePage struct {
	chrome
	Email     string
	Pending   string             // an address that waits to be proved
	Kept      bool               // here, and not where an organisation manages its people
	Provable  bool               // an address can be
	Main      []identity.Project // whose main user the reader is
	Chosen    membership.Profile
	Projects  []identity.Project
	Languages []language
	Topics    []choice
}

type language struct {
	Tag, Name string
	Chosen    bool
}

func (v *visit) profilePage() (pg *profilePage, err error) {
	pg = &profilePage{Kept: directory.KeepsDetails(v.User()), Provable: v.p.Membership.Mails()}
	pg.Section, pg.Title, pg.Lead = "profile", v.T("Profile"), v.T("Who you are here, and how this portal looks to you.")
	pg.Email, _ = v.User().Extra["email"].(string)
	if pg.Pending, err = v.p.Membership.PendingAddress(v.Context(), v.self()); err != nil {
		return nil, err
	}
	if pg.Main, err = v.p.Membership.MainOf(v.Context(), v.self(), false); err != nil {
		return nil, err
	}
	if pg.Chosen, err = v.p.Membership.Profile(v.Context(), v.self()); err != nil {
		return nil, err
	}
	if pg.Projects, err = v.p.Assignment.Projects(v.Context(), v.self()); err != nil {
		return nil, err
	}
	for _, l := range v.p.views.languages {
		pg.Languages = append(pg.Languages, language{l.Lang, languageNames[l.Lang], l.Lang == v.Lang})
	}
	pg.Topics = []choice{
		{"invitations", v.T("What became of invitations that you sent"), !slices.Contains(pg.Chosen.Muted, "invitations")},
		{"requests", v.T("Requests that you can agree to"), !slices.Contains(pg.Chosen.Muted, "requests")},
	}
	pg.Terminal = []string{"lintel profile show", "lintel profile set --display-name NAME --description TEXT --zone ZONE"}
	return pg, nil
}

func (v *visit) profile() error {
	pg, err := v.profilePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "profile", pg)
}

// languageNames are the languages' own names for themselves.
var languageNames = map[string]string{"en": "English", "de": "Deutsch"}

func (v *visit) saveProfile() error {
	pg, err := v.profilePage()
	if err != nil {
		return err
	}
	p := pg.Chosen
	p.Theme, p.DisplayName, p.Description, p.Default, p.Muted, p.Zone = v.field("theme"), v.field("display_name"), v.field("description"), identity.ProjectID(v.field("project")), nil, strings.TrimSpace(v.field("timezone"))
	if languageNames[v.field("language")] != "" {
		p.Language = v.field("language")
	}
	for _, t := range mail.Topics {
		if !slices.Contains(v.PostForm["topics"], t) {
			p.Muted = append(p.Muted, t)
		}
	}
	err = v.p.Membership.SaveProfile(v.Context(), v.self(), p)
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		pg.Chosen = p
		return v.show(http.StatusUnprocessableEntity, "profile", pg)
	}
	v.dress(p.Profile)
	v.redirect("/profile?done=saved")
	return nil
}

// dress makes this browser show the portal as somebody likes it.
func (v *visit) dress(p identity.Profile) {
	if p.Theme != "" {
		v.setCookie(themeCookie, p.Theme, yearly)
	} else {
		v.forget(themeCookie)
	}
	if p.Zone != "" {
		v.setCookie(zoneCookie, p.Zone, yearly)
	} else {
		v.forget(zoneCookie)
	}
	if p.Language != "" {
		v.setCookie(langCookie, p.Language, yearly)
	}
}

// addressPage asks for another address.
type addressPage struct {
	chrome
	Address string
}

func (v *visit) addressPage() *addressPage {
	pg := &addressPage{Address: v.field("address")}
	pg.Section, pg.Title = "profile", v.T("Change your e-mail address")
	pg.Lead = v.T("A link is sent to the new address, and a notice to the one you have, which counts until the link is used.")
	pg.Terminal = []string{"lintel profile address EMAIL"}
	return pg
}

func (v *visit) newAddress() error { return v.show(http.StatusOK, "address", v.addressPage()) }

func (v *visit) askAddress() error {
	pg := v.addressPage()
	if err := v.p.Membership.AskAddress(v.Context(), v.self(), pg.Address); err != nil {
		if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.BadRequest {
			pg.Fields = problems{"address": v.said(e)}
			return v.show(http.StatusUnprocessableEntity, "address", pg)
		}
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "address", pg) })
	}
	v.redirect("/profile?done=address-asked")
	return nil
}

// provePage lets somebody say that an address is theirs, or that it is not. Looking at it changes nothing, since mail scanners look.
type provePage struct {
	chrome
	Do    string // nothing when there is nothing to do any more
	Calm  bool
	Again string // where another link can be asked for
}

func (v *visit) provePage(keep bool) (*provePage, error) {
	pg := &provePage{Calm: !keep}
	pg.Bare = true
	c, err := v.p.Membership.LookAddress(v.Context(), v.PathValue("secret"), keep)
	err = v.wrongLink(err)
	switch {
	case errors.Is(err, identity.Gone), errors.Is(err, identity.NotFound):
		pg.Title, pg.Lead = v.T("This link does not work any more"), v.over(err, v.T("The address was changed in another way since, or the account is closed."))
		if !keep && c.New != "" {
			pg.Again = Prefix + "/profile/address?" + url.Values{"address": {c.New}}.Encode()
		}
		return pg, nil
	case err != nil:
		return nil, err
	case !keep:
		pg.Title, pg.Do = v.T("Is this your address?"), v.T("Yes, it is mine")
		pg.Lead = v.F("After this %s is the address of the account %s.", c.New, c.User.Name)
	case c.Done:
		pg.Title, pg.Do = v.T("Bring the old address back?"), v.T("Bring it back")
		pg.Lead = v.F("The account %s gets back the address %s. All its sessions and tokens end.", c.User.Name, c.Old)
	default:
		pg.Title, pg.Do, pg.Calm = v.T("Keep this address?"), v.T("Keep it"), true
		pg.Lead = v.F("The account %s keeps the address %s, and the link that was sent to the other one ends.", c.User.Name, c.Old)
	}
	return pg, nil
}

func (v *visit) verifyAddress() error {
	pg, err := v.provePage(false)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "prove", pg)
}

func (v *visit) proveAddress() error {
	return v.decideAddress(false, v.T("The address counts from now on."))
}

func (v *visit) askKeepAddress() error {
	pg, err := v.provePage(true)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "prove", pg)
}

func (v *visit) keepAddress() error {
	return v.decideAddress(true, v.T("The address stays. If it was not you who wanted another one, change your password, too."))
}

func (v *visit) decideAddress(keep bool, said string) error {
	pg, err := v.provePage(keep)
	if err != nil {
		return err
	}
	if pg.Do == "" {
		return v.show(http.StatusUnprocessableEntity, "prove", pg)
	}
	do := v.p.Membership.ProveAddress
	if keep {
		do = v.p.Membership.KeepAddress
	}
	if err := do(v.Context(), v.PathValue("secret")); err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "prove", pg) })
	}
	pg.Do, pg.Title, pg.Lead = "", v.T("Thank you"), said
	return v.show(http.StatusOK, "prove", pg)
}
