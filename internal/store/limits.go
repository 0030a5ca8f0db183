package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const registeredColumns = `"id", "service_id", "region_id", "resource_name", "default_limit", "description"`

func scanRegisteredLimit(s scanner) (l identity.RegisteredLimit, err error) {
	err = s.Scan(&l.ID, textOf(&l.ServiceID), textOf(&l.RegionID), textOf(&l.ResourceName), &l.Default, &l.Description)
	return l, err
}

// RegisteredLimit returns a registered limit; a NotFound when there is none.
func (tx *Tx) RegisteredLimit(ctx context.Context, id identity.RegisteredLimitID) (identity.RegisteredLimit, error) {
	l, err := scanRegisteredLimit(tx.row(ctx, `SELECT `+registeredColumns+` FROM "registered_limit" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Failf(identity.NotFound, "Could not find registered limit for %s.", id)
	}
	return l, err
}

// RegisteredLimitFor returns the registered limit of a service's resource in a region, or in all. It tells whether
// there is one.
func (tx *Tx) RegisteredLimitFor(ctx context.Context, service identity.ServiceID, region identity.RegionID, resource string) (identity.RegisteredLimit, bool, error) {
	var s selection
	s.also(`"service_id" = ?`, service)
	s.also(`"resource_name" = ?`, resource)
	if region == "" {
		s.also(`"region_id" IS NULL`)
	} else {
		s.also(`"region_id" = ?`, region)
	}
	found, err := list(ctx, tx, scanRegisteredLimit, `SELECT `+registeredColumns+` FROM "registered_limit"`+s.sql()+
		` ORDER BY "internal_id" LIMIT 1`, s.args...)
	if err != nil || len(found) == 0 {
		return identity.RegisteredLimit{}, false, err
	}
	return found[0], true, nil
}

// RegisteredLimits returns a page of registered limits.
func (tx *Tx) RegisteredLimits(ctx context.Context, q identity.Query) (identity.Page[identity.RegisteredLimit], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "service_id", "region_id", "resource_name":
			s.text(tx, `"`+f.Attr+`"`, f)
		}
	}
	return page(ctx, tx, scanRegisteredLimit, `SELECT `+registeredColumns+` FROM "registered_limit"`, `"id"`, s, q)
}

// ClaimResource makes other transactions that register or change limits of a service wait for this one: no unique key
// keeps two of them from registering the same resource.
func (tx *Tx) ClaimResource(ctx context.Context, service identity.ServiceID) error {
	_, err := tx.lock(ctx, "service", string(service))
	return err
}

// InsertRegisteredLimit writes a new registered limit.
func (tx *Tx) InsertRegisteredLimit(ctx context.Context, l identity.RegisteredLimit) error {
	_, err := tx.exec(ctx, `INSERT INTO "registered_limit" (`+registeredColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
		l.ID, l.ServiceID, orNull(l.RegionID), l.ResourceName, l.Default, l.Description)
	return err
}

// PutRegisteredLimit writes a registered limit over the one of the same id.
func (tx *Tx) PutRegisteredLimit(ctx context.Context, l identity.RegisteredLimit) error {
	_, err := tx.exec(ctx, `UPDATE "registered_limit" SET "service_id" = ?, "region_id" = ?, "resource_name" = ?,
		"default_limit" = ?, "description" = ? WHERE "id" = ?`,
		l.ServiceID, orNull(l.RegionID), l.ResourceName, l.Default, l.Description, l.ID)
	return err
}

// DeleteRegisteredLimit deletes a registered limit that no limit refers to.
func (tx *Tx) DeleteRegisteredLimit(ctx context.Context, id identity.RegisteredLimitID) error {
	if err := tx.farewell(ctx, "registered_limit", string(id)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM "registered_limit" WHERE "id" = ?`, id)
	return err
}

// selectLimit takes from the registered limit what a limit is for.
const selectLimit = `SELECT l."id", l."project_id", l."domain_id", r."service_id", r."region_id", r."resource_name",
	l."resource_limit", l."description" FROM "limit" l LEFT JOIN "registered_limit" r ON r."id" = l."registered_limit_id"`

func scanLimit(s scanner) (l identity.Limit, err error) {
	err = s.Scan(&l.ID, textOf(&l.ProjectID), textOf(&l.DomainID), textOf(&l.ServiceID), textOf(&l.RegionID),
		textOf(&l.ResourceName), &l.Value, &l.Description)
	return l, err
}

// Limit returns a limit; a NotFound when there is none.
func (tx *Tx) Limit(ctx context.Context, id identity.LimitID) (identity.Limit, error) {
	l, err := scanLimit(tx.row(ctx, selectLimit+` WHERE l."id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Failf(identity.NotFound, "Could not find limit for %s.", id)
	}
	return l, err
}

// Limits returns a page of limits. Beside the attributes of the API, "within" filters: the domain with this id and the
// projects in it.
func (tx *Tx) Limits(ctx context.Context, q identity.Query) (identity.Page[identity.Limit], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "service_id", "region_id", "resource_name":
			s.text(tx, `r."`+f.Attr+`"`, f)
		case "project_id", "domain_id":
			s.text(tx, `l."`+f.Attr+`"`, f)
		case "within":
			s.also(`(l."domain_id" = ? OR l."project_id" IN (SELECT "id" FROM "project" WHERE "domain_id" = ?))`, f.Value, f.Value)
		}
	}
	return page(ctx, tx, scanLimit, selectLimit, `l."id"`, s, q)
}

// LimitsOn returns the limits that refer to a registered limit.
func (tx *Tx) LimitsOn(ctx context.Context, id identity.RegisteredLimitID) ([]identity.Limit, error) {
	return list(ctx, tx, scanLimit, selectLimit+` WHERE l."registered_limit_id" = ? ORDER BY l."id"`, id)
}

// InsertLimit writes a new limit, which refers to a registered limit.
func (tx *Tx) InsertLimit(ctx context.Context, l identity.Limit, registered identity.RegisteredLimitID) error {
	_, err := tx.exec(ctx, `INSERT INTO "limit" ("id", "project_id", "domain_id", "registered_limit_id", "resource_limit", "description")
		VALUES (?, ?, ?, ?, ?, ?)`, l.ID, orNull(l.ProjectID), orNull(l.DomainID), registered, l.Value, l.Description)
	return err
}

// PutLimit writes the value and description of a limit.
func (tx *Tx) PutLimit(ctx context.Context, l identity.Limit) error {
	_, err := tx.exec(ctx, `UPDATE "limit" SET "resource_limit" = ?, "description" = ? WHERE "id" = ?`, l.Value, l.Description, l.ID)
	return err
}

// DeleteLimit deletes a limit.
func (tx *Tx) DeleteLimit(ctx context.Context, id identity.LimitID) error {
	if err := tx.farewell(ctx, "limit", string(id)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM "limit" WHERE "id" = ?`, id)
	return err
}
