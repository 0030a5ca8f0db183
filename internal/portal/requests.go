package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var requestPages = slices.Concat(
	[]page{{method: get, path: "/p/{id}/requests", serve: (*visit).requests}},
	both("/p/{id}/requests/{request}/approve", (*visit).approveRequest, true),
	both("/p/{id}/requests/{request}/refuse", (*visit).refuseRequest, false),
	both("/p/{id}/requests/{request}/withdraw", (*visit).withdrawRequest, false),
)

// requestsPage lists what was asked for on a project, to which somebody else must agree.
type requestsPage struct {
	chrome
	Requests []requestRow
}

type requestRow struct {
	membership.Request
	Open, Own bool // it can be answered, or withdrawn
	Word, Dot string
}

func (v *visit) loadRequests() (*here, []requestRow, error) {
	h, err := v.here()
	if err != nil {
		return nil, nil, err
	}
	var rows []requestRow
	err = h.as(func(c identity.Caller) error {
		all, err := v.p.Membership.GrantRequests(v.Context(), c, h.ID)
		rows = nil
		for _, r := range all {
			row := requestRow{Request: r, Dot: "warn"}
			row.Own = r.RequesterID == v.User().ID
			switch r.Standing() {
			case "open":
				row.Word, row.Open = v.T("waits for an answer"), !row.Own && r.UserID != v.User().ID
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
	return h, rows, err
}

func (v *visit) requests() error {
	h, rows, err := v.loadRequests()
	if err != nil {
		return err
	}
	pg := &requestsPage{Requests: rows}
	pg.Here, pg.Section, pg.Title = h, "people", v.T("Requests")
	pg.Lead = v.F("Roles in %s that somebody wants to give, to which somebody else must agree.", h.Name)
	pg.Action = &link{v.T("Add a person"), h.Path("/people/add")}
	pg.Terminal = []string{"lintel access requests" + ofProject(h), "lintel access approve REQUEST", "lintel access refuse REQUEST --reason WHY"}
	return v.show(http.StatusOK, "requests", pg)
}

// answering is the page that asks before a request is answered, and does it when it was posted.
func (v *visit) answering(do string, own bool, page func(h *here, r requestRow) *actPage, answer func(c identity.Caller, id string) error) error {
	h, rows, err := v.loadRequests()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r requestRow) bool { return r.ID == v.PathValue("request") && (own && r.Own || !own && r.Open) })
	if i < 0 {
		return identity.Missing("grant_request", v.PathValue("request"))
	}
	out := page(h, rows[i])
	out.Here, out.Section, out.Back = h, "people", h.Path("/requests")
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/requests?done="+do), Prefix), h.as(func(c identity.Caller) error { return answer(c, rows[i].ID) })
	})
}

// wish says what a request is about.
func (v *visit) wish(r requestRow) []string {
	all := []string{v.F("%s gets %s.", r.User, strings.Join(r.RoleNames, ", ")), v.F("%s writes: %s", r.Requester, r.Reason)}
	if !r.Until.IsZero() {
		all = append(all, v.F("Until %s.", v.day(lastDay(r.Until))))
	}
	return all
}

func (v *visit) approveRequest() error {
	return v.answering("request-approved", false, func(_ *here, r requestRow) *actPage {
		out := &actPage{Do: v.T("Agree and grant"), Harmless: true, Means: v.wish(r)}
		out.Title, out.Lead = v.F("Agree that %s gets this?", r.User), v.T("It counts at once. You must be able to grant it yourself.")
		out.Terminal = []string{"lintel access approve " + r.ID}
		return out
	}, func(c identity.Caller, id string) error {
		_, err := v.p.Membership.Approve(v.Context(), c, id)
		return err
	})
}

func (v *visit) refuseRequest() error {
	return v.answering("request-refused", false, func(_ *here, r requestRow) *actPage {
		out := &actPage{Do: v.T("Refuse the request"), Means: v.wish(r), Asked: true, Why: v.field("reason")}
		out.Title, out.Lead = v.T("Refuse this request?"), v.F("Nothing is granted, and %s is told why.", r.Requester)
		out.Terminal = []string{"lintel access refuse " + r.ID + " --reason WHY"}
		return out
	}, func(c identity.Caller, id string) error {
		_, err := v.p.Membership.Refuse(v.Context(), c, id, v.field("reason"))
		return err
	})
}

func (v *visit) withdrawRequest() error {
	return v.answering("request-withdrawn", true, func(_ *here, r requestRow) *actPage {
		out := &actPage{Do: v.T("Withdraw the request"), Means: v.wish(r)}
		out.Title, out.Lead = v.T("Withdraw this request?"), v.T("Nobody can agree to it any more.")
		out.Terminal = []string{"lintel access withdraw " + r.ID}
		return out
	}, func(c identity.Caller, id string) error { return v.p.Membership.Withdraw(v.Context(), c, id) })
}
