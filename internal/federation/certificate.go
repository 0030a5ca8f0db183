package federation

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Recognize finds out who somebody is whom an identity provider names, and makes nobody known here: a user who exists, or the
// groups that the mapping gives to somebody who does not (get_mapped_user in keystone/common/tokenless_auth.py). It is open
// to all, and its errors are those of Login. That the provider is the one that speaks is for its caller to know.
func (s *Service) Recognize(ctx context.Context, tx *store.Tx, l Login) (p Person, err error) {
	protocol, err := tx.Protocol(ctx, l.Provider, l.Protocol)
	if err != nil {
		return p, err
	}
	if _, err := enabledProvider(ctx, tx, l.Provider); err != nil {
		return p, err
	}
	stored, err := tx.Mapping(ctx, protocol.MappingID)
	if err != nil {
		return p, err
	}
	said, err := s.apply(stored, l)
	if err != nil {
		return p, err
	}
	if said.User.Local {
		return s.local(ctx, tx, said.User)
	}
	p.Groups, err = groups(ctx, tx, stored.ID, said)
	if errors.Is(err, identity.NotFound) {
		err = identity.Unauthenticatedf("mapping %s: %v", stored.ID, err)
	}
	return p, err
}
