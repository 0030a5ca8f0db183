package membership

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

const (
	toVerifyContact = "contact"
	contactLife     = 7 * 24 * time.Hour

	toLeaveContact = "leave contact" // ends the mails to a contact
	leaveLife      = 365 * 24 * time.Hour

	contactsPerDay, noticesPerDay = 50, 20 // of one project
	maxContacts                   = 200    // of one project

	maxNotice = 500 // characters
)

// contactsOf refuses who may not do something with the contacts of a project: it takes a rule of the policy, or looking after its people by
// the rules of who may grant what.
func (s *Service) contactsOf(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, project identity.ProjectID) (identity.Project, error) {
	if err := inPerson(caller); err != nil {
		return identity.Project{}, err
	}
	p, missing := tx.Project(ctx, project)
	target := authz.Target{}
	if missing == nil {
		target["project"] = authz.Project(p)
	}
	err := s.Authz.CheckFound(ctx, caller, action, target, missing)
	if errors.Is(err, identity.Forbidden) && missing == nil {
		if manages, failed := s.Authority.Manages(ctx, tx, caller, project); failed != nil || manages {
			return p, failed
		}
		if lets, failed := s.Authority.Lets(ctx, tx, caller, project, identity.AreaContacts); failed != nil || lets {
			return p, failed
		}
	}
	return p, err
}

// managesContacts refuses who may not change the contacts of a project, before anything else is looked at.
func (s *Service) managesContacts(ctx context.Context, caller identity.Caller, project identity.ProjectID) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		_, err := s.contactsOf(ctx, tx, caller, authz.ManageProjectContacts, project)
		return err
	})
}

// Contacts lists the contacts of a project (lintel:list_project_contacts).
func (s *Service) Contacts(ctx context.Context, caller identity.Caller, project identity.ProjectID, q identity.Query) (page identity.Page[identity.Contact], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.contactsOf(ctx, tx, caller, authz.ListProjectContacts, project); err != nil {
			return err
		}
		page, err = tx.Contacts(ctx, project, q)
		return err
	})
	return page, err
}

// Contact returns a contact of a project (lintel:list_project_contacts).
func (s *Service) Contact(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string) (c identity.Contact, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.contactsOf(ctx, tx, caller, authz.ListProjectContacts, project); err != nil {
			return err
		}
		if c, err = tx.Contact(ctx, id); err == nil && c.ProjectID != project {
			c, err = identity.Contact{}, identity.Missing("contact", id)
		}
		return err
	})
	return c, err
}

// AddContact takes an address down as a contact of a project, and sends it a mail: until somebody agrees by that, it gets no other
// (lintel:manage_project_contacts).
func (s *Service) AddContact(ctx context.Context, caller identity.Caller, project identity.ProjectID, c identity.Contact) (identity.Contact, error) {
	err := s.managesContacts(ctx, caller, project)
	if err != nil {
		return c, err
	}
	if c.Address, err = Address(c.Address); err != nil {
		return c, err
	}
	if err := checkContact(&c); err != nil {
		return c, err
	}
	if !s.Mails() {
		return c, identity.Refusedf("This cloud sends no mail, so there is nothing that a contact could get.")
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := s.contactsOf(ctx, tx, caller, authz.ManageProjectContacts, project)
		if err != nil {
			return err
		}
		have, err := tx.Contacts(ctx, project, identity.Query{})
		if err != nil {
			return err
		}
		if len(have.Items) >= maxContacts {
			return identity.Refusedf("A project has %d contacts at most.", maxContacts)
		}
		if err := limited(ctx, tx, contactsPerDay, 24*time.Hour, "Enough contacts were added to this project today. Please go on tomorrow.", "contacts of", string(project)); err != nil {
			return err
		}
		c.ID, c.ProjectID, c.CreatedAt = tx.NewID(), project, tx.Now()
		if err := tx.InsertContact(ctx, c); err != nil {
			return err
		}
		ends := tx.Now().Add(contactLife)
		secret, err := s.link(ctx, tx, toVerifyContact, c.ID, "", ends)
		if err != nil {
			return err
		}
		code, err := s.mailed(ctx, tx, c.Address, secret, ends)
		if err != nil {
			return err
		}
		actor, _ := caller.Token.Actor()
		_, err = s.Office.Post(ctx, tx, mails.Contact, c.Language, mails.Values{
			To: c.Address, Link: "/contact/" + secret, Code: code, By: mails.Called(actor), Name: c.Name, Project: p.Name, Roles: c.Topics, Until: ends, Request: requestID(ctx),
		})
		if err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Created("contact", c.ID)).By(caller))
	})
	return c, err
}

// untold is an event that Keystone has not.
func untold(e identity.Event) identity.Event {
	e.Untold = true
	return e
}

func checkContact(c *identity.Contact) error {
	c.Name = strings.TrimSpace(c.Name)
	if c.Name == "" || len(c.Name) > 255 || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }) {
		return identity.Invalidf("Give the contact a name of up to 255 characters.")
	}
	slices.Sort(c.Topics)
	c.Topics = slices.Compact(c.Topics)
	if len(c.Topics) == 0 {
		return identity.Invalidf("Choose at least one topic.")
	}
	for _, t := range c.Topics {
		if !slices.Contains(identity.ContactTopics, t) {
			return identity.Invalidf("%.80q is no topic. There are %s.", t, strings.Join(identity.ContactTopics, ", "))
		}
	}
	return nil
}

// UpdateContact changes what a contact is called and told about, as far as that is given (lintel:manage_project_contacts).
func (s *Service) UpdateContact(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string, name identity.Opt[string], topics identity.Opt[[]string]) (c identity.Contact, err error) {
	err = s.changeContact(ctx, caller, project, id, func(tx *store.Tx, old identity.Contact) error {
		c = old
		c.Name, c.Topics = name.Or(old.Name), topics.Or(old.Topics)
		if err := checkContact(&c); err != nil {
			return err
		}
		if err := tx.UpdateContact(ctx, c); err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Updated("contact", id)).By(caller))
	})
	return c, err
}

// DeleteContact forgets a contact (lintel:manage_project_contacts).
func (s *Service) DeleteContact(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string) error {
	return s.changeContact(ctx, caller, project, id, func(tx *store.Tx, _ identity.Contact) error {
		if err := tx.EndLinks(ctx, toVerifyContact, id); err != nil {
			return err
		}
		if err := tx.DeleteContact(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Deleted("contact", id)).By(caller))
	})
}

func (s *Service) changeContact(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string, change func(*store.Tx, identity.Contact) error) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.contactsOf(ctx, tx, caller, authz.ManageProjectContacts, project); err != nil {
			return err
		}
		c, err := tx.Contact(ctx, id)
		if err == nil && c.ProjectID != project {
			err = identity.Missing("contact", id)
		}
		if err != nil {
			return err
		}
		return change(tx, c)
	})
}

// LookContact is the contact that a link from a mail is about. It is open to who has the link; Gone when it opens nothing any more.
func (s *Service) LookContact(ctx context.Context, secret string) (c identity.Contact, project string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if c, err = contactOf(ctx, tx, secret); err != nil {
			return err
		}
		p, err := tx.Project(ctx, c.ProjectID)
		project = p.Name
		return err
	})
	return c, project, err
}

func contactOf(ctx context.Context, tx *store.Tx, secret string) (c identity.Contact, err error) {
	l, err := tx.Link(ctx, toVerifyContact, digest(secret))
	if err == nil && (l.State != "" || !tx.Now().Before(l.EndsAt)) {
		err = &identity.Error{Kind: identity.Gone, Message: "This link does not work any more."}
	}
	if err != nil {
		return c, err
	}
	return tx.Contact(ctx, l.Subject)
}

// AgreeContact lets a contact get mails. The link is used up.
func (s *Service) AgreeContact(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := contactOf(ctx, tx, secret)
		if err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, toVerifyContact, digest(secret)); err != nil || !used {
			return errors.Join(err, &identity.Error{Kind: identity.Gone, Message: "This link does not work any more."})
		}
		if err := tx.VerifyContact(ctx, c.ID); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Done("contact", "verified", c.ID))
	})
}

// LookLeave is the contact whose mails a link from one of them ends. It is open to who has the link, and changes nothing.
func (s *Service) LookLeave(ctx context.Context, secret string) (c identity.Contact, project string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if c, err = leaving(ctx, tx, secret); err != nil {
			return err
		}
		p, err := tx.Project(ctx, c.ProjectID)
		project = p.Name
		return err
	})
	return c, project, err
}

func leaving(ctx context.Context, tx *store.Tx, secret string) (c identity.Contact, err error) {
	l, err := tx.Link(ctx, toLeaveContact, digest(secret))
	if err == nil && (l.State != "" || !tx.Now().Before(l.EndsAt)) {
		err = errLinkOver
	}
	if err != nil {
		return c, err
	}
	return tx.Contact(ctx, l.Data)
}

// LeaveContact forgets the contact whose mails a link from one of them ends. It is open to who has the link.
func (s *Service) LeaveContact(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := leaving(ctx, tx, secret)
		if err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, toLeaveContact, digest(secret)); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		if err := tx.DeleteContact(ctx, c.ID); err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Deleted("contact", c.ID)))
	})
}

// Notice is a mail to the contacts of a project who want to be told about a topic.
type Notice struct{ Topic, Subject, Words string }

// Notify sends a notice to the contacts of a project who chose its topic and agreed to get mails, and returns how many these are
// (lintel:manage_project_contacts).
func (s *Service) Notify(ctx context.Context, caller identity.Caller, project identity.ProjectID, n Notice) (sent int, err error) {
	if err := s.managesContacts(ctx, caller, project); err != nil {
		return 0, err
	}
	n.Subject, n.Words = strings.TrimSpace(n.Subject), strings.TrimSpace(n.Words)
	switch {
	case !slices.Contains(identity.ContactTopics, n.Topic):
		return 0, identity.Invalidf("%.80q is no topic. There are %s.", n.Topic, strings.Join(identity.ContactTopics, ", "))
	case n.Subject == "" || len([]rune(n.Subject)) > 120 || strings.ContainsFunc(n.Subject, func(r rune) bool { return r < ' ' }):
		return 0, identity.Invalidf("Give the notice a subject of one line, of up to 120 characters.")
	case n.Words == "" || len([]rune(n.Words)) > maxNotice:
		return 0, identity.Invalidf("Write the notice, in up to %d characters.", maxNotice)
	case !s.Mails():
		return 0, identity.Refusedf("This cloud sends no mail.")
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		sent = 0
		p, err := s.contactsOf(ctx, tx, caller, authz.ManageProjectContacts, project)
		if err != nil {
			return err
		}
		if err := limited(ctx, tx, noticesPerDay, 24*time.Hour, "Enough notices were sent from this project today. Please go on tomorrow.", "notices of", string(project)); err != nil {
			return err
		}
		all, err := tx.Contacts(ctx, project, identity.Query{})
		if err != nil {
			return err
		}
		actor, _ := caller.Token.Actor()
		for _, c := range all.Items {
			if c.VerifiedAt.IsZero() || !slices.Contains(c.Topics, n.Topic) {
				continue
			}
			secret, err := s.link(ctx, tx, toLeaveContact, tx.NewID(), c.ID, tx.Now().Add(leaveLife)) // the links of older mails go on working
			if err != nil {
				return err
			}
			id, err := s.Office.Post(ctx, tx, mails.Notice, c.Language, mails.Values{
				To: c.Address, By: mails.Called(actor), Name: n.Subject, Words: n.Words, Project: p.Name, Roles: []string{n.Topic}, Request: requestID(ctx), Link: "/unsubscribe/" + secret,
			})
			if err != nil {
				return err
			}
			if id != "" {
				sent++
			}
		}
		return tx.Record(ctx, identity.Done("project", "notified", project).By(caller))
	})
	return sent, err
}
