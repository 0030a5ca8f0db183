package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

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

// InsertDomain writes a new domain; a Conflict when its id or name is taken.
func (tx *Tx) InsertDomain(ctx context.Context, d identity.Domain) error {
	return tx.insertProject(ctx, "domain", rowOf(d))
}

// InsertProject writes a new project; a Conflict when its id is taken, or its name in its domain.
func (tx *Tx) InsertProject(ctx context.Context, p identity.Project) error {
	return tx.insertProject(ctx, "project", projectRow{Project: p})
}

// rowOf is the row that a domain is kept in.
func rowOf(d identity.Domain) projectRow {
	return projectRow{domain: true, Project: identity.Project{
		ID: identity.ProjectID(d.ID), DomainID: identity.RootDomain, Name: d.Name, Description: d.Description,
		Enabled: d.Enabled, IsDomain: true, Tags: d.Tags, Options: d.Options, Extra: d.Extra,
	}}
}

func (tx *Tx) insertProject(ctx context.Context, entity string, r projectRow) error {
	_, err := tx.exec(ctx, `INSERT INTO "project" (`+projectColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.DomainID, orNull(r.ParentID), r.Name, r.Description, r.Enabled, r.IsDomain, jsonOf(&r.Extra))
	if err != nil {
		return r.conflict(entity, err)
	}
	return tx.putProjectParts(ctx, r)
}

// conflict says which of a row's keys is taken, in upstream's words (keystone/common/sql/core.py, handle_conflicts).
func (r projectRow) conflict(entity string, err error) error {
	key, dup := duplicate(err)
	switch {
	case !dup:
		return err
	case strings.Contains(key, "name"):
		if r.domain {
			return identity.Conflictf(entity, "Duplicate entry found with name %s", r.Name)
		}
		return identity.Conflictf(entity, "Duplicate entry found with name %s at domain ID %s", r.Name, r.DomainID)
	default:
		return identity.Conflictf(entity, "Duplicate entry found with ID %s", r.ID)
	}
}

// putProjectParts writes a row's tags and options over those that are there.
func (tx *Tx) putProjectParts(ctx context.Context, r projectRow) error {
	if _, err := tx.exec(ctx, `DELETE FROM "project_tag" WHERE "project_id" = ?`, r.ID); err != nil {
		return err
	}
	for _, tag := range r.Tags {
		if _, err := tx.exec(ctx, `INSERT INTO "project_tag" ("project_id", "name") VALUES (?, ?)`, r.ID, tag); err != nil {
			return err
		}
	}
	tx.touch("project", string(r.ID))
	return tx.putOption(ctx, "project", string(r.ID), "IMMU", r.Options[identity.OptImmutable])
}

// putOption writes one resource option of an entity, or removes it when the value is nil.
func (tx *Tx) putOption(ctx context.Context, entity, id, option string, value any) error {
	if value == nil {
		_, err := tx.exec(ctx, `DELETE FROM "`+entity+`_option" WHERE "`+entity+`_id" = ? AND "option_id" = ?`, id, option)
		return err
	}
	return tx.upsert(ctx, entity+"_option", 2, []string{entity + "_id", "option_id", "option_value"}, id, option, jsonOf(&value))
}
