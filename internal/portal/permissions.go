package portal

import (
	"cmp"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

var permissionPages = []page{
	{method: get, path: "/cloud/roles/{id}/permissions", serve: (*visit).rolePermissions},
	{method: get, path: "/cloud/roles/{id}/permissions.csv", serve: (*visit).rolePermissionsCSV},
	{method: get, path: "/cloud/roles/{id}/holders", serve: (*visit).roleHolders},
}

// rolePermissionsPage tells what a role permits, service by service, beside what anybody with any role may do and, to compare,
// what another role permits.
type rolePermissionsPage struct {
	chrome
	Role      identity.Role
	Path      string
	Columns   []string
	Services  []serviceMatrix
	Find      string
	Writes    bool
	Elsewhere bool
	Scope     string
	Show      string
	With      string // the role that it is compared with
	Others    []roleGroup
	Weight    assignment.Weight
	Mentions  []string
	Legacy    []legacyWrites
	Query     string // all of the above, for links
	CSV       string
}

// serviceMatrix is what some suppositions come to in a service.
type serviceMatrix struct {
	*policy.Service
	Counts []policy.Counts // by column
	Link   string
	Open   bool
	Lines  []matrixLine
	More   bool
}

// Known tells whether anything was read of the service.
func (s serviceMatrix) Known() bool { return !s.Loaded.IsZero() }

// matrixLine is a permission with a verdict in each column.
type matrixLine struct {
	policy.Default
	Under bool // it is about an attribute of the operation above it
	Cells []policy.Prospect
}

// Writes tells whether something can be changed by it.
func (l matrixLine) Writes() bool {
	return slices.ContainsFunc(l.Operations, func(o policy.Operation) bool { return o.Method != http.MethodGet && o.Method != http.MethodHead })
}

// legacyWrites are the operations that change things and are open in a service only because deprecated rules count.
type legacyWrites struct {
	Service string
	Count   int
}

// mostLines is how many permissions of a service a page shows.
const mostLines = 300

// matrix weighs suppositions of a service, and keeps the permissions that keep says.
func matrix(s *policy.Service, columns []policy.Supposition, keep func(matrixLine) bool) (lines []matrixLine) {
	all := make([][]policy.Permission, len(columns))
	for i, c := range columns {
		all[i] = s.Weigh(c)
	}
	for _, at := range nested(s.Rules) {
		l := matrixLine{Default: s.Rules[at.index], Under: at.under}
		for i := range columns {
			l.Cells = append(l.Cells, all[i][at.index].Prospect)
		}
		if keep(l) {
			lines = append(lines, l)
		}
	}
	return lines
}

type nestedRule struct {
	index int
	under bool
}

// nested orders rules so that those about an attribute, "create_port:mac_address", follow the one about the operation.
func nested(rules []policy.Default) (order []nestedRule) {
	at := map[string]int{}
	for i, d := range rules {
		at[d.Name] = i
	}
	under := map[int][]int{}
	var top []int
	for i, d := range rules {
		parent := -1
		for name := d.Name; parent < 0; {
			cut := strings.LastIndexByte(name, ':')
			if cut < 0 {
				break
			}
			name = name[:cut]
			if p, ok := at[name]; ok {
				parent = p
			}
		}
		if parent < 0 {
			top = append(top, i)
		} else {
			under[parent] = append(under[parent], i)
		}
	}
	var put func(i int, below bool)
	put = func(i int, below bool) {
		order = append(order, nestedRule{i, below})
		for _, child := range under[i] {
			put(child, true)
		}
	}
	for _, i := range top {
		put(i, false)
	}
	return order
}

// fits tells whether a permission has to do with words that somebody looks for.
func fits(d policy.Default, words string) bool {
	var text strings.Builder
	text.WriteString(strings.ToLower(d.Name + " " + d.Description))
	for _, o := range d.Operations {
		text.WriteString(" " + strings.ToLower(o.Method+" "+o.Path))
	}
	for w := range strings.FieldsSeq(strings.ToLower(words)) {
		if !strings.Contains(text.String(), w) {
			return false
		}
	}
	return true
}

// loadPermissions fills the page but for its lines, and says what its columns suppose.
func (v *visit) loadPermissions() (pg *rolePermissionsPage, columns []policy.Supposition, err error) {
	caller, role, err := v.loadRole()
	if err != nil {
		return nil, nil, err
	}
	about, err := v.p.Assignment.AboutRole(v.Context(), caller, role.Role.ID)
	if err != nil {
		return nil, nil, err
	}
	pg = &rolePermissionsPage{
		Role: role.Role, Path: role.Path, Find: strings.TrimSpace(v.field("find")), Writes: v.field("writes") != "", Elsewhere: v.field("elsewhere") != "",
		Scope: v.field("scope"), Show: cmp.Or(v.field("show"), "yes"), With: v.field("with"), Weight: about.Weight, Mentions: about.Mentions,
	}
	if !slices.Contains([]string{"project", "domain", "system"}, pg.Scope) {
		pg.Scope = "project"
	}
	suppose := func(roles []string) policy.Supposition {
		return policy.Supposition{Roles: roles, Scope: pg.Scope, Elsewhere: pg.Elsewhere}
	}
	pg.Columns, columns = []string{v.T("(any role)"), pg.Role.Name}, []policy.Supposition{suppose(nil), suppose(about.Names)}
	all, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return nil, nil, err
	}
	all = slices.DeleteFunc(all, func(r assignment.DescribedRole) bool { return r.ID == pg.Role.ID })
	pg.Others = v.roleGroups(all, identity.RoleID(pg.With))
	for _, r := range all {
		if string(r.ID) == pg.With {
			other, err := v.p.Assignment.AboutRole(v.Context(), caller, r.ID)
			if err != nil {
				return nil, nil, err
			}
			pg.Columns, columns = append(pg.Columns, r.Name), append(columns, suppose(other.Names))
		}
	}
	q := url.Values{}
	for key, value := range map[string]string{"find": pg.Find, "scope": pg.Scope, "show": pg.Show, "with": pg.With} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if pg.Writes {
		q.Set("writes", "1")
	}
	if pg.Elsewhere {
		q.Set("elsewhere", "1")
	}
	pg.Query = q.Encode()
	pg.CSV = pg.Path + "/permissions.csv?" + pg.Query
	pg.Section, pg.Title = "roles", pg.Role.Name
	pg.Lead = v.T("What this role permits, computed from the rules of each service.")
	pg.Tabs = v.roleTabs(pg.Path, "permissions")
	pg.Terminal = []string{"lintel access role --policies DIR" + map[bool]string{true: " --elsewhere"}[pg.Elsewhere] +
		map[bool]string{true: " --scope " + pg.Scope}[pg.Scope != "project"] + bringing(pg.Role, about.Names)}
	return pg, columns, nil
}

// bringing names a role for a command that looks at files alone: a role of a domain is known there by what it implies, and not by its name.
func bringing(r identity.Role, implied []string) (said string) {
	if r.DomainID != "" {
		for _, name := range implied {
			said += " --with " + word(name)
		}
	}
	return said + " " + roleWord(r)
}

// roleTabs are the pages about a role.
func (v *visit) roleTabs(path, at string) []tab {
	return []tab{
		{entry: entry{path, v.T("Overview"), at == "role"}}, {entry: entry{path + "/permissions", v.T("What it permits"), at == "permissions"}},
		{entry: entry{path + "/holders", v.T("Who has it"), at == "holders"}},
	}
}

// keep tells whether the page shows a line.
func (pg *rolePermissionsPage) keep(l matrixLine) bool {
	if !fits(l.Default, pg.Find) || pg.Writes && !l.Writes() {
		return false
	}
	switch mine := l.Cells[1].Verdict; pg.Show {
	case "all":
		return true
	case "no":
		return mine == policy.No
	case "differ":
		return l.Cells[len(l.Cells)-1].Verdict != mine
	default:
		return mine != policy.No
	}
}

func (v *visit) rolePermissions() error {
	pg, columns, err := v.loadPermissions()
	if err != nil {
		return err
	}
	open := v.field("service")
	for _, r := range v.p.Services.Reaches(columns...)[0].Services {
		s := serviceMatrix{Service: r.Service, Open: r.Name == open || pg.Find != "", Link: pg.Path + "/permissions?" + pg.Query + "&service=" + url.QueryEscape(r.Name)}
		for _, reach := range v.p.Services.Reaches(columns...) {
			for _, in := range reach.Services {
				if in.Name == s.Name {
					s.Counts = append(s.Counts, in.Counts)
				}
			}
		}
		if s.Open {
			s.Lines = matrix(r.Service, columns, pg.keep)
			if s.More = len(s.Lines) > mostLines; s.More {
				s.Lines = s.Lines[:mostLines]
			}
		}
		pg.Services = append(pg.Services, s)
		if n := writesByLegacy(r.Service, columns[1]); n > 0 && !pg.Weight.High {
			pg.Legacy = append(pg.Legacy, legacyWrites{r.Name, n})
		}
	}
	return v.show(http.StatusOK, "rolepermissions", pg)
}

// writesByLegacy counts the operations that change things and that somebody may do only because deprecated rules count.
func writesByLegacy(s *policy.Service, somebody policy.Supposition) (n int) {
	if s.EnforceNewDefaults || !strings.Contains(somebody.Scope, "project") {
		return 0
	}
	strict, err := s.Strict()
	if err != nil {
		return 0
	}
	now, then := s.Weigh(somebody), strict.Weigh(somebody)
	for i := range now {
		if (matrixLine{Default: now[i].Default}).Writes() && now[i].Verdict == policy.Yes && then[i].Verdict != policy.Yes {
			n++
		}
	}
	return n
}

func (v *visit) rolePermissionsCSV() error {
	pg, columns, err := v.loadPermissions()
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="permissions.csv"`)
	out := csv.NewWriter(v.w)
	head := []string{"service", "permission", "description", "operations"}
	for _, c := range pg.Columns {
		head = append(head, c, c+": why")
	}
	if err := out.Write(cells(head)); err != nil {
		return err
	}
	for _, s := range v.p.Services.List() {
		for _, l := range matrix(s, columns, pg.keep) {
			var operations []string
			for _, o := range l.Operations {
				operations = append(operations, o.Method+" "+o.Path)
			}
			line := []string{s.Name, l.Name, l.Description, strings.Join(operations, "\n")}
			for _, c := range l.Cells {
				line = append(line, c.Verdict.String(), cmp.Or(strings.Join(c.Conditions, " or "), c.Reason))
			}
			if err := out.Write(cells(line)); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// cells are texts that no spreadsheet takes for a formula.
func cells(line []string) []string {
	for i, text := range line {
		if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
			line[i] = "'" + text
		}
	}
	return line
}

// holdersPage lists to whom a role was granted, and where.
type holdersPage struct {
	chrome
	Rows  []grantRow
	More  bool
	Prior []identity.Role // that bring it along
}

func (v *visit) roleHolders() error {
	caller, role, err := v.loadRole()
	if err != nil {
		return err
	}
	granted, called, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Role: role.Role.ID, Limit: mostAssignments + 1}, true)
	if err != nil {
		return err
	}
	pg := &holdersPage{More: len(granted) > mostAssignments}
	for _, a := range granted[:min(len(granted), mostAssignments)] {
		pg.Rows = append(pg.Rows, v.grantRow(a.Grant, called, ""))
	}
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	for _, rule := range rules {
		if rule.Implied.ID == role.Role.ID {
			pg.Prior = append(pg.Prior, rule.Prior)
		}
	}
	pg.Tabs = v.roleTabs(role.Path, "holders")
	pg.Section, pg.Title, pg.Lead = "roles", role.Role.Name, v.T("To whom this role was granted, and where.")
	pg.Terminal = []string{"openstack role assignment list --names --role " + roleWord(role.Role)}
	return v.show(http.StatusOK, "roleholders", pg)
}
