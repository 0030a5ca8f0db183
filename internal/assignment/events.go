package assignment

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// RevocationEvents lists what ended tokens, the oldest first: all that is still kept, or, unless since is empty, what came
// after that time (keystone/api/os_revoke.py).
func (s *Service) RevocationEvents(ctx context.Context, caller identity.Caller, since string) (events []identity.RevocationEvent, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRevokeEvents, nil); err != nil {
		return nil, err
	}
	var after time.Time
	if since != "" {
		var ok bool
		if after, ok = identity.ParseTime(since); !ok {
			return nil, identity.Invalidf("invalidate date format %s", since)
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		events, err = tx.RevocationEvents(ctx, after)
		return err
	})
	return events, err
}
