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
