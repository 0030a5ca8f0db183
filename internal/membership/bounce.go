package membership

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Bounce notes that the mail of an open invitation came back, as if the mail server had refused it at once (lintel:report_bounce). The
// id is that of the mail, which only those know who got to see it or a report of it. It fails with identity.NotFound when no open
// invitation went out by it.
func (s *Service) Bounce(ctx context.Context, caller identity.Caller, mail, why string) error {
	if err := s.Authz.Check(ctx, caller, authz.ReportBounce, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		found, err := tx.BounceMail(ctx, mail, why)
		if err == nil && !found {
			return identity.Missing("mail of an open invitation", mail)
		}
		return err
	})
}
