package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

var domainProjectPages = slices.Concat(
	[]page{
		{method: get, path: "/d/{domain}/projects", serve: (*visit).domainProjects},
		{method: get, path: "/d/{domain}/projects/{project}", serve: (*visit).domainProject},
	},
	both("/d/{domain}/projects/new", (*visit).newProject, false),
	both("/d/{domain}/projects/{project}/edit", (*visit).editProject, false),
	both("/d/{domain}/projects/{project}/disable", (*visit).disableProject, false),
	both("/d/{domain}/projects/{project}/enable", (*visit).enableProject, false),
	both("/d/{domain}/projects/{project}/delete", (*visit).deleteProject, true),
)

func projectPath(p identity.Project) string {
	return Prefix + inDomain(p.DomainID) + "/projects/" + string(p.ID)
}

// domainProjects lists the projects of a domain: all of them, or level by level.
func (v *visit) domainProjects() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	at := Prefix + inDomain(d.ID) + "/projects"
	tree, under := v.field("view") == "tree", identity.ProjectID(v.field("under"))
	pg := &listPage{listing: v.thingList(column{Key: "state", Label: v.T("State")}, column{Key: "tags", Label: v.T("Tags"), Hidden: true})}
	pg.None, pg.Hint = v.T("No project yet"), v.T("People work in projects. Create the first one.")
	pg.Section, pg.Title, pg.Lead = "projects", v.T("Projects"), v.F("The projects of %s.", d.Name)
	pg.Tabs = []tab{{entry: entry{at, v.T("List"), !tree}}, {entry: entry{at + "?view=tree", v.T("Tree"), tree}}}
	pg.Terminal = []string{"openstack project list --long --domain " + word(d.Name)}
	show := pg.add(v, "show", v.T("Show"), "", v.T("any state"), "enabled", v.T("enabled"), "disabled", v.T("disabled"))
	q := pg.query(v).Where("domain_id", string(d.ID))
	if show != "" {
		q = q.Where("enabled", strconv.FormatBool(show == "enabled"))
	}
	if tree && pg.Search == "" {
		if under == "" {
			under = identity.ProjectID(d.ID)
		} else if pg.Crumbs, err = v.crumbs(caller, d, under, at); err != nil {
			return err
		}
		q = q.Where("parent_id", string(under))
	}
	if v.p.Directory.MayCreateProject(v.Context(), caller, d.ID) {
		pg.Action = &link{v.T("Create a project"), at + "/new"}
	}
	return showList(v, "list", pg, q,
		func(q identity.Query) (identity.Page[identity.Project], error) {
			return v.p.Directory.Projects(v.Context(), caller, q)
		},
		func(projects []identity.Project) (rows []row, err error) {
			for _, p := range projects {
				r := thingRow(string(p.ID), p.Name, projectPath(p), text(p.Description), v.state(p.Enabled), cell{Chips: p.Tags})
				if tree {
					r.Acts = []link{{v.T("Below"), at + "?view=tree&under=" + string(p.ID)}}
				}
				rows = append(rows, r)
			}
			return rows, nil
		})
}

// crumbs lead from a domain down to a project.
func (v *visit) crumbs(caller identity.Caller, d identity.Domain, id identity.ProjectID, at string) ([]link, error) {
	f, err := v.p.Directory.Project(v.Context(), caller, id, directory.Around{Parents: directory.AllKin})
	if err != nil {
		return nil, err
	}
	crumbs := []link{{d.Name, at + "?view=tree"}}
	for _, p := range slices.Backward(f.Parents) {
		if !p.IsDomain {
			crumbs = append(crumbs, link{p.Name, at + "?view=tree&under=" + string(p.ID)})
		}
	}
	return append(crumbs, link{Label: f.Name}), nil
}

// domainProjectPage shows a project to who looks after it.
type domainProjectPage struct {
	chrome
	In      identity.Domain
	Project identity.Project
	Parent  identity.Project
	Off     *link // what is above it and disabled
	Manage  bool
	Path    string
	People  int // who has a role granted on it
	Groups  int
}

// loadProject loads the project of the path, of the domain of the path.
func (v *visit) loadProject() (caller identity.Caller, pg *domainProjectPage, err error) {
	caller, d, err := v.inDomain()
	if err != nil {
		return caller, nil, err
	}
	id := identity.ProjectID(v.PathValue("project"))
	f, err := v.p.Directory.Project(v.Context(), caller, id, directory.Around{Parents: directory.AllKin})
	if err != nil {
		return caller, nil, err
	}
	if f.DomainID != d.ID || f.IsDomain {
		return caller, nil, identity.Missing("project", id)
	}
	pg = &domainProjectPage{In: d, Project: f.Project, Path: projectPath(f.Project), Manage: v.p.Directory.MayCreateProject(v.Context(), caller, d.ID)}
	if len(f.Parents) > 0 && !f.Parents[0].IsDomain {
		pg.Parent = f.Parents[0]
	}
	if i := slices.IndexFunc(f.Parents, func(p identity.Project) bool { return !p.Enabled }); i >= 0 {
		pg.Off = &link{f.Parents[i].Name, projectPath(f.Parents[i])}
		if f.Parents[i].IsDomain {
			pg.Off.Path = ""
		}
	}
	granted, _, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Project: id}, false)
	users, groups := map[identity.UserID]bool{}, map[identity.GroupID]bool{}
	for _, a := range granted {
		if a.User != "" {
			users[a.User] = true
		} else {
			groups[a.Group] = true
		}
	}
	pg.People, pg.Groups = len(users), len(groups)
	pg.Section, pg.Title, pg.Lead = "projects", f.Name, text(f.Description)
	return caller, pg, err
}

func (pg *domainProjectPage) command(what string) []string {
	return []string{"openstack project " + what + " --domain " + word(pg.In.Name) + " " + word(pg.Project.Name)}
}

func (v *visit) domainProject() error {
	_, pg, err := v.loadProject()
	if err != nil {
		return err
	}
	pg.Terminal = pg.command("show")
	return v.show(http.StatusOK, "domainproject", pg)
}

func (v *visit) newProject() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	if !v.p.Directory.MayCreateProject(v.Context(), caller, d.ID) {
		return identity.NotAllowed("identity:create_project")
	}
	pg := v.readThing(&thingPage{HasParent: true, Do: v.T("Create the project"), Back: Prefix + inDomain(d.ID) + "/projects"})
	pg.Section, pg.Title, pg.Lead = "projects", v.T("Create a project"), v.T("A place where people work together. They see and change what the others make there.")
	pg.Terminal = []string{"openstack project create --domain " + word(d.Name) + " NAME"}
	return v.saveThing(pg, func() (string, error) {
		p := identity.Project{DomainID: d.ID, Name: pg.Name, Description: optional(pg.Description), Enabled: true}
		var err error
		if p.ParentID, err = v.projectNamed(caller, d.ID, pg.Parent); err != nil {
			return "", err
		} else if p.ParentID == "" && pg.Parent != "" {
			pg.Fields = problems{"parent": v.F("There is no project %s in this domain. Create it first.", pg.Parent)}
			return "", nil
		}
		p, err = v.p.Directory.CreateProject(v.Context(), caller, p)
		return strings.TrimPrefix(projectPath(p), Prefix) + "?done=saved", err
	})
}

func (v *visit) editProject() error {
	caller, pg, err := v.loadProject()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:update_project")
	}
	form := v.readThing(&thingPage{Name: pg.Project.Name, Description: text(pg.Project.Description), Do: v.T("Save"), Back: pg.Path})
	form.Section, form.Title, form.Lead = "projects", v.F("Edit %s", pg.Project.Name), v.T("A project stays in its domain and below its parent.")
	form.Terminal = pg.command("set --name NAME")
	return v.saveThing(form, func() (string, error) {
		_, err := v.p.Directory.UpdateProject(v.Context(), caller, pg.Project.ID, identity.ProjectUpdate{Name: identity.Some(form.Name), Description: identity.Some(form.Description)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

// touches says whom something that is done to a project concerns.
func (v *visit) touches(pg *domainProjectPage) []string {
	return append(
		[]string{v.N(pg.People, "%d person has roles of their own on it.", "%d people have roles of their own on it.")},
		v.some(pg.Groups, "%d group has roles on it.", "%d groups have roles on it.")...,
	)
}

func (v *visit) disableProject() error { return v.enableOrDisable(false) }
func (v *visit) enableProject() error  { return v.enableOrDisable(true) }

func (v *visit) enableOrDisable(enabled bool) error {
	caller, pg, err := v.loadProject()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:update_project")
	}
	out := &actPage{Harmless: enabled, Back: pg.Path, Means: v.touches(pg)}
	out.Section = "projects"
	if enabled {
		out.Title, out.Lead, out.Do = v.F("Enable %s?", pg.Project.Name), v.T("People can work in it again, with the roles that they had."), v.T("Enable the project")
		out.Terminal = pg.command("set --enable")
	} else {
		out.Title, out.Lead, out.Do = v.F("Disable %s?", pg.Project.Name), v.T("Nobody can work in it until it is enabled again. Tokens for it end."), v.T("Disable the project")
		out.Means = append(out.Means, v.T("Servers and volumes in it keep running."))
		out.Terminal = pg.command("set --disable")
	}
	return v.decide(out, func() (string, error) {
		_, err := v.p.Directory.UpdateProject(v.Context(), caller, pg.Project.ID, identity.ProjectUpdate{Enabled: identity.Some(enabled)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

func (v *visit) deleteProject() error {
	caller, pg, err := v.loadProject()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:delete_project")
	}
	remains, err := v.p.Catalog.RemainsOf(v.Context(), caller, pg.Project.ID)
	if err != nil {
		return err
	}
	out := &actPage{Typed: pg.Project.Name, Back: pg.Path, Do: v.T("Delete the project"), Means: append(v.touches(pg),
		v.T("All roles on it are gone, and so are the application credentials and keys that work in it."))}
	if len(remains) > 0 {
		out.Means = append(out.Means, v.T("What was made in it at these services is unknown here, may remain, and costs money. Look there, and delete it first:"))
	} else {
		out.Means = append(out.Means, v.T("Servers, volumes and images may remain at the services, and cost money. Delete them first."))
	}
	for _, e := range remains {
		out.Means = append(out.Means, v.remain(e))
	}
	out.Means = append(out.Means, v.T("Projects below it must be deleted first."))
	out.Section, out.Title, out.Lead = "projects", v.F("Delete %s?", pg.Project.Name), v.T("The project cannot be brought back.")
	out.Terminal = []string{"lintel project delete --domain " + word(pg.In.Name) + " " + operand(pg.Project.Name)}
	return v.decide(out, func() (string, error) {
		return inDomain(pg.In.ID) + "/projects?done=deleted", v.p.Directory.DeleteProject(v.Context(), caller, pg.Project.ID)
	})
}

// remain says what of a project may remain at a service.
func (v *visit) remain(e catalog.Entry) string {
	name := e.Type
	if e.Name != "" {
		name = e.Name + " (" + e.Type + ")"
	}
	var what string
	switch e.Type {
	case "compute":
		what = v.T("servers and keypairs")
	case "volume", "volumev2", "volumev3", "block-storage":
		what = v.T("volumes, snapshots and backups")
	case "image":
		what = v.T("images")
	case "network":
		what = v.T("networks, routers and floating IPs")
	case "object-store":
		what = v.T("containers and objects")
	case "load-balancer":
		what = v.T("load balancers")
	case "orchestration":
		what = v.T("stacks")
	case "key-manager":
		what = v.T("secrets")
	case "dns":
		what = v.T("zones")
	case "container-infra":
		what = v.T("clusters")
	default:
		what = v.T("whatever was made there")
	}
	return name + ": " + what
}
