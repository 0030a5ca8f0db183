package portal

import (
	"net/http"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
)

var noticePages = []page{
	{method: get, path: "/notices", serve: (*visit).notices},
	{method: post, path: "/notices/read", serve: (*visit).readNotices},
}

// noticesPage is what somebody was told.
type noticesPage struct {
	chrome
	Notices []mail.Told
	Mails   bool // the reader is told by mail, too
}

// Until is the time of the latest notice, up to which the page has been read.
func (pg *noticesPage) Until() string { return pg.Notices[0].At.UTC().Format(time.RFC3339Nano) }

func (v *visit) notices() (err error) {
	pg := &noticesPage{Mails: v.p.Membership.Mails() && v.User().Extra["email"] != nil}
	if pg.Notices, err = v.p.Membership.Notices(v.Context(), v.self(), v.Lang); err != nil {
		return err
	}
	pg.Section, pg.Title, pg.Lead = "notices", v.T("Notices"), v.T("What you were told of your account and of what you look after, in the last 30 days.")
	pg.Terminal = []string{"lintel notice list"}
	if v.Unread() > 0 {
		pg.Terminal = append(pg.Terminal, "lintel notice read")
	}
	return v.show(http.StatusOK, "notices", pg)
}

func (v *visit) readNotices() error {
	until, err := time.Parse(time.RFC3339Nano, v.field("until"))
	if err != nil {
		return identity.Invalidf("The form could not be read.")
	}
	if err := v.p.Membership.ReadNotices(v.Context(), v.self(), until); err != nil {
		return err
	}
	v.redirect("/notices")
	return nil
}

// Unread is how many notices the reader has not read.
func (v *visit) Unread() int { return v.session.Unread }
