package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// Profile returns what a user chose for themselves; the zero value when they did not.
func (tx *Tx) Profile(ctx context.Context, user identity.UserID) (p identity.Profile, err error) {
	var muted string
	var searches *string
	err = tx.row(ctx, `SELECT "language", "zone", "theme", "muted", "searches" FROM "lintel_profile" WHERE "user_id" = ?`, user).Scan(&p.Language, &p.Zone, &p.Theme, &muted, &searches)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	p.Muted = strings.Fields(muted)
	if err == nil && searches != nil {
		err = json.Unmarshal([]byte(*searches), &p.Searches)
	}
	return p, err
}

// PutProfile keeps what a user chose for themselves.
func (tx *Tx) PutProfile(ctx context.Context, user identity.UserID, p identity.Profile) error {
	var searches any
	if len(p.Searches) > 0 {
		text, err := json.Marshal(p.Searches)
		if err != nil {
			return err
		}
		searches = ascii(text)
	}
	return tx.upsert(ctx, "lintel_profile", 1, []string{"user_id", "language", "zone", "theme", "muted", "searches"}, user, p.Language, p.Zone, p.Theme, strings.Join(p.Muted, " "), searches)
}
