package assignment

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
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

	// Within confines a list of grants to those on a domain and on the projects in it, Roles to those of one of some roles, and EndsBefore to
	// those that end by themselves before a time. None of them touches what is effective.
	Within     identity.DomainID
	Roles      []identity.RoleID
	EndsBefore time.Time

	Limit int // the most to answer, no more than PieceLength; 0 is no limit
	From  Position
}

// Position is a place in a list of assignments: behind all that follows from the grants up to After, and behind so many more. The zero
// Position is the beginning.
type Position struct {
	After *identity.Grant
	Skip  int // 0 in a list that is not of what is effective
}

// filter is what the query asks of grants.
func (q Query) filter(within identity.DomainID) store.GrantFilter {
	return store.GrantFilter{
		Role: q.Role, Roles: q.Roles, User: q.User, Group: q.Group, Domain: q.Domain, Project: q.Project, Subtree: q.Subtree,
		Inherited: q.Inherited, Within: cmp.Or(within, q.Within), EndsBefore: q.EndsBefore, OnlySystem: q.System == "all", Limit: q.Limit, After: q.From.After,
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

// Piece is a part of a list of assignments.
type Piece struct {
	Assignments []identity.Assignment
	Names       Names     // of all that they mention, if asked for
	Rest        *Position // where the list goes on; nil at its end
}

// Assignments lists the assignments that a query asks for, with names if asked for. The holder of a domain-scoped token gets those on
// the domain and the projects in it.
func (s *Service) Assignments(ctx context.Context, caller identity.Caller, q Query, names bool) (found []identity.Assignment, called Names, err error) {
	called = Names{}
	err = s.EachPiece(ctx, caller, q, names, func(p Piece) error {
		found = append(found, p.Assignments...)
		maps.Copy(called, p.Names)
		return nil
	})
	return found, called, err
}

// PieceLength is how many grants of a list are read at a time, and the most assignments of a piece.
const PieceLength = 5000

var errEnough = errors.New("no more is wanted")

// EachPiece is Assignments for lists of any length: it hands them to take in pieces, at least one, so that none is in memory whole.
// No transaction is open meanwhile, so what is granted or revoked while the list is being taken may be in it or not.
func (s *Service) EachPiece(ctx context.Context, caller identity.Caller, q Query, names bool, take func(Piece) error) error {
	most := PieceLength
	if q.Limit > 0 {
		most = q.Limit
	}
	var p Piece
	tell := func() error {
		if names {
			err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
				p.Names, err = tx.Labels(ctx, mentioned(p.Assignments))
				return err
			})
			if err != nil {
				return err
			}
		}
		err := take(p)
		p = Piece{}
		return err
	}
	at := q.From
	err := s.each(ctx, caller, q, func(a identity.Assignment, next Position) error {
		if len(p.Assignments) == most {
			rest := at
			p.Rest = &rest
			if err := tell(); err != nil {
				return err
			}
			if q.Limit > 0 {
				return errEnough
			}
		}
		p.Assignments, at = append(p.Assignments, a), next
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	}
	return tell()
}

// each visits what a query asks for, and tells the position behind each.
func (s *Service) each(ctx context.Context, caller identity.Caller, q Query, visit func(identity.Assignment, Position) error) error {
	var f store.GrantFilter
	at := q.From
	for begun, more := false, true; more; begun = true {
		var grants []identity.Grant
		var e expansion
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			if !begun {
				if f, err = s.chosen(ctx, tx, caller, q); err != nil {
					return err
				}
			}
			f.After = at.After
			if grants, err = tx.Grants(ctx, f); err != nil || !q.Effective {
				return err
			}
			e, err = expand(ctx, tx, q, grants)
			return err
		})
		if err != nil {
			return err
		}
		more = len(grants) == f.Limit
		if !q.Effective {
			for i := range grants {
				at.After = &grants[i]
				if err := visit(identity.Assignment{Grant: grants[i]}, at); err != nil {
					return err
				}
			}
			continue
		}
		for run := range runs(grants, more) {
			passed := 0
			for a := range e.assignments(run) {
				if passed++; passed <= at.Skip {
					continue
				}
				if err := visit(a, Position{at.After, passed}); err != nil {
					return err
				}
			}
			at = Position{After: &run[len(run)-1]}
		}
	}
	return nil
}

// Granted are grants, with what is known of them.
type Granted struct {
	Page   identity.Page[identity.Grant]
	Terms  map[identity.Grant]identity.Terms
	Called Names // what all that they mention is called

	// Locked says why the caller may not take some of them back.
	Locked map[identity.Grant]error
}

// Granted returns a page of the grants that a query asks for. It takes the same number of queries however many there are.
func (s *Service) Granted(ctx context.Context, caller identity.Caller, q Query) (out Granted, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		within, err := s.allowedList(ctx, tx, caller, q)
		if err != nil {
			return err
		}
		out = Granted{}
		f := q.filter(within)
		f.Limit++
		if out.Page.Items, err = tx.Grants(ctx, f); err != nil {
			return err
		}
		if out.Page.More = len(out.Page.Items) > q.Limit; out.Page.More {
			out.Page.Items = out.Page.Items[:q.Limit]
		}
		var found []identity.Assignment
		var actors, targets []string
		for _, g := range out.Page.Items {
			found = append(found, identity.Assignment{Grant: g})
			actors, targets = append(actors, string(g.User)+string(g.Group)), append(targets, string(g.Project)+string(g.Domain))
		}
		if out.Called, err = tx.Labels(ctx, mentioned(found)); err != nil || len(found) == 0 {
			return err
		}
		slices.Sort(targets)
		if out.Terms, err = tx.TermsOn(ctx, actors, slices.Compact(targets)); err != nil {
			return err
		}
		out.Locked, err = s.locked(ctx, tx, caller, out.Page.Items)
		return err
	})
	return out, err
}

// locked says of grants why the caller may not take them back.
func (s *Service) locked(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant) (map[identity.Grant]error, error) {
	var users []identity.UserID
	var groups []identity.GroupID
	var places []identity.ProjectID
	for _, g := range grants {
		users, groups = append(users, g.User), append(groups, g.Group)
		if !g.System {
			places = append(places, source(g))
		}
	}
	people, err := tx.UsersByID(ctx, users)
	if err != nil {
		return nil, err
	}
	bands, err := tx.GroupsByID(ctx, groups)
	if err != nil {
		return nil, err
	}
	line, err := tx.Lineage(ctx, places)
	if err != nil {
		return nil, err
	}
	all, err := openBook(ctx, tx)
	if err != nil {
		return nil, err
	}
	asked := make([]authority.Revocation, len(grants))
	for i, g := range grants {
		v := authority.Revocation{Grant: g}
		target := authz.Target{"role": authz.Role(all.roles[g.Role])}
		if u, there := people[g.User]; there {
			v.Who.User, target["user"] = &u, authz.User(u)
		} else if b, there := bands[g.Group]; there {
			v.Who.Group, target["group"] = &b, authz.Group(b)
		}
		if g.Domain != "" {
			target["domain"] = authz.Domain(line[source(g)].AsDomain())
		} else if g.Project != "" {
			target["project"] = authz.Project(line[g.Project])
		}
		v.Opened = s.Authz.Check(ctx, caller, revoke.action(g), target)
		asked[i] = v
	}
	refused, err := s.Authority.Revocable(ctx, tx, caller, asked)
	locked := map[identity.Grant]error{}
	for i, why := range refused {
		if why != nil {
			locked[grants[i]] = why
		}
	}
	return locked, err
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

// chosen authorizes a list and tells which grants it is made from.
func (s *Service) chosen(ctx context.Context, tx *store.Tx, caller identity.Caller, q Query) (store.GrantFilter, error) {
	within, err := s.allowedList(ctx, tx, caller, q)
	if err != nil {
		return store.GrantFilter{}, err
	}
	if q.Effective {
		return q.sources(within), exists(ctx, tx, q)
	}
	f := q.filter(within)
	if f.Limit++; q.Limit == 0 {
		f.Limit = PieceLength
	}
	return f, nil
}

// sources chooses the grants that what the query asks for, which is effective, can follow from.
func (q Query) sources(within identity.DomainID) store.GrantFilter {
	f := store.GrantFilter{
		User: q.User, Member: true, Domain: q.Domain, Project: q.Project, Subtree: q.Subtree, Inherits: true,
		Inherited: q.Inherited, Within: within, NoSystem: true, Limit: PieceLength,
	}
	if q.Domain != "" {
		f.Inherited = new(bool) // domains inherit nothing
	}
	return f
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

// expansion tells what follows from grants (_list_effective_role_assignments in keystone/assignment/core.py).
type expansion struct {
	query   Query
	below   map[identity.ProjectID][]identity.ProjectID // a project's children
	members map[identity.GroupID][]identity.UserID
	rules   store.RoleRules
}

func expand(ctx context.Context, tx *store.Tx, q Query, grants []identity.Grant) (e expansion, err error) {
	e.query = q
	if e.below, err = descendants(ctx, tx, q, grants); err != nil {
		return e, err
	}
	if q.User == "" {
		if e.members, err = tx.Members(ctx, groupsOf(grants)); err != nil {
			return e, err
		}
	}
	e.rules, err = tx.RoleRules(ctx)
	return e, err
}

// runs are the grants of one actor on one target each, in the order in which they came. If more grants follow, the last run may go on
// in them, and is left out unless it is the only one.
func runs(grants []identity.Grant, more bool) iter.Seq[[]identity.Grant] {
	alike := func(a, b identity.Grant) bool {
		a.Role, a.Inherited = b.Role, b.Inherited
		return a == b
	}
	return func(yield func([]identity.Grant) bool) {
		for begin, end := 0, 0; begin < len(grants); begin = end {
			for end < len(grants) && alike(grants[begin], grants[end]) {
				end++
			}
			if end == len(grants) && more && begin > 0 || !yield(grants[begin:end]) {
				return
			}
		}
	}
}

// assignments are those to users that follow from the grants of one actor on one target.
func (e expansion) assignments(run []identity.Grant) iter.Seq[identity.Assignment] {
	users := []identity.UserID{run[0].User}
	if group := run[0].Group; group != "" {
		if users = e.members[group]; e.query.User != "" {
			users = []identity.UserID{e.query.User}
		}
	}
	return func(yield func(identity.Assignment) bool) {
		for _, inherited := range []bool{false, true} {
			held := e.held(run, inherited)
			if len(held) == 0 {
				continue
			}
			projects := []identity.ProjectID{run[0].Project}
			if inherited {
				projects = e.heirs(e.query, source(run[0]))
			}
			for _, user := range users {
				for _, project := range projects {
					for _, a := range held {
						if a.User, a.Project = user, project; !yield(a) {
							return
						}
					}
				}
			}
		}
	}
}

// held are what follows from the inherited grants of a run, or from its others, as far as the query asks for these roles: one
// assignment each, of which each user gets a copy on each project.
func (e expansion) held(run []identity.Grant, inherited bool) (all []identity.Assignment) {
	for _, g := range run {
		if g.Inherited != inherited {
			continue
		}
		a := identity.Assignment{Grant: g, Via: identity.Via{ViaGroup: g.Group}}
		if a.Group = ""; inherited {
			a.ViaProject, a.ViaDomain, a.Domain, a.Inherited = g.Project, g.Domain, "", false
		}
		all = append(all, a)
	}
	return slices.DeleteFunc(imply(all, e.rules), func(a identity.Assignment) bool {
		return !e.rules.Global[a.Role] || e.query.Role != "" && a.Role != e.query.Role
	})
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
