package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

var settingsPages = slices.Concat([]page{
	{method: get, path: "/p/{id}/settings", serve: (*visit).settings},
	{method: post, path: "/p/{id}/settings", serve: (*visit).saveSettings},
	{method: post, path: "/p/{id}/settings/rules", serve: (*visit).saveProjectRules},
}, both("/p/{id}/settings/factor", (*visit).projectFactor, true))

// What the API takes (internal/httpapi/schema).
const (
	longestProjectName = 64
	longestTag         = 255
	mostTags           = 80
)

// settingsPage shows what a project is called and said to be, and changes it.
type settingsPage struct {
	chrome
	edited
	Name, Description, Tags string
	CanEdit, Immutable      bool
	Let                     letForm
}

// letForm is how the project lets people in.
type letForm struct {
	edited
	Roles                  []pick
	InviteDays, AccessDays string
	Factor                 bool      // it asks for a second factor …
	FactorSince            time.Time // … since then
	stale                  string    // what has become of it meanwhile
}

// Chosen names the roles that are chosen.
func (l letForm) Chosen() (names []string) {
	for _, r := range l.Roles {
		if r.Chosen {
			names = append(names, r.Label)
		}
	}
	return names
}

func (v *visit) settingsPage() (*here, *settingsPage, error) {
	h, err := v.here()
	if err != nil {
		return nil, nil, err
	}
	pg := &settingsPage{Name: h.Name, Tags: strings.Join(h.Tags, ", "), Immutable: h.Options.Bool(identity.OptImmutable)}
	if h.Description != nil {
		pg.Description = *h.Description
	}
	pg.Problem = pg.meanwhile(v, pg.Name, pg.Description, pg.Tags)
	pg.CanEdit = !pg.Immutable && slices.ContainsFunc(h.callers, func(c identity.Caller) bool {
		return v.p.Directory.MayUpdateProject(v.Context(), c, h.Project)
	})
	pg.Here, pg.Section, pg.Title = h, "settings", v.T("Settings")
	pg.Lead = v.F("What %s is called, and what is said of it.", h.Name)
	at := " --domain " + word(h.In) + " " + operand(h.Name)
	pg.Terminal = []string{"openstack project show" + at, "lintel project rules" + at}
	if err := v.letForm(h, pg); err != nil || !pg.CanEdit {
		return h, pg, err
	}
	set := []string{"lintel project set-rules"}
	for _, r := range pg.Let.Roles {
		if r.Chosen {
			set = append(set, "--invite-role", word(r.Value))
		}
	}
	set = append(set, "--invite-days", cmp.Or(pg.Let.InviteDays, "0"), "--access-days", cmp.Or(pg.Let.AccessDays, "0"))
	pg.Terminal = []string{strings.Join(set, " ") + at, "openstack project set --name NAME --description DESCRIPTION --tag TAG" + at} // by the old name, then the new
	return h, pg, nil
}

// letForm fills in how the project lets people in.
func (v *visit) letForm(h *here, pg *settingsPage) error {
	var found directory.ProjectRules
	var roles []assignment.DescribedRole
	err := h.as(func(c identity.Caller) (err error) {
		found, err = v.p.Directory.ProjectRules(v.Context(), c, h.ID)
		return err
	})
	if err != nil {
		return ignoreForbidden(err)
	}
	if pg.CanEdit {
		err = h.as(func(c identity.Caller) (err error) {
			roles, err = v.p.Assignment.DescribedRoles(v.Context(), c, h.DomainID)
			return err
		})
		if err := ignoreForbidden(err); err != nil {
			return err
		}
	}
	f := &pg.Let
	for _, r := range roles {
		f.Roles = append(f.Roles, pick{string(r.ID), v.roleCalled(r.Role), slices.Contains(found.InviteRoles, string(r.ID))})
	}
	for _, id := range found.InviteRoles { // in their order, since the form is compared with what it was
		if name, there := found.RoleNames[id]; there && !slices.ContainsFunc(f.Roles, func(p pick) bool { return p.Value == id }) {
			f.Roles = append(f.Roles, pick{id, name, true})
		}
	}
	f.InviteDays, f.AccessDays, f.Factor, f.FactorSince = daysOf(found.InviteDays), daysOf(found.AccessDays), found.Factor, found.FactorSince
	f.stale = f.meanwhile(v, append(f.Chosen(), f.InviteDays, f.AccessDays)...)
	return nil
}

// daysOf is a number of days to be typed; nothing for none.
func daysOf(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (v *visit) saveProjectRules() error {
	h, pg, err := v.settingsPage()
	if err != nil {
		return err
	}
	f := &pg.Let
	pg.Problem, pg.Fields = f.stale, problems{}
	for i := range f.Roles {
		f.Roles[i].Chosen = slices.Contains(v.PostForm["role"], f.Roles[i].Value)
	}
	f.InviteDays, f.AccessDays = strings.TrimSpace(v.field("invite_days")), strings.TrimSpace(v.field("access_days"))
	days := func(name, text string) int {
		n, err := strconv.Atoi(text)
		if text != "" && (err != nil || n < 0) {
			pg.Fields[name] = v.T("Type a whole number, or leave it empty.")
		}
		return n
	}
	invite, access := days("invite_days", f.InviteDays), days("access_days", f.AccessDays)
	switch {
	case len(pg.Fields) > 0:
		return v.show(http.StatusUnprocessableEntity, "settings", pg)
	case pg.Problem != "":
		return v.show(http.StatusConflict, "settings", pg)
	}
	err = h.as(func(c identity.Caller) error {
		return v.p.Membership.ChangeProjectRules(v.Context(), c, h.ID, func(r *identity.ProjectRules) {
			r.InviteRoles, r.InviteDays, r.AccessDays = slices.Clone(v.PostForm["role"]), invite, access
		})
	})
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	} else if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "settings", pg)
	}
	v.redirect(strings.TrimPrefix(h.Path("/settings"), Prefix) + "?done=saved")
	return nil
}

func (v *visit) settings() error {
	_, pg, err := v.settingsPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "settings", pg)
}

func (v *visit) saveSettings() error {
	h, pg, err := v.settingsPage()
	if err != nil {
		return err
	}
	pg.Name, pg.Description, pg.Tags = strings.TrimSpace(v.field("name")), strings.TrimSpace(v.field("description")), v.field("tags")
	var tags []string
	for t := range strings.SplitSeq(pg.Tags, ",") {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	pg.Fields = problems{}
	switch n := utf8.RuneCountInString(pg.Name); {
	case n == 0:
		pg.Fields["name"] = v.T("A project needs a name.")
	case n > longestProjectName:
		pg.Fields["name"] = v.F("A name has at most %d characters.", longestProjectName)
	}
	switch {
	case len(tags) > mostTags:
		pg.Fields["tags"] = v.F("A project has at most %d tags.", mostTags)
	case slices.ContainsFunc(tags, func(t string) bool { return strings.Contains(t, "/") || utf8.RuneCountInString(t) > longestTag }):
		pg.Fields["tags"] = v.F("A tag has no slash and at most %d characters.", longestTag)
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "settings", pg)
	}
	if pg.Problem != "" {
		return v.show(http.StatusConflict, "settings", pg)
	}
	var change identity.ProjectUpdate
	if pg.Name != h.Name {
		change.Name = identity.Opt[string]{Present: true, Value: pg.Name}
	}
	if h.Description != nil || pg.Description != "" {
		change.Description = identity.Opt[string]{Present: true, Value: pg.Description}
	}
	change.Tags = identity.Opt[[]string]{Present: true, Value: tags}
	err = h.as(func(c identity.Caller) error {
		_, err := v.p.Directory.UpdateProject(v.Context(), c, h.ID, change)
		return err
	})
	switch e, ok := errors.AsType[*identity.Error](err); {
	case ok && e.Kind == identity.Conflict:
		pg.Fields["name"] = v.T("Another project of the domain has this name. Choose another one.")
		return v.show(http.StatusUnprocessableEntity, "settings", pg)
	case ok && e.Kind == identity.BadRequest:
		pg.Problem = v.said(e)
		return v.show(http.StatusUnprocessableEntity, "settings", pg)
	case err != nil:
		return err
	}
	v.redirect(strings.TrimPrefix(h.Path("/settings"), Prefix) + "?done=saved")
	return nil
}

// namesShown is how many names a sentence has.
const namesShown = 20

// projectFactor lets the project ask for a second factor, or for none any more, after a look at whom that shuts out.
func (v *visit) projectFactor() error {
	h, pg, err := v.settingsPage()
	switch {
	case err != nil:
		return err
	case !pg.CanEdit:
		return identity.NotAllowed("identity:update_project")
	}
	on := !pg.Let.Factor
	act := &actPage{Do: v.T("Ask for one factor alone"), Back: h.Path("/settings"), Hidden: map[string]string{"on": strconv.FormatBool(on)}}
	act.Here, act.Section, act.Title, act.Lead = h, "settings", v.T("Ask for no second factor any more?"), v.F("Of whoever works in %s.", h.Name)
	act.Means = []string{v.T("Who has a role there works in it with a password alone, unless the account asks for more.")}
	if on {
		act.Title, act.Do = v.T("Require a second factor?"), v.T("Require it")
		if err := v.meansFactor(h, act); err != nil {
			return err
		}
	}
	act.Terminal = []string{"lintel project set-rules --yes --second-factor=" + strconv.FormatBool(on) + " --domain " + word(h.In) + " " + operand(h.Name)}
	if v.Method == get {
		return v.show(http.StatusOK, "act", act)
	}
	err = h.as(func(c identity.Caller) error {
		return v.p.Membership.ChangeProjectRules(v.Context(), c, h.ID, func(r *identity.ProjectRules) { r.Factor = v.field("on") == "true" })
	})
	if act.Problem, err = v.refusal(err); err != nil {
		return err
	} else if act.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "act", act)
	}
	v.redirect(strings.TrimPrefix(h.Path("/settings"), Prefix) + "?done=saved")
	return nil
}

// meansFactor says whom it shuts out when a project asks for a second factor.
func (v *visit) meansFactor(h *here, act *actPage) error {
	var out credential.ShutOut
	err := h.as(func(c identity.Caller) (err error) {
		out, err = v.p.Credential.ShutOutOf(v.Context(), c, h.ID)
		return err
	})
	if err != nil {
		return err
	}
	var people, robots []string
	for _, u := range out.People {
		people = append(people, u.Name)
	}
	for _, r := range out.Robots {
		robots = append(robots, v.robotKind(r)+" ("+out.Owners[r.UserID]+")")
	}
	some := func(names []string) string {
		if len(names) > namesShown {
			names = append(slices.Clone(names[:namesShown]), "…")
		}
		return strings.Join(names, ", ")
	}
	who := v.T("Everybody who has a role there has a second factor.")
	if n := len(people); n > 0 {
		who = v.N(n, "%d person has none, and cannot work in it without one:", "%d people have none, and cannot work in it without one:") + " " + some(people) + ". " + v.T("They are told.")
	}
	what := v.T("All that logs in to it for people was made with a second factor.")
	if n := len(robots); n > 0 {
		what = v.N(n, "%d credential stops working, which was not made with a second factor:", "%d credentials stop working, which were not made with a second factor:") + " " + some(robots)
	}
	act.Means = []string{who, what}
	if out.More {
		act.Means = append(act.Means, v.T("There are more than could be looked at."))
	}
	act.Means = append(act.Means,
		v.T("Tokens for it that were got with one factor alone are refused within a second. Who has a second factor signs in with it and goes on."),
		v.T("It holds for people of other domains, too. Whom an identity provider lets in cannot show a second factor here, and is shut out."),
		v.T("Services and API users are not asked. Who looks after the project with a role on its domain or the cloud can still do so."))
	return nil
}
