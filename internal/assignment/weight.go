package assignment

import (
	"context"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/store"
)

// Weight is how much a role lets people do, by the rules of the cloud's services.
type Weight struct {
	Own  policy.Counts // in a project of their own
	Far  policy.Counts // in other people's projects
	High bool          // by its profile, or because it reaches further there than an ordinary member: who has it in one project has it in all
}

// ordinary is the role of the people who use the cloud, and do not run it.
const ordinary = "member"

// weigh tells what a role weighs, with those that it brings along.
func (s *Service) weigh(all book, id identity.RoleID) (w Weight) {
	names := all.names(id)
	got := s.Authz.Services.Reaches(
		policy.Supposition{Roles: names, Scope: "project"}, policy.Supposition{Roles: names, Scope: "project", Elsewhere: true})
	w = Weight{Own: got[0].Counts, Far: got[1].Counts}
	if impact := all.profiles[id].Impact; impact != "" {
		w.High = impact == identity.HighImpact
	} else {
		w.High = s.Authz.Services.Impact(names, all.ordinary())
	}
	return w
}

// names are what a role and those that it brings along are called in a token. That of a domain is not in any.
func (b book) names(id identity.RoleID) (names []string) {
	if b.Global[id] {
		names = append(names, b.roles[id].Name)
	}
	for _, r := range b.brings(id) {
		names = append(names, r.Name)
	}
	return names
}

// ordinary are the names of the role of ordinary members, and of those that it brings along.
func (b book) ordinary() []string {
	for id, r := range b.roles {
		if b.Global[id] && strings.EqualFold(r.Name, ordinary) {
			return b.names(id)
		}
	}
	return []string{ordinary, "reader"}
}

// RoleAbout is a role with what it comes to.
type RoleAbout struct {
	identity.Role
	Names    []string // of the role and of those that it brings along, as tokens bear them
	Weight   Weight
	Mentions []string // the services whose rules name it, or one that it brings along
	Profile  identity.RoleProfile
}

func (s *Service) about(all book, r identity.Role) RoleAbout {
	a := RoleAbout{Role: r, Names: all.names(r.ID), Weight: s.weigh(all, r.ID), Profile: all.profiles[r.ID]}
	for _, name := range a.Names {
		a.Mentions = append(a.Mentions, s.Authz.Services.Mentioning(name)...)
	}
	slices.Sort(a.Mentions)
	a.Mentions = slices.Compact(a.Mentions)
	return a
}

// AboutRole tells what a role comes to. The rule is that of Role.
func (s *Service) AboutRole(ctx context.Context, caller identity.Caller, id identity.RoleID) (a RoleAbout, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		r, err := s.allowedRole(ctx, tx, caller, authz.GetRole, id)
		if err != nil {
			return err
		}
		all, err := openBook(ctx, tx)
		a = s.about(all, r)
		return err
	})
	return a, err
}

// DescribedRole is a role with what people are told of it.
type DescribedRole struct {
	identity.Role
	Profile identity.RoleProfile
}

// DescribedRoles are the roles of the cloud with what people are told of them, by name, for those who choose one (identity:list_roles),
// and those of a domain where one is named, for who may list these (identity:list_domain_roles).
func (s *Service) DescribedRoles(ctx context.Context, caller identity.Caller, domain identity.DomainID) (list []DescribedRole, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRoles, nil); err != nil {
		return nil, err
	}
	own := domain != "" && s.Authz.Allowed(ctx, caller, authz.ListDomainRoles, nil)
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		list = nil
		all, err := openBook(ctx, tx)
		for id, r := range all.roles {
			if all.Global[id] || own && r.DomainID == domain {
				list = append(list, DescribedRole{r, all.profiles[id]})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b DescribedRole) int { return byName(a.Role, b.Role) })
	return list, err
}

// AboutRoles tells what the roles of the cloud come to, by name (identity:list_roles).
func (s *Service) AboutRoles(ctx context.Context, caller identity.Caller) (list []RoleAbout, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListRoles, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := openBook(ctx, tx)
		for id, r := range all.roles {
			if all.Global[id] {
				list = append(list, s.about(all, r))
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b RoleAbout) int { return byName(a.Role, b.Role) })
	return list, err
}

// MixedPeople counts the people who were granted both a role of high impact, anywhere, and an ordinary one on a project, be it by a
// group. It is told to who may list all role assignments.
func (s *Service) MixedPeople(ctx context.Context, caller identity.Caller) (n int, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if within, err := s.allowedList(ctx, tx, caller, Query{}); err != nil {
			return err
		} else if within != "" {
			return identity.NotAllowed(string(authz.ListRoleAssignments))
		}
		all, err := openBook(ctx, tx)
		if err != nil {
			return err
		}
		var high, low []identity.RoleID
		for id, r := range all.roles {
			switch {
			case s.weigh(all, id).High:
				high = append(high, id)
			case strings.EqualFold(r.Name, ordinary):
				low = append(low, id)
			}
		}
		n, err = tx.CountHoldersOfBoth(ctx, high, low)
		return err
	})
	return n, err
}
