package server

import (
	"context"
	"time"
)

// endEvery is how often grants are looked for that have ended.
const endEvery = 2 * time.Second

// keepGrants deletes grants that have ended, until ctx ends.
func (s *Server) keepGrants(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.EndGrants(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("grants that have ended were not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(endEvery):
		}
	}
}

// EndGrants deletes now the grants that have ended, for tests that do not wait until Serve does.
func (s *Server) EndGrants(ctx context.Context) error {
	n, err := s.assignment.EndGrants(ctx)
	if n > 0 {
		s.log.Info("grants have ended", "grants", n)
	}
	return err
}
