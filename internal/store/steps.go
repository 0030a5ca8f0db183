package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The steps look constraints up by their columns: in a database born before Zed their names may differ.

type index struct {
	name, table string
	columns     []string
}

func createIndexes(indexes ...index) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		for _, ix := range indexes {
			_, err := tx.exec(ctx, `CREATE INDEX IF NOT EXISTS "`+ix.name+`" ON "`+ix.table+`" (`+quoted(ix.columns)+`)`)
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func addTrustUnique(ctx context.Context, tx *Tx) error {
	const columns = `"trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at"`
	switch tx.db.dialect {
	case sqlite:
		return tx.rebuild(ctx, "trust", func(create string) string {
			return strings.TrimRight(strings.TrimSuffix(create, ")"), "\n") +
				", \n\tCONSTRAINT duplicate_trust_constraint UNIQUE (" + unquote(columns) + ")\n)"
		})
	case mariadb:
		_, err := tx.exec(ctx, `CREATE UNIQUE INDEX IF NOT EXISTS "duplicate_trust_constraint" ON "trust" (`+columns+`)`)
		return err
	}
	_, err := tx.exec(ctx, `ALTER TABLE "trust" ADD CONSTRAINT "duplicate_trust_constraint" UNIQUE (`+columns+`)`)
	return err
}

func dropRelayStateDefault(ctx context.Context, tx *Tx) error {
	if tx.db.dialect == sqlite {
		return tx.rebuild(ctx, "service_provider", func(create string) string {
			return regexp.MustCompile(`("?relay_state_prefix"? VARCHAR\(256\)) DEFAULT '(?:[^']|'')*'`).ReplaceAllString(create, "$1")
		})
	}
	_, err := tx.exec(ctx, `ALTER TABLE "service_provider" ALTER COLUMN "relay_state_prefix" DROP DEFAULT`)
	return err
}

func addSchemaVersion(ctx context.Context, tx *Tx) error {
	column := `"schema_version" VARCHAR(5) DEFAULT '1.0' NOT NULL`
	switch tx.db.dialect {
	case sqlite:
		column = unquote(column)
	case mariadb:
		column = `IF NOT EXISTS ` + column
	}
	_, err := tx.exec(ctx, `ALTER TABLE "mapping" ADD COLUMN `+column)
	return err
}

func dropWrongUniques(ctx context.Context, tx *Tx) error {
	if err := tx.dropUnique(ctx, "access_rule", "external_id"); err != nil {
		return err
	}
	return tx.dropUnique(ctx, "trust", "trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at", "expires_at_int")
}

// dropTagUnique drops what repeats project_tag's primary key. PostgreSQL never made it, and on SQLite upstream leaves it.
func dropTagUnique(ctx context.Context, tx *Tx) error {
	if tx.db.dialect != mariadb {
		return nil
	}
	return tx.dropUnique(ctx, "project_tag", "project_id", "name")
}

// dropUnique drops a unique constraint other than the primary key, if it is there.
func (tx *Tx) dropUnique(ctx context.Context, table string, columns ...string) error {
	want := strings.Join(columns, ",")
	switch tx.db.dialect {
	case sqlite:
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = `"?` + c + `"?`
		}
		clause := regexp.MustCompile(`,\s*(CONSTRAINT \S+ )?UNIQUE \(` + strings.Join(names, `, ?`) + `\)`)
		return tx.rebuild(ctx, table, func(create string) string { return clause.ReplaceAllString(create, "") })
	case mariadb:
		names, err := list(ctx, tx, column[string], `SELECT index_name FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY'
			GROUP BY index_name HAVING GROUP_CONCAT(column_name ORDER BY seq_in_index) = ?`, table, want)
		if err != nil || len(names) == 0 {
			return err
		}
		_, err = tx.exec(ctx, `DROP INDEX IF EXISTS "`+names[0]+`" ON "`+table+`"`)
		return err
	}
	names, err := list(ctx, tx, column[string], `SELECT c.conname FROM pg_constraint c
		WHERE c.conrelid = to_regclass(?) AND c.contype = 'u' AND ? = (
			SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY AS k(num, n)
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num)`, `"`+table+`"`, want)
	if err != nil || len(names) == 0 {
		return err
	}
	_, err = tx.exec(ctx, `ALTER TABLE "`+table+`" DROP CONSTRAINT "`+names[0]+`"`)
	return err
}

// rebuild changes an SQLite table in the only way that SQLite offers for constraints: make it anew from its edited
// CREATE statement, copy the rows, and put its indexes back. Foreign keys must be off.
func (tx *Tx) rebuild(ctx context.Context, table string, edit func(create string) string) error {
	var create string
	if err := tx.row(ctx, `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&create); err != nil {
		return err
	}
	edited := edit(create)
	if edited == create {
		return nil
	}
	indexes, err := list(ctx, tx, column[string], `SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, table)
	if err != nil {
		return err
	}
	temporary := "_lintel_tmp_" + table
	head := regexp.MustCompile(`^CREATE TABLE ("?` + table + `"?)`)
	if !head.MatchString(edited) {
		return errors.New("cannot read the definition of table " + table)
	}
	stmts := slices.Concat([]string{
		head.ReplaceAllString(edited, `CREATE TABLE "`+temporary+`"`),
		fmt.Sprintf(`INSERT INTO "%s" SELECT * FROM "%s"`, temporary, table),
		fmt.Sprintf(`DROP TABLE "%s"`, table),
		fmt.Sprintf(`ALTER TABLE "%s" RENAME TO "%s"`, temporary, table),
	}, indexes)
	for _, stmt := range stmts {
		if _, err := tx.exec(ctx, stmt); err != nil {
			return err
		}
	}
	return nil
}
