package directory

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Own returns the caller's own account, for one who is there in person.
func (s *Service) Own(ctx context.Context, tx *store.Tx, caller identity.Caller) (identity.User, error) {
	switch {
	case caller.Token == nil:
		return identity.User{}, identity.Unauthenticatedf("nobody asks")
	case caller.Delegated || caller.DelegatedMethods:
		return identity.User{}, identity.Refusedf("Rights that were handed on do not suffice here: log in yourself.")
	}
	return tx.User(ctx, caller.UserID())
}

// SetDetails changes what users may change of their own accounts: the address, once it is proved, the description and the default
// project. Whoever calls it has made sure that it is they who want it.
func (s *Service) SetDetails(ctx context.Context, tx *store.Tx, old identity.User, upd identity.UserUpdate) error {
	details := identity.UserUpdate{DefaultProjectID: upd.DefaultProjectID, Extra: identity.Extra{}}
	for _, name := range []string{"email", "description"} {
		if value, sent := upd.Extra[name]; sent {
			details.Extra[name] = value
		}
	}
	self := identity.Caller{Token: &identity.Token{User: old}}
	if err := s.writeUser(ctx, tx, old, details, newPassword{}); err != nil {
		return err
	}
	if err := s.noteOrigins(ctx, tx, self, old, details); err != nil {
		return err
	}
	return tx.Record(ctx, identity.Updated("user", old.ID).By(self))
}

// KeepsDetails tells whether the address and the description of a user are kept here, and not where their organisation manages its
// people.
func KeepsDetails(u identity.User) bool { return u.Kind == identity.LocalUser }
