package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Delivery brings mails from the outbox to the mail server, on one node at a time. All fields are set once.
type Delivery struct {
	DB     *store.DB
	Office *Office
	Server *Server
	Log    *slog.Logger

	holder string    // of the lease
	rest   time.Time // until when a mail server that could not be reached is left alone
}

const (
	lease = "mail"

	// batch is the most mails in one go, interval how often the outbox is looked into.
	batch, interval = 20, 2 * time.Second

	// A lease outlasts the time that the mail server is given for a mail, so that no two nodes send it at once.
	leaseTime, mailTime = time.Minute, 30 * time.Second

	// A mail that the server takes later is tried again after firstWait, then twice that, up to mostWait, for keepFor in all. A server that
	// cannot be reached says nothing of any mail, and is asked again every restTime, so that mails go out within a minute of its return.
	firstWait, mostWait, keepFor = 30 * time.Second, 15 * time.Minute, 72 * time.Hour
	restTime                     = 15 * time.Second
)

// Run delivers until ctx ends.
func (d *Delivery) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := d.Once(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("mails wait: the mail server cannot be reached", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
	if d.holder != "" {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
		defer cancel()
		if err := d.DB.Release(ctx, lease, d.holder); err != nil {
			d.Log.Debug("the lease of the mail was not given back", "error", err)
		}
	}
}

// Once sends the mails that are due, and returns how many the mail server has taken.
func (d *Delivery) Once(ctx context.Context) (sent int, err error) {
	if d.holder == "" {
		d.holder = identity.NewID()
	}
	if d.DB.Now().Before(d.rest) {
		return 0, nil
	}
	due, err := d.DB.DueMail(ctx, batch)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	if held, err := d.DB.Lease(ctx, lease, d.holder, leaseTime); err != nil || !held {
		return 0, err
	}
	// Another node may have sent them before the lease was this one's.
	if due, err = d.DB.DueMail(ctx, batch); err != nil {
		return 0, err
	}
	var waits error
	for _, w := range due {
		held, err := d.DB.Lease(ctx, lease, d.holder, leaseTime)
		if err != nil || !held {
			return sent, err
		}
		taken, err := d.send(ctx, w)
		if taken {
			sent++
		}
		if _, unreachable := errors.AsType[*unreachableError](err); unreachable {
			d.rest = d.DB.Now().Add(restTime)
			return sent, err
		} else if err != nil {
			waits = err
		}
	}
	return sent, waits
}

// send tries to send one mail. That it was tried is written down before, so that a mail at which the program ends is not
// sent over and over.
func (d *Delivery) send(ctx context.Context, w store.WaitingMail) (taken bool, err error) {
	wait := mostWait
	if w.Tries < 10 {
		wait = min(mostWait, firstWait<<w.Tries)
	}
	if err = d.DB.TryMail(ctx, w.ID, wait); err != nil {
		return false, err
	}
	var m Message
	err = d.Office.Open(w.Sealed, &m)
	if err != nil { // the key is gone
		return false, errors.Join(err, d.DB.FailMail(ctx, w.ID, "it cannot be opened"))
	}
	limited, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	err = d.Server.send(limited, w.ID, d.DB.Now(), m)
	_, unreachable := errors.AsType[*unreachableError](err)
	switch refused, isRefused := errors.AsType[*refusedError](err); {
	case err == nil:
		d.Log.Info("a mail was sent", "mail", w.ID)
		return true, d.DB.DeleteMail(ctx, w.ID)
	case isRefused:
		d.Log.Warn("a mail was refused by the mail server", "mail", w.ID, "error", refused)
		return false, d.DB.FailMail(ctx, w.ID, refused.Error())
	case d.DB.Now().Sub(w.CreatedAt) > keepFor:
		d.Log.Error("a mail was given up: the mail server could not be reached for too long", "mail", w.ID, "error", err)
		return false, errors.Join(err, d.DB.FailMail(ctx, w.ID, "the mail server could not be reached"))
	case unreachable:
		return false, errors.Join(err, d.DB.UntryMail(ctx, w.ID, restTime))
	}
	return false, err
}
