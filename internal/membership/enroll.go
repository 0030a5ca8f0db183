package membership

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Enrolment is a new account, with its first project and its roles there.
type Enrolment struct {
	User     identity.User // its domain and default project come from the fields below
	Domain   directory.DomainRef
	Password identity.Opt[string]
	Project  assignment.Ref // zero for none
	Make     bool           // there is no such project yet: it is made by its name, in the account's domain (identity:create_project)
	Roles    []string       // their names or ids
	Reason   string         // for whoever must agree to a role, if somebody else must

	// SetUp makes a link by which the person sets a first password, and sends it to the account's address where mails are sent.
	SetUp    bool
	Language string // of the mail
}

// Enrolled is what came of an Enrolment.
type Enrolled struct {
	User    identity.User
	Project identity.Project
	Roles   []identity.Role // that were granted

	// Asked is the request for the roles to which somebody else must agree, and which wait for that.
	Asked *Request

	// Secret sets the first password. It is told only where no mail is sent.
	Secret string
	Until  time.Time // of the link
}

// Enroll makes a user with roles on a project, as who makes the user (identity:create_user) and then grants each role
// (identity:create_grant), but in one transaction: if one of it may not be or cannot be done, there is no user either. Roles to which a rule
// wants somebody else to agree are asked for, with a reason, else there is no user, and ErrSayWhy.
func (s *Service) Enroll(ctx context.Context, caller identity.Caller, e Enrolment) (out Enrolled, err error) {
	u := e.User
	var roles []identity.RoleID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if e.Domain != (directory.DomainRef{}) {
			if u.DomainID, err = assignment.DomainNamed(ctx, tx, e.Domain); err != nil {
				return err
			}
		}
		if e.Project == (assignment.Ref{}) {
			return nil
		}
		if u.DomainID == "" {
			if u.DomainID, err = s.Directory.DomainFor(caller); err != nil {
				return err
			}
		}
		if e.Project.Domain == (directory.DomainRef{}) {
			e.Project.Domain.ID = u.DomainID
		}
		if e.Make {
			if e.Project.ID != "" || e.Project.Name == "" || e.Project.Domain != (directory.DomainRef{ID: u.DomainID}) {
				return identity.Invalidf("A project that is made has a name, and the account's domain.")
			}
			roles, err = assignment.RolesNamed(ctx, tx, "", e.Roles)
			return err
		}
		if u.DefaultProjectID, err = assignment.ProjectNamed(ctx, tx, e.Project); err != nil {
			return err
		}
		roles, err = assignment.RolesNamed(ctx, tx, u.DefaultProjectID, e.Roles)
		return err
	})
	switch {
	case err != nil:
		return out, err
	case (e.Project == assignment.Ref{}) != (len(e.Roles) == 0):
		return out, identity.Invalidf("A project and at least one role belong together.")
	case e.SetUp && e.Password.Present:
		return out, identity.Invalidf("A password is given here, or set by a link that is sent: not both.")
	case emailOf(u) != "" || e.SetUp && s.Mails():
		if _, err := Address(emailOf(u)); err != nil {
			return out, err
		}
	}
	out.User, err = s.Directory.CreateUserWith(ctx, caller, u, e.Password, func(tx *store.Tx, made identity.User) error {
		out.Roles, out.Asked = nil, nil
		if e.Make {
			if err := s.makeProject(ctx, tx, caller, e.Project.Name, &made); err != nil {
				return err
			}
			u.DefaultProjectID = made.DefaultProjectID
		}
		if u.DefaultProjectID != "" {
			// First, since it tells who may not grant nothing of what is there.
			if out.Roles, out.Asked, err = s.endow(ctx, tx, caller, made.ID, u.DefaultProjectID, roles, e.Reason); err != nil {
				return err
			}
			if out.Project, err = tx.Project(ctx, u.DefaultProjectID); err != nil {
				return err
			}
		}
		if e.SetUp {
			return s.setUp(ctx, tx, caller, e, made, &out)
		}
		return nil
	})
	if e.Make && err == nil {
		out.User.DefaultProjectID = out.Project.ID
	}
	return out, err
}

// endow grants roles on a project to a user who was just made, and asks for those to which somebody else must agree, with a reason.
func (s *Service) endow(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, project identity.ProjectID, roles []identity.RoleID, reason string) (
	granted []identity.Role, asked *Request, err error) {
	var wait []identity.Grant
	for _, id := range roles {
		g := identity.Grant{Role: id, User: user, Project: project}
		if err := s.Assignment.GrantIn(ctx, tx, caller, g, identity.Terms{Source: identity.ByHand}); asks(err) {
			wait = append(wait, g)
			continue
		} else if err != nil {
			return nil, nil, err
		}
		r, err := tx.Role(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		granted = append(granted, r)
	}
	if len(wait) > 0 {
		r, err := s.askGrants(ctx, tx, caller, wait, identity.GrantRequest{New: true, Reason: reason})
		return granted, &r, err
	}
	return granted, nil, nil
}

// makeProject makes the first project of a new account.
func (s *Service) makeProject(ctx context.Context, tx *store.Tx, caller identity.Caller, name string, u *identity.User) error {
	p := identity.Project{DomainID: u.DomainID, ParentID: identity.ProjectID(u.DomainID), Name: name, Enabled: true}
	if err := s.Authz.Check(ctx, caller, authz.CreateProject, authz.Target{"project": authz.Project(p)}); err != nil {
		return err
	}
	p, err := s.Directory.AddProject(ctx, tx, p)
	if err != nil {
		return err
	}
	if err := tx.Record(ctx, identity.Created("project", p.ID).By(caller)); err != nil {
		return err
	}
	old := *u
	u.DefaultProjectID = p.ID
	return tx.UpdateUser(ctx, old, *u)
}

// setUp makes the link to a first password, and its mail.
func (s *Service) setUp(ctx context.Context, tx *store.Tx, caller identity.Caller, e Enrolment, u identity.User, out *Enrolled) error {
	mark, err := s.mark(ctx, tx, u)
	if err != nil {
		return err
	}
	out.Until = tx.Now().Add(s.SetUpLife)
	secret, err := s.link(ctx, tx, toReset, string(u.ID), mark, out.Until)
	if err != nil {
		return err
	}
	if !s.Mails() {
		out.Secret = secret
		return nil
	}
	v := mails.Values{To: emailOf(u), Name: u.Name, Link: "/reset/" + secret, Until: out.Until, Request: requestID(ctx)}
	if len(out.Roles) > 0 {
		v.Project = out.Project.Name
	}
	if v.Code, err = s.mailed(ctx, tx, v.To, secret, out.Until); err != nil {
		return err
	}
	if caller.Token != nil {
		actor, _ := caller.Token.Actor()
		v.By = mails.Called(actor)
	}
	domain, err := tx.Domain(ctx, u.DomainID)
	if err != nil {
		return err
	}
	v.Domain = domain.Name
	for _, r := range out.Roles {
		v.Roles = append(v.Roles, r.Name)
	}
	slices.Sort(v.Roles)
	_, err = s.Office.Post(ctx, tx, mails.AccountMade, mails.Language(e.Language), v)
	return err
}

// InviteTo is Invite with the project and the roles by their names. When none are named it is to the project's usual ones.
func (s *Service) InviteTo(ctx context.Context, caller identity.Caller, to assignment.Ref, addresses, roles []string, d Draft) (all []Sent, err error) {
	var p identity.ProjectID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if p, err = assignment.ProjectNamed(ctx, tx, to); err != nil {
			return err
		}
		names := roles
		if len(names) == 0 && len(d.Areas) == 0 {
			rules, err := tx.ProjectRules(ctx, p)
			if err != nil {
				return err
			}
			if names, err = usualRoles(ctx, tx, rules); err != nil {
				return err
			}
		}
		d.Roles, err = assignment.RolesNamed(ctx, tx, p, names)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Invite(ctx, caller, p, addresses, d)
}

// mostListed is how many invitations one call tells of.
const mostListed = 1000

// InvitationsTo is Invitations of a project that is named, to an address or, without one, to all.
func (s *Service) InvitationsTo(ctx context.Context, caller identity.Caller, to assignment.Ref, address string) (out Invitations, err error) {
	var p identity.ProjectID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = assignment.ProjectNamed(ctx, tx, to)
		return err
	})
	if err != nil {
		return out, err
	}
	out, err = s.Invitations(ctx, caller, p, store.InvitationFilter{Address: address, Limit: mostListed})
	if address != "" {
		out.Items = slices.DeleteFunc(out.Items, func(l Listed) bool { return !strings.EqualFold(l.Address, address) })
	}
	return out, err
}

// Standing is what has become of an open invitation: a draft to which somebody must agree, bounced, expired, waiting to be sent, or open.
func (l Listed) Standing() string {
	switch {
	case l.Draft:
		return "draft"
	case l.Bounced:
		return "bounced"
	case l.Ended:
		return "expired"
	case l.Waits:
		return "waiting"
	}
	return "open"
}
