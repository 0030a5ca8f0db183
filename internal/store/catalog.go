package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

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

// Service returns a service; a NotFound when there is none.
func (tx *Tx) Service(ctx context.Context, id identity.ServiceID) (identity.Service, error) {
	v, err := scanService(tx.row(ctx, `SELECT `+serviceColumns+` FROM "service" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("service", id)
	}
	return v, err
}

// Endpoint returns an endpoint; a NotFound when there is none.
func (tx *Tx) Endpoint(ctx context.Context, id identity.EndpointID) (identity.Endpoint, error) {
	e, err := scanEndpoint(tx.row(ctx, `SELECT `+endpointColumns+` FROM "endpoint" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("endpoint", id)
	}
	return e, err
}

// EndpointFilter says which endpoints a project is to see: some by id, and all that have the attributes of a group.
type EndpointFilter struct {
	ID    identity.EndpointID // or empty
	Group map[string]any      // attribute of the endpoint -> value; nil for a single endpoint
}

// EndpointFilters returns what is associated with a project (OS-EP-FILTER); nothing means that it sees everything.
func (tx *Tx) EndpointFilters(ctx context.Context, project identity.ProjectID) ([]EndpointFilter, error) {
	return Recall(tx, filtersOf(project), func() (found []EndpointFilter, from []Key, err error) {
		var g gathering
		gatherFilters(&g, project, &found)
		err = g.run(ctx, tx)
		return found, catalogKeys, err
	})
}

func filtersOf(project identity.ProjectID) Fact {
	return Fact{What: "endpoint filters", Of: string(project)}
}

func gatherFilters(g *gathering, project identity.ProjectID, all *[]EndpointFilter) {
	take := func(s scanner) error {
		var f EndpointFilter
		err := s.Scan(textOf(&f.ID), jsonOf(&f.Group))
		*all = append(*all, f)
		return err
	}
	g.add(`"endpoint_id", NULL`, `FROM "project_endpoint" WHERE "project_id" = ?`, []any{project}, take)
	g.add(`NULL, g."filters"`, `FROM "endpoint_group" g JOIN "project_endpoint_group" p ON p."endpoint_group_id" = g."id"
		WHERE p."project_id" = ?`, []any{project}, take)
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

// Regions returns a page of regions.
func (tx *Tx) Regions(ctx context.Context, q identity.Query) (identity.Page[identity.Region], error) {
	var s selection
	for _, f := range q.Filters {
		if f.Attr == "parent_region_id" {
			s.text(tx, `"parent_region_id"`, f)
		}
	}
	return page(ctx, tx, scanRegion, `SELECT `+regionColumns+` FROM "region"`, `"id"`, s, q)
}

// InsertRegion writes a new region; a Conflict when its id is taken.
func (tx *Tx) InsertRegion(ctx context.Context, r identity.Region) error {
	_, err := tx.exec(ctx, `INSERT INTO "region" (`+regionColumns+`) VALUES (?, ?, ?, ?)`,
		r.ID, r.Description, orNull(r.ParentRegionID), jsonOf(&r.Extra))
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("region", "Duplicate ID, %s.", r.ID)
	}
	tx.touch("catalog", "")
	return err
}

// PutRegion writes a region over the one of the same id.
func (tx *Tx) PutRegion(ctx context.Context, r identity.Region) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `UPDATE "region" SET "description" = ?, "parent_region_id" = ?, "extra" = ? WHERE "id" = ?`,
		r.Description, orNull(r.ParentRegionID), jsonOf(&r.Extra), r.ID)
	return err
}

// RegionTree returns a region's id and those of all regions below it.
func (tx *Tx) RegionTree(ctx context.Context, id identity.RegionID) ([]identity.RegionID, error) {
	return list(ctx, tx, column[identity.RegionID], `WITH RECURSIVE "below" ("id") AS (
		SELECT "id" FROM "region" WHERE "id" = ?
		UNION SELECT r."id" FROM "region" r JOIN "below" b ON r."parent_region_id" = b."id") SELECT "id" FROM "below"`, id)
}

// DeleteRegions deletes regions, with the policy associations that name them. It tells whether it could: a region that
// an endpoint stands in stays, and so do all.
func (tx *Tx) DeleteRegions(ctx context.Context, ids []identity.RegionID) (bool, error) {
	set, args := in(ids)
	used, err := list(ctx, tx, column[string], `SELECT "id" FROM "endpoint" WHERE "region_id" IN `+set+` LIMIT 1`, args...)
	if err != nil || len(used) > 0 {
		return false, err
	}
	if _, err := tx.exec(ctx, `DELETE FROM "policy_association" WHERE "region_id" IN `+set, args...); err != nil {
		return false, err
	}
	tx.touch("catalog", "")
	_, err = tx.exec(ctx, `DELETE FROM "region" WHERE "id" IN `+set, args...)
	return err == nil, err
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

// Services returns a page of services. Names are compared here, since Keystone keeps them among the extra attributes,
// where SQL cannot see them.
func (tx *Tx) Services(ctx context.Context, q identity.Query) (identity.Page[identity.Service], error) {
	var s selection
	var names []identity.Filter
	for _, f := range q.Filters {
		switch f.Attr {
		case "type":
			s.text(tx, `"type"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		case "name":
			names = append(names, f)
		}
	}
	sql := q
	if len(names) > 0 {
		sql.Limit = 0
	}
	found, err := page(ctx, tx, scanService, `SELECT `+serviceColumns+` FROM "service"`, `"id"`, s, sql)
	if err != nil || len(names) == 0 {
		return found, err
	}
	found.Items = slices.DeleteFunc(found.Items, func(v identity.Service) bool {
		return slices.ContainsFunc(names, func(f identity.Filter) bool { return !f.Match(v.Name()) })
	})
	if q.Limit > 0 && len(found.Items) > q.Limit {
		found.Items, found.More = found.Items[:q.Limit], true
	}
	return found, nil
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

// PutService writes a service over the one of the same id.
func (tx *Tx) PutService(ctx context.Context, v identity.Service) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `UPDATE "service" SET "type" = ?, "enabled" = ?, "extra" = ? WHERE "id" = ?`,
		orNull(v.Type), v.Enabled, jsonOf(&v.Extra), v.ID)
	return err
}

// DeleteService deletes a service with its endpoints, and what is associated with any of them.
func (tx *Tx) DeleteService(ctx context.Context, id identity.ServiceID) error {
	if err := tx.farewell(ctx, "service", string(id)); err != nil {
		return err
	}
	const ofService = `IN (SELECT "id" FROM "endpoint" WHERE "service_id" = ?)`
	tx.touch("catalog", "")
	return tx.each(ctx, id,
		`DELETE FROM "project_endpoint" WHERE "endpoint_id" `+ofService,
		`DELETE FROM "policy_association" WHERE "endpoint_id" `+ofService,
		`DELETE FROM "policy_association" WHERE "service_id" = ?`,
		`DELETE FROM "endpoint" WHERE "service_id" = ?`,
		`DELETE FROM "service" WHERE "id" = ?`,
	)
}

// DeleteEndpoint deletes an endpoint and what is associated with it.
func (tx *Tx) DeleteEndpoint(ctx context.Context, id identity.EndpointID) error {
	if err := tx.farewell(ctx, "endpoint", string(id)); err != nil {
		return err
	}
	tx.touch("catalog", "")
	return tx.each(ctx, id,
		`DELETE FROM "project_endpoint" WHERE "endpoint_id" = ?`,
		`DELETE FROM "policy_association" WHERE "endpoint_id" = ?`,
		`DELETE FROM "endpoint" WHERE "id" = ?`,
	)
}
