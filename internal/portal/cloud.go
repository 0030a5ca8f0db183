package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
)

var cloudPages = slices.Concat(
	[]page{
		{method: get, path: "/cloud/domains", serve: (*visit).domains},
		{method: get, path: "/cloud/domains/{id}", serve: (*visit).domainOfCloud},
		{method: get, path: "/cloud/roles", serve: (*visit).roles},
		{method: get, path: "/cloud/roles/graph", serve: (*visit).roleGraph},
		{method: get, path: "/cloud/roles/{id}", serve: (*visit).role},
	},
	both("/cloud/domains/new", (*visit).newDomain, false),
	both("/cloud/domains/{id}/edit", (*visit).editDomain, false),
	both("/cloud/domains/{id}/disable", (*visit).disableDomain, true),
	both("/cloud/domains/{id}/enable", (*visit).enableDomain, false),
	both("/cloud/domains/{id}/delete", (*visit).deleteDomain, true),
	both("/cloud/roles/new", (*visit).newRole, false),
	both("/cloud/roles/implied", (*visit).implyRole, false),
	both("/cloud/roles/implied/end", (*visit).endImpliedRole, false),
	both("/cloud/roles/{id}/edit", (*visit).editRole, false),
	both("/cloud/roles/{id}/delete", (*visit).deleteRole, true),
)

func (v *visit) domains() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	pg := &listPage{listing: v.thingList(column{Key: "state", Label: v.T("State")})}
	pg.Section, pg.Title, pg.Lead = "cloud", v.T("Domains"), v.T("Each has users, groups and projects of its own, and people who look after them.")
	pg.Terminal = []string{"openstack domain list"}
	if v.p.Directory.MayCreateDomain(v.Context(), caller) {
		pg.Action = &link{v.T("Create a domain"), Prefix + "/cloud/domains/new"}
	}
	return showList(v, "list", pg, pg.query(v),
		func(q identity.Query) (identity.Page[identity.Domain], error) {
			return v.p.Directory.Domains(v.Context(), caller, q)
		},
		func(domains []identity.Domain) (rows []row, err error) {
			for _, d := range domains {
				rows = append(rows, thingRow(string(d.ID), d.Name, Prefix+"/cloud/domains/"+string(d.ID), text(d.Description), v.state(d.Enabled)))
			}
			return rows, nil
		})
}

// domainPage shows a domain to who looks after the cloud.
type domainPage struct {
	chrome
	This   identity.Domain
	Manage bool
	Path   string
}

func (v *visit) loadDomain() (caller identity.Caller, pg *domainPage, err error) {
	if caller, err = v.onSystem(); err != nil {
		return caller, nil, err
	}
	pg = &domainPage{Manage: v.p.Directory.MayCreateDomain(v.Context(), caller)}
	if pg.This, err = v.p.Directory.Domain(v.Context(), caller, identity.DomainID(v.PathValue("id"))); err != nil {
		return caller, nil, err
	}
	pg.Section, pg.Title, pg.Lead, pg.Path = "cloud", v.F("Domain %s", pg.This.Name), text(pg.This.Description), Prefix+"/cloud/domains/"+string(pg.This.ID)
	return caller, pg, nil
}

func (v *visit) domainOfCloud() error {
	_, pg, err := v.loadDomain()
	if err != nil {
		return err
	}
	pg.Terminal = []string{"openstack domain show " + operand(pg.This.Name)}
	return v.show(http.StatusOK, "domain", pg)
}

func (v *visit) newDomain() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	if !v.p.Directory.MayCreateDomain(v.Context(), caller) {
		return identity.NotAllowed("identity:create_domain")
	}
	pg := v.readThing(&thingPage{Do: v.T("Create the domain"), Back: Prefix + "/cloud/domains"})
	pg.Section, pg.Title, pg.Lead = "cloud", v.T("Create a domain"), v.T("Then grant somebody the role manager on it, to look after its people.")
	pg.Terminal = []string{"openstack domain create NAME"}
	return v.saveThing(pg, func() (string, error) {
		d, err := v.p.Directory.CreateDomain(v.Context(), caller, identity.Domain{Name: pg.Name, Description: optional(pg.Description), Enabled: true})
		return "/cloud/domains/" + string(d.ID) + "?done=saved", err
	})
}

// manageDomain is loadDomain for a page that changes the domain.
func (v *visit) manageDomain() (identity.Caller, *domainPage, error) {
	caller, pg, err := v.loadDomain()
	if err == nil && !pg.Manage {
		err = identity.NotAllowed("identity:update_domain")
	}
	return caller, pg, err
}

func (v *visit) editDomain() error {
	caller, pg, err := v.manageDomain()
	if err != nil {
		return err
	}
	form := v.readThing(&thingPage{Name: pg.This.Name, Description: text(pg.This.Description), Do: v.T("Save"), Back: pg.Path})
	form.Section, form.Title, form.Lead = "cloud", v.F("Edit %s", pg.This.Name), v.T("People type the name of their domain when they sign in.")
	form.Terminal = []string{"openstack domain set --name NAME " + word(pg.This.Name)}
	return v.saveThing(form, func() (string, error) {
		_, err := v.p.Directory.UpdateDomain(v.Context(), caller, pg.This.ID, identity.ProjectUpdate{Name: identity.Some(form.Name), Description: identity.Some(form.Description)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

func (v *visit) disableDomain() error { return v.enableOrDisableDomain(false) }
func (v *visit) enableDomain() error  { return v.enableOrDisableDomain(true) }

func (v *visit) enableOrDisableDomain(enabled bool) error {
	caller, pg, err := v.manageDomain()
	if err != nil {
		return err
	}
	out := &actPage{Harmless: enabled, Back: pg.Path}
	if enabled {
		out.Title, out.Lead, out.Do = v.F("Enable %s?", pg.This.Name), v.T("Its people can log in again."), v.T("Enable the domain")
		out.Terminal = []string{"openstack domain set --enable " + operand(pg.This.Name)}
	} else {
		out.Title, out.Lead, out.Do = v.F("Disable %s?", pg.This.Name), v.T("Nothing is deleted, and it can be undone."), v.T("Disable the domain")
		out.Typed = pg.This.Name
		out.Means = []string{v.T("All its people are out at once, on every project, and cannot log in."), v.T("Nobody can work in its projects. Servers and volumes keep running.")}
		if pg.This.ID == v.User().DomainID {
			out.Means = append(out.Means, v.T("It is your own domain: you shut yourself out."))
		}
		out.Terminal = []string{"openstack domain set --disable " + operand(pg.This.Name)}
	}
	out.Section = "cloud"
	return v.decide(out, func() (string, error) {
		_, err := v.p.Directory.UpdateDomain(v.Context(), caller, pg.This.ID, identity.ProjectUpdate{Enabled: identity.Some(enabled)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

func (v *visit) deleteDomain() error {
	caller, pg, err := v.manageDomain()
	if err != nil {
		return err
	}
	out := &actPage{Typed: pg.This.Name, Back: pg.Path, Do: v.T("Delete the domain"), Means: []string{
		v.T("All its users, groups, projects and roles are deleted with it, and all that hangs on them."),
		v.T("It must be disabled first, so that nobody is working in it."),
		v.T("Servers, volumes and images may remain at the services, and cost money. Delete them first."),
	}}
	out.Section, out.Title, out.Lead = "cloud", v.F("Delete %s?", pg.This.Name), v.T("Nothing of it can be brought back.")
	out.Terminal = []string{"openstack domain delete " + operand(pg.This.Name)}
	return v.decide(out, func() (string, error) {
		return "/cloud/domains?done=deleted", v.p.Directory.DeleteDomain(v.Context(), caller, pg.This.ID)
	})
}

// domainOfRoles is the domain whose own roles the page is about; none for the roles of the cloud.
func (v *visit) domainOfRoles(caller identity.Caller) (d identity.Domain, err error) {
	if id := v.field("domain"); id != "" {
		d, err = v.p.Directory.Domain(v.Context(), caller, identity.DomainID(id))
	}
	return d, err
}

func (v *visit) roles() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	in, err := v.domainOfRoles(caller)
	if err != nil {
		return err
	}
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	pg := &listPage{listing: v.thingList(column{Key: "implies", Label: v.T("Implies")})}
	pg.Section, pg.Title, pg.Lead = "roles", v.T("Roles"), v.T("A role is a name; the rules of the services say what it permits. Who has a role has those that it implies.")
	pg.Terminal = []string{"openstack role list", "openstack implied role list"}
	pg.Tabs = v.graphTabs(false)
	if v.p.Assignment.MayCreateRole(v.Context(), caller) {
		pg.Action = &link{v.T("Create a role"), Prefix + "/cloud/roles/new"}
	}
	q := pg.query(v)
	if in.ID != "" {
		q = q.Where("domain_id", string(in.ID))
		pg.Title, pg.Lead = v.F("Roles of %s", in.Name), v.T("The domain’s own roles. No service knows them: who is granted one there, or in a project of the domain, has the roles that it implies.")
		pg.None, pg.Hint = v.T("The domain has no roles of its own"), v.T("Make one to give several roles of the cloud by one name.")
		pg.Terminal, pg.Tabs = []string{"openstack role list --domain " + word(in.Name)}, nil
		if pg.Action != nil {
			pg.Action.Path += "?domain=" + string(in.ID)
		}
	}
	return showList(v, "list", pg, q,
		func(q identity.Query) (identity.Page[identity.Role], error) {
			return v.p.Assignment.Roles(v.Context(), caller, q)
		},
		func(roles []identity.Role) (rows []row, err error) {
			for _, r := range roles {
				var implies []string
				for _, rule := range rules {
					if rule.Prior.ID == r.ID {
						implies = append(implies, rule.Implied.Name)
					}
				}
				rows = append(rows, thingRow(string(r.ID), r.Name, Prefix+"/cloud/roles/"+string(r.ID), text(r.Description), cell{Chips: implies}))
			}
			return rows, nil
		})
}

// rolePage shows a role with the roles around it.
type rolePage struct {
	chrome
	Role      identity.Role
	In        identity.Domain // whose own it is; none for a role of the cloud
	Implied   []identity.Role
	Prior     []identity.Role // that imply it
	Others    []roleGroup
	Immutable bool
	Manage    bool
	Path      string
	About     assignment.RoleAbout
	Rules     bool     // the reader may say who may grant it
	Grantable []string // by whom, beside whom the policies let
}

func (v *visit) loadRole() (caller identity.Caller, pg *rolePage, err error) {
	if caller, err = v.onSystem(); err != nil {
		return caller, nil, err
	}
	pg = &rolePage{Manage: v.p.Assignment.MayCreateRole(v.Context(), caller)}
	if pg.Role, err = v.p.Assignment.Role(v.Context(), caller, identity.RoleID(v.PathValue("id"))); err != nil {
		return caller, nil, err
	}
	if pg.Role.DomainID != "" {
		if pg.In, err = v.p.Directory.Domain(v.Context(), caller, pg.Role.DomainID); err != nil && !errors.Is(err, identity.NotFound) {
			return caller, nil, err
		}
	}
	pg.Immutable = pg.Role.Options.Bool(identity.OptImmutable)
	pg.Section, pg.Title, pg.Lead, pg.Path = "roles", pg.Role.Name, text(pg.Role.Description), Prefix+"/cloud/roles/"+string(pg.Role.ID)
	return caller, pg, nil
}

func (v *visit) role() error {
	caller, pg, err := v.loadRole()
	if err != nil {
		return err
	}
	return v.showRole(http.StatusOK, caller, pg)
}

func (v *visit) showRole(status int, caller identity.Caller, pg *rolePage) error {
	var err error
	pg.Tabs = v.roleTabs(pg.Path, "role")
	if pg.About, err = v.p.Assignment.AboutRole(v.Context(), caller, pg.Role.ID); err != nil {
		return err
	}
	pg.Rules = v.p.Membership.ManagesGrantRules(v.Context(), caller)
	grants, err := v.p.Membership.GrantRules(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	for _, g := range grants.Rules {
		if g.Target == pg.Role.ID && g.Grant && g.DomainID == "" {
			pg.Grantable = append(pg.Grantable, v.F("%s on %s", grants.Roles[g.Holder].Name, v.tier(g.HolderTier)))
		}
	}
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	for _, rule := range rules {
		if rule.Prior.ID == pg.Role.ID {
			pg.Implied = append(pg.Implied, rule.Implied)
		}
		if rule.Implied.ID == pg.Role.ID {
			pg.Prior = append(pg.Prior, rule.Prior)
		}
	}
	all, err := v.p.Assignment.DescribedRoles(v.Context(), caller, pg.Role.DomainID)
	if err != nil {
		return err
	}
	pg.Others = v.roleGroups(slices.DeleteFunc(all, func(r assignment.DescribedRole) bool {
		return r.ID == pg.Role.ID || slices.ContainsFunc(pg.Implied, func(i identity.Role) bool { return i.ID == r.ID })
	}), "")
	pg.Terminal = []string{"openstack role show " + roleWord(pg.Role), "openstack implied role create --implied-role ROLE " + roleWord(pg.Role)}
	return v.show(status, "role", pg)
}

func (v *visit) newRole() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	if !v.p.Assignment.MayCreateRole(v.Context(), caller) {
		return identity.NotAllowed("identity:create_role")
	}
	in, err := v.domainOfRoles(caller)
	if err != nil {
		return err
	}
	pg := v.readThing(&thingPage{MaxName: 255, MaxText: 255, Do: v.T("Create the role"), Back: Prefix + "/cloud/roles"})
	pg.Role = &newRole{strings.TrimSpace(v.field("display")), strings.TrimSpace(v.field("category")), v.field("immutable") != "", v.p.Membership.ManagesGrantRules(v.Context(), caller)}
	pg.Section, pg.Title, pg.Lead = "roles", v.T("Create a role"), v.T("It permits nothing until a service has a rule that names it, or it implies another role.")
	pg.Terminal = []string{"openstack role create --description TEXT NAME", "lintel role describe --category CATEGORY --name DISPLAY NAME"}
	if in.ID != "" {
		pg.Title, pg.Lead, pg.Back = v.F("Create a role of %s", in.Name), v.T("It permits nothing until it implies a role of the cloud, and can be granted in this domain alone."), pg.Back+"?domain="+string(in.ID)
		pg.Terminal = []string{"openstack role create --domain " + word(in.Name) + " --description TEXT NAME"}
	}
	return v.saveThing(pg, func() (string, error) {
		r := identity.Role{Name: pg.Name, DomainID: in.ID, Description: optional(pg.Description)}
		if pg.Role.Immutable {
			r.Options = identity.Options{identity.OptImmutable: true}
		}
		told := identity.RoleProfile{Category: pg.Role.Category}
		if pg.Role.Display != "" {
			told.Name = map[string]string{v.Lang: pg.Role.Display}
		}
		if !told.Empty() && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
			return "", errConfirm
		}
		r, err := v.p.Membership.CreateRole(v.Context(), caller, r, told)
		return "/cloud/roles/" + string(r.ID) + "?done=saved", err
	})
}

func (v *visit) editRole() error {
	caller, pg, err := v.loadRole()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:update_role")
	}
	if pg.Immutable {
		return v.immutableRole()
	}
	form := v.readThing(&thingPage{MaxName: 255, MaxText: 255, Name: pg.Role.Name, Description: text(pg.Role.Description), Do: v.T("Save"), Back: pg.Path})
	form.Section, form.Title, form.Lead = "roles", v.F("Edit %s", pg.Role.Name), v.T("Rules of services know a role by its name: another name is another role to them.")
	form.Terminal = []string{"openstack role set --name NAME " + roleWord(pg.Role)}
	return v.saveThing(form, func() (string, error) {
		_, err := v.p.Assignment.UpdateRole(v.Context(), caller, pg.Role.ID, assignment.RoleUpdate{Name: identity.Some(form.Name), Description: identity.Some(form.Description)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

// immutableRole refuses to offer what could only be refused.
func (v *visit) immutableRole() error {
	return identity.Refusedf("%s", v.T("This role is immutable: nobody can change or delete it until that is taken away by openstack role set --no-immutable."))
}

func (v *visit) deleteRole() error {
	caller, pg, err := v.loadRole()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:delete_role")
	}
	if pg.Immutable {
		return v.immutableRole()
	}
	granted, _, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Role: pg.Role.ID, Limit: mostAssignments + 1}, false)
	if err != nil {
		return err
	}
	count := v.N(len(granted), "It is taken from %d place where it was granted.", "It is taken from %d places where it was granted.")
	if len(granted) > mostAssignments {
		count = v.F("It is taken from more than %d places where it was granted.", mostAssignments)
	}
	out := &actPage{Typed: pg.Role.Name, Back: pg.Path, Do: v.T("Delete the role"), Means: []string{count,
		v.T("All application credentials on a project, of everybody who was granted the role there, are deleted, whatever roles they carry."),
	}}
	lost, all, err := v.p.Assignment.RoleLoss(v.Context(), caller, pg.Role.ID, mostAssignments)
	if err != nil {
		return err
	}
	out.Means = append(out.Means, v.N(all, "That is %d application credential.", "Those are %d application credentials."))
	for _, c := range lost {
		out.Means = append(out.Means, v.F("%s of %s on %s", c.Target.Name, c.Person.Name, c.Project.Name))
	}
	if all > len(lost) {
		out.Means = append(out.Means, v.N(all-len(lost), "and %d more", "and %d more"))
	}
	out.Means = append(out.Means, v.T("Rules of services that name it permit nothing to anybody any more."))
	out.Section, out.Title, out.Lead = "roles", v.F("Delete %s?", pg.Role.Name), v.T("A role of the same name that is made later is granted to nobody.")
	out.Terminal = []string{"openstack role delete " + roleWord(pg.Role)}
	return v.decide(out, func() (string, error) {
		next := "/cloud/roles?done=deleted"
		if pg.In.ID != "" {
			next += "&domain=" + string(pg.In.ID)
		}
		return next, v.p.Assignment.DeleteRole(v.Context(), caller, pg.Role.ID)
	})
}
