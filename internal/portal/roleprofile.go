package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var roleProfilePages = both("/cloud/roles/{id}/profile", (*visit).roleProfile, true)

// inWords is what people are told of a role where they choose among roles.
type inWords struct {
	Shown   string // the name that it is shown by
	About   string
	Warning string
	Docs    string
	Head    string // of the category that begins with it

	group string
	sort  int
}

// roleCalled is the name of a role. One that is a domain's own says so: the cloud, or another domain, may have one of the same name.
func (v *visit) roleCalled(r identity.Role) string {
	if r.DomainID == "" {
		return r.Name
	}
	return r.Name + " " + v.T("(a role of the domain)")
}

// roleWord names a role in a command. By its name a command finds those of the cloud alone.
func roleWord(r identity.Role) string {
	if r.DomainID == "" {
		return operand(r.Name)
	}
	return word(string(r.ID))
}

// roleLabeled is a role as it stands in a list of names.
func roleLabeled(id identity.RoleID, l store.Label) identity.Role {
	r := identity.Role{ID: id, Name: l.Name}
	if l.DomainName != "" {
		r.DomainID = l.Domain
	}
	return r
}

// words are those of a role, in the reader's language, else in English.
func (v *visit) words(r identity.Role, p identity.RoleProfile) inWords {
	w := inWords{
		Shown: cmp.Or(p.Name[v.Lang], p.Name["en"], v.roleCalled(r)), About: cmp.Or(p.Summary[v.Lang], p.Summary["en"], text(r.Description)),
		Warning: cmp.Or(p.Warning[v.Lang], p.Warning["en"]), Docs: p.DocsURL, group: p.Category, sort: p.Sort,
	}
	if p.Audience == identity.ForOperators {
		w.group = v.T("For those who run the cloud")
	}
	return w
}

// byCategory orders roles by category, those without one first and those for operators last, and lets each category begin with its name.
// Without any category no name is shown.
func byCategory[T any](v *visit, all []T, words func(*T) *inWords) {
	last := v.T("For those who run the cloud")
	slices.SortStableFunc(all, func(a, b T) int {
		x, y := words(&a), words(&b)
		late := func(w *inWords) string {
			return map[bool]string{true: "1", false: "0"}[w.group == last] + strings.ToLower(w.group)
		}
		return cmp.Or(cmp.Compare(late(x), late(y)), cmp.Compare(x.sort, y.sort), cmp.Compare(strings.ToLower(x.Shown), strings.ToLower(y.Shown)))
	})
	if !slices.ContainsFunc(all, func(t T) bool { return words(&t).group != "" }) {
		return
	}
	before := "\x00"
	for i := range all {
		if w := words(&all[i]); w.group != before {
			before, w.Head = w.group, cmp.Or(w.group, v.T("General"))
		}
	}
}

// roleGroup is a category of roles in a list to choose one from; without a label it is all roles.
type roleGroup struct {
	Label string
	Roles []option
}

// offeredRole is a role that can be chosen.
type offeredRole struct {
	option
	inWords
}

// roleGroups puts roles to choose from into their categories. The one of the chosen id is chosen.
func (v *visit) roleGroups(roles []assignment.DescribedRole, chosen identity.RoleID) []roleGroup {
	all := make([]offeredRole, len(roles))
	for i, r := range roles {
		all[i] = offeredRole{option{string(r.ID), v.roleCalled(r.Role), r.ID == chosen}, v.words(r.Role, r.Profile)}
	}
	return v.inGroups(all)
}

// inGroups puts roles into their categories, each called by what it is shown as and by its name.
func (v *visit) inGroups(all []offeredRole) (groups []roleGroup) {
	byCategory(v, all, func(r *offeredRole) *inWords { return &r.inWords })
	for i, r := range all {
		if i == 0 || r.Head != "" {
			groups = append(groups, roleGroup{Label: r.Head})
		}
		if r.Shown != r.Label {
			r.Label = r.Shown + " (" + r.Label + ")"
		}
		g := &groups[len(groups)-1]
		g.Roles = append(g.Roles, r.option)
	}
	return groups
}

// choicesInGroups is inGroups for roles that can be granted.
func (v *visit) choicesInGroups(choices []roleChoice) []roleGroup {
	all := make([]offeredRole, len(choices))
	for i, c := range choices {
		all[i] = offeredRole{option{string(c.ID), v.roleCalled(c.Role), c.Chosen}, c.inWords}
	}
	return v.inGroups(all)
}

// roleProfilePage is the form for what people are told of a role.
type roleProfilePage struct {
	chrome
	edited
	Role     identity.Role
	Profile  identity.RoleProfile
	Position string // in its category
	Texts    []roleTexts
	Impacts  []option
	Audience []option
	Back     string
}

// roleTexts are the texts of one language.
type roleTexts struct{ Lang, Language, Name, Summary, Warning string }

func (v *visit) roleProfile() error {
	caller, of, err := v.loadRole()
	if err != nil {
		return err
	}
	if !v.p.Membership.ManagesGrantRules(v.Context(), caller) {
		return identity.NotAllowed("lintel:manage_grant_rules")
	}
	about, err := v.p.Assignment.AboutRole(v.Context(), caller, of.Role.ID)
	if err != nil {
		return err
	}
	pg := &roleProfilePage{Role: of.Role, Profile: about.Profile, Back: of.Path}
	pg.Section, pg.Title = "roles", v.F("How %s is shown", of.Role.Name)
	pg.Lead = v.T("What people read where they choose a role, and how heavy it counts.")
	pg.Terminal = []string{"lintel role describe --category CATEGORY --name NAME --summary TEXT " + roleWord(of.Role)}
	if pg.Position = ""; pg.Profile.Sort != 0 {
		pg.Position = strconv.Itoa(pg.Profile.Sort)
	}
	now := []string{pg.Profile.Category, pg.Position, pg.Profile.Audience, string(pg.Profile.Impact), pg.Profile.DocsURL}
	for _, l := range v.p.views.languages {
		now = append(now, pg.Profile.Name[l.Lang], pg.Profile.Summary[l.Lang], pg.Profile.Warning[l.Lang])
	}
	stale, problem := pg.meanwhile(v, now...), problems{}
	if v.Method == post {
		pg.Position = strings.TrimSpace(v.field("sort"))
		p := identity.RoleProfile{
			RoleID: of.Role.ID, Impact: identity.Impact(v.field("impact")), Category: strings.TrimSpace(v.field("category")), Audience: v.field("audience"),
			DocsURL: strings.TrimSpace(v.field("docs")), Name: map[string]string{}, Summary: map[string]string{}, Warning: map[string]string{},
		}
		if pg.Position != "" {
			if p.Sort, err = strconv.Atoi(pg.Position); err != nil {
				problem["sort"] = v.T("Type a whole number, or leave it empty.")
			}
		}
		for _, l := range v.p.views.languages {
			p.Name[l.Lang], p.Summary[l.Lang], p.Warning[l.Lang] = v.field("name-"+l.Lang), v.field("summary-"+l.Lang), v.field("warning-"+l.Lang)
		}
		pg.Profile = p
	}
	for _, l := range v.p.views.languages {
		pg.Texts = append(pg.Texts, roleTexts{l.Lang, languageNames[l.Lang], pg.Profile.Name[l.Lang], pg.Profile.Summary[l.Lang], pg.Profile.Warning[l.Lang]})
	}
	for _, o := range []option{{"", v.T("found out from the rules of the services"), false}, {string(identity.NormalImpact), v.T("normal"), false}, {string(identity.HighImpact), v.T("high"), false}} {
		o.Chosen = o.Value == string(pg.Profile.Impact)
		pg.Impacts = append(pg.Impacts, o)
	}
	for _, o := range []option{{"", v.T("everybody"), false}, {identity.ForProjects, v.T("those who look after a project"), false}, {identity.ForOperators, v.T("those who run the cloud"), false}} {
		o.Chosen = o.Value == pg.Profile.Audience
		pg.Audience = append(pg.Audience, o)
	}
	if v.Method == get {
		return v.show(http.StatusOK, "roleprofile", pg)
	}
	if pg.Problem = stale; stale != "" {
		return v.show(http.StatusConflict, "roleprofile", pg)
	}
	if pg.Fields = problem; len(problem) == 0 {
		err := v.p.Membership.SetRoleProfile(v.Context(), caller, pg.Profile)
		if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
		if pg.Problem == "" {
			v.redirect(strings.TrimPrefix(pg.Back, Prefix) + "?done=saved")
			return nil
		}
	}
	return v.show(http.StatusUnprocessableEntity, "roleprofile", pg)
}
