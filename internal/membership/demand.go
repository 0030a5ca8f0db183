package membership

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// noticesAtOnce is how many people are told in one go that a second factor will be required.
const noticesAtOnce = 100

// tellOfDemands tells the next people by mail of whom a second factor will be required.
func (s *Service) tellOfDemands(ctx context.Context) error {
	if err := s.announce(ctx); err != nil {
		return err
	}
	waiting, err := s.DB.OpenLinks(ctx, directory.FactorNotice, 10)
	if err != nil {
		return err
	}
	for _, l := range waiting {
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			if used, err := tx.UseLink(ctx, directory.FactorNotice, l.Digest); err != nil || !used {
				return err
			}
			domain := identity.DomainID(l.Subject)
			people, last, err := s.Directory.WithoutFactor(ctx, tx, domain, l.Data, noticesAtOnce)
			if isMissing(err) { // who was told last is gone since
				people, last, err = s.Directory.WithoutFactor(ctx, tx, domain, "", noticesAtOnce)
			}
			if err != nil {
				return err
			}
			asked, err := s.Directory.AskedFactors(ctx, tx, domain, people)
			if err != nil {
				return err
			}
			for _, u := range people {
				if d := asked[u.ID]; d.Required() && d.From.After(tx.Now()) {
					if err := s.tellOfDemand(ctx, tx, u, d.From); err != nil {
						return err
					}
				}
			}
			if last == "" {
				return nil
			}
			return tx.InsertLink(ctx, identity.Link{Digest: tx.NewID(), Purpose: directory.FactorNotice, Subject: l.Subject, Data: last, EndsAt: l.EndsAt})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellOfDemand tells somebody, once for each day from which a second factor is required.
func (s *Service) tellOfDemand(ctx context.Context, tx *store.Tx, u identity.User, from time.Time) error {
	told, err := tx.Use(ctx, from, "factor required", string(u.ID), from.UTC().Format(time.RFC3339))
	if err != nil || told > 1 {
		return err
	}
	return s.Office.Tell(ctx, tx, mails.FactorRequired, u, mails.Values{Until: from, Link: "/security/totp/new"})
}

// announce lets the people of all domains be told of what the cloud's configuration will require, once.
func (s *Service) announce(ctx context.Context) error {
	d := s.Directory.Compliance.Factor
	if !d.Required() || !d.From.After(s.DB.Now()) || s.announced.Load() {
		return nil
	}
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := tx.Use(ctx, d.From, append([]string{"factor required", d.From.Format(time.RFC3339), string(d.Level)}, d.Roles...)...)
		if err != nil || before > 1 {
			return err
		}
		domains, err := tx.Domains(ctx, identity.Query{})
		for _, domain := range domains.Items {
			if err == nil {
				err = tx.InsertLink(ctx, identity.Link{Digest: tx.NewID(), Purpose: directory.FactorNotice, Subject: string(domain.ID), EndsAt: d.From})
			}
		}
		return err
	})
	s.announced.Store(err == nil)
	return err
}
