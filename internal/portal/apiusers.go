package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var apiUserPages = append([]page{
	{method: get, path: "/p/{id}/api-users", serve: (*visit).apiUsers},
	{method: get, path: "/p/{id}/api-users/new", serve: (*visit).newAPIUser},
	{method: post, path: "/p/{id}/api-users/new", serve: (*visit).createAPIUser, confirmed: true},
	{method: get, path: "/p/{id}/api-users/{user}/password", serve: (*visit).askResetAPIUser},
	{method: post, path: "/p/{id}/api-users/{user}/password", serve: (*visit).resetAPIUser, confirmed: true},
	{method: get, path: "/p/{id}/api-users/{user}/delete", serve: (*visit).askDeleteAPIUser},
	{method: post, path: "/p/{id}/api-users/{user}/delete", serve: (*visit).deleteAPIUser},
}, both("/p/{id}/api-users/{user}/enabled", (*visit).enableAPIUser, false)...)

// apiUsersPage lists the API users of a project.
type apiUsersPage struct {
	chrome
	Users []membership.APIUser
	Find  string
	Next  string // the query of the next page
}

func (v *visit) apiUsers() error {
	h, err := v.hereIn(identity.AreaAPIUsers)
	if err != nil {
		return err
	}
	pg := &apiUsersPage{Find: strings.TrimSpace(v.field("find"))}
	found, err := v.findAPIUsers(h, pg.Find, identity.UserID(v.field("after")), perPage)
	if err != nil {
		return err
	}
	pg.Users = found.Items
	if found.More {
		pg.Next = url.Values{"find": {pg.Find}, "after": {string(pg.Users[len(pg.Users)-1].ID)}}.Encode()
	}
	pg.Here, pg.Section, pg.Title = h, "api-users", v.T("API users")
	pg.Lead = v.F("Accounts of programs on %s. They work with the API and the command line, and cannot sign in here.", h.Name)
	pg.Action = &link{v.T("Create an API user"), h.Path("/api-users/new")}
	pg.Terminal = []string{"lintel api-user list" + ofProject(h)}
	return v.show(http.StatusOK, "apiusers", pg)
}

func (v *visit) findAPIUsers(h *here, name string, after identity.UserID, limit int) (found membership.APIUsers, err error) {
	err = h.as(func(c identity.Caller) (err error) {
		found, err = v.p.Membership.APIUsers(v.Context(), c, h.ID, name, after, limit)
		return err
	})
	return found, err
}

// newAPIUserPage is the form for an API user.
type newAPIUserPage struct {
	chrome
	Prefix, Suffix, Description string
	Choose                      passwordForm
	Roles                       []apiRole
}

// apiRole is a role to tick, with the page that tells what it permits.
type apiRole struct {
	choice
	Name string
	inWords
	Permits string
}

func (v *visit) newAPIUserPage() (*here, *newAPIUserPage, error) {
	h, err := v.hereIn(identity.AreaAPIUsers)
	if err != nil {
		return nil, nil, err
	}
	found, err := v.findAPIUsers(h, "", "", 1)
	if err != nil {
		return nil, nil, err
	}
	pg := &newAPIUserPage{Prefix: found.Prefix, Suffix: strings.TrimSpace(v.field("suffix")), Description: v.field("description")}
	pg.Here, pg.Section, pg.Title = h, "api-users", v.T("Create an API user")
	pg.Lead = v.T("An account for a program, with roles on this project alone. It lives until somebody deletes it.")
	for _, r := range found.Roles {
		chosen := slices.Contains(v.Form["role"], string(r.ID)) || v.Method == get && r.Name == "member"
		pg.Roles = append(pg.Roles, apiRole{choice{Value: string(r.ID), Chosen: chosen}, r.Name, v.words(r.Role, r.About), h.Path("/roles/" + string(r.ID))})
	}
	byCategory(v, pg.Roles, func(r *apiRole) *inWords { return &r.inWords })
	pg.Terminal = []string{"lintel api-user create" + ofProject(h) + " --role member --description TEXT NAME"}
	pg.Choose, err = v.othersPassword(h.DomainID)
	return h, pg, err
}

func (v *visit) newAPIUser() error {
	_, pg, err := v.newAPIUserPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "newapiuser", pg)
}

// apiPasswordPage shows the password of an API user once.
type apiPasswordPage struct {
	chrome
	Name, Password, Back string
	File                 string
}

func (v *visit) createAPIUser() error {
	h, pg, err := v.newAPIUserPage()
	if err != nil {
		return err
	}
	in := membership.NewAPIUser{Suffix: pg.Suffix, Password: v.PostForm.Get("password"), Description: pg.Description}
	for _, r := range v.PostForm["role"] {
		in.Roles = append(in.Roles, identity.RoleID(r))
	}
	pg.Fields = problems{}
	if pg.Suffix == "" {
		pg.Fields["suffix"] = v.T("Say what it is for, in one word: ci, backup, terraform.")
	}
	if len(in.Roles) == 0 {
		pg.Fields["roles"] = v.T("Choose at least one role.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "newapiuser", pg)
	}
	var u identity.User
	var pw string
	err = h.as(func(c identity.Caller) (err error) {
		u, pw, err = v.p.Membership.CreateAPIUser(v.Context(), c, h.ID, in)
		return err
	})
	if errors.Is(err, identity.Conflict) {
		pg.Fields["suffix"] = v.T("There is one of this name already. Choose another one.")
	} else if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "newapiuser", pg)
	}
	return v.showAPIPassword(h, u, pw)
}

func (v *visit) showAPIPassword(h *here, u identity.User, pw string) error {
	out := &apiPasswordPage{Name: u.Name, Password: pw, Back: h.Path("/api-users")}
	out.Here, out.Section, out.Title = h, "api-users", u.Name
	out.Lead = v.T("Copy the password now. It is shown this once and cannot be shown again.")
	out.File = "export OS_AUTH_URL=" + word(v.p.Endpoint(v.Request)) + "\nexport OS_IDENTITY_API_VERSION=3\nexport OS_USERNAME=" + word(u.Name) +
		"\nexport OS_USER_DOMAIN_ID=" + word(string(u.DomainID)) + "\nexport OS_PROJECT_ID=" + word(string(h.ID)) + "\nexport OS_PASSWORD=" + word(pw) + "\n"
	return v.show(http.StatusOK, "apipassword", out)
}

// apiUser is the API user that a page is about.
func (v *visit) apiUser() (h *here, u identity.User, err error) {
	if h, err = v.hereIn(identity.AreaAPIUsers); err != nil {
		return nil, u, err
	}
	err = h.as(func(c identity.Caller) error {
		found, err := v.p.Membership.APIUser(v.Context(), c, h.ID, identity.UserID(v.PathValue("user")))
		u = found.User
		return err
	})
	return h, u, err
}

// enableAPIUser disables an API user for a while, or enables it again.
func (v *visit) enableAPIUser() error {
	h, u, err := v.apiUser()
	if err != nil {
		return err
	}
	out, done := &actPage{Back: h.Path("/api-users")}, "api-user-on"
	out.Here, out.Section = h, "api-users"
	if u.Enabled {
		done = "api-user-off"
		out.Title, out.Lead, out.Do = v.F("Disable %s?", u.Name), v.T("For when nothing should log in with it for a while."), v.T("Disable the API user")
		out.Means = []string{v.T("All its tokens end at once, and nobody can log in as it, by no credential."), v.T("It keeps its roles, password and credentials, and has them again when it is enabled.")}
		out.Terminal = []string{"lintel api-user set" + ofProject(h) + " --disable " + word(u.Name)}
	} else {
		out.Title, out.Lead, out.Do, out.Harmless = v.F("Enable %s?", u.Name), v.T("Somebody who looks after it has disabled it."), v.T("Enable the API user"), true
		out.Means = []string{v.T("It can log in again, with the password and credentials that it had.")}
		out.Terminal = []string{"lintel api-user set" + ofProject(h) + " --enable " + word(u.Name)}
	}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/api-users?done="+done), Prefix), h.as(func(c identity.Caller) error {
			_, err := v.p.Membership.UpdateAPIUser(v.Context(), c, h.ID, u.ID, membership.APIUserUpdate{Enabled: identity.Some(!u.Enabled)})
			return err
		})
	})
}

// askAPIUser is a page that asks before something is done to an API user.
func (v *visit) askAPIUser(fill func(h *here, u identity.User, pg *actPage)) (*here, *actPage, error) {
	h, u, err := v.apiUser()
	if err != nil {
		return nil, nil, err
	}
	pg := &actPage{Back: h.Path("/api-users")}
	pg.Here, pg.Section = h, "api-users"
	fill(h, u, pg)
	if pg.Password {
		pg.Choose, err = v.othersPassword(u.DomainID)
	}
	return h, pg, err
}

func (v *visit) apiPasswordReset(h *here, u identity.User, pg *actPage) {
	pg.Title, pg.Lead = v.F("A new password for %s?", u.Name), v.T("For when the password was lost, or somebody may have seen it.")
	pg.Password, pg.Do = true, v.T("Set the password")
	pg.Means = []string{
		v.T("The old password and all its tokens end at once: programs that use them stop until they have the new one."),
		v.T("Its application credentials stay."),
	}
	pg.Terminal = []string{"lintel api-user password" + ofProject(h) + " " + word(u.Name)}
}

func (v *visit) askResetAPIUser() error {
	_, pg, err := v.askAPIUser(v.apiPasswordReset)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "act", pg)
}

func (v *visit) resetAPIUser() error {
	h, pg, err := v.askAPIUser(v.apiPasswordReset)
	if err != nil {
		return err
	}
	var u identity.User
	var pw string
	err = h.as(func(c identity.Caller) (err error) {
		u, pw, err = v.p.Membership.ResetAPIUser(v.Context(), c, h.ID, identity.UserID(v.PathValue("user")), v.PostForm.Get("password"))
		return err
	})
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "act", pg)
	}
	return v.showAPIPassword(h, u, pw)
}

func (v *visit) apiUserDeletion(h *here, u identity.User, pg *actPage) {
	pg.Title, pg.Lead = v.F("Delete %s?", u.Name), v.T("Whatever logs in with it is refused at its next request.")
	pg.Do = v.T("Delete the API user")
	pg.Means = []string{
		v.T("Its application credentials, keys and trusts are gone, and all its tokens end."),
		v.T("Servers and volumes that it made stay in the project."),
		v.T("It cannot be brought back."),
	}
	pg.Terminal = []string{"lintel api-user delete" + ofProject(h) + " " + word(u.Name)}
}

func (v *visit) askDeleteAPIUser() error {
	_, pg, err := v.askAPIUser(v.apiUserDeletion)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "act", pg)
}

func (v *visit) deleteAPIUser() error {
	h, pg, err := v.askAPIUser(v.apiUserDeletion)
	if err != nil {
		return err
	}
	err = h.as(func(c identity.Caller) error {
		return v.p.Membership.DeleteAPIUser(v.Context(), c, h.ID, identity.UserID(v.PathValue("user")))
	})
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "act", pg)
	}
	v.redirect("/p/" + string(h.ID) + "/api-users?done=deleted")
	return nil
}
