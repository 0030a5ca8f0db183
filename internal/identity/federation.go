package identity

import "encoding/json"

// IdentityProvider is somebody else who says who people are. Those that it sends live in its domain.
type IdentityProvider struct {
	ID          IdentityProviderID // chosen by who creates it
	DomainID    DomainID
	Enabled     bool // nobody logs in by a disabled one, and tokens that it gave do not count
	Description *string

	// RemoteIDs are how it names itself in what it says. Each is one provider's only.
	RemoteIDs []string

	// AuthorizationTTL is how many minutes the memberships of groups last that it gives at a login; nil and 0 take
	// [federation] default_authorization_ttl.
	AuthorizationTTL *int64
}

// IdentityProviderUpdate is a change of an identity provider. Its domain cannot change.
type IdentityProviderUpdate struct {
	Enabled          Opt[bool]
	Description      Opt[string]
	RemoteIDs        Opt[[]string]
	AuthorizationTTL Opt[int64]
}

// Apply returns p with the change made.
func (u IdentityProviderUpdate) Apply(p IdentityProvider) IdentityProvider {
	p.Enabled = u.Enabled.Or(p.Enabled)
	p.Description = u.Description.OrPtr(p.Description)
	p.RemoteIDs = u.RemoteIDs.Or(p.RemoteIDs)
	p.AuthorizationTTL = u.AuthorizationTTL.OrPtr(p.AuthorizationTTL)
	return p
}

// Protocol is one way in which people of an identity provider log in: a name for the web server's module that asks them,
// and the mapping that reads what it says.
type Protocol struct {
	ID         ProtocolID // chosen by who creates it; it is also the name of an authentication method
	ProviderID IdentityProviderID
	MappingID  MappingID

	// RemoteIDAttribute is the attribute of an assertion that holds the provider's remote id; nil and empty take the
	// configured one.
	RemoteIDAttribute *string
}

// ProtocolUpdate is a change of a protocol.
type ProtocolUpdate struct {
	MappingID         MappingID
	RemoteIDAttribute Opt[string]
}

// Mapping turns what an identity provider says about somebody into a user, groups and projects of this cloud.
type Mapping struct {
	ID            MappingID // chosen by who creates it
	SchemaVersion string    // of the language that Rules are in
	Rules         json.RawMessage
}
