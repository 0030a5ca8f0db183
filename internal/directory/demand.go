package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// FactorNotice is the purpose of the link that stands for a domain whose people are yet to be told that a second factor will be
// required of them. Its subject is the domain, its data the last user who was told.
const FactorNotice = "factor notice"

// FactorAsked tells what is asked of a user about a second factor: AskedFactors for one.
func (s *Service) FactorAsked(ctx context.Context, tx *store.Tx, u identity.User) (identity.FactorDemand, error) {
	asked, err := s.AskedFactors(ctx, tx, u.DomainID, []identity.User{u})
	return asked[u.ID], err
}

// AskedFactors tells what is asked of users of a domain about a second factor, by the cloud and by the domain: of what requires one,
// that which begins first. Of services, API users and those whom an identity provider lets in nothing is asked. It is open to all.
func (s *Service) AskedFactors(ctx context.Context, tx *store.Tx, domain identity.DomainID, users []identity.User) (map[identity.UserID]identity.FactorDemand, error) {
	r, err := tx.DomainRules(ctx, domain)
	if err != nil {
		return nil, err
	}
	asked := map[identity.UserID]identity.FactorDemand{}
	for _, d := range []identity.FactorDemand{s.Compliance.Factor, r.Factor} {
		of, err := askedOf(ctx, tx, d, users)
		if err != nil {
			return nil, err
		}
		for _, u := range of {
			if now := asked[u.ID]; !now.Required() || d.Required() && d.From.Before(now.From) {
				asked[u.ID] = identity.FactorDemand{Level: d.Level, From: d.From}
			}
		}
	}
	return asked, nil
}

// askedOf are those of some users of whom something is asked about a second factor.
func askedOf(ctx context.Context, tx *store.Tx, d identity.FactorDemand, users []identity.User) (of []identity.User, err error) {
	if d.Level == identity.FactorOff {
		return nil, nil
	}
	for _, u := range users {
		if u.Kind != identity.FederatedUser && u.Surface.Kind == identity.PersonAccount {
			of = append(of, u)
		}
	}
	if d.Level != identity.FactorForRoles || len(of) == 0 {
		return of, nil
	}
	holders, err := holdersOf(ctx, tx, d.Roles, of)
	return slices.DeleteFunc(of, func(u identity.User) bool { return len(holders[u.ID]) == 0 }), err
}

// holdersOf are those of some users who have a role, or one that implies it, by a grant to them or to a group of theirs.
func holdersOf(ctx context.Context, tx *store.Tx, names []string, users []identity.User) (map[identity.UserID]map[identity.RoleID]bool, error) {
	all, err := tx.Roles(ctx, identity.Query{})
	if err != nil {
		return nil, err
	}
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	b := authz.Book{Implied: rules.Implied, Roles: map[identity.RoleID]identity.Role{}}
	for _, r := range all.Items {
		b.Roles[r.ID] = r
	}
	var roles []identity.RoleID
	for id := range b.Roles {
		if slices.ContainsFunc(b.Expand(id), func(r identity.RoleID) bool { return isNamed(b.Roles[r], names) }) {
			roles = append(roles, id)
		}
	}
	if len(roles) == 0 {
		return nil, nil
	}
	ids := make([]identity.UserID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	return tx.HoldersElsewhere(ctx, ids, roles, func(identity.Grant) bool { return false })
}

func isNamed(r identity.Role, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n == string(r.ID) || r.DomainID == "" && strings.EqualFold(n, r.Name) })
}

// mostCounted is how many people without a second factor are looked at to count those of whom one would be required.
const mostCounted = 1000

// Unfactored counts the people of a domain who have no second factor and of whom a demand would require one, for who may change the
// domain's rules; more says that there are more than were counted.
func (s *Service) Unfactored(ctx context.Context, caller identity.Caller, domain identity.DomainID, d identity.FactorDemand) (n int, more bool, err error) {
	if !s.MayCreateUser(ctx, caller, domain) {
		return 0, false, identity.NotAllowed(string(authz.CreateUser))
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		people, last, err := s.WithoutFactor(ctx, tx, domain, "", mostCounted)
		if err != nil {
			return err
		}
		of, err := askedOf(ctx, tx, d, people)
		n, more = len(of), last != ""
		return err
	})
	return n, more, err
}

// WithoutFactor returns enabled people of a domain who log in by one factor, of so many after one of them that have to be looked at: those
// for whom an administrator has set rules among them. last is whom the next are after; empty when there are no more.
func (s *Service) WithoutFactor(ctx context.Context, tx *store.Tx, domain identity.DomainID, after string, most int) (people []identity.User, last string, err error) {
	q := identity.Query{Limit: most, Marker: after}.Where("domain_id", string(domain)).Where("enabled", "true").
		Where("kind", identity.PersonAccount.String()).Where("plain_factor", "false")
	page, err := tx.Users(ctx, q)
	if page.More {
		last = string(page.Items[len(page.Items)-1].ID)
	}
	return slices.DeleteFunc(page.Items, func(u identity.User) bool { return u.SecondFactor(s.Methods) }), last, err
}

// AsksOfRoles tells whether the cloud or any domain requires a second factor of some roles. It is open to all.
func (s *Service) AsksOfRoles(ctx context.Context, tx *store.Tx) (bool, error) {
	if s.Compliance.Factor.Level == identity.FactorForRoles {
		return true, nil
	}
	return tx.RequiresFactorOfRoles(ctx)
}

// EndUnfactored ends the tokens that some users have got without a second factor, where one is required of them by now, by what they have
// just been given, and they have none: a token shows the roles of the moment, so one that was got by a password alone must not serve with
// a role that asks for more. It is part of the change that gave it, and open to all.
func (s *Service) EndUnfactored(ctx context.Context, tx *store.Tx, ids ...identity.UserID) error {
	if asks, err := s.AsksOfRoles(ctx, tx); err != nil || !asks || len(ids) == 0 {
		return err
	}
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return err
	}
	at := map[identity.DomainID][]identity.User{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if u, there := users[id]; there && !u.SecondFactor(s.Methods) {
			at[u.DomainID] = append(at[u.DomainID], u)
		}
	}
	for domain, some := range at {
		r, err := tx.DomainRules(ctx, domain)
		if err != nil {
			return err
		}
		for _, d := range []identity.FactorDemand{s.Compliance.Factor, r.Factor} {
			if d.Level != identity.FactorForRoles || tx.Now().Before(d.From) {
				continue // nobody of whom one is required already has such tokens
			}
			of, err := askedOf(ctx, tx, d, some)
			if err != nil {
				return err
			}
			for _, u := range of {
				if err := tx.RevokeWithout(ctx, u.ID, "password", "totp"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stricter tells whether a demand asks more than another, or of more people, or earlier.
func stricter(d, than identity.FactorDemand) bool {
	return than.Level.Less(d.Level) || d.Required() && (d.From.Before(than.From) ||
		d.Level == than.Level && slices.ContainsFunc(d.Roles, func(r string) bool { return !slices.Contains(than.Roles, r) }))
}

// checkDemand refuses what a domain cannot ask of its people.
func (s *Service) checkDemand(ctx context.Context, tx *store.Tx, domain identity.DomainID, d, old identity.FactorDemand) error {
	switch {
	case !slices.Contains(identity.FactorLevels, d.Level):
		return identity.Invalidf("A second factor can be encouraged, or required for roles or for all.")
	case (d.Level == identity.FactorForRoles) != (len(d.Roles) > 0):
		return identity.Invalidf("Choose the roles for which a second factor is required.")
	case d.Required() && stricter(d, old) && d.From.Before(tx.Now().Add(s.Compliance.FactorGrace)):
		return identity.Invalidf("Give people %d days at least to set a second factor up.", (s.Compliance.FactorGrace+aDay-1)/aDay)
	}
	for _, id := range d.Roles {
		r, err := tx.Role(ctx, identity.RoleID(id))
		if err != nil {
			return err
		}
		if r.DomainID != "" && r.DomainID != domain {
			return identity.Missing("role", id)
		}
	}
	return nil
}

// announce lets those be told by mail of whom a second factor will be required.
func (s *Service) announce(ctx context.Context, tx *store.Tx, domain identity.DomainID, d, old identity.FactorDemand) error {
	if s.Office == nil || d.Level == old.Level && d.From.Equal(old.From) && slices.Equal(d.Roles, old.Roles) {
		return nil
	}
	if !d.Required() || !d.From.After(tx.Now()) {
		return tx.EndLinks(ctx, FactorNotice, string(domain))
	}
	return tx.InsertLink(ctx, identity.Link{Digest: tx.NewID(), Purpose: FactorNotice, Subject: string(domain), EndsAt: d.From})
}
