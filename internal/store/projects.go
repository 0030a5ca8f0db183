package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

// projectRow is a row of Keystone's project table, which holds domains too.
type projectRow struct {
	identity.Project
	domain bool
}

const projectColumns = `"id", "domain_id", "parent_id", "name", "description", "enabled", "is_domain", "extra"`

func scanProject(s scanner) (r projectRow, err error) {
	var enabled sql.NullBool
	var description sql.NullString
	err = s.Scan(&r.ID, &r.DomainID, textOf(&r.ParentID), &r.Name, &description, &enabled, &r.IsDomain, jsonOf(&r.Extra))
	if description.Valid {
		r.Description = &description.String
	}
	r.Enabled = enabled.Bool
	r.domain = r.DomainID == identity.RootDomain
	return r, err
}

// asDomain is the row as the domain that it is.
func (r projectRow) asDomain() identity.Domain {
	return identity.Domain{
		ID: identity.DomainID(r.ID), Name: r.Name, Description: r.Description, Enabled: r.Enabled,
		Tags: r.Tags, Options: r.Options, Extra: r.Extra,
	}
}

// project reads the one row that a condition names, with its tags and options. The root of all domains is nobody's to
// see.
func (tx *Tx) project(ctx context.Context, condition string, args ...any) (r projectRow, found bool, err error) {
	r, err = scanProject(tx.row(ctx, `SELECT `+projectColumns+` FROM "project" WHERE `+condition+` AND "id" <> ?`,
		append(args, identity.RootDomain)...))
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	} else if err != nil {
		return r, false, err
	}
	rows := []*projectRow{&r}
	return r, true, tx.completeProjects(ctx, rows)
}

// completeProjects adds tags and options to rows, in one query each.
func (tx *Tx) completeProjects(ctx context.Context, rows []*projectRow) error {
	byID := make(map[identity.ProjectID]*projectRow, len(rows))
	ids := make([]identity.ProjectID, len(rows))
	for i, r := range rows {
		byID[r.ID], ids[i] = r, r.ID
		r.Options = identity.Options{}
	}
	set, args := in(ids)
	type pair struct {
		id    identity.ProjectID
		value string
	}
	tags, err := list(ctx, tx, func(s scanner) (p pair, err error) {
		err = s.Scan(&p.id, &p.value)
		return p, err
	}, `SELECT "project_id", "name" FROM "project_tag" WHERE "project_id" IN `+set+` ORDER BY "name"`, args...)
	if err != nil {
		return err
	}
	for _, t := range tags {
		byID[t.id].Tags = append(byID[t.id].Tags, t.value)
	}
	immutable, err := list(ctx, tx, func(s scanner) (o struct {
		id    identity.ProjectID
		value any
	}, err error) {
		err = s.Scan(&o.id, jsonOf(&o.value))
		return o, err
	}, `SELECT "project_id", "option_value" FROM "project_option" WHERE "option_id" = 'IMMU' AND "project_id" IN `+set, args...)
	for _, o := range immutable {
		if o.value != nil {
			byID[o.id].Options[identity.OptImmutable] = o.value
		}
	}
	return err
}

// Domain returns a domain; a NotFound when there is none.
func (tx *Tx) Domain(ctx context.Context, id identity.DomainID) (identity.Domain, error) {
	r, ok, err := tx.project(ctx, `"id" = ? AND "domain_id" = ?`, id, identity.RootDomain)
	if err == nil && !ok {
		err = identity.Missing("domain", id)
	}
	return r.asDomain(), err
}

// DomainByName returns the domain of that name.
func (tx *Tx) DomainByName(ctx context.Context, name string) (identity.Domain, error) {
	r, ok, err := tx.project(ctx, `"name" = ? AND "domain_id" = ?`, name, identity.RootDomain)
	if err == nil && !ok {
		err = identity.Missing("domain", name)
	}
	return r.asDomain(), err
}

// Project returns a project, or the project that acts as a domain.
func (tx *Tx) Project(ctx context.Context, id identity.ProjectID) (identity.Project, error) {
	r, ok, err := tx.project(ctx, `"id" = ?`, id)
	if err == nil && !ok {
		err = identity.Missing("project", id)
	}
	return r.Project, err
}

// ProjectByName returns the project of that name in a domain.
func (tx *Tx) ProjectByName(ctx context.Context, domain identity.DomainID, name string) (identity.Project, error) {
	r, ok, err := tx.project(ctx, `"domain_id" = ? AND "name" = ?`, domain, name)
	if err == nil && !ok {
		err = identity.Missing("project", name)
	}
	return r.Project, err
}
