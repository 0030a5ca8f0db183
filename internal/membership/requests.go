package membership

import (
	"cmp"
	"context"
	"errors"
	"maps"
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

// A grant to which a grant rule wants somebody else to agree becomes a request, and so do taking one back, an invitation that offers one and
// a membership of a group that confers one. Whoever agrees must be able to do it without anybody's agreement, and be neither who asked nor
// who gets or loses it; and who asked must still be able to do it but for the agreement. All of that is asked in the transaction that does
// it, and for an invitation again when somebody accepts. To let a grant last longer is to ask anew.

const (
	requestLife    = 7 * 24 * time.Hour
	requestsPerDay = 50 // for one project or domain
	mostRequests   = 200
	maxReason      = 255 // characters
)

// ErrSayWhy says that something takes somebody else's agreement, and that it was not said why they should agree.
var ErrSayWhy = &identity.Error{Kind: identity.BadRequest, Message: "Somebody else must agree: say why."}

// Request is a request with the names of what it speaks of.
type Request struct {
	identity.GrantRequest
	For, Group, Requester, Decider string // For is the user, the group or the address that is to have something; Group is one to join
	Place                          string // the project or domain
	RoleNames                      []string
	Expired                        bool // nobody answered in time
}

// Standing is what has become of a request.
func (r Request) Standing() string {
	if r.Expired {
		return "expired"
	}
	return string(r.State)
}

// Granted is what came of a wish for grants, or for them to be taken back: some were, some are asked for, some wait for a second factor.
type Granted struct {
	Grants  []identity.Grant
	Request *Request         // nil when nobody has to agree
	Waiting []identity.Grant // see GrantOnceFactor
}

// Grant grants roles that are named, all or none, or asks for them where a rule wants somebody else to agree.
func (s *Service) Grant(ctx context.Context, caller identity.Caller, n assignment.NamedGrant, reason string) (out Granted, err error) {
	var grants []identity.Grant
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		grants, err = s.Assignment.Find(ctx, tx, caller, n)
		return err
	})
	if err != nil {
		return out, err
	}
	return s.GrantAll(ctx, caller, grants, n.Until, reason)
}

// GrantAll makes grants to one user or group at one place as assignment.Service.CreateGrants does, or asks for them where a rule wants
// somebody else to agree.
func (s *Service) GrantAll(ctx context.Context, caller identity.Caller, grants []identity.Grant, until time.Time, reason string) (out Granted, err error) {
	err = s.Assignment.CreateGrants(ctx, caller, grants, identity.Terms{Until: until, Source: identity.ByHand})
	if !asks(err) {
		return Granted{Grants: grants}, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := assignment.Lock(ctx, tx, grants[0]); err != nil {
			return err
		}
		r, err := s.askGrants(ctx, tx, caller, grants, identity.GrantRequest{Until: until, Reason: reason})
		out.Request = &r
		return err
	})
	return out, err
}

// RevokeNamed takes roles that are named back, all or none, or asks for that where a rule wants somebody else to agree.
func (s *Service) RevokeNamed(ctx context.Context, caller identity.Caller, n assignment.NamedGrant, reason string) (out Granted, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out.Grants, err = s.Assignment.Find(ctx, tx, caller, n)
		return err
	})
	if err != nil {
		return out, err
	}
	if out.Request, err = s.RevokeAll(ctx, caller, out.Grants, reason); out.Request != nil {
		out.Grants = nil
	}
	return out, err
}

// RevokeAll takes grants to one user or group at one place back as assignment.Service.RevokeGrants does, or asks for that where a rule wants
// somebody else to agree.
func (s *Service) RevokeAll(ctx context.Context, caller identity.Caller, grants []identity.Grant, reason string) (asked *Request, err error) {
	if err = s.Assignment.RevokeGrants(ctx, caller, grants); !asks(err) {
		return nil, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := assignment.Lock(ctx, tx, grants[0]); err != nil {
			return err
		}
		r, err := s.askGrants(ctx, tx, caller, grants, identity.GrantRequest{Revoke: true, Reason: reason})
		asked = &r
		return err
	})
	return asked, err
}

// asks tells whether an act was refused only because somebody else must agree to it.
func asks(err error) bool {
	_, needs := errors.AsType[*authz.NeedsAnswerError](err)
	return needs
}

// askGrants asks for grants to one user or group at one place, whom the transaction has locked, or to take them back, as a request says that
// has no more than that yet.
func (s *Service) askGrants(ctx context.Context, tx *store.Tx, caller identity.Caller, grants []identity.Grant, r identity.GrantRequest) (Request, error) {
	g := grants[0]
	r.UserID, r.GroupID, r.ProjectID, r.DomainID, r.Inherited = g.User, g.Group, g.Project, g.Domain, g.Inherited
	for _, g := range grants {
		r.Roles = append(r.Roles, g.Role)
	}
	if err := s.could(ctx, tx, caller, r, true); err != nil {
		return Request{}, err
	}
	out, err := s.ask(ctx, tx, caller, r)
	if err != nil {
		return out, err
	}
	return out, s.tellApprovers(ctx, tx, caller, out)
}

// SetRoles makes some roles those that a user was granted on a project as assignment.Service.SetRoles does. What of it somebody else must
// agree to is asked for, what is to be granted apart from what is to be taken back, and stays as it is until they do; the rest is done.
func (s *Service) SetRoles(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, before, after []identity.RoleID,
	ends map[identity.RoleID]time.Time, reason string) (asked []Request, err error) {
	if err = s.Assignment.SetRoles(ctx, caller, project, user, before, after, ends, nil); !asks(err) {
		return nil, err
	}
	var wanted, back []identity.Grant
	var until time.Time
	rest, kept := []identity.RoleID{}, maps.Clone(ends)
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		for _, role := range after {
			end, said := ends[role]
			held := slices.Contains(before, role)
			if !held || said {
				g := identity.Grant{Role: role, User: user, Project: project}
				if asks(s.Assignment.CheckGrants(ctx, tx, caller, []identity.Grant{g}, end, false)) {
					if len(wanted) > 0 && !end.Equal(until) {
						return identity.Invalidf("All roles to which somebody else must agree need the same end.")
					}
					wanted, until = append(wanted, g), end
					delete(kept, role)
					if !held {
						continue
					}
				}
			}
			rest = append(rest, role)
		}
		for _, role := range before {
			g := identity.Grant{Role: role, User: user, Project: project}
			if !slices.Contains(after, role) && asks(s.Assignment.CheckRevokes(ctx, tx, caller, []identity.Grant{g}, false)) {
				rest, back = append(rest, role), append(back, g)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.Assignment.SetRoles(ctx, caller, project, user, before, rest, kept, func(tx *store.Tx) error {
		asked = nil
		for _, wish := range []struct {
			grants []identity.Grant
			identity.GrantRequest
		}{{wanted, identity.GrantRequest{Until: until, Reason: reason}}, {back, identity.GrantRequest{Revoke: true, Reason: reason}}} {
			if len(wish.grants) == 0 {
				continue
			}
			r, err := s.askGrants(ctx, tx, caller, wish.grants, wish.GrantRequest)
			if err != nil {
				return err
			}
			asked = append(asked, r)
		}
		return nil
	})
	return asked, err
}

// Dismiss takes back all roles that a user was granted on a project and that the caller may take, and asks for those to which somebody else
// must agree, all of it or none. What the caller may not take even then stays.
func (s *Service) Dismiss(ctx context.Context, caller identity.Caller, project identity.ProjectID, user identity.UserID, reason string) (out Granted, err error) {
	all, _, err := s.Assignment.Departures(ctx, caller, project, []identity.UserID{user})
	if err != nil {
		return out, err
	}
	if len(all) == 0 {
		return out, identity.Missing("user", user)
	}
	var keep []identity.RoleID
	granted := all[0].Granted()
	for _, r := range granted {
		switch {
		case slices.Contains(all[0].Revocable, r):
			out.Grants = append(out.Grants, identity.Grant{Role: r, User: user, Project: project})
		case !slices.Contains(all[0].Askable, r):
			keep = append(keep, r)
		}
	}
	if len(keep) == len(granted) {
		return out, identity.Refusedf("There is nothing that you may take back.")
	}
	asked, err := s.SetRoles(ctx, caller, project, user, granted, keep, nil, reason)
	if len(asked) > 0 {
		out.Request = &asked[0]
	}
	return out, err
}

// DismissNamed is Dismiss by names.
func (s *Service) DismissNamed(ctx context.Context, caller identity.Caller, user, project assignment.Ref, reason string) (out Granted, err error) {
	var g identity.Grant
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if g.User, err = s.Assignment.UserNamed(ctx, tx, caller, user); err != nil {
			return err
		}
		g.Project, err = assignment.ProjectNamed(ctx, tx, project)
		return err
	})
	if err != nil {
		return out, err
	}
	return s.Dismiss(ctx, caller, g.Project, g.User, reason)
}

// Join brings a user into a group as directory.Service.AddToGroup does, or asks for it where a rule wants somebody else to agree.
func (s *Service) Join(ctx context.Context, caller identity.Caller, user identity.UserID, group identity.GroupID, reason string) (asked *Request, err error) {
	if err = s.Directory.AddToGroup(ctx, caller, user, group); !asks(err) {
		return nil, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, user); err != nil {
			return err
		}
		if err := s.Directory.CheckAddToGroup(ctx, tx, caller, user, group, true); err != nil {
			return err
		}
		g, err := tx.Group(ctx, group)
		if err != nil {
			return err
		}
		r, err := s.ask(ctx, tx, caller, identity.GrantRequest{UserID: user, GroupID: group, DomainID: g.DomainID, Reason: reason})
		if err != nil {
			return err
		}
		asked = &r
		return s.tellApprovers(ctx, tx, caller, r)
	})
	return asked, err
}

// JoinNamed is Join by names.
func (s *Service) JoinNamed(ctx context.Context, caller identity.Caller, user, group assignment.Ref, reason string) (out Granted, err error) {
	g, err := s.memberNamed(ctx, caller, user, group)
	if err != nil {
		return out, err
	}
	if out.Request, err = s.Join(ctx, caller, g.User, g.Group, reason); out.Request == nil {
		out.Grants = []identity.Grant{g}
	}
	return out, err
}

// LeaveNamed takes a user out of a group, both named, as directory.Service.RemoveFromGroup does.
func (s *Service) LeaveNamed(ctx context.Context, caller identity.Caller, user, group assignment.Ref) error {
	g, err := s.memberNamed(ctx, caller, user, group)
	if err != nil {
		return err
	}
	return s.Directory.RemoveFromGroup(ctx, caller, g.User, g.Group)
}

func (s *Service) memberNamed(ctx context.Context, caller identity.Caller, user, group assignment.Ref) (g identity.Grant, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if g.User, err = s.Assignment.UserNamed(ctx, tx, caller, user); err != nil {
			return err
		}
		g.Group, err = assignment.GroupNamed(ctx, tx, group)
		return err
	})
	return g, err
}

// ask writes down a request by a caller who may do what it asks for if somebody else agrees. Its id is made unless it has one.
func (s *Service) ask(ctx context.Context, tx *store.Tx, caller identity.Caller, r identity.GrantRequest) (out Request, err error) {
	if err := inPerson(caller); err != nil {
		return out, err
	}
	switch r.Reason = strings.TrimSpace(r.Reason); {
	case r.Reason == "":
		return out, ErrSayWhy
	case utf8.RuneCountInString(r.Reason) > maxReason:
		return out, identity.Invalidf("The reason may have %d characters at most.", maxReason)
	case !r.Until.IsZero() && !tx.Now().Before(r.Until):
		return out, identity.Invalidf("The end of a grant must be in the future.")
	}
	if err := limited(ctx, tx, requestsPerDay, aDay, "Enough was asked for here today. Please go on tomorrow.", "requests of", string(r.On())); err != nil {
		return out, err
	}
	if r.ID == "" {
		r.ID = tx.NewID()
	}
	r.RequesterID, r.Scope, r.State = caller.UserID(), caller.Token.Scope, identity.RequestOpen
	r.CreatedAt, r.ExpiresAt = tx.Now(), tx.Now().Add(requestLife)
	if err := tx.InsertGrantRequest(ctx, r); err != nil {
		return out, err
	}
	all, err := s.requests(ctx, tx, []identity.GrantRequest{r})
	if err != nil {
		return out, err
	}
	return all[0], tx.Record(ctx, identity.Done("grant_request", "created", r.ID).By(caller))
}

func (r Request) values() mails.Values {
	v := mails.Values{Name: r.For, Group: r.Group, Project: r.Place, Roles: r.RoleNames, Words: r.Reason, Until: r.ExpiresAt, Link: "/p/" + string(r.ProjectID) + "/requests"}
	if r.DomainID != "" {
		v.Project, v.Domain, v.Link = "", r.Place, "/d/"+string(r.DomainID)+"/requests"
	}
	switch {
	case r.Joins():
		v.Asked = "join"
	case r.InvitationID != "":
		v.Asked = "invite"
	case r.Revoke && r.Inherited:
		v.Asked = "revoke-below"
	case r.Revoke:
		v.Asked = "revoke"
	case r.Inherited:
		v.Asked = "below"
	}
	switch {
	case r.New:
		v.Act = "new"
	case r.OnceFactor:
		v.Act = "once"
	}
	if !r.Until.IsZero() {
		v.Ends = &r.Until
	}
	return v
}

// tellApprovers sends a mail about requests for the same at one place to each of those who could agree to one of them: on the project or
// domain itself; where nobody can who gets mails, in the project's domain; and else to those who may grant every role.
func (s *Service) tellApprovers(ctx context.Context, tx *store.Tx, caller identity.Caller, rs ...Request) error {
	v := rs[0].values()
	actor, _ := caller.Token.Actor()
	v.By = mails.Called(actor)
	for _, more := range rs[1:] {
		v.Name += ", " + more.For
	}
	all, err := s.approvers(ctx, tx, rs)
	for _, u := range all {
		if err := s.Office.Inform(ctx, tx, mails.GrantAsked, u, v); err != nil {
			return err
		}
	}
	return err
}

// approvers are the users who hear of it and could agree to one of some requests for the same at one place now, see tellApprovers.
func (s *Service) approvers(ctx context.Context, tx *store.Tx, rs []Request) (all []identity.User, err error) {
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return nil, err
	}
	p, err := tx.Project(ctx, rs[0].On())
	for ; err == nil; p, err = tx.Project(ctx, identity.ProjectID(p.DomainID)) {
		scope := identity.OnProject(p.ID)
		if p.IsDomain {
			scope = identity.OnDomain(identity.DomainID(p.ID))
		}
		some, err := s.holders(ctx, tx, p, true, granting(b, s.Authz.Keepers(b, p.IsDomain), scope))
		if err != nil {
			return nil, err
		}
		for _, u := range some {
			who, err := s.Standing(ctx, tx, u.ID, scope)
			if errors.Is(err, identity.Unauthorized) || !s.hears(u) {
				continue
			} else if err != nil {
				return nil, err
			}
			who.ConfirmedAt = tx.Now() // as they will, where a rule asks for that
			if could, err := s.agrees(ctx, tx, who, false, rs); err != nil {
				return nil, err
			} else if could {
				all = append(all, u)
			}
		}
		if len(all) > 0 {
			return all, nil
		}
		if p.IsDomain {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	masters, err := s.masters(ctx, tx, b)
	for _, u := range masters {
		if could, err := s.agrees(ctx, tx, identity.Caller{Token: &identity.Token{User: u}}, true, rs); err != nil {
			return nil, err
		} else if could {
			all = append(all, u)
		}
	}
	return all, err
}

// agrees tells whether somebody could agree to one of some requests; a master, who may grant every role, needs only be impartial.
func (s *Service) agrees(ctx context.Context, tx *store.Tx, who identity.Caller, master bool, rs []Request) (bool, error) {
	for _, r := range rs {
		err := s.impartial(ctx, tx, who, r.GrantRequest)
		if err == nil && !master {
			err = s.could(ctx, tx, who, r.GrantRequest, false)
		}
		if err == nil || !errors.Is(err, identity.Forbidden) {
			return err == nil, err
		}
	}
	return false, nil
}

// granting are the roles whose holders may be able to agree to something on a scope: those who look after it, and whom a rule lets grant
// a role, or take one back, by themselves.
func granting(b *authz.Book, keepers identity.TierRoles, scope identity.Scope) []identity.RoleID {
	able := slices.Concat(keepers.Project, keepers.Domain)
	for _, g := range b.Rules {
		if g.HolderTier == identity.TierOf(scope) && (g.Grant || g.Revoke) && !g.NeedsAnswer {
			able = append(able, g.Holder)
		}
	}
	return slices.DeleteFunc(slices.Collect(maps.Keys(b.Roles)), func(id identity.RoleID) bool {
		return !slices.ContainsFunc(b.Expand(id), func(has identity.RoleID) bool { return slices.Contains(able, has) })
	})
}

// requests names what requests speak of.
func (s *Service) requests(ctx context.Context, tx *store.Tx, found []identity.GrantRequest) ([]Request, error) {
	var keys []store.Key
	for _, r := range found {
		keys = append(keys, store.Key{Kind: "project", ID: string(r.On())}, store.Key{Kind: "group", ID: string(r.GroupID)})
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
		group := name("group", string(r.GroupID))
		all[i] = Request{
			GrantRequest: r, For: cmp.Or(r.Address, name("user", string(r.UserID)), group), Requester: name("user", string(r.RequesterID)), Decider: name("user", string(r.DeciderID)),
			Place: name("project", string(r.On())), Expired: r.State == identity.RequestOpen && !tx.Now().Before(r.ExpiresAt),
		}
		if r.Joins() {
			all[i].Group = group
		}
		for _, id := range r.Roles {
			all[i].RoleNames = append(all[i].RoleNames, name("role", string(id)))
		}
		slices.Sort(all[i].RoleNames)
	}
	return all, err
}

// seesRequests refuses who may not learn who has which role on a project (identity:list_role_assignments_for_tree) or in a domain
// (identity:list_role_assignments), unless a grant rule lets them change it.
func (s *Service) seesRequests(ctx context.Context, tx *store.Tx, caller identity.Caller, on identity.ProjectID) error {
	p, err := tx.Project(ctx, on)
	if err != nil || !p.IsDomain {
		return s.mayList(ctx, tx, caller, on)
	}
	refused := s.Assignment.CheckListIn(ctx, caller, identity.DomainID(on))
	if refused == nil {
		return nil
	}
	manages, err := s.Authority.Manages(ctx, tx, caller, on)
	if err == nil && !manages {
		err = refused
	}
	return err
}

// GrantRequests returns the newest requests for what somebody is to have on a project, or on what acts as a domain or in it, to who may learn
// who has which role there; to others those that they made themselves, if there are any. With those on a project come the caller's own for
// people to join a group that has roles there: these are requests in the domain of the group.
func (s *Service) GrantRequests(ctx context.Context, caller identity.Caller, on identity.ProjectID) (all []Request, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		requester := identity.UserID("")
		refused := s.seesRequests(ctx, tx, caller, on)
		if refused != nil {
			if requester = caller.UserID(); !errors.Is(refused, identity.Forbidden) || requester == "" {
				return refused
			}
		}
		found, err := tx.GrantRequests(ctx, on, requester, mostRequests)
		if err != nil {
			return err
		}
		joins, err := s.joinsAsked(ctx, tx, caller.UserID(), on)
		if err != nil {
			return err
		}
		if found = append(found, joins...); refused != nil && len(found) == 0 {
			return refused
		}
		slices.SortStableFunc(found, func(a, b identity.GrantRequest) int { return b.CreatedAt.Compare(a.CreatedAt) })
		all, err = s.requests(ctx, tx, found)
		return err
	})
	return all, err
}

// joinsAsked returns what somebody asked for elsewhere, of people who are to join groups with roles on a project.
func (s *Service) joinsAsked(ctx context.Context, tx *store.Tx, requester identity.UserID, on identity.ProjectID) ([]identity.GrantRequest, error) {
	grants, err := tx.GroupsOnto(ctx, on)
	if err != nil {
		return nil, err
	}
	asked, err := tx.GrantRequestsBy(ctx, requester, mostRequests)
	return slices.DeleteFunc(asked, func(r identity.GrantRequest) bool {
		return !r.Joins() || r.On() == on || !slices.ContainsFunc(grants, func(g store.GroupGrant) bool { return g.Group == r.GroupID })
	}), err
}

// GrantRequestsTo is GrantRequests of a project that is named, or of a domain if there is none.
func (s *Service) GrantRequestsTo(ctx context.Context, caller identity.Caller, to assignment.Ref) (all []Request, err error) {
	var on identity.ProjectID
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if to.ID == "" && to.Name == "" {
			d, err := assignment.DomainNamed(ctx, tx, to.Domain)
			on = identity.ProjectID(d)
			return err
		}
		on, err = assignment.ProjectNamed(ctx, tx, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.GrantRequests(ctx, caller, on)
}

// openRequest returns a request that can be answered, to who may see it: who made it and who could answer it, too.
func (s *Service) openRequest(ctx context.Context, tx *store.Tx, caller identity.Caller, id string) (r identity.GrantRequest, err error) {
	if r, err = tx.GrantRequest(ctx, id); err != nil {
		if isMissing(err) && !s.Authz.Allowed(ctx, caller, authz.ListRoleAssignments, nil) {
			err = identity.NotAllowed(string(authz.ListRoleAssignmentsForTree)) // as of one that they may not see
		}
		return r, err
	}
	err = s.seesRequests(ctx, tx, caller, r.On())
	if errors.Is(err, identity.Forbidden) && (caller.UserID() == r.RequesterID || r.State == identity.RequestOpen && s.could(ctx, tx, caller, r, false) == nil) {
		err = nil
	}
	if err != nil {
		return r, err
	}
	if r.State != identity.RequestOpen || !tx.Now().Before(r.ExpiresAt) {
		return r, errAnswered
	}
	return r, nil
}

var errAnswered = &identity.Error{Kind: identity.Conflict, Message: "The request has been answered or withdrawn, or it is too old."}

// could refuses who may not do what a request asks for; with agreed, not even if somebody else agrees.
func (s *Service) could(ctx context.Context, tx *store.Tx, caller identity.Caller, r identity.GrantRequest, agreed bool) error {
	switch {
	case r.InvitationID != "":
		p, err := tx.Project(ctx, r.ProjectID)
		if err != nil {
			return err
		}
		return s.Assignment.CheckInvite(ctx, tx, caller, p, r.Roles, r.Until, agreed)
	case r.Joins():
		return s.Directory.CheckAddToGroup(ctx, tx, caller, r.UserID, r.GroupID, agreed)
	case r.Revoke:
		return s.Assignment.CheckRevokes(ctx, tx, caller, r.Grants(), agreed)
	}
	return s.Assignment.CheckGrants(ctx, tx, caller, r.Grants(), r.Until, agreed)
}

// decide lets do look into an open request that the caller may answer, and then writes what has become of it.
func (s *Service) decide(ctx context.Context, caller identity.Caller, id string, to identity.GrantRequestState, answer string, do func(*store.Tx, *identity.GrantRequest) error) (out Request, err error) {
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
		// Before anything is read: nobody changes what they have meanwhile.
		if of.UserID != "" {
			if err := tx.LockAccount(ctx, of.UserID); err != nil {
				return err
			}
		}
		if of.GroupID != "" {
			if err := tx.LockGroup(ctx, of.GroupID); err != nil {
				return err
			}
		}
		r, err := s.openRequest(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		r.State, r.DeciderID, r.DeciderScope, r.DecidedAt, r.Answer = to, caller.UserID(), caller.Token.Scope, tx.Now(), answer
		if open, err := tx.DecideGrantRequest(ctx, r); err != nil || !open {
			return errors.Join(err, errAnswered)
		}
		if err := do(tx, &r); err != nil {
			return err
		}
		all, err := s.requests(ctx, tx, []identity.GrantRequest{r})
		if err != nil {
			return err
		}
		out = all[0]
		if to != identity.RequestWithdrawn {
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
	self, _ := caller.Token.Actor()
	theirs := caller.UserID() == r.RequesterID || caller.StandsFor(r.RequesterID) || r.Address != "" && strings.EqualFold(emailOf(self), r.Address)
	if theirs || r.UserID != "" && (caller.UserID() == r.UserID || caller.StandsFor(r.UserID)) {
		return identity.Refusedf("Somebody else must answer this: neither who asked nor who is to have it.")
	}
	return nil
}

// Approve does what a request asks for, by the rights that the caller holds now, if who asked could still do it with that agreement. An
// invitation is sent; who accepts it gets what it offers by the rights of both, as they are then.
func (s *Service) Approve(ctx context.Context, caller identity.Caller, id string) (Request, error) {
	return s.decide(ctx, caller, id, identity.RequestApproved, "", func(tx *store.Tx, r *identity.GrantRequest) error {
		if err := s.impartial(ctx, tx, caller, *r); err != nil {
			return err
		}
		requester, err := s.Standing(ctx, tx, r.RequesterID, r.Scope)
		if err == nil {
			err = s.could(ctx, tx, requester, *r, true)
		}
		if errors.Is(err, identity.Unauthorized) || errors.Is(err, identity.Forbidden) {
			return identity.Refusedf("Who asked for this may not do it any more, not even if somebody agrees.")
		} else if err != nil {
			return err
		}
		switch {
		case r.InvitationID != "":
			if err := s.could(ctx, tx, caller, *r, false); err != nil {
				return err
			}
			return s.sendDraft(ctx, tx, requester, *r)
		case r.Joins():
			return s.Directory.AddToGroupIn(ctx, tx, caller, r.UserID, r.GroupID)
		case r.Revoke:
			return s.Assignment.RevokeAllIn(ctx, tx, caller, r.Grants())
		case r.OnceFactor:
			u, err := tx.User(ctx, r.UserID)
			if err != nil {
				return err
			}
			if factored, err := s.Credential.Factored(ctx, tx, u); err != nil || !factored {
				if err == nil {
					err = s.could(ctx, tx, caller, *r, false)
				}
				if err != nil {
					return err
				}
				return s.await(ctx, tx, caller, r.Grants(), identity.WaitingGrant{
					GranterID: r.RequesterID, Scope: r.Scope, AgreerID: r.DeciderID, AgreerScope: r.DeciderScope, Until: r.Until, Reason: r.Reason,
				})
			}
		}
		return s.Assignment.GrantAllIn(ctx, tx, caller, r.Grants(), identity.Terms{Until: r.Until, Reason: r.Reason, Source: identity.ByApproval})
	})
}

// impartial refuses who may not agree to a request: see other; and who would get what it asks for by being in its group.
func (s *Service) impartial(ctx context.Context, tx *store.Tx, caller identity.Caller, r identity.GrantRequest) error {
	if err := other(caller, r); err != nil || r.GroupID == "" || r.Joins() {
		return err
	}
	in, err := tx.InGroup(ctx, caller.UserID(), r.GroupID)
	if err == nil && in {
		err = identity.Refusedf("Somebody else must answer this: you are in the group that is to have it.")
	}
	return err
}

// Refuse answers a request with no, and says why. It takes the rights to agree.
func (s *Service) Refuse(ctx context.Context, caller identity.Caller, id, why string) (Request, error) {
	return s.decide(ctx, caller, id, identity.RequestRefused, why, func(tx *store.Tx, r *identity.GrantRequest) error {
		if strings.TrimSpace(why) == "" {
			return identity.Invalidf("Say why.")
		}
		if err := other(caller, *r); err != nil {
			return err
		}
		if err := s.could(ctx, tx, caller, *r, false); err != nil {
			return err
		}
		return s.dropDraft(ctx, tx, caller, *r)
	})
}

// Withdraw takes a request of the caller's own back.
func (s *Service) Withdraw(ctx context.Context, caller identity.Caller, id string) error {
	_, err := s.decide(ctx, caller, id, identity.RequestWithdrawn, "", func(tx *store.Tx, r *identity.GrantRequest) error {
		if caller.UserID() != r.RequesterID {
			return identity.Refusedf("Only who asked can withdraw this. Refuse it instead.")
		}
		return s.dropDraft(ctx, tx, caller, *r)
	})
	return err
}
