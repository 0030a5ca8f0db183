// Package federation knows the clouds and the identity providers that this cloud shares its people with.
package federation

import (
	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB        *store.DB
	Authz     *authz.Checker
	Authority *authority.Service // keeps callers from deciding who others are
	Directory *directory.Service

	// AssertionPrefix begins the names of variables that mappings see ([federation] assertion_prefix).
	AssertionPrefix string

	// RemoteIDAttributes name, by protocol in small letters, the variable that says which identity provider speaks, where a
	// protocol does not name it itself; RemoteIDAttribute is that of all others (remote_id_attribute of [<protocol>] and of
	// [federation]).
	RemoteIDAttributes map[string]string
	RemoteIDAttribute  string

	// RelayStatePrefix is that of service providers which are made without one ([saml] relay_state_prefix).
	RelayStatePrefix string
}

// everybody is no domain: mappings can name people of all domains.
const everybody identity.DomainID = ""
