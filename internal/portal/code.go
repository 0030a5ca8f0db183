package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

var codePages = []page{
	{method: get, path: "/code", serve: (*visit).code, open: true},
	{method: post, path: "/code", serve: (*visit).openCode, open: true},
}

// codePage asks for the code of a mail whose link does not open.
type codePage struct {
	chrome
	Address string
}

func (v *visit) codePage() (*codePage, error) {
	if !v.p.Membership.Mails() {
		return nil, identity.Missing("page", "")
	}
	pg := &codePage{Address: strings.TrimSpace(v.field("address"))}
	pg.Bare, pg.Title, pg.Lead = true, v.T("A code from a mail"), v.T("It leads to where the link of that mail does. Nothing happens before you say so there.")
	return pg, nil
}

func (v *visit) code() error {
	pg, err := v.codePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "code", pg)
}

func (v *visit) openCode() error {
	pg, err := v.codePage()
	if err != nil {
		return err
	}
	pg.Fields = problems{}
	if pg.Address == "" {
		pg.Fields["address"] = v.T("Enter the address that the mail went to.")
	}
	if strings.TrimSpace(v.field("code")) == "" {
		pg.Fields["code"] = v.T("Enter the code.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "code", pg)
	}
	path, err := v.p.Membership.OpenCode(v.Context(), pg.Address, v.field("code"), v.address())
	if errors.Is(err, identity.Gone) {
		pg.Problem = v.T("No mail to that address has this code, or it is too old, or too many were tried. Its link may still work.")
		return v.show(http.StatusUnprocessableEntity, "code", pg)
	} else if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "code", pg) })
	}
	v.redirect(path)
	return nil
}

// wrongLink counts a link that was none, and fails with what it failed with, or because there were too many.
func (v *visit) wrongLink(err error) error {
	if !errors.Is(err, identity.NotFound) {
		return err
	}
	if often := v.p.Membership.WrongLink(v.Context(), v.address()); often != nil {
		return often
	}
	return err
}

// lasts says how long something lasts.
func (v *visit) lasts(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return v.N(int(d/(24*time.Hour)), "for %d day", "for %d days")
	case d%time.Hour == 0:
		return v.N(int(d/time.Hour), "for %d hour", "for %d hours")
	}
	return v.N(int(d/time.Minute), "for %d minute", "for %d minutes")
}
