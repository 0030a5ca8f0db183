package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// ProjectCredential is what is known of something that logs in to a project for its owner. It holds no secret.
type ProjectCredential struct {
	Kind   string // "application_credential" or "credential"; of a user also "OS-TRUST:trust" and "OS-OAUTH1:access_token"
	Type   string // of a credential: "ec2"
	ID     string
	Name   string // of an application credential
	UserID identity.UserID

	TrusteeID identity.UserID // of a trust
	ProjectID identity.ProjectID

	Ends    *time.Time
	Created time.Time // as the trail tells; zero when it does not

	Used     time.Time // last, to the hour; zero for never that is known
	UsedFrom string    // the address

	// Of an application credential.
	Unrestricted bool
	Roles        []identity.Role
	AccessRules  []identity.AccessRule
}

// ProjectCredentialFilter chooses among the credentials on a project, and where their list begins and ends.
type ProjectCredentialFilter struct {
	User  identity.UserID // whose; empty for everybody's
	ID    string          // the only one; empty for all
	After string          // the id of the last one of the page before
	Limit int
}

// CredentialsIn returns a page of the application credentials and other credentials on a project, in the order of their ids. It takes
// the same number of queries however many there are.
func (tx *Tx) CredentialsIn(ctx context.Context, project identity.ProjectID, f ProjectCredentialFilter) (identity.Page[ProjectCredential], error) {
	var s selection
	s.also(`c."project_id" = ?`, project)
	return tx.inventory(ctx, s, "", f)
}

// CredentialsOf is CredentialsIn for all that a user has, wherever it works, and with the trusts that they gave and the access tokens
// that they let somebody have, as far as these have not ended.
func (tx *Tx) CredentialsOf(ctx context.Context, user identity.UserID, f ProjectCredentialFilter) (identity.Page[ProjectCredential], error) {
	f.User = user
	return tx.inventory(ctx, selection{}, user, f)
}

func (tx *Tx) inventory(ctx context.Context, s selection, giver identity.UserID, f ProjectCredentialFilter) (page identity.Page[ProjectCredential], err error) {
	s.also(`c."id" > ?`, f.After)
	if f.User != "" {
		s.also(`c."user_id" = ?`, f.User)
	}
	if f.ID != "" {
		s.also(`c."id" = ?`, f.ID)
	}
	type row struct {
		ProjectCredential
		number int64
	}
	stmt := `SELECT 'application_credential', c."id", c."name", c."user_id", c."project_id", c."expires_at", c."unrestricted", c."internal_id" FROM "application_credential" c` + s.sql() + `
		UNION ALL SELECT 'credential', c."id", c."type", c."user_id", c."project_id", NULL, NULL, 0 FROM "credential" c` + s.sql()
	args := append(slices.Clone(s.args), s.args...)
	if giver != "" {
		now := tx.now
		stmt += `
		UNION ALL SELECT 'OS-TRUST:trust', c."id", c."trustee_user_id", c."trustor_user_id", c."project_id", c."expires_at_int", NULL, 0 FROM "trust" c
			WHERE c."id" > ? AND c."trustor_user_id" = ? AND c."deleted_at" IS NULL
			AND (c."expires_at_int" > ? OR c."expires_at_int" IS NULL AND (c."expires_at" IS NULL OR c."expires_at" > ?))
		UNION ALL SELECT 'OS-OAUTH1:access_token', c."id", '', c."authorizing_user_id", c."project_id", NULL, NULL, 0 FROM "access_token" c
			WHERE c."id" > ? AND c."authorizing_user_id" = ? AND (c."expires_at" IS NULL OR c."expires_at" > ?)`
		args = append(args, f.After, giver, micros(now), now, f.After, giver, isoText(&now))
	}
	rows, err := list(ctx, tx, func(from scanner) (c row, err error) {
		var ends sql.NullInt64
		var unrestricted sql.NullBool
		var name string
		err = from.Scan(&c.Kind, &c.ID, &name, &c.UserID, textOf(&c.ProjectID), &ends, &unrestricted, &c.number)
		switch c.Kind {
		case "application_credential":
			c.Name = name
		case "credential":
			c.Type = name
		case "OS-TRUST:trust":
			c.TrusteeID = identity.UserID(name)
		}
		if ends.Valid {
			at := fromMicros(ends.Int64)
			c.Ends = &at
		}
		c.Unrestricted = unrestricted.Bool
		return c, err
	}, stmt+`
		ORDER BY 2 LIMIT ?`, append(args, f.Limit+1)...)
	if err != nil {
		return page, err
	}
	if page.More = len(rows) > f.Limit; page.More {
		rows = rows[:f.Limit]
	}
	var numbers []int64
	var ids []string
	at := map[int64]*identity.ApplicationCredential{}
	for _, r := range rows {
		ids = append(ids, r.ID)
		if r.Kind == "application_credential" {
			numbers = append(numbers, r.number)
			at[r.number] = new(identity.ApplicationCredential)
		}
	}
	if err := tx.completeApplicationCredentials(ctx, numbers, at); err != nil {
		return page, err
	}
	used := map[string]map[string]Seen{}
	kinds := []string{"application_credential", "credential"}
	if giver != "" {
		kinds = append(kinds, "OS-TRUST:trust", "OS-OAUTH1:access_token")
	}
	for _, kind := range kinds {
		if used[kind], err = tx.LastSeen(ctx, kind, "", ids); err != nil {
			return page, err
		}
	}
	made, err := tx.MadeAt(ctx, ids)
	if err != nil {
		return page, err
	}
	for _, r := range rows {
		c := r.ProjectCredential
		if whole := at[r.number]; c.Kind == "application_credential" && whole != nil {
			c.Roles, c.AccessRules = whole.Roles, whole.AccessRules
		}
		seen := used[c.Kind][c.ID]
		c.Used, c.UsedFrom, c.Created = seen.At, seen.Address, made[c.ID]
		page.Items = append(page.Items, c)
	}
	return page, nil
}

// CredentialsEnding returns up to n of the application credentials that end in a time, in the order of their ids, those after an id.
func (tx *Tx) CredentialsEnding(ctx context.Context, from, until time.Time, after string, n int) (all []ProjectCredential, err error) {
	all, err = list(ctx, tx, func(s scanner) (c ProjectCredential, err error) {
		var ends int64
		err = s.Scan(&c.ID, &c.Name, &c.UserID, &c.ProjectID, &ends)
		at := fromMicros(ends)
		c.Kind, c.Ends = "application_credential", &at
		return c, err
	}, `SELECT "id", "name", "user_id", "project_id", "expires_at" FROM "application_credential"
		WHERE "expires_at" > ? AND "expires_at" <= ? AND "id" > ? ORDER BY "id" LIMIT ?`, from.UnixMicro(), until.UnixMicro(), after, n)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	made, err := tx.MadeAt(ctx, ids)
	if err != nil {
		return nil, err
	}
	used, err := tx.LastSeen(ctx, "application_credential", "", ids)
	for i := range all {
		all[i].Created, all[i].Used = made[all[i].ID], used[all[i].ID].At
	}
	return all, err
}

// Endings are the ends of a user's application credentials, as far as these work.
type Endings struct {
	Endless int                 // how many have none
	Soon    []ProjectCredential // the first to end
}

// Endings returns those of a user, and up to n that end by a time.
func (tx *Tx) Endings(ctx context.Context, user identity.UserID, by time.Time, n int) (e Endings, err error) {
	now := tx.now.UnixMicro()
	if err = tx.row(ctx, `SELECT COUNT(*) FROM "application_credential" WHERE "user_id" = ? AND "expires_at" IS NULL`, user).Scan(&e.Endless); err != nil {
		return e, err
	}
	e.Soon, err = list(ctx, tx, func(s scanner) (c ProjectCredential, err error) {
		var ends int64
		err = s.Scan(&c.ID, &c.Name, &c.ProjectID, &ends)
		at := fromMicros(ends)
		c.Kind, c.UserID, c.Ends = "application_credential", user, &at
		return c, err
	}, `SELECT "id", "name", "project_id", "expires_at" FROM "application_credential"
		WHERE "user_id" = ? AND "expires_at" > ? AND "expires_at" <= ? ORDER BY "expires_at", "id" LIMIT ?`, user, now, by.UnixMicro(), n)
	return e, err
}

// MadeAt is when credentials, trusts and access tokens were made, by their ids, as far as the trail tells.
func (tx *Tx) MadeAt(ctx context.Context, ids []string) (map[string]time.Time, error) {
	made := make(map[string]time.Time, len(ids))
	set, args := in(ids)
	_, err := list(ctx, tx, func(s scanner) (none struct{}, err error) {
		var id string
		var at time.Time
		err = s.Scan(&id, timeOf{&at})
		made[id] = at
		return none, err
	}, `SELECT "target_id", "at" FROM "lintel_trail"
		WHERE "action" IN ('application_credential.created', 'credential.created', 'OS-TRUST:trust.created', 'OS-OAUTH1:access_token.created')
		AND "target_id" IN `+set, args...)
	return made, err
}

// CredentialsLost returns the first application credentials that go along with a role when it is deleted, by their ids and owners,
// and how many there are in all.
func (tx *Tx) CredentialsLost(ctx context.Context, role identity.RoleID, most int) (lost []identity.TrailEntry, all int, err error) {
	if err := tx.row(ctx, `SELECT COUNT(*) FROM "application_credential" WHERE `+lostWithRole, role).Scan(&all); err != nil {
		return nil, 0, err
	}
	ids, err := list(ctx, tx, column[string], `SELECT "id" FROM "application_credential" WHERE `+lostWithRole+` ORDER BY "id" LIMIT ?`, role, most)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		lost = append(lost, identity.TrailEntry{Target: identity.Party{Kind: "application_credential", ID: id}})
	}
	return lost, all, tx.name(ctx, lost)
}
