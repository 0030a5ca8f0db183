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

// tellOfDemands tells the next people of whom a second factor will be required, or whom a project asks for one.
func (s *Service) tellOfDemands(ctx context.Context) error {
	if err := s.announce(ctx); err != nil {
		return err
	}
	if err := s.tellNext(ctx, directory.FactorNotice, s.tellInDomain); err != nil {
		return err
	}
	return s.tellNext(ctx, directory.ProjectFactorNotice, s.tellInProject)
}

// tellNext goes on with telling people for the links of a purpose. tell tells some of those after one, all for none, and returns the last of
// them, or nothing when that is all.
func (s *Service) tellNext(ctx context.Context, purpose string, tell func(ctx context.Context, tx *store.Tx, subject, after string) (last string, err error)) error {
	waiting, err := s.DB.OpenLinks(ctx, purpose, 10)
	if err != nil {
		return err
	}
	for _, l := range waiting {
		err := s.DB.Update(ctx, func(tx *store.Tx) error {
			if used, err := tx.UseLink(ctx, purpose, l.Digest); err != nil || !used {
				return err
			}
			last, err := tell(ctx, tx, l.Subject, l.Data)
			if isMissing(err) && l.Data != "" { // who was told last is gone since
				last, err = tell(ctx, tx, l.Subject, "")
			}
			if err != nil || last == "" {
				return err
			}
			return tx.InsertLink(ctx, identity.Link{Digest: tx.NewID(), Purpose: purpose, Subject: l.Subject, Data: last, EndsAt: l.EndsAt})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellInDomain tells people of a domain that a second factor will be required of them.
func (s *Service) tellInDomain(ctx context.Context, tx *store.Tx, subject, after string) (last string, err error) {
	domain := identity.DomainID(subject)
	people, last, err := s.Directory.WithoutFactor(ctx, tx, domain, after, noticesAtOnce)
	if err != nil {
		return "", err
	}
	asked, err := s.Directory.AskedFactors(ctx, tx, domain, people)
	if err != nil {
		return "", err
	}
	for _, u := range people {
		if d := asked[u.ID]; d.Required() && d.From.After(tx.Now()) {
			if err := s.tellOfDemand(ctx, tx, u, d.From); err != nil {
				return "", err
			}
		}
	}
	return last, nil
}

// mostRobots is how many of the things that stop a mail names.
const mostRobots = 20

// tellInProject tells people that a project where they have a role asks for a second factor, when they have none, or when something that
// logs in for them there was made without: once a day at most, however often it is turned on.
func (s *Service) tellInProject(ctx context.Context, tx *store.Tx, subject, after string) (last string, err error) {
	p, err := tx.Project(ctx, identity.ProjectID(subject))
	if isMissing(err) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	page, err := tx.PeopleOf(ctx, p.ID, store.PeopleFilter{After: identity.UserID(after), Limit: noticesAtOnce})
	if err != nil {
		return "", err
	}
	users, err := tx.UsersByID(ctx, page.Items)
	if err != nil {
		return "", err
	}
	for _, id := range page.Items {
		u := users[id]
		if u.Surface.Kind != identity.PersonAccount || !s.Directory.Enabled(u, tx.Now()) {
			continue
		}
		v := mails.Values{Act: mails.OfProject, Project: p.Name, Link: "/security/totp/new"}
		if v.Robots, err = stopping(ctx, tx, u.ID, p.ID); err != nil {
			return "", err
		}
		if s.Credential.SecondFactor(u) {
			if len(v.Robots) == 0 {
				continue
			}
			v.Act, v.Link = mails.OfProjectRobots, "/security/robots"
		}
		if n := len(v.Robots); n > mostRobots {
			v.Robots, v.Count = v.Robots[:mostRobots], n-mostRobots
		}
		told, err := tx.Use(ctx, tx.Now().Add(aDay), "factor asked", string(p.ID), string(u.ID))
		if err == nil && told == 1 {
			err = s.Office.Tell(ctx, tx, mails.FactorRequired, u, v)
		}
		if err != nil {
			return "", err
		}
	}
	if page.More {
		last = string(page.Items[len(page.Items)-1])
	}
	return last, nil
}

// stopping is what logs in for somebody to a project, and may not once it asks for a second factor.
func stopping(ctx context.Context, tx *store.Tx, user identity.UserID, project identity.ProjectID) (stop []mails.Robot, err error) {
	all, err := tx.Robots(ctx, user)
	for _, r := range all {
		if r.ProjectID == project && r.Stand == identity.RobotSuspended {
			stop = append(stop, mails.Robot{Kind: r.Kind, Name: r.Name})
		}
	}
	return stop, err
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
