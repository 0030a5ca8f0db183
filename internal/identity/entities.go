package identity

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Domain is a container of users, groups, projects and domain roles. Its name is unique among domains.
type Domain struct {
	ID          DomainID
	Name        string // at most 64 characters
	Description *string
	Enabled     bool
	Tags        []string
	Options     Options
	Extra       Extra
}

// Project owns the resources of a cloud. Its name is unique in its domain.
type Project struct {
	ID          ProjectID
	DomainID    DomainID
	ParentID    ProjectID // the domain's id for a top-level project
	Name        string    // at most 64 characters
	Description *string
	Enabled     bool
	IsDomain    bool // the project acts as a domain: its DomainID is RootDomain and it has no parent
	Tags        []string
	Options     Options
	Extra       Extra
}

// AsDomain is the domain that the project acts as.
func (p Project) AsDomain() Domain {
	return Domain{
		ID: DomainID(p.ID), Name: p.Name, Description: p.Description, Enabled: p.Enabled,
		Tags: p.Tags, Options: p.Options, Extra: p.Extra,
	}
}

// AsProject is the project that acts as the domain.
func (d Domain) AsProject() Project {
	return Project{
		ID: ProjectID(d.ID), DomainID: RootDomain, Name: d.Name, Description: d.Description, Enabled: d.Enabled,
		IsDomain: true, Tags: d.Tags, Options: d.Options, Extra: d.Extra,
	}
}

// ProjectUpdate is a change of a project, or of a domain. ID, DomainID, ParentID and IsDomain cannot change: they are
// there to be compared, and a domain's are not even looked at. Tags replace those that are there; Options and Extra are
// merged into what is there.
type ProjectUpdate struct {
	ID          Opt[ProjectID]
	DomainID    Opt[DomainID]
	ParentID    Opt[ProjectID]
	IsDomain    Opt[bool]
	Name        Opt[string]
	Description Opt[string]
	Enabled     Opt[bool]
	Tags        Opt[[]string]
	Options     Options
	Extra       Extra
}

// User is a person or a machine that can log in. Its name is unique in its domain.
type User struct {
	ID               UserID
	DomainID         DomainID
	Name             string // at most 255 characters
	Enabled          bool   // as stored; an account can also be disabled by inactivity, which rooms work out
	DefaultProjectID ProjectID
	Options          Options
	Extra            Extra // e-mail and description among others

	// PasswordExpiresAt is when the current password ends; nil is never, or no password.
	PasswordExpiresAt *time.Time

	CreatedAt    time.Time
	LastActiveAt time.Time // a date; zero when never
	Kind         UserKind
	Federated    []FederatedIdentity
	Surface      Surface
}

// UserUpdate is a change of a user. ID and DomainID cannot change: they are there to be compared. Options and Extra are
// merged into what the user has.
type UserUpdate struct {
	ID               Opt[UserID]
	DomainID         Opt[DomainID]
	Name             Opt[string]
	Password         Opt[string] // null takes the password away
	Enabled          Opt[bool]
	DefaultProjectID Opt[ProjectID]
	Options          Options
	Extra            Extra
	Federated        []FederatedIdentity // replace those the user has, if there are any
}

// UserKind says where a user's identity lives.
type UserKind int

// The kinds of users: a local one has a name and password in the database, a nonlocal one is the shadow of a directory
// entry, a federated one of an identity provider's subject.
const (
	LocalUser UserKind = iota
	NonlocalUser
	FederatedUser
)

// FederatedIdentity is a subject of an identity provider that logs in as the user.
type FederatedIdentity struct {
	IdentityProviderID    IdentityProviderID
	ProtocolID            ProtocolID
	UniqueID, DisplayName string
}

// Group is a set of users of one domain. Its name is unique in its domain.
type Group struct {
	ID          GroupID
	DomainID    DomainID
	Name        string // at most 64 characters
	Description *string
	Extra       Extra
}

// GroupUpdate is a change of a group. ID and DomainID cannot change: they are there to be compared.
type GroupUpdate struct {
	ID          Opt[GroupID]
	DomainID    Opt[DomainID]
	Name        Opt[string]
	Description Opt[string]
	Extra       Extra
}

// Membership is a group as seen from one of its users.
type Membership struct {
	Group

	// ExpiresAt is when a membership that an identity provider gave ends; nil is never.
	ExpiresAt *time.Time
}

// Role is a name that policies grant rights to. A role with a domain can only be implied by or assigned within that
// domain and never shows in tokens.
type Role struct {
	ID          RoleID
	Name        string   // at most 255 characters
	DomainID    DomainID // empty for a global role
	Description *string
	Options     Options
	Extra       Extra
}

// ImpliedRole says that who holds Prior also holds Implied.
type ImpliedRole struct {
	Prior, Implied RoleID
}

// Inference is an ImpliedRole with the roles that it names.
type Inference struct {
	Prior, Implied Role
}

// Grant gives a role to one actor on one target. Exactly one of User and Group is set, and exactly one of Project,
// Domain and System.
type Grant struct {
	Role    RoleID
	User    UserID
	Group   GroupID
	Project ProjectID
	Domain  DomainID
	System  bool

	// Inherited grants apply to the projects below the target and not to the target itself (OS-INHERIT).
	Inherited bool
}

// Assignment says that an actor has a role on a target: as it was granted, or as it follows from a grant.
type Assignment struct {
	Grant
	Via
}

// Via says what an assignment that follows from a grant came through; what it did not come through is empty.
type Via struct {
	ViaGroup   GroupID   // the user is a member of the group that has the grant
	ViaProject ProjectID // the grant is inherited from this project …
	ViaDomain  DomainID  // … or domain
	ViaRole    RoleID    // this role implies the assigned one
}

// Region is a node in the tree of places where services run.
type Region struct {
	ID             RegionID // at most 255 characters, chosen by the client or random
	ParentRegionID RegionID
	Description    string
	Extra          Extra
}

// Service is an entry of the catalog: something of a type, such as compute.
type Service struct {
	ID      ServiceID
	Type    string
	Enabled bool
	Extra   Extra // name and description among others
}

// Name returns the service's name, which Keystone keeps among the extra attributes; empty when it has none.
func (s Service) Name() string {
	n, _ := s.Extra["name"].(string)
	return n
}

// Endpoint is an address of a service on one interface: public, internal or admin.
type Endpoint struct {
	ID        EndpointID
	ServiceID ServiceID
	RegionID  RegionID // empty for none
	Interface string
	URL       string // may hold $(name)s and %(name)s templates
	Enabled   bool
	Extra     Extra
}

// EndpointGroup stands for all endpoints that have some attributes.
type EndpointGroup struct {
	ID          EndpointGroupID
	Name        string
	Description *string
	Filters     map[string]any // interface, service_id and region_id, to be equal to; null is an endpoint without a region
}

// ProjectFilter lets a project see an endpoint or those of a group: one of EndpointID and GroupID is set. A project
// that no filter names sees all.
type ProjectFilter struct {
	ProjectID  ProjectID
	EndpointID EndpointID
	GroupID    EndpointGroupID
}

// Policy is a text that services may fetch: rules in some language that only they know.
type Policy struct {
	ID    PolicyID
	Type  string // the MIME type of Blob; at most 255 characters
	Blob  any    // text; what very old Keystones stored may be any JSON
	Extra Extra
}

// PolicyAssociation says which policy is meant for endpoints: one endpoint, all of a service, or those of a service in
// a region and the regions below it. The attributes that do not matter are empty.
type PolicyAssociation struct {
	PolicyID   PolicyID
	EndpointID EndpointID
	ServiceID  ServiceID
	RegionID   RegionID
}

// ServiceProvider is another cloud that trusts this one as its identity provider (Keystone to Keystone).
type ServiceProvider struct {
	ID          ServiceProviderID // chosen by who creates it
	Description *string
	Enabled     bool   // no assertion is made for a disabled one, and tokens do not show it
	AuthURL     string // of the other cloud's Keystone
	SPURL       string // where assertions are sent

	// RelayStatePrefix is what the RelayState of an ECP answer starts with; Shibboleth's "ss:mem:" as a rule.
	RelayStatePrefix string
}

// QualifiedName names a user, project or group together with its domain.
type QualifiedName struct{ Name, Domain string }

// Assertion is what this cloud says of a user to another that trusts it: names only, for ids mean nothing there.
type Assertion struct {
	UserID UserID // is not said

	User, Project QualifiedName
	Roles         []string // on the project
	Groups        []QualifiedName

	At    time.Time // when it is said
	Until time.Time // the end of what it stands on
}

// Credential is a secret of a user that some service understands: ec2 keys, one-time code seeds, certificates.
type Credential struct {
	ID        CredentialID
	UserID    UserID
	ProjectID ProjectID // empty for none; a must for ec2
	Type      string
	Blob      string // plain text; the store holds only its encrypted form
	Extra     Extra
}

// Trust lets one user, the trustee, act on a project with roles that another, the trustor, holds there.
type Trust struct {
	ID            TrustID
	TrustorUserID UserID
	TrusteeUserID UserID
	ProjectID     ProjectID // empty for a trust that gives nothing
	Impersonation bool      // the trustee acts in the trustor's name
	ExpiresAt     *time.Time
	RemainingUses *int64 // logins left; nil is no limit
	Roles         []Role
	Extra         Extra

	// ParentID is the trust that this one was redelegated from; empty for none. RedelegationCount is how many more may
	// follow each other from here.
	ParentID          TrustID
	RedelegationCount int64
}

// TrustLink is a trust with the people that it is between.
type TrustLink struct {
	Trust
	Trustor, Trustee             User
	TrustorDomain, TrusteeDomain Domain
}

// RegisteredLimit is how much of a resource each project or domain may use at most, where no limit says otherwise.
type RegisteredLimit struct {
	ID           RegisteredLimitID
	ServiceID    ServiceID
	RegionID     RegionID // empty for all regions
	ResourceName string
	Default      int64 // -1 is no bound
	Description  *string
}

// ApplicationCredential lets a program log in as its owner on one project, with some of the owner's roles there, by a
// secret of its own. Its name is unique to the owner. Nothing of it can change.
type ApplicationCredential struct {
	ID          ApplicationCredentialID
	UserID      UserID // the owner
	ProjectID   ProjectID
	Name        string // at most 255 characters
	Description *string
	ExpiresAt   *time.Time // UTC; nil is never

	// Unrestricted ones may make and delete application credentials.
	Unrestricted bool

	Roles       []Role       // a token has those of them that the owner still holds
	AccessRules []AccessRule // all that a token may be used for; none is no limit
}

// AccessRule names requests to one type of service. It belongs to a user, whose application credentials share it.
type AccessRule struct {
	ID      AccessRuleID
	Service string // a type of the catalog
	Path    string // a pattern; see Allows
	Method  string
}

// Allows tells whether the rule names a request. In the pattern of its path * is one segment of a path, or a part of one,
// ** any part of a path, {any name} the same as *, and all else is itself (_path_matches in
// keystonemiddleware/auth_token/__init__.py).
func (r AccessRule) Allows(service, method, path string) bool {
	if r.Service != service || r.Method != method {
		return false
	}
	var pattern strings.Builder
	for rest := r.Path; rest != ""; {
		wild := wildcard.FindString(rest)
		switch {
		case wild == "**":
			pattern.WriteString(".*")
		case wild != "":
			pattern.WriteString("[^/]+")
		default:
			_, size := utf8.DecodeRuneInString(rest)
			wild = rest[:size]
			pattern.WriteString(regexp.QuoteMeta(wild))
		}
		rest = rest[len(wild):]
	}
	whole, err := regexp.Compile("^(?:" + pattern.String() + ")$")
	return err == nil && whole.MatchString(path)
}

var wildcard = regexp.MustCompile(`^(?:\*\*|\*|\{[^}]*\})`)

// Limit is how much of a resource a project or domain may use at most, where that is not the registered default.
type Limit struct {
	ID           LimitID
	ProjectID    ProjectID // empty for a domain's limit
	DomainID     DomainID  // empty for a project's limit
	ServiceID    ServiceID
	RegionID     RegionID // empty for the limit of all regions
	ResourceName string
	Value        int64 // -1 is no bound
	Description  *string
}

// DomainOption is a configuration option that a domain has a value of its own for.
type DomainOption struct {
	Group, Name string
	Value       any  // JSON as Go decodes it
	Sensitive   bool // the value is written and never shown
}
