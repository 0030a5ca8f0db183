package membership

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

const (
	highLife = aDay // of an invitation to a role of high impact, at most

	// Limits. Those by address count over all projects, and whether somebody has it or not.
	invitesPerProject, invitesPerAddress = 50, 5
	invitesAtOnce, nextInviteAfter       = 10, aDay / invitesPerProject // of a project
	resendAfter, maxSends                = 5 * time.Minute, 6

	maxInvited, maxWords = 50, 500
)

const aDay = 24 * time.Hour

// Draft is what an invitation offers, and how.
type Draft struct {
	Roles    []identity.RoleID
	Areas    []identity.Area // of the project's pages, in place of roles: see PortalUser
	Until    time.Time       // when the grants are to end; zero for never
	Words    string          // of the inviter to the invited
	Language string
	Reason   string // for whoever must agree, if somebody else must
}

// Sent is an invitation that was made, changed or sent again.
type Sent struct {
	identity.Invitation
	Again bool // there was an open one, which was changed

	// Asked is the request for what it offers, where somebody else must agree before it is sent.
	Asked *Request

	// Secret opens the invitation. It is told only where no mail is sent.
	Secret string
}

// Invite invites people to a project, all or none of them. Whoever has an open invitation there has that one changed. The
// caller must be allowed to grant the roles (identity:create_grant), now and again when somebody accepts. Where a rule wants somebody else
// to agree to them, the invitations are drafts until they do.
func (s *Service) Invite(ctx context.Context, caller identity.Caller, project identity.ProjectID, addresses []string, d Draft) (all []Sent, err error) {
	if err := inPerson(caller); err != nil {
		return nil, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		all = nil
		o, err := s.offer(ctx, tx, caller, project, d)
		if err != nil {
			return err
		}
		if len(addresses) == 0 || len(addresses) > maxInvited {
			return identity.Invalidf("Invite between one and %d people at a time.", maxInvited)
		}
		seen := map[string]bool{}
		for _, text := range addresses {
			address, err := Address(text)
			if err != nil {
				return err
			}
			if seen[strings.ToLower(address)] {
				continue
			}
			seen[strings.ToLower(address)] = true
			sent, err := s.inviteOne(ctx, tx, o, address, d.Reason)
			if err != nil {
				return err
			}
			all = append(all, sent)
		}
		return s.tellAsked(ctx, tx, caller, all...)
	})
	return all, err
}

// tellAsked tells those who can agree to invitations that wait for that, by one mail.
func (s *Service) tellAsked(ctx context.Context, tx *store.Tx, caller identity.Caller, all ...Sent) error {
	var asked []Request
	for _, one := range all {
		if one.Asked != nil {
			asked = append(asked, *one.Asked)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	return s.tellApprovers(ctx, tx, caller, asked...)
}

// offer is an invitation before it has an address, and what its mail needs.
type offer struct {
	identity.Invitation
	domain identity.DomainID // of the project
	by     identity.Caller
	values mails.Values
	asks   bool // somebody else must agree
}

// offer makes sure that the caller may offer what a draft says.
func (s *Service) offer(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, d Draft) (o offer, err error) {
	var p identity.Project
	rules, err := tx.ProjectRules(ctx, project)
	if err != nil {
		return o, err
	}
	if len(d.Areas) > 0 {
		o.values.Act = "areas"
		p, o.values.Roles, err = s.offerAreas(ctx, tx, caller, project, d)
	} else {
		p, o.values.Roles, err = s.offerRoles(ctx, tx, caller, project, rules, &d)
		if o.asks = asks(err); o.asks {
			err = s.Assignment.CheckInvite(ctx, tx, caller, p, d.Roles, d.Until, true)
		}
	}
	switch {
	case err != nil:
		return o, err
	case utf8.RuneCountInString(d.Words) > maxWords:
		return o, identity.Invalidf("The message may have %d characters at most.", maxWords)
	case linkLike.MatchString(d.Words):
		return o, identity.Invalidf("The message may not hold links: mails that do are taken for fraud.")
	}
	domain, err := tx.Domain(ctx, p.DomainID)
	if err != nil {
		return o, err
	}
	actor, _ := caller.Token.Actor()
	o.by, o.domain = caller, p.DomainID
	o.values.By, o.values.Project, o.values.Domain, o.values.Words, o.values.Request = mails.Called(actor), p.Name, domain.Name, d.Words, requestID(ctx)
	if !d.Until.IsZero() {
		o.values.Ends = &d.Until
	}
	life, err := s.inviteLife(ctx, tx, rules, d.Roles)
	if err != nil {
		return o, err
	}
	o.Invitation = identity.Invitation{
		ProjectID: p.ID, Roles: d.Roles, Areas: d.Areas, Until: d.Until, Words: d.Words, Language: mails.Language(d.Language), InviterID: actor.ID, Scope: caller.Token.Scope,
		State: identity.InvitationOpen, CreatedAt: tx.Now(), SentAt: tx.Now(), ExpiresAt: tx.Now().Add(life), Sends: 1,
	}
	return o, nil
}

// inviteLife is how long an invitation to some roles can be accepted.
func (s *Service) inviteLife(ctx context.Context, tx *store.Tx, r identity.ProjectRules, roles []identity.RoleID) (time.Duration, error) {
	life := s.longest(r)
	if len(roles) == 0 {
		return life, nil
	}
	b, err := s.Authority.Book(ctx, tx)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(b.Expand(roles...), func(id identity.RoleID) bool { return s.Authz.High(b, id) }) {
		return min(life, highLife), nil
	}
	return life, nil
}

// offerRoles returns a project and the names of the roles on it that a draft offers, if the caller may invite to them. Roles without an
// end get one where the project wants that.
func (s *Service) offerRoles(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, r identity.ProjectRules, d *Draft) (p identity.Project, roles []string, err error) {
	p, missing := tx.Project(ctx, project)
	if missing != nil && !isMissing(missing) {
		return p, nil, missing
	}
	may, err := s.Assignment.Invitable(ctx, tx, caller, p)
	if err != nil {
		return p, nil, err
	}
	switch {
	case len(may) == 0:
		return p, nil, identity.NotAllowed("identity:create_grant")
	case missing != nil:
		return p, nil, missing
	case p.IsDomain:
		return p, nil, identity.Missing("project", project)
	case len(d.Roles) == 0:
		return p, nil, identity.Invalidf("Choose at least one role.")
	}
	if roles, err = names(may, d.Roles); err != nil {
		return p, nil, err
	}
	if !d.Until.IsZero() && !tx.Now().Before(d.Until) {
		return p, nil, identity.Invalidf("The end of a grant must be in the future.")
	}
	if last := tx.Now().UTC().Truncate(aDay).AddDate(0, 0, r.AccessDays+1); r.AccessDays > 0 && d.Until.IsZero() {
		d.Until = last
	} else if r.AccessDays > 0 && d.Until.After(last) {
		return p, nil, identity.Invalidf("What an invitation to this project gives lasts %d days at most.", r.AccessDays)
	}
	return p, roles, s.Assignment.CheckInvite(ctx, tx, caller, p, d.Roles, d.Until, false)
}

// linkLike is what mail programs could make a link of.
var linkLike = regexp.MustCompile(`(?i)://|www\.|\pL\.\pL{2,}`)

// names are those of roles, all of which must be among some.
func names(among []assignment.Offer, ids []identity.RoleID) (all []string, err error) {
	for _, id := range ids {
		i := slices.IndexFunc(among, func(o assignment.Offer) bool { return o.ID == id })
		if i < 0 {
			return nil, identity.NotAllowed("identity:create_grant")
		}
		all = append(all, among[i].Name)
	}
	slices.Sort(all)
	return all, nil
}

// mayInvite refuses an address that the rules of a domain keep from being invited to its projects.
func (s *Service) mayInvite(ctx context.Context, tx *store.Tx, domain identity.DomainID, address string) error {
	r, err := tx.DomainRules(ctx, domain)
	switch {
	case err != nil:
		return err
	case r.NoInvitations:
		return identity.Refusedf("Nobody is invited to the projects of this domain.")
	case !r.AllowsAddress(address):
		return identity.Refusedf("%s cannot be invited: this domain allows addresses in %s alone.", address, strings.Join(r.MailDomains, ", "))
	}
	return nil
}

// AlreadyThereError refuses to invite somebody whom the inviter sees among the people of the project. Of all others an inviter learns
// nothing. 6.4
type AlreadyThereError struct {
	User identity.UserID
	err  error
}

func (e *AlreadyThereError) Error() string { return e.err.Error() }
func (e *AlreadyThereError) Unwrap() error { return e.err }

// newHere refuses an address of somebody whom the inviter sees among the people of the project.
func (s *Service) newHere(ctx context.Context, tx *store.Tx, o offer, address string) error {
	p, err := tx.Project(ctx, o.ProjectID)
	if err != nil {
		return err
	}
	some, err := tx.UsersByAddress(ctx, "", address)
	if err != nil {
		return err
	}
	u, shown, err := s.Assignment.ShownAmong(ctx, tx, o.by, p, some)
	if err == nil && shown {
		err = &AlreadyThereError{u.ID, identity.Failf(identity.Conflict, "%s is the address of %s, who has roles on this project: change those instead.", address, u.Name)}
	}
	return err
}

func (s *Service) inviteOne(ctx context.Context, tx *store.Tx, o offer, address, reason string) (sent Sent, err error) {
	if err := s.mayInvite(ctx, tx, o.domain, address); err != nil {
		return sent, err
	}
	if len(o.Areas) == 0 {
		if err := s.newHere(ctx, tx, o, address); err != nil {
			return sent, err
		}
	}
	old, err := tx.OpenInvitation(ctx, o.ProjectID, address)
	if err == nil {
		return s.change(ctx, tx, o, old, reason)
	} else if !isMissing(err) {
		return sent, err
	}
	if err := limited(ctx, tx, invitesPerProject, aDay, "This project has sent as many invitations as it may in a day.", "invite to", string(o.ProjectID)); err != nil {
		return sent, err
	}
	if wait, err := tx.Pace(ctx, invitesAtOnce, nextInviteAfter, "invite to", string(o.ProjectID)); err != nil {
		return sent, err
	} else if wait > 0 {
		const many = "A project may send %d invitations at once, and one more every half hour. Send fewer, or wait."
		return sent, &identity.Error{Kind: identity.TooManyRequests, RetryAfter: wait, Message: fmt.Sprintf(many, invitesAtOnce), Format: many, Args: []any{invitesAtOnce}}
	}
	if err := limited(ctx, tx, invitesPerAddress, aDay, "This address was invited as often as it may be in a day.", "invite", strings.ToLower(address)); err != nil {
		return sent, err
	}
	sent.Invitation = o.Invitation
	sent.ID, sent.Address = identity.InvitationID(tx.NewID()), address
	if o.asks {
		sent.Sends = 0
		err = s.askFor(ctx, tx, o, &sent, reason)
	} else {
		err = s.send(ctx, tx, o, &sent)
	}
	if err != nil {
		return sent, err
	}
	if err := tx.InsertInvitation(ctx, sent.Invitation); err != nil {
		return sent, err
	}
	return sent, tx.Record(ctx, identity.Created("invitation", sent.ID).By(o.by))
}

// askFor makes an invitation a draft, which nobody can accept, and asks for what it offers.
func (s *Service) askFor(ctx context.Context, tx *store.Tx, o offer, sent *Sent, reason string) error {
	sent.RequestID, sent.Draft = tx.NewID(), true
	if err := tx.EndLinks(ctx, toInvite, string(sent.ID)); err != nil {
		return err
	}
	if err := tx.DeleteMail(ctx, sent.MailID); err != nil {
		return err
	}
	sent.MailID = ""
	r, err := s.ask(ctx, tx, o.by, identity.GrantRequest{
		ID: sent.RequestID, InvitationID: sent.ID, Address: sent.Address, ProjectID: sent.ProjectID, Roles: sent.Roles, Until: sent.Until, Reason: reason,
	})
	sent.Asked = &r
	return err
}

// unask withdraws the request for what an invitation offers, if nobody has answered it.
func (s *Service) unask(ctx context.Context, tx *store.Tx, by identity.Caller, v identity.Invitation) error {
	if !v.Draft {
		return nil
	}
	r, err := tx.GrantRequest(ctx, v.RequestID)
	if err != nil {
		return ignoreMissing(err)
	}
	r.State, r.DeciderID = identity.RequestWithdrawn, by.UserID()
	if open, err := tx.DecideGrantRequest(ctx, r); err != nil || !open {
		return err
	}
	return tx.Record(ctx, identity.Done("grant_request", string(r.State), r.ID).By(by))
}

// sendDraft sends an invitation to what somebody has agreed to. Where no mail is sent, its inviter gets the link by sending it again.
func (s *Service) sendDraft(ctx context.Context, tx *store.Tx, inviter identity.Caller, r identity.GrantRequest) error {
	v, err := draftOf(ctx, tx, r)
	if err != nil {
		return err
	}
	o, err := s.offer(ctx, tx, inviter, v.ProjectID, Draft{Roles: v.Roles, Until: v.Until, Words: v.Words, Language: v.Language})
	if err != nil {
		return err
	}
	if err := s.mayInvite(ctx, tx, o.domain, v.Address); err != nil {
		return err
	}
	sent := Sent{Invitation: v}
	sent.Until = o.Until
	sent.Draft, sent.SentAt, sent.ExpiresAt, sent.Sends = false, tx.Now(), o.ExpiresAt, sent.Sends+1
	if s.Mails() {
		if err := s.send(ctx, tx, o, &sent); err != nil {
			return err
		}
	}
	return put(ctx, tx, sent.Invitation)
}

// dropDraft ends the invitation that a request is for, if it is for one.
func (s *Service) dropDraft(ctx context.Context, tx *store.Tx, by identity.Caller, r identity.GrantRequest) error {
	if r.InvitationID == "" {
		return nil
	}
	v, err := draftOf(ctx, tx, r)
	if err != nil {
		return ignoreMissing(err)
	}
	if err := s.close(ctx, tx, &v, identity.InvitationCancelled); err != nil {
		return err
	}
	return s.tellGone(ctx, tx, by, v)
}

// tellGone tells somebody that an invitation was withdrawn, if they have heard of it.
func (s *Service) tellGone(ctx context.Context, tx *store.Tx, by identity.Caller, v identity.Invitation) error {
	if !s.Mails() || v.Waits || v.Draft && v.Sends == 0 {
		return nil
	}
	o, err := describe(ctx, tx, v)
	if err != nil {
		return err
	}
	actor, _ := by.Token.Actor()
	o.To, o.By, o.Request = v.Address, mails.Called(actor), requestID(ctx)
	_, err = s.Office.Post(ctx, tx, mails.InviteGone, v.Language, o)
	return err
}

// draftOf is the invitation that waits for the answer to a request.
func draftOf(ctx context.Context, tx *store.Tx, r identity.GrantRequest) (identity.Invitation, error) {
	v, err := tx.Invitation(ctx, r.InvitationID)
	if err == nil && (v.State != identity.InvitationOpen || !v.Draft || v.RequestID != r.ID) {
		err = identity.Missing("invitation", r.InvitationID)
	}
	return v, err
}

// send makes a new link for an invitation, and its mail.
func (s *Service) send(ctx context.Context, tx *store.Tx, o offer, sent *Sent) error {
	secret, err := s.link(ctx, tx, toInvite, string(sent.ID), "", sent.ExpiresAt)
	if err != nil {
		return err
	}
	if !s.Mails() {
		sent.Secret = secret
		return nil
	}
	v := o.values
	v.To, v.Link, v.Until = sent.Address, "/invite/"+secret, sent.ExpiresAt
	if v.Code, err = s.mailed(ctx, tx, v.To, secret, v.Until); err != nil {
		return err
	}
	if err := tx.DeleteMail(ctx, sent.MailID); err != nil { // what still waits holds an old link
		return err
	}
	sent.MailID, err = s.Office.Post(ctx, tx, mails.Invite, sent.Language, v)
	return err
}

// change makes an open invitation offer something else, by the rights of who changes it. Its link stays, unless it has
// ended or cannot be told again, or somebody else must agree: then it is a draft, and nobody can accept it.
func (s *Service) change(ctx context.Context, tx *store.Tx, o offer, old identity.Invitation, reason string) (sent Sent, err error) {
	if err := s.mayTouch(ctx, tx, o.by, old); err != nil {
		return sent, err
	}
	if (len(old.Areas) > 0) != (len(o.Areas) > 0) {
		return sent, identity.Conflictf("invitation", "%s has one already, to something else: withdraw that first", old.Address)
	}
	sent = Sent{Invitation: o.Invitation, Again: true}
	sent.ID, sent.Address, sent.CreatedAt, sent.SentAt, sent.Sends, sent.MailID = old.ID, old.Address, old.CreatedAt, old.SentAt, old.Sends, old.MailID
	if err := s.unask(ctx, tx, o.by, old); err != nil {
		return sent, err
	}
	ended := !tx.Now().Before(old.ExpiresAt)
	if o.asks {
		if err := s.askFor(ctx, tx, o, &sent, reason); err != nil {
			return sent, err
		}
	} else if ended || old.Waits || old.Bounced || old.Draft || !s.Mails() {
		if err := s.resendable(tx, &sent, ended); err != nil {
			return sent, err
		}
		if err := s.send(ctx, tx, o, &sent); err != nil {
			return sent, err
		}
	} else {
		if sent.ExpiresAt.After(old.ExpiresAt) {
			sent.ExpiresAt = old.ExpiresAt
		}
		v := o.values
		v.To, v.Until = sent.Address, sent.ExpiresAt
		if _, err := s.Office.Post(ctx, tx, mails.InviteChanged, sent.Language, v); err != nil {
			return sent, err
		}
	}
	if err := put(ctx, tx, sent.Invitation); err != nil {
		return sent, err
	}
	return sent, tx.Record(ctx, identity.Updated("invitation", sent.ID).By(o.by))
}

// resendable counts a sending, and refuses one too many. One that has ended begins anew.
func (s *Service) resendable(tx *store.Tx, sent *Sent, ended bool) error {
	now := tx.Now()
	if ended {
		sent.Sends = 0
	}
	if s.Mails() && !ended && !sent.Waits && sent.Sends >= maxSends {
		return &identity.Error{Kind: identity.TooManyRequests, Message: "This invitation was sent as often as it may be.", RetryAfter: sent.ExpiresAt.Sub(now)}
	}
	sent.SentAt, sent.Sends = now, sent.Sends+1
	return nil
}

// put writes an invitation that was open, and fails with Gone when it is not any more.
func put(ctx context.Context, tx *store.Tx, v identity.Invitation) error {
	open, err := tx.PutInvitation(ctx, v)
	if err == nil && !open {
		err = &identity.Error{Kind: identity.Gone, Message: "The invitation has been answered or withdrawn."}
	}
	return err
}

// mayTouch lets through who may take away what an invitation offers, and who sent it. Roles that are gone offer nothing.
func (s *Service) mayTouch(ctx context.Context, tx *store.Tx, caller identity.Caller, v identity.Invitation) error {
	if caller.UserID() == v.InviterID {
		return nil
	}
	if len(v.Areas) > 0 {
		_, err := s.letsInto(ctx, tx, caller, v.ProjectID, v.Areas)
		return err
	}
	p, err := tx.Project(ctx, v.ProjectID)
	if err != nil {
		return err
	}
	return s.Assignment.CheckRevoke(ctx, tx, caller, p, v.Roles)
}

// open returns an invitation to a project that nobody has answered, of one that the caller may see.
func (s *Service) open(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, id identity.InvitationID) (v identity.Invitation, err error) {
	refused := s.mayList(ctx, tx, caller, project)
	if refused != nil && !errors.Is(refused, identity.Forbidden) {
		return v, refused
	}
	v, err = tx.Invitation(ctx, id)
	if refused != nil {
		if isMissing(err) || err == nil && (v.ProjectID != project || len(v.Areas) == 0) {
			return identity.Invitation{}, refused
		} else if err == nil {
			_, _, err = s.opens(ctx, tx, caller, project)
		}
	}
	if err == nil && (v.ProjectID != project || v.State != identity.InvitationOpen) {
		err = identity.Missing("invitation", id)
	}
	return v, err
}

func (s *Service) mayList(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID) error {
	p, err := tx.Project(ctx, project)
	if err != nil && !isMissing(err) {
		return err
	}
	sees, failed := s.Assignment.SeesPeople(ctx, tx, caller, p)
	if failed != nil {
		return failed
	}
	if !sees {
		return identity.NotAllowed("identity:list_role_assignments_for_tree")
	}
	return err
}

// Listed is an invitation with the names of what it speaks of.
type Listed struct {
	identity.Invitation
	RoleNames []string
	Inviter   string
	Ended     bool // nobody can accept it any more

	// Asker is who asked to accept it with an account of another address; empty for nobody, and for who is gone.
	Asker string
}

// Unsent tells whether an invitation is a draft that nobody has heard of.
func (l Listed) Unsent() bool { return l.Draft && l.Sends == 0 }

// Invitations are the open ones to a project.
type Invitations struct {
	Project identity.Project
	Items   []Listed
	All     int // how many there are, on all pages
	More    bool
	Offers  []assignment.Offer // that the caller may invite to
}

// Invitations returns a page of the open invitations to a project, for who may learn who has which role there
// (identity:list_role_assignments_for_tree).
func (s *Service) Invitations(ctx context.Context, caller identity.Caller, project identity.ProjectID, f store.InvitationFilter) (out Invitations, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.mayList(ctx, tx, caller, project); err != nil {
			return err
		}
		if out.Project, err = tx.Project(ctx, project); err != nil {
			return err
		}
		page, all, err := tx.Invitations(ctx, project, f)
		if err != nil {
			return err
		}
		if out.Offers, err = s.Assignment.Invitable(ctx, tx, caller, out.Project); err != nil {
			return err
		}
		out.All, out.More = all, page.More
		out.Items, err = listed(ctx, tx, page.Items)
		return err
	})
	return out, err
}

// InDomain is an invitation with the name of its project.
type InDomain struct {
	Listed
	Project string
}

// InvitationsIn returns a page of the open invitations to the projects of a domain, for who may learn who has which role in it
// (identity:list_role_assignments).
func (s *Service) InvitationsIn(ctx context.Context, caller identity.Caller, domain identity.DomainID, text string, q identity.Query) (page identity.Page[InDomain], err error) {
	if err := s.Assignment.CheckListIn(ctx, caller, domain); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		found, err := tx.InvitationsIn(ctx, domain, text, q)
		if err != nil {
			return err
		}
		all, err := listed(ctx, tx, found.Items)
		if err != nil {
			return err
		}
		page.More = found.More
		page.Items, err = inDomain(ctx, tx, all)
		return err
	})
	return page, err
}

// mostOwn is how many invitations somebody is told of.
const mostOwn = 20

// OwnInvitations returns the open invitations to the caller's address, if they have shown that it is theirs: by a link that was sent to it
// when they took it, or by the one of an invitation that they accepted. An address that somebody else wrote down shows nothing. They are
// accepted by the link in the mail alone.
func (s *Service) OwnInvitations(ctx context.Context, caller identity.Caller) (all []InDomain, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all = nil
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil || emailOf(u) == "" {
			return err
		}
		proved, err := s.hasProved(ctx, tx, u)
		if err != nil || !proved {
			return err
		}
		found, err := tx.InvitationsTo(ctx, emailOf(u), mostOwn)
		if err != nil {
			return err
		}
		named, err := listed(ctx, tx, slices.DeleteFunc(found, func(v identity.Invitation) bool { return v.Draft }))
		if err != nil {
			return err
		}
		all, err = inDomain(ctx, tx, named)
		return err
	})
	return all, err
}

// hasProved tells whether a user has shown that their address is theirs.
func (s *Service) hasProved(ctx context.Context, tx *store.Tx, u identity.User) (bool, error) {
	origins, err := tx.Origins(ctx, u.ID)
	if err != nil {
		return false, err
	}
	// Who changes their own account as an administrator does it with the rights of a scope, and proves nothing.
	if o, noted := origins[identity.Address]; noted && o.SetterID == u.ID && o.Scope == (identity.Scope{}) {
		return true, nil
	}
	return tx.AcceptedAt(ctx, u.ID, emailOf(u))
}

// inDomain adds the names of the projects.
func inDomain(ctx context.Context, tx *store.Tx, all []Listed) ([]InDomain, error) {
	keys := make([]store.Key, len(all))
	for i, l := range all {
		keys[i] = store.Key{Kind: "project", ID: string(l.ProjectID)}
	}
	labels, err := tx.Labels(ctx, keys)
	out := make([]InDomain, len(all))
	for i, l := range all {
		out[i] = InDomain{l, labels[keys[i]].Name}
	}
	return out, err
}

// Invitation returns an open invitation to a project, for who may list them.
func (s *Service) Invitation(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID) (l Listed, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		v, err := s.open(ctx, tx, caller, project, id)
		if err != nil {
			return err
		}
		all, err := listed(ctx, tx, []identity.Invitation{v})
		if err != nil {
			return err
		}
		if l = all[0]; l.Asker != "" {
			u, err := tx.User(ctx, v.AskerID)
			if err != nil {
				return err
			}
			l.Asker = mails.Called(u)
		}
		return nil
	})
	return l, err
}

func listed(ctx context.Context, tx *store.Tx, found []identity.Invitation) ([]Listed, error) {
	var keys []store.Key
	for _, v := range found {
		keys = append(keys, store.Key{Kind: "user", ID: string(v.InviterID)})
		if v.AskerID != "" {
			keys = append(keys, store.Key{Kind: "user", ID: string(v.AskerID)})
		}
		for _, r := range v.Roles {
			keys = append(keys, store.Key{Kind: "role", ID: string(r)})
		}
	}
	labels, err := tx.Labels(ctx, keys)
	if err != nil {
		return nil, err
	}
	all := make([]Listed, len(found))
	for i, v := range found {
		all[i] = Listed{
			Invitation: v, Ended: !tx.Now().Before(v.ExpiresAt), Inviter: labels[store.Key{Kind: "user", ID: string(v.InviterID)}].Name,
			Asker: labels[store.Key{Kind: "user", ID: string(v.AskerID)}].Name,
		}
		for _, r := range v.Roles {
			if name := labels[store.Key{Kind: "role", ID: string(r)}].Name; name != "" {
				all[i].RoleNames = append(all[i].RoleNames, name)
			}
		}
		slices.Sort(all[i].RoleNames)
	}
	return all, nil
}

// Change makes an open invitation offer other roles. Who changes it is its inviter from then on.
func (s *Service) Change(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID, d Draft) (sent Sent, err error) {
	if err := inPerson(caller); err != nil {
		return sent, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.open(ctx, tx, caller, project, id)
		if err != nil {
			return err
		}
		if d.Language == "" {
			d.Language = old.Language
		}
		o, err := s.offer(ctx, tx, caller, project, d)
		if err != nil {
			return err
		}
		if sent, err = s.change(ctx, tx, o, old, d.Reason); err != nil {
			return err
		}
		return s.tellAsked(ctx, tx, caller, sent)
	})
	return sent, err
}

// Resend sends an open invitation again, with a new link: the old one opens nothing any more. Who resends it is its inviter
// from then on, and must be allowed to grant what it offers.
func (s *Service) Resend(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID) (sent Sent, err error) {
	if err := inPerson(caller); err != nil {
		return sent, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := s.open(ctx, tx, caller, project, id)
		if err != nil {
			return err
		}
		o, err := s.offer(ctx, tx, caller, project, Draft{Roles: old.Roles, Areas: old.Areas, Until: old.Until, Words: old.Words, Language: old.Language})
		if err != nil {
			return err
		}
		if err := s.mayTouch(ctx, tx, caller, old); err != nil {
			return err
		}
		ended := !tx.Now().Before(old.ExpiresAt)
		switch agreed := old.RequestID != "" && !old.Draft && !ended && caller.UserID() == old.InviterID; {
		case old.Draft:
			return identity.Conflictf("invitation", "it is sent once somebody else has agreed to what it offers")
		case o.asks && !agreed:
			return identity.Refusedf("Somebody else must agree again: change the invitation, and say why.")
		case o.asks: // what was agreed to lasts no longer
			o.RequestID, o.ExpiresAt = old.RequestID, old.ExpiresAt
		}
		if wait := old.SentAt.Add(resendAfter).Sub(tx.Now()); wait > 0 && s.Mails() && !old.Bounced && !ended {
			return &identity.Error{Kind: identity.TooManyRequests, Message: "This invitation was sent only just now. Wait a few minutes.", RetryAfter: wait}
		}
		sent = Sent{Invitation: o.Invitation, Again: true}
		sent.ID, sent.Address, sent.CreatedAt, sent.Sends, sent.MailID = old.ID, old.Address, old.CreatedAt, old.Sends, old.MailID
		if err := s.resendable(tx, &sent, ended); err != nil {
			return err
		}
		if err := s.send(ctx, tx, o, &sent); err != nil {
			return err
		}
		if err := put(ctx, tx, sent.Invitation); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("invitation", sent.ID).By(caller))
	})
	return sent, err
}

// Cancel withdraws an open invitation.
func (s *Service) Cancel(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID) error {
	if err := inPerson(caller); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := s.open(ctx, tx, caller, project, id)
		if err != nil {
			return err
		}
		if err := s.mayTouch(ctx, tx, caller, v); err != nil {
			return err
		}
		if err := s.unask(ctx, tx, caller, v); err != nil {
			return err
		}
		if err := s.close(ctx, tx, &v, identity.InvitationCancelled); err != nil {
			return err
		}
		if s.Mails() {
			if err := tx.DeleteMail(ctx, v.MailID); err != nil {
				return err
			}
			if err := s.tellGone(ctx, tx, caller, v); err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Deleted("invitation", v.ID).By(caller))
	})
}

// close ends an open invitation, and its links.
func (s *Service) close(ctx context.Context, tx *store.Tx, v *identity.Invitation, state identity.InvitationState) error {
	v.State, v.DecidedAt = state, tx.Now()
	if err := tx.EndLinks(ctx, toInvite, string(v.ID)); err != nil {
		return err
	}
	return put(ctx, tx, *v)
}

// describe are the names of what an invitation speaks of, as far as these are there.
func describe(ctx context.Context, tx *store.Tx, v identity.Invitation) (out mails.Values, err error) {
	p, err := tx.Project(ctx, v.ProjectID)
	if err != nil {
		return out, ignoreMissing(err)
	}
	out.Project = p.Name
	d, err := tx.Domain(ctx, p.DomainID)
	out.Domain = d.Name
	return out, ignoreMissing(err)
}

func ignoreMissing(err error) error {
	if errors.Is(err, identity.NotFound) {
		return nil
	}
	return err
}
