package store

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// WaitingMail is a mail that the mail server has not taken yet.
type WaitingMail struct {
	ID        string
	Sealed    string
	CreatedAt time.Time
	Tries     int // so far
}

// keepFailedMail is how long a mail that was refused can be asked about.
const keepFailedMail = 30 * 24 * time.Hour

// QueueMail puts a mail into the outbox, and returns the id that it gets.
func (tx *Tx) QueueMail(ctx context.Context, sealed string) (id string, err error) {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_mail" WHERE "failed_at" < ?`, tx.now.Add(-keepFailedMail)); err != nil {
		return "", err
	}
	id = tx.NewID()
	_, err = tx.exec(ctx, `INSERT INTO "lintel_mail" ("id", "sealed", "created_at", "due_at", "tries", "failed_at", "failure") VALUES (?, ?, ?, ?, 0, NULL, '')`,
		id, sealed, tx.now, tx.now)
	return id, err
}

// DueMail returns up to n mails that are to be tried now, those that have waited longest first.
func (db *DB) DueMail(ctx context.Context, n int) (due []WaitingMail, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		due, err = list(ctx, tx, func(s scanner) (w WaitingMail, err error) {
			err = s.Scan(&w.ID, &w.Sealed, timeOf{&w.CreatedAt}, &w.Tries)
			return w, err
		}, `SELECT "id", "sealed", "created_at", "tries" FROM "lintel_mail" WHERE "failed_at" IS NULL AND "due_at" <= ?
			ORDER BY "due_at", "id" LIMIT ?`, tx.now, n)
		return err
	})
	return due, err
}

// TryMail notes that a mail is being tried, and when it is to be tried again if nothing comes of that.
func (db *DB) TryMail(ctx context.Context, id string, wait time.Duration) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE "lintel_mail" SET "tries" = "tries" + 1, "due_at" = ? WHERE "id" = ?`, tx.now.Add(wait), id)
		return err
	})
}

// UntryMail takes back that a mail was tried, of which nothing was learned, and says when it is to be tried again.
func (db *DB) UntryMail(ctx context.Context, id string, wait time.Duration) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE "lintel_mail" SET "tries" = "tries" - 1, "due_at" = ? WHERE "id" = ?`, tx.now.Add(wait), id)
		return err
	})
}

// FailMail gives a mail up. It forgets what was in it.
func (db *DB) FailMail(ctx context.Context, id, why string) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE "lintel_mail" SET "failed_at" = ?, "failure" = ?, "sealed" = '' WHERE "id" = ?`, tx.now, plainText(why, 255), id)
		return err
	})
}

// BounceMail gives up the mail of an open invitation that a mail server had taken and could not deliver. It tells whether there is one.
func (tx *Tx) BounceMail(ctx context.Context, id, why string) (found bool, err error) {
	open, err := list(ctx, tx, column[string], `SELECT "id" FROM "lintel_invitation" WHERE "mail_id" = ? AND "state" = ?`, id, identity.InvitationOpen)
	if err != nil || len(open) == 0 {
		return false, err
	}
	return true, tx.upsert(ctx, "lintel_mail", 1, []string{"id", "sealed", "created_at", "due_at", "tries", "failed_at", "failure"},
		id, "", tx.now, tx.now, 1, tx.now, plainText(why, 255))
}

// plainText is text from outside that any column takes: ASCII, of so many characters at most.
func plainText(text string, n int) string {
	out := make([]byte, 0, n)
	for _, r := range text {
		switch {
		case len(out) == n:
			return string(out)
		case ' ' <= r && r <= '~':
			out = append(out, byte(r))
		default:
			out = append(out, '?')
		}
	}
	return string(out)
}

// DeleteMail forgets a mail that was sent, or is not to be sent any more.
func (db *DB) DeleteMail(ctx context.Context, id string) error {
	return db.Update(ctx, func(tx *Tx) error { return tx.DeleteMail(ctx, id) })
}

// DeleteMail is the method of DB inside a transaction.
func (tx *Tx) DeleteMail(ctx context.Context, id string) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_mail" WHERE "id" = ?`, id)
	return err
}
