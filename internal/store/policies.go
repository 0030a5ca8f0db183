package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const policyColumns = `"id", "type", "blob", "extra"`

func scanPolicy(s scanner) (p identity.Policy, err error) {
	err = s.Scan(&p.ID, &p.Type, jsonOf(&p.Blob), jsonOf(&p.Extra))
	return p, err
}

// Policy returns a policy; a NotFound when there is none.
func (tx *Tx) Policy(ctx context.Context, id identity.PolicyID) (identity.Policy, error) {
	p, err := scanPolicy(tx.row(ctx, `SELECT `+policyColumns+` FROM "policy" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("policy", id)
	}
	return p, err
}

// Policies returns a page of policies.
func (tx *Tx) Policies(ctx context.Context, q identity.Query) (identity.Page[identity.Policy], error) {
	var s selection
	for _, f := range q.Filters {
		if f.Attr == "type" {
			s.text(tx, `"type"`, f)
		}
	}
	return page(ctx, tx, scanPolicy, `SELECT `+policyColumns+` FROM "policy"`, `"id"`, s, q)
}

// InsertPolicy writes a new policy.
func (tx *Tx) InsertPolicy(ctx context.Context, p identity.Policy) error {
	_, err := tx.exec(ctx, `INSERT INTO "policy" (`+policyColumns+`) VALUES (?, ?, ?, ?)`,
		p.ID, p.Type, jsonOf(&p.Blob), jsonOf(&p.Extra))
	return err
}

// PutPolicy writes a policy over the one of the same id.
func (tx *Tx) PutPolicy(ctx context.Context, p identity.Policy) error {
	_, err := tx.exec(ctx, `UPDATE "policy" SET "type" = ?, "blob" = ?, "extra" = ? WHERE "id" = ?`,
		p.Type, jsonOf(&p.Blob), jsonOf(&p.Extra), p.ID)
	return err
}

// DeletePolicy deletes a policy and its associations.
func (tx *Tx) DeletePolicy(ctx context.Context, id identity.PolicyID) error {
	if err := tx.farewell(ctx, "policy", string(id)); err != nil {
		return err
	}
	return tx.each(ctx, id,
		`DELETE FROM "policy" WHERE "id" = ?`,
		`DELETE FROM "policy_association" WHERE "policy_id" = ?`,
	)
}

// same keeps the associations of what a names: an endpoint, a service, or a service in a region.
func (s *selection) same(a identity.PolicyAssociation) {
	for _, c := range []struct{ column, id string }{
		{`"endpoint_id"`, string(a.EndpointID)}, {`"service_id"`, string(a.ServiceID)}, {`"region_id"`, string(a.RegionID)},
	} {
		if c.id == "" {
			s.also(c.column + ` IS NULL`)
		} else {
			s.also(c.column+` = ?`, c.id)
		}
	}
}

// PutPolicyAssociation gives a policy to what the association names, in the place of the one that it has.
func (tx *Tx) PutPolicyAssociation(ctx context.Context, a identity.PolicyAssociation) error {
	// Unique keys let NULL repeat, and nothing ties the rows to a policy: two changes at once must see each other.
	table, id := "service", string(a.ServiceID)
	if a.EndpointID != "" {
		table, id = "endpoint", string(a.EndpointID)
	}
	if _, err := tx.lockParent(ctx, table, id); err != nil {
		return err
	}
	if _, err := tx.lockParent(ctx, "policy", string(a.PolicyID)); err != nil {
		return err
	}
	var s selection
	s.same(a)
	if _, err := tx.exec(ctx, `DELETE FROM "policy_association"`+s.sql(), s.args...); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "policy_association" ("id", "policy_id", "endpoint_id", "service_id", "region_id")
		VALUES (?, ?, ?, ?, ?)`, tx.NewID(), a.PolicyID, orNull(a.EndpointID), orNull(a.ServiceID), orNull(a.RegionID))
	return err
}

// HasPolicyAssociation tells whether an association is there.
func (tx *Tx) HasPolicyAssociation(ctx context.Context, a identity.PolicyAssociation) (bool, error) {
	var s selection
	s.same(a)
	s.also(`"policy_id" = ?`, a.PolicyID)
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "policy_association"`+s.sql(), s.args...)
	return len(found) > 0, err
}

// DeletePolicyAssociation deletes an association, if it is there.
func (tx *Tx) DeletePolicyAssociation(ctx context.Context, a identity.PolicyAssociation) error {
	var s selection
	s.same(a)
	s.also(`"policy_id" = ?`, a.PolicyID)
	_, err := tx.exec(ctx, `DELETE FROM "policy_association"`+s.sql(), s.args...)
	return err
}

// PolicyAssociations returns the associations that name an endpoint, or its service in any region.
func (tx *Tx) PolicyAssociations(ctx context.Context, e identity.Endpoint) ([]identity.PolicyAssociation, error) {
	return list(ctx, tx, func(s scanner) (a identity.PolicyAssociation, err error) {
		err = s.Scan(&a.PolicyID, textOf(&a.EndpointID), textOf(&a.ServiceID), textOf(&a.RegionID))
		return a, err
	}, `SELECT "policy_id", "endpoint_id", "service_id", "region_id" FROM "policy_association"
		WHERE "endpoint_id" = ? OR "service_id" = ? ORDER BY "id"`, e.ID, e.ServiceID)
}

// PolicyEndpoints returns the endpoints that any association of a policy reaches, each once.
func (tx *Tx) PolicyEndpoints(ctx context.Context, id identity.PolicyID) ([]identity.Endpoint, error) {
	const named = `FROM "policy_association" WHERE "policy_id" = ?`
	return list(ctx, tx, scanEndpoint, `WITH RECURSIVE "below" ("service_id", "region_id") AS (
			SELECT a."service_id", r."id" FROM "policy_association" a JOIN "region" r ON r."id" = a."region_id" WHERE a."policy_id" = ?
			UNION SELECT b."service_id", r."id" FROM "region" r JOIN "below" b ON r."parent_region_id" = b."region_id")
		SELECT `+endpointColumns+` FROM "endpoint" WHERE "id" IN (SELECT "endpoint_id" `+named+`)
			OR "service_id" IN (SELECT "service_id" `+named+` AND "region_id" IS NULL)
			OR EXISTS (SELECT 1 FROM "below" b WHERE b."service_id" = "endpoint"."service_id" AND b."region_id" = "endpoint"."region_id")
		ORDER BY "id"`, id, id, id)
}
