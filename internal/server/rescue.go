package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Rescue lets an administrator in who is locked out, for whoever has the database at hand and could do anything anyway.
type Rescue struct {
	Username    string // in the default domain
	ResetFactor bool   // the second factor is lost, too

	Done func(message string) // is told what was done beside
}

// Run opens the account again if it is disabled or suspended, and returns a link by which its owner chooses a password, once and for a
// quarter of an hour. Servers may run on the database meanwhile.
func (r Rescue) Run(ctx context.Context, cfg *config.Config, db *store.DB) (link string, err error) {
	at := portalURL(cfg)
	if !cfg.Lintel.Portal || at == "" {
		return "", errors.New("there is no portal whose address is known: set [lintel] portal_url, or set a password with lintel manage bootstrap")
	}
	if err := db.Prepare(ctx); err != nil {
		return "", err
	}
	d := &directory.Service{DB: db}
	c := &credential.Service{DB: db, Directory: d, Methods: cfg.Auth.Methods}
	var page string
	var said []string
	err = db.Update(ctx, func(tx *store.Tx) error {
		said = nil
		u, err := tx.UserByName(ctx, identity.DomainID(cfg.Identity.DefaultDomainID), r.Username)
		if errors.Is(err, identity.NotFound) {
			return fmt.Errorf("there is no user %s in the default domain", r.Username)
		} else if err != nil {
			return err
		}
		if reopened, err := d.Reopen(ctx, tx, u); err != nil {
			return err
		} else if reopened {
			said = append(said, fmt.Sprintf("Enabled user %s.", r.Username))
		}
		if r.ResetFactor {
			if err := c.TakeFactor(ctx, tx, identity.Caller{}, u); err != nil {
				return err
			}
			said = append(said, fmt.Sprintf("Reset the second factor of user %s.", r.Username))
		}
		page, err = firstLink(ctx, cfg, tx, r.Username)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, s := range said {
		r.Done(s)
	}
	return at + page, nil
}
