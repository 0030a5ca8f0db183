package portal

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var importPages = both("/d/{domain}/users/import", (*visit).importUsers, false)

// Bounds of what is taken at once.
const (
	mostImported = 200
	mostProjects = 20
)

// importPage makes accounts of the lines of a table: it is rehearsed first, and then each is made by itself.
type importPage struct {
	chrome
	In    identity.Domain
	Table string
	Lines []importLine
	Ready int // lines that nothing is wrong with
	Mails bool

	Reason string // for whoever must agree to roles
}

// importLine is somebody to be.
type importLine struct {
	Name, Address, Project, Role string
	Wrong                        string
	project                      identity.ProjectID
}

// importFields are the columns, in their order where the table does not name them.
var importFields = []string{"name", "email", "project", "role"}

func (v *visit) importUsers() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	form, err := v.newUserPage(caller, d)
	if err != nil {
		return err
	}
	pg := &importPage{In: d, Table: v.field("table"), Reason: strings.TrimSpace(v.field("reason")), Mails: v.p.Membership.Mails()}
	pg.Section, pg.Title = "users", v.T("Import users")
	pg.Lead = v.T("One account a line, each with its first project and role. Nothing is made before you have seen what would be.")
	pg.Terminal = []string{"lintel user create --domain " + word(d.Name) + " --email EMAIL --project PROJECT --role ROLE --invite NAME"}
	if v.Method == get {
		return v.show(http.StatusOK, "importusers", pg)
	}
	pg.Fields = problems{}
	if pg.Lines, err = readTable(pg.Table); err != nil {
		pg.Fields["table"] = v.F("This is no table that can be read: %s", err.Error())
	} else if len(pg.Lines) == 0 || len(pg.Lines) > mostImported {
		pg.Fields["table"], pg.Lines = v.F("Paste at least one line and at most %d.", mostImported), nil
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "importusers", pg)
	}
	if err := v.rehearse(caller, pg, form.offered); err != nil {
		return err
	}
	if v.field("sure") == "" || pg.Ready == 0 {
		return v.show(http.StatusOK, "importusers", pg)
	}
	return v.enrol(caller, pg)
}

// readTable reads the lines of a table, whose first may name the columns.
func readTable(text string) (lines []importLine, err error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if first, _, _ := strings.Cut(text, "\n"); strings.Count(first, ";")+strings.Count(first, "\t") > strings.Count(first, ",") {
		if r.Comma = ';'; strings.Contains(first, "\t") {
			r.Comma = '\t'
		}
	}
	order := importFields
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		if lines == nil && slices.Contains(record, "name") {
			order, lines = record, []importLine{}
			continue
		}
		l := importLine{}
		for i, value := range record[:min(len(record), len(order))] {
			if to := map[string]*string{"name": &l.Name, "email": &l.Address, "project": &l.Project, "role": &l.Role}[order[i]]; to != nil {
				*to = value
			}
		}
		if l != (importLine{}) {
			lines = append(lines, l)
		}
	}
}

// rehearse finds what is wrong with each line.
func (v *visit) rehearse(caller identity.Caller, pg *importPage, roles []assignment.DescribedRole) error {
	var names []string
	for _, l := range pg.Lines {
		names = append(names, l.Name)
	}
	taken, err := v.p.Directory.NamesTaken(v.Context(), caller, pg.In.ID, names)
	if err != nil {
		return err
	}
	projects := map[string]identity.ProjectID{}
	for i := range pg.Lines {
		l := &pg.Lines[i]
		id, known := projects[l.Project]
		if !known && l.Project != "" && len(projects) < mostProjects {
			if id, err = v.projectNamed(caller, pg.In.ID, l.Project); err != nil {
				return err
			}
			projects[l.Project] = id
		}
		if l.Project != "" {
			l.Role = cmp.Or(l.Role, "member")
		}
		l.project = id
		_, address := membership.Address(l.Address)
		switch {
		case l.Name == "":
			l.Wrong = v.T("It has no name.")
		case slices.Contains(taken, l.Name) || slices.Contains(names[:i], l.Name):
			l.Wrong = v.T("The name is taken.")
		case l.Address == "" && pg.Mails:
			l.Wrong = v.T("It has no address that a link could be sent to.")
		case l.Address != "" && address != nil:
			l.Wrong = v.T("That is not an e-mail address.")
		case l.Project != "" && id == "":
			l.Wrong = v.F("There is no project %s in this domain. Create it first.", l.Project)
		case l.Role != "" && l.Project == "":
			l.Wrong = v.T("A role needs a project.")
		case l.Role != "" && !slices.ContainsFunc(roles, func(r assignment.DescribedRole) bool { return r.Name == l.Role }):
			l.Wrong = v.F("There is no role %s to begin with.", l.Role)
		default:
			pg.Ready++
		}
	}
	return nil
}

// enrol makes the accounts of all lines that nothing is wrong with, each in a transaction of its own.
func (v *visit) enrol(caller identity.Caller, pg *importPage) error {
	out := &outcomePage{Back: Prefix + inDomain(pg.In.ID) + "/users"}
	out.Section, out.Title = "users", v.T("What was done")
	links := &linksPage{Back: out.Back}
	for _, l := range pg.Lines {
		if l.Wrong != "" {
			out.Failed = append(out.Failed, failed{cmp.Or(l.Name, l.Address, "–"), l.Wrong})
			continue
		}
		e := membership.Enrolment{User: identity.User{DomainID: pg.In.ID, Name: l.Name, Enabled: true, Extra: identity.Extra{}}, Reason: pg.Reason, SetUp: true, Language: v.Lang}
		if l.Address != "" {
			e.User.Extra["email"] = l.Address
		}
		if l.project != "" {
			e.Project, e.Roles = assignment.Ref{ID: string(l.project)}, []string{l.Role}
		}
		made, err := v.p.Membership.Enroll(v.Context(), caller, e)
		why, err := v.refusal(err)
		switch {
		case err != nil:
			return err
		case why != "":
			out.Failed = append(out.Failed, failed{l.Name, why})
			continue
		}
		if made.Asked != nil {
			l.Name += ": " + v.waits(made.Asked)
		}
		out.Done = append(out.Done, l.Name)
		if made.Secret != "" {
			links.Links = append(links.Links, inviteLink{l.Name, v.whole("/reset/" + made.Secret)})
		}
	}
	out.Lead = v.F("%d of %d were done.", len(out.Done), len(pg.Lines))
	if len(links.Links) > 0 {
		links.Section, links.Title = "users", v.T("Hand these links on")
		links.Lead = out.Lead + " " + v.F("This cloud sends no mail. Each link sets a first password, works once, %s, and is not shown again.", v.lasts(v.p.Membership.SetUpLife))
		return v.show(http.StatusOK, "invitelinks", links)
	}
	return v.show(http.StatusOK, "outcome", out)
}
