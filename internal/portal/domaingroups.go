package portal

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var domainGroupPages = slices.Concat(
	[]page{
		{method: get, path: "/d/{domain}/groups", serve: (*visit).domainGroups},
		{method: get, path: "/d/{domain}/groups/{group}", serve: (*visit).domainGroup},
		{method: post, path: "/d/{domain}/groups/{group}/remove", serve: (*visit).removeSome},
	},
	both("/d/{domain}/groups/new", (*visit).newGroup, false),
	both("/d/{domain}/groups/{group}/edit", (*visit).editGroup, false),
	both("/d/{domain}/groups/{group}/add", (*visit).addToGroup, false),
	both("/d/{domain}/groups/{group}/remove/{user}", (*visit).removeFromGroup, false),
	both("/d/{domain}/groups/{group}/delete", (*visit).deleteGroup, true),
)

func (v *visit) domainGroups() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	pg := &listPage{listing: v.thingList()}
	pg.None, pg.Hint = v.T("No group yet"), v.T("A group has roles, and whoever is in it has them too.")
	pg.Section, pg.Title, pg.Lead = "groups", v.T("Groups"), v.F("The groups of %s. Who is in a group has the roles of the group.", d.Name)
	pg.Terminal = []string{"openstack group list --long --domain " + word(d.Name)}
	if v.p.Directory.MayCreateGroup(v.Context(), caller, d.ID) {
		pg.Action = &link{v.T("Create a group"), Prefix + inDomain(d.ID) + "/groups/new"}
	}
	return showList(v, "list", pg, pg.query(v).Where("domain_id", string(d.ID)),
		func(q identity.Query) (identity.Page[identity.Group], error) {
			return v.p.Directory.Groups(v.Context(), caller, q)
		},
		func(groups []identity.Group) (rows []row, err error) {
			for _, g := range groups {
				rows = append(rows, thingRow(string(g.ID), g.Name, groupPath(g), text(g.Description)))
			}
			return rows, nil
		})
}

func groupPath(g identity.Group) string {
	return Prefix + inDomain(g.DomainID) + "/groups/" + string(g.ID)
}

// groupPage shows a group: what it confers, and on whom. Those see it who look after its domain, and those who see the people of a project
// where it has roles.
type groupPage struct {
	chrome
	listing       // of members
	Group         identity.Group
	In            string // its domain
	Places        []place
	Part          bool // it may have roles elsewhere, which the reader does not see
	Manage        bool // the reader may change the group itself
	Adds, Removes bool
	refused       error  // why the reader may add nobody
	Why           string // the same in words, if there is more to say than that they may not
	Path          string

	as func(func(identity.Caller) error) error // tries something with the reader's rights
}

// loadGroup loads the group of the path, of the domain of the path, with what it confers.
func (v *visit) loadGroup() (caller identity.Caller, pg *groupPage, err error) {
	caller, d, err := v.inDomain()
	if err != nil {
		return caller, nil, err
	}
	pg = &groupPage{In: d.Name, as: func(try func(identity.Caller) error) error { return try(caller) }}
	if pg.Group, err = v.p.Directory.Group(v.Context(), caller, identity.GroupID(v.PathValue("group"))); err != nil {
		return caller, nil, err
	}
	if pg.Group.DomainID != d.ID {
		return caller, nil, identity.Missing("group", pg.Group.ID)
	}
	held, called, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Group: pg.Group.ID}, true)
	if err != nil {
		return caller, nil, err
	}
	pg.Places, pg.Path = v.places(held, nil, called), groupPath(pg.Group)
	pg.Manage = v.p.Directory.MayCreateGroup(v.Context(), caller, d.ID)
	moves, err := v.p.Assignment.MovesOf(v.Context(), caller, pg.Group)
	if err != nil {
		return caller, nil, err
	}
	if err := pg.may(v, moves); err != nil {
		return caller, nil, err
	}
	pg.Section, pg.Title, pg.Lead = "groups", pg.Group.Name, text(pg.Group.Description)
	return caller, pg, nil
}

// may fills in what the reader may do to who is in the group.
func (pg *groupPage) may(v *visit, m assignment.Moves) (err error) {
	pg.Adds, pg.Removes, pg.refused = m.Adds, m.Removes, m.Refused
	if pg.Why, err = v.refusal(m.Refused); errors.Is(err, identity.Forbidden) {
		pg.Why, err = "", nil
	}
	return err
}

func (v *visit) domainGroup() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	return v.showGroup(caller, pg)
}

func (v *visit) showGroup(caller identity.Caller, pg *groupPage) error {
	in := " --domain " + word(pg.In) + " " + operand(pg.Group.Name)
	pg.Terminal = []string{
		"openstack group show" + in,
		"openstack user list --domain " + word(pg.In) + " --group " + word(pg.Group.Name),
		"openstack role assignment list --names --group " + word(pg.Group.Name) + " --group-domain " + word(pg.In),
	}
	pg.listing = listing{Finds: v.T("Name, e-mail or id"), None: v.T("Nobody is in it."), Columns: []column{
		{Key: "name", Label: v.T("Name"), Sort: "name"}, {Key: "email", Label: v.T("E-mail")}, {Key: "state", Label: v.T("State")}, {Key: "id", Label: "ID", Hidden: true},
	}}
	if pg.Removes {
		pg.Bulk = []bulk{{v.T("Remove those chosen"), pg.Path + "/remove", true}}
	}
	return showList(v, "group", pg, pg.query(v),
		func(q identity.Query) (identity.Page[identity.User], error) {
			return v.p.Directory.UsersOfGroup(v.Context(), caller, pg.Group.ID, q)
		},
		func(users []identity.User) (rows []row, err error) {
			for _, u := range users {
				rows = append(rows, row{ID: string(u.ID), Name: u.Name, Cells: []cell{
					{Text: u.Name, Path: Prefix + inDomain(u.DomainID) + "/users/" + string(u.ID)}, {Text: pg.Email(u)}, v.state(u.Enabled), {Text: string(u.ID), Code: true},
				}})
			}
			return rows, nil
		})
}

func (v *visit) newGroup() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	if !v.p.Directory.MayCreateGroup(v.Context(), caller, d.ID) {
		return identity.NotAllowed("identity:create_group")
	}
	pg := v.readThing(&thingPage{Do: v.T("Create the group"), Back: Prefix + inDomain(d.ID) + "/groups"})
	pg.Section, pg.Title, pg.Lead = "groups", v.T("Create a group"), v.T("Then add people to it, and grant it roles.")
	pg.Terminal = []string{"openstack group create --domain " + word(d.Name) + " NAME"}
	return v.saveThing(pg, func() (string, error) {
		g, err := v.p.Directory.CreateGroup(v.Context(), caller, identity.Group{DomainID: d.ID, Name: pg.Name, Description: optional(pg.Description)})
		return strings.TrimPrefix(groupPath(g), Prefix) + "?done=saved", err
	})
}

func (v *visit) editGroup() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:update_group")
	}
	form := v.readThing(&thingPage{Name: pg.Group.Name, Description: text(pg.Group.Description), Do: v.T("Save"), Back: pg.Path})
	form.Section, form.Title = "groups", v.F("Edit %s", pg.Group.Name)
	form.Terminal = []string{"openstack group set --name NAME --domain " + word(pg.In) + " " + operand(pg.Group.Name)}
	return v.saveThing(form, func() (string, error) {
		_, err := v.p.Directory.UpdateGroup(v.Context(), caller, pg.Group.ID, identity.GroupUpdate{Name: identity.Some(form.Name), Description: identity.Some(form.Description)})
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=saved", err
	})
}

// confers says what a group gives whoever is in it.
func (v *visit) confers(pg *groupPage) []string {
	var all []string
	for _, p := range pg.Places {
		var roles []string
		for _, r := range p.Roles {
			roles = append(roles, r.Name)
		}
		all = append(all, v.F("%s on %s", strings.Join(roles, ", "), p.Name))
	}
	if len(all) == 0 {
		all = append(all, v.T("The group has no role anywhere yet."))
	}
	if pg.Part {
		all = append(all, v.T("What it gives elsewhere is not shown here."))
	}
	return all
}

func (v *visit) addToGroup() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	if !pg.Adds {
		return pg.refused
	}
	u, err := v.userNamed(caller, pg.Group.DomainID, strings.TrimSpace(v.field("name")))
	if errors.Is(err, identity.NotFound) || errors.Is(err, identity.Forbidden) {
		pg.Fields = problems{"name": v.T("There is nobody of this name in the domain. Type the whole name, or the exact id.")}
		return v.showGroup(caller, pg)
	} else if err != nil {
		return err
	}
	return v.askAdd(pg, assignment.Ref{ID: string(u.ID)}, u.Name, pg.In)
}

// askAdd asks whether somebody, who is called so in a domain, is to be added to a group.
func (v *visit) askAdd(pg *groupPage, who assignment.Ref, name, in string) error {
	out := &actPage{Harmless: true, Back: pg.Path, Means: v.confers(pg), Do: v.F("Add %s", name)}
	out.Hidden = map[string]string{"name": cmp.Or(who.ID, who.Name)}
	out.Here, out.Section, out.Title = pg.Here, pg.Section, v.F("Add %s to %s?", name, pg.Group.Name)
	out.Lead = v.T("This gives one person what the group has:")
	domains := " --user-domain " + word(in) + " --group-domain " + word(pg.In)
	if out.Terminal = []string{"openstack group add user" + domains + " " + word(pg.Group.Name) + " " + word(name)}; pg.Here != nil { // where names are not to be looked up
		out.Terminal = []string{"lintel access join" + domains + " " + word(name) + " " + word(pg.Group.Name)}
	}
	return v.decide(out, func() (next string, err error) {
		reason := strings.TrimSpace(v.field("reason"))
		next = strings.TrimPrefix(pg.Path, Prefix) + "?done=member-added"
		err = pg.as(func(c identity.Caller) error {
			made, err := v.p.Membership.JoinNamed(v.Context(), c, who, assignment.Ref{ID: string(pg.Group.ID)}, reason)
			if made.Request != nil {
				if next = inDomain(pg.Group.DomainID) + "/requests?done=requested"; pg.Here != nil {
					next = strings.TrimPrefix(pg.Here.Path("/requests"), Prefix) + "?done=requested"
				}
			}
			return err
		})
		if e, ok := errors.AsType[*identity.Error](err); pg.Here != nil && ok && (e.Kind == identity.NotFound || e.Kind == identity.Forbidden && strings.HasPrefix(e.Message, notAllowed)) {
			err = identity.Invalidf("There is nobody of that name or ID there, or you may not add them.")
		}
		if out.Asked = errors.Is(err, membership.ErrSayWhy); out.Asked { // the form wants to know, then
			out.Terminal = []string{"lintel access join" + domains + " --reason WHY " + word(name) + " " + word(pg.Group.Name)}
		}
		return next, err
	})
}

// userNamed finds a user by the name in a domain, or by the exact id. Without a domain it is the reader's own.
func (v *visit) userNamed(caller identity.Caller, domain identity.DomainID, name string) (identity.User, error) {
	domain = cmp.Or(domain, v.User().DomainID)
	found, err := v.p.Directory.Users(v.Context(), caller, identity.Query{Limit: 1}.Where("domain_id", string(domain)).Where("name", name))
	if err != nil {
		return identity.User{}, err
	}
	if len(found.Items) == 1 {
		return found.Items[0], nil
	}
	return v.p.Directory.User(v.Context(), caller, identity.UserID(name))
}

func (v *visit) removeFromGroup() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	if !pg.Removes {
		return identity.NotAllowed("identity:remove_user_from_group")
	}
	u, err := v.p.Directory.User(v.Context(), caller, identity.UserID(v.PathValue("user")))
	if err != nil {
		return err
	}
	return v.askRemove(pg, u, pg.In)
}

// askRemove asks whether a user of a domain is to be taken out of a group.
func (v *visit) askRemove(pg *groupPage, u identity.User, in string) error {
	out := &actPage{Back: pg.Path, Means: append(v.confers(pg), v.T("What the person has by other ways stays. All tokens and sessions of theirs end.")), Do: v.F("Remove %s", u.Name)}
	out.Here, out.Section, out.Title = pg.Here, pg.Section, v.F("Remove %s from %s?", u.Name, pg.Group.Name)
	out.Lead = v.T("This takes from one person what the group has:")
	domains := " --user-domain " + word(in) + " --group-domain " + word(pg.In)
	if out.Terminal = []string{"openstack group remove user" + domains + " " + word(pg.Group.Name) + " " + word(u.Name)}; pg.Here != nil {
		out.Terminal = []string{"lintel access leave" + domains + " " + word(u.Name) + " " + word(pg.Group.Name)}
	}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(pg.Path, Prefix) + "?done=member-removed", pg.as(func(c identity.Caller) error {
			return v.p.Directory.RemoveFromGroup(v.Context(), c, u.ID, pg.Group.ID)
		})
	})
}

func (v *visit) deleteGroup() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	if !pg.Manage {
		return identity.NotAllowed("identity:delete_group")
	}
	out := &actPage{Typed: pg.Group.Name, Back: pg.Path, Means: append(v.confers(pg), v.T("Who has this by the group alone loses it, and has to log in again.")), Do: v.T("Delete the group")}
	out.Section, out.Title, out.Lead = "groups", v.F("Delete %s?", pg.Group.Name), v.T("The people stay. What the group gave them goes:")
	out.Terminal = []string{"openstack group delete --domain " + word(pg.In) + " " + operand(pg.Group.Name)}
	return v.decide(out, func() (string, error) {
		return inDomain(pg.Group.DomainID) + "/groups?done=deleted", v.p.Directory.DeleteGroup(v.Context(), caller, pg.Group.ID)
	})
}
