package membership

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// A grant to which a grant rule wants somebody else to agree becomes a request. Whoever agrees must be able to make the grant without
// anybody's agreement, and be neither who asked nor who gets it; and who asked must still be able to make it but for the agreement. All
// of that is asked in the transaction that makes it. To let a grant last longer is to ask anew.

const (
	requestLife    = 7 * 24 * time.Hour
	requestsPerDay = 50 // for one project
	mostRequests   = 200
	maxReason      = 255 // characters
)

// Request is a request for grants with the names of what it speaks of.
type Request struct {
	identity.GrantRequest
	User, Requester, Decider, Project string
	RoleNames                         []string
	Expired                           bool // nobody answered in time
}

// Standing is what has become of a request.
func (r Request) Standing() string {
	if r.Expired {
		return "expired"
	}
	return string(r.State)
}

// Granted is what came of a wish for grants: they were made, or are asked for, or wait for a second factor.
type Granted struct {
	Grants  []identity.Grant
	Request *Request         // nil when nobody has to agree
	Waiting []identity.Grant // see GrantOnceFactor
}

// Grant grants roles on a project as assignment.Service.GrantNamed does, or asks for them where a rule wants somebody else to agree.
func (s *Service) Grant(ctx context.Context, caller identity.Caller, n assignment.NamedGrant, reason string) (out Granted, err error) {
	out.Grants, err = s.Assignment.GrantNamed(ctx, caller, n)
	if _, needs := errors.AsType[*authz.NeedsAnswerError](err); !needs {
		return out, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out.Grants, err = s.Assignment.Find(ctx, tx, n)
		return err
	})
	if err != nil {
		return out, err
	}
	r, err := s.ask(ctx, caller, out.Grants, identity.Terms{Until: n.Until, Reason: strings.TrimSpace(reason)})
	out.Request = &r
	return out, err
}

// ask writes down a request for grants of roles on a project to a user, and tells those who look after the project.
func (s *Service) ask(ctx context.Context, caller identity.Caller, grants []identity.Grant, t identity.Terms) (out Request, err error) {
	if err := inPerson(caller); err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		on := grants[0]
		if err := tx.LockAccount(ctx, on.User); err != nil {
			return err
		}
		if err := s.Assignment.CheckGrants(ctx, tx, caller, grants, t.Until, true); err != nil {
			return err
		}
		switch {
		case t.Reason == "":
			return identity.Invalidf("Somebody else must agree: say why.")
		case utf8.RuneCountInString(t.Reason) > maxReason:
			return identity.Invalidf("The reason may have %d characters at most.", maxReason)
		case !t.Until.IsZero() && !tx.Now().Before(t.Until):
			return identity.Invalidf("The end of a grant must be in the future.")
		}
		if err := limited(ctx, tx, requestsPerDay, aDay, "Enough was asked for on this project today. Please go on tomorrow.", "requests of", string(on.Project)); err != nil {
			return err
		}
		r := identity.GrantRequest{
			ID: tx.NewID(), UserID: on.User, ProjectID: on.Project, Until: t.Until, Reason: t.Reason, RequesterID: caller.UserID(), Scope: caller.Token.Scope,
			State: identity.RequestOpen, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(requestLife),
		}
		for _, g := range grants {
			r.Roles = append(r.Roles, g.Role)
		}
		if err := tx.InsertGrantRequest(ctx, r); err != nil {
			return err
		}
		all, err := s.requests(ctx, tx, []identity.GrantRequest{r})
		if err != nil {
			return err
		}
		out = all[0]
		if err := s.tellKeepers(ctx, tx, caller, out); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Done("grant_request", "created", r.ID).By(caller))
	})
	return out, err
}

func (r Request) values() mails.Values {
	v := mails.Values{Name: r.User, Project: r.Project, Roles: r.RoleNames, Words: r.Reason, Until: r.ExpiresAt, Link: "/p/" + string(r.ProjectID) + "/requests"}
	if !r.Until.IsZero() {
		v.Ends = &r.Until
	}
	return v
}

// tellKeepers sends a mail about a request to those who look after its project, but for who asks and who is to get something.
func (s *Service) tellKeepers(ctx context.Context, tx *store.Tx, caller identity.Caller, r Request) error {
	if !s.Mails() {
		return nil
	}
	p, err := tx.Project(ctx, r.ProjectID)
	if err != nil {
		return err
	}
	keepers, err := s.keepersOf(ctx, tx, p)
	if err != nil {
		return err
	}
	v := r.values()
	actor, _ := caller.Token.Actor()
	v.By = mails.Called(actor)
	for _, u := range keepers {
		if u.ID == r.RequesterID || u.ID == r.UserID {
			continue
		}
		if err := s.Office.Inform(ctx, tx, mails.GrantAsked, u, v); err != nil {
			return err
		}
	}
	return nil
}

// requests names what requests speak of.
func (s *Service) requests(ctx context.Context, tx *store.Tx, found []identity.GrantRequest) ([]Request, error) {
	var keys []store.Key
	for _, r := range found {
		keys = append(keys, store.Key{Kind: "project", ID: string(r.ProjectID)})
		for _, u := range []identity.UserID{r.UserID, r.RequesterID, r.DeciderID} {
			keys = append(keys, store.Key{Kind: "user", ID: string(u)})
		}
		for _, id := range r.Roles {
			keys = append(keys, store.Key{Kind: "role", ID: string(id)})
		}
	}
	labels, err := tx.Labels(ctx, keys)
	name := func(kind, id string) string { return labels[store.Key{Kind: kind, ID: id}].Name }
	all := make([]Request, len(found))
	for i, r := range found {
		all[i] = Request{
			GrantRequest: r, User: name("user", string(r.UserID)), Requester: name("user", string(r.RequesterID)), Decider: name("user", string(r.DeciderID)),
			Project: name("project", string(r.ProjectID)), Expired: r.State == identity.RequestOpen && !tx.Now().Before(r.ExpiresAt),
		}
		for _, id := range r.Roles {
			all[i].RoleNames = append(all[i].RoleNames, name("role", string(id)))
		}
		slices.Sort(all[i].RoleNames)
	}
	return all, err
}

// GrantRequests returns the newest requests for grants on a project to who may learn who has which role there
// (identity:list_role_assignments_for_tree).
func (s *Service) GrantRequests(ctx context.Context, caller identity.Caller, project identity.ProjectID) (all []Request, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.mayList(ctx, tx, caller, project); err != nil {
			return err
		}
		found, err := tx.GrantRequests(ctx, project, "", mostRequests)
		if err != nil {
			return err
		}
		all, err = s.requests(ctx, tx, found)
		return err
	})
	return all, err
}

// GrantRequestsTo is GrantRequests of a project that is named.
func (s *Service) GrantRequestsTo(ctx context.Context, caller identity.Caller, to assignment.Ref) (all []Request, err error) {
	var p identity.ProjectID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = assignment.ProjectNamed(ctx, tx, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.GrantRequests(ctx, caller, p)
}

// openRequest returns a request that can be answered, to who may see it.
func (s *Service) openRequest(ctx context.Context, tx *store.Tx, caller identity.Caller, id string) (r identity.GrantRequest, err error) {
	if r, err = tx.GrantRequest(ctx, id); err != nil {
		if isMissing(err) && !s.Authz.Allowed(ctx, caller, authz.ListRoleAssignments, nil) {
			err = identity.NotAllowed(string(authz.ListRoleAssignmentsForTree)) // as of one that they may not see
		}
		return r, err
	}
	if err := s.mayList(ctx, tx, caller, r.ProjectID); err != nil {
		return r, err
	}
	if r.State != identity.RequestOpen || !tx.Now().Before(r.ExpiresAt) {
		return r, errAnswered
	}
	return r, nil
}

var errAnswered = &identity.Error{Kind: identity.Conflict, Message: "The request has been answered or withdrawn, or it is too old."}

// decide lets do look into an open request that the caller may answer, and then writes what has become of it.
func (s *Service) decide(ctx context.Context, caller identity.Caller, id string, to identity.GrantRequestState, answer string, do func(*store.Tx, identity.GrantRequest) error) (out Request, err error) {
	if err := inPerson(caller); err != nil {
		return out, err
	}
	if answer = strings.TrimSpace(answer); utf8.RuneCountInString(answer) > maxReason {
		return out, identity.Invalidf("The reason may have %d characters at most.", maxReason)
	}
	var of identity.GrantRequest
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		of, err = tx.GrantRequest(ctx, id)
		return ignoreMissing(err)
	})
	if err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if of.UserID != "" { // before anything is read: nobody changes what they have meanwhile
			if err := tx.LockAccount(ctx, of.UserID); err != nil {
				return err
			}
		}
		r, err := s.openRequest(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := do(tx, r); err != nil {
			return err
		}
		r.State, r.DeciderID, r.DecidedAt, r.Answer = to, caller.UserID(), tx.Now(), answer
		if open, err := tx.DecideGrantRequest(ctx, r); err != nil || !open {
			return errors.Join(err, errAnswered)
		}
		all, err := s.requests(ctx, tx, []identity.GrantRequest{r})
		if err != nil {
			return err
		}
		out = all[0]
		if to != identity.RequestWithdrawn && s.Mails() {
			requester, err := tx.User(ctx, r.RequesterID)
			if err == nil {
				v := out.values()
				actor, _ := caller.Token.Actor()
				v.By, v.Words, v.Act = mails.Called(actor), answer, string(to)
				err = s.Office.Inform(ctx, tx, mails.GrantAnswered, requester, v)
			}
			if ignoreMissing(err) != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Done("grant_request", string(to), id).By(caller))
	})
	return out, err
}

// other refuses who may not answer a request since it is their own wish, or for themselves.
func other(caller identity.Caller, r identity.GrantRequest) error {
	if who := caller.UserID(); who == r.RequesterID || who == r.UserID || caller.StandsFor(r.RequesterID) || caller.StandsFor(r.UserID) {
		return identity.Refusedf("Somebody else must answer this: neither who asked nor who is to have it.")
	}
	return nil
}

// grantsOf are what a request asks for.
func grantsOf(r identity.GrantRequest) (all []identity.Grant) {
	for _, role := range r.Roles {
		all = append(all, identity.Grant{Role: role, User: r.UserID, Project: r.ProjectID})
	}
	return all
}

// Approve makes the grants of a request, by the rights that the caller holds now, if who asked for them could still make them with that
// agreement.
func (s *Service) Approve(ctx context.Context, caller identity.Caller, id string) (Request, error) {
	return s.decide(ctx, caller, id, identity.RequestApproved, "", func(tx *store.Tx, r identity.GrantRequest) error {
		if err := other(caller, r); err != nil {
			return err
		}
		t := identity.Terms{Until: r.Until, Reason: r.Reason, Source: identity.ByApproval}
		requester, err := s.Standing(ctx, tx, r.RequesterID, r.Scope)
		if err == nil {
			err = s.Assignment.CheckGrants(ctx, tx, requester, grantsOf(r), t.Until, true)
		}
		if errors.Is(err, identity.Unauthorized) || errors.Is(err, identity.Forbidden) {
			return identity.Refusedf("Who asked for this may not grant it any more, not even if somebody agrees.")
		} else if err != nil {
			return err
		}
		return s.Assignment.GrantAllIn(ctx, tx, caller, grantsOf(r), t)
	})
}

// Refuse answers a request with no, and says why. It takes the rights to agree.
func (s *Service) Refuse(ctx context.Context, caller identity.Caller, id, why string) (Request, error) {
	return s.decide(ctx, caller, id, identity.RequestRefused, why, func(tx *store.Tx, r identity.GrantRequest) error {
		if strings.TrimSpace(why) == "" {
			return identity.Invalidf("Say why.")
		}
		if err := other(caller, r); err != nil {
			return err
		}
		return s.Assignment.CheckGrants(ctx, tx, caller, grantsOf(r), r.Until, false)
	})
}

// Withdraw takes a request of the caller's own back.
func (s *Service) Withdraw(ctx context.Context, caller identity.Caller, id string) error {
	_, err := s.decide(ctx, caller, id, identity.RequestWithdrawn, "", func(_ *store.Tx, r identity.GrantRequest) error {
		if caller.UserID() != r.RequesterID {
			return identity.Refusedf("Only who asked can withdraw this. Refuse it instead.")
		}
		return nil
	})
	return err
}
