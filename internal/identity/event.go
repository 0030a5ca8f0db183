package identity

import "time"

// Event is a decision or a change that others may want to hear of. It says what happened to what, in which outcome, and
// who asked for it. It holds no secrets.
//
// Rooms make one with Created, Updated, Deleted and so on, and record it in the transaction of the change. Fields that
// the room does not know, from ID on, are filled in there.
type Event struct {
	Resource  string `json:"resource"`            // "user", "OS-TRUST:trust", "role_assignment"; "authenticate" for a login
	Operation string `json:"operation,omitempty"` // created, updated or deleted; none for a login
	Target    string `json:"target,omitempty"`    // the id of what was changed
	Failed    bool   `json:"failed,omitempty"`

	// Reason says why a login failed, or a password was not changed; nil where Keystone gives none.
	Reason *EventReason `json:"reason,omitempty"`

	// Member is who was added to a group or removed from it, and which of the two it was.
	Member          UserID `json:"member,omitempty"`
	MemberOperation string `json:"member_operation,omitempty"`

	// Grant is what a grant tied together.
	Grant *Grant `json:"grant,omitempty"`

	// PasswordHash tells guesses of one password from guesses of many ([security_compliance] report_invalid_password_hash).
	PasswordHash string `json:"password_hash,omitempty"`

	// Initiator is who asked; nil where Keystone names nobody, as for what was deleted along with something else.
	Initiator *Initiator `json:"initiator,omitempty"`

	// Untold says that Keystone tells nobody of it, so that no sink hears of it. The trail does, as of what follows.
	Untold  bool     `json:"-"`
	Cause   string   `json:"-"` // of a login that failed, in a word
	Home    *Party   `json:"-"` // the domain of the user whom a login named
	Changes []string `json:"-"` // the attributes that were changed

	// For is the project for which something was changed that is not in it.
	For ProjectID `json:"-"`

	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	ObserverID string    `json:"observer_id,omitempty"` // of the identity service in the catalog
}

// EventReason is why something failed: a sentence and the status of the answer.
type EventReason struct {
	Text string `json:"text"`
	Code int    `json:"code"`
}

// Initiator is who asked for what an event tells of, and where from.
type Initiator struct {
	UserID    UserID    `json:"user_id,omitempty"`
	Name      string    `json:"name,omitempty"` // of the user
	ProjectID ProjectID `json:"project_id,omitempty"`
	DomainID  DomainID  `json:"domain_id,omitempty"`

	// Claim is what a login said of a user who is not there.
	Claim *LoginClaim `json:"claim,omitempty"`

	// Federated is what an identity provider said of the user.
	Federated *FederatedClaim `json:"federated,omitempty"`

	// Actor, Via and Trustee are for the trail: see TrailEntry.
	Actor   Party  `json:"-"`
	Via     *Party `json:"-"`
	Trustee *Party `json:"-"`

	AuditIDs []string `json:"-"` // of the token

	Address         string `json:"address,omitempty"`
	Agent           string `json:"agent,omitempty"`
	RequestID       string `json:"request_id,omitempty"`
	GlobalRequestID string `json:"global_request_id,omitempty"`
}

// LoginClaim is how a login named a user who is not there: by name and domain, or by an id.
type LoginClaim struct {
	UserID     UserID   `json:"user_id,omitempty"`
	Name       string   `json:"name,omitempty"`
	DomainID   DomainID `json:"domain_id,omitempty"`
	DomainName string   `json:"domain_name,omitempty"`
}

// FederatedClaim is the part of a federated login that its event shows.
type FederatedClaim struct {
	IdentityProviderID string    `json:"identity_provider"`
	UserID             UserID    `json:"user_id,omitempty"`
	GroupIDs           []GroupID `json:"groups,omitempty"`
	AuditID            string    `json:"audit_id,omitempty"` // of the federated token that was shown, if one was
}

// Created is the event of something new.
func Created[ID ~string](resource string, id ID) Event {
	return Event{Resource: resource, Operation: "created", Target: string(id)}
}

// Updated is the event of something changed.
func Updated[ID ~string](resource string, id ID) Event {
	return Event{Resource: resource, Operation: "updated", Target: string(id)}
}

// Deleted is the event of something gone.
func Deleted[ID ~string](resource string, id ID) Event {
	return Event{Resource: resource, Operation: "deleted", Target: string(id)}
}

// Granted is the event of a grant made ("created") or taken back ("deleted").
func Granted(operation string, g Grant) Event {
	return Event{Resource: "role_assignment", Operation: operation, Grant: &g}
}

// Joined is the event of a user who was "added" to a group or "removed" from it.
func Joined(operation string, group GroupID, user UserID) Event {
	e := Updated("group", group)
	e.Member, e.MemberOperation = user, operation
	return e
}

// LoggedIn is the event of a user who has proved who they are.
func LoggedIn(u User) Event {
	return Event{Resource: "authenticate", Initiator: &Initiator{UserID: u.ID, Name: u.Name}}
}

// By names the caller who asked for what the event tells.
func (e Event) By(c Caller) Event {
	e.Initiator = &Initiator{}
	if t := c.Token; t != nil {
		u, _ := t.Actor()
		e.Initiator.UserID, e.Initiator.Name = u.ID, u.Name
		e.Initiator.ProjectID, e.Initiator.DomainID = t.Scope.ProjectID(), t.Scope.DomainID()
		e.Initiator.Actor, e.Initiator.Via, e.Initiator.Trustee = partiesOf(t)
		e.Initiator.AuditIDs = t.AuditIDs
	} else if c.Admin {
		e.Initiator.Via = &Party{Kind: "admin_token"}
	}
	return e
}

// Done is the event of something that Keystone has no event for; operation says in a word what was done.
func Done[ID ~string](resource, operation string, id ID) Event {
	return Event{Resource: resource, Operation: operation, Target: string(id), Untold: true}
}

// ForTrail is the same event for the audit trail alone: Keystone has no such one.
func (e Event) ForTrail() Event {
	e.Untold = true
	return e
}

// Failure is the same event of an attempt that failed. A nil reason is not told.
func (e Event) Failure(why *EventReason) Event {
	e.Failed, e.Reason = true, why
	return e
}

// Type is the name of the event among others, "identity.user.created".
func (e Event) Type() string {
	if e.Operation == "" {
		return "identity." + e.Resource
	}
	return "identity." + e.Resource + "." + e.Operation
}

// Outcome is success or failure.
func (e Event) Outcome() string {
	if e.Failed {
		return "failure"
	}
	return "success"
}
