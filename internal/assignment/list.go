package assignment

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Query asks for assignments. Empty fields ask for all.
type Query struct {
	Role      identity.RoleID
	User      identity.UserID
	Group     identity.GroupID
	Domain    identity.DomainID
	Project   identity.ProjectID
	System    string // "all" asks for those on the system; other text for nothing, but not beside a domain or project
	Inherited *bool

	// Subtree adds the projects below Project, which must be set.
	Subtree bool

	// Effective asks for what users hold in the end rather than for what was granted: the grants of groups become their
	// members', inherited ones appear on the projects that inherit them, and implied roles are added. Roles of domains,
	// which count for nothing by themselves, are left out, and so is, as upstream has it, the system.
	Effective bool

	// Within confines a list of grants to those on a domain and on the projects in it. Limit is the most grants to answer; 0
	// is no limit. Both leave what is effective alone.
	Within identity.DomainID
	Limit  int

	Roles []identity.RoleID // one of these, if any are named
	After *identity.Grant   // of a list of grants, only what follows this one
}

// filter is what the query asks of grants.
func (q Query) filter(within identity.DomainID) store.GrantFilter {
	return store.GrantFilter{
		Role: q.Role, Roles: q.Roles, User: q.User, Group: q.Group, Domain: q.Domain, Project: q.Project, Subtree: q.Subtree,
		Inherited: q.Inherited, Within: cmp.Or(within, q.Within), OnlySystem: q.System == "all", Limit: q.Limit, After: q.After,
	}
}

// check refuses combinations that make no sense, in upstream's words (keystone/api/role_assignments.py).
func (q Query) check() error {
	switch {
	case q.Subtree && q.Project == "":
		return identity.Invalidf("scope.project.id must be specified if include_subtree is also specified")
	case q.Domain != "" && q.Project != "":
		return identity.Invalidf("Specify a domain or project, not both")
	case q.Domain != "" && q.System != "":
		return identity.Invalidf("Specify system or domain, not both")
	case q.Project != "" && q.System != "":
		return identity.Invalidf("Specify system or project, not both")
	case q.User != "" && q.Group != "":
		return identity.Invalidf("Specify a user or group, not both")
	case q.Effective && q.Group != "":
		return identity.Invalidf("Combining effective and group filter will always result in an empty list.")
	case q.Effective && q.inherited() && q.Domain != "":
		return identity.Invalidf("Combining effective, domain and inherited filters will always result in an empty list.")
	}
	return nil
}

func (q Query) inherited() bool { return q.Inherited != nil && *q.Inherited }

// Names are what the actors, targets and roles of a list are called, by "user", "group", "role" or "project" and id;
// domains are found as projects. What is gone has no name.
type Names map[store.Key]store.Label

// Of returns what an entity is called.
func (n Names) Of(kind, id string) store.Label { return n[store.Key{Kind: kind, ID: id}] }

// Assignments lists assignments, with names if asked for. The holder of a domain-scoped token gets those on the domain
// and the projects in it.
func (s *Service) Assignments(ctx context.Context, caller identity.Caller, q Query, names bool) (found []identity.Assignment, called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		within, err := s.allowedList(ctx, tx, caller, q)
		if err != nil {
			return err
		}
		if q.Effective {
			found, err = effective(ctx, tx, q, within)
		} else {
			found, err = granted(ctx, tx, q, within)
		}
		if err != nil || !names {
			return err
		}
		called, err = tx.Labels(ctx, mentioned(found))
		return err
	})
	return found, called, err
}

// Granted returns a page of the grants that a query asks for, with what is known of each and what all that they mention is called.
func (s *Service) Granted(ctx context.Context, caller identity.Caller, q Query) (page identity.Page[identity.Grant], terms map[identity.Grant]identity.Terms, called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		within, err := s.allowedList(ctx, tx, caller, q)
		if err != nil {
			return err
		}
		limit := q.Limit
		q.Limit++
		found, err := granted(ctx, tx, q, within)
		if err != nil {
			return err
		}
		if page.More = len(found) > limit; page.More {
			found = found[:limit]
		}
		var actors, targets []string
		for _, a := range found {
			page.Items = append(page.Items, a.Grant)
			actors, targets = append(actors, string(a.User)+string(a.Group)), append(targets, string(a.Project)+string(a.Domain))
		}
		if called, err = tx.Labels(ctx, mentioned(found)); err != nil || len(found) == 0 {
			return err
		}
		slices.Sort(targets)
		terms, err = tx.TermsOn(ctx, actors, slices.Compact(targets))
		return err
	})
	return page, terms, called, err
}

// CountGrants counts the grants that a query asks for, by what they are to, of or on (store.ByActor …), a page at a time.
func (s *Service) CountGrants(ctx context.Context, caller identity.Caller, q Query, by, after string, limit int) (page identity.Page[store.GrantCount], called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		within, err := s.allowedList(ctx, tx, caller, q)
		if err != nil {
			return err
		}
		if page, err = tx.CountGrants(ctx, q.filter(within), by, after, limit); err != nil {
			return err
		}
		var some []identity.Assignment
		for _, c := range page.Items {
			some = append(some, identity.Assignment{Grant: identity.Grant{User: c.User, Group: c.Group, Role: c.Role, Project: c.Project}})
		}
		called, err = tx.Labels(ctx, mentioned(some))
		return err
	})
	return page, called, err
}

// CheckListIn refuses who may not list the role assignments in a domain.
func (s *Service) CheckListIn(ctx context.Context, caller identity.Caller, domain identity.DomainID) error {
	if in := caller.Token; in != nil && in.Scope.DomainID() != "" && in.Scope.DomainID() != domain {
		return identity.NotAllowed(string(authz.ListRoleAssignments))
	}
	return s.Authz.Check(ctx, caller, authz.ListRoleAssignments, authz.Target{"domain_id": string(domain)})
}

// allowedList authorizes a list and checks its query. It returns the domain that the list is confined to, if it is.
func (s *Service) allowedList(ctx context.Context, tx *store.Tx, caller identity.Caller, q Query) (within identity.DomainID, err error) {
	action := authz.ListRoleAssignments
	var target authz.Target
	var missing error
	if q.Subtree {
		action = authz.ListRoleAssignmentsForTree
		var p identity.Project
		if p, missing = tx.Project(ctx, q.Project); missing == nil {
			project := authz.Project(p)
			target = authz.Target{"project": project, "domain_id": project["domain_id"]}
		}
	} else if caller.Token != nil && caller.Token.Scope.DomainID() != "" {
		within = caller.Token.Scope.DomainID()
		target = authz.Target{"domain_id": string(within)}
	}
	if err := s.Authz.Check(ctx, caller, action, target); err != nil {
		return "", err
	}
	if err := q.check(); err != nil {
		return "", err
	}
	return within, missing
}

// granted lists grants as they are.
func granted(ctx context.Context, tx *store.Tx, q Query, within identity.DomainID) ([]identity.Assignment, error) {
	grants, err := tx.Grants(ctx, q.filter(within))
	found := make([]identity.Assignment, len(grants))
	for i, g := range grants {
		found[i].Grant = g
	}
	return found, err
}

// effective lists what follows from the grants (_list_effective_role_assignments in keystone/assignment/core.py).
func effective(ctx context.Context, tx *store.Tx, q Query, within identity.DomainID) ([]identity.Assignment, error) {
	if err := exists(ctx, tx, q); err != nil {
		return nil, err
	}
	direct := false
	f := store.GrantFilter{
		User: q.User, Member: true, Domain: q.Domain, Project: q.Project, Subtree: q.Subtree, Inherits: true,
		Inherited: q.Inherited, Within: within, NoSystem: true,
	}
	if q.Domain != "" {
		f.Inherited = &direct // domains inherit nothing
	}
	grants, err := tx.Grants(ctx, f)
	if err != nil {
		return nil, err
	}
	var e expansion
	if e.below, err = descendants(ctx, tx, q, grants); err != nil {
		return nil, err
	}
	if q.User == "" {
		if e.members, err = tx.Members(ctx, groupsOf(grants)); err != nil {
			return nil, err
		}
	}
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	var found []identity.Assignment
	for _, g := range grants {
		found = append(found, e.expand(q, g)...)
	}
	found = imply(found, rules)
	return slices.DeleteFunc(found, func(a identity.Assignment) bool {
		return !rules.Global[a.Role] || q.Role != "" && a.Role != q.Role
	}), nil
}

// exists refuses a project or user that is not there, where upstream looks.
func exists(ctx context.Context, tx *store.Tx, q Query) error {
	if q.Project != "" && (q.Inherited == nil || *q.Inherited) {
		if found, err := tx.ProjectExists(ctx, q.Project); err != nil {
			return err
		} else if !found {
			return identity.Missing("project", q.Project)
		}
	}
	if q.User != "" {
		if found, err := tx.UserExists(ctx, q.User); err != nil {
			return err
		} else if !found {
			return identity.Missing("user", q.User)
		}
	}
	return nil
}

func groupsOf(grants []identity.Grant) []identity.GroupID {
	groups := map[identity.GroupID]bool{}
	for _, g := range grants {
		if g.Group != "" {
			groups[g.Group] = true
		}
	}
	return slices.Collect(maps.Keys(groups))
}

// descendants loads the trees that the expansion of inherited grants walks: what is below the query's project, or below
// the targets of all inherited grants.
func descendants(ctx context.Context, tx *store.Tx, q Query, grants []identity.Grant) (map[identity.ProjectID][]identity.ProjectID, error) {
	roots := map[identity.ProjectID]bool{}
	switch {
	case q.Project != "" && !q.Subtree:
		return nil, nil
	case q.Project != "":
		roots[q.Project] = true
	default:
		for _, g := range grants {
			if g.Inherited {
				roots[source(g)] = true
			}
		}
	}
	nodes, err := tx.Below(ctx, slices.Collect(maps.Keys(roots)))
	children := map[identity.ProjectID][]identity.ProjectID{}
	for _, n := range nodes {
		children[n.Parent] = append(children[n.Parent], n.ID)
	}
	return children, err
}

// source is where a grant is inherited from. A domain has the id of the project that stands for it.
func source(g identity.Grant) identity.ProjectID {
	if g.Domain != "" {
		return identity.ProjectID(g.Domain)
	}
	return g.Project
}

// expansion turns grants into what members and projects below have of them.
type expansion struct {
	below   map[identity.ProjectID][]identity.ProjectID // a project's children
	members map[identity.GroupID][]identity.UserID
}

// expand returns the assignments to users that follow from one grant.
func (e expansion) expand(q Query, g identity.Grant) (out []identity.Assignment) {
	users, via := []identity.UserID{g.User}, identity.Via{}
	if g.Group != "" {
		users, via.ViaGroup = e.members[g.Group], g.Group
		if q.User != "" {
			users = []identity.UserID{q.User}
		}
	}
	targets := []identity.ProjectID{g.Project}
	if g.Inherited {
		via.ViaProject, via.ViaDomain = g.Project, g.Domain
		targets = e.heirs(q, source(g))
	}
	for _, user := range users {
		for _, project := range targets {
			a := identity.Assignment{Grant: g, Via: via}
			a.User, a.Group, a.Project = user, "", project
			if g.Inherited {
				a.Domain, a.Inherited = "", false
			}
			out = append(out, a)
		}
	}
	return out
}

// heirs are the projects of the query that inherit from a project or domain.
func (e expansion) heirs(q Query, from identity.ProjectID) []identity.ProjectID {
	if q.Project == "" {
		return e.walk(from)
	}
	if !q.Subtree {
		return []identity.ProjectID{q.Project}
	}
	inside := append([]identity.ProjectID{q.Project}, e.walk(q.Project)...)
	if slices.Contains(inside, from) {
		return e.walk(from)
	}
	return inside
}

// walk returns all projects below one.
func (e expansion) walk(from identity.ProjectID) (all []identity.ProjectID) {
	seen := map[identity.ProjectID]bool{from: true}
	next := []identity.ProjectID{from}
	for len(next) > 0 {
		p := next[0]
		next = next[1:]
		for _, child := range e.below[p] {
			if !seen[child] {
				seen[child] = true
				all, next = append(all, child), append(next, child)
			}
		}
	}
	return all
}

// imply adds the assignments that follow by rules from those given. Each names the role that implies its own; roles that
// imply each other end where they began.
func imply(found []identity.Assignment, rules store.RoleRules) []identity.Assignment {
	seen := map[identity.Assignment]bool{}
	out := slices.Clone(found)
	for _, next := range found {
		todo := []identity.Assignment{next}
		for len(todo) > 0 {
			a := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, role := range rules.Implied[a.Role] {
				implied := a
				implied.Role, implied.ViaRole = role, a.Role
				if !seen[implied] {
					seen[implied] = true
					out, todo = append(out, implied), append(todo, implied)
				}
			}
		}
	}
	return out
}

// mentioned are the keys of all that assignments name.
func mentioned(found []identity.Assignment) []store.Key {
	seen := map[store.Key]bool{}
	for _, a := range found {
		for _, k := range []store.Key{
			{Kind: "user", ID: string(a.User)}, {Kind: "group", ID: string(a.Group)}, {Kind: "role", ID: string(a.Role)},
			{Kind: "project", ID: string(a.Project)}, {Kind: "project", ID: string(a.Domain)},
			{Kind: "group", ID: string(a.ViaGroup)}, {Kind: "role", ID: string(a.ViaRole)},
			{Kind: "project", ID: string(a.ViaProject)}, {Kind: "project", ID: string(a.ViaDomain)},
		} {
			if k.ID != "" {
				seen[k] = true
			}
		}
	}
	return slices.Collect(maps.Keys(seen))
}
