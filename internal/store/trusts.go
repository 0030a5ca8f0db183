package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Deleted trusts stay as rows that say when, until they are flushed (keystone/trust/backends/sql.py). When a trust expires
// is kept twice: as microseconds, and in a column that older releases read.

const (
	trustColumns = `"id", "trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at", "expires_at_int", ` +
		`"remaining_uses", "extra", "redelegated_trust_id", "redelegation_count"`
	selectTrust = `SELECT ` + trustColumns + ` FROM "trust"`
)

func scanTrust(s scanner) (t identity.Trust, err error) {
	var coarse time.Time
	var exact, uses, count sql.NullInt64
	err = s.Scan(&t.ID, &t.TrustorUserID, &t.TrusteeUserID, textOf(&t.ProjectID), &t.Impersonation, timeOf{&coarse}, &exact,
		&uses, jsonOf(&t.Extra), textOf(&t.ParentID), &count)
	switch {
	case exact.Valid:
		at := fromMicros(exact.Int64)
		t.ExpiresAt = &at
	case !coarse.IsZero():
		t.ExpiresAt = &coarse
	}
	if uses.Valid {
		t.RemainingUses = &uses.Int64
	}
	t.RedelegationCount = count.Int64
	delete(t.Extra, "roles") // Keystone keeps here what was asked for
	return t, err
}

// Trust returns a trust that was not deleted, be it expired or used up, with its roles; a NotFound when there is none. Of a
// role that is gone there is the id only.
func (tx *Tx) Trust(ctx context.Context, id identity.TrustID) (identity.Trust, error) {
	return Recall(tx, trustOf(id), func() (t identity.Trust, from []Key, err error) {
		var found trusts
		var g gathering
		found.gather(&g, `(?)`, id)
		if err := g.run(ctx, tx); err != nil {
			return t, nil, err
		}
		for _, t := range found.all() {
			return t, nil, nil
		}
		return t, nil, identity.Missing("trust", id)
	})
}

func trustOf(id identity.TrustID) Fact { return Fact{What: "trust", Of: string(id)} }

// trusts are trusts being read, with their roles.
type trusts struct {
	rows  []identity.Trust
	roles []trustRole
}

type trustRole struct {
	trust identity.TrustID
	identity.Role
}

// gather adds what the trusts of a set are read from to a gathering.
func (t *trusts) gather(g *gathering, set string, args ...any) {
	g.add(trustColumns, `FROM "trust" WHERE "id" IN `+set+` AND "deleted_at" IS NULL`, args, func(s scanner) error {
		row, err := scanTrust(s)
		t.rows = append(t.rows, row)
		return err
	})
	g.add(`l."trust_id", l."role_id"`, `FROM "trust_role" l WHERE l."trust_id" IN `+set+` AND l."role_id" NOT IN (SELECT "id" FROM "role")`, args,
		func(s scanner) (err error) {
			var r trustRole
			err = s.Scan(&r.trust, &r.ID)
			t.roles = append(t.roles, r)
			return err
		})
	g.add(`"id", "name", "domain_id", "description", "extra", o."option_value", l."trust_id"`, `FROM "trust_role" l JOIN "role" ON "id" = l."role_id"
		LEFT JOIN "role_option" o ON o."role_id" = "id" AND o."option_id" = '`+immutable+`' WHERE l."trust_id" IN `+set, args,
		func(s scanner) (err error) {
			var r trustRole
			r.Role, err = scanWholeRole(also{s, []any{&r.trust}})
			t.roles = append(t.roles, r)
			return err
		})
}

// all are the trusts, with roles by name, those that are gone at the end.
func (t *trusts) all() []identity.Trust {
	slices.SortFunc(t.roles, func(a, b trustRole) int {
		if (a.Name == "") != (b.Name == "") {
			return cmp.Compare(b.Name, a.Name)
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for i := range t.rows {
		for _, r := range t.roles {
			if r.trust == t.rows[i].ID {
				t.rows[i].Roles = append(t.rows[i].Roles, r.Role)
			}
		}
	}
	return t.rows
}

// Trusts returns the trusts that were not deleted, without roles, ordered by id. Filters: trustor_user_id,
// trustee_user_id.
func (tx *Tx) Trusts(ctx context.Context, q identity.Query) ([]identity.Trust, error) {
	var s selection
	s.also(`"deleted_at" IS NULL`)
	for _, attr := range []string{"trustor_user_id", "trustee_user_id"} {
		if user, ok := q.Equal(attr); ok {
			s.also(`"`+attr+`" = ?`, user)
		}
	}
	return list(ctx, tx, scanTrust, selectTrust+s.sql()+` ORDER BY "id"`, s.args...)
}

// TrustsOfGivers returns the trusts on a project that some users gave, with their roles, those that were handed on from these, and those
// that each was handed on from. Deleted ones are left out.
func (tx *Tx) TrustsOfGivers(ctx context.Context, project identity.ProjectID, users []identity.UserID) ([]identity.Trust, error) {
	set, args := in(users)
	ids, err := list(ctx, tx, column[identity.TrustID], `WITH RECURSIVE "below" ("id", "more") AS (
			SELECT "id", "redelegation_count" FROM "trust" WHERE "project_id" = ? AND "trustor_user_id" IN `+set+` AND "deleted_at" IS NULL
			UNION SELECT t."id", t."redelegation_count" FROM "below" b JOIN "trust" t ON t."redelegated_trust_id" = b."id"
			WHERE b."more" > 0 AND t."deleted_at" IS NULL),
		"line" ("id") AS (SELECT "id" FROM "below" UNION SELECT t."redelegated_trust_id" FROM "line" l JOIN "trust" t ON t."id" = l."id"
			WHERE t."redelegated_trust_id" IS NOT NULL)
		SELECT "id" FROM "line"`, append([]any{project}, args...)...)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	set, args = in(ids)
	var found trusts
	var g gathering
	found.gather(&g, set, args...)
	if err := g.run(ctx, tx); err != nil {
		return nil, err
	}
	return found.all(), nil
}

// InsertTrust writes a new trust. It fails with a Conflict when there is one between the same people on the same project
// that ends at the same time, and with a NotFound when people or project are gone.
func (tx *Tx) InsertTrust(ctx context.Context, t identity.Trust) error {
	needed := [][2]string{{"user", string(t.TrustorUserID)}, {"user", string(t.TrusteeUserID)}}
	if t.ProjectID != "" {
		needed = append(needed, [2]string{"project", string(t.ProjectID)})
	}
	if err := tx.lockAll(ctx, needed...); err != nil {
		return err
	}
	var exact any
	if t.ExpiresAt != nil {
		exact = micros(*t.ExpiresAt)
	}
	_, err := tx.exec(ctx, `INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at",
		"expires_at_int", "remaining_uses", "extra", "redelegated_trust_id", "redelegation_count") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.TrustorUserID, t.TrusteeUserID, orNull(t.ProjectID), t.Impersonation, t.ExpiresAt, exact, t.RemainingUses,
		extraText(t.Extra), orNull(t.ParentID), t.RedelegationCount)
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("trust", "Duplicate entry found with ID %s", t.ID)
	} else if err != nil {
		return err
	}
	for _, r := range t.Roles {
		if _, err := tx.exec(ctx, `INSERT INTO "trust_role" ("trust_id", "role_id") VALUES (?, ?)`, t.ID, r.ID); err != nil {
			return err
		}
	}
	tx.touch("trust", string(t.ID))
	return nil
}

// UseTrust takes one of the uses that a trust has left, and tells whether it had one.
func (tx *Tx) UseTrust(ctx context.Context, id identity.TrustID) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE "trust" SET "remaining_uses" = "remaining_uses" - 1
		WHERE "id" = ? AND "deleted_at" IS NULL AND "remaining_uses" > 0`, id)
	return n > 0, err
}

// DeleteTrust deletes a trust, and all that were redelegated from it. Their tokens are revoked. It fails with
// identity.NotFound.
func (tx *Tx) DeleteTrust(ctx context.Context, id identity.TrustID) error {
	below, err := list(ctx, tx, column[identity.TrustID], `WITH RECURSIVE "below" ("id") AS (SELECT "id" FROM "trust" WHERE "id" = ? AND "deleted_at" IS NULL
		UNION SELECT t."id" FROM "trust" t JOIN "below" b ON t."redelegated_trust_id" = b."id" WHERE t."deleted_at" IS NULL) SELECT "id" FROM "below"`, id)
	if err != nil {
		return err
	}
	if len(below) == 0 {
		return identity.Missing("trust", id)
	}
	for _, t := range slices.Backward(below) {
		if t != id {
			if err := tx.recordGone(ctx, "OS-TRUST:trust", string(t)); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `UPDATE "trust" SET "deleted_at" = ? WHERE "id" = ?`, tx.now, t); err != nil {
			return err
		}
		tx.touch("trust", string(t))
		if err := tx.Revoke(ctx, identity.RevocationEvent{TrustID: t}); err != nil {
			return err
		}
	}
	return nil
}

// FlushTrusts removes the rows of trusts that were deleted, or that expired before a time, with their roles, and returns
// how many. Empty ids stand for all.
func (tx *Tx) FlushTrusts(ctx context.Context, before time.Time, project identity.ProjectID, trustor, trustee identity.UserID) (int64, error) {
	var s selection
	s.also(`("deleted_at" IS NOT NULL OR "expires_at_int" < ? OR "expires_at_int" IS NULL AND "expires_at" < ?)`, micros(before), before)
	for _, f := range []struct{ column, id string }{
		{"project_id", string(project)}, {"trustor_user_id", string(trustor)}, {"trustee_user_id", string(trustee)},
	} {
		if f.id != "" {
			s.also(`"`+f.column+`" = ?`, f.id)
		}
	}
	_, err := tx.exec(ctx, `DELETE FROM "trust_role" WHERE "trust_id" IN (SELECT "id" FROM "trust"`+s.sql()+`)`, s.args...)
	if err != nil {
		return 0, err
	}
	gone, err := list(ctx, tx, column[string], `SELECT "id" FROM "trust"`+s.sql(), s.args...)
	if err != nil {
		return 0, err
	}
	for _, id := range gone {
		tx.touch("trust", id)
	}
	return tx.exec(ctx, `DELETE FROM "trust"`+s.sql(), s.args...)
}
