package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/trail"
)

var activityPages = []page{
	{method: get, path: "/activity", serve: (*visit).myActivity},
	{method: get, path: "/p/{id}/activity", serve: (*visit).projectActivity},
	{method: get, path: "/d/{domain}/audit", serve: (*visit).domainAudit},
	{method: get, path: "/cloud/audit", serve: (*visit).cloudAudit},
}

// trailPage shows a part of the trail; that of the whole cloud with what is known of its seals.
type trailPage struct {
	listPage
	Kept   int // days that entries are kept
	Broken []auditDay
	Verify string // leads to the page that compares it with its seals

	Searches []search // that the reader keeps of this page
	Offer    string   // the address of this one, to keep it; empty where nothing is looked for, or it is kept
}

// myActivity shows somebody what they did, and what was done to them.
func (v *visit) myActivity() error {
	pg := new(trailPage)
	pg.Section, pg.Title, pg.Lead = "activity", v.T("Activity"), v.T("Your sign-ins, those that failed, and what was changed by you or for you.")
	pg.Terminal = []string{"lintel event list --user " + word(string(v.User().ID))}
	return v.showTrail(pg, false, func(q identity.TrailQuery) (trail.Page, error) {
		return v.p.Trail.OfUser(v.Context(), v.self(), v.User().ID, q)
	})
}

func (v *visit) projectActivity() error {
	h, err := v.hereIn(identity.AreaActivity)
	if err != nil {
		return err
	}
	pg := new(trailPage)
	pg.Here, pg.Section, pg.Title = h, "project-activity", v.T("Activity")
	pg.Lead = v.F("Who signed in to %s, and what was changed there: roles, invitations, credentials.", h.Name)
	pg.Terminal = []string{"lintel event list" + ofProject(h)}
	return v.showTrail(pg, true, func(q identity.TrailQuery) (found trail.Page, err error) {
		err = h.as(func(c identity.Caller) error {
			found, err = v.p.Trail.OfProject(v.Context(), c, h.ID, q)
			return err
		})
		return found, err
	})
}

func (v *visit) domainAudit() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	pg := new(trailPage)
	pg.Section, pg.Title = "audit", v.T("Audit")
	pg.Lead = v.F("What the people of %s did, and what was done to its users, groups and projects.", d.Name)
	pg.Terminal = []string{"lintel event list --domain " + word(string(d.ID))}
	return v.showTrail(pg, true, func(q identity.TrailQuery) (trail.Page, error) {
		return v.p.Trail.OfDomain(v.Context(), caller, d.ID, q)
	})
}

func (v *visit) cloudAudit() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	pg := new(trailPage)
	if err := v.aboutSeals(pg, caller); err != nil {
		return err
	}
	pg.Section, pg.Title = "cloudaudit", v.T("Audit")
	pg.Lead = v.T("Who did what in the whole cloud. A search can be kept by a name.")
	pg.Terminal = []string{"lintel event list"}
	return v.showTrail(pg, true, func(q identity.TrailQuery) (trail.Page, error) { return v.p.Trail.All(v.Context(), caller, q) })
}

// showTrail shows a page of the trail. whole offers all that one can look for.
func (v *visit) showTrail(pg *trailPage, whole bool, load func(identity.TrailQuery) (trail.Page, error)) error {
	pg.None, pg.Hint = v.T("Nothing yet"), v.T("What happens from now on stands here.")
	pg.Columns = []column{
		{Key: "time", Label: v.T("Time")}, {Key: "who", Label: v.T("Who")}, {Key: "what", Label: v.T("What")}, {Key: "where", Label: v.T("Where")},
		{Key: "outcome", Label: v.T("Outcome")}, {Key: "address", Label: v.T("Address")}, {Key: "via", Label: v.T("Through"), Hidden: true},
		{Key: "action", Label: v.T("Action"), Hidden: true}, {Key: "target", Label: v.T("Target"), Hidden: true}, {Key: "agent", Label: v.T("Program"), Hidden: true},
		{Key: "actor_id", Label: v.T("ID of who"), Hidden: true}, {Key: "target_id", Label: v.T("ID of the target"), Hidden: true}, {Key: "request_id", Label: v.T("Request"), Hidden: true},
	}
	q, err := v.trailQuery(pg, whole)
	if err != nil {
		return err
	}
	if v.field("format") == "ndjson" {
		return v.exportTrail(q, load)
	}
	if err := v.searches(pg); err != nil {
		return err
	}
	to := v.URL.Query()
	to.Set("format", "ndjson")
	to.Del("marker")
	pg.Exports = []link{{"NDJSON", v.URL.Path + "?" + to.Encode()}}
	return showList(v, "trail", pg, pg.query(v), func(page identity.Query) (trail.Page, error) {
		q.Marker, q.Limit = page.Marker, page.Limit
		return load(q)
	}, func(entries []identity.TrailEntry) (rows []row, err error) {
		for _, e := range entries {
			rows = append(rows, v.trailRow(e, whole))
		}
		return rows, nil
	})
}

// trailQuery is what the address asks of the trail.
func (v *visit) trailQuery(pg *trailPage, whole bool) (q identity.TrailQuery, err error) {
	classes := []string{
		"", v.T("everything"), identity.ClassSignIn, v.T("sign-ins"), identity.ClassAccess, v.T("roles, groups and invitations"), identity.ClassPeople, v.T("people"),
		identity.ClassCredential, v.T("credentials and trusts"), identity.ClassProject, v.T("projects and domains"),
	}
	if whole {
		classes = append(classes, identity.ClassRole, v.T("role definitions"), identity.ClassService, v.T("services, limits and federation"),
			identity.ClassReading, v.T("who read this"))
	}
	q.Class = pg.add(v, "class", v.T("What"), classes...)
	switch pg.add(v, "outcome", v.T("Outcome"), "", v.T("any outcome"), "success", v.T("done"), "failure", v.T("failed")) {
	case "success":
		q.Failed = new(bool)
	case "failure":
		failed := true
		q.Failed = &failed
	}
	now := v.p.Now()
	if days := map[string]int{"1": 1, "7": 7, "30": 30}[pg.add(v, "since", v.T("When"), "", v.T("any time"), "1", v.T("last 24 hours"), "7", v.T("last 7 days"), "30", v.T("last 30 days"))]; days > 0 {
		q.From = now.Add(-time.Duration(days) * 24 * time.Hour)
	}
	if !whole {
		return q, nil
	}
	q.Actor = pg.input(v, "actor", v.T("Who: name or ID"), "search")
	q.Target = pg.input(v, "target", v.T("Whom or what: name or ID"), "search")
	q.Address = pg.input(v, "address", v.T("Address"), "search")
	q.RequestID = pg.input(v, "request", v.T("Request"), "search")
	q.AuditID = pg.input(v, "token", v.T("Audit ID of a token"), "search")
	for name, at := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		if text := v.field(name); text != "" {
			if *at, err = time.Parse("2006-01-02", text); err != nil {
				return q, identity.Invalidf("%q is no day such as 2026-01-31.", text)
			}
		}
	}
	if pg.input(v, "from", v.T("From the day"), "date"); !q.Until.IsZero() {
		q.Until = q.Until.Add(24 * time.Hour) // the day is part of it
	}
	pg.input(v, "until", v.T("To the day"), "date")
	for i := range pg.Inputs[2:] {
		pg.Inputs[2+i].Rare = true
	}
	return q, nil
}

func (v *visit) trailRow(e identity.TrailEntry, whole bool) row {
	who := cell{Text: e.Actor.Name, About: v.through(e)}
	switch {
	case e.Actor.ID == string(v.User().ID):
		who.Text = v.T("You")
	case who.Text == "" && e.Actor.ID != "":
		who.Text = e.Actor.ID
	case who.Text == "" && e.Via != nil:
		who.Text = v.noun(e.Via.Kind)
	case who.Text == "":
		who.Text = v.T("Nobody known")
	}
	if whole && e.Actor.ID != "" {
		who.Path = v.URL.Path + "?" + url.Values{"actor": {e.Actor.ID}}.Encode()
	}
	outcome := cell{Text: v.T("done"), State: "good"}
	if e.Failed {
		outcome = cell{Text: v.T("failed"), State: "bad"}
	}
	via := ""
	if e.Via != nil {
		via = strings.TrimSpace(v.noun(e.Via.Kind) + " " + e.Via.Name)
	}
	return row{ID: e.Marker, Name: e.Action, Fixed: true, Cells: []cell{
		{Time: e.At, Moment: true}, who, {Text: v.deed(e)}, {Text: v.place(e)}, outcome, {Text: e.Address, Code: true}, {Text: via},
		{Text: e.Action, Code: true}, {Text: e.Target.Name}, {Text: v.agentOf(e)}, {Text: e.Actor.ID, Code: true}, {Text: e.Target.ID, Code: true}, {Text: e.RequestID, Code: true},
	}}
}

func (v *visit) agentOf(e identity.TrailEntry) string {
	if e.Agent == "" {
		return ""
	}
	c := chrome{messages: v.messages}
	return c.Agent(e.Agent)
}

// through is what acted for somebody.
func (v *visit) through(e identity.TrailEntry) string {
	switch {
	case e.By != nil:
		return v.F("by %s, in their name", e.By.Name)
	case e.Via == nil || e.Actor.ID == "":
		return ""
	case e.Via.Name != "" && e.Via.Kind == "application_credential":
		return v.F("with the application credential %s", e.Via.Name)
	}
	return v.F("with: %s", v.noun(e.Via.Kind))
}

// place is where something was done.
func (v *visit) place(e identity.TrailEntry) string {
	switch {
	case e.Project != nil && e.Project.Name != "":
		return e.Project.Name
	case e.System:
		return v.T("The whole cloud")
	case e.Domain != nil && e.Domain.Name != "":
		return v.F("Domain %s", e.Domain.Name)
	}
	return ""
}

// noun is what a kind of thing is called.
func (v *visit) noun(kind string) string {
	switch kind {
	case "user":
		return v.T("user")
	case "group":
		return v.T("group")
	case "project":
		return v.T("project")
	case "domain":
		return v.T("domain")
	case "role":
		return v.T("role")
	case "credential":
		return v.T("credential")
	case "application_credential":
		return v.T("application credential")
	case "access_rule":
		return v.T("access rule")
	case "OS-TRUST:trust":
		return v.T("trust")
	case "OS-OAUTH1:access_token":
		return v.T("access token")
	case "invitation":
		return v.T("invitation")
	case "grant_request":
		return v.T("request for roles")
	case "contact":
		return v.T("contact")
	case "session":
		return v.T("session")
	case "endpoint":
		return v.T("endpoint")
	case "endpoint_group":
		return v.T("endpoint group")
	case "admin_token":
		return v.T("admin token")
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// deed says what was done.
func (v *visit) deed(e identity.TrailEntry) string {
	said := v.deedOnce(e)
	if len(e.Changes) > 0 {
		said += ": " + strings.Join(e.Changes, ", ")
	}
	if e.Times > 1 {
		said += " · " + v.N(e.Times, "%d time", "%d times")
	}
	return said
}

func (v *visit) deedOnce(e identity.TrailEntry) string {
	name := e.Target.Name
	if name == "" {
		name = e.Target.ID
	}
	self := e.Target.ID != "" && e.Target.ID == string(v.User().ID)
	if self {
		name = v.T("you")
	}
	switch e.Action {
	case "authenticate":
		return v.signInDeed(e)
	case "user.factor_reset":
		return v.F("Reset the second factor of %s", name)
	case "user.factor_reset_asked":
		return v.F("Asked to reset the second factor of %s", name)
	case "user.factor_kept":
		return v.F("Stopped the reset of the second factor of %s", name)
	case "user.factor_undone":
		return v.F("Said by a mail that somebody else turned off the second factor of %s", name)
	case "user.link_printed":
		return v.F("Printed a link to choose the password of %s on the console", name)
	case "session.ended":
		return v.T("Ended a session of the portal")
	case "session.others_ended":
		return v.T("Ended all other sessions of the portal")
	case "role_assignment.created":
		return v.F("Granted %s to %s", e.Role.Name, name)
	case "role_assignment.deleted":
		return v.F("Took %s from %s", e.Role.Name, name)
	case "role_assignment.waiting":
		return v.F("Granted %s to %s, once there is a second factor", e.Role.Name, name)
	case "role_assignment.withdrawn":
		return v.F("Withdrew %s from %s, before there was a second factor", e.Role.Name, name)
	case "role_assignment.lapsed":
		return v.F("%s for %s has lapsed: its granter may not grant it any more", e.Role.Name, name)
	case "group.added":
		return v.F("Put %s into the group %s", e.Person.Name, name)
	case "group.removed":
		return v.F("Took %s out of the group %s", e.Person.Name, name)
	case "endpoint.added", "endpoint_group.added":
		return v.F("Let the project see the %s %s", v.noun(e.Target.Kind), name)
	case "endpoint.removed", "endpoint_group.removed":
		return v.F("No longer lets the project see the %s %s", v.noun(e.Target.Kind), name)
	case "trail.read":
		return v.T("Read the audit trail")
	case "user.address_asked":
		return v.F("Asked for another address for %s", name)
	case "credential.revealed":
		return v.T("Showed the secret of a key again")
	case "contact.verified":
		return v.F("%s agreed to get mails", name)
	case "project.notified":
		return v.F("Sent a notice to the contacts of %s", name)
	}
	kind, operation, _ := strings.Cut(e.Action, ".")
	if e.Target.Name == "" {
		name = "" // an id says nothing: it has a column of its own
	}
	noun := v.noun(kind)
	if self && kind == "user" {
		noun, name = v.T("account"), v.T("(yours)")
	}
	switch operation {
	case "created":
		return strings.TrimSpace(v.F("Created the %s %s", noun, name))
	case "updated":
		return strings.TrimSpace(v.F("Changed the %s %s", noun, name))
	case "deleted":
		return strings.TrimSpace(v.F("Deleted the %s %s", noun, name))
	case "rotation_asked":
		return strings.TrimSpace(v.F("Asked the owner to replace the %s %s", noun, name))
	default:
		return strings.TrimSpace(noun + " " + name + ": " + strings.ReplaceAll(operation, "_", " "))
	}
}

func (v *visit) signInDeed(e identity.TrailEntry) string {
	switch e.Cause {
	case identity.CausePassword:
		return v.T("Tried to sign in with a wrong password")
	case identity.CauseCode:
		return v.T("Tried to sign in with a wrong code")
	case identity.CauseSecret:
		return v.T("Tried to sign in with a wrong secret")
	case identity.CauseSignature:
		return v.T("Sent a request with a wrong signature")
	case identity.CauseUnknown:
		return v.F("Somebody tried to sign in as %s, who is not there", e.Claimed)
	case identity.CauseLocked:
		return v.T("Tried to sign in while locked out")
	case identity.CauseClosed:
		return v.T("Tried to sign in to a disabled account")
	case identity.CauseExpired:
		return v.T("Tried to sign in with an expired password")
	}
	switch {
	case e.Failed:
		return v.T("Tried to sign in")
	case e.Target.Kind == "session":
		return v.T("Signed in to the portal")
	}
	return v.T("Signed in")
}

// exportTrail writes all entries, a line of JSON each.
func (v *visit) exportTrail(q identity.TrailQuery, load func(identity.TrailQuery) (trail.Page, error)) error {
	q.Limit = trail.MaxPage
	found, err := load(q)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/x-ndjson")
	v.w.Header().Set("Content-Disposition", `attachment; filename="activity.ndjson"`)
	out := json.NewEncoder(v.w)
	for {
		for _, e := range found.Items {
			if err := out.Encode(e); err != nil {
				return nil //nolint:nilerr // the reader went away
			}
		}
		if !found.More || len(found.Items) == 0 {
			return nil
		}
		q.Marker = found.Items[len(found.Items)-1].Marker
		if found, err = load(q); err != nil {
			v.p.Log.ErrorContext(v.Context(), "export failed", "path", v.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // the file must not look whole
		}
	}
}
