package identity

import "time"

// Terms are what is known of a grant beside the grant itself.
type Terms struct {
	Until     time.Time // when it ends; zero for never
	GrantedBy UserID
	GrantedAt time.Time
	Reason    string // at most 255 characters
	Source    GrantSource
}

// GrantSource says how a grant came about.
type GrantSource string

// The sources of grants.
const (
	ByHand       GrantSource = "admin"
	ByInvitation GrantSource = "invite"
	ByImport     GrantSource = "import"
	ByApproval   GrantSource = "approval"
	ByFactor     GrantSource = "factor" // it waited for a second factor
)

// Holding is a role that somebody was granted on a scope, directly, by a group or from above.
type Holding struct {
	Role      RoleID
	Inherited bool      // from above, so that it counts on all below the scope, too
	Until     time.Time // when it ends; zero for never
}

// Tier is where a grant rule counts.
type Tier string

// The tiers. A group's tier is that of the roles that it confers on its members.
const (
	ProjectTier Tier = "project"
	DomainTier  Tier = "domain"
	SystemTier  Tier = "system"
	GroupTier   Tier = "group"
)

// HolderTiers are those on which a role is held that may grant others, and TargetTiers those of what is granted by grant rules.
var (
	HolderTiers = []Tier{ProjectTier, DomainTier, SystemTier}
	TargetTiers = []Tier{ProjectTier, DomainTier, GroupTier}
)

// TierOf is the tier of a scope; empty for none.
func TierOf(s Scope) Tier {
	return [...]Tier{Unscoped: "", ProjectScoped: ProjectTier, DomainScoped: DomainTier, SystemScoped: SystemTier}[s.Kind()]
}

// TierRoles are roles, each set where they count: on projects, on domains, on the system.
type TierRoles struct{ Project, Domain, System []RoleID }

// Empty tells whether there is none.
func (r TierRoles) Empty() bool { return len(r.Project)+len(r.Domain)+len(r.System) == 0 }

// GrantRule lets those who hold a role do something with another one, beside what the policy lets them do. A rule of a domain
// opens nothing by itself: where a domain has rules for a role, rules of the whole cloud for that role count in it as far as
// these allow the same.
type GrantRule struct {
	ID          string
	Holder      RoleID
	HolderTier  Tier // a project, a domain or the system: the scope of the holder's token
	Target      RoleID
	TargetTier  Tier     // a project, a domain or a group
	DomainID    DomainID // empty for the whole cloud
	Grant       bool
	Revoke      bool
	Invite      bool
	MaxDays     int  // that a grant may last; 0 is no limit
	NeedsAnswer bool // somebody else who may do it must agree
	StepUp      bool // the holder must have proved just now who they are
}

// Impact says how much power a role gives.
type Impact string

// The impacts. Without one, it is found out from what the cloud's services let the role do.
const (
	NormalImpact Impact = "normal"
	HighImpact   Impact = "high"
)

// RoleProfile is what people are told of a role, and how heavy it counts. Texts are by language.
type RoleProfile struct {
	RoleID   RoleID
	Impact   Impact // empty for unknown
	Category string // "general", "kubernetes" …; roles are grouped by it
	Sort     int
	Audience string // one of the audiences; empty for everybody
	DocsURL  string
	Name     map[string]string
	Summary  map[string]string
	Warning  map[string]string
}

// The audiences of roles: those who look after a project, or after the cloud.
const (
	ForProjects  = "project"
	ForOperators = "operator"
)

// Empty tells whether a profile says nothing.
func (p RoleProfile) Empty() bool {
	return p.Impact == "" && p.Category == "" && p.Sort == 0 && p.Audience == "" && p.DocsURL == "" && len(p.Name)+len(p.Summary)+len(p.Warning) == 0
}

// Origin is who last set something of an account, and with the rights that they had where.
type Origin struct {
	UserID   UserID
	What     AccountPart
	SetterID UserID
	Scope    Scope
	At       time.Time
}

// AccountPart is something of an account by which its owner, or somebody else, gets in.
type AccountPart string

// The parts of an account of which it is kept who set them.
const (
	Address  AccountPart = "address"
	Password AccountPart = "password"
	Factors  AccountPart = "factors"
)

// GrantRequestState is what has become of a request for grants.
type GrantRequestState string

// The states that are stored. An open request may have expired.
const (
	RequestOpen      GrantRequestState = "open"
	RequestApproved  GrantRequestState = "approved"
	RequestRefused   GrantRequestState = "refused"
	RequestWithdrawn GrantRequestState = "withdrawn"
)

// GrantRequest asks for something to which somebody else must agree: roles on a project or a domain for a user, for a group, or for
// whoever accepts an invitation; or to take them from a user or a group; or, with a user and a group, that the user joins the group, which has no roles here and the group's domain.
type GrantRequest struct {
	ID           string
	UserID       UserID // who is to have them
	GroupID      GroupID
	InvitationID InvitationID // that is sent when somebody agrees
	Address      string       // of the invitation
	ProjectID    ProjectID
	DomainID     DomainID // in place of a project
	Inherited    bool     // not there, but on all projects below
	Revoke       bool     // they are to be taken back, not granted
	New          bool     // the user was made with it, by who asks
	OnceFactor   bool     // it takes effect when the user has turned on a second factor
	Roles        []RoleID
	Until        time.Time // when the grants are to end; zero for never
	Reason       string

	// RequesterID is by whose rights the roles are granted, if somebody agrees, and Scope where these rights are held.
	RequesterID UserID
	Scope       Scope

	State                GrantRequestState
	CreatedAt, ExpiresAt time.Time
	DeciderID            UserID    // who agreed or refused
	DeciderScope         Scope     // where they hold the rights to that
	DecidedAt            time.Time // zero while open
	Answer               string    // why it was refused
}

// On is the project of a request, or the one that acts as its domain.
func (r GrantRequest) On() ProjectID {
	if r.DomainID != "" {
		return ProjectID(r.DomainID)
	}
	return r.ProjectID
}

// Joins tells whether a request is for a user to join a group.
func (r GrantRequest) Joins() bool { return r.UserID != "" && r.GroupID != "" }

// Grants are what a request asks for, or wants to be taken back, one for each role; none for a group to join.
func (r GrantRequest) Grants() (all []Grant) {
	for _, role := range r.Roles {
		all = append(all, Grant{Role: role, User: r.UserID, Group: r.GroupID, Project: r.ProjectID, Domain: r.DomainID, Inherited: r.Inherited})
	}
	return all
}

// WaitingGrant is a role on a project that takes effect when its user has turned on a second factor, by the rights that who granted it
// holds then, and who agreed to it if somebody had to.
type WaitingGrant struct {
	ID        string
	UserID    UserID
	ProjectID ProjectID
	Role      RoleID

	// GranterID is by whose rights the role is granted, and Scope where these are held.
	GranterID UserID
	Scope     Scope

	// AgreerID is who agreed, and AgreerScope where they hold the rights to that; empty where nobody had to.
	AgreerID    UserID
	AgreerScope Scope

	CreatedAt time.Time
	Until     time.Time // when the grant is to end; zero for never
	Reason    string    // at most 255 characters
}

// Grant is what the user gets.
func (w WaitingGrant) Grant() Grant { return Grant{Role: w.Role, User: w.UserID, Project: w.ProjectID} }
