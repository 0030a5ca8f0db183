package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/portal"
	"github.com/lintel-id/lintel/internal/store"
)

// mailDelivery makes what writes mails and brings them to the mail server; nil when there is none.
func mailDelivery(cfg *config.Config, db *store.DB, opt Options) (*mail.Delivery, error) {
	l := cfg.Lintel
	if l.SMTPURL == "" {
		return nil, nil
	}
	server, err := mail.ParseServer(l.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("[lintel] smtp_url: %w", err)
	}
	if server.From, err = netmail.ParseAddress(l.MailFrom); err != nil {
		return nil, errors.New(`[lintel] smtp_url needs mail_from too, an address such as "Example Cloud <no-reply@example.com>"`)
	}
	if l.MailReplyTo != "" {
		if server.ReplyTo, err = netmail.ParseAddress(l.MailReplyTo); err != nil {
			return nil, errors.New(`[lintel] mail_reply_to is no address such as "Help <help@example.com>"`)
		}
	}
	if portalURL(cfg) == "" {
		return nil, errors.New("[lintel] smtp_url needs to know where links lead: set [lintel] portal_url or [DEFAULT] public_endpoint")
	}
	return &mail.Delivery{DB: db, Server: server, Log: opt.Log, Office: office(cfg, opt)}, nil
}

// office makes what tells people of their accounts.
func office(cfg *config.Config, opt Options) *mail.Office {
	l := cfg.Lintel
	return &mail.Office{Cloud: l.CloudName, URL: portalURL(cfg), Keys: credentialKeys(cfg, opt), Access: l.MailAccess, Sends: l.SMTPURL != ""}
}

// portalURL is where people find the portal, as configured; empty when nobody said. It is never made of the host that a client
// sent: a link in a mail must not lead to wherever somebody who asks for one says.
func portalURL(cfg *config.Config) string {
	l := cfg.Lintel
	url := cmp.Or(l.PortalURL, cfg.Default.PublicEndpoint)
	if url == "" || l.PortalURL == "" && l.PortalListen != "" {
		return ""
	}
	url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), "/v3")
	if !strings.HasSuffix(url, portal.Prefix) {
		url += portal.Prefix
	}
	return url
}

// tend lets what people asked for be looked at, until ctx ends.
func (s *Server) tend(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.membership.Tend(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("what people asked for was not looked at", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

// remindEvery is how often it is looked for credentials that end soon.
const remindEvery = time.Hour

// remind tells people of credentials that end soon, until ctx ends.
func (s *Server) remind(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.Remind(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("people were not reminded of credentials that end soon", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(remindEvery):
		}
	}
}

// Remind reminds people now, for tests that do not wait until Serve does.
func (s *Server) Remind(ctx context.Context) error { return s.membership.Remind(ctx) }
