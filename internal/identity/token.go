package identity

import (
	"slices"
	"sync/atomic"
	"time"
)

// ScopeKind says what kind of thing a token gives rights on.
type ScopeKind int

// The kinds of scope.
const (
	Unscoped ScopeKind = iota
	ProjectScoped
	DomainScoped
	SystemScoped
)

// Scope is what a token gives rights on: one project, one domain, the system, or nothing. The zero value is nothing;
// half a scope cannot be made.
type Scope struct {
	kind ScopeKind
	id   string
}

// OnProject is the scope of one project.
func OnProject(id ProjectID) Scope { return Scope{ProjectScoped, string(id)} }

// OnDomain is the scope of one domain.
func OnDomain(id DomainID) Scope { return Scope{DomainScoped, string(id)} }

// OnSystem is the scope of the whole deployment.
func OnSystem() Scope { return Scope{kind: SystemScoped} }

// Kind returns the kind of the scope.
func (s Scope) Kind() ScopeKind { return s.kind }

// ProjectID returns the project of a project scope, else nothing.
func (s Scope) ProjectID() ProjectID {
	if s.kind == ProjectScoped {
		return ProjectID(s.id)
	}
	return ""
}

// DomainID returns the domain of a domain scope, else nothing.
func (s Scope) DomainID() DomainID {
	if s.kind == DomainScoped {
		return DomainID(s.id)
	}
	return ""
}

// String names the scope: "project ID", "domain ID", "system", or "" for nothing.
func (s Scope) String() string {
	return [...]string{"", "project ", "domain ", "system"}[s.kind] + s.id
}

// IsSystem tells whether the scope is the system.
func (s Scope) IsSystem() bool { return s.kind == SystemScoped }

// Token is a login that was proved and checked: who, how, on what, with which roles, until when.
type Token struct {
	Methods  []string // how the user proved who they are, in the order that the API shows
	AuditIDs []string // its own and, when it was made from another token, the chain's first

	IssuedAt, ExpiresAt time.Time // UTC, whole seconds

	User       User
	UserDomain Domain
	Scope      Scope
	Project    Project // of a project scope
	// ScopeDomain is the domain of a domain scope, or the domain of the scope's project.
	ScopeDomain Domain
	Roles       []Role // on the scope; global roles only

	// IsAdminProject tells whether the scope is the deployment's admin project; nil when the deployment names none, or the
	// scope is no project.
	IsAdminProject *bool

	// Trust, application credential, OAuth and certificate: what the token's rights were delegated by.
	TrustID                 TrustID
	ApplicationCredentialID ApplicationCredentialID
	AccessTokenID           AccessTokenID // OAuth 1.0a
	Thumbprint              string        // OAuth 2.0 with a client certificate

	// Trusts are the trust, whose trustee is the token's user, and those that it was redelegated from, the first one last.
	Trusts                []TrustLink
	ApplicationCredential *ApplicationCredential
	AccessToken           *AccessToken

	// Federated tokens know the identity provider and the groups that it gave. GroupIDs are those of them by which the token
	// gives rights, beside the groups that the store knows the user to be in.
	Federated          bool
	IdentityProviderID IdentityProviderID
	ProtocolID         ProtocolID
	ProvidedGroups     []GroupID
	GroupIDs           []GroupID

	// Memo keeps what policy rules read of the token, which is made once however often the token is used; nil for a
	// token that is used once.
	Memo *Memo
}

// Memo is a place for one thing that is made from an unchanging value and kept beside it. It serves many goroutines.
type Memo struct{ made atomic.Value }

// Once returns what build returned the first time.
func (m *Memo) Once(build func() any) any {
	if m == nil {
		return build()
	}
	v := m.made.Load()
	if v == nil {
		v = build()
		m.made.Store(v)
	}
	return v
}

// Made tells whether there is something to return.
func (m *Memo) Made() bool { return m.made.Load() != nil }

// Written is Once for what write makes, with how that ended.
func (m *Memo) Written(write func() ([]byte, error)) ([]byte, error) {
	w := m.Once(func() any {
		b, err := write()
		return written{b, err}
	}).(written)
	return w.bytes, w.err
}

type written struct {
	bytes []byte
	err   error
}

// Actor is the user in whose name the token acts, with their domain: its own, or the trustor of a trust that says so.
func (t *Token) Actor() (User, Domain) {
	if len(t.Trusts) > 0 && t.Trusts[0].Impersonation {
		return t.Trusts[0].Trustor, t.Trusts[0].TrustorDomain
	}
	return t.User, t.UserDomain
}

// AuditID returns the token's own audit id.
func (t *Token) AuditID() string { return t.AuditIDs[0] }

// primaryMethods prove a person; every other method in a token means that its rights were delegated (behaviour of
// keystone/token/token_formatters.py and models/token_model.py since 30.0.0).
var primaryMethods = []string{"external", "kerberos", "mapped", "openid", "password", "saml2", "token", "totp", "x509"}

// Delegated tells whether the rights of the token were handed on by somebody rather than proved by the user: its methods
// are empty or hold one that is neither primary nor in additional ([auth] additional_primary_auth_methods), or it is bound to
// a client's certificate.
func (t *Token) Delegated(additional []string) bool {
	if len(t.Methods) == 0 || t.Thumbprint != "" {
		return true
	}
	for _, m := range t.Methods {
		if m == "ec2credential" || !slices.Contains(primaryMethods, m) && !slices.Contains(additional, m) {
			return true
		}
	}
	return false
}

// RevocationEvent ends every token that was issued no later than IssuedBefore and agrees with each field that is set
// (keystone/models/revoke_model.py).
type RevocationEvent struct {
	DomainID                           DomainID // the user's, or the scope's
	ProjectID                          ProjectID
	UserID                             UserID // the token's user, or its trustor or trustee
	RoleID                             RoleID
	TrustID                            TrustID
	ConsumerID                         ConsumerID
	AccessTokenID                      AccessTokenID // is not compared
	AuditID, AuditChainID              string
	IssuedBefore, ExpiresAt, RevokedAt time.Time // whole seconds; the zero IssuedBefore is RevokedAt, the zero RevokedAt is now
}

// Caller is who asks. The zero value is nobody.
type Caller struct {
	// Token is the proof, nil for nobody and for the admin token.
	Token *Token

	// Admin marks the holder of [DEFAULT] admin_token, for whom no policy is asked.
	Admin bool

	// Delegated says that the token's rights were handed on: by a trust, or as DelegatedMethods says; see Token.Delegated.
	Delegated, DelegatedMethods bool

	// ConfirmedAt is when whoever asks last proved in person who they are; zero for all that is asked with a token.
	ConfirmedAt time.Time

	// MustEnrol says that the caller has to set up a second factor before anything else.
	MustEnrol bool

	// MustRenew says that the caller has to take new recovery codes before anything else.
	MustRenew bool

	// Request is what policy rules may read of the request itself, beside caller and target.
	Request RequestAttrs
}

// RequestAttrs are the parts of a request that upstream shows to policy rules: path arguments under their own names,
// the body under request_body, the query's filters under filter_attr (keystone/common/rbac_enforcer/enforcer.py). The
// built-in rules read path arguments only.
type RequestAttrs struct {
	Path    map[string]string
	Body    func() map[string]any // nil when nothing was sent
	Filters map[string]string
}

// Authenticated tells whether somebody asks.
func (c Caller) Authenticated() bool { return c.Token != nil || c.Admin }

// UserID returns the user who asks, or in whose name is asked; empty for nobody and for the admin token.
func (c Caller) UserID() UserID {
	if c.Token == nil {
		return ""
	}
	actor, _ := c.Token.Actor()
	return actor.ID
}

// StandsFor tells whether the caller's rights come from a user: they are its own, or it handed them on.
func (c Caller) StandsFor(id UserID) bool {
	return c.Token != nil && (c.Token.User.ID == id ||
		slices.ContainsFunc(c.Token.Trusts, func(l TrustLink) bool { return l.TrustorUserID == id || l.TrusteeUserID == id }))
}
