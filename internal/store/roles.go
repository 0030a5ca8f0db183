package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

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
	read := func() ([]identity.Role, error) {
		return tx.heldRoles(ctx, user, groups, scope, `"domain_id" = ?`, identity.NoRoleDomain)
	}
	if tx.begun == nil || len(groups) > 0 {
		return read()
	}
	roles, err := Recall(tx, rolesOn(user, scope), func() ([]identity.Role, []Key, error) {
		member, until, err := tx.GroupIDs(ctx, user)
		if err != nil {
			return nil, nil, err
		}
		roles, err := read()
		if !until.IsZero() {
			return roles, nil, err
		}
		return roles, roleKeys(user, scope, member, roles), err
	})
	return slices.Clone(roles), err
}

// rolesOn names what EffectiveRoles tells of whom the database knows.
func rolesOn(user identity.UserID, scope identity.Scope) Fact {
	return Fact{"roles", string(user), scope.String()}
}

// roleKeys are the keys of all that a user's roles on a scope come from.
func roleKeys(user identity.UserID, scope identity.Scope, member []identity.GroupID, roles []identity.Role) []Key {
	keys := []Key{{"user", string(user)}, {"grants", string(user)}, {"implied_role", ""}}
	if id := cmp.Or(string(scope.ProjectID()), string(scope.DomainID())); id != "" {
		keys = append(keys, Key{"project", id})
	}
	for _, g := range member {
		keys = append(keys, Key{"group", string(g)}, Key{"grants", string(g)})
	}
	for _, r := range roles {
		keys = append(keys, Key{"role", string(r.ID)})
	}
	return keys
}

// HeldRoles is EffectiveRoles with the roles of domains among them, and with options.
func (tx *Tx) HeldRoles(ctx context.Context, user identity.UserID, groups []identity.GroupID, scope identity.Scope) ([]identity.Role, error) {
	roles, err := Recall(tx, heldBy(user, groups, scope), func() ([]identity.Role, []Key, error) {
		roles, err := tx.heldRoles(ctx, user, groups, scope, `"domain_id" <> ?`, "")
		if err != nil {
			return nil, nil, err
		}
		return roles, nil, tx.completeAllRoles(ctx, roles)
	})
	return slices.Clone(roles), err
}

// heldBy names what HeldRoles tells.
func heldBy(user identity.UserID, groups []identity.GroupID, scope identity.Scope) Fact {
	return Fact{"held", fmt.Sprint(user, groups), scope.String()}
}

// gatherHeld adds what HeldRoles reads to a gathering, in no order.
func (tx *Tx) gatherHeld(g *gathering, user identity.UserID, groups []identity.GroupID, scope identity.Scope, roles *[]identity.Role) {
	with, args := tx.held(user, groups, scope)
	if len(with) == 0 {
		return
	}
	g.add(roleColumns+`, o."option_value"`, `FROM "role" LEFT JOIN "role_option" o ON o."role_id" = "id" AND o."option_id" = '`+immutable+`'
		WHERE "id" IN (WITH RECURSIVE `+strings.Join(with, `, `)+` SELECT "role_id" FROM "held")`, args, func(s scanner) error {
		r, err := scanWholeRole(s)
		*roles = append(*roles, r)
		return err
	})
}

// scanWholeRole reads a role with its option.
func scanWholeRole(s scanner) (identity.Role, error) {
	var set any
	r, err := scanRole(also{s, []any{jsonOf(&set)}})
	r.Options = identity.Options{}
	if set != nil {
		r.Options[identity.OptImmutable] = set
	}
	return r, err
}

func (tx *Tx) heldRoles(ctx context.Context, user identity.UserID, groups []identity.GroupID, scope identity.Scope, condition string, arg any) ([]identity.Role, error) {
	with, args := tx.held(user, groups, scope)
	if len(with) == 0 {
		return nil, nil
	}
	return list(ctx, tx, scanRole, `WITH RECURSIVE `+strings.Join(with, `, `)+` SELECT `+roleColumns+` FROM "role"
		WHERE "id" IN (SELECT "role_id" FROM "held") AND `+condition+` ORDER BY "name"`, append(args, arg)...)
}

// held are the tables that end with "held", the ids of the roles that a user holds on a scope; none for no scope.
func (tx *Tx) held(user identity.UserID, groups []identity.GroupID, scope identity.Scope) (with []string, args []any) {
	table, on := "assignment", ""
	var targets []string
	var onArgs []any
	switch scope.Kind() {
	case identity.SystemScoped:
		table, targets, on = "system_assignment", []string{"System"}, `1 = 1`
	case identity.DomainScoped:
		targets, on, onArgs = []string{"Domain"}, `a."target_id" = ? AND a."inherited" = ?`, []any{scope.DomainID(), false}
	case identity.ProjectScoped:
		with = append(with, `"above" ("id", "parent_id") AS (
			SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
			UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" b ON p."id" = b."parent_id")`)
		args = append(args, scope.ProjectID())
		targets = []string{"Project", "Domain"}
		on = `(a."target_id" = ? AND a."inherited" = ?
			OR a."inherited" = ? AND a."target_id" <> ? AND a."target_id" IN (SELECT "id" FROM "above"))`
		onArgs = []any{scope.ProjectID(), false, true, scope.ProjectID()}
	default:
		return nil, nil
	}
	lasting, now := tx.unended("a")
	onArgs = append(onArgs, now...)
	var grants []string
	// These find the grants of actors of a kind by the index of actors, and hold for group by group, not for a set of them.
	granted := func(kind, from, actors string, actorArgs []any) {
		types := make([]string, len(targets))
		for i, t := range targets {
			types[i] = `'` + kind + t + `'`
		}
		grants = append(grants, `SELECT a."role_id" FROM `+from+`"`+table+`" a WHERE `+actors+
			` AND a."type" IN (`+strings.Join(types, `, `)+`) AND `+on+` AND `+lasting)
		args = slices.Concat(args, actorArgs, onArgs)
	}
	granted("User", "", `a."actor_id" = ?`, []any{user})
	member, memberArgs := tx.groupsOf(user)
	granted("Group", member+` m, `, `a."actor_id" = m."group_id"`, memberArgs)
	if len(groups) > 0 {
		set, setArgs := in(groups)
		granted("Group", "", `a."actor_id" IN `+set, setArgs)
	}
	// Keystone on SQLite leaves rules about roles that it deleted; nothing follows from those.
	return append(with, `"granted" ("role_id") AS (`+strings.Join(grants, ` UNION `)+`)`,
		`"held" ("role_id") AS (SELECT "role_id" FROM "granted"
		UNION SELECT i."implied_role_id" FROM "implied_role" i JOIN "held" h ON i."prior_role_id" = h."role_id"
		JOIN "role" p ON p."id" = i."prior_role_id")`), args
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
	found, err := options(ctx, tx, "role", ids)
	for _, o := range found {
		if o.id == immutable && o.value != nil {
			byID[o.entity].Options[identity.OptImmutable] = o.value
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

// Roles returns a page of roles, by name if the query wants it so. Filters: name; domain_id, which is empty for global roles;
// search (a part of the name or description, or the id).
func (tx *Tx) Roles(ctx context.Context, q identity.Query) (identity.Page[identity.Role], error) {
	none := identity.Page[identity.Role]{}
	if err := tx.checkMarker(ctx, "role", q); err != nil {
		return none, err
	}
	s := selection{table: `"role"`, keys: map[string]string{"name": tx.folded(`"name"`)}}
	for _, f := range q.Filters {
		switch {
		case f.Attr == "search":
			s.search(f.Value, `"id"`, `"name"`, `"description"`)
		case f.Attr == "domain_id" && f.Compare == identity.Equals:
			s.also(`"domain_id" = ?`, roleDomain(identity.DomainID(f.Value)))
		case f.Attr == "domain_id", f.Attr == "name":
			s.text(tx, `"`+f.Attr+`"`, f)
		}
	}
	found, err := page(ctx, tx, scanRole, `SELECT `+roleColumns+` FROM "role"`, `"id"`, s, q)
	if err != nil {
		return none, err
	}
	return found, tx.completeAllRoles(ctx, found.Items)
}

func (tx *Tx) completeAllRoles(ctx context.Context, roles []identity.Role) error {
	for part := range slices.Chunk(roles, maxIn) {
		at := make([]*identity.Role, len(part))
		for i := range part {
			at[i] = &part[i]
		}
		if err := tx.completeRoles(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

// InsertRole writes a new role; a Conflict when its id is taken, or its name in its domain.
func (tx *Tx) InsertRole(ctx context.Context, r identity.Role) error {
	taken, err := tx.roleNameTaken(ctx, r)
	if err != nil {
		return err
	}
	if !taken {
		_, err = tx.exec(ctx, `INSERT INTO "role" (`+roleColumns+`) VALUES (?, ?, ?, ?, ?)`,
			r.ID, r.Name, roleDomain(r.DomainID), r.Description, jsonOf(&r.Extra))
		_, taken = duplicate(err)
	}
	switch {
	case taken && r.DomainID != "":
		return identity.Conflictf("role", "Duplicate entry found with name %s at domain ID %s", r.Name, r.DomainID)
	case taken:
		return identity.Conflictf("role", "Duplicate entry found with name %s", r.Name)
	case err != nil:
		return err
	}
	tx.touch("role", string(r.ID))
	return tx.putOption(ctx, "role", string(r.ID), immutable, r.Options[identity.OptImmutable])
}

// UpdateRole writes what differs between the role as it was read in this transaction and as it should be; a Conflict when
// the name is taken in its domain.
func (tx *Tx) UpdateRole(ctx context.Context, old, r identity.Role) error {
	var c changes
	taken := false
	var err error
	if r.Name != old.Name {
		if taken, err = tx.roleNameTaken(ctx, r); err != nil {
			return err
		}
		c.set("name", r.Name)
	}
	if !reflect.DeepEqual(r.Description, old.Description) {
		c.set("description", r.Description)
	}
	if !reflect.DeepEqual(r.Extra, old.Extra) {
		c.set("extra", extraText(r.Extra))
	}
	if !taken {
		err = c.update(ctx, tx, "role", `"id" = ?`, r.ID)
		_, taken = duplicate(err)
	}
	if taken {
		return identity.Conflictf("role", "Duplicate entry found with name %s", r.Name)
	} else if err != nil {
		return err
	}
	tx.touch("role", string(r.ID))
	if reflect.DeepEqual(r.Options, old.Options) {
		return nil
	}
	return tx.putOption(ctx, "role", string(r.ID), immutable, r.Options[identity.OptImmutable])
}

// roleNameTaken tells whether another role of the domain has a name that policies and MariaDB do not tell from this
// one: they ignore case, MariaDB blanks at the end too. The unique keys of the other databases would let it pass.
func (tx *Tx) roleNameTaken(ctx context.Context, r identity.Role) (bool, error) {
	if tx.db.dialect == mariadb {
		return false, nil
	}
	if err := tx.claim(ctx, identity.ProjectID(identity.RootDomain)); err != nil {
		return false, err
	}
	names, err := list(ctx, tx, column[string], `SELECT "name" FROM "role" WHERE "domain_id" = ? AND "id" <> ?`,
		roleDomain(r.DomainID), r.ID)
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.EqualFold(strings.TrimRight(name, " "), strings.TrimRight(r.Name, " "))
	}), err
}

// lostWithRole is the condition for application credentials that are deleted with a role.
const lostWithRole = `EXISTS (SELECT 1 FROM "assignment" a WHERE a."type" = 'UserProject'
	AND a."actor_id" = "application_credential"."user_id" AND a."target_id" = "application_credential"."project_id"
	AND a."role_id" = ?)`

// DeleteRole deletes a role with its grants and the rules that imply it or that it implies. The application credentials
// on a project of those who were granted the role there end with it. It fails with identity.NotFound.
func (tx *Tx) DeleteRole(ctx context.Context, id identity.RoleID) error {
	if err := tx.farewell(ctx, "role", string(id)); err != nil {
		return err
	}
	found, err := tx.lock(ctx, "role", string(id))
	if err != nil {
		return err
	}
	if !found {
		return identity.Missing("role", id)
	}
	tx.touch("role", string(id))
	tx.touch("implied_role", "") // tokens do not name the roles that their roles are implied by
	err = tx.deleteApplicationCredentials(ctx, lostWithRole, id)
	if err != nil {
		return err
	}
	return tx.each(ctx, id,
		`DELETE FROM "assignment" WHERE "role_id" = ?`,
		`DELETE FROM "system_assignment" WHERE "role_id" = ?`,
		`DELETE FROM "lintel_grant_meta" WHERE "role_id" = ?`,
		`DELETE FROM "lintel_grant_rule" WHERE "holder_role_id" = ?`,
		`DELETE FROM "lintel_grant_rule" WHERE "target_role_id" = ?`,
		`DELETE FROM "lintel_role_profile" WHERE "role_id" = ?`,
		`DELETE FROM "lintel_waiting_grant" WHERE "role_id" = ?`,
		`DELETE FROM "role" WHERE "id" = ?`, // the rest follows by foreign keys
	)
}

// InsertImpliedRole makes one role imply another, unless it does already.
func (tx *Tx) InsertImpliedRole(ctx context.Context, i identity.ImpliedRole) error {
	if _, err := tx.lockParent(ctx, "role", string(i.Prior)); err != nil { // see LockAccount
		return err
	}
	tx.touch("implied_role", "")
	return tx.upsert(ctx, "implied_role", 2, []string{"prior_role_id", "implied_role_id"}, i.Prior, i.Implied)
}

// DeleteImpliedRole ends an implication and tells whether there was one.
func (tx *Tx) DeleteImpliedRole(ctx context.Context, i identity.ImpliedRole) (bool, error) {
	tx.touch("implied_role", "")
	n, err := tx.exec(ctx, `DELETE FROM "implied_role" WHERE "prior_role_id" = ? AND "implied_role_id" = ?`, i.Prior, i.Implied)
	return n > 0, err
}

// Implies tells whether one role implies another by a rule of its own.
func (tx *Tx) Implies(ctx context.Context, i identity.ImpliedRole) (bool, error) {
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "implied_role" WHERE "prior_role_id" = ? AND "implied_role_id" = ?`,
		i.Prior, i.Implied)
	return len(found) > 0, err
}

// Inferences returns the rules by which a role implies others, or all rules when prior is empty. Of the roles it reads id
// and name.
func (tx *Tx) Inferences(ctx context.Context, prior identity.RoleID) ([]identity.Inference, error) {
	return list(ctx, tx, func(s scanner) (i identity.Inference, err error) {
		err = s.Scan(&i.Prior.ID, &i.Prior.Name, &i.Prior.DomainID, &i.Implied.ID, &i.Implied.Name, &i.Implied.DomainID)
		return i, err
	}, `SELECT p."id", p."name", COALESCE(NULLIF(p."domain_id", '<<null>>'), ''), i."id", i."name", COALESCE(NULLIF(i."domain_id", '<<null>>'), '') FROM "implied_role" r JOIN "role" p ON p."id" = r."prior_role_id"
		JOIN "role" i ON i."id" = r."implied_role_id" WHERE ? IN (p."id", '') ORDER BY p."id", i."id"`, prior)
}
