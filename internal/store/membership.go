package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// keepMembership is how long invitations and links that have ended can be asked about.
const keepMembership = 90 * 24 * time.Hour

const selectInvitation = `SELECT i."id", i."project_id", i."address", i."details", i."language", i."inviter_id", i."scope", i."state",
	i."created_at", i."sent_at", i."expires_at", i."decided_at", i."sends", i."mail_id", i."problem", i."user_id",
	m."id" IS NOT NULL AND m."failed_at" IS NULL, m."failed_at" IS NOT NULL
FROM "lintel_invitation" i LEFT JOIN "lintel_mail" m ON m."id" = i."mail_id"`

// invitationDetails is what is kept as JSON.
type invitationDetails struct {
	Roles []identity.RoleID `json:"roles"`
	Areas []identity.Area   `json:"areas,omitempty"`
	Until *time.Time        `json:"until,omitempty"`
	Words string            `json:"words,omitempty"`

	Request string `json:"request,omitempty"`
	Draft   bool   `json:"draft,omitempty"`

	Asker identity.UserID `json:"asker,omitempty"`
}

func scanInvitation(s scanner) (v identity.Invitation, err error) {
	var details invitationDetails
	var scope string
	err = s.Scan(&v.ID, &v.ProjectID, &v.Address, jsonOf(&details), &v.Language, &v.InviterID, &scope, &v.State,
		timeOf{&v.CreatedAt}, timeOf{&v.SentAt}, timeOf{&v.ExpiresAt}, timeOf{&v.DecidedAt}, &v.Sends, &v.MailID, &v.Problem, &v.UserID,
		&v.Waits, &v.Bounced)
	v.Roles, v.Areas, v.Words, v.RequestID, v.Draft, v.AskerID = details.Roles, details.Areas, details.Words, details.Request, details.Draft, details.Asker
	if details.Until != nil {
		v.Until = *details.Until
	}
	v.Scope = scopeOf(scope)
	return v, err
}

func scopeText(s identity.Scope) string {
	switch s.Kind() {
	case identity.ProjectScoped:
		return "project:" + string(s.ProjectID())
	case identity.DomainScoped:
		return "domain:" + string(s.DomainID())
	case identity.SystemScoped:
		return "system"
	}
	return ""
}

// openKey ties an open invitation to its project and address, whatever case that is written in.
func openKey(project identity.ProjectID, address string) string {
	sum := sha256.Sum256([]byte(string(project) + "\x00" + strings.ToLower(address)))
	return hex.EncodeToString(sum[:])
}

// PutInvitation writes an invitation, which is new or open. It fails with Conflict when another one to that address is open,
// and tells whether it is still open.
func (tx *Tx) PutInvitation(ctx context.Context, v identity.Invitation) (open bool, err error) {
	details := invitationDetails{Roles: v.Roles, Areas: v.Areas, Words: v.Words, Request: v.RequestID, Draft: v.Draft, Asker: v.AskerID}
	if !v.Until.IsZero() {
		details.Until = &v.Until
	}
	body, err := json.Marshal(details)
	if err != nil {
		return false, err
	}
	var key, decided any
	if v.State == identity.InvitationOpen {
		key = openKey(v.ProjectID, v.Address)
	} else {
		decided = v.DecidedAt
	}
	changing := []any{key, ascii(body), v.Language, v.InviterID, scopeText(v.Scope), v.State, v.SentAt, v.ExpiresAt, decided, v.Sends, v.MailID, v.Problem, v.UserID}
	n, err := tx.exec(ctx, `UPDATE "lintel_invitation" SET "open_key" = ?, "details" = ?, "language" = ?, "inviter_id" = ?, "scope" = ?,
		"state" = ?, "sent_at" = ?, "expires_at" = ?, "decided_at" = ?, "sends" = ?, "mail_id" = ?, "problem" = ?, "user_id" = ?
		WHERE "id" = ? AND "state" = ?`, append(changing, v.ID, identity.InvitationOpen)...)
	return n > 0, err
}

// InsertInvitation writes a new invitation. It fails with Conflict when another one to that address is open.
func (tx *Tx) InsertInvitation(ctx context.Context, v identity.Invitation) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_invitation" WHERE "expires_at" < ?`, tx.now.Add(-keepMembership)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_invitation" ("id", "project_id", "address", "created_at", "open_key", "details", "language",
		"inviter_id", "scope", "state", "sent_at", "expires_at", "sends", "mail_id", "problem", "user_id")
		VALUES (?, ?, ?, ?, ?, '', '', '', '', ?, ?, ?, 0, '', '', '')`,
		v.ID, v.ProjectID, v.Address, tx.now, openKey(v.ProjectID, v.Address), identity.InvitationOpen, tx.now, v.ExpiresAt)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("invitation", "%s has an open one", v.Address)
	} else if err != nil {
		return err
	}
	_, err = tx.PutInvitation(ctx, v)
	return err
}

// Invitation returns an invitation.
func (tx *Tx) Invitation(ctx context.Context, id identity.InvitationID) (identity.Invitation, error) {
	v, err := scanInvitation(tx.row(ctx, selectInvitation+` WHERE i."id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("invitation", id)
	}
	return v, err
}

// OpenInvitation returns the open invitation of an address to a project.
func (tx *Tx) OpenInvitation(ctx context.Context, project identity.ProjectID, address string) (identity.Invitation, error) {
	v, err := scanInvitation(tx.row(ctx, selectInvitation+` WHERE i."open_key" = ?`, openKey(project, address)))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("invitation", address)
	}
	return v, err
}

// InvitationFilter chooses among the invitations to a project, and where their list begins and ends.
type InvitationFilter struct {
	Address string // a part of it
	Areas   bool   // those to areas of the portal alone
	After   identity.InvitationID
	Limit   int
}

// Invitations returns a page of the open invitations to a project, the newest first, and how many there are in all.
func (tx *Tx) Invitations(ctx context.Context, project identity.ProjectID, f InvitationFilter) (page identity.Page[identity.Invitation], all int, err error) {
	const open = ` WHERE i."project_id" = ? AND i."state" = 'open'`
	if err := tx.row(ctx, `SELECT COUNT(*) FROM "lintel_invitation" i`+open, project).Scan(&all); err != nil {
		return page, 0, err
	}
	where, args := open, []any{project}
	if f.Areas {
		where += ` AND i."details" LIKE '%"areas":%'`
	}
	if f.Address != "" {
		where, args = where+` AND LOWER(i."address") LIKE LOWER(?) ESCAPE '!'`, append(args, "%"+like(f.Address)+"%")
	}
	if f.After != "" {
		after, err := tx.Invitation(ctx, f.After)
		if err != nil {
			return page, 0, err
		}
		where += ` AND (i."created_at" < ? OR i."created_at" = ? AND i."id" > ?)`
		args = append(args, after.CreatedAt, after.CreatedAt, after.ID)
	}
	page.Items, err = list(ctx, tx, scanInvitation, selectInvitation+where+` ORDER BY i."created_at" DESC, i."id" LIMIT ?`, append(args, f.Limit+1)...)
	if len(page.Items) > f.Limit {
		page.Items, page.More = page.Items[:f.Limit], true
	}
	return page, all, err
}

// InvitationsTo returns up to n of the open invitations to an address that can be accepted yet, the newest first.
func (tx *Tx) InvitationsTo(ctx context.Context, address string, n int) ([]identity.Invitation, error) {
	return list(ctx, tx, scanInvitation, selectInvitation+` WHERE i."expires_at" > ? AND i."state" = 'open' AND LOWER(i."address") = ?
		ORDER BY i."created_at" DESC, i."id" LIMIT ?`, tx.now, strings.ToLower(address), n)
}

// AcceptedAt tells whether a user has accepted an invitation that came to an address, as far as that is kept.
func (tx *Tx) AcceptedAt(ctx context.Context, user identity.UserID, address string) (bool, error) {
	var n int
	err := tx.row(ctx, `SELECT COUNT(*) FROM "lintel_invitation" WHERE "state" = 'accepted' AND "user_id" = ? AND LOWER("address") = ?`,
		user, strings.ToLower(address)).Scan(&n)
	return n > 0, err
}

// InsertLink keeps a new link. Those of the same purpose and subject open nothing any more.
func (tx *Tx) InsertLink(ctx context.Context, l identity.Link) error {
	if err := tx.EndLinks(ctx, l.Purpose, l.Subject); err != nil {
		return err
	}
	return tx.AddLink(ctx, l)
}

// AddLink keeps a new link beside those of the same purpose and subject.
func (tx *Tx) AddLink(ctx context.Context, l identity.Link) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_link" WHERE "ends_at" < ?`, tx.now.Add(-keepMembership)); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_link" ("digest", "purpose", "subject", "data", "state", "created_at", "ends_at") VALUES (?, ?, ?, ?, '', ?, ?)`,
		l.Digest, l.Purpose, l.Subject, ascii([]byte(l.Data)), tx.now, l.EndsAt)
	return err
}

// EndLinks makes the links of a purpose and subject open nothing any more.
func (tx *Tx) EndLinks(ctx context.Context, purpose, subject string) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_link" SET "state" = 'superseded' WHERE "subject" = ? AND "purpose" = ? AND "state" = ''`, subject, purpose)
	return err
}

// EndLinksSince is EndLinks for those that were made at a time or after it.
func (tx *Tx) EndLinksSince(ctx context.Context, purpose, subject string, since time.Time) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_link" SET "state" = 'superseded' WHERE "subject" = ? AND "purpose" = ? AND "state" = '' AND "created_at" >= ?`,
		subject, purpose, since)
	return err
}

// Link returns the link of a digest and purpose, whatever has become of it.
func (tx *Tx) Link(ctx context.Context, purpose, digest string) (identity.Link, error) {
	return tx.link(ctx, `"digest" = ? AND "purpose" = ?`, digest, purpose)
}

// LastLink returns the newest link of a purpose and subject, whatever has become of it.
func (tx *Tx) LastLink(ctx context.Context, purpose, subject string) (identity.Link, error) {
	return tx.link(ctx, `"subject" = ? AND "purpose" = ? ORDER BY "created_at" DESC, "state" LIMIT 1`, subject, purpose)
}

func (tx *Tx) link(ctx context.Context, which string, args ...any) (l identity.Link, err error) {
	err = tx.row(ctx, `SELECT "digest", "purpose", "subject", "data", "state", "created_at", "ends_at" FROM "lintel_link" WHERE `+which,
		args...).Scan(&l.Digest, &l.Purpose, &l.Subject, &l.Data, &l.State, timeOf{&l.CreatedAt}, timeOf{&l.EndsAt})
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("link", "")
	}
	return l, err
}

// UseLink uses a link up, and tells whether it could be used. Of two transactions at once one can. I6
func (tx *Tx) UseLink(ctx context.Context, purpose, digest string) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE "lintel_link" SET "state" = 'used' WHERE "digest" = ? AND "purpose" = ? AND "state" = '' AND "ends_at" > ?`,
		digest, purpose, tx.now)
	return n > 0, err
}

// UsersByAddress returns the users of a domain, or of all if that is empty, who have an e-mail address, in any case.
func (tx *Tx) UsersByAddress(ctx context.Context, domain identity.DomainID, address string) ([]identity.User, error) {
	where, args := tx.byAddress(address)
	if domain != "" {
		where, args = where+` AND u."domain_id" = ?`, append(args, domain)
	}
	found, err := tx.users(ctx, where, args...)
	if err != nil {
		return nil, err
	}
	var having []identity.User
	for _, u := range found {
		if email, _ := u.Extra["email"].(string); strings.EqualFold(email, address) {
			having = append(having, u)
		}
	}
	return having, nil
}

// byAddress is a condition that finds users by lintel_ix_user_address. The address goes through what the addresses in the index went through.
func (tx *Tx) byAddress(address string) (condition string, args []any) {
	key := func(column string) string { return `LOWER(SUBSTR(` + tx.emailOf(column) + `, 1, 255))` }
	args = []any{extraText(identity.Extra{"email": address})}
	switch tx.db.dialect {
	case sqlite:
		return key(`u."extra"`) + ` = ` + key(`?1`), args
	case mariadb:
		return `u."lintel_address" = ` + key(`?`), args
	}
	return key(`u."extra"`) + ` = ` + key(`CAST(? AS TEXT)`), args
}

// OpenLinks returns up to n links of a purpose that can be used.
func (db *DB) OpenLinks(ctx context.Context, purpose string, n int) (all []identity.Link, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		all, err = list(ctx, tx, func(s scanner) (l identity.Link, err error) {
			err = s.Scan(&l.Digest, &l.Purpose, &l.Subject, &l.Data, timeOf{&l.EndsAt})
			return l, err
		}, `SELECT "digest", "purpose", "subject", "data", "ends_at" FROM "lintel_link" WHERE "state" = '' AND "purpose" = ? AND "ends_at" > ?
			ORDER BY "ends_at" LIMIT ?`, purpose, tx.now, n)
		return err
	})
	return all, err
}
