package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

// Application credentials and access rules have numbers beside their ids, by which they are tied to each other and to
// roles (keystone/application_credential/backends/sql.py).

const applicationCredentialColumns = `"internal_id", "id", "user_id", "project_id", "name", "description", "expires_at", "unrestricted"`

type numberedCredential struct {
	number int64
	identity.ApplicationCredential
}

func scanApplicationCredential(s scanner) (c numberedCredential, err error) {
	var description sql.NullString
	var expires sql.NullInt64
	var unrestricted sql.NullBool
	err = s.Scan(&c.number, &c.ID, &c.UserID, textOf(&c.ProjectID), &c.Name, &description, &expires, &unrestricted)
	if description.Valid {
		c.Description = &description.String
	}
	if expires.Valid {
		at := fromMicros(expires.Int64)
		c.ExpiresAt = &at
	}
	c.Unrestricted = unrestricted.Bool
	return c, err
}

// ApplicationCredential returns an application credential; a NotFound when there is none.
func (tx *Tx) ApplicationCredential(ctx context.Context, id identity.ApplicationCredentialID) (identity.ApplicationCredential, error) {
	return Recall(tx, credentialOf(id), func() (c identity.ApplicationCredential, from []Key, err error) {
		var s selection
		s.also(`"id" = ?`, id)
		found, err := tx.applicationCredentials(ctx, s, identity.Query{})
		if err == nil && len(found.Items) == 0 {
			err = identity.Missing("Application Credential", id)
		}
		if err != nil {
			return c, nil, err
		}
		return found.Items[0], credentialKeys(&found.Items[0]), nil
	})
}

func credentialOf(id identity.ApplicationCredentialID) Fact {
	return Fact{What: "application credential", Of: string(id)}
}

func credentialKeys(c *identity.ApplicationCredential) []Key {
	keys := []Key{{"application_credential", string(c.ID)}, {"user", string(c.UserID)}, {"project", string(c.ProjectID)}}
	for _, r := range c.Roles {
		keys = append(keys, Key{"role", string(r.ID)})
	}
	return keys
}

// ApplicationCredentials returns a page of a user's application credentials. Filters: name.
func (tx *Tx) ApplicationCredentials(ctx context.Context, user identity.UserID, q identity.Query) (identity.Page[identity.ApplicationCredential], error) {
	if err := tx.checkMarker(ctx, "application_credential", q); err != nil {
		return identity.Page[identity.ApplicationCredential]{}, err
	}
	var s selection
	s.also(`"user_id" = ?`, user)
	for _, f := range q.Filters {
		if f.Attr == "name" {
			s.text(tx, `"name"`, f)
		}
	}
	return tx.applicationCredentials(ctx, s, q)
}

// ApplicationCredentialsOn returns those of some users on a project that have not ended, ordered by id.
func (tx *Tx) ApplicationCredentialsOn(ctx context.Context, project identity.ProjectID, users []identity.UserID) ([]identity.ApplicationCredential, error) {
	var s selection
	set, args := in(users)
	s.also(`"project_id" = ?`, project)
	s.also(`"user_id" IN `+set, args...)
	s.also(`("expires_at" IS NULL OR "expires_at" > ?)`, micros(tx.now))
	found, err := tx.applicationCredentials(ctx, s, identity.Query{})
	return found.Items, err
}

func (tx *Tx) applicationCredentials(ctx context.Context, s selection, q identity.Query) (out identity.Page[identity.ApplicationCredential], err error) {
	found, err := page(ctx, tx, scanApplicationCredential, `SELECT `+applicationCredentialColumns+` FROM "application_credential"`, `"id"`, s, q)
	if err != nil {
		return out, err
	}
	out = identity.Page[identity.ApplicationCredential]{Items: make([]identity.ApplicationCredential, len(found.Items)), More: found.More}
	numbers := make([]int64, len(found.Items))
	at := make(map[int64]*identity.ApplicationCredential, len(found.Items))
	for i, c := range found.Items {
		out.Items[i] = c.ApplicationCredential
		numbers[i], at[c.number] = c.number, &out.Items[i]
	}
	return out, tx.completeApplicationCredentials(ctx, numbers, at)
}

// completeApplicationCredentials adds roles and access rules, in one query.
func (tx *Tx) completeApplicationCredentials(ctx context.Context, numbers []int64, at map[int64]*identity.ApplicationCredential) error {
	if len(numbers) == 0 {
		return nil
	}
	set, args := in(numbers)
	var parts credentialParts
	var g gathering
	parts.gather(&g, set, args...)
	if err := g.run(ctx, tx); err != nil {
		return err
	}
	parts.give(at)
	return nil
}

// credentialParts are roles and access rules of application credentials being read.
type credentialParts struct {
	roles []credentialRole
	rules []credentialRule
}

type credentialRole struct {
	number int64
	identity.Role
}

type credentialRule struct {
	number, order int64
	identity.AccessRule
}

// gather adds what the parts of a set of credentials, by number, are read from to a gathering.
func (p *credentialParts) gather(g *gathering, set string, args ...any) {
	g.add(`"id", "name", "domain_id", "description", NULL, o."option_value", l."application_credential_id"`, `FROM "application_credential_role" l
		JOIN "role" ON "id" = l."role_id" LEFT JOIN "role_option" o ON o."role_id" = "id" AND o."option_id" = '`+immutable+`'
		WHERE l."application_credential_id" IN `+set, args, func(s scanner) (err error) {
		var r credentialRole
		r.Role, err = scanWholeRole(also{s, []any{&r.number}})
		p.roles = append(p.roles, r)
		return err
	})
	g.add(accessRuleColumns+`, a."id", l."application_credential_id"`, `FROM "application_credential_access_rule" l
		JOIN "access_rule" a ON a."id" = l."access_rule_id" WHERE l."application_credential_id" IN `+set, args, func(s scanner) error {
		var r credentialRule
		err := s.Scan(textOf(&r.ID), textOf(&r.Service), textOf(&r.Path), textOf(&r.Method), &r.order, &r.number)
		p.rules = append(p.rules, r)
		return err
	})
}

// give hands roles by name, and rules as they were made, to their credentials.
func (p *credentialParts) give(at map[int64]*identity.ApplicationCredential) {
	slices.SortFunc(p.roles, func(a, b credentialRole) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(p.rules, func(a, b credentialRule) int { return cmp.Compare(a.order, b.order) })
	for _, r := range p.roles {
		at[r.number].Roles = append(at[r.number].Roles, r.Role)
	}
	for _, r := range p.rules {
		at[r.number].AccessRules = append(at[r.number].AccessRules, r.AccessRule)
	}
}

// CountApplicationCredentials tells how many application credentials a user has.
func (tx *Tx) CountApplicationCredentials(ctx context.Context, user identity.UserID) (n int, err error) {
	err = tx.row(ctx, `SELECT COUNT(*) FROM "application_credential" WHERE "user_id" = ?`, user).Scan(&n)
	return n, err
}

// SecretHash returns the hash of an application credential's secret; a NotFound when there is no such credential.
func (tx *Tx) SecretHash(ctx context.Context, id identity.ApplicationCredentialID) (hash string, err error) {
	err = tx.row(ctx, `SELECT "secret_hash" FROM "application_credential" WHERE "id" = ?`, id).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("Application Credential", id)
	}
	return hash, err
}

// InsertApplicationCredential writes a new application credential with the hash of its secret. A rule that its owner has
// already, by id or by what it says, is shared; a rule with an id alone must be the owner's. It returns the credential as
// it is kept. It fails with a Conflict when the owner has one of that name, with a NotFound when owner, project
// or rule are not there.
func (tx *Tx) InsertApplicationCredential(ctx context.Context, c identity.ApplicationCredential, secretHash string) (identity.ApplicationCredential, error) {
	if err := tx.lockAll(ctx, [2]string{"user", string(c.UserID)}, [2]string{"project", string(c.ProjectID)}); err != nil {
		return c, err
	}
	var expires any
	if c.ExpiresAt != nil {
		expires = micros(*c.ExpiresAt)
	}
	number, err := tx.insertID(ctx, "internal_id", `INSERT INTO "application_credential" ("id", "user_id", "project_id", "name", "secret_hash",
		"description", "expires_at", "unrestricted") VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.UserID, c.ProjectID, c.Name, secretHash, c.Description, expires, c.Unrestricted)
	if _, dup := duplicate(err); dup {
		return c, identity.Conflictf("application_credential", "Duplicate entry found with name %s", c.Name)
	} else if err != nil {
		return c, err
	}
	for _, r := range c.Roles {
		_, err := tx.exec(ctx, `INSERT INTO "application_credential_role" ("application_credential_id", "role_id") VALUES (?, ?)`, number, r.ID)
		if err != nil {
			return c, err
		}
	}
	seen := map[int64]bool{}
	for _, r := range c.AccessRules {
		kept, err := tx.shareAccessRule(ctx, c.UserID, r)
		if err != nil {
			return c, err
		}
		if seen[kept.number] {
			continue
		}
		seen[kept.number] = true
		_, err = tx.exec(ctx, `INSERT INTO "application_credential_access_rule" ("application_credential_id", "access_rule_id") VALUES (?, ?)`,
			number, kept.number)
		if err != nil {
			return c, err
		}
	}
	tx.touch("application_credential", string(c.ID))
	return tx.ApplicationCredential(ctx, c.ID)
}

// DeleteApplicationCredential deletes an application credential, and with it its tokens. It fails with
// identity.NotFound.
func (tx *Tx) DeleteApplicationCredential(ctx context.Context, id identity.ApplicationCredentialID) error {
	if err := tx.farewell(ctx, "application_credential", string(id)); err != nil {
		return err
	}
	tx.touch("application_credential", string(id))
	n, err := tx.exec(ctx, `DELETE FROM "application_credential" WHERE "id" = ?`, id) // the rest follows by foreign keys
	if err == nil && n == 0 {
		err = identity.Missing("Application Credential", id)
	}
	return err
}

// deleteApplicationCredentials deletes those that a condition chooses.
func (tx *Tx) deleteApplicationCredentials(ctx context.Context, condition string, args ...any) error {
	ids, err := list(ctx, tx, column[identity.ApplicationCredentialID], `SELECT "id" FROM "application_credential" WHERE `+condition, args...)
	if err == nil {
		err = keepGone(ctx, tx, "application_credential", ids)
	}
	for i := 0; i < len(ids) && err == nil; i++ {
		err = tx.DeleteApplicationCredential(ctx, ids[i])
	}
	return err
}

const accessRuleColumns = `a."external_id", a."service", a."path", a."method"`

type numberedRule struct {
	number int64
	identity.AccessRule
}

func scanAccessRule(s scanner) (r numberedRule, err error) {
	err = s.Scan(&r.number, textOf(&r.ID), textOf(&r.Service), textOf(&r.Path), textOf(&r.Method))
	return r, err
}

const selectAccessRule = `SELECT a."id", ` + accessRuleColumns + ` FROM "access_rule" a`

func (tx *Tx) accessRule(ctx context.Context, user identity.UserID, id identity.AccessRuleID) (numberedRule, error) {
	r, err := scanAccessRule(tx.row(ctx, selectAccessRule+` WHERE a."external_id" = ? AND a."user_id" = ?`, id, user))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("Access Rule", id)
	}
	return r, err
}

// AccessRule returns an access rule of a user; a NotFound when the user has none of that id.
func (tx *Tx) AccessRule(ctx context.Context, user identity.UserID, id identity.AccessRuleID) (identity.AccessRule, error) {
	r, err := tx.accessRule(ctx, user, id)
	return r.AccessRule, err
}

// AccessRules returns a page of a user's access rules. Filters: service, path, method. A marker that is no rule of the
// user fails with identity.NotFound. The order is that in which they were made, which clients expect of Keystone.
func (tx *Tx) AccessRules(ctx context.Context, user identity.UserID, q identity.Query) (out identity.Page[identity.AccessRule], err error) {
	var s selection
	if q.Marker != "" {
		last, err := tx.accessRule(ctx, user, identity.AccessRuleID(q.Marker))
		if err != nil {
			return out, err
		}
		s.also(`a."id" > ?`, last.number)
		q.Marker = ""
	}
	s.also(`a."user_id" = ?`, user)
	for _, f := range q.Filters {
		switch f.Attr {
		case "service", "path", "method":
			s.text(tx, `a."`+f.Attr+`"`, f)
		}
	}
	found, err := page(ctx, tx, scanAccessRule, selectAccessRule, `a."id"`, s, q)
	out.More = found.More
	for _, r := range found.Items {
		out.Items = append(out.Items, r.AccessRule)
	}
	return out, err
}

// shareAccessRule finds a rule of a user, by id, else by what it says, or makes it.
func (tx *Tx) shareAccessRule(ctx context.Context, user identity.UserID, r identity.AccessRule) (kept numberedRule, err error) {
	if r.ID != "" {
		found, err := list(ctx, tx, func(s scanner) (owned struct {
			numberedRule
			user identity.UserID
		}, err error) {
			err = s.Scan(&owned.number, textOf(&owned.ID), textOf(&owned.Service), textOf(&owned.Path), textOf(&owned.Method), textOf(&owned.user))
			return owned, err
		}, `SELECT a."id", `+accessRuleColumns+`, a."user_id" FROM "access_rule" a WHERE a."external_id" = ?`, r.ID)
		switch {
		case err != nil:
			return kept, err
		case len(found) > 0 && found[0].user == user:
			return found[0].numberedRule, tx.pinAccessRule(ctx, found[0].number)
		case len(found) > 0 || r.Service == "" || r.Path == "" || r.Method == "":
			return kept, identity.Missing("Access Rule", r.ID)
		}
	}
	found, err := list(ctx, tx, scanAccessRule, selectAccessRule+` WHERE a."user_id" = ? AND a."service" = ? AND a."path" = ? AND a."method" = ?`,
		user, r.Service, r.Path, r.Method)
	if err != nil {
		return kept, err
	}
	// A database may compare without case; rules do not.
	for _, f := range found {
		if f.Service == r.Service && f.Path == r.Path && f.Method == r.Method {
			return f, tx.pinAccessRule(ctx, f.number)
		}
	}
	if r.ID == "" {
		r.ID = identity.AccessRuleID(tx.NewID())
	}
	number, err := tx.insertID(ctx, "id", `INSERT INTO "access_rule" ("external_id", "user_id", "service", "path", "method") VALUES (?, ?, ?, ?, ?)`,
		r.ID, user, r.Service, r.Path, r.Method)
	if _, dup := duplicate(err); dup {
		return kept, identity.Conflictf("access_rule", "Duplicate entry")
	}
	return numberedRule{number, r}, err
}

// pinAccessRule makes a transaction that deletes the rule, because it saw it unused, wait or fail.
func (tx *Tx) pinAccessRule(ctx context.Context, number int64) error {
	_, err := tx.exec(ctx, `UPDATE "access_rule" SET "user_id" = "user_id" WHERE "id" = ?`, number)
	return err
}

// DeleteAccessRule deletes an access rule of a user. It fails with a Forbidden while an application credential uses the
// rule, and with identity.NotFound.
func (tx *Tx) DeleteAccessRule(ctx context.Context, user identity.UserID, id identity.AccessRuleID) error {
	if err := tx.farewell(ctx, "access_rule", string(id)); err != nil {
		return err
	}
	r, err := tx.accessRule(ctx, user, id)
	if err != nil {
		return err
	}
	if err := tx.pinAccessRule(ctx, r.number); err != nil {
		return err
	}
	n, err := tx.exec(ctx, `DELETE FROM "access_rule" WHERE "id" = ? AND NOT EXISTS (
		SELECT 1 FROM "application_credential_access_rule" WHERE "access_rule_id" = ?)`, r.number, r.number)
	if err == nil && n == 0 {
		err = identity.Refusedf("May not delete access rule in use")
	}
	return err
}
