// Package catalog knows the services of a cloud and where they are: regions, services, endpoints, and the catalog that
// is handed out with a token.
package catalog

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB    *store.DB
	Authz *authz.Checker

	// PublicEndpoint is what the template public_endpoint in URLs stands for ([DEFAULT] public_endpoint).
	PublicEndpoint string
}

// Entry is a service in a catalog, with its endpoints as seen from a token's scope.
type Entry struct {
	ID        identity.ServiceID
	Type      string
	Name      string
	Endpoints []identity.Endpoint // URLs are filled in
}

// Render makes the catalog for a user, and the project of the scope if there is one.
func (s *Service) Render(ctx context.Context, tx *store.Tx, user identity.UserID, project identity.ProjectID) ([]Entry, error) {
	services, err := tx.EnabledServices(ctx)
	if err != nil {
		return nil, err
	}
	endpoints, err := tx.EnabledEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(services))
	at := make(map[identity.ServiceID]int, len(services))
	for i, sv := range services {
		entries[i] = Entry{ID: sv.ID, Type: sv.Type, Name: sv.Name()}
		at[sv.ID] = i
	}
	for _, e := range endpoints {
		if i, ok := at[e.ServiceID]; ok {
			entries[i].Endpoints = append(entries[i].Endpoints, e)
		}
	}
	return entries, nil
}
