package assignment

import (
	"cmp"
	"context"
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

	// Revocable are those of the granted roles that the caller may take back.
	Revocable []identity.RoleID
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
	Offers []identity.Role
}

// SeesPeople tells whether the caller may learn who has which role on a project, by the rule that guards the list of all role
// assignments on it and below it.
func (s *Service) SeesPeople(ctx context.Context, caller identity.Caller, p identity.Project) bool {
	return s.Authz.Allowed(ctx, caller, authz.ListRoleAssignmentsForTree, treeOf(p))
}

func treeOf(p identity.Project) authz.Target {
	facts := authz.Project(p)
	return authz.Target{"project": facts, "domain_id": facts["domain_id"]}
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
		roles, err := tx.Roles(ctx, identity.Query{})
		if err != nil {
			return err
		}
		out.Offers = s.offers(ctx, caller, p, identity.User{DomainID: p.DomainID}, roles.Items)
		out.Page.More = page.More
		out.Page.Items, out.Called, err = s.persons(ctx, tx, caller, p, page.Items, roles.Items)
		return err
	})
	return out, err
}

// projectOfPeople returns a project whose people the caller may see.
func (s *Service) projectOfPeople(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.ProjectID) (identity.Project, error) {
	p, missing := tx.Project(ctx, id)
	target := authz.Target{}
	if missing == nil {
		target = treeOf(p)
	}
	return p, s.Authz.CheckFound(ctx, caller, authz.ListRoleAssignmentsForTree, target, missing)
}

// offers are the roles that the caller may grant to a user on a project.
func (s *Service) offers(ctx context.Context, caller identity.Caller, p identity.Project, u identity.User, roles []identity.Role) (may []identity.Role) {
	for _, r := range roles {
		if (r.DomainID == "" || r.DomainID == p.DomainID) && s.mayGrant(ctx, caller, create, p, u, r) {
			may = append(may, r)
		}
	}
	slices.SortFunc(may, func(a, b identity.Role) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return may
}

func (s *Service) mayGrant(ctx context.Context, caller identity.Caller, v verb, p identity.Project, u identity.User, r identity.Role) bool {
	return s.Authz.Allowed(ctx, caller, v.action(identity.Grant{User: u.ID, Project: p.ID}),
		authz.Target{"project": authz.Project(p), "user": authz.User(u), "role": authz.Role(r)})
}

// persons loads what users have on a project. Those who are not there are left out.
func (s *Service) persons(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.Project, ids []identity.UserID, roles []identity.Role) ([]Person, Names, error) {
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	held, err := tx.HoldingsOf(ctx, project.ID, ids)
	if err != nil {
		return nil, nil, err
	}
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, nil, err
	}
	held = imply(held, rules)
	// The role of a domain counts where it was granted, as something to take back, and for what it implies.
	held = slices.DeleteFunc(held, func(a identity.Assignment) bool { return !rules.Global[a.Role] && a.Via != (identity.Via{}) })
	known := make(map[identity.RoleID]identity.Role, len(roles))
	for _, r := range roles {
		known[r.ID] = r
	}
	at := map[identity.UserID]int{}
	var people []Person
	for _, id := range ids {
		if u, there := users[id]; there {
			at[id] = len(people)
			people = append(people, Person{User: u})
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
			if s.mayGrant(ctx, caller, revoke, project, p.User, known[id]) {
				p.Revocable = append(p.Revocable, id)
			}
		}
		if p.Known = s.Authz.Allowed(ctx, caller, authz.GetUser, authz.Target{"user": authz.User(p.User)}); !p.Known {
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
		var all []identity.Assignment
		for _, g := range grants {
			a := identity.Assignment{Grant: identity.Grant{Role: g.Role, Group: g.Group, Project: project}}
			if g.Inherited {
				a.ViaProject, a.ViaDomain = g.Project, g.Domain
			}
			all = append(all, a)
			if n := len(groups); n == 0 || groups[n-1].GroupID != g.Group {
				groups = append(groups, GroupHere{GroupID: g.Group})
			}
			last := &groups[len(groups)-1]
			last.Members, last.Held = max(last.Members, g.Members), append(last.Held, a)
		}
		called, err = tx.Labels(ctx, mentioned(all))
		return err
	})
	return groups, count, called, err
}
