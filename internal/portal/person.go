package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

// personPage changes the roles of somebody in a project. What others give them stands there too, locked.
type personPage struct {
	chrome
	Person  personRow
	Roles   []roleChoice
	Before  []identity.RoleID // that were granted when the page was made
	Locked  []heldRole        // that come from elsewhere
	Granter bool
	Asks    bool   // to some of the roles somebody else must agree
	Reason  string // for them

	Held     []credential.Held // what breaks if they leave
	HeldMore bool
}

// roleChoice is a role that somebody was granted or can be.
type roleChoice struct {
	identity.Role
	inWords
	Chosen bool
	Fixed  bool     // it was granted, and the reader may not take it back
	Back   bool     // but may ask for that
	Moves  bool     // the reader may set when it ends
	Before bool     // it was granted
	Brings []string // the roles that come with it
	Weight assignment.Weight
	Sum    string // how much it permits, and adds
	Ends   string // the last day of the grant
	Asks   bool   // somebody else must agree
}

func (v *visit) choiceOf(o assignment.Offer) roleChoice {
	c := roleChoice{Role: o.Role, inWords: v.words(o.Role, o.About), Weight: o.Weight, Asks: o.Rule.NeedsAnswer}
	for _, r := range o.Brings {
		c.Brings = append(c.Brings, r.Name)
	}
	return c
}

func roleWords(c *roleChoice) *inWords { return &c.inWords }

// found is somebody in a project, as a room tells it.
type found struct {
	assignment.Person
	Offers []assignment.Offer
	Called assignment.Names
}

// personHere is who the page's address names, in its project.
func (v *visit) personHere() (*here, found, error) {
	h, err := v.here()
	if err != nil {
		return nil, found{}, err
	}
	f, err := v.findPerson(h, identity.UserID(v.PathValue("user")))
	return h, f, err
}

// findPerson looks for one of the people of a project.
func (v *visit) findPerson(h *here, id identity.UserID) (found, error) {
	return asGranter(h, func(c identity.Caller) (f found, offers int, err error) {
		f.Person, f.Offers, f.Called, err = v.p.Assignment.Person(v.Context(), c, h.ID, id)
		return f, len(f.Offers) + len(f.Revocable) + len(f.Askable), err
	})
}

func (v *visit) personPage() (*here, *personPage, error) {
	h, f, err := v.personHere()
	if err != nil {
		return nil, nil, err
	}
	pg := &personPage{Person: v.personRow(f.Person, f.Called), Before: f.Granted()}
	pg.Here, pg.Section, pg.Title = h, "people", f.Name
	pg.Lead = v.F("What they may do in %s, and where each role comes from.", h.Name)
	var elsewhere []identity.Assignment
	for _, a := range f.Held {
		if a.Via != (identity.Via{}) {
			elsewhere = append(elsewhere, a)
			continue
		}
		r := roleLabeled(a.Role, f.Called.Of("role", string(a.Role)))
		c := roleChoice{Role: r, inWords: inWords{Shown: v.roleCalled(r)}}
		if i := slices.IndexFunc(f.Offers, func(o assignment.Offer) bool { return o.ID == a.Role }); i >= 0 {
			c = v.choiceOf(f.Offers[i])
			c.Moves = true
		}
		c.Chosen, c.Before, c.Fixed, c.Back = true, true, !slices.Contains(f.Revocable, a.Role), slices.Contains(f.Askable, a.Role)
		c.Moves = c.Moves || !c.Fixed
		c.Ends = lastDayOf(f.Terms[a.Role].Until)
		pg.Roles = append(pg.Roles, c)
	}
	for _, o := range f.Offers {
		if !slices.Contains(pg.Before, o.ID) {
			c := v.choiceOf(o)
			c.Moves = true
			pg.Roles = append(pg.Roles, c)
		}
	}
	byCategory(v, pg.Roles, roleWords)
	pg.Locked = v.rolesHeld(elsewhere, nil, f.Called)
	var held []string
	for _, a := range f.Held {
		if r := roleLabeled(a.Role, f.Called.Of("role", string(a.Role))); r.DomainID == "" { // a domain's own is nothing to services
			held = append(held, r.Name)
		}
	}
	v.explain(pg.Roles, held)
	if pg.Held, pg.HeldMore, err = v.leaver(h, pg.Person.ID); err != nil {
		return nil, nil, err
	}
	pg.Granter = slices.ContainsFunc(pg.Roles, func(r roleChoice) bool { return r.Moves })
	pg.Asks, pg.Reason = slices.ContainsFunc(pg.Roles, func(r roleChoice) bool { return r.Asks }), strings.TrimSpace(v.field("reason"))
	pg.Terminal = []string{
		"openstack role add" + grantOptions(h, f.Name, pg.Person.In) + " ROLE",
		"openstack role remove" + grantOptions(h, f.Name, pg.Person.In) + " ROLE",
	}
	return h, pg, nil
}

// grantOptions are those of openstack role add and remove that name somebody and a project.
func grantOptions(h *here, user, domain string) string {
	return " --project " + word(h.Name) + " --project-domain " + word(h.In) + " --user " + word(user) + " --user-domain " + word(domain)
}

// whoSet says who else could get into an account that is about to get a role of high impact: who set its address, password and factors.
func (v *visit) whoSet(h *here, id identity.UserID) (words []string, err error) {
	var all []directory.SetBy
	err = h.as(func(c identity.Caller) (err error) {
		all, err = v.p.Directory.WhoSet(v.Context(), c, id)
		return err
	})
	if errors.Is(err, identity.Forbidden) {
		return nil, nil // who may not look at the account
	}
	for _, s := range all {
		if s.Own {
			continue
		}
		who, day := cmp.Or(s.Name, v.T("somebody who is gone")), v.day(s.At.UTC())
		switch s.What {
		case identity.Address:
			words = append(words, v.F("The e-mail address was set by %s on %s: a mail to it leads into the account.", who, day))
		case identity.Password:
			words = append(words, v.F("The password was set by %s on %s, who may know it.", who, day))
		case identity.Factors:
			words = append(words, v.F("The second factor was changed by %s on %s.", who, day))
		}
	}
	return words, err
}

// grantLine is the command that grants a role to somebody, for as long as was chosen. openstack looks names up itself, which takes rights
// that not everybody has who may grant: without them it does nothing, and does not say so.
func grantLine(h *here, user personRow, r roleChoice, reason string) string {
	if r.Ends == "" && user.Known && !r.Asks {
		return "openstack role add" + grantOptions(h, user.Name, user.In) + " " + roleWord(r.Role)
	}
	line := "lintel access grant --project " + word(h.Name) + " --project-domain " + word(h.In) + " --user-domain " + word(user.In)
	if r.Ends != "" {
		line += " --until " + r.Ends
	}
	if r.Asks {
		line += " --reason " + word(cmp.Or(reason, "WHY"))
	}
	return line + " " + word(user.Name) + " " + roleWord(r.Role)
}

// revokeLine is the command that takes a role from somebody.
func revokeLine(h *here, user personRow, role identity.Role) string {
	if user.Known {
		return "openstack role remove" + grantOptions(h, user.Name, user.In) + " " + roleWord(role)
	}
	return "lintel access revoke --project " + word(h.Name) + " --project-domain " + word(h.In) + " --user-domain " + word(user.In) + " " + word(user.Name) + " " + roleWord(role)
}

// askBack asks for a role to be taken from somebody, to which somebody else must agree.
func (v *visit) askBack() error {
	h, f, err := v.personHere()
	if err != nil {
		return err
	}
	role := identity.RoleID(v.PathValue("role"))
	if !slices.Contains(f.Askable, role) {
		return identity.Missing("role", role)
	}
	named := roleLabeled(role, f.Called.Of("role", string(role)))
	name, in := v.roleCalled(named), f.Called.Of("user", string(f.ID)).DomainName
	out := &actPage{Harmless: true, Asked: true, Why: v.field("reason"), Back: h.Path("/people/", string(f.ID)), Do: v.T("Ask for it"), Means: []string{
		v.F("%s loses %s.", f.Name, name), v.T("Those who can agree are asked. Until one does, nothing changes."),
	}}
	out.Here, out.Section, out.Title = h, "people", v.F("Ask to take %s from %s?", name, f.Name)
	out.Lead = v.T("To take this role back somebody else must agree.")
	out.Terminal = []string{"lintel access revoke" + ofProject(h) + " --user-domain " + word(in) + " --reason WHY " + word(f.Name) + " " + roleWord(named)}
	return v.decide(out, func() (string, error) {
		grants := []identity.Grant{{Role: role, User: f.ID, Project: h.ID}}
		return strings.TrimPrefix(h.Path("/requests?done=requested"), Prefix), h.as(func(c identity.Caller) error {
			_, err := v.p.Membership.RevokeAll(v.Context(), c, grants, out.Why)
			return err
		})
	})
}

// resetFactorHere helps somebody of the project who has lost their second factor, for who may take away all that they hold.
func (v *visit) resetFactorHere() error {
	h, f, err := v.personHere()
	if err != nil {
		return err
	}
	out := &actPage{Do: v.T("Reset the second factor"), Back: h.Path("/people/", string(f.ID)), Means: v.factorMeans()}
	out.Here, out.Section, out.Title = h, "people", v.F("Reset the second factor of %s?", f.Name)
	out.Lead = v.T("For somebody who has lost their phone and their recovery codes.")
	out.Terminal = []string{"lintel user reset-mfa " + word(string(f.ID))}
	err = h.as(func(c identity.Caller) error { return v.byTwo(c, f.ID, out) })
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	return v.decide(out, func() (string, error) {
		var waits *credential.FactorReset
		err := h.as(func(c identity.Caller) (err error) {
			waits, err = v.p.Credential.ResetFactor(v.Context(), c, f.ID)
			return err
		})
		return strings.TrimPrefix(h.Path("/people"), Prefix) + "?done=" + resetDone(waits), err
	})
}

func (v *visit) person() error {
	_, pg, err := v.personPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "person", pg)
}

// changePage shows what a change of roles would do before it is done.
type changePage struct {
	chrome
	Person        personRow
	Before, After []identity.RoleID
	Add, Remove   []string
	Ends          map[string]string // last days, by field
	Moved         []string          // roles that end on another day than they did
	Asked         []string          // of both, those to which somebody else must agree
	Reason        string            // for them
	Own           bool              // the reader takes roles from themselves
	Blast         []string          // what granting roles of high impact means
	Typed         string
}

// changePerson shows the difference, and makes the change when that was seen.
func (v *visit) changePerson() error {
	h, pg, err := v.personPage()
	if err != nil {
		return err
	}
	before, chosen := roleIDs(v.PostForm["before"]), roleIDs(slices.DeleteFunc(v.PostForm["role"], func(r string) bool { return r == "" }))
	diff := &changePage{Person: pg.Person, Before: before, Typed: strings.TrimSpace(v.field("typed")), Ends: map[string]string{}, Reason: pg.Reason}
	ends := map[identity.RoleID]time.Time{}
	pg.Fields = problems{}
	for i, r := range pg.Roles {
		pg.Roles[i].Chosen = slices.Contains(chosen, r.ID) || r.Fixed
		field := "until-" + string(r.ID)
		last := strings.TrimSpace(v.field(field))
		if !r.Moves || !v.PostForm.Has(field) {
			last = r.Ends // which the form did not ask for
		}
		name := v.roleCalled(r.Role)
		if pg.Roles[i].Ends = last; last != r.Ends && pg.Roles[i].Chosen {
			ends[r.ID], diff.Ends[field] = v.until(field, pg.Fields), last
			if day := ends[r.ID]; !day.IsZero() {
				name = v.F("%s, until %s", name, v.day(lastDay(day)))
			}
		}
		switch wanted := pg.Roles[i].Chosen; {
		case wanted && !r.Before && r.Asks:
			diff.Asked, diff.Blast = append(diff.Asked, name), append(diff.Blast, v.blast(r.Weight, r.Name, h.Name, pg.Person.Name)...)
		case wanted && !r.Before:
			diff.Add, diff.Blast = append(diff.Add, name), append(diff.Blast, v.blast(r.Weight, r.Name, h.Name, pg.Person.Name)...)
		case wanted && last != r.Ends && r.Asks && last == "":
			diff.Asked = append(diff.Asked, v.F("%s, for good", name))
		case wanted && last != r.Ends && r.Asks:
			diff.Asked = append(diff.Asked, name)
		case wanted && last != r.Ends && last == "":
			diff.Moved = append(diff.Moved, v.F("%s, for good", name))
		case wanted && last != r.Ends:
			diff.Moved = append(diff.Moved, name)
		case !wanted && r.Before:
			diff.Remove = append(diff.Remove, name)
		}
		if pg.Roles[i].Chosen {
			diff.After = append(diff.After, r.ID)
		}
	}
	if !sameRoles(before, pg.Before) {
		pg.Problem = v.T("Somebody else has changed these roles meanwhile. Below is what you chose; what is granted now is marked. Look at it again.")
		return v.show(http.StatusConflict, "person", pg)
	}
	if len(diff.Asked) > 0 && diff.Reason == "" {
		pg.Fields["reason"] = v.T("Somebody else must agree: say why.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "person", pg)
	}
	if len(diff.Add)+len(diff.Remove)+len(diff.Moved)+len(diff.Asked) == 0 {
		pg.Problem = v.T("Nothing would change. Tick or untick a role first.")
		return v.show(http.StatusUnprocessableEntity, "person", pg)
	}
	diff.Own = pg.Person.Self && len(diff.Remove) > 0
	if diff.Blast != nil {
		who, err := v.whoSet(h, pg.Person.ID)
		if err != nil {
			return err
		}
		diff.Blast = append(diff.Blast, who...)
	}
	diff.Here, diff.Section, diff.Title = h, "people", v.F("Change the roles of %s?", pg.Person.Name)
	diff.Lead = v.F("This is the difference in %s. It counts from the next request on.", h.Name)
	for _, r := range pg.Roles {
		if r.Chosen && (!r.Before || diff.Ends["until-"+string(r.ID)] != "") {
			diff.Terminal = append(diff.Terminal, grantLine(h, pg.Person, r, diff.Reason))
		}
	}
	for _, r := range pg.Roles {
		if r.Before && !r.Chosen {
			diff.Terminal = append(diff.Terminal, revokeLine(h, pg.Person, r.Role))
		}
	}
	if v.field("seen") == "" {
		return v.show(http.StatusOK, "change", diff)
	}
	if diff.Blast != nil || diff.Own {
		if diff.Typed != h.Name {
			diff.Fields = problems{"typed": v.F("Type %s to go on.", h.Name)}
			return v.show(http.StatusUnprocessableEntity, "change", diff)
		}
		if v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
			return errConfirm
		}
	}
	var asked []membership.Request
	err = h.as(func(c identity.Caller) (err error) {
		asked, err = v.p.Membership.SetRoles(v.Context(), c, h.ID, pg.Person.ID, before, diff.After, ends, diff.Reason)
		return err
	})
	if errors.Is(err, assignment.ErrChanged) {
		v.redirect(strings.TrimPrefix(h.Path("/people/", string(pg.Person.ID)), Prefix) + "?done=meanwhile")
		return nil
	} else if err != nil {
		return err
	}
	if len(asked) > 0 {
		v.redirect(strings.TrimPrefix(h.Path("/requests"), Prefix) + "?done=requested")
		return nil
	}
	v.redirect(strings.TrimPrefix(h.Path("/people"), Prefix) + "?done=roles")
	return nil
}

func roleIDs(values []string) []identity.RoleID {
	out := make([]identity.RoleID, len(values))
	for i, s := range values {
		out[i] = identity.RoleID(s)
	}
	return out
}

func sameRoles(a, b []identity.RoleID) bool {
	sorted := func(r []identity.RoleID) []identity.RoleID { return slices.Compact(slices.Sorted(slices.Values(r))) }
	return slices.Equal(sorted(a), sorted(b))
}

// addPage gives roles to somebody who is named exactly.
type addPage struct {
	chrome
	Who, DomainName string
	Roles           []roleChoice
	Typed           string
	Blast           []string // what granting the chosen roles of high impact means
	Until           string   // the last day
	Asks            bool     // to some of the roles somebody else must agree
	Reason          string   // for them

	Once      bool          // the roles wait for a second factor
	Onboard   identity.Role // what can be given until then; none when the reader may not grant it
	Onboarded bool          // that it is
	Waits     bool          // some of them do
	Asked     bool          // some were asked for
}

// onboarding is the role that somebody has who is to set up a second factor first, where there is one: by it one can log in, and do nothing.
const onboarding = "auth_only"

func (v *visit) addPage() (*here, *addPage, error) {
	h, err := v.here()
	if err != nil {
		return nil, nil, err
	}
	offers, err := asGranter(h, func(c identity.Caller) ([]assignment.Offer, int, error) {
		offers, err := v.p.Assignment.Offers(v.Context(), c, h.ID)
		return offers, len(offers), err
	})
	if err != nil {
		return nil, nil, err
	}
	pg := &addPage{Who: strings.TrimSpace(v.field("who")), DomainName: cmp.Or(strings.TrimSpace(v.field("domain")), h.In), Typed: strings.TrimSpace(v.field("typed")), Until: v.field("until")}
	pg.Here, pg.Section, pg.Title = h, "people", v.T("Add a person")
	pg.Lead = v.F("Somebody who has an account gets roles in %s.", h.Name)
	for _, r := range offers {
		c := v.choiceOf(r)
		c.Chosen = slices.Contains(v.Form["role"], string(r.ID))
		if v.Method == get {
			c.Chosen = r.Name == "member"
		}
		if c.Chosen {
			pg.Blast = append(pg.Blast, v.blast(r.Weight, r.Name, h.Name, pg.Who)...)
		}
		pg.Asks = pg.Asks || c.Asks
		pg.Roles = append(pg.Roles, c)
	}
	pg.Reason, pg.Once = strings.TrimSpace(v.field("reason")), v.field("once") != ""
	if i := slices.IndexFunc(offers, func(o assignment.Offer) bool { return o.Name == onboarding && o.DomainID == "" && !o.Rule.NeedsAnswer }); i >= 0 {
		pg.Onboard, pg.Onboarded = offers[i].Role, v.Method == get || v.field("meanwhile") != ""
	}
	v.explain(pg.Roles, nil)
	byCategory(v, pg.Roles, roleWords)
	pg.Terminal = []string{"openstack role add" + grantOptions(h, cmp.Or(pg.Who, "USER"), pg.DomainName) + " ROLE", v.onceLine(h, pg)}
	if pg.Asks {
		pg.Terminal = append(pg.Terminal, "lintel access grant"+ofProject(h)+" --user-domain "+word(pg.DomainName)+" --reason WHY "+word(cmp.Or(pg.Who, "USER"))+" ROLE")
	}
	return h, pg, nil
}

// whom is who is to be added.
func (pg *addPage) whom() assignment.Ref {
	return assignment.Ref{Name: pg.Who, Domain: directory.DomainRef{Name: pg.DomainName}}
}

// onceLine is the command that lets roles wait for a second factor.
func (v *visit) onceLine(h *here, pg *addPage) string {
	line := "lintel access grant" + ofProject(h) + " --user-domain " + word(pg.DomainName) + " --once-mfa"
	if pg.Onboarded {
		line += " --meanwhile " + word(pg.Onboard.Name)
	}
	if slices.ContainsFunc(pg.Roles, func(r roleChoice) bool { return r.Chosen && r.Asks }) {
		line += " --reason " + word(cmp.Or(pg.Reason, "WHY"))
	}
	line += " " + word(cmp.Or(pg.Who, "USER"))
	chosen := 0
	for _, r := range pg.Roles {
		if r.Chosen && v.Method == post {
			line, chosen = line+" "+roleWord(r.Role), chosen+1
		}
	}
	if chosen == 0 {
		line += " ROLE"
	}
	return line
}

func (v *visit) addPerson() error {
	_, pg, err := v.addPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "addperson", pg)
}

// asksAnswer tells whether something was refused only because somebody else must agree to it.
func asksAnswer(err error) bool {
	_, asks := errors.AsType[*authz.NeedsAnswerError](err)
	return asks
}

// needsProof tells whether something was refused only because of how long ago the reader proved who they are.
func needsProof(err error) bool {
	_, needs := errors.AsType[*authz.NeedsProofError](err)
	return needs
}

func (v *visit) tryAddPerson() error {
	h, pg, err := v.addPage()
	if err != nil {
		return err
	}
	pg.Fields = problems{}
	if pg.Who == "" {
		pg.Fields["who"] = v.T("Enter the user name or the ID.")
	}
	if len(v.PostForm["role"]) == 0 {
		pg.Fields["roles"] = v.T("Choose at least one role.")
	}
	until := v.until("until", pg.Fields)
	if pg.Blast != nil && pg.Typed != h.Name {
		pg.Fields["typed"] = v.F("Type %s to go on.", h.Name)
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	}
	if pg.Blast != nil && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	asks := false
	err = h.as(func(c identity.Caller) error {
		if pg.Once {
			return v.grantOnce(c, h, pg, until)
		}
		err := v.p.Assignment.GrantRoles(v.Context(), c, h.ID, pg.whom(), roleIDs(v.PostForm["role"]), until)
		asks = asks || asksAnswer(err)
		if asksAnswer(err) && pg.Reason != "" {
			_, err = v.p.Membership.Grant(v.Context(), c, assignment.NamedGrant{
				User: pg.whom(), Project: assignment.Ref{ID: string(h.ID)}, Roles: v.PostForm["role"], Until: until,
			}, pg.Reason)
		}
		return err
	})
	switch e, ok := errors.AsType[*identity.Error](err); {
	case asks && pg.Reason == "", errors.Is(err, membership.ErrSayWhy):
		pg.Fields["reason"] = v.T("Somebody else must agree: say why.")
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	case needsProof(err):
		return errConfirm
	case asks && err == nil:
		v.redirect(strings.TrimPrefix(h.Path("/requests"), Prefix) + "?done=requested")
		return nil
	case ok && e.Kind == identity.Forbidden && pg.Once && !strings.HasPrefix(e.Message, notAllowed):
		pg.Problem = v.said(e)
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	case ok && (e.Kind == identity.Forbidden || e.Kind == identity.NotFound) && strings.Contains(pg.Who, "@"):
		pg.Fields["who"] = v.T("There is nobody of that name or ID there, or you may not give them this role. To let in whoever reads mails to that address, invite them.")
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	case ok && e.Kind == identity.Forbidden:
		pg.Fields["who"] = v.T("There is nobody of that name or ID there, or you may not give them this role.")
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	case ok && e.Kind == identity.NotFound:
		pg.Fields["who"] = v.T("There is nobody of that name or ID there. The name must be exact.")
		return v.show(http.StatusUnprocessableEntity, "addperson", pg)
	case err != nil:
		return err
	}
	if pg.Asked {
		v.redirect(strings.TrimPrefix(h.Path("/requests"), Prefix) + "?done=requested")
		return nil
	}
	if pg.Waits {
		v.redirect(strings.TrimPrefix(h.Path("/waiting"), Prefix) + "?done=role-waits")
		return nil
	}
	v.redirect(strings.TrimPrefix(h.Path("/people"), Prefix) + "?done=added")
	return nil
}

// grantOnce lets the chosen roles wait until the person has turned on a second factor.
func (v *visit) grantOnce(c identity.Caller, h *here, pg *addPage, until time.Time) error {
	var meanwhile []string
	if pg.Onboarded {
		meanwhile = []string{string(pg.Onboard.ID)}
	}
	out, err := v.p.Membership.GrantOnceFactor(v.Context(), c, assignment.NamedGrant{
		User: pg.whom(), Project: assignment.Ref{ID: string(h.ID)}, Roles: v.PostForm["role"], Until: until,
	}, meanwhile, pg.Reason)
	pg.Waits, pg.Asked = len(out.Waiting) > 0, out.Request != nil
	return err
}
