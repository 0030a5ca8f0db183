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

// Keystone keeps its schema's version in the table alembic_version: one row for each of two branches, or a single row
// while only the first revision has run (keystone/common/sql/migrations). Expand adds what the next release needs and
// the last one ignores; contract takes away what nobody needs any more.

// What can be wrong with a database. Each is wrapped with what to do about it.
var (
	ErrNoSchema    = errors.New("the database is empty")
	ErrNotKeystone = errors.New("the database belongs to something else")
	ErrTooOld      = errors.New("the database is older than Keystone's release Zed")
	ErrTooNew      = errors.New("the database is newer than this program")
	ErrExpandFirst = errors.New("the schema must be expanded before it is contracted")
)

// Pending says what a database still needs; its values are the exit statuses of db_sync --check.
type Pending int

// What is still to be done.
const (
	UpToDate       Pending = 0
	ExpandNeeded   Pending = 2
	ContractNeeded Pending = 4
)

const initialRevision = "27e647c0fad4"

// revision is one of upstream's migrations after the first. apply may run on a database where an interrupted run, or
// upstream's code, has done a part of the work already.
type revision struct {
	id    string
	apply func(context.Context, *Tx) error
}

type branch int

const (
	expand branch = iota
	contract
)

var revisions = [2][]revision{
	expand: {
		{"29e87d24a316", nil},
		{"b4f8b3f584e0", addTrustUnique},
		{"11c3b243b4cb", dropRelayStateDefault},
		{"47147121", addSchemaVersion},
		{"e8725d6fa226", createIndexes(index{"idx_project_id", "project_endpoint_group", []string{"project_id"}})},
		{"742c857f1dfb", createIndexes(
			index{"ix_revocation_event_project_id_user_id", "revocation_event", []string{"project_id", "user_id"}},
			index{"ix_revocation_event_composite", "revocation_event", []string{"issued_before", "user_id", "project_id", "audit_id"}},
		)},
	},
	contract: {
		{"e25ffa003242", nil},
		{"99de3849d860", dropWrongUniques},
		{"c88cdce8f248", dropTagUnique},
	},
}

// heads is where a database stands.
type heads struct {
	initial bool   // the first revision's tables are there
	row     bool   // its row is still there: no branch has taken it over
	done    [2]int // how many of each branch's revisions are done
}

// Sync brings the schema to the newest revisions, Keystone's and ours, creating it in an empty database.
func (db *DB) Sync(ctx context.Context) error {
	if err := db.Expand(ctx); err != nil {
		return err
	}
	return db.Contract(ctx)
}

// Expand does the first half of Sync, which a Keystone of the previous release can live with.
func (db *DB) Expand(ctx context.Context) error {
	h, err := db.heads(ctx)
	if err != nil {
		return err
	}
	if !h.initial && db.dialect == sqlite {
		// A database that is ours from the start lets readers read while somebody writes. The change of mode does not wait for
		// another who is about to make it, whatever busy_timeout says.
		err := db.retry(ctx, func(int) error {
			_, err := db.write.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := db.migrate(ctx, expand); err != nil {
		return err
	}
	return db.syncOwn(ctx)
}

// Contract does the second half of Sync. It fails with [ErrExpandFirst] if the first is not done.
func (db *DB) Contract(ctx context.Context) error {
	h, err := db.heads(ctx)
	if err != nil {
		return err
	}
	if h.done[expand] < len(revisions[expand]) {
		return ErrExpandFirst
	}
	return db.migrate(ctx, contract)
}

// Versions is where the two branches stand, each "" before its first revision, and which revisions are their newest.
type Versions struct {
	Expand, Contract         string
	ExpandHead, ContractHead string
}

// Pending tells what a database at these versions still needs.
func (v Versions) Pending() Pending {
	switch {
	case v.Expand != v.ExpandHead:
		return ExpandNeeded
	case v.Contract != v.ContractHead:
		return ContractNeeded
	}
	return UpToDate
}

// Versions tells where the schema stands.
func (db *DB) Versions(ctx context.Context) (Versions, error) {
	h, err := db.heads(ctx)
	if err != nil {
		return Versions{}, err
	}
	at := func(b branch, none string) string {
		if n := h.done[b]; n > 0 {
			return revisions[b][n-1].id
		}
		return none
	}
	v := Versions{Contract: at(contract, ""), ExpandHead: newest(expand), ContractHead: newest(contract)}
	if h.initial { // the revision before the branches counts as one of expand
		v.Expand = at(expand, initialRevision)
	}
	return v, nil
}

func newest(b branch) string { return revisions[b][len(revisions[b])-1].id }

// Prepare readies a database for serving: it checks that the schema is one this program knows, at any revision since
// Zed, and creates our own tables where they are missing. Keystone's tables are left as they are.
func (db *DB) Prepare(ctx context.Context) error {
	h, err := db.heads(ctx)
	if err != nil {
		return err
	}
	if !h.initial {
		return fmt.Errorf("%w: create the schema with db_sync", ErrNoSchema)
	}
	return db.syncOwn(ctx)
}

func (db *DB) heads(ctx context.Context) (h heads, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		h, err = tx.heads(ctx)
		return err
	})
	return h, err
}

func (tx *Tx) heads(ctx context.Context) (heads, error) {
	var h heads
	tables, err := tx.tables(ctx)
	if err != nil {
		return h, err
	}
	keystone := slices.Contains(tables, "local_user")
	if !slices.Contains(tables, "alembic_version") {
		switch {
		case len(tables) == 0:
			return h, nil
		case keystone && slices.Contains(tables, "migrate_version"):
			return h, fmt.Errorf("%w: upgrade it with Keystone 22 (Zed) first", ErrTooOld)
		}
		return h, fmt.Errorf("%w: it has tables but no alembic_version", ErrNotKeystone)
	}
	rows, err := list(ctx, tx, column[string], `SELECT "version_num" FROM "alembic_version"`)
	if err != nil {
		return h, err
	}
	for _, id := range rows {
		known := id == initialRevision
		h.row = h.row || known
		for b, revs := range revisions {
			if i := slices.IndexFunc(revs, func(r revision) bool { return r.id == id }); i >= 0 {
				h.done[b], known = i+1, true
			}
		}
		switch {
		case !known && keystone:
			return h, fmt.Errorf("%w: it is at revision %q, which this program does not know", ErrTooNew, id)
		case !known:
			return h, fmt.Errorf("%w: revision %q is not Keystone's", ErrNotKeystone, id)
		}
	}
	h.initial = len(rows) > 0
	if !h.initial && tx.db.dialect != mariadb && slices.ContainsFunc(tables, func(name string) bool {
		return name != "alembic_version" && name != "lintel_version"
	}) {
		return h, fmt.Errorf("%w: it has tables but its alembic_version is empty", ErrNotKeystone)
	}
	return h, nil
}

func (tx *Tx) tables(ctx context.Context) ([]string, error) {
	stmt := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`
	switch tx.db.dialect {
	case postgresql:
		stmt = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	case mariadb:
		stmt = `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`
	}
	return list(ctx, tx, column[string], stmt)
}

// migrate takes the steps that are missing, each in a transaction of its own under the lock.
func (db *DB) migrate(ctx context.Context, b branch) error {
	for {
		done := false
		err := db.changeSchema(ctx, func(tx *Tx) error {
			h, err := tx.heads(ctx)
			if err != nil {
				return err
			}
			if !h.initial {
				return tx.createSchema(ctx)
			}
			if h.done[b] == len(revisions[b]) {
				done = true
				return nil
			}
			next := revisions[b][h.done[b]]
			if next.apply != nil {
				if err := next.apply(ctx, tx); err != nil {
					return fmt.Errorf("migration %s: %w", next.id, err)
				}
			}
			return tx.advance(ctx, h, b)
		})
		if err != nil || done {
			return err
		}
	}
}

// advance moves a branch's row in alembic_version to the next revision, if it still is where h saw it. This, not the
// lock, is what protects a Galera cluster, whose locks count on one node only.
func (tx *Tx) advance(ctx context.Context, h heads, b branch) error {
	next := revisions[b][h.done[b]].id
	from := initialRevision
	if n := h.done[b]; n > 0 {
		from = revisions[b][n-1].id
	} else if !h.row {
		_, err := tx.exec(ctx, `INSERT INTO "alembic_version" ("version_num") VALUES (?)`, next)
		return err
	}
	n, err := tx.exec(ctx, `UPDATE "alembic_version" SET "version_num" = ? WHERE "version_num" = ?`, next, from)
	if err == nil && n != 1 {
		err = fmt.Errorf("migration %s: another program migrates this database at the same time", next)
	}
	return err
}

// changeSchema runs fn in a transaction under a lock that keeps other programs of ours from migrating. MariaDB commits
// at each change of the schema, so there fn must get over its own half-done work.
func (db *DB) changeSchema(ctx context.Context, fn func(*Tx) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if db.dialect == sqlite {
		// A table is rebuilt by dropping the old one, which must not cascade. Inside a transaction it is too late.
		if _, err := conn.ExecContext(ctx, `PRAGMA foreign_keys = 0`); err != nil {
			return err
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA foreign_keys = 1`) //nolint:errcheck // a connection that cannot do this is lost anyhow
	}
	if db.dialect == mariadb {
		var got sql.NullInt64
		if err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(CONCAT('lintel.', MD5(DATABASE())), 60)`).Scan(&got); err != nil {
			return err
		}
		if got.Int64 != 1 {
			return errors.New("another program has been migrating this database for a minute")
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), `DO RELEASE_LOCK(CONCAT('lintel.', MD5(DATABASE())))`) //nolint:errcheck // the lock ends with the connection
	}
	sqltx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqltx.Rollback()
	tx := &Tx{db: db, tx: sqltx, now: db.now().UTC(), asked: &db.queries}
	if db.dialect == postgresql {
		const schemaLock = 0x6c696e74656c // any number that is ours
		if _, err := tx.exec(ctx, `SELECT pg_advisory_xact_lock(?)`, int64(schemaLock)); err != nil {
			return err
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	return sqltx.Commit()
}

//go:embed schema.sql
var keystoneSchema string

// createSchema does the first revision, and marks the database as ours.
func (tx *Tx) createSchema(ctx context.Context) error {
	setup := []string{
		`CREATE TABLE IF NOT EXISTS "alembic_version" ("version_num" VARCHAR(32) NOT NULL,` +
			` CONSTRAINT "alembic_version_pkc" PRIMARY KEY ("version_num"))`,
	}
	if tx.db.dialect == mariadb {
		setup = append(setup, `ALTER DATABASE DEFAULT CHARACTER SET utf8`)
	}
	if tx.db.dialect == sqlite {
		setup[0] = unquote(setup[0])
	}
	for _, stmt := range append(setup, tx.db.dialect.script(keystoneSchema)...) {
		if _, err := tx.exec(ctx, stmt); err != nil {
			return fmt.Errorf("creating the schema: %w", err)
		}
	}
	if err := tx.createOwn(ctx, true); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "alembic_version" ("version_num") VALUES (?)`, initialRevision)
	return err
}

// script is the statements of a file in the dialect's spelling.
func (d dialect) script(file string) []string {
	words := map[dialect]*strings.Replacer{
		sqlite: strings.NewReplacer(" BIGSERIAL", " INTEGER", " SERIAL", " INTEGER NOT NULL",
			" GRANT_TYPE", " VARCHAR(12)", " ENTITY_TYPE", " VARCHAR(5)"),
		postgresql: strings.NewReplacer(" BIGSERIAL", " BIGSERIAL", " SERIAL", " SERIAL NOT NULL",
			" DATETIME", " TIMESTAMP", " GRANT_TYPE", ` "type"`, " ENTITY_TYPE", ` "entity_type"`),
		mariadb: strings.NewReplacer(" BIGSERIAL", " BIGINT NOT NULL AUTO_INCREMENT", " SERIAL", " INTEGER NOT NULL AUTO_INCREMENT",
			" GRANT_TYPE", " ENUM('UserProject', 'GroupProject', 'UserDomain', 'GroupDomain')", " ENTITY_TYPE", " ENUM('user', 'group')"),
	}[d]
	var text strings.Builder
	for line := range strings.Lines(file) {
		code, comment, _ := strings.Cut(line, "--")
		if only, ok := strings.CutPrefix(strings.TrimSpace(comment), "only "); ok && !slices.Contains(strings.Fields(only), d.String()) {
			continue
		}
		text.WriteString(strings.TrimRight(code, " \n") + "\n")
	}
	var stmts []string
	for stmt := range strings.SplitSeq(text.String(), ";\n") {
		stmt = words.Replace(strings.TrimSpace(stmt))
		switch {
		case stmt == "":
			continue
		case d == sqlite:
			stmt = unquote(stmt)
		case d == mariadb && strings.HasPrefix(stmt, "CREATE TABLE"):
			stmt += " ENGINE=InnoDB DEFAULT CHARSET=utf8"
		}
		stmts = append(stmts, stmt)
	}
	return stmts
}

// unquote takes away the quotes that SQLite does not need. SQLite keeps the text of a CREATE statement, and upstream's
// tools find constraints in it by patterns that expect plain names.
func unquote(stmt string) string {
	return quotedName.ReplaceAllStringFunc(stmt, func(name string) string {
		switch name {
		case `"group"`, `"limit"`:
			return name
		}
		return strings.Trim(name, `"`)
	})
}

var quotedName = regexp.MustCompile(`"\w+"`)
