package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// A user is a row of "user" and, by where it lives, one of local_user (with the passwords), one of nonlocal_user, or
// some of federated_user, whose first gives the name (keystone/identity/backends/sql_model.py).

const (
	userColumns = `u."id", u."domain_id", u."enabled", u."default_project_id", u."extra", u."created_at", ` +
		`u."last_active_at", l."name", n."name", p."expires_at_int", p."expires_at", ` +
		`EXISTS (SELECT 1 FROM "user_option" o WHERE o."user_id" = u."id"), ` +
		`EXISTS (SELECT 1 FROM "federated_user" f WHERE f."user_id" = u."id"), s."kind", s."portal_login", s."api_login"`
	userTables = `FROM "user" u
		LEFT JOIN "local_user" l ON l."user_id" = u."id"
		LEFT JOIN "nonlocal_user" n ON n."user_id" = u."id"
		LEFT JOIN "lintel_user_surface" s ON s."user_id" = u."id"
		LEFT JOIN "password" p ON p."id" = (SELECT q."id" FROM "password" q WHERE q."local_user_id" = l."id"
		ORDER BY q."created_at_int" DESC, q."id" DESC LIMIT 1)`
	selectUser = `SELECT ` + userColumns + ` ` + userTables
)

type userRow struct {
	identity.User
	options, federated bool // there are rows in the tables of these
}

func scanUser(s scanner) (r userRow, err error) {
	var (
		enabled         sql.NullBool
		local, nonlocal sql.NullString
		expiresInt      sql.NullInt64
		expires         time.Time
		kind            sql.NullString
		portal, api     sql.NullBool
	)
	err = s.Scan(&r.ID, &r.DomainID, &enabled, textOf(&r.DefaultProjectID), jsonOf(&r.Extra), timeOf{&r.CreatedAt},
		timeOf{&r.LastActiveAt}, &local, &nonlocal, &expiresInt, timeOf{&expires}, &r.options, &r.federated, &kind, &portal, &api)
	r.Enabled = enabled.Bool
	r.Surface.Kind, _ = identity.ParseAccountKind(kind.String)
	r.Surface.NoPortal, r.Surface.NoAPI = portal.Valid && !portal.Bool, api.Valid && !api.Bool
	switch {
	case local.Valid:
		r.Name = local.String
	case nonlocal.Valid:
		r.Kind, r.Name = identity.NonlocalUser, nonlocal.String
	case r.federated:
		r.Kind = identity.FederatedUser
	}
	r.PasswordExpiresAt = storedTime(expiresInt, expires)
	return r, err
}

// storedTime reads a time that Keystone keeps twice: in microseconds and, in rows from before that, as a date only.
func storedTime(n sql.NullInt64, old time.Time) *time.Time {
	if n.Int64 != 0 {
		old = fromMicros(n.Int64)
	}
	if old.IsZero() {
		return nil
	}
	return &old
}

// completeUsers adds what is not in the users' own rows, with two queries at most.
func (tx *Tx) completeUsers(ctx context.Context, rows []userRow) ([]identity.User, error) {
	users := make([]identity.User, len(rows))
	at := make(map[identity.UserID]*identity.User, len(rows))
	var options, federated []identity.UserID
	for i, r := range rows {
		users[i] = r.User
		at[r.ID] = &users[i]
		if r.options {
			options = append(options, r.ID)
		}
		if r.federated {
			federated = append(federated, r.ID)
		}
	}
	for ids := range slices.Chunk(options, maxIn) {
		if err := tx.loadUserOptions(ctx, ids, at); err != nil {
			return nil, err
		}
	}
	for ids := range slices.Chunk(federated, maxIn) {
		if err := tx.loadFederated(ctx, ids, at); err != nil {
			return nil, err
		}
	}
	return users, nil
}

func (tx *Tx) users(ctx context.Context, where string, args ...any) ([]identity.User, error) {
	rows, err := list(ctx, tx, scanUser, selectUser+" WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	return tx.completeUsers(ctx, rows)
}

// userOptions are the ids that Keystone stores for the names of user options
// (keystone/identity/backends/resource_options.py).
var userOptions = map[string]string{
	identity.OptIgnoreChangePassword:   "1000",
	identity.OptIgnorePasswordExpiry:   "1001",
	identity.OptIgnoreLockout:          "1002",
	identity.OptLockPassword:           "1003",
	identity.OptIgnoreUserInactivity:   "1004",
	identity.OptMultiFactorAuthRules:   "MFAR",
	identity.OptMultiFactorAuthEnabled: "MFAE",
}

func (tx *Tx) loadUserOptions(ctx context.Context, ids []identity.UserID, at map[identity.UserID]*identity.User) error {
	found, err := options(ctx, tx, "user", ids)
	if err != nil {
		return err
	}
	for _, o := range found {
		setUserOption(at[o.entity], o.id, o.value)
	}
	return nil
}

func setUserOption(u *identity.User, id string, value any) {
	if u.Options == nil {
		u.Options = identity.Options{}
	}
	for name, stored := range userOptions {
		if stored == id {
			u.Options[name] = value
		}
	}
}

// subject is a federated identity of a user.
type subject struct {
	number int64 // in the order of which they came
	user   identity.UserID
	identity.FederatedIdentity
}

const subjectColumns = `"id", "user_id", "idp_id", "protocol_id", "unique_id", "display_name"`

func scanSubject(row scanner) (s subject, err error) {
	err = row.Scan(&s.number, &s.user, &s.IdentityProviderID, &s.ProtocolID, &s.UniqueID, textOf(&s.DisplayName))
	return s, err
}

func (tx *Tx) loadFederated(ctx context.Context, ids []identity.UserID, at map[identity.UserID]*identity.User) error {
	marks, args := in(ids)
	subjects, err := list(ctx, tx, scanSubject, `SELECT `+subjectColumns+` FROM "federated_user" WHERE "user_id" IN `+marks, args...)
	addSubjects(subjects, at)
	return err
}

// addSubjects gives users their federated identities, of which the first names them.
func addSubjects(subjects []subject, at map[identity.UserID]*identity.User) {
	slices.SortFunc(subjects, func(a, b subject) int { return cmp.Compare(a.number, b.number) })
	for _, s := range subjects {
		u := at[s.user]
		if u.Kind == identity.FederatedUser && len(u.Federated) == 0 {
			u.Name = s.DisplayName
		}
		u.Federated = append(u.Federated, s.FederatedIdentity)
	}
}

// User returns a user of any kind. It fails with identity.NotFound.
func (tx *Tx) User(ctx context.Context, id identity.UserID) (identity.User, error) {
	return Recall(tx, Fact{What: "user", Of: string(id)}, func() (u identity.User, from []Key, err error) {
		users, err := tx.users(ctx, `u."id" = ?`, id)
		if err != nil {
			return u, nil, err
		}
		if len(users) == 0 {
			return u, nil, identity.Missing("user", id)
		}
		return users[0], userKeys(users[0]), nil
	})
}

func userKeys(u identity.User) []Key { return []Key{{"user", string(u.ID)}} }

// UserByName returns the local user whose name is equal, as the database compares. It fails with identity.NotFound.
func (tx *Tx) UserByName(ctx context.Context, domain identity.DomainID, name string) (identity.User, error) {
	users, err := tx.users(ctx, `l."domain_id" = ? AND l."name" = ?`, domain, name)
	if err != nil {
		return identity.User{}, err
	}
	if len(users) == 0 {
		return identity.User{}, identity.Missing("user", name)
	}
	return users[0], nil
}

// NameKey is the name of a user as the database compares it: names that it takes for one another have one key. Only MariaDB's collations take
// any, in another case, with other accents, or with blanks at the end.
func (tx *Tx) NameKey(ctx context.Context, name string) (key string, err error) {
	if tx.db.dialect != mariadb {
		return name, nil
	}
	err = tx.row(ctx, `SELECT HEX(WEIGHT_STRING(RTRIM("name"))) FROM (SELECT "name" FROM "local_user" WHERE 1 = 0 UNION ALL SELECT ?) n`, name).Scan(&key)
	return key, err
}

// FederatedUser returns the user who is a subject of an identity provider, whose display name does not matter, and tells
// whether there is one.
func (tx *Tx) FederatedUser(ctx context.Context, subject identity.FederatedIdentity) (u identity.User, known bool, err error) {
	users, err := tx.users(ctx, `u."id" IN (SELECT "user_id" FROM "federated_user" WHERE "idp_id" = ? AND "protocol_id" = ? AND "unique_id" = ?)`,
		subject.IdentityProviderID, subject.ProtocolID, subject.UniqueID)
	for _, u := range users {
		for _, f := range u.Federated {
			subject.DisplayName = f.DisplayName
			if f == subject { // MariaDB ignores case, which is not the same subject
				return u, true, err
			}
		}
	}
	return u, false, err
}

// UsersByID returns those of the users that exist, by id.
func (tx *Tx) UsersByID(ctx context.Context, ids []identity.UserID) (map[identity.UserID]identity.User, error) {
	found := make(map[identity.UserID]identity.User, len(ids))
	for ids := range slices.Chunk(ids, maxIn) {
		marks, args := in(ids)
		users, err := tx.users(ctx, `u."id" IN `+marks, args...)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			found[u.ID] = u
		}
	}
	return found, nil
}

// Users returns a page of the users. Filters: domain_id, name, enabled (as stored), active (ever logged in), kind (of the
// account, in words), idp_id, protocol_id, unique_id, password_expires_at (of the current password, in lists by id alone); search (a part of the name or
// e-mail address, or the id), among (some ids, by spaces), local (kept in this database), factor (has rules on several factors), placed (has a role on a
// project), outside (has none granted on that one), suspended,
// service (an account of the cloud itself). A list can be ordered by name, last_active_at and created_at. A marker that is no user fails with identity.NotFound.
func (tx *Tx) Users(ctx context.Context, q identity.Query) (identity.Page[identity.User], error) {
	return tx.selectUsers(ctx, selection{}, q)
}

// GroupUsers returns a page of a group's lasting members, with the filters of Users.
func (tx *Tx) GroupUsers(ctx context.Context, group identity.GroupID, q identity.Query) (identity.Page[identity.User], error) {
	var s selection
	s.also(`u."id" IN (SELECT "user_id" FROM "user_group_membership" WHERE "group_id" = ?)`, group)
	return tx.selectUsers(ctx, s, q)
}

// LockedUsers returns a page of the users with so many wrong passwords in a row, the last of them after a time, whom no option
// exempts, with the filters of Users.
func (tx *Tx) LockedUsers(ctx context.Context, failures int, after time.Time, q identity.Query) (identity.Page[identity.User], error) {
	var s selection
	s.also(`l."failed_auth_count" >= ? AND l."failed_auth_at" > ? AND NOT EXISTS (SELECT 1 FROM "user_option" o
		WHERE o."user_id" = u."id" AND o."option_id" = ? AND o."option_value" = 'true')`, failures, after, userOptions[identity.OptIgnoreLockout])
	return tx.selectUsers(ctx, s, q)
}

func (tx *Tx) selectUsers(ctx context.Context, s selection, q identity.Query) (users identity.Page[identity.User], err error) {
	if err := tx.checkMarker(ctx, "user", q); err != nil {
		return users, err
	}
	var federated selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "domain_id":
			s.text(tx, `u."domain_id"`, f)
		case "name":
			s.userName(tx, f, q)
		case "enabled":
			s.flag(`u."enabled"`, f)
		case "kind":
			if f.Value == identity.PersonAccount.String() {
				s.also(`NOT EXISTS (SELECT 1 FROM "lintel_user_surface" k WHERE k."user_id" = u."id" AND k."kind" <> ?)`, f.Value)
			} else {
				s.also(`u."id" IN (SELECT k."user_id" FROM "lintel_user_surface" k WHERE k."kind" = ?)`, f.Value)
			}
		case "service": // of the cloud itself
			s.has(f, `SELECT 1 FROM "lintel_user_surface" o WHERE o."user_id" = u."id" AND o."kind" = 'service'`)
		case "active": // whether the user is known to have logged in ever
			if f.Bool() {
				s.also(`u."last_active_at" IS NOT NULL`)
			} else {
				s.also(`u."last_active_at" IS NULL`)
			}
		case "unseen": // who logged in once, but not since a day
			var since time.Time
			if since, err = time.Parse(time.DateOnly, f.Value); err == nil {
				s.also(`u."last_active_at" < ?`, date(since))
			}
		case "search":
			err = tx.seekUsers(ctx, &s, q, f.Value)
		case "among": // ids, by spaces
			set, args := in(strings.Fields(f.Value))
			s.also(`u."id" IN `+set, args...)
		case "local":
			s.has(f, `SELECT 1 FROM "local_user" o WHERE o."user_id" = u."id"`)
		case "factor":
			s.has(f, withFactor)
		case "plain_factor": // the rules are a password and a code, and nothing else
			s.has(f, withPlainFactor)
		case "outside": // of a project: no role was granted there to the user
			s.also(`NOT EXISTS (SELECT 1 FROM "assignment" a WHERE a."type" = 'UserProject' AND a."actor_id" = u."id" AND a."target_id" = ?)`, f.Value)
		case "suspended":
			s.has(f, `SELECT 1 FROM "lintel_suspension" o WHERE o."user_id" = u."id"`)
		case "placed":
			s.has(f, `SELECT 1 FROM "assignment" a WHERE a."type" = 'UserProject' AND a."actor_id" = u."id"
				UNION SELECT 1 FROM "user_group_membership" m JOIN "assignment" a ON a."actor_id" = m."group_id"
				WHERE m."user_id" = u."id" AND a."type" = 'GroupProject'`)
		case "password_expires_at":
			err = s.micros(`p."expires_at_int"`, f)
		case "idp_id", "protocol_id", "unique_id":
			federated.text(tx, `f."`+f.Attr+`"`, f)
		}
		if err != nil {
			return users, err
		}
	}
	if len(federated.where) > 0 {
		s.also(`u."id" IN (SELECT f."user_id" FROM "federated_user" f`+federated.sql()+`)`, federated.args...)
	}
	if q.Sort != "" {
		return tx.sortedUsers(ctx, s, q)
	}
	rows, err := page(ctx, tx, scanUser, selectUser, `u."id"`, s, q)
	if err != nil {
		return users, err
	}
	users.More = rows.More
	users.Items, err = tx.completeUsers(ctx, rows.Items)
	return users, err
}

// NamesTaken returns those of some names that users of a domain have.
func (tx *Tx) NamesTaken(ctx context.Context, domain identity.DomainID, names []string) ([]string, error) {
	set, args := in(names)
	args = append([]any{domain}, args...)
	return list(ctx, tx, column[string], `SELECT "name" FROM "local_user" WHERE "domain_id" = ? AND "name" IN `+set+`
		UNION SELECT "name" FROM "nonlocal_user" WHERE "domain_id" = ? AND "name" IN `+set, slices.Concat(args, args)...)
}

// userName keeps the users whose name passes the filter. Equality goes through the indexes of names, with the domain
// when it is known.
func (s *selection) userName(tx *Tx, f identity.Filter, q identity.Query) {
	if f.Compare != identity.Equals {
		s.text(tx, `COALESCE(l."name", n."name", (SELECT f."display_name" FROM "federated_user" f WHERE f."user_id" = u."id"
			ORDER BY f."id" LIMIT 1))`, f)
		return
	}
	in, args := "", []any{f.Value}
	if domain, ok := q.Equal("domain_id"); ok {
		in, args = ` AND "domain_id" = ?`, append(args, domain)
	}
	args = append(slices.Concat(args, args), f.Value)
	s.also(`u."id" IN (SELECT "user_id" FROM "local_user" WHERE "name" = ?`+in+`
		UNION SELECT "user_id" FROM "nonlocal_user" WHERE "name" = ?`+in+`
		UNION SELECT "user_id" FROM "federated_user" WHERE "display_name" = ?)`, args...)
}

// micros keeps the rows whose column of microseconds since 1970 passes a filter on time.
func (s *selection) micros(column string, f identity.Filter) error {
	t, err := time.Parse(time.RFC3339Nano, f.Value)
	if err != nil {
		return err
	}
	operator := map[identity.Comparison]string{
		identity.Equals: "=", identity.Differs: "<>", identity.Before: "<", identity.NotAfter: "<=",
		identity.After: ">", identity.NotBefore: ">=",
	}[f.Compare]
	s.also(column+" "+operator+" ?", micros(t))
	return nil
}

// InsertUser stores a new user. A local one gets its name; see AddPassword for the password. A name that is taken fails
// with identity.Conflict.
func (tx *Tx) InsertUser(ctx context.Context, u identity.User) error {
	_, err := tx.exec(ctx, `INSERT INTO "user" ("id", "domain_id", "enabled", "default_project_id", "extra", "created_at",
		"last_active_at") VALUES (?, ?, ?, ?, ?, ?, ?)`, u.ID, u.DomainID, u.Enabled, orNull(u.DefaultProjectID),
		extraText(u.Extra), tx.now, dateOrNull(u.LastActiveAt))
	if _, taken := duplicate(err); taken { // by the same subject of another identity provider, whose id has the same hash
		return identity.Conflictf("federated_user", "Duplicate entry")
	}
	if err != nil {
		return err
	}
	if u.Kind == identity.LocalUser {
		if taken, err := tx.nameTaken(ctx, "local_user", "user_id", u.DomainID, u.Name, string(u.ID)); err != nil || taken {
			return cmp.Or(err, identity.Conflictf("user", "Duplicate entry found with name %s at domain ID %s", u.Name, u.DomainID))
		}
		_, err := tx.exec(ctx, `INSERT INTO "local_user" ("user_id", "domain_id", "name") VALUES (?, ?, ?)`, u.ID, u.DomainID, u.Name)
		if _, taken := duplicate(err); taken {
			return identity.Conflictf("user", "Duplicate entry found with name %s at domain ID %s", u.Name, u.DomainID)
		}
		if err != nil {
			return err
		}
	}
	for name, v := range u.Options {
		if err := tx.putOption(ctx, "user", string(u.ID), userOptions[name], v); err != nil {
			return err
		}
	}
	if (u.Surface != identity.Surface{}) {
		if err := tx.putSurface(ctx, u.ID, u.Surface); err != nil {
			return err
		}
	}
	tx.touch("user", string(u.ID))
	return tx.insertFederated(ctx, u)
}

// UpdateUser writes what differs between the user as it was read in this transaction and as it should be. It fails as
// InsertUser does.
func (tx *Tx) UpdateUser(ctx context.Context, old, u identity.User) error {
	var c changes
	if u.Enabled != old.Enabled {
		c.set("enabled", u.Enabled)
	}
	if u.DefaultProjectID != old.DefaultProjectID {
		c.set("default_project_id", orNull(u.DefaultProjectID))
	}
	if !reflect.DeepEqual(u.Extra, old.Extra) {
		c.set("extra", extraText(u.Extra))
	}
	if !u.LastActiveAt.Equal(old.LastActiveAt) {
		c.set("last_active_at", dateOrNull(u.LastActiveAt))
	}
	if err := c.update(ctx, tx, "user", `"id" = ?`, u.ID); err != nil {
		return err
	}
	if u.Name != old.Name && u.Kind == identity.FederatedUser && len(u.Federated) > 0 {
		u.Federated = slices.Clone(u.Federated)
		u.Federated[0].DisplayName = u.Name
	}
	if u.Name != old.Name && u.Kind != identity.FederatedUser {
		table := "local_user"
		if u.Kind == identity.NonlocalUser {
			table = "nonlocal_user"
		}
		if taken, err := tx.nameTaken(ctx, table, "user_id", u.DomainID, u.Name, string(u.ID)); err != nil || taken {
			return cmp.Or(err, identity.Conflictf("user", "Duplicate entry found with name %s", u.Name))
		}
		_, err := tx.exec(ctx, `UPDATE "`+table+`" SET "name" = ? WHERE "user_id" = ?`, u.Name, u.ID)
		if _, taken := duplicate(err); taken {
			return identity.Conflictf("user", "Duplicate entry found with name %s", u.Name)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(userOptions)) {
		if v := u.Options[name]; !reflect.DeepEqual(v, old.Options[name]) {
			if err := tx.putOption(ctx, "user", string(u.ID), userOptions[name], v); err != nil {
				return err
			}
		}
	}
	tx.touch("user", string(u.ID))
	if slices.Equal(u.Federated, old.Federated) {
		return nil
	}
	if _, err := tx.exec(ctx, `DELETE FROM "federated_user" WHERE "user_id" = ?`, u.ID); err != nil {
		return err
	}
	return tx.insertFederated(ctx, u)
}

// CheckFederated fails with identity.BadRequest for an identity provider or protocol that is not there.
func (tx *Tx) CheckFederated(ctx context.Context, all []identity.FederatedIdentity) error {
	for _, f := range all {
		for _, look := range []struct {
			stmt    string
			args    []any
			refusal string
		}{
			{`SELECT 1 FROM "identity_provider" WHERE "id" = ?`, []any{f.IdentityProviderID}, "Could not find Identity Provider: " + string(f.IdentityProviderID)},
			{`SELECT 1 FROM "federation_protocol" WHERE "idp_id" = ? AND "id" = ?`, []any{f.IdentityProviderID, f.ProtocolID},
				"Could not find federated protocol " + string(f.ProtocolID) + " for Identity Provider: " + string(f.IdentityProviderID) + "."},
		} {
			found, err := list(ctx, tx, column[int], look.stmt, look.args...)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return identity.Invalidf("%s", look.refusal)
			}
		}
	}
	return nil
}

func (tx *Tx) insertFederated(ctx context.Context, u identity.User) error {
	for _, f := range u.Federated {
		_, err := tx.exec(ctx, `INSERT INTO "federated_user" ("user_id", "idp_id", "protocol_id", "unique_id", "display_name")
			VALUES (?, ?, ?, ?, ?)`, u.ID, f.IdentityProviderID, f.ProtocolID, f.UniqueID, orNull(f.DisplayName))
		if _, taken := duplicate(err); taken {
			return identity.Conflictf("federated_user", "Duplicate entry")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteUser removes a user and all that hangs on it: memberships, grants, credentials, application credentials with
// their access rules, trusts to and from it, OAuth tokens it gave, its mapped id. Its tokens are revoked. It fails with
// identity.NotFound.
func (tx *Tx) DeleteUser(ctx context.Context, id identity.UserID) error {
	if err := tx.farewell(ctx, "user", string(id)); err != nil {
		return err
	}
	err := tx.recordGoneOf(ctx, "application_credential", `SELECT "id" FROM "application_credential" WHERE "user_id" = ? ORDER BY "internal_id"`, id)
	if err != nil {
		return err
	}
	err = tx.recordGoneOf(ctx, "access_rule", `SELECT "external_id" FROM "access_rule" WHERE "user_id" = ? ORDER BY "id"`, id)
	if err != nil {
		return err
	}
	for _, stmt := range []string{
		`DELETE FROM "user_group_membership" WHERE "user_id" = ?`,
		`DELETE FROM "expiring_user_group_membership" WHERE "user_id" = ?`,
		`DELETE FROM "assignment" WHERE "actor_id" = ? AND "type" IN ('UserProject', 'UserDomain')`,
		`DELETE FROM "system_assignment" WHERE "actor_id" = ? AND "type" = 'UserSystem'`,
		`DELETE FROM "lintel_grant_meta" WHERE "actor_id" = ?`,
		`DELETE FROM "lintel_origin" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_grant_request" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_waiting_grant" WHERE "user_id" = ?`,
		`DELETE FROM "credential" WHERE "user_id" = ?`,
		`DELETE FROM "application_credential" WHERE "user_id" = ?`,
		`DELETE FROM "access_rule" WHERE "user_id" = ?`,
		`DELETE FROM "access_token" WHERE "authorizing_user_id" = ?`,
		`DELETE FROM "request_token" WHERE "authorizing_user_id" = ?`,
		`DELETE FROM "id_mapping" WHERE "public_id" = ?`,
		`DELETE FROM "lintel_factor" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_factor_reset" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_suspension" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_suspension_end" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_enrolment" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_recovery_code" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_recovery_due" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_factor_ask" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_passkey" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_guess" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_robot" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_profile" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_notice" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_user_surface" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_portal_password" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_api_user" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_api_user_off" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_main_user" WHERE "user_id" = ?`,
		`DELETE FROM "lintel_portal_user" WHERE "user_id" = ?`,
	} {
		if _, err := tx.exec(ctx, stmt, id); err != nil {
			return err
		}
	}
	_, err = tx.exec(ctx, `UPDATE "trust" SET "deleted_at" = ? WHERE "deleted_at" IS NULL AND ("trustor_user_id" = ? OR
		"trustee_user_id" = ?)`, tx.now, id, id)
	if err != nil {
		return err
	}
	if err := tx.remove(ctx, "user", string(id)); err != nil { // the rest follows by foreign keys
		return err
	}
	return tx.Revoke(ctx, identity.RevocationEvent{UserID: id})
}

// ClearDefaultProject makes a project the default of nobody.
func (tx *Tx) ClearDefaultProject(ctx context.Context, project identity.ProjectID) error {
	users, err := list(ctx, tx, column[string], `SELECT "id" FROM "user" WHERE "default_project_id" = ?`, project)
	if err != nil || len(users) == 0 {
		return err
	}
	for _, id := range users {
		tx.touch("user", id)
	}
	_, err = tx.exec(ctx, `UPDATE "user" SET "default_project_id" = NULL WHERE "default_project_id" = ?`, project)
	return err
}
