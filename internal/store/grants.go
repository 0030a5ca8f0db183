package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// A grant is a row of "assignment", or of "system_assignment" when its target is the system. Type names the kinds of
// actor and target; neither is tied by a foreign key (keystone/assignment/backends/sql.py).

// grantKey gives a grant's table, and its type, actor and target as Keystone stores them.
func grantKey(g identity.Grant) (table, kind, actor, target string) {
	table, kind, actor = "assignment", "User", string(g.User)
	if g.Group != "" {
		kind, actor = "Group", string(g.Group)
	}
	switch {
	case g.System:
		return "system_assignment", kind + "System", actor, "system"
	case g.Domain != "":
		return table, kind + "Domain", actor, string(g.Domain)
	default:
		return table, kind + "Project", actor, string(g.Project)
	}
}

// PutGrant is PutGrantFor for a grant of which nothing more is known.
func (tx *Tx) PutGrant(ctx context.Context, g identity.Grant) error {
	return tx.PutGrantFor(ctx, g, identity.Terms{})
}

// PutGrantFor writes a grant with its terms, unless it is there already and ends when they say. It fails with
// identity.NotFound when role or target are gone. An actor that is in no table is taken to live in a directory.
func (tx *Tx) PutGrantFor(ctx context.Context, g identity.Grant, t identity.Terms) error {
	table, kind, actor, target := grantKey(g)
	// Many who put the same grant would wait for each other, and lose in turns, only to change nothing.
	if found, err := tx.HasGrant(ctx, g); err != nil {
		return err
	} else if found {
		if now, err := tx.Terms(ctx, g); err != nil || now.Until.Equal(t.Until) {
			return err
		}
	}
	entity := "user"
	if g.Group != "" {
		entity = "group"
	}
	if _, err := tx.lockParent(ctx, entity, actor); err != nil {
		return err
	}
	if found, err := tx.lockParent(ctx, "role", string(g.Role)); err != nil {
		return err
	} else if !found {
		return identity.Missing("role", g.Role)
	}
	if !g.System {
		found, err := tx.lockParent(ctx, "project", target)
		switch {
		case err != nil:
			return err
		case !found && g.Domain != "":
			return identity.Missing("domain", g.Domain)
		case !found:
			return identity.Missing("project", g.Project)
		}
	}
	tx.touch("grants", actor)
	if err := tx.putTerms(ctx, g, t); err != nil {
		return err
	}
	return tx.upsert(ctx, table, 5, []string{"type", "actor_id", "target_id", "role_id", "inherited"}, kind, actor, target, g.Role, g.Inherited)
}

const grantMatch = ` WHERE "type" = ? AND "actor_id" = ? AND "target_id" = ? AND "role_id" = ? AND "inherited" = ?`

// HasGrant tells whether a grant is there.
func (tx *Tx) HasGrant(ctx context.Context, g identity.Grant) (bool, error) {
	table, kind, actor, target := grantKey(g)
	lasts, more := tx.unended(table)
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "`+table+`"`+grantMatch+` AND `+lasts,
		append([]any{kind, actor, target, g.Role, g.Inherited}, more...)...)
	return len(found) > 0, err
}

// DeleteGrant takes a grant back and tells whether there was one. Tokens that live on other roles stay good; those that
// are left without a role die at their next validation.
func (tx *Tx) DeleteGrant(ctx context.Context, g identity.Grant) (bool, error) {
	table, kind, actor, target := grantKey(g)
	tx.touch("grants", actor)
	lasts, more := tx.unended(table)
	args := []any{kind, actor, target, g.Role, g.Inherited}
	n, err := tx.exec(ctx, `DELETE FROM "`+table+`"`+grantMatch+` AND `+lasts, append(slices.Clone(args), more...)...)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec(ctx, `DELETE FROM "lintel_grant_meta"`+grantMatch, args...)
	return true, err
}

// GrantedRoles returns the roles that were granted to an actor on a target, whatever role g names, ordered by id.
func (tx *Tx) GrantedRoles(ctx context.Context, g identity.Grant) ([]identity.Role, error) {
	table, kind, actor, target := grantKey(g)
	lasts, more := tx.unended(table)
	roles, err := list(ctx, tx, scanRole, `SELECT `+roleColumns+` FROM "role" WHERE "id" IN (SELECT "role_id" FROM "`+table+`"
		WHERE "type" = ? AND "actor_id" = ? AND "target_id" = ? AND "inherited" = ? AND `+lasts+`) ORDER BY "id"`,
		append([]any{kind, actor, target, g.Inherited}, more...)...)
	if err != nil {
		return nil, err
	}
	return roles, tx.completeAllRoles(ctx, roles)
}

// GrantFilter chooses grants. Empty fields choose all.
type GrantFilter struct {
	Role  identity.RoleID
	User  identity.UserID
	Group identity.GroupID

	// Member also chooses the grants of the groups that User is in.
	Member bool

	// Domain and Project are targets. A filter with either chooses no grant on the system.
	Domain  identity.DomainID
	Project identity.ProjectID

	Subtree  bool // Project stands for all projects below it too
	Inherits bool // of the inherited grants, choose not those on Project but those that it, or its subtree, inherits

	Inherited *bool // chooses among the grants on domains and projects

	// Within chooses grants on a domain and on the projects in it.
	Within identity.DomainID

	NoSystem, OnlySystem bool

	Roles []identity.RoleID // one of these, if any are named

	EndsBefore time.Time // chooses those that end by themselves, before a time

	Limit int             // choose no more than the first so many; 0 is no limit
	After *identity.Grant // and, beside a limit, only what follows this one in the order of Grants
}

// On servers the type is an enumeration in the one table, and text in the other.
const grantColumns = `SELECT CONCAT("type", ''), "actor_id", "target_id", "role_id", "inherited" FROM `

// Grants returns the grants that a filter chooses, ordered by type, actor, target and role.
func (tx *Tx) Grants(ctx context.Context, f GrantFilter) ([]identity.Grant, error) {
	with, args := f.trees()
	var parts []string
	if f.Limit > 0 {
		parts, args = f.stretches(tx, args)
	} else {
		for _, table := range f.tables() {
			s := f.in(tx, table)
			parts, args = append(parts, grantColumns+`"`+table+`"`+s.sql()), append(args, s.args...)
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	stmt := with + strings.Join(parts, ` UNION ALL `) + ` ORDER BY 1, 2, 3, 4, 5`
	if f.Limit > 0 {
		stmt, args = stmt+` LIMIT ?`, append(args, f.Limit)
	}
	return list(ctx, tx, scanGrant, stmt, args...)
}

// stretches are the SELECTs of the first grants of each type, so that each reads no more of its table than a stretch of one index.
func (f GrantFilter) stretches(tx *Tx, args []any) (parts []string, _ []any) {
	after, actor, target := "", "", ""
	if f.After != nil {
		_, after, actor, target = grantKey(*f.After)
	}
	tables := f.tables()
	for _, k := range []struct{ kind, table string }{ // in the order of lists
		{"GroupDomain", "assignment"}, {"GroupProject", "assignment"}, {"GroupSystem", "system_assignment"},
		{"UserDomain", "assignment"}, {"UserProject", "assignment"}, {"UserSystem", "system_assignment"},
	} {
		of := f
		if k.kind[0] == 'U' {
			of.Member = false
		} else if f.Member {
			of.User = ""
		}
		if k.kind < after || !slices.Contains(tables, k.table) || k.kind[0] == 'U' && f.Group != "" || k.kind[0] == 'G' && of.User != "" {
			continue
		}
		s := of.in(tx, k.table)
		s.also(`"type" = '` + k.kind + `'`)
		if k.kind[0] == 'G' && f.Member && f.User != "" {
			member, more := tx.groupsOf(f.User)
			s.also(`"actor_id" IN `+member, more...)
		}
		if k.kind == after { // said so that MariaDB, too, sees where the stretch begins
			s.also(`"actor_id" >= ? AND ("actor_id" > ? OR "target_id" > ? OR "target_id" = ? AND ("role_id" > ? OR "role_id" = ? AND "inherited" > ?))`,
				actor, actor, target, target, f.After.Role, f.After.Role, f.After.Inherited)
		}
		parts = append(parts, `SELECT * FROM (`+grantColumns+`"`+k.table+`"`+s.sql()+
			` ORDER BY "actor_id", "target_id", "role_id", "inherited" LIMIT ?) "`+k.kind+`"`)
		args = append(append(args, s.args...), f.Limit)
	}
	return parts, args
}

// tables are those that the filter chooses from.
func (f GrantFilter) tables() (all []string) {
	if !f.OnlySystem {
		all = append(all, "assignment")
	}
	if !f.NoSystem && f.Domain == "" && f.Project == "" && f.Within == "" {
		all = append(all, "system_assignment")
	}
	return all
}

// in is what the filter asks of a table's rows.
func (f GrantFilter) in(tx *Tx, table string) selection {
	if table == "system_assignment" {
		return f.actors(tx, table, `'UserSystem'`, `'GroupSystem'`)
	}
	s := f.actors(tx, table, `'UserProject', 'UserDomain'`, `'GroupProject', 'GroupDomain'`)
	f.targets(&s)
	return s
}

// Holders are the users whom grants are to, and the members of the groups among them: each once, in the order of their ids.
func (tx *Tx) Holders(ctx context.Context, grants []identity.Grant) (users []identity.UserID, err error) {
	var groups []identity.GroupID
	for _, g := range grants {
		if g.Group != "" {
			groups = append(groups, g.Group)
		} else {
			users = append(users, g.User)
		}
	}
	members, err := tx.Members(ctx, groups)
	for _, some := range members {
		users = append(users, some...)
	}
	slices.Sort(users)
	return slices.Compact(users), err
}

// GrantCount is how many grants have something in common.
type GrantCount struct {
	User  identity.UserID
	Group identity.GroupID
	Role  identity.RoleID

	Project identity.ProjectID // or the domain of this id
	Grants  int
}

// What grants are counted by.
const (
	ByActor  = "actor"
	ByRole   = "role"
	ByTarget = "target"
)

// CountGrants counts the grants that a filter chooses, on the system alone or beside it, by what they are to, of or on: a page in the
// order of ids, of those after one.
func (tx *Tx) CountGrants(ctx context.Context, f GrantFilter, by, after string, limit int) (page identity.Page[GrantCount], err error) {
	table := "assignment"
	if f.OnlySystem {
		table = "system_assignment"
	}
	s := f.in(tx, table)
	with, args := f.trees()
	key := map[string]string{ByActor: `"actor_id"`, ByRole: `"role_id"`, ByTarget: `"target_id"`}[by]
	if after != "" {
		s.also(key+` > ?`, after)
	}
	page.Items, err = list(ctx, tx, func(row scanner) (c GrantCount, err error) {
		var id, kind string
		err = row.Scan(&id, &kind, &c.Grants)
		switch {
		case by == ByRole:
			c.Role = identity.RoleID(id)
		case by == ByTarget:
			c.Project = identity.ProjectID(id)
		case err == nil && kind[0] == 'U':
			c.User = identity.UserID(id)
		default:
			c.Group = identity.GroupID(id)
		}
		return c, err
	}, with+`SELECT `+key+`, MAX(CONCAT("type", '')), COUNT(*) FROM "`+table+`"`+s.sql()+` GROUP BY `+key+` ORDER BY `+key+` LIMIT ?`,
		append(append(args, s.args...), limit+1)...)
	if page.More = len(page.Items) > limit; page.More {
		page.Items = page.Items[:limit]
	}
	return page, err
}

// trees names the sets of projects that targets compares with: those inside the filter's project, and those above it
// with the domain.
func (f GrantFilter) trees() (with string, args []any) {
	if f.Project == "" {
		return "", nil
	}
	with = `WITH RECURSIVE "inside" ("id") AS (SELECT "id" FROM "project" WHERE "id" = ?`
	if f.Subtree {
		with += ` UNION SELECT p."id" FROM "project" p JOIN "inside" i ON p."parent_id" = i."id"`
	}
	return with + `), "above" ("id", "parent_id") AS (SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
		UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" a ON p."id" = a."parent_id") `, []any{f.Project, f.Project}
}

// actors is the part of a filter that is alike for both tables but for their types of users' and groups' grants.
func (f GrantFilter) actors(tx *Tx, table, users, groups string) (s selection) {
	lasts, args := tx.unended(table)
	s.also(lasts, args...)
	if f.Role != "" {
		s.also(`"role_id" = ?`, f.Role)
	}
	if !f.EndsBefore.IsZero() {
		s.also(`EXISTS (SELECT 1 FROM "lintel_grant_meta" e WHERE `+metaOf(table)+` AND e."expires_at" < ?)`, f.EndsBefore)
	}
	if len(f.Roles) > 0 {
		some, args := in(f.Roles)
		s.also(`"role_id" IN `+some, args...)
	}
	user, group := `"type" IN (`+users+`)`, `"type" IN (`+groups+`)`
	switch {
	case f.User != "" && f.Member:
		member, args := tx.groupsOf(f.User)
		s.also(`("actor_id" = ? AND `+user+` OR `+group+` AND "actor_id" IN `+member+`)`, append([]any{f.User}, args...)...)
	case f.User != "":
		s.also(`"actor_id" = ? AND `+user, f.User)
	case f.Group != "":
		s.also(`"actor_id" = ? AND `+group, f.Group)
	}
	return s
}

func (f GrantFilter) targets(s *selection) {
	const onProject, onDomain = `"type" IN ('UserProject', 'GroupProject')`, `"type" IN ('UserDomain', 'GroupDomain')`
	if f.Inherited != nil {
		s.also(`"inherited" = ?`, *f.Inherited)
	}
	if f.Domain != "" {
		s.also(onDomain+` AND "target_id" = ?`, f.Domain)
	}
	if f.Project != "" {
		const inside = `"target_id" IN (SELECT "id" FROM "inside")`
		condition, args := onProject+` AND `+inside, []any(nil)
		if f.Inherits {
			above := `"target_id" IN (SELECT "id" FROM "above") AND "target_id" <> ?`
			args = []any{false, true, f.Project}
			if f.Subtree {
				above = `(` + above + ` OR ` + onProject + ` AND ` + inside + `)`
			}
			condition = `("inherited" = ? AND ` + condition + ` OR "inherited" = ? AND ` + above + `)`
		}
		s.also(condition, args...)
	}
	if f.Within != "" {
		s.also(`EXISTS (SELECT 1 FROM "project" p WHERE p."id" = "target_id" AND (p."domain_id" = ? OR p."id" = ?))`, f.Within, f.Within)
	}
}

func scanGrant(s scanner) (g identity.Grant, err error) {
	var kind, actor, target string
	if err = s.Scan(&kind, &actor, &target, &g.Role, &g.Inherited); err != nil {
		return g, err
	}
	if kind[0] == 'U' {
		g.User = identity.UserID(actor)
	} else {
		g.Group = identity.GroupID(actor)
	}
	switch kind {
	case "UserProject", "GroupProject":
		g.Project = identity.ProjectID(target)
	case "UserDomain", "GroupDomain":
		g.Domain = identity.DomainID(target)
	default:
		g.System = true
	}
	return g, nil
}

// Node is a project's place in the tree of projects.
type Node struct {
	ID, Parent identity.ProjectID
}

func scanNode(s scanner) (n Node, err error) {
	err = s.Scan(&n.ID, textOf(&n.Parent))
	return n, err
}

// Below returns all projects below projects or domains, without these themselves unless one is below another.
func (tx *Tx) Below(ctx context.Context, roots []identity.ProjectID) ([]Node, error) {
	return tx.nodes(ctx, roots, `"parent_id"`, `p."parent_id" = t."id"`)
}

// Above returns projects and all that are above them, up to their domains.
func (tx *Tx) Above(ctx context.Context, projects []identity.ProjectID) ([]Node, error) {
	return tx.nodes(ctx, projects, `"id"`, `p."id" = t."parent_id"`)
}

// nodes walks the tree of projects from those whose column is among ids, by the condition that joins a project p to one found, t.
func (tx *Tx) nodes(ctx context.Context, ids []identity.ProjectID, column, step string) (all []Node, err error) {
	seen := map[identity.ProjectID]bool{}
	for part := range slices.Chunk(ids, maxIn) {
		set, args := in(part)
		found, err := list(ctx, tx, scanNode, `WITH RECURSIVE "tree" ("id", "parent_id") AS (
			SELECT "id", "parent_id" FROM "project" WHERE `+column+` IN `+set+`
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "tree" t ON `+step+`)
			SELECT "id", "parent_id" FROM "tree" ORDER BY "id"`, args...)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			if !seen[n.ID] {
				seen[n.ID] = true
				all = append(all, n)
			}
		}
	}
	return all, nil
}

// RoleRules are what turns one role into others.
type RoleRules struct {
	Implied map[identity.RoleID][]identity.RoleID
	Global  map[identity.RoleID]bool // a role of a domain is good for implying others only
}

// RoleRules returns all rules between roles that exist.
func (tx *Tx) RoleRules(ctx context.Context) (RoleRules, error) {
	return Recall(tx, roleRules, func() (RoleRules, []Key, error) {
		rules := newRoleRules()
		var g gathering
		rules.gather(&g)
		return rules, nil, g.run(ctx, tx)
	})
}

var roleRules = Fact{What: "role rules"}

func newRoleRules() RoleRules {
	return RoleRules{Implied: map[identity.RoleID][]identity.RoleID{}, Global: map[identity.RoleID]bool{}}
}

func (r RoleRules) gather(g *gathering) {
	g.add(`r."prior_role_id", r."implied_role_id"`, `FROM "implied_role" r JOIN "role" p ON p."id" = r."prior_role_id"
		JOIN "role" i ON i."id" = r."implied_role_id"`, nil, func(s scanner) error {
		var prior, implied identity.RoleID
		err := s.Scan(&prior, &implied)
		r.Implied[prior] = append(r.Implied[prior], implied)
		return err
	})
	g.add(`"id"`, `FROM "role" WHERE "domain_id" = ?`, []any{identity.NoRoleDomain}, func(s scanner) error {
		id, err := column[identity.RoleID](s)
		r.Global[id] = true
		return err
	})
}

// ProjectExists tells whether there is a project of that id, or a domain.
func (tx *Tx) ProjectExists(ctx context.Context, id identity.ProjectID) (bool, error) {
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "project" WHERE "id" = ? AND "id" <> ?`, id, identity.RootDomain)
	return len(found) > 0, err
}

// UserExists tells whether there is a user of that id.
func (tx *Tx) UserExists(ctx context.Context, id identity.UserID) (bool, error) {
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "user" WHERE "id" = ?`, id)
	return len(found) > 0, err
}

// Label is what an entity is called, and the domain that it is in; without one for a domain and a global role.
type Label struct {
	Name       string
	Domain     identity.DomainID
	DomainName string
}

// labels are the selections of Labels, by kind of entity. Domains are kept with projects, and have the root as theirs.
var labels = []struct{ kind, from string }{
	{"user", `SELECT 'user', u."id", COALESCE(l."name", n."name",
		(SELECT MIN(f."display_name") FROM "federated_user" f WHERE f."user_id" = u."id")), u."domain_id", d."name"
		FROM "user" u LEFT JOIN "local_user" l ON l."user_id" = u."id" LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"
		LEFT JOIN "project" d ON d."id" = u."domain_id" WHERE u."id" IN `},
	{"group", `SELECT 'group', g."id", g."name", g."domain_id", d."name" FROM "group" g
		LEFT JOIN "project" d ON d."id" = g."domain_id" WHERE g."id" IN `},
	{"role", `SELECT 'role', r."id", r."name", r."domain_id", d."name" FROM "role" r
		LEFT JOIN "project" d ON d."id" = r."domain_id" WHERE r."id" IN `},
	{"project", `SELECT 'project', p."id", p."name", p."domain_id", d."name" FROM "project" p
		LEFT JOIN "project" d ON d."id" = p."domain_id" WHERE p."id" IN `},
}

// Labels returns the labels of the entities that exist of those named by "user", "group", "role" or "project" and id. A
// domain is named as a project.
func (tx *Tx) Labels(ctx context.Context, keys []Key) (map[Key]Label, error) {
	type labelled struct {
		Key
		Label
	}
	found := make(map[Key]Label, len(keys))
	for part := range slices.Chunk(keys, maxIn) {
		var stmt string
		var args []any
		for _, l := range labels {
			var ids []string
			for _, k := range part {
				if k.Kind == l.kind {
					ids = append(ids, k.ID)
				}
			}
			if len(ids) == 0 {
				continue
			}
			if stmt != "" {
				stmt += ` UNION ALL `
			}
			set, more := in(ids)
			stmt += l.from + set
			args = append(args, more...)
		}
		rows, err := list(ctx, tx, func(s scanner) (l labelled, err error) {
			err = s.Scan(&l.Kind, &l.ID, textOf(&l.Name), &l.Domain, textOf(&l.DomainName))
			if l.Domain == identity.NoRoleDomain || l.Domain == identity.RootDomain {
				l.Domain, l.DomainName = "", ""
			}
			return l, err
		}, stmt, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range rows {
			found[l.Key] = l.Label
		}
	}
	return found, nil
}

// GrantedSomewhere returns the roles that were granted to anybody, anywhere, however many grants there are.
func (tx *Tx) GrantedSomewhere(ctx context.Context) ([]identity.RoleID, error) {
	return list(ctx, tx, column[identity.RoleID], `SELECT "id" FROM "role" r WHERE EXISTS (SELECT 1 FROM "assignment" a WHERE a."role_id" = r."id")
		OR EXISTS (SELECT 1 FROM "system_assignment" a WHERE a."role_id" = r."id") ORDER BY "id"`)
}
