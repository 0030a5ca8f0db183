package directory

import (
	"context"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// SetSurface says for whom an account is and where its user may sign in, which is for cloud admins alone, in person. All tokens
// and sessions of the account end; to whom the API is closed there is nothing left that would log in to it (see
// [store.Tx.SetSurface]). Nobody does that to themselves.
func (s *Service) SetSurface(ctx context.Context, caller identity.Caller, id identity.UserID, to identity.Surface) (u identity.User, err error) {
	if err := s.MaySetSurface(ctx, caller); err != nil {
		return u, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.LockAccount(ctx, id); err != nil {
			return err
		}
		old, err := s.touchable(ctx, tx, caller, authz.UpdateUser, id)
		if err != nil {
			return err
		}
		switch {
		case caller.StandsFor(id):
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		case to.NoAPI && old.Kind != identity.LocalUser:
			return identity.Invalidf("The password of this user is kept elsewhere, where the API cannot be closed to it.")
		}
		if err := CheckSurface(to); err != nil {
			return err
		}
		if to == old.Surface {
			u = s.shown(old, tx.Now())
			return nil
		}
		if err := tx.SetSurface(ctx, old, to); err != nil {
			return err
		}
		u = old
		u.Surface = to
		u = s.shown(u, tx.Now())
		return tx.Record(ctx, identity.Updated("user", id).By(caller))
	})
	return u, err
}

// MaySetSurface refuses whoever may not say what accounts are for.
func (s *Service) MaySetSurface(ctx context.Context, caller identity.Caller) error {
	if caller.Delegated || caller.DelegatedMethods {
		return identity.Refusedf("Rights that were handed on do not suffice here: log in yourself.")
	}
	return s.Authz.Check(ctx, caller, authz.CloudAdmin, nil)
}

// CheckSurface refuses a surface that contradicts itself.
func CheckSurface(to identity.Surface) error {
	switch {
	case to.NoPortal && to.NoAPI:
		return identity.Invalidf("An account must be able to sign in somewhere. Disable it instead.")
	case to.Kind != identity.PersonAccount && to.NoAPI:
		return identity.Invalidf("An account of a program must be able to use the API.")
	case to.Kind == identity.APIAccount && !to.NoPortal:
		return identity.Invalidf("An API user cannot sign in to the portal.")
	}
	return nil
}
