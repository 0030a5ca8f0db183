package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/identity"
)

// Keystone's project table holds domains too: a domain is the project of the same id, with the root of all domains as
// its domain. The root itself is nobody's to see.

const (
	projectColumns = `"id", "domain_id", "parent_id", "name", "description", "enabled", "is_domain", "extra"`
	selectProject  = `SELECT ` + projectColumns + ` FROM "project"`
)

func scanProject(s scanner) (p identity.Project, err error) {
	var enabled sql.NullBool
	var description sql.NullString
	err = s.Scan(&p.ID, &p.DomainID, textOf(&p.ParentID), &p.Name, &description, &enabled, &p.IsDomain, jsonOf(&p.Extra))
	if description.Valid {
		p.Description = &description.String
	}
	p.Enabled = enabled.Bool
	return p, err
}

// completeProjects adds tags and options, with one query.
func (tx *Tx) completeProjects(ctx context.Context, projects []identity.Project) error {
	at := make(map[identity.ProjectID]*identity.Project, len(projects))
	for i := range projects {
		projects[i].Options = identity.Options{}
		at[projects[i].ID] = &projects[i]
	}
	for some := range slices.Chunk(projects, maxIn) {
		ids := make([]identity.ProjectID, len(some))
		for i, p := range some {
			ids[i] = p.ID
		}
		if err := tx.loadProjectParts(ctx, ids, at); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) loadProjectParts(ctx context.Context, ids []identity.ProjectID, at map[identity.ProjectID]*identity.Project) error {
	set, args := in(ids)
	type part struct {
		project identity.ProjectID
		option  bool
		name    string // of the tag, or the option's id
		value   any
	}
	parts, err := list(ctx, tx, func(s scanner) (p part, err error) {
		err = s.Scan(&p.project, &p.option, &p.name, jsonOf(&p.value))
		return p, err
	}, `SELECT "project_id", 0, "name", NULL FROM "project_tag" WHERE "project_id" IN `+set+`
		UNION ALL SELECT "project_id", 1, "option_id", "option_value" FROM "project_option" WHERE "project_id" IN `+set+` ORDER BY 2, 3`,
		slices.Concat(args, args)...)
	for _, p := range parts {
		switch {
		case !p.option:
			at[p.project].Tags = append(at[p.project].Tags, p.name)
		case p.name == immutable && p.value != nil:
			at[p.project].Options[identity.OptImmutable] = p.value
		}
	}
	return err
}

// projects runs a SELECT of whole projects.
func (tx *Tx) projects(ctx context.Context, stmt string, args ...any) ([]identity.Project, error) {
	found, err := list(ctx, tx, scanProject, stmt, args...)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p identity.Project) bool { return p.ID == identity.ProjectID(identity.RootDomain) })
	return found, tx.completeProjects(ctx, found)
}

// project reads the one project that a condition names; called is what the caller called it.
func (tx *Tx) project(ctx context.Context, entity, called, condition string, args ...any) (identity.Project, error) {
	found, err := tx.projects(ctx, selectProject+` WHERE `+condition, args...)
	if err != nil {
		return identity.Project{}, err
	}
	if len(found) == 0 {
		return identity.Project{}, identity.Missing(entity, called)
	}
	return found[0], nil
}

// recallProject is Recall for one project or domain, however it is asked for.
func recallProject(tx *Tx, f Fact, read func() (identity.Project, error)) (identity.Project, error) {
	return Recall(tx, f, func() (identity.Project, []Key, error) {
		p, err := read()
		return p, []Key{{"project", string(p.ID)}}, err
	})
}

func domainOf(id identity.DomainID) Fact { return Fact{What: "domain", Of: string(id)} }

// Domain returns a domain. It fails with identity.NotFound.
func (tx *Tx) Domain(ctx context.Context, id identity.DomainID) (identity.Domain, error) {
	p, err := recallProject(tx, domainOf(id), func() (identity.Project, error) {
		return tx.project(ctx, "domain", string(id), `"id" = ? AND "domain_id" = ?`, id, identity.RootDomain)
	})
	if err == nil && p.ID != identity.ProjectID(id) {
		return identity.Domain{}, identity.Missing("domain", id) // MariaDB ignores case; ids are compared byte for byte
	}
	return p.AsDomain(), err
}

// DomainByName returns the domain whose name is equal, as the database compares. It fails with identity.NotFound.
func (tx *Tx) DomainByName(ctx context.Context, name string) (identity.Domain, error) {
	p, err := recallProject(tx, Fact{What: "domain's name", Of: name}, func() (identity.Project, error) {
		return tx.project(ctx, "domain", name, `"name" = ? AND "domain_id" = ?`, name, identity.RootDomain)
	})
	return p.AsDomain(), err
}

// Project returns a project, or the project that acts as a domain. It fails with identity.NotFound.
func (tx *Tx) Project(ctx context.Context, id identity.ProjectID) (identity.Project, error) {
	p, err := recallProject(tx, Fact{What: "project", Of: string(id)}, func() (identity.Project, error) {
		return tx.project(ctx, "project", string(id), `"id" = ?`, id)
	})
	if err == nil && p.ID != id {
		return identity.Project{}, identity.Missing("project", id)
	}
	return p, err
}

// ProjectByName returns the project of a domain whose name is equal, as the database compares. It fails with
// identity.NotFound.
func (tx *Tx) ProjectByName(ctx context.Context, domain identity.DomainID, name string) (identity.Project, error) {
	return recallProject(tx, Fact{"project's name", name, string(domain)}, func() (identity.Project, error) {
		return tx.project(ctx, "project", name, `"domain_id" = ? AND "name" = ?`, domain, name)
	})
}

// LockProject is Project for one that the transaction is about to change or delete: until it ends, others cannot do that,
// nor put a project below this one. It must come before anything else is read.
func (tx *Tx) LockProject(ctx context.Context, id identity.ProjectID) (identity.Project, error) {
	if _, err := tx.lock(ctx, "project", string(id)); err != nil {
		return identity.Project{}, err
	}
	return tx.Project(ctx, id)
}

// LockDomain is Domain for one that the transaction is about to put a user or group into, which no foreign key would tie to
// it: until the transaction ends, the domain cannot be deleted. It must come before anything else is read.
func (tx *Tx) LockDomain(ctx context.Context, id identity.DomainID) (identity.Domain, error) {
	if _, err := tx.lock(ctx, "project", string(id)); err != nil {
		return identity.Domain{}, err
	}
	return tx.Domain(ctx, id)
}

// claim makes sure that a project stays as it was read until the transaction ends. Where it would not, the transaction
// fails and is run again.
func (tx *Tx) claim(ctx context.Context, id identity.ProjectID) error {
	if tx.db.dialect == sqlite {
		return nil // one transaction writes at a time
	}
	// PostgreSQL lets a transaction lock a row that has changed since its snapshot and fails only for one that has been
	// written, so this writes.
	n, err := tx.exec(ctx, `UPDATE "project" SET "is_domain" = "is_domain" WHERE "id" = ?`, id)
	if err == nil && n == 0 {
		err = identity.Missing("project", id)
	}
	return err
}

// Projects returns a page of the projects, domains among them, by name if the query wants it so. Filters: id, domain_id,
// parent_id, name, enabled, is_domain; search keeps those with a part in name or description, or with the id; tags and
// tags-any keep the projects that have all or any of the tags in a list separated by commas,
// not-tags and not-tags-any leave these out. A marker that is no project fails with identity.NotFound.
func (tx *Tx) Projects(ctx context.Context, q identity.Query) (identity.Page[identity.Project], error) {
	if err := tx.checkMarker(ctx, "project", q); err != nil {
		return identity.Page[identity.Project]{}, err
	}
	s := selection{table: `"project"`, keys: map[string]string{"name": tx.folded(`"name"`)}}
	s.also(`"id" <> ?`, identity.RootDomain)
	for _, f := range q.Filters {
		switch f.Attr {
		case "id", "domain_id", "parent_id", "name":
			s.text(tx, `"`+f.Attr+`"`, f)
		case "enabled", "is_domain":
			s.flag(`"`+f.Attr+`"`, f)
		case "search":
			s.search(f.Value, `"id"`, `"name"`, `"description"`)
		case "tags", "tags-any", "not-tags", "not-tags-any":
			s.tags(f)
		}
	}
	found, err := page(ctx, tx, scanProject, selectProject, `"id"`, s, q)
	if err != nil {
		return found, err
	}
	return found, tx.completeProjects(ctx, found.Items)
}

// tags keeps the projects by their tags.
func (s *selection) tags(f identity.Filter) {
	tags := strings.Split(f.Value, ",")
	slices.Sort(tags)
	tags = slices.Compact(tags)
	set, args := in(tags)
	kind, not := strings.CutPrefix(f.Attr, "not-")
	condition := `"id" IN (SELECT "project_id" FROM "project_tag" WHERE "name" IN ` + set
	if kind == "tags" {
		condition += ` GROUP BY "project_id" HAVING COUNT(*) = ?`
		args = append(args, len(tags))
	}
	if condition += `)`; not {
		condition = `NOT ` + condition
	}
	s.also(condition, args...)
}

// Domains returns a page of the domains. Filters: id, name, enabled. A marker that is no project fails with
// identity.NotFound.
func (tx *Tx) Domains(ctx context.Context, q identity.Query) (identity.Page[identity.Domain], error) {
	found, err := tx.Projects(ctx, q.Where("is_domain", "true").Where("domain_id", string(identity.RootDomain)))
	domains := identity.Page[identity.Domain]{Items: make([]identity.Domain, len(found.Items)), More: found.More}
	for i, p := range found.Items {
		domains.Items[i] = p.AsDomain()
	}
	return domains, err
}

// Parents returns the projects above one, from its parent up to its domain.
func (tx *Tx) Parents(ctx context.Context, id identity.ProjectID) ([]identity.Project, error) {
	found, err := tx.projects(ctx, `WITH RECURSIVE "above" ("id", "parent_id") AS (
		SELECT "id", "parent_id" FROM "project" WHERE "id" = ?
		UNION SELECT p."id", p."parent_id" FROM "project" p JOIN "above" a ON p."id" = a."parent_id")
		`+selectProject+` WHERE "id" IN (SELECT "id" FROM "above")`, id)
	byID := make(map[identity.ProjectID]identity.Project, len(found))
	for _, p := range found {
		byID[p.ID] = p
	}
	var above []identity.Project
	for at := byID[id]; ; {
		delete(byID, at.ID) // so that a circle, which only a damaged database has, ends
		parent, ok := byID[at.ParentID]
		if !ok {
			return above, err
		}
		above = append(above, parent)
		at = parent
	}
}

// Subtree returns the projects below one, level by level, each in the order of ids.
func (tx *Tx) Subtree(ctx context.Context, id identity.ProjectID) ([]identity.Project, error) {
	found, err := tx.projects(ctx, `WITH RECURSIVE "below" ("id") AS (
		SELECT "id" FROM "project" WHERE "parent_id" = ?
		UNION SELECT p."id" FROM "project" p JOIN "below" b ON p."parent_id" = b."id")
		`+selectProject+` WHERE "id" IN (SELECT "id" FROM "below") ORDER BY "id"`, id)
	children := map[identity.ProjectID][]identity.Project{}
	for _, p := range found {
		if p.ID != id {
			children[p.ParentID] = append(children[p.ParentID], p)
		}
	}
	below := children[id]
	for i := 0; i < len(below); i++ {
		below = append(below, children[below[i].ID]...)
	}
	return below, err
}

// ProjectsBelow returns the ids of some projects that have more than so many projects above them, their domain counted.
func (tx *Tx) ProjectsBelow(ctx context.Context, depth int) ([]identity.ProjectID, error) {
	const some = 10
	var above strings.Builder
	for i := range depth + 1 {
		fmt.Fprintf(&above, ` JOIN "project" p%d ON p%d."id" = p%d."parent_id"`, i+1, i+1, i)
	}
	return list(ctx, tx, column[identity.ProjectID], `SELECT p0."id" FROM "project" p0`+above.String()+` ORDER BY p0."id" LIMIT ?`, some)
}

// HasChildren tells whether there are projects below one.
func (tx *Tx) HasChildren(ctx context.Context, id identity.ProjectID) (bool, error) {
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "project" WHERE "parent_id" = ? LIMIT 1`, id)
	return len(found) > 0, err
}

// LimitsOfProjects returns the limits of projects, by project, in the order of their ids.
func (tx *Tx) LimitsOfProjects(ctx context.Context, projects []identity.ProjectID) (map[identity.ProjectID][]identity.Limit, error) {
	limits := map[identity.ProjectID][]identity.Limit{}
	for ids := range slices.Chunk(projects, maxIn) {
		set, args := in(ids)
		found, err := list(ctx, tx, scanLimit, selectLimit+` WHERE l."project_id" IN `+set+` ORDER BY l."id"`, args...)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			limits[l.ProjectID] = append(limits[l.ProjectID], l)
		}
	}
	return limits, nil
}

// InsertDomain writes a new domain. It fails with identity.Conflict when its id or name is taken.
func (tx *Tx) InsertDomain(ctx context.Context, d identity.Domain) error {
	return tx.InsertProject(ctx, d.AsProject())
}

// InsertProject writes a new project. It fails with identity.Conflict when its id is taken, or its name in its domain.
// Names are the same when they differ in case only. The project's parent cannot change before the transaction ends.
func (tx *Tx) InsertProject(ctx context.Context, p identity.Project) error {
	if p.ParentID != "" {
		if err := tx.claim(ctx, p.ParentID); err != nil {
			return err
		}
	}
	if err := tx.checkProjectName(ctx, p); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "project" (`+projectColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.DomainID, orNull(p.ParentID), p.Name, p.Description, p.Enabled, p.IsDomain, extraText(p.Extra))
	if _, taken := duplicate(err); taken {
		return projectTaken(p)
	} else if err != nil {
		return err
	}
	tx.touch("project", string(p.ID))
	return tx.putProjectParts(ctx, identity.Project{}, p)
}

// checkProjectName fails with identity.Conflict when another project of the domain has a name that is the same but for
// case. Keystone's unique key finds that on MariaDB only.
func (tx *Tx) checkProjectName(ctx context.Context, p identity.Project) error {
	if tx.db.dialect == mariadb {
		return nil
	}
	if err := tx.claim(ctx, identity.ProjectID(p.DomainID)); err != nil {
		return err
	}
	names, err := list(ctx, tx, column[string], `SELECT "name" FROM "project" WHERE "domain_id" = ? AND LENGTH("name") = ?
		AND "id" <> ?`, p.DomainID, utf8.RuneCountInString(p.Name), p.ID)
	if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, p.Name) }) {
		return projectTaken(p)
	}
	return err
}

// projectTaken is the refusal of a name or id (_generate_project_name_conflict_msg in keystone/resource/core.py).
func projectTaken(p identity.Project) error {
	if p.IsDomain {
		return identity.Conflictf("project", "it is not permitted to have two projects acting as domains with the same name: %s", p.Name)
	}
	return identity.Conflictf("project", "it is not permitted to have two projects with either the same name or same id in"+
		" the same domain: name is %s, project id %s", p.Name, p.ID)
}

// UpdateProject writes what differs between the project as it was read in this transaction and as it should be. It fails
// as InsertProject does.
func (tx *Tx) UpdateProject(ctx context.Context, old, p identity.Project) error {
	if p.Name != old.Name {
		if err := tx.checkProjectName(ctx, p); err != nil {
			return err
		}
	}
	if p.Enabled && !old.Enabled && p.ParentID != "" {
		if err := tx.claim(ctx, p.ParentID); err != nil {
			return err
		}
	}
	// The row is always written, also for new tags only, so that of two changes at once one sees the other: see claim.
	var c changes
	c.set("enabled", p.Enabled)
	if p.Name != old.Name {
		c.set("name", p.Name)
	}
	if !reflect.DeepEqual(p.Description, old.Description) {
		c.set("description", p.Description)
	}
	if !reflect.DeepEqual(p.Extra, old.Extra) {
		c.set("extra", extraText(p.Extra))
	}
	err := c.update(ctx, tx, "project", `"id" = ?`, p.ID)
	if _, taken := duplicate(err); taken {
		return projectTaken(p)
	} else if err != nil {
		return err
	}
	tx.touch("project", string(p.ID))
	return tx.putProjectParts(ctx, old, p)
}

// putProjectParts writes how tags and options differ.
func (tx *Tx) putProjectParts(ctx context.Context, old, p identity.Project) error {
	for _, tag := range old.Tags {
		if slices.Contains(p.Tags, tag) {
			continue
		}
		if _, err := tx.exec(ctx, `DELETE FROM "project_tag" WHERE "project_id" = ? AND "name" = ?`, p.ID, tag); err != nil {
			return err
		}
	}
	for _, tag := range p.Tags {
		if slices.Contains(old.Tags, tag) {
			continue
		}
		_, err := tx.exec(ctx, `INSERT INTO "project_tag" ("project_id", "name") VALUES (?, ?)`, p.ID, tag)
		if _, taken := duplicate(err); taken {
			return identity.Conflictf("project tag", "Duplicate entry found with name %s", tag)
		} else if err != nil {
			return err
		}
	}
	if v := p.Options[identity.OptImmutable]; v != old.Options[identity.OptImmutable] {
		return tx.putOption(ctx, "project", string(p.ID), immutable, v)
	}
	return nil
}

// DeleteProject removes a project that has none below it, and all that hangs on it: grants, credentials, application
// credentials, trusts, OAuth tokens, limits and endpoint filters; it stops being the default project of users. Its
// tokens are revoked. It fails with identity.NotFound.
func (tx *Tx) DeleteProject(ctx context.Context, id identity.ProjectID) error {
	if err := tx.farewell(ctx, "project", string(id)); err != nil {
		return err
	}
	if err := tx.deleteApplicationCredentials(ctx, `"project_id" = ?`, id); err != nil {
		return err
	}
	err := tx.each(ctx, id,
		`DELETE FROM "assignment" WHERE "target_id" = ? AND "type" IN ('UserProject', 'GroupProject')`,
		`DELETE FROM "lintel_grant_meta" WHERE "target_id" = ?`,
		`DELETE FROM "lintel_main_user" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_portal_user" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_api_user" WHERE "project_id" = ?`,
		`DELETE FROM "credential" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_contact" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_project_rules" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_grant_request" WHERE "project_id" = ?`,
		`DELETE FROM "lintel_waiting_grant" WHERE "project_id" = ?`,
		`DELETE FROM "access_token" WHERE "project_id" = ?`,
		`DELETE FROM "request_token" WHERE "requested_project_id" = ?`,
		`DELETE FROM "limit" WHERE "project_id" = ?`,
		`DELETE FROM "project_endpoint" WHERE "project_id" = ?`,
		`DELETE FROM "project_endpoint_group" WHERE "project_id" = ?`,
	)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE "trust" SET "deleted_at" = ? WHERE "deleted_at" IS NULL AND "project_id" = ?`, tx.now, id); err != nil {
		return err
	}
	if err := tx.ClearDefaultProject(ctx, id); err != nil {
		return err
	}
	if err := tx.remove(ctx, "project", string(id)); err != nil { // tags and options follow by foreign keys
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{ProjectID: id})
}

// ImmutableIn returns the ids of the immutable projects and roles of a domain.
func (tx *Tx) ImmutableIn(ctx context.Context, domain identity.DomainID) (projects []identity.ProjectID, roles []identity.RoleID, err error) {
	projects, err = list(ctx, tx, column[identity.ProjectID], `SELECT p."id" FROM "project" p JOIN "project_option" o
		ON o."project_id" = p."id" WHERE p."domain_id" = ? AND o."option_id" = 'IMMU' AND o."option_value" = 'true'`, domain)
	if err != nil {
		return nil, nil, err
	}
	roles, err = list(ctx, tx, column[identity.RoleID], `SELECT r."id" FROM "role" r JOIN "role_option" o
		ON o."role_id" = r."id" WHERE r."domain_id" = ? AND o."option_id" = 'IMMU' AND o."option_value" = 'true'`, domain)
	return projects, roles, err
}

// DeleteDomain removes a domain with all that is in it and hangs on it: projects, users, groups, roles, identity
// providers and the users that only these know, grants, limits, configuration and mapped ids. It fails with
// identity.NotFound.
func (tx *Tx) DeleteDomain(ctx context.Context, id identity.DomainID) error {
	if err := tx.farewell(ctx, "domain", string(id)); err != nil {
		return err
	}
	inside, err := tx.Subtree(ctx, identity.ProjectID(id))
	if err != nil {
		return err
	}
	for _, p := range slices.Backward(inside) {
		if err := tx.DeleteProject(ctx, p.ID); err != nil {
			return err
		}
		if err := tx.recordGone(ctx, "project", string(p.ID)); err != nil {
			return err
		}
	}
	if err := tx.deletePeople(ctx, id); err != nil {
		return err
	}
	providers, err := list(ctx, tx, column[identity.IdentityProviderID], `SELECT "id" FROM "identity_provider" WHERE "domain_id" = ?`, id)
	if err != nil {
		return err
	}
	for _, provider := range providers {
		if err := tx.DeleteIdentityProvider(ctx, provider); err != nil {
			return err
		}
	}
	roles, err := list(ctx, tx, column[identity.RoleID], `SELECT "id" FROM "role" WHERE "domain_id" = ?`, id)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if err := tx.DeleteRole(ctx, role); err != nil {
			return err
		}
		if err := tx.recordGone(ctx, "role", string(role)); err != nil {
			return err
		}
	}
	err = tx.each(ctx, id,
		`DELETE FROM "assignment" WHERE "target_id" = ? AND "type" IN ('UserDomain', 'GroupDomain')`,
		`DELETE FROM "lintel_grant_rule" WHERE "domain_id" = ?`,
		`DELETE FROM "limit" WHERE "domain_id" = ?`,
		`DELETE FROM "lintel_domain_rules" WHERE "domain_id" = ?`,
		`DELETE FROM "whitelisted_config" WHERE "domain_id" = ?`,
		`DELETE FROM "sensitive_config" WHERE "domain_id" = ?`,
		`DELETE FROM "config_register" WHERE "domain_id" = ?`,
		`DELETE FROM "id_mapping" WHERE "domain_id" = ?`,
	)
	if err != nil {
		return err
	}
	if err := tx.DeleteProject(ctx, identity.ProjectID(id)); err != nil {
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{DomainID: id})
}

// deletePeople removes the groups and users of a domain.
func (tx *Tx) deletePeople(ctx context.Context, domain identity.DomainID) error {
	groups, err := list(ctx, tx, column[identity.GroupID], `SELECT "id" FROM "group" WHERE "domain_id" = ?`, domain)
	if err != nil {
		return err
	}
	for _, id := range groups {
		if err := tx.DeleteGroup(ctx, id); err != nil {
			return err
		}
		if err := tx.recordGone(ctx, "group", string(id)); err != nil {
			return err
		}
	}
	users, err := list(ctx, tx, column[identity.UserID], `SELECT "id" FROM "user" WHERE "domain_id" = ?`, domain)
	if err != nil {
		return err
	}
	for _, id := range users {
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		if err := tx.recordGone(ctx, "user", string(id)); err != nil {
			return err
		}
	}
	return nil
}
