package directory

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Vouched returns a user for whom somebody else has vouched, such as a web server in front. It is open to all. Who is not
// there and who may not log in are the same 401.
func (s *Service) Vouched(ctx context.Context, tx *store.Tx, ref UserRef) (identity.User, error) {
	if err := ref.check(); err != nil {
		return identity.User{}, err
	}
	u, d, err := find(ctx, tx, ref)
	if errors.Is(err, identity.NotFound) {
		err = identity.Unauthenticatedf("%s", err)
	}
	if err != nil {
		return u, err
	}
	a, err := s.loadAccount(ctx, tx, u, d)
	if err == nil && a.closed != "" {
		err = identity.Unauthenticatedf("%s", a.closed)
	}
	return u, err
}
