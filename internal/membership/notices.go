package membership

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Notices returns what the caller was told of their account and of what they look after, the latest first: by mail too, where mails are
// sent. They are in a language, or for an empty one in the caller's.
func (s *Service) Notices(ctx context.Context, caller identity.Caller, lang string) (all []mails.Told, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		if lang == "" {
			p, err := tx.Profile(ctx, u.ID)
			if err != nil {
				return err
			}
			lang = p.Language
		}
		all, err = s.Office.Notices(ctx, tx, u.ID, lang)
		return err
	})
	return all, err
}

// ReadNotices notes that the caller has read what they were told until a time; a zero one is now.
func (s *Service) ReadNotices(ctx context.Context, caller identity.Caller, until time.Time) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		if until.IsZero() {
			until = tx.Now()
		}
		return tx.ReadNotices(ctx, u.ID, until)
	})
}
