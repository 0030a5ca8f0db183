package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const endpointGroupColumns = `"id", "name", "description", "filters"`

func scanEndpointGroup(s scanner) (g identity.EndpointGroup, err error) {
	err = s.Scan(&g.ID, &g.Name, &g.Description, jsonOf(&g.Filters))
	return g, err
}

// EndpointGroup returns an endpoint group; a NotFound when there is none.
func (tx *Tx) EndpointGroup(ctx context.Context, id identity.EndpointGroupID) (identity.EndpointGroup, error) {
	g, err := scanEndpointGroup(tx.row(ctx, `SELECT `+endpointGroupColumns+` FROM "endpoint_group" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("Endpoint Group", id)
	}
	return g, err
}

// EndpointGroups returns a page of endpoint groups. The filters are name, and project_id for those that a project's
// filters name.
func (tx *Tx) EndpointGroups(ctx context.Context, q identity.Query) (identity.Page[identity.EndpointGroup], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "name":
			s.text(tx, `"name"`, f)
		case "project_id":
			s.also(`"id" IN (SELECT "endpoint_group_id" FROM "project_endpoint_group" WHERE "project_id" = ?)`, f.Value)
		}
	}
	return page(ctx, tx, scanEndpointGroup, `SELECT `+endpointGroupColumns+` FROM "endpoint_group"`, `"id"`, s, q)
}

// InsertEndpointGroup writes a new endpoint group.
func (tx *Tx) InsertEndpointGroup(ctx context.Context, g identity.EndpointGroup) error {
	_, err := tx.exec(ctx, `INSERT INTO "endpoint_group" (`+endpointGroupColumns+`) VALUES (?, ?, ?, ?)`,
		g.ID, g.Name, g.Description, jsonOf(&g.Filters))
	return err
}

// PutEndpointGroup writes an endpoint group over the one of the same id.
func (tx *Tx) PutEndpointGroup(ctx context.Context, g identity.EndpointGroup) error {
	tx.touch("catalog", "")
	_, err := tx.exec(ctx, `UPDATE "endpoint_group" SET "name" = ?, "description" = ?, "filters" = ? WHERE "id" = ?`,
		g.Name, g.Description, jsonOf(&g.Filters), g.ID)
	return err
}

// DeleteEndpointGroup deletes an endpoint group and the filters that name it.
func (tx *Tx) DeleteEndpointGroup(ctx context.Context, id identity.EndpointGroupID) error {
	tx.touch("catalog", "")
	if err := tx.farewell(ctx, "endpoint_group", string(id)); err != nil {
		return err
	}
	return tx.each(ctx, id,
		`DELETE FROM "project_endpoint_group" WHERE "endpoint_group_id" = ?`,
		`DELETE FROM "endpoint_group" WHERE "id" = ?`,
	)
}

// filterTable returns the table that keeps a filter, its column beside project_id, and the value there.
func filterTable(f identity.ProjectFilter) (table, column, id string) {
	if f.EndpointID != "" {
		return "project_endpoint", "endpoint_id", string(f.EndpointID)
	}
	return "project_endpoint_group", "endpoint_group_id", string(f.GroupID)
}

// InsertProjectFilter writes a filter of a project and an endpoint or group that are there; a Conflict when there is one
// already.
func (tx *Tx) InsertProjectFilter(ctx context.Context, f identity.ProjectFilter) error {
	if f.EndpointID != "" { // the table has no foreign keys
		if _, err := tx.lockParent(ctx, "endpoint", string(f.EndpointID)); err != nil {
			return err
		}
	}
	if _, err := tx.lockParent(ctx, "project", string(f.ProjectID)); err != nil {
		return err
	}
	table, column, id := filterTable(f)
	_, err := tx.exec(ctx, `INSERT INTO "`+table+`" ("`+column+`", "project_id") VALUES (?, ?)`, id, f.ProjectID)
	if _, dup := duplicate(err); dup {
		return identity.Conflictf(table, "Duplicate entry")
	}
	tx.touch("catalog", "")
	return err
}

// HasProjectFilter tells whether a filter is there.
func (tx *Tx) HasProjectFilter(ctx context.Context, f identity.ProjectFilter) (bool, error) {
	table, col, id := filterTable(f)
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "`+table+`" WHERE "`+col+`" = ? AND "project_id" = ?`, id, f.ProjectID)
	return len(found) > 0, err
}

// DeleteProjectFilter deletes a filter. It tells whether there was one.
func (tx *Tx) DeleteProjectFilter(ctx context.Context, f identity.ProjectFilter) (bool, error) {
	table, column, id := filterTable(f)
	n, err := tx.exec(ctx, `DELETE FROM "`+table+`" WHERE "`+column+`" = ? AND "project_id" = ?`, id, f.ProjectID)
	if n > 0 {
		tx.touch("catalog", "")
	}
	return n > 0, err
}

// FilteredProjects returns the projects that have a filter for an endpoint, or for a group: the one that f names.
func (tx *Tx) FilteredProjects(ctx context.Context, f identity.ProjectFilter) ([]identity.Project, error) {
	table, column, id := filterTable(f)
	projects, err := list(ctx, tx, scanProject,
		selectProject+` WHERE "id" IN (SELECT "project_id" FROM "`+table+`" WHERE "`+column+`" = ?) ORDER BY "id"`, id)
	if err != nil {
		return nil, err
	}
	return projects, tx.completeProjects(ctx, projects)
}
