package server

import (
	"context"
	"time"
)

// endEvery is how often grants are looked for that have ended.
const endEvery = 2 * time.Second

// keepGrants deletes grants that have ended, and lifts suspensions that have, until ctx ends.
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

// EndGrants deletes now the grants that have ended, and lifts the suspensions, for tests that do not wait until Serve does.
func (s *Server) EndGrants(ctx context.Context) error {
	if err := s.directory.EndSuspensions(ctx); err != nil {
		return err
	}
	n, err := s.assignment.EndGrants(ctx)
	if n > 0 {
		s.log.Info("grants have ended", "grants", n)
	}
	return err
}
