package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

// signUpDetails is what is kept as JSON.
type signUpDetails struct {
	Name     string `json:"name"`
	Project  string `json:"project"`
	Reason   string `json:"reason,omitempty"`
	Language string `json:"language,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

func signUpText(s identity.SignUp) (string, error) {
	body, err := json.Marshal(signUpDetails{s.Name, s.Project, s.Reason, s.Language, s.Answer})
	return ascii(body), err
}

const selectSignUp = `SELECT "id", "address", "details", "state", "created_at", "decider_id", "decided_at" FROM "lintel_sign_up"`

func scanSignUp(row scanner) (s identity.SignUp, err error) {
	var d signUpDetails
	err = row.Scan(&s.ID, &s.Address, jsonOf(&d), &s.State, timeOf{&s.CreatedAt}, &s.DeciderID, timeOf{&s.DecidedAt})
	s.Name, s.Project, s.Reason, s.Language, s.Answer = d.Name, d.Project, d.Reason, d.Language, d.Answer
	return s, err
}

// InsertSignUp writes a new wish for an account, and forgets old ones that were answered.
func (tx *Tx) InsertSignUp(ctx context.Context, s identity.SignUp) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_sign_up" WHERE "decided_at" < ?`, tx.now.Add(-keepMembership)); err != nil {
		return err
	}
	details, err := signUpText(s)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_sign_up" ("id", "address", "details", "state", "created_at", "decider_id", "decided_at") VALUES (?, ?, ?, ?, ?, '', NULL)`,
		s.ID, s.Address, details, s.State, tx.now)
	return err
}

// DecideSignUp writes what has become of an open wish, and tells whether it was open.
func (tx *Tx) DecideSignUp(ctx context.Context, s identity.SignUp) (open bool, err error) {
	details, err := signUpText(s)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(ctx, `UPDATE "lintel_sign_up" SET "state" = ?, "details" = ?, "decider_id" = ?, "decided_at" = ? WHERE "id" = ? AND "state" = ?`,
		s.State, details, s.DeciderID, tx.now, s.ID, identity.SignUpOpen)
	return n > 0, err
}

// SignUp returns a wish for an account.
func (tx *Tx) SignUp(ctx context.Context, id string) (identity.SignUp, error) {
	s, err := scanSignUp(tx.row(ctx, selectSignUp+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("sign_up", id)
	}
	return s, err
}

// SignUps returns the wishes for an account that are in a state, the oldest first, up to n.
func (tx *Tx) SignUps(ctx context.Context, state identity.SignUpState, n int) ([]identity.SignUp, error) {
	return list(ctx, tx, scanSignUp, selectSignUp+` WHERE "state" = ? ORDER BY "created_at", "id" LIMIT ?`, state, n)
}
