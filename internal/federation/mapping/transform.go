package mapping

import (
	"strings"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// fill returns the local part of a rule with its templates filled in.
func (m *Mapping) fill(local *schema.Object, values []any) (*schema.Object, error) {
	out := new(schema.Object)
	for key, v := range local.All() {
		filled, err := m.fillValue(key, v, values)
		if err != nil {
			return nil, err
		}
		out.Set(key, filled)
	}
	return out, nil
}

func (m *Mapping) fillValue(key string, v any, values []any) (any, error) {
	switch v := v.(type) {
	case *schema.Object:
		return m.fill(v, values)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = m.fillValue("", e, values); err != nil {
				return nil, err
			}
		}
		return out, nil
	case string:
		if m.Version == "3.0" && key == "projects_json" {
			return projectsJSON(v, values)
		}
		s, err := format(v, values)
		if err != nil {
			return nil, identity.Invalidf("Invalid mapping: %s %q: %v.", key, v, err)
		}
		return s, nil
	}
	return v, nil
}

// projectsJSON reads the list of projects that an attribute holds. The template is the number of the attribute, with or
// without braces, and whatever follows.
func projectsJSON(template string, values []any) (any, error) {
	digits := strings.TrimPrefix(template, "{")
	end := strings.IndexFunc(digits, func(r rune) bool { _, ok := digit(r); return !ok })
	if end >= 0 {
		digits = digits[:end]
	}
	index, ok, err := number([]rune(digits))
	switch {
	case !ok && err == nil:
		return nil, identity.Invalidf("The rule [%s] for key [projects_json] does not match the expected pattern [%s].", template, `\{?(\d+)\}?`)
	case err != nil || index >= len(values):
		return nil, identity.Invalidf("Invalid mapping: projects_json %q names no value.", template)
	}
	v := values[index]
	if text, ok := v.(string); ok {
		if v, err = schema.Decode([]byte(text)); err != nil {
			return nil, &identity.Error{Kind: identity.BadRequest, Message: "The value for projects_json is not valid JSON.", Err: err}
		}
	}
	if err := schema.ValidateMappedProjects(v); err != nil {
		return nil, err
	}
	return v, nil
}

// transform puts what the rules gave together, in the shape of Keystone's engine (RuleProcessor._transform): the first user
// that says anything, all groups, the projects of the last that has any. From version 2.0 on, projects take the domain that
// stands beside them, and the user that of the last local part.
func (m *Mapping) transform(locals []*schema.Object) (*schema.Object, error) {
	if len(locals) == 0 {
		return nil, identity.Invalidf("Could not map any federated user properties to identity values. Check debug logs or the mapping used for additional details.")
	}
	var (
		user     = new(schema.Object)
		ids      = []any{}
		names    = []any{}
		projects = []any{}
		byName   namedGroups
		seen     set[string]
	)
	addID := func(id any) {
		if seen.add(schema.Repr(id)) {
			ids = append(ids, id)
		}
	}
	for _, local := range locals {
		if user.Len() == 0 && local.Has("user") {
			user = local.Object("user").Copy()
		}
		if local.Has("group") {
			group := local.Object("group")
			if id, ok := group.Get("id"); ok {
				addID(id)
			} else {
				names = append(names, byName.add(group)...)
			}
		}
		if text := schema.Field[string](local, "groups"); text.Present {
			groups, err := groupsOf(local, text.Value)
			if err != nil {
				return nil, err
			}
			names = append(names, groups...)
		}
		if text := schema.Field[string](local, "group_ids"); text.Present {
			for _, id := range list(text.Value) {
				switch id.(type) {
				case []any, *schema.Object: // no member of a Python set
					return nil, identity.Invalidf("Invalid rule: %s is no id of a group.", schema.Repr(id))
				}
				addID(id)
			}
		}
		if local.Has("projects") || local.Has("projects_json") {
			projects = m.projectsOf(local)
		}
	}
	if !user.Has("type") {
		user.Set("type", "ephemeral")
	}
	if t := schema.Field[string](user, "type").Value; t != "ephemeral" && t != "local" {
		return nil, identity.Invalidf("User type %s not supported", t)
	}
	if m.Version != "1.0" {
		takeDomain(user, locals[len(locals)-1])
	}
	mapped := new(schema.Object)
	mapped.Set("user", user)
	mapped.Set("group_ids", ids)
	mapped.Set("group_names", names)
	mapped.Set("projects", projects)
	return mapped, nil
}

// takeDomain gives o the domain of local, if any, unless it has its own.
func takeDomain(o, local *schema.Object) {
	if o.Object("domain").Len() == 0 {
		domain, _ := local.Get("domain")
		o.Set("domain", domain)
	}
}

func (m *Mapping) projectsOf(local *schema.Object) []any {
	projects := append([]any{}, schema.Field[[]any](local, "projects").Value...)
	if m.Version == "3.0" {
		projects = append(projects, schema.Field[[]any](local, "projects_json").Value...)
	}
	if m.Version != "1.0" {
		for i, p := range projects {
			project := p.(*schema.Object).Copy()
			takeDomain(project, local)
			projects[i] = project
		}
	}
	return projects
}

// namedGroups are the groups that rules gave one by one, by domain.
type namedGroups struct {
	domains []string
	groups  map[string]*schema.Object // of each domain, by name
}

// add returns all groups so far, the new one with them. Each call thus repeats what was returned before, as in Keystone.
func (g *namedGroups) add(group *schema.Object) (all []any) {
	domain := schema.Field[string](group.Object("domain"), "name").Value
	if domain == "" {
		domain = schema.Field[string](group.Object("domain"), "id").Value
	}
	if g.groups == nil {
		g.groups = make(map[string]*schema.Object)
	}
	if g.groups[domain] == nil {
		g.groups[domain] = new(schema.Object)
		g.domains = append(g.domains, domain)
	}
	g.groups[domain].Set(schema.Field[string](group, "name").Value, group)
	for _, d := range g.domains {
		for _, v := range g.groups[d].All() {
			all = append(all, v)
		}
	}
	return all
}

// groupsOf reads "groups": names in the domain beside them, or, if the text has the word name in it, groups as JSON with a
// domain each, as Keystone's own identity provider sends them.
func groupsOf(local *schema.Object, text string) (groups []any, err error) {
	invalid := func() error {
		return identity.Invalidf("Invalid rule: %s. Both 'groups' and 'domain' keywords must be specified.", schema.Repr(local))
	}
	names := list(text)
	if !strings.Contains(text, "name") {
		domain, ok := local.Get("domain")
		if !ok {
			return nil, invalid()
		}
		for _, name := range names {
			group := new(schema.Object)
			group.Set("name", name)
			group.Set("domain", domain)
			groups = append(groups, group)
		}
		return groups, nil
	}
	for _, name := range names {
		s, ok := name.(string)
		if !ok {
			return nil, identity.Invalidf("Invalid rule: group %s is not a text.", schema.Repr(name))
		}
		if !strings.HasPrefix(s, "JSON:") {
			if !strings.Contains(s, "domain") {
				return nil, invalid()
			}
			groups = append(groups, s)
			continue
		}
		v, err := schema.Decode([]byte(strings.TrimLeft(s, "JSON:")))
		if err != nil {
			return nil, &identity.Error{Kind: identity.BadRequest, Message: "Invalid rule: a group is not valid JSON.", Err: err}
		}
		if group, ok := v.(*schema.Object); !ok || !group.Has("domain") {
			return nil, invalid()
		}
		groups = append(groups, v)
	}
	return groups, nil
}

// properties turns what the engine says into what a login can use. The engine lets a few things pass that no login can:
// groups without name or domain, a version 2.0 user without domain.
func (m *Mapping) properties(mapped *schema.Object) (*Properties, error) {
	p := new(Properties)
	user := mapped.Object("user")
	p.User = User{
		ID:    schema.Field[string](user, "id").Value,
		Name:  schema.Field[string](user, "name").Value,
		Email: schema.Field[string](user, "email").Value,
		Local: schema.Field[string](user, "type").Value == "local",
	}
	var err error
	if p.User.Domain, err = domainOf(user, m.Version != "1.0"); err != nil {
		return nil, identity.Invalidf("Invalid mapping: the user has %v.", err)
	}
	for _, v := range schema.Field[[]any](mapped, "group_ids").Value {
		id, ok := v.(string)
		if !ok {
			return nil, identity.Invalidf("Invalid mapping: %s is no id of a group.", schema.Repr(v))
		}
		p.GroupIDs = append(p.GroupIDs, identity.GroupID(id))
	}
	for _, v := range schema.Field[[]any](mapped, "group_names").Value {
		var name identity.Opt[string]
		o, ok := v.(*schema.Object)
		if ok {
			name = schema.Field[string](o, "name")
		}
		if !name.Present || name.Null {
			return nil, identity.Invalidf("Invalid mapping: %s is no group with a name and a domain.", schema.Repr(v))
		}
		group := Group{Name: name.Value}
		if group.Domain, err = domainOf(o, true); err != nil {
			return nil, identity.Invalidf("Invalid mapping: group %q has %v.", group.Name, err)
		}
		p.Groups = append(p.Groups, group)
	}
	for _, o := range schema.List[*schema.Object](mapped, "projects").Value {
		project := Project{Name: schema.Field[string](o, "name").Value}
		if project.Domain, err = domainOf(o, m.Version != "1.0"); err != nil {
			return nil, identity.Invalidf("Invalid mapping: project %q has %v.", project.Name, err)
		}
		for _, role := range schema.List[*schema.Object](o, "roles").Value {
			project.Roles = append(project.Roles, schema.Field[string](role, "name").Value)
		}
		p.Projects = append(p.Projects, project)
	}
	return p, nil
}

type noDomain struct{}

func (noDomain) Error() string { return "no domain" }

// domainOf returns the domain of o. One must be there if it is required, or if o says that it has one.
func domainOf(o *schema.Object, required bool) (Domain, error) {
	domain := o.Object("domain")
	d := Domain{
		ID:   identity.DomainID(schema.Field[string](domain, "id").Value),
		Name: schema.Field[string](domain, "name").Value,
	}
	if d == (Domain{}) && (required || o.Has("domain")) {
		return d, noDomain{}
	}
	return d, nil
}
