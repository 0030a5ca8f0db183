package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
)

// What people are told of their accounts: always those of the caller.
var noticeRoutes = []route{
	{method: get, path: "/v3/lintel/notices", serve: (*API).listNotices, actions: []authz.Action{authz.GetUser},
		summary: "List what the caller was told of their account and of what they look after, the latest first", answer: many("notices", "own_notice")},
	{method: post, path: "/v3/lintel/notices/reading", serve: (*API).readNotices, actions: []authz.Action{authz.GetUser},
		success: []int{http.StatusNoContent}, summary: "Note that the caller has read all that they were told"},
}

func (a *API) listNotices(w http.ResponseWriter, r *request) error {
	found, err := a.Membership.Notices(r.Context(), r.Caller, "")
	if err != nil {
		return err
	}
	all := []object{}
	for _, n := range found {
		var text []string
		for _, p := range n.Text {
			text = append(text, p.Text)
		}
		all = append(all, object{"id": n.ID, "kind": string(n.Kind), "created_at": renderTime(n.At), "read": n.Read, "subject": n.Subject,
			"text": strings.Join(text, "\n\n"), "ask": orNull(n.Ask)})
	}
	return writeJSON(w, http.StatusOK, object{"notices": all})
}

func (a *API) readNotices(w http.ResponseWriter, r *request) error {
	if err := a.Membership.ReadNotices(r.Context(), r.Caller, time.Time{}); err != nil {
		return err
	}
	return noContent(w)
}
