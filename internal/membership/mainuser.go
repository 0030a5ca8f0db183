package membership

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// NewAccount is the account of a customer: a project, and the person whose it is.
type NewAccount struct {
	Domain   identity.DomainID
	Address  string // which is the main user's name, too
	Project  string // its name
	Role     identity.RoleID
	Password string // empty to have one made
	Reason   string // for whoever must agree to the role, if somebody else must
}

// Account is one that was opened.
type Account struct {
	User     identity.User
	Project  identity.Project
	Password string   // told this once
	Asked    *Request // for the role, if it waits for somebody else to agree
}

// OpenAccount opens the account of a customer: its project and its main user, with a role there, in one transaction. The main
// user signs in to the portal alone and makes API users for all else. A role to which somebody else must agree waits as it does in Enroll.
// That is for administrators of the cloud, in person.
func (s *Service) OpenAccount(ctx context.Context, caller identity.Caller, in NewAccount) (a Account, err error) {
	if err := s.Directory.MaySetSurface(ctx, caller); err != nil {
		return a, err
	}
	address, err := Address(in.Address)
	if err != nil {
		return a, err
	}
	if a.Password = in.Password; a.Password == "" {
		if a.Password, err = s.Directory.NewPassword(ctx, in.Domain); err != nil {
			return a, err
		}
	}
	chosen, err := s.Directory.Choose(ctx, in.Domain, "", a.Password)
	if err != nil {
		return a, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		p := identity.Project{DomainID: in.Domain, ParentID: identity.ProjectID(in.Domain), Name: in.Project, Enabled: true}
		if err := s.Directory.Authz.Check(ctx, caller, authz.CreateProject, authz.Target{"project": authz.Project(p)}); err != nil {
			return err
		}
		if a.Project, err = s.Directory.AddProject(ctx, tx, p); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Created("project", a.Project.ID).By(caller)); err != nil {
			return err
		}
		a.User, err = s.Directory.CreateIn(ctx, tx, caller, identity.User{
			DomainID: in.Domain, Name: address, Enabled: true, DefaultProjectID: a.Project.ID, Extra: identity.Extra{"email": address},
			Surface: identity.Surface{NoAPI: true},
		}, chosen)
		if err != nil {
			return err
		}
		if _, a.Asked, err = s.endow(ctx, tx, caller, a.User.ID, a.Project.ID, []identity.RoleID{in.Role}, in.Reason); err != nil {
			return err
		}
		return tx.SetMainUser(ctx, a.Project.ID, a.User.ID)
	})
	return a, err
}

// MainOf returns the projects whose main user the caller is: all of them, or those that nobody else looks after.
func (s *Service) MainOf(ctx context.Context, caller identity.Caller, alone bool) (projects []identity.Project, err error) {
	if err := inPerson(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		projects, err = tx.MainProjects(ctx, caller.UserID(), alone)
		return err
	})
	return projects, err
}
