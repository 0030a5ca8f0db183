package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var accountPages = []page{
	{method: get, path: "/d/{domain}/users/{user}", serve: (*visit).account},
	{method: get, path: "/d/{domain}/users/{user}/edit", serve: (*visit).editAccount},
	{method: post, path: "/d/{domain}/users/{user}/edit", serve: (*visit).saveAccount},
	{method: get, path: "/d/{domain}/users/{user}/disable", serve: ask(disableAccount)},
	{method: post, path: "/d/{domain}/users/{user}/disable", serve: do(disableAccount)},
	{method: get, path: "/d/{domain}/users/{user}/enable", serve: ask(enableAccount)},
	{method: post, path: "/d/{domain}/users/{user}/enable", serve: do(enableAccount)},
	{method: get, path: "/d/{domain}/users/{user}/unlock", serve: ask(unlockAccount)},
	{method: post, path: "/d/{domain}/users/{user}/unlock", serve: do(unlockAccount)},
	{method: get, path: "/d/{domain}/users/{user}/suspend", serve: ask(suspendAccount), confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/suspend", serve: do(suspendAccount), confirmed: true},
	{method: get, path: "/d/{domain}/users/{user}/restore", serve: ask(restoreAccount)},
	{method: post, path: "/d/{domain}/users/{user}/restore", serve: do(restoreAccount)},
	{method: get, path: "/d/{domain}/users/{user}/end", serve: ask(endTokens)},
	{method: post, path: "/d/{domain}/users/{user}/end", serve: do(endTokens)},
	{method: get, path: "/d/{domain}/users/{user}/reset", serve: ask(sendReset), confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/reset", serve: do(sendReset), confirmed: true},
	{method: get, path: "/d/{domain}/users/{user}/password", serve: ask(temporaryPassword), confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/password", serve: do(temporaryPassword), confirmed: true},
	{method: get, path: "/d/{domain}/users/{user}/delete", serve: ask(deleteAccount), confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/delete", serve: do(deleteAccount), confirmed: true},
}

// accountPage shows an account to who looks after it.
type accountPage struct {
	chrome
	In      identity.Domain
	Account directory.Account
	Project string // the primary one's name
	Service bool   // a service of the cloud logs in with it
	Self    bool
	Factor  bool   // a second factor is asked for
	Shield  string // why the reader may not act on it, where their roles would do

	Places []place
	Hidden bool // the reader may not see them
}

// Path is the address of the account's pages, and what follows it.
func (pg *accountPage) Path(more string) string { return Prefix + accountPath(pg) + more }

// KeptHere tells whether the account's password is.
func (pg *accountPage) KeptHere() bool { return pg.Account.Kind == identity.LocalUser }

// Locked is what the reader could do if the account were not protected.
func (pg *accountPage) Locked() []string {
	enabled := pg.T("Disable")
	if !pg.Account.Enabled {
		enabled = pg.T("Enable")
	}
	return []string{pg.T("Edit"), pg.T("Suspend"), enabled, pg.T("Set a temporary password"), pg.T("End tokens and sessions"), pg.T("Delete")}
}

// findAccount loads the account of the path, of the domain of the path. at is the tab of its pages that it is for, if it is for one.
func (v *visit) findAccount(at string) (caller identity.Caller, pg *accountPage, err error) {
	caller, d, err := v.inDomain()
	if err != nil {
		return caller, nil, err
	}
	id := identity.UserID(v.PathValue("user"))
	pg = &accountPage{In: d, Self: id == v.User().ID}
	if pg.Account, err = v.p.Directory.Account(v.Context(), caller, id); err != nil {
		return caller, nil, err
	}
	if pg.Account.DomainID != d.ID {
		return caller, nil, identity.Missing("user", id)
	}
	pg.Shield = v.shield(pg.Account.Shield)
	pg.Service = pg.Account.Surface.Kind == identity.ServiceAccount
	pg.Section, pg.Title, pg.Factor = "users", pg.Account.Name, v.p.Credential.SecondFactor(pg.Account.User)
	pg.Tabs = v.accountTabs(pg, at)
	return caller, pg, nil
}

// loadAccount is findAccount with what the account may do where.
func (v *visit) loadAccount(at string) (caller identity.Caller, pg *accountPage, err error) {
	if caller, pg, err = v.findAccount(at); err != nil {
		return caller, nil, err
	}
	held, called, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{User: pg.Account.ID, Effective: true}, true)
	pg.Hidden = errors.Is(err, identity.Forbidden)
	if err != nil && !pg.Hidden {
		return caller, nil, err
	}
	pg.Places = v.places(held, nil, called)
	for _, p := range pg.Places {
		if p.Kind == "project" && p.ID == string(pg.Account.DefaultProjectID) {
			pg.Project = p.Name
		}
		for _, r := range p.Roles {
			pg.Service = pg.Service || r.Name == "service"
		}
	}
	return caller, pg, nil
}

// shield says why somebody is out of the reader's reach; nothing when they are not.
func (v *visit) shield(err error) string {
	if err == nil {
		return ""
	}
	if o, seen := errors.AsType[*authz.Obstacle](err); seen {
		return v.F("This account is protected: it holds the role %s on %s, which you may not take away.", o.Role.Name, v.placeName(o.At))
	}
	return v.T("This account is protected.")
}

func (v *visit) placeName(p authz.Place) string {
	if p.System {
		return v.T("the system")
	}
	return p.Project.Name
}

func (v *visit) account() error {
	_, pg, err := v.loadAccount("")
	if err != nil {
		return err
	}
	pg.Lead = v.F("An account in %s: what it is for, and what can be done with it.", pg.In.Name)
	pg.Terminal = []string{"openstack user show --domain " + word(pg.In.Name) + " " + operand(pg.Account.Name)}
	return v.show(http.StatusOK, "account", pg)
}

// editAccountPage is the form for what is known of an account.
type editAccountPage struct {
	chrome
	edited
	In                                             identity.Domain
	Back                                           string
	Name, DisplayName, Address, About, ProjectName string
}

func (v *visit) editAccountPage(pg *accountPage) *editAccountPage {
	out := &editAccountPage{In: pg.In, Back: Prefix + accountPath(pg), Name: pg.Account.Name, DisplayName: pg.Account.DisplayName(), Address: pg.Email(pg.Account.User), ProjectName: pg.Project}
	out.About, _ = pg.Account.Extra["description"].(string)
	out.Problem = out.meanwhile(v, out.Name, out.DisplayName, out.Address, out.About, out.ProjectName)
	out.Section, out.Title, out.Lead = "users", v.F("Edit %s", pg.Account.Name), v.T("A user stays in its domain: roles, groups and names hang on it.")
	out.Terminal = []string{"openstack user set --domain " + word(pg.In.Name) + " --email EMAIL " + operand(pg.Account.Name)}
	return out
}

func accountPath(pg *accountPage) string {
	return inDomain(pg.In.ID) + "/users/" + string(pg.Account.ID)
}

func (v *visit) editAccount() error {
	_, pg, err := v.loadAccount("")
	if err != nil {
		return err
	}
	if pg.Shield != "" {
		return identity.Refusedf("%s", pg.Shield)
	}
	if !pg.Account.Manage {
		return identity.NotAllowed("identity:update_user")
	}
	return v.show(http.StatusOK, "editaccount", v.editAccountPage(pg))
}

func (v *visit) saveAccount() error {
	caller, pg, err := v.loadAccount("")
	if err != nil {
		return err
	}
	form := v.editAccountPage(pg)
	was := *form
	form.Name, form.Address, form.About = strings.TrimSpace(v.field("name")), strings.TrimSpace(v.field("email")), v.field("description")
	form.DisplayName, form.ProjectName = strings.TrimSpace(v.field("display_name")), strings.TrimSpace(v.field("project"))
	form.Fields = problems{}
	if form.Name == "" {
		form.Fields["name"] = v.T("Give the account a name.")
	}
	if form.Problem != "" {
		return v.show(http.StatusConflict, "editaccount", form)
	}
	upd := identity.UserUpdate{Name: identity.Some(form.Name), Extra: identity.Extra{}}
	if form.Address != was.Address {
		if _, err := membership.Address(form.Address); err != nil && form.Address != "" {
			form.Fields["email"] = v.T("That is not an e-mail address.")
		}
		upd.Extra["email"] = form.Address
	}
	if form.DisplayName != was.DisplayName {
		if e, wrong := errors.AsType[*identity.Error](identity.CheckDisplayName(form.DisplayName)); wrong {
			form.Fields["display_name"] = v.said(e)
		}
		upd.Extra["display_name"] = form.DisplayName
	}
	if form.About != was.About {
		upd.Extra["description"] = form.About
	}
	if form.ProjectName != pg.Project {
		project, err := v.projectNamed(caller, pg.In.ID, form.ProjectName)
		if err != nil {
			return err
		}
		if project == "" && form.ProjectName != "" {
			form.Fields["project"] = v.F("There is no project %s in this domain. Create it first.", form.ProjectName)
		}
		upd.DefaultProjectID = identity.Some(project)
	}
	if len(form.Fields) == 0 {
		_, err = v.p.Directory.UpdateUser(v.Context(), caller, pg.Account.ID, upd)
		if errors.Is(err, identity.Conflict) {
			form.Fields["name"] = v.T("The domain has a user of this name. Choose another one.")
		} else if form.Problem, err = v.refusal(err); err != nil {
			return err
		}
	}
	if len(form.Fields) > 0 || form.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "editaccount", form)
	}
	v.redirect(accountPath(pg) + "?done=saved")
	return nil
}
