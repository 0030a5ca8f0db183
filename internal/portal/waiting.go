package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var waitingPages = slices.Concat(
	[]page{{method: get, path: "/p/{id}/waiting", serve: (*visit).waiting}},
	both("/p/{id}/waiting/{grant}/withdraw", (*visit).withdrawWaiting, false),
)

// waitingPage lists the roles on a project that wait until their user has turned on a second factor.
type waitingPage struct {
	chrome
	Grants []membership.Waiting
}

func (v *visit) loadWaiting() (h *here, all []membership.Waiting, err error) {
	if h, err = v.here(); err != nil {
		return nil, nil, err
	}
	err = h.as(func(c identity.Caller) (err error) {
		all, err = v.p.Membership.WaitingGrants(v.Context(), c, h.ID)
		return err
	})
	return h, all, err
}

func (v *visit) waiting() error {
	h, all, err := v.loadWaiting()
	if err != nil {
		return err
	}
	pg := &waitingPage{Grants: all}
	pg.Here, pg.Section, pg.Title = h, "people", v.T("Waiting")
	pg.Tabs = v.peopleTabs(h, nil, "waiting")
	pg.Lead = v.F("Roles in %s that take effect when the person has turned on a second factor.", h.Name)
	pg.Action = &link{v.T("Add a person"), h.Path("/people/add")}
	pg.Terminal = []string{"lintel access waiting" + ofProject(h), "lintel access cancel ID"}
	return v.show(http.StatusOK, "waiting", pg)
}

func (v *visit) withdrawWaiting() error {
	h, all, err := v.loadWaiting()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w membership.Waiting) bool { return w.ID == v.PathValue("grant") })
	if i < 0 {
		return identity.Missing("waiting_grant", v.PathValue("grant"))
	}
	w := all[i]
	out := &actPage{Do: v.T("Withdraw the role"), Back: h.Path("/waiting"), Means: []string{
		v.F("%s does not get %s when a second factor is turned on.", w.User, w.RoleName), v.T("What they have already stays."),
	}}
	out.Here, out.Section, out.Title = h, "people", v.F("Withdraw %s from %s?", w.RoleName, w.User)
	out.Lead = v.T("It waits for a second factor, and counts for nothing yet.")
	out.Terminal = []string{"lintel access cancel " + w.ID}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/waiting?done=role-withdrawn"), Prefix), h.as(func(c identity.Caller) error {
			return v.p.Membership.WithdrawWaiting(v.Context(), c, w.ID)
		})
	})
}
