package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Our own tables, named lintel_*, and our indexes and reckoned columns on Keystone's, named lintel_* too, have a version of their own in
// lintel_version. Keystone takes no notice of them.

//go:embed own.sql
var ownSchema string

//go:embed own_events.sql
var ownEvents string

//go:embed own_uses.sql
var ownUses string

//go:embed own_sessions.sql
var ownSessions string

//go:embed own_factors.sql
var ownFactors string

//go:embed own_mail.sql
var ownMail string

//go:embed own_membership.sql
var ownMembership string

//go:embed own_lists.sql
var ownLists string

//go:embed own_domains.sql
var ownDomains string

//go:embed own_trail.sql
var ownTrail string

//go:embed own_contacts.sql
var ownContacts string

//go:embed own_passkeys.sql
var ownPasskeys string

//go:embed own_grants.sql
var ownGrants string

//go:embed own_surfaces.sql
var ownSurfaces string

//go:embed own_accounts.sql
var ownAccounts string

//go:embed own_profiles.sql
var ownProfiles string

//go:embed own_robots.sql
var ownRobots string

//go:embed own_areas.sql
var ownAreas string

//go:embed own_ends.sql
var ownEnds string

//go:embed own_demands.sql
var ownDemands string

//go:embed own_requests.sql
var ownRequests string

//go:embed own_signups.sql
var ownSignUps string

//go:embed own_codes.sql
var ownCodes string

//go:embed own_waiting.sql
var ownWaiting string

//go:embed own_resets.sql
var ownResets string

//go:embed own_off.sql
var ownOff string

//go:embed own_audit.sql
var ownAudit string

//go:embed own_agreed.sql
var ownAgreed string

//go:embed own_projects.sql
var ownProjects string

//go:embed own_addresses.sql
var ownAddresses string

//go:embed own_notices.sql
var ownNotices string

//go:embed own_seals.sql
var ownSeals string

//go:embed own_searches.sql
var ownSearches string

// ownVersions are the scripts that lead from each version to the next. A script may run again.
var ownVersions = []string{ownSchema, ownEvents, ownUses, ownSessions, ownFactors, ownMail, ownMembership, ownLists, ownTrail, ownPasskeys, ownGrants, ownSurfaces, ownAccounts, ownDomains, ownContacts, ownProfiles, ownRobots, ownAreas, ownEnds, ownDemands, ownRequests, ownSignUps, ownWaiting, ownResets, ownOff, ownCodes, ownAudit, ownAgreed, ownProjects, ownAddresses, ownNotices, ownSeals, ownSearches}

// Exclusive tells whether the database was made by us, so that only Lintel writes to it unless the operator says
// otherwise.
func (db *DB) Exclusive(ctx context.Context) (made bool, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.row(ctx, `SELECT "made" FROM "lintel_version"`).Scan(&made)
	})
	return made, err
}

// syncOwn creates or migrates our tables. Where there is nothing to do it writes nothing.
func (db *DB) syncOwn(ctx context.Context) error {
	var version int
	err := db.View(ctx, func(tx *Tx) (err error) {
		version, err = tx.ownVersion(ctx)
		return err
	})
	for err == nil && version < len(ownVersions) {
		err = db.changeSchema(ctx, func(tx *Tx) error {
			if err := tx.createOwn(ctx, false); err != nil {
				return err
			}
			if version, err = tx.ownVersion(ctx); err != nil || version == len(ownVersions) {
				return err
			}
			return tx.advanceOwn(ctx, version)
		})
	}
	if err == nil && version > len(ownVersions) {
		err = fmt.Errorf("%w: the version of its lintel_ tables is %d, this program knows %d", ErrTooNew, version, len(ownVersions))
	}
	return err
}

// ownVersion is the version of our tables, 0 when there are none.
func (tx *Tx) ownVersion(ctx context.Context) (version int, err error) {
	tables, err := tx.tables(ctx)
	if err != nil || !slices.Contains(tables, "lintel_version") {
		return 0, err
	}
	err = tx.row(ctx, `SELECT "version" FROM "lintel_version"`).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return version, err
}

// createOwn makes the version's table with its one row, unless they are there.
func (tx *Tx) createOwn(ctx context.Context, made bool) error {
	_, err := tx.exec(ctx, `CREATE TABLE IF NOT EXISTS "lintel_version" ("id" INTEGER NOT NULL, "version" INTEGER NOT NULL,`+
		` "made" BOOLEAN NOT NULL, PRIMARY KEY ("id"))`)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_version" ("id", "version", "made") SELECT 1, 0, ?`+
		` WHERE NOT EXISTS (SELECT 1 FROM "lintel_version")`, made)
	return err
}

func (tx *Tx) advanceOwn(ctx context.Context, version int) error {
	for _, stmt := range tx.db.dialect.script(ownVersions[version]) {
		if err := tx.runOwn(ctx, stmt); err != nil {
			return fmt.Errorf("our tables, version %d: %w", version+1, err)
		}
	}
	_, err := tx.exec(ctx, `UPDATE "lintel_version" SET "version" = ? WHERE "version" = ?`, version+1, version)
	return err
}

var newColumn = regexp.MustCompile(`^ALTER TABLE "?(\w+)"? ADD COLUMN (IF NOT EXISTS) "?(\w+)"?`)

// runOwn runs a statement of a script. SQLite, which adds no column only if it is not there, is asked before.
func (tx *Tx) runOwn(ctx context.Context, stmt string) error {
	if at := newColumn.FindStringSubmatch(stmt); at != nil && tx.db.dialect == sqlite {
		found, err := list(ctx, tx, column[int], `SELECT 1 FROM pragma_table_info(?) WHERE "name" = ?`, at[1], at[3])
		if err != nil || len(found) > 0 {
			return err
		}
		stmt = strings.Replace(stmt, at[2]+" ", "", 1)
	}
	_, err := tx.exec(ctx, stmt)
	return err
}
