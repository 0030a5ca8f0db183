package portal

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/trail"
)

var accountTabPages = []page{
	{method: get, path: "/d/{domain}/users/{user}/groups", serve: (*visit).accountGroups},
	{method: get, path: "/d/{domain}/users/{user}/credentials", serve: (*visit).accountCredentials},
	{method: get, path: "/d/{domain}/users/{user}/security", serve: (*visit).accountSecurity},
	{method: get, path: "/d/{domain}/users/{user}/activity", serve: (*visit).accountActivity},
	{method: get, path: "/d/{domain}/users/{user}/raw", serve: (*visit).accountRaw},
}

// accountTabs lead to all that there is to know of an account. Each is an address of its own, and asks for what it shows alone.
func (v *visit) accountTabs(pg *accountPage, at string) (all []tab) {
	for _, t := range [][2]string{
		{"", v.T("Overview")}, {"/access", v.T("Access")}, {"/groups", v.T("Groups")}, {"/credentials", v.T("Credentials")}, {"/security", v.T("Security")},
		{"/activity", v.T("Activity")}, {"/raw", v.T("Raw")},
	} {
		all = append(all, tab{entry: entry{Prefix + accountPath(pg) + t[0], t[1], t[0] == at}})
	}
	return all
}

// accountList is a tab of an account that is a list.
type accountList struct {
	chrome
	listing
}

// listOf begins the list of a tab.
func (v *visit) listOf(pg *accountPage, none, hint string, columns ...column) *accountList {
	l := &accountList{listing: listing{None: none, Hint: hint, Columns: columns}}
	l.Section, l.Title, l.Tabs = pg.Section, pg.Title, pg.Tabs
	return l
}

func (v *visit) accountGroups() error {
	caller, pg, err := v.findAccount("/groups")
	if err != nil {
		return err
	}
	l := v.listOf(pg, v.T("In no group"), v.T("Who looks after a group adds people to it, on the group's page."),
		column{Key: "name", Label: v.T("Name")}, column{Key: "description", Label: v.T("Description")}, column{Key: "ends", Label: v.T("Ends")},
		column{Key: "id", Label: "ID", Hidden: true})
	l.Lead = v.F("The groups that %s is in. What a group was granted, everybody in it has.", pg.Account.Name)
	l.Terminal = []string{"openstack group list --user " + word(pg.Account.Name) + " --user-domain " + word(pg.In.Name)}
	manages := v.p.Directory.MayCreateGroup(v.Context(), caller, pg.In.ID)
	return showList(v, "list", l, l.query(v), func(q identity.Query) (identity.Page[identity.Membership], error) {
		return v.p.Directory.GroupsOfUser(v.Context(), caller, pg.Account.ID, q)
	}, func(groups []identity.Membership) (rows []row, err error) {
		for _, g := range groups {
			at := groupPath(g.Group)
			ends := cell{Text: v.T("never")}
			if g.ExpiresAt != nil {
				ends = cell{Time: *g.ExpiresAt}
			}
			r := row{ID: string(g.ID), Name: g.Name, Fixed: true, Cells: []cell{{Text: g.Name, Path: at}, {Text: text(g.Description)}, ends, {Text: string(g.ID), Code: true}}}
			if manages && g.ExpiresAt == nil {
				r.Acts = []link{{v.T("Remove"), at + "/remove/" + string(pg.Account.ID)}}
			}
			rows = append(rows, r)
		}
		return rows, nil
	})
}

func (v *visit) accountCredentials() error {
	caller, pg, err := v.findAccount("/credentials")
	if err != nil {
		return err
	}
	l := v.listOf(pg, v.T("None yet"), v.T("Nothing logs in for this account when nobody is there."),
		column{Key: "name", Label: v.T("Name")}, column{Key: "project", Label: v.T("Project")}, column{Key: "roles", Label: v.T("Roles")},
		column{Key: "created", Label: v.T("Created")}, column{Key: "last_used", Label: v.T("Last used")}, column{Key: "ends", Label: v.T("Ends")},
		column{Key: "from", Label: v.T("Used from"), Hidden: true}, column{Key: "id", Label: "ID", Hidden: true})
	l.Lead = v.F("What logs in for %s, or in their name, when they are not there. Secrets are shown to nobody.", pg.Account.Name)
	l.Terminal = []string{"lintel credential of --domain " + word(pg.In.Name) + " " + word(pg.Account.Name)}
	return showList(v, "list", l, l.query(v), func(q identity.Query) (identity.Page[credential.Held], error) {
		return v.p.Credential.OfUser(v.Context(), caller, pg.Account.ID, store.ProjectCredentialFilter{After: q.Marker, Limit: q.Limit})
	}, func(all []credential.Held) (rows []row, err error) {
		for _, c := range all {
			rows = append(rows, v.keptRow(c))
		}
		return rows, nil
	})
}

// keptRow is something that logs in for somebody.
func (v *visit) keptRow(c credential.Held) row {
	name := cell{Text: v.heldName(c), About: v.noun(c.Kind)}
	roles := cell{Text: v.T("all of the owner’s")}
	switch c.Kind {
	case "application_credential":
		roles = cell{Chips: []string{}}
		for _, r := range c.Roles {
			roles.Chips = append(roles.Chips, r.Name)
		}
		if c.Unrestricted {
			name.About = v.T("Unrestricted")
		}
	case "OS-TRUST:trust":
		name.Text, roles.Text = v.F("To %s", c.Name), v.T("those of the trust")
	case "OS-OAUTH1:access_token":
		name.Text, roles.Text = v.T("An application"), v.T("those of the token")
	default:
		if c.ProjectID == "" {
			roles.Text = "–"
		}
	}
	ends := cell{Text: v.T("never")}
	if c.Ends != nil {
		ends = cell{Time: *c.Ends}
	}
	return row{ID: c.ID, Name: name.Text, Fixed: true, Cells: []cell{
		name, {Text: c.On}, roles, {Time: c.Created, Never: v.T("not known")}, v.when(c.Used), ends, {Text: c.UsedFrom, Code: true}, {Text: c.ID, Code: true},
	}}
}

// accountSecurityPage shows how somebody proves who they are, to who looks after the account.
type accountSecurityPage struct {
	accountPage
	Exempt   []string // from which rules
	LockPW   bool     // the user may not change the password
	Set      []setBy
	Has      credential.Factor
	Rules    string // on several factors
	Sessions []identity.Session
	Unseen   bool // the reader may not see the sessions
}

// setBy is who last set a part of the account by which somebody gets in.
type setBy struct {
	What, Who string
	directory.SetBy
}

func (v *visit) accountSecurity() error {
	caller, account, err := v.findAccount("/security")
	if err != nil {
		return err
	}
	pg := &accountSecurityPage{accountPage: *account, LockPW: account.Account.Options.Bool(identity.OptLockPassword)}
	id := pg.Account.ID
	pg.Lead = v.F("How %s proves who they are, who set that, and where they are signed in.", pg.Account.Name)
	pg.Terminal = []string{"openstack user show --domain " + word(pg.In.Name) + " " + word(pg.Account.Name)}
	for _, e := range v.exemptions() {
		if pg.Account.Options.Bool(e[0]) {
			pg.Exempt = append(pg.Exempt, e[1])
		}
	}
	if rules, some := pg.Account.Options[identity.OptMultiFactorAuthRules]; some && rules != nil {
		body, err := json.Marshal(rules)
		if err != nil {
			return err
		}
		pg.Rules = string(body)
	}
	all, err := v.p.Directory.WhoSet(v.Context(), caller, id)
	if err != nil {
		return err
	}
	for _, s := range all {
		line := setBy{SetBy: s, Who: s.Name, What: map[identity.AccountPart]string{
			identity.Address: v.T("E-mail"), identity.Password: v.T("Password"), identity.Factors: v.T("Second factor"),
		}[s.What]}
		switch {
		case s.Own:
			line.Who = v.T("by themselves")
		case s.Name == "":
			line.Who = v.T("somebody who is gone")
		}
		pg.Set = append(pg.Set, line)
	}
	if pg.Has, err = v.p.Credential.FactorOf(v.Context(), caller, id); err != nil {
		return err
	}
	pg.Sessions, err = v.p.Auth.SessionsOf(v.Context(), caller, id)
	if pg.Unseen = errors.Is(err, identity.Forbidden); err != nil && !pg.Unseen {
		return err
	}
	return v.show(http.StatusOK, "accountsecurity", pg)
}

func (v *visit) accountActivity() error {
	caller, account, err := v.findAccount("/activity")
	if err != nil {
		return err
	}
	pg := new(trailPage)
	pg.Section, pg.Title, pg.Tabs = account.Section, account.Title, account.Tabs
	pg.Lead = v.F("What %s did, and what was done to them and to what is theirs.", account.Account.Name)
	pg.Terminal = []string{"lintel event list --user " + word(string(account.Account.ID))}
	return v.showTrail(pg, false, func(q identity.TrailQuery) (trail.Page, error) {
		return v.p.Trail.OfUser(v.Context(), caller, account.Account.ID, q)
	})
}

// rawPage shows an account as the API does.
type rawPage struct {
	accountPage
	JSON string
}

func (v *visit) accountRaw() error {
	caller, account, err := v.findAccount("/raw")
	if err != nil {
		return err
	}
	u, err := v.p.Directory.User(v.Context(), caller, account.Account.ID)
	if err != nil {
		return err
	}
	pg := &rawPage{accountPage: *account}
	pg.Lead = v.F("What programs get when they ask for %s.", pg.Account.Name)
	pg.Terminal = []string{"openstack user show -f json --domain " + word(pg.In.Name) + " " + word(pg.Account.Name)}
	body, err := json.MarshalIndent(v.p.Raw(v.Request, u), "", "  ")
	if err != nil {
		return err
	}
	pg.JSON = string(body)
	return v.show(http.StatusOK, "accountraw", pg)
}
