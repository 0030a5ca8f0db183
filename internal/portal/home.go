package portal

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/store"
)

var homePages = []page{
	{method: get, path: "", serve: (*visit).home},
	{method: get, path: "/terminal", serve: (*visit).terminal},
	{method: get, path: "/terminal/{file}", serve: (*visit).terminalFile},
}

// homePage shows what somebody can do, where, and where that comes from.
type homePage struct {
	chrome
	Places []place
	Let    []identity.Project // into whose pages the reader was let, without a role there
	Alone  []identity.Project // that nobody but the reader looks after, who is their main user

	Invited []membership.InDomain // to projects, by mail

	membership.Coming // what the reader is to have

	Demand string // what is asked of the reader about a second factor

	Steps []todo // what keeps the account safe
	Soon  []store.ProjectCredential
	Reach bool // there is something to reach from a terminal

	called map[identity.ProjectID]string
}

// In is the name of a project of the reader's; empty for one where they have no role any more.
func (pg *homePage) In(id identity.ProjectID) string { return pg.called[id] }

// place is a project, domain or the system, with the roles that somebody has there.
type place struct {
	Kind, ID, Name, In string
	Roles              []heldRole
}

// heldRole is a role with what it came through; nothing for one that was granted just so, which may have an end.
type heldRole struct {
	Name, Origin, Ends string

	word string // that names it in a command
}

func (v *visit) heldRole(id identity.RoleID, called assignment.Names) heldRole {
	r := roleLabeled(id, called.Of("role", string(id)))
	return heldRole{Name: v.roleCalled(r), word: roleWord(r)}
}

// ends says when a role that was granted just so ends; nothing for never.
func (v *visit) ends(a identity.Assignment, t identity.Terms) string {
	if a.Via != (identity.Via{}) || t.Until.IsZero() {
		return ""
	}
	return v.F("until %s", v.day(lastDay(t.Until)))
}

// lastDay is the last day of something that ends at a time, in UTC.
func lastDay(t time.Time) time.Time { return t.UTC().Add(-time.Second) }

// lastDayOf is the last day of something as a field of a form has it; empty for no end.
func lastDayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return lastDay(t).Format(time.DateOnly)
}

// until is when something ends whose last day a field of a form says, in UTC; a zero time for none. What is wrong is noted.
func (v *visit) until(name string, wrong problems) time.Time {
	text := strings.TrimSpace(v.field(name))
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	end := day.AddDate(0, 0, 1)
	if err != nil || !end.After(v.p.Now()) {
		wrong[name] = v.T("Choose a day that is still to come.")
	}
	return end
}

func (v *visit) home() error {
	held, terms, called, err := v.p.Assignment.Access(v.Context(), v.self())
	if err != nil {
		return err
	}
	pg := &homePage{Places: v.places(held, terms, called)}
	if pg.Let, err = v.p.Membership.PortalProjects(v.Context(), v.self()); err != nil {
		return err
	}
	if pg.Alone, err = v.p.Membership.MainOf(v.Context(), v.self(), true); err != nil {
		return err
	}
	if pg.Invited, err = v.p.Membership.OwnInvitations(v.Context(), v.self()); err != nil {
		return err
	}
	if pg.Coming, err = v.p.Membership.Coming(v.Context(), v.self(), v.User().ID); err != nil {
		return err
	}
	factor, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return err
	}
	pg.Demand = v.demand(factor)
	password, err := v.p.Directory.OwnPassword(v.Context(), v.self())
	if err != nil {
		return err
	}
	ends, err := v.p.Credential.Endings(v.Context(), v.self())
	if err != nil {
		return err
	}
	pg.Steps, pg.Soon = v.safety(factor, password, ends.Endless), ends.Soon
	pg.Reach = !v.User().Surface.NoAPI && slices.ContainsFunc(pg.Places, func(p place) bool { return p.Kind == "project" })
	pg.called = map[identity.ProjectID]string{}
	for _, p := range pg.Places {
		pg.called[identity.ProjectID(p.ID)] = p.Name
	}
	pg.Section, pg.Title, pg.Lead = "home", v.T("Your access"), v.T("Where you can work, what you may do there, and where each role comes from.")
	pg.Terminal = []string{"openstack project list --my-projects", "lintel access show"}
	if len(pg.Waiting) > 0 {
		pg.Terminal = append(pg.Terminal, "lintel access waiting")
	}
	return v.show(http.StatusOK, "home", pg)
}

// endsSoon is how long before its end a password is one to change.
const endsSoon = 30 * 24 * time.Hour

// safety is what keeps the reader's account safe, as far as they can see to it, the weightiest first.
func (v *visit) safety(f credential.Factor, password directory.PasswordSpan, endless int) (all []todo) {
	c := v.talk()
	if f.On || f.Closed == credential.Open {
		all = append(all, todo{v.T("Turn on a second factor."), Prefix + "/security/totp/new", f.On, ""})
	}
	switch {
	case f.On && !f.Since.IsZero():
		all = append(all, todo{v.T("Save recovery codes, for the day when your phone is lost."), Prefix + "/security/recovery-codes", f.RecoveryCodes > fewCodes,
			v.N(f.RecoveryCodes, "%d recovery code is left.", "%d recovery codes are left.")})
	case !f.On && f.Closed == credential.Open:
		all = append(all, todo{v.T("Save recovery codes, for the day when your phone is lost."), Prefix + "/security/totp/new", false, v.T("You get them with the second factor.")})
	}
	if !password.Set.IsZero() && !v.User().Options.Bool(identity.OptLockPassword) {
		t := todo{v.T("Change the password before it ends."), Prefix + "/security/password", true, v.F("Set %s.", c.Since(password.Set))}
		if password.Ends != nil {
			t.Done, t.Note = password.Ends.Sub(v.p.Now()) > endsSoon, t.Note+" "+v.F("It ends on %s.", c.Day(*password.Ends))
		} else {
			t.Note += " " + v.T("It does not expire.")
		}
		all = append(all, t)
	}
	if f.ApplicationCredentials > 0 {
		t := todo{v.T("Give each application credential an end."), Prefix + "/credentials", endless == 0, ""}
		if endless > 0 {
			t.Note = v.F("%d of %d have none.", endless, f.ApplicationCredentials)
		}
		all = append(all, t)
	}
	return all
}

// places puts assignments together by what they are on, by name.
func (v *visit) places(held []identity.Assignment, terms map[identity.Grant]identity.Terms, called assignment.Names) []place {
	var all []place
	at := map[string]int{}
	for _, a := range held {
		var p place
		switch {
		case a.System:
			p = place{Kind: "system", Name: v.T("The whole cloud")}
		case a.Project != "":
			l := called.Of("project", string(a.Project))
			p = place{Kind: "project", ID: string(a.Project), Name: l.Name, In: l.DomainName}
		default:
			p = place{Kind: "domain", ID: string(a.Domain), Name: called.Of("project", string(a.Domain)).Name}
		}
		i, ok := at[p.Kind+p.ID]
		if !ok {
			i = len(all)
			at[p.Kind+p.ID] = i
			all = append(all, p)
		}
		r := v.heldRole(a.Role, called)
		r.Origin, r.Ends = v.origin(a, called), v.ends(a, terms[a.Grant])
		if !slices.Contains(all[i].Roles, r) {
			all[i].Roles = append(all[i].Roles, r)
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range all {
		slices.SortFunc(p.Roles, func(a, b heldRole) int { return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Name, b.Name)) })
	}
	return all
}

// origin says what a role came through.
func (v *visit) origin(a identity.Assignment, called assignment.Names) string {
	var from []string
	if a.ViaRole != "" {
		from = append(from, v.F("with %s", called.Of("role", string(a.ViaRole)).Name))
	}
	if a.ViaGroup != "" {
		from = append(from, v.F("group %s", called.Of("group", string(a.ViaGroup)).Name))
	}
	if up := cmp.Or(string(a.ViaProject), string(a.ViaDomain)); up != "" {
		from = append(from, v.F("from %s", called.Of("project", up).Name))
	}
	return strings.Join(from, ", ")
}

// terminalPage helps somebody to reach the cloud from a terminal.
type terminalPage struct {
	chrome
	Projects     []identity.Project
	Project      string
	OpenRC, YAML string

	Credentials []identity.ApplicationCredential // of the reader's on the project
	Credential  string                           // the id of the one that was chosen
	ByItself    string                           // clouds.yaml with that
}

// secretHere stands for the secret of an application credential in a file, since that cannot be shown again.
const secretHere = "PUT-THE-SECRET-HERE"

// credentialsOn returns the application credentials that the reader has on a project, as far as they have not ended and are not suspended.
func (v *visit) credentialsOn(project identity.ProjectID) ([]identity.ApplicationCredential, error) {
	all, err := v.p.Credential.Keyring(v.Context(), v.self())
	return slices.DeleteFunc(all.ApplicationCredentials, func(c identity.ApplicationCredential) bool {
		return c.ProjectID != project || c.ExpiresAt != nil && !c.ExpiresAt.After(v.p.Now()) || all.Of(string(c.ID)).Suspended
	}), err
}

// byItself is clouds.yaml with an application credential, but for its secret.
func (v *visit) byItself(id string) string { return credentialFiles[0].write(v, id, secretHere) }

func (v *visit) terminal() error {
	projects, err := v.p.Assignment.Projects(v.Context(), v.self())
	if err != nil {
		return err
	}
	pg := &terminalPage{Projects: projects, Project: v.field("project")}
	pg.Section, pg.Title = "terminal", v.T("Terminal")
	pg.Lead = v.T("Files for the openstack command and for programs. They hold no password: the command asks for it.")
	for _, p := range projects {
		if string(p.ID) == pg.Project || pg.Project == "" {
			pg.Project = string(p.ID)
			pg.OpenRC, pg.YAML = v.openRC(p), v.cloudsYAML(p)
			if pg.Credentials, err = v.credentialsOn(p.ID); err != nil {
				return err
			}
			if i := slices.IndexFunc(pg.Credentials, func(c identity.ApplicationCredential) bool { return string(c.ID) == v.field("credential") }); i >= 0 {
				pg.Credential = string(pg.Credentials[i].ID)
				pg.ByItself = v.byItself(pg.Credential)
				pg.Terminal = []string{"openstack application credential show " + pg.Credential}
			}
			break
		}
	}
	return v.show(http.StatusOK, "terminal", pg)
}

func (v *visit) terminalFile() error {
	projects, err := v.p.Assignment.Projects(v.Context(), v.self())
	if err != nil {
		return err
	}
	for _, p := range projects {
		if string(p.ID) != v.field("project") {
			continue
		}
		switch v.PathValue("file") {
		case "openrc.sh":
			return v.download("openrc.sh", v.openRC(p))
		case "clouds.yaml":
			if id := v.field("credential"); id != "" {
				all, err := v.credentialsOn(p.ID)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(all, func(c identity.ApplicationCredential) bool { return string(c.ID) == id }) {
					return identity.Missing("application credential", id)
				}
				return v.download("clouds.yaml", v.byItself(id))
			}
			return v.download("clouds.yaml", v.cloudsYAML(p))
		}
	}
	return identity.Missing("file", v.PathValue("file"))
}

func (v *visit) download(name, content string) error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := v.w.Write([]byte(content))
	return err
}

func (v *visit) openRC(p identity.Project) string {
	return fmt.Sprintf(`export OS_AUTH_URL=%s
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=%s
export OS_USER_DOMAIN_ID=%s
export OS_PROJECT_ID=%s
echo "Password of %s:"
read -rs OS_PASSWORD
export OS_PASSWORD
%s`, word(v.p.Endpoint(v.Request)), word(v.User().Name), word(string(v.User().DomainID)), word(string(p.ID)), strings.ReplaceAll(word(v.User().Name), `"`, `\"`), v.passcodeRC())
}

// passcodeRC is what openrc.sh has more for somebody whose logins take a password and a one-time code.
func (v *visit) passcodeRC() string {
	if !v.asksForCode() {
		return ""
	}
	return `export OS_AUTH_TYPE=v3multifactor
export OS_AUTH_METHODS=v3password,v3totp
echo "Code of the authenticator app (works once, so take a token with it first):"
read -r OS_PASSCODE
export OS_PASSCODE
`
}

// asksForCode tells whether logins of the reader take a password and a one-time code.
func (v *visit) asksForCode() bool {
	o := v.User().Options
	rules, _ := o[identity.OptMultiFactorAuthRules].([]any)
	return o[identity.OptMultiFactorAuthEnabled] != false && slices.ContainsFunc(rules, func(rule any) bool {
		methods, _ := rule.([]any)
		return len(methods) == 2 && slices.Contains(methods, any("password")) && slices.Contains(methods, any("totp"))
	})
}

func (v *visit) cloudsYAML(p identity.Project) string {
	methods := ""
	if v.asksForCode() {
		methods = "    # The code of the authenticator app goes into OS_PASSCODE. It works once, so take a token with it first.\n" +
			"    auth_type: v3multifactor\n    auth_methods: [v3password, v3totp]\n"
	}
	return fmt.Sprintf(`clouds:
  %s:
%s    auth:
      auth_url: %s
      username: %s
      user_domain_id: %s
      project_id: %s
    identity_api_version: 3
`, quoted(p.Name), methods, quoted(v.p.Endpoint(v.Request)), quoted(v.User().Name), quoted(string(v.User().DomainID)), quoted(string(p.ID)))
}

// word is text as one word of a POSIX shell.
func word(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// operand is word for the last word of a command, which must not be taken for an option.
func operand(s string) string {
	if strings.HasPrefix(s, "-") {
		return "-- " + word(s)
	}
	return word(s)
}

// quoted is text as a scalar of YAML, as JSON writes it.
func quoted(s string) string { return fmt.Sprintf("%q", s) }
