package membership

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// reminders are how many days before an application credential ends people are told, the longest first.
var reminders = []int{30, 7, 1}

// mostKeepers is how many of those who look after a project are told.
const mostKeepers = 20

// Remind tells the owners of application credentials that end in a month, a week or a day, and those who look after the projects, once
// each time. Credentials that were made to last no longer than that are not told of. Several nodes may do it at once.
func (s *Service) Remind(ctx context.Context) error {
	now := s.DB.Now()
	for after := ""; ; {
		var some []store.ProjectCredential
		err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.CredentialsEnding(ctx, now, now.AddDate(0, 0, reminders[0]), after, 100)
			return err
		})
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1].ID
		for _, c := range some {
			if err := s.DB.Update(ctx, func(tx *store.Tx) error { return s.remindOf(ctx, tx, c) }); err != nil {
				return err
			}
		}
	}
}

func (s *Service) remindOf(ctx context.Context, tx *store.Tx, c store.ProjectCredential) error {
	left := c.Ends.Sub(tx.Now())
	days := 0
	for _, d := range reminders {
		if left <= time.Duration(d)*aDay {
			days = d
		}
	}
	if left <= 0 || days == 0 || !c.Created.IsZero() && c.Ends.Sub(c.Created) <= time.Duration(days)*aDay {
		return nil
	}
	if told, err := tx.Use(ctx, *c.Ends, "expiring", c.ID, fmt.Sprint(days)); err != nil || told > 1 {
		return err
	}
	owner, err := tx.User(ctx, c.UserID)
	if err != nil {
		return ignoreMissing(err)
	}
	p, err := tx.Project(ctx, c.ProjectID)
	if err != nil {
		return ignoreMissing(err)
	}
	v := mails.Values{Words: c.Name, Name: owner.Name, Project: p.Name, Until: *c.Ends, Link: "/credentials"}
	if !c.Used.IsZero() {
		v.Ends = &c.Used
	}
	if err := s.Office.Inform(ctx, tx, mails.Expiring, owner, v); err != nil {
		return err
	}
	v.By, v.Link = mails.Called(owner), "/p/"+string(p.ID)+"/credentials"
	keepers, err := s.keepersOf(ctx, tx, p)
	if err != nil {
		return err
	}
	for _, u := range keepers {
		if u.ID == owner.ID {
			continue
		}
		if err := s.Office.Inform(ctx, tx, mails.Expiring, u, v); err != nil {
			return err
		}
	}
	return nil
}

// Keepers returns those who look after a project, to whoever acts on it in person: up to mostKeepers of them, with their addresses, as they
// stand in the mails of those who invite.
func (s *Service) Keepers(ctx context.Context, caller identity.Caller, project identity.ProjectID) (some []identity.User, err error) {
	if err := inPerson(caller); err != nil {
		return nil, err
	}
	if caller.Token.Scope.ProjectID() != project {
		return nil, identity.Refusedf("Those who look after a project are told to who works on it.")
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Project(ctx, project)
		if err != nil {
			return err
		}
		some, err = s.keepersOf(ctx, tx, p)
		return err
	})
	return some, err
}

// keepersOf are the enabled users who look after a project, or after the domain that it acts as: those who were granted one of its highest
// roles on it, themselves or by a group, up to mostKeepers.
func (s *Service) keepersOf(ctx context.Context, tx *store.Tx, p identity.Project) ([]identity.User, error) {
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return nil, err
	}
	keepers := s.Authz.Keepers(b, p.IsDomain)
	return s.holders(ctx, tx, p, false, slices.Concat(keepers.Project, keepers.Domain))
}

// holders are the enabled users who were granted one of some roles on a project, or on the domain that it acts as, themselves or by a group,
// with above also from above, up to mostKeepers.
func (s *Service) holders(ctx context.Context, tx *store.Tx, p identity.Project, above bool, roles []identity.RoleID) (some []identity.User, err error) {
	on := store.GrantFilter{Project: p.ID, Inherits: above}
	if p.IsDomain {
		on = store.GrantFilter{Domain: identity.DomainID(p.ID)}
	}
	grants, err := tx.Grants(ctx, on)
	if err != nil {
		return nil, err
	}
	ids, err := tx.Holders(ctx, slices.DeleteFunc(grants, func(g identity.Grant) bool {
		return g.Inherited && !on.Inherits || !slices.Contains(roles, g.Role)
	}))
	if err != nil {
		return nil, err
	}
	users, err := tx.UsersByID(ctx, ids[:min(len(ids), mostKeepers)])
	for _, id := range ids {
		if u, there := users[id]; there && s.Directory.Enabled(u, tx.Now()) {
			some = append(some, u)
		}
	}
	return some, err
}
