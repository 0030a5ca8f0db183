package membership

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// An API user is an account of its own, for programs and for people at a terminal: a user like any other to Keystone's API, who
// cannot sign in to the portal. Its name begins with that of whoever makes it, so that two people can choose the same rest.
//
// It gets roles on one project alone: those that its maker may grant there, and those that the main user of the project holds
// there. After that it is the project's: whoever could make it as it is now may look after it.

// APIUser is an API user with its roles on the project that it was made for.
type APIUser struct {
	identity.User
	Owner string // who made it; empty when they are gone
	Roles []identity.Role
}

// APIUsers are a page of the API users of a project, and what the caller can make.
type APIUsers struct {
	identity.Page[APIUser]
	Prefix string // with which names begin
	Roles  []assignment.Offer
}

// NewAPIUser is an API user to be made.
type NewAPIUser struct {
	Suffix      string // what follows the prefix of the maker
	Password    string // empty to have one made
	Description string
	Roles       []identity.RoleID
}

// maxSuffix is the most characters that follow the prefix.
const maxSuffix = 64

func prefixOf(owner identity.User) string { return owner.Name + "_" }

// APIUsers returns a page of the API users of a project, whose names have a part. Who may make none there is refused.
func (s *Service) APIUsers(ctx context.Context, caller identity.Caller, project identity.ProjectID, name string, after identity.UserID, limit int) (out APIUsers, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		by, err := s.provider(ctx, tx, caller, project)
		if err != nil {
			return err
		}
		p := by.project
		out.Roles = by.may
		out.Prefix = prefixOf(caller.Token.User)
		found, err := tx.APIUsers(ctx, project, name, after, limit)
		if err != nil {
			return err
		}
		out.More = found.More
		out.Items, err = apiUsers(ctx, tx, p.ID, found.Items)
		return err
	})
	return out, err
}

// apiUsers completes what is known of API users of a project.
func apiUsers(ctx context.Context, tx *store.Tx, project identity.ProjectID, found []store.APIUser) (all []APIUser, err error) {
	ids := make([]identity.UserID, 0, 2*len(found))
	for _, a := range found {
		ids = append(ids, a.User)
	}
	held, err := tx.HoldingsOf(ctx, project, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		ids = append(ids, a.Owner)
	}
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	roles, err := tx.Roles(ctx, identity.Query{})
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		u := APIUser{User: users[a.User], Owner: users[a.Owner].Name}
		for _, r := range roles.Items {
			if slices.ContainsFunc(held, func(h identity.Assignment) bool { return h.User == a.User && h.Role == r.ID }) {
				u.Roles = append(u.Roles, r)
			}
		}
		all = append(all, u)
	}
	return all, nil
}

// provider is somebody who may look after API users of a project.
type provider struct {
	project identity.Project
	may     []assignment.Offer // the roles that they may give
	held    []identity.RoleID  // those of them that they hold as the main user, and could not grant otherwise
}

// provider tells what the caller may give to API users of a project: the roles that they may grant, and if they are the main
// user those that they hold now. Who may give none is refused, as are rights that were handed on, and API users. B11, I7
func (s *Service) provider(ctx context.Context, tx *store.Tx, caller identity.Caller, id identity.ProjectID) (by provider, err error) {
	if err := inPerson(caller); err != nil {
		return by, err
	}
	if caller.Token.User.Surface.Kind != identity.PersonAccount {
		return by, identity.Refusedf("API users cannot look after API users: a person has to.")
	}
	p, missing := tx.Project(ctx, id)
	if missing != nil && !isMissing(missing) {
		return by, missing
	}
	by.project = p
	if by.may, err = s.Assignment.Grantable(ctx, tx, caller, p); err != nil {
		return by, err
	}
	main, err := tx.MainUser(ctx, id)
	if err != nil {
		return by, err
	}
	lets, err := s.Authority.Lets(ctx, tx, caller, id, identity.AreaAPIUsers)
	if err != nil {
		return by, err
	}
	if lets && main != "" && main != caller.UserID() {
		u, err := tx.User(ctx, main)
		if err != nil {
			return by, err
		}
		lets = s.Directory.Enabled(u, tx.Now())
	}
	if lets && main != "" {
		roles, err := s.Assignment.Effective(ctx, tx, main, nil, identity.OnProject(id))
		if err != nil {
			return by, err
		}
		for _, r := range roles {
			if !offered(by.may, r.ID) {
				by.may, by.held = append(by.may, assignment.Offer{Role: r}), append(by.held, r.ID)
			}
		}
	}
	switch {
	case len(by.may) == 0:
		return by, identity.NotAllowed(string(authz.CreateGrant))
	case missing != nil:
		return by, missing
	case p.IsDomain:
		return by, identity.Missing("project", id)
	}
	return by, nil
}

func offered(may []assignment.Offer, id identity.RoleID) bool {
	return slices.ContainsFunc(may, func(o assignment.Offer) bool { return o.ID == id })
}

// CreateAPIUser makes an API user with roles on a project: the account, what it is for, and its grants in one transaction. It
// returns the password, which is kept nowhere.
func (s *Service) CreateAPIUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, in NewAPIUser) (u identity.User, pw string, err error) {
	create := func(tx *store.Tx, chosen *directory.Chosen) error {
		by, err := s.provider(ctx, tx, caller, project)
		if err != nil {
			return err
		}
		p := by.project
		if err := checkSuffix(in.Suffix); err != nil {
			return err
		}
		if len(in.Roles) == 0 {
			return identity.Invalidf("Choose at least one role.")
		}
		for _, r := range in.Roles {
			if !offered(by.may, r) {
				return identity.Refusedf("You may not give the role %s here.", r)
			}
		}
		if chosen == nil {
			return nil
		}
		owner, _ := caller.Token.Actor()
		u = identity.User{
			DomainID: p.DomainID, Name: prefixOf(owner) + in.Suffix, Enabled: true, DefaultProjectID: p.ID, Extra: identity.Extra{},
			Surface: identity.Surface{Kind: identity.APIAccount, NoPortal: true},
		}
		if in.Description != "" {
			u.Extra["description"] = in.Description
		}
		if u, err = s.Directory.InsertIn(ctx, tx, caller, u, *chosen); err != nil {
			return err
		}
		if err := tx.InsertAPIUser(ctx, store.APIUser{User: u.ID, Project: p.ID, Owner: owner.ID}); err != nil {
			return err
		}
		for _, r := range in.Roles {
			if err := s.giveRole(ctx, tx, caller, by, identity.Grant{Role: r, User: u.ID, Project: p.ID}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.DB.View(ctx, func(tx *store.Tx) error { return create(tx, nil) }); err != nil {
		return u, "", err
	}
	if pw = in.Password; pw == "" {
		if pw, err = s.Directory.NewPassword(ctx, u.DomainID); err != nil {
			return u, "", err
		}
	}
	chosen, err := s.Directory.Choose(ctx, u.DomainID, "", pw)
	if err != nil {
		return u, "", err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error { return create(tx, &chosen) })
	return u, pw, err
}

// giveRole grants a role that the caller may give. What the main user holds needs no right to grant it.
func (s *Service) giveRole(ctx context.Context, tx *store.Tx, caller identity.Caller, by provider, g identity.Grant) error {
	terms := identity.Terms{Source: identity.ByHand, GrantedBy: caller.UserID()}
	if !slices.Contains(by.held, g.Role) {
		return s.Assignment.GrantIn(ctx, tx, caller, g, terms)
	}
	if err := tx.PutGrantFor(ctx, g, terms); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Granted("created", g).By(caller))
}

func checkSuffix(text string) error {
	if text == "" || len(text) > maxSuffix || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		return identity.Invalidf("The name of an API user ends in 1 to %d letters, digits, dots, dashes and underscores.", maxSuffix)
	}
	return nil
}

// keeps returns an API user of a project whom the caller could make as it is now: all that it was granted is on the project, and
// the caller's to give. Otherwise looking after it would reach above the caller.
func (s *Service) keeps(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, user identity.UserID) (u identity.User, err error) {
	if err := tx.LockAccount(ctx, user); err != nil {
		return u, err
	}
	by, err := s.provider(ctx, tx, caller, project)
	if err != nil {
		return u, err
	}
	if _, err := tx.APIUser(ctx, project, user); err != nil {
		return u, err
	}
	if u, err = tx.User(ctx, user); err != nil {
		return u, err
	}
	above := identity.Refusedf("This API user has been given more than you may give. Ask an administrator of the domain.")
	grants, err := tx.Grants(ctx, store.GrantFilter{User: user})
	if err != nil {
		return u, err
	}
	for _, g := range grants {
		if g.Project != project || g.Inherited || !offered(by.may, g.Role) {
			return u, above
		}
	}
	groups, _, err := tx.GroupIDs(ctx, user)
	if err != nil {
		return u, err
	}
	trusts, err := tx.Trusts(ctx, identity.Query{}.Where("trustee_user_id", string(user)))
	if err != nil {
		return u, err
	}
	if len(groups)+len(trusts) > 0 || u.Surface.Kind != identity.APIAccount {
		return u, above
	}
	return u, nil
}

// ResetAPIUser gives an API user a new password, and returns it. All its tokens end. The caller must be one who could make it.
func (s *Service) ResetAPIUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, pw string) (identity.User, string, error) {
	var u identity.User
	look := func(tx *store.Tx) (err error) {
		u, err = s.keeps(ctx, tx, caller, project, user)
		return err
	}
	if err := s.DB.Update(ctx, look); err != nil {
		return u, "", err
	}
	if pw == "" {
		made, err := s.Directory.NewPassword(ctx, u.DomainID)
		if err != nil {
			return u, "", err
		}
		pw = made
	}
	chosen, err := s.Directory.Choose(ctx, u.DomainID, "", pw)
	if err != nil {
		return u, "", err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := look(tx); err != nil {
			return err
		}
		return s.Directory.SetFor(ctx, tx, caller, u, chosen)
	})
	return u, pw, err
}

// DeleteAPIUser deletes an API user, with all that hangs on it. The caller must be one who could make it.
func (s *Service) DeleteAPIUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.keeps(ctx, tx, caller, project, user); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, user); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("user", user).By(caller))
	})
}

// APIUser returns an API user of a project, for who may look after API users there.
func (s *Service) APIUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID) (u APIUser, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := s.provider(ctx, tx, caller, project); err != nil {
			return err
		}
		u, err = apiUser(ctx, tx, project, user)
		return err
	})
	return u, err
}

func apiUser(ctx context.Context, tx *store.Tx, project identity.ProjectID, user identity.UserID) (u APIUser, err error) {
	found, err := tx.APIUser(ctx, project, user)
	if err != nil {
		return u, err
	}
	all, err := apiUsers(ctx, tx, project, []store.APIUser{found})
	if err != nil {
		return u, err
	}
	return all[0], nil
}

// APIUserUpdate is a change of an API user.
type APIUserUpdate struct {
	Enabled     identity.Opt[bool]
	Description identity.Opt[string] // null or empty for none
}

// UpdateAPIUser changes what is said of an API user, disables it, which ends all its tokens, or enables it again: not what an administrator
// has disabled. The caller must be one who could make it.
func (s *Service) UpdateAPIUser(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, upd APIUserUpdate) (out APIUser, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.keeps(ctx, tx, caller, project, user)
		if err != nil {
			return err
		}
		if about := strings.TrimSpace(upd.Description.Value); upd.Description.Present {
			if utf8.RuneCountInString(about) > maxDescription {
				return identity.Invalidf("The description has at most %d characters.", maxDescription)
			}
			next := u
			if next.Extra = maps.Clone(u.Extra); next.Extra == nil {
				next.Extra = identity.Extra{}
			}
			if next.Extra["description"] = about; about == "" {
				delete(next.Extra, "description")
			}
			if err := tx.UpdateUser(ctx, u, next); err != nil {
				return err
			}
			if u = next; !upd.Enabled.Present {
				if err := tx.Record(ctx, identity.Updated("user", user).By(caller)); err != nil {
					return err
				}
			}
		}
		if upd.Enabled.Present && upd.Enabled.Value != u.Enabled {
			off, err := tx.APIUserOff(ctx, user)
			if err != nil {
				return err
			}
			if upd.Enabled.Value && !off {
				return identity.Refusedf("An administrator has disabled this API user. Ask an administrator of the domain.")
			}
			if _, err := s.Directory.EnableFor(ctx, tx, caller, u, upd.Enabled.Value); err != nil {
				return err
			}
			if err := tx.PutAPIUserOff(ctx, user, !upd.Enabled.Value); err != nil {
				return err
			}
		}
		out, err = apiUser(ctx, tx, project, user)
		return err
	})
	return out, err
}

// ProvidesAPIUsers tells whether the caller may look after API users of a project.
func (s *Service) ProvidesAPIUsers(ctx context.Context, caller identity.Caller, project identity.ProjectID) (bool, error) {
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		_, err := s.provider(ctx, tx, caller, project)
		return err
	})
	if errors.Is(err, identity.Forbidden) || isMissing(err) {
		return false, nil
	}
	return err == nil, err
}
