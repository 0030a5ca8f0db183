package membership

import (
	"context"
	"errors"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// OfferState tells whether an offer can be accepted, and if not why.
type OfferState string

// The states of an offer.
const (
	OfferOpen       OfferState = "open"
	OfferExpired    OfferState = "expired"
	OfferSuperseded OfferState = "superseded" // by a newer link
	OfferAccepted   OfferState = "accepted"
	OfferDeclined   OfferState = "declined"
	OfferCancelled  OfferState = "cancelled"
	OfferWaiting    OfferState = "waiting" // until somebody agrees to what it offers now
	OfferBlocked    OfferState = "blocked" // who sent it may not invite to that any more, or the project is disabled
)

// Offer is what the holder of an invitation's link may know of it.
type Offer struct {
	Listed
	State           OfferState
	Project, Domain string
	DomainID        identity.DomainID // of the project
	NewAccount      bool              // somebody without an account gets one
}

// Look tells what a link offers, and changes nothing. It is open to whoever has the link; one that is none, or is forgotten, is
// identity.NotFound.
func (s *Service) Look(ctx context.Context, secret string) (out Offer, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(ctx, toInvite, digest(secret))
		if err != nil {
			return err
		}
		v, err := tx.Invitation(ctx, identity.InvitationID(l.Subject))
		if err != nil {
			return err
		}
		all, err := listed(ctx, tx, []identity.Invitation{v})
		if err != nil {
			return err
		}
		about, err := describe(ctx, tx, v)
		if err != nil {
			return err
		}
		out = Offer{Listed: all[0], Project: about.Project, Domain: about.Domain}
		if inviter, err := tx.User(ctx, v.InviterID); err == nil {
			out.Inviter = mails.Called(inviter)
		} else if !isMissing(err) {
			return err
		}
		if out.State = stateOf(v, l, out.Ended); out.State != OfferOpen {
			return nil
		}
		inviter, _, p, err := s.authority(ctx, tx, v)
		if _, blocked := errors.AsType[*BlockedError](err); blocked {
			out.State = OfferBlocked
			return nil
		} else if err != nil {
			return err
		}
		out.NewAccount, out.DomainID = len(v.Areas) > 0 || s.Directory.MayCreateUser(ctx, inviter, p.DomainID), p.DomainID
		return nil
	})
	return out, err
}

func stateOf(v identity.Invitation, l identity.Link, ended bool) OfferState {
	switch {
	case v.State != identity.InvitationOpen:
		return OfferState(v.State)
	case v.Draft:
		return OfferWaiting
	case l.State != "":
		return OfferSuperseded
	case ended:
		return OfferExpired
	}
	return OfferOpen
}

// BlockedError says that an invitation cannot be accepted, for a reason that whoever invited is not told.
type BlockedError struct {
	Why string // for operators
	err error
}

func (e *BlockedError) Error() string { return e.err.Error() + ": " + e.Why }
func (e *BlockedError) Unwrap() error { return e.err }

func blocked(why string) error {
	return &BlockedError{why, &identity.Error{Kind: identity.Forbidden, Message: "This invitation cannot be accepted at present. Ask whoever sent it."}}
}

// authority is whoever sent an invitation, with the rights that they hold now, if these still suffice for all that it offers; and by whose
// rights that is granted: theirs, or those of whoever had to agree, who must still be able to do it alone.
func (s *Service) authority(ctx context.Context, tx *store.Tx, v identity.Invitation) (inviter, granter identity.Caller, p identity.Project, err error) {
	fail := func(err error) (identity.Caller, identity.Caller, identity.Project, error) {
		return inviter, granter, p, err
	}
	if p, err = tx.Project(ctx, v.ProjectID); isMissing(err) {
		return fail(blocked("the project is gone"))
	} else if err != nil {
		return fail(err)
	}
	d, err := tx.Domain(ctx, p.DomainID)
	if err != nil {
		return fail(err)
	}
	if !p.Enabled || !d.Enabled {
		return fail(blocked("the project or its domain is disabled"))
	}
	if err := s.mayInvite(ctx, tx, p.DomainID, v.Address); errors.Is(err, identity.Forbidden) {
		return fail(blocked("the rules of the domain do not allow it any more"))
	} else if err != nil {
		return fail(err)
	}
	if len(v.Areas) > 0 {
		inviter, err = s.sponsor(ctx, tx, v)
		return inviter, inviter, p, err
	}
	inviter, err = s.Standing(ctx, tx, v.InviterID, v.Scope)
	if errors.Is(err, identity.Unauthorized) {
		return fail(blocked("the inviter does not stand any more"))
	} else if err != nil {
		return fail(err)
	}
	if !v.Until.IsZero() && !tx.Now().Before(v.Until) {
		return fail(blocked("what it offers has ended"))
	}
	err = s.Assignment.CheckInvite(ctx, tx, inviter, p, v.Roles, v.Until, v.RequestID != "")
	if errors.Is(err, identity.Forbidden) || isMissing(err) {
		return fail(blocked("the inviter may not grant a role of it any more"))
	} else if err != nil {
		return fail(err)
	}
	if granter = inviter; v.RequestID != "" {
		granter, err = s.agreed(ctx, tx, p, v)
	}
	return inviter, granter, p, err
}

// agreed is whoever agreed to what an invitation offers, with the rights that they hold now, if these still suffice for it.
func (s *Service) agreed(ctx context.Context, tx *store.Tx, p identity.Project, v identity.Invitation) (who identity.Caller, err error) {
	r, err := tx.GrantRequest(ctx, v.RequestID)
	if isMissing(err) || err == nil && (r.State != identity.RequestApproved || v.Draft) {
		return who, blocked("nobody has agreed to it")
	} else if err != nil {
		return who, err
	}
	who, err = s.Standing(ctx, tx, r.DeciderID, r.DeciderScope)
	if err == nil {
		err = s.Assignment.CheckInvite(ctx, tx, who, p, v.Roles, v.Until, false)
	}
	if errors.Is(err, identity.Unauthorized) || errors.Is(err, identity.Forbidden) {
		return who, blocked("who agreed may not grant a role of it any more")
	}
	return who, err
}

// Accept makes the caller, who has an account, a member of the project. The account must have the address of the invitation.
func (s *Service) Accept(ctx context.Context, caller identity.Caller, secret string) (identity.Invitation, error) {
	if err := inPerson(caller); err != nil {
		return identity.Invitation{}, err
	}
	return s.accept(ctx, secret, func(tx *store.Tx, v identity.Invitation, _ identity.Caller, _ identity.Project) (identity.User, error) {
		u, err := tx.User(ctx, caller.UserID())
		if err != nil {
			return u, err
		}
		if !strings.EqualFold(emailOf(u), v.Address) {
			return u, identity.Refusedf("This invitation is for %s, and you are signed in as %s.", v.Address, mails.Called(u))
		}
		return u, nil
	})
}

// ErrHasAccount says that whoever reads an invitation has an account already, with which they should accept.
var ErrHasAccount = &identity.Error{Kind: identity.Conflict, Message: "There is an account with this address already. Sign in to accept."}

// AcceptNew makes an account in the project's domain, and that a member of the project. The link is the proof: it came to the
// address. The inviter must be allowed to make users there (identity:create_user).
func (s *Service) AcceptNew(ctx context.Context, secret, name, pw string) (v identity.Invitation, u identity.User, err error) {
	o, err := s.Look(ctx, secret)
	if err != nil {
		return v, u, err
	} else if o.State != OfferOpen {
		return o.Invitation, u, gone(o.State)
	}
	if strings.TrimSpace(name) == "" {
		return v, u, identity.Invalidf("Choose a name.")
	}
	chosen, err := s.Directory.Choose(ctx, o.DomainID, "", pw)
	if err != nil {
		return v, u, err
	}
	v, err = s.accept(ctx, secret, func(tx *store.Tx, v identity.Invitation, inviter identity.Caller, p identity.Project) (identity.User, error) {
		there, err := tx.UsersByAddress(ctx, p.DomainID, v.Address)
		if err != nil {
			return u, err
		}
		for _, other := range there {
			if !s.Directory.Enabled(other, tx.Now()) {
				return u, blocked("an account with this address is disabled")
			}
		}
		if len(there) > 0 {
			return u, ErrHasAccount
		}
		u = identity.User{DomainID: p.DomainID, Name: name, Enabled: true, DefaultProjectID: p.ID, Extra: identity.Extra{"email": v.Address}}
		if len(v.Areas) > 0 { // by the right to let people into the portal, and so for that alone
			u.DefaultProjectID, u.Surface = "", identity.Surface{NoAPI: true}
			u, err = s.Directory.InsertIn(ctx, tx, inviter, u, chosen)
			return u, err
		}
		u, err = s.Directory.CreateIn(ctx, tx, inviter, u, chosen)
		return u, err
	})
	return v, u, err
}

func gone(state OfferState) error {
	return identity.Failf(identity.Gone, "The invitation cannot be accepted: it is %s.", identity.Word(state))
}

// accept uses the link up, and grants what the invitation offers to whom who says, by the rights that its inviter holds now. If
// it is blocked, the link stays, and the invitation says why to operators.
func (s *Service) accept(ctx context.Context, secret string,
	who func(*store.Tx, identity.Invitation, identity.Caller, identity.Project) (identity.User, error)) (v identity.Invitation, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if v, err = s.take(ctx, tx, secret); err != nil {
			return err
		}
		return s.fulfil(ctx, tx, &v, who)
	})
	return v, s.noted(ctx, v, err)
}

// noted is an error of fulfil. If that is what blocks an invitation, it is written down for operators.
func (s *Service) noted(ctx context.Context, v identity.Invitation, err error) error {
	if b, ok := errors.AsType[*BlockedError](err); ok {
		return errors.Join(err, s.note(ctx, v.ID, b.Why))
	}
	return err
}

// fulfil grants what an invitation offers to whom who says, by the rights that its inviter holds now, and closes it.
func (s *Service) fulfil(ctx context.Context, tx *store.Tx, v *identity.Invitation,
	who func(*store.Tx, identity.Invitation, identity.Caller, identity.Project) (identity.User, error)) error {
	inviter, granter, p, err := s.authority(ctx, tx, *v)
	if err != nil {
		return err
	}
	u, err := who(tx, *v, inviter, p)
	if err != nil {
		return err
	}
	if !s.Directory.Enabled(u, tx.Now()) {
		return blocked("the account is disabled") // and stays so
	}
	if len(v.Areas) > 0 {
		if err := s.admit(ctx, tx, *v, u); err != nil {
			return err
		}
	}
	var grants []identity.Grant
	for _, r := range v.Roles {
		grants = append(grants, identity.Grant{Role: r, User: u.ID, Project: v.ProjectID})
	}
	if v.RequestID != "" {
		if u.ID == granter.UserID() {
			return blocked("who accepts it is who agreed to it")
		}
		err := s.Assignment.CheckGrants(ctx, tx, inviter, grants, v.Until, true)
		if errors.Is(err, identity.Forbidden) {
			return blocked("the inviter may not grant a role of it to this account")
		} else if err != nil {
			return err
		}
	}
	for _, g := range grants {
		err := s.Assignment.GrantIn(ctx, tx, granter, g, identity.Terms{Until: v.Until, Source: identity.ByInvitation})
		if errors.Is(err, identity.Forbidden) || isMissing(err) {
			return blocked("the inviter, or who agreed, may not grant a role of it to this account")
		} else if err != nil {
			return err
		}
	}
	v.UserID, v.Problem = u.ID, ""
	if err := s.close(ctx, tx, v, identity.InvitationAccepted); err != nil {
		return err
	}
	if err := s.tellInviter(ctx, tx, mails.Accepted, *v, u.Name); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Updated("invitation", v.ID).By(identity.Caller{Token: &identity.Token{User: u}}))
}

// linked is the invitation that a link belongs to, which must be in a state.
func linked(ctx context.Context, tx *store.Tx, secret string, in OfferState) (v identity.Invitation, err error) {
	l, err := tx.Link(ctx, toInvite, digest(secret))
	if err != nil {
		return v, err
	}
	if v, err = tx.Invitation(ctx, identity.InvitationID(l.Subject)); err != nil {
		return v, err
	}
	if state := stateOf(v, l, !tx.Now().Before(v.ExpiresAt)); state != in {
		return v, gone(state)
	}
	return v, nil
}

// take uses up the link of an invitation that can be answered.
func (s *Service) take(ctx context.Context, tx *store.Tx, secret string) (v identity.Invitation, err error) {
	if v, err = linked(ctx, tx, secret, OfferOpen); err != nil {
		return v, err
	}
	used, err := tx.UseLink(ctx, toInvite, digest(secret))
	if err == nil && !used {
		err = gone(OfferSuperseded)
	}
	return v, err
}

// note writes down why an invitation is blocked.
func (s *Service) note(ctx context.Context, id identity.InvitationID, why string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Invitation(ctx, id)
		if err != nil {
			return err
		}
		v.Problem = why
		_, err = tx.PutInvitation(ctx, v)
		return err
	})
}

// tellInviter sends a mail to who sent an invitation, in the language of that.
func (s *Service) tellInviter(ctx context.Context, tx *store.Tx, kind mails.Kind, v identity.Invitation, name string) error {
	inviter, err := tx.User(ctx, v.InviterID)
	if err != nil {
		return ignoreMissing(err)
	}
	o, err := describe(ctx, tx, v)
	if err != nil {
		return err
	}
	o.Address, o.Name = v.Address, name
	switch kind {
	case mails.Asked:
		o.Link = "/p/" + string(v.ProjectID) + "/invitations"
	case mails.Instead:
		o.Link = "/p/" + string(v.ProjectID) + "/invitations/" + string(v.ID) + "/instead"
	}
	return s.Office.Inform(ctx, tx, kind, inviter, o)
}

// Decline answers an invitation with no, for good. It is open to whoever has the link.
func (s *Service) Decline(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := s.take(ctx, tx, secret)
		if err != nil {
			return err
		}
		if err := s.close(ctx, tx, &v, identity.InvitationDeclined); err != nil {
			return err
		}
		if err := s.tellInviter(ctx, tx, mails.Declined, v, ""); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("invitation", v.ID))
	})
}

// AskInstead tells who sent an invitation that the caller, whose account has another address, wants to accept it, once a day at most. They
// answer by ApproveInstead or RefuseInstead.
func (s *Service) AskInstead(ctx context.Context, caller identity.Caller, secret string) error {
	if err := inPerson(caller); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := linked(ctx, tx, secret, OfferOpen)
		if err != nil {
			return err
		}
		u, err := tx.User(ctx, caller.UserID())
		if err != nil {
			return err
		}
		if err := limited(ctx, tx, 1, aDay, "They were told already.", "ask instead", string(v.ID)); err != nil {
			return err
		}
		v.AskerID = u.ID
		if err := put(ctx, tx, v); err != nil {
			return err
		}
		return s.tellInviter(ctx, tx, mails.Instead, v, mails.Called(u))
	})
}

// ApproveInstead lets somebody accept an invitation who has its link and asked to do so with an account of another address: they get at once
// what it offers. Who approves must be allowed to invite them to it, as for Resend.
func (s *Service) ApproveInstead(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID, asker identity.UserID) (v identity.Invitation, err error) {
	if err := inPerson(caller); err != nil {
		return v, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if v, err = s.askedBy(ctx, tx, caller, project, id, asker); err != nil {
			return err
		}
		o, err := s.offer(ctx, tx, caller, project, Draft{Roles: v.Roles, Areas: v.Areas, Until: v.Until, Words: v.Words, Language: v.Language})
		switch {
		case err != nil:
			return err
		case !tx.Now().Before(v.ExpiresAt):
			return gone(OfferExpired)
		case o.asks && (v.RequestID == "" || caller.UserID() != v.InviterID):
			return identity.Refusedf("Somebody else must agree again: change the invitation, and say why.")
		}
		v.InviterID, v.Scope = o.InviterID, o.Scope
		return s.fulfil(ctx, tx, &v, func(tx *store.Tx, _ identity.Invitation, _ identity.Caller, p identity.Project) (identity.User, error) {
			u, err := tx.User(ctx, asker)
			if err != nil {
				return u, err
			}
			return u, s.mayInvite(ctx, tx, p.DomainID, emailOf(u))
		})
	})
	return v, s.noted(ctx, v, err)
}

// RefuseInstead leaves an invitation to the address that it was sent to.
func (s *Service) RefuseInstead(ctx context.Context, caller identity.Caller, project identity.ProjectID, id identity.InvitationID, asker identity.UserID) error {
	if err := inPerson(caller); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := s.askedBy(ctx, tx, caller, project, id, asker)
		if err != nil {
			return err
		}
		v.AskerID = ""
		if err := put(ctx, tx, v); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("invitation", v.ID).By(caller))
	})
}

// askedBy is an open invitation that somebody asked to accept with an account of another address, for who may change it.
func (s *Service) askedBy(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, id identity.InvitationID, asker identity.UserID) (identity.Invitation, error) {
	v, err := s.open(ctx, tx, caller, project, id)
	if err == nil {
		err = s.mayTouch(ctx, tx, caller, v)
	}
	if err == nil && (v.AskerID == "" || v.AskerID != asker) {
		err = identity.Missing("user", asker)
	}
	return v, err
}

// AskAgain tells who sent an invitation that has expired that a new one is wanted, once a day at most. It is open to whoever has
// the link.
func (s *Service) AskAgain(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := linked(ctx, tx, secret, OfferExpired)
		if err != nil {
			return err
		}
		if err := limited(ctx, tx, 1, aDay, "They were told already.", "ask again", string(v.ID)); err != nil {
			return err
		}
		return s.tellInviter(ctx, tx, mails.Asked, v, "")
	})
}
