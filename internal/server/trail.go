package server

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

const (
	settleEvery = 5 * time.Second
	trimEvery   = time.Hour
)

// keepTrail writes what logins leave to be written and forgets what is too old, until ctx ends.
func (s *Server) keepTrail(ctx context.Context) {
	node := identity.NewID()
	var trimmed time.Time
	for ctx.Err() == nil {
		err := s.DB.Settle(ctx, false)
		if err == nil && s.DB.Now().Sub(trimmed) >= trimEvery {
			trimmed = s.DB.Now()
			err = s.trimTrail(ctx, node)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the audit trail was not looked after", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(settleEvery):
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleEvery)
	defer cancel()
	if err := s.DB.Settle(last, true); err != nil {
		s.log.Warn("sign-ins that were counted are not on the audit trail", "error", err)
	}
}

// trimTrail forgets what is too old, on one node at a time.
func (s *Server) trimTrail(ctx context.Context, node string) error {
	held, err := s.DB.Lease(ctx, "trim the trail", node, trimEvery/2)
	if err != nil || !held {
		return err
	}
	n, err := s.DB.TrimTrail(ctx)
	if n > 0 {
		s.log.Info("the audit trail was trimmed", "entries", n)
	}
	return err
}
