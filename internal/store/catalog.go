package store

import (
	"context"

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

// InsertRegion writes a new region; a Conflict when its id is taken.
func (tx *Tx) InsertRegion(ctx context.Context, r identity.Region) error {
	_, err := tx.exec(ctx, `INSERT INTO "region" ("id", "description", "parent_region_id", "extra") VALUES (?, ?, ?, ?)`,
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
