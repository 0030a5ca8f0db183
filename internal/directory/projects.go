package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/python"
	"github.com/lintel-id/lintel/internal/store"
)

// Tree holds the rules for domains and projects.
type Tree struct {
	// SafeProjectNames and SafeDomainNames refuse names with characters that mean something in URLs
	// ([resource] project_name_url_safe, domain_name_url_safe).
	SafeProjectNames, SafeDomainNames bool

	// ReservedDomain is the name that no domain may have, in any case ([federation] federated_domain_name).
	ReservedDomain string

	// MaxDepth is how many projects may stand one below the other ([DEFAULT] max_project_tree_depth).
	MaxDepth int
}

// Projects returns a page of the projects that the caller may list: with a domain-scoped token those of that domain.
// Filters: see store.Tx.Projects. Domains are left out unless is_domain asks for them.
func (s *Service) Projects(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Project], err error) {
	var target authz.Target
	d := scopedDomain(caller)
	if d != "" {
		target = authz.Target{"domain_id": string(d)}
	}
	if err := s.Authz.Check(ctx, caller, authz.ListProjects, target); err != nil {
		return page, err
	}
	if err := exactFlags(q); err != nil {
		return page, err
	}
	if _, asked := q.Equal("is_domain"); !asked {
		q = q.Where("is_domain", "false")
	}
	if d != "" {
		q = q.Where("domain_id", string(d))
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.Projects(ctx, q)
		return err
	})
	return page, err
}

// exactFlags refuses to look for text in what is true or false.
func exactFlags(q identity.Query) error {
	for _, f := range q.Filters {
		if f.Compare != identity.Equals && (f.Attr == "enabled" || f.Attr == "is_domain") {
			return identity.Invalidf("argument of type 'bool' is not iterable") // what upstream's Python says
		}
	}
	return nil
}

// Kin says which of the projects above or below one to show with it.
type Kin int

// Show none of them, those on which the caller has a role, or all.
const (
	NoKin Kin = iota
	ReachedKin
	AllKin
)

// Around asks for what is around a project.
type Around struct {
	Parents, Subtree Kin

	// Limits asks for the limits of the projects shown. The project's own are never shown.
	Limits bool
}

// Family is a project with what is around it: parents from the next one up to the domain, the subtree level by level.
type Family struct {
	identity.Project
	Parents, Subtree []identity.Project
	Limits           map[identity.ProjectID][]identity.Limit
}

// Project returns a project, which may be a domain.
func (s *Service) Project(ctx context.Context, caller identity.Caller, id identity.ProjectID, around Around) (f Family, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if f.Project, err = s.allowedProject(ctx, caller, authz.GetProject, id, tx.Project); err != nil {
			return err
		}
		if f.Parents, err = s.kin(ctx, tx, caller, f.Project, around.Parents, tx.Parents); err != nil {
			return err
		}
		if f.Subtree, err = s.kin(ctx, tx, caller, f.Project, around.Subtree, tx.Subtree); err != nil {
			return err
		}
		if around.Limits {
			var ids []identity.ProjectID
			for _, p := range slices.Concat(f.Parents, f.Subtree) {
				ids = append(ids, p.ID)
			}
			f.Limits, err = tx.LimitsOfProjects(ctx, ids)
		}
		return err
	})
	return f, err
}

func (s *Service) kin(ctx context.Context, tx *store.Tx, caller identity.Caller, of identity.Project, which Kin,
	load func(context.Context, identity.ProjectID) ([]identity.Project, error),
) ([]identity.Project, error) {
	if which == NoKin {
		return nil, nil
	}
	all, err := load(ctx, of.ID)
	if err != nil || which == AllKin || caller.Token == nil {
		return all, err
	}
	domain := of.DomainID
	if of.IsDomain {
		domain = identity.DomainID(of.ID)
	}
	page, err := tx.ProjectsOf(ctx, caller.UserID(), caller.Token.GroupIDs, identity.Query{}.Where("domain_id", string(domain)))
	reached := make(map[identity.ProjectID]bool, len(page.Items))
	for _, p := range page.Items {
		reached[p.ID] = true
	}
	return slices.DeleteFunc(all, func(p identity.Project) bool { return !reached[p.ID] }), err
}

// allowedProject is to projects what allowedUser is to users.
func (s *Service) allowedProject(ctx context.Context, caller identity.Caller, action authz.Action, id identity.ProjectID,
	load func(context.Context, identity.ProjectID) (identity.Project, error),
) (identity.Project, error) {
	target := authz.Target{}
	p, missing := load(ctx, id)
	if missing == nil {
		target["project"] = authz.Project(p)
	}
	return p, s.Authz.CheckFound(ctx, caller, action, target, missing)
}

// MayCreateProject tells whether the caller may make projects in a domain.
func (s *Service) MayCreateProject(ctx context.Context, caller identity.Caller, domain identity.DomainID) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateProject, authz.Target{"project": authz.Project(identity.Project{DomainID: domain})})
}

// CreateProject makes a project, or a domain if it is to act as one; its id is made here. Without a domain it belongs to
// that of the caller's token, else to the default domain; without a parent it stands directly below its domain.
func (s *Service) CreateProject(ctx context.Context, caller identity.Caller, p identity.Project) (identity.Project, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateProject, authz.Target{"project": authz.Project(p)}); err != nil {
		return p, err
	}
	var err error
	if p.DomainID == "" && !p.IsDomain {
		if p.DomainID, err = s.DomainFor(caller); err != nil {
			return p, err
		}
	}
	if p.ParentID == "" {
		p.ParentID = identity.ProjectID(p.DomainID)
	}
	p.ID = ""
	return s.insertProject(ctx, caller, p)
}

// insertProject writes a new project or domain; it makes the id unless there is one.
func (s *Service) insertProject(ctx context.Context, caller identity.Caller, p identity.Project) (made identity.Project, err error) {
	return made, s.DB.Update(ctx, func(tx *store.Tx) error {
		if made, err = s.AddProject(ctx, tx, p); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created(kindOf(made), made.ID).By(caller))
	})
}

// AddProject writes a new project or domain in a transaction that does more; it makes the id unless there is one. It asks
// nobody whether that is allowed, and tells nobody of it.
func (s *Service) AddProject(ctx context.Context, tx *store.Tx, p identity.Project) (identity.Project, error) {
	if p.Name == "" {
		return p, identity.Expecting("name", "project")
	}
	if s.Tree.SafeProjectNames {
		if err := safeName("Project", p.Name); err != nil {
			return p, err
		}
	}
	p.Name = python.Strip(p.Name)
	if err := identity.Fits(p.Name, "name", maxProjectName); err != nil {
		return p, err
	}
	p.Options = identity.Options{}.Merge(p.Options)
	if p.IsDomain {
		if err := s.checkNewDomain(p); err != nil {
			return p, err
		}
		p.DomainID, p.ParentID = identity.RootDomain, ""
	}
	if !p.IsDomain {
		if err := s.checkPlace(ctx, tx, p); err != nil {
			return p, err
		}
	}
	if p.ID == "" {
		p.ID = identity.ProjectID(tx.NewID())
	}
	return p, badReference(tx.InsertProject(ctx, p))
}

// checkPlace makes sure that a project may stand where it is to stand: below an enabled branch of its own domain that is
// not too long (_enforce_project_constraints in keystone/resource/core.py).
func (s *Service) checkPlace(ctx context.Context, tx *store.Tx, p identity.Project) error {
	if _, err := tx.Domain(ctx, p.DomainID); err != nil {
		return badReference(err)
	}
	parent, err := tx.Project(ctx, p.ParentID)
	if err != nil {
		return badReference(err)
	}
	switch {
	case parent.IsDomain && parent.ID != identity.ProjectID(p.DomainID):
		return identity.Invalidf("Cannot create project, the parent (%s) is acting as a domain, but this project's domain id (%s)"+
			" does not match the parent's id.", parent.ID, p.DomainID)
	case !parent.IsDomain && parent.DomainID != p.DomainID:
		return identity.Invalidf("Cannot create project, since it specifies its domain_id %s, but specifies a parent in a"+
			" different domain (%s).", p.DomainID, parent.DomainID)
	}
	branch, err := tx.Parents(ctx, parent.ID)
	if err != nil {
		return err
	}
	branch = append(branch, parent)
	if i := slices.IndexFunc(branch, disabled); i >= 0 {
		return identity.Invalidf("cannot create a project in a branch containing a disabled project: %s", branch[i].ID)
	}
	if len(branch) > s.Tree.MaxDepth {
		return identity.Refusedf("Max hierarchy depth reached for %s branch.", p.ParentID)
	}
	return nil
}

func disabled(p identity.Project) bool { return !p.Enabled }

func enabled(p identity.Project) bool { return p.Enabled }

// badReference turns what was not found into a bad request: it was named in the body.
func badReference(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.NotFound {
		return identity.Invalidf("%s", e.Message)
	}
	return err
}

// UpdateProject changes a project or domain.
func (s *Service) UpdateProject(ctx context.Context, caller identity.Caller, id identity.ProjectID, upd identity.ProjectUpdate) (p identity.Project, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.allowedProject(ctx, caller, authz.UpdateProject, id, tx.LockProject)
		if err != nil {
			return err
		}
		if err := identity.SameID(upd.ID, id); err != nil {
			return err
		}
		if upd.DomainID.Present && upd.DomainID.Value != domainOf(old) {
			return identity.Invalidf("Cannot change Domain ID")
		}
		p, err = s.writeProject(ctx, tx, caller, old, upd)
		return err
	})
	return p, err
}

// MayUpdateProject tells whether the caller may change a project.
func (s *Service) MayUpdateProject(ctx context.Context, caller identity.Caller, p identity.Project) bool {
	return s.Authz.Allowed(ctx, caller, authz.UpdateProject, authz.Target{"project": authz.Project(p)})
}

// domainOf is the domain of a project as the API shows it: none for a domain.
func domainOf(p identity.Project) identity.DomainID {
	if p.IsDomain {
		return ""
	}
	return p.DomainID
}

func errImmutable(p identity.Project) error {
	return identity.Refusedf("Unable to update immutable %s resource: `%s. Set resource option \"immutable\" to false first.", kindOf(p), p.ID)
}

// writeProject applies a change and writes it (_update_project in keystone/resource/core.py).
func (s *Service) writeProject(ctx context.Context, tx *store.Tx, caller identity.Caller, old identity.Project, upd identity.ProjectUpdate) (identity.Project, error) {
	if old.Options.Bool(identity.OptImmutable) && !thaws(upd) {
		return old, errImmutable(old)
	}
	p := old
	if p.Name = upd.Name.Or(old.Name); p.Name != old.Name {
		if err := s.checkNewName(p); err != nil {
			return old, err
		}
		p.Name = python.Strip(p.Name)
	}
	if upd.ParentID.Present && upd.ParentID.Value != old.ParentID {
		return old, identity.Refusedf("Update of `parent_id` is not allowed.")
	}
	if upd.IsDomain.Present && (upd.IsDomain.Null || upd.IsDomain.Value != old.IsDomain) {
		return old, identity.Invalidf("Update of `is_domain` is not allowed.")
	}
	if p.Enabled = upd.Enabled.Or(old.Enabled); p.Enabled != old.Enabled {
		if err := checkEnabled(ctx, tx, p); err != nil {
			return old, err
		}
	}
	ends := func() error { return nil }
	if old.Enabled && !p.Enabled {
		var err error
		if ends, err = s.ending(ctx, tx, caller, p); err != nil {
			return old, err
		}
	}
	if upd.Description.Present {
		p.Description = nil
		if !upd.Description.Null {
			p.Description = &upd.Description.Value
		}
	}
	p.Tags = upd.Tags.Or(old.Tags)
	p.Options = old.Options.Merge(upd.Options)
	p.Extra = old.Extra.Merge(upd.Extra)
	if err := tx.UpdateProject(ctx, old, p); err != nil {
		return p, err
	}
	if err := ends(); err != nil {
		return p, err
	}
	return p, recordUpdate(ctx, tx, p, func(e identity.Event) identity.Event { return e.By(caller) })
}

// ending refuses to delete or disable a project or domain when that would take from somebody what the caller may not take. What
// it returns is to be asked afterwards: whether somebody is left to look after the cloud.
func (s *Service) ending(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) (func() error, error) {
	grants, err := tx.GrantsWithin(ctx, p.ID)
	if err != nil || len(grants) == 0 {
		return func() error { return nil }, err
	}
	on := map[identity.ProjectID]bool{}
	for _, id := range authority.Targets(grants...) {
		on[id] = true
	}
	err = s.Authority.End(ctx, tx, caller, grants, func(g identity.Grant) bool {
		return len(authority.Targets(g)) > 0 && on[authority.Targets(g)[0]]
	})
	return func() error { return s.Authority.KeepAdmin(ctx, tx, caller) }, err
}

// recordUpdate records that a project was changed: a domain is told of as a project, too.
func recordUpdate(ctx context.Context, tx *store.Tx, p identity.Project, by func(identity.Event) identity.Event) error {
	if err := tx.Record(ctx, by(identity.Updated("project", p.ID))); err != nil || !p.IsDomain {
		return err
	}
	return tx.Record(ctx, by(identity.Updated("domain", p.ID)))
}

// thaws tells whether a change does nothing but take immutability away.
func thaws(upd identity.ProjectUpdate) bool {
	v, sent := upd.Options[identity.OptImmutable]
	return sent && v != true && len(upd.Extra) == 0 && !upd.ID.Present && !upd.DomainID.Present && !upd.ParentID.Present &&
		!upd.IsDomain.Present && !upd.Name.Present && !upd.Description.Present && !upd.Enabled.Present && !upd.Tags.Present
}

func kindOf(p identity.Project) string {
	if p.IsDomain {
		return "domain"
	}
	return "project"
}

// checkEnabled makes sure that a project may be as enabled as it is to be: below it nothing may be enabled when it is
// not, above it nothing disabled when it is. A domain is disabled whatever is in it.
func checkEnabled(ctx context.Context, tx *store.Tx, p identity.Project) error {
	if p.Enabled {
		above, err := tx.Parents(ctx, p.ID)
		if slices.ContainsFunc(above, disabled) {
			return identity.Refusedf("Cannot enable project %s since it has disabled parents", p.ID)
		}
		return err
	}
	if p.IsDomain {
		return nil
	}
	below, err := tx.Subtree(ctx, p.ID)
	if slices.ContainsFunc(below, enabled) {
		return identity.Refusedf("Cannot disable project %s since its subtree contains enabled projects.", p.ID)
	}
	return err
}

// maxProjectName is the width of the column, as the API's schema has it.
const maxProjectName = 64

// checkNewName looks at a name that a project or domain is to get.
func (s *Service) checkNewName(p identity.Project) error {
	if err := identity.Fits(p.Name, "name", maxProjectName); err != nil {
		return err
	}
	switch {
	case p.IsDomain && s.reserved(p.Name):
		return reservedName(p.Name)
	case p.IsDomain && s.Tree.SafeDomainNames:
		return safeName("Domain", p.Name)
	case !p.IsDomain && s.Tree.SafeProjectNames:
		return safeName("Project", p.Name)
	}
	return nil
}

// safeName refuses the reserved characters of RFC 3986 in a name (URL_RESERVED_CHARS in keystone/common/utils.py).
func safeName(entity, name string) error {
	found := strings.Map(func(r rune) rune {
		if strings.ContainsRune(":/?#[]@!$&'()*+,;=", r) {
			return r
		}
		return -1
	}, name)
	if found == "" {
		return nil
	}
	return identity.Invalidf("%s name cannot contain the following reserved characters: %s", entity, found)
}

// DeleteProject removes a project that has none below it, or a disabled domain with all that is in it.
func (s *Service) DeleteProject(ctx context.Context, caller identity.Caller, id identity.ProjectID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := s.allowedProject(ctx, caller, authz.DeleteProject, id, tx.LockProject)
		if err != nil {
			return err
		}
		if p.IsDomain {
			return s.deleteDomain(ctx, tx, caller, p)
		}
		if p.Options.Bool(identity.OptImmutable) {
			return keepImmutable("project", id)
		}
		parent, err := tx.HasChildren(ctx, id)
		if err != nil {
			return err
		}
		if parent {
			return identity.Refusedf("Cannot delete the project %s since it is not a leaf in the hierarchy. Use the cascade option"+
				" if you want to delete a whole subtree.", id)
		}
		ended, err := s.ending(ctx, tx, caller, p)
		if err != nil {
			return err
		}
		if err := s.tellOfEnd(ctx, tx, caller, p); err != nil {
			return err
		}
		if err := tx.DeleteProject(ctx, id); err != nil {
			return err
		}
		if err := ended(); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("project", id).By(caller))
	})
}

// tellOfEnd tells people by mail what they lose with a project, or with a domain and what is in it, that is about to be deleted.
func (s *Service) tellOfEnd(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) (err error) {
	if !s.Office.TellsAccess() {
		return nil
	}
	e := mail.End{Act: kindOf(p), Name: p.Name, By: caller}
	if !p.IsDomain {
		if e.Grants, err = tx.Grants(ctx, store.GrantFilter{Project: p.ID}); err != nil {
			return err
		}
		return s.Office.TellOfEnd(ctx, tx, e)
	}
	e.Users = identity.DomainID(p.ID)
	if e.Grants, err = tx.Grants(ctx, store.GrantFilter{Within: e.Users}); err != nil {
		return err
	}
	groups, err := tx.Groups(ctx, identity.Query{Limit: mail.MostLosing}.Where("domain_id", string(e.Users)))
	if err != nil || groups.More { // too many to tell anybody
		return err
	}
	for _, g := range groups.Items {
		more, err := tx.Grants(ctx, store.GrantFilter{Group: g.ID})
		if err != nil {
			return err
		}
		e.Grants = append(e.Grants, more...)
	}
	return s.Office.TellOfEnd(ctx, tx, e)
}

func keepImmutable[ID ~string](entity string, id ID) error {
	return identity.Refusedf("Unable to delete immutable %s resource: `%s. Set resource option \"immutable\" to false first.", entity, id)
}

// ProjectTags returns the tags of a project.
func (s *Service) ProjectTags(ctx context.Context, caller identity.Caller, id identity.ProjectID) (tags []string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.allowedProject(ctx, caller, authz.ListProjectTags, id, tx.Project)
		tags = p.Tags
		return err
	})
	return tags, err
}

// CheckProjectTag fails with identity.NotFound unless a project has a tag.
func (s *Service) CheckProjectTag(ctx context.Context, caller identity.Caller, id identity.ProjectID, tag string) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.allowedProject(ctx, caller, authz.GetProjectTag, id, tx.Project)
		if err == nil && !slices.Contains(p.Tags, tag) {
			err = identity.Missing("project tag", tag)
		}
		return err
	})
}

// SetProjectTags replaces the tags of a project by those that tags returns, without the white space around them; tags is
// called once the caller is known to be allowed. It returns the tags that the project has then.
func (s *Service) SetProjectTags(ctx context.Context, caller identity.Caller, id identity.ProjectID, tags func() ([]string, error)) (set []string, err error) {
	check := func([]string) error {
		given, err := tags()
		set = nil
		for _, t := range given {
			if t = python.Strip(t); !slices.Contains(set, t) {
				set = append(set, t)
			}
		}
		return err
	}
	err = s.changeTags(ctx, caller, authz.UpdateProjectTags, "update", id, check, func([]string) ([]string, error) { return set, nil }, nil)
	return set, err
}

// ClearProjectTags takes all tags from a project.
func (s *Service) ClearProjectTags(ctx context.Context, caller identity.Caller, id identity.ProjectID) error {
	return s.changeTags(ctx, caller, authz.DeleteProjectTags, "update", id, nil, func([]string) ([]string, error) { return nil, nil }, nil)
}

// AddProjectTag gives a project one more tag. check judges the tags that the project would have, the new one last; it is
// called once the caller is known to be allowed.
func (s *Service) AddProjectTag(ctx context.Context, caller identity.Caller, id identity.ProjectID, tag string, check func(all []string) error) error {
	with := func(old []string, tag string) []string { return append(slices.Clone(old), tag) }
	created := identity.Created("project tag", python.Strip(tag)).By(caller)
	return s.changeTags(ctx, caller, authz.CreateProjectTag, "create", id,
		func(old []string) error { return check(with(old, tag)) },
		func(old []string) ([]string, error) {
			if slices.Contains(old, python.Strip(tag)) {
				return old, nil
			}
			return with(old, python.Strip(tag)), nil
		}, &created)
}

// RemoveProjectTag takes a tag from a project.
func (s *Service) RemoveProjectTag(ctx context.Context, caller identity.Caller, id identity.ProjectID, tag string) error {
	deleted := identity.Deleted("project tag", tag)
	return s.changeTags(ctx, caller, authz.DeleteProjectTag, "delete", id, nil, func(old []string) ([]string, error) {
		i := slices.Index(old, tag)
		if i < 0 {
			return nil, identity.Missing("project tag", tag)
		}
		return slices.Delete(slices.Clone(old), i, i+1), nil
	}, &deleted)
}

// changeTags runs check, if there is one, before it asks whether the project may be changed, and change after. It records
// that the project was changed, in nobody's name as Keystone does, and the event if there is one.
func (s *Service) changeTags(ctx context.Context, caller identity.Caller, action authz.Action, verb string, id identity.ProjectID,
	check func(old []string) error, change func(old []string) ([]string, error), event *identity.Event,
) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.allowedProject(ctx, caller, action, id, tx.LockProject)
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(old.Tags); err != nil {
				return err
			}
		}
		if old.Options.Bool(identity.OptImmutable) {
			return identity.Refusedf("Cannot %s project tags for %s, project is immutable. Set \"immutable\" option to false before"+
				" creating project tags.", verb, id)
		}
		p := old
		if p.Tags, err = change(old.Tags); err != nil {
			return err
		}
		if err := tx.UpdateProject(ctx, old, p); err != nil {
			return err
		}
		if err := recordUpdate(ctx, tx, p, func(e identity.Event) identity.Event { return e }); err != nil || event == nil {
			return err
		}
		return tx.Record(ctx, *event)
	})
}
