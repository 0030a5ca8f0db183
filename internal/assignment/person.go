package assignment

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Person returns one of the people of a project, and the roles that the caller may grant them, if need be once somebody else agrees. The rule is that of People; what
// a caller holds is their own affair. Somebody who has no role there is identity.NotFound.
func (s *Service) Person(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID) (p Person, offers []Offer, called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		on, err := tx.Project(ctx, project)
		if user == "" || user != caller.UserID() || err != nil {
			on, err = s.projectOfPeople(ctx, tx, caller, project)
		}
		if err != nil {
			return err
		}
		book, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		var found []Person
		g, err := s.granter(ctx, tx, caller, on, book)
		if err != nil {
			return err
		}
		if found, called, err = s.persons(ctx, tx, g, on, []identity.UserID{user}, book); err != nil {
			return err
		}
		if len(found) == 0 || len(found[0].Held) == 0 {
			return identity.Missing("user", user)
		}
		p = found[0]
		u, err := tx.User(ctx, user)
		g.asking = true
		offers = g.offers(u, found[0].has)
		return err
	})
	return p, offers, called, err
}

// ErrChanged says that somebody else has changed what was to be changed.
var ErrChanged = &identity.Error{Kind: identity.Conflict, Message: "The roles of this person have changed meanwhile."}

// SetRoles makes some roles those that a user was granted on a project, by granting and revoking, all of it or none. before
// are the roles that the caller took for the granted ones; when they are others by now, it fails with ErrChanged. ends says of
// roles when they are to end from now on, a zero time being never; others keep their end, and new ones have none. Each grant
// is authorized as CreateGrant and RevokeGrant do it; and none is, for who may not see People, unless it is their own. What also does,
// unless it is nil, is done with it.
func (s *Service) SetRoles(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, before, after []identity.RoleID, ends map[identity.RoleID]time.Time, also func(*store.Tx) error) error {
	on := identity.Grant{User: user, Project: project}
	return s.changeGrants(ctx, caller, []identity.Grant{on}, func(tx *store.Tx, change changer) error {
		if user == "" || user != caller.UserID() {
			if _, err := s.projectOfPeople(ctx, tx, caller, project); err != nil {
				return err
			}
		}
		roles, err := tx.GrantedRoles(ctx, on)
		if err != nil {
			return err
		}
		now := make([]identity.RoleID, len(roles))
		for i, r := range roles {
			now[i] = r.ID
		}
		slices.Sort(now)
		if !slices.Equal(now, slices.Compact(slices.Sorted(slices.Values(before)))) {
			return ErrChanged
		}
		for _, r := range after {
			until, said := ends[r]
			if slices.Contains(now, r) && !said {
				continue
			}
			g := identity.Grant{Role: r, User: user, Project: project}
			if err := change(create, g, identity.Terms{Until: until, Source: identity.ByHand}); err != nil {
				return err
			}
		}
		for _, r := range now {
			if !slices.Contains(after, r) {
				if err := change(revoke, identity.Grant{Role: r, User: user, Project: project}, identity.Terms{}); err != nil {
					return err
				}
			}
		}
		if also != nil {
			return also(tx)
		}
		return nil
	})
}

// GrantRoles grants roles on a project to a user, all or none, as CreateGrantFor does it. Who may grant nothing to somebody who is not
// there cannot tell that from somebody to whom they may not grant; for others it is identity.NotFound.
func (s *Service) GrantRoles(ctx context.Context, caller identity.Caller, project identity.ProjectID, who Ref, roles []identity.RoleID, until time.Time) error {
	if len(roles) == 0 {
		return identity.Invalidf("No role was chosen.")
	}
	var user identity.UserID
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		user, err = s.UserNamed(ctx, tx, caller, who)
		return err
	})
	if err != nil {
		return err
	}
	on := identity.Grant{User: user, Project: project}
	return s.changeGrants(ctx, caller, []identity.Grant{on}, func(_ *store.Tx, change changer) error {
		for _, r := range roles {
			g := identity.Grant{Role: r, User: user, Project: project}
			if err := change(create, g, identity.Terms{Until: until, Source: identity.ByHand}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Departure is what taking back all of somebody's roles on a project would mean.
type Departure struct {
	Person

	// Remaining are the roles that they would go on to have: by groups, from above, or because the caller may not take them back.
	Remaining []identity.Assignment

	// Has and Left are the roles that they have on the project, before and after, with all that these imply, those of domains too.
	Has, Left []identity.RoleID

	Stays bool // one of Left lets them in; else all tokens for the project end
}

// Departures tells what it would mean to take back all roles that some of the people of a project were granted there. The rule
// is that of People, or of Person for the caller alone. Whoever has no role there is left out.
func (s *Service) Departures(ctx context.Context, caller identity.Caller, project identity.ProjectID, users []identity.UserID) (all []Departure, called Names, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Project(ctx, project)
		if len(users) != 1 || users[0] != caller.UserID() || err != nil {
			p, err = s.projectOfPeople(ctx, tx, caller, project)
		}
		if err != nil {
			return err
		}
		book, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		g, err := s.granter(ctx, tx, caller, p, book)
		if err != nil {
			return err
		}
		var people []Person
		if people, called, err = s.persons(ctx, tx, g, p, users, book); err != nil {
			return err
		}
		held, err := tx.HoldingsOf(ctx, project, users)
		for _, p := range people {
			if len(p.Held) == 0 {
				continue
			}
			d := Departure{Person: p}
			for _, a := range p.Held {
				kept := a.Via == (identity.Via{}) && !slices.Contains(p.Revocable, a.Role)
				if kept || a.ViaGroup != "" || a.ViaProject != "" || a.ViaDomain != "" {
					d.Remaining = append(d.Remaining, a)
				}
			}
			own := slices.DeleteFunc(slices.Clone(held), func(a identity.Assignment) bool { return a.User != p.ID })
			d.Has = comeTo(own, book.RoleRules)
			own = slices.DeleteFunc(own, func(a identity.Assignment) bool {
				return a.Via == (identity.Via{}) && slices.Contains(p.Revocable, a.Role)
			})
			d.Left = comeTo(own, book.RoleRules)
			d.Stays = slices.ContainsFunc(d.Left, func(r identity.RoleID) bool { return book.Global[r] })
			all = append(all, d)
		}
		return err
	})
	return all, called, err
}

// DepartureNamed is Departures of one user, by names.
func (s *Service) DepartureNamed(ctx context.Context, caller identity.Caller, user, project Ref) (d Departure, on identity.ProjectID, called Names, err error) {
	var who identity.UserID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if who, err = s.UserNamed(ctx, tx, caller, user); err != nil {
			return err
		}
		on, err = ProjectNamed(ctx, tx, project)
		return err
	})
	if err != nil {
		return d, on, nil, err
	}
	all, called, err := s.Departures(ctx, caller, on, []identity.UserID{who})
	if err == nil && len(all) == 0 {
		err = identity.Missing("user", who)
	}
	if err != nil {
		return d, on, nil, err
	}
	return all[0], on, called, nil
}

// comeTo are the roles that some assignments come to, with all that these imply.
func comeTo(held []identity.Assignment, rules store.RoleRules) (all []identity.RoleID) {
	for _, a := range imply(held, rules) {
		if !slices.Contains(all, a.Role) {
			all = append(all, a.Role)
		}
	}
	return all
}

// HeldByEach is Held of many users on a project, in one query.
func (s *Service) HeldByEach(ctx context.Context, tx *store.Tx, project identity.ProjectID, users []identity.UserID) (map[identity.UserID][]identity.RoleID, error) {
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	found, err := tx.HoldingsOf(ctx, project, users)
	if err != nil {
		return nil, err
	}
	held := map[identity.UserID][]identity.RoleID{}
	for _, a := range imply(found, rules) {
		held[a.User] = append(held[a.User], a.Role)
	}
	return held, nil
}
