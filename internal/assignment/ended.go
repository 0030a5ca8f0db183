package assignment

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// endedAtOnce is how many grants one transaction deletes.
const endedAtOnce = 100

// EndGrants deletes the grants that have ended, and returns how many there were. They count for nothing here from their end on; this is
// for a stock Keystone on the same database, and so that others hear of it. Several nodes may do it at once.
func (s *Service) EndGrants(ctx context.Context) (ended int, err error) {
	for {
		var some []identity.Grant
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.EndedGrants(ctx, endedAtOnce)
			return err
		})
		if err != nil || len(some) == 0 {
			return ended, err
		}
		gone := 0
		err = s.DB.Update(ctx, func(tx *store.Tx) error {
			gone = 0
			told := s.remember()
			for _, g := range some {
				terms, err := tx.Terms(ctx, g)
				if err != nil {
					return err
				}
				there, err := tx.EndGrant(ctx, g)
				if err != nil {
					return err
				}
				if !there {
					continue // it was taken back before, or another node was faster
				}
				gone++
				e := identity.Granted("deleted", g)
				e.Untold = g.System
				if err := tx.Record(ctx, e); err != nil {
					return err
				}
				if err := told.lost(ctx, tx, g, terms); err != nil {
					return err
				}
			}
			return told.tell(ctx, tx, identity.Caller{})
		})
		if ended += gone; err != nil || len(some) < endedAtOnce {
			return ended, err
		}
	}
}
