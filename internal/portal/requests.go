package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var requestPages = slices.Concat(
	[]page{
		{method: get, path: "/p/{id}/requests", serve: (*visit).requests},
		{method: get, path: "/d/{domain}/requests", serve: (*visit).requests},
	},
	both("/p/{id}/requests/{request}/approve", (*visit).approveRequest, true),
	both("/p/{id}/requests/{request}/refuse", (*visit).refuseRequest, false),
	both("/p/{id}/requests/{request}/withdraw", (*visit).withdrawRequest, false),
	both("/d/{domain}/requests/{request}/approve", (*visit).approveRequest, true),
	both("/d/{domain}/requests/{request}/refuse", (*visit).refuseRequest, false),
	both("/d/{domain}/requests/{request}/withdraw", (*visit).withdrawRequest, false),
)

// requestsPage lists what was asked for in a project or a domain, to which somebody else must agree.
type requestsPage struct {
	chrome
	Path     string // of this page
	Requests []requestRow
}

type requestRow struct {
	membership.Request
	Open, Own bool // it can be answered, or withdrawn
	Word, Dot string
}

// desk is where requests wait: a project or a domain.
type desk struct {
	here          *here // nil in a domain
	on            identity.ProjectID
	name, section string
	path, add     string // of the requests, and of where more is asked for
	options       string // of the commands
	as            func(func(identity.Caller) error) error
}

func (v *visit) askedAt() (a desk, err error) {
	if v.PathValue("domain") == "" {
		h, err := v.here()
		if err != nil {
			return a, err
		}
		return desk{h, h.ID, h.Name, "people", h.Path("/requests"), h.Path("/people/add"), ofProject(h), h.as}, nil
	}
	c, d, err := v.inDomain()
	if err != nil {
		return a, err
	}
	base := Prefix + inDomain(d.ID)
	return desk{
		nil, identity.ProjectID(d.ID), d.Name, "assignments", base + "/requests", base + "/assignments/new", " --domain " + word(d.Name),
		func(try func(identity.Caller) error) error { return try(c) },
	}, nil
}

func (v *visit) loadRequests() (a desk, rows []requestRow, err error) {
	if a, err = v.askedAt(); err != nil {
		return a, nil, err
	}
	own, _ := v.User().Extra["email"].(string)
	err = a.as(func(c identity.Caller) error {
		all, err := v.p.Membership.GrantRequests(v.Context(), c, a.on)
		rows = nil
		for _, r := range all {
			row := requestRow{Request: r, Dot: "warn"}
			row.Own = r.RequesterID == v.User().ID
			switch r.Standing() {
			case "open":
				row.Word, row.Open = v.T("waits for an answer"), !row.Own && r.UserID != v.User().ID && (r.Address == "" || !strings.EqualFold(r.Address, own))
			case "approved":
				row.Word, row.Dot = v.F("agreed by %s", r.Decider), "good"
			case "refused":
				row.Word, row.Dot = v.F("refused by %s: %s", r.Decider, r.Answer), "bad"
			case "withdrawn":
				row.Word = v.T("withdrawn")
			default:
				row.Word = v.T("nobody answered in time")
			}
			row.Own = row.Own && r.Standing() == "open"
			rows = append(rows, row)
		}
		return err
	})
	return a, rows, err
}

func (v *visit) requests() error {
	a, rows, err := v.loadRequests()
	if err != nil {
		return err
	}
	pg := &requestsPage{Requests: rows, Path: a.path}
	pg.Here, pg.Section, pg.Title = a.here, a.section, v.T("Requests")
	pg.Lead = v.F("What somebody wants to give or take back in %s, to which somebody else must agree.", a.name)
	pg.Action = &link{v.T("Add a person"), a.add}
	if a.here == nil {
		pg.Action.Label = v.T("Grant a role")
	} else {
		pg.Tabs = v.peopleTabs(a.here, nil, "requests")
	}
	pg.Terminal = []string{"lintel access requests" + a.options, "lintel access approve REQUEST", "lintel access refuse REQUEST --reason WHY"}
	return v.show(http.StatusOK, "requests", pg)
}

// answering is the page that asks before a request is answered, and does it when it was posted.
func (v *visit) answering(do string, own bool, page func(r requestRow) *actPage, answer func(c identity.Caller, id string) error) error {
	a, rows, err := v.loadRequests()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r requestRow) bool { return r.ID == v.PathValue("request") && (own && r.Own || !own && r.Open) })
	if i < 0 {
		return identity.Missing("grant_request", v.PathValue("request"))
	}
	out := page(rows[i])
	if r := rows[i]; !own && r.GroupID != "" && !r.Joins() { // somebody may have joined it to wait for that
		err = a.as(func(c identity.Caller) error {
			who, err := v.whoIsIn(c, v.domain, r.GroupID)
			out.Means = append(out.Means, who...)
			return err
		})
		if err != nil {
			return err
		}
	}
	out.Here, out.Section, out.Back = a.here, a.section, a.path
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(a.path, Prefix) + "?done=" + do, a.as(func(c identity.Caller) error { return answer(c, rows[i].ID) })
	})
}

// wish says what a request is about.
func (v *visit) wish(r requestRow) (all []string) {
	switch roles := strings.Join(r.RoleNames, ", "); {
	case r.Joins():
		all = append(all, v.F("%s joins the group %s.", r.For, r.Group))
	case r.Address != "":
		all = append(all, v.F("%s is invited, and gets %s by accepting.", r.For, roles))
	case r.Revoke:
		all = append(all, v.F("%s loses %s.", r.For, roles))
	default:
		all = append(all, v.F("%s gets %s.", r.For, roles))
	}
	if r.Inherited {
		all = append(all, v.T("Not there, but on all projects below"))
	}
	if r.OnceFactor {
		all = append(all, v.T("It waits until the person has turned on a second factor, and takes effect if both of you may still grant it then."))
	}
	all = append(all, v.F("%s writes: %s", r.Requester, r.Reason))
	if r.New {
		all = append(all, v.F("The account is new: %s made it, and perhaps knows how to log in with it.", r.Requester))
	}
	if !r.Until.IsZero() {
		all = append(all, v.F("Until %s.", v.day(lastDay(r.Until))))
	}
	return all
}

// unfulfilled says of what a request is about that it does not come to pass.
func (v *visit) unfulfilled(r requestRow) []string {
	return append([]string{v.T("This was asked for, and does not happen:")}, v.wish(r)...)
}

func (v *visit) approveRequest() error {
	return v.answering("request-approved", false, func(r requestRow) *actPage {
		out := &actPage{Do: v.T("Agree and grant"), Harmless: true, Means: v.wish(r)}
		out.Title, out.Lead = v.F("Agree that %s gets this?", r.For), v.T("It counts at once. You must be able to grant it yourself.")
		if r.OnceFactor {
			out.Lead = v.T("You must be able to grant it yourself, now and when it takes effect.")
		}
		if r.Address != "" {
			out.Do, out.Lead = v.T("Agree, and let it be sent"), v.T("The invitation is sent at once. You must be able to invite to it yourself, now and when it is accepted.")
		}
		if r.Revoke {
			out.Do, out.Harmless = v.T("Agree and take back"), false
			out.Title, out.Lead = v.F("Agree that %s loses this?", r.For), v.T("It counts at once. You must be able to take it back yourself.")
		}
		out.Terminal = []string{"lintel access approve " + r.ID}
		return out
	}, func(c identity.Caller, id string) error {
		_, err := v.p.Membership.Approve(v.Context(), c, id)
		return err
	})
}

func (v *visit) refuseRequest() error {
	return v.answering("request-refused", false, func(r requestRow) *actPage {
		out := &actPage{Do: v.T("Refuse the request"), Means: v.unfulfilled(r), Asked: true, Why: v.field("reason")}
		out.Title, out.Lead = v.T("Refuse this request?"), v.F("Nothing changes, and %s is told why.", r.Requester)
		out.Terminal = []string{"lintel access refuse " + r.ID + " --reason WHY"}
		return out
	}, func(c identity.Caller, id string) error {
		_, err := v.p.Membership.Refuse(v.Context(), c, id, v.field("reason"))
		return err
	})
}

func (v *visit) withdrawRequest() error {
	return v.answering("request-withdrawn", true, func(r requestRow) *actPage {
		out := &actPage{Do: v.T("Withdraw the request"), Means: v.unfulfilled(r)}
		out.Title, out.Lead = v.T("Withdraw this request?"), v.T("Nobody can agree to it any more.")
		out.Terminal = []string{"lintel access withdraw " + r.ID}
		return out
	}, func(c identity.Caller, id string) error { return v.p.Membership.Withdraw(v.Context(), c, id) })
}
