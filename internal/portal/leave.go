package portal

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
)

// revokePage asks before people lose their roles in a project, and says what that means for each; or it says what came of it.
type revokePage struct {
	chrome
	People []leaver
	Able   int    // how many of them something can be taken from, or asked for
	Asks   bool   // of some of them something is asked for
	Reason string // for whoever must agree
	Do     string // what the button says
	Back   string
	Failed bool
	Own    bool // the reader is among those who lose roles
	Typed  string
}

// leaver is somebody who is to lose their roles in a project.
type leaver struct {
	personRow
	Stays        bool     // some role remains, so tokens go on with that
	Ending       []string // what works no more, as far as it may be counted
	Counted      bool
	Loses, Keeps []heldRole
	Asked        []heldRole // to which somebody else must agree, kept until then
	Outcome      string     // what went wrong
}

// leavers finds out what it means to take their roles from people.
func (v *visit) leavers(h *here, users []identity.UserID) ([]leaver, error) {
	type departures struct {
		all    []credential.Departure
		called assignment.Names
	}
	found, err := asGranter(h, func(c identity.Caller) (d departures, able int, err error) {
		d.all, d.called, err = v.p.Credential.Departures(v.Context(), c, h.ID, users)
		for _, p := range d.all {
			able += len(p.Revocable) + len(p.Askable)
		}
		return d, able, err
	})
	var out []leaver
	for _, d := range found.all {
		l := leaver{
			personRow: v.personRow(d.Person, found.called), Stays: d.Stays, Ending: v.stopping(d.Ends), Counted: d.Counted,
			Keeps: v.rolesHeld(d.Remaining, nil, found.called),
		}
		for _, r := range d.Revocable {
			l.Loses = append(l.Loses, v.heldRole(r, found.called))
		}
		for _, r := range d.Askable {
			l.Asked = append(l.Asked, v.heldRole(r, found.called))
		}
		l.Keeps = slices.DeleteFunc(l.Keeps, func(r heldRole) bool {
			return r.Origin == "" && slices.ContainsFunc(l.Asked, func(a heldRole) bool { return a.Name == r.Name })
		})
		out = append(out, l)
	}
	return out, err
}

// stopping says what works no more.
func (v *visit) stopping(e credential.Ends) (all []string) {
	if n := e.ApplicationCredentials; n > 0 {
		all = append(all, v.N(n, "%d application credential", "%d application credentials"))
	}
	if n := e.Keys; n > 0 {
		all = append(all, v.N(n, "%d S3 key", "%d S3 keys"))
	}
	if n := e.Trusts; n > 0 {
		all = append(all, v.N(n, "%d trust", "%d trusts"))
	}
	return all
}

func userIDs(values []string) (ids []identity.UserID) {
	for _, s := range slices.Compact(slices.Sorted(slices.Values(values))) {
		ids = append(ids, identity.UserID(s))
	}
	return ids[:min(len(ids), sizes[len(sizes)-1])]
}

func (v *visit) revokePage(users []identity.UserID) (*here, *revokePage, error) {
	h, err := v.here()
	if err != nil {
		return nil, nil, err
	}
	pg := &revokePage{Back: h.Path("/people"), Reason: strings.TrimSpace(v.field("reason")), Typed: v.PostForm.Get("typed")}
	if pg.People, err = v.leavers(h, users); err != nil {
		return nil, nil, err
	}
	pg.Here, pg.Section = h, "people"
	if i := slices.IndexFunc(pg.People, func(l leaver) bool { return l.Self }); i >= 0 { // last, since who has lost their roles takes none from others
		pg.People = append(slices.Delete(slices.Clone(pg.People), i, i+1), pg.People[i])
	}
	pg.settle(h)
	pg.Title, pg.Do = v.N(pg.Able, "Revoke %d person?", "Revoke %d people?"), v.N(pg.Able, "Revoke %d person", "Revoke %d people")
	pg.Lead = v.F("They lose the roles that were granted to them in %s. This is what ends.", h.Name)
	if pg.Asks {
		pg.Lead += " " + v.T("Where somebody else must agree, those who can are asked, and nothing changes until one does.")
	}
	return h, pg, nil
}

// settle tells what is to be asked about the people on the page, and the commands that revoke their roles.
func (pg *revokePage) settle(h *here) {
	pg.Able, pg.Own, pg.Asks, pg.Terminal = 0, false, false, nil
	for _, l := range pg.People {
		if len(l.Loses)+len(l.Asked) == 0 {
			continue
		}
		pg.Able++
		pg.Own = pg.Own || l.Self && len(l.Loses) > 0
		if len(l.Asked) > 0 {
			pg.Asks = true
			pg.Terminal = append(pg.Terminal, "lintel access revoke"+ofProject(h)+" --user-domain "+word(l.In)+" --all --reason "+word(cmp.Or(pg.Reason, "WHY"))+" "+word(l.Name))
			continue
		}
		for _, r := range l.Loses {
			pg.Terminal = append(pg.Terminal, "openstack role remove"+grantOptions(h, l.Name, l.In)+" "+r.word)
		}
	}
}

func (v *visit) askRevoke() error {
	h, pg, err := v.revokePage(userIDs(v.URL.Query()["user"]))
	if err != nil {
		return err
	}
	if len(pg.People) == 0 {
		v.redirect(strings.TrimPrefix(h.Path("/people"), Prefix) + "?done=nobody")
		return nil
	}
	return v.show(http.StatusOK, "revoke", pg)
}

// revoke takes their roles from people, from each in a transaction of its own, and tells whose it could not take.
func (v *visit) revoke() error {
	h, pg, err := v.revokePage(userIDs(v.PostForm["user"]))
	if err != nil {
		return err
	}
	if pg.Asks && pg.Reason == "" {
		pg.Fields = problems{"reason": v.T("Somebody else must agree: say why.")}
		return v.show(http.StatusUnprocessableEntity, "revoke", pg)
	}
	if pg.Own && pg.Typed != h.Name {
		pg.Fields = problems{"typed": v.F("Type %s to go on.", h.Name)}
		return v.show(http.StatusUnprocessableEntity, "revoke", pg)
	}
	var failed []leaver
	for _, l := range pg.People {
		err := v.dismiss(h, l, pg.Reason)
		if e, refused := errors.AsType[*identity.Error](err); refused {
			l.Outcome = v.said(e)
			failed = append(failed, l)
		} else if err != nil {
			return err
		}
	}
	if len(failed) == 0 && pg.Asks {
		v.redirect(strings.TrimPrefix(h.Path("/requests"), Prefix) + "?done=revoked-requested")
		return nil
	}
	if len(failed) == 0 {
		v.redirect(strings.TrimPrefix(h.Path("/people"), Prefix) + "?done=revoked")
		return nil
	}
	done := len(pg.People) - len(failed)
	pg.People, pg.Failed = failed, true
	pg.settle(h)
	pg.Title, pg.Do = v.T("Not all were revoked"), v.T("Try these again")
	pg.Lead = v.N(done, "%d person was revoked. For these it did not work:", "%d people were revoked. For these it did not work:")
	return v.show(http.StatusConflict, "revoke", pg)
}

// dismiss takes from somebody all roles in a project that the reader may take, and asks for those to which somebody else must agree.
func (v *visit) dismiss(h *here, l leaver, reason string) error {
	if len(l.Loses)+len(l.Asked) == 0 {
		return identity.Refusedf("%s", v.T("There is nothing that you may take back."))
	}
	return h.as(func(c identity.Caller) error {
		_, err := v.p.Membership.Dismiss(v.Context(), c, h.ID, l.ID, reason)
		return err
	})
}

// me is the reader as one of the people of a project, with no roles for who sees it from above.
func (v *visit) me(h *here) (found, error) {
	f, err := v.findPerson(h, v.User().ID)
	if errors.Is(err, identity.NotFound) {
		return f, nil
	}
	return f, err
}

func (v *visit) askLeave() error {
	_, pg, err := v.leavePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "revoke", pg)
}

func (v *visit) leavePage() (*here, *revokePage, error) {
	h, pg, err := v.revokePage([]identity.UserID{v.User().ID})
	if err != nil {
		return nil, nil, err
	}
	if pg.Able == 0 {
		return nil, nil, identity.Refusedf("%s", v.T("You cannot leave by yourself. Ask somebody who administers the project."))
	}
	pg.Own = false // the whole page is about that
	pg.Section, pg.Title, pg.Do, pg.Back = "project", v.F("Leave %s?", h.Name), v.T("Leave the project"), h.Path()
	pg.Lead = v.T("You lose the roles that were granted to you here. This is what ends.")
	return h, pg, nil
}

func (v *visit) leave() error {
	h, pg, err := v.leavePage()
	if err != nil {
		return err
	}
	if err := v.dismiss(h, pg.People[0], ""); err != nil {
		return err
	}
	v.redirect("?" + url.Values{"done": {"left"}}.Encode())
	return nil
}
