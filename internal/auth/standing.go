package auth

import (
	"context"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Standing is a user with the rights that they hold on a scope now, for what they asked for earlier and takes effect later: an
// invitation. A 401 says that they may not act there any more, since they, the scope or one of the domains is gone or
// disabled, or they hold no role there.
func (s *Service) Standing(ctx context.Context, tx *store.Tx, user identity.UserID, scope identity.Scope) (identity.Caller, error) {
	if scope.Kind() == identity.Unscoped {
		return identity.Caller{}, identity.Unauthenticatedf("user %s holds no role without a scope", user)
	}
	t, err := s.build(ctx, tx, s.payload(tx.Now(), &proved{user: user, methods: []string{"password"}}, scope))
	if err == nil {
		err = s.stands(ctx, tx.Now(), "", &t, 0)
	}
	if errors.Is(err, identity.NotFound) {
		err = identity.Unauthenticatedf("user %s does not stand any more: %v", user, err)
	}
	return identity.Caller{Token: &t}, err
}
