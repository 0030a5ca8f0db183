// Package federation knows the clouds and the identity providers that this cloud shares its people with.
package federation

import (
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB    *store.DB
	Authz *authz.Checker

	// RelayStatePrefix is that of service providers which are made without one ([saml] relay_state_prefix).
	RelayStatePrefix string
}
