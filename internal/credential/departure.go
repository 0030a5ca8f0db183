package credential

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Departure is an assignment.Departure with what would work no more. That is Counted for a caller who may list it.
type Departure struct {
	assignment.Departure
	Ends
	Counted bool
}

// Ends counts what works no more on a project without some roles of somebody: their application credentials, the trusts that stand on
// their roles, by whomever these were handed on, and the EC2 keys of theirs, or of whoever acts by those trusts.
type Ends struct{ ApplicationCredentials, Keys, Trusts int }

// Departures is assignment.Service.Departures, by its rules. What ends is found out with the checks that each thing has to pass when it logs
// in. It takes the same number of queries however many there are, but for keys that were made with access tokens.
func (s *Service) Departures(ctx context.Context, caller identity.Caller, project identity.ProjectID, users []identity.UserID) (all []Departure, called assignment.Names, err error) {
	found, called, err := s.Assignment.Departures(ctx, caller, project, users)
	if err == nil {
		all, err = s.endings(ctx, caller, project, found)
	}
	return all, called, err
}

// DepartureNamed is Departures of one user, by names.
func (s *Service) DepartureNamed(ctx context.Context, caller identity.Caller, user, project assignment.Ref) (d Departure, on identity.ProjectID, called assignment.Names, err error) {
	found, on, called, err := s.Assignment.DepartureNamed(ctx, caller, user, project)
	if err != nil {
		return d, on, called, err
	}
	all, err := s.endings(ctx, caller, on, []assignment.Departure{found})
	if err != nil {
		return d, on, called, err
	}
	return all[0], on, called, nil
}

func (s *Service) endings(ctx context.Context, caller identity.Caller, project identity.ProjectID, found []assignment.Departure) (all []Departure, err error) {
	var counted []identity.UserID
	for _, d := range found {
		out := Departure{Departure: d, Counted: s.mayCount(ctx, caller, d.ID)}
		if out.Counted {
			counted = append(counted, d.ID)
		}
		all = append(all, out)
	}
	if len(counted) == 0 {
		return all, nil
	}
	return all, s.DB.View(ctx, func(tx *store.Tx) error {
		w, err := s.workings(ctx, tx, project, counted)
		if err != nil {
			return err
		}
		for i := range all {
			d := &all[i]
			if !d.Counted {
				continue
			}
			now, then := maps.Clone(w.held), maps.Clone(w.held)
			now[d.ID], then[d.ID] = d.Has, d.Left
			works, goesOn := w.working(now), w.working(then)
			d.Ends = Ends{}
			for thing := range works {
				if goesOn[thing] {
					continue
				}
				switch thing.Kind {
				case "application_credential":
					d.ApplicationCredentials++
				case "OS-TRUST:trust":
					d.Trusts++
				default:
					d.Keys++
				}
			}
		}
		return nil
	})
}

// mayCount tells whether the caller may list what belongs to a user.
func (s *Service) mayCount(ctx context.Context, caller identity.Caller, user identity.UserID) bool {
	caller.Request.Path = map[string]string{"user_id": string(user)}
	return s.Authz.Allowed(ctx, caller, authz.ListApplicationCredentials, nil) &&
		s.Authz.Allowed(ctx, caller, authz.EC2ListCredentials, nil) &&
		s.Authz.Allowed(ctx, caller, authz.ListTrustsForTrustor, authz.Target{"trust": map[string]any{"trustor_user_id": string(user)}})
}

// workings are what stands on the roles of some people on a project, and what it stands on.
type workings struct {
	project      identity.ProjectID
	rules        store.RoleRules
	held         map[identity.UserID][]identity.RoleID // of the others
	credentials  []identity.ApplicationCredential
	trusts       map[identity.TrustID]identity.Trust
	keys         []EC2Key
	accessTokens map[identity.AccessTokenID][]identity.RoleID // of those that keys were made with, what they hand on

	unbroken func(parent, child identity.Trust) bool
	now      time.Time
}

func (s *Service) workings(ctx context.Context, tx *store.Tx, project identity.ProjectID, users []identity.UserID) (w workings, err error) {
	w = workings{
		project: project, now: tx.Now(), trusts: map[identity.TrustID]identity.Trust{}, accessTokens: map[identity.AccessTokenID][]identity.RoleID{},
		unbroken: func(parent, child identity.Trust) bool { return s.within(parent, child) == nil },
	}
	if w.rules, err = tx.RoleRules(ctx); err != nil {
		return w, err
	}
	if w.credentials, err = tx.ApplicationCredentialsOn(ctx, project, users); err != nil {
		return w, err
	}
	trusts, err := tx.TrustsOfGivers(ctx, project, users)
	if err != nil {
		return w, err
	}
	people := slices.Clone(users)
	for _, t := range trusts {
		w.trusts[t.ID] = t
		people = append(people, t.TrustorUserID, t.TrusteeUserID)
	}
	slices.Sort(people)
	people = slices.Compact(people)
	if w.held, err = s.Assignment.HeldByEach(ctx, tx, project, people); err != nil {
		return w, err
	}
	sealed, err := tx.EC2Credentials(ctx, project, people)
	if err != nil {
		return w, err
	}
	for _, c := range sealed {
		key, err := s.ec2Key(c)
		if err != nil {
			continue // which logs in as little
		}
		w.keys = append(w.keys, key)
		if key.AccessTokenID == "" {
			continue
		}
		a, err := tx.AccessToken(ctx, key.AccessTokenID)
		if err != nil || a.UserID != key.UserID || a.ProjectID != project || a.ExpiresAt != nil && !w.now.Before(*a.ExpiresAt) {
			continue
		}
		if w.accessTokens[a.ID], err = withImplied(ctx, tx, a.RoleIDs); err != nil {
			return w, err
		}
	}
	return w, nil
}

// working returns what works while people hold some roles.
func (w workings) working(held map[identity.UserID][]identity.RoleID) map[store.Key]bool {
	works := map[store.Key]bool{}
	has := func(user identity.UserID, among func(identity.RoleID) bool) bool {
		return slices.ContainsFunc(held[user], func(r identity.RoleID) bool { return w.rules.Global[r] && among(r) })
	}
	owner := map[identity.ApplicationCredentialID]identity.UserID{}
	for _, c := range w.credentials {
		owner[c.ID] = c.UserID
		if has(c.UserID, func(r identity.RoleID) bool { return hasRole(c.Roles, r) }) {
			works[store.Key{Kind: "application_credential", ID: string(c.ID)}] = true
		}
	}
	for id := range w.trusts {
		if w.trusted(id, held) {
			works[store.Key{Kind: "OS-TRUST:trust", ID: string(id)}] = true
		}
	}
	for _, key := range w.keys {
		var does bool
		switch {
		case key.TrustID != "":
			t := w.trusts[key.TrustID]
			by := t.TrusteeUserID
			if t.Impersonation {
				by = t.TrustorUserID
			}
			does = by == key.UserID && works[store.Key{Kind: "OS-TRUST:trust", ID: string(t.ID)}]
		case key.ApplicationCredentialID != "":
			id := key.ApplicationCredentialID
			does = owner[id] == key.UserID && works[store.Key{Kind: "application_credential", ID: string(id)}]
		case key.AccessTokenID != "":
			does = has(key.UserID, func(r identity.RoleID) bool { return slices.Contains(w.accessTokens[key.AccessTokenID], r) })
		default:
			does = has(key.UserID, func(identity.RoleID) bool { return true })
		}
		if does {
			works[store.Key{Kind: "credential", ID: string(key.ID)}] = true
		}
	}
	return works
}

// trusted is Pedigree and TrustRoles of a trust that nobody is kept from using.
func (w workings) trusted(id identity.TrustID, held map[identity.UserID][]identity.RoleID) bool {
	t := w.trusts[id]
	first, there := t, !ended(t, w.now, false)
	for depth := 0; there && first.ParentID != "" && depth < maxPedigree; depth++ {
		child := first
		first, there = w.trusts[child.ParentID]
		there = there && !ended(first, w.now, false) && w.unbroken(first, child)
	}
	if !there {
		return false
	}
	for r := range lent(t, w.rules) {
		if !slices.Contains(held[t.TrustorUserID], r) || !slices.Contains(held[first.TrustorUserID], r) {
			return false
		}
	}
	return true
}
