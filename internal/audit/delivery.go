package audit

import (
	"context"
	"log/slog"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Sink is where events go.
type Sink interface {
	// Deliver hands over messages in order and returns how many of them, from the first on, are safe there.
	Deliver(ctx context.Context, messages []Message) (done int, err error)

	Close() error
}

// Delivery brings the events that wait for one sink there. All fields are set once.
type Delivery struct {
	DB     *store.DB
	Name   string // of the sink in the database
	Sink   Sink
	Format Format
	Log    *slog.Logger

	// Keep is the most events that wait for the sink. When there are more, the oldest are given up.
	Keep int

	// Retry is how often an event is tried again before it is given up; negative is for ever.
	Retry int

	// After a failure the next try comes after First, after another one Step later than that, and so on up to Most.
	First, Step, Most time.Duration

	holder   string // of the lease
	failures int    // in a row
	trimmed  time.Time
}

const (
	// batch is the most events in one go.
	batch = 100

	// interval is how often a delivery looks for events, other how often it looks whether another node has gone.
	interval, other = 500 * time.Millisecond, 5 * time.Second

	// A lease outlasts the time that a sink is given for a batch, so that no two nodes deliver at once.
	leaseTime, batchTime = 30 * time.Second, 20 * time.Second

	// trimInterval is how often events that are too many are counted.
	trimInterval = time.Minute
)

// Run delivers until ctx ends.
func (d *Delivery) Run(ctx context.Context) {
	defer d.end(ctx)
	for {
		wait := d.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (d *Delivery) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
	defer cancel()
	if d.holder != "" {
		if err := d.DB.Release(ctx, d.lease(), d.holder); err != nil {
			d.Log.Debug("the lease of a sink was not given back", "sink", d.Name, "error", err)
		}
	}
	if err := d.Sink.Close(); err != nil {
		d.Log.Debug("a sink was not closed", "sink", d.Name, "error", err)
	}
}

// round delivers one batch, and returns how long to wait before the next.
func (d *Delivery) round(ctx context.Context) time.Duration {
	done, err := d.Once(ctx)
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		wait := min(d.First+time.Duration(d.failures-1)*d.Step, d.Most)
		d.Log.Warn("events wait: a sink cannot be reached", "sink", d.Name, "delivered", done, "error", err, "next_try", wait)
		return wait
	case done == batch:
		return 0
	case done < 0:
		return other
	}
	return interval
}

func (d *Delivery) lease() string { return "events " + d.Name }

// Once delivers one batch and returns how many events of it the sink has taken; -1 when another node delivers.
func (d *Delivery) Once(ctx context.Context) (done int, err error) {
	if d.holder == "" {
		d.holder = identity.NewID()
	}
	// Most of the time nothing waits, and then nothing is written.
	waiting, err := d.DB.Events(ctx, d.Name, 1)
	if err != nil || len(waiting) == 0 {
		return 0, d.failed(err)
	}
	held, err := d.DB.Lease(ctx, d.lease(), d.holder, leaseTime)
	if err != nil {
		return 0, d.failed(err)
	} else if !held {
		return -1, nil
	}
	if waiting, err = d.DB.Events(ctx, d.Name, batch); err != nil {
		return 0, d.failed(err)
	}
	messages := make([]Message, len(waiting))
	for i, w := range waiting {
		messages[i] = d.Format.Message(w.Event)
	}
	limited, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	done, err = d.Sink.Deliver(limited, messages)
	if err == nil {
		d.failures = 0
		return done, d.DB.Delivered(ctx, waiting[:done])
	}
	if done > 0 {
		d.failures = 0
	}
	return done, d.fall(ctx, waiting, done, err)
}

func (d *Delivery) failed(err error) error {
	if err != nil {
		d.failures++
	}
	return err
}

// fall keeps or gives up what a sink did not take, and lets another node try.
func (d *Delivery) fall(ctx context.Context, waiting []store.Waiting, done int, cause error) error {
	d.failures++
	gone := done
	if d.Retry >= 0 && d.failures > d.Retry {
		gone = len(waiting)
		for _, w := range waiting[done:] {
			d.Log.Error("an event was given up: its sink could not be reached", "sink", d.Name, "event", w.Event.Type(), "target", w.Event.Target)
		}
	}
	if err := d.DB.Delivered(ctx, waiting[:gone]); err != nil {
		return err
	}
	if err := d.DB.Release(ctx, d.lease(), d.holder); err != nil {
		return err
	}
	if now := d.DB.Now(); now.Sub(d.trimmed) >= trimInterval {
		d.trimmed = now
		n, err := d.DB.TrimEvents(ctx, d.Name, d.Keep)
		if err != nil {
			return err
		}
		if n > 0 {
			d.Log.Error("events were given up: more wait for a sink than are kept", "sink", d.Name, "events", n, "kept", d.Keep)
		}
	}
	return cause
}
