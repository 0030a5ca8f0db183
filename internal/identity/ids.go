package identity

import (
	"crypto/rand"
	"encoding/hex"
)

// Ids as the API shows them: opaque text of up to 64 characters (255 for a region), compared byte for byte.
type (
	UserID       string
	GroupID      string
	DomainID     string
	ProjectID    string
	RoleID       string
	RegionID     string
	ServiceID    string
	EndpointID   string
	CredentialID string
	PolicyID     string

	EndpointGroupID         string
	LimitID                 string
	RegisteredLimitID       string
	ApplicationCredentialID string
	AccessRuleID            string
	TrustID                 string
	ConsumerID              string
	RequestTokenID          string
	AccessTokenID           string
	ServiceProviderID       string
	IdentityProviderID      string
	ProtocolID              string // unique with an identity provider
	MappingID               string
)

const (
	// RootDomain is the id of the row that owns all domains in Keystone's project table. The API never shows it.
	RootDomain DomainID = "<<keystone.domain.root>>"

	// NoRoleDomain is what Keystone stores as domain of a role that belongs to no domain.
	NoRoleDomain = "<<null>>"
)

// NewID returns a fresh random id as upstream makes them: a version 4 UUID as 32 lowercase hexadecimal digits.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return hex.EncodeToString(b[:])
}
