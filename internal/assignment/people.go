package assignment

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Person is somebody who has roles on a project.
type Person struct {
	// User has what Known says: everything, or id, name and domain alone for a caller who may not look at the user.
	identity.User
	Known bool

	// Held are the roles, each with what it came through; those that others imply too.
	Held []identity.Assignment

	// Revocable are those of the granted roles that the caller may take back, and Obstacle is the role because of which they may
	// not take others; empty when there is none.
	Revocable []identity.RoleID
	Obstacle  identity.RoleID

	// Askable are those of the others that the caller may take back if somebody else agrees.
	Askable []identity.RoleID

	// Terms are what is known of the granted roles: when they end, who granted them.
	Terms map[identity.RoleID]identity.Terms

	has []authz.Standing // what they hold there, trusts included
}

// Granted are the roles that were granted to the person on the project itself.
func (p Person) Granted() (roles []identity.RoleID) {
	for _, a := range p.Held {
		if a.Via == (identity.Via{}) {
			roles = append(roles, a.Role)
		}
	}
	return roles
}

// People are a page of the people of a project.
type People struct {
	store.PeopleCount
	Page   identity.Page[Person]
	Called Names

	// Offers are the roles that the caller may grant to people of the project's domain.
	Offers []Offer
}

// Offer is a role that can be granted, with those that come with it.
type Offer struct {
	identity.Role
	Brings []identity.Role
	Weight Weight
	About  identity.RoleProfile
	Rule   identity.GrantRule // by which it can; none where the policy says so
}

// SeesPeople tells whether the caller may learn who has which role on a project: by the rule that guards the list of all role
// assignments on it and below it, or because a grant rule lets them change some of them.
func (s *Service) SeesPeople(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project) (bool, error) {
	if s.Authz.Allowed(ctx, caller, authz.ListRoleAssignmentsForTree, authz.Tree(p)) {
		return true, nil
	}
	if manages, err := s.Authority.Manages(ctx, tx, caller, p.ID); err != nil || manages {
		return manages, err
	}
	return s.Authority.Lets(ctx, tx, caller, p.ID, identity.AreaPeople)
}

// LooksAfter is SeesPeople in a transaction of its own.
func (s *Service) LooksAfter(ctx context.Context, caller identity.Caller, p identity.Project) (sees bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		sees, err = s.SeesPeople(ctx, tx, caller, p)
		return err
	})
	return sees, err
}

// People returns a page of the people who have a role on a project, in the order of their names, with all roles that they have
// there. It takes the same number of queries however many there are. Who may not list role assignments is refused
// (identity:list_role_assignments_for_tree); a project that is not there is identity.NotFound to who may, as is a user
// whom the filter begins after.
func (s *Service) People(ctx context.Context, caller identity.Caller, project identity.ProjectID, f store.PeopleFilter) (out People, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := s.projectOfPeople(ctx, tx, caller, project)
		if err != nil {
			return err
		}
		if out.PeopleCount, err = tx.CountPeople(ctx, project); err != nil {
			return err
		}
		page, err := tx.PeopleOf(ctx, project, f)
		if err != nil {
			return err
		}
		all, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		g, err := s.granter(ctx, tx, caller, p, all)
		if err != nil {
			return err
		}
		g.asking = true
		out.Offers = g.offers(identity.User{DomainID: p.DomainID, Enabled: true}, nil)
		out.Page.More = page.More
		out.Page.Items, out.Called, err = s.persons(ctx, tx, g, p, page.Items, all)
		return err
	})
	return out, err
}

// sees tells whether the caller may look a user up (identity:get_user).
func (s *Service) sees(ctx context.Context, caller identity.Caller, u identity.User) bool {
	return s.Authz.Allowed(ctx, caller, authz.GetUser, authz.Target{"user": authz.User(u)})
}

// ShownAmong returns the first of some users who has a role on a project, if the caller sees in People that they do, and who they are.
func (s *Service) ShownAmong(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.Project, some []identity.User) (u identity.User, shown bool, err error) {
	some = slices.DeleteFunc(some, func(u identity.User) bool {
		return !s.sees(ctx, caller, u)
	})
	if len(some) == 0 {
		return u, false, nil
	}
	if sees, err := s.SeesPeople(ctx, tx, caller, p); err != nil || !sees {
		return u, false, err
	}
	for _, u := range some {
		held, err := tx.HoldingsOf(ctx, p.ID, []identity.UserID{u.ID})
		if err != nil || len(held) > 0 {
			return u, err == nil, err
		}
	}
	return u, false, nil
}

// projectOfPeople returns a project whose people the caller may see.
func (s *Service) projectOfPeople(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.ProjectID) (identity.Project, error) {
	p, missing := tx.Project(ctx, id)
	target := authz.Target{}
	if missing == nil {
		target = authz.Tree(p)
		if sees, err := s.SeesPeople(ctx, tx, caller, p); err != nil || sees {
			return p, err
		}
	}
	return p, s.Authz.CheckFound(ctx, caller, authz.ListRoleAssignmentsForTree, target, missing)
}

// book is all roles, and what turns one into others.
type book struct {
	store.RoleRules
	roles    map[identity.RoleID]identity.Role
	profiles map[identity.RoleID]identity.RoleProfile
}

func openBook(ctx context.Context, tx *store.Tx) (b book, err error) {
	if b.RoleRules, err = tx.RoleRules(ctx); err != nil {
		return b, err
	}
	if b.profiles, err = tx.RoleProfiles(ctx); err != nil {
		return b, err
	}
	all, err := tx.Roles(ctx, identity.Query{})
	b.roles = make(map[identity.RoleID]identity.Role, len(all.Items))
	for _, r := range all.Items {
		b.roles[r.ID] = r
	}
	return b, err
}

// brings are the global roles that come with one, by name.
func (b book) brings(id identity.RoleID) (all []identity.Role) {
	seen := map[identity.RoleID]bool{id: true}
	for todo := []identity.RoleID{id}; len(todo) > 0; todo = todo[1:] {
		for _, next := range b.Implied[todo[0]] {
			if !seen[next] {
				seen[next], todo = true, append(todo, next)
				if b.Global[next] {
					all = append(all, b.roles[next])
				}
			}
		}
	}
	slices.SortFunc(all, byName)
	return all
}

func byName(a, b identity.Role) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// Offers are the roles that the caller may grant on a project to people of its domain, by name, those among them to which somebody else
// must agree. Who may grant none is refused.
func (s *Service) Offers(ctx context.Context, caller identity.Caller, project identity.ProjectID) (offers []Offer, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, missing := tx.Project(ctx, project)
		if missing != nil && !errors.Is(missing, identity.NotFound) {
			return missing
		}
		all, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		g, err := s.granter(ctx, tx, caller, p, all)
		if err != nil {
			return err
		}
		g.asking = true
		if offers = g.offers(identity.User{DomainID: p.DomainID, Enabled: true}, nil); len(offers) == 0 {
			return identity.NotAllowed(string(authz.CreateGrant))
		}
		return missing
	})
	return offers, err
}

func (s *Service) offer(all book, r identity.Role) Offer {
	return Offer{Role: r, Brings: all.brings(r.ID), Weight: s.weigh(all, r.ID), About: all.profiles[r.ID]}
}

// persons loads what users have on a project. Those who are not there are left out.
func (s *Service) persons(ctx context.Context, tx *store.Tx, g granter, project identity.Project, ids []identity.UserID, all book) ([]Person, Names, error) {
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	held, err := tx.HoldingsOf(ctx, project.ID, ids)
	if err != nil {
		return nil, nil, err
	}
	held = imply(held, all.RoleRules)
	// The role of a domain counts where it was granted, as something to take back, and for what it implies.
	held = slices.DeleteFunc(held, func(a identity.Assignment) bool { return !all.Global[a.Role] && a.Via != (identity.Via{}) })
	terms, err := tx.TermsOn(ctx, texts(ids), []string{string(project.ID)})
	if err != nil {
		return nil, nil, err
	}
	has, err := g.has(tx, ids, held)
	if err != nil {
		return nil, nil, err
	}
	at := map[identity.UserID]int{}
	var people []Person
	for _, id := range ids {
		if u, there := users[id]; there {
			at[id] = len(people)
			people = append(people, Person{User: u, Terms: map[identity.RoleID]identity.Terms{}, has: has[id]})
		}
	}
	for _, a := range held {
		if i, there := at[a.User]; there {
			people[i].Held = append(people[i].Held, a)
		}
	}
	for i := range people {
		p := &people[i]
		for _, id := range p.Granted() {
			p.Terms[id] = terms[identity.Grant{Role: id, User: p.ID, Project: project.ID}]
			err := g.revoking(p.User, id, p.has, false)
			if _, asks := errors.AsType[*authz.NeedsAnswerError](err); err == nil {
				p.Revocable = append(p.Revocable, id)
			} else if asks && g.revoking(p.User, id, p.has, true) == nil {
				p.Askable = append(p.Askable, id)
			} else if o, some := errors.AsType[*authz.Obstacle](err); some {
				p.Obstacle = o.Role.ID
			}
		}
		if p.Known = s.sees(ctx, g.caller, p.User); !p.Known {
			p.User = identity.User{ID: p.ID, Name: p.Name, DomainID: p.DomainID}
		}
	}
	called, err := tx.Labels(ctx, mentioned(held))
	return people, called, err
}

// GroupHere is a group that has roles on a project.
type GroupHere struct {
	identity.GroupID
	Members int
	Held    []identity.Assignment
}

// GroupMembers are a page of the members of a group that has roles on a project.
type GroupMembers struct {
	GroupHere
	identity.Group // by id, name and domain
	Page           identity.Page[GroupMember]
	Called         Names
	Moves
}

// Moves tells whether a caller may bring people of a group's domain into the group, if they prove again who they are or somebody else agrees
// where a rule wants that, and out of it.
type Moves struct {
	Adds, Removes bool
	Refused       error // why they may not bring anybody into it
}

// GroupMember is somebody in a group, as Person says it.
type GroupMember struct {
	identity.User
	Known bool
}

// MembersHere returns a page of the lasting members of a group that has roles on a project, by name, to who sees the people of the project: the
// group's members are among them. The filter is search, by name or id. A group without a role there is not there.
func (s *Service) MembersHere(ctx context.Context, caller identity.Caller, project identity.ProjectID, group identity.GroupID, q identity.Query) (out GroupMembers, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.projectOfPeople(ctx, tx, caller, project); err != nil {
			return err
		}
		grants, err := tx.GroupsOnto(ctx, project)
		if err != nil {
			return err
		}
		for _, g := range heldByGroups(project, grants) {
			if g.GroupID == group {
				out.GroupHere = g
			}
		}
		if out.GroupID == "" {
			return identity.Missing("group", group)
		}
		if out.Group, err = tx.Group(ctx, group); err != nil {
			return err
		}
		page, err := tx.GroupUsers(ctx, group, q)
		if err != nil {
			return err
		}
		out.Page.More = page.More
		keys := mentioned(out.Held)
		for _, u := range page.Items {
			m := GroupMember{u, s.sees(ctx, caller, u)}
			if !m.Known {
				m.User = identity.User{ID: u.ID, Name: u.Name, DomainID: u.DomainID}
			}
			out.Page.Items = append(out.Page.Items, m)
			keys = append(keys, store.Key{Kind: "user", ID: string(u.ID)})
		}
		if out.Called, err = tx.Labels(ctx, keys); err != nil {
			return err
		}
		out.Moves, err = s.moves(ctx, tx, caller, out.Group)
		return err
	})
	return out, err
}

// MovesOf tells whether the caller may change who is in a group.
func (s *Service) MovesOf(ctx context.Context, caller identity.Caller, g identity.Group) (m Moves, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		m, err = s.moves(ctx, tx, caller, g)
		return err
	})
	return m, err
}

func (s *Service) moves(ctx context.Context, tx *store.Tx, caller identity.Caller, g identity.Group) (m Moves, err error) {
	if m.Refused, err = s.move(ctx, tx, caller, g, authz.AddUserToGroup); err != nil {
		return m, err
	}
	fixed, err := s.move(ctx, tx, caller, g, authz.RemoveUserFromGroup)
	m.Adds, m.Removes = m.Refused == nil, err == nil && fixed == nil
	return m, err
}

// move tells why the caller may not bring somebody of a group's domain into it, or out of it.
func (s *Service) move(ctx context.Context, tx *store.Tx, caller identity.Caller, g identity.Group, action authz.Action) (refused, err error) {
	u := identity.User{DomainID: g.DomainID, Enabled: true}
	opened := s.Authz.Check(ctx, caller, action, authz.Target{"user": authz.User(u), "group": authz.Group(g)})
	if opened != nil && !errors.Is(opened, identity.Forbidden) {
		return nil, opened
	}
	err = s.Authority.Membership(ctx, tx, caller, opened, action == authz.AddUserToGroup, true, u, g.ID)
	if _, proof := errors.AsType[*authz.NeedsProofError](err); proof {
		return nil, nil
	}
	if errors.Is(err, identity.Forbidden) {
		return err, nil
	}
	return nil, err
}

// heldByGroups are the roles that groups have on a project, in the order of the grants.
func heldByGroups(project identity.ProjectID, grants []store.GroupGrant) (groups []GroupHere) {
	for _, g := range grants {
		a := identity.Assignment{Grant: identity.Grant{Role: g.Role, Group: g.Group, Project: project}}
		if g.Inherited {
			a.ViaProject, a.ViaDomain = g.Project, g.Domain
		}
		if n := len(groups); n == 0 || groups[n-1].GroupID != g.Group {
			groups = append(groups, GroupHere{GroupID: g.Group})
		}
		last := &groups[len(groups)-1]
		last.Members, last.Held = max(last.Members, g.Members), append(last.Held, a)
	}
	return groups
}

// GroupsHere returns the groups that have roles on a project, those inherited from above too, by name, with the counts that
// People has. The rule is that of People.
func (s *Service) GroupsHere(ctx context.Context, caller identity.Caller, project identity.ProjectID) (groups []GroupHere, count store.PeopleCount, called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.projectOfPeople(ctx, tx, caller, project); err != nil {
			return err
		}
		if count, err = tx.CountPeople(ctx, project); err != nil {
			return err
		}
		grants, err := tx.GroupsOnto(ctx, project)
		if err != nil {
			return err
		}
		groups = heldByGroups(project, grants)
		var all []identity.Assignment
		for _, g := range groups {
			all = append(all, g.Held...)
		}
		called, err = tx.Labels(ctx, mentioned(all))
		return err
	})
	return groups, count, called, err
}
