package portal

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// What services say of their operations, as the rules of a credential name them: the builder of rules offers these, and tells
// what a rule lets through.

// version is where the paths of a service begin whose endpoint and policies tell no version.
var version = map[string]string{"nova": "/v2.1", "neutron": "/v2.0", "cinder": "/v3", "glance": "/v2", "keystone": "/v3"}

// saysVersion is a path that begins with a version.
var saysVersion = regexp.MustCompile(`^/v\d`)

// offeredRule is an access rule that lets one operation through, with what that is.
type offeredRule struct {
	identity.AccessRule
	Name string // of the permission
	What string
	May  mark // whether the roles permit it
}

// Value is the rule in a form's field.
func (o offeredRule) Value() string { return o.Service + " " + o.Method + " " + o.Path }

// ruleRow is a rule of the form, with what it lets through.
type ruleRow struct {
	identity.AccessRule
	Lets  string
	Wrong bool // nothing that is known
}

// knownBy is the policy of a service of the catalog; nil where none is loaded.
func (v *visit) knownBy(e catalog.Entry) *policy.Service {
	for _, s := range v.p.Services.List() {
		if !s.Loaded.IsZero() && (strings.EqualFold(s.Name, e.Name) || strings.EqualFold(s.Name, e.Type) || s.Name == projects[e.Type]) {
			return s
		}
	}
	return nil
}

// requestOf is an operation as a request for it looks, from the host's name on. What rules say beside a path, the name of an
// action, is no part of it.
func requestOf(e catalog.Entry, s *policy.Service, o policy.Operation) identity.AccessRule {
	path, _, _ := strings.Cut(o.Path, " ")
	if !saysVersion.MatchString(path) {
		base := version[s.Name]
		for _, at := range e.Endpoints {
			if u, err := url.Parse(at.URL); err == nil && at.Interface == "public" && strings.Trim(u.Path, "/") != "" {
				base = strings.TrimRight(u.Path, "/")
			}
		}
		path = base + path
	}
	return identity.AccessRule{Service: e.Type, Method: o.Method, Path: path}
}

// mostOffered is how many operations the form offers at once.
const mostOffered = 25

// offerRules finds the operations that words fit, of all services of a catalog, with whether some roles permit them.
func (v *visit) offerRules(entries []catalog.Entry, words string, roles []string) (all []offeredRule, more bool) {
	for _, e := range entries {
		s := v.knownBy(e)
		if s == nil {
			continue
		}
		weighed := s.Weigh(policy.Supposition{Roles: roles, Scope: "project"})
		for i, d := range s.Rules {
			if !fits(policy.Default{Name: d.Name + " " + e.Type, Description: d.Description, Operations: d.Operations}, words) {
				continue
			}
			for _, o := range d.Operations {
				r := offeredRule{AccessRule: requestOf(e, s, o), Name: d.Name, What: d.Description, May: v.talk().Verdict(weighed[i].Verdict)}
				if !slices.Contains(ruleMethods, r.Method) || slices.ContainsFunc(all, func(other offeredRule) bool { return other.AccessRule == r.AccessRule && other.Name == r.Name }) {
					continue
				}
				if len(all) == mostOffered {
					return all, true
				}
				all = append(all, r)
			}
		}
	}
	return all, false
}

// lets says what a rule lets through, of what is known of its service.
func (v *visit) lets(entries []catalog.Entry, r identity.AccessRule) ruleRow {
	row := ruleRow{AccessRule: r}
	i := slices.IndexFunc(entries, func(e catalog.Entry) bool { return e.Type == r.Service })
	var s *policy.Service
	if i >= 0 {
		s = v.knownBy(entries[i])
	}
	if s == nil {
		row.Lets = v.T("What this service does is not known here.")
		return row
	}
	var names []string
	for _, d := range s.Rules {
		for _, o := range d.Operations {
			asked := requestOf(entries[i], s, o)
			if r.Allows(asked.Service, asked.Method, asked.Path) {
				names = append(names, strings.TrimRight(strings.Join(strings.Fields(d.Description), " "), "."))
				break
			}
		}
	}
	switch {
	case len(names) == 0:
		row.Lets, row.Wrong = v.T("No known operation fits this. Is the path right, from its version on?"), true
	case len(names) > 2:
		row.Lets = v.F("%s; %s; %s", names[0], names[1], v.N(len(names)-2, "%d more operation", "%d more operations"))
	default:
		row.Lets = strings.Join(names, "; ")
	}
	return row
}

// namesOf are the roles that were chosen of those that somebody has on a project, with all that come with them: all of theirs if
// none was chosen.
func namesOf(caller identity.Caller, access assignment.Access, chosen []string) (names []string) {
	for _, r := range caller.Token.Roles {
		if len(chosen) == 0 || slices.Contains(chosen, string(r.ID)) {
			names = append(names, access.NamesOf(r.ID)...)
		}
	}
	return names
}
