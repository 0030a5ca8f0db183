package portal

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var forgotPages = []page{
	{method: get, path: "/forgot", serve: (*visit).forgot, open: true},
	{method: post, path: "/forgot", serve: (*visit).askReset, open: true},
	{method: get, path: "/forgot/sent", serve: (*visit).resetAsked, open: true},
	{method: get, path: "/reset/{secret}", serve: (*visit).reset, open: true},
	{method: post, path: "/reset/{secret}", serve: (*visit).setPassword, open: true},
}

// forgotPage asks whose password is forgotten.
type forgotPage struct {
	chrome
	Name, DomainName string
}

func (v *visit) forgotPage() (*forgotPage, error) {
	if !v.p.Membership.Mails() {
		return nil, identity.Missing("page", "")
	}
	pg := &forgotPage{Name: v.field("name"), DomainName: v.field("domain")}
	pg.Bare, pg.Title, pg.Lead = true, v.T("Forgotten password"), v.T("Enter your user name or e-mail address. You get a mail with a link to set a new password.")
	return pg, nil
}

func (v *visit) forgot() error {
	pg, err := v.forgotPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "forgot", pg)
}

// askReset gives one answer, be there such an account or not. S-118
func (v *visit) askReset() error {
	pg, err := v.forgotPage()
	if err != nil {
		return err
	}
	if pg.Name == "" {
		pg.Fields = problems{"name": v.T("Enter a name or an address.")}
		return v.show(http.StatusUnprocessableEntity, "forgot", pg)
	}
	if err := v.p.Membership.AskReset(v.Context(), pg.Name, pg.DomainName, v.Lang, v.address(), v.chromeAgent()); err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "forgot", pg) })
	}
	v.redirect("/forgot/sent")
	return nil
}

// chromeAgent is the browser, in words.
func (v *visit) chromeAgent() string {
	c := chrome{messages: v.messages}
	return c.Agent(v.UserAgent())
}

func (v *visit) resetAsked() error {
	pg := new(answeredPage)
	pg.Bare, pg.Title, pg.Lead = true, v.T("Look at your mail"), v.F("If we know that account and its address, a mail is on its way. Its link works %s.", v.lasts(v.p.Membership.ResetLife))
	return v.show(http.StatusOK, "answered", pg)
}

// resetPage sets a new password, by a link from a mail.
type resetPage struct {
	chrome
	Choose passwordForm
	Over   bool // the link does not work any more
}

func (v *visit) resetPage() (*resetPage, error) {
	pg := new(resetPage)
	pg.Bare, pg.Title = true, v.T("Choose a new password")
	u, err := v.p.Membership.LookReset(v.Context(), v.PathValue("secret"))
	if err = v.wrongLink(err); errors.Is(err, identity.TooManyRequests) {
		return nil, err
	}
	if errors.Is(err, identity.Gone) || errors.Is(err, identity.NotFound) {
		pg.Over, pg.Title, pg.Lead = true, v.T("This link does not work any more"), v.over(err, v.T("The password or the address of the account was changed since, or the account is closed."))
		return pg, nil
	}
	if err != nil {
		return nil, err
	}
	pg.Lead = v.F("For the account %s. All its sessions and tokens end.", u.Name)
	pg.Choose, err = v.passwordForm(directory.DomainRef{ID: u.DomainID}, true)
	return pg, err
}

// over says why a link opens nothing any more.
func (v *visit) over(err error, otherwise string) string {
	if errors.Is(err, identity.NotFound) {
		return v.T("There is no such link, or it was forgotten long ago. Look whether its address is complete.")
	}
	if e, ok := errors.AsType[*membership.LinkError](err); ok {
		switch e.Over {
		case membership.OverUsed:
			return v.T("It was used already, and works once.")
		case membership.OverSuperseded:
			return v.newer()
		case membership.OverTime:
			return v.T("It is too old.")
		}
	}
	return otherwise
}

// newer says of a link that another one took its place, and where that is.
func (v *visit) newer() string {
	if v.p.Membership.Mails() {
		return v.T("A newer one was sent: use the link in the newest mail.")
	}
	return v.T("There is a newer link: ask for it whoever gave you this one.")
}

func (v *visit) reset() error {
	pg, err := v.resetPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "reset", pg)
}

func (v *visit) setPassword() error {
	pg, err := v.resetPage()
	if err != nil {
		return err
	}
	pw := v.PostForm.Get("new")
	switch {
	case pg.Over:
		return v.show(http.StatusUnprocessableEntity, "reset", pg)
	case pw == "":
		pg.Fields = problems{"new": v.T("Enter a new password.")}
	case pw != v.PostForm.Get("again"):
		pg.Fields = problems{"again": v.T("The two new passwords are not the same.")}
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "reset", pg)
	}
	if err := v.p.Membership.Reset(v.Context(), v.PathValue("secret"), pw); err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "reset", pg) })
	}
	v.forget(sessionCookie)
	to := url.Values{"done": {"reset"}}
	if next := v.field("next"); next != "" {
		to.Set("next", local(next))
	}
	v.redirect("/login?" + to.Encode())
	return nil
}

// Mails tells whether mails are sent, without which nobody sets a forgotten password anew by themselves.
func (v *visit) Mails() bool { return v.p.Membership.Mails() }
