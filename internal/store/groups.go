package store

import (
	"cmp"
	"context"
	"database/sql"
	"reflect"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

const selectGroup = `SELECT g."id", g."domain_id", g."name", g."description", g."extra" FROM "group" g`

func scanGroup(s scanner) (g identity.Group, err error) {
	var description sql.NullString
	err = s.Scan(&g.ID, &g.DomainID, &g.Name, &description, jsonOf(&g.Extra))
	if description.Valid {
		g.Description = &description.String
	}
	return g, err
}

// Group returns a group. It fails with identity.NotFound.
func (tx *Tx) Group(ctx context.Context, id identity.GroupID) (identity.Group, error) {
	return tx.group(ctx, string(id), `g."id" = ?`, id)
}

// GroupByName returns the group whose name is equal, as the database compares. It fails with identity.NotFound.
func (tx *Tx) GroupByName(ctx context.Context, domain identity.DomainID, name string) (identity.Group, error) {
	return tx.group(ctx, name, `g."domain_id" = ? AND g."name" = ?`, domain, name)
}

func (tx *Tx) group(ctx context.Context, called, where string, args ...any) (identity.Group, error) {
	groups, err := list(ctx, tx, scanGroup, selectGroup+" WHERE "+where, args...)
	if err != nil {
		return identity.Group{}, err
	}
	if len(groups) == 0 {
		return identity.Group{}, identity.Missing("group", called)
	}
	return groups[0], nil
}

// GroupsByID returns those of the groups that exist, by id.
func (tx *Tx) GroupsByID(ctx context.Context, ids []identity.GroupID) (map[identity.GroupID]identity.Group, error) {
	found := make(map[identity.GroupID]identity.Group, len(ids))
	for ids := range slices.Chunk(ids, maxIn) {
		marks, args := in(ids)
		groups, err := list(ctx, tx, scanGroup, selectGroup+` WHERE g."id" IN `+marks, args...)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			found[g.ID] = g
		}
	}
	return found, nil
}

// Groups returns a page of the groups, by name if the query wants it so. Filters: domain_id, name, search (a part of the name or
// description, or the id). A marker that is no group fails with
// identity.NotFound.
func (tx *Tx) Groups(ctx context.Context, q identity.Query) (identity.Page[identity.Group], error) {
	if err := tx.checkMarker(ctx, "group", q); err != nil {
		return identity.Page[identity.Group]{}, err
	}
	s := selection{table: `"group" g`, keys: map[string]string{"name": tx.folded(`g."name"`)}}
	s.groups(tx, q)
	return page(ctx, tx, scanGroup, selectGroup, `g."id"`, s, q)
}

func (s *selection) groups(tx *Tx, q identity.Query) {
	for _, f := range q.Filters {
		switch f.Attr {
		case "domain_id", "name":
			s.text(tx, `g."`+f.Attr+`"`, f)
		case "search":
			s.search(f.Value, `g."id"`, `g."name"`, `g."description"`)
		}
	}
}

// InsertGroup stores a new group. A name that is taken fails with identity.Conflict.
func (tx *Tx) InsertGroup(ctx context.Context, g identity.Group) error {
	if taken, err := tx.nameTaken(ctx, "group", "id", g.DomainID, g.Name, string(g.ID)); err != nil || taken {
		return cmp.Or(err, identity.Conflictf("group", "Duplicate entry found with name %s at domain ID %s", g.Name, g.DomainID))
	}
	_, err := tx.exec(ctx, `INSERT INTO "group" ("id", "domain_id", "name", "description", "extra") VALUES (?, ?, ?, ?, ?)`,
		g.ID, g.DomainID, g.Name, g.Description, extraText(g.Extra))
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("group", "Duplicate entry found with name %s at domain ID %s", g.Name, g.DomainID)
	}
	tx.touch("group", string(g.ID))
	return err
}

// UpdateGroup writes what differs between the group as it was read in this transaction and as it should be. It fails as
// InsertGroup does.
func (tx *Tx) UpdateGroup(ctx context.Context, old, g identity.Group) error {
	var c changes
	if g.Name != old.Name {
		if taken, err := tx.nameTaken(ctx, "group", "id", g.DomainID, g.Name, string(g.ID)); err != nil || taken {
			return cmp.Or(err, identity.Conflictf("group", "Duplicate entry found with name %s", g.Name))
		}
		c.set("name", g.Name)
	}
	if !reflect.DeepEqual(g.Description, old.Description) {
		c.set("description", g.Description)
	}
	if !reflect.DeepEqual(g.Extra, old.Extra) {
		c.set("extra", extraText(g.Extra))
	}
	err := c.update(ctx, tx, "group", `"id" = ?`, g.ID)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("group", "Duplicate entry found with name %s", g.Name)
	}
	tx.touch("group", string(g.ID))
	return err
}

// DeleteGroup removes a group with its memberships, grants and mapped id. If it had grants, the tokens of its members
// are revoked. It fails with identity.NotFound.
func (tx *Tx) DeleteGroup(ctx context.Context, id identity.GroupID) error {
	if err := tx.farewell(ctx, "group", string(id)); err != nil {
		return err
	}
	members, err := list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "user_group_membership" WHERE "group_id" = ?
		UNION SELECT "user_id" FROM "expiring_user_group_membership" WHERE "group_id" = ?`, id, id)
	if err != nil {
		return err
	}
	var grants int64
	for _, stmt := range []string{
		`DELETE FROM "assignment" WHERE "actor_id" = ? AND "type" IN ('GroupProject', 'GroupDomain')`,
		`DELETE FROM "system_assignment" WHERE "actor_id" = ? AND "type" = 'GroupSystem'`,
	} {
		n, err := tx.exec(ctx, stmt, id)
		if err != nil {
			return err
		}
		grants += n
	}
	err = tx.each(ctx, id,
		`DELETE FROM "lintel_grant_meta" WHERE "actor_id" = ?`,
		`DELETE FROM "lintel_grant_request" WHERE "user_id" = ?`,
		`DELETE FROM "user_group_membership" WHERE "group_id" = ?`,
		`DELETE FROM "expiring_user_group_membership" WHERE "group_id" = ?`,
		`DELETE FROM "id_mapping" WHERE "public_id" = ?`,
	)
	if err != nil {
		return err
	}
	if err := tx.remove(ctx, "group", string(id)); err != nil {
		return err
	}
	for _, user := range members {
		tx.touch("user", string(user))
		if grants == 0 {
			continue
		}
		if err := tx.Revoke(ctx, identity.RevocationEvent{UserID: user}); err != nil {
			return err
		}
	}
	return nil
}
