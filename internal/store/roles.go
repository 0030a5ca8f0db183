package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const roleColumns = `"id", "name", "domain_id", "description", "extra"`

func scanRole(s scanner) (r identity.Role, err error) {
	var description sql.NullString
	err = s.Scan(&r.ID, &r.Name, &r.DomainID, &description, jsonOf(&r.Extra))
	if r.DomainID == identity.NoRoleDomain {
		r.DomainID = ""
	}
	if description.Valid {
		r.Description = &description.String
	}
	return r, err
}

// EffectiveRoles returns the global roles that a user holds on a scope, directly, through a group, by inheritance from
// a domain or project above, or implied by another role; ordered by name. groups are memberships that the database does
// not know of. The answer takes one statement, however many grants, groups, parents and implied roles there are.
// Options of the roles are not read.
func (tx *Tx) EffectiveRoles(ctx context.Context, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Role, error) {
	var grants string
	var args []any
	extra, extraArgs := in(groups)
	member := `IN (SELECT "group_id" FROM "user_group_membership" WHERE "user_id" = ?)`
	actor := func(kind string) string {
		args = append(args, kind, user)
		return `"type" = ? AND "actor_id" = ?`
	}
	group := func(kind string) string {
		args = append(args, kind, user)
		args = append(args, extraArgs...)
		return `"type" = ? AND ("actor_id" ` + member + ` OR "actor_id" IN ` + extra + `)`
	}
	const from = `SELECT "role_id" FROM "assignment" WHERE `
	above := ""
	switch scope.Kind() {
	case identity.SystemScoped:
		grants = `SELECT "role_id" FROM "system_assignment" WHERE ` + actor("UserSystem") +
			` UNION SELECT "role_id" FROM "system_assignment" WHERE ` + group("GroupSystem")
	case identity.DomainScoped:
		onTarget := func(who string) string {
			args = append(args, scope.DomainID(), false)
			return from + who + ` AND "target_id" = ? AND "inherited" = ?`
		}
		grants = onTarget(actor("UserDomain")) + ` UNION ` + onTarget(group("GroupDomain"))
	case identity.ProjectScoped:
		above = `"above" ("id", "parent_id") AS (
			SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" a ON p."id" = a."parent_id"), `
		args = append(args, scope.ProjectID())
		onTarget := func(who string) string {
			args = append(args, scope.ProjectID(), false)
			return from + who + ` AND "target_id" = ? AND "inherited" = ?`
		}
		inherited := func(who string) string {
			args = append(args, true, scope.ProjectID())
			return from + who + ` AND "inherited" = ? AND "target_id" IN (SELECT "id" FROM "above" WHERE "id" <> ?)`
		}
		grants = onTarget(actor("UserProject")) + ` UNION ` + onTarget(group("GroupProject")) +
			` UNION ` + inherited(actor("UserProject")) + ` UNION ` + inherited(group("GroupProject")) +
			` UNION ` + inherited(actor("UserDomain")) + ` UNION ` + inherited(group("GroupDomain"))
	default:
		return nil, nil
	}
	stmt := `WITH RECURSIVE ` + above + `"granted" ("role_id") AS (` + grants + `), "held" ("role_id") AS (
		SELECT "role_id" FROM "granted"
		UNION SELECT i."implied_role_id" FROM "implied_role" i JOIN "held" h ON i."prior_role_id" = h."role_id")
		SELECT ` + roleColumns + ` FROM "role" WHERE "id" IN (SELECT "role_id" FROM "held") AND "domain_id" = ? ORDER BY "name"`
	return list(ctx, tx, scanRole, stmt, append(args, identity.NoRoleDomain)...)
}

// Role returns a role with its options; a NotFound when there is none.
func (tx *Tx) Role(ctx context.Context, id identity.RoleID) (identity.Role, error) {
	return tx.role(ctx, string(id), `"id" = ?`, id)
}

// RoleByName returns the role of that name in a domain, or the global one when domain is empty.
func (tx *Tx) RoleByName(ctx context.Context, domain identity.DomainID, name string) (identity.Role, error) {
	return tx.role(ctx, name, `"name" = ? AND "domain_id" = ?`, name, roleDomain(domain))
}

func (tx *Tx) role(ctx context.Context, asked, condition string, args ...any) (identity.Role, error) {
	r, err := scanRole(tx.row(ctx, `SELECT `+roleColumns+` FROM "role" WHERE `+condition, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return r, identity.Missing("role", asked)
	} else if err != nil {
		return r, err
	}
	return r, tx.completeRoles(ctx, []*identity.Role{&r})
}

// completeRoles adds the options of roles, in one query.
func (tx *Tx) completeRoles(ctx context.Context, roles []*identity.Role) error {
	byID := make(map[identity.RoleID]*identity.Role, len(roles))
	ids := make([]identity.RoleID, len(roles))
	for i, r := range roles {
		byID[r.ID], ids[i] = r, r.ID
		r.Options = identity.Options{}
	}
	type option struct {
		id    identity.RoleID
		value any
	}
	set, args := in(ids)
	options, err := list(ctx, tx, func(s scanner) (o option, err error) {
		err = s.Scan(&o.id, jsonOf(&o.value))
		return o, err
	}, `SELECT "role_id", "option_value" FROM "role_option" WHERE "option_id" = 'IMMU' AND "role_id" IN `+set, args...)
	for _, o := range options {
		if o.value != nil {
			byID[o.id].Options[identity.OptImmutable] = o.value
		}
	}
	return err
}

// roleDomain is the domain of a role as Keystone stores it.
func roleDomain(id identity.DomainID) identity.DomainID {
	if id == "" {
		return identity.NoRoleDomain
	}
	return id
}

// InsertRole writes a new role; a Conflict when its id is taken, or its name in its domain.
func (tx *Tx) InsertRole(ctx context.Context, r identity.Role) error {
	_, err := tx.exec(ctx, `INSERT INTO "role" (`+roleColumns+`) VALUES (?, ?, ?, ?, ?)`,
		r.ID, r.Name, roleDomain(r.DomainID), r.Description, jsonOf(&r.Extra))
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("role", "Duplicate entry found with name %s", r.Name)
	} else if err != nil {
		return err
	}
	tx.touch("role", string(r.ID))
	return tx.putOption(ctx, "role", string(r.ID), "IMMU", r.Options[identity.OptImmutable])
}

// InsertImpliedRole makes one role imply another, unless it does already.
func (tx *Tx) InsertImpliedRole(ctx context.Context, i identity.ImpliedRole) error {
	tx.touch("implied_role", string(i.Prior))
	return tx.upsert(ctx, "implied_role", 2, []string{"prior_role_id", "implied_role_id"}, i.Prior, i.Implied)
}

// PutGrant writes a grant, unless it is there already.
func (tx *Tx) PutGrant(ctx context.Context, g identity.Grant) error {
	kind, actor, target := grantKey(g)
	tx.touch("grants", actor)
	table := "assignment"
	if g.System {
		table = "system_assignment"
	}
	return tx.upsert(ctx, table, 5, []string{"type", "actor_id", "target_id", "role_id", "inherited"}, kind, actor, target, g.Role, g.Inherited)
}

// grantKey gives a grant's type, actor and target as Keystone stores them.
func grantKey(g identity.Grant) (kind, actor, target string) {
	kind, actor = "User", string(g.User)
	if g.Group != "" {
		kind, actor = "Group", string(g.Group)
	}
	switch {
	case g.System:
		return kind + "System", actor, "system"
	case g.Domain != "":
		return kind + "Domain", actor, string(g.Domain)
	default:
		return kind + "Project", actor, string(g.Project)
	}
}

// DeleteImpliedRole ends an implication and tells whether there was one.
func (tx *Tx) DeleteImpliedRole(ctx context.Context, i identity.ImpliedRole) (bool, error) {
	tx.touch("implied_role", string(i.Prior))
	n, err := tx.exec(ctx, `DELETE FROM "implied_role" WHERE "prior_role_id" = ? AND "implied_role_id" = ?`, i.Prior, i.Implied)
	return n > 0, err
}
