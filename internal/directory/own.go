package directory

import (
	"context"
	"time"

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

// SetDetails changes what users may change of their own accounts: the address, once it is proved, the display name, the
// description and the default project. Whoever calls it has made sure that it is they who want it.
func (s *Service) SetDetails(ctx context.Context, tx *store.Tx, old identity.User, upd identity.UserUpdate) error {
	details := identity.UserUpdate{DefaultProjectID: upd.DefaultProjectID, Extra: identity.Extra{}}
	for _, name := range []string{"email", "description", "display_name"} {
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

// PasswordSpan is from when until when a password counts.
type PasswordSpan struct {
	Set  time.Time  // zero when there is none here
	Ends *time.Time // nil is never
}

// OwnPassword tells the caller, who is there in person, how old their password is, and when it ends.
func (s *Service) OwnPassword(ctx context.Context, caller identity.Caller) (span PasswordSpan, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := s.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		all, err := tx.Passwords(ctx, u.ID)
		if n := len(all); n > 0 {
			span = PasswordSpan{all[n-1].CreatedAt, all[n-1].ExpiresAt}
		}
		return err
	})
	return span, err
}
