package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	tries   = 1000 // revocations on one node that the other must know
	fingers = 10   // of them at a time
	glance  = 2 * time.Millisecond
)

// nodes revokes tokens on one node, each right after the other has shown it, and measures how long the other goes on to do so
// after the revocation was acknowledged. beside is work on both meanwhile, if it has a name.
func (b *bench) nodes(ctx context.Context, one, other *server, c *cloud, beside work) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	took := make([]time.Duration, b.tries)
	var load, hands sync.WaitGroup
	over, end := context.WithCancel(ctx)
	if beside.name != "" {
		for _, s := range []*server{one, other} {
			load.Go(func() {
				for over.Err() == nil {
					if _, err := drive(ctx, s, beside, few/2, time.Second); err != nil {
						cancel(err)
						return
					}
				}
			})
		}
	}
	for f := range fingers {
		hands.Go(func() {
			for i := f; i < len(took) && ctx.Err() == nil; i += fingers {
				var err error
				if took[i], err = b.revocation(ctx, one, other, c, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	hands.Wait()
	end()
	load.Wait()
	return summary(took, time.Since(start)), context.Cause(ctx)
}

func (b *bench) revocation(ctx context.Context, one, other *server, c *cloud, i int) (time.Duration, error) {
	i %= people
	_, h, err := b.send(ctx, one, "POST", "/v3/auth/tokens"+plain, nil, rescope(c.unscoped[i], c.users[i].project), http.StatusCreated)
	if err != nil {
		return 0, err
	}
	token := h.Get("X-Subject-Token")
	header := map[string]string{"X-Auth-Token": c.admin, "X-Subject-Token": token}
	if _, _, err := b.send(ctx, other, "GET", "/v3/auth/tokens"+plain, header, nil, http.StatusOK); err != nil {
		return 0, err
	}
	if _, _, err := b.send(ctx, one, "DELETE", "/v3/auth/tokens?cascade=false", header, nil, http.StatusNoContent); err != nil {
		return 0, err
	}
	acknowledged := time.Now()
	line := wire{address: host(other.base)}
	defer line.close()
	ask := c.validations([]string{token}, plain)[0]
	for {
		asked := time.Since(acknowledged)
		switch status, err := line.ask(ask); {
		case err != nil:
			return 0, err
		case status == http.StatusNotFound:
			return asked, nil
		case status != http.StatusOK:
			return 0, fmt.Errorf("a revoked token: status %d", status)
		}
		pause(ctx, glance)
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
	}
}
