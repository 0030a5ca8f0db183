package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var userPages = []page{
	{method: get, path: "/d/{domain}/users", serve: (*visit).users},
	{method: get, path: "/d/{domain}/users/new", serve: (*visit).newUser},
	{method: post, path: "/d/{domain}/users/new", serve: (*visit).createUser},
	{method: post, path: "/d/{domain}/users/disable", serve: (*visit).disableUsers},
	{method: post, path: "/d/{domain}/users/enable", serve: (*visit).enableUsers},
}

// Email is a user's address; empty when none is known.
func (c *chrome) Email(u identity.User) string {
	s, _ := u.Extra["email"].(string)
	return s
}

func (v *visit) users() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	at := Prefix + inDomain(d.ID) + "/users"
	pg := &listPage{listing: v.userList()}
	pg.Section, pg.Title, pg.Lead = "users", v.T("Users"), v.F("Who has an account in %s.", d.Name)
	pg.Terminal = []string{"openstack user list --long --domain " + word(d.Name)}
	pg.None, pg.Hint = v.T("Nobody yet"), v.T("Create a user, or connect a directory that knows your people.")
	show := pg.add(v, "show", v.T("Show"), "", v.T("any state"), "enabled", v.T("enabled"), "disabled", v.T("disabled"), "locked", v.T("locked"),
		"never", v.T("never signed in"), "dormant", v.T("not signed in for 90 days"), "unplaced", v.T("no project"), "nofactor", v.T("no second factor"), "external", v.T("kept elsewhere"), "api", v.T("API users"), "service", v.T("service accounts"), "suspended", v.T("suspended"))
	if v.p.Directory.MayCreateUser(v.Context(), caller, d.ID) {
		pg.Action = &link{v.T("Create User"), at + "/new"}
		pg.Bulk = []bulk{{v.T("Enable"), at + "/enable", false}, {v.T("Disable"), at + "/disable", true}}
	}
	q := pg.query(v).Where("domain_id", string(d.ID))
	list := v.p.Directory.Users
	switch show {
	case "enabled", "disabled":
		q = q.Where("enabled", strconv.FormatBool(show == "enabled"))
	case "never":
		q = q.Where("active", "false")
	case "unplaced":
		q = q.Where("placed", "false")
	case "nofactor":
		q = q.Where("factor", "false")
	case "external":
		q = q.Where("local", "false")
	case "api", "service":
		q = q.Where("kind", show)
	case "suspended":
		q = q.Where("suspended", "true")
	case "locked":
		list = v.p.Directory.LockedUsers
	case "dormant":
		list = v.p.Directory.DormantUsers
	}
	return showList(v, "list", pg, q, func(q identity.Query) (identity.Page[identity.User], error) { return list(v.Context(), caller, q) }, pg.users(v, caller))
}

// userList is a list of users before it is read.
func (v *visit) userList() listing {
	return listing{Finds: v.T("Name, e-mail or id"), Columns: []column{
		{Key: "name", Label: v.T("Name"), Sort: "name"}, {Key: "email", Label: v.T("E-mail")}, {Key: "state", Label: v.T("State")},
		{Key: "second_factor", Label: v.T("Second factor")}, {Key: "last_signed_in", Label: v.T("Last signed in"), Sort: "last_active_at"},
		{Key: "created", Label: v.T("Created"), Sort: "created_at", Hidden: true}, {Key: "kept", Label: v.T("Kept"), Hidden: true},
		{Key: "kind", Label: v.T("For whom"), Hidden: true},
		{Key: "description", Label: v.T("Description"), Hidden: true}, {Key: "id", Label: "ID", Hidden: true},
	}}
}

// users makes rows of users.
func (pg *listPage) users(v *visit, caller identity.Caller) func([]identity.User) ([]row, error) {
	return func(users []identity.User) (rows []row, err error) {
		var ids []string
		for _, u := range users {
			if !u.Enabled {
				ids = append(ids, string(u.ID))
			}
		}
		suspended := map[identity.UserID]bool{}
		if len(ids) > 0 {
			some, err := v.p.Directory.Users(v.Context(), caller, identity.Query{}.Where("among", strings.Join(ids, " ")).Where("suspended", "true"))
			if err != nil {
				return nil, err
			}
			for _, u := range some.Items {
				suspended[u.ID] = true
			}
		}
		for _, u := range users {
			factor := cell{Text: v.T("Off"), State: "warn"}
			if v.p.Credential.SecondFactor(u) {
				factor = cell{Text: v.T("On"), State: "good"}
			}
			state := v.state(u.Enabled)
			if suspended[u.ID] {
				state.Text = v.T("suspended")
			}
			about, _ := u.Extra["description"].(string)
			kept := map[identity.UserKind]string{identity.LocalUser: v.T("here"), identity.NonlocalUser: v.T("in a directory"), identity.FederatedUser: v.T("at an identity provider")}
			at := Prefix + inDomain(u.DomainID) + "/users/" + string(u.ID)
			var acts []link
			if len(pg.Bulk) > 0 { // who is offered to change several is offered to change one
				acts = []link{{v.T("Edit"), at + "/edit"}}
			}
			rows = append(rows, row{ID: string(u.ID), Name: u.Name, Fixed: u.ID == v.User().ID, Acts: acts, Cells: []cell{
				{Text: u.Name, About: u.DisplayName(), Path: at}, {Text: pg.Email(u)}, state, factor,
				v.when(u.LastActiveAt), v.when(u.CreatedAt), {Text: kept[u.Kind]}, {Text: v.AccountKind(u.Surface)}, {Text: about}, {Text: string(u.ID), Code: true},
			}})
		}
		return rows, nil
	}
}

// newUserPage is the form for a new user. What was typed stays when something is wrong with it, but for the password.
type newUserPage struct {
	chrome
	In identity.Domain

	Name, Address, Description, Project, Role string
	Reason                                    string // for whoever must agree to the role
	Asks                                      bool   // somebody must
	Enabled, LockPassword, Invite             bool
	Make                                      bool // the project is made with the account
	MayMake                                   bool // the reader may make projects
	Mails                                     bool // links to set a password are sent
	Choose                                    passwordForm
	Roles                                     []roleGroup
	offered                                   []assignment.DescribedRole // in them
	Customers                                 bool                       // the reader may open accounts of customers

	Exempt   []choice // options that exempt the account from rules
	Exempted bool     // one was chosen
}

// exemptions are the options that exempt an account from rules, with what each means.
func (m *messages) exemptions() [][2]string {
	return [][2]string{
		{identity.OptIgnoreChangePassword, m.T("It need not change its password at the first login")},
		{identity.OptIgnorePasswordExpiry, m.T("Its password does not expire")},
		{identity.OptIgnoreLockout, m.T("Wrong passwords do not lock it")},
		{identity.OptIgnoreUserInactivity, m.T("It may stay away as long as it likes")},
	}
}

// newUserPage fills the form from what was sent.
func (v *visit) newUserPage(caller identity.Caller, d identity.Domain) (*newUserPage, error) {
	pg := &newUserPage{
		In: d, Name: strings.TrimSpace(v.field("name")), Address: strings.TrimSpace(v.field("email")), Description: v.field("description"),
		Project: strings.TrimSpace(v.field("project")), Role: v.field("role"), Reason: strings.TrimSpace(v.field("reason")), Enabled: v.Method == get || v.field("enabled") != "",
		LockPassword: v.field("lock") != "", Invite: v.field("invite") != "", Mails: v.p.Membership.Mails(),
	}
	for _, e := range v.exemptions() {
		chosen := slices.Contains(v.PostForm["exempt"], e[0])
		pg.Exempt, pg.Exempted = append(pg.Exempt, choice{e[0], e[1], chosen}), pg.Exempted || chosen
	}
	pg.Asks = pg.Reason != ""
	pg.Section, pg.Title = "users", v.T("Create User")
	pg.Lead = v.T("The account, its first project and its role there are made together, or none of them.")
	pg.Terminal = []string{"lintel user create --domain " + word(d.Name) + " --email EMAIL --project PROJECT --role member --password-prompt NAME"}
	if !v.p.Directory.MayCreateUser(v.Context(), caller, d.ID) {
		return pg, identity.NotAllowed("identity:create_user")
	}
	pg.Make, pg.MayMake = v.field("make") != "", v.p.Directory.MayCreateProject(v.Context(), caller, d.ID)
	pg.Customers = v.p.Directory.MaySetSurface(v.Context(), caller) == nil
	roles, err := v.p.Assignment.AboutRoles(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return pg, err
	}
	for _, r := range roles {
		if r.Weight.High { // which is no role to begin with
			continue
		}
		pg.offered = append(pg.offered, assignment.DescribedRole{Role: r.Role, Profile: r.Profile})
		if pg.Role == "" && r.Name == "member" {
			pg.Role = string(r.ID)
		}
	}
	pg.Roles = v.roleGroups(pg.offered, identity.RoleID(pg.Role))
	pg.Choose, err = v.othersPassword(d.ID)
	return pg, err
}

func (v *visit) newUser() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	pg, err := v.newUserPage(caller, d)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "newuser", pg)
}

func (v *visit) createUser() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	pg, err := v.newUserPage(caller, d)
	if err != nil {
		return err
	}
	u := identity.User{DomainID: d.ID, Name: pg.Name, Enabled: pg.Enabled, Extra: identity.Extra{}, Options: identity.Options{}}
	if pg.Address != "" {
		u.Extra["email"] = pg.Address
	}
	if pg.Description != "" {
		u.Extra["description"] = pg.Description
	}
	if pg.LockPassword {
		u.Options[identity.OptLockPassword] = true
	}
	for _, e := range pg.Exempt {
		if e.Chosen {
			u.Options[e.Value] = true
		}
	}
	pg.Fields = problems{}
	if pg.Name == "" {
		pg.Fields["name"] = v.T("Give the account a name.")
	}
	pw := v.PostForm.Get("password")
	switch {
	case !pg.Invite && pw == "":
		pg.Fields["password"] = v.T("Choose a first password.")
	case pg.Invite && pg.Mails && pg.Address == "":
		pg.Fields["email"] = v.T("Enter the address that the link is sent to.")
	}
	if _, err := membership.Address(pg.Address); err != nil && pg.Address != "" {
		pg.Fields["email"] = v.T("That is not an e-mail address.")
	}
	if u.DefaultProjectID, err = v.projectNamed(caller, d.ID, pg.Project); err != nil {
		return err
	} else if pg.Make && u.DefaultProjectID != "" {
		pg.Fields["project"] = v.F("There is a project %s in this domain already.", pg.Project)
	} else if pg.Make && pg.Project == "" {
		pg.Fields["project"] = v.T("Give the project a name.")
	} else if u.DefaultProjectID == "" && pg.Project != "" && !pg.Make {
		pg.Fields["project"] = v.F("There is no project %s in this domain. Create it first, or tick that it is made.", pg.Project)
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "newuser", pg)
	}
	e := membership.Enrolment{User: u, Reason: pg.Reason, SetUp: pg.Invite, Language: v.Lang}
	if !pg.Invite {
		e.Password = identity.Some(pw)
	}
	if pg.Make {
		e.Project, e.Make, e.Roles = assignment.Ref{Name: pg.Project}, true, []string{pg.Role}
	} else if u.DefaultProjectID != "" {
		e.Project, e.Roles = assignment.Ref{ID: string(u.DefaultProjectID)}, []string{pg.Role}
	}
	made, err := v.p.Membership.Enroll(v.Context(), caller, e)
	if errors.Is(err, identity.Conflict) {
		pg.Fields["name"] = v.T("The domain has a user of this name. Choose another one.")
	} else if errors.Is(err, membership.ErrSayWhy) {
		pg.Asks, pg.Fields["reason"] = true, v.T("Somebody else must agree: say why.")
		pg.Terminal = []string{strings.Replace(pg.Terminal[0], " --role member", " --role ROLE --reason WHY", 1)}
	} else if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "newuser", pg)
	}
	if made.Secret != "" {
		links := &linksPage{Links: []inviteLink{{made.User.Name, v.whole("/reset/" + made.Secret)}}, Back: Prefix + inDomain(d.ID) + "/users/" + string(made.User.ID)}
		links.Section, links.Title = "users", v.T("Hand this link on")
		links.Lead = v.F("This cloud sends no mail. The link sets the first password, works once, %s, and is not shown again.", v.lasts(v.p.Membership.SetUpLife))
		if made.Asked != nil {
			links.Lead, links.Back = links.Lead+" "+v.waits(made.Asked), Prefix+"/p/"+string(made.Project.ID)+"/requests"
		}
		return v.show(http.StatusOK, "invitelinks", links)
	}
	if made.Asked != nil {
		v.redirect("/p/" + string(made.Project.ID) + "/requests?done=user-waits")
		return nil
	}
	v.redirect(inDomain(d.ID) + "/users/" + string(made.User.ID) + "?done=user-created")
	return nil
}

// waits says what of an account that was made waits until somebody else agrees.
func (v *visit) waits(r *membership.Request) string {
	return v.F("%s waits until somebody else agrees. Those who can were asked.", strings.Join(r.RoleNames, ", "))
}

// projectNamed finds a domain's project by its name; empty when there is none that the caller may see.
func (v *visit) projectNamed(caller identity.Caller, domain identity.DomainID, name string) (identity.ProjectID, error) {
	if name == "" {
		return "", nil
	}
	found, err := v.p.Directory.Projects(v.Context(), caller, identity.Query{Limit: 1}.Where("domain_id", string(domain)).Where("name", name))
	if err != nil || len(found.Items) == 0 {
		return "", err
	}
	return found.Items[0].ID, nil
}
