package server

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

const (
	settleEvery = 5 * time.Second
	sealEvery   = 30 * time.Second
	trimEvery   = time.Hour
	verifyEvery = 24 * time.Hour
)

// keepTrail writes what logins leave to be written, seals the trail, forgets what is too old and verifies the rest, until ctx ends.
func (s *Server) keepTrail(ctx context.Context) {
	node := identity.NewID()
	jobs := []struct {
		every time.Duration
		run   func(context.Context, string) error
		last  time.Time
	}{{every: sealEvery, run: s.sealTrail}, {every: trimEvery, run: s.trimTrail}, {every: trimEvery, run: s.verifyTrail}}
	for ctx.Err() == nil {
		err := s.DB.Settle(ctx, false)
		for i := range jobs {
			if j := &jobs[i]; err == nil && s.DB.Now().Sub(j.last) >= j.every {
				j.last = s.DB.Now()
				err = j.run(ctx, node)
			}
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

// sealTrail puts seals on the trail, on one node at a time. What is logged each day is what whoever can write the database could not
// make undone.
func (s *Server) sealTrail(ctx context.Context, node string) error {
	held, err := s.DB.Lease(ctx, "seal the trail", node, 2*sealEvery)
	if err != nil || !held {
		return err
	}
	last, err := s.trail.Seal(ctx)
	if err == nil && last.Number > 0 && last.Day > s.sealed {
		s.sealed = last.Day
		s.log.Info("the audit trail was sealed", "day", last.Day, "seal", last.Number, "head", last.Head)
	}
	return err
}

// trimTrail forgets what is too old, on one node at a time.
func (s *Server) trimTrail(ctx context.Context, node string) error {
	held, err := s.DB.Lease(ctx, "trim the trail", node, trimEvery/2)
	if err != nil || !held {
		return err
	}
	n, err := s.trail.Trim(ctx)
	if n > 0 {
		s.log.Info("the audit trail was trimmed", "entries", n)
	}
	return err
}

// verifyTrail compares the trail with its seals once a day, on one node.
func (s *Server) verifyTrail(ctx context.Context, _ string) error {
	held, err := s.DB.Lease(ctx, "verify the trail", identity.NewID(), verifyEvery) // nobody may take it again
	if err != nil || !held {
		return err
	}
	broken, err := s.trail.VerifyAll(ctx)
	for _, d := range broken {
		s.log.Error("the audit trail is not as it was sealed", "day", d.Day, "fault", d.Faults[0].Kind, "seal", d.Faults[0].Seal, "entry", d.Faults[0].Entry)
	}
	return err
}

// KeepTrail does now what Serve does from time to time, for tests that need no listener.
func (s *Server) KeepTrail(ctx context.Context) error {
	for _, job := range []func(context.Context, string) error{s.sealTrail, s.trimTrail, s.verifyTrail} {
		if err := job(ctx, "test"); err != nil {
			return err
		}
	}
	return nil
}

// SealTrail puts seals on the trail, whoever has the lease for that.
func (s *Server) SealTrail(ctx context.Context) error {
	_, err := s.trail.Seal(ctx)
	return err
}
