package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

const contactColumns = `"id", "project_id", "name", "address", "topics", "language", "created_at", "verified_at"`

func scanContact(s scanner) (c identity.Contact, err error) {
	var topics string
	err = s.Scan(&c.ID, &c.ProjectID, &c.Name, &c.Address, &topics, &c.Language, timeOf{&c.CreatedAt}, timeOf{&c.VerifiedAt})
	c.Topics = strings.Fields(topics)
	return c, err
}

// Contacts returns a page of the contacts of a project, in the order of their ids.
func (tx *Tx) Contacts(ctx context.Context, project identity.ProjectID, q identity.Query) (identity.Page[identity.Contact], error) {
	var s selection
	s.also(`"project_id" = ?`, project)
	return page(ctx, tx, scanContact, `SELECT `+contactColumns+` FROM "lintel_contact"`, `"id"`, s, q)
}

// Contact returns a contact; a NotFound when there is none.
func (tx *Tx) Contact(ctx context.Context, id string) (identity.Contact, error) {
	c, err := scanContact(tx.row(ctx, `SELECT `+contactColumns+` FROM "lintel_contact" WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("contact", id)
	}
	return c, err
}

// InsertContact writes a new contact. It fails with Conflict when the project has one of that address.
func (tx *Tx) InsertContact(ctx context.Context, c identity.Contact) error {
	_, err := tx.exec(ctx, `INSERT INTO "lintel_contact" (`+contactColumns+`, "folded") VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
		c.ID, c.ProjectID, c.Name, c.Address, strings.Join(c.Topics, " "), c.Language, tx.now, strings.ToLower(c.Address))
	if _, taken := duplicate(err); taken {
		err = identity.Conflictf("contact", "Duplicate entry")
	}
	return err
}

// UpdateContact writes what a contact is called and told about.
func (tx *Tx) UpdateContact(ctx context.Context, c identity.Contact) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_contact" SET "name" = ?, "topics" = ? WHERE "id" = ?`, c.Name, strings.Join(c.Topics, " "), c.ID)
	return err
}

// VerifyContact notes that the address of a contact is read by somebody who agreed.
func (tx *Tx) VerifyContact(ctx context.Context, id string) error {
	_, err := tx.exec(ctx, `UPDATE "lintel_contact" SET "verified_at" = ? WHERE "id" = ?`, tx.now, id)
	return err
}

// DeleteContact forgets a contact.
func (tx *Tx) DeleteContact(ctx context.Context, id string) error {
	if err := tx.farewell(ctx, "contact", id); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM "lintel_contact" WHERE "id" = ?`, id)
	return err
}
