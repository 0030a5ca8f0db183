package identity

import "time"

// Party is somebody or something that takes part in what the trail tells of, called as it was called then.
type Party struct {
	Kind string `json:"kind,omitempty"` // a resource of events: "user", "application_credential"
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	In   string `json:"in,omitempty"` // the name of the domain that a user, group or project is in
}

// Classes of what the trail tells of.
const (
	ClassSignIn     = "sign-in"
	ClassAccess     = "access" // grants, memberships of groups, invitations
	ClassPeople     = "people"
	ClassCredential = "credential"
	ClassProject    = "project" // and domains
	ClassRole       = "role"
	ClassService    = "service" // the catalog, limits, federation
	ClassReading    = "reading" // of the trail
)

// TrailEntry is one line of the audit trail: who did what to what, where, from where, and what came of it. It holds no secrets.
type TrailEntry struct {
	// Marker is where the trail goes on after the entry.
	Marker string `json:"-"`

	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Class  string    `json:"class"`
	Action string    `json:"action"` // the type of the event, without "identity."
	Failed bool      `json:"failed,omitempty"`
	Cause  string    `json:"cause,omitempty"` // of a failure, in a word: see the causes

	// Times is how many sign-ins that were alike the entry stands for, the last of them at At; 0 is one.
	Times int `json:"times,omitempty"`

	// Actor is in whose name it was done. Via is what acted for them, if that was no login of their own: an application
	// credential, a trust, an access token, a key, the admin token. By is the trustee, where a trust let them act as Actor.
	Actor Party  `json:"actor"`
	Via   *Party `json:"via,omitempty"`
	By    *Party `json:"by,omitempty"`

	// Target is what it was done to: of a grant the user or group, of a membership the group. Person is whom it concerns beside:
	// who was put into the group, the owner of the credential.
	Target Party  `json:"target"`
	Person *Party `json:"person,omitempty"`
	Role   *Party `json:"role,omitempty"` // that was granted

	// Where it was done. A sign-in stands in the domain of its user, and in the project that it was for.
	Project   *Party `json:"project,omitempty"`
	Domain    *Party `json:"domain,omitempty"`
	System    bool   `json:"system,omitempty"`
	Inherited bool   `json:"inherited,omitempty"` // not there, but on what is below

	// AuditIDs are those of the token that a sign-in led to, or by which something was done: its own, and its chain's first.
	AuditIDs []string `json:"audit_ids,omitempty"`

	Methods  []string `json:"methods,omitempty"`  // of a sign-in
	Provider string   `json:"provider,omitempty"` // the identity provider of one
	Claimed  string   `json:"claimed,omitempty"`  // the name of nobody that one was tried with
	Changes  []string `json:"changes,omitempty"`  // the attributes that were changed

	Address         string `json:"address,omitempty"`
	Agent           string `json:"agent,omitempty"`
	RequestID       string `json:"request_id,omitempty"`
	GlobalRequestID string `json:"global_request_id,omitempty"`
}

// Causes of failed sign-ins.
const (
	CausePassword  = "password"  // it was wrong
	CauseCode      = "code"      // a one-time or recovery code was wrong
	CauseSecret    = "secret"    // that of an application credential was wrong
	CauseSignature = "signature" // of a request to EC2 or S3
	CauseUnknown   = "unknown"   // there is nobody of that name
	CauseLocked    = "locked"
	CauseClosed    = "closed"  // the user or domain is disabled or inactive
	CauseExpired   = "expired" // the password
)

// TrailQuery chooses among the entries of the trail. The zero value chooses all.
type TrailQuery struct {
	Person  UserID // what they did, and what was done to them or to what is theirs
	Project ProjectID
	Domain  DomainID

	From, Until time.Time // Until is not part of it

	Actor  string // an id, of what acted for somebody too, or a whole name
	Target string // an id, or a whole name
	Class  string
	Action string
	Failed *bool

	Address, RequestID string
	AuditID            string // of a token, or of the first of its chain

	Marker string // of the entry that the page begins after
	Limit  int
}

// SignedIn is the entry of a login that led to a token, which is nobody's yet.
func SignedIn(t *Token) TrailEntry {
	e := TrailEntry{Class: ClassSignIn, Action: "authenticate", AuditIDs: t.AuditIDs, Methods: t.Methods, System: t.Scope.IsSystem(), Provider: string(t.IdentityProviderID)}
	e.Actor, e.Via, e.By = partiesOf(t)
	_, home := t.Actor()
	e.Domain = &Party{Kind: "domain", ID: string(home.ID), Name: home.Name}
	switch t.Scope.Kind() {
	case ProjectScoped:
		e.Project = &Party{Kind: "project", ID: string(t.Project.ID), Name: t.Project.Name, In: t.ScopeDomain.Name}
	case DomainScoped:
		e.Target = Party{Kind: "domain", ID: string(t.ScopeDomain.ID), Name: t.ScopeDomain.Name}
	}
	return e
}

// partiesOf are those who act by a token.
func partiesOf(t *Token) (actor Party, via, by *Party) {
	u, d := t.Actor()
	actor = Party{Kind: "user", ID: string(u.ID), Name: u.Name, In: d.Name}
	switch {
	case t.ApplicationCredential != nil:
		via = &Party{Kind: "application_credential", ID: string(t.ApplicationCredentialID), Name: t.ApplicationCredential.Name}
	case len(t.Trusts) > 0:
		via = &Party{Kind: "OS-TRUST:trust", ID: string(t.TrustID)}
		if t.User.ID != u.ID {
			by = &Party{Kind: "user", ID: string(t.User.ID), Name: t.User.Name, In: t.UserDomain.Name}
		}
	case t.AccessTokenID != "":
		via = &Party{Kind: "OS-OAUTH1:access_token", ID: string(t.AccessTokenID)}
	}
	return actor, via, by
}
