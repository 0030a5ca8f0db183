package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

func scanService(s scanner) (v identity.Service, err error) {
	err = s.Scan(&v.ID, textOf(&v.Type), &v.Enabled, jsonOf(&v.Extra))
	return v, err
}

func scanEndpoint(s scanner) (e identity.Endpoint, err error) {
	err = s.Scan(&e.ID, &e.ServiceID, textOf(&e.RegionID), &e.Interface, &e.URL, &e.Enabled, jsonOf(&e.Extra))
	return e, err
}

const (
	serviceColumns  = `"id", "type", "enabled", "extra"`
	endpointColumns = `"id", "service_id", "region_id", "interface", "url", "enabled", "extra"`
)

// EnabledServices returns all services that are enabled, ordered by id.
func (tx *Tx) EnabledServices(ctx context.Context) ([]identity.Service, error) {
	return list(ctx, tx, scanService, `SELECT `+serviceColumns+` FROM "service" WHERE "enabled" = ? ORDER BY "id"`, true)
}

// EnabledEndpoints returns all endpoints that are enabled, ordered by id.
func (tx *Tx) EnabledEndpoints(ctx context.Context) ([]identity.Endpoint, error) {
	return list(ctx, tx, scanEndpoint, `SELECT `+endpointColumns+` FROM "endpoint" WHERE "enabled" = ? ORDER BY "id"`, true)
}

const regionColumns = `"id", "description", "parent_region_id", "extra"`

func scanRegion(s scanner) (r identity.Region, err error) {
	err = s.Scan(&r.ID, &r.Description, textOf(&r.ParentRegionID), jsonOf(&r.Extra))
	return r, err
}

// Region returns a region; a NotFound when there is none.
func (tx *Tx) Region(ctx context.Context, id identity.RegionID) (identity.Region, error) {
	r, err := scanRegion(tx.row(ctx, `SELECT `+regionColumns+` FROM "region" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("region", id)
	}
	return r, err
}

// InsertRegion writes a new region; a Conflict when its id is taken.
func (tx *Tx) InsertRegion(ctx context.Context, r identity.Region) error {
	_, err := tx.exec(ctx, `INSERT INTO "region" (`+regionColumns+`) VALUES (?, ?, ?, ?)`,
		r.ID, r.Description, orNull(r.ParentRegionID), jsonOf(&r.Extra))
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("region", "Duplicate entry found with ID %s", r.ID)
	}
	tx.touch("catalog", "")
	return err
}

// InsertService writes a new service.
func (tx *Tx) InsertService(ctx context.Context, v identity.Service) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `INSERT INTO "service" (`+serviceColumns+`) VALUES (?, ?, ?, ?)`,
		v.ID, orNull(v.Type), v.Enabled, jsonOf(&v.Extra))
	return err
}

// InsertEndpoint writes a new endpoint of a service that exists.
func (tx *Tx) InsertEndpoint(ctx context.Context, e identity.Endpoint) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `INSERT INTO "endpoint" (`+endpointColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.ServiceID, orNull(e.RegionID), e.Interface, e.URL, e.Enabled, jsonOf(&e.Extra))
	return err
}

// Services returns a page of services. A name is looked for among the extra attributes, where Keystone keeps it.
func (tx *Tx) Services(ctx context.Context, q identity.Query) (identity.Page[identity.Service], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "type":
			s.text(tx, `"type"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		}
	}
	return page(ctx, tx, scanService, `SELECT `+serviceColumns+` FROM "service"`, `"id"`, s, q)
}

// Endpoints returns a page of endpoints.
func (tx *Tx) Endpoints(ctx context.Context, q identity.Query) (identity.Page[identity.Endpoint], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "interface", "service_id", "region_id":
			s.text(tx, `"`+f.Attr+`"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		}
	}
	return page(ctx, tx, scanEndpoint, `SELECT `+endpointColumns+` FROM "endpoint"`, `"id"`, s, q)
}

// PutEndpoint writes an endpoint over the one of the same id.
func (tx *Tx) PutEndpoint(ctx context.Context, e identity.Endpoint) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `UPDATE "endpoint" SET "service_id" = ?, "region_id" = ?, "interface" = ?, "url" = ?, "enabled" = ?,
		"extra" = ? WHERE "id" = ?`, e.ServiceID, orNull(e.RegionID), e.Interface, e.URL, e.Enabled, jsonOf(&e.Extra), e.ID)
	return err
}
