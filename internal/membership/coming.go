package membership

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Coming is what somebody is to have and does not have yet.
type Coming struct {
	Waiting []Waiting // for a second factor
	Asked   []Asked   // for somebody to agree
}

// Asked is a request with the names of those who could agree to it now, as far as they get mails.
type Asked struct {
	Request
	Agreers []string
}

// mostAsked is how many requests for one user are told of at once: who could agree is looked up for each.
const mostAsked = 10

// Coming returns what waits for a user: to themselves all of it, and to others what they may see at the place of each, as of WaitingGrants and
// GrantRequests.
func (s *Service) Coming(ctx context.Context, caller identity.Caller, user identity.UserID) (c Coming, err error) {
	if caller.Token == nil {
		return c, identity.Unauthenticatedf("nobody asks")
	}
	sees := func(tx *store.Tx, on identity.ProjectID) (bool, error) {
		if user == caller.UserID() {
			return true, nil
		}
		err := s.seesRequests(ctx, tx, caller, on)
		if errors.Is(err, identity.Forbidden) {
			return false, nil
		}
		return err == nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c = Coming{}
		grants, err := tx.WaitingGrantsTo(ctx, user)
		if err != nil {
			return err
		}
		var seen []identity.WaitingGrant
		for _, w := range grants {
			if may, err := sees(tx, w.ProjectID); err != nil {
				return err
			} else if may {
				seen = append(seen, w)
			}
		}
		if c.Waiting, err = s.waiting(ctx, tx, seen); err != nil {
			return err
		}
		requests, err := tx.GrantRequestsTo(ctx, user, mostAsked)
		if err != nil {
			return err
		}
		for _, r := range requests {
			if may, err := sees(tx, r.On()); err != nil {
				return err
			} else if !may {
				continue
			}
			named, err := s.requests(ctx, tx, []identity.GrantRequest{r})
			if err != nil {
				return err
			}
			agreers, err := s.approvers(ctx, tx, named)
			if err != nil {
				return err
			}
			a := Asked{Request: named[0]}
			for _, u := range agreers {
				a.Agreers = append(a.Agreers, u.Name)
			}
			c.Asked = append(c.Asked, a)
		}
		return nil
	})
	return c, err
}
