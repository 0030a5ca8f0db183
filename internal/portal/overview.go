package portal

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var overviewPages = []page{
	{method: get, path: "/d/{domain}", serve: (*visit).domainOverview},
	{method: get, path: "/d/{domain}/invitations", serve: (*visit).domainInvitations},
	{method: get, path: "/cloud/people", serve: (*visit).anybody},
}

// overviewPage says how a domain is doing.
type overviewPage struct {
	chrome
	In     identity.Domain
	Counts []figure
	Steps  []todo // of a new domain
}

// figure is a number with what it counts, and where those are.
type figure struct {
	Count string
	What  string
	Path  string
	State string // warn where there is something to do
}

// todo is something that a new domain, or an account, needs.
type todo struct {
	What, Path string
	Done       bool
	Note       string // how it stands
}

func (v *visit) domainOverview() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	o, err := v.p.Directory.Overview(v.Context(), caller, d.ID)
	if err != nil {
		return err
	}
	at := Prefix + inDomain(d.ID)
	pg := &overviewPage{In: d}
	pg.Section, pg.Title, pg.Lead = "domain", d.Name, text(d.Description)
	pg.Terminal = []string{"openstack user list --domain " + word(d.Name), "openstack project list --domain " + word(d.Name)}
	tell := func(n int, what, path string, bad bool) {
		f := figure{Count: strconv.Itoa(n), What: what, Path: at + path}
		if bad && n > 0 {
			f.State = "warn"
		}
		pg.Counts = append(pg.Counts, f)
	}
	noun := func(counted string) string { _, what, _ := strings.Cut(counted, " "); return what }
	tell(o.Users, noun(v.N(o.Users, "%d user", "%d users")), "/users", false)
	tell(o.NoFactor, v.T("without a second factor"), "/users?show=nofactor", true)
	tell(o.Locked, v.T("locked by wrong passwords"), "/users?show=locked", true)
	tell(o.Dormant, v.T("not signed in for 90 days"), "/users?show=dormant", true)
	tell(o.Never, v.T("never signed in"), "/users?show=never", false)
	tell(o.Disabled, v.T("disabled"), "/users?show=disabled", false)
	tell(o.Suspended, v.T("suspended"), "/users?show=suspended", true)
	tell(o.Ending, noun(v.N(o.Ending, "%d role that ends within 30 days", "%d roles that end within 30 days")), "/assignments?ends=soon", true)
	tell(o.Invitations, noun(v.N(o.Invitations, "%d invitation not answered", "%d invitations not answered")), "/invitations", false)
	tell(o.Groups, noun(v.N(o.Groups, "%d group", "%d groups")), "/groups", false)
	tell(o.Projects, noun(v.N(o.Projects, "%d project", "%d projects")), "/projects", false)
	steps := []todo{
		{v.T("Create the first project, where people work."), at + "/projects/new", o.Projects > 0, ""},
		{v.T("Create an account for somebody, with a role in the project."), at + "/users/new", o.Users > 0, ""},
		{v.T("Appoint somebody to look after the domain."), at + "/assignments/new", o.Managers > 0, ""},
	}
	if slices.ContainsFunc(steps, func(s todo) bool { return !s.Done }) && o.Manage {
		pg.Steps = steps
	}
	return v.show(http.StatusOK, "overview", pg)
}

func (v *visit) domainInvitations() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	pg := &listPage{listing: listing{Finds: v.T("Address, project or inviter"), None: v.T("Nobody is invited"), Hint: v.T("Invitations are sent from the pages of a project."), Columns: []column{
		{Key: "address", Label: v.T("E-mail")}, {Key: "project", Label: v.T("Project")}, {Key: "roles", Label: v.T("Roles")},
		{Key: "inviter", Label: v.T("Invited by")}, {Key: "state", Label: v.T("State")}, {Key: "sent", Label: v.T("Sent")}, {Key: "ends", Label: v.T("Ends")},
	}}}
	pg.Section, pg.Title = "domain-invitations", v.T("Invitations")
	pg.Lead = v.F("Who was invited to the projects of %s and has not answered yet.", d.Name)
	pg.Terminal = []string{"lintel invitation list --domain " + word(d.Name)}
	q := pg.query(v)
	text := pg.Search
	return showList(v, "list", pg, q,
		func(q identity.Query) (identity.Page[membership.InDomain], error) {
			return v.p.Membership.InvitationsIn(v.Context(), caller, d.ID, text, q)
		},
		func(all []membership.InDomain) (rows []row, err error) {
			for _, l := range all {
				at := Prefix + "/p/" + string(l.ProjectID) + "/invitations"
				if len(l.Areas) > 0 {
					l.RoleNames = v.areaNames(l.Areas)
				}
				state := cell{}
				state.Text, state.State = v.stateOf(l.Listed)
				rows = append(rows, row{ID: string(l.ID), Name: l.Address, Cells: []cell{
					{Text: l.Address, Path: at + "/" + string(l.ID)}, {Text: l.Project, Path: at}, {Chips: l.RoleNames},
					{Text: l.Inviter}, state, {Time: l.SentAt}, {Time: l.ExpiresAt},
				}})
			}
			return rows, nil
		})
}

// anybody searches all domains for users.
func (v *visit) anybody() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	pg := &listPage{listing: v.userList()}
	pg.Columns = slices.Insert(pg.Columns, 1, column{Key: "domain", Label: v.T("Domain")})
	pg.Finds = v.T("Name, e-mail, id, credential's id, address or token")
	pg.Section, pg.Title, pg.Lead = "anybody", v.T("People"), v.T("Who has an account, in any domain. An id of a credential finds whose it is; an IP address or the audit ID of a token, who acted from there or by it.")
	pg.Terminal = []string{"openstack user list --long"}
	q := pg.query(v)
	found, command, err := v.behind(caller, strings.TrimSpace(pg.Search))
	if err != nil {
		return err
	}
	if command != "" {
		pg.Terminal = []string{command}
	}
	if len(found) > 0 {
		ids := make([]string, len(found))
		for i, id := range found {
			ids[i] = string(id)
		}
		q.Filters = []identity.Filter{{Attr: "among", Value: strings.Join(ids, " ")}}
	}
	rows := pg.users(v, caller)
	return showList(v, "list", pg, q,
		func(q identity.Query) (identity.Page[identity.User], error) {
			return v.p.Directory.Users(v.Context(), caller, q)
		},
		func(users []identity.User) ([]row, error) {
			all, err := rows(users)
			if err != nil {
				return nil, err
			}
			called, err := v.p.Directory.DomainsOf(v.Context(), caller, users)
			for i, u := range users {
				all[i].Cells = slices.Insert(all[i].Cells, 1, cell{Text: called[u.DomainID], Path: Prefix + inDomain(u.DomainID)})
			}
			return all, err
		})
}

// auditID is what the audit ids of tokens are like.
var auditID = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// behind are the users behind what is no name: the id of a credential, an IP address, the audit id of a token; with the command that
// looks the same up.
func (v *visit) behind(caller identity.Caller, text string) (users []identity.UserID, command string, err error) {
	if text == "" || strings.ContainsAny(text, " @") {
		return nil, "", nil
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		users, err := v.p.Trail.Actors(v.Context(), caller, identity.TrailQuery{Address: addr.Unmap().String()})
		return users, "lintel event list --address " + word(text), ignoreForbidden(err)
	}
	owners, err := v.p.Credential.OwnersOf(v.Context(), caller, text)
	for _, u := range owners {
		users = append(users, u.ID)
	}
	if err != nil || len(users) > 0 {
		return users, "lintel credential owner " + word(text), err
	}
	if !auditID.MatchString(text) {
		return nil, "", nil
	}
	users, err = v.p.Trail.Actors(v.Context(), caller, identity.TrailQuery{AuditID: text})
	return users, "lintel event list --audit-id=" + word(text), ignoreForbidden(err)
}
