package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var projectRoutes = []route{
	{
		method: get, path: "/v3/projects", serve: (*API).listProjects, actions: []authz.Action{authz.ListProjects}, query: schema.ProjectList,
		filters: []string{"domain_id", "enabled", "name", "parent_id", "is_domain"}, rel: "projects",
		summary: "List projects", answer: pageOf("projects", "project"),
	},
	{method: post, path: "/v3/projects", serve: (*API).createProject, actions: []authz.Action{authz.CreateProject}, body: schema.ProjectCreate,
		summary: "Create a project", answer: one("project")},
	{method: get, path: "/v3/projects/{project_id}", serve: (*API).showProject, actions: []authz.Action{authz.GetProject}, rel: "project",
		summary: "Show a project", answer: one("project"), flags: []string{"parents_as_list", "parents_as_ids", "subtree_as_list", "subtree_as_ids", "include_limits"}},
	{method: patch, path: "/v3/projects/{project_id}", serve: (*API).updateProject, actions: []authz.Action{authz.UpdateProject}, body: schema.ProjectUpdate,
		summary: "Change a project", answer: one("project")},
	{method: del, path: "/v3/projects/{project_id}", serve: (*API).deleteProject, actions: []authz.Action{authz.DeleteProject},
		summary: "Delete a project"},
	{method: get, path: "/v3/projects/{project_id}/tags", serve: (*API).listTags, actions: []authz.Action{authz.ListProjectTags},
		summary: "List a project's tags", answer: linked("tags")},
	{method: put, path: "/v3/projects/{project_id}/tags", serve: (*API).setTags, actions: []authz.Action{authz.UpdateProjectTags}, body: schema.TagsUpdate,
		summary: "Replace a project's tags", answer: linked("tags"), success: []int{200}},
	{method: del, path: "/v3/projects/{project_id}/tags", serve: (*API).clearTags, actions: []authz.Action{authz.DeleteProjectTags},
		summary: "Delete all of a project's tags"},
	{method: get, path: "/v3/projects/{project_id}/tags/{value}", serve: (*API).checkTag, actions: []authz.Action{authz.GetProjectTag}, rel: "project_tags",
		summary: "Check that a project has a tag", success: []int{204}},
	{method: put, path: "/v3/projects/{project_id}/tags/{value}", serve: (*API).addTag, actions: []authz.Action{authz.CreateProjectTag},
		summary: "Add a tag to a project", success: []int{201}, bears: []string{"Location"}},
	{method: del, path: "/v3/projects/{project_id}/tags/{value}", serve: (*API).removeTag, actions: []authz.Action{authz.DeleteProjectTag},
		summary: "Delete a tag of a project"},
}

func (a *API) listProjects(w http.ResponseWriter, r *request) error {
	q, err := a.pages(r, a.Lists.Resource)
	if err != nil {
		return err
	}
	for _, name := range []string{"tags", "tags-any", "not-tags", "not-tags-any"} {
		if r.Args.Has(name) {
			q = q.Where(name, text[string](r.Args, name))
		}
	}
	page, err := a.Directory.Projects(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	return writeList(w, r, "projects", page, q, renderProject)
}

func (a *API) createProject(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("project").Normalized()
	p, err := a.Directory.CreateProject(r.Context(), r.Caller, identity.Project{
		DomainID:    text[identity.DomainID](in, "domain_id"),
		ParentID:    text[identity.ProjectID](in, "parent_id"),
		Name:        text[string](in, "name"),
		Description: newDescription(in),
		Enabled:     !in.Has("enabled") || schema.Flag(in, "enabled").Value,
		IsDomain:    schema.Flag(in, "is_domain").Value,
		Tags:        schema.List[string](in, "tags").Value,
		Options:     in.Object("options").Map(),
		Extra:       in.Map(projectAttributes...),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"project": renderProject(r, p)})
}

// newDescription is the description of a new project or domain: the empty one, unless the body has another or null.
func newDescription(in *schema.Object) *string {
	d := schema.Field[string](in, "description")
	if d.Null {
		return nil
	}
	return &d.Value
}

// projectAttributes are the members of a project that are not extra ones.
var projectAttributes = []string{
	"id", "domain_id", "parent_id", "name", "description", "enabled", "is_domain", "tags", "options", "links", "extra",
}

func (a *API) showProject(w http.ResponseWriter, r *request) error {
	around, wrong := r.around()
	f, err := a.Directory.Project(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), around)
	if err != nil {
		return err
	}
	if wrong != nil {
		return wrong
	}
	o := renderProject(r, f.Project)
	switch around.Parents {
	case directory.ReachedKin:
		o["parents"] = renderKin(r, f, f.Parents)
	case directory.AllKin:
		o["parents"] = idsAbove(f.Parents)
	}
	switch around.Subtree {
	case directory.ReachedKin:
		o["subtree"] = renderKin(r, f, f.Subtree)
	case directory.AllKin:
		o["subtree"] = idsBelow(f.ID, f.Subtree)
	}
	return writeJSON(w, http.StatusOK, object{"project": o})
}

// around reads what is to be shown with a project. What is wrong with it is only for those who may see the project.
func (r *request) around() (a directory.Around, wrong error) {
	kin := func(name string) directory.Kin {
		asList, asIDs := r.flag(name+"_as_list"), r.flag(name+"_as_ids")
		switch {
		case asList && asIDs:
			if wrong == nil {
				wrong = identity.Invalidf("Cannot use %s_as_list and %s_as_ids query params at the same time.", name, name)
			}
		case asList:
			return directory.ReachedKin
		case asIDs:
			return directory.AllKin
		}
		return directory.NoKin
	}
	a.Parents, a.Subtree = kin("parents"), kin("subtree")
	a.Limits = r.flag("include_limits")
	return a, wrong
}

func renderKin(r *request, f directory.Family, kin []identity.Project) []object {
	out := make([]object, len(kin))
	for i, p := range kin {
		o := renderProject(r, p)
		if f.Limits != nil {
			o["limits"] = renderLimits(f.Limits[p.ID])
		}
		out[i] = object{"project": o}
	}
	return out
}

func renderLimits(limits []identity.Limit) []object {
	out := make([]object, len(limits))
	for i, l := range limits {
		out[i] = limitAttrs(l)
	}
	return out
}

// idsAbove nests the parents of a project: {"parent": {"its parent": {"domain": null}}}; null for none.
func idsAbove(parents []identity.Project) any {
	if len(parents) == 0 {
		return nil
	}
	return object{string(parents[0].ID): idsAbove(parents[1:])}
}

// idsBelow nests the projects below one: {"child": {"grandchild": null}, "other child": null}; null for none.
func idsBelow(id identity.ProjectID, subtree []identity.Project) any {
	children := map[identity.ProjectID][]identity.ProjectID{}
	for _, p := range subtree {
		children[p.ParentID] = append(children[p.ParentID], p.ID)
	}
	var nest func(identity.ProjectID) any
	nest = func(id identity.ProjectID) any {
		if len(children[id]) == 0 {
			return nil
		}
		o := object{}
		for _, child := range children[id] {
			o[string(child)] = nest(child)
		}
		return o
	}
	return nest(id)
}

// truth reads a boolean that no schema has checked. The numbers 1 and 0 are true and false, as Python compares them; what is neither is null.
func truth(o *schema.Object, key string) identity.Opt[bool] {
	v, ok := o.Get(key)
	if !ok {
		return identity.Opt[bool]{}
	}
	switch v := v.(type) {
	case bool:
		return identity.Some(v)
	case json.Number:
		if f, err := v.Float64(); err == nil && (f == 0 || f == 1) {
			return identity.Some(f == 1)
		}
	}
	return identity.Null[bool]()
}

func (a *API) updateProject(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("project")
	upd := projectUpdate(in)
	upd.ID = anyID[identity.ProjectID](in, "id")
	upd.DomainID = anyID[identity.DomainID](in, "domain_id")
	upd.ParentID = anyID[identity.ProjectID](in, "parent_id")
	upd.IsDomain = truth(in, "is_domain")
	p, err := a.Directory.UpdateProject(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), upd)
	if err != nil {
		return err
	}
	o := renderProject(r, p)
	o["extra"] = renderInto(p.Extra, nil) // upstream answers a change with the extra attributes twice
	return writeJSON(w, http.StatusOK, object{"project": o})
}

// projectUpdate reads what a project and a domain can both change.
func projectUpdate(in *schema.Object) identity.ProjectUpdate {
	return identity.ProjectUpdate{
		Name:        schema.Field[string](in, "name"),
		Description: schema.Field[string](in, "description"),
		Enabled:     schema.Flag(in, "enabled"),
		Tags:        schema.List[string](in, "tags"),
		Options:     in.Object("options").Map(),
		Extra:       in.Map(projectAttributes...),
	}
}

func (a *API) deleteProject(w http.ResponseWriter, r *request) error {
	if err := a.Directory.DeleteProject(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id")); err != nil {
		return err
	}
	return noContent(w)
}

func renderProject(r *request, p identity.Project) object {
	domain := orNull(p.DomainID)
	if p.IsDomain {
		domain = nil
	}
	return renderInto(p.Extra, object{
		"id": string(p.ID), "domain_id": domain, "parent_id": orNull(p.ParentID), "name": p.Name, "description": p.Description,
		"enabled": p.Enabled, "is_domain": p.IsDomain, "tags": renderTags(p.Tags), "options": object(p.Options),
		"links": r.self("/projects/" + string(p.ID)),
	})
}

func renderTags(tags []string) []string { return append([]string{}, tags...) }

func (a *API) listTags(w http.ResponseWriter, r *request) error {
	tags, err := a.Directory.ProjectTags(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, r.tags(tags))
}

// tags renders a list of tags. Its link leads to the API's base, as upstream's does.
func (r *request) tags(tags []string) object {
	self := r.base()
	if r.URL.RawQuery != "" {
		self += "?" + r.URL.RawQuery
	}
	return object{"tags": renderTags(tags), "links": object{"self": self}}
}

func (a *API) setTags(w http.ResponseWriter, r *request) error {
	tags, err := a.Directory.SetProjectTags(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), func() ([]string, error) {
		v, sent := r.Body.Get("tags")
		if !sent {
			v = new(schema.Object)
		}
		return schema.List[string](r.Body, "tags").Value, schema.ProjectTags.Validate(v)
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, r.tags(tags))
}

func (a *API) clearTags(w http.ResponseWriter, r *request) error {
	if err := a.Directory.ClearProjectTags(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) checkTag(w http.ResponseWriter, r *request) error {
	if err := a.Directory.CheckProjectTag(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("value")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) addTag(w http.ResponseWriter, r *request) error {
	project, tag := id[identity.ProjectID](r, "project_id"), r.PathValue("value")
	err := a.Directory.AddProjectTag(r.Context(), r.Caller, project, tag, func(all []string) error {
		if err := schema.ProjectTag.Validate(tag); err != nil {
			return err
		}
		list := make([]any, len(all))
		for i, t := range all {
			list[i] = t
		}
		return schema.ProjectTags.Validate(list)
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Location", r.base()+"/"+url.PathEscape(string(project))+"/tags/"+url.PathEscape(tag)) // without /projects, as upstream's
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (a *API) removeTag(w http.ResponseWriter, r *request) error {
	if err := a.Directory.RemoveProjectTag(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("value")); err != nil {
		return err
	}
	return noContent(w)
}
